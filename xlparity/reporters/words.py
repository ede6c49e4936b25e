"""What every reporter says in the same words: the verdict, a finding, other inputs, numbers and values."""

from collections import Counter
from collections.abc import Container, Sequence
from typing import NamedTuple

from xlparity.excel.address import Cell
from xlparity.excel.values import Unsupported, Value
from xlparity.reporters import rows
from xlparity.results.fixed import Fixed
from xlparity.results.mutants import Outcome
from xlparity.results.report import (
    UNKNOWN,
    CellResult,
    CheckResult,
    Finding,
    Report,
    Status,
    Verdict,
)
from xlparity.results.rules import CAUSES, OF_INPUTS, RULES, Level
from xlparity.results.scenarios import Counterexample, Scenarios

MARK = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.UNASSESSED: "?", Verdict.STALE: "~"}
ONLY_STORED = "right on the stored inputs only"
UNSURE = "could not be judged on other inputs"
NOTHING_SHOWN = "nothing was recomputed from a live formula, so nothing is shown"
NOTHING_COMPARED = "no cell could be compared"
ELSEWHERE = "no finding names these cells; what is found wrong elsewhere"
_SET_ASIDE: dict[str, Status] = {"accepted": "accepted", "left out": "skipped"}
SURVIVED = "the check passes, and nothing shows that they compute what the original does"
UNFINISHED = "the reference did not return for several sets of inputs, and was not called for the others"
RANGES = "low, high or choices of an input in the spec say what it may be"
FAULT = "the reference has a fault"
UNDEFINED = "where the reference is undefined"
_CHANGES_SHOWN = 10


class Said(NamedTuple):
    """A sentence, and how much it weighs."""

    text: str
    level: Level


def stamp(found: Verdict) -> str:
    """``✗ FAIL``."""
    return f"{MARK[found]} {str(found).upper()}"


def verdict(report: Report) -> str:
    """The verdict in one sentence, without its name."""
    checks = report.combined
    counts = {key: sum(check.counts[key] for check in checks) for key in checks[0].counts}
    judged = Counter(judgement for check in checks for _, judgement in rows.judged(check))
    wrong, unknown = judged["wrong"], sum(judged[judgement] for judgement in rows.DOUBTFUL)
    bound = counts["bound"] - counts["skipped"] - counts["accepted"]
    compared = bound - judged["unknown"]
    unassessed = f"could not be assessed{engine_hint(report)}"
    if report.verdict is Verdict.PASS:
        computes = "computes" if all(check.recomputed for check in checks) else "stores"
        said = f"every one of {number(counts['match'], 'compared cell')} {computes} what the Python reference computes."
    elif report.verdict is Verdict.FAIL:
        first = min((n for check in checks if check.blocks > 1 and (n := check.first_divergent)), default=None)
        where = f", from iteration {first} on" if first is not None else ""
        stored = judged["stored"]
        causes = sum(found.code in CAUSES for _, found in rows.all_findings(report))
        counted = f"{number(causes, 'cause')}: " if causes else ""
        amiss = "differ from the Python reference"
        if counts["hardcoded"] == wrong > 0:  # typed or pasted numbers may well be those of the reference
            amiss = f"hold{'s' if wrong == 1 else ''} a constant where a formula must stand"
        elif sum(circular(result) for check in checks for result in check.results) == wrong > 0:
            amiss = f"{'is' if wrong == 1 else 'are'} part of a circular reference"
        elif sum(len(check.misfits) for check in checks) == wrong > 0:
            amiss = f"belong{'s' if wrong == 1 else ''} to a quantity of another shape in the reference"
        said = f"{counted}{wrong:,} of {compared:,} compared cells {amiss}{where}"
        said += f"; {stored:,} agree on the stored inputs only" if stored else ""
        if not wrong and not stored:
            said = "; ".join(f.cause for check in checks for f in check.findings if f.code in OF_INPUTS)
        said += f"; {unknown:,} {unassessed}." if unknown else "."
    elif unknown:
        said = f"{unknown:,} of {number(bound, 'cell')} {unassessed}; 0 differ."
    else:
        said = _nothing_shown(checks)
    constants = sum(result.constant for check in checks for result in check.results)
    if known := counts["accepted"] - constants:
        said += f" {number(known, 'known difference')} accepted by the spec."
    if constants:
        said += f" {number(constants, 'constant')} allowed by the spec."
    if counts["skipped"]:
        said += f" {number(counts['skipped'], 'cell')} left out by the spec."
    return said


def _nothing_shown(checks: Sequence[CheckResult]) -> str:
    """Why a report is unassessed in which no cell is wrong or unknown."""
    if any(check.scenarios.unfinished for check in checks):
        return f"{UNFINISHED}."
    if failed := sum(len(check.scenarios.failures) for check in checks):
        return f"the formulas agree wherever they were compared; {FAULT} that shows in {number(failed, 'scenario')}."
    if not any(check.counts["match"] for check in checks):
        return f"{NOTHING_SHOWN}."
    if kept := ", ".join(f"'{name}'" for check in checks for name in check.scenarios.kept):
        return f"the formulas agree wherever they were compared, but nothing shows that they follow {kept}."
    return "the formulas agree on the stored inputs, and could not be shown to on any others."


