"""Excel's family Lookup & Reference, but for the functions that rearrange arrays."""

import itertools
import re
from typing import Any

from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator.functions.areas import Area, Lines
from xlparity.engines.evaluator.functions.conversions import NA, REF, VALUE
from xlparity.engines.evaluator.functions.matching import exact, kind, like, nearest, order, order_of_any, same
from xlparity.engines.evaluator.functions.signatures import Function, function
from xlparity.engines.evaluator.functions.texts import whole
from xlparity.engines.evaluator.guards import Refusal, elements, is_text, locale
from xlparity.excel.address import MAX_COLUMN, MAX_ROW, column_letters, quoted
from xlparity.excel.locales import ENGLISH

_SHEET_NAME = re.compile(r"[A-Za-z_]+[0-9]*|[A-Za-z0-9_$-]+( [A-Za-z0-9_$-]+)+")


def _vector(table: Any) -> list[Any] | None:
    """The values of a single row or column."""
    return list(elements(table)) if 1 in table.shape else None


def _found(wanted: Any, values: list[Any], approximate: int) -> int | None:
    """Where the classic lookups find it: ``approximate`` is 0 for an exact match, else the direction of the order."""
    if is_text(wanted) and len(wanted) > 255:
        raise Refusal("looking for a text of more than 255 characters")
    if wanted is EMPTY:
        # A blank is looked for as a zero; whether one is found is told differently in different places.
        if any(kind(value) == "number" and value * (approximate or 1) <= 0 for value in values):
            raise Refusal("looking for a blank among numbers")
        return None
    if approximate:
        return nearest(wanted, values, approximate)
    return exact(wanted, values, wildcards=True)


def match(wanted: Any, table: Any, way: float = 1.0) -> Any:
    """Excel's MATCH."""
    values = _vector(table)
    if isinstance(wanted, XlError):
        return wanted
    if values is None:
        return NA
    place = _found(wanted, values, (way > 0) - (way < 0))
    return NA if place is None else place + 1


def _looked_up(wanted: Any, table: Any, number: float, approximately: bool) -> Any:
    if isinstance(wanted, XlError):
        return wanted
    if table.size == 1 and is_text(table[0, 0]):
        raise Refusal("looking something up in a single text")  # #VALUE! of a text, and not of a cell that holds one
    column = whole(number)
    place = _found(wanted, list(table[:, 0]), int(approximately))
    if column < 1:
        if place is None and not approximately:
            raise Refusal("nothing found, and no such column")
        return NA if place is None else VALUE  # Excel stored #N/A for VLOOKUP(0,{1,0},0)
    if column > table.shape[1]:
        if place is None:
            raise Refusal("nothing found, and no such column")
        return REF
    return NA if place is None else table[place, column - 1]


def vlookup(wanted: Any, table: Any, column: float, approximately: bool = True) -> Any:
    """Excel's VLOOKUP."""
    return _looked_up(wanted, table, column, approximately)


def hlookup(wanted: Any, table: Any, row: float, approximately: bool = True) -> Any:
    """Excel's HLOOKUP."""
    return _looked_up(wanted, table.T, row, approximately)


def lookup(wanted: Any, table: Any, results: Any = None) -> Any:
    """Excel's LOOKUP: of a table, along its longer side, a square one downwards."""
    if isinstance(wanted, XlError):
        return wanted
    if table.shape[1] > table.shape[0]:
        table = table.T
    if results is not None:
        if table.shape[1] != 1 or 1 not in results.shape or results.size != table.size:
            raise Refusal("LOOKUP with vectors that do not fit together")
        answers = list(elements(results))
    else:
        answers = list(table[:, -1])
    place = _found(wanted, list(table[:, 0]), 1)
    return NA if place is None else answers[place]


def _ordered_place(wanted: Any, values: list[Any], beyond: int, backwards: bool) -> int | None:
    """The equal value, or the nearest to one side of it, wherever it stands."""
    best: int | None = None
    places = range(len(values) - 1, -1, -1) if backwards else range(len(values))
    for place in places:
        if kind(values[place]) == "none":
            continue
        side = order_of_any(values[place], wanted)
        if side == 0:
            return place
        if side == beyond and (best is None or order_of_any(values[place], values[best]) == -beyond):
            best = place
    return best


