"""Fills a formula into other cells as Excel does, and adds or removes a ``$`` of a formula."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from xlparity.excel.address import column_letters, column_number, on_the_grid
from xlparity.excel.contents import Formula
from xlparity.excel.formula import tokens

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
    """The formula with a ``$`` more or less in one of its references, and what that changes."""
    text = formula.text
    for token in tokens(text):
        if token.kind != "reference":
            continue
        sheet, separator, place = token.text.rpartition("!")
        for rows, columns in ((True, False), (False, True), (True, True)):
            new = sheet + separator + ":".join(_anchored(end, rows, columns) for end in place.split(":"))
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


def filled(formula: str, rows: int, columns: int) -> str | None:
    """The formula as Excel fills it into a cell so far away; None where a reference would leave the grid."""
    text, position = "", 0
    for token in tokens(formula):
        if token.kind == "reference":
            sheet, separator, place = token.text.rpartition("!")
            ends = [_filled_end(end, rows, columns) for end in place.split(":")]
            if None in ends:
                return None
            text += formula[position : token.start] + sheet + separator + ":".join(end for end in ends if end)
            position = token.end
    return text + formula[position:]


def _filled_end(end: str, rows: int, columns: int) -> str | None:
    match = _END.fullmatch(end)
    if match is None:
        return None
    fixed_column, letters, fixed_row, digits = match.groups()
    column = column_number(letters) + (0 if fixed_column else columns)
    row = int(digits) + (0 if fixed_row else rows)
    return f"{fixed_column}{column_letters(column)}{fixed_row}{row}" if on_the_grid(row, column) else None
