"""Array kernels: the steps of a program, computed over many cells and samples at once.

A lane is one cell in one sample. An operand is an array over lanes, (lanes,), or (rows, columns, lanes) for a range. Error
values, blanks and truth values have kinds next to the numbers. A lane that no kernel here computes has the kind ``ODD``, and
the program computes it alone, as it does wherever an argument has no value. Results have the same bits as the program's: a
test compares each kernel with it.
"""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xlparity.engines.evaluator import guards
from xlparity.engines.evaluator.functions.core import NUMERIC
from xlparity.engines.evaluator.functions.rounding import MOD_LIMIT
from xlparity.engines.evaluator.functions.signatures import plain_function
from xlparity.engines.evaluator.program import Program, Step
from xlparity.excel.batch import DIV, EMPTY_CELL, FIRST_ERROR, NUM, NUMBER, TEXT, TRUTH, Kinds, Words, encode

_MOST_DIGITS = 15
_TOO_CLOSE = 1e-13  # distance from a tie: fifteen digits are within 5e-15 of the number, and scaling it within an ulp
_LARGEST_EXACT = 2.0**50  # up to which a scaled number has a fraction
ODD = 255
"""The kind of a value that no kernel computes."""

Shape: TypeAlias = tuple[int, int] | None
"""(rows, columns), or None for a value that is no table."""
Mask: TypeAlias = NDArray[np.bool_]


def some(mask: Any) -> bool:
    """Whether any element is true, or not zero; on small arrays faster than numpy's ``any``."""
    return bool(np.count_nonzero(mask))


def every(mask: Any) -> bool:
    """Whether all elements are true."""
    return bool(np.count_nonzero(mask) == np.size(mask))


class LaneOperand(NamedTuple):
    """Numbers, or truth values in an array of bools; ``kinds`` is None where all values have the kind of the array.

    ``only_errors`` says that the kinds are ``NUMBER``, error values and ``ODD`` alone. What stands beside an error value is
    any finite number.
    """

    values: Any
    kinds: Any = None
    only_errors: bool = False


class Known(NamedTuple):
    """What is known of an operand before it is computed: its shape, and whether it is a reference."""

    shape: Shape
    reference: bool = False

    @property
    def table(self) -> tuple[int, int]:
        """The shape as a table."""
        return self.shape or (1, 1)


class Lanes:
    """The reading in which the lanes are computed, and the lanes in which the result depends on it.

    ``words`` are the texts to which the operands refer.
    """

    def __init__(self, count: int, words: Words, *, rounded: bool) -> None:
        self.count, self.words, self.rounded = count, words, rounded
        self.decided: Mask | None = None

    def either(self, exact: Any, rounded: Any, where: Any) -> Any:
        """The result in this reading; the two readings differ where ``where`` is true."""
        if not some(where):
            return exact
        lanes = where.any(axis=(0, 1)) if where.ndim == 3 else where
        lanes = np.broadcast_to(lanes, (self.count,))
        self.decided = lanes.copy() if self.decided is None else self.decided | lanes
        return np.where(where, rounded, exact) if self.rounded else exact


Call: TypeAlias = Callable[..., LaneOperand]
"""A kernel: a function of the lanes and the operands of a step."""


class Work(NamedTuple):
    """A step's kernel, the slots of its operands and the slot of its result."""

    call: Call
    operands: tuple[int, ...]
    result: int


class Plan(NamedTuple):
    """The kernels of a program for arguments of certain shapes; ``shape`` is that of the result.

    ``largest`` are the elements of the largest array that is made on the way.
    """

    arguments: int
    constants: tuple[float | bool | str, ...]
    work: tuple[Work, ...]
    result: int
    shape: Shape
    largest: int

    def run(self, lanes: Lanes, arguments: Sequence[LaneOperand]) -> LaneOperand:
        """The program's result for these arguments."""
        constants = [_held(constant, lanes.words) for constant in self.constants]
        slots: list[Any] = [*arguments, *constants, *[None] * len(self.work)]
        for call, operands, result in self.work:
            slots[result] = call(lanes, *[slots[slot] for slot in operands])
        return slots[self.result]  # type: ignore[no-any-return]


