"""Runs of all checks with one engine: every sample is recalculated, compared, and checked for rounding error."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlparity import collector
from xlparity.compare.compare import Differences, cell_results, compare, misfits, with_constants
from xlparity.compare.consensus import reconcile
from xlparity.compare.expected import Bools, Expected, call_references, unwatched
from xlparity.compare.inputs import input_findings
from xlparity.compare.run import Loaded, Run
from xlparity.excel.address import Cell, Range
from xlparity.excel.batch import Batch, Kinds
from xlparity.excel.columns import Column, Floats, joined, picked
from xlparity.excel.values import BLANK, Unsupported
from xlparity.excel.workbook import Formula, Workbook
from xlparity.results.report import WRONG, CheckResult
from xlparity.results.report import joined as in_words
from xlparity.results.scenarios import Scenarios, Undecided
from xlparity.scenarios.derived import Apart, apart
from xlparity.scenarios.directed import Search, Ties, forgotten
from xlparity.scenarios.nearby import match_nearby
from xlparity.scenarios.overflow import Overflows
from xlparity.scenarios.reach import Reached
from xlparity.scenarios.rounding import ENOUGH, Context, examined, shown_otherwise, undecided_on_stored
from xlparity.scenarios.sample import Samples, differs
from xlparity.scenarios.undecided import OF_UNDEFINED, most_undecided, needs_range
from xlparity.settings import Options
from xlparity.spec.binding import Input
from xlparity.spec.check import Check
from xlparity.tolerance import within

_AT_ONCE = 8_000_000  # numbers recalculated at once, 64 MB; more samples are recalculated in several parts
_KEPT = 24  # samples that are always kept in a run: fewer are no evidence for a suggestion
_NARROW = 1e-6  # a change of an input that is below this and below the tolerance shows nothing
_REASONS = 1_000  # undecided cells whose reasons are kept, of which one is shown
_NEVER = np.iinfo(np.int64).max

MOST_UNDECIDED, MOST_REFUSED, _FEW = 0.2, 0.1, 2
"""The shares of samples that may leave a cell undecided and are replaced by others; with more, the cell is not assessed.

