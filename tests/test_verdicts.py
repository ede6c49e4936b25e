"""Verdicts: what is proved wrong fails, whatever else could not be judged, and no sentence claims more than was compared."""

import json
from dataclasses import replace

import openpyxl
import pytest
from formula_cases import PROGRAMS

import xlparity
from xlparity.compare.consensus import reconcile
from xlparity.engines.registry import find_engine, others_than
from xlparity.excel.address import Cell
from xlparity.excel.values import Unsupported
from xlparity.excel.workbook import parse_workbook, read_workbook
from xlparity.reporters import github, words
from xlparity.reporters.formats import html, junit, markdown, sarif
from xlparity.reporters.parts import parts_of
from xlparity.results.report import CellResult, CheckResult, Coverage, Finding, Report, Verdict, worst
from xlparity.results.scenarios import Scenarios
from xlparity.settings import Options

BESIDE = "def double(x):\n    return {'y': 2 * x, 'z': 2 * x, 'w': 2 * x}\n"
OUTPUTS = '[outputs]\ny = "B1"\nz = "B2"\nw = "B3"'


def beside(small, **cells):
    """A workbook with three quantities, each of which is twice the input."""
    small.reference.write_text(BESIDE)
    small.write_cells({"A1": 3, "B1": "=2*A1", "B2": "=2*A1", "B3": "=2*A1", **cells})
    small.write_spec(outputs=OUTPUTS)


def iterating(path, change=0.001):
    """Switches iterative calculation on."""
    book = openpyxl.load_workbook(path)
    book.calculation.iterate, book.calculation.iterateDelta = True, change
    book.save(path)


# --- fail before unassessed ------------------------------------------------------------------------------------------


def test_a_proof_is_not_hidden_behind_what_could_not_be_judged(run, small):
    """One cell differs and one is unsupported: every format says that the workbook fails, and counts both."""
    beside(small, B1="=3*A1", B2="=OFFSET(A1,0.2+0*A1,0)*2")
    both = "1 of 2 compared cells differs from the Python reference; 1 could not be assessed"
    done = run("verify", small.spec)
    assert done.code == 1
    assert f"✗ FAIL  {small.workbook}" in done.out
    assert both in " ".join(done.out.split())
    report = xlparity.verify(small.spec)
    assert (report.verdict, report.checks[0].counts["unsupported"]) == (Verdict.FAIL, 1)
    for rendered in (markdown.render([report]), html.render([report]), github.annotations([report])):
        assert both in rendered
        assert "FAIL" in rendered
    (invocation,) = json.loads(sarif.render([report]))["runs"][0]["invocations"]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (1, True)
    assert [both in one["message"]["text"] for one in invocation["toolExecutionNotifications"]] == [True]
    assert '<testsuites name="xlparity" tests="3" failures="1" errors="1">' in junit.render([report])
    assert [part.outcome for part in parts_of(report).values()] == ["passed", "failed", "unassessed", "passed"]


def test_a_quantity_with_a_wrong_cell_fails_although_another_of_its_cells_is_unsupported(small):
    """The item of a test runner is the quantity: what is proved wrong in it comes first."""
    small.write_cells({"A1": 3, "A2": 4, "B1": "=OFFSET(A1,0.2+0*A1,0)*2", "B2": "=3*A2"})
    small.write_spec(inputs='[inputs]\nx = "A1:A2"', outputs='[outputs]\ny = "B1:B2"')
    *_, part = parts_of(xlparity.verify(small.spec)).values()
    assert part.outcome == "failed"
    assert part.sentence.startswith("Sheet!B2 is 12 instead of 8")
    assert "; Sheet!B1 cannot be assessed" in part.sentence


def test_of_several_verdicts_fail_is_the_worst():
    """Then unassessed, then stale; of none at all nothing is known."""
    order = [Verdict.FAIL, Verdict.UNASSESSED, Verdict.STALE, Verdict.PASS]
    assert [worst(order[k:]) for k in range(4)] == order
    assert worst([]) is Verdict.UNASSESSED


