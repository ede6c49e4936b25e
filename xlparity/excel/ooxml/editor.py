"""Changes an existing file in given places only, and leaves all other bytes as they are.

openpyxl loads a workbook and saves another one: charts, macros and all it does not know are lost. Here a change is an
edit of the XML as it is, new bytes in place of those between two positions, and all other bytes stay. ``outline`` finds
the elements of a part, functions of elements give edits, and ``spliced`` makes them. ``Sheet`` does so for the cells of a
worksheet, and ``Editor`` for a whole file: it adds parts and makes them known.
"""

import bisect
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from html import escape, unescape
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

from xlparity import collector
from xlparity.errors import WorkbookError
from xlparity.excel.address import MAX_COLUMN, MAX_ROW, Cell, column_letters, column_number, parse_range, quoted
from xlparity.excel.ooxml.package import (
    MAIN,
    RELATIONS,
    STRICT,
    TYPES,
    Package,
    related,
    relations,
    relations_part,
    repack,
    sheet_parts,
    workbook_part,
)
from xlparity.excel.values import BLANK, ErrorValue, Value

_ENCODING = re.compile(rb"""<\?xml[^>]*\sencoding=["'](?!utf-8["']|us-ascii["'])""", re.IGNORECASE)
_OPENING = re.compile(rb"""<[^\s/>]+(?P<attributes>(?:\s+[^\s=>]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(?P<empty>/?)>""")
_ATTRIBUTE = re.compile(rb"""\s+(?P<name>[^\s=>]+)\s*=\s*(?:"[^"]*"|'[^']*')""")
_TAG = re.compile(rb"(</?)(?=[A-Za-z])")
_END_OF_TAG = ord(">")
_BLANKS = str.maketrans(
    {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)  # of which XML readers make spaces in an attribute


# --- elements and edits ----------------------------------------------------------------------------------------------


class Tag(NamedTuple):
    """An element's tag as it is written, its prefix with the colon, its namespace, and its name without either."""

    written: bytes
    prefix: bytes
    space: str
    name: str


XmlEdit = tuple[int, int, bytes]
"""``(start, end, new)``: the new bytes take the place of those between the two positions, which may be the same."""


class XmlElement:
    """An element of an XML part: all its bytes are from ``start`` to ``end``, its content from ``inside`` to ``reached``.

    ``children`` are those of its own namespace, and those of a sheet's, as deep as the outline goes: the anchor of a button
    has an xdr:row and an xdr:col, which are neither a row nor a column.
    """

    __slots__ = ("attributes", "children", "reached", "start", "tag", "xml")

    def __init__(self, xml: bytes, tag: Tag, attributes: Mapping[str, str], start: int) -> None:
        self.xml, self.tag, self.attributes, self.start = xml, tag, attributes, start
        self.reached = start  # where expat is as the element ends: at its end tag, or behind it where it has none
        self.children: list[XmlElement] = []

    @property
    def name(self) -> str:
        """The tag without its prefix."""
        return self.tag.name

    @property
    def opening(self) -> re.Match[bytes]:
        """The opening tag: ``attributes`` as they are written, and ``empty``, the slash of an element without an end tag."""
        opening = _OPENING.match(self.xml, self.start)
        assert opening is not None  # expat has read it
        return opening

    @property
    def inside(self) -> int:
        """Behind the opening tag."""
        return self.opening.end()

    @property
    def end(self) -> int:
        """Behind the element."""
        if self.xml[self.reached - 1] == _END_OF_TAG and self.opening["empty"]:
            return self.reached
        return self.xml.index(b">", self.reached) + 1

    @property
    def content(self) -> bytes:
        """The bytes between the opening tag and the end tag."""
        return self.xml[self.inside : self.reached]

    @property
    def text(self) -> str:
        """The content of an element that has no others in it."""
        return unescape(self.content.decode())

    def attribute(self, space: str, name: str) -> str | None:
        """The attribute of this namespace, whatever its prefix; ``attributes`` has those of none."""
        return next((v for key, v in self.attributes.items() if key.split(" ")[:2] == [space, name]), None)

    def child(self, name: str) -> "XmlElement | None":
        """The first child of this name."""
        for child in self.children:
            if child.tag.name == name:
                return child
        return None


def outline(xml: bytes, where: str, *, depth: int, part: str = "the XML") -> XmlElement:
    """The root of an XML part, with its children and theirs down to so many levels.

    Raises WorkbookError where the XML is damaged or in another encoding than UTF-8.
    """
    roots: list[XmlElement] = []
    path: list[XmlElement | None] = []

    def start_root(found: str, attributes: dict[str, str]) -> None:
        roots.append(XmlElement(xml, _tag(found), attributes, parser.CurrentByteIndex))
        path.append(roots[0])
        parser.StartElementHandler = start

    def start(found: str, attributes: dict[str, str]) -> None:
        parent = path[-1]
        element = None
        if parent is not None and len(path) <= depth:
            tag = _tag(found)
            if tag.space in (MAIN, parent.tag.space):
                element = XmlElement(xml, tag, attributes, parser.CurrentByteIndex)
                parent.children.append(element)
        path.append(element)

    def end(_: str) -> None:
        element = path.pop()
        if element is not None:
            element.reached = parser.CurrentByteIndex

    def refuse(*_: object) -> None:  # as Excel does: cells could be in its entities, at no position of the XML
        raise ValueError("it has a document type")

    with collector.paused(), _refusing(xml, where, part):
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.namespace_prefixes = True
        parser.StartElementHandler, parser.EndElementHandler = start_root, end
        parser.StartDoctypeDeclHandler = refuse
        parser.Parse(xml, True)
    return roots[0]


@contextmanager
def _refusing(xml: bytes, where: str, part: str) -> Iterator[None]:
    """Raises WorkbookError for XML in another encoding than UTF-8, and for what cannot be read in it."""
    if b"\0" in xml[:4] or xml[:2] in (b"\xff\xfe", b"\xfe\xff") or _ENCODING.match(xml):
        raise WorkbookError(f"{where}: {part} is not in UTF-8; save the file in Excel")
    try:
        yield
    except expat.ExpatError as error:
        raise WorkbookError(f"{where}: {part} is damaged ({error})") from error
    except ValueError as error:
        raise WorkbookError(f"{where}: {part} has what it cannot have: {error}; save the file in Excel") from error


@lru_cache(1024)
def _tag(found: str) -> Tag:
    """The tag, from what the parser says of it: namespace, name and prefix, of which the name alone is always there."""
    space, name, prefix, *_ = [*found.split(" "), ""] if " " in found else ["", found, ""]
    head = f"{prefix}:" if prefix else ""
    return Tag((head + name).encode(), head.encode(), space, name)


def spliced(xml: bytes, edits: Iterable[XmlEdit]) -> bytes:
    """The XML with these edits made, which do not overlap; those at one position are made in their order."""
    pieces: list[bytes] = []
    position = 0
    for start, end, new in sorted(edits, key=itemgetter(0, 1)):
        pieces += xml[position:start], new
        position = end
    return b"".join([*pieces, xml[position:]])


def prefixed(new: bytes, prefix: bytes) -> bytes:
    """Elements of ours as they are written where tags have this prefix; text in them has no bare ``<``."""
    return _TAG.sub(lambda tag: tag[0] + prefix, new) if prefix else new


def replaced(element: XmlElement, new: bytes) -> XmlEdit:
    """The edit that puts other bytes in the element's place."""
    return (element.start, element.end, new)


def with_attributes(element: XmlElement, **attributes: str | None) -> XmlEdit:
    """The edit that gives the element these attributes behind its others, in place of old ones; None takes one away."""
    opening = element.opening
    kept = _without(opening["attributes"], *(name.encode() for name in attributes))
    kept += "".join(f" {n}={_in_quotes(value)}" for n, value in attributes.items() if value is not None).encode()
    return (element.start, opening.end(), b"<%s%s%s>" % (element.tag.written, kept, opening["empty"]))


def appended(parent: XmlElement, new: bytes) -> XmlEdit:
    """The edit that puts elements behind the others in ``parent``, written with their prefixes."""
    opening = parent.opening
    if not opening["empty"]:
        return parent.reached, parent.reached, new
    return (opening.start("empty"), opening.end(), b">%s</%s>" % (new, parent.tag.written))


def _without(attributes: bytes, *names: bytes) -> bytes:
    """The attributes of an opening tag, as they are written there, but for these."""
    if not any(name in attributes for name in names):
        return attributes
    return b"".join(match[0] for match in _ATTRIBUTE.finditer(attributes) if match["name"] not in names)


# --- what a cell contains --------------------------------------------------------------------------------------------


class StoredXml(NamedTuple):
    """A stored value as a cell element has it: its type attribute, and its text, which is None where nothing is stored."""

    type: bytes
    text: str | None


class Content(NamedTuple):
    """What a cell is to contain; None leaves its formula, its stored value or its format as it is.

    ``formula`` has no ``=``, and is empty where the cell is to have none. ``area`` is that of an array formula (``B2:B5``)
    that is entered anew; an old one keeps its own. ``style`` is the number of the format that the cell is shown in.
    """

    formula: str | None = None
    stored: StoredXml | None = None
    area: str | None = None
    style: int | None = None


NOTHING = StoredXml(b"", None)
_INLINE = b' t="inlineStr"'
_NO_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_SHARED = re.compile(rb"""\st\s*=\s*["']shared["']""")


def result(value: Value) -> StoredXml:
    """The value as a cell stores what its formula computes."""
    if value is BLANK:
        return NOTHING
    if isinstance(value, bool):
        return StoredXml(b' t="b"', str(int(value)))
    if isinstance(value, float):
        return StoredXml(b"", repr(value))
    if isinstance(value, ErrorValue):
        return StoredXml(b' t="e"', str(value))
    return StoredXml(b' t="str"', encoded(str(value)))


def constant(value: Value) -> StoredXml:
    """The value as a cell without a formula contains it."""
    stored = result(value)
    return StoredXml(_INLINE, stored.text) if stored.type == b' t="str"' else stored


def encoded(text: str) -> str:
    """The text with codes for what XML cannot hold, and for what would be taken for such a code."""
    return _NO_XML.sub(lambda found: f"_x{ord(found[0][0]):04X}_{found[0][1:]}", text)


def new_cell(address: str, content: Content, prefix: bytes = b"") -> bytes:
    """A cell element with this content."""
    kind = _style(content) + (content.stored.type if content.stored else b"")
    inside = _formula(content, prefix, None) + _value(content, prefix)
    if not inside:
        return b'<%sc r="%s"%s/>' % (prefix, address.encode(), kind)
    return b'<%sc r="%s"%s>%s</%sc>' % (prefix, address.encode(), kind, inside, prefix)


def _style(content: Content) -> bytes:
    return b"" if content.style is None else b' s="%d"' % content.style


def _formula(content: Content, prefix: bytes, old: XmlElement | None) -> bytes:
    """The formula's element in place of an old one, if there is one: an array formula stays one, a shared one does not."""
    if not content.formula:
        return b""
    kept = _without(old.opening["attributes"], b"xml:space") if old is not None else b""
    if _SHARED.search(kept) or content.area is not None:
        kept = _without(kept, b"t", b"ref", b"si")
    if content.area is not None:
        kept += b' t="array" ref="%s"' % content.area.encode()
    return _element(prefix + b"f", kept, content.formula)


def _value(content: Content, prefix: bytes) -> bytes:
    stored = content.stored
    if stored is None or stored.text is None:
        return b""
    if stored.type == _INLINE:
        return prefixed(b'<is><t xml:space="preserve">%s</t></is>' % _escaped(stored.text), prefix)
    return _element(prefix + b"v", b"", stored.text)


def _element(name: bytes, attributes: bytes, text: str) -> bytes:
    space = b' xml:space="preserve"' if text != text.strip() else b""
    return b"<%s%s%s>%s</%s>" % (name, attributes, space, _escaped(text), name)


def _escaped(text: str) -> bytes:
    # XML readers make a line feed of a carriage return that is not escaped.
    return escape(text, quote=False).replace("\r", "&#13;").encode()


def _in_quotes(value: str) -> str:
    """The value of an attribute as it is written."""
    return f'"{escape(value).translate(_BLANKS)}"'


# --- the cells of a sheet --------------------------------------------------------------------------------------------

_SHEET_XML = "the sheet's XML"


class Sheet:
    """The XML of a worksheet part, and where in it the rows and cells are, which may leave their addresses to be counted.

    ``cells`` has the cell elements by address (``P5``), ``rows`` those of rows by number. Raises WorkbookError where the
    XML is damaged or in another encoding than UTF-8.
    """

    @collector.paused()
    def __init__(self, xml: bytes, where: str) -> None:
        self.xml, self.where = xml, where
        self.root = outline(xml, where, depth=4, part=_SHEET_XML)
        self.rows: dict[int, XmlElement] = {}
        self.cells: dict[str, XmlElement] = {}
        self._addresses: dict[int, list[str]] = {}  # of the cells, by row
        with self._refusing():
            table = self.root.child("sheetData")
            number = 0
            for row in table.children if table is not None else ():
                number = self._read_row(row, number + 1)

    def _refusing(self) -> AbstractContextManager[None]:
        return _refusing(self.xml, self.where, _SHEET_XML)

    def _read_row(self, row: XmlElement, number: int) -> int:
        """Lists the row and its cells; gives its number, which is the one given here unless it says another."""
        cells = [cell for cell in row.children if cell.name == "c"]
        first = cells[0].attributes.get("r") if cells else None
        number = int(row.attributes.get("r", number if first is None else parse_range(first, "").row))
        self.rows[number] = row
        addresses = self._addresses[number] = []
        before = ""
        for cell in cells:
            before = cell.attributes.get("r") or f"{column_letters(_column(before) + 1)}{number}"
            if before in self.cells:
                raise ValueError(f"two elements for the cell {before}")
            self.cells[before] = cell
            addresses.append(before)
        return number

    def edited(self, contents: Mapping[str, Content]) -> bytes:
        """The XML with these contents, as ``edits`` makes them."""
        return spliced(self.xml, self.edits(contents))

    @collector.paused()
    def edits(self, contents: Mapping[str, Content]) -> list[XmlEdit]:
        """The edits that give cells these contents, by address; a cell that has no element is given one in its place."""
        edits: list[XmlEdit] = []
        new: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for address, content in contents.items():
            cell = self.cells.get(address)
            if cell is not None:
                edits += _filled(cell, content)
            elif content.style is not None or content.formula or (content.stored and content.stored.text is not None):
                row = int(address[len(_letters(address)) :])
                new[row].append((_column(address), address))
        if new:
            edits += self._inserted(new, contents)
        return edits

    def _inserted(self, new: Mapping[int, list[tuple[int, str]]], contents: Mapping[str, Content]) -> list[XmlEdit]:
        """The edits for new cells, whose columns and addresses are given by row, and for rows that are not there yet."""
        table = self.root.child("sheetData")
        if table is None:
            lost = ", ".join([address for cells in new.values() for _, address in cells][:5])
            raise WorkbookError(f"{self.where}: no place for {lost} in the sheet's XML; save the file in Excel")
        edits: list[XmlEdit] = []
        rows: list[tuple[int, bytes]] = []
        for number, cells in sorted(new.items()):
            row = self.rows.get(number)
            prefix = (row or table).tag.prefix
            made = [(column, new_cell(address, contents[address], prefix)) for column, address in sorted(cells)]
            if row is not None:
                old = [(_column(address), self.cells[address]) for address in self._addresses[number]]
                edits += _among(row, old, made)
            else:
                held = b"".join(text for _, text in made)
                rows.append((number, b'<%srow r="%d">%s</%srow>' % (prefix, number, held, prefix)))
        return edits + _among(table, list(self.rows.items()), rows)

    def formats(self, addresses: Collection[str]) -> dict[str, int]:
        """The number of the format that each of the cells is shown in: its own, or else that of its row or of its column."""
        with self._refusing():
            columns = self.root.child("cols")
            spans = [
                (int(found["min"]), int(found["max"]), int(found.get("style", 0)))
                for found in (child.attributes for child in (columns.children if columns is not None else ()))
            ]
            found: dict[str, int] = {}
            for address in addresses:
                if (element := self.cells.get(address)) is not None:
                    found[address] = int(element.attributes.get("s", 0))
                    continue
                cell = parse_range(address, "").first
                row = self.rows.get(cell.row)
                if row is not None and row.attributes.get("customFormat") in ("1", "true"):
                    found[address] = int(row.attributes.get("s", 0))
                else:
                    found[address] = next((style for low, high, style in spans if low <= cell.column <= high), 0)
        return found

    def formulas(self) -> "list[FormulaElement]":
        """The formula elements of the sheet, in its order."""
        found: list[FormulaElement] = []
        with self._refusing():
            for address, cell in self.cells.items():
                for element in cell.children:
                    if element.name == "f":
                        if found and found[-1].address == address:
                            raise ValueError(f"two formulas for the cell {address}")
                        found.append(FormulaElement(address, element))
        return found


class FormulaElement:
    """The element of a formula: its cell, its kind (``array``, ``shared``, ``dataTable`` or none) and its area.

    ``number`` is that of a shared formula; ``defines`` says that it has the text of one, and not only its number.
    """

    def __init__(self, address: str, element: XmlElement) -> None:
        found = element.attributes
        self.address, self.element = address, element
        self.kind, self.number = found.get("t", ""), found.get("si", "")
        self.cell = parse_range(address, "").first
        self.area = parse_range(found["ref"], "") if "ref" in found else None
        self.defines = self.area is not None or element.content.strip() != b""


def _letters(address: str) -> str:
    return address.rstrip("0123456789")


def _column(address: str) -> int:
    return column_number(_letters(address))


def _among(
    parent: XmlElement, old: Sequence[tuple[int, XmlElement]], new: Sequence[tuple[int, bytes]]
) -> list[XmlEdit]:
    """New elements among the old ones, by number: each before the first that lies behind it, as Excel requires."""
    numbers = [number for number, _ in old]
    places = [(bisect.bisect(numbers, number), text) for number, text in new]
    edits = [(old[place][1].start, old[place][1].start, text) for place, text in places if place < len(old)]
    last = b"".join(text for place, text in places if place == len(old))
    return [*edits, appended(parent, last)] if last else edits


def _filled(cell: XmlElement, content: Content) -> Iterator[XmlEdit]:
    """The content into a cell element, the value behind the formula, since Excel requires that order; old ones go."""
    opening, tag = cell.opening, cell.tag
    kept, inside = opening["attributes"], opening.end()
    if content.stored is not None:
        # Of the attributes these are about the old value: its type, and the metadata of a rich value or error.
        kept = _without(kept, b"t", b"vm") + content.stored.type
    if content.formula == "":
        kept = _without(kept, b"cm")  # which marks a formula that spills
    if content.style is not None:
        kept = _without(kept, b"s") + _style(content)
    new = b"<" + tag.written + kept
    old = cell.child("f")
    formula, value = _formula(content, tag.prefix, old), _value(content, tag.prefix)
    if opening["empty"]:
        held = formula + value
        yield (cell.start, inside, new + (b">%s</%s>" % (held, tag.written) if held else b"/>"))
        return
    gone = [child for child in cell.children if content.stored is not None and child.name in ("v", "is")]
    if old is not None and content.formula == "":
        gone.append(old)
    emptied = content.stored is not None and not formula and not value
    if emptied and sum(element.end - element.start for element in gone) == cell.reached - inside:
        yield replaced(cell, new + b"/>")
        return
    if content.stored is not None or content.style is not None:
        yield (cell.start, inside, new + b">")
    if formula:
        yield (inside, inside, formula) if old is None else replaced(old, formula)
    if value:
        behind = inside if old is None else old.end
        yield (behind, behind, value)
    for element in gone:
        yield replaced(element, b"")


def write_values(xml: bytes, values: Mapping[str, Value], where: str) -> bytes:
    """The sheet part with each cell's stored value replaced, by address (``P5``); every other byte stays as it was.

    A blank removes the value. A cell that has no element is given one in its place, as a member of an array area may need
    it. Raises WorkbookError where the XML is damaged or in another encoding than UTF-8.
    """
    return Sheet(xml, where).edited({address: Content(stored=result(value)) for address, value in values.items()})


# --- formulas --------------------------------------------------------------------------------------------------------

_LONGEST_FORMULA = 8192  # characters, in Excel
_FORMULA = re.compile("=[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")


def write_formulas(
    xml: bytes,
    formulas: Mapping[str, str],
    where: str,
    *,
    others: Callable[[str], str | None] = lambda address: None,
    areas: Mapping[str, str] | None = None,
) -> bytes:
    """The sheet part with each cell's formula replaced or put in, by address (``P5``: ``=A1*2``); other bytes stay.

    What the cell stored goes with its old content, since it is no result of the new formula. The first cell of an array
    formula stays one, over the same area. Where the cell that defines a shared formula is given another, each cell that
    shared it is given the text that ``others`` has for it, and keeps its value; None where that is not certain.
    ``areas`` has the area (``B2:B5``) of each array formula that is entered anew, over cells of which none has a formula.

    Raises WorkbookError where the XML is damaged or in another encoding than UTF-8, where a text can be no formula, and for
    what Excel cannot do either: changing one cell of an array formula, or any of a data table.
    """
    sheet = Sheet(xml, where)
    areas = areas or {}
    contents = {
        _one_cell(address, where): Content(_formula_text(address, text, where), NOTHING, areas.get(address))
        for address, text in formulas.items()
    }
    new_areas = {area: parse_range(area, "") for area in areas.values()}
    elements = sheet.formulas()
    for element in elements:
        _refuse_parts(element, contents, where)
        for text, area in new_areas.items():
            if element.cell != area.first and area.contains(element.cell):
                raise WorkbookError(
                    f"{where}: {element.cell.a1} has a formula, over which none for {text} can be entered"
                )
    contents |= _written_out(elements, contents, others, where)
    return sheet.edited({cell.a1: content for cell, content in contents.items()})


def _one_cell(address: str, where: str) -> Cell:
    try:
        area = parse_range(address, "")
        if area.size > 1 or area.sheet:
            raise ValueError(f"'{address}' is not the address of one cell")
    except ValueError as error:
        raise WorkbookError(f"{where}: no formula can be written there: {error}") from error
    return area.first


def _formula_text(address: str, text: str, where: str) -> str:
    if not _FORMULA.fullmatch(text) or text.strip() == "=":
        raise WorkbookError(f"{where}: what is to be written into {address} is no formula: {text[:60]!r}")
    if len(text) > _LONGEST_FORMULA:
        raise WorkbookError(
            f"{where}: the formula for {address} has {len(text)} characters; Excel takes {_LONGEST_FORMULA}"
        )
    return text[1:]


def _refuse_parts(element: FormulaElement, contents: Mapping[Cell, Content], where: str) -> None:
    """An array formula is changed as a whole, by its first cell, and a data table not at all."""
    if element.kind not in ("array", "dataTable") or element.area is None:
        return
    table = element.kind == "dataTable"
    for cell in element.area.among(contents):
        if table or cell != element.cell:
            whole = "a data table" if table else f"the array formula in {element.cell.a1}"
            raise WorkbookError(f"{where}: {cell.a1} is part of {whole}, and a part cannot be changed")


def _written_out(
    elements: Iterable[FormulaElement],
    contents: Mapping[Cell, Content],
    others: Callable[[str], str | None],
    where: str,
) -> dict[Cell, Content]:
    """For each cell whose shared formula loses the cell that defines it, a formula of its own.

    The file has its text only in the cell that defines it. Writing it out everywhere needs nothing but the texts by which
    the sheet was read, where a new definition would have to be moved from cell to cell as Excel does it.
    """
    shared = [element for element in elements if element.kind == "shared"]
    lost = {element.number for element in shared if element.defines and element.cell in contents}
    written: dict[Cell, Content] = {}
    for element in shared:
        if element.number in lost and element.cell not in contents:
            address = element.cell.a1
            text = others(address)
            if text is None:
                raise WorkbookError(
                    f"{where}: {address} shares its formula with a cell that is to be given another, and what it says in "
                    f"{address} is not certain; type it there anew in Excel"
                )
            written[element.cell] = Content(_formula_text(address, text, where))
    return written


# --- the parts of a file ---------------------------------------------------------------------------------------------

_NO_RELATIONS = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>"""


class Editor:
    """A file that is being changed: its parts by name, each as it is so far; ``saved`` gives the bytes of the new file.

    A workbook may have thousands of sheets, each of which gets new parts: what is known of all parts is not found out anew.
    """

    def __init__(self, data: bytes, path: Path) -> None:
        """Raises WorkbookError where the bytes are no package that can be read."""
        self.path = path
        self._data = data
        self._changed: dict[str, bytes] = {}
        self._parts = Package(data, path)
        self._taken = {name.lower() for name in self._parts}
        self._numbers: dict[str, int] = {}
        self._last_block: int | None = None
        self._declared: dict[str, str | None] = {}

    def __getitem__(self, part: str) -> bytes:
        if part not in self._parts:
            raise WorkbookError(f"{self.path}: the part {part} is missing; save the file in Excel")
        return self._parts[part]

    def __setitem__(self, part: str, data: bytes) -> None:
        if self._parts.get(part) != data:
            self._parts[part] = self._changed[part] = data
            self._taken.add(part.lower())

    def saved(self) -> bytes:
        """The file with the parts that were changed or added; the very bytes that it was where there are none."""
        if self._declared:
            root = outline(self[TYPES], self.where(TYPES), depth=1)
            known = {
                child.attributes.get("Extension", "").lower() for child in root.children if child.name == "Default"
            }
            new = "".join(tag for tag, ending in self._declared.items() if ending not in known)
            self[TYPES] = spliced(self[TYPES], [appended(root, prefixed(new.encode(), root.tag.prefix))])
            self._declared.clear()
        return repack(self._data, self._changed) if self._changed else self._data

    @property
    def parts(self) -> Mapping[str, bytes]:
        """All parts by name, as they are so far."""
        return self._parts

    @property
    def workbook(self) -> str:
        """The part that is the workbook itself."""
        return workbook_part(self._parts)

    @property
    def strict(self) -> bool:
        """Whether it is a Strict Open XML workbook, to which parts in the plain namespaces cannot be added."""
        return STRICT.encode() in self[self.workbook]

    @property
    def sheets(self) -> dict[str, str]:
        """The part of each worksheet, by the sheet's name."""
        return sheet_parts(self._parts, self.path)

    def where(self, part: str) -> str:
        """How errors about the part begin."""
        return f"{self.path}: {part}"

    def free(self, pattern: str) -> str:
        """A name for a new part, with a number in place of ``#``; names do not differ in case alone."""
        number = self._numbers.get(pattern, 1)
        while (name := pattern.replace("#", str(number))).lower() in self._taken:
            number += 1
        self._numbers[pattern] = number
        return name

    def relate(self, part: str, kind: str, target: str) -> str:
        """Relates the part to a new one; gives the relation's id."""
        listing = relations_part(part)
        numbers = [
            int(found[1]) for old in relations(self._parts, part) if (found := re.fullmatch(r"rId(\d+)", old.id))
        ]
        name = f"rId{max(numbers, default=0) + 1}"
        place = posixpath.relpath(target, posixpath.dirname(part))
        new = f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target={_in_quotes(place)}/>'.encode()
        xml = self._parts.get(listing, _NO_RELATIONS)
        root = outline(xml, self.where(listing), depth=0)
        self[listing] = spliced(xml, [appended(root, prefixed(new, root.tag.prefix))])
        return name

    def declare(self, part: str, kind: str) -> None:
        """Makes the content type of a new part known."""
        self._declared[f'<Override PartName={_in_quotes("/" + part)} ContentType="{kind}"/>'] = None

    def declare_ending(self, ending: str, kind: str) -> None:
        """Makes the content type of all parts with this ending known, if it is not."""
        self._declared[f'<Default Extension="{ending}" ContentType="{kind}"/>'] = ending

    def free_block(self) -> int:
        """A number for a block of 1,024 comment boxes: each sheet has blocks of its own."""
        if self._last_block is None:
            taken = [
                int(number)
                for name, part in self._parts.items()
                if name.lower().endswith(".vml")
                for found in re.findall(rb"""\bdata=["']([\d, ]+)["']""", part)
                for number in found.replace(b",", b" ").split()
            ]
            self._last_block = max(taken, default=0)
        self._last_block += 1
        return self._last_block


def isolated(parts: Mapping[str, bytes], path: Path) -> dict[str, bytes]:
    """The parts without iterative calculation, and with no relation that leads out of the file.

    With iterations a circular reference comes to whatever the last one left.
    """
    new = dict(parts)
    book = workbook_part(parts)
    root = outline(parts[book], f"{path}: {book}", depth=1)
    new[book] = spliced(
        parts[book], [with_attributes(child, iterate=None) for child in root.children if child.name == "calcPr"]
    )
    for name, xml in parts.items():
        if name.endswith(".rels") and b"External" in xml:
            outside = outline(xml, f"{path}: {name}", depth=1).children
            edits = [
                with_attributes(relation, Target="nowhere")
                for relation in outside
                if relation.attributes.get("TargetMode") == "External"
            ]
            new[name] = spliced(xml, edits)
    return new


# --- formats ---------------------------------------------------------------------------------------------------------

_STYLES = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_NO_STYLES = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">\
<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>\
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>\
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>\
<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs></styleSheet>"""
_FILL = '<fill><patternFill patternType="solid"><fgColor rgb="{}"/><bgColor indexed="64"/></patternFill></fill>'


class Font(NamedTuple):
    """A font for cells of ours: ``<b/>`` for bold or ``<u/>`` for underlined, if any, its size in points and its colour."""

    marks: str
    size: int
    colour: str


class Styles:
    """The stylesheet of a file, to which formats are added; the numbers that are given out hold once it is ``written``."""

    def __init__(self, file: Editor) -> None:
        self._file = file
        self._part = related(file.parts, file.workbook, "styles") or self._new_part()
        self._where = file.where(self._part)
        self._root = outline(file[self._part], self._where, depth=3)
        self._lists = {name: self._list(name) for name in ("fonts", "fills", "cellXfs")}
        self._new: dict[str, dict[bytes, int]] = {name: {} for name in self._lists}

    def filled(self, style: int, colour: str) -> int:
        """The number of the format that is this one, with number format, font and borders as they are, on a colour."""
        formats = self._lists["cellXfs"].children
        old = formats[style] if style < len(formats) else formats[0]
        font = self._readable(int(old.attributes.get("fontId", 0)))
        kept = _without(old.opening["attributes"], b"fillId", b"applyFill", b"fontId")
        kept += b' fillId="%d" applyFill="1" fontId="%d"' % (self._fill(colour), font)
        held, tag = old.content, old.tag.written
        return self._add("cellXfs", b"<%s%s" % (tag, kept) + (b">%s</%s>" % (held, tag) if held else b"/>"))

    def text(self, font: Font, colour: str | None = None, *, wrapped: bool = True) -> int:
        """The number of a format for texts of ours: in this font, and on a colour if one is given."""
        look = f'{font.marks}<sz val="{font.size}"/><color rgb="{font.colour}"/><name val="Calibri"/><family val="2"/>'
        number = self._add("fonts", self._prefixed("fonts", f"<font>{look}</font>"))
        fill = 0 if colour is None else self._fill(colour)
        new = (
            f'<xf numFmtId="0" fontId="{number}" fillId="{fill}" borderId="0" xfId="0" applyFont="1" applyFill="1"'
            f' applyAlignment="1"><alignment horizontal="left" vertical="top" wrapText="{int(wrapped)}"/></xf>'
        )
        return self._add("cellXfs", self._prefixed("cellXfs", new))

    def write(self) -> None:
        """Puts the stylesheet with what was added into the file."""
        edits: list[XmlEdit] = []
        for name, parent in self._lists.items():
            if self._new[name]:
                count = str(len(parent.children) + len(self._new[name]))
                edits += with_attributes(parent, count=count), appended(parent, b"".join(self._new[name]))
        self._file[self._part] = spliced(self._root.xml, edits)

    def _readable(self, number: int) -> int:
        """The number of the font, or of one like it in black where it is too light for any of our colours."""
        fonts = self._lists["fonts"].children
        color = fonts[number].child("color") if number < len(fonts) else None
        if color is None or not _is_light(color.attributes):
            return number
        font = fonts[number]
        black = self._prefixed("fonts", '<color rgb="FF000000"/>')
        return self._add("fonts", font.xml[font.start : color.start] + black + font.xml[color.end : font.end])

    def _fill(self, colour: str) -> int:
        return self._add("fills", self._prefixed("fills", _FILL.format(colour)))

    def _prefixed(self, name: str, new: str) -> bytes:
        return prefixed(new.encode(), self._lists[name].tag.prefix)

    def _add(self, name: str, new: bytes) -> int:
        return len(self._lists[name].children) + self._new[name].setdefault(new, len(self._new[name]))

    def _list(self, name: str) -> XmlElement:
        child = self._root.child(name)
        if child is None or not child.children:
            raise WorkbookError(f"{self._file.path}: its stylesheet has no {name}; save the file in Excel")
        return child

    def _new_part(self) -> str:
        """A stylesheet for a workbook that has none."""
        part = self._file.free("xl/styles#.xml")
        self._file[part] = _NO_STYLES
        self._file.relate(self._file.workbook, "styles", part)
        self._file.declare(part, _STYLES)
        return part


def _is_light(color: Mapping[str, str]) -> bool:
    """Whether the color of a font, as a stylesheet has it, is white or near to it."""
    if "rgb" in color:
        red, green, blue = (int(color["rgb"][-6:][k : k + 2], 16) for k in (0, 2, 4))
        return 0.299 * red + 0.587 * green + 0.114 * blue > 160
    light = color.get("theme") in ("0", "2") or color.get("indexed") in ("1", "9")
    return light and float(color.get("tint", 0)) > -0.4


# --- comments --------------------------------------------------------------------------------------------------------

_COMMENTS = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_AUTHOR = "xlparity"
_NO_COMMENTS = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors></authors><commentList></commentList>\
</comments>"""
_SPACES = (
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel"'
)
_NO_SHAPES = f'<xml {_SPACES}><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{{}}"/></o:shapelayout></xml>'
_SHAPE_TYPE = (
    f'<v:shapetype {_SPACES} id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_SHAPE = (
    f'<v:shape {_SPACES} id="_x0000_s{{number}}" type="#_x0000_t202" style="position:absolute;width:330pt;height:{{height}}pt;'
    'z-index:1;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>'
    '<v:shadow color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor>'
    "<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_SHAPE_NUMBER = re.compile(rb"_x0000_s(\d+)")
_BEFORE = frozenset((
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr", "sheetProtection",
    "protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate", "customSheetViews", "mergeCells",
    "phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup",
    "headerFooter", "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing",
))  # fmt: skip
"""What comes before the relation to the boxes in a sheet's XML: Excel takes its elements in one order only."""
_LETTERS_A_LINE, _MOST_LINES = 62, 30
_LONGEST_COMMENT = 16_000  # Excel takes 32,767 characters, and counts those beyond the first plane twice


def write_comments(file: Editor, part: str, texts: Mapping[str, str], root: XmlElement) -> list[XmlEdit]:
    """Gives cells of the sheet in this part comments, by address; a comment that is there keeps its text, and ours follows.

    The texts are in one part and the boxes that show them in another; both are written. ``root`` is that of the sheet's
    XML, whose edits are returned: it is related to the boxes.
    """
    listing = related(file.parts, part, "comments")
    if listing is None:
        listing = file.free("xl/comments#.xml")
        file[listing] = _NO_COMMENTS
        file.relate(part, "comments", listing)
        file.declare(listing, _COMMENTS)
    file[listing], fresh = _with_texts(file[listing], texts, file.where(listing))
    if not fresh:
        return []
    boxes, edits = _boxes(file, part, root)
    file[boxes] = _with_boxes(file[boxes], {address: texts[address] for address in fresh}, file.where(boxes))
    return edits


def _with_texts(xml: bytes, texts: Mapping[str, str], where: str) -> tuple[bytes, list[str]]:
    """The comments with ours among them, and the cells that had none before."""
    root = outline(xml, where, depth=4)
    authors, comments = root.child("authors"), root.child("commentList")
    if authors is None or comments is None:
        return _with_texts(_NO_COMMENTS, texts, where)
    edits = [_appended(authors, f"<author>{_AUTHOR}</author>")]
    threads = {str(number) for number, author in enumerate(authors.children) if author.content.startswith(b"tc=")}
    left = dict(texts)
    for comment in comments.children:
        address = comment.attributes.get("ref", "").replace("$", "")
        text = left.pop(address, None)
        # A conversation's text in this part is a copy for old programs; Excel shows, and would write, another.
        if text is not None and comment.attributes.get("authorId") not in threads:
            edits += _continued(comment, text)
    number = len(authors.children)
    new = "".join(
        f'<comment ref="{address}" authorId="{number}"><text>{_runs(text)}</text></comment>'
        for address, text in left.items()
    )
    edits.append(_appended(comments, new))
    return spliced(xml, edits), list(left)


def _appended(parent: XmlElement, new: str) -> XmlEdit:
    """The edit that puts elements of ours, which are written without a prefix, behind the others in ``parent``."""
    return appended(parent, prefixed(new.encode(), parent.tag.prefix))


def _continued(comment: XmlElement, text: str) -> list[XmlEdit]:
    """The edits that put our text behind that of a comment; a text without runs becomes one, since runs must follow runs."""
    held = comment.child("text")
    if held is None:
        return [_appended(comment, f"<text>{_runs(text)}</text>")]
    edits: list[XmlEdit] = []
    for child in held.children:
        if child.name == "t":
            edits.append((child.start, child.start, prefixed(b"<r>", held.tag.prefix)))
            edits.append((child.end, child.end, prefixed(b"</r>", held.tag.prefix)))
    spoken = next((child.start for child in held.children if child.name in ("rPh", "phoneticPr")), None)
    new = _runs("\n\n" + text)
    if spoken is not None:
        return [*edits, (spoken, spoken, prefixed(new.encode(), held.tag.prefix))]
    return [*edits, _appended(held, new)]


def _runs(text: str) -> str:
    """The text in runs, below our name, before which are as many line feeds as the text begins with."""
    look = '<sz val="9"/><color indexed="81"/><rFont val="Tahoma"/><family val="2"/>'
    space = 'xml:space="preserve"'
    rest = text.lstrip("\n")
    before = text[: len(text) - len(rest)]
    if len(rest) > _LONGEST_COMMENT:
        rest = f"{rest[:_LONGEST_COMMENT]}…"
    title = f"<r><rPr><b/>{look}</rPr><t {space}>{before}{_AUTHOR}\n</t></r>"
    return f"{title}<r><rPr>{look}</rPr><t {space}>{escape(encoded(rest), quote=False)}</t></r>"


def _boxes(file: Editor, part: str, root: XmlElement) -> tuple[str, list[XmlEdit]]:
    """The part with the boxes of the sheet's comments, a new one where there is none, and the edits that name it."""
    drawing = root.child("legacyDrawing")
    if drawing is not None:
        number = drawing.attribute(RELATIONS, "id")
        found = next((relation.target for relation in relations(file.parts, part) if relation.id == number), None)
        if found is not None:
            return found, []
    boxes = file.free("xl/drawings/vmlDrawing#.vml")
    file[boxes] = _NO_SHAPES.format(file.free_block()).encode()
    file.declare_ending("vml", _VML)
    relation = file.relate(part, "vmlDrawing", boxes)
    new = prefixed(f'<legacyDrawing xmlns:r="{RELATIONS}" r:id="{relation}"/>'.encode(), root.tag.prefix)
    if drawing is not None:
        return boxes, [replaced(drawing, new)]
    before = [child for child in root.children if child.name in _BEFORE]
    if not before:
        return boxes, [(root.inside, root.inside, new)]
    return boxes, [(before[-1].end, before[-1].end, new)]


def _with_boxes(vml: bytes, texts: Mapping[str, str], where: str) -> bytes:
    """The boxes with ours behind them: hidden until the pointer is over the cell, and as high as their text."""
    end = vml.rfind(b"</")  # of the root; Excel's own VML is not always well-formed, and is not parsed
    if end < 0:
        raise WorkbookError(f"{where}: there is no place for the box of a comment; save the file in Excel")
    numbers = [int(number) for number in _SHAPE_NUMBER.findall(vml)]
    blocks = re.findall(rb"""\bdata=["'](\d+)""", vml)
    first = max([*numbers, 1024 * int(blocks[0]) if blocks else 1024]) + 1
    pieces = [] if b'"_x0000_t202"' in vml else [_SHAPE_TYPE]
    for number, (address, text) in enumerate(texts.items(), start=first):
        cell = parse_range(address, "").first
        lines = min(sum(len(line) // _LETTERS_A_LINE + 1 for line in text.split("\n")), _MOST_LINES) + 1
        # Beside the cell, and at the edge of the grid before it.
        high = lines * 4 // 5 + 1
        top, left = min(max(cell.row - 2, 0), MAX_ROW - 1 - high), min(cell.column, MAX_COLUMN - 7)
        anchor = f"{left}, 15, {top}, 10, {left + 6}, 31, {top + high}, 4"
        height = 12 * lines + 8
        pieces.append(
            _SHAPE.format(number=number, height=height, anchor=anchor, row=cell.row - 1, column=cell.column - 1)
        )
    return vml[:end] + "".join(pieces).encode() + vml[end:]


# --- sheets ----------------------------------------------------------------------------------------------------------

_WORKSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_LONGEST_TEXT = 32_767  # characters in a cell, in Excel
_SELECTED = re.compile(rb"""\btabSelected\s*=\s*["'](?:1|true)""")


class NewCell(NamedTuple):
    """A cell of a sheet that is added: what it shows, the number of its format, and the cell that it is a link to."""

    value: str | float
    style: int
    link: Cell | None = None


class NewRow(NamedTuple):
    """The cells of a row from column A on, and its height in points; None leaves that to Excel."""

    cells: Sequence[NewCell]
    height: float | None = None


def add_sheet(file: Editor, name: str, rows: Sequence[NewRow], widths: Sequence[int]) -> str:
    """Add a last sheet, on which the workbook opens; its name, with a number if it is taken."""
    book = file.workbook
    root = outline(file[book], file.where(book), depth=2)
    sheets = root.child("sheets")
    assert sheets is not None  # or the workbook could not have been read
    taken = {sheet.attributes.get("name", "").lower() for sheet in sheets.children}
    name = next(free for free in (name, *(f"{name} ({k})" for k in range(2, 10_000))) if free.lower() not in taken)
    part = file.free("xl/worksheets/sheet#.xml")
    file[part] = _new_sheet(rows, widths)
    file.declare(part, _WORKSHEET)
    relation = file.relate(book, "worksheet", part)
    number = max(int(sheet.attributes.get("sheetId", 0)) for sheet in sheets.children) + 1
    # The relation's prefix is declared here, whatever it is elsewhere in the file.
    new = f'<sheet xmlns:r="{RELATIONS}" name={_in_quotes(name)} sheetId="{number}" r:id="{relation}"/>'
    file[book] = spliced(root.xml, [_opened(root, sheets), _appended(sheets, new)])
    parts = {found.id: found.target for found in relations(file.parts, book)}
    for sheet in sheets.children:
        _deselect(file, parts.get(sheet.attribute(RELATIONS, "id") or ""))
    return name


def _opened(root: XmlElement, sheets: XmlElement) -> XmlEdit:
    """The edit that makes the workbook open on the sheet after these."""
    last = str(len(sheets.children))
    views = root.child("bookViews")
    if views is not None and views.children:
        return with_attributes(views.children[0], activeTab=last)
    new = f'<bookViews><workbookView activeTab="{last}"/></bookViews>'.encode()
    return (sheets.start, sheets.start, prefixed(new, root.tag.prefix))


def _deselect(file: Editor, part: str | None) -> None:
    """Selects the sheet no longer: of two that are selected, Excel makes a group, and what is typed into one is in both."""
    if part is None or not _SELECTED.search(file[part]):
        return
    views = outline(file[part], file.where(part), depth=2).child("sheetViews")
    selected = [view for view in views.children if "tabSelected" in view.attributes] if views is not None else []
    file[part] = spliced(file[part], [with_attributes(view, tabSelected="0") for view in selected])


def _new_sheet(rows: Sequence[NewRow], widths: Sequence[int]) -> bytes:
    lines: list[bytes] = []
    links: list[str] = []
    for number, row in enumerate(rows, start=1):
        cells: list[bytes] = []
        for column, cell in enumerate(row.cells, start=1):
            address = f"{column_letters(column)}{number}"
            shown = cell.value[:_LONGEST_TEXT] or BLANK if isinstance(cell.value, str) else cell.value
            cells.append(new_cell(address, Content(stored=constant(shown), style=cell.style)))
            if cell.link is not None:
                place = _in_quotes(f"{quoted(cell.link.sheet)}!{cell.link.a1}")
                links.append(f'<hyperlink ref="{address}" location={place} display={_in_quotes(str(cell.link))}/>')
        high = "" if row.height is None else f' ht="{row.height:g}" customHeight="1"'
        lines.append(b'<row r="%d"%s>%s</row>' % (number, high.encode(), b"".join(cells)))
    columns = "".join(
        f'<col min="{k}" max="{k}" width="{width}" customWidth="1"/>' for k, width in enumerate(widths, start=1)
    )
    head = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<worksheet xmlns="{MAIN}">'
        '<sheetPr><tabColor rgb="FFC00000"/><pageSetUpPr fitToPage="1"/></sheetPr>'
        '<sheetViews><sheetView showGridLines="0" tabSelected="1" workbookViewId="0"/></sheetViews>'
        f"<cols>{columns}</cols><sheetData>"
    )
    tail = (
        "</sheetData>"
        + (f"<hyperlinks>{''.join(links)}</hyperlinks>" if links else "")
        + '<pageSetup orientation="landscape" fitToHeight="0"/></worksheet>'
    )
    return head.encode() + b"".join(lines) + tail.encode()
