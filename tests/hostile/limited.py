"""Runs commands of the real program, each in a process of its own with limits on its time and memory.

One process imports the program once and forks for each command, so that several hundred commands take no hour. Run as a
program, ``limited.py [NAME ...]``, it prints a table of what the files in ``files.py`` take, and which take too much.
"""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

SECONDS, MEGABYTES = 10.0, 1000.0
QUICK_SECONDS, QUICK_MEGABYTES = 2.0, 300.0
"""Of what is refused before anything is computed."""
SLOWER = 3.0
"""Times as slow as an idle machine with two cores, of which the seconds are, may be the one on which the tests run."""
_HARD_SECONDS, _HARD_BYTES = 40, 3 << 30  # beyond which the process is ended


class Ended(NamedTuple):
    """How a command ended, what it printed, the seconds of processor time that it took, and megabytes at its largest.

    ``code`` is negative, the signal's number, where it was ended.
    """

    code: int
    text: str
    seconds: float
    megabytes: float


class Runner:
    """The process that forks; a context manager."""

    def __enter__(self) -> "Runner":
        words = [sys.executable, "-P", __file__, "--serve"]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def run(self, *words: object, folder: Path = Path()) -> Ended:
        """Runs ``xlparity`` with these words in the folder."""
        self._process.stdin.write(json.dumps([str(folder), *map(str, words)]) + "\n")
        self._process.stdin.flush()
        return Ended(*json.loads(self._process.stdout.readline()))


def _serve() -> None:
    import xlparity.cli  # noqa: PLC0415  (the process that asks need not)
    from xlparity.engines.registry import find_engine  # noqa: PLC0415

    find_engine("formulas")
    for module in ("xlparity.actions.recalc", "xlparity.reporters.terminal", "scipy.special", "scipy.stats"):
        __import__(module)
    for line in sys.stdin:
        folder, *words = json.loads(line)
        with tempfile.TemporaryFile() as out:
            begin = time.monotonic()
            child = os.fork()
            if not child:
                _become(folder, words, out.fileno(), xlparity.cli.main)
            status, usage = _waited(child)
            out.seek(0)
            text = out.read().decode("utf-8", "replace")
        code = os.waitstatus_to_exitcode(status)
        seconds = max(usage.ru_utime + usage.ru_stime, 0.0)
        sys.stdout.write(json.dumps([code, text, seconds, usage.ru_maxrss / 1024, time.monotonic() - begin][:4]) + "\n")
        sys.stdout.flush()


def _waited(child: int) -> tuple[int, Any]:
    """The status and the use of the process, which is ended with all that it started where it goes on for very long."""
    end = time.monotonic() + 2 * _HARD_SECONDS
    while time.monotonic() < end:
        found, status, usage = os.wait4(child, os.WNOHANG)
        if found:
            return status, usage
        time.sleep(0.005)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    return status, usage


def _become(folder: str, words: list[str], out: int, main: Any) -> None:
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.chdir(folder)
    resource.setrlimit(resource.RLIMIT_CPU, (_HARD_SECONDS, _HARD_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_HARD_BYTES, _HARD_BYTES))
    sys.argv = ["xlparity", *words]
    os.environ["COLUMNS"] = "400"
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1)  # noqa: SIM115
    try:
        main()
    except SystemExit as ended:
        sys.stdout.flush()
        os._exit(ended.code if isinstance(ended.code, int) else 1)
    except BaseException as error:  # which the program should have caught
        os.write(2, f"{type(error).__name__}: {error}".encode())
        os._exit(70)


def _measure(chosen: list[str]) -> None:
    from files import FILES  # noqa: PLC0415

    rows = []
    with tempfile.TemporaryDirectory() as folder, Runner() as runner:
        for file in FILES:
            if chosen and not any(word in file.name for word in chosen):
                continue
            path = Path(folder) / "book.xlsx"
            file.make(path)
            ended = runner.run("recalc", "--check", "book.xlsx", folder=Path(folder))
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
            seconds, most = (QUICK_SECONDS, QUICK_MEGABYTES) if file.quick else (SECONDS, MEGABYTES)
            lines = ended.text.strip().splitlines()
            fine = (
                ended.code == file.code
                and file.says in ended.text
                and ended.seconds <= seconds
                and ended.megabytes <= most
            )
            rows.append((file, ended, fine))
            told = " | ".join(line.strip() for line in lines)
            print(
                f"{'ok ' if fine else 'BAD'} {file.name:34} {ended.code:4} {ended.seconds:6.2f} s {ended.megabytes:6.0f} MB",
                told[:200],
                flush=True,
            )
    slowest, hungriest = (max(rows, key=lambda row: row[1][place]) for place in (2, 3))
    print(f"{sum(fine for *_, fine in rows)} of {len(rows)} as declared; slowest {slowest[0].name} ({slowest[1].seconds:.1f} s), "
          f"hungriest {hungriest[0].name} ({hungriest[1].megabytes:.0f} MB)")  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        _serve()
    else:
        sys.path.insert(0, str(Path(__file__).parent))
        _measure(sys.argv[1:])
