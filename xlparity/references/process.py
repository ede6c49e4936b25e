"""The process in which the references of a spec run: started once, asked, watched, and killed at the end."""

import contextlib
import os
import pickle
import select
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from xlparity.jobs.processes import Memory, ended, kill_group, size
from xlparity.references.frames import ANSWER, REQUEST

MEMORY = 2 << 30
"""Bytes that the process may take, with those that it starts: as much as a task of ``jobs`` may."""

_TICK = 0.05  # seconds between two looks at memory: in that time a process can fill about 0.2 GB of it
_STARTING = 120.0  # seconds in which it must have imported numpy; it takes a tenth of one on an idle machine
_ENDING = 5.0  # seconds in which a process that was killed, or has closed its connection, must be gone
_PRINTED = 64 << 10  # bytes of what references print that are kept
_LAST = 1000  # bytes of it from the end, of which a line says why a process could not be started
_CHUNK, _CHUNKS = 1 << 20, 64  # bytes that are read at once, and how often before something else is looked at
_POLLED = 0.002  # seconds between two looks at a process that ends, and at pipes on Windows, which has no wait for them


class EndedError(Exception):
    """The process ended, or was killed, before there was an answer; the text says how, and ``remedy`` what to do."""

    def __init__(self, how: str, remedy: str = "") -> None:
        super().__init__(how)
        self.remedy = remedy


class LateError(Exception):
    """There was no answer in time, and the process was killed."""


class _Place(NamedTuple):
    """Where a process starts: what it has of this one."""

    owner: int
    folder: str | None
    environment: dict[str, str]
    path: list[str]

    @classmethod
    def here(cls) -> "_Place":
        """That of a process which starts at the moment."""
        return cls(os.getpid(), _folder(), dict(os.environ), sys.path[:])


class ReferenceProcess:
    """A process that is started at the first request, and again at the first one after its end.

    A process that was ``prepared`` takes the place of the first start. What it prints is written to standard error with
    ``show``. Not more than one thread may ask at a time: it holds the ``lock``.
    """

    def __init__(self, show: bool = False) -> None:
        self.lock = threading.RLock()
        self._starts = 0
        self._show = show
        self._place = _Place.here()
        self._running: _Running | None = None

    @property
    def running(self) -> int | None:
        """The number of the process that runs, of all that were started; None where none does."""
        return self._starts if self._running is not None and self._running.owner == os.getpid() else None

    def ask(self, *request: Any) -> tuple[int, int]:
        """Send a request, which can be pickled; gives what to fetch the answer by."""
        running = self._running
        if running is None or running.owner != os.getpid():
            try:
                running = self._running = _prepared(self._place) or _Running(self._place)
            except OSError as error:
                raise EndedError(f"could not be started ({error})") from error
            running.show = self._show
            self._starts += 1
            running.send("set", sys.argv)
        return self._starts, running.send(*request)

    def answer(self, asked: tuple[int, int], seconds: float) -> tuple[bytes, bytearray]:
        """The answer's JSON and its bytes; raises LateError where it takes longer than so many seconds, and EndedError."""
        start, number = asked
        running = self._running
        if running is None or start != self._starts:
            raise EndedError("was ended by another call")
        try:
            return running.answer(number, seconds)
        except BaseException:  # also KeyboardInterrupt, after which nobody waits for the answer
            self.end()
            raise

    def end(self) -> None:
        """Kill the process and those that it has started; a later request starts another one."""
        running, self._running = self._running, None
        if running is not None:
            running.end()

    def __enter__(self) -> "ReferenceProcess":
        return self

    def __exit__(self, *raised: object) -> None:
        self.end()


