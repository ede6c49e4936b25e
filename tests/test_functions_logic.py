"""Excel's logical and information functions, held to Excel's documentation or to values that Excel stored."""

import pytest
from test_engines import workbook

from xlparity.engines.evaluator.functions import core, logic
from xlparity.engines.registry import find_engine
from xlparity.excel.formula import tokens
from xlparity.excel.prefixes import prefixed
from xlparity.excel.values import ErrorValue, Unsupported

DIV, NA, VALUE = map(ErrorValue, ("#DIV/0!", "#N/A", "#VALUE!"))
CELLS = {"A1": True, "A2": False, "A3": "word", "A4": "=1/0", "A5": "=NA()", "A6": 0, "A7": 5, "A8": "TRUE", "A9": "1",
         "B1": "Monday", "B2": "12"}  # fmt: skip


def answers(tmp_path, formulas):
    """What each formula gives, all in one workbook with the cells above."""
    live = {f"Z{row}": formula for row, formula in enumerate(formulas, start=1)}
    cells = CELLS | {place: prefixed(formula) for place, formula in live.items()}
    values = find_engine("formulas").load(workbook(tmp_path, S=cells)).recalculate({})
    found = {cell.a1: value for cell, value in values.items()}
    return {formula: found[place] for place, formula in live.items()}


# Excel's stored values for AND, OR and XOR: texts and blanks in references are passed over, an empty text elsewhere too,
# and #VALUE! is what is left of nothing.
CONNECTIVES = [
    ("=AND(1,0)", False), ("=AND(-0.1)", True), ("=AND(Y1)", VALUE), ("=AND(Y1,TRUE)", True), ("=AND(A1:B1)", True),
    ("=AND(A8)", VALUE), ("=AND(X1:Y9,FALSE)", False), ('=AND("",FALSE)', False), ('=AND("1")', VALUE), ("=AND(FALSE,A4)", DIV),
    ("=AND(A1,X1:Y9)", True), ("=OR(0,0,1)", True), ("=OR(A3)", VALUE), ("=OR(A3,A1)", True), ('=OR("")', VALUE),
    ('=OR("",TRUE)', True), ("=OR(A5,TRUE)", NA), ("=OR(A2:A3,X1:Y9)", False), ("=XOR(1,1)", False),
    ("=XOR(TRUE,TRUE,TRUE)", True), ("=XOR(A1:A3)", True), ("=XOR(A9)", VALUE), ("=XOR(A4)", DIV), ("=NOT(A1)", False),
    ("=NOT(0)", True), ("=NOT(Y1)", True), ("=NOT(A3)", VALUE), ("=NOT(A5)", NA), ("=TRUE()", True), ("=FALSE()", False),
    ("=NA()", NA),
]  # fmt: skip
# Excel's function pages and stored values.
CHOICES = [
    ("=IF(A7>3,1,2)", 1.0), ("=IF(A6,1)", False), ("=IF(A6,1,)", 0.0), ("=IF(A3,1,2)", VALUE), ("=IF(A4,1,2)", DIV),
    ("=IF(TRUE,1,A4)", 1.0), ('=IF(TRUE,Y1,1)&"x"', "x"), ("=SUM(IF(TRUE,A6:A7,9))", 5.0), ("=IF(Y1,1,2)", 2.0),
    ("=IFERROR(A4,7)", 7.0), ("=IFERROR(Y1,7)", 0.0), ("=IFERROR(A4,A5)", NA), ('=IFERROR(Y1,7)&"x"', "x"),
    ("=IFNA(A5,7)", 7.0), ("=IFNA(A4,7)", DIV), ("=IFNA(A5,Y1)", 0.0), ("=IFNA(A3,7)", "word"), ("=IFS(A2,1,A1,2)", 2.0),
    ("=IFS(A6,1)", NA), ("=IFS(A9,1,TRUE,2)", VALUE), ("=IFS(A5,1)", NA), ("=IFS(TRUE,1,A4,2)", 1.0),
    ("=IFS(Y1,1,TRUE,Y1)", 0.0), ('=SWITCH(A7,1,"one",5,"five")', "five"), ('=SWITCH(B1,"TUESDAY",2,"MONDAY",1)', 1.0),
    ("=SWITCH(A7,1,2)", NA), ('=SWITCH(A7,1,2,"-")', "-"), ("=SWITCH(A4,1,2,3)", DIV),
    ('=SWITCH(A1,1,"one",TRUE,"yes")', "yes"),
]  # fmt: skip
# Stored values: an error is no error in quotes, a blank is nothing but blank, a date is a number.
KINDS = [
    ("=ISBLANK(Y1)", True), ('=ISBLANK("")', False), ("=ISBLANK(A4)", False), ("=ISERROR(A5)", True),
    ('=ISERROR("#N/A")', False), ("=ISERR(A5)", False), ("=ISERR(A4)", True), ("=ISNA(A5)", True), ("=ISNA(A4)", False),
    ("=ISNUMBER(A7)", True), ("=ISNUMBER(B2)", False), ("=ISNUMBER(A1)", False), ("=ISNUMBER(A4)", False),
    ("=ISNUMBER(Y1)", False), ("=ISTEXT(A3)", True), ("=ISTEXT(Y1)", False), ("=ISTEXT(A5)", False), ("=ISNONTEXT(Y1)", True),
    ("=ISNONTEXT(A3)", False), ("=ISLOGICAL(A2)", True), ("=ISLOGICAL(A8)", False), ("=ISODD(-3)", True),
    ("=ISODD(2.3)", False), ("=ISODD(-5.5)", True), ("=ISODD(A1)", VALUE), ("=ISODD(B2)", False), ("=ISODD(A3)", VALUE),
    ("=ISODD(Y1)", False), ("=ISEVEN(4)", True), ("=ISEVEN(-4.5)", True), ("=ISEVEN(A5)", NA), ("=ISEVEN(Y1)", True),
    ("=ISEVEN(A2)", VALUE), ("=TYPE(1)", 1.0), ("=TYPE(A3)", 2.0), ("=TYPE(A1)", 4.0), ("=TYPE(A4)", 16.0), ("=TYPE(Y1)", 1.0),
    ("=ERROR.TYPE(A4)", 2.0), ("=ERROR.TYPE(A5)", 7.0), ("=ERROR.TYPE(A7)", NA), ("=ERROR.TYPE(SQRT(-1))", 6.0),
    ("=N(A7)", 5.0), ("=N(A3)", 0.0), ("=N(B2)", 0.0), ("=N(A1)", 1.0), ("=N(A5)", NA), ("=N(Y1)", 0.0), ("=ISREF(A1)", True),
    ("=ISREF(A1:A2)", True), ("=ISREF(12)", False), ("=ISREF(1+2)", False), ('=ISREF("a17")', False), ("=ISREF( TRUE )", False),
]  # fmt: skip
CASES = [*CONNECTIVES, *CHOICES, *KINDS]
REFUSED = [
    "=SUMPRODUCT(IFNA(A6:A7,1))", "=SUMPRODUCT(IFS(A6:A7,1))", "=SUM(IF({1,0},A6:A7,0))", '=OR("TRUE")', '=OR("word",TRUE)',
    '=IF("TRUE",1,2)', "=NOT(A8)", "=IFS(A8,1)", "=IFERROR(OFFSET(A1,0.2+0*A1,0),7)",
    "=ISERROR(INDIRECT(A3,\"x\"))", "=ISNUMBER(NOSUCH(1))", "=IFNA(FOO(1),7)", "=IF(FALSE,OFFSET(A1,0.2+0*A1,0),1)",
    "=ISBLANK(IFERROR(Y1,1))", "=SWITCH(Y1,0,1,2)", "=SWITCH(0.3,0.1+0.2,1,2)", "=ISODD(2.9999999999999996)", "=ISODD(1E300)",
    "=SUMPRODUCT(IF(A6:A7,1,0))", "=ERROR.TYPE(#VALUE!)", '=IF(FALSE,1,)&"x"', "=TYPE({1,2})", "=LET(x,1,x)",
]  # fmt: skip
MINE = {"AND", "OR", "NOT", "IF", "IFERROR"}


