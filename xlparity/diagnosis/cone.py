"""The cone of some helpers: the formulas between them and the bound cells that read them, recomputed by themselves.

A candidate for a helper changes these alone, so nothing else of the workbook is computed for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from xlparity.compare.run import Run
from xlparity.diagnosis.localise import Forced, agrees
from xlparity.excel.address import Cell
from xlparity.excel.batch import Batch
from xlparity.excel.columns import Column, picked
from xlparity.excel.contents import DataTable
from xlparity.excel.values import BLANK
from xlparity.excel.workbook import Formula

if TYPE_CHECKING:
    from xlparity.diagnosis.repair import Repair


class Cone:
    """The formulas that read the helpers, directly or through unbound formulas, on the forced values of a run."""

    def __init__(self, repair: "Repair", run: Run, forced: Forced, helpers: Iterable[Cell]) -> None:
        self._repair, self._run, self._forced = repair, run, forced
        self._helpers = frozenset(helpers)
        book = repair.workbook
        places = {book.filled(cell) for cell in self._helpers}
        after = book.graph.after(places, lambda cell: cell not in forced.held)
        self._formulas: dict[Cell, Formula] = {
            cell: formula for cell in after if (formula := book.formula(cell)) is not None and cell not in self._helpers
        }
        self.computable = not any(isinstance(formula, DataTable) for formula in self._formulas.values())

    @cached_property
    def readers(self) -> dict[int, Cell]:
        """The cells of the run that read the helpers, by the index of the binding."""
        filled = {
            member
            for cell, formula in self._formulas.items()
            for member in (formula.area.cells() if formula.area else (cell,))
        }
        return {
            index: binding.cell
            for index, binding in enumerate(self._run.bindings)
            if binding.cell in filled and binding.output.skip is None
        }

    def computed(
        self,
        given: Mapping[Cell, Column],
        times: int = 1,
        formulas: Mapping[Cell, Formula] | None = None,
        samples: Sequence[int] | None = None,
    ) -> Batch:
        """The values of the cone where helpers have the ``given`` columns, or these formulas, in ``times`` times the samples.

        These are all of the forced ones, or those with these numbers.
        """
        at = range(self._forced.count) if samples is None else samples
        inside = {**self._formulas, **(formulas or {})}
        members = {
            member: cell
            for cell, formula in inside.items()
            for member in (formula.area.cells() if formula.area else ())
            if member != cell
        }
        small = replace(self._repair.workbook, cells=inside, members=members)
        forced = self._forced
        # What a formula with OFFSET reads is known to the whole workbook's graph, once that is recalculated.
        read = {
            area
            for graph in (small.graph, self._repair.workbook.graph)
            for cell in inside
            for area in graph.areas(cell)
        }
        held = {
            cell: _repeated(picked(forced.seen(cell), at), times)
            for area in read
            for of in (forced.held, forced.local)
            for cell in area.among(of)
            if cell in forced.held or members.get(cell, cell) not in inside
        }
        held |= {
            cell: _repeated(picked(forced.held[cell], at), times) for cell in {*inside, *members} if cell in forced.held
        }
        held = {cell: column for cell, column in held.items() if column is not BLANK}
        return self._repair.session.like(small).forced({**held, **given}, len(at) * times)

    def right(
        self,
        values: Mapping[Cell, Column],
        times: int = 1,
        only: Iterable[int] = (),
        samples: Sequence[int] | None = None,
    ) -> NDArray[np.bool_]:
        """Where the readers agree with the reference, (readers, samples); ``only`` those of these indices, if there are any."""
        at = range(self._forced.count) if samples is None else samples
        numbers = [self._forced.samples[number] for number in at] * times
        return np.stack(
            [
                agrees(self._run, index, values.get(self.readers[index], BLANK), numbers)
                for index in (only or self.readers)
            ]
        )


def _repeated(column: Column, times: int) -> Column:
    if isinstance(column, np.ndarray):
        return np.tile(column, times)
    return column * times if isinstance(column, tuple) else column
