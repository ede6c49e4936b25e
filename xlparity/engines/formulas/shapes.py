"""Shapes compiled to programs: parsed by ``formulas`` once, then run cell after cell.

A program has two ways to its value. The general one, here, looks at every operand before it calls a function and at every
result after. The fast one is a generated function of plain floats, where there is one.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from formulas.functions import Array
from formulas.parser import Parser
from formulas.tokens.operand import Error, XlError
from schedula import EMPTY, bypass
from schedula.utils.gen import Token

from xlparity.engines.formulas import guards
from xlparity.engines.formulas.fast import Fast, Step, spell
from xlparity.engines.formulas.functions import FUNCTIONS, OMITTED, Function, take
from xlparity.engines.formulas.functions.core import ARRAY_ROW, ignore_non_numbers
from xlparity.engines.formulas.functions.taking import Origin
from xlparity.engines.formulas.guards import Operand, Refusal, Residue
from xlparity.formula import CELL_MARK, LINES_MARK, RANGE_MARK, tokens
from xlparity.values import BLANK, ErrorValue, Unsupported, Value

_MARK = re.compile(f"[{CELL_MARK}{RANGE_MARK}{LINES_MARK}]")
_SIGNS = re.compile(r"[-+]\s*[-+]")
_UNARY_SIGNS = re.compile(r"(?<=[=(,;{<>*/^&+-])\s*([-+](?:\s*[-+])*)")
_PREFIX = re.compile(r"^(?:_xlfn\.|_xlws\.)+", re.IGNORECASE)  # Excel marks what came after its 2007 edition
_REPEAT = re.compile(r"<\d+>$")  # schedula numbers the second and later uses of a function
_NUM, _REF, _VALUE = (Error.errors[code] for code in ("#NUM!", "#REF!", "#VALUE!"))

_THROUGH = ("SUMPRODUCT", "LOOKUP")  # these work through arrays in a plain cell too
_CHOOSING = ("IF", "IFERROR", "IFNA", "IFS", "SWITCH", "CHOOSE")
# These take one cell of a range even inside SUMPRODUCT, or may do so.
_SINGLY = (*_CHOOSING, "VLOOKUP", "HLOOKUP", "XLOOKUP", "INDEX")

Context = Literal["arrays", "plain", "unsure"]

Doubt = Literal["none", "tiny", "all"]


# On plain floats numpy's object arrays do what formulas does cell by cell, with the same bits and without its wrappers.
_NATIVE: dict[str, Callable[..., Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul, "U-": operator.neg}


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled shape. The first ``arguments`` slots are its references, in the order in which the text has them;
    ``omitted`` is the slot of an argument that is not there, and ``lines`` are the arguments that are whole rows or
    columns. Of the ``intersecting`` references the one cell beside the formula is meant, as Excel has it where a plain cell
    names a range and needs a value. ``single`` are the operands, by step and place, of which a plain cell takes a single
    value.
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
    fast: Fast | None

    def run(self, operands: list[Operand]) -> Operand:
        """The value on these operands, one for each reference; raises Refusal with the reason."""
        slots = [*operands, *self.constants, *[None] * len(self.steps)]
        references = set(range(self.arguments))
        for step in self.steps:
            given = [slots[slot] for slot in step.operands]
            if any(np.size(slots[slot]) > 1 for slot in step.operands if (step.result, slot) in self.single):
                raise Refusal(f"'{step.name}' on an array in a plain cell, of which Excel takes one element")
            found = slots[step.result] = _checked(self._call(step, given, references), _doubt(step.name, given))
            if _refers(step, given, references):
                references.add(step.result)
            elif step is not self.steps[-1] and _with_blanks(found) and step.function.takes:
                raise Refusal(f"a blank among what {step.name} gives")  # a zero in one place, an empty text in another
        if self.steps and self.steps[-1].name in ("+", "-"):
            guards.not_lost(slots[self.result], slots[self.steps[-1].operands[0]])
        return slots[self.result]

    def _call(self, step: Step, operands: list[Operand], referring: set[int]) -> Operand:
        function = step.function
        if function.takes:
            origins = [self._origin(slot, referring) for slot in step.operands]
            found = take(function, step.name, operands, origins)
            if step.name == "IF" and "omitted" in origins and found is EMPTY and step is not self.steps[-1]:
                raise Refusal("an argument left out of an IF inside a formula")
            if self.lines & {*step.operands} and (found is _REF or found is _VALUE or np.size(found) > 1):
                raise Refusal(f"{step.name} beyond the used cells of whole rows or columns")
            return found
        references = [slot in referring for slot in step.operands]
        if step.name in _NATIVE and all(
            type(value) is float for operand in operands for value in guards.elements(operand)
        ):
            guards.same_shape(tuple(operands))
            return _NATIVE[step.name](*operands)
        if (
            step.name in _CHOOSING
            and any(other.function.ignoring for other in self.steps)
            and any(value is EMPTY for operand in operands for value in guards.elements(operand))
        ):
            # The blank comes back as a zero, which an aggregate counts, and Excel's does not.
            raise Refusal(f"a blank chosen by {step.name} inside an aggregate")
        if function.ignoring:
            operands = [
                ignore_non_numbers(step.name, operand, reference)
                for operand, reference in zip(operands, references, strict=True)
            ]
        function.guard(*operands)
        return function.call(*operands)

    def _origin(self, slot: int, references: set[int]) -> Origin:
        if slot == self.omitted:
            return "omitted"
        if slot in references:
            return "reference"
        return "constant" if slot < self.arguments + len(self.constants) else "computed"


def _doubt(name: str, operands: list[Operand]) -> Doubt:
    """Which numbers among a step's results may be zero in Excel: what a subtraction left, and what follows from such."""
    if name not in guards.EXACT:
        return "tiny"
    left = any(guards.residual(value) for operand in operands for value in guards.elements(operand))
    return "all" if left else "none"


