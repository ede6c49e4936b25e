"""Other input values: agreement on the numbers that happen to be stored does not show that the formulas are live."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from xlparity.address import Cell, Range
from xlparity.binding import Input, Offset
from xlparity.values import Value


def draw(
    inputs: Iterable[tuple[Input[Range], Sequence[Offset]]],
    values: Mapping[Cell, Value],
    behind: Callable[[Cell], Sequence[Cell]],
    *,
    count: int,
    seed: int,
) -> Iterator[dict[Cell, Value]]:
    """So many sets of input values, by cell: within an input's range or choices, else around what the cell comes to.

    ``values`` are what the cells that may be set come to as they are; an input cell that is not among them, or has no
    number, keeps what it has. ``behind`` gives the constants from which a cell follows: an input that is a formula is
    varied by varying them. Where an input has no range, each set draws half as far from its value as the one before,
    so that a reference which is defined only near by is tried as well. A cell that several inputs name follows the
    first. The same seed draws the same.
    """
    elements: dict[Cell, tuple[Input[Range], tuple[Cell, ...]]] = {}
    for given, offsets in inputs:
        for places in given.places(offsets):
            for root, free in _handles(places, behind).items():
                if isinstance(values.get(root), float | bool):
                    same = root in places
                    allowed = tuple(cell for cell in free if cell in values)
                    elements.setdefault(root, (given if same else Input(given.name, given.at), allowed))
    random = np.random.default_rng(seed)
    for number in range(count if elements else 0):
        drawn: dict[Cell, Value] = {}
        for first, (given, places) in elements.items():
            now = values[first]
            if isinstance(now, bool):
                value: Value = bool(random.integers(2))
            else:
                # The second set is drawn around the opposite, since many a formula is right on one side of zero only.
                value = _draw_one(given, -float(now) if number == 1 else float(now), 0.5**number, random)  # type: ignore[arg-type]
            drawn.update(dict.fromkeys(places, value))
        if any(value != values.get(cell) for cell, value in drawn.items()):
            yield drawn


def _handles(places: Sequence[Cell], behind: Callable[[Cell], Sequence[Cell]]) -> dict[Cell, tuple[Cell, ...]]:
    """The constants to set so that all the places of one element change together, each with the others that it takes along.

    Where some places are constants, all formulas among them must follow from these; where all are formulas, from the same
    constants. Otherwise whoever varied one place would leave another as it was.
    """
    roots = {cell: tuple(behind(cell)) for cell in places}
    constants = tuple(cell for cell in places if roots[cell] == (cell,))
    followed = {root for cell in places if cell not in constants for root in roots[cell]}
    if constants:
        return {constants[0]: constants} if followed <= set(constants) else {}
    return {root: (root,) for root in roots[places[0]]} if len(set(roots.values())) == 1 else {}


def _draw_one(given: Input[Range], value: float, share: float, random: np.random.Generator) -> float:
    if given.choices:
        return float(random.choice(given.choices))
    reach = min(max(abs(value), 1.0), 1e100) * share
    low = value - reach if given.low is None else given.low
    high = value + reach if given.high is None else given.high
    return float(random.uniform(low, max(low, high)))
