"""Writing workbooks: a draft in, the bytes of its files out, the same bytes every time."""

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xlparity import ooxml
from xlparity.address import Cell
from xlparity.engines import Values, find_engine
from xlparity.errors import WorkbookError
from xlparity.patch import pack, write_values
from xlparity.tolerance import Tolerance
from xlparity.values import Unsupported, Value
from xlparity.workbook import formulas_of, parse_workbook

if TYPE_CHECKING:
    import openpyxl

_STORED = Tolerance(rtol=1e-12, atol=1e-15)  # another processor's exp() may end in another digit
_TIMES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_VALUE = re.compile(rb"(</f>|<f/>|<f [^>]*/>)<v>([^<]*)</v>")


@dataclass(frozen=True, slots=True)
class Draft:
    """A workbook that is laid out, and the spec file that goes with it, under the file name they share."""

    name: str
    book: "openpyxl.Workbook"
    spec: str


def build(draft: Draft) -> dict[str, bytes]:
    """The files of a draft by name: the workbook, every formula with the value that the engine computes, and its spec."""
    path = Path(f"{draft.name}.xlsx")
    buffer = io.BytesIO()
    draft.book.save(buffer)
    parts = ooxml.read_parts(buffer.getvalue(), path)
    parts["docProps/core.xml"] = _TIMES.sub(rb"\g<1>2000-01-01T00:00:00Z", parts["docProps/core.xml"])
    sheets = ooxml.sheet_parts(parts, path)
    for sheet, part in sheets.items():
        # openpyxl writes 16 digits of a number, which is one too few for some weights.
        numbers = {
            held.coordinate: held.value for row in draft.book[sheet] for held in row if isinstance(held.value, float)
        }
        parts[part] = write_values(parts[part], numbers, f"{path}: sheet '{sheet}'")
    workbook = parse_workbook(pack(parts), path)
    values = find_engine("formulas").load(workbook).recalculate({})
    stored: dict[str, dict[str, Value]] = {sheet: {} for sheet in workbook.sheets}
    for cell, formula in formulas_of(workbook):
        for member in formula.area.cells() if formula.area else (cell,):
            stored[member.sheet][member.a1] = _computed(values, member)
    for sheet, part in sheets.items():
        parts[part] = write_values(parts[part], stored[sheet], f"{path}: sheet '{sheet}'")
    return {path.name: pack(parts), f"{draft.name}.parity.toml": draft.spec.encode()}


def _computed(values: Values, cell: Cell) -> Value:
    value = values[cell]
    if isinstance(value, Unsupported):
        raise WorkbookError(f"{cell}: the generated formula is unsupported ({value.reason})")
    return value


def differs(path: Path, data: bytes) -> bool:
    """Whether the file at ``path`` is not what is to be written there.

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
        return _listing(found) != _listing(data) or any(
            _parts_differ(ours, ooxml.read_parts(found, path)[name])
            for name, ours in ooxml.read_parts(data, path).items()
        )
    except (WorkbookError, zipfile.BadZipFile):
        return True


def _listing(data: bytes) -> list[tuple[object, ...]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [
            (e.filename, e.date_time, e.create_system, e.external_attr, e.extra, e.comment) for e in archive.infolist()
        ]


def _parts_differ(ours: bytes, theirs: bytes) -> bool:
    if ours == theirs:
        return False
    if _VALUE.sub(rb"\1", ours) != _VALUE.sub(rb"\1", theirs):
        return True
    pairs = zip(_VALUE.findall(ours), _VALUE.findall(theirs), strict=True)
    return any(not _same_value(a, b) for (_, a), (_, b) in pairs)


def _same_value(ours: bytes, theirs: bytes) -> bool:
    try:
        return ours == theirs or _STORED.allows(float(theirs), float(ours))
    except ValueError:
        return False
