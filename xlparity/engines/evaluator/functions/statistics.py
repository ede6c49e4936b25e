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
from xlparity.engines.evaluator.functions.signatures import Function, function
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


def _avedev(*lists: Numbers) -> Any:
    numbers = _joined(lists)
    if not numbers:
        return NUM
    centre = mean(numbers)
    return mean([abs(number - centre) for number in numbers]) if spread(numbers) else 0.0


def _devsq(*lists: Numbers) -> Any:
    numbers = _joined(lists)
    if not numbers:
        raise Refusal("DEVSQ of no numbers")
    return squares(numbers)


def _geomean(*lists: Numbers) -> Any:
    numbers = _joined(lists)
    if not numbers or min(numbers) <= 0:
        return NUM
    return math.exp(mean([math.log(number) for number in numbers])) if len(numbers) > 1 else numbers[0]


def _harmean(*lists: Numbers) -> Any:
    numbers = _joined(lists)
    if not numbers:
        raise Refusal("HARMEAN of no numbers")
    return NUM if min(numbers) <= 0 else len(numbers) / math.fsum(1 / number for number in numbers)


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


def _averagea(*lists: Numbers) -> Any:
    numbers = _joined(lists)
    return mean(numbers) if numbers else DIV


def _trimmean(numbers: Numbers, share: float) -> Any:
    if not 0 <= share < 1:
        return NUM
    if not numbers:
        raise Refusal("TRIMMEAN of no numbers")
    out = cut(len(numbers) * share / 2)
    return mean(sorted(numbers)[out : len(numbers) - out])


# --- counts and places in an order -----------------------------------------------------------------------------------


def _counta(*areas: Area) -> float:
    return float(sum(value is not EMPTY for area in areas for value in _cells("COUNTA", area)))


def _countblank(area: Area) -> float:
    if not area.reference:
        raise Refusal("COUNTBLANK of something that is no reference")
    filled = sum(value is not EMPTY and value != "" for value in elements(area.cells))
    return float(area.full[0] * area.full[1] - filled)


def _cells(name: str, area: Area) -> list[Any]:
    found = list(elements(area.cells))
    if not area.reference and any(value is EMPTY for value in found):
        raise Refusal(f"{name} of a blank that was chosen")  # which Excel may take for a zero
    return found


