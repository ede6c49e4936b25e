"""Formulas written into sheet XML."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from xlparity.address import Cell, Range, parse_range
from xlparity.errors import WorkbookError
from xlparity.patch.sheet import NOTHING, Content, Places, new_parser, patched, readable, tag_of

_LONGEST = 8192  # characters, in Excel
_IN_XML = re.compile("=[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")


def write_formulas(
    xml: bytes,
    formulas: Mapping[str, str],
    where: str,
    *,
    others: Mapping[str, str] | None = None,
    areas: Mapping[str, str] | None = None,
) -> bytes:
    """The sheet part with each cell's formula replaced or put in, by address (``P5``: ``=A1*2``); other bytes stay.

    What the cell stored goes with its old content, since it is no result of the new formula. The first cell of an array
    formula stays one, over the same area. ``others`` has the texts of the sheet's formulas, cell by cell: where the cell
    that defines a shared formula is given another, each cell that shared it is given its own text, and keeps its value.
    ``areas`` has the area (``B2:B5``) of each array formula that is entered anew, over cells of which none has a formula.

    Raises WorkbookError where the XML is damaged or in another encoding than UTF-8, where a text can be no formula, and for
    what Excel cannot do either: changing one cell of an array formula, or any of a data table.
    """
    areas = areas or {}
    contents = {
        _cell(address, where): _content(address, text, where)._replace(area=areas.get(address))
        for address, text in formulas.items()
    }
    with readable(xml, where):
        elements = _elements(xml)
    seen: set[Cell] = set()
    for element in elements:
        if element.cell in seen:
            raise WorkbookError(f"{where}: cell {element.cell.a1} has two formulas; save the file in Excel")
        seen.add(element.cell)
        _refuse_parts(element, contents, where)
        for address, area in areas.items():
            if element.cell != parse_range(address, "").first and parse_range(area, "").contains(element.cell):
                raise WorkbookError(
                    f"{where}: {element.cell.a1} has a formula, over which none for {area} can be entered"
                )
    contents |= _written_out(elements, contents, others or {}, where)
    return patched(xml, {cell.a1: content for cell, content in contents.items()}, where)


class _Element(NamedTuple):
    """A formula element: its kind (``array``, ``shared``, ...), its area, and which shared formula it has or defines."""

    cell: Cell
    kind: str
    area: Range | None
    number: str
    defines: bool


def _cell(address: str, where: str) -> Cell:
    try:
        area = parse_range(address, "")
        if area.size > 1 or area.sheet:
            raise ValueError(f"'{address}' is not the address of one cell")
    except ValueError as error:
        raise WorkbookError(f"{where}: no formula can be written there: {error}") from error
    return area.first


def _content(address: str, text: str, where: str) -> Content:
    if not _IN_XML.fullmatch(text) or text.strip() == "=":
        raise WorkbookError(f"{where}: what is to be written into {address} is no formula: {text[:60]!r}")
    if len(text) > _LONGEST:
        raise WorkbookError(f"{where}: the formula for {address} has {len(text)} characters; Excel takes {_LONGEST}")
    return Content(text[1:], NOTHING)


def _elements(xml: bytes) -> list[_Element]:
    """The formula elements of the sheet, in its order."""
    found: list[_Element] = []
    places = Places()
    path: list[str] = []
    held: dict[str, str] = {}
    text: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        path.append(tag_of(tag).kind)
        if path[-1] == "row":
            places.row(attributes)
        elif path[-1] == "c":
            places.cell(attributes)
        elif path[-2:] == ["c", "f"]:
            held.clear()
            held.update(attributes)
            text.clear()
            parser.CharacterDataHandler = text.append

    def end(_: str) -> None:
        if path[-2:] == ["c", "f"]:
            parser.CharacterDataHandler = None
            area = parse_range(held["ref"], "") if "ref" in held else None
            defines = area is not None or "".join(text).strip() != ""
            found.append(_Element(Cell("", *places.at), held.get("t", ""), area, held.get("si", ""), defines))
        path.pop()

    parser = new_parser()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(xml, True)
    return found


def _refuse_parts(element: _Element, contents: Mapping[Cell, Content], where: str) -> None:
    """An array formula is changed as a whole, by its first cell, and a data table not at all."""
    if element.kind not in ("array", "dataTable") or element.area is None:
        return
    table = element.kind == "dataTable"
    for cell in element.area.among(contents):
        if table or cell != element.cell:
            whole = "a data table" if table else f"the array formula in {element.cell.a1}"
            raise WorkbookError(f"{where}: {cell.a1} is part of {whole}, and a part cannot be changed")


def _written_out(
    elements: Iterable[_Element], contents: Mapping[Cell, Content], others: Mapping[str, str], where: str
) -> dict[Cell, Content]:
    """For each cell whose shared formula loses the cell that defines it, a formula of its own.

    The file has its text only in the cell that defines it. Writing it out everywhere asks for nothing but the texts by
    which the sheet was read, where a new definition would have to be moved from cell to cell as Excel does it.
    """
    shared = [element for element in elements if element.kind == "shared"]
    lost = {element.number for element in shared if element.defines and element.cell in contents}
    written: dict[Cell, Content] = {}
    for element in shared:
        if element.number in lost and element.cell not in contents:
            address = element.cell.a1
            if address not in others:
                raise WorkbookError(
                    f"{where}: {address} shares its formula with a cell that is to be given another, and what it says in "
                    f"{address} is not certain; type it there anew in Excel"
                )
            written[element.cell] = Content(_content(address, others[address], where).formula)
    return written
