"""Help: plain, within eighty columns, and with examples that run as they stand."""

import re
import shlex
import shutil
import signal
import subprocess

import openpyxl
import pytest
from warm import program

COMMANDS = ("", "verify", "init", "generate", "recalc", "mutate", "grade", "spec", "rules", "engines")
SPEC = (
    'workbook = "{0}.xlsx"\nreference = "training.py:train"\nsheet = "Sheet"\n[inputs]\nx = "A2"\n[outputs]\ny = "B2"\n'
)


@pytest.fixture
def scratch(run, tmp_path, monkeypatch):
    """A folder with the files that the examples name: ``student.xlsx`` has a fault, ``training.xlsx`` stores its values."""
    for name, factor in (("training", 2), ("student", 3)):
        book = openpyxl.Workbook()
        for row in (("x", "y"), (3, f"={factor}*A2")):
            book.active.append(row)
        book.save(tmp_path / f"{name}.xlsx")
    (tmp_path / "training.py").write_text("def train(x):\n    return {'y': 2 * x}\n")
    run("recalc", tmp_path / "training.xlsx", "-q")
    (tmp_path / "submissions").mkdir()
    for name in ("training", "student"):
        shutil.copy(tmp_path / f"{name}.xlsx", tmp_path / "submissions")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def help_of(run, command):
    done = run(*command.split(), "--help")
    assert (done.code, done.err) == (0, "")
    return done.out


def examples_in(text):
    """The lines below the heading of the examples, which are the last of the help."""
    lines = text.partition("\nExamples:\n")[2].splitlines()
    assert all(re.match(r"  (# |xlparity( |$))", line) for line in lines)
    assert [line[2] for line in lines] == ["#", "x"] * (len(lines) // 2)  # each is said to be for something
    return [line.strip() for line in lines[1::2]]


def interrupted(words):
    """The exit code of a command that watches, after Ctrl-C."""
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert any("watching" in line for line in process.stderr)
            process.send_signal(signal.SIGINT)
            assert process.stderr.read() == ""
        finally:
            process.kill()
    return process.returncode


@pytest.mark.parametrize("command", COMMANDS)
def test_every_example_in_the_help_runs(run, warm, scratch, command):
    """An example that is out of date is worse than none: a newcomer takes the tool for broken."""
    examples = examples_in(help_of(run, command))
    assert examples
    if command not in ("", "init"):  # whose examples write it
        (scratch / "training.parity.toml").write_text(SPEC.format("training"))
    for example in examples:
        student = scratch / "student.parity.toml"
        student.unlink(missing_ok=True)
        if student.name in example:
            student.write_text(SPEC.format("student"))
        words = [*program("xlparity.cli"), *shlex.split(example)[1:]]
        expected = 1 if "verify" in words and "student" in example else 0
        if "--watch" in words:
            assert interrupted(words) == expected
            continue
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == expected, (example, done.stdout, done.stderr)
        for option in ("--output", "-o", "--fix", "--annotate", "--faulty"):
            if option in words:
                assert (scratch / words[words.index(option) + 1]).is_file()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_plain_text_within_the_terminal(run, monkeypatch, command, width):
    """Boxes and colours are of no use to a pager, and what rich takes for markup, as [tool.xlparity], would be left out."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("FORCE_COLOR", "1")
    text = help_of(run, command)
    assert text.startswith(f"Usage: xlparity {command}".rstrip())
    assert max(map(len, text.splitlines())) <= width
    assert not set(text) & set("│╭╰\x1b\b")
    assert "..." not in text.partition("\n")[2]  # no sentence is cut
    if command in ("verify", "mutate"):
        assert "[tool.xlparity] in pyproject.toml" in " ".join(text.split())


def test_without_a_command_the_help_is_shown_and_is_no_verdict(run):
    """A script that has lost its arguments must not pass."""
    done = run()
    assert (done.code, done.out) == (2, "")
    assert done.err == run("--help").out
