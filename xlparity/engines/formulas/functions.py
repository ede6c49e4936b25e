"""The functions of ``formulas`` that are trusted, and the operands for which they are.

A function that is not in ``FUNCTIONS`` is refused. A guard looks at the operands before a call and raises Refusal where
``formulas`` is known to part from Excel, or where Excel's own rule is not certain. Operands are what ``formulas``
itself passes about: Python scalars and two-dimensional object arrays, with its own tokens for blanks and errors.
"""

import functools
import inspect
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from formulas.functions import Array, get_functions, wrap_ufunc
from formulas.functions.operators import OPERATORS
from formulas.tokens.operand import Error, XlError
from schedula import EMPTY

Operand: TypeAlias = Any
"""A Python scalar, one of formulas' tokens, or a two-dimensional object array of these."""

_VALUE, _NUM, _DIV = (Error.errors[code] for code in ("#VALUE!", "#NUM!", "#DIV/0!"))
_RESIDUAL = 1e-15
_PLAIN_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")
# In no locale does a number, a date, a time or a sum of money do without a digit, or have one of these in it.
_NO_NUMBER = re.compile(r"\D*|.*[=@*_^<>\[\]{}|~!?;\"&\\].*", re.DOTALL)


class Refusal(Exception):  # noqa: N818  (not an error of anybody's: a result that is a reason)
    """The engine cannot be sure of this result; the message is the reason."""


class Surprise(Exception):  # noqa: N818
    """The fast path has met something other than plain finite numbers; the general path decides."""


def elements(operand: Operand) -> Iterator[Any]:
    """Every scalar of an operand."""
    return iter(operand.ravel().tolist()) if isinstance(operand, np.ndarray) else iter((operand,))


def is_text(value: object) -> bool:
    """Whether it is a text; formulas' blank and its errors are strings as well."""
    return isinstance(value, str) and value is not EMPTY and not isinstance(value, XlError)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


# --- guards ----------------------------------------------------------------------------------------------------------


def _same_shape(operands: tuple[Operand, ...]) -> None:
    shapes = {operand.shape for operand in operands if isinstance(operand, np.ndarray) and operand.ndim == 2}
    for axis in (0, 1):
        if len({shape[axis] for shape in shapes} - {1}) > 1:
            # Excel fills what the shorter array lacks with #N/A; numpy refuses to broadcast.
            raise Refusal("arrays of different sizes in one operation")


def _numeric(*operands: Operand) -> None:
    _same_shape(operands)
    for operand in operands:
        for value in elements(operand):
            if is_text(value) and not _PLAIN_NUMBER.fullmatch(value) and _is_float_to_python(value):
                raise Refusal(f"arithmetic on the text '{value}'")
            # Excel takes dates, times, sums of money and fractions for numbers.
            if is_text(value) and not _PLAIN_NUMBER.fullmatch(value) and not _NO_NUMBER.fullmatch(value):
                raise Refusal(f"arithmetic on the text '{value}'")


def _is_float_to_python(text: str) -> bool:
    try:
        float(text)  # formulas asks Python, which takes "inf", "1_000" and " 5 "
    except ValueError:
        return False
    return True


def residual(number: Any) -> bool:
    """Whether a number is so small that it may be what a subtraction left, which Excel rounds to zero in a cell."""
    return _is_number(number) and 0 < abs(number) <= _RESIDUAL


def _no_residuals(operand: Operand) -> None:
    if any(residual(value) for value in elements(operand)):
        raise Refusal("a number below 1e-15 where it matters whether it is zero")


def _divisible(dividend: Operand, divisor: Operand) -> None:
    _numeric(dividend, divisor)
    _no_residuals(divisor)


def _not_near_zero(operand: Operand, *others: Operand) -> None:
    _numeric(operand, *others)
    _no_residuals(operand)


def _numbers_only(*operands: Operand) -> None:
    _numeric(*operands)
    for operand in operands:
        # formulas reads "--x" as "+x", which leaves a truth value or a text as it is.
        if any(isinstance(value, bool) or is_text(value) for value in elements(operand)):
            raise Refusal("a unary plus, or a double minus, on something that is not a number")


def close(left: float, right: float) -> bool:
    """Whether two numbers differ, but by so little that Excel, which compares 15 digits, may call them equal."""
    return left != right and abs(left - right) <= max(1e-13 * max(abs(left), abs(right)), _RESIDUAL)


def _orderable(left: Operand, right: Operand) -> None:
    _comparable(left, right)
    if any(is_text(value) and not value.isalnum() for value in (*elements(left), *elements(right))):
        raise Refusal("the order of texts with signs in them")  # Excel sorts signs in an order of its own


