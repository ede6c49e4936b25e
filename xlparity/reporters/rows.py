"""What the reporters list: a row a quantity, the cells that are not right, and the worst of them."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from xlparity.report import UNKNOWN, WRONG, CellResult, CheckResult, Finding, Report


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
    by_name: dict[str, list[CellResult]] = {name: [] for name in check.variables}
    for result in check.results:
        by_name[result.variable].append(result)
    return [
        Quantity(
            name,
            len(results),
            sum(result.status == "match" for result in results),
            max((abs(result.difference) for result in results if result.difference is not None), default=None),
            max((result.ulps for result in results if result.ulps is not None), default=None),
            min((result.iteration for result in results if result.status in WRONG), default=None),
            sum(result.status in ("accepted", "skipped") for result in results),
        )
        for name, results in by_name.items()
        if results  # else it stands in input cells only
    ]


def findings(report: Report, check: CheckResult) -> list[Finding]:
    """The findings about a check, whichever engine has them; what several engines have alike, once."""
    found = (finding for one in report.checks if one.name == check.name for finding in one.findings)
    return list({(one.code, one.variable, one.cells, one.message): one for one in found}.values())


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


def amiss(check: CheckResult) -> list[CellResult]:
    """The cells that keep the check from passing, on the stored inputs or on others, in the order of the check."""
    others = {result.cell for result in (*check.only_stored, *check.not_always_computed)}
    return [
        result
        for result in check.results
        if result.status in WRONG or result.status in UNKNOWN or (result.status == "match" and result.cell in others)
    ]


def worst(results: Iterable[CellResult], most: int) -> list[CellResult]:
    """So many of the cells: first those without a number where one belongs, then by the size of the difference."""

    def size(result: CellResult) -> float:
        if result.difference is None or math.isnan(result.difference):
            return math.inf
        return abs(result.difference)

    return sorted(results, key=size, reverse=True)[:most]
