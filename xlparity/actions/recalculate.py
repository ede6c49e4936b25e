"""``recalculate``: the recomputed values of a workbook, by address."""

import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from xlparity.engines.protocol import Session, Values
from xlparity.engines.registry import find_engine
from xlparity.errors import EngineError, UsageError, nearest
from xlparity.excel.address import Cell, folded, parse_range
from xlparity.excel.values import BLANK, Missing, Unsupported, Value
from xlparity.excel.workbook import Workbook, parse_workbook, read_bytes
from xlparity.limits import WorkbookLimits
from xlparity.settings import Options

_CACHED = 8


class Recalculated(Mapping[str, Value]):
    """The values of the cells by address: ``Sheet1!B5``, or ``B5`` on the first sheet.

    A number, or a date as its serial number, is a float, a text a str, a truth value a bool, an empty cell ``BLANK`` and an
    error value an ``ErrorValue``. A cell that the engine does not support raises EngineError, so that no comparison with it
    can succeed. Iterating gives the addresses of the non-empty cells, with their sheets.
    """

    def __init__(self, book: Workbook, values: Values) -> None:
        self._book, self._values = book, values

    def __getitem__(self, address: str) -> Value:
        cell = _cell(address, self._book)
        value = self._values.get(cell, BLANK)
        if isinstance(value, Unsupported | Missing):
            raise EngineError(f"{self._book.path}: {cell} is {value}")
        return value

    def __iter__(self) -> Iterator[str]:
        return map(str, self._values)

    def __len__(self) -> int:
        return len(self._values)


def recalculate(
    workbook: str | Path, changes: Mapping[str, float | str | bool] | None = None, *, options: Options | None = None
) -> Recalculated:
    """The recomputed values of a workbook by address: ``recalculate("book.xlsx")["Sheet1!B5"]``.

    ``changes`` are values by address to set first: ``{"B1": 0.5}``. Of ``options`` only the engines are used: the first that
    recomputes, or else the stored values. A path is relative to the current folder.

    Raises UsageError for a wrong address, an address of several cells, and an engine that cannot run here, WorkbookError where
    the workbook cannot be read, and EngineError where the engine fails.
    """
    return _recalculated(_load, workbook, changes, Options.of_project() if options is None else options)


def keeping(usual: Options) -> Callable[..., Recalculated]:
    """``recalculate`` with these default options and a cache, for one thread.

    The last workbooks are cached, and not compiled again while the contents of their files are the same.
    """
    load = functools.lru_cache(_CACHED)(_load)

    def recalculate(
        workbook: str | Path, changes: Mapping[str, float | str | bool] | None = None, *, options: Options | None = None
    ) -> Recalculated:
        return _recalculated(load, workbook, changes, usual if options is None else options)

    return recalculate


def _recalculated(
    load: Callable[[Path, bytes, WorkbookLimits, str], tuple[Workbook, Session]],
    workbook: str | Path,
    changes: Mapping[str, float | str | bool] | None,
    options: Options,
) -> Recalculated:
    """The result of ``recalculate``, with the workbook read and compiled by ``load``."""
    path = Path(workbook)
    book, session = load(path, read_bytes(path, options.limits), options.limits, _first(options))
    given: dict[Cell, Value] = {
        _cell(address, book): float(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for address, value in (changes or {}).items()
    }
    return Recalculated(book, session.recalculate(given).values_in(0))


def _load(path: Path, data: bytes, limits: WorkbookLimits, engine: str) -> tuple[Workbook, Session]:
    book = parse_workbook(data, path, limits)
    return book, find_engine(engine).load(book)


def _first(options: Options) -> str:
    """The first engine that recomputes, else the first."""
    return next((name for name in options.engines if find_engine(name).recomputes), options.engines[0])


def _cell(address: str, book: Workbook) -> Cell:
    """The cell; raises UsageError for a wrong address, an address of several cells, or a sheet that does not exist."""
    try:
        area = parse_range(address, book.sheets[0])
    except ValueError as error:
        raise UsageError(str(error)) from error
    if area.size != 1:
        raise UsageError(f"{address} is {area.size:,} cells; ask for one at a time")
    for sheet in book.sheets:
        if folded(sheet) == folded(area.sheet):
            return area.first._replace(sheet=sheet)
    raise UsageError(f"{book.path} has no sheet '{area.sheet}'{nearest(area.sheet, book.sheets)}")
