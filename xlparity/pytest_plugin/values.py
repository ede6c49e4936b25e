"""A workbook's values by address, for tests written in Python."""

import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from xlparity.engines import Session, Values, find_engine
from xlparity.errors import EngineError, UsageError, nearest
from xlparity.excel.address import Cell, folded, parse_range
from xlparity.excel.values import BLANK, Missing, Unsupported, Value
from xlparity.excel.workbook import Workbook, parse_workbook, read_bytes

_KEPT = 8


class Recalculated(Mapping[str, Value]):
    """What the cells come to, by address, as ``Sheet1!B5``, or ``B5`` on the first sheet.

    An empty cell is ``BLANK`` and an error value an ``ErrorValue``. A cell that the engine cannot be trusted with raises
    EngineError, so that no comparison with it can come out well.
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


def recalculating() -> Callable[..., Recalculated]:
    """The function that recalculates; workbooks that are asked for again are not compiled again."""

    @functools.lru_cache(_KEPT)
    def loaded(path: Path, data: bytes, engine: str) -> tuple[Workbook, Session]:
        book = parse_workbook(data, path)
        return book, find_engine(engine).load(book)

    def recalculate(
        workbook: str | Path, overrides: Mapping[str, float | str | bool] | None = None, *, engine: str = "formulas"
    ) -> Recalculated:
        path = Path(workbook)
        book, session = loaded(path, read_bytes(path), engine)
        given: dict[Cell, Value] = {
            _cell(address, book): float(value) if isinstance(value, int) and not isinstance(value, bool) else value
            for address, value in (overrides or {}).items()
        }
        return Recalculated(book, session.recalculate(given).values_in(0))

    return recalculate


def _cell(address: str, book: Workbook) -> Cell:
    """The cell; raises UsageError where the address is none, names several, or a sheet that there is not."""
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
