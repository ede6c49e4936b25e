"""The pipeline: from a spec, its workbook and its references to a report."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import numpy as np

from xlparity.compare.consensus import could_settle
from xlparity.compare.coverage import count_coverage
from xlparity.compare.expected import unwatched
from xlparity.compare.run import Loaded
from xlparity.compare.taken import with_taken
from xlparity.diagnosis.causes import with_causes
from xlparity.engines.protocol import Engine
from xlparity.engines.registry import engines_of
from xlparity.excel.values import serial_number
from xlparity.excel.workbook import Workbook, read_workbook
from xlparity.files import from_here
from xlparity.results.report import Report
from xlparity.scenarios.reach import Watch, with_reach
from xlparity.scenarios.remarks import with_remarks
from xlparity.scenarios.run import EngineRun, reconciled, run_checks
from xlparity.scenarios.sample import sample
from xlparity.scenarios.shrink import with_counterexample
from xlparity.settings import Options
from xlparity.spec import Check, References, Spec, bind, read_spec, workbook_of

Progress: TypeAlias = Callable[[str, float], None]

_ENGINES = 0.95  # the part of the progress that is done when the engines are


def silent(stage: str, done: float) -> None:
    """Progress that is not shown."""


def verify(
    spec: str | Path,
    *,
    workbook: str | Path | None = None,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Report:
    """The report on whether a workbook computes what its reference computes, for every cell and iteration.

    ``spec`` is the path of a spec file; ``workbook`` replaces the workbook that it names, whose path is relative to the spec
    file's folder, while these two are relative to the current folder. ``options`` are those of the run; without any, they
    are the project's, ``[tool.xlparity]`` of the ``pyproject.toml`` nearest to the current folder. ``progress`` is called
    with the stage that begins and the share of the work that is done, 0.0 to 1.0.

    What differs is in the report. Raises an XlparityError where nothing can be compared: UsageError for an engine that is
    unknown or cannot run here, SpecError for the spec, WorkbookError for the workbook, OracleError for the reference.
    """
    progress = progress or silent
    options = Options.of_project() if options is None else options
    progress("reading", 0.0)
    plan = read_spec(Path(spec), options)
    with References(plan, options) as references:  # whose process starts while the workbook is read
        engines = engines_of(options.engines)
        book = read_workbook(workbook_of(plan) if workbook is None else Path(workbook), options.limits)
        return assess(plan, book, options, progress, engines=engines, references=references)


@contextmanager
def _usual_arithmetic() -> Iterator[None]:
    """numpy's default handling of errors; before numpy 2, an errstate as decorator is shared by all threads."""
    with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
        yield


@_usual_arithmetic()
def assess(
    plan: Spec,
    book: Workbook,
    options: Options,
    progress: Progress = silent,
    *,
    engines: Sequence[Engine] | None = None,
    checks: Sequence[Check] | None = None,
    references: References | None = None,
) -> Report:
    """The report on a workbook that is read, on its stored inputs and in scenarios around them.

    It is computed with numpy's default handling of errors, whatever the calling program has set. ``engines`` and
    ``checks``, the plan's bound to the workbook, are given where they exist already, and the workbook is ``prepared``; for
    given checks, no counterexample is searched for. ``references`` are the plan's, where they exist already.
    """
    with_counterexamples = checks is None
    engines = engines_of(options.engines) if engines is None else engines
    if checks is None:
        if references is None:
            with References(plan, options) as own:
                return assess(plan, book, options, progress, engines=engines, references=own)
        checks = bind(plan, book, references)
        book = prepared(plan, book, checks, options)
    runs = [
        _run(
            checks,
            book,
            engine,
            options,
            _part_of(progress, number, len(engines)),
            counterexamples=with_counterexamples,
        )
        for number, engine in enumerate(engines)
    ]
    progress("looking for causes", _ENGINES)
    results = with_causes(book, reconciled(runs), options)
    coverage = count_coverage(book, {r.cell for result in results for r in result.results if r.status != "skipped"})
    paths = from_here(plan.path), from_here(book.path)
    report = Report(*paths, book.digest, tuple(results), coverage, _versions(engines), _digests(plan, checks))
    return replace(report, could_settle=could_settle(book, report, [engine.name for engine in engines]))


def prepared(plan: Spec, book: Workbook, checks: Sequence[Check], options: Options) -> Workbook:
    """The workbook as it is verified: at the spec's clock, in its locale, with values in place of formulas that are inputs."""
    if not options.external:
        book = replace(book, external={})
    book = replace(book, locale=plan.locale)
    if plan.clock is not None:
        book = replace(book, clock=serial_number(plan.clock, date1904=book.date1904))
    return with_taken(book, checks)


def _run(
    checks: Sequence[Check],
    book: Workbook,
    engine: Engine,
    options: Options,
    progress: Progress,
    *,
    counterexamples: bool,
) -> EngineRun:
    """The runs of the checks with one engine: recalculated, compared, and with remarks."""
    progress("compiling", 0.3)
    loaded = Loaded.of(book, engine)
    samples = sample(checks, book, loaded.values, options.scenarios if engine.recomputes else 0, options.seed)
    samples = samples.first(engine.most_samples)
    progress("recalculating", 0.5)
    watch = Watch(checks if counterexamples else ())
    comparing: Callable[[float], None] = lambda done: progress("comparing", 0.5 + 0.5 * done)  # noqa: E731
    watching = watch.watching if counterexamples else unwatched
    runs, samples = run_checks(checks, loaded, samples, options, comparing, watching, directed=True)
    if counterexamples:
        runs = with_reach(runs, watch, options.min_coverage)
        runs = [with_counterexample(run, loaded, samples) for run in runs]
    return EngineRun(loaded, tuple(with_remarks(run, book, samples) for run in runs))


def _part_of(progress: Progress, number: int, count: int) -> Progress:
    return lambda stage, done: progress(stage, _ENGINES * (number + done) / count)


def _digests(plan: Spec, checks: Sequence[Check]) -> dict[str, str]:
    """The SHA-256 digests, by name, of the references, and of the spec where it was a file."""
    found = {check.reference.name: check.reference.digest for check in checks}
    if plan.lines.text:
        found = {from_here(plan.path): hashlib.sha256(plan.lines.text.encode()).hexdigest(), **found}
    return {name: digest for name, digest in found.items() if digest is not None}


def _versions(engines: Sequence[Engine]) -> dict[str, str]:
    ours = {name: _version(name) for name in ("xlparity", "formulas", "scipy", "numpy")}
    return ours | {engine.name: engine.version for engine in engines if engine.recomputes}


@cache
def _version(name: str) -> str:
    """The version of an installed package, looked up among its files once."""
    return version(name)
