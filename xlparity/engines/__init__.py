"""Engines recalculate a workbook. One verb each: an engine loads, a session recalculates."""

from collections.abc import Mapping
from typing import Protocol, TypeAlias

from xlparity.address import Cell
from xlparity.errors import UsageError, nearest
from xlparity.values import Value
from xlparity.workbook import Workbook

Values: TypeAlias = Mapping[Cell, Value]
"""What every cell that holds anything comes to; a cell that is not there is blank."""

NAMES = ("formulas", "excelmodel")


class Session(Protocol):
    """A loaded workbook that can be recalculated again and again."""

    def recalculate(self, overrides: Values) -> Values:
        """Every cell's value, with the overrides set in place of what the cells hold, formulas included."""
        ...


class Engine(Protocol):
    """Something that computes what Excel computes, or says that it cannot."""

    name: str
    version: str
    recomputes: bool

    def load(self, workbook: Workbook) -> Session:
        """The workbook, ready to be recalculated."""
        ...


def find_engine(name: str) -> Engine:
    """The engine of that name; raises UsageError where there is none."""
    if name == "formulas":
        from xlparity.engines.formulas import FormulasEngine  # noqa: PLC0415  (loads formulas, numpy and scipy)

        return FormulasEngine()
    if name == "excelmodel":
        from xlparity.engines.excelmodel import ExcelModelEngine  # noqa: PLC0415

        return ExcelModelEngine()
    raise UsageError(f"there is no engine '{name}'{nearest(name, NAMES)}")
