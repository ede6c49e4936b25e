"""A sweep is the recalculation of each set, whatever the sets hold; teacher forcing judges each formula alone."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

from xlparity.engines.evaluator import evaluation
from xlparity.engines.evaluator import session as sessions
from xlparity.engines.evaluator.session import FormulasSession
from xlparity.engines.formulas import FormulasEngine
from xlparity.excel.address import Cell, parse_range
from xlparity.excel.columns import Column, column_of, value_in
from xlparity.excel.names import Scope
from xlparity.excel.values import BLANK, MISSING, ErrorValue, Unsupported, Value
from xlparity.excel.workbook import Formula, Workbook, read_workbook

EMPTY_BOOK = Workbook(Path("none.xlsx"), "", ("S",), {}, {}, Scope({}, {}, ()), {"S": (1, 1)}, 0)

SCALAR = [
    "=A1", "=A1+A2", "=A1-A2", "=A1*A2", "=A1/A2", "=-A1", "=A1^A2", "=POWER(A1,A2)", "=A1^2", "=POWER(A1,2)", "=2^A1", "=A1%",
    "=ABS(A1)", "=SQRT(A1)", "=EXP(A1)", "=LN(A1)", "=LOG10(A1)", "=LOG(A1)", "=LOG(A1,A2)", "=TANH(A1)", "=SIGN(A1)", "=INT(A1)",
    "=INT(A1*A2)", "=ATAN(A1)", "=PI()*A1", "=A1>A2", "=A1=A2", "=A1<>A2", "=A1<=0.3", "=IF(A1>A2,A1,A2)", "=IF(A1>0,LN(A1),0)",
    '=IF(A1>A2,"more","less")', "=IF(A1=A2,TRUE,A1)", "=IF((A1>0.5)=(A2>0.5),1,0)", "=(A1>A2)*2", "=--(A1>A2)", "=NOT(A1>A2)",
    '=IF(AND(A1>0,A2>0),"both",IF(OR(A1>0,A2>0),1,A1))', "=1/(1+EXP(-A1))", "=-(A1*LN(A2)+(1-A1)*LN(1-A2))", "=1/A1", "=0*A1",
    "=A1-A2+A3", "=(A1-A2)*A3", "=(A1-A2)=0", "=SQRT(A1-A2)", "=A1*1E-300*A2", "=SUM(A1:A5)", "=SUM(A1,A2,3)", "=AVERAGE(A1:A5)",
    "=MIN(A1:A5)", "=MAX(A1:A5)", "=COUNT(A1:A5)", "=COUNT(A1)", "=SUMSQ(A1:A5)", "=1/A3*SUM(A1:A5)", "=SUM(A1:A3)-SUM(A4:A5)",
    "=SUMPRODUCT(A1:A3,A3:A5)", "=SUMPRODUCT(A1:A3*A3:A5)", "=SUMPRODUCT(A1:A3-A3:A5)", "=SUMPRODUCT(--(A1:A3>A3:A5))",
    "=SUMPRODUCT(A1:A3*LN(1/(1+EXP(-A3:A5))))", "=ROUND(A1,2)", "=ROUNDUP(A1*10,1)", "=ROUNDDOWN(A1,0)",
    "=ROUND(A1*1E4,-2)", "=ROUND(A1,A2)", "=SIN(A1)", "=IFERROR(A1/A2,A3)", '=A1&"x"', "=COUNTIF(A1:A5,A1)",
    "=SUM(A:A)", "=A:A", "=MAX(A1:A5,A1:A5)", "=INDEX(A1:A5,2)", "=ATAN2(A1,A2)", "=IF(A1,1,2)", "=IF(A1>0,,2)", "=+A1",
    "=MMULT(A1,A2)",
    "=ISERROR(A1)", "=NOT(ISERROR(A1))", "=IF(ISERROR(A1/A2),A3,A1*2)", "=IFERROR(A1,A2)", "=IF(A1>0,A2,A3)",
    "=AND(A1,A2)", "=OR(A1>0,A2)",
    "=IF(OR(ISERROR(A1),A2>0),1,A3)", "=A1>A2", "=A1<>A2", "=A1=A2", "=+A2", "=SUM(A1:A3,B1)",
    "=COUNT(A1:A5,A2)", "=AVERAGE(A1:B2)",
    '=AND("x",A1>0)', '=OR(A1>0,"")', '=IFERROR(A1/A2,"")', '=IF(A1="",0,A1)', '="5"+A1', '=SUM("5",A1)', '=COUNT("5",A1:A3)',
    '=MAX(A1,"5")', '=IF(COUNT(A1:A3)=0,"none",A1)', '="text"', '=ISERROR("x")', '=IF(A1>0,"","x")=""', '=NOT("x")',
    '=IFERROR("x",A1)',
    "=A1>TRUE", '=A1="x"', "=SUM(A1>A2,1)", "=ISNUMBER(A1)", "=IF(A1>1,A1:A3,2)",
]  # fmt: skip

ARRAYS = [
    "=MMULT(A1:B3,TRANSPOSE(A1:B3))", "=MMULT(A1:B2,A3:B4)+A5", "=1/A1*MMULT(TRANSPOSE(A1:B3),A3:A5)", "=TRANSPOSE(A1:B3)",
    "=A1:A3*A3:A5", "=A1:A3-A1", "=A1:B3", "=EXP(A1:B3)", "=IF(A1:B3>0,LN(A1:B3),0)", "=IF(A1>0,A1:B3,A2:B4)", "=A1:A3*2+1",
    '=IF(A1:A3>A2,"more",A1:A3)', "=SUM(A1:A3*B1:B3)", "=SUM(IF(A1:A3>0,A1:A3,0))", "=A1:B3^2", "=MMULT(A1:B3,A1:B3)", "=A1",
    "=MAX(ABS(A1:A3-B1:B3))", "=A1:A3+A1:A2", "=(A1:A3>B1:B3)*1", "=SUMPRODUCT(A1:A3,A1:B3)", "=INT(A1:B3)", "=NOT(A1:A3>0)",
    "=IFERROR(A1:A3/A1,0)", '=IFERROR(A1:A3/B1:B3,"")', "=ISNA(A1:B2)", "=IF(ISNA(A1:B3),A2,A1:B3)",
    "=IFERROR(MMULT(A1:B2,A3:B4),A1)",
]  # fmt: skip

AREAS = ["D1", "D1:E3", "D1:D3", "D1:F2", "D1:G4"]

NUMBERS = [
    0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 0.1, 0.3, 0.1 + 0.2, 1.1 - 1.0, 3.0 - 1e-15, 1e-320, 3e-308, 1e-200, 1e200, -1e300, 1.7e308,
    709.9, -745.0, 1e-16, 1e15 + 0.5, 1e16, 1 - 1e-16, 1 + 2e-15, 100.0, 1e-13,
]  # fmt: skip
ODD: list[Value] = [
    BLANK, "", "x", "5", "more", True, False, ErrorValue("#N/A"), ErrorValue("#DIV/0!"), Unsupported("whatever"), MISSING,
]  # fmt: skip

numbers = st.one_of(st.sampled_from(NUMBERS), st.floats(allow_nan=False, allow_infinity=False), st.floats(-3, 3)).map(
    lambda number: number + 0.0  # which a sweep makes of a negative zero
)
INPUTS = ["A1", "A2", "A3", "A4", "A5", "B1", "B2", "B3", "B4"]


def at(address: str) -> Cell:
    return parse_range(address, "S").first


def book(cells: dict[str, Value | str]) -> Workbook:
    """A sheet S with these contents: a text with an equals sign is a formula, at the address of an area an array formula."""

    def content(address: str, text: Value) -> Value | Formula:
        if not (isinstance(text, str) and text.startswith("=")):
            return float(text) if type(text) is int else text
        return Formula(text, parse_range(address, "S") if ":" in address else None)

    return EMPTY_BOOK.edited({at(address): content(address, text) for address, text in cells.items()})


def load(cells: dict[str, Value | str]) -> FormulasSession:
    return FormulasEngine().load(book(cells))


def same(value: Value, expected: Value) -> bool:
    """The same type and value; a float to 1e-14 relative."""
    if type(value) is float and type(expected) is float:
        return value == expected or abs(value - expected) <= 1e-14 * abs(expected)
    return type(value) is type(expected) and value == expected


def by_programs(workbook: Workbook) -> FormulasSession:
    """A session that has no array kernels: each program runs by itself in each sample."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(evaluation, "plan", lambda program, shapes: None)
        return FormulasSession(workbook)


