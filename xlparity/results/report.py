"""The report of a run: the result of every cell, the findings on their causes, and the verdict."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Literal, NamedTuple

from xlparity.excel.address import Cell
from xlparity.excel.values import Value
from xlparity.results.branches import Branches
from xlparity.results.rules import NO_NUMBER, NOT_ASSESSED, OF_INPUTS, OF_SHAPE, WRONG_FORMULA
from xlparity.results.scenarios import Scenarios
from xlparity.tolerance import Tolerance, ulps

if TYPE_CHECKING:
    import pandas as pd

    from xlparity.excel.workbook import Formula

Status = Literal["match", "mismatch", "hardcoded", "error", "unsupported", "missing", "accepted", "skipped"]
STATUSES: tuple[Status, ...] = (
    "match", "mismatch", "hardcoded", "error", "unsupported", "missing", "accepted", "skipped",
)  # fmt: skip
Origin = Literal["own", "carried", "circular", "unsupported"]
"""Where a wrong or unassessed cell comes from; see ``CheckResult.origins``."""
WRONG = frozenset(("mismatch", "hardcoded", "error"))
UNKNOWN = frozenset(("unsupported", "missing"))


_FRAME = {
    "check": "string", "variable": "string", "iteration": "int64", "index": "object", "cell": "string", "formula": "string",
    "expected": "float64", "expected_text": "string", "actual": "object", "difference": "float64", "ulps": "Int64",
    "status": "string", "engine": "string",
}  # fmt: skip
"""The columns of a report's data frame, each with its dtype."""


class Verdict(IntEnum):
    """The verdict; its number is the command's exit code, and ``str()`` gives pass, fail, unassessed or stale.

    Pass: every compared cell matches, for the stored inputs and in every scenario. Fail: at least one cell is proved wrong,
    even if others could not be assessed. Unassessed: no cell is proved wrong, and at least one could not be assessed. Stale
    (``xlparity recalc --check`` only): the stored values are not what the formulas compute.
    """

    PASS = 0
    FAIL = 1
    UNASSESSED = 2
    STALE = 3

    def __str__(self) -> str:
        return self.name.lower()


def joined(names: Sequence[str]) -> str:
    """``formulas, libreoffice and ironcalc``."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several verdicts: fail, then unassessed, then stale, then pass; unassessed if there are none."""
    order = (Verdict.FAIL, Verdict.UNASSESSED, Verdict.STALE, Verdict.PASS)
    return min(verdicts, key=order.index, default=Verdict.UNASSESSED)


class CellResult(NamedTuple):
    """The result of one bound cell on the stored inputs. ``expected`` is None where the reference returned no value for it.

    ``reason`` is the spec's reason to accept or skip the cell; a match with a reason needs no acceptance. ``constant`` marks
    an accepted cell that contains a constant equal to the reference's value.
    """

    variable: str
    iteration: int
    element: tuple[int, int]
    cell: Cell
    status: Status
    expected: Value | None
    actual: Value
    formula: str | None
    reason: str | None = None
    constant: bool = False

    @property
    def difference(self) -> float | None:
        """``actual - expected``, where both are numbers."""
        if not isinstance(self.expected, float) or not isinstance(self.actual, float):
            return None
        return self.actual - self.expected

    @property
    def ulps(self) -> int | None:
        """The distance of the two in units in the last place, where both are numbers."""
        if not isinstance(self.expected, float) or not isinstance(self.actual, float):
            return None
        return ulps(self.actual, self.expected)


