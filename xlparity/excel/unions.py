"""Writes a reference to several areas as as many arguments: ``SUM(Q1:Q4!A1)`` and ``SUM((A1,B2))``.

Functions that add up or count all that they are given take them so; some others take one reference, to several areas too.
"""

import re
from typing import TYPE_CHECKING

from xlparity.excel.address import folded
from xlparity.excel.expand import UNION
from xlparity.excel.formula import Token, end_of_call, split_arguments, token_at, tokens
from xlparity.excel.prefixes import without_prefix

if TYPE_CHECKING:
    from xlparity.excel.workbook import Workbook

_TAKING = frozenset((
    "SUM", "AVERAGE", "COUNT", "COUNTA", "MAX", "MIN", "PRODUCT", "SUMSQ", "STDEV", "STDEVP", "VAR", "VARP", "STDEV.S", "STDEV.P",
    "VAR.S", "VAR.P", "AVERAGEA", "MAXA", "MINA", "STDEVA", "STDEVPA", "VARA", "VARPA", "MEDIAN", "SKEW", "AVEDEV", "DEVSQ",
))  # fmt: skip
# The place of the reference; Microsoft lists these among the functions that take a range of several sheets.
_OF_ONE = {
    "LARGE": 0, "SMALL": 0, "PERCENTILE": 0, "PERCENTILE.INC": 0, "PERCENTILE.EXC": 0, "QUARTILE": 0, "QUARTILE.INC": 0,
    "QUARTILE.EXC": 0, "TRIMMEAN": 0, "RANK": 1, "RANK.EQ": 1, "RANK.AVG": 1,
}  # fmt: skip
_SHEETS = re.compile(r"(?:'(?P<quoted>(?:[^':]|'')+:(?:[^':]|'')+)'|(?P<plain>[\w.]+:[\w.]+))!(?P<cells>.*)", re.DOTALL)
_LEFT = re.compile(
    r"(?:'(?:[^':]|'')+:(?:[^':]|'')+'|[\w.]+:[\w.]+)!\$?[A-Za-z]{1,3}\$?[0-9]+(?::\$?[A-Za-z]{1,3}\$?[0-9]+)?"
)
_STRING = re.compile(r'"(?:[^"]|"")*"')
_MAY_HAVE = re.compile(r":[^!:]*!|[(,]\s*\(")


def without_unions(formula: str, workbook: "Workbook") -> str:
    """The formula with the areas of such references as arguments of their own.

    Raises ValueError where a reference to several sheets is left, in a function that takes none or beside an operator.
    """
    if not _MAY_HAVE.search(formula):
        return formula
    for token in reversed(tokens(formula)):
        end = end_of_call(formula, token.end - 1) if token.kind == "function" else None
        name = without_prefix(token.text[:-1])
        if end is None or (name not in _TAKING and name not in _OF_ONE):
            continue
        given = split_arguments(formula, token.end, end - 1)
        if name in _TAKING:
            written = [part for text in given for part in _areas(text, workbook)]
        else:
            written = [
                f"{UNION}({','.join(parts)})"
                if place == _OF_ONE[name] and len(parts := _areas(text, workbook)) > 1
                else text
                for place, text in enumerate(given)
            ]
        if written != given:
            formula = f"{formula[: token.end]}{','.join(written)}{formula[end - 1 :]}"
    for match in _LEFT.finditer(_STRING.sub('""', formula)):
        if len(_areas(match[0], workbook)) > 1:
            raise ValueError(
                f"the reference {match[0]} to several sheets in what takes one; name the sheets one by one"
            )
    return formula


def _areas(text: str, workbook: "Workbook") -> list[str]:
    """The areas that an argument refers to, where it is such a reference; else the argument."""
    plain = text.strip()
    if (match := _SHEETS.fullmatch(plain)) is not None and _is_reference(match["cells"]):
        first, _, last = (match["quoted"] or match["plain"]).replace("''", "'").partition(":")
        places = [
            number for number, sheet in enumerate(workbook.sheets) if folded(sheet) in (folded(first), folded(last))
        ]
        if len(places) == 2 or (len(places) == 1 and folded(first) == folded(last)):
            between = workbook.sheets[places[0] : places[-1] + 1]
            return [f"'{sheet.replace(chr(39), chr(39) * 2)}'!{match['cells']}" for sheet in between]
    if plain.startswith("(") and plain.endswith(")"):
        parts = split_arguments(plain, 1, len(plain) - 1)
        if len(parts) > 1 and all(_is_reference(part.strip()) for part in parts):
            return [part.strip() for part in parts]
    return [text]


def _is_reference(text: str) -> bool:
    token: Token | None = token_at(text, 0)
    return token is not None and token.kind in ("reference", "structured") and token.text == text
