"""Excel's distributions: densities, cumulative shares, and what has a given share below it.

The mathematics is scipy's: its incomplete gamma and beta functions agree with what Excel stores to some twelve digits.
What comes before a distribution is its domain as documented, and the truncation of arguments that count.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

from xlparity.engines.evaluator.functions.conversions import DIV, NUM
from xlparity.engines.evaluator.functions.signatures import Function, delegated, function
from xlparity.engines.evaluator.functions.statistics import cut
from xlparity.engines.evaluator.guards import LARGEST_EXPONENT, Refusal

_EPS = 2.0**-52
_MOST = 1e10  # degrees of freedom, by the documentation


@functools.cache
def special() -> Any:
    """scipy.special, which takes a tenth of a second to import, and most workbooks have no distribution in them."""
    import scipy.special  # noqa: PLC0415

    return scipy.special


@functools.cache
def stats() -> Any:
    """scipy.stats."""
    import scipy.stats  # noqa: PLC0415

    return scipy.stats


def steady(inverse: Callable[[float], float], share: float) -> float:
    """The inverse at this share; refused where the last two bits of the share decide the tenth digit of the result."""
    result = float(inverse(share))
    nearby = [float(inverse(share * (1 + step * _EPS))) for step in (-2, 2)]
    if abs(result) < 1e-300 or not max(nearby) - min(nearby) <= 2e-10 * abs(result):
        raise Refusal("a share of which the last digits decide the result")
    return result


def _either(cumulative: bool, below: Callable[[], float], density: Callable[[], float]) -> float:
    return float(below() if cumulative else density())


# --- normal ----------------------------------------------------------------------------------------------------------


def _norm(x: float, mean: float, deviation: float, cumulative: bool) -> Any:
    if deviation <= 0:
        return NUM
    z = (x - mean) / deviation
    return _either(cumulative, lambda: special().ndtr(z), lambda: stats().norm.pdf(z) / deviation)


def _norm_s(z: float, cumulative: bool = True) -> Any:
    return _norm(z, 0.0, 1.0, cumulative)


def norm_inv(share: float, mean: float = 0.0, deviation: float = 1.0) -> Any:
    """Excel's NORM.INV."""
    if not 0 < share < 1 or deviation <= 0:
        return NUM
    return mean if share == 0.5 else steady(lambda p: mean + deviation * special().ndtri(p), share)


def _lognorm(x: float, mean: float, deviation: float, cumulative: bool = True) -> Any:
    if x <= 0 or deviation <= 0:
        return NUM
    result = _norm(math.log(x), mean, deviation, cumulative)
    return result if cumulative else result / x


def _lognorm_inv(share: float, mean: float, deviation: float) -> Any:
    if not 0 < share < 1 or deviation <= 0:
        return NUM
    if share == 0.5:
        return math.exp(mean)
    return steady(lambda p: math.exp(mean + deviation * special().ndtri(p)), share)


def _gauss(z: float) -> float:
    return float(special().erf(z / math.sqrt(2))) / 2


# --- gamma, chi-squared, exponential, Weibull -----------------------------------------------------------------------


def _gamma(x: float, shape: float, scale: float, cumulative: bool) -> Any:
    if x < 0 or shape <= 0 or scale <= 0:
        return NUM
    if x == 0 and not cumulative:
        if shape == 1:
            raise Refusal("the density of an exponential distribution at 0")
        return NUM if shape < 1 else 0.0
    return _either(
        cumulative, lambda: special().gammainc(shape, x / scale), lambda: stats().gamma.pdf(x, shape, scale=scale)
    )


def _gamma_inv(share: float, shape: float, scale: float) -> Any:
    if not 0 <= share < 1 or shape <= 0 or scale <= 0:
        return NUM
    return steady(lambda p: scale * special().gammaincinv(shape, p), share) if share else 0.0


def _chisq(x: float, freedom: float, cumulative: bool) -> Any:
    if x < 0 or not 1 <= freedom <= _MOST:
        return NUM
    if x == 0 and not cumulative:
        raise Refusal("a density at the edge")
    return _gamma(x, cut(freedom) / 2, 2.0, cumulative)


def chisq_rt(x: float, freedom: float) -> Any:
    """Excel's CHISQ.DIST.RT."""
    if x < 0 or not 1 <= freedom <= _MOST:
        return NUM
    return float(special().gammaincc(cut(freedom) / 2, x / 2))


def _chisq_inv(share: float, freedom: float) -> Any:
    if not 0 <= share <= 1 or not 1 <= freedom <= _MOST:
        return NUM
    return _gamma_inv(_open(share), cut(freedom) / 2, 2.0)


