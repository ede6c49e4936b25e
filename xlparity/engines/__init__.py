"""Engines recalculate a workbook. One verb each: an engine loads, a session recalculates."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from xlparity.errors import UsageError, XlparityError, nearest
from xlparity.excel.address import Cell
from xlparity.excel.columns import Column, column_of, value_in
from xlparity.excel.values import BLANK, Value
from xlparity.excel.workbook import Workbook

Values: TypeAlias = Mapping[Cell, Value]
"""What every cell that holds anything comes to; a cell that is not there is blank."""

NAMES = ("formulas", "excelmodel", "libreoffice", "ironcalc", "cached")

_ABOUT = {
    "formulas": ("in process", "computes what Excel computes, or refuses; the default"),
    "excelmodel": ("in process", "formulas' own spreadsheet model, slow; a witness for formulas"),
    "libreoffice": ("external program", "LibreOffice Calc, run on copies of the file; an independent second opinion"),
    "ironcalc": ("in process", "IronCalc, written in Rust; an independent second opinion"),
    "cached": ("stored values", "what the file stores, as whoever saved it last computed it; no what-if inputs"),
}


class Session(Protocol):
    """A loaded workbook that can be recalculated again and again."""

    def recalculate(self, overrides: Values) -> Values:
        """Every cell's value, with the overrides set in place of what the cells hold, formulas included."""
        ...


@runtime_checkable
class BatchSession(Session, Protocol):
    """A session to which many sets of overrides at once are cheaper than one after the other."""

    def recalculate_all(self, sets: Sequence[Values]) -> Sequence[Values]:
        """What ``recalculate`` gives for each set."""
        ...


@runtime_checkable
class SweepSession(Session, Protocol):
    """A session to which a thousand sets of overrides cost little more than one."""

    def sweep(self, count: int, overrides: Mapping[Cell, Column]) -> Mapping[Cell, Column]:
        """What ``recalculate`` gives for each of so many sets, as columns."""
        ...


def sweep(session: Session, count: int, overrides: Mapping[Cell, Column]) -> Mapping[Cell, Column]:
    """Every cell's column over so many sets of overrides, set by set where the session has no quicker way."""
    if isinstance(session, SweepSession):
        return session.sweep(count, overrides)
    sets = [{cell: value_in(column, number) for cell, column in overrides.items()} for number in range(count)]
    found = (
        session.recalculate_all(sets)
        if isinstance(session, BatchSession) and sets
        else [session.recalculate(each) for each in sets]
    )
    cells = dict.fromkeys(cell for values in found for cell in values)
    return {cell: column_of([values.get(cell, BLANK) for values in found]) for cell in cells}


class Engine(Protocol):
    """Something that computes what Excel computes, or says that it cannot."""

    name: str
    recomputes: bool

    @property
    def version(self) -> str:
        """The version of what does the computing."""
        ...

    def load(self, workbook: Workbook) -> Session:
        """The workbook, ready to be recalculated."""
        ...


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """An engine as a list of them shows it; ``note`` says what it is, or what to install where it cannot run here."""

    name: str
    version: str | None
    kind: str
    available: bool
    note: str


def find_engine(name: str) -> Engine:
    """The engine of that name; raises UsageError where there is none, or where it cannot run here."""
    # Each brings a library or a program with it, and is imported only where it is asked for.
    if name == "formulas":
        from xlparity.engines.evaluator import FormulasEngine  # noqa: PLC0415

        return FormulasEngine()
    if name == "excelmodel":
        from xlparity.engines.excelmodel import ExcelModelEngine  # noqa: PLC0415

        return ExcelModelEngine()
    if name == "libreoffice":
        from xlparity.engines.libreoffice import LibreOfficeEngine  # noqa: PLC0415

        return LibreOfficeEngine()
    if name == "ironcalc":
        from xlparity.engines.ironcalc import IronCalcEngine  # noqa: PLC0415

        return IronCalcEngine()
    if name == "cached":
        from xlparity.engines.cached import CachedEngine  # noqa: PLC0415

        return CachedEngine()
    raise UsageError(f"there is no engine '{name}'{nearest(name, NAMES)}")


def others_than(used: Collection[str]) -> tuple[str, ...]:
    """The engines that can run here and may compute what these do not; none of them is started to find out."""
    # excelmodel refuses what formulas refuses, and cached computes nothing.
    passed_over = {*used, "excelmodel", "cached", *(["formulas"] if "excelmodel" in used else [])}
    return tuple(name for name in NAMES if name not in passed_over and _can_run(name))


def _can_run(name: str) -> bool:
    try:
        find_engine(name)
    except XlparityError:
        return False
    return True


def list_engines() -> list[EngineInfo]:
    """Every engine that there is, whether or not it can run here, in the order of NAMES."""
    return [_info(name) for name in NAMES]


def _info(name: str) -> EngineInfo:
    kind, note = _ABOUT[name]
    try:
        return EngineInfo(name, find_engine(name).version, kind, True, note)
    except XlparityError as error:
        return EngineInfo(name, None, kind, False, str(error))
