"""Excel's family Statistical but for the distributions and the regressions: averages, spreads, ranks, counts."""

import itertools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator import guards
from xlparity.engines.evaluator.functions.areas import Area
from xlparity.engines.evaluator.functions.conversions import DIV, NA, NUM, VALUE
from xlparity.engines.evaluator.functions.signatures import Function, by_formulas, delegated, function
from xlparity.engines.evaluator.guards import Refusal, elements, is_number

Numbers = Sequence[float]


def cut(number: float) -> int:
    """The whole part of an argument that Excel truncates."""
    return guards.whole_part(number)


def distinct(numbers: Numbers) -> None:
    """Numbers of which it is certain which are equal."""
    ordered = sorted(numbers)
    if any(guards.close(left, right) for left, right in itertools.pairwise(ordered)):
        raise Refusal("numbers that differ after the 15th digit where it matters whether they are equal")


def spread(numbers: Numbers, least: float = 1e-10) -> bool:
    """Whether the numbers differ; refused where they do so little that their deviations are mere rounding."""
    low, high = min(numbers), max(numbers)
    if 0 < high - low < least * max(abs(low), abs(high)):
        raise Refusal("numbers so alike that of their differences little but rounding is left")
    return high > low


def mean(numbers: Numbers) -> float:
    """The arithmetic mean, of a sum that is not rounded on the way."""
    return math.fsum(numbers) / len(numbers)


def squares(numbers: Numbers) -> float:
    """The sum of the squared deviations from the mean."""
    if not spread(numbers):
        return 0.0
    centre = mean(numbers)
    return math.fsum((number - centre) ** 2 for number in numbers)


def _joined(lists: Sequence[Numbers]) -> list[float]:
    return [number for numbers in lists for number in numbers]


# --- averages and spreads --------------------------------------------------------------------------------------------


def variance(lost: int, root: bool) -> Callable[..., Any]:
    """The variance over n less ``lost``, or its square root."""

    def varied(*lists: Numbers) -> Any:
        numbers = _joined(lists)
        if len(numbers) <= lost:
            return DIV
        result = squares(numbers) / (len(numbers) - lost)
        return math.sqrt(result) if root else result

    return varied


def _devsq(*lists: Numbers) -> Any:
    numbers = _joined(lists)
    if not numbers:
        raise Refusal("DEVSQ of no numbers")
    return squares(numbers)


def _spread_out(*lists: Numbers) -> None:
    numbers = _joined(lists)
    if numbers:
        spread(numbers)


def _some_numbers(*lists: Numbers) -> None:
    if not _joined(lists):
        raise Refusal("HARMEAN of no numbers")


def _kurt(*lists: Numbers) -> Any:
    numbers = _joined(lists)
    n = len(numbers)
    if n < 4 or not spread(numbers, 1e-6):
        return DIV
    centre, deviation = mean(numbers), math.sqrt(squares(numbers) / (n - 1))
    fourth = math.fsum(((number - centre) / deviation) ** 4 for number in numbers)
    return n * (n + 1) / ((n - 1) * (n - 2) * (n - 3)) * fourth - 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))


def _skew(lost: int) -> Callable[..., Any]:
    def skewed(*lists: Numbers) -> Any:
        numbers = _joined(lists)
        n = len(numbers)
        if n < 3 or not spread(numbers, 1e-6):
            return DIV
        centre, deviation = mean(numbers), math.sqrt(squares(numbers) / (n - lost))
        third = math.fsum(((number - centre) / deviation) ** 3 for number in numbers)
        if 0 < abs(third) < 1e-6 * n:
            raise Refusal("a skewness so small that little but rounding is left")
        return third / n if lost == 0 else n / ((n - 1) * (n - 2)) * third

    return skewed


def _trimmed(numbers: Numbers, share: float) -> None:
    if 0 <= share < 1:
        if not numbers:
            raise Refusal("TRIMMEAN of no numbers")
        out = len(numbers) * share / 2
        if guards.nearly_whole(out) and math.trunc(out) != round(out):
            raise Refusal("a share within rounding of one more number to be left out")


# --- counts and places in an order -----------------------------------------------------------------------------------


