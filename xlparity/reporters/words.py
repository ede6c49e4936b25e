"""The sentences and number formats that all reporters share: verdict, findings, scenarios, coverage, values."""

import math
from collections import Counter
from collections.abc import Container, Sequence
from typing import NamedTuple

from xlparity.excel.address import Cell, as_ranges
from xlparity.excel.values import DateNumber, Unsupported, Value
from xlparity.reporters import rows
from xlparity.results.branches import Branch
from xlparity.results.fixed import Fixed
from xlparity.results.mutants import MutantResult
from xlparity.results.report import (
    UNKNOWN,
    CellResult,
    CheckResult,
    Finding,
    Report,
    Status,
    Unusable,
    Verdict,
    joined,
)
from xlparity.results.rules import CAUSES, OF_INPUTS, RULES, Level
from xlparity.results.scenarios import Counterexample, Scenarios

MARK = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.UNASSESSED: "?", Verdict.STALE: "~"}
ONLY_STORED = "right on the stored inputs only"
UNSURE = "could not be assessed on other inputs"
NOTHING_SHOWN = "nothing was recomputed from a live formula, so nothing is shown"
NOTHING_COMPARED = "no cell could be compared"
ELSEWHERE = "no finding names these cells; findings on other cells"
_SPEC_EXCEPTIONS: dict[str, Status] = {"accepted": "accepted", "left out": "skipped"}
SURVIVED = "the check passes, and nothing shows that they compute what the original does"
UNFINISHED = "the reference did not return for several scenarios, and was not called for the others"
RANGES = "low, high or choices of an input in the spec say what it may be"
FAULT = "the reference has a fault"
UNDEFINED = "where the reference is undefined"
_CHANGES_SHOWN = 10
_UNREACHED_SHOWN = 3


class Sentence(NamedTuple):
    """A sentence of a report with its level."""

    text: str
    level: Level


def verdict_label(found: Verdict) -> str:
    """``✗ FAIL``."""
    return f"{MARK[found]} {str(found).upper()}"


def unusable(found: Unusable) -> str:
    """``a.parity.toml cannot be verified: the reason``."""
    return f"{found.spec} cannot be verified: {found.reason}"


def verdict(report: Report) -> str:
    """The verdict in one sentence, without its name."""
    checks = report.combined
    counts = {key: sum(check.counts[key] for check in checks) for key in checks[0].counts}
    judged = Counter(judgement for check in checks for _, judgement in rows.judged(check))
    wrong, unknown = judged["wrong"], sum(judged[judgement] for judgement in rows.UNASSESSED_JUDGEMENTS)
    bound = counts["bound"] - counts["skipped"] - counts["accepted"]
    compared = bound - judged["unknown"]
    unassessed = f"could not be assessed{engine_hint(report)}"
    if report.verdict is Verdict.PASS:
        computes = "computes" if all(check.recomputed for check in checks) else "stores"
        sentence = (
            f"every one of {number(counts['match'], 'compared cell')} {computes} what the Python reference computes."
        )
    elif report.verdict is Verdict.FAIL:
        first = min((n for check in checks if check.blocks > 1 and (n := check.first_divergent)), default=None)
        where = f", from iteration {first} on" if first is not None else ""
        stored = judged["stored"]
        causes = sum(found.code in CAUSES for _, found in rows.all_findings(report))
        counted = f"{number(causes, 'cause')}: " if causes else ""
        problem = f"differ{'s' if wrong == 1 else ''} from the Python reference"
        if counts["hardcoded"] == wrong > 0:  # hard-coded numbers may be equal to the reference's
            problem = f"contain{'s' if wrong == 1 else ''} a constant instead of a formula"
        elif sum(circular(result) for check in checks for result in check.results) == wrong > 0:
            problem = f"{'is' if wrong == 1 else 'are'} part of a circular reference"
        elif sum(len(check.wrong_shape) for check in checks) == wrong > 0:
            problem = f"belong{'s' if wrong == 1 else ''} to a quantity of another shape in the reference"
        sentence = f"{counted}{wrong:,} of {compared:,} compared cells {problem}{where}"
        if stored:
            agree = f"agree{'s' if stored == 1 else ''} on the stored inputs only"
            only = f"{counted}{stored:,} of {compared:,} compared cells {agree}{where}"
            sentence = f"{sentence}; {stored:,} {agree}" if wrong else only
        if not wrong and not stored:
            sentence = "; ".join(f.cause for check in checks for f in check.findings if f.code in OF_INPUTS)
        sentence += f"; {unknown:,} {unassessed}." if unknown else "."
    elif unknown:
        sentence = f"{unknown:,} of {number(bound, 'cell')} {unassessed}; 0 differ."
    else:
        sentence = _nothing_shown(checks)
    constants = sum(result.constant for check in checks for result in check.results)
    if known := counts["accepted"] - constants:
        sentence += f" {number(known, 'known difference')} accepted by the spec."
    if constants:
        sentence += f" {number(constants, 'constant')} allowed by the spec."
    if counts["skipped"]:
        sentence += f" {number(counts['skipped'], 'cell')} left out by the spec."
    return sentence


