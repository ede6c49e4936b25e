"""Diagnosis of all checks: one finding for each root cause, with a fix where one is found and the cells that it affects."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from xlparity.compare.run import Run
from xlparity.diagnosis.helpers import HelperSearch
from xlparity.diagnosis.localise import Forced, ForcingSession, Root, agrees, failing, force, localise, refusal_in
from xlparity.diagnosis.relative import QuantityMap
from xlparity.diagnosis.repair import Fix, Repair
from xlparity.diagnosis.sentences import finding, unexplained
from xlparity.diagnosis.spelling import Spelling, right
from xlparity.errors import XlparityError
from xlparity.excel.address import Cell
from xlparity.excel.columns import Column
from xlparity.excel.values import BLANK
from xlparity.excel.workbook import Formula, Workbook
from xlparity.results.report import Finding

_MOST_FIXED = 60  # root causes for which a fix is searched: each search takes time, and the first ones explain most
_ROUNDS = 3  # of removing fixes that fail together with the others, before all fixes are given up
_SMALL_STEP = 1.5  # the size of a small edit, as of a sign or a reference: at most this, no smaller fix is searched for
_FEWEST_PROOFS, _MOST_PROOFS = 10, 200  # the fewest and the most new samples on which a fix is compared

Proof: TypeAlias = Callable[[Workbook], Sequence[Run]]
Recheck: TypeAlias = Callable[[Mapping[Cell, Formula]], Sequence[Run]]


def diagnose(
    workbook: Workbook,
    checks: Sequence[Run],
    session: ForcingSession,
    prove: Proof,
    explained: Collection[Cell] = (),
    recheck: Recheck | None = None,
) -> dict[str, tuple[Finding, ...]]:
    """The findings about each check, by its name; a check in which nothing is wrong has none.

    ``prove`` runs all checks, in their order, on a workbook with suggestions and on new inputs: a formula that agrees on a
    hundred samples by chance does not agree on the next hundred. Dependents of the ``explained`` cells, which have findings
    already, are not reported again. ``recheck`` runs the checks by the engine that found the cells wrong, where that is
    another than the session's, on the workbook with these formulas.
    """
    if not any(failing(run) for run in checks):
        return {}
    spelling = Spelling(workbook, session)
    quantity_map = QuantityMap(spelling.workbook, [(run.name, run.check.cells, run.check.inputs) for run in checks])
    bound = {binding.cell for run in checks for binding in run.bindings}

    def misspelt(run: Run, forced: Forced) -> list[Root]:
        return spelling.roots(quantity_map, run, forced, bound)

    roots, left = localise(spelling.workbook, quantity_map, checks, spelling.session, explained, misspelt)
    search = _FixSearch(quantity_map, checks, roots, spelling, prove)
    fixes = search.with_siblings(search.fixes(), recheck)
    found: dict[str, list[Finding]] = {run.name: [] for run in checks}
    for (root, fix, sources), other_fault in _folded(_merged(workbook, roots, fixes)):
        if not root.accepted or root.affects:
            found[root.run.name].append(finding(workbook, quantity_map, root, fix, sources, other_fault))
    for run, forced, indices in left:
        found[run.name] += unexplained(workbook, run, forced, indices)
    return {name: tuple(findings) for name, findings in found.items()}


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
    """The search for a fix of each root that agrees in the whole workbook and on new inputs."""

    def __init__(
        self,
        quantity_map: QuantityMap,
        checks: Sequence[Run],
        roots: Sequence[Root],
        spelling: Spelling,
        prove: Proof,
    ) -> None:
        self.workbook, self.session, self._spelling = spelling.workbook, spelling.session, spelling
        self.checks, self.roots, self.prove = checks, roots, prove
        # A formula with a misspelt name may be right otherwise.
        at_fault = [root for root in roots if root.fault != "prefix"]
        self._repair = Repair(self.workbook, quantity_map, at_fault, self.session)
        self._helper_search = HelperSearch(self._repair)
        self._refused: dict[int, set[object]] = {}

    def fixes(self) -> list[Fix | None]:
        """The fix of each root; None where none is found."""
        found = [self._find(number) for number in range(len(self.roots))]
        for again in range(_ROUNDS):
            found = self._without_overruled(found)
            agreeing = self._agreeing_on_new(self._recomputed(found))
            rejected = [number for number, fix in enumerate(found) if fix is not None and agreeing[number] is None]
            if not rejected or again == _ROUNDS - 1:
                return agreeing
            for number in rejected:
                refused = found[number]
                assert refused is not None  # by the definition of rejected
                self._refused.setdefault(number, set()).add(refused.signature)
                agreeing[number] = self._find(number)
            found = agreeing
        return found

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

    def _find(self, number: int) -> Fix | None:
        """The fix of the root; one of a helper is preferred where siblings have the root's formula and are right."""
        root, refused = self.roots[number], self._refused.get(number, set())
        if number >= _MOST_FIXED or not root.proved or root.accepted:
            return None
        if root.fault == "prefix":
            fix = self._spelling.fix(root)
            return None if fix is None or fix.signature in refused else fix
        if not np.isfinite(root.run.expected[:, list(root.indices)]).any():
            return None  # with no expected value, any formula would agree
        if root.fault == "hardcoded":
            return self._repair.fix(root, refused)
        alike = root.form in [form for form, _ in self._repair.siblings(root)]
        if alike and (fix := self._helper_search.fix(root, refused)) is not None:
            return fix
        own = self._repair.fix(root, refused)
        if own is not None and own.size <= _SMALL_STEP:
            return own
        # A large step in a formula may make up for a small fault in a helper.
        other = None if alike else self._helper_search.fix(root, refused)
        return min((fix for fix in (own, other) if fix is not None), key=lambda fix: fix.size, default=None)

    def _recomputed(self, fixes: Sequence[Fix | None]) -> list[Fix | None]:
        """The fixes that agree when the whole workbook is recomputed with all of them, on the stored and all drawn inputs.

        While a root has no fix, dependents of it may stay wrong: a fix of theirs is not rejected for that.
        """
        kept = list(fixes)
        for _ in range(_ROUNDS):  # without one fix, the cells of another may be wrong
            formulas = _all(kept)
            if not formulas:
                return kept
            values = _recalculated(self.workbook, formulas, self.checks, self.session)
            edited = self.workbook.edited(formulas)
            unfixed = any(fix is None for fix in kept)
            broken = any(self._broken(run, values) for run in self.checks)
            rejected = [
                number
                for number, (root, fix) in enumerate(zip(self.roots, kept, strict=True))
                if fix is not None
                and (
                    (broken and fix.helpers)
                    # Two pasted copies of one quantity would each get a reference to the other.
                    or (root.fault == "hardcoded" and edited.graph.leads_back(next(iter(fix.formulas))))
                    or (not _agrees_everywhere(root, values) and not (unfixed and _may_follow(root)))
                )
            ]
            if not rejected:
                return kept
            for number in rejected:
                kept[number] = None
        return [None] * len(kept)

    @staticmethod
    def _broken(run: Run, values: Mapping[Cell, Column]) -> bool:
        """Whether a cell is wrong now that was right in every sample before."""
        every = list(range(run.samples))
        settled = set(failing(run))
        for index, binding in enumerate(run.bindings):
            if index in settled or binding.output.skip is not None:
                continue
            right = agrees(run, index, values.get(binding.cell, BLANK), every)
            right |= run.excused(values.get(binding.cell, BLANK), every)
            if not np.all(right | ~run.counted | run.indeterminate[:, index] | run.unsure[:, index]):
                return True
        return False

    def _agreeing_on_new(self, fixes: Sequence[Fix | None]) -> list[Fix | None]:
        """The fixes that agree on new inputs, each formula evaluated on the reference's values for its precedents.

        A fix with a branch that no sample takes is rejected. With fewer than ``_FEWEST_PROOFS`` new samples, only a formula
        that siblings have is accepted.
        """
        kept = list(fixes)
        formulas = _all(kept)
        if not formulas:
            return kept
        book = self.workbook.edited(formulas)
        try:
            shown = self.prove(book)
        except XlparityError:  # for example an input that is no longer a number
            return [None] * len(kept)
        fresh = list(shown)
        forced: dict[str, tuple[Run, Forced]] = {}
        for number, (root, fix) in enumerate(zip(self.roots, kept, strict=True)):
            if fix is None:
                continue
            name = root.run.name
            if name not in forced:
                run = next(each for each in fresh if each.name == name)
                others = [each for each in fresh if each is not run]
                forced[name] = run, force(run, others, self.session.like(book), most=_MOST_PROOFS)
            run, on = forced[name]
            expected = np.isfinite(run.expected[np.ix_(list(on.samples), root.indices)])
            if (fix.size > 0 and on.count < _FEWEST_PROOFS) or not expected.any():
                kept[number] = None
                continue
            right = (
                agrees(run, index, on.local.get(cell, BLANK), on.samples).all()
                for index, cell in zip(root.indices, root.cells, strict=True)
            )
            # The right name of a function changes no branch.
            covered = root.fault == "prefix" or self._repair.covers_branches(
                root, fix, replace(root, run=run, forced=on)
            )
            if not all(right) or not covered:
                kept[number] = None
        return kept


