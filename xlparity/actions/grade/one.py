"""Grades one submission, in a worker process: from the task's bytes to a grade, and the pages that go with it."""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from xlparity.actions.annotate import annotated_copy
from xlparity.actions.grade.advice import advice_of, shown
from xlparity.actions.grade.bundle import Bundle, Task
from xlparity.actions.grade.judge import (
    Wanted,
    for_a_person,
    judge,
    judge_cells,
    missing_blocks,
    total,
    wanted_of,
    without_check,
)
from xlparity.actions.grade.links import Judged, handed_on, of_missing
from xlparity.actions.grade.marks import digest_of, mistakes_of, unusual
from xlparity.actions.grade.sheets import displaced, done_in, found_sheets, rival, with_sheets
from xlparity.actions.remembering import Memory, RememberingReference
from xlparity.compare.inputs import unfit
from xlparity.engines.formulas import FormulasEngine
from xlparity.errors import SpecError, WorkbookError, XlparityError
from xlparity.excel.address import Cell, in_words
from xlparity.excel.values import BLANK, ErrorValue, Value
from xlparity.excel.workbook import Formula, Workbook, parse_workbook, read_workbook
from xlparity.pipeline import assess, prepared
from xlparity.reporters.grades.feedback import render_feedback
from xlparity.results.grades import Advice, Grade, QuantityGrade
from xlparity.results.report import CheckResult, Report
from xlparity.results.rules import OF_INPUTS, RULES
from xlparity.spec import Check, CheckPlan, References, Spec, bind, read_spec
from xlparity.spec.binder import bind_cells

SEARCH_TIME = 3.0
"""Seconds of a processor for causes and fixes in one submission: nine in ten fixes of one mistake are found in the first.

The points hardly depend on it: what is wrong by itself is known before the search begins.
"""

_memories: dict[str, Memory] = {}  # of this process, by the digest of the bundle
_templates: dict[str, Workbook] = {}


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade with the student's page, and the annotated copy where there is one."""

    grade: Grade
    page: bytes = b""
    copy: bytes | None = None


def grade_one(task: Task) -> Graded:
    """The grade of a submission; raises XlparityError where it cannot be read."""
    if task.unreadable is not None:
        raise WorkbookError(task.unreadable)
    with task.bundle.parcel.unpacked():
        try:
            return _Grading(task, read_spec(Path(task.bundle.spec), task.bundle.options)).graded()
        except XlparityError as error:
            raise WorkbookError(_without_folder(error)) from error


def _without_folder(error: XlparityError) -> str:
    """The message without the folder of this process in it, so that it is the same on every machine."""
    return re.sub(r"\S*[/\\]xlparity-\w{8}[/\\]", "", str(error))


