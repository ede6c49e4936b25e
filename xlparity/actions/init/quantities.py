"""Groups cells into quantities: rectangles of similar cells below or beside one header."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from xlparity.actions.init.likeness import Likeness
from xlparity.actions.init.names import stem
from xlparity.actions.init.survey import CellKind, CellSurvey
from xlparity.actions.init.texts import Texts
from xlparity.excel.address import Cell, Range, folded, parse_range
from xlparity.excel.formula import precedents
from xlparity.excel.workbook import formulas_of


@dataclass(frozen=True, slots=True)
class Quantity:
    """A rectangle of cells of one kind, with its possible names on the sheet, the likeliest first.

    ``typed_over`` are those of its cells that contain a constant instead of a formula.
    """

    at: Range
    kind: CellKind
    texts: tuple[str, ...]
    hard_coded: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class _Run:
    """Cells that stay together while quantities are put together; ``by_label`` says that the text to their left names them."""

    at: Range
    texts: tuple[str, ...] = ()
    by_label: bool = False


def find_quantities(texts: Texts, likeness: Likeness, seen: CellSurvey, known: Callable[[str], bool]) -> list[Quantity]:
    """The quantities of these cells, in reading order.

    ``known`` tells whether a header is by itself a name of the reference: two such headers are two quantities, though
    they count (W1, W2).
    """
    return _Finder(texts, likeness, seen, known).quantities()


class _Finder:
    """The cells, the texts around them, and which of them are assigned to a quantity."""

    def __init__(self, texts: Texts, likeness: Likeness, seen: CellSurvey, known: Callable[[str], bool]) -> None:
        self.around, self.likeness, self.seen, self.known = texts, likeness, seen, known
        self.workbook, self.kinds = texts.workbook, seen.kinds

    def quantities(self) -> list[Quantity]:
        """Named ranges and array formulas are whole; of the other cells, columns, and of these, rectangles."""
        runs = [*self.named()]
        taken = {cell for run in runs for cell in run.at.cells()}
        for cell in self.kinds:
            formula = self.workbook.formula(cell)
            area = formula.area if formula else None
            if area and cell == area.first and area.size > 1:
                cells = list(area.cells())
                if taken.isdisjoint(cells) and all(self.kinds.get(member) is CellKind.FORMULA for member in cells):
                    runs.append(_Run(area))
                    taken.update(cells)
        columns = self.columns([cell for cell in self.kinds if cell not in taken])
        runs += self.rectangles([piece for run in columns for piece in self.pieces(run)])
        order = {cell: number for number, cell in enumerate(self.kinds)}
        runs.sort(key=lambda run: order[run.at.first])
        return [
            Quantity(
                run.at,
                self.kinds[run.at.first],
                (*run.texts, *self.around.around(run.at, by_label=run.by_label)),
                self.hard_coded(run.at),
            )
            for run in runs
        ]

    def hard_coded(self, at: Range) -> tuple[Cell, ...]:
        formulas = self.kinds[at.first] is CellKind.FORMULA
        return tuple(cell for cell in at.cells() if formulas and not self.workbook.formula(cell))

    def alike(self, one: Cell, other: Cell) -> bool:
        """Whether their formulas were filled from one another, or would be if none had been replaced by a constant."""
        meant = [self.seen.typed[cell].one if cell in self.seen.typed else cell for cell in (one, other)]
        return self.likeness.alike(*meant)

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
        return [_Run(Range.of(run[0], run[-1])) for run in runs]

    def goes_on(self, above: Cell, cell: Cell) -> bool:
        """Whether the cell belongs to the column that the one above it belongs to."""
        if self.kinds[above] is not self.kinds[cell] or self.around.zone(above) != self.around.zone(cell):
            return False
        if self.kinds[cell] is not CellKind.FORMULA or self.alike(above, cell):
            return True
        if any(area.size > 1 and area.contains(above) for area in self.workbook.graph.areas(cell)):
            return False  # a total of the column
        label = self.around.label(cell)
        if label is None:
            return True
        # One formula among others of its column may be wrong; a new label beside it says that it is meant to differ.
        before = self.around.label(above)
        return before is not None and (before == label or stem([before, label]) is not None)

    def pieces(self, run: _Run) -> list[_Run]:
        """The run, or each of its cells where it is the labels beside it that name them."""
        cells = list(run.at.cells())
        labels = [self.around.labels(cell) for cell in cells]
        texts = [label[0] for label in labels if label]
        if len(texts) < len(cells) or len(set(labels)) < len(cells):
            return [run]
        by_label = not self.around.headed(run.at) and (len(cells) == 1 or stem(texts) is None)
        if by_label or (len(cells) > 1 and all(self.known(text) for text in texts)):
            return [_Run(Range.of(cell), by_label=True) for cell in cells]
        return [run]

    def rectangles(self, runs: Iterable[_Run]) -> list[_Run]:
        """Runs side by side put together where their headers are one series, or only the first of them has one."""
        joined: list[_Run] = []
        last: dict[tuple[str, int, int, int], int] = {}
        for run in sorted(runs, key=lambda run: (run.at.sheet, run.at.column, run.at.row)):
            before = last.get((run.at.sheet, run.at.row, run.at.last_row, run.at.column - 1))
            if before is not None and self.join(joined[before], run):
                whole = joined[before]
                joined[before] = replace(whole, at=Range.of(whole.at.first, run.at.last))
                last[run.at.sheet, run.at.row, run.at.last_row, run.at.last_column] = before
            else:
                last[run.at.sheet, run.at.row, run.at.last_row, run.at.last_column] = len(joined)
                joined.append(run)
        return joined

    def join(self, left: _Run, right: _Run) -> bool:
        """Whether the right run, a column, continues the left one."""
        neighbour, cell = Cell(left.at.sheet, right.at.row, right.at.column - 1), right.at.first
        if self.kinds[neighbour] is not self.kinds[cell] or self.around.zone(neighbour) != self.around.zone(cell):
            return False
        is_alike = self.kinds[cell] is not CellKind.FORMULA or self.alike(neighbour, cell)
        here, there = self.around.stack(cell), self.around.stack(neighbour)
        if not any(here):
            return is_alike
        if any(
            stem([b, a]) is not None and not self.both_known(a, b) for a, b in zip(here, there, strict=False) if a and b
        ):
            return True
        nearest, beside = (next(filter(None, stack), "") for stack in (here, there))
        filled = self.kinds[cell] is CellKind.FORMULA and is_alike
        return left.by_label and filled and not self.both_known(nearest, beside)

    def both_known(self, one: str, other: str) -> bool:
        return self.known(one) and self.known(other)
