"""The hooks for pre-commit and the action for GitHub, run as they run there, as far as a machine without these can."""

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import venv
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from warm import program

from xlparity.cli.hooks import specs_of

ROOT = Path(__file__).parents[1]
HOOKS = ROOT / ".pre-commit-hooks.yaml"
ACTION = ROOT / ".github" / "actions" / "verify" / "action.yml"

pytestmark = [
    pytest.mark.skipif(not HOOKS.is_file(), reason="these files are not part of a source distribution"),
    pytest.mark.usefixtures("warm"),
]


def hook(*words, folder):
    return subprocess.run(
        [*program("xlparity.cli.hooks"), *map(str, words)],
        cwd=folder, check=False, capture_output=True, encoding="utf-8",
    )  # fmt: skip


# --- pre-commit ------------------------------------------------------------------------------------------------------


def test_a_hook_finds_the_specs_that_name_what_changed(small):
    """A workbook, a reference or the spec itself is to be committed: all of them lead to the spec."""
    other = small.folder / "other"
    other.mkdir()
    (other / "other.parity.toml").write_text(small.spec.read_text().replace("small.", "other."))
    for file in (small.spec, small.workbook, small.reference):
        assert specs_of([file], small.folder) == [small.spec]
    assert specs_of([other / "other.xlsx"], small.folder) == [other / "other.parity.toml"]
    assert specs_of([small.folder / "else.py"], small.folder) == []


@pytest.mark.parametrize("within", [".hidden", "env", "env/lib/site-packages/course"])
def test_specs_of_others_are_nobodys_to_verify(small, run, monkeypatch, within):
    """A virtual environment has the specs of what is installed in it; hook and command look in the same places."""
    venv.create(small.folder / "env")
    theirs = small.folder / within / "theirs.parity.toml"
    theirs.parent.mkdir(exist_ok=True, parents=True)
    theirs.write_text("nonsense")
    monkeypatch.chdir(small.folder)
    assert specs_of([small.workbook], Path()) == [Path("small.parity.toml")]
    done = run("verify", "--scenarios", 3)
    assert done.code == 0, done.err


def test_a_reference_in_a_module_is_found_by_its_name(small):
    """Where a module lies is not asked of Python: a file of its name is enough to verify once too often."""
    small.write_spec(reference='reference = "models.train:double"')
    assert specs_of([small.folder / "models" / "train.py"], small.folder) == [small.spec]


@pytest.mark.parametrize(
    ("changed", "reached"),
    [
        ("helper.py", True),
        ("lib/deep.py", True),
        ("lib/__init__.py", True),
        ("lib/near.py", True),
        ("lib/other.py", False),
        ("else.py", False),
    ],
)
def test_a_module_that_the_reference_imports_leads_to_the_spec(small, changed, reached):
    """What the reference computes is decided there as well, however many imports away."""
    (small.folder / "lib").mkdir()
    for name, text in {
        "small.py": "from helper import twice\n\ndef double(x):\n    return {'y': twice(x)}\n",
        "helper.py": "def twice(x):\n    import lib.deep\n    return lib.deep.times(2, x)\n",
        "lib/__init__.py": "",
        "lib/deep.py": "from . import near\nfrom .near import times\n",
        "lib/near.py": "import numpy, small\n\ndef times(n, x):\n    return n * x\n",
        "lib/other.py": "import near\n",
        "else.py": "import small\n",
    }.items():
        (small.folder / name).write_text(text)
    assert specs_of([small.folder / changed], small.folder) == ([small.spec] if reached else [])


def test_a_file_that_is_gone_leads_to_the_spec_that_names_it(small):
    """Nobody could verify the spec any more; and a spec that is gone itself is none."""
    files = [small.workbook, small.reference]
    for file in files:
        file.unlink()
        assert specs_of([file], small.folder) == [small.spec]
    small.spec.unlink()
    assert specs_of([*files, small.spec], small.folder) == []


