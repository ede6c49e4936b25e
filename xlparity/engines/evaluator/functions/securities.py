"""Excel's securities without coupons: discount papers, papers with interest at maturity, and Treasury bills."""

import math
from typing import Any

from xlparity.engines.evaluator.functions.conversions import NUM
from xlparity.engines.evaluator.functions.serials import (
    ExcelError,
    basis_of,
    civil_day,
    months_later,
    raising,
    year_fraction,
    year_month_day,
)
from xlparity.engines.evaluator.functions.signatures import Function, by_formulas, function
from xlparity.engines.evaluator.guards import Refusal


def span(first: float, last: float, basis: float, *positive: float) -> tuple[int, int, int]:
    """Two days in order and a basis; #NUM! where they are none, or where one of the others is not above zero."""
    counted, start, end = basis_of(basis), civil_day(first), civil_day(last)
    if start >= end or any(value <= 0 for value in positive):
        raise ExcelError(NUM)
    return start, end, counted


# --- discount papers -----------------------------------------------------------------------------------------------


def _certain_fraction(start: int, end: int, counted: int) -> float:
    """The years between, where every way of counting them has the same; what DISC does with the others is known."""
    if counted in (0, 4) and max(year_month_day(start)[2], year_month_day(end)[2]) > 27:
        raise Refusal("30/360 from or to the end of a month")
    if counted == 1 and end > months_later(start, 12):
        raise Refusal("actual years of more than one year")
    return year_fraction(start, end, counted)


def _disc(settlement: float, maturity: float, price: float, redemption: float, basis: float = 0) -> float:
    return (1 - price / redemption) / year_fraction(*span(settlement, maturity, basis, price, redemption))


def _intrate(settlement: float, maturity: float, investment: float, redemption: float, basis: float = 0) -> float:
    dates = span(settlement, maturity, basis, investment, redemption)
    return (redemption / investment - 1) / _certain_fraction(*dates)


def _yielddisc(settlement: float, maturity: float, price: float, redemption: float, basis: float = 0) -> Any:
    start, end, counted = span(settlement, maturity, basis, price, redemption)
    year_fraction(start, end, counted)  # refuses what may be counted in more than one way
    return by_formulas("YIELDDISC", start, end, price, redemption, counted)


def _received(settlement: float, maturity: float, investment: float, discount: float, basis: float = 0) -> float:
    left = 1 - discount * _certain_fraction(*span(settlement, maturity, basis, investment, discount))
    if left <= 0:
        raise Refusal("a discount of all there is, or more")
    return investment / left


def _pricedisc(settlement: float, maturity: float, discount: float, redemption: float, basis: float = 0) -> Any:
    start, end, counted = span(settlement, maturity, basis, discount, redemption)
    _certain_fraction(start, end, counted)
    return by_formulas("PRICEDISC", start, end, discount, redemption, counted)


def _accrintm(issue: float, settlement: float, rate: float, par: float, basis: float = 0) -> float:
    return par * rate * year_fraction(*span(issue, settlement, basis, rate, par))


def _at_maturity(issue: float, settlement: float, maturity: float, basis: float) -> tuple[int, int, int, int]:
    """The days of settlement, maturity and issue, and the basis, where the years between them add up."""
    if civil_day(issue) > civil_day(settlement):
        raise Refusal("a paper that is settled before it is issued")
    start, end, counted = span(settlement, maturity, basis)
    whole_time = year_fraction(civil_day(issue), end, counted)
    held, ahead = year_fraction(civil_day(issue), start, counted), year_fraction(start, end, counted)
    if counted == 1 and abs(whole_time - held - ahead) > 1e-12:
        raise Refusal("actual years of different lengths between issue, settlement and maturity")
    return start, end, civil_day(issue), counted


def _pricemat(settlement: float, maturity: float, issue: float, rate: float, annual: float, basis: float = 0) -> Any:
    *days, counted = _at_maturity(issue, settlement, maturity, basis)
    if rate < 0 or annual < 0:
        raise ExcelError(NUM)
    return by_formulas("PRICEMAT", *days, rate, annual, counted)


def _yieldmat(settlement: float, maturity: float, issue: float, rate: float, price: float, basis: float = 0) -> Any:
    *days, counted = _at_maturity(issue, settlement, maturity, basis)
    if rate < 0 or price <= 0:
        raise ExcelError(NUM)
    return by_formulas("YIELDMAT", *days, rate, price, counted)


# --- Treasury bills ------------------------------------------------------------------------------------------------


def _bill(settlement: float, maturity: float, amount: float) -> int:
    """The days to maturity: no more than a year of the calendar."""
    if amount <= 0:
        raise ExcelError(NUM)
    start, end, _ = span(settlement, maturity, 0)
    if end > months_later(start, 12):
        raise ExcelError(NUM)
    return end - start


def _tbillprice(settlement: float, maturity: float, discount: float) -> Any:
    price = 100 * (1 - discount * _bill(settlement, maturity, discount) / 360)
    return price if price > 0 else NUM


def _tbillyield(settlement: float, maturity: float, price: float) -> Any:
    _bill(settlement, maturity, price)
    return by_formulas("TBILLYIELD", civil_day(settlement), civil_day(maturity), price)


def _tbilleq(settlement: float, maturity: float, discount: float) -> Any:
    """Beyond half a year by the quadratic of a bond with one coupon on the way."""
    days = _bill(settlement, maturity, discount)
    price = 1 - discount * days / 360
    if price <= 0:
        return NUM
    if days <= 182:
        return 365 * discount / (360 - discount * days)
    years = days / (366 if days == 366 else 365)
    return 2 * (math.sqrt(years**2 - (2 * years - 1) * (1 - 1 / price)) - years) / (2 * years - 1)


_THREE = "toolpak toolpak toolpak"
_FIVE = "toolpak toolpak toolpak toolpak toolpak?"
_SIX = "toolpak toolpak toolpak toolpak toolpak toolpak?"

FUNCTIONS: dict[str, Function] = {
    name: function(raising(call), takes, own=own, by="xlparity" if own else "formulas")
    for name, call, takes, own in (
        ("DISC", _disc, _FIVE, "DISC(39472,39614,97.975,100,5)"),
        ("INTRATE", _intrate, _FIVE, "INTRATE(39468,43068,1,1000,5)"),
        ("RECEIVED", _received, _FIVE, "RECEIVED(39493,39583,1000000,0.0575,5)"),
        ("PRICEDISC", _pricedisc, _FIVE, ""),
        ("YIELDDISC", _yielddisc, _FIVE, ""),
        ("ACCRINTM", _accrintm, _FIVE, "ACCRINTM(DATE(2023,11,15),DATE(2024,3,15),0.1,1000,1)"),
        ("PRICEMAT", _pricemat, _SIX, ""),
        ("YIELDMAT", _yieldmat, _SIX, ""),
        ("TBILLEQ", _tbilleq, _THREE, "TBILLEQ(14640,15006,0.5)"),
        ("TBILLPRICE", _tbillprice, _THREE, "TBILLPRICE(41941,41956,5.4308)"),
        ("TBILLYIELD", _tbillyield, _THREE, ""),
    )
}

DATED = frozenset(FUNCTIONS)  # which take dates, or compare with texts that may be dates
