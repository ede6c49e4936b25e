"""Values against expectations: one fact for every bound cell."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from xlparity import collector
from xlparity.excel.address import Cell, Range
from xlparity.excel.formula import refers
from xlparity.excel.values import BLANK, Depends, ErrorValue, Missing, Unsupported, Value
from xlparity.excel.workbook import Workbook
from xlparity.results.report import NO_NUMBER, UNSUPPORTED, CellResult, Finding, Status
from xlparity.spec.binding import Binding, CellMap, Input, Offset, Output
from xlparity.tolerance import Tolerance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Trace = Sequence[Mapping[str, NDArray[Any]]]


_NUMBER = re.compile(r"\s*[+-]?([0-9]+[.,]?[0-9]*|[.,][0-9]+)([Ee][+-]?[0-9]+)?\s*%?\s*")
_LONGEST_TEXT = 40
_MOVED = "or, where rows, columns or a sheet have moved, correct the address"


@collector.paused()
def compare(
    workbook: Workbook, cells: CellMap, values: Mapping[Cell, Value], trace: "Trace | None"
) -> tuple[tuple[CellResult, ...], tuple[Finding, ...]]:
    """What became of every bound cell, and a finding XP401 for every quantity whose array does not fit its range.

    Without a trace, since the reference could not be called, no cell is compared.
    """
    results: list[CellResult] = []
    misfits: dict[str, tuple[str, list[Binding]]] = {}
    for output, iteration, bound, expected in _expectations(cells, trace):
        if trace is not None and expected is None and output.skip is None:
            message = _misfit(trace[iteration - 1][output.name], output)
            misfits.setdefault(output.name, (message, []))[1].extend(bound)
        for binding in bound:
            actual = values.get(binding.cell, BLANK)
            wanted = None if expected is None else _wanted(expected[binding.element], actual)
            actual = _settled(output, actual, wanted)
            result = _judge(workbook, binding, actual, wanted, cells.accepted.get(binding.cell))
            if trace is None and result.status == "error" and isinstance(actual, ErrorValue):
                result = result._replace(status="missing")  # it may follow from the input, and be what it should
            results.append(result)
    findings = tuple(
        Finding(
            "XP401",
            name,
            tuple(binding.cell for binding in bound),
            tuple(sorted({binding.iteration for binding in bound})),
            message,
        )
        for name, (message, bound) in misfits.items()
    )
    return tuple(results), findings


def not_numbers(
    workbook: Workbook, inputs: Iterable[Input[Range]], values: Mapping[Cell, Value]
) -> tuple[Finding, ...]:
    """A finding for every input that cannot be read: XP404 for what is no number, XP303 for what the engine cannot compute.

    An empty cell is neither: nothing is wrong in the workbook where the spec names the wrong cells.
    """
    findings = []
    for given in inputs:
        held = [(cell, values.get(cell, BLANK)) for cell in given.at.cells()]
        wrong = [(cell, said) for cell, value in held if (said := _no_number(value))]
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
                message = f"input '{given.name}' needs a number in {first}, which {said}{more}; {remedy}, {_MOVED}"
            else:
                message = f"input '{given.name}' cannot be read from {first}{more}: {said}"
            text = None if formula is None else str(formula)
            findings.append(Finding(code, given.name, tuple(cell for cell, _ in found), (), message, text))
    return tuple(findings)


def _no_number(value: Value) -> str:
    """What an input cell holds that is proved to be no number; nothing where it is one, or may be."""
    if isinstance(value, ErrorValue):
        return f"is {value}"
    if isinstance(value, Unsupported):
        return f"is part of {value}" if value.circular else ""
    if not isinstance(value, str):
        return ""
    if _NUMBER.fullmatch(value):
        return f"contains the number {value.strip()} stored as text, which SUM passes over"
    shown = value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}…"
    return f"contains the text '{shown}'"


def unequal_copies(
    inputs: Iterable[Input[Range]], offsets: Sequence[Offset], values: Mapping[Cell, Value]
) -> tuple[Finding, ...]:
    """A finding XP403 for every input whose values stand in several places, and not the same in all of them."""
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
            said = f"{other} holds {values.get(other, BLANK)} and {first} {values.get(first, BLANK)}{more}"
            message = f"the places of input '{given.name}' do not hold the same: {said}"
            findings.append(Finding("XP403", given.name, tuple(cell for _, cell in apart), (), message))
    return tuple(findings)


def typed_copies(workbook: Workbook, inputs: Iterable[Input[Range]], offsets: Sequence[Offset]) -> tuple[Finding, ...]:
    """A finding XP203 for every input whose copies in the blocks are formulas, but for some that are typed."""
    findings = []
    for given in inputs if len(offsets) > 1 else ():
        typed: list[Cell] = []
        for places in given.places(offsets) if given.every_block else ():
            for begin in range(0, len(places), len(offsets)):
                copies = places[begin or 1 : begin + len(offsets)]  # in the first block it is typed by its nature
                live = [cell for cell in copies if workbook.formula(cell)]
                typed += [cell for cell in copies if live and cell not in live]
        if typed:
            more = f" and {len(typed) - 1} more" if len(typed) > 1 else ""
            message = f"{typed[0]}{more} of input '{given.name}' is typed, where the other blocks have a formula"
            findings.append(Finding("XP203", given.name, tuple(typed), (), message))
    return tuple(findings)


def pasted_inputs(workbook: Workbook, inputs: Iterable[Input[Range]], bound: Container[Cell]) -> tuple[Finding, ...]:
    """A finding XP204 for every input of which most cells are typed and some follow from others, and cannot be set.

    It fails no check: on the values that they have, the formulas may be right.
    """
    findings = []
    for given in inputs:
        formulas = {
            cell: formula
            for cell in given.at.cells()
            if cell not in bound and (formula := workbook.formula(cell)) is not None and refers(formula.text)
        }
        typed = [cell for cell in given.at.cells() if isinstance(workbook.cells.get(cell), float)]
        if formulas and len(formulas) <= len(typed):
            first, formula = next(iter(formulas.items()))
            more = f" and {len(formulas) - 1} more" if len(formulas) > 1 else ""
            said = f"{first}{more} of input '{given.name}' is a formula where the others are typed, and cannot be set"
            findings.append(Finding("XP204", given.name, tuple(formulas), (), said, str(formula)))
    return tuple(findings)


def _alike(one: Value, other: Value) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return Tolerance(rtol=1e-12, atol=0.0).allows(one, other)
    return type(one) is type(other) and one == other


def _expectations(
    cells: CellMap, trace: "Trace | None"
) -> "Iterator[tuple[Output[Range], int, list[Binding], NDArray[Any] | None]]":
    """Every quantity in every iteration with the array that its cells must hold; None where it is skipped or misfits."""
    for output, iteration, bound in cells.blocks:
        array = None
        if output.skip is None and trace is not None:
            array = trace[iteration - 1][output.name]
            array = fitted(array.T if output.transpose else array, output.at.shape)
        yield output, iteration, bound, array


def _wanted(element: Any, actual: Value) -> float | bool:
    """What the cell must hold: of numpy's truth values, which count as 0 and 1, a truth value where the cell has one."""
    return bool(element) if isinstance(element, np.bool_) and isinstance(actual, bool) else float(element)


