"""References that give texts, truth values, dates, blanks and errors, and how each is compared with a cell."""

import json
import pickle
import re
import textwrap

import numpy as np
import openpyxl
import pytest

import xlparity
from xlparity.compare.compare import agrees
from xlparity.compare.expected import fitted
from xlparity.excel.batch import DATE, EMPTY_CELL, NA, NUMBER, REASON, TEXT, TRUTH, VALUE
from xlparity.excel.values import DateNumber
from xlparity.results.report import Verdict

SPEC = """
workbook = "book.xlsx"
reference = "ref.py:f"
sheet = "S"
inputs = {{ x = {{ at = "A1:A3", low = 0, high = 100 }} }}
[outputs]
y = {{ at = "B1:B3"{more} }}
"""


@pytest.fixture
def verified(run, tmp_path):
    """The verdict and what is printed, of three formulas beside what a reference gives; a line of numpy each."""

    def verify(reference, formula, *, more="", options=(), cells=None, epoch=None):
        book = openpyxl.Workbook()
        book.active.title = "S"
        if epoch is not None:
            book.epoch = epoch
        for row, value in enumerate((20, 55, 90), start=1):
            book.active[f"A{row}"] = value
            book.active[f"B{row}"] = formula.replace("#", str(row))
        for address, content in (cells or {}).items():
            book.active[address] = content
        book.save(tmp_path / "book.xlsx")
        body = textwrap.indent(textwrap.dedent(reference).strip(), "    ")
        head = "import datetime\nimport numpy as np\nimport pandas as pd\nfrom xlparity import ErrorValue\n"
        (tmp_path / "ref.py").write_text(f"{head}\n\ndef f(x):\n    x = x.ravel()\n{body}\n")
        (tmp_path / "book.parity.toml").write_text(SPEC.format(more=more))
        done = run("verify", tmp_path / "book.parity.toml", *options)
        return Verdict(done.code), " ".join(done.out.split()) or done.err

    return verify


GRADES = 'return {"y": np.where(x >= 60, "pass", "fail")}'
FORMULA = '=IF(A#>=60,"pass","fail")'


@pytest.mark.parametrize(
    ("reference", "formula"),
    [
        (GRADES, FORMULA),
        ('return {"y": ["pass" if n >= 60 else "fail" for n in x]}', FORMULA),
        ('return {"y": pd.Series(np.where(x >= 60, "pass", "fail"))}', FORMULA),
        ('return {"y": pd.Series(np.where(x >= 60, "pass", "fail"), dtype="string")}', FORMULA),
        ('return {"y": pd.Categorical(np.where(x >= 60, "pass", "fail"))}', FORMULA),
        ('return {"y": x >= 60}', "=A#>=60"),
        ('return {"y": [n >= 60 if n != 55 else "none" for n in x]}', '=IF(A#=55,"none",A#>=60)'),
        ('return {"y": [None if n < 60 else n for n in x]}', '=IF(A#<60,"",A#)'),
        ('return {"y": pd.Series([n if n >= 60 else pd.NA for n in x])}', '=IF(A#<60,"",A#)'),
        ('return {"y": [ErrorValue("#N/A") if n < 60 else n for n in x]}', "=IF(A#<60,NA(),A#)"),
        ('return {"y": [datetime.date(2024, 1, 1) + datetime.timedelta(days=int(n)) for n in x]}', "=45292+INT(A#)"),
        ('return {"y": np.datetime64("2024-01-01") + x.astype(int).astype("timedelta64[D]")}', "=DATE(2024,1,1)+INT(A#)"),
        ('return {"y": pd.Timestamp("2024-01-01 12:00") + pd.to_timedelta(np.floor(x), unit="D")}', "=45292.5+INT(A#)"),
        ('return {"y": [datetime.datetime(2024, 1, 1, 0, 0, 1)] * 3}', "=DATE(2024,1,1)+TIME(0,0,1)+0*A#"),
        ('return {"y": [f"{int(n)} points" for n in x]}', '=INT(A#)&" points"'),
        ('return {"y": [None if n < 60 else f"{int(n)} points" for n in x]}', '=IF(A#<60,"",INT(A#)&" points")'),
    ],
)  # fmt: skip
def test_what_a_reference_gives_is_compared_by_its_own_rule(verified, reference, formula):
    """On the stored inputs and in every scenario."""
    verdict, said = verified(reference, formula)
    assert verdict is Verdict.PASS, said
    # A hundred are drawn, and a few more are searched for at the limits.
    assert re.search(r"10\d scenarios: all 3 cells agree", said)