def _median(*lists: Numbers) -> Any:
    numbers = sorted(_joined(lists))
    if not numbers:
        return NUM
    return (numbers[(len(numbers) - 1) // 2] + numbers[len(numbers) // 2]) / 2


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


def _ordered(reverse: bool) -> Callable[..., Any]:
    def kth(numbers: Numbers, k: float) -> Any:
        if k <= 0 or k > len(numbers):
            return NUM
        ordered = sorted(numbers, reverse=reverse)
        low, high = ordered[max(math.floor(k), 1) - 1], ordered[math.ceil(k) - 1]
        if low != high or k < 1:
            raise Refusal("a fractional place in an order")  # which Excel is said to round now up, now down
        return low

    return kth


def _percentile(numbers: Numbers, share: float) -> Any:
    if not numbers or not 0 <= share <= 1:
        return NUM
    return _between(numbers, share * (len(numbers) - 1))


def _percentile_exc(numbers: Numbers, share: float) -> Any:
    if not numbers or not 0 < share < 1:
        return NUM
    place = share * (len(numbers) + 1) - 1
    for edge in (0.0, len(numbers) - 1.0):
        if place != edge and abs(place - edge) < 1e-12 * len(numbers):
            raise Refusal("a share within rounding of the least or the largest that there is")
    return _between(numbers, place) if 0 <= place <= len(numbers) - 1 else NUM


def _between(numbers: Numbers, place: float) -> float:
    """The number in a place, counted from 0, of the sorted ones; between two of them as far as the fraction says."""
    ordered = sorted(numbers)
    whole = min(math.floor(place), len(ordered) - 1)
    above = ordered[min(whole + 1, len(ordered) - 1)]
    return ordered[whole] + (place - whole) * (above - ordered[whole])


def _quartile(least: int, most: int, percentile: Callable[[Numbers, float], Any]) -> Callable[..., Any]:
    def quarter(numbers: Numbers, quart: float) -> Any:
        if -1 < quart < 0:
            raise Refusal("a quartile between -1 and 0")
        which = cut(quart)
        return percentile(numbers, which / 4) if least <= which <= most else NUM

    return quarter


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


def _rank(tied: bool) -> Callable[..., Any]:
    def ranked(number: float, numbers: Numbers, ascending: bool = False) -> Any:
        distinct([*numbers, number])
        same = sum(other == number for other in numbers)
        if not same:
            return NA
        before = sum(other < number if ascending else other > number for other in numbers)
        return before + 1 + (same - 1) / 2 if tied else before + 1

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
        "AVEDEV": function(_avedev, "numbers*", "aggregate"),
        "AVERAGEA": function(_averagea, "values*", "aggregate"),
        "MINA": function(lambda *lists: min(_joined(lists), default=0.0), "values*", "aggregate"),
        "MAXA": function(lambda *lists: max(_joined(lists), default=0.0), "values*", "aggregate"),
        "COUNTA": function(_counta, "area*!", "aggregate"),
        "COUNTBLANK": function(_countblank, "area", "aggregate"),
        "DEVSQ": function(_devsq, "numbers*", "aggregate"),
        "GEOMEAN": function(_geomean, "numbers*", "aggregate"),
        "HARMEAN": function(_harmean, "numbers*", "aggregate"),
        "KURT": function(_kurt, "numbers*", "aggregate"),
        "SKEW": function(_skew(1), "numbers*", "aggregate"),
        "SKEW.P": function(_skew(0), "numbers*", "aggregate"),
        "MEDIAN": function(_median, "numbers*", "aggregate"),
        "MODE.MULT": function(_mode_mult, "area*!", "matrix"),
        "LARGE": function(_ordered(True), "numbers number", "aggregate"),
        "SMALL": function(_ordered(False), "numbers number", "aggregate"),
        "PERCENTILE.EXC": function(_percentile_exc, "numbers number", "aggregate"),
        "QUARTILE.EXC": function(_quartile(1, 3, _percentile_exc), "numbers number", "aggregate"),
        "PERCENTRANK.EXC": function(_percentrank(True), "numbers number number?", "aggregate"),
        "RANK.AVG": function(_rank(True), "number numbers truth~", "aggregate"),
        "TRIMMEAN": function(_trimmean, "numbers number", "aggregate"),
        "FREQUENCY": function(_frequency, "numbers numbers", "matrix"),
    }
    for names, entry in {
        ("MODE", "MODE.SNGL"): function(_mode, "area*!", "aggregate"),
        ("PERCENTILE", "PERCENTILE.INC"): function(_percentile, "numbers number", "aggregate"),
        ("QUARTILE", "QUARTILE.INC"): function(_quartile(0, 4, _percentile), "numbers number", "aggregate"),
        ("PERCENTRANK", "PERCENTRANK.INC"): function(_percentrank(False), "numbers number number?", "aggregate"),
        ("RANK", "RANK.EQ"): function(_rank(False), "number numbers truth~", "aggregate"),
        ("VAR", "VAR.S"): function(variance(1, False), "numbers*", "aggregate"),
        ("VARP", "VAR.P"): function(variance(0, False), "numbers*", "aggregate"),
        ("STDEV", "STDEV.S"): function(variance(1, True), "numbers*", "aggregate"),
        ("STDEVP", "STDEV.P"): function(variance(0, True), "numbers*", "aggregate"),
        ("VARA",): function(variance(1, False), "values*", "aggregate"),
        ("VARPA",): function(variance(0, False), "values*", "aggregate"),
        ("STDEVA",): function(variance(1, True), "values*", "aggregate"),
        ("STDEVPA",): function(variance(0, True), "values*", "aggregate"),
    }.items():
        table |= dict.fromkeys(names, entry)
    return table


FUNCTIONS = _table()