def _refers(step: Step, operands: list[Operand], references: set[int]) -> bool:
    """Whether a function that chooses among references has chosen one: not where it goes through arrays."""
    if step.function.refers is None:
        return False
    through = [operand for place, operand in enumerate(operands) if not step.function.whole(place)]
    chosen = step.operands[step.function.refers]
    return all(slot in references for slot in chosen) and all(np.size(operand) <= 1 for operand in through)


def _with_blanks(result: Operand) -> bool:
    return isinstance(result, np.ndarray) and result.size > 1 and any(v is EMPTY for v in guards.elements(result))


def _checked(result: Operand, doubt: Doubt) -> Operand:
    """The result as Excel has it: an infinity or nan is #NUM!, at the operation that makes it."""
    if isinstance(result, np.ndarray):
        if result.ndim not in (0, 2):
            raise Refusal("a result that is no table")
        array = np.empty(result.size, object)
        array[:] = [_checked_scalar(value, doubt) for value in result.ravel().tolist()]
        return array.reshape(result.shape).view(Array) if result.ndim else array[0]
    return _checked_scalar(result, doubt)


def _checked_scalar(value: Any, doubt: Doubt) -> Any:
    if isinstance(value, str | bool | Residue):  # formulas' errors and its blank are strings
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, int | float | np.number) and not isinstance(value, complex | np.complexfloating):
        number = float(value)
        if number - number != 0.0:
            return _NUM
        doubtful = guards.tiny(number) if doubt == "tiny" else 0.0 < abs(number) < guards.SMALLEST or doubt == "all"
        return Residue(number) if doubtful else number
    raise Refusal(f"a result that is no Excel value ({type(value).__name__})")


