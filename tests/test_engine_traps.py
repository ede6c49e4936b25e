"""The traps that formulas falls into, and Excel does not: ``formulas`` computes them rightly, or refuses them.

``refused`` or a value: never an error value or a number that merely looks like a result.
"""

import math

import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName
from test_engines import at, both, workbook

from xlparity.engines.registry import find_engine
from xlparity.excel.address import parse_range
from xlparity.excel.values import ErrorValue, Unsupported
from xlparity.excel.workbook import read_workbook

DIV, NUM, VALUE = map(ErrorValue, ("#DIV/0!", "#NUM!", "#VALUE!"))
COLUMNS = {f"{column}{row}": value for column, line in {"A": (1, 2, 3, 4, 5), "B": (2, 3, 5, 7, 11)}.items()
           for row, value in enumerate(line, start=1)}  # fmt: skip


@pytest.fixture
def compute(tmp_path):
    def computed(cells, names=None, **sheets):
        """Every value of sheet S, by address; a blank that is merely referred to is among them."""
        values = find_engine("formulas").load(workbook(tmp_path, names, S=cells, **sheets)).recalculate({})
        return {cell.a1: value for cell, value in values.items() if cell.sheet == "S"}

    return computed


def refused(value):
    return isinstance(value, Unsupported)


# --- refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula",
    [
        "=OFFSET(A1,A5,{0;1})", "=_xlfn.TRIMRANGE(A1:A5)",
        '=CELL("width",A1)', "=SUM(OFFSET(A1:A5*1,0,0,2)*2)", "=RAND()", "=NOW()", "=TODAY()", "=RANDBETWEEN(1,2)",
        "=NOSUCHFUNCTION(A1)", "=A1+INDIRECT(A2,\"x\")", "=IF(TRUE,1,OFFSET(A1,A1/3,0))",
    ],
)  # fmt: skip
def test_a_function_that_is_not_vouched_for_is_refused(compute, formula):
    """formulas makes #NAME? of some, another number of others, and each of them passes for a result."""
    assert refused(compute({**COLUMNS, "F1": formula})["F1"])


@pytest.mark.parametrize(
    "formula", ["=IFERROR(_xlfn.TRIMRANGE(A1:A5),-1)", "=ISERROR(OFFSET(A1,0.5,0))", "=IF(ISERROR(FOO(1)),-1,1)"]
)
def test_an_unsupported_function_does_not_take_the_error_branch(compute, formula):
    """To IFERROR, formulas' #NAME? is an error like any other, and the fallback looks like a result."""
    assert refused(compute({**COLUMNS, "F1": formula})["F1"])


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=A1:A5", 3.0), ("=-A1:A5", -3.0), ("=SUM(A1:A5*B1:B5)", 15.0), ("=MAX(ABS(-A1:A5))", 3.0), ("=A:A*2", 6.0),
        ("=SUM(IF(A1:A5>2,1,0))", 1.0), ("=AND(A1:A5>2)", True), ("=SUM(-A1:A5)", -3.0), ("=A3:E3+1", 1.0),
        ("=_xlfn.SINGLE(A1:A5)*2", 6.0),
    ],
)  # fmt: skip
def test_a_range_in_a_plain_cell_means_the_cell_beside_the_formula(compute, formula, value):
    """Excel takes of each range the cell in the formula's own row or column, and formulas the whole range."""
    where = "C9" if "A3:E3" in formula else "D3"
    assert compute({**COLUMNS, where: formula})[where] == value


@pytest.mark.parametrize(
    "formula",
    [
        "=TRANSPOSE(A1:A5)", "=SUM(TRANSPOSE(A1:A5))", "=IF(TRUE,A1:A5,0)", "=SUM(MMULT(A1:B2*1,A1:B2))",
        "=_xlfn.SINGLE(A1:A5*2)",
    ],
)  # fmt: skip
def test_a_range_in_a_plain_cell_of_which_more_than_one_cell_may_count_is_refused(compute, formula):
    """What Excel makes of them nobody knows."""
    assert refused(compute({**COLUMNS, "G9": formula})["G9"])


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=A1:A5", "#VALUE!"), ("=A1:B2+1", "#VALUE!"), ("=SUM(A1:A5*B1:B5)", "#VALUE!"), ("=IFERROR(A1:A5,0)", 0.0),
        ("=A1:E1", "#VALUE!"), ("=A:A", 0.0), ("=COUNTIF(A1:A5,A:A)", 0.0), ("=A:B", "#VALUE!"),
        ("=3:3", 0.0), ("=ISNUMBER(A1:A5)", False), ("=A1:A1", 1.0), ("=ISERROR(-A1:A5)", True),
    ],
)  # fmt: skip
def test_a_range_in_a_plain_cell_that_does_not_stand_beside_it_is_an_error(compute, formula, value):
    """Excel stored #VALUE! for 164 such formulas of the corpora, and what follows from it for the others; one cell is itself."""
    found = compute({**COLUMNS, "G9": formula})["G9"]
    assert found == (ErrorValue(value) if isinstance(value, str) else value)


