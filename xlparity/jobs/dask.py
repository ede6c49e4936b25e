"""Sends tasks to a Dask cluster, where each runs as on this machine: in a process of its own with limits, beside Dask's worker.

So a task that crashes or hangs is not the end of Dask's worker. Where that ends all the same, as a machine may, Dask gives its
tasks to another one.
"""

import asyncio
import contextlib
import logging
import multiprocessing
import pickle
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from importlib.metadata import PackageNotFoundError, version
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
_ENDED = "each Dask worker that had it ended; their logs may have the cause, such as a lack of memory"
_ANSWERING, _JOINING = 10, 60  # seconds in which the scheduler must answer, and a first worker be there


def run_on(
    address: str, function: Callable[[A], T], tasks: Sequence[A], limits: Limits
) -> Iterator[tuple[int, Outcome[T]]]:
    """The index and the outcome of every task, as they finish on the cluster of the scheduler at this address.

    The tasks of a Dask worker that ends are given to others, as often as the scheduler allows (its setting
    ``distributed.scheduler.allowed-failures``). Dask does not know which of them was the cause, nor whether one had begun; so
    those that it gives up are run again at the end, each alone, and one that ends its workers then too has that as its reason.

    Raises UsageError where the library is not installed, the scheduler does not answer or has no workers, or one of these has
    another version of xlparity, and XlparityError where the connection is lost.
    """
    try:
        import distributed  # noqa: PLC0415  (an extra)
        from dask import config  # noqa: PLC0415
    except ImportError as error:
        sentence = f"--dask needs the library distributed ({error})"
        raise UsageError(f"{sentence}; install it with: pip install 'xlparity[dask]'") from error
    run = uuid.uuid4().hex
    left = iter(range(len(tasks)))
    given_up: list[int] = []
    with _connected(address) as client, config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):
        _check_workers(client, address)
        indexes: dict[str, int] = {}

        def sent(index: int) -> "Future[Outcome[T]]":
            key = f"xlparity-{run}-{index}{'-alone' * (index in given_up)}"
            indexes[key] = index
            # Pickled, or the scheduler would make objects of them.
            content = pickle.dumps((function, task_at(tasks, index), limits))
            return client.submit(_contained, run, content, key=key, retries=_RETRIES, pure=False)

        finished = distributed.as_completed([sent(index) for index in islice(left, _AHEAD)], loop=client.loop)
        try:
            for future in finished:
                for index in islice(left, 1):
                    finished.add(sent(index))
                index, outcome = indexes.pop(future.key), _outcome(future, address)
                if outcome is None:
                    given_up.append(index)
                else:
                    yield index, outcome
            for index in given_up:
                for future in distributed.as_completed([sent(index)], loop=client.loop):
                    yield index, _outcome(future, address) or Outcome(reason=_ENDED)
        finally:
            with contextlib.suppress(Exception):  # the connection may be lost, which is known by then
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
    log = logging.getLogger("distributed.client")  # which prints a traceback for a lost connection
    before, log.disabled = log.disabled, True
    try:
        with client:
            yield client
    finally:
        log.disabled = before


def _check_workers(client: "Client", address: str) -> None:
    """Raises UsageError unless there are workers, and they and the scheduler have this version of xlparity."""
    import distributed  # noqa: PLC0415

    try:
        client.wait_for_workers(1, timeout=_JOINING)
    except distributed.TimeoutError as error:
        raise UsageError(
            f"the Dask scheduler at {address} has no workers; start one with: dask worker {address}"
        ) from error
    ours = version("xlparity")
    found = client.run(version, "xlparity", on_error="return")
    for place, theirs in {**found, address: _scheduler_version(client)}.items():
        if theirs != ours:
            kind = "worker" if place in found else "scheduler"
            has = f"version {theirs} of" if isinstance(theirs, str) else "no"
            raise UsageError(f"the Dask {kind} {place} has {has} xlparity; install version {ours} there, as here")


def _scheduler_version(client: "Client") -> str | None:
    with contextlib.suppress(PackageNotFoundError):
        return str(client.run_on_scheduler(version, "xlparity"))
    return None


def _outcome(future: "Future[Outcome[T]]", address: str) -> Outcome[T] | None:
    """The outcome of a task that is finished, None where the workers that had it have ended."""
    import distributed  # noqa: PLC0415

    try:
        error = future.exception()
        outcome: Outcome[T] | None = None if error else future.result()  # computed again if it is lost with its worker
    except (OSError, futures.CancelledError, asyncio.CancelledError) as lost:
        raise XlparityError(f"the connection to the Dask scheduler at {address} was lost; see its log") from lost
    if error is None or isinstance(error, distributed.KilledWorker):
        return outcome
    return Outcome(reason=str(error) if isinstance(error, XlparityError) else fault(error))


# --- on Dask's workers ------------------------------------------------------------------------------------------------

_pools: dict[int, tuple[str, Pool[Any, Any]]] = {}
"""The processes of each thread of this Dask worker, with the run that they are for; the next run ends those of an aborted one."""


def _contained(run: str, sent: bytes) -> Outcome[Any]:
    """The outcome of a function's task within limits, run in this thread's process, which remains for the next one."""
    function, task, limits = pickle.loads(sent)
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
