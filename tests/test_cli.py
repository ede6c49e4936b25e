"""The command line: what goes to which stream, and what the exit code says."""

import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl

import openpyxl
import pytest
from planted import planted
from warm import program

import xlparity

PROGRAM = program("xlparity.cli")

pytestmark = pytest.mark.usefixtures("warm")


def on_a_terminal(*arguments, width=80, **environment):
    """What a command prints on a terminal of that width, with the signs that colour it."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    known = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    with subprocess.Popen(
        [*PROGRAM, *map(str, arguments)], stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL,
        env={**known, "TERM": "xterm", **environment},
    ):  # fmt: skip
        os.close(theirs)
        printed = b""
        try:
            while data := os.read(ours, 65536):
                printed += data
        except OSError:  # how Linux tells that the other side is closed
            pass
        os.close(ours)
    return printed.decode().replace("\r\n", "\n")


def test_json_goes_to_standard_output_alone(run, small):
    """It is piped into other programs."""
    done = run("verify", small.spec, "--format", "json")
    assert done.code == 0
    assert json.loads(done.out)["verdict"] == "pass"
    assert done.err.startswith("✓ PASS")
    assert run("verify", small.spec, "--format", "json", "--quiet").err == ""


def test_a_report_can_be_written_to_a_file(run, small):
    """In a folder that is not there yet; the verdict is said all the same, and where the report is."""
    for form in ("json", "text", "html"):
        path = small.folder / "reports" / f"report.{form}"
        done = run("verify", small.spec, "--format", form, "--output", path)
        assert done.code == 0
        assert done.out == run("verify", small.spec, "--quiet").out
        assert done.err == f"wrote {path.as_posix()}\n"
        assert "pass" in path.read_text(encoding="utf-8").lower()
        quiet = run("verify", small.spec, "--format", form, "--output", path, "--quiet")
        assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


@pytest.mark.parametrize("form", ["json", "junit", "sarif", "markdown", "html"])
def test_the_verdict_stands_beside_what_a_program_reads_and_not_in_it(run, small, form):
    """Whoever waits at the terminal while a file is piped is told how it ended, with the copies that were written."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    bare = run("verify", small.spec, "--format", form, "--quiet").out
    done = run("verify", small.spec, "--format", form, "--fix", small.folder / "fixed.xlsx")
    assert (done.code, "✗ FAIL" in done.out) == (1, form == "markdown" and "✗ FAIL" in bare)
    assert done.err.startswith("✗ FAIL")
    assert "1 formula corrected" in " ".join(done.err.split())
    assert "✓ PASS" in done.err


def test_a_class_of_copies_comes_with_a_verdict_each(run, small):
    """A page and a coloured copy, and nobody has to open one to know how it ended."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    page, copy = small.folder / "r.html", small.folder / "shown.xlsx"
    done = run("verify", small.spec, "--format", "html", "--output", page, "--annotate", copy)
    assert done.err.splitlines() == [
        f"wrote {copy.as_posix()}: 1 cell coloured, 1 commented, sheet 'xlparity' added",
        f"wrote {page.as_posix()}",
    ]
    assert done.out.startswith("✗ FAIL")
    assert done.out.count("FAIL") == 1


def test_the_exit_code_is_the_worst_verdict(run, small, tmp_path):
    """1 over 2 over 0: what is proved wrong is not hidden behind what could not be judged."""
    good = small.spec
    wrong, unsure = tmp_path / "wrong.parity.toml", tmp_path / "unsure.parity.toml"
    text = good.read_text()
    small.write_cells({"A1": 3, "B1": "=2*A1", "B2": "=3*A1", "B3": "=OFFSET(A1,0.2+0*A1,0)"})
    wrong.write_text(text.replace("B1", "B2"))
    unsure.write_text(text.replace("B1", "B3"))
    assert run("verify", good).code == 0
    assert run("verify", good, wrong).code == 1
    assert run("verify", wrong, unsure, good).code == 1
    assert run("verify", unsure, good).code == 2


def test_without_a_spec_every_spec_below_the_folder_is_verified(run, small, monkeypatch):
    """The command that a person types first."""
    monkeypatch.chdir(small.folder)
    done = run("verify", "-q")
    assert done.code == 0
    assert "PASS" in done.out


def test_quiet_is_one_sentence_and_verbose_lists_every_cell(run, small):
    """-q for a script's log, -v for the person who mends the workbook."""
    small.reference.write_text("import numpy as np\ndef double(x):\n    return {'y': 2 * x * np.ones(15)}\n")
    small.write_cells({"A1": 3, **{f"B{k}": "=3*A1" for k in range(1, 16)}})
    small.write_spec(outputs='[outputs]\ny = "B1:B15"')
    assert run("verify", small.spec, "-q").out.count("FAIL") == 1
    assert "and 11 more cells" in run("verify", small.spec).out
    told = run("verify", small.spec, "-v").out
    assert all(f"Sheet!B{k} " in told for k in range(1, 16))
    assert "=3*A1" in told


