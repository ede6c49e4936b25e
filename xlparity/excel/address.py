"""Cells and ranges as values, parsed from text once. ``str()`` gives A1 notation."""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import NamedTuple, TypeAlias

MAX_ROW, MAX_COLUMN = 1_048_576, 16_384

Sheets: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of sheets: what is on the first of them is moved to the second."""

_A1 = re.compile(
    r"(?:(?P<sheet>'(?:[^']|'')+'|(?:\[[0-9]+\])?[^'!\[\]:]+)!)?"
    r"\$?(?P<c1>[A-Za-z]{1,3})\$?(?P<r1>[1-9][0-9]{0,6})(?::\$?(?P<c2>[A-Za-z]{1,3})\$?(?P<r2>[1-9][0-9]{0,6}))?"
)
_PLAIN_SHEET = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_LOOKS_LIKE_A_CELL = re.compile(r"[A-Za-z]{1,3}[0-9]+|[Rr][0-9]*[Cc]?[0-9]*|[Cc][0-9]*")


def on_the_grid(row: int, column: int) -> bool:
    """Whether Excel has the cell; one off the grid has no address."""
    return 1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN


@cache
def column_letters(column: int) -> str:
    """``A`` for 1, ``XFD`` for 16384; raises ValueError for a column that Excel does not have."""
    if not 1 <= column <= MAX_COLUMN:
        raise ValueError(f"column {column} lies outside the grid, which ends at XFD, column {MAX_COLUMN}")
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@cache
def column_number(letters: str) -> int:
    """1 for ``A``, 16384 for ``XFD``."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def folded(name: str) -> str:
    """The name of a sheet, a table or a cell without the case of its letters, which Excel does not mind.

    Letter by letter: to Excel, unlike to str.upper and str.casefold, ß is not ss.
    """
    return name.lower()


@cache
def quoted(sheet: str) -> str:
    """The sheet's name as a formula writes it, in apostrophes where Excel asks for them."""
    if _PLAIN_SHEET.fullmatch(sheet) and not _LOOKS_LIKE_A_CELL.fullmatch(sheet):
        return sheet
    return "'" + sheet.replace("'", "''") + "'"


def moved_sheet(sheet: str, sheets: Sheets) -> str:
    """The sheet to which ``sheets`` moves what is on this one, which is this one if they do not name it."""
    return next((to for of, to in sheets if of == sheet), sheet)


class Cell(NamedTuple):
    """One cell: sheet, row and column, both counted from 1."""

    sheet: str
    row: int
    column: int

    def __str__(self) -> str:
        return f"{quoted(self.sheet)}!{self.a1}"

    @property
    def a1(self) -> str:
        """The address without its sheet, ``P5``."""
        return f"{column_letters(self.column)}{self.row}"

    @property
    def on_the_grid(self) -> bool:
        """Whether Excel has this cell; one off the grid has no address."""
        return on_the_grid(self.row, self.column)

    def moved(self, rows: int, columns: int, sheets: Sheets = ()) -> "Cell":
        """This cell, so many rows down and columns to the right, and on the sheet that ``sheets`` has for its own."""
        return Cell(moved_sheet(self.sheet, sheets), self.row + rows, self.column + columns)


