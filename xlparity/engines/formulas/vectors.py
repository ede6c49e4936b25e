"""The steps of programs over many sets of inputs at once, as numpy operations, each with the sets in which it is doubtful.

A cell is an array over sets, (sets,), or a float where it is the same in all; a range is (rows, columns, sets).
"""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from xlparity.engines.formulas import guards
from xlparity.engines.formulas.fast import VOCABULARY, Step
from xlparity.engines.formulas.functions.core import NUMERIC

Shape: TypeAlias = tuple[int, int] | None
"""(rows, columns), or None for a value that is no table; a cell is a table of one."""

Call: TypeAlias = Callable[..., Any]
"""A step on the list of doubts, to which it may add, and its operands."""


Kind: TypeAlias = Literal["number", "truth", "any"]


class Known(NamedTuple):
    """What is known of an operand before there are any: a number, a truth value, or either or a text; and its shape."""

    kind: Kind
    shape: Shape

    @property
    def table(self) -> tuple[int, int]:
        """The shape as a table."""
        return self.shape or (1, 1)


def vector_step(step: Step, operands: Sequence[Known]) -> tuple[Call, Known] | None:
    """The step's vector form and what is known of its result."""
    kinds = {operand.kind for operand in operands}
    if step.name == "IF":
        return _if(operands)
    if "any" in kinds:
        return None
    if step.name in _AGGREGATES:
        return (_AGGREGATES[step.name], Known("number", None)) if kinds == {"number"} else None
    if step.name == "SUMPRODUCT":
        alike = len({operand.table for operand in operands}) == 1
        size = max(math.prod(operand.table) for operand in operands)
        return (_sumproduct(size), Known("number", None)) if kinds == {"number"} and alike else None
    if step.name == "MMULT":
        return _mmult_of(*operands) if kinds == {"number"} else None
    if step.name == "TRANSPOSE":
        rows, columns = operands[0].table
        return _transposed, Known(operands[0].kind, (columns, rows))
    if step.name in ("AND", "OR", "NOT"):
        plain = kinds == {"truth"} and all(operand.table == (1, 1) for operand in operands)
        return (_LOGICAL[step.name], Known("truth", None)) if plain else None
    return _elementwise(step.name, operands, kinds)


def _elementwise(name: str, operands: Sequence[Known], kinds: set[Kind]) -> tuple[Call, Known] | None:
    if not _fits(operands):
        return None
    shape = _broadcast(operands)
    if name in _COMPARISONS:
        if kinds == {"truth"}:  # which may be equal or not; their order is left to the scalar path
            return (_plainly(_COMPARISONS[name]), Known("truth", shape)) if name in ("=", "<>") else None
        return (_compared(_COMPARISONS[name]), Known("truth", shape)) if kinds == {"number"} else None
    call = _ARITHMETIC.get(name)
    if call is None or (name == "U+" and "truth" in kinds):
        return None
    if name in ("+", "-"):
        call = _left_over(call)
    elif name in guards.EXACT:
        call = _smallest(call)
    return (_of_numbers(call) if "truth" in kinds else call), Known("number", shape)


def _fits(operands: Sequence[Known]) -> bool:
    return all(len({operand.table[axis] for operand in operands} - {1}) <= 1 for axis in (0, 1))


def _broadcast(operands: Sequence[Known]) -> Shape:
    if all(operand.shape is None for operand in operands):
        return None
    return max(operand.table[0] for operand in operands), max(operand.table[1] for operand in operands)


# --- the steps -------------------------------------------------------------------------------------------------------


def _doubt(doubts: list[Any], odd: Any) -> None:
    if odd.any():
        doubts.append(odd)


def _plainly(call: Callable[..., Any]) -> Call:
    return lambda doubts, *operands: call(*operands)


def _of_numbers(call: Call) -> Call:
    """The step with truth values among its operands taken for numbers."""
    return lambda doubts, *operands: call(doubts, *(np.asarray(operand, float) for operand in operands))


def _left_over(call: Call) -> Call:
    """An addition, doubtful where it leaves so little of its first operand that Excel may make zero of it."""

    def added(doubts: list[Any], left: Any, right: Any) -> Any:
        result = call(doubts, left, right)
        little = np.abs(result) < guards.LOST * np.abs(left)
        if little.any():
            _doubt(doubts, little & (result != 0))
        return result

    return added


