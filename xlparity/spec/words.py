"""What the words of an address mean in a workbook: cells, defined names, parts of tables."""

import re

from xlparity.errors import nearest
from xlparity.excel.address import Cell, Range, folded, parse_range, quoted
from xlparity.excel.workbook import Workbook
from xlparity.spec.plan import Address, sized


def look_up(address: Address, workbook: Workbook) -> Range:
    """The cells that the address means in this workbook; raises ValueError with a sentence where it means none."""
    if address.area is not None:
        known_sheet(address.area.sheet, workbook)
        return address.area
    word = address.text
    sheet, name = sheet_and_name(word)
    if sheet:
        known_sheet(sheet, workbook)
    try:
        # Row 0 has no cells, so that [#This Row] is refused: a spec is not in a row of a table.
        meaning = workbook.scope.meaning(word, Cell(address.sheet or "", 0, 0))
    except ValueError as error:
        raise ValueError(_unknown(word, name, (sheet, address.sheet or ""), workbook) or str(error)) from error
    if meaning.startswith("("):
        raise ValueError(f"the name {word} is defined as {meaning[1:-1]} and not as cells; enter that into a cell")
    area = parse_range(meaning)
    # Excel does not mind the case of a sheet's name.
    spelled = next((known for known in workbook.sheets if folded(known) == folded(area.sheet)), area.sheet)
    known_sheet(spelled, workbook)
    return sized(area._replace(sheet=spelled))


def sheet_and_name(text: str) -> tuple[str, str]:
    """The sheet that an address names, empty where it names none, and the rest of it."""
    sheet, _, name = ("", "", text) if "[" in text else text.rpartition("!")
    return sheet[1:-1].replace("''", "'") if sheet.startswith("'") else sheet, name


def numbered(name: str) -> bool:
    """Whether the name is that of several sheets, with {n} for the number of each."""
    return "{n}" in name


def numbered_sheets(workbook: Workbook, name: str) -> tuple[str, ...]:
    """The sheets 1, 2, … of this name with {n} in it; raises ValueError where there is no first, or one is missing."""
    pattern = re.compile(re.escape(name).replace(re.escape("{n}"), r"(?P<n>[0-9]+)", 1), re.IGNORECASE)
    found: dict[int, str] = {}
    for sheet in workbook.sheets:
        if match := pattern.fullmatch(sheet):
            other = found.setdefault(int(match["n"]), sheet)
            if other != sheet:
                raise ValueError(f"both '{other}' and '{sheet}' are number {int(match['n'])} of '{name}'")
    last = max(found, default=0)
    lacking = next((number for number in range(1, last + 1) if number not in found), None if last else 1)
    if lacking is not None:
        wanted = name.replace("{n}", str(lacking))
        beside = f"a sheet '{found[last]}' and " if last else ""
        like = "" if last else nearest(wanted, workbook.sheets)
        raise ValueError(f"{workbook.path} has {beside}no sheet '{wanted}'{like}")
    return tuple(found[number] for number in range(1, last + 1))


def sheet_of(address: Address) -> str:
    """The sheet that the address names, or else the one on which it is looked up."""
    return sheet_and_name(address.text)[0] or address.sheet or ""


def on_sheet(address: Address, sheet: str) -> Address:
    """The address on this sheet."""
    named, name = sheet_and_name(address.text)
    text = f"{quoted(sheet)}!{name}" if named else name
    return Address(text, address.area and address.area._replace(sheet=sheet), sheet)


def known_sheet(name: str, workbook: Workbook) -> None:
    """Raises ValueError where the workbook has no such sheet."""
    if name not in workbook.sheets:
        raise ValueError(f"{workbook.path} has no sheet '{name}'{nearest(name, workbook.sheets)}")


def _unknown(word: str, name: str, sheets: tuple[str, str], workbook: Workbook) -> str | None:
    """The error message for a name that the workbook does not have; None where it has the name, but not as cells."""
    scope = workbook.scope
    tables = [table.name for table in scope.tables.values()]
    if "[" in word:
        table = word.partition("[")[0].strip()
        return (
            None if folded(table) in scope.tables else f"{workbook.path} has no table '{table}'{nearest(table, tables)}"
        )
    if any(folded(f"{sheet}!{name}") in scope.names for sheet in sheets):
        return None
    if folded(name) in scope.names or folded(name) in scope.tables:
        return None
    try:
        parse_range(word, "-")
    except ValueError as error:
        no_address = str(error)
    # Names that Excel itself defines, such as _xlnm.Print_Area, are not suggested.
    known = [*(name for name in scope.spelled if "_xlnm." not in name), *tables]
    return f"{no_address}, and {workbook.path} has no name or table '{name}'{nearest(word, known)}"
