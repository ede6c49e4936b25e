"""Builds the files of a course workbook from its draft, reproducibly: the same draft gives the same bytes."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xlparity.engines.protocol import Values
from xlparity.engines.registry import find_engine
from xlparity.errors import WorkbookError
from xlparity.excel import ooxml
from xlparity.excel.address import Cell
from xlparity.excel.values import BLANK, Depends, Unsupported, Value
from xlparity.excel.workbook import formulas_of, parse_workbook
from xlparity.tolerance import Tolerance

if TYPE_CHECKING:
    import openpyxl

_STORED = Tolerance(rtol=1e-12, atol=1e-15)  # another processor's exp() may end in another digit


@dataclass(frozen=True, slots=True)
class Draft:
    """A course workbook without stored values, its spec, and the file name of both."""

    name: str
    book: "openpyxl.Workbook"
    spec: str


def build(draft: Draft) -> dict[str, bytes]:
    """The files of a draft by name: the workbook, with a computed value stored for every formula, and its spec."""
    path = Path(f"{draft.name}.xlsx")
    buffer = io.BytesIO()
    draft.book.save(buffer)
    parts = ooxml.without_clock(ooxml.read_parts(buffer.getvalue(), path))
    sheets = ooxml.sheet_parts(parts, path)
    for sheet, part in sheets.items():
        # openpyxl writes 16 digits of a number, which is one too few for some weights.
        numbers = {
            held.coordinate: held.value for row in draft.book[sheet] for held in row if isinstance(held.value, float)
        }
        parts[part] = ooxml.write_values(parts[part], numbers, f"{path}: sheet '{sheet}'")
    workbook = parse_workbook(ooxml.pack(parts), path)
    values = find_engine("formulas").load(workbook).recalculate({}).values_in(0)
    stored: dict[str, dict[str, Value]] = {sheet: {} for sheet in workbook.sheets}
    for cell, formula in formulas_of(workbook):
        for member in formula.area.cells() if formula.area else (cell,):
            stored[member.sheet][member.a1] = _computed(values, member)
    for sheet, part in sheets.items():
        parts[part] = ooxml.write_values(parts[part], stored[sheet], f"{path}: sheet '{sheet}'")
    return {path.name: ooxml.pack(parts), f"{draft.name}.parity.toml": draft.spec.encode()}


def _computed(values: Values, cell: Cell) -> Value:
    value = values[cell]
    if isinstance(
        value, Depends
    ):  # Excel may take a residue of a subtraction for 0; it computes its own when it opens the file
        value = value.exact
    if isinstance(value, Unsupported):
        raise WorkbookError(f"{cell}: the generated formula is unsupported ({value.reason})")
    return value


def differs(path: Path, data: bytes) -> bool:
    """Whether the file at ``path`` differs from this data.

    A workbook made on another machine may differ in how it is compressed and in the last digits of a stored value, since
    processors differ in theirs; nothing else may.
    """
    try:
        found = path.read_bytes()
    except OSError:
        return True
    if found == data:
        return False
    if path.suffix != ".xlsx":
        return True
    try:
        old, new = ooxml.read_parts(found, path), ooxml.read_parts(data, path)
        sheets = ooxml.sheet_parts(new, path).values()
        return ooxml.entries(found) != ooxml.entries(data) or any(
            old[name] != part and (name not in sheets or _sheets_differ(old[name], part, name))
            for name, part in new.items()
        )
    except WorkbookError:
        return True


def _sheets_differ(ours: bytes, theirs: bytes, where: str) -> bool:
    """Whether two sheets differ in more than the stored values of formulas, or in these beyond the tolerance."""
    stored = [
        {raw.address: raw for raw in ooxml.scan(xml, where).cells if raw.formula is not None} for xml in (ours, theirs)
    ]
    bare = [
        ooxml.write_values(xml, dict.fromkeys(cells, BLANK), where)
        for xml, cells in zip((ours, theirs), stored, strict=True)
    ]
    return bare[0] != bare[1] or any(
        not _same_value(ooxml.stored_value(raw, ()), ooxml.stored_value(stored[1][address], ()))
        for address, raw in stored[0].items()
    )


def _same_value(ours: Value | None, theirs: Value | None) -> bool:
    if isinstance(ours, float) and isinstance(theirs, float):
        return _STORED.allows(theirs, ours)
    return type(ours) is type(theirs) and ours == theirs
