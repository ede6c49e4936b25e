"""What rounds: to decimals, to multiples, to even and odd numbers; and what divides with a remainder.

Excel keeps fifteen digits. A number that is a multiple, or a tie, as it is written with fifteen digits, and not as the
bits have it, is decided where Excel is known to decide it and refused elsewhere.
"""

import math
import sys
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Context, Decimal
from fractions import Fraction
from typing import Any

from xlparity.engines.evaluator.functions.conversions import DIV, NUM
from xlparity.engines.evaluator.functions.signatures import Function, delegated, function
from xlparity.engines.evaluator.guards import Refusal, whole_part
from xlparity.engines.evaluator.readings import either

_EXACT = Context(prec=700)  # holds every double rounded at any of its digits
_FARTHEST = 330  # decimals beyond which no double has a digit
_A_FEW_ULPS = 4 * sys.float_info.epsilon
MOD_LIMIT = 1e12  # somewhere above this quotient Excel's MOD is #NUM!


def _shifted(decimal: Decimal, digits: int, rounding: str) -> Decimal:
    step = Decimal(1).scaleb(-digits, _EXACT)
    return _EXACT.multiply(_EXACT.divide(decimal, step).to_integral_value(rounding), step)


def _to_digits(number: float, digits: float, rounding: str) -> float:
    """The number rounded at a decimal, as its fifteen digits say and its bits do not contradict."""
    places = max(-_FARTHEST, min(whole_part(digits), _FARTHEST))
    short, full = Decimal(f"{number:.15g}"), Decimal(repr(number))
    by_digits, by_bits = (float(_shifted(decimal, places, rounding)) for decimal in (short, full))
    if math.isclose(by_digits, by_bits, rel_tol=1e-14):
        return by_bits
    # A tie that a sum has missed by an ulp or two is a tie to ROUND; where ROUNDUP goes from there nobody says.
    if rounding == ROUND_HALF_UP and math.isclose(number, float(short), rel_tol=_A_FEW_ULPS):
        return by_digits
    return either(by_bits, by_digits)


def cut(number: float) -> int:
    """An argument that Excel cuts to a whole number; raises Refusal where it is not certain to which."""
    if -1 < number < 0:
        raise Refusal("a number just below zero where its whole part matters")
    return whole_part(number)


def _rounding(way: str) -> Callable[..., float]:
    return lambda number, digits=0.0: _to_digits(number, digits, way)


def quotient_of(number: float, step: float) -> float:
    """How many steps a number is, whole where it is a whole number of them as both are written."""
    quotient = number / step
    if quotient == 0 != number:
        raise Refusal("a number beside which its multiple is immense")
    if abs(quotient) >= 1e15 or quotient == (near := round(quotient)):
        return quotient
    exact = Fraction(repr(number)) / Fraction(repr(step))
    if exact == near:
        return float(near)
    if abs(exact - near) <= 4e-15 * abs(exact):
        return either(quotient, float(near))
    return quotient


def _floor(number: float, step: float) -> Any:
    if number == 0:
        return 0.0
    if step == 0:
        return DIV
    if number > 0 > step:
        return NUM
    return step * math.floor(quotient_of(number, step))


def _ceiling(number: float, step: float) -> Any:
    if number == 0 or step == 0:
        return 0.0
    if number > 0 > step:
        return NUM
    return _up(number, step)


def _ceiling_math(number: float, step: float = 1.0, away: float = 0.0) -> Any:
    if step == 0:
        return 0.0
    return _up(number, -abs(step) if away and number < 0 else abs(step))


def _up(number: float, step: float) -> Any:
    """The next multiple; #NUM! where the quotient is beyond the range of numbers."""
    quotient = quotient_of(number, step)
    return NUM if math.isinf(quotient) else step * math.ceil(quotient)


def _floor_math(number: float, step: float = 1.0, towards: float = 0.0) -> float:
    if step == 0:
        return 0.0
    step = -abs(step) if towards and number < 0 else abs(step)
    return step * math.floor(quotient_of(number, step))


