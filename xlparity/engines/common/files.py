"""Copies of a workbook's file for engines that read files: without its stored values, and with other contents.

A program that opens a file may return the stored values instead of computing. So the copies have no stored value of any
formula, and every value that the program returns is computed by it.
"""

import io
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from xlparity import collector
from xlparity.errors import UsageError
from xlparity.excel import ooxml
from xlparity.excel.address import Cell, Range, column_number
from xlparity.excel.values import BLANK, MISSING, ErrorValue, Missing, Unsupported, Value
from xlparity.excel.workbook import Formula, Workbook, read_again


class FileTemplate:
    """A workbook's file without its stored values, of which copies with other inputs are made.

    ``emptied`` are formulas that are left out of the copies, because they are unsupported. ``stand_in`` is the stored value
    of every other formula in the copies, for an engine that needs one. The workbook may be an edited one, with other
    formulas than the file. Raises WorkbookError where the file is no longer the one that was read.
    """

    @collector.paused()
    def __init__(self, workbook: Workbook, emptied: Collection[Cell], stand_in: Value = BLANK) -> None:
        self._workbook = workbook
        self._emptied = frozenset(emptied)
        self._stand_in = ooxml.result(stand_in)
        self._parts = ooxml.isolated(read_again(workbook), workbook.path)
        self._names = ooxml.sheet_parts(self._parts, workbook.path)
        self._sheets: dict[str, ooxml.Sheet] = {}  # sheets as in the copies, where cells were overridden
        addresses: dict[str, set[str]] = defaultdict(set)
        for member in workbook.members:
            addresses[member.sheet].add(member.a1)
        for name, part in self._names.items():
            sheet = ooxml.Sheet(self._parts[part], f"{workbook.path}: sheet '{name}'")
            gone = {cell.a1: BLANK for cell in emptied if cell.sheet == name} | self._exchanged(name)
            contents = _stripped(sheet, addresses[name], self._stand_in)
            contents |= self._contents(sheet, name, gone) | self._reworded(sheet, name)
            edits = sheet.edits(contents)
            if (merged := sheet.root.child("mergeCells")) is not None:
                edits.append(
                    ooxml.replaced(merged, b"")
                )  # Excel computes with what is under them, and IronCalc drops it
            self._parts[part] = ooxml.spliced(sheet.xml, edits)

    def copy(self, overrides: Mapping[Cell, Value]) -> bytes:
        """The file with the overrides in place of the cells' contents, formulas included, and no other stored value.

        Raises UsageError for an override that no file can hold.
        """
        parts = dict(self._parts)
        given: dict[str, dict[str, Value]] = defaultdict(dict)
        for cell, value in overrides.items():
            if cell.sheet not in self._names:
                raise UsageError(f"cannot set {cell}: the workbook has no sheet '{cell.sheet}'")
            if isinstance(value, Missing | Unsupported) or (isinstance(value, float) and not math.isfinite(value)):
                raise UsageError(f"cannot set {cell} to {value}, which is no value that a file can hold")
            given[cell.sheet][cell.a1] = value
        for name, values in given.items():
            part = self._names[name]
            if name not in self._sheets:
                self._sheets[name] = ooxml.Sheet(self._parts[part], f"{self._workbook.path}: sheet '{name}'")
            sheet = self._sheets[name]
            parts[part] = sheet.edited(self._contents(sheet, name, values))
        return ooxml.pack(parts)

    def _contents(self, sheet: ooxml.Sheet, name: str, given: Mapping[str, Value]) -> dict[str, ooxml.Content]:
        """The contents of cell elements where these cells of a sheet are given; other cells may change as well."""
        contents = {address: ooxml.Content("", ooxml.constant(value)) for address, value in given.items()}
        contents = self._spelled_out(sheet, name, given) | contents
        areas: dict[Range, Formula] = {}
        for address in given:
            formula = self._workbook.formula(to_cell(name, address))
            if formula is not None and formula.area is not None and formula.area.first not in self._emptied:
                areas[formula.area] = formula
        for area, formula in areas.items():
            contents |= _masked(area, formula, given)
        return contents

    def _exchanged(self, name: str) -> dict[str, Value]:
        """The constants of the sheet that were edited since the file was read."""
        held = {cell: self._workbook.cells.get(cell, BLANK) for cell in self._workbook.edits if cell.sheet == name}
        return {
            cell.a1: value
            for cell, value in held.items()
            if not isinstance(value, Formula | Unsupported) and cell not in self._workbook.members
        }

    def _reworded(self, sheet: ooxml.Sheet, name: str) -> dict[str, ooxml.Content]:
        """The contents of the formulas that were edited or added since the file was read."""
        formulas = {
            cell.a1: formula
            for cell in self._workbook.edits - self._emptied
            if cell.sheet == name and isinstance(formula := self._workbook.cells.get(cell), Formula)
        }
        contents = {
            address: ooxml.Content(formula.text[1:], self._stand_in, formula.area.a1 if formula.area else None)
            for address, formula in formulas.items()
        }
        return self._spelled_out(sheet, name, formulas) | contents

    def _spelled_out(self, sheet: ooxml.Sheet, name: str, gone: Collection[str]) -> dict[str, ooxml.Content]:
        """The full text of each shared formula whose text is in a cell that loses its formula."""
        if not gone:
            return {}
        shared = [element for element in sheet.formulas() if element.kind == "shared"]
        numbers = {element.number for element in shared if element.defines and element.cell.a1 in gone}
        texts = {
            element.cell.a1: self._workbook.cells.get(element.cell._replace(sheet=name))
            for element in shared
            if element.number in numbers
        }
        return {
            address: ooxml.Content(held.text[1:], self._stand_in)
            for address, held in texts.items()
            if isinstance(held, Formula) and to_cell(name, address) not in self._emptied
        }


