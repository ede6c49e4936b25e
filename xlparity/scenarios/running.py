"""Every check on other inputs than the stored ones: swept, judged, and told apart from rounding."""

import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlparity import collector
from xlparity.compare.evidence import Evidence
from xlparity.compare.judge import Bools, judge
from xlparity.compare.trials import Answers, Stored, Trial, ask
from xlparity.engines import Session, Values, sweep
from xlparity.excel.address import Cell, Range
from xlparity.excel.columns import Column
from xlparity.excel.values import BLANK
from xlparity.results.report import WRONG
from xlparity.results.scenarios import Scenarios
from xlparity.scenarios.edges import on_edge
from xlparity.scenarios.overflow import Overflows
from xlparity.scenarios.rounding import ENOUGH, examined
from xlparity.scenarios.sample import Drawn, differs
from xlparity.spec.binding import Input

_AT_ONCE = 8_000_000  # numbers in one sweep, 64 MB of them
_KEPT = 24  # sets that stay in the evidence, whatever they show: on fewer nobody can tell a right suggestion
_OFTEN, _FEW = 0.2, 2
_NEVER = np.iinfo(np.int64).max


def on_stored(trial: Trial, stored: Stored, values: Values, free: Iterable[Cell] = ()) -> Evidence:
    """The evidence of one set, the stored inputs; ``free`` are the cells that other sets have other values in."""
    answers = Answers(
        stored.row[None],
        stored.layout.truths[None],
        np.zeros((1, len(stored.row)), dtype=bool),
        np.zeros(1, dtype=bool),
        np.ones(1, dtype=bool),
    )
    wrong, unsure = judge(trial.grid, answers.expected, answers.truths, values)
    named = {cell: values.get(cell, BLANK) for cell in trial.named.union(free)}
    return _evidence(trial, stored, answers, named, wrong, unsure)


