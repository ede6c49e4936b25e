"""A check and its reference, called on as many sets of input values as there are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from xlparity.compare.compare import agree, compare, not_numbers, pasted_inputs, typed_copies, unequal_copies
from xlparity.compare.judge import Bools, Grid, Reading, grid_of, row_of
from xlparity.engines import Engine, Values
from xlparity.errors import OracleError
from xlparity.excel.address import Cell, Range
from xlparity.excel.columns import Column, Floats, value_in
from xlparity.excel.values import BLANK, Value
from xlparity.excel.workbook import Workbook
from xlparity.results.report import CheckResult, Finding
from xlparity.results.scenarios import Scenarios
from xlparity.settings import REFERENCE_TIMEOUT
from xlparity.spec import Bound, Spec
from xlparity.spec.binding import Input
from xlparity.spec.case import Array, Case
from xlparity.spec.reference import Reference, Trace, find_reference

_Key: TypeAlias = tuple[object, ...]


class Stored(NamedTuple):
    """The facts on the stored inputs, and what the reference expects there: a row, and the layout that it was read by."""

    result: CheckResult
    row: Floats
    layout: Reading


class Answers(NamedTuple):
    """What the reference expects in each set, (sets, bindings), nan where it says nothing or is undefined.

    ``truths`` says where it gives a truth value, ``undefined`` where it gives a nan or an infinity, ``infinite``, (sets,),
    for which sets it gives an infinity anywhere, and ``counted`` for which sets it is defined at all.
    """

    expected: Floats
    truths: Bools
    undefined: Bools
    infinite: Bools
    counted: Bools

    def picked(self, sets: Bools) -> "Answers":
        """Those in these sets only."""
        return Answers(
            self.expected[sets], self.truths[sets], self.undefined[sets], self.infinite[sets], self.counted[sets]
        )


@dataclass(frozen=True)
class Trial:
    """One check, ready to be run; ``wanted`` are the names that any check asks of the same reference."""

    plan: Spec
    bound: Bound
    reference: Reference
    wanted: tuple[str, ...]

    @cached_property
    def grid(self) -> Grid:
        """The bound cells, in the order of the check's results."""
        return grid_of(self.bound.cells)

    @property
    def iterations(self) -> int | None:
        """How many iterations the reference is asked for; None where there is one pass."""
        return len(self.bound.cells.offsets) if self.bound.check.blocks else None

    @property
    def own(self) -> tuple[str, ...]:
        """The names that this check asks for."""
        return tuple(output.name for output in self.bound.check.outputs if output.skip is None)

    def on_stored(self, book: Workbook, values: Values, machine: Engine, seed: int) -> Stored:
        """The facts on the stored inputs; raises SpecError where the reference says nothing about them.

        Where an input cell holds something else than a number, that is a finding, and nothing is compared.
        """
        check, cells = self.bound.check, self.bound.cells
        no_numbers = not_numbers(book, self.bound.inputs, values)
        trace: Trace | None = None
        if not no_numbers:
            trace = self._traced(book, values, machine)
        results, misfits = compare(book, cells, values, trace)
        copies = self.bound.inputs, cells.offsets
        findings: tuple[Finding, ...] = (
            *no_numbers,
            *misfits,
            *unequal_copies(*copies, values),
            *typed_copies(book, *copies),
            *pasted_inputs(book, self.bound.inputs, {binding.cell for binding in self.grid.bindings}),
        )
        result = CheckResult(
            check.name,
            machine.name,
            tuple(output.name for output in check.outputs),
            len(cells.offsets),
            results,
            findings,
            scenarios=Scenarios(seed),
            recomputed=machine.recomputes,
            tolerances={output.name: output.tolerance for output in check.outputs if output.skip is None},
        )
        if trace is None:
            count = len(results)
            nothing = Reading([], np.full(count, -1, dtype=np.intp), np.zeros(count, dtype=bool))
            return Stored(result, np.full(count, np.nan), nothing)
        return Stored(result, *row_of(cells, trace))

    def with_constants(self, result: CheckResult) -> CheckResult:
        """The result in which typed constants are accepted where the spec allows them and the reference gives no other value.

        They are no matches: nothing is recomputed. A note counts them, by quantity.
        """
        tried = result.scenarios
        differing = {*tried.cells, *tried.unsure} if tried.run else set()
        where = (
            f"wherever it has a value in {tried.run + 1:,} samples"
            if tried.run
            else "on the stored inputs, and no others were compared"
        )
        reason = f"a constant, which the spec allows; equal to the reference {where}"
        results = list(result.results)
        counts: dict[str, int] = {}
        for number, (found, binding) in enumerate(zip(result.results, self.grid.bindings, strict=True)):
            if not binding.output.constants or found.status != "hardcoded" or found.cell in differing:
                continue
            if found.expected is not None and agree(binding.output, found.actual, found.expected):
                results[number] = found._replace(status="accepted", reason=reason, constant=True)
                counts[found.variable] = counts.get(found.variable, 0) + 1
        notes = [
            f"{count:,} cell{'' if count == 1 else 's'} of '{name}' hold{'s' if count == 1 else ''} "
            f"{'a constant that equals' if count == 1 else 'constants that equal'} the reference {where}: allowed by the spec"
            for name, count in counts.items()
        ]
        return replace(result, results=tuple(results), notes=(*result.notes, *notes)) if notes else result

    def _traced(self, book: Workbook, values: Values, machine: Engine) -> Trace:
        """What the reference gives for the stored inputs."""
        check = self.bound.check
        inputs: dict[str, float | Array] = {}
        for given in self.bound.inputs:
            try:
                inputs[given.name] = _read(given, values, book.path)
            except OracleError as error:
                by = "" if machine.name == "formulas" else f", by {machine.name}"
                raise self.plan.error(given.name, f"check '{check.name}'{by}: {error}", check.name, "inputs") from error
        try:
            return self.reference.trace(Case(inputs, "on the stored inputs"), self.iterations, self.own)
        except OracleError as error:
            raise self.plan.error("reference", f"check '{check.name}': {error}", check.name) from error

    @property
    def named(self) -> set[Cell]:
        """Every cell in which an input of the check stands."""
        offsets = self.bound.cells.offsets
        return {cell for given in self.bound.inputs for places in given.places(offsets) for cell in places}

    def cases(self, columns: Mapping[Cell, Column], count: int, begin: int | None = None) -> Iterator[Case | None]:
        """The reference's input in each set, None where a cell of it holds no number, or one out of the input's range.

        The first is the scenario with the number ``begin``, counted from 0; None where they are not scenarios as drawn.
        """
        tables = [
            (given, np.array([_numbers(columns.get(cell, BLANK), count) for cell in given.at.cells()]).T)
            for given in self.bound.inputs
        ]
        for number in range(count):
            rows = [table[number] for _, table in tables]
            if any(np.isnan(row).any() or _beyond(given, row) for (given, _), row in zip(tables, rows, strict=True)):
                yield None
                continue
            yield Case(
                {
                    given.name: float(row[0]) if given.at.size == 1 else row.reshape(given.at.shape)
                    for (given, _), row in zip(tables, rows, strict=True)
                },
                "" if begin is None else f"in scenario {begin + number + 1}",
            )

    def row(
        self, case: Case, layout: Reading | None, shared: dict[_Key, Trace | OracleError] | None = None
    ) -> tuple[Floats, Reading]:
        """What the reference expects of each bound cell; raises OracleError where it is undefined.

        ``shared`` keeps what a reference gave, for the other checks that call it with the same numbers.
        """
        if shared is None:
            alone = self.reference.trace(case, self.iterations, self.own, quiet=True, partial=True)
            return row_of(self.bound.cells, alone, layout)
        key = (self.reference.name, self.iterations, *map(_key, sorted(case.inputs.items())))
        if key not in shared:
            try:
                shared[key] = self.reference.trace(case, self.iterations, self.wanted, quiet=True, partial=True)
            except OracleError as error:
                shared[key] = error
        trace = shared[key]
        if not isinstance(trace, OracleError):
            return row_of(self.bound.cells, trace, layout)
        if self.wanted == self.own:
            raise trace
        return self.row(case, layout)  # it may be undefined only in what another check asks for


