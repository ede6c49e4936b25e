"""Inputs that are texts, truth values, dates, whole numbers, blanks or one-hot rows, and inputs that a person draws."""

import textwrap

import openpyxl
import pytest
from formula_cases import PROGRAMS

from xlparity.results.report import Verdict

SPEC = """
workbook = "book.xlsx"
reference = "ref.py:f"
sheet = "S"
inputs = {{ x = {x} }}
outputs = {{ y = "{y}" }}
"""


@pytest.fixture
def verified(run, tmp_path):
    """The verdict and what is printed, for an input given as a line of TOML, a body of the reference, and cells."""

    def verify(x, body, cells, *, y="B1", options=(), epoch=None, more=""):
        book = openpyxl.Workbook()
        book.active.title = "S"
        if epoch is not None:
            book.epoch = epoch
        for address, content in cells.items():
            book.active[address] = content
        book.save(tmp_path / "book.xlsx")
        head = f"import datetime\nimport math\nimport numpy as np\n\n{textwrap.dedent(more)}\n"
        text = textwrap.indent(textwrap.dedent(body).strip(), "    ")
        (tmp_path / "ref.py").write_text(f"{head}\n\ndef f(x):\n{text}\n")
        (tmp_path / "book.parity.toml").write_text(SPEC.format(x=x, y=y))
        done = run("verify", tmp_path / "book.parity.toml", *options)
        return Verdict(done.code), " ".join(done.out.split()) or done.err

    return verify


TABLE = {"A1": "female", "D1": "male", "E1": 0.3, "D2": "female", "E2": 0.2, "D3": "other", "E3": 0.25}
SEX = '{ at = "A1", choices = ["male", "female", "other"] }'
RATE = 'assert type(x) is str\nreturn {"y": {"male": 0.3, "female": 0.2, "other": 0.25}[x]}'


def test_a_text_is_varied_among_its_choices(verified):
    """A wrong row of a lookup is met by the choice that leads to it only."""
    verdict, said = verified(SEX, RATE, {**TABLE, "B1": "=VLOOKUP(A1,D1:E3,2,FALSE)"})
    assert verdict is Verdict.PASS, said
    verdict, said = verified(SEX, RATE, {**TABLE, "E3": 0.26, "B1": "=VLOOKUP(A1,D1:E3,2,FALSE)"})
    assert verdict is Verdict.FAIL
    assert 'set S!A1 to "other" and S!B1 is off by 0.01' in said


def test_a_range_of_texts_is_an_array_of_texts(verified):
    """Two-dimensional, as of numbers."""
    x = '{ at = "A1:A3", choices = ["a", "b"] }'
    body = 'assert x.shape == (3, 1) and x.dtype == object\nreturn {"y": float((x == "a").sum())}'
    cells = {"A1": "a", "A2": "b", "A3": "b", "B1": '=COUNTIF(A1:A3,"a")'}
    assert verified(x, body, cells)[0] is Verdict.PASS


@pytest.mark.parametrize(
    ("value", "clause"), [(7, "contains the number 7"), (True, "contains the truth value True"), (None, "a text")]
)
def test_a_text_input_without_a_text_says_so(verified, value, clause):
    """As an input of numbers with a text does."""
    verdict, said = verified(SEX, RATE, {**TABLE, "A1": value, "B1": "=VLOOKUP(A1,D1:E3,2,FALSE)"})
    assert verdict is not Verdict.PASS
    assert clause in said
    assert "needs a text in S!A1" in said


def test_truth_values_are_handed_over_as_such(verified):
    """Where the choices are truth values; as 0 and 1 they are numbers."""
    body = 'assert type(x) is bool\nreturn {"y": 1.2 if x else 1.0}'
    cells = {"A1": True, "B1": "=IF(A1,1.2,1)"}
    assert verified('{ at = "A1", choices = [true, false] }', body, cells)[0] is Verdict.PASS
    assert verified('"A1"', 'assert type(x) is float\nreturn {"y": 1.2 if x else 1.0}', cells)[0] is Verdict.PASS
    array = 'assert x.dtype == bool\nreturn {"y": float(x.sum())}'
    cells = {"A1": True, "A2": False, "B1": "=A1+A2"}
    assert verified('{ at = "A1:A2", choices = [true, false] }', array, cells)[0] is Verdict.PASS


DATES = '{ at = "A1", low = 2023-01-01, high = 2025-12-31 }'


