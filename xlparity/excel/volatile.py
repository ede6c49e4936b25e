"""Formulas that give another value each time: they depend on chance or on the clock."""

import math
import re
from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from xlparity.excel.address import Cell
from xlparity.excel.ast import number
from xlparity.excel.expand import expanded
from xlparity.excel.formula import end_of_call, tokens
from xlparity.excel.prefixes import without_prefix

if TYPE_CHECKING:
    from xlparity.excel.workbook import Workbook

CHANCE = frozenset({"RAND", "RANDBETWEEN", "RANDARRAY"})
"""The functions that draw a number."""
CHANGING = CHANCE | {"NOW", "TODAY"}
"""The functions of which no two calls need to give the same."""
_MAY_CALL = re.compile(r"RAND|NOW|TODAY", re.IGNORECASE)


def changing_function(formula: str, among: Collection[str] = CHANGING) -> str | None:
    """The first such function that the formula calls, if any."""
    if not _MAY_CALL.search(formula):
        return None
    names = (without_prefix(token.text[:-1]) for token in tokens(formula) if token.kind == "function")
    return next((name for name in names if name in among), None)


def changes_by_itself(workbook: "Workbook", cell: Cell, among: Collection[str] = CHANGING) -> bool:
    """Whether the cell's formula calls such a function, also by a name that stands for it."""
    formula = workbook.formula(cell)
    if formula is None:
        return False
    text = formula.text
    if changing_function(text, among) is None and workbook.scope.expressions:
        with suppress(ValueError):  # it is in a form that is not supported
            text = expanded(text, cell, workbook.scope)
    return changing_function(text, among) is not None


def with_clock(formula: str, now: float) -> str:
    """The formula with this moment, a serial number of days, in place of the calls of NOW and TODAY."""
    if not _MAY_CALL.search(formula):
        return formula
    for token in reversed(tokens(formula)):
        end = end_of_call(formula, token.end - 1) if token.text.upper() in ("NOW(", "TODAY(") else None
        if end is not None and not formula[token.end : end - 1].strip():
            moment = now if token.text.upper() == "NOW(" else float(math.floor(now))
            formula = f"{formula[: token.start]}{number(moment)}{formula[end:]}"
    return formula
