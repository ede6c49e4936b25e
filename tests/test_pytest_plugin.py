"""Spec files as pytest items, parity as an assertion, and what a project says once for all its workbooks."""

import functools
import math
import os
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from conftest import Small
from planted import planted

import xlparity.actions.asserting
import xlparity.actions.recalculate
import xlparity.engines.evaluator
import xlparity.pytest_plugin.items
from xlparity import assert_parity
from xlparity.errors import SpecError, UsageError
from xlparity.excel.values import BLANK, ErrorValue
from xlparity.reporters.parts import parts_of
from xlparity.results.report import Verdict
from xlparity.settings import Options, options_of

pytest_plugins = ["pytester"]


@pytest.fixture(scope="module", autouse=True)
def _imported(tmp_path_factory):
    """All that a verification imports, done before: pytester forgets what is imported while it is in use.

    A library of which a part is forgotten and imported again has two classes of each name.
    """
    small = Small(tmp_path_factory.mktemp("imported"))
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    xlparity.verify(small.spec)


@pytest.fixture
def run_pytest(pytester):
    """Runs pytest in this process, without hypothesis, which takes a second to import for each run."""
    return functools.partial(pytester.runpytest_inprocess, "-p", "no:hypothesispytest")


@pytest.fixture
def here(pytester):
    """The small workbook, in the folder in which pytest is run."""
    return Small(pytester.path)


def outcomes(result):
    """How many items ended in what way."""
    return {key: count for key, count in result.parseoutcomes().items() if key not in ("warnings", "deselected")}


def broken(week, folder):
    """Two iterations with LOG for LN in the first, and a spec beside them."""
    spec = folder / "regressor.parity.toml"
    spec.write_bytes(week.read_bytes())
    cells = {f"N{row}": f"=-(L{row}*LOG(J{row})+(1-L{row})*LOG(1-J{row}))" for row in range(9, 13)}
    planted(week, folder / "regressor.xlsx", cells)
    return spec


def doubled(here):
    """Three iterations, of which the last trebles."""
    here.reference.write_text("def double(x):\n    while True:\n        x = 2 * x\n        yield {'y': x}\n")
    here.write_cells({"A1": 3, "B1": "=2*A1", "B2": "=2*B1", "B3": "=3*B2"})
    here.write_spec(blocks="[blocks]\nrows = [1, 2, 3]")


# --- items -----------------------------------------------------------------------------------------------------------


def test_a_spec_is_an_item_a_check_quantity_and_iteration(run_pytest, two_iterations):
    """The name is what a person selects by; an input's first block is set by hand, and is no item."""
    result = run_pytest("--collect-only", "-q", two_iterations)
    names = [line.partition("::")[2] for line in result.outlines if "::" in line]
    training = [name for name in names if name.startswith("training/")]
    assert training[:3] == ["training/inputs", "training/z1[1]", "training/A1[1]"]
    assert "training/W1[2]" in training and "training/W1[1]" not in training
    assert "sigmoid/slope" in names
    assert len(names) == len(set(names))


def test_a_workbook_that_computes_what_the_reference_does_passes(run_pytest, two_iterations):
    """Every item passes, and what was not looked at is said below them."""
    result = run_pytest(two_iterations)
    assert set(outcomes(result)) == {"passed"}
    result.stdout.fnmatch_lines(
        ["*parity notes*", "*regressor.parity.toml: * formulas in the file: *, 1 not covered (*"]
    )


def test_a_failure_says_where_what_and_why(run_pytest, pytester, two_iterations):
    """Address, formula, expected, actual, both differences and the finding's sentence, and no trace of our own calls."""
    broken(two_iterations, pytester.path)
    result = run_pytest(".")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    found = outcomes(result)
    assert (found["failed"], found["xfailed"]) == (1, 2)
    result.stdout.fnmatch_lines([
        "*_ training/sample_loss[[]1[]] _*",
        "E   Training!N9 is 0.407172466935 instead of 0.937549252643 (4 of 4 cells)",
        "E   XP101 Training!N9:N12 in iteration 1: *LOG*LN*",
        "E   Training!N9  =-(L9*LOG(J9)+(1-L9)*LOG(1-J9))",
        "E       expected 0.937549252643, actual 0.407172466935, difference -0.53 absolute, -0.566 relative",
        "regressor.parity.toml:*: mismatch",
        "FAILED regressor.parity.toml::training/sample_loss[[]1[]] - Training!N9 is*",
    ])  # fmt: skip
    assert "items.py" not in result.stdout.str()


