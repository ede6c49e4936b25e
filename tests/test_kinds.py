"""References that give texts, truth values, dates, blanks and errors, and how each is compared with a cell."""

import json
import textwrap

import openpyxl
import pytest

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
    ],
)  # fmt: skip
def test_what_a_reference_gives_is_compared_by_its_own_rule(verified, reference, formula):
    """On the stored inputs and in every scenario."""
    verdict, said = verified(reference, formula)
    assert verdict is Verdict.PASS, said
    assert "100 scenarios: all 3 cells agree" in said


@pytest.mark.parametrize(
    ("reference", "formula", "shown"),
    [
        (GRADES, '=IF(A#>=50,"pass","fail")', 'S!B2'),
        (GRADES, '=IF(A#>60,"pass","fail")', None),  # which no scenario meets: see the issue on coverage
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
    if shown is not None:
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
