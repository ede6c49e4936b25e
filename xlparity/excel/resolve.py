"""Replaces the calls that give a reference by that reference, where the formula alone decides which it is.

These are OFFSET and INDIRECT of constants, and ``A1#``, the cells into which the formula of A1 spills, which files have as
``ANCHORARRAY(A1)``. Where cells decide it, a call stays as it is.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from xlparity.excel.address import Cell, Range, on_the_grid, parse_range
from xlparity.excel.contents import Formula
from xlparity.excel.formula import end_of_call, split_arguments, token_at, tokens

if TYPE_CHECKING:
    from xlparity.excel.workbook import Workbook

NAMES = ("OFFSET", "INDIRECT", "ANCHORARRAY")
_CALLED = {
    "OFFSET(": "OFFSET",
    "INDIRECT(": "INDIRECT",
    "_XLFN.ANCHORARRAY(": "ANCHORARRAY",
}  # by their names in a file
_MAY_CALL = re.compile("|".join(NAMES), re.IGNORECASE)
_WHOLE_NUMBER = re.compile(r"\s*([-+]?[0-9]{1,7})?\s*")
_TEXT = re.compile(r'\s*"((?:[^"]|"")*)"\s*')
_PLACE = re.compile(r"R(\[-?[0-9]+\]|[0-9]*)C(\[-?[0-9]+\]|[0-9]*)", re.IGNORECASE)
_DELETED = "#REF!"


def resolved(formula: str, cell: Cell, workbook: "Workbook") -> str:
    """The formula of a cell with a reference, or ``#REF!``, in place of each such call."""
    if not _MAY_CALL.search(formula):
        return formula
    changed = False
    for token in reversed(
        tokens(formula)
    ):  # the last first: a call in an argument is replaced before the one around it
        name = _CALLED.get(token.text.upper()) if token.kind == "function" else None
        end = None if name is None else end_of_call(formula, token.end - 1)
        if name is None or end is None:
            continue
        reference = _reference(name, split_arguments(formula, token.end, end - 1), cell, workbook)
        if reference is not None:
            formula, changed = formula[: token.start] + reference + formula[end:], True
    return _with_ranges(formula, cell) if changed else formula


def _reference(name: str, arguments: Sequence[str], cell: Cell, workbook: "Workbook") -> str | None:
    """The reference that a call gives; None where it is not certain."""
    if name == "OFFSET":
        return _offset(arguments, cell, workbook)
    if name == "INDIRECT":
        return _indirect(arguments, cell, workbook)
    area = _area(arguments[0], cell, workbook) if len(arguments) == 1 else None
    if area is None or area.size > 1:
        return None
    content = workbook.cells.get(area.first)
    if not isinstance(content, Formula) or (content.area is not None and not content.spills):
        return None
    return str(content.area or area.first)  # a formula that does not spill is a range of its own cell


def _offset(arguments: Sequence[str], cell: Cell, workbook: "Workbook") -> str | None:
    base, *rest = arguments
    numbers = [_WHOLE_NUMBER.fullmatch(text) for text in rest]
    if not 2 <= len(rest) <= 4 or not all(numbers):
        return None
    if base.strip().upper() == _DELETED:
        return _DELETED
    area = _area(base, cell, workbook)
    if area is None:
        return None
    # An argument that is left out between commas moves by nothing, or keeps the size.
    down, right, rows, columns = [
        int(number[1]) if number and number[1] else None for number in [*numbers, None, None]
    ][:4]
    rows, columns = (size if given is None else given for size, given in zip(area.shape, (rows, columns), strict=True))
    if rows < 0 or columns < 0:
        return None  # Excel counts backwards, which its documentation rules out
    first = area.first.moved(down or 0, right or 0)
    last = first.moved(rows - 1, columns - 1)
    return str(Range.of(first, last)) if rows and columns and first.on_the_grid and last.on_the_grid else _DELETED


def _area(text: str, cell: Cell, workbook: "Workbook") -> Range | None:
    """The cells that a reference, a name or a structured reference means; None for whole rows and columns, and all else."""
    token = token_at(text, len(text) - len(text.lstrip()))
    if token is None or token.text != text.strip() or token.kind not in ("reference", "name", "structured"):
        return None
    return workbook.meant(token.text, cell)


def _indirect(arguments: Sequence[str], cell: Cell, workbook: "Workbook") -> str | None:
    match = _TEXT.fullmatch(arguments[0])
    style = arguments[1].strip().upper() if len(arguments) == 2 else "TRUE"
    if match is None or len(arguments) > 2 or style not in ("TRUE", "FALSE", "1", "0", ""):
        return None
    text = match[1].replace('""', '"').strip()
    if style in ("TRUE", "1"):
        area = _area(text, cell, workbook)
        return None if area is None else str(area)
    sheet, separator, place = text.rpartition("!")
    ends = [_r1c1(end, cell) for end in place.split(":")]
    if len(ends) > 2 or None in ends:
        return None
    return sheet + separator + ":".join(end.a1 for end in ends if end is not None)


def _r1c1(text: str, at: Cell) -> Cell | None:
    """The cell that ``R2C[-1]`` means in another one; None where it is none."""
    match = _PLACE.fullmatch(text)
    if match is None:
        return None
    row, column = (
        now + int(given[1:-1]) if given.startswith("[") else int(given or now)
        for given, now in zip(match.groups(), (at.row, at.column), strict=True)
    )
    return Cell(at.sheet, row, column) if on_the_grid(row, column) else None


def _with_ranges(formula: str, cell: Cell) -> str:
    """The formula with one reference in place of two with a colon between them, as in ``A1:Sheet!B2``."""
    found = tokens(formula)
    for left, right in reversed([*pairwise(found)]):
        if left.kind == right.kind == "reference" and formula[left.end : right.start].strip() == ":":
            one, other = parse_range(left.text, cell.sheet), parse_range(right.text, cell.sheet)
            if one.sheet == other.sheet:
                top, left_end = min(one.row, other.row), min(one.column, other.column)
                bottom, right_end = max(one.last_row, other.last_row), max(one.last_column, other.last_column)
                whole = Range(one.sheet, top, left_end, bottom, right_end)
                return _with_ranges(formula[: left.start] + str(whole) + formula[right.end :], cell)
    return formula
