"""Functions with criteria, and those of databases: what Excel chooses, and what is refused.

Expected values are those that Excel stored in the workbooks of the IronCalc project, but for those marked as documented:
the results in the examples of Microsoft's pages on the functions, or what these pages say.
"""

import pytest
from formula_cases import evaluate, same, used
from test_engines import at, workbook

from xlparity.engines.evaluator.functions import criteria, database
from xlparity.engines.registry import find_engine
from xlparity.excel.values import Unsupported
from xlparity.excel.workbook import read_workbook


def column(letter, *values, first=1):
    return {f"{letter}{row}": value for row, value in enumerate(values, start=first) if value is not None}


CELLS = {
    **column("A", 23, "23", True, 1, -23, "hey", False, 123, None, None, '=""'),
    **column("B", "Steven", "Albert", "Bernanrd", "Steven", "Mr. Brown", "Mrs. Brown", "Albert", "=#N/A", None, "#x",
             "=1/0", "=1/0"),
    **column("C", 13, 17, -23, 5, 7, -3, None, "=#N/A", "=1/0", '=""', 113, "123", True, 14, 77, 34, None, 0, "string"),
    **column("D", "red", "BLUE", "yellow", "dark blue", "light blue", "light yellow", "dark yellow", "brown", "white",
             "Mr. White", "brown", "blue", "blue", "white dark", "red-ish", "blue-ish", "magenta", "magenta", "yellow"),
    **column("E", 1, 7, 8, 9, 13, "=1/0", 9, 3, 90, None, None, True, False),
    **column("F", "Apples", "Bananas", "Apples", "Cherries", "Bananas", "Apples", "Cherries", "Bananas", "Apples", "Cherries"),
    **column("G", 10, 20, 30, 40, 50, 60, 70, 80, 90, 100),
    **column("H", "a*", "a?b", "a~", "abc", "aXb", "A*"), **column("I", 100, 200, 300, 400, 0.1, "=0.1*3"),
    **column("J", "Q1", "Q2", "12 apples", "5%", "é", "E", "room 7"),
    # A database with its headers in row 31, and criteria to the right of it.
    **column("A", "Region", "East", "West", "East", "South", "West", "East", "North", first=31),
    **column("B", "Salesperson", "Alice", "Bob", "Cara", "Dan", "Ella", "Frank", "Gina", first=31),
    **column("C", "Revenue", 12000, 9600, 20000, 15000, 6000, 30000, 11000, first=31),
    **column("D", "Date", 45306, 45324, 45392, 45369, 45434, 45481, 45503, first=31),
    **column("E", "Contractor", True, False, True, True, False, True, False, first=31),
    **column("F", 1, "b", None, "B", None, "BB", "balpha", None, first=31),
    **column("G", "Numbers", True, "=#N/A", 7, 1, "42", None, -2, first=31),
    **column("L", "Region", "East", first=31), **column("M", "Revenue", ">10000", first=31),
    **column("N", "Revnu", None, first=31), **column("O", "Rgn", "East", first=31), **column("P", "REGION", "north", first=31),
    **column("Q", "Contractor", True, first=31), **column("R", "Contractor", 1, first=31),
    **column("S", "Date", ">=2024-07-01", first=31), **column("T", "Salesperson", ">D", first=31),
    **column("U", "1", "b", first=31), **column("V", "Region", "Ea", None, first=31), **column("W", "Rgn", 1, first=31),
    **column("X", "Date", ">11/1/2024", first=31), **column("Y", "Region", "<>Eas", first=31),
    **column("Z", "Salesperson", "=Al", first=31),
}  # fmt: skip
DATA = "D!A31:G38"

