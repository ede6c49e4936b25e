"""Excel's family Math & Trig, but for what ``core`` has and the sums with criteria: number theory, numerals, matrices.

Rounding is in ``rounding`` and the circular functions are in ``trigonometry``.
"""

import math
from typing import Any

import numpy as np
from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator.functions.conversions import DIV, NUM, VALUE, to_number
from xlparity.engines.evaluator.functions.core import power
from xlparity.engines.evaluator.functions.rounding import cut
from xlparity.engines.evaluator.functions.signatures import Function, by_formulas, delegated, function
from xlparity.engines.evaluator.guards import Refusal, elements, is_number

_LARGEST_WHOLE = 2**53
_SYMBOLS = (("I", 1), ("V", 5), ("X", 10), ("L", 50), ("C", 100), ("D", 500), ("M", 1000))
_WORST_CONDITION = 1e6  # of a matrix whose inverse keeps the ten digits that stored values are compared by
_LARGEST_UNIT = 100

# --- numerals ----------------------------------------------------------------------------------------------------------


def _roman_pieces(form: int) -> list[tuple[int, str]]:
    """The symbols and the subtractions that a form allows, largest first: the more concise, the farther apart the two."""
    pieces = [(value, symbol) for symbol, value in _SYMBOLS]
    for low, (small, subtracted) in enumerate(_SYMBOLS):
        reach = 2 + 2 * (form // 2) if low % 2 == 0 else 1 + 2 * ((form + 1) // 2)
        for large, value in _SYMBOLS[low + 1 + low % 2 : low + 1 + reach]:
            pieces.append((value - subtracted, small + large))
    return sorted(pieces, reverse=True)


_PIECES = [_roman_pieces(form) for form in range(5)]


def _roman(number: float, form: Any = 0.0) -> Any:
    if isinstance(form, bool):
        form = 0.0 if form else 4.0
    else:
        form = to_number("ROMAN", form)
        if isinstance(form, XlError):
            return form
    if not form.is_integer():
        raise Refusal("ROMAN in a form that is no whole number")
    rest = cut(number)
    if not (0 <= form <= 4 and 0 <= rest <= 3999):
        return VALUE
    numeral = ""
    for value, piece in _PIECES[int(form)]:
        while rest >= value:
            numeral += piece
            rest -= value
    return numeral


def _arabic(text: Any) -> Any:
    if isinstance(text, XlError):
        return text
    if isinstance(text, bool) or is_number(text):
        return VALUE
    if text is EMPTY or len(text) > 255:
        raise Refusal("ARABIC of a blank or of a long text")
    numeral = text.upper()
    sign = -1 if numeral.startswith("-") else 1
    values = dict(_SYMBOLS)
    known = [values[symbol] for symbol in numeral.removeprefix("-") if symbol in values]
    if not set(numeral) <= {*values, "-", " "}:
        return VALUE
    if len(known) < len(numeral.removeprefix("-")) or numeral == "-":
        raise Refusal("ARABIC of a text with a space or a sign out of place in it")
    ahead = [max(known[place:]) for place in range(len(known))]
    if any(digit == after < most for digit, after, most in zip(known, known[1:], ahead, strict=False)):
        raise Refusal("ARABIC of a numeral that takes away twice")  # IIX: is it 8 or 10?
    return sign * sum(-digit if digit < most else digit for digit, most in zip(known, ahead, strict=True))


_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def in_base(number: int, base: int) -> str:
    """The digits of a whole number that is not negative."""
    digits = ""
    while number >= base:
        number, digit = divmod(number, base)
        digits = _DIGITS[digit] + digits
    return _DIGITS[number] + digits


def _base(number: float, radix: float, length: float = 0.0) -> Any:
    if not (0 <= number < _LARGEST_WHOLE and 2 <= radix < 37 and 0 <= length < 256):
        return NUM
    return in_base(cut(number), cut(radix)).zfill(cut(length))


def _decimal(text: str, radix: float) -> Any:
    if not 2 <= radix < 37:
        return NUM
    if not text.isascii() or not text.isalnum() or len(text) > 255:
        raise Refusal("DECIMAL of what is not all letters and digits")
    if text[:2].upper() == "0X" or (text[-1].upper() in "HB" and radix in (2, 16)):
        raise Refusal("DECIMAL of digits with the mark of their system")
    try:
        number = int(text, cut(radix))
    except ValueError:
        return NUM
    if number >= _LARGEST_WHOLE:
        raise Refusal("DECIMAL of more digits than a number has")
    return number


# --- whole numbers -------------------------------------------------------------------------------------------------------


def _whole_numbers(name: str, tables: tuple[Any, ...]) -> Any:
    """The numbers in the operands, cut to whole ones: a blank cell is passed over by itself and is 0 in a range."""
    found: list[int] = []
    errors: set[XlError] = set()
    for table in tables:
        for value in elements(table):
            if value is EMPTY and table.size == 1:
                continue
            number = VALUE if isinstance(value, bool) else to_number(name, value)
            if isinstance(number, XlError):
                errors.add(number)
            elif number < 0 or number >= _LARGEST_WHOLE:
                errors.add(NUM)
            else:
                found.append(cut(number))
    if len(errors) > 1:
        raise Refusal(f"{name} of errors of several kinds")
    return errors.pop() if errors else found or VALUE


def _gcd(*tables: Any) -> Any:
    numbers = _whole_numbers("GCD", tables)
    return math.gcd(*numbers) if isinstance(numbers, list) else numbers


def _lcm(*tables: Any) -> Any:
    numbers = _whole_numbers("LCM", tables)
    if not isinstance(numbers, list):
        return numbers
    multiple = math.lcm(*numbers)
    return multiple if multiple < _LARGEST_WHOLE else NUM


def _multinomial(*tables: Any) -> Any:
    values = [value for table in tables for value in elements(table)]
    if all(value is EMPTY for value in values) or any(is_number(value) and -1 < value < 0 for value in values):
        raise Refusal("MULTINOMIAL of blanks, or of a number between -1 and 0")
    numbers = _whole_numbers("MULTINOMIAL", tables)
    if not isinstance(numbers, list):
        return numbers
    if sum(numbers) > 170:
        raise Refusal("MULTINOMIAL of more than the largest factorial")
    return by_formulas("MULTINOMIAL", numbers)


def _fact(number: float) -> Any:
    whole = cut(number)
    return math.factorial(whole) if 0 <= whole <= 170 else NUM


def _factdouble(number: float) -> Any:
    whole = cut(number)
    if whole == -1:
        raise Refusal("the double factorial of -1")
    return math.prod(range(whole, 0, -2)) if 0 <= whole <= 300 else NUM


def _combinations(n: int, k: int) -> Any:
    if math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) > 720:  # whose exponential no double holds
        return NUM
    whole = math.comb(n, k)
    return float(whole) if whole < 1 << 1024 else NUM


