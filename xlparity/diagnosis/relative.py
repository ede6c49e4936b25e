"""Relative formulas: formulas independent of their cell, so that filled or copied formulas are recognised as one.

A reference is represented by what it means there: which quantity, how many iterations away, which of its elements. So the
formulas of all blocks are equal even where a block is a row further down than the others, and the formula of one cell can be
translated to another.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from xlparity.excel.address import Cell, Range, column_letters, moved_sheet, quoted
from xlparity.excel.fill import Filling
from xlparity.excel.formula import tokens
from xlparity.excel.workbook import Formula, Workbook
from xlparity.spec.binding import HERE, Binding, CellMap, Input, Offset, Step, strided

_MARK = "\0"


class Position(NamedTuple):
    """The position of a cell among the quantities: an element of a quantity in an iteration of a check.

    ``iteration`` is 0 for an input in no block. ``element`` is (row, column) in the range, from 0.
    """

    check: str
    variable: str
    iteration: int
    element: tuple[int, int]


class QuantityRange(NamedTuple):
    """The range of a quantity in the first block, and whether it ``moves``: is in each block, not in the first only.

    Its cells are every so many rows and columns of the range, as ``step`` says.
    """

    area: Range
    moves: bool
    step: Step


class RelativeReference(NamedTuple):
    """A reference relative to the cell of its formula.

    ``to`` names a check and a quantity of it, or a sheet alone. ``part`` says which cells are meant: of a quantity all
    (``whole``), the element with the same number as the formula's cell (``alike``), or other elements (``some``); else cells
    of a block (``block``), at a distance from the formula's cell (``relative``), or fixed on the sheet (``fixed``). ``delta``
    is how many iterations away these are. ``row`` and ``column`` count from the formula's cell, or, along an axis that is
    ``anchored`` by a ``$``, from the first cell of the quantity or the block.
    """

    to: tuple[str, ...]
    part: Literal["whole", "alike", "some", "block", "relative", "fixed"]
    delta: int = 0
    row: int = 0
    column: int = 0
    shape: tuple[int, int] = (1, 1)
    anchored: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, slots=True)
class RelativeFormula:
    """A formula independent of its cell: its text without the references, and its references relative to the cell.

    Two are equal where the formulas mean the same; ``dollars`` (the ``$`` of each reference), spaces and capitals make no
    difference. ``pieces`` are the text before, between and after the references. ``shape`` is that of an array formula.
    """

    skeleton: str
    references: tuple[RelativeReference, ...]
    shape: tuple[int, int] | None
    dollars: tuple[tuple[bool, bool, bool, bool], ...] = field(compare=False)
    pieces: tuple[str, ...] = field(compare=False)


class QuantityMap:
    """A map of a workbook: which quantity of which check and iteration each cell belongs to.

    It turns a formula into a relative formula and back. A block is named by (check, iteration).
    """

    def __init__(self, workbook: Workbook, checks: Sequence[tuple[str, CellMap, Sequence[Input[Range]]]]) -> None:
        """``checks`` are the name, the bound cells and the inputs of each check."""
        self.workbook = workbook
        self.positions: dict[Cell, Position] = {}
        self.ranges: dict[tuple[str, str], QuantityRange] = {}
        self._turned: set[tuple[str, str]] = set()
        self._filled: dict[Cell, Range | None] = {}
        self.offsets: dict[str, tuple[Offset, ...]] = {}
        self._starts: dict[tuple[str, str], tuple[bool, list[int], list[int]]] = {}
        for name, cells, inputs in checks:
            self._add(name, cells, inputs)

    def _add(self, name: str, cells: CellMap, inputs: Sequence[Input[Range]]) -> None:
        self.offsets[name] = cells.offsets
        moving = [output.at for output in cells.outputs if output.every_block]
        areas = moving + [given.at for given in inputs if given.every_block]
        # Blocks on several sheets say which these are; else it is the sheet of the first output.
        for sheet in [first for first, _ in cells.offsets[0].sheets] or [area.sheet for area in moving[:1]]:
            if here := [area for area in areas if area.sheet == sheet]:
                origin = Cell(sheet, min(area.row for area in here), min(area.column for area in here))
                self._begin(name, [origin.moved(*offset) for offset in cells.offsets])
        several = len(cells.offsets) > 1
        for output in cells.outputs:
            self.ranges[name, output.name] = QuantityRange(output.at, several and output.every_block, output.step)
            if output.transpose:
                self._turned.add((name, output.name))
        for _, _, bound in cells.blocks:
            for binding in bound:
                self.positions.setdefault(binding.cell, _position(name, binding))
        for given in inputs:
            for iteration, offset in enumerate(cells.offsets if given.every_block else cells.offsets[:1], start=1):
                for placed in (given, *given.also):
                    number = iteration if given.every_block or (name, given.name) in self.ranges else 0
                    for element, cell in zip(placed.elements(), placed.cells(offset), strict=True):
                        self.positions.setdefault(cell, Position(name, given.name, number, element))
            if (name, given.name) not in self.ranges:
                self.ranges[name, given.name] = QuantityRange(given.at, given.every_block and several, given.step)

    def _begin(self, check: str, begins: Sequence[Cell]) -> None:
        """Notes where the blocks of a check begin on each sheet: down or across, row or column of each, and its number."""
        of_sheet: dict[str, list[tuple[Cell, int]]] = {}
        for number, cell in enumerate(begins, start=1):
            of_sheet.setdefault(cell.sheet, []).append((cell, number))
        for sheet, found in of_sheet.items():
            if len(found) == 1 < len(begins):  # all of the sheet is the block's
                self._starts[check, sheet] = True, [1], [found[0][1]]
                continue
            down = len(found) > 1 and found[1][0].row != found[0][0].row
            starts = sorted((cell.row if down else cell.column, number) for cell, number in found)
            self._starts[check, sheet] = down, [start for start, _ in starts], [number for _, number in starts]

    def area(self, check: str, variable: str, iteration: int) -> Range | None:
        """The range of the quantity in an iteration; None where there is no such block."""
        block = self.ranges[check, variable]
        if not block.moves:
            return block.area
        offsets = self.offsets[check]
        return block.area.moved(*offsets[iteration - 1]) if 1 <= iteration <= len(offsets) else None

    def block_of(self, check: str, cell: Cell) -> int | None:
        """The number of the check's block that contains the cell, from 1; None before the first, or on another sheet."""
        known = self._starts.get((check, cell.sheet))
        if known is None or len(self.offsets[check]) < 2:
            return None
        down, starts, numbers = known
        before = bisect_right(starts, cell.row if down else cell.column)
        return numbers[before - 1] if before else None

    def filled_with(self, cell: Cell) -> Range | None:
        """The range around the cell that Excel fills with its formula, as the exponentials before a softmax; None for none."""
        if cell not in self._filled:
            book, formula = self.workbook, self.workbook.formula(cell)
            text = "" if formula is None or formula.area is not None else relative_text_of(cell, formula)

            def last(rows: int, columns: int) -> Cell:
                """The last cell in a direction that has the formula."""
                found = cell
                while (
                    held := book.formula(beside := Cell(found.sheet, found.row + rows, found.column + columns))
                ) is not None:
                    if relative_text_of(beside, held) != text:
                        break
                    found = beside
                return found

            ends = last(-1, 0).row, last(0, -1).column, last(1, 0).row, last(0, 1).column
            self._filled[cell] = Range(cell.sheet, *ends) if text else None
        return self._filled[cell]

    # --- from a formula to a relative formula ------------------------------------------------------------------------

    def form(self, cell: Cell, formula: Formula, block: tuple[str, int]) -> RelativeFormula:
        """The formula relative to this cell, which belongs to ``block``."""
        pieces: list[str] = []
        references: list[RelativeReference] = []
        dollars: list[tuple[bool, bool, bool, bool]] = []
        position = 0
        text = formula.text
        for token in tokens(text):
            if token.kind != "reference":
                continue
            try:
                area = self.workbook.area(token.text, cell)
            except ValueError:
                continue
            pieces.append(text[position : token.start])
            dollars.append(dollars_of(token.text))
            references.append(self._reference(area, dollars[-1], cell, block))
            position = token.end
        pieces.append(text[position:])
        shape = None if formula.area is None else formula.area.shape
        return RelativeFormula(_skeleton(_MARK.join(pieces)), tuple(references), shape, tuple(dollars), tuple(pieces))

    def _reference(
        self, area: Range, dollars: tuple[bool, ...], cell: Cell, block: tuple[str, int]
    ) -> RelativeReference:
        check, iteration = block
        anchored = dollars[0], dollars[1]
        position = self.positions.get(area.first)
        base = self.area(position.check, position.variable, position.iteration) if position is not None else None
        if position is not None and base is not None and base.contains(area):
            to = position.check, position.variable
            delta = position.iteration - iteration if self.ranges[to].moves else 0
            own = self.positions.get(cell)
            if base == area:
                return RelativeReference(to, "whole", delta, shape=area.shape)
            if own is not None and area.size == 1 and self._number(own) == self._number(position):
                return RelativeReference(to, "alike", delta)
            start = self._start(position.check, position.variable, position.iteration)
            row, column = self._from(area.first, start, cell, block, (base.row, base.column), anchored)
            return RelativeReference(to, "some", delta, row, column, area.shape, anchored)
        target = self.block_of(check, area.first)
        if target is not None:
            start = self.offsets[check][target - 1]
            first = moved_sheet(area.sheet, start.to(self.offsets[check][0]).sheets)
            row, column = self._from(area.first, start, cell, block, (start.rows, start.columns), anchored)
            return RelativeReference((first,), "block", target - iteration, row, column, area.shape, anchored)
        if self.block_of(check, cell) is not None:  # from a block to a cell outside of all blocks
            return RelativeReference((area.sheet,), "fixed", 0, area.row, area.column, area.shape)
        row, column = self._from(area.first, HERE, cell, (check, 0), (0, 0), anchored)
        return RelativeReference((area.sheet,), "relative", 0, row, column, area.shape, anchored)

    def _from(
        self,
        at: Cell,
        start: Offset,
        cell: Cell,
        block: tuple[str, int],
        begins: tuple[int, int],
        anchored: tuple[bool, bool],
    ) -> tuple[int, int]:
        """The row and column of a cell as a RelativeReference has them, ``start`` being the offset of its block."""
        here = self._here(block)
        row = at.row - begins[0] if anchored[1] else at.row - start.rows - (cell.row - here.rows)
        column = at.column - begins[1] if anchored[0] else at.column - start.columns - (cell.column - here.columns)
        return row, column

    def _here(self, block: tuple[str, int]) -> Offset:
        check, iteration = block
        return self.offsets[check][iteration - 1] if iteration else HERE

    def _start(self, check: str, variable: str, iteration: int) -> Offset:
        return self.offsets[check][iteration - 1] if self.ranges[check, variable].moves else HERE

    def _number(self, position: Position) -> tuple[int, int]:
        """The element's number and how many there are, in the order of the reference's array."""
        rows, columns = self._shape(position.check, position.variable)
        row, column = position.element
        if (position.check, position.variable) in self._turned:
            return column * rows + row, rows * columns
        return row * columns + column, rows * columns

    def _shape(self, check: str, variable: str) -> tuple[int, int]:
        area, _, step = self.ranges[check, variable]
        return strided(area, step)

    # --- from a relative formula to a formula ------------------------------------------------------------------------

    def text_for(self, form: RelativeFormula, cell: Cell, block: tuple[str, int]) -> str | None:
        """The text of the relative formula in this cell; None where it would refer to a block or a cell that does not exist."""
        text = form.pieces[0]
        for reference, dollars, piece in zip(form.references, form.dollars, form.pieces[1:], strict=True):
            area = self._area(reference, cell, block)
            if area is None or not area.on_the_grid:
                return None
            text += spelled(area, dollars, cell.sheet) + piece
        return text

    def _area(self, reference: RelativeReference, cell: Cell, block: tuple[str, int]) -> Range | None:
        check, iteration = block
        target = iteration + reference.delta
        sheet, here, begins = reference.to[0], self._here(block), (0, 0)
        if reference.part in ("whole", "alike", "some"):
            of, variable = reference.to
            base = self.area(of, variable, target)
            if base is None or reference.part == "whole":
                return base
            if reference.part == "alike":
                return self._alike(cell, of, variable, base)
            sheet, start, begins = base.sheet, self._start(of, variable, target), (base.row, base.column)
        elif reference.part == "fixed":
            start, cell, here = HERE, Cell(cell.sheet, 0, 0), HERE
        elif reference.part == "relative":
            start, here = HERE, HERE
        elif 1 <= target <= len(self.offsets[check]):
            start = self.offsets[check][target - 1]
            sheet, begins = moved_sheet(sheet, start.sheets), (start.rows, start.columns)
        else:
            return None
        anchored = reference.anchored
        row = reference.row + (begins[0] if anchored[1] else start.rows + cell.row - here.rows)
        column = reference.column + (begins[1] if anchored[0] else start.columns + cell.column - here.columns)
        rows, columns = reference.shape
        return Range(sheet, row, column, row + rows - 1, column + columns - 1)

    def alike(self, cell: Cell, area: Range) -> Range | None:
        """The element, of the quantity that fills the area, with the same number as the cell; None where there is none."""
        position = self.positions.get(area.first)
        return self._alike(cell, position.check, position.variable, area) if position is not None else None

    def _alike(self, cell: Cell, check: str, variable: str, base: Range) -> Range | None:
        own = self.positions.get(cell)
        if own is None:
            return None
        number, size = self._number(own)
        rows, columns = self._shape(check, variable)
        if size != rows * columns:
            return None
        row, column = divmod(number, columns)
        if (check, variable) in self._turned:
            column, row = divmod(number, rows)
        down, across = self.ranges[check, variable].step
        return Range.of(base.first.moved(row * down, column * across))


