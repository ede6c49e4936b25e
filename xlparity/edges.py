"""Sets of inputs that stand on an edge: the engine cannot tell there, and can right beside it.

At a corner of the inputs' ranges, sums cancel that never do anywhere else, and of what a subtraction leaves Excel may make
zero. Such a refusal says something about the point and nothing about the formula.
"""

from collections.abc import Sequence

import numpy as np

from xlparity.columns import Column, picked
from xlparity.engines import Session, sweep
from xlparity.evidence import Evidence
from xlparity.judge import Bools, judge
from xlparity.scenarios import Drawn, Element, clipped
from xlparity.trials import Stored, Trial, ask

_BESIDE = 1e-6
_DRAWS = 2


def on_edge(
    trials: Sequence[Trial],
    stored: Sequence[Stored],
    session: Session,
    drawn: Drawn,
    numbers: Sequence[int],
    found: Sequence[Evidence],
    *,
    seed: int,
) -> list[Bools]:
    """For each check the cells, (sets, bindings), that are unsure in a set and right in one beside it.

    ``numbers`` are those of the sets that the evidence is about. A cell that is unsure in half of them is on no edge.
    """
    rare = [one.unsure & (2 * one.unsure.sum(axis=0) < one.counted.sum()) for one in found]
    sets = sorted({int(number) for cells in rare for number in np.flatnonzero(cells.any(axis=1))})
    edges = [np.zeros_like(cells) for cells in rare]
    random = np.random.default_rng(seed)
    for _ in range(_DRAWS if sets else 0):
        moved = Drawn(
            len(sets),
            tuple(_beside(element, [numbers[number] for number in sets], random) for element in drawn.elements),
        )
        columns = sweep(session, len(sets), moved.columns(range(len(sets))))
        asked = ask(trials, [facts.layout for facts in stored], columns, len(sets))
        for at, (trial, answers) in enumerate(zip(trials, asked, strict=True)):
            wrong, unsure = judge(trial.grid, answers.expected, answers.truths, columns)
            edges[at][sets] |= rare[at][sets] & answers.counted[:, None] & ~wrong & ~unsure
    return edges


def _beside(element: Element, numbers: Sequence[int], random: np.random.Generator) -> Element:
    """The element in these sets, moved by a millionth; a choice or a truth value stays what it is."""
    values: Column = picked(element.values, numbers)
    if isinstance(element.values, tuple) or isinstance(values, bool) or element.given.choices:
        return Element(element.cells, element.given, values)
    held = np.broadcast_to(np.asarray(values, dtype=float), len(numbers))
    steps = random.uniform(-_BESIDE, _BESIDE, len(numbers)) * np.where(held == 0, 1.0, np.abs(held))
    inside = [clipped(element.given, float(value)) for value in held + steps]
    # Beyond the end of a range there is the other side.
    return Element(
        element.cells,
        element.given,
        np.where(np.array(inside) == held, [clipped(element.given, float(v)) for v in held - steps], inside),
    )
