"""The formulas in cells, and the contents of a workbook after an edit."""

from collections.abc import Mapping
from dataclasses import dataclass

from xlparity.excel.address import Cell, Range
from xlparity.excel.values import BLANK, Unsupported, Value


@dataclass(frozen=True, slots=True)
class Formula:
    """A live formula, with its ``=``; ``area`` is the block that an array formula (CSE) fills, else None.

    ``spills`` marks a dynamic array formula, whose area is as large as its result.
    """

    text: str
    area: Range | None = None
    spills: bool = False

    def __str__(self) -> str:
        return self.text if self.area is None else f"{{{self.text}}}"


@dataclass(frozen=True, slots=True)
class DataTable(Formula):
    """A data table of Excel's what-if analysis, with the text that Excel shows: ``=TABLE(row input,column input)``.

    Each of its cells has the value that a formula beside the table has with other values in the input cells: in the
    ``row_input`` the value at the top of the cell's column, in the ``column_input`` the one at the left of its row. With both
    inputs the formula is in the corner; with one it is at the other side, one for each row or column (ECMA-376, 18.3.1.40).
    """

    row_input: Cell | None = None
    column_input: Cell | None = None

    def source(self, cell: Cell) -> Cell:
        """The cell whose formula gives the value of this one of the table."""
        left, top = self._edges(cell)
        if self.row_input is None:
            return top
        return left if self.column_input is None else Cell(left.sheet, top.row, left.column)

    def replacements(self, cell: Cell) -> dict[Cell, Cell]:
        """The input cells, each with the cell whose value it has for this cell of the table."""
        left, top = self._edges(cell)
        found = {self.column_input: left, self.row_input: top}
        return {place: given for place, given in found.items() if place is not None}

    @property
    def reads(self) -> tuple[Range, ...]:
        """The input cells, and the line above the table and the one on its left, with its values and formulas."""
        block = self.block
        corner = int(self.row_input is not None and self.column_input is not None)
        above = block._replace(row=block.row - 1, last_row=block.row - 1, column=block.column - corner)
        left = block._replace(column=block.column - 1, last_column=block.column - 1)
        return *(Range.of(place) for place in (self.row_input, self.column_input) if place is not None), above, left

    @property
    def block(self) -> Range:
        """The area, which every data table has."""
        if self.area is None:
            raise ValueError("a data table without an area")
        return self.area

    def _edges(self, cell: Cell) -> tuple[Cell, Cell]:
        return cell._replace(column=self.block.column - 1), cell._replace(row=self.block.row - 1)


def replaced(
    cells: Mapping[Cell, Value | Formula], members: Mapping[Cell, Cell], contents: Mapping[Cell, Value | Formula]
) -> tuple[dict[Cell, Value | Formula], dict[Cell, Cell]]:
    """The cells and the members of array areas with these contents in place of what the cells hold, in no order.

    A blank clears its cell. An array formula whose first cell gets anything but a formula over the same area is gone from
    its other cells, which are blank. What is put over one of the others stands there alone, and the formula fills the
    rest, as Excel would not allow and other programs do; a formula that spills is refused with something in its way.
    Raises ValueError for an area that does not begin at its cell, or that holds another formula.
    """
    cells, members = dict(cells), dict(members)
    left: dict[Cell, Value | Formula] = {}
    for cell, content in contents.items():
        old, anchor = cells.get(cell), members.get(cell)
        if isinstance(old, Formula) and old.area:
            if isinstance(content, Formula) and content.area == old.area:
                cells[cell] = content
                continue
            _free(cell, old.area, members)
        head = None if anchor is None else cells[anchor]
        if anchor is not None and isinstance(head, Formula) and head.area and head.spills:
            if content is BLANK:
                continue
            _free(anchor, head.area, members)
            cells[anchor] = Unsupported(f"a formula that cannot spill, since {cell} is in its way")
        members.pop(cell, None)
        if cell in cells:
            cells[cell] = BLANK  # so that it keeps its turn
        left[cell] = content
    for cell, content in left.items():
        if isinstance(content, Formula) and content.area:
            _fill(cell, content, content.area, cells, members)
    for cell, content in left.items():
        if content is BLANK:
            cells.pop(cell, None)
        elif not (isinstance(content, Formula) and content.area):
            members.pop(cell, None)
            cells[cell] = content
    return cells, members


def _free(anchor: Cell, area: Range, members: dict[Cell, Cell]) -> None:
    for cell in area.cells():
        if members.get(cell) == anchor:
            del members[cell]


def _fill(
    anchor: Cell, formula: Formula, area: Range, cells: dict[Cell, Value | Formula], members: dict[Cell, Cell]
) -> None:
    if area.first != anchor:
        raise ValueError(f"an array formula over {area} cannot be in {anchor}")
    for cell in area.cells():
        if cell in members or (cell != anchor and isinstance(cells.get(cell), Formula)):
            raise ValueError(f"an array formula over {area} would cover the formula of {cell}")
        if cell != anchor:
            cells.pop(cell, None)
            members[cell] = anchor
    cells[anchor] = formula
