"""A check on many sets of inputs at once: what the reference expects of every bound cell, and what the engine made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlparity.excel.address import Cell
from xlparity.excel.columns import Column, Floats, joined, picked
from xlparity.spec.binding import Binding


@dataclass(frozen=True)
class Evidence:
    """One check, one engine; the first set is the stored inputs, the others are scenarios.

    Arrays run over (sets, bindings). ``bindings`` are the bound cells, in the check's order. ``expected`` is nan where the
    reference gave nothing for the cell; ``truths`` says of each binding whether the reference gives truth values, which
    ``expected`` has as 0 and 1. ``inputs`` holds the value of every cell in which an input of the check stands,
    and of every cell that any set has another value in, be it for an input of another check, or one that a formula makes.
    ``counted`` says of each set whether the reference was defined for it. ``wrong`` are the cells that do not come to
    what is expected, ``unsure`` those of which there is no telling, ``shaky`` those that only rounding keeps apart.
    """

    bindings: tuple[Binding, ...]
    expected: Floats
    truths: NDArray[np.bool_]
    inputs: Mapping[Cell, Column]
    counted: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    unsure: NDArray[np.bool_]
    shaky: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """How many sets there are, the stored inputs included."""
        return len(self.counted)

    def picked(self, numbers: Sequence[int]) -> "Evidence":
        """The sets with these numbers only."""
        chosen = list(numbers)
        return Evidence(
            self.bindings,
            self.expected[chosen],
            self.truths,
            {cell: picked(column, chosen) for cell, column in self.inputs.items()},
            self.counted[chosen],
            self.wrong[chosen],
            self.unsure[chosen],
            self.shaky[chosen],
        )

    def followed_by(self, other: "Evidence") -> "Evidence":
        """These sets and then the other's, of the same check."""
        return Evidence(
            self.bindings,
            np.concatenate([self.expected, other.expected]),
            self.truths,
            {
                cell: joined([(column, self.count), (other.inputs[cell], other.count)])
                for cell, column in self.inputs.items()
            },
            np.concatenate([self.counted, other.counted]),
            np.concatenate([self.wrong, other.wrong]),
            np.concatenate([self.unsure, other.unsure]),
            np.concatenate([self.shaky, other.shaky]),
        )
