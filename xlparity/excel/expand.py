"""Writes a formula out: defined names of expressions, LET, and calls of LAMBDA are replaced by what they stand for.

``LET(x,A1+1,x*x)`` is ``(A1+1)*(A1+1)``. Of the functions that call a LAMBDA many times, such as MAP, the LAMBDA is left, with
parameters that have names of their own.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from xlparity.excel.address import Cell, folded
from xlparity.excel.ast import Node, call, parse
from xlparity.excel.fill import Filling
from xlparity.excel.formula import VARIABLE
from xlparity.excel.prefixes import is_function, without_prefix

if TYPE_CHECKING:
    from xlparity.excel.names import Scope

ITERATED = ("MAP", "REDUCE", "SCAN", "BYROW", "BYCOL", "MAKEARRAY")
"""The functions whose last argument is a LAMBDA, which they call many times."""
AS_ARRAY = "XLPARITY.ARRAY"
"""A call around what a name means: Excel computes it with whole arrays, as an array formula, in any cell."""
AS_LAMBDA = "XLPARITY.LAMBDA"
"""A call around a formula with a LET or LAMBDA that was written out: in a plain cell it is not documented of which
ranges in it Excel takes one cell."""
UNION = "XLPARITY.UNION"
"""A call around several areas where a function takes one reference: all their cells, one after the other."""
WITHOUT_ERRORS = "XLPARITY.VALID"
"""A call around what an AGGREGATE passes the errors of: the rest."""

_LAMBDA = "_xlfn.LAMBDA"
_LET = "_xlfn.LET"
_MAY_CONCERN = re.compile(r"(?<![\w.])_xlfn\.(?:LET|LAMBDA)\(", re.IGNORECASE)  # without the prefix they are #NAME?
_OF_SHEETS = re.compile(  # fixed cells of several sheets, which some functions take
    r"(?:'(?:[^':]|'')+:(?:[^':]|'')+'|[\w.]+:[\w.]+)!\$[A-Za-z]{1,3}\$[0-9]+(?::\$[A-Za-z]{1,3}\$[0-9]+)?"
)
_WORD = re.compile(r"[^\W\d][\w.\\?]*")
_OPTIONAL = "_xlop."  # how the names of parameters begin that a call may leave out
_MOST_PARTS = 5_000  # of a formula that is written out; the parser takes a second for as many
_LONG = "a formula that is very long when its names, LETs and LAMBDAs are written out"
_DEEPEST = 40  # names in names, and calls in calls


class Function(NamedTuple):
    """A LAMBDA where it was met: its parameters, its body, and what the variables there stand for."""

    parameters: tuple[str, ...]
    body: Node
    variables: "Variables"


Meaning: TypeAlias = Node | Function
Variables: TypeAlias = Mapping[str, Meaning]


def expanded(formula: str, cell: Cell, scope: "Scope") -> str:
    """The formula of a cell, written out; as it is where it has nothing to write out.

    Raises ValueError with the reason where that is in a form that is not supported.
    """
    named = scope.expressions and scope.expressions.intersection(map(folded, _WORD.findall(formula)))
    if not named and ("_XLFN.L" not in formula.upper() or not _MAY_CONCERN.search(formula)):
        return formula
    expansion = _Expansion(cell, scope)
    tree = expansion.formula(parse(formula))
    if _size(tree, {}) > _MOST_PARTS:  # what is there many times is but one node until it is written
        raise ValueError(_LONG)
    return f"={call(AS_LAMBDA, tree) if expansion.calls else tree}"


class _Expansion:
    """One formula as it is written out."""

    def __init__(self, cell: Cell, scope: "Scope") -> None:
        self._cell, self._scope = cell, scope
        self._parts = self._parameters = self._depth = 0
        self.calls = False  # that there was a LET, or a call of a LAMBDA

    def formula(self, tree: Node) -> Node:
        return self._value(tree, {})

    def _value(self, node: Node, variables: Variables) -> Node:
        """What the part of a formula is, written out; raises ValueError where it is a LAMBDA that nothing calls."""
        found = self._meaning(node, variables)
        if isinstance(found, Function):
            raise ValueError("a LAMBDA that is not called")
        return found

    def _meaning(self, node: Node, variables: Variables) -> Meaning:
        self._parts += 1
        if self._parts > _MOST_PARTS or self._depth > _DEEPEST:
            raise ValueError(_LONG)
        if node.kind == "name":
            return self._named(node, variables)
        if node.kind == "applied":
            function = self._meaning(node.parts[0], variables)
            return self._applied(function, node.parts[1:], variables)
        if node.kind != "call":
            return self._with_parts(node, variables)
        if node.word.lower() == _LET.lower():
            return self._let(node.parts, variables)
        if node.word.lower() == _LAMBDA.lower() and node.parts:
            *parameters, body = node.parts
            return Function(tuple([_parameter(part) for part in parameters]), body, variables)
        called = variables.get(node.word.lower()) or self._definition(node.word)
        if isinstance(called, Function) and is_function(node.word):
            raise ValueError(f"the function {node.word}, which may be Excel's own or a name of the workbook")
        return self._with_parts(node, variables) if called is None else self._applied(called, node.parts, variables)

    def _with_parts(self, node: Node, variables: Variables) -> Node:
        """The part with its own parts written out."""
        name = without_prefix(node.word) if node.kind == "call" else ""
        parts = list(node.parts)
        if name == "ISOMITTED" and len(parts) == 1:
            given = variables.get(parts[0].word.lower())
            return Node("truth", "TRUE" if isinstance(given, Node) and given.kind == "omitted" else "FALSE")
        if name == "IF" and len(parts) == 3:
            parts[0] = self._value(parts[0], variables)
            if parts[0].kind == "truth":  # the other branch may be of an argument that was left out
                return self._value(parts[2 if parts[0].word == "FALSE" else 1], variables)
            return node._replace(parts=(parts[0], *[self._value(part, variables) for part in parts[1:]]))
        if name in ITERATED and parts:
            function = self._called_later(parts.pop(), variables)
            return node._replace(parts=(*[self._value(part, variables) for part in parts], function))
        return node._replace(parts=tuple([self._value(part, variables) for part in parts]))

    def _named(self, node: Node, variables: Variables) -> Meaning:
        if node.word.lower().startswith(VARIABLE):
            found = variables.get(node.word.lower())
            if found is None:
                raise ValueError(f"the variable {node.word.removeprefix(VARIABLE)}, which no LET or LAMBDA defines")
            if isinstance(found, Node) and found.kind == "omitted":
                raise ValueError("an argument left out of a call of a LAMBDA")
            return found
        return self._definition(node.word) or node

    def _definition(self, word: str) -> Meaning | None:
        """What a defined name means that stands for an expression; None where it stands for cells, or for nothing."""
        text = self._scope.expression(word, self._cell.sheet)
        if text is None:
            return None
        if _OF_SHEETS.fullmatch(text):
            return Node("reference", text)
        # It is written as for A1, and beyond an edge of the grid it goes on at the opposite one.
        placed = Filling(f"={text}").around(self._cell.row - 1, self._cell.column - 1)
        self._depth += 1
        try:
            found = self._meaning(parse(placed), {})
        except ValueError as reason:
            raise ValueError(f"the name {word}, which is defined as '{text}': {reason}") from None
        self._depth -= 1
        if isinstance(found, Function) or found.kind in ("name", "reference", "number", "text", "truth", "error"):
            return found
        return call(AS_ARRAY, found)

    def _let(self, parts: Sequence[Node], variables: Variables) -> Meaning:
        self.calls = True
        if len(parts) % 2 == 0:
            raise ValueError("LET with an even number of arguments")
        for name, value in zip(parts[:-1:2], parts[1::2], strict=True):
            variables = {**variables, _parameter(name): self._meaning(value, variables)}
        return self._meaning(parts[-1], variables)

    def _applied(self, function: Meaning, arguments: Sequence[Node], variables: Variables) -> Meaning:
        if not isinstance(function, Function):
            raise ValueError("a call of what is no LAMBDA")
        self.calls = True
        parameters = [parameter.replace(_OPTIONAL, VARIABLE) for parameter in function.parameters]
        most = len(parameters)
        least = most - sum(parameter.startswith(_OPTIONAL) for parameter in function.parameters)
        if not least <= len(arguments) <= most:
            raise ValueError(f"a LAMBDA of {most} parameters, called with {len(arguments)} arguments")
        given: list[Meaning] = [Node("omitted", "")] * most
        for number, argument in enumerate(arguments):
            if argument.kind != "omitted":
                given[number] = self._meaning(argument, variables)
        self._depth += 1
        found = self._meaning(function.body, {**function.variables, **dict(zip(parameters, given, strict=True))})
        self._depth -= 1
        return found

    def _called_later(self, node: Node, variables: Variables) -> Node:
        """The LAMBDA that MAP or another such function calls, with parameters whose names are nowhere else in the formula."""
        function = self._meaning(node, variables)
        if not isinstance(function, Function):
            raise ValueError("a MAP, or another function that calls a LAMBDA, without one")
        names = []
        for _ in function.parameters:
            self._parameters += 1
            names.append(Node("name", f"{VARIABLE}p{self._parameters}"))
        body = self._value(function.body, {**function.variables, **dict(zip(function.parameters, names, strict=True))})
        return call(_LAMBDA, *names, body)


def _size(node: Node, known: dict[int, int]) -> int:
    """How many parts the tree has, each as often as it is there; ``known`` are the sizes of nodes by their identities."""
    if id(node) not in known:
        known[id(node)] = 1 + sum(_size(part, known) for part in node.parts)
    return known[id(node)]


def _parameter(node: Node) -> str:
    if node.kind != "name" or not node.word.lower().startswith((VARIABLE, _OPTIONAL)):
        raise ValueError("a LET or LAMBDA whose variable is no name")
    return node.word.lower()
