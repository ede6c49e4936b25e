"""The consensus of engines on one check: a cell that one engine alone finds wrong is a finding about that engine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from xlparity.engines.common.survey import refused_by_all
from xlparity.engines.registry import find_engine, others_than
from xlparity.excel.address import Cell
from xlparity.excel.locales import ENGLISH
from xlparity.excel.values import BLANK, Unsupported, Value, brief
from xlparity.excel.workbook import Workbook
from xlparity.results.report import WRONG, CellResult, CheckResult, Finding, Report, joined
from xlparity.results.rules import UNSUPPORTED
from xlparity.tolerance import Tolerance

_SAME = Tolerance(rtol=1e-9, atol=1e-12)
_DIGITS = 12  # of two values that differ by more than that

_CAUTIOUS = "formulas"  # the engine that supports nothing of which it is not certain, so that its result decides

Judgement = Literal["match", "wrong", "unknown"]


def reconcile(checks: Sequence[CheckResult]) -> tuple[CheckResult, ...]:
    """The results of several engines on one check, with findings about engines that disagree.

    A cell that one engine alone finds wrong, and that another engine has recomputed and found right, becomes unsupported
    with the first engine, and a finding says so. That takes two engines that find it right, or ``formulas``, which refuses
    what it is not certain of. With one engine against one, which of them is right is not known, and the cell is unsupported
    with both. Stored values are no evidence that a cell is right, since they are not recomputed.
    """
    judgements = judgements_of(checks)
    contradicted: list[set[Cell]] = []
    disputed: set[Cell] = set()
    for number, check in enumerate(checks):
        others = [
            _on_the_same(judgements[k], other, check)
            for k, other in enumerate(checks)
            if k != number and other.recomputed
        ]
        wrong = {
            cell for cell, found in judgements[number].items() if found == "wrong" and _right_elsewhere(cell, others)
        }
        cautious = [
            _on_the_same(judgements[k], other, check) for k, other in enumerate(checks) if other.engine == _CAUTIOUS
        ]
        disputed |= {
            cell
            for cell in wrong
            if sum(found[cell] == "match" for found in others) < 2
            and not any(found[cell] == "match" for found in cautious)
            and check.recomputed
        }
        contradicted.append(wrong)
    reconciled: list[CheckResult] = []
    for number, check in enumerate(checks):
        agreeing = [(other, judgements[k]) for k, other in enumerate(checks) if k != number and other.recomputed]
        outvoted = contradicted[number]
        findings = [
            *_contradicted(check, outvoted, disputed, agreeing),
            *_disagreements(check, outvoted, checks[:number]),
        ]
        found = replace(check, findings=(*check.findings, *findings))
        found = _set_aside(found, outvoted - disputed, "another engine and the reference contradict this one")
        reconciled.append(
            _set_aside(found, disputed, "two engines contradict each other, and which is right is not known")
        )
    return tuple(reconciled)


def could_settle(book: Workbook, report: Report, used: Sequence[str]) -> tuple[str, ...]:
    """The engines that can run here, were not used, and may compute cells that are unsupported.

    Cells on which engines contradict each other are left out: another engine would not make them supported.
    """
    disputed = {
        cell for check in report.checks for found in check.findings if found.code == "XP307" for cell in found.cells
    }
    unsupported: set[Cell] = set()
    for check in report.combined:
        if check.recomputed:
            unsupported |= {result.cell for result in check.results if result.status == "unsupported"}
            if check.counts["missing"]:  # an unreadable input may be the reason
                unread = (found for found in check.findings if found.code == UNSUPPORTED and not found.iterations)
                unsupported |= {cell for found in unread for cell in found.cells}
    unsupported -= disputed
    others = others_than(used) if unsupported else ()
    if not others or book.locale != ENGLISH or unsupported <= refused_by_all(book):
        return ()
    if _CAUTIOUS in others:  # it is fast enough to find out
        values = find_engine(_CAUTIOUS).load(book).recalculate({})
        if all(isinstance(values.get(cell, BLANK), Unsupported) for cell in unsupported):
            others = tuple(name for name in others if name != _CAUTIOUS)
    return others


def with_engines(
    causes: Sequence[Finding],
    number: int,
    checks: Sequence[CheckResult],
    judgements: Sequence[Mapping[Cell, Judgement]],
) -> list[Finding]:
    """The causes, each with the engines that find its cells wrong: that of ``number``, and those that agree about one of them.

    With one engine, the causes are returned as they are.
    """
    if len(checks) < 2:
        return list(causes)
    credited: list[Finding] = []
    for cause in causes:
        cells = judgements[number].keys() & cause.cells
        if not cells:  # an unbound helper is found by the wrong cells of its quantity
            at = checks[number].results
            cells = {r.cell for r in at if r.variable == cause.variable and r.iteration in cause.iterations}
        wrong = [cell for cell in cells if judgements[number][cell] == "wrong"]
        engines = tuple(
            check.engine
            for k, check in enumerate(checks)
            if k == number or any(judgements[k][cell] == "wrong" for cell in wrong)
        )
        credited.append(replace(cause, engines=engines))
    return credited


def judgements_of(checks: Sequence[CheckResult]) -> list[Mapping[Cell, Judgement]]:
    """Each engine's judgement of each cell."""
    return [_judgements(check) for check in checks]


