"""A workbook as an immutable value: the contents of every cell, read once.

``ooxml`` reads what the elements of the file say; here it is given its meaning. What has none that is certain is
unsupported, with the reason, so that no engine takes it for a blank.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from xlparity import collector
from xlparity.errors import WorkbookError, nearest_file
from xlparity.excel import ooxml, prefixes
from xlparity.excel.address import Cell, Range, folded, parse_range
from xlparity.excel.contents import DataTable, replaced
from xlparity.excel.contents import Formula as Formula  # noqa: PLC0414  (here is where everybody looks for it)
from xlparity.excel.expand import expanded
from xlparity.excel.fill import Filling
from xlparity.excel.formula import end_of_call, nesting, shown_length, split_arguments, tokens
from xlparity.excel.graph import Graph
from xlparity.excel.information import answered
from xlparity.excel.locales import ENGLISH, Locale
from xlparity.excel.names import Scope, Table, whole_lines
from xlparity.excel.resolve import resolved
from xlparity.excel.unions import without_unions
from xlparity.excel.values import BLANK, ErrorValue, Unsupported, Value
from xlparity.excel.volatile import with_clock
from xlparity.limits import WorkbookLimits
from xlparity.process import LOCK

_FIRST, _SECOND, _EVERY_SECOND = slice(0, 1), slice(1, 2), slice(0, None, 2)
_OPEN_ONLY = {
    **dict.fromkeys(("COUNTIF", "COUNTBLANK", "OFFSET"), (_FIRST,)),
    **dict.fromkeys(("SUMIF", "AVERAGEIF", "COUNTIFS"), (_EVERY_SECOND,)),
    **dict.fromkeys(("SUMIFS", "AVERAGEIFS", "MAXIFS", "MINIFS"), (_FIRST, slice(1, None, 2))),
    **dict.fromkeys(("RANK", "RANK.EQ", "RANK.AVG"), (_SECOND,)),
    **dict.fromkeys((
        "DSUM", "DCOUNT", "DCOUNTA", "DAVERAGE", "DGET", "DMAX", "DMIN", "DPRODUCT", "DSTDEV", "DSTDEVP", "DVAR", "DVARP",
    ), (_EVERY_SECOND,)),
}  # fmt: skip
"""Which arguments of these functions must be references; Excel has none to a workbook that is closed."""
_LARGEST_AREA = 1_000_000  # cells of an array formula or a data table
_USUAL = WorkbookLimits()
_SHORT = 128  # characters of a formula that exceeds no limit of Excel's: 64 levels take as many, 255 arguments more


class ExternalSheet(NamedTuple):
    """A sheet of another workbook: the values that this one's file keeps of it, and what its other cells are taken for."""

    cells: Mapping[Cell, Value]
    other: Value


class Iteration(NamedTuple):
    """How Excel computes circular references where iterative calculation is on: from the values that the file stores.

    It stops after so many ``passes``, or after one that changes no value by ``change`` or more.
    """

    passes: int
    change: float
    stored: Mapping[Cell, Value]


