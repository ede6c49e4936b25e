"""The report as Markdown for a pull request: the verdict, the findings, the ten worst cells, and the details folded away.

Text from a workbook is in code spans or escaped, so that a formula, a sheet's name or a text in a cell is shown as it is and
never becomes a table's border, a link or HTML. One workbook's report is kept below the 65,536 characters of a comment.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from xlparity.excel.address import Cell
from xlparity.excel.values import Unsupported
from xlparity.reporters import rows, words
from xlparity.reporters.typed import typed
from xlparity.reporters.visible import visible
from xlparity.reporters.words import MARK
from xlparity.results.fixed import Fixed
from xlparity.results.report import CellResult, CheckResult, Finding, Report, Unusable, Verdict

_FINDINGS, _CELLS, _CHECKS, _QUANTITIES, _LINES = 10, 10, 8, 20, 5
_LONGEST, _LONGEST_IN_A_TABLE, _LONGEST_SENTENCE = 600, 120, 300
_MARKS = re.compile(r"[\\`*_\[\]<>|~]")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def render(reports: Sequence[Report], fixed: Fixed | None = None, unusable: Sequence[Unusable] = ()) -> str:
    """One section for each report, and a line on the corrected copy."""
    lines: list[str] = []
    for report in map(typed, reports):
        lines += [*_report(report), ""]
    for one in unusable:
        lines += [
            f"## {words.verdict_label(one.verdict)} {escaped(one.spec)}",
            "",
            escaped(f"Cannot be verified: {one.reason}"),
            "",
        ]
    if fixed is not None:
        lines += [escaped(words.fixed(fixed)), ""]
        if fixed.report is not None:
            lines += [_verdict(fixed.report), ""]
    return visible("\n".join(lines).rstrip("\n")) + "\n"


def escaped(text: str) -> str:
    """The sentence, escaped so that Markdown shows it unchanged.

    GitHub turns dollar signs into mathematics, ``@`` into mentions and bare addresses into links; tags and backslashes
    prevent this.
    """
    flat = _cut(_CONTROLS.sub(" ", text), _LONGEST_SENTENCE).replace("&", "&amp;")
    marked = _MARKS.sub(lambda mark: {"<": "&lt;", ">": "&gt;"}.get(mark[0], f"\\{mark[0]}"), flat)
    unlinked = marked.replace("://", "\\://").replace("www.", "www\\.")
    return unlinked.replace("@", "<span>@</span>").replace("$", "<span>$</span>")


def code(text: str, most: int = _LONGEST_IN_A_TABLE) -> str:
    """A code span, also for tables, fenced by more backticks than it contains.

    A text with a bar, which would end a table's cell, becomes a ``<code>`` tag with all punctuation as entities.
    """
    flat = _cut(_CONTROLS.sub(" ", text), most)
    if "|" in flat or not flat.strip():
        return f"<code>{_PUNCTUATION.sub(lambda mark: f'&#{ord(mark[0])};', flat)}</code>"
    fence = _fence(flat, 1)
    room = " " if flat.startswith(("`", " ")) or flat.endswith(("`", " ")) else ""
    return f"{fence}{room}{flat}{room}{fence}"


def _report(report: Report) -> Iterator[str]:
    yield f"## {words.verdict_label(report.verdict)} {escaped(report.workbook)}"
    yield ""
    yield escaped(words.verdict(report))
    found = rows.all_findings(report)
    if found:
        yield from ("", "### Findings")
        for check, one in found[:_FINDINGS]:
            yield from ("", *_finding(check, one))
        if len(found) > _FINDINGS:
            yield from ("", f"and {words.number(len(found) - _FINDINGS, 'more finding')}.")
    not_right = [(check, result) for check in report.combined for result in rows.not_right(check)]
    if not_right:
        yield from ("", *_worst(not_right))
    yield from ("", *_details(report))


def _verdict(report: Report) -> str:
    message = escaped(words.verdict(report))
    return f"**{words.verdict_label(report.verdict)}** {escaped(report.workbook)}: {message}"


def _finding(check: CheckResult, found: Finding) -> Iterator[str]:
    message, after = words.finding(found)
    yield f"**{found.code}** {escaped(check.name)}, {escaped(found.variable)}: {escaped(message)}"
    lines = [f"- {line}" for line in _formula(found.formula)] + [f"+ {line}" for line in _formula(found.suggestion)]
    if lines:
        fence = _fence("\n".join(lines), 3)
        yield from ("", f"{fence}diff", *lines, fence)
    if after:
        yield from ("", escaped(after))


def _worst(not_right: Sequence[tuple[CheckResult, CellResult]]) -> Iterator[str]:
    """One table for all checks; a cell that is in several checks is distinguished by its quantity."""
    shown = rows.worst((result for _, result in not_right), _CELLS)
    of = {id(result): check for check, result in not_right}
    all_shown = len(shown) == len(not_right)
    yield "### Cells that are not right" if all_shown else f"### The {len(shown)} worst of {len(not_right):,} cells"
    yield ""
    yield from _table(
        ("cell", "quantity", "status", "expected", "actual", "difference", "formula"),
        "lllrrrl",
        [
            (
                code(str(result.cell)),
                code(words.quantity(result.variable, result.iteration, of[id(result)].blocks)),
                _status(result, of[id(result)].scenarios.unsure),
                code(words.value(result.expected)),
                "–" if isinstance(result.actual, Unsupported) else code(words.value(result.actual)),
                words.difference(result.difference),
                code(words.formula(result)),
            )
            for result in shown
        ],
    )


def _status(result: CellResult, unsure: Sequence[Cell]) -> str:
    reason = f": {escaped(result.actual.reason)}" if isinstance(result.actual, Unsupported) else ""
    return words.status(result, unsure) + reason


def _details(report: Report) -> Iterator[str]:
    """The first checks; where there are many, those that do not pass come first."""
    checks = report.combined
    for check in checks if len(checks) <= _CHECKS else sorted(checks, key=_passes)[:_CHECKS]:
        wrong = len(rows.not_right(check))
        unknown = sum(judgement in rows.UNASSESSED_JUDGEMENTS for _, judgement in rows.judged(check))
        counted = (
            f"{wrong:,} of {words.number(check.counts['bound'], 'cell')} not right" if wrong else words.agreed(check)
        )
        counted = f"{counted}, {unknown:,} of them not assessed" if unknown else counted
        yield f"<details><summary>{MARK[check.verdict]} {html.escape(check.name)}{words.iterations(check)}: {counted}</summary>"
        yield ""
        yield from _quantities(check)
        message = [message.text for message in words.scenarios(check)] + words.accepted_or_skipped(check)
        message += [text.text for text in words.reached(check)]
        message += [f"note: {note}" for note in rows.notes(report, check)]
        if message:
            yield ""
        yield from (f"- {escaped(line)}" for line in message[:_LINES])
        if len(message) > _LINES:
            yield f"- and {words.number(len(message) - _LINES, 'more remark')}"
        yield from ("", "</details>", "")
    if len(checks) > _CHECKS:
        yield from (f"and {words.number(len(checks) - _CHECKS, 'more check')}.", "")
    yield "<details><summary>Coverage, sources and versions</summary>"
    yield ""
    yield f"- {escaped(words.coverage(report))}"
    yield f"- workbook {code(report.workbook)}, SHA-256 {code(report.sha256)}"
    for digest, names in rows.sources(report):
        kind = "spec" if names == [report.spec] else "reference"
        yield f"- {kind} {', '.join(map(code, names))}" + (f", SHA-256 {code(digest)}" if digest else "")
    yield f"- {', '.join(f'{escaped(name)} {escaped(version)}' for name, version in report.versions.items())}"
    yield f"- engine {escaped(words.engines(report.checks))}, seed {report.checks[0].scenarios.seed}"
    yield from ("", "</details>")


def _passes(check: CheckResult) -> bool:
    return check.verdict is Verdict.PASS


def _quantities(check: CheckResult) -> Iterator[str]:
    """The first quantities; where there are many, those that do not match come first."""
    listed = rows.quantities(check)
    shown = listed if len(listed) <= _QUANTITIES else sorted(listed, key=lambda row: row.good)[:_QUANTITIES]
    columns = 6 if check.blocks > 1 else 5
    yield from _table(
        ("quantity", "cells", "match", "largest difference", "in ulps", "first divergent iteration")[:columns],
        "lrrrrr"[:columns],
        [
            (
                code(row.name),
                f"{row.cells:,}",
                f"{row.matches:,}",
                words.difference(row.difference),
                words.ulps(row.ulps).replace(">", "&gt;"),
                "–" if row.first is None else str(row.first),
            )[:columns]
            for row in shown
        ],
    )
    if len(shown) < len(listed):
        yield from ("", f"and {words.number(len(listed) - len(shown), 'more row')}.")


def _table(headings: Sequence[str], sides: str, body: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"| {' | '.join('---' if side == 'l' else '--:' for side in sides)} |"
    yield from (f"| {' | '.join(row)} |" for row in body)


def _formula(formula: str | None) -> list[str]:
    return [] if formula is None else _cut(formula, _LONGEST).splitlines()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


def _fence(text: str, least: int) -> str:
    return "`" * max(least, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
