"""The data of the page's tables: engines side by side, differences by iteration, addresses and values."""

import math
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from xlparity.excel.address import Cell, as_ranges
from xlparity.excel.values import Unsupported, Value
from xlparity.reporters import rows, words
from xlparity.results.report import STATUSES, WRONG, CellResult, CheckResult, Report, Status
from xlparity.results.rules import RULES, Rule

_COLUMNS = 30
_LEVELS = (1e-12, 1e-9, 1e-6, 1e-3, 1.0)
_APART_SHOWN = 20


def value(held: Value | None) -> str:
    """The value of a cell, a number with all its significant digits."""
    if type(held) is float:
        return str(int(held)) if held.is_integer() and abs(held) < 1e15 else repr(held)
    return words.value(held)


def ranges(cells: Iterable[Cell]) -> list[str]:
    """The addresses of the cells, adjacent ones as one range."""
    return [str(area) for area in as_ranges(cells)]


def right_on_stored_only(check: CheckResult) -> dict[str, int]:
    """The number of cells of each quantity that are right on the stored inputs only."""
    return Counter(result.variable for result in check.only_stored)


def judged(result: CellResult) -> str:
    """The status and the value of a cell by one engine, or why there is no value."""
    sentence = value(result.actual)
    # The text of an unsupported value includes its status and the reason.
    refused = isinstance(result.actual, Unsupported) and not result.actual.circular
    return sentence if refused else f"{result.status}: {sentence}"


def notes(report: Report) -> dict[str, list[str]]:
    """The notes, each once, with the names of its checks."""
    found: dict[str, list[str]] = {}
    for check in report.combined:
        for note in rows.notes(report, check):
            found.setdefault(note, []).append(check.name)
    return found


def typed(report: Report) -> dict[Cell, Value]:
    """The contents of the bound cells without a formula."""
    return {r.cell: r.actual for check in report.checks for r in check.results if r.formula is None}


def rules(reports: Iterable[Report]) -> list[tuple[str, Rule]]:
    """The rules of the codes in the reports' findings, in the order of the codes."""
    used = {found.code for report in reports for _, found in rows.all_findings(report)}
    return [(code, rule) for code, rule in RULES.items() if code in used]


def shares(report: Report) -> list[tuple[str, int]]:
    """The number of cells by the page's colours, without zeros: pass, unsure, fail, left.

    ``unsure`` are the cells that were not assessed, and those that are right on the stored inputs only.
    """
    colours = {
        "pass": ("right",),
        "unsure": ("stored", *rows.UNASSESSED_JUDGEMENTS),
        "fail": ("wrong",),
        "left": ("accepted", "skipped"),
    }
    counts = Counter(judgement for check in report.combined for _, judgement in rows.judged(check))
    found = {name: sum(counts[judgement] for judgement in of) for name, of in colours.items()}
    return [(name, count) for name, count in found.items() if count]


def occurring(report: Report) -> list[Status]:
    """The statuses that occur with any engine."""
    return [status for status in STATUSES if any(check.counts[status] for check in report.checks)]


def tolerances(report: Report) -> list[tuple[str, list[str]]]:
    """The tolerances, each with its checks; with the quantities too, where a check has several tolerances."""
    found: dict[str, list[str]] = {}
    for check in report.combined:
        names: dict[str, list[str]] = {}
        for name, given in check.tolerances.items():
            names.setdefault(f"rtol {given.rtol:g}, atol {given.atol:g}", []).append(name)
        for sentence, of in names.items():
            found.setdefault(sentence, []).append(f"{check.name} ({', '.join(of)})" if len(names) > 1 else check.name)
    return list(found.items())


class Heat(NamedTuple):
    """One cell of the heat map: level (0 to 6; 7: no number, 8: right on the stored inputs only), text, and its meaning."""

    level: int
    text: str
    wrong: bool
    meaning: str


def heat(check: CheckResult) -> tuple[int, list[int], list[tuple[str, list[Heat | None]]]] | None:
    """The largest difference by quantity and iteration: iterations per column, the first iteration of each, and the rows."""
    if check.blocks < 2:
        return None
    size = -(-check.blocks // _COLUMNS)
    starts = range(1, check.blocks + 1, size)
    stored_only = {result.cell for result in check.only_stored}
    found: list[tuple[str, list[Heat | None]]] = []
    for name, results in rows.by_quantity(check).items():
        bins: list[list[CellResult]] = [[] for _ in starts]
        for result in results:
            bins[(result.iteration - 1) // size].append(result)
        found.append((name, [_heat(held, stored_only) if held else None for held in bins]))
    return size, list(starts), found


def _heat(found: list[CellResult], stored_only: set[Cell]) -> Heat:
    wrong = any(r.status in WRONG or r.cell in stored_only for r in found)
    without_number = [r for r in found if r.difference is None and type(r.actual) is not type(r.expected)]
    apart = [abs(r.difference) for r in found if r.difference is not None]
    if without_number or not all(map(math.isfinite, apart)):
        statuses: list[str] = sorted({r.status for r in without_number}) or ["not a finite number"]
        return Heat(7, "!" if wrong else "?", wrong, ", ".join(statuses))
    largest = max(apart, default=0.0)
    if largest == 0:
        if wrong and all(r.status == "match" for r in found):
            return Heat(8, "○", wrong, words.ONLY_STORED)
        return Heat(0, "=" if not wrong else "✗", wrong, "no difference" if not wrong else "wrong without a difference")
    level = 1 + sum(largest >= limit for limit in _LEVELS)
    power = str(math.floor(math.log10(largest))).replace("-", "−")
    return Heat(level, f"✗{power}" if wrong else power, wrong, words.difference(largest))


class EngineColumn(NamedTuple):
    """One engine's result of a check, and its largest difference from the reference."""

    engine: str
    check: CheckResult
    largest: float | None


class Engines(NamedTuple):
    """The engines' results of one check, the number of cells on which they differ, and the first of these."""

    name: str
    columns: list[EngineColumn]
    apart: int
    cells: list[tuple[CellResult, ...]]


def engines(report: Report) -> list[Engines]:
    """One table for each check."""
    groups: dict[str, list[CheckResult]] = {}
    for check in report.checks:
        groups.setdefault(check.name, []).append(check)
    found = []
    for name, group in groups.items():
        apart = [same for same in zip(*(c.results for c in group), strict=True) if len({r.status for r in same}) > 1]
        found.append(Engines(name, [_engine_column(check) for check in group], len(apart), apart[:_APART_SHOWN]))
    return found


def _engine_column(check: CheckResult) -> EngineColumn:
    return EngineColumn(check.engine, check, _largest(check.results))


def _largest(results: Iterable[CellResult]) -> float | None:
    return max((abs(r.difference) for r in results if r.difference is not None), default=None)
