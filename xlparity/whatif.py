"""Every check on other inputs than the stored ones: swept, judged, and told apart from rounding."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlparity import collector
from xlparity.address import Cell
from xlparity.columns import Column
from xlparity.engines import Session, Values, sweep
from xlparity.evidence import Evidence
from xlparity.judge import Bools, judge
from xlparity.report import WRONG, Scenarios
from xlparity.rounding import shaky
from xlparity.scenarios import Drawn
from xlparity.trials import Answers, Stored, Trial, ask
from xlparity.values import BLANK

_AT_ONCE = 8_000_000  # numbers in one sweep, 64 MB of them
_NEVER = np.iinfo(np.int64).max


def on_stored(trial: Trial, stored: Stored, values: Values) -> Evidence:
    """The evidence of one set, the stored inputs."""
    answers = Answers(stored.row[None], stored.layout.truths[None], np.ones(1, dtype=bool))
    return _evidence(trial, stored, answers, values, *judge(trial.grid, answers.expected, answers.truths, values))


@collector.paused()
def on_others(
    trials: Sequence[Trial],
    stored: Sequence[Stored],
    values: Values,
    session: Session,
    drawn: Drawn,
    seed: int,
    say: Callable[[float], None],
) -> list[tuple[Scenarios, Evidence]]:
    """What the drawn sets show of every check, and the evidence: the stored inputs first, then the drawn ones.

    Sets are swept as many at a time as memory has room for. Of all but the first sweep, only such sets stay in the evidence
    as first show some cell to be wrong.
    """
    evidence = [on_stored(trial, facts, values) for trial, facts in zip(trials, stored, strict=True)]
    first_set = [one for one in evidence]
    tallies = [[_tally_of_none(one)] for one in evidence]
    step = max(1, _AT_ONCE // max(1, len(values)))
    for begin in range(0, drawn.count, step):
        count = min(step, drawn.count - begin)
        columns = sweep(session, count, drawn.columns(begin, begin + count))
        asked = ask(trials, [facts.layout for facts in stored], columns, count)
        for at, (trial, facts, answers) in enumerate(zip(trials, stored, asked, strict=True)):
            one = _judged(trial, facts, answers, columns, first_set[at], seed + begin)
            known = np.array([result.reason is not None for result in facts.result.results], dtype=bool)
            if begin:
                before = reduce(np.minimum, [tally.since for tally in tallies[at]])
                fresh = one.wrong & (before == _NEVER)
                kept = sorted({int(fresh[:, cell].argmax()) for cell in np.flatnonzero(fresh.any(axis=0))})
                evidence[at] = evidence[at].followed_by(one.picked(kept)) if kept else evidence[at]
            else:
                evidence[at] = evidence[at].followed_by(one)
            tallies[at].append(_tally(one, begin, known, _moved(trial, first_set[at], one)))
        say((begin + count) / drawn.count)
    return [(_scenarios(trial, tally, seed), one) for trial, tally, one in zip(trials, tallies, evidence, strict=True)]


class _Tally(NamedTuple):
    """What some sets show: of each binding the first set in which it is wrong, and whether it is ever unsure, shaky, shown."""

    since: NDArray[np.int64]
    unsure: Bools
    shaken: Bools
    shown: Bools
    run: int
    dropped: int
    failed: int
    shaky: int


def _tally_of_none(evidence: Evidence) -> _Tally:
    none = np.zeros(len(evidence.bindings), dtype=bool)
    return _Tally(np.full(len(none), _NEVER), none, none, none, 0, 0, 0, 0)


def _tally(one: Evidence, begin: int, known: Bools, moved: Bools) -> _Tally:
    """``moved`` says where another value is expected than on the stored inputs: only there a formula is shown to be live."""
    run = int(one.counted.sum())
    matches = one.counted[:, None] & ~(one.wrong | one.unsure | one.shaky)
    return _Tally(
        np.where(one.wrong.any(axis=0), begin + one.wrong.argmax(axis=0), _NEVER),
        one.unsure.any(axis=0),
        one.shaky.any(axis=0),
        (matches & moved).any(axis=0),
        run,
        one.count - run,
        int((one.wrong & ~known).any(axis=1).sum()),
        int(one.shaky.any(axis=1).sum()),
    )


def _scenarios(trial: Trial, tallies: Sequence[_Tally], seed: int) -> Scenarios:
    since = reduce(np.minimum, [tally.since for tally in tallies])
    unsure, shaken, shown = (
        reduce(np.logical_or, [getattr(tally, name) for tally in tallies]) for name in ("unsure", "shaken", "shown")
    )
    wrong = np.flatnonzero(since < _NEVER)
    # A cell that differs by rounding, and is nowhere seen to follow the reference, may be a constant.
    doubtful = unsure | (shaken & ~shown & (since == _NEVER))
    bindings = trial.grid.bindings
    return Scenarios(
        seed,
        sum(tally.run for tally in tallies),
        sum(tally.failed for tally in tallies),
        sum(tally.dropped for tally in tallies),
        tuple(bindings[number].cell for number in wrong),
        tuple(bindings[number].cell for number in np.flatnonzero(doubtful)),
        tuple(since[wrong].tolist()),
        sum(tally.shaky for tally in tallies),
    )


def _judged(
    trial: Trial, facts: Stored, answers: Answers, columns: Mapping[Cell, Column], first: Evidence, seed: int
) -> Evidence:
    wrong, unsure = judge(trial.grid, answers.expected, answers.truths, columns)
    counted = answers.counted[:, None]
    wrong, unsure = wrong & counted, unsure & counted
    # What is wrong on the stored inputs, or accepted, is settled.
    concerned = np.array(
        [result.reason is None and result.status not in WRONG for result in facts.result.results], dtype=bool
    )
    doubt = shaky(trial, facts.layout, answers, columns, wrong, concerned & ~first.wrong[0], seed=seed)
    return _evidence(trial, facts, answers, columns, wrong & ~doubt, unsure, doubt)


def _evidence(
    trial: Trial,
    facts: Stored,
    answers: Answers,
    columns: Mapping[Cell, Column],
    wrong: Bools,
    unsure: Bools,
    doubt: Bools | None = None,
) -> Evidence:
    return Evidence(
        trial.grid.bindings,
        answers.expected,
        facts.layout.truths,
        {cell: columns.get(cell, BLANK) for cell in trial.named},
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
