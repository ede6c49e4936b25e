"""Formulas whose references are decided by values: OFFSET and INDIRECT of cells, INDEX and CHOOSE beside a colon."""

import random

import numpy as np
import pytest
from formula_cases import PROGRAMS, at, workbook
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from xlparity.engines.registry import find_engine
from xlparity.excel.address import Range
from xlparity.excel.contents import Formula
from xlparity.excel.values import ErrorValue, Unsupported

CELLS = {
    "A1": 1,
    "A2": 2,
    "A3": 3,
    "A4": 4,
    "A5": 5,
    "B1": 1,
    "B2": "A3",
    "B3": "D",
    "C1": "=A1*10",
    "C2": "=OFFSET(A1,B1,0)+1",
}
OTHER = {"A1": 100, "A2": 200, "A3": 300}
REF = "#REF!"

# Formulas, and their values where B1 is 0, 1 and 2.
VALUES = {
    "OFFSET(A1,B1,0)": (1, 2, 3),
    "SUM(OFFSET(A1,0,0,B1+1))": (1, 3, 6),
    "SUM(OFFSET(A5,0,0,-B1-1))": (5, 9, 12),
    "OFFSET(A1,-B1,0)": (1, REF, REF),
    "OFFSET(A1,B1*1.5,0)": (1, 2, 4),
    "SUM(A2:OFFSET(A2,B1,0))": (2, 5, 9),
    "OFFSET(OFFSET(A1,B1,0),B1,0)": (1, 3, 5),
    "OFFSET(A1,OFFSET(A1,B1,0),0)": (2, 3, 4),
    'INDIRECT("A"&B1)': (REF, 1, 2),
    'INDIRECT("A"&B1+1)+INDIRECT(B2)': (4, 5, 6),
    'INDIRECT(B3&"!A"&B1+1)': (100, 200, 300),
    'SUM(INDIRECT("A1:A"&B1+1))': (1, 3, 6),
    'INDIRECT("R"&B1+1&"C1",FALSE)': (1, 2, 3),
    'SUM(INDIRECT("R1C1:R[-"&B1+1&"]C1",0))': (None, None, None),  # each formula has a row of its own; only that it is computed
    'IFERROR(INDIRECT(IF(B1>1,"Nowhere!A1","A1")),-1)': (1, 1, -1),
    "SUM(A1:INDEX(A1:A5,B1+1))": (1, 3, 6),
    "SUM(INDEX(A1:A5,B1+1):INDEX(A1:A5,B1+2))": (3, 5, 7),
    "SUM(A1:INDEX(A1:A5,B1+4))": (10, 15, REF),
    "SUM(A2:CHOOSE(B1+1,A2,A3,A4))": (2, 5, 9),
    'SUMPRODUCT(ROW(INDIRECT("1:"&B1+1)))': (1, 3, 6),
    "IF(B1=0,OFFSET(A1,B1,0),OFFSET(A1,B1-1,0)*10)": (1, 10, 20),
    "VLOOKUP(2,OFFSET(A1,0,0,B1+1,1),1,FALSE)": ("#N/A", 2, 2),
    "OFFSET(A1,B1,0)&INDIRECT(B3&\"!A1\")": ("1100", "2100", "3100"),
    "ISREF(OFFSET(A1,B1,0))": (None, None, None),
    "ROW(OFFSET(A1,B1,0))": (1, 2, 3),
    "ROWS(OFFSET(A1,0,0,B1+1))": (1, 2, 3),
    "C2": (2, 3, 4),
    "SUM(A2:INDEX(A1:A5,B1-1))": ("#VALUE!", 15, 3),
    "SUM(INDEX(A1:A5,B1+1):A5)": (15, 14, 12),
}  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    live = {f"E{row}": f"={text}" for row, text in enumerate(VALUES, start=1)}
    return workbook(tmp_path_factory.mktemp("dynamic"), S=CELLS | live, D=OTHER)


@pytest.fixture(scope="module")
def computed(book):
    """The values of the formulas in three samples."""
    batch = find_engine("formulas").load(book).recalculate({at("B1"): np.array([0.0, 1.0, 2.0])}, 3)
    return {
        text: [batch.in_sample(at(f"E{row}"), sample) for sample in range(3)]
        for row, text in enumerate(VALUES, start=1)
    }


@pytest.mark.parametrize("text", VALUES)
def test_each_sample_has_the_reference_that_its_values_give(computed, text):
    """Excel computes the reference first, and then with it."""
    for found, expected in zip(computed[text], VALUES[text], strict=True):
        if isinstance(expected, str) and expected.startswith("#"):
            assert found == ErrorValue(expected)
        elif expected is not None:
            assert (type(found) is float or isinstance(expected, str)) and found == expected


