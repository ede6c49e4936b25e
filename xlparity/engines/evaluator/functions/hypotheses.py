"""Excel's family Statistical, the part that tests hypotheses and gives intervals of confidence."""

import math
from typing import Any

import numpy as np
from formulas.tokens.operand import XlError

from xlparity.engines.evaluator.functions.areas import Area
from xlparity.engines.evaluator.functions.conversions import DIV, NA, NUM
from xlparity.engines.evaluator.functions.distributions import chisq_rt, f_rt, norm_inv, special, student_rt, t_inv_2t
from xlparity.engines.evaluator.functions.regression import pairs
from xlparity.engines.evaluator.functions.signatures import Function, function
from xlparity.engines.evaluator.functions.statistics import Numbers, cut, mean, spread, squares
from xlparity.engines.evaluator.guards import Refusal, elements, is_number


def _confidence(alpha: float, deviation: float, size: float) -> Any:
    if not 0 < alpha < 1 or deviation <= 0 or size < 1:
        return NUM
    return -norm_inv(alpha / 2) * deviation / math.sqrt(cut(size))


def _confidence_t(alpha: float, deviation: float, size: float) -> Any:
    if not 0 < alpha < 1 or deviation <= 0 or size < 1:
        return NUM
    n = cut(size)
    if n == 1:
        return DIV
    width = t_inv_2t(alpha, n - 1)
    return (
        width if isinstance(width, XlError) else width * deviation / math.sqrt(n)
    )  # #NUM! for too many degrees of freedom


def _variance(numbers: Numbers) -> float:
    return squares(numbers) / (len(numbers) - 1)


def _z_test(numbers: Numbers, expected: float, deviation: float | None = None) -> Any:
    if not numbers:
        raise Refusal("Z.TEST of no numbers")  # #N/A, or #DIV/0! where the deviation is not given
    if deviation is None:
        if len(numbers) < 2 or not spread(numbers):
            return DIV
        deviation = math.sqrt(_variance(numbers))
    if deviation <= 0:
        return NUM
    return float(special().ndtr((expected - mean(numbers)) / deviation * math.sqrt(len(numbers))))


def _f_test(left: Numbers, right: Numbers) -> Any:
    if len(left) < 2 or len(right) < 2 or not spread(left) or not spread(right):
        return DIV
    above = f_rt(_variance(left) / _variance(right), len(left) - 1, len(right) - 1)
    return 2 * min(above, 1 - above)


def _t_test(left: Area, right: Area, tails: float, kind: float) -> Any:
    if cut(tails) not in (1, 2) or cut(kind) not in (1, 2, 3):
        return NUM
    if cut(kind) == 1:
        found = pairs(left, right)
        if isinstance(found, XlError):
            return found
        differences = [x - y for x, y in zip(*found, strict=True)]
        if len(differences) < 2 or not spread(differences):
            return DIV
        error, freedom = math.sqrt(_variance(differences) / len(differences)), float(len(differences) - 1)
        return cut(tails) * student_rt(abs(mean(differences)) / error, freedom)
    for area in (left, right):
        errors = [value for value in elements(area.cells) if isinstance(value, XlError)]
        if errors:
            return errors[0]
        if not area.reference and not all(map(is_number, elements(area.cells))):
            raise Refusal("T.TEST of something computed that is not a number")
    return _unpaired(
        [[float(v) for v in elements(a.cells) if is_number(v)] for a in (left, right)], cut(tails), cut(kind)
    )


def _unpaired(lists: list[list[float]], tails: int, kind: int) -> Any:
    if any(len(numbers) < 2 for numbers in lists) or not any(spread(numbers) for numbers in lists):
        return DIV
    (m, n), (a, b) = map(len, lists), [_variance(numbers) for numbers in lists]
    if kind == 2:
        freedom = float(m + n - 2)
        error = ((m - 1) * a + (n - 1) * b) / freedom * (1 / m + 1 / n)
    else:
        error = a / m + b / n
        freedom = error**2 / ((a / m) ** 2 / (m - 1) + (b / n) ** 2 / (n - 1))
    return tails * student_rt(abs(mean(lists[0]) - mean(lists[1])) / math.sqrt(error), freedom)


def _chisq_test(actual: Any, expected: Any) -> Any:
    for table in (actual, expected):
        errors = [value for value in elements(table) if isinstance(value, XlError)]
        if errors:
            return errors[0]
        if not all(map(is_number, elements(table))):
            raise Refusal("CHISQ.TEST of ranges in which not all are numbers")
    if actual.shape != expected.shape or actual.size == 1:
        return NA
    actual, expected = actual.astype(float), expected.astype(float)
    if (expected == 0).any():
        return DIV
    if (expected < 0).any() or (actual < 0).any():
        raise Refusal("CHISQ.TEST of negative counts")
    rows, columns = actual.shape
    freedom = (rows - 1) * (columns - 1) if rows > 1 and columns > 1 else actual.size - 1
    return chisq_rt(float(np.sum((actual - expected) ** 2 / expected)), freedom)


FUNCTIONS: dict[str, Function] = {
    "CONFIDENCE": function(_confidence, "number_ number_ number_", by="scipy"),
    "CONFIDENCE.NORM": function(_confidence, "number_ number_ number_", by="scipy"),
    "CONFIDENCE.T": function(_confidence_t, "number_ number_ number_", by="scipy"),
    "Z.TEST": function(_z_test, "numbers number number?", "aggregate", by="scipy"),
    "ZTEST": function(_z_test, "numbers number number?", "aggregate", by="scipy"),
    "T.TEST": function(_t_test, "area area number number", "aggregate", by="scipy"),
    "TTEST": function(_t_test, "area area number number", "aggregate", by="scipy"),
    "F.TEST": function(_f_test, "numbers numbers", "aggregate", by="scipy"),
    "FTEST": function(_f_test, "numbers numbers", "aggregate", by="scipy"),
    "CHISQ.TEST": function(_chisq_test, "table table", "aggregate", by="scipy"),
    "CHITEST": function(_chisq_test, "table table", "aggregate", by="scipy"),
}