def _stripped(sheet: ooxml.Sheet, members: Collection[str], stand_in: ooxml.StoredXml) -> dict[str, ooxml.Content]:
    """Contents with the stand-in as the stored value of every formula, and empty other cells of array areas.

    An empty cell loses its type as well, which IronCalc would take for a number's.
    """
    with_formula, nothing = ooxml.Content(stored=stand_in), ooxml.Content(stored=ooxml.NOTHING)
    contents: dict[str, ooxml.Content] = {}
    for address, cell in sheet.cells.items():
        if cell.child("f") is not None:
            contents[address] = with_formula
        elif address in members or ("t" in cell.attributes and not (cell.child("v") or cell.child("is"))):
            contents[address] = nothing
    return contents


def _masked(area: Range, formula: Formula, given: Mapping[str, Value]) -> dict[str, ooxml.Content]:
    """The contents of an array formula of which some cells are given: these are constants, and the others are computed.

    No part of an array formula can be replaced in a file. Where all of it is given, nothing is computed.
    """
    cells = list(area.cells())
    held = {cell: given[cell.a1] for cell in cells if cell.a1 in given}
    if len(held) == len(cells):
        return {}
    if BLANK in held.values():
        raise UsageError(f"cannot empty single cells of the array formula in {area}")
    columns = area.shape[1]
    mask = _table(["TRUE" if cell in held else "FALSE" for cell in cells], columns)
    constants = _table([_literal(held.get(cell, 0.0)) for cell in cells], columns)
    contents = {cell.a1: ooxml.Content("", ooxml.NOTHING) for cell in cells}
    contents[cells[0].a1] = ooxml.Content(f"IF({mask},{constants},({formula.text[1:]}))", ooxml.NOTHING, area.a1)
    return contents


def _table(texts: list[str], columns: int) -> str:
    """An inline array, row by row."""
    return "{" + ";".join(",".join(texts[at : at + columns]) for at in range(0, len(texts), columns)) + "}"


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return value.code if isinstance(value, ErrorValue) else repr(value).upper()


@collector.paused()
def stored_values(parts: Mapping[str, bytes], workbook: Workbook) -> dict[Cell, Value]:
    """The stored value of every cell element, in the file of a workbook or in the file that a program saved."""
    strings = ooxml.shared_strings(parts, workbook.path)
    values: dict[Cell, Value] = {}
    for sheet, part in ooxml.sheet_parts(parts, workbook.path).items():
        for raw in ooxml.scan(parts[part], f"{workbook.path}: sheet '{sheet}'").cells:
            stored = ooxml.stored_value(raw, strings, date1904=workbook.date1904)
            values[raw.on(sheet)] = MISSING if stored is None else stored
    return values


def as_held(workbook: Workbook, result: Callable[[Cell], Value]) -> dict[Cell, Value]:
    """Every cell's value: the constants of the workbook, and ``result`` of every cell of a formula."""
    values: dict[Cell, Value] = {}
    for cell, content in workbook.cells.items():
        if isinstance(content, Formula):
            for member in content.area.cells() if content.area else (cell,):
                values[member] = result(member)
        else:
            values[cell] = content
    return values


def probe(calls: Collection[str], stand_in: Value = BLANK) -> bytes:
    """A workbook that calls each function without an argument: ``#NAME?`` only where it is not known at all.

    Inside IFERROR or ISNUMBER an unknown function would give a value.
    """
    import openpyxl  # noqa: PLC0415  (it takes a seventh of a second to load, and only second opinions are asked so)

    book = openpyxl.Workbook()
    for row, call in enumerate(sorted(calls), start=1):
        book.active.cell(row, 1, f"={call}()")
    buffer = io.BytesIO()
    book.save(buffer)
    file = ooxml.Editor(buffer.getvalue(), Path("probe"))
    for part in file.sheets.values():
        sheet = ooxml.Sheet(file[part], "probe")
        file[part] = sheet.edited(_stripped(sheet, (), ooxml.result(stand_in)))
    return file.saved()


def unknown_functions(answers: Mapping[Cell, Value], calls: Collection[str]) -> frozenset[str]:
    """The functions that an engine does not know, by its values of the probe's first column."""
    by_row = {cell.row: value for cell, value in answers.items()}
    return frozenset(call for row, call in enumerate(sorted(calls), start=1) if by_row.get(row) == ErrorValue("#NAME?"))


def to_cell(sheet: str, address: str) -> Cell:
    """The cell at an address as a cell element has it, for which ``parse_range`` would take longer."""
    letters = address.rstrip("0123456789")
    return Cell(sheet, int(address[len(letters) :]), column_number(letters))