def compile_shape(shape: str, array: bool) -> Program:
    """The program of a shape, ``array`` for an array formula; raises Refusal where it cannot be trusted."""
    for token in reversed(tokens(shape)):
        # Asked of the text: the parser makes a plain reference of INDIRECT("A1"), and no call is left to look at.
        if token.kind == "function":
            plain = _PREFIX.sub("", token.text[:-1]).upper()
            if plain not in FUNCTIONS and plain != "SINGLE":
                raise Refusal(f"the function {plain}, which this engine does not vouch for")
            shape = f"{shape[: token.start]}{plain}({shape[token.end :]}"
        if token.kind == "number" and not token.text.isdigit():
            # The parser reads neither 1E5 nor 5. as numbers; Excel does.
            shape = shape[: token.start] + repr(float(token.text)) + shape[token.end :]
    kinds = _MARK.findall(shape)
    if "^" in shape and _SIGNS.search(shape):
        # formulas reads --x^2 as +(x^2); Excel as (--x)^2
        raise Refusal("two signs in a row in a formula with a power")
    # Each reference gets an address of its own, since formulas merges references of the same name.
    names = [f"A{3 * k + 1}" if kind == CELL_MARK else f"A{3 * k + 1}:B{3 * k + 2}" for k, kind in enumerate(kinds)]
    placed = iter(names)
    try:
        builder = Parser().ast(_MARK.sub(lambda _: next(placed), shape))[1]
        root = builder.get_node_id(builder[-1])
    except Exception as error:  # formulas raises whatever its tokens happen to raise
        raise Refusal("a formula that the formulas parser does not read") from error
    compiler = _Compiler(builder.dsp, dict(zip(names, kinds, strict=True)), array, _doubled(shape))
    try:
        root, is_array = compiler.visit(root, "arrays" if array else "plain")
    except (KeyError, RecursionError) as error:
        raise Refusal("a formula that the formulas parser reads in some way of its own") from error
    if is_array and not array and root in compiler.arguments:
        compiler.intersecting.add(root)
        is_array = False
    kinds = [CELL_MARK if name in compiler.intersecting else kind for name, kind in zip(names, kinds, strict=True)]
    intersecting = frozenset(k for k, name in enumerate(names) if name in compiler.intersecting)
    order = [*names, *compiler.constants, *(out for _, _, out in compiler.calls)]
    slots = {node: slot for slot, node in enumerate(order)}
    constants = tuple(compiler.constants.values())
    steps = tuple(
        Step(name, compiler.chosen(name, out, root), tuple(slots[operand] for operand in operands), slots[out])
        for name, operands, out in compiler.calls
    )
    fast = None if array or is_array else spell(kinds, constants, steps, slots[root])
    lines = frozenset(slot for slot, kind in enumerate(kinds) if kind == LINES_MARK)
    single = frozenset((slots[out], slots[operand]) for out, operand in compiler.single)
    return Program(
        len(kinds), constants, steps, slots[root], array, slots.get(OMITTED), intersecting, lines, single, fast
    )


def _doubled(shape: str) -> bool:
    """Whether every unary plus that formulas sees is a double minus, which makes a number of what follows.

    formulas reads ``--x`` as ``+x``, which leaves x as it is.
    """
    for token in reversed(tokens(shape)):
        if token.kind == "string":
            shape = f'{shape[: token.start]}""{shape[token.end :]}'
    unary = [run[1].replace(" ", "") for run in _UNARY_SIGNS.finditer(shape)]
    return bool(unary) and all("-" in run for run in unary)


