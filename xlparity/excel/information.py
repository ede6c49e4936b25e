"""Answers the calls that ask about formulas and places and not about values: FORMULATEXT, ISFORMULA, CELL, SHEET and SHEETS.

The answers are in the file, and no value changes them.
"""

import re
from typing import TYPE_CHECKING

from xlparity.excel.address import Cell, column_letters, folded
from xlparity.excel.formula import end_of_call, split_arguments, token_at, tokens
from xlparity.excel.locales import ENGLISH
from xlparity.excel.prefixes import misspelt, stored, typed_formula, without_prefix

if TYPE_CHECKING:
    from xlparity.excel.workbook import Workbook

_MAY_CALL = re.compile(r"(?<![\w.])(?:_xlfn\.(?:FORMULATEXT|ISFORMULA|SHEETS?)|CELL)\(", re.IGNORECASE)
_CALLED = ("_XLFN.FORMULATEXT(", "_XLFN.ISFORMULA(", "_XLFN.SHEET(", "_XLFN.SHEETS(", "CELL(")
_TEXT = re.compile(r'"((?:[^"]|"")*)"')
_CONTENTS = re.compile('"contents"', re.IGNORECASE)
_ELSEWHERE = ("COLOR", "FILENAME", "FORMAT", "PARENTHESES", "PREFIX", "PROTECT", "WIDTH")
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
            found = _answer(without_prefix(token.text[:-1]), [text.strip() for text in given], cell, workbook)
            if _CONTENTS.fullmatch(given[0].strip()) and formula[1 : token.start].strip() + formula[end:].strip():
                raise ValueError(
                    "CELL of contents in a formula, where a reference may count otherwise than what it holds"
                )
            formula = formula[: token.start] + found + formula[end:]
    return formula


def _answer(name: str, given: list[str], cell: Cell, workbook: "Workbook") -> str:
    if name == "CELL":
        return _of_a_cell(given, cell, workbook)
    if name in ("SHEET", "SHEETS"):
        return _of_sheets(name, given, cell, workbook)
    return _of_a_formula(name == "FORMULATEXT", given[0], cell, workbook)


def _of_sheets(name: str, given: list[str], cell: Cell, workbook: "Workbook") -> str:
    """The number of a sheet, chart sheets counted, or how many sheets there are, hidden ones counted."""
    tabs = [folded(tab) for tab in workbook.tabs]
    if given in ([], [""]):
        return str(len(tabs) if name == "SHEETS" else tabs.index(folded(cell.sheet)) + 1)
    if name == "SHEET":
        if text := _TEXT.fullmatch(given[0]):
            wanted = folded(text[1].replace('""', '"'))
            return str(tabs.index(wanted) + 1) if wanted in tabs else "#N/A"
        if _PLAIN.fullmatch(given[0]):
            return "#N/A"
    if given[0].startswith("#"):
        return given[0]
    area, word = workbook.meant(given[0], cell), token_at(given[0], 0)
    if (
        word is not None
        and word.text == given[0]
        and word.kind == "name"
        and workbook.scope.misses(word.text, cell.sheet)
    ):
        return "#NAME?"
    if area is None or area.sheet in workbook.external:
        raise ValueError(f"{name} of anything but cells of this workbook")
    return "1" if name == "SHEETS" else str(tabs.index(folded(area.sheet)) + 1)


def _of_a_cell(given: list[str], cell: Cell, workbook: "Workbook") -> str:
    """What CELL says of the first cell of a reference: its address, row, column, contents, or the type of these."""
    text = _TEXT.fullmatch(given[0])
    if _PLAIN.fullmatch(given[0]) or given[0].upper() in ("TRUE", "FALSE", '""'):
        return "#VALUE!"
    if text is None or len(given) != 2:
        raise ValueError("CELL of what a cell asks for, or of the cell that was changed last; name both in the formula")
    asked = text[1].upper()
    if asked not in ("ADDRESS", "ROW", "COL", "CONTENTS", "TYPE"):
        why = "formats or the file's name decide" if asked in _ELSEWHERE else "this engine does not know"
        raise ValueError(f'CELL("{text[1]}"), which {why}; accept its value')
    area = workbook.meant(given[1], cell)
    if area is None or area.sheet in workbook.external:
        raise ValueError("CELL of anything but cells of this workbook")
    first = area.first
    if asked == "ADDRESS":
        if first.sheet != cell.sheet:
            raise ValueError("CELL of an address on another sheet, in which Excel names the file")
        return f'"${column_letters(first.column)}${first.row}"'
    if asked in ("ROW", "COL"):
        return str(first.row if asked == "ROW" else first.column)
    return str(first) if asked == "CONTENTS" else f'IF(ISBLANK({first}),"b",IF(ISTEXT({first}),"l","v"))'


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


def _of_a_formula(as_text: bool, reference: str, cell: Cell, workbook: "Workbook") -> str:
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
    if workbook.locale != ENGLISH:
        raise ValueError("FORMULATEXT, which writes a formula in Excel's own language")
    if (formula is not None and formula.area is not None) or text.startswith("{") or "[" in text or misspelt(text):
        raise ValueError("FORMULATEXT of an array formula, or of one with references to tables or other workbooks")
    if not _as_excel_writes_it(text, workbook):
        raise ValueError("FORMULATEXT of a formula that Excel may write otherwise than the file has it")
    shown = typed_formula(text)
    return "#N/A" if len(shown) > _LONGEST else '"{}"'.format(shown.replace('"', '""'))