def _judgements(check: CheckResult) -> dict[Cell, Judgement]:
    """The engine's judgement of each cell over all samples; unknown for a hard-coded number, which no engine computes."""
    changing, unsure = set(check.scenarios.cells), set(check.scenarios.unsure)
    found: dict[Cell, Judgement] = {}
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
    judgements: Mapping[Cell, Judgement], other: CheckResult, check: CheckResult
) -> Mapping[Cell, Judgement]:
    """The other engine's judgements, unknown where ``check`` found a cell wrong in a scenario that the other did not run."""
    late = {
        cell
        for cell, since in zip(check.scenarios.cells, check.scenarios.since, strict=True)
        if since >= other.scenarios.computed
    }
    late &= {result.cell for result in (*check.only_stored, *check.wrong_on_others)} if late else set()
    return (
        {**judgements, **{cell: "unknown" for cell in late if judgements.get(cell) == "match"}} if late else judgements
    )


def _right_elsewhere(cell: Cell, others: Sequence[Mapping[Cell, Judgement]]) -> bool:
    found = [judgements[cell] for judgements in others]
    return "match" in found and "wrong" not in found


def _contradicted(
    check: CheckResult,
    contradicted: set[Cell],
    disputed: set[Cell],
    others: Sequence[tuple[CheckResult, Mapping[Cell, Judgement]]],
) -> Iterator[Finding]:
    for variable, results in _by_variable(check, contradicted).items():
        first = results[0]
        agreeing = [other for other, judgements in others if judgements[first.cell] == "match"]
        said = f"{first.cell} {'and ' + str(len(results) - 1) + ' more ' if len(results) > 1 else ''}of '{variable}'"
        values = f"{brief(first.actual, _DIGITS)} against {brief(_of(agreeing[0], first.cell).actual, _DIGITS)}"
        if first.status not in WRONG:
            values = "on other inputs than the stored ones"
        engines = [other.engine for other in agreeing]
        names = joined(engines)
        if first.cell in disputed:
            code = "XP307"
            cause = (
                f"{check.engine} and {names} contradict each other about {said}: {values}; which is right is not known"
            )
        elif check.recomputed:
            code = "XP305"
            those = joined([*engines, "the reference"])
            cause = f"{check.engine} alone is wrong about {said}: {values}; {those} agree"
        else:
            code = "XP501"
            cause = f"the file does not store what {names} computes for {said}: {values}"
        yield _finding(code, variable, results, cause)


def _disagreements(check: CheckResult, contradicted: set[Cell], before: Sequence[CheckResult]) -> Iterator[Finding]:
    """Findings about cells for which two engines differ from each other and from the reference."""
    for other in before:
        theirs = {result.cell: result for result in other.results}
        differing = {
            result.cell for result in check.results
            if result.cell not in contradicted and result.status in WRONG and theirs[result.cell].status in WRONG
            and _differ(result.actual, theirs[result.cell].actual)
        }  # fmt: skip
        for variable, results in _by_variable(check, differing).items():
            first = results[0]
            values = f"{brief(theirs[first.cell].actual, _DIGITS)} against {brief(first.actual, _DIGITS)}"
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
    scenarios = check.scenarios
    kept = [each for each in zip(scenarios.cells, scenarios.since, strict=True) if each[0] not in cells]
    scenarios = replace(scenarios, cells=tuple(cell for cell, _ in kept), since=tuple(since for _, since in kept))
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