def check(session: FormulasSession, count: int, columns: dict[Cell, Column]) -> dict[Cell, Column]:
    """The sweep, which must be what the programs make of each set."""
    alone = by_programs(session._workbook)
    swept = session.recalculate(columns, count)
    for column in swept.values():
        assert not isinstance(column, np.ndarray) or (column.shape == (count,) and np.isfinite(column).all())
        assert not isinstance(column, tuple) or len(column) == count
    for number in range(count):
        given_now = {cell: value_in(column, number) for cell, column in columns.items()}
        expected = alone.recalculate(given_now)
        assert set(expected) == set(swept)
        wrong = {
            str(cell): (value_in(swept[cell], number), value)
            for cell, value in expected.items()
            if not same(value_in(swept[cell], number), value)
        }
        assert not wrong, (given_now, wrong)
    return swept


@st.composite
def columns(draw: st.DrawFn, count: int) -> Column:
    kind = draw(st.sampled_from(["fixed", "floats", "floats", "floats", "mixed", "odd"]))
    if kind == "fixed":
        return draw(st.one_of(numbers, st.sampled_from(ODD)))
    if kind == "floats":
        return np.array(draw(st.lists(numbers, min_size=count, max_size=count)))
    odd = st.sampled_from(ODD)
    values = st.one_of(numbers, numbers, numbers, odd) if kind == "mixed" else odd
    return tuple(draw(st.lists(values, min_size=count, max_size=count)))


