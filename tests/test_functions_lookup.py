"""Excel's lookup functions and those that rearrange arrays, held to Excel's documentation or to values that Excel stored."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_engines import at, workbook

from xlparity.engines.evaluator.functions import arrays, lookup
from xlparity.engines.evaluator.functions.matching import order, pattern
from xlparity.engines.evaluator.guards import Refusal
from xlparity.engines.registry import find_engine
from xlparity.excel.formula import tokens
from xlparity.excel.prefixes import prefixed
from xlparity.excel.values import ErrorValue, Unsupported

DIV, NA, NUM, REF, VALUE = map(ErrorValue, ("#DIV/0!", "#N/A", "#NUM!", "#REF!", "#VALUE!"))
CELLS = {
    "A1": "Alpha", "A2": "Beta", "A3": "Delta", "A4": "Delta", "A5": "Gamma", "B1": 1, "B2": 2, "B3": 3, "B4": 4, "B5": 5,
    "C1": 9, "C2": 7, "C3": 5, "C4": 3, "C5": 1, "D1": "=1/0", "D2": "Question?", "D3": True, "D5": "", "E1": "13", "E2": 13,
    "E3": 7,
    "G1": "Number", "G2": 10, "G3": 20, "G4": 40, "H1": "Name", "H2": "ten", "H3": "twenty", "H4": "forty", "K1": 3, "K3": 2,
}  # fmt: skip


def answers(tmp_path, formulas):
    """What each formula gives, all in one workbook with the cells above."""
    live = {f"Z{row}": formula for row, formula in enumerate(formulas, start=1)}
    cells = CELLS | {place: prefixed(formula) for place, formula in live.items()}
    values = find_engine("formulas").load(workbook(tmp_path, S=cells)).recalculate({})
    found = {cell.a1: value for cell, value in values.items()}
    return {formula: found[place] for place, formula in live.items()}


# Excel's stored values: case does not matter, wildcards count for an exact match of texts, text and number are two things,
# an approximate match ends at the last of equal values, and a value above all others finds the last one.
MATCHES = [
    ('=MATCH("alpha",A1:A5)', 1.0), ('=MATCH("delta",A1:A5)', 4.0), ('=MATCH("delta",A1:A5,0)', 3.0), ('=MATCH("a",A1:A5)', NA),
    ("=MATCH(2.5,B1:B5)", 2.0), ("=MATCH(0.8,B1:B5)", NA), ("=MATCH(7,B1:B5)", 5.0), ("=MATCH(0,A1:A5)", NA),
    ("=MATCH(Y1,A1:A5)", NA), ("=MATCH(Y1,B1:B5)", NA), ('=MATCH("*a",A1:A5,0)', 1.0), ('=MATCH("??lt*",A1:A5,0)', 3.0),
    ('=MATCH("*~?",D1:D3,0)', 2.0), ("=MATCH(13,E1:E2,0)", 2.0), ('=MATCH("13",E1:E2,0)', 1.0), ("=MATCH(TRUE,B1:B5,0)", NA),
    ("=MATCH(TRUE,D1:D3,0)", 3.0), ("=MATCH(4,C1:C5,-1)", 3.0), ("=MATCH(10,C1:C5,-1)", NA), ("=MATCH(5,{1,3,5,7,9},0)", 3.0),
    ("=MATCH(2,B1:C5,0)", NA), ("=MATCH(A9,B1:B5,1/0)", DIV), ("=MATCH(D1,B1:B5)", DIV), ("=MATCH(9.99E+307,K1:K5)", 3.0),
    ("=MATCH(20,G:G,0)", 3.0), ("=MATCH(25,G:G)", 3.0), ("=MATCH(3,B1:B5,)", 3.0), ("=XMATCH(30,{10,20,30,40,50})", 3.0),
    ("=XMATCH(35,{10,20,30,40,50},1)", 4.0), ("=XMATCH(35,{10,20,30,40,50},-1)", 3.0), ("=XMATCH(20,{10,20,20,30},0,-1)", 3.0),
    ("=XMATCH(25,{10,20,30,40,50},1,2)", 3.0), ("=XMATCH(25,{50,40,30,20,10},-1,-2)", 4.0),
    ('=XMATCH("ban*",{"apple","banana"},2)', 2.0), ("=XMATCH(99,{10,20})", NA), ("=XMATCH(2,{1,2;3,4})", VALUE),
    ('=XMATCH("ban*",{"apple","banana"})', NA),
    ("=MATCH(2,{3,1,2,5,4})", 3.0), ('=LOOKUP("d",{"d","b","s","r","a"})', "d"),  # out of order, met at a middle in any case
]  # fmt: skip
LOOKUPS = [
    ('=VLOOKUP("beta",A1:B5,2,FALSE)', 2.0), ('=VLOOKUP("d*",A1:C5,3,0)', 5.0), ('=VLOOKUP("Cuenca",A1:B5,2)', 2.0),
    ('=VLOOKUP("beta",A1:B5,9,FALSE)', REF), ('=VLOOKUP("beta",A1:B5,0,FALSE)', VALUE), ('=VLOOKUP("zeta",A1:B5,2,FALSE)', NA),
    ("=VLOOKUP(Y1,B1:C5,0)", NA), ("=VLOOKUP(D1,A1:B5,2)", DIV),
    ("=VLOOKUP(2,B1:C5,1/0)", DIV), ("=VLOOKUP(4.5,B1:C5,2.9)", 3.0),
    ('=VLOOKUP(2,{1,"a";2,"b"},2,FALSE)', "b"), ("=VLOOKUP(20,G:H,2,FALSE)", "twenty"), ("=VLOOKUP(23,A1:B5,1)", NA),
    ("=VLOOKUP(3,K1:L3,2,FALSE)", 0.0), ('=VLOOKUP(3,K1:L3,2,FALSE)&""', ""),
    ('=VLOOKUP("beta",CHOOSE({1,2},A1:A5,C1:C5),2,FALSE)', 7.0), ('=HLOOKUP(2,{1,2,3;"a","b","c"},2,FALSE)', "b"),
    ('=HLOOKUP("name",G1:H4,3,FALSE)', "twenty"), ("=HLOOKUP(2.5,{1,2,3;4,5,6},2)", 5.0), ("=HLOOKUP(1,B1:C5,9,FALSE)", REF),
    ("=LOOKUP(3,{1,2,3,4,5})", 3.0), ("=LOOKUP(3.5,B1:B5,A1:A5)", "Delta"), ('=LOOKUP("b",{"a","b","c";1,2,3})', 2.0),
    ("=LOOKUP(0,B1:B5)", NA), ("=LOOKUP(2,1/(B1:B5<3),A1:A5)", "Beta"), ("=LOOKUP(9.99E+307,K1:K5)", 2.0),
    ("=XLOOKUP(3,B1:B5,A1:A5)", "Delta"), ('=XLOOKUP(9,B1:B5,A1:A5,"none")', "none"), ("=XLOOKUP(9,B1:B5,A1:A5)", NA),
    ("=XLOOKUP(2.4,B1:B5,A1:A5,,-1)", "Beta"), ("=XLOOKUP(2.4,B1:B5,A1:A5,,1)", "Delta"),
    ('=XLOOKUP("delta",A1:A5,B1:B5,,0,-1)', 4.0), ("=XLOOKUP(1,B1:B5,A1:A4)", VALUE), ("=XLOOKUP(20,G:G,H:H)", "twenty"),
    ("=XLOOKUP(10,{2;5;\"ala\"},{1;2;3},,1)", 3.0), ("=XLOOKUP(D1,B1:B5,A1:A5)", DIV), ("=SUM(XLOOKUP(3,B1:B5,B1:C5))", 8.0),
    ("=INDEX(A1:B5,2,1)", "Beta"), ("=INDEX(B1:B5,3)", 3.0), ("=INDEX({1,2,3},2)", 2.0), ("=INDEX(B1:B5,6)", REF),
    ("=INDEX(B1:C5,-1,1)", VALUE), ("=SUM(INDEX(B1:C5,0,2))", 25.0), ("=SUM(INDEX(B1:C5,2,0))", 9.0),
    ("=INDEX(B1:B5,2.9)", 2.0), ("=INDEX({1,2,3},1,2,2)", REF), ("=INDEX(H:H,3)", "twenty"),
    ("=INDEX(A1:A5,MATCH(3,B1:B5,0))", "Delta"), ("=INDEX(D1:D3,1)", DIV), ("=ISBLANK(INDEX(L1:L3,2))", True),
    ("=SUM(INDEX(D1:E3,0,2))", 20.0), ('=CHOOSE(2,"a",1/0)', DIV), ('=CHOOSE(1.9,"a",1/0)', "a"), ('=CHOOSE(0,"a")', VALUE),
    ('=CHOOSE(3,"a","b")', VALUE), ("=CHOOSE(TRUE,A1)", "Alpha"), ('=CHOOSE("test",A1)', VALUE), ("=CHOOSE(D1,A1)", DIV),
    ("=SUM(CHOOSE(2,B1:B2,A1:B3))", 6.0),
    # A binary search ends at the first of equal values, or beyond the last one before; downwards seen from the end.
    ("=XLOOKUP(2,{1;2;2;3},{1;2;3;4},,0,2)", 2.0), ("=XLOOKUP(2.5,{1;2;2;3},{1;2;3;4},,-1,2)", 3.0),
    ("=XLOOKUP(1.5,{1;2;2;3},{1;2;3;4},,1,2)", 2.0), ("=XLOOKUP(2,{3;2;2;1},{1;2;3;4},,0,-2)", 3.0),
    ("=XLOOKUP(2.5,{3;2;2;1},{1;2;3;4},,-1,-2)", 2.0), ("=XLOOKUP(1.5,{3;2;2;1},{1;2;3;4},,1,-2)", 3.0),
    ("=XLOOKUP(2.5,{1;2;2;3},{1;2;3;4},\"no\",0,2)", "no"), ("=XMATCH(0,{1;2},-1,2)", NA), ("=XMATCH(9,{1;2},1,2)", NA),
    ("=XLOOKUP(Y1,K:K,K:K,\"none\")", 0.0),
]  # fmt: skip
# Excel's function page and stored values for ADDRESS; ROW and its like ask where, and not what.
PLACES = [
    ("=ADDRESS(2,3)", "$C$2"), ("=ADDRESS(2,3,2)", "C$2"), ("=ADDRESS(2,3,3)", "$C2"), ("=ADDRESS(23.4,34.7,4)", "AH23"),
    ("=ADDRESS(2,3,2,FALSE)", "R2C[3]"), ("=ADDRESS(23,45,4,0)", "R[23]C[45]"), ("=ADDRESS(-1,3)", VALUE),
    ("=ADDRESS(1,1,5)", VALUE), ("=ADDRESS(1,16385)", VALUE), ('=ADDRESS(2,3,1,1,"Summary")', "Summary!$C$2"),
    ('=ADDRESS(2,3,1,1,"Me lo invente")', "'Me lo invente'!$C$2"), ("=ROW(A7)", 7.0), ("=COLUMN(AB10)", 28.0),
    ("=ROW(A3:B9)", 3.0), ("=COLUMN(C3:D9)", 3.0), ("=ROWS(A1:B7)", 7.0), ("=COLUMNS(A1:B7)", 2.0), ("=ROWS({1,2;3,4})", 2.0),
    ("=COLUMNS({1,2,3})", 3.0), ("=ROWS(A:A)", 1048576.0), ("=COLUMNS(A:C)", 3.0), ("=ROWS(D1:D3)", 3.0),
    ("=SUMPRODUCT(MAX(B5)*(ROW(A1:A3)))", 30.0), ("=SUMPRODUCT((MAX(B1:B5)=B1:B5)*((ROW(B1:B5))))", 5.0),
    ("=SUMPRODUCT(B1:B3*(2+(ROW(B1:B3))))", 26.0), ("=SUMPRODUCT(SUM(B1:B3)/(COLUMN(A1:C1)-(4)))", -11.0),
    ("=ROWS(Z$1:Z1)", 1.0), ("=SUMPRODUCT(ROW(A1:A4)*1)", 10.0), ("=SUMPRODUCT(B1:B5*(ROW(B1:B5)>3))", 9.0),
    ('="ROW(1)"', "ROW(1)"), ("=COLUMN()", 26.0), ("=ROWS(7:$3)", 5.0), ("=COLUMNS(2:2)", 16384.0),
    ('=HYPERLINK("https://example.com")', "https://example.com"), ('=HYPERLINK("#S!A1","go")', "go"),
    ('=HYPERLINK("a",Y1)', 0.0), ('=HYPERLINK("a",NA())', NA),
]  # fmt: skip
# Excel's function pages and stored values; each is looked at through one of its elements.
ARRAYS = [
    ("=SUM({1,2}*3)", 9.0), ("=SUMPRODUCT(MATCH(B1:B3,C1:C5,0))", NA), ("=SUMPRODUCT(--ISNUMBER(MATCH(B1:B5,C1:C5,0)))", 3.0),
    ("=INDEX(SEQUENCE(2,3),2,3)", 6.0), ("=SUM(SEQUENCE(4,1,10,-2))", 28.0), ('=INDEX(UNIQUE({"a";"B";"b"}),2)', "B"),
    ("=SUM(UNIQUE({1,2,2},TRUE))", 3.0), ("=SUM(UNIQUE({1;2;2},FALSE,TRUE))", 1.0), ("=INDEX(SORT({3;1;2}),1)", 1.0),
    ("=INDEX(SORT({3;1;2},1,-1),1)", 3.0), ("=INDEX(SORT({3,1,2;7,8,9},1,1,TRUE),2,1)", 8.0),
    ('=INDEX(SORT({TRUE;"a";2}),1)', 2.0), ('=INDEX(SORT({"b","x";"a","y"}),1,2)', "y"),
    ("=INDEX(SORTBY({1;2;3},{9;7;8}),1)", 2.0), ("=INDEX(SORTBY({1;2;3},{1;1;0},-1,{1;2;3},-1),1)", 2.0),
    ("=SUM(FILTER({1;2;3},{1;0;1}))", 4.0), ("=SUM(FILTER({1,2,3},{TRUE,FALSE,FALSE}))", 1.0),
    ('=FILTER({1;2},{0;0},"none")', "none"), ('=FILTER({1;2},{1;"x"})', VALUE), ("=SUM(VSTACK({1,2},{3,4}))", 10.0),
    ("=INDEX(VSTACK({1,2},{3}),2,2)", NA), ("=INDEX(HSTACK({1;2},{3}),2,2)", NA), ("=INDEX(HSTACK({1;2},{3;4}),2,2)", 4.0),
    ("=SUM(TAKE({1;2;3},2))", 3.0), ("=SUM(TAKE({1,2;3,4},-1,1))", 3.0), ("=SUM(DROP({1;2;3},1))", 5.0),
    ("=SUM(DROP({1,2;3,4},-1,-1))", 1.0), ("=SUM(CHOOSEROWS({1;2;3},1,-1))", 4.0), ("=CHOOSEROWS({1;2},3)", VALUE),
    ("=SUM(CHOOSECOLS({1,2,3},-1,{1,1}))", 5.0), ("=INDEX(EXPAND({1,2},2,2),2,1)", NA),
    ('=INDEX(EXPAND({1,2},1,3,"-"),1,3)', "-"), ("=EXPAND({1,2},1,1)", VALUE), ("=INDEX(TOCOL({1,2;3,4}),3)", 3.0),
    ("=INDEX(TOCOL({1,2;3,4},0,TRUE),3)", 2.0), ("=ROWS(TOCOL(D1:D3,2))", 2.0), ("=COLUMNS(TOROW(K1:K3,1))", 2.0),
    ("=INDEX(WRAPROWS({1,2,3},2),2,1)", 3.0), ("=INDEX(WRAPROWS({1,2,3},2),2,2)", NA),
    ('=INDEX(WRAPCOLS({1,2,3},2,"-"),2,2)', "-"), ("=WRAPCOLS({1,2;3,4},2)", VALUE), ("=WRAPROWS({1,2,3},0)", NUM),
]  # fmt: skip
CASES = [*MATCHES, *LOOKUPS, *PLACES, *ARRAYS]
REFUSED = [
    "=SUMPRODUCT(VLOOKUP(A1:A3,A1:B5,2,FALSE))", "=SUMPRODUCT(INDEX(B1:B5,B1:B3))", "=SUM(VLOOKUP(3,B1:C5,{1,2},FALSE))",
    "=SUMPRODUCT(CHOOSE(B1:B2,1,2))", "=MATCH(3,{3,1,2})", "=MATCH(2,{1,3,2,2,0})",
    "=MATCH(2,{5,1,3,1,5})", "=MATCH(3,{5;3;3},-1)", '=MATCH(2.5,{1,"b",2,"c",3})',
    "=MATCH(0.1+0.2,{0.3},0)", "=MATCH(Y1,K1:K5,0)&MATCH(Y1,{0,1},0)",
    '=MATCH("a-b",{"a b","a-c"})', '=VLOOKUP("zeta",A1:B5,9,FALSE)', "=INDEX(H:H,99)", "=SUM(INDEX(G:H,0,1))",
    "=XLOOKUP(1,G:G,TRUE)", "=XLOOKUP(2,{1;2;\"x\";3},{1;2;3;4},,0,2)", '=XMATCH("a.*",{"ab"},3)', "=INDEX(B1:B5,0)",
    "=INDEX(B1:C5,0,1)*2", "=CHOOSE(1,B1:B5)", "=SUM(INDEX(B1:C5,0,1)*2)", '=ADDRESS(1,1,1,1,"A1")',
    "=SUM(ROW(B1:B3))", "=SUM(SUMPRODUCT(B1:B3)*(ROW(B1:B3)))", "=SUMPRODUCT(B1:B3*SUM((1+ROW(B1:B3))))",
    "=SUM(SUMPRODUCT(B1:B3)*(1+(ROW(B1:B3))))", "=MATCH(1,ROW(A1:A3),0)",
    "=OFFSET(A1,0.2,1)",
    "=SUM(SEQUENCE(3)*2)", "=FILTER({1;2},{0;0})", "=TAKE({1;2},0)", "=DROP({1;2},2)", "=SEQUENCE(0)", "=UNIQUE(K1:K5)+1",
    "=SORT({\"a-b\";\"a c\"})", "=COUNT(VSTACK(K1:K3,1))", "=IFERROR(OFFSET(A1,0.2,1),1)",
    '=ISNUMBER(VLOOKUP(3,K1:L3,2,FALSE))', "=ISREF()", "=ROWS()", "=COLUMNS( )", "=1+ROW(B1:B3)", "=SUMPRODUCT(ROW(A1:A100001))",
]  # fmt: skip


def test_lookups_find_what_excel_finds(tmp_path):
    """Case, wildcards, kinds, equal values and blanks: what is found differs from what Python calls equal."""
    found = answers(tmp_path, [formula for formula, _ in CASES])
    assert {formula: (type(v), v) for formula, v in found.items()} == {formula: (type(v), v) for formula, v in CASES}


def test_lookups_of_which_nobody_knows_the_end_are_refused(tmp_path):
    """Halving a range that is not in order, whole columns beyond their last cell, arrays where a plain cell takes one."""
    assert {f for f, v in answers(tmp_path, REFUSED).items() if not isinstance(v, Unsupported)} == set()


@pytest.mark.parametrize("name", sorted(lookup.FUNCTIONS | arrays.FUNCTIONS))
def test_no_lookup_function_is_trusted_without_a_case(name):
    """An entry of the allow-list that no case calls would be trusted on nobody's word."""
    used = {token.text[:-1] for formula, _ in CASES for token in tokens(formula) if token.kind == "function"}
    assert name in used


