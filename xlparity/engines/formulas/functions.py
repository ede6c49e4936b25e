"""The functions of ``formulas`` that are trusted, each with the guard that its operands must pass.

A function that is not in ``FUNCTIONS`` is refused.
"""

import functools
import inspect
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from formulas.functions import Array, get_functions, wrap_ufunc
from formulas.functions.operators import OPERATORS
from formulas.tokens.operand import Error, XlError
from schedula import EMPTY

from xlparity.engines.formulas import guards
from xlparity.engines.formulas.guards import Operand, Refusal, Surprise, close, elements, is_number

_VALUE, _NUM, _DIV = (Error.errors[code] for code in ("#VALUE!", "#NUM!", "#DIV/0!"))

# --- mends: what formulas gets wrong, or leaves to chance, and Excel documents -------------------------------------


def power(base: float, exponent: float, raised: Callable[[Any, Any], Any] = operator.pow) -> Any:
    """Excel's ``^``: #NUM! for 0^0 and for a negative base with a fractional exponent."""
    if base == 0 and exponent <= 0:
        return _NUM if exponent == 0 else _DIV
    if base < 0 and not float(exponent).is_integer():
        return _NUM
    try:
        return raised(base, exponent)
    except OverflowError:
        return _NUM


def numpy_power(base: float, exponent: float) -> Any:
    """Excel's POWER, which is ``^`` by another name; formulas has numpy's, which may end in another bit."""
    return power(base, exponent, np.power)


def whole(number: float) -> float:
    """Excel's INT; formulas has #VALUE! for whole numbers that no 64 bits hold."""
    return float(math.floor(number))


def mmult(left: Operand, right: Operand) -> Any:
    """Excel's MMULT: #VALUE! where the sizes do not fit or a cell is blank or text.

    The product is formulas' own, of Python floats in order, so that it has the bits that ExcelModel has.
    """
    if not isinstance(left, np.ndarray) or not isinstance(right, np.ndarray):
        raise Refusal("a matrix product of something that is no range")  # MMULT(,) is #VALUE! in Excel
    left, right = (np.atleast_2d(np.asarray(operand, object)) for operand in (left, right))
    for value in (*elements(left), *elements(right)):
        if isinstance(value, XlError):
            return value
        if isinstance(value, bool):
            raise Refusal("a matrix product with a truth value in it")
        if not is_number(value):
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
    kept = [value if is_number(value) or isinstance(value, XlError) else instead for value in elements(operand)]
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
    guard: Callable[..., None] = guards.unguarded
    spelling: str | None = None
    gives: Literal["number", "truth"] = "number"
    settled: int | None = None


IGNORING = ("SUM", "SUMSQ", "AVERAGE", "MIN", "MAX", "COUNT")
"""The aggregates that pass over texts, truth values and blanks in references."""

_ORDER = {"=": "equal", "<>": "unequal", "<": "less", ">": "greater", "<=": "at_most", ">=": "at_least"}
_UNARY = "ABS SQRT EXP LN LOG10 SIGN TANH SINH COSH ASIN ACOS ATAN DEGREES RADIANS".split()  # noqa: SIM905


def _table() -> dict[str, Function]:
    table = {
        "+": Function(OPERATORS["+"], "elementwise", guards.numeric, "{0} + {1}"),
        "-": Function(OPERATORS["-"], "elementwise", guards.numeric, "{0} - {1}"),
        "*": Function(OPERATORS["*"], "elementwise", guards.numeric, "{0} * {1}"),
        "/": Function(OPERATORS["/"], "elementwise", guards.divisible, "{0} / {1}", settled=1),
        "^": Function(wrap_ufunc(power), "elementwise", guards.not_near_zero, "float(power({0}, {1}))", settled=0),
        "%": Function(OPERATORS["%"], "elementwise", guards.numeric, "{0} / 100.0"),
        "U-": Function(OPERATORS["U-"], "elementwise", guards.numeric, "-{0}"),
        "U+": Function(OPERATORS["U+"], "elementwise", guards.numbers_only),
        "&": Function(OPERATORS["&"], "elementwise", guards.plain_text),
        "POWER": Function(
            wrap_ufunc(numpy_power), "elementwise", guards.not_near_zero, "float(numpy_power({0}, {1}))", settled=0
        ),
        "INT": Function(wrap_ufunc(whole), "elementwise", guards.not_nearly_whole, "plain_whole({0})"),
        "LOG": Function(_formulas("LOG"), "elementwise", guards.log),
        "IF": Function(_formulas("IF"), "elementwise", guards.condition),
        "NOT": Function(_formulas("NOT"), "elementwise", guards.truth),
        "IFERROR": Function(_formulas("IFERROR"), "elementwise", guards.anything),
        "PI": Function(_formulas("PI"), "elementwise"),
        "AND": Function(_formulas("AND"), "aggregate", guards.truth),
        "OR": Function(_formulas("OR"), "aggregate", guards.truth),
        "MMULT": Function(mmult, "matrix"),
        "TRANSPOSE": Function(transpose, "matrix"),
        "SUMPRODUCT": Function(sumproduct, "aggregate"),
    }
    for name in _UNARY:
        near_zero = name in ("LN", "LOG10", "SIGN", "SQRT")
        guard = guards.not_near_zero if near_zero else guards.numeric
        spelling = f"float(call['{name}']({{0}}))"
        table[name] = Function(_formulas(name), "elementwise", guard, spelling, settled=0 if near_zero else None)
    for name, spelling in _ORDER.items():
        guard = guards.comparable if name in ("=", "<>") else guards.orderable
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
    if all(is_number(value) or isinstance(value, XlError) for value in elements(operand)):
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


def plain_whole(number: float) -> float:
    """INT of a plain float."""
    if guards.nearly_whole(number):
        raise Surprise
    return whole(number)


def total(numbers: list[float]) -> float:
    """formulas' SUM of plain floats, bit for bit: numpy adds up to seven in order and more of them in pairs."""
    if len(numbers) > 7:
        return float(np.add.reduce(np.array(numbers)))
    result = 0.0  # as numpy starts, so that the sum of negative zeros is a positive one
    for number in numbers:
        result += number
    return result


VOCABULARY: dict[str, Any] = {
    "power": power,
    "numpy_power": numpy_power,
    "plain_whole": plain_whole,
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
