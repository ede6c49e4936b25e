"""SUBTOTAL and AGGREGATE: subtotals within others, hidden rows, and rows that a filter hides."""

import re

import openpyxl
import pytest
from formula_cases import PROGRAMS, at
from openpyxl.workbook.defined_name import DefinedName

from xlparity.engines.registry import find_engine
from xlparity.excel import ooxml
from xlparity.excel.ooxml import pack
from xlparity.excel.subtotals import without_subtotals
from xlparity.excel.values import ErrorValue, Unsupported
from xlparity.excel.workbook import read_workbook

CELLS = {
    "A1": 1, "A2": 2, "A3": "=SUBTOTAL(9,A1:A2)", "A4": 4, "A5": "x", "A6": "=SUBTOTAL(9,A4:A5)", "B1": 10, "B2": 20,
    "B4": "=B1+1",
    "C1": "=1+SUBTOTAL(9,A1)", "D1": "=1/0", "F1": "=total",
}  # fmt: skip


def book(path, cells, hidden=(), xml=lambda text: text):
    """A workbook with these cells, of which some rows are hidden."""
    made = openpyxl.Workbook()
    made.active.title = "S"
    for address, content in cells.items():
        made.active[address] = content
    for row in hidden:
        made.active.row_dimensions[row].hidden = True
    made.defined_names["total"] = DefinedName("total", attr_text="SUBTOTAL(9,S!$A$1:$A$2)")
    made.save(path)
    parts = ooxml.read_parts(path.read_bytes(), path)
    sheet = "xl/worksheets/sheet1.xml"
    path.write_bytes(pack({**parts, sheet: xml(parts[sheet].decode()).encode()}))
    return read_workbook(path)


CRITERION = re.compile("<filters>.*</filters>")


def filtered(text):
    """The sheet with a filter over its first four rows."""
    listed = '<autoFilter ref="A1:B4"><filterColumn colId="0"><filters><filter val="1"/></filters></filterColumn></autoFilter>'
    return re.sub(r"(<pageMargins)", rf"{listed}\1", text, count=1)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("SUBTOTAL(9,A1:A6)", "SUM(S!A1:A2,S!A4:A5)"), ("SUBTOTAL(1,A1:B6)+1", "AVERAGE(S!A1:A2,S!A4:A5,S!B1:B6)+1"),
        ("SUBTOTAL(103,A1:A2,B1)", "COUNTA(S!A1:A2,S!B1)"), ("SUBTOTAL(9,A3)", "(0)"), ("SUBTOTAL(4,A3,A6)", "(0)"),
        ("SUBTOTAL(1,A3)", "(#DIV/0!)"), ("SUBTOTAL(12,A1)", "(#VALUE!)"), ("SUBTOTAL(0,A1)", "(#VALUE!)"),
        ("SUBTOTAL(9,#REF!)", "SUM(#REF!)"), ("_xlfn.AGGREGATE(4,4,A1:A6)", "MAX(S!A1:A6)"),
        ("MYSUBTOTAL(9,A1)", "MYSUBTOTAL(9,A1)"),
        ("_xlfn.AGGREGATE(12,0,A1:A6)", "MEDIAN(S!A1:A2,S!A4:A5)"), ('"SUBTOTAL(9,A1)"', '"SUBTOTAL(9,A1)"'),
    ],
)  # fmt: skip
def test_a_subtotal_is_another_function_over_what_it_counts(tmp_path, text, written):
    """A cell with a subtotal is no part of another one."""
    made = book(tmp_path / "book.xlsx", CELLS)
    assert without_subtotals(f"={text}", at("E9"), made) == f"={written}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SUBTOTAL(9+0,A1)", "no plain number"), ("SUBTOTAL(9,A1:A2*1)", "no plain reference"),
        ("SUBTOTAL(9)", "without a reference"),
        ("SUBTOTAL(9,C1:C2)", "a part of a formula"), ("_xlfn.AGGREGATE(9,8,A1)", "an option"),
        ("_xlfn.AGGREGATE(14,4,A1:A2)", "one place"), ("_xlfn.AGGREGATE(20,4,A1:A2,1)", "a function"),
        ("_xlfn.AGGREGATE(9)", "AGGREGATE"), ("_xlfn.AGGREGATE(9,6,A1:A2*1)", "no plain reference"),
        ("_xlfn.AGGREGATE(14,7,A1:A2*1,1)", "no plain reference"), ("_xlfn.AGGREGATE(9,6,#REF!)", "a reference that is one"),
        ("SUBTOTAL(9,F1:F2)", "a name stands for a subtotal"),
    ],
)  # fmt: skip
def test_what_is_not_certain_of_a_subtotal_is_refused(tmp_path, text, reason):
    """With the reason, and without a value."""
    made = book(tmp_path / "book.xlsx", {**CELLS, "E9": f"={text}"})
    found = find_engine("formulas").load(made).recalculate({})[at("E9")]
    assert isinstance(found, Unsupported)
    assert reason in found.reason


