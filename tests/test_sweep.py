"""A sweep is the recalculation of each set, whatever the sets hold; teacher forcing judges each formula alone."""

import functools
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlparity.address import Cell, parse_range
from xlparity.columns import Column, column_of, value_in
from xlparity.engines.formulas import FormulasEngine, sweeping
from xlparity.engines.formulas.session import FormulasSession
from xlparity.scope import Scope
from xlparity.values import BLANK, MISSING, ErrorValue, Unsupported, Value
from xlparity.workbook import Formula, Workbook, read_workbook

deterministic = functools.partial(settings, deadline=None, derandomize=True, database=None)

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
    "=SUMPRODUCT(A1:A3*LN(1/(1+EXP(-A3:A5))))", "=ROUND(A1,2)", "=SIN(A1)", "=IFERROR(A1/A2,A3)", '=A1&"x"', "=COUNTIF(A1:A5,A1)",
    "=SUM(A:A)", "=A:A", "=MAX(A1:A5,A1:A5)", "=INDEX(A1:A5,2)", "=ATAN2(A1,A2)", "=IF(A1,1,2)", "=IF(A1>0,,2)", "=+A1", "=MMULT(A1,A2)",
    "=A1>TRUE", '=A1="x"', "=SUM(A1>A2,1)", "=ISNUMBER(A1)", "=IF(A1>1,A1:A3,2)",
]  # fmt: skip

ARRAYS = [
    "=MMULT(A1:B3,TRANSPOSE(A1:B3))", "=MMULT(A1:B2,A3:B4)+A5", "=1/A1*MMULT(TRANSPOSE(A1:B3),A3:A5)", "=TRANSPOSE(A1:B3)",
    "=A1:A3*A3:A5", "=A1:A3-A1", "=A1:B3", "=EXP(A1:B3)", "=IF(A1:B3>0,LN(A1:B3),0)", "=IF(A1>0,A1:B3,A2:B4)", "=A1:A3*2+1",
    '=IF(A1:A3>A2,"more",A1:A3)', "=SUM(A1:A3*B1:B3)", "=SUM(IF(A1:A3>0,A1:A3,0))", "=A1:B3^2", "=MMULT(A1:B3,A1:B3)", "=A1",
    "=MAX(ABS(A1:A3-B1:B3))", "=A1:A3+A1:A2", "=(A1:A3>B1:B3)*1", "=SUMPRODUCT(A1:A3,A1:B3)", "=INT(A1:B3)", "=NOT(A1:A3>0)",
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


def check(session: FormulasSession, count: int, columns: dict[Cell, Column]) -> dict[Cell, Column]:
    """The sweep, which must be what recalculating each set gives."""
    swept = session.sweep(count, columns)
    for column in swept.values():
        assert not isinstance(column, np.ndarray) or (column.shape == (count,) and np.isfinite(column).all())
        assert not isinstance(column, tuple) or len(column) == count
    for number in range(count):
        given_now = {cell: value_in(column, number) for cell, column in columns.items()}
        expected = session.recalculate(given_now)
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
@deterministic(max_examples=60)
def test_a_sweep_is_the_recalculation_of_each_set(data):
    """Scenarios are judged on what a sweep says; a value, an error or a refusal that is another one is a wrong verdict."""
    formulas = data.draw(st.lists(st.sampled_from(SCALAR), min_size=8, max_size=8))
    cells: dict[str, Value | str] = {f"J{row}": text for row, text in enumerate(formulas, start=1)}
    cells |= {f"K{row}": f"=IF(J{row}>0.5,J{row}*2,J{row}-1)" for row in range(1, 9)}
    cells[data.draw(st.sampled_from(AREAS))] = data.draw(st.sampled_from(ARRAYS))
    cells |= {"H1": "=SUM(D1:E3)", "H2": "=D1-E2", "H3": "=K1-K2+K3"}
    count = 7
    given_columns = {at(address): data.draw(columns(count)) for address in INPUTS if data.draw(st.booleans()) or "1" in address}
    check(load(cells | {"A4": 2.5, "B2": "label", "B3": -1.0}), count, given_columns)
