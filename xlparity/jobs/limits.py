"""What one task may take, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from xlparity.errors import XlparityError

A = TypeVar("A")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one task may take: ``seconds`` of wall time, and ``memory`` in bytes.

    The memory is the resident memory of the worker process and of those that it has started, together. It is watched from
    outside, and the worker killed. A limit on its address space (RLIMIT_AS) would raise MemoryError inside, which a library may
    swallow: formulas makes an Excel error value of it, and a right workbook would fail. Nor does such a limit know the
    processes that a task starts, and numpy reserves gigabytes of addresses on a machine with many processors.
    """

    seconds: float = 60.0
    memory: int = 2 << 30


@dataclass(frozen=True, slots=True)
class Workers:
    """Who does the tasks: so many processes on this machine, each task within the limits, or a Dask cluster at an address."""

    jobs: int = 1
    limits: Limits = Limits()
    dask: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """The value of a task, or in its place the reason why there is none, such as "took longer than 60 s"."""

    value: T | None = None
    reason: str | None = None


def task_at(tasks: Sequence[A], index: int) -> "A | Outcome[A]":
    """The task with this index, or its outcome where it cannot be had: a sequence may read its file only now."""
    try:
        return tasks[index]
    except XlparityError as error:
        return Outcome(reason=str(error))
