"""Replaces the calls that give a reference by that reference.

These are OFFSET and INDIRECT, ``A1#``, the cells into which the formula of A1 spills, which files have as ``ANCHORARRAY(A1)``,
and INDEX and CHOOSE beside a colon, as in ``A1:INDEX(B:B,3)``. Where the formula alone decides which reference it is,
``resolved`` puts it in place of the call; where the values of cells decide it, ``deferred`` says which values these are, and
``referred`` gives the reference for them.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from xlparity.excel.address import MAX_COLUMN, MAX_ROW, Cell, Range, column_letters, folded, on_the_grid, quoted
from xlparity.excel.contents import Formula
from xlparity.excel.expand import AS_ARRAY
from xlparity.excel.formula import Token, end_of_call, split_arguments, token_at, tokens
from xlparity.excel.locales import ENGLISH
from xlparity.excel.values import BLANK, ErrorValue, Value

if TYPE_CHECKING:
    from xlparity.excel.workbook import Workbook

NAMES = ("OFFSET", "INDIRECT", "ANCHORARRAY")
_BESIDE_A_COLON = ("INDEX", "CHOOSE")  # elsewhere the engine computes them with what they refer to
_CALLED = {
    "OFFSET(": "OFFSET",
    "INDIRECT(": "INDIRECT",
    "_XLFN.ANCHORARRAY(": "ANCHORARRAY",
}  # by their names in a file
_BESIDE = re.compile(rf"[)!]\s*:|:\s*(?:#|(?:{'|'.join(_BESIDE_A_COLON)})\(|'|[\w.\[\]]+!)")
_SPACED = re.compile(r"[\w\]]\s+[\w$']")
_STRING = re.compile(r'"(?:[^"]|"")*"')
_NUMBER = re.compile(r"\s*([-+]?[0-9]{1,7})\s*")
_TEXT = re.compile(r'\s*"((?:[^"]|"")*)"\s*')
_PLACE = re.compile(r"R(\[-?[0-9]+\]|[0-9]*)C(\[-?[0-9]+\]|[0-9]*)", re.IGNORECASE)
_MARKER = re.compile("\0([0-9]+)\0")  # XML holds no null, so no formula has one
_ZEROS = re.compile(r"((?:^|[!:$])\$?[A-Za-z]{1,3}\$?)0+(?=[1-9][0-9]*(?::|$))")
_DELETED = "#REF!"
_SOMETHING = re.compile(r"[\w.\\?]+")


class Call(NamedTuple):
    """A call of which values decide what it refers to: its function, the references and the values that it is given.

    All are texts of formulas, which may contain the marker of another call; a value that is left out is an empty text. An
    ``array`` call is in what a name means, which Excel computes with whole arrays.
    """

    function: str
    references: tuple[str, ...]
    values: tuple[str, ...]
    array: bool = False


class Deferred(NamedTuple):
    """A formula with a marker in place of each such call; those inside another one come before it."""

    text: str
    calls: tuple[Call, ...]


def _may_call(formula: str) -> bool:
    """Whether there may be such a call in the formula: a quick look, since nearly all have none."""
    upper = formula.upper()
    beside = ":" in upper and _BESIDE.search(upper) is not None
    return (
        beside
        or any(name in upper for name in NAMES)
        or (" " in upper and _SPACED.search(_STRING.sub("", upper)) is not None)
    )


def resolved(formula: str, cell: Cell, workbook: "Workbook") -> str:
    """The formula of a cell with a reference, or ``#REF!``, in place of each call that needs no values."""
    if not _may_call(formula):
        return formula
    for token in reversed(
        tokens(formula)
    ):  # the last first: a call in an argument is replaced before the one around it
        name = _CALLED.get(token.text.upper()) if token.kind == "function" else None
        end = None if name is None else end_of_call(formula, token.end - 1)
        if name is None or end is None:
            continue
        reference = _reference(name, split_arguments(formula, token.end, end - 1), cell, workbook)
        if reference is not None:
            formula = formula[: token.start] + reference + formula[end:]
    return with_ranges(formula, cell, workbook)


