"""Sets of inputs that stand on an edge: the engine cannot tell there, and can right beside it.

At a corner of the inputs' ranges, sums cancel that never do anywhere else, and of what a subtraction leaves Excel may make
zero. Such a refusal says something about the point and nothing about the formula. So does one close by, such as that of
LN(1-A1) where A1 is within a few ulps of 1. A region that is wider than a tenth has sets that no step leads out of.
"""

from collections.abc import Sequence

import numpy as np

from xlparity.compare.judge import Bools, judge
from xlparity.compare.trials import Stored, Trial, ask
from xlparity.engines import Session, sweep
from xlparity.excel.columns import Column, picked
from xlparity.scenarios.sample import Drawn, Element, clipped

_STEPS = ((1e-6, None), (1e-6, None), (1e-3, None), (0.1, -1.0), (0.1, 1.0), (0.1, None))
"""How far to step from a set, as a share of each value, and whether away from zero, towards it, or by chance."""


def on_edge(
    trials: Sequence[Trial],
    stored: Sequence[Stored],
    session: Session,
    drawn: Drawn,
    numbers: Sequence[int],
    rare: Sequence[Bools],
    *,
    seed: int,
) -> list[Bools]:
    """For each check those of its ``rare`` cells, (sets, bindings), unsure in a set, that are right in one beside it.

    ``numbers`` are those of the sets.
    """
    sets = sorted({int(number) for cells in rare for number in np.flatnonzero(cells.any(axis=1))})
    edges = [np.zeros_like(cells) for cells in rare]
    random = np.random.default_rng(seed)
    for share, way in _STEPS if sets else ():
        chosen = [numbers[number] for number in sets]
        moved = Drawn(len(sets), tuple(_beside(one, chosen, share, way, random) for one in drawn.elements))
        columns = sweep(session, len(sets), moved.columns(range(len(sets))))
        asked = ask(trials, [facts.layout for facts in stored], columns, len(sets))
        for at, (trial, answers) in enumerate(zip(trials, asked, strict=True)):
            wrong, unsure = judge(trial.grid, answers.expected, answers.truths, columns)
            edges[at][sets] |= rare[at][sets] & answers.counted[:, None] & ~wrong & ~unsure
    return edges


def _beside(
    element: Element, numbers: Sequence[int], share: float, way: float | None, random: np.random.Generator
) -> Element:
    """The element in these sets, moved a little within its range; a choice or a truth value stays what it is."""
    values: Column = picked(element.values, numbers)
    if not isinstance(values, np.ndarray) or element.given.choices:
        return Element(element.cells, element.given, values)
    steps = random.uniform(-share, share, len(numbers)) if way is None else np.full(len(numbers), way * share)
    steps = steps * np.where(values == 0, 1.0, np.abs(values)) * np.where(values < 0, -1.0, 1.0)
    inside = np.array([clipped(element.given, float(value)) for value in values + steps])
    back = np.array([clipped(element.given, float(value)) for value in values - steps])
    return Element(
        element.cells, element.given, np.where(inside == values, back, inside)
    )  # beyond an end, the other way