def test_of_one_cause_one_item_fails_and_what_follows_is_expected(run_pytest, pytester, two_iterations):
    """114 failures for one wrong formula hide the other one; but none is excused by an item that is not run."""
    broken(two_iterations, pytester.path)
    result = run_pytest(".", "-rx")
    result.stdout.fnmatch_lines(["XFAIL *training/loss* fails for the cause of training/sample_loss[[]1[]]: *"])
    assert outcomes(run_pytest(".", "--runxfail"))["failed"] == 3
    alone = run_pytest(".", "-k", "training/loss")
    assert alone.ret == pytest.ExitCode.TESTS_FAILED
    assert "xfailed" not in outcomes(alone)


def test_a_failure_that_follows_from_another_names_the_cause(run_pytest, pytester, two_iterations):
    """The loss is wrong because of what it sums up; nobody is to look for a fault in the sum."""
    broken(two_iterations, pytester.path)
    result = run_pytest(".", "-k", "training/loss[1]")
    result.stdout.fnmatch_lines(["E   no finding names these cells*", "E   XP101 Training!N9:N12 *"])


def test_a_helper_that_nothing_binds_is_named_where_it_is_felt(run_pytest, here):
    """The compared formula is right: what it takes from a cell beside it is not."""
    cells = {"C1": "=A1^2", "C2": "=A2^2", "C3": "=A3^3"}
    for row in (1, 2, 3):
        cells |= {f"A{row}": row, f"B{row}": f"=2*C{row}"}
    here.write_cells(cells)
    here.reference.write_text("def double(x):\n    return {'y': 2 * x**2}\n")
    here.write_spec(inputs='[inputs]\nx = "A1:A3"', outputs='[outputs]\ny = "B1:B3"')
    result = run_pytest("-k", "small/y")
    result.stdout.fnmatch_lines(["E   Sheet!B3 is 54 instead of 18 (1 of 3 cells)", "E   XP* Sheet!C3*=A3^2*"])
    assert "no finding names these" not in result.stdout.str()


def test_one_item_can_be_selected_and_the_failed_ones_run_again(run_pytest, here):
    """By -k, by node id, by -x, by --lf and by the marker, as any other test can be."""
    doubled(here)
    assert outcomes(run_pytest("-k", "small/y[2]")) == {"passed": 1}
    assert outcomes(run_pytest("small.parity.toml::small/y[2]")) == {"passed": 1}
    assert outcomes(run_pytest("-x")) == {"failed": 1, "passed": 3}
    assert outcomes(run_pytest("--lf")) == {"failed": 1}
    assert run_pytest("-m", "not parity").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_several_processes_say_what_one_does(pytester, here):
    """pytest-xdist sends reports from process to process, as text; the summary line and the notes must survive that."""
    doubled(here)
    result = pytester.runpytest_subprocess("-n2", "-p", "no:hypothesispytest", "--parity-scenarios=0")
    assert outcomes(result) == {"failed": 1, "passed": 3}
    result.stdout.fnmatch_lines([
        "E   Sheet!B3 is 36 instead of 24",
        "*parity notes*",
        "small.parity.toml: small: no other inputs were compared*",
        "FAILED small.parity.toml::small/y[[]3[]] - Sheet!B3 is 36 instead of 24",
    ])  # fmt: skip
    notes = [line for line in result.outlines if "no other inputs were compared" in line]
    assert len(notes) == 1


def test_junit_xml_has_a_case_an_item(pytester, run_pytest, here):
    """CI servers read this file: the message is the sentence, and the text all there is to say."""
    doubled(here)
    run_pytest("--junit-xml=junit.xml", "-q")
    (suite,) = ElementTree.parse(pytester.path / "junit.xml").getroot()
    cases = {case.get("name"): case for case in suite.findall("testcase")}
    assert list(cases) == ["small/inputs", "small/y[1]", "small/y[2]", "small/y[3]"]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "0")
    failure = cases["small/y[3]"].find("failure")
    assert failure.get("message") == "Sheet!B3 is 36 instead of 24"
    assert "E   Sheet!B3  =3*B2\n" in failure.text