@given(st.data())
@examples(70)
def test_a_sweep_is_the_recalculation_of_each_set(data):
    """Scenarios are judged on what a sweep says; a value, an error or a refusal that is another one is a wrong verdict."""
    formulas = data.draw(st.lists(st.sampled_from(SCALAR), min_size=8, max_size=8))
    cells: dict[str, Value | str] = {f"J{row}": text for row, text in enumerate(formulas, start=1)}
    cells |= {f"K{row}": f"=IF(J{row}>0.5,J{row}*2,J{row}-1)" for row in range(1, 9)}
    cells[data.draw(st.sampled_from(AREAS))] = data.draw(st.sampled_from(ARRAYS))
    cells |= {"H1": "=SUM(D1:E3)", "H2": "=D1-E2", "H3": "=K1-K2+K3"}
    count = 7
    given_columns = {
        at(address): data.draw(columns(count)) for address in INPUTS if data.draw(st.booleans()) or "1" in address
    }
    check(load(cells | {"A4": 2.5, "B2": "label", "B3": -1.0}), count, given_columns)


@pytest.mark.parametrize("formula", ARRAYS)
def test_a_sweep_of_an_array_formula_is_the_recalculation_over_areas_of_all_sizes(formula):
    """What an area has beyond the operands depends on the formula: the vectors must not fill it with #N/A on their own."""
    inputs = {at(address): np.array([k + 1.0, k + 2.5, 4.0 - k]) for k, address in enumerate(INPUTS)}
    for area in AREAS:
        check(load({area: formula, "H1": "=SUM(D1:E3)"}), 3, inputs)


