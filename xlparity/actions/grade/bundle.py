"""What a worker needs to grade a submission, as bytes: it may be on another machine, which has no file of this one."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xlparity.actions.parcel import Parcel, files_of
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
    """A spec with its own workbook and its references, of which ``parcel`` has the files.

    ``spec`` and ``workbook`` are the paths of the first two in it. ``digest`` is that of all contents and options.
    """

    spec: str
    workbook: str
    parcel: Parcel
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
    """The spec, its workbook, and of references that are files the Python files and the small other ones beside them.

    ``references`` are the digests of the references: a module that is installed is none of the files.
    """
    found = files_of(plan, workbook)
    folders = {path.parent for path in found if path.suffix == ".py"}
    parcel = Parcel.of([*found, *(path for folder in sorted(folders) for path in _data(folder))])
    digest = hashlib.sha256(repr((options, references)).encode())
    for name, data in sorted(parcel.files.items()):
        digest.update(f"\0{name}\0{hashlib.sha256(data).hexdigest()}".encode("utf-8", "surrogateescape"))
    return Bundle(os.path.relpath(plan.path), os.path.relpath(workbook), parcel, options, digest.hexdigest())


def _data(folder: Path) -> Iterator[Path]:
    """The files in the folder that a reference may read: no workbooks, and nothing that grading writes."""
    for path in sorted(folder.iterdir()):
        wanted = path.suffix.lower() not in _OTHER_KINDS and path.name not in WRITTEN and path.name[0] != "."
        if wanted and path.is_file() and path.stat().st_size <= _LARGEST_BESIDE:
            yield path


def students(files: Sequence[Path]) -> list[str]:
    """For each file the student's name: its own name without the extension, and as much more of its path as tells it apart."""
    names = [path.stem for path in files]
    for longer in (_in_folder, lambda path: path.with_suffix("").as_posix(), Path.as_posix):
        counts = Counter(names)
        names = [name if counts[name] == 1 else longer(path) for name, path in zip(names, files, strict=True)]
    return names


def _in_folder(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"