def plan(program: Program, shapes: Sequence[tuple[int, int]]) -> Plan | None:
    """The program's kernels, or None where a step has none, or is refused for all numbers."""
    known = [Known(None if shape == (1, 1) else shape, reference=True) for shape in shapes]
    constants: list[float | bool | str] = []
    for constant in program.constants:
        if type(constant) not in (int, float, bool, str):  # an error value is a subclass of str
            return None
        known.append(Known(None))
        constants.append(float(constant) if type(constant) is int else constant)
    work: list[Work] = []
    largest = 1
    for step in program.steps:
        operands = [known[slot] for slot in step.operands]
        single = [known[slot] for slot in step.operands if (step.result, slot) in program.single]
        if program.omitted in step.operands or any(math.prod(one.table) > 1 for one in single):
            return None
        made = _kernel(step, operands)
        if made is None:
            return None
        if math.prod(made[1].table) > guards.LARGEST_ARRAY:  # which the program refuses, with the reason
            return None
        largest = max(largest, math.prod(made[1].table))
        work.append(Work(made[0], step.operands, step.result))
        known.append(made[1])
    result = known[program.result]
    if math.prod(result.table) > 1 and not program.array:
        return None
    return Plan(program.arguments, tuple(constants), tuple(work), program.result, result.shape, largest)


def _held(constant: float | bool | str, words: Words) -> LaneOperand:
    if not isinstance(constant, str):
        return LaneOperand(np.asarray(constant))
    place, kind = encode(constant, words)
    return LaneOperand(np.asarray(place), np.asarray(kind, np.uint8))


def _kernel(step: Step, operands: Sequence[Known]) -> tuple[Call, Known] | None:
    """The step's kernel, and what is known of its result."""
    name = step.name
    if name in _CHOICES:
        return _choice(name, operands)
    if name in _AGGREGATES:
        # In a computed array a text or a truth value is not always ignored.
        passing = all(operand.reference for operand in operands)
        return (_aggregate(_AGGREGATES[name], passing=passing), Known(None))
    if name == "SUMPRODUCT":
        alike = len({operand.table for operand in operands}) == 1 and math.prod(operands[0].table) > 1
        return (_sumproduct(math.prod(operands[0].table)), Known(None)) if alike else None
    if name == "MMULT":
        return _mmult_of(*operands)
    if name == "TRANSPOSE":
        rows, columns = operands[0].table
        return _transposed, Known((columns, rows))
    call = _ELEMENTWISE.get(name)
    if call is None or not _fits(operands) or (name in _OF_TWO and len(operands) != 2):
        return None
    return call, Known(_broadcast(operands))


def _fits(operands: Sequence[Known]) -> bool:
    return all(len({operand.table[axis] for operand in operands} - {1}) <= 1 for axis in (0, 1))


def _broadcast(operands: Sequence[Known]) -> Shape:
    if all(operand.shape is None for operand in operands):
        return None
    return max(operand.table[0] for operand in operands), max(operand.table[1] for operand in operands)


# --- kinds -----------------------------------------------------------------------------------------------------------


def _numbers(operand: LaneOperand) -> tuple[Any, Any]:
    """The operand as numbers, a blank as 0 and a truth value as 0 or 1; and the kinds of values that are no numbers."""
    values, kinds, only_errors = operand
    if values.dtype == bool:
        return values.astype(float), None
    if kinds is None or only_errors:
        return values, kinds
    error_kinds = _error_kinds(kinds)
    return values, error_kinds if error_kinds.any() else None


def _error_kinds(kinds: Kinds) -> Kinds:
    """The kinds of error values, ODD for texts and reasons, and 0 for all other values."""
    return np.where(kinds <= TRUTH, 0, np.where(kinds >= FIRST_ERROR, kinds, ODD)).astype(np.uint8)


