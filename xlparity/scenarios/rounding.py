"""Which disagreements rounding alone may make: the reference is asked again, on inputs that are a few ulps away.

Where LN(1-A1) has A1 within 1e-10 of 1, the last bit of a matrix product decides about the ninth digit. A right workbook
then differs from a right reference by more than any tolerance that would still catch a wrong one.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from xlparity.address import Cell
from xlparity.case import Array, Case
from xlparity.columns import Column, Floats, value_in
from xlparity.errors import OracleError
from xlparity.judge import Bools, Reading
from xlparity.trials import Answers, Trial
from xlparity.values import BLANK, ErrorValue, Value

_DRAWS = 6
_FARTHEST = 8  # ulps
_MARGIN = 16  # a workbook rounds at every step on the way, and a nudge does so once
ENOUGH = 3
_OF_OVERFLOWS = ("#NUM!", "#DIV/0!")


def shaky(
    trial: Trial,
    layout: Reading,
    answers: Answers,
    columns: Mapping[Cell, Column],
    wrong: Bools,
    known: NDArray[np.int64],
    *,
    seeds: Sequence[int],
) -> Bools:
    """Those of the wrong cells, (sets, bindings), of which rounding may be the only reason.

    ``known`` counts for each binding, (bindings,), the sets in which it has been found wrong beyond rounding before. Once
    these are ``ENOUGH``, it is taken for wrong in the others as well, and they are not examined for it. Each set has its seed.
    """
    found = np.zeros_like(wrong)
    confirmed = known.copy()
    sets = np.flatnonzero((wrong & (confirmed < ENOUGH)).any(axis=1))
    if not sets.size:
        return found
    cases = list(trial.cases(columns, len(wrong)))
    for number in sets.tolist():
        cells = np.flatnonzero(wrong[number])
        case = cases[number]
        if case is not None and (confirmed[cells] < ENOUGH).any():
            row, truths = answers.expected[number], answers.truths[number]
            values = [value_in(columns.get(trial.grid.bindings[cell].cell, BLANK), number) for cell in cells]
            doubt = examine(
                trial, layout, case, columns, (row[cells], truths[cells]), cells, values, seed=seeds[number]
            )
            found[number, cells] = doubt
            confirmed[cells[~doubt]] += 1
    return found


def examine(
    trial: Trial,
    layout: Reading,
    case: Case,
    columns: Mapping[Cell, Column],
    expected: tuple[Floats, Bools],
    cells: Sequence[int] | np.ndarray,
    values: Sequence[Value],
    *,
    seed: int,
) -> Bools:
    """For each of these bindings, wrong in one case, whether its value may be the reference's but for rounding.

    It may where it is no farther from what is expected than the reference itself moves when its inputs are nudged, with a
    margin; everywhere, where that makes the reference undefined; and where it is an error value, and the reference goes
    through an overflow that numpy passes over, on inputs for which the spec promises no range.
    """
    row, truths = expected
    moves = _moves(trial, layout, case, columns, np.random.default_rng(seed), np.asarray(cells), row)
    if moves is None:
        return np.ones(len(values), dtype=bool)
    numbers = np.array(
        [
            float(value) if type(value) is float or (isinstance(value, bool) and truth) else np.nan
            for value, truth in zip(values, truths, strict=True)
        ]
    )
    with np.errstate(all="ignore"):
        doubt: Bools = (moves > 0) & (np.abs(numbers - row) <= _MARGIN * moves)
    errors = np.array([isinstance(value, ErrorValue) and value.code in _OF_OVERFLOWS for value in values])
    free = any(given.low is None and given.high is None and not given.choices for given in trial.bound.inputs)
    if free and errors.any() and trial.reference.overflows(case, trial.iterations, trial.own):
        doubt |= errors
    return doubt


def _moves(
    trial: Trial,
    layout: Reading,
    case: Case,
    columns: Mapping[Cell, Column],
    random: np.random.Generator,
    cells: np.ndarray,
    expected: Floats,
) -> Floats | None:
    """How far the expectations of these cells move at most; None where the reference becomes undefined."""
    # A label of 0 or 1 that is a hair off is no label any more, and would excuse everything.
    steady = {
        given.name
        for given in trial.bound.inputs
        if given.choices or any(isinstance(columns.get(cell), bool | tuple) for cell in given.at.cells())
    }
    most = np.zeros(len(cells))
    for _ in range(_DRAWS):
        nudged = {
            name: value if name in steady else _nudged(value, random) for name, value in sorted(case.inputs.items())
        }
        try:
            row, _ = trial.row(Case(nudged), layout)
        except OracleError:
            return None
        with np.errstate(all="ignore"):
            most = np.maximum(most, np.nan_to_num(np.abs(row[cells] - expected), nan=np.inf, posinf=np.inf))
    return most


def _nudged(value: "float | Array", random: np.random.Generator) -> "float | Array":
    shape = np.shape(value)
    steps = random.integers(1, _FARTHEST + 1, shape) * random.choice([-1, 1], shape)
    steps = np.where(np.asarray(value) == np.round(value), 0, steps)  # whole numbers are exact in both languages
    moved = value * (1 + steps * 2.0**-52)
    return float(moved) if isinstance(value, float) else moved
