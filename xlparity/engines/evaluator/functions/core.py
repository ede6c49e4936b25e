"""The operators, and the functions that have array kernels: formulas' own, but for what it gets wrong and Excel documents."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from formulas.functions import Array, wrap_ufunc
from formulas.functions.operators import OPERATORS
from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator import guards
from xlparity.engines.evaluator.functions.areas import Lines
from xlparity.engines.evaluator.functions.conversions import DIV, NUM, VALUE, to_number
from xlparity.engines.evaluator.functions.matching import LONGEST_TEXT, order_of_texts, same_text
from xlparity.engines.evaluator.functions.signatures import (
    Function,
    Origin,
    by_formulas,
    delegated,
    formulas_function,
    formulas_later,
    function,
)
from xlparity.engines.evaluator.guards import Operand, Refusal, elements, is_number
from xlparity.engines.evaluator.readings import either
from xlparity.excel.expand import UNION, WITHOUT_ERRORS

ARRAY_ROW = "ARRAY,"
"""The name of the calls that make a row of an array constant, which formulas' parser does not tell from the rest."""

SYNTAX = frozenset((ARRAY_ROW, "ARRAY", UNION, WITHOUT_ERRORS))
"""The names of what makes array constants, and of what formulas are written out with, which are no functions of Excel."""

# --- mends: what formulas gets wrong, or leaves to chance, and Excel documents -------------------------------------


def power(base: float, exponent: float) -> Any:
    """Excel's ``^``: #NUM! for 0^0 and for a negative base with a fractional exponent."""
    if base == 0 and exponent <= 0:
        return NUM if exponent == 0 else DIV
    if base < 0 and not float(exponent).is_integer():
        return NUM
    try:
        return base**exponent
    except OverflowError:
        return NUM


def whole(number: float) -> float:
    """Excel's INT; formulas has #VALUE! for whole numbers that no 64 bits hold."""
    return float(guards.whole_part(number, math.floor))


def mmult(left: Array, right: Array) -> Any:
    """Excel's MMULT: #VALUE! where the sizes do not fit or a cell is blank or text.

    The product is formulas' own, of Python floats in order, so that it has the bits that ExcelModel has.
    """
    for value in (*elements(left), *elements(right)):
        if isinstance(value, XlError):
            return value
        if isinstance(value, bool):
            raise Refusal("a matrix product with a truth value in it")
        if not is_number(value):
            return VALUE
    if left.shape[1] != right.shape[0]:
        return VALUE
    return np.atleast_2d(by_formulas("MMULT", left, right))  # an overflow in an array is #NUM!


def transpose(operand: Operand) -> Any:
    """Excel's TRANSPOSE, of a single value as well."""
    return by_formulas("TRANSPOSE", np.atleast_2d(np.asarray(operand, object)))


def doubly_negated(value: Any) -> Any:
    """What two minus signs make of a value: a number."""
    return to_number("--", value)


def array_row(*operands: Operand) -> Any:
    """One row of an array constant."""
    return np.hstack([np.atleast_2d(np.asarray(operand, object)) for operand in operands])


def array_constant(*rows: Operand) -> Any:
    """An array constant such as ``{1,2;3,4}``, of its rows; formulas makes a row of a column."""
    return np.vstack(rows)


def summed(*operands: Operand) -> Any:
    """Excel's SUM: one number after the other, as they stand; numpy adds more than seven of them in pairs.

    In the rounded reading each step makes zero of what is less than 8 units in the last place of the sum so far.
    """
    total = rounded = 0.0
    for operand in operands:
        for value in elements(operand):
            if isinstance(value, XlError):
                return value
            if is_number(value):
                before, total = rounded, total + float(value)
                rounded = before + float(value)
                if guards.lost(rounded, before):
                    rounded = 0.0
    return total if total == rounded else either(total, rounded)


def average(*operands: Operand) -> Any:
    """Excel's AVERAGE."""
    total = summed(*operands)
    count = sum(is_number(value) for operand in operands for value in elements(operand))
    if isinstance(total, XlError):
        return total
    if not count:
        return DIV
    return total / count


