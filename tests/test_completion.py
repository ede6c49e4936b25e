"""Shell completion: what a person gets who presses the tab key, in the three shells that have it."""

import os
import re
import shutil
import subprocess

import pytest
from warm import program

from xlparity.engines import NAMES

PROGRAM = program("xlparity.cli")

pytestmark = pytest.mark.usefixtures("warm")


def asked(shell, *words):
    """What the program completes the last word to, as the script of the shell asks it."""
    environment = {"_XLPARITY_COMPLETE": f"complete_{shell}"}
    if shell == "bash":
        environment |= {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    else:
        environment |= {"_TYPER_COMPLETE_ARGS": " ".join(words), "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    done = subprocess.run(PROGRAM, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    if shell == "zsh":  # "value":"help", each on a line of its own
        return re.findall(r'^(?:_arguments .*\(\()?"([^"]+)"', done.stdout, re.MULTILINE)
    return [line.partition("\t")[0] for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ver"], ["verify"]),
        (["recalc", "--che"], ["--check"]),
        (["verify", "--format", "j"], ["json", "junit"]),
        (["verify", "--engine", "c"], ["cached"]),
        (["generate", "r"], ["regressor"]),
    ],
)
def test_a_command_an_option_and_a_value_are_completed(shell, words, expected):
    """Nobody remembers the names of five engines and six formats."""
    assert asked(shell, "xlparity", *words) == expected


def test_every_engine_is_offered():
    """The list in the help of another command is one command too far away."""
    assert tuple(asked("bash", "xlparity", "verify", "--engine", "")) == NAMES


@pytest.mark.parametrize("words", [["verify", "a"], ["recalc", "a"], ["verify", "--fix", "a"], ["init", "a"]])
def test_a_path_is_left_to_the_shell(words):
    """It completes files itself where the program offers nothing; a word that is offered unchanged would end that."""
    assert asked("bash", "xlparity", *words) == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not on PATH")
def test_bash_completes_once_it_is_installed(tmp_path):
    """What --install-completion leaves in a home, loaded by a bash that has the program on its PATH."""
    command = tmp_path / "bin" / "xlparity"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {" ".join(PROGRAM)} "$@"\n')
    command.chmod(0o755)
    home = {**os.environ, "HOME": str(tmp_path), "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"}

    def bash(script):
        done = subprocess.run(
            ["bash", "--norc", "-c", script], env=home, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout

    # Behind another command bash stays there to be recognised.
    assert "bash completion installed" in bash("xlparity --install-completion; true")
    assert "complete -o default -F" in bash("xlparity --show-completion; true")  # files, where nothing is offered
    told = bash(
        "source .bashrc; complete -p xlparity; COMP_WORDS=(xlparity verify --engine lib); COMP_CWORD=3\n"
        '_xlparity_completion xlparity; echo "${COMPREPLY[@]}"'
    )
    assert told.splitlines() == ["complete -o default -F _xlparity_completion xlparity", "libreoffice"]