def test_what_is_wrong_on_other_inputs_only_is_proved_where_the_stored_ones_could_not_be_computed():
    """An engine that refuses the stored inputs may still compute the drawn ones; one whose word is disputed proves nothing."""
    cell = Cell("Sheet", 1, 1)
    result = CellResult("y", 1, (0, 0), cell, "unsupported", 1.0, Unsupported("no"), "=B1")
    tried = Scenarios(0, run=3, failed=2, cells=(cell,), since=(0,), asked=3)
    check = CheckResult("c", "formulas", ("y",), 1, (result,), scenarios=tried)
    report = Report("spec", "book", "", (check,), Coverage(1, 1, 0))
    assert report.verdict is Verdict.FAIL
    assert words.verdict(report) == "1 of 1 compared cells differs from the Python reference."
    assert [part.outcome for part in parts_of(report).values()] == ["passed", "failed"]
    other = replace(check, results=(result._replace(status="match", actual=1.0),), scenarios=Scenarios(0, run=3))
    disputed = [replace(check, engine="libreoffice"), replace(other, engine="ironcalc")]
    found = replace(report, checks=reconcile(disputed))
    assert [check.verdict for check in found.checks] == [Verdict.UNASSESSED] * 2
    assert found.verdict is Verdict.UNASSESSED


def test_an_empty_output_cell_is_not_assessed_although_other_inputs_differ_from_it(small):
    """A sheet may have moved: nothing that is there is proved wrong."""
    small.write_cells({"A1": 3})
    assert xlparity.verify(small.spec).verdict is Verdict.UNASSESSED


# --- circular references ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula",
    ["=B1", "=A1+B1", "=SUM(A1,B1)", "=SUM(B:B)", "=SUM(A1:B2)", "=IF(B1>0,1,2)", "=IFERROR(B1,0)", "=2*A1+IF(A1>0,B1,0)*0+B1"],
)  # fmt: skip
def test_a_circle_that_excel_is_certain_to_meet_fails(run, small, formula):
    """Excel computes none of it; that is no limit of an engine."""
    small.write_cells({"A1": 3, "B1": formula})
    done = run("verify", small.spec, "--format", "json")
    (check,) = json.loads(done.out)["checks"]
    assert (done.code, check["counts"]["error"]) == (1, 1)
    assert [finding["code"] for finding in check["findings"]] == ["XP302"]
    assert "which Excel does not compute" in check["findings"][0]["message"]


@pytest.mark.parametrize(
    "formula",
    [
        "=IF(A1>0,2*A1,B1)", "=IF(TRUE,2*A1,B1)", "=CHOOSE(1,2*A1,B1)", "=IFERROR(2*A1,B1)", "=_xlfn.IFS(A1>0,2*A1,TRUE,B1)",
        "=_xlfn.SWITCH(A1,3,2*A1,B1)", "=AND(A1<0,B1)", "=ROW(B1)*6", "=COLUMNS(A1:B1)*3", "=INDEX(A1:B1,1)*2",
        "=SUMIF(A1,3,A1:B1)", "=2*A1:B1", "=ROWS(B:B)", "=OFFSET(B1,0.2+0*B1,-1)*2",
    ],
)  # fmt: skip
def test_a_circle_that_excel_may_not_meet_is_not_assessed(small, formula):
    """A branch that is not taken is not evaluated, and some functions take a reference and not its value."""
    small.write_cells({"A1": 3, "B1": formula})
    (check,) = xlparity.verify(small.spec).checks
    (result,) = check.results
    assert result.status in ("unsupported", "match", "mismatch")  # what needs no value of B1 may well be computed
    if result.status == "unsupported":  # with the stored inputs as well, so that no range of an input helps
        assert not any("low and high" in note for note in check.notes)


def test_a_circle_that_excel_iterates_is_computed(small):
    """With iterative calculation Excel has a value for it; without, it has none."""
    small.write_cells({"A1": 3, "B1": "=B1/2+A1"})
    assert xlparity.verify(small.spec).verdict is Verdict.FAIL
    iterating(small.workbook, change=1e-13)
    assert read_workbook(small.workbook).iterates
    assert xlparity.verify(small.spec).verdict is Verdict.PASS


