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


_FIRST_OF_MARCH_1900 = 61  # Excel has a 29 February 1900, which there was not
_LAST_DAY = 2_957_003  # Excel's last date, in the year 9999, has a number below this in both date systems

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


class DateNumber(float):
    """The number of a date, which is shown as the date: ``2024-01-31``, with its time where it has one.

    Where Excel's count differs from the calendar, as before March 1900, and beyond the year 9999, the number is shown.
    """

    __slots__ = ("date1904",)
    date1904: bool

    def __new__(cls, number: float, date1904: bool = False) -> "DateNumber":
        """The number, of a workbook whose dates count from 1904 or not."""
        made = super().__new__(cls, number)
        made.date1904 = date1904
        return made

    def __getnewargs__(self) -> tuple[float, bool]:  # type: ignore[override]
        return float(self), self.date1904

    @property
    def date(self) -> str | None:
        """The date as text, to the millisecond; None where it is shown as a number."""
        if not (0 if self.date1904 else _FIRST_OF_MARCH_1900) <= self < _LAST_DAY:
            return None
        moment = moment_of(self, date1904=self.date1904) + datetime.timedelta(microseconds=500)  # to round it
        moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        if moment.time() == datetime.time():
            return moment.date().isoformat()
        units = "milliseconds" if moment.microsecond else "seconds" if moment.second else "minutes"
        return moment.isoformat(sep=" ", timespec=units)

    def __str__(self) -> str:
        return self.date or float.__format__(self, ".12g")

    def __format__(self, spec: str) -> str:
        return self.date or float.__format__(self, spec)


def brief(value: object, digits: int = 9) -> str:
    """The value in a sentence: a number with so many significant digits, and a whole one without a point."""
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)


def dated(value: Value, *, date1904: bool) -> Value:
    """The value, where it is a number, as the date that it is the number of."""
    return DateNumber(value, date1904) if type(value) is float else value
