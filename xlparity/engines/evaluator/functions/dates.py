"""Excel's family Date & Time, on serial numbers of the 1900 system.

The volatile TODAY and NOW are left out, and of the texts that DATEVALUE and TIMEVALUE take all but those that mean the
same in every locale. Sessions refuse the whole family, and every other function of dates, in a workbook of the 1904
system.
"""

import math
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator.functions.conversions import NUM, VALUE
from xlparity.engines.evaluator.functions.serials import (
    LAST_SERIAL,
    ExcelError,
    basis_of,
    civil_day,
    day_of,
    month_length,
    months_later,
    raising,
    serial_of,
    thirty_360,
    truth_of,
    whole,
    year_fraction,
    year_month_day,
)
from xlparity.engines.evaluator.functions.signatures import Function, by_formulas, function
from xlparity.engines.evaluator.guards import Refusal, is_number, is_text

_LARGEST = 32767  # what Excel's DATE and TIME take of any part
_DAY = 86400
_ISO = re.compile(r"\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:\s+([\d:]+(?:\s[AP]M)?))?\s*", re.IGNORECASE)
_TIME = re.compile(r"\s*(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s([AP]M))?\s*", re.IGNORECASE)


def _part(number: float) -> int:
    if -1e9 < number < 0 and not float(number).is_integer():
        raise Refusal("a negative part of a date or a time with decimals")
    if abs(number) > _LARGEST:
        raise Refusal(f"a part of a date or a time beyond {_LARGEST}")
    return whole(number)


def _date(year: float, month: float, day: float) -> Any:
    """A year below 1900 is counted from 1900; months and days that are too many run over into the next."""
    y, m, d = _part(year), _part(month), _part(day)
    y += 1900 if 0 <= y < 1900 else 0
    y, m = divmod(y * 12 + m - 1, 12)
    if not 1900 <= y <= 9999:
        if y < 1900 and d >= 28 * ((1900 - y) * 12 - m):
            raise Refusal("a month before 1900 with days that run over into it")
        return NUM
    serial = serial_of(y, m + 1, 1) + d - 1
    return serial if 0 <= serial <= LAST_SERIAL else NUM


def _shown(name: str) -> Callable[[float], Any]:
    """YEAR, MONTH or DAY of the date that is shown; within a second of midnight some functions show the next."""

    def called(number: float) -> Any:
        serial = day_of(number)
        if number - serial > 1 - 1e-5:
            raise Refusal("a moment within a second before midnight, of which Excel may make the next day")
        return by_formulas(name, serial)

    return called


def _time(hour: float, minute: float, second: float) -> Any:
    """The part of a day, whole days dropped."""
    return by_formulas("TIME", _part(hour), _part(minute), _part(second))


def _clock(name: str, unit: int) -> Callable[[float], Any]:
    """HOUR, MINUTE or SECOND, refused where it matters whether half a second or more is rounded."""

    def called(number: float) -> Any:
        seconds = (number - day_of(number)) * _DAY
        nearest = round(seconds)
        if abs(seconds - nearest) >= 1e-3 and math.floor(seconds) // unit != nearest // unit:
            raise Refusal("a time with half a second or more, which Excel rounds here and cuts there")
        return by_formulas(name, number)

    return called


def _edate(start: float, months: float, day: int | None = None) -> int:
    found = months_later(civil_day(start), whole(months), day)
    if found <= 60:
        raise Refusal("a month before March 1900, where Excel's calendar has a day too many")
    return found


def _eomonth(start: float, months: float) -> int:
    return _edate(start, months, 31)


def _days(end: float, start: float) -> Any:
    return by_formulas("DAYS", day_of(end), day_of(start))


def _days360(start: float, end: float, method: Any = False) -> int:
    """Refused between dates in reverse where it matters which of them comes first."""
    if isinstance(method, XlError):
        raise ExcelError(method)
    european = truth_of(method)
    first, last = day_of(start), day_of(end)
    if any(number - math.floor(number) > 1 - 1e-5 for number in (start, end)):
        raise Refusal("a moment within a second before midnight, of which DAYS360 makes the next day")
    days = thirty_360(first, last, european)
    if first > last and days != -thirty_360(last, first, european):
        raise Refusal("DAYS360 backwards from or to the end of a month")
    return days


