"""What runs in a worker process: one task after another, each answered by a message."""

import contextlib
import os
import pickle
from collections.abc import Callable, Mapping
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import Any

from xlparity.errors import XlparityError
from xlparity.jobs.limits import Outcome
from xlparity.jobs.processes import end_with

READY = b"ready"


def work(connection: "Connection[Any, Any]", function: Callable[[Any], Any], environment: Mapping[str, str]) -> None:
    """Answer every pickled task that arrives with a pickled Outcome, and whether a process that it started is left.

    Standard input, output and error are the null device from here on: what a task prints or reads is nobody else's.
    """
    _end_with_parent()
    os.environ.clear()
    os.environ.update(environment)  # a fork server has that of the time when it was started
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    own = os.getpid()
    connection.send_bytes(READY)
    while True:
        try:
            task = connection.recv_bytes()
        except EOFError:
            return
        answer = _answer(function, task)
        if os.getpid() != own:  # a process that the task has forked, and that has returned from it as well
            os._exit(0)
        connection.send_bytes(pickle.dumps((answer, _has_children())))


def _answer(function: Callable[[Any], Any], task: bytes) -> bytes:
    """The pickled outcome; whatever goes wrong, also in pickling the value, is a reason."""
    try:
        given = pickle.loads(task)
        return pickle.dumps(given if isinstance(given, Outcome) else Outcome(value=function(given)))
    except XlparityError as error:
        reason = str(error)
    except MemoryError:
        reason = "needed more memory than the system gives"
    except BaseException as error:  # also SystemExit
        reason = fault(error)
    return pickle.dumps(Outcome(reason=" ".join(reason.split())))


def fault(error: BaseException) -> str:
    """The reason for an exception that no task should raise."""
    with contextlib.suppress(Exception):  # its text may raise anything
        return f"a fault in xlparity: {type(error).__name__}: {' '.join(str(error).split())}"
    return f"a fault in xlparity: {type(error).__name__}"


def _has_children() -> bool:
    """Whether a process that a task has started is left, where the system can be asked without a search through all."""
    if not hasattr(os, "waitid"):
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _end_with_parent() -> None:
    """Have this process and those that it starts end with the parent.

    They become a group of their own, so that they can be killed together, and so that Ctrl-C reaches the parent alone.
    """
    parent = parent_process()
    assert parent is not None  # this is a worker
    if hasattr(os, "setsid"):
        os.setsid()
    end_with(parent.sentinel)