@pytest.mark.parametrize("width", [80, 120])
def test_the_report_fits_the_terminal(run, small, monkeypatch, width):
    """Neither a wrapped table nor a cut verdict at the two usual widths."""
    monkeypatch.setenv("COLUMNS", str(width))
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    lines = run("verify", small.spec).out.splitlines()
    assert max(map(len, lines)) <= width
    assert any("Sheet!B1" in line and "=3*A1" in line for line in lines)


FAULT = "=-(L9*LOG(J9)+(1-L9)*LOG(1-J9))"


@pytest.mark.parametrize("width", [80, 120])
def test_a_formula_is_never_squeezed_on_a_terminal(two_iterations, tmp_path, width):
    """Beside five columns there is no room for it at eighty; cut into seven letters a line, nobody can copy it."""
    copy = planted(two_iterations, tmp_path / "student.xlsx", {"N9": FAULT})
    printed = on_a_terminal("verify", two_iterations, "--workbook", copy, "--scenarios", 3, width=width)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", printed).splitlines()
    # A path is as long as it is.
    assert (
        max(len(line.rstrip()) for line in lines if str(tmp_path) not in line and str(two_iterations) not in line)
        <= width
    )
    assert len([line for line in lines if line.strip().endswith(FAULT)]) == 2  # in the finding, and by its cell
    beside = [line for line in lines if "Training!N9 " in line and line.rstrip().endswith(FAULT)]
    assert len(beside) == (width == 120)


def test_a_long_formula_goes_on_behind_an_operator(run, small, monkeypatch):
    """An address or a text in two halves cannot be searched for."""
    monkeypatch.setenv("COLUMNS", "80")
    terms = [f"SUM('Some (odd) sheet-name'!$A${k}:$B${k + 9})*\"a+b, c\"" for k in range(1, 8)]
    book = openpyxl.Workbook()
    book.active["B1"] = "=" + "+".join(terms)
    book.create_sheet("Some (odd) sheet-name")
    book.save(small.workbook)
    shown = run("recalc", "--check", small.workbook).out.partition("formula\n")[2].partition("\n~")[0]
    pieces = [line.removeprefix("  Sheet!B1").strip() for line in shown.splitlines()]
    assert "".join(pieces) == "=" + "+".join(terms)
    assert len(pieces) > 3
    assert all(re.search(r"[+*(]$", piece) for piece in pieces[:-1])


