"""Findings about the inputs of a check in the workbook: cells without numbers, and copies that differ."""

import contextlib
import math
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlparity.excel.address import Cell, Range
from xlparity.excel.formula import refers
from xlparity.excel.values import BLANK, ErrorValue, Unsupported, Value, brief, moment_of
from xlparity.excel.workbook import Workbook
from xlparity.references.case import Frame, Given
from xlparity.results.report import Finding
from xlparity.results.rules import NO_NUMBER, UNSUPPORTED
from xlparity.spec.binding import Input, Offset
from xlparity.spec.check import Check
from xlparity.tolerance import Tolerance

_NUMBER = re.compile(r"\s*[+-]?([0-9]+[.,]?[0-9]*|[.,][0-9]+)([Ee][+-]?[0-9]+)?\s*%?\s*")
_LONGEST_TEXT = 40
_MOVED = "or, where rows, columns or a sheet have moved, correct the address"
_SAME = Tolerance(rtol=1e-12, atol=0.0)  # copies by formulas differ by rounding error at most
_DIGITS = 15  # of two values that differ by more than that


def input_findings(workbook: Workbook, check: Check, values: Mapping[Cell, Value]) -> tuple[Finding, ...]:
    """The findings about the inputs of a check; ``values`` are those of the cells on the stored inputs."""
    copies = check.inputs, check.cells.offsets
    return (
        *not_numbers(workbook, check.inputs, values),
        *unequal_copies(*copies, values),
        *hardcoded_copies(workbook, *copies),
        *taken_inputs(workbook, check),
        *formula_inputs(workbook, check.inputs, {binding.cell for binding in check.cells.bindings}),
    )


def unfit(given: Input[Range], value: Value) -> bool:
    """Whether a cell's value is none that the input may have."""
    if given.frame:
        return not isinstance(value, str | bool | float) and value is not BLANK
    if value is BLANK:
        return not given.blank
    return not isinstance(value, str if given.texts else bool | float)


def handed_over(given: Input[Range], values: Sequence[Value], *, date1904: bool) -> Given:
    """What the reference is given for these values of the input's cells, row by row, of which none is unfit."""
    if given.frame:
        return _framed(given, values, date1904=date1904)
    made = [_handed_over(given, value, date1904=date1904) for value in values]
    if given.size == 1:
        return made[0]
    if given.dates:
        table: NDArray[Any] = np.array(made, dtype="datetime64[us]")
    else:
        table = np.array(made, dtype=object if given.texts else bool if given.booleans and not given.blank else float)
    return table.reshape(given.shape)


def _framed(given: Input[Range], values: Sequence[Value], *, date1904: bool) -> Frame:
    """The frame with a column of numbers, of truth values or of dates where the cells of the column have only those."""
    cells, columns = given.cells(), []
    width = len(given.headers)
    for first in range(width):
        column = zip(cells[first::width], values[first::width], strict=True)
        found = [_in_frame(given, cell, value, date1904=date1904) for cell, value in column]
        kinds = {type(value) for value in found if value is not None}
        blank = None in found
        if kinds == {datetime}:
            columns.append(np.array(found, dtype="datetime64[us]"))
        elif kinds <= {float}:
            columns.append(np.array(found, dtype=float))  # which has nan for None
        else:
            columns.append(np.array(found, dtype=bool if kinds == {bool} and not blank else object))
    return Frame(given.headers, tuple(columns))


def _in_frame(given: Input[Range], cell: Cell, value: Value, *, date1904: bool) -> Any:
    if isinstance(value, float) and cell in given.calendar:
        with contextlib.suppress(OverflowError):  # a number beyond the last date is shown as none
            return moment_of(value, date1904=date1904)
    return None if value is BLANK else value


def _handed_over(given: Input[Range], value: Value, *, date1904: bool) -> float | str | bool | datetime | None:
    if value is BLANK:
        return None if given.texts or given.dates else math.nan
    if isinstance(value, str) or given.booleans:
        return value if isinstance(value, str) else bool(value)
    assert isinstance(value, float | bool)  # it is not unfit
    number = float(value)
    return moment_of(number, date1904=date1904) if given.dates else number


def readable(check: Check, values: Mapping[Cell, Value]) -> bool:
    """Whether every input cell has a value of its kind or is blank, so that the reference can be called."""
    return not any(
        _no_value(given, value) or (isinstance(value, Unsupported) and not value.circular)
        for given in check.inputs
        for cell in given.cells()
        for value in (values.get(cell, BLANK),)
    )


def not_numbers(
    workbook: Workbook, inputs: Iterable[Input[Range]], values: Mapping[Cell, Value]
) -> tuple[Finding, ...]:
    """A finding for every input that cannot be read: XP404 for what is no number, XP303 for what the engine cannot compute.

    An empty cell is neither: it is an error of the spec, which names the wrong cells.
    """
    findings = []
    for given in inputs:
        held = [(cell, values.get(cell, BLANK)) for cell in given.cells()]
        wrong = [(cell, said) for cell, value in held if (said := _no_value(given, value))]
        unknown = [
            (cell, value.reason) for cell, value in held if isinstance(value, Unsupported) and not value.circular
        ]
        for code, found in ((NO_NUMBER, wrong), (UNSUPPORTED, unknown)):
            if not found:
                continue
            first, said = found[0]
            more = f" ({len(found):,} such cells)" if len(found) > 1 else ""
            formula = workbook.formula(first)
            if code == NO_NUMBER:
                remedy = "put one there" if formula is None else "correct its formula or the cells that it reads"
                what = (
                    "a value" if given.frame else "a text" if given.texts else "a date" if given.dates else "a number"
                )
                message = f"input '{given.name}' needs {what} in {first}, which {said}{more}; {remedy}, {_MOVED}"
            else:
                message = f"input '{given.name}' cannot be read from {first}{more}: {said}"
            text = None if formula is None else str(formula)
            findings.append(Finding(code, given.name, tuple(cell for cell, _ in found), (), message, text))
    return tuple(findings)


