"""Data tables of what-if analysis: formulas computed again with other values in one or two input cells.

For each cell of a table, and in each sample, the formulas between the input cells and the table's formula are computed once
more, with the cell's values in the input cells; all of this is one evaluation, in which each cell of the table is a sample.
"""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlparity.engines.evaluator.evaluation import Evaluation, FormulaGroup, Kind, Places, schedule
from xlparity.engines.evaluator.guards import Refusal
from xlparity.engines.evaluator.kernels import Mask
from xlparity.engines.evaluator.program import Program
from xlparity.excel.address import Cell
from xlparity.excel.batch import EMPTY_CELL, NUMBER, REASON, Store
from xlparity.excel.contents import DataTable
from xlparity.excel.values import Unsupported
from xlparity.excel.volatile import CHANCE, changes_by_itself
from xlparity.excel.workbook import Workbook

_MOST_NUMBERS = 4_000_000  # in one evaluation, 36 MB; the cells of a larger table are computed in parts
ALONE = Unsupported("a data table, which computes other formulas anew and cannot be judged on their given values")
_BLANK = Unsupported("a data table with a blank among its values")


def recomputed(workbook: Workbook, cell: Cell, table: DataTable, dynamic: Set[Cell]) -> list[Cell]:
    """The formulas that the data table in this cell computes anew; raises Refusal where its values are not certain.

    The references of ``dynamic`` formulas are known only when they are computed.
    """
    graph = workbook.graph
    inputs = [place for place in (table.row_input, table.column_input) if place is not None]
    members = list(table.block.cells())
    sources = list(dict.fromkeys(map(table.source, members)))
    behind = {graph.anchor(found) for found in graph.after(inputs)}
    given = dict.fromkeys(found for member in members for found in table.replacements(member).values())
    if not behind.isdisjoint(map(graph.anchor, given)):
        raise Refusal("a data table whose own values depend on its input cell")
    before = {graph.anchor(found) for found in graph.before(sources)}
    if not before.isdisjoint(dynamic) or not dynamic.isdisjoint(map(graph.anchor, graph.before(given))):
        raise Refusal("a data table over a reference that cells decide")
    anew = (before & behind).difference(map(graph.anchor, inputs))
    if not anew.isdisjoint(graph.circular) or cell in before:
        raise Refusal("a data table over a circular reference")
    if any(isinstance(workbook.formula(found), DataTable) for found in anew):
        raise Refusal("a data table over another one")
    for found in before:
        if changes_by_itself(workbook, found, CHANCE):
            raise Refusal(f"a data table over {found}, which has another value in each of its cells")
    return sorted(anew)


def group_of(
    table: DataTable, formulas: Sequence[FormulaGroup], results: tuple[int, ...], place: Callable[[Cell], int]
) -> "WhatIf":
    """The group of a data table that computes these formulas anew; ``place`` gives the place of a cell."""
    members = list(table.block.cells())
    inputs = tuple(map(place, table.replacements(members[0])))
    values = np.array([list(map(place, table.replacements(member).values())) for member in members], dtype=np.intp)
    sources = np.array([place(table.source(member)) for member in members], dtype=np.intp)
    groups = schedule(formulas, frozenset(inputs)).groups
    inside = [places.ravel() for group in groups for places in (group.reads, group.results)]
    rows = np.unique(np.concatenate([*inside, np.array(inputs, dtype=np.intp), sources]))
    reads = np.unique(np.concatenate([rows, values.ravel()])).reshape(-1, 1)
    nothing = Program(0, (), (), 0, True, None, frozenset(), frozenset(), frozenset(), frozenset())
    kind = Kind(nothing, (), table.block.shape, False, ())
    return WhatIf(kind, None, reads, np.array([results]).T, groups, rows, inputs, values, sources)


@dataclass(slots=True, eq=False)
class WhatIf(FormulaGroup):
    """One data table: the ``formulas`` that it computes anew, and the places, ``rows``, of all that they read and write.

    ``inputs`` are the places of the input cells, ``values`` those of what each has, (cells of the table, inputs), and
    ``sources`` those of the formula for each cell.
    """

    formulas: list[FormulaGroup]
    rows: NDArray[np.intp]
    inputs: tuple[int, ...]
    values: NDArray[np.intp]
    sources: NDArray[np.intp]

    def only(self, chosen: slice | Places | Mask) -> "WhatIf":
        """The whole table."""
        return self

    def compute(self, evaluation: Evaluation) -> None:
        """Computes the cells of the table in an evaluation; none is judged alone where a formula before it is held."""
        written = evaluation.places(self)[:, 0]
        shadowed = evaluation.shadows.keys()
        if any(not shadowed.isdisjoint(group.results.ravel().tolist()) for group in self.formulas):
            evaluation.write(self.results[:, 0].tolist(), ALONE, None)
            return
        samples = evaluation.batch.numbers.shape[1]
        step = max(1, _MOST_NUMBERS // (len(self.rows) * samples))
        for begin in range(0, len(written), step):
            self._part(evaluation, written, slice(begin, begin + step))

    def _part(self, evaluation: Evaluation, written: NDArray[np.intp], part: slice) -> None:
        """Some of the cells: each is as many samples as there are."""
        store, rows = evaluation.batch, self.rows
        values, sources = self.values[part], np.searchsorted(rows, self.sources[part])
        samples, cells = store.numbers.shape[1], len(values)
        beside = np.append(rows, rows[:1])  # and a place for the results of held formulas, which nothing reads
        inner = Store(np.tile(store.numbers[beside], cells), np.tile(store.kinds[beside], cells), store.words)
        held = evaluation.held[beside]
        held[-1] = False
        for number, place in enumerate(self.inputs):
            row = np.searchsorted(rows, place)
            inner.numbers[row], inner.kinds[row] = (
                of[values[:, number]].ravel() for of in (store.numbers, store.kinds)
            )
            held[row] = True
        anew = Evaluation(inner, evaluation.rounded, held, dict.fromkeys(np.flatnonzero(held).tolist(), len(rows)))
        anew.run(self._inside(group) for group in self.formulas)
        at = np.arange(cells)
        numbers = inner.numbers.reshape(-1, cells, samples)[sources, at]
        kinds = inner.kinds.reshape(-1, cells, samples)[sources, at]
        kinds = np.where(kinds == EMPTY_CELL, NUMBER, kinds)  # a formula never gives a blank
        blank = (store.kinds[values] == EMPTY_CELL).any(axis=1)
        reason = store.words.place(_BLANK) if blank.any() else 0
        evaluation.give(written[part], np.where(blank, reason, numbers), np.where(blank, REASON, kinds))
        if anew.decided:
            evaluation.decided.update(self.results[:, 0].tolist())
            evaluation.samples |= anew.samples.reshape(cells, samples).any(axis=0)

    def _inside(self, group: FormulaGroup) -> FormulaGroup:
        """The group with places among the rows."""
        reads, results = np.searchsorted(self.rows, group.reads), np.searchsorted(self.rows, group.results)
        return FormulaGroup(group.kind, group.plan, reads, results)
