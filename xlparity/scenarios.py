"""Other input values: agreement on the numbers that happen to be stored does not show that the formulas are live."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from xlparity.address import Cell
from xlparity.binding import Input, Offset
from xlparity.values import Value


def draw(
    inputs: Iterable[tuple[Input, Sequence[Offset]]], values: Mapping[Cell, Value], *, count: int, seed: int
) -> Iterator[dict[Cell, Value]]:
    """So many sets of input values, by cell: within an input's range or choices, else around what the cell comes to.

    ``values`` are what the cells that may be set come to as they are; an input cell that is not among them, or has no
    number, keeps what it has. Where an input has no range, each set draws half as far from its value as the one before,
    so that a reference which is defined only near by is tried as well. A cell that several inputs name follows the
    first. The same seed draws the same.
    """
    elements: dict[Cell, tuple[Input, tuple[Cell, ...]]] = {}
    for given, offsets in inputs:
        for places in given.places(offsets):
            if isinstance(values.get(places[0]), float):
                elements.setdefault(places[0], (given, tuple(cell for cell in places if cell in values)))
    random = np.random.default_rng(seed)
    for number in range(count if elements else 0):
        drawn: dict[Cell, Value] = {}
        for first, (given, places) in elements.items():
            value = _draw_one(given, float(values[first]), 0.5**number, random)  # type: ignore[arg-type]
            drawn.update(dict.fromkeys(places, value))
        yield drawn


def _draw_one(given: Input, value: float, share: float, random: np.random.Generator) -> float:
    if given.choices:
        return float(random.choice(given.choices))
    reach = min(max(abs(value), 1.0), 1e100) * share
    low = value - reach if given.low is None else given.low
    high = value + reach if given.high is None else given.high
    return float(random.uniform(low, max(low, high)))
