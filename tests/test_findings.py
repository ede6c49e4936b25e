"""Which formula is wrong and what it should say: root causes named once each, mended where that can be proven, never a crash."""

import json
import re
from collections import Counter

import openpyxl
import pytest
from openpyxl.formula.tokenizer import Tokenizer
from openpyxl.utils.cell import coordinate_from_string
from openpyxl.worksheet.formula import ArrayFormula
from planted import at, planted, verified

import xlparity
from xlparity.actions.fix import corrected
from xlparity.engines.registry import find_engine
from xlparity.excel import ooxml
from xlparity.excel.ooxml import pack, write_values
from xlparity.excel.values import BLANK
from xlparity.excel.workbook import formulas_of, parse_workbook, read_workbook
from xlparity.results.report import Verdict
from xlparity.scenarios import run as running
from xlparity.settings import Options


def block(number):
    """The first row of an iteration's forward pass, backward pass and update."""
    top = 21 * (number - 1)
    return top + 9, top + 16, top + 23


def causes(report, check="training"):
    """The findings about the check."""
    return [finding for of in report.checks if of.name == check for finding in of.findings]


def cause(report, check="training"):
    """The only finding there is, about this check."""
    (found,) = [finding for of in report.checks for finding in of.findings]
    assert found in causes(report, check)
    return found


def names(finding):
    return [cell.a1 for cell in finding.cells]


def found_in(small, cells, reference, *, inputs='x = "A1:A3"', outputs='y = "B1:B3"', more="", **options):
    """The findings about a small workbook whose reference has this body, ``x`` being its parameter."""
    report = report_on(small, cells, reference, inputs=inputs, outputs=outputs, more=more, **options)
    return [finding for check in report.checks for finding in check.findings]


def report_on(small, cells, reference, *, inputs='x = "A1:A3"', outputs='y = "B1:B3"', more="", **options):
    small.write_cells(cells)
    parameters = ", ".join(re.findall(r"^(\w+) =", inputs, re.MULTILINE))
    small.reference.write_text(f"import numpy as np\n\ndef double({parameters}):\n    {reference}\n")
    small.write_spec(inputs=f"[inputs]\n{inputs}", outputs=f"[outputs]\n{outputs}\n{more}")
    return xlparity.verify(small.spec, options=Options(**options))


def down(text, rows=(1, 2, 3), column="B"):
    """The formula in these rows of a column, # standing for the row."""
    return {f"{column}{row}": text.replace("#", str(row)) for row in rows}


THREE = {"A1": 1, "A2": 2, "A3": -0.3}
BETWEEN = 'x = { at = "A1:A3", low = -3, high = 3 }'


# --- blame -----------------------------------------------------------------------------------------------------------


def test_a_wrong_function_in_every_iteration_is_one_finding(week_one, tmp_path):
    """88 cells, one cause, one sentence: LOG is base 10 in Excel; what follows is counted, and not blamed."""
    text = "=-(L{0}*LOG(J{0})+(1-L{0})*LOG(1-J{0}))"
    cells = [f"N{block(number)[0] + sample}" for number in range(1, 23) for sample in range(4)]
    report = verified(week_one, tmp_path, {cell: text.format(cell[1:]) for cell in cells})
    found = cause(report)
    assert (found.code, found.variable, names(found)) == ("XP101", "sample_loss", cells)
    assert found.iterations == tuple(range(1, 23))
    assert found.formula == text.format(9)
    assert found.suggestion == "=-(L9*LN(J9)+(1-L9)*LN(1-J9))"
    assert found.affects == 44  # the loss of every iteration, and History's copy of it
    assert "Training!N9:N12 in every iteration: LOG, which is base 10 in Excel" in found.message
    assert "44 other cells are wrong only because of it" in found.message
    assert len(found.replacements) == 88


def test_the_odd_one_out_is_a_finding_of_its_own(week_one, tmp_path):
    """A fault filled everywhere, and another in one cell of the same quantity: two findings, two mends."""
    text = "=-(L{0}*LOG(J{0})+(1-L{0})*LOG(1-J{0}))"
    cells = [f"N{block(number)[0] + sample}" for number in range(1, 23) for sample in range(4)]
    planted_cells = {cell: text.format(cell[1:]) for cell in cells} | {"N53": "=-(L53*LN(J53)-(1-L53)*LN(1-J53))"}
    many, one = sorted(causes(verified(week_one, tmp_path, planted_cells)), key=lambda f: -len(f.cells))
    assert (many.code, len(many.cells)) == ("XP101", 87)
    assert (one.code, names(one), one.iterations) == ("XP103", ["N53"], (3,))
    assert one.suggestion == "=-(L53*LN(J53)+(1-L53)*LN(1-J53))"


ONE_FAULT = [
    (
        "XP101",
        "N31",
        "=-(L31*LOG(J31)+(1-L31)*LN(1-J31))",
        "=-(L31*LN(J31)+(1-L31)*LN(1-J31))",
        "be the natural logarithm LN",
    ),
    ("XP102", "I30", "=MMULT(B30:D33,F30:F32)", "{=MMULT(B30:D33,F30:F32)+G30}", "the term G30 (b1) is missing"),
    ("XP102", "F37", "=MMULT(B37:E39,I37:I40)", "{=1/M30*MMULT(B37:E39,I37:I40)}", "the factor 1/M30 (m) is missing"),
    ("XP102", "F45", "=F31-F38", "=F31-$B$3*F38", "the factor B3 (alpha) is missing"),
    ("XP103", "F44", "=F30+$B$3*F37", "=F30-$B$3*F37", "'+' should be '-'"),
    ("XP104", "J30", "=1/1+EXP(-I30)", "=1/(1+EXP(-I30))", "the parentheses are misplaced"),
    ("XP105", "I39", "=L32-J32", "=J32-L32", "L32 and J32 are in the wrong order"),
    ("XP106", "I38", "=N31-L31", "=J31-L31", "N31 (sample_loss) should be J31 (A1)"),
    ("XP106", "J31", "=1/(1+EXP(-I30))", "=1/(1+EXP(-I31))", "I30 (z1) is one row off: it should be I31 (z1)"),
    ("XP107", "O30", "=1/M30*SUM(N30:N32)", "=1/M30*SUM(N30:N33)", "N30:N32 (sample_loss) is too short"),
    ("XP109", "B37", "=B30:D33", "{=TRANSPOSE(B30:D33)}", "TRANSPOSE of B30:D33 is missing"),
    ("XP110", "I38", "=J10-L31", "=J31-L31", "J10 (A1 of iteration 1) should be J31 (A1)"),
    ("XP111", "J30", "=1/(2+EXP(-I30))", "=1/(1+EXP(-I30))", "the number 2 should be 1"),
    ("XP201", "J31", 0.55, "=1/(1+EXP(-I31))", "hard-coded 0.55 where a formula is expected"),
    ("XP205", "J31", None, "=1/(1+EXP(-I31))", "empty where a formula is expected"),
]


@pytest.mark.parametrize(("code", "cell", "content", "suggestion", "said"), ONE_FAULT)
def test_a_fault_of_each_kind_is_named_and_mended(two_iterations, tmp_path, code, cell, content, suggestion, said):
    """One cause, in its cell, with the formula that stood there; all other wrong cells are counted under it."""
    report = verified(two_iterations, tmp_path, {cell: content})
    found = cause(report)
    assert (found.code, found.suggestion, found.iterations) == (code, suggestion, (2,))
    assert at(cell) in found.replacements
    assert said in found.message
    assert report.verdict in (Verdict.FAIL, Verdict.UNASSESSED)
    text = content if isinstance(content, str) else None
    assert found.formula == (f"{{{text}}}" if suggestion.startswith("{") else text)
    amiss = {r.cell for of in report.checks for r in of.results if r.status not in ("match", "skipped")}
    amiss |= {cell for of in report.checks for cell in of.scenarios.cells}
    assert found.affects == len(amiss - set(found.cells))


def test_two_faults_on_one_path_are_two_findings(two_iterations, tmp_path):
    """The second formula is judged on the reference's values, so that the first one's error does not reach it."""
    report = verified(two_iterations, tmp_path, {"J31": "=1/(1+EXP(I31))", "I38": "=J31+L31"})
    found = {names(finding)[0]: finding for finding in causes(report)}
    assert {cell: (finding.code, finding.suggestion) for cell, finding in found.items()} == {
        "J31": ("XP103", "=1/(1+EXP(-I31))"),
        "I38": ("XP103", "=J31-L31"),
    }
    assert found["J31"].affects > found["I38"].affects > 0