def _yearfrac(start: float, end: float, basis: float = 0) -> float:
    counted = basis_of(basis)
    first, last = sorted((civil_day(start), civil_day(end)))
    return year_fraction(first, last, counted)


def _weekday(serial: float, kind: float = 1) -> Any:
    return by_formulas("WEEKDAY", day_of(serial), whole(kind))


def _weeknum(serial: float, kind: float = 1) -> Any:
    """The week of the year; the first is the one with 1 January in it, or as ISO 8601 has it."""
    return by_formulas("WEEKNUM", civil_day(serial), whole(kind))


def _isoweeknum(serial: float) -> int:
    return date(*year_month_day(civil_day(serial))).isocalendar().week


def _datedif(start: float, end: float, unit: str) -> Any:
    """Whole years, months and days; what Microsoft itself warns of is refused."""
    return by_formulas("DATEDIF", *_certain_difference(start, end, unit))


def _certain_difference(start: float, end: float, unit: str) -> tuple[int, int, str]:
    first, last = civil_day(start), civil_day(end)
    (_, m1, d1), (_, m2, d2) = year_month_day(first), year_month_day(last)
    doubtful = {
        "MD": d2 < d1,
        "YD": m1 <= 2 or (m1, d1) > (m2, d2),
    }  # a 29 February may lie between, in one of the years
    if first <= last and doubtful.get(unit.upper()):
        raise Refusal(f"DATEDIF by {unit}, of which Microsoft says that it may be wrong")
    return first, last, unit


# --- working days --------------------------------------------------------------------------------------------------

_WEEKENDS = {number: {(number + 4) % 7, (number + 5) % 7} for number in range(1, 8)}  # 1: Saturday and Sunday
_WEEKENDS |= {number: {(number - 12) % 7} for number in range(11, 18)}  # 11: Sunday, which is 6 with Monday 0


def _weekend(table: Any) -> set[int]:
    """The days off, Monday 0: by Excel's numbers, or by a text such as 0000011."""
    if table is None:
        return {5, 6}
    if table.size > 1:
        raise Refusal("several cells for a weekend")
    value = table[0, 0]
    if isinstance(value, XlError):
        raise ExcelError(value)
    if is_number(value):
        found = _WEEKENDS.get(whole(value))
        if found is None:
            raise ExcelError(NUM)
        return found
    if not is_text(value):
        raise Refusal("a weekend that is neither a number nor a text")  # an empty cell, say
    if not re.fullmatch("[01]{7}", value):
        raise ExcelError(VALUE)
    return {day for day, off in enumerate(value) if off == "1"}


def _holidays(table: Any) -> set[int]:
    found = set()
    for value in table.ravel().tolist():
        if isinstance(value, XlError):
            raise ExcelError(value)
        if value is EMPTY:
            continue
        if isinstance(value, bool) or is_text(value):
            raise Refusal("a holiday that is no number")
        found.add(day_of(value))
    return found


def _networkdays(start: float, end: float, off: set[int], holidays: set[int]) -> int:
    first, last = sorted((civil_day(start), civil_day(end)))
    weeks, rest = divmod(last - first + 1, 7)
    days = weeks * (7 - len(off)) + sum((day - 2) % 7 not in off for day in range(last - rest + 1, last + 1))
    days -= sum(first <= day <= last and (day - 2) % 7 not in off for day in holidays)
    return days if start <= end or first == last else -days


def _workday(start: float, days: float, off: set[int], holidays: set[int]) -> Any:
    day, left = civil_day(start), whole(days)
    if len(off) == 7:
        return VALUE
    step = 1 if left > 0 else -1
    while left:
        day += step
        if not 0 <= day <= LAST_SERIAL:
            return NUM
        if (day - 2) % 7 not in off and day not in holidays:
            left -= step
    return civil_day(day)


def _networkdays_plain(start: float, end: float, holidays: Any = None) -> Any:
    off = [] if holidays is None else [sorted(_holidays(holidays))]
    return by_formulas("NETWORKDAYS", civil_day(start), civil_day(end), *off)


