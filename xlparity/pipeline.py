"""The pipeline on one screen: a spec, its workbook and its reference in, a report out."""

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from xlparity.compare.consensus import DISPUTED, credited, outcomes_of, reconcile
from xlparity.compare.coverage import constants_behind, take_census
from xlparity.compare.evidence import Evidence
from xlparity.compare.trials import Stored, Trial, trials_of
from xlparity.diagnosis.diagnose import diagnose
from xlparity.diagnosis.facts import addresses
from xlparity.diagnosis.localise import Judged, amiss
from xlparity.engines import Engine, Session, SweepSession, Values, find_engine, others_than
from xlparity.engines.survey import refused_by_all
from xlparity.errors import nearest
from xlparity.excel.address import Cell, Range
from xlparity.excel.columns import value_in
from xlparity.excel.values import BLANK, Unsupported, Value
from xlparity.excel.workbook import Formula, Workbook, read_workbook
from xlparity.files import from_here
from xlparity.results.report import (
    NO_NUMBER,
    OF_INPUTS,
    UNEXPLAINED,
    UNKNOWN,
    UNSUPPORTED,
    WRONG,
    WRONG_FORMULA,
    CheckResult,
    Report,
)
from xlparity.results.scenarios import Scenarios
from xlparity.scenarios.overflow import Overflows
from xlparity.scenarios.running import on_others, on_stored
from xlparity.scenarios.sample import Drawn, draw
from xlparity.scenarios.shrink import shrink
from xlparity.spec import Spec, bind, read_spec
from xlparity.spec.binding import Input, Offset, irregular
from xlparity.spec.containment import LIMIT
from xlparity.tolerance import Tolerance

if TYPE_CHECKING:
    from xlparity.engines.evaluator import FormulasSession

Progress: TypeAlias = Callable[[str, float], None]

Behind: TypeAlias = Callable[[Cell], Sequence[Cell]]

ENGINE = "formulas"
SCENARIOS = 100
_ONE_AT_A_TIME = 8
_PROOFS = 50
_TO_SHRINK = 400


def verify(  # noqa: PLR0913  (each is an option of the command as well)
    spec: str | Path,
    *,
    workbook: str | Path | None = None,
    engine: str | Sequence[str] = ENGINE,
    rtol: float | None = None,
    atol: float | None = None,
    tolerance: Tolerance | None = None,
    scenarios: int = SCENARIOS,
    seed: int = 0,
    reference_timeout: float = LIMIT,
    progress: Progress | None = None,
) -> Report:
    """Whether the workbook computes what the reference computes, cell by cell and iteration by iteration.

    ``spec`` is the path of a spec file; ``workbook`` stands in for the workbook that it names, ``rtol`` and ``atol`` for
    every tolerance in it, and ``tolerance`` is that of quantities to which it gives none. Of several engines, one that
    stands alone against the others and the reference is found wrong itself. Other inputs, as many sets of them as there
    are ``scenarios``, are drawn from ``seed``; without any, a formula may be dead. One call of the reference may take
    ``reference_timeout`` seconds. ``progress`` is called with the stage that begins and the share of the work that is done.
    Raises an XlparityError where the spec, the workbook or the reference is unusable.
    """
    say = progress or (lambda stage, done: None)
    say("reading", 0.0)
    plan = _with_tolerance(read_spec(Path(spec), tolerance or Tolerance()), rtol, atol)
    machines = machines_of(engine)
    book = read_workbook(workbook_of(plan) if workbook is None else Path(workbook))
    return assess(plan, book, machines, say, scenarios=scenarios, seed=seed, reference_timeout=reference_timeout)


