"""How good a check is: broken copies of its workbook, of which it should detect every one, name the cell and mend it."""

import os
import random
import signal
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from xlparity.address import Cell
from xlparity.case import Case
from xlparity.columns import Column, Floats, floats_of
from xlparity.containment import LIMIT
from xlparity.engines import Values
from xlparity.engines.formulas import FormulasEngine, FormulasSession
from xlparity.errors import OracleError, UsageError
from xlparity.layout import Layout
from xlparity.mutation.mutants import mutants
from xlparity.mutations import Mutant, MutationReport, Outcome
from xlparity.pipeline import SCENARIOS, Progress, assess, drawn, workbook_of
from xlparity.references import Reference, Trace
from xlparity.report import Finding, Report, Verdict
from xlparity.spec import Spec, bind, read_spec
from xlparity.tolerance import Tolerance
from xlparity.trials import trials_of
from xlparity.values import BLANK
from xlparity.workbook import Workbook, read_workbook
from xlparity.writing import from_here

MOST = 1000
_OTHERS = 1000  # sets of inputs on which an undetected mutant is held against the original
_PROOFS = 200  # sets of inputs on which a mended mutant is held against the original
_SAME = Tolerance(rtol=1e-9, atol=1e-12)
_ROUNDING = 1e-12  # of a quantity's largest value: what is left of a loan after its last payment is rounding, not 0


def mutate(  # noqa: PLR0913  (each is an option of the command as well)
    spec: str | Path,
    *,
    workbook: str | Path | None = None,
    scenarios: int = SCENARIOS,
    seed: int = 0,
    tolerance: Tolerance | None = None,
    reference_timeout: float = LIMIT,
    most: int = MOST,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> MutationReport:
    """Breaks the workbook in one place at a time and verifies each copy with its spec, as ``verify`` does.

    ``tolerance`` is that of quantities to which the spec gives none, ``reference_timeout`` how many seconds a call may take.
    At most so many mutants are tried, drawn from all with the ``seed``, by as many ``jobs`` as the machine has processors.
    Raises UsageError where the workbook does not pass as it is, and what ``verify`` raises.
    """
    say = progress or (lambda stage, done: None)
    path, book = Path(spec), None if workbook is None else Path(workbook)
    bench = Bench(path, book, scenarios, seed, tolerance or Tolerance(), reference_timeout)
    bench.check_original()
    numbers = bench.chosen(most)
    jobs = min(jobs or os.cpu_count() or 1, len(numbers) or 1)
    found: list[Outcome] = []
    for outcome in _outcomes(bench, numbers, jobs):
        found.append(outcome)
        say("breaking the workbook", len(found) / len(numbers))
    return MutationReport(from_here(path), from_here(bench.book.path), seed, scenarios, tuple(found))


def _outcomes(bench: "Bench", numbers: Sequence[int], jobs: int) -> Iterator[Outcome]:
    if jobs < 2:
        yield from map(bench.outcome, numbers)
        return
    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=bench.arguments) as pool:
        yield from pool.map(_outcome, numbers, chunksize=4)


_bench: "Bench | None" = None  # of a worker process, which has one for all its mutants


def _begin(*arguments: Any) -> None:
    global _bench  # noqa: PLW0603
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends every process, these at once and without a traceback
    _bench = Bench(*arguments)


def _outcome(number: int) -> Outcome:
    assert _bench is not None  # the initializer has run
    return _bench.outcome(number)