def _either(one: Any, other: Any) -> Any:
    """The error kinds of one of two operands; ODD where both have different ones, which the program decides."""
    if one is None or other is None or one is other:
        return other if one is None else one
    both, less = np.maximum(one, other), np.minimum(one, other)
    return np.where((less != 0) & (less != both), np.uint8(ODD), both) if some(less) else both


def _result(values: Any, error_kinds: Any, failed: int = NUM) -> LaneOperand:
    """Numbers, with an error value where they are not finite, and where an operand had an error kind."""
    finite = np.isfinite(values)
    kinds = error_kinds
    if not every(finite):
        kinds = np.where(finite, np.uint8(NUMBER), np.uint8(failed))
        if error_kinds is not None:
            kinds = np.where(error_kinds != 0, error_kinds, kinds)
        values = np.where(finite, values, 0.0)
    if kinds is None:
        return LaneOperand(values)
    if kinds.shape != values.shape:
        values, kinds = np.broadcast_arrays(values, kinds)
    return LaneOperand(values, kinds, only_errors=True)


def _truths(values: Any, error_kinds: Any) -> LaneOperand:
    """Truth values, with the error kinds of the operands."""
    if error_kinds is None:
        return LaneOperand(values)
    values, kinds = np.broadcast_arrays(values, np.where(error_kinds != 0, error_kinds, TRUTH).astype(np.uint8))
    return LaneOperand(values.astype(float), kinds)


# --- cell by cell ----------------------------------------------------------------------------------------------------


def _unary(call: Callable[[Any], Any]) -> Call:
    def unary(lanes: Lanes, operand: LaneOperand) -> LaneOperand:
        values, error_kinds = _numbers(operand)
        return _result(call(values), error_kinds)

    return unary


def _sum_of_two(call: Callable[[Any, Any], Any]) -> Call:
    """An addition or a subtraction, in the rounded reading 0 for a cancellation residue."""

    def added(lanes: Lanes, left: LaneOperand, right: LaneOperand) -> LaneOperand:
        (x, one), (y, other) = _numbers(left), _numbers(right)
        result = call(x, y)
        lost = np.abs(result) < guards.LOST * np.abs(x)
        if some(lost):
            result = lanes.either(result, 0.0, lost & (result != 0))
        return _result(result, _either(one, other))

    return added


def _smallest(lanes: Lanes, result: Any) -> Any:
    """The result, in the rounded reading with 0 for numbers smaller than Excel's."""
    size = np.abs(result)
    small = size < guards.SMALLEST
    return lanes.either(result, 0.0, small & (size > 0)) if some(small) else result


def _product(lanes: Lanes, left: LaneOperand, right: LaneOperand) -> LaneOperand:
    (x, one), (y, other) = _numbers(left), _numbers(right)
    return _result(_smallest(lanes, x * y), _either(one, other))


def _quotient(lanes: Lanes, left: LaneOperand, right: LaneOperand) -> LaneOperand:
    (x, one), (y, other) = _numbers(left), _numbers(right)
    error_kinds, zero = _either(one, other), y == 0
    if some(zero):
        earlier = np.uint8(0) if error_kinds is None else error_kinds
        error_kinds = np.where(zero & (earlier == 0), np.uint8(DIV), earlier)
    return _result(_smallest(lanes, x / y), error_kinds)


def _percent(lanes: Lanes, operand: LaneOperand) -> LaneOperand:
    values, error_kinds = _numbers(operand)
    return _result(_smallest(lanes, values / 100.0), error_kinds)


def _exact(call: Callable[[Any], Any]) -> Call:
    def exact(lanes: Lanes, operand: LaneOperand) -> LaneOperand:
        values, error_kinds = _numbers(operand)
        return _result(_smallest(lanes, call(values)), error_kinds)

    return exact


