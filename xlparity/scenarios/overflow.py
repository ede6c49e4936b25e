"""Overflow: which cells depend on one, where Excel has #NUM! and numpy an infinity.

The formula 1/(1+EXP(-x)) is right in Excel and in Python, but for x below -709.8 it is an error in Excel and 0 in Python. Such a
difference is no fault of the formula or of its dependents; a #DIV/0! or #NUM! with another cause is.
"""

import functools
import re
from collections.abc import Callable, Iterable

import numpy as np

from xlparity.engines.common.circularity import certainly_read
from xlparity.excel.address import Cell, Range
from xlparity.excel.ast import Node, parse, walk
from xlparity.excel.batch import Batch
from xlparity.excel.workbook import Workbook
from xlparity.scenarios.screen import Screen, Unscreened
from xlparity.spec.binding import Input

_BRANCHING = re.compile(r"\bIF\(", re.IGNORECASE)


def has_range(given: Input[Range]) -> bool:
    """Whether the spec limits the input: within the limits, an overflow of the workbook is a fault."""
    return given.low is not None or given.high is not None or bool(given.choices)


class Overflows:
    """Which cells of a workbook depend on an overflow, or have one in their own formula."""

    def __init__(self, workbook: Workbook) -> None:
        self.book = workbook
        self._branches = functools.cache(self._has_branches)

    def depending(self, columns: Batch, number: int, cells: Iterable[Cell]) -> tuple[frozenset[Cell], frozenset[Cell]]:
        """The cells that depend on an overflow in the sample with this number, and those that may depend on one.

        An error value originates in a formula that reads none. It is an overflow where the formula, computed in doubles,
        exceeds their range, and may be one where the formula has a function that the screen does not know. Branches that a
        formula does not take are left out, as far as that is known: an overflow there does not affect its value.
        """
        anchor = self.book.graph.anchor
        watched = {cell: anchor(cell) for cell in cells}
        showing = set(columns.errors(number))
        chosen = functools.cache(functools.partial(self._in_taken_branches, columns, number))

        def reads(reader: Cell, cell: Cell) -> bool | None:
            return reader != cell and (not self._branches(reader) or chosen(reader, cell))

        begins = {cell for cell in map(anchor, showing) if not self._reads_error(cell, showing, reads)}
        reached, possible = set[Cell](), set[Cell]()
        for cell in (*begins, *watched.values()):
            if cell in reached:
                continue  # it depends on an overflow, whatever its own formula does
            try:
                if self._overflows(cell, columns, number):
                    self._add_dependents(reached, {cell}, lambda reader, before: reads(reader, before) is True)
            except (Unscreened, ValueError):  # a function, or a formula, that the screen does not know
                if cell in begins:
                    possible.add(cell)
        for sources in (reached, possible):
            self._add_dependents(sources, sources | reached, lambda reader, before: reads(reader, before) is not False)
        certain, perhaps = (
            frozenset(cell for cell, at in watched.items() if at in found) for found in (reached, possible)
        )
        return certain, perhaps - certain

    def _reads_error(self, cell: Cell, showing: set[Cell], reads: Callable[[Cell, Cell], bool | None]) -> bool:
        """Whether the cell's formula certainly reads an error value."""
        graph = self.book.graph
        return any(reads(cell, graph.anchor(other)) for area in graph.areas(cell) for other in area.among(showing))

    def _overflows(self, cell: Cell, columns: Batch, number: int) -> bool:
        """Whether the cell's own formula overflows; raises Unscreened or ValueError where it cannot be computed."""
        formula = self.book.formula(cell)
        if formula is None:
            return False
        try:
            with np.errstate(all="ignore"):
                tree = _taken(parse(formula.text), self._screen(cell, columns, number))
            with np.errstate(all="ignore", over="raise"):
                self._screen(cell, columns, number).value(tree, array=formula.area is not None)
        except FloatingPointError:
            return True
        return False

    def _screen(self, cell: Cell, columns: Batch, number: int) -> Screen:
        return Screen(lambda at: columns.in_sample(at, number), 1, lambda node: self.book.meant(node.word, cell))

    def _has_branches(self, cell: Cell) -> bool:
        formula = self.book.formula(cell)
        return formula is not None and _BRANCHING.search(formula.text) is not None

    def _in_taken_branches(self, columns: Batch, number: int, reader: Cell, cell: Cell) -> bool | None:
        """Whether the formula of ``reader``, which refers to ``cell``, reads it in the branches that it takes.

        None where that is not known.
        """
        formula = self.book.formula(reader)
        assert formula is not None  # it has branches
        held = self.book.filled(cell)
        if any(map(held.intersects, certainly_read(self.book, reader))):
            return True
        try:
            with np.errstate(all="ignore"):
                tree = _taken(parse(formula.text), self._screen(reader, columns, number))
        except (Unscreened, ValueError):
            return None
        areas = [self.book.meant(node.word, reader) for _, node in walk(tree) if node.kind in ("reference", "name")]
        if None in areas:
            return None
        return any(area is not None and area.intersects(held) for area in areas)

    def _add_dependents(self, reached: set[Cell], cells: set[Cell], reads: Callable[[Cell, Cell], bool]) -> None:
        """Adds these cells, and all that reads them directly or through others."""
        reached |= cells
        waiting = list(cells)
        while waiting:
            before = waiting.pop()
            dependents = self.book.graph.dependents(self.book.filled(before))
            fresh = [cell for cell in dependents if cell not in reached and reads(cell, before)]
            reached.update(fresh)
            waiting += fresh


def _taken(tree: Node, screen: Screen) -> Node:
    """The formula with every IF reduced to the branch that it takes, so that the others are not computed."""
    if tree.kind == "call" and tree.word.upper() == "IF" and len(tree.parts) == 3:
        test = screen.value(tree.parts[0], array=False)
        if test.size == 1:
            chosen = _taken(tree.parts[1 if test.item() else 2], screen)
            return Node("call", "IF", (_taken(tree.parts[0], screen), chosen, chosen))
    return tree._replace(parts=tuple(_taken(part, screen) for part in tree.parts))
