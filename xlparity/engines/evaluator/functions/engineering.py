"""Excel's family Engineering: number systems, bits, tests, error functions.

``bessel`` has the Bessel functions, ``complexes`` the complex numbers, ``units`` CONVERT.
"""

import functools
import operator
from collections.abc import Callable
from typing import Any

from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator.functions.conversions import NUM, VALUE, to_number
from xlparity.engines.evaluator.functions.maths import in_base
from xlparity.engines.evaluator.functions.rounding import cut
from xlparity.engines.evaluator.functions.signatures import Function, delegated, function
from xlparity.engines.evaluator.guards import Refusal, is_number, is_text

_PLACES = 10
_BASES = {"BIN": 2, "OCT": 8, "HEX": 16}
_LARGEST_BITS = 2**48
_FARTHEST_SHIFT = 53
# What formulas gets wrong about each: ten digits of a number below zero need no places.
_OWN = {
    "DEC2BIN": "DEC2BIN(-512.8,1)",
    "DEC2OCT": "DEC2OCT(-1213,1)",
    "DEC2HEX": "DEC2HEX(-1,1)",
    "BIN2OCT": "BIN2OCT(1111111111,1)",
    "BIN2HEX": "BIN2HEX(1100011011,1)",
    "OCT2BIN": "OCT2BIN(7777777000,1)",
    "OCT2HEX": "OCT2HEX(4000000000,2)",
    "HEX2BIN": 'HEX2BIN("FFFFFFFFFF",1)',
    "HEX2OCT": 'HEX2OCT("FFFFFFFF00",1)',
}

# --- number systems: ten digits, the numbers below zero as complements ---------------------------------------------------


def _of_digits(text: Any) -> None:
    if is_text(text) and not (text.isascii() and text.isalnum()):
        raise Refusal("digits among which are others than letters and digits")


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
        _of_digits(text)
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
        for target, base in _BASES.items():
            if source != target:
                own = _OWN[f"{source}2{target}"]
                table[f"{source}2{target}"] = function(_converting(read, base), "lone toolpak?", own=own)
    return table


def _converting(read: Callable[[Any], Any], base: int) -> Callable[..., Any]:
    def called(text: Any, places: float | None = None) -> Any:
        number = read(text)
        return number if isinstance(number, XlError) else _written(number, base, places)

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


FUNCTIONS: dict[str, Function] = _systems() | {
    "BITAND": function(_bitwise(operator.and_), "number number", own="BITAND(281474976710655,1)"),
    "BITOR": function(_bitwise(operator.or_), "number number", own="BITOR(281474976710655,1)"),
    "BITXOR": function(_bitwise(operator.xor), "number number", own="BITXOR(281474976710655,1)"),
    "BITLSHIFT": function(lambda number, shift: _shift(number, shift, 1), "number number", own="BITLSHIFT(12,45)"),
    "BITRSHIFT": function(
        lambda number, shift: _shift(number, shift, -1), "number number", own="BITRSHIFT(281474976710655,1)"
    ),
    "DELTA": function(_delta, "toolpak toolpak?", own="DELTA(5,5.00000000000001)"),
    "GESTEP": delegated("GESTEP", "toolpak toolpak?"),
    "ERF": delegated("ERF", "toolpak toolpak?"),
    **{name: delegated(name, "toolpak") for name in ("ERF.PRECISE", "ERFC", "ERFC.PRECISE")},
    **{name: delegated(name, "lone", guard=_of_digits) for name in ("BIN2DEC", "OCT2DEC", "HEX2DEC")},
}