def test_two_wrongs_that_make_a_right_are_two_findings(small):
    """Where one fault undoes the other only a third cell is wrong, and neither formula is right."""
    cells = {"A1": 1, "A2": 2, "B1": "=A1+A2", "B2": "=B1*2", "B3": "=-B2"}
    reference = "s = x.sum(); return {'s': 3 * s, 't': 2 * s, 'u': -2 * s}"
    found = found_in(small, cells, reference, inputs='x = "A1:A2"', outputs='s = "B1"\nt = "B2"\nu = "B3"')
    assert [names(finding) for finding in found] == [["B1"], ["B2"]]


def test_a_sign_that_is_wrong_in_every_iteration_of_training(week_one, tmp_path):
    """Uphill instead of downhill: 44 updates, one finding; all later iterations are wrong because of it."""
    cells = {
        f"F{block(n)[2] + k}": f"=F{block(n)[0] + k}+$B$3*F{block(n)[1] + k}" for n in range(1, 23) for k in range(3)
    }
    found = cause(verified(week_one, tmp_path, cells))
    assert (found.code, len(found.cells), found.suggestion) == ("XP103", 66, "=F9-$B$3*F16")
    assert found.affects > 900


def test_the_sentence_speaks_of_the_cells_that_are_shown(week_one, tmp_path):
    """The bias is never updated: what is said is about G30 and G23, as the formulas are, and not about some later block."""
    cells = {f"G{block(number)[0]}": f"=G{block(number - 1)[0]}" for number in range(2, 23)}
    found = cause(verified(week_one, tmp_path, cells))
    assert (found.code, found.formula, found.suggestion) == ("XP106", "=G9", "=G23")
    assert "G9 (b1 of iteration 1) should be G23 (b1_new of iteration 1); suggestion: =G23" in found.message
    assert found.message.startswith("Training!G30 from iteration 2 on: ")


# --- helpers that nobody bound ---------------------------------------------------------------------------------------


def helped(**changed):
    """Three formulas, each with a helper before it that the spec does not name."""
    return THREE | down("=A#*3") | down("=B#+1", column="C") | changed


HELPED = {"reference": "return {'y': 3 * x + 1}", "outputs": 'y = "C1:C3"'}


@pytest.mark.parametrize(
    ("content", "said"),
    [("=A2/3", "it is not the formula of the helper of Sheet!C1"), (6, "hard-coded where a formula is expected")],
)
def test_a_wrong_helper_is_named_as_the_likely_culprit(small, content, said):
    """The bound formula is that of its siblings; what is not is the helper on the way to it."""
    (found,) = found_in(small, helped(B2=content), **HELPED)
    assert (names(found), found.variable, found.suggestion) == (["B2"], "y", "=A2*3")
    assert "Sheet!B2 is the likely cause" in found.message
    assert said in found.message
    assert "'y' in Sheet!C2 depends on it" in found.message


def test_a_wrong_helper_is_found_with_every_engine_that_computes_what_reads_it_wrong(small):
    """No engine compares the helper itself; a finding with one engine only looks as though the other disagreed."""
    (found,) = found_in(small, helped(B2="=A2/3"), **HELPED, engines=("formulas", "excelmodel"))
    assert (names(found), found.engines) == (["B2"], ("formulas", "excelmodel"))


def test_helpers_that_are_all_wrong_alike_are_mended_by_one_edit(small):
    """Without a right sibling the catalogue is searched, in all of them at once."""
    cells = THREE | down("=LOG(A#^2)") | down("=B#+1", column="C")
    (found,) = found_in(small, cells, "return {'y': np.log(x**2) + 1}", outputs='y = "C1:C3"')
    assert (names(found), found.code, found.suggestion) == (["B1", "B2", "B3"], "XP101", "=LN(A1^2)")


def test_a_wrong_formula_behind_right_helpers_is_blamed_itself(small):
    """Helpers are evaluated through, not suspected first."""
    (found,) = found_in(small, helped(C2="=B2-1"), **HELPED)
    assert (names(found), found.code, found.suggestion) == (["C2"], "XP103", "=B2+1")


# --- what cannot be computed -----------------------------------------------------------------------------------------


def test_a_circular_reference_is_a_finding(two_iterations, tmp_path):
    """A cell that follows from itself is not a number to be compared; it is named, and mended as its siblings are."""
    report = verified(two_iterations, tmp_path, {"J9": "=1/(1+EXP(-N9))"})
    found = cause(report)
    assert (found.code, names(found), found.suggestion) == ("XP302", ["J9"], "=1/(1+EXP(-I9))")
    assert report.verdict is Verdict.FAIL
    assert found.affects > 20


def test_a_cell_that_is_its_own_reference_is_a_finding(two_iterations, tmp_path):
    """On forced values x = x is right; it is a circle all the same."""
    found = cause(verified(two_iterations, tmp_path, {"I38": "=I38"}))
    assert (found.code, names(found), found.suggestion) == ("XP302", ["I38"], "=J31-L31")


def test_suggestions_for_a_workbook_of_pasted_values_refer_to_each_other_in_no_circle(two_iterations, tmp_path):
    """The loss may be read from the history, or the history from the loss; whoever writes both has a circle."""
    path = tmp_path / "pasted.xlsx"
    openpyxl.load_workbook(two_iterations.with_name("regressor.xlsx"), data_only=True).save(path)
    report = xlparity.verify(two_iterations, workbook=path, options=Options(scenarios=20))
    found = [finding for check in report.checks for finding in check.findings]
    book = read_workbook(path).edited({cell: mend for finding in found for cell, mend in finding.replacements.items()})
    assert [str(cell) for finding in found for cell in finding.replacements if book.graph.is_circular(cell)] == []


def test_a_circle_of_right_formulas_is_a_finding(small):
    """Each of the two is right on the reference's values, and Excel computes neither."""
    found = found_in(
        small,
        {"A1": 3, "B1": "=B2/2", "B2": "=2*B1"},
        "return {'y': x, 'z': 2 * x}",
        inputs='x = "A1"',
        outputs='y = "B1"\nz = "B2"',
    )
    assert {finding.code for finding in found} == {"XP302"}
    assert [names(finding) for finding in found] == [["B1", "B2"]]
    assert all(finding.suggestion in (None, "=A1", "=2*A1") for finding in found)


@pytest.mark.parametrize(
    ("code", "text", "said", "suggestion"),
    [
        ("XP301", "=1/0*SUM(N30:N33)", "gives #DIV/0! where the reference has a number", "=1/M30*SUM(N30:N33)"),
        ("XP303", "=1/M30*SUME(N30:N33)", "cannot be assessed: the function SUME", None),
        ("XP303", "=1/M30*SUM(OFFSET(N30,0.2+0*N30,0,4,1))", "cannot be assessed: OFFSET by what is no", None),
    ],
)
def test_an_error_and_what_the_engine_does_not_support_are_findings(
    two_iterations, tmp_path, code, text, said, suggestion
):
    """Neither is a crash nor a silence. The error is fixed as its siblings are; what is not computed may well be right."""
    found = cause(verified(two_iterations, tmp_path, {"O30": text}))
    assert (found.code, names(found), found.suggestion) == (code, ["O30"], suggestion)
    assert said in found.message
    assert bool(found.replacements) == (suggestion is not None)


# --- what no sample proves wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula",
    [
        "=3*OFFSET(A2,0.2+0*A2,0)",
        '=3*INDIRECT("A"&2,"TRUE")',
        "=SUBTOTAL(9+0*A2,A2:A2)*3",
        "=3*OFFSET(A2,0.2+0*A2,0)^1",
    ],
)
def test_a_right_formula_that_the_engine_refuses_is_never_rewritten(small, formula):
    """It is right in Excel. Its siblings' formula, and much else, agrees on every sample, which proves nothing against it."""
    report = report_on(small, THREE | down("=3*A#") | {"B2": formula, "B3": "=3-A3"}, "return {'y': 3 * x}")
    found = {names(finding)[0]: finding for finding in report.checks[0].findings}
    assert (found["B2"].code, found["B2"].suggestion, found["B2"].replacements) == ("XP303", None, {})
    assert (found["B3"].suggestion, list(found["B3"].replacements)) == ("=3*A3", [at("B3", "Sheet")])
    assert list(corrected(report)[1]) == [at("B3", "Sheet")]