@np.errstate(divide="warn", over="warn", under="ignore", invalid="warn")
def assess(  # noqa: PLR0913  (most are options of the command as well)
    plan: Spec,
    book: Workbook,
    machines: Sequence[Engine],
    say: Progress = lambda stage, done: None,
    *,
    trials: Sequence[Trial] | None = None,
    scenarios: int = SCENARIOS,
    seed: int = 0,
    reference_timeout: float = LIMIT,
    witness: bool = True,
) -> Report:
    """The report on a workbook that is read: on its stored inputs, and on so many others drawn around them.

    It is computed with numpy's usual handling of errors, whatever the program that calls this has set.
    ``trials`` are the plan's checks where somebody has bound them to the workbook already. Without a ``witness``, no smallest
    change of inputs is looked for that makes a cell wrong.
    """
    trials = trials_of(plan, bind(plan, book), reference_timeout) if trials is None else trials
    opinions: list[list[tuple[CheckResult, Evidence]]] = []
    sessions: list[tuple[Session, Values]] = []
    for number, machine in enumerate(machines):
        part = _part_of(say, number, len(machines))
        found, session, values = _opinion(trials, book, machine, part, scenarios, seed, witness)
        opinions.append(found)
        sessions.append((session, values))
    reconciled = [reconcile([check for check, _ in by_engine]) for by_engine in zip(*opinions, strict=True)]
    evidence = [[of for _, of in by_engine] for by_engine in zip(*opinions, strict=True)]
    say("looking for causes", 0.95)
    diagnosed = _with_causes(book, trials, reconciled, evidence, machines, sessions, scenarios, seed)
    checks = tuple(check for by_engine in diagnosed for check in by_engine)
    looked_at = {r.cell for check in checks for r in check.results if r.status != "skipped"}
    census = take_census(book, looked_at)
    report = Report(
        from_here(plan.path),
        from_here(book.path),
        book.digest,
        checks,
        census,
        _versions(machines),
        _digests(plan, trials),
    )
    return replace(report, could_settle=_could_settle(book, report, machines))


def _could_settle(book: Workbook, report: Report, machines: Sequence[Engine]) -> tuple[str, ...]:
    """The engines that can run here, were not asked, and may compute what is unsupported.

    What engines contradict each other about is not unsupported for want of one that knows the formula.
    """
    disputed = {
        cell for check in report.checks for found in check.findings if found.code == "XP307" for cell in found.cells
    }
    unsupported: set[Cell] = set()
    for check in report.combined:
        if check.recomputed:
            unsupported |= {result.cell for result in check.results if result.status == "unsupported"}
            if check.counts["missing"]:  # which an input may be the reason for
                unread = (found for found in check.findings if found.code == UNSUPPORTED and not found.iterations)
                unsupported |= {cell for found in unread for cell in found.cells}
    unsupported -= disputed
    others = others_than([machine.name for machine in machines]) if unsupported else ()
    if not others or unsupported <= refused_by_all(book):
        return ()
    if ENGINE in others:  # it is quick to ask
        values = find_engine(ENGINE).load(book).recalculate({})
        if all(isinstance(values.get(cell, BLANK), Unsupported) for cell in unsupported):
            others = tuple(name for name in others if name != ENGINE)
    return others


def _with_causes(
    book: Workbook,
    trials: Sequence[Trial],
    found: Sequence[Sequence[CheckResult]],
    evidence: Sequence[Sequence[Evidence]],
    machines: Sequence[Engine],
    sessions: Sequence[tuple[Session, Values]],
    scenarios: int,
    seed: int,
) -> list[list[CheckResult]]:
    """The results, by check and engine, with the causes of what is wrong: each finding once, with the first engine that has it.

    Whoever found a cell wrong, its formula is judged by ``formulas``, which can do so on the reference's values.
    ``sessions`` are the engines', each with what it computed on the stored inputs.
    """
    from xlparity.engines.evaluator import FormulasSession  # noqa: PLC0415  (a second, which a user of another engine may save)

    session = next((one for one, _ in sessions if isinstance(one, FormulasSession)), None)
    overflows = [_overflows(trial) for trial in trials]
    results = [list(by_engine) for by_engine in found]
    outcomes = [outcomes_of(by_engine) for by_engine in found]
    known: set[tuple[object, ...]] = set()
    told: set[Cell] = set()
    for engine, (own, values) in enumerate(sessions):
        judged = [
            Judged(
                trial.bound.check.name,
                trial.bound.cells,
                trial.bound.inputs,
                by_engine[engine].results,
                of[engine],
                values,
                isinstance(own, FormulasSession),
                leaves_range,
                frozenset(
                    cell for finding in by_engine[engine].findings if finding.code in DISPUTED for cell in finding.cells
                ),
            )
            for trial, by_engine, of, leaves_range in zip(trials, results, evidence, overflows, strict=True)
        ]
        # What an engine before has found wrong is told; what this one cannot compute, says so itself.
        status = {
            one.evidence.bindings[index].cell: one.results[index].status for one in judged for index in amiss(one)
        }
        wrong_cells = {cell for cell, each in status.items() if each not in UNKNOWN}
        before = told.copy()
        told |= wrong_cells
        if (wrong_cells if engine else status.keys()) <= before:
            continue
        session = session or FormulasSession(book)
        prove = functools.partial(_proof, trials, session, max(scenarios, _PROOFS), seed + 1)
        explained = {
            cell
            for by_engine in results
            for finding in by_engine[engine].findings
            if finding.code in (*OF_INPUTS, "XP204")
            for cell in finding.cells
        }
        recheck = functools.partial(_rechecked, trials, book, machines[engine], scenarios, seed + 1)
        another = machines[engine].recomputes and not isinstance(own, FormulasSession)
        causes = diagnose(book, judged, session, prove, explained, recheck if another else None)
        for by_engine, judgements in zip(results, outcomes, strict=True):
            check = by_engine[engine]
            settled = {cell for finding in check.findings for cell in finding.cells}
            fresh = [
                cause
                for cause in causes[check.name]
                if (check.name, cause.code, cause.cells) not in known
                and not before.issuperset(cause.cells)
                and not (cause.code in (UNEXPLAINED, UNSUPPORTED) and settled.issuperset(cause.cells))
            ]
            known |= {(check.name, cause.code, cause.cells) for cause in fresh}
            told.update(cell for cause in fresh if cause.code in WRONG_FORMULA for cell in cause.cells)
            fresh = credited(fresh, engine, by_engine, judgements)
            by_engine[engine] = replace(check, findings=(*check.findings, *fresh))
    return results