# Formulas, and sets of A1 to A3 of which only a few are doubtful: what the scalar paths refuse, mark or make an error of.
DOUBTFUL = {
    "what a subtraction leaves": ("=A1-A2", [(0.1 + 0.2, 0.3, 0), (1, 2, 0), (5, 5, 0), (1e10 + 1e-5, 1e10, 0)]),
    "a residue refused, since it is large": ("=A1-A2", [(1e6 + 1e-9, 1e6, 0), (3, 1, 0), (2, 2, 0)]),
    "a residue as a divisor": ("=A3/(A1-A2)", [(0.1 + 0.2, 0.3, 1), (1, 2, 1), (2, 2, 1)]),
    "a residue among what is summed": ("=SUM(A1:A3)", [(0.1 + 0.2, -0.3, 0), (0.1 + 0.2, -0.3, 1), (1, 2, 3), (1, -1, 0)]),
    "a residue among what is averaged": ("=AVERAGE(A1:A3)", [(0.1 + 0.2, -0.3, 0), (1, 2, 3), (1, -1, 0)]),
    "a sum of products that cancel": ("=SUMPRODUCT(A1:A2,B1:B2)", [(0.3, 0.1 + 0.2, 0), (0.3, -0.3, 0), (1, 2, 0)]),
    "15 digits compared": ("=A1>A2", [(0.1 + 0.2, 0.3, 0), (0.3, 0.3, 0), (0.2, 0.3, 0), (1e-16, 0, 0)]),
    "15 digits equal": ("=IF(A1=A2,A3,-A3)", [(0.1 + 0.2, 0.3, 1), (0.3, 0.3, 1), (0.2, 0.3, 1)]),
    "a whole number, or nearly": ("=INT(A1)", [(3 - 1e-15, 0, 0), (2.5, 0, 0), (-2.5, 0, 0), (1e17, 0, 0), (3, 0, 0)]),
    "an infinity on the way": ("=1/(1+EXP(-A1))", [(-800, 0, 0), (-700, 0, 0), (800, 0, 0), (0, 0, 0)]),
    "a product beyond all numbers": ("=A1*A2*0", [(1e200, 1e200, 0), (1, 2, 0), (1e300, 1, 0)]),
    "numbers smaller than Excel's": ("=A1*A2", [(1e-200, 1e-150, 0), (1e-200, 1e-100, 0), (0, 1, 0), (1, 1, 0)]),
    "no logarithm": ("=A1*LN(A2)", [(1, 0, 0), (1, -1, 0), (1, 1, 0), (0, 0, 0)]),
    "a logarithm to base 1 or 0": ("=LOG(A1,A2)", [(2, 1, 0), (2, 0, 0), (2, -2, 0), (8, 2, 0)]),
    "powers of zero and of negative numbers": ("=A1^A2", [(0, 0, 0), (0, -1, 0), (-8, 1 / 3, 0), (-8, 3, 0), (10, 400, 0)]),
    "the same by name": ("=POWER(A1,A2)", [(0, 0, 0), (0, -1, 0), (-8, 1 / 3, 0), (-8, 3, 0), (10, 400, 0), (3, 2, 0)]),
    "a divisor of zero": ("=A1/A2", [(1, 0, 0), (0, 0, 0), (1, 3, 0)]),
    "an error in the branch not taken": ("=IF(A1>0,LN(A1),A2)", [(0, 7, 0), (-1, 7, 0), (2, 7, 0)]),
}  # fmt: skip


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_set_in_doubt_is_computed_as_it_is_alone(name):
    """Vectors know no error values, no 15 digits and no residues: where these begin, a sweep must leave them."""
    formula, sets = DOUBTFUL[name]
    session = load({"A1": 0, "A2": 0, "A3": 0, "B1": 1, "B2": -1, "C1": formula, "C2": "=C1*2", "C3": "=IF(C1>0,1,2)"})
    given_columns = {at(f"A{row}"): np.array([float(each[row - 1]) for each in sets]) for row in (1, 2, 3)}
    check(session, len(sets), given_columns)


def test_equal_numbers_stay_equal():
    """A square that ends in another bit by vector than alone would be one of two numbers that Excel may call equal."""
    generator = np.random.default_rng(0)
    session = load({"A1": 1, "B1": "=A1^2=POWER(A1,2)", "B2": "=A1^3", "B3": "=POWER(A1,A2)", "B4": "=B2=B3"})
    check(session, 500, {at("A1"): generator.normal(size=500), at("A2"): generator.choice([0.5, 1, 2, 3], size=500)})


def test_the_course_workbook_is_swept_to_the_last_bit(week_one):
    """The workbook that the tool comes with, in nine sets of which most hold what no formula was meant for."""
    session = FormulasEngine().load(read_workbook(week_one.with_name("regressor.xlsx")))
    generator = np.random.default_rng(1)
    given_columns: dict[Cell, Column] = {}
    for area in ("B9:D12", "L9:L12", "F9:F11", "G9", "B3"):
        for cell in parse_range(area, "Training").cells():
            given_columns[cell] = generator.normal(size=9)
    first = parse_range("B9", "Training").first
    floats = given_columns[first]
    assert isinstance(floats, np.ndarray)
    odd: dict[int, Value] = {1: "text", 2: ErrorValue("#N/A"), 4: BLANK, 5: True, 6: 1e300, 7: 0.0}
    given_columns[first] = tuple(odd.get(number, value) for number, value in enumerate(floats.tolist()))
    swept = session.recalculate(given_columns, 9)
    alone = by_programs(session._workbook)
    for number in range(9):
        expected = alone.recalculate({cell: value_in(column, number) for cell, column in given_columns.items()})
        assert {cell: value_in(column, number) for cell, column in swept.items()} == expected
    assert sum(isinstance(column, np.ndarray) for column in session.recalculate({first: floats}, 9).values()) > 300