def engine_hint(report: Report) -> str:
    """The engines that could settle what is not assessed, where there are any that can run here and were not asked."""
    options = " or ".join(f"--engine {name}" for name in report.could_settle)
    return f" (try {options})" if options else ""


def circular(result: CellResult) -> bool:
    """Whether the cell is wrong since it is part of a circular reference."""
    return result.status == "error" and isinstance(result.actual, Unsupported)


def finding(found: Finding) -> tuple[str, str]:
    """The finding's sentence without the formula that it suggests, and what follows from it, which may be nothing."""
    return (found.message, "") if found.suggestion is None else (found.claim, " ".join(found.consequences))


def finding_lines(found: Finding) -> list[str]:
    """The finding as plain lines: its code and sentence, what stands there, what should, and what follows."""
    said, after = finding(found)
    lines = [f"{found.code} {said}"]
    if found.formula is not None:
        lines.append(f"has   {found.formula}")
    if found.suggestion is not None:
        lines.append(f"write {found.suggestion}")
    return [*lines, after] if after else lines


def level(found: Finding, check: CheckResult) -> Level:
    """How much a finding weighs; where its check passes, as it may on another engine's word, it is no error."""
    weight = RULES[found.code].level
    return "warning" if weight == "error" and check.verdict is Verdict.PASS else weight


def scenarios(check: CheckResult) -> list[Said]:
    """What became of the check on other inputs, and the smallest change that shows what is wrong."""
    smallest = check.scenarios.smallest
    example = [] if smallest is None else [f"{witness(smallest)} ({failing(check.scenarios)})"]
    return [*tried(check), *(Said(said, "error") for said in example)]


def tried(check: CheckResult) -> list[Said]:
    """What became of the check on other inputs; nothing where a note of the check says why none were tried."""
    found, only_stored = check.scenarios, check.only_stored
    if not check.recomputed or found.asked == 0:
        return []
    if not found.failed and not rows.compared(check):
        return [Said(f"other inputs show nothing: {NOTHING_COMPARED}", "warning")]
    if not found.run:
        drawn = f"the reference is defined for none that was drawn; {RANGES}"
        why = drawn if found.dropped else "there are none to change"
        return [Said(f"no other inputs tried: {why}", "warning")]
    why = UNDEFINED
    if found.unfinished or found.failures:
        why = f"{UNDEFINED}, has failed, did not return or was not called"
    dropped = f", {found.dropped} left out, {why}" if found.dropped else ""
    dropped += f" ({RANGES})" if found.dropped > found.run and why is UNDEFINED else ""
    unsure = check.not_always_computed
    parts: list[Said] = []
    if unsure:
        said = f"{number(len(unsure), 'cell')} {UNSURE}, first {unsure[0].cell}"
        parts.append(Said(f"{said} {unsure[0].formula}", "warning"))
    if not found.failed:
        return [*parts, Said(f"{number(found.run, 'other set')} of inputs tried{dropped}: {agreement(check)}", "note")]
    said = f"{found.failed} of {number(found.run, 'other set')} of inputs disagree"
    if only_stored:
        first = only_stored[0]
        told = any(found.cells for found in check.findings)
        said += f"; {number(len(only_stored), 'cell')} {ONLY_STORED}"
        said += "" if told else f", first {first.cell} {first.formula}"
    return [*parts, Said(said, "error")]


def agreement(check: CheckResult) -> str:
    """How many cells agree on all other inputs, of a check of which no cell is wrong on any, and how many were not compared."""
    agree, left = rows.compared_elsewhere(check)
    if not agree:
        return NOTHING_COMPARED
    if left:
        return f"{_agreeing(agree)}, {left:,} could not be compared on all of them"
    return f"all {_agreeing(agree)}" if agree > 1 else _agreeing(agree)


def agreed(check: CheckResult) -> str:
    """How many cells agree on the stored inputs, of a check in which nothing is wrong or unknown."""
    count = len(rows.compared(check))
    return _agreeing(count) if count else NOTHING_COMPARED


def _agreeing(count: int) -> str:
    return f"{number(count, 'cell')} agree{'s' if count == 1 else ''}"


def failing(found: Scenarios) -> str:
    """How many of the sets of other inputs fail."""
    return f"{found.failed:,} of {number(found.run, 'scenario')} fail"


