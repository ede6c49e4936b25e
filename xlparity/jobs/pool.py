"""Worker processes on this machine, which are killed with what they have started, and replaced, when a task goes wrong.

Why not a library: concurrent.futures gives up all tasks when one worker crashes, and ends none that hangs. pebble ends it, but
leaves behind the processes that it has started, and limits no memory. ``tests/test_jobs.py`` has the cases. The processes, pipes
and waiting are multiprocessing's; resident memory is psutil's.
"""

import contextlib
import multiprocessing
import os
import pickle
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, ForkServerProcess, SpawnContext, SpawnProcess
from multiprocessing.util import Finalize
from typing import Any, Generic, Literal, TypeVar

from xlparity.errors import XlparityError
from xlparity.jobs.limits import Limits, Outcome, task_at
from xlparity.jobs.processes import Memory, ended, kill_group, size
from xlparity.jobs.worker import READY, fault, work

A = TypeVar("A")
T = TypeVar("T")
Start = Literal["forkserver", "spawn"]

_TICK = 0.05  # seconds between two looks at memory: in that time a process can fill about 0.2 GB of it
_ENDING = 5.0  # seconds in which a process that was killed, or has closed its connection, must be gone
_STARTING = 120.0  # seconds in which a worker must have imported the function; it takes one on an idle machine


def usual_start() -> Start:
    """How workers are started: forked on Linux from a process that has the imports done, and spawned elsewhere.

    macOS has a fork server as well, but its system libraries do not survive a fork.
    """
    return "forkserver" if sys.platform == "linux" else "spawn"


@dataclass(eq=False)
class _Worker:
    """A worker process, and the index of the task that it has, or is to have once it is ready."""

    process: ForkServerProcess | SpawnProcess
    connection: "Connection[Any, Any]"
    index: int | None
    due: float  # when it is killed
    ready: bool = False
    first: bool = True  # whether its task is the first that it has

    def end(self) -> None:
        """Kill the process and those that its tasks have started; on Windows the process alone."""
        if self.process.pid is not None:
            kill_group(self.process.pid)
        self.process.kill()
        self.process.join(_ENDING)
        self.connection.close()

    @cached_property
    def memory(self) -> Memory:
        """What the process takes."""
        assert self.process.pid is not None  # it has been started
        return Memory(self.process.pid)


