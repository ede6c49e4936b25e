"""Finds the iterations of a workbook: blocks that begin with a counting label, or the rows of a counting table."""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from xlparity.actions.init.likeness import Likeness
from xlparity.excel.address import Cell
from xlparity.excel.workbook import Workbook, formulas_of
from xlparity.spec.binding import Offset

_NUMBER = re.compile(r"\d+")
_MOST_RUNS = 6  # ways to take the formulas for iterations that are looked at
_ALIKE = 0.8  # the share of a block's formulas that most blocks have, and that a block like them has


@dataclass(frozen=True)
class Loop:
    """Repeated blocks of one sheet, one at each anchor; ``label`` is None where no label in a spec file can find them.

    ``unlike`` are the cells without a formula that have one in most blocks; ``counted`` says that the anchors count.
    """

    sheet: str
    label: str | None
    anchors: tuple[Cell, ...]
    unlike: tuple[Cell, ...] = ()
    counted: bool = True

    @cached_property
    def down(self) -> bool:
        """Whether the blocks are one below the other, not side by side."""
        return self.anchors[0].row != self.anchors[1].row

    @cached_property
    def is_table(self) -> bool:
        """Whether each block is one row, or one column, so that the headers are before the first."""
        return all(later - earlier == 1 for earlier, later in pairwise(self._starts))

    @cached_property
    def offsets(self) -> tuple[Offset, ...]:
        """The distance of each block from the first."""
        first = self.anchors[0]
        return tuple(Offset(cell.row - first.row, cell.column - first.column) for cell in self.anchors)

    def block(self, cell: Cell) -> int | None:
        """The number of the cell's block, from 0; None outside the blocks."""
        if cell.sheet != self.sheet:
            return None
        line = self._line(cell)
        number = bisect_right(self._starts, line) - 1
        return number if 0 <= number < len(self.anchors) else None

    def later(self, cell: Cell) -> list[Cell]:
        """The corresponding cells of the later blocks."""
        return [cell.moved(*offset) for offset in self.offsets[1:]]

    def stays(self, cell: Cell) -> bool:
        """Whether the corresponding range is inside each later block, however close the next block begins."""
        return all(self.block(at) == number for number, at in enumerate(self.later(cell), start=1))

    def goes_on(self, workbook: Workbook, cell: Cell) -> bool:
        """Whether the formula of this cell has precedents in the block before its own, as a state does."""
        before = (self.block(cell) or 0) - 1
        return any(self.block(area.first) == before == self.block(area.last) for area in workbook.graph.areas(cell))

    @cached_property
    def _starts(self) -> list[int]:
        """Where each block starts and, since nothing closes the last one, where it ends if it is as long as the longest."""
        starts = [self._line(anchor) for anchor in self.anchors]
        return [*starts, starts[-1] + max(later - earlier for earlier, later in pairwise(starts))]

    def _line(self, cell: Cell) -> int:
        return cell.row if self.down else cell.column


def find_loop(workbook: Workbook) -> Loop | None:
    """The blocks of the most iterations whose formulas repeat; None for a workbook with a single pass."""
    formulas = _formulas(workbook)
    for found in (_labelled(workbook), _counted(workbook)):
        loops = [like for loop in found if (like := _repeating(workbook, loop, formulas[loop.sheet]))]
        if loops:
            return max(loops, key=lambda loop: len(loop.anchors))
    return None


def running_loops(workbook: Workbook) -> list[Loop]:
    """Lines that go on from the line before, with formulas that were filled down, or across in blocks: those of most first.

    What repeats at the same distances belongs together, and the first block begins with the first of it.
    """
    likeness, formulas = Likeness(workbook), _formulas(workbook)
    found: list[tuple[int, Loop]] = []
    for sheet, cells in formulas.items():
        for down in (True, False):
            lines: dict[int, list[Cell]] = defaultdict(list)
            for cell in sorted(cells):
                lines[cell.column if down else cell.row].append(cell)
            votes: dict[tuple[int, ...], list[int]] = defaultdict(list)
            for line in lines.values():
                for group in likeness.groups(line):
                    starts = [cell.row if down else cell.column for cell in group]
                    if len(group) > 2:
                        votes[tuple(start - starts[0] for start in starts)].append(starts[0])
            for distances, firsts in votes.items():
                first = min(firsts)
                anchors = tuple(Cell(sheet, first + d, 1) if down else Cell(sheet, 1, first + d) for d in distances)
                found.append((len(firsts) * len(distances), Loop(sheet, None, anchors, counted=False)))
    found.sort(key=lambda entry: -entry[0])
    loops = (_repeating(workbook, loop, formulas[loop.sheet]) for _, loop in found[:_MOST_RUNS])
    return [loop for loop in loops if loop is not None]


def _formulas(workbook: Workbook) -> dict[str, list[Cell]]:
    """The cells with formulas that read others, sheet by sheet."""
    formulas: dict[str, list[Cell]] = defaultdict(list)
    for cell in (*(cell for cell, _ in formulas_of(workbook)), *workbook.members):
        if workbook.graph.areas(cell):
            formulas[cell.sheet].append(cell)
    return formulas