class _Compiler:
    """Walks the graph that formulas' parser builds, from the result back to references and constants."""

    def __init__(self, graph: Any, arguments: dict[str, str], array: bool, doubled: bool) -> None:
        self.arguments = arguments
        self._array = array
        self._doubled = doubled
        self.intersecting: set[str] = set()
        self.constants: dict[str, Operand] = {}
        self.calls: list[tuple[str, list[str], str]] = []
        self.single: set[tuple[str, str]] = set()
        self._defaults = graph.default_values
        self._producers = {node["outputs"][0]: (key, node) for key, node in graph.function_nodes.items()}
        self._scheduled: set[str] = set()
        self._fixed: set[str] = set()  # the arrays of constants: a plain cell goes through them, as through no range

    def visit(self, node: str, context: Context) -> tuple[str, bool]:
        """The node that holds this one's value, and whether it is an array.

        In the context ``arrays`` these are worked through, as in an array formula and inside SUMPRODUCT. In a ``plain``
        one Excel takes of a range the one cell beside the formula, which formulas does not: the implicit intersection.
        What it does with IF and with aggregates inside SUMPRODUCT is ``unsure``.
        """
        if node in self.arguments:
            return node, self.arguments[node] != CELL_MARK
        if node not in self._producers:
            self.constants[node] = self._defaults[node]["value"]
            return node, False
        key, description = self._producers[node]
        # START and the like are no operands: INDEX has one more that says how to run it.
        operands = [operand for operand in description["inputs"] if not isinstance(operand, Token)]
        if description["function"] is bypass:  # the same subexpression for a second time
            return self.visit(operands[0], context)
        name = self._name(key, operands)
        if name == "SINGLE":
            return self._single(operands[-1]), False  # formulas hands over the cell too
        function = FUNCTIONS[name]
        passed = self._passed(name, function, context)
        arrays, constant = False, True
        visited: list[str] = []
        for position, operand in enumerate(operands):
            whole = function.whole(position)
            if self.arguments.get(operand) == LINES_MARK and whole and not (function.ignoring or function.lines):
                raise Refusal(f"whole rows or columns in '{name}'")  # their unused cells are not looked at
            found, is_array = self.visit(operand, passed)
            fixed = found in self._fixed and (name not in _SINGLY or name == "CHOOSE")
            if not whole and context != "arrays" and not fixed and is_array:
                if context == "unsure" or (name in _SINGLY and name != "IF") or not function.intersects(position):
                    raise Refusal(f"'{name}' on a range in a plain cell")
                found, is_array = self._single(found), False
            elif not whole and not self._array and not fixed and (context != "arrays" or name in _SINGLY):
                self.single.add((node, found))  # what may yet turn out to be an array
            arrays |= is_array and not whole
            constant &= not is_array or found in self._fixed
            visited.append(found)
        if name == "TRANSPOSE" and not self._array:
            raise Refusal("TRANSPOSE outside an array formula")
        if name in (ARRAY_ROW, "ARRAY") or (function.kind == "elementwise" and arrays and constant):
            self._fixed.add(node)
        if node not in self._scheduled:
            self._scheduled.add(node)
            self.calls.append((name, visited, node))
        return node, function.kind == "matrix" or arrays

    def _passed(self, name: str, function: Function, context: Context) -> Context:
        if self._array or name in _THROUGH:
            return "arrays"
        if context == "plain" or (function.kind == "elementwise" and name not in _SINGLY):
            return context
        return "unsure"

    def _single(self, node: str) -> str:
        """A reference of which one cell is meant, the one beside the formula."""
        if node not in self.arguments or self._array:
            raise Refusal("one element of something computed")
        self.intersecting.add(node)
        return node

    def chosen(self, name: str, out: str, root: str) -> Function:
        """The function of that name, or the rough one where nobody sees the last digit of what it makes."""
        function = FUNCTIONS[name]
        readers = [FUNCTIONS[reader] for reader, operands, _ in self.calls if out in operands]
        seen = out == root or not all(reader.reads_rough for reader in readers)
        return function if seen or function.rough is None else function.rough

    def _name(self, key: str, operands: list[str]) -> str:
        """The name in the table of the function that formulas' parser calls so."""
        name = _REPEAT.sub("", key).upper()
        if name == "U+" and self._doubled:
            name = "--"
        if name == "ARRAY" and not any(self._is_array(operand) for operand in operands):
            name = ARRAY_ROW
        if name not in FUNCTIONS and name != "SINGLE":
            raise Refusal(f"'{name.strip() or 'an intersection'}', which this engine does not vouch for")
        return name

    def _is_array(self, node: str) -> bool:
        """Whether it is itself a row of an array constant, perhaps one that another array has as well."""
        if node not in self._producers:
            return False
        key, description = self._producers[node]
        if description["function"] is bypass:
            return self._is_array(description["inputs"][0])
        return _REPEAT.sub("", key).upper() == "ARRAY"


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
    return value if isinstance(value, Residue) else float(value)
