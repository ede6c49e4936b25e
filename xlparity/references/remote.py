"""A reference in a process of its own, from outside: asked by messages, and what it answers is checked."""

import contextlib
import inspect
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlparity.errors import OracleError
from xlparity.references.case import Case
from xlparity.references.function import LONGEST, CallError, Description, Passes, Trace, Wanted, import_too_long
from xlparity.references.process import EndedError, LateError, ReferenceProcess
from xlparity.references.tracing import Reach, Unreached
from xlparity.references.wire import Layout, header_of

_MORE = 1.0  # seconds after the end of its time in which a call may say where it was, before its process is killed
_KINDS = ("refused", "raised", "fault", "overflow", "hung")


class RemoteFunction:
    """A function that the process finds by its name, when it is first needed, and calls."""

    def __init__(self, process: ReferenceProcess, name: str, folder: Path, limit: float) -> None:
        self._process, self._key, self._limit = process, (name, folder), limit
        self._known: Description | None = None
        self._process_number: int | None = None  # that of the process in which it was loaded
        self._asked: tuple[int, int] | None = None
        self._layout: tuple[bytes, Any, Layout] | None = None  # of the last answer, which most have
        # Calls that have been asked for, by their arguments, in their order: two samples may have the same.
        self._expected: dict[object, deque[tuple[int, int]]] = {}
        self._watch: object = None
        self._watches = 0

    def load(self) -> None:
        """Have it loaded, without waiting for that."""
        with self._process.lock, contextlib.suppress(EndedError):  # it is asked again where it is needed
            self._asked = self._process.ask("load", *self._key, self._limit)

    @property
    def description(self) -> Description:
        """As ``Function.description``; raises OracleError where it cannot be loaded."""
        with self._process.lock:
            return self._known or self._loaded()

    def trace(
        self, case: Case, iterations: int | None, wanted: Wanted, seconds: float, *, quiet: bool, trapped: bool
    ) -> Trace:
        """As ``Function.trace``."""
        key = case.key, iterations, wanted
        with self._process.lock:
            ahead = self._ahead(key) if quiet and not trapped else None
            found = None if ahead is None else self._answer(ahead, seconds)
            text, payload = found or self._call(
                seconds, "trace", self._key, self._watch, case, iterations, wanted, seconds, quiet, trapped
            )
        try:
            header, layout = self._read(text)
            steps = _steps(header["names"], layout.unpacked(payload))
            asked = [list(wanted.of(number, iterations)) for number in range(1, (iterations or 1) + 1)]
            given = [list(step) for step in steps]
            if not wanted.each and len(given) == len(asked):  # a mapping has what exists once
                asked[:-1] = given[:-1]
            if given != asked:
                raise ValueError("it has other names")
        except (ValueError, TypeError, KeyError) as error:
            raise _senseless(error) from error
        return tuple(steps)

    def expect(self, case: Case, iterations: int | None, wanted: Wanted, seconds: float) -> None:
        """As ``Function.expect``."""
        request = "ahead", self._key, self._watch, case, iterations, wanted, seconds, True, False
        with self._process.lock, contextlib.suppress(OracleError, EndedError):  # it is asked again when it follows
            self._loaded()
            self._expected.setdefault((case.key, iterations, wanted), deque()).append(self._process.ask(*request))

    def passes(self, case: Case, most: int, seconds: float, *, quiet: bool) -> Passes:
        """As ``Function.passes``."""
        text, payload = self._call(seconds, "passes", self._key, case, most, seconds, quiet)
        try:
            header, layout = self._read(text)
            steps = _steps(header["names"], layout.unpacked(payload))
            if not 0 < len(steps) <= most or any(array.dtype != float for step in steps for array in step.values()):
                raise ValueError("it has no arrays of numbers")
            return Passes(tuple(steps), bool(header["single"]))
        except (ValueError, TypeError, KeyError) as error:
            raise _senseless(error) from error

    def draw(self, random: np.random.Generator, stored: Any, seconds: float) -> NDArray[Any]:
        """As ``Function.draw``; the generator goes on as if it had been drawn from here."""
        text, payload = self._call(seconds, "draw", self._key, random.bit_generator.state, stored, seconds)
        try:
            header, layout = self._read(text)
            (drawn,) = layout.unpacked(payload)
            random.bit_generator.state = header["state"]
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise _senseless(error) from error
        return drawn

    def tracer(self) -> "_RemoteTracer":
        """As ``Function.tracer``."""
        self._watches += 1
        return _RemoteTracer(self, (*self._key, self._watches))

    @contextmanager
    def watched(self, watch: object) -> Iterator[None]:
        """The calls that are made inside are watched by this tracer."""
        before, self._watch = self._watch, watch
        try:
            yield
        finally:
            self._watch = before

    def reach(self, watch: object) -> Reach:
        """What calls reached that were watched by this tracer."""
        try:
            text, _ = self._call(self._limit, "reach", watch)
            found = header_of(text)
            unreached = tuple(Unreached(_text(where), _text(what)) for where, what in found["unreached"])
            remark = None if found["remark"] is None else _text(found["remark"])
            return Reach(int(found["total"]), unreached, remark)
        except (CallError, ValueError, TypeError, KeyError):
            return Reach(remark="what the reference's code reaches is not known: its process did not say")

    @property
    def process_number(self) -> int | None:
        """The number of the process that has it loaded; None where none has."""
        return self._process_number if self._process_number == self._process.running else None

    def _ahead(self, key: object) -> tuple[int, int] | None:
        """The first of the calls with these arguments that the process which runs has been asked for."""
        left = self._expected.get(key, deque())
        while left:
            asked = left.popleft()
            if not left:
                del self._expected[key]
            if asked[0] == self._process.running:
                return asked
        return None

    def _call(self, seconds: float, *request: Any) -> tuple[bytes, bytearray]:
        with self._process.lock:
            try:
                self._loaded()
            except OracleError as error:
                raise CallError("ended", f" cannot be called again: {error}") from error
            found = self._answer(None, seconds, *request)
        if found is None:
            raise _senseless(ValueError("it was not called"))
        return found

    def _answer(self, asked: tuple[int, int] | None, seconds: float, *request: Any) -> tuple[bytes, bytearray] | None:
        """The answer to what was asked before, or to a request; None where one that was asked ahead was given up."""
        try:
            text, payload = self._process.answer(asked or self._process.ask(*request), seconds + _MORE)
        except LateError:
            raise CallError("hung", "") from None
        except EndedError as error:
            raise CallError("ended", f" {error}", error.remedy) from None
        if text == b"null":
            return None
        _raise_failure(text)
        return text, payload

    def _loaded(self) -> Description:
        """What it is from outside, loaded where the process that runs has it not; raises OracleError where that fails."""
        process, (name, _) = self._process, self._key
        if self._known is not None and self._process_number == process.running:
            return self._known
        try:
            asked = self._asked if self._asked and self._asked[0] == process.running else None
            self._asked = None
            asked = asked or process.ask("load", *self._key, self._limit)
            text, _ = process.answer(asked, self._limit + _MORE)
            _raise_failure(text)
            found = _description(header_of(text))
        except LateError:
            raise OracleError(import_too_long(name, self._limit)) from None
        except EndedError as error:
            raise OracleError(f"the reference {name} cannot be imported (its process {error})") from None
        except CallError as error:
            if error.kind == "refused":
                raise OracleError(error.said) from error.__cause__
            raise OracleError(f"the reference {name} cannot be imported (it{error.said})") from None
        except (ValueError, TypeError, KeyError) as error:
            raise OracleError(f"the reference {name}{_senseless(error).said}") from error
        self._known, self._process_number = found, asked[0]
        return found

    def _read(self, text: bytes) -> tuple[Any, Layout]:
        """The header, and what it says of arrays."""
        if self._layout is None or self._layout[0] != text:
            header = header_of(text)
            layout = Layout(header["arrays"])
            if not layout.plain:
                return header, layout
            self._layout = text, header, layout
        return self._layout[1:]


