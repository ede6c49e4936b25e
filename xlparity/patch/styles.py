"""The formats of cells, as numbers in a sheet's XML: which each has, and others written in their place."""

from collections.abc import Collection, Mapping

from xlparity.address import parse_range
from xlparity.patch.sheet import Content, Places, new_parser, patched, readable, tag_of


def styles_in(xml: bytes, addresses: Collection[str], where: str) -> dict[str, int]:
    """The number of the format that each of the cells is shown in: its own, or else that of its row or of its column.

    Raises WorkbookError where the XML is damaged or in another encoding than UTF-8.
    """
    wanted = set(addresses)
    own: dict[str, int] = {}
    rows: dict[int, int] = {}
    columns: list[tuple[int, int, int]] = []
    places = Places()

    def start(found: str, attributes: dict[str, str]) -> None:
        kind = tag_of(found).kind
        if kind == "c":
            address = places.cell(attributes)
            if address in wanted:
                own[address] = int(attributes.get("s", 0))
        elif kind == "row":
            places.row(attributes)
            if attributes.get("customFormat") in ("1", "true"):
                rows[places.at[0]] = int(attributes.get("s", 0))
        elif kind == "col":
            columns.append((int(attributes["min"]), int(attributes["max"]), int(attributes.get("style", 0))))

    with readable(xml, where):
        parser = new_parser()
        parser.StartElementHandler = start
        parser.Parse(xml, True)
    found: dict[str, int] = {}
    for address in addresses:
        cell = parse_range(address, "").first
        column = next((style for first, last, style in columns if first <= cell.column <= last), 0)
        found[address] = own.get(address, rows.get(cell.row, column))
    return found


def write_styles(xml: bytes, styles: Mapping[str, int], where: str) -> bytes:
    """The sheet part with each cell shown in another format, by address; a cell without an element is given one.

    Raises WorkbookError where the XML is damaged or in another encoding than UTF-8.
    """
    return patched(xml, {address: Content(style=style) for address, style in styles.items()}, where)
