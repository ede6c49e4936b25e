"""Writes the reports of ``xlparity verify``: each format to its file, and annotations and a summary on GitHub Actions."""

import dataclasses
import itertools
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xlparity.cli.output import on_github, print_written, write, write_text
from xlparity.errors import UsageError, nearest
from xlparity.files import keep_report_apart
from xlparity.reporters.formats import TEXT, format_names, render

if TYPE_CHECKING:
    from xlparity.results.fixed import Fixed
    from xlparity.results.report import Report, Unusable

_MOST_OF_A_SUMMARY = 1024 * 1024  # bytes: GitHub does not show a longer summary of a step at all
_ROOM_FOR_THE_REST = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """One format and its file; None is standard output."""

    format: str
    output: Path | None


def paired(formats: Sequence[str] | None, outputs: Sequence[Path] | None) -> tuple[Wanted, ...]:
    """Each format with its file, in the order of the options.

    A single format may have no file; of several, ``text`` may have none, and goes to standard output.
    Raises UsageError for an unknown format, and where formats and files cannot be paired.
    """
    formats = list(formats or [TEXT])
    for name in formats:
        if name not in format_names():
            raise UsageError(f"there is no format '{name}'{nearest(name, format_names())}")
    outputs = list(outputs or [])
    if len(outputs) > len(formats):
        raise UsageError(
            f"--output {outputs[len(formats)]} has no --format; give each file its own, such as --format json"
        )
    to_terminal = None
    if len(formats) > 1 and len(outputs) == len(formats) - 1 and TEXT in formats:
        formats.remove(TEXT)
        to_terminal = Wanted(TEXT, None)
    if len(outputs) < len(formats) and len(formats) > 1:
        raise UsageError(
            f"{len(formats)} times --format and {len(outputs)} times --output; give each format its own --output, in the "
            "same order (text may have none, and goes to standard output)"
        )
    for number, output in enumerate(outputs):
        if any(os.path.realpath(output) == os.path.realpath(other) for other in outputs[:number]):
            raise UsageError(f"--output {output} is given twice; name another file for each format")
    files: Sequence[Path | None] = outputs or [None]
    wanted = [Wanted(form, file) for form, file in zip(formats, files, strict=True)]
    return (*wanted, to_terminal) if to_terminal is not None else tuple(wanted)


def keep_all_apart(wanted: Sequence[Wanted], *others: Path | None) -> None:
    """Raise UsageError if a report would overwrite one of the other files, a workbook, a spec or Python code."""
    for one in wanted:
        keep_report_apart(one.output, *others)


def write_reports(
    wanted: Sequence[Wanted],
    reports: "Sequence[Report]",
    fixed: "Fixed | None",
    unusable: "Sequence[Unusable]" = (),
    *,
    quiet: bool,
    verbose: bool,
) -> None:
    """Write every format to its file or to standard output, and annotations and a summary on GitHub Actions.

    Unless ``quiet``, also print which files were written and, where no text is printed, the verdicts: on standard output, or
    on standard error where standard output has a format for programs.
    """
    from xlparity.reporters import terminal  # noqa: PLC0415

    for one in wanted:
        if one.format == TEXT:
            write_text(
                lambda console: terminal.show(reports, console, fixed, unusable, quiet=quiet, verbose=verbose),
                one.output,
            )
        else:
            placed = _from_the_top(reports) if one.format == "sarif" else reports
            write(render(one.format, placed, fixed, unusable), one.output)
        if one.output is not None and not quiet:
            print_written(one.output)
    shown = [one.format for one in wanted if one.output is None]
    if TEXT not in shown and not quiet:
        write_text(
            lambda console: terminal.show(reports, console, fixed, unusable, quiet=True), None, aside=bool(shown)
        )
    if on_github():
        _write_for_github(wanted, reports, fixed, unusable)


def _from_the_top(reports: "Sequence[Report]") -> "Sequence[Report]":
    """The reports; on GitHub Actions, with each workbook's path relative to the repository's top, as GitHub needs it.

    A step may run in a subfolder. A workbook outside of the repository keeps its path.
    """
    top = os.environ.get("GITHUB_WORKSPACE")
    if not on_github() or not top:
        return reports
    folder = Path(top).resolve()
    paths = [Path(report.workbook).resolve() for report in reports]
    return [
        dataclasses.replace(report, workbook=path.relative_to(folder).as_posix())
        if path.is_relative_to(folder)
        else report
        for report, path in zip(reports, paths, strict=True)
    ]


def _write_for_github(
    wanted: Sequence[Wanted], reports: "Sequence[Report]", fixed: "Fixed | None", unusable: "Sequence[Unusable]"
) -> None:
    """Write the annotations after the text, and the Markdown report to the summary of the step.

    Where standard output has a format for programs, annotations go to standard error, in which the runner finds commands as
    well. A summary that cannot be written changes no verdict.
    """
    from xlparity.reporters.github import annotations  # noqa: PLC0415

    taken = any(one.output is None and one.format != TEXT for one in wanted)
    (sys.stderr if taken else sys.stdout).write(annotations(_from_the_top(reports), unusable))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if not summary:
        return
    try:
        with Path(summary).open("ab") as file:
            file.write(_summary(reports, fixed, unusable, _MOST_OF_A_SUMMARY - file.tell()))
    except OSError as error:
        sys.stderr.write(f"xlparity: the summary {summary} cannot be written ({error.strerror or error})\n")


def _summary(reports: "Sequence[Report]", fixed: "Fixed | None", unusable: "Sequence[Unusable]", room: int) -> bytes:
    """The Markdown in at most ``room`` bytes. If it is longer, workbooks that do not pass come first; the rest is counted."""
    from xlparity.reporters import words  # noqa: PLC0415
    from xlparity.results.report import Verdict  # noqa: PLC0415

    whole = f"{render('markdown', reports, fixed, unusable)}\n".encode()
    if len(whole) <= room:
        return whole
    ordered = sorted(reports, key=lambda report: report.verdict is Verdict.PASS)
    sections = [f"{render('markdown', [], None, [one])}\n".encode() for one in unusable]
    sections += [f"{render('markdown', [report], None)}\n".encode() for report in ordered]
    room -= _ROOM_FOR_THE_REST
    shown = [one for one, end in zip(sections, itertools.accumulate(map(len, sections)), strict=True) if end <= room]
    rest = f"and {words.number(len(sections) - len(shown), 'more workbook')} in the report.\n"
    return b"".join([*shown, rest.encode()])