def _powers(raised: Callable[[list[float], list[float]], list[Any]]) -> Call:
    """A power, number by number: numpy's own sometimes differs in the last bit, and equal numbers must stay equal."""

    def power(lanes: Lanes, left: LaneOperand, right: LaneOperand) -> LaneOperand:
        (x, one), (y, other) = _numbers(left), _numbers(right)
        base, exponent = np.broadcast_arrays(x, y)
        odd = (base == 0) & (exponent <= 0) | (base < 0) & (exponent != np.floor(exponent))
        plain = np.where(odd, 1.0, base) if odd.any() else base
        if plain.ndim == 0:
            found: Any = np.array(raised([float(plain)], [float(exponent)])[0], float)
        else:
            found = np.array(raised(plain.ravel().tolist(), exponent.ravel().tolist()), float).reshape(plain.shape)
        error_kinds = _either(one, other)
        if some(odd):
            error_kinds = _either(error_kinds, np.where(odd, ODD, 0).astype(np.uint8))
        return _result(_smallest(lanes, found), error_kinds)

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


def _whole(lanes: Lanes, operand: LaneOperand) -> LaneOperand:
    values, error_kinds = _numbers(operand)
    near = np.rint(values)
    apart = np.abs(values - near)
    nearly = (apart > 0) & (apart <= guards.NEARLY_WHOLE * np.abs(values)) & (np.floor(values) != near)
    return _result(lanes.either(np.floor(values), near, nearly), error_kinds)


def _to_digits(cut: Callable[[Any], Any], *, ties: bool) -> Call:
    """A number rounded at a decimal; near a tie or a whole number its fifteen digits decide, which the program computes."""

    def rounded(lanes: Lanes, number: LaneOperand, digits: LaneOperand) -> LaneOperand:
        values, error_kinds = _numbers(number)
        places = float(digits.values) if digits.kinds is None and digits.values.ndim == 0 else math.nan
        if not abs(places) <= _MOST_DIGITS or places != math.floor(places):
            return LaneOperand(np.zeros(values.shape), np.full(values.shape, ODD, np.uint8))
        scale = 10.0 ** abs(places)
        scaled = np.abs(values * scale if places >= 0 else values / scale)
        below = np.floor(scaled)
        apart = np.abs(scaled - below - 0.5) if ties else np.minimum(scaled - below, below + 1 - scaled)
        close = ~((apart > _TOO_CLOSE * (1 + scaled)) & (scaled < _LARGEST_EXACT))
        close &= values != 0
        whole = np.copysign(cut(scaled), values)
        found = whole / scale if places >= 0 else whole * scale
        return _result(found, _either(error_kinds, np.where(close, ODD, 0).astype(np.uint8) if close.any() else None))

    return rounded


def _remainder(lanes: Lanes, number: LaneOperand, divisor: LaneOperand) -> LaneOperand:
    (x, one), (y, other) = _numbers(number), _numbers(divisor)
    # What the function refuses, and what it makes of numbers smaller than Excel's, is left to it.
    odd = (y == 0) | ~(np.abs(x / y) < MOD_LIMIT) | ((y != 0) & (np.abs(y) < guards.SMALLEST))
    error_kinds = _either(one, other)
    if some(odd):
        error_kinds = _either(error_kinds, np.where(odd, ODD, 0).astype(np.uint8))
    return _result(np.mod(x, np.where(odd, 1.0, y)), error_kinds)


def _logarithm(lanes: Lanes, number: LaneOperand, base: LaneOperand | None = None) -> LaneOperand:
    values, error_kinds = _numbers(number)
    bases, other = (np.asarray(10.0), None) if base is None else _numbers(base)
    error_kinds = _either(error_kinds, other)
    odd = (bases <= 0) | (bases == 1)
    if some(odd):
        error_kinds = _either(error_kinds, np.where(odd, ODD, 0).astype(np.uint8))
    return _result(np.log(values) / np.log(bases), error_kinds)


def _same(lanes: Lanes, operand: LaneOperand) -> LaneOperand:
    values, error_kinds = operand.values, None
    if operand.kinds is not None:  # a plus returns a truth value or a blank unchanged
        error_kinds = np.where(
            operand.kinds == NUMBER, 0, np.where(operand.kinds >= FIRST_ERROR, operand.kinds, ODD)
        ).astype(np.uint8)
    elif values.dtype == bool:
        return LaneOperand(values.astype(float), np.full(values.shape, ODD, np.uint8))
    return _result(values, error_kinds)


