"""Spec files: addresses by name, accepted differences, references of every kind, and what the report says of them."""

import json

import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table

import xlparity
from xlparity.results.report import Verdict

# --- addresses by name -----------------------------------------------------------------------------------------------


@pytest.fixture
def named(small):
    """A table of five rows in A1:C5, with a total, on Sheet; another number under the name rate on Sheet and on Other."""
    book = openpyxl.Workbook()
    sheet, other = book.active, book.create_sheet("Other")
    rows = [["Net", "Tax", "Sum"], [1, 2, "=A2+B2"], [3, 4, "=A3+B3"], [5, 6, "=A4+B4"], [0, 0, "=SUM(C2:C4)"]]
    for row in rows:
        sheet.append(row)
    sheet["E1"], other["E2"], sheet["E3"] = 3, 4, 5
    sheet["F1"], sheet["F2"], sheet["F3"] = "=2*E1", "=2*Other!E2", "=2*E3"
    table = Table(displayName="Sales", ref="A1:C5", totalsRowCount=1)
    sheet.add_table(table)
    sheet.defined_names["rate"] = DefinedName("rate", attr_text="Sheet!$E$1")
    other.defined_names["rate"] = DefinedName("rate", attr_text="Other!$E$2")
    book.defined_names["Whole"] = DefinedName("Whole", attr_text="Sheet!$E$3")
    book.defined_names["twice"] = DefinedName("twice", attr_text="Sheet!$F$1:$F$3")
    book.save(small.workbook)
    return small


@pytest.mark.parametrize(
    ("at", "output"),
    [
        ("E1", "F1"),
        ("rate", "F1"),
        ("Sheet!rate", "F1"),
        ("RATE", "F1"),
        ("Other!rate", "F2"),
        ("'Other'!rate", "F2"),
        ("Whole", "F3"),
        ("whole", "F3"),
    ],
)
def test_a_name_stands_for_its_cells_and_belongs_to_its_sheet(named, at, output):
    """A formula on Sheet that says rate means Sheet's, and so does a spec; case matters to neither."""
    named.write_spec(inputs=f'[inputs]\nx = "{at}"', outputs=f'[outputs]\ny = {{ at = "{output}" }}')
    report = xlparity.verify(named.spec)
    assert report.verdict is Verdict.PASS
    assert report.checks[0].scenarios.run == 100


def test_the_sheet_of_a_check_tells_which_of_two_names_is_meant(named):
    """The same word, two sheets, two cells."""
    table = '[check.{0}]\nsheet = "{0}"\n[check.{0}.inputs]\nx = "rate"\n[check.{0}.outputs]\ny = "{1}"\n'
    named.write_spec(sheet="", inputs=table.format("Sheet", "F1"), outputs=table.format("Other", "Sheet!F2"))
    assert xlparity.verify(named.spec).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("net", "total"),
    [
        ("Sales[Net]", "Sales[Sum]"),
        ("sales[net]", "sales[[#Data],[Sum]]"),
        ("Sales[[Net]:[Net]]", "Sales[[Sum]]"),
    ],
)
def test_a_part_of_a_table_stands_for_its_cells(named, net, total):
    """A table grows; its name grows with it."""
    named.reference.write_text("def double(net, tax):\n    return {'sum': net + tax}\n")
    named.write_spec(inputs=f'[inputs]\nnet = "{net}"\ntax = "Sales[Tax]"', outputs=f'[outputs]\nsum = "{total}"')
    report = xlparity.verify(named.spec)
    assert [str(result.cell) for result in report.checks[0].results] == ["Sheet!C2", "Sheet!C3", "Sheet!C4"]
    assert report.verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("at", "cells"),
    [
        ("Sales", "A2:C4"),
        ("Sales[]", "A2:C4"),
        ("Sales[#All]", "A1:C5"),
        ("Sales[#Totals]", "A5:C5"),
        ("Sales[[#Totals],[Sum]]", "C5"),
        ("Sales[[Net]:[Tax]]", "A2:B4"),
        ("Sales[[#Headers],[#Data],[Tax]]", "B1:B4"),
        ("twice", "F1:F3"),
    ],
)
def test_each_part_of_a_table_is_the_cells_that_excel_means_by_it(named, at, cells):
    """Skipped, so that only the cells count: with and without the headers, the totals, and the other columns."""
    named.write_spec(inputs='[inputs]\nx = "Whole"', outputs=f'[outputs]\ny = {{ at = "{at}", skip = "cells only" }}')
    by_name = [result.cell for result in xlparity.verify(named.spec).checks[0].results]
    named.write_spec(
        inputs='[inputs]\nx = "Whole"', outputs=f'[outputs]\ny = {{ at = "{cells}", skip = "cells only" }}'
    )
    assert by_name == [result.cell for result in xlparity.verify(named.spec).checks[0].results]


