"""Helpers at fault: a bound formula may be right, and a cell that nothing binds on the way to it wrong."""

from collections.abc import Container, Iterator, Mapping, Sequence

import numpy as np

from xlparity.compare.run import Run
from xlparity.diagnosis.edits import LARGE, SMALL, Edit, Kind, Site, edits
from xlparity.diagnosis.localise import Forced, Root, agrees, refusal_in, wrong_alone
from xlparity.diagnosis.relative import Form
from xlparity.diagnosis.repair import Mend, Repair
from xlparity.diagnosis.subject import Subject, parsed
from xlparity.excel.address import Cell
from xlparity.excel.ast import Node
from xlparity.excel.columns import Column
from xlparity.excel.values import BLANK
from xlparity.excel.workbook import Formula
from xlparity.scenarios.screen import Screen, Unscreened

_MOST_SHAPES = 8  # of formula among the helpers, the rarest first, of which edits are looked for
_MOST_CONFIRMED = 6  # edits of a helper that pass a quick look and are recalculated
_MOST_HELPERS = 400  # on the way to a cause; of more, a fault in one is not looked for
_FEWEST_ALIKE = 3  # cells in a line that have one formula, so that another among them is odd

Tried = Iterator[tuple[Edit, Mapping[Cell, Formula]]]


