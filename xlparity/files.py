"""Files written whole or not at all, and how a report names them."""

import contextlib
import errno
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from xlparity.errors import UsageError
from xlparity.process import LOCK

if sys.platform == "win32":
    fcntl = None
else:
    import fcntl

_PREFIX, _SUFFIX = ".xlparity-", ".tmp"
_LEFT_OVER = re.compile(rf"{re.escape(_PREFIX)}[a-z0-9_]{{8}}{re.escape(_SUFFIX)}")  # as mkstemp names them
_WRITTEN_BY_PEOPLE = (".py", ".toml", ".xlsx", ".xlsm")


def from_here(path: Path) -> str:
    """The path for a report, which is to be the same on every machine: relative, where it leads below the current folder."""
    if path.is_absolute():
        with LOCK:
            here = Path.cwd()
        place = Path(os.path.realpath(path.parent), path.name)
        path = place.relative_to(here) if place.is_relative_to(here) else path
    return path.as_posix()


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """The file, open to be read, and its size in bytes; raises OSError where there is none, and for a pipe or a device.

    One would be waited for, or read, without end.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))  # a pipe would wait
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise OSError(errno.EINVAL, "it is a pipe or a device, and no file")
    with os.fdopen(handle, "rb") as file:
        yield file, found.st_size


def read_file(path: Path, most: int) -> bytes:
    """The file's bytes; raises OSError where it cannot be read, is longer than ``most`` bytes, or is a pipe or device."""
    with opened(path) as (file, _):
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MB")
    return data


def write_file(path: Path, data: bytes) -> None:
    """The whole file or none of it, also if the program is killed or the power fails; a device or pipe is written to as it is.

    It is written beside its place, brought to the disk and moved there. What killed runs have left in that folder is removed.
    """
    with LOCK:
        target = Path(os.path.realpath(path))  # a link stays a link
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            _write_to_device(target, data)
            return
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if target.is_file() and not os.access(target, os.W_OK):
            raise PermissionError(0, "it is read-only")
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_left_over(target.parent)
        handle, temporary = _temporary(target.parent)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:  # its lock ends with it, and so it is moved before
            file.write(data)
            file.flush()
            os.fsync(handle)
            temporary.chmod(_mode(target))  # mkstemp's files are their owner's alone
            if fcntl is None:  # Windows moves no open file
                file.close()
            temporary.replace(target)
    except BaseException as error:  # also where it is interrupted
        temporary.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise _unwritable(path, error) from error
    with contextlib.suppress(OSError):  # Windows opens no folder, and some file systems cannot bring one to the disk
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _write_to_device(target: Path, data: bytes) -> None:
    """Write to what is no file; raises OSError where that is a pipe that nobody reads, which would be waited for without end."""
    try:
        handle = os.open(target, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "nothing reads from it") from error
        raise
    with os.fdopen(handle, "wb") as file:
        if hasattr(os, "set_blocking"):
            os.set_blocking(handle, True)
        file.write(data)


def _temporary(folder: Path) -> tuple[int, Path]:
    """A new file in the folder, open for writing, and its path. As long as it is open, no other run removes it."""
    while True:
        # Not with the target's name in it, which may be as long as a name can be.
        handle, name = tempfile.mkstemp(dir=folder, prefix=_PREFIX, suffix=_SUFFIX)
        if fcntl is None:
            return handle, Path(name)
        with contextlib.suppress(OSError):  # some network drives have no locks; there, nothing is removed either
            fcntl.flock(handle, fcntl.LOCK_EX)  # waits for a run that removes it just now
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.stat(name)):  # noqa: PTH116  (as samestat wants it)
                return handle, Path(name)
        os.close(handle)  # another run has removed it before it was locked


def _remove_left_over(folder: Path) -> None:
    """Remove the temporary files in the folder that no process has locked: the system ends the locks of a process with it.

    On Windows they stay, since there a file can neither be moved while it is open nor be told from a left one when it is not.
    """
    if fcntl is None:
        return
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        names = [
            entry.path for entry in entries if _LEFT_OVER.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
        ]
    for name in names:
        with contextlib.suppress(OSError):  # removed by another run meanwhile, in use, or somebody else's
            handle = os.open(name, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(name)  # noqa: PTH108
            finally:
                os.close(handle)


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{path}: cannot be written ({error.strerror or error}); name another file, make room, or close it elsewhere"
    )


def _mode(target: Path) -> int:
    """The permissions of the file that is there, or those of a new one."""
    if target.exists():
        return target.stat().st_mode & 0o7777
    with LOCK:  # the mask can only be read by setting it, and two threads at once would leave none
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
