"""The raw parts of an .xlsx file: what openpyxl does not tell, and the stored values it cannot write.

``scan`` lists every cell element that holds anything, so that a formula which a reader drops is noticed. ``write_values``
patches stored values into the sheet XML and leaves every other byte of the sheet alone. ``pack`` writes a zip that
depends on its contents only.
"""

import io
import math
import posixpath
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import escape

from xlparity.errors import WorkbookError
from xlparity.values import BLANK, MISSING, ErrorValue, Value

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_UNPACKED_LIMIT = 1 << 30  # a zip of 1 MB can hold 1 GB of XML
_ADDRESS = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}")
_CODE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip entry can bear


class RawCell(NamedTuple):
    """A cell element that holds something: whether it has a formula, its type, and the text of its value or None."""

    formula: bool
    type: str
    value: str | None


def read_parts(data: bytes, path: Path) -> dict[str, bytes]:
    """Every part of the package by its name, in the package's order.

    Raises WorkbookError where the bytes are no zip, a damaged one, or one that unpacks to more than 1 GiB.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _UNPACKED_LIMIT:
                raise WorkbookError(f"{path}: the file unpacks to more than 1 GiB; it is not read")
            return {entry.filename: archive.read(entry) for entry in archive.infolist()}
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise WorkbookError(
            f"{path}: not a readable .xlsx file ({error}); save it as an Excel workbook (.xlsx)"
        ) from error


def sheet_parts(parts: Mapping[str, bytes], path: Path) -> dict[str, str]:
    """The part that holds each worksheet, by the sheet's name, in the workbook's order; chart sheets are left out.

    Raises WorkbookError where the package has no workbook, no sheet, a sheet whose part is missing, or is Strict OOXML,
    which openpyxl reads as an empty workbook.
    """
    try:
        top = _relations(parts, "")
        book = next((target for kind, target in top.values() if kind.endswith("/officeDocument")), None)
        if book is None or book not in parts:
            raise WorkbookError(f"{path}: the package has no workbook in it; it is not an .xlsx file")
        root = ElementTree.fromstring(parts[book])
        if root.tag.startswith(_STRICT):
            raise WorkbookError(f"{path}: a Strict Open XML workbook; save it as a plain Excel workbook (.xlsx)")
        relations = _relations(parts, book)
        found: dict[str, str] = {}
        for sheet in root.iter(f"{_MAIN}sheet"):
            name = sheet.attrib["name"]
            kind, part = relations.get(sheet.attrib.get(_RELATION, ""), ("", ""))
            if kind.endswith("/chartsheet"):
                continue
            if part not in parts:
                raise WorkbookError(f"{path}: the part of sheet '{name}' is missing; the file is damaged")
            if name.casefold() in (other.casefold() for other in found):
                raise WorkbookError(f"{path}: two sheets are called '{name}'; the file is damaged")
            found[name] = part
    except (ElementTree.ParseError, KeyError) as error:
        raise WorkbookError(f"{path}: the workbook part is damaged ({error})") from error
    if not found:
        raise WorkbookError(f"{path}: the workbook has no worksheet")
    return found


def _relations(parts: Mapping[str, bytes], part: str) -> dict[str, tuple[str, str]]:
    folder, name = posixpath.split(part)
    listing = parts.get(posixpath.join(folder, "_rels", f"{name}.rels"))
    if listing is None:
        return {}
    return {
        relation.attrib["Id"]: (
            relation.attrib["Type"],
            posixpath.normpath(posixpath.join("/", folder, relation.attrib["Target"])).lstrip("/"),
        )
        for relation in ElementTree.fromstring(listing)
    }


def shared_strings(parts: Mapping[str, bytes], path: Path) -> list[str]:
    """The texts that cells of type ``s`` refer to by number, without what only tells how to pronounce them."""
    top = _relations(parts, "")
    book = next((target for kind, target in top.values() if kind.endswith("/officeDocument")), "")
    listed = [target for kind, target in _relations(parts, book).values() if kind.endswith("/sharedStrings")]
    if not listed or listed[0] not in parts:
        return []
    try:
        root = ElementTree.fromstring(parts[listed[0]])
    except ElementTree.ParseError as error:
        raise WorkbookError(f"{path}: the shared strings are damaged ({error})") from error
    spoken = f"{_MAIN}rPh"
    return [
        "".join(text.text or "" for piece in string if piece.tag != spoken for text in piece.iter(f"{_MAIN}t"))
        for string in root.iter(f"{_MAIN}si")
    ]


def stored_value(cell: RawCell, strings: Sequence[str]) -> Value:
    """What a cell element stores, numbers to their last bit; MISSING where it stores nothing.

    Raises ValueError where it is no value of the element's type.
    """
    text = cell.value
    if text is None or (text == "" and cell.type not in ("str", "inlineStr")):
        return MISSING
    if cell.type == "b":
        return text.strip() in ("1", "true")
    if cell.type == "e":
        return ErrorValue(text)
    if cell.type == "n":
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(f"the number '{text[:30]}' is none of Excel's")
        return number
    if cell.type == "s":
        return decoded(strings[int(text)]) if int(text) in range(len(strings)) else MISSING
    if cell.type in ("str", "inlineStr"):
        return decoded(text)
    raise ValueError(f"a value of a type that is not known ('{cell.type}')")


def decoded(text: str) -> str:
    """The text without the codes that stand for what XML cannot hold."""
    return _CODE.sub(lambda code: chr(int(code[1], 16)), text) if "_x" in text else text


def scan(xml: bytes, where: str) -> dict[str, RawCell]:
    """Every cell element of a sheet part that has a formula or a value, by its address (``P5``).

    A second element with the same address, one without an address, or a shared formula that is defined twice raises
    WorkbookError: two readers would disagree.
    """
    cells: dict[str, RawCell] = {}
    shared: set[str] = set()
    address = kind = ""
    formula = valued = False
    text: list[str] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal address, formula, valued, kind
        tag = tag.rpartition(":")[2]
        if tag == "c":
            address, kind, formula, valued = attributes.get("r", ""), attributes.get("t", "n"), False, False
            text.clear()
        elif tag == "f":
            formula = True
            if attributes.get("t") == "shared" and "ref" in attributes:
                number = attributes.get("si", "")
                if number in shared:
                    raise WorkbookError(
                        f"{where}: the shared formula {number} is defined twice; save the file in Excel"
                    )
                shared.add(number)
        elif tag in ("v", "is"):
            valued = True
            parser.CharacterDataHandler = text.append

    def end(tag: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag in ("v", "is"):
            parser.CharacterDataHandler = None
        elif tag == "c" and (formula or valued):
            if address in cells or not _ADDRESS.fullmatch(address):
                raise WorkbookError(f"{where}: a cell element without an address of its own ('{address}')")
            cells[address] = RawCell(formula, kind, "".join(text) if valued else None)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise WorkbookError(f"{where}: the sheet's XML is damaged ({error})") from error
    return cells


def write_values(xml: bytes, values: Mapping[str, Value], where: str) -> bytes:
    """The sheet part with each cell's stored value replaced, by address; every other byte stays as it was.

    A blank removes the value. Raises WorkbookError where a cell to be written has no element of its own.
    """
    pieces: list[bytes] = []
    position = 0
    left = dict(values)
    opened = inside = closed = 0
    address = ""
    old_value: tuple[int, int] | None = None
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal opened, inside, old_value, address, closed
        at = parser.CurrentByteIndex
        if tag == "c":
            address, opened, old_value = attributes.get("r", ""), at, None
            inside = xml.index(b">", at) + 1
        elif tag in ("v", "is"):
            closed = at

    def end(tag: str) -> None:
        nonlocal old_value, position
        at = parser.CurrentByteIndex
        if tag in ("v", "is"):
            # expat stands behind an empty element, but before the end tag of a full one.
            behind = xml.index(b">", at) + 1 if xml.startswith(b"</" + tag.encode(), at) else at
            old_value = (closed, behind)
        elif tag == "c" and address in left:
            pieces.append(xml[position:opened])
            empty = xml[inside - 2 : inside] == b"/>"
            body = b"" if empty else xml[inside:at]
            if old_value:
                body = xml[inside : old_value[0]] + xml[old_value[1] : at]
            pieces.append(_cell(xml[opened:inside], body, left.pop(address)))
            position = at if empty else xml.index(b">", at) + 1

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise WorkbookError(f"{where}: the sheet's XML is damaged ({error})") from error
    if left:
        raise WorkbookError(f"{where}: no cell element for {', '.join(sorted(left)[:5])}; the value has nowhere to go")
    return b"".join([*pieces, xml[position:]])


def _cell(tag: bytes, body: bytes, value: Value) -> bytes:
    tag = re.sub(rb"""\st=(?:"[^"]*"|'[^']*')""", b"", tag.rstrip(b"/>"))
    if value is BLANK:
        return tag + (b">" + body + b"</c>" if body else b"/>")
    if isinstance(value, bool):
        kind, text = b' t="b"', str(int(value))
    elif isinstance(value, float):
        kind, text = b"", repr(value)
    elif isinstance(value, ErrorValue):
        kind, text = b' t="e"', value.code
    else:
        kind, text = b' t="str"', str(value)
    return tag + kind + b">" + body + b"<v>" + escape(text).encode() + b"</v></c>"


def pack(parts: Mapping[str, bytes]) -> bytes:
    """A zip of the parts that depends on nothing but them: fixed times, no attributes of a machine or a user.

    The parts are sorted, but for the content types, which readers expect first.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(parts, key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 0
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, parts[name])
    return buffer.getvalue()
