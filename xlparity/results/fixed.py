"""A corrected copy of a workbook: what was written into it, and whether it passes."""

from collections.abc import Mapping
from dataclasses import dataclass

from xlparity.excel.address import Cell
from xlparity.results.report import Report


@dataclass(frozen=True, slots=True)
class Fixed:
    """A copy of a workbook with the suggestions applied.

    ``path`` is the copy's. ``formulas`` are what was written, by the cell that each is in now: the text of a formula, with
    braces around an array formula; of an array formula, that is the first of its cells. Without a suggestion there are none,
    and no copy was written. ``report`` is that on the copy, where it was verified.
    """

    path: str
    formulas: Mapping[Cell, str]
    report: Report | None = None

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells that were given a formula, in order."""
        return tuple(sorted(self.formulas))
