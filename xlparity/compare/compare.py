"""The comparison of cells with the expected values of the reference, in every sample, and the result of each cell."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from xlparity import collector
from xlparity.compare.expected import Bools, Expected, fitted
from xlparity.excel.address import Range, folded
from xlparity.excel.batch import (
    DATE,
    EMPTY_CELL,
    FIRST_ERROR,
    NUMBER,
    REASON,
    TEXT,
    TRUTH,
    Batch,
    Kinds,
    Words,
    decode,
    encoded,
)
from xlparity.excel.columns import Column, Floats
from xlparity.excel.formula import refers
from xlparity.excel.values import BLANK, Depends, ErrorValue, Missing, Unsupported, Value, dated
from xlparity.excel.workbook import Workbook
from xlparity.results.report import CellResult, CheckResult, Finding, Status
from xlparity.spec.binding import Binding, Output
from xlparity.spec.check import Check
from xlparity.tolerance import within

_MOMENT = 0.0005 / 86_400  # half a millisecond in days: Excel shows and rounds times to milliseconds


class Differences(NamedTuple):
    """The compared cells that do not match, as masks of shape (samples, bindings), of which at most one is true for a cell.

    A cell is ``wrong``, or ``unsure`` where there is no value to compare, or ``either`` where one reading of a cancellation
    residue agrees and the other does not; else it matches.
    """

    wrong: Bools
    unsure: Bools
    either: Bools


def compare(check: Check, expected: Expected, actual: Batch) -> Differences:
    """Which bound cells of the check differ from what the reference expects.

    Where a cell has two readings of a cancellation residue, it matches if both do, and is wrong if both are wrong; if one of them
    has no value, it is unsure.
    """
    cells = check.cells
    found = actual.select([binding.cell for binding in cells.bindings])
    exact, rounded = in_both_readings(check, found, expected.numbers, expected.kinds)
    unsure = np.isnan(expected.numbers) | (found.kinds.T == REASON)
    for row, other in found.others.items():
        unsure[other.samples, row] |= other.kinds == REASON
    unsure &= cells.compared
    open_to = cells.compared & ~unsure
    return Differences(~(exact | rounded) & open_to, unsure, (exact != rounded) & open_to)


def in_both_readings(
    check: Check, found: Batch, expected: Floats, kinds: Kinds, among: Sequence[int] | None = None
) -> tuple[Bools, Bools]:
    """Where cells agree with the expected values in the exact and in the rounded reading of cancellation residues.

    The batch has the cells in the order of ``expected``, (samples, cells): all bindings of the check, or those ``among`` them.
    """
    chosen = slice(None) if among is None else list(among)
    rtol, atol, ignoring = (each[chosen] for each in (check.cells.rtol, check.cells.atol, check.cells.ignores_case))
    numbers, original = found.numbers.T, expected
    texts = np.flatnonzero(((kinds == TEXT) | (kinds == EMPTY_CELL)).any(axis=0))
    if texts.size:
        numbers, expected = numbers.copy(), expected.copy()
        for column in texts.tolist():
            table = _Texts(ignore_case=bool(ignoring[column]))
            expected[:, column] = table.placed(expected[:, column], kinds[:, column], check.words)
            numbers[:, column] = table.placed(numbers[:, column], found.kinds[column], found.words)
    exact = agrees(numbers, found.kinds.T, expected, kinds, rtol, atol)
    rounded = exact.copy()
    for row, other in found.others.items():
        at = other.samples
        if row in texts:
            table = _Texts(ignore_case=bool(ignoring[row]))
            wanted = table.placed(original[at, row], kinds[at, row], check.words)
            theirs = table.placed(other.numbers, other.kinds, found.words)
        else:
            wanted, theirs = expected[at, row], other.numbers
        rounded[at, row] = agrees(theirs, other.kinds, wanted, kinds[at, row], rtol[row], atol[row])
    return exact, rounded


class _Texts:
    """A table of texts by which those of two tables of words are compared, without their case where it is ignored."""

    def __init__(self, *, ignore_case: bool) -> None:
        self._places: dict[str, float] = {}
        self._ignore_case = ignore_case

    def placed(self, numbers: Floats, kinds: Kinds, words: Words) -> Floats:
        """The numbers, and for texts, and for the blanks of a reference, their places in this table; a nan stays one."""
        found = numbers.copy()
        for at in np.flatnonzero(((kinds == TEXT) | (kinds == EMPTY_CELL)) & ~np.isnan(numbers)).tolist():
            found[at] = self.place(str(words[int(numbers[at])]) if kinds[at] == TEXT else "")
        return found

    def place(self, text: str) -> float:
        """The place of a text."""
        return self._places.setdefault(folded(text) if self._ignore_case else text, float(len(self._places)))


def agrees(numbers: Floats, kinds: Kinds, expected: Floats, sorts: Kinds, rtol: Any, atol: Any) -> Bools:
    """Where values, as numbers and kinds, agree with the expected ones, as numbers and ``sorts``; all arrays broadcast.

    A truth value agrees with a truth value only: Excel's TRUE is not 1, since SUM ignores it and TRUE=1 is FALSE; but a truth
    value of numpy may be 0 or 1 in a cell. A date agrees with its serial number, to half a millisecond or ``atol`` days, and
    not relative to that number, of which a millionth is an hour. A text agrees with the same text, whose places in one table
    the numbers are; an error value with itself; and what the reference leaves blank with a blank cell or an empty text.
    Nothing agrees with a nan.
    """
    with np.errstate(all="ignore"):
        near = within(numbers, expected, rtol, atol)
        dates = sorts == DATE
        if dates.any():
            near = np.where(dates, within(numbers, expected, 0.0, np.maximum(atol, _MOMENT)), near)
    number = (sorts == NUMBER) | (sorts == TRUTH) | dates
    found = ((kinds == NUMBER) & near & number) | ((kinds == TRUTH) & (sorts == TRUTH) & (numbers == expected))
    if not number.all():
        same = numbers == expected
        found |= (kinds == TEXT) & ((sorts == TEXT) | (sorts == EMPTY_CELL)) & same
        found |= ((kinds == EMPTY_CELL) & (sorts == EMPTY_CELL)) | ((kinds >= FIRST_ERROR) & (kinds == sorts))
    return np.asarray(found)


def column_agrees(check: Check, column: Column, expected: Floats, kinds: Kinds, output: Output[Range]) -> Bools:
    """Where one cell's column agrees with its expected values, (samples,); a value with two readings, if both agree."""
    rtol, atol = output.tolerance.rtol, output.tolerance.atol
    if isinstance(column, np.ndarray):
        return agrees(column, np.full(len(column), NUMBER, dtype=np.uint8), expected, kinds, rtol, atol)
    values = column if isinstance(column, tuple) else (column,)
    exact = [value.exact if isinstance(value, Depends) else value for value in values]
    rounded = [value.rounded if isinstance(value, Depends) else value for value in values]
    table = _Texts(ignore_case=output.ignore_case)
    wanted = table.placed(expected, kinds, check.words)
    found = np.ones(expected.shape, dtype=bool)
    for reading in (exact, rounded):
        words = Words()
        numbers, sorts = encoded(reading, words)
        found &= agrees(table.placed(numbers, sorts, words), sorts, wanted, kinds, rtol, atol)
    return found