@dataclass(frozen=True, slots=True)
class Workbook:
    """The contents of a workbook.

    ``cells`` maps every cell that holds something to its constant or its formula (an array formula stands in the first
    cell of its area), or to an Unsupported that says why it could not be read. ``members`` maps the other cells of array
    areas to that first cell. ``scope`` resolves names and tables. ``extents`` are the last used row and column of
    each sheet. ``formulas`` counts the formula elements in the file itself, whether or not they could be read.
    ``digest`` is the file's SHA-256. ``date1904`` says that its dates count from 1904, as those of the first Macintosh,
    ``macros`` that it has some, which may define functions. ``iteration`` says how Excel computes circular references, None
    where it refuses them. ``edits`` are the cells that hold something else than in the file, ``taken`` those of
    them that have a value in place of their formula. ``clock`` is the moment that NOW gives, where that is fixed: a serial
    number of days. ``external`` are the sheets of other workbooks to which formulas refer, by their names.
    ``hidden`` are the rows of each sheet that are not shown, ``filters`` the cells of which filters hide some. ``tabs`` are
    all sheets in their order, those that have no cells, such as chart sheets, among them. ``locale`` is that of the Excel
    which computes it, of which the file says nothing. ``data`` is the file itself, where there is none at ``path``.
    ``limits`` are those within which it was read, and is computed.
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
    iteration: Iteration | None = None
    edits: frozenset[Cell] = frozenset()
    taken: Mapping[Cell, str] = field(default_factory=dict)
    clock: float | None = None
    external: Mapping[str, ExternalSheet] = field(default_factory=dict)
    hidden: Mapping[str, frozenset[int]] = field(default_factory=dict)
    filters: tuple[Range, ...] = ()
    tabs: tuple[str, ...] = ()
    locale: Locale = ENGLISH
    data: bytes | None = field(default=None, repr=False, compare=False)
    limits: WorkbookLimits = field(default=WorkbookLimits(), repr=False, compare=False)
    _graphs: list[Graph] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def graph(self) -> Graph:
        """What the formulas refer to and what follows from what; made once, when it is first asked for."""
        if not self._graphs:
            self._graphs.append(Graph(self))
        return self._graphs[0]

    @property
    def iterates(self) -> bool:
        """Whether Excel computes circular references by iteration, and does not refuse them."""
        return self.iteration is not None

    def unused(self, cell: Cell) -> Value:
        """The value of a cell that is not among the workbook's own: it is blank, or one of another workbook."""
        sheet = self.external.get(cell.sheet)
        return BLANK if sheet is None else sheet.cells.get(cell, sheet.other)

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

    def taking(self, values: Mapping[Cell, Value]) -> "Workbook":
        """The workbook with these values in place of the formulas in their cells, which ``taken`` has from then on."""
        texts = {cell: str(self.formula(cell)) for cell in values}
        return replace(self.edited(values), taken={**self.taken, **texts})

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

    def resolved(self, text: str, cell: Cell) -> str:
        """The text of a formula in this cell, written out, with a reference in place of each call that certainly gives it.

        Raises ValueError where a name, a LET or a LAMBDA in it is in a form that is not supported.
        """
        text = self._at_the_clock(expanded(text, cell, self.scope))
        if self.external and "[" in text:
            _refuse_closed(text)
        return without_unions(answered(resolved(text, cell, self), cell, self), self)

    def _at_the_clock(self, text: str) -> str:
        return text if self.clock is None else with_clock(text, self.clock)

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
        """The workbook with the formulas as ``read_by_excel`` has them, at its clock; Unsupported where that is not known.

        Raises WorkbookError where it is not computed in English: other programs take no locale.
        """
        if self.locale != ENGLISH:
            raise WorkbookError(
                f"{self.path}: only the engine formulas computes in the locale {self.locale.name}; use it"
            )
        contents: dict[Cell, Value | Formula] = {}
        for cell, formula in formulas_of(self):
            text = self._at_the_clock(formula.text)
            try:
                text = self.read_by_excel(text) if prefixes.concerns(text) else text
            except ValueError as reason:
                contents |= {member: Unsupported(str(reason)) for member in self.filled(cell).cells()}
            else:
                if text != formula.text:
                    contents[cell] = replace(formula, text=text)
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
            if sheet in self.external:
                raise ValueError(f"the reference {text} to whole rows or columns of another workbook")
        return whole_lines(lines, sheet, self.extents[sheet])

    def _sheet(self, name: str, text: str) -> str:
        for sheet in (*self.sheets, *self.external):
            if folded(sheet) == folded(name):  # Excel does not mind the case of a sheet's name
                return sheet
        raise ValueError(f"the reference {text} to another workbook, or to a sheet that is not there")


def read_workbook(path: Path, limits: WorkbookLimits = _USUAL) -> Workbook:
    """The workbook in the file. Raises WorkbookError where there is none that can be read, or one over the limits."""
    return parse_workbook(read_bytes(path, limits), path, limits)


