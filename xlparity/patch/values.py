"""Stored values written into sheet XML."""

import re
from collections.abc import Mapping

from xlparity.patch.sheet import NOTHING, Content, Stored, patched
from xlparity.values import BLANK, ErrorValue, Value

_NO_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")


def write_values(xml: bytes, values: Mapping[str, Value], where: str) -> bytes:
    """The sheet part with each cell's stored value replaced, by address (``P5``); every other byte stays as it was.

    A blank removes the value. A cell that has no element is given one in its place, as a member of an array area may need
    it. Raises WorkbookError where the XML is damaged or in another encoding than UTF-8.
    """
    return patched(xml, {address: Content(stored=_stored(value)) for address, value in values.items()}, where)


def _stored(value: Value) -> Stored:
    """The value as a cell element has it."""
    if value is BLANK:
        return NOTHING
    if isinstance(value, bool):
        return Stored(b' t="b"', str(int(value)))
    if isinstance(value, float):
        return Stored(b"", repr(value))
    if isinstance(value, ErrorValue):
        return Stored(b' t="e"', str(value))
    return Stored(b' t="str"', encoded(str(value)))


def encoded(text: str) -> str:
    """The text with codes for what XML cannot hold, and for what would be taken for such a code."""
    return _NO_XML.sub(lambda found: f"_x{ord(found[0][0]):04X}_{found[0][1:]}", text)
