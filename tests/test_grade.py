"""``xlparity grade``: points for a class's workbooks that are right, and a person asked where they might not be."""

import csv
import io
import json
import os
import re
import shutil
import time
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import html5lib
import numpy as np
import openpyxl
import pandas as pd
import pytest
from conftest import write_files
from grade_cases import CASES, OF, OF_HISTORY, both, emptied, renamed, saved, with_cells, write_spec
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from xlparity.actions.generate import build
from xlparity.actions.grade import grade
from xlparity.actions.grade.alike import alike
from xlparity.actions.grade.bundle import students
from xlparity.actions.grade.judge import rounded, total
from xlparity.actions.remembering import MEMORY, Memory, Remembered, RememberingReference
from xlparity.course.regressor.pages import regressor
from xlparity.errors import OracleError, SpecError, UsageError
from xlparity.jobs import Limits, Workers
from xlparity.references.case import Case
from xlparity.references.function import Wanted
from xlparity.reporters.grades.classes import render_class
from xlparity.reporters.grades.feedback import render_feedback
from xlparity.reporters.grades.table import render_csv
from xlparity.reporters.grades.terminal import show
from xlparity.reporters.grades.words import note
from xlparity.results.grades import Advice, Grade, GradedClass, Mistake, QuantityGrade
from xlparity.results.rules import RULES
from xlparity.settings import Options
from xlparity.spec.plan import Grading
from xlparity.spec.reference import Finder

HOSTILE = "</script><img src=x onerror=alert(1)>'&\""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The folder with the spec and the solution of the class, and the solution's bytes."""
    files = build(regressor(iterations=2))
    folder = tmp_path_factory.mktemp("course")
    write_files(folder, files)
    write_spec(folder, files["regressor.parity.toml"].decode())
    return folder, files["regressor.xlsx"]


@pytest.fixture(scope="module")
def graded(course, tmp_path_factory):
    """The class of sixty, graded by two processes, with the folder that was written."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "in").mkdir()
    for name, case in CASES.items():
        (folder / "in" / f"{name}.xlsx").write_bytes(case.data(course[1]))
    return grade(course[0] / "regressor.parity.toml", [folder / "in"], workers=Workers(2), out=folder / "out"), folder


@pytest.fixture
def hand_in(course, tmp_path):
    """Grades submissions by name, each the bytes or a change of the solution; gives the grades by student."""

    def handed_in(_spec=None, **submissions):
        for name, made in submissions.items():
            data = made if isinstance(made, bytes) else made(course[1])
            (tmp_path / "in").mkdir(exist_ok=True)
            (tmp_path / "in" / f"{name}.xlsx").write_bytes(data)
        found = grade(_spec or course[0] / "regressor.parity.toml", [tmp_path / "in"], workers=Workers(2))
        return {one.student: one for one in found.grades}

    return handed_in


def lost(found):
    """The points of the quantities that do not have all."""
    return {one.name: one.points for one in found.quantities if one.points != one.of}


def respecified(folder, target, *changes):
    """The class's spec in another folder, with texts exchanged."""
    shutil.copytree(folder, target)
    spec = target / "regressor.parity.toml"
    text = spec.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    spec.write_text(text)
    return spec


# --- the grades ------------------------------------------------------------------------------------------------------


def test_there_are_sixty_submissions():
    """What the issue asks for: three styles, a fault of each kind, two faults, typed, empty, corrupt, a bomb, a circle."""
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
def test_every_submission_has_the_grade_that_it_was_made_for(graded, name):
    """A point too many is unfair to the others, and one too few to this student; what is open is neither."""
    case = CASES[name]
    found = next(one for one in graded[0].grades if one.student == name)
    if case.reason:
        assert found.reason is not None and case.reason in found.reason
        assert found.quantities == ()
        return
    assert found.reason is None
    assert {one.name: one.of for one in found.quantities} == OF
    assert lost(found) == dict(case.lost)
    assert {one.name: one.open for one in found.quantities if one.open} == dict(case.open)
    assert case.said in note(found)
    of = sum(OF.values())
    points = of - sum(OF[name] - have for name, have in case.lost.items())
    assert (found.of, found.points) == (of, points)
    assert found.percent == pytest.approx(100 * points / of)
    assert found.passed == (
        "yes" if points >= 0.8 * of else "open" if points + sum(case.open.values()) >= 0.8 * of else "no"
    )


def test_a_quantity_that_lost_points_says_what_is_not_right(graded):
    """The teacher sees it in the table, and the student on the page."""
    for found in graded[0].graded:
        for one in found.quantities:
            assert bool(one.note) == (one.points < one.of), (found.student, one)
            assert one.right <= one.cells