def _in_order(values: list[Any], direction: int) -> None:
    known = [value for value in values if value is not EMPTY]
    blank = next((place for place, value in enumerate(values) if value is EMPTY), len(values))
    if any(value is not EMPTY for value in values[blank:]) or len({kind(value) for value in known}) > 1:
        raise Refusal("a binary search among blanks or values of several kinds")
    if any(order(x, y) * direction > 0 for x, y in itertools.pairwise(known)):
        raise Refusal("a binary search among values that are not in order")


def _unused(table: Any) -> int:
    """How many cells of whole rows or columns are beyond the used ones."""
    return max(table.full) - max(table.shape) if isinstance(table, Lines) else 0


def _x_found(wanted: Any, values: list[Any], mode: float, search: float, unused: int) -> Any:
    """Where XLOOKUP and XMATCH find it, None for nowhere, or an error; so many ``unused`` cells follow the values."""
    if mode == 3:
        raise Refusal("looking up by a regular expression")
    if mode not in (-1, 0, 1, 2) or search not in (1, -1, 2, -2) or (mode == 2 and search in (2, -2)):
        return VALUE
    if wanted is EMPTY:
        if mode or search not in (1, -1) or any(value is not EMPTY and value in (0, "") for value in values):
            raise Refusal("looking for a blank where it may be taken for something else")
        blanks = [place for place, value in enumerate(values) if value is EMPTY]
        blanks += [len(values), len(values) + unused - 1] if unused else []
        return (blanks[0] if search == 1 else blanks[-1]) if blanks else None
    if search in (2, -2):
        return _halved(wanted, values, int(mode), search < 0)
    if mode == 2 and is_text(wanted):
        test = like(wanted)
        places = [place for place, value in enumerate(values) if test(value)]
    elif mode in (0, 2):
        places = [place for place, value in enumerate(values) if same(wanted, value)]
    else:
        place = _ordered_place(wanted, values, int(mode), search == -1)
        places = [] if place is None else [place]
    if not places:
        return None
    return places[-1 if search == -1 else 0]


def _halved(wanted: Any, values: list[Any], mode: int, descending: bool) -> int | None:
    """Where a binary search ends: at the first of several that are equal, or beyond the last of those before it.

    Of values in descending order it is the same, seen from their end. So Excel's stored values have it.
    """
    _in_order(values, -1 if descending else 1)
    known = [place for place, value in enumerate(values) if kind(value) != "none"]
    known = known[::-1] if descending else known
    before = sum(order_of_any(values[place], wanted) < 0 for place in known)
    if before < len(known) and same(values[known[before]], wanted):
        return known[before]
    nearest_one = before - 1 if mode < 0 else before
    return known[nearest_one] if mode and 0 <= nearest_one < len(known) else None


def xmatch(wanted: Any, table: Any, mode: float = 0.0, search: float = 1.0) -> Any:
    """Excel's XMATCH."""
    values = _vector(table)
    if isinstance(wanted, XlError):
        return wanted
    if values is None:
        return VALUE
    place = _x_found(wanted, values, mode, search, _unused(table))
    return place if isinstance(place, XlError) else NA if place is None else place + 1


def xlookup(wanted: Any, table: Any, results: Any, missing: Any = None, mode: Any = EMPTY, search: Any = 1.0) -> Any:
    """Excel's XLOOKUP: a cell of the results, or the row or column of them that lies beside what was found."""
    for given in (wanted, mode, search):
        if isinstance(given, XlError):
            return given
    if is_text(mode) or is_text(search) or search is EMPTY:
        raise Refusal("XLOOKUP with a text or a blank for a mode")
    values = _vector(table)
    down = table.shape[1] == 1 and (table.shape[0] > 1 or results.shape[0] == 1)
    if values is None or results.shape[0 if down else 1] != len(values):
        return VALUE
    place = _x_found(wanted, values, 0.0 if mode is EMPTY else mode, search, _unused(table))
    if isinstance(place, XlError):
        return place
    if place is not None and place >= len(values):
        if _unused(results) != _unused(table) or 1 not in results.shape:
            raise Refusal("XLOOKUP beyond the used cells of whole rows or columns")
        return EMPTY
    if place is None:
        if missing is None:
            return NA
        if missing.size > 1 or missing[0, 0] is EMPTY:
            raise Refusal("XLOOKUP with a range or a blank for what is not found")
        return missing[0, 0]
    found = results[place : place + 1, :] if down else results[:, place : place + 1]
    return found if found.size > 1 else found[0, 0]


