"""Diagnosis of all checks: one finding for each root cause, with a fix where one is found and the cells that it affects."""

import math
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np

from xlparity.compare.run import Run
from xlparity.diagnosis.branches import has_branches
from xlparity.diagnosis.helpers import HelperSearch
from xlparity.diagnosis.localise import (
    Forced,
    ForcingSession,
    Localised,
    Root,
    agrees,
    failing,
    force,
    localise,
    recounted,
    refusal_in,
)
from xlparity.diagnosis.numbers import SIZE as NUMBER
from xlparity.diagnosis.relative import QuantityMap
from xlparity.diagnosis.repair import Fix, Repair
from xlparity.diagnosis.sentences import finding, unexplained
from xlparity.diagnosis.spelling import Spelling, right
from xlparity.errors import XlparityError
from xlparity.excel.address import Cell, in_words
from xlparity.excel.values import BEHIND_A_CIRCLE, BLANK
from xlparity.excel.workbook import Formula, Workbook
from xlparity.results.report import Finding, Origin
from xlparity.settings import Deadline

_FITTED = 0.25  # by which a fitted term is larger: less than an edit differs from another; set by the planted faults
_SHARE = 0.5  # the share of the time that is left which the search for one fix may take
_ROUNDS = 3  # of removing fixes that fail together with the others, before all fixes are given up
_SMALL_STEP = 1.5  # the size of a small edit, as of a sign or a reference: at most this, no smaller fix is searched for
_FEWEST_PROOFS, _MOST_PROOFS = 10, 200  # the fewest and the most new samples on which a fix is compared


class Proof(Protocol):
    """Runs the checks, in their order, on a workbook with suggestions and on new inputs."""

    def __call__(self, edited: Workbook, *, whole: bool) -> Sequence[Run | None]:
        """The runs; None for a check that depends on no suggestion, unless all are run as a ``whole``."""
        ...


Recheck: TypeAlias = Callable[[Mapping[Cell, Formula]], Sequence[Run]]