def read_bytes(path: Path, limits: WorkbookLimits = _USUAL) -> bytes:
    """The file's bytes; raises WorkbookError where there are none to be had, or too many."""
    try:
        with LOCK:
            return ooxml.read_zip(path, limits)
    except (OSError, ValueError) as error:  # a path with a null character in it is a ValueError
        sentence = f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})"
        raise WorkbookError(f"{sentence}{nearest_file(path)}; name another workbook") from error


def read_again(workbook: Workbook) -> ooxml.Package:
    """The parts of the workbook's file; raises WorkbookError where it is no longer the one that was read."""
    try:
        with LOCK:
            data = ooxml.read_zip(workbook.path, workbook.limits) if workbook.data is None else workbook.data
    except OSError as error:
        raise WorkbookError(f"{workbook.path}: cannot be read again ({error.strerror})") from error
    if hashlib.sha256(data).hexdigest() != workbook.digest:
        raise WorkbookError(f"{workbook.path}: the file has changed since it was read; run again")
    return ooxml.Package(data, workbook.path)


def parse_again(data: bytes, path: Path, digest: str) -> Workbook:
    """The workbook in these bytes of a file that was verified; raises WorkbookError where it has another digest by now."""
    if hashlib.sha256(data).hexdigest() != digest:
        raise WorkbookError(f"{path}: has been changed since it was verified; verify it again")
    return parse_workbook(data, path, WorkbookLimits.none())


@collector.paused()
def parse_workbook(data: bytes, path: Path, limits: WorkbookLimits = _USUAL) -> Workbook:
    """The workbook in these bytes; ``path`` is what errors call it, and what an engine that reads files opens."""
    parts = ooxml.Package(data, path, limits)
    sheets = ooxml.sheet_parts(parts, path)
    limits.check("sheets", len(sheets), "sheets", str(path))
    book = ooxml.read_book(parts, path)
    limits.check("names", len(book.names), "defined names", str(path))
    if book.rounds:
        raise WorkbookError(f"{path}: 'Set precision as displayed' is on; turn it off in Excel's options")
    strings = ooxml.shared_strings(parts, path)
    cells: dict[Cell, Value | Formula] = {}
    members: dict[Cell, Cell] = {}
    formulas = 0
    tables: dict[str, Table] = {}
    hidden: dict[str, frozenset[int]] = {}
    filters: list[tuple[str, str | None]] = []
    stored: dict[Cell, Value] = {}
    filled = _Filled(limits, path)
    for name, part in sheets.items():
        where = f"{path}: sheet '{name}'"
        raw = ooxml.scan(parts[part], where)
        if raw.lotus:
            raise WorkbookError(f"{where} is computed as Lotus 1-2-3 does; turn it off in Excel's options")
        if raw.hidden:
            hidden[name] = frozenset(raw.hidden)
        formulas += _read_sheet(name, raw.cells, strings, cells, members, filled, date1904=book.date1904)
        if book.iteration is not None:
            live = (held for held in raw.cells if held.formula is not None or held.on(name) in members)
            stored |= dict(_stored(name, live, strings, date1904=book.date1904))
        for table in ooxml.tables(parts, part, raw.tables, where):
            if folded(table.name) in tables:
                raise WorkbookError(f"{path}: two tables are called '{table.name}'; let Excel repair it and save it")
            tables[folded(table.name)] = _table(table, name, where)
            filters.append((name, table.filter))
        filters.append((name, raw.filter))
    parts.check()
    digest = hashlib.sha256(data).hexdigest()
    named = {name.name if name.sheet is None else f"{name.sheet}!{name.name}": name.meaning for name in book.names}
    scope = Scope(_meanings(book.names) | _closed_names(ooxml.link_names(parts, path)), tables, tuple(named))
    extents = _extents(sheets, cells, members)
    macros = any(part.endswith("vbaProject.bin") for part in parts)
    return Workbook(
        path,
        digest,
        tuple(sheets),
        cells,
        members,
        scope,
        extents,
        formulas,
        book.date1904,
        macros,
        None if book.iteration is None else Iteration(*book.iteration, stored),
        external={link.name: _external(link) for link in ooxml.links(parts, path)},
        hidden=hidden,
        filters=tuple(parse_range(address, name) for name, address in filters if address is not None),
        tabs=book.tabs,
        limits=limits,
    )