def _constant(number: float) -> Call:
    return lambda lanes: LaneOperand(np.asarray(number))


_ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip


def _compared(name: str) -> Call:
    """A comparison of numbers, in the rounded reading of fifteen digits; of truth values whether they are equal."""
    compare = _ORDERS[name]

    def compared(lanes: Lanes, left: LaneOperand, right: LaneOperand) -> LaneOperand:
        x, y = left.values, right.values
        if left.kinds is None and right.kinds is None:
            if x.dtype == y.dtype == bool and name in ("=", "<>"):
                return LaneOperand(compare(x, y))
            if bool not in (x.dtype, y.dtype):
                return LaneOperand(_ordered(lanes, compare, x, y))
        one, other = (_kinds(operand) for operand in (left, right))
        error_kinds = _either(_errors(one), _errors(other))
        numbers = (one <= EMPTY_CELL) & (other <= EMPTY_CELL)
        truths = (one == TRUTH) & (other == TRUTH) if name in ("=", "<>") else np.zeros_like(numbers)
        odd = np.where(numbers | truths, 0, ODD).astype(np.uint8)
        if error_kinds is not None:  # the program decides whether a text can be compared with an error value
            texts = (one == TEXT) | (other == TEXT)
            odd = np.where((error_kinds != 0) & ~texts, error_kinds, odd)
        error_kinds = odd
        return _truths(_ordered(lanes, compare, x.astype(float), y.astype(float)), error_kinds)

    return compared


def _ordered(lanes: Lanes, compare: Callable[[Any, Any], Any], x: Any, y: Any) -> Any:
    size = np.maximum(np.abs(x), np.abs(y))
    close = np.abs(x - y) <= np.maximum(guards.CLOSE * size, guards.CLOSEST)
    if some(close):
        close = close & (x != y)
        return lanes.either(compare(x, y), bool(compare(0.0, 0.0)), close)
    return compare(x, y)


def _kinds(operand: LaneOperand) -> Any:
    """The kinds of an operand as an array."""
    if operand.kinds is not None:
        return operand.kinds
    return np.full(operand.values.shape, TRUTH if operand.values.dtype == bool else NUMBER, np.uint8)


def _errors(kinds: Any) -> Any:
    """The kinds of error values and ODD, 0 elsewhere; None where there are none."""
    found = np.where(kinds >= FIRST_ERROR, kinds, 0).astype(np.uint8)
    return found if found.any() else None


# --- choices ---------------------------------------------------------------------------------------------------------


def _choice(name: str, operands: Sequence[Known]) -> tuple[Call, Known] | None:
    if any(operand.shape is not None for operand in operands):
        return _chosen_tables(operands) if name == "IF" and len(operands) == 3 else None
    least, most, call = _CHOICES[name]
    return (call, Known(None)) if least <= len(operands) <= most else None


def _chosen_tables(operands: Sequence[Known]) -> tuple[Call, Known] | None:
    """IF cell by cell, or one table or the other of the same shape."""
    tables = {operand.table for operand in operands[1:]}
    many = math.prod(operands[0].table) > 1
    if tables - {(1, 1), operands[0].table} if many else len(tables) > 1:
        return None
    return _chosen, Known(max(operands[0].table, operands[1].table))


def _condition(operand: LaneOperand) -> tuple[Any, Any]:
    """Whether a condition holds, and its error kinds."""
    values, error_kinds = _numbers(operand)
    return (operand.values if operand.values.dtype == bool else values != 0), error_kinds


def _chosen(lanes: Lanes, condition: LaneOperand, then: LaneOperand, otherwise: LaneOperand) -> LaneOperand:
    holds, error_kinds = _condition(condition)
    if (
        error_kinds is None
        and then.kinds is None
        and otherwise.kinds is None
        and then.values.dtype == otherwise.values.dtype
    ):
        return LaneOperand(np.where(holds, then.values, otherwise.values))
    one, other = _kinds(then), _kinds(otherwise)
    kinds = np.where(holds, one, other)
    kinds = np.where(kinds == EMPTY_CELL, ODD, kinds)  # a chosen blank may be 0 or an empty text
    values = np.where(holds, then.values.astype(float), otherwise.values.astype(float))
    if error_kinds is not None:
        kinds = np.where(error_kinds != 0, error_kinds, kinds)
    # The program computes both branches, whatever is chosen.
    kinds = np.where((one == ODD) | (other == ODD), ODD, kinds)
    return LaneOperand(values, np.broadcast_to(kinds, values.shape).astype(np.uint8))