def test_the_engine_runs_once_a_file(run_pytest, pytester, here):
    """With a thousand items, a recalculation for each would take an hour: three items cost as many calls as one."""
    here.reference.write_text(
        "from pathlib import Path\n\n"
        "def double(x):\n"
        "    with Path(__file__).with_name('calls').open('a') as calls:\n"
        "        calls.write('x')\n"
        "    return {'y': 2 * x, 'z': 3 * x}\n"
    )
    here.write_cells({"A1": 3, "B1": "=2*A1", "C1": "=3*A1"})
    here.write_spec(outputs='[outputs]\ny = "B1"\nz = "C1"')
    calls = pytester.path / "calls"
    assert outcomes(run_pytest("-k", "small/y")) == {"passed": 1}
    one = len(calls.read_text())
    assert outcomes(run_pytest()) == {"passed": 3}
    assert len(calls.read_text()) == 2 * one


def test_a_plan_runs_nothing(run_pytest, pytester, here):
    """--setup-plan asks what would be run; a long verification, or an error of it, is no answer."""
    here.reference.write_text("def double(x):\n    open('called', 'w').close()\n    return {'y': 2 * x}\n")
    result = run_pytest("--setup-plan")
    result.stdout.fnmatch_lines(["*small.parity.toml::small/y"])
    assert result.ret == pytest.ExitCode.OK
    assert not (pytester.path / "called").exists()


def test_all_cells_are_listed_at_vv(run_pytest, here):
    """Ten cells show what is wrong; all of them are for who asks."""
    here.reference.write_text("def double(x):\n    return {'y': 2 * x}\n")
    here.write_cells({f"A{row}": row for row in range(1, 13)} | {f"B{row}": f"=3*A{row}" for row in range(1, 13)})
    here.write_spec(inputs='[inputs]\nx = "A1:A12"', outputs='[outputs]\ny = "B1:B12"')
    assert "E   and 2 more" in run_pytest("-v").outlines
    result = run_pytest("-vv")
    assert "E   Sheet!B12  =3*A12" in result.outlines and "E   and 2 more" not in result.outlines


# --- what must not pass ----------------------------------------------------------------------------------------------


def test_what_is_right_on_the_stored_inputs_only_fails(run_pytest, here):
    """3+3 is 2*3; the example says what to type to see that they differ."""
    here.write_cells({"A1": 3, "B1": "=3+A1"})
    result = run_pytest()
    assert outcomes(result) == {"failed": 1, "passed": 1}
    result.stdout.fnmatch_lines(["E   Sheet!B1 is right on the stored inputs only: *", "E   set Sheet!A1 to *"])


def test_a_cell_that_cannot_be_assessed_is_an_error(run_pytest, here):
    """Neither a pass nor a failure: nobody knows."""
    here.write_cells({"A1": 3, "B1": '=2*A1+0*LEN(CELL("filename"))'})
    result = run_pytest()
    assert outcomes(result) == {"errors": 1, "passed": 1}
    result.stdout.fnmatch_lines(["*ERROR at setup of small/y*", "E   Sheet!B1 cannot be assessed: *"])
    assert "items.py" not in result.stdout.str()


def test_without_other_inputs_to_try_nothing_is_shown_and_so_nothing_passes(run_pytest, here):
    """A reference that is defined for the stored input alone cannot tell a formula from a constant."""
    here.reference.write_text("def double(x):\n    return {'y': 2 * x if x == 3 else float('nan')}\n")
    result = run_pytest()
    assert outcomes(result) == {"errors": 1, "passed": 1}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reference": 'reference = "small.py:triple"'}, "*has no function 'triple'*"),
        ({"workbook": 'workbook = "smal.xlsx"'}, "small.parity.toml:1: *no such file*"),
        ({"outputs": '[outputs]\ny = "Nowhere!B1"'}, "small.parity.toml:*: *no sheet 'Nowhere'*"),
        ({"inputs": '[inputs]\nz = "A1"'}, "*no parameter 'z'*"),
    ],
)
def test_what_is_unusable_is_one_error_of_collection(run_pytest, here, change, said):
    """A wrong spec is said once, with its line, and no item of it passes."""
    here.write_spec(**change)
    result = run_pytest()
    assert outcomes(result) == {"errors": 1}
    result.stdout.fnmatch_lines(["*ERROR collecting small.parity.toml*", said])


def test_a_reference_that_raises_makes_errors(run_pytest, here):
    """It is called when the first item is run, and each of them says why it has no verdict."""
    here.reference.write_text("def double(x):\n    return {'y': 1 // 0}\n")
    result = run_pytest()
    assert outcomes(result) == {"errors": 2}
    result.stdout.fnmatch_lines(["E   small.parity.toml:2: *ZeroDivisionError*"])


