"""FORMULATEXT, ISFORMULA, CELL, SHEET and SHEETS: what the file says of formulas and places."""

import re

import pytest
from formula_cases import at, same, workbook

from xlparity.engines.registry import find_engine
from xlparity.excel.values import Unsupported

CELLS = {
    "A1": "=SUM(B1:B2, 1)", "A2": 5, "A3": '=IF(B1>1,"a ""b""","c")', "A4": "=_xlfn.STDEV.S(B1:B2)", "A5": "=STDEV.S(B1:B2)",
    "A6": "=_xlfn.LET(_xlpm.x,B1,_xlpm.x*2)", "B1": 1, "B2": 2, "C1:C2": "{=B1:B2*2}",
    "G1": "word", "G2": True, "G3": "=1/0",
}  # fmt: skip

VALUES = {
    "FORMULATEXT(A1)": "=SUM(B1:B2, 1)", "FORMULATEXT(A2)": "#N/A", "FORMULATEXT(Z9)": "#N/A",
    "FORMULATEXT($A$3)": '=IF(B1>1,"a ""b""","c")', "FORMULATEXT(A4)": "=STDEV.S(B1:B2)", "FORMULATEXT(S!A6)": "=LET(x,B1,x*2)",
    "LEN(FORMULATEXT(there))": 14, "FORMULATEXT(OFFSET(A2,-1,0))": "=SUM(B1:B2, 1)", "FORMULATEXT(#REF!)": "#REF!",
    "SHEET()": 1, "SHEET(S!A1:B2)": 1, 'SHEET("s")': 1, 'SHEET("none")': "#N/A", "SHEET(2)": "#N/A", 'SHEET("")': "#N/A",
    "SHEETS()": 1, "SHEETS(A1)": 1, "SHEET(there)": 1, "SHEET(#REF!)": "#REF!", "SHEET(nobody)": "#NAME?",
    'CELL("address",A2:B3)': "$A$2", 'CELL("ROW",A2:B3)': 2, 'CELL("col",$B$1)': 2, 'CELL("contents",A2:A3)': 5,
    'CELL("contents",Z9)': 0, 'CELL("type",Z9)': "b", 'CELL("type",B1)': "v", 'CELL("type",G1)': "l", 'CELL("type",G2)': "v",
    'CELL("type",G3)': "v", 'CELL("",A1)': "#VALUE!", "CELL(TRUE)": "#VALUE!", "1+CELL(\"row\",A9)": 10,
    "IF(ISFORMULA(A1),1,2)": 1, "ISFORMULA(A2)": False, "ISFORMULA(C2)": True, "ISFORMULA(#REF!)": "#REF!",
}  # fmt: skip
OTHERWISE = {
    "D1": "=sum(b1:b2)", "D2": "=S!B1+'S'!B2", "D3": "=IF(A2=1.50,1,2)", "D4": "=1e3+1", "D5": '="_xlfn.ab"&1', "D6": "=B1:B2*2",
    "D7": "=_xlfn.SINGLE(B1:B2)", "D8": "=there+1",
}  # fmt: skip
REFUSED = [
    *(f"FORMULATEXT({cell})" for cell in OTHERWISE),
    "FORMULATEXT(A1:A2)",
    "FORMULATEXT(A5)",
    "FORMULATEXT(C1)",
    "ISFORMULA(A1:A2)",
    'FORMULATEXT("A1")',
    'CELL("width",A1)',
    'CELL("filename",A1)',
    'CELL("adresse",A1)',
    'CELL("row")',
    'SUM(CELL("contents",A2))',
    "CELL(A1,A1)",
    'CELL("row",T!A1)',
    "SHEET(1/0)",
    "SHEET(T!A1)",
]


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    written = [re.sub(r"(FORMULATEXT|ISFORMULA|SHEETS?)\(", r"_xlfn.\1(", text) for text in (*VALUES, *REFUSED)]
    live = {f"E{row}": f"={text}" for row, text in enumerate(written, start=1)}
    book = workbook(tmp_path_factory.mktemp("information"), S=CELLS | OTHERWISE | live, names={"there": "S!$A$1"})
    found = find_engine("formulas").load(book).recalculate({})
    return {text: found[at(f"E{row}")] for row, text in enumerate((*VALUES, *REFUSED), start=1)}


@pytest.mark.parametrize("text", VALUES)
def test_the_answer_is_what_excel_shows_of_the_formula(values, text):
    """As it is typed, with the spaces that it has."""
    assert same(values[text], VALUES[text])


@pytest.mark.parametrize("text", REFUSED)
def test_what_excel_shows_otherwise_is_refused(values, text):
    """Array formulas have braces there, and a function without its prefix is one that Excel does not know."""
    assert isinstance(values[text], Unsupported)