def test_a_spec_that_cannot_be_read_is_never_passed_over(small):
    """It may name the workbook that is to be committed."""
    small.spec.write_text("nonsense")
    assert specs_of([small.workbook], small.folder) == [small.spec]
    assert hook("verify", "small.xlsx", folder=small.folder).returncode == 2


def test_the_hook_verifies_with_the_options_of_its_configuration(small):
    """pre-commit puts the files behind them."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    done = hook("verify", "--quiet", "--scenarios", "3", "small.py", "small.xlsx", folder=small.folder)
    assert (done.returncode, done.stdout[:6]) == (1, "✗ FAIL")
    assert "no spec file names any of these" in hook("verify", "conftest.py", folder=small.folder).stdout


def test_the_hook_for_stored_values_is_as_bad_as_the_worst_workbook(small, run):
    """openpyxl stores no values, so the file is stale until it is recalculated."""
    shutil.copy(small.workbook, small.folder / "right.xlsx")
    run("recalc", small.folder / "right.xlsx")
    assert hook("recalc-check", "right.xlsx", folder=small.folder).returncode == 0
    assert hook("recalc-check", "right.xlsx", "small.xlsx", folder=small.folder).returncode == 3


def test_a_folder_that_ends_as_a_spec_does_is_none(small):
    """Whatever is to be committed, it would fail."""
    (small.folder / "old.parity.toml").mkdir()
    assert specs_of([small.workbook], small.folder) == [small.spec]


def test_a_file_is_never_taken_for_an_option_nor_for_its_value(small):
    """A name may begin with a hyphen; and the value of the last option is a file as well, unless two hyphens part them."""
    small.workbook.rename(small.folder / "-small.xlsx")
    small.write_spec(workbook='workbook = "-small.xlsx"')
    small.spec.rename(small.folder / "-small.parity.toml")
    assert hook("verify", "--scenarios=3", "-small.xlsx", folder=small.folder).returncode == 0
    assert hook("recalc-check", "-small.xlsx", folder=small.folder).returncode == 3
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    other = hook("verify", "--quiet", "--workbook", "small.xlsx", "--", "-small.xlsx", folder=small.folder)
    assert (other.returncode, other.stdout[:18]) == (1, "✗ FAIL  small.xlsx"), other.stderr


@pytest.mark.parametrize("name", ["Book.XLSX", "book.Xlsm", "a b.xlsx"])
def test_the_hooks_are_handed_every_workbook(name):
    """Windows does not tell capitals from small letters, and a workbook that is passed over looks like a pass."""
    patterns = re.findall("^  files: (.*)$", HOOKS.read_text(), re.M)
    assert len(patterns) == 2
    assert all(re.search(pattern, name) for pattern in patterns)


def test_a_workbook_in_capitals_is_a_file_for_the_hooks(small):
    """Else it would be an option."""
    small.workbook.rename(small.folder / "SMALL.XLSX")
    small.write_spec(workbook='workbook = "SMALL.XLSX"')
    assert hook("verify", "--scenarios=3", "SMALL.XLSX", folder=small.folder).returncode == 0
    assert hook("recalc-check", "SMALL.XLSX", folder=small.folder).returncode == 3


@pytest.mark.parametrize("word", ["", "nonsense"])
def test_a_hook_of_another_name_is_an_error(small, word):
    """It must not look like a pass."""
    assert hook(*([word] if word else []), folder=small.folder).returncode == 2


@pytest.fixture
def repository(small):
    """A git repository with the small workbook, its spec and reference, and our hooks, run by this Python."""
    own = HOOKS.read_text().replace("language: python", "language: system")
    own = own.replace("entry: python -P -m xlparity.cli.hooks ", f"entry: {shlex.join(program('xlparity.cli.hooks'))} ")
    config = "repos:\n- repo: local\n  hooks:\n" + textwrap.indent(own, "  ")
    (small.folder / ".pre-commit-config.yaml").write_text(config)
    git(small, "init", "--quiet")
    git(small, "add", ".")
    return small


def git(small, *words):
    subprocess.run(["git", *words], cwd=small.folder, check=True, capture_output=True)


def pre_commit(small, *words):
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", *words], cwd=small.folder, check=False, capture_output=True, encoding="utf-8",
        env={**os.environ, "PRE_COMMIT_HOME": str(small.folder / ".cache"), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.precommit
def test_pre_commit_runs_the_hooks(repository, run):
    """A workbook that is right and stores it passes; with a wrong formula the commit is refused, and told why."""
    run("recalc", repository.workbook)
    git(repository, "add", ".")
    code, said = pre_commit(repository, "run", "--all-files")
    assert (code, said.count("Passed")) == (0, 2), said
    repository.write_cells({"A1": 3, "B1": "=3*A1"})
    git(repository, "add", ".")
    code, said = pre_commit(repository, "run", "--all-files")
    assert (code, said.count("Failed")) == (1, 2), said
    assert "✗ FAIL" in said
    assert "1 stores nothing" in said


@pytest.mark.precommit
@pytest.mark.parametrize(
    "move", [("rm", "small.xlsx"), ("mv", "small.py", "else.py"), ("mv", "small.xlsx", "a b.xlsx")]
)
def test_pre_commit_refuses_to_take_away_what_a_spec_names(repository, run, move):
    """It hands no hook a file that is deleted, nor the old name of one that is renamed."""
    run("recalc", repository.workbook)
    (repository.folder / ".gitignore").write_text(".cache\n")
    git(repository, "add", ".")
    git(repository, "-c", "user.name=me", "-c", "user.email=me@example.org", "commit", "-qm", "all")
    git(repository, *move)
    code, said = pre_commit(repository, "run", "xlparity-verify")
    assert code == 1 and "exit code: 2" in said, said
    git(repository, "-c", "user.name=me", "-c", "user.email=me@example.org", "commit", "-qm", "gone")
    code, said = pre_commit(repository, "run", "xlparity-verify")
    assert code == 0, said
    code, said = pre_commit(repository, "run", "xlparity-verify", "--from-ref=HEAD~1", "--to-ref=HEAD")
    assert code == 1 and "exit code: 2" in said, said


@pytest.mark.precommit
def test_a_spec_that_cannot_be_read_holds_up_no_commit_of_other_things(repository):
    """The hook is run at every commit: that of a text is no matter of a spec that somebody is at work on, committed or not."""
    (repository.folder / "text.md").write_text("a text")
    git(repository, "add", ".")
    git(repository, "-c", "user.name=me", "-c", "user.email=me@example.org", "commit", "-qm", "all")
    repository.spec.with_name("draft.parity.toml").write_text("nonsense")
    for move in (["mv", "text.md", "other.md"], ["rm", "other.md", "--cached"]):
        git(repository, *move)
        code, said = pre_commit(repository, "run", "xlparity-verify")
        assert code == 0, said


@pytest.mark.precommit
def test_pre_commit_takes_the_manifest(repository):
    """The file by which it finds our hooks is what it asks for."""
    assert pre_commit(repository, "validate-manifest", str(HOOKS)) == (0, "")


# --- the action ------------------------------------------------------------------------------------------------------


def steps():
    """The shell of each step of the action, by its name."""
    found = re.findall(
        r"^    - name: (?P<name>.*)\n(?:      .*\n)*?      run: \|\n(?P<run>(?:        .*\n|\n)+)", ACTION.read_text(), re.M
    )  # fmt: skip
    return {name: textwrap.dedent(script) for name, script in found}


def act(small, step, python=None, **variables):
    """Runs a step as GitHub does: its bash options, its variables, and a file for outputs. Gives its end and these.

    Where no ``python`` is named, its command ``python -P -m xlparity.cli`` is the program that is imported already.
    """
    tools = small.folder / "tools"
    tools.mkdir(exist_ok=True)
    warm = f'case "$1 $2 $3" in "-P -m xlparity.cli") shift 3; exec {shlex.join(program("xlparity.cli"))} "$@";; esac\n'
    (tools / "python").write_text(f'#!/bin/sh\n{"" if python else warm}exec "{python or sys.executable}" "$@"\n')
    (tools / "python").chmod(0o755)
    (small.folder / "temp of it").mkdir(exist_ok=True)
    outputs = small.folder / "outputs"
    outputs.write_text("")
    script = small.folder / "step.sh"
    script.write_text(steps()[step])
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
        cwd=small.folder, check=False, capture_output=True, encoding="utf-8",
        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
             "GITHUB_OUTPUT": str(outputs), "RUNNER_TEMP": str(small.folder / "temp of it"), **variables},
    )  # fmt: skip
    return done, dict(line.split("=", 1) for line in outputs.read_text().splitlines())


REPORTS = {"junit.xml", "report.html", "report.json", "report.sarif", "report.txt"}


def test_the_action_verifies_and_leaves_reports(small):
    """The step ends as the verdict says, whose words are in the log, and every report is there to be uploaded."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    done, outputs = act(small, "Verify", SPECS="", ARGS="--scenarios=3\n")
    assert done.returncode == 1, done.stderr
    report = Path(outputs.pop("report"))
    assert outputs == {"verdict": "fail", "exit-code": "1"}
    assert report.parent == small.folder / "temp of it"
    assert {path.name for path in report.iterdir()} == REPORTS
    assert "✗ FAIL" in done.stdout
    assert (report / "report.txt").read_text() == done.stdout
    assert json.loads((report / "report.json").read_text())["verdict"] == "fail"
    assert (report / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert json.loads((report / "report.sarif").read_text())["version"] == "2.1.0"
    assert ET.parse(report / "junit.xml").getroot().get("failures") == "1"


def test_on_github_the_workbook_is_verified_once(small):
    """One run writes all that there is: each annotation once, the summary once, and no commands in the text."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    summary = small.folder / "summary.md"
    github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    done, outputs = act(small, "Verify", SPECS="", ARGS="--scenarios=3", **github)
    text = (Path(outputs["report"]) / "report.txt").read_text()
    assert done.stdout.startswith(text)
    assert "::error" not in text
    assert done.stdout.count("::error ") == 2
    assert summary.read_text().count("## ✗ FAIL") == 1


def test_the_log_of_the_action_is_utf_8_everywhere(small):
    """On Windows a pipe has another encoding, in which there is no ✓."""
    done, _ = act(
        small,
        "Verify",
        SPECS="",
        ARGS="--scenarios=3",
        python=sys.executable,
        LC_ALL="C",
        PYTHONUTF8="0",
        PYTHONCOERCECLOCALE="0",
    )
    assert "✓ PASS" in done.stdout


@pytest.mark.parametrize(
    "words",
    [("--format", "markdown", "--output", "own.md"), ("--output=own.md", "--format=markdown"), ("--output", "own.md")],
)
def test_the_action_writes_what_its_options_ask_for_too(small, words):
    """A format with its file is one more; a file alone takes the text that would go to the log."""
    done, outputs = act(small, "Verify", SPECS="", ARGS="\n".join(("--scenarios=3", *words)))
    assert done.returncode == 0, done.stderr
    assert {path.name for path in Path(outputs["report"]).iterdir()} == REPORTS
    assert "✓ PASS" in (Path(outputs["report"]) / "report.txt").read_text()
    own = (small.folder / "own.md").read_text()
    if "markdown" in "".join(words):
        assert own.startswith("## ✓ PASS")
        assert "✓ PASS" in done.stdout
    else:
        assert "✓ PASS" in own
        assert done.stdout.startswith("✓ PASS")  # the verdict alone
        assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--format=json", "give each format its own --output"),
        ("--fix=small.parity.toml", "would overwrite"),
        ("--nonsense", "there is no option"),
        ("--help", ""),  # which ends with 0
    ],
)
def test_the_action_is_no_pass_where_its_options_verify_nothing(small, words, said):
    """There is no report then, and the step fails."""
    done, outputs = act(small, "Verify", SPECS="", ARGS=words)
    assert said in done.stderr
    assert (done.returncode, outputs["verdict"], outputs["exit-code"]) == (2, "unassessed", "2")


def test_a_python_that_cannot_start_is_no_verdict(small):
    """It ends with 1, as a workbook that fails does."""
    done, outputs = act(small, "Verify", python="/bin/false", SPECS="", ARGS="")
    assert (done.returncode, outputs["verdict"], outputs["exit-code"]) == (2, "unassessed", "2")


def test_a_job_may_use_the_action_twice(small):
    """The second must not upload what the first has left where it ends without a report itself."""
    _, first = act(small, "Verify", SPECS="small.parity.toml", ARGS="--scenarios=3")
    _, second = act(small, "Verify", SPECS="absent.parity.toml", ARGS="")
    assert first["report"] != second["report"]
    assert {path.name for path in Path(first["report"]).iterdir()} == REPORTS
    assert list(Path(second["report"]).iterdir()) == []


def test_a_file_of_the_repository_stands_in_for_no_library(small):
    """Whoever writes Python for a course has a random.py or a statistics.py soon."""
    for name in ("random", "statistics", "typer", "pip"):
        (small.folder / f"{name}.py").write_text("raise SystemExit('this is not the library')")
    done, outputs = act(small, "Verify", sys.executable, SPECS="", ARGS="--scenarios=3")
    assert (done.returncode, outputs["verdict"]) == (0, "pass"), done.stderr
    done, _ = act(small, "Install xlparity", PACKAGE="./absent", ACTION="")
    assert (done.returncode, done.stderr[:7]) == (1, "ERROR: "), done.stderr  # of pip itself


def test_what_the_action_is_given_is_never_run(small):
    """Names have spaces and worse in them: each line is one word, and no more than that."""
    name = "-a spec; touch hacked $(touch hacked) `touch hacked` *.parity.toml"
    small.spec.rename(small.folder / name)
    done, outputs = act(small, "Verify", SPECS=f"\n  {name}\r\n", ARGS="--scenarios=3")
    assert (done.returncode, outputs["verdict"]) == (0, "pass"), done.stderr
    assert not (small.folder / "hacked").exists()


@pytest.mark.parametrize("specs", ["absent.parity.toml", ".", "folder.parity.toml", ""])
def test_where_the_action_finds_nothing_to_verify_it_fails(small, specs):
    """A name that is mistyped, a folder, or a repository without a spec is no pass."""
    small.spec.unlink()
    (small.folder / "folder.parity.toml").mkdir()
    done, outputs = act(small, "Verify", SPECS=specs, ARGS="")
    assert (done.returncode, outputs["verdict"], outputs["exit-code"]) == (2, "unassessed", "2")
    assert done.stderr.startswith("xlparity: ")


def test_the_action_installs_the_version_that_it_belongs_to(small):
    """Without a package named, it is the repository around the action; what that needs is taken from this Python."""
    venv.create(small.folder / "venv", with_pip=importlib.util.find_spec("pip") is None)
    (packages,) = (small.folder / "venv").glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(
        "".join(f"{path}\n" for path in sys.path if Path(path).name == "site-packages")
    )
    python = small.folder / "venv" / "bin" / "python"
    done, _ = act(
        small, "Install xlparity", python, PACKAGE="", ACTION=str(ACTION.parent), PYTHONPATH="", PIP_NO_COMPILE="1"
    )
    if "No matching distribution found for hatchling" in done.stderr:
        pytest.skip("there is no network to fetch the build tool from")
    assert done.returncode == 0, done.stderr
    assert (packages / "xlparity" / "actions" / "annotate" / "__init__.py").is_file()


def test_no_step_of_the_action_puts_an_input_into_its_shell():
    """An expression in a script is text that is run."""
    assert set(steps()) == {"Install xlparity", "Verify"}
    assert not any("${{" in script for script in steps().values())
