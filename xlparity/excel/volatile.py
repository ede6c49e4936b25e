"""Formulas that give another value each time: they depend on chance or on the clock."""

import re
from typing import TYPE_CHECKING

from xlparity.excel.address import Cell
from xlparity.excel.contents import Formula
from xlparity.excel.formula import tokens
from xlparity.excel.prefixes import without_prefix

if TYPE_CHECKING:
    from xlparity.excel.workbook import Workbook

CHANGING = frozenset({"RAND", "RANDBETWEEN", "RANDARRAY", "NOW", "TODAY"})
"""The functions of which no two calls need to give the same."""
_MAY_CALL = re.compile(r"RAND|NOW|TODAY", re.IGNORECASE)


def changing_function(formula: str) -> str | None:
    """The first such function that the formula calls, if any."""
    if not _MAY_CALL.search(formula):
        return None
    names = (without_prefix(token.text[:-1]) for token in tokens(formula) if token.kind == "function")
    return next((name for name in names if name in CHANGING), None)


def changing_formulas(workbook: "Workbook") -> dict[Cell, str]:
    """The formulas that call such a function, also by a name that stands for it, each with the function."""
    found: dict[Cell, str] = {}
    for cell, content in workbook.cells.items():
        if isinstance(content, Formula):
            try:
                text = workbook.resolved(content.text, cell)
            except ValueError:
                text = content.text
            if (name := changing_function(text)) is not None:
                found[cell] = name
    return found
