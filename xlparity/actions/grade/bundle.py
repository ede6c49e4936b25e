"""What a worker needs to grade a submission, as bytes: it may be on another machine, which has no file of this one."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xlparity.errors import XlparityError
from xlparity.files import files_below
from xlparity.process import LOCK
from xlparity.settings import Options
from xlparity.spec import Spec

TABLE, JOURNAL = "grades.csv", "grades.jsonl"
WRITTEN = (TABLE, JOURNAL)
"""The files that grading writes beside the pages."""
_OTHER_KINDS = (".xlsx", ".xlsm", ".html", ".py")
_LARGEST_BESIDE = (
    1 << 20
)  # bytes of a file beside a reference that is sent along: tables that it reads, no results of runs


@dataclass(frozen=True, slots=True)
class Bundle:
    """A spec with its references and its workbook: the contents of the files by their paths, which are relative.

    ``spec`` and ``workbook`` are the paths of these two. ``digest`` is that of all contents and options.
    """

    spec: str
    workbook: str
    files: tuple[tuple[str, bytes], ...]
    options: Options
    digest: str


@dataclass(frozen=True, slots=True)
class Task:
    """One submission to be graded: the student, the file's name and its contents, or why these could not be read.

    ``pages`` says that the feedback page and the annotated copy are wanted.
    """

    bundle: Bundle
    student: str
    file: str
    data: bytes
    unreadable: str | None = None
    pages: bool = True


def bundle_of(plan: Spec, workbook: Path, options: Options, references: Sequence[str | None]) -> Bundle:
    """The spec, its workbook, and the folders of references that are files: every .py below them, and small files beside.

    ``references`` are the digests of the references: a module that is installed is none of the files.
    """
    with LOCK:
        here = Path(os.path.abspath(plan.path))  # noqa: PTH100  (a link stays a link: a reference may lie beside it)
        book = Path(os.path.abspath(workbook))  # noqa: PTH100
    files = {here: _read(here), book: _read(book)}
    for place in dict.fromkeys(_reference_files(plan)):
        file = Path(os.path.normpath(here.parent / place))
        if file.is_file():  # one that is not there is an error of the spec, which reading it in a worker reports
            files |= {path: _read(path) for path in (file, *_beside(file.parent))}
    base = Path(os.path.commonpath([path.parent for path in files]))
    contents = tuple(sorted((path.relative_to(base).as_posix(), data) for path, data in files.items()))
    digest = hashlib.sha256(repr((options, references)).encode())
    for name, data in contents:
        digest.update(f"\0{name}\0{hashlib.sha256(data).hexdigest()}".encode("utf-8", "surrogateescape"))
    name, own = (path.relative_to(base).as_posix() for path in (here, book))
    return Bundle(name, own, contents, options, digest.hexdigest())


def _reference_files(plan: Spec) -> Iterator[str]:
    drawn = (given.draw for check in plan.checks for given in check.inputs if given.draw)
    for name in (*plan.references, *drawn):
        place = name.rpartition(":")[0]
        if place.endswith(".py"):
            yield place


def _beside(folder: Path) -> Iterator[Path]:
    yield from files_below(folder, ".py")
    for path in sorted(folder.iterdir()):
        wanted = path.suffix.lower() not in _OTHER_KINDS and path.name not in WRITTEN and path.name[0] != "."
        if wanted and path.is_file() and path.stat().st_size <= _LARGEST_BESIDE:
            yield path


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise XlparityError(f"{path}: cannot be read ({error.strerror or error})") from error


def unpack(bundle: Bundle, folder: Path) -> Path:
    """Write the bundle's files into the folder; the path of the spec there."""
    for name, data in bundle.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder / bundle.spec


def students(files: Sequence[Path]) -> list[str]:
    """For each file the student's name: its own name without the extension, with the folder where two have the same."""
    counts = Counter(path.stem for path in files)
    named = [path.stem if counts[path.stem] == 1 else f"{path.parent.name}/{path.stem}" for path in files]
    again = Counter(named)
    return [
        name if again[name] == 1 else path.with_suffix("").as_posix() for name, path in zip(named, files, strict=True)
    ]
