"""Densities of the distributions, each to some fourteen digits however large its parameters.

The saddle-point expansion: a factorial enters by its error against Stirling's formula, and powers by how far a number is
from the one that is expected, so that no large logarithms are subtracted from one another.
"""

import math


def _stirling(n: float) -> float:
    """What log(n!) is above Stirling's formula, for n > 0."""
    if n <= 15:
        return math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - 0.5 * math.log(2 * math.pi)
    square = n * n
    return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / n


def _deviance(x: float, expected: float) -> float:
    """x·log(x/expected) + expected - x, which is nearly nothing where the two are close."""
    difference = x - expected
    if abs(difference) >= 0.1 * (x + expected):
        return x * math.log(x / expected) + expected - x
    ratio = difference / (x + expected)
    total, term, k = difference * ratio, 2 * x * ratio, 1
    while True:
        term *= ratio * ratio
        k += 2
        following = total + term / k
        if following == total:
            return total
        total = following


def binomial(x: float, n: float, p: float, q: float) -> float:
    """n over x, times p^x·q^(n-x), for real x and n as well; q is 1 - p."""
    if x in (0, n):
        base, exponent = (q, n) if x == 0 else (p, n)
        return (
            float(base**exponent)
            if base > 0.1 or exponent < 1
            else math.exp(exponent * math.log(base))
            if base
            else 0.0**n
        )
    if p == 0 or q == 0:
        return 0.0
    near = _stirling(n) - _stirling(x) - _stirling(n - x) - _deviance(x, n * p) - _deviance(n - x, n * q)
    return math.exp(near) * math.sqrt(n / (2 * math.pi * x * (n - x)))


def poisson(x: float, expected: float) -> float:
    """expected^x·e^-expected / x!, for real x as well."""
    if expected == 0:
        return float(x == 0)
    if x == 0:
        return math.exp(-expected)
    return math.exp(-_stirling(x) - _deviance(x, expected)) / math.sqrt(2 * math.pi * x)


def gamma(x: float, shape: float, scale: float) -> float:
    """The gamma distribution's density, for x > 0."""
    return shape / x * poisson(shape, x / scale)


def beta(x: float, a: float, b: float) -> float:
    """The beta distribution's density, for 0 < x < 1."""
    return a * b / (a + b) / (x * (1 - x)) * binomial(a, a + b, x, 1 - x)


def fisher(x: float, m: float, n: float) -> float:
    """The F distribution's density, for x > 0."""
    p, q = m * x / (n + m * x), n / (n + m * x)
    return m * n / (m + n) / (2 * x) * binomial(m / 2, (m + n) / 2, p, q)


def student(x: float, n: float) -> float:
    """Student's density."""
    near = _stirling((n + 1) / 2) - _stirling(n / 2) - _deviance(n / 2, (n + 1) / 2)
    tail = math.exp(near - math.log1p(x * x / n) * n / 2) / math.sqrt(2 * math.pi)
    return tail / math.sqrt(1 + x * x / n)


def normal(z: float) -> float:
    """The standard normal density."""
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
