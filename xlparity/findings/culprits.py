"""Helpers at fault: a bound formula may be right, and a cell that nothing binds on the way to it wrong."""

from collections.abc import Iterator, Mapping

import numpy as np

from xlparity.address import Cell
from xlparity.columns import Column
from xlparity.edits import Edit, Site, edits
from xlparity.findings.localise import Root, agrees
from xlparity.findings.repair import Mend, Repair, Subject
from xlparity.findings.screen import Screen, Unscreened
from xlparity.layout import Form
from xlparity.syntax import Node, parse
from xlparity.values import BLANK
from xlparity.workbook import Formula

_MOST_HELPERS = 12
_MOST_CONFIRMED = 6
_LARGEST_RANGE = 1000


class Culprits:
    """The search for helpers that mend a root cause when they are mended."""

    def __init__(self, repair: Repair) -> None:
        self._repair = repair

    def mend(self, root: Root) -> Mend | None:
        """The helper whose siblings' formula, or smallest edit, makes the root's cells right; None where there is none."""
        if root.fault in ("typed", "circular"):
            return None
        for edit, formulas in self._candidates(root):
            if self._confirmed(root, formulas):
                return Mend(edit.kind, edit.said, formulas, tuple(formulas))
        return None

    def _candidates(self, root: Root) -> Iterator[tuple[Edit, Mapping[Cell, Formula]]]:
        subject = Subject(self._repair, root)
        own = self.helpers(subject.cell)
        if not own:
            return
        yield from self._as_in_siblings(root)
        for helper in own[:_MOST_HELPERS]:
            yield from self._edited(root, subject, helper)

    def helpers(self, cell: Cell) -> list[Cell]:
        """The cells that nothing binds on the way to this one, formulas and constants, in the order of the formulas' text."""
        book, slots = self._repair.workbook, self._repair.layout.slots
        found: list[Cell] = []
        waiting = [cell]
        while waiting and len(found) < _LARGEST_RANGE:
            for area in book.precedents(waiting.pop()):
                for precedent in area.cells() if area.size <= _LARGEST_RANGE else ():
                    home = book.members.get(precedent, precedent)
                    if precedent not in slots and home not in found and home in book.cells:
                        found.append(home)
                        waiting.append(home)
        return found

    def _form(self, cell: Cell, iteration: int, check: str) -> Form | None:
        formula = self._repair.workbook.formula(cell)
        return None if formula is None else self._repair.layout.form(cell, formula, (check, iteration))

    def _as_in_siblings(self, root: Root) -> Iterator[tuple[Edit, Mapping[Cell, Formula]]]:
        """Helpers as they are on the way to right cells with the same formula: the first that differs in each root cell."""
        repair, check = self._repair, root.judged.name
        sibling = next(
            (
                (home, cell)
                for home, cell, formula in repair.healthy(root)
                if repair.layout.form(cell, formula, home) == root.form
            ),
            None,
        )
        if sibling is None:
            return
        home, cell = sibling
        theirs = self.helpers(cell)
        formulas: dict[Cell, Formula] = {}
        typed = False
        for binding in root.bindings:
            mine = self.helpers(repair.workbook.members.get(binding.cell, binding.cell))
            for one, other in zip(mine, theirs, strict=False):
                form, wanted = self._form(one, binding.iteration, check), self._form(other, home[1], check)
                if wanted is not None and form != wanted:
                    text = repair.layout.write(wanted, one, (check, binding.iteration))
                    if text is None:
                        return
                    formulas[one] = Formula(text)
                    typed = typed or form is None
                    break
        if formulas:
            said = "a number stands where a formula must" if typed else f"it is not the formula before {cell}"
            yield Edit("siblings", Node("omitted", ""), said, 0.0), formulas

    def _edited(self, root: Root, subject: Subject, helper: Cell) -> Iterator[tuple[Edit, Mapping[Cell, Formula]]]:
        """The helper's formula with one edit, in it and in the helpers like it on the way to the root's other cells."""
        repair, check = self._repair, root.judged.name
        formula = repair.workbook.formula(helper)
        form = self._form(helper, subject.home[1], check)
        if formula is None or form is None or formula.area is not None:
            return
        site = Site(repair.layout, helper, subject.home)
        try:
            tree, top = parse(formula.text), subject.tree
        except ValueError:
            return
        screen = Screen(root.forced.seen, root.forced.count, site.area)
        passed: list[tuple[float, int, Edit]] = []
        for number, edit in enumerate(edits(tree, site)):
            try:
                with np.errstate(all="ignore"):
                    value = screen.value(edit.tree, array=False)
            except Unscreened:
                continue
            column = np.broadcast_to(value.reshape(value.shape[0], -1)[:, 0], (root.forced.count,))
            if np.isfinite(column).all() and top is not None and self._passes(root, subject, helper, column):
                passed.append((edit.size, number, edit))
        for _, _, edit in sorted(passed)[:_MOST_CONFIRMED]:
            new = repair.layout.form(helper, Formula(f"={edit.tree}"), subject.home)
            formulas: dict[Cell, Formula] = {}
            for binding in root.bindings:
                for other in self.helpers(repair.workbook.members.get(binding.cell, binding.cell)):
                    if other not in formulas and self._form(other, binding.iteration, check) == form:
                        text = repair.layout.write(new, other, (check, binding.iteration))
                        if text is not None:
                            formulas[other] = Formula(text)
            yield edit, formulas

    def _passes(self, root: Root, subject: Subject, helper: Cell, column: Column) -> bool:
        """Whether the root's formula may be right where the helper has these values, as far as a quick look tells."""
        book = self._repair.workbook
        known: dict[Cell, Column] = {helper: column}

        def seen(cell: Cell) -> Column:
            if cell in known:
                return known[cell]
            formula = book.formula(cell)
            if cell in root.forced.held or formula is None or cell not in between:
                return root.forced.seen(cell)
            site = Site(self._repair.layout, cell, subject.home)
            value = Screen(seen, root.forced.count, site.area).value(parse(formula.text), array=False)
            known[cell] = np.broadcast_to(value.reshape(value.shape[0], -1)[:, 0], (root.forced.count,)).copy()
            return known[cell]

        between = {other for other in self.helpers(subject.cell) if helper in self.helpers(other)}
        try:
            return subject.tree is not None and subject.passes(subject.tree, seen) is True
        except (Unscreened, ValueError):
            return False

    def _confirmed(self, root: Root, formulas: Mapping[Cell, Formula]) -> bool:
        repair = self._repair
        session = repair.session.like(repair.workbook.edited(formulas))
        found = session.forced(root.forced.count, root.forced.held)
        return all(
            agrees(root.judged, index, found.get(binding.cell, BLANK), root.forced.sets).all()
            for index, binding in zip(root.indices, root.bindings, strict=True)
        )
