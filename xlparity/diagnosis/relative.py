"""How a formula reads from its own cell, so that what was filled or copied from one cell to another is known to be one formula.

A reference is told by what it means there: which quantity, how many iterations away, which of its elements. So the formulas
of all blocks are alike even where a block stands a row too late, and one of them can be written for the cell of another.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from xlparity.excel.address import Cell, Range, column_letters, quoted
from xlparity.excel.formula import tokens
from xlparity.excel.workbook import Formula, Workbook
from xlparity.spec.binding import Binding, CellMap, Input, Offset

_MARK = "\0"


class Slot(NamedTuple):
    """What stands in a cell: the element of a quantity in an iteration of a check; iteration 0 is that of an input in no block.

    ``element`` is (row, column) in the range, from 0.
    """

    check: str
    variable: str
    iteration: int
    element: tuple[int, int]


class Home(NamedTuple):
    """Where a quantity stands in the first block: its range, and whether it stands in each block or in the first only."""

    area: Range
    moves: bool


class Reference(NamedTuple):
    """A reference as it reads from a cell.

    ``to`` names a quantity of a check, or a sheet alone. ``part`` says what of the quantity is meant: all of it (``whole``),
    the element of the own number (``alike``), or ``some``, or that a place in a block (``block``), from the own cell
    (``relative``) or on the sheet (``fixed``) is meant. ``delta`` is how many iterations away that is. ``row`` and ``column``
    count from the own cell, or, along an axis that is ``anchored`` by a ``$``, from where the quantity or the block begins.
    """

    to: tuple[str, ...]
    part: Literal["whole", "alike", "some", "block", "relative", "fixed"]
    delta: int = 0
    row: int = 0
    column: int = 0
    shape: tuple[int, int] = (1, 1)
    anchored: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, slots=True)
class Form:
    """A formula without its place: what is left of its text, and its references as they read from its cell.

    Two forms are equal where the formulas mean the same, wherever they have their ``dollars``, spaces and capitals.
    ``pieces`` are the text before, between and behind the references.
    """

    skeleton: str
    references: tuple[Reference, ...]
    shape: tuple[int, int] | None
    dollars: tuple[tuple[bool, bool, bool, bool], ...] = field(compare=False)
    pieces: tuple[str, ...] = field(compare=False)


class Layout:
    """The quantities of all checks of a workbook, and the blocks in which they stand."""

    def __init__(self, workbook: Workbook, checks: Sequence[tuple[str, CellMap, Sequence[Input[Range]]]]) -> None:
        """``checks`` are the name, the bound cells and the inputs of each check."""
        self.workbook = workbook
        self.slots: dict[Cell, Slot] = {}
        self.homes: dict[tuple[str, str], Home] = {}
        self._turned: set[tuple[str, str]] = set()
        self.offsets: dict[str, tuple[Offset, ...]] = {}
        self._origins: dict[str, tuple[str, int, int]] = {}
        for name, cells, inputs in checks:
            self._add(name, cells, inputs)

    def _add(self, name: str, cells: CellMap, inputs: Sequence[Input[Range]]) -> None:
        self.offsets[name] = cells.offsets
        areas = [output.at for output in cells.outputs] + [given.at for given in inputs if given.every_block]
        sheet = cells.outputs[0].at.sheet
        here = [area for area in areas if area.sheet == sheet]
        self._origins[name] = sheet, min(area.row for area in here), min(area.column for area in here)
        several = len(cells.offsets) > 1
        for output in cells.outputs:
            self.homes[name, output.name] = Home(output.at, several)
            if output.transpose:
                self._turned.add((name, output.name))
        for _, _, bound in cells.blocks:
            for binding in bound:
                self.slots.setdefault(binding.cell, _slot(name, binding))
        for given in inputs:
            for iteration, offset in enumerate(cells.offsets if given.every_block else cells.offsets[:1], start=1):
                for area in (given.at, *(twin.at for twin in given.also)):
                    at = area.moved(*offset)
                    number = iteration if given.every_block or (name, given.name) in self.homes else 0
                    for cell in at.cells():
                        element = cell.row - at.row, cell.column - at.column
                        self.slots.setdefault(cell, Slot(name, given.name, number, element))
            if (name, given.name) not in self.homes:
                self.homes[name, given.name] = Home(given.at, given.every_block and several)

    def area(self, check: str, variable: str, iteration: int) -> Range | None:
        """Where all of the quantity stands in an iteration; None where there is no such block."""
        home = self.homes[check, variable]
        if not home.moves:
            return home.area
        offsets = self.offsets[check]
        return home.area.moved(*offsets[iteration - 1]) if 1 <= iteration <= len(offsets) else None

    def block_of(self, check: str, cell: Cell) -> int | None:
        """The block of the check in which the cell stands, from 1; None for a cell before the first, or on another sheet."""
        sheet, row, column = self._origins[check]
        offsets = self.offsets[check]
        if len(offsets) < 2 or cell.sheet != sheet:
            return None
        down = offsets[1].rows != offsets[0].rows
        starts = [offset.rows if down else offset.columns for offset in offsets]
        number = bisect_right(starts, cell.row - row if down else cell.column - column)
        return number or None

    # --- from a cell to a form ---------------------------------------------------------------------------------------

    def form(self, cell: Cell, formula: Formula, home: tuple[str, int]) -> Form:
        """How the formula reads from this cell, which belongs to an iteration of a check: ``home`` names the two."""
        pieces: list[str] = []
        references: list[Reference] = []
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
            references.append(self._reference(area, dollars[-1], cell, home))
            position = token.end
        pieces.append(text[position:])
        shape = None if formula.area is None else formula.area.shape
        return Form(_skeleton(_MARK.join(pieces)), tuple(references), shape, tuple(dollars), tuple(pieces))

    def _reference(self, area: Range, dollars: tuple[bool, ...], cell: Cell, home: tuple[str, int]) -> Reference:
        check, iteration = home
        anchored = dollars[0], dollars[1]
        slot = self.slots.get(area.first)
        base = self.area(slot.check, slot.variable, slot.iteration) if slot is not None else None
        if slot is not None and base is not None and base.contains(area):
            to = slot.check, slot.variable
            delta = slot.iteration - iteration if self.homes[to].moves else 0
            own = self.slots.get(cell)
            if base == area:
                return Reference(to, "whole", delta, shape=area.shape)
            if own is not None and area.size == 1 and self._number(own) == self._number(slot):
                return Reference(to, "alike", delta)
            start = self._start(slot.check, slot.variable, slot.iteration)
            row, column = self._from(area.first, start, cell, home, (base.row, base.column), anchored)
            return Reference(to, "some", delta, row, column, area.shape, anchored)
        target = self.block_of(check, area.first)
        if target is not None:
            start = self.offsets[check][target - 1]
            row, column = self._from(area.first, start, cell, home, start, anchored)
            return Reference((area.sheet,), "block", target - iteration, row, column, area.shape, anchored)
        if self.block_of(check, cell) is not None:  # from a block to a place outside of all
            return Reference((area.sheet,), "fixed", 0, area.row, area.column, area.shape)
        row, column = self._from(area.first, Offset(0, 0), cell, (check, 0), (0, 0), anchored)
        return Reference((area.sheet,), "relative", 0, row, column, area.shape, anchored)

    def _from(
        self,
        at: Cell,
        start: Offset,
        cell: Cell,
        home: tuple[str, int],
        begins: tuple[int, int],
        anchored: tuple[bool, bool],
    ) -> tuple[int, int]:
        """The row and column of a place as a reference has them, ``start`` being where its block stands."""
        here = self._here(home)
        row = at.row - begins[0] if anchored[1] else at.row - start.rows - (cell.row - here.rows)
        column = at.column - begins[1] if anchored[0] else at.column - start.columns - (cell.column - here.columns)
        return row, column

    def _here(self, home: tuple[str, int]) -> Offset:
        check, iteration = home
        return self.offsets[check][iteration - 1] if iteration else Offset(0, 0)

    def _start(self, check: str, variable: str, iteration: int) -> Offset:
        return self.offsets[check][iteration - 1] if self.homes[check, variable].moves else Offset(0, 0)

    def _number(self, slot: Slot) -> tuple[int, int]:
        """The element's number and how many there are, in the reference's own order."""
        rows, columns = self.homes[slot.check, slot.variable].area.shape
        row, column = slot.element
        if (slot.check, slot.variable) in self._turned:
            return column * rows + row, rows * columns
        return row * columns + column, rows * columns

    # --- from a form to a cell ---------------------------------------------------------------------------------------

    def write(self, form: Form, cell: Cell, home: tuple[str, int]) -> str | None:
        """The form as a formula of this cell; None where it would refer to a place that there is not."""
        text = form.pieces[0]
        for reference, dollars, piece in zip(form.references, form.dollars, form.pieces[1:], strict=True):
            area = self._area(reference, cell, home)
            if area is None or not area.on_the_grid:
                return None
            text += spelled(area, dollars, cell.sheet) + piece
        return text

    def _area(self, reference: Reference, cell: Cell, home: tuple[str, int]) -> Range | None:
        check, iteration = home
        target = iteration + reference.delta
        sheet, here, begins = reference.to[0], self._here(home), (0, 0)
        if reference.part in ("whole", "alike", "some"):
            of, variable = reference.to
            base = self.area(of, variable, target)
            if base is None or reference.part == "whole":
                return base
            if reference.part == "alike":
                return self._alike(cell, of, variable, base)
            sheet, start, begins = base.sheet, self._start(of, variable, target), (base.row, base.column)
        elif reference.part == "fixed":
            start, cell, here = Offset(0, 0), Cell(cell.sheet, 0, 0), Offset(0, 0)
        elif reference.part == "relative":
            start, here = Offset(0, 0), Offset(0, 0)
        elif 1 <= target <= len(self.offsets[check]):
            start = begins = self.offsets[check][target - 1]
        else:
            return None
        anchored = reference.anchored
        row = reference.row + (begins[0] if anchored[1] else start.rows + cell.row - here.rows)
        column = reference.column + (begins[1] if anchored[0] else start.columns + cell.column - here.columns)
        rows, columns = reference.shape
        return Range(sheet, row, column, row + rows - 1, column + columns - 1)

    def alike(self, cell: Cell, area: Range) -> Range | None:
        """The element, of the quantity that fills the area, that has the number of the cell's own; None where there is none."""
        slot = self.slots.get(area.first)
        return self._alike(cell, slot.check, slot.variable, area) if slot is not None else None

    def _alike(self, cell: Cell, check: str, variable: str, base: Range) -> Range | None:
        own = self.slots.get(cell)
        if own is None:
            return None
        number, size = self._number(own)
        rows, columns = base.shape
        if size != base.size:
            return None
        row, column = divmod(number, columns)
        if (check, variable) in self._turned:
            column, row = divmod(number, rows)
        return Range.of(base.first.moved(row, column))


