"""Input that means harm, or has bad luck: what a workbook holds is shown and never obeyed, and nothing is written over."""

import cProfile
import json
import os
import re
import subprocess
import sys
import unicodedata
from io import BytesIO
from pathlib import Path
from types import CodeType
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from warm import program

import xlparity
from xlparity import assert_parity
from xlparity.actions.annotate import annotated_copy
from xlparity.files import write_file
from xlparity.reporters.formats import TEXT, format_names
from xlparity.reporters.formats.html.changes import marked
from xlparity.settings import Options

# Clears a terminal, writes over a line, ends one for some, and turns the rest round; half a character, which no file holds.
STEERING = "_x000D__x001B_[2J\x9b31m\x85\u2028\u202e\u2066_xD83D_"
ASCII = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
ASCII.pop("GITHUB_ACTIONS", None)


@pytest.fixture
def steering(small):
    """A workbook that is wrong, in whose cells stands what steers a terminal."""
    small.write_cells({"A1": 3, "B1": STEERING, "B2": f'=2*A1+LEN("\x9b31m{STEERING[-9:]}")', "B3": "=5*A1"})
    small.reference.write_text("def double(x):\n    return {'y': [2 * x] * 3}\n")
    small.write_spec(outputs='[outputs]\ny = "B1:B3"\n[[accept]]\ncells = "B3"\nreason = "\\u001b[2Jknown\\u202e"')
    return small


def obeyed(text):
    """The characters that would not be shown but obeyed, and those that no file can hold."""
    return {c for c in text if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in "\u202e\u2066"} - {
        "\n",
        "\t",
    }


@pytest.mark.parametrize("form", format_names())
@pytest.mark.parametrize("to_file", [True, False])
def test_no_report_holds_what_steers_a_terminal(run, steering, form, to_file):
    """A student's file is not to write upon the teacher's screen, nor to make a page that a program refuses."""
    out = steering.folder / "out"
    done = run("verify", steering.spec, "--format", form, *(["--output", out] if to_file else []))
    text = out.read_text(encoding="utf-8") if to_file else done.out
    assert done.code == 1
    assert "[2J" in text
    assert not obeyed(text + done.out + done.err)


def test_json_still_reads_as_what_stands_in_the_workbook(run, steering):
    """A program is to have the texts themselves, but for halves of characters, which many refuse."""
    found = json.loads(run("verify", steering.spec, "--format", "json").out)
    (typed,) = [cell for cell in found["checks"][0]["cells"] if cell["cell"] == "Sheet!B1"]
    assert typed["actual"] == "\r\x1b[2J\x9b31m\x85\u2028\u202e\u2066\ufffd"


def test_annotations_errors_and_test_runners_hold_nothing_of_it_either(run, steering, monkeypatch):
    """They end on a terminal as well."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert not obeyed(run("verify", steering.spec).out)
    with pytest.raises(AssertionError) as raised:
        assert_parity(steering.workbook, lambda x: {"y": 2 * x}, sheet="Sheet", inputs={"x": "A1"}, outputs={"y": "B1"})
    assert "[2J" in str(raised.value)
    assert not obeyed(str(raised.value))
    steering.write_spec(sheet='sheet = "\\u001b[2J"')
    done = run("verify", steering.spec)
    assert done.code == 2
    assert "[2J" in done.err
    assert not obeyed(done.err)


def test_the_copies_of_a_workbook_hold_what_it_holds(run, steering):
    """Half a character is written as Excel writes it."""
    shown = steering.folder / "shown.xlsx"
    done = run("verify", steering.spec, "--annotate", shown)
    assert done.code == 1
    (cell,) = openpyxl.load_workbook(shown)["Sheet"]["B1:B1"][0]
    assert STEERING in cell.comment.text
    assert cell.value == openpyxl.load_workbook(steering.workbook)["Sheet"]["B1"].value


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
@pytest.mark.parametrize("form", format_names())
def test_a_name_of_a_file_may_be_any_bytes(run, small, form):
    """On a disk from elsewhere, a name in Latin-1 is no UTF-8."""
    book, out = small.folder / os.fsdecode(b"caf\xe9.xlsx"), small.folder / "out"
    small.workbook.rename(book)
    done = run("verify", small.spec, "--workbook", book, "--format", form, "--output", out)
    assert (done.code, done.err) == (0, f"wrote {out.as_posix()}\n")
    text = out.read_text(encoding="utf-8")
    assert "caf%E9.xlsx" in text or "caf\ufffd.xlsx" in text


@pytest.mark.parametrize("form", [form for form in format_names() if form != TEXT])
def test_what_programs_read_is_utf8_whatever_the_locale(small, form):
    """With ? for every other letter, JSON would hold another formula than the workbook does, and say nothing of it."""
    small.write_cells({"A1": 3, "B1": '=2*A1+LEN("π…")'})
    command = [sys.executable, "-P", "-m", "xlparity.cli", "verify", small.spec, "--format", form]
    printed = subprocess.run(command, capture_output=True, check=False, env=ASCII)
    assert printed.returncode == 1, printed.stderr
    assert "π…" in printed.stdout.decode() or form == "sarif"
    if form == "junit":
        ET.fromstring(printed.stdout)


def contents(folder):
    """What every file below the folder holds."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", [("verify",), ("mutate", "--limit", 1)])
