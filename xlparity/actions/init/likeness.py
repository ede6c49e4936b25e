"""Finds formulas that were filled from one another, and the precedents that such a formula would have in another cell."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from xlparity.excel.address import Cell, Range, parse_range
from xlparity.excel.formula import precedents, tokens
from xlparity.excel.workbook import Workbook

_GROUPS_TRIED = 8  # of one text: a column of formulas that are all different must not take its square in time


class Pattern(NamedTuple):
    """Two cells whose formulas were filled from one another, which determine the precedents in a third cell."""

    one: Cell
    other: Cell


class Likeness:
    """The formulas of a workbook, compared with one another."""

    def __init__(self, workbook: Workbook) -> None:
        self.workbook = workbook
        self._parts: dict[Cell, tuple[str, list[Range]]] = {}

    def alike(self, one: Cell, other: Cell) -> bool:
        """Whether the two cells' formulas can be filled from one another: each reference moved along, or did not move.

        Of two cells of one array formula, yes; of two constants, no. An array formula of one cell is like any other.
        """
        first, second = self.workbook.formula(one), self.workbook.formula(other)
        if first is None or second is None:
            return False
        if any(formula.area and formula.area.size > 1 for formula in (first, second)):
            return first is second
        (shape, references), (other_shape, others) = self._apart(one), self._apart(other)
        if shape != other_shape or len(references) != len(others):
            return False
        rows, columns = other.row - one.row, other.column - one.column
        return all(_moves(here, there, rows, columns) for here, there in zip(references, others, strict=True))

    def groups(self, cells: Iterable[Cell]) -> list[list[Cell]]:
        """These cells with formulas, those together that can be filled from the first of them."""
        groups: dict[str, list[list[Cell]]] = {}
        for cell in cells:
            alike = groups.setdefault(self._apart(cell)[0], [])
            group = next((group for group in alike[-_GROUPS_TRIED:] if self.alike(group[0], cell)), None)
            if group is None:
                alike.append([cell])
            else:
                group.append(cell)
        return [group for alike in groups.values() for group in alike]

    def pattern(self, group: Sequence[Cell]) -> Pattern:
        """What two of the group show; one that reads the very same cells as the first shows nothing."""
        own = self.workbook.graph.areas(group[0])
        return Pattern(group[0], next((cell for cell in group[1:] if self.workbook.graph.areas(cell) != own), group[1]))

    def reads(self, pattern: Pattern, cell: Cell) -> list[tuple[Range, Range]]:
        """What the pattern's formula reads, each with what it would read in this cell; nothing where that cannot be told."""
        one, other = pattern
        here, there = self.workbook.graph.areas(one), self.workbook.graph.areas(other)
        if len(here) != len(there):
            return []
        found = [
            (
                a,
                Range(
                    a.sheet, *(x + away * (x != y) for x, y, away in zip(a[1:], b[1:], _away(one, cell), strict=True))
                ),
            )
            for a, b in zip(here, there, strict=True)
        ]
        there_is = all(b.on_the_grid and b.row <= b.last_row and b.column <= b.last_column for _, b in found)
        return found if there_is else []

    def _apart(self, cell: Cell) -> tuple[str, list[Range]]:
        """The formula's text without its references, and those."""
        if cell not in self._parts:
            formula = self.workbook.formula(cell)
            self._parts[cell] = _apart(formula.text if formula else "", cell.sheet)
        return self._parts[cell]


def is_constant(workbook: Workbook, cell: Cell) -> bool:
    """Whether the cell contains a number, or a formula without references."""
    formula = workbook.formula(cell)
    return not precedents(formula.text) if formula else is_number(workbook, cell)


def is_number(workbook: Workbook, cell: Cell) -> bool:
    """Whether the cell contains a number or a truth value as a constant."""
    return isinstance(workbook.cells.get(cell), float | bool)


def _moves(here: Range, there: Range, rows: int, columns: int) -> bool:
    """Whether each row and column of the second range is that of the first, moved so far or not at all."""
    away = (rows, columns, rows, columns)
    steps = zip(here[1:], there[1:], away, strict=True)
    return here.sheet == there.sheet and all(b - a in (0, step) for a, b, step in steps)


def _away(one: Cell, other: Cell) -> tuple[int, int, int, int]:
    rows, columns = other.row - one.row, other.column - one.column
    return rows, columns, rows, columns


def _apart(formula: str, sheet: str) -> tuple[str, list[Range]]:
    shape: list[str] = []
    references: list[Range] = []
    position = 0
    for token in tokens(formula):
        if token.kind == "reference":
            try:
                references.append(parse_range(token.text, sheet))
            except ValueError:  # a row or column beyond the grid: such a reference stays text
                continue
            shape += formula[position : token.start], "\x1f"
            position = token.end
    # Blanks are spelled out: to Python the marks are white space as well, and without them -A1,B1-C1 is A1-B1,-C1.
    return re.sub(r"[ \t\r\n]+", "", "".join((*shape, formula[position:]))), references
