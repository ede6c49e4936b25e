"""What every report says alike: which engines a finding rests on, and nothing of iterations where there are none."""

import io
import json
import re
from dataclasses import replace
from html import unescape
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from conftest import Small
from rich.console import Console

import xlparity
from xlparity import assert_parity
from xlparity.actions.annotate import annotated_copy
from xlparity.actions.annotate.marks import marks
from xlparity.excel.values import BLANK, ErrorValue
from xlparity.reporters import github, terminal, words
from xlparity.reporters.formats import html, junit, markdown, sarif
from xlparity.reporters.formats.json import render as render_json
from xlparity.reporters.parts import notes_of, parts_of
from xlparity.results.report import Report, Verdict
from xlparity.settings import Options

FAULTY = {"A1": 3, "B1": "=A1", "B2": "=2*B1", "B3": "=3*B2", "B4": "=2*B3", "C1": "=3*A1"}


def said_by(report):
    """What a person reads of each report, by its name, as text without the marks of its format."""
    screen = io.StringIO()
    terminal.show([report], Console(file=screen, width=1000), verbose=True)
    page = re.sub(r"<(style|script).*?</\1>", "", html.render([report]), flags=re.DOTALL)
    log = json.loads(sarif.render([report]))["runs"][0]
    parts = parts_of(report).values()
    return {
        "terminal": screen.getvalue(),
        "html": unescape(re.sub("<[^>]*>", "", page)),
        "markdown": markdown.render([report]),
        "junit": ET.tostring(ET.fromstring(junit.render([report]).partition("\n")[2]), encoding="unicode"),
        "sarif": "\n".join(one["message"]["text"] for one in log["results"]),
        "github": github.annotations([report]),
        "pytest": "\n".join([*(part.text() for part in parts), *notes_of(report)]),
        "annotations": "\n".join(mark.text for mark in marks(report).values()),
    }


# --- a single pass ---------------------------------------------------------------------------------------------------


@pytest.fixture
def history(small):
    """A spec without blocks, whose quantity holds a whole history in one range, with two faults in the workbook."""
    small.reference.write_text("def history(x):\n    return {'y': [[x * 2**k] for k in range(4)], 'z': 2 * x}\n")
    small.write_cells(FAULTY)
    small.write_spec(reference='reference = "small.py:history"', outputs='[outputs]\ny = "B1:B4"\nz = "C1"')
    return small


@pytest.mark.parametrize("defined", ["x == 3", "abs(x - 3) < 0.1"])
def test_where_hardly_any_other_input_is_defined_the_remedy_is_said(small, defined):
    """A lookup by age band is undefined nearly everywhere; init cannot know the bands, and its user not what is missing."""
    small.reference.write_text(f"def double(x):\n    return {{'y': 2 * x if {defined} else float('nan')}}\n")
    report = xlparity.verify(small.spec)
    said = said_by(report)
    # Some tell of findings only, and a test that passes has nothing to say.
    for silent in ("sarif", "github", "annotations", *(["pytest"] if report.verdict is Verdict.PASS else [])):
        said.pop(silent)
    assert [name for name, text in said.items() if "low, high or choices of an input in the spec" not in text] == []


def test_pasted_values_are_not_said_to_differ(small):
    """Whoever pastes values over formulas has the right numbers, and would look for differences that there are not."""
    small.write_cells({"A1": 3, "B1": 6})
    told = words.verdict(xlparity.verify(small.spec))
    assert "1 of 1 compared cells contains a constant instead of a formula" in told


def test_cells_that_agree_on_the_stored_inputs_only_are_not_preceded_by_none_that_differ(small):
    """'0 of 1 compared cells differ' after a FAIL reads as if nothing were wrong."""
    small.write_cells({"A1": 3, "B1": "=A1+3"})
    told = words.verdict(xlparity.verify(small.spec))
    assert told == "1 cause: 1 of 1 compared cells agrees on the stored inputs only."