@pytest.mark.parametrize(
    "name", ["small.py", "helper.py", "sub/../small.py", "link", "hard", "small.xlsx", "small.parity.toml"]
)
def test_no_report_is_written_over_what_people_write(run, small, command, name):
    """A slip of the completion key would have put the report in place of the reference, which nobody else has."""
    (small.folder / "sub").mkdir()
    (small.folder / "helper.py").write_text("import math\n")
    (small.folder / "link").symlink_to("small.py")
    (small.folder / "hard").hardlink_to(small.workbook)
    before = contents(small.folder)
    done = run(*command, small.spec, "--workbook", small.workbook, "--output", small.folder / name)
    assert done.code == 2
    assert "would overwrite" in done.err
    assert contents(small.folder) == before


def test_recalculated_values_go_to_a_workbook_only(run, small):
    """As with --fix."""
    before = contents(small.folder)
    for out in (small.spec, small.reference):
        done = run("recalc", small.workbook, "-o", out)
        assert done.code == 2
        assert "must end in .xlsx as well" in done.err
    assert contents(small.folder) == before


def test_a_name_that_is_refused_leaves_no_half_of_the_work(run, small):
    """The mended copy would be there, and the annotated one not."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    before = contents(small.folder)
    done = run("verify", small.spec, "--fix", small.folder / "a.xlsx", "--annotate", small.folder / "b.xlsm")
    assert done.code == 2
    assert contents(small.folder) == before


def test_a_link_that_leads_nowhere_is_an_error_of_the_person(run, small):
    """As is one that leads to itself; and a file that cannot be read is not like itself."""
    (loop := small.folder / "loop.xlsx").symlink_to("loop.xlsx")
    done = run("verify", small.spec, "--workbook", loop)
    assert done.code == 2
    assert "loop.xlsx'" not in done.err
    for option in ("--fix", "--output"):
        assert "fault" not in run("verify", small.spec, option, loop).err


def test_a_name_may_be_as_long_as_the_disk_lets_it(run, small):
    """What is written beside it first has another name."""
    out = small.folder / f"{'x' * 250}.json"
    assert run("verify", small.spec, "--format", "json", "--output", out).code == 0
    assert json.loads(out.read_text())["verdict"] == "pass"
    done = run("verify", small.spec, "--format", "json", "--output", f"{out}{'x' * 10}")
    assert done.code == 2
    assert "cannot be written" in done.err


def test_an_interrupt_leaves_no_half_of_a_file(tmp_path, monkeypatch):
    """Neither under its name nor beside it."""
    (out := tmp_path / "out.json").write_text("before")

    def interrupted(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_file(out, b"after")
    assert contents(tmp_path) == {out: b"before"}


@pytest.mark.parametrize("form", format_names())
def test_absolute_paths_make_no_other_report(run, steering, monkeypatch, form):
    """An editor or a script hands over absolute ones, and the report is to be the same on the next machine."""
    monkeypatch.chdir(steering.folder)
    relative = run("verify", "small.parity.toml", "--workbook", "small.xlsx", "--format", form).out
    (link := steering.folder.with_name(f"{steering.folder.name}-link")).symlink_to(steering.folder)
    for folder in (steering.folder, link):
        specs = ("verify", folder / "small.parity.toml", "--workbook", folder / "small.xlsx")
        assert run(*specs, "--format", form).out == relative
    assert str(steering.folder) not in relative
    steering.write_spec(workbook=f"workbook = '{steering.workbook}'", outputs='[outputs]\ny = "B1:B3"')
    assert str(steering.folder) not in run("verify", "small.parity.toml", "--format", form).out


def test_other_commands_name_files_from_here_as_well(run, small, monkeypatch):
    """They have reports of their own."""
    monkeypatch.chdir(small.folder)
    done = run("recalc", "--check", small.workbook, "--format", "json")
    assert json.loads(done.out)["workbook"]["path"] == "small.xlsx"
    found = json.loads(run("mutate", small.spec, "--limit", 1, "--jobs", 1, "--format", "json").out)
    assert (found["spec"], found["workbook"]) == ("small.parity.toml", "small.xlsx")
    small.write_cells({"A1": 3, "B1": "=2+A1"})
    found = json.loads(run("verify", small.spec, "--fix", small.folder / "a.xlsx", "--format", "json").out)
    assert (found["fixed"]["path"], found["fixed"]["report"]["workbook"]["path"]) == ("a.xlsx", "a.xlsx")


def test_the_environment_makes_no_other_text_in_a_file(run, small, monkeypatch):
    """A terminal without abilities counts 80 columns, and a file is none, whatever is forced."""
    small.write_cells({"A1": 3, "B1": f"=3*A1+{'0*(A1+1)+' * 8}0"})
    out = small.folder / "out.txt"
    run("verify", small.spec, "--output", out)
    usual = out.read_bytes()
    for name, value in {"FORCE_COLOR": "1", "TERM": "dumb", "COLUMNS": "40", "TZ": "Asia/Tokyo", "LC_ALL": "C"}.items():
        monkeypatch.setenv(name, value)
    run("verify", small.spec, "--output", out)
    assert out.read_bytes() == usual


@pytest.mark.parametrize(
    "new", ["=" + "C3+D4/" * 1365, "=LN(1)+" + "A1*B2+" * 1365, "=" + "A1*B2+" * 1365 + "LN(1)", "="]
)
def test_formulas_of_any_length_are_compared_at_once(new):
    """Two of 8,192 characters that have nothing in common took a minute, and a page may have hundreds."""
    old = "=" + "A1*B2+" * 1365
    goes, comes = marked(old, new)
    assert re.sub("</?del>", "", goes) == old
    assert re.sub("</?ins>", "", comes) == new
    assert len(goes) + len(comes) < len(old) + len(new) + 40


def test_the_work_of_an_annotated_copy_grows_as_its_sheets_do(small):
    """What each sheet adds was made known by reading again what all before it had: 2,000 sheets took two minutes."""

    def elements_read(sheets):
        book = openpyxl.Workbook()
        book.active["A1"] = 3
        for number in range(sheets):
            book.create_sheet(f"S{number}")["B1"] = "=3*Sheet!A1"
        book.save(small.workbook)
        small.write_spec(outputs="[outputs]\n" + "\n".join(f'y{n} = "S{n}!B1"' for n in range(sheets)))
        small.reference.write_text(f"def double(x):\n    return {{f'y{{n}}': 2 * x for n in range({sheets})}}\n")
        report = xlparity.verify(small.spec, options=Options(scenarios=0))
        with cProfile.Profile() as profile:
            copy = annotated_copy(report)
        shown = openpyxl.load_workbook(BytesIO(copy.data))
        assert all(shown[f"S{number}"]["B1"].comment is not None for number in range(sheets))
        return sum(
            entry.callcount
            for entry in profile.getstats()
            if isinstance(entry.code, CodeType)
            and entry.code.co_name in ("start", "start_root", "_start")
            and "ooxml" in entry.code.co_filename
        )

    assert 0 < elements_read(40) < 2.2 * elements_read(20)


def test_a_folder_that_is_called_as_a_spec_is_none(run, small, monkeypatch):
    """What is below it is looked for all the same; a spec that is a link to nowhere is an error."""
    monkeypatch.chdir(small.folder)
    (small.folder / "folder.parity.toml").mkdir()
    assert run("verify").code == 0
    small.spec.rename(small.folder / "folder.parity.toml" / "small.parity.toml")
    assert run("verify").code == 2
    (small.folder / "small.parity.toml").symlink_to("nowhere")
    assert "small.parity.toml" in run("verify", "small.parity.toml").err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to be had")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_disk_is_an_error_and_no_fault_of_xlparity(warm, small, form):
    """Of what is redirected, half a report would be left, and must not look like a verdict."""
    command = [*program("xlparity.cli"), "verify", small.spec, "--format", form]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("xlparity: standard output cannot be written (")


@pytest.mark.skipif(sys.platform == "win32", reason="a shell closes it there in another way")
def test_without_a_standard_output_the_exit_code_is_the_verdict(small):
    """As in a job that was started with all streams closed."""
    command = [sys.executable, "-P", "-m", "xlparity.cli", "verify", str(small.spec)]
    closed = ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *command]
    assert subprocess.run(closed, check=False).returncode == 0


def test_a_comment_is_no_longer_than_excel_takes(small):
    """Excel would repair the file, which is to say throw all comments away."""
    small.write_cells({"A1": 3, "B1": "long " * 6500})
    copy = annotated_copy(xlparity.verify(small.spec, options=Options(scenarios=0)))
    text = openpyxl.load_workbook(BytesIO(copy.data))["Sheet"]["B1"].comment.text
    assert 16_000 < len(text) < 32_767
    assert text.endswith("…")
