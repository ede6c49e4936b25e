"""Calls of a reference: what it sets holds nowhere else, none is without end, and none ends xlparity.

``hostile/test_references.py`` has what a reference may do to the process that it runs in.
"""

import decimal
import locale
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

import xlparity
from xlparity.reporters import words
from xlparity.reporters.parts import parts_of
from xlparity.results.report import Verdict
from xlparity.settings import Options
from xlparity.spec import reference as references

PROGRAM = [sys.executable, "-P", "-m", "xlparity.cli"]


def ended(small, *words):
    """How the command ends in a process of its own, and what it prints."""
    done = subprocess.run(
        [*PROGRAM, "verify", small.spec, *words], capture_output=True, text=True, check=False, timeout=100
    )
    return done.returncode, done.stdout, done.stderr


# --- the end of the process ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["os._exit(0)", "os.execvp('true', ['true'])", "os.abort()"])
@pytest.mark.parametrize("where", ["call", "step", "import"])
@pytest.mark.parametrize("options", [(), ("--in-process",)])
def test_a_reference_that_ends_the_process_is_an_error(run, small, call, where, options):
    """`os._exit(0)` in somebody's script made `verify` exit with 0 without a word, which is how a pass looks to CI."""
    body = {
        "call": f"import os\ndef double(x):\n    {call}\n",
        "step": f"import os\ndef double(x):\n    yield {{'y': 2 * x}}\n    {call}\n",
        "import": f"import os\n{call}\ndef double(x):\n    return {{'y': 2 * x}}\n",
    }
    if where == "step":
        small.write_cells({"A1": 3, "B1": "=2*A1", "B2": "=2*A1"})
        small.write_spec(blocks="[blocks]\nrows = [1, 2]")
    small.reference.write_text(body[where])
    done = run("verify", small.spec, *options)
    assert done.code == 2
    assert "would end the process before there is a verdict" in done.err
    assert os._exit.__module__ != "xlparity.references.containment"  # what was replaced is back


@pytest.mark.parametrize("in_process", [False, True])
def test_a_process_that_a_reference_forks_may_end(small, in_process):
    """multiprocessing ends its workers with os._exit."""
    small.reference.write_text(
        "import os\ndef double(x):\n    child = os.fork()\n    if not child:\n        os._exit(7)\n"
        "    return {'y': 2 * x if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7 else 0}\n"
    )
    options = Options(scenarios=2, in_process=in_process)
    assert xlparity.verify(small.spec, options=options).verdict is Verdict.PASS