CASES = {
    # A number equals the text of that number, but is unequal to it; only numbers are above or below a number.
    "=COUNTIF(D!A1:A7,23)": 2,
    '=COUNTIF(D!A1:A7,"=23")': 2,
    '=COUNTIF(D!A1:A7,"<>23")': 6,
    '=COUNTIF(D!A1:A14,"<23")': 2,
    '=COUNTIF(D!A1:A14,">=23")': 2,
    '=COUNTIF(D!A1:A14,"<>")': 9,
    '=COUNTIF(D!A1:A14,"<")': 0,
    '=COUNTIF(D!A1:A14,">=")': 0,
    # The criterion that is blank is 0; "" is blank or empty, and "=" (documented) is blank.
    "=COUNTIF(D!C1:C19,D!Z1)": 1,
    '=COUNTIF(D!A1:A14,"")': 6,
    '=COUNTIF(D!A1:A14,"=")': 5,
    # Whole columns have a million blanks, and most of them are unequal to something.
    "=COUNTIF(D!B:B,\"=*brown\")": 2,
    "=COUNTIF(D!H:H,\"<>abc\")": 1048575,
    "=COUNTIFS(D!H:H,\"<>abc\",D!I:I,\"<>100\")": 1048574,
    "=COUNTIF(D!H:H,\"\")": 1048570,
    "=COUNTIF(D!$1:$1,\"<>\")": 10,
    # Wildcards are for texts; truth values and errors may be spelled.
    '=COUNTIF(D!B1:B14,"<>*brown")': 12,
    '=COUNTIF(D!B1:B14,"<brown")': 4,
    '=COUNTIF(D!B1:B14,">brown")': 4,
    "=COUNTIF(D!B1:B14,D!B8)": 1,
    '=COUNTIF(D!B1:B14,"#DIV/0!")': 2,
    "=COUNTIF(D!A1:A7,TRUE)": 1,
    '=COUNTIF(D!A1:A7,"FaLSe")': 1,
    '=COUNTIF(D!H1:H6,"a~*")': 2,
    '=COUNTIF(D!H1:H6,"a~?b")': 1,
    '=COUNTIF(D!H1:H6,"a?b")': 2,
    '=COUNTIF(D!J1:J2,"Q1")': 1,
    '=COUNTIF(D!J1:J7,"é")': 1,
    "=COUNTIF(D!J1:J3,7.5)": 0,
    '=COUNTIFS(D!D1:D19,"blue")': 3,
    '=COUNTIFS(D!E1:E19,">=1",D!E1:E19,"<=9")': 6,
    '=COUNTIFS(D!E1:E19,">1",D!E1:E18,"<9")': "#VALUE!",
    # What is added up: numbers alone, and the first error among them.
    '=SUMIF(D!D1:D19,"*blue",D!C1:C19)': 29,
    '=SUMIF(D!D1:D19,"*o*",D!C1:C19)': "#N/A",
    '=SUMIF(D!D1:D19,">c",D!C1:C19)': "#DIV/0!",
    '=SUMIF(D!D1:D19,"nothing",D!C1:C19)': 0,
    '=SUMIF(D!G1:G10,">50")': 400,
    '=SUMIF(D!F1:F10,"Apples",D!G1:G12)': 190,
    '=SUMIF(D!F:F,"Apples",D!G:G)': 190,
    '=SUM(SUMIF(D!F1:F10,"Apples",D!G1:G10),1)': 191,
    '{=SUM(SUMIF(D!F1:F10,{"Apples";"Bananas"},D!G1:G10))}': 340,
    '=SUMIFS(D!C1:C19,D!D1:D19,"???-ish")': 77,
    '=SUMIFS(D!G1:G10,D!F1:F10,"Apples",D!G1:G10,">20")': 180,
    '=SUMIFS(D!G1:G9,D!F1:F10,"Apples")': "#VALUE!",
    '=AVERAGEIF(D!D1:D19,"magenta",D!C1:C19)': 0,
    '=AVERAGEIF(D!D1:D19,"nothing",D!C1:C19)': "#DIV/0!",
    '=AVERAGEIFS(D!C1:C19,D!D1:D19,"*-ish")': 55.5,
    '=MAXIFS(D!C1:C19,D!D1:D19,"*ll*")': -3,
    '=MINIFS(D!C1:C19,D!D1:D19,"*ll*")': -23,
    '=MINIFS(D!C1:C19,D!D1:D19,"nothing")': 0,
    # Databases: a mere text is how a text begins; a row of criteria that asks for nothing is met by all.
    f'=DSUM({DATA},"Revenue",D!L31:L32)': 62000,
    f'=DSUM({DATA},"Revenue",D!L31:M32)': 62000,
    f'=DSUM({DATA},"Revenue",D!V31:V32)': 62000,
    f'=DSUM({DATA},"Revenue",D!V31:V33)': 103600,
    f'=DSUM({DATA},"Revenue",D!N31:N32)': 103600,
    f'=DSUM({DATA},"Revenue",D!O31:O32)': 0,
    f'=DSUM({DATA},3.9,D!P31:P32)': 11000,
    f'=DSUM({DATA},0,D!P31:P32)': "#VALUE!",
    f'=DSUM({DATA},"Profit",D!P31:P32)': "#VALUE!",
    '=DSUM(D!A31:G31,"Revenue",D!P31:P32)': "#VALUE!",
    f'=DSUM({DATA},"Numbers",D!N31:N32)': "#N/A",
    f'=DAVERAGE({DATA},"Revenue",D!Q31:Q32)': 19250,
    f'=DAVERAGE({DATA},"Revenue",D!R31:R32)': "#DIV/0!",
    f'=DMAX({DATA},"Revenue",D!T31:T32)': 30000,
    f'=DMIN({DATA},"Revenue",D!O31:O32)': 0,
    f'=DPRODUCT({DATA},"Revenue",D!U31:U32)': 4.32e16,
    f'=DPRODUCT({DATA},"Revenue",D!O31:O32)': 0,
    f'=DCOUNT({DATA},"Numbers",D!N31:N32)': 3,
    f'=DCOUNTA({DATA},"Numbers",D!N31:N32)': 6,
    f'=DCOUNT({DATA},"Revenue",D!S31:S32)': 2,
    f'=DCOUNT({DATA},TRUE,D!P31:P32)': 0,
    f'=DGET({DATA},"Revenue",D!P31:P32)': 11000,
    f'=DGET({DATA},"Revenue",D!L31:L32)': "#NUM!",
    f'=DGET({DATA},"Revenue",D!O31:O32)': "#VALUE!",
    f'=DGET({DATA},"Salesperson",D!P31:P32)': "Gina",
    # Documented, as VAR and its like are of the three numbers 12000, 20000 and 30000.
    f'=DVAR({DATA},"Revenue",D!L31:L32)': 81333333.33333333,
    f'=DVARP({DATA},"Revenue",D!L31:L32)': 54222222.22222222,
    f'=DSTDEV({DATA},"Revenue",D!L31:L32)': 9018.499505645789,
    f'=DSTDEVP({DATA},"Revenue",D!L31:L32)': 7363.574010458649,
    f'=DVAR({DATA},"Revenue",D!P31:P32)': "#DIV/0!",
}  # fmt: skip

