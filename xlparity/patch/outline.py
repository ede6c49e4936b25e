"""Where the elements of an XML part begin and end, so that others can be put between them and every other byte stays."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

from xlparity.errors import WorkbookError
from xlparity.patch.sheet import MAIN, OPENING, new_parser, readable, tag_of, without

_TAG = re.compile(rb"(</?)(?=[A-Za-z])")
_CLOSING = re.compile(rb"</(?P<tag>[^\s>]+)\s*>")


@dataclass(slots=True)
class Element:
    """An element and the bytes that are its: all from ``start`` to ``end``, what it holds from ``inside`` to ``closing``.

    ``children`` are those of its own namespace, and those of a sheet's; elements of other namespaces are not listed.
    """

    tag: str
    space: str
    attributes: Mapping[str, str]
    start: int
    inside: int
    closing: int
    end: int
    children: "list[Element]" = field(default_factory=list)

    @property
    def name(self) -> str:
        """The tag without its namespace prefix."""
        return self.tag.rpartition(":")[2]

    @property
    def prefix(self) -> str:
        """The prefix with its colon, as the tags of children begin; empty where there is none."""
        head, separator, _ = self.tag.rpartition(":")
        return head + separator

    def attribute(self, space: str, name: str) -> str | None:
        """The attribute of this namespace, whatever its prefix; ``attributes`` has those of none."""
        return next((v for key, v in self.attributes.items() if key.split(" ")[:2] == [space, name]), None)

    def child(self, name: str) -> "Element | None":
        """The first child of this name."""
        return next((child for child in self.children if child.name == name), None)


def outline(xml: bytes, where: str, *, depth: int) -> Element:
    """The root of an XML part, with its children and theirs down to so many levels.

    Raises WorkbookError where the XML is damaged or in another encoding than UTF-8.
    """
    top: list[Element] = []
    path: list[Element | None] = []

    def start(found: str, attributes: dict[str, str]) -> None:
        tag, _, space, *_ = tag_of(found)
        parent = path[-1] if path else None
        if path and (parent is None or len(path) > depth or space not in (parent.space, MAIN)):
            path.append(None)
            return
        at = parser.CurrentByteIndex
        opening = OPENING.match(xml, at)
        if opening is None:
            raise ValueError(f"a tag {tag} that is no plain one")
        element = Element(tag, space, attributes, at, opening.end(), opening.end(), opening.end())
        (top if parent is None else parent.children).append(element)
        path.append(element)

    def end(_: str) -> None:
        element = path.pop()
        at = parser.CurrentByteIndex
        # Else it is an empty one, and what follows may be the end of its parent: </sheetViews> behind <sheetView/>.
        if element is not None and (closing := _CLOSING.match(xml, at)) and closing["tag"] == element.tag.encode():
            element.closing, element.end = at, closing.end()

    with readable(xml, where, "the XML"):
        parser = new_parser()
        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.Parse(xml, True)
    return top[0]


def spliced(xml: bytes, edits: Iterable[tuple[int, int, bytes]]) -> bytes:
    """The XML with the bytes between two places replaced by others, for each edit; these do not overlap."""
    pieces: list[bytes] = []
    position = 0
    for start, end, new in sorted(edits, key=lambda edit: edit[:2]):
        pieces += xml[position:start], new
        position = end
    return b"".join([*pieces, xml[position:]])


def prefixed(new: bytes, prefix: str) -> bytes:
    """Elements of ours as they are written where tags have this prefix; text in them has no bare ``<``."""
    return _TAG.sub(lambda tag: tag[0] + prefix.encode(), new) if prefix else new


def appended(xml: bytes, parent: Element, new: bytes, **attributes: str) -> list[tuple[int, int, bytes]]:
    """The edits that put elements behind the others in ``parent``, and give it these attributes anew."""
    new = prefixed(new, parent.prefix)
    opening = OPENING.match(xml, parent.start)
    if opening is None:
        raise WorkbookError(f"the element {parent.tag} cannot be changed")
    kept = without(opening["attributes"], *(name.encode() for name in attributes))
    kept += "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items()).encode()
    tag = parent.tag.encode()
    if opening["empty"]:
        return [(parent.start, parent.end, b"<" + tag + kept + b">" + new + b"</" + tag + b">")]
    head = [(parent.start, parent.inside, b"<" + tag + kept + b">")] if attributes else []
    return [*head, (parent.closing, parent.closing, new)]