def _combin(number: float, chosen: float) -> Any:
    n, k = cut(number), cut(chosen)
    return NUM if n < 0 or k < 0 or n < k else _combinations(n, k)


def _combina(number: float, chosen: float) -> Any:
    n, k = cut(number), cut(chosen)
    if n < 0 or k < 0 or n == 0 < k:
        return NUM
    return _combinations(n + k - 1, k) if k else 1


# --- sums ----------------------------------------------------------------------------------------------------------------


def _of_pairs(name: str) -> Function:
    """SUMX2MY2 or one of its like: of the pairs of two numbers, in order; #N/A of unequal counts, and #DIV/0! of no pairs."""

    def called(left: Any, right: Any) -> Any:
        errors = {str(value) for table in (left, right) for value in elements(table) if isinstance(value, XlError)}
        if len(errors) + (left.size != right.size) > 1:
            raise Refusal("pairs with errors of several kinds")
        if errors or left.size != right.size:
            return by_formulas(name, left, right)
        pairs = zip(elements(left), elements(right), strict=True)
        numbers = [(float(x), float(y)) for x, y in pairs if is_number(x) and is_number(y)]
        return by_formulas(name, *map(list, zip(*numbers, strict=True))) if numbers else DIV

    return function(called, "table table", "aggregate", by="formulas")