# A deleted reference is no array that has an error in it: a function that looks into the array gives #REF!.
DELETED = [
    "=MATCH(1,#REF!,0)", "=XMATCH(1,#REF!)", "=LOOKUP(1,#REF!)", "=LOOKUP(1,B1:B3,#REF!)", "=XLOOKUP(1,#REF!,#REF!,0)",
    "=XLOOKUP(1,B1:B3,#REF!)", "=XLOOKUP(9,#REF!,B1:B3,7)", "=VLOOKUP(1,#REF!,2,0)", "=VLOOKUP(1,#REF!,0,0)",
    "=HLOOKUP(1,#REF!,2)", "=INDEX(#REF!,1)", "=INDEX(#REF!,-1)", "=INDEX(#REF!,0,1)", "=INDEX(A1:A5,MATCH(1,#REF!,0))",
    "=ROWS(#REF!)", "=COLUMNS(#REF!)", "=ROW(#REF!)", "=COLUMN( #REF! )", "=ROW()-ROW(#REF!)", "=COUNTIF(#REF!,1)",
    "=COUNTIFS(B1:B3,1,#REF!,2)", "=SUMIF(#REF!,1)", "=SUMIF(B1:B3,1,#REF!)", "=SUMIFS(#REF!,B1:B3,1)", "=SUMIFS(B1:B3,#REF!,1)",
    "=AVERAGEIF(#REF!,1)", "=AVERAGEIFS(#REF!,B1:B3,1)", "=MAXIFS(#REF!,B1:B3,1)", "=MINIFS(#REF!,B1:B3,1)",
    "=COUNTBLANK(#REF!)", "=SUM(#REF!)", "=AVERAGE(#REF!)", "=MEDIAN(#REF!)", "=SUMPRODUCT(#REF!,B1:B3)",
    "=SUMPRODUCT(B1:B3,#REF!)", "=SUMPRODUCT(#REF!)", "{=MMULT(#REF!,B1:B3)}", "{=MMULT(B1:B3,#REF!)}", "{=TRANSPOSE(#REF!)}",
    "=MDETERM(#REF!)", "{=MINVERSE(#REF!)}", "=CORREL(#REF!,B1:B3)", "=SLOPE(B1:B3,#REF!)", "=FORECAST(1,#REF!,B1:B3)",
    "{=LINEST(#REF!)}", "{=LINEST(B1:B3,#REF!)}", "{=TREND(B1:B3,,#REF!)}", "{=FREQUENCY(#REF!,B1:B3)}", "=RANK(1,#REF!)",
    "=LARGE(#REF!,1)", "=MODE(#REF!)", "=IRR(#REF!)", "=NPV(0.1,#REF!)", "=XNPV(0.1,#REF!,B1:B3)", "=XIRR(B1:B3,#REF!)",
    "=DSUM(#REF!,1,B1:B3)", "=DSUM(B1:C3,1,#REF!)", "=DCOUNTA(#REF!,1,B1:B3)", "=AND(#REF!)", "=OR(TRUE,#REF!)",
    "=CONCAT(#REF!)", '=TEXTJOIN(",",TRUE,#REF!)', "=FILTER(#REF!,{1;2})", "=FILTER(B1:B3,#REF!)", "=UNIQUE(#REF!)",
    "=SORT(#REF!)", "=SORTBY(B1:B3,#REF!)", "=TAKE(#REF!,1)", "=TOCOL(#REF!)", "=NETWORKDAYS(45000,45030,#REF!)",
    "=CHISQ.TEST(#REF!,B1:B3)", "=T.TEST(#REF!,B1:B3,1,1)", "=SUMX2MY2(#REF!,B1:B3)", "=GCD(#REF!)", "=PROB(#REF!,B1:B3,1)",
    "=IFNA(MATCH(1,#REF!,0),5)", "=N(#REF!)", "=CHOOSE(1,#REF!)", "=IF(#REF!,1,2)", "=SUM(VSTACK(#REF!,1))",
]  # fmt: skip
OF_ERRORS = [
    ('=IF(ISNA(MATCH(1,#REF!,0)),"new","old")', "old"), ("=ISERROR(#REF!)", True), ("=ISERR(#REF!)", True),
    ("=ISNA(#REF!)", False), ("=IFERROR(ROWS(#REF!),5)", 5.0), ("=TYPE(#REF!)", 16.0), ("=ERROR.TYPE(MATCH(1,#REF!,0))", 4.0),
    ("=ISBLANK(#REF!)", False), ("=ISNUMBER(#REF!)", False), ("=COUNT(#REF!)", 0.0), ("=COUNT(B1:B3,#REF!)", 3.0),
    ("=COUNTA(#REF!)", 1.0), ("=COUNTA(#REF!,B1:B3,#REF!)", 5.0), ("=COUNTA(VSTACK(#REF!,1))", 2.0),
    ("=COUNTIF(B1:B3,#REF!)", 0.0), ("=IF(FALSE,#REF!,2)", 2.0), ("=CHOOSE(2,#REF!,3)", 3.0), ("=ARRAYTOTEXT(#REF!)", "#REF!"),
    ("=XLOOKUP(1,B1:B3,C1:C3,#REF!)", 9.0), ("=MATCH(1,D1,0)", NA), ("=MATCH(1,D1:D3,0)", NA), ("=ROWS(D1)", 1.0),
    ("=MATCH(1,NA(),0)", NA), ("=LOOKUP(2,1/(B1:B3=2),C1:C3)", 7.0),
]  # fmt: skip
DOUBTFUL = [
    "=MATCH(NA(),#REF!,0)", "=VLOOKUP(D1,#REF!,2,0)", "=MATCH(1,1/Y1,0)", "=MATCH(1,INDEX(D1:D3,1),0)",
    "=SUMPRODUCT(NA(),#REF!)", "=SUMPRODUCT(1/Y1,B1:B3)",
]  # fmt: skip