NA = ErrorValue("#N/A")
BEYOND = [
    ("=IFERROR(A1:A2,0)", [1.0, 2.0, 0.0]), ("=ISNA(A1:A2)", [False, False, True]), ("=A1:A2+1", [2.0, 3.0, NA]),
    ("=IF(ISNA(A1:A2),9,A1:A2)", [1.0, 2.0, 9.0]), ("=IFERROR({1;2},0)", [1.0, 2.0, 0.0]), ("=A1:A2+B1:B3", [3.0, 5.0, NA]),
    ("=IFERROR(A1:A2/SUM(A1:A2),0)", [1 / 3, 2 / 3, 0.0]), ("=IFERROR(A1:A2+B1:B3,-1)", [3.0, 5.0, -1.0]),
    ("=IFERROR(IF(A1>0,A1:A2,5),0)", [1.0, 2.0, 0.0]), ("=IF(A1>0,A1:A2,5)", [1.0, 2.0, NA]),
    ("=ERROR.TYPE(A1:A2)", [NA, NA, 7.0]), ("=IFERROR(VLOOKUP(A1:A2,A1:B5,2,0),0)", [2.0, 3.0, 0.0]),
    ('=IFERROR(A1:A2&"x","")', ["1x", "2x", ""]), ("=IFERROR(A1,0)", [1.0] * 3), ("=IFERROR(A1:B1,0)", [1.0] * 3),
    ("=SUM(IFERROR(A1:A2,0))", [3.0] * 3), ("=({1;2}+1)/SUM({1;2}+1)", [0.4, 0.6, NA]), ("=TRANSPOSE(A1:B1)", [1.0, 2.0, NA]),
    ("=MMULT(A1:B2,A1:B2)", [5.0, 8.0, NA]), ("=MMULT(A1:B2,A1:B2)+1", [6.0, 9.0, NA]), ("=INDEX(A1:B2,0,1)", [1.0, 2.0, NA]),
    ("=LARGE(A1:A5,{1;2})", [5.0, 4.0, NA]), ("=IFERROR(MMULT(A1:B2,A1:B2),0)", [5.0, 8.0, None]),
    ("=IFERROR(TRANSPOSE(A1:B1),0)", [1.0, 2.0, None]), ("=ISNA(INDEX(A1:B2,0,1))", [False, False, None]),
    ("=COUNTIF(A1:A5,A1:A2)", [1.0, 1.0, None]), ("=COUNTIF(A1:A5,A1:A2)+1", [2.0, 2.0, None]),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "expected"), BEYOND)
def test_an_array_formula_over_more_cells_than_its_operands(compute, formula, expected):
    """Excel fills up an operand with #N/A, and then computes; what MMULT and its like give, it fills up afterwards.

    It is not certain which of the two it does inside IFERROR; None is a refusal.
    """
    values = compute({**COLUMNS, "F4:F6": f"{{{formula}}}"})
    found = [values[f"F{row}"] for row in (4, 5, 6)]
    assert [None if refused(value) else value for value in found] == expected


def test_an_array_formula_over_more_rows_and_columns_than_its_operand(compute):
    """A single row or column is repeated; of a table both rows and columns are filled up."""
    cells = {"F1:H3": "{=IFERROR(A1:B2,0)}", "F5:G7": "{=IFERROR(A1:A2,0)}", "F9:H10": "{=IFERROR(A1:B1,0)}"}
    values = compute({**COLUMNS, **cells})

    def block(columns, rows):
        return [[values[f"{column}{row}"] for column in columns] for row in rows]

    assert block("FGH", (1, 2, 3)) == [[1, 2, 0], [2, 3, 0], [0, 0, 0]]
    assert block("FG", (5, 6, 7)) == [[1, 1], [2, 2], [0, 0]]
    assert block("FGH", (9, 10)) == [[1, 2, 0], [1, 2, 0]]


def test_a_single_text_in_a_sumproduct_is_a_value_error(compute):
    """Among several it counts as zero; Excel stored #VALUE! where it is the only one, and a single blank nobody knows."""
    values = compute({
        "A1": "4", "A2": 5, "B1": 2, "B2": 3, "C1": True, "F1": "=SUMPRODUCT(A1:A1,B1:B1)", "F2": "=SUMPRODUCT(A1:A2,B1:B2)",
        "F3": "=SUMPRODUCT(A1,2)", "F4": "=SUMPRODUCT(Z9,B1)", "F5": "=SUMPRODUCT(C1,B1)", "F6": "=SUMPRODUCT(Z9,B1:B2)",
    })  # fmt: skip
    assert [values[f"F{row}"] for row in (1, 2, 3, 6)] == [VALUE, 15.0, VALUE, VALUE]
    assert refused(values["F4"]) and refused(values["F5"])


def test_one_text_may_be_an_array_formula_here_and_a_plain_one_there(compute):
    """Shapes are compiled once and remembered; the braces are part of what to remember."""
    product = "=SUM(A1:A3*B1:B3)"
    values = compute({**COLUMNS, "F1": product, "F2": f"{{{product}}}", "F3": product})
    assert [values[f"F{row}"] for row in (1, 2, 3)] == [2.0, 23.0, 15.0]


@pytest.mark.parametrize("formula", ["=SUMPRODUCT(IF(A1:A5>1,1,0))", "=SUMPRODUCT(TRANSPOSE(A1:A2),A1:B1)"])
def test_what_needs_an_array_formula_inside_sumproduct_too_is_refused_in_a_plain_cell(compute, formula):
    """SUMPRODUCT works through arrays without the braces, but IF and TRANSPOSE inside it do not."""
    assert refused(compute({**COLUMNS, "F1": formula})["F1"])


@pytest.mark.parametrize("formula", ["=SUMPRODUCT(--(A1:A3>1))", "{=SUM(--(A1:A3>1))}"])
def test_a_double_minus_on_truth_values_never_counts_none(compute, formula):
    """formulas reads two minus signs as a plus, which leaves TRUE a truth value that sums to nothing."""
    value = compute({**COLUMNS, "F1": formula})["F1"]
    assert refused(value) or value == 2.0


@pytest.mark.parametrize(
    "formula",
    [
        "=SUMPRODUCT(EXP(-A:A))", '=SUMPRODUCT(--(A:A=""))', "=SUMPRODUCT(1/(1+A:A))", "{=SUM(--(A:A=0))}", "{=COUNT(A:A*1)}",
        "{=AVERAGE(A:A*1)}", "{=SUM(IF(A:A>1,1,2))}", "{=MMULT(1:1,A:A)}", "=SUMPRODUCT(A:A,A:A+1)",
    ],
)  # fmt: skip
def test_whole_columns_that_are_worked_through_cell_by_cell_are_refused(compute, formula):
    """A million blank cells below the last used one are zeros to EXP and texts to ="", and count."""
    assert refused(compute({**COLUMNS, "H9": formula})["H9"])


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=NOT(0.3<=0.1+0.2)", False), ("=(0.1+0.2-0.3)*5+1", 1.0), ("=IF(0.1+0.2-0.3>1,1,2)", 2.0),
        ("=STDEV(0.1+0.2-0.3,1)", 0.5**0.5),
        ("=ROUND(1.1-1,2)", 0.1), ("=(0.1+0.2-0.3)*(1-A1^2)", 0.0), ('=IF(0.1+0.2-0.3=0.5,"yes","no")', "no"),
        ("=INT(2.5+0.1*3)", 2.0),
    ],
)  # fmt: skip
def test_what_does_not_depend_on_the_reading_of_a_residue_is_computed(compute, formula, value):
    """Whether Excel makes 0 of 5.6e-17 is not known, and nothing here depends on it."""
    found = compute({"A1": 0.5, "F1": formula})["F1"]
    assert found == (pytest.approx(value, rel=1e-13, abs=1e-13) if isinstance(value, float) else value)