def _skeleton(text: str) -> str:
    """The text without what makes no difference; texts and column names keep their spaces and capitals."""
    skeleton, position = "", 0
    for token in tokens(text) if '"' in text or "[" in text else ():
        if token.kind in ("string", "structured"):
            skeleton += "".join(text[position : token.start].upper().split()) + token.text
            position = token.end
    return skeleton + "".join(text[position:].upper().split())


def _slot(check: str, binding: Binding) -> Slot:
    return Slot(check, binding.output.name, binding.iteration, binding.element)


def dollars_of(text: str) -> tuple[bool, bool, bool, bool]:
    """Whether the first column, the first row, the last column and the last row are anchored."""
    first, _, last = text.rpartition("!")[2].partition(":")
    ends = [(part.startswith("$"), "$" in part[1:]) for part in (first, last or first)]
    return (*ends[0], *ends[1])


def spelled(area: Range, dollars: tuple[bool, bool, bool, bool], sheet: str) -> str:
    """The range as a formula of that sheet has it, with ``$`` where it is anchored."""

    def end(column: int, row: int, anchors: tuple[bool, ...]) -> str:
        return f"{'$' if anchors[0] else ''}{column_letters(column)}{'$' if anchors[1] else ''}{row}"

    text = end(area.column, area.row, dollars[:2])
    if area.size > 1:
        text += ":" + end(area.last_column, area.last_row, dollars[2:])
    return text if area.sheet == sheet else f"{quoted(area.sheet)}!{text}"
