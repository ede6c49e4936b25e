"""Which cell is which element of which quantity in which iteration."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Generic, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from xlparity.excel.address import Cell, Range, Sheets, moved_sheet
from xlparity.tolerance import Tolerance

Choice: TypeAlias = float | str | bool
Bound: TypeAlias = "float | tuple[float, ...] | tuple[tuple[float, ...], ...] | None"
"""A limit of an input's values: one, or one for each element, row by row; as a spec has it, also for each column, or in rows."""
Step: TypeAlias = tuple[int, int]
EACH: Step = (1, 1)
At = TypeVar("At")
"""The place of a quantity: an address as text when only the spec is read, a Range once the workbook is read."""


class Offset(NamedTuple):
    """The distance of a block from the first one: ``area.moved(*offset)`` is in the block what ``area`` is in the first.

    ``sheets`` are, where blocks are on several sheets, each sheet of the first block and the one that this block has for it.
    """

    rows: int
    columns: int
    sheets: Sheets = ()

    def to(self, other: "Offset") -> "Offset":
        """The distance of another block from this one."""
        sheets = tuple((here, moved_sheet(first, other.sheets)) for first, here in self.sheets)
        return Offset(other.rows - self.rows, other.columns - self.columns, sheets)


HERE = Offset(0, 0)


class Placed(Generic[At]):
    """What has a place in the first block: ``at`` is its range, of which ``step`` takes every so many rows and columns."""

    __slots__ = ()
    at: At
    step: Step

    @property
    def shape(self: "Placed[Range]") -> tuple[int, int]:
        """(rows, columns) of its cells."""
        return strided(self.at, self.step)

    @property
    def size(self: "Placed[Range]") -> int:
        """How many cells it has in a block."""
        rows, columns = self.shape
        return rows * columns

    def cells(self: "Placed[Range]", offset: Offset = HERE) -> list[Cell]:
        """Its cells in a block, row by row."""
        area = self.at.moved(*offset)
        if self.step == EACH:
            return list(area.cells())
        return [
            Cell(area.sheet, row, column)
            for row in range(area.row, area.last_row + 1, self.step[0])
            for column in range(area.column, area.last_column + 1, self.step[1])
        ]

    def elements(self: "Placed[Range]") -> Iterator[tuple[int, int]]:
        """The (row, column), from 0, of each of its cells among them, in their order."""
        rows, columns = self.shape
        return itertools.product(range(rows), range(columns))


