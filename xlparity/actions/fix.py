"""``fix``: writes a copy of a workbook with formulas replaced and every stored value recomputed."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from xlparity.actions.recalc import hold_against
from xlparity.engines.protocol import Values
from xlparity.engines.registry import find_engine
from xlparity.errors import WorkbookError
from xlparity.excel import ooxml
from xlparity.excel.address import Cell, Range, parse_range
from xlparity.excel.formula import tokens
from xlparity.excel.values import BLANK, MISSING, Missing, Unsupported, Value
from xlparity.excel.workbook import Formula, Workbook, parse_again, parse_workbook, read_bytes
from xlparity.files import from_here, keep_apart, refuse_kind, write_file
from xlparity.limits import WorkbookLimits
from xlparity.results.fixed import Fixed
from xlparity.results.report import Report
from xlparity.results.stored import StoredReport


def fix(report: Report, path: str | Path) -> Fixed:
    """Write a copy of the report's workbook with all suggestions applied; return the new formulas by cell.

    ``path`` is the path of the copy, relative to the current folder, with the workbook's extension; the workbook is unchanged.
    Without any suggestion nothing is written, and ``formulas`` of the result is empty. Every formula's stored value is
    recomputed, and nothing else in the file is changed. ``verify(spec, workbook=path)`` reports whether the copy passes.

    Raises UsageError where the copy would overwrite the workbook or the spec, or cannot be written, and WorkbookError where a
    formula cannot be written, or the workbook has changed since it was verified.
    """
    path = Path(path)
    for other in (Path(report.workbook), Path(report.spec)):
        keep_apart(path, other, option="the copy")
    refuse_kind(path, Path(report.workbook), "the copy")
    data, formulas = corrected(report)
    if formulas:
        write_file(path, data)
    return Fixed(from_here(path), {cell: str(formulas[cell]) for cell in sorted(formulas)})


def corrected(report: Report) -> tuple[bytes, dict[Cell, Formula]]:
    """The bytes of the report's workbook with all suggestions applied, and the new formulas by cell.

    Raises WorkbookError where a formula cannot be written, or the workbook has changed since it was verified.
    """
    formulas = {
        cell: formula
        for check in report.checks
        for finding in check.findings
        for cell, formula in finding.replacements.items()
    }
    path = Path(report.workbook)
    data = read_bytes(path)
    book = parse_again(data, path, report.sha256)
    return fixed(data, book, formulas), formulas


def fixed(data: bytes, book: Workbook, formulas: Mapping[Cell, Formula]) -> bytes:
    """The workbook's bytes with these formulas in their cells and every stored value recomputed; nothing else is changed.

    An array formula may replace one with the same area, or constants. A cell that depends on a changed one and cannot be
    computed stores no value: the old one is out of date, and the program that opens the file computes the new one. A formula
    that could not be read keeps its stored value.

    Raises WorkbookError where a formula cannot be written, and where the result would not read as the same workbook with
    these formulas.
    """
    if not formulas:
        return data
    for cell in formulas:
        _refuse_place(book, cell)
    changed = _written(data, book, formulas)
    new = parse_workbook(changed, book.path, WorkbookLimits.none())
    _refuse_other_changes(book, new, formulas)
    values = find_engine("formulas").load(new).recalculate({}).values_in(0)
    report, stored = hold_against(changed, new, values)
    return _emptied(stored, new, _out_of_date(new, formulas, values, report))


def _refuse_place(book: Workbook, cell: Cell) -> None:
    if cell.sheet not in book.sheets:
        raise WorkbookError(f"{book.path}: there is no sheet '{cell.sheet}' to write a formula into")
    for table in book.scope.tables.values():
        header = table.area._replace(last_row=table.area.row + table.headers - 1)
        if header.contains(cell):
            raise WorkbookError(f"{book.path}: {cell} is a header of table {table.name}, and must stay a plain text")


def _written(data: bytes, book: Workbook, formulas: Mapping[Cell, Formula]) -> bytes:
    file = ooxml.Editor(data, book.path)
    for sheet, part in file.sheets.items():
        mine = {cell: formula for cell, formula in formulas.items() if cell.sheet == sheet}
        if mine:
            file[part] = ooxml.write_formulas(
                file[part],
                {cell.a1: formula.text for cell, formula in mine.items()},
                f"{book.path}: sheet '{sheet}'",
                others=partial(_text_of, book, sheet),
                areas={
                    cell.a1: formula.area.a1
                    for cell, formula in mine.items()
                    if formula.area is not None and _area(book, cell) != formula.area
                },
            )
    return file.saved()


def _area(book: Workbook, cell: Cell) -> Range | None:
    formula = book.formula(cell)
    return formula.area if formula is not None and cell not in book.members else None


def _text_of(book: Workbook, sheet: str, address: str) -> str | None:
    """The text of the formula in this cell; None where it is not known."""
    formula = book.formula(parse_range(address, sheet).first)
    return None if formula is None else formula.text


def _refuse_other_changes(old: Workbook, new: Workbook, formulas: Mapping[Cell, Formula]) -> None:
    """Raise WorkbookError unless the written file reads as the same workbook with these formulas."""
    for cell, formula in formulas.items():
        held = new.cells.get(cell)
        if not isinstance(held, Formula) or held.text != formula.text:
            why = f" ({held.reason})" if isinstance(held, Unsupported) else ""
            raise WorkbookError(
                f"{old.path}: {cell} does not take the formula {formula.text}{why}; type it there in Excel"
            )
    members = {
        member: cell
        for cell, formula in formulas.items()
        for member in (formula.area.cells() if formula.area is not None else ())
        if member != cell
    }
    rest = (old.cells.keys() | new.cells.keys()) - formulas.keys() - members.keys()
    lost = [cell for cell in rest if old.cells.get(cell) != new.cells.get(cell)]
    if lost or {**old.members, **members} != new.members:
        at = f", such as {min(lost)}" if lost else ""
        raise WorkbookError(
            f"{old.path}: the formulas cannot be written without a change to other cells{at}; type them in Excel"
        )


def _out_of_date(book: Workbook, formulas: Iterable[Cell], values: Values, report: StoredReport) -> list[Cell]:
    """The cells that depend on a changed formula or value, and could not be computed.

    A formula with INDIRECT or OFFSET may have more precedents than it names, but every program recalculates it on opening.
    """
    changed = set(formulas)
    waiting: set[Cell] = set()
    for result in report.results:
        anchor = book.members.get(result.cell, result.cell)
        if isinstance(values.get(result.cell, MISSING), Unsupported | Missing):
            waiting.add(anchor)
        elif result.status == "differs":
            changed.add(anchor)

    def is_waiting(cell: Cell) -> bool:
        return book.members.get(cell, cell) in waiting

    begin = changed.union(cell for cell in waiting if _opaque(book, cell))
    reached = waiting.intersection((*begin, *book.graph.after(map(book.filled, begin), is_waiting)))
    return [cell for anchor in sorted(reached) for cell in book.filled(anchor).cells()]


def _opaque(book: Workbook, cell: Cell) -> bool:
    """Whether the formula uses a name that is defined as an expression, whose precedents are not known."""
    formula = book.formula(cell)
    for token in tokens(formula.text) if formula else ():
        word = token.text
        if token.kind == "name" and not (book.scope.misses(word, cell.sheet) or word.upper().startswith("_XL")):
            try:
                book.scope.meaning(word, cell)
            except ValueError:
                return True
    return False


def _emptied(data: bytes, book: Workbook, cells: Iterable[Cell]) -> bytes:
    """The file without the stored values of these cells."""
    sheets: dict[str, dict[str, Value]] = {}
    for cell in cells:
        sheets.setdefault(cell.sheet, {})[cell.a1] = BLANK
    file = ooxml.Editor(data, book.path)
    parts = file.sheets
    for sheet, blanks in sheets.items():
        part = parts[sheet]
        file[part] = ooxml.write_values(file[part], blanks, f"{book.path}: sheet '{sheet}'")
    return file.saved()
