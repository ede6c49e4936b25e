"""``xlparity verify``: the workbooks of spec files against their references."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import xlparity
from xlparity.cli.engines import engine_names
from xlparity.cli.formats import ReportFormat, keep_all_apart, paired, write_reports
from xlparity.cli.output import progress_bar
from xlparity.errors import UsageError, XlparityError
from xlparity.settings import LARGEST_SEED, MOST_SCENARIOS, read_settings
from xlparity.writing import keep_apart, write_file

if TYPE_CHECKING:
    from xlparity.fixed import Fixed
    from xlparity.report import Report

_WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".numbers")


def verify(  # noqa: PLR0913  (a command's parameters are its options)
    specs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="SPEC", help="Spec files; without any, every *.parity.toml below this folder."),
    ] = None,
    *,
    format: Annotated[
        list[ReportFormat] | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help=f"How the report is written: {', '.join(ReportFormat)}; may be repeated.  [default: text]",
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
            help="What recalculates the workbook (see 'xlparity engines'); may be repeated.  [default: formulas]",
        ),
    ] = None,
    workbook: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Check this workbook, or every one below this folder, and not the one the spec names; may be repeated.",
        ),
    ] = None,
    rtol: Annotated[
        float | None, typer.Option(metavar="X", min=0, help="Relative tolerance, in place of every one in SPEC.")
    ] = None,
    atol: Annotated[
        float | None, typer.Option(metavar="X", min=0, help="Absolute tolerance, in place of every one in SPEC.")
    ] = None,
    scenarios: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            max=MOST_SCENARIOS,
            help="How many other sets of inputs to try; 0 tries none.  [default: 100]",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, max=LARGEST_SEED, help="The seed that they are drawn from.  [default: 0]"),
    ] = None,
    fix: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write a copy of the workbook with the suggestions applied, and verify it."),
    ] = None,
    annotate: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT",
            help="Write a copy of the workbook with its cells coloured and commented; of several, into this folder.",
        ),
    ] = None,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Verify again whenever workbook, spec or reference is saved; Ctrl-C ends it."),
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print the verdicts only.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="List every cell that differs.")] = False,
) -> None:
    """Recalculate a workbook and compare every bound cell with the Python reference.

    What is wrong is said by cause, with the formula that should stand there where one is found. The exit code is about
    SPEC's workbook, whatever becomes of the copy that --fix writes. What [tool.xlparity] in pyproject.toml says stands
    where no option does.
    """
    from xlparity.report import worst  # noqa: PLC0415

    wanted = paired(format, output)
    if not all(math.isfinite(tolerance or 0.0) for tolerance in (rtol, atol)):
        raise UsageError("--rtol and --atol are numbers such as 1e-9; with an infinite one everything would agree")
    specs = specs or specs_below(Path())
    given = workbooks_of(workbook or ())
    for option, copy in (("--fix", fix), ("--annotate", annotate)):
        if copy is not None and len(specs) > 1:
            raise UsageError(f"{option} writes one workbook, and there are {len(specs)} spec files; name one of them")
    if fix is not None and len(given) > 1:
        raise UsageError(f"--fix writes one workbook, and --workbook names {len(given)}; name one of them")
    keep_all_apart(wanted, *given, fix, annotate, *specs)
    keep_apart(annotate, fix, option="--annotate")
    copies = {} if annotate is None else _copies(annotate, workbook or (), given)
    if watch:
        from xlparity.cli.watch import verify_on_save  # noqa: PLC0415

        raise typer.Exit(verify_on_save(specs, list(given)))
    options = read_settings(Path()).options(engine=engine, rtol=rtol, atol=atol, scenarios=scenarios, seed=seed)
    reports, refused = _verified([(spec, book) for spec in specs for book in (*given,) or (None,)], options)
    keep_all_apart(wanted, *(Path(report.workbook) for report in reports))
    fixed = None if fix is None else _fixed(reports[0], fix, specs[0], options)
    if annotate is not None:
        for report in reports:
            _annotated(report, copies.get(Path(report.workbook), annotate), specs[0])
    if reports:
        write_reports(wanted, reports, fixed, quiet=quiet, verbose=verbose)
    for said in refused:
        typer.echo(f"xlparity: {said}", err=True)
    raise typer.Exit(2 if refused else int(worst(report.verdict for report in reports)))


def _verified(pairs: Sequence[tuple[Path, Path | None]], options: dict[str, Any]) -> tuple[list["Report"], list[str]]:
    """The report on each spec and workbook, and, where one workbook of several is unusable, what is to be said of it.

    One student's unusable file keeps nobody from the other twenty-nine verdicts.
    """
    from xlparity.spec import read_spec  # noqa: PLC0415

    if len(pairs) > 1:
        for spec in dict.fromkeys(spec for spec, _ in pairs):
            read_spec(spec)  # what is wrong with it is wrong with all
    reports: list[Report] = []
    refused: dict[str, None] = {}  # what is wrong with the reference is wrong with each, and said once
    with progress_bar(len(pairs)) as progress:
        for number, (spec, book) in enumerate(pairs):
            try:
                say = progress(number, book or spec)
                reports.append(xlparity.verify(spec, workbook=book, progress=say, **options))
            except XlparityError as error:
                if book is None or len(pairs) == 1:
                    raise
                refused[str(error)] = None
    return reports, list(refused)


def _fixed(report: "Report", out: Path, spec: Path, options: dict[str, Any]) -> "Fixed":
    """The copy with the report's suggestions, written and verified; nothing is written where there are none."""
    from xlparity.fix import fix  # noqa: PLC0415
    from xlparity.fixed import Fixed  # noqa: PLC0415

    _refuse_name(out, spec, Path(report.workbook), "--fix")
    data, cells = fix(report)
    if not cells:
        return Fixed(out.as_posix(), (), None)
    write_file(out, data)
    return Fixed(out.as_posix(), cells, xlparity.verify(spec, workbook=out, **options))


