"""What a run found out: facts about cells, opinions about their causes, and the verdict. Reporters read nothing else."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Literal, NamedTuple

from xlparity.excel.address import Cell
from xlparity.excel.values import Value
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
WRONG = frozenset(("mismatch", "hardcoded", "error"))
UNKNOWN = frozenset(("unsupported", "missing"))


_FRAME = {
    "check": "string", "variable": "string", "iteration": "int64", "index": "object", "cell": "string", "formula": "string",
    "expected": "float64", "actual": "object", "difference": "float64", "ulps": "Int64", "status": "string",
    "engine": "string",
}  # fmt: skip
"""The columns of a report's data frame, each with its dtype."""


class Verdict(IntEnum):
    """The answer, whose number is the command's exit code."""

    PASS = 0
    FAIL = 1
    UNASSESSED = 2
    STALE = 3

    def __str__(self) -> str:
        return self.name.lower()


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several: fail before unassessed before stale before pass; of none at all, unassessed."""
    order = (Verdict.FAIL, Verdict.UNASSESSED, Verdict.STALE, Verdict.PASS)
    return min(verdicts, key=order.index, default=Verdict.UNASSESSED)


class CellResult(NamedTuple):
    """The fact about one bound cell. ``expected`` is None where the reference gave nothing for it.

    ``reason`` is why the spec accepts the cell as it is, or leaves it out; a match that has one needs no acceptance.
    ``constant`` says that it is accepted as a constant that equals the reference, and is no difference.
    """

    variable: str
    iteration: int
    element: tuple[int, int]
    cell: Cell
    status: Status
    expected: float | bool | None
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
        """How many steps from double to double lead from one to the other, where both are numbers."""
        if not isinstance(self.expected, float) or not isinstance(self.actual, float):
            return None
        return ulps(self.actual, self.expected)


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause, or what else there is to say about cells, as fields. Codes are never reused; ``XP4`` is mapping and shape.

    ``cause`` says what is wrong where, without a full stop. ``suggestion`` is what the first of the cells should say, ``mends``
    are all formulas to be written, by the cell that each stands in. ``affects`` counts the cells that are wrong, or cannot be
    assessed, because of these, and ``alone`` those of them for which there is no other cause. The spec may have ``accepted``
    the cells themselves, and not what follows from them. Of several engines, ``engines`` are those that found these cells so;
    there are none in a finding that rests on no engine's values.
    """

    code: str
    variable: str
    cells: tuple[Cell, ...]
    iterations: tuple[int, ...]
    cause: str
    formula: str | None = None
    suggestion: str | None = None
    affects: int = 0
    mends: "Mapping[Cell, Formula]" = field(default_factory=dict)
    engines: tuple[str, ...] = ()
    alone: int = 0
    accepted: bool = False

    @property
    def message(self) -> str:
        """All fields in a few sentences."""
        return self._sentences(self.suggestion)

    @property
    def without_suggestion(self) -> str:
        """The same, for where the formula to write is shown by itself."""
        return self._sentences(None)

    def _sentences(self, suggestion: str | None) -> str:
        written = "" if suggestion is None else f"; write {suggestion}"
        return " ".join((f"{self.cause}{written}{self._acceptance}.", *self.consequences))

    @property
    def claim(self) -> str:
        """The cause as a sentence of its own."""
        return f"{self.cause}{self._acceptance}."

    @property
    def consequences(self) -> tuple[str, ...]:
        """Sentences about what follows from it, and which engines found it; none where there is nothing to say."""
        found: list[str] = []
        if self.affects:
            others = "1 other cell" if self.affects == 1 else f"{self.affects:,} other cells"
            are = "is wrong" if self.affects == 1 else "are wrong"
            are = "cannot be assessed" if self.code in NOT_ASSESSED else are
            only = self.alone == self.affects
            more = f", {self.alone:,} of them because of nothing else" if self.alone and not only else ""
            found.append(f"{others} {are} {'only ' if only else ''}because of it{more}.")
        if self.engines:
            found.append(f"Found with {' and '.join(self.engines)}.")
        return tuple(found)

    @property
    def _acceptance(self) -> str:
        return " (the spec accepts this, but not what follows from it)" if self.accepted else ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check: every bound cell's result, in the order of iteration, quantity and cell.

    ``variables`` are the quantities in the spec's order, ``blocks`` is how many blocks there are, and ``notes`` are remarks
    that change no verdict: about the layout, inputs that never varied, acceptances that nothing needs. Where nothing was
    ``recomputed``, the results are about the values that the file stores. ``tolerances`` are what each quantity was judged by.
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

    @property
    def only_stored(self) -> tuple[CellResult, ...]:
        """The cells that match on the stored inputs and are wrong on others: they compute something else."""
        return self._matches_among(self.scenarios.cells)

    @property
    def misfits(self) -> tuple[CellResult, ...]:
        """The cells without a result of their own whose quantity has another shape in the reference."""
        cells = {cell for found in self.findings if found.code in OF_SHAPE for cell in found.cells}
        if not cells:
            return ()
        return tuple(result for result in self.results if result.status in UNKNOWN and result.cell in cells)

    @property
    def only_others(self) -> tuple[CellResult, ...]:
        """The formulas that the engine could not compute on the stored inputs, and that are wrong on others.

        Or they are wrong on the reference's values for their precedents, which a finding says.
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
        """The cells that are wrong although the stored inputs do not show it: in their shape, or on other inputs."""
        return frozenset(result.cell for result in (*self.only_stored, *self.only_others, *self.misfits))

    @property
    def not_always_computed(self) -> tuple[CellResult, ...]:
        """The cells that match on the stored inputs and that the engine could not compute on some others."""
        return self._matches_among(self.scenarios.unsure)

    def _matches_among(self, cells: tuple[Cell, ...]) -> tuple[CellResult, ...]:
        among = set(cells)
        return tuple(result for result in self.results if result.status == "match" and result.cell in among)

    def by_reason(self, status: Status) -> dict[str, list[CellResult]]:
        """The cells of this status for which the spec has a reason, by the reason; a match that has one needs none."""
        found: dict[str, list[CellResult]] = {}
        for result in self.results:
            if result.status == status and result.reason is not None:
                found.setdefault(result.reason, []).append(result)
        return found

    @property
    def known(self) -> frozenset[Cell]:
        """The cells for which the spec has a reason to accept them as they are, or to leave them out."""
        return frozenset(result.cell for result in self.results if result.reason is not None)

    def with_scenarios(self, scenarios: Scenarios) -> "CheckResult":
        """The result with what other inputs showed.

        A cell that the spec accepts fails no scenario; where it is a match on the stored inputs only, it is none.
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
        """How many bound cells ended in each status; ``bound`` is all of them."""
        found = Counter(result.status for result in self.results)
        return {"bound": len(self.results), **{status: found[status] for status in STATUSES}}

    @property
    def verdict(self) -> Verdict:
        """Fail where anything is proved wrong, whatever else could not be judged.

        Pass needs at least one match: where nothing was recomputed from a live formula, nothing is shown. It also needs
        other inputs, where the reference is defined for any, and other values of each input that may vary: without, a
        constant is as good as a formula. And the reference must not have been given up, nor have failed in any.
        """
        counts = self.counts
        amiss = any(finding.code in OF_INPUTS for finding in self.findings)
        if any(counts[status] for status in WRONG) or self.proved or amiss:
            return Verdict.FAIL
        if any(counts[status] for status in UNKNOWN) or self.not_always_computed:
            return Verdict.UNASSESSED
        tried = (self.scenarios.run or not self.scenarios.dropped) and not self.scenarios.kept
        called = not self.scenarios.unfinished and not self.scenarios.failures
        return Verdict.PASS if counts["match"] and tried and called else Verdict.UNASSESSED

    @property
    def first_divergent(self) -> int | None:
        """The first iteration with a wrong cell."""
        proved = self.proved
        wrong = (result.iteration for result in self.results if result.status in WRONG or result.cell in proved)
        return min(wrong, default=None)