@pytest.mark.parametrize("formula", ["=0.1+0.2=0.3", "=0.1+0.2>0.3", "=IF(0.1*3<>0.3,1,2)", "{=A1:A3/10*3=0.3}"])
def test_numbers_that_differ_in_the_last_digits_are_not_compared(compute, formula):
    """Excel compares fifteen digits and calls them equal, Python all of them."""
    assert refused(compute({**COLUMNS, "F1": formula})["F1"])


@pytest.mark.parametrize(
    "formula",
    [
        '="_"<"A"', '="#"<"a"', '="a "<"a b"', '="Jan-9">"Jan-10"', '="St. James"<"St. Paul"', '="a_1"<"a_2"', '="9:30"<"a"',
        '="sp ace"<"space"', '="it\'s"<"itz"', '="a-"<"b"', '="(a)"<"a"', '="a b"<="a b"', '="co-op"<"cow"', '="co-op"<"cop"',
        '="ab"<"ab-"', '="A.b"<"a.C"', '=" 1"<"/1"', '="x"<"x y"', '="100%">"100"', '="az"<"bä"', '=COUNTIF(B1:B3,"<"&"b b")=1',
        '=MATCH("b c",{"a-b","b a","b d"},1)=2',
    ],
)  # fmt: skip
def test_texts_with_signs_are_in_the_order_that_is_documented(compute, formula):
    """Signs before letters, in Excel's own order; formulas goes by the codes of characters, and knows capitals only."""
    assert compute({"B1": "a b", "B2": "bc", "B3": "c", "F1": formula})["F1"] is True


@pytest.mark.parametrize(
    "formula",
    ['="a-b"<"ab"', '="a-b"<"aa"', '="1"<"_"', '="a1"<"a.1"', '=IF("~"<"z",1,2)', '="é"<"f"', '="a"&CHAR(9)<"ab"'],
)
def test_texts_with_signs_of_which_the_order_is_not_certain_are_not_put_in_one(compute, formula):
    """Whether digits come before signs Microsoft and Windows have each their way, and whether hyphens count nobody says."""
    assert refused(compute({"F1": formula})["F1"])


@pytest.mark.parametrize(
    "formula",
    [
        "=SUMPRODUCT(S!$A:$B)", "=SUM(A1:XFD1048576)", "=[1]Sheet1!A1", "='[1]My Sheet'!A1", "=SUM(A1#)",
        "=@A1:A5", "=Table1[x]", "=COUNTIF((A1:A2,B1:B2),1)", "=SUM(A1:A2:A3)", "=Nowhere!nobody", "=Nowhere!A1",
        "=SUM(Print_Area)",
    ],
)  # fmt: skip
def test_a_reference_that_is_no_plain_range_is_refused(compute, formula):
    """An external one makes formulas open files, a whole column misses what lies below, and the rest it guesses."""
    assert refused(compute({**COLUMNS, "F1": formula})["F1"])


@pytest.mark.parametrize("formula", ["=SUM(first:last)", "=SUM(first:A3)"])
def test_a_range_put_together_from_references_is_refused(compute, formula):
    """A person who knows defined names writes this; one such cell must not stop the whole workbook from being read."""
    values = compute({**COLUMNS, "F1": formula, "F2": "=A1+A2"}, {"first": "S!$A$1", "last": "S!$A$3"})
    assert refused(values["F1"])
    assert values["F2"] == 3.0


def test_a_relative_name_means_another_cell_in_every_cell(compute):
    """It is in the file as for A1."""
    values = compute({**COLUMNS, "F1": "=first", "F2": "=first", "F3": "=here"}, {"first": "S!$A1", "here": "S!A1"})
    assert (values["F1"], values["F2"]) == (values["A1"], values["A2"])
    assert refused(values["F3"])  # a circular reference


def test_whole_columns_and_rows_are_added_up_to_the_last_used_cell(compute):
    """What lies below the last used cell is blank, and blank cells add nothing."""
    values = compute({"A1": 1, "A2": 2, "B7": "=A1+A2", "C1": "=SUM(A:A)", "C2": "=SUM(S!$A:$B)", "D2": "=COUNT(1:2)"})
    assert (values["C1"], values["C2"]) == (3.0, 6.0)
    assert refused(values["D2"])  # it lies in the rows that it counts


def test_a_sheet_local_name_shadows_the_global_one_on_its_sheet(tmp_path):
    """On its sheet it shadows the global name, whose value formulas takes."""
    cells = {"A1": 1, "A2": 2, "B1": "=rate", "B2": "=S!rate", "B3": "=A1"}
    path = workbook(tmp_path, {"rate": "S!$A$1"}, S=cells).path
    book = openpyxl.load_workbook(path)
    book["S"].defined_names["rate"] = DefinedName("rate", attr_text="S!$A$2")
    book.save(path)
    values = find_engine("formulas").load(read_workbook(path)).recalculate({})
    assert [values[at(address)] for address in ("B1", "B2", "B3")] == [2.0, 2.0, 1.0]


