"""The pipeline on one screen: a spec, its workbook and its reference in, a report out."""

import functools
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import numpy as np

import xlparity
from xlparity.address import Cell, Range
from xlparity.binding import Input, irregular
from xlparity.case import Array, Case
from xlparity.census import constants_behind, take_census
from xlparity.compare import compare, disagreements, typed_copies, unequal_copies
from xlparity.engines import Engine, Values, find_engine, recalculate_each
from xlparity.errors import OracleError, nearest
from xlparity.opinions import reconcile
from xlparity.references import Reference, Trace, find_reference
from xlparity.report import CheckResult, Report, Scenarios
from xlparity.scenarios import draw
from xlparity.spec import Bound, Check, Spec, bind, read_spec
from xlparity.tolerance import Tolerance
from xlparity.values import BLANK
from xlparity.workbook import Workbook, read_workbook

Progress: TypeAlias = Callable[[str, float], None]

_SCENARIOS, _SEED = 8, 0


def verify(
    spec: str | Path,
    *,
    workbook: str | Path | None = None,
    engine: str | Sequence[str] = "formulas",
    rtol: float | None = None,
    atol: float | None = None,
    progress: Progress | None = None,
) -> Report:
    """Whether the workbook computes what the reference computes, cell by cell and iteration by iteration.

    ``spec`` is the path of a spec file; ``workbook`` stands in for the workbook that it names, ``rtol`` and ``atol`` for
    every tolerance in it. Of several engines, one that stands alone against the others and the reference is found wrong
    itself. ``progress`` is called with the stage that begins and the share of the work that is done.
    Raises an XlparityError where the spec, the workbook or the reference is unusable.
    """
    say = progress or (lambda stage, done: None)
    say("reading", 0.0)
    plan = _with_tolerance(read_spec(Path(spec)), rtol, atol)
    machines = [find_engine(name) for name in ([engine] if isinstance(engine, str) else dict.fromkeys(engine))]
    book = read_workbook(_workbook_of(plan) if workbook is None else Path(workbook))
    return assess(plan, book, machines, say)


def assess(plan: Spec, book: Workbook, machines: Sequence[Engine], say: Progress = lambda stage, done: None) -> Report:
    """The report on a workbook that is read: on its stored inputs, and on others drawn around them."""
    trials = [_Trial(plan, bound, _reference(plan, bound.check)) for bound in bind(plan, book)]
    opinions: list[list[CheckResult]] = []
    for number, machine in enumerate(machines):
        opinions.append(_opinion(trials, book, machine, _part_of(say, number, len(machines))))
    checks = tuple(check for found in zip(*opinions, strict=True) for check in reconcile(found))
    looked_at = {r.cell for check in checks for r in check.results if r.status != "skipped"}
    census = take_census(book, looked_at)
    return Report(plan.path.as_posix(), book.path.as_posix(), book.digest, checks, census, _versions(machines))


def _part_of(say: Progress, number: int, count: int) -> Progress:
    return lambda stage, done: say(stage, (number + done) / count)


def _opinion(trials: "Sequence[_Trial]", book: Workbook, machine: Engine, say: Progress) -> list[CheckResult]:
    """Every check's result as one engine has it."""
    say("compiling", 0.3)
    session = machine.load(book)
    say("recalculating", 0.5)
    values = session.recalculate({})
    say("comparing", 0.6)
    checks = [trial.run(book, values, machine) for trial in trials]
    if not machine.recomputes:  # and so it cannot tell what other inputs would come to
        return [trial.with_notes(result, None, lambda cell: ()) for trial, result in zip(trials, checks, strict=True)]
    say("trying other inputs", 0.7)
    inputs = [(given, trial.bound.cells.offsets) for trial in trials for given in trial.bound.inputs]
    compared = {r.cell for check in checks for r in check.results if r.status not in ("skipped", "accepted")}
    # What one check computes may be another one's input, and is not to be set.
    free = {cell: value for cell, value in values.items() if cell not in compared}
    behind = functools.cache(functools.partial(constants_behind, book))
    moved: set[Cell] = set()
    scenarios = list(draw(inputs, free, behind, count=_SCENARIOS, seed=_SEED))
    for drawn, changed in zip(scenarios, recalculate_each(session, scenarios), strict=True):
        moved |= {cell for cell, value in drawn.items() if value != values.get(cell)}
        checks = [trial.run_again(result, changed) for trial, result in zip(trials, checks, strict=True)]
    return [trial.with_notes(result, moved, behind) for trial, result in zip(trials, checks, strict=True)]


def _workbook_of(plan: Spec) -> Path:
    """The workbook that the spec names; raises SpecError where there is no such file."""
    path = plan.workbook
    if not path.is_file():
        there = [beside.name for beside in path.parent.glob("*.xls?")] if path.parent.is_dir() else []
        raise plan.error("workbook", f"{path} cannot be read: there is no such file{nearest(path.name, there)}", "")
    return path