@dataclass(frozen=True, slots=True)
class Census:
    """Every formula of the file accounted for.

    ``bound`` are compared, ``helper`` are ones that a bound cell depends on, ``unbound`` are all others; the three add
    up to ``formulas``. ``unbound_cells`` names those of the last that could be read.
    """

    formulas: int
    bound: int
    helper: int
    unbound_cells: tuple[Cell, ...] = ()

    @property
    def unbound(self) -> int:
        """How many formulas nothing was said about."""
        return self.formulas - self.bound - self.helper


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one spec file: paths as they were given, the workbook's SHA-256, the versions that computed it.

    ``digests`` has the SHA-256 of the spec and of each reference's file, by the names that these have in the report.
    ``could_settle`` names engines that can run here, were not asked, and may compute cells that are unsupported.
    """

    spec: str
    workbook: str
    sha256: str
    checks: tuple[CheckResult, ...]
    census: Census
    versions: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    could_settle: tuple[str, ...] = ()

    @property
    def combined(self) -> tuple[CheckResult, ...]:
        """Each check once, whatever the number of engines: a cell is as one of them found it that could tell."""
        groups: dict[str, list[CheckResult]] = {}
        for check in self.checks:
            groups.setdefault(check.name, []).append(check)
        return tuple(_combined(group) for group in groups.values())

    @property
    def verdict(self) -> Verdict:
        """The worst of the checks."""
        return worst(check.verdict for check in self.combined)

    def to_frame(self) -> "pd.DataFrame":
        """A pandas DataFrame with one row for each bound cell, check and engine: for n of these, its shape is (n, 12).

        The rows are in the order of the checks, and within one of iteration, quantity and cell; the index counts from 0.

        - ``check`` (string): the check's name.
        - ``variable`` (string): the quantity's name.
        - ``iteration`` (int64): from 1; 1 in a workbook with a single pass.
        - ``index`` (object): the element's ``(row, column)`` within the quantity, from 0.
        - ``cell`` (string): ``Sheet!A1``.
        - ``formula`` (string): what the cell contains; ``<NA>`` where that is no formula.
        - ``expected`` (float64): the reference's value, 1.0 or 0.0 for a truth value; NaN where it gave none for this cell.
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
                yield (
                    check.name, r.variable, r.iteration, r.element, str(r.cell), r.formula,
                    r.expected, actual, r.difference, r.ulps, r.status, check.engine,
                )  # fmt: skip


