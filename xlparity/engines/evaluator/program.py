"""Programs: compiled formula shapes, run on one sample with a check of every operand and every result."""

import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from formulas.functions import Array
from formulas.tokens.operand import Error, XlError
from schedula import EMPTY

from xlparity.engines.evaluator import guards
from xlparity.engines.evaluator.functions import take
from xlparity.engines.evaluator.functions.areas import filled
from xlparity.engines.evaluator.functions.core import ARRAY_ROW, ignore_non_numbers
from xlparity.engines.evaluator.functions.signatures import WITH_ERRORS, Function, Origin
from xlparity.engines.evaluator.guards import Operand, Refusal
from xlparity.engines.evaluator.readings import either

_NA, _NUM, _REF, _VALUE = (Error.errors[code] for code in ("#N/A", "#NUM!", "#REF!", "#VALUE!"))

# On plain floats these give the same bits as formulas does cell by cell, without its wrappers.
_OF_NUMBERS = frozenset(("+", "-", "*", "/", "%", "U-"))
_NATIVE: dict[str, Callable[..., Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul, "U-": operator.neg}


@dataclass(frozen=True, slots=True)
class Step:
    """One call: the function, the slots of its operands and the slot of its result."""

    name: str
    function: Function
    operands: tuple[int, ...]
    result: int


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A compiled shape: steps on slots, which are numbered values.

    The first ``arguments`` slots are its references, in the order of the text; ``omitted`` is the slot of an omitted
    argument, and ``lines`` are the arguments that are whole rows or columns. Of the ``intersecting`` references the one cell
    in line with the formula is read, by Excel's implicit intersection. ``single`` are the operands, by the slots of the
    step's result and the operand, of which a plain cell takes a single value. ``padded`` are the operands, by the slot of
    the step's result and the operand's position, that Excel fills up with #N/A where an array formula has more cells.
    """

    arguments: int
    constants: tuple[Operand, ...]
    steps: tuple[Step, ...]
    result: int
    array: bool
    omitted: int | None
    intersecting: frozenset[int]
    lines: frozenset[int]
    single: frozenset[tuple[int, int]]
    padded: frozenset[tuple[int, int]]

    def run(self, operands: list[Operand], block: tuple[int, int] = (1, 1), computed: Iterable[int] = ()) -> Operand:
        """The value on these operands, one for each reference; raises Refusal with the reason.

        ``block`` is the shape of an array formula; where only some of its cells are refused, the value is an array with
        Refusals in these. The operands with the ``computed`` numbers are no references.
        """
        slots = [*operands, *self.constants, *[None] * len(self.steps)]
        references = set(range(self.arguments)).difference(computed)
        uncertain = _UncertainCells(block)
        for step in self.steps:
            given = [slots[slot] for slot in step.operands]
            for position, slot in enumerate(step.operands):
                if (step.result, position) in self.padded and _is_short(given[position], block):
                    uncertain.add(self._maker(slot), given[position])
                    given[position] = _filled_up(given[position], block)
            if any(np.size(slots[slot]) > 1 for slot in step.operands if (step.result, slot) in self.single):
                raise Refusal(f"'{step.name}' on an array in a plain cell, of which Excel takes one element")
            if step.function.kind == "elementwise" and not step.function.takes and not self.lines:
                given = _of_one_size(given)
            found = slots[step.result] = _settled(step.name, given, _checked(self._call(step, given, references)))
            if _refers(step, given, references):
                references.add(step.result)
            elif step is not self.steps[-1] and _with_blanks(found) and step.function.takes:
                raise Refusal(f"a blank among what {step.name} gives")  # to a function a zero or an empty text
        result = slots[self.result]
        if _is_short(result, block) and self.steps and self.steps[-1].function.kind == "aggregate":
            uncertain.add(self.steps[-1], result)
        return uncertain.applied_to(result)

    def _maker(self, slot: int) -> Step | None:
        """The step that gives this slot; None for a reference, a constant and an array of constants."""
        step = next((step for step in self.steps if step.result == slot), None)
        return None if step is None or step.name in ("ARRAY", ARRAY_ROW) else step

    def _call(self, step: Step, operands: list[Operand], referring: set[int]) -> Operand:
        """The result of a step; a refusal names its function."""
        try:
            if step.function.kind == "elementwise":
                guards.fits_in_memory(operands)
            return self._result(step, operands, referring)
        except Refusal as reason:
            if step.name in str(reason) or not step.name[0].isalpha():
                raise
            raise Refusal(f"{step.name}: {reason}") from reason

    def _result(self, step: Step, operands: list[Operand], referring: set[int]) -> Operand:
        function = step.function
        if function.takes:
            origins = [self._origin(slot, referring) for slot in step.operands]
            found = take(function, step.name, operands, origins)
            if (
                step.name in ("IF", "IFERROR")
                and "omitted" in origins
                and found is EMPTY
                and step is not self.steps[-1]
            ):
                if not self._is_counted(step):
                    raise Refusal(f"an argument left out of an {step.name} inside a formula")
                found = 0.0
            if self.lines & {*step.operands} and (found is _REF or found is _VALUE or np.size(found) > 1):
                raise Refusal(f"{step.name} beyond the used cells of whole rows or columns")
            return found
        references = [slot in referring for slot in step.operands]
        if function.sees_references:
            return function.call(operands, references)
        if step.name in _NATIVE and all(
            type(value) is float for operand in operands for value in guards.elements(operand)
        ):
            guards.same_shape(tuple(operands))
            return _NATIVE[step.name](*operands)
        if function.ignoring:
            operands = [
                ignore_non_numbers(step.name, operand, self._origin(slot, referring))
                for operand, slot in zip(operands, step.operands, strict=True)
            ]
        function.guard(*operands)
        if function.guard in guards.OF_NUMBERS:
            operands = list(map(guards.with_numbers, operands))
        return function.call(*operands)

    def _is_counted(self, step: Step) -> bool:
        """Whether operators of numbers are all that read the step's result, to which a blank and a zero are one."""
        return all(reader.name in _OF_NUMBERS for reader in self.steps if step.result in reader.operands)

    def _origin(self, slot: int, references: set[int]) -> Origin:
        if slot == self.omitted:
            return "omitted"
        if slot in references:
            return "reference"
        return "constant" if slot < self.arguments + len(self.constants) else "computed"


class _UncertainCells:
    """The cells of an array formula whose values are not certain, since an array computed inside it is smaller.

    Excel fills either that array or the result with #N/A; this differs for COUNTIF, which gives a number for #N/A.
    """

    def __init__(self, block: tuple[int, int]) -> None:
        self._block = block
        self._limits: list[tuple[float, float, Step]] = []

    def add(self, step: Step | None, array: Operand) -> None:
        """Adds the cells beyond this array, the result of the step, which is smaller than the block."""
        if step is not None:
            rows, columns = (math.inf if size == 1 else size for size in array.shape)
            self._limits.append((rows, columns, step))

    def applied_to(self, result: Operand) -> Operand:
        """The result, with a Refusal in each uncertain cell; #N/A is certain where both ways give it."""
        if not self._limits:
            return result
        table = _filled_up(np.atleast_2d(np.asarray(result, object)), self._block)
        for row, column in np.ndindex(table.shape):
            for rows, columns, step in self._limits:
                takes_errors = step.function.kind == "aggregate" and any(
                    p.kind in WITH_ERRORS for p in step.function.takes
                )
                if (row >= rows or column >= columns) and (takes_errors or table[row, column] is not _NA):
                    table[row, column] = Refusal(f"a cell beyond what {step.name} gives, inside an array formula")
        return table


def _is_short(operand: Operand, block: tuple[int, int]) -> bool:
    """Whether an array has several rows or columns, but fewer than the block; a single one is repeated."""
    return isinstance(operand, np.ndarray) and any(
        1 < size < cells for size, cells in zip(operand.shape, block, strict=False)
    )


def _filled_up(table: Operand, block: tuple[int, int]) -> Operand:
    """The table with #N/A in its missing rows and columns."""
    rows, columns = (size if size == 1 else max(size, cells) for size, cells in zip(table.shape, block, strict=True))
    full = filled((rows, columns), _NA)
    full[: table.shape[0], : table.shape[1]] = table
    return full.view(Array)


def _of_one_size(operands: list[Operand]) -> list[Operand]:
    """The operands of one operation, of which Excel fills up the smaller ones with #N/A; a single row or column is repeated.

    As they are, and refused later, where one has another error value: which of the two Excel shows is not certain.
    """
    shapes = [operand.shape for operand in operands if isinstance(operand, np.ndarray) and operand.ndim == 2]
    if len(set(shapes)) < 2:
        return operands
    if any(isinstance(one, XlError) and one is not _NA for operand in operands for one in guards.elements(operand)):
        return operands
    block = max(rows for rows, _ in shapes), max(columns for _, columns in shapes)
    return [_filled_up(operand, block) if _is_short(operand, block) else operand for operand in operands]


def _settled(name: str, operands: list[Operand], result: Operand) -> Operand:
    """The result, in the rounded reading with 0 for cancellation residues and for numbers smaller than Excel's."""
    if name in ("+", "-"):
        return _rounded(result, guards.lost, operands[0])
    if name in guards.EXACT:
        return _rounded(result, lambda r, _: 0 < abs(r) < guards.SMALLEST, result)
    if name in ("SUMPRODUCT", "MMULT"):
        sizes = [guards.size_of(operand) for operand in operands]
        scale = math.prod(sizes) * max(np.size(operand) for operand in operands)
        return _rounded(result, lambda r, _: 0 < abs(r) <= guards.SMALL_PRODUCT * scale, result)
    return result


def _rounded(result: Operand, is_residue: Callable[[float, Any], bool], beside: Operand) -> Operand:
    """The result, with 0 for residues in the rounded reading; ``beside`` has the operand for each element."""
    if not isinstance(result, np.ndarray):
        first = next(guards.elements(beside))
        return either(result, 0.0) if isinstance(result, float) and is_residue(result, first) else result
    others = np.broadcast_to(np.asarray(beside, object), result.shape)
    for index in np.ndindex(result.shape):
        number = result[index]
        if isinstance(number, float) and is_residue(number, others[index]):
            result[index] = either(number, 0.0)
    return result


def _refers(step: Step, operands: list[Operand], references: set[int]) -> bool:
    """Whether the result is a reference: a function chose one among its operands, and not element by element."""
    if step.function.refers is None:
        return False
    through = [operand for place, operand in enumerate(operands) if not step.function.whole(place)]
    chosen = step.operands[step.function.refers]
    return all(slot in references for slot in chosen) and all(np.size(operand) <= 1 for operand in through)


def _with_blanks(result: Operand) -> bool:
    return isinstance(result, np.ndarray) and result.size > 1 and any(v is EMPTY for v in guards.elements(result))


def _checked(result: Operand) -> Operand:
    """The result as Excel has it: an infinity or nan is #NUM!, at the operation that makes it."""
    if isinstance(result, np.ndarray):
        if result.ndim not in (0, 2):
            raise Refusal("a result that is no table")
        array = np.empty(result.size, object)
        array[:] = [_checked_scalar(value) for value in result.ravel().tolist()]
        return array.reshape(result.shape).view(Array) if result.ndim else array[0]
    return _checked_scalar(result)


def _checked_scalar(value: Any) -> Any:
    if isinstance(value, str | bool):  # formulas' errors and its blank are strings
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, int | float | np.number) and not isinstance(value, complex | np.complexfloating):
        number = float(value)
        return number + 0.0 if number - number == 0.0 else _NUM  # Excel has no negative zero
    raise Refusal(f"a result that is no Excel value ({type(value).__name__})")