@pytest.mark.parametrize(
    "command", [["verify"], ["verify", "--help"], ["engines"], ["recalc", "--check"]], ids=" ".join
)
def test_colour_goes_where_it_is_wanted(two_iterations, tmp_path, command):
    """NO_COLOR and a dumb terminal have no escape at all, a pipe only with FORCE_COLOR, and a file never."""
    copy = planted(two_iterations, tmp_path / "student.xlsx", {"N9": FAULT})
    files = {"verify": [two_iterations, "--workbook", copy, "--scenarios", 3], "recalc": [copy], "engines": []}
    words = [*command, *files[command[0]]]

    def piped(*more, **environment):
        done = subprocess.run(
            [*PROGRAM, *map(str, [*words, *more])], env={**os.environ, **environment}, capture_output=True, check=False
        )
        return done.stdout

    assert ("\x1b[" in on_a_terminal(*words)) == ("--help" not in command)
    assert "\x1b" not in on_a_terminal(*words, NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(*words, TERM="dumb")
    plain = piped()
    assert b"\x1b" not in plain
    assert not re.search(rb"[ \t]\n", plain)
    assert (b"\x1b[" in piped(FORCE_COLOR="1")) == ("--help" not in command)
    assert b"\x1b" not in piped(FORCE_COLOR="1", NO_COLOR="1")
    if command in (["verify"], ["recalc", "--check"]):
        piped("--output", tmp_path / "report.txt", FORCE_COLOR="1")
        assert b"\x1b" not in (tmp_path / "report.txt").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verfy"], "there is no command 'verfy' (did you mean 'verify'?); see 'xlparity --help'"),
        (["--verison"], "there is no option '--verison' (did you mean '--version'?); see 'xlparity --help'"),
        (["verify", "--wokbook", "a.xlsx"], "'--wokbook' (did you mean '--workbook'?); see 'xlparity verify --help'"),
        (["mutate"], "missing argument 'SPEC'; see 'xlparity mutate --help'"),
        (["verify", "--seed"], "option '--seed' requires an argument; see 'xlparity verify --help'"),
        (
            ["verify", "--format", "yaml"],
            "there is no format 'yaml' (known: html, json, junit, markdown, sarif, text)",
        ),
        (["verify", "--scenarios", "-1"], "--scenarios is a whole number from 0 to 100,000"),
        (["verify", "--rtol", "tiny"], "invalid value for '--rtol'"),
        (["recalc", "a.xlsx", "b.xlsx"], "(b.xlsx); see 'xlparity recalc --help'"),
        (["generate", "perceptron"], "'wine_solution'; see 'xlparity generate --help'"),
    ],
)
def test_words_that_are_not_understood_are_one_line_with_the_next_step(run, arguments, said):
    """As every other error is: a usage and a box around it are seven lines of which one helps."""
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("xlparity: ")
    assert done.err.count("\n") == 1
    assert said in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["verify", "smal.parity.toml"],
            "(did you mean 'small.parity.toml'?); name another file, or draft one with 'xlp",
        ),
        (["verify", "small.parity.toml", "--workbook", "smal.xlsx"], "(did you mean 'small.xlsx'?); name another"),
        (["recalc", "smal.xlsx"], "(did you mean 'small.xlsx'?); name another workbook"),
        (
            ["init", "small.xlsx", "-o", "s.toml", "--reference", "smal.py:f"],
            "(did you mean 'small.py'?); correct its path",
        ),
        (["verify", "small.parity.toml", "--workbook", "a.xlsx", "--workbook", "b.xlsx"], "verify each by itself"),
        (["verify", "small.parity.toml", "--output", "."], "cannot be written (Is a directory); name another file"),
    ],
)
def test_a_path_that_is_wrong_has_the_nearest_and_the_next_step(run, small, monkeypatch, arguments, said):
    """The first mistake of all is a path, and whoever made it wants to know what to type instead."""
    monkeypatch.chdir(small.folder)
    done = run(*arguments)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert said in done.err


SLOW = """
import os, time
from pathlib import Path


def double(x):
    Path(__file__).with_name(f"{os.getpid()}.called").touch()
    time.sleep(0.4)
    return {"y": 2 * x}
"""


@pytest.mark.parametrize(("command", "processes"), [("verify", 1), ("mutate", min(2, os.cpu_count() or 1))])
def test_an_interrupt_is_one_line_and_no_verdict(small, command, processes):
    """Ctrl-C reaches every process of the command; none prints a traceback, and 1 would say that the workbook fails."""
    small.reference.write_text(SLOW)
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "xlparity.cli", command, small.spec, "--scenarios", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:  # In its midst: it has called the reference, and so has a process of its own where there is one.
            while process.poll() is None and len([*small.folder.glob("*.called")]) < processes:
                time.sleep(0.05)
            os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (130, "", "xlparity: interrupted\n")