@pytest.mark.parametrize(
    "engine",
    PROGRAMS,
)
def test_other_programs_find_the_same_cells(book, engine):
    """Where they have the functions: LibreOffice has no negative sizes, and IronCalc no references beside a colon."""
    ours, theirs = (find_engine(name).load(book).recalculate({at("B1"): 1.0}) for name in ("formulas", engine))
    compared = 0
    for row, text in enumerate(VALUES, start=1):
        one, other = ours[at(f"E{row}")], theirs[at(f"E{row}")]
        if isinstance(one, float) and isinstance(other, float):
            assert one == other, text
            compared += 1
    assert compared >= 10


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("OFFSET(E1,B1-1,0)", "depends on the formula itself"),  # E1 reads itself
        ("OFFSET(A1,B1/4,0)", "no whole number"),
        ("OFFSET(A1,B2,0)", "no whole number"),
        ("SUM(OFFSET(A1,{0;1},0))", "array"),
        ("{SUM(OFFSET(A1,{0;1},0))}", "spills"),
        ("OFFSET(A1:A3*2,B1,0)", "no plain reference"),
        ("INDIRECT(B2,B3)", "one for its style"),
        ('INDIRECT("[1]S!A"&B1)', "another workbook"),
        ("OFFSET(A1,0.1+0.2-0.3,0)", "no whole number"),
        ("OFFSET(A1,(0.1+0.2-0.3)*1E17,0)", "how Excel rounds"),
        ("SUMPRODUCT(OFFSET(A1,A1:A3*0+B1,0))", "one cell or all"),  # Excel has arrays within SUMPRODUCT
        ("OFFSET(A1,A1:A3,0)", "one cell or all"),
    ],
)
def test_what_is_not_certain_is_refused_with_its_reason(book, text, reason):
    """And what follows from it."""
    area = Range.of(at("E1")) if text.startswith("{") and text.endswith("}") else None
    edited = book.edited({at("E1"): Formula(f"={text.strip('{}')}", area), at("E2"): Formula("=E1+1")})
    values = find_engine("formulas").load(edited).recalculate({})
    assert isinstance(values[at("E1")], Unsupported)
    assert reason in values[at("E1")].reason
    assert isinstance(values[at("E2")], Unsupported)
    assert values[at("C1")] == 10.0


def test_more_places_than_a_formula_has_are_refused(book):
    """As many formulas would have to be computed."""
    edited = book.edited({at("E1"): Formula("=OFFSET(A1,B1,0)")})
    values = find_engine("formulas").load(edited).recalculate({at("B1"): np.arange(300.0)}, 300)
    assert "256 places" in values[at("E1")].reason


def test_a_name_may_be_of_such_a_call(tmp_path):
    """It stands in place of the cells, but beside a colon it is refused."""
    cells = {"A1": 1, "A2": 2, "B1": 1, "E1": "=there*10", "E2": "=SUM(A1:there)"}
    book = workbook(tmp_path, S=cells, names={"there": "OFFSET(S!$A$1,S!$B$1,0)"})
    values = find_engine("formulas").load(book).recalculate({})
    assert values[at("E1")] == 20.0
    assert isinstance(values[at("E2")], Unsupported)


def test_a_held_formula_is_computed_alone(book):
    """A held cell keeps its value for its readers; of the formula itself the result on the held values is known."""
    session = find_engine("formulas").load(book)
    batch = session.recalculate({at("C2"): 5.0, at("B1"): 1.0})
    assert batch[at("C2")] == 5.0
    alone = session.forced({at("C1"): 7.0, at("C2"): 5.0, at("B1"): 2.0, at("A3"): 30.0}, 1)
    assert alone.in_sample(at("C2"), 0) == 31.0
    assert alone.in_sample(at("C1"), 0) == 10.0


def test_a_formula_that_reads_itself_in_some_samples_has_a_value_in_the_others(book):
    """Excel would show a circular reference in these, and the value in the others."""
    edited = book.edited({at("E1"): Formula("=OFFSET(E1,B1,0)+1"), at("E2"): 5.0})
    batch = find_engine("formulas").load(edited).recalculate({at("B1"): np.array([0.0, 1.0])}, 2)
    assert isinstance(batch.in_sample(at("E1"), 0), Unsupported)
    assert batch.in_sample(at("E1"), 1) == 6.0


