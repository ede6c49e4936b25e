"""Serial numbers of the 1900 date system, with its 29 February 1900, and the ways of finance to count days.

Whatever cannot be told apart at Excel's fifteen digits, or is counted in two ways by those who know Excel, is refused.
"""

import calendar
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from xlparity.engines.evaluator.functions.conversions import NUM, VALUE
from xlparity.engines.evaluator.guards import Refusal, is_number, is_text, spelled_truth, whole_part

LAST_SERIAL = 2958465  # 31 December 9999
_PHANTOM = 60  # 29 February 1900, which the calendar has not
_BEFORE = date(1899, 12, 30)  # counts to the right serial from 1 March 1900 on


class ExcelError(Exception):
    """The result is this Excel error."""

    def __init__(self, error: Any) -> None:
        super().__init__(str(error))
        self.error = error


def raising(call: Callable[..., Any]) -> Callable[..., Any]:
    """The implementation with its ExcelErrors as results."""

    def called(*operands: Any) -> Any:
        try:
            return call(*operands)
        except ExcelError as found:
            return found.error

    return called


def whole(number: float) -> int:
    """The number without its decimals."""
    return whole_part(number)


def day_of(number: float) -> int:
    """The serial of the day that holds this moment: #NUM! outside the calendar."""
    if number < 0 or number >= LAST_SERIAL + 1:
        raise ExcelError(NUM)
    return whole(number)


def civil_day(number: float) -> int:
    """A day from March 1900 on, where Excel's calendar and everybody else's are one."""
    serial = day_of(number)
    if serial <= _PHANTOM:
        raise Refusal("a blank, or a date before March 1900, where Excel's calendar has a day too many")
    return serial


def year_month_day(serial: int) -> tuple[int, int, int]:
    """The date that Excel shows: 0 is 0 January 1900, 60 is 29 February."""
    if serial == 0:
        return 1900, 1, 0
    if serial == _PHANTOM:
        return 1900, 2, 29
    day = _BEFORE + timedelta(serial if serial > _PHANTOM else serial + 1)
    return day.year, day.month, day.day


def serial_of(year: int, month: int, day: int) -> int:
    """The serial of a date that the calendar has."""
    serial = (date(year, month, day) - _BEFORE).days
    return serial if serial > _PHANTOM else serial - 1


def month_length(year: int, month: int) -> int:
    """The days of a month, but for February 1900."""
    return calendar.monthrange(year, month)[1]


def months_later(serial: int, months: int, day: int | None = None) -> int:
    """The same day of another month, or its last; #NUM! outside the calendar."""
    year, month, own = year_month_day(serial)
    ahead = year * 12 + month - 1 + months
    year, month = divmod(ahead, 12)
    if not 1900 <= year <= 9999:
        raise ExcelError(NUM)
    return serial_of(year, month + 1, min(own if day is None else day, month_length(year, month + 1)))


def is_month_end(serial: int) -> bool:
    """Whether it is the last day of its month."""
    year, month, day = year_month_day(serial)
    return day == month_length(year, month)


def thirty_360(start: int, end: int, european: bool) -> int:
    """The days from one date to another as DAYS360 counts them."""
    (y1, m1, d1), (y2, m2, d2) = year_month_day(start), year_month_day(end)
    if european:
        d1, d2 = min(d1, 30), min(d2, 30)
    else:
        if d1 == 31 or (m1 == 2 and is_month_end(start)):
            d1 = 30
        if d2 == 31 and d1 == 30:
            d2 = 30
    return (y2 - y1) * 360 + (m2 - m1) * 30 + d2 - d1


def _nasd_360(start: int, end: int) -> int:
    """The same as YEARFRAC counts them: from the end of one February to the end of another are whole years."""
    (y1, m1, d1), (y2, m2, d2) = year_month_day(start), year_month_day(end)
    february = m1 == 2 and is_month_end(start)
    if february and m2 == 2 and is_month_end(end):
        d1 = d2 = 30
    elif february:
        if d2 == 31:
            raise Refusal("30/360 from the end of February to a 31st, which Excel's functions count in two ways")
        d1 = 30
    elif d1 >= 30:
        d1, d2 = 30, min(d2, 30)
    return (y2 - y1) * 360 + (m2 - m1) * 30 + d2 - d1


def basis_of(number: float) -> int:
    """The day count basis, 0 to 4."""
    if -1 < number < 0:
        raise Refusal("a basis between -1 and 0")
    basis = whole(number)
    if not 0 <= basis <= 4:
        raise ExcelError(NUM)
    return basis


def days_between(start: int, end: int, basis: int) -> int:
    """The days between two dates in a basis, refused where one way of counting 30/360 has more of them than another."""
    if basis == 4:
        return thirty_360(start, end, european=True)
    if basis == 0:
        days = thirty_360(start, end, european=False)
        if _nasd_360(start, end) != days:
            raise Refusal("30/360 between two ends of February, which Excel's functions count in two ways")
        return days
    return end - start


def year_fraction(start: int, end: int, basis: int) -> float:
    """The years from one date to a later one, as YEARFRAC has them."""
    if basis == 0:
        return _nasd_360(start, end) / 360
    if basis == 1:
        return (end - start) / _average_year(start, end)
    if basis == 4:
        return thirty_360(start, end, european=True) / 360
    return (end - start) / (360 if basis == 2 else 365)


def _average_year(start: int, end: int) -> float:
    """The length of a year in basis 1: of more than one year the average, else 366 with a 29 February in it."""
    (y1, m1, d1), (y2, m2, d2) = year_month_day(start), year_month_day(end)
    if y1 == y2:
        return 366 if calendar.isleap(y1) else 365
    if y2 == y1 + 1 and (m1, d1) >= (m2, d2):
        leap = (calendar.isleap(y1) and (m1, d1) < (3, 1)) or (calendar.isleap(y2) and (m2, d2) >= (2, 29))
        return 366 if leap else 365
    return (date(y2, 12, 31) - date(y1 - 1, 12, 31)).days / (y2 - y1 + 1)


def truth_of(value: Any) -> bool:
    """A truth value as the functions that are older than the ToolPak take it, texts among them."""
    if is_text(value):
        if (truth := spelled_truth(value)) is not None:
            return truth
        if any(character.isdigit() for character in value):
            raise Refusal(f"the text '{value}' where a truth value must stand")
        raise ExcelError(VALUE)
    return bool(value) if isinstance(value, bool) or is_number(value) else False
