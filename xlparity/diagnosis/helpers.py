"""The search for wrong helpers: precedents of an output cell that no output of the spec binds."""

from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from xlparity.diagnosis.cone import Cone
from xlparity.diagnosis.edits import LARGE, SMALL, Edit, EditKind, Site, edits
from xlparity.diagnosis.localise import Root, refusal_in
from xlparity.diagnosis.relative import RelativeFormula
from xlparity.diagnosis.repair import Fix, Repair
from xlparity.diagnosis.subject import Subject, parsed
from xlparity.excel.address import Cell
from xlparity.excel.ast import Node
from xlparity.excel.columns import Floats, floats_of
from xlparity.excel.values import BLANK
from xlparity.excel.workbook import Formula

_MOST_SHAPES = 8  # relative formulas of the helpers for which edits are searched, the rarest first
_MOST_CONFIRMED = 6  # edits of a helper that pass the screen and are recalculated
_AT_ONCE = 100  # edits that are screened at once
_MOST_HELPERS = 400  # helpers of one output cell that are searched
_FEWEST_ALIKE = 3  # cells of a row or column with one relative formula, before a different one is an exception

Candidates = Iterator[tuple[Edit, Mapping[Cell, Formula]]]


class HelperSearch:
    """The search for helpers whose correction fixes a root cause."""

    def __init__(self, repair: Repair) -> None:
        self._repair = repair
        self._cones: dict[tuple[str, tuple[Cell, ...]], Cone] = {}

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
                if self._repair.deadline.passed:
                    return
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
        if tree is None:
            return
        passed: list[tuple[float, int, Edit]] = []
        made = enumerate(edits(tree, Site(repair.quantity_map, helper, subject.block), kinds))
        while some := list(islice(made, _AT_ONCE)):
            right = self._passing(root, subject, [edit for _, edit in some], cells)
            passed += [(edit.size, number, edit) for (number, edit), each in zip(some, right, strict=True) if each]
            if repair.deadline.passed:
                break
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

    def _passing(
        self, root: Root, subject: Subject, candidates: Sequence[Edit], cells: Sequence[Cell]
    ) -> Sequence[bool]:
        """Whether the subject's cells are right with each of the edits in these helpers, which have one relative formula."""
        quantity_map, block, forced = self._repair.quantity_map, subject.block, root.forced
        cone = self._cone(root, tuple(cells))
        indices = [index for index, cell in zip(root.indices, root.cells, strict=True) if cell in subject.cells]
        if not cone.computable or not set(indices) <= cone.readers.keys():
            return [False] * len(candidates)
        wanted: list[tuple[Cell, Formula]] = []
        for edit in candidates:
            form = quantity_map.form(cells[0], Formula(f"={edit.tree}"), block)
            texts = [f"={edit.tree}", *(quantity_map.text_for(form, cell, block) for cell in cells[1:])]
            wanted += [(cell, Formula(text or "=NA()")) for cell, text in zip(cells, texts, strict=True)]
        found = self._repair.session.alternatives(wanted, forced.seen, forced.count)
        kept: list[int] = []
        columns: dict[Cell, list[Floats]] = {cell: [] for cell in cells}
        for number in range(len(candidates)):
            mine = found[number * len(cells) : (number + 1) * len(cells)]
            floats = [
                floats_of(values.get(cell, BLANK), forced.count) for cell, values in zip(cells, mine, strict=True)
            ]
            if all(np.isfinite(each).all() for each in floats):
                kept.append(number)
                for cell, each in zip(cells, floats, strict=True):
                    columns[cell].append(each)
        if not kept:
            return [False] * len(candidates)
        given = {cell: np.concatenate(each) for cell, each in columns.items()}
        right = cone.right(cone.computed(given, len(kept)), len(kept), indices).all(axis=0)
        passing = {
            number for number, each in zip(kept, right.reshape(len(kept), -1).all(axis=1).tolist(), strict=True) if each
        }
        return [number in passing for number in range(len(candidates))]

    def _cone(self, root: Root, helpers: tuple[Cell, ...]) -> Cone:
        key = root.run.name, helpers
        if key not in self._cones:
            self._cones[key] = Cone(self._repair, root.run, root.forced, helpers)
        return self._cones[key]

    def _confirmed(self, root: Root, formulas: Mapping[Cell, Formula]) -> bool:
        """Whether the engine finds the root's cells right with these helpers, and no cell wrong that was right before."""
        cone = self._cone(root, tuple(formulas))
        if not cone.computable or not set(root.indices) <= cone.readers.keys():
            return False
        found = cone.computed({}, 1, formulas)
        before = cone.right(root.forced.local).all(axis=1)
        after = cone.right(found).all(axis=1)
        must = np.isin(list(cone.readers), root.indices)
        return bool(after[before | must].all())
