"""Stored values written into sheet XML, and the package closed around it: every other byte stays as it was."""

import io
import re
import zipfile
from collections.abc import Mapping
from xml.parsers import expat
from xml.sax.saxutils import escape

from xlparity.address import Range, parse_range
from xlparity.errors import WorkbookError
from xlparity.values import BLANK, ErrorValue, Value

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip entry can bear
_TYPE = re.compile(rb"""\st=(?:"[^"]*"|'[^']*')""")
_UTF8 = re.compile(
    rb"""(?:\xef\xbb\xbf)?\s*(?:<\?xml(?:(?!encoding)[^>])*(?:encoding=["']utf-8["'][^>]*)?\?>)?\s*<[\w:!]""", re.I
)
_FORMULA = re.compile(rb"""<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>.*?</(?:\w+:)?f\s*>)""", re.DOTALL)
_NO_XML = re.compile("[\x00-\x08\x0b-\x1f]|_x[0-9A-Fa-f]{4}_")


def write_values(xml: bytes, values: Mapping[str, Value], where: str) -> bytes:
    """The sheet part with each cell's stored value replaced, by address (``P5``); every other byte stays as it was.

    A blank removes the value. A cell that has no element is given one in its place, as a member of an array area may need
    it. Raises WorkbookError where the XML is damaged or in another encoding than UTF-8.
    """
    if not _UTF8.match(xml):
        raise WorkbookError(f"{where}: the sheet's XML is not in UTF-8; save the file in Excel")
    patch = _Patch(xml, values)
    try:
        patch.parse()
    except expat.ExpatError as error:
        raise WorkbookError(f"{where}: the sheet's XML is damaged ({error})") from error
    if patch.left:
        lost = ", ".join(list(patch.left)[:5])
        raise WorkbookError(f"{where}: no place for {lost} in the sheet's XML; save the file in Excel")
    return patch.result()


class _Patch:
    """The edits of one walk through the XML, each the bytes between two places replaced by others."""

    def __init__(self, xml: bytes, values: Mapping[str, Value]) -> None:
        self.xml = xml
        self.left = dict(values)
        self._edits: list[tuple[int, int, bytes]] = []

    def result(self) -> bytes:
        pieces: list[bytes] = []
        position = 0
        for start, end, new in sorted(self._edits, key=lambda edit: edit[:2]):
            pieces += self.xml[position:start], new
            position = end
        return b"".join([*pieces, self.xml[position:]])

    def parse(self) -> None:
        parser = expat.ParserCreate()
        opened: dict[str, int] = {}
        cell = ""

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal cell
            kind = tag.rpartition(":")[2]
            if kind == "c":
                cell = attributes.get("r", "")
            if kind in ("c", "v", "is"):
                opened[kind] = parser.CurrentByteIndex

        def end(tag: str) -> None:
            kind = tag.rpartition(":")[2]
            if kind == "c" and cell in self.left:
                behind = self._behind(tag, parser.CurrentByteIndex)
                new = self._cell(tag, self.xml[opened["c"] : behind], self.left.pop(cell))
                self._edits.append((opened["c"], behind, new))

        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.Parse(self.xml, True)
        for address in [address for address, value in self.left.items() if value is BLANK]:
            del self.left[address]
        if self.left:
            self._insert()

    def _behind(self, tag: str, at: int) -> int:
        # expat stands behind an empty element, but before the end tag of a full one.
        return self.xml.index(b">", at) + 1 if self.xml.startswith(b"</" + tag.encode(), at) else at

    def _cell(self, tag: str, element: bytes, value: Value) -> bytes:
        prefix = tag.encode()[:-1]
        inside = element.index(b">") + 1
        opening = element[:inside].removesuffix(b"/>").removesuffix(b">")
        body = b"" if element.endswith(b"/>") and inside == len(element) else element[inside : element.rindex(b"</")]
        body = re.sub(
            rb"<" + prefix + rb"(v|is)(?:\s[^>]*)?(?:/>|(?<!/)>.*?</" + prefix + rb"\1\s*>)", b"", body, flags=re.DOTALL
        )
        found = _FORMULA.match(body)
        formula, rest = (body[: found.end()], body[found.end() :]) if found else (b"", body)
        kind, held = _stored(value, prefix)
        body = formula + held + rest
        opening = _TYPE.sub(b"", opening) + kind
        return opening + b">" + body + b"</" + tag.encode() + b">" if body else opening + b"/>"

    def _insert(self) -> None:
        """Elements for the cells that have none, each before the first one that lies behind it."""
        places = [(area.row, area.column) for area in map(_place, self.left)]
        waiting = [(at, address) for at, address in sorted(zip(places, self.left, strict=True))]
        row = 0
        opened = 0

        def upto(limit: tuple[int, int], prefix: bytes) -> bytes:
            new = b""
            while waiting and waiting[0][0] < limit:
                address = waiting.pop(0)[1]
                kind, held = _stored(self.left.pop(address), prefix)
                new += b'<%sc r="%s"%s>%s</%sc>' % (prefix, address.encode(), kind, held, prefix)
            return new

        def rows(limit: int, prefix: bytes) -> bytes:
            new = b""
            while waiting and waiting[0][0][0] < limit:
                number = waiting[0][0][0]
                new += b'<%srow r="%d">%s</%srow>' % (prefix, number, upto((number + 1, 0), prefix), prefix)
            return new

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal row, opened
            prefix, kind = tag.encode()[: -len(tag.rpartition(":")[2])], tag.rpartition(":")[2]
            at = parser.CurrentByteIndex
            if kind == "row":
                row = int(attributes.get("r", row + 1))
                self._put(at, at, rows(row, prefix))
            if kind == "c" and waiting and waiting[0][0][0] == row:
                area = _place(attributes.get("r", "A1"))
                self._put(at, at, upto((row, area.column), prefix))
            if kind in ("row", "sheetData"):
                opened = at

        def end(tag: str) -> None:
            prefix, kind = tag.encode()[: -len(tag.rpartition(":")[2])], tag.rpartition(":")[2]
            if kind == "row":
                self._fill(tag, opened, parser.CurrentByteIndex, upto((row + 1, 0), prefix))
            elif kind == "sheetData":
                self._fill(tag, opened, parser.CurrentByteIndex, rows(1 << 30, prefix))

        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.Parse(self.xml, True)

    def _fill(self, tag: str, opened: int, at: int, new: bytes) -> None:
        """Puts the new elements before the element's end tag, which an empty element is given."""
        if self.xml.startswith(b"</" + tag.encode(), at):
            self._put(at, at, new)
        elif new:
            empty = self.xml[opened:at].rindex(b"/>")
            self._put(opened + empty, opened + empty + 2, b">" + new + b"</" + tag.encode() + b">")

    def _put(self, start: int, end: int, new: bytes) -> None:
        if new:
            self._edits.append((start, end, new))


def _place(address: str) -> Range:
    return parse_range(address, "")


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
