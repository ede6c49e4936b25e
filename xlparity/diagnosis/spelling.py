"""Misspelt function names: calls such as STDEV.S without the prefix that Excel needs in a file.

Such a call is #NAME? and hides any other fault of the formula. So all other causes are searched for in a copy of the workbook
with the right names, and a misspelt name is a cause of its own where the right one changes a value.
"""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from xlparity.compare.run import Run
from xlparity.diagnosis.localise import Forced, ForcingSession, Root, agrees, failing
from xlparity.diagnosis.relative import QuantityMap, RelativeFormula
from xlparity.diagnosis.repair import Fix
from xlparity.excel.address import Cell
from xlparity.excel.columns import Column, value_in
from xlparity.excel.prefixes import concerns, misspelt, prefixed
from xlparity.excel.values import BLANK
from xlparity.excel.workbook import Formula, Workbook, formulas_of


class Spelling:
    """A workbook and its copy with the right function names; ``formulas`` are the corrected formulas, by their cells.

    ``session`` and ``workbook`` are those of the copy; where no name is misspelt, the given ones.
    """

    def __init__(self, workbook: Workbook, session: ForcingSession) -> None:
        self._as_it_is = session
        self._found = workbook
        self.formulas: Mapping[Cell, Formula] = _respelled(workbook)
        self.workbook = workbook.edited(self.formulas) if self.formulas else workbook
        self.session = session.like(self.workbook) if self.formulas else session

    def roots(self, quantity_map: QuantityMap, run: Run, forced: Forced, bound: AbstractSet[Cell]) -> list[Root]:
        """The misspelt names that change values of the check's wrong cells, one root for each relative formula.

        ``forced`` are the check's forced values with the right names, ``bound`` the cells that any check binds.
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
            *self._bound(quantity_map, run, forced, changed),
            *self._helpers(quantity_map, run, forced, before, changed, bound),
        ]

    def fix(self, root: Root) -> Fix | None:
        """The right names in the root's formulas; None where these still differ from the reference on the forced values.

        Helpers are not compared here: the formulas that read them may contain another fault, which is fixed separately.
        """
        if not root.helpers and not right(root):
            return None
        cells = root.helpers or root.cells
        anchors = dict.fromkeys(self._found.members.get(cell, cell) for cell in cells)
        return Fix("prefix", "", {cell: self.formulas[cell] for cell in anchors}, root.helpers)

    def _bound(self, quantity_map: QuantityMap, run: Run, forced: Forced, changed: Collection[Cell]) -> list[Root]:
        groups: dict[tuple[str, RelativeFormula, bool, bool], list[int]] = {}
        for index in failing(run):
            binding = run.bindings[index]
            cell = self._found.members.get(binding.cell, binding.cell)
            if cell in changed:
                form = quantity_map.form(cell, self.formulas[cell], (run.name, binding.iteration))
                agreed = agrees(run, index, forced.local.get(binding.cell, BLANK), forced.samples).all()
                accepted = run.results[index].reason is not None
                groups.setdefault((binding.output.name, form, bool(agreed), accepted), []).append(index)
        return [
            Root(run, forced, variable, "prefix", tuple(indices), form, accepted=accepted)
            for (variable, form, _, accepted), indices in groups.items()
        ]

    def _helpers(
        self,
        quantity_map: QuantityMap,
        run: Run,
        forced: Forced,
        before: Mapping[Cell, Column],
        changed: Collection[Cell],
        bound: AbstractSet[Cell],
    ) -> list[Root]:
        """The roots whose misspelt cells are unbound helpers: their cells are the wrong dependents whose values change."""
        helpers = [cell for cell in changed if bound.isdisjoint(self.workbook.filled(cell).cells())]
        if not helpers:
            return []
        wrong = {run.bindings[index].cell: index for index in failing(run)}
        groups: dict[RelativeFormula, tuple[list[Cell], set[int]]] = {}
        for helper in sorted(helpers):
            reached = {
                cell
                for formula in self._found.graph.after([self._found.filled(helper)], lambda cell: cell not in bound)
                for cell in self._found.filled(formula).cells()
            }
            indices = {wrong[cell] for cell in reached if cell in wrong and _differ(before, forced, cell)}
            if indices:
                form = quantity_map.form(
                    helper, self.formulas[helper], (run.name, quantity_map.block_of(run.name, helper) or 0)
                )
                cells, known = groups.setdefault(form, ([], set()))
                cells.append(helper)
                known |= indices
        return [
            Root(run, forced, run.bindings[min(known)].output.name, "prefix", tuple(sorted(known)), None,
                 helpers=tuple(cells))
            for cells, known in groups.values()
        ]  # fmt: skip


def right(root: Root) -> bool:
    """Whether the root's cells are right with the right names, on the reference's values for their precedents."""
    return all(
        agrees(root.run, index, root.forced.local.get(cell, BLANK), root.forced.samples).all()
        for index, cell in zip(root.indices, root.cells, strict=True)
    )


def _respelled(workbook: Workbook) -> dict[Cell, Formula]:
    found: dict[Cell, Formula] = {}
    for cell, formula in formulas_of(workbook):
        if concerns(formula.text) and misspelt(formula.text):
            try:
                workbook.read_by_excel(formula.text)
            except ValueError:  # Excel may read it in a way that is not known here
                continue
            found[cell] = replace(formula, text=prefixed(formula.text))
    return found


def _differ(before: Mapping[Cell, Column], forced: Forced, cell: Cell) -> bool:
    old, new = before.get(cell, BLANK), forced.local.get(cell, BLANK)
    return any(value_in(old, number) != value_in(new, number) for number in range(forced.count))