class Causes(NamedTuple):
    """The findings about a check, a note about those for which the time was too short, and where its wrong cells come from."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    origins: Mapping[Cell, Origin] = MappingProxyType({})


def diagnose(
    workbook: Workbook,
    checks: Sequence[Run],
    session: ForcingSession,
    prove: Proof,
    explained: Collection[Cell] = (),
    recheck: Recheck | None = None,
    seconds: float = math.inf,
) -> dict[str, Causes]:
    """The findings about each check, by its name; a check in which nothing is wrong has none.

    ``prove`` runs the checks with suggestions on new inputs: a formula that agrees on a hundred samples by chance does not
    agree on the next hundred. Dependents of the ``explained`` cells, which have findings already, are not reported again.
    ``recheck`` runs the checks by the engine that found the cells wrong, where that is
    another than the session's, on the workbook with these formulas. Fixes are looked for within so many ``seconds``, of the
    largest root causes first.
    """
    if not any(failing(run) for run in checks):
        return {run.name: Causes(()) for run in checks}
    spelling = Spelling(workbook, session)
    quantity_map = QuantityMap(spelling.workbook, [(run.name, run.check.cells, run.check.inputs) for run in checks])
    bound = {binding.cell for run in checks for binding in run.bindings}

    def misspelt(run: Run, forced: Forced) -> list[Root]:
        return spelling.roots(quantity_map, run, forced, bound)

    localised = localise(spelling.workbook, quantity_map, checks, spelling.session, explained, misspelt)
    roots, left = localised.roots, localised.left
    search = _FixSearch(quantity_map, checks, roots, spelling, prove, Deadline(seconds))
    fixes = search.with_siblings(search.fixes(), recheck)
    cut_short = search.cut_short(fixes)
    of = [[(root.run.name, root.cells, root.helpers) for root in some] for some in (roots, search.roots)]
    roots = search.roots if of[0] == of[1] else recounted(spelling.workbook, checks, search.roots, explained)
    found: dict[str, list[Finding]] = {run.name: [] for run in checks}
    merged = _merged(workbook, roots, fixes)
    origins = _origins(workbook, localised, [root for root, _, _ in merged])
    for (root, fix, sources), other_fault in _folded(merged):
        if not root.accepted or root.affects:
            found[root.run.name].append(finding(workbook, quantity_map, root, fix, sources, other_fault))
    for run, forced, indices in left:
        found[run.name] += unexplained(workbook, run, forced, indices)
    return {
        name: Causes(tuple(findings), _unfinished(cut_short.get(name, set()), seconds), origins.get(name, {}))
        for name, findings in found.items()
    }


def _origins(workbook: Workbook, localised: Localised, shown: Sequence[Root]) -> dict[str, dict[Cell, Origin]]:
    """By check, where each wrong or unassessed cell comes from; one of which that is not known is left out.

    ``shown`` are the roots that are reported. A wrong helper is the fault of the first quantity that reads it; the formulas of
    the others are right on the helper's right value, which its fix, or the values with which all readers are right, have shown.
    """
    own = {
        (root.run.name, binding.cell)
        for root in shown
        for binding in root.bindings
        if not root.helpers or binding.output.name == root.variable
    }
    found: dict[str, dict[Cell, Origin]] = {
        name: dict.fromkeys(cells, "carried") for name, cells in localised.right.items()
    }
    for run, _, indices in localised.left:
        for index in indices:
            result, of_check = run.results[index], found.setdefault(run.name, {})
            # It is right by itself, and nothing is known to be wrong before it: of a circle of such formulas, any may close it.
            if workbook.graph.is_circular(result.cell) or result.actual != BEHIND_A_CIRCLE:
                of_check.pop(result.cell, None)
    for root in localised.roots:
        for cell in root.cells:
            origin: Origin = "own" if (root.run.name, cell) in own else "carried"
            if root.fault == "circular" and root.proved:
                origin = "circular"
            elif root.fault in ("circular", "unsupported", "uncomputed"):
                origin = "unsupported"
            found.setdefault(root.run.name, {})[cell] = origin
    return found


def _unfinished(cells: Collection[Cell], seconds: float) -> tuple[str, ...]:
    """The note that some cells are found, and not explained, because the time ended."""
    if not cells:
        return ()
    return (
        f"found but not explained: {in_words(sorted(cells))}: the time for causes and fixes, {seconds:g} s, had ended; "
        f"--time {max(2 * seconds, 1):g} allows more",
    )


def _merged(
    workbook: Workbook, roots: Sequence[Root], fixes: Sequence[Fix | None]
) -> list[tuple[Root, Fix | None, tuple[Cell, ...]]]:
    """The roots, those with the same wrong helpers or the same unsupported precedents merged into one.

    Each is (root, its fix, the precedents because of which it cannot be computed).
    """
    known: dict[object, int] = {}
    kept: list[tuple[Root, Fix | None, tuple[Cell, ...]]] = []
    for root, fix in zip(roots, fixes, strict=True):
        sources = _sources(workbook, root)
        key: object = fix.signature if fix is not None and fix.helpers else sources
        if key and key in known:
            first, same, cells = kept[known[key]]
            more = len(root.cells) + root.affects
            kept[known[key]] = replace(first, affects=first.affects + more, alone=first.alone + more), same, cells
            continue
        if key:
            known[key] = len(kept)
        kept.append((root, fix, sources))
    return kept


def _sources(workbook: Workbook, root: Root) -> tuple[Cell, ...]:
    """The precedents because of which the engine cannot compute the root's cells; empty where these cells are the reason."""
    if root.fault != "unsupported":
        return ()
    held, local = root.forced.held, root.forced.local
    found = workbook.graph.origins(
        root.cells, lambda cell: cell not in held and refusal_in(local.get(cell, BLANK)) is not None
    )
    return () if set(found) <= {workbook.members.get(cell, cell) for cell in root.cells} else found


def _folded(
    merged: Sequence[tuple[Root, Fix | None, tuple[Cell, ...]]],
) -> Iterator[tuple[tuple[Root, Fix | None, tuple[Cell, ...]], tuple[Root, Fix | None] | None]]:
    """Each merged root, with the second fault of the same formula where a function in it has a wrong name as well."""
    misnamed = {
        (root.run.name, root.indices)
        for root, _, _ in merged
        if root.fault == "prefix" and not (root.helpers or right(root))
    }
    other_fault: dict[tuple[str, tuple[int, ...]], tuple[Root, Fix | None]] = {
        (root.run.name, root.indices): (root, fix)
        for root, fix, _ in merged
        if root.fault in ("formula", "error", "unsupported") and not (fix is not None and fix.helpers)
    }
    for root, fix, sources in merged:
        key = root.run.name, root.indices
        if key not in misnamed or key not in other_fault:
            yield (root, fix, sources), None
        elif root.fault == "prefix":
            yield (root, other_fault[key][1], sources), other_fault[key]


