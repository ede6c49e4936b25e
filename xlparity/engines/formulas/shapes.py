"""Shapes compiled to programs: parsed by ``formulas`` once, then run cell after cell.

A program has two ways to its value. The general one calls formulas' own functions on its own operands, looks at every
operand first and at every result after. The fast one is a generated Python function over plain floats; on anything
else, and on any exception or infinity, it gives way to the general one.
"""

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from formulas.functions import Array
from formulas.parser import Parser
from formulas.tokens.operand import Error, XlError
from schedula import EMPTY, START, bypass

from xlparity.engines.formulas import guards
from xlparity.engines.formulas.functions import FUNCTIONS, IGNORING, VOCABULARY, Function, ignore_non_numbers
from xlparity.engines.formulas.guards import Operand, Refusal
from xlparity.formula import CELL_MARK, LINES_MARK, RANGE_MARK, tokens
from xlparity.values import BLANK, ErrorValue, Unsupported, Value

_MARK = re.compile(f"[{CELL_MARK}{RANGE_MARK}{LINES_MARK}]")
_SIGNS = re.compile(r"[-+]\s*[-+]")
_REPEAT = re.compile(r"<\d+>$")  # schedula numbers the second and later uses of a function
_NUM = Error.errors["#NUM!"]

_CHOOSING = ("IF", "IFERROR")  # these take one cell of a range even inside SUMPRODUCT

