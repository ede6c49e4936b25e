"""The syntax tree of a formula, which can be changed in one place and written as text again.

Trees are values: two formulas that differ in spaces and in needless parentheses only have the same ``plain`` tree.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from xlparity.excel.formula import Token, token_at, tokens

NodeKind = Literal[
    "number", "text", "truth", "error", "reference", "name", "call", "applied", "unary", "binary", "percent", "group", "array",
    "row", "omitted",
]  # fmt: skip

_STRENGTH = {"=": 1, "<>": 1, "<": 1, ">": 1, "<=": 1, ">=": 1, "&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 5, ":": 8}
_PERCENT, _SIGN, _ATOM = 6, 7, 9  # Excel binds a sign tighter than a power: -A1^2 is (-A1)^2
_OPERATOR = re.compile(r"<=|>=|<>|[-+*/^&=<>%(){},;:]")
_SPACE = re.compile(r"\s*")
_DEEPEST, _LONGEST = 100, 300


class Node(NamedTuple):
    """A part of a formula: ``word`` is its operator, its function's name or, for what has no parts, its text.

    What is ``applied`` is the first part, a call of LAMBDA, to the others: ``LAMBDA(x,x+1)(5)``.
    """

    kind: NodeKind
    word: str
    parts: "tuple[Node, ...]" = ()

    def __str__(self) -> str:
        return _spelled(self)


Path = tuple[int, ...]
"""The way from a tree's top to a part of it: which part at every step."""


def parse(formula: str) -> Node:
    """The tree of a formula, which begins with ``=``; raises ValueError where it has what no tree here shows."""
    if not formula.startswith("="):
        raise ValueError("a formula begins with =")
    if len(tokens(formula)) > _LONGEST:
        raise ValueError("a formula of very many parts")
    reader = _Parser(formula)
    tree = reader.expression(0)
    if reader.word:
        raise ValueError(f"'{reader.word}' where the formula should end")
    return tree


def number(value: float) -> Node:
    """A number as a formula has it."""
    text = repr(float(value)).removesuffix(".0")
    return Node("unary", "-", (Node("number", text[1:]),)) if text.startswith("-") else Node("number", text)


def call(name: str, *arguments: Node) -> Node:
    """A call of a function."""
    return Node("call", name, arguments)


def binary(left: Node, operator: str, right: Node) -> Node:
    """Two operands and the operator between them; parentheses come with the spelling, where they are needed."""
    return Node("binary", operator, (left, right))


@lru_cache(maxsize=1 << 16)  # edited formulas share nearly all their parts
def plain(tree: Node) -> Node:
    """The tree without its groups, and its words in capitals: what it computes, however it is written."""
    while tree.kind == "group":
        tree = tree.parts[0]
    word = tree.word.upper().replace("$", "") if tree.kind != "text" else tree.word
    return Node(tree.kind, word, tuple(plain(part) for part in tree.parts))