@pytest.mark.parametrize(
    ("formula", "expected"), [("=A1>2", True), ("=1*(A1>2)", 1.0), ("=1*(A1<2)", 1.0), ("=A1<2", True)]
)
def test_a_truth_value_is_shown_as_the_cell_has_it(small, formula, expected):
    """Beside a number as one: that the sheet has 1 for TRUE is no difference that a person should look for."""
    small.reference.write_text("def double(x):\n    return {'y': x > 2}\n")
    small.write_cells({"A1": 3, "B1": formula})
    (result,) = xlparity.verify(small.spec).checks[0].results
    assert (result.expected, type(result.expected)) == (expected, type(expected))


def test_of_two_kinds_only_those_agree_that_are_said_to():
    """Of every kind of cell beside every kind of value, all with the same number, so that the kinds alone decide."""
    cells, values = (
        [NUMBER, EMPTY_CELL, TRUTH, TEXT, REASON, VALUE, NA],
        [NUMBER, EMPTY_CELL, TRUTH, TEXT, DATE, VALUE, NA],
    )
    found = agrees(np.ones(1), np.array(cells)[:, None], np.ones(1), np.array(values)[None, :], 1e-9, 1e-9)
    assert {(cells[row], values[column]) for row, column in zip(*np.nonzero(found), strict=True)} == {
        (NUMBER, NUMBER), (NUMBER, TRUTH), (NUMBER, DATE), (EMPTY_CELL, EMPTY_CELL), (TRUTH, TRUTH), (TEXT, TEXT),
        (TEXT, EMPTY_CELL), (VALUE, VALUE), (NA, NA),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "shape", "fits"),
    [
        ((), (1, 1), True),
        ((1,), (1, 1), True),
        ((1, 1, 1), (1, 1), True),
        ((3,), (1, 3), True),
        ((3,), (3, 1), True),
        ((2, 3), (2, 3), True),
        ((1, 2, 3), (2, 3), True),
        ((1, 1, 3), (1, 3), True),
        ((1, 3, 1), (3, 1), True),
        ((6,), (2, 3), False),
        ((3, 2), (2, 3), False),
        ((1, 3), (3, 1), False),
        ((3, 1, 1), (3, 1), False),
        ((2, 3), (2, 2), False),
        ((1,), (1, 2), False),
    ],
)
def test_an_array_fits_a_range_of_its_shape_and_orientation(given, shape, fits):
    """Of a row and a column with the same numbers one is wrong; only what has no orientation of its own fits both."""
    found = fitted(np.arange(float(np.prod(given))).reshape(given), shape)
    assert (found is not None) is fits
    if found is not None:
        assert found.shape == shape
        assert found.ravel().tolist() == list(range(found.size))


@pytest.mark.parametrize(
    ("reference", "formula", "shown"),
    [
        (GRADES, '=IF(A#>=50,"pass","fail")', 'S!B2'),
        (GRADES, '=IF(A#>60,"pass","fail")', "S!B"),  # which only 60 itself shows
        (GRADES, '=IF(A#>=60,"Pass","fail")', "S!B3"),
        (GRADES, "=IF(A#>=60,1,0)", "S!B1"),
        ('return {"y": [str(int(n)) for n in x]}', "=INT(A#)", "S!B1"),
        ('return {"y": np.floor(x)}', '=INT(A#)&""', "S!B1"),
        ('return {"y": x >= 60}', '=IF(A#>=60,"TRUE","FALSE")', "S!B1"),
        ('return {"y": [None if n < 60 else n for n in x]}', "=IF(A#<60,0,A#)", "S!B1"),
        ('return {"y": [ErrorValue("#N/A") if n < 60 else n for n in x]}', "=IF(A#<60,1/0,A#)", "S!B1"),
        ('return {"y": [datetime.date(2024, 1, 1)] * 3}', '=TEXT(DATE(2024,1,1)+0*A#,"yyyy-mm-dd")', "S!B1"),
        (GRADES, '=IF(A#>=60,"pass ","fail")', "S!B3"),
        ('return {"y": [datetime.date(2024, 1, 1)] * 3}', "=DATE(2024,1,1)+1/86400+0*A#", "S!B1"),
        ('return {"y": [datetime.datetime(2024, 1, 1, 0, 0, 1)] * 3}', "=DATE(2024,1,1)+2/86400+0*A#", "S!B1"),
    ],
)  # fmt: skip
def test_another_text_or_another_kind_of_value_is_a_difference(verified, reference, formula, shown):
    """A number that is given as a text never matches a number, and no text one that differs by a space."""
    verdict, said = verified(reference, formula)
    assert verdict is Verdict.FAIL, said
    assert shown in said


