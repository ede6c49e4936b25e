"""Files written whole or not at all, and how a report names them."""

import os
import tempfile
from pathlib import Path

from xlparity.errors import UsageError
from xlparity.process import LOCK

_WRITTEN_BY_PEOPLE = (".py", ".toml", ".xlsx", ".xlsm")


def from_here(path: Path) -> str:
    """The path for a report, which is to be the same on every machine: relative, where it leads below the current folder."""
    if path.is_absolute():
        with LOCK:
            here = Path.cwd()
        place = Path(os.path.realpath(path.parent), path.name)
        path = place.relative_to(here) if place.is_relative_to(here) else path
    return path.as_posix()


def write_file(path: Path, data: bytes) -> None:
    """The whole file or none of it: written beside its place and moved there; a device or pipe is written to as it is."""
    with LOCK:
        target = Path(os.path.realpath(path))  # a link stays a link
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(data)
            return
        if target.is_file() and not os.access(target, os.W_OK):
            raise PermissionError(0, "it is read-only")
        target.parent.mkdir(parents=True, exist_ok=True)
        # Not with its name in it, which may be as long as a name can be.
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".xlparity-")
    except OSError as error:
        raise _unwritable(path, error) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        temporary.chmod(_mode(target))  # mkstemp's files are their owner's alone
        temporary.replace(target)
    except BaseException as error:  # also where it is interrupted
        temporary.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{path}: cannot be written ({error.strerror or error}); name another file, or close it elsewhere"
    )


def _mode(target: Path) -> int:
    """The permissions of the file that is there, or those of a new one."""
    if target.exists():
        return target.stat().st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def keep_apart(written: Path | None, *others: Path | None, option: str = "--output") -> None:
    """Raises UsageError where the file that the option names would overwrite one of the others."""
    for other in others:
        if written is not None and other is not None and _same(written, other):
            raise UsageError(f"{option} {written} would overwrite {other}; name another file for it")


def keep_report_apart(written: Path | None, *others: Path | None) -> None:
    """Raises UsageError where ``--output`` names one of the others, or any file of a kind that people write.

    A reference imports others, and a spec of tomorrow may name the workbook beside that of today.
    """
    keep_apart(written, *others)
    if written is not None:
        target = Path(os.path.realpath(written))
        if target.suffix.lower() in _WRITTEN_BY_PEOPLE and os.path.lexists(target):
            raise UsageError(f"--output {written} would overwrite a file that is no report; name another file for it")


def refuse_kind(out: Path, workbook: Path, option: str) -> None:
    """Raises UsageError where the copy of a workbook does not end as that does: Excel opens no other."""
    if out.suffix.lower() != workbook.suffix.lower():
        raise UsageError(f"{option} {out}: the copy of {workbook} must end in {workbook.suffix} as well")


def files_below(folder: Path, ending: str) -> list[Path]:
    """The files below the folder, but none that is hidden or that came with a package into a virtual environment."""
    found: list[Path] = []
    for name, folders, files in os.walk(folder):
        here = Path(name)
        folders[:] = [f for f in folders if not f.startswith(".") and not (here / f / "pyvenv.cfg").is_file()]
        found += [here / file for file in files if file.endswith(ending) and not file.startswith(".")]
    return sorted(found)


def _same(one: Path, other: Path) -> bool:
    """Whether the two are one file: by another way, by a link of any kind, or in capitals where these do not count."""
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there yet
        return os.path.realpath(one) == os.path.realpath(other)