def test_overrides_stand_in_place_of_formulas_and_of_parts_of_array_formulas():
    """As ``recalculate`` has it: a circle may be cut, a cell may lie outside, one cell of an area may be held."""
    column = np.array([1.0, 2.0, 3.0])
    session = load(
        {"A1": 1, "B1": "=C1+A1", "C1": "=B1*2", "D1:D3": "=A1:A3*2", "E1": "=SUM(D1:D3)", "F1": "=SUM(A:A)"}
    )
    for cells in (["C1"], ["B1"], ["A1"], ["D2", "A1"], ["D1", "D2", "D3"], ["A9", "A1"], ["H9"]):
        check(session, 3, {at(address): column for address in cells})
    check(load({"A1": 1, "B1": "=SUM(C:C)", "B2": "=A1*2"}), 3, {at("C9"): column, at("A1"): column * 2})


def test_many_sets_are_swept_in_parts(monkeypatch):
    """Memory stays bounded; the parts are put together as though there had been one."""
    session = load({"A1": 1, "A2": 2, "B1": "=A1*2", "B2": "=1/A1", "B3": '=IF(A1>0,"yes",A2)', "B4": "=A2"})
    values: list[Value] = [1.0, 1.0, 1.0, 0.0, 2.0, "x", -3.0]
    whole = session.recalculate({at("A1"): tuple(values)}, 7)
    monkeypatch.setattr(sessions, "_LARGEST", 3 * len(whole))
    parts = session.recalculate({at("A1"): tuple(values)}, 7)
    for cell, column in whole.items():
        assert [value_in(parts[cell], k) for k in range(7)] == [value_in(column, k) for k in range(7)]
    with pytest.raises(ValueError, match="a column of 2 values for 3 samples"):
        session.recalculate({at("A1"): (1.0, 2.0)}, 3)
    with pytest.raises(ValueError, match="0 samples"):
        session.recalculate({}, 0)


# --- teacher forcing -------------------------------------------------------------------------------------------------


def test_a_held_formula_is_judged_alone():
    """A wrong formula upstream is not the fault of the right one that reads it."""
    session = load({"A1": 1, "B1": "=A1*2", "C1": "=B1+1", "D1": "=C1*10"})
    found = session.forced(
        {at("A1"): np.array([1.0, 2.0]), at("B1"): np.array([7.0, 8.0]), at("C1"): np.array([5.0, 6.0])}, 2
    )
    assert {cell.a1: [value_in(column, k) for k in (0, 1)] for cell, column in found.items()} == {
        "A1": [1, 2], "B1": [2, 4], "C1": [8, 9], "D1": [50, 60],
    }  # fmt: skip


def test_helpers_are_evaluated_through():
    """A cell that no reference knows keeps its formula, and hands on what it makes of the held values."""
    session = load({"A1": 1, "B1": "=A1*2", "H1": "=B1+100", "H2": "=H1*2", "C1": "=H2+B1"})
    found = session.forced({at("A1"): 1.0, at("B1"): 5.0, at("C1"): 0.0}, 1)
    assert found == {at("A1"): 1.0, at("B1"): 2.0, at("H1"): 105.0, at("H2"): 210.0, at("C1"): 215.0}


def test_a_circle_among_held_cells_is_no_circle():
    """A formula that refers to the wrong cell may close a circle; held values still tell which of the two is wrong."""
    cells: dict[str, Value | str] = {
        "A1": 3,
        "B1": "=C1+A1",
        "C1": "=B1*2",
        "D1": "=D1+A1",
        "E1": "=F1",
        "F1": "=E1",
        "G1": "=F1+1",
    }
    found = load(cells).forced({at("B1"): np.array([1.0, 2.0]), at("D1"): np.array([1.0, 2.0]), at("G1"): 1.0}, 2)
    assert value_in(found[at("B1")], 1) == 2 * 2 + 3
    assert [value_in(found[at("D1")], k) for k in (0, 1)] == [4.0, 5.0]
    assert value_in(found[at("C1")], 1) == 4.0
    for behind in ("E1", "F1", "G1"):
        assert isinstance(found[at(behind)], Unsupported)


