"""Stored values written into sheet XML, and the package closed around it: every other byte stays as it was."""

import io
import re
import zipfile
from collections import deque
from collections.abc import Mapping
from xml.parsers import expat
from xml.sax.saxutils import escape

from xlparity.address import MAX_ROW, column_letters, parse_range
from xlparity.errors import WorkbookError
from xlparity.values import BLANK, ErrorValue, Value

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip entry can bear
_ENCODING = re.compile(rb"""<\?xml[^>]*\sencoding=["'](?!utf-8["']|us-ascii["'])""", re.IGNORECASE)
_OPENING = re.compile(rb"""<[^\s/>]+(?P<attributes>(?:\s+[^\s=>]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(?P<empty>/?)>""")
# Of the attributes of a cell these tell about its old value: the type, and the metadata of a rich value or error.
_OF_THE_VALUE = re.compile(rb"""\s+(?:t|vm)\s*=\s*(?:"[^"]*"|'[^']*')(?=\s|$)""")
_ATTRIBUTE = re.compile(rb"""\s+[^\s=>]+\s*=\s*(?:"[^"]*"|'[^']*')""")
_NO_XML = re.compile("[\x00-\x08\x0b-\x1f]|_x[0-9A-Fa-f]{4}_")


def write_values(xml: bytes, values: Mapping[str, Value], where: str) -> bytes:
    """The sheet part with each cell's stored value replaced, by address (``P5``); every other byte stays as it was.

    A blank removes the value. A cell that has no element is given one in its place, as a member of an array area may need
    it. Raises WorkbookError where the XML is damaged or in another encoding than UTF-8.
    """
    if b"\0" in xml[:4] or xml[:2] in (b"\xff\xfe", b"\xfe\xff") or _ENCODING.match(xml):
        raise WorkbookError(f"{where}: the sheet's XML is not in UTF-8; save the file in Excel")
    try:
        patch = _Patch(xml, values)
    except expat.ExpatError as error:
        raise WorkbookError(f"{where}: the sheet's XML is damaged ({error})") from error
    except ValueError as error:
        raise WorkbookError(f"{where}: a cell that cannot be: {error}; save the file in Excel") from error
    if patch.left:
        lost = ", ".join(list(patch.left)[:5])
        raise WorkbookError(f"{where}: no place for {lost} in the sheet's XML; save the file in Excel")
    return patch.result()


