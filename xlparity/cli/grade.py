"""``xlparity grade``: grades submissions of a workbook by a spec."""

from pathlib import Path
from typing import Annotated

import typer

import xlparity
from xlparity.cli.options import Allow, InProcess, Timeout, project_options
from xlparity.cli.output import print_written, progress_bar, write_text
from xlparity.errors import UsageError
from xlparity.settings import seconds


def grade(  # noqa: PLR0913  (a command's parameters are its options)
    spec: Annotated[
        Path, typer.Argument(metavar="SPEC", help="The spec file; 'xlparity spec' explains [grade] and points.")
    ],
    submissions: Annotated[
        list[Path], typer.Argument(metavar="SUBMISSION", help="Workbooks, or folders: all .xlsx and .xlsm below them.")
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write grades.csv, index.html, a page and an annotated copy for each student here."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Grade again only what has changed since the last run with the same --out.")
    ] = False,
    jobs: Annotated[int, typer.Option(metavar="N", min=1, help="How many processes.")] = 1,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Grade on the Dask cluster whose scheduler is at this address."),
    ] = None,
    limit: Annotated[float, typer.Option(metavar="SECONDS", min=1, help="How long one submission may take.")] = 60.0,
    scenarios: Annotated[
        int | None, typer.Option(metavar="N", help="How many scenarios to run for each.  [default: 100]")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="The seed of the scenarios.  [default: 0]")] = None,
    reference_timeout: Timeout = None,
    in_process: InProcess = False,
    time: Annotated[
        str | None,
        typer.Option(metavar="SECONDS", help="How long to look for fixes in one submission.  [default: 3]"),
    ] = None,
    allow: Allow = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print the summary only.")] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="List every submission, with the whole note.")
    ] = False,
) -> None:
    """Grade submissions of a workbook: points for each quantity, and what a student is to do to earn the others.

    A quantity has its points where its formulas are right on right precedents, even if an earlier mistake is carried forward; a
    typed number earns nothing. What could not be judged is left to a person, and listed as open. Each submission is graded in a
    process with limits of time and memory, so that none stops the others.

    The exit code is 0 where all were graded, and 1 where one could not be; its row has the reason.
    """
    from xlparity.actions.grade.bundle import JOURNAL  # noqa: PLC0415
    from xlparity.jobs import Limits, Workers  # noqa: PLC0415

    if resume and out is None:
        raise UsageError("--resume continues the run in the folder that --out names; give it as well")
    options = project_options(
        allow,
        scenarios=scenarios,
        seed=seed,
        reference_timeout=reference_timeout,
        in_process=in_process,
        time=seconds(time, "--time"),
    )
    if out is not None and not resume:
        (out / JOURNAL).unlink(missing_ok=True)
    with progress_bar(1) as progress:
        found = xlparity.grade(
            spec,
            submissions,
            options=options,
            workers=Workers(jobs, Limits(seconds=limit), dask),
            out=out,
            progress=progress(0, spec),
        )
    from xlparity.reporters.grades.terminal import show  # noqa: PLC0415

    write_text(lambda console: show(found, console, quiet=quiet, verbose=verbose), None)
    if out is not None:
        print_written(out / "grades.csv")
        print_written(out / "index.html")
    raise typer.Exit(1 if len(found.graded) < len(found.grades) else 0)