# On plain floats numpy's object arrays do what formulas does cell by cell, with the same bits and without its wrappers.
_NATIVE: dict[str, Callable[..., Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul, "U-": operator.neg}

Arguments: TypeAlias = Sequence[int | tuple[int, ...]]
Fast: TypeAlias = Callable[[list[Value], Arguments], float | bool]


@dataclass(frozen=True, slots=True)
class Step:
    """One call: the function, the slots of its operands and the slot of its result."""

    name: str
    function: Function
    operands: tuple[int, ...]
    result: int


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled shape. The first ``arguments`` slots are its references, in the order in which the text has them."""

    arguments: int
    constants: tuple[Operand, ...]
    steps: tuple[Step, ...]
    result: int
    array: bool
    fast: Fast | None

    def run(self, operands: list[Operand]) -> Operand:
        """The value on these operands, one for each reference; raises Refusal with the reason."""
        slots = [*operands, *self.constants, *[None] * len(self.steps)]
        for step in self.steps:
            slots[step.result] = self._call(step, [slots[slot] for slot in step.operands])
        if self.steps and self.steps[-1].name in ("+", "-"):
            guards.not_lost(slots[self.result], slots[self.steps[-1].operands[0]])
        return slots[self.result]

    def _call(self, step: Step, operands: list[Operand]) -> Operand:
        function = step.function
        if step.name in _NATIVE and all(
            type(value) is float for operand in operands for value in guards.elements(operand)
        ):
            guards.same_shape(tuple(operands))
            return _checked(_NATIVE[step.name](*operands))
        if (
            step.name in _CHOOSING
            and any(other.name in IGNORING for other in self.steps)
            and any(value is EMPTY for operand in operands for value in guards.elements(operand))
        ):
            # The blank comes back as a zero, which an aggregate counts, and Excel's does not.
            raise Refusal(f"a blank chosen by {step.name} inside an aggregate")
        if step.name in IGNORING:
            operands = [
                ignore_non_numbers(step.name, operand, slot < self.arguments)
                for operand, slot in zip(operands, step.operands, strict=True)
            ]
        function.guard(*operands)
        return _checked(function.call(*operands))


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
        return number if number - number == 0.0 else _NUM
    raise Refusal(f"a result that is no Excel value ({type(value).__name__})")


def compile_shape(shape: str, array: bool) -> Program:
    """The program of a shape, ``array`` for an array formula; raises Refusal where it cannot be trusted."""
    for token in reversed(tokens(shape)):
        # Asked of the text: the parser makes a plain reference of INDIRECT("A1"), and no call is left to look at.
        if token.kind == "function" and token.text[:-1].upper() not in FUNCTIONS:
            raise Refusal(f"the function {token.text[:-1].upper()}, which this engine does not vouch for")
        if token.kind == "number" and not token.text.isdigit():
            # The parser reads neither 1E5 nor 5. as numbers; Excel does.
            shape = shape[: token.start] + repr(float(token.text)) + shape[token.end :]
    kinds = _MARK.findall(shape)
    if "^" in shape and _SIGNS.search(shape):
        raise Refusal(
            "two signs in a row in a formula with a power"
        )  # formulas reads --x^2 as +(x^2); Excel as (--x)^2
    # Each reference gets an address of its own, since formulas merges references of the same name.
    names = [f"A{3 * k + 1}" if kind == CELL_MARK else f"A{3 * k + 1}:B{3 * k + 2}" for k, kind in enumerate(kinds)]
    placed = iter(names)
    try:
        builder = Parser().ast(_MARK.sub(lambda _: next(placed), shape))[1]
        root = builder.get_node_id(builder[-1])
    except Exception as error:  # formulas raises whatever its tokens happen to raise
        raise Refusal("a formula that the formulas parser does not read") from error
    compiler = _Compiler(builder.dsp, dict(zip(names, kinds, strict=True)), array)
    try:
        root, is_array = compiler.visit(root, array)
    except (KeyError, RecursionError) as error:
        raise Refusal("a formula that the formulas parser reads in some way of its own") from error
    if is_array and not array and root in compiler.arguments:
        raise Refusal("a range in a plain cell, which calls for implicit intersection")
    order = [*names, *compiler.constants, *(out for _, _, out in compiler.calls)]
    slots = {node: slot for slot, node in enumerate(order)}
    constants = tuple(compiler.constants.values())
    steps = tuple(
        Step(name, FUNCTIONS[name], tuple(slots[operand] for operand in operands), slots[out])
        for name, operands, out in compiler.calls
    )
    fast = None if array or is_array else _fast(kinds, constants, steps, slots[root])
    return Program(len(kinds), constants, steps, slots[root], array, fast)


class _Compiler:
    """Walks the graph that formulas' parser builds, from the result back to references and constants."""

    def __init__(self, graph: Any, arguments: dict[str, str], array: bool) -> None:
        self.arguments = arguments
        self._array = array
        self.constants: dict[str, Operand] = {}
        self.calls: list[tuple[str, list[str], str]] = []
        self._defaults = graph.default_values
        self._producers = {node["outputs"][0]: (key, node) for key, node in graph.function_nodes.items()}
        self._scheduled: set[str] = set()

    def visit(self, node: str, within: bool) -> tuple[str, bool]:
        """The node that holds this one's value, and whether it is an array.

        ``within`` says that arrays are worked through here, as in an array formula or inside SUMPRODUCT. Elsewhere
        Excel takes of a range the one cell beside the formula, which formulas does not.
        """
        if node in self.arguments:
            return node, self.arguments[node] != CELL_MARK
        if node not in self._producers:
            self.constants[node] = self._defaults[node]["value"]
            return node, False
        key, description = self._producers[node]
        operands = [operand for operand in description["inputs"] if operand is not START]
        if description["function"] is bypass:  # the same subexpression for a second time
            return self.visit(operands[0], within)
        name = _REPEAT.sub("", key).upper()
        if name not in FUNCTIONS:
            raise Refusal(f"'{name.strip() or 'an intersection'}', which this engine does not vouch for")
        kind = FUNCTIONS[name].kind
        below = self._array or name == "SUMPRODUCT" or (within and kind == "elementwise" and name not in _CHOOSING)
        if name not in IGNORING and any(self.arguments.get(operand) == LINES_MARK for operand in operands):
            raise Refusal(f"whole rows or columns in '{name}'")  # their unused cells are not looked at
        visited = [self.visit(operand, below) for operand in operands]
        arrays = any(is_array for _, is_array in visited)
        if kind == "elementwise" and arrays and not within:
            raise Refusal(f"'{name}' on a range in a plain cell, which calls for implicit intersection")
        if name == "TRANSPOSE" and not self._array:
            raise Refusal("TRANSPOSE outside an array formula")
        if node not in self._scheduled:
            self._scheduled.add(node)
            self.calls.append((name, [operand for operand, _ in visited], node))
        return node, kind == "matrix" or (kind == "elementwise" and arrays)


def _fast(kinds: list[str], constants: tuple[Operand, ...], steps: tuple[Step, ...], root: int) -> Fast | None:
    """The program as one Python function of plain floats, or None where a step has no such spelling.

    The function takes the list of all values and the places of its arguments in it.
    """
    given = len(kinds)
    if not steps and not (root < given and kinds[root] == CELL_MARK):
        return None
    if any(type(constant) not in (int, float) for constant in constants):
        return None
    names = {slot: f"a{slot}" for slot in range(given)}
    names |= {given + k: repr(float(constant)) for k, constant in enumerate(constants)}
    given_constants = range(given, given + len(constants))
    truths: set[int] = set()
    body = [
        f"a{k} = v[i[{k}]]" if kind == CELL_MARK else f"a{k} = [v[j] for j in i[{k}]]" for k, kind in enumerate(kinds)
    ]
    floats = [f"type(a{k})" for k, kind in enumerate(kinds) if kind == CELL_MARK]
    if floats:
        body.append(f"if not ({' is '.join([*floats, 'float'])}): raise Surprise")
    body += [
        f"if not all(type(x) is float for x in a{k}): raise Surprise"
        for k, kind in enumerate(kinds)
        if kind != CELL_MARK
    ]
    for step in steps:
        spelling = _spell(step, names, truths, kinds)
        if spelling is None:
            return None
        names[step.result] = f"t{step.result}"
        if step.function.settled is not None and (slot := step.operands[step.function.settled]) not in given_constants:
            body.append(f"if 0.0 < abs({names[slot]}) <= 1e-15: raise Surprise")
        body.append(f"t{step.result} = {spelling}")
        if step.function.gives == "truth":
            truths.add(step.result)
    if steps and steps[-1].name in ("+", "-"):
        body.append(f"if 1e-15 < abs({names[root]}) < 1e-15 * abs({names[steps[-1].operands[0]]}): raise Surprise")
    # An infinity or a nan less itself is nan, which equals nothing.
    if steps:
        body.append(f"if not ({' == '.join(['0.0', *(f't{s.result} - t{s.result}' for s in steps)])}): raise Surprise")
    body.append(f"return {names[root]}")
    namespace = dict(VOCABULARY)
    exec("def fast(v, i):\n    " + "\n    ".join(body), namespace)
    return namespace["fast"]  # type: ignore[no-any-return]


def _spell(step: Step, names: dict[int, str], truths: set[int], kinds: list[str]) -> str | None:
    def is_range(slot: int) -> bool:
        return slot < len(kinds) and kinds[slot] != CELL_MARK

    if step.name in ("SUM", "COUNT"):
        if truths & {*step.operands}:
            return None
        parts = ", ".join(f"*{names[slot]}" if is_range(slot) else names[slot] for slot in step.operands)
        return f"total([{parts}])" if step.name == "SUM" else f"float(len([{parts}]))"
    if any(is_range(slot) for slot in step.operands):
        return None
    if step.name == "IF" and len(step.operands) == 3 and truths & {*step.operands} == {step.operands[0]}:
        condition, then, otherwise = (names[slot] for slot in step.operands)
        return f"{then} if {condition} else {otherwise}"
    if step.name == "PI":
        return repr(math.pi)
    if step.name in ("=", "<>") and truths >= {*step.operands}:
        left, right = (names[slot] for slot in step.operands)
        return f"{left} {'is' if step.name == '=' else 'is not'} {right}"
    spelling = step.function.spelling
    # To Excel a truth value is greater than any number, and to Python it is one.
    compares_truths = step.function.gives == "truth" and truths & {*step.operands}
    if spelling is None or compares_truths or spelling.count("{") != len(step.operands):
        return None
    return spelling.format(*(f"float({names[slot]})" if slot in truths else names[slot] for slot in step.operands))


# --- values as xlparity has them, operands as formulas has them ----------------------------------------------------------

_ERRORS = {str(code): token for code, token in Error.errors.items()}


def to_operand(value: Value) -> Operand:
    """A cell's value as formulas passes it about; raises Refusal for a value that is none."""
    if isinstance(value, float | str | bool):
        return value
    if value is BLANK:
        return EMPTY
    if isinstance(value, ErrorValue) and value.code in _ERRORS:
        return _ERRORS[value.code]
    raise Refusal(value.reason if isinstance(value, Unsupported) else f"a cell that holds {value}")


def to_table(values: list[Value], shape: tuple[int, int]) -> Operand:
    """A range's values, row by row, as formulas passes them about."""
    table = np.empty(len(values), object)
    table[:] = [to_operand(value) for value in values]
    return table.reshape(shape).view(Array)


def to_values(result: Operand, shape: tuple[int, int]) -> list[Value]:
    """A result fitted into a block of cells, row by row.

    Excel repeats a single row or column over the block, cuts what is too much and fills with #N/A what is lacking. An
    ExcelModel reshapes instead, and so turns a row into a column without a word.
    """
    if not isinstance(result, np.ndarray):
        return [_to_value(result)] * (shape[0] * shape[1])
    table = np.atleast_2d(np.asarray(result, object))
    rows, columns = table.shape
    na = ErrorValue("#N/A")
    values: list[Value] = []
    for row in range(shape[0]):
        for column in range(shape[1]):
            r, c = (0 if rows == 1 else row), (0 if columns == 1 else column)
            values.append(_to_value(table[r, c]) if r < rows and c < columns else na)
    return values


def _to_value(value: Any) -> Value:
    if isinstance(value, XlError):
        return ErrorValue(str(value))
    if value is EMPTY:
        return 0.0  # a formula never leaves a blank behind
    if isinstance(value, bool | str):
        return value
    return float(value)
