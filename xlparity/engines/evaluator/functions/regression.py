"""Excel's family Statistical, the part that fits a line to pairs of numbers."""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator.functions.areas import Area, filled
from xlparity.engines.evaluator.functions.conversions import DIV, NA, NUM, REF, VALUE
from xlparity.engines.evaluator.functions.signatures import Function, Provider, by_formulas, delegated, function
from xlparity.engines.evaluator.functions.statistics import Numbers, cut, distinct, mean, spread, squares
from xlparity.engines.evaluator.guards import Refusal, elements, is_number

# --- pairs of numbers ------------------------------------------------------------------------------------------------


def pairs(left: Area, right: Area) -> Any:
    """The pairs of numbers in two arrays, as two lists; a pair with a text, a truth value or a blank is passed over.

    An error value in either is the result, and #N/A where the arrays are not of a size.
    """
    errors = {str(value) for area in (left, right) for value in elements(area.cells) if isinstance(value, XlError)}
    sizes = {area.full[0] * area.full[1] for area in (left, right)}
    if len(errors) + (len(sizes) > 1) > 1:
        raise Refusal("arrays with errors of several kinds")
    if errors:
        return next(value for area in (left, right) for value in elements(area.cells) if isinstance(value, XlError))
    if len(sizes) > 1:
        return NA
    if left.full != right.full:
        raise Refusal("arrays of one size but of different shapes")
    used = [range(min(a, b)) for a, b in zip(left.cells.shape, right.cells.shape, strict=True)]
    found = [(left.cells[r, c], right.cells[r, c]) for r in used[0] for c in used[1]]
    if len(found) == 1 and not all(map(is_number, found[0])):
        raise Refusal("a single pair that is not of numbers")
    if not all(area.reference for area in (left, right)) and any(EMPTY is x or EMPTY is y for x, y in found):
        raise Refusal("a blank that was chosen")  # which Excel may take for a zero
    kept = [(float(x), float(y)) for x, y in found if is_number(x) and is_number(y)]
    return [x for x, _ in kept], [y for _, y in kept]


def _on_pairs(call: Callable[[Numbers, Numbers], Any], own: str = "", by: Provider = "xlparity") -> Function:
    def called(left: Area, right: Area) -> Any:
        found = pairs(left, right)
        return found if isinstance(found, XlError) else call(*found)

    return function(called, "area area", "aggregate", own=own, by=by)


def _delegated_on_pairs(name: str) -> Function:
    def called(left: Numbers, right: Numbers) -> Any:
        if not left:
            return DIV
        _products(left, right)  # refuses what little but rounding would be left of
        return by_formulas(name, left, right)

    return _on_pairs(called, by="formulas")


def _products(left: Numbers, right: Numbers) -> float:
    """The sum of the products of the deviations from the means."""
    if not spread(left) or not spread(right):
        return 0.0
    x, y = mean(left), mean(right)
    result = math.fsum((a - x) * (b - y) for a, b in zip(left, right, strict=True))
    if 0 < abs(result) < 1e-6 * math.sqrt(squares(left) * squares(right)):
        raise Refusal("a covariance so small that little but rounding is left")
    return result


def _correl(left: Numbers, right: Numbers) -> Any:
    if not left or not spread(left) or not spread(right):
        return DIV
    return _products(left, right) / math.sqrt(squares(left) * squares(right))


def _rsq(left: Numbers, right: Numbers) -> Any:
    correlation = _correl(left, right)
    return correlation if isinstance(correlation, XlError) else correlation**2


def _slope(y: Numbers, x: Numbers) -> Any:
    if not x or not spread(x):
        return DIV
    return _products(x, y) / squares(x)


def _intercept(y: Numbers, x: Numbers) -> Any:
    slope = _slope(y, x)
    return slope if isinstance(slope, XlError) else _not_lost(mean(y), -slope * mean(x))


def _steyx(y: Numbers, x: Numbers) -> Any:
    if len(x) < 3 or not spread(x):
        return DIV
    total = squares(y)
    left = total - _products(x, y) ** 2 / squares(x)
    if left < 1e-5 * total:
        # An all but perfect fit: what is left is what the sums were rounded by.
        left = _refined(y, x)
    return math.sqrt(left / (len(x) - 2))


def _refined(y: Numbers, x: Numbers) -> float:
    slope, x0, y0 = _slope(y, x), mean(x), mean(y)
    left = math.fsum((b - y0 - slope * (a - x0)) ** 2 for a, b in zip(x, y, strict=True))
    if left < 1e-12 * squares(y):
        raise Refusal("the error of an all but perfect fit")
    return left


