"""The XML of a sheet part, in which cell elements can be replaced, emptied and put in; all else stays as it is."""

import bisect
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape

from xlparity.address import Cell, column_number
from xlparity.errors import WorkbookError
from xlparity.patch.sheet import new_parser, tag_of

_EMPTY = re.compile(rb"<((?:\w+:)?(?:row|sheetData))(\s[^>]*)?/>")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]|_(?=x[0-9A-Fa-f]{4}_)")


class Content(NamedTuple):
    """What a cell element is to hold: its type as an attribute, and what stands inside it."""

    type: bytes
    inside: bytes


class _Element(NamedTuple):
    """A cell element: where it stands, its attributes that matter, its formula, and the shared formula it is of, if any."""

    start: int
    end: int
    style: bytes
    formula: bytes
    shared: str
    defines: bool
    empty: bool


class _Row(NamedTuple):
    """A row element: its number, where it starts and where its end tag does, and the addresses and places of its cells."""

    number: int
    start: int
    close: int
    cells: list[tuple[str, int]]


def _kept(attributes: Mapping[str, str]) -> Iterator[tuple[bytes, str]]:
    """The attributes of a cell element that a copy keeps: its style, and whether its formula is a dynamic array."""
    for key, name in (("s", b"s"), ("cm", b"cm")):
        value = attributes.get(key)
        if value is not None and value.isdigit():
            yield name, value


