"""What the worker processes and the process of references have in common: how they end, and what they may take."""

import contextlib
import os
import select
import signal
import sys
import threading
import time

DESCENDANTS = 0.5  # seconds between two searches for processes that one has started, which takes 5 ms of a processor


class Memory:
    """The resident memory in bytes of a process; that of those that it has started is added every half a second."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._looked = 0.0

    def used(self) -> int:
        """The memory at the moment; 0 where the process has ended."""
        import psutil  # noqa: PLC0415  (the process of a reference that is quick is never asked)

        now = time.monotonic()
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self._pid)
            found: int = process.memory_info().rss
            if now - self._looked > DESCENDANTS:
                self._looked = now
                for child in process.children(recursive=True):
                    with contextlib.suppress(psutil.Error):
                        found += child.memory_info().rss
            return found
        return 0


def kill_group(pid: int) -> None:
    """Kill the processes of a group, whose leader has not been waited for; on Windows there are no groups."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def end_with(sentinel: int) -> None:
    """Have this process, the leader of its group, and those of its group end once the sentinel is ready.

    That is the end of a pipe whose other end the parent holds, or on Windows a handle of the parent. Linux kills the group
    itself, also while compiled code holds the interpreter; elsewhere a thread does it.
    """
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415

        fcntl.fcntl(sentinel, fcntl.F_SETOWN, -os.getpid())
        fcntl.fcntl(sentinel, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(sentinel, fcntl.F_SETFL, fcntl.fcntl(sentinel, fcntl.F_GETFL) | os.O_ASYNC)
        looking = select.poll()
        looking.register(sentinel, select.POLLIN)
        if looking.poll(0):  # it has ended meanwhile
            os._exit(1)
        return
    threading.Thread(target=_wait_and_end, args=(sentinel,), daemon=True).start()


def _wait_and_end(sentinel: int) -> None:
    from multiprocessing.connection import wait  # noqa: PLC0415

    wait([sentinel])
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def ended(code: int) -> str:
    """``ended with SIGSEGV``, or ``ended with exit code 3``."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"ended with {signal.Signals(-code).name}"
    except ValueError:  # a real-time signal
        return f"ended with signal {-code}"


def size(count: int) -> str:
    """``2 GB``, ``300 MB``; in units of 1,024."""
    return f"{count / 2**30:.3g} GB" if count >= 2**30 else f"{count / 2**20:.3g} MB"
