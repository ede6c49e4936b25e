"""The result of ``fix``: the corrected copy of a workbook, the formulas written to it, and its report."""

from collections.abc import Mapping
from dataclasses import dataclass

from xlparity.excel.address import Cell
from xlparity.results.report import Report


@dataclass(frozen=True, slots=True)
class Fixed:
    """A copy of a workbook with the suggestions applied.

    ``path`` is the path of the copy. ``formulas`` has the text of each new formula by its cell; an array formula is in braces
    and listed under its first cell. Without a suggestion it is empty, and no copy was written. ``report`` is the report on the
    copy, or None where the copy was not verified.
    """

    path: str
    formulas: Mapping[Cell, str]
    report: Report | None = None

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells with a new formula, sorted."""
        return tuple(sorted(self.formulas))
