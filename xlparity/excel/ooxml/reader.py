"""Reads the contents of a sheet's cells from its XML, including what openpyxl does not read.

``scan`` lists every cell element that holds anything, so that a formula which a reader drops is noticed; ``stored_value``
is what such an element holds.
"""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn
from xml.etree import ElementTree
from xml.parsers import expat

from xlparity.errors import WorkbookError
from xlparity.excel.address import MAX_ROW, column_number, on_the_grid
from xlparity.excel.ooxml.package import MAIN, refuse_doctype, related, workbook_part
from xlparity.excel.values import ErrorValue, Value

_ADDRESS = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_CODE = re.compile(r"_x([0-9A-Fa-f]{4})_")
# Names as expat gives them where it resolves namespaces: the same letters under another namespace are another element.
_SHEET_DATA, _ROW, _CELL, _FORMULA, _VALUE, _INLINE, _TEXT, _SPOKEN, _MORE = (
    f"{MAIN} {name}" for name in ("sheetData", "row", "c", "f", "v", "is", "t", "rPh", "extLst")
)
_DEPTH_OF_TABLE = 3  # of the path to a sheetData element: nothing, the root, itself
NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][-+]?[0-9]+)?")


class RawCell(NamedTuple):
    """A cell element that holds something: whether it has a formula, its type, and the text of its value or None.

    ``dynamic`` says that its formula spills, as Excel marks it in the cell's metadata (``cm``); ``bare``, that its formula
    element has neither text nor attributes of meaning, as in cells over which a volatile formula spills.
    """

    formula: bool
    type: str
    value: str | None
    dynamic: bool = False
    bare: bool = False


def shared_strings(parts: Mapping[str, bytes], path: Path) -> list[str]:
    """The texts that cells of type ``s`` refer to by number, without their phonetic readings."""
    listed = related(parts, workbook_part(parts), "sharedStrings")
    if listed is None or listed not in parts:
        return []
    try:
        root = ElementTree.fromstring(parts[listed])
    except ElementTree.ParseError as error:
        raise WorkbookError(
            f"{path}: the shared strings are damaged ({error}); let Excel repair it and save it"
        ) from error
    spoken = f"{{{MAIN}}}rPh"
    return [
        "".join(text.text or "" for piece in string if piece.tag != spoken for text in piece.iter(f"{{{MAIN}}}t"))
        for string in root.iter(f"{{{MAIN}}}si")
    ]


def stored_value(cell: RawCell, strings: Sequence[str]) -> Value | None:
    """What a cell element stores, numbers to their last bit; None where it stores nothing, or nothing that Excel would."""
    text = cell.value
    if text is None:
        return None
    if cell.type == "s":
        return decoded(strings[int(text)]) if text.isdecimal() and int(text) < len(strings) else None
    if cell.type in ("str", "inlineStr"):
        return decoded(text)
    text = text.strip()
    if cell.type == "b":
        return text in ("1", "true")
    if cell.type == "e":
        return ErrorValue(text)
    return float(text) if cell.type == "n" and NUMBER.fullmatch(text) and math.isfinite(float(text)) else None


def decoded(text: str) -> str:
    """The text without the codes that stand for what XML cannot hold."""
    return _CODE.sub(lambda code: chr(int(code[1], 16)), text) if "_x" in text else text


def scan(xml: bytes, where: str) -> dict[str, RawCell]:
    """Every cell element of a sheet part that has a formula or a value, by its address (``P5``).

    Raises WorkbookError, with the cell, where two readers would disagree: two elements for one cell, row, formula or value,
    a cell without an address or with one of another row, an element inside a formula, a cell outside of the rows, a
    shared formula that is defined twice, a document type.
    """
    found = _Scan(where)
    try:
        found.parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise WorkbookError(
            f"{where}: the sheet's XML is damaged ({error}); let Excel repair it and save it"
        ) from error
    return found.cells


