"""What the page shows in tables: engines beside each other, the differences by iteration, addresses and values."""

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
    """What a cell holds, a number with all the digits that tell it from its neighbours."""
    if isinstance(held, float):
        return str(int(held)) if held.is_integer() and abs(held) < 1e15 else repr(held)
    return words.value(held)


def ranges(cells: Iterable[Cell]) -> list[str]:
    """The addresses of the cells, neighbours as one range."""
    return [str(area) for area in as_ranges(cells)]


def fooled(check: CheckResult) -> dict[str, int]:
    """How many cells of each quantity are right on the stored inputs only, where there are any."""
    return Counter(result.variable for result in check.only_stored)


def judged(result: CellResult) -> str:
    """What an engine made of a cell: the status and the value, or why there is none."""
    said = value(result.actual)
    # What is unsupported says so itself, with the reason.
    refused = isinstance(result.actual, Unsupported) and not result.actual.circular
    return said if refused else f"{result.status}: {said}"


def notes(report: Report) -> dict[str, list[str]]:
    """The remarks, each once, with the names of the checks that have it."""
    found: dict[str, list[str]] = {}
    for check in report.combined:
        for note in rows.notes(report, check):
            found.setdefault(note, []).append(check.name)
    return found


def typed(report: Report) -> dict[Cell, Value]:
    """What stands in the cells that have no formula."""
    return {r.cell: r.actual for check in report.checks for r in check.results if r.formula is None}


def rules(reports: Iterable[Report]) -> list[tuple[str, Rule]]:
    """The rules of the codes that the reports' findings have, in the order of the codes."""
    used = {found.code for report in reports for _, found in rows.all_findings(report)}
    return [(code, rule) for code, rule in RULES.items() if code in used]


def shares(report: Report) -> list[tuple[str, int]]:
    """How many cells are right, doubtful, wrong and left out, in the names of the page's colours; none that is zero.

    Doubtful is what was not assessed, and what is right on the stored inputs only or could not be judged on others.
    """
    colours = {
        "pass": ("right",),
        "unsure": ("stored", *rows.DOUBTFUL),
        "fail": ("wrong",),
        "left": ("accepted", "skipped"),
    }
    counts = Counter(judgement for check in report.combined for _, judgement in rows.judged(check))
    found = {name: sum(counts[judgement] for judgement in of) for name, of in colours.items()}
    return [(name, count) for name, count in found.items() if count]


def occurring(report: Report) -> list[Status]:
    """The statuses that any engine gave any cell."""
    return [status for status in STATUSES if any(check.counts[status] for check in report.checks)]


def tolerances(report: Report) -> list[tuple[str, list[str]]]:
    """The tolerances that were judged by, each with its checks; with their quantities, where a check has several."""
    found: dict[str, list[str]] = {}
    for check in report.combined:
        names: dict[str, list[str]] = {}
        for name, given in check.tolerances.items():
            names.setdefault(f"rtol {given.rtol:g}, atol {given.atol:g}", []).append(name)
        for said, of in names.items():
            found.setdefault(said, []).append(f"{check.name} ({', '.join(of)})" if len(names) > 1 else check.name)
    return list(found.items())


class Heat(NamedTuple):
    """One cell of the heat map: how large (0 to 6; 7 is no number, 8 the stored inputs only), what it says, and its meaning."""

    level: int
    text: str
    wrong: bool
    meaning: str


def heat(check: CheckResult) -> tuple[int, list[int], list[tuple[str, list[Heat | None]]]] | None:
    """The largest difference by quantity and iteration: how many iterations a column is, the first of each, and the rows."""
    if check.blocks < 2:
        return None
    size = -(-check.blocks // _COLUMNS)
    starts = range(1, check.blocks + 1, size)
    untrue = {result.cell for result in check.only_stored}
    found: list[tuple[str, list[Heat | None]]] = []
    for name, results in rows.by_quantity(check).items():
        bins: list[list[CellResult]] = [[] for _ in starts]
        for result in results:
            bins[(result.iteration - 1) // size].append(result)
        found.append((name, [_heat(held, untrue) if held else None for held in bins]))
    return size, list(starts), found


def _heat(found: list[CellResult], untrue: set[Cell]) -> Heat:
    wrong = any(r.status in WRONG or r.cell in untrue for r in found)
    blind = [r for r in found if r.difference is None and type(r.actual) is not type(r.expected)]
    apart = [abs(r.difference) for r in found if r.difference is not None]
    if blind or not all(map(math.isfinite, apart)):
        statuses: list[str] = sorted({r.status for r in blind}) or ["not a finite number"]
        return Heat(7, "!" if wrong else "?", wrong, ", ".join(statuses))
    largest = max(apart, default=0.0)
    if largest == 0:
        if wrong and all(r.status == "match" for r in found):
            return Heat(8, "○", wrong, words.ONLY_STORED)
        return Heat(0, "=" if not wrong else "✗", wrong, "no difference" if not wrong else "wrong without a difference")
    level = 1 + sum(largest >= limit for limit in _LEVELS)
    power = str(math.floor(math.log10(largest))).replace("-", "−")
    return Heat(level, f"✗{power}" if wrong else power, wrong, words.difference(largest))


class Opinion(NamedTuple):
    """One engine's column: what it found, and how far from the reference."""

    engine: str
    check: CheckResult
    largest: float | None


class Engines(NamedTuple):
    """The engines' opinions on one check, how many cells they judge differently, and the first of these."""

    name: str
    opinions: list[Opinion]
    apart: int
    cells: list[tuple[CellResult, ...]]


def engines(report: Report) -> list[Engines]:
    """A table a check."""
    groups: dict[str, list[CheckResult]] = {}
    for check in report.checks:
        groups.setdefault(check.name, []).append(check)
    found = []
    for name, group in groups.items():
        apart = [same for same in zip(*(c.results for c in group), strict=True) if len({r.status for r in same}) > 1]
        found.append(Engines(name, [_opinion(check) for check in group], len(apart), apart[:_APART_SHOWN]))
    return found


def _opinion(check: CheckResult) -> Opinion:
    return Opinion(check.engine, check, _largest(check.results))


def _largest(results: Iterable[CellResult]) -> float | None:
    return max((abs(r.difference) for r in results if r.difference is not None), default=None)