@collector.paused()
def on_others(  # noqa: PLR0913
    trials: Sequence[Trial],
    stored: Sequence[Stored],
    values: Values,
    session: Session,
    drawn: Drawn,
    behind: Callable[[Cell], Iterable[Cell]],
    overflows: Overflows,
    *,
    seed: int,
    say: Callable[[float], None],
) -> list[tuple[Scenarios, Evidence]]:
    """What the drawn sets show of every check, and the evidence: the stored inputs first, then drawn ones.

    Sets are swept as many at a time as memory has room for; one for which no reference is defined is not swept. Of all but
    the first sweeps, only such sets stay in the evidence as first show some cell of any check to be wrong: set n is the same
    in the evidence of all.
    """
    free = {cell for element in drawn.elements for cell in element.cells}
    first = [on_stored(trial, facts, values, free) for trial, facts in zip(trials, stored, strict=True)]
    evidence = list(first)
    tallies = [[_tally_of_none(one)] for one in first]
    layouts = [facts.layout for facts in stored]
    fixed = [{given: set(given.at.cells()) for given in trial.bound.inputs if given.vary} for trial in trials]
    foreseen = _foreseen(trials, drawn, behind)
    room = max(1, _AT_ONCE // max(1, len(values)))
    sweeps = max(1, math.ceil(drawn.count / room))
    step = max(1, math.ceil(drawn.count / sweeps))  # all of one size: of a few sets left over little could be said
    for begin in range(0, drawn.count, step):
        numbers = np.arange(begin, min(begin + step, drawn.count))
        asked: list[Answers] | None = None
        if foreseen:
            given: Mapping[Cell, Column] = {**values, **drawn.columns(numbers.tolist())}
            asked = ask(trials, layouts, given, len(numbers), begin)
            useful = np.any([answers.counted for answers in asked], axis=0)
            asked = [answers.picked(useful) for answers in asked]
            numbers = numbers[useful]
            if not len(numbers):
                continue
        columns = sweep(session, len(numbers), drawn.columns(numbers.tolist()))
        asked = ask(trials, layouts, columns, len(numbers), begin) if asked is None else asked
        for still, answers in zip(fixed, asked, strict=True):
            for cells in still.values():
                cells -= {cell for cell in cells if _moves(cell, values, columns, answers.counted)}
        seeds = [seed + number for number in numbers.tolist()]
        found = [
            _judged(trial, facts, answers, columns, one, before, overflows, seeds)
            for trial, facts, answers, one, before in zip(trials, stored, asked, first, tallies, strict=True)
        ]
        judged, unknown = [one for one, _ in found], [undecided for _, undecided in found]
        # What nobody can say of the reference is no edge of the engine.
        rare = [
            _rare(one, before) & ~undecided for one, before, undecided in zip(judged, tallies, unknown, strict=True)
        ]
        edges = on_edge(trials, stored, session, drawn, numbers.tolist(), rare, seed=seed + begin)
        judged = [
            replace(one, unsure=one.unsure & ~edge, shaky=one.shaky | edge)
            for one, edge in zip(judged, edges, strict=True)
        ]
        few = evidence[0].count <= _KEPT
        kept = range(len(numbers)) if few else sorted({*_first_wrong(judged, tallies)})
        for at, (trial, facts, one) in enumerate(zip(trials, stored, judged, strict=True)):
            evidence[at] = evidence[at].followed_by(one.picked(kept)) if kept else evidence[at]
            known = np.array([result.reason is not None for result in facts.result.results], dtype=bool)
            tallies[at].append(_tally(one, numbers, known, _moved(trial, first[at], one)))
        say((begin + step) / drawn.count)
    return [
        (replace(_scenarios(trial, tally, drawn.count, seed), kept=_kept(still, free)), one)
        for trial, tally, still, one in zip(trials, tallies, fixed, evidence, strict=True)
    ]


def _moves(cell: Cell, values: Values, columns: Mapping[Cell, Column], counted: Bools) -> bool:
    """Whether the reference is given another value than the stored one from this cell, in a set that counts."""
    now = values.get(cell, BLANK)
    return bool((differs(columns.get(cell, now), now, len(counted)) & counted).any())


def _kept(still: Mapping[Input[Range], set[Cell]], free: Container[Cell]) -> dict[str, tuple[Cell, ...]]:
    """Of the inputs that kept their stored value, in all cells or in those that cannot be set, the cells that did.

    ``still`` are all cells that did. Of the others, which are drawn, chance may have left some at their values.
    """
    found = {
        given.name: cells if len(cells) == given.at.size else {cell for cell in cells if cell not in free}
        for given, cells in still.items()
    }
    return {name: tuple(sorted(cells)) for name, cells in found.items() if cells}


def _first_wrong(judged: Sequence[Evidence], tallies: Sequence[Sequence["_Tally"]]) -> Iterator[int]:
    """For every cell that is wrong in some of the sets, and was in none before, the first of these."""
    for one, before in zip(judged, tallies, strict=True):
        fresh = one.wrong & (reduce(np.minimum, [tally.since for tally in before]) == _NEVER)
        yield from map(int, fresh[:, fresh.any(axis=0)].argmax(axis=0))


def _rare(one: Evidence, before: Sequence["_Tally"]) -> Bools:
    """Where a cell is unsure, (sets, bindings), unless it is so in half of all sets up to here: that is no edge."""
    unsure = np.sum([tally.unsure for tally in before], axis=0) + one.unsure.sum(axis=0)
    rare: Bools = one.unsure & (2 * unsure < sum(tally.run for tally in before) + one.counted.sum())
    return rare


def _foreseen(trials: Sequence[Trial], drawn: Drawn, behind: Callable[[Cell], Iterable[Cell]]) -> bool:
    """Whether the references' inputs are known before the workbook is computed: none follows from a cell that is set."""
    free = {cell for element in drawn.elements for cell in element.cells}
    read = {cell for trial in trials for given in trial.bound.inputs for cell in given.at.cells()}
    return all(free.isdisjoint(behind(cell)) for cell in read - free)


class _Tally(NamedTuple):
    """What some sets show: of each binding the first set in which it is wrong, and whether it is ever shown.

    ``right`` says that it matches in some set, ``moved`` that some set expects another value than the stored inputs.
    ``wrong``, ``unsure`` and ``shaken`` count the sets in which it is wrong, unsure and shaky, ``compared`` those in which
    there was anything to compare.
    """

    since: NDArray[np.int64]
    wrong: NDArray[np.int64]
    unsure: NDArray[np.int64]
    shown: Bools
    right: Bools
    moved: Bools
    shaken: NDArray[np.int64]
    compared: NDArray[np.int64]
    run: int
    failed: int
    shaky: int


def _tally_of_none(evidence: Evidence) -> _Tally:
    none = np.zeros(len(evidence.bindings), dtype=bool)
    zero = np.zeros(len(none), dtype=np.int64)
    return _Tally(np.full(len(none), _NEVER), zero, zero, none, none, none, zero, zero, 0, 0, 0)


def _tally(one: Evidence, numbers: NDArray[np.int64], known: Bools, moved: Bools) -> _Tally:
    """``moved`` says where another value is expected than on the stored inputs: only there a formula is shown to be live."""
    compared = one.counted[:, None] & np.isfinite(one.expected)
    matches = compared & ~(one.wrong | one.unsure | one.shaky)
    return _Tally(
        np.min(np.where(one.wrong, numbers[:, None], _NEVER), axis=0, initial=_NEVER),
        np.sum(one.wrong, axis=0, dtype=np.int64),
        np.sum(one.unsure, axis=0, dtype=np.int64),
        np.any(matches & moved, axis=0),
        np.any(matches, axis=0),
        np.any(moved, axis=0),
        np.sum(one.shaky, axis=0, dtype=np.int64),
        np.sum(compared, axis=0, dtype=np.int64),
        int(one.counted.sum()),
        int((one.wrong & ~known).any(axis=1).sum()),
        int(one.shaky.any(axis=1).sum()),
    )


def _scenarios(trial: Trial, tallies: Sequence[_Tally], count: int, seed: int) -> Scenarios:
    since = reduce(np.minimum, [tally.since for tally in tallies])
    unsure, shown, right, moved = (np.any(found, axis=0) for found in list(zip(*tallies, strict=True))[2:6])
    shaken, compared = (np.sum(found, axis=0) for found in list(zip(*tallies, strict=True))[6:8])
    run = sum(tally.run for tally in tallies)
    wrong = np.flatnonzero(since < _NEVER)
    # A cell that differs by rounding, and is nowhere seen to follow the reference, may be a constant; and rounding that
    # is to excuse every fifth set is no rounding.
    often = shaken > np.maximum(_FEW, _OFTEN * compared)
    never = (compared == 0) & trial.grid.compared & (run > 0)
    if (
        not count and trial.bound.inputs
    ):  # where no other value can be given to any input, a constant is as good as a formula
        never = trial.grid.compared
    doubtful = (unsure | ((shaken > 0) & ~shown & (moved | ~right)) | often | never) & (since == _NEVER)
    bindings = trial.grid.bindings
    return Scenarios(
        seed,
        run,
        sum(tally.failed for tally in tallies),
        count - run,
        tuple(bindings[number].cell for number in wrong),
        tuple(bindings[number].cell for number in np.flatnonzero(doubtful)),
        tuple(since[wrong].tolist()),
        sum(tally.shaky for tally in tallies),
    )


def _judged(
    trial: Trial,
    facts: Stored,
    answers: Answers,
    columns: Mapping[Cell, Column],
    first: Evidence,
    before: Sequence[_Tally],
    overflows: Overflows,
    seeds: Sequence[int],
) -> tuple[Evidence, Bools]:
    """The evidence of these sets, each of which has its seed; and where only the reference could tell, and does not."""
    wrong, unsure = judge(trial.grid, answers.expected, answers.truths, columns)
    counted = answers.counted[:, None] & ~answers.undefined  # elsewhere there is nothing to compare
    wrong, unsure = wrong & counted, unsure & counted
    # What is wrong on the stored inputs, or accepted, is settled.
    concerned = np.array(
        [result.reason is None and result.status not in WRONG for result in facts.result.results], dtype=bool
    )
    known = np.where(concerned & ~first.wrong[0], np.sum([tally.wrong for tally in before], axis=0), ENOUGH)
    doubt = examined(trial, facts.layout, answers, columns, wrong, unsure, known, overflows, seeds=seeds)
    named = {cell: columns.get(cell, BLANK) for cell in first.inputs}
    wrong &= ~doubt.explained & ~doubt.unknown
    unsure = (unsure & ~doubt.explained) | doubt.unknown
    return _evidence(trial, facts, answers, named, wrong, unsure, doubt.explained), doubt.unknown


def _evidence(
    trial: Trial,
    facts: Stored,
    answers: Answers,
    inputs: Mapping[Cell, Column],
    wrong: Bools,
    unsure: Bools,
    doubt: Bools | None = None,
) -> Evidence:
    return Evidence(
        trial.grid.bindings,
        answers.expected,
        facts.layout.truths,
        inputs,
        answers.counted,
        wrong,
        unsure,
        np.zeros_like(wrong) if doubt is None else doubt,
    )


def _moved(trial: Trial, first: Evidence, one: Evidence) -> Bools:
    with np.errstate(all="ignore"):
        stored = first.expected[0]
        moved: Bools = np.abs(one.expected - stored) > trial.grid.atol + trial.grid.rtol * np.abs(stored)
        return moved
