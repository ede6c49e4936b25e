"""Functions newer than Excel 2007 without their prefix in the file: Excel shows #NAME?, and nobody may call that a match.

openpyxl writes a formula as it is given, so that ``=STDEV.S(A1:A8)`` from any script is such a cell.
"""

import json
import zipfile

import numpy as np
import openpyxl
import pytest
from formula_cases import PROGRAMS
from openpyxl.utils import FORMULAE
from test_engines import at, workbook

import xlparity
from xlparity.actions.fix import corrected
from xlparity.engines.evaluator.functions import FUNCTIONS
from xlparity.engines.registry import find_engine
from xlparity.excel import ooxml
from xlparity.excel.address import Cell
from xlparity.excel.ooxml import repack
from xlparity.excel.prefixes import FUTURE, as_read, misspelling, misspelt, prefixed, undocumented
from xlparity.excel.values import ErrorValue, Unsupported
from xlparity.excel.workbook import read_workbook
from xlparity.results.rules import CAUSES, RULES
from xlparity.settings import Options

NAME = ErrorValue("#NAME?")
NUMBERS = {f"A{row}": float(row * row % 7 + row) for row in range(1, 9)}
SPREAD = """
import numpy as np

def spread(x):
    s = np.std(x, ddof=1)
    return {"s": s, "double": 2 * s, "triple": 3 * s}
"""
ENGINES = [
    "formulas",
    "excelmodel",
    *PROGRAMS,
]


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "written", "read"),
    [
        ("=STDEV.S(A1:A8)", "=_xlfn.STDEV.S(A1:A8)", "=(#NAME?)"),
        ("=-ifs(A1,(2))^2", "=-_xlfn.IFS(A1,(2))^2", "=-(#NAME?)^2"),
        ("=SORT(A1:A3)+sum(A2)", "=_xlfn._xlws.SORT(A1:A3)+sum(A2)", "=(#NAME?)+sum(A2)"),
        ("=IFERROR(STDEV.S(IFS(A1,1)),0)", "=IFERROR(_xlfn.STDEV.S(_xlfn.IFS(A1,1)),0)", "=IFERROR((#NAME?),0)"),
        ('=CONCAT("a)",A1)&"IFS("', '=_xlfn.CONCAT("a)",A1)&"IFS("', '=(#NAME?)&"IFS("'),
        ("='a)IFS('!A1+IFS('b)'!A1,1)", "='a)IFS('!A1+_xlfn.IFS('b)'!A1,1)", "='a)IFS('!A1+(#NAME?)"),
        ("=_xlfn.SUM(A1)", "=SUM(A1)", "=(#NAME?)"),
        ("{=NORM.S.DIST(A1:A2,TRUE)}", "{=_xlfn.NORM.S.DIST(A1:A2,TRUE)}", "{=(#NAME?)}"),
    ],
)
def test_the_name_in_a_file_is_told_from_the_one_that_is_typed(typed, written, read):
    """Texts and sheets' names are no calls, and of a call within another one nothing is left."""
    assert (prefixed(typed), as_read(typed)) == (written, read)
    assert (prefixed(written), as_read(written)) == (written, written)


@pytest.mark.parametrize(
    "formula",
    [
        # Excel itself saves ISO.CEILING so; the others are in its list of such functions without a prefix too.
        "=ISO.CEILING(A1)", "=NETWORKDAYS.INTL(A1,A2)", "=WORKDAY.INTL(A1,2)", "=ECMA.CEILING(A1,2)",
        "=IFERROR(A1,1)", "=SUMIFS(A:A,B:B,1)", "=ERF(A1)", "=_xlfn.stdev.s(A1:A3)", "=_xlfn._xlws.FILTER(A1:A3,B1:B3)",
        "=_xlfn.LET(_xlpm.x,A1,_xlpm.x)", "=MY.IFS(A1)", "=IFS.MINE(A1)", "=_xlfn.NOTYET(A1)", "=IFS(A1,1",
    ],
)  # fmt: skip
def test_a_name_that_excel_reads_or_that_nobody_knows_is_left_alone(formula):
    """A right formula is not to be rewritten; a function of next year is refused, and no error."""
    assert (misspelt(formula), prefixed(formula), as_read(formula)) == ([], formula, formula)


