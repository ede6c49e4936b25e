"""Several engines on one check: where one alone is wrong, that is a finding about the engine and not about the workbook."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from xlparity.engines.common.survey import refused_by_all
from xlparity.engines.registry import find_engine, others_than
from xlparity.excel.address import Cell
from xlparity.excel.values import BLANK, Unsupported, Value
from xlparity.excel.workbook import Workbook
from xlparity.results.report import WRONG, CellResult, CheckResult, Finding, Report
from xlparity.results.rules import UNSUPPORTED
from xlparity.tolerance import Tolerance

_SAME = Tolerance(rtol=1e-9, atol=1e-12)

_VOUCHING = "formulas"

Outcome = Literal["match", "wrong", "unknown"]


def reconcile(checks: Sequence[CheckResult]) -> tuple[CheckResult, ...]:
    """The results of several engines on one check, with what sets the engines apart.

    A cell that one engine alone finds wrong, and that another engine has recomputed and found right, becomes unsupported
    with that engine, since it cannot be trusted there; a finding says so. That takes two engines that find it right, or
    ``formulas``, which refuses what it is not certain of: one against one, nobody can tell, and the cell is unsupported with
    both. Stored values are never evidence that a cell is right, for nobody has recomputed them.
    """
    outcomes = outcomes_of(checks)
    alone: list[set[Cell]] = []
    disputed: set[Cell] = set()
    for number, check in enumerate(checks):
        others = [
            _on_the_same(outcomes[k], other, check)
            for k, other in enumerate(checks)
            if k != number and other.recomputed
        ]
        wrong = {
            cell for cell, found in outcomes[number].items() if found == "wrong" and _right_elsewhere(cell, others)
        }
        vouched = [
            _on_the_same(outcomes[k], other, check) for k, other in enumerate(checks) if other.engine == _VOUCHING
        ]
        disputed |= {
            cell
            for cell in wrong
            if sum(found[cell] == "match" for found in others) < 2
            and not any(found[cell] == "match" for found in vouched)
            and check.recomputed
        }
        alone.append(wrong)
    reconciled: list[CheckResult] = []
    for number, check in enumerate(checks):
        witnesses = [(other, outcomes[k]) for k, other in enumerate(checks) if k != number and other.recomputed]
        findings = [*_alone(check, alone[number], disputed, witnesses), *_apart(check, alone[number], checks[:number])]
        check = replace(check, findings=(*check.findings, *findings))  # noqa: PLW2901
        check = _set_aside(check, alone[number] - disputed, "another engine and the reference contradict this one")  # noqa: PLW2901
        reconciled.append(
            _set_aside(check, disputed, "two engines contradict each other, and nobody can tell which is right")
        )
    return tuple(reconciled)


def could_settle(book: Workbook, report: Report, used: Sequence[str]) -> tuple[str, ...]:
    """The engines that can run here, were not asked, and may compute what is unsupported.

    What engines contradict each other about is not unsupported for want of one that knows the formula.
    """
    disputed = {
        cell for check in report.checks for found in check.findings if found.code == "XP307" for cell in found.cells
    }
    unsupported: set[Cell] = set()
    for check in report.combined:
        if check.recomputed:
            unsupported |= {result.cell for result in check.results if result.status == "unsupported"}
            if check.counts["missing"]:  # which an input may be the reason for
                unread = (found for found in check.findings if found.code == UNSUPPORTED and not found.iterations)
                unsupported |= {cell for found in unread for cell in found.cells}
    unsupported -= disputed
    others = others_than(used) if unsupported else ()
    if not others or unsupported <= refused_by_all(book):
        return ()
    if _VOUCHING in others:  # it is quick to ask
        values = find_engine(_VOUCHING).load(book).recalculate({})
        if all(isinstance(values.get(cell, BLANK), Unsupported) for cell in unsupported):
            others = tuple(name for name in others if name != _VOUCHING)
    return others


def credited(
    causes: Sequence[Finding], number: int, checks: Sequence[CheckResult], outcomes: Sequence[Mapping[Cell, Outcome]]
) -> list[Finding]:
    """The causes with the engines that found their cells so: the one of that number, and those whose ``outcomes`` agree.

    A cause is told once, and may rest on the formulas of an engine other than the first; of one engine there is nothing to say.
    """
    if len(checks) < 2:
        return list(causes)
    credits: list[Finding] = []
    for cause in causes:
        cells = outcomes[number].keys() & cause.cells
        if not cells:  # a helper that nothing binds: what it is found by are the cells of its quantity
            at = checks[number].results
            cells = {r.cell for r in at if r.variable == cause.variable and r.iteration in cause.iterations}
        own = {(cell, outcomes[number][cell]) for cell in cells if outcomes[number][cell] != "match"}
        engines = tuple(
            check.engine
            for k, check in enumerate(checks)
            if k == number or any(outcomes[k][cell] == found for cell, found in own)
        )
        credits.append(replace(cause, engines=engines))
    return credits


def outcomes_of(checks: Sequence[CheckResult]) -> list[Mapping[Cell, Outcome]]:
    """What each engine found out about each cell."""
    return [_outcomes(check) for check in checks]


def _outcomes(check: CheckResult) -> dict[Cell, Outcome]:
    """What the engine found out about each cell on all inputs together; a number typed over a formula is nobody's opinion."""
    changing, unsure = set(check.scenarios.cells), set(check.scenarios.unsure)
    found: dict[Cell, Outcome] = {}
    for result in check.results:
        if (result.status in WRONG and result.status != "hardcoded") or (
            result.status in ("match", "unsupported") and result.cell in changing
        ):
            found[result.cell] = "wrong"
        elif result.status == "match" and result.cell not in unsure:
            found[result.cell] = "match"
        else:
            found[result.cell] = "unknown"
    return found


