"""Writes a command's output to a terminal, a pipe or a file, and shows a progress bar."""

import contextlib
import io
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from xlparity.errors import UsageError
from xlparity.files import write_file
from xlparity.reporters.visible import visible

if TYPE_CHECKING:
    from rich.console import Console


_WIDEST = 100
_LONGEST_ERROR = 2_000  # characters: four times the longest that is ours, with paths as long as they are


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"


def on_github() -> bool:
    """Whether this runs as a step of GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def write_text(show: "Callable[[Console], None]", output: Path | None, *, aside: bool = False) -> None:
    """Write what ``show`` prints to the file or to standard output, with ``aside`` to standard error.

    NO_COLOR switches colours off, FORCE_COLOR switches them on for a pipe; a file is never coloured.
    """
    from rich.console import Console  # noqa: PLC0415

    from xlparity.reporters.wrapping import VisibleTexts  # noqa: PLC0415

    plain = output is not None or bool(os.environ.get("NO_COLOR"))

    # A file must not count as a terminal with FORCE_COLOR, or it would get the width of a dumb one.
    def printed(**to: Any) -> None:
        console = Console(highlight=False, markup=False, color_system=None if plain else "auto", **to)
        console.push_render_hook(VisibleTexts())
        show(console)

    stream = sys.stderr if aside else sys.stdout
    if output is None and stream.isatty():
        printed(stderr=aside)
        return
    # A pipe has no width of its own; 100 columns keep an address, two numbers and most formulas on a line.
    width = 120 if output is not None else None if "COLUMNS" in os.environ else 100
    buffer = io.StringIO()
    printed(file=buffer, width=width, force_terminal=None if output is None else False)
    text = "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())
    if output is not None:
        write(text, output)
        return
    if on_github():
        from xlparity.reporters.github import inert  # noqa: PLC0415

        text = inert(text)
    if aside:
        sys.stderr.write(text)
    else:
        _print(text)


def write(text: str, output: Path | None) -> None:
    """Write the text to the file or to standard output, in UTF-8 whatever the locale, since programs read it."""
    if output is not None:
        write_file(output, text.encode())
        return
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    _print(text)


def page_width() -> int:
    """The width of wrapped texts such as a manual page: the terminal's, at most 100 columns."""
    return min(shutil.get_terminal_size((_WIDEST, 24)).columns, _WIDEST)


def print_written(output: Path) -> None:
    """Print on standard error which file was written."""
    typer.echo(f"wrote {output.as_posix()}", err=True)


def print_error(message: str) -> None:
    """Print the error as one line on standard error, and on GitHub Actions as an annotation too."""
    message = visible(" ".join(message.split()))
    if len(message) > _LONGEST_ERROR:  # with a name or a number of a million characters in it
        message = f"{message[: _LONGEST_ERROR // 2]} … {message[-_LONGEST_ERROR // 2 :]}"
    lines = f"xlparity: {message}\n"
    if on_github():
        from xlparity.reporters.github import command, inert  # noqa: PLC0415

        lines = f"{inert(lines)}{command('error', message, title='xlparity')}\n"
    with contextlib.suppress(BrokenPipeError):  # the pipe is closed; the exit code is the same
        typer.echo(lines, nl=False, err=True)


def discard_output() -> None:
    """Send standard output to the null device: Python flushes its buffers on exit, and would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print(text: str) -> None:
    """Print the text; raises UsageError where it cannot be written, as on a full disk, but BrokenPipeError for a closed pipe."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_output()
        sentence = f"standard output cannot be written ({error.strerror or error})"
        raise UsageError(f"{sentence}; name a file with --output") from error


@contextmanager
def progress_bar(count: int) -> Iterator[Callable[[int, Path], Callable[[str, float], None]]]:
    """A progress bar on standard error, shown on a terminal when the work takes over a second."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda number, spec: lambda stage, done: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=count)
    timer = threading.Timer(1.0, bar.start)
    timer.daemon = True
    timer.start()

    def of(number: int, spec: Path) -> Callable[[str, float], None]:
        return lambda stage, done: bar.update(
            task, completed=number + done, description=escape(f"{visible(spec.name)}: {stage}")
        )

    try:
        yield of
    finally:
        timer.cancel()
        timer.join()
        bar.stop()
