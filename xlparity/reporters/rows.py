"""What the reporters list: one row for each quantity, and the cells that are not right, sorted by their difference."""

import math
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, TypeAlias

from xlparity.excel.address import Cell
from xlparity.excel.values import Unsupported
from xlparity.results.report import UNKNOWN, WRONG, CellResult, CheckResult, Finding, Report, joined

Judgement: TypeAlias = Literal["right", "wrong", "stored", "unknown", "unsure", "accepted", "skipped"]
FAILING_JUDGEMENTS: tuple[Judgement, ...] = ("wrong", "stored")  # judgements that fail a check
UNASSESSED_JUDGEMENTS: tuple[Judgement, ...] = ("unknown", "unsure")  # judgements that keep a check from being assessed
_JUDGEMENTS: Mapping[str, Judgement] = {
    **dict.fromkeys(WRONG, "wrong"), **dict.fromkeys(UNKNOWN, "unknown"),
    "match": "right", "accepted": "accepted", "skipped": "skipped",
}  # fmt: skip


class QuantityRow(NamedTuple):
    """One quantity's row: the number of cells and matches, and the largest difference, None if no numbers were compared.

    ``first`` is the first iteration with a wrong cell, ``aside`` the number of cells that the spec accepts or skips.
    """

    name: str
    cells: int
    matches: int
    difference: float | None
    ulps: int | None
    first: int | None
    aside: int = 0

    @property
    def good(self) -> bool:
        """Whether all cells match on the stored inputs, except those that the spec accepts or skips."""
        return self.matches + self.aside == self.cells


def quantities(check: CheckResult) -> list[QuantityRow]:
    """One row for each quantity, in the spec's order."""
    proved = {result.cell for result in (*check.wrong_on_others, *check.wrong_shape)}
    return [
        QuantityRow(
            name,
            len(results),
            sum(result.status == "match" for result in results),
            max((abs(result.difference) for result in results if result.difference is not None), default=None),
            max((result.ulps for result in results if result.ulps is not None), default=None),
            min((r.iteration for r in results if r.status in WRONG or r.cell in proved), default=None),
            sum(result.status in ("accepted", "skipped") for result in results),
        )
        for name, results in by_quantity(check).items()
    ]


def by_quantity(check: CheckResult) -> dict[str, list[CellResult]]:
    """The cells of each quantity, in the spec's order; a quantity in input cells only has none, and is left out."""
    found: dict[str, list[CellResult]] = {name: [] for name in check.variables}
    for result in check.results:
        found[result.variable].append(result)
    return {name: results for name, results in found.items() if results}


def findings(report: Report, check: CheckResult) -> list[Finding]:
    """The findings on a check from all engines; a finding of several engines once."""
    found = (finding for one in report.checks if one.name == check.name for finding in one.findings)
    return list({(one.code, one.variable, one.cells, one.cause): one for one in found}.values())


def all_findings(report: Report) -> list[tuple[CheckResult, Finding]]:
    """The findings on all checks, each with its check."""
    return [(check, found) for check in report.combined for found in findings(report, check)]


def notes(report: Report, check: CheckResult) -> list[str]:
    """The notes of a check, each once; with the names of its engines where it is not from all."""
    same = [one for one in report.checks if one.name == check.name]
    about: dict[str, list[str]] = {}
    for one in same:
        for note in one.notes:
            about.setdefault(note, []).append(one.engine)
    return [note if len(of) == len(same) else f"{note} (by {joined(of)})" for note, of in about.items()]


def sources(report: Report) -> list[tuple[str | None, list[str]]]:
    """The sources of the expected values with their SHA-256: the spec, then the references, those of one file together."""
    found: dict[str, list[str]] = {}
    for name, digest in report.digests.items():
        if name != report.spec:
            found.setdefault(digest, []).append(name)
    return [(report.digests.get(report.spec), [report.spec]), *found.items()]


def by_place(found: Iterable[Finding]) -> dict[object, list[Finding]]:
    """The findings by cell, and by quantity and iteration: ``(variable, iteration)``.

    The second key is needed where the root cause is a helper cell, which belongs to no quantity of its own.
    """
    about: dict[object, list[Finding]] = {}
    for one in found:
        for place in (*one.cells, *((one.variable, number) for number in one.iterations)):
            about.setdefault(place, []).append(one)
    return about


def judged(check: CheckResult) -> list[tuple[CellResult, Judgement]]:
    """Every cell with its judgement on all inputs together, in the order of the check.

    Of the cells that match on the stored inputs, ``stored`` are wrong in a scenario, and ``unsure`` could not be assessed in
    one. A cell that could not be computed on the stored inputs is ``wrong`` where its shape or a scenario proves it.
    """
    others: dict[Cell, Judgement] = dict.fromkeys((result.cell for result in check.not_always_computed), "unsure")
    others |= dict.fromkeys((result.cell for result in (*check.wrong_on_others, *check.wrong_shape)), "wrong")
    others |= dict.fromkeys((result.cell for result in check.only_stored), "stored")
    return [(result, others.get(result.cell, _JUDGEMENTS[result.status])) for result in check.results]


def not_right(check: CheckResult) -> list[CellResult]:
    """The cells that keep the check from passing, on the stored inputs or on others, in the order of the check."""
    return [result for result, judgement in judged(check) if judgement in (*FAILING_JUDGEMENTS, *UNASSESSED_JUDGEMENTS)]


def worst(results: Iterable[CellResult], most: int) -> list[CellResult]:
    """At most ``most`` of the cells, sorted by difference, the largest first."""
    return sorted(results, key=off_by, reverse=True)[:most]


def compared(check: CheckResult) -> list[CellResult]:
    """The cells whose value was compared with the reference's, without those that the spec accepts or skips."""
    found = (result for result in check.results if result.status == "match" or result.status in WRONG)
    return [result for result in found if not isinstance(result.actual, Unsupported)]


def compared_elsewhere(check: CheckResult) -> tuple[int, int]:
    """How many cells were compared in every scenario, and how many of the bound cells were not."""
    unsure = set(check.scenarios.unsure)
    count = sum(result.cell not in unsure for result in compared(check))
    bound = sum(result.status not in ("accepted", "skipped") for result in check.results)
    return count, bound - count


def off_by(result: CellResult) -> float:
    """The size of a cell's difference, as a key to sort by; infinite where the cell has no number."""
    if result.difference is None or math.isnan(result.difference):
        return math.inf
    return abs(result.difference)
