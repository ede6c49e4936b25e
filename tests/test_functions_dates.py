"""Excel's family Date & Time: what the engine says of a date is what Excel says, or it says nothing."""

import zipfile

import pytest
from test_engines import at, workbook

from xlparity.engines.evaluator.functions import dates
from xlparity.engines.registry import find_engine
from xlparity.excel.prefixes import prefixed
from xlparity.excel.values import ErrorValue, Unsupported
from xlparity.excel.workbook import read_workbook

DIV, NUM, VALUE = map(ErrorValue, ("#DIV/0!", "#NUM!", "#VALUE!"))
CELLS = {"A1": True, "A2": "hello", "A3": "2", "A4": "=1/0", "A6": 45292, "A7": 45293, "A8": 1, "A9": 2}

CASES = [
    # Microsoft's pages of DATE, and values stored by Excel (ironcalc's DATE, docs_DATE)
    ("=DATE(108,1,2)", 39449), ("=DATE(2008,14,2)", 39846), ("=DATE(2008,-3,2)", 39327), ("=DATE(2008,1,-15)", 39432),
    ("=DATE(2025.9,12.9,25.9)", 46016), ("=DATE(9999,13,-1)", NUM), ("=DATE(0,0,1)", NUM), ("=DATE(1900,2,29)", 60),
    ("=DATE(9999,12,31)", 2958465), ("=DATE(A2,1,1)", VALUE), ("=DATE(A4,A2,1)", DIV),
    # stored by Excel (ironcalc's docs_YEAR, docs_MONTH, docs_DAY)
    ("=YEAR(0)", 1900), ("=MONTH(0)", 1), ("=DAY(0)", 0), ("=YEAR(60)", 1900), ("=MONTH(60)", 2), ("=DAY(60)", 29),
    ("=DAY(61)", 1), ("=MONTH(61)", 3), ("=DAY(-5)", NUM), ("=YEAR(2958466)", NUM), ("=DAY(45651.9)", 25),
    ("=DAY(2958465.99998842)", 31), ('=YEAR("str")', VALUE), ("=SUMPRODUCT(YEAR({45000;46000})*{1;100})", 204523),
    # stored by Excel (ironcalc's TIME, HOUR, MINUTE, SECOND)
    ("=TIME(3,2,1)", 10921 / 86400), ("=TIME(24,2,3)", 123 / 86400), ("=TIME(12,-2,10)", 43090 / 86400),
    ("=TIME(-1,1,1)", NUM), ("=TIME(23,59,60)", 0), ("=TIME(32767,32767,32767)", 36787 / 86400),
    ("=HOUR(TIME(23,59,59))", 23), ("=MINUTE(TIME(16,60,24))", 0), ("=SECOND(TIME(10,1,62))", 2), ("=HOUR(A4)", DIV),
    ("=SECOND(45000+TIME(1,2,3))", 3), ("=HOUR(-1)", NUM),
    # stored by Excel (ironcalc's DATE_TIME)
    ('=DATEVALUE("2024-02-29 06:00")', 45351), ('=DATEVALUE("2024-02-29")', 45351), ('=TIMEVALUE("24:00")', 0),
    ('=TIMEVALUE(" 1:30 ")', 0.0625), ('=TIMEVALUE("12:00 PM")', 0.5),
    # stored by Excel (ironcalc's EDATE and EOMONTH): a truth value in a cell is none of the ToolPak's numbers
    ("=EDATE(32111,5)", 32263), ("=EDATE(32112,-235.5)", 24959), ("=EDATE(61,-7)", NUM), ("=EDATE(32112,A5)", 32112),
    ("=EOMONTH(44987,7)", 45230), ("=EOMONTH(44987,-4.7)", 44895), ("=EOMONTH(44987,A1)", VALUE),
    ("=EOMONTH(44987,A3)", 45077), ("=EOMONTH(44987,A5)", 45016), ("=EDATE(DATE(2023,1,31),1)", 44985),
    # stored by Excel (ironcalc's DAYS_DAYS360)
    ("=DAYS(46000.999999,45992.000001)", 8), ("=DAYS(A1,FALSE)", 1), ("=DAYS(-5,-10)", NUM), ("=DAYS(0.00625,1)", -1),
    ("=DAYS360(DATE(2025,1,1),DATE(2025,1,31),TRUE)", 29), ("=DAYS360(DATE(2025,1,1),DATE(2025,1,31))", 30),
    ("=DAYS360(DATE(2024,2,29),DATE(2025,2,28))", 358), ("=DAYS360(DATE(2025,2,28),DATE(2025,3,1))", 1),
    ("=DAYS360(DATE(2025,1,1),DATE(2025,1,31),0.0001)", 29), ('=DAYS360(DATE(2025,1,1),DATE(2025,1,31),"TRUE")', 29),
    ('=DAYS360(DATE(2025,1,1),DATE(2025,1,31),"abc")', VALUE), ("=DAYS360(10,0)", -10),
    # Microsoft's pages of DATEDIF, WEEKDAY, WEEKNUM and ISOWEEKNUM
    ('=DATEDIF(DATE(2001,1,1),DATE(2003,1,1),"Y")', 2), ('=DATEDIF(DATE(2001,6,1),DATE(2002,8,15),"D")', 440),
    ('=DATEDIF(DATE(2001,6,1),DATE(2002,8,15),"YD")', 75), ('=DATEDIF(DATE(2023,1,31),DATE(2023,2,28),"m")', 0),
    ('=DATEDIF(2,1+61,"D")', Unsupported), ('=DATEDIF(45001,45000,"D")', NUM), ('=DATEDIF(45000,45001,"Q")', NUM),
    ("=WEEKDAY(39492)", 5), ("=WEEKDAY(39492,2)", 4), ("=WEEKDAY(39492,3)", 3), ("=WEEKDAY(39492,4)", NUM),
    ("=WEEKDAY(39492,17)", 5), ("=WEEKDAY(1)", 1), ("=WEEKNUM(DATE(2012,3,9))", 10), ("=WEEKNUM(DATE(2012,3,9),2)", 11),
    ("=WEEKNUM(DATE(2024,12,31))", 53), ("=WEEKNUM(DATE(2021,1,3),21)", 53), ("=WEEKNUM(45000,3)", NUM),
    ("=ISOWEEKNUM(DATE(2012,3,9))", 10), ("=ISOWEEKNUM(DATE(2021,1,3))", 53),
    # Microsoft's page of YEARFRAC, and values stored by Excel (ironcalc's YEARFRAC)
    ("=YEARFRAC(DATE(2012,1,1),DATE(2012,7,30))", 0.580555555555556), ("=YEARFRAC(40909,41120,1)", 0.576502732240437),
    ("=YEARFRAC(40909,41120,3)", 0.578082191780822), ("=YEARFRAC(DATE(2008,3,1),DATE(2008,8,31),4)", 0.497222222222222),
    ("=YEARFRAC(DATE(1998,8,8),DATE(2024,4,4),1)", 25.65574934090448), ("=YEARFRAC(44921,44561,2)", 1),
    ("=YEARFRAC(DATE(2022,2,2),DATE(2024,2,29),1)", 2.0720802919708032), ("=YEARFRAC(40909,41120,5)", NUM),
    # Microsoft's pages of NETWORKDAYS, WORKDAY and their INTL forms
    ("=NETWORKDAYS(DATE(2012,10,1),DATE(2013,3,1))", 110), ("=NETWORKDAYS(DATE(2012,10,1),DATE(2013,3,1),41235)", 109),
    ("=NETWORKDAYS(DATE(2012,10,1),DATE(2013,3,1),{41235;41247;41295})", 107), ("=NETWORKDAYS(45299,45292)", -6),
    ("=NETWORKDAYS.INTL(DATE(2006,1,1),DATE(2006,1,31))", 22), ("=NETWORKDAYS.INTL(DATE(2006,2,28),DATE(2006,1,31))", -21),
    ("=NETWORKDAYS.INTL(DATE(2006,1,1),DATE(2006,2,1),7,{38719,38733})", 22), ("=NETWORKDAYS.INTL(45292,45299,8)", NUM),
    ("=NETWORKDAYS.INTL(DATE(2006,1,1),DATE(2006,1,31),)", 22),
    ("=NETWORKDAYS.INTL(DATE(2006,1,1),DATE(2006,1,31),,38719)", 21),
    ('=NETWORKDAYS.INTL(DATE(2006,1,1),DATE(2006,2,1),"0010001",{38719,38733})', 20),
    ('=NETWORKDAYS.INTL(45292,45299,"0012001")', VALUE), ('=NETWORKDAYS.INTL(45292,45299,"1111111")', 0),
    ("=WORKDAY(DATE(2008,10,1),151)", 39933), ("=WORKDAY(DATE(2008,10,1),151,{39778;39786;39834})", 39938),
    ("=WORKDAY(45297,1)", 45299), ("=WORKDAY(45299,-1)", 45296), ("=WORKDAY(45292,0)", 45292), ("=WORKDAY(45291,1,A6:A7)", 45294),
    ("=WORKDAY.INTL(DATE(2012,1,1),90,11)", 41013), ("=WORKDAY.INTL(DATE(2012,1,1),30,17)", 40944),
    ('=WORKDAY.INTL(DATE(2012,1,1),5,"1111111")', VALUE), ("=WORKDAY.INTL(DATE(2012,1,1),5,0)", NUM),
]  # fmt: skip