class _FixSearch:
    """The search for a fix of each root that agrees in the whole workbook and on new inputs, until the time is up.

    ``roots`` are those to report: a root with a fix has all cells that it changes, one with several faults is in parts.
    """

    def __init__(
        self,
        quantity_map: QuantityMap,
        checks: Sequence[Run],
        roots: Sequence[Root],
        spelling: Spelling,
        prove: Proof,
        deadline: Deadline,
    ) -> None:
        self.workbook, self.session, self._spelling = spelling.workbook, spelling.session, spelling
        self.checks, self.roots, self.prove, self._deadline = checks, list(roots), prove, deadline
        # A formula with a misspelt name may be right otherwise.
        at_fault = [root for root in roots if root.fault != "prefix"]
        self._repair = Repair(self.workbook, quantity_map, at_fault, self.session, deadline)
        self._helper_search = HelperSearch(self._repair)
        self._refused: dict[tuple[str, tuple[int, ...]], set[object]] = {}
        self._found_as: dict[int, Root] = {}  # the roots as they were found, by their numbers
        self._cut_short: dict[tuple[str, tuple[int, ...]], Root] = {}  # the roots for which the time was too short

    def fixes(self) -> list[Fix | None]:
        """The fix of each root; None where none is found."""
        found = self._first_or_steady()
        for again in range(_ROUNDS):
            found = self._without_overruled(found)
            agreeing = self._proved(found)
            rejected = [number for number, fix in enumerate(found) if fix is not None and agreeing[number] is None]
            for number in rejected:
                refused, root = found[number], self.roots[number]
                assert refused is not None  # by the definition of rejected
                self.roots[number] = root = self._found_as.get(number, root)
                self._refused.setdefault((root.run.name, root.indices), set()).add(refused.signature)
            if not rejected or again == _ROUNDS - 1:
                return agreeing
            for number in rejected:
                self._found_as[number] = self.roots[number]
                self.roots[number], agreeing[number] = self._find(self.roots[number])
            found = agreeing
        return found

    def _first_or_steady(self) -> list[Fix | None]:
        """The first fix found for each root, looked for on steady samples where one has none on all of them."""
        roots = self.roots
        found = self._first()
        left = [root for root, fix in zip(self.roots, found, strict=True) if fix is None and root.proved]
        if self._deadline.passed or all(root.accepted or root.forced.steady is root.forced for root in left):
            return found
        self.roots = [_on_steady(root) for root in roots]
        return self._first()

    def _first(self) -> list[Fix | None]:
        """The first fix found for each root; the roots with the most consequences are searched first."""
        shown: dict[int, list[tuple[Root, Root, Fix | None]]] = {}
        self._repair.deadline = self._deadline.part(_SHARE)
        explained: set[int] = set()
        for alternatives, numbers in self._helper_search.joint(self.roots):
            found_for: list[tuple[Root, Fix | None]] = []
            for joint in alternatives:
                found_for.append((joint, self._helper_search.fix_of(joint)))
                if (fix := found_for[-1][1]) is not None and fix.size <= _SMALL_STEP:
                    break
            joint, fix = min(found_for, key=lambda one: self._size(*one))
            if fix is None and self._repair.deadline.passed:
                self._cut_short[joint.run.name, joint.indices] = joint
            shown[numbers[0]] = [(joint, joint, fix)]
            explained.update(numbers)
        order = sorted(range(len(self.roots)), key=lambda k: -self.roots[k].affects - len(self.roots[k].indices))
        for number in order:
            if number in explained:
                continue
            root = self.roots[number]
            known = (fix for each in shown.values() for _, _, fix in each if fix is not None)
            same = next((fix for fix in known if self._helper_search.also_fixes(root, fix)), None)
            if same is not None:
                shown[number] = [(root, root, same)]
                continue
            found = [(root, *self._find(root))]
            if found[0][2] is None and root.parts:
                parts = [(part, *self._find(part)) for part in root.parts]
                found = parts if any(fix is not None for _, _, fix in parts) else found
            shown[number] = found
        flat = [one for number in sorted(shown) for one in shown[number]]
        self.roots = [root for _, root, _ in flat]
        self._found_as = {number: root for number, (root, _, _) in enumerate(flat)}
        return [fix for _, _, fix in flat]

    def _size(self, joint: Root, fix: Fix | None) -> float:
        """The size of the fix of joint roots; that of another number where the helper is one, for which there is no fix."""
        if fix is not None:
            return fix.size
        return NUMBER if all(self.workbook.formula(cell) is None for cell in joint.helpers) else math.inf

    def with_siblings(self, fixes: Sequence[Fix | None], recheck: Recheck | None) -> list[Fix | None]:
        """The fixes, and the siblings' formulas for roots that only the other engine computes and finds right with them."""
        kept = list(fixes)
        found = [number for number, root in enumerate(self.roots) if root.fault == "uncomputed" and not root.accepted]
        for number in found if recheck is not None else ():
            kept[number] = self._repair.as_siblings(self.roots[number])
        found = [number for number in found if kept[number] is not None]
        if recheck is None or not found:
            return kept
        try:
            shown = dict(zip((run.name for run in self.checks), recheck(_all(kept)), strict=True))
        except XlparityError:  # the engine cannot take the formulas
            return list(fixes)
        for number in found:
            root = self.roots[number]
            run, at = shown[root.run.name], list(root.indices)
            differing = run.wrong[:, at] | run.unsure[:, at]
            right = run.counted[:, None] & np.isfinite(run.expected[:, at]) & ~run.indeterminate[:, at]
            if differing.any() or not right.any(axis=0).all():
                kept[number] = None
        return kept

    def _without_overruled(self, fixes: Sequence[Fix | None]) -> list[Fix | None]:
        """The fixes without corrections of function names in formulas that another fix replaces."""
        others = _all([fix for root, fix in zip(self.roots, fixes, strict=True) if root.fault != "prefix"])
        return [
            None
            if root.fault == "prefix" and fix and any(others.get(c, f) != f for c, f in fix.formulas.items())
            else fix
            for root, fix in zip(self.roots, fixes, strict=True)
        ]

    def _find(self, root: Root) -> tuple[Root, Fix | None]:
        """The root with all cells that its fix changes, and the fix; None where none is found."""
        refused = self._refused.get((root.run.name, root.indices), set())
        if not root.proved or root.accepted:
            return root, None
        if root.wanted is not None:
            return root, self._helper_search.fix_of(root, refused)
        if root.fault == "prefix":
            fix = self._spelling.fix(root)
            return root, None if fix is None or fix.signature in refused else fix
        if not np.isfinite(root.run.expected[:, list(root.indices)]).any():
            return root, None  # any formula would agree
        self._repair.deadline = self._deadline.part(_SHARE)
        whole = root if root.fault == "hardcoded" else self._repair.whole(root)
        found = [] if self._deadline.passed else self._of(root, whole, refused)
        if self._repair.deadline.passed:
            self._cut_short[root.run.name, root.indices] = root
        return min(found, key=lambda one: _likely(one[1]), default=(root, None))

    def cut_short(self, fixes: Sequence[Fix | None]) -> dict[str, set[Cell]]:
        """By check the cells of roots without a fix for which the time was too short."""
        found: dict[str, set[Cell]] = {}
        for root in self._cut_short.values():
            found.setdefault(root.run.name, set()).update(root.cells)
        for root, fix in zip(self.roots, fixes, strict=True):
            if fix is not None:
                found.get(root.run.name, set()).difference_update(root.cells)
        return found

    def _of(self, root: Root, whole: Root, refused: Container[object]) -> list[tuple[Root, Fix]]:
        """Fixes of the root, from those of its whole group, of itself and of helpers, until one is likely to be the smallest."""
        # Where siblings have the root's formula and are right, a helper is likely to be wrong.
        alike = len(whole.indices) > len(root.indices)
        if alike and (fix := self._helper_search.fix(root, refused)) is not None:
            return [(root, fix)]
        own = self._repair.fix(whole, refused)
        whole = whole if own is None else self._repair.changed(whole, own)
        if own is not None and own.size <= _SMALL_STEP:
            return [(whole, own)]
        found = [] if own is None else [(whole, own)]
        if alike:  # right siblings have the formula: the cell alone may need another one, as the first of a column
            other = None if found else self._repair.fix(root, refused, as_siblings=True)
        else:  # a large step in a formula may make up for a small fault in a helper
            other = self._helper_search.fix(root, refused)
        # Of two equal steps that in the helper is likelier: nothing else compares what it computes.
        return found if other is None else [(root, other), *found]

    def _proved(self, fixes: Sequence[Fix | None]) -> list[Fix | None]:
        """The fixes with which the whole workbook, with all of them, agrees with the reference on new inputs.

        While a root has no fix, dependents of it may stay wrong: their formulas are compared on the reference's values for their
        precedents. A fix with a branch that no sample takes is rejected. With fewer than ``_FEWEST_PROOFS`` new samples, only a
        formula that siblings have is accepted.
        """
        kept = list(fixes)
        formulas = _all(kept)
        if not formulas:
            return kept
        book = self.workbook.edited(formulas)
        unfixed = any(fix is None for fix in kept)
        try:
            proofs = self.prove(book, whole=unfixed)
        except XlparityError:  # for example an input that is no longer a number
            return [None] * len(kept)
        fresh = [after for after in proofs if after is not None]
        broken = any(
            after is not None and self._breaks(run, after) for run, after in zip(self.checks, proofs, strict=True)
        )
        forced: dict[str, Forced] = {}
        for number, (root, fix) in enumerate(zip(self.roots, fixes, strict=True)):
            if fix is None:
                continue
            run = next(each for each in fresh if each.name == root.run.name)

            def on(run: Run = run) -> Forced:
                if run.name not in forced:
                    others = [each for each in fresh if each is not run]
                    forced[run.name] = force(run, others, self.session.like(book), most=_MOST_PROOFS)
                return forced[run.name]

            # Two pasted copies of one quantity would each get a reference to the other.
            circular = root.fault == "hardcoded" and book.graph.leads_back(next(iter(fix.formulas)))
            if circular or (broken and fix.helpers) or not self._agrees(root, fix, run, on, unfixed=unfixed):
                kept[number] = None
        if any(fix is not None and kept[number] is None for number, fix in enumerate(fixes)):
            return kept
        return [
            self._of_helpers(root, fresh, fixes) if fix is None and not root.accepted else fix
            for root, fix in zip(self.roots, kept, strict=True)
        ]

    def _of_helpers(self, root: Root, fresh: Sequence[Run], fixes: Sequence[Fix | None]) -> Fix | None:
        """The fix of helpers that the root's cells read as well, where all fixes make these right; else None."""
        run, at = next(each for each in fresh if each.name == root.run.name), list(root.indices)
        compared = run.counted[:, None] & np.isfinite(run.expected[:, at])
        if (compared.any(axis=1).sum() < _FEWEST_PROOFS) or (run.wrong[:, at] | run.unsure[:, at]).any():
            return None
        before = set(self.workbook.graph.before(root.cells))
        helped = (fix for fix in fixes if fix is not None and fix.helpers)
        return next((fix for fix in helped if not before.isdisjoint(fix.helpers)), None)

    def _agrees(self, root: Root, fix: Fix, run: Run, on: Callable[[], Forced], *, unfixed: bool) -> bool:
        """Whether the root's cells are right in the run with the fixes; ``on`` gives the forced values of that run."""
        at = list(root.indices)
        compared = run.counted[:, None] & np.isfinite(run.expected[:, at])
        if (fix.size > 0 and compared.any(axis=1).sum() < _FEWEST_PROOFS) or not compared.any():
            return False
        if (run.wrong[:, at] & compared).any():
            if not (unfixed and _may_follow(root)):
                return False
            forced = on()
            for index, cell in zip(root.indices, root.cells, strict=True):
                column = forced.local.get(cell, BLANK)
                if not np.all(agrees(run, index, column, forced.samples) | run.excused(column, forced.samples)):
                    return False
        if root.fault == "prefix":  # the right name of a function changes no branch
            return True
        held = [formula for cell in fix.formulas if (formula := self.workbook.formula(cell)) is not None]
        if any(map(has_branches, (*fix.formulas.values(), *held))):
            return self._repair.covers_branches(root, fix, replace(root, run=run, forced=on()))
        # A constant hides which branches the formula had.
        return len(held) == len(fix.formulas) or self._repair.covers_branches(root, fix, root)

    @staticmethod
    def _breaks(before: Run, after: Run) -> bool:
        """Whether a cell that was right in every sample is wrong in the run with the fixes."""
        settled = np.zeros(len(before.bindings), dtype=bool)
        settled[failing(before)] = True
        return bool((after.wrong.any(axis=0) & ~settled).any())


def _on_steady(root: Root) -> Root:
    """The root, with its parts, on steady samples."""
    return replace(root, forced=root.forced.steady, parts=tuple(map(_on_steady, root.parts)))


def _likely(fix: Fix) -> float:
    """The size of a fix; a fitted term is larger, since it may make up for a fault in a reader or a helper."""
    return fix.size + (_FITTED if fix.kind == "term" else 0.0)


def _all(fixes: Sequence[Fix | None]) -> dict[Cell, Formula]:
    return {cell: formula for fix in fixes if fix is not None for cell, formula in fix.formulas.items()}


def _may_follow(root: Root) -> bool:
    """Whether the root's cells may also be wrong because of their precedents."""
    return root.fault != "hardcoded" or bool(root.run.wrong[:, list(root.indices)].any())
