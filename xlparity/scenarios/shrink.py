"""The smallest change of inputs that still makes a cell wrong: what a person can type into the workbook and see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xlparity.compare.judge import judge
from xlparity.compare.trials import Stored, Trial
from xlparity.engines import Session, Values, sweep
from xlparity.errors import OracleError
from xlparity.excel.address import Cell
from xlparity.excel.columns import Column, column_of, value_in
from xlparity.excel.values import BLANK, Value
from xlparity.results.scenarios import Witness
from xlparity.scenarios.overflow import Overflows
from xlparity.scenarios.rounding import examine
from xlparity.scenarios.sample import Element, plainer
from xlparity.spec.case import Case

_SINGLY = 64
_WATCHED = 50

Change = Mapping[int, Value]
"""The value of some elements, by their number; all others keep the stored one."""


def shrink(  # noqa: PLR0913
    trial: Trial,
    stored: Stored,
    values: Values,
    session: Session,
    elements: Sequence[Element],
    overflows: Overflows,
    *,
    failing: int,
    wrong: Sequence[Cell],
    seed: int,
    most: int,
) -> Witness | None:
    """The witness that remains of the set with the number ``failing``, in which some of the ``wrong`` cells are wrong.

    Each element is tried by itself first; then parts are taken away as long as the rest still fails, and what remains
    is made plain. ``most`` is how many sets may be tried. None where the set does not fail a second time.
    """
    watched = {cell: number for number, cell in enumerate(wrong[:_WATCHED])}
    bindings = [n for n, binding in enumerate(trial.grid.bindings) if binding.cell in watched]
    search = _Search(trial, stored, values, session, elements, overflows, bindings, seed)
    change: Change = {
        number: drawn
        for number, element in enumerate(elements)
        if (drawn := value_in(element.values, failing)) != values[element.cells[0]]
    }
    found = search.first([change])
    if found is None:
        return None
    left = most - 1
    if len(change) > 1 and left > 0:
        singles = [{number: value} for number, value in change.items()][: min(left, _SINGLY)]
        left -= len(singles)
        single = search.first(singles)
        if single is not None:
            found = single
    size = len(found.change) // 2
    while size and left > 0 and len(found.change) > 1:
        numbers = list(found.change)
        rests = [
            {n: found.change[n] for n in numbers if n not in numbers[begin : begin + size]}
            for begin in range(0, len(numbers), size)
        ][:left]
        left -= len(rests)
        smaller = search.first([rest for rest in rests if rest])
        found, size = (found, size // 2) if smaller is None else (smaller, min(size, len(smaller.change) // 2))
    for number, value in list(found.change.items()):
        now = values[elements[number].cells[0]]
        if type(value) is float and type(now) is float and left > 0:
            tried = [{**found.change, number: plain} for plain in plainer(elements[number], value, now)][:left]
            left -= len(tried)
            found = search.first(tried) or found
    return Witness(
        tuple((elements[number].cells[0], value) for number, value in found.change.items()),
        found.cell,
        found.expected,
        found.actual,
    )


@dataclass(frozen=True)
class _Found:
    """A change that fails, and the first watched cell that is wrong with it."""

    change: Change
    cell: Cell
    expected: float | bool
    actual: Value


@dataclass(frozen=True)
class _Search:
    """Which change fails; ``bindings`` are the numbers of the cells that are watched."""

    trial: Trial
    stored: Stored
    values: Values
    session: Session
    elements: Sequence[Element]
    overflows: Overflows
    bindings: Sequence[int]
    seed: int

    def first(self, changes: Sequence[Change]) -> _Found | None:
        """The first of the changes that makes a watched cell wrong by more than rounding, all tried in one sweep."""
        if not changes:
            return None
        columns: dict[Cell, Column] = {}
        for number in sorted({number for change in changes for number in change}):
            for cell in self.elements[number].cells:
                columns[cell] = column_of([change.get(number, self.values[cell]) for change in changes])
        swept = sweep(self.session, len(changes), columns)
        for number, case in enumerate(self.trial.cases(swept, len(changes))):
            found = None if case is None else self._wrong(changes[number], case, swept, number)
            if found is not None:
                return found
        return None

    def _wrong(self, change: Change, case: Case, swept: Mapping[Cell, Column], number: int) -> _Found | None:
        try:
            row, layout = self.trial.row(case, self.stored.layout)
        except OracleError:
            return None
        grid = self.trial.grid.only(self.bindings)
        values = {b.cell: value_in(swept.get(b.cell, BLANK), number) for b in grid.bindings}
        expected, truths = row[list(self.bindings)], layout.truths[list(self.bindings)]
        wrong = np.flatnonzero(judge(grid, expected[None], truths[None], values)[0][0])
        if not wrong.size:
            return None
        doubt = examine(
            self.trial,
            layout,
            case,
            swept,
            (expected[wrong], truths[wrong]),
            np.asarray(self.bindings)[wrong],
            number,
            self.overflows,
            infinite=bool(np.isinf(row).any()),
            seed=self.seed,
        )
        for at, doubtful in zip(wrong, doubt.explained | doubt.unknown, strict=True):
            if not doubtful:
                value = values[grid.bindings[at].cell]
                wanted = bool(expected[at]) if truths[at] and isinstance(value, bool) else float(expected[at])
                return _Found(change, grid.bindings[at].cell, wanted, value)
        return None
