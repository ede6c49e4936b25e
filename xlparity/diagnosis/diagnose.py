"""From wrong cells to findings: every root cause once, with what it should say where that is known, and what follows from it."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from xlparity.compare.run import Run
from xlparity.diagnosis.helpers import Culprits
from xlparity.diagnosis.localise import Forced, ForcingSession, Root, agrees, amiss, force, localise, refusal_in
from xlparity.diagnosis.relative import Layout
from xlparity.diagnosis.repair import Mend, Repair
from xlparity.diagnosis.sentences import finding, unexplained
from xlparity.diagnosis.spelling import Spelling, right
from xlparity.errors import XlparityError
from xlparity.excel.address import Cell
from xlparity.excel.columns import Column
from xlparity.excel.values import BLANK
from xlparity.excel.workbook import Formula, Workbook
from xlparity.results.report import Finding

_MOST_MENDED = 60  # root causes for which a mend is looked for; whoever has more has other worries
_ROUNDS = 3  # of taking suggestions out that do not agree with the others, before all that remain in doubt go
_SMALL_STEP = 1.5  # the size of an edit that is one slip, as of a sign or a reference, and needs no better one
_FEWEST_PROOFS, _MOST_PROOFS = 10, 200  # samples on which an edit has to agree, and on which it is compared at most

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
    """The findings about each check, by its name; of a check in which nothing is wrong there are none.

    ``prove`` gives the evidence of every check, in their order, on the workbook with suggestions in it and on inputs that
    nobody has seen before: what agrees on a hundred sets by chance does not on the next hundred. What follows from the
    ``explained`` cells, about which there are findings already, needs no other explanation. ``recheck`` gives the evidence of
    the engine that found the cells wrong, where that is another than the session's, on the workbook with these formulas.
    """
    if not any(amiss(run) for run in checks):
        return {}
    spelling = Spelling(workbook, session)
    layout = Layout(spelling.workbook, [(run.name, run.check.cells, run.check.inputs) for run in checks])
    bound = {binding.cell for run in checks for binding in run.bindings}

    def misspelt(run: Run, forced: Forced) -> list[Root]:
        return spelling.roots(layout, run, forced, bound)

    roots, left = localise(spelling.workbook, layout, checks, spelling.session, explained, misspelt)
    search = _Search(layout, checks, roots, spelling, prove)
    mends = search.with_siblings(search.mends(), recheck)
    found: dict[str, list[Finding]] = {run.name: [] for run in checks}
    for (root, mend, sources), besides in _folded(_merged(workbook, roots, mends)):
        if not root.accepted or root.affects:
            found[root.run.name].append(finding(workbook, layout, root, mend, sources, besides))
    for run, forced, indices in left:
        found[run.name] += unexplained(workbook, run, forced, indices)
    return {name: tuple(findings) for name, findings in found.items()}


def _merged(
    workbook: Workbook, roots: Sequence[Root], mends: Sequence[Mend | None]
) -> list[tuple[Root, Mend | None, tuple[Cell, ...]]]:
    """One root for all that the same helpers are the cause of: with what fixes them, or what it is refused for."""
    known: dict[object, int] = {}
    kept: list[tuple[Root, Mend | None, tuple[Cell, ...]]] = []
    for root, mend in zip(roots, mends, strict=True):
        sources = _sources(workbook, root)
        key: object = mend.signature if mend is not None and mend.culprits else sources
        if key and key in known:
            first, same, cells = kept[known[key]]
            more = len(root.cells) + root.affects
            kept[known[key]] = replace(first, affects=first.affects + more, alone=first.alone + more), same, cells
            continue
        if key:
            known[key] = len(kept)
        kept.append((root, mend, sources))
    return kept


def _sources(workbook: Workbook, root: Root) -> tuple[Cell, ...]:
    """The cells because of which the engine refuses the root's, where these are others."""
    if root.fault != "unsupported":
        return ()
    held, local = root.forced.held, root.forced.local
    found = workbook.graph.origins(
        root.cells, lambda cell: cell not in held and refusal_in(local.get(cell, BLANK)) is not None
    )
    return () if set(found) <= {workbook.members.get(cell, cell) for cell in root.cells} else found