class Culprits:
    """The search for helpers that mend a root cause when they are mended."""

    def __init__(self, repair: Repair) -> None:
        self._repair = repair
        self._wrong: dict[int, set[int]] = {}
        self._following: dict[object, set[Cell]] = {}

    def mend(self, root: Root, refused: Container[object] = ()) -> Mend | None:
        """The helpers whose siblings' formula, or smallest edit, makes the root's cells right; None where there are none."""
        if root.fault in ("typed", "circular"):
            return None
        for edit, formulas in self._candidates(root):
            mend = Mend.by(edit, formulas, tuple(formulas))
            unknown = any(refusal_in(root.forced.seen(cell)) is not None for cell in formulas)  # it may well be right
            if mend.signature not in refused and not unknown and self._confirmed(root, formulas):
                return mend
        return None

    def _candidates(self, root: Root) -> Tried:
        subject = Subject(self._repair, root)
        helpers = self.helpers(subject.cell)
        if not helpers:
            return
        yield from self._as_in_siblings(root)
        check, iteration = subject.home
        shapes: dict[Form, list[Cell]] = {}
        for helper in helpers:
            form = self._form(helper, iteration, check)
            if form is not None:
                shapes.setdefault(form, []).append(helper)
        yield from self._odd(helpers, shapes, subject)
        # The fewer cells have a formula, the more likely it is the odd one.
        chosen = sorted(shapes.items(), key=lambda item: len(item[1]))[:_MOST_SHAPES]
        for kinds in (SMALL, *((kind,) for kind in LARGE)):
            for form, cells in chosen:
                yield from self._edited(root, subject, form, cells, kinds)

    def helpers(self, cell: Cell) -> list[Cell]:
        """The cells that nothing binds on the way to this one, formulas and constants, in the order of the formulas' text."""
        book, slots = self._repair.workbook, self._repair.layout.slots
        steps = book.graph.steps([cell], lambda precedent: precedent not in slots)
        new = (book.members.get(each, each) for _, fresh in steps for each in fresh if each not in slots)
        found: dict[Cell, None] = {}
        for home in new:
            found[home] = None
            if len(found) == _MOST_HELPERS:
                break
        return list(found)

    def _form(self, cell: Cell, iteration: int, check: str) -> Form | None:
        formula = self._repair.workbook.formula(cell)
        return None if formula is None else self._repair.layout.form(cell, formula, (check, iteration))

    def _odd(self, helpers: Sequence[Cell], shapes: Mapping[Form, Sequence[Cell]], subject: Subject) -> Tried:
        """A helper, or a constant, that stands in a line with others which all have another formula."""
        repair, book = self._repair, self._repair.workbook
        for helper in helpers:
            if isinstance(book.cells.get(helper), str):
                continue
            own = self._form(helper, subject.home[1], subject.home[0])
            for form, cells in shapes.items():
                column = [c for c in cells if c.sheet == helper.sheet and c.column == helper.column]
                row = [c for c in cells if c.sheet == helper.sheet and c.row == helper.row]
                if form == own or form.shape is not None or max(len(column), len(row)) < _FEWEST_ALIKE:
                    continue
                text = repair.layout.write(form, helper, subject.home)
                if text is not None:
                    near = (column if len(column) >= len(row) else row)[0]
                    edit = Edit("siblings", Node("omitted", ""), "", 0.0, near)
                    if own is None:
                        said = f"a constant stands where {near} and its like have a formula"
                        edit = edit._replace(said=said, unlike=None)
                    yield edit, {helper: Formula(text)}

    def _as_in_siblings(self, root: Root) -> Tried:
        """Helpers as they are on the way to right cells with the same formula: the first that differs in each root cell."""
        repair, check = self._repair, root.run.name
        alike = (
            (home, cell)
            for home, cell, formula in repair.healthy(root)
            if repair.layout.form(cell, formula, home) == root.form
        )
        sibling = next(alike, None)
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
            said = "a constant stands where a formula must" if typed else f"it is not the formula before {cell}"
            yield Edit("siblings", Node("omitted", ""), said, 0.0), formulas

    def _edited(self, root: Root, subject: Subject, form: Form, cells: Sequence[Cell], kinds: Sequence[Kind]) -> Tried:
        """The helpers' formula with one edit, in all that have it on the way to any of the root's cells."""
        repair, check = self._repair, root.run.name
        helper = cells[0]
        formula = repair.workbook.formula(helper)
        tree = parsed(formula.text) if formula is not None and formula.area is None else None
        if tree is None or subject.tree is None:
            return
        passed: list[tuple[float, int, Edit]] = []
        for number, edit in enumerate(edits(tree, Site(repair.layout, helper, subject.home), kinds)):
            columns = self._columns(root, subject, edit, cells)
            if columns is not None and self._passes(root, subject, columns):
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

    def _columns(self, root: Root, subject: Subject, edit: Edit, cells: Sequence[Cell]) -> dict[Cell, Column] | None:
        """What the helpers come to with the edited formula; None where it is no number, or a quick look does not tell."""
        layout, home = self._repair.layout, subject.home
        form = layout.form(cells[0], Formula(f"={edit.tree}"), home)
        found: dict[Cell, Column] = {}
        for cell in cells:
            text = layout.write(form, cell, home) if cell != cells[0] else f"={edit.tree}"
            tree = parsed(text) if text is not None else None
            value = None if tree is None else self._value(root, tree, Site(layout, cell, home))
            if value is None:
                return None
            found[cell] = value
        return found

    def _value(self, root: Root, tree: Node, site: Site) -> Column | None:
        try:
            with np.errstate(all="ignore"):
                value = Screen(root.forced.seen, root.forced.count, site.area).value(tree, array=False) * 1.0
        except Unscreened:
            return None
        column = np.broadcast_to(value.reshape(value.shape[0], -1)[:, 0], (root.forced.count,)).copy()
        return column if np.isfinite(column).all() else None

    def _passes(self, root: Root, subject: Subject, columns: Mapping[Cell, Column]) -> bool:
        """Whether the root's formula may be right where the helpers have these values, as far as a quick look tells."""
        book = self._repair.workbook
        known = dict(columns)
        between = self._between(subject.cell, columns)

        def seen(cell: Cell) -> Column:
            if cell in known:
                return known[cell]
            formula = book.formula(cell)
            tree = parsed(formula.text) if formula is not None and cell in between else None
            if cell in root.forced.held or tree is None:
                return root.forced.seen(cell)
            site = Site(self._repair.layout, cell, subject.home)
            value = Screen(seen, root.forced.count, site.area).value(tree, array=False) * 1.0
            known[cell] = np.broadcast_to(value.reshape(value.shape[0], -1)[:, 0], (root.forced.count,)).copy()
            return known[cell]

        try:
            return subject.tree is not None and subject.passes(subject.tree, seen) is True
        except Unscreened:
            return False

    def _between(self, cell: Cell, helpers: Mapping[Cell, object]) -> set[Cell]:
        """The helpers of the cell that follow from one of these."""
        key = cell, tuple(helpers)
        if key not in self._following:
            self._following[key] = {
                other for other in self.helpers(cell) if not helpers.keys().isdisjoint(self.helpers(other))
            }
        return self._following[key]

    def _confirmed(self, root: Root, formulas: Mapping[Cell, Formula]) -> bool:
        """Whether the engine finds the root's cells right with these helpers, and no cell wrong that was right before."""
        repair, run = self._repair, root.run
        session = repair.session.like(repair.workbook.edited(formulas))
        found = session.forced(root.forced.held, root.forced.count)
        right = all(
            agrees(run, index, found.get(binding.cell, BLANK), root.forced.sets).all()
            for index, binding in zip(root.indices, root.bindings, strict=True)
        )
        return right and self._wrong_before(run, root.forced).issuperset(
            wrong_alone(run, Forced(root.forced.held, found, root.forced.count, root.forced.sets))
        )

    def _wrong_before(self, run: Run, forced: Forced) -> set[int]:
        if id(run) not in self._wrong:
            self._wrong[id(run)] = set(wrong_alone(run, forced))
        return self._wrong[id(run)]
