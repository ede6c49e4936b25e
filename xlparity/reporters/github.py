"""The report as workflow commands of GitHub Actions: one line for each finding, shown in the pull request."""

import hashlib
import re
from collections.abc import Iterator, Sequence

from xlparity.reporters import rows, words
from xlparity.reporters.typed import typed
from xlparity.reporters.visible import visible
from xlparity.results.report import Report, Unusable, Verdict
from xlparity.results.rules import Level

_COMMAND: dict[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}
_MOST = 10
_LIKE_A_COMMAND = re.compile(r"^\s*::|##\[", re.MULTILINE)


def annotations(reports: Sequence[Report], unusable: Sequence[Unusable] = ()) -> str:
    """One command on each line: for each level as many as GitHub shows of one step; the last counts those left out.

    A report that does not pass has at least one error, its verdict, even where it has no finding.
    """
    by_level: dict[Level, list[str]] = {"error": [], "warning": [], "note": []}
    for report in map(typed, reports):
        for level, line in _annotations(report):
            by_level[level].append(line)
    for one in unusable:
        title = f"xlparity: {str(one.verdict).upper()}"
        by_level["error"].append(command("error", words.unusable(one), file=one.spec, title=title))
    lines: list[str] = []
    for level, found in by_level.items():
        shown = found if len(found) <= _MOST else found[: _MOST - 1]
        lines += shown
        if len(found) > len(shown):
            left = words.number(len(found) - len(shown), f"more {_COMMAND[level]}")
            lines.append(command(_COMMAND[level], f"{left} in the report", title="xlparity"))
    return "".join(f"{line}\n" for line in lines)


def command(name: str, message: str, **properties: str) -> str:
    """``::error file=a.xlsx,title=…::message``, escaped as the protocol wants it."""
    given = ",".join(f"{key}={_escaped(sentence, ':,')}" for key, sentence in properties.items() if sentence)
    return f"::{name}{' ' + given if given else ''}::{_escaped(message)}"


def inert(text: str) -> str:
    """The text with commands switched off, so that the runner does not execute a line of a formula that looks like one.

    The token that switches them on again is the text's digest, which the text itself cannot contain.
    """
    if _LIKE_A_COMMAND.search(text) is None:
        return text
    token = hashlib.sha256(text.encode()).hexdigest()
    return f"{command('stop-commands', token)}\n{text}{command(token, '')}\n"


def _annotations(report: Report) -> Iterator[tuple[Level, str]]:
    if report.verdict is not Verdict.PASS:
        title = f"xlparity: {str(report.verdict).upper()}"
        yield "error", command("error", words.verdict(report), file=report.workbook, title=title)
    for check, found in rows.all_findings(report):
        level = words.level(found, check)
        place = f" {found.cells[0]}" if found.cells else ""
        title = f"{found.code}{place} ({check.name}, {found.variable})"
        yield level, command(_COMMAND[level], found.message, file=report.workbook, title=title)


def _escaped(text: str, also: str = "") -> str:
    """The text, escaped; the percent sign first, since the escapes contain it."""
    text = visible(text)
    for character in "%\n" + also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
