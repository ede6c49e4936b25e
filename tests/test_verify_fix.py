"""``xlparity verify --fix``: a copy with the suggestions applied, nothing else touched, verified like any other."""

import json
import zipfile

import openpyxl
import pytest
from planted import at, planted

import xlparity
from xlparity.actions.fix import corrected
from xlparity.errors import WorkbookError
from xlparity.excel.workbook import read_workbook
from xlparity.results.report import Verdict


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """A terminal that is wide enough for the paths of temporary folders."""
    monkeypatch.setenv("COLUMNS", "500")


FAULTS = {"N31": "=-(L31*LOG(J31)+(1-L31)*LN(1-J31))", "I30": "=MMULT(B30:D33,F30:F32)", "J10": 0.25}


@pytest.fixture
def faulty(two_iterations, tmp_path):
    """A copy of the generated workbook with three faults in it, one of them in an array formula."""
    return planted(two_iterations, tmp_path / "faulty.xlsx", FAULTS)


def parts(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_copy_says_what_the_original_should_have_said(run, two_iterations, faulty, tmp_path):
    """All suggestions are in it and it passes; the exit code is still that of the workbook that was asked about."""
    out = tmp_path / "mended.xlsx"
    done = run("verify", two_iterations, "--workbook", faulty, "--fix", out)
    assert done.code == 1
    assert f"wrote {out.as_posix()}: 3 formulas corrected, Training!J10 to Training!N31." in " ".join(done.out.split())
    book, right = read_workbook(out), read_workbook(two_iterations.with_name("regressor.xlsx"))
    assert {cell: str(content) for cell, content in book.cells.items()} == {
        cell: str(content) for cell, content in right.cells.items()
    }
    assert run("verify", two_iterations, "--workbook", out).code == 0


def test_nothing_but_sheets_is_another_file_in_the_copy(run, two_iterations, faulty, tmp_path):
    """Styles, charts, names and texts are the bytes that they were; of a sheet, all that is not its cells."""
    out = tmp_path / "mended.xlsx"
    run("verify", two_iterations, "--workbook", faulty, "--fix", out)
    old, new = parts(faulty), parts(out)
    assert old.keys() == new.keys()
    changed = {name for name in old if old[name] != new[name]}
    (training,) = [name for name in old if b'ref="I30:I33"' in old[name]]
    assert training in changed
    for name in changed:
        assert name.startswith("xl/worksheets/sheet")
        for bound in (b"<sheetData>", b"</sheetData>"):
            assert old[name].count(bound) == 1
        assert around(new[name]) == around(old[name])


def around(sheet):
    """The sheet's part without its cells."""
    return sheet[: sheet.index(b"<sheetData>")], sheet[sheet.index(b"</sheetData>") :]


def test_every_stored_value_in_the_copy_is_right_again(run, two_iterations, faulty, tmp_path):
    """Whoever opens it in a viewer that does not calculate sees what the formulas come to, on History as well."""
    out = tmp_path / "mended.xlsx"
    run("verify", two_iterations, "--workbook", faulty, "--fix", out)
    done = run("recalc", out, "--check", "--format", "json")
    counts = json.loads(done.out)["counts"]
    assert done.code == 0
    assert counts["equal"] == counts["formulas"] > 200
    shown = openpyxl.load_workbook(out, data_only=True)["History"]["B7"].value
    expected = {r.cell.a1: r.expected for r in xlparity.verify(two_iterations).checks[1].results}["B7"]
    assert shown == pytest.approx(expected, rel=1e-12)


def test_the_original_is_left_as_it_is(run, two_iterations, faulty, tmp_path):
    """To mend a file is to write another."""
    before = faulty.read_bytes()
    run("verify", two_iterations, "--workbook", faulty, "--fix", tmp_path / "mended.xlsx")
    assert faulty.read_bytes() == before


def test_the_json_tells_of_the_copy_under_a_key_of_its_own(run, two_iterations, faulty, tmp_path):
    """The report about the original is what it is without ``--fix``; that on the copy has the same keys."""
    out = tmp_path / "mended.xlsx"
    arguments = ("verify", two_iterations, "--workbook", faulty, "--format", "json")
    document = json.loads(run(*arguments, "--fix", out).out)
    fixed = document.pop("fixed")
    assert document == json.loads(run(*arguments).out)
    assert fixed["path"] == out.as_posix()
    assert fixed["cells"] == ["Training!J10", "Training!I30", "Training!N31"]
    assert fixed["report"]["verdict"] == "pass"
    assert fixed["report"].keys() == document.keys() - {"schema"}
    assert fixed["report"]["workbook"]["path"] == out.as_posix()


@pytest.mark.parametrize("content", ["=TAN(A1/9)", "=SIN(A1)^2*7.7+INT(A1)"])
def test_where_there_is_no_suggestion_nothing_is_written(run, small, content):
    """Of a right workbook there is no need of a copy, and a copy that is not mended would be taken for one that is."""
    small.write_cells({"A1": 3, "B1": content})
    small.reference.write_text("import math\ndef double(x):\n    return {'y': math.tan(x / 9)}\n")
    small.write_spec(inputs='[inputs]\nx = { at = "A1", low = -3, high = 3 }')
    out = small.folder / "mended.xlsx"
    done = run("verify", small.spec, "--fix", out)
    assert done.code == (0 if content == "=TAN(A1/9)" else 1)
    assert not out.exists()
    assert f"there is no suggestion to apply, and {out.as_posix()} is not written" in " ".join(done.out.split())
    fixed = json.loads(run("verify", small.spec, "--fix", out, "--format", "json").out)["fixed"]
    assert fixed == {"path": out.as_posix(), "cells": [], "report": None}


def test_a_copy_that_is_mended_in_part_is_written_and_told_to_fail(run, small):
    """One of two faults has a suggestion: the copy has it, and its own verdict."""
    small.write_cells({"A1": 3, "B1": "=3*A1", "B2": "=SIN(A1)^2*7.7+INT(A1)"})
    small.reference.write_text("def double(x):\n    return {'y': 2 * x, 'z': x**3 + 0.77}\n")
    small.write_spec(inputs='[inputs]\nx = { at = "A1", low = -3, high = 3 }', outputs='[outputs]\ny = "B1"\nz = "B2"')
    out = small.folder / "mended.xlsx"
    document = json.loads(run("verify", small.spec, "--fix", out, "--format", "json").out)
    assert document["fixed"]["cells"] == ["Sheet!B1"]
    assert document["fixed"]["report"]["verdict"] == "fail"
    assert str(read_workbook(out).formula(at("B1", "Sheet"))) == "=2*A1"
    said = " ".join(run("verify", small.spec, "--fix", out).out.split())
    assert "left in the copy: Sheet!B2: it does not compute what the reference does" in said


@pytest.mark.parametrize("name", ["small.xlsx", "small.parity.toml", "small.py", "mended.xlsm", "mended"])
def test_no_file_that_is_read_is_written_over_and_no_other_kind_of_file_written(run, small, name):
    """The workbook, the spec and the reference stay; a macro workbook's name on a plain one would not open in Excel."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    before = {path: path.read_bytes() for path in small.folder.iterdir() if path.is_file()}
    done = run("verify", small.spec, "--fix", small.folder / name)
    assert done.code == 2
    assert "--fix" in done.err or "would overwrite" in done.err
    assert {path: path.read_bytes() for path in small.folder.iterdir() if path.is_file()} == before


def test_one_copy_is_of_one_workbook(run, small):
    """Of several specs it is not said which one is meant."""
    other = small.folder / "other.parity.toml"
    other.write_bytes(small.spec.read_bytes())
    done = run("verify", small.spec, other, "--fix", small.folder / "mended.xlsx")
    assert done.code == 2
    assert "--fix writes one workbook, and there are 2 spec files" in done.err


def test_a_workbook_that_has_been_changed_since_is_not_mended(small):
    """The suggestions are about the file that was verified."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    report = xlparity.verify(small.spec)
    assert report.verdict is Verdict.FAIL
    small.write_cells({"A1": 3, "B1": "=4*A1"})
    with pytest.raises(WorkbookError, match="has been changed since it was verified; verify it again"):
        corrected(report)


@pytest.mark.parametrize("option", ["--fix", "--annotate"])
def test_a_copy_does_not_overwrite_the_workbook_that_the_spec_names(run, two_iterations, faulty, option):
    """A student's file is checked in place of the teacher's, which would be gone."""
    own = two_iterations.with_name("regressor.xlsx")
    before = own.read_bytes()
    done = run("verify", two_iterations, "--workbook", faulty, option, own)
    assert (done.code, own.read_bytes() == before) == (2, True)
    assert option in done.err