def deferred(formula: str, cell: Cell, workbook: "Workbook") -> Deferred | None:
    """The formula with markers for its calls of which values decide what they refer to; None where it has none.

    Raises ValueError with the reason where such a call is in a form that is not supported.
    """
    if not _may_call(formula):
        return None
    calls: list[Call] = []
    for token in reversed(tokens(formula)):
        name = token.text[:-1].upper() if token.kind == "function" else ""
        end = end_of_call(formula, token.end - 1) if name in ("OFFSET", "INDIRECT", *_BESIDE_A_COLON) else None
        if end is None or (name in _BESIDE_A_COLON and not _beside_a_colon(formula, token.start, end)):
            continue
        call = _call(name, split_arguments(formula, token.end, end - 1), cell, workbook)
        calls.append(call._replace(array=_in_a_name(formula, token.start)))
        formula = f"{formula[: token.start]}\0{len(calls) - 1}\0{formula[end:]}"
    return Deferred(formula, tuple(calls)) if calls else None


def _in_a_name(formula: str, position: int) -> bool:
    """Whether a call around this position says that Excel computes what is in it with whole arrays."""
    around = (token for token in tokens(formula[:position]) if token.text == f"{AS_ARRAY}(")
    return any((end_of_call(formula, token.end - 1) or 0) > position for token in around)


def _beside_a_colon(formula: str, start: int, end: int) -> bool:
    return formula[:start].rstrip().endswith(":") or formula[end:].lstrip().startswith(":")


def _call(name: str, given: Sequence[str], cell: Cell, workbook: "Workbook") -> Call:
    least, most = {"OFFSET": (3, 5), "INDIRECT": (1, 2), "INDEX": (2, 3), "CHOOSE": (2, 255)}[name]
    if not least <= len(given) <= most:
        raise ValueError(f"{name} with {len(given)} arguments")
    if name == "INDIRECT":
        return Call(name, (), tuple(given))
    references, values = (given[1:], given[:1]) if name == "CHOOSE" else (given[:1], given[1:])
    for text in references:
        if (
            not _MARKER.fullmatch(text.strip())
            and text.strip().upper() != _DELETED
            and _area(text, cell, workbook) is None
        ):
            raise ValueError(f"{name} of what is no plain reference")
    return Call(name, tuple(references), tuple(values))


def marked(text: str, references: Mapping[int, str]) -> str:
    """The text with these references in place of the markers of their calls."""
    return _MARKER.sub(lambda marker: references[int(marker[1])], text)


def markers(text: str) -> list[int]:
    """The numbers of the calls whose markers are in the text."""
    return [int(number) for number in _MARKER.findall(text)]


def referred(
    call: Call, references: Sequence[str], values: Sequence[Value | None], cell: Cell, workbook: "Workbook"
) -> str:
    """The reference, or the error value, that a call gives for these values, None for one that is left out.

    ``references`` are those of the call without markers. Raises ValueError with the reason where it is not certain.
    """
    for value in values:
        if isinstance(value, ErrorValue):
            return value.code
    if call.function == "INDIRECT":
        return _of_text(values, cell, workbook)
    numbers = [None if value is None else _whole_number(value, call.function) for value in values]
    if call.function == "CHOOSE":
        number = numbers[0] or 0
        return references[number - 1] if 1 <= number <= len(references) else "#VALUE!"
    if _ERROR.fullmatch(references[0].strip()):
        return references[0].strip()
    area = _area(references[0], cell, workbook)
    if area is None:
        raise ValueError(f"{call.function} of what is no plain reference")
    return _moved(area, numbers) if call.function == "OFFSET" else _element(area, numbers)


_ERROR = re.compile(r"#(?:NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A)", re.IGNORECASE)


def _whole_number(value: Value, name: str) -> int:
    if value is BLANK:
        return 0
    # Excel cuts 2.9 to 2; that it makes 1 of a size of 0.9 is not documented.
    if not isinstance(value, float) or abs(value) > 1e7 or 0 < abs(value) < 1:
        raise ValueError(f"{name} by what is no whole number")
    return int(value)


def _reference(name: str, given: Sequence[str], cell: Cell, workbook: "Workbook") -> str | None:
    """The reference that a call gives; None where it is not certain, or needs values."""
    if name == "ANCHORARRAY":
        return _spilled(given, cell, workbook)
    values = [_constant(text) for text in (given if name == "INDIRECT" else given[1:])]
    if "values" in values:
        return None
    try:
        call = _call(name, given, cell, workbook)
        return referred(call, call.references, values, cell, workbook)
    except ValueError:
        return None


