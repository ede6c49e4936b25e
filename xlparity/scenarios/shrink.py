"""Shrinking: the smallest change of the stored inputs that makes a cell wrong, easy to type into the workbook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xlparity.compare.compare import compare, expected_value
from xlparity.compare.expected import Expected, call, cases
from xlparity.compare.run import Loaded, Run
from xlparity.errors import OracleError
from xlparity.excel.address import Cell
from xlparity.excel.batch import DATE, Batch
from xlparity.excel.columns import Column, column_of, value_in
from xlparity.excel.values import Value, dated
from xlparity.references.case import Case
from xlparity.results.report import WRONG
from xlparity.results.scenarios import Counterexample
from xlparity.scenarios.overflow import Overflows, has_range
from xlparity.scenarios.rounding import Context, examine
from xlparity.scenarios.sample import Exact, Samples, VariedElement, plainer

_MOST = 400  # changes that are recalculated; for an engine that computes one at a time, twice its samples
_SINGLY = 64  # elements that are changed alone, before parts of the change are removed
_WATCHED = 50  # wrong cells of which one must stay wrong

Change = Mapping[int, Value]
"""The new values of some elements, by their number; all others keep the stored value."""


def with_counterexample(run: Run, loaded: Loaded, samples: Samples) -> Run:
    """The run with the smallest change of inputs that fails, where all that is compared agrees on the stored inputs."""
    result = run.result
    wrong = [found.cell for found in result.only_stored]
    if not wrong or any(result.counts[status] for status in WRONG):
        return run
    smallest = _shrink(run, loaded, samples, wrong)
    return replace(run, result=replace(result, scenarios=replace(result.scenarios, smallest=smallest)))


def _shrink(run: Run, loaded: Loaded, samples: Samples, cells: Sequence[Cell]) -> Counterexample | None:
    """The counterexample shrunk from the first scenario in which any of the cells is wrong; None where it does not recur.

    Each element is set alone first; then parts are removed as long as the rest still fails, and the remaining values are
    replaced by plainer ones.
    """
    scenarios, values = run.result.scenarios, loaded.values
    since = dict(zip(scenarios.cells, scenarios.since, strict=True))
    failing = min(since[cell] for cell in cells)
    wrong = [cell for cell in cells if since[cell] == failing]
    own = set(loaded.book.graph.constants_before(run.check.named))
    elements = sorted(samples.elements, key=lambda element: element.cells[0] not in own)
    most = _MOST if loaded.engine.most_samples is None else 2 * loaded.engine.most_samples
    watched = {cell: number for number, cell in enumerate(wrong[:_WATCHED])}
    bindings = [n for n, binding in enumerate(run.bindings) if binding.cell in watched]
    search = _FailureSearch(run, loaded, elements, bindings, Overflows(loaded.book), samples.exact, failing + 1)
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
            plainer_changes = [{**found.change, number: plain} for plain in plainer(elements[number], value, now)][
                :left
            ]
            left -= len(plainer_changes)
            found = search.first(plainer_changes) or found
    return Counterexample(
        tuple(
            (
                elements[number].cells[0],
                dated(value, date1904=run.check.date1904) if elements[number].given.dates else value,
            )
            for number, value in found.change.items()
        ),
        found.cell,
        found.expected,
        found.actual,
        tuple(dict.fromkeys(given.name for number in found.change if not has_range(given := elements[number].given))),
    )


@dataclass(frozen=True)
class _Found:
    """A change that fails, and the first watched cell that is wrong with it."""

    change: Change
    cell: Cell
    expected: Value
    actual: Value


@dataclass(frozen=True)
class _FailureSearch:
    """The search for a change that fails; ``bindings`` are the numbers of the watched cells."""

    run: Run
    loaded: Loaded
    elements: Sequence[VariedElement]
    bindings: Sequence[int]
    overflows: Overflows
    exact: Exact | None
    begin: int

    def first(self, changes: Sequence[Change]) -> _Found | None:
        """The first of the changes that makes a watched cell wrong by more than rounding, all recalculated at once."""
        if not changes:
            return None
        columns: dict[Cell, Column] = {}
        for number in sorted({number for change in changes for number in change}):
            for cell in self.elements[number].cells:
                columns[cell] = column_of([change.get(number, self.loaded.values[cell]) for change in changes])
        actual = self.loaded.session.recalculate(columns, len(changes))
        check = self.run.check
        called = list(cases(check, actual, len(changes)))
        for number, case in enumerate(called):
            if case is None:
                continue
            try:
                row = call(check, case, self.run.elements)
            except OracleError:
                continue
            expected = Expected.alone(row)
            found = self._wrong(changes[number], case, expected, actual.sample(number))
            if found is not None:
                return found
        return None

    def _wrong(self, change: Change, case: Case, expected: Expected, actual: Batch) -> _Found | None:
        """The first watched cell that is wrong with the change; ``expected`` and ``actual`` have this one sample."""
        check = self.run.check
        wrong = compare(check, expected, actual).wrong[0]
        at = np.array([index for index in self.bindings if wrong[index]], dtype=np.intp)
        if not at.size:
            return None
        context = Context(0, self.run.result.scenarios.seed, self.overflows, self.exact, self.begin)
        context = context._replace(session=self.loaded.session)
        explanation = examine(check, case, expected, actual, at, context)
        for index, unproved in zip(at.tolist(), explanation.explained | explanation.unknown, strict=True):
            if not unproved:
                cell = check.cells.bindings[index].cell
                value, kind = actual.in_sample(cell, 0), int(expected.kinds[0, index])
                wanted = expected_value(float(expected.numbers[0, index]), kind, check, value)
                if kind == DATE:
                    wanted, value = (dated(one, date1904=check.date1904) for one in (wanted, value))
                return _Found(change, cell, wanted, value)
        return None