def _chisq_inv_rt(share: float, freedom: float) -> Any:
    if not 0 <= share <= 1 or not 1 <= freedom <= _MOST:
        return NUM
    return steady(lambda p: 2 * special().gammainccinv(cut(freedom) / 2, p), _open(share))


def _open(share: float) -> float:
    if share in (0, 1):
        raise Refusal("a share of 0 or 1")  # the documentation allows it, and does not say what comes of it
    return share


def _expon(x: float, rate: float, cumulative: bool) -> Any:
    if x < 0 or rate <= 0:
        return NUM
    return -math.expm1(-rate * x) if cumulative else rate * math.exp(-rate * x)


def _off_the_edge(x: float, shape: float, scale: float, cumulative: bool) -> None:
    if x == 0 and not cumulative:
        raise Refusal("a density at the edge")
    if min(x, shape, scale) > 0 and shape * math.log(x / scale) > LARGEST_EXPONENT:
        raise Refusal("a power beyond the range of numbers")


def _within_range(x: float) -> None:
    if x < -170 or 171.6 < x <= 171.7:
        raise Refusal("GAMMA at the end of the range of numbers")


# --- beta, F, Student ------------------------------------------------------------------------------------------------


def _beta(x: float, a: float, b: float, cumulative: bool, low: float = 0.0, high: float = 1.0) -> Any:
    if a <= 0 or b <= 0 or not low <= x <= high or low == high:
        return NUM
    z = (x - low) / (high - low)
    if z in (0, 1) and not cumulative:
        raise Refusal("a density at the edge")
    if cumulative:
        return float(special().betainc(a, b, z))
    return float(stats().beta.pdf(z, a, b)) / (high - low)


def _betadist(x: float, a: float, b: float, low: float = 0.0, high: float = 1.0) -> Any:
    return _beta(x, a, b, True, low, high)


def _beta_inv(share: float, a: float, b: float, low: float = 0.0, high: float = 1.0) -> Any:
    if not 0 < share < 1 or a <= 0 or b <= 0 or low >= high:
        return NUM
    return steady(lambda p: low + (high - low) * float(special().betaincinv(a, b, p)), share)


def _freedoms(m: float, n: float) -> tuple[int, int] | None:
    return (cut(m), cut(n)) if 1 <= m < _MOST and 1 <= n < _MOST else None


def _f(x: float, m: float, n: float, cumulative: bool) -> Any:
    freedoms = _freedoms(m, n)
    if x < 0 or freedoms is None:
        return NUM
    if x == 0 and not cumulative:
        raise Refusal("a density at the edge")
    return _either(cumulative, lambda: special().fdtr(*freedoms, x), lambda: stats().f.pdf(x, *freedoms))


def f_rt(x: float, m: float, n: float) -> Any:
    """Excel's F.DIST.RT."""
    freedoms = _freedoms(m, n)
    return NUM if x < 0 or freedoms is None else float(special().fdtrc(*freedoms, x))


def _f_inv(share: float, m: float, n: float) -> Any:
    freedoms = _freedoms(m, n)
    if not 0 <= share <= 1 or freedoms is None:
        return NUM
    return steady(lambda p: special().fdtri(*freedoms, p), _open(share))


def _f_inv_rt(share: float, m: float, n: float) -> Any:
    freedoms = _freedoms(m, n)
    if not 0 <= share <= 1 or freedoms is None:
        return NUM
    half_m, half_n = freedoms[0] / 2, freedoms[1] / 2

    def inverse(p: float) -> float:
        above = special().betaincinv(half_n, half_m, p)
        return float(half_n * special().betainccinv(half_m, half_n, p) / (half_m * above))

    return steady(inverse, _open(share))


def student_rt(x: float, n: float) -> float:
    """The share of Student's distribution with n degrees of freedom that lies above x."""
    if 0 < abs(x) < 1e-6 * n:
        # By its textbook formula it is a difference of which few digits are left, and Excel's formula is not known.
        raise Refusal("Student's distribution so near its middle")
    square = x * x
    # Of the two arguments that add up to 1 the smaller is the one with all its digits.
    both = (
        special().betaincc(0.5, n / 2, square / (n + square))
        if square < n
        else special().betainc(n / 2, 0.5, n / (n + square))
    )
    return float(both) / 2 if x >= 0 else 1 - float(both) / 2


def _student_inv(both: float, n: int) -> float:
    """What has this share of Student's distribution beyond it and beyond its opposite."""
    inside, outside = special().betainccinv(0.5, n / 2, both), special().betaincinv(n / 2, 0.5, both)
    result = math.sqrt(n * inside / outside)
    if result < 1e-6 * n:
        raise Refusal("Student's distribution so near its middle")
    return result


