"""Runs of all checks with one engine: every sample is recalculated, compared, and checked for rounding error."""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import NamedTuple

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
from xlparity.excel.values import BLANK
from xlparity.results.report import WRONG, CheckResult
from xlparity.results.scenarios import Scenarios
from xlparity.scenarios.nearby import match_nearby
from xlparity.scenarios.overflow import Overflows
from xlparity.scenarios.rounding import ENOUGH, Context, examined
from xlparity.scenarios.sample import Samples, differs
from xlparity.settings import Options
from xlparity.spec.binding import Input
from xlparity.spec.check import Check
from xlparity.tolerance import within

_AT_ONCE = 8_000_000  # numbers recalculated at once, 64 MB; more samples are recalculated in several parts
_KEPT = 24  # samples that are always kept in a run: fewer are no evidence for a suggestion
_OFTEN, _FEW = 0.2, 2  # the share and number of samples up to which differences may be rounding error
_NARROW = 1e-6  # a change of an input that is below this and below the tolerance shows nothing
_OFTEN_EITHER = 0.1  # a residue is met by chance in a few samples; at one of ten choices it is met by design
_NEVER = np.iinfo(np.int64).max


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
) -> list[Run]:
    """A run of every check: all samples recalculated by the engine, and compared with what the references expect.

    As many samples are recalculated at a time as memory allows. The runs keep the first samples, and of the others those in
    which a cell of any check is wrong for the first time: sample n is the same in all runs. References are called within
    ``watching``.
    Raises SpecError where a reference is undefined on the stored inputs.
    """
    for check in checks:
        check.reference.patience.failed.clear()  # failures of earlier runs, on other inputs, do not count here
    room = max(1, _AT_ONCE // max(1, len(loaded.book.cells) + len(loaded.book.members)))
    parts = max(1, math.ceil(samples.count / room))
    step = max(1, math.ceil(samples.count / parts))  # parts of one size: a small last part would be little evidence
    overflows = Overflows(loaded.book)
    found: list[_Running] = []
    for begin in range(0, samples.count, step):
        numbers = range(begin, min(begin + step, samples.count))
        actual = _recalculated(loaded, samples, numbers)
        if not begin:
            loaded.values.known(actual)
        elements = [running.elements for running in found] or None
        expected = call_references(checks, actual, numbers, elements, loaded.source, watching)
        if not found:
            stored = actual.sample(0)
            found = [
                _Running(check, loaded, samples, one.picked([0]), stored)
                for check, one in zip(checks, expected, strict=True)
            ]
        context = Context(0, options.seed + begin - 1, overflows, samples.exact, begin)
        open_to = [running.take(numbers, one, actual, context) for running, one in zip(found, expected, strict=True)]
        nearby = match_nearby(checks, loaded, samples, numbers, open_to, options.seed + begin)
        for running, matches in zip(found, nearby, strict=True):
            running.settle(numbers, matches)
        few = found[0].kept < _KEPT
        kept = range(len(numbers)) if few else sorted({row for running in found for row in running.first_wrong})
        for running in found:
            running.keep(kept)
        progress(min(1.0, (begin + step) / samples.count))
    return [running.run(options) for running in found]


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

    def __init__(self, check: Check, loaded: Loaded, samples: Samples, expected: Expected, actual: Batch) -> None:
        self.check, self._loaded, self._samples = check, loaded, samples
        self.elements = expected.elements
        found = compare(check, expected, actual)
        self._right = ~(found.wrong[0] | found.unsure[0] | found.either[0])
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
        none = np.zeros(len(self._right), dtype=bool)
        zero = np.zeros(len(none), dtype=np.int64)
        self._counts = _Counts(np.full(len(none), _NEVER), zero, zero, zero, none, none, none, zero, zero, 0, 0, 0)
        self._speaking: list[Bools] = []
        self.kept = 0
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

    def take(self, numbers: range, expected: Expected, actual: Batch, context: Context) -> Bools:
        """Compares the samples with these numbers; gives the cells that cannot be assessed in few of the scenarios."""
        # Elsewhere the reference gives no value to compare with.
        compared = expected.counted[:, None] & ~expected.undefined
        searched = np.array([number in self._samples.directed for number in numbers], dtype=bool)[:, None]
        wrong, unsure, either = (each & compared for each in compare(self.check, expected, actual))
        scenario = np.array([number > 0 for number in numbers], dtype=bool)[:, None]
        before = np.where(self._settled, ENOUGH, self._counts.wrong)
        open_to = Differences(wrong & scenario, unsure & scenario, either)
        explanation = examined(self.check, expected, actual, open_to, before, context)
        left_open = unsure | either | explanation.explained | explanation.unknown
        self._speaking.append(expected.counted & ~(searched & left_open).any(axis=1))
        # A tie that was searched for proves a cell wrong or nothing.
        part = _Part(
            expected.numbers,
            expected.kinds,
            expected.counted,
            wrong & ~explanation.explained & ~explanation.unknown,
            (((unsure | (either & ~scenario)) & ~explanation.explained) | explanation.unknown) & ~searched,
            explanation.explained & ~searched,
            either & scenario & ~searched,
            {cell: actual.get(cell, BLANK) for cell in self._named},
        )
        self._last = part
        often = self._counts.unsure + part.unsure.sum(axis=0)
        few = 2 * often < self._counts.run + int((part.counted & scenario[:, 0]).sum())
        # What the reference leaves open is no matter of the engine.
        return np.asarray(part.unsure & scenario & ~explanation.unknown & few)

    def settle(self, numbers: range, nearby: Bools) -> None:
        """Counts the samples taken last, of which these cells match in samples close by."""
        part = self._last = self._last._replace(
            unsure=self._last.unsure & ~nearby, indeterminate=self._last.indeterminate | nearby
        )
        fresh = part.wrong & (self._counts.since == _NEVER)
        self.first_wrong = sorted({int(row) for row in fresh[:, fresh.any(axis=0)].argmax(axis=0)})
        later = part if numbers[0] else part.picked(range(1, len(numbers)))
        for cells in self._fixed.values():
            self._narrow |= {cell for cell in cells if self._moves(cell, later, 0.0)}
            cells -= {cell for cell in cells if self._moves(cell, later, self._rtol)}
        self._counts = self._counts.plus(self.check, later, self._stored, self._known, max(0, numbers[0] - 1))

    def _moves(self, cell: Cell, part: "_Part", rtol: float) -> bool:
        """Whether the cell has another value than the stored one in a sample for which the reference is defined."""
        now = self._loaded.values.get(cell, BLANK)
        return bool((differs(part.inputs[cell], now, len(part.counted), rtol) & part.counted).any())

    def keep(self, rows: Sequence[int]) -> None:
        """Keeps these rows of the samples taken last."""
        if rows:
            self._parts.append(self._last.picked(rows))
            self.kept += len(rows)

    def run(self, options: Options) -> Run:
        """The run, with the summary of all samples."""
        check, result, seed = self.check, self._result, options.seed
        # Stored values exist for the stored inputs only.
        asked = options.scenarios if self._loaded.engine.recomputes else None
        patience = check.reference.patience
        if asked:
            summary = replace(
                self._counts.scenarios(check, self._samples.scenarios, seed),
                kept=self._kept_inputs(),
                asked=asked,
                unfinished=patience.exhausted,
                failures=tuple(patience.failed.values()),
            )
            result = result.with_scenarios(summary)
        else:
            result = replace(result, scenarios=Scenarios(seed, asked=asked))
        whole = _all_of(self._parts)
        often = self._counts.often_either
        return Run(
            check,
            with_constants(check, result, self._right.tolist()),
            whole.expected,
            whole.kinds,
            whole.counted,
            whole.wrong,
            whole.unsure | (whole.either & often),
            whole.indeterminate | (whole.either & ~often),
            whole.inputs,
            self._loaded.values,
            self.elements,
            np.concatenate(self._speaking),
        )

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
    """Some samples of a check, with arrays as in ``Run``."""

    expected: Floats
    kinds: Kinds
    counted: Bools
    wrong: Bools
    unsure: Bools
    indeterminate: Bools
    either: Bools
    inputs: Mapping[Cell, Column]

    def picked(self, rows: Sequence[int]) -> "_Part":
        """These rows only."""
        at = list(rows)
        inputs = {cell: picked(column, at) for cell, column in self.inputs.items()}
        return self._replace(
            expected=self.expected[at],
            kinds=self.kinds[at],
            counted=self.counted[at],
            wrong=self.wrong[at],
            unsure=self.unsure[at],
            indeterminate=self.indeterminate[at],
            either=self.either[at],
            inputs=inputs,
        )


def _all_of(parts: Sequence[_Part]) -> _Part:
    if len(parts) == 1:
        return parts[0]
    inputs = {cell: joined([(part.inputs[cell], len(part.counted)) for part in parts]) for cell in parts[0].inputs}
    return _Part(
        np.concatenate([part.expected for part in parts]),
        np.concatenate([part.kinds for part in parts]),
        np.concatenate([part.counted for part in parts]),
        np.concatenate([part.wrong for part in parts]),
        np.concatenate([part.unsure for part in parts]),
        np.concatenate([part.indeterminate for part in parts]),
        np.concatenate([part.either for part in parts]),
        inputs,
    )


class _Counts(NamedTuple):
    """Counts of the compared scenarios, for each binding; scenarios count from 0.

    ``since`` is the first scenario in which the binding is wrong. ``right`` says that it matches in one, ``moved`` that one
    expects another value than the stored inputs do, and ``shown`` that it matches in one of these. ``wrong``, ``unsure`` and
    ``indeterminate`` count the scenarios in which it is so, ``either`` those in which its verdict depends on how a residue is
    read, ``compared`` those with an expected value. ``run`` scenarios were compared, in ``failed`` some cell was wrong, and in
    ``indeterminate_runs`` some cell differs within rounding error.
    """

    since: NDArray[np.int64]
    wrong: NDArray[np.int64]
    unsure: NDArray[np.int64]
    either: NDArray[np.int64]
    shown: Bools
    right: Bools
    moved: Bools
    indeterminate: NDArray[np.int64]
    compared: NDArray[np.int64]
    run: int
    failed: int
    indeterminate_runs: int

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
        matches = compared & ~(part.wrong | part.unsure | part.indeterminate | part.either)
        since = np.min(np.where(part.wrong, numbers[:, None], _NEVER), axis=0, initial=_NEVER)
        return _Counts(
            np.minimum(self.since, since),
            self.wrong + part.wrong.sum(axis=0),
            self.unsure + part.unsure.sum(axis=0),
            self.either + part.either.sum(axis=0),
            self.shown | (matches & moved).any(axis=0),
            self.right | matches.any(axis=0),
            self.moved | moved.any(axis=0),
            self.indeterminate + (part.indeterminate | part.either).sum(axis=0),
            self.compared + compared.sum(axis=0),
            self.run + int(part.counted.sum()),
            self.failed + int((part.wrong & ~known).any(axis=1).sum()),
            self.indeterminate_runs + int((part.indeterminate | part.either).any(axis=1).sum()),
        )

    @property
    def often_either(self) -> Bools:
        """Where the verdict depends on how a residue is read too often for rounding error, (bindings,)."""
        return np.asarray(self.either > np.maximum(_FEW, _OFTEN_EITHER * self.compared))

    def scenarios(self, check: Check, count: int, seed: int) -> Scenarios:
        """The summary of ``count`` scenarios."""
        wrong = np.flatnonzero(self.since < _NEVER)
        # A cell that differs within rounding error, and in no scenario changes with the reference, may be a constant. What
        # differs in more than every fifth scenario is not rounding error.
        often = self.indeterminate > np.maximum(_FEW, _OFTEN * self.compared)
        never = (self.compared == 0) & check.cells.compared & (self.run > 0)
        if not count and check.inputs:
            # No input can be changed, so a constant cannot be distinguished from a formula.
            never = check.cells.compared
        unshown = (self.indeterminate > 0) & ~self.shown & (self.moved | ~self.right)
        unsure = ((self.unsure > 0) | self.often_either | unshown | often | never) & (self.since == _NEVER)
        cells = [binding.cell for binding in check.cells.bindings]
        return Scenarios(
            seed,
            self.run,
            self.failed,
            count - self.run,
            tuple(cells[number] for number in wrong),
            tuple(cells[number] for number in np.flatnonzero(unsure)),
            tuple(self.since[wrong].tolist()),
            self.indeterminate_runs,
        )
