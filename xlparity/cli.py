"""The command line: arguments in, exit code out."""

import io
import math
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

import xlparity
from xlparity.errors import UsageError, XlparityError
from xlparity.writing import keep_apart, write_file

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    name="xlparity",
    help="Proves that an Excel workbook and the Python code it mirrors compute the same thing.",
    epilog="Exit codes: 0 pass, 1 fail, 2 not assessed or unusable input, 3 stored values that are stale.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"


class Course(StrEnum):
    """The workbooks that can be generated."""

    REGRESSOR = "regressor"


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"xlparity {xlparity.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
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
        int, typer.Option(min=0, max=100_000, help="How many other sets of inputs to try; 0 tries none.")
    ] = 100,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The seed that they are drawn from.")] = 0,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print the verdicts only.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="List every cell that differs.")] = False,
) -> None:
    """Recalculate a workbook and compare every bound cell with the Python reference.

    Example: xlparity verify workbooks/regressor.parity.toml --format json --output report.json
    """
    from xlparity.report import worst  # noqa: PLC0415
    from xlparity.reporters import json as json_reporter  # noqa: PLC0415

    if not all(math.isfinite(tolerance or 0.0) for tolerance in (rtol, atol)):
        raise UsageError("--rtol and --atol are numbers such as 1e-9; with an infinite one everything would agree")
    specs = specs or _specs_below(Path())
    keep_apart(output, workbook, *specs)
    with _progress_bar(len(specs)) as progress:
        reports = [
            xlparity.verify(
                spec,
                workbook=workbook,
                engine=engine or "formulas",
                rtol=rtol,
                atol=atol,
                scenarios=scenarios,
                seed=seed,
                progress=progress(number, spec),
            )
            for number, spec in enumerate(specs)
        ]
    keep_apart(output, *(Path(report.workbook) for report in reports))
    if format is Format.JSON:
        _write(json_reporter.render(reports), output)
    else:
        from xlparity.reporters import terminal  # noqa: PLC0415

        _write_text(lambda console: terminal.show(reports, console, quiet=quiet, verbose=verbose), output)
    raise typer.Exit(int(worst(report.verdict for report in reports)))


@app.command()
def generate(
    course: Annotated[Course, typer.Argument(help="The workbook to write.")] = Course.REGRESSOR,
    *,
    out: Annotated[Path, typer.Option(help="The folder to write it to.", file_okay=False)] = Path("workbooks"),
    iterations: Annotated[int, typer.Option(min=2, max=2000, help="How many iterations of training.")] = 22,
    alpha: Annotated[float, typer.Option(help="The learning rate in the workbook's alpha cell.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The seed of the first weights.")] = 1,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if the files are not these.")] = False,
    verify_it: Annotated[bool, typer.Option("--verify", help="Verify the workbook that was written.")] = False,
) -> None:
    """Write a course workbook with live formulas, and the spec file that verifies it.

    Example: xlparity generate --iterations 200 --out scratch --verify
    """
    from xlparity.course.regressor.pages import regressor  # noqa: PLC0415
    from xlparity.generate import build, differs  # noqa: PLC0415

    if not -1e6 < alpha < 1e6:  # also refuses a nan
        raise UsageError(f"--alpha {alpha} is no learning rate; give a number such as 0.5")
    files = build(regressor(iterations=iterations, alpha=alpha, seed=seed))
    if check:
        wrong = [path for name, data in files.items() if differs(path := out / name, data)]
        for path in wrong:
            typer.echo(f"{path.as_posix()} differs from what xlparity generates", err=True)
        if wrong:
            raise typer.Exit(1)
    else:
        for name, data in files.items():
            write_file(out / name, data)
            typer.echo(f"wrote {(out / name).as_posix()}", err=True)
    if verify_it:
        verify([out / f"{course.value}.parity.toml"])


@app.command()
def engines() -> None:
    """List the engines, their versions, and whether each can run here."""
    from rich.console import Console  # noqa: PLC0415

    from xlparity.engines import list_engines  # noqa: PLC0415
    from xlparity.reporters.terminal import engine_table  # noqa: PLC0415

    rows = [(info.name, info.version, info.kind, info.available, info.note) for info in list_engines()]
    Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 120).print(engine_table(rows))


