"""Which cell is which element of which quantity in which iteration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Generic, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from xlparity.excel.address import Cell, Range
from xlparity.tolerance import Tolerance

Choice: TypeAlias = float | str | bool
At = TypeVar("At")
"""The place of a quantity: an address as text when only the spec is read, a Range once the workbook is read."""


class Offset(NamedTuple):
    """The distance of a block from the first one."""

    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Output(Generic[At]):
    """A quantity to be compared: where it stands in the first block, how closely, and how the array is turned.

    Where ``constants`` are allowed, a typed one in it that always equals the reference is accepted. Texts are compared to the
    letter, or without their case.
    """

    name: str
    at: At
    tolerance: Tolerance
    transpose: bool = False
    skip: str | None = None
    constants: bool = False
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Twin(Generic[At]):
    """A second place of an input's values, perhaps transposed."""

    at: At
    transpose: bool = False


@dataclass(frozen=True, slots=True)
class Input(Generic[At]):
    """A value that the reference is called with: where it stands, and what it may be varied between, if it may ``vary``.

    ``every_block`` says that it stands in each block, and not only in the first, ``cut`` that formulas in it are replaced by
    their stored values. In scenarios it is one of the ``choices``, or a number from ``low`` to ``high``, a whole one if it is an
    ``integer``; of a ``one_hot`` one each row has a 1 among zeros. ``draw`` names a function that draws it instead. Of
    ``dates`` the reference is given datetimes, and the numbers are Excel's. A ``blank`` input may be blank.
    """

    name: str
    at: At
    every_block: bool = False
    also: tuple[Twin[At], ...] = ()
    low: float | None = None
    high: float | None = None
    choices: tuple[Choice, ...] = ()
    vary: bool = True
    cut: bool = False
    integer: bool = False
    one_hot: bool = False
    draw: str | None = None
    dates: bool = False
    blank: bool = False

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
        return self.texts or self.dates or self.blank or self.booleans

    @property
    def continuous(self) -> bool:
        """Whether it is a number that may be moved a little."""
        return self.vary and not (self.special or self.choices or self.integer or self.one_hot or self.draw)

    def places(self: "Input[Range]", offsets: Sequence[Offset]) -> list[tuple[Cell, ...]]:
        """For each element, row by row, all the cells that contain it."""
        spread = offsets if self.every_block else offsets[:1]
        columns = [list(self.at.moved(*offset).cells()) for offset in spread]
        for twin in self.also:
            for offset in spread:
                cells = list(twin.at.moved(*offset).cells())
                if twin.transpose:
                    cells.sort(key=lambda cell: (cell.column, cell.row))
                columns.append(cells)
        return list(zip(*columns, strict=True))


class Binding(NamedTuple):
    """One element bound to one cell; ``iteration`` counts from 1, ``element`` is (row, column) in the range, from 0."""

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
                area = output.at.moved(*offset)
                bound = [
                    Binding(output, iteration, (cell.row - area.row, cell.column - area.column), cell)
                    for cell in area.cells()
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
    """The blocks whose distance from the block before differs from that of the second block from the first."""
    steps = [(b.rows - a.rows, b.columns - a.columns) for a, b in pairwise(offsets)]
    return [number for number, step in enumerate(steps, start=2) if step != steps[0]]