class _Patch:
    """The edits of two walks through the XML, each the bytes between two places replaced by others."""

    def __init__(self, xml: bytes, values: Mapping[str, Value]) -> None:
        self.xml = xml
        self.left = dict(values)
        self._edits: list[tuple[int, int, bytes]] = []
        self._replace()
        self.left = {address: value for address, value in self.left.items() if value is not BLANK}
        if self.left:
            self._insert()

    def result(self) -> bytes:
        pieces: list[bytes] = []
        position = 0
        for start, end, new in sorted(self._edits, key=lambda edit: edit[:2]):
            pieces += self.xml[position:start], new
            position = end
        return b"".join([*pieces, self.xml[position:]])

    def _replace(self) -> None:
        """New values into the cell elements that there are."""
        places = _Places()
        path: list[str] = []
        opened: list[int] = []
        address, behind_formula = "", 0
        old: list[tuple[int, int]] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal address, behind_formula
            kind = tag.rpartition(":")[2]
            path.append(kind)
            opened.append(parser.CurrentByteIndex)
            if kind == "row":
                places.row(attributes)
            elif kind == "c":
                address, behind_formula = places.cell(attributes), 0
                old.clear()

        def end(tag: str) -> None:
            nonlocal behind_formula
            kind, begun, at = path.pop(), opened.pop(), parser.CurrentByteIndex
            within = path[-1] if path else ""
            if within == "c" and address in self.left:
                if kind in ("v", "is"):
                    old.append((begun, self._behind(tag, at)))
                elif kind == "f":
                    behind_formula = self._behind(tag, at)
            elif kind == "c" and within == "row" and address in self.left:
                self._fill(tag, (begun, at), behind_formula, old, self.left.pop(address))

        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.Parse(self.xml, True)

    def _fill(
        self, tag: str, within: tuple[int, int], behind_formula: int, old: list[tuple[int, int]], value: Value
    ) -> None:
        """The value into a cell element, behind its formula, since Excel minds the order; the old value goes."""
        begun, closing = within
        opening = _OPENING.match(self.xml, begun)
        assert opening is not None  # the parser has read it
        inside, name = opening.end(), tag.encode()
        kind, held = _stored(value, name[:-1])
        kept = b"".join(a for a in _ATTRIBUTE.findall(opening["attributes"]) if not _OF_THE_VALUE.fullmatch(a))
        new = b"<" + name + kept + kind
        if opening["empty"]:
            self._put(begun, inside, new + (b">" + held + b"</" + name + b">" if held else b"/>"))
        elif not held and sum(end - start for start, end in old) == closing - inside:
            self._put(begun, self._behind(tag, closing), new + b"/>")
        else:
            self._put(begun, inside, new + b">")
            self._put(behind_formula or inside, behind_formula or inside, held)
            self._edits += [(start, end, b"") for start, end in old]

    def _behind(self, tag: str, at: int) -> int:
        # expat stands behind an empty element, but before the end tag of a full one.
        return self.xml.index(b">", at) + 1 if self.xml.startswith(b"</" + tag.encode(), at) else at

    def _insert(self) -> None:
        """Elements for the cells that have none, each before the first one that lies behind it."""
        waiting = deque(sorted(((area.row, area.column), a) for a in self.left for area in (parse_range(a, ""),)))
        places = _Places()
        opened: dict[str, int] = {}

        def upto(limit: tuple[int, int], prefix: bytes) -> bytes:
            new: list[bytes] = []
            while waiting and waiting[0][0] < limit:
                address = waiting.popleft()[1]
                kind, held = _stored(self.left.pop(address), prefix)
                new.append(b'<%sc r="%s"%s>%s</%sc>' % (prefix, address.encode(), kind, held, prefix))
            return b"".join(new)

        def rows(limit: int, prefix: bytes) -> bytes:
            new: list[bytes] = []
            while waiting and waiting[0][0][0] < limit:
                number = waiting[0][0][0]
                new.append(b'<%srow r="%d">%s</%srow>' % (prefix, number, upto((number + 1, 0), prefix), prefix))
            return b"".join(new)

        def start(tag: str, attributes: dict[str, str]) -> None:
            head, _, kind = tag.rpartition(":")
            prefix, at = (head + ":").encode() if head else b"", parser.CurrentByteIndex
            if kind == "row":
                places.row(attributes)
                self._put(at, at, rows(places.at[0], prefix))
            elif kind == "c":
                places.cell(attributes)
                if waiting and waiting[0][0][0] == places.at[0]:
                    self._put(at, at, upto(places.at, prefix))
            opened[kind] = at

        def end(tag: str) -> None:
            head, _, kind = tag.rpartition(":")
            prefix = (head + ":").encode() if head else b""
            if kind == "row":
                self._add(tag, opened[kind], parser.CurrentByteIndex, upto((places.at[0] + 1, 0), prefix))
            elif kind == "sheetData":
                self._add(tag, opened[kind], parser.CurrentByteIndex, rows(MAX_ROW + 1, prefix))

        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.Parse(self.xml, True)

    def _add(self, tag: str, opened: int, at: int, new: bytes) -> None:
        """Puts the new elements before the element's end tag, which an empty element is given."""
        if self.xml.startswith(b"</" + tag.encode(), at):
            self._put(at, at, new)
        elif new:
            empty = self.xml[opened:at].rindex(b"/>")
            self._put(opened + empty, opened + empty + 2, b">" + new + b"</" + tag.encode() + b">")

    def _put(self, start: int, end: int, new: bytes) -> None:
        if new:
            self._edits.append((start, end, new))


class _Places:
    """Where a walk through the rows and cells has come to; either may leave its place to be counted on."""

    def __init__(self) -> None:
        self.at = (0, 0)

    def row(self, attributes: Mapping[str, str]) -> None:
        """At the beginning of a row."""
        self.at = int(attributes.get("r", self.at[0] + 1)), 0

    def cell(self, attributes: Mapping[str, str]) -> str:
        """At the beginning of a cell: its address."""
        if "r" in attributes:
            area = parse_range(attributes["r"], "")
            self.at = area.row, area.column
        else:
            self.at = self.at[0], self.at[1] + 1
        return f"{column_letters(self.at[1])}{self.at[0]}"


def _stored(value: Value, prefix: bytes) -> tuple[bytes, bytes]:
    """The type attribute and the element of a value."""
    if value is BLANK:
        return b"", b""
    kind, text = b' t="str"', str(value)
    if isinstance(value, bool):
        kind, text = b' t="b"', str(int(value))
    elif isinstance(value, float):
        kind, text = b"", repr(value)
    elif isinstance(value, ErrorValue):
        kind = b' t="e"'
    else:
        text = _NO_XML.sub(lambda found: "".join(f"_x{ord(c):04X}_" for c in found[0][:1]) + found[0][1:], text)
    space = b' xml:space="preserve"' if text != text.strip() else b""
    return kind, b"<%sv%s>%s</%sv>" % (prefix, space, escape(text).encode(), prefix)


def repack(data: bytes, changed: Mapping[str, bytes]) -> bytes:
    """The package with these parts exchanged; the others, their order, times and attributes are as they were."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        new.comment = old.comment
        for entry in old.infolist():
            new.writestr(entry, changed.get(entry.filename, old.read(entry)))
    return buffer.getvalue()


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
