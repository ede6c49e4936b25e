"""Spec files: ``NAME.parity.toml``, which says what cells are what quantity. The format is described in the README.

A wrong spec raises SpecError with the file, the line, what is wrong and the nearest right name.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlparity.address import MAX_COLUMN, MAX_ROW, Cell, Range, parse_range
from xlparity.binding import CellMap, Input, Offset, Output, Twin
from xlparity.errors import SpecError, nearest
from xlparity.tolerance import Tolerance
from xlparity.workbook import Workbook

SUFFIX = ".parity.toml"
_LARGEST_RANGE = 1_000_000
_CORNER = Offset(1, 1)  # the grid's first row and column

_SHARED = ("workbook", "reference", "tolerance", "sheet", "blocks", "inputs", "outputs")
_INPUT = ("at", "every_block", "also", "low", "high", "choices")
_OUTPUT = ("at", "rtol", "atol", "transpose", "skip")


@dataclass(frozen=True, slots=True)
class Blocks:
    """Where the iterations stand: by a label, or at rows or columns that are given, the first of them at ``first``."""

    label: str | None = None
    offsets: tuple[Offset, ...] = ()
    first: Offset = _CORNER


@dataclass(frozen=True, slots=True)
class Check:
    """One workbook region against one reference."""

    name: str
    reference: str
    sheet: str | None
    blocks: Blocks | None
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec file; ``workbook`` is relative to the folder of ``path``."""

    path: Path
    workbook: Path
    checks: tuple[Check, ...]
    text: str

    def error(self, key: str, message: str, check: str, part: str = "") -> SpecError:
        """The error about this key of a part of a check, with the line that it stands on."""
        return SpecError(self.path, _line(self.text, key, check, part), message)

    def map_cells(self, check: Check, workbook: Workbook) -> CellMap:
        """The check's quantities bound to the workbook's cells; raises SpecError where they cannot be."""
        for sheet, key, part in self._sheets(check):
            if sheet not in workbook.sheets:
                said = f"the workbook has no sheet '{sheet}'{nearest(sheet, workbook.sheets)}"
                raise self.error(key, said, check.name, part)
        offsets = self._offsets(check, workbook)
        self._stay_on_the_grid(check, offsets)
        inputs = {cell for given in check.inputs for places in given.places(offsets) for cell in places}
        cells = CellMap(check.outputs, offsets, frozenset(inputs))
        if twice := cells.twice_bound():
            raise self.error(
                twice[2], f"both '{twice[1]}' and '{twice[2]}' claim the cell {twice[0]}", check.name, "outputs"
            )
        bound = {output.name for output, _, _ in cells.blocks()}
        for output in check.outputs:
            if output.name not in bound:
                raise self.error(
                    output.name,
                    f"output '{output.name}' stands in input cells only, so nothing is compared",
                    check.name,
                    "outputs",
                )
        return cells

    def _stay_on_the_grid(self, check: Check, offsets: tuple[Offset, ...]) -> None:
        for output in check.outputs:
            first = check.blocks.first if check.blocks else _CORNER
            if output.at.row < first.rows or output.at.column < first.columns:
                said = (
                    f"output '{output.name}' stands before the first block; its address is the one in the first block"
                )
                raise self.error(output.name, said, check.name, "outputs")
            for offset in offsets:
                if not _on_the_grid(output.at.moved(*offset)):
                    raise self.error(
                        output.name,
                        f"a block of output '{output.name}' would lie outside the grid",
                        check.name,
                        "outputs",
                    )
        for given in check.inputs:
            for at in (given.at, *(twin.at for twin in given.also)) if given.every_block else ():
                if not all(_on_the_grid(at.moved(*offset)) for offset in offsets):
                    said = f"a block of input '{given.name}' would lie outside the grid"
                    raise self.error(given.name, said, check.name, "inputs")

    def _sheets(self, check: Check) -> list[tuple[str, str, str]]:
        named = [(check.sheet, "sheet", "")] if check.sheet else []
        for given in check.inputs:
            named += [(at.sheet, given.name, "inputs") for at in (given.at, *(twin.at for twin in given.also))]
        return named + [(output.at.sheet, output.name, "outputs") for output in check.outputs]

    def _offsets(self, check: Check, workbook: Workbook) -> tuple[Offset, ...]:
        if check.blocks is None:
            return (Offset(0, 0),)
        if check.blocks.label is None:
            return check.blocks.offsets
        sheet = check.sheet or check.outputs[0].at.sheet
        texts = [
            (cell, " ".join(content.split()))
            for cell, content in workbook.cells.items()
            if cell.sheet == sheet and isinstance(content, str)
        ]
        label = re.escape(check.blocks.label).replace(re.escape("{n}"), r"(?P<n>\d+)", 1)
        opening = re.compile(label.replace(re.escape("{n}"), "(?P=n)"))
        openers: dict[int, Cell] = {}
        for cell, text in texts:
            if match := opening.match(text):
                number = int(match["n"])
                if number in openers:
                    said = f"'{match[0]}' stands in {openers[number]} and in {cell}; a label opens one block"
                    raise self.error("label", said, check.name, "blocks")
                openers[number] = cell
        if 0 in openers:
            raise self.error("label", f"block 0 opens in {openers[0]}; blocks count from 1", check.name, "blocks")
        anchors = [openers[number] for number in range(1, len(openers) + 1) if number in openers]
        if 1 not in openers:
            first = check.blocks.label.replace("{n}", "1")
            raise self.error("label", f"no cell of sheet '{sheet}' opens with '{first}'", check.name, "blocks")
        if len(anchors) < len(openers):
            last = max(openers)
            lacking = next(number for number in range(1, last) if number not in openers)
            said = f"block {last} opens in {openers[last]}, and there is no block {lacking}"
            raise self.error("label", said, check.name, "blocks")
        return tuple(Offset(cell.row - anchors[0].row, cell.column - anchors[0].column) for cell in anchors)