def test_a_right_formula_behind_a_helper_that_the_engine_refuses_is_never_rewritten(small):
    """Neither the formula nor its helper is proved wrong: the finding names the helper, once for all that depend on it."""
    cells = THREE | down("=3*A#") | down("=B#+1", column="C")
    cells |= {"E2": "=OFFSET(A2,0.2+0*A2,0)", "F2": "=E2+0", "B2": "=3*F2", "C2": "=B2+1+F2-A2"}
    outputs = 'y = "B1:B3"\nz = "C1:C3"'
    (found,) = found_in(small, cells, "return {'y': 3 * x, 'z': 3 * x + 1}", outputs=outputs)
    assert (found.code, names(found), found.formula, found.replacements) == (
        "XP303",
        ["E2"],
        "=OFFSET(A2,0.2+0*A2,0)",
        {},
    )
    assert "Sheet!E2 cannot be assessed: OFFSET by what is no" in found.message
    assert "'y' in Sheet!B2 depends on it" in found.message
    assert found.affects == 2


NEARLY_ONE = {"A1": 2, "A2": 1.0000000000000009, "A3": 5}
FIVE = 'x = { at = "A1", choices = [1, 2, 3, 4, 5] }\nb = { at = "A2", vary = false }\nc = { at = "A3", low = 2, high = 9 }'


@pytest.mark.parametrize(
    ("formula", "codes"), [("=IF(A1<A2,3,2*A1)", ["XP101", "XP303"]), ("=IF(A1<A2,3,2+A1)", ["XP100", "XP101"])]
)
def test_a_formula_that_is_refused_on_some_inputs_is_wrong_only_if_others_prove_it(small, formula, codes):
    """Where A1 is 1 nobody can tell, at 15 digits, whether it is less than A2. Elsewhere the first is right."""
    reference = "return {'y': 3.0 if x < b else 2 * x, 'z': np.log(c)}"
    cells, outputs = NEARLY_ONE | {"B1": formula, "B2": "=LOG(A3)"}, 'y = "B1"\nz = "B2"'
    found = found_in(small, cells, reference, inputs=FIVE, outputs=outputs)
    assert sorted(finding.code for finding in found) == codes
    assert {cell.a1 for finding in found for cell in finding.replacements} == {"B2"}


def test_a_cell_that_is_right_by_chance_is_corrected_with_those_that_have_its_formula(small):
    """B3 has the formula of the others, which are wrong: C3 is 0, so that no logarithm makes a difference there."""
    cells = THREE | {"A3": 5, "C1": 1, "C2": 2, "C3": 0} | down("=LOG(A#)*C#")
    inputs = 'x = { at = "A1:A3", low = 1, high = 9 }\nc = { at = "C1:C3", vary = false }'
    (found,) = found_in(small, cells, "return {'y': np.log(x) * c}", inputs=inputs)
    assert (names(found), found.suggestion) == (["B1", "B2", "B3"], "=LN(A1)*C1")
    assert [cell.a1 for cell in found.replacements] == ["B1", "B2", "B3"]


def test_a_cell_that_is_right_and_reads_right_cells_is_no_cause_of_what_is_wrong_elsewhere(small):
    """B1 may be off by a thousandth, and C1 undoes that: on the reference's value of B1 it would be wrong, and never is."""
    cells = {"A1": 3, "B1": "=3.1416*A1", "C1": "=B1/3.1416*PI()", "D1": "=LOG(A1)"}
    (found,) = found_in(
        small,
        cells,
        "y = np.pi * x; return {'y': y, 'z': y, 'w': np.log(x)}",
        inputs='x = { at = "A1", low = 1, high = 9 }',
        outputs='y = { at = "B1", rtol = 1e-3 }\nz = "C1"\nw = "D1"',
    )
    assert (names(found), found.suggestion) == (["D1"], "=LN(A1)")


@pytest.mark.libreoffice
@pytest.mark.parametrize(
    ("cells", "suggestion"),
    [
        ({"B3": "=SUBTOTAL(9+0*A3,A3)*3"}, "=SUBTOTAL(9+0*A3,A3)*2"),
        # The siblings are wrong as well, so that their formula is no suggestion.
        ({"B1": "=SUBTOTAL(9+0*A1,A1)*4", "B2": "=SUBTOTAL(9+0*A2,A2)*4",
          "B3": "=SUBTOTAL(9+0*A3,A3)*3", "B4": "=SUBTOTAL(9+0*A4,A4)*4"}, None),
    ],
)  # fmt: skip
def test_the_siblings_formula_is_suggested_where_libreoffice_finds_it_right(run, small, cells, suggestion):
    """The default engine computes no SUBTOTAL, so LibreOffice itself has to confirm the formula, in a copy, on new inputs."""
    right = {f"A{row}": row for row in range(1, 5)} | {
        f"B{row}": f"=SUBTOTAL(9+0*A{row},A{row})*2" for row in range(1, 5)
    }
    small.write_cells(right | cells)
    small.reference.write_text("def double(x):\n    return {'y': 2 * x}\n")
    small.write_spec(inputs='[inputs]\nx = "A1:A4"', outputs='[outputs]\ny = "B1:B4"')
    fixed = small.folder / "fixed.xlsx"
    done = run("verify", small.spec, "--engine", "libreoffice", "--fix", fixed, "--format", "json")
    found = next(found for found in json.loads(done.out)["checks"][0]["findings"] if found["cells"] == ["Sheet!B3"])
    assert (done.code, found["suggestion"]) == (1, suggestion)
    assert fixed.exists() == ("✓ PASS" in done.err) == (suggestion is not None)


@pytest.mark.libreoffice
def test_what_another_engine_could_not_compute_is_no_finding_of_libreoffice(small):
    """It computes B2, and finds it right; that the engine formulas does not support OFFSET is nothing to this report."""
    cells = THREE | down("=3*A#") | {"B2": "=3*OFFSET(A2,0.2+0*A2,0)", "B3": "=3-A3"}
    (found,) = found_in(small, cells, "return {'y': 3 * x}", engines=("libreoffice",))
    assert (names(found), found.suggestion, list(found.replacements)) == (["B3"], "=3*A3", [at("B3", "Sheet")])


@pytest.mark.libreoffice
@pytest.mark.parametrize("engines", [("libreoffice",), ("formulas", "libreoffice")])
def test_what_libreoffice_finds_wrong_is_a_finding_even_if_the_other_engine_cannot_judge_it(small, engines):
    """The cells differ, and what depends on them is counted; nothing is suggested that no engine could confirm."""
    cells = THREE | down("=4*OFFSET(A#,0.2+0*A#,0)") | down("=B#+1", column="C")
    reference = "return {'y': 3 * x, 'z': 3 * x + 1}"
    report = report_on(small, cells, reference, outputs='y = "B1:B3"\nz = "C1:C3"', engines=engines)
    (found,) = report.checks[-1].findings
    assert (found.code, names(found), found.affects, found.replacements) == ("XP100", ["B1", "B2", "B3"], 3, {})
    assert "it does not compute what the reference does" in found.message
    assert "OFFSET" in found.message
    assert [finding.replacements for check in report.checks for finding in check.findings if finding.replacements] == []


@pytest.mark.libreoffice
def test_libreoffice_names_the_cell_that_it_cannot_be_asked_about(small):
    """NOW stands in a helper: both cells that follow from it are named under it, and not it under them."""
    cells = THREE | {"E2": "=NOW()*0+A2", "F2": "=E2+0"} | down("=3*A#") | down("=B#+1", column="C") | {"B2": "=3*F2"}
    outputs = 'y = "B1:B3"\nz = "C1:C3"'
    (found,) = found_in(small, cells, "return {'y': 3 * x, 'z': 3 * x + 1}", outputs=outputs, engines=("libreoffice",))
    assert (found.code, names(found), found.affects) == ("XP303", ["E2"], 2)
    assert (
        "Sheet!E2 cannot be assessed: NOW gives another value each time; make its cell an input; 'y' in Sheet!B2:C2 depends"
        in found.message
    )


# --- overflows -------------------------------------------------------------------------------------------------------

SIGMOID = "z = 2 * x + 1; return {'z': z, 'a': 1 / (1 + np.exp(-z))}"
LAYERS = 'z = "B1:B3"\na = "C1:C3"'


def sigmoids(**changed):
    """Three neurons with their sigmoids, which Excel computes for no input far below 0: EXP(710) is #NUM!."""
    return {"A1": -3, "A2": 2, "A3": 0.5} | down("=2*A#+1") | down("=1/(1+EXP(-B#))", column="C") | changed