def test_a_typed_number_and_an_empty_cell_are_told_apart_from_a_wrong_formula(graded):
    """Each is to be corrected in another way."""
    by_name = {one.student: one for one in graded[0].grades}

    def judged(name, quantity):
        return next(one.judged for one in by_name[name].quantities if one.name == f"training.{quantity}")

    assert judged("fault - typed", "dz1") == "typed"
    assert judged("fault - empty", "loss") == "empty"
    assert judged("fault - sign", "dz1") == "wrong"
    assert judged("fault - iteration", "W1_new") == "circular"
    assert judged("fault - logarithm", "loss") == "carried"
    assert judged("other - half of the gradient", "dW1") == "partly"
    assert judged("other - one iteration", "z1") == "missing"


def test_a_mistake_that_is_carried_forward_costs_once_and_is_counted_once(graded):
    """The wrong first step makes every later number wrong; those formulas are right."""
    found = next(one for one in graded[0].grades if one.student == "fault - sign")
    carried = [one for one in found.quantities if one.judged == "carried"]
    assert len(carried) >= 8
    assert [(one.quantity, one.code) for one in found.mistakes] == [("training.dz1", "XP103")]


# --- what is not known is for a person -------------------------------------------------------------------------------


def test_a_typed_number_earns_nothing_in_another_place_however_it_is_taken_there(hand_in):
    """The loss typed into the history, and taken from there: each formula is right by itself, and calculates nothing."""
    takes = [
        "=History!B6+0*N9",
        "=IF(M9=0,0,History!B6)",
        "=INDEX(History!B6:B7,1)",
        "{=TRANSPOSE(History!B6)}",
        "=S9*1",
    ]
    typed = {"History!B6": 0.69, "S9": "=History!B6"}
    found = hand_in(**{
        f"n{number}": with_cells({**typed, "O9:O9" if take[0] == "{" else "O9": take}) for number, take in enumerate(takes)
    })  # fmt: skip
    for one in found.values():
        assert lost(one) == {"training.loss": 0.0, "history.loss": 0.0}, one.student
        assert "which takes the value from History!B6" in note(one)


def test_what_follows_from_a_mistake_with_the_same_value_is_carried_forward(hand_in):
    """Where all answers are right, each is 1 and so is the accuracy: its formula, in another form, is the calculation."""
    weights = {"F9": 9, "F10": -5, "F11": -1}
    typed = {"P9:P12": 1, "P30:P33": 1}
    (found,) = hand_in(own=with_cells({**weights, **typed, **both({"Q9": "=AVERAGE(P9:P12)"})})).values()
    assert lost(found) == {"training.correct": 0.0}


def test_an_iteration_that_is_missing_does_not_cost_the_history_of_it_unseen(hand_in):
    """The history is as the course has it, and reads cells that are empty: these have cost their points in the training."""
    empty = {"A27:Q46": None}
    (found,) = hand_in(short=with_cells(empty)).values()
    history = [one for one in found.quantities if one.name.startswith("history.")]
    assert all(one.points + one.open == one.of for one in history)
    assert "which takes the value from Training!O30" in note(found)


def test_moved_cells_are_for_a_person_to_look_at(hand_in):
    """After a row was inserted nothing is where the spec says; that costs no points, and earns none either."""

    def inserted(data):
        book = openpyxl.load_workbook(io.BytesIO(data))
        old, new = book["Training"], book.create_sheet("New", 0)
        for row in old.iter_rows():
            for cell in row:
                if isinstance(cell.value, str | int | float) and not str(cell.value).startswith("="):
                    new.cell(cell.row + 1, cell.column).value = cell.value
        book.remove(old)
        new.title = "Training"
        return saved(book)

    (found,) = hand_in(moved=inserted).values()
    training = [one for one in found.quantities if one.name.startswith("training.")]
    assert all(one.points + one.open == one.of for one in training)
    assert found.passed in ("open", "yes")
    assert "cells were moved" in note(found)


def test_a_sheet_that_could_be_either_of_two_is_not_guessed(hand_in):
    """A guess would grade a draft in place of the work."""

    def twice(data):
        book = openpyxl.load_workbook(io.BytesIO(renamed("History", "History one")(data)))
        book.copy_worksheet(book["History one"]).title = "History two"
        return saved(book)

    (found,) = hand_in(two=twice).values()
    history = [one for one in found.quantities if one.name.startswith("history.")]
    assert all(one.open == one.of and one.judged == "review" for one in history)
    assert "'History one' or 'History two'" in note(found)
    assert lost(found).keys() == {one.name for one in history}


def test_work_in_a_copy_of_the_sheet_is_for_a_person_to_look_at(hand_in):
    """The sheet of the task is empty, and a copy of it is filled in: which of the two counts is not for a program to say."""

    def copied(data):
        book = openpyxl.load_workbook(io.BytesIO(data))
        book.copy_worksheet(book["History"]).title = "History (2)"
        for row in book["History"].iter_rows(min_row=6, max_row=7, min_col=2, max_col=15):
            for cell in row:
                cell.value = None
        return saved(book)

    (found,) = hand_in(copy=copied).values()
    assert {name: 0.5 for name in OF if name.startswith("history.")} == {
        one.name: one.open for one in found.quantities if one.open
    }
    assert "the sheet 'History (2)' is like 'History'" in note(found)