def _on_the_same(
    outcomes: Mapping[Cell, Outcome], witness: CheckResult, accused: CheckResult
) -> Mapping[Cell, Outcome]:
    """The witness's outcomes, unknown where the accused found a cell wrong on a set of inputs that the witness never tried."""
    late = {
        cell
        for cell, since in zip(accused.scenarios.cells, accused.scenarios.since, strict=False)
        if since >= witness.scenarios.computed
    }
    late &= {result.cell for result in (*accused.only_stored, *accused.wrong_on_others)} if late else set()
    return {**outcomes, **{cell: "unknown" for cell in late if outcomes.get(cell) == "match"}} if late else outcomes


def _right_elsewhere(cell: Cell, others: Sequence[Mapping[Cell, Outcome]]) -> bool:
    found = [outcomes[cell] for outcomes in others]
    return "match" in found and "wrong" not in found


def _alone(
    check: CheckResult,
    alone: set[Cell],
    disputed: set[Cell],
    others: Sequence[tuple[CheckResult, Mapping[Cell, Outcome]]],
) -> Iterator[Finding]:
    for variable, results in _by_variable(check, alone).items():
        first = results[0]
        witnesses = [other for other, outcomes in others if outcomes[first.cell] == "match"]
        said = f"{first.cell} {'and ' + str(len(results) - 1) + ' more ' if len(results) > 1 else ''}of '{variable}'"
        values = f"{_said(first.actual)} against {_said(_of(witnesses[0], first.cell).actual)}"
        if first.status not in WRONG:
            values = "on other inputs than the stored ones"
        agreeing = " and ".join(other.engine for other in witnesses)
        if first.cell in disputed:
            code = "XP307"
            cause = f"{check.engine} and {agreeing} contradict each other about {said}: {values}; nobody can tell"
        elif check.recomputed:
            code = "XP305"
            cause = f"{check.engine} alone is wrong about {said}: {values}; {agreeing} and the reference agree"
        else:
            code = "XP501"
            cause = f"the file does not store what {agreeing} computes for {said}: {values}"
        yield _finding(code, variable, results, cause)


def _apart(check: CheckResult, alone: set[Cell], before: Sequence[CheckResult]) -> Iterator[Finding]:
    """Where engines contradict each other as well as the reference."""
    for other in before:
        theirs = {result.cell: result for result in other.results}
        apart = {
            result.cell for result in check.results
            if result.cell not in alone and result.status in WRONG and theirs[result.cell].status in WRONG
            and _differ(result.actual, theirs[result.cell].actual)
        }  # fmt: skip
        for variable, results in _by_variable(check, apart).items():
            first = results[0]
            values = f"{_said(theirs[first.cell].actual)} against {_said(first.actual)}"
            engines = f"{other.engine} and {check.engine}"
            cause = f"{engines} disagree on '{variable}' in {first.cell}: {values}; the reference agrees with neither"
            yield _finding("XP306", variable, results, cause)


def _finding(code: str, variable: str, results: Sequence[CellResult], cause: str) -> Finding:
    return Finding(
        code,
        variable,
        tuple(result.cell for result in results),
        tuple(sorted({result.iteration for result in results})),
        cause,
        results[0].formula,
    )


def _set_aside(check: CheckResult, cells: set[Cell], why: str) -> CheckResult:
    if cells.isdisjoint(result.cell for result in check.results):
        return check
    reason = Unsupported(why)
    tried = check.scenarios
    kept = [number for number, cell in enumerate(tried.cells) if cell not in cells]
    scenarios = replace(
        tried,
        cells=tuple(tried.cells[number] for number in kept),
        since=tuple(tried.since[number] for number in kept if number < len(tried.since)),
    )
    results = tuple(
        result._replace(status="unsupported", actual=reason)
        if result.cell in cells and result.status in ("match", *WRONG)
        else result
        for result in check.results
    )
    return replace(check, results=results, scenarios=scenarios)


def _by_variable(check: CheckResult, cells: set[Cell]) -> dict[str, list[CellResult]]:
    found: dict[str, list[CellResult]] = {}
    for result in check.results:
        if result.cell in cells:
            found.setdefault(result.variable, []).append(result)
    return found


def _of(check: CheckResult, cell: Cell) -> CellResult:
    return next(result for result in check.results if result.cell == cell)


def _differ(mine: Value, other: Value) -> bool:
    if isinstance(mine, float) and isinstance(other, float):
        return not _SAME.allows(mine, other)
    return mine != other


def _said(value: Value) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)
