"""Inputs that are tables with headers: the reference is given a DataFrame."""

import subprocess
import sys
from datetime import datetime

import openpyxl
import pytest
from openpyxl.worksheet.table import Table

import xlparity
from xlparity.excel.address import Cell
from xlparity.excel.dates import shown_as_dates
from xlparity.excel.workbook import read_workbook
from xlparity.results.report import Verdict

SPEC = """
workbook = "book.xlsx"
reference = "ref.py:f"
sheet = "S"
inputs = {{ t = {{ at = "{at}", frame = true{more} }} }}
outputs = {{ y = "F1" }}
"""
ROWS = [
    ["Kind", "Price", "Count", "Day"],
    ["a", 2.5, 3, datetime(2024, 1, 31)],
    ["b", 4.25, 1, datetime(2024, 2, 29)],
    ["a", 1.75, None, datetime(2024, 3, 31)],
]


@pytest.fixture
def verified(run, tmp_path):
    """The verdict and what is printed, for a body of the reference, a formula and a table."""

    def verify(body, formula, *, rows=ROWS, at="A1:D4", more="", table=None, options=()):
        book = openpyxl.Workbook()
        book.active.title = "S"
        for row in rows:
            book.active.append(row)
        for cell in next(book.active.iter_cols(max_col=1, min_row=2)) if rows[0][0] == "Day" else ():
            cell.number_format = "yyyy-mm-dd"
        book.active["F1"] = formula
        if table is not None:
            book.active.add_table(Table(displayName=table, ref="A1:D4"))
        book.save(tmp_path / "book.xlsx")
        (tmp_path / "ref.py").write_text(
            "import math\nimport pandas as pd\n\ndef f(t):\n    " + "\n    ".join(body.splitlines())
        )
        (tmp_path / "book.parity.toml").write_text(SPEC.format(at=at, more=more))
        done = run("verify", tmp_path / "book.parity.toml", *options)
        return Verdict(done.code), " ".join(done.out.split()) or done.err

    return verify


TOTAL = 'return {"y": (t["Price"] * t["Count"].fillna(0)).sum()}'


def test_a_table_with_headers_is_a_data_frame(verified):
    """Its columns by their headers, with numbers, texts, dates and a blank as the sheet shows them."""
    body = """assert type(t) is pd.DataFrame and list(t.columns) == ["Kind", "Price", "Count", "Day"] and len(t) == 3
assert t["Price"].dtype == float and t["Count"].dtype == float and t["Count"].isna().tolist() == [False, False, True]
assert t["Day"].tolist() == [pd.Timestamp(2024, 1, 31), pd.Timestamp(2024, 2, 29), pd.Timestamp(2024, 3, 31)]
assert t["Kind"].tolist() == ["a", "b", "a"]
"""
    verdict, said = verified(body + TOTAL, "=SUMPRODUCT(B2:B4,C2:C4)")
    assert verdict is Verdict.PASS, said
    verdict, said = verified(body + TOTAL, "=SUMPRODUCT(B2:B3,C2:C3)+B4*0.001")
    assert verdict is Verdict.FAIL
    assert "S!F1" in said


def test_a_fault_on_other_numbers_only_is_found(verified):
    """The numbers are varied, and what is reported is a number to type."""
    verdict, said = verified(TOTAL, "=SUMPRODUCT(B2:B4,C2:C4)+IF(C2>5,1,0)")
    assert verdict is Verdict.FAIL
    assert "set S!C2 to" in said
    verdict, said = verified(TOTAL, "=SUMPRODUCT(B2:B4,C2:C4)+IF(C2>5,1,0)", more=", low = 0, high = [1, 9, 4, 1]")
    assert verdict is Verdict.PASS, said


def test_a_table_of_excel_is_named_with_or_without_its_headers(verified):
    """Sales, Sales[#All] and the range of its data are the same frame."""
    for at in ("Sales", "Sales[#All]", "A2:D4", "A1:D4"):
        verdict, said = verified(TOTAL, "=SUMPRODUCT(B2:B4,C2:C4)", at=at, table="Sales")
        assert verdict is Verdict.PASS, said