def test_what_the_spec_leaves_out_is_said_with_its_reason(history):
    """A validator's reader asks why; "12 cells left out" alone is an open question in every report."""
    history.write_cells({**FAULTY, "B1": "=A1", "B3": "=2*B2", "C1": "=2*A1"})
    history.write_spec(
        reference='reference = "small.py:history"',
        outputs='[outputs]\ny = "B1:B4"\nz = { at = "C1", skip = "no calendar here" }',
    )
    report = xlparity.verify(history.spec)
    assert report.verdict is Verdict.PASS
    said = said_by(report)
    for silent in ("sarif", "github", "annotations"):  # which tell of what is amiss
        said.pop(silent)
    assert [name for name, text in said.items() if "no calendar here" not in text.casefold()] == []
    (cell,) = json.loads(render_json([report]))["checks"][0]["cells"]
    assert (cell["status"], cell["reason"]) == ("skipped", "no calendar here")


def test_the_json_says_what_was_judged_how_strictly(history):
    """A record without its tolerances shows nothing: with large enough ones everything agrees."""
    history.write_spec(
        reference='reference = "small.py:history"', outputs='[outputs]\ny = { at = "B1:B4", rtol = 1e-6 }\nz = "C1"'
    )
    (check,) = json.loads(render_json([xlparity.verify(history.spec, options=Options(scenarios=0))]))["checks"]
    assert check["tolerances"] == {"y": {"rtol": 1e-6, "atol": 1e-12}, "z": {"rtol": 1e-9, "atol": 1e-12}}


@pytest.mark.parametrize("fault", ["a formula", "the stored inputs only", "not assessed"])
def test_a_single_pass_has_no_iterations(history, fault):
    """The word would send a reader to look for blocks that there are not."""
    if fault == "the stored inputs only":
        history.write_cells({**FAULTY, "B3": 12, "C1": 6})
    if fault == "not assessed":
        history.write_cells({**FAULTY, "B3": '=CELL("row",B2)'})
    report = xlparity.verify(history.spec, options=Options(scenarios=8))
    assert report.verdict is Verdict.FAIL
    for name, said in said_by(report).items():
        assert "B3" in said, name
        assert "iteration" not in said, name
        assert "y[1]" not in said, name


def test_the_sheet_that_is_added_has_no_iterations_for_a_single_pass(history):
    """A column says it for all checks of a workbook, and is empty beside one that has none."""
    copy = annotated_copy(xlparity.verify(history.spec, options=Options(scenarios=8)))
    sheet = openpyxl.load_workbook(io.BytesIO(copy.data))[copy.sheet]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert [row[2] for row in rows if str(row[3]).startswith("XP")] == [None, None]


def test_an_assertion_counts_no_iterations_where_there_is_one_pass(history):
    """As the reports do."""
    with pytest.raises(AssertionError) as error:
        assert_parity(
            history.workbook, f"{history.reference}:history", inputs={"x": "A1"}, outputs={"y": "B1:B4"}, sheet="Sheet"
        )
    assert "in 1 of 2 quantities\n" in str(error.value)


def test_an_unusable_reference_names_no_iteration_where_there_is_one_pass(small, run):
    """Nor does it count what it gives."""
    small.reference.write_text("def double(x):\n    return {'z': 2 * x}\n")
    assert "small.py:double gives no 'y'" in run("verify", small.spec).err
    assert "iteration" not in run("verify", small.spec).err
    small.reference.write_text("def double(x):\n    yield from ()\n")
    assert "small.py:double yields nothing" in run("verify", small.spec).err


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("return", "gives 1 iteration, and the workbook has 2"),
        ("yield {}", "gives no 'y' in iteration 2"),
        ("yield {'y': float('nan')}", "'y' in iteration 2 has a nan"),
        ("yield {'y': b'six'}", "'y' in iteration 2 is no array"),
    ],
)
def test_an_unusable_reference_names_the_iteration_where_there_are_several(small, run, second, said):
    """That is where to look."""
    small.write_cells({"A1": 3, "B1": "=2*A1", "B2": "=2*B1"})
    small.write_spec(blocks="[blocks]\nrows = [1, 2]")
    small.reference.write_text(f"def double(x):\n    yield {{'y': 2 * x}}\n    {second}\n")
    assert said in run("verify", small.spec).err


def test_where_checks_differ_only_those_with_iterations_tell_the_first_wrong_one(two_iterations):
    """A single pass that is wrong is not wrong from iteration 1 on."""
    report = xlparity.verify(two_iterations, options=Options(scenarios=0))
    wrong = [check.results[0]._replace(status="mismatch") if check.blocks == 1 else None for check in report.checks]
    checks = [
        check if one is None else replace(check, results=(one, *check.results[1:]))
        for check, one in zip(report.checks, wrong, strict=True)
    ]
    assert {check.blocks > 1 for check in checks} == {True, False}
    told = words.verdict(replace(report, checks=tuple(checks)))
    assert "differ from the Python reference." in told