def test_a_date_is_handed_over_as_a_datetime(verified):
    """In both of Excel's date systems, and drawn as a day."""
    body = (
        'assert type(x) is datetime.datetime and x.hour == 0 and 2023 <= x.year <= 2025\nreturn {"y": float(x.month)}'
    )
    cells = {"A1": 45322, "B1": "=MONTH(A1)"}
    assert verified(DATES, body, cells)[0] is Verdict.PASS
    verdict, said = verified(DATES, body, {"A1": 45322, "B1": "=IF(MONTH(A1)=2,3,MONTH(A1))"})
    assert verdict is Verdict.FAIL, said
    days = 'assert 2023 <= x.year <= 2025\nreturn {"y": float((x - datetime.datetime(2024, 1, 1)).days)}'
    epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    assert verified(DATES, days, {"A1": 45322 - 1462, "B1": "=A1-43830"}, epoch=epoch)[0] is Verdict.PASS


def test_a_range_of_dates_is_an_array_of_datetimes(verified):
    """As numpy and pandas have them."""
    body = 'assert x.dtype == "datetime64[us]"\nreturn {"y": (x[1, 0] - x[0, 0]) / np.timedelta64(1, "D")}'
    x = '{ at = "A1:A2", low = 2023-01-01, high = 2025-12-31 }'
    assert verified(x, body, {"A1": 45322, "A2": 45323, "B1": "=A2-A1"})[0] is Verdict.PASS


def test_whole_numbers_stay_whole(verified):
    """A count of years has no fraction, which a reference need not be defined for."""
    body = 'assert x == int(x) and 1 <= x <= 40\nreturn {"y": sum(range(int(x) + 1)) / 1.0}'
    cells = {"A1": 12, "B1": "=A1*(A1+1)/2"}
    verdict, said = verified('{ at = "A1", low = 0.5, high = 40.5, integer = true }', body, cells)
    assert verdict is Verdict.PASS, said
    assert "left out" not in said


def test_one_hot_rows_have_one_one_each(verified):
    """Each class is met, and no row has two."""
    body = """
        assert (x.sum(axis=1) == 1).all() and set(np.unique(x)) <= {0.0, 1.0}
        return {"y": -(x * np.log([0.2, 0.3, 0.5])).sum(axis=1)}
    """
    cells = {"A1": 1, "B1": 0, "C1": 0, "A2": 0, "B2": 0, "C2": 1}
    right = {f"D{row}": f"=-(A{row}*LN(0.2)+B{row}*LN(0.3)+C{row}*LN(0.5))" for row in (1, 2)}
    x = '{ at = "A1:C2", one_hot = true }'
    verdict, said = verified(x, body, cells | right, y="D1:D2")
    assert verdict is Verdict.PASS, said
    wrong = {**cells, **right, "D2": "=-(A2*LN(0.2)+B2*LN(0.4)+C2*LN(0.5))"}
    assert verified(x, body, wrong, y="D1:D2")[0] is Verdict.FAIL


def test_an_input_may_be_blank(verified):
    """A blank is a nan to the reference, and None where the input is a text or a date."""
    body = 'return {"y": 0.0 if math.isnan(x) else 2 * x}'
    x = '{ at = "A1", low = 1, high = 9, blank = true }'
    assert verified(x, body, {"A1": 3, "B1": "=2*A1"})[0] is Verdict.PASS
    assert verified(x, body, {"B1": "=2*A1"})[0] is Verdict.PASS
    assert verified(x, body, {"A1": 3, "B1": "=IF(ISBLANK(A1),1,2*A1)"})[0] is Verdict.FAIL
    text = 'return {"y": "none" if x is None else x}'
    x = '{ at = "A1", choices = ["a", "b"], blank = true }'
    assert verified(x, text, {"A1": "a", "B1": '=IF(ISBLANK(A1),"none",A1)'})[0] is Verdict.PASS
    assert verified(x, text, {"B1": '=IF(ISBLANK(A1),"none",A1)'})[0] is Verdict.PASS
    date = 'return {"y": 0.0 if x is None else float(x.month)}'
    x = '{ at = "A1", low = 2023-01-01, high = 2025-12-31, blank = true }'
    assert verified(x, date, {"B1": "=IF(ISBLANK(A1),0,MONTH(A1))"})[0] is Verdict.PASS


DRAW = """
    def shares(random, stored):
        assert stored.shape == (1, 3)
        drawn = random.random((1, 3))
        return drawn / drawn.sum()
"""


