"""The README is run: every block of it, from the first to the last, in one folder, as a reader would who follows it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import openpyxl
import pytest
from test_wiring import ACTION, act

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
CI = ROOT / ".ci" / "run"
HOOKS = ("xlparity-verify", "xlparity-recalc-check")
KINDS = {"bash", "console", "python", "toml", "yaml"}
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
def folder(tmp_path):
    """A folder with the workbook that the spec's example is about, and the programs that the README calls."""
    folder = tmp_path / "readme"
    tools = folder / ".tools"
    tools.mkdir(parents=True)
    for tool, words in {"xlparity": "-P -m xlparity.cli", "pytest": "-m pytest", "python": ""}.items():
        (tools / tool).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        (tools / tool).chmod(0o755)
    shutil.copytree(ROOT / "workbooks", folder / "workbooks")
    write_training(folder / "training.xlsx")
    return folder


def write_training(path: Path) -> None:
    """Two epochs, 13 rows apart, of the network in the README's reference; the sheet has LOG, as the README accepts."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Sheet1"
    sheet["B1"] = 0.5
    data = [[0, 1, 0], [1, 0, 0], [1, 1, 1], [0, 1, 1]]
    for top in (3, 16):
        sheet[f"A{top}"] = f"Epoch {(top + 10) // 13}"
        rows = range(top + 2, top + 6)
        features = "BCD"
        for row, sample, answer in zip(rows, data, (0, 1, 1, 0), strict=True):
            for column, value in zip(features, sample, strict=True):
                sheet[f"{column}{row}"] = value if top == 3 else f"={column}{row - 13}"
            sheet[f"N{row}"] = answer if top == 3 else f"=N{row - 13}"
            sheet[f"J{row}"] = (
                "=" + "+".join(f"{c}{row}*G${top + 2 + k}" for k, c in enumerate(features)) + f"+H${top + 2}"
            )
            sheet[f"L{row}"] = f"=1/(1+EXP(-J{row}))"
            sheet[f"P{row}"] = f"=-(N{row}*LOG(L{row})+(1-N{row})*LOG(1-L{row}))"
        error = f"L{rows[0]}:L{rows[-1]}", f"N{rows[0]}:N{rows[-1]}"
        for k, (column, across) in enumerate(zip(features, "GHI", strict=True)):
            for sample, place in enumerate("BCDE"):
                sheet[f"{place}{top + 9 + k}"] = f"={column}{rows[sample]}"
            line = f"{column}{rows[0]}:{column}{rows[-1]}"
            sheet[f"{across}{top + 9}"] = f"=SUMPRODUCT({line},{error[0]}-{error[1]})/COUNT({error[1]})"
            sheet[f"G{top + 2 + k}"] = (0.1, -0.4, 0.3)[k] if top == 3 else f"=G{5 + k}-B$1*{across}12"
        sheet[f"H{top + 2}"] = 0.25 if top == 3 else "=H5-B$1*(SUM(L5:L8)-SUM(N5:N8))/COUNT(N5:N8)"
    book.save(path)


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


def written(folder: Path, name: str) -> Path:
    """The file of that name, with the loan's workbook, its port and its spec beside it, all as the README has them."""
    for block in blocks("python", "toml"):
        run_block(folder, block)
    run(folder, "xlparity recalc loan.xlsx")
    return next(write_block(folder, block) for block in blocks("yaml") if block.file == name)


def test_every_block_does_what_the_readme_says(folder):
    """A guide that is not run is wrong by the next release; what it shows is what its reader gets."""
    for block in blocks("python", "toml", "console"):
        run_block(folder, block)


def test_the_workflow_has_the_action_verify_the_loan(folder):
    """What it hands to the action is what the action takes, and its step comes to the verdict that the README has."""
    workflow = written(folder, ".github/workflows/parity.yml").read_text()
    assert "/.github/actions/verify@" in workflow
    given = dict(re.findall(r"^          ([\w-]+): (.*)$", workflow, re.MULTILINE))
    known = re.findall(r"^  ([\w-]+):$", ACTION.read_text().partition("outputs:")[0], re.MULTILINE)
    assert given.keys() <= set(known)
    done, outputs = act(SimpleNamespace(folder=folder), "Verify", SPECS=given["specs"], ARGS=given["args"])
    assert (done.returncode, outputs["verdict"]) == (0, "pass"), done.stderr


@pytest.mark.precommit
def test_pre_commit_runs_the_hooks_of_the_readme(folder):
    """Its configuration is taken as it is, but for the repository, which is this one, and for what runs the hooks."""
    config = written(folder, ".pre-commit-config.yaml")
    text = config.read_text().replace("https://github.com/OWNER/xlparity", ROOT.as_uri())
    for hook in HOOKS:
        entry = f"{sys.executable} -P -m xlparity.cli.hooks {hook.removeprefix('xlparity-')}"
        text = text.replace(f"id: {hook}\n", f"id: {hook}\n        language: system\n        entry: {entry}\n")
    config.write_text(text.replace("rev: main", f"rev: {run(ROOT, 'git rev-parse HEAD').strip()}"))
    said = run(folder, "git init --quiet && git add loan.* && python -m pre_commit run --all-files")
    assert said.count("Passed") == len(HOOKS), said


def test_there_is_no_block_of_another_kind():
    """One that nobody runs."""
    assert {block.kind for block in blocks()} <= KINDS


def test_two_commands_do_their_own_set_up_and_ci_runs_them():
    """A newcomer pastes one line; what CI pastes is read out of the README."""
    assert len(blocks("bash")) == 2
    assert all(block.text.count("\n") == 1 and "venv .venv" in block.text for block in blocks("bash"))
    assert "README.md" in CI.read_text()
