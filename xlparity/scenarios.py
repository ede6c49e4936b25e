"""Other input values: agreement on the numbers that happen to be stored does not show that the formulas are live."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from xlparity.address import Cell
from xlparity.binding import Input, Offset
from xlparity.values import Value


def draw(
    inputs: Iterable[tuple[Input, Sequence[Offset]]], stored: Mapping[Cell, Value], *, count: int, seed: int
) -> Iterator[dict[Cell, Value]]:
    """So many sets of input values, by cell: within an input's range or choices, else around what is stored.

    ``stored`` holds the constants that may be changed; an input cell that is not among them, because it is blank, a text
    or a formula, keeps what it has. A cell that several inputs name follows the first. The same seed draws the same.
    """
    elements: dict[Cell, tuple[Input, tuple[Cell, ...]]] = {}
    for given, offsets in inputs:
        for places in given.places(offsets):
            free = tuple(cell for cell in places if isinstance(stored.get(cell), float))
            if free and places[0] == free[0]:
                elements.setdefault(places[0], (given, free))
    random = np.random.default_rng(seed)
    for _ in range(count if elements else 0):
        drawn: dict[Cell, Value] = {}
        for first, (given, places) in elements.items():
            value = _draw_one(given, float(stored[first]), random)  # type: ignore[arg-type]
            drawn.update(dict.fromkeys(places, value))
        yield drawn


def _draw_one(given: Input, stored: float, random: np.random.Generator) -> float:
    if given.choices:
        return float(random.choice(given.choices))
    reach = max(abs(stored), 1.0)
    low = stored - reach if given.low is None else given.low
    high = stored + reach if given.high is None else given.high
    return float(random.uniform(low, max(low, high)))