def test_a_person_may_draw_the_input(verified):
    """Rows that sum to one are none of xlparity's ranges."""
    body = 'assert abs(x.sum() - 1) < 1e-12\nreturn {"y": -(x * np.log(x)).sum()}'
    cells = {"A1": 0.2, "B1": 0.3, "C1": 0.5, "D1": "=-SUMPRODUCT(A1:C1,LN(A1:C1))"}
    verdict, said = verified('{ at = "A1:C1", draw = "ref.py:shares" }', body, cells, y="D1", more=DRAW)
    assert verdict is Verdict.PASS, said
    assert "100 scenarios: 1 cell agrees" in said


def test_two_inputs_that_one_function_draws_are_drawn_apart(run, tmp_path):
    """Were they alike in every scenario, a formula that reads the one for the other would pass."""
    book = openpyxl.Workbook()
    book.active.title = "S"
    for address, content in {"A1": 0.5, "B1": 0.5, "A2": 0.5, "B2": 0.5, "C1": "=2*A1"}.items():
        book.active[address] = content
    book.save(tmp_path / "book.xlsx")
    (tmp_path / "ref.py").write_text(
        "def shares(random, stored):\n    drawn = random.random((1, 2))\n    return drawn / drawn.sum()\n\n\n"
        "def f(one, other):\n    return {'y': 2 * other[0, 0]}\n"
    )
    spec = 'workbook = "book.xlsx"\nreference = "ref.py:f"\nsheet = "S"\noutputs = { y = "C1" }\n[inputs]\n'
    for name, row in (("one", 1), ("other", 2)):
        spec += f'{name} = {{ at = "A{row}:B{row}", draw = "ref.py:shares" }}\n'
    (tmp_path / "book.parity.toml").write_text(spec)
    assert Verdict(run("verify", tmp_path / "book.parity.toml").code) is Verdict.FAIL


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        ("def shares(random, stored):\n    return [1, 2]", "draws an array of the shape (2,); the input's is (1, 3)"),
        ("def shares(random, stored):\n    raise ValueError('no')", "ref.py:shares raised ValueError: no"),
        ("def shares(random, stored):\n    return [float('nan')] * 3", "draws a nan or an infinity"),
        ("def shares(random, stored):\n    return {1}", "draws no array of cell values"),
        ("def shares(random, stored):\n    return ['a', 1, 2]", "draws a, which is none of the input's values"),
        ("def shares(random, stored):\n    return [None, 1, 2]", "which is none of the input's values"),
        ("def other(random, stored):\n    return stored", "has no function 'shares'"),
    ],
)
def test_a_draw_that_fails_is_an_error_of_the_spec(verified, draw, said):
    """With the line of the input."""
    cells = {"A1": 0.2, "B1": 0.3, "C1": 0.5, "D1": "=SUM(A1:C1)"}
    verdict, shown = verified(
        '{ at = "A1:C1", draw = "ref.py:shares" }', 'return {"y": x.sum()}', cells, y="D1", more=draw
    )
    assert verdict is Verdict.UNASSESSED
    assert said in shown
    assert "book.parity.toml:5" in shown


@pytest.mark.parametrize(
    ("x", "said"),
    [
        ('{ at = "A1", low = 1, high = 2024-01-01 }', "'low' and 'high' of 'x' are a number and a date"),
        ('{ at = "A1", low = 2024-01-02, high = 2024-01-01 }', "above its 'high': 2024-01-02 > 2024-01-01"),
        ('{ at = "A1", low = 0.2, high = 0.8, integer = true }', "no whole number between"),
        ('{ at = "A1", one_hot = true, low = 1 }', "'x' has one_hot and low"),
        ('{ at = "A1", draw = "a.py:f", choices = [1] }', "'x' has draw and choices"),
        ('{ at = "A1", choices = [1, "a"] }', "'choices' of 'x' is a list of numbers, of texts, or of true and false"),
        ('{ at = "A1", choices = [] }', "'choices' of 'x' is empty"),
    ],
)
def test_an_input_that_contradicts_itself_is_refused(verified, x, said):
    """Before the workbook is read."""
    verdict, shown = verified(x, 'return {"y": x}', {"A1": 1, "B1": "=A1"})
    assert verdict is Verdict.UNASSESSED
    assert said in shown


@pytest.mark.parametrize(
    "engine",
    PROGRAMS,
)
def test_other_engines_are_given_the_same_inputs(verified, engine):
    """Texts as texts, and dates as numbers."""
    cells = {**TABLE, "B1": "=VLOOKUP(A1,D1:E3,2,FALSE)"}
    assert verified(SEX, RATE, cells, options=("--engine", engine))[0] is Verdict.PASS
    body = 'return {"y": float(x.month)}'
    assert verified(DATES, body, {"A1": 45322, "B1": "=MONTH(A1)"}, options=("--engine", engine))[0] is Verdict.PASS