Rounding decides in up to 18 % of the samples where training diverges (tests/right_domains.py), and in a few of few samples by
chance. Where the engine cannot compute a cell, nobody sees a fault, so that is held to half of it.
"""


@dataclass(frozen=True)
class EngineRun:
    """The runs of all checks with one engine, in the order of the checks."""

    loaded: Loaded
    runs: tuple[Run, ...]

    def with_results(self, results: Sequence[CheckResult]) -> "EngineRun":
        """The same runs with these results of the checks."""
        runs = tuple(replace(run, result=one) for run, one in zip(self.runs, results, strict=True))
        return replace(self, runs=runs)


def reconciled(by_engine: Sequence[EngineRun]) -> list[EngineRun]:
    """The runs of several engines after ``reconcile``, with findings about engines that disagree."""
    of_checks = [
        reconcile(results) for results in zip(*([run.result for run in one.runs] for one in by_engine), strict=True)
    ]
    return [one.with_results([results[number] for results in of_checks]) for number, one in enumerate(by_engine)]


@collector.paused()
def run_checks(
    checks: Sequence[Check],
    loaded: Loaded,
    samples: Samples,
    options: Options,
    progress: Callable[[float], None] = lambda done: None,
    watching: Callable[[Check], AbstractContextManager[None]] = unwatched,
    *,
    directed: bool = False,
    among: Collection[Cell] | None = None,
) -> tuple[list[Run], Samples]:
    """A run of every check: all samples recalculated by the engine, and compared with what the references expect.

    As many samples are recalculated at a time as memory allows. The runs keep the first samples, and of the others those in
    which a cell of any check is wrong for the first time: sample n is the same in all runs. The samples are the given ones,
    followed by directed ones where these are asked for and the engine is ``formulas``, ``among`` some cells only for the sake of
    these, and by one for each sample that leaves a cell undecided, at most the share ``MOST_UNDECIDED``. References are called
    within ``watching``.
    Raises SpecError where a reference is undefined on the stored inputs.
    """
    for check in checks:
        check.reference.patience.failed.clear()  # failures of earlier runs, on other inputs, do not count here
    room = max(1, _AT_ONCE // max(1, len(loaded.book.cells) + len(loaded.book.members)))
    overflows = Overflows(loaded.book)
    helpers = _helpers(loaded.book, checks)
    found: list[_Running] = []
    reached = Reached.of(checks, loaded, among) if directed and samples.scenarios else None
    if reached is not None and (reached.decisions or among is not None):
        samples = replace(samples, exact_in=Ties(checks, reached, loaded.book.graph).exact)

    def compared(first: int, last: int) -> None:
        parts = max(1, math.ceil((last - first) / room))
        step = max(1, math.ceil((last - first) / parts))  # of one size: a small last part would be little evidence
        for begin in range(first, last, step):
            numbers = range(begin, min(begin + step, last))
            actual = _recalculated(loaded, samples, numbers)
            if not begin:
                loaded.values.known(actual)
            elements = [running.elements for running in found] or None
            expected = call_references(checks, actual, numbers, elements, loaded.source, watching)
            context = Context(0, options.seed + begin - 1, overflows, samples.exact, begin, loaded.session, helpers)
            if not found:
                stored = actual.sample(0), context._replace(seed=options.seed)
                found.extend(
                    _Running(check, loaded, samples, one.picked([0]), *stored)
                    for check, one in zip(checks, expected, strict=True)
                )
            open_to: list[Bools] = []
            for running, one in zip(found, expected, strict=True):
                open_to.append(running.take(numbers, one, actual, context, samples.directed))
                context = context._replace(beside=(*context.beside, (running.check, running.wrong)))
            nearby = match_nearby(checks, loaded, samples, numbers, open_to, options.seed + begin)
            for running, matches in zip(found, nearby, strict=True):
                running.settle(numbers, matches)
            if reached is not None:
                reached.add(actual, [running.decided for running in found])
            few = found[0].kept < _KEPT or begin in samples.directed
            kept = range(len(numbers)) if few else sorted({row for running in found for row in running.first_wrong})
            for running in found:
                running.keep(kept)
            progress(min(1.0, (begin + step) / samples.count))

    compared(0, samples.count)
    dropped = [running.dropped(samples) for running in found]
    if reached is not None:
        for more in Search(checks, loaded, samples, reached, among).proposals():
            first, samples = samples.count, samples.with_directed(more)
            with forgotten(checks) as hung:
                compared(first, samples.count)
                if hung():
                    break
    for running, found_apart in zip(found, apart(checks, loaded, samples, overflows, options.seed), strict=True):
        running.leave_open(found_apart)
    undecided = max((running.undecided for running in found), default=0)
    if undecided and samples.again is not None and loaded.engine.most_samples is None:
        # Always as many are drawn, so that the first ones are always the same.
        drawn = math.ceil(MOST_UNDECIDED * (samples.scenarios - len(samples.directed)))
        others = samples.again(drawn, options.seed + 1).first(1 + undecided)
        first, samples = samples.count, samples.followed_by(others) if others.scenarios else samples
        compared(first, samples.count)
    runs = [running.run(options, samples, count) for running, count in zip(found, dropped, strict=True)]
    return (runs if reached is None or among is not None else reached.with_branches(runs, samples)), samples


def _helpers(book: Workbook, checks: Sequence[Check]) -> set[Cell]:
    """The cells of formulas with which no check compares anything."""
    formulas = {cell for cell, held in book.cells.items() if isinstance(held, Formula)}
    return (formulas | book.members.keys()).difference(b.cell for check in checks for b in check.cells.bindings)


def _recalculated(loaded: Loaded, samples: Samples, numbers: range) -> Batch:
    """What the cells come to in the samples with these numbers."""
    if loaded.engine.most_samples is None and samples.scenarios:
        return loaded.session.recalculate(samples.columns(numbers), len(numbers))
    # Such an engine has computed the stored inputs, and read them from the file by itself: ExcelModel rounds them there.
    stored = [number for number in numbers if number == 0]
    scenarios = [number for number in numbers if number]
    if not scenarios:
        return loaded.values.batch
    later = loaded.session.recalculate(samples.columns(scenarios), len(scenarios))
    if not stored:
        return later
    cells = dict.fromkeys((*loaded.values, *later))
    parts = {cell: [(loaded.values.get(cell, BLANK), 1), (later.get(cell, BLANK), len(scenarios))] for cell in cells}
    return Batch.of({cell: joined(of_cell) for cell, of_cell in parts.items()}, len(numbers))


class _Running:
    """One check while its samples are compared: the samples that are kept, and the counts of all for each binding.

    It begins with what is expected and computed for the stored inputs alone.
    """

    def __init__(
        self, check: Check, loaded: Loaded, samples: Samples, expected: Expected, actual: Batch, context: Context
    ) -> None:
        self.check, self._loaded, self._samples = check, loaded, samples
        self.elements = expected.elements
        found = compare(check, expected, actual)
        self._right = ~(found.wrong[0] | found.unsure[0] | found.either[0])
        self._undecided = np.zeros(len(self._right), dtype=bool)
        if samples.scenarios:  # otherwise nothing else decides
            accepted = np.array([binding.cell in check.cells.accepted for binding in check.cells.bindings], dtype=bool)
            others = found._replace(wrong=found.wrong & ~accepted)
            self._undecided = undecided_on_stored(check, expected, actual, others, context)
        self._shown = [actual.in_sample(binding.cell, 0) for binding in check.cells.bindings]
        found = Differences(found.wrong & ~self._undecided, found.unsure, found.either & ~self._undecided)
        self._stored = expected.numbers[0]
        self._result = self._on_stored(expected, actual, found)
        # Cells that are wrong on the stored inputs, or accepted, need no further samples.
        concerned = [result.reason is None and result.status not in WRONG for result in self._result.results]
        self._settled = ~np.array(concerned, dtype=bool) | found.wrong[0]
        self._known = np.array([result.reason is not None for result in self._result.results], dtype=bool)
        self._named = sorted(check.named.union(samples.cells))
        self._able = {given: _able(given, loaded) for given in check.inputs if given.vary}
        self._fixed = {given: set(cells) for given, cells in self._able.items()}
        self._rtol = least_move(check)
        self._narrow: set[Cell] = set()
        self._parts: list[_Part] = []
        self._reasons: dict[Cell, str] = {}  # of cells that are undecided
        self._apart = shown_otherwise(check, expected, self._undecided, loaded.book)
        none = np.zeros(len(self._right), dtype=bool)
        zero = np.zeros(len(none), dtype=np.int64)
        self._counts = _Counts(np.full(len(none), _NEVER), zero, zero, zero, zero, zero, none, none, none, 0, 0)
        self._speaking: list[Bools] = []
        self._open_in: list[NDArray[np.uint8]] = []  # of each scenario with an undecided binding, which these are
        self.decided = np.zeros((0, len(none)), dtype=bool)  # (samples, bindings) of the samples taken last
        self.kept = self._compared = 0
        self.first_wrong: list[int] = []

    def _on_stored(self, expected: Expected, actual: Batch, found: Differences) -> CheckResult:
        check, loaded = self.check, self._loaded
        outputs = check.cells.outputs
        return CheckResult(
            check.name,
            loaded.engine.name,
            tuple(output.name for output in outputs),
            len(check.cells.offsets),
            cell_results(loaded.book, check, expected, actual, found),
            (*input_findings(loaded.book, check, loaded.values), *misfits(check, expected)),
            recomputed=loaded.engine.recomputes,
            tolerances={output.name: output.tolerance for output in outputs if output.skip is None},
        )

    def take(self, numbers: range, expected: Expected, actual: Batch, context: Context, directed: range) -> Bools:
        """Compares the samples with these numbers; gives the cells that cannot be assessed in few of the scenarios."""
        # Elsewhere the reference gives no value to compare with.
        compared = expected.counted[:, None] & ~expected.undefined
        searched = np.array([number in directed for number in numbers], dtype=bool)[:, None]
        wrong, unsure, either = (each & compared for each in compare(self.check, expected, actual))
        scenario = np.array([number > 0 for number in numbers], dtype=bool)[:, None]
        before = np.where(self._settled, ENOUGH, self._counts.wrong)
        open_to = Differences(wrong & scenario & ~self._known, unsure & scenario, either)
        explanation = examined(self.check, expected, actual, open_to, before, context)
        unknown, explained, wrong = explanation.unknown, explanation.explained, wrong & ~explanation.explained
        left_open = unsure | either | explained | unknown
        self._speaking.append(expected.counted & ~(searched & left_open).any(axis=1))
        self.decided, self._left_open = compared & ~left_open, compared & left_open
        if not numbers[0]:
            unknown[0], explained[0] = unsure[0] | (either[0] & ~self._undecided), self._undecided
            wrong[0] &= ~self._undecided
        # A tie that was searched for proves a cell wrong or nothing.
        part = self._last = _Part(
            expected.numbers,
            expected.kinds,
            expected.counted,
            wrong & ~unknown,
            unknown & ~searched,
            unsure & ~explained & ~unknown & ~searched,
            either & scenario & ~searched,
            explained & ~searched,
            {cell: actual.get(cell, BLANK) for cell in self._named},
        )
        for at in np.flatnonzero(part.unknown.any(axis=0)).tolist():
            self._reasons.setdefault(self.check.cells.bindings[at].cell, OF_UNDEFINED)
        for at in np.flatnonzero((part.refused | part.either).any(axis=0)).tolist():
            cell = self.check.cells.bindings[at].cell
            if cell not in self._reasons and len(self._reasons) < _REASONS:
                value = actual.in_sample(cell, int((part.refused | part.either)[:, at].argmax()))
                self._reasons[cell] = value.reason if isinstance(value, Unsupported) else str(value)
        often = self._counts.refused + part.refused.sum(axis=0)
        few = 2 * often < self._counts.run + int((part.counted & scenario[:, 0]).sum())
        return np.asarray(part.refused & few)

    def settle(self, numbers: range, nearby: Bools) -> None:
        """Counts the samples taken last, of which these cells match in samples close by."""
        part = self._last = self._last._replace(
            refused=self._last.refused & ~nearby, indeterminate=self._last.indeterminate | nearby
        )
        fresh = part.wrong & (self._counts.since == _NEVER)
        self.first_wrong = sorted({int(row) for row in fresh[:, fresh.any(axis=0)].argmax(axis=0)})
        later = part if numbers[0] else part.picked(range(1, len(numbers)))
        for cells in self._fixed.values():
            self._narrow |= {cell for cell in cells if self._moves(cell, later, 0.0)}
            cells -= {cell for cell in cells if self._moves(cell, later, self._rtol)}
        left_open = self._left_open if numbers[0] else self._left_open[1:]
        self._open_in.append(np.packbits(left_open[left_open.any(axis=1)], axis=1))
        self._counts = self._counts.plus(self.check, later, self._stored, self._known, max(0, numbers[0] - 1))

    def _moves(self, cell: Cell, part: "_Part", rtol: float) -> bool:
        """Whether the cell has another value than the stored one in a sample for which the reference is defined."""
        now = self._loaded.values.get(cell, BLANK)
        return bool((differs(part.inputs[cell], now, len(part.counted), rtol) & part.counted).any())

    @property
    def wrong(self) -> Bools:
        """Where the samples taken last are proved wrong in cells that the spec does not accept, (samples, bindings)."""
        return np.asarray(self._last.wrong & ~self._known)

    def keep(self, rows: Sequence[int]) -> None:
        """Keeps these rows of the samples taken last."""
        if rows:
            self._parts.append(self._last.picked(rows))
            self.kept += len(rows)

    def dropped(self, samples: Samples) -> int:
        """For how many of these scenarios, which are all so far, the reference is undefined."""
        return samples.scenarios - self._counts.run

    def leave_open(self, found: Apart) -> None:
        """Leaves the cells open that differ where inputs that follow from others have values of their own.

        All samples that were asked for are compared then.
        """
        self._compared = self._counts.run
        cells = found.cells & ~self._known
        self._apart |= cells
        if (cells & (self._counts.since == _NEVER)).any():
            names = in_words([f"'{given.name}' ({given.at})" for given in found.inputs])
            first = self.check.cells.bindings[int(cells.argmax())].cell
            said = f"input {names} is a formula of other inputs and follows them, and {first} differs where it does not"
            self._result = replace(
                self._result,
                notes=(
                    *self._result.notes,
                    f"{said}: nothing shows that the formulas depend on it; write cut = true, so that it varies by itself, "
                    "or let the reference compute it",
                ),
            )

    @property
    def undecided(self) -> int:
        """In how many scenarios a cell is undecided, at most, of those cells for which that is few."""
        counts = self._counts
        cells = (counts.since == _NEVER) & ~counts.often & ~self._known
        return int(np.max(counts.undecided, where=cells, initial=0))

    def run(self, options: Options, samples: Samples, dropped: int) -> Run:
        """The run, with the summary of all samples, of which ``dropped`` that were drawn could not be compared."""
        check, result, seed = self.check, self._result, options.seed
        # Stored values exist for the stored inputs only.
        asked = options.scenarios if self._loaded.engine.recomputes else None
        patience, whole = check.reference.patience, _all_of(self._parts)
        if asked:
            unsure = self._counts.unsure(check, samples.scenarios, self._undecided, self._apart)
            replaced = self._counts.run - self._compared
            result = self._without_decision(unsure & self._undecided, whole)
            summary = replace(
                self._counts.scenarios(check, dropped, seed, unsure, self._indeterminate(~unsure)),
                replaced=replaced,
                undecided=self._most_undecided(~unsure),
                open=self._open(unsure, samples, whole),
                kept=self._kept_inputs(),
                asked=asked,
                unfinished=patience.exhausted,
                failures=tuple(patience.failed.values()),
            )
            result = result.with_scenarios(summary)
        else:
            result = replace(result, scenarios=Scenarios(seed, asked=asked))
        often, undecided = self._counts.often, whole.refused | whole.either
        return Run(
            check,
            with_constants(check, result, self._right.tolist()),
            whole.expected,
            whole.kinds,
            whole.counted,
            whole.wrong,
            whole.unknown | (undecided & often),
            whole.indeterminate | (undecided & ~often),
            whole.inputs,
            self._loaded.values,
            self.elements,
            np.concatenate(self._speaking),
        )

    def _indeterminate(self, among: Bools) -> int:
        """In how many scenarios one of these bindings is undecided, of which none is wrong or known to differ."""
        counted = np.packbits(among & (self._counts.since == _NEVER) & ~self._known)
        return sum(int((rows & counted).any(axis=1).sum()) for rows in self._open_in)

    def _most_undecided(self, among: Bools) -> Undecided | None:
        cells = [binding.cell for binding in self.check.cells.bindings]
        counted = among & (self._counts.since == _NEVER) & ~self._known
        return most_undecided(cells, np.where(counted, self._counts.undecided + self._counts.unknown, 0), self._reasons)

    def _open(self, unsure: Bools, samples: Samples, whole: "_Part") -> Undecided | None:
        """The most undecided of the cells that only scenarios leave undecided, too often, with the input that needs a range."""
        found = self._most_undecided(unsure & (self._counts.often | (self._counts.unknown > 0)) & ~whole.unknown[0])
        if found is None:
            return None
        at = next(n for n, binding in enumerate(self.check.cells.bindings) if binding.cell == found.cell)
        if whole.undecided[0, at]:
            return found  # no range helps where the stored inputs leave it undecided as well
        rows = [row for row in np.flatnonzero(whole.counted).tolist() if row]
        part = whole.picked(rows)
        open_to = part.undecided | part.unknown
        return found._replace(needs=needs_range(self._loaded, samples, found.cell, open_to[:, at], part.inputs))

    def _without_decision(self, cells: Bools, whole: "_Part") -> CheckResult:
        """The result in which these cells, which the scenarios do not decide either, are unsupported on the stored inputs."""
        results = list(self._result.results)
        for at in np.flatnonzero(cells).tolist():
            value = self._shown[at]
            if results[at].status == "match":
                unknown = (
                    value if isinstance(value, Unsupported) else Unsupported(f"{value}, where rounding error decides")
                )
                results[at] = results[at]._replace(status="unsupported", actual=unknown)
        whole.unknown[0] |= cells
        whole.indeterminate[0] &= ~cells
        return replace(self._result, results=tuple(results))

    def _kept_inputs(self) -> dict[str, tuple[Cell, ...]]:
        """The cells with their stored value in all samples, by input: all cells of the input, or those that cannot be set.

        A change within the tolerance is none, unless all are so small and an output moves all the same. Cells that are drawn
        may have kept their value by chance, and are left out.
        """
        free = set(self._samples.cells)
        alone = all(cells == self._able[given] for given, cells in self._fixed.items())
        shown = self._narrow if alone and self._counts.moved.any() else set()
        fixed = {given: cells - shown for given, cells in self._fixed.items()}
        found = {
            given.name: cells if len(cells) == len(self._able[given]) else {cell for cell in cells if cell not in free}
            for given, cells in fixed.items()
        }
        return {name: tuple(sorted(cells)) for name, cells in found.items() if cells}


def least_move(check: Check) -> float:
    """By which share an input must change to show that formulas depend on it: a millionth, or the tolerance if that is less."""
    return float(min([_NARROW, *check.cells.rtol[check.cells.compared]]))


def _able(given: Input[Range], loaded: Loaded) -> frozenset[Cell]:
    """The cells of the input that scenarios are to change: of a frame, no dates and texts unless the spec says so.

    A formula that depends on other cells of its frame only follows these.
    """
    if not given.frame:
        return frozenset(given.cells())
    graph = loaded.book.graph
    return frozenset(
        cell
        for number, cell in enumerate(given.cells())
        if given.element(number, loaded.values.get(cell, BLANK)) is not None
        if any(root == cell or not given.at.contains(root) for root in graph.constants_before([cell]))
    )


class _Part(NamedTuple):
    """Some samples of a check, with arrays as in ``Run``, of which at most one of the following is true for a cell.

    A cell is ``wrong``; or ``unknown``, where it differs and nothing says why, or has no value on the stored inputs;
    or undecided in this sample: ``refused``, where the engine cannot compute it; ``either``, where it depends on how a residue
    is read; ``indeterminate``, where it differs within rounding error or by an overflow, or matches close by.
    """

    expected: Floats
    kinds: Kinds
    counted: Bools
    wrong: Bools
    unknown: Bools
    refused: Bools
    either: Bools
    indeterminate: Bools
    inputs: Mapping[Cell, Column]

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All fields but the inputs."""
        return self[:-1]

    @property
    def undecided(self) -> Bools:
        """The cells that a sample says nothing of."""
        return np.asarray(self.refused | self.either | self.indeterminate)

    def picked(self, rows: Sequence[int]) -> "_Part":
        """These rows only."""
        at = list(rows)
        inputs = {cell: picked(column, at) for cell, column in self.inputs.items()}
        return _Part._make([*(array[at] for array in self.arrays), inputs])