def test_what_was_never_computed_is_not_handed_back_as_though_it_were():
    """A held cell whose formula is refused must not come back as the value that it was held at: that would be a match."""
    odd = EMPTY_BOOK.edited(
        {at("A1"): 1.0, at("B1"): Formula("=NOSUCH(A1)"), at("C1"): Unsupported("under a merged cell")}
    )
    found = FormulasEngine().load(odd).forced({at(cell): 5.0 for cell in ("A1", "B1", "C1", "Z9")}, 1)
    assert found[at("A1")] == found[at("Z9")] == 5.0
    assert isinstance(found[at("B1")], Unsupported)
    assert found[at("C1")] == Unsupported("under a merged cell")


def test_members_of_an_array_area_are_judged_together_and_read_apart():
    """One formula fills the block; a reader of one of its cells reads that cell's held value."""
    session = load({"A1": 1, "A2": 2, "D1:D2": "=A1:A2*10", "E1": "=D1+D2"})
    found = session.forced({at("A1"): np.array([1.0, 2.0, 3.0]), at("D2"): np.array([5.0, 5.0, 6.0])}, 3)
    assert [value_in(found[at("D1")], k) for k in range(3)] == [10, 20, 30]
    assert found[at("D2")] == 20.0
    assert [value_in(found[at("E1")], k) for k in range(3)] == [15, 25, 36]


@given(st.data())
@examples(40)
def test_forcing_is_recalculating_with_all_else_held(data):
    """What a held formula comes to is what ``recalculate`` makes of it where every other held cell is overridden."""
    texts = data.draw(st.lists(st.sampled_from(SCALAR), min_size=5, max_size=5))
    session = load(
        {f"J{row}": text for row, text in enumerate(texts, start=1)} | {"D1:E3": data.draw(st.sampled_from(ARRAYS))}
    )
    held = {at(address): data.draw(columns(3)) for address in (*INPUTS, "J1", "J3", "D2", "E3")}
    found = session.forced(held, 3)
    for judged in [at(address) for address in ("J1", "J3", "D2", "E3")]:
        for number in range(3):
            others = {cell: value_in(column, number) for cell, column in held.items() if cell != judged}
            assert same(value_in(found[judged], number), session.recalculate(others)[judged])


# --- sessions of edited workbooks ------------------------------------------------------------------------------------


def test_a_session_like_another_computes_as_a_fresh_one(two_iterations):
    """Trying out a repair must not be trying it out on something else."""
    original = read_workbook(two_iterations.with_name("regressor.xlsx"))
    session = FormulasEngine().load(original)
    choices = random.Random(0)
    formulas = [cell for cell, content in original.cells.items() if isinstance(content, Formula)]
    for cell in [*choices.sample(formulas, 6), *choices.sample([*original.members], 4)]:
        for content in (1.5, Formula("=1/0"), Formula("=NOSUCH(1)"), "text", BLANK):
            changed = original.edited({cell: content})
            values = session.like(changed).recalculate({})
            assert values == FormulasEngine().load(changed).recalculate({})
            assert values.get(cell, BLANK) == content or isinstance(content, Formula)
    assert session.recalculate({}) == FormulasEngine().load(original).recalculate({})


def test_dates_are_others_in_a_session_like_one_whose_dates_count_from_1900():
    """The programs are shared, and what the dates of a workbook count from is not."""
    dated = book({"A1": 1, "B1": "=YEAR(A1)"})
    session = FormulasSession(dated)
    other = session.like(replace(dated, date1904=True))
    assert other.recalculate({})[at("B1")] == 1904.0
    assert session.recalculate({})[at("B1")] == other.like(dated).recalculate({})[at("B1")] == 1900.0


BLOCK: dict[str, Value | str] = {"A1": 1, "A2": 2, "A3": 3, "D1:D3": "=A1:A3*10", "E1": "=SUM(D1:D3)"}


