"""The model of a course workbook: its variables and their dims, which layout, bindings and captions share."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal

ITERATION = "iteration"
ONE = "1"  # as a dim: an axis of length one, by which [1, hidden] lies in a row

Role = Literal["given", "state", "derived"]


@dataclass(frozen=True, slots=True)
class Variable:
    """One named quantity.

    ``dims`` names its axes, the iteration first where it has one; of the others the first runs down the rows and the
    second across the columns, and ``1`` is an axis of length one. ``given`` is data, ``state`` is given in the first
    iteration and computed in the later ones, ``derived`` is computed. ``formula`` is a line of the sheet's formula
    language, ``code`` the line of numpy that it mirrors, ``note`` what the quantity means.
    """

    name: str
    dims: tuple[str, ...]
    role: Role
    formula: str = ""
    code: str = ""
    note: str = ""

    @property
    def axes(self) -> tuple[str, ...]:
        """The dims by which its elements differ within an iteration."""
        return tuple(dim for dim in self.dims if dim not in (ITERATION, ONE))

    @property
    def sides(self) -> tuple[str, str]:
        """The dims that run down the rows and across the columns."""
        down, across = [*(dim for dim in self.dims if dim != ITERATION), ONE, ONE][:2]
        return down, across

    @property
    def iterates(self) -> bool:
        """Whether the variable has cells in every iteration."""
        return ITERATION in self.dims


@dataclass(frozen=True, slots=True)
class Model:
    """The variables by name and the length of every dim."""

    variables: Mapping[str, Variable]
    sizes: Mapping[str, int]

    def shape(self, variable: Variable) -> tuple[int, int]:
        """(rows, columns) of the variable in one iteration."""
        rows, columns = (1 if dim == ONE else self.sizes[dim] for dim in variable.sides)
        return rows, columns

    def indexes(self, variable: Variable) -> list[tuple[int, ...]]:
        """The index of each element in one iteration, row by row."""
        return list(product(*(range(self.sizes[axis]) for axis in variable.axes)))
