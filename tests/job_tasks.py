"""What the tests have worker processes do: a task is the name of an action and its argument."""

import ctypes
import os
import subprocess
import sys
import threading
import time
from typing import Any

import psutil

from xlparity.errors import UsageError

MEGABYTE = 1 << 20
_kept: list[Any] = []


class Unpicklable:
    """A value that can be sent and not received."""

    def __reduce__(self) -> Any:
        return _refuse, ()


def _refuse() -> None:
    raise RuntimeError("not from here")


def act(task: tuple[str, Any]) -> Any:  # noqa: PLR0911, PLR0912, PLR0915  (an action each)
    """The value of the action, if it has one."""
    action, given = task
    match action:
        case "square":
            return given * given
        case "process":
            time.sleep(given)
            return os.getpid()
        case "environment":
            return os.environ.get(given)
        case "sleep":
            time.sleep(given)
            return given
        case "crash":
            ctypes.string_at(0)
        case "exit":
            os._exit(given)
        case "stop":
            sys.exit(given)
        case "hang":
            while True:
                pass
        case "hang in C":
            ctypes.PyDLL(None).sleep(1000)
        case "fill":
            return len(bytearray(os.urandom(MEGABYTE)) * given)
        case "keep":
            _kept.append(bytearray(os.urandom(MEGABYTE)) * given)
            time.sleep(0.3)
            return given
        case "child fills":
            code = f"import os, time; kept = os.urandom(2**20) * {given}; time.sleep(1000)"
            subprocess.run([sys.executable, "-c", code], check=True)
        case "print":
            print("printed", flush=True)  # noqa: T201
            os.write(1, b"printed")
            os.write(2, b"printed")
            return sys.stdin.read()
        case "fork":
            os.fork()
            return os.getpid()
        case "leave":
            return subprocess.Popen(["sleep", "1000"]).pid
        case "leave and hang":
            with open(given, "w") as file:  # noqa: PTH123
                file.write(f"{os.getpid()} {subprocess.Popen(['sleep', '1000']).pid}")
            time.sleep(1000)
        case "end later":
            threading.Timer(0.2, os._exit, (7,)).start()
        case "close":
            os.closerange(3, 100)
        case "refuse":
            raise UsageError(given)
        case "raise":
            raise ValueError(given)
        case "lambda":
            return lambda: given
        case "unpicklable":
            return Unpicklable()
        case "kill the worker of Dask":
            path, times = given
            with open(path, "a+") as file:  # noqa: PTH123
                file.seek(0)
                before = len(file.read())
                file.write("x")
            if before < times:
                time.sleep(0.3)  # until Dask, too, has seen that the worker has started: it would not start it again
                psutil.Process().parents()[1].kill()  # the first is the fork server
                time.sleep(1000)
            return before
    return None
