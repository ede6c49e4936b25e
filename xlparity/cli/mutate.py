"""``xlparity mutate``: measures how many planted faults a spec's check detects, locates and fixes."""

from pathlib import Path
from typing import Annotated

import typer

import xlparity
from xlparity.cli.options import Allow, InProcess, Timeout, project_options
from xlparity.cli.output import Format, print_written, progress_bar, write, write_text
from xlparity.files import keep_report_apart
from xlparity.settings import MUTANTS, seconds


def mutate(  # noqa: PLR0913  (a command's parameters are its options)
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="A spec file whose workbook passes.")],
    *,
    format: Annotated[
        Format, typer.Option("--format", metavar="FORMAT", help=f"How the report is written: {' or '.join(Format)}.")
    ] = Format.TEXT,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report to this file.")] = None,
    workbook: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Break this workbook instead of the one the spec names.")
    ] = None,
    limit: Annotated[
        int,
        typer.Option(metavar="N", min=1, help="How many mutants at most, drawn evenly from all kinds and formulas."),
    ] = MUTANTS,
    time: Annotated[
        str | None,
        typer.Option(
            metavar="SECONDS",
            help="Begin no mutant after so many seconds; 0 or none sets no limit.  [default: 120]",
        ),
    ] = None,
    scenarios: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="How many scenarios each mutant is verified in.  [default: 100]",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(metavar="N", help="The seed of mutants and scenarios.  [default: 0]"),
    ] = None,
    reference_timeout: Timeout = None,
    in_process: InProcess = False,
    jobs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many processes; as many as there are processors.")
    ] = None,
    allow: Allow = None,
    verbose: Annotated[
        bool,
        typer.Option(
            "-v", "--verbose", help="List every mutant for which no suggestion restores what the original computed."
        ),
    ] = False,
) -> None:
    """Break the workbook with every kind of edit at every shape of formula, one at a time, and verify each copy.

    The exit code is 0 where every mutant that was run is detected or computes what the original does, and 1 where one
    survives. Where the time does not allow all, the report says how many were run: the first of an order that takes kinds of
    edit and formulas by turns, so that they are covered evenly. Without an option, [tool.xlparity] in pyproject.toml gives
    scenarios, seed, time and tolerances.
    """
    keep_report_apart(output, workbook, spec)
    options = project_options(
        allow,
        scenarios=scenarios,
        seed=seed,
        reference_timeout=reference_timeout,
        in_process=in_process,
        time=seconds(time, "--time"),
        mutants=limit,
        jobs=jobs,
    )
    with progress_bar(1) as progress:
        report = xlparity.mutate(
            spec,
            workbook=workbook,
            options=options,
            progress=progress(0, spec),
            note=lambda text: typer.echo(text, err=True),
        )
    from xlparity.reporters.mutations import outcome, show  # noqa: PLC0415

    if format is Format.JSON:
        from xlparity.reporters.formats import json as json_reporter  # noqa: PLC0415

        write(json_reporter.render_mutations(report), output)
    else:
        write_text(lambda console: show(report, console, verbose=verbose), output)
    if output is not None:
        print_written(output)
    if output is not None or format is Format.JSON:
        write_text(lambda console: console.print(outcome(report)), None, aside=output is None)
    raise typer.Exit(int(report.verdict))
