"""The map of a sheet: every bound cell, and every formula that nothing was said about, as the page's script reads it."""

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from xlparity.excel.address import Cell, column_number
from xlparity.excel.values import Unsupported, Value
from xlparity.reporters import rows, words
from xlparity.reporters.html.tables import value
from xlparity.results.report import CellResult, CheckResult, Report
from xlparity.results.rules import CAUSES


class State(NamedTuple):
    """How a cell is shown: its sign tells without colour what the colour tells."""

    name: str
    sign: str
    meaning: str


STATES = (
    State("mismatch", "✗", "mismatch: differs; the number is the power of ten of the difference, −2 where it is 0.03"),
    State("error", "!", "error: an Excel error value, or a circular reference"),
    State("hardcoded", "k", "hardcoded: a constant where a formula must stand"),
    State("stored", "○", words.ONLY_STORED),
    State("missing", "–", "missing: not computed"),
    State("unsupported", "?", "unsupported: the engine cannot be trusted with it"),
    State("unsure", "◌", words.UNSURE),
    State("unbound", "·", "a formula that was not looked at"),
    State("accepted", "a", "accepted by the spec as it is"),
    State("skipped", "s", "skipped: left out by the spec"),
    State("near", "≈", "match, within the tolerance"),
    State("same", "=", "match, to the last bit"),
)
"""From the worst to the best: of several cells in one place, the worst is shown."""

_NUMBER = {state.name: number for number, state in enumerate(STATES)}
_REFERENCE = re.compile(r"(?<![\w.$])(\$?)([A-Z]{1,3})(\$?)([1-9][0-9]{0,6})(?![\w.(])")


class Map(NamedTuple):
    """One sheet: how many cells it shows, how many of these are no match, and what the script reads."""

    sheet: str
    cells: int
    amiss: int
    data: dict[str, Any]


def maps(report: Report) -> list[Map]:
    """A map for each sheet that has a bound cell or a formula that nothing was said about."""
    sheets: dict[str, _Sheet] = {}
    causes = [finding for check in report.checks for finding in check.findings if finding.code in CAUSES]
    blamed = {cell for finding in causes for cell in finding.cells}
    for check in report.combined:
        for result, state in _states(check):
            sheet = sheets.setdefault(result.cell.sheet, _Sheet(blamed))
            sheet.add(check, result, state)
    bound = {result.cell for check in report.combined for result in check.results}
    for cell in report.census.unbound_cells:
        if cell not in bound:  # what the spec leaves out is bound, and not looked at
            sheets.setdefault(cell.sheet, _Sheet(blamed)).add_unbound(cell)
    return [sheet.map(name) for name, sheet in sheets.items()]


def legend(drawn: Sequence[Map]) -> list[State]:
    """The states that occur on the maps: what is explained is what can be seen."""
    seen = set().union(*(one.data["s"] for one in drawn))
    return [state for number, state in enumerate(STATES) if chr(97 + number) in seen]


def packed(data: object) -> Markup:
    """JSON that may stand in a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)


def shape(formula: str, cell: Cell) -> str:
    """The formula with its relative references as distances from its cell, so that a filled column has one shape.

    ``\\1n;`` stands for the letters n columns to the right, ``\\2n;`` for the number n rows down. What only looks like a
    reference, in a text say, comes back as it was all the same.
    """

    def distances(found: re.Match[str]) -> str:
        fixed, letters, anchored, row = found.groups()
        column = f"${letters}" if fixed else f"\1{column_number(letters) - cell.column};"
        return column + (f"${row}" if anchored else f"\2{int(row) - cell.row};")

    return _REFERENCE.sub(distances, formula.replace("\1", "�").replace("\2", "�"))


def _states(check: CheckResult) -> Iterator[tuple[CellResult, str]]:
    for result, judgement in rows.judged(check):
        if judgement == "right":
            yield result, "same" if result.difference is None or result.difference == 0 else "near"
        else:
            yield result, judgement if result.status == "match" else result.status


class _Sheet:
    """Gathers the columns of one sheet's map: a list a property, since names repeated 50,000 times would be most of it."""

    def __init__(self, blamed: set[Cell]) -> None:
        self.blamed = blamed
        self.quantities: dict[tuple[str, str], int] = {}
        self.shapes: dict[str, int] = {}
        self.states: list[str] = []
        self.reasons: dict[int, str] = {}
        self.causes: list[int] = []
        self.columns: dict[str, list[Any]] = {name: [] for name in ("r", "c", "q", "i", "f", "e", "a")}

    def add(self, check: CheckResult, result: CellResult, state: str) -> None:
        """One bound cell; its actual value is left out where it is the expected one."""
        name = (check.name, result.variable)
        text = result.formula
        kept = -1 if text is None else self.shapes.setdefault(shape(text, result.cell), len(self.shapes))
        same = state == "same" and result.difference == 0
        place = len(self.states)
        reason = result.actual.reason if isinstance(result.actual, Unsupported) else result.reason
        if reason is not None:
            self.reasons[place] = reason
        self._append(
            result.cell, state, self.quantities.setdefault(name, len(self.quantities)), result.iteration, kept,
            _plain(result.expected), None if same else _plain(result.actual),
        )  # fmt: skip

    def add_unbound(self, cell: Cell) -> None:
        """A formula that no quantity and no bound cell has to do with."""
        self._append(cell, "unbound", -1, 0, -1, None, None)

    def _append(self, cell: Cell, state: str, *properties: object) -> None:
        if cell in self.blamed:
            self.causes.append(len(self.states))
        self.states.append(state)
        for column, held in zip(self.columns.values(), (cell.row, cell.column, *properties), strict=True):
            column.append(held)

    def map(self, name: str) -> Map:
        """The sheet's map, a letter a state."""
        good = {"same", "near", "accepted", "skipped", "unbound"}
        amiss = sum(state not in good for state in self.states)
        data = {
            "sheet": name,
            "s": "".join(chr(97 + _NUMBER[state]) for state in self.states),
            **self.columns,
            "quantities": [list(key) for key in self.quantities],
            "shapes": list(self.shapes),
            "causes": self.causes,
            "reasons": self.reasons,
        }
        return Map(name, len(self.states), amiss, data)


def _plain(held: Value | None) -> float | int | str | bool | None:
    """A finite number as it is, anything else as it is shown."""
    if held is None or isinstance(held, bool):
        return held
    if isinstance(held, float) and math.isfinite(held):
        return int(held) if held.is_integer() and abs(held) < 1e15 and str(held) != "-0.0" else held
    return value(held)