def test_a_name_may_stand_for_the_first_block_and_for_a_second_place(small):
    """Blocks are counted from the cells that the name means, and a second place is turned as an address would be."""
    small.reference.write_text("def double(x):\n    while True:\n        yield {'y': 2 * x, 'z': 3 * x.T}\n")
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (1, 5):
        sheet[f"A{row}"], sheet[f"B{row}"] = 3, 4
        sheet[f"C{row}"], sheet[f"D{row}"] = f"=2*A{row}", f"=2*B{row}"
        sheet[f"F{row}"], sheet[f"F{row + 1}"] = 3, 4
        sheet[f"G{row}"], sheet[f"G{row + 1}"] = f"=3*F{row}", f"=3*F{row + 1}"
    for name, text in {"x": "$A$1:$B$1", "y": "$C$1:$D$1", "turned": "$F$1:$F$2", "z": "$G$1:$G$2"}.items():
        book.defined_names[f"the_{name}"] = DefinedName(f"the_{name}", attr_text=f"Sheet!{text}")
    book.save(small.workbook)
    also = 'also = [{ at = "the_turned", transpose = true }]'
    small.write_spec(
        blocks="[blocks]\nrows = [1, 5]",
        inputs=f'[inputs]\nx = {{ at = "the_x", every_block = true, {also} }}',
        outputs='[outputs]\ny = "the_y"\nz = "the_z"',
    )
    report = xlparity.verify(small.spec)
    assert [str(result.cell) for result in report.checks[0].results][4:] == [
        "Sheet!C5", "Sheet!D5", "Sheet!G5", "Sheet!G6",
    ]  # fmt: skip
    assert report.verdict is Verdict.PASS


def test_a_word_beyond_the_last_column_may_be_a_name(small):
    """XFE1 is no address, since the grid ends at XFD; Excel allows it as a name."""
    book = openpyxl.Workbook()
    book.active["A1"], book.active["B1"] = 3, "=2*A1"
    book.defined_names["XFE1"] = DefinedName("XFE1", attr_text="Sheet!$A$1")
    book.save(small.workbook)
    small.write_spec(inputs='[inputs]\nx = "XFE1"')
    assert xlparity.verify(small.spec).verdict is Verdict.PASS


# --- accepted differences --------------------------------------------------------------------------------------------


ACCEPT = '[[accept]]\ncells = {}\nreason = "the course has LOG there"\n'


def check_of(small, run):
    """The one check of the JSON report, its verdict's exit code, and the text for a terminal."""
    done = run("verify", small.spec, "--format", "json")
    return json.loads(done.out)["checks"][0], done.code, " ".join(run("verify", small.spec).out.split())


def test_a_known_difference_is_counted_and_shown_and_fails_nothing(run, small):
    """Accepted is not the same as right, nor as hidden: the cells, the number and the reason stand in every report."""
    small.reference.write_text("def double(x):\n    return {'y': [2 * x, 2 * x, 2 * x]}\n")
    small.write_cells({"A1": 3, "B1": "=2*A1", "B2": "=3*A1", "B3": 6})
    outputs = '[outputs]\ny = "B1:B3"\n'
    small.write_spec(outputs=outputs + ACCEPT.format('["B2", "B3"]'))
    check, code, text = check_of(small, run)
    assert code == 0
    assert check["counts"].items() >= {"bound": 3, "match": 1, "accepted": 2, "mismatch": 0, "hardcoded": 0}.items()
    assert check["scenarios"] == {
        "run": 100, "failed": 0, "seed": 0, "dropped": 0, "cells": [], "unsure": [], "asked": 100, "shaky": 0, "replaced": 0,
        "smallest": None, "kept": [],
    }  # fmt: skip
    assert [(c["cell"], c["status"], c["reason"]) for c in check["cells"]] == [
        ("Sheet!B2", "accepted", "the course has LOG there"),
        ("Sheet!B3", "accepted", "the course has LOG there"),
    ]
    assert check["cells"][0]["expected"] == 6.0
    assert check["cells"][0]["actual"] == 9.0
    assert "accepted, 2 cells: Sheet!B2, Sheet!B3: the course has LOG there" in text
    assert "2 known differences accepted by the spec." in text
    small.write_spec(outputs=outputs + ACCEPT.format('"B2"'))
    assert check_of(small, run)[1] == 1


