"""Two readings of what rounding decides: numbers as doubles have them, and as Excel shows fifteen digits of them.

Where a subtraction leaves a residue of a few units in the last place, Excel sometimes has 0; it compares fifteen digits,
and it takes a number next to a whole one for that. Where it does which is not documented. So whatever depends on it is
computed in both readings: where both agree, the result is certain.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Reading:
    """The reading in which formulas are computed: ``rounded`` or exact. ``decided`` says that some result depends on it."""

    rounded: bool = False
    decided: bool = False


_READING: ContextVar[Reading] = ContextVar("reading")


@contextmanager
def reading(rounded: bool) -> Iterator[Reading]:
    """Formulas in this context are computed in this reading."""
    found = Reading(rounded)
    token = _READING.set(found)
    try:
        yield found
    finally:
        _READING.reset(token)


def either(exact: T, rounded: T) -> T:
    """One of two results that differ, by the reading; the exact one where nobody has chosen any."""
    found = _READING.get(None)
    if found is None:
        return exact
    found.decided = True
    return rounded if found.rounded else exact