@pytest.mark.parametrize("engine", ["excelmodel", pytest.param("ironcalc", marks=pytest.mark.ironcalc)])
def test_an_engine_that_does_not_iterate_leaves_a_circle_open(small, engine):
    """Excel has a value, which such an engine does not compute: nothing is proved."""
    small.write_cells({"A1": 3, "B1": "=B1/2+A1"})
    iterating(small.workbook, change=1e-13)
    report = xlparity.verify(small.spec, options=Options(engines=(engine,)))
    assert (report.verdict, report.checks[0].results[0].status) == (Verdict.UNASSESSED, "unsupported")
    assert "Excel may iterate it" in report.checks[0].findings[0].message


@pytest.mark.parametrize(
    ("formula", "iterates"),
    [("=MAX(A1*2,B1)", True), ("=A1+B1/2", True), ("=2*INDEX(A1:B1,1)", False), ("=2*VLOOKUP(A1,A1:B3,1,FALSE)", False)],
)  # fmt: skip
def test_a_circle_that_cannot_be_assessed_gets_no_suggestion(small, formula, iterates):
    """These may be right in Excel; --fix replaced the cell's own address by that of the next one."""
    small.write_cells({"A1": 3, "B1": formula})
    if iterates:
        iterating(small.workbook)
    report = xlparity.verify(small.spec)
    assert report.verdict is Verdict.UNASSESSED
    assert [(finding.suggestion, finding.replacements) for finding in report.checks[0].findings] == [(None, {})]


def test_what_depends_on_a_circle_is_counted_behind_it(small):
    """Its cells fail; a formula that reads them may be right, and is a consequence."""
    beside(small, B1="=B2*2", B2="=B1/2", B3="=B1")
    report = xlparity.verify(small.spec)
    assert [result.status for result in report.checks[0].results] == ["error", "error", "unsupported"]
    assert "2 of 2 compared cells are part of a circular reference; 1 could not be assessed." in words.verdict(report)
    assert "1 other cell cannot be assessed" in " ".join(finding.message for finding in report.checks[0].findings)


def test_an_array_formula_that_reads_its_own_area_is_circular(small):
    """Excel computes the area as a whole."""
    book = openpyxl.Workbook()
    book.active["A1"] = 3
    book.active["B1"] = openpyxl.worksheet.formula.ArrayFormula("B1:B2", "=A1*{1;2}+B2*0")
    book.save(small.workbook)
    assert xlparity.verify(small.spec).checks[0].results[0].status == "error"


@pytest.mark.parametrize(
    "engine", ["formulas", "excelmodel", *PROGRAMS],
)  # fmt: skip
def test_engines_agree_on_what_is_circular(tmp_path, engine):
    """One that took a circle for unsupported would leave it to the order of the engines what the verdict is."""
    book = openpyxl.Workbook()
    for address, content in {"A1": "=A2+1", "A2": "=A1", "A3": "=A2*0", "A4": "=IF(TRUE,1,A4)"}.items():
        book.active[address] = content
    book.save(path := tmp_path / "book.xlsx")
    values = find_engine(engine).load(parse_workbook(path.read_bytes(), path)).recalculate({})
    circular = {cell.a1: value.circular for cell, value in values.items()}
    assert circular == {"A1": True, "A2": True, "A3": False, "A4": False}


# --- shapes and inputs -----------------------------------------------------------------------------------------------


def test_a_wrong_shape_fails(run, small):
    """The reference has another number of values than the workbook has cells: no recalculation makes that agree."""
    small.write_cells({"A1": 3, "B1": "=2*A1", "B2": "=2*A1"})
    small.write_spec(outputs='[outputs]\ny = "B1:B2"')
    done = run("verify", small.spec)
    assert done.code == 1
    assert "2 of 2 compared cells belong to a quantity of another shape in the reference." in " ".join(done.out.split())
    assert "all agree" not in done.out
    (_, part) = parts_of(xlparity.verify(small.spec)).values()
    assert part.outcome == "failed"


