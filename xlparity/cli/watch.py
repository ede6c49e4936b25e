"""``xlparity verify --watch``: verifies again whenever the spec, the workbook or the reference is saved."""

import contextlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path

import typer

from xlparity.errors import UsageError, XlparityError

_SETTLED = 0.2  # seconds in which no file may change before it is read: a large workbook takes a while to be written
_LOOK_AGAIN = 1000  # milliseconds: where the system reports no changes, as on some network drives, files are polled


def verify_on_save(specs: Sequence[Path], workbook: Path | None) -> int:
    """Verify now, and whenever a spec, its workbook or its reference is saved; when interrupted, return the last exit code.

    Each verification is a process of its own, since Python would not import a changed reference again. The files' states are
    compared before and after, so that a file saved during a verification is not missed. Raises UsageError where the library
    watchfiles is not installed.
    """
    if importlib.util.find_spec("watchfiles") is None:
        raise UsageError("--watch needs the library watchfiles; in a clone of xlparity, run: pip install '.[watch]'")
    code = 2  # until there is a verdict
    try:
        while True:
            files = _files(specs, workbook)
            seen = _settled(files)
            ended = subprocess.run(_command(), check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
            code = ended.returncode if ended.returncode >= 0 else 2
            files = _files(specs, workbook)  # the spec may name others by now
            names = ", ".join(sorted({file.name for file in files}))
            typer.echo(f"watching {names}; Ctrl-C ends it", err=True)
            _wait(files, {file: seen.get(file, _state(file)) for file in files})
            typer.echo(err=True)
    except KeyboardInterrupt:
        return code


def _command() -> list[str]:
    """The command line of this process without --watch, so that Python imports from the same places."""
    return [sys.executable, *(word for word in sys.orig_argv[1:] if word != "--watch")]


def _files(specs: Sequence[Path], workbook: Path | None) -> list[Path]:
    """The files on which the verdicts depend; of a spec that cannot be read, the spec itself."""
    from xlparity.spec import read_spec  # noqa: PLC0415

    found = [*specs, *([] if workbook is None else [workbook])]
    for spec in specs:
        with contextlib.suppress(XlparityError):
            plan = read_spec(spec)
            found += [plan.workbook] if workbook is None else []
            for reference in plan.references:
                found += _reference_files(reference, spec.parent)
    return list(dict.fromkeys(file.resolve() for file in found))


def _reference_files(reference: str, folder: Path) -> list[Path]:
    """The reference's file and the Python files in its folder, which it may import."""
    place = reference.rpartition(":")[0]
    if place.endswith(".py"):
        file = folder / place
    else:
        found = _module_spec(place)
        if found is None or not found.has_location or found.origin is None:
            return []
        file = Path(found.origin)
    return [file, *sorted(file.parent.glob("*.py"))]


def _module_spec(place: str) -> ModuleSpec | None:
    """The spec of a module by its dotted name; unlike importlib.util.find_spec, this imports none of its packages."""
    found: ModuleSpec | None = None
    names = place.split(".")
    for number in range(1, len(names) + 1):
        path = None if found is None else found.submodule_search_locations
        if found is not None and path is None:
            return None
        each = (finder.find_spec(".".join(names[:number]), path, None) for finder in sys.meta_path)
        found = next((one for one in each if one is not None), None)
        if found is None:
            return None
    return found


def _state(file: Path) -> tuple[int, int, int] | None:
    """A value that changes when the file is written or replaced; None while it is absent, as for a moment when Excel saves."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _states(files: Iterable[Path]) -> dict[Path, tuple[int, int, int] | None]:
    return {file: _state(file) for file in files}


def _settled(files: Sequence[Path]) -> dict[Path, tuple[int, int, int] | None]:
    """The states of the files once none has changed for a moment."""
    seen = _states(files)
    while True:
        time.sleep(_SETTLED)
        now = _states(files)
        if now == seen:
            return now
        seen = now


def _wait(files: Sequence[Path], seen: dict[Path, tuple[int, int, int] | None]) -> None:
    """Return as soon as the state of any file differs from ``seen``."""
    from watchfiles import watch  # noqa: PLC0415

    folders = sorted({file.parent for file in files if file.parent.is_dir()})
    if _states(files) != seen:
        return
    for _ in watch(
        *folders, watch_filter=None, recursive=False, yield_on_timeout=True, rust_timeout=_LOOK_AGAIN, step=50, debounce=400
    ):  # fmt: skip
        if _states(files) != seen:
            return
