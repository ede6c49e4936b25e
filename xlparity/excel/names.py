"""Resolves the names in a formula: defined names, names of one sheet, tables and their columns."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from xlparity.errors import nearest
from xlparity.excel.address import MAX_COLUMN, MAX_ROW, Cell, Range, folded, on_the_grid, parse_range

_FIXED = re.compile(
    r"(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!\$[A-Za-z]{1,3}\$[1-9][0-9]{0,6}(?::\$[A-Za-z]{1,3}\$[1-9][0-9]{0,6})?"
)
_CONSTANT = re.compile(r"(-?[0-9]{1,15}\.?[0-9]{0,15}(?:[Ee][-+]?[0-9]{1,2})?)|\"[^\"\n]*\"|TRUE|FALSE", re.IGNORECASE)
# Names that Excel keeps elsewhere in the file, and the variables of LET and LAMBDA.
_RESERVED = ("_XL", "PRINT_", "SHEET_TITLE", "CRITERIA", "DATABASE", "EXTRACT", "CONSOLIDATE_AREA")
_STRUCTURED = re.compile(r"(?P<table>[^\[\]]+)\[(?P<inside>.*)\]", re.DOTALL)
_PART = re.compile(r"\[((?:[^\[\]']|'.)*)\]")
_COLUMNS = re.compile(r"\[(?P<first>(?:[^\[\]']|'.)*)\](?::\[(?P<last>(?:[^\[\]']|'.)*)\])?")


class Table(NamedTuple):
    """A table: its whole area, the headers of its columns, and how many rows of headers and totals it has (0 or 1)."""

    name: str
    area: Range
    columns: tuple[str, ...]
    headers: int
    totals: int


@dataclass(frozen=True, slots=True)
class Scope:
    """The names of a workbook, ``folded``; one that belongs to a sheet has the key ``sheet!name``.

    ``spelled`` has the names as the workbook writes them.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    spelled: tuple[str, ...] = ()
    expressions: frozenset[str] = field(init=False)
    """The names, ``folded`` and without sheets, that stand for an expression and not for fixed cells or a constant."""

    def __post_init__(self) -> None:
        found = {name.rpartition("!")[2] for name, text in self.names.items() if not _is_plain(text)}
        object.__setattr__(self, "expressions", frozenset(found))

    def knows(self, word: str, sheet: str) -> bool:
        """Whether the word is a name or a table that a formula on this sheet may use."""
        return self._definition(word, sheet) is not None or folded(word) in self.tables

    def expression(self, word: str, sheet: str) -> str | None:
        """What a name means in a formula on this sheet, where it stands for an expression; None for any other name."""
        text = self._definition(word, sheet)
        return None if text is None or _is_plain(text) else text

    def meaning(self, word: str, cell: Cell) -> str:
        """The plain reference, or the constant, that a name or a structured reference means in a formula of this cell.

        Raises ValueError with the reason where it stands for neither.
        """
        of_a_table = "[" in word and not word.startswith(("[", "'["))  # where the number of another workbook is
        return self._columns(word, cell) if of_a_table else self._name(word, cell.sheet)

    def misses(self, word: str, sheet: str) -> bool:
        """Whether this name is undefined on this sheet, so that a formula with it gives #NAME?."""
        name = folded(word)
        known = folded(f"{sheet}!{word}") in self.names or name in self.names or name in self.tables
        return not (known or "[" in word or "!" in word or word.upper().startswith(_RESERVED))

    def _definition(self, word: str, sheet: str) -> str | None:
        """The text of what the name means in a formula on this sheet; None where it is not defined."""
        of, _, name = word.rpartition("!")
        of = of[1:-1].replace("''", "'") if of.startswith("'") else of
        definition = self.names.get(folded(f"{(of or sheet)}!{name}"))
        return self.names.get(folded(name)) if definition is None and not of.startswith("[") else definition

    def _name(self, word: str, sheet: str) -> str:
        definition = self._definition(word, sheet)
        if definition is None:
            if "!" not in word and folded(word) in self.tables:
                return self._columns(f"{word}[]", Cell(sheet, 1, 1))
            if word.lstrip("'").startswith("["):
                raise ValueError(
                    f"the name {word} of another workbook, of which this one keeps no cells; accept its value"
                )
            raise ValueError(f"the name {word}, which the workbook does not define")
        if _FIXED.fullmatch(definition):
            return definition
        if _CONSTANT.fullmatch(definition):
            return f"({definition})"
        # A relative name means another cell in every cell that uses it.
        raise ValueError(f"the name {word}, which is defined as '{definition}' and not as a fixed range")

    def _columns(self, word: str, cell: Cell) -> str:
        match = _STRUCTURED.fullmatch(word)
        table = self.tables.get(folded(match["table"].strip())) if match else None
        if match is None or table is None:
            raise ValueError(f"the structured reference {word}, whose table the workbook does not have")
        inside = match["inside"].strip()
        if not inside.startswith("[") and inside:
            inside = f"[{inside}]"
        items = {item.upper() for item in _PART.findall(inside) if item.startswith("#")}
        rest = _PART.sub(lambda part: "" if part[1].startswith("#") else part[0], inside).strip(" ,")
        first, last = table.area.column, table.area.last_column
        if rest:
            named = _COLUMNS.fullmatch(rest)
            if named is None:
                raise ValueError(f"the structured reference {word}, in a form that is not known")
            first = self._column(table, named["first"], word)
            last = first if named["last"] is None else self._column(table, named["last"], word)
        top, bottom = self._rows(table, items, cell, word)
        area = Range(table.area.sheet, top, min(first, last), bottom, max(first, last))
        return str(area) if area.size > 1 else str(area.first)

    @staticmethod
    def _column(table: Table, header: str, word: str) -> int:
        plain = re.sub(r"'(.)", r"\1", header)
        # Headers may differ in spaces or in case only; a spec file may be careless about either.
        for alike in (str, folded, _spaced):
            found = [number for number, column in enumerate(table.columns) if alike(column) == alike(plain)]
            if len(found) == 1:
                return table.area.column + found[0]
            if found:
                raise ValueError(f"the structured reference {word}: table {table.name} has several such columns")
        near = nearest(plain, table.columns)
        raise ValueError(f"the structured reference {word}: table {table.name} has no column '{plain.strip()}'{near}")

    @staticmethod
    def _rows(table: Table, items: set[str], cell: Cell, word: str) -> tuple[int, int]:
        top, bottom = table.area.row + table.headers, table.area.last_row - table.totals
        if not items or items == {"#DATA"}:
            return top, bottom
        if items == {"#ALL"}:
            return table.area.row, table.area.last_row
        if items == {"#HEADERS"} and table.headers:
            return table.area.row, table.area.row
        if items == {"#TOTALS"} and table.totals:
            return table.area.last_row, table.area.last_row
        if items == {"#HEADERS", "#DATA"} and table.headers:
            return table.area.row, bottom
        if items == {"#DATA", "#TOTALS"} and table.totals:
            return top, table.area.last_row
        if items == {"#THIS ROW"} and cell.sheet == table.area.sheet and top <= cell.row <= bottom:
            return cell.row, cell.row
        raise ValueError(f"the structured reference {word}, which means no rows of the table here")


