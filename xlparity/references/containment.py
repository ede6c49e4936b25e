"""Contains a reference, which runs in xlparity's process: undoes its settings, catches exits, and limits its time.

What it sets for itself (numpy's error handling, a decimal context, warnings filters, the current folder …) holds in its own
calls and nowhere else. There is one call at a time in the process, whatever the number of threads; so none may wait for another
thread that calls a reference. A call that ends the process raises ProcessEnd, and one that takes too long TimedOut. This is no
sandbox: what ends the process past Python (a C library, a thread that goes on after the call) is noticed by the command line,
which exits with 0 only after a verdict, and a call that hangs within a C library is not interrupted.
"""

import contextlib
import ctypes
import decimal
import importlib
import locale
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from xlparity import collector
from xlparity.process import LOCK

_ENDING = tuple(  # what else of the module os ends the process at once calls these
    (module, name)
    for module in (os, importlib.import_module(os.name))  # the module os has them from posix, or nt
    for name in ("_exit", "abort", "execv", "execve")
    if hasattr(module, name)
)
_TICK = 0.05  # seconds between two looks at the clock, and between two interruptions of a call that swallows the first
_IDLE = 40  # ticks without a call, after which the watchdog ends


class ProcessEnd(BaseException):
    """The reference was about to end the process."""


class TimedOut(BaseException):
    """The call has taken too long; no Exception, which a loop that catches everything would swallow."""


class _Setting(NamedTuple):
    """A setting of the whole process or thread, with the functions to read and to set it."""

    read: Callable[[], Any]
    write: Callable[[Any], object]


def _folder() -> str | None:
    with contextlib.suppress(OSError):  # it may have been deleted
        return os.getcwd()  # noqa: PTH109  (called twice for every call of a reference)
    return None


def _go_to(folder: str | None) -> None:
    with contextlib.suppress(OSError):
        if folder is not None:
            os.chdir(folder)


def _filter_warnings(filters: list[Any]) -> None:
    warnings.resetwarnings()  # which also makes Python forget what it has decided by the filters before
    setattr(warnings, "filters", filters[:])  # noqa: B010  (mypy takes it for a constant)


def _set_depth(depth: int) -> None:
    with contextlib.suppress(RecursionError):  # refused where the calls are deeper than that already
        sys.setrecursionlimit(depth)


def _set_locale(name: str) -> None:
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_ALL, name)


_SETTINGS = {
    "numpy's errors": _Setting(np.geterr, lambda errors: np.seterr(**errors)),
    "numpy's error function": _Setting(np.geterrcall, np.seterrcall),
    "warnings filters": _Setting(lambda: warnings.filters[:], _filter_warnings),
    "warnings shown": _Setting(lambda: warnings.showwarning, lambda show: setattr(warnings, "showwarning", show)),
    "current folder": _Setting(_folder, _go_to),
    "recursion limit": _Setting(sys.getrecursionlimit, _set_depth),
    "locale": _Setting(lambda: locale.setlocale(locale.LC_ALL), _set_locale),
    "standard output": _Setting(lambda: sys.stdout, lambda stream: setattr(sys, "stdout", stream)),
    "standard error": _Setting(lambda: sys.stderr, lambda stream: setattr(sys, "stderr", stream)),
    "garbage collection": _Setting(collector.enabled, collector.enable),
}


class Containment:
    """What surrounds every call of one reference: its own settings, and the limit in seconds for one call."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        # numpy prints a warning at every overflow and division by zero otherwise, a hundred times over.
        self._own: dict[str, Any] = {"numpy's errors": dict.fromkeys(("divide", "over", "under", "invalid"), "ignore")}
        self._decimals: decimal.Context | None = None
        self._watch = _Watch()

    @contextmanager
    def around(self, seconds: float) -> Iterator[None]:
        """The reference's code runs inside; TimedOut is raised in it after so many seconds, ProcessEnd where it ends all.

        The code of other references waits meanwhile, and its seconds do not begin before it runs.
        """
        with LOCK, self._around(seconds):
            yield

    @contextmanager
    def _around(self, seconds: float) -> Iterator[None]:
        before = {name: setting.read() for name, setting in _SETTINGS.items()}
        decimals = decimal.getcontext()
        decimal.setcontext(self._decimals or decimals.copy())
        for name, value in self._own.items():
            _SETTINGS[name].write(value)
        found = before | self._own
        try:
            with _not_ending():
                try:
                    self._watch.begin(seconds)
                    yield
                finally:
                    self._watch.end()
        finally:
            self._watch.end()  # again: the first may have been interrupted before it did anything
            self._decimals = decimal.getcontext()
            decimal.setcontext(decimals)
            for name, setting in _SETTINGS.items():
                now = setting.read()
                if now != found[name]:
                    self._own[name] = now
                if now != before[name]:
                    setting.write(before[name])


@contextmanager
def _not_ending() -> Iterator[None]:
    """The functions that end the process raise ProcessEnd inside; in a process that is forked from this one, they end it."""
    process = os.getpid()
    kept = [(module, name, getattr(module, name)) for module, name in _ENDING]
    for module, name, real in kept:
        setattr(module, name, _refusal(name, real, process))
    try:
        yield
    finally:
        for module, name, real in kept:
            setattr(module, name, real)


def _refusal(name: str, real: Callable[..., Any], process: int) -> Callable[..., Any]:
    def refused(*arguments: Any, **named: Any) -> Any:
        if os.getpid() != process:
            return real(*arguments, **named)  # pragma: no cover  (in a forked process only, which is not measured)
        raise ProcessEnd(f"os.{name} would end the process before there is a verdict")

    return refused


class _Watch:
    """A clock that interrupts a call after so many seconds, again and again until the call ends.

    It looks on from a thread of its own, which works in any thread and on any system, as long as Python code is running.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: float | None = None
        self._sent = False
        self._caller = 0
        self._thread: threading.Thread | None = None

    def begin(self, seconds: float) -> None:
        with self._lock:
            self._due, self._caller = time.monotonic() + seconds, threading.get_ident()
            if self._thread is None or not self._thread.is_alive():  # as in a process that was forked since
                self._thread = threading.Thread(target=self._look, name="xlparity reference limit", daemon=True)
                self._thread.start()

    def end(self) -> None:
        """Nothing is interrupted from here on.

        An interruption that is still on its way is raised here. To take it back would leave CPython with the mark that one is
        pending, for ever: it then looks for it at every call, and under a profiler never ends.
        """
        with self._lock:
            self._due = None
            sent, self._sent = self._sent, False
        if sent:
            with contextlib.suppress(TimedOut):
                _interrupt(threading.get_ident())
                # CPython raises it before this line, at the end of that call, but does not promise to.
                while True:  # pragma: no cover
                    pass

    def _look(self) -> None:
        idle = 0
        while idle < _IDLE:
            time.sleep(_TICK)
            with self._lock:
                idle = idle + 1 if self._due is None else 0
                if self._due is not None and time.monotonic() > self._due:
                    self._sent = True
                    _interrupt(self._caller)
                if idle == _IDLE:
                    self._thread = None


def _interrupt(thread: int) -> None:
    """Has TimedOut raised in the thread as soon as that runs Python code."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimedOut))
