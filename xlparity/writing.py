"""Files written whole or not at all."""

import os
import tempfile
from pathlib import Path

from xlparity.errors import UsageError


def write_file(path: Path, data: bytes) -> None:
    """The whole file or none of it: written beside its place and moved there; a device or pipe is written to as it is."""
    target = path.resolve()  # a link stays a link
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(data)
            return
        if target.is_file() and not os.access(target, os.W_OK):
            raise PermissionError(0, "it is read-only")
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be written ({error.strerror or error}); name another file, or close it elsewhere"
        ) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        temporary.chmod(_mode(target))  # mkstemp's files are their owner's alone
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(
            f"{path}: cannot be written ({error.strerror or error}); name another file, or close it elsewhere"
        ) from error


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
        if written is not None and other is not None and written.resolve() == other.resolve():
            raise UsageError(f"{option} {written} would overwrite {other}; name another file for it")