@pytest.mark.parametrize(
    "formula",
    [
        "=_xlfn.LET(_xlpm.x,A1,_xlpm.y+1)", "=_xlfn.LAMBDA(_xlpm.x,_xlpm.x+1)", '=GETPIVOTDATA("Sum",A1)',
        "=SUM(_xlfn.ANCHORARRAY(A1))", "=RAND()", "=RANDBETWEEN(1,2)", "=NOW()", "=TODAY()",
        '=CELL("width",A1)', '=INFO("release")', "=_xlfn.RANDARRAY(1)", "=_xlfn.WEBSERVICE(A1)", "=MYMACRO(A1)",
    ],
)  # fmt: skip
def test_what_no_recomputation_can_repeat_is_refused_and_so_is_what_depends_on_it(compute, formula):
    """A volatile function has another value the next time, and the others need what is not in the cells."""
    values = compute({**COLUMNS, "F1": formula, "F2": "=F1*0", "F3": "=IF(ISNUMBER(F2),1,2)", "F4": "=IFERROR(F1,1)"})
    assert all(refused(values[f"F{row}"]) for row in (1, 2, 3, 4))


def test_array_constants_that_share_their_rows_are_told_apart(compute):
    """formulas' parser has each row once, and hands on the one that is there already."""
    values = compute(
        {"F1": "=SUMPRODUCT({1;2;3;4},{3;4;2;3})", "F2": "=SUMPRODUCT({1,2;3,4},{3,4;1,2})", "F3": "=ROWS({1;1})"}
    )
    assert [values[f"F{row}"] for row in (1, 2, 3)] == [29.0, 22.0, 2.0]


def test_a_name_that_nothing_bears_is_an_error_value(compute):
    """A misspelt name shows #NAME? in Excel too, which IFERROR may take for any other error."""
    values = compute({"A1": 1, "F1": "=ratte*A1", "F2": "=IFERROR(ratte,7)", "F3": "=RATE_1"}, {"rate_1": "S!$A$1"})
    assert (values["F1"], values["F2"], values["F3"]) == (ErrorValue("#NAME?"), 7.0, 1.0)


def test_circular_references_and_all_behind_them_are_refused(compute):
    """Excel shows 0 or iterates; either way no cell on the circle has a value that could be a match."""
    values = compute(
        {"A1": "=B1+1", "B1": "=A1", "C1": "=B1*2", "D1": "=D1", "E1": "=IF(TRUE,1,F1)", "F1": "=E1", "G1": "=1+1"}
    )
    assert {address for address, value in values.items() if refused(value)} == {"A1", "B1", "C1", "D1", "E1", "F1"}
    assert values["G1"] == 2.0


def test_a_cell_that_depends_on_an_unsupported_one_is_unsupported(compute):
    """Through a branch not taken, a range, an area, a chain or IFERROR: what is not known may not turn into a number."""
    doubtful = {
        "C1": "=B1*0", "C2": "=IF(A1=1,A1,B1)", "C3": "=COUNT(A1:B2)", "C4": "=IFERROR(B1,1)", "C5": "=C1&C1", "C6": "=SUM(C5,1)",
        "D1:D3": "{=A1:A3*B1}", "E1": "=MAX(D2:D3)", "E2": "=SUMPRODUCT(A1:B1)", "G1:G2": "{=OFFSET(A1:A2,B1,0)}",
        "H1": "=ISERROR(B1)", "H2": "=IF(ISERROR(B1),0,A1*2)", "H3": "=B1>Z1", "H4": "=AND(A1>5,B1)", "Z1": "=1/0*B1",
    }  # fmt: skip
    values = compute({"A1": 1, "A2": 2, "A3": 3, "B1": "=NOW()", **doubtful, "F1": "=A1+A2"})
    known = {"A1", "A2", "A3", "F1", "B2"}
    assert {address for address, value in values.items() if not refused(value)} == known


@pytest.mark.parametrize("formula", ["=SUM(A1", "=A1+", "=)A1(", '="open', "=A1 2", "{=MMULT(A1:B2}"])
def test_a_formula_that_cannot_be_read_is_refused_alone(compute, formula):
    """One typing error must not cost the rest of the sheet its verdict."""
    values = compute({**COLUMNS, "F1": formula, "F2": "=A1+A2"})
    assert refused(values["F1"])
    assert values["F2"] == 3.0


@pytest.mark.parametrize(
    "text",
    [
        "1/2/2020",
        "€5",
        "1,00",
        "1,0000",
        "(5)",
        "٣",
        "12:30",
        "\t5",
        "1_0",
        "2024-02-30",
        "1900-01-10",
        "2024-1-5",
        "5%%",
        "$5%",
    ],
)
def test_a_text_that_excel_may_take_for_a_number_is_refused_in_arithmetic(compute, text):
    """What it means there depends on the country, and formulas has rules of its own."""
    assert refused(compute({"A1": text, "F1": "=A1+1"})["F1"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5 ", 6.0),
        (" 5", 6.0),
        ("-5", -4.0),
        ("+5", 6.0),
        ("1e3", 1001.0),
        ("--5", VALUE),
        ("5%", 1.05),
        ("1,000", 1001.0),
        ("6,681,011,455.5", 6681011456.5),
        ("-$3", -2.0),
        ("$1,000", 1001.0),
        (" 25% ", 1.25),
    ],
)
def test_a_text_that_reads_as_a_number_in_english_is_one_in_arithmetic(compute, text, value):
    """Excel stored so; it passes over spaces, and reads one sign only."""
    assert compute({"A1": text, "F1": "=A1+1"})["F1"] == value


@pytest.mark.parametrize("text", ["abc", "n/a", "-", "May"])
@pytest.mark.parametrize("formula", ["=A1+1", "=-A1", "=EXP(A1)", "{=A1:A2*2}"])
def test_a_text_without_a_digit_gives_value_in_arithmetic(compute, text, formula):
    """No country reads a number in it."""
    assert compute({"A1": text, "F1": formula})["F1"] == VALUE


@pytest.mark.parametrize(
    ("text", "formula"),
    [("inf", "=1/A1"), ("-Infinity", "=EXP(A1)"), ("nan", "=A1+1"), ("1_000", "=A1+1"), ("inf", "{=TANH(A1:A2)}")],
)
def test_a_text_that_only_python_takes_for_a_number_is_none(compute, text, formula):
    """float() reads it, and so 1/"inf" would be a flawless 0; Excel says #VALUE!."""
    value = compute({"A1": text, "F1": formula})["F1"]
    assert refused(value) or value == VALUE