def test_a_sigmoid_that_overflows_as_the_reference_does_is_no_cause(small):
    """On the reference's values of a wrong neuron the right sigmoid has an error value, where numpy goes on to 0."""
    cells = sigmoids() | down("=A#/2+1")
    (found,) = found_in(small, cells, SIGMOID, outputs=LAYERS, scenarios=300)
    assert (found.code, names(found), found.affects) == ("XP105", ["B1", "B2", "B3"], 3)
    assert found.suggestion == "=A1*2+1"


def test_an_error_on_inputs_without_an_overflow_is_a_cause(small):
    """Other samples overflow; on those that do not the error is the formula's own."""
    (found,) = found_in(small, sigmoids(C2="=1/0+EXP(B2)"), SIGMOID, outputs=LAYERS, scenarios=300)
    assert (found.code, names(found), found.suggestion) == ("XP301", ["C2"], "=1/(1+EXP(-B2))")


def test_where_every_input_overflows_nothing_is_proved_against_the_sigmoid(small):
    """The stored input is one of which Excel has an error value: that is said, and the formula is not called wrong."""
    cells, options = sigmoids(A1=-3000, B3="=2*A3-1"), {"outputs": LAYERS, "scenarios": 0}
    found = {names(finding)[0]: finding for finding in found_in(small, cells, SIGMOID, **options)}
    assert {cell: finding.code for cell, finding in found.items()} == {"B3": "XP103", "C1": "XP199"}
    assert "only where the reference goes through an overflow" in found["C1"].message


# --- branches --------------------------------------------------------------------------------------------------------

TWO = 'x = { at = "A1", low = 0, high = 10 }\nc = { at = "A2", low = 1, high = 10 }'


@pytest.mark.parametrize(
    ("formula", "reference"),
    [
        ("=IF(A1<0,A1,IF(A2>0,A2/11,0))", "c / 12"),  # neither A1<0 nor A2<=0 is ever the case
        ("=IF(A1<0,0,LOG(A2))", "np.log(c)"),
        ("=IF(A1<0,0,IF(A2>0,A1,0))", "c"),
        ("=IFERROR(LOG(A2),0)", "np.log(c)"),
        ("=CHOOSE(IF(A1<0,2,1),LOG(A2),7)", "np.log(c)"),
        ("=IF(A2>0,LOG(A2))", "np.log(c)"),
        ("=IFERROR(A1,0)*0+LOG(A2)", "np.log(c)"),
    ],
)
def test_a_suggestion_whose_branch_no_sample_takes_is_none(small, formula, reference):
    """What an untaken branch should be nobody knows, whether the suggestion keeps it or does away with it."""
    cells = {"A1": 3, "A2": 4, "B1": formula}
    (found,) = found_in(small, cells, f"return {{'y': {reference}}}", inputs=TWO, outputs='y = "B1"')
    assert (found.code, names(found), found.suggestion, found.replacements) == ("XP100", ["B1"], None, {})


@pytest.mark.parametrize(
    ("formula", "reference"),
    [
        ("=MIN(A1,1)*A2", "min(x, 100) * c"),  # MAX(A1,1)*A2 and A1*A2 agree wherever x is at most 10
        ("=MAX(A1,12)*A2", "max(x, -3) * c"),  # MAX(A1,-12) agrees as well
        ("=IF(A1>A3,(A1-A3)*0.4,0)+A2", "max(x - 50, 0) * 0.4 + c"),  # and A2 alone
    ],
)
def test_a_suggestion_keeps_limits_and_branches_that_no_sample_reaches(small, formula, reference):
    """MAX and MIN choose among their arguments and a comparison has two outcomes, as IF has two branches."""
    cells = {"A1": 3, "A2": 4, "B1": formula}
    (found,) = found_in(small, cells, f"return {{'y': {reference}}}", inputs=TWO, outputs='y = "B1"')
    assert (found.suggestion, found.replacements) == (None, {})


def test_a_comparison_as_a_factor_is_a_branch(small):
    """2*A1/(A1<>9)+A2 agrees with all samples as well, and is #DIV/0! for 9."""
    cells = {"A1": 3, "A2": 4, "B1": "=2*A1/(A1<9)+A2"}
    (found,) = found_in(small, cells, "return {'y': 2 * x + c}", inputs=TWO, outputs='y = "B1"')
    assert found.suggestion == "=2*A1+A2"


def test_a_maximum_of_which_every_argument_is_reached_is_corrected(small):
    """Half of the samples take either argument, in the wrong formula and in the right one."""
    cells = {"A1": 3, "A2": 4, "B1": "=MIN(A1,5)*A2"}
    (found,) = found_in(small, cells, "return {'y': max(x, 5) * c}", inputs=TWO, outputs='y = "B1"')
    assert found.suggestion == "=MAX(A1,5)*A2"


@pytest.mark.parametrize(
    "formula", ["=IF(A1<5,0,LOG(A2))", "=CHOOSE(IF(A1<5,1,2),0,LOG(A2))", "=_xlfn.IFS(A1<5,0,TRUE,LOG(A2))"]
)
def test_a_suggestion_whose_branches_are_all_taken_remains(small, formula):
    """The samples show what either branch must be."""
    cells, reference = {"A1": 3, "A2": 4, "B1": formula}, "return {'y': 0.0 if x < 5 else np.log(c)}"
    (found,) = found_in(small, cells, reference, inputs=TWO, outputs='y = "B1"')
    assert found.suggestion == formula.replace("LOG", "LN")


@pytest.mark.parametrize("content", [5, "=IF(B3>0,B3,1)+1"])
@pytest.mark.parametrize(("second", "suggestion"), [(-2, "=IF(B3>0,B3,0)"), (2, None)])
def test_the_siblings_are_evidence_of_a_branch_that_the_cell_never_takes(small, content, second, suggestion):
    """B3 is never negative. Its sibling B2 may be; where that is not either, nobody knows what the branch should be."""
    cells = {"A1": 1, "A2": second, "A3": 3, "E1": 2} | down("=A#*$E$1") | down("=IF(B#>0,B#,0)", column="C")
    (found,) = found_in(
        small,
        cells | {"C3": content},
        "return {'z': x * w, 'a': np.maximum(x * w, 0)}",
        inputs='x = { at = "A1:A3", vary = false }\nw = { at = "E1", low = 1, high = 3 }',
        outputs='z = "B1:B3"\na = "C1:C3"',
    )
    assert (names(found), found.suggestion) == (["C3"], suggestion)


def test_a_formula_that_three_siblings_have_is_restored_with_the_limit_that_nothing_reaches(small):
    """What is typed over a filled column is no exception to the limit that all others have."""
    rows = (1, 2, 3, 4)
    cells = {f"A{row}": row / 10 for row in rows} | {"E1": 2} | down("=MIN(99,A#*$E$1)", rows)
    (found,) = found_in(
        small, cells | {"B3": 5}, "return {'y': np.minimum(99, x * w)}",
        inputs='x = { at = "A1:A4", low = 0, high = 1 }\nw = { at = "E1", low = 1, high = 3 }', outputs='y = "B1:B4"',
    )  # fmt: skip
    assert (found.code, names(found), found.suggestion) == ("XP201", ["B3"], "=MIN(99,A3*$E$1)")


def test_a_median_is_no_limit(small):
    """Of one range, it is an aggregate as any other, of which all samples show what it should be."""
    cells = THREE | {"B1": "=MEDIAN(A1:A3)"}
    (found,) = found_in(small, cells, "return {'y': x.mean()}", inputs=BETWEEN, outputs='y = "B1"')
    assert found.suggestion == "=AVERAGE(A1:A3)"


def test_a_limit_is_the_roundest_number_between_the_values_on_either_side(small):
    """The results are texts, so nothing can be solved for; the operator, which nothing contradicts, stays."""
    rows = tuple(range(1, 9))
    cells = {f"A{row}": row / 100 for row in rows} | down('=IF(A#<0.03,"low",IF(A#<0.05,"middle","high"))', rows)
    (found,) = found_in(
        small, cells, "return {'y': np.where(x < 0.02, 'low', np.where(x < 0.05, 'middle', 'high'))}",
        inputs='x = { at = "A1:A8", low = 0.001, high = 0.08 }', outputs='y = "B1:B8"',
    )  # fmt: skip
    assert found.suggestion == '=IF(A1<0.02,"low",IF(A1<0.05,"middle","high"))'


