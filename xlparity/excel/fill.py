"""Fills a formula into other cells as Excel does, and adds or removes a ``$`` of a formula."""

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from xlparity.excel.address import MAX_COLUMN, MAX_ROW, column_letters, column_number, on_the_grid
from xlparity.excel.contents import Formula
from xlparity.excel.formula import tokens

_LINE_OR_CELL = re.compile(r"(\$?)([A-Za-z]*)(\$?)([0-9]*)")
_END = re.compile(r"(\$?)([A-Za-z]+)(\$?)([0-9]+)")


class Turn(NamedTuple):
    """A reference with a ``$`` more or less: as it was and as it is then, and what it did as the formula was filled."""

    old: str
    new: str

    @property
    def happened(self) -> str:
        """What went wrong if the new one is right."""
        kind = "moved" if self.new.count("$") > self.old.count("$") else "did not move"
        return f"{self.old} {kind} as the formula was filled"

    @property
    def sentence(self) -> str:
        """The same, and what the reference should be."""
        return f"{self.happened}; it should be {self.new}"


def turned(formula: Formula) -> Iterator[tuple[Turn, Formula]]:
    """The formula with a ``$`` more or less in one of its references, or in one end of it, and what that changes."""
    text = formula.text
    for token in tokens(text):
        if token.kind != "reference":
            continue
        sheet, separator, place = token.text.rpartition("!")
        ends = place.split(":")
        alone = [[number] for number in range(len(ends))] if len(ends) > 1 else []
        for concerned in ([*range(len(ends))], *alone):
            for rows, columns in ((True, False), (False, True), (True, True)):
                changed = [
                    _anchored(end, rows, columns) if number in concerned else end for number, end in enumerate(ends)
                ]
                new = sheet + separator + ":".join(changed)
                edited = Formula(text[: token.start] + new + text[token.end :], formula.area, formula.spills)
                yield Turn(token.text, new), edited


def _anchored(end: str, rows: bool, columns: bool) -> str:
    """One end of a reference with the ``$`` before its row, its column or both put in, or taken out."""
    match = _END.fullmatch(end)
    if match is None:
        return end
    column, letters, row, digits = match.groups()
    column = ("" if column else "$") if columns else column
    row = ("" if row else "$") if rows else row
    return f"{column}{letters}{row}{digits}"


class Filling:
    """A formula that is filled into many cells, taken apart once."""

    def __init__(self, formula: str) -> None:
        self._runs: dict[int, _Run | None] = {}
        self.pieces: list[str | _Place] = []
        found = tokens(formula)
        position = 0
        for token, following in zip_longest(found, found[1:]):
            if token.kind not in ("reference", "whole"):
                continue
            sheet, separator, place = token.text.rpartition("!")
            if (
                not sheet
                and following is not None
                and formula[token.end : following.start] == ":"
                and "!" in following.text
            ):
                continue  # the first of two sheets, as in Q1:Q4!A1
            start = token.start + len(sheet) + len(separator)
            for end in place.split(":"):
                match = _LINE_OR_CELL.fullmatch(end)
                if match is not None and (anchored := _Place.of(match)) is not None:
                    self.pieces += formula[position:start], anchored
                    position = start + len(end)
                start += len(end) + 1
        self.pieces.append(formula[position:])

    def at(self, rows: int, columns: int) -> str | None:
        """The formula as Excel fills it into a cell so far away; None where a reference would leave the grid."""
        if columns not in self._runs:
            self._runs[columns] = self._run(columns)
        run = self._runs[columns]
        if run is None or not run.least <= rows <= run.most:
            return None
        return run.text % tuple([row + rows for row in run.rows])

    def _run(self, columns: int) -> "_Run | None":
        """What the formula is in a column so far away; None where a reference would leave the grid in each of its rows."""
        text, rows = "", []
        for piece in self.pieces:
            if isinstance(piece, str):
                text += piece.replace("%", "%%")
                continue
            column = piece.column and piece.column + (0 if piece.fixed_column else columns)
            if not on_the_grid(1, column if piece.column else 1):
                return None
            text += piece.at(column, piece.row if piece.fixed_row else "%d")
            if piece.row and not piece.fixed_row:
                rows.append(piece.row)
        return _Run(text, rows, 1 - min(rows, default=MAX_ROW + 1), MAX_ROW - max(rows, default=0))

    def relative(self, row: int, column: int) -> str:
        """The formula of the cell in this row and column with references as R1C1 has them: one text for all that is filled."""
        return "".join(piece if isinstance(piece, str) else piece.seen_from(row, column) for piece in self.pieces)

    def around(self, rows: int, columns: int) -> str:
        """The formula in a cell so far away, where references that leave the grid come in at its opposite edge, as in names."""
        return "".join(piece if isinstance(piece, str) else str(piece.wrapped(rows, columns)) for piece in self.pieces)


def outline(formula: str) -> str:
    """The formula without its references and numbers: one text for formulas that differ in these alone."""
    text, position = "", 0
    for token in tokens(formula):
        text += formula[position : token.start]
        text += "#" if token.kind in ("reference", "whole", "number") else token.text
        position = token.end
    return (text + formula[position:]).upper()


def filled(formula: str, rows: int, columns: int) -> str | None:
    """The formula as Excel fills it into a cell so far away; None where a reference would leave the grid."""
    return Filling(formula).at(rows, columns)


class _Place(NamedTuple):
    """A cell in a reference, a whole column (``row`` 0) or a whole row (``column`` 0), each with its ``$``, if any."""

    fixed_column: str
    column: int
    fixed_row: str
    row: int

    @classmethod
    def of(cls, match: re.Match[str]) -> "_Place | None":
        """What the match says; None where it is no place on the grid, but a name such as YTD1."""
        fixed_column, letters, fixed_row, digits = match.groups()
        if not letters:  # of a row the first $ is the row's
            fixed_column, fixed_row = "", fixed_column or fixed_row
        column, row = column_number(letters), int(digits or 0)
        return cls(fixed_column, column, fixed_row, row) if on_the_grid(row or 1, column or 1) else None

    def seen_from(self, row: int, column: int) -> str:
        """The place as R1C1 has it in a formula of the cell in this row and column."""
        rows = f"R{self.row}" if self.fixed_row else f"R[{self.row - row}]"
        columns = f"C{self.column}" if self.fixed_column else f"C[{self.column - column}]"
        return (rows if self.row else "") + (columns if self.column else "")

    def wrapped(self, rows: int, columns: int) -> str:
        column = self.column and (self.column - 1 + (0 if self.fixed_column else columns)) % MAX_COLUMN + 1
        row = self.row and (self.row - 1 + (0 if self.fixed_row else rows)) % MAX_ROW + 1
        return self.at(column, row)

    def at(self, column: int, row: int | str) -> str:
        """The reference with these in place of its own column and row."""
        letters = column_letters(column) if self.column else ""
        return f"{self.fixed_column}{letters}{self.fixed_row}{row if self.row else ''}"


class _Run(NamedTuple):
    """A formula in one column: its text with ``%d`` for each row that moves, these rows, and how far they may move."""

    text: str
    rows: list[int]
    least: int
    most: int