def test_copies_of_an_input_that_differ_fail_an_item_of_their_own(run_pytest, here):
    """No compared cell is wrong, and still the sheet does not show what the reference was given."""
    here.write_cells({"A1": 3, "B1": "=2*A1", "D1": 4})
    here.write_spec(inputs='[inputs]\nx = { at = "A1", also = [{ at = "D1" }] }')
    result = run_pytest("-k", "inputs")
    assert outcomes(result) == {"failed": 1}
    result.stdout.fnmatch_lines(["*_ small/inputs _*", "E   XP403 *D1 holds 4*"])


def test_where_no_other_inputs_can_be_tried_no_quantity_passes(run_pytest, here):
    """Without any a constant is as good as a formula; it is the quantity that is not shown to be live."""
    here.reference.write_text("def double(x):\n    return {'y': 2 * x if x == 3 else float('nan')}\n")
    result = run_pytest()
    assert outcomes(result) == {"errors": 1, "passed": 1}
    result.stdout.fnmatch_lines(
        [
            "*_ ERROR at setup of small/y _*",
            "E   agrees on the stored inputs, but could not be compared in any scenario",
        ]
    )


def test_a_known_difference_is_an_expected_failure(run_pytest, here):
    """It is counted and its reason shown, and whoever wants to see it as a failure can."""
    here.reference.write_text("def double(x):\n    return {'y': 2 * x, 'z': 3 * x}\n")
    here.write_cells({"A1": 3, "B1": "=5*A1", "C1": "=3*A1"})
    accepted = '[[accept]]\ncells = "B1"\nreason = "five is kept"'
    here.write_spec(outputs=f'[outputs]\ny = "B1"\nz = "C1"\n{accepted}')
    result = run_pytest("-rx")
    assert outcomes(result) == {"xfailed": 1, "passed": 2}
    result.stdout.fnmatch_lines(["XFAIL small.parity.toml::small/y - *known difference in 1 of 1 cell: five is kept"])
    assert "items.py" not in result.stdout.str()
    assert outcomes(run_pytest("--runxfail")) == {"failed": 1, "passed": 2}


def test_what_the_spec_leaves_out_is_skipped_with_its_reason(run_pytest, here):
    """In the open, by name; and a check of which all is left out has shown nothing."""
    here.write_spec(outputs='[outputs]\ny = { at = "B1", skip = "not taught" }')
    result = run_pytest("-rsE")
    assert outcomes(result) == {"errors": 1, "skipped": 1}
    result.stdout.fnmatch_lines(
        ["E   nothing was recomputed*", "SKIPPED * y: not taught", "*small/inputs - nothing was recomputed*"]
    )


@pytest.mark.parametrize(
    ("cells", "more"),
    [
        ({"A1": 3, "B1": "=3*A1"}, ""),
        ({"A1": 3, "B1": 6}, ""),
        ({"A1": 3, "B1": "=3+A1"}, ""),
        ({"A1": 3, "B1": "=A1/0"}, ""),
        ({"A1": 3, "B1": "=2*A1+0*RAND()"}, ""),
        ({"A1": 3}, ""),
        ({"A1": 3, "B1": "=3*A1"}, '[[accept]]\ncells = "B1"\nreason = "kept"'),
    ],
)
def test_where_the_report_does_not_pass_some_item_does_not(here, cells, more):
    """The items are the report taken apart: none of its parts may go missing."""
    here.write_cells(cells)
    here.write_spec(outputs=f'[outputs]\ny = "B1"\n{more}')
    report = xlparity.verify(here.spec)
    assert report.verdict is not Verdict.PASS
    wanted = "failed" if report.verdict is Verdict.FAIL else "unassessed"
    assert wanted in {part.outcome for part in parts_of(report).values()}


def test_a_workbook_that_is_saved_between_collection_and_run_is_an_error(pytester, run_pytest, here):
    """A fourth iteration that went wrong would have no item of its own, and all others would pass."""
    doubled(here)
    here.write_spec(blocks='[blocks]\nlabel = "Pass {n}"', outputs='[outputs]\ny = "B1"')
    cells = {"A1": 3, "B1": "=2*A1", "B2": "=2*B1", "C1": "Pass 1", "C2": "Pass 2"}
    here.write_cells(cells)
    (pytester.path / "later.xlsx").write_bytes(here.workbook.read_bytes())
    here.write_cells({**cells, "B3": "=3*B2", "C3": "Pass 3"})
    (pytester.path / "longer.xlsx").write_bytes(here.workbook.read_bytes())
    (pytester.path / "later.xlsx").replace(here.workbook)
    pytester.makeconftest(
        "import pathlib\n\n"
        "def pytest_collection_finish(session):\n"
        "    pathlib.Path('longer.xlsx').replace('small.xlsx')\n"
    )
    result = run_pytest()
    assert outcomes(result) == {"errors": 3}
    result.stdout.fnmatch_lines(["E   small.parity.toml: *has changed since it was collected*"])


