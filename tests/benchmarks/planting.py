"""Domain workbooks as data, faults planted in them, and what the copies compute: what ``faults.py`` measures with.

A module in ``domains`` is one workbook. It imports numpy and the standard library alone, since its file is copied beside the
workbook, as that of the reference. It has

- ``CELLS``: contents by range. A formula is filled from the first cell as Excel does, ``{=...}`` is one array formula over the
  range, a list has one value a cell, row by row, and anything else is in every cell.
- ``NAMES``: the defined names, and ``SPEC``: the text of the spec file, in which each input has its range.
- ``FAULTS``: for each its name, the class (see ``CLASSES``), and new contents by range. A pair (old, new) replaces that text,
  which must be there once, in the first cell's formula; it is filled as well.
- ``DOUBLES``: pairs of these names, planted together.
"""

import datetime
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import openpyxl
from openpyxl.formula.translate import Translator
from openpyxl.utils.cell import get_column_letter, range_boundaries
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula

from xlparity.actions.recalc import check_stored
from xlparity.engines.registry import find_engine
from xlparity.excel.address import Cell, parse_range
from xlparity.excel.columns import Column, column_of
from xlparity.excel.values import BLANK, Depends, ErrorValue, Missing, Unsupported
from xlparity.excel.workbook import parse_workbook
from xlparity.tolerance import Tolerance, within

DOMAINS = (
    "finance", "options", "lifetable", "epidemic", "filters", "adam", "prices", "invoices", "net", "tax",
)  # fmt: skip
CLASSES = {
    "reference": "reference replacement (Abraham and Erwig: RFR); mechanical (Panko)",
    "anchor": "relative for absolute reference, copied (Panko: mechanical; EUSES: reference)",
    "range": "range shrunk, expanded or moved (Abraham and Erwig: CRS, CRE, RRR)",
    "operator": "arithmetic operator replacement (Abraham and Erwig: AOR)",
    "comparison": "relational operator replacement (Abraham and Erwig: ROR)",
    "constant": "constant replacement (Abraham and Erwig: CRP)",
    "unit": "unit or factor forgotten (Panko: logic)",
    "omission": "a term left out (Panko: omission)",
    "parenthesis": "parentheses misplaced (Panko: logic)",
    "sign": "sign wrong, or a unary operator inserted (Abraham and Erwig: UOI)",
    "function": "function replacement (Abraham and Erwig: FFR)",
    "branches": "branches or condition of IF wrong (Panko: logic)",
    "arguments": "arguments swapped, or one left out (Panko: mechanical)",
    "lookup": "wrong column, or exact for approximate match (EUSES: lookup)",
    "hard-coded": "a constant in place of a formula (Abraham and Erwig: FRC, CRR; Panko: mechanical)",
    "neighbour": "the neighbour's formula copied over (EUSES: copy)",
    "precedence": "order of operations (Panko: logic)",
    "rate": "another rate or parameter than is meant (Panko: logic)",
}
"""The classes of faults, by the published taxonomies: R. Panko's (revised, 2008), R. Abraham and M. Erwig's mutation operators
(IEEE TSE 35, 2009), and those found in the EUSES corpus (M. Fisher and G. Rothermel, 2005)."""
SAMPLES = 2000
_ENDS = ((0, 30), (1500, 1530), (1000, 1030), (1530, 1700), (1700, 2000), (30, 1000), (1030, 1500))
_PARTS = tuple(range(first, last) for first, last in _ENDS)
"""The samples in the order in which they are computed: some of each kind first."""
_RECENT = ("NORM.S.DIST", "NORM.DIST", "NORM.S.INV", "STDEV.S", "STDEV.P")


class Array(NamedTuple):
    """An array formula; ``area`` is its range."""

    text: str
    area: str


Grid = dict[tuple[str, str], Any]
"""Contents by sheet and address; an array formula is in its first cell."""


@dataclass(frozen=True)
class Fault:
    """One planted fault, or two; ``parts`` are contents by range, one mapping a fault."""

    name: str
    taxonomy: str
    parts: tuple[Mapping[str, Any], ...]