# --- computed as Excel does ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=-A2^2", 4.0), ("=0-A2^2", -4.0), ("=2^3^2", 64.0), ("=2^-A2", 0.25), ("=A5--A2", 7.0), ("=-(A2^2)", -4.0),
        ("=1<2<3", False), ("=(A1<A2)=1", False), ("=(A1<A2)<>1", True), ("=(A1<A2)>100", True), ("=IF(A1<A2<A3,1,2)", 2.0),
        ("=TRUE+TRUE", 2.0), ("=(A1<A2)*5", 5.0), ('="a"="A"', True), ('=1="1"', False), ("=1+2&3", "33"), ("=A2<=2", True),
        ("=A2>=2", True), ("=A2<2", False), ("=A2>2", False), ("=A2<>2", False), ("=A2=2", True), ('=A1&"x"', "1x"),
    ],
)  # fmt: skip
def test_operators_bind_and_compare_as_in_excel(compute, formula, value):
    """Unary minus before ``^``, ``^`` from the left, and any truth value above any number."""
    found = compute({**COLUMNS, "F1": formula})["F1"]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("formula", ["=PRODUCT(Z1:Z9)", "=PRODUCT(A1:A2)"])
def test_a_product_of_nothing_is_never_one(compute, formula):
    """Excel's PRODUCT of blanks and texts is 0, the mathematician's and formulas' is 1."""
    value = compute({"A1": "word", "F1": formula})["F1"]
    assert refused(value) or value == 0.0


BLANKS = {"A1": 0, "A3": "=1/0", "B1": 4, "B2": "=Z9"}


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=Z9", 0.0), ("=Z9+1", 1.0), ('=Z9=""', True), ("=Z9=0", True), ('=Z9&"x"', "x"), ('=A1=""', False), ("=1/Z9", DIV),
        ("=COUNT(A1:A2)", 1.0), ("=COUNT(B1:B3)", 2.0), ("=AVERAGE(A1:B1)", 2.0), ("=AVERAGE(Z1:Z9)", DIV), ("=MIN(Z1,B1)", 4.0),
        ("=SUM(Z1:Z9)", 0.0), ("=MAX(Z1:Z9)", 0.0), ("=SUMSQ(B1,Z1:Z9)", 16.0),
        ("=SUM(A1:A3)", DIV), ("=COUNT(A1:A3)", 1.0), ("=IF(A3,1,2)", DIV), ("=IFERROR(A3,7)", 7.0), ("=IFERROR(Z9,7)", 0.0),
        ("=IF(TRUE,1,A3)", 1.0), ("=A3=A3", DIV), ("=A3+#N/A", DIV), ("=#N/A+A3", ErrorValue("#N/A")), ("=NOT(Z9)", True),
    ],
)  # fmt: skip
def test_blank_zero_and_error_are_three_things(compute, formula, value):
    """A blank is 0 in arithmetic and nothing to an average; an error goes through everything but IFERROR."""
    found = compute({**BLANKS, "F1": formula})["F1"]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("=Z9=FALSE", True),
        ("=TRUE<>Z9", True),
        ("=Z9=(1>0)", False),
        ("=(1>0)>Z9", True),
        ("=SUM(IF(Z9<=TRUE,1,0))", 1.0),
    ],
)
def test_a_blank_beside_a_truth_value_is_false(compute, formula, expected):
    """formulas takes it for 0, which is less than any truth value."""
    found = compute({**BLANKS, "F1": formula})["F1"]
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ('=A1="É"', True),
        ('="é"<>A1', False),
        ('=A1="Müller"', False),
        ('="’"="a"', False),
        ('=SUM(({"a","é"}="É")*1)', 1.0),
    ],
)
def test_texts_with_letters_beyond_ascii_are_equal_as_lookups_find_them(compute, formula, expected):
    """Whatever the language of the program: the case of a letter does not count, and another letter is another."""
    assert compute({"A1": "é", "F1": formula})["F1"] == expected


@pytest.mark.parametrize("formula", ['=IF(A1="e",1,2)', '=SUMPRODUCT(--(A1:A2="e"))', '=A1<"f"', '="ß"="SS"'])
def test_texts_that_differ_by_an_accent_only_are_compared_by_nobody(compute, formula):
    """Whether e equals é depends on the language of the program, and so does their order."""
    assert refused(compute({"A1": "é", "A2": "e", "F1": formula})["F1"])


@pytest.mark.parametrize("number", [2.0**63, 1e22, -1e308])
def test_the_integer_part_of_a_huge_number_is_itself(compute, number):
    """Excel's INT knows no largest integer, and an array formula may not know one either."""
    values = compute({"A1": number, "F1": "=INT(A1)", "G1": "{=INT(A1:A1)}", "H1": "=SUM(INT(A1),1)"})
    assert (values["F1"], values["G1"], values["H1"]) == (number, number, number)


def test_sheets_and_cells_are_found_by_the_names_excel_gives_them(compute):
    """Apostrophes, sheets that look like cells, another case, the last cell of the grid, a range written backwards."""
    values = compute(
        {"A1": 1, "A2": 2, "B1": "='It''s'!A1+'A1'!A1", "B2": "=S!a1+$A$2", "B3": "=XFD1048576+1", "B4": "=SUM(A2:A1)"},
        **{"It's": {"A1": 10}, "A1": {"A1": 20}},
    )
    assert [values[f"B{row}"] for row in (1, 2, 3, 4)] == [30.0, 3.0, 1.0, 3.0]


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=LN(A1)", -46.051701859880914), ("=1/A1", 1e20), ("=SQRT(A1)", 1e-10), ("=IF(A1,1,2)", 1.0), ("=LN(EXP(-50))", -50.0),
        ("=LN(A1*A1)", -92.10340371976183), ("=A1^0.5", 1e-10), ("=SIGN(-A1)", -1.0),
    ],
)  # fmt: skip
def test_a_number_that_is_small_by_itself_is_not_zero(compute, formula, value):
    """Probabilities get as small as this; only what a subtraction left is doubtful."""
    assert compute({"A1": 1e-20, "F1": formula})["F1"] == value