def _not_lost(left: float, right: float) -> float:
    result = left + right
    if abs(result) < 1e-6 * abs(left):
        raise Refusal("a difference of which little but rounding is left")
    return result


def _forecast(at: float, y: Area, x: Area) -> Any:
    found = pairs(y, x)
    if isinstance(found, XlError):
        return found
    if not found[0]:
        raise Refusal("FORECAST of no pairs")
    slope = _slope(*found)
    return slope if isinstance(slope, XlError) else _not_lost(mean(found[0]), slope * (at - mean(found[1])))


def _prob(x: Area, shares: Area, low: float, high: float | None = None) -> Any:
    found = pairs(x, shares)
    if isinstance(found, XlError):
        return found
    values, probabilities = found
    if not values:
        return DIV
    if len(values) < x.cells.size:
        raise Refusal("PROB of ranges in which not all are numbers")
    distinct([*values, low, *([] if high is None else [high])])
    missing = abs(math.fsum(probabilities) - 1)
    if min(probabilities) <= 0 or max(probabilities) > 1 or missing > 1e-6:
        if min(probabilities) == 0:
            raise Refusal("PROB with a probability of 0")  # which the documentation forbids, and Excel takes
        return NUM
    if missing > 1e-14:
        raise Refusal("probabilities of which it is not certain that they add up to 1")
    return by_formulas("PROB", values, probabilities, low, low if high is None else high)


# --- least squares ---------------------------------------------------------------------------------------------------


def _regressors(y: Any, x: Any) -> Any:
    """The columns that explain y, one a variable, and y as a list; VALUE or REF where they cannot be."""
    if any(not is_number(value) for value in elements(y)):
        return VALUE
    if x is None:
        return np.arange(1.0, y.size + 1).reshape(-1, 1)
    if x.size == 1 and x[0, 0] is EMPTY:
        raise Refusal("a regression on an empty cell")
    if any(not is_number(value) for value in elements(x)):
        return VALUE
    if x.shape == y.shape:
        return x.astype(float).reshape(-1, 1)
    if y.shape[1] == 1 and x.shape[0] == y.shape[0]:
        return x.astype(float)
    if y.shape[0] == 1 and x.shape[1] == y.shape[1]:
        return x.astype(float).T
    return REF


def _fit(y: Any, x: Any, constant: bool) -> Any:
    """Coefficients, the constant first, and the design; refused where the variables do not determine them."""
    design = np.column_stack([np.ones(len(y)), x]) if constant else x
    if len(y) < design.shape[1]:
        raise Refusal("more coefficients than points")
    scale = np.sqrt((design**2).sum(axis=0))
    if (scale == 0).any():
        raise Refusal("a variable that is all zero")
    singular = np.linalg.svd(design / scale, compute_uv=False)
    if singular[-1] < 1e-5 * singular[0]:
        raise Refusal("variables that all but determine one another")  # Excel leaves one of them out
    found = np.linalg.lstsq(design / scale, y, rcond=None)[0] / scale
    return (found if constant else np.concatenate([[0.0], found])), design


def _estimate(exponential: bool, y: Any, x: Any = None, constant: bool = True, statistics: bool = False) -> Any:
    if any(isinstance(value, XlError) for operand in (y, x) for value in elements(operand)):
        raise Refusal("a regression over an error")
    columns = _regressors(y, x)
    if isinstance(columns, XlError):
        return columns
    values = y.astype(float).ravel()
    if exponential and (values <= 0).any():
        return NUM
    values = np.log(values) if exponential else values
    found, design = _fit(values, columns, constant)
    line = [*found[:0:-1], found[0]]
    head = np.exp(line) if exponential else np.array(line)
    if exponential and not constant:
        head[-1] = 1.0
    if not statistics:
        return head.reshape(1, -1).astype(object)
    return np.vstack([head.astype(object), _statistics(values, found, design, constant)])


def _statistics(y: Any, found: Any, design: Any, constant: bool) -> Any:
    fitted = design @ (found if constant else found[1:])
    residual = float(((y - fitted) ** 2).sum())
    freedom = len(y) - design.shape[1]
    total = float(((y - y.mean()) ** 2).sum()) if constant else float((y**2).sum())
    if freedom < 1 or residual < 1e-12 * total:
        raise Refusal("the statistics of a perfect fit")
    errors = np.sqrt(residual / freedom * np.diag(np.linalg.inv(design.T @ design)))
    spreads = [*errors[:0:-1], errors[0]] if constant else [*errors[::-1], NA]
    table = filled((4, len(spreads)), NA)
    table[0] = spreads
    table[1, :2] = 1 - residual / total, math.sqrt(residual / freedom)
    variables = len(found) - 1
    table[2, :2] = (total - residual) / variables / (residual / freedom), float(freedom)
    table[3, :2] = total - residual, residual
    return table


