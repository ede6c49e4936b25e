"""Runs the mutants of a spec's workbook, to measure how many the check detects, locates and fixes."""

import math
import os
import signal
import time as clock
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cached_property
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from xlparity.actions.mutate.equivalence import SAMPLES, MutationScenarios, compare_formulas
from xlparity.actions.mutate.mutants import in_rounds, mutants
from xlparity.actions.remembering import Remembered, RememberingReference
from xlparity.diagnosis.relative import QuantityMap
from xlparity.engines.evaluator.session import FormulasSession
from xlparity.engines.evaluator.variants import OriginalSession
from xlparity.engines.formulas import FormulasEngine
from xlparity.engines.protocol import Values
from xlparity.errors import UsageError
from xlparity.excel.workbook import Workbook, read_workbook
from xlparity.files import from_here
from xlparity.pipeline import Progress, assess, prepared, silent
from xlparity.results.mutants import Mutant, MutantResult, MutationReport
from xlparity.results.report import Finding, Report, Verdict
from xlparity.settings import MUTATION_TIME, Options
from xlparity.spec import References, Spec, bind, read_spec, workbook_of

_RESTORED_SCENARIOS = 200  # scenarios in which a mutant with the suggestion is compared with the original
_FIRST_SECONDS, _FIRST_MUTANTS = 5.0, 3  # after both, the time for all is estimated


def mutate(
    spec: str | Path,
    *,
    workbook: str | Path | None = None,
    options: Options | None = None,
    progress: Progress | None = None,
    note: Callable[[str], None] | None = None,
) -> MutationReport:
    """Measure how many faults a spec's check detects: plant one fault at a time in its workbook, and verify each copy.

    ``spec``, ``workbook``, ``options`` and ``progress`` are as for ``verify``; the engine is always ``formulas``. At most
    ``options.mutants`` are run, drawn evenly from all with ``options.seed``, and none is started after ``options.time``
    seconds. The order does not depend on the time. ``note`` is called with an estimate where all of them take long.

    The work is shared by ``options.jobs`` processes; where these are not forked, as on Windows, a script must call this below
    ``if __name__ == "__main__":``.
    Raises UsageError where the workbook does not pass without a fault, and the errors of ``verify``.
    """
    progress = progress or silent
    options = Options.of_project() if options is None else options
    progress("verifying the workbook as it is", 0.0)
    path, book = Path(spec), None if workbook is None else Path(workbook)
    bench = Bench(path, book, options)
    try:
        return _mutated(bench, path, options, progress, note)
    finally:
        bench.end()


def _mutated(
    bench: "Bench", path: Path, options: Options, progress: Progress, note: Callable[[str], None] | None
) -> MutationReport:
    """The report on the mutants of a bench, whose spec is at this path."""
    bench.check_original()
    numbers = bench.chosen(options.mutants)
    jobs = min(options.jobs or os.cpu_count() or 1, len(numbers) or 1)
    limit = MUTATION_TIME if options.time is None else options.time
    time = None if math.isinf(limit) else limit
    began = clock.monotonic()
    found: list[MutantResult] = []
    estimated = note is None

    def over() -> bool:
        return time is not None and clock.monotonic() - began >= time

    for outcome in _outcomes(bench, numbers, jobs, over):
        found.append(outcome)
        spent = clock.monotonic() - began
        if note and not estimated and len(found) >= _FIRST_MUTANTS and spent >= _FIRST_SECONDS:
            estimated = True
            text = _estimate([bench.mutants[number] for number in numbers], spent / len(found), time)
            if text:
                note(text)
        share = len(found) / len(numbers)
        progress(
            f"mutant {len(found):,} of {len(numbers):,}", share if not time else max(share, min(spent / time, 1.0))
        )
    asked = len(numbers)
    return MutationReport(
        from_here(path), from_here(bench.book.path), options.seed, options.scenarios, tuple(found), asked, time
    )


def _estimate(chosen: Sequence[Mutant], each: float, time: float | None) -> str | None:
    """A sentence on how long the mutants will take; None where that is within the time limit, or within the default one."""
    whole = each * len(chosen)
    if whole <= (MUTATION_TIME if time is None else time):
        return None
    text = f"{len(chosen):,} mutants take about {_duration(whole)}"
    if time is None:
        return f"{text}; --time {MUTATION_TIME:g} runs as many as {MUTATION_TIME:g} s allow"
    kinds, formulas = len({mutant.kind for mutant in chosen}), len({mutant.formula for mutant in chosen})
    drawn = f"drawn evenly from {kinds} kind{'s' * (kinds > 1)} of edit and {formulas} formula{'s' * (formulas > 1)}"
    return f"{text}; {time:g} s allow about {max(1, round(time / each)):,} of them, {drawn}; --time none runs all"


def _duration(seconds: float) -> str:
    """``2 h 10 min``, ``7 min``, ``40 s``."""
    minutes = round(seconds / 60)
    if minutes >= 60:
        return f"{minutes // 60:,} h {minutes % 60} min"
    return f"{minutes} min" if seconds >= 100 else f"{round(seconds)} s"