# Of 1, an error, 5, a text, TRUE and 4; a single error, and a single text, leaves no number.
WITH_ERRORS = {
    "A1": 1, "A2": "=1/0", "A3": 5, "A4": "x", "A5": True, "A6": 4, "A7": "=SUBTOTAL(9,A1)",
    **{f"B{row}": "ab"[row % 2] for row in range(1, 7)},
}  # fmt: skip
PASSED_OVER = {
    "9,6,A1:A6": 10.0, "1,6,A1:A6": 10 / 3, "2,6,A1:A6": 3.0, "3,6,A1:A6": 5.0, "4,7,A1:A6": 5.0, "9,2,A1:A7": 10.0,
    "9,6,A1:A7": 11.0, "9,6,A2": 0.0, "1,6,A2": "#DIV/0!", "14,6,A1:A6,2": 4.0, "15,2,A1:A7,1": 1.0, "16,6,A1:A6,0.5": 4.0,
    "14,6,A2:A4,2": "#NUM!", '15,6,ROW(A1:A6)/(B1:B6="b"),2': 3.0, '14,6,ROW(A1:A6)/(B1:B6="c"),1': "#NUM!",
    "14,4,A3:A3*{1,2},1": 10.0, "14,4,A1:A3*1,1": "#DIV/0!", "19,6,A1:A6,2": 4.0,
}  # fmt: skip


def test_aggregate_passes_over_errors_and_takes_arrays(tmp_path):
    """The options 2, 3, 6 and 7, and the functions from 14 on, of arrays that are computed, in a plain cell too."""
    live = {f"H{row}": f"=_xlfn.AGGREGATE({text})" for row, text in enumerate(PASSED_OVER, start=1)}
    values = find_engine("formulas").load(book(tmp_path / "book.xlsx", WITH_ERRORS | live)).recalculate({})
    found = {text: values[at(f"H{row}")] for row, text in enumerate(PASSED_OVER, start=1)}
    assert found == {text: ErrorValue(v) if isinstance(v, str) else v for text, v in PASSED_OVER.items()}


HIDDEN = {"A1": 1, "A2": 2, "A3": 4, "A4": 8, "A5": 16, "C1": "=SUBTOTAL(9,A1:A5)", "C2": "=SUBTOTAL(109,A1:A5)",
          "C3": "=_xlfn.AGGREGATE(9,5,A1:A5)", "C4": "=SUBTOTAL(102,A2)", "C5": "=SUBTOTAL(109,OFFSET(A1,0,0,A2))"}  # fmt: skip


def test_rows_that_somebody_hid_count_for_some_functions(tmp_path):
    """109 is 9 without them; without a filter 9 counts them."""
    values = find_engine("formulas").load(book(tmp_path / "book.xlsx", HIDDEN, hidden=[2, 5])).recalculate({})
    assert [values[at(f"C{row}")] for row in range(1, 6)] == [31.0, 13.0, 13.0, 0.0, 1.0]


def test_rows_that_a_filter_hides_count_for_none(tmp_path):
    """Beyond the cells that are filtered, a hidden row was hidden by hand."""
    made = book(tmp_path / "book.xlsx", HIDDEN, hidden=[2, 5], xml=filtered)
    values = find_engine("formulas").load(made).recalculate({})
    assert [values[at(f"C{row}")] for row in range(1, 5)] == [29.0, 13.0, 13.0, 0.0]


def test_whether_aggregate_counts_rows_that_a_filter_hides_is_not_known(tmp_path):
    """With the option to pass over hidden rows it does not."""
    cells = HIDDEN | {"E1": "=_xlfn.AGGREGATE(9,4,A1:A5)", "E2": "=_xlfn.AGGREGATE(9,5,A1:A5)"}
    made = book(tmp_path / "book.xlsx", cells, hidden=[2, 5], xml=filtered)
    values = find_engine("formulas").load(made).recalculate({})
    assert isinstance(values[at("E1")], Unsupported)
    assert values[at("E2")] == 13.0


def test_a_filter_without_a_criterion_hides_nothing(tmp_path):
    """A hidden row within it was hidden by hand."""
    made = book(tmp_path / "book.xlsx", HIDDEN, hidden=[2, 5], xml=lambda text: CRITERION.sub("", filtered(text)))
    assert find_engine("formulas").load(made).recalculate({})[at("C1")] == 31.0


def test_an_advanced_filter_may_have_hidden_any_row(tmp_path):
    """The file says that there is one, and not over which rows."""
    made = book(
        tmp_path / "book.xlsx",
        HIDDEN,
        hidden=[2, 5],
        xml=lambda text: text.replace("<sheetPr", '<sheetPr filterMode="1"'),
    )
    assert find_engine("formulas").load(made).recalculate({})[at("C1")] == 13.0


@pytest.mark.parametrize(
    "engine",
    PROGRAMS,
)
def test_other_programs_agree_about_subtotals(tmp_path, engine):
    """They compute them from the file, where it says which rows are hidden."""
    cells = HIDDEN | {"E1": "=SUBTOTAL(4,A1:A5)", "E2": "=SUBTOTAL(101,A1:A5)"}
    made = book(tmp_path / "book.xlsx", cells, hidden=[2, 5])
    ours, theirs = (find_engine(name).load(made).recalculate({}) for name in ("formulas", engine))
    compared = 0
    for address in ("C1", "C2", "C4", "E1", "E2"):
        if isinstance(theirs[at(address)], float):
            assert theirs[at(address)] == pytest.approx(ours[at(address)]), address
            compared += 1
    assert compared >= 4


def test_an_error_in_what_counts_is_the_result(tmp_path):
    """As for SUM itself."""
    made = book(tmp_path / "book.xlsx", {**CELLS, "E9": "=SUBTOTAL(9,A1:D2)", "E10": "=SUBTOTAL(2,D1)"} | {"C1": 1})
    values = find_engine("formulas").load(made).recalculate({})
    assert values[at("E9")] == ErrorValue("#DIV/0!")
    assert values[at("E10")] == 0.0