def test_an_accepted_formula_is_not_called_unseen(small):
    """It was compared, and found to differ."""
    small.reference.write_text("def double(x):\n    return {'y': [2 * x, 2 * x]}\n")
    small.write_cells({"A1": 3, "B1": "=2*A1", "B2": "=3*A1"})
    small.write_spec(outputs='[outputs]\ny = "B1:B2"\n' + ACCEPT.format('"B2"'))
    coverage = xlparity.verify(small.spec).coverage
    assert (coverage.bound, coverage.unbound) == (2, 0)


@pytest.mark.parametrize("content", ["=3*A1", "=A1/0", 6, None, "=OFFSET(A1,0*A1,0)", "=A1=3"])
def test_a_cell_may_be_accepted_whatever_is_wrong_with_it(small, content):
    """Wrong, an error, a constant, empty, not computed: the person says that it is known."""
    small.reference.write_text("def double(x):\n    return {'y': [2 * x, 2 * x]}\n")
    small.write_cells({"A1": 3, "B1": "=2*A1", "B2": content})
    small.write_spec(outputs='[outputs]\ny = "B1:B2"\n' + ACCEPT.format('"B2"'))
    report = xlparity.verify(small.spec)
    assert [result.status for result in report.checks[0].results] == ["match", "accepted"]
    assert report.verdict is Verdict.PASS


def test_a_cell_that_matches_needs_no_acceptance_and_that_is_said(run, small):
    """When the workbook is mended, its acceptance must not stay behind to hide the next fault."""
    small.write_spec(outputs='[outputs]\ny = "B1"\n' + ACCEPT.format('"B1"'))
    check, code, text = check_of(small, run)
    assert code == 0
    assert check["counts"].items() >= {"match": 1, "accepted": 0}.items()
    assert check["cells"] == []
    (note,) = check["notes"]
    assert note == "Sheet!B1 matches, and need not be accepted any longer: the course has LOG there"
    assert note in text


def test_an_accepted_cell_that_matches_the_stored_inputs_only_is_accepted(run, small):
    """It is no match, and not to be called one; nor does it fail a scenario."""
    small.reference.write_text("def double(x):\n    return {'y': [2 * x, 2 * x]}\n")
    small.write_cells({"A1": 3, "B1": "=2*A1", "B2": "=6+0*A1"})
    small.write_spec(outputs='[outputs]\ny = "B1:B2"\n' + ACCEPT.format('"B2"'))
    check, code, _ = check_of(small, run)
    assert code == 0
    assert check["counts"].items() >= {"match": 1, "accepted": 1}.items()
    assert check["scenarios"].items() >= {"run": 100, "failed": 0, "cells": []}.items()
    assert check["notes"] == []