def _t(x: float, freedom: float, cumulative: bool) -> Any:
    if 0 <= freedom < 1 and not cumulative:
        return DIV  # unlike the distribution, and unlike the density of a freedom below 0
    if not 1 <= freedom <= _MOST:
        return NUM
    n = cut(freedom)
    return _either(cumulative, lambda: student_rt(-x, n), lambda: stats().t.pdf(x, n))


def _t_rt(x: float, freedom: float) -> Any:
    return student_rt(x, cut(freedom)) if 1 <= freedom <= _MOST else NUM


def _t_2t(x: float, freedom: float) -> Any:
    return 2 * student_rt(x, cut(freedom)) if x >= 0 and 1 <= freedom <= _MOST else NUM


def _tdist(x: float, freedom: float, tails: float) -> Any:
    if cut(tails) not in (1, 2) or x < 0 or not 1 <= freedom <= _MOST:
        return NUM
    return cut(tails) * student_rt(x, cut(freedom))


def _t_inv(share: float, freedom: float) -> Any:
    if share <= 0 or share > 1 or not 1 <= freedom <= _MOST:
        return NUM
    if share == 0.5:
        return 0.0
    n = cut(freedom)
    if _open(share) < 0.5:
        return -steady(lambda p: _student_inv(2 * p, n), share)
    return steady(lambda p: _student_inv(2 * (1 - p), n), share)


def t_inv_2t(share: float, freedom: float) -> Any:
    """Excel's T.INV.2T."""
    if share <= 0 or share > 1 or not 1 <= freedom <= _MOST:
        return NUM
    return steady(lambda p: _student_inv(p, cut(freedom)), share) if share < 1 else 0.0


# --- the table -------------------------------------------------------------------------------------------------------


FUNCTIONS: dict[str, Function] = {
    name: function(call, takes, by="scipy")
    for names, call, takes in (
        ("NORM.DIST NORMDIST", _norm, "number_ number_ number_ truth_"),
        ("NORM.S.DIST", _norm_s, "number_ truth_"),
        ("NORMSDIST", _norm_s, "number_"),
        ("NORM.INV NORMINV", norm_inv, "number_ number_ number_"),
        ("NORM.S.INV NORMSINV", norm_inv, "number_"),
        ("LOGNORM.DIST", _lognorm, "number_ number_ number_ truth_"),
        ("LOGNORMDIST", _lognorm, "number_ number_ number_"),
        ("LOGNORM.INV LOGINV", _lognorm_inv, "number_ number_ number_"),
        ("GAUSS", _gauss, "number_"),
        ("GAMMA.DIST GAMMADIST", _gamma, "number_ number_ number_ truth_"),
        ("GAMMA.INV GAMMAINV", _gamma_inv, "number_ number_ number_"),
        ("CHISQ.DIST", _chisq, "number_ number_ truth_"),
        ("CHISQ.DIST.RT CHIDIST", chisq_rt, "number_ number_"),
        ("CHISQ.INV", _chisq_inv, "number_ number_"),
        ("CHISQ.INV.RT CHIINV", _chisq_inv_rt, "number_ number_"),
        ("BETA.DIST", _beta, "number_ number_ number_ truth_ number? number?"),
        ("BETADIST", _betadist, "number_ number_ number_ number? number?"),
        ("BETA.INV BETAINV", _beta_inv, "number_ number_ number_ number? number?"),
        ("F.DIST", _f, "number_ number_ number_ truth_"),
        ("F.DIST.RT FDIST", f_rt, "number_ number_ number_"),
        ("F.INV", _f_inv, "number_ number_ number_"),
        ("F.INV.RT FINV", _f_inv_rt, "number_ number_ number_"),
        ("T.DIST", _t, "number_ number_ truth_"),
        ("T.DIST.RT", _t_rt, "number_ number_"),
        ("T.DIST.2T", _t_2t, "number_ number_"),
        ("TDIST", _tdist, "number_ number_ number_"),
        ("T.INV", _t_inv, "number_ number_"),
        ("T.INV.2T TINV", t_inv_2t, "number_ number_"),
    )
    for name in names.split()
} | {
    "PHI": delegated("PHI", "number_"),
    "GAMMA": delegated("GAMMA", "number_", guard=_within_range),
    "GAMMALN": delegated("GAMMALN", "number_"),
    "GAMMALN.PRECISE": delegated("GAMMALN.PRECISE", "number_"),
    **{
        name: function(_expon, "number_ number_ truth_", own="EXPON.DIST(0.00001,0.00001,TRUE)")
        for name in ("EXPON.DIST", "EXPONDIST")
    },
    **{
        name: delegated(name, "number_ number_ number_ truth_", guard=_off_the_edge)
        for name in ("WEIBULL.DIST", "WEIBULL")
    },
}
