"""Writes SUBTOTAL and AGGREGATE as the functions that they stand for, over the cells that they count.

``SUBTOTAL(9,A1:A9)`` is ``SUM(A1:A4,A6:A9)`` where A5 has a subtotal of its own. Sources: Microsoft's pages of the functions.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from xlparity.excel.address import Cell, Range
from xlparity.excel.contents import Formula
from xlparity.excel.expand import AS_ARRAY, UNION, WITHOUT_ERRORS, expanded
from xlparity.excel.formula import end_of_call, split_arguments, tokens

if TYPE_CHECKING:
    from xlparity.excel.workbook import Workbook

_NAMED = {"SUBTOTAL(": "SUBTOTAL", "_XLFN.AGGREGATE(": "AGGREGATE"}
_MAY_CALL = re.compile(r"SUBTOTAL\(|AGGREGATE\(", re.IGNORECASE)
_ALONE = re.compile(r"=\s*(?:SUBTOTAL|_xlfn\.AGGREGATE)\(", re.IGNORECASE)
_FUNCTIONS = (
    "AVERAGE", "COUNT", "COUNTA", "MAX", "MIN", "PRODUCT", "STDEV", "STDEVP", "SUM", "VAR", "VARP", "MEDIAN", "MODE", "LARGE",
    "SMALL", "PERCENTILE", "QUARTILE", "_xlfn.PERCENTILE.EXC", "_xlfn.QUARTILE.EXC",
)  # fmt: skip
_OF_A_PLACE = 14  # the number of LARGE; those from there on take a place in an order, and an array
_OF_NOTHING = {"COUNT": "0", "COUNTA": "0", "MAX": "0", "MIN": "0", "PRODUCT": "0", "SUM": "0", "MEDIAN": "#NUM!"}
_SUBTOTALS, _HIDDEN = (
    11,
    100,
)  # SUBTOTAL has the first eleven functions, and a hundred more for them without hidden rows
# By AGGREGATE's second argument: whether nested subtotals, hidden rows and errors count.
_OPTIONS = {
    "": (False, True, True), "0": (False, True, True), "1": (False, False, True), "2": (False, True, False),
    "3": (False, False, False), "4": (True, True, True), "5": (True, False, True), "6": (True, True, False),
    "7": (True, False, False),
}  # fmt: skip


def without_subtotals(formula: str, cell: Cell, workbook: "Workbook") -> str:
    """The formula of a cell with other functions in place of these; raises ValueError with the reason where it is not certain."""
    upper = formula.upper()
    if "SUBTOTAL" not in upper and "AGGREGATE" not in upper:  # a quick look
        return formula
    for token in reversed(tokens(formula)):
        name = _NAMED.get(token.text.upper()) if token.kind == "function" else None
        end = None if name is None else end_of_call(formula, token.end - 1)
        if name is not None and end is not None:
            written = _written(name, split_arguments(formula, token.end, end - 1), cell, workbook)
            formula = formula[: token.start] + written + formula[end:]
    return formula


class _Asked(NamedTuple):
    """The function that a call stands for, of which cells, and the place in an order where that is one of its arguments.

    ``nested`` subtotals, ``hidden`` rows and ``errors`` count or are passed over.
    """

    function: str
    references: list[str]
    place: list[str]
    nested: bool
    hidden: bool
    errors: bool


def _asked(name: str, given: Sequence[str]) -> _Asked | None:
    """What a call asks for; None where SUBTOTAL has no such function."""
    number, *references = (text.strip() for text in given)
    if not number.isdecimal():
        raise ValueError(f"{name} of a function that is no plain number")
    chosen, place = int(number), list[str]()
    if name == "SUBTOTAL":
        hidden = chosen < _HIDDEN
        chosen -= 0 if hidden else _HIDDEN
        if not 1 <= chosen <= _SUBTOTALS:
            return None
        nested, errors = False, True
    else:
        option, *references = references or [""]
        if option not in _OPTIONS or not 1 <= chosen <= len(_FUNCTIONS):
            raise ValueError("AGGREGATE with an option or a function that is no plain number of those that there are")
        nested, hidden, errors = _OPTIONS[option]
        if chosen >= _OF_A_PLACE:
            if len(references) != 2:
                raise ValueError("AGGREGATE of a place in an order, without one array and one place")
            *references, place = references[0], references[1:]
    if not references:
        raise ValueError(f"{name} without a reference")
    return _Asked(_FUNCTIONS[chosen - 1], references, place, nested, hidden, errors)


def _written(name: str, given: Sequence[str], cell: Cell, workbook: "Workbook") -> str:
    asked = _asked(name, given)
    if asked is None:
        return "(#VALUE!)"
    function, references, place, nested, hidden, errors = asked
    if place and workbook.meant(references[0], cell) is None and hidden and (nested or not errors):
        pieces = [f"{AS_ARRAY}({references[0]})"]  # it has no rows that are hidden, and no cells with subtotals
    else:
        pieces = [
            piece for text in references for piece in _pieces(name, text, cell, workbook, nested=nested, hidden=hidden)
        ]
    if not pieces:
        return f"({_OF_NOTHING.get(function, '#NUM!' if place else '#DIV/0!')})"
    if not errors:
        if any(piece.startswith("#") for piece in pieces):
            raise ValueError("AGGREGATE that passes over errors, of a reference that is one")
        pieces = [f"{WITHOUT_ERRORS}({piece})" for piece in pieces]
    if place and len(pieces) > 1:
        pieces = [f"{UNION}({','.join(pieces)})"]
    return f"{function}({','.join([*pieces, *place])})"


def _pieces(name: str, text: str, cell: Cell, workbook: "Workbook", *, nested: bool, hidden: bool) -> Iterator[str]:
    """The parts of a reference that count; ``nested`` subtotals and ``hidden`` rows among them, or not."""
    if text.upper() == "#REF!":
        yield text
        return
    area = workbook.meant(text, cell)
    if area is None:
        raise ValueError(f"{name} of what is no plain reference")
    if area.sheet in workbook.external:
        raise ValueError(f"{name} over another workbook")
    rows = workbook.hidden.get(area.sheet, frozenset())
    if hidden:  # but for those that a filter hides, of which Microsoft says nothing for AGGREGATE
        filters = [found for found in workbook.filters if found.sheet == area.sheet]
        rows = frozenset(row for row in rows if any(found.row <= row <= found.last_row for found in filters))
    out = rows.intersection(range(area.row, area.last_row + 1))
    if hidden and out and name == "AGGREGATE":
        raise ValueError("AGGREGATE over rows that a filter hides, without the option to pass over them")
    for piece in _apart(area, lambda number: number in out):
        if nested:
            yield str(piece)
            continue
        totals = {found for found in piece.among(workbook.cells) if _is_subtotal(workbook, name, cell, found)}
        if not totals:
            yield str(piece)
        for number in range(piece.column, piece.last_column + 1) if totals else ():
            column = piece._replace(column=number, last_column=number)
            rows_of = {found.row for found in totals if found.column == number}
            yield from map(str, _apart(column, lambda row, rows_of=rows_of: row in rows_of))  # type: ignore[misc]


def _is_subtotal(workbook: "Workbook", name: str, own: Cell, cell: Cell) -> bool:
    """Whether the cell contains a subtotal, which another one passes over."""
    content = workbook.cells[cell]
    if not isinstance(content, Formula):
        return False
    if not _MAY_CALL.search(content.text):
        if workbook.scope.expressions and _MAY_CALL.search(expanded(content.text, cell, workbook.scope)):
            raise ValueError(f"{name} over {cell}, in which a name stands for a subtotal")
        return False
    match = _ALONE.match(content.text)
    if match is None or end_of_call(content.text, match.end() - 1) != len(content.text.rstrip()):
        raise ValueError(f"{name} over {cell}, in which a subtotal is a part of a formula")
    return cell != own


def _apart(area: Range, left_out: Callable[[int], bool]) -> Iterator[Range]:
    """The area without some of its rows, in pieces."""
    begin: int | None = None
    for row in range(area.row, area.last_row + 1):
        if left_out(row):
            if begin is not None:
                yield area._replace(row=begin, last_row=row - 1)
            begin = None
        elif begin is None:
            begin = row
    if begin is not None:
        yield area._replace(row=begin)