def test_a_wrong_shape_that_the_spec_accepts_fails_nothing(small):
    """An accepted cell is counted and left out of the verdict, also where its shape differs."""
    small.reference.write_text("def double(x):\n    return {'y': [2 * x, 2 * x], 'z': 2 * x}\n")
    small.write_cells({"A1": 3, "B1": "=2*A1", "B2": "=2*A1"})
    small.write_spec(outputs='[outputs]\ny = "B1"\nz = "B2"\n[[accept]]\ncells = ["B1"]\nreason = "known"')
    assert xlparity.verify(small.spec).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("0.5", "needs a number in Sheet!A1, which contains the number 0.5 stored as text, which SUM ignores"),
        (" 1,5 %", "which contains the number 1,5 % stored as text"),
        ("abc", "which contains the text 'abc'"),
        ('="a"&"b"', "which contains the text 'ab'"),
        ("#N/A", "which is #N/A"),
        ("=1/0", "which is #DIV/0!"),
        ("=A1", "which is part of a circular reference"),
    ],
)
def test_an_input_cell_that_holds_no_number_fails(run, small, content, said):
    """The workbook is wrong there, and not the spec: a finding with that cell, and nothing is compared."""
    small.write_cells({"A1": content, "B1": "=2*A1"})
    done = run("verify", small.spec, "--format", "json")
    (check,) = json.loads(done.out)["checks"]
    assert done.code == 1
    (finding,) = [finding for finding in check["findings"] if finding["code"] == "XP404"]
    assert "such cells" not in finding["message"]
    assert (finding["variable"], finding["cells"]) == ("x", ["Sheet!A1"])
    assert said in finding["message"]
    assert (check["counts"]["match"], check["counts"]["missing"] + check["counts"]["unsupported"]) == (0, 1)


def test_other_checks_go_on_beside_an_input_that_holds_no_number(small):
    """One cell of one check is no reason to say nothing about the others."""
    small.write_cells({"A1": "3", "A2": 4, "B1": "=2*A1", "B2": "=3*A2", "B3": 8})
    small.spec.write_text(
        'workbook = "small.xlsx"\nreference = "small.py:double"\nsheet = "Sheet"\n'
        '[check.a]\ninputs = { x = "A1" }\noutputs = { y = "B1" }\n'
        '[check.b]\ninputs = { x = "A2" }\noutputs = { y = "B2" }\n'
    )
    report = xlparity.verify(small.spec)
    assert [check.verdict for check in report.checks] == [Verdict.FAIL, Verdict.FAIL]
    assert [[found.code for found in check.findings] for check in report.checks] == [["XP404"], ["XP111"]]
    assert report.checks[1].findings[0].suggestion == "=2*A2"
    outcomes = {(key.check, key.variable): part.outcome for key, part in parts_of(report).items()}
    assert outcomes == {("a", None): "failed", ("a", "y"): "unassessed", ("b", None): "passed", ("b", "y"): "failed"}


def test_a_reference_that_leaves_out_the_output_of_one_check_is_defined_for_the_other(small):
    """Both ask the same function, which is called once for both where it answers both."""
    small.write_cells({"A1": 3, "B1": "=2*A1", "B2": "=3*A1", "B3": "=4*A1"})
    small.reference.write_text(
        "def double(x):\n    stored = x == 3\n    fourfold = 4 * x if stored else float('nan')\n"
        "    return {'z': [[3 * x], [fourfold]]} | ({'y': 2 * x} if stored else {})\n"
    )
    small.spec.write_text(
        'workbook = "small.xlsx"\nreference = "small.py:double"\nsheet = "Sheet"\n'
        '[check.a]\ninputs = { x = "A1" }\noutputs = { y = "B1" }\n'
        '[check.b]\ninputs = { x = "A1" }\noutputs = { z = "B2:B3" }\n'
    )
    one, other = xlparity.verify(small.spec).checks
    assert (one.scenarios.run, one.scenarios.dropped) == (0, 100)
    # Of these B2 is compared in every one, also where the reference has no value for B3.
    assert (other.scenarios.run, other.scenarios.dropped) == (100, 0)


def test_an_input_without_numbers_says_in_how_many_cells(small):
    """The first one alone would be corrected, and the next one found in the next run."""
    small.write_cells({"A1": "3", "A2": 4, "A3": '="five"', "B1": "=2*A1", "B2": "=2*A2", "B3": "=2*A3"})
    small.write_spec(inputs='[inputs]\nx = "A1:A3"', outputs='[outputs]\ny = "B1:B3"')
    (finding,) = xlparity.verify(small.spec).checks[0].findings
    assert "needs a number in Sheet!A1, which contains the number 3 stored as text" in finding.message
    assert " (2 such cells)" in finding.message
    assert finding.formula is None
    small.write_cells({"A1": 3, "A2": 4, "A3": '="five"', "B1": "=2*A1", "B2": "=2*A2", "B3": "=2*A3"})
    (finding,) = xlparity.verify(small.spec).checks[0].findings
    assert finding.formula == '="five"'