def test_texts_and_dates_vary_where_the_spec_says_among_what(verified):
    """Else they keep their values, and the report says so."""
    by_kind = 'return {"y": t.loc[t["Kind"] == "a", "Price"].sum()}'
    right, wrong = '=SUMIF(A2:A4,"a",B2:B4)', "=B2+B4"
    verdict, said = verified(by_kind, wrong, more=", low = 0")
    assert verdict is Verdict.PASS
    assert "texts and dates of input 't' kept their stored values in columns Kind, Day: texts vary with" in said
    choices = ', choices = ["a", "b"]'
    assert verified(by_kind, right, more=choices)[0] is Verdict.PASS
    assert verified(by_kind, wrong, more=choices)[0] is Verdict.FAIL
    unlike = 'assert (t["Price"] >= 1).all()\n' + by_kind
    assert verified(unlike, right, more=choices + ", low = 1")[0] is Verdict.PASS
    said = verified(by_kind, right, more=", choices = [1, 2], low = 1")[1]
    assert "'t' has choices and a low or high" in said
    late = 'return {"y": float((t["Day"] > pd.Timestamp(2024, 2, 15)).sum())}'
    assert verified(late, "=2+0*C2", more="")[0] is Verdict.PASS
    dates = ", low = 2024-01-01, high = 2024-12-31"
    assert verified(late, "=2+0*C2", more=dates)[0] is Verdict.FAIL
    verdict, said = verified(late, '=COUNTIF(D2:D4,">"&DATE(2024,2,15))', more=dates)
    assert verdict is Verdict.PASS, said


def test_truth_values_and_numbers_among_blanks(verified):
    """A column of TRUE and FALSE is one of booleans; a blank may come and go where the spec allows it."""
    rows = [["On", "x"], [True, 1.5], [False, 2.5], [True, 3.5]]
    body = 'assert t["On"].dtype == bool\nreturn {"y": t.loc[t["On"], "x"].sum()}'
    verdict, said = verified(body, "=SUMPRODUCT(A2:A4*B2:B4)", rows=rows, at="A1:B4")
    assert verdict is Verdict.PASS, said
    assert verified(body, "=B2+B4", rows=rows, at="A1:B4")[0] is Verdict.FAIL
    counted = 'return {"y": float(t["x"].notna().sum())}'
    rows = [["x"], [1.5], [None], [2.5]]
    assert verified(counted, "=COUNT(A2:A4)", rows=rows, at="A1:A4", more=", blank = true")[0] is Verdict.PASS
    assert verified(counted, "=2+0*A2", rows=rows, at="A1:A4", more=", blank = true")[0] is Verdict.FAIL
    blank = 'assert t["On"].isna().tolist() == [False, True, False]\nreturn {"y": float(t["x"].sum())}'
    verdict, said = verified(blank, "=SUM(B2:B4)", rows=[["On", "x"], [True, 1], [None, 2], [False, 3]], at="A1:B4")
    assert verdict is Verdict.PASS, said
    empty = 'assert t["n"].dtype == float and t["n"].isna().all()\nreturn {"y": float(t["m"].sum())}'
    rows = [["m", "n"], [1, None], [2, None]]
    verdict, said = verified(empty, "=SUM(A2:A3)", rows=rows, at="A1:B3")
    assert verdict is Verdict.PASS, said


def test_formulas_in_a_frame_follow_its_other_cells(verified):
    """What they show is handed over, and a date on which one depends keeps its value unless the spec says otherwise."""
    rows = [["Day", "x", "Month", "Twice"], *([day, x, f"=MONTH(A{n})", f"=2*B{n}"]
            for n, (day, x) in enumerate(((datetime(2024, 1, 31), 1.5), (datetime(2024, 5, 1), 2.5)), start=2))]  # fmt: skip
    body = 'return {"y": (t["Twice"] * t["Month"]).sum()}'
    for more in ("", ", low = 2024-01-01, high = 2024-12-31"):
        verdict, said = verified(body, "=2*(B2*MONTH(A2)+B3*MONTH(A3))", rows=rows, at="A1:D3", more=more)
        assert verdict is Verdict.PASS, said
    assert verified(body, "=D2+D3*5", rows=rows, at="A1:D3")[0] is Verdict.PASS
    verdict, said = verified(body, "=D2+D3*5", rows=rows, at="A1:D3", more=more)
    assert verdict is Verdict.FAIL


def test_a_number_beyond_the_last_date_is_a_number(verified):
    """Excel shows a row of # for it."""
    rows = [["Day", "x"], [datetime(2024, 1, 31), 1.5], [1e9, 2.5]]
    verdict, said = verified('return {"y": t["Day"][1] * t["x"][1]}', "=A3*B3", rows=rows, at="A1:B3")
    assert verdict is Verdict.PASS, said


def test_rounding_of_a_frame_is_no_fault(verified):
    """The sine of a large number moves as far as the two differ when the number does by its last digits."""
    body = 'return {"y": math.sin(t["x"][0] * 1e8)}'
    verdict, said = verified(body, "=SIN(A2*1E7*10)", rows=[["x"], [1]], at="A1:A2", more=", low = 0.5, high = 3")
    assert verdict is Verdict.UNASSESSED, said
    assert (
        verified(body, "=COS(A2*1E7*10)", rows=[["x"], [1]], at="A1:A2", more=", low = 0.5, high = 3")[0]
        is Verdict.FAIL
    )


