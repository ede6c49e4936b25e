"""Copies of a workbook with something else in some cells, and the quantity map of a spec's workbook."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.formula import ArrayFormula

import xlparity
from xlparity.diagnosis.relative import QuantityMap
from xlparity.excel.address import Cell, parse_range
from xlparity.excel.workbook import Workbook, read_workbook
from xlparity.results.report import Report
from xlparity.spec import bind, read_spec


def at(address: str, sheet: str = "Training") -> Cell:
    """The cell of an address, on that sheet unless it names one."""
    return parse_range(address, sheet).first


def planted(spec: Path, copy: Path, cells: Mapping[str, Any]) -> Path:
    """Writes the week-1 workbook with these contents; a text in the first cell of an array formula is its new text."""
    book = openpyxl.load_workbook(spec.with_name("regressor.xlsx"))
    for address, content in cells.items():
        cell = at(address)
        held = book[cell.sheet][cell.a1]
        if isinstance(held.value, ArrayFormula) and isinstance(content, str):
            held.value.text = content
        else:
            held.value = content
    book.save(copy)
    return copy


def verified(spec: Path, folder: Path, cells: Mapping[str, Any]) -> Report:
    """The report on the week-1 workbook with these contents."""
    return xlparity.verify(spec, workbook=planted(spec, folder / "planted.xlsx", cells))


def quantity_map_of(spec: Path) -> tuple[Workbook, QuantityMap]:
    """The spec's workbook as it is read, and where its quantities stand."""
    plan = read_spec(spec)
    book = read_workbook(plan.workbook)
    return book, QuantityMap(book, [(check.name, check.cells, check.inputs) for check in bind(plan, book)])
