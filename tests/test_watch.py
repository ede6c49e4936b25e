"""``xlparity verify --watch``, as a process of its own: a person saves a file and reads the next verdict."""

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time

import pytest
from warm import program

pytest.importorskip("watchfiles", reason="the library watchfiles is not installed")

PASS, FAIL, WATCHING = "✓ PASS", "✗ FAIL", "watching "


class Watcher:
    """The command, its lines as they come, and its end."""

    def __init__(self, folder, *arguments):
        self.process = subprocess.Popen(
            [*program("xlparity.cli"), "verify", *arguments, "--watch", "--quiet", "--scenarios", "3"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "300"},
        )  # fmt: skip
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)

    def see(self, *texts):
        """Waits for lines that begin so, in this order, and returns all that came."""
        seen = []
        for text in texts:
            while not seen or not seen[-1].startswith(text):
                seen.append(self.lines.get(timeout=60))
        return seen

    def end(self):
        """Ctrl-C: the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)

    def close(self):
        """Whatever became of the test, nothing is left running."""
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()


@pytest.fixture
def watch(warm, small):
    started = []

    def start(*arguments):
        started.append(Watcher(small.folder, *arguments))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_a_saved_workbook_and_a_saved_reference_are_verified_again(small, watch):
    """Excel on one half of the screen, the verdict on the other; Ctrl-C ends it with the exit code of the last one."""
    watching = watch("small.parity.toml")
    (line,) = watching.see(PASS, WATCHING)[1:]
    assert line == "watching small.parity.toml, small.py, small.xlsx; Ctrl-C ends it\n"
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    watching.see(FAIL, WATCHING)
    # As many bytes as before, perhaps in the same second: what Python has compiled must not be taken for it.
    small.reference.write_text("def double(x):\n    return {'y': 3 * x}\n")
    watching.see(PASS, WATCHING)
    small.write_cells({"A1": 3, "B1": "=4*A1"})
    watching.see(FAIL, WATCHING)
    assert watching.end() == 1


def test_one_save_in_many_small_steps_is_one_verdict(small, watch):
    """Programs write a large file piece by piece: it is read when no more comes."""
    watching = watch("small.parity.toml")
    watching.see(PASS, WATCHING)
    data = small.workbook.read_bytes()
    for size in range(1000, len(data) + 1000, 1000):
        small.workbook.write_bytes(data[:size])
        time.sleep(0.02)
    assert [line for line in watching.see(PASS, WATCHING) if line.strip()][1:] == [
        "watching small.parity.toml, small.py, small.xlsx; Ctrl-C ends it\n"
    ]
    time.sleep(1.5)
    assert watching.lines.empty()
    assert watching.end() == 0


def test_what_cannot_be_read_is_said_and_watched_until_it_can(small, watch):
    """A slip in the spec ends nothing: it is mended, saved, and verified."""
    right = small.spec.read_text()
    small.spec.write_text(right + "nonsense")
    watching = watch("small.parity.toml")
    said = watching.see("xlparity: small.parity.toml", WATCHING)
    assert "is not TOML" in said[0]
    small.spec.write_text(right)
    watching.see(PASS, WATCHING)
    small.spec.write_text(right + "nonsense")
    watching.see("xlparity: small.parity.toml", WATCHING)
    assert watching.end() == 2


def test_what_is_written_is_not_watched(small, watch):
    """The report beside the workbook does not set off the next verification."""
    watching = watch("small.parity.toml", "--annotate", "shown.xlsx", "--output", "report.txt")
    watching.see(WATCHING)
    assert (small.folder / "shown.xlsx").is_file()
    time.sleep(1.5)
    with contextlib.suppress(queue.Empty):
        raise AssertionError(watching.lines.get_nowait())
    assert watching.end() == 0
