"""Which cells are shown as dates: to a workbook a date is a number, and only the cell's format says that it is one."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from xlparity.excel import ooxml
from xlparity.excel.address import Cell
from xlparity.excel.workbook import Workbook, read_again

# The formats that a file names by number and does not spell out: ECMA-376, part 1, 18.8.30, those of East Asia among them.
_BUILT_IN = frozenset((*range(14, 18), 22, *range(27, 32), 36, *range(50, 59)))
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_DATE = re.compile(r"[yd]|mmm", re.IGNORECASE)


def shown_as_dates(workbook: Workbook, cells: Iterable[Cell]) -> frozenset[Cell]:
    """Those of the cells whose number format has a year, a day or the name of a month.

    Raises WorkbookError where the file is no longer the one that was read, or its formats are damaged.
    """
    parts = read_again(workbook)
    dates = _formats_of_dates(parts, f"{workbook.path}: ")
    by_sheet: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells if dates else ():
        by_sheet[cell.sheet].append(cell)
    names = ooxml.sheet_parts(parts, workbook.path)
    found: set[Cell] = set()
    for name, of_sheet in by_sheet.items():
        formats = ooxml.Sheet(parts[names[name]], f"{workbook.path}: sheet '{name}'").formats([c.a1 for c in of_sheet])
        found.update(cell for cell in of_sheet if formats[cell.a1] in dates)
    return frozenset(found)


def _formats_of_dates(parts: Mapping[str, bytes], where: str) -> set[int]:
    """The numbers of the cell formats that show a date."""
    part = ooxml.related(parts, ooxml.workbook_part(parts), "styles")
    if part is None or part not in parts:
        return set()
    root = ooxml.parsed(parts[part], f"{where}the part {part}")
    spelled = {
        found.get("numFmtId", ""): _DATE.search(_LITERAL.sub("", found.get("formatCode", "").partition(";")[0]))
        for found in ooxml.elements(root, "numFmt")
    }
    lists = next(ooxml.elements(root, "cellXfs"), ())
    numbers = [found.get("numFmtId", "0") for found in lists]
    return {
        at for at, number in enumerate(numbers) if spelled.get(number, number.isdecimal() and int(number) in _BUILT_IN)
    }
