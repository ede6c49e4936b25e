"""The raw parts of an .xlsx file: what openpyxl does not tell.

``scan`` lists every cell element that holds anything, so that a formula which a reader drops is noticed; ``stored_value``
is what such an element holds.
"""

import io
import math
import posixpath
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

from xlparity.address import folded
from xlparity.errors import WorkbookError
from xlparity.values import ErrorValue, Value

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_UNPACKED_LIMIT = 1 << 30  # a zip of 1 MB can hold 1 GB of XML
_COMPOUND = b"\xd0\xcf\x11\xe0"  # how .xls files begin, and .xlsx files that are encrypted
_ADDRESS = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}")
_CODE = re.compile(r"_x([0-9A-Fa-f]{4})_")
NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][-+]?[0-9]+)?")


class RawCell(NamedTuple):
    """A cell element that holds something: whether it has a formula, its type, and the text of its value or None.

    ``dynamic`` says that its formula spills, as Excel marks it in the cell's metadata (``cm``); ``bare``, that its formula
    element has neither text nor attributes of meaning, as in cells over which a volatile formula spills.
    """

    formula: bool
    type: str
    value: str | None
    dynamic: bool = False
    bare: bool = False


def read_parts(data: bytes, path: Path) -> dict[str, bytes]:
    """Every part of the package by its name, in the package's order.

    Raises WorkbookError where the bytes are no zip, a damaged one, or one that unpacks to more than 1 GiB.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _UNPACKED_LIMIT:
                raise WorkbookError(f"{path}: the file unpacks to more than 1 GiB; take out what is not verified")
            parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
            if len(parts) < len(archive.infolist()):
                raise WorkbookError(f"{path}: the package has two parts of one name; save the file in Excel")
            return parts
    except WorkbookError:
        raise
    except Exception as error:  # a damaged archive makes zipfile, zlib and lzma raise whatever they happen to raise
        said = f"{path}: not a readable .xlsx file ({_kind(data, path) or error})"
        raise WorkbookError(f"{said}; save it as an Excel workbook (.xlsx)") from error


def _kind(data: bytes, path: Path) -> str:
    """What the bytes are, where they are plainly no zip; nothing where they are one, and damaged."""
    if path.name.startswith("~$"):
        return "Excel keeps it while the workbook is open; it is not the workbook"
    if data.startswith(_COMPOUND):
        return "it was saved as .xls, or with a password"
    if not data.startswith(b"PK"):
        return "it is another kind of file, such as CSV" if data else "it is empty"
    return ""


def sheet_parts(parts: Mapping[str, bytes], path: Path) -> dict[str, str]:
    """The part that holds each worksheet, by the sheet's name, in the workbook's order; chart sheets are left out.

    Raises WorkbookError where the package has no workbook, no sheet, a sheet whose part is missing, or is Strict OOXML,
    which openpyxl reads as an empty workbook.
    """
    try:
        book = workbook_part(parts)
        if book not in parts:
            raise WorkbookError(f"{path}: the package has no workbook in it; save it as an Excel workbook (.xlsx)")
        root = ElementTree.fromstring(parts[book])
        if root.tag.startswith(_STRICT):
            raise WorkbookError(f"{path}: a Strict Open XML workbook; save it as a plain Excel workbook (.xlsx)")
        related = relations(parts, book)
        found: dict[str, str] = {}
        for sheet in root.iter(f"{_MAIN}sheet"):
            name = sheet.attrib["name"]
            kind, part = related.get(sheet.attrib.get(_RELATION, ""), ("", ""))
            if kind.endswith("/chartsheet"):
                continue
            if part not in parts:
                raise WorkbookError(f"{path}: the part of sheet '{name}' is missing; let Excel repair it and save it")
            if folded(name) in map(folded, found):
                raise WorkbookError(f"{path}: two sheets are called '{name}'; let Excel repair it and save it")
            found[name] = part
    except (ElementTree.ParseError, KeyError) as error:
        raise WorkbookError(
            f"{path}: the workbook part is damaged ({error}); let Excel repair it and save it"
        ) from error
    if not found:
        raise WorkbookError(f"{path}: the workbook has no worksheet; name one that has")
    return found


def workbook_part(parts: Mapping[str, bytes]) -> str:
    """The part that is the workbook itself; an empty text where the package has none."""
    related = relations(parts, "").values()
    return next((target for kind, target in related if kind.endswith("/officeDocument")), "")


def relations_part(part: str) -> str:
    """The part that lists what another one is related to."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def relations(parts: Mapping[str, bytes], part: str) -> dict[str, tuple[str, str]]:
    """What the part is related to: the kind and the other part, by the relation's id."""
    folder = posixpath.dirname(part)
    listing = parts.get(relations_part(part))
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
    book = workbook_part(parts)
    listed = [target for kind, target in relations(parts, book).values() if kind.endswith("/sharedStrings")]
    if not listed or listed[0] not in parts:
        return []
    try:
        root = ElementTree.fromstring(parts[listed[0]])
    except ElementTree.ParseError as error:
        raise WorkbookError(
            f"{path}: the shared strings are damaged ({error}); let Excel repair it and save it"
        ) from error
    spoken = f"{_MAIN}rPh"
    return [
        "".join(text.text or "" for piece in string if piece.tag != spoken for text in piece.iter(f"{_MAIN}t"))
        for string in root.iter(f"{_MAIN}si")
    ]


def stored_value(cell: RawCell, strings: Sequence[str]) -> Value | None:
    """What a cell element stores, numbers to their last bit; None where it stores nothing, or nothing that Excel would."""
    text = cell.value
    if text is None:
        return None
    if cell.type == "s":
        return decoded(strings[int(text)]) if text.isdecimal() and int(text) < len(strings) else None
    if cell.type in ("str", "inlineStr"):
        return decoded(text)
    text = text.strip()
    if cell.type == "b":
        return text in ("1", "true")
    if cell.type == "e":
        return ErrorValue(text)
    return float(text) if cell.type == "n" and NUMBER.fullmatch(text) and math.isfinite(float(text)) else None


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
    formula = valued = dynamic = bare = False
    text: list[str] = []
    formula_text: list[str] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal address, formula, valued, kind, dynamic, bare
        tag = tag.rpartition(":")[2]
        if tag == "c":
            address, kind, formula, valued = attributes.get("r", ""), attributes.get("t", "n"), False, False
            dynamic, bare = "cm" in attributes, False
            formula_text.clear()
            text.clear()
        elif tag == "f":
            formula, bare = True, "t" not in attributes
            parser.CharacterDataHandler = formula_text.append
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
        nonlocal bare
        tag = tag.rpartition(":")[2]
        if tag in ("v", "is", "f"):
            parser.CharacterDataHandler = None
        elif tag == "c" and (formula or valued):
            if address in cells or not _ADDRESS.fullmatch(address):
                raise WorkbookError(
                    f"{where}: a cell element without an address of its own ('{address}'); let Excel repair it and save it"
                )
            bare = bare and not "".join(formula_text).strip()
            cells[address] = RawCell(formula, kind, "".join(text) if valued else None, dynamic, bare)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise WorkbookError(
            f"{where}: the sheet's XML is damaged ({error}); let Excel repair it and save it"
        ) from error
    return cells
