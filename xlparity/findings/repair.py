"""The smallest edit that makes a wrong formula agree with the reference, on forced values, in every cell and every scenario.

What the quick look of ``screen`` lets pass is recomputed by the engine before it is believed.
"""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from xlparity.address import Cell
from xlparity.columns import Column
from xlparity.edits import LARGE, SMALL, Edit, Kind, Site, edits
from xlparity.filling import filled, turned
from xlparity.findings.localise import ForcingSession, Root, agrees
from xlparity.findings.subject import Subject, parsed, refers
from xlparity.following import follows, looked_at, precedents
from xlparity.layout import Form, Layout
from xlparity.syntax import Node, plain
from xlparity.values import BLANK
from xlparity.workbook import Formula, Workbook

_MOST_SIBLINGS = 80
_MOST_FIRST_STEPS, _MOST_SECOND_STEPS = 60, 4_000
_MOST_TWO_STEPS = 3  # searches for two edits in a row, which are the long ones


@dataclass(frozen=True, slots=True)
class Mend:
    """What to write, by the first cell of each formula, and what was wrong: the kind of the edit and its sentence.

    ``culprits`` are the cells that are at fault where these are no bound ones, but helpers on the way to them. ``size`` is
    that of the edit, 0 for the siblings' formula.
    """

    kind: str
    said: str
    formulas: Mapping[Cell, Formula]
    culprits: tuple[Cell, ...] = ()
    size: float = 0.0

    @property
    def signature(self) -> frozenset[tuple[Cell, str]]:
        """What tells the mend from others: a frozen set of the formulas' places and texts."""
        return frozenset((cell, formula.text) for cell, formula in self.formulas.items())


class Repair:
    """The search for mends of the root causes of one workbook."""

    def __init__(self, workbook: Workbook, layout: Layout, roots: Sequence[Root], session: ForcingSession) -> None:
        self.workbook = workbook
        self.layout = layout
        self.session = session
        self._at_fault = {cell for root in roots for cell in root.cells}
        self._budget = _MOST_TWO_STEPS

    def mend(self, root: Root, refused: Container[object] = ()) -> Mend | None:
        """The smallest edit that mends the root cause; None where none is found, since a wrong one would be worse.

        ``refused`` are the signatures of mends that have turned out to be none.
        """
        for edit, formulas in self._candidates(root):
            mend = Mend(edit.kind, edit.said, formulas, size=edit.size)
            if mend.signature not in refused and self.confirmed(root, formulas):
                more = {} if edit.kind == "anchor" else self._alike(root, edit, formulas)
                return replace(mend, said=self._told(root, edit, formulas), formulas={**formulas, **more})
        return None

    def _alike(self, root: Root, edit: Edit, formulas: Mapping[Cell, Formula]) -> Mapping[Cell, Formula]:
        """The mend in the quantity's other cells that have the same formula, and happen to be right on all that was tried."""
        cell, formula = next(iter(formulas.items()))
        iterations = {self.workbook.members.get(b.cell, b.cell): b.iteration for b in root.bindings}
        if root.form is None or cell not in iterations:
            return {}
        form = self.layout.form(cell, formula, (root.judged.name, iterations[cell]))
        found: dict[Cell, Formula] = {}
        for home, other, held in self.healthy(root):
            if self.layout.form(other, held, home) == root.form:
                text = self.layout.write(form, other, home)
                if text is not None:
                    found[other] = replace(held, text=text)
        return found if found and self._holds(root, found) else {}

    def _holds(self, root: Root, formulas: Mapping[Cell, Formula]) -> bool:
        """Whether the quantity's cells in which these formulas stand are right with them."""
        concerned = {member for cell, f in formulas.items() for member in (f.area.cells() if f.area else (cell,))}
        bindings = enumerate(root.judged.evidence.bindings)
        indices = tuple(index for index, binding in bindings if binding.cell in concerned)
        return self._right(replace(root, indices=indices), formulas)

    def _told(self, root: Root, edit: Edit, formulas: Mapping[Cell, Formula]) -> str:
        """The edit's sentence as it reads from the root's first cell, whose formulas are shown, and not from its middle."""
        first, home = root.cells[0], (root.judged.name, root.bindings[0].iteration)
        first = self.workbook.members.get(first, first)
        own, new = self.workbook.formula(first), formulas.get(first)
        before, after = (parsed(formula.text) if formula is not None else None for formula in (own, new))
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
        if root.fault == "typed" and (formulas := self._by_element(root)):
            yield Edit("siblings", Node("omitted", ""), "as in the other iterations", 0.0), formulas
        if subject.tree is not None:
            for kinds in (SMALL, *((kind,) for kind in LARGE)):
                yield from subject.screened(self._steps(subject, subject.tree, kinds))
        if not subject.telling:
            return
        seeds = [form for form, _ in siblings if form != root.form][:4]
        for form in seeds:
            text = self.layout.write(form, subject.cell, subject.home)
            if text is not None and (seed := parsed(text)) is not None:
                yield from subject.screened(
                    edit._replace(said=f"unlike its siblings: {edit.said}") for edit in edits(seed, subject.site, SMALL)
                )
        if not siblings and (subject.tree is None or not refers(subject.tree)):
            yield from subject.screened(subject.copies())
        elif subject.tree is not None and root.fault == "formula" and self._budget > 0:
            self._budget -= 1
            yield from subject.screened(_two_steps(subject.tree, subject.site))

    def _by_element(self, root: Root) -> dict[Cell, Formula]:
        """For each of the root's cells the formula of the same element in the nearest iteration; nothing unless all have one."""
        found: dict[Cell, Formula] = {}
        for binding in root.bindings:
            for home, cell, formula in self.healthy(root):
                slot = self.layout.slots.get(cell)
                if slot is not None and slot.element == binding.element and formula.area is None:
                    form = self.layout.form(cell, formula, home)
                    text = self.layout.write(form, binding.cell, (root.judged.name, binding.iteration))
                    if text is not None:
                        found[binding.cell] = Formula(text)
                    break
        return found if len(found) == len(root.indices) else {}

    def _steps(self, subject: Subject, tree: Node, kinds: Sequence[Kind]) -> Iterator[Edit]:
        for edit in edits(tree, subject.site, kinds):
            # A quantity that is always the same number, as a count is, tells a sign, a function or the length of a range.
            if subject.telling or edit.kind in ("sign", "function") or (edit.kind == "range" and edit.size <= 1.2):
                yield edit

    def _as_edit(self, subject: Subject, form: Form, sibling: Cell) -> Edit:
        """The step from the formula to its siblings' as the catalogue tells it, where it is one."""
        text = self.layout.write(form, subject.cell, subject.home) or "=0"
        target = parsed(text)
        if target is not None and subject.tree is not None:
            for edit in edits(subject.tree, subject.site):
                if plain(edit.tree) == plain(target):
                    return Edit(edit.kind, target, f"unlike in {sibling}, {edit.said}", 0.0)
        return Edit("siblings", target or Node("omitted", ""), f"it is not the formula of {sibling} and its like", 0.0)

    def _anchored(self, root: Root, subject: Subject) -> Iterator[tuple[Edit, Mapping[Cell, Formula]]]:
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
                cells = looked_at(small, area)
                if cells is None:
                    return False
                held.update((precedent, root.forced.seen(precedent)) for precedent in cells)
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
