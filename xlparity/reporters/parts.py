"""A report as test cases, for pytest and JUnit: the result of each quantity in each iteration, with its text."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

from xlparity.excel.address import Cell
from xlparity.excel.values import ErrorValue, Unsupported
from xlparity.reporters import rows, words
from xlparity.reporters.typed import typed
from xlparity.results.report import (
    UNKNOWN,
    WRONG,
    CellResult,
    CheckResult,
    Finding,
    Report,
    Verdict,
)
from xlparity.results.rules import CAUSES, NO_NUMBER, OF_INPUTS, UNEXPLAINED, UNSUPPORTED

PartStatus: TypeAlias = Literal["passed", "failed", "unassessed", "accepted", "skipped"]

INPUTS = "inputs"
_IN_PARTS = CAUSES.union(OF_INPUTS, (UNEXPLAINED, UNSUPPORTED))  # shown in the part of their cells, so in no note
_NEEDED_BY: Mapping[Verdict, PartStatus] = {Verdict.FAIL: "failed", Verdict.UNASSESSED: "unassessed"}
_CELLS_SHOWN, _FINDINGS_SHOWN = 10, 3


class PartKey(NamedTuple):
    """What a part is about; ``variable`` is None for the inputs of a check and for what concerns the whole check."""

    check: str
    variable: str | None = None
    iteration: int = 1


@dataclass(frozen=True, slots=True)
class Part:
    """The result of one quantity in one iteration, or of a check's inputs.

    ``sentence`` is the result in one line, empty where it passed. ``causes`` are the sentences of the findings, ``results``
    the cells that are not right, and ``unsure`` the cells of the check that could not be assessed in some scenario. ``findings``
    are those about its own cells, and ``cause`` is the part that fails for the same cause, or for the one of which this is a
    consequence; None where this is the one to look at.
    """

    outcome: PartStatus
    sentence: str = ""
    causes: tuple[str, ...] = ()
    results: tuple[CellResult, ...] = ()
    unsure: frozenset[Cell] = frozenset()
    findings: tuple[Finding, ...] = ()
    cause: PartKey | None = None

    @property
    def kind(self) -> str:
        """The statuses of the cells that are not right; without any, the outcome."""
        return ", ".join(dict.fromkeys(words.status(result, self.unsure) for result in self.results)) or self.outcome

    def details(self, *, everything: bool = False) -> list[str]:
        """Two lines for each cell that is not right: its formula; its expected and actual value with their difference."""
        shown = self.results if everything else self.results[:_CELLS_SHOWN]
        lines = [line for result in shown for line in _cell(result)]
        if len(shown) < len(self.results):
            lines.append(f"and {len(self.results) - len(shown):,} more")
        return lines

    def text(self, *, everything: bool = False) -> str:
        """Sentence, causes and details."""
        return "\n".join((self.sentence, *self.causes, *self.details(everything=everything)))


def name_of(key: PartKey, blocks: int) -> str:
    """``z1[7]``; without the iteration in a check with a single pass."""
    return INPUTS if key.variable is None else words.quantity(key.variable, key.iteration, blocks)


def parts_of(report: Report) -> dict[PartKey, Part]:
    """Every part of the report. Unless its verdict is pass, at least one is failed or unassessed."""
    report = typed(report)
    found: dict[PartKey, Part] = {}
    elsewhere = [
        finding for _, finding in rows.all_findings(report) if finding.code in (*CAUSES, NO_NUMBER, UNSUPPORTED)
    ]
    for check in report.combined:
        own = dict(_quantities(check, rows.findings(report, check), elsewhere))
        found[PartKey(check.name)] = _inputs(check, own.values())
        found |= own
    return _with_causes(found)


def _with_causes(parts: Mapping[PartKey, Part]) -> dict[PartKey, Part]:
    """The parts, each failed one with the first that fails for the same cause, if that is another one."""
    first: dict[int, PartKey] = {}
    for key, part in parts.items():
        for finding in part.findings if part.outcome == "failed" else ():
            if finding.code in CAUSES or finding.code == UNEXPLAINED:
                first.setdefault(id(finding), key)
    found: dict[PartKey, Part] = {}
    for key, part in parts.items():
        own = [first[id(finding)] for finding in part.findings if id(finding) in first]
        anywhere = own or list(first.values())
        alone = part.outcome != "failed" or not anywhere or key in own
        found[key] = part if alone or key.variable is None else replace(part, cause=anywhere[0])
    return found


def notes_of(report: Report) -> list[str]:
    """The sentences that change no verdict: notes, findings that are remarks, formulas that are not covered."""
    notes: list[str] = []
    for check in report.combined:
        notes += [f"{check.name}: {note}" for note in rows.notes(report, check)]
        notes += [f"{check.name}: {text.text}" for text in words.reached(check) if text.level != "note"]
    remarks = [(check, finding) for check, finding in rows.all_findings(report) if finding.code not in _IN_PARTS]
    notes += [f"{check.name}: {_said(finding)}" for check, finding in remarks]
    return [*notes, words.coverage(report)] if report.coverage.unbound else notes


def _quantities(
    check: CheckResult, findings: Iterable[Finding], elsewhere: Iterable[Finding]
) -> Iterator[tuple[PartKey, Part]]:
    unsure = frozenset(check.scenarios.unsure)
    groups: dict[PartKey, list[tuple[CellResult, rows.Judgement]]] = {}
    for result, judgement in rows.judged(check):
        groups.setdefault(PartKey(check.name, result.variable, result.iteration), []).append((result, judgement))
    about = rows.by_place(findings)
    others = [_said(finding) for finding in elsewhere]
    for key, judged in groups.items():
        results = [result for result, _ in judged]
        wrong = [result for result, judgement in judged if judgement in rows.FAILING_JUDGEMENTS]
        unknown = [result for result, judgement in judged if judgement in rows.UNASSESSED_JUDGEMENTS]
        if wrong or unknown:
            own = _about([*wrong, *unknown], about)
            causes = _causes(own, others)
            causes += _example(check) if any(judgement == "stored" for _, judgement in judged) else ()
            message = [_wrong(wrong, results, check)] if wrong else []
            message += [_unknown(unknown, results)] if unknown else []
            # As in a verdict: fail wins over unassessed.
            outcome: PartStatus = "failed" if wrong else "unassessed"
            yield key, Part(outcome, "; ".join(message), causes, (*wrong, *unknown), unsure, own)
        else:
            yield key, _without_wrong(results, check)


def _without_wrong(results: list[CellResult], check: CheckResult) -> Part:
    """The part of a quantity without a wrong or unassessed cell; it passes only where it was compared in a scenario."""
    accepted = [result for result in results if result.status == "accepted"]
    if accepted:
        reasons = "; ".join(dict.fromkeys(result.reason or "" for result in accepted))
        counted = f"{len(accepted):,} of {words.number(len(results), 'cell')}"
        what = "constant" if all(result.constant for result in accepted) else "known difference"
        return Part("accepted", f"{what} in {counted}: {reasons}", results=tuple(accepted))
    if all(result.status == "skipped" for result in results):
        return Part("skipped", f"left out by the spec: {results[0].reason}")
    if check.scenarios.dropped and not check.scenarios.run:
        why = tuple(message.text for message in words.scenario_summary(check))
        return Part("unassessed", "agrees on the stored inputs, but could not be compared in any scenario", why)
    if all(result.status in ("match", "skipped") for result in results):
        return Part("passed")
    return Part("unassessed", "not every cell was compared", results=tuple(results))


def _inputs(check: CheckResult, quantities: Iterable[Part]) -> Part:
    wrong = tuple(_said(finding) for finding in check.findings if finding.code in OF_INPUTS)
    if wrong:
        return Part("failed", wrong[0], wrong[1:])
    unread = tuple(
        _said(finding) for finding in check.findings if finding.code == UNSUPPORTED and not finding.iterations
    )
    if unread:
        return Part("unassessed", unread[0], unread[1:])
    # Whatever else keeps the check from passing is reported here, if no quantity reports it.
    needed: PartStatus | None = _NEEDED_BY.get(check.verdict)
    if needed is None or any(part.outcome == needed for part in quantities):
        return Part("passed")
    others = " ".join(f"{message.text}." for message in words.scenarios(check))
    if needed == "unassessed" and not check.counts["match"]:
        others = f"{words.NOTHING_SHOWN}."
    elif needed == "unassessed" and check.scenarios.unfinished:
        others = f"{words.UNFINISHED}."
    elif needed == "unassessed" and check.scenarios.failures:
        others = f"{words.FAULT}: {check.scenarios.failures[0]}."
    elif needed == "unassessed" and not check.covered and not check.scenarios.kept:
        others = f"{words.too_little(check)}."
    return Part(needed, others or f"the check is {check.verdict}, and no quantity gives the reason")


def _about(results: Iterable[CellResult], about: Mapping[object, Iterable[Finding]]) -> tuple[Finding, ...]:
    """The findings about these cells, each once."""
    places = [place for result in results for place in (result.cell, (result.variable, result.iteration))]
    return tuple({id(finding): finding for place in places for finding in about.get(place, ())}.values())


def _causes(own: Iterable[Finding], others: list[str]) -> tuple[str, ...]:
    said = tuple(dict.fromkeys(map(_said, own)))
    if said or not others:
        return said
    more = len(others) - _FINDINGS_SHOWN
    rest = (f"and {words.number(more, 'more finding')}",) if more > 0 else ()
    return (f"{words.ELSEWHERE}:", *others[:_FINDINGS_SHOWN], *rest)


def _said(finding: Finding) -> str:
    return f"{finding.code} {finding.message}"


def _wrong(wrong: list[CellResult], results: list[CellResult], check: CheckResult) -> str:
    first = wrong[0]
    more = f" ({len(wrong):,} of {len(results):,} cells)" if len(results) > 1 else ""
    if first.status in WRONG:
        message = f"{first.cell} is {words.instead(first.actual, first.expected)}"
        if words.circular(first):
            message = f"{first.cell} is part of {words.value(first.actual)}"
        if first.status == "hardcoded":
            message = f"{first.cell} contains {words.value(first.actual)}, a constant, instead of a formula"
        return message + more
    if first.status == "match":
        return f"{first.cell} is {words.ONLY_STORED}: {words.failing(check.scenarios)}{more}"
    if first.expected is None:
        return f"{first.cell} belongs to a quantity that has another shape in the reference{more}"
    return f"{first.cell} is wrong on other inputs than the stored ones: {words.failing(check.scenarios)}{more}"


def _unknown(unknown: list[CellResult], results: list[CellResult]) -> str:
    first = unknown[0]
    more = f" ({len(unknown):,} of {len(results):,} cells)" if len(results) > 1 else ""
    if isinstance(first.actual, Unsupported):
        return f"{first.cell} cannot be assessed: {first.actual.reason}{more}"
    if first.status in UNKNOWN:
        why = f"it is {words.value(first.actual)}"
        if isinstance(first.actual, float | bool | str | ErrorValue):
            why = "there is nothing to compare it with"
        return f"{first.cell} cannot be assessed: {why}{more}"
    return f"{first.cell} agrees on the stored inputs, but could not be assessed in every scenario{more}"


def _example(check: CheckResult) -> tuple[str, ...]:
    smallest = check.scenarios.smallest
    return () if smallest is None else (words.counterexample(smallest),)


def _cell(result: CellResult) -> Iterator[str]:
    yield f"{result.cell}  {words.formula(result)}"
    yield f"    {words.compared(result)}{', on the stored inputs' if result.status == 'match' else ''}"
