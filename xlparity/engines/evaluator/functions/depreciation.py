"""Excel's depreciation, rates of interest written another way, and prices in fractions."""

import math
from typing import Any

from xlparity.engines.evaluator.functions.conversions import DIV, NUM
from xlparity.engines.evaluator.functions.serials import ExcelError, raising, whole
from xlparity.engines.evaluator.functions.signatures import Function, function
from xlparity.engines.evaluator.guards import Refusal


def _sln(cost: float, salvage: float, life: float) -> Any:
    return DIV if life == 0 else (cost - salvage) / life


def _syd(cost: float, salvage: float, life: float, period: float) -> Any:
    if salvage < 0:
        raise Refusal("a salvage value below zero")
    if life <= 0 or period <= 0 or period > life:
        return NUM
    return (cost - salvage) * (life - period + 1) * 2 / (life * (life + 1))


def _db(cost: float, salvage: float, life: float, period: float, months: float = 12.0) -> Any:
    """The rate is rounded to three decimals; refused where fifteen digits do not tell which."""
    if cost < 0 or salvage < 0 or life <= 0 or period <= 0 or not 1 <= months < 13:
        return NUM
    first = whole(months)
    if period > life + 1:
        return NUM
    if period > life and first == 12:
        raise Refusal("depreciation of the months after the last year, of which there are none")
    if cost == 0 and salvage > 0:
        return 0.0
    if cost == 0 or period < 1:
        raise Refusal("depreciation of nothing, or of a part of the first period")
    exact = 1000 * (1 - (salvage / cost) ** (1 / life))
    if abs(abs(exact - math.floor(exact)) - 0.5) < 1e-9:
        raise Refusal("a rate half way between two of three decimals")
    rate, part, period = math.floor(exact + 0.5) / 1000, first / 12, whole(period)
    if period == 1:
        return cost * rate * part
    left = cost * (1 - rate * part) * (1 - rate) ** (period - 2)
    return left * rate * (1 - part) if period > life else left * rate


def _ddb(cost: float, salvage: float, life: float, period: float, factor: float = 2.0) -> Any:
    if cost < 0 or salvage < 0 or life <= 0 or period <= 0 or period > life or factor <= 0:
        return NUM
    if period < 1:
        raise Refusal("depreciation of a part of the first period")
    kept = max(0.0, 1 - factor / life)
    before = cost * kept ** (period - 1)
    return max(0.0, before - max(cost * kept**period, salvage))


# --- rates and prices ----------------------------------------------------------------------------------------------


def _effect(nominal: float, periods: float) -> Any:
    count = whole(periods)
    return NUM if nominal <= 0 or count < 1 else (1 + nominal / count) ** count - 1


def _nominal(effective: float, periods: float) -> Any:
    count = whole(periods)
    return NUM if effective <= 0 or count < 1 else count * ((1 + effective) ** (1 / count) - 1)


def _rri(periods: float, present: float, future: float) -> Any:
    if present < 0 or future < 0:
        raise Refusal("RRI of values below zero")
    if periods <= 0 or present == 0:
        return NUM
    return (future / present) ** (1 / periods) - 1


def _pduration(rate: float, present: float, future: float) -> Any:
    if min(rate, present, future) <= 0:
        return NUM
    return (math.log(future) - math.log(present)) / math.log1p(rate)


def _fraction(number: float) -> int:
    if number < 0:
        raise ExcelError(NUM)
    if number < 1:
        raise ExcelError(DIV)
    return whole(number)


def _dollarde(price: float, fraction: float) -> Any:
    count = _fraction(fraction)
    part, dollars = math.modf(price)
    return dollars + part * 10.0 ** math.ceil(math.log10(count)) / count


def _dollarfr(price: float, fraction: float) -> Any:
    count = _fraction(fraction)
    part, dollars = math.modf(price)
    return dollars + part * count / 10 ** math.ceil(math.log10(count))


FUNCTIONS: dict[str, Function] = {
    name: function(raising(call), takes)
    for name, call, takes in (
        ("SLN", _sln, "number number number"),
        ("SYD", _syd, "number number number number"),
        ("DB", _db, "number number number number number?"),
        ("DDB", _ddb, "number number number number number?"),
        ("EFFECT", _effect, "toolpak toolpak"),
        ("NOMINAL", _nominal, "toolpak toolpak"),
        ("RRI", _rri, "number number number"),
        ("PDURATION", _pduration, "number number number"),
        ("DOLLARDE", _dollarde, "toolpak toolpak"),
        ("DOLLARFR", _dollarfr, "toolpak toolpak"),
    )
}