def test_a_copy_of_the_sheet_with_the_same_mistake_is_no_other_answer(hand_in):
    """A student keeps a copy, as a backup: whichever of the two counts, the mistake is in it."""

    def copied(data):
        book = openpyxl.load_workbook(io.BytesIO(with_cells({"History!B7": "=Training!O9"})(data)))
        book.copy_worksheet(book["History"]).title = "History (2)"
        return saved(book)

    (found,) = hand_in(copy=copied).values()
    assert (lost(found), found.open) == ({"history.loss": 0.0}, 0.0)


def test_the_letters_of_a_sheet_may_be_of_either_case(hand_in):
    """To Excel they are one name."""
    (found,) = hand_in(small=renamed("History", "HISTORY")).values()
    assert lost(found) == {}


def test_an_input_for_which_the_reference_is_undefined_is_for_a_person(hand_in):
    """Labels of 5 make the logarithm of the reference undefined: nothing can be compared, and nothing is wrong."""
    (found,) = hand_in(odd=with_cells({"F9": 1e200, "F10": 1e200})).values()
    assert all(one.points + one.open == one.of for one in found.quantities)
    assert found.open > 0


def stored(data, sheet, **values):
    """The workbook with these values stored for formulas of the sheet's part, as Excel saves them."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == f"xl/worksheets/sheet{sheet}.xml":
                for at, value in values.items():
                    pattern = rf'(<c r="{at}"[^>]*><f>[^<]*</f>)<v ?/>'.encode()
                    text, count = re.subn(pattern, rb"\g<1>" + f"<v>{value}</v>".encode(), text)
                    assert count == 1
            new.writestr(name, text)
    return target.getvalue()


def test_weights_that_are_drawn_by_chance_are_the_student_s_own(course, hand_in):
    """numpy draws them as well. What the file stores for them is the input, though a worker has no file to read again."""
    data = stored(with_cells({"F9": "=2*RAND()-1"})(course[1]), 5, F9=0.25)
    (found,) = hand_in(random=data).values()
    assert lost(found) == {}


@pytest.mark.parametrize("saved_by_excel", [True, False])
def test_a_weight_that_closes_a_circle_is_no_number_of_the_student_s_own(course, hand_in, saved_by_excel):
    """Excel shows 0 throughout. That each formula is right by itself is for a person to weigh, and no file is refused for it."""
    data = with_cells({"F9": "=F23"})(course[1])
    (found,) = hand_in(circle=stored(data, 5, F9=0.0) if saved_by_excel else data).values()
    assert found.reason is None
    assert (found.points, found.open) == (0.0, found.of)


@pytest.mark.parametrize(
    ("share", "points", "left"), [("0", 0.0, 0.0), ("0.5", 0.5, 0.0), ("1", 1.0, 0.0), ('"review"', 0.0, 1.0)]
)
def test_the_spec_says_what_an_unreadable_and_a_circular_cell_earn(course, hand_in, tmp_path, share, points, left):
    """The teacher decides, for the whole class alike."""
    spec = respecified(
        course[0], tmp_path / "own", ("[grade]\n", f"[grade]\nunreadable = {share}\ncircular = {share}\n")
    )
    found = hand_in(
        spec, refused=CASES["other - a function that is not supported"].data, circle=with_cells({"J9": "=J9+1"})
    )
    for student, quantity in (("refused", "training.loss"), ("circle", "training.A1")):
        one = next(one for one in found[student].quantities if one.name == quantity)
        assert (one.points, one.open) == (points, left)


def test_constants_that_the_spec_allows_earn_nothing_and_cost_nothing(small, tmp_path):
    """They were not recomputed: of the cells that were, the formula earns all; where there is none, a person decides."""
    small.write_cells({"A1": 3, "B1": "=2*A1", "B2": 0})
    small.reference.write_text("def double(x):\n    return {'y': [[2 * x], [0.0]], 'z': 2 * x}\n")
    small.write_cells({"A1": 3, "B1": "=2*A1", "B2": 0, "C1": "=2*A1"})
    small.write_spec(outputs='[outputs]\ny = { at = "B1:B2", constants = "allowed" }\nz = "C1"')
    (tmp_path / "in").mkdir()
    shutil.copy(small.workbook, tmp_path / "in" / "formula.xlsx")
    found = grade(small.spec, [tmp_path / "in"]).grades[0]
    assert [(one.name, one.points, one.cells) for one in found.quantities] == [("y", 1.0, 1), ("z", 1.0, 1)]


def test_grading_needs_scenarios(course, tmp_path):
    """On the stored inputs alone a typed number is as right as a formula."""
    with pytest.raises(UsageError, match="scenarios"):
        grade(course[0] / "regressor.parity.toml", [course[0]], options=Options(scenarios=0))


# --- the total -------------------------------------------------------------------------------------------------------


@given(st.fractions(0, 100, max_denominator=1000), st.sampled_from([0.01, 0.1, 0.25, 0.5, 1.0]))
def test_a_total_is_the_nearest_multiple_a_half_upwards(points, multiple):
    """Of doubles, 0.125 thirds may add up to less than a half."""
    found = rounded(points, Grading(multiple=multiple))
    step = Fraction(repr(multiple))
    assert found % step == 0
    assert -step / 2 <= points - found <= step / 2
    assert rounded(found + step / 2, Grading(multiple=multiple)) == found + step


def test_thirds_add_up_to_a_whole():
    """As doubles they are a little less, which would round down at a half."""
    thirds = [QuantityGrade(f"q{n}", 1.0, 1 / 6, "partly", 1, 6) for n in range(3)]
    assert total(thirds, Grading(multiple=1.0)).points == 1.0


def test_whether_open_points_decide_is_open():
    """Passed without them, failed with them, or open: the gradebook must not say one of the first two."""
    for points, left, passed in ((6.0, 4.0, "yes"), (2.0, 2.0, "no"), (4.0, 2.0, "open")):
        rest = QuantityGrade("rest", 10.0 - left, points, "partly", 1, 2)
        assert total([rest, QuantityGrade("q", left, 0.0, "review", 0, 1, left)], Grading()).passed == passed


# --- isolation, order, and resuming ----------------------------------------------------------------------------------


def test_a_grade_does_not_depend_on_the_others_nor_on_the_order(course, graded, tmp_path):
    """One worker grades one after another, with what it remembers; the bytes of the pages are the same."""
    names = ["right - own weights", "fault - sign", "other - a circle", "fault - typed"]
    folder = tmp_path / "in"
    folder.mkdir()
    for name in names:
        shutil.copy(graded[1] / "in" / f"{name}.xlsx", folder)
    found = grade(course[0] / "regressor.parity.toml", [folder], workers=Workers(1), out=tmp_path / "out")
    for one in found.grades:
        assert one == next(other for other in graded[0].grades if other.student == one.student)
        for place in (f"feedback/{one.student}.html", f"annotated/{one.student}.xlsx"):
            assert (tmp_path / "out" / place).read_bytes() == (graded[1] / "out" / place).read_bytes()


def test_a_run_is_continued_and_only_what_changed_is_graded_again(course, tmp_path):
    """The journal has a line for each grade that was made."""
    spec, out = course[0] / "regressor.parity.toml", tmp_path / "out"
    (tmp_path / "in").mkdir()
    for name in ("ada", "bob"):
        (tmp_path / "in" / f"{name}.xlsx").write_bytes(course[1])
    journal = out / "grades.jsonl"
    first = grade(spec, [tmp_path / "in"], out=out)
    written = (out / "grades.csv").read_bytes(), (out / "index.html").read_bytes()
    assert len(journal.read_text().splitlines()) == 2
    again = grade(spec, [tmp_path / "in"], out=out)
    assert (again, len(journal.read_text().splitlines())) == (first, 2)
    assert written == ((out / "grades.csv").read_bytes(), (out / "index.html").read_bytes())
    (tmp_path / "in" / "bob.xlsx").write_bytes(with_cells({"G16": 0.5})(course[1]))
    (out / "feedback" / "ada.html").unlink()  # a page that is not there is made again
    changed = grade(spec, [tmp_path / "in"], out=out)
    assert [one.points for one in changed.grades] == [first.grades[0].points, first.grades[0].points - 1]
    assert len(journal.read_text().splitlines()) == 4


def test_the_command_grades_all_again_unless_it_is_to_continue(course, run, tmp_path):
    """Whoever does not ask for it may have changed what no key knows of, such as numpy."""
    (tmp_path / "ada.xlsx").write_bytes(course[1])
    journal = tmp_path / "out" / "grades.jsonl"
    words = "grade", course[0] / "regressor.parity.toml", tmp_path / "ada.xlsx", "--out", tmp_path / "out"
    assert run(*words).code == 0
    journal.write_text(journal.read_text() * 2)
    assert run(*words, "--resume").code == 0
    assert len(journal.read_text().splitlines()) == 2
    assert run(*words).code == 0
    assert len(journal.read_text().splitlines()) == 1


def test_the_journal_gives_back_the_grade(graded):
    """As JSON, which knows no tuples."""
    for one in graded[0].grades:
        assert Grade.from_json(json.loads(json.dumps(one.as_json()))) == one


def test_what_is_remembered_of_references_is_bounded():
    """A class of ten thousand has as many inputs."""
    memory = Memory()
    step = {"y": np.zeros((1 << 20) - 1000)}  # a little less than 8 MiB, as an entry takes more than its arrays
    for number in range(20):
        memory[number] = Remembered((step,), 0.0)
    assert len(memory) == MEMORY >> 23
    assert memory.get(0) is None
    assert memory.get(19) is not None


@pytest.mark.parametrize(("error", "calls"), [("ValueError", 1), ("NameError", 2)])
def test_where_a_reference_is_undefined_is_remembered_and_its_faults_are_not(tmp_path, error, calls):
    """A fault leaves every workbook unassessed, which each of them has to learn; of what is undefined a sample is left out."""
    (tmp_path / "own.py").write_text(
        f"def own(x):\n    with open({str(tmp_path / 'calls')!r}, 'a') as file:\n        file.write('x')\n    raise {error}\n"
    )
    known = {}
    for _ in range(2):
        with Finder(tmp_path) as finder:
            reference = RememberingReference.of(finder.found("own.py:own"), known)
            with pytest.raises(OracleError, match=error):
                reference.trace(Case({"x": 1.0}, "in scenario 1"), None, Wanted(("y",)), quiet=True)
            assert bool(reference.patience.failed) is (error == "NameError")
    assert len((tmp_path / "calls").read_text()) == calls


def test_a_submission_that_takes_too_long_is_a_row_with_the_reason(course, tmp_path):
    """The others are graded."""
    spec = respecified(course[0], tmp_path / "own", ("xlparity.course.regressor.reference:train", "slow.py:train"))
    (tmp_path / "own" / "slow.py").write_text(
        "import time\nfrom xlparity.course.regressor.reference import train as right\n\n\ndef train(A0, y, W1, b1, alpha):\n"
        "    while alpha > 5:\n        time.sleep(1)\n    yield from right(A0, y, W1, b1, alpha)\n"
    )
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "slow.xlsx").write_bytes(with_cells({"B3": 7})(course[1]))
    (tmp_path / "in" / "fast.xlsx").write_bytes(course[1])
    found = grade(spec, [tmp_path / "in"], workers=Workers(limits=Limits(seconds=10)))
    assert [(one.student, one.reason) for one in found.grades] == [("fast", None), ("slow", "took longer than 10 s")]


# --- names and files -------------------------------------------------------------------------------------------------


def test_students_of_one_name_are_told_apart_by_their_folders():
    """Learning platforms give each student a folder, and many students call their file regressor.xlsx."""
    files = [Path("in/ada/x.xlsx"), Path("in/bob/x.xlsx"), Path("in/cor.xlsx"), Path("a/b/y.xlsx"), Path("c/b/y.xlsm")]
    assert students(files) == ["ada/x", "bob/x", "cor", "a/b/y", "c/b/y"]


def test_two_files_of_one_student_have_a_page_each():
    """One with macros beside one without: the page of one must not be written over the other's."""
    assert students([Path("in/ada.xlsm"), Path("in/ada.xlsx")]) == ["in/ada.xlsm", "in/ada.xlsx"]