def sumproduct(*operands: Operand) -> Any:
    """Excel's SUMPRODUCT: arrays of one shape, else #VALUE!; whatever is not a number counts as zero.

    An error instead of an array, a deleted reference say, is the result, and #VALUE! where a text is the only element.
    """
    errors = {str(operand): operand for operand in operands if isinstance(operand, XlError)}
    if len(errors) > 1:
        raise Refusal("SUMPRODUCT of errors of several kinds")
    if errors:
        return errors.popitem()[1]
    arrays = [np.atleast_2d(np.asarray(operand, object)) for operand in operands]
    if len({array.shape for array in arrays}) > 1:
        if any(array.size == 1 and isinstance(array[0, 0], XlError) for array in arrays):
            raise Refusal("SUMPRODUCT of arrays and an error beside them")
        return VALUE
    lone = [next(elements(operand)) for operand in operands if np.size(operand) == 1 and not isinstance(operand, Lines)]
    if any(isinstance(value, bool) or value is EMPTY for value in lone):
        raise Refusal("SUMPRODUCT of a single truth value or blank")
    if any(map(guards.is_text, lone)):  # Excel stored #VALUE! for it
        return VALUE
    return formulas_function("SUMPRODUCT")(*(_only_numbers(array, 0.0) for array in arrays))


def _only_numbers(operand: Operand, instead: object) -> Operand:
    operand = np.atleast_2d(np.asarray(operand, object))
    kept = [value if is_number(value) or isinstance(value, XlError) else instead for value in elements(operand)]
    array = np.empty(len(kept), object)
    array[:] = kept
    return array.reshape(operand.shape).view(Array)


def joined(left: str, right: str) -> Any:
    """Excel's ``&``: #VALUE! where the text is longer than a cell may hold."""
    return left + right if len(left) + len(right) <= LONGEST_TEXT else VALUE


def compared(name: str) -> Callable[[Operand, Operand], Any]:
    """A comparison, in the rounded reading of fifteen digits."""

    def compare(left: Operand, right: Operand) -> Any:
        if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
            one, other = map(np.copy, np.broadcast_arrays(np.asarray(left, object), np.asarray(right, object)))
            for index in np.ndindex(one.shape):
                one[index], other[index] = _levelled(one[index], other[index], name in _INEQUALITIES)
            return OPERATORS[name](one.view(Array), other.view(Array))
        return OPERATORS[name](*_levelled(left, right, name in _INEQUALITIES))

    return compare


def _levelled(left: Any, right: Any, ordered: bool) -> tuple[Any, Any]:
    """The operands, twice the left one where Excel takes both for one: texts, or in the rounded reading fifteen digits.

    A blank is FALSE beside a truth value, as it is 0 beside a number. Texts that are to be ``ordered`` are single letters,
    since formulas would order them by the codes of their characters.
    """
    if guards.is_text(left) and guards.is_text(right):
        if same_text(left, right):
            return left, left
        if ordered:
            return ("a", "b") if order_of_texts(left.lower(), right.lower()) < 0 else ("b", "a")
        return left, right
    if left is EMPTY and isinstance(right, bool):
        return False, right
    if right is EMPTY and isinstance(left, bool):
        return left, False
    one, other = (0.0 if operand is EMPTY else operand for operand in (left, right))
    if is_number(one) and is_number(other) and guards.close(float(one), float(other)):
        return left, either(right, left)
    return left, right


def chosen(condition: bool, then: Any, otherwise: Any = False) -> Any:
    """Excel's IF; an argument of which only the comma is there is a zero."""
    return then if condition else otherwise


def unless_error(value: Any, instead: Any) -> Any:
    """Excel's IFERROR."""
    return instead if isinstance(value, XlError) else value


def logical(name: str) -> Function:
    """AND, OR or XOR: formulas' own of all truth values there are, #VALUE! of none."""

    def called(*operands: list[bool | None]) -> Any:
        values = [value for operand in operands for value in operand]
        known = [value for value in values if value is not None]
        if known and len(known) < len(values):
            raise Refusal("a text among truth values")
        return by_formulas(name, known) if known else VALUE

    return function(called, "logicals*", "aggregate", by="formulas")


# --- the table -------------------------------------------------------------------------------------------------------