def _networkdays_intl(start: float, end: float, weekend: Any = None, holidays: Any = None) -> int:
    return _networkdays(start, end, _weekend(weekend), set() if holidays is None else _holidays(holidays))


def _workday_plain(start: float, days: float, holidays: Any = None) -> Any:
    return _workday(start, days, {5, 6}, set() if holidays is None else _holidays(holidays))


def _workday_intl(start: float, days: float, weekend: Any = None, holidays: Any = None) -> Any:
    return _workday(start, days, _weekend(weekend), set() if holidays is None else _holidays(holidays))


# --- texts ---------------------------------------------------------------------------------------------------------


def _datevalue(text: str) -> Any:
    found = _ISO.fullmatch(text)
    if found is None or (found[4] and _TIME.fullmatch(found[4]) is None):
        raise Refusal(f"the date '{text}', which depends on the locale")
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    if year < 1900 or not 1 <= month <= 12 or not 1 <= day <= month_length(year, month):
        raise Refusal(f"the date '{text}', which the calendar has not")
    return by_formulas("DATEVALUE", text)


def _timevalue(text: str) -> Any:
    found = _TIME.fullmatch(text)
    if found is None:
        raise Refusal(f"the time '{text}', which depends on the locale")
    hour, minute, second, half = int(found[1]), int(found[2]), int(found[3] or 0), found[4]
    if minute > 59 or second > 59 or hour > 24 or (half and not 1 <= hour <= 12):
        raise Refusal(f"the time '{text}', which the clock has not")
    return by_formulas("TIMEVALUE", text)


FUNCTIONS: dict[str, Function] = {
    name: function(raising(call), takes, own=own, by="xlparity" if own else "formulas")
    for name, call, takes, own in (
        ("DATE", _date, "number number number", "DATE(9999,13,-1)"),
        ("YEAR", _shown("YEAR"), "number", ""),
        ("MONTH", _shown("MONTH"), "number", ""),
        ("DAY", _shown("DAY"), "number", ""),
        ("TIME", _time, "number number number", ""),
        ("HOUR", _clock("HOUR", 3600), "number", ""),
        ("MINUTE", _clock("MINUTE", 60), "number", ""),
        ("SECOND", _clock("SECOND", 1), "number", ""),
        ("DATEVALUE", _datevalue, "text", ""),
        ("TIMEVALUE", _timevalue, "text", ""),
        ("EDATE", _edate, "toolpak toolpak", "EDATE(61,-7)"),
        ("EOMONTH", _eomonth, "toolpak toolpak", "EOMONTH(46652,2958466)"),
        ("DAYS", _days, "number number", ""),
        ("DAYS360", _days360, "number number scalar?", 'DAYS360(DATE(2025,1,1),DATE(2025,1,31),"TRUE")'),
        ("DATEDIF", _datedif, "strict strict text", ""),
        ("WEEKDAY", _weekday, "number number?", ""),
        ("WEEKNUM", _weeknum, "toolpak toolpak?", ""),
        ("ISOWEEKNUM", _isoweeknum, "number", "ISOWEEKNUM(-1)"),
        ("YEARFRAC", _yearfrac, "toolpak toolpak toolpak?", "YEARFRAC(45351,45716,1)"),
        ("NETWORKDAYS", _networkdays_plain, "toolpak toolpak table?", ""),
        ("NETWORKDAYS.INTL", _networkdays_intl, "strict strict table~ table?",
         "NETWORKDAYS.INTL(DATE(2006,1,1),DATE(2006,1,31),)"),
        ("WORKDAY", _workday_plain, "toolpak toolpak table?", "WORKDAY(45297,1)"),
        ("WORKDAY.INTL", _workday_intl, "strict strict table~ table?", "WORKDAY.INTL(DATE(2012,1,1),90,11)"),
    )
}  # fmt: skip

DATED = frozenset(FUNCTIONS)  # which take dates, or compare with texts that may be dates

ENGLISH_ONLY = frozenset(("DATEVALUE", "TIMEVALUE"))  # which read dates and times as the locale has them
