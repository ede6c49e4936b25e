"""Finds hard-coded cells: a run of cells under one header is one quantity, even if single cells in it are constants.

Along a column, or a row, the formulas that were filled from one another tell what would stand in the cells between them
and next to them. One that holds something else belongs to them where all that its formula would read is there.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from xlparity.actions.init.likeness import Likeness, Pattern, is_constant, is_number
from xlparity.actions.init.texts import Texts
from xlparity.excel.address import Cell, Range

_NUMBER = re.compile(r"\s*[-+]?[0-9]*[.,]?[0-9]+\s*%?\s*")
_CELLS_LOOKED_AT = 100  # of a range that a formula reads
_LONGEST_GAP = 4  # between two formulas of a run


def hard_coded(texts: Texts, likeness: Likeness, formulas: Iterable[Cell]) -> dict[Cell, Pattern]:
    """The cells that belong to a run of like formulas and have none like them: constants, and formulas of another kind.

    Each with two formulas of the run.
    """
    every = set(formulas)
    columns: dict[tuple[str, int], list[Cell]] = defaultdict(list)
    rows: dict[tuple[str, int], list[Cell]] = defaultdict(list)
    for cell in sorted(every):
        formula = texts.workbook.formula(cell)
        if formula and not formula.area:
            columns[cell.sheet, cell.column].append(cell)
            rows[cell.sheet, cell.row].append(cell)
    found: dict[Cell, Pattern] = {}
    for down, lines in ((True, columns), (False, rows)):
        for line in lines.values():
            if len(line) > 1:
                _CellLine(texts, likeness, every, found, line, down=down).look()
    return found


class _CellLine:
    """One column, or one row; ``found`` is what belongs to the runs of this one and of others."""

    def __init__(
        self,
        texts: Texts,
        likeness: Likeness,
        formulas: set[Cell],
        found: dict[Cell, Pattern],
        line: Sequence[Cell],
        *,
        down: bool,
    ) -> None:
        self.texts, self.likeness, self.formulas, self.found, self.down = texts, likeness, formulas, found, down
        self.workbook, self.line = texts.workbook, set(line)
        self.groups = [group for group in likeness.groups(line) if len(group) > 1]
        self.like = {cell for group in self.groups for cell in group}

    def look(self) -> None:
        """Adds what belongs to each run of like formulas."""
        for group in self.groups:
            for like, run in self.runs(group):
                if len(like) > 1:
                    pattern = self.likeness.pattern(like)
                    whole = self.grown(pattern, like, run)
                    self.found.update({c: pattern for c in whole if c not in self.like and c not in self.found})

    def runs(self, group: Sequence[Cell]) -> Iterator[tuple[list[Cell], list[Cell]]]:
        """The group, cut where what stands between two is none of it: each part, alone and with what belongs to it."""
        pattern = self.likeness.pattern(group)
        like, run = [group[0]], [group[0]]
        for cell in group[1:]:
            distance = cell.row - run[-1].row + cell.column - run[-1].column
            between = [self.next(run[-1], number) for number in range(1, min(distance, _LONGEST_GAP + 2))]
            if self.bridged(pattern, run, between, cell):
                run += between
            else:
                yield like, run
                like, run = [], []
            like.append(cell)
            run.append(cell)
        yield like, run

    def bridged(self, pattern: Pattern, run: Sequence[Cell], between: Sequence[Cell], after: Cell) -> bool:
        """Whether the run goes on, across the cells between, to the one after them."""
        if not between:
            return True
        if len(between) > _LONGEST_GAP or self.texts.zone(run[-1]) != self.texts.zone(after):
            return False
        if self.down and len(between) == 1 and is_number(self.workbook, between[0]):
            return True  # whatever it would read: it stands right between two that were filled from one another
        near = (*run[-2:], *between, after)
        # A blank between two that have a formula each may be meant; among four cells, three of them have to have one.
        around = (*run[-2:], after, self.next(after))
        may_be_blank = len(between) == 1 and sum(cell in self.like for cell in around) > 2
        fit = all(self.fits(pattern, cell, may_be_blank=may_be_blank) for cell in between)
        return fit and self.spare(near) >= 0 and self.is_one_quantity(near, run[0])

    def fits(self, pattern: Pattern, cell: Cell, *, may_be_blank: bool) -> bool:
        if cell in self.formulas:
            return cell in self.line and cell not in self.like and not self.is_total(cell)
        return (may_be_blank or cell in self.workbook.cells) and self.has_inputs(pattern, cell)

    def grown(self, pattern: Pattern, like: Sequence[Cell], run: Sequence[Cell]) -> list[Cell]:
        """The run with what stands next to it and belongs to it; nothing at an end where that is too much."""
        whole, spare = list(run), self.spare(run)
        read = {area for cell in like for area in self.workbook.graph.areas(cell)}
        for step in (1, -1):
            longer, left = list(whole), spare
            while left >= 0 and self.continues(pattern, read, longer, step):
                cell = self.next(longer[-1] if step > 0 else longer[0], step)
                left += 1 if cell in self.formulas else -1
                longer.insert(len(longer) if step > 0 else 0, cell)
            if left >= 0:
                whole, spare = longer, left
        return whole

    def continues(self, pattern: Pattern, read: set[Range], whole: Sequence[Cell], step: int) -> bool:
        """Whether the next cell belongs to the run: a formula that reads what it must, or a number that the run does not."""
        cell = self.next(whole[-1] if step > 0 else whole[0], step)
        if cell in self.like or cell not in self.workbook.cells or self.texts.zone(cell) != self.texts.zone(whole[0]):
            return False
        if cell in self.line:
            reads = self.reads(pattern, cell)
            belongs = bool(reads) and [*self.workbook.graph.areas(cell)] == reads
        else:
            end = whole[-1 if step > 0 else 0]
            on_its_own = end not in self.formulas and any(there.contains(end) for there in self.reads(pattern, cell))
            number = is_constant(self.workbook, cell) or _reads_as_number(self.workbook.cells[cell])
            belongs = number and self.has_inputs(pattern, cell) and not on_its_own
            belongs = belongs and not any(area.contains(cell) for area in read)
        near = (*whole[-2:], cell) if step > 0 else (cell, *whole[:2])
        return belongs and self.is_one_quantity(near, whole[0] if step > 0 else cell)

    def is_one_quantity(self, near: Sequence[Cell], first: Cell) -> bool:
        """Whether headers and labels allow that these neighbours are one quantity, and along a row what is around them."""
        if self.down:
            return self.texts.one_column(near, first)
        return all(
            self.texts.one_row(one, other)
            and all(self.nature(one.moved(rows, 0)) == self.nature(other.moved(rows, 0)) for rows in (-1, 1))
            for one, other in pairwise(near)
        )

    def reads(self, pattern: Pattern, cell: Cell) -> list[Range]:
        return [there for _, there in self.likeness.reads(pattern, cell)]

    def has_inputs(self, pattern: Pattern, cell: Cell) -> bool:
        """Whether what the pattern's formula would read in this cell is there, and as in its own: a number at least."""
        moved = [(here, there) for here, there in self.likeness.reads(pattern, cell) if here != there]
        numbers = any(self.nature(at) in ("number", "formula") for _, there in moved for at in _ends(there))
        return numbers and all(self.matches(here, there) for here, there in moved)

    def matches(self, here: Range, there: Range) -> bool:
        """Whether the second range holds texts where the first does and numbers where that does, and is no total."""
        same = here.shape == there.shape and here.size <= _CELLS_LOOKED_AT
        pairs = zip(here.cells(), there.cells(), strict=True) if same else zip(_ends(here), _ends(there), strict=True)
        natures = [(self.nature(one), self.nature(other)) for one, other in pairs]
        alike = all((one == "text") == (other == "text") for one, other in natures if one and other)
        is_there = any(other for _, other in natures) or not any(one for one, _ in natures)
        return alike and is_there and not (there.size == 1 and self.is_total(there.first))

    def nature(self, cell: Cell) -> str:
        """The type of a cell's content: formula, text or number; empty for a blank cell."""
        if cell in self.formulas or cell in self.found:
            return "formula"
        content = self.workbook.cells.get(cell)
        return "" if content is None else "text" if isinstance(content, str) else "number"

    def is_total(self, cell: Cell) -> bool:
        """Whether the formula reads a range with the cell before it in this line."""
        before = self.next(cell, -1)
        return any(area.size > 1 and area.contains(before) for area in self.workbook.graph.areas(cell))

    def spare(self, cells: Sequence[Cell]) -> int:
        """How many more of these are formulas than must be: more than half."""
        formulas = sum(cell in self.formulas for cell in cells)
        return 2 * formulas - len(cells) - 1

    def next(self, cell: Cell, number: int = 1) -> Cell:
        return cell.moved(number, 0) if self.down else cell.moved(0, number)


def _reads_as_number(content: object) -> bool:
    return isinstance(content, str) and _NUMBER.fullmatch(content) is not None


def _ends(area: Range) -> tuple[Cell, Cell]:
    return area.first, area.last
