"""The command line: arguments in, exit code out."""

import io
import os
import sys
from typing import Annotated, NoReturn

import typer

import xlparity
from xlparity.cli.formats import on_github
from xlparity.cli.mutate import mutate
from xlparity.cli.verify import verify
from xlparity.cli.workbooks import generate, init, recalc
from xlparity.errors import XlparityError

app = typer.Typer(
    name="xlparity",
    help="Proves that an Excel workbook and the Python code it mirrors compute the same thing.",
    epilog="Exit codes: 0 pass, 1 fail, 2 not assessed or unusable input, 3 stored values that are stale.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
def engines() -> None:
    """List the engines, their versions, and whether each can run here."""
    from rich.console import Console  # noqa: PLC0415

    from xlparity.engines import list_engines  # noqa: PLC0415
    from xlparity.reporters.terminal import engine_table  # noqa: PLC0415

    rows = [(info.name, info.version, info.kind, info.available, info.note) for info in list_engines()]
    Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 120).print(engine_table(rows))


for _command in (verify, generate, recalc, init, mutate):
    app.command()(_command)


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
    message = " ".join(message.split())
    typer.echo(f"xlparity: {message}", err=True)
    if on_github():
        from xlparity.reporters.github import command  # noqa: PLC0415

        typer.echo(command("error", message, title="xlparity"), err=True)
    raise SystemExit(2) from None
