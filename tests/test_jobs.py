"""Worker processes: a task that crashes, hangs, fills the memory or leaves something behind concerns no other task."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import psutil
import pytest
from job_tasks import MEGABYTE, act

from xlparity.errors import XlparityError
from xlparity.jobs import Limits, Outcome, run_all
from xlparity.jobs.pool import Pool, usual_start

LIMITS = Limits(seconds=20, memory=400 * MEGABYTE)
SHORT = Limits(seconds=0.4, memory=400 * MEGABYTE)
posix = pytest.mark.skipif(os.name != "posix", reason="it is about signals and groups of processes, which POSIX has")


def outcomes(tasks, jobs=1, limits=LIMITS):
    """The outcomes in the order of the tasks."""
    found = dict(run_all(act, tasks, jobs=jobs, limits=limits))
    assert len(found) == len(tasks)
    return [found[index] for index in range(len(tasks))]


def around(task, **options):
    """The outcome of a task between two others, which are as if it were not there."""
    first, found, last = outcomes([("square", 2), task, ("square", 3)], **options)
    assert (first, last) == (Outcome(4), Outcome(9))
    return found


def gone(pid):
    """Whether the process has ended; one that nobody has waited for counts."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


# --- what goes wrong has a reason -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        (("crash", None), "its process ended with SIGSEGV"),
        (("exit", 0), "its process ended with exit code 0"),
        (("exit", 3), "its process ended with exit code 3"),
        (("stop", 0), "a fault in xlparity: SystemExit: 0"),
        (("close", None), "its process ended with exit code 1"),  # it cannot answer
        (("refuse", "a.xlsx: is no workbook;\nsave it again"), "a.xlsx: is no workbook; save it again"),
        (("raise", "a\nb"), "a fault in xlparity: ValueError: a b"),
        (("unpicklable", None), "a fault in xlparity: RuntimeError: not from here"),
    ],
)
@posix
def test_a_task_that_ends_badly_has_that_as_its_reason(task, reason):
    """Also one that ends its process with code 0, which is no success."""
    assert around(task).reason == reason


def test_a_value_that_cannot_be_sent_is_a_reason():
    """And neither silence nor the end of the worker."""
    reason = around(("lambda", 1)).reason
    assert reason.startswith("a fault in xlparity: ") and "lambda" in reason


@pytest.mark.parametrize("action", ["hang", "hang in C"])
def test_a_task_that_hangs_is_ended_from_outside(action):
    """A loop in compiled code that holds the interpreter can be ended in no other way."""
    assert around((action, None), limits=SHORT).reason == "took longer than 0.4 s"


@pytest.mark.parametrize("action", ["fill", "child fills"])
def test_memory_is_limited_in_the_worker_and_in_what_it_starts(action):
    """The limit is on what is resident: address space that is only reserved costs nothing, and numpy reserves much."""
    assert around((action, 4000)).reason == "needed more than 400 MB of memory"
    assert around(("fill", 100)) == Outcome(100 * MEGABYTE)


def test_what_a_task_prints_or_reads_is_nobody_elses(capfd):
    """A report on standard output stays whole, and a terminal's input is not taken."""
    assert around(("print", None)) == Outcome("")
    assert capfd.readouterr() == ("", "")


@posix
def test_a_task_that_forks_has_one_outcome():
    """Both processes return from the function; the second must not answer in place of the first."""
    assert around(("fork", None)).reason is None
    assert len({outcome.value for outcome in outcomes([("fork", None)] * 5)}) == 5  # and is left behind in no worker


# --- and concerns no other task ---------------------------------------------------------------------------------------


@posix
def test_what_a_task_has_started_ends_with_it(tmp_path):
    """Also where the task returned, and where it was killed; pebble leaves these behind."""
    found = around(("leave", None))
    assert gone(found.value)
    assert around(("leave and hang", str(tmp_path / "pids")), limits=SHORT).reason == "took longer than 0.4 s"
    assert all(gone(int(pid)) for pid in (tmp_path / "pids").read_text().split())


def test_the_standard_pool_gives_up_all_tasks_for_one():
    """Which is why there is a pool of our own: with concurrent.futures the tasks that had not run yet have no result."""
    with ProcessPoolExecutor(1, mp_context=__import__("multiprocessing").get_context("spawn")) as pool:
        found = [pool.submit(act, task) for task in (("exit", 3), ("square", 3))]
    assert all(isinstance(one.exception(), BrokenProcessPool) for one in found)
    assert around(("exit", 3)).reason == "its process ended with exit code 3"


@posix
def test_no_task_has_a_reason_that_an_earlier_one_has_caused():
    """A thread or memory that is left behind ends the worker during the next task, which is run again in a new one."""
    assert outcomes([("end later", None), ("sleep", 0.5)]) == [Outcome(), Outcome(0.5)]
    assert outcomes([("keep", 150)] * 6) == [Outcome(150)] * 6