def test_the_logical_functions_compute_what_excel_does(tmp_path):
    """What counts as a truth value, a blank or an error is a table of its own for each of them."""
    found = answers(tmp_path, [formula for formula, _ in CASES])
    assert {formula: (type(v), v) for formula, v in found.items()} == {formula: (type(v), v) for formula, v in CASES}


def test_what_is_not_certain_about_conditions_is_refused(tmp_path):
    """A reason to refuse is no error: neither IFERROR nor ISERROR may make a result of it."""
    assert {f for f, v in answers(tmp_path, REFUSED).items() if not isinstance(v, Unsupported)} == set()


@pytest.mark.parametrize("name", sorted(logic.FUNCTIONS | {name: core.FUNCTIONS[name] for name in MINE}))
def test_no_logical_function_is_trusted_without_a_case(name):
    """An entry of the allow-list that no case calls would be trusted on nobody's word."""
    used = {token.text[:-1] for formula, _ in CASES for token in tokens(formula) if token.kind == "function"}
    assert name in used


def test_an_if_of_one_condition_gives_the_branch_and_of_many_goes_through_it(tmp_path):
    """In an array formula the branch of a single condition keeps its shape, and that of an array is taken cell by cell."""
    cells = {
        "A1": 1, "A2": 2, "A3": 3, "B1:B3": "{=IF(TRUE,A1:A3,0)}", "C1:C3": '{=IF(A1:A3>1,A1:A3,"no")}',
        "D1": "{=SUM(IF(TRUE,A1:A3,A1:C1))}",
        "E1:E3": '{=IFERROR({10;20;30}/{2;0;5},"x")}', "F1": "{=SUM(IF(A1:A3>1,A1:A3))}",
    }  # fmt: skip
    values = {
        cell.a1: v for cell, v in find_engine("formulas").load(workbook(tmp_path, S=cells)).recalculate({}).items()
    }
    assert [[values[f"{column}{row}"] for row in (1, 2, 3)] for column in "BCE"] == [
        [1.0, 2.0, 3.0],
        ["no", 2.0, 3.0],
        [5.0, "x", 6.0],
    ]
    assert values["D1"] == 6.0
    assert values["F1"] == 5.0  # the FALSE of a missing branch is no number in an array
