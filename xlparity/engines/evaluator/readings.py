"""Readings of cancellation residues: the exact one, by doubles, and the rounded one, by Excel's fifteen digits.

Where a subtraction has a residue of a few units in the last place, Excel sometimes has 0; it compares fifteen digits, and it
takes a number next to a whole one for that. When it does so is not documented. So whatever depends on it is computed in both
readings: where both agree, the result is certain.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Reading:
    """The reading in which formulas are computed, ``rounded`` or exact; ``decided`` says that a result depended on it."""

    rounded: bool = False
    decided: bool = False


_READING: ContextVar[Reading] = ContextVar("reading")


@contextmanager
def reading(rounded: bool) -> Iterator[Reading]:
    """A context in which formulas are computed in this reading."""
    found = Reading(rounded)
    token = _READING.set(found)
    try:
        yield found
    finally:
        _READING.reset(token)


def either(exact: T, rounded: T) -> T:
    """The result for the current reading, of two that differ; only within one are formulas computed."""
    found = _READING.get()
    found.decided = True
    return rounded if found.rounded else exact