@pytest.mark.parametrize("wrong", ["=SUM(B$1:B$5)", "=SUM(B1:B5)"])
def test_a_dollar_of_helpers_that_were_filled_is_put_right(small, wrong):
    """No output covers column C, which D reads; the range that ends at the table's last row is the one suggested."""
    rows = tuple(range(1, 6))
    filled = {f"C{row}": wrong.replace("B1:B5", f"B{row}:B{row + 4}") for row in rows}
    cells = {f"A{row}": row for row in rows} | down("=A#*2", rows) | filled | down("=C#/A#", rows, "D") | {"B6": 7}
    (found,) = found_in(
        small, cells, "return {'z': 2 * x, 'y': np.cumsum(2 * x[::-1])[::-1].reshape(-1, 1) / x}",
        inputs='x = { at = "A1:A5", low = 1, high = 9 }', outputs='z = "B1:B5"\ny = "D1:D5"',
    )  # fmt: skip
    assert found.suggestion == "=SUM(B1:B$5)"


def test_a_helper_that_reads_another_quantity_of_the_same_row_is_named(small):
    """The helper stands elsewhere, so that its own row says nothing; the reference's row does."""
    rows = (1, 2, 3)
    cells = {f"A{row}": row for row in rows} | down("=A#*2", rows) | down("=B#+5", rows, "C")
    cells |= {"F9": "=B3/10", "F10": "=A1-F9"}
    (found,) = found_in(
        small, cells, "return {'b': 2 * x, 'c': 2 * x + 5, 'y': x[0] - (2 * x[2] + 5) / 10}",
        inputs=BETWEEN, outputs='b = "B1:B3"\nc = "C1:C3"\ny = "F10"',
    )  # fmt: skip
    assert (names(found), found.suggestion) == (["F9"], "=C3/10")


def test_a_helper_whose_branch_no_sample_takes_is_not_rewritten(small):
    """Nothing binds the helper, and the branch of its IF is as unknown as a bound one's."""
    cells = {"A1": 3, "A2": 4, "C1": "=IF(A1<0,0,LOG(A2))", "B1": "=C1+1"}
    inputs = [TWO, TWO.replace("low = 0", "low = -10")]
    kept = [
        found_in(small, cells, "return {'y': (0 if x < 0 else np.log(c)) + 1}", inputs=one, outputs='y = "B1"')
        for one in inputs
    ]
    assert [[finding.suggestion for finding in found] for found in kept] == [[None], ["=IF(A1<0,0,LN(A2))"]]


def test_an_array_formula_that_is_an_error_in_some_of_its_cells_is_one_finding(two_iterations, tmp_path):
    """Without TRANSPOSE the table is too narrow: #N/A in its last column, wrong numbers before, and one formula."""
    found = cause(verified(two_iterations, tmp_path, {"B37": "=B30:D33"}))
    assert {"E37", "E38", "E39", "C37"} <= set(names(found))
    assert list(found.replacements) == [at("B37")]


def test_a_shape_that_does_not_fit_is_a_finding(small):
    """The reference has two numbers for three cells: said once, nothing compared, nothing blamed for it."""
    report = report_on(small, THREE | down("=3*A#"), "return {'y': 3 * x[:2]}")
    found = cause(report, "small")
    assert (found.code, found.suggestion) == ("XP401", None)
    assert report.verdict is Verdict.FAIL


# --- dead formulas ---------------------------------------------------------------------------------------------------


def test_a_formula_that_does_not_react_is_named_as_dead(small):
    """It refers to its input, and is right on what is stored; no other input moves it."""
    cells = {"A1": 3, "A2": 5, "B1": "=2*A1", "B2": "=10+0*A2"}
    (found,) = found_in(small, cells, "return {'y': 2 * x}", inputs='x = "A1:A2"', outputs='y = "B1:B2"')
    assert (found.code, names(found), found.suggestion) == ("XP202", ["B2"], "=2*A2")
    assert "it does not react to the inputs" in found.message


def test_without_other_inputs_a_dead_formula_is_not_found(small):
    """The scenarios are the evidence, and none is made up."""
    cells = {"A1": 3, "A2": 5, "B1": "=2*A1", "B2": "=10+0*A2"}
    where = {"inputs": 'x = "A1:A2"', "outputs": 'y = "B1:B2"', "scenarios": 0}
    assert found_in(small, cells, "return {'y': 2 * x}", **where) == []


def test_one_iteration_frozen_to_its_right_values_is_found_and_restored(week_one, tmp_path):
    """63 formulas, arrays included, pasted over by what they come to: every one is named, and every one comes back."""
    book = read_workbook(week_one.with_name("regressor.xlsx"))
    values = find_engine("formulas").load(book).recalculate({})
    first, last = block(5)[0] - 3, block(6)[0] - 3
    frozen = {cell for cell, _ in formulas_of(book) if cell.sheet == "Training" and first <= cell.row < last}
    frozen |= {member for member, anchor in book.members.items() if anchor in frozen}
    assert len(frozen) == 63
    copy = tmp_path / "frozen.xlsx"
    thawed = openpyxl.load_workbook(week_one.with_name("regressor.xlsx"))
    for cell in frozen:
        thawed["Training"][cell.a1].value = values[cell]
    thawed.save(copy)
    report = xlparity.verify(week_one, workbook=copy)
    found = causes(report)
    assert {finding.code for finding in found} == {"XP201"}
    assert {cell for finding in found for cell in finding.cells} == frozen
    assert sum(len(finding.cells) for finding in found) == len(frozen)
    assert len(found) == 17  # a quantity each
    restored = parse_workbook(corrected(report)[0], copy)
    assert restored.cells == book.cells
    assert restored.members == book.members


def test_a_formula_pasted_over_an_input_is_a_finding(two_iterations, tmp_path):
    """The cell computes the right number, and cannot be set any more: another sample is not what is shown there."""
    found = causes(verified(two_iterations, tmp_path, {"B10": "=B11"}))
    assert [(finding.code, finding.variable, names(finding)) for finding in found] == [("XP204", "A0", ["B10"])]
    assert found[0].message.startswith("Training!B10 of input 'A0' is a formula where the others are constants")
    two = causes(verified(two_iterations, tmp_path, {"B10": "=B11", "C10": "=C11"}))
    assert [names(finding) for finding in two] == [["B10", "C10"]]
    assert two[0].message.startswith("Training!B10 and 1 more of input 'A0' is a formula where")
    assert two[0].formula == "=B11"


# --- references that moved as a formula was filled --------------------------------------------------------------------

SOFTMAX = {"reference": "e = np.exp(x); return {'e': e, 'p': e / e.sum()}"}


def test_a_denominator_that_drifts_as_a_softmax_is_filled_right(small):
    """The first cell is right; its siblings read on to the right, and the last one finds but itself."""
    cells = {f"{column}1": value for column, value in zip("ABCD", (1, 2, 0.5, -1), strict=True)}
    cells |= {f"{column}2": f"=EXP({column}1)" for column in "ABCD"}
    cells |= {f"{a}3": f"={a}2/SUM({a}2:{b}2)" for a, b in zip("ABCD", "DEFG", strict=True)}
    where = {"inputs": 'x = { at = "A1:D1", low = -3, high = 3 }', "outputs": 'e = "A2:D2"\np = "A3:D3"'}
    (found,) = found_in(small, cells, **SOFTMAX, **where)
    assert (found.code, names(found), found.suggestion) == ("XP108", ["B3", "C3", "D3"], "=B2/SUM($A2:$D2)")
    assert "A2:D2 moved as the formula was filled; it should be $A2:$D2" in found.message


def test_a_denominator_that_drifts_as_a_softmax_is_filled_down(small):
    """Down, it is the rows that must be held."""
    cells = {f"A{row}": value for row, value in enumerate((1, 2, 0.5, -1), start=1)}
    cells |= down("=EXP(A#)", (1, 2, 3, 4)) | {f"C{row}": f"=B{row}/SUM(B{row}:B{row + 3})" for row in (1, 2, 3, 4)}
    where = {"inputs": 'x = { at = "A1:A4", low = -3, high = 3 }', "outputs": 'e = "B1:B4"\np = "C1:C4"'}
    (found,) = found_in(small, cells, **SOFTMAX, **where)
    assert (found.code, names(found), found.suggestion) == ("XP108", ["C2", "C3", "C4"], "=B2/SUM(B$1:B$4)")
    assert "B1:B4 moved as the formula was filled; it should be B$1:B$4" in found.message


