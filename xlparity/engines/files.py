"""Copies of a workbook's file for engines that read files: without its stored values, and with other contents.

A program that opens a file may show what is stored there in place of what it computes. So nothing that a formula came to
is left in a copy, and what such a program gives back was computed by it.
"""

import hashlib
import io
import math
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import openpyxl

from xlparity import collector, ooxml
from xlparity.address import Cell, Range
from xlparity.engines.sheets import Content, Sheet, escaped, to_cell
from xlparity.errors import UsageError, WorkbookError
from xlparity.patch import pack
from xlparity.values import BLANK, MISSING, ErrorValue, Missing, Unsupported, Value
from xlparity.workbook import Formula, Workbook, formulas_of

_ITERATE = re.compile(rb"""(<(?:\w+:)?calcPr\b[^>]*?)\siterate=(?:"[^"]*"|'[^']*')""")
_EXTERNAL = re.compile(rb"""<(?:\w+:)?Relationship\b[^>]*\sTargetMode=["']External["'][^>]*>""")
_TARGET = re.compile(rb"""\sTarget=(?:"[^"]*"|'[^']*')""")


class Original:
    """A workbook's file, taken apart once so that many copies can be made of it.

    ``emptied`` are formulas that no copy holds, because nothing good would come of computing them. ``stand_in`` is what
    a copy stores for every other formula, where an engine minds that nothing is stored. The workbook may be an edited one,
    which holds other formulas than the file. Raises WorkbookError where the file is no longer the one that was read.
    """

    @collector.paused()
    def __init__(self, workbook: Workbook, emptied: Collection[Cell], stand_in: ErrorValue | None = None) -> None:
        self._workbook = workbook
        self._emptied = frozenset(emptied)
        self._parts = _tamed(read_again(workbook))
        self._names = ooxml.sheet_parts(self._parts, workbook.path)
        self._sheets = {
            name: Sheet(self._parts[part], f"{workbook.path}: sheet '{name}'") for name, part in self._names.items()
        }
        results: dict[str, list[str]] = defaultdict(list)
        for member in workbook.members:
            results[member.sheet].append(member.a1)
        for name, sheet in self._sheets.items():
            sheet.strip(results[name], _constant(BLANK if stand_in is None else stand_in))
            gone = {cell.a1: BLANK for cell in emptied if cell.sheet == name}
            sheet.keep(
                self._contents(name, gone) | self._reworded(name, _constant(BLANK if stand_in is None else stand_in))
            )

    def copy(self, overrides: Mapping[Cell, Value]) -> bytes:
        """The file with the overrides in place of what the cells hold, formulas included, and no other stored value.

        Raises UsageError for an override that no file can hold.
        """
        parts = dict(self._parts)
        given: dict[str, dict[str, Value]] = defaultdict(dict)
        for cell, value in overrides.items():
            if cell.sheet not in self._sheets:
                raise UsageError(f"cannot set {cell}: the workbook has no sheet '{cell.sheet}'")
            if isinstance(value, Missing | Unsupported) or (isinstance(value, float) and not math.isfinite(value)):
                raise UsageError(f"cannot set {cell} to {value}, which is no value that a file can hold")
            given[cell.sheet][cell.a1] = value
        for name, sheet in self._sheets.items():
            parts[self._names[name]] = sheet.written(self._contents(name, given[name]))
        return pack(parts)

    def _contents(self, name: str, given: Mapping[str, Value]) -> dict[str, Content]:
        """What the cell elements hold when these cells of a sheet are given, those of other cells among them."""
        sheet = self._sheets[name]
        contents = {address: _constant(value) for address, value in given.items()}
        for address in given:
            element = sheet.elements.get(address)
            if element is not None and element.defines:
                contents = self._spelled_out(name, sheet.groups[element.shared]) | contents
        areas: dict[Range, Formula] = {}
        for address in given:
            formula = self._workbook.formula(to_cell(name, address))
            if formula is not None and formula.area is not None and formula.area.first not in self._emptied:
                areas[formula.area] = formula
        for area, formula in areas.items():
            contents |= _masked(area, formula, given)
        return contents

    def _reworded(self, name: str, stand_in: Content) -> dict[str, Content]:
        """The formulas that the file has in other words, or has not got."""
        contents: dict[str, Content] = {}
        for cell, formula in formulas_of(self._workbook):
            if cell.sheet == name and cell in self._workbook.edits and cell not in self._emptied:
                element = self._sheets[name].elements.get(cell.a1)
                if element is not None and element.defines:
                    contents = self._spelled_out(name, self._sheets[name].groups[element.shared]) | contents
                area = b' t="array" ref="%b"' % formula.area.a1.encode() if formula.area is not None else b""
                inside = b"<f%b>%b</f>%b" % (area, escaped(formula.text[1:]), stand_in.inside)
                contents[cell.a1] = Content(stand_in.type, inside)
        return contents

    def _spelled_out(self, name: str, group: list[str]) -> dict[str, Content]:
        """Each formula of a shared group by itself; they live off the text of the first one, which is about to go."""
        texts = {address: self._workbook.cells.get(to_cell(name, address)) for address in group}
        return {
            address: Content(b"", b"<f>" + escaped(held.text[1:]) + b"</f>")
            for address, held in texts.items()
            if isinstance(held, Formula) and to_cell(name, address) not in self._emptied
        }