def _no_value(given: Input[Range], value: Value) -> str:
    """What an input cell contains, as a clause, where that is certainly no value of the input; else empty."""
    if given.texts and not given.frame and isinstance(value, bool | float):
        return f"contains the {'truth value' if isinstance(value, bool) else 'number'} {brief(value)}"
    if isinstance(value, str) and (given.texts or given.frame):
        return ""
    if isinstance(value, ErrorValue):
        return f"is {value}"
    if isinstance(value, Unsupported):
        return f"is part of {value}" if value.circular else ""
    if not isinstance(value, str):
        return ""
    if _NUMBER.fullmatch(value):
        return f"contains the number {value.strip()} stored as text, which SUM ignores"
    shown = value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}…"
    return f"contains the text '{shown}'"


def unequal_copies(
    inputs: Iterable[Input[Range]], offsets: Sequence[Offset], values: Mapping[Cell, Value]
) -> tuple[Finding, ...]:
    """A finding XP403 for every input whose copies in several places have different values."""
    findings = []
    for given in inputs:
        apart = [
            (places[0], cell)
            for places in given.places(offsets)
            for cell in places[1:]
            if not _alike(values.get(places[0], BLANK), values.get(cell, BLANK))
        ]
        if apart:
            (first, other), more = apart[0], f" and {len(apart) - 1} more" if len(apart) > 1 else ""
            held, shown = (brief(values.get(cell, BLANK), _DIGITS) for cell in (other, first))
            said = f"{other} holds {held} and {first} {shown}{more}"
            message = f"the places of input '{given.name}' do not hold the same: {said}"
            findings.append(Finding("XP403", given.name, tuple(cell for _, cell in apart), (), message))
    return tuple(findings)


def hardcoded_copies(
    workbook: Workbook, inputs: Iterable[Input[Range]], offsets: Sequence[Offset]
) -> tuple[Finding, ...]:
    """A finding XP203 for every input whose copies in the blocks are formulas, except for some that are hard-coded."""
    findings = []
    for given in inputs:
        hardcoded: list[Cell] = []
        for places in given.places(offsets) if given.every_block else ():
            for begin in range(0, len(places), len(offsets)):
                copies = places[begin or 1 : begin + len(offsets)]  # in the first block it is an input, and hard-coded
                live = [cell for cell in copies if workbook.formula(cell)]
                hardcoded += [cell for cell in copies if live and cell not in live]
        if hardcoded:
            message = (
                f"{_first_of(hardcoded)} of input '{given.name}' is hard-coded, where the other blocks have a formula"
            )
            findings.append(Finding("XP203", given.name, tuple(hardcoded), (), message))
    return tuple(findings)


def formula_inputs(workbook: Workbook, inputs: Iterable[Input[Range]], bound: Container[Cell]) -> tuple[Finding, ...]:
    """A finding XP204 for every input of which most cells are constants and some are formulas, which cannot be set.

    It fails no check: on the stored values, the formulas may be right.
    """
    findings = []
    for given, cells in ((one, cells) for one in inputs for cells in _alike_cells(one)):
        formulas = {
            cell: formula
            for cell in cells
            if cell not in bound and (formula := workbook.formula(cell)) is not None and refers(formula.text)
        }
        hardcoded = [cell for cell in cells if isinstance(workbook.cells.get(cell), float)]
        if formulas and len(formulas) <= len(hardcoded):
            found = tuple(formulas)
            said = f"{_first_of(found)} of input '{given.name}' is a formula where the others are constants, and cannot be set"
            findings.append(Finding("XP204", given.name, found, (), said, str(formulas[found[0]])))
    return tuple(findings)


def _alike_cells(given: Input[Range]) -> list[list[Cell]]:
    """The cells of an input that are to be all constants or all formulas: of a frame, those of each column."""
    width = len(given.headers) or 1
    return [given.cells()[first::width] for first in range(width)]


def taken_inputs(workbook: Workbook, check: Check) -> tuple[Finding, ...]:
    """A finding XP206 for every input with formulas whose stored values are taken."""
    findings = []
    for given in check.inputs if workbook.taken else ():
        cells = [c for places in given.places(check.cells.offsets) for c in places if c in workbook.taken]
        if cells:
            formula = workbook.taken[cells[0]]
            said = f"{_first_of(cells)} of input '{given.name}' is a formula, whose stored value is taken as the input"
            findings.append(Finding("XP206", given.name, tuple(cells), (), said, formula))
    return tuple(findings)


def _first_of(cells: Sequence[Cell]) -> str:
    """The first of the cells, and how many more there are."""
    return f"{cells[0]} and {len(cells) - 1:,} more" if len(cells) > 1 else str(cells[0])


def _alike(one: Value, other: Value) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return _SAME.allows(one, other)
    return type(one) is type(other) and one == other