def test_hostile_names_stay_names(course, tmp_path):
    """A file name may be a formula, a tag, or a path; its page stands below the folder, and no page runs it."""
    names = ["=HYPERLINK(1)", "<img src=x onerror=alert(1)>", "a..", "CON", "ü 漢字 \u202ex", "a" * 200, "A", "a"]
    (tmp_path / "in").mkdir()
    for name in names:
        (tmp_path / "in" / f"{name}.xlsx").write_bytes(emptied(course[1]) if name == "a.." else b"no workbook")
    found = grade(course[0] / "regressor.parity.toml", [tmp_path / "in"], workers=Workers(2), out=tmp_path / "out")
    assert sorted(one.student for one in found.grades) == sorted(names)
    page = (tmp_path / "out" / "index.html").read_text()
    assert "<img" not in page and "\u202e" not in page
    html5lib.HTMLParser(strict=True).parse(page)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]
    (made,) = (tmp_path / "out" / "feedback").iterdir()
    assert made.parent == tmp_path / "out" / "feedback" and made.suffix == ".html"
    rows = list(csv.reader(io.StringIO((tmp_path / "out" / "grades.csv").read_text("utf-8"))))
    assert "'=HYPERLINK(1)" in [row[0] for row in rows]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_what_was_written_is_not_handed_in(course, tmp_path):
    """The folder of the grades may be below that of the submissions."""
    (tmp_path / "ada.xlsx").write_bytes(course[1])
    for _ in range(2):
        found = grade(course[0] / "regressor.parity.toml", [tmp_path], out=tmp_path / "grades")
        assert [one.student for one in found.grades] == ["ada"]