@dataclass(frozen=True, slots=True)
class _Trial:
    """One check, ready to be run on as many sets of values as there are."""

    plan: Spec
    bound: Bound
    reference: Reference

    def run(self, book: Workbook, values: Values, machine: Engine) -> CheckResult:
        """The facts on the stored inputs; raises SpecError where the reference says nothing about them."""
        check, cells = self.bound.check, self.bound.cells
        for given in self.bound.inputs:
            try:
                _read(given, values)
            except OracleError as error:
                by = "" if machine.name == "formulas" else f", by {machine.name}"
                raise self.plan.error(given.name, f"check '{check.name}'{by}: {error}", check.name, "inputs") from error
        try:
            trace = self._trace(values)
        except OracleError as error:
            raise self.plan.error("reference", f"check '{check.name}': {error}", check.name) from error
        results, findings = compare(book, cells, values, trace)
        copies = self.bound.inputs, cells.offsets
        findings = (*findings, *unequal_copies(*copies, values), *typed_copies(book, *copies))
        variables = tuple(output.name for output in check.outputs)
        blocks = len(cells.offsets)
        return CheckResult(
            check.name,
            machine.name,
            variables,
            blocks,
            results,
            findings,
            scenarios=Scenarios(_SEED),
            recomputed=machine.recomputes,
        )

    def run_again(self, result: CheckResult, values: Values) -> CheckResult:
        """The result with one more scenario; one where the reference is undefined is dropped, and counted."""
        try:
            trace = self._trace(values)
        except OracleError:
            return replace(result, scenarios=result.scenarios.with_none())
        return result.with_scenario(*disagreements(self.bound.cells, values, trace))

    def with_notes(
        self, result: CheckResult, moved: Container[Cell] | None, behind: Callable[[Cell], Iterable[Cell]]
    ) -> CheckResult:
        """The result with its remarks; ``moved`` are the constants that any scenario set, None where there are none."""
        offsets = self.bound.cells.offsets
        notes = [
            f"block {number} stands at another distance from the one before it than the others"
            for number in irregular(offsets)
        ]
        if moved is None:
            notes.append("these are the values that the file stores; nothing was recomputed, and no other inputs tried")
        else:
            for given in self.bound.inputs:
                if not any(root in moved for places in given.places(offsets) for root in behind(places[0])):
                    said = f"input '{given.name}' kept its stored value throughout: no other could be given to all of its places"
                    notes.append(said)
        for reason, found in result.needlessly_accepted.items():
            more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
            notes.append(f"{found[0].cell}{more} matches, and need not be accepted any longer: {reason}")
        return replace(result, notes=(*result.notes, *notes))

    def _trace(self, values: Values) -> Trace:
        check = self.bound.check
        inputs = {given.name: _read(given, values) for given in self.bound.inputs}
        wanted = [output.name for output in check.outputs if output.skip is None]
        return self.reference.trace(Case(inputs), len(self.bound.cells.offsets) if check.blocks else None, wanted)


def _reference(plan: Spec, check: Check) -> Reference:
    try:
        reference = find_reference(check.reference, plan.path.parent)
        reference.check_inputs(given.name for given in check.inputs)
    except OracleError as error:
        raise plan.error("reference", f"check '{check.name}': {error}", check.name) from error
    return reference


def _read(given: Input[Range], values: Values) -> "float | Array":
    """The input's value as the sheet shows it: a float for a single cell, a 2-D array for anything else."""
    numbers: list[float] = []
    for cell in given.at.cells():
        value = values.get(cell, BLANK)
        if not isinstance(value, bool | float):
            held = f"the text '{value}'" if isinstance(value, str) else str(value)
            mend = "type one in" if value is BLANK else "put one there"
            raise OracleError(
                f"input '{given.name}' needs a number in {cell}, which holds {held}; {mend}, or correct the address"
            )
        numbers.append(float(value))
    return numbers[0] if given.at.size == 1 else np.array(numbers).reshape(given.at.shape)


def _with_tolerance(spec: Spec, rtol: float | None, atol: float | None) -> Spec:
    def own(given: Tolerance) -> Tolerance:
        return Tolerance(given.rtol if rtol is None else rtol, given.atol if atol is None else atol)

    checks = tuple(
        replace(check, outputs=tuple(replace(output, tolerance=own(output.tolerance)) for output in check.outputs))
        for check in spec.checks
    )
    return replace(spec, checks=checks)


def _versions(machines: Sequence[Engine]) -> dict[str, str]:
    ours = {"xlparity": xlparity.__version__, "formulas": version("formulas"), "numpy": version("numpy")}
    return ours | {machine.name: machine.version for machine in machines if machine.recomputes}