def _nothing_shown(checks: Sequence[CheckResult]) -> str:
    """Why a report is unassessed although no cell is wrong or unassessed on the stored inputs."""
    if any(check.scenarios.unfinished for check in checks):
        return f"{UNFINISHED}."
    if failed := sum(len(check.scenarios.failures) for check in checks):
        return f"the formulas agree wherever they were compared; {FAULT} that shows in {number(failed, 'scenario')}."
    if not any(check.counts["match"] for check in checks):
        return f"{NOTHING_SHOWN}."
    if kept := ", ".join(f"'{name}'" for check in checks for name in check.scenarios.kept):
        return f"the formulas agree wherever they were compared, but no scenario shows that they depend on {kept}."
    if short := [check for check in checks if not check.covered]:
        return f"the formulas agree wherever they were compared, but {too_little(short[0])}."
    return "the formulas agree on the stored inputs, but could not be compared in any scenario."


def engine_hint(report: Report) -> str:
    """The options that select further installed engines, which may assess the unassessed cells; empty without any."""
    options = " or ".join(f"--engine {name}" for name in report.could_settle)
    return f" (try {options})" if options else ""


def circular(result: CellResult) -> bool:
    """Whether the cell is wrong because it is part of a circular reference."""
    return result.status == "error" and isinstance(result.actual, Unsupported)


def finding(found: Finding) -> tuple[str, str]:
    """The finding's cause without its suggestion, and its consequences, which may be empty."""
    return (found.message, "") if found.suggestion is None else (found.cause_sentence, " ".join(found.consequences))


def finding_lines(found: Finding) -> list[str]:
    """The finding as lines of text: code and cause, the cell's formula, the suggested formula, and the consequences."""
    sentence, after = finding(found)
    lines = [f"{found.code} {sentence}"]
    if found.formula is not None:
        lines.append(f"cell  {found.formula}")
    if found.suggestion is not None:
        lines.append(f"fix   {found.suggestion}")
    return [*lines, after] if after else lines


def level(found: Finding, check: CheckResult) -> Level:
    """The finding's level: that of its code, but at most a warning where the check passes, for instance with another engine."""
    usual = RULES[found.code].level
    return "warning" if usual == "error" and check.verdict is Verdict.PASS else usual


def scenarios(check: CheckResult) -> list[Sentence]:
    """The result of the check's scenarios, and the smallest change of inputs that makes a cell wrong."""
    smallest = check.scenarios.smallest
    example = (
        [] if smallest is None else [f"{counterexample(smallest)} ({failing(check.scenarios)}){_unlimited(smallest)}"]
    )
    return [*scenario_summary(check), *(Sentence(sentence, "error") for sentence in example)]