def test_a_spreadsheet_of_another_kind_is_a_row_and_not_passed_over(course, tmp_path):
    """A student who hands in an .ods has handed in something."""
    for name in ("a.ods", "b.xls", "c.txt", "~$d.xlsx"):
        (tmp_path / name).write_bytes(b"x")
    found = grade(course[0] / "regressor.parity.toml", [tmp_path])
    assert [one.student for one in found.grades] == ["a", "b"]
    assert all(one.reason for one in found.grades)


def test_what_is_no_spreadsheet_is_named(course, tmp_path, run):
    """A teacher who counts the rows misses the student who handed in a PDF."""
    (tmp_path / "ada.xlsx").write_bytes(course[1])
    for name in ("bob.pdf", "<b>.zip"):
        (tmp_path / name).write_bytes(b"x")
    for _ in range(2):  # the second finds what the first has written
        found = grade(course[0] / "regressor.parity.toml", [tmp_path], out=tmp_path)
        assert [Path(name).name for name in found.passed_over] == ["<b>.zip", "bob.pdf"]
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "no spreadsheets" in page
    assert "&lt;b&gt;.zip" in page
    assert "no spreadsheets: " in run("grade", str(course[0] / "regressor.parity.toml"), str(tmp_path)).out


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("pass = 80", "pass = 101"), "'pass' of [grade] is a number from 0 to 100"),
        (("round = 0.5", "round = 0"), "'round' of [grade] is a number above 0"),
        (("history = 0.5", "histroy = 0.5"), "there is no check 'histroy' (did you mean 'history'?)"),
        (("history = 0.5", "history = -1"), "'weights' of [grade] is a table of checks"),
        (("pass = 80", 'circular = "none"'), "'circular' of [grade] is a number from 0 to 1, or \"review\""),
        (("pass = 80", "passing = 80"), "unknown key 'passing' of 'grade' (did you mean 'pass'?)"),
        (("points = 2", "points = -2"), "'points' of 'sample_loss' is a number that is not negative"),
        (("partial = true", "partial = 1"), "'partial' of 'dW1' is true or false"),
    ],
)
def test_a_wrong_key_is_one_error_with_its_line(course, run, tmp_path, change, words):
    """It is found before the first submission is read."""
    spec = respecified(course[0], tmp_path / "own", change)
    done = run("grade", spec, course[0])
    assert done.code == 2
    assert words in done.err
    assert re.search(r"parity\.toml:\d+: ", done.err)


