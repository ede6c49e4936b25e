"""The search for wrong helpers: precedents of an output cell that no output of the spec binds."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from xlparity.diagnosis.backward import Goal, helpers
from xlparity.diagnosis.cone import Cone
from xlparity.diagnosis.edits import LARGE, SMALL, Edit, EditKind, Site, edits
from xlparity.diagnosis.localise import Root, refusal_in
from xlparity.diagnosis.relative import RelativeFormula, relative_text_of
from xlparity.diagnosis.repair import Fix, Repair
from xlparity.diagnosis.residual import fitted
from xlparity.diagnosis.subject import Subject, Wanted, parsed
from xlparity.excel.address import Cell
from xlparity.excel.ast import Node
from xlparity.excel.columns import Floats, floats_of, picked
from xlparity.excel.fill import filled, turned
from xlparity.excel.values import BLANK
from xlparity.excel.workbook import Formula

_MOST_SHAPES = 8  # relative formulas of the helpers for which edits are searched, the rarest first
_MOST_CONFIRMED = 6  # edits of a helper that pass the screen and are recalculated
_MOST_READERS = 100  # cells of a root of which the helpers are collected
_MOST_JOINT = 60  # groups of helpers that may explain several roots
_TESTED = 3  # helpers of one formula for which the values that their readers need are solved
_STEP, _MOST_STEPS, _SAME = (
    1e-3,
    12,
    1e-12,
)  # the first step of the secant method, the most steps, and the relative error
_DIGITS, _ROUNDED = (
    6,
    1e-9,
)  # significant digits of a number that is typed, and the relative error of one that is solved for
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
            unknown = unknown or self._repair.is_guessed(edit, formulas)
            if fix.signature not in refused and not unknown and self._confirmed(root, formulas):
                return fix
        return None

    def also_fixes(self, root: Root, fix: Fix) -> bool:
        """Whether a fix of helpers, found for another root, makes this root's cells right as well."""
        return bool(fix.helpers) and root.fault in ("formula", "error") and self._confirmed(root, fix.formulas)

    # --- helpers that explain several root causes -----------------------------------------------------------------

    def joint(self, roots: Sequence[Root]) -> list[tuple[list[Root], list[int]]]:
        """Roots that wrong helpers explain together, in alternatives, each with the numbers of the roots that it replaces.

        Helpers of one formula explain the roots that read them if some values of theirs make all their readers right. Where
        readers have several formulas, that is no coincidence; neither is a constant that has to be another constant.
        """
        groups: dict[object, tuple[dict[Cell, tuple[str, int]], set[int]]] = {}
        for number, root in enumerate(roots):
            if root.fault in ("formula", "error") and root.proved and not root.accepted and root.run.own:
                for key, helper, block in self._helpers_of(root):
                    members, readers = groups.setdefault(key, ({}, set()))
                    members.setdefault(helper, block)
                    readers.add(number)
        found: list[tuple[list[Root], list[int]]] = []
        taken: set[int] = set()
        # Of helpers with equally many readers, the nearest to these comes first.
        for members, readers in sorted(groups.values(), key=lambda group: -len(group[1])):
            known = next((each for each, others in found if set(others) == readers), None)
            numbers = sorted(readers if known is not None else readers - taken)
            constant = all(isinstance(self._repair.workbook.cells.get(cell), float) for cell in members)
            if len({roots[number].run.name for number in numbers}) != 1 or (len(numbers) < 2 and not constant):
                continue
            if self._repair.deadline.passed or len(found) + len(taken) > _MOST_JOINT:
                break
            joint = self._explains(roots, numbers, members, constant=constant)
            if joint is not None and known is not None:
                known.append(joint)
            elif joint is not None:
                found.append(([joint], numbers))
                taken.update(numbers)
        return found

    def _helpers_of(self, root: Root) -> Iterator[tuple[object, Cell, tuple[str, int]]]:
        """The helpers of some of the root's cells, each with what those of one formula have in common, and its block."""
        book, check = self._repair.workbook, root.run.name
        for binding in root.bindings[:_MOST_READERS]:
            for helper in self.helpers(book.members.get(binding.cell, binding.cell)):
                formula = book.formula(helper)
                if formula is not None and formula.area is None:
                    yield (check, relative_text_of(helper, formula)), helper, (check, binding.iteration)
                elif isinstance(book.cells.get(helper), float):
                    yield (check, helper), helper, (check, binding.iteration)

    def _explains(
        self, roots: Sequence[Root], numbers: Sequence[int], members: Mapping[Cell, tuple[str, int]], *, constant: bool
    ) -> Root | None:
        """The root of these helpers if some values of theirs make the cells of these roots right, and break no others."""
        first = roots[numbers[0]]
        wrong = {index for number in numbers for index in roots[number].indices}
        chosen = list(members)[:: max(1, len(members) // _TESTED)][:_TESTED]
        wanted: dict[Cell, Floats] = {}
        reached: set[int] = set()
        for helper in chosen:
            cone = self._cone(first, (helper,))
            mine = wrong & cone.readers.keys()
            if not cone.computable or reached & cone.readers.keys():
                return None  # what several helpers decide together cannot be solved for one
            reached |= cone.readers.keys()
            values = self._solved(first, helper, cone, sorted(mine)) if mine else None
            if mine and values is None:
                return None
            if values is not None:
                if constant:
                    # Solved values have rounding errors, and are the old one in samples in which the helper does not matter.
                    one = np.full(len(values), np.median(values))
                    if len(numbers) < 2 and not _is_typed(one[0]):
                        return None  # one formula that is wrong may be right with some number, which nobody would type
                    shown = cone.right(cone.computed({helper: one}), 1, sorted(mine))
                    if not shown.all():
                        return None
                    values = one
                wanted[helper] = values
        everything = self._cone(first, tuple(members))
        if not wanted or not wrong <= everything.readers.keys():
            return None
        return replace(
            first,
            indices=tuple(sorted(wrong)),
            form=None,
            fault="formula",
            helpers=tuple(sorted(members)),
            wanted=wanted,
            parts=(),
        )

    def _solved(self, root: Root, helper: Cell, cone: Cone, wrong: Sequence[int]) -> Floats | None:
        """The values of a helper with which all its readers are right, by the secant method; None where there are none."""
        run, forced = root.run, root.forced
        samples = list(forced.samples)
        start = floats_of(forced.seen(helper), forced.count)
        if not np.isfinite(start).all():
            return None
        expected = np.stack([run.expected[samples, index] for index in wrong])

        def missing_in_each(values: Floats) -> Floats:
            shown = cone.computed({helper: values})
            found = [floats_of(shown.get(cone.readers[index], BLANK), forced.count) for index in wrong]
            return np.stack(found) - expected

        before, now = start, start * (1 + _STEP) + _STEP
        with np.errstate(all="ignore"):
            # A reader may not depend on the helper in every sample, as a product with 0: the one that does most is solved for.
            changes = np.abs(missing_in_each(now) - missing_in_each(before)) / np.maximum(1.0, np.abs(expected))
            most = np.argmax(np.nan_to_num(changes), axis=0)

            def missing(values: Floats) -> Floats:
                return np.asarray(missing_in_each(values)[most, np.arange(forced.count)])

            missed, left = missing(before), missing(now)
            for _ in range(_MOST_STEPS):
                slope = (left - missed) / (now - before)
                step = np.where((slope != 0) & np.isfinite(slope), left / slope, 0.0)
                before, missed, now = now, left, now - np.nan_to_num(step)
                left = missing(now)
                if not np.isfinite(left).all():
                    return None
                if np.all(np.abs(now - before) <= _SAME * np.abs(now)):
                    break
        now = np.where(np.abs(missed) < np.abs(left), before, now)
        right = _in_all(cone.right(cone.computed({helper: now})))
        old = _in_all(cone.right(forced.local))
        must = old | np.isin(list(cone.readers), wrong)
        return now if right[must].all() else None

    def fix_of(self, root: Root, refused: Container[object] = ()) -> Fix | None:
        """The fix of the helpers of a joint root: the smallest edit of their formula that gives the values they need."""
        repair, check = self._repair, root.run.name
        assert root.wanted is not None  # it is joint
        helper, values = max(root.wanted.items(), key=lambda item: len(np.unique(np.round(item[1], 12))))
        if repair.workbook.formula(helper) is None:
            return None
        iterations = {cell: repair.quantity_map.block_of(check, cell) or 0 for cell in root.helpers}
        blocks = {cell: (check, iteration) for cell, iteration in iterations.items()}
        subject = Subject(repair, root, Wanted(helper, blocks[helper], values, list(blocks.items())))
        for edit, formulas in repair.edited(subject):
            fix = Fix.by(edit, formulas, tuple(formulas))
            if fix.signature in refused or repair.is_guessed(edit, formulas):
                continue
            if self._confirmed(root, formulas) and not repair.circular(formulas):
                return fix
        return None

    # --- helpers of one root cause --------------------------------------------------------------------------------

    def _candidates(self, root: Root) -> Candidates:
        subject = Subject(self._repair, root)
        unbound = self.helpers(subject.cell)
        if not unbound:
            return
        yield from self._as_in_siblings(root)
        check, iteration = subject.block
        shapes: dict[RelativeFormula, list[Cell]] = {}
        for helper in unbound:
            form = self._form(helper, iteration, check)
            if form is not None:
                shapes.setdefault(form, []).append(helper)
        yield from self._odd(unbound, shapes, subject)
        # The fewer cells have a formula, the more likely it is the wrong one.
        chosen = sorted(shapes.items(), key=lambda item: len(item[1]))[:_MOST_SHAPES]
        yield from self._anchored(root, subject, [cells[0] for _, cells in chosen])
        yield from self._by_catalogue(root, subject, chosen, SMALL)
        for goal in helpers(Goal.of(subject)) if subject.has_evidence else ():
            form = self._form(goal.cell, iteration, check)
            if form in shapes:
                cells = [goal.cell, *(cell for cell in shapes[form] if cell != goal.cell)]
                yield from self._edited(root, form, cells, subject, fitted(goal))
        for kind in LARGE:
            yield from self._by_catalogue(root, subject, chosen, (kind,))

    def _by_catalogue(
        self,
        root: Root,
        subject: Subject,
        shapes: Sequence[tuple[RelativeFormula, Sequence[Cell]]],
        kinds: Sequence[EditKind],
    ) -> Candidates:
        for form, cells in shapes:
            formula = self._repair.workbook.formula(cells[0])
            tree = parsed(formula.text) if formula is not None and formula.area is None else None
            if tree is not None and not self._repair.deadline.passed:
                found = edits(tree, Site(self._repair.quantity_map, cells[0], subject.block), kinds)
                yield from self._edited(root, form, cells, subject, found)

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

    def _anchored(self, root: Root, subject: Subject, helpers: Sequence[Cell]) -> Candidates:
        """Candidates for a missing or a superfluous ``$`` in a helper's formula that was filled from the first of some cells."""
        book = self._repair.workbook
        areas = dict.fromkeys(map(self._repair.quantity_map.filled_with, helpers))
        for area in areas:
            formula = book.formula(area.first) if area is not None else None
            if area is None or area.size < _FEWEST_ALIKE or formula is None or self._repair.deadline.passed:
                continue
            for turn, other in turned(formula):
                texts = {
                    cell: filled(other.text, cell.row - area.row, cell.column - area.column) for cell in area.cells()
                }
                formulas = {cell: Formula(text) for cell, text in texts.items() if text is not None}
                if len(formulas) == area.size and self._agrees_in_few(root, subject, formulas):
                    yield Edit("anchor", Node("omitted", ""), turn.sentence, 1.0), formulas

    def _agrees_in_few(self, root: Root, subject: Subject, formulas: Mapping[Cell, Formula]) -> bool:
        """Whether the subject's cells are right with these helpers in the samples that tell most."""
        cone = self._cone(root, tuple(formulas))
        indices = [index for index, cell in zip(root.indices, root.cells, strict=True) if cell in subject.cells]
        if not cone.computable or not set(indices) <= cone.readers.keys():
            return False
        found = cone.computed({}, 1, formulas, subject.telling)
        return bool(cone.right(found, 1, indices, subject.telling).all())

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
        self, root: Root, form: RelativeFormula, cells: Sequence[Cell], subject: Subject, candidates: Iterable[Edit]
    ) -> Candidates:
        """Of these edits of the first helper's formula those that agree, in all helpers of the root's cells that have it."""
        repair, check = self._repair, root.run.name
        helper = cells[0]
        passed: list[tuple[float, int, Edit]] = []
        made = enumerate(candidates)
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
            yield edit, self._in_all_of_the_fill(formulas)

    def _in_all_of_the_fill(self, formulas: Mapping[Cell, Formula]) -> Mapping[Cell, Formula]:
        """The new formulas filled into all cells that were filled with the old ones: right ones among these must stay right."""
        found = dict(formulas)
        for cell, formula in formulas.items():
            area = self._repair.quantity_map.filled_with(cell)
            for other in area.cells() if area is not None and area.size >= _FEWEST_ALIKE else ():
                text = filled(formula.text, other.row - cell.row, other.column - cell.column)
                if other not in found and text is not None and self._repair.quantity_map.filled_with(other) == area:
                    found[other] = Formula(text)
        return found

    def _passing(
        self, root: Root, subject: Subject, candidates: Sequence[Edit], cells: Sequence[Cell]
    ) -> Sequence[bool]:
        """Whether the subject's cells are right with each of the edits in these helpers, which have one relative formula."""
        # A few samples reject nearly all.
        passing = list(range(len(candidates)))
        for samples in (subject.telling, range(root.forced.count)):
            some = [candidates[number] for number in passing]
            right = self._right_with(root, subject, some, cells, samples)
            passing = [number for number, each in zip(passing, right, strict=True) if each]
        return [number in passing for number in range(len(candidates))]

    def _right_with(
        self, root: Root, subject: Subject, candidates: Sequence[Edit], cells: Sequence[Cell], samples: Sequence[int]
    ) -> Sequence[bool]:
        """The same on some samples."""
        quantity_map, block, forced, count = self._repair.quantity_map, subject.block, root.forced, len(samples)
        cone = self._cone(root, tuple(cells))
        indices = [index for index, cell in zip(root.indices, root.cells, strict=True) if cell in subject.cells]
        if not candidates or not cone.computable or not set(indices) <= cone.readers.keys():
            return [False] * len(candidates)
        wanted: list[tuple[Cell, Formula]] = []
        for edit in candidates:
            form = quantity_map.form(cells[0], Formula(f"={edit.tree}"), block)
            texts = [f"={edit.tree}", *(quantity_map.text_for(form, cell, block) for cell in cells[1:])]
            wanted += [(cell, Formula(text or "=NA()")) for cell, text in zip(cells, texts, strict=True)]
        found = self._repair.session.alternatives(wanted, lambda cell: picked(forced.seen(cell), samples), count)
        kept: list[int] = []
        columns: dict[Cell, list[Floats]] = {cell: [] for cell in cells}
        for number in range(len(candidates)):
            mine = found[number * len(cells) : (number + 1) * len(cells)]
            floats = [floats_of(values.get(cell, BLANK), count) for cell, values in zip(cells, mine, strict=True)]
            if all(np.isfinite(each).all() for each in floats):
                kept.append(number)
                for cell, each in zip(cells, floats, strict=True):
                    columns[cell].append(each)
        if not kept:
            return [False] * len(candidates)
        given = {cell: np.concatenate(each) for cell, each in columns.items()}
        computed = cone.computed(given, len(kept), samples=samples)
        right = cone.right(computed, len(kept), indices, samples).all(axis=0)
        right_ones = _in_all(right.reshape(len(kept), -1)).tolist()
        passing = {number for number, each in zip(kept, right_ones, strict=True) if each}
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
        before, after = _in_all(cone.right(root.forced.local)), _in_all(cone.right(found))
        must = np.isin(list(cone.readers), root.indices)
        return bool(after[before | must].all())


def _is_typed(value: float) -> bool:
    """Whether the number has few digits, but for rounding error."""
    return abs(float(f"{value:.{_DIGITS}g}") - value) <= _ROUNDED * abs(value)


def _in_all(right: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which rows are right in every sample."""
    return np.asarray(right.all(axis=1))