def trials_of(plan: Spec, bounds: Sequence[Bound], limit: float = REFERENCE_TIMEOUT) -> list[Trial]:
    """A trial of every check, with a ``limit`` in seconds for a call; raises SpecError where a reference is unusable."""
    references: dict[object, Reference] = {}
    trials: list[Trial] = []
    for bound in bounds:
        check = bound.check
        try:
            if check.reference not in references:
                references[check.reference] = find_reference(check.reference, plan.path.parent, limit)
            references[check.reference].check_inputs(given.name for given in check.inputs)
        except OracleError as error:
            raise plan.error("reference", f"check '{check.name}': {error}", check.name) from error
        alike = [other.check for other in bounds if other.check.reference == check.reference]
        names = (output.name for other in alike for output in other.outputs if output.skip is None)
        trials.append(Trial(plan, bound, references[check.reference], tuple(dict.fromkeys(names))))
    return trials


def ask(
    trials: Sequence[Trial],
    layouts: Sequence[Reading],
    columns: Mapping[Cell, Column],
    count: int,
    begin: int | None = None,
) -> list[Answers]:
    """What the references expect in each of so many sets, for every trial; ``begin`` is as for ``Trial.cases``."""
    found = [
        Answers(
            np.full((count, len(trial.grid.bindings)), np.nan),
            np.broadcast_to(layout.truths, (count, len(layout.truths))),
            np.zeros((count, len(layout.truths)), dtype=bool),
            np.zeros(count, dtype=bool),
            np.zeros(count, dtype=bool),
        )
        for trial, layout in zip(trials, layouts, strict=True)
    ]
    for number, cases in enumerate(zip(*(trial.cases(columns, count, begin) for trial in trials), strict=True)):
        shared: dict[_Key, Trace | OracleError] = {}
        for at, (trial, layout, case) in enumerate(zip(trials, layouts, cases, strict=True)):
            if case is None:
                continue
            try:
                row, own = trial.row(case, layout, shared)
            except OracleError:
                continue
            answers = found[at]
            given = own.places >= 0  # a shape that does not fit is a fault, and nothing undefined
            undefined = given & ~np.isfinite(row)
            answers.expected[number], answers.undefined[number] = np.where(undefined, np.nan, row), undefined
            answers.infinite[number] = bool(np.isinf(row).any())
            answers.counted[number] = not bool(undefined[trial.grid.compared].all())
            if own is not layout and (own.truths != layout.truths).any():
                truths = answers.truths.copy()
                truths[number] = own.truths
                found[at] = answers._replace(truths=truths)
    return found


