"""Where a command's report goes: a terminal, a pipe or a file; and the bar that shows how far the work has come."""

import io
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlparity.writing import write_file

if TYPE_CHECKING:
    from rich.console import Console


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"


def write_text(show: "Callable[[Console], None]", output: Path | None) -> None:
    """What ``show`` prints, to standard output or the file."""
    if output is None:
        # A pipe has no width of its own; 100 columns keep an address, two numbers and most formulas on a line.
        piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
        show(_console(width=100 if piped else None))
        return
    text = io.StringIO()
    show(_console(file=text, width=120))
    write(text.getvalue(), output)


def _console(**where: Any) -> "Console":
    """A console that prints what it is given as it stands, without colours where NO_COLOR is set."""
    from rich.console import Console  # noqa: PLC0415

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # rich would end the program with 1, which is a verdict

    plain = bool(os.environ.get("NO_COLOR"))
    return Plain(color_system=None if plain else "auto", highlight=False, markup=False, **where)


def write(text: str, output: Path | None) -> None:
    """The text, to standard output or the file."""
    if output is None:
        sys.stdout.write(text)
    else:
        write_file(output, text.encode())


@contextmanager
def progress_bar(count: int) -> Iterator[Callable[[int, Path], Callable[[str, float], None]]]:
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