def test_a_spec_without_points_is_refused(small):
    """Everybody would have 100 % of nothing."""
    small.write_spec(outputs='[outputs]\ny = { at = "B1", points = 0 }')
    with pytest.raises(SpecError, match="no quantity has any points"):
        grade(small.spec, [small.workbook])


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_exit_code_is_1_where_a_submission_could_not_be_graded(course, run, tmp_path):
    """And 0 where all were, whatever their points."""
    spec = course[0] / "regressor.parity.toml"
    (tmp_path / "ada.xlsx").write_bytes(emptied(course[1]))
    done = run("grade", spec, tmp_path / "ada.xlsx")
    assert done.code == 0
    assert "1 of 1 submission graded, 0 passed" in done.out
    (tmp_path / "bob.xlsx").write_bytes(b"")
    done = run("grade", spec, tmp_path, "--out", tmp_path / "out", "-q")
    assert done.code == 1
    assert "1 of 2 submissions graded" in done.out and "1 could not be graded" in done.out
    assert "grades.csv" in done.err and "index.html" in done.err


def test_usage_errors_exit_with_2(course, run, tmp_path):
    """None of them is a grade."""
    spec = course[0] / "regressor.parity.toml"
    for words in ((tmp_path / "no"), (tmp_path,)):
        done = run("grade", spec, *([words] if isinstance(words, Path) else words))
        assert done.code == 2
    assert "name files or folders" in done.err
    assert run("grade", spec, course[0], "--resume").code == 2
    assert run("grade", tmp_path / "no.parity.toml", course[0]).code == 2


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_the_terminal(graded, width):
    """A line that is broken by the terminal is no row."""
    console = Console(width=width, file=io.StringIO(), color_system=None)
    show(graded[0], console)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    rows = [line for line in lines if line.strip().startswith("fault - sign")]
    assert len(rows) == 1 and "training.dz1: wrong in" in rows[0]
    assert any("57" in line and "60 submissions graded" in line for line in lines) or "graded" in lines[-1]


# --- the files -------------------------------------------------------------------------------------------------------


def test_pandas_reads_the_csv(graded):
    """One row a student, numbers as numbers, and a note."""
    table = pd.read_csv(graded[1] / "out" / "grades.csv", keep_default_na=True)
    assert list(table.columns) == ["student", "points", "of", "percent", "passed", *OF, "note"]
    assert len(table) == len(CASES)
    found = table.set_index("student")
    assert found.loc["fault - logarithm", "training.sample_loss"] == 0
    assert found.loc["right - as it is", "points"] == sum(OF.values())
    refused = [name for name, case in CASES.items() if case.reason]
    assert found.loc[refused, "points"].isna().all()
    assert found.loc[refused, "note"].str.startswith("not graded: ").all()
    assert found.drop(refused)["points"].notna().all()


