"""The numbers in the cells of a workbook, and which cells contain an array of the reference."""

import contextlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, log2
from typing import NamedTuple

import numpy as np

from xlparity.engines.protocol import Session
from xlparity.engines.registry import find_engine
from xlparity.errors import XlparityError
from xlparity.excel.address import Cell, Range
from xlparity.excel.workbook import Workbook, formulas_of
from xlparity.references.case import Array
from xlparity.references.function import Passes
from xlparity.spec.binding import Offset

# Two computations of one quantity agree to far more digits; a workbook whose formulas round a little less well is still found.
_RTOL, _ATOL = 1e-7, 1e-12
_MOST_PLACES = (
    400  # where the rarest number of an array is looked for: an array of zeros is everywhere and proves nothing
)
_DIGITS = 5  # significant digits that make one number unlikely to be the same by chance
STEPS = 4  # passes of a generator that are looked for in its blocks
_MOST = 0.5  # of the cells of one quantity, from which those that differ are taken for wrong
_LEAST_SERIES = 2  # values from the first on that agree before a fault
_BITS = 15.0  # of an array of smaller numbers, cells times log2 of how many differ: a sheet has a thousand places, not 30,000


class ArrayPlace(NamedTuple):
    """Cells that hold an array's numbers, perhaps with rows and columns exchanged."""

    at: Range
    transpose: bool


class SheetNumbers:
    """The numbers of all cells, as the formulas compute them on the stored inputs; where none is computed, as stored."""

    def __init__(self, session: Session, of: Mapping[Cell, float]) -> None:
        self._session, self.of = session, of
        order = sorted(of, key=of.__getitem__)
        self._sorted, self._cells = [of[cell] for cell in order], order

    @classmethod
    def of_workbook(cls, workbook: Workbook) -> "SheetNumbers":
        """The numbers on the stored inputs."""
        session: Session = find_engine("formulas").load(workbook)
        found = _numbers(session.recalculate({}))
        lacking = [cell for cell, _ in formulas_of(workbook) if cell not in found]
        if lacking:
            with contextlib.suppress(XlparityError):
                stored = find_engine("cached").load(workbook).recalculate({})
                found |= _numbers({cell: stored.get(cell) for cell in lacking})
        return cls(session, found)

    def with_values(self, values: Mapping[Cell, float]) -> "SheetNumbers":
        """The numbers after these cells, formulas or not, hold these values."""
        return SheetNumbers(self._session, {**self.of, **_numbers(self.set_to(values))})

    def array(self, at: Range) -> "Array | None":
        """The numbers in the range, or None where not all its cells hold one."""
        numbers = [self.of[cell] for cell in at.cells() if cell in self.of]
        return np.array(numbers).reshape(at.shape) if len(numbers) == at.size else None

    def set_to(self, inputs: Mapping[Cell, float]) -> Mapping[Cell, object]:
        """The cells' values after these inputs are changed."""
        found: Mapping[Cell, object] = self._session.recalculate(inputs)
        return found

    def places(self, array: Array) -> Iterator[ArrayPlace]:
        """The cells with the array, as it is or turned, in the order of rows and columns; a vector is a column or a row."""
        if not array.size or not np.isfinite(array).all():
            return
        flat = array.ravel().tolist()
        # The rarest number decides where to look, and one that is nowhere ends the search.
        ends = {value: self._ends(value) for value in set(flat)}
        value = min(ends, key=lambda value: ends[value][1] - ends[value][0])
        first, last = ends[value]
        cells = sorted(self._cells[first : min(last, first + _MOST_PLACES)])
        for table, transpose in _tables(array):
            row, column = divmod(table.ravel().tolist().index(value), table.shape[1])
            for cell in cells if first < last else ():
                top, left = cell.row - row, cell.column - column
                if top > 0 < left:
                    at = Range(cell.sheet, top, left, top + table.shape[0] - 1, left + table.shape[1] - 1)
                    if all(agrees(self.of.get(c), v) for c, v in zip(at.cells(), table.ravel().tolist(), strict=True)):
                        yield ArrayPlace(at, transpose)

    def _ends(self, value: float) -> tuple[int, int]:
        margin = _ATOL + _RTOL * abs(value)
        return bisect_left(self._sorted, value - margin), bisect_right(self._sorted, value + margin)


def _tables(array: Array) -> Iterator[tuple[Array, bool]]:
    """The array as tables that a sheet may show, each with whether the spec has to say that it is transposed."""
    while array.ndim > 2 and array.shape[0] == 1:
        array = array[0]
    if array.ndim > 2:
        return
    if array.ndim < 2:
        yield array.reshape(-1, 1), False
        if array.size > 1:
            yield array.reshape(1, -1), False
        return
    yield array, False
    if array.shape != (1, 1):
        yield array.T, True


def agrees(held: object, value: float) -> bool:
    """Whether a cell's value is this number, up to rounding."""
    return isinstance(held, float | bool) and abs(held - value) <= _ATOL + _RTOL * abs(value)


def telling(array: Array) -> bool:
    """Whether these numbers are hardly anywhere by chance."""
    different = {value for value in array.ravel().tolist() if isfinite(value)}
    many = bool(different) and array.size * log2(len(different)) >= _BITS
    return many or any(float(f"{value:.{_DIGITS - 1}g}") != value for value in different)


def values_in(values: Mapping[Cell, object], place: ArrayPlace, offset: Offset) -> list[tuple[Cell, object]]:
    """The cells and their values in the order of the array's elements."""
    cells = list(place.at.moved(*offset).cells())
    if place.transpose:
        cells.sort(key=lambda cell: (cell.column, cell.row))
    return [(cell, values.get(cell)) for cell in cells]


def _numbers(values: Mapping[Cell, object]) -> dict[Cell, float]:
    return {cell: float(value) for cell, value in values.items() if isinstance(value, float | bool)}


class Agreement(NamedTuple):
    """How far cells contain what the reference gives: the share of them over all passes, and those that differ.

    Of these each has the cell, what it holds, and what is given. ``whole`` says that in one pass at least all cells agree, or
    the first of a series up to a fault, and that their numbers are telling.
    """

    share: float
    differing: tuple[tuple[Cell, object, float], ...]
    whole: bool

    @property
    def mostly(self) -> bool:
        """Whether the cells are what the reference gives, but for some that are wrong."""
        return self.whole or self.share >= _MOST


def agreement(
    values: Mapping[Cell, object], place: ArrayPlace, passes: Passes, name: str, offsets: Sequence[Offset]
) -> Agreement:
    """How far the cells agree with an array of as many elements, in each block with the pass of the same number."""
    differing: list[tuple[Cell, object, float]] = []
    total, whole = 0, False
    for offset, step in zip(offsets, passes.steps, strict=False):
        array = step.get(name)
        if array is None or array.size != place.at.size:
            continue
        held_by = values_in(values, place, offset)
        cells = [cell for cell, _ in held_by]
        pairs = zip(held_by, array.ravel().tolist(), strict=True)
        wrong = [(cell, held, given) for (cell, held), given in pairs if not agrees(held, given)]
        differing += wrong
        total += array.size
        right = array.size if not wrong else cells.index(wrong[0][0])
        whole = whole or (right >= min(array.size, _LEAST_SERIES) and telling(array.ravel()[:right]))
    return Agreement(1 - len(differing) / total if total else 0.0, tuple(differing), whole)