def test_a_deleted_reference_is_an_error_and_no_array(tmp_path):
    """Taken for an array of one, it has nothing equal, #N/A, and one row: "new" where Excel shows #REF!."""
    assert {formula: v for formula, v in answers(tmp_path, DELETED).items() if v != REF} == {}


def test_functions_made_for_errors_take_a_deleted_reference(tmp_path):
    """They count it, or ask what it is; and an error that a cell holds is one value among those of a range."""
    found = answers(tmp_path, [formula for formula, _ in OF_ERRORS])
    assert {formula: (type(v), v) for formula, v in found.items()} == {
        formula: (type(v), v) for formula, v in OF_ERRORS
    }


def test_an_error_that_may_be_in_a_table_or_instead_of_it_is_refused(tmp_path):
    """Which of two errors wins, and whether a computed one is an array of one, is not documented."""
    assert {f for f, v in answers(tmp_path, DOUBTFUL).items() if not isinstance(v, Unsupported)} == set()


def test_row_and_column_know_where_they_stand(tmp_path):
    """A shape is compiled once for all its cells, and ROW() differs from cell to cell; ROWS is no circle of its own."""
    cells = {
        "A1": "=ROW()",
        "B1": "=COLUMN()",
        "A7": "=ROW()*2",
        "B9": "=COLUMN()",
        "C3": "=ROWS(C$1:C3)",
        "D1:D3": "{=ROW(A5:A7)*10}",
        "E1:F1": "{=COLUMN(B1:C1)}",
        "H1:H2": "{=ROW()}",
    }
    values = {
        cell.a1: v for cell, v in find_engine("formulas").load(workbook(tmp_path, S=cells)).recalculate({}).items()
    }
    assert [values[cell] for cell in cells if ":" not in cell] == [1.0, 2.0, 14.0, 2.0, 3.0]
    assert [values[cell] for cell in ("D1", "D2", "D3", "E1", "F1")] == [50.0, 60.0, 70.0, 2.0, 3.0]
    assert isinstance(values["H1"], Unsupported)  # each cell's own row in Excel, of which the shape has one for all


