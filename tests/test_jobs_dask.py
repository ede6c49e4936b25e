"""Tasks on a real Dask cluster of two worker processes on this machine: the same outcomes, also where a worker is lost."""

import contextlib
import functools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from job_tasks import act
from test_jobs import LIMITS, gone
from test_many import spec_of

from xlparity.errors import XlparityError
from xlparity.jobs import Limits, Outcome, run_all

pytestmark = pytest.mark.dask


@contextlib.contextmanager
def cluster():
    """The address of a scheduler in this process with two workers of their own; it gives a task to three of them at most."""
    import dask  # noqa: PLC0415
    from distributed import LocalCluster  # noqa: PLC0415

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 2, "distributed.comm.timeouts.connect": "3s"}),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as found,
    ):
        yield found.scheduler_address


@pytest.fixture(scope="module")
def address():
    with cluster() as found:
        yield found


@pytest.fixture
def dying():
    """A cluster for one test, which kills its workers."""
    with cluster() as found:
        yield found


def test_the_outcomes_are_those_of_this_machine(address):
    """A crash, a hang and a fault are the end of their own task, and Dask's workers live on."""
    tasks = [
        *[("square", n) for n in range(20)],
        ("crash", 0),
        ("hang in C", 0),
        ("raise", "x"),
        ("refuse", "a.xlsx: no"),
    ]
    limits = Limits(0.5, LIMITS.memory)
    found = dict(run_all(act, tasks, dask=address, limits=limits))
    assert found == dict(run_all(act, tasks, limits=limits))
    assert found[21].reason == "took longer than 0.5 s"
    assert list(run_all(act, [], dask=address)) == []


def test_the_tasks_of_a_worker_that_is_lost_are_tried_again(dying, tmp_path):
    """A machine may be switched off in mid-run; all outcomes are there, and the process of the lost task is not left."""
    tasks = [("sleep", 0.05)] * 10 + [("kill the worker of Dask", (str(tmp_path / "starts"), 1))] + [("square", 3)] * 10
    found = dict(run_all(act, tasks, dask=dying))
    assert sorted(found) == list(range(21))
    assert [found[index] for index in (0, 10, 20)] == [Outcome(0.05), Outcome(1), Outcome(9)]
    assert (tmp_path / "starts").read_text() == "xx"


def test_a_task_that_ends_all_its_workers_has_a_reason_and_no_other_task_has(dying, tmp_path):
    """It is not tried for ever; those that were with the same workers, and that Dask gives up as well, have their values."""
    tasks = [("square", 2), ("kill the worker of Dask", (str(tmp_path / "starts"), 100)), *[("square", 3)] * 5]
    found = dict(run_all(act, tasks, dask=dying))
    assert found.pop(1).reason.startswith("each Dask worker that had it ended")
    assert found == {0: Outcome(4), **dict.fromkeys(range(2, 7), Outcome(9))}
    assert (tmp_path / "starts").read_text() == 2 * "xxx"  # three times among others, and alone


def test_no_process_is_left_on_the_cluster_when_a_run_ends_or_is_left(address):
    """Whether all outcomes were taken or the loop was left, as by Ctrl-C, while a task hangs."""
    found = {outcome.value for _, outcome in run_all(act, [("process", 0)] * 4, dask=address)}
    assert all(gone(pid) for pid in found)
    running = run_all(act, [("process", 0), ("hang", 0), ("process", 0), ("hang in C", 0)], dask=address)
    first = next(running)[1].value
    running.close()
    assert gone(first)
    ours = psutil.Process()
    assert not [
        one
        for one in ours.children(recursive=True)
        if one.status() == psutil.STATUS_RUNNING and one.cpu_percent(0.2) > 90
    ]
    assert dict(run_all(act, [("square", 2)], dask=address)) == {0: Outcome(4)}


def test_specs_are_verified_on_machines_that_have_none_of_their_files(run, small, address, monkeypatch):
    """Spec, workbook, reference and what this imports are sent; the reports are those of this machine."""
    small.reference.write_text("import helper\ndef double(x):\n    return {'y': helper.two * x}\n")
    (small.folder / "helper.py").write_text("two = 2\n")
    other = spec_of(
        small,
        "other",
        "from pathlib import Path\ndef double(x):\n    return {'y': float(Path('two').read_text()) * x}\n",
    )
    broken = spec_of(small, "broken", "import no_such_library\n")
    monkeypatch.chdir(small.folder)
    specs = [path.name for path in (small.spec, other, broken)]
    done = run("verify", *specs, "-q", "--dask", address)
    assert done.code == 2
    assert done.out.startswith("✓ PASS  small.xlsx: ")
    there = "a Dask worker has the spec, its workbook and the Python files beside the reference: install there what else it needs"
    assert "No such file or directory: 'two'" in done.out
    assert done.out.count(there) == 2
    assert "No module named 'no_such_library'" in done.out
    one = run("verify", specs[0], "--format", "json")
    assert run("verify", specs[0], "--format", "json", "--dask", address) == one


def test_a_scheduler_that_does_not_answer_is_one_error(run, small, monkeypatch):
    """With the address, and what one looks like."""
    monkeypatch.setattr("xlparity.jobs.dask._ANSWERING", 1)
    for address in ("tcp://127.0.0.1:9", "nonsense://1"):
        done = run("verify", small.spec, "--dask", address)
        assert done.code == 2
        assert done.err.startswith(f"xlparity: no Dask scheduler answers at '{address}' (")
        assert done.err.count("\n") == 1


def test_a_scheduler_that_is_lost_is_one_error(tmp_path, monkeypatch):
    """What has come until then remains, and is in a journal; the connection is not waited for without end."""
    monkeypatch.setattr("xlparity.jobs.dask._ANSWERING", 2)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
    file = tmp_path / "scheduler.json"
    options = ["--scheduler-file", str(file), "--no-dashboard"]
    begin = functools.partial(subprocess.Popen, stderr=subprocess.DEVNULL)
    with (
        begin([sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", *options]) as scheduler,
        begin([sys.executable, "-m", "distributed.cli.dask_worker", "--nthreads", "1", *options]) as worker,
    ):
        while not file.exists():
            assert scheduler.poll() is None
            time.sleep(0.05)
        running = run_all(act, [("sleep", 0.1)] * 100, dask=json.loads(file.read_text())["address"])
        assert next(running)[1] == Outcome(0.1)
        scheduler.kill()
        with pytest.raises(XlparityError, match=r"the connection to the Dask scheduler at .* was lost; see its log"):
            list(running)
        worker.terminate()


def test_without_the_library_there_is_one_error(tmp_path):
    """It is an extra; the message names it. The libraries are hidden, as an environment without them would be."""
    code = (
        "import sys\nsys.modules['distributed'] = None\nfrom xlparity.jobs import run_all\n"
        "try:\n    list(run_all(len, ['a'], dask='tcp://127.0.0.1:9'))\nexcept Exception as error:\n    print(repr(error))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.startswith("UsageError(") and "pip install 'xlparity[dask]'" in done.stdout
