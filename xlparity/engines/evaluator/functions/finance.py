"""Excel's family Financial: annuities, series of payments, and the rates they come to."""

import dataclasses
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator.functions.conversions import DIV, NUM, VALUE
from xlparity.engines.evaluator.functions.serials import ExcelError, day_of, raising, whole
from xlparity.engines.evaluator.functions.signatures import Function, by_formulas, delegated, function
from xlparity.engines.evaluator.guards import Refusal, is_number, is_text

_SMALLEST_RATE = 1e-6  # below, (1 + rate)^n - 1 has so few digits left that each way of writing it ends in others
_LONGEST = 400  # payments: a month each for as long as mortgages run; of more the roots of the polynomial are not sure


def _number(value: Any) -> float:
    return 0.0 if value is EMPTY else float(value)


def _due(kind: Any) -> float:
    """Whether payments are due at the beginning of a period, 0 or 1, as is whatever is not 0."""
    return float(_number(kind) != 0)


def _growth(rate: float, periods: float) -> float:
    """(1 + rate)^periods, with Excel's errors."""
    if 0 < abs(rate) < _SMALLEST_RATE:
        raise Refusal("a rate so near zero that the result hangs on how the formula is written")
    if rate == -1 and periods <= 0:
        raise ExcelError(NUM if periods == 0 else DIV)
    if rate < -1 and not float(periods).is_integer():
        raise ExcelError(NUM)
    try:
        return float((1 + rate) ** periods)
    except OverflowError:
        raise ExcelError(NUM) from None


# --- annuities -----------------------------------------------------------------------------------------------------


def _pv(rate: float, periods: float, payment: Any, future: Any = 0.0, kind: Any = 0.0) -> Any:
    payment, future, due = _number(payment), _number(future), _due(kind)
    if rate == 0:
        return -(future + payment * periods)
    growth = _growth(rate, periods)
    if growth == 0:
        raise ExcelError(DIV)
    return -(future + payment * (1 + rate * due) * (growth - 1) / rate) / growth


def _fv(rate: float, periods: float, payment: Any, present: Any = 0.0, kind: Any = 0.0) -> Any:
    payment, present, due = _number(payment), _number(present), _due(kind)
    if rate == 0:
        return -(present + payment * periods)
    growth = _growth(rate, periods)
    return -(present * growth + payment * (1 + rate * due) * (growth - 1) / rate)


def _pmt(rate: float, periods: float, present: float, future: Any = 0.0, kind: Any = 0.0) -> Any:
    future, due = _number(future), _due(kind)
    if periods == 0 or rate <= -1:
        raise ExcelError(NUM)
    if rate == 0:
        return -(present + future) / periods
    growth = _growth(rate, periods)
    return -(present * growth + future) * rate / ((growth - 1) * (1 + rate * due))


def _nper(rate: float, payment: float, present: float, future: Any = 0.0, kind: Any = 0.0) -> Any:
    future, due = _number(future), _due(kind)
    if rate == 0:
        if payment == 0:
            raise Refusal("a number of periods without rate and payment")
        return -(present + future) / payment
    _growth(rate, 1.0)
    if rate <= -1:
        raise ExcelError(NUM)
    payment *= 1 + rate * due
    above, below = payment - future * rate, payment + present * rate
    if below == 0 or above / below <= 0:
        raise ExcelError(NUM)
    return math.log(above / below) / math.log1p(rate)


def _ipmt(rate: float, period: float, periods: float, present: float, future: Any = 0.0, kind: Any = 0.0) -> Any:
    due = _due(kind)
    if period < 1 or period >= periods + 1:
        raise ExcelError(NUM)
    if rate <= -1 or periods < 1:
        raise Refusal("interest at a rate of -1 or below, or over less than a period")
    if rate == 0 or (due and period == 1):
        return 0.0
    interest = _fv(rate, period - 1, _pmt(rate, periods, present, future, due), present, due) * rate
    return interest / (1 + rate) if due else interest


def _ppmt(rate: float, period: float, periods: float, present: float, future: Any = 0.0, kind: Any = 0.0) -> Any:
    _ipmt(rate, period, periods, present, future, kind)  # for its errors
    return _principal(rate, period, periods, present, _number(future), _due(kind))


def _principal(rate: float, period: float, periods: float, present: float, future: float, due: float) -> Any:
    """What a payment repays, to the last digit; payment less interest would lose some, and Excel has them."""
    payment = _pmt(rate, periods, present, future, due)
    if rate == 0 or (due and period == 1):
        return payment
    repaid = -(present + future) * rate / (_growth(rate, periods) - 1) * _growth(rate, period - 1)
    return repaid / (1 + rate) if due else repaid


