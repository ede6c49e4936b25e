"""Reads the text of a spec file, and reports the errors that can be found without the workbook."""

import math
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from xlparity.errors import SpecError, nearest, nearest_file
from xlparity.excel.locales import ENGLISH, LOCALES, Locale
from xlparity.excel.values import serial_number
from xlparity.files import read_file
from xlparity.process import LOCK
from xlparity.settings import Options
from xlparity.spec.binding import EACH, Input, Offset, Output, Step, Twin
from xlparity.spec.lines import LineNumbers
from xlparity.spec.plan import (
    SUFFIX,
    Acceptance,
    Address,
    Blocks,
    CheckPlan,
    Grading,
    Spec,
    parse_address,
    twin_misfit,
)
from xlparity.spec.schema import (
    ACCEPT,
    ALSO,
    BLOCKS,
    CHECK,
    CLOCK,
    GRADE,
    INPUT,
    LIMITS,
    LOCALE,
    MOMENT,
    OUTPUT,
    PLACE,
    PLACES,
    REVIEW,
    SPEC,
    TABLE,
    TABLES,
    KeyTable,
    is_text,
    moment,
)
from xlparity.tolerance import Tolerance

A = TypeVar("A")

# What draws an input by itself, and what else would.
_ALONE = {
    "one_hot": ("low", "high", "choices", "integer", "blank", "draw"),
    "draw": ("low", "high", "choices", "integer", "blank"),
    "frame": ("also", "step", "one_hot", "draw"),
}
_FLAGS = ("every_block", "cut", "integer", "one_hot", "blank", "frame")
_WAYS = "label, or rows, or columns, or sheets, or table, or first, step and count together"
LARGEST = 4 << 20
"""Bytes of a spec file: twenty times what one has that binds 1,000 quantities in 20 checks."""
_MOST_BLOCKS = 200_000  # a training has some thousands; of so many, each with its offsets, reading takes two seconds
_ANY_SHEET = "-"  # for addresses at the top that each check reads on a sheet of its own


def read_spec(path: Path, options: Options = Options()) -> Spec:  # noqa: B008  (it is frozen)
    """The spec file, with the tolerances of the options. Raises SpecError where it cannot be read or is wrong."""
    try:
        with LOCK:
            data = read_file(path, LARGEST)
        text = data.decode()  # to the letter, for its digest
        table = tomllib.loads(text.removeprefix("\ufeff"))  # which Windows' editor puts at the front
    except OSError as error:
        sentence = f"cannot be read ({error.strerror or error}){nearest_file(path)}"
        raise SpecError(
            path, None, f"{sentence}; name another file, or draft one with 'xlparity init WORKBOOK'"
        ) from error
    except UnicodeDecodeError as error:
        sentence = "is not UTF-8 text; a spec is a TOML file, saved as UTF-8"
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            sentence = "is a workbook and no spec; name it behind --workbook"
        raise SpecError(path, None, sentence) from error
    except (ValueError, RecursionError) as error:  # a TOMLDecodeError, or a number of thousands of digits
        raise SpecError(path, None, f"is not TOML: {error}") from error
    return _SpecReader(path, LineNumbers(text), options).spec(table)


def spec_of(table: Mapping[str, Any], path: Path, options: Options = Options()) -> Spec:  # noqa: B008  (it is frozen)
    """The spec that a mapping is, with what a file of TOML would hold; a reference may be the function itself.

    Its paths are relative to the folder of ``path``, which stands in errors for the file. Raises SpecError.
    """
    return _SpecReader(path, LineNumbers(""), options).spec(_as_toml(table))