def _skeleton(text: str) -> str:
    """The text in capitals and without spaces; strings and column names are kept as they are."""
    skeleton, position = "", 0
    for token in tokens(text) if '"' in text or "[" in text else ():
        if token.kind in ("string", "structured"):
            skeleton += "".join(text[position : token.start].upper().split()) + token.text
            position = token.end
    return skeleton + "".join(text[position:].upper().split())


def _position(check: str, binding: Binding) -> Position:
    return Position(check, binding.output.name, binding.iteration, binding.element)


def dollars_of(text: str) -> tuple[bool, bool, bool, bool]:
    """Whether the first column, the first row, the last column and the last row are anchored."""
    first, _, last = text.rpartition("!")[2].partition(":")
    ends = [(part.startswith("$"), "$" in part[1:]) for part in (first, last or first)]
    return (*ends[0], *ends[1])


def spelled(area: Range, dollars: tuple[bool, bool, bool, bool], sheet: str) -> str:
    """The range as a formula on that sheet refers to it, with ``$`` where it is anchored."""

    def end(column: int, row: int, anchors: tuple[bool, ...]) -> str:
        return f"{'$' if anchors[0] else ''}{column_letters(column)}{'$' if anchors[1] else ''}{row}"

    text = end(area.column, area.row, dollars[:2])
    if area.size > 1:
        text += ":" + end(area.last_column, area.last_row, dollars[2:])
    return text if area.sheet == sheet else f"{quoted(area.sheet)}!{text}"


def relative_text_of(cell: Cell, formula: Formula) -> str:
    """The formula as R1C1 shows it, with its sheet and its shape."""
    shape = formula.area.shape if formula.area is not None else None
    return f"{cell.sheet}!{Filling(formula.text).relative(cell.row, cell.column)} {shape}"