def test_an_error_on_every_warning_changes_no_verdict(run_pytest, here):
    """Strict test suites turn warnings into exceptions; a reference that warns computes what it computes."""
    here.reference.write_text(
        "import warnings\n\nwarnings.warn('older', DeprecationWarning)\n\n"
        "def double(x):\n    warnings.warn('old', DeprecationWarning)\n    return {'y': 2 * x}\n"
    )
    assert outcomes(run_pytest("-Werror")) == {"passed": 2}


# --- options ---------------------------------------------------------------------------------------------------------


def test_the_options_reach_the_verification(run_pytest, here):
    """A tolerance on the command line is in place of every one; without scenarios a dead formula goes unseen, with a note."""
    here.write_cells({"A1": 3, "B1": "=2.001*A1"})
    assert outcomes(run_pytest()) == {"failed": 1, "passed": 1}
    assert outcomes(run_pytest("--parity-rtol=0.01")) == {"passed": 2}
    assert outcomes(run_pytest("--parity-atol=0.1", "--parity-scenarios=0")) == {"passed": 2}
    here.write_cells({"A1": 3, "B1": "=3+A1"})
    result = run_pytest("--parity-scenarios=0")
    assert outcomes(result) == {"passed": 2}
    result.stdout.fnmatch_lines(["small.parity.toml: small: no other inputs were compared: *"])


