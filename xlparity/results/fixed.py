"""A workbook put right: what was written into a copy, and what became of it."""

from dataclasses import dataclass

from xlparity.excel.address import Cell
from xlparity.results.report import Report


@dataclass(frozen=True, slots=True)
class Fixed:
    """A copy of the workbook with the suggestions applied: the cells that were given a formula, and the report on the copy.

    Without a suggestion nothing is written, and there is no report.
    """

    path: str
    cells: tuple[Cell, ...]
    report: Report | None