def _smallest(call: Call) -> Call:
    """A step that is doubtful where it gives a number smaller than Excel's smallest."""

    def checked(doubts: list[Any], *operands: Any) -> Any:
        result = call(doubts, *operands)
        size = np.abs(result)
        if not size.min() >= guards.SMALLEST:  # so too where a set that is doubted already has a nan
            _doubt(doubts, (size < guards.SMALLEST) & (size > 0))
        return result

    return checked


def _compared(compare: Callable[[Any, Any], Any]) -> Call:
    """A comparison, doubtful where the numbers differ by so little that Excel may call them equal."""

    def compared(doubts: list[Any], left: Any, right: Any) -> Any:
        size = np.maximum(np.abs(left), np.abs(right))
        close = np.abs(left - right) <= np.maximum(guards.CLOSE * size, guards.CLOSEST)
        if close.any():
            _doubt(doubts, close & (left != right))
        return compare(left, right)

    return compared


def _whole(doubts: list[Any], number: Any) -> Any:
    apart = np.abs(number - np.rint(number))
    _doubt(doubts, (apart > 0) & (apart <= guards.NEARLY_WHOLE * np.abs(number)))
    return np.floor(number)


def _logarithm(doubts: list[Any], number: Any, base: Any = 10.0) -> Any:
    _doubt(doubts, (np.asarray(base) <= 0) | (np.asarray(base) == 1))
    return np.log(number) / np.log(base)


def _powers(raised: Callable[[list[float], list[float]], list[Any]]) -> Call:
    """A power, number by number: numpy's own ends in another bit now and then, and equal numbers must stay equal."""

    def power(doubts: list[Any], base: Any, exponent: Any) -> Any:
        base, exponent = np.broadcast_arrays(base, exponent)
        odd = (base == 0) & (exponent <= 0) | (base < 0) & (exponent != np.floor(exponent))
        _doubt(doubts, odd)
        plain = np.where(odd, 1.0, base)
        return np.array(raised(plain.ravel().tolist(), exponent.ravel().tolist()), float).reshape(plain.shape)

    return power


def _python_powers(bases: list[float], exponents: list[float]) -> list[Any]:
    try:
        return list(map(operator.pow, bases, exponents))
    except OverflowError:
        return [_python_power(base, exponent) for base, exponent in zip(bases, exponents, strict=True)]


def _python_power(base: float, exponent: float) -> Any:
    try:
        return base**exponent
    except OverflowError:
        return math.inf


def _numpy_powers(bases: list[float], exponents: list[float]) -> list[Any]:
    return list(map(np.power, bases, exponents))


def _rows(operand: Any) -> Any:
    """Every cell of an operand, row by row: (cells, sets), or (cells, 1)."""
    array = np.asarray(operand)
    return array.reshape(-1, array.shape[-1]) if array.ndim == 3 else array.reshape(1, -1)


def _cells(operands: tuple[Any, ...]) -> Any:
    """The cells of all operands, one after the other."""
    if len(operands) == 1:
        return _rows(operands[0])
    parts = [_rows(operand) for operand in operands]
    sets = max(part.shape[1] for part in parts)
    return np.concatenate([np.broadcast_to(part, (len(part), sets)) for part in parts])


def _total(doubts: list[Any], *operands: Any) -> Any:
    sums = np.add.accumulate(_cells(operands), axis=0)  # one number after the other
    sizes = np.abs(sums)
    little = sizes[1:] < guards.LOST * sizes[:-1]
    if little.any():
        _doubt(doubts, (little & (sizes[1:] > 0)).any(axis=0))
    return sums[-1]


def _mean(doubts: list[Any], *operands: Any) -> Any:
    return _total(doubts, *operands) / _number(doubts, *operands)


def _number(doubts: list[Any], *operands: Any) -> float:
    return float(sum(len(_rows(operand)) for operand in operands))


def _in_pairs(cells: Any) -> Any:
    """The sums of (cells, sets) over cells as numpy adds a list of floats, in pairs where they are many."""
    return np.ascontiguousarray(cells.T).sum(axis=1)


def _sumproduct(size: int) -> Call:
    def sumproduct(doubts: list[Any], *operands: Any) -> Any:
        product, scale = 1.0, float(size)
        for operand in operands:
            cells = _rows(operand)
            product, scale = product * cells, scale * np.abs(cells).max(axis=0)
        result = _in_pairs(product)
        small = np.abs(result) <= guards.SMALL_PRODUCT * scale
        if small.any():
            _doubt(doubts, small & (result != 0))
        return result

    return sumproduct