class _Filled:
    """The cells that array formulas and data tables of a file fill, counted, and the limits on formulas."""

    def __init__(self, limits: WorkbookLimits, path: Path) -> None:
        self.limits, self._path, self._count = limits, path, 0

    def add(self, area: Range, cell: Cell) -> None:
        """Raises WorkbookError where there are too many with this area of the formula in this cell."""
        self._count += area.size
        self.limits.check(
            "area_cells", self._count, f"cells in array formulas and data tables, with {cell}", str(self._path)
        )

    def excess(self, text: str) -> str:
        """Why Excel takes no formula with this text; empty where it does."""
        limits = self.limits
        length, brackets, commas = len(text), text.count("("), text.count(",")
        if length > limits.formula_characters:
            length = shown_length(text)
            if length > limits.formula_characters:
                return limits.excess("formula_characters", length, "characters in a formula")
        if brackets > limits.formula_levels or commas >= limits.formula_arguments:
            levels, arguments = nesting(text)
            if levels > limits.formula_levels:
                return limits.excess("formula_levels", levels, "levels of brackets in a formula")
            if arguments > limits.formula_arguments:
                return limits.excess("formula_arguments", arguments, "arguments of one call in a formula")
        return ""


def _refuse_closed(formula: str) -> None:
    """Raises ValueError where a function is given cells of another workbook that Excel computes with open workbooks only."""
    for call in tokens(formula):
        name = prefixes.without_prefix(call.text[:-1]) if call.kind == "function" else ""
        end = end_of_call(formula, call.end - 1) if name in _OPEN_ONLY else None
        given = split_arguments(formula, call.end, end - 1) if end is not None else []
        for text in (text for part in _OPEN_ONLY.get(name, ()) for text in given[part]):
            if any(
                token.kind in ("reference", "name") and token.text.lstrip("'").startswith("[") for token in tokens(text)
            ):
                raise ValueError(f"{name} of another workbook, which is #VALUE! while that workbook is closed")


def _external(link: ooxml.RawLink) -> ExternalSheet:
    """The sheet of another workbook; Excel has #REF! for what the file lacks of one that it could not find."""
    cells: dict[Cell, Value] = {}
    for address, kind, text in link.cells:
        try:
            cell = parse_range(address, link.name).first
        except ValueError:
            continue
        value = ooxml.stored_value(ooxml.RawCell(cell.row, cell.column, kind, text, None, {}, False), ())
        cells[cell] = (
            Unsupported(f"a value of another workbook that is none of Excel's, in {cell}") if value is None else value
        )
    return ExternalSheet(cells, ErrorValue("#REF!") if link.broken else BLANK)


def _meanings(names: Iterable[ooxml.RawName]) -> dict[str, str]:
    """What each name means; one that is there twice, but for its case, means nothing that is certain."""
    found: dict[str, str] = {}
    for name in names:
        key = folded(name.name if name.sheet is None else f"{name.sheet}!{name.name}")
        found[key] = (
            f"{found[key]} and {name.meaning}" if found.get(key, name.meaning) != name.meaning else name.meaning
        )
    return found


