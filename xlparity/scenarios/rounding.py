"""Which differences are no proof against a workbook: those that rounding alone may make, or an overflow.

The reference is asked again, on inputs that are a few ulps away.

Where LN(1-A1) has A1 within 1e-10 of 1, the last bit of a matrix product decides about the ninth digit. A right workbook
then differs from a right reference by more than any tolerance that would still catch a wrong one.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlparity.compare.judge import Bools, Reading
from xlparity.compare.trials import Answers, Trial
from xlparity.errors import OracleError
from xlparity.excel.address import Cell, Range
from xlparity.excel.columns import Column, Floats, value_in
from xlparity.excel.values import BLANK, ErrorValue, Unsupported
from xlparity.scenarios.overflow import Overflows, has_range
from xlparity.spec.binding import Input
from xlparity.spec.case import Array, Case

_DRAWS = 6
_FARTHEST = 8  # ulps
_MARGIN = 16  # a workbook rounds at every step on the way, and a nudge does so once
ENOUGH = 3


class Doubt(NamedTuple):
    """Of cells that differ those that rounding or an overflow explains, and those of which nobody can say whether it does."""

    explained: Bools
    unknown: Bools


def examined(  # noqa: PLR0913
    trial: Trial,
    layout: Reading,
    answers: Answers,
    columns: Mapping[Cell, Column],
    wrong: Bools,
    unsure: Bools,
    known: NDArray[np.int64],
    overflows: Overflows,
    *,
    seeds: Sequence[int],
) -> Doubt:
    """Of the wrong and the unsure cells, (sets, bindings), those that are no proof against the workbook.

    ``known`` counts for each binding, (bindings,), the sets in which it has been proved wrong before. Once these are
    ``ENOUGH``, it is taken for wrong in the others as well, and they are not examined for it. Each set has its seed.
    """
    found = Doubt(np.zeros_like(wrong), np.zeros_like(wrong))
    confirmed = known.copy()
    unsure = unsure & (
        2 * unsure.sum(axis=0) < len(unsure)
    )  # what is refused in most sets is not refused for an overflow
    sets = np.flatnonzero((wrong & (confirmed < ENOUGH)).any(axis=1) | unsure.any(axis=1))
    cases = list(trial.cases(columns, len(wrong))) if sets.size else []
    for number in sets.tolist():
        case = cases[number]
        differing = wrong[number] & (confirmed < ENOUGH).any(where=wrong[number])
        cells = np.flatnonzero(differing | unsure[number])
        if case is None or not cells.size:
            continue
        doubt = examine(
            trial,
            layout,
            case,
            columns,
            (answers.expected[number, cells], answers.truths[number, cells]),
            cells,
            number,
            overflows,
            infinite=bool(answers.infinite[number]),
            seed=seeds[number],
        )
        found.explained[number, cells], found.unknown[number, cells] = doubt
        confirmed[cells[differing[cells] & ~doubt.explained & ~doubt.unknown]] += 1
    return found


def examine(  # noqa: PLR0913
    trial: Trial,
    layout: Reading,
    case: Case,
    columns: Mapping[Cell, Column],
    expected: tuple[Floats, Bools],
    cells: NDArray[np.intp],
    number: int,
    overflows: Overflows,
    *,
    infinite: bool,
    seed: int,
) -> Doubt:
    """For each of these bindings, wrong or unsure in the set of that number, whether it may be right for all that.

    It may where an overflow that the reference has as well is among its precedents, and where the engine refuses it in a
    sample in which the reference overflows: a refusal proves nothing. It may also where its value is no farther
    from what is expected than the reference itself moves when its inputs are nudged, with a margin, and whatever it is
    where that makes this expectation undefined. Where the reference raises whenever it is nudged, nobody can say.
    ``infinite`` says that the reference gave an infinity.
    """
    row, truths = expected
    at = [trial.grid.bindings[cell].cell for cell in cells]
    values = [value_in(columns.get(cell, BLANK), number) for cell in at]
    refused, errors = (
        np.array([isinstance(value, kind) for value in values], dtype=bool) for kind in (Unsupported, ErrorValue)
    )
    explained, unknown = np.zeros(len(at), dtype=bool), np.zeros(len(at), dtype=bool)
    failing = overflows.any(columns, number)
    if (refused.any() or failing) and (infinite or trial.reference.overflows(case, trial.iterations, trial.own)):
        if failing and (infinite or not all(map(has_range, trial.bound.inputs))):
            certain, possible = overflows.behind(columns, number, at)
            explained, unknown = (np.array([cell in found for cell in at], dtype=bool) for found in (certain, possible))
        explained |= refused  # near the limits of doubles, where Excel has neither infinities nor denormal numbers
        unknown &= ~refused
    left = ~explained & ~unknown & ~refused
    if not left.any():
        return Doubt(explained, unknown)
    moves = _moves(trial, layout, case, columns, np.random.default_rng(seed), cells, row)
    if moves is None:
        return Doubt(explained, unknown | left)
    numbers = np.array(
        [
            float(value) if type(value) is float or (isinstance(value, bool) and truth) else np.nan
            for value, truth in zip(values, truths, strict=True)
        ]
    )
    with np.errstate(all="ignore"):
        close = ((moves > 0) & (np.abs(numbers - row) <= _MARGIN * moves)) | (errors & np.isinf(moves))
    return Doubt(explained | (left & close), unknown)


def _moves(
    trial: Trial,
    layout: Reading,
    case: Case,
    columns: Mapping[Cell, Column],
    random: np.random.Generator,
    cells: NDArray[np.intp],
    expected: Floats,
) -> Floats | None:
    """How far the expectations of these cells move at most; None where the reference raises on every nudged input."""
    # A label of 0 or 1 that is a few ulps off is no label any more, and would excuse everything.
    steady = {
        given.name
        for given in trial.bound.inputs
        if given.choices
        or not given.vary
        or any(isinstance(columns.get(cell), bool | tuple) for cell in given.at.cells())
    }
    ranges = {given.name: given for given in trial.bound.inputs}
    most: Floats | None = None
    for _ in range(_DRAWS):
        nudged = {
            name: value if name in steady else _nudged(value, ranges[name], random)
            for name, value in sorted(case.inputs.items())
        }
        try:
            row, _ = trial.row(Case(nudged), layout)
        except OracleError:
            continue
        with np.errstate(all="ignore"):
            moved = np.nan_to_num(np.abs(row[cells] - expected), nan=np.inf, posinf=np.inf)
            most = moved if most is None else np.maximum(most, moved)
    return most


def _nudged(value: "float | Array", given: Input[Range], random: np.random.Generator) -> "float | Array":
    """The value with a few ulps added or taken away, within the range that the spec gives the input."""
    shape = np.shape(value)
    steps = random.integers(1, _FARTHEST + 1, shape) * random.choice([-1, 1], shape)
    steps = np.where(np.asarray(value) == np.round(value), 0, steps)  # whole numbers are exact in both languages
    low, high = (-np.inf if given.low is None else given.low), (np.inf if given.high is None else given.high)
    moved = np.clip(value * (1 + steps * 2.0**-52), low, high)
    return float(moved) if isinstance(value, float) else moved
