"""Runs a command in a child process, so that a reference cannot change the exit code.

A reference may end its process with code 0 without any Python exception: in a C library, in a thread, or in an exit handler.
So on POSIX the command runs in a child process, forked before anything large is loaded, which sends its exit code through a
pipe. On systems without fork, only the calls that ``spec/containment.py`` replaces are detected.
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
_CRASHES = ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE")  # of compiled code, and of nobody who ends a program
_AT_ONCE = (
    0.5  # seconds: a second SIGINT within them is the same Ctrl-C, sent by the terminal and passed on by the parent
)


def guarded(command: Callable[[], NoReturn]) -> NoReturn:
    """Run a command, which raises SystemExit, and exit with its code, or with 2 where it ends without one.

    Must be the last call of a program: the command's SystemExit is raised in the child process.
    """
    if not hasattr(os, "fork"):
        command()
    while (spare := os.open(os.devnull, os.O_RDWR)) <= 2:  # a pipe must not take the number of a closed standard stream
        pass
    os.close(spare)
    read, write = os.pipe()
    alive, held = os.pipe()  # never written to: it is closed when this process ends, however that happens
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
        if os.getpid() == forked:  # not in a process that the reference has forked
            with contextlib.suppress(OSError):  # the reference may have closed the pipe
                os.write(write, bytes([code]))
        raise


class _Interrupt:
    """The handler of SIGINT: raises KeyboardInterrupt once for a Ctrl-C that both processes received."""

    def __init__(self) -> None:
        self._last = -_AT_ONCE

    def __call__(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self._last > _AT_ONCE:
            self._last = now
            raise KeyboardInterrupt


def _wait(child: int, read: int) -> NoReturn:
    """Exit as the child does, or with 2 where it ends without sending an exit code."""
    for name in _PASSED_ON:
        number = getattr(signal, name)
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda number, frame: os.kill(child, number))
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.set_blocking(read, False)  # a process that the reference has left behind may hold the other end
    with contextlib.suppress(BlockingIOError):
        if code := os.read(read, 1):
            _leave(code[0])
    name = signal.Signals(-ended).name if ended < 0 else ""
    if name in _CRASHES:
        said = f"the process crashed ({name}) before there was a verdict: in compiled code that the reference or the engine runs"
        with contextlib.suppress(OSError):
            os.write(2, f"xlparity: {said}; try another engine\n".encode())
        _leave(2)
    if ended < 0:  # by a signal: end by the same one, for the shell to report
        if -ended != signal.SIGKILL:  # which has no handler
            signal.signal(-ended, signal.SIG_DFL)
        os.kill(os.getpid(), -ended)
    with contextlib.suppress(OSError):
        os.write(2, f"xlparity: the process ended with code {ended} before there was a verdict\n".encode())
    _leave(2)


def _leave(code: int) -> NoReturn:
    """Exit without flushing: the child has a copy of the buffers, and has written them."""
    os._exit(code)


def _end_with(alive: int) -> None:
    """End this process when its parent has ended."""
    with contextlib.suppress(OSError):
        os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGKILL)