def strided(area: Range, step: Step) -> tuple[int, int]:
    """The (rows, columns) of every so many rows and columns of the range."""
    rows, columns = area.shape
    return -(-rows // step[0]), -(-columns // step[1])


@dataclass(frozen=True, slots=True)
class Output(Placed[At]):
    """A quantity to be compared: where it is in the first block, how closely, and how the array is turned.

    One that is not in ``every_block`` exists once, with the value that it has after the last iteration. Where ``constants`` are
    allowed, a typed one in it that always equals the reference is accepted. Texts are compared to the letter, or without their
    case. A grade gives it so many ``points``, all or none, or, where it is ``partial``, the share of its cells that are right.
    """

    name: str
    at: At
    tolerance: Tolerance
    transpose: bool = False
    skip: str | None = None
    constants: bool = False
    ignore_case: bool = False
    every_block: bool = True
    step: Step = EACH
    points: float = 1.0
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Twin(Placed[At]):
    """A second place of an input's values, perhaps transposed."""

    at: At
    transpose: bool = False
    step: Step = EACH


@dataclass(frozen=True, slots=True)
class Input(Placed[At]):
    """A value that the reference is called with: where it is, and what it may be varied between, if it may ``vary``.

    ``every_block`` says that it is in each block, and not only in the first, ``cut`` that formulas in it are replaced by
    their stored values. In scenarios it is one of the ``choices``, or a number from ``low`` to ``high``, a whole one if it is an
    ``integer``; of a ``one_hot`` one each row has a 1 among zeros. ``draw`` names a function that draws it instead. Of
    ``dates`` the reference is given datetimes, and the numbers are Excel's. A ``blank`` input may be blank. A ``frame`` is handed
    over as a table whose columns have these ``headers``, which are no part of ``at`` once it is a range; the cells on the
    ``calendar`` are shown as dates.
    """

    name: str
    at: At
    every_block: bool = False
    also: tuple[Twin[At], ...] = ()
    low: Bound = None
    high: Bound = None
    choices: tuple[Choice, ...] = ()
    vary: bool = True
    cut: bool = False
    integer: bool = False
    one_hot: bool = False
    draw: str | None = None
    dates: bool = False
    blank: bool = False
    step: Step = EACH
    frame: bool = False
    headers: tuple[str | int, ...] = ()
    calendar: frozenset[Cell] = frozenset()

    def element(self: "Input[Range]", number: int, value: object = 0.0) -> "Input[Range] | None":
        """The input that one element of it is, counted row by row, with its own limits.

        Of a frame it depends on the cell's ``value`` what is said for it; None where it keeps this value: a blank, a date
        without dates as limits, and a text without texts to choose from.
        """
        ends = [end[number] if isinstance(end, tuple) else end for end in (self.low, self.high)]
        if not self.frame:
            return replace(self, low=ends[0], high=ends[1]) if [self.low, self.high] != ends else self
        own = replace(self, low=ends[0], high=ends[1], frame=False, headers=(), calendar=frozenset())
        if isinstance(value, str):
            return replace(own, low=None, high=None, dates=False) if own.texts else None
        if isinstance(value, bool):
            return replace(
                own, low=None, high=None, choices=own.choices if own.booleans else (), integer=False, dates=False
            )
        if not isinstance(value, float):
            return None
        if own.cells()[number] in self.calendar:
            return replace(own, choices=()) if own.dates else None
        choices = () if own.texts or own.booleans else own.choices
        limits = (None, None) if own.dates else ends
        return replace(own, low=limits[0], high=limits[1], dates=False, choices=choices)

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """The limits of one ``element``, which are no lists."""
        assert not isinstance(self.low, tuple)
        assert not isinstance(self.high, tuple)
        return self.low, self.high

    def ends(self: "Input[Range]", shape: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The limits of all elements as arrays of this shape, infinite where there are none."""
        low, high = (-np.inf if self.low is None else self.low), (np.inf if self.high is None else self.high)
        return tuple(np.reshape(np.broadcast_to(end, self.size), shape) for end in (low, high))  # type: ignore[return-value]

    @property
    def texts(self) -> bool:
        """Whether the input is a text."""
        return any(isinstance(choice, str) for choice in self.choices)

    @property
    def booleans(self) -> bool:
        """Whether the input is a truth value."""
        return any(isinstance(choice, bool) for choice in self.choices)

    @property
    def special(self) -> bool:
        """Whether the reference is given anything but numbers."""
        return self.texts or self.dates or self.blank or self.booleans or self.frame

    @property
    def continuous(self) -> bool:
        """Whether it is a number that may be moved a little."""
        return self.vary and not (self.special or self.choices or self.integer or self.one_hot or self.draw)

    def places(self: "Input[Range]", offsets: Sequence[Offset]) -> list[tuple[Cell, ...]]:
        """For each element, row by row, all the cells that contain it."""
        spread = offsets if self.every_block else offsets[:1]
        columns = [self.cells(offset) for offset in spread]
        for twin in self.also:
            for offset in spread:
                cells = twin.cells(offset)
                if twin.transpose:
                    cells.sort(key=lambda cell: (cell.column, cell.row))
                columns.append(cells)
        return list(zip(*columns, strict=True))


class Binding(NamedTuple):
    """One element bound to one cell; ``iteration`` counts from 1, ``element`` is (row, column) among its cells, from 0.

    The iteration of an output that exists once is the last.
    """

    output: Output[Range]
    iteration: int
    element: tuple[int, int]
    cell: Cell


@dataclass(frozen=True)
class CellMap:
    """The bijection (quantity, iteration, element) ⇄ cell, an entry a bound cell.

    ``inputs`` are the cells that the person sets: where an output stands in one of them, as the first weights do, there
    is nothing to compare. ``accepted`` are the cells that are known to differ, each with the reason.
    """

    outputs: tuple[Output[Range], ...]
    offsets: tuple[Offset, ...]
    inputs: frozenset[Cell]
    accepted: Mapping[Cell, str] = field(default_factory=dict)

    @cached_property  # used once for every sample
    def blocks(self) -> tuple[tuple[Output[Range], int, list[Binding]], ...]:
        """Every quantity in every iteration with its bound cells, row by row; a block without one is left out."""
        found = []
        for iteration, offset in enumerate(self.offsets, start=1):
            for output in self.outputs:
                if not output.every_block and iteration < len(self.offsets):
                    continue
                cells = output.cells(offset if output.every_block else HERE)
                bound = [
                    Binding(output, iteration, element, cell)
                    for element, cell in zip(output.elements(), cells, strict=True)
                    if cell not in self.inputs
                ]
                if bound:
                    found.append((output, iteration, bound))
        return tuple(found)

    @cached_property
    def bindings(self) -> tuple[Binding, ...]:
        """Every bound cell, in the order of iteration, quantity and element: the order of all arrays over bindings."""
        return tuple(binding for _, _, bound in self.blocks for binding in bound)

    @cached_property
    def rtol(self) -> NDArray[np.float64]:
        """The relative tolerance of each binding, (bindings,)."""
        return np.array([binding.output.tolerance.rtol for binding in self.bindings], dtype=float)

    @cached_property
    def atol(self) -> NDArray[np.float64]:
        """The absolute tolerance of each binding, (bindings,)."""
        return np.array([binding.output.tolerance.atol for binding in self.bindings], dtype=float)

    @cached_property
    def ignores_case(self) -> NDArray[np.bool_]:
        """Whether texts of each binding are compared without their case, (bindings,)."""
        return np.array([binding.output.ignore_case for binding in self.bindings], dtype=bool)

    @cached_property
    def compared(self) -> NDArray[np.bool_]:
        """Whether each binding is compared, and not skipped, (bindings,)."""
        return np.array([binding.output.skip is None for binding in self.bindings], dtype=bool)

    def twice_bound(self) -> tuple[Cell, str, str] | None:
        """A cell to which two outputs lay claim, and both names; None where the map is a bijection."""
        owner: dict[Cell, str] = {}
        for output, _, bound in self.blocks:
            for binding in bound:
                if binding.cell in owner:
                    return binding.cell, owner[binding.cell], output.name
                owner[binding.cell] = output.name
        return None


def irregular(offsets: Sequence[Offset]) -> list[int]:
    """The blocks whose distance from the block before, on the same sheet, differs from that of the first two such blocks."""
    steps = {
        number: (b.rows - a.rows, b.columns - a.columns)
        for number, (a, b) in enumerate(pairwise(offsets), start=2)
        if a.sheets == b.sheets
    }
    return [number for number, step in steps.items() if step != next(iter(steps.values()))]