def _no_chosen_blank(*areas: Area) -> None:
    for area in areas:
        if not area.reference and any(value is EMPTY for value in elements(area.cells)):
            raise Refusal("COUNTA of a blank that was chosen")  # which Excel may take for a zero


def _countblank(area: Area) -> float:
    if not area.reference:
        raise Refusal("COUNTBLANK of something that is no reference")
    unused = area.full[0] * area.full[1] - area.cells.size
    return float(by_formulas("COUNTBLANK", area.cells) + unused)


def _modes(areas: Sequence[Area]) -> list[float] | XlError:
    """The most frequent numbers, in the order in which they first appear; none where all appear once.

    Unlike other functions of numbers these take no single text or blank cell: Excel stored #VALUE! for MODE("1",1,2).
    """
    numbers: list[float] = []
    for area in areas:
        for value in elements(area.cells):
            if isinstance(value, XlError):
                return value
            if is_number(value):
                numbers.append(float(value))
            elif math.prod(area.full) == 1 and not isinstance(value, bool):
                return VALUE
            elif math.prod(area.full) == 1 or (value is EMPTY and not area.reference):
                raise Refusal("a mode with a truth value or a computed blank among the numbers")
    distinct(numbers)
    counts = Counter(numbers)
    most = max(counts.values(), default=1)
    return [number for number, count in counts.items() if count == most > 1]


def _mode(*areas: Area) -> Any:
    found = _modes(areas)
    return found if isinstance(found, XlError) else next(iter(found), NA)


def _mode_mult(*areas: Area) -> Any:
    found = _modes(areas)
    if isinstance(found, XlError):
        return found
    return np.array([[number] for number in found], object) if found else NA


def _whole_place(numbers: Numbers, k: float) -> None:
    if 0 < k <= len(numbers) and not float(k).is_integer():
        raise Refusal("a fractional place in an order")  # which Excel is said to round now up, now down


def _within(numbers: Numbers, share: float) -> None:
    place = share * (len(numbers) + 1) - 1
    if any(place != edge and abs(place - edge) < 1e-12 * len(numbers) for edge in (0.0, len(numbers) - 1.0)):
        raise Refusal("a share within rounding of the least or the largest that there is")


def _quarter(numbers: Numbers, quart: float) -> tuple[Numbers, int]:
    if -1 < quart < 0:
        raise Refusal("a quartile between -1 and 0")
    return numbers, cut(quart)


def _ranked(number: float, numbers: Numbers, ascending: bool = False) -> None:
    distinct([*numbers, number])


def _percentrank(exclusive: bool) -> Callable[..., Any]:
    def ranked(numbers: Numbers, number: float, digits: Any = 3.0) -> Any:
        if digits is EMPTY or len(numbers) < 2:
            raise Refusal("a rank among fewer than two numbers, or to no number of digits")
        if not 1 <= digits < 16:
            return NUM
        distinct([*numbers, number])
        if not min(numbers) <= number <= max(numbers):
            return NA
        steps = len(numbers) + 1 if exclusive else len(numbers) - 1
        rank = sum(other < number for other in numbers) + float(exclusive)
        if number not in numbers:
            left, right = max(x for x in numbers if x < number), min(x for x in numbers if x > number)
            rank += (number - left) / (right - left) - 1
        scaled = rank * 10.0 ** cut(digits) / steps
        if scaled != round(scaled) and abs(scaled - round(scaled)) < 1e-9:
            raise Refusal("a rank within rounding of the next digit")
        return math.floor(scaled) / 10.0 ** cut(digits)

    return ranked


def _frequency(numbers: Numbers, bins: Numbers) -> Any:
    if not bins or len(set(bins)) < len(bins):
        raise Refusal("FREQUENCY with no bins, or with two alike")
    distinct([*numbers, *bins])
    ordered = sorted(bins)
    counts = Counter(next((limit for limit in ordered if number <= limit), None) for number in numbers)
    return np.array([[float(counts[limit])] for limit in (*bins, None)], object)


