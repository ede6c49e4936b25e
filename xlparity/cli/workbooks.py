"""The commands on one workbook: ``generate``, ``recalc`` and ``init``."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import xlparity
from xlparity.actions.courses import ALL, course_names, find_courses
from xlparity.cli.options import Allow, InProcess, Timeout, project_options
from xlparity.cli.output import Format, print_written, write, write_text
from xlparity.cli.verify import verify
from xlparity.errors import UsageError
from xlparity.files import keep_report_apart, refuse_kind, write_file
from xlparity.reporters.visible import visible
from xlparity.settings import LARGEST_SEED

if TYPE_CHECKING:
    from xlparity.actions.init import Draft
    from xlparity.actions.init.text import Doubt


def _choices() -> list[str]:
    return [ALL, *course_names()]


def _course(name: str) -> str:
    """The name, if there is such a course workbook."""
    if name not in _choices():
        raise typer.BadParameter(f"'{name}' is not one of {', '.join(map(repr, _choices()))}")
    return name


def generate(
    course: Annotated[
        str,
        typer.Argument(
            metavar="COURSE",
            help=f"The workbook to write: {', '.join(_choices())}.",
            callback=_course,
            autocompletion=_choices,
        ),
    ] = ALL,
    *,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to write it to.", file_okay=False)] = Path(
        "workbooks"
    ),
    iterations: Annotated[
        int | None,
        typer.Option(metavar="N", min=2, help="How many iterations of training.  [default: as many as the course has]"),
    ] = None,
    alpha: Annotated[
        float | None,
        typer.Option(
            metavar="X", help="The learning rate in the workbook's alpha cell.  [default: that of the course]"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, max=LARGEST_SEED, help="The seed of the first weights.")] = 1,
    faulty: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Also write the regressor with three typical mistakes to OUT."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if the files differ from what would be written.")
    ] = False,
    verify_it: Annotated[bool, typer.Option("--verify", help="Verify the workbooks that were written.")] = False,
) -> None:
    """Write course workbooks with live formulas, and the spec files that verify them, with their schema for editors."""
    from xlparity.actions.generate.files import course_files, differing  # noqa: PLC0415

    if check:
        wrong = differing(course_files(course, out, iterations=iterations, alpha=alpha, seed=seed, faulty=faulty))
        for path in wrong:
            typer.echo(f"{path.as_posix()} differs from what xlparity generates", err=True)
        if wrong:
            raise typer.Exit(1)
    else:
        for path in xlparity.generate(course, out, iterations=iterations, alpha=alpha, seed=seed, faulty=faulty):
            typer.echo(f"wrote {path.as_posix()}", err=True)
    if verify_it:
        # A workbook with empty cells is verified where it is asked for by its name.
        names = [name for name, each in find_courses(course).items() if each.solved or name == course]
        verify([out / f"{name}.parity.toml" for name in names])


def recalc(  # noqa: PLR0913  (a command's parameters are its options)
    workbook: Annotated[Path, typer.Argument(metavar="WORKBOOK", help="An Excel workbook.")],
    *,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Write to this file instead of WORKBOOK.")
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Write nothing; exit 3 where a stored value differs or is absent.",
        ),
    ] = False,
    allow_unsupported: Annotated[
        bool,
        typer.Option("--allow-unsupported", help="With --check: ignore formulas that could not be computed."),
    ] = False,
    format: Annotated[
        Format, typer.Option("--format", metavar="FORMAT", help=f"How the report is written: {' or '.join(Format)}.")
    ] = Format.TEXT,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report to this file.")] = None,
    allow: Allow = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print the verdict only.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="List every cell.")] = False,
) -> None:
    """Store in a workbook what its formulas compute, or check that it does; no spec or reference is needed.

    A workbook stores the last value of each formula, and that is what viewers, pandas and openpyxl show. Nothing but these
    values is changed; a formula that cannot be computed keeps its stored value, and so does one of RAND, NOW or TODAY, from
    which the others are computed.
    """
    from xlparity.actions.recalc import check_stored  # noqa: PLC0415
    from xlparity.reporters.formats import json as json_reporter  # noqa: PLC0415

    if check and out:
        raise UsageError("--check writes no workbook; omit --out")
    if allow_unsupported and not check:
        raise UsageError("--allow-unsupported is for --check; without it nothing is checked")
    keep_report_apart(output, workbook, out)
    if out is not None:
        refuse_kind(out, workbook, "--out")
    report, data = check_stored(workbook, project_options(allow).limits)
    report = replace(report, allow_unsupported=allow_unsupported)
    written = "" if check else (out or workbook).as_posix()

    def show(where: Path | None, *, quiet: bool, aside: bool = False) -> None:
        from xlparity.reporters import terminal  # noqa: PLC0415

        write_text(
            lambda console: terminal.show_stored(report, console, written=written, quiet=quiet, verbose=verbose),
            where,
            aside=aside,
        )

    def report_it() -> None:
        if format is Format.JSON:
            write(json_reporter.render_stored(report), output)
        else:
            show(output, quiet=quiet)

    if output:  # before the workbook, which stays unchanged if the report cannot be written
        report_it()
    if not check:
        write_file(out or workbook, data)
    if not output:
        report_it()
    if output and not quiet:
        print_written(output)
    if (output or format is Format.JSON) and not quiet:
        show(None, quiet=True, aside=not output)
    raise typer.Exit(int(report.verdict) if check else 0)


def init(  # noqa: PLR0913  (a command's parameters are its options)
    workbook: Annotated[Path, typer.Argument(metavar="WORKBOOK", help="The workbook to draft a spec file for.")],
    *,
    reference: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The Python function: file.py:function or package.module:function."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="The spec file; without it, NAME.parity.toml beside WORKBOOK."
        ),
    ] = None,
    sheet: Annotated[
        list[str] | None,
        typer.Option(
            "--sheet",
            metavar="NAME",
            help="Draft a check for this sheet; again for each further one. Without it, for each that matches the reference.",
        ),
    ] = None,
    check: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Name the check, as [check.NAME]; it is added to a spec file that has others already."
        ),
    ] = None,
    interactive: Annotated[
        bool,
        typer.Option("--interactive", help="Ask about each doubt, and verify the spec file at the end."),
    ] = False,
    reference_timeout: Timeout = None,
    in_process: InProcess = False,
    allow: Allow = None,
) -> None:
    """Draft a spec file for a workbook from the values that its reference gives, to check by hand.

    The reference is called with the cells that labels suggest. Each of its outputs is bound to the cells that hold its values;
    labels decide where that leaves a choice, and what values contradict is left as a comment. At the end are the lines
    that are sure, those that are not, and the next command. Without a reference, labels are all there is.

    A JSON Schema, by which editors complete and check the spec, is written beside it where there is none.
    """
    from xlparity.actions.init import write_draft  # noqa: PLC0415
    from xlparity.spec.schema import FILE as SCHEMA  # noqa: PLC0415
    from xlparity.spec.schema import schema_text  # noqa: PLC0415

    if interactive and reference is None:
        raise UsageError("--interactive settles what the reference's values leave open; name it with --reference")
    options = project_options(allow, reference_timeout=reference_timeout, in_process=in_process)
    written, draft = write_draft(
        workbook,
        reference,
        output,
        sheets=sheet or (),
        check=check,
        answers=_answer if interactive else None,
        options=options,
    )
    for path in written:
        typer.echo(f"wrote {path.as_posix()}", err=True)
    schema = written[0].parent / SCHEMA
    if schema not in written and (not schema.is_file() or schema.read_bytes() != schema_text().encode()):
        text = f"'xlparity spec --schema > {schema.as_posix()}' replaces it"
        typer.echo(f"kept {schema.as_posix()}, which is not the schema of this version; {text}", err=True)
    _summarise(draft)
    if interactive:
        verify([written[0]])
    else:
        _say_what_is_next(draft, written[0], reference)


def _answer(doubt: "Doubt", complaint: str) -> str | None:
    """The address that a person enters for a line in doubt; None where it is to stay as it is."""
    if complaint:
        typer.echo(complaint, err=True)
    question = f"{doubt}\n  address, or Enter to leave it {'out' if doubt.missing else 'as it is'}"
    try:
        return str(typer.prompt(visible(question), default="", show_default=False, err=True)).strip() or None
    except typer.Abort:
        typer.echo(err=True)
        return None


def _summarise(draft: "Draft") -> None:
    """Print what is sure in the draft, and what is not."""
    lines = [f"sure, as the values agree, also for other inputs: {names}" for names in draft.sure]
    lines += ["not sure:", *(f"  {doubt}" for doubt in draft.doubts)] if draft.doubts else []
    for line in lines:
        typer.echo(visible(line), err=True)


def _say_what_is_next(draft: "Draft", spec: Path, reference: str | None) -> None:
    first = "" if reference else "enter the reference; "
    first += "correct what is not sure, then run " if draft.doubts else "check the lines, then run "
    typer.echo(visible(f"next: {first}xlparity verify {shlex.quote(spec.as_posix())}"), err=True)