REFUSED = [
    "=TODAY()", "=NOW()", "=DATE(2024,-0.5,1)", "=DATE(2024,40000,1)", "=DATE(1900,0,40)", "=YEAR(45651.999999)",
    "=DAY(45651.9999999999)", "=SECOND(0.6/86400)", "=MINUTE(59.7/86400)", '=DATEVALUE("1-Mar-1900")',
    '=DATEVALUE("03/04/2024")', '=DATEVALUE("2023-02-29")', '=TIMEVALUE("1.30")', '=YEAR("1 March 2024")',
    "=EDATE(45000,)", "=EOMONTH(A6:A7,1)", "=EOMONTH(61,-1)", "=EDATE(30,1)", "=WEEKNUM(1)",
    "=YEARFRAC(A5,45000)", "=YEARFRAC(DATE(2023,2,28),DATE(2023,3,31))", "=DAYS360(45000,44900.999999)",
    "=DAYS360(DATE(2025,3,15),DATE(2025,1,31))", '=DATEDIF(DATE(2024,1,31),DATE(2024,3,1),"MD")',
    '=DATEDIF(DATE(2023,12,1),DATE(2024,3,1),"YD")', "=NETWORKDAYS(A5,45000)", "=WORKDAY(A5,3)", "=WORKDAY(61,-1)",
    "=NETWORKDAYS(45292,45299,A1:A2)", "=WORKDAY.INTL(A5,5)", "=NETWORKDAYS.INTL(45292,45299,TRUE)",
    "=NETWORKDAYS.INTL(45292,45299,Z99)", "=WORKDAY.INTL(45292,5,Z99)", "=NETWORKDAYS.INTL(45292,45299,{1,2})",
]  # fmt: skip