class _Scan:
    """One walk through a sheet's XML, and the cells that it has found."""

    def __init__(self, where: str) -> None:
        self.cells: dict[str, RawCell] = {}
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CommentHandler = parser.ProcessingInstructionHandler = self._between
        parser.StartDoctypeDeclHandler = lambda *_: refuse_doctype(b"<!DOCTYPE", where)
        self._where = where
        self._path: list[str] = [""]
        self._tables = 0  # of rows: sheetData elements
        self._last = self._row = 0  # the numbers of the rows before, and of this one; 0 until it is known
        self._ending = ""  # with which every address in this row ends
        self._columns: set[str] = set()  # letters that are on the grid
        self._seen: set[str] = set()  # addresses in this row
        self._shared: set[str] = set()
        self._cell: Mapping[str, str] = {}  # the attributes of this cell
        self._address = ""
        self._formula: Mapping[str, str] | None = None  # those of its formula
        self._value = ""  # its value element
        self._leaf = ""  # the formula or value element in which the walk is
        self._text: list[str] = []
        self._formula_text: list[str] = []

    def _refuse(self, what: str) -> NoReturn:
        raise WorkbookError(
            f"{self._where}: {what}, which programs read in different ways; let Excel repair it and save it"
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        path = self._path
        parent = path[-1]
        path.append(tag)
        if self._leaf:
            self._refuse(f"cell {self._address} has an element <{_local(tag)}> inside its <{_local(self._leaf)}>")
        if parent == _CELL:
            if tag == _FORMULA:
                self._begin_formula(attributes)
            elif tag in (_VALUE, _INLINE):
                self._begin_value(tag)
        elif parent == _ROW:
            if tag != _CELL:
                if tag != _MORE:
                    self._refuse(f"row {self._row or self._last + 1} has an element <{_local(tag)}> that is no cell")
                return
            address = attributes.get("r", "")
            if address[: -len(self._ending)] not in self._columns or not address.endswith(self._ending):
                self._place(address)
            if address in self._seen:
                self._refuse(f"cell {address} is there twice")
            if address:
                self._seen.add(address)
            self._cell, self._address, self._formula, self._value = attributes, address, None, ""
            self._text.clear()
            self._formula_text.clear()
        else:
            self._elsewhere(tag, attributes)

    def _elsewhere(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element that is neither a cell nor the formula or the value of one."""
        path = self._path
        if tag == _ROW:
            self._begin_row(attributes)
        elif tag == _CELL:
            self._refuse(f"cell {attributes.get('r', '')} is in no row")
        elif tag == _TEXT:
            if _INLINE in path and _SPOKEN not in path:
                self.parser.CharacterDataHandler = self._text.append
        elif len(path) == _DEPTH_OF_TABLE and _local(tag) == "sheetData":
            self._tables += 1
            if tag != _SHEET_DATA or self._tables > 1:
                self._refuse("the sheet has two tables of rows, or one in a namespace that is not Excel's")

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        self._row, self._ending = 0, "?"  # until the row, or a cell, says its number
        self._seen.clear()
        if self._path[2:-1] == [_SHEET_DATA] and (number := attributes.get("r")) is not None:
            self._number(number)

    def _number(self, text: str) -> None:
        """Notes the number of the row in which the walk is; rows must be in their order."""
        number = int(text) if text.strip().isdecimal() else 0
        if not on_the_grid(number, 1):
            self._refuse(f"row {text} is not on the grid, which ends at row {MAX_ROW},")
        if number <= self._last:
            there = "is there twice" if number == self._last else f"is after row {self._last}"
            self._refuse(f"row {number} {there}")
        self._row, self._ending = number, str(number)

    def _place(self, address: str) -> None:
        """Refuses an address off the grid, or of another row; one that is none is refused once its cell holds something."""
        if self._path[2:-2] != [_SHEET_DATA]:
            self._refuse(f"cell {address} is not in the sheet's table of rows")
        match = _ADDRESS.fullmatch(address)
        if match is None:
            return
        if not on_the_grid(1, column_number(match[1])):
            self._refuse(f"cell {address} is not on the grid, which ends at column XFD,")
        if not self._row:
            self._number(match[2])
        if match[2] != self._ending:
            self._refuse(f"cell {address} is in row {self._row}")
        self._columns.add(match[1])

    def _begin_formula(self, attributes: Mapping[str, str]) -> None:
        if self._formula is not None:
            self._refuse(f"cell {self._address} has two <f>")
        self._formula, self._leaf = attributes, _FORMULA
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

    def _begin_value(self, tag: str) -> None:
        if self._value:
            beside = "two" if self._value == tag else f"<{_local(self._value)}> beside"
            self._refuse(f"cell {self._address} has {beside} <{_local(tag)}>")
        self._value = tag
        if tag == _VALUE:
            self._leaf = tag
            self.parser.CharacterDataHandler = self._text.append

    def _between(self, *_: str) -> None:
        """A comment or an instruction: some readers take the text up to it, others all."""
        if self._leaf:
            self._refuse(f"cell {self._address} has a comment or an instruction inside its <{_local(self._leaf)}>")

    def _end(self, tag: str) -> None:
        self._path.pop()
        if self._leaf or tag == _TEXT:
            self._leaf = ""
            self.parser.CharacterDataHandler = None
        elif tag == _CELL:
            if self._formula is not None or self._value:
                self._keep()
        elif tag == _ROW and self._path[2:] == [_SHEET_DATA]:
            self._last = self._row or self._last + 1

    def _keep(self) -> None:
        address, formula = self._address, self._formula
        if not _ADDRESS.fullmatch(address):
            raise WorkbookError(
                f"{self._where}: a cell element without an address of its own ('{address}'); let Excel repair it and save it"
            )
        if formula is not None and formula.get("t") == "shared" and formula.get("si") not in self._shared:
            self._refuse(f"cell {address} has the shared formula {formula.get('si')}, which no cell before it defines,")
        bare = formula is not None and "t" not in formula and not "".join(self._formula_text).strip()
        text = "".join(self._text) if self._value else None
        self.cells[address] = RawCell(formula is not None, self._cell.get("t", "n"), text, "cm" in self._cell, bare)


def _local(tag: str) -> str:
    """The element's name without its namespace."""
    return tag.rpartition(" ")[2]
