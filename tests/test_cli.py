"""The command line: what goes to which stream, and what the exit code says."""

import json
import subprocess
import sys

import pytest

import xlparity


def test_json_goes_to_standard_output_alone(run, small):
    """It is piped into other programs."""
    done = run("verify", small.spec, "--format", "json")
    assert done.code == 0
    assert json.loads(done.out)["verdict"] == "pass"
    assert done.err == ""


def test_a_report_can_be_written_to_a_file(run, small):
    """In a folder that is not there yet, and with nothing on standard output."""
    for form in ("json", "text"):
        path = small.folder / "reports" / f"report.{form}"
        done = run("verify", small.spec, "--format", form, "--output", path)
        assert (done.code, done.out) == (0, "")
        assert "pass" in path.read_text(encoding="utf-8").lower()


def test_the_exit_code_is_the_worst_verdict(run, small, tmp_path):
    """2 over 1 over 0."""
    good = small.spec
    wrong, unsure = tmp_path / "wrong.parity.toml", tmp_path / "unsure.parity.toml"
    text = good.read_text()
    small.write_cells({"A1": 3, "B1": "=2*A1", "B2": "=3*A1", "B3": "=OFFSET(A1,0,0)"})
    wrong.write_text(text.replace("B1", "B2"))
    unsure.write_text(text.replace("B1", "B3"))
    assert run("verify", good).code == 0
    assert run("verify", good, wrong).code == 1
    assert run("verify", wrong, unsure, good).code == 2


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


def test_brackets_in_a_formula_are_printed_as_they_stand(run, small):
    """rich would take [red] for a colour and leave it out."""
    small.write_cells({"A1": 3, "B1": '=A1&"[red]"'})
    assert '=A1&"[red]"' in run("verify", small.spec).out


def test_the_report_shows_the_loss_as_it_falls(run, week_one):
    """The sparkline is the first thing a teacher looks at."""
    told = run("verify", week_one).out
    assert "loss 0.8223 █" in told
    assert "▁ 0.1867" in told
    assert "1,501 formulas in the file: 1,500 compared, 1 not looked at (Loss!E13)" in told


def test_the_version_is_the_packages(run):
    """What a bug report has to name."""
    done = run("--version")
    assert (done.code, done.out.strip()) == (0, f"xlparity {xlparity.__version__}")


def test_help_and_import_load_nothing_heavy():
    """`xlparity --help` answers at once: formulas alone takes half a second to import."""
    heavy = "{'formulas', 'openpyxl', 'pandas', 'scipy', 'matplotlib', 'numpy'}"
    program = (
        "import sys, xlparity, xlparity.cli\n"
        "sys.argv = ['xlparity', '--help']\n"
        "try: xlparity.cli.main()\n"
        f"except SystemExit: print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "verify" in done.stdout


def test_the_module_runs_as_the_command_does(small):
    """The same entry point, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "xlparity.cli", "verify", small.spec], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "✓ PASS" in done.stdout
