"""Each array kernel, held bit for bit to the function that it stands for."""

import random

import numpy as np
import pytest
from test_sweep import NUMBERS, ODD, at, book, by_programs, load

from xlparity.engines.evaluator import kernels
from xlparity.excel.columns import column_of, value_in

ARGUMENTS = {
    **dict.fromkeys(("+", "-", "*", "/", "^", *kernels._ORDERS), "A1{0}A2"), "U-": "-A1", "U+": "+A1", "--": "--A1", "%": "A1%",
    **dict.fromkeys(("POWER", "IFERROR"), "{0}(A1,A2)"), **dict.fromkeys(("ROUND", "ROUNDUP", "ROUNDDOWN"), "{0}(A1,2)"),
    "PI": "PI()*A1", "LOG": "LOG(A1,A2)", "MOD": "MOD(A1,A2)", "IF": "IF(A1,A2,A3)",
    **dict.fromkeys(("AND", "OR"), "{0}(A1,A2>0,A3)"),
    **dict.fromkeys((*kernels._AGGREGATES,), "{0}(A1:A9,B1)"), "SUMPRODUCT": "SUMPRODUCT(A1:A9,B1:B9)",
    "MMULT": "SUM(MMULT(A1:B2,A3:B4))", "TRANSPOSE": "SUMPRODUCT(TRANSPOSE(A1:B3),TRANSPOSE(B2:C4))",
}  # fmt: skip
KERNELS = [*kernels._ELEMENTWISE, *kernels._CHOICES, *kernels._AGGREGATES, "SUMPRODUCT", "MMULT", "TRANSPOSE"]
CELLS = [f"{column}{row}" for column in "ABC" for row in range(1, 10)]
LANES = 120


def columns(seed, odd):
    """Numbers at the edges and at random in every cell; where ``odd``, blanks, texts, truth values and errors among them."""
    drawn = random.Random(seed)

    def value():
        if odd and drawn.random() < 0.15:
            return drawn.choice(ODD)
        near = drawn.choice(NUMBERS)
        return drawn.choice([near, near, drawn.uniform(-3, 3), drawn.uniform(-3, 3), float(drawn.randint(-5, 5))]) + 0.0

    return {at(cell): column_of([value() for _ in range(LANES)]) for cell in CELLS}


@pytest.mark.parametrize("odd", [False, True], ids=["numbers", "values of any kind"])
@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_has_the_bits_of_its_function(name, odd):
    """A kernel is an optimisation: another last digit in it would be another verdict in scenarios than without them."""
    formula = f"={ARGUMENTS.get(name, '{0}(A1)').format(name)}"
    cells = {"J1": formula} if name not in ("MMULT", "TRANSPOSE") else {"J1:J1": formula}
    given = columns(name, odd)
    session = load(cells)
    swept = session.recalculate(given, LANES)[at("J1")]
    alone = by_programs(book(cells))
    for lane in range(LANES):
        inputs = {cell: value_in(column, lane) for cell, column in given.items()}
        expected, found = alone.recalculate(inputs)[at("J1")], value_in(swept, lane)
        assert type(found) is type(expected), (inputs, found, expected)
        exact = float(found).hex() == float(expected).hex() if type(found) is float else found == expected
        assert exact, (inputs, found, expected)


@pytest.mark.parametrize("name", KERNELS)
def test_numbers_are_computed_by_the_kernel_itself(name, monkeypatch):
    """Were all lanes left to the function, there would be nothing to compare."""
    formula = f"={ARGUMENTS.get(name, '{0}(A1)').format(name)}"
    planned = []
    made = kernels.plan
    monkeypatch.setattr(
        "xlparity.engines.evaluator.evaluation.plan", lambda *given: planned.append(made(*given)) or planned[-1]
    )
    cells = {"J1": formula} if name not in ("MMULT", "TRANSPOSE") else {"J1:J1": formula}
    load(cells).recalculate({at(cell): np.array([1.5, 2.5, 3.5]) for cell in CELLS}, 3)
    assert any(found is not None for found in planned)
