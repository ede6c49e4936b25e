"""Coverage of a pass: what no sample reaches or varies is named in every report, and may be asked for."""

import json
import re
import sys

import pytest

import xlparity
from xlparity.errors import UsageError
from xlparity.excel.address import Cell
from xlparity.settings import Options

# A coverage tool takes sys.settrace, by which the reference is watched before Python 3.12.
MEASURED = hasattr(sys, "monitoring") or sys.gettrace() is None
watched = pytest.mark.skipif(not MEASURED, reason="sys.settrace is taken before Python 3.12")

LIMIT = "def double(x):\n    y = 0.0\n    if x > 3:\n        y = 1.0\n    return {'y': y}\n"


def limited(small, formula="=IF(A1>3,1,0)", reference=LIMIT, inputs='x = "A1"', **cells):
    """A formula with a limit, and its reference."""
    small.write_cells({"A1": 2, "B1": formula, **cells})
    small.reference.write_text(reference)
    small.write_spec(inputs=f"[inputs]\n{inputs}")
    return small.spec


def branches(spec, **options):
    (check,) = xlparity.verify(spec, options=Options(**options)).checks
    return check.branches


# --- the reference ---------------------------------------------------------------------------------------------------


@watched
def test_where_all_is_reached_one_line_says_so(run, small):
    """The line is the evidence; whoever reads a pass wants no more."""
    done = run("verify", limited(small), "--min-coverage", 100)
    assert done.code == 0
    (line,) = [line.strip() for line in done.out.splitlines() if line.strip().startswith("reached:")]
    assert re.fullmatch(r"reached: branches 3 of 3, lines and branches of the reference \d of \d", line)
    assert branches(small.spec).share == 1.0


@watched
def test_a_branch_of_the_reference_that_no_sample_takes_is_named(run, small):
    """The formula lacks it, and agrees everywhere: nothing else in the report shows that."""
    reference = LIMIT.replace("    return", "    if x != x:\n        y = 5.0\n    return")
    found = branches(limited(small, reference=reference))
    assert [(one.where, one.what) for one in found.unreached] == [("small.py:5", "if x != x: true")]
    out = " ".join(run("verify", small.spec).out.split())
    assert "lines and branches of the reference 6 of 7; not reached: small.py:5 if x != x: true" in out


@watched
def test_each_reference_has_its_own_lines(small):
    """Two functions in one file: what the calls of one reach is nothing of the other."""
    small.write_cells({"A1": 2, "B1": "=2*A1", "C1": "=3*A1"})
    small.reference.write_text(
        "def one(x):\n    if x is None:\n        x = 1\n    return {'y': 2 * x}\n\ndef two(x):\n    return {'z': 3 * x}\n"
    )
    small.write_spec(
        reference="",
        inputs='[check.a]\nreference = "small.py:one"\ninputs = { x = "A1" }\noutputs = { y = "B1" }',
        outputs='[check.b]\nreference = "small.py:two"\ninputs = { x = "A1" }\noutputs = { z = "C1" }',
    )
    a, b = xlparity.verify(small.spec).checks
    assert (a.branches.reference, len(a.branches.unreached)) == (4, 1)
    assert (b.branches.reference, b.branches.unreached) == (1, ())


def test_nothing_is_said_where_nothing_was_measured(small):
    """Without scenarios, and by an engine that computes one at a time."""
    assert branches(limited(small), scenarios=0) is None
    assert branches(small.spec, engines=("excelmodel",)) is None
    several = xlparity.verify(small.spec, options=Options(engines=("excelmodel", "formulas")))
    assert several.combined[0].branches is not None


def test_a_reference_without_python_code_has_no_lines(small):
    """Of what is written in C nothing can be seen, and nothing is claimed."""
    small.write_spec(
        reference='reference = "builtins:dict"', inputs='[inputs]\ny = "A1"', outputs='[outputs]\ny = "B1"'
    )
    small.write_cells({"A1": 3, "B1": "=A1"})
    with pytest.raises(xlparity.XlparityError):
        xlparity.verify(small.spec)
    small.reference.write_text(
        "import functools\ndef plain(x):\n    return {'y': x}\ndouble = functools.partial(plain)\n"
    )
    small.write_spec()
    assert branches(small.spec).reference == (1 if MEASURED else 0)


# --- constants -------------------------------------------------------------------------------------------------------