def _is_plain(definition: str) -> bool:
    """Whether it is fixed cells, a constant, or nothing that is certain."""
    return _FIXED.fullmatch(definition) is not None or _CONSTANT.fullmatch(definition) is not None


def _spaced(header: str) -> str:
    return " ".join(folded(header).split())


def whole_lines(text: str, sheet: str, extent: tuple[int, int]) -> Range:
    """The part of a reference to whole rows or columns (``A:C``, ``$2:$2``) within the last used row and column.

    Raises ValueError where it is no such reference or none of it is used.
    """
    first, _, last = text.replace("$", "").partition(":")
    rows, columns = extent
    if first.isdigit() and last.isdigit():
        low, high = sorted((int(first), int(last)))
        if not (on_the_grid(low, 1) and on_the_grid(high, 1)):
            raise ValueError(f"the reference {text} lies outside the grid")
        return Range(sheet, low, 1, max(low, min(high, rows)), max(columns, 1))
    area = parse_range(f"{first}1:{last}1", sheet)
    return Range(sheet, 1, area.column, max(rows, 1), max(area.column, min(area.last_column, columns)))


def full_size(text: str) -> tuple[int, int] | None:
    """Rows and columns of a reference to whole rows or columns, used or not; None for any other reference."""
    first, colon, last = text.rpartition("!")[2].replace("$", "").partition(":")
    if colon and first.isdigit() and last.isdigit():
        return abs(int(last) - int(first)) + 1, MAX_COLUMN
    if colon and first.isalpha() and last.isalpha():
        return MAX_ROW, parse_range(f"{first}1:{last}1", "").shape[1]
    return None
