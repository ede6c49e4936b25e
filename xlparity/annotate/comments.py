"""Comments put beside those that a sheet has: the texts in one part, the boxes that show them in another."""

import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from xlparity.address import MAX_COLUMN, MAX_ROW, parse_range
from xlparity.annotate.package import RELATION, Package
from xlparity.errors import WorkbookError
from xlparity.patch import encoded
from xlparity.patch.outline import Element, appended, outline, prefixed, spliced

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
"""What stands before the relation to the boxes in a sheet's XML: Excel takes its elements in one order only."""
_LETTERS_A_LINE, _MOST_LINES = 62, 30
_LONGEST = 16_000  # Excel takes 32,767 characters, and counts those beyond the first plane twice


def write_comments(package: Package, part: str, texts: Mapping[str, str]) -> None:
    """Gives cells of the sheet in this part comments, by address; a comment that is there keeps its text, and ours follows."""
    listing = package.related(part, "comments")
    if listing is None:
        listing = package.free("xl/comments#.xml")
        package[listing] = _NO_COMMENTS
        package.relate(part, "comments", listing)
        package.declare(listing, _COMMENTS)
    package[listing], fresh = _with_texts(package[listing], texts, package.where(listing))
    if fresh:
        boxes = _boxes(package, part)
        package[boxes] = _with_boxes(package[boxes], {a: texts[a] for a in fresh}, package.where(boxes))


def _with_texts(xml: bytes, texts: Mapping[str, str], where: str) -> tuple[bytes, list[str]]:
    """The comments with ours among them, and the cells that had none before."""
    root = outline(xml, where, depth=4)
    authors, comments = root.child("authors"), root.child("commentList")
    if authors is None or comments is None:
        return _with_texts(_NO_COMMENTS, texts, where)
    edits = appended(xml, authors, f"<author>{_AUTHOR}</author>".encode())
    threads = {
        str(number)
        for number, author in enumerate(authors.children)
        if xml[author.inside : author.closing].startswith(b"tc=")
    }
    left = dict(texts)
    for comment in comments.children:
        address = comment.attributes.get("ref", "").replace("$", "")
        text = left.pop(address, None)
        # A conversation's text in this part is a copy for old programs; Excel shows, and would write, another.
        if text is not None and comment.attributes.get("authorId") not in threads:
            edits += _continued(xml, comment, text)
    number = len(authors.children)
    new = "".join(
        f'<comment ref="{address}" authorId="{number}"><text>{_runs(text)}</text></comment>'
        for address, text in left.items()
    )
    edits += appended(xml, comments, new.encode())
    return spliced(xml, edits), list(left)


def _continued(xml: bytes, comment: Element, text: str) -> list[tuple[int, int, bytes]]:
    """The edits that put our text behind that of a comment; a text without runs becomes one, since runs must follow runs."""
    held = comment.child("text")
    if held is None:
        return appended(xml, comment, f"<text>{_runs(text)}</text>".encode())
    edits: list[tuple[int, int, bytes]] = []
    for child in held.children:
        if child.name == "t":
            edits.append((child.start, child.start, prefixed(b"<r>", held.prefix)))
            edits.append((child.end, child.end, prefixed(b"</r>", held.prefix)))
    spoken = next((child.start for child in held.children if child.name in ("rPh", "phoneticPr")), None)
    new = _runs("\n\n" + text).encode()
    if spoken is not None:
        return [*edits, (spoken, spoken, prefixed(new, held.prefix))]
    return [*edits, *appended(xml, held, new)]


def _runs(text: str) -> str:
    """The text in runs, below our name, which stands behind as many line feeds as the text begins with."""
    look = '<sz val="9"/><color indexed="81"/><rFont val="Tahoma"/><family val="2"/>'
    space = 'xml:space="preserve"'
    rest = text.lstrip("\n")
    before = text[: len(text) - len(rest)]
    if len(rest) > _LONGEST:
        rest = f"{rest[:_LONGEST]}…"
    title = f"<r><rPr><b/>{look}</rPr><t {space}>{before}{_AUTHOR}\n</t></r>"
    return f"{title}<r><rPr>{look}</rPr><t {space}>{escape(encoded(rest))}</t></r>"


def _boxes(package: Package, part: str) -> str:
    """The part with the boxes of the sheet's comments, a new one where there is none."""
    xml = package[part]
    root = outline(xml, package.where(part), depth=1)
    drawing = root.child("legacyDrawing")
    if drawing is not None:
        found = package.targets(part).get(drawing.attribute(RELATION, "id") or "")
        if found is not None:
            return found
    boxes = package.free("xl/drawings/vmlDrawing#.vml")
    package[boxes] = _NO_SHAPES.format(_free_block(package)).encode()
    package.declare_ending("vml", _VML)
    relation = package.relate(part, "vmlDrawing", boxes)
    new = f'<legacyDrawing xmlns:r="{RELATION}" r:id="{relation}"/>'.encode()
    at = max((child.end for child in root.children if child.name in _BEFORE), default=root.inside)
    edits = [(drawing.start, drawing.end, b"")] if drawing is not None else []
    package[part] = spliced(xml, [*edits, (at, at, prefixed(new, root.prefix))])
    return boxes


def _free_block(package: Package) -> int:
    """Boxes are numbered in blocks of 1,024, and each sheet has blocks of its own."""
    if package.last_block is None:
        taken = [
            int(number)
            for name in package.names
            if name.lower().endswith(".vml")
            for found in re.findall(rb"""\bdata=["']([\d, ]+)["']""", package[name])
            for number in found.replace(b",", b" ").split()
        ]
        package.last_block = max(taken, default=0)
    package.last_block += 1
    return package.last_block


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
        lines = _lines(text.split("\n")) + 1
        # Beside the cell, and at the edge of the grid before it.
        high = lines * 4 // 5 + 1
        top, left = min(max(cell.row - 2, 0), MAX_ROW - 1 - high), min(cell.column, MAX_COLUMN - 7)
        anchor = f"{left}, 15, {top}, 10, {left + 6}, 31, {top + high}, 4"
        height = 12 * lines + 8
        pieces.append(
            _SHAPE.format(number=number, height=height, anchor=anchor, row=cell.row - 1, column=cell.column - 1)
        )
    return vml[:end] + "".join(pieces).encode() + vml[end:]


def _lines(texts: Sequence[str]) -> int:
    return min(sum(len(text) // _LETTERS_A_LINE + 1 for text in texts), _MOST_LINES)
