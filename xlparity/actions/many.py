"""Verifies many specs, of which one that cannot be used stops none of the others."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xlparity.actions.parcel import Parcel, files_of
from xlparity.errors import OracleError, SpecError, XlparityError
from xlparity.jobs import Limits, run_all
from xlparity.jobs.worker import fault
from xlparity.pipeline import Progress, silent, verify
from xlparity.results.report import Report, Unusable
from xlparity.settings import CAUSES_TIME, Options
from xlparity.spec import read_spec, workbook_of

_SECONDS, _CALLS = (
    3600.0,
    60,
)  # of one verification: an hour, and as many calls of the reference that take all their time
_MEMORY = 4 << 30  # bytes of one verification: eight times what a workbook of 55,000 formulas takes


@dataclass(frozen=True, slots=True)
class Task:
    """What one verification needs: ``parcel`` has the files, where these are not on the machine."""

    spec: Path
    workbook: Path | None
    options: Options
    parcel: Parcel | None = None


@dataclass(frozen=True, slots=True)
class _Sent(Sequence[Task]):
    """Tasks for other machines; the files of each are read when it is sent."""

    tasks: Sequence[Task]

    def __len__(self) -> int:
        return len(self.tasks)

    def __getitem__(self, index: int) -> Task:  # type: ignore[override]
        task = self.tasks[index]
        plan = read_spec(task.spec, task.options)
        files = files_of(plan, workbook_of(plan) if task.workbook is None else task.workbook)
        given = None if task.workbook is None else Path(os.path.relpath(task.workbook))
        return Task(Path(os.path.relpath(task.spec)), given, task.options, Parcel.of(files))


def verify_each(
    specs: Sequence[Path],
    *,
    workbook: Path | None = None,
    options: Options,
    jobs: int | None = None,
    dask: str | None = None,
    seconds: float | None = None,
    memory: int | None = None,
    progress: Callable[[int, Path], Progress] = lambda number, spec: silent,
) -> Iterator[tuple[int, Report | Unusable]]:
    """The index of every spec with its report, or with the reason why there is none, as they finish.

    Without ``jobs`` and ``dask`` they are verified in this process, one after another. With ``jobs`` so many worker processes do
    it, so that one that crashes or hangs is the end of its own spec alone. ``dask`` is the address of the scheduler of a cluster,
    to which spec, workbook and the Python files beside the reference are sent by content. There, one may take so many
    ``seconds`` and so many bytes of ``memory``; by default over an hour, and 4 GB. ``progress`` gives what is called with the
    stage of a spec, and the number of those that are done.
    """
    tasks = [Task(spec, workbook, options) for spec in specs]
    if dask is None and jobs is None:
        for number, spec in enumerate(specs):
            try:
                yield number, verify(spec, workbook=workbook, options=options, progress=progress(number, spec))
            except XlparityError as error:
                yield number, Unusable(str(spec), str(error))
            except Exception as error:
                if os.environ.get("XLPARITY_TRACEBACK"):
                    raise
                yield number, Unusable(str(spec), fault(error))
        return
    if seconds is None:
        seconds = _SECONDS + _CALLS * options.reference_timeout + (options.time or CAUSES_TIME)
    sent = tasks if dask is None else _Sent(tasks)
    outcomes = run_all(verify_one, sent, jobs=jobs or 1, limits=Limits(seconds, memory or _MEMORY), dask=dask)
    for done, (number, outcome) in enumerate(outcomes, 1):
        progress(done, specs[number])("done", 0.0)
        yield number, outcome.value or Unusable(str(specs[number]), outcome.reason or "")


def verify_one(task: Task) -> Report:
    """The report on one spec, in a worker process; raises the errors of ``verify``."""
    with contextlib.nullcontext() if task.parcel is None else task.parcel.unpacked():
        try:
            return verify(task.spec, workbook=task.workbook, options=task.options)
        except (OracleError, SpecError) as error:
            if task.parcel is None or not any(isinstance(one, ImportError | OSError) for one in _causes(error)):
                raise
            sentence = "a Dask worker has the spec, its workbook and the Python files beside the reference"
            raise OracleError(f"{error}; {sentence}: install there what else it needs") from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exceptions of which this one is the consequence."""
    while (error := error.__cause__) is not None:  # type: ignore[assignment]
        yield error
