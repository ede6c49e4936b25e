"""The places of cells, found by arrays of their addresses."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from xlparity.engines.evaluator.evaluation import Places
from xlparity.excel.address import Cell
from xlparity.excel.alike import Alike
from xlparity.excel.formula import CELL_MARK, RANGE_MARK

_COLUMN, _ROW = 15, 21  # bits; a key is the number of a sheet, then the row, then the column
_BEHIND = np.iinfo(np.intp).max  # larger than the key of any cell


LARGEST_RANGE = 1_000_000
"""The cells of one range; a column of a sheet has 1,048,576."""


class Referring(NamedTuple):
    """What formulas refer to, by their numbers: the shapes of the arguments, and the places, (cells of all, formulas)."""

    numbers: Places
    shapes: tuple[tuple[int, int], ...]
    reads: Places


class Grid:
    """The cells that have a place, the first one 0, and so on."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        sheets, rows, columns = list(zip(*cells, strict=True)) or ((), (), ())
        numbers = {sheet: number for number, sheet in enumerate(dict.fromkeys(sheets))}
        self._sheets = list(numbers)
        of_sheets = np.fromiter(map(numbers.__getitem__, sheets), np.intp, len(sheets))
        self._keys = _keys(of_sheets, np.array(rows, dtype=np.intp), np.array(columns, dtype=np.intp))
        order = np.argsort(self._keys, kind="stable")
        self._sorted, self._places = np.append(self._keys[order], _BEHIND), np.append(order, -1)

    def references(
        self, alike: Alike, places: Places, place: Callable[[Cell], int], room: Callable[[int], bool]
    ) -> Iterator[Referring]:
        """What formulas of one shape refer to that are in these places, in parts whose arguments have the same shapes.

        ``place`` gives the place of a cell that has none yet. Formulas with a larger range than the largest are left out, and
        those for which there is no ``room``, which is asked for so many references to cells.
        """
        marks = [mark for mark in alike.shape if mark in (CELL_MARK, RANGE_MARK)]
        sheets = self._keys[places] >> (_ROW + _COLUMN)
        if RANGE_MARK not in marks:
            if not room(len(marks) * len(places)):
                return
            reads = self._found(_keys(sheets, alike.rows, alike.columns), place)
            yield Referring(alike.numbers, ((1, 1),) * len(marks), reads)
            return
        firsts: list[Places] = []
        sizes: list[Places] = []  # the rows and the columns of each argument, less one
        corner = 0
        for mark in marks:
            ends = slice(corner, corner + (1 if mark == CELL_MARK else 2))
            rows, columns = alike.rows[ends], alike.columns[ends]
            corner = ends.stop
            firsts.append(_keys(sheets, rows.min(axis=0), columns.min(axis=0)))
            sizes += np.ptp(rows, axis=0), np.ptp(columns, axis=0)
        different, which = np.unique(np.array(sizes), axis=1, return_inverse=True)
        order = np.argsort(which.ravel(), kind="stable")
        bounds = np.cumsum([0, *np.bincount(which.ravel()).tolist()]).tolist()
        for (begin, end), one in zip(pairwise(bounds), (different.T + 1).tolist(), strict=True):
            shapes = tuple(zip(one[::2], one[1::2], strict=True))
            own = order[begin:end]
            cells = [rows * columns for rows, columns in shapes]
            if max(cells) <= LARGEST_RANGE and room(sum(cells) * len(own)):
                tables = [self._ranges(keys[own], shape, place) for keys, shape in zip(firsts, shapes, strict=True)]
                yield Referring(alike.numbers[own], shapes, np.concatenate(tables))

    def _ranges(self, firsts: Places, shape: tuple[int, int], place: Callable[[Cell], int]) -> Places:
        """The places of the cells of ranges that begin there, (cells, ranges)."""
        rows, columns = shape
        if shape == (1, 1):
            return self._found(firsts, place).reshape(1, -1)
        different, which = np.unique(firsts, return_inverse=True)  # very many formulas may look up in one large range
        offsets = (np.arange(rows).reshape(-1, 1) << _COLUMN) + np.arange(columns)
        return self._found(offsets.reshape(-1, 1) + different, place)[:, which]

    def _found(self, keys: Places, place: Callable[[Cell], int]) -> Places:
        at = np.searchsorted(self._sorted, keys)
        found = self._places[at]
        unknown = self._sorted[at] != keys
        if unknown.any():
            fresh, which = np.unique(keys[unknown], return_inverse=True)
            found[unknown] = np.array([place(self._cell(key)) for key in fresh.tolist()], dtype=np.intp)[which]
        return found

    def _cell(self, key: int) -> Cell:
        row, column = divmod(key, 1 << _COLUMN)
        sheet, row = divmod(row, 1 << _ROW)
        return Cell(self._sheets[sheet], row, column)


def _keys(sheets: Places, rows: Places, columns: Places) -> Places:
    return ((sheets << _ROW) + rows << _COLUMN) + columns
