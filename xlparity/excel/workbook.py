"""A workbook as an immutable value: the contents of every cell, read once.

openpyxl reads the cells. The raw sheet XML is scanned beside it, because openpyxl drops some formulas and values without
a word (under merged cells, empty formulas, data tables); what it drops is refused here, so that no engine takes it for
a blank.
"""

import hashlib
import io
import math
import traceback
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from xlparity import collector
from xlparity.errors import WorkbookError, nearest_file
from xlparity.excel import ooxml, prefixes
from xlparity.excel.address import Cell, Range, folded, parse_range
from xlparity.excel.contents import Formula as Formula  # noqa: PLC0414  (here is where everybody looks for it)
from xlparity.excel.contents import replaced
from xlparity.excel.graph import Graph
from xlparity.excel.names import Scope, Table, whole_lines
from xlparity.excel.values import ErrorValue, Unsupported, Value
from xlparity.process import LOCK

_LARGEST_AREA = 1_000_000

_NOT_NEEDED = {
    "pivot": "xlparity needs no pivot table: remove it in a copy, or save a copy without it",
    "externalLinks/": "xlparity follows no link to another workbook: break it in a copy",
    "charts/": "xlparity needs no chart: delete it in a copy",
    "drawings/": "xlparity needs no drawing or chart: delete it in a copy",
    "comments": "xlparity needs no comments: delete them in a copy",
}
"""How to do without what is not needed, by how the names of its parts begin below ``xl/``."""


@dataclass(frozen=True, slots=True)
class Workbook:
    """The contents of a workbook.

    ``cells`` maps every cell that holds something to its constant or its formula (an array formula stands in the first
    cell of its area), or to an Unsupported that says why it could not be read. ``members`` maps the other cells of array
    areas to that first cell. ``scope`` resolves names and tables. ``extents`` are the last used row and column of
    each sheet. ``formulas`` counts the formula elements in the file itself, whether or not they could be read.
    ``digest`` is the file's SHA-256. ``date1904`` says that its dates count from 1904, as those of the first Macintosh,
    ``macros`` that it has some, which may define functions, and ``iterates`` that Excel computes circular references by
    iteration, and does not refuse them. ``edits`` are the cells that hold something else than in the file.
    """

    path: Path
    digest: str
    sheets: tuple[str, ...]
    cells: Mapping[Cell, Value | Formula]
    members: Mapping[Cell, Cell]
    scope: Scope
    extents: Mapping[str, tuple[int, int]]
    formulas: int
    date1904: bool = False
    macros: bool = False
    iterates: bool = False
    edits: frozenset[Cell] = frozenset()
    _graphs: list[Graph] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def graph(self) -> Graph:
        """What the formulas refer to and what follows from what; made once, when it is first asked for."""
        if not self._graphs:
            self._graphs.append(Graph(self))
        return self._graphs[0]

    def formula(self, cell: Cell) -> Formula | None:
        """The formula that computes this cell, alone or as part of an array area."""
        content = self.cells.get(self.members.get(cell, cell))
        return content if isinstance(content, Formula) else None

    def filled(self, cell: Cell) -> Range:
        """The cells that the formula of this cell computes: an array formula's area, else the cell alone."""
        formula = self.formula(cell)
        return Range.of(cell) if formula is None or formula.area is None else formula.area

    def edited(self, contents: Mapping[Cell, Value | Formula]) -> "Workbook":
        """The workbook with these contents instead, as ``contents.replaced`` has it; path and digest stay the file's.

        ``formulas`` counts what comes and goes. Raises ValueError for what cannot stand there.
        """
        for cell in contents:
            if cell.sheet not in self.sheets:
                raise ValueError(f"there is no sheet '{cell.sheet}' for {cell}")
        cells, members = replaced(self.cells, self.members, contents)
        count = self.formulas + _number_of_formulas(cells) - _number_of_formulas(self.cells)
        extents = _extents(self.sheets, cells, members)
        return replace(
            self, cells=cells, members=members, formulas=count, extents=extents, edits=self.edits.union(contents)
        )

    def meant(self, text: str, cell: Cell) -> Range | None:
        """The cells that a reference, a name or a structured reference in a formula of this cell means, if any."""
        try:
            return self.area(text, cell)
        except ValueError:
            pass
        try:
            return parse_range(self.scope.meaning(text, cell), cell.sheet)
        except ValueError:
            return None

    def read_by_excel(self, text: str) -> str:
        """The text of a formula as Excel reads it: #NAME? for each function by a name that Excel does not know.

        Raises ValueError with the reason where it is not known what Excel reads.
        """
        for call in prefixes.misspelt(text):
            if self.macros or folded(call.name) in self.scope.names:
                own = "a macro" if self.macros else "a name"
                raise ValueError(f"the function {call.name}, which may be Excel's own or {own} of the workbook")
        if (reason := prefixes.undocumented(text)) is not None:
            raise ValueError(reason)
        return prefixes.as_read(text)

    def as_excel_reads(self) -> "Workbook":
        """The workbook with the formulas as ``read_by_excel`` has them, Unsupported where that is not known."""
        contents: dict[Cell, Value | Formula] = {}
        for cell, formula in formulas_of(self):
            if prefixes.concerns(formula.text):
                try:
                    contents[cell] = replace(formula, text=self.read_by_excel(formula.text))
                except ValueError as reason:
                    contents |= {member: Unsupported(str(reason)) for member in self.filled(cell).cells()}
        return self.edited(contents) if contents else self

    def area(self, text: str, cell: Cell) -> Range:
        """The cells that a plain reference in a formula of this cell means; of whole rows and columns the used ones.

        Raises ValueError where it is none, or where the workbook has no such sheet.
        """
        if "$" in text or ":" in text:
            plain = text.rpartition("!")[2].replace("$", "")
            if plain.replace(":", "").isalpha() or plain.replace(":", "").isdigit():
                return self._lines(text, cell.sheet)
        area = parse_range(text, cell.sheet)
        return area if area.sheet == cell.sheet else area._replace(sheet=self._sheet(area.sheet, text))

    def _lines(self, text: str, sheet: str) -> Range:
        of, separator, lines = text.rpartition("!")
        if separator:
            sheet = self._sheet(of[1:-1].replace("''", "'") if of.startswith("'") else of, text)
        return whole_lines(lines, sheet, self.extents[sheet])

    def _sheet(self, name: str, text: str) -> str:
        for sheet in self.sheets:
            if folded(sheet) == folded(name):  # Excel does not mind the case of a sheet's name
                return sheet
        raise ValueError(f"the reference {text} to another workbook, or to a sheet that is not there")