def test_a_command_that_is_killed_leaves_no_process_behind(small):
    """A runner that kills the command after its time would wait for ever for the pipe that the other process holds."""
    small.reference.write_text(
        "import pathlib, time\ndef double(x):\n    pathlib.Path(__file__).with_suffix('.called').touch()\n    time.sleep(600)\n"
    )
    with subprocess.Popen([*PROGRAM, "verify", small.spec], stdout=subprocess.PIPE) as process:
        while not small.reference.with_suffix(".called").exists():
            time.sleep(0.05)
        process.kill()
        assert process.stdout.read() == b""  # which returns once nobody can write any more


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_command_reaches_the_process_that_works(small, number):
    """`kill` and CI send it to one process, and not to the group as Ctrl-C does."""
    small.reference.write_text(
        "import pathlib, time\ndef double(x):\n    pathlib.Path(__file__).with_suffix('.called').touch()\n    time.sleep(600)\n"
    )
    with subprocess.Popen([*PROGRAM, "verify", small.spec], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            while process.poll() is None and not small.reference.with_suffix(".called").exists():
                time.sleep(0.05)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    said = b"xlparity: interrupted\n" if number == signal.SIGINT else b""
    assert (process.returncode, out, err) == (130 if said else -number, b"", said)


# --- a call without end ----------------------------------------------------------------------------------------------


@pytest.fixture
def hurried(monkeypatch):
    """A call on inputs that are not stored has half a second."""
    monkeypatch.setattr(references, "_OTHERS_LIMIT", 0.5)
    monkeypatch.setattr(references, "_TIMES", 0)


@pytest.mark.parametrize("caught", ["Exception", "BaseException"])
def test_a_scenario_in_which_the_reference_does_not_end_is_left_out_and_named(small, hurried, caught):
    """A loop that converges on the stored inputs and not on a drawn one hung without a word, were it to catch everything."""
    small.reference.write_text(
        "def double(x):\n    while x > 2000:\n        try:\n            for _ in range(9):\n                pass\n"
        f"        except {caught}:\n            pass\n    return {{'y': 2 * x}}\n"
    )
    report = xlparity.verify(small.spec)
    (check,) = report.checks
    hung = [note for note in check.notes if "did not return within 0.5 s in scenario 6 (x = 5476.53346)" in note]
    assert report.verdict is Verdict.PASS
    assert check.scenarios.run + check.scenarios.dropped == 100
    assert len(hung) == 1
    assert caught == "BaseException" or "(small.py, line" in hung[0]  # where it was, unless it had to be killed


def test_a_reference_that_often_does_not_end_is_given_up(small, hurried):
    """A hundred scenarios of ten seconds each are no answer; and what was not tried is not passed."""
    small.reference.write_text(
        "def double(x):\n    with open(__file__ + '.calls', 'a') as file:\n        file.write(f'{x}\\n')\n"
        "    while x < 0:\n        pass\n"
        "    return {'y': 2 * x}\n"
    )
    report = xlparity.verify(small.spec)
    (check,) = report.checks
    calls = [float(line) for line in (small.folder / "small.py.calls").read_text().split()]
    assert sum(x < 0 for x in calls) == 3
    assert (report.verdict, check.scenarios.unfinished) == (Verdict.UNASSESSED, True)
    assert sum("did not return" in note for note in check.notes) == 3
    assert words.UNFINISHED in words.verdict(report)
    assert [part.outcome for part in parts_of(report).values()] == ["unassessed", "passed"]


def test_what_is_wrong_is_said_although_the_reference_is_given_up(small, hurried):
    """What is proved wrong is not hidden behind what could not be judged."""
    small.reference.write_text("def double(x):\n    while x < 0:\n        pass\n    return {'y': 3 * x}\n")
    assert xlparity.verify(small.spec).verdict is Verdict.FAIL


def test_what_is_wrong_in_a_scenario_is_said_although_the_reference_is_given_up(small, hurried):
    """Whether rounding is the reason takes a few more calls, which are made."""
    small.write_cells({"A1": 3, "B1": "=IF(A1>4,0,2*A1)"})
    small.reference.write_text("def double(x):\n    while x < 0:\n        pass\n    return {'y': 2 * x}\n")
    (check,) = xlparity.verify(small.spec).checks
    assert (check.verdict, check.counts["match"], check.scenarios.unfinished) == (Verdict.FAIL, 1, True)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def double(x):\n    while True:\n        pass\n", "did not return within 0.3 s on the stored inputs (x = 3)"),
        (
            "def double(x):\n    while True:\n        x += 0\n    yield {}\n",
            "on the stored inputs (x = 3) (small.py, line",
        ),
        ("while True:\n    pass\n", "cannot be imported (it takes longer than 0.3 s (small.py, line"),
    ],
)
def test_a_reference_that_does_not_end_on_the_stored_inputs_is_an_error(run, small, body, said):
    """Without a limit the command says nothing and never ends; the limit is an option, and a project's setting."""
    small.reference.write_text(body)
    done = run("verify", small.spec, "--reference-timeout", "0.3")
    assert done.code == 2
    assert said in done.err


@pytest.mark.parametrize(
    ("count", "said"), [(2, "(x = [1, 2])"), (4, "(x = [1, 2, 3, 4])"), (5, "(x = [1, 2, 3, 4, …])")]
)
def test_a_sample_is_named_by_the_first_elements_of_its_arrays(run, small, count, said):
    """Four are enough to find the sample by, and a line of a thousand numbers is not read."""
    small.write_cells({f"A{row}": row for row in range(1, count + 1)} | {"B1": "=2*A1"})
    small.write_spec(inputs=f'[inputs]\nx = "A1:A{count}"')
    small.reference.write_text("def double(x):\n    while True:\n        pass\n")
    assert f"on the stored inputs {said}" in run("verify", small.spec, "--reference-timeout", "0.3").err