@collector.paused()
def cell_results(
    workbook: Workbook, check: Check, expected: Expected, actual: Batch, found: Differences
) -> tuple[CellResult, ...]:
    """The result of every bound cell on the stored inputs, which are sample 0 of all three."""
    bindings, accepted = check.cells.bindings, check.cells.accepted
    unsure = found.unsure[0] | found.either[0]
    right = ~(found.wrong[0] | unsure)
    each = zip(
        bindings,
        expected.given.tolist(),
        expected.numbers[0].tolist(),
        expected.kinds[0].tolist(),
        right.tolist(),
        unsure.tolist(),
        strict=True,
    )
    results: list[CellResult] = []
    for binding, given, number, kind, matches, unassessed in each:
        output, iteration, element, cell = binding
        value = actual.in_sample(cell, 0)
        if isinstance(value, Depends) and given and not unassessed:
            value = _reading(value, number)
        wanted = expected_value(number, kind, check, value) if given else None
        if kind == DATE:
            wanted = None if wanted is None else dated(wanted, date1904=check.date1904)
            value = dated(value, date1904=check.date1904)
        formula = workbook.formula(cell)
        status = _status(output, None if formula is None else formula.text, value, given, matches)
        if not expected.stored and status == "error" and isinstance(value, ErrorValue):
            status = "missing"  # it may depend on the unreadable input, and be right
        known = accepted.get(cell)
        results.append(
            CellResult(
                output.name,
                iteration,
                element,
                cell,
                "accepted" if known is not None and status not in ("match", "skipped") else status,
                wanted,
                value,
                None if formula is None else str(formula),
                known if output.skip is None else output.skip,
            )
        )
    return tuple(results)


