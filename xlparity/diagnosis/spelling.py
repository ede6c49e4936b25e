"""Functions by names that Excel does not know in a file, as STDEV.S without its prefix: what the right names change.

Such a call is #NAME? and hides whether the formula is right otherwise. So all other causes are looked for in the workbook
with the right names, and a formula's name is a cause of its own where the right one makes a difference.
"""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from xlparity.compare.run import Run
from xlparity.diagnosis.localise import Forced, ForcingSession, Root, agrees, amiss
from xlparity.diagnosis.relative import Form, Layout
from xlparity.diagnosis.repair import Mend
from xlparity.excel.address import Cell
from xlparity.excel.columns import Column, value_in
from xlparity.excel.prefixes import concerns, misspelt, prefixed
from xlparity.excel.values import BLANK
from xlparity.excel.workbook import Formula, Workbook, formulas_of


class Spelling:
    """A workbook beside the same one with the right names: ``formulas`` are those that it takes, by their cells.

    ``session`` and ``workbook`` are those with the right names; without a wrong one, those that were given.
    """

    def __init__(self, workbook: Workbook, session: ForcingSession) -> None:
        self._as_it_is = session
        self._found = workbook
        self.formulas: Mapping[Cell, Formula] = _respelled(workbook)
        self.workbook = workbook.edited(self.formulas) if self.formulas else workbook
        self.session = session.like(self.workbook) if self.formulas else session

    def roots(self, layout: Layout, run: Run, forced: Forced, bound: AbstractSet[Cell]) -> list[Root]:
        """The wrong names that change what the check's wrong cells come to, one root for one relative formula.

        ``forced`` are the check's values with the right names, ``bound`` the cells that any check binds.
        """
        if not self.formulas:
            return []
        before = self._as_it_is.forced(forced.held, forced.count)
        changed = {
            cell
            for cell in self.formulas
            if any(_differ(before, forced, member) for member in self.workbook.filled(cell).cells())
        }
        return [
            *self._bound(layout, run, forced, changed),
            *self._helpers(layout, run, forced, before, changed, bound),
        ]

    def mend(self, root: Root) -> Mend | None:
        """The right names in the root's formulas, where these then agree with the reference on the forced values.

        Helpers are not compared here: the formulas that read them may contain another fault, which is fixed separately.
        """
        if not root.helpers and not right(root):
            return None
        cells = root.helpers or root.cells
        anchors = dict.fromkeys(self._found.members.get(cell, cell) for cell in cells)
        return Mend("prefix", "", {cell: self.formulas[cell] for cell in anchors}, root.helpers)

    def _bound(self, layout: Layout, run: Run, forced: Forced, changed: Collection[Cell]) -> list[Root]:
        groups: dict[tuple[str, Form, bool, bool], list[int]] = {}
        for index in amiss(run):
            binding = run.bindings[index]
            cell = self._found.members.get(binding.cell, binding.cell)
            if cell in changed:
                form = layout.form(cell, self.formulas[cell], (run.name, binding.iteration))
                agreed = agrees(run, index, forced.local.get(binding.cell, BLANK), forced.sets).all()
                accepted = run.results[index].reason is not None
                groups.setdefault((binding.output.name, form, bool(agreed), accepted), []).append(index)
        return [
            Root(run, forced, variable, "prefix", tuple(indices), form, accepted=accepted)
            for (variable, form, _, accepted), indices in groups.items()
        ]

    def _helpers(
        self,
        layout: Layout,
        run: Run,
        forced: Forced,
        before: Mapping[Cell, Column],
        changed: Collection[Cell],
        bound: AbstractSet[Cell],
    ) -> list[Root]:
        """The roots of cells that nothing binds: theirs are the wrong cells that come to something else because of them."""
        helpers = [cell for cell in changed if bound.isdisjoint(self.workbook.filled(cell).cells())]
        if not helpers:
            return []
        wrong = {run.bindings[index].cell: index for index in amiss(run)}
        groups: dict[Form, tuple[list[Cell], set[int]]] = {}
        for helper in sorted(helpers):
            reached = {
                cell
                for formula in self._found.graph.after([self._found.filled(helper)], lambda cell: cell not in bound)
                for cell in self._found.filled(formula).cells()
            }
            indices = {wrong[cell] for cell in reached if cell in wrong and _differ(before, forced, cell)}
            if indices:
                form = layout.form(helper, self.formulas[helper], (run.name, layout.block_of(run.name, helper) or 0))
                cells, known = groups.setdefault(form, ([], set()))
                cells.append(helper)
                known |= indices
        return [
            Root(run, forced, run.bindings[min(known)].output.name, "prefix", tuple(sorted(known)), None,
                 helpers=tuple(cells))
            for cells, known in groups.values()
        ]  # fmt: skip


def right(root: Root) -> bool:
    """Whether the root's cells are right with the right names, on the reference's values for what they read."""
    return all(
        agrees(root.run, index, root.forced.local.get(cell, BLANK), root.forced.sets).all()
        for index, cell in zip(root.indices, root.cells, strict=True)
    )


def _respelled(workbook: Workbook) -> dict[Cell, Formula]:
    found: dict[Cell, Formula] = {}
    for cell, formula in formulas_of(workbook):
        if concerns(formula.text) and misspelt(formula.text):
            try:
                workbook.read_by_excel(formula.text)
            except ValueError:  # it is not known to be wrong
                continue
            found[cell] = replace(formula, text=prefixed(formula.text))
    return found


def _differ(before: Mapping[Cell, Column], forced: Forced, cell: Cell) -> bool:
    old, new = before.get(cell, BLANK), forced.local.get(cell, BLANK)
    return any(value_in(old, number) != value_in(new, number) for number in range(forced.count))