def test_texts_may_be_compared_without_their_case(verified):
    """As Excel's own comparison does."""
    assert verified(GRADES, '=IF(A#>=60,"PASS","Fail")', more=", ignore_case = true")[0] is Verdict.PASS
    assert verified(GRADES, '=IF(A#>=60,"PASSED","Fail")', more=", ignore_case = true")[0] is Verdict.FAIL


def test_the_report_shows_both_texts(verified, tmp_path):
    """In the table, in JSON and in the data frame."""
    import xlparity  # noqa: PLC0415

    _, said = verified(GRADES, '=IF(A#>=50,"pass","fail")')
    assert "'fail'" in said or "fail" in said
    report = xlparity.verify(tmp_path / "book.parity.toml")
    frame = report.to_frame()
    assert frame["expected"].isna().all()
    assert frame["expected_text"].tolist() == ["fail", "fail", "pass"]
    found = json.loads(verified(GRADES, '=IF(A#>=50,"pass","fail")', options=("--format", "json"))[1])
    assert [(cell["expected"], cell["actual"]) for cell in found["checks"][0]["cells"]] == [("fail", "pass")]


def test_a_fault_in_a_formula_that_gives_texts_is_named_and_mended(verified):
    """The cell whose limit is wrong, with the limit of its neighbours."""
    verdict, said = verified(GRADES, FORMULA, cells={"B2": '=IF(A2>=50,"pass","fail")'})
    assert verdict is Verdict.FAIL
    assert "S!B2" in said
    assert 'fix =IF(A2>=60,"pass","fail")' in said


def test_a_wrong_helper_behind_a_text_is_the_cause(verified):
    """And the formula that gives the text is not."""
    verdict, said = verified(GRADES, '=IF(C#>=60,"pass","fail")', cells={"C1": "=A1", "C2": "=A2+10", "C3": "=A3"})
    assert verdict is Verdict.FAIL
    assert "S!C2" in said, said


def test_dates_count_from_1904_where_the_workbook_s_do(verified):
    """A date is another number there."""
    reference = 'return {"y": [datetime.date(2024, 1, 1) + datetime.timedelta(days=int(n)) for n in x]}'
    epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    assert verified(reference, "=43830+INT(A#)", epoch=epoch)[0] is Verdict.PASS
    assert verified(reference, "=45292+INT(A#)", epoch=epoch)[0] is Verdict.FAIL


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ('return {"y": [1 + 2j, 1, 1]}', "is no array of cell values (it contains the complex number"),
        ('return {"y": [b"a", b"b", b"c"]}', "it contains the bytes"),
        ('return {"y": [{1}, {2}, {3}]}', "it contains a set"),
        ('return {"y": [datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)] * 3}', "Excel has no time zones"),
        ('return {"y": [float("nan"), "a", "b"]}', "has a nan or an infinity in it"),
    ],
)  # fmt: skip
def test_what_no_cell_holds_is_an_error_of_the_reference(verified, reference, said):
    """With what it contains, before anything is compared."""
    verdict, shown = verified(reference, FORMULA)
    assert verdict is Verdict.UNASSESSED
    assert said in shown


def test_a_constant_text_in_place_of_a_formula_is_hard_coded(verified):
    """As for a number."""
    verdict, said = verified(GRADES, FORMULA, cells={"B3": "pass"})
    assert verdict is Verdict.FAIL
    assert "XP201 S!B3" in said


