"""What leaves cells undecided in scenarios: the cell that is so most often, why, and the input that needs a range."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from xlparity.compare.expected import Bools
from xlparity.compare.run import Loaded
from xlparity.excel.address import Cell
from xlparity.excel.columns import Column, Floats, floats_of
from xlparity.results.scenarios import Undecided
from xlparity.scenarios.overflow import has_range
from xlparity.scenarios.sample import Samples

BY_ROUNDING = "rounding error or an overflow of the reference decides"


def most_undecided(cells: Sequence[Cell], counts: NDArray[np.int64], reasons: Mapping[Cell, str]) -> Undecided | None:
    """The cell that is undecided most often, None where none is; ``counts`` are of the cells, in how many scenarios."""
    at = int(counts.argmax()) if counts.any() else None
    return (
        None
        if at is None
        else Undecided(cells[at], int(counts[at]), reasons.get(cells[at], BY_ROUNDING), int((counts > 0).sum()))
    )


def needs_range(
    loaded: Loaded, samples: Samples, cell: Cell, undecided: Bools, inputs: Mapping[Cell, Column]
) -> str | None:
    """The name of the input whose values tell best where the cell is undecided; None where it depends on none.

    ``undecided``, (samples,), and the columns of ``inputs`` are of some scenarios. Inputs without a range come first.
    """
    before = set(loaded.book.graph.constants_before([cell]))
    found: dict[str, tuple[bool, float]] = {}
    for element in samples.elements:
        given, root = element.given, element.cells[0]
        if root not in before or root not in inputs or given.draw is not None:
            continue
        numbers = floats_of(inputs[root], len(undecided))
        stored = samples.stored[root]
        now = stored if isinstance(stored, float) else 0.0
        telling = max(
            (_separation(each, undecided) for each in (numbers, np.abs(numbers), np.abs(numbers - now))), default=0.0
        )
        rank = not has_range(given), telling
        found[given.name] = max(found.get(given.name, rank), rank)
    return max(found, key=lambda name: found[name], default=None)


def _separation(numbers: Floats, undecided: Bools) -> float:
    """How well the numbers tell the samples apart, from 0 to 0.5: the distance of the area under the curve from a half."""
    one, other = numbers[undecided], numbers[~undecided]
    if not one.size or not other.size:
        return 0.0
    with np.errstate(invalid="ignore"):
        higher = (one[:, None] > other).mean() + 0.5 * (one[:, None] == other).mean()
    return abs(float(higher) - 0.5)