def test_the_table_agrees_with_the_functions_that_excel_2007_has():
    """Those of the file format's first edition have no prefix."""
    assert not FUTURE.keys() & FORMULAE
    assert FUNCTIONS.keys() - FORMULAE - FUTURE.keys() == {name for name in FUNCTIONS if not name[0].isalpha()} | {
        "ARRAY", "ARRAY,", "U+", "U-", "XLPARITY.UNION", "XLPARITY.VALID", "USDOLLAR",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("=IFS(A1,1)", "IFS is written without its prefix _xlfn. in the file, so it is #NAME? in Excel until"),
        ("=IFS(A1,CONCAT(A2))", "IFS and CONCAT are written without their prefix _xlfn. in the file, so they are"),
        ("=SORT(UNIQUE(A1:A3))", "SORT and UNIQUE are written without their prefixes _xlfn._xlws. and _xlfn. in"),
        ("=_xlfn.SUM(A1)", "SUM is written as _xlfn.SUM in the file, so it is #NAME? in Excel"),
    ],
)
def test_what_is_wrong_is_said_with_the_prefix(formula, said):
    """In Excel it helps to enter the formula again, but not where a prefix is too much: Excel shows that one."""
    assert said in misspelling(formula)
    assert ("until someone edits the cell" in misspelling(formula)) == ("_xlfn." not in formula)


# --- engines -----------------------------------------------------------------------------------------------------------


def values_of(folder, engine, cells):
    found = find_engine(engine).load(workbook(folder, S=cells)).recalculate({})
    return {cell.a1: value for cell, value in found.items()}


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_makes_of_it_what_excel_does(tmp_path, engine):
    """IronCalc and formulas know STDEV.S by any name, and IFERROR hides that Excel does not."""
    cells = {
        **NUMBERS, "B1": "=STDEV.S(A1:A8)", "B2": "=IFERROR(STDEV.S(A1:A8),7)", "B3": "=ISERROR(STDEV.S(A1:A8))",
        "B4": "=IF(A1>0,1,STDEV.S(A1:A8))", "B5": "=B1+1", "B6": "=_xlfn.SUM(A1:A8)", "B7": "=_xlfn.STDEV.S(A1:A8)",
        "B8": "=ERROR.TYPE(NORM.S.DIST(A1,TRUE))", "C1:C2": "{=NORM.S.DIST(A1:A2,TRUE)}", "D1": "=IFERROR(C2,8)",
    }  # fmt: skip
    values = values_of(tmp_path, engine, cells)
    assert [values[f"B{row}"] for row in range(1, 7)] == [NAME, 7.0, True, 1.0, NAME, NAME]
    assert values["B7"] == pytest.approx(np.std(list(NUMBERS.values()), ddof=1))
    assert (values["B8"], values["C1"], values["C2"], values["D1"]) == (5.0, NAME, NAME, 8.0)


def test_no_function_is_computed_without_its_prefix(tmp_path):
    """124 of 132 were, and each of those cells passed that shows #NAME? in Excel."""
    newer = sorted(FUNCTIONS.keys() & FUTURE.keys())
    cells = {f"B{row}": f"={name}(A1,A2,A3)" for row, name in enumerate(newer, start=1)}
    values = values_of(tmp_path, "formulas", {**NUMBERS, **cells})
    assert len(newer) > 130
    assert {str(values[address]) for address in cells} == {"#NAME?"}


def test_many_inputs_at_once_make_no_difference(tmp_path):
    """A sweep has ways of its own for what a single recalculation computes."""
    session = find_engine("formulas").load(
        workbook(tmp_path, S={"A1": 1, "B1": "=NORM.S.DIST(A1,TRUE)*2", "B2": "=IFERROR(B1,A1)+IFERROR(IFS(A1,1),1)"})
    )
    swept = session.recalculate({at("A1"): np.array([1.0, 2.0, 3.0])}, 3)
    assert swept[at("B1")] == NAME
    assert swept[at("B2")].tolist() == [2.0, 3.0, 4.0]


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_copies_for_other_programs_read_so_where_formulas_are_shared_or_replaced(tmp_path, engine):
    """The text of a shared formula stands in one cell only, and an override may take that away."""
    book = workbook(
        tmp_path, S={**NUMBERS, **{f"B{n}": f"=IFS(A{n}>0,A{n})" for n in (1, 2, 3)}, "C1": "=IFERROR(B3,9)"}
    )
    data = book.path.read_bytes()
    part = "xl/worksheets/sheet1.xml"
    xml = ooxml.read_parts(data, book.path)[part]
    xml = xml.replace(b"<f>IFS(A1&gt;0,A1)</f>", b'<f t="shared" ref="B1:B3" si="0">IFS(A1&gt;0,A1)</f>')
    for n in (2, 3):
        xml = xml.replace(b"<f>IFS(A%d&gt;0,A%d)</f>" % (n, n), b'<f t="shared" si="0"/>')
    book.path.write_bytes(repack(data, {part: xml}))
    book = read_workbook(book.path)
    assert book.cells[at("B3")].text == "=IFS(A3>0,A3)"
    session = find_engine(engine).load(book)
    assert [session.recalculate({})[at(a)] for a in ("B1", "B2", "B3", "C1")] == [NAME, NAME, NAME, 9.0]
    assert [session.recalculate({at("B1"): 2.0})[at(a)] for a in ("B1", "B2", "C1")] == [2.0, NAME, 9.0]