class _RemoteTracer:
    """Watches calls that are made in another process."""

    def __init__(self, function: RemoteFunction, watch: object) -> None:
        self._function, self._watch = function, watch
        self._processes: set[int | None] = set()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """As ``Watching.watching``."""
        with self._function.watched(self._watch):
            yield
        self._processes.add(self._function.process_number)

    def reach(self) -> Reach:
        """As ``Watching.reach``."""
        if not self._processes:
            return Reach()
        if len(self._processes) > 1 or self._function.process_number not in self._processes:
            return Reach(remark="what the reference's code reaches is not known: its process ended meanwhile")
        return self._function.reach(self._watch)


def _raise_failure(text: bytes) -> None:
    """Raises CallError where the answer says that the call failed."""
    if not text.startswith(b'{"failed":'):
        return
    try:
        kind, said, absent = header_of(text)["failed"]
        said = _text(said)
        if kind not in _KINDS:
            raise ValueError("it failed in an unknown way")
    except (ValueError, TypeError, KeyError) as error:
        raise _senseless(error) from error
    raise CallError(kind, said) from (ImportError(said) if absent is True else None)  # something is not on this machine


def _senseless(error: Exception) -> CallError:
    return CallError("ended", f" gave an answer that makes no sense ({' '.join(str(error).split())[:LONGEST]})")


def _text(value: Any) -> str:
    """A text of a message, in one line."""
    if not isinstance(value, str):
        raise ValueError("a text is missing")
    return value.encode(errors="backslashreplace").decode()


def _steps(names: Any, arrays: Sequence[NDArray[Any]]) -> list[dict[str, NDArray[Any]]]:
    """The arrays by their names in each iteration."""
    left = iter(arrays)
    steps = [{name: next(left) for name in step} for step in names]
    if any(not isinstance(name, str) for step in steps for name in step) or next(left, None) is not None:
        raise ValueError("it has other names")
    return steps


def _description(found: Any) -> Description:
    """What a function is from outside; raises ValueError and others where that makes no sense."""
    parameters = None
    if found["parameters"] is not None:
        parameters = {
            _text(name): inspect.Parameter(
                name, inspect._ParameterKind[kind], default=None if has else inspect.Parameter.empty
            )
            for name, kind, has in found["parameters"]
        }
    file = None if found["file"] is None else _text(found["file"])
    numbers, compared = (tuple(float(number) for number in found[key]) for key in ("numbers", "compared"))
    return Description(parameters, bool(found["generates"]), file, numbers, compared)
