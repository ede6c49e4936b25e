"""Fixes of whole groups: where every cell of a quantity has one wrong formula, there is one finding and the right fix."""

import openpyxl
import pytest

import xlparity
from xlparity.excel.address import Cell

ROWS = range(8, 20)
RIGHT = {
    "B": "=IF(A{r}=1,$B$1,E{p})",
    "C": "=B{r}*$B$2/12",
    "D": "=MIN($B$5+$B$3-C{r},B{r})",
    "E": "=B{r}-D{r}",
    "F": "=IF(B{r}>=$B$4,0.001*B{r},5)",
}
REFERENCE = """
import numpy as np

def loan(principal, rate, extra, limit, payment):
    opening, found = principal, {name: [] for name in ("opening", "interest", "paid", "closing", "fee")}
    for _ in range(12):
        interest = opening * rate / 12
        paid = min(payment + extra - interest, opening)
        fee = 0.001 * opening if opening >= limit else 5.0
        for name, value in zip(found, (opening, interest, paid, opening - paid, fee)):
            found[name].append(value)
        opening -= paid
    return {name: np.array(values)[:, None] for name, values in found.items()}
"""
SPEC = """
workbook = "loan.xlsx"
reference = "loan.py:loan"
sheet = "Loan"
[inputs]
principal = { at = "B1", low = 1000, high = 9000 }
rate = { at = "B2", low = 0.01, high = 0.1 }
extra = { at = "B3", low = 1, high = 200 }
limit = { at = "B4", low = 500, high = 9000 }
payment = { at = "B5", low = 100, high = 900 }
[outputs]
opening = "B8:B19"
interest = "C8:C19"
paid = "D8:D19"
closing = "E8:E19"
fee = "F8:F19"
"""


def findings(folder, changed, *, options=None):
    """The findings about a loan sheet with these formulas in whole columns."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Loan"
    for row, value in enumerate((5000, 0.05, 10, 4000, 450), start=1):
        sheet[f"B{row}"] = value
    for row in ROWS:
        sheet[f"A{row}"] = row - 7
        for column, text in {**RIGHT, **changed}.items():
            sheet[f"{column}{row}"] = text[row] if isinstance(text, dict) else text.format(r=row, p=row - 1)
    book.save(folder / "loan.xlsx")
    (folder / "loan.py").write_text(REFERENCE)
    (folder / "loan.parity.toml").write_text(SPEC)
    report = xlparity.verify(folder / "loan.parity.toml", options=options or xlparity.Options())
    return [finding for check in report.checks for finding in check.findings]


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("E", "=B{r}+D{r}"),
        ("D", "=MAX($B$5+$B$3-C{r},B{r})"),
        ("F", "=IF(B{r}>=$B$4,5,0.001*B{r})"),
        ("C", "=B{r}*$B$2"),
        ("D", "=MIN($B$5+$B$4-C{r},B{r})"),
        ("F", "=IF(B{r}>=$B$4,0.01*B{r},5)"),
        ("F", "=IF(B{r}>=$B$4,0.001*B{r},37)"),
    ],
)
def test_a_formula_that_is_wrong_in_every_cell_is_one_finding_with_the_right_fix(tmp_path, column, wrong):
    """No right sibling shows what it should be; one edit does, and it is held to all cells."""
    (found,) = findings(tmp_path, {column: wrong})
    assert [cell.a1 for cell in found.cells] == [f"{column}{row}" for row in ROWS]
    assert found.suggestion == RIGHT[column].format(r=8, p=7)


def test_branches_of_a_helper_column_are_put_in_order_where_a_tie_decides(tmp_path):
    """No output covers the helpers, and a tie is reached by inputs that are searched for, so the side of >= is known."""
    (found,) = findings(tmp_path, {"G": "=IF(B{r}>=$B$4,5,0.001*B{r})", "F": "=G{r}*1"})
    assert [cell.a1 for cell in found.cells] == [f"G{row}" for row in ROWS]
    assert found.suggestion == "=IF(B8>=$B$4,0.001*B8,5)"


def test_a_dollar_that_is_missing_in_a_filled_column_is_one_finding(tmp_path):
    """As the formula was filled, each cell reads another one; to Excel, they are one formula."""
    rates = {row: f"=B{row}*B{row - 6}/12" for row in ROWS}
    (found,) = findings(tmp_path, {"C": rates})
    assert [cell.a1 for cell in found.cells] == [f"C{row}" for row in ROWS if row > 8]
    assert found.suggestion == "=B9*B$2/12"


def test_what_there_is_no_time_for_is_found_and_not_explained(tmp_path):
    """The comparison is whole however little time is left to look for fixes, and a note says how to give more."""
    (found,) = findings(tmp_path, {"E": "=B{r}+D{r}"}, options=xlparity.Options(time=1e-9))
    assert (found.variable, found.suggestion) == ("closing", None)
    (check,) = xlparity.verify(tmp_path / "loan.parity.toml", options=xlparity.Options(time=1e-9)).checks
    said = (
        "found but not explained: Loan!E8:E19: the time for causes and fixes, 1e-09 s, had ended; --time 1 allows more"
    )
    assert said in check.notes
    (check,) = xlparity.verify(tmp_path / "loan.parity.toml").checks
    assert check.findings[0].suggestion == "=B8-D8" and not any("not explained" in note for note in check.notes)


@pytest.mark.parametrize(
    ("wrong", "right", "fixed"),
    [
        ("=IF(B1<0,1,2)", "1.0 if z >= 0 else 2.0", (None, "=IF(B1<0,2,1)", "=IF(B1>=0,1,2)")),
        ("=IF(B1<0,B1,0)", "z if z > 0 else 0.0", ("=IF(B1>0,B1,0)", "=IF(B1>=0,B1,0)")),
    ],
)
def test_a_comparison_is_turned_round_only_where_ties_are_decided(small, wrong, right, fixed):
    """With > in place of >= the first would be wrong at a tie alone; to a ReLU it makes no difference."""
    small.write_cells({"A1": 2, "A2": 1, "B1": "=EXP(A1)+SIN(A2)-7.5", "C1": wrong})
    small.reference.write_text(
        "import math\n\ndef double(x, k):\n    z = math.exp(x) + math.sin(k) - 7.5\n"
        f"    return {{'z': z, 'r': {right}}}\n"
    )
    small.write_spec(
        inputs='[inputs]\nx = { at = "A1", low = 1, high = 3 }\nk = { at = "A2", low = 0.1, high = 3 }',
        outputs='[outputs]\nz = "B1"\nr = "C1"',
    )
    (finding,) = xlparity.verify(small.spec).checks[0].findings
    assert finding.cells == (Cell("Sheet", 1, 3),)
    assert finding.suggestion in fixed
