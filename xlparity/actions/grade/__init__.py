"""``grade``: grades submissions of a workbook by a spec, with a page for each student and one for the class.

``bundle`` has what a worker needs, ``one`` grades one submission there: ``sheets`` finds renamed sheets, ``judge`` makes points
of a report, ``advice`` and ``marks`` say what students are told and what is unusual. ``alike`` compares the submissions.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import overload

from xlparity.actions.grade.alike import alike
from xlparity.actions.grade.bundle import JOURNAL, TABLE, Bundle, Task, bundle_of, students
from xlparity.actions.grade.judge import wanted_of
from xlparity.actions.grade.one import Graded, bound_of, grade_one
from xlparity.errors import UsageError, nearest_file
from xlparity.excel.workbook import read_workbook
from xlparity.files import files_below, from_here, write_file
from xlparity.jobs import Outcome, Workers, run_all
from xlparity.jobs.journal import Journal
from xlparity.pipeline import Progress, silent
from xlparity.process import LOCK
from xlparity.reporters.grades.classes import render_class
from xlparity.reporters.grades.table import render_csv
from xlparity.results.grades import Grade, GradedClass
from xlparity.settings import Options
from xlparity.spec import References, bind, read_spec, workbook_of

KINDS = (".xlsx", ".xlsm")
OTHER_KINDS = (".xls", ".xlsb", ".ods", ".numbers")
"""What students hand in as well: such a file has a row that says so, and is not passed over."""
INDEX = "index.html"
PAGES, COPIES = "feedback", "annotated"
"""The folders of the students' pages and of the annotated copies."""
_LONGEST_NAME = 80
_FORMAT = 1  # of the grades in a journal


def grade(
    spec: str | Path,
    submissions: Iterable[str | Path],
    *,
    options: Options | None = None,
    workers: Workers = Workers(),  # noqa: B008  (it is frozen)
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> GradedClass:
    """The grades of the submissions, each a workbook or a folder of them, sorted by student.

    Below a folder, a spreadsheet of another kind is a submission that cannot be graded. A student's name is the file's without
    its extension. Each submission is graded in a process of ``workers``, with limits; one that cannot be
    graded has a reason in place of points. The grades do not depend on the others, nor on the order in which they are made.

    ``out`` is a folder, into which grades.csv, index.html, a page for each student and an annotated copy of each submission are
    written, and grades.jsonl, by which a later run with the same folder grades only what has changed since. ``options`` and
    ``progress`` are as for ``verify``; the engine is always ``formulas``.

    Raises UsageError where there is no submission, or no scenario, and the errors of ``verify`` about the spec, its own
    workbook and its reference.
    """
    progress = progress or silent
    options = Options.of_project() if options is None else options
    if not options.scenarios:
        raise UsageError("grading needs scenarios: without other inputs, a typed number cannot be told from a formula")
    folder = None if out is None else Path(out)
    files, passed_over = _files([Path(one) for one in submissions], folder)
    plan = read_spec(Path(spec), options)
    path = workbook_of(plan)
    own = read_workbook(path, options.limits)
    with References(plan, options) as references:
        checks = bind(plan, own, references)  # what is wrong with the spec is no student's fault
    counts = {name: one.counts for name, one in bound_of(plan, own).items()}
    if not any(one.of for one in wanted_of(plan, counts)):
        raise plan.error("points", "no quantity has any points, so there is nothing to grade", "")
    bundle = bundle_of(plan, path, options, [check.reference.digest for check in checks])
    tasks = _Tasks(bundle, files, pages=folder is not None)
    found: dict[int, Grade] = {}
    journal = None if folder is None else Journal(folder / JOURNAL)
    try:
        keys = [tasks.key(number) for number in range(len(tasks))] if journal is not None else []
        if journal is not None and folder is not None:
            found = _known(journal, keys, tasks, folder)
        left = [number for number in range(len(tasks)) if number not in found]
        outcomes = run_all(grade_one, tasks.only(left), jobs=workers.jobs, limits=workers.limits, dask=workers.dask)
        for at, outcome in outcomes:
            number = left[at]
            found[number] = _taken(outcome, tasks, number, folder)
            if journal is not None:
                journal.put(keys[number], found[number].as_json())
            progress(f"{len(found):,} of {len(tasks):,} graded", len(found) / len(tasks))
    finally:
        if journal is not None:
            journal.close()
    grades = [found[number] for number in sorted(found)]
    grades.sort(key=lambda grade: (grade.student.casefold(), grade.student))
    whole = GradedClass(
        from_here(plan.path), tuple(grades), alike(grades), plan.grading.passing, passed_over=passed_over
    )
    if folder is not None:
        whole = replace(whole, pages=_pages(grades, tasks, folder))
        write_file(folder / TABLE, render_csv(whole).encode())
        write_file(folder / INDEX, render_class(whole).encode())
    return whole


class _Tasks(Sequence[Task]):
    """The tasks, whose files are read when one is asked for: those of ten thousand do not fit into memory."""

    def __init__(self, bundle: Bundle, files: Sequence[Path], *, pages: bool) -> None:
        self._bundle, self.files, self._pages = bundle, files, pages
        self.students = students(files)
        self.names = _file_names(self.students)
        self._numbers: Sequence[int] = range(len(files))

    def only(self, numbers: Sequence[int]) -> "_Tasks":
        """Those with these numbers."""
        some = _Tasks.__new__(_Tasks)
        some.__dict__.update(self.__dict__)
        some._numbers = numbers
        return some

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, at: int) -> Task: ...
    @overload
    def __getitem__(self, at: slice) -> "_Tasks": ...
    def __getitem__(self, at: int | slice) -> "Task | _Tasks":
        if isinstance(at, slice):
            return self.only(self._numbers[at])
        number = self._numbers[at]
        path, student = self.files[number], self.students[number]
        data, reason = _contents(path)
        return Task(self._bundle, student, path.name, data, reason, self._pages)

    def key(self, number: int) -> str:
        """The digest of all that a grade depends on."""
        from xlparity import __version__  # noqa: PLC0415  (the package is not whole yet when this module is read)

        data, reason = _contents(self.files[number])
        parts = (
            _FORMAT,
            __version__,
            self._bundle.digest,
            self.students[number],
            hashlib.sha256(data).hexdigest(),
            reason,
        )
        return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()


