"""Answers the calls that ask about formulas and not about values: FORMULATEXT and ISFORMULA.

The answers are in the file, and no value changes them.
"""

import re
from typing import TYPE_CHECKING

from xlparity.excel.address import Cell
from xlparity.excel.formula import end_of_call, split_arguments, tokens
from xlparity.excel.prefixes import misspelt, stored, typed_formula, without_prefix

if TYPE_CHECKING:
    from xlparity.excel.workbook import Workbook

_MAY_CALL = re.compile(r"_xlfn\.(?:FORMULATEXT|ISFORMULA)\(", re.IGNORECASE)
_CALLED = ("_XLFN.FORMULATEXT(", "_XLFN.ISFORMULA(")
_PLAIN = re.compile(r"0|[1-9][0-9]{0,14}|(?:0|[1-9][0-9]{0,7})\.[0-9]{0,6}[1-9]")
_OF_RANGES = (
    "SUM",
    "AVERAGE",
    "COUNT",
    "COUNTA",
    "MAX",
    "MIN",
    "PRODUCT",
    "SUMPRODUCT",
    "STDEV.S",
    "STDEV",
    "VAR",
    "MMULT",
)
_LONGEST = 8192  # characters; Excel has #N/A for a longer one


def answered(formula: str, cell: Cell, workbook: "Workbook") -> str:
    """The formula of a cell with the answer, a text, a truth value or #N/A, in place of each such call.

    Raises ValueError where it is not certain what Excel answers.
    """
    if not _MAY_CALL.search(formula):
        return formula
    for token in reversed(tokens(formula)):
        end = end_of_call(formula, token.end - 1) if token.text.upper() in _CALLED else None
        if end is not None:
            given = split_arguments(formula, token.end, end - 1)
            found = _answer(token.text.upper() == _CALLED[0], given[0].strip(), cell, workbook)
            formula = formula[: token.start] + found + formula[end:]
    return formula


def _as_excel_writes_it(text: str, workbook: "Workbook") -> bool:
    """Whether the formula is surely spelled as Excel writes it: capitals, plain numbers, and no range that may get an ``@``."""
    if "SINGLE(" in text.upper():
        return False
    calls: list[tuple[int, int, str]] = []
    for token in tokens(text):
        if token.kind == "function":
            calls.append((token.start, end_of_call(text, token.end - 1) or 0, without_prefix(token.text[:-1])))
            fits = token.text[:-1] == stored(calls[-1][2])
        elif token.kind in ("reference", "whole"):
            sheet, separator, cells = token.text.rpartition("!")
            fits = cells == cells.upper() and (not separator or sheet in workbook.sheets)
            if ":" in cells:
                inner = [name for start, end, name in calls if start < token.start < end]
                fits = (
                    fits
                    and text[token.end :].lstrip()[:1] in (",", ")")
                    and inner[-1:] != []
                    and inner[-1] in _OF_RANGES
                )
        elif token.kind == "number":
            fits = _PLAIN.fullmatch(token.text) is not None
        elif token.kind == "string":
            fits = "_xl" not in token.text.lower()
        else:  # a name is written as it is defined
            fits = token.kind == "error" or token.text in ("TRUE", "FALSE") or token.text.startswith("_xlpm.")
        if not fits:
            return False
    return True


def _answer(as_text: bool, reference: str, cell: Cell, workbook: "Workbook") -> str:
    name = "FORMULATEXT" if as_text else "ISFORMULA"
    if reference.startswith("#"):
        return reference
    area = workbook.meant(reference, cell)
    if area is None or area.size > 1 or area.sheet in workbook.external:
        raise ValueError(f"{name} of anything but one cell of this workbook")
    formula = workbook.formula(area.first)
    text = workbook.taken.get(area.first) if formula is None else str(formula)
    if text is None:
        return "#N/A" if as_text else "FALSE"
    if not as_text:
        return "TRUE"
    if (formula is not None and formula.area is not None) or text.startswith("{") or "[" in text or misspelt(text):
        raise ValueError("FORMULATEXT of an array formula, or of one with references to tables or other workbooks")
    if not _as_excel_writes_it(text, workbook):
        raise ValueError("FORMULATEXT of a formula that Excel may write otherwise than the file has it")
    shown = typed_formula(text)
    return "#N/A" if len(shown) > _LONGEST else '"{}"'.format(shown.replace('"', '""'))
