"""The search for wrong helpers: precedents of an output cell that no output of the spec binds."""

from collections.abc import Container, Iterator, Mapping, Sequence

import numpy as np

from xlparity.compare.run import Run
from xlparity.diagnosis.edits import LARGE, SMALL, Edit, EditKind, Site, edits
from xlparity.diagnosis.localise import Forced, Root, agrees, refusal_in, wrong_alone
from xlparity.diagnosis.relative import RelativeFormula
from xlparity.diagnosis.repair import Fix, Repair
from xlparity.diagnosis.subject import Subject, parsed
from xlparity.excel.address import Cell
from xlparity.excel.ast import Node
from xlparity.excel.columns import Column
from xlparity.excel.values import BLANK
from xlparity.excel.workbook import Formula
from xlparity.scenarios.screen import Screen, Unscreened

_MOST_SHAPES = 8  # relative formulas of the helpers for which edits are searched, the rarest first
_MOST_CONFIRMED = 6  # edits of a helper that pass the screen and are recalculated
_MOST_HELPERS = 400  # helpers of one output cell that are searched
_FEWEST_ALIKE = 3  # cells of a row or column with one relative formula, before a different one is an exception

Candidates = Iterator[tuple[Edit, Mapping[Cell, Formula]]]


class HelperSearch:
    """The search for helpers whose correction fixes a root cause."""

    def __init__(self, repair: Repair) -> None:
        self._repair = repair
        self._wrong: dict[int, set[int]] = {}
        self._dependent: dict[object, set[Cell]] = {}

    def fix(self, root: Root, refused: Container[object] = ()) -> Fix | None:
        """The fix of helpers, by their siblings' formula or the smallest edit, that makes the root's cells right; or None."""
        if root.fault in ("hardcoded", "circular"):
            return None
        for edit, formulas in self._candidates(root):
            fix = Fix.by(edit, formulas, tuple(formulas))
            # A helper without a value may be right.
            unknown = any(refusal_in(root.forced.seen(cell)) is not None for cell in formulas)
            if fix.signature not in refused and not unknown and self._confirmed(root, formulas):
                return fix
        return None

    def _candidates(self, root: Root) -> Candidates:
        subject = Subject(self._repair, root)
        helpers = self.helpers(subject.cell)
        if not helpers:
            return
        yield from self._as_in_siblings(root)
        check, iteration = subject.block
        shapes: dict[RelativeFormula, list[Cell]] = {}
        for helper in helpers:
            form = self._form(helper, iteration, check)
            if form is not None:
                shapes.setdefault(form, []).append(helper)
        yield from self._odd(helpers, shapes, subject)
        # The fewer cells have a formula, the more likely it is the wrong one.
        chosen = sorted(shapes.items(), key=lambda item: len(item[1]))[:_MOST_SHAPES]
        for kinds in (SMALL, *((kind,) for kind in LARGE)):
            for form, cells in chosen:
                yield from self._edited(root, subject, form, cells, kinds)

    def helpers(self, cell: Cell) -> list[Cell]:
        """The unbound precedents of the cell, formulas and constants, in the order in which the formulas refer to them."""
        book, positions = self._repair.workbook, self._repair.quantity_map.positions
        steps = book.graph.steps([cell], lambda precedent: precedent not in positions)
        new = (book.members.get(each, each) for _, fresh in steps for each in fresh if each not in positions)
        found: dict[Cell, None] = {}
        for precedent in new:
            found[precedent] = None
            if len(found) == _MOST_HELPERS:
                break
        return list(found)

    def _form(self, cell: Cell, iteration: int, check: str) -> RelativeFormula | None:
        formula = self._repair.workbook.formula(cell)
        return None if formula is None else self._repair.quantity_map.form(cell, formula, (check, iteration))

    def _odd(
        self, helpers: Sequence[Cell], shapes: Mapping[RelativeFormula, Sequence[Cell]], subject: Subject
    ) -> Candidates:
        """Candidates for a helper, or a constant, in a row or column whose other helpers have one other relative formula."""
        repair, book = self._repair, self._repair.workbook
        for helper in helpers:
            if isinstance(book.cells.get(helper), str):
                continue
            own = self._form(helper, subject.block[1], subject.block[0])
            for form, cells in shapes.items():
                column = [c for c in cells if c.sheet == helper.sheet and c.column == helper.column]
                row = [c for c in cells if c.sheet == helper.sheet and c.row == helper.row]
                if form == own or form.shape is not None or max(len(column), len(row)) < _FEWEST_ALIKE:
                    continue
                text = repair.quantity_map.text_for(form, helper, subject.block)
                if text is not None:
                    near = (column if len(column) >= len(row) else row)[0]
                    edit = Edit("siblings", Node("omitted", ""), "", 0.0, near)
                    if own is None:
                        said = f"hard-coded where {near} and its siblings have a formula"
                        edit = edit._replace(said=said, unlike=None)
                    yield edit, {helper: Formula(text)}

    def _as_in_siblings(self, root: Root) -> Candidates:
        """Helpers as the right siblings of the root have them: for each root cell, the first helper that differs."""
        repair, check = self._repair, root.run.name
        alike = (
            (block, cell)
            for block, cell, formula in repair.right_siblings(root)
            if repair.quantity_map.form(cell, formula, block) == root.form
        )
        sibling = next(alike, None)
        if sibling is None:
            return
        block, cell = sibling
        theirs = self.helpers(cell)
        formulas: dict[Cell, Formula] = {}
        hardcoded = False
        for binding in root.bindings:
            mine = self.helpers(repair.workbook.members.get(binding.cell, binding.cell))
            for one, other in zip(mine, theirs, strict=False):
                form, wanted = self._form(one, binding.iteration, check), self._form(other, block[1], check)
                if wanted is not None and form != wanted:
                    text = repair.quantity_map.text_for(wanted, one, (check, binding.iteration))
                    if text is None:
                        return
                    formulas[one] = Formula(text)
                    hardcoded = hardcoded or form is None
                    break
        if formulas:
            said = (
                "hard-coded where a formula is expected"
                if hardcoded
                else f"it is not the formula of the helper of {cell}"
            )
            yield Edit("siblings", Node("omitted", ""), said, 0.0), formulas

    def _edited(
        self, root: Root, subject: Subject, form: RelativeFormula, cells: Sequence[Cell], kinds: Sequence[EditKind]
    ) -> Candidates:
        """Candidates for the helpers' formula with one edit, in all helpers of the root's cells that have it."""
        repair, check = self._repair, root.run.name
        helper = cells[0]
        formula = repair.workbook.formula(helper)
        tree = parsed(formula.text) if formula is not None and formula.area is None else None
        if tree is None or subject.tree is None:
            return
        passed: list[tuple[float, int, Edit]] = []
        for number, edit in enumerate(edits(tree, Site(repair.quantity_map, helper, subject.block), kinds)):
            columns = self._columns(root, subject, edit, cells)
            if columns is not None and self._passes(root, subject, columns):
                passed.append((edit.size, number, edit))
        for _, _, edit in sorted(passed)[:_MOST_CONFIRMED]:
            new = repair.quantity_map.form(helper, Formula(f"={edit.tree}"), subject.block)
            formulas: dict[Cell, Formula] = {}
            for binding in root.bindings:
                for other in self.helpers(repair.workbook.members.get(binding.cell, binding.cell)):
                    if other not in formulas and self._form(other, binding.iteration, check) == form:
                        text = repair.quantity_map.text_for(new, other, (check, binding.iteration))
                        if text is not None:
                            formulas[other] = Formula(text)
            yield edit, formulas

    def _columns(self, root: Root, subject: Subject, edit: Edit, cells: Sequence[Cell]) -> dict[Cell, Column] | None:
        """The helpers' values with the edited formula; None where one is no number, or the screen cannot compute it."""
        quantity_map, block = self._repair.quantity_map, subject.block
        form = quantity_map.form(cells[0], Formula(f"={edit.tree}"), block)
        found: dict[Cell, Column] = {}
        for cell in cells:
            text = quantity_map.text_for(form, cell, block) if cell != cells[0] else f"={edit.tree}"
            tree = parsed(text) if text is not None else None
            value = None if tree is None else self._value(root, tree, Site(quantity_map, cell, block))
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
        """Whether the screen finds the root's formula right where the helpers have these values."""
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
            site = Site(self._repair.quantity_map, cell, subject.block)
            value = Screen(seen, root.forced.count, site.area).value(tree, array=False) * 1.0
            known[cell] = np.broadcast_to(value.reshape(value.shape[0], -1)[:, 0], (root.forced.count,)).copy()
            return known[cell]

        try:
            return subject.tree is not None and subject.passes(subject.tree, seen) is True
        except Unscreened:
            return False

    def _between(self, cell: Cell, helpers: Mapping[Cell, object]) -> set[Cell]:
        """The helpers of the cell that depend on one of these."""
        key = cell, tuple(helpers)
        if key not in self._dependent:
            self._dependent[key] = {
                other for other in self.helpers(cell) if not helpers.keys().isdisjoint(self.helpers(other))
            }
        return self._dependent[key]

    def _confirmed(self, root: Root, formulas: Mapping[Cell, Formula]) -> bool:
        """Whether the engine finds the root's cells right with these helpers, and no cell wrong that was right before."""
        repair, run = self._repair, root.run
        session = repair.session.like(repair.workbook.edited(formulas))
        found = session.forced(root.forced.held, root.forced.count)
        right = all(
            agrees(run, index, found.get(binding.cell, BLANK), root.forced.samples).all()
            for index, binding in zip(root.indices, root.bindings, strict=True)
        )
        return right and self._wrong_before(run, root.forced).issuperset(
            wrong_alone(run, Forced(root.forced.held, found, root.forced.count, root.forced.samples))
        )

    def _wrong_before(self, run: Run, forced: Forced) -> set[int]:
        if id(run) not in self._wrong:
            self._wrong[id(run)] = set(wrong_alone(run, forced))
        return self._wrong[id(run)]