class _SpecReader:
    """Turns the TOML tables into values.

    The check and the part of it that are being read, or the list of tables and the entry in it, are there to find the
    lines of what is wrong.
    """

    def __init__(self, path: Path, lines: LineNumbers, options: Options) -> None:
        self.path, self.lines, self.options = path, lines, options
        self.reading = ("", "")
        self.entry: tuple[str, int] | None = None

    def wrong(self, key: str, message: str) -> SpecError:
        line = self.lines.of_entry(*self.entry, key) if self.entry else self.lines.of(key, *self.reading)
        return SpecError(self.path, line, message)

    def spec(self, table: dict[str, Any]) -> Spec:
        self.known(table, SPEC)
        workbook = self.needed(table, "workbook")
        locale = self.locale(table.get("locale", ENGLISH.name))
        named = table.get("check", {})
        if not TABLE.holds(named) or not all(map(TABLE.holds, named.values())):
            raise self.wrong("check", "[check.NAME] is a table for each check")
        shared = {
            key: value for key, value in table.items() if key not in ("check", "accept", "clock", "locale", "grade")
        }
        accept = table.get("accept", [])
        name = self.path.name.removesuffix(SUFFIX)
        checks = [self.check(name, shared, self.accepted(accept, "accept", shared))] if not named else []
        if named:  # a default that is wrong is wrong, though each check may have its own
            sheet = self.sheet(shared)
            self.parts("", shared, _ANY_SHEET if sheet is None else sheet)
        for name, own in named.items():
            self.reading = (name, "")
            self.known(own, CHECK)
            merged = _merged(shared, own)
            general = self.accepted(accept, "accept", merged, shared=True)
            special = self.accepted(own.get("accept", []), f"check.{name}.accept", merged)
            checks.append(self.check(name, merged, general + special))
        clock = self.clock(table.get("clock", {}))
        grading = self.grading(table.get("grade", {}), [check.name for check in checks])
        return Spec(self.path, self.path.parent / workbook, tuple(checks), self.lines, clock, locale, grading)

    def locale(self, name: Any) -> Locale:
        """The locale of the Excel that computes the workbook."""
        if not LOCALE.holds(name):
            raise self.wrong("locale", f"'locale' is {LOCALE.words}")
        return LOCALES[name]

    def clock(self, table: Any) -> datetime | None:
        """The moment that the clock of the workbook shows, where it is fixed."""
        self.reading = ("", "clock")
        if not TABLE.holds(table):
            raise self.wrong("clock", "[clock] is a table such as { now = 2024-01-31T12:00:00 }")
        self.known(table, CLOCK)
        if "now" not in table:
            return None
        if not MOMENT.holds(table["now"]):
            raise self.wrong("now", f"'now' of [clock] is {MOMENT.words}")
        return moment(table["now"])

    def grading(self, table: Any, checks: Sequence[str]) -> Grading:
        """How submissions are graded."""
        self.reading = ("", "grade")
        if not TABLE.holds(table):
            raise self.wrong("grade", "[grade] is a table such as { pass = 60 }")
        self.known(table, GRADE, "grade")
        for key, value in table.items():
            if not GRADE[key].kind.holds(value):
                raise self.wrong(key, f"'{key}' of [grade] is {GRADE[key].kind.words}")
        weights = table.get("weights", {})
        for name in weights:
            if name not in checks:
                raise self.wrong("weights", f"'weights' of [grade]: there is no check '{name}'{nearest(name, checks)}")
        shares = {key: table[key] for key in ("circular", "unreadable") if key in table}
        usual = Grading()
        return Grading(
            float(table.get("pass", usual.passing)),
            float(table.get("round", usual.multiple)),
            {name: float(weight) for name, weight in weights.items()},
            **{key: None if share == REVIEW else float(share) for key, share in shares.items()},
        )

    def check(self, name: str, table: Mapping[str, Any], accepted: tuple[Acceptance, ...]) -> CheckPlan:
        for key in ("reference", "inputs", "outputs"):
            self.needed(table, key)
        if not table["outputs"]:
            raise self.wrong("outputs", f"check '{name}' compares nothing; give [outputs] at least one quantity")
        sheet = self.sheet(table)
        return CheckPlan(name, table["reference"], sheet, *self.parts(name, table, sheet), accepted)

    def parts(
        self, name: str, table: Mapping[str, Any], sheet: str | None
    ) -> tuple[Blocks | None, tuple[Input[Address], ...], tuple[Output[Address], ...]]:
        """The blocks, the inputs and the outputs, as far as the table has them."""
        for key in ("reference", "inputs", "outputs"):
            if key in table:
                self.needed(table, key)
        tolerance = self.tolerance(table.get("tolerance", {}), self.options.tolerance, "tolerance", LIMITS)
        self.reading = (name, "blocks")
        blocks = self.blocks(table["blocks"]) if "blocks" in table else None
        self.reading = (name, "inputs")
        given = tuple(self.input(key, value, sheet) for key, value in table.get("inputs", {}).items())
        self.reading = (name, "outputs")
        compared = tuple(self.output(key, value, sheet, tolerance) for key, value in table.get("outputs", {}).items())
        return blocks, given, compared

    def sheet(self, table: Mapping[str, Any]) -> str | None:
        """The sheet of addresses that name none: where none is given, that of the first block, if it has one."""
        if "sheet" in table or not TABLE.holds(table.get("blocks")):
            name: str | None = self.needed(table, "sheet") if "sheet" in table else None
            return name
        sheets = table["blocks"].get("sheets")
        first = sheets[0] if isinstance(sheets, list) and sheets else sheets
        return first if isinstance(first, str) else None

    def blocks(self, table: Any) -> Blocks:
        if not TABLE.holds(table):
            raise self.wrong("blocks", "[blocks] is a table")
        self.known(table, BLOCKS)
        sheets = table.get("sheets", ())
        if "sheets" in table and not BLOCKS["sheets"].kind.holds(sheets):
            raise self.wrong("sheets", 'sheets is a text with {n} in it, such as "Step {n}", or a list of sheets')
        sheets = tuple(sheets) if isinstance(sheets, list) else sheets
        table = {key: value for key, value in table.items() if key != "sheets"}
        if sheets and not table:
            listed = () if isinstance(sheets, str) else sheets
            if again := _again(listed):
                said = f"sheets lists '{again}' twice; give the rows or the columns of the blocks beside it"
                raise self.wrong("sheets", said)
            return Blocks(sheets=sheets)
        if "table" in table:
            if not is_text(table["table"]) or len(table) > 1 or sheets:
                raise self.wrong("table", "table is the name of the table whose rows are the blocks, and the only key")
            return Blocks(table=table["table"])
        if "label" in table:
            if not BLOCKS["label"].kind.holds(table["label"]) or len(table) > 1:
                raise self.wrong("label", "label is the text that opens block {n}, with {n} in it, and the only key")
            return Blocks(table["label"], sheets=sheets)
        blocks = self.blocks_by_number(table, sheets=bool(sheets))
        if isinstance(sheets, tuple) and sheets and len(sheets) != len(blocks.offsets):
            said = f"there are {len(blocks.offsets)} blocks, and sheets lists {len(sheets)}; name the sheet of each"
            raise self.wrong("sheets", said)
        return replace(blocks, sheets=sheets)

    def blocks_by_number(self, table: Mapping[str, Any], *, sheets: bool) -> Blocks:
        if "rows" in table or "columns" in table:
            return self.blocks_at("rows" if "rows" in table else "columns", table, sheets=sheets)
        lacking = [key for key in ("first", "step", "count") if key not in table]
        if lacking or not all(map(PLACE.holds, table.values())):
            what = f"'{lacking[0]}' is missing" if lacking else "they are whole numbers from 1 on"
            raise self.wrong("blocks", f"[blocks] takes {_WAYS}: {what}")
        self.enough(table["count"], "count")
        return _blocks_at([Offset(table["first"] + table["step"] * k, 1) for k in range(table["count"])])

    def blocks_at(self, along: str, table: Mapping[str, Any], *, sheets: bool) -> Blocks:
        places = table[along]
        if len(table) > 1 or not PLACES.holds(places):
            raise self.wrong(along, f"{along} is a list of the blocks' first {along}, as numbers, and the only key")
        self.enough(len(places), along)
        again = _again(places)
        if again is not None and not sheets:
            raise self.wrong(along, f"{along} lists {again} twice; each block has a place of its own")
        return _blocks_at([Offset(place, 1) if along == "rows" else Offset(1, place) for place in places])

    def enough(self, count: int, key: str) -> None:
        """Raises SpecError where there are more blocks than are compared."""
        if count > _MOST_BLOCKS:
            said = f"there are {count:,} blocks, and at most {_MOST_BLOCKS:,} are compared"
            raise self.wrong(key, f"{said}; bind a column of cells in place of a block for each")

    def input(self, name: str, value: Any, sheet: str | None) -> Input[Address]:
        table: Any = {"at": value} if isinstance(value, str) else value
        if not TABLE.holds(table):
            raise self.wrong(name, f"input '{name}' is an address, or a table with one under 'at'")
        self.known(table, INPUT, name)
        also = table.get("also", [])
        if not TABLES.holds(also):
            raise self.wrong(name, f"'also' of input '{name}' is a list of tables such as {{ at = \"B12:E14\" }}")
        at = self.address(name, table.get("at"), sheet)
        self.values(table, INPUT, name)
        low, high, choices, vary = (table.get(key) for key in ("low", "high", "choices", "vary"))
        dates = {isinstance(end, date | str) for end in (low, high) if end is not None}
        if len(dates) > 1:
            raise self.wrong(name, f"'low' and 'high' of '{name}' are a number and a date; give two of one kind")
        # Of the 1900 date system; the binder knows the workbook's.
        low, high = (serial_number(moment(end)) if isinstance(end, date | str) else _bound(end) for end in (low, high))
        for key, end in (("low", low), ("high", high)):
            if isinstance(end, tuple) and len({len(row) for row in end if isinstance(row, tuple)}) > 1:
                raise self.wrong(name, f"the rows of '{key}' of '{name}' are of different lengths")
        alone = isinstance(low, float) and isinstance(high, float)  # the binder looks at lists, whose shapes it knows
        if alone and low > high:
            raise self.wrong(name, f"'low' of '{name}' is above its 'high': {table['low']} > {table['high']}")
        if choices == []:
            raise self.wrong(name, f"'choices' of '{name}' is empty; list the values it may be, or leave it out")
        ranged = not (low is None and high is None)
        # Of a frame, these may be of its texts or truth values, and the limits of its numbers.
        apart = bool(choices and table.get("frame") and isinstance(choices[0], str | bool))
        if choices and ranged and not apart:
            raise self.wrong(name, f"'{name}' has choices and a low or high; a number is drawn from one or the other")
        if vary is False and (choices or ranged):
            raise self.wrong(name, f"'{name}' is not to vary, and has choices or a range; take one of the two out")
        for key, others in _ALONE.items():
            if table.get(key) and (beside := next((other for other in others if other in table), None)):
                raise self.wrong(name, f"'{name}' has {key} and {beside}; take one of the two out")
        step = self.step(table)
        twins = tuple(self.twin(name, twin, Input(name, at, step=step), sheet) for twin in also)
        if alone and table.get("integer") and math.ceil(low) > math.floor(high):
            raise self.wrong(name, f"there is no whole number between 'low' and 'high' of '{name}'")
        flags: dict[str, Any] = {key: bool(table.get(key)) for key in _FLAGS}
        return Input(
            name,
            at,
            also=twins,
            low=low,
            high=high,
            choices=tuple(choice if isinstance(choice, bool | str) else float(choice) for choice in choices or ()),
            vary=vary is not False,
            draw=table.get("draw"),
            dates=True in dates,
            step=step,
            **flags,
        )

    def twin(self, name: str, table: Mapping[str, Any], given: Input[Address], sheet: str | None) -> Twin[Address]:
        self.known(table, ALSO, name)
        at = self.address(name, table.get("at"), sheet)
        self.values(table, ALSO, name)
        twin = Twin(at, bool(table.get("transpose")), self.step(table))
        if given.at.area and at.area:
            places = Twin(given.at.area, step=given.step), Twin(at.area, twin.transpose, twin.step)
            if sentence := twin_misfit(*places):
                raise self.wrong(name, f"'also' of input '{name}' {sentence}")
        return twin

    def step(self, table: Mapping[str, Any]) -> Step:
        rows, columns = table.get("step", EACH)
        return rows, columns

    def output(self, name: str, value: Any, sheet: str | None, tolerance: Tolerance) -> Output[Address]:
        table: Any = {"at": value} if isinstance(value, str) else value
        if not TABLE.holds(table):
            raise self.wrong(name, f"output '{name}' is an address, or a table with one under 'at'")
        self.known(table, OUTPUT, name)
        at = self.address(name, table.get("at"), sheet)
        tolerance = self.tolerance(table, tolerance, name, OUTPUT)  # which looks at the other values as well
        return Output(
            name,
            at,
            self.options.overrule(tolerance),
            bool(table.get("transpose")),
            table.get("skip"),
            "constants" in table,
            bool(table.get("ignore_case")),
            table.get("every_block", True),
            self.step(table),
            float(table.get("points", 1.0)),
            bool(table.get("partial")),
        )

    def accepted(
        self, entries: Any, where: str, check: Mapping[str, Any], *, shared: bool = False
    ) -> tuple[Acceptance, ...]:
        if not TABLES.holds(entries):
            raise self.wrong("accept", f"[[{where}]] is a table for each known difference, with cells and reason")
        found = []
        for number, table in enumerate(entries):
            self.entry = (where, number)
            self.known(table, ACCEPT, "accept")
            cells = [table["cells"]] if isinstance(table.get("cells"), str) else table.get("cells")
            if not ACCEPT["cells"].kind.holds(cells):
                raise self.wrong("cells", "'cells' of accept is an address such as \"P5:P8\", or a list of them")
            addresses = tuple(self.address("cells", cell, self.sheet(check)) for cell in cells)
            if not is_text(table.get("reason")):
                raise self.wrong("reason", "accept needs a reason, a text: why the difference is known and left")
            line = self.lines.of_entry(where, number, "cells")
            found.append(Acceptance(addresses, " ".join(table["reason"].split()), line, shared))
        self.entry = None
        return tuple(found)

    def tolerance(self, table: Any, default: Tolerance, name: str, keys: KeyTable) -> Tolerance:
        if not TABLE.holds(table):
            raise self.wrong(name, "tolerance is a table such as { rtol = 1e-9, atol = 1e-12 }")
        self.known(table, keys, name)
        self.values(table, keys, name)
        return Tolerance(float(table.get("rtol", default.rtol)), float(table.get("atol", default.atol)))

    def address(self, name: str, text: Any, sheet: str | None) -> Address:
        if not isinstance(text, str):
            raise self.wrong(name, f"'{name}' has no address; write at = \"B5:D8\"")
        try:
            return parse_address(text, sheet)
        except ValueError as error:
            raise self.wrong(name, f"'{name}': {error}") from error

    def needed(self, table: Mapping[str, Any], key: str) -> Any:
        """What a key of the file or of a check contains, which must be there and of its kind.

        A check that is written in Python may give the reference itself.
        """
        known = SPEC[key]
        if not (known.kind.holds(table.get(key)) or (key == "reference" and callable(table.get(key)))):
            what = "is missing" if key not in table else "is of the wrong type"
            raise self.wrong(key, f"'{key}' {what}: {known.meaning}")
        return table[key]

    def values(self, table: Mapping[str, Any], keys: KeyTable, name: str) -> None:
        """Raises SpecError where a key of the quantity contains what is not of its kind."""
        for key, value in table.items():
            if not keys[key].kind.holds(value):
                raise self.wrong(name, f"'{key}' of '{name}' is {keys[key].kind.words}")

    def known(self, table: Mapping[str, Any], keys: KeyTable, where: str | None = None) -> None:
        for key in table:
            if key not in keys.by_name:
                raise self.wrong(
                    key, f"unknown key '{key}'{f' of {where!r}' if where else ''}{nearest(key, keys.by_name)}"
                )


def _again(listed: Sequence[A]) -> A | None:
    """The first of the list that is there twice, if any."""
    return next((one for one, times in Counter(listed).items() if times > 1), None)


def _bound(end: Any) -> Any:
    """The limit with floats and tuples for what TOML has."""
    if isinstance(end, list):
        return tuple(map(_bound, end))
    return None if end is None else float(end)


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
