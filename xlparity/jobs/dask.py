"""Sends tasks to a Dask cluster, where each runs as on this machine: in a process of its own with limits, beside Dask's worker.

So a task that crashes or hangs is not the end of Dask's worker. Where that ends all the same, as a machine may, Dask gives its
tasks to another one.
"""

import contextlib
import multiprocessing
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from xlparity.errors import UsageError, XlparityError
from xlparity.jobs.limits import Limits, Outcome, task_at
from xlparity.jobs.pool import Pool
from xlparity.jobs.worker import fault

if TYPE_CHECKING:
    from distributed import Client, Future

A = TypeVar("A")
T = TypeVar("T")

_RETRIES = 2  # of a task whose process could not be started, on this machine or another
_AHEAD = (
    1000  # tasks that are with the cluster at once: enough for hundreds of processors, and some 100 MB of workbooks
)
_ANSWERING, _JOINING = 10, 60  # seconds in which the scheduler must answer, and a first worker be there


def run_on(
    address: str, function: Callable[[A], T], tasks: Sequence[A], limits: Limits
) -> Iterator[tuple[int, Outcome[T]]]:
    """The index and the outcome of every task, as they finish on the cluster of the scheduler at this address.

    A task whose Dask worker ends is given to another one as often as the scheduler allows (its setting
    ``distributed.scheduler.allowed-failures``), and has a reason then. Raises UsageError where the library is not installed, the
    scheduler does not answer, has no workers, or one of them has another version of xlparity.
    """
    try:
        import distributed  # noqa: PLC0415  (an extra)
        from dask import config  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            f"--dask needs the library distributed ({error}); install it with: pip install 'xlparity[dask]'"
        ) from error
    run = uuid.uuid4().hex
    left = iter(range(len(tasks)))
    with _connected(address) as client, config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):
        _check_workers(client, address)
        indexes: dict[str, int] = {}

        def sent(index: int) -> "Future[Outcome[T]]":
            key = f"xlparity-{run}-{index}"
            indexes[key] = index
            return client.submit(
                _contained, run, function, task_at(tasks, index), limits, key=key, retries=_RETRIES, pure=False
            )

        finished = distributed.as_completed([sent(index) for index in islice(left, _AHEAD)], loop=client.loop)
        try:
            for future in finished:
                for index in islice(left, 1):
                    finished.add(sent(index))
                yield indexes.pop(future.key), _outcome(future, address)
                future.release()
        finally:
            client.cancel([distributed.Future(key, client) for key in indexes])
            client.run(_end, run)


@contextlib.contextmanager
def _connected(address: str) -> Iterator["Client"]:
    import distributed  # noqa: PLC0415

    try:
        client = distributed.Client(address, timeout=_ANSWERING, set_as_default=False)
    except (OSError, ValueError) as error:  # also TimeoutError
        sentence = f"no Dask scheduler answers at '{address}' ({' '.join(str(error).split())[:200]})"
        raise UsageError(f"{sentence}; name one as its log does, such as tcp://127.0.0.1:8786") from error
    with client:
        yield client


def _check_workers(client: "Client", address: str) -> None:
    """Raises UsageError unless there are workers, with this version of xlparity."""
    import distributed  # noqa: PLC0415

    try:
        client.wait_for_workers(1, timeout=_JOINING)
    except distributed.TimeoutError as error:
        raise UsageError(
            f"the Dask scheduler at {address} has no workers; start one with: dask worker {address}"
        ) from error
    ours = version("xlparity")
    for worker, theirs in client.run(version, "xlparity", on_error="return").items():
        if theirs != ours:
            has = f"version {theirs} of" if isinstance(theirs, str) else "no"
            raise UsageError(f"the Dask worker {worker} has {has} xlparity; install version {ours} there, as here")


def _outcome(future: "Future[Outcome[T]]", address: str) -> Outcome[T]:
    import distributed  # noqa: PLC0415

    if future.cancelled() or future.status == "lost":
        raise XlparityError(f"the connection to the Dask scheduler at {address} was lost; see its log")
    error = future.exception()
    if error is None:
        outcome: Outcome[T] = future.result()
        return outcome
    if isinstance(error, distributed.KilledWorker):
        return Outcome(reason="each Dask worker that had it ended; see their logs, which may say that memory ran out")
    return Outcome(reason=str(error) if isinstance(error, XlparityError) else fault(error))


# --- on Dask's workers ------------------------------------------------------------------------------------------------

_pools: dict[int, tuple[str, Pool[Any, Any]]] = {}
"""The processes of each thread of this Dask worker, with the run that they are for; the next run ends those of an aborted one."""


def _contained(run: str, function: Callable[[A], T], task: "A | Outcome[A]", limits: Limits) -> Outcome[T]:
    """The outcome of the task, run in this thread's process, which remains for the next one."""
    thread = threading.get_ident()
    found, pool = _pools.get(thread, ("", None))
    if pool is None or found != run:
        if pool is not None:
            pool.end()
        multiprocessing.current_process().daemon = False  # as Dask's workers are, which may start no others
        _pools[thread] = run, (pool := Pool(function, 1, limits))
    ((_, outcome),) = pool.run([task])
    return outcome


def _end(run: str) -> None:
    """End the processes of a run."""
    for thread, (found, pool) in list(_pools.items()):
        if found == run:
            pool.end()
            _pools.pop(thread, None)