def _constant(text: str) -> Value | None:
    """The constant that an argument is, None where it is left out; the text ``values`` where it is anything else."""
    if not text.strip():
        return None
    if number := _NUMBER.fullmatch(text):
        return float(number[1])
    if text.strip().upper() in ("TRUE", "FALSE"):
        return text.strip().upper() == "TRUE"
    constant = _TEXT.fullmatch(text)
    return "values" if constant is None else constant[1].replace('""', '"')


def _spilled(given: Sequence[str], cell: Cell, workbook: "Workbook") -> str | None:
    area = _area(given[0], cell, workbook) if len(given) == 1 else None
    if area is None or area.size > 1:
        return None
    content = workbook.cells.get(area.first)
    if not isinstance(content, Formula) or (content.area is not None and not content.spills):
        return None
    return str(content.area or area.first)  # a formula that does not spill is a range of its own cell


def _moved(area: Range, numbers: Sequence[int | None]) -> str:
    """What OFFSET gives: an argument that is left out moves by nothing, or keeps the size."""
    down, right, *size = numbers
    rows, columns = (
        given or 0 if given is not None else size for given, size in zip([*size, None, None], area.shape, strict=False)
    )
    # Of a negative size Excel counts backwards, from the same cell.
    top, left = (
        at + (move or 0) + min(length + 1, 0)
        for at, move, length in ((area.row, down, rows), (area.column, right, columns))
    )
    if not rows or not columns or not on_the_grid(top, left):
        return _DELETED
    last = Cell(area.sheet, top + abs(rows) - 1, left + abs(columns) - 1)
    return str(Range.of(Cell(area.sheet, top, left), last)) if last.on_the_grid else _DELETED


def _element(area: Range, numbers: Sequence[int | None]) -> str:
    """What INDEX gives: a cell, or a whole row or column of the area where the number is 0 or left out."""
    rows, columns = area.shape
    if len(numbers) == 1:
        if rows > 1 and columns > 1:
            raise ValueError("INDEX of a table with one number")
        row, column = (numbers[0], None) if columns == 1 else (None, numbers[0])
    else:
        row, column = numbers
    if (row or 0) < 0 or (column or 0) < 0:
        return "#VALUE!"
    if (row or 0) > rows or (column or 0) > columns:
        return _DELETED
    first = area.first.moved((row or 1) - 1, (column or 1) - 1)
    return str(Range.of(first, first.moved(0 if row else rows - 1, 0 if column else columns - 1)))


def _area(text: str, cell: Cell, workbook: "Workbook") -> Range | None:
    """The cells that a reference, a name or a structured reference means; None for whole rows and columns, and all else."""
    token = token_at(text, len(text) - len(text.lstrip()))
    if token is None or token.text != text.strip() or token.kind not in ("reference", "name", "structured"):
        return None
    return workbook.meant(token.text, cell)


def _of_text(values: Sequence[Value | None], cell: Cell, workbook: "Workbook") -> str:
    """What INDIRECT gives for a text."""
    text, style = values[0], values[1] if len(values) > 1 else True
    if text is None or isinstance(style, str):
        raise ValueError("INDIRECT without a text, or with one for its style")
    if not isinstance(text, str):
        return _DELETED
    text = _ZEROS.sub(r"\1", text.strip())
    sheet, separator, place = text.rpartition("!")
    if "[" in sheet:
        raise ValueError("INDIRECT to another workbook")
    if separator and not _has_sheet(sheet, workbook):
        return _DELETED
    if style is True or (isinstance(style, float) and style):
        if (area := _area(text, cell, workbook)) is not None:
            return str(area)
        if (token := token_at(text, 0)) is not None and token.kind == "whole" and token.text == text:
            return text
        if not text or (
            _SOMETHING.fullmatch(place) and not workbook.scope.knows(text, cell.sheet) and not place.isdigit()
        ):
            return _DELETED
        raise ValueError("INDIRECT to what is no plain reference")
    if workbook.locale != ENGLISH:
        raise ValueError("INDIRECT with R and C, for which Excel has the letters of its own language")
    ends = [_r1c1(end, cell) for end in place.split(":")]
    if len(ends) > 2 or None in ends:
        raise ValueError("INDIRECT to what is no plain reference")
    return sheet + separator + ":".join(end.a1 for end in ends if end is not None)