def _chosen_or_false(lanes: Lanes, condition: LaneOperand, then: LaneOperand) -> LaneOperand:
    return _chosen(lanes, condition, then, LaneOperand(np.asarray(False)))


def _unless_error(lanes: Lanes, value: LaneOperand, instead: LaneOperand) -> LaneOperand:
    if value.kinds is None and instead.kinds is None:
        return value
    value = LaneOperand(value.values, _kinds(value))
    failed, other = (value.kinds >= FIRST_ERROR) & (value.kinds != ODD), _kinds(instead)
    kinds = np.where(failed, other, value.kinds)
    kinds = np.where((kinds == EMPTY_CELL) | (value.kinds == ODD) | (other == ODD), ODD, kinds)
    return LaneOperand(
        np.where(failed, instead.values.astype(float), value.values.astype(float)), kinds.astype(np.uint8)
    )


def _is_error(lanes: Lanes, value: LaneOperand) -> LaneOperand:
    if value.kinds is None:
        return LaneOperand(np.zeros(value.values.shape, dtype=bool))
    odd = value.kinds == ODD
    failed = (value.kinds >= FIRST_ERROR) & ~odd
    return _truths(failed, np.where(odd, ODD, 0).astype(np.uint8) if odd.any() else None)


def _negated(lanes: Lanes, value: LaneOperand) -> LaneOperand:
    holds, error_kinds = _condition(value)
    return _truths(~holds, error_kinds)


def _connected(connect: Callable[[Any, Any], Any]) -> Call:
    """AND or OR of numbers and truth values; a reference without either is left to the program."""

    def connected(lanes: Lanes, *operands: LaneOperand) -> LaneOperand:
        found, error_kinds = None, None
        for operand in operands:
            holds, wrong = _condition(operand)
            if operand.kinds is not None:
                blank = operand.kinds == EMPTY_CELL
                wrong = _either(wrong, np.where(blank, ODD, 0).astype(np.uint8) if blank.any() else None)
            found = holds if found is None else connect(found, holds)
            error_kinds = _either(error_kinds, wrong)
        return _truths(found, error_kinds)

    return connected


_CHOICES: dict[str, tuple[int, int, Call]] = {
    "IFERROR": (2, 2, _unless_error),
    "ISERROR": (1, 1, _is_error),
    "NOT": (1, 1, _negated),
    "AND": (1, 255, _connected(np.logical_and)),
    "OR": (1, 255, _connected(np.logical_or)),
}


def _if(lanes: Lanes, *operands: LaneOperand) -> LaneOperand:
    return _chosen(lanes, *operands) if len(operands) == 3 else _chosen_or_false(lanes, *operands)


_CHOICES["IF"] = (2, 3, _if)


# --- aggregates ------------------------------------------------------------------------------------------------------


def _rows(values: Any, lanes: int) -> Any:
    """Every cell of an operand, row by row: (cells, lanes), or (cells, 1)."""
    return values.reshape(-1, values.shape[-1]) if values.ndim == 3 else values.reshape(1, -1)


def _cells(lanes: Lanes, operands: Sequence[LaneOperand]) -> tuple[Any, Any]:
    """The cells of all operands, (cells, lanes), one after the other, and their kinds; None where all are numbers."""
    plain = all(operand.kinds is None and operand.values.dtype != bool for operand in operands)
    if len(operands) == 1:
        values = _rows(operands[0].values, lanes.count)
        return values, None if plain else _rows(_kinds(operands[0]), lanes.count)
    parts = [_rows(operand.values, lanes.count) for operand in operands]
    size = max(part.shape[1] for part in parts)
    values = np.concatenate([np.broadcast_to(part, (len(part), size)) for part in parts])
    if plain:
        return values, None
    kinds = [_rows(_kinds(operand), lanes.count) for operand in operands]
    return values, np.concatenate([np.broadcast_to(part, (len(part), size)) for part in kinds])


