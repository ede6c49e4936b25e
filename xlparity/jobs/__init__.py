"""Runs one function on many tasks, each in a worker process with limits, so that none can stop or change another.

``run_all`` is all that the rest of xlparity calls; it knows nothing of specs and workbooks. ``pool`` has the processes of this
machine, ``worker`` is what runs in one of them, ``dask`` sends the tasks to a cluster, and ``journal`` keeps results on disk.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from xlparity.jobs.limits import Limits, Outcome, Workers

A = TypeVar("A")
T = TypeVar("T")

__all__ = ["Limits", "Outcome", "Workers", "run_all"]


def run_all(
    function: Callable[[A], T],
    tasks: Sequence[A],
    *,
    jobs: int = 1,
    limits: Limits = Limits(),  # noqa: B008  (it is frozen)
    dask: str | None = None,
) -> Iterator[tuple[int, Outcome[T]]]:
    """The index and the outcome of every task, as they finish.

    ``function`` is a function of a module, and tasks and values can be pickled. A task is asked of the sequence when its turn
    comes, so that this may read a file only then. Each task runs in one of ``jobs`` worker processes, or, where ``dask`` is the
    address of a Dask scheduler, in one beside each thread of its workers. A task that raises an XlparityError has its message as
    reason; so has one that raises anything else, crashes, hangs or takes too much memory. What it prints is discarded. The
    outcomes do not depend on ``jobs`` where the function depends on its task alone.

    To close the iterator, as an exception or Ctrl-C in the loop over it does, ends all workers; if this process is killed, they
    end as well. The limits are watched while the next outcome is waited for. A worker imports the main module, so a script must
    call this below ``if __name__ == "__main__":``. Raises XlparityError where no worker can be started.
    """
    if dask is not None:
        from xlparity.jobs.dask import run_on  # noqa: PLC0415  (an extra, which takes a second to import)

        yield from run_on(dask, function, tasks, limits)
        return
    if not tasks:
        return
    from xlparity.jobs.pool import Pool  # noqa: PLC0415

    with Pool(function, min(jobs, len(tasks)), limits) as pool:
        yield from pool.run(tasks)