def _rechecked(
    trials: Sequence[Trial],
    book: Workbook,
    machine: Engine,
    scenarios: int,
    seed: int,
    formulas: Mapping[Cell, Formula],
) -> list[Evidence]:
    """The evidence of every check as this engine has it, on the workbook with these formulas and on new inputs."""
    edited = book.edited(formulas)
    found, _, _ = _opinion(trials, edited, machine, lambda stage, done: None, scenarios, seed, witness=False)
    return [evidence for _, evidence in found]


def _overflows(trial: Trial) -> Callable[[Evidence, int], bool]:
    """Whether the check's reference leaves the range of numbers on the way, in the set of that number of some evidence."""

    @functools.cache
    def asked(numbers: tuple[Value, ...]) -> bool:
        case = next(trial.cases(dict(zip(cells, numbers, strict=True)), 1))
        return case is not None and trial.reference.overflows(case, trial.iterations, trial.own)

    def leaves_range(evidence: Evidence, number: int) -> bool:
        _, answers = known.setdefault(id(evidence), (evidence, {}))  # which is kept, and its id with it
        if number not in answers:  # a thousand cells ask about one set of a thousand inputs
            answers[number] = asked(tuple(value_in(evidence.inputs[cell], number) for cell in cells))
        return answers[number]

    cells = [cell for given in trial.bound.inputs for cell in given.at.cells()]
    known: dict[int, tuple[Evidence, dict[int, bool]]] = {}
    return leaves_range


def _proof(
    trials: Sequence[Trial], session: "FormulasSession", scenarios: int, seed: int, book: Workbook
) -> list[Evidence]:
    """The evidence of every check on another workbook and other inputs; ``session`` is that of one much like it."""
    from xlparity.engines.evaluator import FormulasEngine  # noqa: PLC0415

    session = session.like(book)
    values = session.recalculate({})
    stored = [trial.on_stored(book, values, FormulasEngine(), seed) for trial in trials]
    others = drawn(trials, book, values, count=scenarios, seed=seed)
    behind = functools.cache(functools.partial(constants_behind, book))
    overflows = Overflows(book)
    found = on_others(trials, stored, values, session, others, behind, overflows, seed=seed, say=lambda done: None)
    return [evidence for _, evidence in found]


def _part_of(say: Progress, number: int, count: int) -> Progress:
    return lambda stage, done: say(stage, (number + done) / count)