@dataclass(frozen=True, slots=True)
class Finding:
    """A root cause, or a remark on cells, as fields. ``code`` is a key of ``RULES``; codes are never reused.

    - ``cause``: a sentence on what is wrong in which cells, without a full stop.
    - ``formula``, ``suggestion``: what the first cell contains, and the formula suggested for it.
    - ``replacements``: all suggested formulas, by cell.
    - ``affects``: how many other cells are wrong, or cannot be assessed, because of these; ``alone``: how many of them have
      no other cause.
    - ``accepted``: the spec accepts the cells themselves, but not the cells that depend on them.
    - ``engines``: of several engines, those whose values show it; empty where it depends on no engine's values.
    """

    code: str
    variable: str
    cells: tuple[Cell, ...]
    iterations: tuple[int, ...]
    cause: str
    formula: str | None = None
    suggestion: str | None = None
    affects: int = 0
    replacements: "Mapping[Cell, Formula]" = field(default_factory=dict)
    engines: tuple[str, ...] = ()
    alone: int = 0
    accepted: bool = False

    @property
    def message(self) -> str:
        """The finding in sentences: cause, suggestion, consequences."""
        return self._sentences(self.suggestion)

    @property
    def without_suggestion(self) -> str:
        """The message without the suggestion, for a report that shows the suggestion on a line of its own."""
        return self._sentences(None)

    def _sentences(self, suggestion: str | None) -> str:
        suggested = "" if suggestion is None else f"; suggestion: {suggestion}"
        return " ".join((f"{self.cause}{suggested}{self._acceptance}.", *self.consequences))

    @property
    def cause_sentence(self) -> str:
        """The cause as a full sentence."""
        return f"{self.cause}{self._acceptance}."

    @property
    def consequences(self) -> tuple[str, ...]:
        """Sentences on how many other cells are affected and on which engines show it; empty where neither applies."""
        found: list[str] = []
        if self.affects:
            others = "1 other cell" if self.affects == 1 else f"{self.affects:,} other cells"
            are = "is wrong" if self.affects == 1 else "are wrong"
            are = "cannot be assessed" if self.code in NOT_ASSESSED else are
            only = self.alone == self.affects
            more = f", {self.alone:,} of them because of nothing else" if self.alone and not only else ""
            found.append(f"{others} {are} {'only ' if only else ''}because of it{more}.")
        if self.engines:
            found.append(f"Found with {joined(self.engines)}.")
        return tuple(found)

    @property
    def _acceptance(self) -> str:
        return " (the spec accepts this, but not what follows from it)" if self.accepted else ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check by one engine: every bound cell's result, in the order of iteration, quantity and cell.

    ``variables`` are the quantities in the spec's order, ``blocks`` is the number of blocks, and ``notes`` are remarks that
    change no verdict: on the blocks, on inputs that never varied, on acceptances that no cell needs. Where ``recomputed`` is
    false, the results are about the values that the file stores. ``tolerances`` are by quantity. ``branches`` are what the
    samples reached; None where nothing was measured, since the engine is another or no scenario was drawn. Of these,
    ``min_coverage`` percent must be reached for a pass.

    ``origins`` say where cells that are wrong, or not assessed, come from: ``own`` where the cell's formula, or a helper of it,
    is wrong, ``carried`` where it is right on the reference's values for its precedents, ``circular`` where it closes a circle,
    and ``unsupported`` where it cannot be computed. A cell of which this is not known has none.
    """

    name: str
    engine: str
    variables: tuple[str, ...]
    blocks: int
    results: tuple[CellResult, ...]
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    scenarios: Scenarios = field(default_factory=lambda: Scenarios(seed=0))
    recomputed: bool = True
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    branches: Branches | None = None
    min_coverage: float = 0.0
    origins: Mapping[Cell, Origin] = field(default_factory=dict)

    @property
    def only_stored(self) -> tuple[CellResult, ...]:
        """The cells that match on the stored inputs and are wrong in a scenario."""
        return self._matches_among(self.scenarios.cells)

    @property
    def wrong_shape(self) -> tuple[CellResult, ...]:
        """The cells that could not be compared because their quantity has another shape in the reference."""
        cells = {cell for found in self.findings if found.code in OF_SHAPE for cell in found.cells}
        if not cells:
            return ()
        return tuple(result for result in self.results if result.status in UNKNOWN and result.cell in cells)

    @property
    def wrong_on_others(self) -> tuple[CellResult, ...]:
        """The formulas that could not be computed on the stored inputs, and are wrong on others.

        The others are a scenario, or the reference's values for the formula's precedents; the latter gives a finding.
        """
        among = {
            *self.scenarios.cells,
            *(cell for found in self.findings if found.code in WRONG_FORMULA for cell in found.cells),
        }
        if not among:
            return ()
        return tuple(
            result
            for result in self.results
            if result.status in UNKNOWN and result.formula is not None and result.cell in among
        )

    @property
    def proved(self) -> frozenset[Cell]:
        """The cells that are proved wrong although their status is not: by their shape, or on other inputs."""
        return frozenset(result.cell for result in (*self.only_stored, *self.wrong_on_others, *self.wrong_shape))

    @property
    def not_always_computed(self) -> tuple[CellResult, ...]:
        """The cells that match on the stored inputs and could not be assessed in some scenario."""
        return self._matches_among(self.scenarios.unsure)

    def _matches_among(self, cells: tuple[Cell, ...]) -> tuple[CellResult, ...]:
        among = set(cells)
        return tuple(result for result in self.results if result.status == "match" and result.cell in among)

    def by_reason(self, status: Status) -> dict[str, list[CellResult]]:
        """The cells of this status that the spec accepts or skips, by the spec's reason."""
        found: dict[str, list[CellResult]] = {}
        for result in self.results:
            if result.status == status and result.reason is not None:
                found.setdefault(result.reason, []).append(result)
        return found

    @property
    def known(self) -> frozenset[Cell]:
        """The cells that the spec accepts or skips."""
        return frozenset(result.cell for result in self.results if result.reason is not None)

    def with_scenarios(self, scenarios: Scenarios) -> "CheckResult":
        """This result with the result of its scenarios.

        A cell that the spec accepts fails no scenario; one that matches on the stored inputs only gets the status accepted.
        """
        known = self.known
        differ = known.intersection((*scenarios.cells, *scenarios.unsure))
        results = self.results
        if differ:
            results = tuple(r._replace(status="accepted") if r.cell in differ else r for r in results)
        wrong = [(c, n) for c, n in zip(scenarios.cells, scenarios.since, strict=True) if c not in known]
        kept = replace(
            scenarios,
            cells=tuple(cell for cell, _ in wrong),
            since=tuple(number for _, number in wrong),
            unsure=tuple(cell for cell in scenarios.unsure if cell not in known),
        )
        return replace(self, results=results, scenarios=kept)

    @property
    def counts(self) -> dict[str, int]:
        """The number of bound cells with each status; ``bound`` is their total."""
        found = Counter(result.status for result in self.results)
        return {"bound": len(self.results), **{status: found[status] for status in STATUSES}}

    @property
    def verdict(self) -> Verdict:
        """Fail if any cell is proved wrong, even where others could not be assessed.

        Pass needs at least one match, which is a recomputed formula. If any scenario was drawn, the reference must be defined
        in one, and each input that may vary must have varied: otherwise a constant could not be distinguished from a formula.
        The reference must also have been called for every scenario, without a fault in any, and the samples must reach as much
        as is asked for.
        """
        counts = self.counts
        wrong_inputs = any(finding.code in OF_INPUTS for finding in self.findings)
        if any(counts[status] for status in WRONG) or self.proved or wrong_inputs:
            return Verdict.FAIL
        if any(counts[status] for status in UNKNOWN) or self.not_always_computed:
            return Verdict.UNASSESSED
        return Verdict.PASS if counts["match"] and self.conclusive and self.covered else Verdict.UNASSESSED

    @property
    def conclusive(self) -> bool:
        """Whether the scenarios show that cells follow the inputs: the reference was defined in some, and each input varied.

        It was also called for every scenario, without a fault in any.
        """
        varied = (self.scenarios.run or not self.scenarios.dropped) and not self.scenarios.kept
        return bool(varied) and not self.scenarios.unfinished and not self.scenarios.failures

    @property
    def covered(self) -> bool:
        """Whether the samples reach as much as is asked for; they do not where that was not measured."""
        if not self.min_coverage or self.branches is None:
            return not self.min_coverage
        return 100 * self.branches.reached >= self.min_coverage * self.branches.total

    @property
    def first_divergent(self) -> int | None:
        """The first iteration with a wrong cell."""
        proved = self.proved
        wrong = (result.iteration for result in self.results if result.status in WRONG or result.cell in proved)
        return min(wrong, default=None)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many formulas of the file the spec covers.

    ``bound`` are compared, ``helper`` are precedents of a bound cell, ``taken`` are cut and their values are inputs, ``unbound``
    are all others, which are not covered; the four add up to ``formulas``. ``unbound_cells`` are the unbound formulas that
    could be read, ``outside`` the cells of other workbooks on which bound ones depend, with the values that the file keeps.
    """

    formulas: int
    bound: int
    helper: int
    unbound_cells: tuple[Cell, ...] = ()
    taken: int = 0
    outside: tuple[Cell, ...] = ()

    @property
    def unbound(self) -> int:
        """The number of formulas that are not covered."""
        return self.formulas - self.bound - self.helper - self.taken


@dataclass(frozen=True, slots=True)
class Report:
    """The report on one spec file: paths as given, the workbook's SHA-256, and the versions of the programs that computed it.

    ``digests`` has the SHA-256 of the spec and of each reference's file, by the names that these have in the report.
    ``could_settle`` names the engines that are installed, were not selected, and may compute the unsupported cells.
    """

    spec: str
    workbook: str
    sha256: str
    checks: tuple[CheckResult, ...]
    coverage: Coverage
    versions: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    could_settle: tuple[str, ...] = ()

    @property
    def combined(self) -> tuple[CheckResult, ...]:
        """Each check once: the results of several engines are combined, cell by cell."""
        groups: dict[str, list[CheckResult]] = {}
        for check in self.checks:
            groups.setdefault(check.name, []).append(check)
        return tuple(_combined(group) for group in groups.values())

    @property
    def verdict(self) -> Verdict:
        """The worst of the checks."""
        return worst(check.verdict for check in self.combined)

    def to_frame(self) -> "pd.DataFrame":
        """A pandas DataFrame with one row for each bound cell, check and engine: for n of these, its shape is (n, 13).

        The rows are in the order of the checks, and within one of iteration, quantity and cell; the index counts from 0.

        - ``check`` (string): the check's name.
        - ``variable`` (string): the quantity's name.
        - ``iteration`` (int64): from 1; 1 in a workbook with a single pass.
        - ``index`` (object): the element's ``(row, column)`` within the quantity, from 0.
        - ``cell`` (string): ``Sheet!A1``.
        - ``formula`` (string): what the cell contains; ``<NA>`` where that is no formula.
        - ``expected`` (float64): the reference's value, 1.0 or 0.0 for a truth value; NaN where it gave none for this cell, or no
          number.
        - ``expected_text`` (string): the reference's value where it is a text, a blank or an error value; else ``<NA>``.
        - ``actual`` (object): the cell's recomputed value: a float, a str or a bool, and the words of anything else, such as
          ``#DIV/0!`` or ``(blank)``.
        - ``difference`` (float64): actual - expected, in the quantity's unit; NaN where either is no number.
        - ``ulps`` (Int64): how many doubles lie from one to the other; ``<NA>`` where either is no number.
        - ``status`` (string): match, mismatch, hardcoded, error, unsupported, missing, accepted or skipped.
        - ``engine`` (string): the engine that computed ``actual``.
        """
        import pandas as pd  # noqa: PLC0415  (a third of a second, and only for those who ask for a frame)

        columns = (
            zip(*self._rows(), strict=True) if any(check.results for check in self.checks) else ((),) * len(_FRAME)
        )
        series = {
            name: pd.Series(list(column), dtype=kind)
            for (name, kind), column in zip(_FRAME.items(), columns, strict=True)
        }
        return pd.DataFrame(series)

    def _rows(self) -> Iterator[tuple[object, ...]]:
        for check in self.checks:
            for r in check.results:
                actual = r.actual if isinstance(r.actual, float | str | bool) else str(r.actual)
                number = isinstance(r.expected, float | bool) or r.expected is None
                yield (
                    check.name, r.variable, r.iteration, r.element, str(r.cell), r.formula,
                    r.expected if number else None, None if number else str(r.expected), actual,
                    r.difference, r.ulps, r.status, check.engine,
                )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unusable:
    """One of several spec files of which there is no report: its path as given, and the reason."""

    spec: str
    reason: str

    @property
    def verdict(self) -> Verdict:
        """Unassessed: nothing is known of its workbook."""
        return Verdict.UNASSESSED


def overall(reports: Iterable[Report], unusable: Iterable[Unusable] = ()) -> Verdict:
    """The worst verdict of all."""
    return worst([*(report.verdict for report in reports), *(one.verdict for one in unusable)])


def _combined(group: Sequence[CheckResult]) -> CheckResult:
    """One result from several: a cell is wrong if any engine finds it wrong, else a match if any finds a match."""
    if len(group) == 1:
        return group[0]
    recomputed = [check for check in group if check.recomputed] or [group[0]]
    results: list[CellResult] = []
    unsure: list[Cell] = []
    proved_by_engine = {check.engine: check.proved for check in recomputed}
    unsure_by_engine = {check.engine: set(check.scenarios.unsure) for check in recomputed}
    for found in zip(*(check.results for check in recomputed), strict=True):
        by_engine = list(zip(recomputed, found, strict=True))

        def rank(item: tuple[CheckResult, CellResult]) -> int:
            check, result = item
            if result.status in WRONG or result.cell in proved_by_engine[check.engine]:
                return 0
            if result.status in UNKNOWN:
                return 3
            return 2 if result.status == "match" and result.cell in unsure_by_engine[check.engine] else 1

        check, result = min(by_engine, key=rank)
        results.append(result)
        if rank((check, result)) == 2:
            unsure.append(result.cell)
    # Failed scenarios count only for an engine that has a wrong cell, on the stored inputs or on others.
    failed = [
        check.scenarios.failed
        for check in recomputed
        if check.only_stored or check.wrong_on_others or any(result.status in WRONG for result in check.results)
    ]
    among = {cell for check in recomputed for cell in check.scenarios.cells}
    wrong = tuple(
        result.cell
        for result in results
        if result.cell in among and any(result.cell in cells for cells in proved_by_engine.values())
    )
    scenarios = Scenarios(
        group[0].scenarios.seed,
        max(check.scenarios.run for check in recomputed),
        max(failed, default=0),
        min(check.scenarios.dropped for check in recomputed),
        wrong,
        tuple(unsure),
        indeterminate=max(check.scenarios.indeterminate for check in recomputed),
        replaced=max((check.scenarios.run, check.scenarios.replaced) for check in recomputed)[1],
        smallest=next((c.scenarios.smallest for c in recomputed if c.scenarios.smallest), None),
        asked=group[0].scenarios.asked,
        kept={
            name: cells
            for name, cells in group[0].scenarios.kept.items()
            if all(name in check.scenarios.kept for check in recomputed)
        },
        unfinished=any(check.scenarios.unfinished for check in recomputed),
        failures=group[0].scenarios.failures,
    )
    engines = joined([check.engine for check in group])
    # An input that is not a number for one engine, and can be read by another, is not proved wrong.
    unread = [{found.variable for found in check.findings if found.code == NO_NUMBER} for check in recomputed]
    findings = tuple(
        found
        for found in group[0].findings
        if found.code != NO_NUMBER or all(found.variable in names for names in unread)
    )
    return replace(
        group[0],
        engine=engines,
        results=tuple(results),
        findings=findings,
        scenarios=scenarios,
        recomputed=recomputed[0].recomputed,
        branches=next((check.branches for check in recomputed if check.branches), None),
    )
