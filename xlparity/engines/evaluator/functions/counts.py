"""Excel's distributions of what is counted: binomial, negative binomial, Poisson, hypergeometric."""

import math
from typing import Any

import numpy as np

from xlparity.engines.evaluator.functions.conversions import NUM
from xlparity.engines.evaluator.functions.distributions import special, stats
from xlparity.engines.evaluator.functions.signatures import Function, function
from xlparity.engines.evaluator.functions.statistics import cut
from xlparity.engines.evaluator.guards import Refusal


def _binom(successes: float, trials: float, p: float, cumulative: bool) -> Any:
    if not 0 <= p <= 1 or successes < 0 or trials < 0 or cut(successes) > cut(trials):
        return NUM
    k, n = cut(successes), cut(trials)
    if n > 1e9:
        raise Refusal("BINOM.DIST of over a thousand million trials")
    if not cumulative:
        return float(stats().binom.pmf(k, n, p))
    return float(special().betainc(n - k, k + 1, 1 - p)) if k < n else 1.0


def _binom_range(trials: float, p: float, low: float, high: Any = None) -> Any:
    high = low if high is None else high
    if not 0 <= p <= 1 or low < 0 or trials < 0 or cut(low) > cut(trials) or not cut(low) <= high:
        return NUM
    k, last, n = cut(low), cut(high), cut(trials)
    if last > n:
        return NUM
    if last - k > 100_000 or n > 1e9:
        raise Refusal("BINOM.DIST.RANGE over a hundred thousand counts")
    return math.fsum(stats().binom.pmf(np.arange(k, last + 1), n, p).tolist())


def _binom_inv(trials: float, p: float, share: float) -> Any:
    if trials < 0 or not 0 <= p < 1 or not 0 < share < 1:
        return NUM
    n = cut(trials)
    if p == 0 or n > 1e9:
        raise Refusal("BINOM.INV of no chance at all, or of over a thousand million trials")
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if _binom(middle, n, p, True) >= share:
            high = middle
        else:
            low = middle + 1
    if any(abs(_binom(k, n, p, True) - share) < 1e-12 for k in (low - 1, low) if k >= 0):
        raise Refusal("a share within rounding of one that a count has")
    return float(low)


def _negbinom(failures: float, successes: float, p: float, cumulative: bool = False) -> Any:
    if failures < 0 or successes < 1 or not 0 < p < 1:
        return NUM
    f, s = cut(failures), cut(successes)
    if cumulative:
        return float(special().betainc(s, f + 1, p))
    return float(stats().nbinom.pmf(f, s, p))


def _poisson(events: float, mean: float, cumulative: bool) -> Any:
    if events < 0 or mean < 0:
        return NUM
    k = cut(events)
    return float(special().gammaincc(k + 1, mean)) if cumulative else float(stats().poisson.pmf(k, mean))


def _hypgeom(drawn: float, sample: float, marked: float, population: float, cumulative: bool = False) -> Any:
    if min(drawn, sample, marked, population) < 0:
        return NUM
    k, n, m, total = map(cut, (drawn, sample, marked, population))
    if total > 100_000:
        raise Refusal("HYPGEOM.DIST of a population over a hundred thousand")
    if n > total or m > total or n == 0 or m == 0 or total == 0 or k > min(n, m):
        if k <= min(n, m) and n <= total and m <= total:
            raise Refusal("HYPGEOM.DIST of nothing")
        return NUM
    if k < n + m - total:
        raise Refusal("HYPGEOM.DIST of fewer than there must be")  # an error by the documentation, and 0 by the maths
    distribution = stats().hypergeom
    return float(distribution.cdf(k, total, m, n) if cumulative else distribution.pmf(k, total, m, n))


FUNCTIONS: dict[str, Function] = {
    name: function(call, takes, by="scipy")
    for names, call, takes in (
        ("BINOM.DIST BINOMDIST", _binom, "number_ number_ number_ truth_"),
        ("BINOM.DIST.RANGE", _binom_range, "number_ number_ number_ number?"),
        ("BINOM.INV CRITBINOM", _binom_inv, "number_ number_ number_"),
        ("NEGBINOM.DIST", _negbinom, "number_ number_ number_ truth_"),
        ("NEGBINOMDIST", _negbinom, "number_ number_ number_"),
        ("POISSON.DIST POISSON", _poisson, "number_ number_ truth_"),
        ("HYPGEOM.DIST", _hypgeom, "number_ number_ number_ number_ truth_"),
        ("HYPGEOMDIST", _hypgeom, "number_ number_ number_ number_"),
    )
    for name in names.split()
}
