"""The search for a fix: the smallest edit that makes a wrong formula agree with the reference in every cell and sample.

Formulas are compared on forced values. In one cell, many edits are computed at once; those that agree are confirmed in all
cells. ``SOURCES`` are asked for candidates after the edits of the catalogue, and before pairs of these.
"""

import functools
import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

import numpy as np

from xlparity.diagnosis.branches import (
    HUGE,
    NOT_AVAILABLE,
    Evaluation,
    Tie,
    has_branches,
    kept_limits,
    loses_a_branch,
    new_ties,
    replaced_in,
    taken,
    without_each_of,
)
from xlparity.diagnosis.edits import LARGE, SMALL, Edit, EditKind, Site, edits
from xlparity.diagnosis.localise import ForcingSession, Root, agrees
from xlparity.diagnosis.numbers import numbers
from xlparity.diagnosis.relative import QuantityMap, RelativeFormula, relative_text_of
from xlparity.diagnosis.residual import residual
from xlparity.diagnosis.subject import Subject, parsed, refers
from xlparity.diagnosis.twins import twins
from xlparity.excel.address import Cell
from xlparity.excel.ast import Node, plain
from xlparity.excel.columns import Column, floats_of
from xlparity.excel.contents import DataTable
from xlparity.excel.fill import filled, turned
from xlparity.excel.values import BLANK
from xlparity.excel.workbook import Formula, Workbook
from xlparity.settings import Deadline

_MOST_SIBLINGS = 80  # siblings whose formulas are compared with the root's, the nearest first
_MOST_FIRST_STEPS, _MOST_SECOND_STEPS = 60, 4_000  # edits, and pairs of edits, that are screened
_FEWEST_SIBLINGS = 3  # right cells with one formula, before it is what all cells of the quantity are meant to have
_FIRST = 3  # cells in which a formula is confirmed before it is in all
_SECOND = (
    1.0  # by which a second edit is larger: one in a reader and one in its helper are likelier, as planted faults are
)
_STEEP = 3  # times the usual slope, up to which branches that differ near a tie may still meet at it
_MOST_BRANCHING = 8  # cells of one relative formula in which branches are looked for, before it is all of them
_LIKELY_SIZE = 1.2  # the size of an edit that extends a range to its whole quantity; see edits.places

_NAMES = re.compile(
    r"( \((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))"
)  # of quantities, which follow references in sentences

Source: TypeAlias = Callable[[Subject], Iterable[Edit]]
SOURCES: tuple[Source, ...] = (numbers, twins, residual)
"""Further candidates for the formula of a subject, each a source's own module."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A fix of a root: the right formulas, by the first cell of each, and the kind and the description of the edit.

    ``helpers`` are the wrong cells where these are unbound precedents of the root's cells. ``size``, ``unlike`` and
    ``of_siblings`` are those of the edit; the size is 0 for the siblings' formula.
    """

    kind: str
    said: str
    formulas: Mapping[Cell, Formula]
    helpers: tuple[Cell, ...] = ()
    size: float = 0.0
    unlike: Cell | None = None
    of_siblings: bool = False

    @classmethod
    def by(cls, edit: Edit, formulas: Mapping[Cell, Formula], helpers: tuple[Cell, ...] = ()) -> "Fix":
        """The fix by an edit that gives these formulas."""
        return cls(edit.kind, edit.said, formulas, helpers, edit.size, edit.unlike, edit.of_siblings)

    @property
    def signature(self) -> frozenset[tuple[Cell, str]]:
        """The identity of the fix: the cells and texts of its formulas."""
        return frozenset((cell, formula.text) for cell, formula in self.formulas.items())