class Domain:
    """One domain workbook, its spec and its faults."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.module: ModuleType = import_module(f"domains.{name}")
        self.spec = tomllib.loads(self.module.SPEC)
        self.right = _grid(self.module.CELLS)

    def faults(self) -> list[Fault]:
        """All of them, the single ones first."""
        single = {name: Fault(name, taxonomy, (parts,)) for name, taxonomy, parts in self.module.FAULTS}
        if len(single) != len(self.module.FAULTS) or {fault.taxonomy for fault in single.values()} - CLASSES.keys():
            raise SystemExit(f"{self.name}: two faults have one name, or a class is unknown")
        doubles = [Fault(f"{a} + {b}", "double", single[a].parts + single[b].parts) for a, b in self.module.DOUBLES]
        return [*single.values(), *doubles]

    def write(self, folder: Path, fault: Fault | None = None, file: str | None = None) -> Path:
        """Writes the workbook, with the values that its formulas compute, beside its spec and reference."""
        (folder / f"{self.name}.parity.toml").write_text(self.module.SPEC, encoding="utf-8")
        (folder / f"{self.name}.py").write_text(Path(str(self.module.__file__)).read_text("utf-8"), encoding="utf-8")
        path = folder / (file or f"{self.name}.xlsx")
        _save(self.right if fault is None else self.planted(fault), getattr(self.module, "NAMES", {}), path)
        path.write_bytes(check_stored(path)[1])
        return path

    def planted(self, fault: Fault) -> Grid:
        """The contents with the fault."""
        grid = dict(self.right)
        for part in fault.parts:
            for area, content in part.items():
                _plant(grid, area, content, f"{self.name}: {fault.name}")
        return grid

    def changed(self, fault: Fault, *, anchors: bool = True) -> list[set[Cell]]:
        """The cells at fault, for each part; without ``anchors``, not those in which only a ``$`` is another.

        Where a formula is filled without its ``$``, its first cell computes the same.
        """
        found = []
        for part in fault.parts:
            alone = self.planted(Fault(fault.name, fault.taxonomy, (part,)))
            cells = {
                cell
                for place in self.right.keys() | alone.keys()
                if _other(self.right.get(place), alone.get(place), anchors=anchors)
                for held in (self.right.get(place), alone.get(place))
                for cell in parse_range(held.area if isinstance(held, Array) else place[1], place[0]).cells()
            }
            if not cells:
                raise SystemExit(f"{self.name}: the fault '{fault.name}' changes nothing")
            found.append(cells)
        return found

    def edit(self, fault: Fault) -> list[tuple[str, str, str]]:
        """For each range of the fault: the range, what its first cell contained and what it contains."""
        grid = self.planted(fault)
        found = []
        for area in (area for part in fault.parts for area in part):
            sheet, places = _places(area)
            first = (sheet, places[0])
            old, new = (held.text if isinstance(held, Array) else held for held in (self.right[first], grid[first]))
            found.append((area, str(old), str(new)))
        return found

    def draw(self, seed: int, count: int = SAMPLES) -> dict[Cell, Column]:
        """Values of the inputs within their ranges, by cell, one a sample.

        Half are plain. A quarter are as people write them, of one or two significant digits; in the last, elements are at
        an end of the range or equal another element as well, so that both sides of comparisons and ties occur.
        """
        random = np.random.default_rng(seed)
        found: dict[Cell, Column] = {}
        drawn: list[np.ndarray[Any, Any]] = []
        for given in self.spec["inputs"].values():
            area = given["at"]
            cells = list(parse_range(area, self.spec["sheet"]).cells())
            if given.get("one_hot"):
                width = parse_range(area, self.spec["sheet"]).shape[1]
                for first in range(0, len(cells), width):
                    picked = random.integers(width, size=count)
                    found |= {cell: (picked == k).astype(float) for k, cell in enumerate(cells[first : first + width])}
                continue
            if "choices" in given:
                choices = given["choices"]
                for cell in cells:
                    picked = random.integers(len(choices), size=count)
                    found[cell] = column_of([_value(choices[k]) for k in picked])
                continue
            low, high = (_number(given[end]) for end in ("low", "high"))
            whole = given.get("integer", False) or isinstance(given["low"], datetime.date)
            for cell in cells:
                values = _numbers(random, low, high, count, whole=whole, others=drawn)
                found[cell] = values
                drawn.append(values)
        return found


def _other(right: Any, wrong: Any, *, anchors: bool) -> bool:
    return bool(right != wrong and (anchors or str(right).replace("$", "") != str(wrong).replace("$", "")))


def _numbers(
    random: np.random.Generator, low: float, high: float, count: int, *, whole: bool, others: Sequence[Any]
) -> np.ndarray[Any, Any]:
    values = random.uniform(low, high, count)
    digits = np.where(random.random(count) < 0.5, 0, 1) - np.floor(np.log10(np.maximum(np.abs(values), 1e-9))).astype(
        int
    )
    round_numbers = np.array([float(f"{value:.{max(d, 0)}f}") if d >= 0 else round(value, int(d)) for value, d in
                              zip(values, digits, strict=True)])  # fmt: skip
    quarter = count // 4
    values[2 * quarter :] = round_numbers[2 * quarter :]
    kind = random.integers(8, size=count)
    last = np.arange(count) >= 3 * quarter
    values[last & (kind == 0)] = low
    values[last & (kind == 1)] = high
    if others:
        other = others[random.integers(len(others))]
        values = np.where(last & (kind == 2), other, values)
    values = np.clip(values, low, high)
    return np.round(values) if whole else values


def _number(value: Any) -> float:
    if isinstance(value, datetime.date):
        return float((value - datetime.date(1899, 12, 30)).days)
    return float(value)


def _value(value: Any) -> Any:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class Expected:
    """What the right workbook's cells compute for 2,000 samples, so far as it was asked for."""

    def __init__(
        self, domain: Domain, data: bytes, path: Path, seed: int, tolerances: Mapping[Cell, Tolerance]
    ) -> None:
        self._data, self._path, self._tolerances = data, path, tolerances
        self._inputs, self._values = domain.draw(seed), dict[slice, dict[Cell, Column]]()
        self.differs(data)

    def differs(self, data: bytes) -> bool:
        """Whether a workbook with these bytes has another value in some cell and sample.

        Values that depend on how Excel rounds are passed over. Most faults show in the first samples; the first call, with the
        right workbook itself, computes only these.
        """
        first = not self._values
        for part in _PARTS[: 1 if first else None]:
            if part not in self._values:
                self._values[part] = self._computed(self._data, part)
            if not first and _differ(self._values[part], self._computed(data, part), self._tolerances):
                return True
        return False

    def _computed(self, data: bytes, part: range) -> dict[Cell, Column]:
        inputs = {cell: column[part.start : part.stop] for cell, column in self._inputs.items()}  # type: ignore[index]
        count = part.stop - part.start
        batch = find_engine("formulas").load(parse_workbook(data, self._path)).recalculate(inputs, count)
        return {cell: batch.get(cell, BLANK) for cell in self._tolerances}