def read_spec(path: Path) -> Spec:
    """The spec file. Raises SpecError where it cannot be read or is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        raise SpecError(path, None, f"cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise SpecError(path, None, "is not UTF-8 text; a spec is a TOML file") from error
    except (ValueError, RecursionError) as error:  # a TOMLDecodeError, or a number of thousands of digits
        raise SpecError(path, None, f"is not TOML: {error}") from error
    return _Reader(path, text).spec(table)


def _line(text: str, key: str, check: str, part: str) -> int | None:
    """The line that sets the key or opens its table: in that part of that check, else in such a part, else the first."""
    word = rf"""["']?{re.escape(key)}["']?"""
    sets = re.compile(rf"^\s*(?:\[+.*\b)?{word}\s*(?:=|\]|\.)|[{{,]\s*{word}\s*=")
    table = ""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+([^\]]+)\]", line):
            table = re.sub(r"[\s\"']", "", header[1])
        if sets.search(line):
            found.setdefault(table, number)
    nearest_first = (f"check.{check}.{part}", f"check.{check}", part)
    return next((found[name] for name in nearest_first if name in found), min(found.values(), default=None))


class _Reader:
    """Turns the TOML tables into values; the text and the table being read are there to find the lines of what is wrong."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text
        self.reading = ("", "")

    def wrong(self, key: str, message: str) -> SpecError:
        return SpecError(self.path, _line(self.text, key, *self.reading), message)

    def spec(self, table: dict[str, Any]) -> Spec:
        self.known(table, (*_SHARED, "check"))
        workbook = self.typed(table, "workbook", str, "the workbook's path, relative to this file")
        named = table.get("check", {})
        if not isinstance(named, dict) or not all(isinstance(check, dict) for check in named.values()):
            raise self.wrong("check", "[check.NAME] is a table for each check")
        shared = {key: value for key, value in table.items() if key != "check"}
        name = self.path.name.removesuffix(SUFFIX)
        checks = [self.check(name, shared)] if not named else []
        for name, own in named.items():
            self.reading = (name, "")
            self.known(own, _SHARED[1:])
            checks.append(self.check(name, _merged(shared, own)))
        return Spec(self.path, self.path.parent / workbook, tuple(checks), self.text)

    def check(self, name: str, table: Mapping[str, Any]) -> Check:
        reference = self.typed(table, "reference", str, "file.py:function or package.module:function")
        sheet = self.typed(table, "sheet", str, "the sheet's name") if "sheet" in table else None
        tolerance = self.tolerance(table.get("tolerance", {}), Tolerance(), "tolerance")
        inputs, outputs = (
            self.typed(table, key, dict, "a table of names and addresses") for key in ("inputs", "outputs")
        )
        if not outputs:
            raise self.wrong("outputs", f"check '{name}' compares nothing; give [outputs] at least one quantity")
        self.reading = (name, "blocks")
        blocks = self.blocks(table["blocks"]) if "blocks" in table else None
        self.reading = (name, "inputs")
        given = tuple(self.input(key, value, sheet) for key, value in inputs.items())
        self.reading = (name, "outputs")
        compared = tuple(self.output(key, value, sheet, tolerance) for key, value in outputs.items())
        return Check(name, reference, sheet, blocks, given, compared)

    def blocks(self, table: Any) -> Blocks:
        if not isinstance(table, dict):
            raise self.wrong("blocks", "[blocks] is a table")
        self.known(table, ("label", "rows", "columns", "first", "step", "count"))
        if "label" in table:
            label = self.typed(table, "label", str, "the text that opens block {n}")
            if "{n}" not in label or len(table) > 1:
                raise self.wrong("label", "label is the text that opens block {n}, with {n} in it, and stands alone")
            return Blocks(label)
        if "rows" in table or "columns" in table:
            along = "rows" if "rows" in table else "columns"
            places = table[along]
            if len(table) > 1 or not isinstance(places, list) or not places or not all(_is_place(p) for p in places):
                raise self.wrong(along, f"{along} is a list of the blocks' first {along}, as numbers, and stands alone")
            starts = [Offset(place, 1) if along == "rows" else Offset(1, place) for place in places]
            return _blocks_at(starts)
        if table.keys() != {"first", "step", "count"} or not all(_is_place(value) for value in table.values()):
            raise self.wrong("blocks", "[blocks] takes label, or rows, or columns, or first, step and count together")
        return _blocks_at([Offset(table["first"] + table["step"] * k, 1) for k in range(table["count"])])

    def input(self, name: str, value: Any, sheet: str | None) -> Input:
        table = {"at": value} if isinstance(value, str) else value
        if not isinstance(table, dict):
            raise self.wrong(name, f"input '{name}' is an address, or a table with one under 'at'")
        self.known(table, _INPUT, name)
        also = table.get("also", [])
        if not isinstance(also, list) or not all(isinstance(twin, dict) for twin in also):
            raise self.wrong(name, f"'also' of input '{name}' is a list of tables such as {{ at = \"B12:E14\" }}")
        twins = []
        for twin in also:
            self.known(twin, ("at", "transpose"), name)
            twins.append(Twin(self.address(name, twin.get("at"), sheet), self.flag(twin, "transpose", name)))
            shape = self.address(name, table.get("at"), sheet).shape
            if (twins[-1].at.shape[::-1] if twins[-1].transpose else twins[-1].at.shape) != shape:
                raise self.wrong(name, f"'also' of input '{name}' is of another shape than the input: {twins[-1].at}")
        return Input(
            name,
            self.address(name, table.get("at"), sheet),
            self.flag(table, "every_block", name),
            tuple(twins),
            self.number(table, "low", name),
            self.number(table, "high", name),
            self.numbers(table, "choices", name),
        )

    def output(self, name: str, value: Any, sheet: str | None, tolerance: Tolerance) -> Output:
        table = {"at": value} if isinstance(value, str) else value
        if not isinstance(table, dict):
            raise self.wrong(name, f"output '{name}' is an address, or a table with one under 'at'")
        self.known(table, _OUTPUT, name)
        skip = table.get("skip")
        if skip is not None and (not isinstance(skip, str) or not skip.strip()):
            raise self.wrong(name, f"'skip' of output '{name}' is the reason, a text")
        own = {key: table[key] for key in ("rtol", "atol") if key in table}
        return Output(
            name,
            self.address(name, table.get("at"), sheet),
            self.tolerance(own, tolerance, name),
            self.flag(table, "transpose", name),
            skip,
        )

    def tolerance(self, table: Any, default: Tolerance, key: str) -> Tolerance:
        if not isinstance(table, dict):
            raise self.wrong(key, "tolerance is a table such as { rtol = 1e-9, atol = 1e-12 }")
        self.known(table, ("rtol", "atol"), key)
        rtol, atol = self.number(table, "rtol", key), self.number(table, "atol", key)
        if (rtol or 0) < 0 or (atol or 0) < 0:
            raise self.wrong(key, "a tolerance is not negative")
        return Tolerance(default.rtol if rtol is None else rtol, default.atol if atol is None else atol)

    def address(self, name: str, text: Any, sheet: str | None) -> Range:
        if not isinstance(text, str):
            raise self.wrong(name, f"'{name}' has no address; write at = \"B5:D8\"")
        try:
            area = parse_range(text, sheet)
        except ValueError as error:
            raise self.wrong(name, f"'{name}': {error}") from error
        if area.size > _LARGEST_RANGE:
            raise self.wrong(name, f"'{name}' spans {area.size:,} cells; name the range that holds it")
        return area

    def typed(self, table: Mapping[str, Any], key: str, kind: type, meaning: str) -> Any:
        if not isinstance(table.get(key), kind):
            what = "is missing" if key not in table else "is of the wrong type"
            raise self.wrong(key, f"'{key}' {what}: {meaning}")
        return table[key]

    def number(self, table: Mapping[str, Any], key: str, name: str) -> float | None:
        value = table.get(key)
        if value is not None and not _is_number(value):
            raise self.wrong(name, f"'{key}' of '{name}' is a number, of at most 1e100")
        return None if value is None else float(value)

    def numbers(self, table: Mapping[str, Any], key: str, name: str) -> tuple[float, ...]:
        values = table.get(key, [])
        if not isinstance(values, list) or not all(_is_number(value) for value in values):
            raise self.wrong(name, f"'{key}' of '{name}' is a list of numbers")
        return tuple(float(value) for value in values)

    def flag(self, table: Mapping[str, Any], key: str, name: str) -> bool:
        value = table.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(name, f"'{key}' of '{name}' is true or false")
        return value

    def known(self, table: Mapping[str, Any], keys: tuple[str, ...], where: str | None = None) -> None:
        for key in table:
            if key not in keys:
                raise self.wrong(key, f"unknown key '{key}'{f' of {where!r}' if where else ''}{nearest(key, keys)}")


def _on_the_grid(area: Range) -> bool:
    return area.row >= 1 and area.column >= 1 and area.last_row <= MAX_ROW and area.last_column <= MAX_COLUMN


def _blocks_at(starts: list[Offset]) -> Blocks:
    first = starts[0]
    return Blocks(None, tuple(Offset(at.rows - first.rows, at.columns - first.columns) for at in starts), first)


def _merged(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The top's keys as defaults of the check's; of inputs and outputs, each name."""
    merged = {**shared, **own}
    for key in ("inputs", "outputs"):
        if isinstance(shared.get(key), dict) and isinstance(own.get(key), dict):
            merged[key] = {**shared[key], **own[key]}
    return merged


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e100 <= value <= 1e100


def _is_place(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_ROW