def test_columns_of_array_constants_stay_columns(tmp_path):
    """formulas' parser makes a row of a column, and a vector that lies where it should stand finds nothing."""
    cells = {"A1:A3": "{={1;-2;3}}", "B1:D1": "{={-1,2,-3}}", "A5:B6": "{={1,2;3,4}}"}
    values = {
        cell.a1: v for cell, v in find_engine("formulas").load(workbook(tmp_path, S=cells)).recalculate({}).items()
    }
    assert [values[cell] for cell in "A1 A2 A3 B1 C1 D1 A5 B5 A6 B6".split()] == [1, -2, 3, -1, 2, -3, 1, 2, 3, 4]  # noqa: SIM905


@pytest.mark.parametrize("formula", ['=COUNTIF(A1:A1,"{}b")', '=MATCH("{}b",A1:A1,0)', '=ISNUMBER(SEARCH("{}b",A1))'])
def test_a_pattern_of_many_asterisks_takes_no_longer_than_one_of_few(tmp_path, formula):
    """Each of them could take any of thousands of runs: tried one after the other, they take for ever."""
    cells = {"A1": "a" * 200, "B1": formula.format("*a" * 60), "B2": formula.format("*a" * 60).replace("b", "")}
    values = find_engine("formulas").load(workbook(tmp_path, S=cells)).recalculate({})
    assert values[at("B1")] in (0.0, False, ErrorValue("#N/A"))
    assert values[at("B2")] in (1.0, True)


