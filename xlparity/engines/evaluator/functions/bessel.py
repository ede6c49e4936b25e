"""The Bessel functions as Excel approximates them: eight to ten digits, by fits in powers of the argument.

The exact functions would differ from Excel in the ninth digit: BESSELJ(0,0) is 1.00000000283141 there. The fits are
Abramowitz and Stegun's 9.8.1 to 9.8.8 for I and K, and Hart's ratios for J and Y; higher orders follow by recurrence.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from xlparity.engines.evaluator.functions.conversions import NUM
from xlparity.engines.evaluator.functions.rounding import cut
from xlparity.engines.evaluator.functions.signatures import Function, function
from xlparity.engines.evaluator.guards import Refusal

_LARGEST_ORDER = 100
_LARGEST_ARGUMENT = 1e5
_TWO_OVER_PI = 0.636619772
_RESCALE = 1e10

# Coefficients, lowest power first.
_J0 = (57568490574.0, -13362590354.0, 651619640.7, -11214424.18, 77392.33017, -184.9052456)
_J0_BELOW = (57568490411.0, 1029532985.0, 9494680.718, 59272.64853, 267.8532712, 1.0)
_J1 = (72362614232.0, -7895059235.0, 242396853.1, -2972611.439, 15704.48260, -30.16036606)
_J1_BELOW = (144725228442.0, 2300535178.0, 18583304.74, 99447.43394, 376.9991397, 1.0)
_Y0 = (-2957821389.0, 7062834065.0, -512359803.6, 10879881.29, -86327.92757, 228.4622733)
_Y0_BELOW = (40076544269.0, 745249964.8, 7189466.438, 47447.26470, 226.1030244, 1.0)
_Y1 = (-0.4900604943e13, 0.1275274390e13, -0.5153438139e11, 0.7349264551e9, -0.4237922726e7, 0.8511937935e4)
_Y1_BELOW = (0.2499580570e14, 0.4244419664e12, 0.3733650367e10, 0.2245904002e8, 0.1020426050e6, 0.3549632885e3, 1.0)
_FAR = {
    0: (
        (1.0, -0.1098628627e-2, 0.2734510407e-4, -0.2073370639e-5, 0.2093887211e-6),
        (-0.1562499995e-1, 0.1430488765e-3, -0.6911147651e-5, 0.7621095161e-6, -0.934935152e-7),
        0.785398164,
    ),
    1: (
        (1.0, 0.183105e-2, -0.3516396496e-4, 0.2457520174e-5, -0.240337019e-6),
        (0.04687499995, -0.2002690873e-3, 0.8449199096e-5, -0.88228987e-6, 0.105787412e-6),
        2.356194491,
    ),
}
# Excel's J of order 1 has one coefficient twice, which costs it half its digits from 8 on; its Y of order 1 has not.
_FAR_J1 = ((*_FAR[1][0][:3], *_FAR[1][0][2:]), *_FAR[1][1:])
_I0 = (1.0, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.360768e-1, 0.45813e-2)
_I0_FAR = (0.39894228, 0.1328592e-1, 0.225319e-2, -0.157565e-2, 0.916281e-2, -0.2057706e-1, 0.2635537e-1,
           -0.1647633e-1, 0.392377e-2)  # fmt: skip
_I1 = (0.5, 0.87890594, 0.51498869, 0.15084934, 0.2658733e-1, 0.301532e-2, 0.32411e-3)
_I1_FAR = (0.39894228, -0.3988024e-1, -0.362018e-2, 0.163801e-2, -0.1031555e-1, 0.2282967e-1, -0.2895312e-1,
           0.1787654e-1, -0.420059e-2)  # fmt: skip
_K0 = (-0.57721566, 0.42278420, 0.23069756, 0.3488590e-1, 0.262698e-2, 0.10750e-3, 0.74e-5)
_K0_FAR = (1.25331414, -0.7832358e-1, 0.2189568e-1, -0.1062446e-1, 0.587872e-2, -0.251540e-2, 0.53208e-3)
_K1 = (1.0, 0.15443144, -0.67278579, -0.18156897, -0.1919402e-1, -0.110404e-2, -0.4686e-4)
_K1_FAR = (1.25331414, 0.23498619, -0.3655620e-1, 0.1504268e-1, -0.780353e-2, 0.325614e-2, -0.68245e-3)


def _series(coefficients: Sequence[float], x: float) -> float:
    return functools.reduce(lambda total, coefficient: total * x + coefficient, reversed(coefficients), 0.0)


def _far(fits: tuple[Sequence[float], Sequence[float], float], x: float) -> tuple[float, float]:
    """J and Y of order 0 or 1, where the argument is large."""
    cosines, sines, phase = fits
    z = 8 / x
    even, odd = _series(cosines, z * z), z * _series(sines, z * z)
    size, angle = math.sqrt(_TWO_OVER_PI / x), x - phase
    return (
        size * (math.cos(angle) * even - math.sin(angle) * odd),
        size * (math.sin(angle) * even + math.cos(angle) * odd),
    )


def _j0(x: float) -> float:
    return _series(_J0, x * x) / _series(_J0_BELOW, x * x) if x < 8 else _far(_FAR[0], x)[0]


def _j1(x: float) -> float:
    return x * _series(_J1, x * x) / _series(_J1_BELOW, x * x) if x < 8 else _far(_FAR_J1, x)[0]


def _y0(x: float) -> float:
    if x >= 8:
        return _far(_FAR[0], x)[1]
    return _series(_Y0, x * x) / _series(_Y0_BELOW, x * x) + _TWO_OVER_PI * _j0(x) * math.log(x)


def _y1(x: float) -> float:
    if x >= 8:
        return _far(_FAR[1], x)[1]
    return x * _series(_Y1, x * x) / _series(_Y1_BELOW, x * x) + _TWO_OVER_PI * (_j1(x) * math.log(x) - 1 / x)


def _i0(x: float) -> float:
    if x < 3.75:
        return _series(_I0, (x / 3.75) ** 2)
    return math.exp(x) / math.sqrt(x) * _series(_I0_FAR, 3.75 / x)


def _i1(x: float) -> float:
    if x < 3.75:
        return x * _series(_I1, (x / 3.75) ** 2)
    return math.exp(x) / math.sqrt(x) * _series(_I1_FAR, 3.75 / x)


def _k0(x: float) -> float:
    if x <= 2:
        return -math.log(x / 2) * _i0(x) + _series(_K0, x * x / 4)
    return math.exp(-x) / math.sqrt(x) * _series(_K0_FAR, 2 / x)


def _k1(x: float) -> float:
    if x <= 2:
        return math.log(x / 2) * _i1(x) + _series(_K1, x * x / 4) / x
    return math.exp(-x) / math.sqrt(x) * _series(_K1_FAR, 2 / x)


def _upwards(order: int, x: float, first: float, second: float, sign: int) -> float:
    """The recurrence from orders 0 and 1 up, which is stable for what grows with the order."""
    before, current = first, second
    for step in range(1, order):
        before, current = current, step * 2 / x * current - sign * before
    return current if order else first


def _downwards(order: int, x: float, sign: int) -> tuple[float, float, float]:
    """The recurrence from far above the order down, to an unknown scale: at the order, at 0, and 2 Σ of the even orders."""
    start = 2 * (order + math.isqrt(40 * order) + 20)
    above, current, wanted, evens = 0.0, 1.0, 0.0, 0.0
    for step in range(start, 0, -1):
        above, current = current, above * -sign + step * 2 / x * current
        if abs(current) > _RESCALE:
            above, current, wanted, evens = (value / _RESCALE for value in (above, current, wanted, evens))
        if step == order:
            wanted = above
        if step % 2:
            evens += current
    return wanted, current, 2 * evens


def _j(order: int, x: float) -> float:
    if order < 2 or x > order:
        return _upwards(order, x, _j0(x), _j1(x), 1) if order else _j0(x)
    wanted, first, evens = _downwards(order, x, 1)
    return wanted / (evens - first)


def _i(order: int, x: float) -> float:
    if order < 2:
        return (_i0, _i1)[order](x)
    wanted, first, _ = _downwards(order, x, -1)
    return wanted * _i0(x) / first


def _y(order: int, x: float) -> float:
    return _upwards(order, x, _y0(x), _y1(x), 1)


def _k(order: int, x: float) -> float:
    return _upwards(order, x, _k0(x), _k1(x), -1)


def _of_any_argument(call: Callable[[int, float], float]) -> Callable[[float, float], Any]:
    """J or I: even or odd in the argument, as the order is."""

    def called(x: float, order: float) -> Any:
        n = _order(x, order)
        if n is None:
            return NUM
        if x == 0 and n:
            return 0.0
        value = call(n, abs(x))
        return -value if x < 0 and n % 2 else value

    return called


def _of_positive_arguments(call: Callable[[int, float], float]) -> Callable[[float, float], Any]:
    def called(x: float, order: float) -> Any:
        n = _order(x, order)
        return NUM if n is None or x <= 0 else call(n, x)

    return called


def _order(x: float, order: float) -> int | None:
    whole = cut(order)
    if whole < 0:
        return None
    if order > _LARGEST_ORDER or abs(x) > _LARGEST_ARGUMENT:
        raise Refusal("a Bessel function of a large order or argument")
    return whole


FUNCTIONS: dict[str, Function] = {
    "BESSELJ": function(_of_any_argument(_j), "toolpak toolpak", own="BESSELJ(0,0)"),
    "BESSELI": function(_of_any_argument(_i), "toolpak toolpak", own="BESSELI(0.2,0)"),
    "BESSELY": function(_of_positive_arguments(_y), "toolpak toolpak", own="BESSELY(2,30)"),
    "BESSELK": function(_of_positive_arguments(_k), "toolpak toolpak", own="BESSELK(2,0)"),
}
