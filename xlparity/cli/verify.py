"""``xlparity verify``: the workbooks of spec files against their references."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import xlparity
from xlparity.cli.output import Format, progress_bar, write, write_text
from xlparity.errors import UsageError
from xlparity.settings import LARGEST_SEED, MOST_SCENARIOS, read_settings
from xlparity.writing import keep_apart, write_file

if TYPE_CHECKING:
    from xlparity.fixed import Fixed
    from xlparity.report import Report


def verify(  # noqa: PLR0913  (a command's parameters are its options)
    specs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="SPEC", help="Spec files; without any, every *.parity.toml below this folder."),
    ] = None,
    *,
    format: Annotated[Format, typer.Option("--format", help="How the report is written.")] = Format.TEXT,
    output: Annotated[Path | None, typer.Option(help="Write the report to this file.")] = None,
    engine: Annotated[
        list[str] | None,
        typer.Option(
            help="What recalculates the workbook (see 'xlparity engines'); may be repeated. [default: formulas]"
        ),
    ] = None,
    workbook: Annotated[Path | None, typer.Option(help="Check this workbook and not the one the spec names.")] = None,
    rtol: Annotated[
        float | None, typer.Option(min=0, help="Relative tolerance, in place of every one in SPEC.")
    ] = None,
    atol: Annotated[
        float | None, typer.Option(min=0, help="Absolute tolerance, in place of every one in SPEC.")
    ] = None,
    scenarios: Annotated[
        int | None,
        typer.Option(
            min=0, max=MOST_SCENARIOS, help="How many other sets of inputs to try; 0 tries none. [default: 100]"
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=LARGEST_SEED, help="The seed that they are drawn from. [default: 0]")
    ] = None,
    fix: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write a copy of the workbook with the suggestions applied, and verify it."),
    ] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print the verdicts only.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="List every cell that differs.")] = False,
) -> None:
    """Recalculate a workbook and compare every bound cell with the Python reference.

    What is wrong is said by cause, with the formula that should stand there where one is found. The exit code is about
    SPEC's workbook, whatever becomes of the copy that --fix writes. What [tool.xlparity] in pyproject.toml says stands
    where no option does.

    Examples: xlparity verify workbooks/regressor.parity.toml --format json --output report.json;
    xlparity verify student.parity.toml --fix mended.xlsx
    """
    from xlparity.report import worst  # noqa: PLC0415
    from xlparity.reporters import json as json_reporter  # noqa: PLC0415

    if not all(math.isfinite(tolerance or 0.0) for tolerance in (rtol, atol)):
        raise UsageError("--rtol and --atol are numbers such as 1e-9; with an infinite one everything would agree")
    specs = specs or specs_below(Path())
    if fix is not None and len(specs) > 1:
        raise UsageError(f"--fix writes one workbook, and there are {len(specs)} spec files; name one of them")
    keep_apart(output, workbook, fix, *specs)
    options = read_settings(Path()).options(engine=engine, rtol=rtol, atol=atol, scenarios=scenarios, seed=seed)
    with progress_bar(len(specs)) as progress:
        reports = [
            xlparity.verify(spec, workbook=workbook, progress=progress(number, spec), **options)
            for number, spec in enumerate(specs)
        ]
    keep_apart(output, *(Path(report.workbook) for report in reports))
    fixed = None if fix is None else _fixed(reports[0], fix, specs[0], options)
    if format is Format.JSON:
        write(json_reporter.render(reports, fixed), output)
    else:
        from xlparity.reporters import terminal  # noqa: PLC0415

        write_text(lambda console: terminal.show(reports, console, fixed, quiet=quiet, verbose=verbose), output)
    raise typer.Exit(int(worst(report.verdict for report in reports)))


def _fixed(report: "Report", out: Path, spec: Path, options: dict[str, Any]) -> "Fixed":
    """The copy with the report's suggestions, written and verified; nothing is written where there are none."""
    from xlparity.fix import fix  # noqa: PLC0415
    from xlparity.fixed import Fixed  # noqa: PLC0415

    keep_apart(out, spec, Path(report.workbook), option="--fix")
    if out.suffix.lower() != Path(report.workbook).suffix.lower():
        raise UsageError(
            f"--fix {out}: the copy of {report.workbook} must end in {Path(report.workbook).suffix} as well"
        )
    data, cells = fix(report)
    if not cells:
        return Fixed(out.as_posix(), (), None)
    write_file(out, data)
    return Fixed(out.as_posix(), cells, xlparity.verify(spec, workbook=out, **options))


def specs_below(folder: Path) -> list[Path]:
    """Every spec file below the folder; raises UsageError where there is none."""
    found = sorted(
        path for path in folder.rglob("*.parity.toml") if not any(part.startswith(".") for part in path.parts)
    )
    if not found:
        raise UsageError("no *.parity.toml below this folder; name a spec file, or run 'xlparity generate' first")
    return found