def after(contents: dict[str, Value | Formula]) -> list[Value]:
    """D1 to D3 and E1 once these contents have been put into the block."""
    values = (
        FormulasEngine().load(book(BLOCK).edited({at(a): content for a, content in contents.items()})).recalculate({})
    )
    return [values.get(at(address), BLANK) for address in ("D1", "D2", "D3", "E1")]


def test_a_block_goes_with_its_first_cell_and_keeps_a_hole_for_what_is_put_over_another():
    """A number pasted over one cell of an array block is the classic slip; the rest of the block is as live as it was."""
    area = parse_range("D1:D3", "S")
    assert after({}) == [10, 20, 30, 60]
    assert after({"D1": Formula("=A1:A3*100", area)}) == [100, 200, 300, 600]
    assert after({"D1": 5.0}) == [5, BLANK, BLANK, 5]
    assert after({"D1": Formula("=A1*7")}) == [7, BLANK, BLANK, 7]
    assert after({"D2": 5.0}) == [10, 5, 30, 45]
    assert after({"D2": Formula("=D1+1")}) == [10, 11, 30, 51]
    assert after({"D2": BLANK}) == [10, BLANK, 30, 40]
    assert after({"D1": Formula("=A1:A3*100", area), "D2": 5.0}) == after(
        {"D2": 5.0, "D1": Formula("=A1:A3*100", area)}
    )
    assert after({"D1": BLANK, "D3": 4.0}) == after({"D3": 4.0, "D1": BLANK}) == [BLANK, BLANK, 4, 4]
    assert after({"D1": Formula("=A1:A2", parse_range("D1:D2", "S"))}) == [1, 2, BLANK, 3]
    refused = after({"D1": Formula("=NOSUCH(A1:A3)", area), "D2": 5.0})
    assert refused[1] == 5.0
    assert isinstance(refused[0], Unsupported)
    assert isinstance(refused[2], Unsupported)


def test_an_edited_workbook_counts_and_extends_as_one_read_afresh():
    """The census adds up what is in the file, and whole columns are read to their last used cell."""
    edited = book(BLOCK)
    assert (edited.formulas, edited.extents) == (2, {"S": (3, 5)})
    assert edited.edited({at("D2"): 5.0, at("G9"): Formula("=1")}).formulas == 3
    assert edited.edited({at("G9"): 1.0}).extents == {"S": (9, 7)}
    assert edited.edited({at("D1"): BLANK, at("E1"): 2.0}).formulas == 0
    assert edited.edited({at("E1"): BLANK}).extents == {"S": (3, 4)}
    assert edited.formula(at("D2")) is not None
    assert edited.edited({at("D2"): 5.0}).formula(at("D2")) is None


def test_what_cannot_stand_in_a_cell_is_a_value_error():
    """An area over another formula, or beside its cell, is none that a file could hold."""
    area = parse_range("D1:D3", "S")
    for address, content in {"B1": Formula("=A1:A3", area), "C1": Formula("=A1", parse_range("C1:D1", "S"))}.items():
        with pytest.raises(ValueError, match="an array formula over"):
            book(BLOCK).edited({at(address): content})
    with pytest.raises(ValueError, match="no sheet 'T'"):
        book(BLOCK).edited({at("A1")._replace(sheet="T"): 1.0})


def test_a_spill_is_refused_with_something_in_its_way():
    """Excel shows #SPILL! there, and not the part that would fit."""
    spilling = EMPTY_BOOK.edited({at("D1"): Formula("=A1:A3*10", parse_range("D1:D3", "S"), spills=True)})
    values = FormulasEngine().load(spilling.edited({at("D2"): 1.0})).recalculate({})
    assert values[at("D1")] == Unsupported("a formula that cannot spill, since S!D2 is in its way")
    assert values.get(at("D3"), BLANK) is BLANK
    assert FormulasEngine().load(spilling.edited({at("D2"): BLANK})).recalculate({})[at("D2")] == 0.0


def test_a_column_of_equal_values_is_one_value():
    """A formula that does not react to an input is seen by that."""
    found = load({"A1": 1, "B1": "=A1*0", "C1": "=A1*2"}).recalculate({at("A1"): np.array([1.0, 2.0, 3.0])}, 3)
    assert found[at("B1")] == 0.0 == column_of([0.0, 0.0, 0.0])
    assert isinstance(found[at("C1")], np.ndarray)
