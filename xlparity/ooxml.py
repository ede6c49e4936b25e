"""The raw parts of an .xlsx file: what openpyxl does not tell.

``scan`` lists every cell element that holds anything, so that a formula which a reader drops is noticed; ``stored_value``
is what such an element holds.
"""

import io
import math
import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn
from xml.etree import ElementTree
from xml.parsers import expat

from xlparity.address import MAX_COLUMN, MAX_ROW, column_number, folded
from xlparity.errors import WorkbookError
from xlparity.values import ErrorValue, Value

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_UNPACKED_LIMIT = 1 << 30  # a zip of 1 MB can hold 1 GB of XML
_COMPOUND = b"\xd0\xcf\x11\xe0"  # how .xls files begin, and .xlsx files that are encrypted
_ADDRESS = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_DOCTYPE = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s++|(?><\?.*?\?>)|(?><!--.*?-->))*+<!DOCTYPE", re.DOTALL)
_CODE = re.compile(r"_x([0-9A-Fa-f]{4})_")
# Names as expat gives them where it resolves namespaces: the same letters under another namespace are another element.
_SHEET_DATA, _ROW, _CELL, _FORMULA, _VALUE, _INLINE, _TEXT, _SPOKEN, _MORE = (
    f"{_MAIN[1:-1]} {name}" for name in ("sheetData", "row", "c", "f", "v", "is", "t", "rPh", "extLst")
)
_TYPES, _IS_WORKBOOK, _IS_TEXTS = "[Content_Types].xml", ".main+xml", ".sharedStrings+xml"
_DEPTH_OF_TABLE = 3  # of the path to a sheetData element: nothing, the root, itself
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

    Raises WorkbookError where the bytes are no zip, a damaged one, or one that unpacks to more than 1 GiB, and where two
    readers would see two workbooks: two parts share a name, but for its case and backslashes, or have a document type.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > _UNPACKED_LIMIT:
                raise WorkbookError(f"{path}: the file unpacks to more than 1 GiB; take out what is not verified")
            _refuse_twins([entry.filename for entry in entries], path)
            parts = {entry.filename: archive.read(entry) for entry in entries}
            for name, part in parts.items():
                # An item of customXml is whatever somebody put there, and no cell depends on it.
                if name.lower().endswith((".xml", ".rels")) and not name.lower().startswith("customxml/"):
                    _refuse_doctype(part, f"{path}: the part {name}")
            return parts
    except WorkbookError:
        raise
    except Exception as error:  # a damaged archive makes zipfile, zlib and lzma raise whatever they happen to raise
        said = f"{path}: not a readable .xlsx file ({_kind(data, path) or error})"
        raise WorkbookError(f"{said}; save it as an Excel workbook (.xlsx)") from error


def _refuse_twins(names: Sequence[str], path: Path) -> None:
    """Excel and Windows mind neither the case of a part's name nor which way its slashes lean; other programs do."""
    known: dict[str, str] = {}
    for name in names:
        key = name.replace("\\", "/").lower()
        if (other := known.get(key)) is not None:
            called = f"of one name, {name}" if other == name else f"of one name, {other} and {name}"
            raise WorkbookError(
                f"{path}: the package has two parts {called}; programs read one or the other; delete one, or save the "
                "file in Excel"
            )
        known[key] = name


def _refuse_doctype(xml: bytes, where: str) -> None:
    """Its entities are text to some readers, nothing to others, and Excel opens no such file."""
    if xml[:2] in (b"\xff\xfe", b"\xfe\xff"):
        xml = xml.decode("utf-16", "replace").encode("utf-8", "replace")
    elif b"\0" in xml[:2]:
        xml = xml.decode("utf-16-be" if xml[:1] == b"\0" else "utf-16-le", "replace").encode("utf-8", "replace")
    if _DOCTYPE.match(xml):
        raise WorkbookError(
            f"{where} has a document type (<!DOCTYPE ...>), which Excel refuses and other programs read; remove it there"
        )


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
        _refuse_two_meanings(parts, book, path)
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
            other = next((sheet for sheet, held in found.items() if held == part), None)
            if other is not None:
                raise WorkbookError(
                    f"{path}: the sheets '{other}' and '{name}' are one part, {part}; let Excel repair it and save it"
                )
            found[name] = part
    except (ElementTree.ParseError, KeyError) as error:
        raise WorkbookError(
            f"{path}: the workbook part is damaged ({error}); let Excel repair it and save it"
        ) from error
    if not found:
        raise WorkbookError(f"{path}: the workbook has no worksheet; name one that has")
    return found


