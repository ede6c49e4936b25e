"""Starts the program at once: one process imports it once, and forks a process for each command.

``program("xlparity.cli")`` are the first words of a command that does what ``python -P -m xlparity.cli`` does, with streams, a
folder, variables, an exit code and signals of its own, but without the second and a half of a processor that importing scipy
takes. The fixture ``warm`` starts the process that forks; without it, and where there is no fork, the command starts Python.
What a test claims of the start itself, it shows with ``python -m xlparity.cli``.

``Reference`` is the process in which references run, forked in the same way for the tests that call ``verify`` themselves.
"""

import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

VARIABLE = "XLPARITY_TESTS_WARM"  # the path of the socket on which the process that forks listens
MODULES = ("xlparity.cli", "xlparity.cli.hooks")
CHILD = "xlparity.references.child"
# What commands import of other packages once they run; a version of typer or schedula may have other ones.
LATE = ("typer._adapters", "rich._emoji_codes", "schedula.dispatcher", "schedula.utils.alg", "schedula.utils.sol")
LENGTH = struct.Struct("!i")


def program(module: str) -> list[str]:
    """The first words of a command that runs the module."""
    assert module in MODULES
    return [sys.executable, "-I", "-S", __file__, module]


# --- the process that a test starts ----------------------------------------------------------------------------------


def ask(module: str, words: list[str]) -> None:
    """Has the command run on this process's streams, passes signals on to it, and ends as it ends."""
    path = os.environ.get(VARIABLE)
    if path is None:
        os.execv(sys.executable, [sys.executable, "-P", "-m", module, *words])
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    request = json.dumps([module, words, sys.orig_argv, str(Path.cwd()), dict(os.environ)]).encode()
    socket.send_fds(connection, [LENGTH.pack(len(request))], [0, 1, 2])
    connection.sendall(request)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: connection.sendall(bytes([number])))
    status = os.waitstatus_to_exitcode(LENGTH.unpack(received(connection, LENGTH.size))[0])
    if status < 0:
        if -status != signal.SIGKILL:  # which has no handler
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


def received(connection: socket.socket, size: int) -> bytes:
    """So many bytes; raises EOFError where the other side ends before."""
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise EOFError(f"the other side ended after {len(data)} of {size} bytes")
        data += more
    return data


# --- the process of references ----------------------------------------------------------------------------------------


class Reference:
    """The process in which references run, as ``subprocess`` has one; its arguments are those with which xlparity starts it."""

    def __init__(self, token: bytes, passed: int, folder: str | None, environment: dict[str, str]) -> None:
        pipes = [os.pipe() for _ in range(3)]
        theirs, ours = zip(pipes[0], *(pipe[::-1] for pipe in pipes[1:]), strict=True)
        self._connection = socket.socket(socket.AF_UNIX)
        try:
            self._connection.connect(os.environ[VARIABLE])
        except OSError:
            self._connection.close()
            raise
        request = json.dumps([CHILD, [token.hex()], sys.path, folder, environment]).encode()
        socket.send_fds(self._connection, [LENGTH.pack(len(request))], [*theirs, passed])
        self._connection.sendall(request)
        for file in theirs:
            os.close(file)
        self.pid = LENGTH.unpack(received(self._connection, LENGTH.size))[0]
        self.returncode: int | None = None
        self.stdin, *outputs = (os.fdopen(file, mode, 0) for file, mode in zip(ours, ("wb", "rb", "rb"), strict=True))
        self.stdout, self.stderr = outputs

    def poll(self) -> int | None:
        """The exit code, if it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code."""
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired([CHILD], timeout or 0)
            self.returncode = os.waitstatus_to_exitcode(LENGTH.unpack(received(self._connection, LENGTH.size))[0])
            self._connection.close()
        return self.returncode

    def kill(self) -> None:
        """Kill it."""
        with contextlib.suppress(OSError):
            self._connection.sendall(bytes([signal.SIGKILL]))


# --- the process that forks ------------------------------------------------------------------------------------------


def serve(path: str) -> Callable[[], None]:
    """Forks for each connection until standard input ends; returns in a process that is to run what it returns."""
    commands = imported()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    os.write(1, b"ready\n")
    if not os.fork():  # ends this process once the one that started it has ended, however that happens
        listening.close()
        os.read(0, 1)
        os.kill(os.getppid(), signal.SIGKILL)
        os._exit(0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _ = listening.accept()
        if not os.fork():
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listening.close()
            os.setsid()
            return answer(connection, commands)
        connection.close()


def imported() -> dict[str, Callable[[], None]]:
    """What each module runs, after everything is imported that a command may want."""
    import gc  # noqa: PLC0415  (the process that asks would have to import it too)
    import importlib  # noqa: PLC0415
    import pkgutil  # noqa: PLC0415

    import xlparity  # noqa: PLC0415

    ours = (module.name for module in pkgutil.walk_packages(xlparity.__path__, "xlparity."))
    for name in ("scipy.special", "scipy.stats", *ours):
        if not name.endswith("__main__"):
            importlib.import_module(name)
    for name in LATE:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()
    return {name: sys.modules[name].main for name in (*MODULES, CHILD)}


def answer(connection: socket.socket, commands: dict[str, Callable[[], None]]) -> Callable[[], None]:
    """Forks the process that is to run the command, and returns in it; here, waits for its end and reports it."""
    size, files, _, _ = socket.recv_fds(connection, LENGTH.size, 4)
    module, words, whole, folder, variables = json.loads(received(connection, LENGTH.unpack(size)[0]))
    child = os.fork()
    if child:
        for file in (0, 1, 2, *files):
            os.close(file)
        if module == CHILD:
            connection.sendall(LENGTH.pack(child))
        report(connection, child)
    connection.close()
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
        os.close(file)
    if folder is not None:
        os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    if module == CHILD:
        os.setsid()
        sys.path[:] = whole
        return lambda: commands[CHILD](bytes.fromhex(words[0]), files[3])
    sys.argv, sys.orig_argv = [module, *words], whole
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1)  # noqa: SIM115
    return commands[module]


def report(connection: socket.socket, child: int) -> None:
    """Sends the status with which the process ends; until then it gets the signals of the asking one, and dies with it."""
    passing = os.fork()
    if not passing:
        while number := connection.recv(1):
            os.kill(child, number[0])
        os.kill(child, signal.SIGKILL)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    os.kill(passing, signal.SIGKILL)
    with contextlib.suppress(BrokenPipeError):  # nobody waits any more
        connection.sendall(LENGTH.pack(status))
    os._exit(0)


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(sys.argv[2])()
    else:
        ask(sys.argv[1], sys.argv[2:])
