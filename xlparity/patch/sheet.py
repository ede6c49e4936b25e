"""The XML of a sheet with some cells filled anew: what is not replaced stays as it was, byte for byte."""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape

from xlparity.address import MAX_ROW, column_letters, parse_range
from xlparity.errors import WorkbookError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_ENCODING = re.compile(rb"""<\?xml[^>]*\sencoding=["'](?!utf-8["']|us-ascii["'])""", re.IGNORECASE)
OPENING = re.compile(rb"""<[^\s/>]+(?P<attributes>(?:\s+[^\s=>]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(?P<empty>/?)>""")
_ATTRIBUTE = re.compile(rb"""\s+(?P<name>[^\s=>]+)\s*=\s*(?:"[^"]*"|'[^']*')""")
_SHARED = re.compile(rb"""\st\s*=\s*["']shared["']""")


class Stored(NamedTuple):
    """A stored value as a cell element has it: its type attribute and its text, which is None where nothing is stored."""

    kind: bytes
    text: str | None


NOTHING = Stored(b"", None)


class Content(NamedTuple):
    """What a cell is to hold; None leaves its formula (here without its ``=``), or its stored value, as it was.

    ``area`` is that of an array formula (``B2:B5``) which is entered anew; an old one keeps its own. ``style`` is the number
    of the format that the cell is to be shown in, None where it keeps its own.
    """

    formula: str | None = None
    stored: Stored | None = None
    area: str | None = None
    style: int | None = None


def patched(xml: bytes, contents: Mapping[str, Content], where: str) -> bytes:
    """The sheet part with these cells filled, by address (``P5``); one that has no element is given one in its place.

    Raises WorkbookError where the XML is damaged or in another encoding than UTF-8.
    """
    with readable(xml, where):
        patch = _Patch(xml, contents)
    if patch.left:
        lost = ", ".join(list(patch.left)[:5])
        raise WorkbookError(f"{where}: no place for {lost} in the sheet's XML; save the file in Excel")
    return patch.result()


@contextmanager
def readable(xml: bytes, where: str, part: str = "the sheet's XML") -> Iterator[None]:
    """Raises WorkbookError for XML in another encoding than UTF-8, and for what a walk through the XML stumbles on."""
    if b"\0" in xml[:4] or xml[:2] in (b"\xff\xfe", b"\xfe\xff") or _ENCODING.match(xml):
        raise WorkbookError(f"{where}: {part} is not in UTF-8; save the file in Excel")
    try:
        yield
    except expat.ExpatError as error:
        raise WorkbookError(f"{where}: {part} is damaged ({error})") from error
    except ValueError as error:
        raise WorkbookError(f"{where}: {part} has what it cannot have: {error}; save the file in Excel") from error