@pytest.mark.parametrize(
    "formula",
    [
        "=1/A2", "=LN(A2)", "=IF(A2,1,2)", "=1/(0.3-0.1-0.2)", "=LN(A2*1E10)", "=1/A3", "=IF(A4,1,2)", "=1/ABS(A2)",
        "=SQRT(A2)/A3", "=1/A5", "=1/(A6*1E300)",
    ],
)  # fmt: skip
def test_what_a_subtraction_left_is_not_divided_by(compute, formula):
    """Excel makes zero of 0.1+0.2-0.3 in a cell, and so of all that follows from it; Python keeps 5.6e-17."""
    cells = {
        "A1": 0.1, "A2": "=A1+0.2-0.3", "A3": "=A2*1E12", "A4": "=IF(TRUE,A2)", "A5": "=SUM(A1,0.2,-0.3)", "A6": "=EXP(-740)",
    }  # fmt: skip
    assert refused(compute({**cells, "F1": formula})["F1"])


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=SUM(C1:C9)", 0.0), ("=1/SUM(C1:C9)", DIV), ('=IF(SUM(C1:C9)=0,"balanced","off")', "balanced"),
        ("=MOD(SUM(D1:D10),1)", 1 - 2**-53), ("=AVERAGE(D1:D10)", 0.09999999999999999),
    ],
)  # fmt: skip
def test_a_sum_is_taken_one_number_after_the_other(compute, formula, value):
    """numpy adds more than seven numbers in pairs, and ends in another last digit, which a balance check makes visible."""
    amounts = (1253.41, -675.45, -965.87, 1145.78, -1993.66, -346.4, 160.44, -342.3, 1764.05)
    cells = {f"C{row}": amount for row, amount in enumerate(amounts, 1)} | {f"D{row}": 0.1 for row in range(1, 11)}
    assert compute({**cells, "F1": formula})["F1"] == value


@pytest.mark.parametrize(
    "formula",
    [
        "=1/SUM(A1:A3)", "=IF(SUM(A1:A3)=0,1,2)", "=INT(SUM(A1:A3))", "=MOD(SUM(A1:A3),1)", "=SUM(A1:A3)*1E6", "=1/B1",
        "=COUNTIF(B1:B1,0)", "=ROUNDUP(B1,0)", "=B1*1E6", "=IF(B1*1E3+0,1,2)", "=B1*1E3=0", "=ATAN2(B1,0)", "=DELTA(B1)",
        '=B1&""', "=MATCH(0,B1:B1,0)", "=SUMPRODUCT(B1:B1,B2:B2)", "=1/(1+7*2^-52-1)", "=1/B3", "=SIGN(B4)",
    ],
)  # fmt: skip
def test_what_is_left_of_a_sum_is_followed_as_far_as_it_matters(compute, formula):
    """Excel makes zero of less than 8 units in the last place, at each step of SUM and at the end of a cell."""
    cells = {
        "A1": 110.1, "A2": 220.2, "A3": -330.3, "B1": "=SUM(A1:A3)", "B2": 1e20, "A4": "=1+7*2^-52", "B3": "=A4-1",
        "B4": "=SUMPRODUCT(A1:A3,C1:C3)", "C1": 1, "C2": 1, "C3": 1,
    }  # fmt: skip
    assert refused(compute({**cells, "F1": formula})["F1"])


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ('=IF(A1=1,Z9,"n/a")&" kg"', " kg"), ('=IF(IF(A1=1,Z9,Y9)="","missing","ok")', "missing"), ('=IF(A1=1,Z9)<>""', False),
        ('=IFERROR(Z9,"")&"z"', "z"), ('=IFERROR(1/0,Z9)=""', True), ("=IF(A1=1,Z9)+1", 1.0), ("=IF(A1=1,Z9)", 0.0),
        ('=+Z9&"z"', "z"),
    ],
)  # fmt: skip
def test_a_blank_that_is_chosen_stays_a_blank(compute, formula, value):
    """It becomes a zero only where it is shown or reckoned with."""
    assert compute({"A1": 1, "F1": formula})["F1"] == value


@pytest.mark.parametrize(
    "formula",
    [
        "=SLOPE(LN(B1:B5),A1:A5)", "=CORREL(A1:A5*1,B1:B5)", "=SUMX2MY2(A1:A5*1,B1:B5*1)", "=MODE(MOD(A1:A5,2))",
        "=MDETERM(A1:A5*1)", "=FREQUENCY(A1:A5*1,B1:B5)", "=TREND(B1:B5,LN(A1:A5),6)", "=GCD(A1:A5*2)", "=COVAR(A1:A5*1,B1:B5)",
    ],
)  # fmt: skip
def test_functions_of_arrays_do_not_take_one_cell_of_what_is_computed(compute, formula):
    """They work through it in a plain cell too, or nobody knows."""
    assert refused(compute({**COLUMNS, "F3": formula})["F3"])


@pytest.mark.parametrize(
    ("formula", "value"), [("=ATAN2(-1,A1*A2)", math.pi), ("=ODD(A1*A2)", 1.0), ("=ATAN2(-2,-A1)", math.pi)]
)
def test_there_is_no_negative_zero(compute, formula, value):
    """Excel makes 0 of it, and an angle turns round."""
    assert compute({"A1": 0, "A2": -3, "F1": formula})["F1"] == value


def test_a_literal_has_fifteen_digits(compute):
    """Excel makes zeros of the ones after the fifteenth."""
    assert compute({"F1": "=ROUND(1.4999999999999999,0)", "F2": "=1234567890123456789"}) == {
        "F1": 1.0,
        "F2": 1234567890123450000.0,
    }