def _first_error(kinds: Any, *, passing: bool) -> Any:
    """The error value among the cells, (lanes,), 0 where there is none; ODD where there are several, or others."""
    failed = kinds >= FIRST_ERROR
    highest = np.where(failed, kinds, 0).max(axis=0)
    lowest = np.where(failed, kinds, ODD).min(axis=0)
    found = np.where(highest == 0, 0, np.where(highest == lowest, highest, ODD))
    if not passing:
        found = np.where(((kinds != NUMBER) & ~failed).any(axis=0), ODD, found)
    return found.astype(np.uint8)


def _aggregate(call: Callable[[Lanes, Any, Any], tuple[Any, Any]], *, passing: bool) -> Call:
    """An aggregate of the numbers among the cells; in a computed array, all must be numbers."""

    def aggregate(lanes: Lanes, *operands: LaneOperand) -> LaneOperand:
        values, kinds = _cells(lanes, operands)
        if kinds is None:
            found, error_kinds = call(lanes, values, None)
            return _result(found, error_kinds)
        if call is _count:  # which ignores errors as well
            kinds = np.where((kinds >= FIRST_ERROR) & (kinds != ODD), TEXT if passing else ODD, kinds)
        wrong = _first_error(kinds, passing=passing)
        found, error_kinds = call(lanes, values, kinds == NUMBER)
        return _result(found, _either(wrong if wrong.any() else None, error_kinds))

    return aggregate


def _total(lanes: Lanes, values: Any, numbers: Any) -> tuple[Any, Any]:
    values = values if numbers is None else np.where(numbers, values, 0.0)
    sums = np.add.accumulate(values, axis=0)  # in order
    sizes = np.abs(sums)
    steps = sizes[1:] < guards.LOST * sizes[:-1]
    if some(steps):
        lost = np.any(steps & (sizes[1:] > 0), axis=0)
        if lost.any():
            rounded = np.zeros(values.shape[1])
            for row in values:
                before, rounded = rounded, rounded + row
                rounded = np.where(np.abs(rounded) < guards.LOST * np.abs(before), 0.0, rounded)
            return lanes.either(sums[-1], rounded, lost & (rounded != sums[-1])), None
    return sums[-1], None


def _count(lanes: Lanes, values: Any, numbers: Any) -> tuple[Any, Any]:
    if numbers is None:
        return np.full(values.shape[1], float(len(values))), None
    return numbers.sum(axis=0).astype(float), None


def _mean(lanes: Lanes, values: Any, numbers: Any) -> tuple[Any, Any]:
    total, _ = _total(lanes, values, numbers)
    count, _ = _count(lanes, values, numbers)
    return total / count, np.where(count == 0, DIV, 0).astype(np.uint8) if (count == 0).any() else None


def _extreme(reduce: Callable[..., Any], limit: float) -> Callable[[Lanes, Any, Any], tuple[Any, Any]]:
    def extreme(lanes: Lanes, values: Any, numbers: Any) -> tuple[Any, Any]:
        if numbers is None:
            return reduce(values, axis=0), None
        found = reduce(np.where(numbers, values, limit), axis=0)
        return np.where(numbers.any(axis=0), found, 0.0), None

    return extreme


def _squares(lanes: Lanes, values: Any, numbers: Any) -> tuple[Any, Any]:
    odd = None if numbers is None or numbers.all() else np.where(numbers.all(axis=0), 0, ODD).astype(np.uint8)
    return _in_pairs(np.square(values)), odd


def _in_pairs(cells: Any) -> Any:
    """The sums of (cells, lanes) over cells as numpy adds a list of floats, in pairs where they are many."""
    return np.ascontiguousarray(cells.T).sum(axis=1)