def _masked(area: Range, formula: Formula, given: Mapping[str, Value]) -> dict[str, Content]:
    """An array formula some of whose cells are given: it takes those from constants, and computes the others.

    No part of an array formula can be replaced in a file. Where all of it is given, nothing needs to be computed.
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
    text = escaped(f"IF({mask},{constants},({formula.text[1:]}))")
    contents = {cell.a1: Content(b"", b"") for cell in cells}
    contents[cells[0].a1] = Content(b"", b'<f t="array" ref="%b">%b</f>' % (area.a1.encode(), text))
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


def _constant(value: Value) -> Content:
    if value is BLANK:
        return Content(b"", b"")
    if isinstance(value, bool):
        return Content(b' t="b"', b"<v>%d</v>" % value)
    if isinstance(value, float):
        return Content(b"", b"<v>" + repr(value).encode() + b"</v>")
    if isinstance(value, ErrorValue):
        return Content(b' t="e"', b"<v>" + value.code.encode() + b"</v>")
    return Content(b' t="inlineStr"', b'<is><t xml:space="preserve">' + escaped(str(value)) + b"</t></is>")


def read_again(workbook: Workbook) -> dict[str, bytes]:
    """The parts of the workbook's file; raises WorkbookError where it is no longer the one that was read."""
    try:
        data = workbook.path.read_bytes()
    except OSError as error:
        raise WorkbookError(f"{workbook.path}: cannot be read again ({error.strerror})") from error
    if hashlib.sha256(data).hexdigest() != workbook.digest:
        raise WorkbookError(f"{workbook.path}: the file has changed since it was read; run again")
    return ooxml.read_parts(data, workbook.path)


@collector.paused()
def stored_values(parts: Mapping[str, bytes], workbook: Workbook) -> dict[Cell, Value]:
    """What every cell element stores, in the file of a workbook or in what a program made of it."""
    strings = ooxml.shared_strings(parts, workbook.path)
    values: dict[Cell, Value] = {}
    for sheet, part in ooxml.sheet_parts(parts, workbook.path).items():
        for address, raw in ooxml.scan(parts[part], f"{workbook.path}: sheet '{sheet}'").items():
            stored = ooxml.stored_value(raw, strings)
            values[to_cell(sheet, address)] = MISSING if stored is None else stored
    return values


def as_held(workbook: Workbook, result: Callable[[Cell], Value]) -> dict[Cell, Value]:
    """Every cell's value: of the constants as the workbook has them, of all cells of formulas as ``result`` tells."""
    values: dict[Cell, Value] = {}
    for cell, content in workbook.cells.items():
        if isinstance(content, Formula):
            for member in content.area.cells() if content.area else (cell,):
                values[member] = result(member)
        else:
            values[cell] = content
    return values


def _tamed(parts: dict[str, bytes]) -> dict[str, bytes]:
    """The parts without iterative calculation, and without links to anything outside."""
    for name, part in parts.items():
        if name.endswith(".rels"):
            parts[name] = _EXTERNAL.sub(lambda match: _TARGET.sub(b' Target="nowhere"', match[0]), part)
        elif b"calcPr" in part and name.endswith("workbook.xml"):
            # With iterations a circular reference comes to whatever the last one left.
            parts[name] = _ITERATE.sub(rb"\1", part)
    return parts


def probe(calls: Collection[str], stand_in: ErrorValue | None = None) -> bytes:
    """A workbook that calls each function without an argument: ``#NAME?`` only where it is not known at all.

    An unknown function that IFERROR or ISNUMBER looks at would else give a value.
    """
    book = openpyxl.Workbook()
    for row, call in enumerate(sorted(calls), start=1):
        book.active.cell(row, 1, f"={call}()")
    buffer = io.BytesIO()
    book.save(buffer)
    parts = ooxml.read_parts(buffer.getvalue(), Path("probe"))
    for part in ooxml.sheet_parts(parts, Path("probe")).values():
        sheet = Sheet(parts[part], "probe")
        sheet.strip((), _constant(BLANK if stand_in is None else stand_in))
        parts[part] = sheet.written({})
    return pack(parts)


def unknown_functions(answers: Mapping[Cell, Value], calls: Collection[str]) -> frozenset[str]:
    """The functions that an engine does not know, by what it made of the probe's first column."""
    by_row = {cell.row: value for cell, value in answers.items()}
    return frozenset(call for row, call in enumerate(sorted(calls), start=1) if "#NAME?" in str(by_row.get(row)))
