"""``xlparity verify`` of many specs: one that cannot be used is a line with its reason, and stops none of the others."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import psutil
import pytest
from test_html import parsed
from test_reporters import valid

import xlparity
from xlparity.actions.many import verify_each
from xlparity.actions.parcel import Parcel, files_of
from xlparity.reporters.formats import json as json_reporter
from xlparity.results.report import Report, Unusable
from xlparity.settings import Options
from xlparity.spec import read_spec

OPTIONS = Options(scenarios=5)


def spec_of(small, name, reference="def double(x):\n    return {'y': 2 * x}\n"):
    """Another spec in the folder of ``small``, with the same workbook and a reference of its own."""
    (small.folder / f"{name}.py").write_text(reference)
    spec = small.folder / f"{name}.parity.toml"
    spec.write_text(small.spec.read_text().replace("small.py", f"{name}.py"))
    return spec


@pytest.fixture
def broken(small):
    """A spec whose workbook is not there."""
    spec = small.folder / "broken.parity.toml"
    spec.write_text(small.spec.read_text().replace("small.xlsx", "none.xlsx"))
    return spec


# --- a line with the reason --------------------------------------------------------------------------------------------


def test_a_spec_that_cannot_be_used_stops_none_of_the_others(run, small, broken):
    """A course with one bad file still wants to know about the rest, whatever their order; the exit code is the worst."""
    for specs in ([broken, small.spec], [small.spec, broken]):
        done = run("verify", *specs, "--quiet")
        assert done.code == 2
        assert done.out.startswith("✓ PASS")
        assert f"? UNASSESSED  {broken} cannot be verified: {broken}:1: " in done.out
        assert "none.xlsx cannot be read: there is no such file" in done.out
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    done = run("verify", broken, small.spec, "--quiet")
    assert done.code == 1
    assert "FAIL" in done.out and "UNASSESSED" in done.out


def test_one_spec_alone_is_one_error_as_ever(run, broken):
    """There is no report to add a line to; with or without --jobs, which has nothing to share out."""
    for options in ((), ("--jobs", 2)):
        done = run("verify", broken, *options)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"xlparity: {broken}:1: ")


def test_a_fault_in_xlparity_is_a_reason_too(small, monkeypatch):
    """What stops one spec is not always its writer's mistake, and no reason to lose the others."""
    monkeypatch.delenv("XLPARITY_TRACEBACK", raising=False)
    other = spec_of(small, "other")

    def progress(number, spec):
        def show(stage, done):
            if spec == small.spec and stage == "comparing":
                raise ValueError("as a mistake in the code would")

        return show

    found = dict(verify_each([small.spec, other], options=OPTIONS, progress=progress))
    assert isinstance(found[0], Unusable) and found[0].reason.startswith("a fault in xlparity: ValueError: as a")
    assert isinstance(found[1], Report)