def witness(seen: Counterexample) -> str:
    """What to type into the workbook, and what is then seen to be wrong."""
    shown = [f"{cell} to {value(content)}" for cell, content in seen.changes[:_CHANGES_SHOWN]]
    more = len(seen.changes) - len(shown)
    changes = ", ".join(shown) + (f" and {number(more, 'more cell')} as drawn" if more else "")
    expected, actual = seen.expected, seen.actual
    if type(expected) is float and type(actual) is float:
        off = f"off by {abs(actual - expected):.9g}: {instead(actual, expected)}"
    else:
        off = instead(actual, expected)
    return f"set {changes} and {seen.cell} is {off}"


def instead(actual: Value, expected: Value | None) -> str:
    """What a cell is and what it should be."""
    return f"{value(actual)} instead of {value(expected)}"


def compared(result: CellResult) -> str:
    """What is expected of a cell, what it is, and how far apart the two are."""
    if isinstance(result.actual, Unsupported):
        return f"expected {value(result.expected)}, {result.actual}"
    said = f"expected {value(result.expected)}, actual {value(result.actual)}"
    if result.difference is None or not isinstance(result.expected, float):
        return said
    relative = f", {result.difference / abs(result.expected):.3g} relative" if result.expected else ""
    return f"{said}, difference {result.difference:.3g} absolute{relative}"


def status(result: CellResult, unsure: Container[Cell]) -> str:
    """What became of a cell, for one that matches why it is not right all the same; ``unsure`` are those of the check."""
    if result.status != "match":
        return result.status
    return UNSURE if result.cell in unsure else ONLY_STORED


def formula(result: CellResult) -> str:
    """The cell's formula, or that there is none."""
    return result.formula or "(no formula)"


def quantity(variable: str, iteration: int, blocks: int) -> str:
    """``z1[7]``; a check with one pass has no iterations, and numbers nothing."""
    return f"{variable}[{iteration}]" if blocks > 1 else variable


def iterations(check: CheckResult) -> str:
    """How many iterations there are, to go behind the check's name; nothing for a single pass."""
    return f", {number(check.blocks, 'iteration')}" if check.blocks > 1 else ""


def census(report: Report, *, most: int | None = 5) -> str:
    """How many formulas the file has, and which of them nothing was said about: ``most`` of these by name."""
    counted = report.census
    whole = not any(check.counts[status] for check in report.combined for status in UNKNOWN)
    said = f"{number(counted.formulas, 'formula')} in the file: {counted.bound:,} {'compared' if whole else 'to be compared'}"
    if counted.helper:
        said += f", {counted.helper:,} on the way to them"
    if counted.unbound:
        said += f", {counted.unbound:,} not looked at"
        shown = [str(cell) for cell in counted.unbound_cells[:most]]
        more = "" if len(shown) == len(counted.unbound_cells) else ", …"
        said += f" ({', '.join(shown)}{more})" if shown else ""
    return said


def set_aside(check: CheckResult, *, most: int | None = 10) -> list[str]:
    """What the spec accepts and leaves out, a sentence for each reason, with ``most`` of the cells by name."""
    said = []
    for what, status in _SET_ASIDE.items():
        for reason, results in check.by_reason(status).items():
            shown = ", ".join(str(result.cell) for result in results[:most])
            more = len(results) - len(results[:most])
            rest = f" and {more:,} more" if more else ""
            said.append(f"{what}, {number(len(results), 'cell')}: {shown}{rest}: {reason}")
    return said


def fixed(copy: Fixed) -> str:
    """What became of the copy with the suggestions in it."""
    if copy.report is None:
        return f"there is no suggestion to apply, and {copy.path} is not written."
    more = f" to {copy.cells[-1]}" if len(copy.cells) > 1 else ""
    return f"wrote {copy.path}: {number(len(copy.cells), 'formula')} put right, {copy.cells[0]}{more}."


def equivalent(outcome: Outcome) -> str:
    """What shows that a mutant computes what the original does."""
    if outcome.shown == "formulas":
        return f"the same on {outcome.evidence:,} sets of random values for the cells that the formula reads"
    return f"the same in every bound cell on {outcome.evidence:,} other sets of inputs"


def engines(checks: Sequence[CheckResult]) -> str:
    """The engines that the checks were made with, in their order."""
    return ", ".join(dict.fromkeys(check.engine for check in checks))


def value(content: Value | None) -> str:
    """A value in twelve digits, which tell more apart than the usual tolerance; TRUE as the cell shows it, texts in quotes."""
    if content is None:
        return "nothing"
    if isinstance(content, bool):
        return str(content).upper()
    if isinstance(content, str):
        return f'"{content}"'
    return f"{content:.12g}" if isinstance(content, float) else str(content)


def difference(size: float | None) -> str:
    """The size of a difference, in two digits, where two numbers were compared."""
    return "–" if size is None else "0" if size == 0 else f"{abs(size):.1e}"


def steps(count: int | None) -> str:
    """So many ulps, where two numbers were compared; beyond a million the number tells nobody anything."""
    return "–" if count is None else f"{count:,}" if count < 1_000_000 else "> 1e6"


def number(count: int, noun: str) -> str:
    """``1 cell``, ``2 cells``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
