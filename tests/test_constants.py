"""Constants that belong where they are: the zeros of a triangular matrix, and the 0 that starts a counter."""

import json

import numpy as np
import pytest

import xlparity
from xlparity.actions.annotate.marks import marks
from xlparity.reporters.parts import parts_of
from xlparity.results.report import Verdict
from xlparity.settings import Options

SIZE = 6


@pytest.fixture
def triangle(small):
    """A lower triangular matrix W with its zeros typed, and a counter k that starts with a typed 0."""
    small.reference.write_text(
        "import numpy as np\ndef double(x):\n    r, c = np.indices((6, 6))\n"
        "    return {'W': np.where(c <= r, x * (r + 1) + c, 0), 'k': x * np.arange(6)}\n"
    )
    return small


def write(triangle, *, allowed=(), **changed):
    """The workbook with some cells changed, and its spec, in which some quantities may hold constants."""
    rows, columns = np.indices((SIZE, SIZE))
    cells = {"A1": 3, "A10": 0, **{f"A{row}": f"=A{row - 1}+$A$1" for row in range(11, 10 + SIZE)}}
    for row, column in zip(rows.flat, columns.flat, strict=True):
        cells[f"{'CDEFGH'[column]}{row + 1}"] = f"=$A$1*{row + 1}+{column}" if column <= row else 0
    triangle.write_cells(cells | changed)
    outputs = {"W": "C1:H6", "k": "A10:A15"}
    key = {True: ', constants = "allowed"', False: ""}
    lines = [f'{name} = {{ at = "{at}"{key[name in allowed]} }}' for name, at in outputs.items()]
    triangle.write_spec(outputs="\n".join(["[outputs]", *lines]))
    return triangle.spec


def test_structural_constants_are_one_finding_a_quantity_and_the_real_fault_is_the_first(triangle):
    """A public workbook had 4,160 of them in its findings, and the one number pasted over a formula among them."""
    report = xlparity.verify(write(triangle, D5=16))
    (check,) = report.checks
    found = [(finding.code, finding.variable, len(finding.cells)) for finding in check.findings]
    assert found == [("XP201", "W", 1), ("XP201", "W", 15), ("XP201", "k", 1)]
    assert check.findings[0].cells[0].a1 == "D5"
    assert "constants" not in check.findings[0].message
    assert "constants = \"allowed\" of 'W'" in check.findings[1].message
    assert (
        report.verdict is Verdict.FAIL
    )  # a number typed over a formula that nothing moves may be a fault all the same


def test_what_is_wrong_is_not_put_down_to_a_constant_that_is_right(triangle):
    """The counter's 0 is what the reference gives; that A12 reads it by way of A11 makes nothing wrong."""
    (check,) = xlparity.verify(write(triangle, A11="=A10+2*$A$1")).checks
    assert [(finding.variable, finding.affects) for finding in check.findings] == [("k", 4), ("W", 0), ("k", 0)]
    (check,) = xlparity.verify(write(triangle, allowed="Wk", A11="=A10+2*$A$1")).checks
    assert [(finding.variable, finding.affects) for finding in check.findings] == [("k", 4)]


def test_allowed_constants_that_equal_the_reference_in_every_sample_are_accepted(run, triangle):
    """They are no matches, since nothing recomputes them: they are counted by themselves, in one remark a quantity."""
    spec = write(triangle, allowed="Wk")
    report = xlparity.verify(spec)
    (check,) = report.checks
    assert report.verdict is Verdict.PASS
    assert check.counts.items() >= {"bound": 42, "match": 26, "accepted": 16, "hardcoded": 0}.items()
    assert check.findings == ()
    assert check.notes == (
        "15 cells of 'W' hold constants that equal the reference wherever it has a value in 101 samples: allowed by the spec",
        "1 cell of 'k' holds a constant that equals the reference wherever it has a value in 101 samples: allowed by the spec",
    )
    done = run("verify", spec, "--format", "json")
    cells = json.loads(done.out)["checks"][0]["cells"]
    said = {(cell["status"], cell["reason"]) for cell in cells}
    assert said == {
        ("accepted", "a constant, which the spec allows; equal to the reference wherever it has a value in 101 samples")
    }
    text = " ".join(run("verify", spec).out.split())
    assert "16 constants allowed by the spec." in text
    assert "known difference" not in text
    assert marks(report) == {}
    assert {part.outcome for part in parts_of(report).values()} == {"passed", "accepted"}


def test_an_allowed_constant_that_differs_in_any_sample_is_hardcoded(triangle):
    """It agrees on the stored inputs, as every number does that is pasted over its formula."""
    report = xlparity.verify(write(triangle, allowed="Wk", D5=16))
    (check,) = report.checks
    assert report.verdict is Verdict.FAIL
    assert [result.cell.a1 for result in check.results if result.status == "hardcoded"] == ["D5"]
    assert [len(finding.cells) for finding in check.findings] == [1]


@pytest.mark.parametrize("scenarios", [0, 100])
@pytest.mark.parametrize("content", [1, "zero", True])
def test_an_allowed_constant_that_is_not_the_references_is_hardcoded(triangle, content, scenarios):
    """The key allows constants, not wrong ones, nor a text or a truth value for a number."""
    report = xlparity.verify(write(triangle, allowed="Wk", H1=content), options=Options(scenarios=scenarios))
    (check,) = report.checks
    assert report.verdict is Verdict.FAIL
    assert [result.cell.a1 for result in check.results if result.status == "hardcoded"] == ["H1"]


def test_without_other_inputs_it_is_said_that_nothing_shows_them_never_to_vary(triangle):
    """On the stored inputs alone, every pasted number equals the reference."""
    report = xlparity.verify(write(triangle, allowed="Wk", D5=16), options=Options(scenarios=0))
    (check,) = report.checks
    assert report.verdict is Verdict.PASS
    assert (
        "16 cells of 'W' hold constants that equal the reference on the stored inputs, and no others" in check.notes[0]
    )
    assert xlparity.verify(write(triangle, D5=16), options=Options(scenarios=0)).verdict is Verdict.FAIL


def test_a_check_of_nothing_but_allowed_constants_shows_nothing(small):
    """No formula was recomputed, so there is nothing to pass."""
    small.write_cells({"A1": 3, "B1": 1})
    small.reference.write_text("def double(x):\n    return {'y': 1.0}\n")
    small.write_spec(outputs='[outputs]\ny = { at = "B1", constants = "allowed" }')
    assert xlparity.verify(small.spec).verdict is Verdict.UNASSESSED


def test_an_output_of_an_assertion_may_have_constants(triangle):
    """What a spec file says of an output, a test in Python says as well."""
    write(triangle)
    namespace = {}
    exec(triangle.reference.read_text(), namespace)
    report = xlparity.assert_parity(
        triangle.workbook,
        namespace["double"],
        sheet="Sheet",
        inputs={"x": "A1"},
        outputs={"W": {"at": "C1:H6", "constants": "allowed"}},
    )
    assert report.combined[0].counts["accepted"] == 15


@pytest.mark.parametrize("value", ["true", '"yes"', "[]"])
def test_a_value_that_the_key_does_not_have_is_an_error(run, small, value):
    """`constants = false` would otherwise allow them."""
    small.write_spec(outputs=f'[outputs]\ny = {{ at = "B1", constants = {value} }}')
    done = run("verify", small.spec)
    assert done.code == 2
    assert "'constants' of 'y' is \"allowed\", or left out" in done.err
