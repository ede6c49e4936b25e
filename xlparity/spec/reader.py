"""What the text of a spec file tells, and what is wrong with it before any workbook is read."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xlparity.address import MAX_ROW
from xlparity.binding import Input, Offset, Output, Twin
from xlparity.errors import SpecError, nearest, nearest_file
from xlparity.spec.lines import Lines
from xlparity.spec.plan import (
    SUFFIX,
    Acceptance,
    Address,
    Blocks,
    Check,
    Spec,
    parse_address,
    twin_misfit,
)
from xlparity.tolerance import Tolerance

_SHARED = ("workbook", "reference", "tolerance", "sheet", "blocks", "inputs", "outputs", "accept")
_INPUT = ("at", "every_block", "also", "low", "high", "choices", "vary")
_OUTPUT = ("at", "rtol", "atol", "transpose", "skip", "constants")


def read_spec(path: Path, tolerance: Tolerance = Tolerance()) -> Spec:  # noqa: B008  (it is frozen)
    """The spec file, with the tolerance of what it gives none. Raises SpecError where it cannot be read or is wrong."""
    try:
        text = path.read_bytes().decode()  # to the letter, for its digest
        table = tomllib.loads(text)
    except OSError as error:
        said = f"cannot be read ({error.strerror or error}){nearest_file(path)}"
        raise SpecError(path, None, f"{said}; name another file, or draft one with 'xlparity init WORKBOOK'") from error
    except UnicodeDecodeError as error:
        said = "is not UTF-8 text; a spec is a TOML file, saved as UTF-8"
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            said = "is a workbook and no spec; name it behind --workbook"
        raise SpecError(path, None, said) from error
    except (ValueError, RecursionError) as error:  # a TOMLDecodeError, or a number of thousands of digits
        raise SpecError(path, None, f"is not TOML: {error}") from error
    return _Reader(path, Lines(text), tolerance).spec(table)


def spec_of(table: Mapping[str, Any], path: Path, tolerance: Tolerance = Tolerance()) -> Spec:  # noqa: B008  (it is frozen)
    """The spec that a mapping is, with what a file of TOML would hold; a reference may be the function itself.

    Its paths are relative to the folder of ``path``, which stands in errors for the file. Raises SpecError.
    """
    return _Reader(path, Lines(""), tolerance).spec(_as_toml(table))


class _Reader:
    """Turns the TOML tables into values.

    The check and the part of it that are being read, or the list of tables and the entry in it, are there to find the
    lines of what is wrong.
    """

    def __init__(self, path: Path, lines: Lines, usual: Tolerance = Tolerance()) -> None:  # noqa: B008  (it is frozen)
        self.path, self.lines, self.usual = path, lines, usual
        self.reading = ("", "")
        self.entry: tuple[str, int] | None = None

    def wrong(self, key: str, message: str) -> SpecError:
        line = self.lines.of_entry(*self.entry, key) if self.entry else self.lines.of(key, *self.reading)
        return SpecError(self.path, line, message)

    def spec(self, table: dict[str, Any]) -> Spec:
        self.known(table, (*_SHARED, "check"))
        workbook = self.typed(table, "workbook", str, "the workbook's path, relative to this file")
        named = table.get("check", {})
        if not isinstance(named, dict) or not all(isinstance(check, dict) for check in named.values()):
            raise self.wrong("check", "[check.NAME] is a table for each check")
        shared = {key: value for key, value in table.items() if key not in ("check", "accept")}
        accept = table.get("accept", [])
        name = self.path.name.removesuffix(SUFFIX)
        checks = [self.check(name, shared, self.accepted(accept, "accept", shared))] if not named else []
        for name, own in named.items():
            self.reading = (name, "")
            self.known(own, _SHARED[1:])
            merged = _merged(shared, own)
            general = self.accepted(accept, "accept", merged, shared=True)
            special = self.accepted(own.get("accept", []), f"check.{name}.accept", merged)
            checks.append(self.check(name, merged, general + special))
        return Spec(self.path, self.path.parent / workbook, tuple(checks), self.lines)

    def check(self, name: str, table: Mapping[str, Any], accepted: tuple[Acceptance, ...]) -> Check:
        reference = table.get("reference")
        if not callable(reference):  # which only what was written in Python can be
            reference = self.typed(table, "reference", str, "file.py:function or package.module:function")
        sheet = self.sheet(table)
        tolerance = self.tolerance(table.get("tolerance", {}), self.usual, "tolerance")
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
        return Check(name, reference, sheet, blocks, given, compared, accepted)

    def sheet(self, table: Mapping[str, Any]) -> str | None:
        name: str | None = self.typed(table, "sheet", str, "the sheet's name") if "sheet" in table else None
        return name

    def blocks(self, table: Any) -> Blocks:
        if not isinstance(table, dict):
            raise self.wrong("blocks", "[blocks] is a table")
        self.known(table, ("label", "rows", "columns", "first", "step", "count"))
        if "label" in table:
            label: str = self.typed(table, "label", str, "the text that opens block {n}")
            if "{n}" not in label or len(table) > 1:
                raise self.wrong("label", "label is the text that opens block {n}, with {n} in it, and stands alone")
            return Blocks(label)
        if "rows" in table or "columns" in table:
            return self.blocks_at("rows" if "rows" in table else "columns", table)
        lacking = [key for key in ("first", "step", "count") if key not in table]
        if lacking or not all(_is_place(value) for value in table.values()):
            what = f"'{lacking[0]}' is missing" if lacking else "they are whole numbers from 1 on"
            raise self.wrong(
                "blocks", f"[blocks] takes label, or rows, or columns, or first, step and count together: {what}"
            )
        return _blocks_at([Offset(table["first"] + table["step"] * k, 1) for k in range(table["count"])])

    def blocks_at(self, along: str, table: Mapping[str, Any]) -> Blocks:
        places = table[along]
        if len(table) > 1 or not isinstance(places, list) or not places or not all(_is_place(p) for p in places):
            raise self.wrong(along, f"{along} is a list of the blocks' first {along}, as numbers, and stands alone")
        again = next((place for number, place in enumerate(places) if place in places[:number]), None)
        if again is not None:
            raise self.wrong(along, f"{along} lists {again} twice; each block has a place of its own")
        return _blocks_at([Offset(place, 1) if along == "rows" else Offset(1, place) for place in places])

    def input(self, name: str, value: Any, sheet: str | None) -> Input[Address]:
        table = {"at": value} if isinstance(value, str) else value
        if not isinstance(table, dict):
            raise self.wrong(name, f"input '{name}' is an address, or a table with one under 'at'")
        self.known(table, _INPUT, name)
        also = table.get("also", [])
        if not isinstance(also, list) or not all(isinstance(twin, dict) for twin in also):
            raise self.wrong(name, f"'also' of input '{name}' is a list of tables such as {{ at = \"B12:E14\" }}")
        at = self.address(name, table.get("at"), sheet)
        low, high = self.number(table, "low", name), self.number(table, "high", name)
        choices = self.numbers(table, "choices", name)
        if low is not None and high is not None and low > high:
            raise self.wrong(name, f"'low' of '{name}' is above its 'high': {low:g} > {high:g}")
        if "choices" in table and not choices:
            raise self.wrong(name, f"'choices' of '{name}' is empty; list the numbers it may be, or leave it out")
        if choices and not (low is None and high is None):
            raise self.wrong(name, f"'{name}' has choices and a low or high; a number is drawn from one or the other")
        vary = self.flag(table, "vary", name, default=True)
        if not vary and (choices or not (low is None and high is None)):
            raise self.wrong(name, f"'{name}' is not to vary, and has choices or a range; take one of the two out")
        twins = tuple(self.twin(name, twin, at, sheet) for twin in also)
        return Input(name, at, self.flag(table, "every_block", name), twins, low, high, choices, vary)

    def twin(self, name: str, table: Mapping[str, Any], given: Address, sheet: str | None) -> Twin[Address]:
        self.known(table, ("at", "transpose"), name)
        twin = Twin(self.address(name, table.get("at"), sheet), self.flag(table, "transpose", name))
        if given.area and twin.at.area and (said := twin_misfit(given.area, twin.at.area, transpose=twin.transpose)):
            raise self.wrong(name, f"'also' of input '{name}' {said}")
        return twin

    def output(self, name: str, value: Any, sheet: str | None, tolerance: Tolerance) -> Output[Address]:
        table = {"at": value} if isinstance(value, str) else value
        if not isinstance(table, dict):
            raise self.wrong(name, f"output '{name}' is an address, or a table with one under 'at'")
        self.known(table, _OUTPUT, name)
        skip = table.get("skip")
        if skip is not None and not _is_text(skip):
            raise self.wrong(name, f"'skip' of output '{name}' is the reason, a text")
        if table.get("constants", "allowed") != "allowed":
            raise self.wrong(name, f"'constants' of output '{name}' is \"allowed\", or left out")
        own = {key: table[key] for key in ("rtol", "atol") if key in table}
        return Output(
            name,
            self.address(name, table.get("at"), sheet),
            self.tolerance(own, tolerance, name),
            self.flag(table, "transpose", name),
            skip,
            "constants" in table,
        )

    def accepted(
        self, entries: Any, where: str, check: Mapping[str, Any], *, shared: bool = False
    ) -> tuple[Acceptance, ...]:
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise self.wrong("accept", f"[[{where}]] is a table for each known difference, with cells and reason")
        found = []
        for number, table in enumerate(entries):
            self.entry = (where, number)
            self.known(table, ("cells", "reason"), "accept")
            cells = [table["cells"]] if isinstance(table.get("cells"), str) else table.get("cells")
            if not isinstance(cells, list) or not cells or not all(isinstance(cell, str) for cell in cells):
                raise self.wrong("cells", "'cells' of accept is an address such as \"P5:P8\", or a list of them")
            addresses = tuple(self.address("cells", cell, self.sheet(check)) for cell in cells)
            if not _is_text(table.get("reason")):
                raise self.wrong("reason", "accept needs a reason, a text: why the difference is known and left")
            line = self.lines.of_entry(where, number, "cells")
            found.append(Acceptance(addresses, " ".join(table["reason"].split()), line, shared))
        self.entry = None
        return tuple(found)

    def tolerance(self, table: Any, default: Tolerance, key: str) -> Tolerance:
        if not isinstance(table, dict):
            raise self.wrong(key, "tolerance is a table such as { rtol = 1e-9, atol = 1e-12 }")
        self.known(table, ("rtol", "atol"), key)
        rtol, atol = self.number(table, "rtol", key), self.number(table, "atol", key)
        if (rtol or 0) < 0 or (atol or 0) < 0:
            raise self.wrong(key, "a tolerance is not negative")
        return Tolerance(default.rtol if rtol is None else rtol, default.atol if atol is None else atol)

    def address(self, name: str, text: Any, sheet: str | None) -> Address:
        if not isinstance(text, str):
            raise self.wrong(name, f"'{name}' has no address; write at = \"B5:D8\"")
        try:
            return parse_address(text, sheet)
        except ValueError as error:
            raise self.wrong(name, f"'{name}': {error}") from error

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

    def flag(self, table: Mapping[str, Any], key: str, name: str, *, default: bool = False) -> bool:
        value = table.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(name, f"'{key}' of '{name}' is true or false")
        return value

    def known(self, table: Mapping[str, Any], keys: tuple[str, ...], where: str | None = None) -> None:
        for key in table:
            if key not in keys:
                raise self.wrong(key, f"unknown key '{key}'{f' of {where!r}' if where else ''}{nearest(key, keys)}")


def _blocks_at(starts: list[Offset]) -> Blocks:
    first = starts[0]
    return Blocks(None, tuple(Offset(at.rows - first.rows, at.columns - first.columns) for at in starts), first)


def _as_toml(value: Any) -> Any:
    """The value with the types that TOML has: what is written in Python may hold tuples, ranges, paths and numpy's numbers."""
    if isinstance(value, Mapping):
        return {key: _as_toml(held) for key, held in value.items() if held is not None}
    if isinstance(value, tuple | list | range):
        return [_as_toml(held) for held in value]
    if isinstance(value, Path):
        return value.as_posix()
    return value.tolist() if hasattr(value, "dtype") and hasattr(value, "tolist") else value


def _merged(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The top's keys as defaults of the check's; of inputs and outputs, each name."""
    merged = {**shared, **own}
    for key in ("inputs", "outputs"):
        if isinstance(shared.get(key), dict) and isinstance(own.get(key), dict):
            merged[key] = {**shared[key], **own[key]}
    return merged


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e100 <= value <= 1e100


def _is_place(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_ROW