def _table() -> dict[str, Function]:
    table = {
        "AVEDEV": delegated("AVEDEV", "numbers*", "aggregate", guard=_spread_out),
        "COUNTA": delegated("COUNTA", "area*!", "aggregate", guard=_no_chosen_blank),
        "COUNTBLANK": function(_countblank, "area", "aggregate", by="formulas"),
        "DEVSQ": function(_devsq, "numbers*", "aggregate", own="DEVSQ({0.1,0.1,0.1})"),
        "GEOMEAN": delegated("GEOMEAN", "numbers*", "aggregate"),
        "HARMEAN": delegated("HARMEAN", "numbers*", "aggregate", guard=_some_numbers),
        "KURT": function(_kurt, "numbers*", "aggregate", own="KURT({0.00001,0.00002,0.00003,0.00005})"),
        "SKEW": function(_skew(1), "numbers*", "aggregate", own="SKEW({0.00001,0.00002,0.00004})"),
        "SKEW.P": function(_skew(0), "numbers*", "aggregate", own="SKEW.P({0.00001,0.00002,0.00004})"),
        "MEDIAN": delegated("MEDIAN", "numbers*", "aggregate"),
        "MODE.MULT": function(_mode_mult, "area*!", "matrix", own="MODE.MULT({1,2,3,4,1,2,3,4})"),
        "PERCENTILE.EXC": delegated("PERCENTILE.EXC", "numbers number", "aggregate", guard=_within),
        "QUARTILE.EXC": delegated("QUARTILE.EXC", "numbers number", "aggregate", prepare=_quarter),
        "PERCENTRANK.EXC": function(
            _percentrank(True), "numbers number number?", "aggregate", own="PERCENTRANK.EXC({1,4,3,3,2,3,-5.2},3)"
        ),
        "RANK.AVG": delegated("RANK.AVG", "number numbers truth~", "aggregate", guard=_ranked),
        "TRIMMEAN": delegated("TRIMMEAN", "numbers number", "aggregate", guard=_trimmed),
        "FREQUENCY": function(_frequency, "numbers numbers", "matrix", own="INDEX(FREQUENCY({1;2;9},{8.9;5}),1)"),
    }
    table |= {name: delegated(name, "values*", "aggregate") for name in ("AVERAGEA", "MINA", "MAXA")}
    table |= {name: delegated(name, "numbers number", "aggregate", guard=_whole_place) for name in ("LARGE", "SMALL")}
    table |= {name: delegated(name, "numbers number", "aggregate") for name in ("PERCENTILE", "PERCENTILE.INC")}
    table |= {
        name: delegated(name, "numbers number", "aggregate", prepare=_quarter) for name in ("QUARTILE", "QUARTILE.INC")
    }
    table |= {
        name: delegated(name, "number numbers truth~", "aggregate", guard=_ranked) for name in ("RANK", "RANK.EQ")
    }
    for names, entry in {
        ("MODE", "MODE.SNGL"): function(_mode, "area*!", "aggregate", own='MODE.SNGL({0,75.48;1,"5"},{1,9;9.5,7.2})'),
        ("PERCENTRANK", "PERCENTRANK.INC"): function(
            _percentrank(False), "numbers number number?", "aggregate", own="PERCENTRANK({5;0;68.4;1;6.7;1},1)"
        ),
        ("VAR", "VAR.S"): function(variance(1, False), "numbers*", "aggregate", own="VAR.S({0.1,0.1,0.1})"),
        ("VARP", "VAR.P"): function(variance(0, False), "numbers*", "aggregate", own="VARP({0.1,0.1,0.1})"),
        ("STDEV", "STDEV.S"): function(variance(1, True), "numbers*", "aggregate", own="STDEV({0.1,0.1,0.1})"),
        ("STDEVP", "STDEV.P"): function(variance(0, True), "numbers*", "aggregate", own="STDEVP({0.1,0.1,0.1})"),
        ("VARA",): function(variance(1, False), "values*", "aggregate", own="VARA(0.1,0.1,0.1)"),
        ("VARPA",): function(variance(0, False), "values*", "aggregate", own="VARPA(0.1,0.1,0.1)"),
        ("STDEVA",): function(variance(1, True), "values*", "aggregate", own="STDEVA(0.1,0.1,0.1)"),
        ("STDEVPA",): function(variance(0, True), "values*", "aggregate", own="STDEVPA(0.1,0.1,0.1)"),
    }.items():
        table |= dict.fromkeys(names, entry)
    return table


FUNCTIONS = _table()