def _mround(number: float, step: float) -> Any:
    if number == 0 or step == 0:
        return 0.0
    if (number < 0) != (step < 0):
        return NUM
    if abs(step) >= sys.float_info.max / 2:
        raise Refusal("a multiple that is nearly the largest number")
    quotient = number / step
    if quotient >= 1e15:
        return number
    tie = abs(Fraction(repr(number)) / Fraction(repr(step)) - math.floor(quotient) - Fraction(1, 2))
    if tie <= 1e-13 * max(quotient, 1) and not (number.is_integer() and step.is_integer()) and tie + quotient % 0.5:
        # Microsoft: which way a midpoint goes is undefined where the multiple is no whole number.
        raise Refusal("the multiple nearest to a midpoint")
    return step * math.floor(quotient + 0.5)


def _to_parity(number: float, odd: int) -> float:
    """The next number of that parity, away from zero."""
    size = abs(number)
    if size >= 2.0**53:
        return number
    if 0 < abs(size - round(size)) <= 1e-14 * size:
        raise Refusal("a number within 15 digits of a whole one where it matters which it is")
    whole = math.ceil(size)
    return math.copysign(whole + (whole % 2 != odd), number)


def _certain_remainder(number: float, divisor: float) -> None:
    """To the last bit: MOD(10,0.1) is a little less than 0.1 in Excel too."""
    if divisor and abs(number / divisor) >= MOD_LIMIT:
        raise Refusal("a remainder of a quotient of a million millions or more")


def _quotient(number: float, divisor: float) -> Any:
    return DIV if divisor == 0 else float(math.trunc(quotient_of(number, divisor)))


def _no_negative_zero(call: Callable[..., Any]) -> Callable[..., Any]:
    def called(*operands: Any) -> Any:
        result = call(*operands)
        return result + 0.0 if isinstance(result, float | int) else result

    return called


def _table() -> dict[str, Function]:
    table: dict[str, tuple[Callable[..., Any], str, str]] = {
        "CEILING": (_ceiling, "number number", "CEILING(2.1,0.7)"),
        "FLOOR": (_floor, "number number", "FLOOR(7.1,0.1)"),
        "CEILING.MATH": (_ceiling_math, "number number? number?", "CEILING.MATH(-2)"),
        "FLOOR.MATH": (_floor_math, "number number? number?", "FLOOR.MATH(-5)"),
        "CEILING.PRECISE": (_ceiling_math, "number number?", "CEILING.PRECISE(-4.3)"),
        "ISO.CEILING": (_ceiling_math, "number number?", "ISO.CEILING(-4)"),
        "FLOOR.PRECISE": (_floor_math, "number number?", "FLOOR.PRECISE(-2)"),
        "MROUND": (_mround, "toolpak toolpak", "MROUND(3,6)"),
        "ROUND": (_rounding(ROUND_HALF_UP), "number number", "ROUND(A10,4)"),
        "ROUNDUP": (_rounding(ROUND_UP), "number number", "ROUNDUP(133.92,1000)"),
        "ROUNDDOWN": (_rounding(ROUND_DOWN), "number number", "ROUNDDOWN(155.92,4)"),
        "TRUNC": (_rounding(ROUND_DOWN), "number number?", "TRUNC(155.92,4)"),
        "EVEN": (lambda number: _to_parity(number, 0), "number", "EVEN(1E+300)"),
        "ODD": (lambda number: _to_parity(number, 1), "number", "ODD(1E+307)"),
        "QUOTIENT": (_quotient, "toolpak toolpak", ""),
    }
    own = {name: function(_no_negative_zero(call), takes, own=own) for name, (call, takes, own) in table.items()}
    return own | {"MOD": delegated("MOD", "number number", guard=_certain_remainder)}


FUNCTIONS: dict[str, Function] = _table()