def test_constants_that_no_input_varies_are_listed_with_their_readers(run, small):
    """A tax rate that the reference has as well agrees in every sample, whichever cell the formula reads."""
    spec = limited(small, "=A1*A2+C1", LIMIT.replace("y = 0.0", "y = 0.19 * x + 1.5").replace("if x > 3", "if x is None"),
                   A2=0.19, C1="=A3*A4", A3=0.5, A4=3, D1="a label", D2=7)  # fmt: skip
    found = branches(spec)
    assert [(str(one.where), one.value) for one in found.unvaried] == [
        ("Sheet!A2", 0.19),
        ("Sheet!A3", 0.5),
        ("Sheet!A4", 3.0),
    ]
    assert [one.readers for one in found.unvaried] == [(Cell("Sheet", 1, 2),), *[(Cell("Sheet", 1, 3),)] * 2]
    assert found.constants == 3
    assert "never varied: 3 constants in Sheet!A2:A4; a fault in them cannot be seen" in " ".join(
        run("verify", spec).out.split()
    )


def test_a_table_of_constants_is_one_line(run, small):
    """Two hundred addresses would hide what else there is to read."""
    cells = {f"D{row}": float(row) for row in range(1, 201)} | {f"E{row}": 2.0 * row for row in range(1, 201)}
    spec = limited(small, "=A1+SUM(D1:E200)", "def double(x):\n    return {'y': x + 3 * 20100.0}\n", **cells)
    assert "never varied: 400 constants in Sheet!D1:E200; a fault" in " ".join(
        run("verify", spec, "--verbose").out.split()
    )


def test_an_input_that_the_spec_holds_is_bound_and_is_no_such_constant(small):
    """Its note says already that it does not vary; the person who wrote that knows."""
    spec = limited(
        small,
        "=A1*A2",
        "def double(x, k):\n    return {'y': x * k}\n",
        'x = "A1"\nk = { at = "A2", vary = false }',
        A2=4,
    )
    (check,) = xlparity.verify(spec).checks
    assert (check.branches.constants, check.branches.unvaried) == (0, ())
    assert any("input 'k' kept its stored value throughout" in note for note in check.notes)


def test_a_constant_that_varies_for_another_check_or_behind_an_input_is_varied(small):
    """An input that is a formula is varied by what it depends on."""
    small.write_cells({"A1": 2, "A2": "=A1*3", "B1": "=A2+1"})
    small.reference.write_text("def double(x):\n    return {'y': x + 1}\n")
    small.write_spec(inputs='[inputs]\nx = "A2"')
    assert branches(small.spec).unvaried == ()


# --- as much as is asked for -------------------------------------------------------------------------------------------


def test_less_than_is_asked_for_is_unassessed_with_a_sentence(run, small):
    """It is no fault of the workbook that is shown, and no pass either."""
    spec = limited(small, "=A1*A2", "def double(x):\n    return {'y': 0.5 * x}\n", A2=0.5)
    assert run("verify", spec).code == 0
    done = run("verify", spec, "--min-coverage", "99.5")
    assert done.code == 2
    total = branches(spec).total
    share = int(1000 * (total - 1) / total) / 10
    said = f"the samples of small reach {total - 1} of {total} branches, lines and constants, {share:g} %"
    said += ", and min-coverage asks for 99.5 %."
    assert (
        f"? UNASSESSED {small.workbook.as_posix()}: the formulas agree wherever they were compared, but {said}"
        in " ".join(done.out.split())
    )
    assert run("verify", spec, "--min-coverage", share).code == 0


def test_what_is_proved_wrong_fails_whatever_is_reached(run, small):
    """Fail wins over unassessed."""
    spec = limited(small, "=A1*A2+1", "def double(x):\n    return {'y': 0.5 * x}\n", A2=0.5)
    assert run("verify", spec, "--min-coverage", 100).code == 1


@pytest.mark.parametrize("options", [("--scenarios", 0), ("--engine", "excelmodel")])
def test_what_was_not_measured_is_not_as_much_as_is_asked_for(run, small, options):
    """A pass would claim it."""
    done = run("verify", small.spec, "--min-coverage", 1, *options)
    assert done.code == 2
    assert (
        "min-coverage asks for 1 %, and what the samples reach is measured with scenarios and the engine formulas only"
        in " ".join(done.out.split())
    )
    assert run("verify", small.spec, "--min-coverage", 0, *options).code == 0


@pytest.mark.parametrize("value", [-1, 101, float("nan"), True, "all"])
def test_what_is_no_percentage_is_refused(value):
    """It would be reached always, or never."""
    with pytest.raises(UsageError, match="min_coverage is a percentage from 0 to 100"):
        Options(min_coverage=value)


