"""Options that several commands have, declared once."""

from typing import Annotated, Any

import typer

from xlparity.settings import Options

Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        "--reference-timeout",
        metavar="SECONDS",
        help="How long one call of the reference may take.  [default: 60]",
    ),
]
InProcess = Annotated[
    bool, typer.Option("--in-process", help="Call the reference in this process, without limits: for a debugger.")
]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="NAME=NUMBER",
        help="Read a workbook that exceeds the limit of this name; an error about a limit has it. May be repeated.",
    ),
]


def project_options(allow: list[str] | None, **given: Any) -> Options:
    """The project's options with those that are given, which are not None; raises UsageError where one makes no sense."""
    usual = Options.of_project()
    return usual.over({**given, "limits": usual.limits.allowing(allow)}, "--")
