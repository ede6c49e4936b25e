"""A teacher's case: many workbooks, one spec. Every one of them is verified or named, and none keeps another from it."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest

RIGHT, WRONG = {"A1": 3, "B1": "=2*A1"}, {"A1": 3, "B1": "=3*A1"}


@pytest.fixture
def handed_in(small, monkeypatch):
    """A folder as a course's site packs it: a folder a student, the same name in each."""
    monkeypatch.chdir(small.folder)
    folder = Path("class")
    for student, cells in (("anna", RIGHT), ("bob", WRONG), ("carl", RIGHT)):
        small.write_cells(cells)
        (folder / student).mkdir(parents=True)
        shutil.copy(small.workbook, folder / student / "task.xlsx")
    small.write_cells(RIGHT)
    return folder


def verdicts(done):
    """The verdict on each workbook, by its path."""
    told = json.loads(done.out)
    return {report["workbook"]["path"]: report["verdict"] for report in told["reports"]}


def test_every_workbook_that_is_named_is_verified(run, small, handed_in):
    """An option that is given twice and counts once would leave a student's workbook out without a word."""
    anna, bob = (handed_in / student / "task.xlsx" for student in ("anna", "bob"))
    done = run("verify", small.spec, "--workbook", bob, "--workbook", anna, "--format", "json")
    assert verdicts(done) == {bob.as_posix(): "fail", anna.as_posix(): "pass"}
    assert done.code == 1


def test_a_folder_stands_for_the_workbooks_below_it(run, small, handed_in):
    """Nobody types thirty names; what Excel keeps beside an open workbook is none."""
    (handed_in / "anna" / "~$task.xlsx").write_text("Anna")
    done = run("verify", small.spec, "--workbook", handed_in, "--format", "json")
    students = [path.rsplit("/", 2)[1] for path in verdicts(done)]
    assert students == ["anna", "bob", "carl"]


def test_an_unusable_workbook_is_named_and_the_others_are_verified(run, small, handed_in):
    """A file saved as .ods must neither cost the class its verdicts nor go unmentioned."""
    (handed_in / "carl" / "task.xlsx").unlink()
    (handed_in / "carl" / "task.ods").write_text("another format")
    done = run("verify", small.spec, "--workbook", handed_in, "--quiet")
    assert "carl/task.ods: not a readable .xlsx file" in done.err
    assert done.code == 2
    assert [line.split()[1] for line in done.out.splitlines()[1:]] == ["PASS", "FAIL"]


def test_a_spec_that_is_wrong_is_said_once(run, small, handed_in):
    """Thirty times the same line would hide what else there is."""
    small.spec.write_text("nonsense")
    assert run("verify", small.spec, "--workbook", handed_in).err.count("\n") == 1
    small.write_spec(reference='reference = "gone.py:double"')
    done = run("verify", small.spec, "--workbook", handed_in)
    assert (done.err.count("\n"), done.out, done.code) == (1, "", 2)


def test_the_class_is_a_table_of_who_failed_where(run, small, handed_in):
    """A teacher asks first who failed, and where."""
    done = run("verify", small.spec, "--workbook", handed_in, "--quiet")
    head, anna, bob, _ = done.out.splitlines()
    assert head.split() == ["verdict", "workbook", "not", "right", "causes"]
    assert "bob/task.xlsx" in bob
    assert bob.endswith("Sheet!B1")
    assert anna.endswith(" 0")
    assert run("verify", small.spec, "--workbook", handed_in).out.endswith(done.out)


def test_the_copies_go_into_a_folder_under_the_names_that_they_had(run, small, handed_in):
    """Thirty files of one name in thirty folders are still thirty files when they go back."""
    back = small.folder / "back"
    run("verify", small.spec, "--workbook", handed_in, "--annotate", back)
    assert sorted(path.relative_to(back).as_posix() for path in back.rglob("*.xlsx")) == [
        "anna/task.xlsx", "bob/task.xlsx", "carl/task.xlsx",
    ]  # fmt: skip
    assert "xlparity" in openpyxl.load_workbook(back / "bob" / "task.xlsx").sheetnames


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--workbook", "class", "--annotate", "class"], "would overwrite class/anna/task.xlsx"),
        (["--workbook", "class", "--annotate", "out.xlsx"], "go into a folder"),
        (
            ["--workbook", "class/anna/task.xlsx", "--workbook", "class/bob/task.xlsx", "--annotate", "o"],
            "the same name",
        ),
        (["--workbook", "class", "--fix", "mended.xlsx"], "--workbook names 3"),
        (["--workbook", "empty"], "no workbook below this folder"),
        (["--workbook", "class/anna/task.xlsx", "class/bob/task.xlsx"], "is a workbook and no spec"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_written(run, small, handed_in, words, said):
    """A submitted workbook that is overwritten is gone; a shell's class/*.xlsx gives all but the first as specs."""
    (small.folder / "empty").mkdir()
    before = {path: path.read_bytes() for path in small.folder.rglob("*.xlsx")}
    done = run("verify", small.spec, *words)
    assert said in done.err
    assert done.code == 2
    assert {path: path.read_bytes() for path in small.folder.rglob("*.xlsx")} == before


def test_suites_of_one_spec_are_told_apart_by_the_workbook(run, small, handed_in):
    """JUnit's readers take two suites of one name for one."""
    done = run("verify", small.spec, "--workbook", handed_in, "--format", "junit")
    names = [suite.get("name") for suite in ET.fromstring(done.out.partition("\n")[2])]
    assert len(set(names)) == 3