class _Grading:
    """One submission, beside the spec and the spec's own workbook."""

    def __init__(self, task: Task, plan: Spec) -> None:
        self._task = task
        self._options = replace(
            task.bundle.options, engines=("formulas",), time=task.bundle.options.time or SEARCH_TIME
        )
        self._own = _own_workbook(task.bundle)
        self._bound = bound_of(plan, self._own)
        self._wanted = wanted_of(plan, {name: one.counts for name, one in self._bound.items()})
        self._book = replace(
            parse_workbook(task.data, Path(task.file), task.bundle.options.limits), data=task.data
        )  # no file is here to be read again
        named = dict.fromkeys(sheet for one in self._bound.values() for sheet in one.sheets)
        self._sheets = found_sheets(self._own, named, self._book)
        self._plan = with_sheets(plan, self._sheets.renamed)
        self._moved = self._displaced()
        own = [name for name in named if name not in self._sheets.lost and name not in self._sheets.renamed]
        others = {name: rival(self._own, name, self._book) for name in own}
        self._rivals = {name: other for name, other in others.items() if other is not None}
        self._links: dict[Cell, Cell] = {}
        self._handed_out: dict[Cell, Value] = {}  # in place of inputs that are no numbers
        self._failed: dict[
            str, tuple[str, bool]
        ] = {}  # by check, why it cannot be compared, and whether it was handed in

    def graded(self) -> Graded:
        """The grade, the page and the annotated copy."""
        report, checks = self._report()
        results = {check.name: check for check in report.checks} if report is not None else {}
        judged = {name: judge_cells(check) for name, check in results.items()}
        names = {here: there for there, here in self._sheets.renamed.items()}
        self._links = handed_on(self._book, self._own, judged, names)
        self._links |= of_missing(self._book, self._own, judged, names, self._missing(results))
        if self._links:
            judged = {name: _open(of_check, self._links) for name, of_check in judged.items()}
        quantities = {(one.check, one.output.name): self._quantity(one, results, judged) for one in self._wanted}
        for (name, output), quantity in list(quantities.items()):
            if name in results:
                lost = [result.cell for result, how in judged[name].get(output, ()) if how not in ("right", "carried")]
                if why := self._moved.get(name) or self._elsewhere(name, lost):
                    quantities[name, output] = for_a_person(quantity, why)
        reached = total(list(quantities.values()), self._plan.grading)
        grade = Grade(
            self._task.student,
            self._task.file,
            reached.of,
            reached.points,
            reached.percent,
            reached.passed,
            reached.open,
            tuple(quantities.values()),
            tuple(self._notes(results)),
            () if report is None else mistakes_of(report, self._book, quantities),
            unusual(self._book, self._own, judged, self._wanted, checks, self._sheets.renamed),
            digest_of(self._book),
        )
        if not self._task.pages:
            return Graded(grade)
        advice = [] if report is None else advice_of(report, judged, quantities)
        return Graded(grade, self._page(grade, advice), self._copy(report))

    def _displaced(self) -> dict[str, str]:
        """By check, that cells of one of its sheets were moved."""
        found: dict[str, str] = {}
        for name, one in self._bound.items():
            for sheet in one.sheets:
                if sheet in self._sheets.lost:
                    continue
                why = displaced(self._own, sheet, self._book, self._sheets.renamed.get(sheet, sheet))
                if why is not None:
                    found.setdefault(name, why)
        return found

    def _missing(self, results: Mapping[str, CheckResult]) -> set[Cell]:
        """The compared cells of the spec's own workbook in iterations that the submission does not have."""
        bound = [(self._bound[name], check.blocks) for name, check in results.items()]
        return {cell for one, blocks in bound if blocks < one.blocks for cell, at in one.places.items() if at > blocks}

    def _elsewhere(self, check: str, cells: Sequence[Cell]) -> str | None:
        """That these cells, which are not right, may be meant to be those of another sheet, where there is something else."""
        for sheet, other in self._rivals.items():
            here = [cell for cell in cells if cell.sheet == sheet]
            if sheet in self._bound[check].sheets and (not cells or done_in(other, here, self._book)):
                return f"the sheet '{other}' is like '{sheet}'"
        return None

    def _page(self, grade: Grade, advice: Sequence[Advice]) -> bytes:
        return render_feedback(grade, advice, self._plan.grading.passing).encode()

    def _copy(self, report: Report | None) -> bytes | None:
        """The annotated copy; None where there is nothing to show, or the file cannot be written as it is."""
        if report is None:
            return None
        try:
            return annotated_copy(report, data=self._task.data).data
        except XlparityError:
            return None

    def _quantity(
        self,
        wanted: Wanted,
        results: Mapping[str, CheckResult],
        judged: Mapping[str, Mapping[str, Sequence[Any]]],
    ) -> QuantityGrade:
        if wanted.check in self._failed:
            reason, handed_in = self._failed[wanted.check]
            return without_check(wanted, reason, handed_in=handed_in)
        return judge(
            wanted,
            results[wanted.check],
            judged[wanted.check].get(wanted.output.name, ()),
            self._plan.grading,
            self._links,
        )

    # --- the report ------------------------------------------------------------------------------------------------------

    def _report(self) -> tuple[Report | None, tuple[Check, ...]]:
        """The report on all checks that can be compared, and these; what the others lack is kept."""
        plan = self._plan
        for name, one in self._bound.items():
            if lost := [sheet for sheet in one.sheets if sheet in self._sheets.lost]:
                others = self._sheets.lost[lost[0]]
                like = f"; it may be {' or '.join(repr(other) for other in others)}" if others else ""
                self._failed[name] = f"there is no sheet '{lost[0]}'{like}", bool(others)
        plan = replace(plan, checks=tuple(_bindable(plan, check, self._book) for check in plan.checks))
        report, checks = self._compared(self._those_that(plan, lambda one: bind_cells(one, self._book)))
        kept = {
            (check.name, name)
            for check in (() if report is None else report.checks)
            for name, cells in check.scenarios.kept.items()
            if not any(self._book.graph.is_circular(cell) for cell in cells)
        }
        if kept:  # a formula in place of a number, which is the student's own way to give it
            report, checks = self._compared(_cut(plan, kept))
        return report, checks

    def _compared(self, plan: Spec) -> tuple[Report | None, tuple[Check, ...]]:
        """The report on those of the plan's checks that can be compared, and these; what the others lack is kept."""
        plan = replace(plan, checks=tuple(check for check in plan.checks if check.name not in self._failed))
        if not plan.checks:
            return None, ()
        try:
            return self._assessed(plan)
        except XlparityError:  # for instance an input for which the reference is undefined
            plan = self._those_that(plan, self._assessed)
            return self._assessed(plan) if plan.checks else (None, ())

    def _those_that(self, plan: Spec, works: Any) -> Spec:
        """The spec with those of its checks that do not raise an XlparityError; what the others raise is kept."""
        checks = [check for check in plan.checks if check.name not in self._failed]
        try:
            works(replace(plan, checks=tuple(checks)))
        except XlparityError:
            for check in list(checks):
                try:
                    works(replace(plan, checks=(check,)))
                except XlparityError as error:
                    checks.remove(check)
                    self._failed[check.name] = self._said(error), True
        return replace(plan, checks=tuple(checks))

    def _said(self, error: XlparityError) -> str:
        text = _without_folder(error)
        return re.sub(rf"^{re.escape(self._task.bundle.spec)}(:[0-9]+)?: ", "", text)

    def _assessed(self, plan: Spec) -> tuple[Report, tuple[Check, ...]]:
        memory = _memories.setdefault(self._task.bundle.digest, Memory())
        with References(plan, self._options) as references:
            checks = tuple(
                replace(check, reference=RememberingReference.of(check.reference, memory))
                for check in bind(plan, self._book, references)
            )
            book = prepared(plan, self._with_handed_out(checks), checks, self._options)
            report = assess(plan, book, self._options, engines=[FormulasEngine()], checks=checks)
        return replace(report, spec=Path(self._task.bundle.spec).name), checks

    def _with_handed_out(self, checks: Sequence[Check]) -> Workbook:
        """The submission with the handed-out values in inputs that have a text or an error value in place of a number.

        Formulas can be judged then. What a student computes there stays. Raises WorkbookError for an empty input: its number may
        have been typed somewhere else, and the formulas may read it there.
        """
        names = {here: there for there, here in self._sheets.renamed.items()}
        for check in checks:
            for given in () if check.name in self._moved else check.inputs:
                for cell in given.cells():
                    held = self._book.cells.get(cell, BLANK)
                    own = self._own.cells.get(Cell(names.get(cell.sheet, cell.sheet), cell.row, cell.column), BLANK)
                    if held is BLANK and cell not in self._book.members and unfit(given, held):
                        raise WorkbookError(f"{cell}, the input '{given.name}', is empty")
                    wrong = isinstance(held, str | ErrorValue) and unfit(given, held)
                    if wrong and not isinstance(own, Formula) and not unfit(given, own):
                        self._handed_out[cell] = own
        return self._book.edited(self._handed_out) if self._handed_out else self._book

    # --- what is told ----------------------------------------------------------------------------------------------------

    def _notes(self, results: Mapping[str, CheckResult]) -> list[str]:
        found = [
            f"the sheet '{old}' was found under the name '{new}'" for old, new in sorted(self._sheets.renamed.items())
        ]
        for name, (reason, _) in self._failed.items():
            found.append(f"{name}: {reason}" if len(self._bound) > 1 else reason)
        for name, check in results.items():
            wanted = self._bound[name].blocks
            if check.blocks < wanted:
                found.append(f"{name}: {missing_blocks(check.blocks, wanted)}")
            elif check.blocks > wanted:
                found.append(f"{name}: {check.blocks} iterations, of which the first {wanted} count")
            if not check.conclusive:  # an input may be why
                wrong = [finding for finding in check.findings if finding.code in OF_INPUTS]
                found += [f"{RULES[finding.code].summary}: {in_words(finding.cells)}" for finding in wrong]
        for cell, value in self._handed_out.items():
            found.append(
                f"{cell} contains '{self._book.cells[cell]}', which is no number; graded with {shown(value)} there"
            )
        return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Bound:
    """A check as the spec's own workbook has it: how many blocks, the number of cells of each quantity, and its sheets.

    ``places`` are the compared cells, each with the number of its block.
    """

    blocks: int
    cells: Mapping[str, int]
    sheets: tuple[str, ...]
    places: Mapping[Cell, int]

    @property
    def counts(self) -> tuple[int, Mapping[str, int]]:
        """The blocks and the cells."""
        return self.blocks, self.cells