def index(within: Area, row: float, column: float | None = None, area: float = 1.0) -> Any:
    """Excel's INDEX: a cell, or for a zero a whole row or column; of a single row the one number is the column."""
    table = within.cells
    if column is None:
        if within.reference and min(table.shape) > 1:
            raise Refusal("INDEX of rows and columns with one number")  # of an array a row, of a reference #REF!
        row, column = (1.0, row) if table.shape[0] == 1 else (row, 0.0 if table.shape[1] > 1 else 1.0)
    r, c = whole(row), whole(column)
    if r < 0 or c < 0 or whole(area) < 1:
        return VALUE
    if r > table.shape[0] or c > table.shape[1] or whole(area) > 1:
        return REF
    found = table[slice(None) if r == 0 else slice(r - 1, r), slice(None) if c == 0 else slice(c - 1, c)]
    return found if found.size > 1 else found[0, 0]


def choose(number: float, *values: Any) -> Any:
    """Excel's CHOOSE."""
    place = whole(number)
    return values[place - 1] if 1 <= place <= len(values) else VALUE


def address(row: float, column: float, absolute: float = 1.0, a1: bool = True, sheet: str | None = None) -> Any:
    """Excel's ADDRESS."""
    r, c, fixed = whole(row), whole(column), whole(absolute)
    if not (1 <= r <= MAX_ROW and 1 <= c <= MAX_COLUMN and 1 <= fixed <= 4):
        return VALUE
    row_fixed, column_fixed = fixed in (1, 2), fixed in (1, 3)
    if a1:
        cell = f"{'$' * column_fixed}{column_letters(c)}{'$' * row_fixed}{r}"
    elif locale() != ENGLISH:
        raise Refusal("ADDRESS with R and C, for which Excel has the letters of its own language")
    else:
        cell = f"R{r if row_fixed else f'[{r}]'}C{c if column_fixed else f'[{c}]'}"
    if sheet is None:
        return cell
    if not sheet:
        raise Refusal("ADDRESS with an empty name of a sheet")
    if not _SHEET_NAME.fullmatch(sheet) or (" " not in sheet and quoted(sheet) != sheet):
        raise Refusal(f"whether '{sheet}' is written in apostrophes")  # S1 looks like a cell
    return f"{quoted(sheet)}!{cell}"


def hyperlink(link: Any, shown: Any = None) -> Any:
    """Excel's HYPERLINK: what the cell shows, the link itself unless it is given something else."""
    if not is_text(link):
        raise Refusal("HYPERLINK to what is no text")
    return link if shown is None else shown


_ANY = "scalar table number truth~"

FUNCTIONS: dict[str, Function] = {
    "MATCH": function(match, "scalar table number~", lines=True, own='MATCH("delta",A1:A5)'),
    "VLOOKUP": function(vlookup, _ANY, lines=True, own='VLOOKUP("beta",A1:B5,0,FALSE)'),
    "HLOOKUP": function(hlookup, _ANY, lines=True, own="HLOOKUP(1,{1,2;3,4},0,FALSE)"),
    "LOOKUP": function(lookup, "scalar table table?", lines=True, own='LOOKUP("b",{"a","b","c";1,2,3})'),
    "XMATCH": function(xmatch, "scalar table strict? strict?", lines=True, own="XMATCH(2,{1,2;3,4})"),
    "XLOOKUP": function(
        xlookup,
        "scalar table table table~! scalar~ scalar?",
        refers=slice(2, None),
        lines=True,
        own="XLOOKUP(1,B1:B5,A1:A4)",
    ),
    "INDEX": function(index, "area number~ number~ number?", refers=slice(0, 1), lines=True, own="INDEX(H:H,3)"),
    "CHOOSE": function(choose, "number branch*", refers=slice(1, None), own="SUM(CHOOSE(2,B1:B2,A1:B3))"),
    "HYPERLINK": function(hyperlink, "scalar scalar?"),
    "ADDRESS": function(address, "number number number? truth? text?", own="ADDRESS(1,16385)"),
    "ROWS": function(lambda table: table.shape[0], "table", own="ROWS({1,2;3,4})"),
    "COLUMNS": function(lambda table: table.shape[1], "table", own="COLUMNS({1,2,3})"),
}
