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

    @property
    def good(self) -> bool:
        """Whether all of them match on the stored inputs."""
        return self.matches == self.cells


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
        )
        for name, results in by_name.items()
        if results  # else it stands in input cells only
    ]


def findings(report: Report, check: CheckResult) -> list[Finding]:
    """The findings about a check, whichever engine has them."""
    return [finding for one in report.checks if one.name == check.name for finding in one.findings]


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