def walk(tree: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every part of the tree and the way to it, the whole tree first."""
    yield path, tree
    for place, part in enumerate(tree.parts):
        yield from walk(part, (*path, place))


def with_part(tree: Node, path: Path, new: Node) -> Node:
    """The tree with another part at the end of the way."""
    if not path:
        return new
    place, *rest = path
    parts = (*tree.parts[:place], with_part(tree.parts[place], tuple(rest), new), *tree.parts[place + 1 :])
    return tree._replace(parts=parts)


def _strength(node: Node) -> int:
    if node.kind == "binary":
        return _STRENGTH[node.word]
    return {"percent": _PERCENT, "unary": _SIGN}.get(node.kind, _ATOM)


def _spelled(node: Node) -> str:
    match node.kind:
        case "group":
            return f"({_spelled(node.parts[0])})"
        case "call":
            return f"{node.word}({','.join(map(_spelled, node.parts))})"
        case "applied":
            function, *arguments = map(_spelled, node.parts)
            return f"{function}({','.join(arguments)})"
        case "unary":
            return node.word + _within(node.parts[0], _SIGN)
        case "percent":
            return _within(node.parts[0], _PERCENT) + "%"
        case "binary":
            left, right = node.parts
            strength = _STRENGTH[node.word]
            return _within(left, strength) + node.word + _within(right, strength + 1)
        case "array":
            return "{" + ";".join(",".join(map(_spelled, row.parts)) for row in node.parts) + "}"
        case _:
            return node.word


def _within(node: Node, least: int) -> str:
    text = _spelled(node)
    return text if _strength(node) >= least else f"({text})"


class _Parser:
    """Reads a formula from left to right, an operator or a token ahead."""

    def __init__(self, formula: str) -> None:
        self._formula = formula
        self._position = 1
        self._depth = 0
        self.token: Token | None = None
        self.word = ""
        self._advance()

    def _advance(self) -> None:
        space = _SPACE.match(self._formula, self._position)
        assert space is not None  # it matches nothing as well
        self._spaced = bool(space[0])
        self._position = space.end()
        self.token = token_at(self._formula, self._position)
        if self.token is not None:
            self.word, self._position = self.token.text, self.token.end
            return
        operator = _OPERATOR.match(self._formula, self._position)
        if operator is None and self._position < len(self._formula):
            raise ValueError(f"'{self._formula[self._position]}', which this reader does not know")
        self.word = operator[0] if operator else ""
        self._position += len(self.word)

    def expression(self, least: int) -> Node:
        """An operand with all following operators of at least this precedence."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("a formula that is nested too deeply")
        left = self._operand()
        links = 0
        while self.token is None and self.word:
            if self.word == "%" and least <= _PERCENT:
                self._advance()
                left = Node("percent", "%", (left,))
                continue
            strength = _STRENGTH.get(self.word)
            if strength is None or strength < least:
                break
            operator = self.word
            links += 1
            if links > _DEEPEST:
                raise ValueError("a formula that is nested too deeply")
            self._advance()
            left = Node("binary", operator, (left, self.expression(strength + 1)))
        if self.token is not None:
            raise ValueError("an intersection, or two operands without an operator")
        self._depth -= 1
        return left

    def _operand(self) -> Node:
        token, word = self.token, self.word
        self._advance()
        if token is None:
            if word in ("-", "+"):
                return Node("unary", word, (self.expression(_SIGN),))
            if word == "(":
                inside = self.expression(0)
                self._expect(")")
                return Node("group", "", (inside,))
            if word == "{":
                return self._array()
            raise ValueError(f"'{word}' in place of an operand" if word else "the formula ends too early")
        if token.kind == "function":
            called = Node("call", word[:-1], self._arguments())
            while self.token is None and self.word == "(" and not self._spaced:
                self._advance()
                called = Node("applied", "", (called, *self._arguments()))
            return called
        if token.kind == "strange":
            raise ValueError(f"'{word}', of which no tree is made")
        if token.kind == "name" and word.upper() in ("TRUE", "FALSE"):
            return Node("truth", word.upper())
        known: dict[str, NodeKind] = {"reference": "reference", "number": "number", "string": "text", "error": "error"}
        return Node(known.get(token.kind, "name"), word)

    def _arguments(self) -> tuple[Node, ...]:
        if self.token is None and self.word == ")":
            self._advance()
            return ()
        found: list[Node] = []
        while True:
            left_out = self.token is None and self.word in (",", ")")
            found.append(Node("omitted", "") if left_out else self.expression(0))
            if self.token is None and self.word == ",":
                self._advance()
                continue
            self._expect(")")
            return tuple(found)

    def _array(self) -> Node:
        rows: list[Node] = []
        row: list[Node] = []
        while True:
            row.append(self.expression(_SIGN))
            word = self.word
            self._advance()
            if word in (";", "}"):
                rows.append(Node("row", ",", tuple(row)))
                row = []
            elif word != ",":
                raise ValueError("an array that is not closed")
            if word == "}":
                return Node("array", "", tuple(rows))

    def _expect(self, word: str) -> None:
        if self.token is not None or self.word != word:
            raise ValueError(f"'{word}' is lacking")
        self._advance()