def _opinion(
    trials: Sequence[Trial], book: Workbook, machine: Engine, say: Progress, scenarios: int, seed: int, witness: bool
) -> tuple[list[tuple[CheckResult, Evidence]], Session, Values]:
    """Every check's result as one engine has it, with the evidence on which it rests; the engine's session and its values."""
    for trial in trials:
        trial.reference.patience.failed.clear()  # what it did in other runs, on other inputs, is not for this one
    say("compiling", 0.3)
    session = machine.load(book)
    say("recalculating", 0.5)
    values = session.recalculate({})
    say("comparing", 0.6)
    stored = [trial.on_stored(book, values, machine, seed) for trial in trials]
    behind = functools.cache(functools.partial(constants_behind, book))
    if not machine.recomputes or not scenarios:  # what is only stored cannot tell what other inputs would come to
        asked = 0 if machine.recomputes else None
        facts = [
            trial.with_constants(replace(one.result, scenarios=Scenarios(seed, asked=asked)))
            for trial, one in zip(trials, stored, strict=True)
        ]
        return (
            [
                (_with_notes(trial, result, None, behind), on_stored(trial, one, values))
                for trial, result, one in zip(trials, facts, stored, strict=True)
            ],
            session,
            values,
        )
    say("trying other inputs", 0.7)
    others = drawn(trials, book, values, count=scenarios, seed=seed)
    overflows = Overflows(book)
    tried = others if isinstance(session, SweepSession) else others.first(_ONE_AT_A_TIME)
    found = on_others(
        trials,
        stored,
        values,
        session,
        tried,
        behind,
        overflows,
        seed=seed,
        say=lambda done: say("trying other inputs", 0.7 + 0.3 * min(done, 1.0)),
    )
    moved = tried.changed(values)
    opinions: list[tuple[CheckResult, Evidence]] = []
    for trial, one, (shown, evidence) in zip(trials, stored, found, strict=True):
        patience = trial.reference.patience
        failures = tuple(patience.failed.values())
        summary = replace(shown, asked=scenarios, unfinished=patience.exhausted, failures=failures)
        result = one.result.with_scenarios(summary)
        result = trial.with_constants(result)
        if witness:
            result = _with_witness(trial, one, result, values, session, tried, behind, overflows)
        opinions.append((_with_notes(trial, result, moved, behind), evidence))
    return opinions, session, values


def drawn(
    trials: Sequence[Trial],
    book: Workbook,
    values: Values,
    *,
    count: int,
    seed: int,
    more: Sequence[Input[Range]] = (),
) -> Drawn:
    """Other inputs than the stored ``values``, so many sets for all checks together; ``more`` are varied beside theirs."""
    inputs = [(given, trial.bound.cells.offsets) for trial in trials for given in trial.bound.inputs]
    inputs += [(given, (Offset(0, 0),)) for given in more]
    # What one check computes may be another one's input, and is not to be set.
    compared = {
        binding.cell
        for trial in trials
        for binding in trial.grid.bindings
        if binding.output.skip is None and binding.cell not in trial.bound.cells.accepted
    }
    free = {cell: value for cell, value in values.items() if cell not in compared}
    behind = functools.cache(functools.partial(constants_behind, book))
    return draw(inputs, free, behind, count=count, seed=seed)


def _with_witness(
    trial: Trial,
    stored: Stored,
    result: CheckResult,
    values: Values,
    session: Session,
    drawn: Drawn,
    behind: Behind,
    overflows: Overflows,
) -> CheckResult:
    """The result with the smallest change that fails, where all that is compared agrees on the stored inputs."""
    wrong = [found.cell for found in result.only_stored]
    if not wrong or any(result.counts[status] for status in WRONG):
        return result
    since = dict(zip(result.scenarios.cells, result.scenarios.since, strict=True))
    failing = min(since[cell] for cell in wrong)
    own = {root for cell in trial.named for root in behind(cell)}
    smallest = shrink(
        trial,
        stored,
        values,
        session,
        sorted(drawn.elements, key=lambda element: element.cells[0] not in own),
        overflows,
        failing=failing,
        wrong=[cell for cell in wrong if since[cell] == failing],
        seed=result.scenarios.seed,
        most=_TO_SHRINK if isinstance(session, SweepSession) else 2 * _ONE_AT_A_TIME,
    )
    return replace(result, scenarios=replace(result.scenarios, smallest=smallest))