def _beyond(given: Input[Range], numbers: Floats) -> bool:
    """Whether the input, which may be a formula, has come to what it is said not to be."""
    low = -np.inf if given.low is None else given.low
    high = np.inf if given.high is None else given.high
    return bool(((numbers < low) | (numbers > high)).any())


def _key(item: tuple[str, "float | Array"]) -> object:
    name, value = item
    return (name, value) if isinstance(value, float) else (name, value.shape, value.tobytes())


def _numbers(column: Column, count: int) -> Floats:
    """The numbers that a reference reads, nan where there is none; a truth value counts as 0 and 1."""
    if isinstance(column, np.ndarray):
        return column
    held = [value_in(column, number) for number in range(count)]
    return np.array([float(value) if isinstance(value, bool | float) else np.nan for value in held])


def _read(given: Input[Range], values: Values, path: Path) -> "float | Array":
    """The input's value as the sheet shows it: a float for a single cell, a 2-D array for anything else."""
    numbers: list[float] = []
    for cell in given.at.cells():
        value: Value = values.get(cell, BLANK)
        if not isinstance(value, bool | float):
            mend = "type one in" if value is BLANK else "put one there"
            said = f"input '{given.name}' needs a number in {cell} of {path}, which holds {value}; {mend}"
            raise OracleError(f"{said}, or, where rows, columns or a sheet have moved, correct the address")
        numbers.append(float(value))
    return numbers[0] if given.at.size == 1 else np.array(numbers).reshape(given.at.shape)
