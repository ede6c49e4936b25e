"""The pipeline on one screen: a spec, its workbook and its reference in, a report out."""

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import xlparity
from xlparity.address import Range
from xlparity.binding import CellMap, irregular
from xlparity.case import Array, Case
from xlparity.census import take_census
from xlparity.compare import compare
from xlparity.engines import Engine, Values, find_engine
from xlparity.errors import OracleError
from xlparity.references import find_reference
from xlparity.report import CheckResult, Report
from xlparity.spec import Check, Spec, read_spec
from xlparity.tolerance import Tolerance
from xlparity.values import BLANK
from xlparity.workbook import Workbook, read_workbook

if TYPE_CHECKING:
    Progress = Callable[[str, float], None]


def verify(
    spec: str | Path,
    *,
    workbook: str | Path | None = None,
    engine: str = "formulas",
    rtol: float | None = None,
    atol: float | None = None,
    progress: "Progress | None" = None,
) -> Report:
    """Whether the workbook computes what the reference computes, cell by cell and iteration by iteration.

    ``spec`` is the path of a spec file; ``workbook`` stands in for the workbook that it names, ``rtol`` and ``atol`` for
    every tolerance in it. ``progress`` is called with the stage that begins and the share of the work that is done.
    Raises an XlparityError where the spec, the workbook or the reference is unusable.
    """
    say = progress or (lambda stage, done: None)
    say("reading", 0.0)
    plan = _with_tolerance(read_spec(Path(spec)), rtol, atol)
    path = plan.workbook if workbook is None else Path(workbook)
    book = read_workbook(path)
    maps = [plan.map_cells(check, book) for check in plan.checks]
    say("compiling", 0.3)
    machine = find_engine(engine)
    session = machine.load(book)
    say("recalculating", 0.6)
    values = session.recalculate({})
    say("comparing", 0.8)
    checks = tuple(
        _run(plan, check, cells, book, values, machine) for check, cells in zip(plan.checks, maps, strict=True)
    )
    bound = [result.cell for check in checks for result in check.results]
    return Report(Path(spec).as_posix(), path.as_posix(), book.digest, checks, take_census(book, bound), _versions())


def _run(plan: Spec, check: Check, cells: CellMap, book: Workbook, values: Values, machine: Engine) -> CheckResult:
    try:
        reference = find_reference(check.reference, plan.path.parent)
        reference.check_inputs(given.name for given in check.inputs)
        case = Case({given.name: _read(given.name, given.at, values) for given in check.inputs}, "stored inputs")
        wanted = [output.name for output in check.outputs if output.skip is None]
        trace = reference.trace(case, len(cells.offsets) if check.blocks else None, wanted)
    except OracleError as error:
        raise plan.error("reference", f"check '{check.name}': {error}") from error
    results, findings = compare(book, cells, values, trace)
    notes = tuple(
        f"block {number} stands at another distance from the one before it than the others"
        for number in irregular(cells.offsets)
    )
    variables = tuple(output.name for output in check.outputs)
    return CheckResult(check.name, machine.name, variables, len(cells.offsets), results, findings, notes)


def _read(name: str, at: Range, values: Values) -> "float | Array":
    """The input's value as the sheet shows it: a float for a single cell, a 2-D array for anything else."""
    numbers: list[float] = []
    for cell in at.cells():
        value = values.get(cell, BLANK)
        if not isinstance(value, bool | float):
            raise OracleError(f"input '{name}' needs a number in {cell}, which holds {value!s}")
        numbers.append(float(value))
    return numbers[0] if at.size == 1 else np.array(numbers).reshape(at.shape)


def _with_tolerance(spec: Spec, rtol: float | None, atol: float | None) -> Spec:
    def own(given: Tolerance) -> Tolerance:
        return Tolerance(given.rtol if rtol is None else rtol, given.atol if atol is None else atol)

    checks = tuple(
        replace(check, outputs=tuple(replace(output, tolerance=own(output.tolerance)) for output in check.outputs))
        for check in spec.checks
    )
    return replace(spec, checks=checks)


def _versions() -> dict[str, str]:
    return {"xlparity": xlparity.__version__, "formulas": version("formulas"), "numpy": version("numpy")}