class Repair:
    """The search for fixes of the root causes of one workbook."""

    def __init__(
        self,
        workbook: Workbook,
        quantity_map: QuantityMap,
        roots: Sequence[Root],
        session: ForcingSession,
        deadline: Deadline,
    ) -> None:
        self.workbook = workbook
        self.quantity_map = quantity_map
        self.session = session
        self.deadline = deadline
        self._at_fault = {cell for root in roots for cell in root.cells}
        self._known: dict[tuple[str, str], Mapping[int, tuple[RelativeFormula, str]]] = {}

    def fix(self, root: Root, refused: Container[object] = (), *, as_siblings: bool = False) -> Fix | None:
        """The smallest edit that fixes the root cause; None where none is confirmed, since a wrong fix is worse than none.

        ``refused`` are the signatures of fixes that were rejected later; ``as_siblings`` asks for siblings' formulas only.
        """
        if isinstance(self.workbook.formula(root.cells[0]), DataTable):  # of which no part can be changed
            return None
        subject = Subject(self, root)
        for edit, formulas in self._candidates(root, subject):
            if as_siblings and edit.size:
                return None
            fix = Fix.by(edit, formulas)
            if not self.is_guessed(edit, formulas) and fix.signature not in refused and self.confirmed(root, formulas):
                return replace(
                    fix, said=self.sentence(root, subject, edit, formulas), formulas=self._changing(formulas)
                )
        return None

    def _changing(self, formulas: Mapping[Cell, Formula]) -> Mapping[Cell, Formula]:
        """The formulas without those that only differ from the workbook's in a ``$``, spaces and parentheses."""
        found: dict[Cell, Formula] = {}
        for cell, formula in formulas.items():
            held = self.workbook.formula(cell)
            old, new = parsed(held.text) if held is not None else None, parsed(formula.text)
            if old is None or new is None or plain(old) != plain(new):
                found[cell] = formula
        return found

    def changed(self, root: Root, fix: Fix) -> Root:
        """The root with those of its cells alone that the fix changes."""
        filled = _filled(fix.formulas)
        return replace(
            root, indices=tuple(index for index, cell in zip(root.indices, root.cells, strict=True) if cell in filled)
        )

    def sentence(self, root: Root, subject: Subject, edit: Edit, formulas: Mapping[Cell, Formula]) -> str:
        """The description of the edit for the root's first cell, whose formula is shown; the edit was found in the middle one."""
        first, block = root.cells[0], (root.run.name, root.bindings[0].iteration)
        first = self.workbook.members.get(first, first)
        own, new = self.workbook.formula(first), formulas.get(first)
        before, after = (parsed(formula.text) if formula is not None else None for formula in (own, new))
        if own is None or before is None or after is None or not edit.said or edit.kind in ("siblings", "anchor"):
            return edit.said
        site, wanted = (
            Site(self.quantity_map, first, block, own.area.shape if own.area is not None else None),
            plain(after),
        )
        sentences = (e.said for e in edits(before, site) if e.kind == edit.kind and plain(e.tree) == wanted)
        return next(sentences, None) or self._moved(edit.said, subject, first, block)

    def _moved(self, said: str, subject: Subject, cell: Cell, block: tuple[str, int]) -> str:
        """The sentence about the subject with its references as they are in another cell."""
        pieces = _NAMES.split(said)
        for number in range(0, len(pieces), 2):  # what is between the names, of which some look like addresses
            form = self.quantity_map.form(subject.cell, Formula(pieces[number]), subject.block)
            moved = self.quantity_map.text_for(form, cell, block)
            if moved is None:
                return said
            pieces[number] = moved
        return "".join(pieces)

    def whole(self, root: Root) -> Root:
        """The root with all cells of its quantity that have its formula, also those that are right by chance."""
        found = self._formulas(root)
        own = {key for index in root.indices for key in found.get(index, ())}
        return replace(
            root, indices=tuple(index for index, keys in found.items() if not own.isdisjoint(keys)) or root.indices
        )

    def _formulas(self, root: Root) -> Mapping[int, tuple[RelativeFormula, str]]:
        """The formulas of the root's quantity, relative to the quantities and to the grid, by the index of the binding."""
        key = root.run.name, root.variable
        if key not in self._known:
            found: dict[int, tuple[RelativeFormula, str]] = {}
            for index, binding in enumerate(root.run.bindings):
                cell = self.workbook.members.get(binding.cell, binding.cell)
                formula = self.workbook.formula(cell) if binding.output.name == root.variable else None
                if formula is not None:
                    form = self.quantity_map.form(cell, formula, (root.run.name, binding.iteration))
                    found[index] = form, relative_text_of(cell, formula)
            self._known[key] = found
        return self._known[key]

    # --- the candidates, in the order of the search ----------------------------------------------------------------------

    def _candidates(self, root: Root, subject: Subject) -> Iterator[tuple[Edit, Mapping[Cell, Formula]]]:
        yield from self._anchored(root, subject)
        siblings = self.siblings(root)
        for form, cell, _ in siblings:
            if form != root.form and (formulas := subject.formulas_for(form)) is not None:
                yield self._as_edit(subject, form, cell), formulas
        yield from self._as_filled(root)
        if root.fault == "hardcoded" and (formulas := self._by_element(root)):
            yield Edit("siblings", Node("omitted", ""), "as in the other iterations", 0.0), formulas
        seeds = [form for form, *_ in siblings if form != root.form][:4]
        yield from self.edited(subject, seeds, alone=not siblings)

    def edited(
        self, subject: Subject, seeds: Sequence[RelativeFormula] = (), *, alone: bool = False
    ) -> Iterator[tuple[Edit, Mapping[Cell, Formula]]]:
        """Candidates for the subject's formula: one edit, of the siblings' ``seeds`` as well, a source's, two edits."""
        if subject.tree is not None:
            for kinds in (SMALL, *((kind,) for kind in LARGE)):
                yield from subject.screened(self._steps(subject, subject.tree, kinds))
        if not subject.has_evidence:
            return
        for form in seeds:
            text = self.quantity_map.text_for(form, subject.cell, subject.block)
            if text is not None and (seed := parsed(text)) is not None:
                yield from subject.screened(
                    edit._replace(of_siblings=True) for edit in edits(seed, subject.site, SMALL)
                )
        yield from subject.screened(edit for source in SOURCES for edit in source(subject))
        if alone and (subject.tree is None or not refers(subject.tree)):
            yield from subject.screened(subject.copies())
        elif subject.tree is not None:
            yield from subject.screened(_two_steps(subject.tree, subject.site))

    def _as_filled(self, root: Root) -> Iterator[tuple[Edit, Mapping[Cell, Formula]]]:
        """The formulas of right cells of the quantity as Excel fills them into the root's cells, each once."""
        cells = list(dict.fromkeys(self.workbook.members.get(cell, cell) for cell in root.cells))
        seen = {self._in_r1c1(cell) for cell in cells}
        for _, cell, formula in islice(self.right_siblings(root), _MOST_SIBLINGS):
            text = self._in_r1c1(cell)
            if formula.area is not None or text in seen:
                continue
            seen.add(text)
            texts = [
                (to, filled(formula.text, to.row - cell.row, to.column - cell.column))
                for to in cells
                if to.sheet == cell.sheet
            ]
            found = {to: Formula(text) for to, text in texts if text is not None}
            if len(found) == len(cells):
                yield Edit("siblings", Node("omitted", ""), "", 0.0, cell), found

    def _in_r1c1(self, cell: Cell) -> str:
        formula = self.workbook.formula(cell)
        return relative_text_of(cell, formula) if formula is not None else ""

    def _by_element(self, root: Root) -> dict[Cell, Formula]:
        """For each of the root's cells the formula of the same element in the nearest iteration; empty unless all have one."""
        found: dict[Cell, Formula] = {}
        for binding in root.bindings:
            for block, cell, formula in self.right_siblings(root):
                position = self.quantity_map.positions.get(cell)
                if position is not None and position.element == binding.element and formula.area is None:
                    form = self.quantity_map.form(cell, formula, block)
                    text = self.quantity_map.text_for(form, binding.cell, (root.run.name, binding.iteration))
                    if text is not None:
                        found[binding.cell] = Formula(text)
                    break
        return found if len(found) == len(root.indices) else {}

    def _steps(self, subject: Subject, tree: Node, kinds: Sequence[EditKind]) -> Iterator[Edit]:
        for edit in edits(tree, subject.site, kinds):
            # A constant quantity, such as a count, is evidence of a sign, a function or the length of a range only, and of a
            # function alone, without the numbers that were added to it.
            if (
                subject.has_evidence
                or edit.kind in ("sign", "function")
                or (edit.kind == "range" and edit.size <= _LIKELY_SIZE)
                or (edit.kind in ("term", "power") and _is_function_of_cells(edit.tree))
            ):
                yield edit

    def _as_edit(self, subject: Subject, form: RelativeFormula, sibling: Cell) -> Edit:
        """The edit that leads to the siblings' formula, from the catalogue; one of kind ``siblings`` where there is none."""
        text = self.quantity_map.text_for(form, subject.cell, subject.block) or "=0"
        target = parsed(text)
        if target is not None and subject.tree is not None:
            for edit in edits(subject.tree, subject.site):
                if plain(edit.tree) == plain(target):
                    return Edit(edit.kind, target, edit.said, 0.0, sibling)
        return Edit("siblings", target or Node("omitted", ""), "", 0.0, sibling)

    def _anchored(self, root: Root, subject: Subject) -> Iterator[tuple[Edit, Mapping[Cell, Formula]]]:
        """Candidates for a missing or a superfluous ``$`` in a right formula that was filled into the root's cells."""
        own = self.workbook.formula(subject.cell)
        if own is None or subject.tree is None:
            return
        for block, cell, formula in islice(self.right_siblings(root), _MOST_SIBLINGS):
            rows, columns = subject.cell.row - cell.row, subject.cell.column - cell.column
            if cell.sheet != subject.cell.sheet or filled(formula.text, rows, columns) != own.text:
                continue
            near = [b.cell for b in root.bindings if b.iteration == subject.block[1]]
            for turn, other in turned(formula):
                form = self.quantity_map.form(cell, other, block)
                # Several positions of ``$`` give the same formula; the one that filling makes right is the fix.
                if all(self._fills(cell, other, to, subject.block, form) for to in near):
                    formulas = subject.formulas_for(form)
                    if formulas is not None:
                        yield Edit("anchor", Node("omitted", ""), turn.sentence, 1.0), formulas
            return

    def _fills(self, cell: Cell, formula: Formula, to: Cell, block: tuple[str, int], form: RelativeFormula) -> bool:
        """Whether filling the formula of one cell into another gives this relative formula."""
        text = filled(formula.text, to.row - cell.row, to.column - cell.column)
        return text is not None and self.quantity_map.form(to, replace(formula, text=text), block) == form

    def as_siblings(self, root: Root) -> Fix | None:
        """The fix by the formula that most of the root's siblings have; None where it has branches, which are not covered."""
        subject = Subject(self, root)
        for form, cell, _ in self.siblings(root)[:1]:
            held, formulas = self.workbook.formula(cell), subject.formulas_for(form)
            if form != root.form and formulas is not None and held is not None and not has_branches(held):
                return Fix.by(self._as_edit(subject, form, cell), formulas)
        return None

    def siblings(self, root: Root) -> list[tuple[RelativeFormula, Cell, int]]:
        """The relative formulas of the quantity's right cells, each with the nearest cell that has it and how many have it.

        The most common ones come first.
        """
        found: Counter[RelativeFormula] = Counter()
        where: dict[RelativeFormula, Cell] = {}
        for block, cell, formula in islice(self.right_siblings(root), _MOST_SIBLINGS):
            form = self.quantity_map.form(cell, formula, block)
            found[form] += 1
            where.setdefault(form, cell)
        return [(form, where[form], count) for form, count in found.most_common()]

    def right_siblings(self, root: Root) -> Iterator[tuple[tuple[str, int], Cell, Formula]]:
        """The right cells of the root's quantity that have formulas, the nearest iterations first."""
        near = root.bindings[0].iteration
        bindings = [b for b in root.run.bindings if b.output.name == root.variable]
        seen: set[Cell] = set()
        for binding in sorted(bindings, key=lambda b: (abs(b.iteration - near), b.iteration, b.element)):
            formula = self.workbook.formula(binding.cell)
            cell = self.workbook.members.get(binding.cell, binding.cell)
            if formula is not None and binding.cell not in self._at_fault and cell not in seen:
                seen.add(cell)
                yield (root.run.name, binding.iteration), cell, formula

    # --- confirmation by the engine -----------------------------------------------------------------------------------------

    def confirmed(self, root: Root, formulas: Mapping[Cell, Formula]) -> bool:
        """Whether the engine finds the root's cells right with these formulas, in every sample of forced values."""
        some = dict(islice(formulas.items(), 0, None, max(1, len(formulas) // _FIRST)))
        filled = _filled(formulas)
        return (
            filled.issuperset(root.cells)
            and (len(some) == len(formulas) or self._right(root, some))
            and self._right(root, formulas)
            and not self.circular(formulas)
        )

    def _right(self, root: Root, formulas: Mapping[Cell, Formula]) -> bool:
        found = self.computed(root, formulas)
        concerned = _filled(formulas)
        return all(
            agrees(root.run, index, found.get(binding.cell, BLANK), root.forced.samples).all()
            for index, binding in zip(root.indices, root.bindings, strict=True)
            if binding.cell in concerned
        )

    def computed(self, root: Root, formulas: Mapping[Cell, Formula]) -> Mapping[Cell, Column]:
        """The values of these formulas on the forced values."""
        members = {
            member: cell
            for cell, formula in formulas.items()
            for member in (formula.area.cells() if formula.area else ())
            if member != cell
        }
        small = replace(self.workbook, cells=formulas, members=members)
        read = {area for cell in formulas for area in small.graph.areas(cell)}
        forced = root.forced
        held = {
            cell: forced.seen(cell) for area in read for of in (forced.held, forced.local) for cell in area.among(of)
        }
        held = {cell: column for cell, column in held.items() if column is not BLANK}
        held |= {cell: root.forced.held[cell] for cell in {*formulas, *members} if cell in root.forced.held}
        return self.session.like(small).forced(held, root.forced.count)

    def covers_branches(self, root: Root, fix: Fix, fresh: Root) -> bool:
        """Whether the samples take every branch of the fix's formulas, and of those that it replaces.

        ``fresh`` is the root on new inputs. Branches that right siblings with the same formula take count as well; a formula
        that several siblings have is as good as theirs, whatever branches it has.
        """
        groups: dict[object, dict[Cell, Formula]] = {}
        new: dict[Cell, Formula] = {}  # that no right sibling has
        alike = {form: count for form, _, count in self.siblings(root)}
        middle = root.bindings[len(root.indices) // 2].iteration
        iterations = {self.workbook.members.get(b.cell, b.cell): b.iteration for b in root.bindings}
        for cell, formula in fix.formulas.items():
            of_helper = self.quantity_map.block_of(root.run.name, cell) or middle
            block = root.run.name, iterations.get(cell, of_helper)
            form = self.quantity_map.form(cell, formula, block)
            if alike.get(form, 0) >= _FEWEST_SIBLINGS:
                continue
            groups.setdefault(form, {})[cell] = formula
            if form in alike:
                continue
            new[cell] = formula
            # An edit may remove a branch that no sample takes.
            old = self.workbook.formula(cell)
            if old is None and alike and not fix.helpers:
                text = self.quantity_map.text_for(next(iter(alike)), cell, block)
                old = Formula(text) if text is not None else None
            if old is not None and loses_a_branch(formula, old):
                return False
            if old is not None:
                groups.setdefault(("old", self.quantity_map.form(cell, old, block)), {})[cell] = old
        return all(
            self._takes_all(root, fresh, fix, formulas)
            for formulas in groups.values()
            if any(map(has_branches, formulas.values()))
        ) and self._decides_ties(root, fresh, fix, new)

    def _decides_ties(self, root: Root, fresh: Root, fix: Fix, new: Mapping[Cell, Formula]) -> bool:
        """Whether the samples decide which side of a comparison in the new formulas has a tie, where that matters.

        It does not where the two branches come to the same at a tie, as those of a ReLU do: there, they differ by less the
        nearer the operands are to each other.
        """
        ties = {cell: new_ties(formula, self.workbook.formula(cell)) for cell, formula in new.items()}
        for number in range(max(map(len, ties.values()), default=0)):
            of = {cell: some[number] for cell, some in ties.items() if number < len(some)}
            turned = {cell: tie.turned for cell, tie in of.items()}
            evaluations = [functools.partial(self._whole if fix.helpers else self.computed, on) for on in (root, fresh)]
            if not any(
                taken(evaluate, on, fix.formulas, [{**fix.formulas, **turned}])[0]
                for evaluate, on in zip(evaluations, (root, fresh), strict=True)
            ) and not self._meets_at_tie(evaluations[0], root, fix, of):
                return False
        return True

    @staticmethod
    def _meets_at_tie(evaluate: Evaluation, root: Root, fix: Fix, ties: Mapping[Cell, Tie]) -> bool:
        """Whether the branches come to the same at a tie, by the sample that is nearest to one."""
        count = root.forced.count
        true, false, difference = (
            evaluate({**fix.formulas, **{cell: tie[kind] for cell, tie in ties.items()}}) for kind in (1, 2, 3)
        )
        with np.errstate(all="ignore"):
            steps = [
                np.abs(floats_of(true.get(c, BLANK), count) - floats_of(false.get(c, BLANK), count)) for c in root.cells
            ]
            gaps = [np.abs(floats_of(difference.get(cell, BLANK), count)) for cell in ties]
            if fix.helpers or len(steps) != len(gaps):  # what the cells of all of them decide together
                steps, gaps = [np.max(steps, axis=0)], [np.min(gaps, axis=0)]
            step, gap = np.concatenate(steps), np.concatenate(gaps)
            known = np.isfinite(step) & np.isfinite(gap) & (gap > 0)
            if not known.any():
                return False
            nearest = int(np.where(known, gap, np.inf).argmin())
            return bool(step[nearest] <= _STEEP * gap[nearest] * np.median(step[known] / gap[known]))

    def _takes_all(
        self,
        root: Root,
        fresh: Root,
        fix: Fix,
        group: Mapping[Cell, Formula],
    ) -> bool:
        """Whether the samples take every branch that the fix changes in ``group``, formulas of one relative formula.

        These are some of the fix, or some that it replaces.
        """
        formulas, helpers = {**fix.formulas, **group}, bool(fix.helpers)
        some = dict(islice(group.items(), _MOST_BRANCHING))
        changed = without_each_of(some)
        if changed is None:
            return False
        cell, first = next(iter(some.items()))
        old = self.workbook.formula(cell)
        # The new formula is examined itself, and so is what it has of the old one; a limit that stays is no guess.
        kept = replaced_in(first, fix.formulas.get(cell)) if first == old else kept_limits(first, old)
        untaken = set(range(len(changed))) - kept
        if not untaken:
            return True
        for of, instead in ((some, HUGE), (some, NOT_AVAILABLE), (group, NOT_AVAILABLE)):
            if of is group and len(some) == len(group):
                continue
            changed = without_each_of(of, instead) or []
            for on in (root, fresh):
                evaluate = functools.partial(self._whole if helpers else self.computed, on)
                still = sorted(untaken)
                shown = taken(
                    evaluate, on, {**formulas, **of} if helpers else of, [changed[number] for number in still]
                )
                untaken -= {number for number, found in zip(still, shown, strict=True) if found}
                if not untaken:
                    return True
        return not helpers and self._taken_by_siblings(root, group, untaken)

    def _taken_by_siblings(self, root: Root, group: Mapping[Cell, Formula], numbers: Container[int]) -> bool:
        """Whether the right cells that have the group's formula take the branches of these numbers."""
        cell, formula = next(iter(group.items()))
        iterations = {self.workbook.members.get(b.cell, b.cell): b.iteration for b in root.bindings}
        form = self.quantity_map.form(cell, formula, (root.run.name, iterations.get(cell, root.bindings[0].iteration)))
        alike = {
            other: held
            for block, other, held in islice(self.right_siblings(root), _MOST_SIBLINGS)
            if self.quantity_map.form(other, held, block) == form
        }
        concerned = _filled(alike)
        bindings = enumerate(root.run.bindings)
        among = replace(root, indices=tuple(index for index, b in bindings if b.cell in concerned))
        changed = without_each_of(alike)
        if not alike or changed is None or not self._right(among, alike):
            return False
        wanted = [one for number, one in enumerate(changed) if number in numbers]
        return all(taken(functools.partial(self.computed, among), among, alike, wanted))

    def _whole(self, root: Root, formulas: Mapping[Cell, Formula]) -> Mapping[Cell, Column]:
        session = self.session.like(self.workbook.edited(formulas))
        return session.forced(root.forced.held, root.forced.count)

    def is_guessed(self, edit: Edit, formulas: Mapping[Cell, Formula]) -> bool:
        """Whether the edit, that no sibling suggests, makes a formula read an empty cell."""
        return edit.unlike is None and self._reads_empty(formulas)

    def _reads_empty(self, formulas: Mapping[Cell, Formula]) -> bool:
        """Whether a formula refers to an empty cell of no quantity, which the old one did not: that is a way to write 0.

        Of a range, its first and its last cell are looked at.
        """
        book = replace(self.workbook, cells=formulas, members={})
        new = {area for cell in formulas for area in book.graph.areas(cell)}
        new -= {area for cell in formulas for area in self.workbook.graph.areas(cell)}
        known = self.workbook.cells, self.workbook.members, self.quantity_map.positions
        return any(not any(end in of for of in known) for area in new for end in (area.first, area.last))

    def circular(self, formulas: Mapping[Cell, Formula]) -> bool:
        """Whether the formulas make a circular reference, which on forced values always agrees (x = x)."""
        book, graph = self.workbook, self.workbook.graph
        new = replace(book, cells=formulas, members={}).graph
        added = {cell: set(new.areas(cell)) - set(graph.areas(cell)) for cell in formulas}
        if not any(added.values()):
            return False
        # A circle has one of the new references, and so a formula that reads what it leads to.
        after = {*formulas, *graph.after([*map(book.filled, formulas), *_filled(formulas)])}
        cells = _filled(formulas) | {member for cell in after for member in book.filled(cell).cells()}
        if not any(True for areas in added.values() for area in areas for _ in area.among(cells)):
            return False
        edited = book.edited(formulas).graph
        known = graph.circular if book.iterates else frozenset()  # elsewhere no circle is meant
        return any(added[cell] and cell in edited.circular and cell not in known for cell in formulas)


def _is_function_of_cells(tree: Node) -> bool:
    """Whether the formula is one function of references, such as ``COUNT(A1:A4)``."""
    tree = plain(tree)
    return tree.kind == "call" and all(part.kind in ("reference", "name") for part in tree.parts)


def _filled(formulas: Mapping[Cell, Formula]) -> set[Cell]:
    """The cells that the formulas compute."""
    return {member for cell, f in formulas.items() for member in (f.area.cells() if f.area else (cell,))}


def _two_steps(tree: Node, site: Site) -> Iterator[Edit]:
    """Pairs of edits of the ``SMALL`` kinds, as one edit each."""
    firsts = list(islice(edits(tree, site, SMALL), _MOST_FIRST_STEPS))
    seen = {plain(tree), *(plain(edit.tree) for edit in firsts)}
    count = 0
    for first in firsts:
        for second in edits(first.tree, site, SMALL):
            bare = plain(second.tree)
            if bare not in seen:
                seen.add(bare)
                count += 1
                yield Edit(
                    first.kind, second.tree, f"{first.said}, and {second.said}", _SECOND + first.size + second.size
                )
                if count >= _MOST_SECOND_STEPS:
                    return
