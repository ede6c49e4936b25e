"""Cells behind an overflow: Excel shows #NUM! there, and numpy goes on with an infinity.

1/(1+EXP(-x)) is right in both languages, and for x below -709.8 an error in one of them and 0 in the other. Such a difference
is no fault of a formula, whatever it computes or counts; a #DIV/0! or #NUM! that has another origin is one.
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from xlparity.engines.circularity import certainly_read
from xlparity.excel.address import Cell, Range
from xlparity.excel.ast import Node, parse, walk
from xlparity.excel.batch import Batch
from xlparity.excel.columns import Column, value_in
from xlparity.excel.values import BLANK
from xlparity.excel.workbook import Workbook
from xlparity.scenarios.screen import Screen, Unscreened
from xlparity.spec.binding import Input

_BRANCHING = re.compile(r"\bIF\(", re.IGNORECASE)


def has_range(given: Input[Range]) -> bool:
    """Whether the spec says what the input may be: within that, an overflow of the workbook is a fault."""
    return given.low is not None or given.high is not None or bool(given.choices)


class Overflows:
    """Which cells of a workbook depend on an overflow, or have one in their own formula."""

    def __init__(self, workbook: Workbook) -> None:
        self._book = workbook

    def behind(self, columns: Batch, number: int, cells: Iterable[Cell]) -> tuple[frozenset[Cell], frozenset[Cell]]:
        """Of these cells those that depend on an overflow in the sample of this number, and those that perhaps do.

        An error value begins in a formula that reads none. That is an overflow where the formula, computed in doubles,
        exceeds their range; nobody can say where it has a function that is not known here. A formula reads what stands in
        the branches that it takes: what overflows in another one is no reason for its value.
        """
        anchor, graph = self._book.members.get, self._book.graph
        watched = {cell: anchor(cell, cell) for cell in cells}
        showing = set(columns.errors(number))
        errors = {anchor(cell, cell) for cell in showing}
        reads = functools.cache(functools.partial(self._reads, columns, number))
        before = {cell: {anchor(c, c) for area in graph.areas(cell) for c in area.among(showing)} for cell in errors}
        begins = {cell for cell in errors if not any(reads(cell, error) for error in before[cell])}
        certain, possible = set(), set()
        for cell in begins.union(watched.values()):
            try:
                if self._overflows(cell, columns, number):
                    certain.add(cell)
            except (Unscreened, ValueError):  # a function, or a formula, that is not known here
                if cell in begins:
                    possible.add(cell)
        reached = self._with_dependents(certain, lambda reader, cell: reads(reader, cell) is True)
        perhaps = self._with_dependents(certain | possible, lambda reader, cell: reads(reader, cell) is not False)
        return (
            frozenset(cell for cell, at in watched.items() if at in reached),
            frozenset(cell for cell, at in watched.items() if at in perhaps - reached),
        )

    def _overflows(self, cell: Cell, columns: Mapping[Cell, Column], number: int) -> bool:
        """Whether the cell's own formula leaves the range of doubles; raises Unscreened or ValueError where nobody can say."""
        formula = self._book.formula(cell)
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

    def _screen(self, cell: Cell, columns: Mapping[Cell, Column], number: int) -> Screen:
        return Screen(
            lambda at: value_in(columns.get(at, BLANK), number), 1, lambda node: self._book.meant(node.word, cell)
        )

    def _reads(self, columns: Mapping[Cell, Column], number: int, reader: Cell, cell: Cell) -> bool | None:
        """Whether the formula of one cell reads the other in the branches that it takes; None where nobody can say."""
        formula = self._book.formula(reader)
        if formula is None or reader == cell or not self._book.graph.reads(reader, cell):
            return False
        held = self._book.filled(cell)
        if not _BRANCHING.search(formula.text) or any(map(held.intersects, certainly_read(self._book, reader))):
            return True
        try:
            with np.errstate(all="ignore"):
                tree = _taken(parse(formula.text), self._screen(reader, columns, number))
        except (Unscreened, ValueError):
            return None
        areas = [self._book.meant(node.word, reader) for _, node in walk(tree) if node.kind in ("reference", "name")]
        if None in areas:
            return None
        return any(area is not None and area.intersects(held) for area in areas)

    def _with_dependents(self, cells: set[Cell], reads: Callable[[Cell, Cell], bool]) -> set[Cell]:
        reached = set(cells)
        waiting = list(cells)
        while waiting:
            before = waiting.pop()
            dependents = self._book.graph.dependents(self._book.filled(before))
            fresh = [cell for cell in dependents if cell not in reached and reads(cell, before)]
            reached.update(fresh)
            waiting += fresh
        return reached


def _taken(tree: Node, screen: Screen) -> Node:
    """The formula without the branches of IF that are not taken: what these come to is computed nowhere."""
    if tree.kind == "call" and tree.word.upper() == "IF" and len(tree.parts) == 3:
        test = screen.value(tree.parts[0], array=False)
        if test.size == 1:
            chosen = _taken(tree.parts[1 if test.item() else 2], screen)
            return Node("call", "IF", (_taken(tree.parts[0], screen), chosen, chosen))
    return tree._replace(parts=tuple(_taken(part, screen) for part in tree.parts))
