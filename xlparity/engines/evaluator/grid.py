"""The places of cells, found by arrays of their addresses."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from xlparity.engines.evaluator.evaluation import Places
from xlparity.excel.address import Cell
from xlparity.excel.alike import Alike
from xlparity.excel.formula import CELL_MARK, RANGE_MARK

_COLUMN, _ROW = 15, 21  # bits; a key is the number of a sheet, then the row, then the column
_BEHIND = np.iinfo(np.intp).max  # larger than the key of any cell


class Area(NamedTuple):
    """An argument of many formulas: the key of the first cell for each, and the shape that they have in common."""

    firsts: Places
    shape: tuple[int, int]


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

    def arguments(self, alike: Alike, places: Places) -> Iterator[tuple[Places, tuple[Area, ...]]]:
        """What the formulas in these places refer to, in parts whose arguments have the same shapes.

        Each part is the numbers of its formulas among them, and their arguments.
        """
        sheets = self._keys[places] >> (_ROW + _COLUMN)
        firsts: list[Places] = []
        sizes: list[Places] = []  # one less than the rows and columns of each
        corner = 0
        for mark in alike.shape:
            if mark not in (CELL_MARK, RANGE_MARK):
                continue
            ends = slice(corner, corner + (1 if mark == CELL_MARK else 2))
            rows, columns = alike.rows[ends], alike.columns[ends]
            corner = ends.stop
            firsts.append(_keys(sheets, rows.min(axis=0), columns.min(axis=0)))
            sizes += np.ptp(rows, axis=0), np.ptp(columns, axis=0)
        table = np.array(sizes, dtype=np.intp).reshape(len(sizes), len(places))
        if RANGE_MARK not in alike.shape or (table == table[:, :1]).all():
            yield np.arange(len(places)), _areas(firsts, table[:, 0].tolist())
            return
        different, which = np.unique(table, axis=1, return_inverse=True)
        order, which = np.argsort(which.ravel(), kind="stable"), which.ravel()
        for own, shapes in zip(np.split(order, np.cumsum(np.bincount(which))[:-1]), different.T.tolist(), strict=True):
            yield own, _areas([keys[own] for keys in firsts], shapes)

    def places(self, area: Area, place: Callable[[Cell], int]) -> Places:
        """The places of the cells of an argument, (cells, formulas); ``place`` gives that of a cell that has none yet."""
        rows, columns = area.shape
        if area.shape == (1, 1):
            return self._found(area.firsts, place).reshape(1, -1)
        firsts, which = np.unique(area.firsts, return_inverse=True)
        offsets = (np.arange(rows).reshape(-1, 1) << _COLUMN) + np.arange(columns)
        return self._found(offsets.reshape(-1, 1) + firsts, place)[:, which]

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


def _areas(firsts: list[Places], sizes: list[int]) -> tuple[Area, ...]:
    shapes = zip(sizes[::2], sizes[1::2], strict=True)
    return tuple([Area(keys, (rows + 1, columns + 1)) for keys, (rows, columns) in zip(firsts, shapes, strict=True)])