def test_every_page_is_valid_and_every_link_of_the_class_leads_somewhere(graded):
    """Each is one file that asks for no other; the links of the class lead to the pages beside it."""
    out = graded[1] / "out"
    pages = [out / "index.html", *sorted((out / "feedback").iterdir())]
    assert len(pages) == 1 + len([case for case in CASES.values() if not case.reason])
    for page in pages:
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page.read_text("utf-8"))
        assert not [one for one in tree.iter() if isinstance(one.tag, str) and (one.get("src") or one.tag == "script")]
    tree = html5lib.HTMLParser(namespaceHTMLElements=False).parse(pages[0].read_text("utf-8"))
    links = [one.get("href") for one in tree.iter("a")]
    from urllib.parse import unquote  # noqa: PLC0415

    for link in links:
        if link.startswith("#"):
            assert [one for one in tree.iter() if isinstance(one.tag, str) and one.get("id") == link[1:]]
        else:
            assert (out / unquote(link)).is_file(), link
    uncompared = ["an empty input"]  # of which there is no report, and so no copy with its cells coloured
    assert sum(link.startswith("annotated/") for link in links) == len(pages) - 1 - len(uncompared)


def test_the_page_says_what_to_do_in_words_and_shows_the_formula(graded):
    """Not only the formula: why it earns the points."""
    page = (graded[1] / "out" / "feedback" / "fault - logarithm.html").read_text()
    for said in (
        "LOG, which is base 10 in Excel, should be the natural logarithm LN", "Another function computes what is asked for",
        "2 of 2 points lost", "<ins>LN</ins>", "with an earlier mistake carried forward",
    ):  # fmt: skip
        assert said in page
    typed = (graded[1] / "out" / "feedback" / "fault - typed.html").read_text()
    assert "Enter a formula in place of the number" in typed
    right = (graded[1] / "out" / "feedback" / "right - as it is.html").read_text()
    assert "Nothing: every formula is right." in right


def test_what_could_not_be_judged_is_not_called_right(graded):
    """Without a number for alpha nothing is known of any formula, and the page says what is wrong with the input."""
    page = (graded[1] / "out" / "feedback" / "other - an empty input.html").read_text()
    assert "every formula is right" not in page
    assert "Training!B3, the input &#39;alpha&#39;, is empty" in page
    assert "every formula is right" in (graded[1] / "out" / "feedback" / "right - as it is.html").read_text()


def test_the_same_note_of_many_quantities_is_said_once(graded):
    """A missing sheet is one reason, and not one for each quantity that was on it."""
    found = next(one for one in graded[0].grades if one.student == "other - no history")
    assert note(found).count("there is no sheet 'History'") == 2  # about the file, and about the quantities
    assert ", ".join(f"history.{name}" for name in OF_HISTORY) + ": " in note(found)


def test_there_are_words_for_every_mistake():
    """A code that has none would get the advice for a formula about which nothing is known."""
    from xlparity.reporters.grades.words import _TO_DO  # noqa: PLC0415
    from xlparity.results.rules import CAUSES, OF_INPUTS  # noqa: PLC0415

    assert (CAUSES | OF_INPUTS) - {"XP401"} <= _TO_DO.keys() <= RULES.keys()


def test_texts_of_a_submission_are_escaped_on_every_page():
    """A formula, a sheet and a student may hold tags."""
    mistake = Mistake(HOSTILE, "XP101", "k")
    one = QuantityGrade(HOSTILE, 1.0, 0.0, "wrong", 0, 1, 0.0, HOSTILE)
    found = Grade(HOSTILE, HOSTILE, 1.0, quantities=(one,), notes=(HOSTILE,), mistakes=(mistake, mistake), digest="d")
    advice = Advice(HOSTILE, "XP101", HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, 3)
    other = replace(found, student="b")
    whole = GradedClass(HOSTILE, (found, other, Grade("c", "c", reason=HOSTILE)), alike([found, other]))
    for page in (render_feedback(found, [advice, replace(advice, review=True)], 50.0), render_class(whole)):
        assert "<img" not in page
        html5lib.HTMLParser(strict=True).parse(page)
    assert render_csv(whole).count("\r\n") == 4