def _cumulative(part: Callable[..., float]) -> Callable[..., float]:
    """The sum of that part of the payments from one period to another, both cut to whole periods inside the span."""

    def cumulative(rate: float, periods: float, present: float, start: float, end: float, kind: float) -> float:
        if kind not in (0, 1) or min(rate, periods, present) <= 0 or min(start, end) < 1 or not start <= end <= periods:
            raise ExcelError(NUM)
        first, last = math.ceil(start), whole(end)
        if first > last:
            raise Refusal("no whole period between the first and the last")
        if last - first > 100_000:
            raise Refusal("a sum over more than 100,000 periods")
        return math.fsum(part(rate, period, periods, present, 0.0, kind) for period in range(first, last + 1))

    return cumulative


def _rate(periods: float, payment: Any, present: float, future: Any = 0.0, kind: Any = 0.0, guess: Any = EMPTY) -> Any:
    """Newton's method from the guess, twenty steps as Excel has; refused unless it has a single root and gets there."""
    payment, future, due = _number(payment), _number(future), _due(kind)
    if periods <= 0:
        raise Refusal("a rate of no periods")
    rate = 0.1 if guess is EMPTY else guess
    flows = (present + payment, payment, future) if due else (present, payment, payment + future)
    if _changes(flows) != 1 and (guess is not EMPTY or not _changes(flows)):
        raise Refusal("a rate of payments that do not change their sign just once")

    def value(rate: float) -> tuple[float, float]:
        growth = _growth(rate, periods)
        slope = periods * growth / (1 + rate)
        paid = payment * (growth - 1) / rate
        paid_slope = payment * (slope - (growth - 1) / rate) / rate
        total = present * growth + paid * (1 + rate * due) + future
        return total, present * slope + paid_slope * (1 + rate * due) + paid * due

    return _root(value, rate)


def _changes(flows: Any) -> int:
    signs = [flow > 0 for flow in flows if flow != 0]
    return sum(left != right for left, right in itertools.pairwise(signs))


def _root(value: Callable[[float], tuple[float, float]], guess: float) -> float:
    rate = guess
    if not 0 <= rate <= 1:
        raise Refusal("a guess of a rate that is not between 0 and 1")
    for _ in range(20):
        height, slope = value(rate)
        step = height / slope
        rate -= step
        if rate <= -1:
            break
        if abs(step) < 1e-12:
            if abs(rate) < _SMALLEST_RATE:
                break  # Excel leaves whatever its iteration ends in
            return rate
    raise Refusal("a rate that Excel may not find, or may find another of")


# --- series of payments --------------------------------------------------------------------------------------------


def _not_nothing(rate: float, *values: list[float]) -> None:
    flows = [value for part in values for value in part]
    if not flows:
        raise Refusal("a net present value of nothing")
    if rate == -1:
        raise Refusal("a net present value at a rate of -1")
    terms = [flow / (1 + rate) ** period for period, flow in enumerate(flows, start=1)]
    if abs(math.fsum(terms)) < 1e-9 * math.fsum(map(abs, terms)):
        raise Refusal("a net present value of which rounding leaves no digit, as at the internal rate of return")


def _irr(flows: list[float], guess: float = 0.1) -> Any:
    """The only rate there is; refused where there are several, or where Excel may not find it."""
    if not (min(flows, default=0) < 0 < max(flows, default=0)):
        return NUM
    if guess <= -1:
        return VALUE
    if len(flows) == 2:
        return -flows[1] / flows[0] - 1
    factors = np.roots(flows[::-1])  # of 1 / (1 + rate)
    real = factors[np.abs(factors.imag) < 1e-6 * np.abs(factors)].real
    near = [1 / factor - 1 for factor in real.tolist() if factor > 0]
    if len(near) != 1 or not -0.9 < near[0] < 10 or not -0.9 <= guess <= 1 or len(flows) > _LONGEST:
        raise Refusal("an internal rate of return of which there are several, or that Excel may not find")
    rate = near[0]
    for _ in range(3):
        powers = [flow * (1 + rate) ** -period for period, flow in enumerate(flows)]
        rate += math.fsum(powers) * (1 + rate) / math.fsum(n * power for n, power in enumerate(powers))
    if abs(rate) < _SMALLEST_RATE:
        raise Refusal("an internal rate of return of nearly zero, for which Excel has whatever its iteration ends in")
    return rate