def _reading(value: Depends, expected: float) -> Value:
    """The reading of a matching cell that is shown: of two numbers the one closer to what the reference expects."""
    return min(value.exact, value.rounded, key=lambda one: abs(one - expected) if type(one) is float else math.inf)


def expected_value(number: float, kind: int, check: Check, beside: Value) -> Value:
    """What the reference expects, beside a cell's value: of numpy, a truth value may be a number in a cell."""
    if kind == TRUTH and not isinstance(beside, bool):
        return number
    return decode(number, kind, check.words)


def _status(output: Output[Range], formula: str | None, value: Value, given: bool, matches: bool) -> Status:
    if output.skip is not None:
        return "skipped"
    if isinstance(value, Unsupported):
        return "error" if value.circular else "unsupported"
    # A formula without a reference, such as =0.5, is a hard-coded number.
    if formula is None or not refers(formula):
        return "missing" if value is BLANK else "hardcoded"
    if given and matches:
        return "match"
    if isinstance(value, ErrorValue):
        return "error"
    return "missing" if not given or isinstance(value, Missing) else "mismatch"


def misfits(check: Check, expected: Expected) -> tuple[Finding, ...]:
    """A finding XP401 for every quantity whose array in the reference does not fit its range."""
    if expected.elements is None or not expected.stored:
        return ()
    order = {key: place for place, key in enumerate(check.asked)}
    found: dict[str, tuple[str, list[Binding]]] = {}
    for output, iteration, bound in check.cells.blocks:
        if output.skip is None:
            shape, _ = expected.elements.shapes[order[iteration, output.name]]
            array = np.broadcast_to(0.0, shape[::-1] if output.transpose else shape)
            if fitted(array, output.shape) is None:
                found.setdefault(output.name, (_misfit(shape, output), []))[1].extend(bound)
    return tuple(
        Finding(
            "XP401",
            name,
            tuple(binding.cell for binding in bound),
            tuple(sorted({binding.iteration for binding in bound})),
            message,
        )
        for name, (message, bound) in found.items()
    )


def _misfit(shape: tuple[int, ...], output: Output[Range]) -> str:
    turned = len(shape) == 2 and shape[::-1] == output.shape and not output.transpose
    fix = "set transpose = true" if turned else "correct the range, or the reference"
    return (
        f"'{output.name}' has shape {shape} in the reference and is bound to "
        f"{output.shape[0]} × {output.shape[1]} cells ({output.at}): {fix}"
    )


def with_constants(check: Check, result: CheckResult, right: Sequence[bool]) -> CheckResult:
    """The result in which constants are accepted where the spec allows them and the reference gives the same value.

    ``right`` says of each binding whether it agrees on the stored inputs. Such cells are not matches: nothing is recomputed.
    A note counts them, by quantity.
    """
    scenarios = result.scenarios
    differing = {*scenarios.cells, *scenarios.unsure} if scenarios.run else set()
    where = (
        f"wherever it has a value in {scenarios.run + 1:,} samples"
        if scenarios.run
        else "on the stored inputs, and no others were compared"
    )
    reason = f"a constant, which the spec allows; equal to the reference {where}"
    results = list(result.results)
    counts: dict[str, int] = {}
    each = zip(result.results, check.cells.bindings, right, strict=True)
    for number, (found, binding, agrees_with_it) in enumerate(each):
        if not binding.output.constants or found.status != "hardcoded" or found.cell in differing:
            continue
        if found.expected is not None and agrees_with_it:
            results[number] = found._replace(status="accepted", reason=reason, constant=True)
            counts[found.variable] = counts.get(found.variable, 0) + 1
    notes = [
        f"{count:,} cell{'' if count == 1 else 's'} of '{name}' hold{'s' if count == 1 else ''} "
        f"{'a constant that equals' if count == 1 else 'constants that equal'} the reference {where}: allowed by the spec"
        for name, count in counts.items()
    ]
    return replace(result, results=tuple(results), notes=(*result.notes, *notes)) if notes else result