# --- several engines -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_engines(tmp_path_factory) -> Report:
    """A workbook with a fault that both engines see, and one that shows on few inputs, of which one engine tries fewer."""
    small = Small(tmp_path_factory.mktemp("engines"))
    small.write_cells({"A1": 0.5, "B1": "=IF(AND(A1>0.4,A1<0.44),3,2)*A1", "C1": "=3*A1"})
    small.reference.write_text("def double(x):\n    return {'y': 2 * x, 'z': 2 * x}\n")
    small.write_spec(inputs='[inputs]\nx = { at = "A1", low = 0, high = 1 }', outputs='[outputs]\ny = "B1"\nz = "C1"')
    return xlparity.verify(small.spec, options=Options(engines=("excelmodel", "formulas")))


def test_a_finding_says_which_engines_it_rests_on(two_engines):
    """One engine's word is not that of two; a program finds the names by themselves."""
    found = {finding.variable: finding for check in two_engines.checks for finding in check.findings}
    assert found["z"].engines == ("excelmodel", "formulas")
    assert found["y"].engines == ("formulas",)
    for name, said in said_by(two_engines).items():
        for engines in ("excelmodel and formulas", "formulas"):
            assert said.count(f"Found with {engines}.") == (2 if name == "junit" else 1), name


def test_a_remark_says_which_engine_it_is_about(two_engines):
    """That one of them tried fewer inputs is not to be lost where the engines' results are put together."""
    note = "8 of the 100 scenarios were run, since excelmodel computes them one at a time (by excelmodel)"
    told = said_by(two_engines)
    for name in ("terminal", "html", "markdown", "junit", "pytest"):
        assert note in told[name].replace("\\", ""), name


def test_of_one_engine_nothing_is_said(small):
    """It is the one that the report names anyway."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    report = xlparity.verify(small.spec)
    assert report.checks[0].findings[0].engines == ()
    assert not any("Found with" in said for said in said_by(report).values())


def test_what_rests_on_no_engine_is_told_once(small):
    """That an input's places hold different values is the file's fault, whoever computes."""
    small.write_cells({"A1": 3, "A2": 4, "B1": "=2*A1"})
    small.write_spec(inputs='[inputs]\nx = { at = "A1", also = [{ at = "A2" }] }')
    report = xlparity.verify(small.spec, options=Options(engines=("formulas", "excelmodel"), scenarios=8))
    told = said_by(report)
    assert told["html"].count("XP403") == 2  # the finding, and what its code means
    assert told["sarif"].count("holds") == 1
    assert "Found with" not in told["html"]


# --- values ----------------------------------------------------------------------------------------------------------


def test_a_value_reads_alike_wherever_it_stands():
    """A text that looks like a number is told from the number, and two numbers beyond the usual tolerance from each other."""
    held = (3.0, 1 / 3, True, "3", ErrorValue("#N/A"), BLANK, None)
    assert [words.value(one) for one in held] == [
        "3", "0.333333333333", "TRUE", '"3"', "#N/A", "(blank)", "nothing",
    ]  # fmt: skip
    assert words.value(1 + 1e-9) != words.value(1.0)


def test_of_stored_values_nothing_is_said_to_be_computed(small, run):
    """They were asked for by name, and nobody has recomputed them."""
    assert run("recalc", small.workbook).code == 0
    said = {
        engine: words.verdict(xlparity.verify(small.spec, options=Options(engines=(engine,))))
        for engine in ("formulas", "cached")
    }
    assert said == {
        "formulas": "every one of 1 compared cell computes what the Python reference computes.",
        "cached": "every one of 1 compared cell stores what the Python reference computes.",
    }


def test_the_verdict_counts_what_the_spec_leaves_out(small):
    """A pass is no more than it says."""
    small.write_spec(outputs='[outputs]\ny = "B1"\nz = { at = "C1", skip = "not taught" }')
    assert words.verdict(xlparity.verify(small.spec)).endswith(" 1 cell left out by the spec.")


def test_a_negative_zero_is_shown_as_zero():
    """Excel has none, and who looks for the sign of 0 in a formula looks for nothing."""
    assert [words.value(value) for value in (-0.0, 0.0, -1e-9)] == ["0", "0", "-1e-09"]
