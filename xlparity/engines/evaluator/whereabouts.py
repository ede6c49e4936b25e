"""Functions of an address and not of a cell's value: ROW, COLUMN, ROWS, COLUMNS, ISREF."""

import re
from functools import lru_cache
from typing import NamedTuple

from xlparity.engines.evaluator.guards import Refusal
from xlparity.excel.address import MAX_COLUMN, MAX_ROW, Cell, Range, column_number, parse_range
from xlparity.excel.expand import AS_ARRAY
from xlparity.excel.formula import CELL_MARK, LINES_MARK, RANGE_MARK

_MARKS = CELL_MARK + RANGE_MARK + LINES_MARK
# Spaces are written as [ ]: to Python the marks are white space as well.
_CALLS = re.compile(
    rf"""(?P<text>"(?:[^"]|"")*")|(?P<mark>[{_MARKS}])
    |(?<![\w.])ISREF\([ ]*(?P<constant>[0-9.+*/-]+|TRUE|FALSE|"(?:[^"]|"")*")[ ]*\)
    |(?<![\w.])(?P<deleted>ROWS?|COLUMNS?)\([ ]*\#REF![ ]*\)
    |(?<![\w.])(?P<name>ROWS?|COLUMNS?|ISREF)\([ ]*(?P<reference>[{_MARKS}]?)[ ]*\)""",
    re.IGNORECASE | re.VERBOSE,
)
_LARGEST = 100_000  # rows or columns whose numbers are written into a formula
_TEXT = re.compile(r'"(?:[^"]|"")*"')
_CALL = re.compile(r"([A-Za-z_][\w.]*) *\($")


class Numbers(NamedTuple):
    """Numbers in place of a reference: they depend on the address of the formula, and on no cell."""

    values: tuple[float, ...]
    shape: tuple[int, int]


def replaced(shape: str, references: list[str], at: Cell, area: Range | None) -> tuple[str, list[str | Numbers]]:
    """The shape with each such call replaced by a mark, and the results of the calls among the references.

    The results are operands and not part of the shape, so that ROW() in a thousand rows is one shape.
    """
    array = area is not None
    rest = iter(references)
    answers: list[str | Numbers] = []

    def answer(match: re.Match[str]) -> str:
        if match["text"]:
            return match[0]
        if match["mark"]:
            answers.append(next(rest))
            return match[0]
        if match["constant"]:
            return " FALSE"
        if match["deleted"]:
            return " #REF!"
        name = match["name"].upper()
        if name == "ISREF":
            if not match["reference"]:
                raise Refusal("ISREF without an argument")
            next(rest)
            return " TRUE"
        if not match["reference"] and name in ("ROWS", "COLUMNS"):
            raise Refusal(f"{name} without an argument")
        rows, columns = (
            _lines(next(rest), at.sheet) if match["reference"] else ((at.row, at.row), (at.column, at.column))
        )
        down = name.startswith("ROW")
        first, last = rows if down else columns
        if name in ("ROWS", "COLUMNS"):
            first = last = last - first + 1
        elif not match["reference"] and area is not None and area.size > 1:
            raise Refusal(f"{name}() in an array formula")
        if first == last or _alone(shape, match, array):
            answers.append(Numbers((float(first),), (1, 1)))
            return CELL_MARK
        if not array and not _inside_sumproduct(shape[: match.start()]):
            raise Refusal(f"{name} of several {'rows' if down else 'columns'} in a plain cell")
        size = last - first + 1
        if size > _LARGEST:
            raise Refusal(f"{name} of very many cells")
        answers.append(Numbers(tuple(map(float, range(first, last + 1))), (size, 1) if down else (1, size)))
        return RANGE_MARK

    return _CALLS.sub(answer, shape), answers


@lru_cache(maxsize=1 << 12)
def concerns(shape: str) -> bool:
    """Whether the shape may have such a call."""
    upper = shape.upper()
    return "ROW" in upper or "COLUMN" in upper or "ISREF" in upper


def _alone(shape: str, match: re.Match[str], array: bool) -> bool:
    """Whether the call is the whole formula of a plain cell, which then shows the first of several numbers."""
    return not array and shape[: match.start()].strip(" ") == "=" and not shape[match.end() :].strip(" ")


def _inside_sumproduct(before: str) -> bool:
    """Whether the innermost call that is open is SUMPRODUCT or another that computes with arrays in a plain cell."""
    before = _TEXT.sub("", before)
    depth = 0
    for place in range(len(before) - 1, -1, -1):
        depth += (before[place] == ")") - (before[place] == "(")
        if depth < 0:
            if call := _CALL.search(before[: place + 1]):
                return call[1].upper() in ("SUMPRODUCT", AS_ARRAY)
            depth = 0  # brackets around an operand: go on outside of them
    return False


def _lines(reference: str, sheet: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """The first and last row, and the first and last column, of whole rows or columns their full length."""
    plain = reference.rpartition("!")[2].replace("$", "")
    ends = plain.split(":")
    if len(ends) == 2 and all(end.isdigit() for end in ends):
        first, last = sorted(int(end) for end in ends)
        return (first, last), (1, MAX_COLUMN)
    if len(ends) == 2 and all(end.isalpha() for end in ends):
        first, last = sorted(column_number(end) for end in ends)
        return (1, MAX_ROW), (first, last)
    area = parse_range(plain, sheet)
    return (area.row, area.last_row), (area.column, area.last_column)