def _differ(right: Mapping[Cell, Column], other: Mapping[Cell, Column], tolerances: Mapping[Cell, Tolerance]) -> bool:
    for cell, expected in right.items():
        actual, bounds = other[cell], tolerances[cell]
        if all(isinstance(column, np.ndarray | float) for column in (expected, actual)):
            if not np.all(within(actual, expected, bounds.rtol, bounds.atol)):
                return True
            continue
        count = max(len(column) if isinstance(column, np.ndarray | tuple) else 1 for column in (expected, actual))
        a, b = (_listed(column, count) for column in (expected, actual))
        if not all(_equal(x, y, bounds) for x, y in zip(a, b, strict=True)):
            return True
    return False


def _listed(column: Column, count: int) -> Sequence[Any]:
    if isinstance(column, np.ndarray):
        return column.tolist()  # type: ignore[no-any-return]
    return column if isinstance(column, tuple) else [column] * count


def _equal(expected: Any, actual: Any, bounds: Tolerance) -> bool:
    if isinstance(expected, Depends | Unsupported | Missing) or isinstance(actual, Depends | Unsupported | Missing):
        return True
    if isinstance(expected, float) and isinstance(actual, float):
        return bounds.allows(actual, expected)
    if isinstance(expected, ErrorValue) and isinstance(actual, ErrorValue):
        return True  # which of two errors, a reference does not say
    return type(expected) is type(actual) and bool(expected == actual)


def _places(area: str) -> tuple[str, list[str]]:
    sheet, _, place = area.rpartition("!")
    first_column, first_row, last_column, last_row = range_boundaries(place)
    return sheet, [
        f"{get_column_letter(column)}{row}"
        for row in range(first_row, last_row + 1)
        for column in range(first_column, last_column + 1)
    ]


def _grid(cells: Mapping[str, Any]) -> Grid:
    grid: Grid = {}
    for area, content in cells.items():
        sheet, places = _places(area)
        grid |= {(sheet, place): value for place, value in _filled(area, places, content)}
    return grid


def _filled(area: str, places: Sequence[str], content: Any) -> Iterator[tuple[str, Any]]:
    """The contents of a range's cells."""
    if isinstance(content, list):
        if len(content) != len(places):
            raise SystemExit(f"{area} has {len(places)} cells, and {len(content)} values")
        yield from zip(places, content, strict=True)
    elif isinstance(content, str) and content.startswith("{="):
        yield places[0], Array(content[1:-1], area.rpartition("!")[2])
    elif isinstance(content, str) and content.startswith("="):
        for place in places:
            yield place, Translator(content, origin=places[0]).translate_formula(place)
    else:
        for place in places:
            yield place, content


def _plant(grid: Grid, area: str, content: Any, what: str) -> None:
    sheet, places = _places(area)
    held = grid[sheet, places[0]]
    if isinstance(content, tuple):
        old, new = content
        text = held.text if isinstance(held, Array) else str(held)
        if text.count(old) != 1:
            raise SystemExit(f"{what}: '{old}' is in '{text}' {text.count(old)} times")
        content = text.replace(old, new)
        if isinstance(held, Array):
            grid[sheet, places[0]] = Array(content, held.area)
            return
    for place, value in _filled(area, places, content):
        if (sheet, place) not in grid and not isinstance(held, Array):
            raise SystemExit(f"{what}: {place} is empty")
        grid[sheet, place] = value


def _save(grid: Grid, names: Mapping[str, str], path: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for sheet in dict.fromkeys(sheet for sheet, _ in grid):
        book.create_sheet(sheet)
    for (sheet, place), held in grid.items():
        cell = book[sheet][place]
        if isinstance(held, Array):
            cell.value = ArrayFormula(held.area, _prefixed(held.text))
        else:
            cell.value = _prefixed(held) if isinstance(held, str) and held.startswith("=") else held
    for name, area in names.items():
        book.defined_names[name] = DefinedName(name, attr_text=area)
    book.save(path)


def _prefixed(formula: str) -> str:
    """The formula as it is stored: functions of Excel 2010 and later have a prefix."""
    return re.sub(rf"\b({'|'.join(map(re.escape, _RECENT))})\(", r"_xlfn.\1(", formula)