class Sheet:
    """The XML of a sheet part, and where in it each cell element stands."""

    def __init__(self, xml: bytes, where: str) -> None:
        if b"\0" in xml[:64]:
            raise WorkbookError(f"{where}: the sheet's XML is not in UTF-8; save the file in Excel")
        self._xml = xml = _EMPTY.sub(rb"<\1\2></\1>", xml)  # so that there is room for a new cell or row
        self.elements: dict[str, _Element] = {}
        self.groups: dict[str, list[str]] = defaultdict(list)
        self._rows: list[_Row] = []
        self._edits: dict[str, bytes] = {}
        self._prefix = b""
        self._close = 0
        self._find(where)

    def _find(self, where: str) -> None:
        xml, parser = self._xml, new_parser()
        starts: dict[str, int] = {}
        held: dict[str, str] = {}
        style = formula = b""
        shared, defines, empty, last = "", False, True, 0

        def start(found: str, attributes: dict[str, str]) -> None:
            nonlocal held, style, formula, shared, defines, empty
            tag = tag_of(found)
            name = tag.kind
            empty = empty and name not in ("f", "v", "is")
            if name not in ("sheetData", "row", "c", "f"):
                return
            starts[name] = parser.CurrentByteIndex
            if name == "sheetData":
                self._prefix = tag.prefix.encode()
            elif name == "row":
                self._rows.append(_Row(int(attributes.get("r", last + 1)), starts["row"], 0, []))
            elif name == "c":
                held = attributes
                style = b"".join([b' %b="%b"' % (key, value.encode()) for key, value in _kept(attributes)])
                formula, shared, defines, empty = b"", "", False, True
            elif attributes.get("t") == "shared":
                shared, defines = attributes.get("si", ""), "ref" in attributes

        def end(found: str) -> None:
            nonlocal formula, last
            tag = tag_of(found)
            name = tag.kind
            if name not in ("sheetData", "row", "c", "f"):
                return
            close = parser.CurrentByteIndex
            behind = self._behind(tag.written, close)
            if name == "f":
                formula = xml[starts["f"] : behind]
            elif name == "c":
                address = held["r"]
                self.elements[address] = _Element(starts["c"], behind, style, formula, shared, defines, empty)
                if shared:
                    self.groups[shared].append(address)
                if self._rows:
                    self._rows[-1].cells.append((address, starts["c"]))
            elif name == "row":
                self._rows[-1] = self._rows[-1]._replace(close=close)
                last = self._rows[-1].number
            else:
                self._close = close

        parser.StartElementHandler, parser.EndElementHandler = start, end
        try:
            parser.Parse(xml, True)
        except (expat.ExpatError, ValueError, KeyError) as error:
            raise WorkbookError(
                f"{where}: the sheet's XML is damaged ({error}); let Excel repair it and save it"
            ) from error

    def _behind(self, tag: str, at: int) -> int:
        # expat stands behind an empty element, but before the end tag of a full one.
        return self._xml.index(b">", at) + 1 if self._xml.startswith(b"</" + tag.encode(), at) else at

    def strip(self, results: Iterable[str], stand_in: Content) -> None:
        """Puts the stand-in in place of the stored value of every formula; the cells at these addresses lose theirs.

        A cell that holds nothing loses its type as well, which IronCalc would take for a number's.
        """
        for address in results:
            if address in self.elements:
                self._edits[address] = self._element(address, b"", b"")
        for address, element in self.elements.items():
            if element.formula:
                self._edits[address] = self._element(address, stand_in.type, element.formula + stand_in.inside)
            elif element.empty:
                self._edits[address] = self._element(address, b"", b"")

    def keep(self, contents: Mapping[str, Content]) -> None:
        """Gives these contents to every copy."""
        for address, content in contents.items():
            if address in self.elements:
                self._edits[address] = self._element(address, content.type, content.inside)

    def _element(self, address: str, kind: bytes, inside: bytes) -> bytes:
        element = self.elements.get(address)
        tag = self._prefix + b"c"
        if self._prefix:
            inside = re.sub(rb"<(/?)(?!/|\w+:)", rb"<\1" + self._prefix, inside)
        style = element.style if element else b""
        return b'<%b r="%b"%b%b>%b</%b>' % (tag, address.encode(), style, kind, inside, tag)

    def written(self, contents: Mapping[str, Content]) -> bytes:
        """The part with these contents and without stored values; cells and rows that are not there yet are put in."""
        edits = dict(self._edits)
        new: dict[int, list[tuple[int, bytes]]] = defaultdict(list)
        for address, content in contents.items():
            text = self._element(address, content.type, content.inside)
            if address in self.elements:
                edits[address] = text
            elif content.inside:
                at = to_cell("", address)
                new[at.row].append((at.column, text))
        changes = [(self.elements[address].start, self.elements[address].end, text) for address, text in edits.items()]
        for number, cells in sorted(new.items()):
            changes += [(place, place, text) for place, text in self._inserted(number, sorted(cells))]
        changes.sort(key=lambda change: change[:2])
        pieces: list[bytes] = []
        position = 0
        for begin, behind, text in changes:
            pieces += self._xml[position:begin], text
            position = behind
        return b"".join([*pieces, self._xml[position:]])

    def _inserted(self, number: int, cells: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """Where in the part these new cells of a row go."""
        place = bisect.bisect_left(self._rows, number, key=lambda row: row.number)
        row = self._rows[place] if place < len(self._rows) else None
        if row is not None and row.number == number:
            return [
                (next((start for other, start in row.cells if to_cell("", other).column > column), row.close), text)
                for column, text in cells
            ]
        text = b'<%brow r="%d">%b</%brow>' % (self._prefix, number, b"".join(text for _, text in cells), self._prefix)
        return [(self._close if row is None else row.start, text)]


def to_cell(sheet: str, address: str) -> Cell:
    """The cell at an address as a cell element bears it, which ``parse_range`` would take longer for."""
    letters = address.rstrip("0123456789")
    return Cell(sheet, int(address[len(letters) :]), column_number(letters))


def escaped(text: str) -> bytes:
    """The text as XML holds it, in ASCII."""
    # What XML cannot hold, Excel writes as a code; what looks like such a code has its underscore written as one.
    coded = _CONTROL.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
    return escape(coded).encode("ascii", "xmlcharrefreplace")
