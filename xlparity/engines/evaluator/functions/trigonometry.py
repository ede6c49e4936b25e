"""The circular and hyperbolic functions and their inverses, but for those that ``core`` has."""

import math
from collections.abc import Callable

from xlparity.engines.evaluator.functions.signatures import Function, delegated, function
from xlparity.engines.evaluator.guards import Refusal

_LARGEST_ANGLE = 2.0**27  # Excel gives #NUM! from here on
_NEAR_POLE = 1e-6


def _moderate(angle: float) -> None:
    if abs(angle) >= _LARGEST_ANGLE:
        raise Refusal("an angle of 2^27 or more")


def _far_from_poles(below: Callable[[float], float]) -> Callable[[float], None]:
    """Excel's π has other digits behind the seventeenth, which show near the poles of one over this function."""

    def guard(angle: float) -> None:
        _moderate(angle)
        if abs(below(angle)) < _NEAR_POLE and abs(angle) > 1:
            raise Refusal("an angle near a pole")

    return guard


def _acot(number: float) -> float:
    return math.atan2(1, number)


FUNCTIONS: dict[str, Function] = {
    "SIN": delegated("SIN", "number", guard=_moderate),
    "COS": delegated("COS", "number", guard=_moderate),
    "TAN": delegated("TAN", "number", guard=_far_from_poles(math.cos)),
    "CSC": delegated("CSC", "number", guard=_far_from_poles(math.sin)),
    "SEC": delegated("SEC", "number", guard=_far_from_poles(math.cos)),
    "COT": delegated("COT", "number", guard=_far_from_poles(math.tan)),
    **{name: delegated(name, "number") for name in ("CSCH", "SECH", "COTH", "ASINH", "ACOSH", "ATANH", "ACOTH")},
    "ACOT": function(_acot, "number", own="ACOT(9999999999999)"),
    "ATAN2": delegated("ATAN2", "number number"),
}