@pytest.mark.parametrize(
    "body", ["raise KeyboardInterrupt\n", "def double(x):\n    raise KeyboardInterrupt\n"], ids=["import", "call"]
)
def test_ctrl_c_while_a_reference_runs_in_this_process_is_no_fault_of_it(run, small, body):
    """Most of the time is spent there, and whoever interrupts the command has not found an error."""
    small.reference.write_text(body)
    done = run("verify", small.spec, "--in-process")
    assert (done.code, done.out, done.err) == (130, "", "xlparity: interrupted\n")
    done = run("verify", small.spec)  # where Ctrl-C does not reach it
    assert (done.code, done.out, "raised KeyboardInterrupt" in done.err or "(KeyboardInterrupt" in done.err) == (
        2,
        "",
        True,
    )


@pytest.mark.parametrize(
    "command", [("init", "small.xlsx", "--reference", "small.py:double"), ("mutate", "small.parity.toml")]
)
def test_every_command_that_calls_the_reference_takes_the_limit(run, small, monkeypatch, command):
    """The message names the option, and waited for a minute where there was none."""
    small.reference.write_text("def double(x):\n    while True:\n        pass\n")
    monkeypatch.chdir(small.folder)
    done = run(*command, "--reference-timeout", "0.3", *(["-o", "new.toml"] if command[0] == "init" else []))
    said = small.folder.joinpath("new.toml").read_text() if command[0] == "init" else done.err
    assert "did not return within 0.3 s on the" in " ".join(said.split())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return {'y': 2 * z}", "raised NameError: name 'z' is not defined"),
        ("import os; os._exit(0)", "would end the process before there is a verdict"),
        ("return {'y': b'six'}", "'y' is no array of cell values"),
        ("return {'z': 2 * x}", "gives no 'y'"),
        ("return None", "gave a NoneType"),
        ("return {'y': 2 * x + None}", "raised TypeError"),
    ],
)
def test_a_reference_with_a_fault_that_shows_in_a_scenario_passes_nothing(run, small, body, said):
    """45 of 100 samples were left out as undefined, without a word on the reason, and the rest passed."""
    small.reference.write_text(f"def double(x):\n    if x > 3.5:\n        {body}\n    return {{'y': 2 * x}}\n")
    done = run("verify", small.spec)
    assert (done.code, "? UNASSESSED" in done.out) == (2, True)
    assert said in done.out
    assert "in scenario" in done.out
    assert "the reference has a fault that shows in" in done.out


def test_a_fault_in_what_another_check_compares_leaves_out_no_sample(small):
    """Checks share the calls of one reference; the wrong B1 was wrong only where the z of the other check was missing."""
    small.write_cells({"A1": 3, "B1": "=IF(A1>3.5,0,2*A1)", "C1": "=3*A1"})
    table = '[check.{0}]\n[check.{0}.inputs]\nx = "A1"\n[check.{0}.outputs]\n{1}\n'
    small.write_spec(inputs=table.format("one", 'y = "B1"'), outputs=table.format("two", 'z = "C1"'))
    small.reference.write_text("def double(x):\n    return {'y': 2 * x, 'z': 3 * x} if x <= 3.5 else {'y': 2 * x}\n")
    one, two = xlparity.verify(small.spec).checks
    # Beside the 100 that are drawn there is one for A1>3.5 where A1 is 3.5.
    assert (one.verdict, one.scenarios.run, one.scenarios.dropped) == (Verdict.FAIL, 101, 0)
    assert (two.verdict, two.scenarios.dropped > 0) == (Verdict.UNASSESSED, True)


@pytest.mark.parametrize("body", ["raise ValueError('x')", "1 / 0", "assert x < 3.5", "raise Unfit", "[0][1]"])
def test_a_reference_may_be_undefined_for_some_inputs(small, body):
    """It says so by an error about its inputs, as the standard library does, or by one of its own."""
    small.reference.write_text(
        f"class Unfit(Exception):\n    pass\ndef double(x):\n    if x > 3.5:\n        {body}\n    return {{'y': 2 * x}}\n"
    )
    assert xlparity.verify(small.spec).verdict is Verdict.PASS