@pytest.mark.parametrize("colour", ["", "1"])
@pytest.mark.parametrize("words", ["verify SPEC --scenarios=3 -v", "verify SPEC --scenarios=3 --format=json", "--help"])
def test_a_reader_that_leaves_is_told_nothing(two_iterations, words, colour):
    """`| head -1` is no reason for a traceback, nor for a verdict."""
    command = [*PROGRAM, *(two_iterations if word == "SPEC" else word for word in words.split())]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "FORCE_COLOR": colour}
    ) as process:
        process.stdout.close()
        err = process.stderr.read()
    assert (process.returncode, err) == (141, b"")


def test_the_defaults_of_a_project_hold_for_mutants(run, small, monkeypatch):
    """[tool.xlparity] says how this project verifies: a mutant is verified so too, unless an option says otherwise."""
    (small.folder / "pyproject.toml").write_text(
        "[tool.xlparity]\nengine = 'cached'\nscenarios = 7\nseed = 3\nrtol = 0.6\n"
    )
    monkeypatch.chdir(small.folder)

    def mutated(*options):
        return json.loads(run("mutate", small.spec, "--jobs", 1, "--format", "json", *options).out)

    lax = mutated()
    assert (lax["scenarios"], lax["seed"]) == (7, 3)
    given = mutated("--scenarios", 5, "--seed", 2)
    assert (given["scenarios"], given["seed"]) == (5, 2)
    small.write_spec(outputs='[outputs]\ny = { at = "B1", rtol = 1e-9 }')
    assert mutated()["counts"]["survived"] == 0 < lax["counts"]["survived"]


def test_brackets_in_a_formula_are_printed_as_they_stand(run, small):
    """rich would take [red] for a colour and leave it out."""
    small.write_cells({"A1": 3, "B1": '=A1&"[red]"'})
    assert '=A1&"[red]"' in run("verify", small.spec).out


def test_the_report_shows_the_loss_as_it_falls(run, week_one):
    """The sparkline is the first thing a teacher looks at."""
    told = run("verify", week_one).out
    assert "loss 0.8223 █" in told
    assert "▁ 0.1867" in told
    assert "1,501 formulas in the file: 1,500 compared, 1 not covered (Loss!E13)" in told


def test_the_version_is_the_packages(run):
    """What a bug report has to name."""
    done = run("--version")
    assert (done.code, done.out.strip()) == (0, f"xlparity {xlparity.__version__}")


def test_help_and_import_load_nothing_heavy():
    """`xlparity --help` answers at once: formulas alone takes half a second to import."""
    heavy = "{'formulas', 'openpyxl', 'pandas', 'scipy', 'matplotlib', 'numpy'}"
    script = (
        "import sys, xlparity, xlparity.cli\n"
        "sys.argv = ['xlparity', '--help']\n"
        "try: xlparity.cli.main()\n"
        f"except SystemExit: print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "verify" in done.stdout


def test_a_check_loads_only_what_its_formulas_need(week_one):
    """scipy.stats takes longer to import than a small check takes; openpyxl, urllib and rare functions cost less, but in each."""
    rare = "('scipy', 'openpyxl', 'urllib.request', 'xlparity.engines.evaluator.functions.bonds')"
    script = (
        f"import sys; sys.argv = ['xlparity', 'verify', {str(week_one)!r}]; import xlparity.cli\n"
        "try: xlparity.cli.main()\n"
        f"except SystemExit as ended: print(ended.code, [name for name in sys.modules if name.startswith({rare})])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_the_module_runs_as_the_command_does(small):
    """The same entry point, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "xlparity.cli", "verify", small.spec], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "✓ PASS" in done.stdout