def _labelled(workbook: Workbook) -> Iterator[Loop]:
    """Every series of texts with a counting number, as a spec file's label reads them: any number opens one block."""
    openers: dict[tuple[str, str], list[tuple[int, Cell]]] = defaultdict(list)
    for cell, content in workbook.cells.items():
        if isinstance(content, str):
            text = " ".join(content.split())
            for match in _NUMBER.finditer(text):
                number = int(match[0]) if len(match[0]) <= 7 else -1  # nothing that counts
                openers[cell.sheet, text[: match.start()]].append((number, cell))
    for (sheet, prefix), found in openers.items():
        # The number of Conv1 and Conv2 is part of a name.
        if not any(map(str.isalpha, prefix)) or prefix[-1].isalpha() or "{n}" in prefix:
            continue
        whole = sorted(found)
        if counts := _counts(whole):
            # A spec's labels count from 1; blocks that count from 0 are given by their rows.
            yield Loop(sheet, f"{prefix}{{n}}" if whole[0][0] else None, counts)
            continue
        columns: dict[int, list[tuple[int, Cell]]] = defaultdict(list)
        for number, cell in whole:
            columns[cell.column].append((number, cell))
        for column in columns.values():
            if counts := _counts(column):  # the same text stands elsewhere too, so that no label is plain enough
                yield Loop(sheet, None, counts)


def _counts(found: list[tuple[int, Cell]]) -> tuple[Cell, ...]:
    """The cells, if their numbers count from 1, or from 0, down a column or along a row; nothing if they do not."""
    first = found[0][0]
    cells = tuple(cell for _, cell in found)
    counts = [number for number, _ in found] == list(range(first, first + len(found)))
    return cells if first in (0, 1) and counts and len(found) > 2 - first and _in_line(cells) else ()


def _counted(workbook: Workbook) -> Iterator[Loop]:
    """Every run of constants that count 1, 2, 3 … (or from 0) down a column: the rows of a table may be iterations."""
    numbers = {cell: value for cell, value in workbook.cells.items() if isinstance(value, float)}
    for cell, value in sorted(numbers.items()):
        if value in (0, 1) and isinstance(workbook.cells.get(cell.moved(-1, 0)), str):
            rows = [cell]
            while numbers.get(below := rows[-1].moved(1, 0)) == value + len(rows):
                rows.append(below)
            if len(rows) > 2:
                yield Loop(cell.sheet, None, tuple(rows))


def _in_line(anchors: tuple[Cell, ...]) -> bool:
    down = all(a.column == b.column and a.row < b.row for a, b in pairwise(anchors))
    return down or all(a.row == b.row and a.column < b.column for a, b in pairwise(anchors))


def _repeating(workbook: Workbook, loop: Loop, formulas: Iterable[Cell]) -> Loop | None:
    """The loop, if most of its blocks have the same formulas, and are iterations and not the rows of one table.

    Blocks of one row or column ("Sample 1", "Sample 2") are iterations only where most go on from the one before.
    """
    count = len(loop.anchors)
    blocks: list[set[Cell]] = [set() for _ in loop.anchors]  # the formulas, as cells of the first block
    going_on: set[int] = set()
    for cell in formulas:
        if (number := loop.block(cell)) is not None:
            rows, columns, _ = loop.offsets[number]
            blocks[number].add(cell.moved(-rows, -columns))
            if loop.is_table and number not in going_on and loop.goes_on(workbook, cell):
                going_on.add(number)
    have = Counter(cell for block in blocks for cell in block)
    common = {cell for cell in have if 2 * have[cell] > count and loop.block(cell) == 0 and loop.stays(cell)}
    # What the first block has as a constant, and the later ones hand on, makes it no other block.
    state = {cell for cell in common - blocks[0] if _is_handed_on(workbook, loop, cell)}
    alike = [
        len((block if number > 1 else block | state) & common)
        >= _ALIKE * max(len(common), len(block) if number < count else 0)
        for number, block in enumerate(blocks, start=1)  # what follows the last block may be anything
    ]
    if not common or 2 * sum(alike) <= count or (loop.is_table and 2 * len(going_on) < count):
        return None
    lacking = [common - block for block in blocks]
    if common & blocks[0]:
        lacking[0] -= state
    unlike = (
        cell.moved(*offset) for cells, offset in zip(lacking, loop.offsets, strict=True) for cell in sorted(cells)
    )
    return replace(loop, unlike=tuple(cell for cell in unlike if cell.on_the_grid))


def _is_handed_on(workbook: Workbook, loop: Loop, cell: Cell) -> bool:
    later = [at for at in loop.later(cell) if workbook.formula(at)]
    return isinstance(workbook.cells.get(cell), float) and 2 * sum(loop.goes_on(workbook, at) for at in later) > len(
        later
    )
