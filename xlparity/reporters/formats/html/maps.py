"""The map of a sheet, as data for the page's script: every bound cell, and every formula that is not covered."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from xlparity.excel.address import Cell, column_number
from xlparity.excel.values import Unsupported, Value
from xlparity.reporters import rows, words
from xlparity.reporters.formats.html.tables import value
from xlparity.results.report import CellResult, CheckResult, Report
from xlparity.results.rules import CAUSES


class State(NamedTuple):
    """How a cell is shown: the sign has the same meaning as the colour, for readers who cannot see it."""

    name: str
    sign: str
    meaning: str


STATES = (
    State("mismatch", "✗", "mismatch: −2 is a difference from 0.01 to 0.1, −1 one from 0.1 to 1"),
    State("error", "!", "error: an Excel error value, or a circular reference"),
    State("hardcoded", "k", "hardcoded: a constant instead of a formula"),
    State("stored", "○", words.ONLY_STORED),
    State("missing", "–", "missing: not computed"),
    State("unsupported", "?", "unsupported: not supported by the engine"),
    State("unsure", "◌", words.UNSURE),
    State("unbound", "·", "a formula that is not covered"),
    State("unreached", "◇", "not reached: the formula has a branch that no sample reaches"),
    State("fixed", "c", f"never varied: a constant that no input varies; {words.unseen(1)}"),
    State("accepted", "a", "accepted by the spec as it is"),
    State("skipped", "s", "skipped: left out by the spec"),
    State("near", "≈", "match, within the tolerance"),
    State("same", "=", "match, to the last bit"),
)
"""The states from the worst to the best: of several cells in one place, the worst is shown."""

_RIGHT = ("same", "near")
_FINE = frozenset((*_RIGHT, "accepted", "skipped", "unbound", "unreached", "fixed"))
_NUMBER = {state.name: number for number, state in enumerate(STATES)}
_REFERENCE = re.compile(r"(?<![\w.$])(\$?)([A-Z]{1,3})(\$?)([1-9][0-9]{0,6})(?![\w.(])")


class Map(NamedTuple):
    """One sheet: the number of cells on its map, how many of these are not right, and the data for the script."""

    sheet: str
    cells: int
    not_right: int
    data: dict[str, Any]


def maps(report: Report) -> list[Map]:
    """A map for each sheet that has a bound cell, a formula that is not covered, or what no sample reached or varied."""
    sheets: dict[str, _Sheet] = {}
    causes = [finding for check in report.checks for finding in check.findings if finding.code in CAUSES]
    cause_cells = {cell for finding in causes for cell in finding.cells}
    missed = _missed(report)
    for check in report.combined:
        for result, state in _states(check):
            sheet = sheets.setdefault(result.cell.sheet, _Sheet(cause_cells))
            sheet.add(check, result, "unreached" if state in _RIGHT and result.cell in missed else state, missed)
    bound = {result.cell for check in report.combined for result in check.results}
    for cell in report.coverage.unbound_cells:
        if cell not in bound:  # a skipped cell is bound, but its formula is not covered
            sheets.setdefault(cell.sheet, _Sheet(cause_cells)).add_place(cell, "unbound")
    for cell, why in missed.items():
        if cell not in bound:
            sheets.setdefault(cell.sheet, _Sheet(cause_cells)).add_place(cell, "unreached", why)
    branches = [check.branches for check in report.combined if check.branches is not None]
    for cell in dict.fromkeys(one.where for found in branches for one in found.unvaried):
        sheets.setdefault(cell.sheet, _Sheet(cause_cells)).add_place(cell, "fixed")
    return [sheet.map(name) for name, sheet in sheets.items()]


def _missed(report: Report) -> dict[Cell, str]:
    """What no sample reached of a formula, by its cell."""
    found: dict[Cell, dict[str, None]] = {}
    for check in report.combined:
        for one in () if check.branches is None else check.branches.missed:
            for cell in one.cells:
                found.setdefault(cell, {})[one.what] = None
    return {cell: f"no sample reaches {', '.join(texts)}" for cell, texts in found.items()}


def legend(drawn: Sequence[Map]) -> list[State]:
    """The states that occur on the maps, for the legend."""
    seen = set().union(*(one.data["s"] for one in drawn))
    return [state for number, state in enumerate(STATES) if chr(97 + number) in seen]


def packed(data: object) -> Markup:
    """The data as JSON that is safe in a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)


def shape(formula: str, cell: Cell) -> str:
    """The formula with its relative references as distances from its cell, so that a filled column has one shape.

    ``\\1n;`` means the letters of the column n to the right, ``\\2n;`` the number of the row n down. The script reverses this
    exactly, so text that only looks like a reference does no harm.
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
    """Collects one sheet's map: one list for each property, since keys repeated for 50,000 cells would be most of the data."""

    def __init__(self, cause_cells: set[Cell]) -> None:
        self.cause_cells = cause_cells
        self.quantities: dict[tuple[str, str], int] = {}
        self.shapes: dict[str, int] = {}
        self.states: list[str] = []
        self.reasons: dict[int, str] = {}
        self.causes: list[int] = []
        self.columns: dict[str, list[Any]] = {name: [] for name in ("r", "c", "q", "i", "f", "e", "a")}

    def add(self, check: CheckResult, result: CellResult, state: str, missed: Mapping[Cell, str]) -> None:
        """Add a bound cell; its actual value is omitted where it equals the expected one."""
        name = (check.name, result.variable)
        text = result.formula
        kept = -1 if text is None else self.shapes.setdefault(shape(text, result.cell), len(self.shapes))
        same = state == "same" and result.difference == 0
        place = len(self.states)
        reason = result.actual.reason if isinstance(result.actual, Unsupported) else result.reason
        reason = missed.get(result.cell) if reason is None else reason
        if reason is not None:
            self.reasons[place] = reason
        self._append(
            result.cell, state, self.quantities.setdefault(name, len(self.quantities)), result.iteration, kept,
            _plain(result.expected), None if same else _plain(result.actual),
        )  # fmt: skip

    def add_place(self, cell: Cell, state: str, why: str | None = None) -> None:
        """Add a cell that is not bound."""
        if why is not None:
            self.reasons[len(self.states)] = why
        self._append(cell, state, -1, 0, -1, None, None)

    def _append(self, cell: Cell, state: str, *properties: object) -> None:
        if cell in self.cause_cells:
            self.causes.append(len(self.states))
        self.states.append(state)
        for column, held in zip(self.columns.values(), (cell.row, cell.column, *properties), strict=True):
            column.append(held)

    def map(self, name: str) -> Map:
        """The sheet's map; its states are encoded as one letter each."""
        not_right = sum(state not in _FINE for state in self.states)
        data = {
            "sheet": name,
            "s": "".join(chr(97 + _NUMBER[state]) for state in self.states),
            **self.columns,
            "quantities": [list(key) for key in self.quantities],
            "shapes": list(self.shapes),
            "causes": self.causes,
            "reasons": self.reasons,
        }
        return Map(name, len(self.states), not_right, data)


def _plain(held: Value | None) -> float | int | str | bool | None:
    """A finite number or truth value unchanged, anything else, dates among it, as text."""
    if held is None or isinstance(held, bool):
        return held
    if type(held) is float and math.isfinite(held):
        return int(held) if held.is_integer() and abs(held) < 1e15 and str(held) != "-0.0" else held
    return value(held)
