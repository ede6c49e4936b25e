"""Reads the cells of a sheet from its XML in one walk, and the shared texts of a workbook.

Nothing is interpreted but what a cell contains. Where two programs would read two different contents, the file is refused
with the place.
"""

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from xlparity.errors import WorkbookError
from xlparity.excel.address import MAX_COLUMN, MAX_ROW, column_letters, column_number, on_the_grid
from xlparity.excel.ooxml.ordinary import ordinary
from xlparity.excel.ooxml.package import (
    MAIN,
    STRICT,
    elements,
    parsed,
    refuse_choices,
    refuse_doctype,
    related,
    relation_in,
    workbook_part,
)
from xlparity.excel.ooxml.raw import LOOSE, NOTHING, TEXTS, TRUE, RawCell, RawSheet, is_loose
from xlparity.excel.values import ErrorValue, Value, serial_day

_ADDRESS = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_CODE = re.compile(r"_x([0-9A-Fa-f]{4})_")
# Names as expat gives them where it resolves namespaces: the same letters under another namespace are another element.
_TAGS = {
    space: {
        f"{space} {name}": name
        for name in (
            "sheetPr",
            "sheetData",
            "row",
            "c",
            "f",
            "v",
            "is",
            "r",
            "t",
            "extLst",
            "tablePart",
            "autoFilter",
            "filterColumn",
        )
    }
    for space in (MAIN, STRICT)
}
_OTHER = {MAIN: f"{STRICT} ", STRICT: f"{MAIN} "}
_CHOICE = (
    "http://schemas.openxmlformats.org/markup-compatibility/2006"  # of which each program takes a branch that it knows
)
_PRESERVE = "http://www.w3.org/XML/1998/namespace"
_MOST_DIGITS = 9  # of a number of a row or of a text
_DEEPEST = 256  # elements in one another; Excel writes a dozen
_DEPTH_OF_TABLE = 3  # of the path to a sheetData element: nothing, the root, itself
_TABLE, _END_OF_TABLE = b"<sheetData>", b"</sheetData>"  # as most programs write them
_EVERYWHERE = f"A1:{column_letters(MAX_COLUMN)}{MAX_ROW}"  # of an advanced filter nothing says which rows it hides
_LOTUS = ("transitionEvaluation", "transitionEntry")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][-+]?[0-9]+)?")
_TIME = re.compile(
    r"(?:(\d{4})-(\d\d)-(\d\d))?(?:(?:^|T)([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?)?Z?", re.ASCII
)


def shared_strings(parts: Mapping[str, bytes], path: Path) -> list[str | None]:
    """The texts that cells of type ``s`` refer to by number, without their phonetic readings.

    None stands for a loose one.
    """
    listed = related(parts, workbook_part(parts), "sharedStrings")
    if listed is None or listed not in parts:
        return []
    where = f"{path}: the part {listed}"
    root = parsed(parts[listed], where)
    refuse_choices(root, where)
    space = root.tag.rpartition("}")[0] + "}"
    spoken, name = f"{space}rPh", f"{space}t"
    texts: list[str | None] = []
    for string in elements(root, "si"):
        found = [text for piece in string if piece.tag != spoken for text in piece.iter(name)]
        loose = any(is_loose(text.text or "") and text.get(f"{{{_PRESERVE}}}space") != "preserve" for text in found)
        texts.append(None if loose else "".join(text.text or "" for text in found))
    return texts


def stored_value(cell: RawCell, strings: Sequence[str | None], *, date1904: bool = False) -> Value | None:
    """What a cell element stores, numbers to their last bit; None where it stores nothing, or nothing that Excel would."""
    text, kind = cell.value, cell.type
    if text is None:
        return None
    if kind == "n":
        text = text.strip()
        return float(text) if _NUMBER.fullmatch(text) and math.isfinite(float(text)) else None
    if kind == "s":
        text = text.strip()
        found = strings[int(text)] if _is_number(text) and int(text) < len(strings) else None
        return None if found is None else decoded(found)
    if kind in ("str", "inlineStr"):
        return decoded(text)
    text = text.strip()
    if kind == "b":
        return {"1": True, "true": True, "0": False, "false": False}.get(text)
    if kind == "e":
        return ErrorValue(text)
    return _serial(text, date1904=date1904) if kind == "d" else None


