"""The compiler from formula shapes to programs; ``formulas`` parses each shape once."""

import re
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from typing import Any, ClassVar, Literal

from formulas.parser import Parser
from formulas.tokens.function import Function as CallToken
from schedula import bypass
from schedula.utils.gen import Token

from xlparity.engines.evaluator.functions import FUNCTIONS, Function, english_only, since_1904
from xlparity.engines.evaluator.functions.core import ARRAY_ROW
from xlparity.engines.evaluator.functions.signatures import OMITTED
from xlparity.engines.evaluator.guards import DECIMALS, Operand, Refusal
from xlparity.engines.evaluator.lambdas import lifted
from xlparity.engines.evaluator.program import Program, Step
from xlparity.excel.expand import AS_ARRAY, AS_LAMBDA
from xlparity.excel.formula import CELL_MARK, LINES_MARK, RANGE_MARK, token_at, tokens
from xlparity.excel.locales import ENGLISH, Locale
from xlparity.excel.prefixes import without_prefix
from xlparity.excel.resolve import NAMES as RESOLVED
from xlparity.excel.volatile import CHANGING

_MARK = re.compile(f"[{CELL_MARK}{RANGE_MARK}{LINES_MARK}]")
_STRING = re.compile(r'"(?:[^"]|"")*"')
_SIDE_BY_SIDE = re.compile(
    rf"[)}}{CELL_MARK}{RANGE_MARK}{LINES_MARK}][ \n\r\t]*[({{A-Za-z_{CELL_MARK}{RANGE_MARK}{LINES_MARK}]"
)
_SIGNS = re.compile(r"[-+](?: *[-+])+ *")  # spaces only: to Python the marks are white space as well
_REPEAT = re.compile(r"<\d+>$")  # schedula numbers the second and later uses of a function

_PASSED_ON = ("SINGLE", AS_ARRAY, AS_LAMBDA)  # calls that say how their operand is taken
_DIGITS = 15  # of a number that Excel keeps
_PLACEHOLDER = 990_000_000_000_000  # and those after it take the place of a shape's numbers as it is compiled
_THROUGH = ("SUMPRODUCT", "LOOKUP")  # these compute with arrays in a plain cell too
# These take one cell of a range even inside SUMPRODUCT, or may do so.
_SINGLY = (
    "IF", "IFERROR", "IFNA", "IFS", "SWITCH", "CHOOSE", "VLOOKUP", "HLOOKUP", "XLOOKUP", "INDEX",
)  # fmt: skip

# Excel has these since, or shortly before, it computes with arrays in any cell; how they take a range in a plain one is not
# documented.
_NEW = frozenset((
    "IFS", "SWITCH", "XLOOKUP", "XMATCH", "TEXTJOIN", "TEXTBEFORE", "TEXTAFTER", "TEXTSPLIT", "VALUETOTEXT", "EXPAND", "FILTER",
    "WRAPROWS", "WRAPCOLS",
))  # fmt: skip

# In a plain cell Excel takes one cell of each range in an expression that is an argument of these. Other functions of
# ranges, CORREL and MODE among them, compute with the whole array, or may do so.
_INTERSECTING = frozenset((
    "SUM", "SUMSQ", "AVERAGE", "MIN", "MAX", "COUNT", "PRODUCT", "AND", "OR", "COUNTA", "STDEV", "STDEVP", "VAR", "VARP",
    "MEDIAN", "IF",
))  # fmt: skip

Context = Literal["arrays", "plain", "unsure"]


def compile_shape(shape: str, array: bool, date1904: bool = False, locale: Locale = ENGLISH) -> Program:
    """The program of a shape, ``array`` for an array formula; raises Refusal where it is not supported.

    ``date1904`` says that the workbook's dates count from 1904, ``locale`` in which locale it is computed. Shapes that differ
    in their numbers alone are compiled once, with numbers of which each is another, and get their own as constants.
    """
    numbers = [] if "{" in shape else [token for token in tokens(shape) if token.kind == "number"]
    places = {float(_PLACEHOLDER + k): token.text for k, token in enumerate(numbers)}
    model = shape
    for k in reversed(range(len(numbers))):
        model = f"{model[: numbers[k].start]}{_PLACEHOLDER + k}{model[numbers[k].end :]}"
    program = compile_alone(model, array, date1904, locale)
    found = [places.get(each) if type(each) in (int, float) else None for each in program.constants]
    constants = [
        each if text is None else int(text) if _is_plain(text) else _fifteen_digits(text)
        for each, text in zip(program.constants, found, strict=True)
    ]
    if sum(text is not None for text in found) != len(numbers) or float("inf") in constants:
        return compile_alone(shape, array, date1904, locale)  # the parser reads a number otherwise, or refuses it
    return replace(program, constants=tuple(constants)) if numbers else program