def _unlimited(found: Counterexample) -> str:
    """What to do if the changed inputs cannot have such values, where the spec does not say which they can have."""
    names = [f"'{name}'" for name in found.unlimited[:_CHANGES_SHOWN]]
    return f"; if {joined(names)} cannot have such values, write low and high in the spec" if names else ""


def scenario_summary(check: CheckResult) -> list[Sentence]:
    """The result of the check's scenarios; empty where a note of the check says why there are none."""
    found, only_stored = check.scenarios, check.only_stored
    if not check.recomputed or found.asked == 0:
        return []
    if not found.failed and not rows.compared(check):
        return [Sentence(f"scenarios show nothing: {NOTHING_COMPARED}", "warning")]
    if not found.run:
        drawn = f"the reference is defined for none that was drawn; {RANGES}"
        why = drawn if found.dropped else "there are no inputs to change"
        return [Sentence(f"no scenario was compared: {why}", "warning")]
    why = UNDEFINED
    if found.unfinished or found.failures:
        why = f"{UNDEFINED}, has failed, did not return or was not called"
    dropped = f", {found.dropped} left out, {why}" if found.dropped else ""
    dropped += f" ({RANGES})" if found.dropped > found.run and why is UNDEFINED else ""
    unsure = check.not_always_computed
    parts: list[Sentence] = []
    if unsure:
        sentence = f"{number(len(unsure), 'cell')} {UNSURE}, first {unsure[0].cell}"
        parts.append(Sentence(f"{sentence} {unsure[0].formula}", "warning"))
    if not found.failed:
        return [
            *parts,
            Sentence(f"{number(found.agreeing, 'scenario')}{dropped}: {agreement(check)}", "note"),
        ]
    sentence = failing(found)
    if only_stored:
        first = only_stored[0]
        named = any(found.cells for found in check.findings)
        sentence += f"; {number(len(only_stored), 'cell')} {ONLY_STORED}"
        sentence += "" if named else f", first {first.cell} {first.formula}"
    return [*parts, Sentence(sentence, "error")]


def agreement(check: CheckResult) -> str:
    """How many cells agree in every scenario, and how many could not be compared, of a check without a wrong cell."""
    agree, left = rows.compared_elsewhere(check)
    if not agree:
        return NOTHING_COMPARED
    if left:
        return f"{_agreeing(agree)}, {left:,} could not be compared in every one"
    return f"all {_agreeing(agree)}" if agree > 1 else _agreeing(agree)


def agreed(check: CheckResult) -> str:
    """How many cells agree on the stored inputs, of a check in which no cell is wrong or unassessed."""
    count = len(rows.compared(check))
    return _agreeing(count) if count else NOTHING_COMPARED


def _agreeing(count: int) -> str:
    return f"{number(count, 'cell')} agree{'s' if count == 1 else ''}"


def failing(found: Scenarios) -> str:
    """``3 of 100 scenarios fail``."""
    return f"{found.failed:,} of {number(found.run, 'scenario')} fail"


def reached(check: CheckResult, *, most: int | None = _UNREACHED_SHOWN, before: str = " ") -> list[Sentence]:
    """What the samples reached of formulas, reference and constants, with the first ``most`` of what they did not.

    ``before`` precedes each of these; a line break makes a list of them.
    """
    found = check.branches
    if found is None:
        return []
    whole: list[str] = []
    missing: list[Sentence] = []
    for what, total, left in (
        ("branches", found.formulas, found.missed),
        ("lines and branches of the reference", found.reference, found.unreached),
    ):
        counted = f"{what} {total - len(left):,} of {total:,}"
        if left:
            missing.append(Sentence(f"{counted}; not reached:{_first([*map(branch, left)], most, before)}", "warning"))
        elif total:
            whole.append(counted)
    if found.unvaried:
        fixed = f"{number(len(found.unvaried), 'constant')} in{_first(constants(check), most)}"
        missing.append(Sentence(f"never varied: {fixed}; {unseen(len(found.unvaried))}", "warning"))
    return [*([Sentence(f"reached: {', '.join(whole)}", "note")] if whole else []), *missing]


