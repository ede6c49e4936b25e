"""``xlparity engines``: what can recalculate a workbook here."""

from xlparity.cli.output import write_text


def engine_names() -> list[str]:
    """What ``--engine`` completes to."""
    from xlparity.engines import NAMES  # noqa: PLC0415

    return list(NAMES)


def engines() -> None:
    """List the engines, their versions, and whether each can run here."""
    from xlparity.engines import list_engines  # noqa: PLC0415
    from xlparity.reporters.terminal import engine_table  # noqa: PLC0415

    rows = [(info.name, info.version, info.kind, info.available, info.note) for info in list_engines()]
    write_text(lambda console: console.print(engine_table(rows)), None)
