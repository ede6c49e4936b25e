"""The exit code of a command is its verdict's, whatever a reference does to the process that computes it.

A reference may end its process with code 0 past all of Python: by a C library, in a thread, or in what it has registered for
the end. So on POSIX the command runs in a process of its own, forked before anything large is loaded, which tells its exit
code to this one. Where there is no fork, only what ``containment`` replaces is noticed.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

_PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP")
_AT_ONCE = 0.5  # seconds within which a second interrupt is the first one, which came from the terminal as well


def guarded(command: Callable[[], NoReturn]) -> NoReturn:
    """Runs a command, which raises SystemExit, and ends with its exit code: with 2 where it ends without saying one.

    To be called by a program as the last thing it does: the command's SystemExit is raised in the other process.
    """
    if not hasattr(os, "fork"):
        command()
    while (spare := os.open(os.devnull, os.O_RDWR)) <= 2:  # one that the shell has closed is not to be a pipe of ours
        pass
    os.close(spare)
    read, write = os.pipe()
    alive, held = os.pipe()  # that nobody writes to: it is closed when this process ends, however that happens
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, AttributeError, ValueError):
            stream.flush()
    child = os.fork()
    if child:
        os.close(write)
        _wait(child, read)
    os.close(read)
    os.close(held)
    threading.Thread(target=_end_with, args=(alive,), daemon=True).start()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _Interrupt())
    forked = os.getpid()
    try:
        command()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        if os.getpid() == forked:  # and not a process that the reference has forked
            with contextlib.suppress(OSError):  # it may have closed what it was not to know of
                os.write(write, bytes([code]))
        raise


class _Interrupt:
    """What SIGINT does: once only, where Ctrl-C has sent it to both processes."""

    def __init__(self) -> None:
        self._last = -_AT_ONCE

    def __call__(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self._last > _AT_ONCE:
            self._last = now
            raise KeyboardInterrupt


def _wait(child: int, read: int) -> NoReturn:
    """Ends as the child does, and with 2 where it ends without a word on its exit code."""
    for name in _PASSED_ON:
        number = getattr(signal, name)
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda number, frame: os.kill(child, number))
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.set_blocking(read, False)  # a process that the reference has left behind may hold the other end
    with contextlib.suppress(BlockingIOError):
        if code := os.read(read, 1):
            _leave(code[0])
    if ended < 0:  # by a signal: so does this one, and the shell says so
        if -ended != signal.SIGKILL:  # which nothing can be set for
            signal.signal(-ended, signal.SIG_DFL)
        os.kill(os.getpid(), -ended)
    with contextlib.suppress(OSError):
        os.write(2, f"xlparity: the process ended with code {ended} before there was a verdict\n".encode())
    _leave(2)


def _leave(code: int) -> NoReturn:
    """What is left in this process's buffers is the other's as well, and was written there."""
    os._exit(code)


def _end_with(alive: int) -> None:
    """Ends this process when the one that waits for it is ended, which would leave it running for nobody."""
    with contextlib.suppress(OSError):
        os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGKILL)
