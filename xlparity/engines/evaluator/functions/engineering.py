"""Excel's family Engineering: number systems, bits, tests, error functions.

``bessel`` has the Bessel functions, ``complexes`` the complex numbers, ``units`` CONVERT.
"""

import functools
import math
import operator
from collections.abc import Callable
from typing import Any

from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator.functions.conversions import NUM, VALUE, to_number
from xlparity.engines.evaluator.functions.maths import in_base
from xlparity.engines.evaluator.functions.rounding import cut
from xlparity.engines.evaluator.functions.signatures import Function, function
from xlparity.engines.evaluator.guards import Refusal, is_number

_PLACES = 10
_BASES = {"BIN": 2, "OCT": 8, "HEX": 16}
_LARGEST_BITS = 2**48
_FARTHEST_SHIFT = 53

# --- number systems: ten digits, the numbers below zero as complements ---------------------------------------------------


def _read(base: int, text: Any) -> Any:
    """The number that up to ten digits stand for, or Excel's error."""
    if isinstance(text, XlError):
        return text
    if isinstance(text, bool):
        return VALUE
    if text is EMPTY:
        return 0
    if is_number(text):
        digits = str(int(text)) if float(text).is_integer() and abs(text) < 1e15 else "."
    else:
        digits = text
        if not text.isascii() or not text.isalnum():
            raise Refusal("digits among which are others than letters and digits")
    if len(digits) > _PLACES:
        return NUM
    try:
        number = int(digits, base)
    except ValueError:
        return NUM
    if number < 0 or not digits.isalnum():
        return NUM
    whole = base**_PLACES
    return number - whole if number >= whole // 2 else number


def _written(number: int, base: int, places: float | None) -> Any:
    """The digits of a number, filled up with noughts; a negative one has ten, whatever the places."""
    whole = base**_PLACES
    if not -whole // 2 <= number < whole // 2:
        return NUM
    if places is not None and not 1 <= places < _PLACES + 1:
        return NUM
    if number < 0:
        return in_base(number + whole, base)
    digits = in_base(number, base)
    if places is None:
        return digits
    return digits.zfill(cut(places)) if len(digits) <= cut(places) else NUM


def _decimal_number(value: Any) -> Any:
    number = VALUE if isinstance(value, bool) else to_number("DEC2BIN", value)
    return number if isinstance(number, XlError) else cut(number)


def _systems() -> dict[str, Function]:
    table = {}
    reading: dict[str, Callable[[Any], Any]] = {"DEC": _decimal_number}
    for source, base in _BASES.items():
        reading[source] = functools.partial(_read, base)
    for source, read in reading.items():
        for target in ("DEC", *_BASES):
            if source != target:
                takes = "lone" if target == "DEC" else "lone toolpak?"
                table[f"{source}2{target}"] = function(_converting(read, _BASES.get(target)), takes)
    return table


def _converting(read: Callable[[Any], Any], base: int | None) -> Callable[..., Any]:
    def called(text: Any, places: float | None = None) -> Any:
        number = read(text)
        return number if base is None or isinstance(number, XlError) else _written(number, base, places)

    return called


# --- bits ----------------------------------------------------------------------------------------------------------------


def _is_bits(number: float) -> bool:
    return number.is_integer() and 0 <= number < _LARGEST_BITS


def _bitwise(combine: Callable[[int, int], int]) -> Callable[[float, float], Any]:
    def called(left: float, right: float) -> Any:
        return combine(int(left), int(right)) if _is_bits(left) and _is_bits(right) else NUM

    return called


def _shift(number: float, shift: float, direction: int) -> Any:
    if shift < 0 and not shift.is_integer():
        raise Refusal("a shift by a negative fraction")
    places = direction * cut(shift)
    if not _is_bits(number) or abs(places) > _FARTHEST_SHIFT:
        return NUM
    shifted = int(number) << places if places >= 0 else int(number) >> -places
    return shifted if shifted < _LARGEST_BITS else NUM


# --- tests and error functions -------------------------------------------------------------------------------------------


def _delta(number: float, other: float = 0.0) -> int:
    return int(number == other)


def _gestep(number: float, step: float = 0.0) -> int:
    return int(number >= step)


def _erf(lower: float, upper: float | None = None) -> float:
    return math.erf(lower) if upper is None else math.erf(upper) - math.erf(lower)


FUNCTIONS: dict[str, Function] = _systems() | {
    "BITAND": function(_bitwise(operator.and_), "number number"),
    "BITOR": function(_bitwise(operator.or_), "number number"),
    "BITXOR": function(_bitwise(operator.xor), "number number"),
    "BITLSHIFT": function(lambda number, shift: _shift(number, shift, 1), "number number"),
    "BITRSHIFT": function(lambda number, shift: _shift(number, shift, -1), "number number"),
    "DELTA": function(_delta, "toolpak toolpak?"),
    "GESTEP": function(_gestep, "toolpak toolpak?"),
    "ERF": function(_erf, "toolpak toolpak?"),
    "ERF.PRECISE": function(math.erf, "toolpak"),
    "ERFC": function(math.erfc, "toolpak"),
    "ERFC.PRECISE": function(math.erfc, "toolpak"),
}
