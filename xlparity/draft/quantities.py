"""Which cells are one quantity: rectangles of like cells under one header, or beside one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from xlparity.address import Cell, Range, folded, parse_range
from xlparity.draft.loops import Loop
from xlparity.draft.names import names_something, stem
from xlparity.draft.survey import Kind, alike, contains
from xlparity.formula import precedents
from xlparity.workbook import Workbook, formulas_of

_FURTHEST_LABEL = 40
_HIGHEST_HEADER = 4


@dataclass(frozen=True, slots=True)
class Quantity:
    """A rectangle of cells of one kind, and what the sheet calls it, the likeliest text first."""

    at: Range
    kind: Kind
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """Cells that stay together while quantities are put together; ``by_label`` says that the text to their left names them."""

    at: Range
    texts: tuple[str, ...] = ()
    by_label: bool = False


def find_quantities(
    workbook: Workbook, loop: Loop | None, kinds: dict[Cell, Kind], known: Callable[[str], bool]
) -> list[Quantity]:
    """The quantities of these cells, in reading order.

    ``known`` tells whether a header is by itself a name of the reference: two such headers are two quantities, though
    they count (W1, W2).
    """
    return _Finder(workbook, loop, kinds, known).quantities()


class _Finder:
    """The cells, what stands around them, and which of them have found their quantity."""

    def __init__(
        self, workbook: Workbook, loop: Loop | None, kinds: dict[Cell, Kind], known: Callable[[str], bool]
    ) -> None:
        self.workbook, self.loop, self.kinds, self.known = workbook, loop, kinds, known
        self.anchors = set(loop.anchors) if loop else set()
        self.tables = {
            cell: (name, cell.row > table.area.last_row - table.totals)
            for name, table in workbook.scope.tables.items()
            for cell in kinds
            if contains(table.area, cell)
        }

    def quantities(self) -> list[Quantity]:
        """Named ranges and array formulas are whole; of the other cells, columns, and of these, rectangles."""
        runs = [*self.named()]
        taken = {cell for run in runs for cell in run.at.cells()}
        for cell in self.kinds:
            formula = self.workbook.formula(cell)
            area = formula.area if formula else None
            if area and cell == area.first and area.size > 1:
                cells = list(area.cells())
                if taken.isdisjoint(cells) and all(self.kinds.get(member) is Kind.FORMULA for member in cells):
                    runs.append(_Run(area))
                    taken.update(cells)
        columns = self.columns([cell for cell in self.kinds if cell not in taken])
        runs += self.rectangles([piece for run in columns for piece in self.pieces(run)])
        order = {cell: number for number, cell in enumerate(self.kinds)}
        runs.sort(key=lambda run: order[run.at.first])
        return [Quantity(run.at, self.kinds[run.at.first], (*run.texts, *self.texts(run))) for run in runs]

    def named(self) -> Iterable[_Run]:
        """The ranges that defined names stand for, the smaller ones first, where they hold cells of one kind."""
        # The workbook has the names without their case, the formulas as they were defined.
        used = {text for _, formula in formulas_of(self.workbook) for text in precedents(formula.text)}
        spelled = {folded(name := text.rpartition("!")[2]): name for text in sorted(used)}
        found: list[tuple[int, str, Range]] = []
        for name, definition in self.workbook.scope.names.items():
            try:
                area = parse_range(definition)
            except ValueError:
                continue
            if area.size <= len(self.kinds):
                found.append((area.size, name.rpartition("!")[2], area))
        taken: set[Cell] = set()
        for _, name, area in sorted(found):
            cells = list(area.cells())
            kinds = {self.kinds.get(cell) for cell in cells}
            if len(kinds) == 1 and None not in kinds and taken.isdisjoint(cells):
                taken.update(cells)
                yield _Run(area, (spelled.get(name, name.lower()),))

    def columns(self, cells: Sequence[Cell]) -> list[_Run]:
        """The cells as runs of one column each, cut where the kind, the table, or formula and label change."""
        runs: list[list[Cell]] = []
        for cell in sorted(cells, key=lambda cell: (cell.sheet, cell.column, cell.row)):
            if runs and runs[-1][-1] == cell.moved(-1, 0) and self.goes_on(runs[-1][-1], cell):
                runs[-1].append(cell)
            else:
                runs.append([cell])
        return [_Run(_rectangle(run[0], run[-1])) for run in runs]

    def goes_on(self, above: Cell, cell: Cell) -> bool:
        """Whether the cell belongs to the column that the one above it belongs to."""
        if self.kinds[above] is not self.kinds[cell] or self.zone(above) != self.zone(cell):
            return False
        if self.kinds[cell] is not Kind.FORMULA or alike(self.workbook, above, cell):
            return True
        if any(area.size > 1 and contains(area, above) for area in self.workbook.precedents(cell)):
            return False  # a total of the column
        label = self.label(cell)
        if label is None:
            return True
        # One formula among others of its column may be wrong; a new label beside it says that it is meant to differ.
        before = self.label(above)
        return before is not None and (before == label or stem([before, label]) is not None)

    def pieces(self, run: _Run) -> list[_Run]:
        """The run, or each of its cells where it is the labels beside it that name them."""
        cells = list(run.at.cells())
        labels = [self.label(cell) for cell in cells]
        texts = [label for label in labels if label is not None]
        if len(texts) < len(cells) or len(set(texts)) < len(cells):
            return [run]
        headed = any(names_something(text) for text in self.headers(run.at)) and not self.counts_across(run.at)
        by_label = not headed and (len(cells) == 1 or stem(texts) is None)
        if by_label or (len(cells) > 1 and all(self.known(text) for text in texts)):
            return [_Run(_rectangle(cell, cell), by_label=True) for cell in cells]
        return [run]

    def rectangles(self, runs: Iterable[_Run]) -> list[_Run]:
        """Runs side by side put together where their headers are one series, or only the first of them has one."""
        joined: list[_Run] = []
        last: dict[tuple[str, int, int, int], int] = {}
        for run in sorted(runs, key=lambda run: (run.at.sheet, run.at.column, run.at.row)):
            before = last.get((run.at.sheet, run.at.row, run.at.last_row, run.at.column - 1))
            if before is not None and self.join(joined[before], run):
                whole = joined[before]
                joined[before] = replace(whole, at=_rectangle(whole.at.first, _last(run.at)))
                last[run.at.sheet, run.at.row, run.at.last_row, run.at.last_column] = before
            else:
                last[run.at.sheet, run.at.row, run.at.last_row, run.at.last_column] = len(joined)
                joined.append(run)
        return joined

    def join(self, left: _Run, right: _Run) -> bool:
        """Whether the right run, a column, continues the left one."""
        neighbour, cell = Cell(left.at.sheet, right.at.row, right.at.column - 1), right.at.first
        if self.kinds[neighbour] is not self.kinds[cell] or self.zone(neighbour) != self.zone(cell):
            return False
        is_alike = self.kinds[cell] is not Kind.FORMULA or alike(self.workbook, neighbour, cell)
        here, there = self.stack(cell), self.stack(neighbour)
        if not any(here):
            return is_alike
        if any(
            stem([b, a]) is not None and not self.both_known(a, b) for a, b in zip(here, there, strict=False) if a and b
        ):
            return True
        nearest, beside = (next(filter(None, stack), "") for stack in (here, there))
        filled = self.kinds[cell] is Kind.FORMULA and is_alike
        return left.by_label and filled and not self.both_known(nearest, beside)

    def both_known(self, one: str, other: str) -> bool:
        return self.known(one) and self.known(other)

    def counts_across(self, at: Range) -> bool:
        """Whether the header above counts on with the one to the right or to the left."""
        own = self.stack(at.first)
        beside = (self.stack(Cell(at.sheet, at.row, max(1, column))) for column in (at.column - 1, at.last_column + 1))
        return any(
            a and b and (stem([a, b]) or stem([b, a])) is not None
            for other in beside
            for a, b in zip(own, other, strict=False)
        )

    def texts(self, run: _Run) -> tuple[str, ...]:
        """What may name the run: the headers above it and the label to its left, what is most like a name first."""
        cells = [Cell(run.at.sheet, row, run.at.column) for row in range(run.at.row, run.at.last_row + 1)]
        beside = [self.text(cell.moved(0, -1)) or self.text(cell.moved(0, -2)) for cell in cells]
        series = stem(beside) if all(beside) else None
        left = [series] if series else beside[:1]
        above = self.headers(run.at)
        found = [*left, *above] if run.by_label else [*above, *left]
        if len(cells) == 1:
            found.append(self.label(cells[0]) or "")  # of a total, whose label is the first word of its row
        return tuple(sorted(filter(None, dict.fromkeys(found)), key=lambda text: not names_something(text)))

    def headers(self, at: Range) -> list[str]:
        """The texts above the range, the nearest first; where they count from column to column, what they have in common."""
        stacks = [self.stack(Cell(at.sheet, at.row, column)) for column in range(at.column, at.last_column + 1)]
        found: list[str] = []
        for level in range(_HIGHEST_HEADER):
            texts = [stack[level] if level < len(stack) else "" for stack in stacks]
            found += [text for text in (stem(texts), texts[0]) if text]
        return found

    def stack(self, cell: Cell) -> list[str]:
        """The texts above a cell, upwards, blanks among them; a number, a formula or a second blank ends them."""
        found: list[str] = []
        for row in range(cell.row - 1, max(0, cell.row - 1 - _HIGHEST_HEADER), -1):
            above = Cell(cell.sheet, row, cell.column)
            if self.leaves_the_block(cell, above) or (above in self.workbook.cells and not self.text(above)):
                break
            found.append(self.text(above))
            if found[-2:] == ["", ""]:
                break
        return found

    def leaves_the_block(self, cell: Cell, above: Cell) -> bool:
        loop = self.loop
        return loop is not None and not loop.is_table and loop.block(cell) != loop.block(above)

    def label(self, cell: Cell) -> str | None:
        """The nearest text to the left in the cell's row."""
        for column in range(cell.column - 1, max(0, cell.column - 1 - _FURTHEST_LABEL), -1):
            if text := self.text(Cell(cell.sheet, cell.row, column)):
                return text
        return None

    def text(self, cell: Cell) -> str:
        """The text in the cell in one line; nothing where it holds none, or opens a block."""
        content = self.workbook.cells.get(cell)
        return " ".join(content.split()) if isinstance(content, str) and cell not in self.anchors else ""

    def zone(self, cell: Cell) -> tuple[object, int | None]:
        return self.tables.get(cell), self.loop.block(cell) if self.loop else None


def _rectangle(first: Cell, last: Cell) -> Range:
    return Range(first.sheet, first.row, first.column, last.row, last.column)


def _last(at: Range) -> Cell:
    return Cell(at.sheet, at.last_row, at.last_column)