def _all(fixes: Sequence[Fix | None]) -> dict[Cell, Formula]:
    return {cell: formula for fix in fixes if fix is not None for cell, formula in fix.formulas.items()}


def _recalculated(
    workbook: Workbook, formulas: Mapping[Cell, Formula], checks: Sequence[Run], session: ForcingSession
) -> Mapping[Cell, Column]:
    bound = {binding.cell for run in checks for binding in run.bindings}
    inputs: dict[Cell, Column] = {}
    for run in checks:
        inputs |= {cell: column for cell, column in run.inputs.items() if cell not in bound}
    return session.like(workbook.edited(formulas)).recalculate(inputs, checks[0].samples)


def _agrees_everywhere(root: Root, values: Mapping[Cell, Column]) -> bool:
    """Whether the root's cells agree with the reference in every sample in which rounding error does not decide."""
    run = root.run
    every = list(range(run.samples))
    for index, cell in zip(root.indices, root.cells, strict=True):
        column = values.get(cell, BLANK)
        right = agrees(root.run, index, column, every) | root.run.excused(column, every)
        if not np.all(right | ~run.counted | run.indeterminate[:, index]):
            return False
    return True


def _may_follow(root: Root) -> bool:
    """Whether the root's cells may also be wrong because of their precedents."""
    return root.fault != "hardcoded" or bool(root.run.wrong[:, list(root.indices)].any())