DUE = """
return {"y": [datetime.datetime(2024, 1, 31, 12 * (n == 55)) + datetime.timedelta(days=int(n > 55)) for n in x]}
"""


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json", "junit", "github"])
def test_reports_show_dates_as_dates(verified, form, monkeypatch):
    """Nobody knows 45322 for the last day of January; the time is shown where there is one."""
    options = ["--format", form] if form != "github" else []
    if form == "github":
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
    verdict, said = verified(DUE, "=45323+(A#=55)/4+0*A#", options=("--verbose", *options))
    assert verdict is Verdict.FAIL
    assert "2024-02-01" in said
    assert "2024-01-31 12:00" in said
    assert form == "json" or "45322.5" not in said
    assert form != "html" or '"e":["2024-01-31","2024-01-31 12:00","2024-02-01"]' in said


def test_a_date_and_its_time_are_keys_of_their_own_in_json(verified):
    """What reads ``expected`` as a number still finds one."""
    _, said = verified(DUE, "=45323+(A#=55)/4+0*A#", options=("--format", "json"))
    cells = json.loads(said)["checks"][0]["cells"]
    assert [(cell["expected"], cell["expected_date"], cell["actual_date"]) for cell in cells] == [
        (45322, "2024-01-31", "2024-02-01"), (45322.5, "2024-01-31 12:00", "2024-02-01 06:00"),
    ]  # fmt: skip


def test_a_difference_of_dates_is_in_days(verified):
    """As a person would say it, and as pytest does."""
    _, said = verified(DUE, "=45323+(A#=55)/4+0*A#", options=("--format", "junit"))
    assert "S!B1 is 2024-02-01 instead of 2024-01-31" in said
    assert "expected 2024-01-31 12:00, actual 2024-02-01 06:00, difference 0.75 days" in said


def test_the_smallest_change_of_a_date_is_a_date(small, run):
    """It is to be typed into the cell."""
    small.write_cells({"A1": 45322, "B1": "=IF(A1<45500,A1,A1+1)"})
    small.reference.write_text("def double(x):\n    return {'y': x}\n")
    small.write_spec(inputs="[inputs]\nx = { at = 'A1', low = 2020-01-01, high = 2030-01-01, integer = true }")
    said = run("verify", small.spec).out
    assert re.search(r"set Sheet!A1 to (20\d\d-\d\d-\d\d) and Sheet!B1 is 20\d\d-\d\d-\d\d instead of \1", said), said
    document = json.loads(run("verify", small.spec, "--format", "json").out)
    smallest = document["checks"][0]["scenarios"]["smallest"]
    assert smallest["set_dates"] == {"Sheet!A1": smallest["expected_date"]}


@pytest.mark.parametrize(
    ("number", "date1904", "shown"),
    [
        (45322.0, False, "2024-01-31"),
        (45322.0 - 1462, True, "2024-01-31"),
        (45322.5, False, "2024-01-31 12:00"),
        (45322 + 1 / 86400, False, "2024-01-31 00:00:01"),
        (45322 + 0.001 / 86400, False, "2024-01-31 00:00:00.001"),
        (45322.9999999999, False, "2024-02-01"),  # nearer to midnight than half a millisecond
        (61.0, False, "1900-03-01"),
        (60.0, False, "60"),  # to Excel 29 February 1900, which there was not
        (0.25, False, "0.25"),
        (-1.5, True, "-1.5"),
        (1e10, False, "10000000000"),
    ],
)
def test_the_number_of_a_date_is_shown_as_the_date(number, date1904, shown):
    """However it is formatted; what is no date of both calendars stays a number, and so does what computes with it."""
    date = DateNumber(number, date1904)
    assert (str(date), f"{date:.12g}") == (shown, shown)
    assert type(date - 1) is float
    assert json.dumps(date) == json.dumps(number)
    again = pickle.loads(pickle.dumps(date))  # as it goes from one process to another
    assert (again, str(again)) == (number, shown)


def test_a_missing_date_is_called_a_date(verified):
    """The reference has no number there that the cell could have."""
    _, said = verified("return {'y': [datetime.datetime(2024, 1, int(n) // 9) for n in x]}", "=A#/0+45292")
    assert "gives #DIV/0! where the reference has a date" in said