def _folded(
    merged: Sequence[tuple[Root, Mend | None, tuple[Cell, ...]]],
) -> Iterator[tuple[tuple[Root, Mend | None, tuple[Cell, ...]], tuple[Root, Mend | None] | None]]:
    """Each of the merged, and what is wrong besides with a formula in which a function has a wrong name."""
    misnamed = {
        (root.run.name, root.indices)
        for root, _, _ in merged
        if root.fault == "prefix" and not (root.helpers or right(root))
    }
    besides: dict[tuple[str, tuple[int, ...]], tuple[Root, Mend | None]] = {
        (root.run.name, root.indices): (root, mend)
        for root, mend, _ in merged
        if root.fault in ("formula", "error", "unsupported") and not (mend is not None and mend.culprits)
    }
    for root, mend, sources in merged:
        key = root.run.name, root.indices
        if key not in misnamed or key not in besides:
            yield (root, mend, sources), None
        elif root.fault == "prefix":
            yield (root, besides[key][1], sources), besides[key]


class _Search:
    """The mends of all roots, each tried until it holds in the whole workbook and on new inputs."""

    def __init__(
        self,
        layout: Layout,
        checks: Sequence[Run],
        roots: Sequence[Root],
        spelling: Spelling,
        prove: Proof,
    ) -> None:
        self.workbook, self.session, self._spelling = spelling.workbook, spelling.session, spelling
        self.checks, self.roots, self.prove = checks, roots, prove
        at_fault = [root for root in roots if root.fault != "prefix"]  # with the right names the others may be right
        self._repair = Repair(self.workbook, layout, at_fault, self.session)
        self._culprits = Culprits(self._repair)
        self._refused: dict[int, set[object]] = {}

    def mends(self) -> list[Mend | None]:
        """One for each root, None where none is found."""
        tried = [self._find(number) for number in range(len(self.roots))]
        for again in range(_ROUNDS):
            tried = self._without_overruled(tried)
            held = self._proven(self._recomputed(tried))
            lost = [number for number, mend in enumerate(tried) if mend is not None and held[number] is None]
            if not lost or again == _ROUNDS - 1:
                return held
            for number in lost:
                refused = tried[number]
                assert refused is not None  # else it was not lost
                self._refused.setdefault(number, set()).add(refused.signature)
                held[number] = self._find(number)
            tried = held
        return tried

    def with_siblings(self, mends: Sequence[Mend | None], recheck: Recheck | None) -> list[Mend | None]:
        """The mends, and the siblings' formulas where the session computes none, and the other engine finds them right."""
        kept = list(mends)
        tried = [number for number, root in enumerate(self.roots) if root.fault == "beyond" and not root.accepted]
        for number in tried if recheck is not None else ():
            kept[number] = self._repair.as_siblings(self.roots[number])
        tried = [number for number in tried if kept[number] is not None]
        if recheck is None or not tried:
            return kept
        try:
            shown = dict(zip((run.name for run in self.checks), recheck(_all(kept)), strict=True))
        except XlparityError:  # the engine cannot take the formulas
            return list(mends)
        for number in tried:
            root = self.roots[number]
            run, at = shown[root.run.name], list(root.indices)
            open_to = run.wrong[:, at] | run.unsure[:, at]
            right = run.counted[:, None] & np.isfinite(run.expected[:, at]) & ~run.shaky[:, at]
            if open_to.any() or not right.any(axis=0).all():
                kept[number] = None
        return kept

    def _without_overruled(self, mends: Sequence[Mend | None]) -> list[Mend | None]:
        """The mends without those that only name functions rightly, in formulas for which another mend has other text."""
        others = _all([mend for root, mend in zip(self.roots, mends, strict=True) if root.fault != "prefix"])
        return [
            None
            if root.fault == "prefix" and mend and any(others.get(c, f) != f for c, f in mend.formulas.items())
            else mend
            for root, mend in zip(self.roots, mends, strict=True)
        ]

    def _find(self, number: int) -> Mend | None:
        """What mends the root; a helper on the way to it before its own formula, where others have the same and are right."""
        root, refused = self.roots[number], self._refused.get(number, set())
        if number >= _MOST_MENDED or not root.proved or root.accepted:
            return None
        if root.fault == "prefix":
            mend = self._spelling.mend(root)
            return None if mend is None or mend.signature in refused else mend
        if not np.isfinite(root.run.expected[:, list(root.indices)]).any():
            return None  # where nothing is expected, any formula would agree
        if root.fault == "typed":
            return self._repair.mend(root, refused)
        alike = root.form in [form for form, _ in self._repair.siblings(root)]
        if alike and (mend := self._culprits.mend(root, refused)) is not None:
            return mend
        own = self._repair.mend(root, refused)
        if own is not None and own.size <= _SMALL_STEP:
            return own
        # A large step in a formula may make up for a small fault in a helper.
        other = None if alike else self._culprits.mend(root, refused)
        return min((mend for mend in (own, other) if mend is not None), key=lambda mend: mend.size, default=None)

    def _recomputed(self, mends: Sequence[Mend | None]) -> list[Mend | None]:
        """The mends that hold when the whole workbook is recomputed with all of them, on the stored and all drawn inputs.

        Where a root is not mended, its like may be wrong because of it, and is not held against them.
        """
        kept = list(mends)
        for _ in range(_ROUNDS):  # taking one out may show another one's cells to be wrong
            formulas = _all(kept)
            if not formulas:
                return kept
            values = _swept(self.workbook, formulas, self.checks, self.session)
            mended = self.workbook.edited(formulas)
            unmended = any(mend is None for mend in kept)
            broken = any(self._broken(run, values) for run in self.checks)
            failing = [
                number
                for number, (root, mend) in enumerate(zip(self.roots, kept, strict=True))
                if mend is not None
                and (
                    (broken and mend.culprits)
                    # Two pasted copies of one quantity would each be told to refer to the other.
                    or (root.fault == "typed" and mended.graph.leads_back(next(iter(mend.formulas))))
                    or (not _holds(root, values) and not (unmended and _may_follow(root)))
                )
            ]
            if not failing:
                return kept
            for number in failing:
                kept[number] = None
        return [None] * len(kept)

    @staticmethod
    def _broken(run: Run, values: Mapping[Cell, Column]) -> bool:
        """Whether a cell is wrong now that was right in every set before."""
        every = list(range(run.samples))
        settled = set(amiss(run))
        for index, binding in enumerate(run.bindings):
            if index in settled or binding.output.skip is not None:
                continue
            right = agrees(run, index, values.get(binding.cell, BLANK), every)
            right |= run.excused(values.get(binding.cell, BLANK), every)
            if not np.all(right | ~run.counted | run.shaky[:, index] | run.unsure[:, index]):
                return True
        return False

    def _proven(self, mends: Sequence[Mend | None]) -> list[Mend | None]:
        """The mends that hold on new inputs, each formula run on the reference's values for its precedents.

        Of a branch that no input takes nothing is known, whatever the formula agrees with.
        Where there are hardly any new inputs, only a formula that its siblings have is believed.
        """
        kept = list(mends)
        formulas = _all(kept)
        if not formulas:
            return kept
        book = self.workbook.edited(formulas)
        try:
            shown = self.prove(book)
        except XlparityError:  # an input that has no number any more, say
            return [None] * len(kept)
        fresh = list(shown)
        forced: dict[str, tuple[Run, Forced]] = {}
        for number, (root, mend) in enumerate(zip(self.roots, kept, strict=True)):
            if mend is None:
                continue
            name = root.run.name
            if name not in forced:
                run = next(each for each in fresh if each.name == name)
                others = [each for each in fresh if each is not run]
                forced[name] = run, force(run, others, self.session.like(book), most=_MOST_PROOFS)
            run, on = forced[name]
            expected = np.isfinite(run.expected[np.ix_(list(on.sets), root.indices)])
            if (mend.size > 0 and on.count < _FEWEST_PROOFS) or not expected.any():
                kept[number] = None
                continue
            right = (
                agrees(run, index, on.local.get(cell, BLANK), on.sets).all()
                for index, cell in zip(root.indices, root.cells, strict=True)
            )
            # The right name of a function changes no branch: it is what Excel shows in the cell.
            reached = root.fault == "prefix" or self._repair.reached(root, mend, replace(root, run=run, forced=on))
            if not all(right) or not reached:
                kept[number] = None
        return kept