def read_workbook(path: Path) -> Workbook:
    """The workbook in the file. Raises WorkbookError where there is none that can be read."""
    return parse_workbook(read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """The file's bytes; raises WorkbookError where there are none to be had."""
    try:
        with LOCK:
            return path.read_bytes()
    except (OSError, ValueError) as error:  # a path with a null character in it is a ValueError
        sentence = f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})"
        raise WorkbookError(f"{sentence}{nearest_file(path)}; name another workbook") from error


@collector.paused()
def parse_workbook(data: bytes, path: Path) -> Workbook:
    """The workbook in these bytes; ``path`` is what errors call it, and what an engine that reads files opens."""
    from openpyxl.utils.datetime import CALENDAR_MAC_1904  # noqa: PLC0415

    parts = ooxml.read_parts(data, path)
    sheets = ooxml.sheet_parts(parts, path)
    book = _load(data, {part: parts[part] for part in sheets.values()}, path)
    _refuse_other_arithmetic(book, path)
    cells: dict[Cell, Value | Formula] = {}
    members: dict[Cell, Cell] = {}
    formulas = 0
    for name, part in sheets.items():
        raw = ooxml.scan(parts[part], f"{path}: sheet '{name}'")
        formulas += sum(cell.formula for cell in raw.values())
        of_sheet: dict[Cell, Value | Formula] = {}
        _read_sheet(book[name], name, raw, of_sheet)
        _refuse_data_tables(book[name], name, of_sheet)
        _place_areas(raw, of_sheet, members)
        _refuse_what_was_dropped(raw, name, of_sheet, members)
        cells |= of_sheet
    digest = hashlib.sha256(data).hexdigest()
    try:
        scope = _scope(book)
    except (AttributeError, TypeError, ValueError) as error:  # what openpyxl found no name, column or area for is None
        raise WorkbookError(
            f"{path}: a defined name or a table is damaged ({error}); save the file in Excel"
        ) from error
    extents = _extents(sheets, cells, members)
    date1904 = book.epoch == CALENDAR_MAC_1904
    macros = any(part.endswith("vbaProject.bin") for part in parts)
    iterates = book.calculation is not None and bool(book.calculation.iterate)
    return Workbook(path, digest, tuple(sheets), cells, members, scope, extents, formulas, date1904, macros, iterates)