def _mirr(flows: list[float], borrowing: float, reinvesting: float) -> Any:
    last = len(flows) - 1
    if last < 1:
        raise Refusal("a rate of fewer than two payments")
    if not any(flow < 0 for flow in flows):
        return DIV
    if not any(flow > 0 for flow in flows):
        return -1.0
    paid = math.fsum(flow / (1 + borrowing) ** n for n, flow in enumerate(flows) if flow < 0)
    received = math.fsum(flow * (1 + reinvesting) ** (last - n) for n, flow in enumerate(flows) if flow > 0)
    growth = received / -paid
    return NUM if growth < 0 else growth ** (1 / last) - 1


def _dated(values: Any, dates: Any) -> tuple[list[Any], list[int]]:
    """The payments as they are, and the days of their dates, none before the first."""
    flows, moments = values.ravel().tolist(), dates.ravel().tolist()
    for value in (*flows, *moments):
        if isinstance(value, XlError):
            raise ExcelError(value)
    if any(not is_number(moment) for moment in moments):
        raise Refusal("a date that is no number")
    if len(flows) != len(moments):
        raise ExcelError(NUM)
    days = [day_of(moment) for moment in moments]
    if min(days) < days[0]:
        raise ExcelError(NUM)
    return flows, days


def _xnpv(rate: float, values: Any, dates: Any) -> Any:
    flows, days = _dated(values, dates)
    if rate < 0 or any(not is_number(flow) for flow in flows):
        return NUM
    if rate == 0 or len(flows) == 1:
        raise Refusal("XNPV at a rate of zero, or of one payment")
    terms = [flow / (1 + rate) ** ((day - days[0]) / 365) for flow, day in zip(flows, days, strict=True)]
    total = math.fsum(terms)
    if abs(total) < 1e-7 * math.fsum(map(abs, terms)):
        raise Refusal("a net present value of which little but rounding is left, as at the internal rate of return")
    return total


def _xirr(values: Any, dates: Any, guess: float = 0.1) -> Any:
    """Only the errors: the rate itself Excel leaves a hundred-millionth off, each time another."""
    flows, _ = _dated(values, dates)
    if any(is_text(flow) or isinstance(flow, bool) for flow in flows):
        return VALUE
    numbers = [_number(flow) for flow in flows]
    if guess > -1 and not (min(numbers) < 0 < max(numbers)):
        return by_formulas("XIRR", values, dates, guess)
    raise Refusal("XIRR, which Excel ends about 1e-8 off the rate")


_CUMULATIVE = "toolpak toolpak toolpak toolpak toolpak toolpak"

_TABLE: tuple[tuple[str, Callable[..., Any], str, str], ...] = (
    ("PV", _pv, "number number number~ number~ number~", "PV(-1,20,300)"),
    ("FV", _fv, "number number number~ number~ number~", "FV(-1,-2,1)"),
    ("PMT", _pmt, "number number number number~ number~", "PMT(-3,5,100)"),
    ("NPER", _nper, "number number number number~ number~", "NPER(0.05,-100,1000,0,2)"),
    ("RATE", _rate, "number number~ number number~ number~ number~", "RATE(7,1,-13.2,0.7,0.1)"),
    ("IPMT", _ipmt, "number number number number number~ number~", "IPMT(0.1,4,3,8000)"),
    ("PPMT", _ppmt, "number number number number number~ number~", "PPMT(1,1,1,1,1,11)"),
    ("CUMIPMT", _cumulative(_ipmt), _CUMULATIVE, "CUMIPMT(0.8,36,18000,2.7,9.667,1)"),
    ("CUMPRINC", _cumulative(_principal), _CUMULATIVE, "CUMPRINC(0.8,36,18000,2.7,9.667,1)"),
    ("IRR", _irr, "numbers number?", "IRR({-20,5,5,30},-10)"),
    ("MIRR", _mirr, "numbers number number", "MIRR({-5,2,4},-1,0.2)"),
    ("XNPV", _xnpv, "toolpak table table", "XNPV(0.1,{-1,2},{45000,45100,45200})"),
)

FUNCTIONS: dict[str, Function] = {
    # In whole rows and columns the cells that are not looked at are blank, and blanks are passed over.
    name: dataclasses.replace(function(raising(call), takes, own=own), ignoring=name in ("IRR", "MIRR"))
    for name, call, takes, own in _TABLE
} | {
    "ISPMT": delegated("ISPMT", "number number number number"),
    "NPV": delegated("NPV", "number numbers*", guard=_not_nothing),
    "XIRR": function(raising(_xirr), "table table toolpak?", by="formulas"),
    "FVSCHEDULE": delegated("FVSCHEDULE", "toolpak table"),
}

DATED = frozenset(("XNPV", "XIRR"))  # which take dates
