"""A workbook as a value: what stands in every cell, read once and never changed.

openpyxl reads the cells. The raw sheet XML is scanned beside it, because openpyxl drops some formulas and values without
a word (under merged cells, empty formulas, data tables); what it drops is refused here, so that no engine takes it for
a blank.
"""

import datetime
import hashlib
import io
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from xlparity import collector, ooxml
from xlparity.address import Cell, Range, parse_range
from xlparity.errors import WorkbookError
from xlparity.values import ErrorValue, Unsupported, Value


@dataclass(frozen=True, slots=True)
class Formula:
    """A live formula, with its ``=``; ``area`` is the block that an array formula (CSE) fills, else None."""

    text: str
    area: Range | None = None

    def __str__(self) -> str:
        return self.text if self.area is None else f"{{{self.text}}}"


@dataclass(frozen=True, slots=True)
class Workbook:
    """The contents of a workbook.

    ``cells`` maps every cell that holds something to its constant or its formula (an array formula stands in the first
    cell of its area), or to an Unsupported that says why it could not be read. ``members`` maps the other cells of array
    areas to that first cell. ``names`` are the workbook-wide defined names, in capitals. ``formulas`` counts the formula
    elements in the file itself, whether or not they could be read. ``digest`` is the file's SHA-256.
    """

    path: Path
    digest: str
    sheets: tuple[str, ...]
    cells: Mapping[Cell, Value | Formula]
    members: Mapping[Cell, Cell]
    names: Mapping[str, str]
    formulas: int

    def formula(self, cell: Cell) -> Formula | None:
        """The formula that computes this cell, alone or as part of an array area."""
        content = self.cells.get(self.members.get(cell, cell))
        return content if isinstance(content, Formula) else None


def read_workbook(path: Path) -> Workbook:
    """The workbook in the file. Raises WorkbookError where there is none that can be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WorkbookError(f"{path}: cannot be read ({error.strerror or error})") from error
    return parse_workbook(data, path)


@collector.paused()
def parse_workbook(data: bytes, path: Path) -> Workbook:
    """The workbook in these bytes; ``path`` is what errors call it, and what an engine that reads files opens."""
    import openpyxl  # noqa: PLC0415  (a third of a second, and most commands never read a workbook)

    parts = ooxml.read_parts(data, path)
    sheets = ooxml.sheet_parts(parts, path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of extensions it does not keep; nothing is written back
            book = openpyxl.load_workbook(io.BytesIO(data))
    except (BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError) as error:
        raise WorkbookError(
            f"{path}: openpyxl cannot read this workbook ({type(error).__name__}: {error}); "
            "open it in Excel and save it again"
        ) from error
    cells: dict[Cell, Value | Formula] = {}
    members: dict[Cell, Cell] = {}
    formulas = 0
    for name, part in sheets.items():
        raw = ooxml.scan(parts[part], f"{path}: sheet '{name}'")
        formulas += sum(cell.formula for cell in raw.values())
        _read_sheet(book[name], name, book.epoch, cells, members)
        _refuse_what_was_dropped(raw, name, cells, members)
    return Workbook(path, hashlib.sha256(data).hexdigest(), tuple(sheets), cells, members, _names(book), formulas)


def _read_sheet(
    sheet: Any, name: str, epoch: datetime.datetime, cells: dict[Cell, Value | Formula], members: dict[Cell, Cell]
) -> None:
    # iter_rows() would walk every cell up to the last one, and a stray one at XFD1048576 makes that run for ever.
    for (row, column), held in sheet._cells.items():
        value = held.value
        if value is None:
            continue
        cell = Cell(name, row, column)
        if held.data_type == "f":
            formula = _formula(value, cell)
            cells[cell] = formula
            if isinstance(formula, Formula) and formula.area:
                members.update((member, cell) for member in formula.area.cells() if member != cell)
        else:
            cells[cell] = _constant(value, held.data_type, epoch)
    for member in members:
        if member.sheet == name:
            cells.pop(member, None)  # what the file stores there is a result, not a constant


def _formula(value: object, cell: Cell) -> Formula | Unsupported:
    if isinstance(value, str):
        return Formula(value) if value.strip() != "=" else Unsupported("an empty formula")
    area = getattr(value, "ref", None)
    text = getattr(value, "text", None)
    if type(value).__name__ == "ArrayFormula" and area and text:
        block = parse_range(area, cell.sheet)
        if block.first == cell:
            return Formula(text if text.startswith("=") else f"={text}", block)
    return Unsupported("a data table, or an array formula without its area")


def _constant(value: object, kind: str, epoch: datetime.datetime) -> Value:
    if kind == "e":
        return ErrorValue(str(value))
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, datetime.datetime) and (value.hour, value.minute, value.second, value.microsecond) == (0,) * 4:
        from openpyxl.utils.datetime import to_excel  # noqa: PLC0415

        return float(to_excel(value, epoch))
    # openpyxl rounds a serial number to microseconds when it makes a time of it: the number is no longer exact.
    return Unsupported(f"a date or time ({value}), of which openpyxl keeps no exact number")


def _refuse_what_was_dropped(
    raw: Mapping[str, ooxml.RawCell], name: str, cells: dict[Cell, Value | Formula], members: Mapping[Cell, Cell]
) -> None:
    kept = {cell.a1: content for cell, content in cells.items() if cell.sheet == name}
    for address, found in raw.items():
        content = kept.get(address)
        if found.formula and not isinstance(content, Formula | Unsupported):
            cells[parse_range(address, name).first] = Unsupported(
                "a formula that openpyxl does not read (under a merged cell, or empty)"
            )
        elif content is None and found.value and parse_range(address, name).first not in members:
            cells[parse_range(address, name).first] = Unsupported(
                "a value that openpyxl does not read (under a merged cell, or an empty text)"
            )


def _names(book: Any) -> dict[str, str]:
    """Workbook-wide names only: formulas and sheet-local ones are another scope, and shadow these on their sheet."""
    local = {name.upper() for sheet in book.worksheets for name in sheet.defined_names}
    return {
        name.upper(): defined.attr_text
        for name, defined in book.defined_names.items()
        if defined.attr_text and name.upper() not in local
    }


def formulas_of(workbook: Workbook) -> Iterator[tuple[Cell, Formula]]:
    """Every formula and the cell it stands in, as the file lists them."""
    for cell, content in workbook.cells.items():
        if isinstance(content, Formula):
            yield cell, content
