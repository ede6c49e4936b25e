"""``annotate``: writes a copy of a workbook with its cells coloured and commented, and a summary sheet.

Everything else in the file is unchanged: charts, macros, names and the formats of other cells. The copy opens on the summary.
"""

from itertools import islice
from pathlib import Path
from typing import NamedTuple

from xlparity.actions.annotate.marks import COLOURS, marks
from xlparity.actions.annotate.summary import add_summary
from xlparity.errors import WorkbookError
from xlparity.excel import ooxml
from xlparity.excel.address import Cell
from xlparity.excel.workbook import Workbook, parse_again, parse_workbook, read_bytes
from xlparity.files import keep_apart, refuse_kind, write_file
from xlparity.limits import WorkbookLimits
from xlparity.reporters.typed import typed
from xlparity.results.report import Report

MOST_COMMENTS = 2000
"""How many cells are commented: each comment is a drawing, and Excel is slow to open a sheet of many."""


class Annotated(NamedTuple):
    """The bytes of the copy, how many cells are coloured and commented in it, and the name of the sheet that was added."""

    data: bytes
    coloured: int
    commented: int
    sheet: str


def annotate(report: Report, path: str | Path, *, most_comments: int = MOST_COMMENTS) -> Annotated:
    """Write a copy of the report's workbook with its cells coloured and commented; return the number of these.

    ``path`` is the path of the copy, relative to the current folder, with the workbook's extension; the workbook is unchanged.
    At most ``most_comments`` cells are commented, root causes first, since Excel is slow to open many. A summary of the report
    is added as the last sheet. Raises UsageError where the copy would overwrite the workbook or the spec, or cannot be
    written, and WorkbookError as ``annotated_copy`` does.
    """
    path = Path(path)
    for other in (Path(report.workbook), Path(report.spec)):
        keep_apart(path, other, option="the copy")
    refuse_kind(path, Path(report.workbook), "the copy")
    copy = annotated_copy(report, most_comments=most_comments)
    write_file(path, copy.data)
    return copy


def annotated_copy(report: Report, *, most_comments: int = MOST_COMMENTS, data: bytes | None = None) -> Annotated:
    """The report's workbook with its cells coloured and commented, and a summary as its last sheet.

    ``data`` are the contents of the workbook's file, which is read where they are not given.

    A cell keeps its number format, font and borders; a new comment is appended to an existing one. Where more cells than
    ``most_comments`` are coloured, the root causes and the largest differences are commented. Raises WorkbookError where the
    file has changed since it was verified, or cannot be written without a change to its cells.
    """
    report = typed(report)
    path = Path(report.workbook)
    data = read_bytes(path) if data is None else data
    book = parse_again(data, path, report.sha256)
    file = ooxml.Editor(data, path)
    if file.strict:
        raise WorkbookError(
            f"{path}: a Strict Open XML workbook cannot be annotated; save a plain Excel workbook (.xlsx) of it"
        )
    styles = ooxml.Styles(file)
    marked = marks(report)
    commented = set(islice(marked, most_comments))
    by_sheet: dict[str, list[Cell]] = {}
    for cell in marked:
        by_sheet.setdefault(cell.sheet, []).append(cell)
    for name, part in file.sheets.items():
        if name not in by_sheet:
            continue
        sheet = ooxml.Sheet(file[part], f"{path}: sheet '{name}'")
        kinds = {cell.a1: marked[cell].kind for cell in by_sheet[name]}
        old = sheet.formats(kinds)
        edits = sheet.edits(
            {
                address: ooxml.Content(style=styles.filled(old[address], COLOURS[kind]))
                for address, kind in kinds.items()
            }
        )
        texts = {cell.a1: marked[cell].text for cell in by_sheet[name] if cell in commented}
        if texts:
            edits += ooxml.write_comments(file, part, texts, sheet.root)
        file[part] = ooxml.spliced(sheet.xml, edits)
    added = add_summary(file, styles, report, marked, len(commented))
    styles.write()
    changed = file.saved()
    _refuse_other_contents(book, parse_workbook(changed, path, WorkbookLimits.none()), added)
    return Annotated(changed, len(marked), len(commented), added)


def _refuse_other_contents(old: Workbook, new: Workbook, added: str) -> None:
    """Raise WorkbookError unless the copy reads as the same workbook with one sheet more."""
    cells = {cell: content for cell, content in new.cells.items() if cell.sheet != added}
    same = cells == old.cells and new.members == old.members and new.formulas == old.formulas
    if not same or new.sheets != (*old.sheets, added):
        raise WorkbookError(f"{old.path}: it cannot be annotated without a change to its cells; save the file in Excel")