def _trend(exponential: bool) -> Callable[..., Any]:
    def trend(y: Any, x: Any = None, new: Any = None, constant: Any = True) -> Any:
        line = _estimate(exponential, y, x, constant)
        if isinstance(line, XlError):
            return line
        if new is None:
            points, shape = _regressors(y, x), y.shape
        elif any(not is_number(value) for value in elements(new)):
            raise Refusal("a trend at something that is no number")
        elif line.shape[1] == 2:
            points, shape = new.astype(float).reshape(-1, 1), new.shape
        else:
            rows = y.shape[1] == 1
            points = new.astype(float) if rows else new.astype(float).T
            shape = (new.shape[0], 1) if rows else (1, new.shape[1])
            if points.shape[1] != line.shape[1] - 1:
                return REF
        coefficients = line[0].astype(float)
        coefficients = np.log(coefficients) if exponential else coefficients
        fitted = points @ coefficients[-2::-1] + coefficients[-1]
        return (np.exp(fitted) if exponential else fitted).reshape(shape).astype(object)

    return trend


# --- single numbers --------------------------------------------------------------------------------------------------


def _permut(number: float, chosen: float) -> Any:
    if number < 0 or chosen < 0:
        return NUM
    n, k = cut(number), cut(chosen)
    if n == 0 == k:
        raise Refusal("PERMUT of nothing")  # the documentation forbids it
    if n < k or math.lgamma(n + 1) - math.lgamma(n - k + 1) > 720:  # whose exponential no double holds
        return NUM
    return _product(math.perm(n, k))


def _permutationa(number: float, chosen: float) -> Any:
    if number < 0 or chosen < 0:
        return NUM
    n, k = cut(number), cut(chosen)
    if n == 0 == k:
        raise Refusal("PERMUTATIONA of nothing")
    return _product(n**k if k * math.log2(n + 1) < 2000 else 1 << 2000)


def _product(whole: int) -> Any:
    return float(whole) if whole < 1 << 1023 else NUM


FUNCTIONS: dict[str, Function] = {
    **{name: _delegated_on_pairs(name) for name in ("COVAR", "COVARIANCE.P", "COVARIANCE.S", "PEARSON")},
    "CORREL": _on_pairs(_correl, own="CORREL({1,2,3},{4,4,4})"),
    "RSQ": _on_pairs(_rsq, own="RSQ({1,2,3},{4,4,4})"),
    "SLOPE": _on_pairs(_slope, own="SLOPE({1,2,3},{0.1,0.1,0.1})"),
    "INTERCEPT": _on_pairs(_intercept, own="INTERCEPT({1,2,3},{0.1,0.1,0.1})"),
    "STEYX": _on_pairs(_steyx, own="STEYX({1;2;4},{3;3;3})"),
    **dict.fromkeys(
        ("FORECAST", "FORECAST.LINEAR"),
        function(_forecast, "number area area", "aggregate", own="FORECAST(1,{1,2,3},{0.1,0.1,0.1})"),
    ),
    "PROB": function(_prob, "area area number number?", "aggregate", by="formulas"),
    "LINEST": function(
        functools.partial(_estimate, False), "table table~ yes~ truth~", "matrix", own="LINEST(D!R1:R5,,FALSE)"
    ),
    "LOGEST": function(
        functools.partial(_estimate, True), "table table~ yes~ truth~", "matrix", own="LOGEST(D!R1:R5,,FALSE)"
    ),
    "TREND": function(_trend(False), "table table~ table~ yes~", "matrix", own="TREND(D!K1:K5,D!L1:L5,{8;9;11})"),
    "GROWTH": function(_trend(True), "table table~ table~ yes~", "matrix", own="GROWTH(D!K1:K5,,{1;2})"),
    "STANDARDIZE": delegated("STANDARDIZE", "number number number"),
    "FISHER": delegated("FISHER", "number"),
    "FISHERINV": delegated("FISHERINV", "number"),
    "PERMUT": function(_permut, "number number", own="PERMUT(0.5,-0.5)"),
    "PERMUTATIONA": function(_permutationa, "number number", own="PERMUTATIONA(6,60.11)"),
}
