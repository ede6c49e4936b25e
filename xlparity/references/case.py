"""One sample: the input values of the workbook, as the reference receives them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[np.float64]"
Given: TypeAlias = "float | str | bool | datetime | NDArray[Any] | Frame | None"
"""What a reference is given for one input: of a range a 2-D array, of doubles, bools or datetime64s or of objects, or a frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A table with headers: an array for each column, of doubles, bools or datetime64s, or of objects, with None for a blank."""

    headers: tuple[str | int, ...]
    columns: "tuple[NDArray[Any], ...]"

    def __str__(self) -> str:
        return f"a frame of {len(self.columns[0])} × {len(self.headers)}"

    def made(self) -> "pd.DataFrame":
        """The table as a DataFrame of pandas, which is loaded for nothing else."""
        import pandas as pd  # noqa: PLC0415

        # Of a list pandas makes what it makes of texts everywhere else.
        columns = [column.tolist() if column.dtype == object else column.copy() for column in self.columns]
        return pd.DataFrame(dict(zip(self.headers, columns, strict=True)))


@dataclass(frozen=True, slots=True)
class Case:
    """Input values by name: a single value for a single cell, a 2-D array for anything else.

    ``sample`` says which of all sets of input values they are, to go behind a verb: ``in scenario 17``.
    """

    inputs: "Mapping[str, Given]"
    sample: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """The input values as something that is equal for equal ones, and can be hashed."""
        return tuple((name, _key(value)) for name, value in sorted(self.inputs.items()))


def _key(value: "Given") -> object:
    if isinstance(value, Frame):
        return value.headers, *map(_key, value.columns)
    if not hasattr(value, "tobytes"):
        return type(value), repr(value)
    array: Any = value
    return array.shape, array.dtype.str, repr(array.tolist()) if array.dtype == object else array.tobytes()