@pytest.mark.parametrize(
    "formula",
    [
        "=INT(1,2)",
        "=SQRT()",
        "=LOG(1,2,3)",
        "=MMULT(A1:A2)",
        "=PI(1)",
        "=ABS(1,2)",
        "=POWER(2)",
        "=SUM()",
        "=SUMPRODUCT()",
        "=IF()",
    ],
)
def test_a_formula_with_too_many_or_too_few_arguments_is_refused_by_itself(compute, formula):
    """Excel would not take it; a program may have written it, and the other cells are to be computed all the same."""
    values = compute({"A1": 1, "F1": formula, "F2": "=A1+1"})
    assert refused(values["F1"])
    assert values["F2"] == 2.0


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=COMBIN(1030,515)", NUM), ("=COMBIN(1E9,1E7)", NUM), ("=_xlfn.COMBINA(1E9,1E7)", NUM), ("=PERMUT(1E8,1E7)", NUM),
        ("=COMBIN(40,20)", 137846528820.0),
    ],
)  # fmt: skip
def test_numbers_beyond_all_bounds_do_not_take_all_day(compute, formula, value):
    """A whole number of a million digits is none of Excel's."""
    assert compute({"F1": formula})["F1"] == value


def test_an_override_below_the_used_cells_is_seen_by_whole_columns(tmp_path):
    """An input may be bound to a cell that the template leaves blank."""
    session = find_engine("formulas").load(
        workbook(tmp_path, S={"A1": 1, "A2": 2, "C1": "=SUM(A:A)", "C2": "=COUNT(A:A)"})
    )
    values = session.recalculate({at("A100"): 50.0})
    assert (values[at("C1")], values[at("C2")], values[at("A100")]) == (53.0, 3.0, 50.0)
    assert session.recalculate({})[at("C1")] == 3.0


def test_an_override_below_the_used_cells_is_seen_even_where_a_formula_names_the_cell(tmp_path):
    """The blank cell has a place of its own then, and still lies beyond what the whole column is read up to."""
    cells = {
        "A1": 1,
        "A2": 2,
        "C1": "=SUM(A:A)",
        "D1": "=A100",
        "D2": "=MATCH(50,A:A,0)",
        "D3": "=IF(A100>0,SUM(A:A),0)",
    }
    values = find_engine("formulas").load(workbook(tmp_path, S=cells)).recalculate({at("A100"): 50.0})
    assert [values[at(address)] for address in ("C1", "D1", "D2", "D3")] == [53.0, 50.0, 100.0, 53.0]


@pytest.mark.parametrize(
    "formula",
    [
        "=SUM(INDEX(A1:B5,2))", "=SUMPRODUCT(N(A1:A3))", "{=SUM(LEN(T(A1:A3)))}", "=SUMPRODUCT(--ISODD(A1:A5))",
        "{=TYPE(A1:A3)}", '{=_xlfn.TEXTJOIN({",",";"},TRUE,A1:A4)}', '{=_xlfn.TEXTBEFORE("a b,c",{","," "})}',
        '=TEXT(0.3,"0/0")', '=TEXT(0.5,"h:mm:sss")', '=TEXT(45000.99999995,"h:mm")', '=TEXT(99999999999.6,"General")',
    ],
)  # fmt: skip
def test_what_takes_a_range_as_excel_does_not_is_refused(compute, formula):
    """Of some Excel takes the first cell, of some it makes #VALUE!, some work through their own list."""
    assert refused(compute({**COLUMNS, "F1": formula})["F1"])


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ('=VALUE(" 5 ")', 5.0), ('=VALUE("+5.5")', 5.5), ('=VALUE(LEFT("5 kg",2))', 5.0), ('=IFERROR(VALUE("5 "),0)', 5.0),
        ("=SUM(INDEX(C1:C5,5),4)", 4.0), ("=COUNT(INDEX(C1:C5,5),4)", 1.0),
        ("=SUM(IF(TRUE,C5),4)", 4.0), ("=SUM(INDEX(A1:B5,2,))", 5.0),
    ],
)  # fmt: skip
def test_one_cell_that_is_chosen_is_taken_as_a_reference(compute, formula, value):
    """A text in it is passed over, and a text that spells a number with spaces is one to VALUE."""
    assert compute({**COLUMNS, "C5": "word", "F1": formula})["F1"] == value


# --- where the engines differ, because ExcelModel differs from Excel -------------------------------------------------


@pytest.fixture
def answers(tmp_path):
    def answer(content, cells, where="F1", address="F1"):
        """What ``formulas`` and ``excelmodel`` make of one formula, in the cells of its area."""
        book = workbook(tmp_path, S={**cells, where: content})
        return [[values[cell] for cell in parse_range(address, "S").cells()] for values in both(book, {})]

    return answer


def test_a_constant_of_1e_20_stays_in_formulas_and_is_0_in_excelmodel(answers):
    """ExcelModel rounds what it reads to 15 decimals; of a weight of 1e-8 that would leave seven digits."""
    assert answers("=A1*1", {"A1": 1e-20}) == [[1e-20], [0.0]]


def test_zero_to_the_power_of_zero_is_num(answers):
    """Python says 1, and Excel #NUM!."""
    ours, theirs = answers("=A1^A1", {"A1": 0})
    assert ours == [NUM]
    assert isinstance(theirs[0], Unsupported)


def test_zero_to_a_negative_power_is_a_division_by_zero(answers):
    """IFERROR hides the difference, but the cell itself shows another error."""
    assert answers("=A1^-1", {"A1": 0}) == [[DIV], [VALUE]]


def test_a_fractional_power_of_a_negative_number_is_num(answers):
    """Python makes a complex number of it, which is no Excel value."""
    ours, theirs = answers("=(-8)^0.7", {})
    assert ours == [NUM]
    assert isinstance(theirs[0], Unsupported)


def test_an_odd_root_of_a_negative_number_is_refused(answers):
    """Some programs that follow Excel have -2 for it, and its manual has #NUM!."""
    ours, _ = answers("=(-8)^(1/3)", {})
    assert isinstance(ours[0], Unsupported)


@pytest.mark.parametrize(
    ("formula", "witness"),
    [("=1/(1+EXP(A4))", NUM), ("=SUM(A2:A3)", NUM), ("=A1^2", VALUE)],
)
def test_an_overflow_is_num_at_the_operation_that_makes_it(answers, formula, witness):
    """An infinity that goes on would end in a harmless zero."""
    assert answers(formula, {"A1": 1e200, "A2": 1e308, "A3": 1e308, "A4": 1000}) == [[NUM], [witness]]