def is_unread(shape: str) -> bool:
    """Whether a shape is refused before it is parsed, for a function that is not supported."""
    if "LAMBDA(" in shape.upper():  # whose body is compiled by itself
        return False
    names = [without_prefix(token.text[:-1]) for token in tokens(shape) if token.kind == "function"]
    return any(name not in FUNCTIONS and name not in _PASSED_ON for name in names)


@lru_cache(maxsize=1 << 12)  # a check, its suggestions and copies of a workbook share nearly all shapes
def compile_alone(shape: str, array: bool, date1904: bool = False, locale: Locale = ENGLISH) -> Program:
    """The same, of this shape by itself."""
    shape, called = lifted(shape, lambda body: compile_shape(body, True, date1904, locale))
    supported = since_1904() if date1904 else FUNCTIONS
    functions = ChainMap(called, supported) if called else supported  # type: ignore[arg-type]  # nothing is put into it
    for token in reversed(tokens(shape)):
        # Checked in the text: the parser makes a plain reference of INDIRECT("A1"), and no call remains.
        if token.kind == "function":
            name = without_prefix(token.text[:-1])
            if name in CHANGING:
                raise Refusal(f"{name} gives another value each time; make its cell an input")
            if locale != ENGLISH and name in english_only():
                raise Refusal(
                    f"{name}, of which the locale {locale.name} decides more than this engine knows; accept its value"
                )
            if name not in functions and name not in _PASSED_ON:
                if name in FUNCTIONS:
                    raise Refusal("a function of dates in a workbook whose dates count from 1904")
                of = " of what cells decide" if name in RESOLVED else ""
                raise Refusal(f"the function {name}{of}, which this engine does not support")
            shape = f"{shape[: token.start]}{name}({shape[token.end :]}"
        if token.kind == "number" and not _is_plain(token.text):
            # The parser reads neither 1E5 nor 5. as numbers; Excel does, and cuts numbers to 15 digits.
            shape = shape[: token.start] + repr(_fifteen_digits(token.text)) + shape[token.end :]
    if _SIDE_BY_SIDE.search(_STRING.sub('""', shape)):
        raise Refusal("an intersection of references in brackets, or of what functions refer to")
    shape = _signs_apart(shape)
    kinds = _MARK.findall(shape)
    # Each reference gets an address of its own, since formulas merges references of the same name.
    names = [f"A{3 * k + 1}" if kind == CELL_MARK else f"A{3 * k + 1}:B{3 * k + 2}" for k, kind in enumerate(kinds)]
    placed = iter(names)
    try:
        builder = _Parser().ast(_MARK.sub(lambda _: next(placed), shape))[1]
        root = builder.get_node_id(builder[-1])
    except Exception as error:  # formulas raises errors of any kind
        raise Refusal("a formula that the formulas parser does not read") from error
    compiler = _Compiler(builder.dsp, dict(zip(names, kinds, strict=True)), functions, array)
    try:
        root, is_array = compiler.visit(root, "arrays" if array else "plain")
    except KeyError as error:
        raise Refusal("a formula that the formulas parser reads differently") from error
    except RecursionError as error:
        raise Refusal(
            "more operators in a row than this engine computes; split the formula over several cells"
        ) from error
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
    lines = frozenset(slot for slot, kind in enumerate(kinds) if kind == LINES_MARK)
    single = frozenset((slots[out], slots[operand]) for out, operand in compiler.single)
    padded = _padded(steps, slots[root]) if array else frozenset()
    return Program(
        len(kinds), constants, steps, slots[root], array, slots.get(OMITTED), intersecting, lines, single, padded
    )