def _load(data: bytes, sheets: Mapping[str, bytes], path: Path) -> Any:
    import openpyxl  # noqa: PLC0415  (a third of a second, and most commands never read a workbook)
    from openpyxl.formula.tokenizer import TokenizerError  # noqa: PLC0415

    file = _Watched(data)
    try:
        with LOCK, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of extensions it does not keep; nothing is written back
            try:
                return openpyxl.load_workbook(file)
            except TokenizerError:  # one shared formula that cannot be taken apart is not to hide all the others
                readable = {part: _readable(ooxml.Sheet(xml, f"{path}: {part}")) for part, xml in sheets.items()}
                file = _Watched(ooxml.repack(data, readable))
                return openpyxl.load_workbook(file)
    except Exception as error:  # openpyxl raises whatever a damaged part happens to raise
        raise WorkbookError(f"{path}: {_unreadable(file.part, error)}") from error


class _Watched(io.BytesIO):
    """A file that knows how far it was read, and so which part of the package openpyxl was at."""

    _at = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self._at = self.tell()
        return super().read(size)

    @property
    def part(self) -> str:
        """The name of the part that was read last."""
        return ooxml.part_at(self.getvalue(), self._at)


def _unreadable(part: str, error: Exception) -> str:
    """What openpyxl stumbled on, and what helps: Excel writes much that openpyxl cannot read, and would write it again."""
    cause = error.__cause__ or error  # of a ValueError openpyxl makes one that only says in which step it came up
    sentence = f"({type(cause).__name__}: {cause})"
    modules = {frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(cause.__traceback__)}
    if "openpyxl.worksheet.filters" in modules:
        return f"openpyxl cannot read the filter in {part} {sentence}; xlparity needs no filter: clear it in a copy"
    for folder, advice in _NOT_NEEDED.items():
        if part.startswith(f"xl/{folder}"):
            return f"openpyxl cannot read {part} {sentence}; {advice}"
    return (
        f"openpyxl cannot read {part} {sentence}; let Excel save it again, or, if Excel saved it like that, "
        "take out in a copy what that part holds"
    )


def _readable(sheet: ooxml.Sheet) -> bytes:
    """The sheet with an empty formula, which is then refused, in place of each shared one on which openpyxl fails."""
    return ooxml.spliced(
        sheet.xml,
        [
            ooxml.replaced(formula.element, b"<%sf/>" % formula.element.tag.prefix)
            for formula in sheet.formulas()
            if formula.kind == "shared" and formula.defines and not _has_tokens(formula.element.text)
        ],
    )


def _has_tokens(formula: str) -> bool:
    from openpyxl.formula.tokenizer import Tokenizer, TokenizerError  # noqa: PLC0415

    try:
        Tokenizer(f"={formula}")
    except TokenizerError:
        return False
    return True


def _refuse_other_arithmetic(book: Any, path: Path) -> None:
    """Two settings under which Excel computes other numbers from the same formulas."""
    if book.calculation is not None and book.calculation.fullPrecision is False:
        raise WorkbookError(f"{path}: 'Set precision as displayed' is on; turn it off in Excel's options")
    for sheet in book.worksheets:
        properties = sheet.sheet_properties
        if properties.transitionEvaluation or properties.transitionEntry:
            raise WorkbookError(
                f"{path}: sheet '{sheet.title}' is computed as Lotus 1-2-3 does; turn it off in Excel's options"
            )


def _read_sheet(sheet: Any, name: str, raw: Mapping[str, ooxml.RawCell], cells: dict[Cell, Value | Formula]) -> None:
    # iter_rows() would walk every cell up to the last one, and a stray one at XFD1048576 makes that run for ever.
    for (row, column), held in sheet._cells.items():
        value = held.value
        if value is None:
            continue
        cell = Cell(name, row, column)
        found = raw.get(cell.a1)
        if held.data_type == "f":
            cells[cell] = _formula(value, cell, spills=found is not None and found.dynamic)
        else:
            cells[cell] = _constant(value, found)


def _formula(value: object, cell: Cell, *, spills: bool) -> Formula | Unsupported:
    if isinstance(value, str):
        return Formula(value) if value.strip() != "=" else Unsupported("an empty formula")
    text = getattr(value, "text", None)
    if type(value).__name__ == "ArrayFormula" and text:
        try:
            block = parse_range(getattr(value, "ref", None) or "", cell.sheet)
        except ValueError:
            return Unsupported("an array formula whose area is no range")
        if block.first == cell and block.size <= _LARGEST_AREA:
            return Formula(text if text.startswith("=") else f"={text}", block, spills)
    return Unsupported("a data table, or an array formula without an area of its own")