def test_excelmodel_has_no_number_where_an_overflow_goes_on_as_an_infinity(answers):
    """It has 0 there, which is no value of Excel's."""
    ours, theirs = answers("=1/SUMSQ(A1)", {"A1": 1e200})
    assert ours == [NUM]
    assert isinstance(theirs[0], Unsupported)


def test_a_row_in_a_column_of_cells_repeats_its_first_element(answers):
    """ExcelModel reshapes a 1x4 row into a 4x1 area, and so hides a forgotten TRANSPOSE."""
    row = {"A1": 1, "B1": 2, "C1": 3, "D1": 4}
    assert answers("{=A1:D1}", row, "F1:F4", "F1:F4") == [[1.0] * 4, [1.0, 2.0, 3.0, 4.0]]


def test_a_column_in_a_single_array_cell_gives_its_first_element(answers):
    """Excel cuts off what does not fit."""
    assert answers("{=A1:A2}", {"A1": 1, "A2": 2}) == [[1.0], [VALUE]]


@pytest.mark.parametrize(
    ("formula", "value"),
    [("=SUM(A1:A3)", 1.0), ("=COUNT(A1:A3)", 1.0), ("=MAX(A1:A3)", 1.0), ("=SUMPRODUCT(A1:A3,A1:A3)", 1.0)],
)
def test_a_text_in_a_range_is_no_number_even_if_it_looks_like_one(answers, formula, value):
    """A number stored as text is the commonest silent fault of a sheet; ExcelModel counts it."""
    ours, theirs = answers(formula, {"A1": 1, "A2": "5", "A3": "word"})
    assert ours == [value]
    assert theirs != [value]


@pytest.mark.parametrize(("formula", "value"), [("=COUNT(A1:A3)", 2.0), ("=AVERAGE(A1:A3)", 3.0), ("=MIN(A1:A3)", 2.0)])
def test_a_false_in_a_range_is_no_number(answers, formula, value):
    """Only as an argument of its own does a truth value count; here ExcelModel knows it too."""
    assert answers(formula, {"A1": 2, "A2": False, "A3": 4}) == [[value], [value]]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("=ABS(A1)", 0.05), ("=-A1", -0.05), ("=A1^2", 0.0025), ("=VALUE(A2)", 1000.0), ("=SUMPRODUCT(A1:A2*2)", 2000.1),
        ("=+A1", "5%"),
        ("=+A3", True), ('=+A4&"x"', "x"), ("=ROUND(A1,1)", 0.1), ("=A1=0.05", False), ("=SUM(A1:A2)", 0.0),
        ("=+A5", ErrorValue("#N/A")),
    ],
)  # fmt: skip
def test_a_number_in_a_text_is_one_for_operators_and_functions_of_numbers(compute, formula, expected):
    """Not for comparisons, nor for what adds up a range; a plus before a value changes nothing."""
    found = compute({"A1": "5%", "A2": "$1,000", "A3": True, "A5": "=NA()", "F1": formula})["F1"]
    assert found == (pytest.approx(expected) if isinstance(expected, float) and expected else expected)


def test_a_date_in_the_international_form_is_its_serial_number(tmp_path, compute):
    """Excel reads it in every locale; the LCM, FLOOR and other columns of public workbooks have it among their arguments."""
    values = compute({"A1": "2024-01-10", "F1": "=A1+1", "F2": '="2024-01-31"-A1', "F3": "=FLOOR(A1,2)", "F4": "=SUM(A1:A2)",
                      "F5": '=A1="2024-01-10"', "F6": "=ABS(A1)", "F7": "=ISNUMBER(A1)",
                      "F8": '=TEXT(A1,"dd/mm/yyyy")', "F9": '=TEXT("50%","0.00")'})  # fmt: skip
    assert [values[f"F{row}"] for row in range(1, 10)] == [
        45302.0, 21.0, 45300.0, 0.0, True, 45301.0, False, "10/01/2024", "0.50"
    ]  # fmt: skip


def test_such_a_date_is_refused_where_dates_count_from_1904(tmp_path):
    """There it is another number."""
    path = workbook(tmp_path, S={"A1": "2024-01-10", "F1": "=A1+1", "F2": '="2024-01-31"+0', "F3": "=1+1"}).path
    book = openpyxl.load_workbook(path)
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.save(path)
    values = find_engine("formulas").load(read_workbook(path)).recalculate({})
    assert refused(values[at("F1")])
    assert refused(values[at("F2")])
    assert values[at("F3")] == 2.0


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("{=SUM(A1:A5*B1:B4)}", ErrorValue("#N/A")), ("=SUMPRODUCT(A1:A4-B1:B5)", ErrorValue("#N/A")),
        ("{=SUM(IF(ISNA(A1:A5-B1:B3),1,0))}", 2.0), ("{=COUNT(A1:B5+A1:A3)}", 6.0), ("{=SUM(A1:A5*B1:B1)}", 30.0),
        ("{=MMULT(TRANSPOSE(A1:A5-B1:B4),A1:A5)}", ErrorValue("#N/A")), ("{=IFERROR(SUM(A1:A2^B1:B3),7)}", 7.0),
    ],
)  # fmt: skip
def test_what_an_array_lacks_beside_a_larger_one_is_not_available(compute, formula, value):
    """numpy does not broadcast them and formulas makes #VALUE! of it; a wrong range in an array formula is a usual mistake."""
    assert compute({**COLUMNS, "F1:F1" if formula[0] == "{" else "F1": formula})["F1"] == value


@pytest.mark.parametrize("formula", ["{=SUM(A1:A5*B6:B9)}", "{=SUM((A:A*2)-B1:B9)}"])
def test_beside_another_error_value_or_a_whole_column_it_is_not_certain(compute, formula):
    """Which of two error values Excel shows is not known, and a whole column is longer than what is used of it."""
    assert refused(compute({**COLUMNS, "B7": "=1/0", "F1:F1": formula})["F1"])