@app.command()
def recalc(
    workbook: Annotated[Path, typer.Argument(metavar="WORKBOOK", help="An Excel workbook.")],
    *,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write to this file and not to WORKBOOK.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 3 where stored values differ or are absent.")
    ] = False,
    format: Annotated[Format, typer.Option("--format", help="How the report is written.")] = Format.TEXT,
    output: Annotated[Path | None, typer.Option(help="Write the report to this file.")] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print the verdict only.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="List every cell.")] = False,
) -> None:
    """Recompute a workbook and store the values in it, or compare them with the stored ones.

    Nothing but the values in the sheets is changed; a cell that cannot be computed keeps what it has.

    Example: xlparity recalc --check workbooks/regressor.xlsx
    """
    from xlparity.recalc import recalculate  # noqa: PLC0415
    from xlparity.reporters import json as json_reporter  # noqa: PLC0415

    if check and out:
        raise UsageError("--check writes no workbook; leave --out away")
    keep_apart(output, workbook, out)
    report, data = recalculate(workbook)
    written = "" if check else (out or workbook).as_posix()

    def tell() -> None:
        if format is Format.JSON:
            _write(json_reporter.render_stored(report), output)
            return
        from xlparity.reporters import terminal  # noqa: PLC0415

        _write_text(
            lambda console: terminal.show_stored(report, console, written=written, quiet=quiet, verbose=verbose), output
        )

    if output:  # before the workbook, which is as it was if the report cannot be written
        tell()
    if not check:
        write_file(out or workbook, data)
    if not output:
        tell()
    raise typer.Exit(int(report.verdict) if check else 0)


@app.command()
def init(
    workbook: Annotated[Path, typer.Argument(metavar="WORKBOOK", help="The workbook to draft a spec file for.")],
    *,
    reference: Annotated[
        str | None, typer.Option(help="The Python function: file.py:function or package.module:function.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The spec file; without it, NAME.parity.toml beside WORKBOOK.")
    ] = None,
) -> None:
    """Draft a spec file from a workbook's labels, and from the names of the Python reference, to be corrected by hand.

    Example: xlparity init training.xlsx --reference training.py:train
    """
    from xlparity.draft import draft_spec  # noqa: PLC0415
    from xlparity.references import find_reference  # noqa: PLC0415
    from xlparity.workbook import read_workbook  # noqa: PLC0415

    book = read_workbook(workbook)
    spec = output or workbook.with_suffix(".parity.toml")
    if os.path.lexists(spec):
        raise UsageError(f"{spec}: exists, and init overwrites nothing; name another file with --output")
    function = find_reference(reference, Path()) if reference is not None else None
    write_file(spec, draft_spec(book, spec, function).encode())
    typer.echo(f"wrote {spec.as_posix()}", err=True)


def _specs_below(folder: Path) -> list[Path]:
    found = sorted(
        path for path in folder.rglob("*.parity.toml") if not any(part.startswith(".") for part in path.parts)
    )
    if not found:
        raise UsageError("no *.parity.toml below this folder; name a spec file, or run 'xlparity generate' first")
    return found


def _write_text(show: "Callable[[Console], None]", output: Path | None) -> None:
    from rich.console import Console  # noqa: PLC0415

    if output is None:
        # A pipe has no width of its own; 100 columns keep an address, two numbers and most formulas on a line.
        piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
        show(Console(highlight=False, markup=False, width=100 if piped else None))
        return
    text = io.StringIO()
    show(Console(file=text, width=120, highlight=False, markup=False))
    _write(text.getvalue(), output)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
    else:
        write_file(output, text.encode())


@contextmanager
def _progress_bar(count: int) -> Iterator[Callable[[int, Path], Callable[[str, float], None]]]:
    """A bar on standard error, for work that takes over a second and a person who watches it."""
    if not sys.stderr.isatty():
        yield lambda number, spec: lambda stage, done: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=count)
    timer = threading.Timer(1.0, bar.start)
    timer.daemon = True
    timer.start()

    def of(number: int, spec: Path) -> Callable[[str, float], None]:
        return lambda stage, done: bar.update(task, completed=number + done, description=f"{spec.name}: {stage}")

    try:
        yield of
    finally:
        timer.cancel()
        timer.join()
        bar.stop()


def main() -> None:
    """The command ``xlparity``: an error is one line on standard error and exit code 2, and never looks like a verdict."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without ✓ shows ?
    try:
        app()
    except XlparityError as error:
        _complain(str(error))
    except Exception as error:  # a fault of ours: exit code 1 would say that the workbook fails
        if os.environ.get("XLPARITY_TRACEBACK"):
            raise
        _complain(
            f"a fault in xlparity, {type(error).__name__}: {error}; please report it, with what XLPARITY_TRACEBACK=1 shows"
        )


def _complain(message: str) -> NoReturn:
    typer.echo(f"xlparity: {' '.join(message.split())}", err=True)
    raise SystemExit(2) from None


if __name__ == "__main__":
    main()