def _padded(steps: tuple[Step, ...], root: int) -> frozenset[tuple[int, int]]:
    """The operands, by the slot of the step's result and their position, that are combined cell by cell into the result.

    Operands that another step reads as a whole are left out: they must keep their size.
    """
    found: set[tuple[int, int]] = set()
    reached, whole = {root}, set[int]()
    for step in reversed(steps):
        singly = step.result in reached - whole and step.function.kind == "elementwise"
        for position, slot in enumerate(step.operands):
            if singly and step.function.spreads(position):
                found.add((step.result, position))
                reached.add(slot)
            else:
                whole.add(slot)
    return frozenset(found)


def _is_plain(number: str) -> bool:
    """Whether the parser reads the text of a number as Excel does."""
    return number.isdigit() and len(number) <= _DIGITS


def _fifteen_digits(text: str) -> float:
    number = Decimal(text)
    digits = number.adjusted() - 14
    return float(number.quantize(Decimal((0, (1,), digits)), ROUND_DOWN, DECIMALS) if number else number)


def _signs_apart(shape: str) -> str:
    """The shape with brackets between signs that follow one another: ``a--b^2`` is ``a-(-b)^2``, as Excel reads it.

    formulas counts the minus signs and reads them as one sign, ``a+b^2``. A plus after another sign changes nothing.
    """
    for run in reversed([*_SIGNS.finditer(_without_texts(shape))]):
        end = _operand_end(shape, run.end())
        minus = run[0][1:].count("-")
        minus = 2 - minus % 2 if minus else 0  # two make a number of a text as well as four do
        operand = f"{'(-' * minus}{shape[run.end() : end]}{')' * minus}"
        shape = f"{shape[: run.start()]}{run[0][0]}{operand}{shape[end:]}"
    return shape


def _operand_end(shape: str, start: int) -> int:
    """The end of the operand that begins here: a reference, a constant, a call, or an expression in brackets."""
    token = token_at(shape, start)
    if token is not None and token.kind != "function":
        return token.end
    if _MARK.match(shape, start):
        return start + 1
    depth, plain = 0, _without_texts(shape)
    for place in range(start if token is None else token.end - 1, len(shape)):
        depth += (plain[place] in "({") - (plain[place] in ")}")
        if depth == 0:
            return place + 1
    raise Refusal("a formula that the formulas parser does not read")


def _without_texts(shape: str) -> str:
    """The shape with ``_`` for each character of the strings in it."""
    for token in tokens(shape):
        if token.kind == "string":
            shape = f"{shape[: token.start]}{'_' * len(token.text)}{shape[token.end :]}"
    return shape


class _Call(CallToken):  # type: ignore[misc]
    """A call as formulas' parser reads it, without the library's function, for which all its modules would be loaded."""

    def compile(self) -> Any:
        """What the graph calls; only its structure is used."""
        return _nothing


def _nothing() -> None:
    """Stands for every function in the parser's graph."""


class _Parser(Parser):  # type: ignore[misc]
    """formulas' parser, with calls that look no function up."""

    filters: ClassVar = [_Call if token is CallToken else token for token in Parser.filters]