def test_the_outcomes_are_the_same_whatever_the_number_of_workers():
    """In another order of arrival, which the index undoes."""
    tasks = [
        ("square", 1),
        ("sleep", 0.2),
        ("exit", 1),
        ("square", 4),
        ("raise", "x"),
        *[("square", n) for n in range(30)],
    ]
    one = outcomes(tasks)
    assert outcomes(tasks, 3) == outcomes(tasks, 100) == one
    assert [next(iter(run_all(act, [("sleep", 0.5), ("square", 2)], jobs=2)))] == [(1, Outcome(4))]


def test_a_worker_does_many_tasks_and_jobs_is_the_number_of_workers():
    """To start a process for each task would take longer than most tasks."""
    assert len({outcome.value for outcome in outcomes([("process", 0)] * 20)}) == 1
    found = {outcome.value for outcome in outcomes([("process", 0.1)] * 10, 2)}
    assert len(found) == 2
    assert os.getpid() not in found


def test_a_task_that_cannot_be_had_is_a_reason():
    """A sequence reads a submission when its turn comes; by then the file may be gone."""

    class Files(list):
        def __getitem__(self, index):
            if index == 1:
                raise XlparityError("b.xlsx cannot be read")
            return super().__getitem__(index)

    found = dict(run_all(act, Files([("square", 1), ("square", 2), ("square", 3)]), jobs=2))
    assert found == {0: Outcome(1), 1: Outcome(reason="b.xlsx cannot be read"), 2: Outcome(9)}


def test_no_tasks_have_no_outcomes():
    """And no process is started for them."""
    assert list(run_all(act, [], jobs=2)) == []


@pytest.mark.parametrize("start", sorted({"spawn", usual_start()}))
def test_both_ways_to_start_a_worker_do(start, monkeypatch):
    """Where a process cannot be forked it is spawned; it has this process's environment and folder of now, not of the server."""
    monkeypatch.setenv("XLPARITY_TEST", start)
    tasks = [("environment", "XLPARITY_TEST"), ("exit", 1), ("square", 3)]
    with Pool(act, 1, LIMITS, start) as pool:
        assert [outcome.value for _, outcome in sorted(pool.run(tasks))] == [start, None, 9]
        assert [outcome.value for _, outcome in pool.run([("square", 4)])] == [16]  # and there may be another run


# --- nothing is left --------------------------------------------------------------------------------------------------


@posix
def test_no_worker_outlives_an_iteration_that_is_left():
    """An exception or Ctrl-C in the loop closes it."""
    running = run_all(act, [("process", 0), ("hang", None), ("hang in C", None)], jobs=3)
    index, first = next(running)
    assert index == 0
    workers = [one.pid for one in psutil.Process().children(recursive=True) if os.getpgid(one.pid) == one.pid]
    assert first.value in workers  # which have a group of their own, as the fork server has not
    running.close()
    assert all(gone(pid) for pid in workers)


def program(folder, text):
    """The words that run a Python program, which can import what this file can."""
    file = folder / "program.py"
    file.write_text(f"import sys\nsys.path[:0] = {[str(Path(__file__).parent), *sys.path]}\n{text}")
    return [sys.executable, file]


@posix
@pytest.mark.parametrize("end", ["SIGKILL", "SIGINT"])
def test_no_worker_outlives_its_program(tmp_path, end):
    """Whatever ends it, while one worker loops, one waits in C and one has started a process of its own."""
    pids = tmp_path / "pids"
    words = program(
        tmp_path,
        "from job_tasks import act\nfrom xlparity.jobs import run_all\nif __name__ == '__main__':\n"
        f"    tasks = [('hang in C', 0), ('hang', 0), ('leave and hang', {str(pids)!r})]\n"
        "    list(run_all(act, tasks, jobs=3))\n",
    )
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as running:
        limit = time.monotonic() + 20
        while not (pids.exists() and len(pids.read_text().split()) == 2):
            assert time.monotonic() < limit
            time.sleep(0.02)
        children = psutil.Process(running.pid).children(recursive=True)
        os.kill(running.pid, getattr(signal, end))
        running.wait(10)
    assert len(children) >= 5  # the fork server, three workers, and what one of them has started
    assert all(gone(pid) for pid in [*(one.pid for one in children), *map(int, pids.read_text().split())])


@posix
def test_a_program_that_leaves_an_iteration_unfinished_ends(tmp_path):
    """multiprocessing waits for its processes when Python ends, and these would do nothing for ever."""
    words = program(
        tmp_path,
        "from job_tasks import act\nfrom xlparity.jobs import run_all\nif __name__ == '__main__':\n"
        "    running = run_all(act, [('process', 0), ('hang', 0)], jobs=2)\n    print(next(running)[1].value)\n",
    )
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=True)
    assert gone(int(done.stdout))


@posix
def test_a_script_without_a_main_guard_is_one_error_with_the_remedy(tmp_path):
    """A worker imports the script, which must not run all again; multiprocessing's own words are below it."""
    text = "from job_tasks import act\nfrom xlparity.jobs import run_all\nprint(list(run_all(act, [('square', 2)])))\n"
    done = subprocess.run(program(tmp_path, text), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "a worker process could not be started (ended with exit code 1)" in done.stderr
    assert "if __name__ == '__main__':" in done.stderr
