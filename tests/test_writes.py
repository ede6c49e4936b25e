"""Nothing is lost: whatever happens meanwhile, a file is the old one or the new one, and nothing is left beside it."""

import contextlib
import fcntl
import json
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from conftest import TIMES, Small
from warm import program

from xlparity.files import write_file

KILLS = 50 if TIMES > 1 else 5  # at random moments of each command; fifty in CI
OLD = b"what was there before"


@pytest.fixture
def wrong(small):
    """A workbook that is wrong, and whose stored values are out of date: there is something to write for every command."""
    small.write_cells({"A1": 3, "B1": "=3*A1", "B2": "=2*A1", "B3": "=2*A1"})
    small.reference.write_text("def double(x):\n    return {'y': [2 * x] * 3}\n")
    small.write_spec(outputs='[outputs]\ny = "B1:B3"')
    return small


def left_over(folder):
    """The temporary files in the folder."""
    return [path for path in folder.iterdir() if path.name.startswith(".xlparity-")]


# --- kills -----------------------------------------------------------------------------------------------------------

COMMANDS = {
    "recalc": ["recalc", "small.xlsx"],
    "fix": ["verify", "small.parity.toml", "--scenarios", "0", "--fix", "fixed.xlsx"],
    "annotate": ["verify", "small.parity.toml", "--scenarios", "0", "--annotate", "shown.xlsx"],
    "output": ["verify", "small.parity.toml", "--scenarios", "0", "--format", "html", "--output", "page.html"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_killed_command_leaves_the_old_file_or_the_new_one(warm, wrong, name):
    """A machine that runs out of memory, or a CI job that is cancelled, kills at any moment; the next run cleans up."""
    words, target = COMMANDS[name], wrong.folder / COMMANDS[name][-1]
    inputs = {path: path.read_bytes() for path in (wrong.workbook, wrong.reference, wrong.spec) if path != target}
    before = target.read_bytes() if target.exists() else OLD

    def started():
        target.write_bytes(before)
        command = [*program("xlparity.cli"), *words]
        return subprocess.Popen(command, cwd=wrong.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def ended(process):
        """Its exit code, once every process that has its standard output is gone."""
        with process:
            process.stdout.read()
        return process.returncode

    begin = time.monotonic()
    code = ended(started())
    whole, after = time.monotonic() - begin, target.read_bytes()
    assert code == (0 if name == "recalc" else 1)
    assert after != before
    moments, found = random.Random(1), set()
    for _ in range(KILLS):
        process = started()
        time.sleep(moments.uniform(0.5, 1.1) * whole)
        process.kill()
        ended(process)
        found.add(target.read_bytes())
        assert found <= {before, after}
        assert {path: path.read_bytes() for path in inputs} == inputs
    assert ended(started()) == code
    assert target.read_bytes() == after
    assert not left_over(wrong.folder)


STEPS = """
import os, signal, sys
from pathlib import Path
from xlparity import files

target, steps = Path(sys.argv[1]), 0

def killed_at(number):
    def step(frame, event, argument):
        nonlocal number
        if event == "c_call":
            number -= 1
            if not number:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.setprofile(step)
    files.write_file(target, b"new")
    os._exit(0)

while True:
    steps += 1
    target.write_bytes(b"old")
    if not (child := os.fork()):
        killed_at(steps)
    if not os.waitpid(child, 0)[1]:
        break
    assert target.read_bytes() in (b"old", b"new"), (steps, target.read_bytes())
    left = [path for path in target.parent.iterdir() if path != target]
    assert len(left) <= 1, left
    files.write_file(target.parent / "other", b"")
    (target.parent / "other").unlink()
    assert [*target.parent.iterdir()] == [target], steps
print(steps)
"""


def test_a_kill_between_any_two_steps_of_a_write_loses_nothing(tmp_path):
    """Random moments hit the milliseconds of a write seldom; here each call of the system is followed and preceded by a kill."""
    command = [sys.executable, "-c", STEPS, tmp_path / "target"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr
    assert int(done.stdout) > 40


# --- what is left over -----------------------------------------------------------------------------------------------


def test_only_what_killed_runs_have_left_is_removed(tmp_path):
    """Not what another run is writing, what is called nearly so, nor what a link or pipe of that name leads to."""
    names = [".xlparity-settings", ".xlparity-abcdefg.tmp", "xlparity-abcdefgh.tmp", ".xlparity-ABCDEFGH.tmp"]
    kept = {tmp_path / name for name in names}
    for path in kept:
        path.write_bytes(OLD)
    used, left, link, pipe = (
        tmp_path / f".xlparity-{end}.tmp" for end in ("12345678", "abcd_fgh", "aaaaaaaa", "bbbbbbbb")
    )
    used.write_bytes(OLD)
    left.write_bytes(OLD)
    link.symlink_to(tmp_path / names[0])
    os.mkfifo(pipe)
    (tmp_path / ".xlparity-cccccccc.tmp").mkdir()
    with used.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write_file(tmp_path / "out", b"")
        assert not left.exists()
        assert all(path.exists() for path in (*kept, used, link, tmp_path / ".xlparity-cccccccc.tmp"))
        assert stat.S_ISFIFO(pipe.stat().st_mode)
    write_file(tmp_path / "out", b"")
    assert not used.exists()


def test_many_runs_at_once_on_one_file_leave_one_of_theirs(tmp_path):
    """None removes the temporary file of another, and the last one to end has written the whole file."""
    target = tmp_path / "target"
    write = "import sys; from pathlib import Path; from xlparity.files import write_file\nsys.stdin.read()\n"
    write += "for n in range(100): write_file(Path(sys.argv[1]), sys.argv[2].encode() * 10_000)"
    runs = [subprocess.Popen([sys.executable, "-c", write, target, name], stdin=subprocess.PIPE) for name in "abcd"]
    for each in runs:
        each.stdin.close()  # which they have waited for
    seen = set()
    while any(each.poll() is None for each in runs):
        with contextlib.suppress(FileNotFoundError):
            seen.add(target.read_bytes())
    assert [each.wait() for each in runs] == [0] * 4
    assert seen <= {name * 10_000 for name in (b"a", b"b", b"c", b"d")}
    assert [*tmp_path.iterdir()] == [target]


def test_two_commands_at_once_on_one_workbook_leave_it_whole(warm, wrong):
    """As two jobs of one CI run, or an editor's hook beside a person's command."""
    command = [*program("xlparity.cli"), "recalc", wrong.workbook]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(4)]
    assert [(each.communicate()[0], each.returncode)[1] for each in runs] == [0] * 4
    check = subprocess.run([*command, "--check"], capture_output=True, check=False)
    assert check.returncode == 0, check.stdout
    assert not left_over(wrong.folder)


# --- where there is no room, or no right -----------------------------------------------------------------------------


def refused(done, *said):
    """The command ended with one line that has these words in it."""
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert all(words in done.err for words in said)


@pytest.fixture
def no_room():
    """No file may grow beyond 4,096 bytes, as on a disk that is nearly full."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert signal.getsignal(signal.SIGXFSZ) is signal.SIG_IGN  # as Python starts
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, usual[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, usual)


@pytest.mark.parametrize("name", COMMANDS)
def test_without_room_the_old_file_stays_and_nothing_beside_it(run, wrong, no_room, monkeypatch, name):
    """Of a new file that does not fit, no half takes the place of the old one."""
    monkeypatch.chdir(wrong.folder)
    target = wrong.folder / COMMANDS[name][-1]
    if name != "recalc":
        target.write_bytes(OLD)
    before = {path: path.read_bytes() for path in wrong.folder.iterdir() if path.is_file()}
    refused(run(*COMMANDS[name]), target.name, "cannot be written (", "make room")
    assert {path: path.read_bytes() for path in wrong.folder.iterdir() if path.is_file()} == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_a_full_device_is_one_line(run, wrong):
    """It is written to as it is."""
    refused(
        run("verify", wrong.spec, "--output", "/dev/full"), "/dev/full: cannot be written (No space left on device)"
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_without_the_right_to_write_is_one_line(run, monkeypatch, name):
    """As a checkout of another user; and root is asked as nobody, since it may write everywhere."""
    with tempfile.TemporaryDirectory() as folder:
        wrong = Small(Path(folder))
        wrong.write_cells({"A1": 3, "B1": "=3*A1", "B2": "=2*A1", "B3": "=2*A1"})
        wrong.reference.write_text("def double(x):\n    return {'y': [2 * x] * 3}\n")
        wrong.write_spec(outputs='[outputs]\ny = "B1:B3"')
        target = wrong.folder / COMMANDS[name][-1]
        if name != "recalc":
            target.write_bytes(OLD)
        monkeypatch.chdir(folder)
        run(*COMMANDS[name][:-2], wrong.spec) if name != "recalc" else run(
            "recalc", "--check", wrong.workbook
        )  # import all
        before = {path: path.read_bytes() for path in wrong.folder.iterdir() if path.is_file()}
        wrong.folder.chmod(0o555)
        user = os.geteuid()
        if not user:
            os.seteuid(65534)
        try:
            # In one process: in the tests, the other is forked by one that is root's.
            done = run(*COMMANDS[name], *([] if name == "recalc" else ["--in-process"]))
        finally:
            os.seteuid(user)
            wrong.folder.chmod(0o755)
        refused(done, target.name, "cannot be written (")
        assert {path: path.read_bytes() for path in wrong.folder.iterdir() if path.is_file()} == before


# --- targets of another kind -----------------------------------------------------------------------------------------


def test_a_link_stays_a_link_and_a_folder_a_folder(run, wrong, monkeypatch):
    """A report may be published by a link, and a folder's contents are nothing to be replaced."""
    monkeypatch.chdir(wrong.folder)
    (wrong.folder / "real").mkdir()
    (link := wrong.folder / "link.json").symlink_to("real/page.json")
    assert run("verify", wrong.spec, "--format", "json", "--output", "link.json").code == 1
    assert link.is_symlink()
    assert json.loads((wrong.folder / "real/page.json").read_text())["verdict"] == "fail"
    refused(run("verify", wrong.spec, "--output", "real"), "real: cannot be written (Is a directory)")
    for name in ("fix", "annotate"):
        (wrong.folder / COMMANDS[name][-1]).mkdir()
        refused(run(*COMMANDS[name]), COMMANDS[name][-1], "Is a directory")
    assert not left_over(wrong.folder)


def test_a_pipe_is_written_to_where_somebody_reads_it(run, wrong):
    """Without a reader, the system would let the command wait for one for ever."""
    os.mkfifo(pipe := wrong.folder / "pipe")
    refused(run("verify", wrong.spec, "--output", pipe), "pipe: cannot be written (nothing reads from it)")
    read = []
    handle = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(handle, True)
    with os.fdopen(handle, "rb") as file:
        reader = threading.Thread(target=lambda: read.append(file.read()))
        done = run("verify", wrong.spec, "--format", "json", "--output", pipe)
        reader.start()
        reader.join()
    assert done.code == 1
    assert json.loads(read[0])["verdict"] == "fail"
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_what_is_written_is_on_the_disk_before_it_takes_the_old_ones_place(tmp_path, monkeypatch):
    """Else a power failure leaves an empty file under the name; and the folder follows, or the old file may come back."""
    steps, fsync, replace = [], os.fsync, Path.replace

    def brought(handle):
        steps.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def moved(self, target):
        steps.append("move")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", brought)
    monkeypatch.setattr(Path, "replace", moved)
    write_file(tmp_path / "out", b"new")
    assert steps == ["file", "move", "folder"]


READ_ONLY = """
import os
from pathlib import Path
from xlparity.files import write_file

if not os.geteuid():
    os.setuid(65534)  # root may write everywhere
try:
    write_file(Path("target"), b"new")
except Exception as error:
    print(error, end="")
"""


def test_a_read_only_file_is_refused_and_not_replaced():
    """Its owner has said that it is not to be changed; moving another one into its place needs no right on it."""
    with tempfile.TemporaryDirectory() as folder:
        (target := Path(folder, "target")).write_bytes(OLD)
        target.chmod(0o444)
        Path(folder).chmod(0o777)
        done = subprocess.run([sys.executable, "-c", READ_ONLY], cwd=folder, capture_output=True, text=True, check=True)
        assert done.stdout.startswith("target: cannot be written (it is read-only); ")
        assert target.read_bytes() == OLD