@pytest.mark.parametrize(("text", "shown"), [("a" * 40, f"'{'a' * 40}'"), ("a" * 41, f"'{'a' * 40}…'")])
def test_of_a_long_text_in_place_of_a_number_the_first_letters_are_shown(small, text, shown):
    """A page of text in a cell would fill the terminal."""
    small.write_cells({"A1": text, "B1": "=2*A1"})
    (finding,) = xlparity.verify(small.spec).checks[0].findings
    assert f"contains the text {shown}" in finding.message


def test_nothing_is_said_of_shapes_where_an_input_holds_no_number(small):
    """The reference was not called with what the workbook has."""
    small.write_cells({"A1": "3", "B1": "=2*A1", "C1": "=2*A1"})
    small.write_spec(outputs='[outputs]\ny = "B1:C1"')
    assert [finding.code for finding in xlparity.verify(small.spec).checks[0].findings] == ["XP404"]


def test_a_constant_beside_an_input_that_holds_no_number_gets_no_suggestion(small):
    """Nothing is expected of it, so that any formula would agree."""
    small.write_cells({"A1": "3", "A2": 1, "B1": "=2*A1", "B2": 7, "B3": "=2*A3", "A3": 2})
    small.write_spec(inputs='[inputs]\nx = "A1:A3"', outputs='[outputs]\ny = "B1:B3"')
    (check,) = xlparity.verify(small.spec).checks
    assert [result.status for result in check.results] == ["missing", "hardcoded", "missing"]
    assert [found.suggestion for found in check.findings] == [None] * len(check.findings)


def test_an_input_that_the_engine_cannot_compute_is_not_assessed(small):
    """The file is not wrong for that; another engine may read it."""
    small.write_cells({"A1": "=OFFSET(A2,0.2+0*A2,0)", "A2": 3, "B1": "=2*A1"})
    report = xlparity.verify(small.spec)
    assert report.verdict is Verdict.UNASSESSED
    assert [(found.code, found.cells) for found in report.checks[0].findings] == [("XP303", (Cell("Sheet", 1, 1),))]
    inputs, _ = parts_of(report).values()
    assert inputs.outcome == "unassessed"


def test_an_input_that_one_engine_alone_takes_for_no_number_proves_nothing():
    """Another one reads it and agrees with the reference: the workbook is not wrong for what the first makes of it."""
    result = CellResult("y", 1, (0, 0), Cell("Sheet", 1, 2), "match", 1.0, 1.0, "=A1")
    right = CheckResult("c", "formulas", ("y",), 1, (result,), scenarios=Scenarios(0, run=3))
    finding = Finding("XP404", "x", (Cell("Sheet", 1, 1),), (), "no number")
    blind = replace(right, engine="libreoffice", results=(result._replace(status="missing"),), findings=(finding,))
    report = Report("spec", "book", "", (blind, right), Coverage(1, 1, 0))
    assert report.verdict is Verdict.PASS
    assert replace(report, checks=(blind, replace(blind, engine="ironcalc"))).verdict is Verdict.FAIL


# --- what was compared -----------------------------------------------------------------------------------------------


def other_inputs(report):
    (check,) = report.combined
    return "; ".join(said.text for said in words.scenario_summary(check))


def test_no_sentence_says_that_all_agree_where_nothing_was_compared(small):
    """A hundred sets on which no cell was compared show nothing."""
    small.write_cells({"A1": 3, "B1": "=OFFSET(A1,0.2+0*A1,0)*2"})
    report = xlparity.verify(small.spec)
    assert other_inputs(report) == "scenarios show nothing: no cell could be compared"
    page = html.render([report])
    assert "all agree" not in page
    assert words.NOTHING_COMPARED in page
    assert "1 formula in the file: 1 to be compared" in words.coverage(report)