def test_a_function_of_the_workbook_itself_may_have_the_name(tmp_path):
    """Before Excel had TEXTJOIN, people wrote it as a macro; whether #NAME? comes of it, nobody knows."""
    book = workbook(
        tmp_path, {"CONCAT": "_xlfn.LAMBDA(_xlpm.x,_xlpm.x)"}, S={"A1": 1, "B1": "=CONCAT(A1)", "B2": "=IFS(A1,1)"}
    )
    values = find_engine("formulas").load(book).recalculate({})
    assert isinstance(values[at("B1")], Unsupported)
    assert values[at("B2")] == NAME
    with zipfile.ZipFile(book.path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    values = find_engine("formulas").load(read_workbook(book.path)).recalculate({})
    assert isinstance(values[at("B2")], Unsupported)
    assert "macro" in values[at("B2")].reason


@pytest.mark.parametrize(
    "formula", ["=_xlfn.SORT(A1:A3)", "=_xlws.SORT(A1:A3)", "=_xlfn.IFERROR(A1,1)", "=_xlfn.NETWORKDAYS.INTL(A1,A2)"]
)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_prefix_of_which_nobody_knows_what_excel_makes_is_refused(tmp_path, engine, formula):
    """Excel writes another prefix, or none; no document says that it does not read this one."""
    assert undocumented(formula)
    values = values_of(tmp_path, engine, {**NUMBERS, "B1": f"=SUM({formula[1:]})"})
    assert isinstance(values["B1"], Unsupported)


# --- findings -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def spread(small):
    """A sample in A1:A8 whose standard deviation is bound in B1, its double in B2 and its triple in B3."""

    def verified(cells, outputs='s = "B1"\ndouble = "B2"', engine="formulas"):
        small.reference.write_text(SPREAD)
        small.write_cells({**NUMBERS, **cells})
        small.write_spec(
            reference='reference = "small.py:spread"', inputs='[inputs]\nx = "A1:A8"', outputs=f"[outputs]\n{outputs}"
        )
        return xlparity.verify(small.spec, options=Options(engines=(engine,)))

    return verified


def passes_when_fixed(small, report):
    data, _ = corrected(report)
    small.workbook.write_bytes(data)
    return str(xlparity.verify(small.spec).verdict) == "pass"


def findings_of(report):
    return [finding for check in report.checks for finding in check.findings]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_function_without_its_prefix_fails_and_is_fixed(spread, small, engine):
    """The one finding has the text for the file, says what helps in Excel, and counts what follows from it."""
    report = spread({"B1": "=STDEV.S(A1:A8)", "B2": "=2*B1"}, engine=engine)
    (found,) = findings_of(report)
    assert (str(report.verdict), found.code, found.affects) == ("fail", "XP308", 1)
    assert (found.formula, found.suggestion) == ("=STDEV.S(A1:A8)", "=_xlfn.STDEV.S(A1:A8)")
    assert "edits the cell and presses Enter; suggestion: =_xlfn.STDEV.S(A1:A8)" in found.message
    assert found.code in CAUSES
    assert RULES[found.code].level == "error"
    assert passes_when_fixed(small, report)


@pytest.mark.parametrize(
    ("formula", "fixed"),
    [
        ("=IFERROR(STDEV.S(A1:A8),0)", "=IFERROR(_xlfn.STDEV.S(A1:A8),0)"),
        ("=_xlfn.SQRT(VAR(A1:A8))", "=SQRT(VAR(A1:A8))"),
        ("=SQRT(_xlfn.VAR(A1:A8))*IFS(TRUE,1)", "=SQRT(VAR(A1:A8))*_xlfn.IFS(TRUE,1)"),
        ("=SQRT(VAR(SORT(A1:A8)))", "=SQRT(VAR(_xlfn._xlws.SORT(A1:A8)))"),
    ],
)
def test_the_right_name_is_suggested_where_the_formula_is_right_with_it(spread, small, formula, fixed):
    """IFERROR turns the error into a number; a prefix too many is the same fault."""
    report = spread({"B1": formula, "B2": "=2*B1"})
    (found,) = findings_of(report)
    assert (found.code, found.suggestion, found.affects) == ("XP308", fixed, 1)
    assert passes_when_fixed(small, report)


@pytest.mark.parametrize(
    ("formula", "said", "suggestion"),
    [
        ("=-STDEV.S(A1:A8)", "with the right name: the minus before", "=_xlfn.STDEV.S(A1:A8)"),
        ("=STDEV.S(A1:A7)", "with the right name: ", "=_xlfn.STDEV.S(A1:A8)"),
        ("=NORM.S.DIST(A1,TRUE)+A7*SIN(A3)", "with the right name: it does not compute what the reference does", None),
        ("=LET(q,A1:A8,STDEV(q))", "there may be other faults", None),
    ],
)
def test_the_prefix_is_not_sold_as_all_that_is_wrong(spread, small, formula, said, suggestion):
    """Nobody is to write a prefix and be wrong still: one finding says both, and suggests what is proved."""
    report = spread({"B1": formula, "B2": "=2*B1"})
    (found,) = findings_of(report)
    assert (found.code, found.suggestion, found.affects) == ("XP308", suggestion, 1)
    assert said in found.message
    assert suggestion is None or passes_when_fixed(small, report)


def test_a_helper_without_its_prefix_is_the_cause_of_what_reads_it(spread, small):
    """Nothing binds it, so that it is in no result; the bound formulas are right."""
    report = spread(
        {"B1": "=STDEV.S(A1:A8)", "C1": "=B1+0", "B2": "=2*C1", "B3": "=1.5*B2"}, 'double = "B2"\ntriple = "B3"'
    )
    (found,) = findings_of(report)
    assert (found.code, found.cells, found.affects) == ("XP308", (Cell("Sheet", 1, 2),), 2)
    assert "'double' in Sheet!B2 depends on it" in found.message
    assert passes_when_fixed(small, report)


@pytest.mark.parametrize(
    "cells",
    [
        {"B1": "=STDEV.S(A1:A8)", "B2": "=-2*B1"},  # the helper's name, and the bound formula's sign
        {"B1": "=-STDEV.S(A1:A8)", "B2": "=2*B1"},  # both in the helper
    ],
)
def test_a_helper_without_its_prefix_and_another_fault_are_both_fixed(spread, small, cells):
    """A suggestion for one and the same cell from two findings would be written over by the other."""
    report = spread(cells, 'double = "B2"')
    assert "XP308" in {found.code for found in findings_of(report)}
    assert passes_when_fixed(small, report)


def test_half_a_column_without_the_prefix_is_one_finding(small):
    """Cells that say the same in Excel are siblings, whatever their names in the file; an odd one is found among them."""
    small.reference.write_text(
        "import math\ndef normal(x):\n    return {'p': [[0.5 * (1 + math.erf(v / math.sqrt(2)))] for v in x.ravel()]}\n"
    )
    cells = {f"A{row}": row - 4.5 for row in range(1, 9)}
    cells |= {f"B{row}": f"={'_xlfn.' * (row % 2)}NORM.S.DIST(A{row},TRUE)" for row in range(1, 9)}
    small.write_cells({**cells, "B3": "=_xlfn.NORM.S.DIST(A3,FALSE)"})
    small.write_spec(
        reference='reference = "small.py:normal"', inputs='[inputs]\nx = "A1:A8"', outputs='[outputs]\np = "B1:B8"'
    )
    report = xlparity.verify(small.spec)
    prefix, odd = findings_of(report)
    assert (prefix.code, [cell.row for cell in prefix.cells], len(prefix.replacements)) == ("XP308", [2, 4, 6, 8], 4)
    assert (odd.code, odd.suggestion) == ("XP105", "=_xlfn.NORM.S.DIST(A3,TRUE)")
    assert passes_when_fixed(small, report)


def test_a_name_that_makes_no_difference_is_no_cause(spread):
    """Excel does not look at the branch of an IF that it does not take."""
    report = spread({"B1": "=IF(TRUE,STDEV(A1:A8),STDEV.S(A1:A8))", "B2": "=3*B1"})
    assert [found.code for found in findings_of(report)] == ["XP111"]


# --- what is stored and written --------------------------------------------------------------------------------------------


def test_a_stored_number_of_such_a_formula_is_out_of_date(run, small):
    """Excel shows #NAME? as soon as it recalculates, and recalc says why before it stores that."""
    small.write_cells({**NUMBERS, "B1": "=STDEV.S(A1:A8)"})
    data = small.workbook.read_bytes()
    part = "xl/worksheets/sheet1.xml"
    xml = ooxml.read_parts(data, small.workbook)[part]
    small.workbook.write_bytes(
        repack(data, {part: xml.replace(b"STDEV.S(A1:A8)</f><v />", b"STDEV.S(A1:A8)</f><v>3</v>")})
    )
    done = run("recalc", "--check", small.workbook, "--format", "json")
    (cell,) = json.loads(done.out)["cells"]
    assert (done.code, cell["status"], cell["stored"], cell["computed"]) == (3, "differs", 3.0, "#NAME?")
    assert cell["reason"].startswith("STDEV.S is written without its prefix _xlfn. in the file")
    written = run("recalc", small.workbook)
    assert "without its prefix _xlfn." in " ".join(written.out.split())
    assert openpyxl.load_workbook(small.workbook, data_only=True).active["B1"].value == "#NAME?"
