"""``xlparity verify``: compares the workbooks of spec files with their references."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import xlparity
from xlparity.cli.formats import keep_all_apart, paired, write_reports
from xlparity.cli.options import Allow, InProcess, Timeout, project_options
from xlparity.cli.output import progress_bar
from xlparity.engines.registry import engine_names
from xlparity.errors import UsageError, XlparityError
from xlparity.files import files_below, keep_apart, refuse_kind
from xlparity.reporters.formats import format_names
from xlparity.settings import Options, seconds

if TYPE_CHECKING:
    from xlparity.results.fixed import Fixed
    from xlparity.results.report import Report


def verify(  # noqa: PLR0913  (a command's parameters are its options)
    specs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="SPEC", help="Spec files; without any, every *.parity.toml below this folder."),
    ] = None,
    *,
    format: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            autocompletion=format_names,
            help=f"How the report is written: {', '.join(format_names())}; may be repeated.  [default: text]",
        ),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Write the report to this file; one for each --format, in the same order."),
    ] = None,
    engine: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            autocompletion=engine_names,
            help="The engine that recalculates the workbook (see 'xlparity engines'); may be repeated.  [default: formulas]",
        ),
    ] = None,
    workbooks: Annotated[
        list[Path] | None,
        typer.Option("--workbook", metavar="FILE", help="Check this workbook instead of the one the spec names."),
    ] = None,
    rtol: Annotated[
        float | None, typer.Option(metavar="X", help="Relative tolerance, in place of every one in SPEC.")
    ] = None,
    atol: Annotated[
        float | None, typer.Option(metavar="X", help="Absolute tolerance, in place of every one in SPEC.")
    ] = None,
    scenarios: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="How many scenarios (samples of other inputs) to run; 0 for none.  [default: 100]",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(metavar="N", help="The seed of the scenarios.  [default: 0]"),
    ] = None,
    reference_timeout: Timeout = None,
    in_process: InProcess = False,
    time: Annotated[
        str | None,
        typer.Option(
            metavar="SECONDS",
            help="How long to look for causes and fixes of what differs; 0 or none sets no limit.  [default: 10]",
        ),
    ] = None,
    min_coverage: Annotated[
        float | None,
        typer.Option(
            metavar="PERCENT",
            help="Unassessed, unless the samples reach so much of formulas, reference and constants.  [default: 0]",
        ),
    ] = None,
    no_external: Annotated[
        bool,
        typer.Option(
            "--no-external", help="Refuse references to other workbooks, of which the file keeps the last values."
        ),
    ] = False,
    fix: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write a copy of the workbook with the suggestions applied, and verify it."),
    ] = None,
    annotate: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write a copy of the workbook with its cells coloured and commented."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Verify several specs in so many processes, each apart from the others."),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Verify them on the Dask cluster of this scheduler (extra 'dask')."),
    ] = None,
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox",
            help="Verify in a process that is ended when it takes too much time or memory, or crashes: exit code 2.",
        ),
    ] = False,
    sandbox_seconds: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", min=1, help="How long one verification may take in it.  [default: over an hour]"
        ),
    ] = None,
    sandbox_memory: Annotated[
        int | None,
        typer.Option(metavar="MB", min=100, help="How much memory it may take there.  [default: 4096]"),
    ] = None,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Verify again whenever workbook, spec or reference is saved; Ctrl-C ends it."),
    ] = False,
    allow: Allow = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print the verdicts only.")] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="List every cell that differs; show what references print.")
    ] = False,
) -> None:
    """Recalculate a workbook and compare every bound cell with the Python reference.

    Wrong cells are reported by root cause, with a suggested formula where one is found. Each cell is match, mismatch, hardcoded
    (a constant in place of a formula), error (an Excel error value, or a circular reference), unsupported (the engine
    cannot compute the formula), missing (not computed), accepted (a known difference, or an allowed constant) or skipped.

    Of several files the worst exit code counts: 1 over 2 over 0, and 2 for one that cannot be used, whose line has the reason.
    It is about SPEC's workbook, not about the copy that --fix writes. An interrupt ends with 130 and a closed pipe with 141;
    neither is a verdict. 'xlparity rules' explains the findings and 'xlparity spec' the scenarios. Defaults of options are
    taken from [tool.xlparity] in pyproject.toml.
    """
    if not (in_process or watch or sandbox or jobs or dask):
        from xlparity.references.process import prepare  # noqa: PLC0415

        prepare()  # the process of the reference starts while the rest of xlparity is imported
    from xlparity.results.report import Report, Unusable, overall  # noqa: PLC0415
    from xlparity.spec import SUFFIX  # noqa: PLC0415

    wanted = paired(format, output)
    if len(workbooks or ()) > 1:  # typer would silently ignore all but one
        raise UsageError("--workbook names one workbook; verify each by itself")
    workbook = workbooks[0] if workbooks else None
    options = project_options(
        allow,
        engines=tuple(engine or ()) or None,
        rtol=rtol,
        atol=atol,
        scenarios=scenarios,
        seed=seed,
        reference_timeout=reference_timeout,
        time=seconds(time, "--time"),
        min_coverage=min_coverage,
        external=not no_external,
        in_process=in_process,
        verbose=verbose,
    )
    specs = specs or files_below(Path(), SUFFIX)
    if not specs:
        raise UsageError("no *.parity.toml below this folder; name a spec file, or run 'xlparity generate' first")
    for option, copy in (("--fix", fix), ("--annotate", annotate)):
        if copy is not None and len(specs) > 1:
            raise UsageError(f"{option} writes one workbook, and there are {len(specs)} spec files; name one of them")
    outside = fix is not None or annotate is not None or watch
    _refuse_beside_sandbox(sandbox, outside, sandbox_seconds is not None or sandbox_memory is not None)
    keep_all_apart(wanted, workbook, fix, annotate, *specs)
    keep_apart(annotate, fix, option="--annotate")
    if watch:
        from xlparity.cli.watch import verify_on_save  # noqa: PLC0415

        raise typer.Exit(verify_on_save(specs, workbook))
    with progress_bar(len(specs)) as progress:
        if len(specs) == 1 and dask is None and not sandbox:
            found: dict[int, Report | Unusable] = {
                0: xlparity.verify(specs[0], workbook=workbook, options=options, progress=progress(0, specs[0]))
            }
        else:
            from xlparity.actions.many import verify_each  # noqa: PLC0415

            found = dict(
                verify_each(
                    specs,
                    workbook=workbook,
                    options=options,
                    jobs=jobs or (1 if sandbox else None),
                    dask=dask,
                    seconds=sandbox_seconds,
                    memory=None if sandbox_memory is None else sandbox_memory << 20,
                    progress=progress,
                )
            )
    results = [found[number] for number in range(len(specs))]
    reports = [one for one in results if isinstance(one, Report)]
    unusable = [one for one in results if isinstance(one, Unusable)]
    if unusable and len(specs) == 1:
        raise XlparityError(unusable[0].reason)
    keep_all_apart(wanted, *(Path(report.workbook) for report in reports))
    for option, copy in (("--fix", fix), ("--annotate", annotate)):
        if copy is not None:
            from xlparity.spec import read_spec  # noqa: PLC0415  (loaded by now)

            _refuse_name(copy, specs[0], Path(reports[0].workbook), read_spec(specs[0]).workbook, option)
    fixed = None if fix is None else _fixed(reports[0], fix, specs[0], options)
    if annotate is not None:
        shown = xlparity.annotate(reports[0], annotate)
        coloured = (
            f"{shown.coloured:,} cell{'' if shown.coloured == 1 else 's'} coloured, {shown.commented:,} commented"
        )
        typer.echo(f"wrote {annotate.as_posix()}: {coloured}, sheet '{shown.sheet}' added", err=True)
    write_reports(wanted, reports, fixed, unusable, quiet=quiet, verbose=verbose)
    raise typer.Exit(int(overall(reports, unusable)))


def _refuse_beside_sandbox(sandbox: bool, outside: bool, limited: bool) -> None:
    """Raise UsageError for limits without a sandbox, and for options that read the workbook outside it."""
    if limited and not sandbox:
        raise UsageError("--sandbox-seconds and --sandbox-memory are limits of --sandbox; add that")
    if sandbox and outside:
        raise UsageError("--fix, --annotate and --watch read the workbook outside the sandbox; omit them or --sandbox")


def _fixed(report: "Report", out: Path, spec: Path, options: Options) -> "Fixed":
    """The copy with the report's suggestions, written and verified; nothing is written where there are none."""
    fixed = xlparity.fix(report, out)
    return replace(fixed, report=xlparity.verify(spec, workbook=out, options=options)) if fixed.formulas else fixed


def _refuse_name(out: Path, spec: Path, workbook: Path, own: Path, option: str) -> None:
    """Raise UsageError if the copy would overwrite a file that is read or named by the spec, or has another extension."""
    keep_apart(out, spec, workbook, own, option=option)
    refuse_kind(out, workbook, option)