REFUSED = [
    # Texts that are numbers in some countries, numbers that differ in the 16th digit.
    '=COUNTIF(D!I5:I6,"5%")', "=COUNTIF(D!J1:J7,0.05)", "=COUNTIF(D!J1:J7,7)", "=COUNTIF(D!J1:J7,45000)",
    "=COUNTIF(D!I1:I6,0.3)", '=COUNTIF(D!I1:I6,">11/1/2024")', '=COUNTIF(D!I1:I6,"1E2")',
    # The order of texts with hyphens, signs or accents in them, or with wildcards.
    '=COUNTIF(D!J1:J7,">f")', '=COUNTIF(D!D1:D19,">red*")', '=COUNTIF(D!D1:D19,"<blue0")', '=COUNTIF(D!A1:A7,">TRUE")',
    # Ranges that are none, or too small, whole columns for a criterion, and a criterion that is a range.
    '=COUNTIF({1,2},1)', '=SUMIF(D!F1:F10,"Apples",D!G1)', "=SUMPRODUCT(COUNTIF(D!F1:F10,D!F:F))",
    '=COUNTIFS(D!F1:F10,"Apples",D!G1:G10)', '=DSUM(D!A:G,3,D!L31:L32)',
    # Criteria of databases that are computed, dates in the order of some country, what begins and must not.
    f'=DSUM({DATA},3,D!W31:W32)', f'=DSUM({DATA},3,D!X31:X32)', f'=DSUM({DATA},1,D!Y31:Y32)+DSUM({DATA},3,D!Y31:Y32)',
    f'=DSUM({DATA},3,D!L31)', f'=DSUM({DATA},,D!L31:L32)', f'=DSUM({DATA},D!Z30,D!L31:L32)',
]  # fmt: skip


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    return evaluate(tmp_path_factory.mktemp("criteria"), [*CASES, *REFUSED], CELLS)


@pytest.mark.parametrize("formula", CASES)
def test_a_criterion_chooses_what_excel_chooses(values, formula):
    """The language of criteria is Excel's own: what equals a number, what a wildcard is for, what a blank is."""
    assert same(values[formula], CASES[formula]), values[formula]


@pytest.mark.parametrize("formula", REFUSED)
def test_a_criterion_is_refused_where_excels_choice_is_not_certain(values, formula):
    """A count that is off by one is a number like any other."""
    assert isinstance(values[formula], Unsupported), values[formula]


@pytest.mark.parametrize("name", [*criteria.FUNCTIONS, *database.FUNCTIONS])
def test_every_function_with_criteria_has_a_case(name):
    """A function that no case calls is one that nobody has looked at."""
    assert any(name in used(formula) for formula in CASES)


def test_whole_columns_of_sheets_of_different_length(tmp_path):
    """What is used of one sheet ends where the other goes on, and the rest is blank and no text."""
    cells = {
        "A1": '=SUMIF(L!A:A,"",M!A:A)',
        "A2": '=COUNTIFS(L!A:A,"<>x",M!A:A,"<>1")',
        "A3": '=SUMIFS(M!A:A,L!A:A,"x")',
    }
    book = workbook(tmp_path, S=cells, L={"A1": "x", "A2": "y"}, M={f"A{row}": row for row in range(1, 6)})
    values = find_engine("formulas").load(book).recalculate({})
    assert [values[at(address)] for address in ("A1", "A2", "A3")] == [12.0, 1048575.0, 1.0]


def test_criteria_are_refused_where_dates_count_from_1904(tmp_path):
    """A date in a criterion is another number there, four years less one day."""
    import openpyxl  # noqa: PLC0415
    from openpyxl.utils.datetime import CALENDAR_MAC_1904  # noqa: PLC0415

    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.title = "S"
    book.active["A1"] = 45000
    book.active["B1"] = '=COUNTIF(A1:A2,">=2024-07-01")'
    book.save(tmp_path / "mac.xlsx")
    values = find_engine("formulas").load(read_workbook(tmp_path / "mac.xlsx")).recalculate({})
    assert isinstance(values[at("B1")], Unsupported)
