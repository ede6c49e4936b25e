"""Reads a sheet's table of rows the quick way, where all of it is written as Excel and most programs write such tables."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from xml.parsers import expat

from xlparity.excel.address import MAX_COLUMN, MAX_ROW, column_number
from xlparity.excel.ooxml.raw import NOTHING, TEXTS, TRUE, RawCell, is_loose

# Attributes are looked at later: if one has a > or a / in it, what is matched of them ends within quotes.
_TOKEN = re.compile(
    r"""
      <c\ r="([A-Z]++)([0-9]++)"([^/>]*+)
        (?: >
            (?: <f([^/>]*+)(?: >([^<]*+)</f> | /> ) )?+
            (?: <(?:v|is><t)([^/>]*+)(?: >([^<]*+)</(?:v|t></is)> | /> ) )?+
            </c>
          | /> )
    | <row\ r="([1-9][0-9]{0,6})"([^/>]*+)(/?)>
    | (</row>)
    | .+  # anything else, and all behind it
    """,
    re.VERBOSE | re.DOTALL,
)
_PAIR = r' ((?!xmlns)[A-Za-z0-9]++)="([^"&<\t\n]*+)"'
_PAIRS, _ONE_PAIR = re.compile(rf"(?:{_PAIR})*+ ?"), re.compile(_PAIR)
_HEIGHT = " x14ac:dyDescent="
_KEPT = ' xml:space="preserve"'
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))  # the last one last


class Ordinary(NamedTuple):
    """The cells of a table of rows as RawSheet has them, the rows that are hidden, and the number of the last row."""

    cells: list[RawCell]
    hidden: set[int]
    last: int


class _UnusualError(Exception):
    """Raised for what is not written as usual, or would be refused."""


def ordinary(xml: bytes, begin: int, end: int) -> Ordinary | None:
    """What is between the tags of the table of rows; None where anything in it is unusual, or would be refused.

    ``xml`` is the sheet, in UTF-8 and without a document type. None also where it is not well-formed: only of XML that is
    can the pattern above know where each element ends.
    """
    try:
        found = _read(str(memoryview(xml)[begin:end], "utf-8"))
        expat.ParserCreate(namespace_separator=" ").Parse(xml, True)
    except (_UnusualError, UnicodeDecodeError, expat.ExpatError):
        return None
    return found


def _read(table: str) -> Ordinary:
    if "\r" in table or "&#" in table:  # other characters to XML
        raise _UnusualError
    escaped = "&" in table
    cells: list[RawCell] = []
    hidden: set[int] = set()
    columns: dict[str, int] = {}
    kinds: dict[str, tuple[str, bool]] = {}
    shared: set[str] = set()
    uses: dict[str, Mapping[str, str]] = {}
    shown = {""}  # attributes of rows that are not hidden
    ending, row, before = "", 0, 0  # with which every address in the row ends, its number, and the column before
    for letters, digits, of_cell, of_formula, inside, of_value, held, number, of_row, closed, end in map(
        re.Match.groups, _TOKEN.finditer(table)
    ):
        if letters:
            column = columns.get(letters) or columns.setdefault(letters, column_number(letters))
            if digits != ending or not before < column <= MAX_COLUMN:
                raise _UnusualError
            before = column
            kind, dynamic = kinds.get(of_cell) or kinds.setdefault(of_cell, _kind(of_cell))
            about = (uses.get(of_formula) or _about(of_formula, shared, uses)) if of_formula else NOTHING
            formula = inside if inside is not None or of_formula is None else ""
            value = held if held is not None or of_value is None else ""
            if formula is None and value is None:
                continue
            if (of_value and of_value not in (" ", _KEPT)) or (
                formula is None and kind in TEXTS and of_value != _KEPT and is_loose(value)
            ):
                raise _UnusualError
            if escaped:
                formula, value = _unescaped(formula), _unescaped(value)
            # The constructor of a named tuple takes twice as long.
            cells.append(tuple.__new__(RawCell, (row, column, kind, value, formula, about, dynamic)))
        elif number and not ending and row < int(number) <= MAX_ROW:
            row, before, ending = int(number), 0, "" if closed else number
            if of_row not in shown and _attributes(of_row.replace(_HEIGHT, " dyDescent=")).get("hidden") in TRUE:
                hidden.add(row)
            else:
                shown.add(of_row)
        elif end:
            ending = ""
        else:
            raise _UnusualError
    return Ordinary(cells, hidden, row)


def _attributes(text: str) -> dict[str, str]:
    if not _PAIRS.fullmatch(text):
        raise _UnusualError
    return dict(_ONE_PAIR.findall(text))


def _kind(of_cell: str) -> tuple[str, bool]:
    """The type of a cell's value, and whether its formula spills."""
    attributes = _attributes(of_cell)
    return attributes.get("t", "n"), attributes.get("cm", "0") != "0"


def _about(of_formula: str, shared: set[str], uses: dict[str, Mapping[str, str]]) -> Mapping[str, str]:
    """The attributes of a formula.

    ``shared`` are the numbers of the shared ones, to which this one's is added. ``uses`` gets the attributes by their text
    where they may come again, as those that define a shared formula may not.
    """
    about = _attributes(of_formula)
    if about.get("t") == "shared":
        number = about.get("si")
        if number is None or ("ref" in about) == (number in shared):  # defined twice, or not yet
            raise _UnusualError
        shared.add(number)
    if "ref" not in about:
        uses[of_formula] = about
    return about or NOTHING


def _unescaped(text: str | None) -> str | None:
    if text is not None and "&" in text:
        for entity, character in _ENTITIES:
            text = text.replace(entity, character)
    return text
