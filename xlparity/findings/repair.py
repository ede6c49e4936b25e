"""The smallest edit that makes a wrong formula agree with the reference, on forced values, in every cell and every scenario.

What the quick look of ``screen`` lets pass is recomputed by the engine before it is believed.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from xlparity.address import Cell, Range
from xlparity.binding import Binding
from xlparity.columns import Column
from xlparity.edits import LARGE, SMALL, Edit, Kind, Site, edits
from xlparity.filling import filled, turned
from xlparity.findings.localise import ForcingSession, Root, agrees, follows, precedents
from xlparity.findings.screen import Screen, Unscreened
from xlparity.layout import Form, Layout
from xlparity.syntax import Node, parse, plain, walk
from xlparity.values import BLANK
from xlparity.workbook import Formula, Workbook

_FEWEST_VALUES = 3  # that a quantity must take, before agreement with it is evidence of a formula
_FEWEST_TRUTHS = 5
_MOST_SIBLINGS = 80
_MOST_CONFIRMED = 12
_MOST_FIRST_STEPS, _MOST_SECOND_STEPS = 120, 30_000
_LARGEST_RANGE = 100_000


@dataclass(frozen=True, slots=True)
class Mend:
    """What to write, by the first cell of each formula, and what was wrong: the kind of the edit and its sentence.

    ``culprits`` are the cells that are at fault where these are no bound ones, but helpers on the way to them.
    """

    kind: str
    said: str
    formulas: Mapping[Cell, Formula]
    culprits: tuple[Cell, ...] = ()


class Repair:
    """The search for mends of the root causes of one workbook."""

    def __init__(self, workbook: Workbook, layout: Layout, roots: Sequence[Root], session: ForcingSession) -> None:
        self.workbook = workbook
        self.layout = layout
        self.session = session
        self._at_fault = {cell for root in roots for cell in root.cells}

    def mend(self, root: Root) -> Mend | None:
        """The smallest edit that mends the root cause; None where none is found, since a wrong one would be worse."""
        for edit, formulas in self._candidates(root):
            if self.confirmed(root, formulas):
                return Mend(edit.kind, self._told(root, edit, formulas), formulas)
        return None

    def _told(self, root: Root, edit: Edit, formulas: Mapping[Cell, Formula]) -> str:
        """The edit's sentence as it reads from the root's first cell, whose formulas are shown, and not from its middle."""
        first, home = root.cells[0], (root.judged.name, root.bindings[0].iteration)
        first = self.workbook.members.get(first, first)
        own, new = self.workbook.formula(first), formulas.get(first)
        before, after = (_parsed(formula.text) if formula is not None else None for formula in (own, new))
        if own is None or before is None or after is None or edit.kind in ("siblings", "anchor"):
            return edit.said
        site, wanted = Site(self.layout, first, home, own.area.shape if own.area is not None else None), plain(after)
        unlike = edit.said[: edit.said.index(", ") + 2] if edit.said.startswith("unlike in ") else ""
        told = (unlike + e.said for e in edits(before, site) if e.kind == edit.kind and plain(e.tree) == wanted)
        return next(told, edit.said)

    # --- what is tried, and in which order ------------------------------------------------------------------------------

    def _candidates(self, root: Root) -> Iterator[tuple[Edit, Mapping[Cell, Formula]]]:
        subject = Subject(self, root)
        yield from self._anchored(root, subject)
        siblings = self.siblings(root)
        for form, cell in siblings:
            if form != root.form and (formulas := subject.written(form)) is not None:
                yield self._as_edit(subject, form, cell), formulas
        if subject.tree is not None:
            for kinds in (SMALL, LARGE):
                yield from subject.screened(self._steps(subject, subject.tree, kinds))
        if not subject.telling:
            return
        seeds = [form for form, _ in siblings if form != root.form][:4]
        for form in seeds:
            text = self.layout.write(form, subject.cell, subject.home)
            if text is not None and (seed := _parsed(text)) is not None:
                yield from subject.screened(
                    edit._replace(said=f"unlike its siblings: {edit.said}") for edit in edits(seed, subject.site, SMALL)
                )
        if not siblings and (subject.tree is None or not _refers(subject.tree)):
            yield from subject.screened(subject.copies())
        elif subject.tree is not None and root.fault == "formula":
            yield from subject.screened(_two_steps(subject.tree, subject.site))

    def _steps(self, subject: "Subject", tree: Node, kinds: Sequence[Kind]) -> Iterator[Edit]:
        for edit in edits(tree, subject.site, kinds):
            # A quantity that is always the same number, as a count is, tells a sign, a function or the length of a range.
            if subject.telling or edit.kind in ("sign", "function") or (edit.kind == "range" and edit.size <= 1.2):
                yield edit

    def _as_edit(self, subject: "Subject", form: Form, sibling: Cell) -> Edit:
        """The step from the formula to its siblings' as the catalogue tells it, where it is one."""
        text = self.layout.write(form, subject.cell, subject.home) or "=0"
        target = _parsed(text)
        if target is not None and subject.tree is not None:
            for edit in edits(subject.tree, subject.site):
                if plain(edit.tree) == plain(target):
                    return Edit(edit.kind, target, f"unlike in {sibling}, {edit.said}", 0.0)
        return Edit("siblings", target or Node("omitted", ""), f"it is not the formula of {sibling} and its like", 0.0)

    def _anchored(self, root: Root, subject: "Subject") -> Iterator[tuple[Edit, Mapping[Cell, Formula]]]:
        """References that moved as a right formula was filled, and should not have, or did not and should have."""
        own = self.workbook.formula(subject.cell)
        if own is None or subject.tree is None:
            return
        for home, cell, formula in islice(self.healthy(root), _MOST_SIBLINGS):
            rows, columns = subject.cell.row - cell.row, subject.cell.column - cell.column
            if cell.sheet != subject.cell.sheet or filled(formula.text, rows, columns) != own.text:
                continue
            near = [b.cell for b in root.bindings if b.iteration == subject.home[1]]
            for said, other in turned(formula):
                form = self.layout.form(cell, other, home)
                # A formula means the same with many a ``$``; at fault is the one that decides what filling makes of it.
                if all(self._fills(cell, other, to, subject.home, form) for to in near):
                    formulas = subject.written(form)
                    if formulas is not None:
                        yield Edit("anchor", Node("omitted", ""), said, 1.0), formulas
            return

    def _fills(self, cell: Cell, formula: Formula, to: Cell, home: tuple[str, int], form: Form) -> bool:
        """Whether the formula of one cell has this form in another, when Excel fills it in there."""
        text = filled(formula.text, to.row - cell.row, to.column - cell.column)
        return text is not None and self.layout.form(to, replace(formula, text=text), home) == form

    def siblings(self, root: Root) -> list[tuple[Form, Cell]]:
        """The forms of the quantity's right cells, the most common first, each with a cell that has it."""
        found: Counter[Form] = Counter()
        where: dict[Form, Cell] = {}
        for home, cell, formula in islice(self.healthy(root), _MOST_SIBLINGS):
            form = self.layout.form(cell, formula, home)
            found[form] += 1
            where.setdefault(form, cell)
        return [(form, where[form]) for form, _ in found.most_common()]

    def healthy(self, root: Root) -> Iterator[tuple[tuple[str, int], Cell, Formula]]:
        """The right cells of the root's quantity that have formulas, the nearest iterations first."""
        near = root.bindings[0].iteration
        bindings = [b for b in root.judged.evidence.bindings if b.output.name == root.variable]
        seen: set[Cell] = set()
        for binding in sorted(bindings, key=lambda b: (abs(b.iteration - near), b.iteration, b.element)):
            formula = self.workbook.formula(binding.cell)
            cell = self.workbook.members.get(binding.cell, binding.cell)
            if formula is not None and binding.cell not in self._at_fault and cell not in seen:
                seen.add(cell)
                yield (root.judged.name, binding.iteration), cell, formula

    # --- what is believed ---------------------------------------------------------------------------------------------------

    def confirmed(self, root: Root, formulas: Mapping[Cell, Formula]) -> bool:
        """Whether the engine finds the root's cells right with these formulas, on every set of forced values."""
        cells = list(formulas)
        middle = cells[len(cells) // 2]
        # One formula tells nearly always, and takes a hundredth of the time.
        if len(cells) > 1 and not self._right(root, {middle: formulas[middle]}):
            return False
        filled = {member for cell, f in formulas.items() for member in (f.area.cells() if f.area else (cell,))}
        return filled.issuperset(root.cells) and not self._circular(formulas) and self._right(root, formulas)

    def _right(self, root: Root, formulas: Mapping[Cell, Formula]) -> bool:
        members = {
            member: cell
            for cell, formula in formulas.items()
            for member in (formula.area.cells() if formula.area else ())
            if member != cell
        }
        small = replace(self.workbook, cells=formulas, members=members)
        held: dict[Cell, Column] = {}
        for cell in formulas:
            for area in small.precedents(cell):
                if area.size > _LARGEST_RANGE:
                    return False
                held.update((precedent, root.forced.seen(precedent)) for precedent in area.cells())
        held = {cell: column for cell, column in held.items() if column is not BLANK}
        concerned = {*formulas, *members}
        held |= {cell: root.forced.held[cell] for cell in concerned if cell in root.forced.held}
        found = self.session.like(small).forced(root.forced.count, held)
        return all(
            agrees(root.judged, index, found.get(binding.cell, BLANK), root.forced.sets).all()
            for index, binding in zip(root.indices, root.bindings, strict=True)
            if binding.cell in concerned
        )

    def _circular(self, formulas: Mapping[Cell, Formula]) -> bool:
        """Whether a cell would follow from itself, and so agree with anything: on forced values x = x is always right."""
        small = replace(self.workbook, cells=formulas, members={})
        for cell in formulas:
            before = set(precedents(self.workbook, cell)) if self.workbook.formula(cell) is not None else set()
            new = [self.workbook.members.get(p, p) for p in precedents(small, cell)]
            if cell in new or follows(self.workbook, [p for p in new if p not in before], cell):
                return True
        return False


class Subject:
    """The formula in the middle of a root cause's cells, on which edits are tried first."""

    def __init__(self, repair: Repair, root: Root) -> None:
        self._repair, self._root = repair, root
        binding = root.bindings[len(root.indices) // 2]
        book = repair.workbook
        self.cell = book.members.get(binding.cell, binding.cell)
        self.home = root.judged.name, binding.iteration
        formula = book.formula(binding.cell) if root.fault != "typed" else None
        self.area = formula.area if formula is not None else None
        self.tree = _parsed(formula.text) if formula is not None else None
        shape = self.area.shape if self.area is not None else None
        self.site = Site(repair.layout, self.cell, self.home, shape)
        self.screen = Screen(root.forced.seen, root.forced.count, self.site.area)
        self._expected, self._allowed = self._wanted()
        self.telling = _telling(self._expected[np.isfinite(self._expected)])

    def _wanted(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What is expected of the formula's cells, (sets, rows, columns), and how far from it they may be."""
        judged, sets = self._root.judged, list(self._root.forced.sets)
        area = self.area or Range(self.cell.sheet, *self.cell[1:], *self.cell[1:])
        indices = {binding.cell: k for k, binding in enumerate(judged.evidence.bindings) if _within(area, binding.cell)}
        expected = np.full((len(sets), *area.shape), np.nan)
        for cell, index in indices.items():
            expected[:, cell.row - area.row, cell.column - area.column] = judged.evidence.expected[sets, index]
        tolerance = self._root.bindings[0].output.tolerance
        return expected, 2 * (tolerance.atol + tolerance.rtol * np.abs(expected))

    def passes(self, tree: Node, seen: Callable[[Cell], Column] | None = None) -> bool | None:
        """Whether the edited formula may agree, where its precedents are as they are ``seen``; None where it is not told."""
        screen = self.screen if seen is None else Screen(seen, self.screen.count, self.site.area)
        try:
            with np.errstate(all="ignore"):
                value = screen.value(tree, array=self.area is not None)
        except Unscreened:
            return None
        if any(a not in (1, b) for a, b in zip(value.shape, self._expected.shape, strict=True)):
            return False
        close = np.abs(value - self._expected) <= self._allowed
        return bool((close | np.isnan(self._expected)).all())

    def screened(self, tried: Iterable[Edit]) -> Iterator[tuple[Edit, Mapping[Cell, Formula]]]:
        """The edits that a quick look lets pass, the smallest first, written for every cell of the root."""
        passed: list[tuple[bool, float, int, Edit]] = []
        for number, edit in enumerate(tried):
            told = self.passes(edit.tree)
            if told is not False:
                passed.append((told is None, edit.size, number, edit))
        for _, _, _, edit in sorted(passed)[:_MOST_CONFIRMED]:
            form = self._repair.layout.form(self.cell, Formula(f"={edit.tree}", self.area), self.home)
            formulas = self.written(form)
            if formulas is not None:
                yield edit, formulas

    def written(self, form: Form) -> Mapping[Cell, Formula] | None:
        """The form as the formulas of all the root's cells; None where one of them cannot have it."""
        book, layout = self._repair.workbook, self._repair.layout
        formulas: dict[Cell, Formula] = {}
        for binding in self._root.bindings:
            cell = book.members.get(binding.cell, binding.cell)
            if form.shape is not None and book.formula(cell) is None:  # typed over an array formula
                block = self._block(binding, form.shape)
                cell = block.first if block is not None else cell
            if cell in formulas:
                continue
            text = layout.write(form, cell, (self._root.judged.name, binding.iteration))
            if text is None:
                return None
            formula = book.formula(cell)
            if form.shape is None:
                formulas[cell] = Formula(text)
            elif formula is None and (block := self._block(binding, form.shape)) is not None:
                formulas[block.first] = Formula(text, block)
            elif formula is not None and formula.area is not None and formula.area.shape == form.shape:
                formulas[cell] = Formula(text, formula.area, formula.spills)
            else:
                return None
        return formulas

    def _block(self, binding: Binding, shape: tuple[int, int]) -> Range | None:
        """The cells that an array formula of the shape fills where this binding stands, all of them the root's own."""
        area = self._repair.layout.area(self._root.judged.name, binding.output.name, binding.iteration)
        if area is None or area.shape != shape or not set(area.cells()) <= set(self._root.cells):
            return None
        return area

    def copies(self) -> Iterator[Edit]:
        """The plain copy of another quantity, for a cell of which nothing is left."""
        for check, iteration in self.site.checks():
            for number in (iteration, iteration - 1):
                for area in self.site.quantities(check, number) if number else ():
                    for element in self.site.elements(area):
                        if (node := self.site.node(element)) is not None:
                            yield Edit("siblings", node, f"it should be {self.site.named(element)}", 1.0)


def _telling(expected: NDArray[np.float64]) -> bool:
    """Whether agreement with these numbers is evidence of a formula: they vary, or are many truth values of both kinds."""
    values, counts = np.unique(np.round(expected, 12), return_counts=True)
    return len(values) >= _FEWEST_VALUES or (len(values) == 2 and counts.min() >= _FEWEST_TRUTHS)


def _refers(tree: Node) -> bool:
    return any(node.kind in ("reference", "name") for _, node in walk(tree))


def _two_steps(tree: Node, site: Site) -> Iterator[Edit]:
    """Formulas that are two edits away, of the kinds of which there are few."""
    firsts = list(islice(edits(tree, site, SMALL), _MOST_FIRST_STEPS))
    seen = {plain(tree), *(plain(edit.tree) for edit in firsts)}
    count = 0
    for first in firsts:
        for second in edits(first.tree, site, SMALL):
            bare = plain(second.tree)
            if bare not in seen:
                seen.add(bare)
                count += 1
                yield Edit(first.kind, second.tree, f"{first.said}, and {second.said}", first.size + second.size)
                if count >= _MOST_SECOND_STEPS:
                    return


def _parsed(text: str) -> Node | None:
    try:
        return parse(text)
    except ValueError:
        return None


def _within(area: Range, cell: Cell) -> bool:
    rows, columns = cell.row - area.row, cell.column - area.column
    return area.sheet == cell.sheet and 0 <= rows < area.shape[0] and 0 <= columns < area.shape[1]