def test_agreement_on_other_inputs_says_of_how_many_cells(small):
    """And how many were not compared."""
    beside(small)
    assert other_inputs(xlparity.verify(small.spec)) == "100 scenarios: all 3 cells agree"
    beside(small, B2="=OFFSET(A1,0.2+0*A1,0)*2")
    report = xlparity.verify(small.spec)
    said = "100 scenarios: 2 cells agree, 1 could not be compared in every one"
    assert other_inputs(report) == said
    assert said.partition(": ")[2] in html.render([report])
    assert words.verdict(report).startswith("1 of 3 cells could not be assessed")


# --- another engine --------------------------------------------------------------------------------------------------


def test_the_summary_names_an_engine_that_could_settle_what_is_unsupported(small, monkeypatch):
    """It is installed, and nobody has asked it; one that cannot run here is not named."""
    monkeypatch.setattr("xlparity.engines.libreoffice.shutil.which", lambda name: f"/bin/{name}")
    small.write_cells({"A1": 3, "B1": "=OFFSET(A1,0.2+0*A1,0)*2"})
    report = xlparity.verify(small.spec)
    assert "libreoffice" in report.could_settle
    assert f"1 of 1 cell could not be assessed (try --engine {report.could_settle[0]}" in words.verdict(report)
    # An input that cannot be read may be the only cell that is unsupported.
    small.write_cells({"A1": "=OFFSET(D1,0.2+0*D1,0)", "D1": 3, "B1": "=2*D1"})
    assert "libreoffice" in xlparity.verify(small.spec).could_settle
    # A formula among the values of an input is computed by this engine as well.
    small.reference.write_text("def double(x):\n    return {'y': [x.sum()] * 3}\n")
    small.write_cells({"A1": 3, "A2": "=A1", "A3": 5, "B1": "=SUM(A1:A3)"})
    small.write_spec(inputs='[inputs]\nx = "A1:A3"')
    report = xlparity.verify(small.spec)
    assert [finding.code for finding in report.checks[0].findings] == ["XP204", "XP401"]
    assert report.could_settle == ()
    small.write_cells({"A1": "=OFFSET(D1,0.2+0*D1,0)", "D1": 3, "B1": "=2*D1"})
    small.write_spec(workbook='workbook = "small.xlsx"\nlocale = "de-DE"')  # in which the other engines do not compute
    assert xlparity.verify(small.spec).could_settle == ()
    small.write_spec()
    monkeypatch.setattr("xlparity.engines.libreoffice.shutil.which", lambda name: None)
    assert "libreoffice" not in xlparity.verify(small.spec).could_settle
    assert {"formulas", "excelmodel", "cached", "ironcalc"}.isdisjoint(others_than(["excelmodel", "ironcalc"]))


@pytest.mark.libreoffice
def test_the_default_engine_is_not_named_where_it_does_not_know_the_function(small):
    """It sent one from engine to engine."""
    small.write_cells({"A1": 3, "B1": "=SUBTOTAL(9+0*A1,A1)*2"})
    assert "formulas" not in xlparity.verify(small.spec, options=Options(engines=("cached",))).could_settle
    small.write_cells({"A1": 3, "B1": "=NOPE(A1)*2"})
    assert "formulas" not in xlparity.verify(small.spec, options=Options(engines=("libreoffice",))).could_settle


@pytest.mark.parametrize(
    ("engine", "formula"),
    [
        pytest.param("ironcalc", "=2*A1+ASIN(0)", marks=pytest.mark.ironcalc),
        pytest.param("libreoffice", "=IF((A1>0)>A1,2*A1,0)", marks=pytest.mark.libreoffice),
    ],
)
def test_the_default_engine_is_named_where_it_computes_what_another_does_not(small, engine, formula):
    """Neither program is believed there; whoever chose it must learn that another engine can tell."""
    small.write_cells({"A1": 3, "B1": formula})
    report = xlparity.verify(small.spec, options=Options(engines=(engine,)))
    assert "formulas" in report.could_settle
    assert "(try --engine formulas" in words.verdict(report)


@pytest.mark.parametrize("formula", ["=2*A1+RAND()*0", "=B1", "=IF(A1>0,2*A1,B1)", "=2*A1"])
def test_no_engine_is_named_where_none_could_settle_it(small, formula):
    """No program can be asked about what is another number each time, or circular."""
    small.write_cells({"A1": 3, "B1": formula})
    assert xlparity.verify(small.spec).could_settle == ()
    assert xlparity.verify(small.spec, options=Options(engines=("cached",))).could_settle == ()


