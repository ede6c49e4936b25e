"""The text of a formula, taken apart just far enough: what it refers to, and the shape that is left.

``=C5*$B$1+SUM(D5:F5)`` has the shape ``=␟*␟+SUM(␞)`` and three references. All the cells that a person filled from one
another share a shape, so an engine compiles a shape once and not a formula at a time.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

CELL_MARK, RANGE_MARK = "\x1f", "\x1e"

_SHEET = r"(?:(?:'(?:[^']|'')+'|[^\W\d][\w.]*+)!)?"
_TOKEN = re.compile(
    rf"""
    (?=[\w$"'\#\[\]@\\.])  # an operator, a bracket or a space: on to the next character, the quick way
    (?:
      (?P<reference>{_SHEET}\$?[A-Za-z]{{1,3}}\$?[1-9][0-9]{{0,6}}
        (?::\$?[A-Za-z]{{1,3}}\$?[1-9][0-9]{{0,6}})?(?![\w.(!\[\#]))
    | (?P<whole>{_SHEET}(?:\$?[A-Za-z]{{1,3}}:\$?[A-Za-z]{{1,3}}|\$?[0-9]+:\$?[0-9]+)(?![\w.(!]))
    | (?P<number>[0-9]+\.?[0-9]*(?:[Ee][+-]?[0-9]+)?|\.[0-9]+(?:[Ee][+-]?[0-9]+)?)
    | (?P<function>[A-Za-z_][\w.]*\()
    | (?P<string>"(?:[^"]|"")*")
    | (?P<name>{_SHEET}[^\W\d][\w.\\?]*|\\[\w.\\?]*)
    | (?P<error>\#(?:NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A|GETTING_DATA))
    | (?P<strange>[\[\]@\#'])
    )
    """,
    re.VERBOSE,
)


_ABSOLUTE = re.compile(
    _SHEET.removesuffix("?") + r"\$[A-Za-z]{1,3}\$[1-9][0-9]{0,6}(?::\$[A-Za-z]{1,3}\$[1-9][0-9]{0,6})?"
)


class Token(NamedTuple):
    """One token that matters: its kind (a group of the pattern above), its text and where it stands."""

    kind: str
    text: str
    start: int
    end: int


def tokens(formula: str) -> list[Token]:
    """The references, names, numbers, strings and functions of a formula, in order; operators are what lies between."""
    return [Token(match.lastgroup or "", match[0], *match.span()) for match in _TOKEN.finditer(formula)]


def precedents(formula: str) -> list[str]:
    """What the formula refers to: addresses and defined names as they are written, in order, repeats included."""
    return [
        match[0]
        for match in _TOKEN.finditer(formula)
        if match.lastgroup in ("reference", "whole")
        or (match.lastgroup == "name" and match[0].upper() not in ("TRUE", "FALSE"))
    ]


def dissect(formula: str, names: Mapping[str, str]) -> tuple[str, list[str]]:
    """The formula's shape and its references, a mark in the shape for each.

    ``names`` gives the reference that each defined name (in capitals) stands for. Raises ValueError with the reason
    where the text has something that no plain reference replaces: a whole row or column, a name that is no range, a
    structured or external reference, a spill, ``@``.
    """
    shape: list[str] = []
    references: list[str] = []
    position = 0
    for match in _TOKEN.finditer(formula):
        kind, text = match.lastgroup, match[0]
        if kind == "name":
            if text.upper() in ("TRUE", "FALSE"):
                continue
            text = _meaning(text, names)
        elif kind == "whole":
            raise ValueError(f"the reference {text} to whole rows or columns")
        elif kind == "strange":
            raise ValueError(f"a structured, external or spilling reference ('{text}')")
        elif kind == "string" and "\n" in text:
            raise ValueError("a text with a line break in it")  # formulas takes line breaks out, wherever they stand
        elif kind != "reference":
            continue
        shape += formula[position : match.start()], RANGE_MARK if ":" in text else CELL_MARK
        references.append(text)
        position = match.end()
    shape.append(formula[position:])
    return "".join(shape).replace("\r", " ").replace("\n", " "), references


def _meaning(name: str, names: Mapping[str, str]) -> str:
    definition = names.get(name.upper())
    if definition is None:
        raise ValueError(f"the name {name}, which the workbook does not define for every sheet")
    if not _ABSOLUTE.fullmatch(definition):
        # A relative name means another cell in every cell that uses it.
        raise ValueError(f"the name {name}, which stands for '{definition}' and not for a fixed range")
    return definition
