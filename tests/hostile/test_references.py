"""Whatever a reference does, the verdict is that of its values, or there is none: one line, and exit code 2."""

import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from warm import program

from hostile.references import ALL, LIBC, RIGHT, Hostile

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals, forks and files are those of POSIX")

SECONDS = 40.0  # of one command; on an idle machine none takes four
LONGEST = 1500  # characters of standard error, where one line is two or three hundred


def ended(small, hostile: Hostile, *options: str) -> subprocess.CompletedProcess[str]:
    """How ``verify`` ends with this reference, and what it prints."""
    if hostile.blocks:
        small.write_cells({"A1": 3, "B1": "=2*A1", "B2": "=2*A1"})
        small.write_spec(blocks="[blocks]\nrows = [1, 2]")
    small.reference.write_text(hostile.source)
    words = [*program("xlparity.cli"), "verify", str(small.spec), "--scenarios", "3", *hostile.options, *options]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=SECONDS)


@pytest.mark.parametrize("name", ALL)
def test_a_reference_decides_nothing_but_its_values(warm, small, name):
    """`os._exit(0)` in somebody's code was a pass for a wrong workbook, and a print made JSON no JSON."""
    hostile = ALL[name]
    done = ended(small, hostile, "--format", "json")
    assert done.returncode == hostile.code, done.stderr
    said = " ".join((done.stderr + done.stdout).split())
    assert hostile.said in said
    assert "Traceback" not in said
    assert "a fault in xlparity" not in said
    assert len(done.stderr) < LONGEST
    if hostile.code < 0:
        return
    if done.stdout:
        verdicts = {0: "pass", 1: "fail", 2: "unassessed"}
        assert json.loads(done.stdout)["verdict"] == verdicts[hostile.code]
    else:  # nothing could be compared
        assert (hostile.code, done.stderr.count("\n"), done.stderr.startswith("xlparity: ")) == (2, 1, True)
        assert all(c.isprintable() for c in done.stderr[:-1])


@pytest.mark.parametrize("start", ["os.fork()", "subprocess.Popen(['sleep', '1000']).pid"])
@pytest.mark.parametrize("end", ["", "time.sleep(1000)", "libc._exit(0)", "os.kill(os.getppid(), 9)"])
def test_what_a_reference_starts_ends_with_it(warm, small, start, end):
    """A runner of CI waits for the last process that holds its pipes."""
    pids = small.folder / "pids"
    started = (
        f"{LIBC}import subprocess\ndef double(x):\n    pid = {start}\n    if not pid: time.sleep(1000)\n"
        f"    with open({str(pids)!r}, 'a') as file: print(pid, os.getpid(), file=file)\n    {end or 'pass'}\n"
    )
    ended(small, Hostile(started + RIGHT, 0, "", ("--timeout", "1")))
    found = {int(pid) for pid in pids.read_text().split()}
    until = time.monotonic() + SECONDS
    while left := [pid for pid in found if _runs(pid)]:
        assert time.monotonic() < until, left
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_what_a_reference_prints_is_shown_on_request(warm, small):
    """Beside the verdict, and without what would move a cursor over it."""
    source = f"import os\nprint('imported')\ndef double(x):\n    print(x); os.write(1, b'\\x1b[2Jhere\\n')\n{RIGHT}"
    hostile = Hostile(source, 0)
    assert ended(small, hostile).stderr == ""
    done = ended(small, hostile, "--verbose")
    assert done.returncode == 0
    assert done.stderr.startswith("imported\n3.0\n\ufffd[2Jhere\n")
    assert "here" not in done.stdout


def test_in_this_process_a_debugger_has_the_terminal(warm, small):
    """pdb reads what the person types, which a process of its own has not."""
    small.reference.write_text(f"def double(x):\n    print(input())\n{RIGHT}")
    words = [*program("xlparity.cli"), "verify", str(small.spec), "--in-process", "--scenarios", "0"]
    done = subprocess.run(words, input="typed\n", capture_output=True, text=True, check=False, timeout=SECONDS)
    assert (done.returncode, done.stderr) == (0, "typed\n")


@pytest.mark.parametrize("draw", ["libc._exit(0)", "ctypes.string_at(0)", "time.sleep(1000)", "raise ValueError"])
def test_a_function_that_draws_runs_in_the_process_of_references(warm, small, draw):
    """It is somebody's code as well."""
    small.write_spec(inputs='[inputs]\nx = { at = "A1", draw = "small.py:drawn" }')
    done = ended(
        small,
        Hostile(f"{LIBC}def drawn(random, stored):\n    {draw}\ndef double(x):\n{RIGHT}", 2, "", ("--timeout", "1")),
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "small.py:drawn" in done.stderr


def test_what_a_function_draws_is_what_it_draws_in_this_process(warm, small):
    """The generator goes on where the function left it, so that scenarios do not depend on where it runs."""
    small.write_spec(inputs='[inputs]\nx = { at = "A1", draw = "small.py:drawn" }')
    calls = Path(small.folder / "calls")
    source = (
        f"def drawn(random, stored):\n    return random.normal(size=2)[1]\n"
        f"def double(x):\n    with open({str(calls)!r}, 'a') as file: print(x, file=file)\n{RIGHT}"
    )
    seen = []
    for options in ((), ("--in-process",)):
        calls.unlink(missing_ok=True)
        assert ended(small, Hostile(source, 0), *options).returncode == 0
        seen.append(calls.read_text())
    assert seen[0] == seen[1]
    assert len(set(seen[0].split())) == 4
