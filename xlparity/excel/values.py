"""The values of a cell: numbers, texts, truth values, blanks, errors, and reasons why there is no value."""

import datetime
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


class Blank(Enum):
    """The one value of an empty cell."""

    BLANK = "blank"

    def __str__(self) -> str:
        return "(blank)"


class Missing(Enum):
    """The one value of a cell that was not computed."""

    MISSING = "missing"

    def __str__(self) -> str:
        return "(not computed)"


BLANK = Blank.BLANK
MISSING = Missing.MISSING


@dataclass(frozen=True, slots=True)
class ErrorValue:
    """An Excel error value: a result, not a failure. ``code`` is what the cell shows, such as ``#DIV/0!``."""

    code: str

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True)
class Unsupported:
    """No value, because the engine does not support the formula as Excel computes it.

    ``circular`` says that Excel has none either: the cell is part of a circular reference, which Excel does not compute.
    """

    reason: str
    circular: bool = False

    def __str__(self) -> str:
        return self.reason if self.circular else f"unsupported: {self.reason}"


CIRCULAR = Unsupported("a circular reference", circular=True)
BEHIND_A_CIRCLE = Unsupported("a circular reference, or a cell that depends on one")


@dataclass(frozen=True, slots=True)
class Depends(Unsupported):
    """No value that is certain, but one of two: ``exact`` as doubles have it, or ``rounded`` as Excel may round on the way."""

    exact: "Value" = MISSING
    rounded: "Value" = MISSING


Value: TypeAlias = float | str | bool | ErrorValue | Blank | Missing | Unsupported


EPOCHS_APART = 1462.0
"""Days between Excel's two date systems: a date has a serial number that is so much less where dates count from 1904."""


def serial_day(date: datetime.date, *, date1904: bool = False) -> int:
    """The number by which Excel counts a day, from 1 January 1900 or 1904."""
    if date1904:
        return (date - datetime.date(1904, 1, 1)).days
    days = (date - datetime.date(1899, 12, 30)).days
    return days - (days <= 60)  # Excel counts a 29 February 1900, which there was not


def serial_number(moment: datetime.datetime, *, date1904: bool = False) -> float:
    """The number by which Excel counts a moment: days, with the time as a fraction."""
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6
    return serial_day(moment.date(), date1904=date1904) + seconds / 86400


def moment_of(number: float, *, date1904: bool = False) -> datetime.datetime:
    """The moment that Excel counts by this number, to the nearest microsecond; raises OverflowError beyond the year 9999."""
    epoch = datetime.datetime(1904, 1, 1) if date1904 else datetime.datetime(1899, 12, 30)
    days = number if date1904 or number > 60 else number + 1  # Excel counts a 29 February 1900, which there was not
    return epoch + datetime.timedelta(days=days)