def _closed_names(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The names of other workbooks that stand for fixed cells there, and these cells by the workbook's number."""
    found = {}
    for name, meaning in names:
        book = name.partition("]")[0] + "]"
        try:
            area = parse_range(meaning.removeprefix("="), "")
        except ValueError:
            continue
        cells = meaning.rpartition("!")[2]
        if area.sheet and cells.count("$") == 2 + 2 * cells.count(":"):
            found[folded(name)] = "'{}{}'!{}".format(book, area.sheet.replace("'", "''"), cells)
    return found


def _read_sheet(
    sheet: str,
    raw: Sequence[ooxml.RawCell],
    strings: Sequence[str | None],
    cells: dict[Cell, Value | Formula],
    members: dict[Cell, Cell],
    filled: "_Filled",
    *,
    date1904: bool,
) -> int:
    """Adds the contents of a sheet's cells, and the members of its array areas; returns how many formula elements it has."""
    shared: dict[str, tuple[ooxml.RawCell, Filling]] = {}
    areas: list[tuple[Cell, Range]] = []
    tables: list[ooxml.RawCell] = []
    formulas = 0
    for found in raw:
        row, column, _, _, formula, about, _ = found  # half a million times: its properties take longer
        cell = Cell(sheet, row, column)
        if formula is None:
            value = ooxml.stored_value(found, strings, date1904=date1904)
            if value is not None:
                cells[cell] = value
            elif found.value is not None and (found.value.strip() or found.type == ooxml.LOOSE):  # else it is blank
                cells[cell] = _unreadable(found, len(strings))
            continue
        formulas += 1
        if len(formula) > _SHORT and (reason := filled.excess(formula)):
            cells[cell] = Unsupported(reason)
            continue
        if not about and formula and not formula.isspace():
            cells[cell] = Formula("=" + formula)
            continue
        content = cells[cell] = _formula(found, cell, shared)
        if isinstance(content, Formula) and content.area is not None:
            filled.add(content.area, cell)
            areas.append((cell, content.area))
        if about.get("t") == "dataTable":
            tables.append(found)
    if areas:
        _place_areas(
            cells, members, areas, [held.on(sheet) for held in raw if held.formula is not None and not held.bare]
        )
    for table in tables:
        refused = cells[table.on(sheet)]
        if isinstance(refused, Unsupported):
            _refuse_data_table(table, sheet, cells, refused)
    return formulas


def _stored(
    sheet: str, raw: Iterable[ooxml.RawCell], strings: Sequence[str | None], *, date1904: bool
) -> Iterator[tuple[Cell, Value]]:
    """The values that these cells of a sheet store."""
    for found in raw:
        value = ooxml.stored_value(found, strings, date1904=date1904)
        if value is not None:
            yield found.on(sheet), value


def _unreadable(raw: ooxml.RawCell, strings: int) -> Unsupported:
    """A constant that is none of Excel's, in a workbook with so many texts."""
    text = (raw.value or "")[:30]
    if raw.type == ooxml.LOOSE or (raw.type == "s" and text.strip().isdecimal() and int(text) < strings):
        return Unsupported(
            "a text with white space around it that the file does not say to keep: Excel drops it, others do not"
        )
    if raw.type == "n":
        return Unsupported(f"the number '{text}' is none of Excel's")
    if raw.type == "s":
        return Unsupported(f"the text number '{text}', which the file does not have")
    return Unsupported(f"the value '{text}' of the type '{raw.type}', which is none of Excel's")


def _formula(raw: ooxml.RawCell, cell: Cell, shared: dict[str, tuple[ooxml.RawCell, Filling]]) -> Formula | Unsupported:
    """The formula in an element with attributes, or without text; ``shared`` are the shared ones, by their numbers."""
    text, kind, area = (raw.formula or "").strip(), raw.about.get("t", "normal"), raw.about.get("ref", "")
    if kind == "dataTable":
        return _data_table(raw, cell)
    if kind == "shared" and "ref" not in raw.about:
        return _shared(raw, text, *shared[raw.about["si"]])
    formula = f"={raw.formula}"
    if kind == "shared":
        shared[raw.about["si"]] = raw, Filling(formula)
    if not text:
        return Unsupported("an empty formula")
    if kind != "array":
        return Formula(formula)
    try:
        block = parse_range(area, cell.sheet)
    except ValueError:
        return Unsupported("an array formula whose area is no range")
    if block.first != cell or block.size > _LARGEST_AREA:
        return Unsupported("an array formula without an area of its own")
    return Formula(formula, block, raw.dynamic)


def _shared(raw: ooxml.RawCell, text: str, defining: ooxml.RawCell, filling: Filling) -> Formula | Unsupported:
    """The formula of a cell that shares the one of another cell."""
    filled = filling.at(raw.row - defining.row, raw.column - defining.column)
    if filled is None:
        return Unsupported("a shared formula with a reference that leaves the grid")
    if text and f"={text}" != filled:
        return Unsupported("a shared formula with a text of its own, which programs read in different ways")
    return Formula(filled) if filled.strip() != "=" else Unsupported("an empty formula")


def _data_table(raw: ooxml.RawCell, cell: Cell) -> DataTable | Unsupported:
    """The data table that a formula element describes (ECMA-376, 18.3.1.40)."""
    about = raw.about
    flags = {name: about.get(name) in ("1", "true") for name in ("dt2D", "dtr", "del1", "del2")}
    both = flags["dt2D"]
    if flags["del1"] or (both and flags["del2"]):
        return Unsupported("a data table whose input cell was deleted")
    try:
        area = parse_range(about.get("ref", ""), cell.sheet)
        inputs = [parse_range(about.get(name, ""), cell.sheet) for name in (("r1", "r2") if both else ("r1",))]
    except ValueError:
        return Unsupported("a data table whose area or input cell is no reference")
    around = area._replace(row=area.row - 1, column=area.column - 1)
    if area.first != cell or area.size > _LARGEST_AREA or not (around.row and around.column):
        return Unsupported("a data table without an area of its own, or without room for its values")
    if any(found.size > 1 or found.sheet != cell.sheet or around.intersects(found) for found in inputs):
        return Unsupported("a data table whose input cell is in the table, on another sheet, or no single cell")
    if both and not flags["dtr"]:
        return Unsupported("a data table of two inputs that are not in the order in which Excel writes them")
    places = [found.first for found in inputs]
    row, column = (places[0], places[1]) if both else (places[0], None) if flags["dtr"] else (None, places[0])
    text = f"=TABLE({row.a1 if row else ''},{column.a1 if column else ''})"
    return DataTable(text, area, row_input=row, column_input=column)


def _refuse_data_table(raw: ooxml.RawCell, sheet: str, cells: dict[Cell, Value | Formula], reason: Unsupported) -> None:
    """The cells of a data table hold what Excel last made of it, and look like constants to a reader of the file."""
    try:
        area = parse_range(raw.about.get("ref", ""), sheet)
    except ValueError:
        return
    for cell in area.cells() if area.size <= _LARGEST_AREA else list(area.among(cells)):
        cells[cell] = reason


def _place_areas(
    cells: dict[Cell, Value | Formula],
    members: dict[Cell, Cell],
    areas: Sequence[tuple[Cell, Range]],
    live: Iterable[Cell],
) -> None:
    """Gives the cells of every array area to its formula; an area that shares a cell with another formula is refused.

    ``live`` are the cells with a formula element that has a text or a kind.
    """
    claims = Counter(member for _, area in areas for member in area.cells())
    own = {cell for cell, _ in areas}
    claims.update(cell for cell in live if cell not in own and cell in claims)
    for cell, area in areas:
        clash = any(claims[member] > 1 for member in area.cells())
        for member in area.cells():
            if clash:
                cells[member] = Unsupported("an array formula whose area holds another formula")
            elif member != cell:
                members[member] = cell
                cells.pop(member, None)  # what the file stores there is a result, not a constant


def _table(raw: ooxml.RawTable, sheet: str, where: str) -> Table:
    try:
        area = parse_range(raw.address, sheet)
    except ValueError as error:
        raise WorkbookError(
            f"{where}: the table {raw.name} is damaged ({error}); let Excel repair it and save it"
        ) from error
    return Table(raw.name, area, tuple(map(ooxml.decoded, raw.columns)), raw.headers, raw.totals)


def _extents(sheets: Iterable[str], cells: Iterable[Cell], members: Iterable[Cell]) -> dict[str, tuple[int, int]]:
    extents = dict.fromkeys(sheets, (1, 1))
    for sheet, row, column in chain(cells, members):
        rows, columns = extents[sheet]
        if row > rows or column > columns:
            extents[sheet] = max(rows, row), max(columns, column)
    return extents


def formulas_of(workbook: Workbook) -> Iterator[tuple[Cell, Formula]]:
    """Every formula with its cell, in the order of the file."""
    for cell, content in workbook.cells.items():
        if isinstance(content, Formula):
            yield cell, content


def _number_of_formulas(cells: Mapping[Cell, Value | Formula]) -> int:
    return sum(isinstance(content, Formula) for content in cells.values())