def test_a_reference_that_did_not_move_as_the_formula_was_filled(small):
    """A dollar too many: every cell shows the first one's result."""
    (found,) = found_in(small, THREE | down("=2*$A$1"), "return {'y': 2 * x}", inputs=BETWEEN)
    assert (found.code, names(found), found.suggestion) == ("XP108", ["B2", "B3"], "=2*$A2")
    assert "$A$1 did not move as the formula was filled; it should be $A1" in found.message


# --- mends -----------------------------------------------------------------------------------------------------------

TANH = "=(EXP(A#)-EXP(-A#))/(EXP(A#)+EXP(-A#))"


@pytest.mark.parametrize("wrong", ["=EXP(A#)-EXP(-A#)/(EXP(A#)+EXP(-A#))", "=(EXP(A#)-EXP(-A#))/EXP(A#)+EXP(-A#)"])
def test_tanh_spelt_out_with_a_misplaced_parenthesis_is_mended(small, wrong):
    """Two parentheses in the wrong place are found without any right sibling."""
    (found,) = found_in(small, THREE | down(wrong), "return {'y': np.tanh(x)}", inputs=BETWEEN)
    assert (found.code, names(found), found.suggestion) == ("XP104", ["B1", "B2", "B3"], TANH.replace("#", "1"))


@pytest.mark.parametrize(
    ("wrong", "reference", "suggestion"),
    [("=A#", "x**2", "=A1^2"), ("=(A#-1)", "(x - 1)**2", "=(A1-1)^2"), ("=A#-1", "(x - 1)**2", "=(A1-1)^2")],
)
def test_a_number_for_its_square_is_mended(small, wrong, reference, suggestion):
    """The squared loss without its square."""
    (found,) = found_in(small, THREE | down(wrong), f"return {{'y': {reference}}}", inputs=BETWEEN)
    assert (found.code, found.suggestion) == ("XP111", suggestion)
    assert "A2" not in found.message  # B1 is shown, whichever of the three was tried first


def test_two_edits_are_found_where_one_is_not_enough(small):
    """A wrong function and a wrong sign in one formula."""
    (found,) = found_in(small, THREE | down("=3+SIN(A#)"), "return {'y': 3 - np.cos(x)}", inputs=BETWEEN)
    assert found.suggestion == "=3-COS(A1)"


def test_every_suggestion_is_proven_on_the_whole_workbook(week_one, tmp_path):
    """With all suggestions of several findings in it the workbook passes."""
    cells = {"N53": "=-(L53*LOG(J53)+(1-L53)*LN(1-J53))", "I38": "=J10-L31", "J116": 0.5, "G44": "=G30+$B$3*G37"}
    report = verified(week_one, tmp_path, cells)
    assert {names(finding)[0] for finding in causes(report)} == set(cells)
    (tmp_path / "mended.xlsx").write_bytes(corrected(report)[0])
    again = xlparity.verify(week_one, workbook=tmp_path / "mended.xlsx")
    assert (again.verdict, [f for check in again.checks for f in check.findings]) == (Verdict.PASS, [])


NET = """z1 = w1 * x + b1
    a1 = np.maximum(z1, 0)
    dz2 = w2 * a1 - y
    dz1 = w2 * dz2 * (z1 > 0)
    return {'z1': z1, 'a1': a1, 'dz2': dz2, 'dz1': dz1, 'dw1': (x * dz1).sum()}"""


def two_layers(small, changed, inputs='x = "A1:A4"\nw1 = "C1"\nb1 = "C2"'):
    """The findings about a net of two layers, with its backward pass, in which one quantity has another formula."""
    cells = {"C1": 2, "C2": -1, "C3": 3, "H1": "=SUMPRODUCT(A1:A4,G1:G4)"}
    for row, (x, y) in enumerate([(-1, 1), (2, 0), (0.25, 1), (3, 2)], 1):
        cells |= {f"A{row}": x, f"B{row}": y, f"D{row}": f"=$C$1*A{row}+$C$2", f"E{row}": f"=MAX(0,D{row})"}
        cells |= {f"F{row}": f"=$C$3*E{row}-B{row}", f"G{row}": f"=IF(D{row}>0,$C$3*F{row},0)"}
    outputs = 'z1 = "D1:D4"\na1 = "E1:E4"\ndz2 = "F1:F4"\ndz1 = "G1:G4"\ndw1 = "H1"'
    return found_in(small, cells | changed, NET, inputs=f'{inputs}\ny = "B1:B4"\nw2 = "C3"', outputs=outputs)


def filled_down(column, formula):
    """The formula in four rows, and in one array formula over all of them."""
    alone = {f"{column}{row}": f"={formula}".format(row) for row in range(1, 5)}
    of_all = formula.replace("$", "").replace("{}", "1:{}4").format(formula[-3])
    return alone, dict.fromkeys(alone) | {f"{column}1": ArrayFormula(f"{column}1:{column}4", f"={of_all}")}


BACKWARD, FORWARD = filled_down("G", "$C$3*F{}"), filled_down("E", "D{}")


@pytest.mark.parametrize(
    ("changed", "suggestion"),
    [
        (BACKWARD[0], "=IF(D1>0,$C$3*F1,0)"),
        (BACKWARD[1], "{=IF(D1:D4>0,C3*F1:F4,0)}"),
        (FORWARD[0], "=MAX(0,D1)"),
        (FORWARD[1], "{=IF(D1:D4>0,D1:D4,0)}"),  # MAX would give one number for all four cells
    ],
)
def test_a_missing_relu_or_its_missing_derivative_is_suggested(small, changed, suggestion):
    """Such a net learns all the same, if less well: a public sheet that teaches it lacks the derivative."""
    (found,) = two_layers(small, changed)
    assert (names(found), found.suggestion) == (list(changed), suggestion)
    assert "ReLU" in found.message


def test_no_relu_is_suggested_where_no_sample_decides(small):
    """Where z1 is never above 0, whatever is 0 there agrees: what the formula is where z1 is above 0 would be a guess."""
    inputs = """x = { at = "A1:A4", low = -9, high = -5 }
w1 = { at = "C1", low = 1, high = 3 }
b1 = { at = "C2", low = -5, high = -1 }"""
    (found,) = two_layers(small, BACKWARD[0] | {f"A{row}": -4 - row for row in range(1, 5)}, inputs)
    assert (names(found), found.suggestion) == (list(BACKWARD[0]), None)


def test_a_suggestion_refers_to_no_empty_cell_and_multiplies_by_no_1(small):
    """Both agree in every sample, and say in a roundabout way that a term is too much."""
    cells = {"A1": 1, "A2": 2, "A3": 4, "B1": "=A1+1", "B2": "=A2+1", "B3": "=A3+1"}
    (found,) = found_in(small, cells, "return {'y': x}")
    assert (found.suggestion, found.code) == ("=A1", "XP102")
    cells = {"A1": 1, "A2": 2, "A3": 4, "A5": 7, "C1": "=SUM(A1:A3)+A5/24"}
    (found,) = found_in(small, cells, "return {'y': x.sum()}", inputs='x = "A1:A3"\nunused = "A5"', outputs='y = "C1"')
    assert (found.suggestion, found.code) == ("=SUM(A1:A3)", "XP102")


@pytest.mark.parametrize(
    ("formula", "reference"),
    [
        ("=IF(ABS(A1-5)<0.4,0,2*A1)", "1.23 if abs(x - 5) < 0.4 else 2 * x"),
        ("=IF(A1>0,2*A1,0)", "2 * x if x > 0 else 17 * x**5"),
        ("=INT(A1)", "np.floor(x * 7) / 7"),
        ("=A1+4", "7.0"),
    ],
)
def test_no_suggestion_is_better_than_a_wrong_one(small, formula, reference):
    """What agrees on most inputs, or on numbers that never vary, is no mend."""
    found = found_in(
        small,
        {"A1": 3, "B1": formula},
        f"return {{'y': {reference}}}",
        inputs='x = { at = "A1", low = -10, high = 10 }',
        outputs='y = "B1"',
    )
    assert [finding.suggestion for finding in found] == [None]