class Pool(Generic[A, T]):
    """So many worker processes for one function; they are started on the first ``run``, and end with the ``with`` block."""

    def __init__(self, function: Callable[[A], T], jobs: int, limits: Limits, start: Start | None = None) -> None:
        self._function, self._jobs, self._limits = function, jobs, limits
        self._context: ForkServerContext | SpawnContext = (
            multiprocessing.get_context("spawn")
            if (start or usual_start()) == "spawn"
            else multiprocessing.get_context("forkserver")
        )
        self._workers: list[_Worker] = []
        # multiprocessing would wait for the workers, if this process ends before the last task.
        self._at_exit = Finalize(None, self._end_workers, exitpriority=1)

    def __enter__(self) -> "Pool[A, T]":
        return self

    def __exit__(self, *raised: object) -> None:
        self.end()

    def end(self) -> None:
        """End all workers; there are no others."""
        self._at_exit.cancel()
        self._end_workers()

    def _end_workers(self) -> None:
        self._jobs = 0
        while self._workers:
            self._workers.pop().end()

    def run(self, tasks: Sequence[A]) -> Iterator[tuple[int, Outcome[T]]]:
        """The index and the outcome of each task, as they finish.

        A task in whose course the worker crashed or needed too much memory is run once more, in a new worker, unless it was the
        first there: so none has a reason that an earlier one has caused.
        """
        queue = deque((index, False) for index in range(len(tasks)))
        left = len(tasks)
        while left:
            if not self._jobs:
                raise XlparityError("the workers were ended before the last task")
            self._hand_out(tasks, queue)
            found = list(self._finished(tasks, queue))
            self._hand_out(tasks, queue)  # before the caller takes its time
            left -= len(found)
            yield from found

    def _hand_out(self, tasks: Sequence[A], queue: deque[tuple[int, bool]]) -> None:
        """Tasks for the workers that are idle, and for new ones as long as there are fewer than there may be."""
        while queue:
            idle = next((worker for worker in self._workers if worker.index is None), None)
            if idle is None and len(self._workers) >= self._jobs:
                return
            index, alone = queue.popleft()
            if idle is not None and not alone and self._give(idle, index, tasks):
                continue
            if idle is not None:
                self._drop(idle)
            self._workers.append(self._started(index))

    def _give(self, worker: _Worker, index: int, tasks: Sequence[A]) -> bool:
        """Whether the worker has the task; not where it has ended since its last one."""
        with contextlib.suppress(OSError):
            worker.connection.send_bytes(pickle.dumps(task_at(tasks, index)))
            worker.index, worker.due = index, time.monotonic() + self._limits.seconds
            return True
        return False

    def _started(self, index: int) -> _Worker:
        ours, theirs = self._context.Pipe()
        if isinstance(self._context, ForkServerContext):  # without effect once the server runs
            self._context.set_forkserver_preload(["__main__", self._function.__module__])
        process = self._context.Process(target=work, args=(theirs, self._function, dict(os.environ)))
        process.start()
        theirs.close()
        return _Worker(process, ours, index, time.monotonic() + _STARTING)

    def _drop(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.end()

    def _finished(self, tasks: Sequence[A], queue: deque[tuple[int, bool]]) -> Iterator[tuple[int, Outcome[T]]]:
        """The outcomes that there are within a tick; tasks that are to be run again are put at the head of the queue."""
        busy = [worker for worker in self._workers if worker.index is not None]
        wait([sign for worker in busy for sign in (worker.connection, worker.process.sentinel)], _TICK)
        for worker in busy:
            index = worker.index
            assert index is not None
            if not worker.ready:
                self._begin(worker, index, tasks)
            elif (outcome := self._outcome(worker, index, queue)) is not None:
                yield index, outcome

    def _begin(self, worker: _Worker, index: int, tasks: Sequence[A]) -> None:
        """Give a worker its first task, if it is ready."""
        with contextlib.suppress(EOFError, OSError):
            worker.ready = worker.connection.poll() and worker.connection.recv_bytes() == READY
        if worker.ready and self._give(worker, index, tasks):
            return
        if worker.process.exitcode is not None or time.monotonic() > worker.due:
            how = "it took too long" if worker.process.exitcode is None else ended(worker.process.exitcode)
            sentence = f"a worker process could not be started ({how})"
            remedy = "a script must call this below if __name__ == '__main__':"
            raise XlparityError(f"{sentence}; see standard error for why, and {remedy}")

    def _outcome(self, worker: _Worker, index: int, queue: deque[tuple[int, bool]]) -> Outcome[T] | None:
        """What became of the worker's task; None while it is not known, or where it is run again."""
        now = time.monotonic()
        reason, once_more = None, not worker.first
        try:
            if worker.connection.poll():
                answer, has_children = pickle.loads(worker.connection.recv_bytes())
                worker.index, worker.first = None, False
                if has_children:
                    self._drop(worker)
                return _unpickled(answer)
            if worker.process.exitcode is not None:
                reason = f"its process {ended(worker.process.exitcode)}"
        except (EOFError, OSError, pickle.UnpicklingError):
            worker.process.join(_ENDING)
            code = worker.process.exitcode
            reason = "its process closed its connection" if code is None else f"its process {ended(code)}"
        if reason is None and now > worker.due:
            reason, once_more = f"took longer than {self._limits.seconds:g} s", False
        if reason is None and worker.memory.used() > self._limits.memory:
            reason = f"needed more than {size(self._limits.memory)} of memory"
        if reason is None:
            return None
        self._drop(worker)
        if once_more:
            queue.appendleft((index, True))
            return None
        return Outcome(reason=reason)


def _unpickled(answer: bytes) -> Outcome[Any]:
    try:
        outcome: Outcome[Any] = pickle.loads(answer)
    except Exception as error:  # the value's class may do anything
        return Outcome(reason=fault(error))
    return outcome