def unseen(count: int) -> str:
    """What follows for so many constants that never varied."""
    return f"a fault in {'it' if count == 1 else 'them'} cannot be seen"


def branch(found: Branch) -> str:
    """An outcome that no sample reached, with its place, and how many other cells have the formula."""
    more = f" ({number(len(found.cells), 'cell')})" if len(found.cells) > 1 else ""
    return found.where if found.what.startswith("line") else f"{found.where}{more} {found.what}"


def constants(check: CheckResult) -> list[str]:
    """The constants that no input varies, adjacent ones as one range."""
    unvaried = () if check.branches is None else check.branches.unvaried
    return [str(area) for area in as_ranges(dict.fromkeys(constant.where for constant in unvaried))]


def too_little(check: CheckResult) -> str:
    """Why a check is not covered as is asked for."""
    asked = f"min-coverage asks for {check.min_coverage:g} %"
    found = check.branches
    if found is None:
        return f"{asked}, and what the samples reach is measured with scenarios and the engine formulas only"
    share = math.floor(1000 * found.share) / 10
    of = f"{found.reached:,} of {found.total:,} branches, lines and constants"
    return f"the samples of {check.name} reach {of}, {share:g} %, and {asked}"


def _first(texts: Sequence[str], most: int | None, before: str = " ") -> str:
    shown = [f"{before}{text}" for text in texts[:most]]
    return ",".join(shown) + (f" and {len(texts) - len(shown):,} more" if len(shown) < len(texts) else "")


def counterexample(found: Counterexample) -> str:
    """The inputs to set in the workbook, and the cell that is then wrong."""
    shown = [f"{cell} to {value(content)}" for cell, content in found.changes[:_CHANGES_SHOWN]]
    more = len(found.changes) - len(shown)
    changes = ", ".join(shown) + (f" and {number(more, 'more cell')} as drawn" if more else "")
    expected, actual = found.expected, found.actual
    if type(expected) is float and type(actual) is float:
        off = f"off by {abs(actual - expected):.9g}: {instead(actual, expected)}"
    else:
        off = instead(actual, expected)
    return f"set {changes} and {found.cell} is {off}"


def instead(actual: Value, expected: Value | None) -> str:
    """The actual value and the expected one."""
    return f"{value(actual)} instead of {value(expected)}"


def compared(result: CellResult) -> str:
    """The expected value of a cell, its actual value, and their difference."""
    if isinstance(result.actual, Unsupported):
        return f"expected {value(result.expected)}, {result.actual}"
    sentence = f"expected {value(result.expected)}, actual {value(result.actual)}"
    if result.difference is None or not isinstance(result.expected, float):
        return sentence
    if isinstance(result.expected, DateNumber):
        return f"{sentence}, difference {result.difference:.3g} days"
    relative = f", {result.difference / abs(result.expected):.3g} relative" if result.expected else ""
    return f"{sentence}, difference {result.difference:.3g} absolute{relative}"


def status(result: CellResult, unsure: Container[Cell]) -> str:
    """The cell's status; for one that matches, why it is listed all the same. ``unsure`` are the scenarios' unsure cells."""
    if result.status != "match":
        return result.status
    return UNSURE if result.cell in unsure else ONLY_STORED


def formula(result: CellResult) -> str:
    """The cell's formula, or ``(no formula)``."""
    return result.formula or "(no formula)"


def quantity(variable: str, iteration: int, blocks: int) -> str:
    """``z1[7]``; without the iteration in a check with a single pass."""
    return f"{variable}[{iteration}]" if blocks > 1 else variable


def iterations(check: CheckResult) -> str:
    """``, 20 iterations``, to append to the check's name; empty for a single pass."""
    return f", {number(check.blocks, 'iteration')}" if check.blocks > 1 else ""


