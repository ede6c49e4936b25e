"""The report as JUnit XML: one test case a check, quantity and iteration, as test runners of all kinds show them.

A case fails where a cell of it is wrong, is an error where one could not be assessed, and is skipped where none was
compared, as the spec asks. What makes a check fail as a whole, an input typed over or no other inputs to try, is a case of
its own, so that the counts never say less than the verdict. There are no times: nothing here depends on a clock.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal, NamedTuple
from xml.etree import ElementTree as ET

from xlparity.address import Cell
from xlparity.fixed import Fixed
from xlparity.report import CAUSES, UNKNOWN, CellResult, CheckResult, Finding, Report, Verdict
from xlparity.reporters import rows, words
from xlparity.reporters.visible import visible

_SHOWN = 10

Outcome = Literal["passed", "failure", "error", "skipped"]


class _Case(NamedTuple):
    """``kind`` and ``message`` are the type and the first line of what went wrong, ``text`` all of it."""

    name: str
    outcome: Outcome
    kind: str = ""
    message: str = ""
    text: str = ""
    remark: str = ""


def render(reports: Sequence[Report], fixed: Fixed | None = None) -> str:
    """A test suite a check of each report, within one ``testsuites`` that holds the sums."""
    root = ET.Element("testsuites", {"name": "xlparity"})
    for report in reports:
        for check in report.combined:
            _suite(root, report, check, fixed)
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(root: ET.Element, report: Report, check: CheckResult, fixed: Fixed | None) -> None:
    cases = [*_cases(report, check)]
    told = rows.findings(report, check)
    counts = {outcome: sum(case.outcome == outcome for case in cases) for outcome in ("failure", "error", "skipped")}
    name = f"{report.spec.removesuffix('.parity.toml')}.{check.name}"
    suite = ET.SubElement(
        root,
        "testsuite",
        {
            "name": visible(name),
            "tests": str(len(cases)),
            "failures": str(counts["failure"]),
            "errors": str(counts["error"]),
            "skipped": str(counts["skipped"]),
            "file": visible(report.spec),
        },
    )
    properties = {
        "verdict": str(check.verdict), "workbook": report.workbook, "sha256": report.sha256, "engine": check.engine,
        "seed": str(check.scenarios.seed), **{f"version of {name}": said for name, said in report.versions.items()},
        **({"fixed": words.fixed(fixed)} if fixed is not None else {}),
    }  # fmt: skip
    listed = ET.SubElement(suite, "properties")
    for key, said in properties.items():
        ET.SubElement(listed, "property", {"name": visible(key), "value": visible(said)})
    for case in cases:
        element = ET.SubElement(suite, "testcase", {"name": visible(case.name), "classname": visible(name)})
        if case.outcome != "passed":
            of = {key: visible(said) for key, said in (("type", case.kind), ("message", case.message)) if said}
            ET.SubElement(element, case.outcome, of).text = visible(case.text) or None
        if case.remark:
            ET.SubElement(element, "system-out").text = visible(case.remark)
    remarks = [line for found in told for line in words.finding_lines(found)]
    remarks += [f"note: {note}" for note in rows.notes(report, check)]
    remarks += words.set_aside(check, most=None)
    remarks += [said.text for said in words.scenarios(check)]
    remarks.append(words.census(report, most=None))
    ET.SubElement(suite, "system-out").text = visible("\n".join(remarks))


def _cases(report: Report, check: CheckResult) -> Iterator[_Case]:
    """Every quantity in every iteration, in the order of the check; then what concerns the check as a whole."""
    told = rows.findings(report, check)
    amiss = {result.cell for result in rows.amiss(check)}
    unsure = {result.cell for result in check.not_always_computed}
    about = rows.by_place(told)
    causes = [
        f"{found.code} {words.finding(found)[0]}" for _, found in rows.all_findings(report) if found.code in CAUSES
    ]
    outcomes: set[Outcome] = set()
    order = {name: number for number, name in enumerate(check.variables)}
    ordered = sorted(check.results, key=lambda result: (result.iteration, order.get(result.variable, len(order))))
    for (iteration, variable), group in groupby(ordered, key=lambda result: (result.iteration, result.variable)):
        results = list(group)
        name = words.quantity(variable, iteration, check.blocks)
        wrong = [result for result in results if result.cell in amiss]
        if wrong:
            places = ((variable, iteration), *(result.cell for result in wrong))
            named = {id(found) for place in places for found in about.get(place, ())}
            own = [found for found in told if id(found) in named]
            case = _amiss(name, results, wrong, own, causes, unsure)
        else:
            case = _unharmed(name, results)
        outcomes.add(case.outcome)
        yield case
    for found in told:
        if (
            words.level(found, check) == "error" and not found.iterations
        ):  # it is about an input, which no cell is compared with
            outcomes.add("failure")
            text = "\n".join(words.finding_lines(found))
            yield _Case(f"input {found.variable}", "failure", found.code, found.message, text)
    yield from _as_a_whole(check, outcomes)


def _amiss(
    name: str,
    results: Sequence[CellResult],
    wrong: Sequence[CellResult],
    own: Sequence[Finding],
    causes: Sequence[str],
    unsure: set[Cell],
) -> _Case:
    """A case that does not pass: the cells as the terminal lists them, and why, or whose fault it is."""
    unknown = [result for result in wrong if result.status in UNKNOWN or result.cell in unsure]
    outcome: Outcome = "error" if unknown else "failure"
    compared = words.number(len(results), "cell")
    differ = "differs" if len(wrong) - len(unknown) == 1 else "differ"
    if unknown:
        message = f"{len(unknown):,} of {compared} could not be assessed"
        message += f", {len(wrong) - len(unknown):,} {differ}" if len(wrong) > len(unknown) else ""
    elif all(result.status == "match" for result in wrong):
        message = f"{len(wrong):,} of {compared} {words.ONLY_STORED}"
    else:
        message = f"{len(wrong):,} of {compared} {differ} from the Python reference"
    kind = own[0].code if own else next(iter(dict.fromkeys(result.status for result in wrong)))
    lines = [
        f"{result.cell}  {words.status(result, unsure)}  {words.compared(result)}  {words.formula(result)}"
        for result in wrong[:_SHOWN]
    ]
    if len(wrong) > _SHOWN:
        lines.append(f"and {words.number(len(wrong) - _SHOWN, 'more cell')}")
    for found in own[:_SHOWN]:
        lines += ["", *words.finding_lines(found)]
    if not own and causes:
        more = f", and {words.number(len(causes) - 1, 'more cause')}" if len(causes) > 1 else ""
        lines += ["", f"{words.ELSEWHERE}: {causes[0]}{more}"]
    return _Case(name, outcome, kind, message, "\n".join(lines))


def _unharmed(name: str, results: Sequence[CellResult]) -> _Case:
    """A case without a wrong cell: passed only where something matches, or else skipped, with the reasons."""
    left_out = [result for result in results if result.status != "match"]
    said = {result.reason or "" for result in left_out}
    reasons = f"{words.number(len(left_out), 'cell')} accepted or left out by the spec: {'; '.join(sorted(said))}"
    if len(left_out) == len(results):
        return _Case(name, "skipped", message=reasons)
    return _Case(name, "passed", remark=reasons if left_out else "")


def _as_a_whole(check: CheckResult, outcomes: set[Outcome]) -> Iterator[_Case]:
    """A case for a check that does not pass although none of its quantities says why."""
    said = " ".join(f"{said.text}." for said in words.scenarios(check))
    if check.verdict is Verdict.UNASSESSED and "error" not in outcomes:
        nothing = not check.counts["match"]
        said = f"{words.NOTHING_SHOWN}." if nothing else said
        yield _Case("(check)", "error", "unassessed", said or "could not be assessed", said)
    if check.verdict is Verdict.FAIL and "failure" not in outcomes:
        yield _Case("(check)", "failure", "fail", said or "the check fails", said)