@pytest.fixture(scope="module")
def compute(tmp_path_factory):
    def computed(formulas, edit=None):
        """The formulas' values, each in a cell of its own beside CELLS."""
        book = workbook(
            tmp_path_factory.mktemp("book"),
            None,
            S=CELLS | {f"F{n}": prefixed(text) for n, text in enumerate(formulas, start=1)},
        )
        if edit:
            edit(book.path)
            book = read_workbook(book.path)
        values = {cell.a1: value for cell, value in find_engine("formulas").load(book).recalculate({}).items()}
        return [values[f"F{n}"] for n in range(1, len(formulas) + 1)]

    return computed


def mark_1904(path):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = parts["xl/workbook.xml"]
    assert b"<workbookPr" in text
    parts["xl/workbook.xml"] = text.replace(b"<workbookPr", b'<workbookPr date1904="1"', 1)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_dates_are_what_excel_makes_of_them(compute):
    """The expected values are Microsoft's or stored by Excel; a wrong day is as wrong as a wrong sum."""
    wrong = []
    for (formula, expected), value in zip(CASES, compute([formula for formula, _ in CASES]), strict=True):
        if expected is Unsupported:
            right = isinstance(value, Unsupported)
        else:
            right = value == (pytest.approx(expected, rel=1e-12) if isinstance(expected, int | float) else expected)
        if not right:
            wrong.append((formula, expected, value))
    assert wrong == []


def test_every_function_of_dates_has_a_case():
    """An entry of the table without a case would be trusted because it did not crash."""
    assert {name for name in dates.FUNCTIONS if not any(f"{name}(" in formula for formula, _ in CASES)} == set()


def test_what_is_not_certain_about_dates_is_refused(compute):
    """Where locale, rounding or Excel's 29 February 1900 decide, nobody knows Excel's answer."""
    found = zip(REFUSED, compute(REFUSED), strict=True)
    assert [(formula, value) for formula, value in found if not isinstance(value, Unsupported)] == []


