"""Finds the texts that describe a cell: the headers above it, the label to its left, its table and block."""

from collections.abc import Sequence

from xlparity.actions.init.loops import Loop
from xlparity.actions.init.names import names_something, stem, words
from xlparity.excel.address import Cell, Range
from xlparity.excel.workbook import Workbook

_FURTHEST_LABEL = 40
_HIGHEST_HEADER = 4
_MOST_LABELS = 3


class Texts:
    """The texts around the cells of a workbook; those that open a block name nothing."""

    def __init__(self, workbook: Workbook, loop: Loop | None) -> None:
        self.workbook, self.loop = workbook, loop
        self._anchors = set(loop.anchors) if loop else set()

    def headers(self, at: Range) -> list[str]:
        """The texts above the range, the nearest first; where they count from column to column, what they have in common."""
        stacks = [self.stack(Cell(at.sheet, at.row, column)) for column in range(at.column, at.last_column + 1)]
        found: list[str] = []
        for level in range(_HIGHEST_HEADER):
            texts = [stack[level] if level < len(stack) else "" for stack in stacks]
            found += [text for text in (stem(texts), texts[0]) if text]
        return found

    def headed(self, at: Range) -> bool:
        """Whether a text right above the range names all of it."""
        return any(names_something(text) for text in self.headers(at)) and not self.counts_across(at)

    def counts_across(self, at: Range) -> bool:
        """Whether the header above counts on with the one to the right or to the left."""
        own = self.stack(at.first)
        beside = (self.stack(Cell(at.sheet, at.row, max(1, column))) for column in (at.column - 1, at.last_column + 1))
        return any(
            a and b and (stem([a, b]) or stem([b, a])) is not None
            for other in beside
            for a, b in zip(own, other, strict=False)
        )

    def one_row(self, left: Cell, right: Cell) -> bool:
        """Whether the headers of two neighbours let them be one quantity: there are none, or they count."""
        here, there = self.stack(left), self.stack(right)
        counting = any(stem([a, b]) is not None for a, b in zip(here, there, strict=False) if a and b)
        return counting or not any((*here, *there))

    def one_column(self, cells: Sequence[Cell], top: Cell) -> bool:
        """Whether the labels beside these cells, of a column that begins at ``top``, let them be one quantity.

        They name the single cells where they all differ, unless they count, or a header names the whole column.
        """
        labels = [label for cell in cells if (label := self.label(cell)) is not None]
        if len(labels) < len(cells) or len(set(labels)) < len(cells) or stem(labels) is not None:
            return True
        return stem(labels[:-1]) is None and stem(labels[1:]) is None and self.headed(Range(*top, *top[1:]))

    def stack(self, cell: Cell) -> list[str]:
        """The texts above a cell, upwards, blanks among them; a number, a formula or a second blank ends them.

        An arrow or another sign is passed over.
        """
        found: list[str] = []
        for row in range(cell.row - 1, max(0, cell.row - 1 - _HIGHEST_HEADER), -1):
            above = Cell(cell.sheet, row, cell.column)
            if self.is_sign(above):
                continue
            if self._leaves_the_block(cell, above) or (above in self.workbook.cells and not self.text(above)):
                break
            found.append(self.text(above))
            if found[-2:] == ["", ""]:
                break
        return found

    def label(self, cell: Cell) -> str | None:
        """The nearest text to the left in the cell's row that is no mere sign."""
        return next(iter(self.labels(cell)), None)

    def labels(self, cell: Cell) -> tuple[str, ...]:
        """The nearest texts to the left in the cell's row, from right to left: a label may be followed by a symbol or a unit."""
        found: list[str] = []
        for column in range(cell.column - 1, max(0, cell.column - 1 - _FURTHEST_LABEL), -1):
            at = Cell(cell.sheet, cell.row, column)
            text = self.text(at)
            if text and not self.is_sign(at):
                found.append(text)
            if len(found) == _MOST_LABELS or (found and not text):
                break
        return tuple(found)

    def is_sign(self, cell: Cell) -> bool:
        """Whether the cell holds an arrow, a dash or the like, which names nothing."""
        return isinstance(self.workbook.cells.get(cell), str) and not words(self.text(cell))

    def around(self, at: Range, *, by_label: bool = False) -> tuple[str, ...]:
        """What may name the range: the headers above it and the labels to its left, what is most like a name first."""
        cells = [Cell(at.sheet, row, at.column) for row in range(at.row, at.last_row + 1)]
        beside = [self.near(cell) for cell in cells]
        series = stem(beside) if all(beside) else None
        left = [series] if series else beside[:1]
        above = self.headers(at)
        found = [*left, *above] if by_label else [*above, *left]
        # The label of a total is the first word of its row; a unit or a symbol may be between a label and the numbers.
        labels = self.labels(cells[0])
        if len(cells) == 1 or beside[0]:
            found += [*labels, *([f"{labels[-1]} {labels[0]}"] if len(labels) > 1 else [])]
        return tuple(sorted(filter(None, dict.fromkeys(found)), key=lambda text: not names_something(text)))

    def near(self, cell: Cell) -> str:
        """The text at most two cells to the left, past signs."""
        for at in (cell.moved(0, -1), cell.moved(0, -2)):
            if (text := self.text(at)) and not self.is_sign(at):
                return text
        return ""

    def text(self, cell: Cell) -> str:
        """The text in the cell in one line; nothing where it holds none, or opens a block."""
        content = self.workbook.cells.get(cell)
        return " ".join(content.split()) if isinstance(content, str) and cell not in self._anchors else ""

    def zone(self, cell: Cell) -> tuple[object, int | None]:
        """The table and the block that the cell stands in, and whether among the table's totals."""
        tables = self.workbook.scope.tables.items()
        inside = ((name, t.area.last_row - t.totals < cell.row) for name, t in tables if t.area.contains(cell))
        return next(inside, None), self.loop.block(cell) if self.loop else None

    def _leaves_the_block(self, cell: Cell, above: Cell) -> bool:
        loop = self.loop
        return loop is not None and not loop.is_table and loop.block(cell) != loop.block(above)