def test_every_format_has_the_specs_that_cannot_be_used(run, small, broken, tmp_path, monkeypatch):
    """A program that reads a report must not take the missing one for a pass."""
    monkeypatch.chdir(tmp_path)
    names = {name: tmp_path / f"out.{name}" for name in ("json", "junit", "sarif", "markdown", "html")}
    options = [word for name, path in names.items() for word in ("--format", name, "--output", path)]
    assert run("verify", small.spec.name, broken.name, *options).code == 2
    text = {name: path.read_text() for name, path in names.items()}
    assert all("none.xlsx cannot be read" in one for one in text.values())
    document = json.loads(text["json"])
    assert document["verdict"] == "unassessed"
    assert [report["verdict"] for report in document["reports"]] == ["pass"]
    ((spec, reason),) = [one.values() for one in document["unusable"]]
    assert spec == broken.name and reason.startswith(f"{broken.name}:1: ")
    suites = ET.fromstring(text["junit"])
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("2", "0", "1")
    (case,) = suites.findall("testsuite/testcase[error]")
    assert case.find("error").get("type") == "unusable"
    valid(json.loads(text["sarif"]))
    (invocation,) = json.loads(text["sarif"])["runs"][0]["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == broken.name
    assert "## ? UNASSESSED" in text["markdown"]
    (heading,) = parsed(text["html"]).iter("h1")
    assert "".join(heading.itertext()).split() == ["?", "UNASSESSED", "2", "workbooks"]


def test_github_shows_a_spec_that_cannot_be_used_as_an_error(run, small, broken, tmp_path, monkeypatch):
    """In the pull request, and in the summary of the step, where it comes first."""
    summary = tmp_path / "summary"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.chdir(tmp_path)
    done = run("verify", small.spec.name, broken.name, "-q")
    (line,) = [line for line in done.out.splitlines() if line.startswith("::error")]
    assert line.startswith(f"::error file={broken.name},title=xlparity%3A UNASSESSED::")
    assert "none.xlsx cannot be read" in summary.read_text()


def test_the_document_of_one_report_and_one_unusable_spec_is_that_of_several():
    """Whoever asks for two specs reads ``reports``, also where one of them has none."""
    document = json.loads(json_reporter.render([], None, [Unusable("a.parity.toml", "is not TOML")]))
    assert document == {
        "schema": 1, "verdict": "unassessed", "reports": [], "unusable": [{"spec": "a.parity.toml", "reason": "is not TOML"}]
    }  # fmt: skip


# --- in processes -----------------------------------------------------------------------------------------------------


def test_the_reports_are_those_of_one_process(run, small, broken, two_iterations):
    """Whatever --jobs is, in the same order: a report that depended on it could not be compared with yesterday's."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    specs = [two_iterations, broken, small.spec, spec_of(small, "other")]
    one = run("verify", *specs, "--format", "json", "--scenarios", 5)
    assert one.code == 1
    for jobs in (1, 2):
        assert run("verify", *specs, "--format", "json", "--scenarios", 5, "--jobs", jobs) == one


def test_a_reference_that_crashes_or_ends_its_process_is_the_end_of_its_own_spec_alone(small):
    """In one process it would be the end of all; what it prints is in nobody's report."""
    crash = spec_of(small, "crash", "import ctypes\ndef double(x):\n    ctypes.string_at(0)\n")
    loud = spec_of(small, "loud", "import os\ndef double(x):\n    os.write(1, b'hello')\n    return {'y': 2 * x}\n")
    found = dict(verify_each([small.spec, crash, loud], options=OPTIONS, jobs=2))
    assert isinstance(found[1], Unusable)
    assert found[1].reason.endswith("crash.py:double ended with SIGSEGV on the stored inputs (x = 3)")
    assert [str(found[index].verdict) for index in (0, 2)] == ["pass", "pass"]


def test_a_reference_has_its_own_time_in_a_worker_as_well(small):
    """--reference-timeout means the same whatever --jobs is."""
    slow = spec_of(small, "slow", "def double(x):\n    while True:\n        pass\n")
    options = Options(scenarios=5, reference_timeout=0.3)
    found = dict(verify_each([small.spec, slow], options=options, jobs=1))
    assert "slow.py:double did not return within 0.3 s" in found[1].reason
    assert str(found[0].verdict) == "pass"


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="signals are POSIX's")
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_no_process_is_left_when_the_command_is_ended(small, number):
    """Ctrl-C, a scheduler's SIGTERM and the last resort, while one reference loops in Python and one waits in C."""
    log = small.folder / "processes"
    start = f"import ctypes, os\ndef double(x):\n    open({str(log)!r}, 'a').write(f'{{os.getpid()}}\\n')\n"
    specs = [
        spec_of(small, "python", f"{start}    while True:\n        pass\n"),
        spec_of(small, "c", f"{start}    ctypes.PyDLL(None).sleep(1000)\n"),
    ]
    command = [sys.executable, "-m", "xlparity.cli", "verify", *map(str, specs), "--jobs", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        wait_until(lambda: log.exists() and len(log.read_text().split()) == 2)
        processes = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        assert {int(word) for word in log.read_text().split()} <= {one.pid for one in processes}
        os.kill(process.pid, getattr(signal, number))
        process.wait(10)
        assert b"Traceback" not in process.stderr.read()
    wait_until(lambda: not any(alive(one) for one in processes))
    assert process.returncode in (130, -getattr(signal, number))


def wait_until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def alive(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.skipif(os.name != "posix", reason="there is a terminal to look at on POSIX only")
def test_a_terminal_shows_how_much_is_done_and_the_time_left(small):
    """For many files that is what one wants to know."""
    import pty  # noqa: PLC0415

    slow = "import time\ntime.sleep(0.4)\ndef double(x):\n    return {'y': 2 * x}\n"
    specs = [spec_of(small, f"slow{number}", slow) for number in range(5)]
    command = [
        sys.executable,
        "-m",
        "xlparity.cli",
        "verify",
        "-q",
        "--scenarios",
        "5",
        "--jobs",
        "1",
        *map(str, specs),
    ]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, stderr=theirs, stdout=subprocess.PIPE, env={**os.environ, "TERM": "xterm"}
    ) as process:
        os.close(theirs)
        assert process.stdout.read().decode().count("PASS") == 5
        shown = b""
        while True:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
    os.close(ours)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert re.search(r"slow\d\.parity\.toml: done .*\b60% 0:00:0\d", plain)


# --- by content -------------------------------------------------------------------------------------------------------


def test_a_parcel_has_what_a_reference_imports_and_no_more(small, monkeypatch):
    """Python files and packages beside it; a workbook that the spec does not name is none of it."""
    monkeypatch.chdir(small.folder)
    (small.folder / "helper.py").write_text("two = 2\n")
    for name in ("package/__init__.py", "package/deep/inner.py", "folder/other.py"):
        (small.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (small.folder / name).write_text("")
    (small.folder / "other.xlsx").write_bytes(b"")
    plan = read_spec(Path("small.parity.toml"))
    assert {path.as_posix() for path in files_of(plan, plan.workbook)} == {
        "small.parity.toml", "small.xlsx", "small.py", "helper.py", "package/__init__.py", "package/deep/inner.py"
    }  # fmt: skip


def test_relative_paths_mean_the_same_in_an_unpacked_parcel(small, tmp_path, monkeypatch):
    """A spec may lie above the current folder and its reference beside it: the report and its paths are the same."""
    here = small.folder / "some" / "where"
    here.mkdir(parents=True)
    small.reference.write_text("import helper\ndef double(x):\n    return {'y': helper.two * x}\n")
    (small.folder / "helper.py").write_text("two = 2\n")
    monkeypatch.chdir(here)
    spec = Path("../../small.parity.toml")
    ours = xlparity.verify(spec, options=OPTIONS)
    parcel = Parcel.of(files_of(read_spec(spec), Path("../../small.xlsx")))
    before = set(sys.modules)
    small.reference.write_text("raise RuntimeError\n")
    small.workbook.unlink()
    with parcel.unpacked():
        theirs = xlparity.verify(spec, options=OPTIONS)
    assert theirs == ours and str(ours.verdict) == "pass"
    assert Path.cwd() == here
    assert not [name for name in set(sys.modules) - before if "small" in name]


def test_a_reference_by_an_absolute_path_is_not_sent(small):
    """It leads nowhere on another machine; better one sentence now than a puzzling one from there."""
    small.write_spec(reference=f'reference = "{small.reference.as_posix()}:double"')
    plan = read_spec(small.spec)
    with pytest.raises(xlparity.UsageError, match="since its path is absolute; write it relative to the spec"):
        files_of(plan, plan.workbook)


# --- one spec in a sandbox -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "limit", "reason"),
    [
        ("while True: pass", ("--sandbox-seconds", 3), "took longer than 3 s"),
        ("x = [bytearray(900 << 20), time.sleep(60)]", ("--sandbox-memory", 600), "needed more than 600 MB of memory"),
        ("os.kill(os.getpid(), 9)", (), ""),
    ],
)
def test_a_sandbox_ends_what_takes_too_much(run, small, body, limit, reason):
    """One spec is verified in this process otherwise, where a job of CI would hang, or be ended with all that it has."""
    small.reference.write_text(f"import os, time\ndef double(x):\n    {body}\n")
    began = time.monotonic()
    done = run("verify", small.spec, "--sandbox", *limit)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("xlparity: ")
    assert done.err.count("\n") == 1
    assert reason in done.err
    assert time.monotonic() - began < 50


def test_a_sandbox_changes_no_report(run, small):
    """Nor the exit code, whatever the format."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    for form in ("json", "text"):
        words = ("verify", small.spec, "--scenarios", 5, "--format", form)
        plain, apart = run(*words), run(*words, "--sandbox")
        assert (plain.code, plain.out) == (apart.code, apart.out)
        assert plain.code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sandbox-seconds", 5], "add that"),
        (["--sandbox-memory", 500], "add that"),
        (["--sandbox", "--fix", "a.xlsx"], "omit them or --sandbox"),
        (["--sandbox", "--annotate", "a.xlsx"], "omit them or --sandbox"),
        (["--sandbox", "--watch"], "omit them or --sandbox"),
    ],
)
def test_what_a_sandbox_does_not_hold_is_refused_with_it(run, small, words, said):
    """A limit that is not kept would be no limit."""
    done = run("verify", small.spec, *words)
    assert done.code == 2
    assert said in done.err