class Bench:
    """A spec and its workbook, ready to have mutants tried on them."""

    def __init__(
        self, spec: Path, workbook: Path | None, scenarios: int, seed: int, tolerance: Tolerance, limit: float
    ) -> None:
        self.arguments = spec, workbook, scenarios, seed, tolerance, limit
        self.plan: Spec = read_spec(spec, tolerance)
        self.book: Workbook = read_workbook(workbook or workbook_of(self.plan))
        self._scenarios, self._seed = scenarios, seed
        self._session = FormulasEngine().load(self.book)
        self._engine = _Kin(self._session)
        trials = trials_of(self.plan, bind(self.plan, self.book), limit)
        references = {trial.reference.name: trial.reference for trial in trials}
        remembering = {
            name: _Remembering(name, of.function, of.digest, of.containment, of.patience)
            for name, of in references.items()
        }
        self._trials = [replace(trial, reference=remembering[trial.reference.name]) for trial in trials]

    @cached_property
    def values(self) -> Values:
        """What the original computes on the stored inputs."""
        return self._session.recalculate({})

    @cached_property
    def mutants(self) -> list[Mutant]:
        """All that there are."""
        checks = [(trial.bound.check.name, trial.bound.cells, trial.bound.inputs) for trial in self._trials]
        return mutants(self.book, Layout(self.book, checks), self.values, seed=self._seed)

    def chosen(self, most: int) -> list[int]:
        """The numbers of so many mutants at most, in order."""
        numbers = range(len(self.mutants))
        return sorted(random.Random(self._seed).sample(numbers, most)) if most < len(numbers) else list(numbers)

    def check_original(self) -> None:
        """Raises UsageError where the workbook does not pass before it is broken."""
        report = self._report(self.book)
        if report.verdict is not Verdict.PASS:
            raise UsageError(
                f"{self.book.path}: does not pass as it is ({report.verdict}); run 'xlparity verify {self.plan.path}' "
                "and mend it first"
            )

    def outcome(self, number: int) -> Outcome:
        """What becomes of the mutant of that number."""
        mutant = self.mutants[number]
        book = self.book.edited(mutant.contents)
        report = self._report(book)
        cells = mutant.cells(self.book)
        found: list[Finding] = [
            finding for check in report.checks for finding in check.findings if cells.intersection(finding.cells)
        ]
        if report.verdict is Verdict.PASS and not found:
            same = mutant.kind != "input" and self._agrees(self._session.like(book), _OTHERS)
            return Outcome(mutant, "equivalent" if same else "survived", _OTHERS)
        if not found:
            return Outcome(mutant, "detected")
        finding = next((each for each in found if each.mends), found[0])
        restored = False
        mends = {cell: formula for each in found for cell, formula in each.mends.items()}
        if mends:
            restored = self._agrees(self._session.like(book.edited(mends)), _PROOFS)
        return Outcome(mutant, "detected", 0, True, restored, finding.code, finding.suggestion)

    def _report(self, book: Workbook) -> Report:
        return assess(self.plan, book, [self._engine], trials=self._trials, scenarios=self._scenarios, seed=self._seed)

    def _agrees(self, session: FormulasSession, sets: int) -> bool:
        """Whether every bound cell comes to what it comes to in the original, on so many sets of inputs not seen before."""
        count = self._others[sets][0]
        columns = session.sweep(*self._others[sets])
        return all(
            _alike(one, np.array([floats_of(columns.get(cell, BLANK), count) for cell in cells]))
            for cells, one in self._originals[sets]
        )

    @cached_property
    def _others(self) -> dict[int, tuple[int, dict[Cell, Column]]]:
        found: dict[int, tuple[int, dict[Cell, Column]]] = {}
        for sets in (_PROOFS, _OTHERS):
            others = drawn(self._trials, self.book, self.values, count=sets, seed=self._seed + 1)
            found[sets] = others.count, others.columns(range(others.count))
        return found

    @cached_property
    def _originals(self) -> dict[int, list[tuple[list[Cell], Floats]]]:
        """By number of sets, the cells of each quantity and what they come to in the original, (cells, sets)."""
        quantities: dict[tuple[str, str], list[Cell]] = {}
        for trial in self._trials:
            for binding in trial.grid.bindings:
                quantities.setdefault((trial.bound.check.name, binding.output.name), []).append(binding.cell)
        found: dict[int, list[tuple[list[Cell], Floats]]] = {}
        for sets, (count, columns) in self._others.items():
            swept = self._session.sweep(count, columns)
            found[sets] = [
                (cells, np.array([floats_of(swept.get(cell, BLANK), count) for cell in cells]))
                for cells in quantities.values()
            ]
        return found


def _alike(one: Floats, other: Floats) -> bool:
    """Whether a quantity's cells, (cells, sets), come to what they come to in the original, but for rounding."""
    largest = np.fmax.reduce(np.abs(one), axis=0)
    with np.errstate(all="ignore"):
        slack = _SAME.atol + np.where(np.isfinite(largest), _ROUNDING * largest, 0.0)
        near = np.abs(one - other) <= slack + _SAME.rtol * np.abs(one)
    # Where the original is no number, as at the edges of what can be computed, nothing is asked.
    return bool((near | np.isnan(one)).all())


class _Kin:
    """The engine ``formulas`` for workbooks that have nearly all formulas in common, compiled once."""

    name = "formulas"
    version = FormulasEngine.version
    recomputes = True

    def __init__(self, session: FormulasSession) -> None:
        self._session = session

    def load(self, workbook: Workbook) -> FormulasSession:
        """The workbook, with the programs of the original."""
        return self._session.like(workbook)


@dataclass(frozen=True)
class _Remembering(Reference):
    """A reference that is called once with the same inputs, since what mutants change are formulas."""

    known: dict[object, Trace | OracleError] = field(default_factory=dict, compare=False)

    def trace(
        self, case: Case, iterations: int | None, wanted: Iterable[str], *, quiet: bool = False, partial: bool = False
    ) -> Trace:
        """As the reference itself has it."""
        wanted = tuple(wanted)
        inputs = [(name, np.shape(value), np.asarray(value).tobytes()) for name, value in sorted(case.inputs.items())]
        key = iterations, wanted, partial, *inputs
        if key not in self.known:
            try:
                self.known[key] = Reference.trace(self, case, iterations, wanted, quiet=quiet, partial=partial)
            except OracleError as error:
                self.known[key] = error
        found = self.known[key]
        if isinstance(found, OracleError):
            raise found
        return found