@pytest.mark.chromium
@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (1200, "dark"), (360, "light")])
def test_axe_finds_no_violation_on_the_pages(graded, width, scheme):
    """For readers who see little, or use the keyboard, or a phone."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    out = graded[1] / "out"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        names = ("index.html", "feedback/other - two faults.html", "feedback/other - one iteration.html",
                 "feedback/other - an input of text.html")  # fmt: skip
        for name in names:
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            requested = []
            page.on("request", lambda request, requested=requested: requested.append(request.url))
            page.goto((out / name).as_uri())
            violations = Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in violations] == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert len(requested) == 1
        browser.close()


# --- alike -----------------------------------------------------------------------------------------------------------


def of_class(count, mistakes):
    """Grades of so many students; ``mistakes`` gives those of each, as pairs of quantity and key."""
    return [
        Grade(
            f"s{number:05}", "x", 1.0,
            mistakes=tuple(Mistake(quantity, "XP101", key) for quantity, key in sorted(mistakes(number))),
            digest=str(sorted(mistakes(number))),
        )
        for number in range(count)
    ]  # fmt: skip


def test_two_submissions_with_the_same_rare_mistakes_are_found():
    """Three mistakes that nobody else has are no coincidence; what half the class has counts nothing beside them."""
    rare = {("loss", "a"), ("dW1", "b"), ("z1", "c")}
    found = alike(
        of_class(64, lambda n: ({("m", "x")} if n % 2 else set()) | (rare if n in (8, 10) else {("q", str(n))}))
    )
    assert [(one.students, one.bits, one.same) for one in found] == [(("s00008", "s00010"), 15.0, True)]
    assert [(shared.count, shared.mistake) for shared in found[0].shared] == [(2, True)] * 3


def test_copies_of_which_one_was_changed_are_found():
    """One more mistake makes it another file."""
    rare = {("loss", "a"), ("dW1", "b"), ("z1", "c")}
    found = alike(of_class(64, lambda n: rare | {("b1", "own")} if n == 8 else rare if n == 10 else {("q", str(n))}))
    assert [(one.students, one.same) for one in found] == [(("s00008", "s00010"), False)]


def test_a_mistake_that_half_the_class_has_says_nothing():
    """It is in the task, or was on the board."""
    assert alike(of_class(64, lambda n: {("loss", "a")} if n % 2 else {("q", str(n))})) == ()


def test_right_submissions_are_not_alike(graded):
    """The right formula is the same for all."""
    right = [one for one in graded[0].graded if not one.mistakes]
    assert len(right) > 8
    assert alike([replace(one, student=f"{one.student} {n}") for n in range(2) for one in right if not one.marks]) == ()


def test_the_marks_of_a_submission_are_what_the_course_does_not_have(graded):
    """The same workbook has none; another style has its formulas, and other weights have their values."""
    by_name = {one.student: one for one in graded[0].grades}
    assert by_name["right - as it is"].marks == ()
    about = [mark.rpartition(" ")[0] for mark in by_name["right - another order"].marks]
    assert about == [f"formulas of training.{name}" for name in ("sample_loss", "loss", "accuracy", "db1", "W1_new")]
    about = [mark.rpartition(" ")[0] for mark in by_name["right - own weights"].marks]
    assert about == ["values of W1", "values of b1", "values of alpha"]


def test_the_time_to_compare_a_class_grows_with_its_size():
    """Two thousand take about ten times as long as two hundred, and not a hundred times.

    It is processor time, and the best of several runs; the bound leaves room for a machine that is busy.
    """

    def measured(count):
        rare = [{("loss", f"{n % 97}"), ("z1", f"{n // 3}"), ("m", f"{n % 7}"), ("dW1", f"{n}")} for n in range(count)]
        grades = of_class(count, lambda n: rare[n])
        best = float("inf")
        for _ in range(5):
            began = time.process_time()
            alike(grades)
            best = min(best, time.process_time() - began)
        return best

    assert measured(4000) / measured(1000) < 4 * 1.5


# --- the wine challenge ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wine(tmp_path_factory):
    """The wine challenge, whose own workbook is the one that is to be filled in, and three submissions graded by it."""
    folder = Path(__file__).parent.parent / "workbooks"
    target = tmp_path_factory.mktemp("wine")
    book = openpyxl.load_workbook(folder / "wine_solution.xlsx")
    for sheet in ("Softmax training", "Net training", "History"):  # which nobody hands in
        del book[sheet]
    (target / "solution.xlsx").write_bytes(saved(book))
    step = book["Softmax"]
    for row in range(9, 187):
        step[f"V{row}"] = step[f"V{row}"].value.replace("LN", "LOG")
    (target / "logarithm.xlsx").write_bytes(saved(book))
    shutil.copy(folder / "wine_challenge.xlsx", target / "empty.xlsx")
    found = grade(folder / "wine_challenge.parity.toml", [target], workers=Workers(min(2, os.cpu_count() or 1)))
    return {one.student: one for one in found.grades}


def test_the_wine_challenge_is_graded(wine):
    """The solution has all points, what is given filled in has those of the data, and one mistake costs its quantity."""
    assert lost(wine["solution"]) == {}
    assert lost(wine["logarithm"]) == {"softmax.sample_loss": 0.0}
    kept = {one.name for one in wine["empty"].quantities if one.points}
    assert kept == {"wine.mean", "wine.spread", "wine.A0", "wine.Y"}
    assert not any(one.open for found in wine.values() for one in found.quantities)


def test_both_of_the_course_s_iterations_are_edited():
    """The cases say what the first has; a reference to the second that stayed would be another fault."""
    assert both({"J9:J12": "=1/(1+EXP(-I9))*$B$3"}) == {
        "J9:J12": "=1/(1+EXP(-I9))*$B$3", "J30:J33": "=1/(1+EXP(-I30))*$B$3",
    }  # fmt: skip