class _Running:
    """One process, its pipes, and the answers that have arrived and were not asked for yet."""

    def __init__(self, place: "_Place") -> None:
        self.place, self.show = place, False
        self._token = os.urandom(16)
        self.owner = os.getpid()
        with _alive() as (kept, passed):
            self._process = _started(self._token, passed, place.folder, place.environment)
        self._end = weakref.finalize(self, _end, self._process, kept, self.owner)
        assert self._process.stdin and self._process.stdout and self._process.stderr  # they are pipes
        self._requests, self._answers = self._process.stdin.fileno(), self._process.stdout.fileno()
        self._prints = self._process.stderr.fileno()
        self._read_from = [self._answers, self._prints]
        if sys.platform != "win32":
            for file in (self._requests, self._answers, self._prints):
                os.set_blocking(file, False)
        self._memory = Memory(self._process.pid)
        self._printed = 0
        self._unsent, self._received = bytearray(), bytearray()
        self._sent = self._arrived = 0
        self._ready = False
        self._last = b""  # of what was printed
        self._found: dict[int, tuple[bytes, bytearray]] = {}

    def send(self, *request: Any) -> int:
        """Send as much as there is room for; the rest follows while the answer is waited for."""
        data = pickle.dumps(request, protocol=5)
        self._unsent += REQUEST.pack(len(data)) + data
        with contextlib.suppress(OSError):  # where it has ended, whoever waits for the answer finds out how
            self._write()
        self._sent += 1
        return self._sent

    def answer(self, number: int, seconds: float) -> tuple[bytes, bytearray]:
        """The answer with this number; raises LateError and EndedError."""
        due = time.monotonic() + (seconds if self._ready else _STARTING)
        looked = time.monotonic()
        while number not in self._found:
            ready, arrived = self._ready, self._arrived
            open_ = self._wait(_TICK)
            self._take()
            if (ready, arrived) != (self._ready, self._arrived):
                due = time.monotonic() + seconds
                continue
            if not open_ or self._has_ended():
                raise EndedError(self._how())
            now = time.monotonic()
            if now > due:
                if not self._ready:
                    raise EndedError("could not be started: it took too long")
                raise LateError
            if now - looked >= _TICK:
                looked = now
                if self._memory.used() > MEMORY:
                    raise EndedError(f"needed more than {size(MEMORY)} of memory", "; --in-process sets no limit")
        return self._found.pop(number)

    def end(self) -> None:
        """Kill the process, and show what it has printed."""
        if self.owner == os.getpid():
            _kill(self._process)
            with contextlib.suppress(OSError):
                self._take_prints()
        self._end()

    def _how(self) -> str:
        """How the process ended that has closed its connection."""
        until = time.monotonic() + _ENDING
        while not self._has_ended() and time.monotonic() < until:
            time.sleep(_POLLED)
        how = "closed its connection to xlparity"
        if self._has_ended():
            kill_group(self._process.pid)  # those that it has left behind, before its number may be another's
            how = ended(self._process.wait())
        if self._ready:
            return how
        self._take_prints()
        last = self._last.decode(errors="backslashreplace").strip().rpartition("\n")[2]
        return f"could not be started: it {how} ({last})"

    def _has_ended(self) -> bool:
        """Whether the process has ended; where possible it is not waited for, so that its group keeps its number."""
        if self._process.returncode is None and hasattr(os, "waitid"):
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        return self._process.poll() is not None

    # --- pipes ---------------------------------------------------------------------------------------------------------

    def _wait(self, seconds: float) -> bool:
        """Read and write what can be, after at most so many seconds; whether more answers may come."""
        try:
            writable, readable = self._possible(seconds)
            if writable:
                self._write()
            if self._prints in readable:
                self._take_prints()
            if self._answers in readable:
                data = _read(self._answers)
                self._received += data or b""
                return data != b""
        except OSError:  # a closed pipe
            return False
        return True

    def _possible(self, seconds: float) -> tuple[bool, set[int]]:
        if sys.platform == "win32":
            import _winapi  # noqa: PLC0415
            import msvcrt  # noqa: PLC0415

            until = time.monotonic() + seconds
            while True:
                found = {file for file in self._read_from if _winapi.PeekNamedPipe(msvcrt.get_osfhandle(file))[0]}
                if found or time.monotonic() > until:
                    return False, found
                time.sleep(_POLLED)
        looking = select.poll()
        for file in self._read_from:
            looking.register(file, select.POLLIN)
        if self._unsent:
            looking.register(self._requests, select.POLLOUT)
        found = {file for file, _ in looking.poll(1000 * seconds)}
        return self._requests in found, found

    def _write(self) -> None:
        while self._unsent:
            try:
                done = os.write(self._requests, self._unsent[:_CHUNK])
            except BlockingIOError:
                return
            del self._unsent[:done]

    def _take(self) -> None:
        """Take the whole answers from what was received."""
        while len(self._received) >= ANSWER.size:
            token, header, payload = ANSWER.unpack_from(self._received)
            if token != self._token or max(header, payload) > MEMORY:
                raise EndedError("wrote to the connection to xlparity")
            end = ANSWER.size + header + payload
            if len(self._received) < end:
                return
            text = bytes(self._received[ANSWER.size : ANSWER.size + header])
            found = self._received[ANSWER.size + header : end]
            del self._received[:end]
            if not self._ready:
                self._ready = True
                continue
            self._arrived += 1
            self._found[self._arrived] = text, found

    def _take_prints(self) -> None:
        """Take what was printed, and show the first of it."""
        for _ in range(_CHUNKS):
            data = _read(self._prints)
            if not data:
                if data is not None and self._prints in self._read_from:
                    self._read_from.remove(self._prints)  # the end of it would be news for ever
                return
            left = _PRINTED - self._printed
            self._printed += len(data)
            self._last = (self._last + data)[-_LAST:]
            if self.show and left > 0:
                text = data[:left].decode(errors="backslashreplace") + ("…\n" if len(data) > left else "")
                # What moves the cursor could write over the verdict.
                sys.stderr.write("".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text))


