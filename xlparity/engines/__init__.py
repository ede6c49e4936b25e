"""Engines recalculate a workbook. One verb each: an engine loads, a session recalculates."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from xlparity.errors import UsageError, XlparityError, nearest
from xlparity.excel.address import Cell
from xlparity.excel.batch import Batch
from xlparity.excel.columns import Column, column_of, value_in
from xlparity.excel.values import BLANK, Value
from xlparity.excel.workbook import Workbook

Values: TypeAlias = Mapping[Cell, Value]
"""What every cell that holds anything comes to in one sample; a cell that is not there is blank."""

ONE_AT_A_TIME = 9
"""Samples of an engine that computes one at a time, the stored inputs among them: each takes up to a second or two."""

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

    def recalculate(self, overrides: Mapping[Cell, Column], samples: int = 1) -> Batch:
        """Every cell's value in each sample, with the overrides set in place of what the cells hold, formulas included."""
        ...


def one_by_one(
    compute: Callable[[Sequence[Values]], Iterable[Values]], overrides: Mapping[Cell, Column], samples: int
) -> Batch:
    """The batch of an engine that computes one sample at a time; ``compute`` gives the values for each set of overrides."""
    each = [{cell: value_in(column, sample) for cell, column in overrides.items()} for sample in range(samples)]
    found = list(compute(each))
    cells = dict.fromkeys(cell for values in found for cell in values)
    return Batch.of({cell: column_of([values.get(cell, BLANK) for values in found]) for cell in cells}, samples)


class Engine(Protocol):
    """Something that computes what Excel computes, or says that it cannot."""

    name: str
    recomputes: bool
    most_samples: int | None
    """How many samples it computes in reasonable time, the stored inputs among them; None where their number costs little."""

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


def engines_of(names: Iterable[str]) -> list[Engine]:
    """The engines of these names, each once; raises UsageError where there is no such engine, or it cannot run here."""
    return [find_engine(name) for name in dict.fromkeys(names)]


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
