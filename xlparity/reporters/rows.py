"""What the reporters list: a row a quantity, the cells that are not right, and the worst of them."""

import math
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, TypeAlias

from xlparity.excel.address import Cell
from xlparity.excel.values import Unsupported
from xlparity.results.report import UNKNOWN, WRONG, CellResult, CheckResult, Finding, Report

Judgement: TypeAlias = Literal["right", "wrong", "stored", "unknown", "unsure", "accepted", "skipped"]
FAILING: tuple[Judgement, ...] = ("wrong", "stored")  # they fail a check
DOUBTFUL: tuple[Judgement, ...] = ("unknown", "unsure")  # they keep it from being assessed
_JUDGEMENTS: Mapping[str, Judgement] = {
    **dict.fromkeys(WRONG, "wrong"), **dict.fromkeys(UNKNOWN, "unknown"),
    "match": "right", "accepted": "accepted", "skipped": "skipped",
}  # fmt: skip


class Quantity(NamedTuple):
    """How the cells of one quantity compare; a largest difference is None where no two numbers were compared."""

    name: str
    cells: int
    matches: int
    difference: float | None
    ulps: int | None
    first: int | None
    aside: int = 0

    @property
    def good(self) -> bool:
        """Whether all of them match on the stored inputs, but for those that the spec sets aside: accepts or leaves out."""
        return self.matches + self.aside == self.cells


def quantities(check: CheckResult) -> list[Quantity]:
    """A row a quantity, in the spec's order; ``first`` is the first iteration with a wrong cell."""
    proved = {result.cell for result in (*check.only_others, *check.misfits)}
    return [
        Quantity(
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
    """The cells of each quantity, in the spec's order; one that stands in input cells only has none, and is left out."""
    found: dict[str, list[CellResult]] = {name: [] for name in check.variables}
    for result in check.results:
        found[result.variable].append(result)
    return {name: results for name, results in found.items() if results}


def findings(report: Report, check: CheckResult) -> list[Finding]:
    """The findings about a check, whichever engine has them; what several engines have alike, once."""
    found = (finding for one in report.checks if one.name == check.name for finding in one.findings)
    return list({(one.code, one.variable, one.cells, one.cause): one for one in found}.values())


def all_findings(report: Report) -> list[tuple[CheckResult, Finding]]:
    """The findings about every check, each with its check."""
    return [(check, found) for check in report.combined for found in findings(report, check)]


def notes(report: Report, check: CheckResult) -> list[str]:
    """The remarks on a check, each once; of several engines, with those that it is about where these are not all."""
    same = [one for one in report.checks if one.name == check.name]
    about: dict[str, list[str]] = {}
    for one in same:
        for note in one.notes:
            about.setdefault(note, []).append(one.engine)
    return [note if len(of) == len(same) else f"{note} (by {' and '.join(of)})" for note, of in about.items()]


def sources(report: Report) -> list[tuple[str | None, list[str]]]:
    """What the workbook was held against: the spec, then the references, those of one file together; each with its SHA-256."""
    found: dict[str, list[str]] = {}
    for name, digest in report.digests.items():
        if name != report.spec:
            found.setdefault(digest, []).append(name)
    return [(report.digests.get(report.spec), [report.spec]), *found.items()]


def by_place(found: Iterable[Finding]) -> dict[object, list[Finding]]:
    """The findings about a cell, and about a quantity in an iteration: ``(variable, iteration)``.

    A helper that nothing binds may be the culprit, for the quantity that the finding names.
    """
    about: dict[object, list[Finding]] = {}
    for one in found:
        for place in (*one.cells, *((one.variable, number) for number in one.iterations)):
            about.setdefault(place, []).append(one)
    return about


def judged(check: CheckResult) -> list[tuple[CellResult, Judgement]]:
    """Every cell with what is to be thought of it on all inputs together, in the order of the check.

    Of those that match on the stored inputs, ``stored`` are wrong on others, and ``unsure`` could not be judged on some. What
    has no value of its own on them is ``wrong`` all the same where its shape, or other inputs, show it to be.
    """
    others: dict[Cell, Judgement] = dict.fromkeys((result.cell for result in check.not_always_computed), "unsure")
    others |= dict.fromkeys((result.cell for result in (*check.only_others, *check.misfits)), "wrong")
    others |= dict.fromkeys((result.cell for result in check.only_stored), "stored")
    return [(result, others.get(result.cell, _JUDGEMENTS[result.status])) for result in check.results]


def amiss(check: CheckResult) -> list[CellResult]:
    """The cells that keep the check from passing, on the stored inputs or on others, in the order of the check."""
    return [result for result, judgement in judged(check) if judgement in (*FAILING, *DOUBTFUL)]


def worst(results: Iterable[CellResult], most: int) -> list[CellResult]:
    """So many of the cells, those that are furthest off first."""
    return sorted(results, key=off_by, reverse=True)[:most]


def compared(check: CheckResult) -> list[CellResult]:
    """The cells that have a value and were held against the reference's, but for those that the spec sets aside."""
    found = (result for result in check.results if result.status == "match" or result.status in WRONG)
    return [result for result in found if not isinstance(result.actual, Unsupported)]


def compared_elsewhere(check: CheckResult) -> tuple[int, int]:
    """How many cells were compared on all other inputs, and how many of those that are bound were not."""
    unsure = set(check.scenarios.unsure)
    count = sum(result.cell not in unsure for result in compared(check))
    bound = sum(result.status not in ("accepted", "skipped") for result in check.results)
    return count, bound - count


def off_by(result: CellResult) -> float:
    """How wrong a cell is, for an order: by the difference, and no number where one should stand is worse than any."""
    if result.difference is None or math.isnan(result.difference):
        return math.inf
    return abs(result.difference)
