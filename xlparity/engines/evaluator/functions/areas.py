"""Ranges as functions see them that must know how large a reference is, and not only what is in it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from formulas.functions import Array


class Lines(Array):  # type: ignore[misc]
    """The used part of whole rows or columns, with the ``full`` size that these have; the rest of them is blank."""

    full: tuple[int, int]


def as_lines(table: Any, full: tuple[int, int]) -> Lines:
    """A table that is the used part of so many whole rows and columns."""
    lines: Lines = table.view(Lines)
    lines.full = full
    return lines


def filled(shape: tuple[int, int], token: Any) -> Any:
    """A table of one of formulas' tokens, of which numpy.full makes a mere text."""
    table = np.empty(shape, object)
    table.fill(token)
    return table


@dataclass(frozen=True, slots=True)
class Area:
    """The cells of an operand, its ``full`` size where these are but the used part, and whether it is a reference."""

    cells: Any
    full: tuple[int, int]
    reference: bool