def _seriessum(x: float, first: float, step: float, coefficients: list[float]) -> Any:
    total = 0.0
    for place, coefficient in enumerate(coefficients):
        raised = power(x, first + place * step)
        if isinstance(raised, XlError):
            return raised
        total += coefficient * raised
    return total


def _product(*lists: list[float]) -> float:
    numbers = [number for numbers in lists for number in numbers]
    return math.prod(numbers) if numbers else 0.0


# --- matrices ------------------------------------------------------------------------------------------------------------


def _matrix(table: Any) -> Any:
    """A square matrix of numbers, or Excel's error."""
    for value in elements(table):
        if isinstance(value, XlError):
            return value
        if isinstance(value, bool):
            raise Refusal("a matrix with a truth value in it")
        if not is_number(value):
            return VALUE
    return table.astype(float) if table.shape[0] == table.shape[1] else VALUE


def _regular(matrix: Any) -> None:
    # What Excel makes of a singular matrix hangs on the last bits of its elimination: #NUM!, or numbers around 1E16.
    if not np.linalg.cond(matrix) < _WORST_CONDITION:
        raise Refusal("a matrix that is singular, or nearly so")


def _mdeterm(table: Any) -> Any:
    matrix = _matrix(table)
    if isinstance(matrix, np.ndarray) and matrix.size > 1:
        _regular(matrix)
        return float(np.linalg.det(matrix))
    return matrix[0, 0] if isinstance(matrix, np.ndarray) else matrix


def _minverse(table: Any) -> Any:
    matrix = _matrix(table)
    if not isinstance(matrix, np.ndarray):
        return matrix
    if matrix.size == 1 and matrix[0, 0] == 0:
        return NUM
    _regular(matrix)
    return np.linalg.inv(matrix)


def _size(size: float) -> tuple[int]:
    if size > _LARGEST_UNIT:
        raise Refusal("a large unit matrix")
    return (cut(size) if size >= 1 else 0,)


FUNCTIONS: dict[str, Function] = {
    "ROMAN": function(_roman, "number scalar?", own="ROMAN(499,FALSE)"),
    "ARABIC": function(_arabic, "scalar", own='ARABIC("-XL")'),
    "BASE": function(_base, "number number number?"),
    "DECIMAL": function(_decimal, "text number", own="DECIMAL(0,0.5)"),
    "GCD": function(_gcd, "table*", "aggregate", own="GCD(A4,2)"),
    "LCM": function(_lcm, "table*", "aggregate", own="LCM(A6,5)"),
    "MULTINOMIAL": function(_multinomial, "table*", "aggregate", by="formulas"),
    "FACT": function(_fact, "number", own="FACT(171)"),
    "FACTDOUBLE": function(_factdouble, "toolpak", own="FACTDOUBLE(100)"),
    "COMBIN": function(_combin, "number number"),
    "COMBINA": function(_combina, "number number"),
    "PRODUCT": function(_product, "numbers*", "aggregate", own="PRODUCT(A4:A8)"),
    **{name: _of_pairs(name) for name in ("SUMX2MY2", "SUMX2PY2", "SUMXMY2")},
    "SERIESSUM": function(_seriessum, "toolpak toolpak toolpak strictly", "aggregate"),
    "SQRTPI": delegated("SQRTPI", "toolpak"),
    "MDETERM": function(_mdeterm, "table", "aggregate", own="MDETERM({0.00000001,0;0,0.00000001})"),
    "MINVERSE": function(_minverse, "table", "matrix", own="INDEX(MINVERSE({10000000000,0;0,30000000000}),2,2)"),
    "MUNIT": delegated("MUNIT", "number", "matrix", prepare=_size),
}
