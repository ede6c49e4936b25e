"""Splits the text of a formula into its references and the remaining shape.

``=C5*$B$1+SUM(D5:F5)`` has the shape ``=␟*␟+SUM(␞)`` and three references. All the cells that a person filled from one
another share a shape, so an engine compiles a shape once and not a formula at a time.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

CELL_MARK, RANGE_MARK, LINES_MARK = "\x1f", "\x1e", "\x1d"
"""The placeholders in a shape for a reference to one cell, to a range, and to whole rows or columns."""

VARIABLE = "_xlpm."
"""How the names of the variables of LET and of the parameters of LAMBDA begin in a file."""

_CELLS = r"\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6}(?::\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6})?(?![\w.(!\[\#])"
# A quoted sheet is not looked for behind a quote, or a thousand of these would each be the begin of one.
_SHEET = r"(?:(?:(?<!')'(?:[^']|'')++'|(?:\[[0-9]+\])?[^\W\d][\w.]*+)!)?"
_TOKEN = re.compile(
    rf"""
    (?=[\w$"'\#\[\]@\\.])  # an operator, a bracket or a space: on to the next character, the quick way
    (?:
      (?P<reference>{_SHEET}{_CELLS})
    | (?P<structured>[^\W\d][\w.\\]*\[(?:[^\[\]']|'.|\[(?:[^\[\]']|'.)*\])*\])
    | (?P<whole>{_SHEET}(?:\$?[A-Za-z]{{1,3}}:\$?[A-Za-z]{{1,3}}|\$?[0-9]+:\$?[0-9]+)(?![\w.(!]))
    | (?P<number>[0-9]+\.?[0-9]*(?:[Ee][+-]?[0-9]+)?|\.[0-9]+(?:[Ee][+-]?[0-9]+)?)
    | (?P<function>[A-Za-z_][\w.]*\()
    | (?P<string>"(?:[^"]|"")*")
    | (?P<name>(?:\[[0-9]+\]!|{_SHEET})[^\W\d][\w.\\?]*|\\[\w.\\?]*)
    | (?P<error>\#(?:NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A|GETTING_DATA))
    | (?P<strange>[\[\]@\#'])
    )
    """,
    re.VERBOSE,
)


_PLAIN = re.compile(rf"(?<![\w.$!:'\\?])({_CELLS})")
_plain_shapes: set[str] = set()
"""Shapes of which every mark is a reference without a sheet: formulas of such a shape are taken apart by one call of ``re``."""
_INDIRECT = re.compile(r"(?<![\w.])INDIRECT\(", re.IGNORECASE)  # which refers to what its text names
_MOST_PLAIN = 1 << 16  # shapes, some megabytes


_STRUCTURE = re.compile(r"""\"[^"]*+\"|'[^']*+'|\[[^\[\]]*+\]|[(){},]""")
_PREFIXES = re.compile(r"_xl(?:fn|ws|pm|op|udf)\.", re.IGNORECASE)


class Token(NamedTuple):
    """One token that matters: its kind (a group of the pattern above), its text and its position."""

    kind: str
    text: str
    start: int
    end: int


def tokens(formula: str) -> list[Token]:
    """The references, names, numbers, strings and functions of a formula, in order; operators are what lies between."""
    return [Token(match.lastgroup or "", match[0], *match.span()) for match in _TOKEN.finditer(formula)]


def token_at(formula: str, position: int) -> Token | None:
    """The token that begins at this position; None where there is an operator, a bracket or a space."""
    match = _TOKEN.match(formula, position)
    return Token(match.lastgroup or "", match[0], *match.span()) if match else None


def shown_length(formula: str) -> int:
    """How many characters Excel shows of the text of a formula in a file, without the prefixes of functions and variables."""
    return len(_PREFIXES.sub("", formula))


def nesting(formula: str) -> tuple[int, int]:
    """How many brackets are open at once in a formula, and the arguments of the call that has most of them."""
    levels = most = 0
    commas: list[int] = []  # behind each bracket that is open; a brace has no arguments
    for match in _STRUCTURE.finditer(formula):
        sign = match[0]
        if sign in ("(", "{"):
            commas.append(0)
            levels = max(levels, len(commas))
        elif sign in (")", "}"):
            count = commas.pop() if commas else 0
            most = max(most, count + 1 if sign == ")" else 0)
        elif sign == "," and commas:
            commas[-1] += 1
    return levels, most


def end_of_call(formula: str, opening: int) -> int | None:
    """Behind the bracket that closes the one which opens here; None where nothing does."""
    depth, position = 0, opening
    while position < len(formula):
        token = token_at(formula, position)
        if token is not None:
            depth += token.kind == "function"
            position = token.end
            continue
        depth += {"(": 1, ")": -1}.get(formula[position], 0)
        position += 1
        if depth == 0:
            return position
    return None


def split_arguments(formula: str, begin: int, end: int) -> list[str]:
    """The texts of a call's arguments, which begin and end there."""
    found, depth, start, position = [], 0, begin, begin
    while position < end:
        token = token_at(formula, position)
        if token is not None:
            depth += token.kind == "function"
            position = token.end
            continue
        character = formula[position]
        depth += (character in "({") - (character in ")}")
        if character == "," and not depth:
            found.append(formula[start:position])
            start = position + 1
        position += 1
    return [*found, formula[start:end]]


def refers(formula: str) -> bool:
    """Whether the formula refers to anything at all; one that does not, such as =0.5, is a number with a sign before it."""
    return next(_references(formula), None) is not None or _INDIRECT.search(formula) is not None


def precedents(formula: str) -> list[str]:
    """What the formula refers to: addresses, names and structured references as written, in order, repeats included."""
    shape, references = split(formula)
    return references if shape in _plain_shapes else list(_references(formula))


def _references(formula: str) -> Iterator[str]:
    for match in _TOKEN.finditer(formula):
        if match.lastgroup in ("reference", "whole", "structured") or (
            match.lastgroup == "name" and match[0].upper() not in ("TRUE", "FALSE")
        ):
            yield match[0]


def dissect(formula: str, meaning: Callable[[str], str]) -> tuple[str, list[str]]:
    """The formula's shape and its references, a mark in the shape for each. The parameters of a LAMBDA stay as they are.

    ``meaning`` gives the plain reference or the constant that a name or a structured reference stands for. Raises
    ValueError with the reason where the text has something that no plain reference replaces: an external reference, a
    spill, ``@``, a name that is no range.
    """
    if CELL_MARK in formula or RANGE_MARK in formula or LINES_MARK in formula:
        raise ValueError("a control character, which no file can have in a formula")
    plain = split(formula)
    if plain[0] in _plain_shapes:
        return plain
    found = _dissected(formula, meaning)
    if found == plain:  # the same then holds for every formula that has these marks in the same places
        if len(_plain_shapes) >= _MOST_PLAIN:
            _plain_shapes.clear()
        _plain_shapes.add(plain[0])
    return found


def split(formula: str) -> tuple[str, list[str]]:
    """The shape and the references of a formula in which whatever looks like a reference without a sheet is one."""
    pieces = _PLAIN.split(formula)
    references = pieces[1::2]
    if ":" not in formula:  # no ranges, as in most formulas
        return CELL_MARK.join(pieces[::2]), references
    pieces[1::2] = [RANGE_MARK if ":" in reference else CELL_MARK for reference in references]
    return "".join(pieces), references


def _dissected(formula: str, meaning: Callable[[str], str]) -> tuple[str, list[str]]:
    shape: list[str] = []
    references: list[str] = []
    position = 0
    for match in _TOKEN.finditer(formula):
        kind, text = match.lastgroup, match[0]
        if kind in ("name", "structured"):
            if text.upper() in ("TRUE", "FALSE") or text.startswith(VARIABLE):
                continue
            text = meaning(text)
            if text.startswith("("):  # a constant
                shape += formula[position : match.start()], text
                position = match.end()
                continue
        elif kind == "strange":
            raise ValueError(f"a reference to another workbook, or a spilling one ('{text}')")
        elif kind == "string" and "\n" in text:
            raise ValueError("a text with a line break in it")  # formulas removes all line breaks
        elif kind not in ("reference", "whole"):
            continue
        mark = LINES_MARK if kind == "whole" else RANGE_MARK if ":" in text else CELL_MARK
        shape += formula[position : match.start()], mark
        references.append(text)
        position = match.end()
    shape.append(formula[position:])
    return "".join(shape).replace("\r", " ").replace("\n", " "), references
