"""The README is run: every block of it, from the first to the last, in one folder, as a reader would who follows it."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from test_wiring import ACTION, act
from warm import program

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
CI = ROOT / ".ci" / "run"
HOOKS = ("xlparity-verify", "xlparity-recalc-check")
KINDS = {"bash", "console", "python", "toml"}
MOST_LINES = 250
BLOCK = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (?P<name>[\w./-]+\.\w+)\n")
ANYTHING = "…"

pytestmark = pytest.mark.skipif(not CI.is_file(), reason="a source distribution has not all that the README speaks of")


class Block(NamedTuple):
    """A fenced block, and the line of the README on which it begins."""

    kind: str
    text: str
    line: int

    @property
    def file(self) -> str | None:
        """The file that the block is, where a comment at its top names one."""
        named = FILE.match(self.text)
        return named["name"] if named else None


def blocks(*kinds: str) -> list[Block]:
    text = README.read_text(encoding="utf-8")
    found = [Block(m["kind"], m["text"], text.count("\n", 0, m.start()) + 1) for m in BLOCK.finditer(text)]
    return [block for block in found if not kinds or block.kind in kinds]


def commands(block: Block) -> list[tuple[str, str]]:
    """The commands of a transcript, each with what it is said to print."""
    parts = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)
    assert not parts[0], f"README line {block.line}: a transcript begins with a command"
    return list(zip(parts[1::2], parts[2::2], strict=True))


def shown(text: str) -> str:
    """What a reader sees of a program's words: no blanks at the ends of lines, no seconds that it took."""
    text = re.sub(r" in \d+\.\d+s\b", " in 1.00s", text)
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))


def matches(said: str, printed: str) -> bool:
    """Whether that is what was printed; … stands for anything, and alone on a line for any lines."""
    pattern = re.escape(shown(said)).replace(ANYTHING, "[^\n]*")
    pattern = re.sub(r"(\A|\\\n)[ \\]*\[\^\n\]\*(?=\\\n|\Z)", r"(?:\1.*)?", pattern)
    return re.fullmatch(pattern, shown(printed), re.DOTALL) is not None


@pytest.fixture
def folder(warm, tmp_path):
    """A folder with the week-1 workbooks and the programs that the README calls."""
    folder = tmp_path / "readme"
    tools = folder / ".tools"
    tools.mkdir(parents=True)
    python = [sys.executable]
    for tool, words in {
        "xlparity": program("xlparity.cli"),
        "pytest": [*python, "-m", "pytest"],
        "python": python,
    }.items():
        (tools / tool).write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        (tools / tool).chmod(0o755)
    shutil.copytree(ROOT / "workbooks", folder / "workbooks")
    return folder


def run(folder: Path, command: str) -> str:
    """What a shell in that folder prints for the command, errors among it."""
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, check=False, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "PATH": f"{folder / '.tools'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "COLUMNS": "100",
             "PYTEST_ADDOPTS": "-p no:cacheprovider -p no:randomly", "PYTEST_XDIST_AUTO_NUM_WORKERS": "1"},
    )  # fmt: skip
    return done.stdout


def run_block(folder: Path, block: Block) -> None:
    where = f"README line {block.line}"
    if block.file:
        write_block(folder, block)
    elif block.kind == "python":
        said = "".join(f"{word}\n" for word in re.findall(r"^print\(.*\)  # (.*)$", block.text, re.MULTILINE))
        (folder / ".tools" / "block.py").write_text(block.text)
        printed = run(folder, "python .tools/block.py")
        assert printed == said, f"{where}: prints\n{printed}"
    else:
        for command, said in commands(block):
            printed = run(folder, command)
            assert matches(said, printed), f"{where}: {command}\nprints\n{shown(printed)}"


def write_block(folder: Path, block: Block) -> Path:
    """The file that the block is, as it stands there."""
    assert block.file, f"README line {block.line}: a comment at its top names the file"
    path = folder / block.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text)
    return path


def with_the_loan(folder: Path) -> None:
    """The loan's workbook, its port and its spec, all as the README has them."""
    for block in blocks("python", "toml"):
        run_block(folder, block)
    run(folder, "xlparity recalc loan.xlsx")


def example(path: Path) -> str:
    """The example in the comment with which a file begins."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = lines[: next(number for number, line in enumerate(lines) if not line.startswith("#"))]
    return "".join(f"{line[6:]}\n" for line in comment if line.startswith("#     "))


def test_every_block_does_what_the_readme_says(folder):
    """A guide that is not run is wrong by the next release; what it shows is what its reader gets."""
    for block in blocks("python", "toml", "console"):
        run_block(folder, block)


def test_the_workflow_has_the_action_verify_the_loan(folder):
    """What it hands to the action is what the action takes, and its step comes to the verdict that the README has."""
    with_the_loan(folder)
    workflow = example(ACTION)
    assert "/.github/actions/verify@" in workflow
    given = dict(re.findall(r"^          ([\w-]+): (.*)$", workflow, re.MULTILINE))
    known = re.findall(r"^  ([\w-]+):$", ACTION.read_text().partition("outputs:")[0], re.MULTILINE)
    assert given
    assert given.keys() <= set(known)
    done, outputs = act(SimpleNamespace(folder=folder), "Verify", SPECS=given["specs"], ARGS=given["args"])
    assert (done.returncode, outputs["verdict"]) == (0, "pass"), done.stderr


@pytest.mark.precommit
def test_pre_commit_runs_the_hooks_of_the_example(folder):
    """Its configuration is taken as it is, but for the repository, which is this one, and for what runs the hooks."""
    with_the_loan(folder)
    text = example(ROOT / ".pre-commit-hooks.yaml").replace("https://github.com/OWNER/xlparity", ROOT.as_uri())
    for hook in HOOKS:
        entry = f"{shlex.join(program('xlparity.cli.hooks'))} {hook.removeprefix('xlparity-')}"
        assert f"id: {hook}\n" in text
        text = text.replace(f"id: {hook}\n", f"id: {hook}\n        language: system\n        entry: {entry}\n")
    config = text.replace("rev: main", f"rev: {run(ROOT, 'git rev-parse HEAD').strip()}")
    (folder / ".pre-commit-config.yaml").write_text(config)
    said = run(folder, "git init --quiet && git add loan.* && python -m pre_commit run --all-files")
    assert said.count("Passed") == len(HOOKS), said


def test_the_readme_is_a_guide():
    """Short, with the two commands first, and closed by the decisions and the limits; the reference is in the program."""
    text = README.read_text(encoding="utf-8")
    assert text.count("\n") <= MOST_LINES
    assert [block.kind for block in blocks()[:2]] == ["bash", "bash"]
    titles = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert titles[0] == "Two commands"
    assert titles[-2:] == ["Decisions", "Limits"]
    decisions = text.partition("## Decisions\n")[2].partition("## Limits")[0]
    assert all(each.strip().count("\n") == 2 for each in re.split(r"^- ", decisions, flags=re.MULTILINE)[1:])
    assert max(map(len, text.splitlines())) <= 140


def test_there_is_no_block_of_another_kind():
    """One that nobody runs."""
    assert {block.kind for block in blocks()} <= KINDS


def test_two_commands_do_their_own_set_up_and_ci_runs_them():
    """A newcomer pastes one line; what CI pastes is read out of the README."""
    assert len(blocks("bash")) == 2
    assert all(block.text.count("\n") == 1 and "venv .venv" in block.text for block in blocks("bash"))
    assert "README.md" in CI.read_text()