def _comparable(left: Operand, right: Operand) -> None:
    _same_shape((left, right))
    for x, y in np.broadcast(*(np.asarray(operand, object) for operand in (left, right))):
        if _is_number(x) and _is_number(y) and close(x, y):
            raise Refusal(f"comparing {x!r} with {y!r}, which Excel, at 15 digits, may call equal")
        if {x is EMPTY, y is EMPTY} == {True, False} and (isinstance(x, bool) or isinstance(y, bool)):
            raise Refusal("comparing a blank with a truth value")
        if any(is_text(value) and not value.isascii() for value in (x, y)):
            raise Refusal("comparing texts with letters beyond ASCII")


def _plain_text(*operands: Operand) -> None:
    _same_shape(operands)
    for operand in operands:
        for value in elements(operand):
            if _is_number(value) and not (float(value).is_integer() and abs(value) < 1e11):
                raise Refusal("a number with decimals turned into text")


def _truth(*operands: Operand) -> None:
    _same_shape(operands)
    if any(is_text(value) for operand in operands for value in elements(operand)):
        raise Refusal("a text where a truth value must stand")


def _condition(condition: Operand, *branches: Operand) -> None:
    _truth(condition)
    _same_shape((condition, *branches))


def _log(number: Operand, base: Operand = 10.0) -> None:
    _not_near_zero(number, base)
    if any(value == 1 for value in elements(base)):
        raise Refusal("a logarithm to base 1")


def _anything(*operands: Operand) -> None:
    _same_shape(operands)


def _unguarded(*_: Operand) -> None:
    """The function itself looks at its operands."""


# --- mends: what formulas gets wrong, or leaves to chance, and Excel documents -------------------------------------


def power(base: float, exponent: float) -> Any:
    """Excel's ``^``: #NUM! for 0^0 and for a negative base with a fractional exponent."""
    if base == 0 and exponent <= 0:
        return _NUM if exponent == 0 else _DIV
    if base < 0 and not float(exponent).is_integer():
        return _NUM
    try:
        return base**exponent
    except OverflowError:
        return _NUM


def whole(number: float) -> float:
    """Excel's INT; formulas has #VALUE! for whole numbers that no 64 bits hold."""
    return float(math.floor(number))


def mmult(left: Operand, right: Operand) -> Any:
    """Excel's MMULT: #VALUE! where the sizes do not fit or a cell is blank or text.

    The product is formulas' own, of Python floats in order, so that it has the bits that ExcelModel has.
    """
    left, right = (np.atleast_2d(np.asarray(operand, object)) for operand in (left, right))
    for value in (*elements(left), *elements(right)):
        if isinstance(value, XlError):
            return value
        if isinstance(value, bool):
            raise Refusal("a matrix product with a truth value in it")
        if not _is_number(value):
            return _VALUE
    return np.dot(left, right).astype(float) if left.shape[1] == right.shape[0] else _VALUE


def transpose(operand: Operand) -> Any:
    """Excel's TRANSPOSE."""
    return np.atleast_2d(np.asarray(operand, object)).T


def sumproduct(*operands: Operand) -> Any:
    """Excel's SUMPRODUCT: arrays of one shape, else #VALUE!; whatever is not a number counts as zero."""
    arrays = [np.atleast_2d(np.asarray(operand, object)) for operand in operands]
    if len({array.shape for array in arrays}) > 1:
        return _VALUE
    return _formulas("SUMPRODUCT")(*(_only_numbers(array, 0.0) for array in arrays))


def _only_numbers(operand: Operand, instead: object) -> Operand:
    kept = [value if _is_number(value) or isinstance(value, XlError) else instead for value in elements(operand)]
    array = np.empty(len(kept), object)
    array[:] = kept
    return array.reshape(operand.shape).view(Array)


@functools.cache
def _formulas(name: str) -> Any:
    found = get_functions()[name]
    return found["function"] if isinstance(found, dict) else found


# --- the table -------------------------------------------------------------------------------------------------------

Kind = Literal["elementwise", "aggregate", "matrix"]


@dataclass(frozen=True, slots=True)
class Function:
    """A trusted function: how it takes arrays, its guard, and how the fast path spells it (``{0}`` an operand).

    An elementwise function works cell by cell; an aggregate makes one value of whole arrays and ignores texts, truth
    values and blanks in references; a matrix function makes an array of arrays. The spelling ``gives`` a number or a
    truth value, out of plain numbers only; None keeps the function off the fast path. ``settled`` is the operand of which
    it matters whether it is zero, or only nearly.
    """

    call: Callable[..., Any]
    kind: Kind
    guard: Callable[..., None] = _unguarded
    spelling: str | None = None
    gives: Literal["number", "truth"] = "number"
    settled: int | None = None


IGNORING = ("SUM", "SUMSQ", "AVERAGE", "MIN", "MAX", "COUNT")
"""The aggregates that pass over texts, truth values and blanks in references."""

