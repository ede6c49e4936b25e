"""A column: the values of one cell in many samples.

A thousand samples cost little more than one where numbers are in numpy arrays.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from xlparity.excel.values import Value

Floats: TypeAlias = NDArray[np.float64]

Column: TypeAlias = Value | Floats | tuple[Value, ...]
"""One value where it is the same in every sample, an array of finite floats, or a tuple of values of any kind."""


def value_in(column: Column, number: int) -> Value:
    """The value in the sample with this index."""
    if isinstance(column, np.ndarray):
        return float(column[number])
    return column[number] if isinstance(column, tuple) else column


def column_of(values: Sequence[Value]) -> Column:
    """The column of these values, one for each sample, in its simplest form."""
    first = values[0]
    if all(type(value) is float for value in values):
        floats = np.array(values, dtype=float)
        return first if (floats == floats[0]).all() else floats
    return first if all(type(value) is type(first) and value == first for value in values) else tuple(values)


def floats_of(column: Column, count: int) -> Floats:
    """The numbers of a column, (samples,), nan where it has no number; a truth value is not a number."""
    if isinstance(column, np.ndarray):
        return column
    if isinstance(column, tuple):
        return np.array([value if type(value) is float else np.nan for value in column])
    return np.full(count, column if type(column) is float else np.nan)


def picked(column: Column, numbers: Sequence[int]) -> Column:
    """The column restricted to the samples with these indices."""
    if isinstance(column, np.ndarray):
        return column[list(numbers)]
    return tuple(column[number] for number in numbers) if isinstance(column, tuple) else column


def joined(parts: Sequence[tuple[Column, int]]) -> Column:
    """The columns concatenated; each comes with the number of its samples."""
    if all(isinstance(column, np.ndarray) or type(column) is float for column, _ in parts):
        return np.concatenate([floats_of(column, count) for column, count in parts])
    return tuple(value_in(column, number) for column, count in parts for number in range(count))