def _mmult_of(left: Known, right: Known) -> tuple[Call, Known] | None:
    """A product of matrices, added up in order; of sizes that do not fit, or of no table, it is not a matter of numbers."""
    if left.shape is None or right.shape is None or left.shape[1] != right.shape[0]:
        return None
    size = max(math.prod(left.shape), math.prod(right.shape))

    def mmult(doubts: list[Any], left: Any, right: Any) -> Any:
        left, right = (
            operand if np.ndim(operand) == 3 else np.reshape(operand, (1, 1, -1)) for operand in (left, right)
        )
        result = left[:, 0, None] * right[None, 0]
        for k in range(1, left.shape[1]):
            result = result + left[:, k, None] * right[None, k]
        scale = np.abs(left).max(axis=(0, 1)) * np.abs(right).max(axis=(0, 1)) * size
        small = np.abs(result) <= guards.SMALL_PRODUCT * scale
        if small.any():
            _doubt(doubts, small & (result != 0))
        return result

    return mmult, Known("number", (left.shape[0], right.shape[1]))


def _transposed(doubts: list[Any], operand: Any) -> Any:
    return operand.swapaxes(0, 1) if np.ndim(operand) == 3 else operand


def _if(operands: Sequence[Known]) -> tuple[Call, Known] | None:
    """IF with both branches: cell by cell, or one table or the other of the same shape."""
    if len(operands) != 3 or operands[0].kind != "truth":
        return None
    tables = {operand.table for operand in operands[1:]}
    many = math.prod(operands[0].table) > 1
    if tables - {(1, 1), operands[0].table} if many else len(tables) > 1:
        return None
    shape = max((operands[0].table, operands[1].table)) if many or (len(tables) == 1 and tables != {(1, 1)}) else None
    kinds = {operand.kind for operand in operands[1:]}
    if len(kinds) == 1 and "any" not in kinds:
        return _plainly(np.where), Known(operands[1].kind, shape)
    return _plainly(lambda truth, *branches: np.where(truth, *map(_anything, branches))), Known("any", shape)


def _anything(operand: Any) -> Any:
    array = np.asarray(operand)
    return array if array.dtype == object else (array + 0.0 if array.dtype == float else array).astype(object)


# --- the table -------------------------------------------------------------------------------------------------------

NOT_HIDING = frozenset(("+", "-", "*", "U-", "U+", "--", "%"))  # of an infinity these make an infinity or a nan

_ARITHMETIC: dict[str, Call] = {
    "+": _plainly(operator.add),
    "-": _plainly(operator.sub),
    "*": _plainly(operator.mul),
    "/": _plainly(np.divide),
    "U-": _plainly(operator.neg),
    "U+": _plainly(lambda operand: operand),
    "--": _plainly(lambda operand: operand),
    "%": _plainly(lambda operand: operand / 100.0),
    "^": _powers(_python_powers),
    "POWER": _powers(_numpy_powers),
    "INT": _whole,
    "LOG": _logarithm,
    "PI": _plainly(lambda: math.pi),
    **{name: _plainly(VOCABULARY["call"][name]) for name in NUMERIC},
}

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip

_AGGREGATES: dict[str, Call] = {
    "SUM": _total,
    "COUNT": _number,
    "AVERAGE": _mean,
    "MIN": lambda doubts, *operands: _cells(operands).min(axis=0),
    "MAX": lambda doubts, *operands: _cells(operands).max(axis=0),
    "SUMSQ": lambda doubts, *operands: _in_pairs(np.square(_cells(operands))),
}

_LOGICAL: dict[str, Call] = {
    "AND": _plainly(lambda *operands: np.logical_and.reduce(np.broadcast_arrays(*operands))),
    "OR": _plainly(lambda *operands: np.logical_or.reduce(np.broadcast_arrays(*operands))),
    "NOT": _plainly(np.logical_not),
}

STRICT = frozenset(_ARITHMETIC) | frozenset(_COMPARISONS) | (frozenset(_AGGREGATES) - {"COUNT"}) | {"SUMPRODUCT"}
"""The steps that come to an error value as soon as one of their operands has one in it."""
