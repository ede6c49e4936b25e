"""The circular and hyperbolic functions and their inverses, but for those that ``core`` has."""

import math
from collections.abc import Callable
from typing import Any

from xlparity.engines.evaluator.functions.conversions import DIV, NUM
from xlparity.engines.evaluator.functions.signatures import Function, function
from xlparity.engines.evaluator.guards import Refusal

_LARGEST_ANGLE = 2.0**27  # Excel gives #NUM! from here on
_NEAR_POLE = 1e-6


def _circular(call: Callable[[float], float]) -> Callable[[float], float]:
    def called(angle: float) -> float:
        if abs(angle) >= _LARGEST_ANGLE:
            raise Refusal("an angle of 2^27 or more")
        return call(angle)

    return called


def _far_from_poles(call: Callable[[float], float]) -> Callable[[float], float]:
    """Excel's π has other digits behind the seventeenth, which show near the poles of a function."""

    def called(angle: float) -> float:
        below = call(angle)
        if abs(below) < _NEAR_POLE and abs(angle) > 1:
            raise Refusal("an angle near a pole")
        return below

    return called


def _tan(angle: float) -> float:
    if abs(math.tan(angle)) > 1 / _NEAR_POLE:
        raise Refusal("an angle near a pole")
    return math.tan(angle)


def _one_over(call: Callable[[float], float]) -> Callable[[float], Any]:
    def called(number: float) -> Any:
        below = call(number)
        return DIV if below == 0 else 1 / below

    return called


def _cosh(number: float) -> float:
    return math.cosh(number) if abs(number) < 710 else math.inf


def _sinh(number: float) -> float:
    return math.sinh(number) if abs(number) < 710 else math.copysign(math.inf, number)


def _acosh(number: float) -> Any:
    return math.acosh(number) if number >= 1 else NUM


def _atanh(number: float) -> Any:
    return math.atanh(number) if -1 < number < 1 else NUM


def _acot(number: float) -> float:
    return math.atan2(1, number)


def _acoth(number: float) -> Any:
    return math.atanh(1 / number) if abs(number) > 1 else NUM


def _atan2(x: float, y: float) -> Any:
    return DIV if x == y == 0 else math.atan2(y, x)


FUNCTIONS: dict[str, Function] = {
    "SIN": function(_circular(math.sin), "number"),
    "COS": function(_circular(math.cos), "number"),
    "TAN": function(_circular(_tan), "number"),
    "CSC": function(_one_over(_circular(_far_from_poles(math.sin))), "number"),
    "SEC": function(_one_over(_circular(_far_from_poles(math.cos))), "number"),
    "COT": function(_one_over(_circular(_far_from_poles(math.tan))), "number"),
    "CSCH": function(_one_over(_sinh), "number"),
    "SECH": function(_one_over(_cosh), "number"),
    "COTH": function(_one_over(math.tanh), "number"),
    "ASINH": function(math.asinh, "number"),
    "ACOSH": function(_acosh, "number"),
    "ATANH": function(_atanh, "number"),
    "ACOT": function(_acot, "number"),
    "ACOTH": function(_acoth, "number"),
    "ATAN2": function(_atan2, "number number"),
}