def test_the_command_and_the_project_refuse_it_too(run, small, monkeypatch):
    """With the option's own name, or the file's."""
    assert "--min-coverage is a percentage from 0 to 100" in run("verify", small.spec, "--min-coverage", 101).err
    monkeypatch.chdir(small.folder)
    (small.folder / "pyproject.toml").write_text("[tool.xlparity]\nmin_coverage = 'all'\n")
    done = run("verify", small.spec)
    assert (done.code, "[tool.xlparity]: min_coverage is a percentage from 0 to 100" in done.err) == (2, True)


def test_the_project_sets_it_for_every_command(run, small, monkeypatch):
    """A project that wants evidence wants it in CI and at the desk."""
    spec = limited(small, "=A1*A2", "def double(x):\n    return {'y': 0.5 * x}\n", A2=0.5)
    monkeypatch.chdir(small.folder)
    (small.folder / "pyproject.toml").write_text("[tool.xlparity]\nmin_coverage = 100\n")
    assert Options.of_project().min_coverage == 100
    assert run("verify", spec).code == 2
    assert run("verify", spec, "--min-coverage", 10).code == 0


# --- every format ------------------------------------------------------------------------------------------------------


UNREACHED = LIMIT.replace("    return", "    if x != x:\n        y = 5.0\n    return")


@pytest.fixture
def lacking(small):
    """A formula with a branch that no sample reaches, and a constant."""
    small.write_cells({"A1": 2, "A2": 0, "B1": "=IF(A1>3,1,0)+A2", "B2": "=IF(A2>5,9,B1)", "B3": "=IF(A2>5,9,B2)"})
    small.reference.write_text(UNREACHED.replace("{'y': y}", "{'y': y, 'z': [[y], [y]]}"))
    small.write_spec(outputs='[outputs]\ny = "B1"\nz = "B2:B3"')
    return small.spec


@watched
@pytest.mark.parametrize("columns", ["80", "120"])
@pytest.mark.parametrize("verbose", [(), ("--verbose",)])
def test_the_text_fits_the_terminal(run, lacking, monkeypatch, columns, verbose):
    """However long a condition is."""
    monkeypatch.setenv("COLUMNS", columns)
    done = run("verify", lacking, *verbose)
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= int(columns) or str(lacking.parent) in done.out
    out = " ".join(done.out.split())
    assert "not reached: small.py:5 if" in out
    assert "never varied: 1 constant in Sheet!A2; a fault in it cannot be seen" in out


@watched
def test_the_json_has_it_under_keys_of_its_own(run, lacking):
    """Programs that read the other keys go on."""
    check = json.loads(run("verify", lacking, "--format", "json").out)["checks"][0]
    found = check["branches"]
    assert found["reference"]["missed"] == [{"where": "small.py:5", "what": "if x != x: true", "cells": []}]
    assert found["constants"] == {
        "total": 1, "unvaried": [{"cell": "Sheet!A2", "value": 0.0, "readers": ["Sheet!B1", "Sheet!B2", "Sheet!B3"]}],
    }  # fmt: skip
    assert {cell for one in found["formulas"]["missed"] for cell in one["cells"]} >= {"Sheet!B2"}
    assert found["reached"] < found["total"]
    assert check["min_coverage"] == 0
    assert json.loads(run("verify", lacking, "--format", "json", "--scenarios", 0).out)["checks"][0]["branches"] is None


@watched
def test_the_page_marks_the_cells_and_lists_what_is_not_reached(run, lacking, tmp_path):
    """In the map, with what is lacking in the cell's card, and as a list that needs no script."""
    page = tmp_path / "report.html"
    run("verify", lacking, "--format", "html", "--output", page)
    text = page.read_text()
    (data,) = [json.loads(found) for found in re.findall(r'<script type="application/json">(.*?)</script>', text)]
    states = dict(zip(zip(data["r"], data["c"], strict=True), data["s"], strict=True))
    names = [name for name, *_ in json.loads(re.search(r'id="states">(.*?)</script>', text)[1])]
    shown = {place: names[ord(letter) - 97] for place, letter in states.items()}
    assert shown == {(1, 2): "same", (2, 2): "unreached", (3, 2): "unreached", (2, 1): "fixed"}
    assert any("no sample reaches IF(A2>5) true" in reason for reason in data["reasons"].values())
    section = text.split('id="r1-reached"')[1].split("</section>")[0]
    assert "small.py:5" in section
    assert "Never varied, 1 constant" in section


@watched
def test_markdown_and_junit_name_it_too(run, lacking):
    """Where a pull request or a CI server shows the report."""
    assert "never varied: 1 constant in Sheet!A2" in run("verify", lacking, "--format", "markdown").out
    junit = run("verify", lacking, "--format", "junit").out
    assert "not reached: small.py:5 if x != x: true" in junit