_ORDER = {"=": "equal", "<>": "unequal", "<": "less", ">": "greater", "<=": "at_most", ">=": "at_least"}
_UNARY = "ABS SQRT EXP LN LOG10 SIGN TANH SINH COSH ASIN ACOS ATAN DEGREES RADIANS".split()  # noqa: SIM905


def _table() -> dict[str, Function]:
    table = {
        "+": Function(OPERATORS["+"], "elementwise", _numeric, "{0} + {1}"),
        "-": Function(OPERATORS["-"], "elementwise", _numeric, "{0} - {1}"),
        "*": Function(OPERATORS["*"], "elementwise", _numeric, "{0} * {1}"),
        "/": Function(OPERATORS["/"], "elementwise", _divisible, "{0} / {1}", settled=1),
        "^": Function(wrap_ufunc(power), "elementwise", _not_near_zero, "float(power({0}, {1}))", settled=0),
        "%": Function(OPERATORS["%"], "elementwise", _numeric, "{0} / 100.0"),
        "U-": Function(OPERATORS["U-"], "elementwise", _numeric, "-{0}"),
        "U+": Function(OPERATORS["U+"], "elementwise", _numbers_only),
        "&": Function(OPERATORS["&"], "elementwise", _plain_text),
        "POWER": Function(wrap_ufunc(power), "elementwise", _not_near_zero, "float(power({0}, {1}))", settled=0),
        "INT": Function(wrap_ufunc(whole), "elementwise", _numeric, "whole({0})"),
        "LOG": Function(_formulas("LOG"), "elementwise", _log),
        "IF": Function(_formulas("IF"), "elementwise", _condition),
        "NOT": Function(_formulas("NOT"), "elementwise", _truth),
        "IFERROR": Function(_formulas("IFERROR"), "elementwise", _anything),
        "PI": Function(_formulas("PI"), "elementwise"),
        "AND": Function(_formulas("AND"), "aggregate", _truth),
        "OR": Function(_formulas("OR"), "aggregate", _truth),
        "MMULT": Function(mmult, "matrix"),
        "TRANSPOSE": Function(transpose, "matrix"),
        "SUMPRODUCT": Function(sumproduct, "aggregate"),
    }
    for name in _UNARY:
        near_zero = name in ("LN", "LOG10", "SIGN")
        guard = _not_near_zero if near_zero else _numeric
        spelling = f"float(call['{name}']({{0}}))"
        table[name] = Function(_formulas(name), "elementwise", guard, spelling, settled=0 if near_zero else None)
    for name, spelling in _ORDER.items():
        guard = _comparable if name in ("=", "<>") else _orderable
        table[name] = Function(OPERATORS[name], "elementwise", guard, f"{spelling}({{0}}, {{1}})", "truth")
    for name in IGNORING:
        table[name] = Function(_formulas(name), "aggregate")
    return table


FUNCTIONS = _table()


def ignore_non_numbers(name: str, operand: Operand, reference: bool) -> Operand:
    """An operand of an aggregate as Excel sees it: a reference without its texts, truth values and blanks.

    formulas counts the text "5" and FALSE in a range. A computed operand must be numbers: Excel takes a lone TRUE as 1
    and ignores one in an array, and formulas' arrays no longer tell which of the two it was.
    """
    if all(_is_number(value) or isinstance(value, XlError) for value in elements(operand)):
        return operand
    if not reference:
        raise Refusal(f"{name} of something computed that is not a number")
    return _only_numbers(operand, EMPTY)


# --- the fast path's own vocabulary ------------------------------------------------------------------------------------


def _ordering(compare: Callable[[float, float], bool]) -> Callable[[float, float], bool]:
    def ordered(left: float, right: float) -> bool:
        if close(left, right):
            raise Surprise
        return compare(left, right)

    return ordered


def total(numbers: list[float]) -> float:
    """formulas' SUM of plain floats, bit for bit: numpy adds up to eight in order and more of them pairwise."""
    if len(numbers) > 8:
        return float(np.add.reduce(np.array(numbers)))
    result = numbers[0]
    for number in numbers[1:]:
        result += number
    return result


VOCABULARY: dict[str, Any] = {
    "power": power,
    "whole": whole,
    "total": total,
    "Surprise": Surprise,
    "equal": _ordering(lambda x, y: x == y),
    "unequal": _ordering(lambda x, y: x != y),
    "less": _ordering(lambda x, y: x < y),
    "greater": _ordering(lambda x, y: x > y),
    "at_most": _ordering(lambda x, y: x <= y),
    "at_least": _ordering(lambda x, y: x >= y),
    # The plain functions under formulas' array wrappers: the same numpy ufunc on the same float has the same bits.
    "call": {name: inspect.unwrap(_formulas(name)) for name in _UNARY},
}
