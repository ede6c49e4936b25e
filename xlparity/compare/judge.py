"""A check on many sets of inputs at once: its expectations as rows of floats, and which cells do not come to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlparity.compare.compare import fitted
from xlparity.excel.address import Cell
from xlparity.excel.columns import Column, Floats, floats_of
from xlparity.excel.values import BLANK, Depends, Missing, Unsupported, Value
from xlparity.spec.binding import Binding, CellMap

Bools = NDArray[np.bool_]
Shapes = list[tuple[tuple[int, ...], str]]
Steps = Sequence[Mapping[str, NDArray[Any]]]


@dataclass(frozen=True)
class Grid:
    """The bound cells of a check in its order, each with its tolerance, and whether it is compared at all."""

    bindings: tuple[Binding, ...]
    rtol: Floats
    atol: Floats
    compared: Bools

    def only(self, numbers: Sequence[int]) -> "Grid":
        """The grid of the bindings with these numbers."""
        chosen = list(numbers)
        bindings = tuple(self.bindings[number] for number in chosen)
        return Grid(bindings, self.rtol[chosen], self.atol[chosen], self.compared[chosen])


def grid_of(cells: CellMap) -> Grid:
    """The grid of a check's bound cells."""
    bindings = tuple(binding for _, _, bound in cells.blocks for binding in bound)
    tolerances = [binding.output.tolerance for binding in bindings]
    return Grid(
        bindings,
        np.array([tolerance.rtol for tolerance in tolerances], dtype=float),
        np.array([tolerance.atol for tolerance in tolerances], dtype=float),
        np.array([binding.output.skip is None for binding in bindings], dtype=bool),
    )


class Reading(NamedTuple):
    """Where in a trace's numbers each binding's element stands, -1 where nothing fits, and which are truth values.

    It serves every trace whose arrays have the same ``shapes``, which nearly always all of one reference have.
    """

    shapes: Shapes
    places: NDArray[np.intp]
    truths: Bools


def row_of(cells: CellMap, trace: Steps, known: Reading | None = None) -> tuple[Floats, Reading]:
    """What the trace expects of each bound cell, (bindings,), nan where it says nothing, and the layout that told it."""
    names = [output.name for output in cells.outputs if output.skip is None]
    arrays = [step[name] for step in trace for name in names]
    shapes: Shapes = [(array.shape, array.dtype.char) for array in arrays]
    layout = known if known is not None and known.shapes == shapes else _layout(cells, names, shapes)
    numbers = np.concatenate([*arrays, np.full(1, np.nan)], axis=None)  # the nan is what place -1 finds
    return numbers[layout.places], layout


def _layout(cells: CellMap, names: Sequence[str], shapes: Shapes) -> Reading:
    order = {name: number for number, name in enumerate(names)}
    sizes = [int(np.prod(shape)) for shape, _ in shapes]
    begins = np.concatenate([[0], np.cumsum(sizes)]).astype(int).tolist()
    places: list[int] = []
    truths: list[bool] = []
    for output, iteration, bound in cells.blocks:
        if output.skip is None:
            at = (iteration - 1) * len(names) + order[output.name]
            array = np.arange(begins[at], begins[at + 1]).reshape(shapes[at][0])
            found = fitted(array.T if output.transpose else array, output.at.shape)
            truths += [shapes[at][1] == "?"] * len(bound)
            if found is not None:
                table = found.tolist()
                places += [table[binding.element[0]][binding.element[1]] for binding in bound]
                continue
        else:
            truths += [False] * len(bound)
        places += [-1] * len(bound)
    return Reading(shapes, np.array(places, dtype=np.intp), np.array(truths, dtype=bool))


def judge(grid: Grid, expected: Floats, truths: Bools, columns: Mapping[Cell, Column]) -> tuple[Bools, Bools]:
    """The cells that do not come to what is expected, and those of which there is no telling, both (sets, bindings).

    A truth value agrees with a truth value only, and numpy's may stand as 0 and 1 in a cell.
    """
    count = len(expected)
    actual = np.empty((len(grid.bindings), count))
    others: list[tuple[int, Column]] = []
    for number, binding in enumerate(grid.bindings):
        column = columns.get(binding.cell, BLANK)
        if isinstance(column, np.ndarray) or type(column) is float:
            actual[number] = column
        else:
            actual[number] = floats_of(column, count)
            others.append((number, column))
    with np.errstate(all="ignore"):
        bound = grid.atol + grid.rtol * np.abs(expected)
        wrong = ~((np.abs(actual.T - expected) <= bound) & (bound < np.inf))
    unsure = np.isnan(expected)
    for number, column in others:
        each: list[tuple[int | slice, Value]] = []
        if isinstance(column, tuple):
            each = [(at, value) for at, value in enumerate(column) if type(value) is not float]
        elif not isinstance(column, np.ndarray):
            each = [(slice(None), column)]
        for at, value in each:
            if isinstance(value, Depends):
                right = [
                    _right(grid, number, each, expected[at, number], truths[at, number])
                    for each in (value.exact, value.rounded)
                ]
                unsure[at, number] |= np.logical_xor(*right)
                wrong[at, number] = ~np.logical_or(*right)
            elif isinstance(value, Unsupported | Missing):
                unsure[at, number] = True
            elif isinstance(value, bool):  # Excel's TRUE is no 1: SUM passes it over, and TRUE=1 is FALSE
                wrong[at, number] = ~truths[at, number] | (expected[at, number] != value)
    unsure &= grid.compared
    wrong &= grid.compared & ~unsure
    return wrong, unsure


def _right(grid: Grid, number: int, value: Value, expected: Floats, truths: Bools) -> Bools:
    """Whether this value of a binding's cell is what is expected of it."""
    if isinstance(value, bool):
        return np.asarray(truths & (expected == value))
    if not isinstance(value, float):
        return np.zeros(np.shape(expected), dtype=bool)
    with np.errstate(all="ignore"):
        bound = grid.atol[number] + grid.rtol[number] * np.abs(expected)
        return np.asarray((np.abs(value - expected) <= bound) & (bound < np.inf))