def _started(
    token: bytes, passed: int | None, folder: str | None, environment: dict[str, str]
) -> "subprocess.Popen[bytes]":
    """A process that answers with this token, and ends once the other end of the ``passed`` pipe does.

    Not one of multiprocessing's, which would import the caller's main module again.
    """
    paths = [path for path in sys.path if isinstance(path, str)]
    code = (
        f"import sys; sys.path[:] = {paths!r}; from xlparity.references.child import main; main({token!r}, {passed!r})"
    )
    return subprocess.Popen(
        # The options of this interpreter, as multiprocessing passes them on.
        [sys.executable, *subprocess._args_from_interpreter_flags(), "-c", code],  # type: ignore[attr-defined]
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # so that Ctrl-C reaches this process alone
        pass_fds=() if passed is None else (passed,),
        cwd=folder,
        env=environment,
    )


def _read(file: int) -> bytes | None:
    """What there is to read; nothing at the end of the file, and None where there is nothing yet."""
    if sys.platform == "win32":
        import _winapi  # noqa: PLC0415
        import msvcrt  # noqa: PLC0415

        there = _winapi.PeekNamedPipe(msvcrt.get_osfhandle(file))[0]
        return os.read(file, min(there, _CHUNK)) if there else None
    try:
        return os.read(file, _CHUNK)
    except BlockingIOError:
        return None


@contextmanager
def _alive() -> Iterator[tuple[int | None, int | None]]:
    """The two ends of a pipe: one is kept, and its end shows the process, which is passed the other one, the end of this one."""
    if sys.platform == "win32":
        yield None, None
        return
    passed, kept = os.pipe()
    try:
        yield kept, passed
    except BaseException:
        os.close(kept)
        raise
    finally:
        os.close(passed)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill the process and its group."""
    if process.returncode is None:
        kill_group(process.pid)
        process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_ENDING)


def _end(process: "subprocess.Popen[bytes]", kept: int | None, owner: int) -> None:
    """Close the pipes and kill the process, unless it was started by one from which this process was forked."""
    if kept is not None:
        os.close(kept)
    for pipe in (process.stdin, process.stdout, process.stderr):
        with contextlib.suppress(OSError):
            assert pipe  # they are pipes
            pipe.close()
    if os.getpid() == owner:
        _kill(process)
    else:
        process.returncode = 0  # it is nobody's here, and not to be waited for


_waiting: "list[_Running]" = []  # processes that were prepared


def prepare() -> None:
    """Start a process for the next who needs one in this place; it starts while the caller imports what else it needs.

    Not another one, where one is waiting that nobody has needed.
    """
    place = _Place.here()
    with contextlib.suppress(OSError):  # which the one who needs it finds out
        _waiting.append(_prepared(place) or _Running(place))


def _prepared(place: _Place) -> "_Running | None":
    """A process that was prepared for this place, if there is one."""
    while _waiting:
        running = _waiting.pop()
        if running.place == place and running.owner == os.getpid():
            return running
        running.end()
    return None


def _folder() -> str | None:
    with contextlib.suppress(OSError):  # it may have been deleted
        return os.getcwd()  # noqa: PTH109  (as a text, for another process)
    return None
