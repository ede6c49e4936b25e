"""Cells that the engine cannot compute in a sample, and that match close by: that says something about the point alone.

Such is LN(1-A1) where A1 is within a few ulps of 1. A region in which the engine does not support a formula, and that is wider
than a tenth of the values, has samples out of which no step leads.
"""

from collections.abc import Sequence

import numpy as np

from xlparity.compare.compare import compare
from xlparity.compare.expected import Bools, call_references
from xlparity.compare.run import Loaded
from xlparity.excel.columns import Column, picked
from xlparity.scenarios.sample import Samples, VariedElement, clipped
from xlparity.spec.check import Check

_STEPS = ((1e-6, None), (1e-6, None), (1e-3, None), (0.1, -1.0), (0.1, 1.0), (0.1, None))
"""How far to step from a sample, as a share of each value, and whether away from zero, towards it, or at random."""


def match_nearby(
    checks: Sequence[Check],
    loaded: Loaded,
    samples: Samples,
    numbers: Sequence[int],
    open_to: Sequence[Bools],
    seed: int,
) -> list[Bools]:
    """For each check those of its ``open_to`` cells, (samples, bindings), that match in a sample close to theirs.

    ``numbers`` are those of the samples.
    """
    rows = sorted({int(row) for cells in open_to for row in np.flatnonzero(cells.any(axis=1))})
    found = [np.zeros_like(cells) for cells in open_to]
    random = np.random.default_rng(seed)
    for share, way in _STEPS if rows else ():
        scenarios = [numbers[row] - 1 for row in rows]
        elements = tuple(_beside(one, scenarios, share, way, random) for one in samples.elements)
        moved = Samples(len(rows), elements, samples.stored)
        actual = loaded.session.recalculate(moved.columns(range(1, moved.count)), len(rows))
        expected = call_references(checks, actual, range(1, moved.count))
        for at, (check, one) in enumerate(zip(checks, expected, strict=True)):
            differs = compare(check, one, actual)
            matches = one.counted[:, None] & ~differs.wrong & ~differs.unsure & ~differs.either
            found[at][rows] |= open_to[at][rows] & matches
    return found


def _beside(
    element: VariedElement, scenarios: Sequence[int], share: float, way: float | None, random: np.random.Generator
) -> VariedElement:
    """The element in these scenarios, moved a little within its range; a choice or a truth value stays what it is."""
    values: Column = picked(element.values, scenarios)
    if not isinstance(values, np.ndarray) or not element.given.continuous:
        return VariedElement(element.cells, element.given, values)
    steps = random.uniform(-share, share, len(scenarios)) if way is None else np.full(len(scenarios), way * share)
    steps = steps * np.where(values == 0, 1.0, np.abs(values)) * np.where(values < 0, -1.0, 1.0)
    inside = np.array([clipped(element.given, float(value)) for value in values + steps])
    back = np.array([clipped(element.given, float(value)) for value in values - steps])
    beyond = inside == values  # at an end of the range the step goes the other way
    return VariedElement(element.cells, element.given, np.where(beyond, back, inside))