def _refuse_two_meanings(parts: Mapping[str, bytes], book: str, path: Path) -> None:
    """Refuses a package with two workbooks, or two relations of one id, of which programs choose different ones.

    Some find the workbook and the table of texts by their relations, others by their content types.
    """
    books = {target for _, kind, target in _related(parts, "") if kind.endswith("/officeDocument")}
    if len(books) > 1:
        raise WorkbookError(
            f"{path}: {relations_part('')} names two workbooks, {' and '.join(sorted(books))}; "
            "let Excel repair it and save it"
        )
    for name, times in Counter(name for name, _, _ in _related(parts, book)).items():
        if times > 1:
            raise WorkbookError(
                f"{path}: {relations_part(book)} has two relations of the id {name}; let Excel repair it and save it"
            )
    texts = [target for _, kind, target in _related(parts, book) if kind.endswith("/sharedStrings")]
    types = _content_types(parts)
    for ending, named in ((_IS_WORKBOOK, [book]), (_IS_TEXTS, texts)):
        typed = [part for part, kind in types if kind.endswith(ending)]
        other = next((part for part in typed if part.lower() not in {name.lower() for name in named}), None)
        if other is not None and named:
            raise WorkbookError(
                f"{path}: {_TYPES} gives {other} the type that {named[0]} has by its relation; let Excel repair it and save it"
            )