def _contents(path: Path) -> tuple[bytes, str | None]:
    try:
        return path.read_bytes(), None
    except OSError as error:
        return b"", f"{path.name}: cannot be read ({error.strerror or error})"


def _files(submissions: Sequence[Path], out: Path | None) -> tuple[list[Path], tuple[str, ...]]:
    """The workbooks among them and below those that are folders, each once, and what else is in these folders.

    Neither has what an earlier run has written.
    """
    own = (COPIES, PAGES, TABLE, JOURNAL, INDEX)
    written = [Path(os.path.realpath(out / name)) for name in own] if out is not None else []
    found: dict[str, Path] = {}
    others: set[str] = set()
    for one in submissions:
        with LOCK:
            if not one.exists():
                raise UsageError(f"{one}: there is no such file or folder{nearest_file(one)}")
            below = one.is_dir()
            for path in files_below(one, "") if below else [one]:
                real = os.path.realpath(path)
                if path.name.startswith("~$") or any(Path(real).is_relative_to(place) for place in written):
                    continue
                if below and path.suffix.lower() not in (*KINDS, *OTHER_KINDS):
                    others.add(from_here(path))
                else:
                    found.setdefault(real, path)
    if not found:
        raise UsageError(
            f"there is no submission, a file that ends in {' or '.join(KINDS)}; name files or folders of them"
        )
    return [found[real] for real in sorted(found, key=lambda real: found[real].as_posix())], tuple(sorted(others))


def _known(journal: Journal, keys: Sequence[str], tasks: _Tasks, folder: Path) -> dict[int, Grade]:
    """The grades of an earlier run by their numbers, as far as their pages are there; one without a grade is tried again."""
    found: dict[int, Grade] = {}
    for number, key in enumerate(keys):
        held = journal.get(key)
        if held is not None and (folder / PAGES / f"{tasks.names[number]}.html").is_file():
            found[number] = Grade.from_json(held)
    return found


def _taken(outcome: Outcome[Graded], tasks: _Tasks, number: int, folder: Path | None) -> Grade:
    """The grade of an outcome, whose pages are written at once and not kept."""
    student, path, name = tasks.students[number], tasks.files[number], tasks.names[number]
    if outcome.value is None:
        return Grade(student, path.name, reason=outcome.reason or "it is not known why")
    graded = outcome.value
    if folder is not None:
        write_file(folder / PAGES / f"{name}.html", graded.page)
        if graded.copy is not None:
            write_file(folder / COPIES / f"{name}{path.suffix.lower()}", graded.copy)
    return graded.grade


def _pages(grades: Sequence[Grade], tasks: _Tasks, folder: Path) -> dict[str, tuple[str, str | None]]:
    """The places of the pages and copies below the folder, by student."""
    found: dict[str, tuple[str, str | None]] = {}
    suffixes = {student: path.suffix.lower() for student, path in zip(tasks.students, tasks.files, strict=True)}
    names = dict(zip(tasks.students, tasks.names, strict=True))
    for grade in grades:
        if grade.reason is None:
            copy = f"{COPIES}/{names[grade.student]}{suffixes[grade.student]}"
            page = f"{PAGES}/{names[grade.student]}.html"
            found[grade.student] = page, copy if (folder / copy).is_file() else None
    return found


def _file_names(names: Sequence[str]) -> list[str]:
    """A name for each student's files that every system has room for, and that no two share, whatever its letters' case."""
    found, taken = [], set()
    for name in names:
        safe = re.sub(r"[^\w @+.()-]", "_", name)[:_LONGEST_NAME].strip(" .")
        if (
            safe != name
            or safe.lower() in taken
            or re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", safe, re.IGNORECASE)
        ):
            safe = f"{safe}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
        taken.add(safe.lower())
        found.append(safe)
    return found