def _has_sheet(name: str, workbook: "Workbook") -> bool:
    plain = name[1:-1].replace("''", "'") if name.startswith("'") else name
    return folded(plain) in map(folded, workbook.sheets)


def _r1c1(text: str, at: Cell) -> Cell | None:
    """The cell that ``R2C[-1]`` means in another one; None where it is none."""
    match = _PLACE.fullmatch(text)
    if match is None:
        return None
    row, column = (
        now + int(given[1:-1]) if given.startswith("[") else int(given or now)
        for given, now in zip(match.groups(), (at.row, at.column), strict=True)
    )
    return Cell(at.sheet, row, column) if on_the_grid(row, column) else None


def with_ranges(formula: str, cell: Cell, workbook: "Workbook") -> str:
    """The formula with one reference in place of two with an operator between them: ``A1:Sheet!B2``, ``A1:B9 B1:C3``.

    Where a space is between them they may be names, parts of tables, and whole rows and columns too. Of an error value beside
    a colon it is that error, and of two ranges that do not meet #NULL!.
    """
    pairs = [*pairwise(tokens(formula))]
    # The colon binds tighter than the space, and of several spaces the first comes first.
    for left, right in sorted(pairs, key=lambda pair: ":" not in formula[pair[0].end : pair[1].start]):
        between = formula[left.end : right.start]
        if between.strip() not in (":", "") or not between:
            continue
        errors = {token.text.upper() for token in (left, right) if token.kind == "error"}
        written = None
        if len(errors) == 1 and between.strip() and {left.kind, right.kind} <= {"error", "reference", "whole"}:
            written = errors.pop()
        elif not between.strip() and " " in between and {left.kind, right.kind} <= _MEETING:
            written = _meeting(left, right, cell, workbook)
        elif left.kind == right.kind == "reference":
            written = _joined(left.text, right.text, cell, workbook)
        if written is not None:
            return with_ranges(formula[: left.start] + written + formula[right.end :], cell, workbook)
    return formula


def _joined(left: str, right: str, cell: Cell, workbook: "Workbook") -> str | None:
    """The range over two references; None where they have none."""
    try:
        one = workbook.area(left, cell)
        other = workbook.area(right, cell if "!" in right else Cell(one.sheet, cell.row, cell.column))
    except ValueError:
        return None
    if one.sheet != other.sheet:
        return None
    first = min(one.row, other.row), min(one.column, other.column)
    last = max(one.last_row, other.last_row), max(one.last_column, other.last_column)
    return str(Range(one.sheet, *first, *last))


_MEETING = frozenset(("reference", "name", "structured", "whole"))


def _meeting(left: Token, right: Token, cell: Cell, workbook: "Workbook") -> str | None:
    """The range in which two references meet, #NULL! where they do not; None where one of them is no fixed range."""
    one, other = (_full(token, cell, workbook) for token in (left, right))
    if one is None or other is None or one.sheet != other.sheet:
        return None
    rows = max(one.row, other.row), min(one.last_row, other.last_row)
    columns = max(one.column, other.column), min(one.last_column, other.last_column)
    if rows[0] > rows[1] or columns[0] > columns[1]:
        return "#NULL!"
    if rows == (1, MAX_ROW):
        return f"{quoted(one.sheet)}!{column_letters(columns[0])}:{column_letters(columns[1])}"
    if columns == (1, MAX_COLUMN):
        return f"{quoted(one.sheet)}!{rows[0]}:{rows[1]}"
    return str(Range(one.sheet, rows[0], columns[0], rows[1], columns[1]))


def _full(token: Token, cell: Cell, workbook: "Workbook") -> Range | None:
    """All cells of a reference, whole rows and columns to the end of the grid."""
    if token.kind != "whole":
        return workbook.meant(token.text, cell)
    sheet, separator, lines = token.text.replace("$", "").rpartition("!")
    first, _, last = lines.partition(":")
    rows = first.isdigit()
    corners = (f"A{first}", f"{column_letters(MAX_COLUMN)}{last}") if rows else (f"{first}1", f"{last}{MAX_ROW}")
    return workbook.meant(f"{sheet}{separator}{':'.join(corners)}", cell)