@pytest.mark.parametrize(
    ("rows", "at", "more", "sentence"),
    [
        ([["a", None], [1, 2]], "A1:B2", "", "begins with a row of headers, and S!B1 is blank; type the name"),
        ([["a", "=A1"], [1, 2]], "A1:B2", "", "begins with a row of headers, and S!B1 is a formula"),
        ([["a", 0.5], [1, 2]], "A1:B2", "", "begins with a row of headers, and S!B1 is 0.5"),
        ([["a", "a"], [1, 2]], "A1:B2", "", "of which two are 'a'; give each column a name of its own"),
        ([["a", "b"], [1, 2]], "A1:B1", "", "S!A1:B1 is that row alone; name the rows below as well"),
        ([["a", "b"], [1, 2]], "A1:B2", ", step = [2, 1]", "'t' has frame and step; take one of the two out"),
        ([["a", "b"], [1, 2]], "A1:B2", ", one_hot = true", "'t' has frame and one_hot; take one of the two out"),
        ([["a", "b"], [1, 2]], "A1:B2", ", low = [1, 2, 3]", "'low' of 't' is a list of the shape (3,), and the input has 1 × 2"),
    ],
)  # fmt: skip
def test_a_frame_that_is_none_is_one_clear_error(verified, rows, at, more, sentence):
    """Which cell it is, and what to type."""
    verdict, said = verified("return {'y': 1.0}", "=A2", rows=rows, at=at, more=more)
    assert verdict is Verdict.UNASSESSED
    assert sentence in said


def test_an_error_value_in_a_frame_is_a_finding(verified):
    """Of it the reference could be given nothing."""
    verdict, said = verified("return {'y': 1.0}", "=A2", rows=[["a", "b"], [1, "=1/0"]], at="A1:B2")
    assert verdict is Verdict.FAIL
    assert "input 't' needs a value in S!B2, which is #DIV/0!" in said


def test_a_year_is_a_header(verified):
    """A whole number, as pandas reads it."""
    rows = [["k", 2024, 2025], ["x", 1.5, 2.5]]
    verdict, said = verified('return {"y": t[2024][0] * t[2025][0]}', "=B2*C2", rows=rows, at="A1:C2")
    assert verdict is Verdict.PASS, said


def test_pandas_is_loaded_by_a_frame_alone():
    """It takes longer to import than most checks take."""
    code = "import sys, xlparity, xlparity.cli\nassert 'pandas' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_cell_is_a_date_where_its_format_says_so(tmp_path):
    """A year, a day or the name of a month, of its own or of its row; minutes, hours, a colour and a text are none."""
    book = openpyxl.Workbook()
    sheet = book.active
    formats = {"dd/mm/yyyy": True, "mmm": True, "yyyy": True, "[$-409]d. mmmm": True, "m/d/yy h:mm": True, "mm-dd-yy": True,
               "General": False, "h:mm": False, "[h]:mm:ss": False, "mm:ss": False, '0.0 "days"': False,
               "[Red]0.00": False, "0\\d": False, "0%;[Red]-0%": False, "0_d": False}  # fmt: skip
    for row, text in enumerate(formats, start=1):
        sheet.cell(row, 1, 45000.0).number_format = text
    sheet.column_dimensions["C"].number_format = "yyyy-mm-dd"
    book.save(tmp_path / "book.xlsx")
    workbook = read_workbook(tmp_path / "book.xlsx")
    cells = [Cell("Sheet", row, 1) for row in range(1, len(formats) + 1)] + [Cell("Sheet", 1, 3)]
    found = shown_as_dates(workbook, cells)
    assert {cell.row for cell in found if cell.column == 1} == {
        n for n, wanted in enumerate(formats.values(), 1) if wanted
    }
    assert Cell("Sheet", 1, 3) in found


def test_a_date_of_the_other_system_is_the_date_that_excel_shows(verified, tmp_path):
    """In a workbook whose dates count from 1904."""
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.title = "S"
    for row in (["Day", "x"], [datetime(2024, 1, 31), 1.5], [datetime(2024, 2, 29), 2.5]):
        book.active.append(row)
    book.active["F1"] = "=B2*MONTH(A2)+B3*MONTH(A3)"
    book.save(tmp_path / "book.xlsx")
    (tmp_path / "ref.py").write_text("def f(t):\n    return {'y': (t['Day'].dt.month * t['x']).sum()}\n")
    (tmp_path / "book.parity.toml").write_text(SPEC.format(at="A1:B3", more=", low = 2024-01-01, high = 2024-12-31"))
    report = xlparity.verify(tmp_path / "book.parity.toml")
    assert report.verdict is Verdict.PASS
    assert report.checks[0].scenarios.run == 100