def _serial(text: str, *, date1904: bool) -> float | None:
    """The serial number of a date and time such as ``2024-01-31T12:00:00``, or of either alone."""
    match = _TIME.fullmatch(text)
    if match is None or not text:
        return None
    year, month, day, hours, minutes, seconds = match.groups()
    try:
        date = datetime.date(int(year), int(month), int(day)) if year else None
    except ValueError:
        return None
    days = 0
    if date is not None and date.year < (1904 if date1904 else 1900):
        return None
    if date is not None:
        days = serial_day(date, date1904=date1904)
    return days + (int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0)) / 86400


def decoded(text: str) -> str:
    """The text without the codes that stand for what XML cannot hold."""
    if "_x" not in text:
        return text
    text = _CODE.sub(lambda code: chr(int(code[1], 16)), text)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")  # two halves are one character


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS


def scan(xml: bytes, where: str) -> RawSheet:
    """Every cell element of a sheet part that has a formula or a value.

    A row or a cell without an address follows the one before it. Raises WorkbookError, with the cell, where two readers
    would disagree: two elements for one cell, row, formula or value, a cell of another row than its own, an element inside
    a formula, a cell outside of the rows, a shared formula that is defined twice, a document type.
    """
    found = _Scan(where)
    try:
        found.walk(xml)
    except (expat.ExpatError, ValueError, LookupError) as error:  # of an encoding that expat does not know, too
        raise WorkbookError(
            f"{where}: the sheet's XML is damaged ({error}); let Excel repair it and save it"
        ) from error
    return RawSheet(
        found.cells,
        found.tables,
        found.lotus,
        found.hidden,
        found.filter if found.filters else _EVERYWHERE if found.in_place else None,
    )


