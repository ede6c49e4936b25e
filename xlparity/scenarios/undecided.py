"""What leaves cells undecided in scenarios: the cell that is so most often, why, and the input that needs a range."""

from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from xlparity.compare.expected import Bools
from xlparity.compare.run import Loaded
from xlparity.excel.address import Cell
from xlparity.excel.columns import Column, Floats, floats_of, picked
from xlparity.excel.values import ErrorValue, Unsupported, Value
from xlparity.results.scenarios import Undecided
from xlparity.scenarios.overflow import has_range
from xlparity.scenarios.sample import Samples

BY_ROUNDING = "rounding error or an overflow of the reference decides"
_RESET = 12  # undecided scenarios in which each input is stored again
OF_UNDEFINED = "its error value may come from where the reference is undefined, or overflows"


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
    """The name of the input whose values leave the cell undecided; None where it depends on none.

    ``undecided``, (samples,), and the columns of ``inputs`` are of some scenarios. It is the input that decides most of these
    when it alone is stored again. Where none does, it is the one, first of those without a range, whose values tell best where
    the cell is undecided.
    """
    before = set(loaded.book.graph.constants_before([cell]))
    elements: dict[str, list[Cell]] = {}
    ranges: dict[str, bool] = {}
    for element in samples.elements:
        given, root = element.given, element.cells[0]
        if root in before and root in inputs and given.draw is None:
            elements.setdefault(given.name, []).append(root)
            ranges[given.name] = has_range(given)
    rows: list[int] = np.flatnonzero(undecided).tolist()[:_RESET]
    decided = {name: _decided(loaded, samples, cell, roots, rows, inputs) for name, roots in elements.items()}
    if any(decided.values()):
        return max(decided, key=lambda name: (decided[name], not ranges[name]))

    def telling(name: str) -> tuple[bool, float]:
        # The mean, since of many elements some tell by chance.
        return not ranges[name], fmean(
            _telling(samples.stored[root], inputs[root], undecided) for root in elements[name]
        )

    return max(elements, key=telling, default=None)


def _decided(
    loaded: Loaded,
    samples: Samples,
    cell: Cell,
    roots: Sequence[Cell],
    rows: Sequence[int],
    inputs: Mapping[Cell, Column],
) -> int:
    """In how many of the scenarios in these rows the cell has a certain value when these input cells have their stored one."""
    columns = {at: picked(column, rows) for at, column in inputs.items() if at in samples.stored}
    batch = loaded.session.recalculate({**columns, **{root: samples.stored[root] for root in roots}}, len(rows))
    values = [batch.in_sample(cell, number) for number in range(len(rows))]
    return sum(not isinstance(value, Unsupported | ErrorValue) for value in values)


def _telling(stored: Value, column: Column, undecided: Bools) -> float:
    """How well an input's value, its magnitude or its distance from the stored one tells where a cell is undecided, to 0.5."""
    numbers, now = floats_of(column, len(undecided)), stored if isinstance(stored, float) else 0.0
    return max(_separation(each, undecided) for each in (numbers, np.abs(numbers), np.abs(numbers - now)))


def _separation(numbers: Floats, undecided: Bools) -> float:
    """How well the numbers tell the samples apart, from 0 to 0.5: the distance of the area under the curve from a half."""
    one, other = numbers[undecided], numbers[~undecided]
    if not one.size or not other.size:
        return 0.0
    with np.errstate(invalid="ignore"):
        higher = (one[:, None] > other).mean() + 0.5 * (one[:, None] == other).mean()
    return abs(float(higher) - 0.5)