def _combined(group: Sequence[CheckResult]) -> CheckResult:
    """One result out of several engines': wrong where any found it wrong, else a match where any recomputed one."""
    if len(group) == 1:
        return group[0]
    witnesses = [check for check in group if check.recomputed] or [group[0]]
    results: list[CellResult] = []
    unsure: list[Cell] = []
    changing = {check.engine: check.proved for check in witnesses}
    doubtful = {check.engine: set(check.scenarios.unsure) for check in witnesses}
    for found in zip(*(check.results for check in witnesses), strict=True):
        by_engine = list(zip(witnesses, found, strict=True))

        def rank(item: tuple[CheckResult, CellResult]) -> int:
            check, result = item
            if result.status in WRONG or result.cell in changing[check.engine]:
                return 0
            if result.status in UNKNOWN:
                return 3
            return 2 if result.status == "match" and result.cell in doubtful[check.engine] else 1

        check, result = min(by_engine, key=rank)
        results.append(result)
        if rank((check, result)) == 2:
            unsure.append(result.cell)
    # What failed on other inputs counts where the engine has a wrong cell to show for it, on these inputs or on others.
    failed = [
        check.scenarios.failed
        for check in witnesses
        if check.only_stored or check.only_others or any(result.status in WRONG for result in check.results)
    ]
    among = {cell for check in witnesses for cell in check.scenarios.cells}
    wrong = tuple(
        result.cell
        for result in results
        if result.cell in among and any(result.cell in cells for cells in changing.values())
    )
    scenarios = Scenarios(
        group[0].scenarios.seed,
        max(check.scenarios.run for check in witnesses),
        max(failed, default=0),
        min(check.scenarios.dropped for check in witnesses),
        wrong,
        tuple(unsure),
        shaky=max(check.scenarios.shaky for check in witnesses),
        smallest=next((c.scenarios.smallest for c in witnesses if c.scenarios.smallest), None),
        asked=group[0].scenarios.asked,
        kept={
            name: cells
            for name, cells in group[0].scenarios.kept.items()
            if all(name in check.scenarios.kept for check in witnesses)
        },
        unfinished=any(check.scenarios.unfinished for check in witnesses),
        failures=group[0].scenarios.failures,
    )
    engines = " and ".join(check.engine for check in group)
    # An input that one engine takes for no number, and another can read, is not proved to be wrong.
    unread = [{found.variable for found in check.findings if found.code == NO_NUMBER} for check in witnesses]
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
        recomputed=witnesses[0].recomputed,
    )