def test_samples_for_which_the_reference_was_not_called_are_not_undefined(run, small):
    """To declare a range would be the wrong remedy."""
    small.reference.write_text("def double(x):\n    while x > 3:\n        pass\n    return {'y': 2 * x}\n")
    done = run("verify", small.spec, "--reference-timeout", "0.3")
    assert "left out, where the reference is undefined, has failed, did not return or was not called:" in done.out


def test_the_limit_is_a_setting_of_the_project(run, small, monkeypatch):
    """A reference that takes minutes does so on every machine of the project."""
    small.reference.write_text("def double(x):\n    while True:\n        pass\n")
    monkeypatch.chdir(small.folder)
    (small.folder / "pyproject.toml").write_text("[tool.xlparity]\nreference_timeout = 0.25\n")
    assert "within 0.25 s" in run("verify", small.spec).err
    (small.folder / "pyproject.toml").write_text("[tool.xlparity]\nreference_timeout = 0\n")
    assert "reference_timeout is a number of seconds" in run("verify", small.spec).err


# --- settings --------------------------------------------------------------------------------------------------------

SETTINGS = """
import decimal, gc, io, os, sys, warnings
import numpy as np

def change():
    np.seterr(all="raise")
    decimal.getcontext().prec = 2
    decimal.getcontext().traps[decimal.Inexact] = True
    decimal.getcontext().traps[decimal.Rounded] = True
    warnings.simplefilter("error")
    os.chdir(os.sep)
    sys.setrecursionlimit(400)
    sys.stdout = sys.stderr = io.StringIO()
    gc.disable()
"""
ASKED = """
    assert np.geterr()["over"] == "raise"
    assert decimal.getcontext().prec == 2
    assert warnings.filters[0][0] == "error"
    assert os.getcwd() == os.sep
    assert sys.getrecursionlimit() == 400
"""


@pytest.mark.parametrize(
    "body",
    [
        f"change()\ndef double(x):{ASKED}    return {{'y': 2.5 * x, 'z': 1.0 / x}}\n",
        "def double(x):\n    change()\n    return {'y': 2.5 * x, 'z': 1.0 / x}\n",
        "def double(x):\n    change()\n    yield {'y': 2.5 * x, 'z': 1.0 / x}\n",
    ],
    ids=["import", "call", "step"],
)
@pytest.mark.parametrize("in_process", [False, True])
def test_what_a_reference_sets_holds_in_its_own_calls_and_nowhere_else(small, body, in_process):
    """numpy.seterr(all="raise") or a decimal context of a reference ended in "a fault in xlparity"."""
    small.write_cells({"A1": 3, "B1": "=2.5*A1", "B2": '=1/VALUE(TEXT(A1,"0.000000"))+1e-999'})
    small.write_spec(
        inputs='[inputs]\nx = { at = "A1", low = 1, high = 2 }',
        outputs='[outputs]\ny = "B1"\nz = { at = "B2", rtol = 1e-3 }',
    )
    small.reference.write_text(SETTINGS + body)
    before = np.geterr(), warnings.filters[:], Path.cwd(), sys.getrecursionlimit(), sys.stdout, sys.stderr
    report = xlparity.verify(small.spec, options=Options(in_process=in_process))
    assert report.verdict is Verdict.PASS
    assert before == (np.geterr(), warnings.filters[:], Path.cwd(), sys.getrecursionlimit(), sys.stdout, sys.stderr)


def test_a_reference_may_leave_the_process_in_a_folder_that_it_has_deleted(small):
    """As one does that works in a temporary folder; there is no way back into it, and none is needed."""
    small.reference.write_text(
        "import os, tempfile\ngone = tempfile.mkdtemp()\nos.chdir(gone)\nos.rmdir(gone)\n"
        "def double(x):\n    return {'y': 2 * x}\n"
    )
    before = Path.cwd()
    assert xlparity.verify(small.spec, options=Options(scenarios=3, in_process=True)).verdict is Verdict.PASS
    assert Path.cwd() == before


def test_the_locale_of_a_reference_holds_in_its_own_calls_and_nowhere_else(small):
    """A notebook that prints numbers as its country does would have the report sorted and printed so as well."""
    small.reference.write_text(
        "import locale\nown = 'C.UTF-8' if locale.setlocale(locale.LC_ALL) == 'C' else 'C'\n"
        "locale.setlocale(locale.LC_ALL, own)\n"
        "def double(x):\n    assert locale.setlocale(locale.LC_ALL) == own\n    return {'y': 2 * x}\n"
    )
    before = locale.setlocale(locale.LC_ALL)
    assert xlparity.verify(small.spec, options=Options(scenarios=3, in_process=True)).verdict is Verdict.PASS
    assert locale.setlocale(locale.LC_ALL) == before