class _Scan:
    """One walk through a sheet's XML, and the cells that it has found."""

    def __init__(self, where: str) -> None:
        self.cells: list[RawCell] = []
        self.tables: list[str] = []
        self.lotus = self.filters = self.in_place = False
        self.filter: str | None = None
        self.hidden: set[int] = set()
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._begin, self._end
        parser.CommentHandler = parser.ProcessingInstructionHandler = self._between
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = lambda *_: refuse_doctype(b"<!DOCTYPE", where)
        self._where = where
        self._tags: Mapping[str, str] = {}
        self._other = ""
        self._path: list[str] = [""]
        self._tables = 0  # of rows: sheetData elements
        self._table: int | None = None  # where the last of them begins, in bytes
        self._encoding = "utf-8"
        self._last = self._row = 0  # the numbers of the rows before, and of this one; 0 until it is known
        self._column = 0  # of the cell in which the walk is, or the last one
        self._ending = ""  # with which every address in this row ends
        self._columns: dict[str, int] = {}  # letters that are on the grid
        self._seen: set[int] = set()  # columns of this row
        self._shared: set[str] = set()
        self._cell: Mapping[str, str] = {}  # the attributes of this cell
        self._address = ""
        self._formula: Mapping[str, str] | None = None  # those of its formula
        self._value = ""  # its value element
        self._leaf = ""  # the formula or value element in which the walk is
        self._text: list[str] = []
        self._space: tuple[int, str | None] | None = None  # where a text begins, and whether its white space is kept
        self._loose = False  # whether any white space of the cell is not
        self._formula_text: list[str] = []

    def walk(self, xml: bytes) -> None:
        """Walks to the end, past a table of rows that is ordinary."""
        whole = memoryview(xml)
        start = xml.find(_TABLE)
        begin, end = start + len(_TABLE), xml.find(_END_OF_TABLE, start)
        self.parser.Parse(whole[:begin], False)
        if self._table == start and self._encoding == "utf-8" and (found := ordinary(xml, begin, end)) is not None:
            (self.cells, self.hidden, self._last), begin = found, end
        self.parser.Parse(whole[begin:], True)

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        self._encoding = (encoding or self._encoding).lower()

    def _refuse(self, what: str) -> NoReturn:
        raise WorkbookError(
            f"{self._where}: {what}, which programs read in different ways; let Excel repair it and save it"
        )

    def _begin(self, tag: str, attributes: dict[str, str]) -> None:
        """The root, whose namespace is that of all of Excel's elements below it."""
        space = tag.rpartition(" ")[0]
        self._tags, self._other = _TAGS.get(space, _TAGS[MAIN]), _OTHER.get(space, _OTHER[MAIN])
        self._path.append(f" {tag}")
        self.parser.StartElementHandler = self._start

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = self._tags.get(tag) or self._foreign(tag)
        path = self._path
        parent = path[-1]
        path.append(tag)
        if self._leaf:
            self._refuse(f"cell {self._address} has an element <{_local(tag)}> inside its <{self._leaf}>")
        if parent == "c":
            if tag == "f":
                self._begin_formula(attributes)
            elif tag == "v" or tag == "is":  # noqa: PLR1714  (half a million times)
                self._begin_value(tag, attributes)
            elif tag != "extLst":
                self._refuse(f"cell {self._address} has an element <{_local(tag)}>")
        elif parent == "row":
            if tag == "c":
                self._begin_cell(attributes)
            elif tag != "extLst":
                self._refuse(f"row {self._row or self._last + 1} has an element <{_local(tag)}> that is no cell")
        else:
            self._elsewhere(tag, attributes)

    def _foreign(self, tag: str) -> str:
        """The name of an element that is none of those read here: it begins with a space."""
        if tag.startswith(self._other):
            self._refuse(f"an element <{_local(tag)}> in the other namespace of Excel's, plain or Strict")
        if len(self._path) > _DEEPEST:
            raise WorkbookError(
                f"{self._where}: over {_DEEPEST} elements are in one another; let Excel repair it and save it"
            )
        if tag.startswith(_CHOICE) and "sheetData" in self._path:
            self._refuse(
                f"{f'cell {self._address}' if 'c' in self._path else 'the table of rows'} has <{_local(tag)}> in it"
            )
        return f" {tag}"

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        address = attributes.get("r", "")
        column = self._columns.get(address[: -len(self._ending)]) if address.endswith(self._ending) else None
        if column is None:
            column, address = self._place(address)
        if column in self._seen:
            self._refuse(f"cell {address} is there twice")
        self._seen.add(column)
        self._column = column
        self._cell, self._address, self._formula, self._value = attributes, address, None, ""
        self._text.clear()
        self._formula_text.clear()
        self._space, self._loose = None, False

    def _elsewhere(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element that is neither a cell nor the formula or the value of one."""
        path = self._path
        if tag == "row":
            self._begin_row(attributes)
        elif tag == "c":
            self._refuse(f"cell {attributes.get('r', '')} is in no row")
        elif tag == "t":
            if path[-3:-1] == ["c", "is"] or path[-4:-1] == ["c", "is", "r"]:
                self._begin_text(attributes)
        elif tag == "tablePart":
            self.tables.append(relation_in(attributes, " ", self._where))
        elif path[-2] == "filterColumn" and len(path) == _DEPTH_OF_TABLE + 2:  # a criterion
            self.filters = True
        elif len(path) == _DEPTH_OF_TABLE:
            if tag == "autoFilter":
                self.filter = attributes.get("ref")
            elif tag == "sheetPr":
                self.in_place = attributes.get("filterMode") in TRUE
                self.lotus = any(attributes.get(name) in TRUE for name in _LOTUS)
            elif _local(tag) == "sheetData":
                self._tables, self._table = self._tables + 1, self.parser.CurrentByteIndex
                if tag != "sheetData" or self._tables > 1:
                    self._refuse("the sheet has two tables of rows, or one in a namespace that is not Excel's")

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        self._row, self._ending, self._column = 0, "?", 0  # until the row, or a cell, says its number
        self._seen.clear()
        if self._path[2:-1] == ["sheetData"] and (number := attributes.get("r")) is not None:
            self._number(number)
            if attributes.get("hidden") in TRUE:
                self.hidden.add(self._row)

    def _number(self, text: str) -> None:
        """Notes the number of the row in which the walk is; rows must be in their order."""
        number = int(text) if _is_number(text.strip()) else 0
        if not on_the_grid(number, 1):
            self._refuse(f"row {text[:_MOST_DIGITS]} is not on the grid, which ends at row {MAX_ROW}")
        if number <= self._last:
            there = "is there twice" if number == self._last else f"is after row {self._last}"
            self._refuse(f"row {number} {there}")
        self._row, self._ending = number, str(number)

    def _place(self, address: str) -> tuple[int, str]:
        """The column and the address of a cell whose address is new, or none; refused off the grid, and in another row."""
        if self._path[2:-2] != ["sheetData"]:
            self._refuse(f"cell {address} is not in the sheet's table of rows")
        if not address:  # it follows the cell before it
            if not self._row:
                self._number(str(self._last + 1))
            if not on_the_grid(1, self._column + 1):
                self._refuse(f"row {self._row} has a cell beyond column XFD, with which the grid ends")
            return self._column + 1, f"{column_letters(self._column + 1)}{self._row}"
        match = _ADDRESS.fullmatch(address)
        if match is None:
            self._refuse(f"a cell in row {self._row or self._last + 1} has the address '{address}', which is none")
        column = column_number(match[1])
        if not on_the_grid(1, column):
            self._refuse(f"cell {address} is not on the grid, which ends at column XFD")
        if not self._row:
            self._number(match[2])
        if match[2] != self._ending:
            self._refuse(f"cell {address} is in row {self._row}")
        self._columns[match[1]] = column
        return column, address

    def _begin_formula(self, attributes: Mapping[str, str]) -> None:
        if self._formula is not None:
            self._refuse(f"cell {self._address} has two <f>")
        self._formula, self._leaf = attributes, "f"
        self.parser.CharacterDataHandler = self._formula_text.append
        if attributes.get("t") == "shared":
            number = attributes.get("si")
            if number is None:
                self._refuse(f"cell {self._address} has a shared formula without a number (si)")
            if "ref" not in attributes:
                return
            if number in self._shared:
                self._refuse(f"cell {self._address} defines the shared formula {number}, which is defined already")
            self._shared.add(number)

    def _begin_value(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self._value:
            beside = "two" if self._value == tag else f"<{self._value}> beside"
            self._refuse(f"cell {self._address} has {beside} <{tag}>")
        self._value = tag
        if tag == "v":
            self._leaf = tag
            self._begin_text(attributes)

    def _begin_text(self, attributes: Mapping[str, str]) -> None:
        """Collects the text of an element, and notes whether white space around it is kept."""
        self.parser.CharacterDataHandler = self._text.append
        if self._cell.get("t") in TEXTS:
            self._space = len(self._text), attributes.get(f"{_PRESERVE} space")

    def _between(self, *_: str) -> None:
        """A comment or an instruction: some readers take the text up to it, others all."""
        if self._leaf:
            self._refuse(f"cell {self._address} has a comment or an instruction inside its <{self._leaf}>")

    def _end(self, tag: str) -> None:
        ended = self._path.pop()
        if self._leaf or ended == "t":
            self._leaf = ""
            self.parser.CharacterDataHandler = None
            if self._space is not None:
                begin, kept = self._space
                self._loose = self._loose or (kept != "preserve" and is_loose("".join(self._text[begin:])))
                self._space = None
        elif ended == "c":
            if self._formula is not None or self._value:
                self._keep()
        elif ended == "row" and self._path[2:] == ["sheetData"]:
            self._last = self._row or self._last + 1

    def _keep(self) -> None:
        address, about, text = self._address, self._formula, None
        if about is not None:
            if about.get("t") == "shared" and about["si"] not in self._shared:
                self._refuse(f"cell {address} has the shared formula {about['si']}, which no cell before it defines")
            text = "".join(self._formula_text)
        value = "".join(self._text) if self._value else None
        attributes = self._cell
        kind = LOOSE if self._loose and about is None else attributes.get("t", "n")
        dynamic = attributes.get("cm", "0") != "0"
        self.cells.append(RawCell(self._row, self._column, kind, value, text, about or NOTHING, dynamic))


def _local(tag: str) -> str:
    """The element's name without its namespace."""
    return tag.rpartition(" ")[2]
