"""Reads what a package says of its workbook beside the cells: names, tables, and how Excel computes."""

import contextlib
import math
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from xlparity.errors import WorkbookError
from xlparity.excel.ooxml.package import (
    elements,
    parsed,
    refuse_choices,
    relation_in,
    relations,
    workbook_part,
)

_TRUE = ("1", "true")
_OWN = "_xlnm."  # how the names begin that Excel keeps for print areas and the like


class RawName(NamedTuple):
    """A defined name, the sheet that it belongs to if it is one sheet's, and the text of what it means."""

    name: str
    sheet: str | None
    meaning: str


class RawTable(NamedTuple):
    """A table as its part describes it: name, address, the headers of its columns, rows of headers and of totals.

    ``filter`` is the address of the cells of which a filter hides rows, if there is one.
    """

    name: str
    address: str
    columns: tuple[str, ...]
    headers: int
    totals: int
    filter: str | None


class RawLink(NamedTuple):
    """A sheet of another workbook as the file keeps it: its name, with the workbook's number, and the cells with their values.

    Each value is a number, a text, a truth value, or the code of an error, with its type as in a cell element. ``broken``
    says that Excel could not find the sheet when it last looked.
    """

    name: str
    cells: tuple[tuple[str, str, str], ...]
    broken: bool


class RawBook(NamedTuple):
    """The names and the settings of a workbook, and the names of all its sheets, chart sheets and the like among them.

    ``rounds`` says that it computes with numbers as they are displayed, ``date1904`` that dates count from 1904.
    ``iteration`` are the most passes and the largest change with which circular references are computed by iteration, None
    where they are not.
    """

    names: tuple[RawName, ...]
    tabs: tuple[str, ...]
    rounds: bool
    iteration: tuple[int, float] | None
    date1904: bool


def read_book(parts: Mapping[str, bytes], path: Path) -> RawBook:
    """The names and settings in the workbook part; raises WorkbookError where it is damaged."""
    part = workbook_part(parts)
    root = parsed(parts[part], f"{path}: the part {part}")
    sheets = [sheet.attrib["name"] for sheet in elements(root, "sheet")]
    names = []
    for found in elements(root, "definedName"):
        name, number = found.get("name", ""), found.get("localSheetId")
        if not name or (number is not None and number not in map(str, range(len(sheets)))):
            raise WorkbookError(f"{path}: the defined name '{name}' is damaged; let Excel repair it and save it")
        sheet = None if number is None else sheets[int(number)]
        names.append(RawName(name, sheet, "".join(found.itertext())))
    calculation, properties = (next(elements(root, name), None) for name in ("calcPr", "workbookPr"))
    return RawBook(
        tuple(name for name in names if not name.name.startswith(_OWN)),
        tuple(sheets),
        rounds=calculation is not None and calculation.get("fullPrecision", "1") not in _TRUE,
        iteration=None if calculation is None else _iteration(calculation, path),
        date1904=properties is not None and properties.get("date1904") in _TRUE,
    )


def _iteration(calculation: ElementTree.Element, path: Path) -> tuple[int, float] | None:
    """How circular references are iterated; what the file leaves out is as Excel has it by default."""
    if calculation.get("iterate") not in _TRUE:
        return None
    try:
        count, change = int(calculation.get("iterateCount", "100")), float(calculation.get("iterateDelta", "0.001"))
    except ValueError:
        count, change = 0, math.nan
    if count < 1 or not 0 <= change < math.inf:
        raise WorkbookError(
            f"{path}: the settings of iterative calculation are damaged; let Excel repair it and save it"
        )
    return count, change


def _link_roots(parts: Mapping[str, bytes], path: Path) -> Iterator[tuple[int, ElementTree.Element]]:
    """The other workbooks, by the numbers that formulas have for them; none of a damaged link."""
    book = workbook_part(parts)
    where = f"{path}: "
    targets = {relation.id: relation.target for relation in relations(parts, book, where)}
    root = parsed(parts[book], f"{where}the part {book}")
    for number, listed in enumerate(elements(root, "externalReference"), start=1):
        part = targets.get(relation_in(listed.attrib, "}", str(path)), "")
        with contextlib.suppress(KeyError, WorkbookError):  # what refers to it is unsupported, and the rest can be read
            yield number, parsed(parts[part], f"{where}the part {part}")


def link_names(parts: Mapping[str, bytes], path: Path) -> Iterator[tuple[str, str]]:
    """The names that other workbooks define, with their numbers as in ``[1]!rate``, and what each means there."""
    for number, link in _link_roots(parts, path):
        sheets = [found.get("val", "") for found in elements(link, "sheetName")]
        for found in elements(link, "definedName"):
            place = found.get("sheetId", "")
            sheet = sheets[int(place)] if place.isdecimal() and int(place) < len(sheets) else ""
            yield f"[{number}]{sheet}!{found.get('name', '')}", found.get("refersTo", "")


def links(parts: Mapping[str, bytes], path: Path) -> Iterator[RawLink]:
    """The sheets of other workbooks to which formulas refer, each with what the file keeps of it; none of a damaged link."""
    for number, link in _link_roots(parts, path):
        names = [found.get("val", "") for found in elements(link, "sheetName")]
        for data in elements(link, "sheetData"):
            sheet = data.get("sheetId", "")
            if sheet.isdecimal() and int(sheet) < len(names):
                cells = [
                    (cell.get("r", ""), cell.get("t", "n"), value.text or "")
                    for cell in elements(data, "cell")
                    for value in elements(cell, "v")
                ]
                yield RawLink(f"[{number}]{names[int(sheet)]}", tuple(cells), data.get("refreshError") in _TRUE)


def tables(parts: Mapping[str, bytes], part: str, listed: Collection[str], where: str) -> Iterator[RawTable]:
    """The tables that the sheet in this part lists by their relations; raises WorkbookError where one is damaged."""
    for relation in relations(parts, part, f"{where}: ") if listed else ():
        if relation.id not in listed or relation.target not in parts:
            continue
        named = f"{where}: the part {relation.target}"
        root = parsed(parts[relation.target], named)
        refuse_choices(root, named)
        try:
            yield RawTable(
                root.attrib["displayName"],
                root.attrib["ref"],
                tuple(column.attrib["name"] for column in elements(root, "tableColumn")),
                int(root.get("headerRowCount", 1)),
                int(root.get("totalsRowCount", 0)),
                next((f.get("ref") for f in elements(root, "autoFilter") if any(len(column) for column in f)), None),
            )
        except (KeyError, ValueError) as error:
            raise WorkbookError(
                f"{named}, a table, is damaged ({error.args[0]}); let Excel repair it and save it"
            ) from error