def _outcomes(bench: "Bench", numbers: Sequence[int], jobs: int, over: Callable[[], bool]) -> Iterator[MutantResult]:
    """The results of the mutants, in order, until the time is over; at least one."""
    left = (bench.mutants[number] for number in numbers)
    if jobs < 2:
        for done, mutant in enumerate(left):
            if done and over():
                return
            yield bench.outcome(mutant)
        return
    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=bench.arguments) as pool:
        waiting = deque(pool.submit(_outcome, mutant) for mutant in islice(left, 2 * jobs))
        while waiting:
            yield waiting.popleft().result()
            if over():
                for begun in waiting:
                    begun.cancel()
                waiting = deque(takewhile(lambda future: not future.cancelled(), waiting))
            else:
                waiting.extend(pool.submit(_outcome, mutant) for mutant in islice(left, 1))


_bench: "Bench | None" = None  # of a worker process, for all its mutants


def _begin(*arguments: Any) -> None:
    global _bench  # noqa: PLW0603
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the workers at once, without a traceback
    _bench = Bench(*arguments)


def _outcome(mutant: Mutant) -> MutantResult:
    assert _bench is not None  # the initializer has run
    return _bench.outcome(mutant)


class Bench:
    """A spec and its workbook, prepared for running mutants."""

    def __init__(self, spec: Path, workbook: Path | None, options: Options) -> None:
        self.arguments = spec, workbook, options
        self.plan: Spec = read_spec(spec, options)
        self.book: Workbook = read_workbook(workbook or workbook_of(self.plan), options.limits)
        self._options = options
        self._references = References(self.plan, options)
        checks = bind(self.plan, self.book, self._references)
        self.book = prepared(self.plan, self.book, checks, options)
        self.session = OriginalSession(self.book)
        self._engine = _SharedEngine(self.session)
        known: dict[object, Remembered] = {}  # mutants change formulas, so the inputs are the same for many of them
        self.checks = [replace(check, reference=RememberingReference.of(check.reference, known)) for check in checks]

    def end(self) -> None:
        """End the process of the references."""
        self._references.end()

    @cached_property
    def values(self) -> Values:
        """What the original computes on the stored inputs."""
        return self.session.recalculate({}).values_in(0)

    @cached_property
    def mutants(self) -> list[Mutant]:
        """All mutants."""
        checks = [(check.name, check.cells, check.inputs) for check in self.checks]
        return mutants(self.book, QuantityMap(self.book, checks), self.values, seed=self._options.seed)

    def chosen(self, most: int) -> list[int]:
        """The indices of at most ``most`` mutants, in the order of the run."""
        return in_rounds(self.mutants, most, seed=self._options.seed)

    def check_original(self) -> None:
        """Raise UsageError where the workbook does not pass without a fault."""
        report = self._report(self.book)
        if report.verdict is not Verdict.PASS:
            raise UsageError(
                f"{self.book.path}: does not pass as it is ({report.verdict}); run 'xlparity verify {self.plan.path}' "
                "and fix it first"
            )

    def outcome(self, mutant: Mutant) -> MutantResult:
        """The result of the mutant."""
        book = self.book.edited(mutant.contents)
        report = self._report(book)
        cells = mutant.cells(self.book)
        found: list[Finding] = [
            finding for check in report.checks for finding in check.findings if cells.intersection(finding.cells)
        ]
        if report.verdict is Verdict.PASS and not found:
            return self._undetected(mutant, book)
        if not found:
            return MutantResult(mutant, "detected")
        finding = next((each for each in found if each.replacements), found[0])
        restored = False
        replacements = {cell: formula for each in found for cell, formula in each.replacements.items()}
        if replacements:
            restored = self.scenarios.agrees(self.session.like(book.edited(replacements)), _RESTORED_SCENARIOS)
        suggested = finding.code, finding.suggestion
        return MutantResult(mutant, "detected", 0, None, True, restored, *suggested)

    def _undetected(self, mutant: Mutant, book: Workbook) -> MutantResult:
        """The result of a mutant that was not detected: equivalent where there is evidence, otherwise survived."""
        if mutant.kind == "input":  # never equivalent: the workbook has one input less
            return MutantResult(mutant, "survived")
        compared = compare_formulas(self.book, self.session, self.values, mutant, seed=self._options.reseeded().seed)
        if compared.same:
            return MutantResult(mutant, "equivalent", SAMPLES, "formulas")
        if compared.relations != () and self.scenarios.agrees(
            self.session.like(book), cells=mutant.cells(self.book), relations=compared.relations or ()
        ):
            return MutantResult(mutant, "equivalent", self.scenarios.count, "inputs")
        return MutantResult(mutant, "survived")

    def _report(self, book: Workbook) -> Report:
        return assess(self.plan, book, replace(self._options, time=None), engines=[self._engine], checks=self.checks)

    @cached_property
    def scenarios(self) -> MutationScenarios:
        """The scenarios in which mutants are compared with the original."""
        return MutationScenarios(self.checks, self.book, self.session, self.values, self._options.reseeded().seed)


class _SharedEngine:
    """The engine ``formulas`` for workbooks that share nearly all formulas, which are compiled once."""

    name = "formulas"
    version = FormulasEngine.version
    recomputes = True
    most_samples: int | None = None

    def __init__(self, session: FormulasSession) -> None:
        self._session = session

    def load(self, workbook: Workbook) -> FormulasSession:
        """A session of the workbook that shares the compiled formulas of the original."""
        return self._session.like(workbook)