def test_what_is_right_on_nearly_all_inputs_is_mended_by_what_is_right_on_all(small):
    """ABS(A1+5) and much else agrees with 2*A1 where it was looked at; the branch of the IF alone is what was meant."""
    found = found_in(
        small,
        {"A1": 3, "B1": "=IF(ABS(A1-5)<0.4,0,2*A1)"},
        "return {'y': 2 * x}",
        inputs='x = "A1"',
        outputs='y = "B1"',
    )
    assert [finding.suggestion for finding in found] == ["=2*A1"]


# --- what is known where no edit mends -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "reference", "inputs", "fact"),
    [
        ("=A#^3*SQRT(2)/17", "7.1357 * x**3", BETWEEN, "it is the reference's value times 0.01165814609"),
        ("=A#^3*0.322685243633287", "x**3 / 7.1357", BETWEEN, "it is the reference's value times ln 10"),
        ("=A#^3+0.12345", "x**3 - 7.12345", BETWEEN, "it is the reference's value and +7.2469"),
        ("=A#^3+0.12345", "x**3 - 7.12345", 'x = "A1:A3"', "it is the reference's value and +7.2469"),
    ],
)
def test_a_constant_ratio_or_offset_is_told(small, formula, reference, inputs, fact):
    """A person who reads that a loss is off by ln 10 everywhere knows where to look; wide inputs hide it from nobody."""
    (found,) = found_in(small, THREE | down(formula), f"return {{'y': {reference}}}", inputs=inputs)
    assert (found.code, found.suggestion) == ("XP100", None)
    assert fact in found.message


def test_where_it_differs_is_told(small):
    """One branch of a case is wrong: the samples that are labelled 0."""
    cells = {"A1": 3, "A2": 0.5, "A3": 1, "B1": 1, "B2": 0, "B3": 0}
    (found,) = found_in(
        small,
        cells | down("=IF(B#=0,SIN(A#)^2-7.7,A#^3)", column="C"),
        "return {'c': np.where(t == 0, np.sinh(x) * 9.1 + 1, x**3)}",
        inputs=f'{BETWEEN}\nt = {{ at = "B1:B3", choices = [0, 1] }}',
        outputs='c = "C1:C3"',
    )
    assert found.suggestion is None
    assert "it differs only where t = 0" in found.message


LOOP = "while True:\n        yield {'x': x}\n        x = x * 0.5 + np.sin(x) + 1"


def test_the_iteration_before_is_recognised(small):
    """A state that is copied and not updated is what it was."""
    cells = {"A1": "Step 1", "B1": 3, "A3": "Step 2", "B3": "=B1", "A5": "Step 3", "B5": "=B3"}
    small.write_cells(cells)
    small.reference.write_text(f"import numpy as np\n\ndef double(x):\n    {LOOP}\n")
    small.write_spec(
        blocks='[blocks]\nlabel = "Step {n}"',
        inputs='[inputs]\nx = { at = "B1", low = -3, high = 3 }',
        outputs='[outputs]\nx = "B1"',
    )
    found = cause(xlparity.verify(small.spec), "small")
    assert (found.suggestion, names(found)) == (None, ["B3", "B5"])
    assert "it is x of the iteration before" in found.message


def test_a_formula_that_reads_what_an_input_follows_from_is_not_blamed(small):
    """The input is =A9/10, and A9 is what is set: a right formula that reads A9 is judged where A9 is as in the set."""
    cells = {"A9": 1, "B1": "=A9/10", "C1": "=A9/10*2", "C2": "=B1+2.5"}
    inputs, outputs = 'alpha = { at = "B1", low = 0.01, high = 2 }', 'p = "C1"\nq = "C2"'
    (found,) = found_in(small, cells, "return {'p': 2 * alpha, 'q': alpha + 2}", inputs=inputs, outputs=outputs)
    assert (names(found), found.suggestion) == (["C2"], "=B1+2")


def test_a_formula_that_reads_the_input_of_another_check_is_not_blamed(small):
    """What is set for one check has that value for all of them; only C2 is wrong."""
    small.write_cells({"A1": 3, "B1": "=LN(A1)", "C1": "=2*LN(A1)", "C2": "=B1+2.5"})
    small.reference.write_text(
        "import numpy as np\n\ndef f(x):\n    return {'y': np.log(x)}\n\n"
        "def g(y):\n    return {'p': 2 * y, 'q': y + 2}\n"
    )
    small.write_spec(
        reference="",
        inputs='[check.f]\nreference = "small.py:f"\n'
        'inputs = { x = { at = "A1", low = 1, high = 5 } }\noutputs = { y = "B1" }',
        outputs='[check.g]\nreference = "small.py:g"\ninputs = { y = "B1" }\noutputs = { p = "C1", q = "C2" }',
    )
    found = cause(xlparity.verify(small.spec), "g")
    assert (names(found), found.suggestion) == (["C2"], "=B1+2")


def test_a_formula_is_judged_on_right_values_where_another_check_is_undefined_for_some_sets(small):
    """LN(A1) is undefined below zero, where the second check does not read it: only the logarithm is wrong."""
    small.write_cells({"A1": 3, "B1": "=LOG(A1)", "C1": "=IF(A1>0,B1,0)+1"})
    small.reference.write_text(
        "import numpy as np\n\ndef f(x):\n    return {'y': np.log(x)}\n\n"
        "def g(x):\n    return {'z': (np.log(x) if x > 0 else 0) + 1}\n"
    )
    check = '[check.{0}]\nreference = "small.py:{0}"\ninputs = {{ x = {{ at = "A1", low = -5, high = 5 }} }}\n'
    small.write_spec(
        reference="",
        inputs=check.format("f") + 'outputs = { y = "B1" }',
        outputs=check.format("g") + 'outputs = { z = "C1" }',
    )
    found = cause(xlparity.verify(small.spec), "f")
    assert (names(found), found.suggestion, found.affects) == (["B1"], "=LN(A1)", 1)


@pytest.mark.parametrize("total", ["=SUM(B1:B20000)", "=SUM(B:B)"])
def test_a_sum_over_more_than_there_is_follows_from_what_it_adds_up(small, total):
    """Of 20,000 rows three are in use: the sum is wrong because of B2, and rounding has nothing to do with it."""
    cells = {"A1": 3, "A2": 2, "A3": 4, "C1": total} | down("=LN(A#)") | {"B2": "=LOG(A2)"}
    more = {"inputs": 'x = { at = "A1:A3", low = 1, high = 5 }', "outputs": 'y = "B1:B3"\nt = "C1"', "scenarios": 10}
    reference = "return {'y': np.log(x), 't': np.log(x).sum()}"
    (found,) = found_in(small, cells, reference, **more)
    assert (names(found), found.suggestion, found.affects) == (["B2"], "=LN(A2)", 1)
    cells |= {"B2": "=LN(A2)", "C1": total.replace("SUM", "AVERAGE")}
    (found,) = found_in(small, cells, reference, **more)
    assert (names(found), found.suggestion) == (["C1"], total)


# --- accepted cells --------------------------------------------------------------------------------------------------

ACCEPTED = {
    "reference": "y = np.log(x); return {'y': y, 'z': y + 1}",
    "inputs": 'x = { at = "A1:A2", low = 1, high = 5 }',
    "more": '[[accept]]\ncells = ["B1:B2"]\nreason = "base ten is meant"',
}


def test_what_follows_from_an_accepted_difference_names_it(small):
    """The spec accepts the logarithm, and not the sum that is wrong because of it."""
    cells = {"A1": 3, "A2": 4} | down("=LOG(A#)", (1, 2)) | down("=B#+1", (1, 2), column="C")
    (found,) = found_in(small, cells, outputs='y = "B1:B2"\nz = "C1:C2"', **ACCEPTED)
    assert (found.variable, names(found), found.affects) == ("y", ["B1", "B2"], 2)
    assert "the spec accepts this, but not what follows from it" in found.message
    assert found.replacements == {}  # accepted is accepted: fix must not rewrite it


def test_what_follows_from_an_accepted_number_that_is_set_for_another_check_is_not_blamed(small):
    """B1 is typed, and an input of the second check: C1, which reads it, is judged on what the first one expects of it."""
    small.write_cells({"A1": 3, "B1": 5, "C1": "=B1+1", "D1": "=B1*3"})
    small.reference.write_text(
        "def f(x):\n    return {'y': 2 * x, 'z': 2 * x + 1}\n\ndef g(y):\n    return {'w': 3 * y}\n"
    )
    small.write_spec(
        reference="",
        inputs='[check.f]\nreference = "small.py:f"\ninputs = { x = { at = "A1", low = 1, high = 5 } }\n'
        'outputs = { y = "B1", z = "C1" }\naccept = [{ cells = ["B1"], reason = "typed" }]',
        outputs='[check.g]\nreference = "small.py:g"\ninputs = { y = { at = "B1", low = 1, high = 9 } }\n'
        'outputs = { w = "D1" }',
    )
    found = cause(xlparity.verify(small.spec), "f")
    assert (names(found), found.affects) == (["B1"], 1)


