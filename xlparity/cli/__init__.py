"""The command line: arguments in, exit code out."""

import io
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

import xlparity
from xlparity.cli.commands import Command, CommandGroup
from xlparity.cli.engines import engines
from xlparity.cli.grade import grade
from xlparity.cli.mutate import mutate
from xlparity.cli.output import print_error
from xlparity.cli.rules import rules
from xlparity.cli.spec import spec
from xlparity.cli.verify import verify
from xlparity.cli.workbooks import generate, init, recalc
from xlparity.errors import XlparityError

app = typer.Typer(
    name="xlparity",
    cls=CommandGroup,
    invoke_without_command=True,
    rich_markup_mode=None,  # rich draws boxes around it, and takes [tool.xlparity] for a colour
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"xlparity {xlparity.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Proves that an Excel workbook and the Python code it mirrors compute the same thing.

    Exit codes: 0 pass, 1 fail, 2 not assessed or unusable input, 3 stored values that are stale.
    """
    if context.invoked_subcommand is None:  # no verdict, so not 0
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(2)


for _command in (verify, init, generate, recalc, mutate, grade, spec, rules, engines):
    # typer shortens a help text to the terminal's width, but not a given short_help.
    app.command(cls=Command, short_help=(_command.__doc__ or "").partition("\n")[0])(_command)


def main() -> NoReturn:
    """The command ``xlparity``: an error is one line on standard error and exit code 2, which differs from a verdict's."""
    # Python has no stream where the shell closed it.
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without ✓ shows ?
    try:
        code = app(prog_name="xlparity", standalone_mode=False)
    except XlparityError as error:
        _exit_with_error(str(error))
    except Exception as error:  # a bug in xlparity: exit code 1 would mean that the workbook fails
        if os.environ.get("XLPARITY_TRACEBACK"):
            raise
        _exit_with_error(
            f"a fault in xlparity, {type(error).__name__}: {error}; please report it, with what XLPARITY_TRACEBACK=1 shows"
        )
    raise SystemExit(code)


def _exit_with_error(message: str) -> NoReturn:
    print_error(message)
    raise SystemExit(2) from None