def test_where_everything_is_accepted_nothing_is_shown(small):
    """An acceptance of all there is must not be a way to a green light."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    small.write_spec(outputs='[outputs]\ny = "B1"\n' + ACCEPT.format('"B1"'))
    assert xlparity.verify(small.spec).verdict is Verdict.UNASSESSED


def test_what_the_top_accepts_is_added_to_what_a_check_accepts(small):
    """As with inputs and outputs, the top is the default of every check."""
    small.write_cells({"A1": 3, "B1": "=3*A1", "C1": "=3*A1", "D1": "=2*A1", "E1": "=2*A1"})
    table = '[check.{0}]\ninputs = {{ x = "A1" }}\noutputs = {{ y = "{1}", z = "{2}" }}\n'
    own = ACCEPT.format('"C1"').replace("accept", "check.b.accept", 1)
    small.reference.write_text("def double(x):\n    return {'y': 2 * x, 'z': 2 * x}\n")
    small.write_spec(
        inputs=ACCEPT.format('"B1"'), outputs=table.format("a", "B1", "D1") + table.format("b", "C1", "E1") + own
    )
    report = xlparity.verify(small.spec)
    assert [check.counts["accepted"] for check in report.checks] == [1, 1]
    assert report.verdict is Verdict.PASS


def test_cells_are_accepted_by_name_too(small):
    """Wherever an address may stand, a name may."""
    small.reference.write_text("def double(x):\n    return {'y': [2 * x, 2 * x]}\n")
    book = openpyxl.Workbook()
    book.active["A1"], book.active["B1"], book.active["B2"] = 3, "=2*A1", "=3*A1"
    book.defined_names["late"] = DefinedName("late", attr_text="Sheet!$B$2")
    book.save(small.workbook)
    small.write_spec(outputs='[outputs]\ny = "B1:B2"\n' + ACCEPT.format('"late"'))
    assert xlparity.verify(small.spec).verdict is Verdict.PASS


# --- references of every kind ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "while True:\n        x = 2 * x\n        yield {'y': x}",
        "for _ in range(3):\n        y = x = 2 * x\n        yield locals()",
        "return [{'y': 2 * x}, {'y': 4 * x}, {'y': 8 * x}]",
        "return ({'y': x * 2**n} for n in range(1, 99))",
    ],
    ids=["endless", "as many as there are", "a list", "a generator that is returned"],
)
def test_a_reference_may_yield_or_return_its_iterations(small, body):
    """The loop of a notebook with a yield in it, for ever if it likes, or a list that is complete."""
    small.reference.write_text(f"def grow(x):\n    {body}\n")
    small.write_cells({"A1": 3, "B2": "=2*A1", "B3": "=2*B2", "B4": "=2*B3"})
    small.write_spec(
        reference='reference = "small.py:grow"', blocks="[blocks]\nrows = [2, 3, 4]", outputs='[outputs]\ny = "B2"'
    )
    report = xlparity.verify(small.spec)
    assert report.checks[0].counts["match"] == 3
    assert report.verdict is Verdict.PASS


def test_one_pass_may_be_yielded_as_well_as_returned(small):
    """A training loop verified on a workbook of its first pass."""
    small.reference.write_text("def double(x):\n    while True:\n        yield {'y': 2 * x}\n")
    assert xlparity.verify(small.spec).verdict is Verdict.PASS


def test_a_reference_may_be_a_function_of_an_installed_module(small, monkeypatch):
    """package.module:function is what an installed package offers; nothing lies beside the spec."""
    package = small.folder / "somewhere" / "sheetmaths"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "doubling.py").write_text("def double(x):\n    return {'y': 2 * x}\n")
    monkeypatch.syspath_prepend(package.parent)
    small.write_spec(reference='reference = "sheetmaths.doubling:double"')
    assert xlparity.verify(small.spec).verdict is Verdict.PASS


# --- a bias in one cell where numpy holds a row of three ---------------------------------------------------------------


def test_a_shape_that_does_not_fit_is_said_and_the_rest_is_compared(run, small):
    """The cells are missing and not wrong, on the stored inputs and on all others; everything else is a match."""
    small.reference.write_text(
        "import numpy as np\ndef double(x, b):\n    b = np.full((1, 3), b)\n    return {'b_new': b - x, 'y': 2 * x}\n"
    )
    small.write_cells({"A1": 3, "A2": 1, "B1": "=2*A1", "C1": "=A2-A1"})
    small.write_spec(inputs='[inputs]\nx = "A1"\nb = "A2"', outputs='[outputs]\nb_new = "C1"\ny = "B1"')
    check, code, text = check_of(small, run)
    assert code == 1
    (finding,) = check["findings"]
    assert (finding["code"], finding["variable"], finding["cells"]) == ("XP401", "b_new", ["Sheet!C1"])
    assert "(1, 3)" in finding["message"]
    assert finding["message"].endswith("1 × 1 cells (Sheet!C1): correct the range, or the reference.")
    assert check["counts"].items() >= {"bound": 2, "match": 1, "missing": 1, "mismatch": 0}.items()
    assert [(c["cell"], c["status"], c["expected"], c["actual"]) for c in check["cells"]] == [
        ("Sheet!C1", "missing", None, -2.0)
    ]
    assert check["scenarios"].items() >= {"run": 100, "failed": 0, "cells": [], "unsure": []}.items()
    assert "XP401 'b_new' has shape (1, 3) in the reference and is bound to 1 × 1 cells (Sheet!C1)" in text
    assert "100 scenarios: 1 cell agrees, 1 could not be compared in every one" in " ".join(text.split())
    assert "1 cause: 1 of 2 compared cells belongs to a quantity of another shape in the reference." in " ".join(
        text.split()
    )
    small.write_cells({"A1": 3, "A2": 1, "B1": "=3*A1", "C1": "=A2-A1"})
    check, code, text = check_of(small, run)
    assert (code, check["counts"]["mismatch"]) == (1, 1)
    assert check["scenarios"]["failed"] >= 90  # two and three times nothing are the same
    assert "2 causes: 2 of 2 compared cells differ from the Python reference." in " ".join(text.split())


def test_a_shape_that_depends_on_the_inputs_is_not_passed_over(small):
    """An array that fits the stored inputs alone leaves the others uncompared: nobody knows, and that is said."""
    small.reference.write_text("def double(x):\n    return {'y': 2 * x if x == 3 else [2 * x, 2 * x]}\n")
    report = xlparity.verify(small.spec)
    assert report.checks[0].counts["match"] == 1
    assert len(report.checks[0].not_always_computed) == 1
    assert report.verdict is Verdict.UNASSESSED


# --- truth values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "returns", "verdict"),
    [
        ("=A1>2", "x > 2", Verdict.PASS),
        ("=A1>2", "np.array([[x > 2]])", Verdict.PASS),
        ("=A1<2", "x > 2", Verdict.FAIL),
        ("=A1>2", "float(x > 2)", Verdict.FAIL),
        ("=IF(A1>2,1,0)", "x > 2", Verdict.PASS),
        ("=IF(A1>2,2,0)", "x > 2", Verdict.FAIL),
        ('=IF(A1>2,"TRUE","")', "x > 2", Verdict.FAIL),
    ],
)
def test_truth_values_are_compared_as_such(small, formula, returns, verdict):
    """Excel's TRUE is no 1, for SUM passes it over; numpy's True is one in every sum, and 1 and 0 may stand for it."""
    small.reference.write_text(f"import numpy as np\ndef double(x):\n    return {{'y': {returns}}}\n")
    small.write_cells({"A1": 3, "B1": formula})
    assert xlparity.verify(small.spec).verdict is verdict


@pytest.mark.parametrize(
    ("formula", "returns", "verdict"),
    [
        ("=IF(A1>3.5,A1>5,2*A1)", "x > 5 if x > 3.5 else 2 * x", Verdict.PASS),
        ("=IF(A1>3.5,A1>5,2*A1)", "float(x > 5) if x > 3.5 else 2 * x", Verdict.FAIL),
        ("=IF(A1>3.5,A1>5,A1>1)", "x > 5 if x > 3.5 else x > 1", Verdict.PASS),
        ("=IF(A1>3.5,A1>5,A1>1)", "float(x > 5) if x > 3.5 else x > 1", Verdict.FAIL),
    ],
)
def test_what_is_a_truth_value_may_be_a_number_on_other_inputs(small, formula, returns, verdict):
    """The kind of a value on the stored inputs says nothing about the others: TRUE agrees with True only, in every sample."""
    small.reference.write_text(f"def double(x):\n    return {{'y': {returns}}}\n")
    small.write_cells({"A1": 3, "B1": formula})
    assert xlparity.verify(small.spec).verdict is verdict


def test_a_wrong_truth_value_is_shown_as_one(run, small):
    """1 and 0 would look like numbers that differ."""
    small.reference.write_text("def double(x):\n    return {'y': x > 2}\n")
    small.write_cells({"A1": 3, "B1": "=A1<2"})
    check, code, text = check_of(small, run)
    assert code == 1
    assert (check["cells"][0]["expected"], check["cells"][0]["actual"]) == (True, False)
    assert "mismatch TRUE FALSE =A1<2" in text


# --- what the report says of inputs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ['"C1"', '{ at = "A2", low = 5, high = 5 }', '{ at = "A2", choices = [5] }'])
def test_an_input_that_was_never_varied_leaves_the_check_unassessed(run, small, given):
    """What depends on it alone is shown for one value; a person must know that, and say that it is meant."""
    small.reference.write_text("def double(x, k):\n    return {'y': 2 * x + k}\n")
    small.write_cells(
        {"A1": 3, "A2": 5, "B1": f"=2*A1+{'C1' if 'C1' in given else 'A2'}", "C1": '=IF(D1="a",5,6)', "D1": "a"}
    )
    small.write_spec(inputs=f'[inputs]\nx = "A1"\nk = {given}')
    check, code, text = check_of(small, run)
    assert (code, check["scenarios"]["kept"]) == (2, ["k"])
    assert "input 'k' (Sheet!" in check["notes"][0]
    assert "write vary = false if it is never to change" in check["notes"][0]
    assert "kept its stored value in every scenario" in " ".join(text.split())