def _all_of(parts: Sequence[_Part]) -> _Part:
    if len(parts) == 1:
        return parts[0]
    inputs = {cell: joined([(part.inputs[cell], len(part.counted)) for part in parts]) for cell in parts[0].inputs}
    arrays = zip(*(part.arrays for part in parts), strict=True)
    return _Part._make([*map(np.concatenate, arrays), inputs])


class _Counts(NamedTuple):
    """Counts of the compared scenarios, for each binding; scenarios count from 0.

    ``since`` is the first scenario in which the binding is wrong. ``wrong``, ``unknown``, ``refused`` and ``undecided`` count
    the scenarios in which it is so, ``compared`` those with an expected value. ``right`` says that it matches in one, ``moved``
    that one expects another value than the stored inputs do, and ``shown`` that it matches in one of these. ``run`` scenarios
    were compared, and in ``failed`` some cell was wrong.
    """

    since: NDArray[np.int64]
    wrong: NDArray[np.int64]
    unknown: NDArray[np.int64]
    refused: NDArray[np.int64]
    undecided: NDArray[np.int64]
    compared: NDArray[np.int64]
    shown: Bools
    right: Bools
    moved: Bools
    run: int
    failed: int

    def plus(self, check: Check, part: _Part, stored: Floats, known: Bools, begin: int) -> "_Counts":
        """The counts with the scenarios of ``part`` added, of which the first has the number ``begin``.

        ``stored`` are the expected values on the stored inputs; ``known`` are the bindings that the spec accepts or skips.
        """
        numbers = begin + np.arange(len(part.counted), dtype=np.int64)
        with np.errstate(all="ignore"):
            moved = ~within(part.expected, stored, check.cells.rtol, check.cells.atol) & np.isfinite(
                part.expected - stored
            )
        compared = part.counted[:, None] & np.isfinite(part.expected)
        matches = compared & ~(part.wrong | part.unknown | part.undecided)
        since = np.min(np.where(part.wrong, numbers[:, None], _NEVER), axis=0, initial=_NEVER)
        return _Counts(
            np.minimum(self.since, since),
            self.wrong + part.wrong.sum(axis=0),
            self.unknown + part.unknown.sum(axis=0),
            self.refused + part.refused.sum(axis=0),
            self.undecided + part.undecided.sum(axis=0),
            self.compared + compared.sum(axis=0),
            self.shown | (matches & moved).any(axis=0),
            self.right | matches.any(axis=0),
            self.moved | moved.any(axis=0),
            self.run + int(part.counted.sum()),
            self.failed + int((part.wrong & ~known).any(axis=1).sum()),
        )

    @property
    def often(self) -> Bools:
        """Where the binding is undecided in too many scenarios for the others to decide, (bindings,)."""
        most = np.maximum(_FEW, MOST_UNDECIDED * self.compared)
        return np.asarray((self.undecided > most) | (self.refused > MOST_REFUSED * self.compared))

    def unsure(self, check: Check, count: int, on_stored: Bools, apart: Bools) -> Bools:
        """The bindings that ``count`` scenarios leave unassessed; ``on_stored`` are those that the stored inputs do.

        ``apart`` are those that differ where inputs that follow from others have values of their own, and those of which the file
        stores another value than the reference has.
        """
        never = (self.compared == 0) & check.cells.compared & (self.run > 0)
        if not count and check.inputs:
            # No input can be changed, so a constant cannot be distinguished from a formula.
            never = check.cells.compared
        # A cell that is undecided, and in no scenario changes with the reference, may be a constant.
        unshown = ((self.undecided > 0) & ~self.shown & (self.moved | ~self.right)) | (on_stored & ~self.right)
        return np.asarray(((self.unknown > 0) | apart | unshown | self.often | never) & (self.since == _NEVER))

    def scenarios(self, check: Check, dropped: int, seed: int, unsure: Bools, indeterminate: int) -> Scenarios:
        """The summary of the scenarios, which leave the bindings that are ``unsure`` unassessed.

        The reference is undefined for the ``dropped`` ones, and in the ``indeterminate`` ones another binding is undecided.
        """
        wrong = np.flatnonzero(self.since < _NEVER)
        cells = [binding.cell for binding in check.cells.bindings]
        return Scenarios(
            seed,
            self.run,
            self.failed,
            dropped,
            tuple(cells[number] for number in wrong),
            tuple(cells[number] for number in np.flatnonzero(unsure)),
            tuple(self.since[wrong].tolist()),
            indeterminate,
        )
