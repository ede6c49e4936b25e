"""``xlparity spec``: prints the manual of spec files, or their JSON Schema for editors."""

from typing import Annotated

import typer

from xlparity.cli.output import page_width, write


def spec(
    schema: Annotated[
        bool,
        typer.Option("--schema", help="Print the JSON Schema of a spec file, by which editors complete and check it."),
    ] = False,
) -> None:
    """Print the format of spec files: every key, an example, the reference's contract, and how inputs are varied."""
    from xlparity.spec.manual import manual  # noqa: PLC0415
    from xlparity.spec.schema import schema_text  # noqa: PLC0415

    write(schema_text() if schema else manual(page_width()), None)