_MOST = 100_000  # operands: Excel takes 255, and a subtotal over filtered rows is written with more
_IGNORING = ("SUM", "SUMSQ", "AVERAGE", "MIN", "MAX", "COUNT")
# Added up in pairs these are 14, and one after the other 0.
_IN_ORDER = "{10000000000000000,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,-10000000000000000}"
_INEQUALITIES = ("<", ">", "<=", ">=")
_ORDER = ("=", "<>", *_INEQUALITIES)
NUMERIC = "ABS SQRT EXP LN LOG10 SIGN TANH SINH COSH ASIN ACOS ATAN DEGREES RADIANS".split()  # noqa: SIM905


def _table() -> dict[str, Function]:
    table = {
        "^": Function(wrap_ufunc(power), "elementwise", guards.no_odd_root, own="0^0"),
        "U+": Function(lambda operand: operand, "elementwise", guards.unguarded, own='(+Y1)&"x"'),  # a blank stays one
        "--": function(doubly_negated, "scalar"),
        ARRAY_ROW: Function(array_row, "matrix"),
        "ARRAY": Function(array_constant, "matrix"),
        "&": function(joined, "text text", own='REPT("a",32767)&"b"'),
        "POWER": Function(formulas_later("POWER"), "elementwise", guards.no_odd_root, by="formulas"),
        "INT": Function(wrap_ufunc(whole), "elementwise", guards.numeric, own="INT(1E+20)"),
        "LOG": Function(formulas_later("LOG"), "elementwise", guards.log, by="formulas"),
        "IF": function(chosen, "condition branch_ branch~", refers=slice(1, None), own='IF(TRUE,Y1,1)&"x"'),
        "NOT": delegated("NOT", "condition"),
        "IFERROR": function(unless_error, "scalar scalar_", own='IFERROR(Y1,7)&"x"'),
        "PI": Function(formulas_later("PI"), "elementwise", by="formulas"),
        "AND": logical("AND"),
        "OR": logical("OR"),
        "MMULT": function(mmult, "table table", "matrix", by="formulas"),
        "TRANSPOSE": Function(transpose, "matrix", by="formulas"),
        "SUMPRODUCT": Function(sumproduct, "aggregate", by="formulas"),
        "SUM": Function(summed, "aggregate", ignoring=True, own=f"SUM({_IN_ORDER})"),
        "AVERAGE": Function(average, "aggregate", ignoring=True, own=f"AVERAGE({_IN_ORDER})"),
    }
    for name in ("+", "-", "*", "/", "%", "U-"):
        table[name] = Function(OPERATORS[name], "elementwise", guards.numeric, by="formulas")
    for name in NUMERIC:
        table[name] = Function(formulas_later(name), "elementwise", guards.numeric, by="formulas")
    for name in _ORDER:
        table[name] = Function(compared(name), "elementwise", guards.comparable, by="formulas")
    for name in ("SUMSQ", "MIN", "MAX", "COUNT"):
        table[name] = Function(formulas_later(name), "aggregate", ignoring=True, by="formulas")
    return {name: replace(known, arity=_arity(name)) for name, known in table.items()}


def _arity(name: str) -> tuple[int, int] | None:
    """How many operands formulas may be given; Excel would not take a formula with others."""
    if name in (*NUMERIC, "%", "U-", "U+", "INT", "TRANSPOSE"):
        return 1, 1
    if name in ("+", "-", "*", "/", "^", "POWER", "MMULT", *_ORDER):
        return 2, 2
    return {"PI": (0, 0), "LOG": (1, 2)}.get(name, (1, _MOST) if name in (*_IGNORING, "SUMPRODUCT") else None)


FUNCTIONS = _table()


def ignore_non_numbers(name: str, operand: Operand, origin: Origin) -> Operand:
    """An operand of an aggregate as Excel sees it: a reference without its texts, truth values and blanks.

    formulas counts the text "5" and FALSE in a range. In an array of several elements Excel passes them over as well, but a
    lone TRUE counts as 1, and a computed blank may be a zero. What the formula spells out is a number, or #VALUE!.
    """
    if all(is_number(value) or isinstance(value, XlError) for value in elements(operand)):
        return operand
    if origin == "constant" and not isinstance(operand, np.ndarray):
        return to_number(name, operand)
    if origin != "reference" and (np.size(operand) == 1 or any(value is EMPTY for value in elements(operand))):
        raise Refusal(f"{name} of something computed that is not a number")
    return _only_numbers(operand, EMPTY)
