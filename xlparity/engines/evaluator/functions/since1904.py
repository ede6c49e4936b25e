"""The functions of dates in a workbook whose dates count from 1904: those of 1900, with 1,462 days between.

Source: Microsoft, "Date systems in Excel": a date has a serial number that is 1,462 less there.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from schedula import EMPTY

from xlparity.engines.evaluator.functions.formats import sections_of
from xlparity.engines.evaluator.functions.signatures import Function
from xlparity.engines.evaluator.guards import Refusal, is_number
from xlparity.excel.values import EPOCHS_APART

_FIRST_YEAR = 1904


class _Dates(NamedTuple):
    """Which operands of a function are dates, by their positions, and whether its result is one."""

    taken: tuple[int, ...]
    given: bool = False


_DATES = {
    **dict.fromkeys(("YEAR", "MONTH", "DAY", "WEEKDAY", "WEEKNUM", "ISOWEEKNUM", "HOUR", "MINUTE", "SECOND"), _Dates((0,))),
    **dict.fromkeys(("DAYS", "DAYS360", "DATEDIF", "YEARFRAC"), _Dates((0, 1))),
    **dict.fromkeys(("EDATE", "EOMONTH"), _Dates((0,), given=True)),
    "NETWORKDAYS": _Dates((0, 1)), "WORKDAY": _Dates((0,), given=True), "DATE": _Dates((), given=True), "TIME": _Dates(()),
    "TEXT": _Dates((0,)),
}  # fmt: skip
_MOST_OPERANDS = {"NETWORKDAYS": 2, "WORKDAY": 2}  # not their holidays


def since_1904(functions: Mapping[str, Function]) -> dict[str, Function]:
    """Those of the functions that are known in the 1904 date system, with what they are there."""
    return {
        name: dataclasses.replace(functions[name], call=_later(name, functions[name].call, dates))
        for name, dates in _DATES.items()
    }


def _later(name: str, call: Callable[..., Any], dates: _Dates) -> Callable[..., Any]:
    def called(*operands: Any) -> Any:
        if len(operands) > _MOST_OPERANDS.get(name, len(operands)):
            raise Refusal(f"{name} with holidays in a workbook whose dates count from 1904")
        if name == "DATE" and operands[0] < _FIRST_YEAR:
            raise Refusal("a date before 1904 in a workbook whose dates count from then")
        if name == "TEXT" and not _is_dated(operands[1]):
            return call(*operands)
        moved = [_moved(value) if place in dates.taken else value for place, value in enumerate(operands)]
        result = call(*moved)
        if not dates.given or not is_number(result):
            return result
        if result < EPOCHS_APART:
            raise Refusal("a date before 1904 in a workbook whose dates count from then")
        return result - EPOCHS_APART

    return called


def _is_dated(form: str) -> bool:
    """Whether a format is one of a date or a time."""
    sections = sections_of(form)
    kinds = {piece.kind for section in sections for piece in section}
    if kinds & {"date", "half"} and len(sections) > 1:
        raise Refusal("a format of several sections for dates that count from 1904")
    return bool(kinds & {"date", "half"}) and "elapsed" not in kinds


def _moved(value: Any) -> Any:
    if value is EMPTY:
        return EPOCHS_APART
    if isinstance(value, bool) or not is_number(value):
        raise Refusal("a date that is no number in a workbook whose dates count from 1904")
    if value < 0:
        raise Refusal("a date before 1904 in a workbook whose dates count from then")
    return value + EPOCHS_APART