def _all(mends: Sequence[Mend | None]) -> dict[Cell, Formula]:
    return {cell: formula for mend in mends if mend is not None for cell, formula in mend.formulas.items()}


def _swept(
    workbook: Workbook, formulas: Mapping[Cell, Formula], checks: Sequence[Run], session: ForcingSession
) -> Mapping[Cell, Column]:
    bound = {binding.cell for run in checks for binding in run.bindings}
    inputs: dict[Cell, Column] = {}
    for run in checks:
        inputs |= {cell: column for cell, column in run.inputs.items() if cell not in bound}
    return session.like(workbook.edited(formulas)).recalculate(inputs, checks[0].samples)


def _holds(root: Root, values: Mapping[Cell, Column]) -> bool:
    """Whether the root's cells come to what is expected, wherever rounding does not blur it."""
    run = root.run
    every = list(range(run.samples))
    for index, cell in zip(root.indices, root.cells, strict=True):
        column = values.get(cell, BLANK)
        right = agrees(root.run, index, column, every) | root.run.excused(column, every)
        if not np.all(right | ~run.counted | run.shaky[:, index]):
            return False
    return True


def _may_follow(root: Root) -> bool:
    """Whether the root's cells may be wrong as well because of what stands before them: they are in the whole run."""
    return root.fault != "typed" or bool(root.run.wrong[:, list(root.indices)].any())
