"""What is wrong with the inputs in the workbook, whatever the formulas compute: no numbers, or copies that differ."""

import re
from collections.abc import Container, Iterable, Mapping, Sequence

from xlparity.excel.address import Cell, Range
from xlparity.excel.formula import refers
from xlparity.excel.values import BLANK, ErrorValue, Unsupported, Value
from xlparity.excel.workbook import Workbook
from xlparity.results.report import Finding
from xlparity.results.rules import NO_NUMBER, UNSUPPORTED
from xlparity.spec.binding import Input, Offset
from xlparity.spec.check import Check
from xlparity.tolerance import Tolerance

_NUMBER = re.compile(r"\s*[+-]?([0-9]+[.,]?[0-9]*|[.,][0-9]+)([Ee][+-]?[0-9]+)?\s*%?\s*")
_LONGEST_TEXT = 40
_MOVED = "or, where rows, columns or a sheet have moved, correct the address"
_SAME = Tolerance(rtol=1e-12, atol=0.0)  # copies that formulas make differ by rounding at most


def input_findings(workbook: Workbook, check: Check, values: Mapping[Cell, Value]) -> tuple[Finding, ...]:
    """The findings about the inputs of a check, ``values`` being what the cells come to on the stored inputs."""
    copies = check.inputs, check.cells.offsets
    return (
        *not_numbers(workbook, check.inputs, values),
        *unequal_copies(*copies, values),
        *typed_copies(workbook, *copies),
        *pasted_inputs(workbook, check.inputs, {binding.cell for binding in check.cells.bindings}),
    )


def readable(check: Check, values: Mapping[Cell, Value]) -> bool:
    """Whether nothing is found in any input cell that is no number: then the reference is called."""
    return not any(
        _no_number(value) or (isinstance(value, Unsupported) and not value.circular)
        for given in check.inputs
        for cell in given.at.cells()
        for value in (values.get(cell, BLANK),)
    )


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
        return _SAME.allows(one, other)
    return type(one) is type(other) and one == other