@pytest.mark.parametrize(
    ("key", "number", "said"),
    [
        ("scenarios", -3, "is a whole number from 0 to 100,000"),
        ("scenarios", 100_001, "is a whole number from 0 to 100,000"),
        ("seed", 2**32, "is a whole number from 0 to 4,294,967,295"),
        ("rtol", math.inf, "is a number such as 1e-9"),
        ("rtol", math.nan, "is a number such as 1e-9"),
        ("atol", -1.0, "is a number such as 1e-9"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused_in_the_same_words_everywhere(run_pytest, run, here, key, number, said):
    """Before anything is verified: on the command line, as an option of pytest, in a table and in Python."""
    result = run_pytest(f"--parity-{key}={number}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --parity-{key} {said}"])
    assert run("verify", here.spec, f"--{key}={number}").err.splitlines()[-1] == f"xlparity: --{key} {said}"
    with pytest.raises(UsageError, match=f"^here: {key} {said}$"):
        options_of({key: number}, "here")
    if key in ("scenarios", "seed"):
        assert run("mutate", here.spec, f"--{key}={number}").err == f"xlparity: --{key} {said}\n"
        with pytest.raises(UsageError, match=f"^{key} {said}$"):
            assert_parity(
                here.workbook,
                double,
                inputs={"x": "A1"},
                outputs={"y": "B1"},
                sheet="Sheet",
                options=Options(**{key: number}),
            )


def test_an_option_that_is_no_number_is_a_usage_error(run_pytest, here):
    """In argparse's own words, which name the option."""
    result = run_pytest("--parity-scenarios=x")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*argument --parity-scenarios: invalid int value: 'x'"])


def test_an_engine_that_there_is_not_is_said_once(run_pytest, here):
    """Not by each of a thousand items."""
    result = run_pytest("--parity-engine=formula")
    assert outcomes(result) == {"errors": 1}
    result.stdout.fnmatch_lines(["there is no engine 'formula' (did you mean 'formulas'?)"])


def test_the_configuration_file_has_the_same_keys(run_pytest, pytester, here):
    """They stand behind the command line, and before [tool.xlparity]."""
    here.write_cells({"A1": 3, "B1": "=2.001*A1"})
    pytester.makepyprojecttoml("[tool.pytest.ini_options]\nparity_rtol = 0.01\nparity_engine = ['formulas']\n")
    assert outcomes(run_pytest()) == {"passed": 2}
    assert outcomes(run_pytest("--parity-rtol=1e-9")) == {"failed": 1, "passed": 1}
    pytester.makepyprojecttoml(
        "[tool.pytest.ini_options]\nparity_rtol = '1e-9'\nparity_scenarios = 0\n[tool.xlparity]\nrtol = 0.1\n"
    )
    assert outcomes(run_pytest()) == {"failed": 1, "passed": 1}
    pytester.makepyprojecttoml("[tool.pytest.ini_options]\nparity_rtol = 'much'\n")
    result = run_pytest()
    assert outcomes(result) == {"errors": 1}
    result.stdout.fnmatch_lines(["*pyproject.toml, parity_…: rtol is a number such as 1e-9"])


@pytest.mark.parametrize("options", [(), ("--parity-in-process",)])
def test_a_reference_is_called_in_pytests_process_on_request(run_pytest, here, options):
    """A debugger and a coverage tool see what runs in their process; whatever else a reference does is its own affair."""
    here.reference.write_text(
        "import os\ndef double(x):\n    with open(__file__ + '.process', 'w') as file:\n        file.write(str(os.getpid()))\n"
        "    return {'y': 2 * x}\n"
    )
    assert run_pytest(*options).ret == pytest.ExitCode.OK
    assert ((here.folder / "small.py.process").read_text() == str(os.getpid())) is bool(options)


def test_a_reference_that_ends_its_process_is_an_error_of_its_items(run_pytest, here):
    """It ended pytest, with an exit code of its choice."""
    here.reference.write_text("import ctypes\ndef double(x):\n    ctypes.CDLL(None)._exit(0)\n")
    result = run_pytest()
    assert outcomes(result) == {"errors": 2}
    result.stdout.fnmatch_lines(["*small.py:double ended with exit code 0 on the stored inputs (x = 3)*"])


def test_no_parity_collects_nothing_and_says_so(run_pytest, here):
    """As does a folder without spec files: a run that looked at nothing does not look like one that passed."""
    result = run_pytest("--no-parity")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["*no tests ran*"])
    here.spec.unlink()
    assert run_pytest().ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_where_it_is_not_used_it_says_and_imports_nothing(run_pytest, pytester):
    """It is loaded by every pytest in every project that has xlparity installed."""
    pytester.makepyfile("def test_nothing():\n    pass\n")
    result = run_pytest()
    assert not [line for line in result.outlines if "parity" in line and not line.startswith("plugins: ")]
    heavy = "{'numpy', 'openpyxl', 'formulas', 'scipy', 'rich', 'typer'}"
    code = f"import sys, xlparity.pytest_plugin, xlparity; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", f"import pytest; {code}"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# --- what a project says once ----------------------------------------------------------------------------------------


def test_the_project_gives_defaults_and_the_command_line_wins(small, run, monkeypatch):
    """One place for what holds for all workbooks, found from any folder of the project."""
    small.write_cells({"A1": 3, "B1": "=3+A1"})
    (small.folder / "pyproject.toml").write_text("[tool.xlparity]\nscenarios = 0\n")
    below = small.folder / "below"
    below.mkdir()
    for folder in (small.folder, below):
        monkeypatch.chdir(folder)
        assert run("verify", small.spec).code == 0
        assert run("verify", small.spec, "--scenarios", 20).code == 1


def test_the_project_loosens_no_tolerance_that_a_spec_gives(small, run, monkeypatch):
    """What is written beside a quantity is nearer to it; only who runs the command can overrule that."""
    small.write_cells({"A1": 3, "B1": "=2.001*A1"})
    (small.folder / "pyproject.toml").write_text("[tool.xlparity]\nrtol = 0.01\n")
    monkeypatch.chdir(small.folder)
    assert run("verify", small.spec).code == 0
    small.write_spec(blocks="tolerance = { rtol = 1e-9 }")
    assert run("verify", small.spec).code == 1
    assert run("verify", small.spec, "--rtol", 0.01).code == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("engin = 'formulas'", "unknown key 'engin' (did you mean 'engine'?)"),
        ("engine = 1", "engine is a name"),
        ("scenarios = true", "scenarios is a whole number"),
        ("scenarios = 100001", "scenarios is a whole number from 0 to 100,000"),
        ("seed = -1", "seed is a whole number"),
        ("rtol = inf", "rtol is a number"),
        ("atol = '1'", "atol is a number"),
        ("rtol = ", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_one_clear_error(tmp_path, line, said):
    """A misspelt key that is read past is a setting that does not hold."""
    (tmp_path / "pyproject.toml").write_text(f"[tool.xlparity]\n{line}\n")
    with pytest.raises(UsageError) as error:
        Options.of_project(tmp_path)
    assert said in str(error.value) and "pyproject.toml" in str(error.value)


def test_the_nearest_project_that_says_anything_counts(tmp_path):
    """A folder's own pyproject.toml may be about its packaging alone."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.xlparity]\nengine = 'ironcalc'\nseed = 7\n")
    (inner / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert Options.of_project(inner) == Options(engines=("ironcalc",), seed=7)
    (inner / "pyproject.toml").write_text("[tool.xlparity]\nengine = ['formulas', 'ironcalc']\n")
    assert Options.of_project(inner) == Options(engines=("formulas", "ironcalc"))


# --- in Python -------------------------------------------------------------------------------------------------------


def double(x):
    return {"y": 2 * x}


def test_parity_can_be_asserted_in_python(small):
    """The function itself, and what the spec file would say, in Python's own types."""
    report = assert_parity(small.workbook, double, inputs={"x": "A1"}, outputs={"y": "B1"}, sheet="Sheet")
    assert report.verdict is Verdict.PASS
    by_name = f"{small.reference}:double"
    assert_parity(
        small.workbook, by_name, inputs={"x": {"at": "Sheet!A1", "choices": (1, 2)}}, outputs={"y": "Sheet!B1"}
    )


def test_an_assertion_knows_what_a_spec_file_may_say(small):
    """Known differences and engines as well: each name of a spec file or an option has its argument."""
    small.write_cells({"A1": 3, "B1": "=3*A1", "C1": "=2*A1"})
    given = {"inputs": {"x": "A1"}, "outputs": {"y": "B1", "z": "C1"}, "sheet": "Sheet"}

    def both(x):
        return {"y": 2 * x, "z": 2 * x}

    known = [{"cells": "B1", "reason": "trebled on purpose"}]
    engines = ("formulas", "cached")
    report = assert_parity(small.workbook, both, accept=known, options=Options(engines=engines), **given)
    assert [check.engine for check in report.checks] == ["formulas", "cached"]
    assert report.combined[0].counts["accepted"] == 1
    with pytest.raises(AssertionError, match="cannot be assessed"):  # openpyxl stores no values
        assert_parity(small.workbook, both, accept=known, options=Options(engines=("cached",)), **given)


def test_an_assertion_shows_five_quantities_and_counts_the_rest(small):
    """A loop that diverges has hundreds of iterations, and the first ones say enough."""
    small.write_cells({"A1": 3, **{f"B{row}": f"=3*A1+{row}" for row in range(1, 8)}})

    def counting(x):
        for number in range(1, 8):
            yield {"y": 2 * x + number}

    given = {"inputs": {"x": "A1"}, "outputs": {"y": "B1"}, "sheet": "Sheet", "blocks": {"rows": range(1, 8)}}
    with pytest.raises(AssertionError) as error:
        assert_parity(small.workbook, counting, options=Options(scenarios=0), **given)
    told = str(error.value)
    assert [line for line in told.splitlines() if line.startswith("y[")] == [
        f"y[{number}]: Sheet!B{number} is {9 + number} instead of {6 + number}" for number in range(1, 6)
    ]
    assert told.endswith("\n\nand 2 more")


def test_an_assertion_stands_in_its_project(small, monkeypatch):
    """A project that has said how many sets to try, and how close is close, means its tests in Python as well."""
    (small.folder / "pyproject.toml").write_text("[tool.xlparity]\nscenarios = 3\nseed = 7\nrtol = 0.5\n")
    monkeypatch.chdir(small.folder)
    small.write_cells({"A1": 3, "B1": "=2.5*A1"})
    given = {"inputs": {"x": "A1"}, "outputs": {"y": "B1"}, "sheet": "Sheet"}
    tried = assert_parity(small.workbook, double, **given).checks[0].scenarios
    assert (tried.asked, tried.seed) == (3, 7)
    more = replace(Options.of_project(), scenarios=4)
    assert assert_parity(small.workbook, double, options=more, **given).checks[0].scenarios.asked == 4
    with pytest.raises(AssertionError):  # these options are not the project's
        assert_parity(small.workbook, double, options=Options(scenarios=4), **given)
    with pytest.raises(AssertionError):
        assert_parity(small.workbook, double, tolerance={"rtol": 1e-9}, **given)


def test_blocks_may_be_a_range(small):
    """range(1, 4) is the rows 1, 2 and 3."""
    small.write_cells({"A1": 3, "B1": "=2*A1", "B2": "=2*B1", "B3": "=2*B2"})

    def doubling(x):
        while True:
            x = 2 * x
            yield {"y": x}

    given = {"inputs": {"x": "A1"}, "outputs": {"y": "B1"}, "sheet": "Sheet"}
    assert_parity(small.workbook, doubling, blocks={"rows": range(1, 4)}, **given)


def test_the_assertion_says_what_the_plugin_says(small):
    """The same sentence, finding, formula and differences, whichever way the test is written."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    with pytest.raises(AssertionError) as error:
        assert_parity(small.workbook, double, inputs={"x": "A1"}, outputs={"y": "B1"}, sheet="Sheet")
    lines = str(error.value).splitlines()
    assert "does not compute what the reference computes, in 1 of 2" in lines[0]
    assert lines[2] == "y: Sheet!B1 is 9 instead of 6"
    assert any(line.startswith("  XP") for line in lines)
    assert "  Sheet!B1  =3*A1" in lines
    assert lines[-1].strip() == "expected 6, actual 9, difference 3 absolute, 0.5 relative"


def test_what_cannot_be_assessed_is_no_parity(small):
    """An assertion that is not shown to hold does not hold."""
    small.write_cells({"A1": 3, "B1": "=2*A1+0*RAND()"})
    with pytest.raises(AssertionError, match="cannot be assessed"):
        assert_parity(small.workbook, double, inputs={"x": "A1"}, outputs={"y": "B1"}, sheet="Sheet")


def test_a_wrong_argument_is_the_error_that_a_wrong_spec_is(small):
    """The same reader reads both."""
    with pytest.raises(SpecError, match="unknown key 'hi' of 'x'"):
        assert_parity(small.workbook, double, inputs={"x": {"at": "Sheet!A1", "hi": 2}}, outputs={"y": "Sheet!B1"})


def test_the_fixture_gives_values_by_address(small, recalculate):
    """Live values, not stored ones: openpyxl wrote the formulas and no value at all."""
    small.write_cells({"A1": 3, "B1": "=2*A1", "C1": "=A1/0", "D1": "=A1>2", "E1": "=RAND()"})
    values = recalculate(small.workbook)
    assert values["Sheet!B1"] == values["b1"] == values["sheet!$B$1"] == 6.0
    assert values["C1"] == ErrorValue("#DIV/0!")
    assert values["D1"] is True
    assert values["Z99"] is BLANK
    assert recalculate(small.workbook, {"A1": 5})["B1"] == 10.0
    with pytest.raises(xlparity.errors.EngineError, match="Sheet!E1 is unsupported"):
        values["E1"]
    for wrong in ("A1:B2", "Nowhere!A1", "A0"):
        with pytest.raises(UsageError):
            values[wrong]


def test_the_fixture_obeys_the_project(run_pytest, pytester, here):
    """Its engine is that of the spec files' items, unless a test asks for another."""
    pytester.makepyprojecttoml("[tool.xlparity]\nengine = 'cached'\n")
    here.spec.unlink()
    pytester.makepyfile(
        "import pytest\nimport xlparity\n\n"
        "def test_it(recalculate):\n"
        "    with pytest.raises(xlparity.EngineError):  # openpyxl has stored no value\n"
        "        recalculate('small.xlsx')['B1']\n"
        "    assert recalculate('small.xlsx', options=xlparity.Options())['B1'] == 6\n"
    )
    assert outcomes(run_pytest()) == {"passed": 1}
    assert outcomes(run_pytest("--parity-engine=formulas")) == {"failed": 1}


def test_the_fixture_sees_a_workbook_that_was_saved_again(small, recalculate):
    """What is kept is kept by the file's content."""
    assert recalculate(small.workbook)["B1"] == 6.0
    small.write_cells({"A1": 4, "B1": "=2*A1"})
    assert recalculate(small.workbook)["B1"] == 8.0


@pytest.mark.parametrize("way", ["option", "ini", "project"])
def test_less_than_is_to_be_reached_is_an_error_of_the_inputs(run_pytest, here, way):
    """No quantity is unassessed by itself: the samples as a whole do not reach the constant."""
    here.write_cells({"A1": 3, "A2": 0.5, "B1": "=A1*A2"})
    here.reference.write_text("def double(x):\n    return {'y': 0.5 * x}\n")
    files = {"ini": ("pytest.ini", "[pytest]\nparity_min_coverage = 100\n"), "project": ("pyproject.toml", PROJECT)}
    if way in files:
        name, text = files[way]
        (here.folder / name).write_text(text)
    result = run_pytest(*(["--parity-min-coverage=100"] if way == "option" else []), here.spec)
    assert outcomes(result) == {"passed": 1, "errors": 1}
    result.stdout.fnmatch_lines(
        ["E   the samples of small reach * branches, lines and constants, *min-coverage asks for 100 %."]
    )
    assert outcomes(run_pytest("--parity-min-coverage=10", here.spec)) == {"passed": 2}


PROJECT = "[tool.xlparity]\nmin_coverage = 100\n"
