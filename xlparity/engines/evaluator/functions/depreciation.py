"""Excel's depreciation, rates of interest written another way, and prices in fractions."""

import math
from typing import Any

from xlparity.engines.evaluator.functions.conversions import DIV, NUM
from xlparity.engines.evaluator.functions.serials import ExcelError, raising, whole
from xlparity.engines.evaluator.functions.signatures import Function, delegated, function
from xlparity.engines.evaluator.guards import LARGEST_EXPONENT, Refusal


def _not_below_zero(cost: float, salvage: float, life: float, period: float) -> None:
    if salvage < 0:
        raise Refusal("a salvage value below zero")


def _rate(rate: float, periods: float) -> tuple[float, int]:
    times = whole(periods)
    if rate > 0 and times > 0 and times * math.log1p(rate / times) > LARGEST_EXPONENT:
        raise Refusal("a power beyond the range of numbers")
    return rate, times


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


def _rri(periods: float, present: float, future: float) -> Any:
    if present < 0 or future < 0:
        raise Refusal("RRI of values below zero")
    if periods <= 0:
        return NUM
    if present == 0:
        return NUM if future else 0.0
    return (future / present) ** (1 / periods) - 1


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
    name: function(raising(call), takes, own=own)
    for name, call, takes, own in (
        ("DB", _db, "number number number number number?", "DB(0,10,4,1,2)"),
        ("DDB", _ddb, "number number number number number?", "DDB(4,5,7037,6)"),
        ("RRI", _rri, "number number number", "RRI(2,3,0)"),
        ("DOLLARDE", _dollarde, "toolpak toolpak", "DOLLARDE(19.28,-0.32)"),
        ("DOLLARFR", _dollarfr, "toolpak toolpak", "DOLLARFR(-2.5,1)"),
    )
} | {
    "SLN": delegated("SLN", "number number number"),
    "SYD": delegated("SYD", "number number number number", guard=_not_below_zero),
    "EFFECT": delegated("EFFECT", "toolpak toolpak", prepare=_rate),
    "NOMINAL": delegated("NOMINAL", "toolpak toolpak", prepare=_rate),
    "PDURATION": delegated("PDURATION", "number number number"),
}