def test_what_a_generator_leaves_when_it_is_closed_is_among_its_own_settings(small):
    """A generator that is never exhausted is closed by and by, and its `with np.errstate` then sets what it found before."""
    small.reference.write_text(
        "import decimal\nimport numpy as np\ndef double(x):\n    with np.errstate(all='raise'), decimal.localcontext(prec=2):\n"
        "        while True:\n            yield {'y': 2 * x}\n"
    )
    before = np.geterr(), decimal.getcontext().prec
    assert xlparity.verify(small.spec, options=Options(scenarios=3, in_process=True)).verdict is Verdict.PASS
    assert before == (np.geterr(), decimal.getcontext().prec)


def test_what_a_reference_prints_is_shown_of_the_stored_inputs(run, small):
    """Of a hundred scenarios, and of the search for a counterexample, it would hide the verdict."""
    small.reference.write_text("def double(x):\n    print('called with', x)\n    return {'y': 2 * x}\n")
    small.write_cells({"A1": 3, "B1": "=IF(A1>4,2,3)*A1-3"})
    done = run("verify", small.spec, "--in-process")
    assert (done.code, done.err) == (1, "called with 3.0\n")
    assert "set Sheet!A1 to" in done.out


def test_what_a_program_has_set_is_not_for_xlparity(small):
    """A test suite may have numpy raise, or compute in two digits, and hand its function to assert_parity."""
    small.write_cells({"A1": 3, "B1": '=EXP(A1)*VALUE(TEXT(1.23456,"0.000"))'})
    with np.errstate(all="raise"), decimal.localcontext(prec=2) as digits:
        digits.traps[decimal.Inexact] = digits.traps[decimal.Rounded] = True
        report = xlparity.assert_parity(
            small.workbook, lambda x: {"y": 1.235 * np.exp(x)}, sheet="Sheet", inputs={"x": "A1"}, outputs={"y": "B1"}
        )
        assert report.verdict is Verdict.PASS
        small.write_cells({"A1": 3, "B1": "=EXP(-241*A1)"})  # of which a billionth is below the smallest double
        with pytest.raises(AssertionError, match="the number 241 should be 240"):
            xlparity.assert_parity(
                small.workbook, lambda x: {"y": np.exp(-240 * x)}, sheet="Sheet", inputs={"x": "A1"},
                outputs={"y": "B1"}, tolerance={"atol": 0},
            )  # fmt: skip


@pytest.mark.ironcalc
@pytest.mark.parametrize(
    "formula",
    [
        "=FACT(1E17)",
        "=MULTINOMIAL(1E17,2)",
        "=_xlfn.CONFIDENCE.T(0.999,1,1E+20)",
        "=_xlfn.GAMMA.INV(0.5,1E20,1)",
        "=_xlfn.WRAPROWS(A1:A2,2^53,-1)",
        "=_xlfn.EXPAND(A1:A2,2^40)",
        "=" + "(" * 5000 + "1" + ")" * 5000,
    ],
)
def test_a_cell_that_ironcalc_does_not_end_is_unsupported_and_the_others_are_not(small, formula):
    """Some of these loop for ever there, and some end the process."""
    small.write_cells({"A1": 3, "B1": "=2*A1", "C1": formula})
    code, out, err = ended(small, "--engine", "ironcalc")
    assert code == 0, out + err


@pytest.mark.parametrize("formula", ["=FACT(1E+17)", "=PERMUT(1E+17,1E+9)", "=SUM(_xlfn.MAKEARRAY(1E+5,1E+5,A1))"])
def test_a_cell_that_excelmodel_does_not_end_is_unsupported_and_the_others_are_not(small, formula):
    """The libraries that it calls have no limit for such numbers, and the process would have to be killed."""
    small.write_cells({"A1": 3, "B1": "=2*A1", "C1": formula})
    code, out, err = ended(small, "--engine", "excelmodel")
    assert code == 0, out + err