def new_parser() -> expat.XMLParserType:
    """A parser that refuses a document type, as Excel does: cells could stand in its entities, at no place in the XML."""

    def refuse(*_: object) -> None:
        raise ValueError("it has a document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.namespace_prefixes = True
    parser.StartDoctypeDeclHandler = refuse
    return parser


class Tag(NamedTuple):
    """An element's tag as it is written, its prefix with the colon, its namespace, and its name without either.

    ``kind`` is the name where it is one of the sheet's own, else nothing: the anchor of a button has an xdr:row and an
    xdr:col, which are neither a row nor a column.
    """

    written: str
    prefix: str
    space: str
    name: str
    kind: str


@lru_cache(1024)
def tag_of(found: str) -> Tag:
    """The tag, from what the parser says of it: namespace, name and prefix, of which the name alone is always there."""
    space, name, prefix, *_ = [*found.split(" "), ""] if " " in found else ["", found, ""]
    head = f"{prefix}:" if prefix else ""
    return Tag(head + name, head, space, name, name if space == MAIN else "")


class _Patch:
    """The edits of two walks through the XML, each the bytes between two places replaced by others."""

    def __init__(self, xml: bytes, contents: Mapping[str, Content]) -> None:
        self.xml = xml
        self.left = dict(contents)
        self._edits: list[tuple[int, int, bytes]] = []
        self._replace()
        self.left = {address: content for address, content in self.left.items() if _needs_element(content)}
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
        """New contents into the cell elements that there are."""
        places = Places()
        path: list[str] = []
        opened: list[int] = []
        address = ""
        formula: tuple[int, int] | None = None
        old: list[tuple[int, int]] = []

        def start(found: str, attributes: dict[str, str]) -> None:
            nonlocal address, formula
            kind = tag_of(found).kind
            path.append(kind)
            opened.append(parser.CurrentByteIndex)
            if kind == "row":
                places.row(attributes)
            elif kind == "c":
                address, formula = places.cell(attributes), None
                old.clear()

        def end(found: str) -> None:
            nonlocal formula
            tag = tag_of(found)
            kind, begun, at = path.pop(), opened.pop(), parser.CurrentByteIndex
            within = path[-1] if path else ""
            if within == "c" and address in self.left:
                if kind in ("v", "is"):
                    old.append((begun, self._behind(tag, at)))
                elif kind == "f":
                    formula = begun, self._behind(tag, at)
            elif kind == "c" and within == "row" and address in self.left:
                self._fill(tag, (begun, at), formula, old, self.left.pop(address))

        parser = new_parser()
        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.Parse(self.xml, True)

    def _fill(
        self,
        tag: Tag,
        within: tuple[int, int],
        formula: tuple[int, int] | None,
        old: list[tuple[int, int]],
        content: Content,
    ) -> None:
        """The content into a cell element, the value behind the formula, since Excel minds the order; old ones go."""
        begun, closing = within
        opening = OPENING.match(self.xml, begun)
        assert opening is not None  # the parser has read it
        inside, name, prefix = opening.end(), tag.written.encode(), tag.prefix.encode()
        kept = opening["attributes"]
        if content.stored is not None:
            # Of the attributes these tell about the old value: its type, and the metadata of a rich value or error.
            kept = without(kept, b"t", b"vm") + content.stored.kind
        kept = without(kept, b"s") + _style(content) if content.style is not None else kept
        new = b"<" + name + kept
        place = formula or (inside, inside)
        written, held = _formula(content, prefix, self.xml[slice(*place)]), _value(content, prefix)
        if opening["empty"]:
            both = written + held
            self._put(begun, inside, new + (b">" + both + b"</" + name + b">" if both else b"/>"))
            return
        emptied = content.stored is not None and sum(end - start for start, end in old) == closing - inside
        if emptied and not written and not held:
            self._put(begun, self._behind(tag, closing), new + b"/>")
            return
        self._put(*place, written)
        if content.stored is not None or content.style is not None:
            self._put(begun, inside, new + b">")
        if content.stored is not None:
            self._put(place[1], place[1], held)
            self._edits += [(start, end, b"") for start, end in old]

    def _behind(self, tag: Tag, at: int) -> int:
        # expat stands behind an empty element, but before the end tag of a full one.
        return self.xml.index(b">", at) + 1 if self.xml.startswith(b"</" + tag.written.encode(), at) else at

    def _insert(self) -> None:
        """Elements for the cells that have none, each before the first one that lies behind it."""
        waiting = deque(sorted(((area.row, area.column), a) for a in self.left for area in (parse_range(a, ""),)))
        places = Places()
        opened: dict[str, int] = {}

        def upto(limit: tuple[int, int], prefix: bytes) -> bytes:
            new: list[bytes] = []
            while waiting and waiting[0][0] < limit:
                address = waiting.popleft()[1]
                content = self.left.pop(address)
                kind = _style(content) + (content.stored.kind if content.stored else b"")
                held = _elements(content, prefix)
                new.append(b'<%sc r="%s"%s>%s</%sc>' % (prefix, address.encode(), kind, held, prefix))
            return b"".join(new)

        def rows(limit: int, prefix: bytes) -> bytes:
            new: list[bytes] = []
            while waiting and waiting[0][0][0] < limit:
                number = waiting[0][0][0]
                new.append(b'<%srow r="%d">%s</%srow>' % (prefix, number, upto((number + 1, 0), prefix), prefix))
            return b"".join(new)

        def start(found: str, attributes: dict[str, str]) -> None:
            tag = tag_of(found)
            kind, prefix, at = tag.kind, tag.prefix.encode(), parser.CurrentByteIndex
            if kind == "row":
                places.row(attributes)
                self._put(at, at, rows(places.at[0], prefix))
            elif kind == "c":
                places.cell(attributes)
                if waiting and waiting[0][0][0] == places.at[0]:
                    self._put(at, at, upto(places.at, prefix))
            opened[kind] = at

        def end(found: str) -> None:
            tag = tag_of(found)
            kind, prefix = tag.kind, tag.prefix.encode()
            if kind == "row":
                self._add(tag, opened[kind], parser.CurrentByteIndex, upto((places.at[0] + 1, 0), prefix))
            elif kind == "sheetData":
                self._add(tag, opened[kind], parser.CurrentByteIndex, rows(MAX_ROW + 1, prefix))

        parser = new_parser()
        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.Parse(self.xml, True)

    def _add(self, tag: Tag, opened: int, at: int, new: bytes) -> None:
        """Puts the new elements before the element's end tag, which an empty element is given."""
        if self.xml.startswith(b"</" + tag.written.encode(), at):
            self._put(at, at, new)
        elif new:
            empty = self.xml[opened:at].rindex(b"/>")
            self._put(opened + empty, opened + empty + 2, b">" + new + b"</" + tag.written.encode() + b">")

    def _put(self, start: int, end: int, new: bytes) -> None:
        if new:
            self._edits.append((start, end, new))


class Places:
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


def _needs_element(content: Content) -> bool:
    """Whether a cell that has no element needs one to hold this."""
    return content.style is not None or _elements(content, b"") != b""


def _style(content: Content) -> bytes:
    return b"" if content.style is None else b' s="%d"' % content.style


def _elements(content: Content, prefix: bytes) -> bytes:
    """What stands in a new cell element."""
    return _formula(content, prefix, b"") + _value(content, prefix)


def _formula(content: Content, prefix: bytes, old: bytes) -> bytes:
    """The formula's element in place of an old one, if there was one: an array formula stays one, a shared one does not."""
    if content.formula is None:
        return b""
    opening = OPENING.match(old)
    kept = without(opening["attributes"], b"xml:space") if opening else b""
    if _SHARED.search(kept) or content.area is not None:
        kept = without(kept, b"t", b"ref", b"si")
    if content.area is not None:
        kept += b' t="array" ref="%s"' % content.area.encode()
    return _element(prefix + b"f", kept, content.formula)


def _value(content: Content, prefix: bytes) -> bytes:
    if content.stored is None or content.stored.text is None:
        return b""
    return _element(prefix + b"v", b"", content.stored.text)


def _element(name: bytes, attributes: bytes, text: str) -> bytes:
    space = b' xml:space="preserve"' if text != text.strip() else b""
    # XML readers make a line feed of a carriage return that is not escaped.
    return b"<%s%s%s>%s</%s>" % (name, attributes, space, escape(text, {"\r": "&#13;"}).encode(), name)


def without(attributes: bytes, *names: bytes) -> bytes:
    """The attributes of an opening tag, as they are written there, but for these."""
    return b"".join(match[0] for match in _ATTRIBUTE.finditer(attributes) if match["name"] not in names)