def test_findings_about_inputs_without_a_number_are_errors_in_the_table_of_codes():
    """A code that is missing there is a rule that SARIF does not define."""
    report = Report(
        "s", "b", "", (CheckResult("c", "formulas", (), 1, (), (Finding("XP404", "x", (), (), "no number"),)),), Coverage(0, 0, 0)
    )  # fmt: skip
    (one,) = json.loads(sarif.render([report]))["runs"][0]["results"]
    assert (one["ruleId"], one["level"]) == ("XP404", "error")


def test_a_formula_that_is_wrong_on_the_references_values_fails_though_its_precedents_are_unsupported(run, small):
    """B2 triples what the reference doubles, whatever B1 is; a fix for it beside UNASSESSED contradicted itself."""
    small.reference.write_text("def double(x):\n    return {'y': x + 1, 'z': 2 * (x + 1)}\n")
    small.write_cells({"A1": 3, "B1": "=OFFSET(A1,0.2+0*A1,0)+1", "B2": "=B1*3"})
    small.write_spec(outputs='[outputs]\ny = "B1"\nz = "B2"')
    done = run("verify", small.spec)
    assert done.code == 1
    assert "1 cause: 1 of 1 compared cells differs from the Python reference; 1 could not be assessed" in done.out
    assert "=B1*2" in done.out


def test_a_cell_that_is_computed_on_the_stored_inputs_alone_is_a_match_there(small):
    """In which order Excel sorts a text with a hyphen nobody says: that is what cannot be assessed, and only there."""
    small.reference.write_text("def double(x):\n    return {'y': 1.0}\n")
    small.write_cells({"A1": "a", "B1": '=IF(A1<"coop",1,0)'})
    small.write_spec(inputs='[inputs]\nx = { at = "A1", choices = ["co-op"] }')
    report = xlparity.verify(small.spec)
    (check,) = report.checks
    assert [result.status for result in check.results] == ["match"]
    assert (report.verdict, [cell.a1 for cell in check.scenarios.unsure]) == (Verdict.UNASSESSED, ["B1"])


def test_what_the_engine_cannot_compute_is_no_cause(run, small):
    """One formula is wrong and one is unsupported: that is one cause, and nobody has found the sum of the two wrong."""
    small.reference.write_text("def double(x):\n    return {'y': x, 'z': 2 * x, 'w': 3 * x}\n")
    small.write_cells({"A1": 3, "B1": "=OFFSET(A1,0.2+0*A1,0)", "B2": "=A1*3", "B3": "=B1+B2"})
    small.write_spec(outputs='[outputs]\ny = "B1"\nz = "B2"\nw = "B3"')
    done = run("verify", small.spec)
    assert "1 cause: 1 of 1 compared cells differs from the Python reference; 2 could not be assessed" in done.out
    assert "wrong because of it" not in done.out


def test_a_formula_without_a_number_in_an_input_cell_is_to_be_corrected_not_typed_over(run, small):
    """To put a number over =A2/A3 would hide what is wrong."""
    small.write_cells({"A1": "=A2/A3", "A2": 1, "A3": 0, "B1": "=2*A1"})
    done = run("verify", small.spec)
    assert (done.code, "correct its formula or the cells that it reads" in done.out) == (1, True)
    assert "put one there" not in done.out


@pytest.mark.parametrize("form", ["text", "html", "json", "markdown"])
@pytest.mark.parametrize(("tolerance", "said"), [(0.09, False), (0.1, True), (1, True)])
def test_a_tolerance_that_accepts_another_first_digit_is_said(run, small, form, tolerance, said):
    """With rtol = 1 a cell that is 0 matches every number, and the report was that of any other pass."""
    small.write_spec(outputs=f'[outputs]\ny = {{ at = "B1", rtol = {tolerance} }}')
    done = run("verify", small.spec, "--format", form)
    sentence = f"relative tolerance of 'y' is {tolerance:g}: values that differ by {100 * tolerance:g} % of"
    assert done.code == 0
    assert (sentence in " ".join(done.out.replace("&#39;", "'").split())) is said