def _settled(output: Output[Range], actual: Value, wanted: float | bool | None) -> Value:
    """The exact one of two possible values, where both are what is wanted or neither is."""
    if not isinstance(actual, Depends) or wanted is None:
        return actual
    exact, rounded = (agree(output, value, wanted) for value in (actual.exact, actual.rounded))
    return actual.exact if exact == rounded else actual


def agree(output: Output[Range], actual: Value, expected: float | bool) -> bool:
    """Whether a cell of the output comes to what is expected."""
    if isinstance(actual, bool) or isinstance(expected, bool):
        return actual is expected  # Excel's TRUE is no 1: SUM passes it over, and TRUE=1 is FALSE
    return isinstance(actual, float) and output.tolerance.allows(actual, expected)


def fitted(array: "NDArray[Any]", shape: tuple[int, int]) -> "NDArray[Any] | None":
    """The array in the range's shape, or None where it has other elements or another orientation."""
    if array.shape == shape:
        return array
    rows, columns = shape
    if array.size != rows * columns:
        return None
    squeezed = tuple(length for length in array.shape if length != 1)
    fits = array.size == 1 or (array.ndim == 1 and 1 in shape)
    # Leading axes of length one, as keepdims leaves them, say nothing about the orientation of the last two.
    fits = fits or (array.ndim > 2 and array.shape[-2:] == shape and len(squeezed) <= 2)
    return array.reshape(shape) if fits else None


def _misfit(array: "NDArray[Any]", output: Output[Range]) -> str:
    turned = array.ndim == 2 and array.shape[::-1] == output.at.shape and not output.transpose
    mend = "set transpose = true" if turned else "correct the range, or the reference"
    return (
        f"'{output.name}' has shape {array.shape} in the reference and stands in "
        f"{output.at.shape[0]} × {output.at.shape[1]} cells ({output.at}): {mend}"
    )


def _judge(
    workbook: Workbook, binding: Binding, actual: Value, expected: float | bool | None, known: str | None
) -> CellResult:
    output, iteration, element, cell = binding
    formula = workbook.formula(cell)
    status = _status(output, formula.text if formula else None, actual, expected)
    return CellResult(
        output.name,
        iteration,
        element,
        cell,
        "accepted" if known is not None and status not in ("match", "skipped") else status,
        expected,
        actual,
        None if formula is None else str(formula),
        known if output.skip is None else output.skip,
    )


def _status(output: Output[Range], formula: str | None, actual: Value, expected: float | bool | None) -> Status:
    if output.skip is not None:
        return "skipped"
    if isinstance(actual, Unsupported):
        return "error" if actual.circular else "unsupported"
    # A formula that refers to nothing, such as =0.5, is a number with an equals sign before it.
    if formula is None or not refers(formula):
        return "missing" if actual is BLANK else "hardcoded"
    if isinstance(actual, ErrorValue):
        return "error"
    if expected is None or isinstance(actual, Missing):
        return "missing"
    return "match" if agree(output, actual, expected) else "mismatch"