def _refuse_data_tables(sheet: Any, name: str, cells: dict[Cell, Value | Formula]) -> None:
    """The cells of a data table hold what Excel last made of it, and look like constants to a reader of the file."""
    for held in list(sheet._cells.values()):
        if type(held.value).__name__ == "DataTableFormula":
            for cell in parse_range(held.value.ref, name).cells():
                cells[cell] = Unsupported("a data table (what-if analysis)")


def _constant(value: object, raw: ooxml.RawCell | None) -> Value:
    if raw is not None and raw.type == "n" and raw.value is not None:
        # The number as the file has it: openpyxl makes dates of some, and rounds their times.
        number = float(raw.value) if ooxml.NUMBER.fullmatch(raw.value.strip()) else math.inf
        return number if math.isfinite(number) else Unsupported(f"the number '{raw.value[:30]}' is none of Excel's")
    if raw is not None and raw.type == "e":
        return ErrorValue(str(value))
    if isinstance(value, bool | str):
        return ooxml.decoded(value) if isinstance(value, str) else value
    return Unsupported(f"a value of a kind that is not known ({type(value).__name__})")


def _place_areas(
    raw: Mapping[str, ooxml.RawCell], cells: dict[Cell, Value | Formula], members: dict[Cell, Cell]
) -> None:
    """Gives the cells of every array area to its formula; an area that shares a cell with another formula is refused."""
    areas = [(cell, content.area) for cell, content in cells.items() if isinstance(content, Formula) and content.area]
    claims = Counter(member for _, area in areas for member in area.cells())
    claims.update(
        member
        for cell, area in areas
        for member in area.cells()
        if member != cell and (found := raw.get(member.a1)) and found.formula and not found.bare
    )
    for cell, area in areas:
        clash = any(claims[member] > 1 for member in area.cells())
        for member in area.cells():
            if clash:
                cells[member] = Unsupported("an array formula whose area holds another formula")
            elif member != cell:
                members[member] = cell
                cells.pop(member, None)  # what the file stores there is a result, not a constant


def _refuse_what_was_dropped(
    raw: Mapping[str, ooxml.RawCell], name: str, cells: dict[Cell, Value | Formula], members: Mapping[Cell, Cell]
) -> None:
    kept = {cell.a1: content for cell, content in cells.items()}
    for address, found in raw.items():
        content = kept.get(address)
        if found.bare and parse_range(address, name).first in members:
            continue
        if found.formula and not isinstance(content, Formula | Unsupported):
            cells[parse_range(address, name).first] = Unsupported(
                "a formula that openpyxl does not read (under a merged cell, or empty)"
            )
        elif content is None and found.value and parse_range(address, name).first not in members:
            cells[parse_range(address, name).first] = Unsupported(
                "a value that openpyxl does not read (under a merged cell)"
            )


def _scope(book: Any) -> Scope:
    names = {name: defined.attr_text or "" for name, defined in book.defined_names.items()}
    tables: dict[str, Table] = {}
    for sheet in book.worksheets:
        for name, defined in sheet.defined_names.items():
            names[f"{sheet.title}!{name}"] = defined.attr_text or ""
        for table in sheet.tables.values():
            columns = tuple(ooxml.decoded(column.name) for column in table.tableColumns)
            headers = 1 if table.headerRowCount is None else int(table.headerRowCount)
            area = parse_range(table.ref, sheet.title)
            tables[folded(table.displayName)] = Table(
                table.displayName, area, columns, headers, int(table.totalsRowCount or 0)
            )
    return Scope({folded(name): meaning for name, meaning in names.items()}, tables, tuple(names))


def _extents(sheets: Iterable[str], cells: Iterable[Cell], members: Iterable[Cell]) -> dict[str, tuple[int, int]]:
    extents = dict.fromkeys(sheets, (1, 1))
    for cell in (*cells, *members):
        rows, columns = extents[cell.sheet]
        if cell.row > rows or cell.column > columns:
            extents[cell.sheet] = max(rows, cell.row), max(columns, cell.column)
    return extents


def formulas_of(workbook: Workbook) -> Iterator[tuple[Cell, Formula]]:
    """Every formula with its cell, in the order of the file."""
    for cell, content in workbook.cells.items():
        if isinstance(content, Formula):
            yield cell, content


def _number_of_formulas(cells: Mapping[Cell, Value | Formula]) -> int:
    return sum(isinstance(content, Formula) for content in cells.values())