def _content_types(parts: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """The parts that have a content type of their own, with it, in their order."""
    listing = parts.get(_TYPES)
    if listing is None:
        return []
    found = (
        held.attrib for held in ElementTree.fromstring(listing) if _local(held.tag.replace("}", " ")) == "Override"
    )
    return [(held.get("PartName", "").lstrip("/"), held.get("ContentType", "")) for held in found]


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
    return {name: (kind, target) for name, kind, target in _related(parts, part)}


def _related(parts: Mapping[str, bytes], part: str) -> list[tuple[str, str, str]]:
    """The id, the kind and the other part of each relation of the part, in their order."""
    folder = posixpath.dirname(part)
    listing = parts.get(relations_part(part))
    if listing is None:
        return []
    return [
        (
            relation.attrib["Id"],
            relation.attrib["Type"],
            posixpath.normpath(posixpath.join("/", folder, relation.attrib["Target"])).lstrip("/"),
        )
        for relation in ElementTree.fromstring(listing)
    ]


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

    Raises WorkbookError, with the cell, where two readers would disagree: two elements for one cell, row, formula or value,
    a cell without an address or with one of another row, an element inside a formula, a cell outside of the rows, a
    shared formula that is defined twice, a document type.
    """
    found = _Scan(where)
    try:
        found.parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise WorkbookError(
            f"{where}: the sheet's XML is damaged ({error}); let Excel repair it and save it"
        ) from error
    return found.cells


class _Scan:
    """One walk through a sheet's XML, and the cells that it has found."""

    def __init__(self, where: str) -> None:
        self.cells: dict[str, RawCell] = {}
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CommentHandler = parser.ProcessingInstructionHandler = self._between
        parser.StartDoctypeDeclHandler = lambda *_: _refuse_doctype(b"<!DOCTYPE", where)
        self._where = where
        self._path: list[str] = [""]
        self._tables = 0  # of rows: sheetData elements
        self._last = self._row = 0  # the numbers of the rows before, and of this one; 0 until it is known
        self._ending = ""  # with which every address in this row ends
        self._columns: set[str] = set()  # letters that are on the grid
        self._seen: set[str] = set()  # addresses in this row
        self._shared: set[str] = set()
        self._cell: Mapping[str, str] = {}  # the attributes of this cell
        self._address = ""
        self._formula: Mapping[str, str] | None = None  # those of its formula
        self._value = ""  # its value element
        self._leaf = ""  # the formula or value element in which the walk is
        self._text: list[str] = []
        self._formula_text: list[str] = []

    def _refuse(self, what: str) -> NoReturn:
        raise WorkbookError(
            f"{self._where}: {what}, which programs read in different ways; let Excel repair it and save it"
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        path = self._path
        parent = path[-1]
        path.append(tag)
        if self._leaf:
            self._refuse(f"cell {self._address} has an element <{_local(tag)}> inside its <{_local(self._leaf)}>")
        if parent == _CELL:
            if tag == _FORMULA:
                self._begin_formula(attributes)
            elif tag in (_VALUE, _INLINE):
                self._begin_value(tag)
        elif parent == _ROW:
            if tag != _CELL:
                if tag != _MORE:
                    self._refuse(f"row {self._row or self._last + 1} has an element <{_local(tag)}> that is no cell")
                return
            address = attributes.get("r", "")
            if address[: -len(self._ending)] not in self._columns or not address.endswith(self._ending):
                self._place(address)
            if address in self._seen:
                self._refuse(f"cell {address} is there twice")
            if address:
                self._seen.add(address)
            self._cell, self._address, self._formula, self._value = attributes, address, None, ""
            self._text.clear()
            self._formula_text.clear()
        else:
            self._elsewhere(tag, attributes)

    def _elsewhere(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element that is neither a cell nor the formula or the value of one."""
        path = self._path
        if tag == _ROW:
            self._begin_row(attributes)
        elif tag == _CELL:
            self._refuse(f"cell {attributes.get('r', '')} is in no row")
        elif tag == _TEXT:
            if _INLINE in path and _SPOKEN not in path:
                self.parser.CharacterDataHandler = self._text.append
        elif len(path) == _DEPTH_OF_TABLE and _local(tag) == "sheetData":
            self._tables += 1
            if tag != _SHEET_DATA or self._tables > 1:
                self._refuse("the sheet has two tables of rows, or one in a namespace that is not Excel's")

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        self._row, self._ending = 0, "?"  # until the row, or a cell, says its number
        self._seen.clear()
        if self._path[2:-1] == [_SHEET_DATA] and (number := attributes.get("r")) is not None:
            self._number(number)

    def _number(self, text: str) -> None:
        """Notes the number of the row in which the walk is; rows must be in their order."""
        number = int(text) if text.strip().isdecimal() else 0
        if not 1 <= number <= MAX_ROW:
            self._refuse(f"row {text} is not on the grid, which ends at row {MAX_ROW},")
        if number <= self._last:
            there = "is there twice" if number == self._last else f"is after row {self._last}"
            self._refuse(f"row {number} {there}")
        self._row, self._ending = number, str(number)

    def _place(self, address: str) -> None:
        """Refuses an address off the grid, or of another row; one that is none is refused once its cell holds something."""
        if self._path[2:-2] != [_SHEET_DATA]:
            self._refuse(f"cell {address} is not in the sheet's table of rows")
        match = _ADDRESS.fullmatch(address)
        if match is None:
            return
        if column_number(match[1]) > MAX_COLUMN:
            self._refuse(f"cell {address} is not on the grid, which ends at column XFD,")
        if not self._row:
            self._number(match[2])
        if match[2] != self._ending:
            self._refuse(f"cell {address} is in row {self._row}")
        self._columns.add(match[1])

    def _begin_formula(self, attributes: Mapping[str, str]) -> None:
        if self._formula is not None:
            self._refuse(f"cell {self._address} has two <f>")
        self._formula, self._leaf = attributes, _FORMULA
        self.parser.CharacterDataHandler = self._formula_text.append
        if attributes.get("t") == "shared":
            number = attributes.get("si")
            if number is None:
                self._refuse(f"cell {self._address} has a shared formula without a number (si)")
            if "ref" not in attributes:
                return
            if number in self._shared:
                self._refuse(f"cell {self._address} defines the shared formula {number}, which is defined already")
            self._shared.add(number)

    def _begin_value(self, tag: str) -> None:
        if self._value:
            beside = "two" if self._value == tag else f"<{_local(self._value)}> beside"
            self._refuse(f"cell {self._address} has {beside} <{_local(tag)}>")
        self._value = tag
        if tag == _VALUE:
            self._leaf = tag
            self.parser.CharacterDataHandler = self._text.append

    def _between(self, *_: str) -> None:
        """A comment or an instruction: some readers take the text up to it, others all."""
        if self._leaf:
            self._refuse(f"cell {self._address} has a comment or an instruction inside its <{_local(self._leaf)}>")

    def _end(self, tag: str) -> None:
        self._path.pop()
        if self._leaf or tag == _TEXT:
            self._leaf = ""
            self.parser.CharacterDataHandler = None
        elif tag == _CELL:
            if self._formula is not None or self._value:
                self._keep()
        elif tag == _ROW and self._path[2:] == [_SHEET_DATA]:
            self._last = self._row or self._last + 1

    def _keep(self) -> None:
        address, formula = self._address, self._formula
        if not _ADDRESS.fullmatch(address):
            raise WorkbookError(
                f"{self._where}: a cell element without an address of its own ('{address}'); let Excel repair it and save it"
            )
        if formula is not None and formula.get("t") == "shared" and formula.get("si") not in self._shared:
            self._refuse(f"cell {address} has the shared formula {formula.get('si')}, which no cell before it defines,")
        bare = formula is not None and "t" not in formula and not "".join(self._formula_text).strip()
        text = "".join(self._text) if self._value else None
        self.cells[address] = RawCell(formula is not None, self._cell.get("t", "n"), text, "cm" in self._cell, bare)


def _local(tag: str) -> str:
    """The element's name without its namespace."""
    return tag.rpartition(" ")[2]