def test_what_a_formula_read_is_in_the_dependency_graph(book):
    """Whoever looks for the cause of a wrong value must come to the cells that it was computed from."""
    edited = book.edited({at("E1"): Formula("=SUM(OFFSET(A1,B1,0,2))")})
    assert set(edited.graph.precedents(at("E1"))) == {at("A1"), at("B1")}
    find_engine("formulas").load(edited).recalculate({})
    assert set(edited.graph.precedents(at("E1"))) == {at("A1"), at("B1"), at("A2"), at("A3")}
    assert at("E1") in edited.graph.dependents(Range.of(at("A3")))


SPEC = """
workbook = "sheets.xlsx"
reference = "ref.py:f"
sheet = "S"
[inputs]
rates = {{ at = "A1:A5", low = 0.5, high = 9 }}
k = {{ at = "B1", choices = [0, 1, 2, 3, 4] }}
[outputs]
rate = "C1"
total = "C2"
{more}
"""


@pytest.mark.parametrize(
    ("cells", "code", "said"),
    [
        ({"C1": "=OFFSET(A1,B1,0)", "C2": "=SUM(A1:INDEX(A1:A5,B1+1))"}, 0, "100 scenarios: all 2 cells agree"),
        ({"C1": "=OFFSET(A1,B1,0)", "C2": "=SUM(A1:INDEX(A1:A5,B1+2))"}, 1, "S!C2"),
        ({"C1": "=INDIRECT(\"D\"&B1+1)", "D1:D5": "{=A1:A5*1}", "C2": "=SUM(OFFSET(A1,0,0,B1+1))"}, 0, "all 2 cells agree"),
        # The cause is a cell that OFFSET reads, and not OFFSET.
        ({"C1": "=OFFSET(D1,B1,0)", "D1": "=A1", "D2": "=A2*2", "D3": "=A3", "D4": "=A4", "D5": "=A5",
          "C2": "=SUM(OFFSET(A1,0,0,B1+1))"}, 1, "S!D2"),
    ],
)  # fmt: skip
def test_a_workbook_with_such_references_is_verified(run, tmp_path, cells, code, said):
    """Right ones pass in every scenario, and of wrong ones the right cell is named."""
    from test_engines import workbook as written  # noqa: PLC0415

    written(tmp_path, S={"A1": 1.5, "A2": 2.5, "A3": 3.5, "A4": 4.5, "A5": 5.5, "B1": 1, **cells})
    (tmp_path / "ref.py").write_text(
        "def f(rates, k):\n    k = int(k)\n    r = rates.ravel()\n    return {'rate': r[k], 'total': r[: k + 1].sum()}\n"
    )
    (tmp_path / "s.parity.toml").write_text(SPEC.format(more=""))
    done = run("verify", tmp_path / "s.parity.toml")
    assert done.code == code, done.out
    assert said in " ".join(done.out.split()), done.out


def test_random_references_are_those_that_are_written_out(tmp_path):
    """A formula with the reference in place of the call, put there by hand, computes the same in every sample."""
    drawn, sheets = random.randrange(2**32), []

    @seed(drawn)
    @settings(max_examples=40, database=None, phases=[Phase.generate])
    @given(st.integers(0, 3), st.integers(0, 2), st.integers(1, 3), st.sampled_from(["SUM", "MAX", "COUNT", "AVERAGE"]))
    def draw(down, right, rows, name):
        sheets.append((down, right, rows, name))

    draw()
    numbers = {f"{'ABC'[k % 3]}{k // 3 + 1}": float(k * k % 17) for k in range(24)}
    live, expected = {}, {}
    for k, (down, right, rows, name) in enumerate(sheets, start=1):
        live |= {f"F{k}": down, f"G{k}": right, f"H{k}": rows}
        live[f"I{k}"] = f"={name}(OFFSET(A1,F{k},G{k},H{k},1))"
        live[f"J{k}"] = f'={name}(INDIRECT(CHAR(65+G{k})&F{k}+1&":"&CHAR(65+G{k})&F{k}+H{k}))'
        live[f"K{k}"] = f"={name}(INDEX(A1:C8,F{k}+1,G{k}+1):INDEX(A1:C8,F{k}+H{k},G{k}+1))"
        column = "ABC"[right]
        expected[k] = f"={name}({column}{down + 1}:{column}{down + rows})"
    book = workbook(tmp_path, S=numbers | live | {f"L{k}": text for k, text in expected.items()})
    values = find_engine("formulas").load(book).recalculate({})
    for k in expected:
        assert len({values[at(f"{column}{k}")] for column in "IJKL"}) == 1, (drawn, k)
