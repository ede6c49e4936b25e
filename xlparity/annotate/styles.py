"""Formats added behind those that a workbook has: a cell's own with a fill in it, and a few for the summary."""

from collections.abc import Mapping
from pathlib import Path

from xlparity.annotate.package import Package
from xlparity.errors import WorkbookError
from xlparity.patch.outline import Element, appended, outline, prefixed, spliced
from xlparity.patch.sheet import OPENING, without

_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_NONE = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">\
<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>\
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>\
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>\
<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs></styleSheet>"""
_FILL = '<fill><patternFill patternType="solid"><fgColor rgb="{}"/><bgColor indexed="64"/></patternFill></fill>'
_FONT = '<font>{}<sz val="{}"/><color rgb="{}"/><name val="Calibri"/><family val="2"/></font>'
FONTS = {
    "text": ("", 11, "FF000000"),
    "head": ("<b/>", 11, "FF000000"),
    "title": ("<b/>", 16, "FF000000"),
    "link": ("<u/>", 11, "FF00316E"),
    "faint": ("", 11, "FF595959"),
}
"""The fonts of the summary: bold or underlined, size and colour; a link is dark enough for the reddest of our colours."""


class Styles:
    """The stylesheet of a workbook, to which formats are added; numbers that are given out hold once it is written."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._part = package.related(package.workbook, "styles") or _new(package)
        self._xml = package[self._part]
        self._where = package.where(self._part)
        root = outline(self._xml, self._where, depth=3)
        self._fonts, self._fills, self._formats = (
            _child(root, name, package.path) for name in ("fonts", "fills", "cellXfs")
        )
        self._new: dict[str, dict[bytes, int]] = {"fonts": {}, "fills": {}, "cellXfs": {}}

    def coloured(self, style: int, colour: str) -> int:
        """The number of the format that is this one, with number format, font and borders as they are, on a fill."""
        formats = self._formats.children
        if not formats:
            raise WorkbookError(f"{self._where}: there is no format of cells in it; save the file in Excel")
        old = formats[style] if style < len(formats) else formats[0]
        opening = OPENING.match(self._xml, old.start)
        assert opening is not None  # the outline has read it
        font = int(old.attributes.get("fontId", 0))
        kept = without(opening["attributes"], b"fillId", b"applyFill", b"fontId")
        kept += b' fillId="%d" applyFill="1" fontId="%d"' % (self._fill(colour), self._readable(font))
        tag = old.tag.encode()
        held = self._xml[old.inside : old.closing]
        end = b">" + held + b"</" + tag + b">" if held else b"/>"
        return self._added("cellXfs", self._formats, b"<" + tag + kept + end)

    def summary(self, font: str, colour: str | None = None, *, wrapped: bool = True) -> int:
        """The number of a format of the summary: one of ``FONTS``, and on a fill where a colour is given."""
        look = _FONT.format(*FONTS[font]).encode()
        number = self._added("fonts", self._fonts, prefixed(look, self._fonts.prefix))
        fill = 0 if colour is None else self._fill(colour)
        new = (
            f'<xf numFmtId="0" fontId="{number}" fillId="{fill}" borderId="0" xfId="0" applyFont="1" applyFill="1"'
            f' applyAlignment="1"><alignment horizontal="left" vertical="top" wrapText="{int(wrapped)}"/></xf>'
        )
        return self._added("cellXfs", self._formats, prefixed(new.encode(), self._formats.prefix))

    def write(self) -> None:
        """Puts the stylesheet with what was added into the package."""
        edits: list[tuple[int, int, bytes]] = []
        for name, parent in (("fonts", self._fonts), ("fills", self._fills), ("cellXfs", self._formats)):
            if self._new[name]:
                count = str(len(parent.children) + len(self._new[name]))
                new = b"".join(self._new[name])
                # The new elements have their prefix already: they may be copies of old ones.
                edits += appended(self._xml, parent, b"", count=count)[:1]
                edits.append((parent.closing, parent.closing, new))
        self._package[self._part] = spliced(self._xml, edits)

    def _readable(self, number: int) -> int:
        """The number of the font, or of one like it in black where it is too light for any of our colours."""
        fonts = self._fonts.children
        color = fonts[number].child("color") if number < len(fonts) else None
        if color is None or not _is_light(color.attributes):
            return number
        font = fonts[number]
        black = prefixed(b'<color rgb="FF000000"/>', self._fonts.prefix)
        new = self._xml[font.start : color.start] + black + self._xml[color.end : font.end]
        return self._added("fonts", self._fonts, new)

    def _fill(self, colour: str) -> int:
        return self._added("fills", self._fills, prefixed(_FILL.format(colour).encode(), self._fills.prefix))

    def _added(self, name: str, parent: Element, new: bytes) -> int:
        return len(parent.children) + self._new[name].setdefault(new, len(self._new[name]))


def _is_light(color: Mapping[str, str]) -> bool:
    """Whether the color of a font, as a stylesheet has it, is white or near to it."""
    if "rgb" in color:
        red, green, blue = (int(color["rgb"][-6:][k : k + 2], 16) for k in (0, 2, 4))
        return 0.299 * red + 0.587 * green + 0.114 * blue > 160
    light = color.get("theme") in ("0", "2") or color.get("indexed") in ("1", "9")
    return light and float(color.get("tint", 0)) > -0.4


def _child(root: Element, name: str, path: Path) -> Element:
    child = root.child(name)
    if child is None or not child.children:
        raise WorkbookError(f"{path}: its stylesheet has no {name}; save the file in Excel")
    return child


def _new(package: Package) -> str:
    """A stylesheet for a workbook that has none."""
    part = package.free("xl/styles#.xml")
    package[part] = _NONE
    package.relate(package.workbook, "styles", part)
    package.declare(part, _KIND)
    return part