@given(st.text("ab?*~", max_size=8), st.text("ab?*~", max_size=8))
def test_a_pattern_fits_what_its_regular_expression_fits(text, given):
    """Written with the plain quantifiers, which come to the same and may take for ever."""
    plain = re.sub(
        r"~(.?)|([*?])|(.)", lambda m: {"*": ".*", "?": "."}.get(m[2]) or re.escape(m[1] or m[3] or ""), text
    )
    assert bool(pattern(text).fullmatch(given)) == bool(re.fullmatch(plain, given, re.DOTALL))
    one, other = pattern(text).search(given), re.search(plain, given, re.DOTALL)
    assert (one and one.start()) == (other and other.start())


TEXTS = st.text("aBcX 12-_.'#(/:,+é", max_size=4)


def place(left, right):
    """-1, 0 or 1, or None where the order is refused."""
    try:
        return order(left, right)
    except Refusal:
        return None


@given(TEXTS, TEXTS, TEXTS)
def test_texts_are_in_one_order_whichever_is_named_first(left, middle, right):
    """What comes before another text comes after nothing that is before it, and case does not count."""
    assert place(right, left) == (None if place(left, right) is None else -place(left, right))
    assert place(left, left.swapcase()) == 0
    if place(left, middle) == place(middle, right) == 1:
        assert place(left, right) in (1, None)
