"""The report as workflow commands of GitHub Actions: a line a finding, which the pull request then shows."""

import hashlib
import re
from collections.abc import Iterator, Sequence

from xlparity.reporters import rows, words
from xlparity.reporters.visible import visible
from xlparity.results.report import Report, Verdict
from xlparity.results.rules import Level

_COMMAND: dict[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}
_MOST = 10
_LIKE_A_COMMAND = re.compile(r"^\s*::|##\[", re.MULTILINE)


def annotations(reports: Sequence[Report]) -> str:
    """A command a line: for each level as many as GitHub shows of one step, the last of them counting what is left out.

    A report that does not pass has at least one error, its verdict, so that none goes unseen for want of a finding.
    """
    by_level: dict[Level, list[str]] = {"error": [], "warning": [], "note": []}
    for report in reports:
        for level, line in _annotations(report):
            by_level[level].append(line)
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
    given = ",".join(f"{key}={_escaped(said, ':,')}" for key, said in properties.items() if said)
    return f"::{name}{' ' + given if given else ''}::{_escaped(message)}"


def inert(text: str) -> str:
    """The text so that the runner takes no line of it for a command: a formula may have a line that looks like one.

    What ends the pause is the text's own digest, which nobody can write into it.
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
    """The percent sign first, or it would escape the escapes."""
    text = visible(text)
    for character in "%\n" + also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