def _annotated(report: "Report", out: Path, spec: Path) -> None:
    """The copy with the report in it, written and told of on standard error, whatever the report's own format is."""
    from xlparity.annotate import annotate  # noqa: PLC0415

    _refuse_name(out, spec, Path(report.workbook), "--annotate")
    copy = annotate(report)
    write_file(out, copy.data)
    coloured = f"{copy.coloured:,} cell{'' if copy.coloured == 1 else 's'} coloured, {copy.commented:,} commented"
    typer.echo(f"wrote {out.as_posix()}: {coloured}, sheet '{copy.sheet}' added", err=True)


def _refuse_name(out: Path, spec: Path, workbook: Path, option: str) -> None:
    """A copy overwrites nothing that is read, and ends as the workbook does: Excel opens no other."""
    keep_apart(out, spec, workbook, option=option)
    if out.suffix.lower() != workbook.suffix.lower():
        raise UsageError(f"{option} {out}: the copy of {workbook} must end in {workbook.suffix} as well")


def workbooks_of(places: Sequence[Path]) -> dict[Path, Path]:
    """The workbooks at the places that --workbook names, each with the name that a copy of it has in another folder.

    A folder stands for every workbook below it, also for those in formats that are refused: none goes unmentioned.
    Raises UsageError where there is none.
    """
    found: dict[Path, Path] = {}
    for place in places:
        if not place.is_dir():
            found[place] = Path(place.name)
            continue
        # Excel keeps a ~$NAME beside a workbook that is open.
        names = sorted(path.relative_to(place) for path in place.rglob("[!~.]*") if path.suffix.lower() in _WORKBOOKS)
        if not names:
            raise UsageError(f"--workbook {place}: there is no workbook below this folder; name another")
        found |= {place / name: name for name in names}
    return found


def _copies(folder: Path, places: Sequence[Path], given: dict[Path, Path]) -> dict[Path, Path]:
    """Where --annotate writes the copy of each workbook: below the folder, or, of a single one, to the file of that name."""
    if not any(place.is_dir() for place in places) and len(given) < 2:
        return {}
    if folder.suffix.lower() in _WORKBOOKS:
        raise UsageError(f"--annotate {folder}: the copies of several workbooks go into a folder; name one")
    if len(set(given.values())) < len(given):
        raise UsageError(
            "--annotate: two of the workbooks have the same name; give --workbook the folder that they are in"
        )
    copies = {book: folder / name for book, name in given.items()}
    for copy in copies.values():
        keep_apart(copy, *given, option="--annotate")
    return copies


def specs_below(folder: Path) -> list[Path]:
    """Every spec file below the folder; raises UsageError where there is none."""
    found = sorted(
        path for path in folder.rglob("*.parity.toml") if not any(part.startswith(".") for part in path.parts)
    )
    if not found:
        raise UsageError("no *.parity.toml below this folder; name a spec file, or run 'xlparity generate' first")
    return found