class _Compiler:
    """Walks the graph that formulas' parser builds, from the result back to references and constants."""

    def __init__(self, graph: Any, arguments: dict[str, str], functions: Mapping[str, Function], array: bool) -> None:
        self.arguments = arguments
        self._functions = functions
        self._array = array
        self.intersecting: set[str] = set()
        self.constants: dict[str, Operand] = {}
        self.calls: list[tuple[str, list[str], str]] = []
        self.single: set[tuple[str, str]] = set()
        self._defaults = graph.default_values
        self._producers = {node["outputs"][0]: (key, node) for key, node in graph.function_nodes.items()}
        self._scheduled: set[str] = set()
        self._fixed: set[str] = set()  # arrays of constants: unlike ranges, a plain cell computes with all of them

    def visit(self, node: str, context: Context) -> tuple[str, bool]:
        """The node that holds this one's value, and whether it is an array.

        In the context ``arrays`` Excel computes with whole arrays, as in an array formula and inside SUMPRODUCT. In a
        ``plain`` one it takes of a range the one cell in line with the formula, which formulas does not: the implicit
        intersection. Which it does in IF and in aggregates inside SUMPRODUCT is ``unsure``.
        """
        if node in self.arguments:
            return node, self.arguments[node] != CELL_MARK
        if node not in self._producers:
            self.constants[node] = self._defaults[node]["value"]
            return node, False
        key, description = self._producers[node]
        # Tokens such as START are no operands; INDEX has one that says how to run it.
        operands = [operand for operand in description["inputs"] if not isinstance(operand, Token)]
        if description["function"] is bypass:  # the same subexpression for a second time
            return self.visit(operands[0], context)
        name, operands = self._meant(key, operands)
        if name in _PASSED_ON:
            return self._passed_on(name, operands[-1])
        function = self._function(name, len(operands))
        passed = self._passed(name, function, context)
        arrays, constant = False, True
        visited: list[str] = []
        for position, operand in enumerate(operands):
            whole = function.whole(position)
            looked_at = (function.ignoring or function.lines) if whole else context == "plain"
            if self.arguments.get(operand) == LINES_MARK and not looked_at:
                raise Refusal(f"whole rows or columns in '{name}'")  # the blanks below the last used cell count too
            single = context == "plain" and name not in _NEW and function.intersects(position)
            found, is_array = self.visit(operand, context if single else passed)
            fixed = found in self._fixed and (name not in _SINGLY or name == "CHOOSE")
            if not whole and context != "arrays" and not fixed and is_array:
                if not single:
                    raise Refusal(f"'{name}' on a range in a plain cell")
                found, is_array = self._single(found), False
            elif not whole and not self._array and not fixed and (context != "arrays" or name in _SINGLY):
                self.single.add((node, found))  # which may turn out to be an array
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

    def _function(self, name: str, operands: int) -> Function:
        function = self._functions[name]
        if function.arity and not function.arity[0] <= operands <= function.arity[1]:
            raise Refusal(f"{name} with {operands} arguments")
        return function

    def _passed_on(self, name: str, node: str) -> tuple[str, bool]:
        """The node's value, taken as the call around it says, and whether it is an array."""
        if name == "SINGLE":
            return self._single(node), False
        if name == AS_LAMBDA:
            return self.visit(node, "arrays" if self._array else "unsure")
        before, self._array = self._array, True
        found, is_array = self.visit(node, "arrays")
        self._array = before
        if found not in self.arguments:
            self._fixed.add(found)  # as a constant array
        return found, is_array

    def _passed(self, name: str, function: Function, context: Context) -> Context:
        if self._array or name in _THROUGH:
            return "arrays"
        intersects = function.kind == "elementwise" and not any(map(function.whole, range(3)))
        if context == "plain" and (intersects or name in _INTERSECTING):
            return context
        if function.kind == "elementwise" and name not in _SINGLY:
            return context if context != "plain" else "unsure"
        return "unsure"

    def _single(self, node: str) -> str:
        """The node, a reference, of which the one cell in line with the formula is read."""
        if node not in self.arguments or self._array:
            raise Refusal("one element of something computed")
        self.intersecting.add(node)
        return node

    def chosen(self, name: str, out: str, root: str) -> Function:
        """The function of that name, or its rough, faster version where the last digit of the result does not matter."""
        function = self._functions[name]
        readers = [self._functions[reader] for reader, operands, _ in self.calls if out in operands]
        seen = out == root or not all(reader.reads_rough for reader in readers)
        return function if seen or function.rough is None else function.rough

    def _meant(self, key: str, operands: list[str]) -> tuple[str, list[str]]:
        """The name in FUNCTIONS of the function that formulas' parser calls so, and its operands."""
        name = _plain(key)
        if name == "U-" and (inner := self._call(operands[0])) is not None and _plain(inner[0]) == "U-":
            return "--", inner[1]
        if name == "ARRAY" and not any(self._is_array(operand) for operand in operands):
            name = ARRAY_ROW
        if name not in self._functions and name not in _PASSED_ON:
            raise Refusal(f"'{name.strip() or 'an intersection'}', which this engine does not support")
        return name, operands

    def _is_array(self, node: str) -> bool:
        """Whether it is itself a row of an array constant, perhaps one that another array has as well."""
        call = self._call(node)
        return call is not None and _plain(call[0]) == "ARRAY"

    def _call(self, node: str) -> tuple[str, list[str]] | None:
        """The key and the operands of the call that gives this node; None where no call does."""
        if node not in self._producers:
            return None
        key, description = self._producers[node]
        operands = [operand for operand in description["inputs"] if not isinstance(operand, Token)]
        return self._call(operands[0]) if description["function"] is bypass else (key, operands)


def _plain(key: str) -> str:
    """The function's name, from the parser's key for a call."""
    return _REPEAT.sub("", key).upper()
