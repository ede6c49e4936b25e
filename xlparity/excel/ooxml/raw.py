"""What the elements of a sheet say, before any of it has a meaning."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from xlparity.excel.address import Cell, column_letters

LOOSE = "loose"
"""The type of a text with white space around it that the file does not say to keep: Excel drops it, others do not."""
NOTHING: Mapping[str, str] = MappingProxyType({})
"""The attributes of a formula element that has none."""
TRUE = ("1", "true")
"""How an attribute says yes."""
TEXTS = ("inlineStr", "str")
"""The types of texts that are in the cell itself."""
_WHITE = " \t\r\n"  # to XML; a no-break space is a letter


class RawCell(NamedTuple):
    """A cell element that contains something: the text of its value and of its formula, None where it has no such element.

    ``type`` is that of the value, a number where the file says nothing. ``about`` are the attributes of the formula.
    ``dynamic`` says that the formula spills, as Excel marks it in the cell's metadata (``cm``).
    """

    row: int
    column: int
    type: str
    value: str | None
    formula: str | None
    about: Mapping[str, str]
    dynamic: bool

    @property
    def bare(self) -> bool:
        """Whether the formula has neither text nor a kind, as in cells over which a volatile formula spills."""
        return self.formula is not None and "t" not in self.about and not self.formula.strip()

    @property
    def address(self) -> str:
        """Such as ``P5``."""
        return f"{column_letters(self.column)}{self.row}"

    def on(self, sheet: str) -> Cell:
        """The cell, on the sheet of this name."""
        return Cell(sheet, self.row, self.column)


class RawSheet(NamedTuple):
    """The cells of a sheet in the order of the file, and the relations to its tables.

    ``lotus`` says that it is computed as Lotus 1-2-3 does. ``hidden`` are rows that are not shown, ``filter`` is the address
    of the cells of which a filter hides rows, if there is one.
    """

    cells: list[RawCell]
    tables: list[str]
    lotus: bool
    hidden: set[int]
    filter: str | None


def is_loose(text: str) -> bool:
    """Whether there is white space around the text."""
    return text != text.strip(_WHITE)