class Range(NamedTuple):
    """A rectangle of cells on one sheet, corners included; a single cell is a range of one."""

    sheet: str
    row: int
    column: int
    last_row: int
    last_column: int

    @classmethod
    def of(cls, first: Cell, last: Cell | None = None) -> "Range":
        """The range from one cell to another, below and to the right of it on its sheet; of one cell, the range of it alone."""
        last = first if last is None else last
        return cls(first.sheet, first.row, first.column, last.row, last.column)

    def __str__(self) -> str:
        return f"{quoted(self.sheet)}!{self.a1}"

    @property
    def a1(self) -> str:
        """The address without its sheet: ``B5:D8``, or ``B5`` for a single cell."""
        first = f"{column_letters(self.column)}{self.row}"
        return first if self.size == 1 else f"{first}:{column_letters(self.last_column)}{self.last_row}"

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.last_row - self.row + 1, self.last_column - self.column + 1

    @property
    def size(self) -> int:
        """How many cells."""
        rows, columns = self.shape
        return rows * columns

    @property
    def first(self) -> Cell:
        """The top left cell."""
        return Cell(self.sheet, self.row, self.column)

    @property
    def last(self) -> Cell:
        """The bottom right cell."""
        return Cell(self.sheet, self.last_row, self.last_column)

    def cells(self) -> Iterator[Cell]:
        """Every cell, row by row."""
        for row in range(self.row, self.last_row + 1):
            for column in range(self.column, self.last_column + 1):
                yield Cell(self.sheet, row, column)

    def contains(self, other: "Cell | Range") -> bool:
        """Whether all of the cell or range lies in this range."""
        last_row, last_column = other[3:] if isinstance(other, Range) else other[1:]
        return (
            self.sheet == other.sheet
            and self.row <= other.row
            and last_row <= self.last_row
            and self.column <= other.column
            and last_column <= self.last_column
        )

    def intersects(self, other: "Range") -> bool:
        """Whether the two ranges have a cell in common."""
        return (
            self.sheet == other.sheet
            and self.row <= other.last_row
            and other.row <= self.last_row
            and self.column <= other.last_column
            and other.column <= self.last_column
        )

    def among(self, cells: Collection[Cell]) -> Iterator[Cell]:
        """Those of the cells that lie in this range, however large either is; ``cells`` is a set or a mapping."""
        if self.size <= len(cells):
            return (cell for cell in self.cells() if cell in cells)
        return (cell for cell in cells if self.contains(cell))

    @property
    def on_the_grid(self) -> bool:
        """Whether Excel has all of these cells; one off the grid has no address."""
        return on_the_grid(self.row, self.column) and on_the_grid(self.last_row, self.last_column)

    def moved(self, rows: int, columns: int, sheets: Sheets = ()) -> "Range":
        """This range, so many rows down and columns to the right, and on the sheet that ``sheets`` has for its own."""
        sheet = moved_sheet(self.sheet, sheets)
        return Range(sheet, self.row + rows, self.column + columns, self.last_row + rows, self.last_column + columns)


def as_ranges(cells: Iterable[Cell]) -> list[Range]:
    """The cells as few ranges, in their order: neighbours along a row as one, and such runs of equal length below one another."""
    runs: list[Range] = []
    for cell in cells:
        before = runs[-1] if runs else None
        if before and (before.sheet, before.row, before.last_column + 1) == cell:
            runs[-1] = before._replace(last_column=cell.column)
        else:
            runs.append(Range.of(cell))
    found: list[Range] = []
    for run in runs:
        above = found[-1] if found else None
        if above and above._replace(row=run.row, last_row=run.row) == run and above.last_row + 1 == run.row:
            found[-1] = above._replace(last_row=run.row)
        else:
            found.append(run)
    return found


def in_words(cells: Iterable[Cell]) -> str:
    """The cells in few words: runs as ranges, on one sheet named once, the first of many."""
    runs = as_ranges(cells)
    shown = [str(runs[0]), *(run.a1 if run.sheet == runs[0].sheet else str(run) for run in runs[1:3])]
    more = len(runs) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def parse_range(text: str, sheet: str | None = None) -> Range:
    """The range that ``text`` names in A1 notation; ``sheet`` is taken where it names none.

    Raises ValueError with a sentence where it is no address or lies outside Excel's grid.
    """
    match = _A1.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is not an address such as B5, B5:D8 or Sheet1!B5:D8")
    named, c1, r1, c2, r2 = match.groups()
    if named is not None:
        sheet = named[1:-1].replace("''", "'") if named.startswith("'") else named
    if sheet is None:
        raise ValueError(f"'{text}' names no sheet, and no default sheet is given")
    row, column = last_row, last_column = int(r1), column_number(c1)
    if c2:
        row, last_row = sorted((row, int(r2)))
        column, last_column = sorted((column, column_number(c2)))
    if not on_the_grid(last_row, last_column):
        raise ValueError(f"'{text}' lies outside the grid, which ends at XFD1048576")
    return Range(sheet, row, column, last_row, last_column)
