"""One sample: the input values of the workbook, as the reference receives them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[np.float64]"


@dataclass(frozen=True, slots=True)
class Case:
    """Input values by name: a float for a single cell, a 2-D array for anything else.

    ``sample`` says which of all sets of input values they are, to go behind a verb: ``in scenario 17``.
    """

    inputs: "Mapping[str, float | Array]"
    sample: str = ""
