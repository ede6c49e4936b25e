"""What runs in the process of a reference: it finds functions and calls them, one request after another."""

import contextlib
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from xlparity.errors import OracleError
from xlparity.jobs.processes import end_with, kill_group
from xlparity.references.frames import REQUEST
from xlparity.references.function import CallError, Description, LocalFunction, Watching, find_function, said
from xlparity.references.tracing import Reach
from xlparity.references.wire import answer, packed

_TO_DEBUG = "; a debugger has no terminal here: run with --in-process"


def main(token: bytes, sentinel: int | None) -> None:
    """Answer the requests on standard input, on standard output; the process ends with its parent.

    From here on standard input is the null device, and standard output is standard error, which the parent reads.
    """
    requests, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    end_with(_sentinel(sentinel))
    sys.dont_write_bytecode = True  # what is checked stays as it is, also the folder
    functions = _Functions()
    own = os.getpid()
    _write(answers, answer(token, "ready"))
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            request = _read(requests, REQUEST.unpack(_read(requests, REQUEST.size))[0])
            found = functions.answer(token, request)
            if os.getpid() != own:  # a process that the reference has forked, and that has returned from it as well
                os._exit(0)
            _write(answers, found)
    kill_group(own)  # the parent has ended, and can kill none of those that the reference has started


def _sentinel(given: int | None) -> int:
    """The end of a pipe, or the handle, by which the end of the parent is noticed."""
    if sys.platform == "win32":
        import _winapi  # noqa: PLC0415

        return _winapi.OpenProcess(_winapi.SYNCHRONIZE, False, os.getppid())
    assert given is not None
    os.set_inheritable(given, False)
    return given


def _read(file: int, size: int) -> bytes:
    """So many bytes; raises EOFError where there are no more."""
    data = bytearray()
    while len(data) < size:
        more = os.read(file, min(size - len(data), 1 << 20))
        if not more:
            raise EOFError
        data += more
    return bytes(data)


def _write(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]


class _Functions:
    """The functions that have been found, by their names and folders, and what watches their calls."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Path], LocalFunction] = {}
        self._tracers: dict[object, Watching] = {}
        self._given_up = False
        self._answers: dict[str, Callable[..., tuple[Any, bytes]]] = {
            "set": self._set,
            "load": self._load,
            "trace": self._trace,
            "ahead": self._ahead,
            "passes": self._passes,
            "draw": self._draw,
            "reach": self._reach,
        }

    def answer(self, token: bytes, request: bytes) -> bytes:
        """The answer to a pickled request."""
        try:
            what, *given = pickle.loads(request)
            self._given_up &= what == "ahead"
            return answer(token, *self._answers[what](*given))
        except OracleError as error:
            failed = "refused", str(error), isinstance(error.__cause__, ImportError | OSError)
        except CallError as error:
            advice = _TO_DEBUG if type(error.__cause__).__name__ == "BdbQuit" else ""
            failed = error.kind, f"{error.said}{advice}", isinstance(error.__cause__, ImportError | OSError)
        except KeyboardInterrupt:
            failed = "fault", " raised KeyboardInterrupt", False
        except BaseException as error:  # whatever the reference has done to what is needed here
            failed = "fault", f" gives nothing that can be sent ({said(error)})", False
        return answer(token, {"failed": failed})

    def _set(self, arguments: list[str]) -> tuple[Any, bytes]:
        sys.argv[:] = arguments
        return None, b""

    def _load(self, name: str, folder: Path, limit: float) -> tuple[Any, bytes]:
        if (name, folder) not in self._found:
            self._found[name, folder] = find_function(name, folder, limit)
        return _described(self._found[name, folder].description), b""

    def _trace(self, key: tuple[str, Path], watch: object, *given: Any) -> tuple[Any, bytes]:
        case, iterations, wanted, seconds, quiet, trapped = given
        function = self._found[key]
        if watch is not None and watch not in self._tracers:
            self._tracers[watch] = function.tracer()
        with contextlib.nullcontext() if watch is None else self._tracers[watch].watching():
            trace = function.trace(case, iterations, wanted, seconds, quiet=quiet, trapped=trapped)
        layouts, payload = packed([array for step in trace for array in step.values()])
        return {"names": [list(step) for step in trace], "arrays": layouts}, payload

    def _ahead(self, *given: Any) -> tuple[Any, bytes]:
        """As ``_trace``; after a call that hung it is nothing, until there is a request that is not asked ahead."""
        if self._given_up:
            return None, b""
        try:
            return self._trace(*given)
        except CallError as error:
            self._given_up = error.kind == "hung"
            raise

    def _passes(self, key: tuple[str, Path], *given: Any) -> tuple[Any, bytes]:
        case, most, seconds, quiet = given
        passes = self._found[key].passes(case, most, seconds, quiet=quiet)
        layouts, payload = packed([array for step in passes.steps for array in step.values()])
        return {"names": [list(step) for step in passes.steps], "arrays": layouts, "single": passes.single}, payload

    def _draw(self, key: tuple[str, Path], *given: Any) -> tuple[Any, bytes]:
        state, stored, seconds = given
        bits = getattr(np.random, state["bit_generator"])()
        bits.state = state
        layouts, payload = packed([self._found[key].draw(np.random.Generator(bits), stored, seconds)])
        return {"arrays": layouts, "state": bits.state}, payload

    def _reach(self, watch: object) -> tuple[Any, bytes]:
        reach = self._tracers[watch].reach() if watch in self._tracers else Reach()
        return {"total": reach.total, "unreached": reach.unreached, "remark": reach.remark}, b""


def _described(of: Description) -> dict[str, Any]:
    parameters = None
    if of.parameters is not None:
        parameters = [(p.name, p.kind.name, p.default is not p.empty) for p in of.parameters.values()]
    return of._asdict() | {"parameters": parameters}
