"""The model of a course workbook: its variables and their dims, which layout, bindings and captions share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ITERATION = "iteration"

Role = Literal["given", "state", "derived"]


@dataclass(frozen=True, slots=True)
class Variable:
    """One named quantity.

    ``dims`` names its axes, the iteration first where it has one; of the others the first runs down the rows and the
    second across the columns. ``given`` is data, ``state`` is given in the first iteration and computed in the later
    ones, ``derived`` is computed. ``formula`` is a line of the sheet's formula language, ``code`` the line of numpy that
    it mirrors, ``note`` what the quantity means.
    """

    name: str
    dims: tuple[str, ...]
    role: Role
    formula: str = ""
    code: str = ""
    note: str = ""

    @property
    def axes(self) -> tuple[str, ...]:
        """The dims other than the iteration."""
        return tuple(dim for dim in self.dims if dim != ITERATION)

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
        """(rows, columns) that one iteration of the variable fills on a sheet."""
        lengths = [self.sizes[dim] for dim in variable.axes]
        rows, columns = [*lengths, 1, 1][:2]
        return rows, columns
