"""One sample: the input values of the workbook, as the reference receives them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[np.float64]"
Given: TypeAlias = "float | str | bool | datetime | NDArray[Any] | None"
"""What a reference is given for one input: of a range a 2-D array, of doubles, bools or datetime64s, or of objects."""


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
    if not hasattr(value, "tobytes"):
        return type(value), repr(value)
    array: Any = value
    return array.shape, array.dtype.str, repr(array.tolist()) if array.dtype == object else array.tobytes()