_AGGREGATES: dict[str, Callable[[Lanes, Any, Any], tuple[Any, Any]]] = {
    "SUM": _total,
    "COUNT": _count,
    "AVERAGE": _mean,
    "MIN": _extreme(np.min, math.inf),
    "MAX": _extreme(np.max, -math.inf),
    "SUMSQ": _squares,
}


def _small_product(lanes: Lanes, result: Any, scale: Any) -> Any:
    """A sum of products, in the rounded reading 0 where it is as small as their rounding errors."""
    small = np.abs(result) <= guards.SMALL_PRODUCT * scale
    return lanes.either(result, 0.0, small & (result != 0) & np.isfinite(result)) if some(small) else result


def _sumproduct(size: int) -> Call:
    def sumproduct(lanes: Lanes, *operands: LaneOperand) -> LaneOperand:
        product: Any = 1.0
        scale: Any = 1.0
        error_kinds = None
        for operand in operands:
            values, kinds = _rows(operand.values.astype(float), lanes.count), None
            if operand.kinds is not None or operand.values.dtype == bool:
                kinds = _rows(_kinds(operand), lanes.count)
                wrong = _first_error(kinds, passing=True)
                error_kinds = _either(error_kinds, wrong if wrong.any() else None)
                values = np.where(kinds == NUMBER, values, 0.0)
            product, scale = product * values, scale * np.abs(values).max(axis=0)
        return _result(_small_product(lanes, _in_pairs(product), scale * size), error_kinds)

    return sumproduct


def _mmult_of(left: Known, right: Known) -> tuple[Call, Known] | None:
    """A product of matrices, added up in order; sizes that do not fit are left to the program."""
    if left.table[1] != right.table[0]:
        return None
    size = max(math.prod(left.table), math.prod(right.table))
    shape = (left.table[0], right.table[1])

    def mmult(lanes: Lanes, *operands: LaneOperand) -> LaneOperand:
        wrong = None
        tables = []
        for operand in operands:
            values = operand.values.astype(float)
            tables.append(values if values.ndim == 3 else values.reshape(1, 1, -1))
            if operand.kinds is not None or operand.values.dtype == bool:
                found = _first_error(_rows(_kinds(operand), lanes.count), passing=False)
                wrong = _either(wrong, found if found.any() else None)
        x, y = tables
        result = x[:, 0, None] * y[None, 0]
        for k in range(1, x.shape[1]):
            result = result + x[:, k, None] * y[None, k]
        scale = np.abs(x).max(axis=(0, 1)) * np.abs(y).max(axis=(0, 1)) * size
        return _result(_small_product(lanes, result, scale), wrong)

    return mmult, Known(shape)


def _transposed(lanes: Lanes, operand: LaneOperand) -> LaneOperand:
    if operand.values.ndim < 3:
        return operand
    return LaneOperand(operand.values.swapaxes(0, 1), None if operand.kinds is None else operand.kinds.swapaxes(0, 1))


# --- the table -------------------------------------------------------------------------------------------------------

_OF_TWO = frozenset(("ROUND", "ROUNDUP", "ROUNDDOWN", "MOD"))  # with fewer arguments the program gives the reason
_EXACT = frozenset(("ABS", "SQRT", "EXP"))
_ELEMENTWISE: dict[str, Call] = {
    "+": _sum_of_two(operator.add),
    "-": _sum_of_two(operator.sub),
    "*": _product,
    "/": _quotient,
    "U-": _exact(operator.neg),
    "U+": _same,
    "--": _exact(lambda values: values),
    "%": _percent,
    "^": _powers(_python_powers),
    "POWER": _powers(_numpy_powers),
    "INT": _whole,
    "ROUND": _to_digits(np.rint, ties=True),
    "ROUNDUP": _to_digits(np.ceil, ties=False),
    "ROUNDDOWN": _to_digits(np.floor, ties=False),
    "MOD": _remainder,
    "LOG": _logarithm,
    "PI": _constant(math.pi),
    **{name: (_exact if name in _EXACT else _unary)(plain_function(name)) for name in NUMERIC},
    **{name: _compared(name) for name in _ORDERS},
}