def _with_notes(trial: Trial, result: CheckResult, moved: Set[Cell] | None, behind: Behind) -> CheckResult:
    """The result with its remarks; ``moved`` are the constants that any scenario set, None where there are none."""
    offsets, tried = trial.bound.cells.offsets, result.scenarios
    notes = [
        f"block {number} stands at another distance from the one before it than the others"
        for number in irregular(offsets)
    ]
    if not result.recomputed:
        notes.append("these are the values that the file stores; nothing was recomputed, and no other inputs tried")
    elif moved is None:
        notes.append("no other inputs were tried: whether the formulas are live is not shown")
    else:
        for given in trial.bound.inputs:
            if given.name in tried.kept and not any(
                found.code in (NO_NUMBER, UNSUPPORTED) for found in result.findings
            ):
                notes.append(_kept(given, tried.kept[given.name], moved))
            elif not given.vary and moved.isdisjoint(
                root for places in given.places(offsets) for root in behind(places[0])
            ):
                notes.append(
                    f"input '{given.name}' kept its stored value throughout: the spec says that it does not vary"
                )
        if tried.asked is not None and _ONE_AT_A_TIME == tried.tried < tried.asked:
            said = f"{tried.tried} of the {tried.asked:,} scenarios were tried, since {result.engine} computes them one at a time"
            notes.append(said)
    notes += [f"the reference {said}: left out" for said in trial.reference.patience.hung.values()]
    if tried.failures:
        more = f", and fails in {len(tried.failures) - 1:,} more scenarios" if len(tried.failures) > 1 else ""
        notes.append(f"the reference has a fault: {tried.failures[0]}{more}")
    if tried.unfinished:
        notes.append("the reference was not called again after these, and nothing more could be compared")
    if tried.shaky:
        said = f"in {tried.shaky:,} of {tried.run:,} scenarios, some cells are neither right nor wrong"
        why = (
            "rounding or an overflow may be all that is between them, or they can be computed for inputs close by only"
        )
        notes.append(f"{said}: {why}")
    for reason, found in result.by_reason("match").items():
        more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
        notes.append(f"{found[0].cell}{more} matches, and need not be accepted any longer: {reason}")
    return replace(result, notes=(*result.notes, *notes))


def _kept(given: Input[Range], cells: Sequence[Cell], moved: Set[Cell]) -> str:
    """The remark on an input that nothing shows the formulas to follow."""
    unseen = "so nothing shows that the formulas follow it"
    if not moved.isdisjoint(cells):
        said = f"the reference is undefined for every other value drawn for input '{given.name}' ({given.at})"
        return f"{said}, {unseen}; write the values for which it is defined as low and high, or as choices"
    at = given.at if len(cells) == given.at.size else addresses(cells)
    said = f"input '{given.name}' ({at}) kept its stored value in every scenario, {unseen}"
    return f"{said}; type a number into its cells, widen its range, or write vary = false if it is never to change"


def machines_of(engine: str | Sequence[str]) -> list[Engine]:
    """The engines of these names, each once; raises UsageError where there is no such engine, or it cannot run here."""
    return [find_engine(name) for name in ([engine] if isinstance(engine, str) else dict.fromkeys(engine))]


def workbook_of(plan: Spec) -> Path:
    """The workbook that the spec names; raises SpecError where there is no such file."""
    path = plan.workbook
    if not path.is_file():
        there = [beside.name for beside in path.parent.glob("[!~]*.xls?")] if path.parent.is_dir() else []
        raise plan.error("workbook", f"{path} cannot be read: there is no such file{nearest(path.name, there)}", "")
    return path


def _with_tolerance(spec: Spec, rtol: float | None, atol: float | None) -> Spec:
    def own(given: Tolerance) -> Tolerance:
        return Tolerance(given.rtol if rtol is None else rtol, given.atol if atol is None else atol)

    checks = tuple(
        replace(check, outputs=tuple(replace(output, tolerance=own(output.tolerance)) for output in check.outputs))
        for check in spec.checks
    )
    return replace(spec, checks=checks)


def _digests(plan: Spec, trials: Sequence[Trial]) -> dict[str, str]:
    """The SHA-256 of what the workbook was held against, by name: of the spec, where it was a file, and of the references."""
    found = {trial.reference.name: trial.reference.digest for trial in trials}
    if plan.lines.text:
        found = {from_here(plan.path): hashlib.sha256(plan.lines.text.encode()).hexdigest(), **found}
    return {name: digest for name, digest in found.items() if digest is not None}


def _versions(machines: Sequence[Engine]) -> dict[str, str]:
    ours = {name: version(name) for name in ("xlparity", "formulas", "scipy", "numpy")}
    return ours | {machine.name: machine.version for machine in machines if machine.recomputes}
