"""Root causes across engines: each cause is reported once, with the engines that find its cells wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from xlparity.compare.consensus import judgements_of, with_engines
from xlparity.compare.run import Loaded, Run
from xlparity.diagnosis.diagnose import Causes, diagnose
from xlparity.diagnosis.localise import consequences, failing
from xlparity.excel.address import Cell
from xlparity.excel.workbook import Formula, Workbook
from xlparity.results.report import UNKNOWN, CheckResult
from xlparity.results.rules import OF_INPUTS, OF_SHAPE, UNEXPLAINED, UNSUPPORTED, WRONG_FORMULA
from xlparity.scenarios.run import EngineRun, run_checks
from xlparity.scenarios.sample import sample
from xlparity.settings import CAUSES_TIME, Options

if TYPE_CHECKING:
    from xlparity.engines.evaluator.session import FormulasSession

_PROOFS = 30  # scenarios on which suggestions are compared


def with_causes(book: Workbook, by_engine: Sequence[EngineRun], options: Options) -> list[CheckResult]:
    """The results of all engines, check by check, with the causes of what is wrong in each.

    A cause is reported with the first engine that finds it. Whichever engine found a cell wrong, its formula is evaluated by
    ``formulas``, which alone can evaluate it on the reference's values.
    """
    from xlparity.engines.evaluator.session import FormulasSession  # noqa: PLC0415  (takes a second, and is not always needed)

    sessions = (one.loaded.session for one in by_engine)
    session = next((one for one in sessions if isinstance(one, FormulasSession)), None)
    results = [
        list(of_check) for of_check in zip(*([run.result for run in one.runs] for one in by_engine), strict=True)
    ]
    of_checks = [judgements_of(of_check) for of_check in results]
    known: set[tuple[object, ...]] = set()
    reported: set[Cell] = set()
    for number, one in enumerate(by_engine):
        # What an earlier engine found wrong is reported already; what this one cannot compute has a finding of its own.
        status = {run.bindings[index].cell: run.results[index].status for run in one.runs for index in failing(run)}
        wrong = {cell for cell, each in status.items() if each not in UNKNOWN}
        before = reported.copy()
        reported |= wrong
        if (wrong if number else status.keys()) <= before:
            continue
        session = session or FormulasSession(book)
        causes = _causes(book, one, session, options)
        for of_check, judgements in zip(results, of_checks, strict=True):
            check = of_check[number]
            settled = {cell for finding in check.findings for cell in finding.cells}
            fresh = [
                cause
                for cause in causes[check.name].findings
                if (check.name, cause.code, cause.cells) not in known
                and not before.issuperset(cause.cells)
                and not (cause.code in (UNEXPLAINED, UNSUPPORTED) and settled.issuperset(cause.cells))
            ]
            known |= {(check.name, cause.code, cause.cells) for cause in fresh}
            reported.update(cell for cause in fresh if cause.code in WRONG_FORMULA for cell in cause.cells)
            fresh = with_engines(fresh, number, of_check, judgements)
            shown = [
                replace(found, affects=consequences(book, one.runs, found.cells)) if found.code in OF_SHAPE else found
                for found in check.findings
            ]
            notes = (*check.notes, *causes[check.name].notes)
            origins = {**causes[check.name].origins, **check.origins}
            of_check[number] = replace(check, findings=(*shown, *fresh), notes=notes, origins=origins)
    return [result for of_check in results for result in of_check]


def _causes(book: Workbook, one: EngineRun, session: "FormulasSession", options: Options) -> Mapping[str, Causes]:
    """The causes of what one engine finds wrong, by the name of the check."""
    checks = [run.check for run in one.runs]
    explained = {
        cell
        for run in one.runs
        for finding in run.result.findings
        if finding.code in (*OF_INPUTS, "XP204")
        for cell in finding.cells
    }
    fresh = options.reseeded()

    def prove(edited: Workbook, *, whole: bool) -> list[Run | None]:
        """The runs of the checks on the workbook with the suggestions, on new inputs that the search has not used.

        Those that reach the branches of the suggestions are among them. A check that depends on no suggestion is not run,
        unless all are as a ``whole``.
        """
        from xlparity.engines.formulas import FormulasEngine  # noqa: PLC0415

        enough = replace(fresh, scenarios=_PROOFS)
        loaded = Loaded.of(edited, FormulasEngine(), session.like(edited))
        samples = sample(checks, edited, loaded.values, enough.scenarios, enough.seed)
        changed = {cell for cell, held in edited.cells.items() if held != book.cells.get(cell)}
        after = {*changed, *book.graph.after(map(edited.filled, changed))}  # what reads them now is changed itself
        concerned = {
            check.name: whole
            or any(edited.members.get(binding.cell, binding.cell) in after for binding in check.cells.bindings)
            for check in checks
        }
        asked = [check for check in checks if concerned[check.name]]
        found = iter(run_checks(asked, loaded, samples, enough, directed=True, among=changed)[0])
        return [next(found) if each else None for each in concerned.values()]

    def recheck(formulas: Mapping[Cell, Formula]) -> list[Run]:
        """The runs of the checks by the same engine, on the workbook with these formulas and on new inputs."""
        engine = one.loaded.engine
        loaded = Loaded.of(book.edited(formulas), engine)
        samples = sample(checks, loaded.book, loaded.values, options.scenarios, fresh.seed).first(engine.most_samples)
        return run_checks(checks, loaded, samples, fresh)[0]

    another = one.loaded.engine.recomputes and not all(run.own for run in one.runs)
    rechecked: Callable[[Mapping[Cell, Formula]], Sequence[Run]] | None = recheck if another else None
    return diagnose(
        book, one.runs, session, prove, explained, rechecked, CAUSES_TIME if options.time is None else options.time
    )
