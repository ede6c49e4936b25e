"""Excel's bonds: coupon dates, prices and yields, accrued interest, and odd first and last periods."""

import math
from collections.abc import Callable
from typing import Any

from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator.functions.conversions import NUM
from xlparity.engines.evaluator.functions.securities import span
from xlparity.engines.evaluator.functions.serials import (
    ExcelError,
    basis_of,
    civil_day,
    days_between,
    is_month_end,
    months_later,
    raising,
    thirty_360,
    whole,
    year_month_day,
)
from xlparity.engines.evaluator.functions.signatures import Function, by_formulas, function
from xlparity.engines.evaluator.guards import Refusal, is_text


class _Coupons:
    """The coupon dates about settlement, counted back from maturity; at a month's end all are at one."""

    def __init__(self, settlement: float, maturity: float, frequency: float, basis: float) -> None:
        self.settlement, self.maturity, self.basis = span(settlement, maturity, basis)
        self.frequency = whole(frequency)
        if self.frequency not in (1, 2, 4):
            raise ExcelError(NUM)
        self.count = 0
        self.next = self.previous = self.maturity
        day = 31 if is_month_end(self.maturity) else None
        while self.previous > self.settlement:
            self.count += 1
            self.next = self.previous
            self.previous = months_later(self.maturity, -12 // self.frequency * self.count, day)
        civil_day(self.previous)

    @property
    def length(self) -> float:
        """The days in the coupon period."""
        if self.basis == 1:
            return self.next - self.previous
        return (365 if self.basis == 3 else 360) / self.frequency

    @property
    def gone(self) -> int:
        """The days from the coupon before to settlement."""
        return days_between(self.previous, self.settlement, self.basis)

    @property
    def ahead(self) -> float:
        """The days from settlement to the next coupon."""
        if self.basis not in (0, 4):
            return self.next - self.settlement
        days = days_between(self.settlement, self.next, self.basis)
        if days != self.length - self.gone:
            raise Refusal("30/360 days before and after settlement that do not add up to a period")
        return days

    @property
    def left(self) -> float:
        """The part of the period that is left, where all ways of counting have the same."""
        if self.ahead != self.length - self.gone:
            raise Refusal("days before and after settlement that do not add up to a period")
        return self.ahead / self.length

    def value(self, rate: float, annual: float, redemption: float) -> tuple[float, float, float]:
        """The coupons' and the redemption's value without what has accrued, its slope, and their mean time in periods."""
        # To settlement Excel takes the rest of a period of 180 days, say, whatever the calendar says.
        first, coupon = 1 - self.gone / self.length, 100 * rate / self.frequency
        flows = [(first + k, coupon + (redemption if k == self.count - 1 else 0)) for k in range(self.count)]
        growth = 1 + annual / self.frequency
        terms = [(time, flow * growth**-time) for time, flow in flows]
        total, weighted = math.fsum(term for _, term in terms), math.fsum(time * term for time, term in terms)
        return total - coupon * self.gone / self.length, -weighted / growth / self.frequency, weighted / total


def _of_coupons(call: Callable[[_Coupons], float]) -> Callable[..., float]:
    def called(settlement: float, maturity: float, frequency: float, basis: float = 0) -> float:
        return call(_Coupons(settlement, maturity, frequency, basis))

    return called


def _coupnum(settlement: float, maturity: float, frequency: float, basis: float = 0) -> Any:
    coupons = _Coupons(settlement, maturity, frequency, basis)
    return by_formulas("COUPNUM", coupons.settlement, coupons.maturity, coupons.frequency, coupons.basis)


def _price(
    settlement: float,
    maturity: float,
    rate: float,
    annual: float,
    redemption: float,
    frequency: float,
    basis: float = 0,
) -> float:
    coupons = _Coupons(settlement, maturity, frequency, basis)
    if rate < 0 or annual < 0 or redemption <= 0:
        raise ExcelError(NUM)
    if coupons.count > 1:
        return coupons.value(rate, annual, redemption)[0]
    coupon = 100 * rate / coupons.frequency
    paid = (coupon + redemption) / (1 + annual / coupons.frequency * coupons.left)
    return paid - coupon * coupons.gone / coupons.length


def _yield(
    settlement: float,
    maturity: float,
    rate: float,
    price: float,
    redemption: float,
    frequency: float,
    basis: float = 0,
) -> float:
    """The yield of that price; refused below zero, and where Newton's method does not soon find it."""
    coupons = _Coupons(settlement, maturity, frequency, basis)
    if rate < 0 or price <= 0 or redemption <= 0:
        raise ExcelError(NUM)
    if coupons.count == 1:
        coupon = 100 * rate / coupons.frequency
        paid = price + coupon * coupons.gone / coupons.length
        return ((redemption + coupon) / paid - 1) * coupons.frequency / coupons.left
    annual = 0.05
    for _ in range(50):
        found, slope, _ = coupons.value(rate, annual, redemption)
        step = (found - price) / slope
        annual -= step
        if abs(step) < 1e-13:
            break
    if not 1e-4 < annual < 1:
        raise Refusal("a yield of next to nothing, or of more than the price, for which Excel's iteration is not known")
    return annual


def _day(serial: int) -> int:
    return year_month_day(serial)[2]


def _duration(
    settlement: float, maturity: float, coupon: float, annual: float, frequency: float, basis: float = 0
) -> float:
    coupons = _Coupons(settlement, maturity, frequency, basis)
    if coupon < 0 or annual < 0:
        raise ExcelError(NUM)
    by_months = coupons.basis in (0, 4) or (coupons.basis == 1 and not coupons.gone)
    if not by_months or max(_day(coupons.settlement), _day(coupons.maturity)) > 27:
        raise Refusal("a duration of days that may be counted in more than one way")
    return coupons.value(coupon, annual, 100.0)[2] / coupons.frequency


def _mduration(
    settlement: float, maturity: float, coupon: float, annual: float, frequency: float, basis: float = 0
) -> float:
    return _duration(settlement, maturity, coupon, annual, frequency, basis) / (1 + annual / whole(frequency))


# --- accrued interest ----------------------------------------------------------------------------------------------


def _accrint(
    issue: float,
    first_interest: float,
    settlement: float,
    rate: float,
    par: float,
    frequency: float,
    basis: float = 0,
    from_issue: Any = True,
) -> float:
    """The part of a period up to the first coupon date, whole periods, and the days since the one before first interest.

    Those days are below zero where settlement is before it, and whole periods are left out unless counted from issue.
    """
    if isinstance(from_issue, XlError):
        raise ExcelError(from_issue)
    if from_issue is EMPTY or is_text(from_issue):
        raise Refusal("ACCRINT by a method that is neither a number nor a truth value")
    issued, settled, counted = span(issue, settlement, basis, rate, par)
    interest, many = civil_day(first_interest), whole(frequency)
    if many not in (1, 2, 4):
        raise ExcelError(NUM)
    if interest <= issued:
        raise Refusal("first interest that is not after issue")
    day = 31 if is_month_end(interest) else None

    def coupon(number: int) -> int:
        return months_later(interest, 12 // many * number, day)

    def part(start: int, end: int, first: int) -> float:
        length = coupon(first + 1) - coupon(first) if counted == 1 else (365 if counted == 3 else 360) / many
        days = thirty_360(start, end, counted == 4) if counted in (0, 4) else end - start
        return days / length

    before, odd, periods = coupon(-1), 0.0, 0
    if issued > before:
        if settled > interest:
            raise Refusal("a first period that is cut short, and settlement after it")
        return par * rate / many * part(issued, settled, -1)
    first = -1
    while coupon(first) > issued:
        first -= 1
    if coupon(first) < issued:
        if settled > interest:
            raise Refusal("a first period that is cut short, and settlement after first interest")
        odd = part(issued, coupon(first + 1), first)
        first += 1
    last = -1
    if from_issue:
        while coupon(last + 1) < settled:
            last += 1
        periods = last - first
    return par * rate / many * (odd + periods + part(coupon(last), settled, -1))


# --- odd periods ---------------------------------------------------------------------------------------------------


def _odd_last(
    settlement: float, maturity: float, last_interest: float, frequency: float, basis: float
) -> tuple[float, float, float, int]:
    """The periods from last interest to maturity, to settlement, and from there to maturity; and how many a year has.

    In all bases but those of 30 days a month the periods are as long as they are.
    """
    start, end, counted = span(settlement, maturity, basis)
    last, many = civil_day(last_interest), whole(frequency)
    if many not in (1, 2, 4) or last >= start:
        raise ExcelError(NUM)
    if year_month_day(last)[2] > 28:
        raise Refusal("last interest at the end of a month")

    def periods(until: int) -> float:
        number = 0
        while months_later(last, 12 // many * (number + 1)) <= until:
            number += 1
        begin, finish = (months_later(last, 12 // many * (number + step)) for step in (0, 1))
        if counted in (0, 4):
            return number + days_between(begin, until, counted) * many / 360
        return number + (until - begin) / (finish - begin)

    return periods(end), periods(start), periods(end) - periods(start), many


def _oddlprice(
    settlement: float,
    maturity: float,
    last_interest: float,
    rate: float,
    annual: float,
    redemption: float,
    frequency: float,
    basis: float = 0,
) -> float:
    life, gone, ahead, many = _odd_last(settlement, maturity, last_interest, frequency, basis)
    if rate < 0 or annual < 0 or redemption <= 0:
        raise ExcelError(NUM)
    coupon = 100 * rate / many
    return (redemption + life * coupon) / (1 + ahead * annual / many) - gone * coupon


def _oddlyield(
    settlement: float,
    maturity: float,
    last_interest: float,
    rate: float,
    price: float,
    redemption: float,
    frequency: float,
    basis: float = 0,
) -> float:
    life, gone, ahead, many = _odd_last(settlement, maturity, last_interest, frequency, basis)
    if rate < 0 or price <= 0 or redemption <= 0:
        raise ExcelError(NUM)
    coupon = 100 * rate / many
    return ((redemption + life * coupon) / (price + gone * coupon) - 1) * many / ahead


def _oddfprice(settlement: float, maturity: float, issue: float, first_coupon: float, *terms: float) -> Any:
    """formulas' function where Excel's results are known: one or two coupons a year, none at the end of a month."""
    rate, annual, redemption, frequency, *basis = terms
    counted, many = basis_of(basis[0] if basis else 0), whole(frequency)
    days = [civil_day(moment) for moment in (issue, settlement, first_coupon, maturity)]
    if many not in (1, 2) or days != sorted(set(days)) or any(year_month_day(day)[2] > 28 for day in days):
        raise Refusal("ODDFPRICE of a quarter's coupons, of dates that are not in order, or of the end of a month")
    if rate <= 0 or annual <= 0 or redemption <= 0:
        raise Refusal("ODDFPRICE of a rate, a yield or a redemption that is not above zero")
    serials = map(float, (days[1], days[3], days[0], days[2]))
    return by_formulas("ODDFPRICE", *serials, rate, annual, redemption, many, counted)


_FOUR = "toolpak toolpak toolpak toolpak?"
_SIX = "toolpak toolpak toolpak toolpak toolpak toolpak?"
_SEVEN = "toolpak toolpak toolpak toolpak toolpak toolpak toolpak?"

FUNCTIONS: dict[str, Function] = {
    name: function(raising(call), takes, own=own, by="xlparity" if own else "formulas")
    for name, call, takes, own in (
        ("COUPDAYBS", _of_coupons(lambda coupons: coupons.gone), _FOUR, "COUPDAYBS(40074,40511,4,0)"),
        ("COUPDAYS", _of_coupons(lambda coupons: coupons.length), _FOUR, "COUPDAYS(39300,43341,2,1)"),
        ("COUPDAYSNC", _of_coupons(lambda coupons: coupons.ahead), _FOUR, "COUPDAYSNC(44694,46629,2)"),
        ("COUPNCD", _of_coupons(lambda coupons: coupons.next), _FOUR, "COUPNCD(39369,43341,2)"),
        ("COUPNUM", _coupnum, _FOUR, ""),
        ("COUPPCD", _of_coupons(lambda coupons: coupons.previous), _FOUR, "COUPPCD(39369,43341,2)"),
        ("PRICE", _price, _SEVEN, "PRICE(45147,46326,0,0.05,100,2)"),
        ("YIELD", _yield, _SEVEN, "YIELD(39113,42279,0.4,62.74,1,2)"),
        ("DURATION", _duration, _SIX, "DURATION(37575,40038,-3.75,3,4)"),
        ("MDURATION", _mduration, _SIX, "MDURATION(36247,38247,-2.5,1,4)"),
        ("ACCRINT", _accrint, f"{_SEVEN} scalar?", "ACCRINT(39512,39691,39569,0.1,1000,2,0,FALSE)"),
        ("ODDLPRICE", _oddlprice, f"toolpak {_SEVEN}",
         "ODDLPRICE(DATE(2020,3,1),DATE(2030,3,1),DATE(2020,1,15),0.075,0.0589,120,2,2)"),
        ("ODDLYIELD", _oddlyield, f"toolpak {_SEVEN}",
         "ODDLYIELD(DATE(2020,3,1),DATE(2030,3,1),DATE(2020,1,15),0.075,122.36705839417525,120,2,2)"),
        ("ODDFPRICE", _oddfprice, f"toolpak toolpak {_SEVEN}", ""),
    )
}  # fmt: skip

DATED = frozenset(FUNCTIONS)  # which take dates, or compare with texts that may be dates