def test_an_accepted_difference_that_nothing_follows_from_is_no_finding(small):
    """It is counted and shown, and nobody is blamed."""
    cells = {"A1": 3, "A2": 4} | down("=LOG(A#)", (1, 2)) | down("=LN(A#)+1", (1, 2), column="C")
    report = report_on(small, cells, outputs='y = "B1:B2"\nz = "C1:C2"', **ACCEPTED)
    assert (report.verdict, report.checks[0].findings) == (Verdict.PASS, ())
    assert report.checks[0].counts["accepted"] == 2


# --- no false alarm --------------------------------------------------------------------------------------------------


def no_findings(report):
    assert report.verdict is Verdict.PASS
    assert [finding for check in report.checks for finding in check.findings] == []
    assert all(check.counts["match"] == check.counts["bound"] > 0 for check in report.checks)


def test_the_generated_workbook_has_no_findings(week_one):
    """Whatever else is tried on it, what is right is left alone."""
    no_findings(xlparity.verify(week_one))


def shifted(address, sheet, cuts):
    """The address after rows were inserted above each of the cuts of its sheet."""
    column, row = coordinate_from_string(address.replace("$", ""))
    new = row + sum(how_many for above, how_many in cuts.get(sheet, ()) if row >= above)
    return address.replace(f"{column}{row}", f"{column}{new}").replace(f"{column}${row}", f"{column}${new}")


def shifted_formula(text, sheet, cuts):
    """The formula as Excel leaves it: every reference to a cell below the cut moves along."""
    words = Tokenizer(text)
    for word in words.items:
        if word.type == "OPERAND" and word.subtype == "RANGE":
            of, mark, place = word.value.rpartition("!")
            ends = [shifted(end, of.strip("'") or sheet, cuts) for end in place.split(":")]
            word.value = of + mark + ":".join(ends)
    return words.render()


def test_a_copy_with_rows_inserted_has_no_findings(week_one, tmp_path):
    """Somebody makes room for notes above three of the iterations and above History: blocks stand at all distances."""
    above = [block(number)[0] - 3 for number in (3, 7, 9)]
    cuts = {"Training": list(zip(above, (2, 1, 4), strict=True)), "History": [(1, 3)]}
    new = openpyxl.Workbook()
    new.remove(new.active)
    for sheet in openpyxl.load_workbook(week_one.with_name("regressor.xlsx")):
        copy = new.create_sheet(sheet.title)
        for cell in (cell for row in sheet for cell in row if cell.value is not None):
            content = cell.value
            if isinstance(content, ArrayFormula):
                area = ":".join(shifted(end, sheet.title, cuts) for end in content.ref.split(":"))
                content = ArrayFormula(area, shifted_formula(content.text, sheet.title, cuts))
            elif isinstance(content, str) and content.startswith("="):
                content = shifted_formula(content, sheet.title, cuts)
            copy[shifted(cell.coordinate, sheet.title, cuts)] = content
    new.save(tmp_path / "inserted.xlsx")
    # Of the spec only what stands on History moves: the blocks of Training are found by their labels.
    before, history, after = re.split(r"(?=\[check.history\])|(?=\[check.forward\])", week_one.read_text())
    history = re.sub(r'"([B-V])([468])(?::([B-V])([468]))?"', three_down, history.replace("first = 6", "first = 9"))
    spec = tmp_path / "regressor.parity.toml"
    spec.write_text(before + history + after)
    report = xlparity.verify(spec, workbook=tmp_path / "inserted.xlsx")
    no_findings(report)
    irregular = "blocks 3, 7 and 9 are at another distance from the block before than block 2 is from block 1"
    assert irregular in report.checks[0].notes


def three_down(match):
    """An address in quotes, three rows further down."""
    column, row, last_column, last_row = match.groups()
    end = f":{last_column}{int(last_row) + 3}" if last_column else ""
    return f'"{column}{int(row) + 3}{end}"'


@pytest.mark.libreoffice
def test_a_copy_saved_by_libreoffice_has_no_findings(week_one, convert, tmp_path):
    """Another program writes the formulas in its own way, and means the same."""
    path = week_one.with_name("regressor.xlsx")
    parts = ooxml.read_parts(path.read_bytes(), path)
    for name, part in ooxml.sheet_parts(parts, path).items():  # LibreOffice echoes stored values, so there must be none
        formulas = [cell.address for cell in ooxml.scan(parts[part], name).cells if cell.formula]
        parts[part] = write_values(parts[part], dict.fromkeys(formulas, BLANK), name)
    (tmp_path / "bare.xlsx").write_bytes(pack(parts))
    no_findings(xlparity.verify(week_one, workbook=convert(tmp_path / "saved", tmp_path / "bare.xlsx")))


def test_findings_are_the_same_on_every_run(two_iterations, tmp_path):
    """A report that changes its mind is no report."""
    cells = {"J31": "=1/(1+EXP(I31))", "I38": "=J10-L31", "O30": "=1/M30*SUM(N30:N32)"}
    copy = planted(two_iterations, tmp_path / "planted.xlsx", cells)
    one, two = (xlparity.verify(two_iterations, workbook=copy) for _ in range(2))
    assert one == two
    assert Counter(finding.code for finding in causes(one)) == {"XP103": 1, "XP110": 1, "XP107": 1}


MIXED = {"N9": "=-(L9*LOG(J9)+(1-L9)*LOG(1-J9))", "F23": "=F9-1*F16", "History!C6": "=1*Training!F9+0*Training!G9"}


@pytest.fixture(scope="module")
def usual(two_iterations, tmp_path_factory):
    """The report on a workbook of two iterations with three faults, all sets swept at once."""
    return verified(two_iterations, tmp_path_factory.mktemp("usual"), MIXED)


@pytest.mark.parametrize("at_once", [1, 7, 60])
def test_findings_do_not_hang_on_how_many_sets_memory_has_room_for(
    two_iterations, usual, tmp_path, monkeypatch, at_once
):
    """Of a workbook of 80,000 cells fewer than 100 sets are swept at once: the checks' sets must still be the same."""
    assert {finding.code for check in usual.checks for finding in check.findings} >= {"XP101", "XP202"}
    copy = planted(two_iterations, tmp_path / "planted.xlsx", MIXED)
    monkeypatch.setattr(running, "_AT_ONCE", at_once * len(read_workbook(copy).cells))
    few = xlparity.verify(two_iterations, workbook=copy)
    for one, other in zip(usual.checks, few.checks, strict=True):
        assert one.findings == other.findings
        assert one.scenarios.cells == other.scenarios.cells


@pytest.mark.parametrize("at_once", [1, 7])
def test_a_suggestion_rests_on_enough_sets_however_few_are_swept_at_once(small, monkeypatch, at_once):
    """Of a workbook of a million cells seven sets are swept at once, and on seven a suggestion is not believed."""
    monkeypatch.setattr(running, "_AT_ONCE", at_once * 6)
    (found,) = found_in(small, THREE | down("=SIN(A#)"), "return {'y': np.cos(x)}", inputs=BETWEEN)
    assert (names(found), found.suggestion) == (["B1", "B2", "B3"], "=COS(A1)")


@pytest.mark.parametrize(
    ("factor", "said"), [("1.0000001", "differ within their tolerance"), ("1.000000003", "rounding error")]
)
def test_a_large_difference_is_not_called_rounding_error(small, factor, said):
    """p is within its wide tolerance and q, which is right on the reference's p, is not within its own."""
    cells, outputs = (
        {"A1": 0.3, "B1": f"=A1*{factor}", "B2": "=B1*3"},
        '[outputs]\np = { at = "B1", rtol = 1e-5 }\nq = "B2"',
    )
    small.reference.write_text("def double(x):\n    return {'p': x, 'q': 3 * x}\n")
    small.write_cells(cells)
    small.write_spec(outputs=outputs)
    (found,) = xlparity.verify(small.spec).checks[0].findings
    assert (found.code, [cell.a1 for cell in found.cells]) == ("XP199", ["B2"])
    assert said in found.message
    assert ("rounding error" in found.message) == (said == "rounding error")