def coverage(report: Report, *, most: int | None = 5) -> str:
    """How many formulas of the file are compared, precedents of these, and not covered: of the last ``most`` by address."""
    counted = report.coverage
    whole = not any(check.counts[status] for check in report.combined for status in UNKNOWN)
    sentence = f"{number(counted.formulas, 'formula')} in the file: {counted.bound:,} {'compared' if whole else 'to be compared'}"
    if counted.helper:
        sentence += f", {number(counted.helper, 'precedent')} of these"
    if counted.taken:
        sentence += f", {counted.taken:,} taken as {'an input' if counted.taken == 1 else 'inputs'}"
    if counted.unbound:
        sentence += f", {counted.unbound:,} not covered"
        shown = [str(cell) for cell in counted.unbound_cells[:most]]
        more = "" if len(shown) == len(counted.unbound_cells) else ", …"
        sentence += f" ({', '.join(shown)}{more})" if shown else ""
    if counted.outside:
        first, more = counted.outside[0], f" to {counted.outside[-1]}" if len(counted.outside) > 1 else ""
        of = number(len(counted.outside), "cell")
        sentence += f"; {of} of other workbooks ({first}{more}) read as the file keeps them, and not verified"
    return sentence


def accepted_or_skipped(check: CheckResult, *, most: int | None = 10) -> list[str]:
    """The cells that the spec accepts or skips: a sentence for each reason, with ``most`` of its cells by address."""
    sentence = []
    for what, status in _SPEC_EXCEPTIONS.items():
        for reason, results in check.by_reason(status).items():
            shown = ", ".join(str(result.cell) for result in results[:most])
            more = len(results) - len(results[:most])
            rest = f" and {more:,} more" if more else ""
            sentence.append(f"{what}, {number(len(results), 'cell')}: {shown}{rest}: {reason}")
    return sentence


def fixed(copy: Fixed) -> str:
    """What ``--fix`` wrote: the path of the copy, and the cells with a new formula."""
    if copy.report is None:
        return f"there is no suggestion to apply, and {copy.path} is not written."
    more = f" to {copy.cells[-1]}" if len(copy.cells) > 1 else ""
    return f"wrote {copy.path}: {number(len(copy.cells), 'formula')} corrected, {copy.cells[0]}{more}."


def remaining(report: Report, *, most: int) -> str:
    """What is left in a corrected copy, the first findings of its report; empty where there is none."""
    found = [finding.message for _, finding in rows.all_findings(report)]
    more = f"; {number(len(found) - most, 'more finding')}" if len(found) > most else ""
    return f"left in the copy: {'; '.join(one.rstrip('.') for one in found[:most])}{more}." if found else ""


def equivalent(outcome: MutantResult) -> str:
    """The evidence that a mutant computes what the original does."""
    if outcome.shown == "formulas":
        return f"the same on {outcome.evidence:,} samples of random values of the formula's precedents"
    return f"the same in every bound cell in {outcome.evidence:,} scenarios"


def engines(checks: Sequence[CheckResult]) -> str:
    """The engines of the checks, in order."""
    return ", ".join(dict.fromkeys(check.engine for check in checks))


def value(content: Value | None) -> str:
    """A value in twelve digits, which is finer than the usual tolerance; TRUE as in the cell, texts in quotes."""
    if content is None:
        return "nothing"
    if isinstance(content, bool):
        return str(content).upper()
    if isinstance(content, str):
        return f'"{content}"'
    # Excel has no negative zero. The text of a DateNumber is its date.
    return f"{content + 0.0:.12g}" if type(content) is float else str(content)


def difference(size: float | None) -> str:
    """The size of a difference in two digits; ``–`` where no two numbers were compared."""
    return "–" if size is None else "0" if size == 0 else f"{abs(size):.1e}"


def ulps(count: int | None) -> str:
    """The number of ulps; ``–`` where no two numbers were compared, and ``> 1e6`` beyond a million."""
    return "–" if count is None else f"{count:,}" if count < 1_000_000 else "> 1e6"


def number(count: int, noun: str) -> str:
    """``1 cell``, ``2 cells``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