def bound_of(plan: Spec, own: Workbook) -> dict[str, Bound]:
    """Each check as the spec's own workbook has it; raises SpecError where it cannot be bound to it."""
    found: dict[str, Bound] = {}
    for check, (inputs, cells) in zip(plan.checks, bind_cells(plan, own), strict=True):
        counts: dict[str, int] = {}
        places: dict[Cell, int] = {}
        for output, block, bindings in cells.blocks:
            counts[output.name] = counts.get(output.name, 0) + len(bindings)
            places |= {binding.cell: block for binding in bindings}
        sheets = [given.at.sheet for given in inputs]
        sheets += [twin.at.sheet for given in inputs for twin in given.also]
        sheets += [binding.cell.sheet for binding in cells.bindings]
        found[check.name] = Bound(len(cells.offsets), counts, tuple(dict.fromkeys(sheets)), places)
    return found


def _bindable(plan: Spec, check: CheckPlan, book: Workbook) -> CheckPlan:
    """The check, without its state where it can only be bound so: of a single iteration, state is nothing but inputs."""
    try:
        bind_cells(replace(plan, checks=(check,)), book)
    except SpecError:
        named = {given.name for given in check.inputs}
        others = replace(check, outputs=tuple(output for output in check.outputs if output.name not in named))
        try:
            bind_cells(replace(plan, checks=(others,)), book)
        except SpecError:
            return check
        return others
    return check


def _open(judged: Judged, cells: Container[Cell]) -> Judged:
    """The judged cells with these for a person to look at."""
    return {
        name: [(result, "review" if result.cell in cells else how) for result, how in found]
        for name, found in judged.items()
    }


def _own_workbook(bundle: Bundle) -> Workbook:
    if bundle.digest not in _templates:
        _templates.clear()
        _templates[bundle.digest] = read_workbook(Path(bundle.workbook), bundle.options.limits)
    return _templates[bundle.digest]


def _cut(plan: Spec, kept: set[tuple[str, str]]) -> Spec:
    """The spec with the stored values of these inputs in place of their formulas."""
    return replace(
        plan,
        checks=tuple(
            replace(
                check,
                inputs=tuple(
                    replace(cast("Any", given), cut=True) if (check.name, given.name) in kept else given
                    for given in check.inputs
                ),
            )
            for check in plan.checks
        ),
    )
