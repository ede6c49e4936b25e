"""``recalc``: compares the stored values of a workbook with what its formulas compute, and replaces them."""

from collections.abc import Container, Mapping
from importlib.metadata import version
from pathlib import Path

from xlparity.engines.protocol import Values
from xlparity.engines.registry import find_engine
from xlparity.excel import ooxml
from xlparity.excel.address import Cell, parse_range
from xlparity.excel.prefixes import misspelling, misspelt
from xlparity.excel.values import MISSING, Depends, ErrorValue, Missing, Unsupported, Value
from xlparity.excel.volatile import changes_by_itself
from xlparity.excel.workbook import Workbook, formulas_of, parse_workbook, read_bytes
from xlparity.files import from_here
from xlparity.limits import WorkbookLimits
from xlparity.results.stored import StoredReport, StoredResult, StoredStatus
from xlparity.tolerance import Tolerance

EQUAL = Tolerance(rtol=1e-9, atol=1e-12)


def check_stored(path: Path, limits: WorkbookLimits | None = None) -> tuple[StoredReport, bytes]:
    """The report on the stored values, and the bytes of the file with the recomputed ones.

    Only the values in the sheets' XML are replaced; a cell that could not be computed keeps its stored value, and so does
    one that depends on chance or on the clock: its dependents are computed from what it stores. Raises WorkbookError where
    the file cannot be read or changed, or exceeds the limits.
    """
    limits = WorkbookLimits() if limits is None else limits
    data = read_bytes(path, limits)
    book = parse_workbook(data, path, limits)
    taken = _taken(book)
    values = find_engine("formulas").load(book).recalculate(taken).values_in(0)
    return hold_against(data, book, values, taken)


def _taken(book: Workbook) -> dict[Cell, Value]:
    """The stored values of the formulas that give another value each time."""
    changing = [cell for cell, _ in formulas_of(book) if changes_by_itself(book, cell)]
    if not changing:
        return {}
    stored = find_engine("cached").load(book).recalculate({}).values_in(0)
    cells = (cell for anchor in changing for cell in book.filled(anchor).cells())
    return {cell: value for cell in cells if not isinstance(value := stored[cell], Missing | Unsupported)}


def hold_against(
    data: bytes, book: Workbook, values: Values, taken: Container[Cell] = ()
) -> tuple[StoredReport, bytes]:
    """The same for given values, as computed from the workbook with these bytes; some were ``taken`` as they are stored."""
    file = ooxml.Editor(data, book.path)
    shared = ooxml.shared_strings(file.parts, book.path)
    libreoffice = b"<Application>LibreOffice" in file.parts.get("docProps/app.xml", b"")
    results: list[StoredResult] = []
    for sheet, part in file.sheets.items():
        where = f"{book.path}: sheet '{sheet}'"
        raw = ooxml.scan(file[part], where).cells
        stored = {held.address: ooxml.stored_value(held, shared, date1904=book.date1904) for held in raw}
        if libreoffice:
            stored = {
                address: _as_boolean(value, values.get(parse_range(address, sheet).first))
                for address, value in stored.items()
            }
        new: dict[str, Value] = {}
        for held in raw:
            if held.formula is not None:
                cell = held.on(sheet)
                result = _result(book, cell, stored, values)
                if result.cell in taken:
                    result = result._replace(status="taken")
                else:
                    new |= _exchanged(book, cell, stored, values)
                results.append(result)
        if new:
            file[part] = ooxml.write_values(file[part], new, where)
    versions = {name: version(name) for name in ("xlparity", "formulas")}
    report = StoredReport(from_here(book.path), book.digest, tuple(results), versions)
    return report, file.saved()


def _cells(book: Workbook, cell: Cell) -> list[Cell]:
    """The cells that the formula element in this cell fills; a member with an element of its own fills itself."""
    formula = book.formula(cell)
    return list(formula.area.cells()) if formula and formula.area and cell not in book.members else [cell]


def _exchanged(book: Workbook, cell: Cell, stored: Mapping[str, Value | None], values: Values) -> dict[str, Value]:
    computed = {member.a1: values.get(member, MISSING) for member in _cells(book, cell)}
    if any(isinstance(value, Unsupported | Missing) for value in computed.values()):
        return {}
    return {address: value for address, value in computed.items() if not _same(stored.get(address), value)}


def _result(book: Workbook, cell: Cell, stored: Mapping[str, Value | None], values: Values) -> StoredResult:
    """The result of one formula element: of an array formula, that of the cell with the worst status."""
    found = [(_status(stored.get(member.a1), values.get(member, MISSING)), member) for member in _cells(book, cell)]
    status, member = min(found, key=lambda item: ("uncached", "unsupported", "differs", "equal").index(item[0]))
    formula, computed = book.formula(cell), values.get(member, MISSING)
    misnamed = formula is not None and not isinstance(computed, Unsupported) and misspelt(formula.text)
    reason = misspelling(formula.text) if formula is not None and misnamed else None
    return StoredResult(member, status, stored.get(member.a1), computed, str(formula) if formula else None, reason)


def _status(stored: Value | None, computed: Value) -> StoredStatus:
    if isinstance(computed, Depends) and stored is not None:
        # Where neither value is stored, recalc has none to store either: Excel stops a circle where it likes.
        equal = all(_status(stored, value) == "equal" for value in (computed.exact, computed.rounded))
        return "equal" if equal else "unsupported"
    if isinstance(computed, Unsupported | Missing):
        return "unsupported"
    if stored is None:
        return "uncached"
    if isinstance(stored, float) and isinstance(computed, float):
        return "equal" if EQUAL.allows(computed, stored) else "differs"
    return "equal" if _same(stored, computed) else "differs"


def _same(stored: Value | None, value: Value) -> bool:
    if isinstance(value, ErrorValue) and stored == value.code:
        return True  # Google Sheets stores an error value as text
    return type(stored) is type(value) and stored == value


def _as_boolean(stored: Value | None, computed: Value | None) -> Value | None:
    """The stored value; LibreOffice stores TRUE as the number 1 where the cell has another number format than its own."""
    return bool(stored) if isinstance(computed, bool) and stored in (0.0, 1.0) else stored