# Formulas of a workbook whose dates count from 1904, and the same of one whose dates count from 1900.
LATER = {
    "=YEAR(45000)": "=YEAR(46462)", "=MONTH(0)": "=MONTH(1462)", "=DAY(Y1)": "=DAY(1462)", "=WEEKDAY(TRUE,2)": "=WEEKDAY(1463,2)",
    "=WEEKNUM(45000)": "=WEEKNUM(46462)", "=ISOWEEKNUM(45000)": "=ISOWEEKNUM(46462)", "=HOUR(0.75)": "=HOUR(0.75)",
    "=DATE(2024,1,31)": "=DATE(2024,1,31)-1462", "=EDATE(45000,3)": "=EDATE(46462,3)-1462", "=DAYS(45000,44000)": "=1000",
    "=EOMONTH(45000,-1)": "=EOMONTH(46462,-1)-1462", "=DATEDIF(44000,45000,\"m\")": "=DATEDIF(45462,46462,\"m\")",
    "=YEARFRAC(44000,45000,1)": "=YEARFRAC(45462,46462,1)", "=NETWORKDAYS(44000,45000)": "=NETWORKDAYS(45462,46462)",
    "=WORKDAY(45000,10)": "=WORKDAY(46462,10)-1462", "=DAYS360(44000,45000)": "=DAYS360(45462,46462)",
    "=TEXT(45000,\"yyyy-mm-dd\")": "=TEXT(46462,\"yyyy-mm-dd\")", "=TEXT(45000,\"0.00\")": "=TEXT(45000,\"0.00\")",
    '=TEXT(5,"0 ""days""")': '="5 days"', '=TEXT(5,"[Red]0")': '="5"', '=TEXT(5,"$#,##0.00 ""USD""")': '="$5.00 USD"',
    '=TEXT(5,"0\\m")': '="5m"', '="2024-01-31"&"x"': '="2024-01-31x"', '=LEN("2024-01-31")': "=10", '=MAX(5,A5)': "=MAX(5,A5)",
    "=TIME(1,2,3)": "=TIME(1,2,3)", "=1+1": "=1+1", "=TEXT(0,\"mmm d\")": "=TEXT(1462,\"mmm d\")",
}  # fmt: skip


def test_dates_that_count_from_1904_are_1462_days_less(compute):
    """Microsoft says so, and of TEXT Excel has stored it."""
    theirs, ours = compute([*LATER], mark_1904), compute([*LATER.values()])
    assert {f: value for f, value, other in zip(LATER, theirs, ours, strict=True) if value != other} == {}
    assert not any(isinstance(value, Unsupported) for value in ours)


_TEXTS = [
    '=(2024&"-01-31")+0',
    '=VALUE("2024"&"-01-31")',
    '=YEAR("2024-01-31")',
    '="2024-01-31"+1',
    '=TEXT("2024-01-31","0")',
]


def test_what_is_not_certain_of_such_dates_is_refused(compute):
    """A date before the first one, holidays, and functions with dates in criteria or of securities."""
    formulas = ["=YEAR(-1)", "=DATE(1903,1,1)", "=EDATE(0,-1)", "=COUPNUM(45000,46000,2)", '=COUNTIF(A1:A9,">1")']
    found = compute([*formulas, "=NETWORKDAYS(44000,45000,A1:A2)", '=DATEVALUE("2024-01-10")', *_TEXTS], mark_1904)
    assert [isinstance(value, Unsupported) for value in found] == [True] * (7 + len(_TEXTS))


@pytest.mark.libreoffice
def test_libreoffice_has_the_same_dates_from_1904(tmp_path):
    """It knows this date system, and is another program."""
    live = {f"F{row}": formula for row, formula in enumerate(LATER, start=1)}
    book = workbook(tmp_path, None, S={"A1": 1, **{place: prefixed(formula) for place, formula in live.items()}})
    mark_1904(book.path)
    book = read_workbook(book.path)
    ours, theirs = (find_engine(name).load(book).recalculate({}) for name in ("formulas", "libreoffice"))
    known = [place for place in live if not isinstance(theirs[at(place)], Unsupported)]
    for place in known:
        one, other = ours[at(place)], theirs[at(place)]
        assert one == (pytest.approx(other, rel=1e-12) if isinstance(other, float) else other), live[place]
    assert len(known) > 15


def test_a_workbook_tells_its_date_system(tmp_path):
    """Every engine and report can ask; openpyxl keeps it in a place of its own."""
    book = workbook(tmp_path, None, S={"A1": 1})
    assert not book.date1904
    mark_1904(book.path)
    assert read_workbook(book.path).date1904


def test_a_column_constant_is_a_column(compute):
    """A row of each one, as in {45000;46000}, was taken for cells of one row, and its second value lost."""
    assert compute(["=SUMPRODUCT({1;2}*{10,100})"]) == [330.0]
