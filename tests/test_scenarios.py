"""What-if scenarios: dead formulas are caught and named, the smallest failing change is shown, and rounding is no fault."""

import itertools
import json
import re
from types import SimpleNamespace

import numpy as np
import openpyxl
import pytest
import scipy.stats

import xlparity
from xlparity.compare.compare import compare
from xlparity.compare.expected import Expected, call_references
from xlparity.engines.protocol import one_by_one
from xlparity.engines.registry import find_engine
from xlparity.excel.address import Cell, Range
from xlparity.excel.batch import REASON, Batch, Other, Store, Words
from xlparity.excel.columns import Column, column_of, joined, picked, value_in
from xlparity.excel.values import MISSING, Unsupported
from xlparity.excel.workbook import read_workbook
from xlparity.results.report import Verdict
from xlparity.scenarios import run as running
from xlparity.scenarios.sample import _latin_hypercube, draw, sample
from xlparity.settings import Options
from xlparity.spec import References, bind, read_spec
from xlparity.spec.binding import CellMap, Input, Offset, Output
from xlparity.tolerance import Tolerance

A1, A2 = Cell("S", 1, 1), Cell("S", 2, 1)


def drawn(count=100, seed=0, value=3.0, **limits):
    """The numbers drawn for one input in S!A1 that holds ``value``."""
    given = Input("x", Range("S", 1, 1, 1, 1), **limits)
    found = draw([(given, [(0, 0)])], {A1: value}, lambda cell: [cell], count=count, seed=seed)
    return [value_in(found.columns(range(1, found.count))[A1], number) for number in range(found.scenarios)]


def formulas_of_three(small, **changed):
    """A chain of three formulas on two inputs, with what is changed; its reference computes the same."""
    small.write_cells({"A1": 2, "A2": 3, "B1": "=A1*A2", "B2": "=B1+A2", "B3": "=B2^2", **changed})
    small.reference.write_text(
        "def double(x, y):\n    p = x * y\n    q = p + y\n    return {'p': p, 'q': q, 'r': q ** 2}\n"
    )
    small.write_spec(inputs='[inputs]\nx = "A1"\ny = "A2"', outputs='[outputs]\np = "B1"\nq = "B2"\nr = "B3"')
    return small.spec


# --- what is drawn ---------------------------------------------------------------------------------------------------


def test_a_range_is_covered_evenly():
    """A Latin hypercube: of the plain draws, each part of the range has one, which plain chance does not give."""
    numbers = np.array(drawn(100, low=0, high=1))
    plain = [n for n in range(100) if not (n in (1, 3, 5, 7, 9) or (n >= 10 and (n % 4 == 0 or n % 8 == 2)))]
    parts = np.floor(np.sort(numbers[plain]) * len(plain))
    assert parts.tolist() == list(range(len(plain)))


@pytest.mark.parametrize(("count", "width"), [(1, 1), (75, 13), (5, 0), (0, 3)])
def test_the_plain_scenarios_are_the_latin_hypercube_of_scipy(count, width):
    """It is drawn with numpy alone, since importing scipy.stats takes longer than most checks."""
    (random,) = np.random.default_rng(3).spawn(1)
    wanted = scipy.stats.qmc.LatinHypercube(width, seed=np.random.default_rng(3)).random(count)
    assert np.array_equal(_latin_hypercube(count, width, random), wanted)


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_drawn_outside_a_range_or_beside_the_choices(seed):
    """The author of the spec says for what the workbook is meant."""
    assert all(-2 <= number <= 0.5 for number in drawn(500, seed, low=-2, high=0.5))
    assert {-2.0, 0.5, 0.0} <= set(drawn(500, seed, low=-2, high=0.5))  # both corners, and nothing
    assert all(number >= 1 for number in drawn(500, seed, low=1))
    assert set(drawn(500, seed, choices=(0.0, 1.0, 7.0))) == {0.0, 1.0, 7.0}


@pytest.mark.parametrize("count", [8, 100])
def test_the_special_sets_are_there_even_where_few_are_asked_for(count):
    """Many a formula is right on one side of zero only, or while numbers are small."""
    numbers = drawn(count)
    assert any(number < 0 for number in numbers)
    assert 0.0 in numbers
    assert any(abs(number) > 100 for number in numbers)
    assert any(0 < abs(number) < 0.01 for number in numbers)


def test_some_sets_stay_near_what_is_stored():
    """A reference that is defined near by only has to be tried as well."""
    assert sum(abs(number - 3) < 0.1 for number in drawn(100)) > 20


def together(count=100, seed=0, stored=(3.0, 7.0), **limits):
    """The numbers drawn for two inputs, in S!A1 and S!A2, a row a scenario."""
    inputs = [Input(name, Range("S", row, 1, row, 1), **limits) for name, row in (("x", 1), ("z", 2))]
    values = dict(zip((A1, A2), stored, strict=True))
    found = draw([(given, [(0, 0)]) for given in inputs], values, lambda cell: [cell], count=count, seed=seed)
    return [
        [value_in(found.columns(range(1, found.count))[cell], at) for cell in (A1, A2)] for at in range(found.scenarios)
    ]


@pytest.mark.parametrize("limits", [{}, {"low": -20, "high": 40}, {"low": 2.5}])
def test_a_dozen_sets_are_of_numbers_as_people_write_them(limits):
    """Where a formula has < for <=, or a ROUND for Python's round, random floats never show it."""
    written = [number for number in drawn(100, **limits) if number not in (limits.get("low"), limits.get("high"), 0.0)]
    assert sum(100 * number == round(100 * number) for number in written) >= 8
    assert sum(number == round(number) for number in written) >= 3
    assert any(number == round(2 * number) / 2 != round(number) for number in written)
    assert any(number == round(number, 1) != round(2 * number) / 2 for number in written)
    assert any(number == round(number, 2) != round(number, 1) for number in written)


def test_numbers_as_people_write_them_have_more_decimals_in_a_narrow_range():
    """Between 0.011 and 0.019 there is no whole number, and none with one decimal."""
    numbers = drawn(100, value=0.015, low=0.011, high=0.019)
    assert sum(number == round(number, 3) for number in numbers if 0.011 < number < 0.019) >= 6
    assert all(0.011 <= number <= 0.019 for number in numbers)


@pytest.mark.parametrize("limits", [{}, {"low": 0, "high": 10}, {"low": 0.01, "high": 0.06}])
def test_some_sets_have_the_same_number_in_two_inputs(limits):
    """A comparison of two inputs is wrong at equality only; these numbers are exact, so that no rounding explains it."""
    same = [one for one, other in together(**limits) if one == other not in (0.0, *limits.values())]
    assert sum(64 * one == round(64 * one) for one in same) >= 2


def test_a_set_of_ties_stays_within_each_range():
    """The two have one number in common, if any."""
    given = {"x": (A1, 0, 3), "z": (A2, 2.5, 9)}
    inputs = [
        Input(name, Range("S", at.row, 1, at.row, 1), low=low, high=high) for name, (at, low, high) in given.items()
    ]
    found = draw([(one, [(0, 0)]) for one in inputs], {A1: 1.0, A2: 4.0}, lambda cell: [cell], count=800, seed=0)
    columns = found.columns(range(1, found.count))
    assert ((columns[A1] >= 0) & (columns[A1] <= 3) & (columns[A2] >= 2.5) & (columns[A2] <= 9)).all()
    assert (columns[A1] == columns[A2]).any()


def test_as_many_sets_are_drawn_as_are_asked_for_whatever_is_stored():
    """A whole number that is the stored one would make a set of it in which nothing changes, and which is left out."""
    assert [len(drawn(count, value=value)) for count in (10, 100) for value in (1.0, 2.5, 0.1)] == [10] * 3 + [100] * 3


def test_a_quarter_of_the_sets_is_at_unit_scale_where_a_huge_number_is_stored():
    """Beside 1e17 nobody sees the 1000 that a formula adds; within a range the author has said what the numbers are."""
    assert 20 <= sum(0.01 < abs(number) <= 4 for number in drawn(100, value=1e17)) <= 45
    assert not any(0 < abs(number) <= 4 for number in drawn(100, value=1e17, low=1e16, high=1e18))


@pytest.mark.parametrize(("formula", "verdict"), [("=A1+A2+1000", Verdict.FAIL), ("=A1+A2", Verdict.PASS)])
def test_what_a_formula_adds_to_a_huge_input_is_found(small, formula, verdict):
    """Both inputs are at unit scale in the same sets."""
    small.write_cells({"A1": 1e17, "A2": -4e16, "B1": formula})
    small.reference.write_text("def double(x, z):\n    return {'y': x + z}\n")
    small.write_spec(inputs='[inputs]\nx = "A1"\nz = "A2"')
    assert xlparity.verify(small.spec).verdict is verdict


@pytest.mark.parametrize(
    ("formula", "returns"),
    [
        pytest.param("=IF(A1<=25,1,2)", "1.0 if x < 25 else 2.0", id="a limit"),
        pytest.param("=IF(A1<=A2,1,2)", "1.0 if x < z else 2.0", id="two inputs"),
        pytest.param("=ROUND(A1,0)", "round(x)", id="half of one"),
        pytest.param("=A1+(A1=INT(A1))", "x", id="whole numbers"),
        pytest.param("=VLOOKUP(A1,D1:E3,2)", "np.array([1.0, 2, 3])[np.searchsorted([0, 22, 25], x, side='left') - 1]",
                     id="a key"),
    ],
)  # fmt: skip
def test_edges_that_random_floats_never_hit_are_found(small, formula, returns):
    """One character too many is wrong in one point only, and people work with that point."""
    small.write_cells({"A1": 23.3, "A2": 27.7, "B1": formula, **TABLE})
    small.reference.write_text(f"import numpy as np\ndef double(x, z):\n    return {{'y': {returns}}}\n")
    small.write_spec(inputs='[inputs]\nx = { at = "A1", low = 20, high = 30 }\nz = "A2"')
    assert xlparity.verify(small.spec).verdict is Verdict.FAIL


TABLE = {"D1": 0, "E1": 1, "D2": 22, "E2": 2, "D3": 25, "E3": 3}


def test_numbers_as_people_write_them_excuse_a_residue_as_other_numbers_do(small):
    """Of whole inputs a third is no exact number either, and what is left of the sum is another residue in numpy."""
    small.write_cells({"A1": 17, "A2": 3, "B1": "=A1/A2+A1/A2+A1/A2-A1", "B2": "=A1*A2"})
    small.reference.write_text("def double(x, z):\n    return {'y': 3 * (x / z) - x, 'p': x * z}\n")
    small.write_spec(
        inputs='[inputs]\nx = { at = "A1", low = 1, high = 5000 }\nz = { at = "A2", low = 3, high = 3000 }',
        outputs='[outputs]\ny = "B1"\np = "B2"',
    )
    check = xlparity.verify(small.spec).checks[0]
    assert check.scenarios.failed == 0


def test_the_same_seed_draws_the_same_and_another_seed_another():
    """A report can be had again; a second one can look elsewhere."""
    assert drawn(50, 1) == drawn(50, 1) != drawn(50, 2)


# --- dead formulas ---------------------------------------------------------------------------------------------------


def test_three_formulas_frozen_to_their_right_values_are_caught_and_named(run, week_one, tmp_path):
    """All three agree to the last bit on what is stored, and refer to something: only other inputs tell."""
    frozen = {"J9": None, "O9": None, "G16": None}
    values = {r.cell.a1: r.actual for r in xlparity.verify(week_one, options=Options(scenarios=0)).checks[0].results}
    book = openpyxl.load_workbook(week_one.with_name("regressor.xlsx"))
    sheet = book["Training"]
    for cell in frozen:
        content = sheet[cell].value
        text = f"={values[cell]!r}+0*$B$3"
        if isinstance(content, str):
            sheet[cell] = text
        else:
            content.text = text
    book.save(tmp_path / "frozen.xlsx")
    assert run("verify", week_one, "--workbook", tmp_path / "frozen.xlsx", "--scenarios", "0").code == 0
    done = run("verify", week_one, "--workbook", tmp_path / "frozen.xlsx", "--format", "json")
    assert done.code == 1
    check = json.loads(done.out)["checks"][0]
    assert check["counts"]["match"] == check["counts"]["bound"]
    assert {"Training!J9", "Training!O9", "Training!G16"} <= set(check["scenarios"]["cells"])


def test_a_dead_formula_is_shown_by_the_smallest_change_of_inputs(run, small):
    """One cell to type into, one cell to look at."""
    spec = formulas_of_three(small, B2="=9+0*A1")
    done = run("verify", spec)
    assert done.code == 1
    said = " ".join(done.out.split())
    assert re.search(r"set Sheet!A1 to 1 and Sheet!B2 is off by 3: 9 instead of 6 \(\d+ of 100 scenarios fail\)", said)
    smallest = json.loads(run("verify", spec, "--format", "json").out)["checks"][0]["scenarios"]["smallest"]
    assert smallest == {"set": {"Sheet!A1": 1.0}, "cell": "Sheet!B2", "expected": 6.0, "actual": 9.0}


def test_a_change_that_needs_two_inputs_keeps_both_and_no_third(small):
    """Neither of the two by itself shows anything."""
    small.write_cells({"A1": 2, "A2": 2, "A3": 2, "B1": "=IF(A1<0,IF(A2<0,99,A3),A3)"})
    small.reference.write_text("def double(x, y, z):\n    return {'y': z}\n")
    inputs = "[inputs]\n" + "\n".join(
        f'{n} = {{ at = "{a}", low = -3, high = 3 }}' for n, a in zip("xyz", ("A1", "A2", "A3"), strict=True)
    )
    small.write_spec(inputs=inputs)
    smallest = xlparity.verify(small.spec).checks[0].scenarios.smallest
    assert dict(smallest.changes) == {Cell("Sheet", 1, 1): -1.0, Cell("Sheet", 2, 1): -1.0}
    assert (smallest.expected, smallest.actual) == (2.0, 99.0)


def test_a_plain_value_is_within_the_range_or_among_the_choices(small):
    """What is to be typed must be something that the workbook is meant for."""
    small.write_cells({"A1": 0.75, "A2": 7, "B1": "=1.5+0*A1", "B2": "=14+0*A2"})
    small.reference.write_text("def double(x, k):\n    return {'y': 2 * x, 'z': 2 * k}\n")
    small.write_spec(
        inputs='[inputs]\nx = { at = "A1", low = 0.7, high = 0.8 }\nk = { at = "A2", choices = [7, 11] }',
        outputs='[outputs]\ny = "B1"\nz = "B2"',
    )
    ((cell, value),) = xlparity.verify(small.spec).checks[0].scenarios.smallest.changes
    assert cell == Cell("Sheet", 1, 1)
    assert value in (0.7, 0.8)
    small.write_cells({"A1": 0.75, "A2": 7, "B1": "=2*A1", "B2": "=14+0*A2"})
    assert xlparity.verify(small.spec).checks[0].scenarios.smallest.changes == ((Cell("Sheet", 2, 1), 11.0),)


def test_an_input_in_several_places_is_named_by_the_first(small):
    """The others follow, or are typed in as well; a list of them all would hide the one change that there is."""
    small.write_cells({"A1": 3, "A2": 3, "B1": "=6+0*A2"})
    small.write_spec(inputs='[inputs]\nx = { at = "A1", also = [{ at = "A2" }] }')
    assert [cell.a1 for cell, _ in xlparity.verify(small.spec).checks[0].scenarios.smallest.changes] == ["A1"]


def test_where_the_stored_inputs_fail_already_nothing_is_shrunk(small):
    """There is nothing to type in."""
    assert xlparity.verify(formulas_of_three(small, B1="=A1+A2+5")).checks[0].scenarios.smallest is None


# --- how many, and where the reference is undefined -------------------------------------------------------------------


def test_undefined_sets_are_dropped_and_counted(small):
    """A logarithm of what is not positive shows nothing about the workbook, which has an error there."""
    small.reference.write_text("import numpy as np\ndef double(x):\n    return {'y': np.log(x - 2.9)}\n")
    small.write_cells({"A1": 3, "B1": "=LN(A1-2.9)"})
    report = xlparity.verify(small.spec)
    tried = report.checks[0].scenarios
    assert report.verdict is Verdict.PASS
    assert tried.run + tried.dropped == 100
    assert tried.run > 40
    assert tried.dropped > 10


@pytest.mark.parametrize("at_once", [1, 3, 99])
def test_sets_that_are_swept_together_may_all_be_undefined(small, monkeypatch, at_once):
    """A large workbook is swept in portions, and a reference that is defined near by only has none of some of them."""
    small.reference.write_text("import numpy as np\ndef double(x):\n    return {'y': np.log(x - 2.9)}\n")
    small.write_cells({"A1": 3, "B1": "=LN(A1-2.9)"})
    usual = xlparity.verify(small.spec)
    monkeypatch.setattr(running, "_AT_ONCE", at_once * 2)
    assert xlparity.verify(small.spec) == usual


def test_what_some_sets_show_of_a_cell_counts_for_those_that_are_swept_after_them(small, monkeypatch):
    """B1 is always 1, but an error where B2, which it reads, overflows: in a sweep of such a set only, nothing is shown.

    Two such sets are drawn; a third one is searched for, and followed by one that shows the branch.
    """
    small.reference.write_text("import numpy as np\ndef double(x):\n    return {'y': 1.0, 'z': np.exp(x)}\n")
    small.write_cells({"A1": 1, "B1": "=IF(A1>600,1+0*B2,1)", "B2": "=EXP(A1)"})
    small.write_spec(outputs='[outputs]\ny = "B1"\nz = "B2"')
    usual = xlparity.verify(small.spec)
    assert (usual.verdict, usual.checks[0].scenarios.indeterminate) == (Verdict.PASS, 3)
    assert usual.checks[0].branches.missed == ()
    monkeypatch.setattr(running, "_AT_ONCE", 3)
    assert xlparity.verify(small.spec) == usual


def test_scenarios_in_which_a_cell_is_undecided_are_not_among_those_that_agree(small, run):
    """Neither those that replace others, nor those that were searched for and hit a tie within rounding error."""
    small.write_cells({"A1": 0.2, "A2": 0.3, "A3": 0.35, "B1": "=INT((A1+A2-A3)*10)"})
    small.reference.write_text(
        "import numpy as np\ndef double(x, y, z):\n    return {'y': np.floor((x + y - z) * 10)}\n"
    )
    ranges = {"x": ("A1", 0.1, 0.4), "y": ("A2", 0.2, 0.4), "z": ("A3", 0.3, 0.8)}
    lines = [f'{name} = {{ at = "{at}", low = {low}, high = {high} }}' for name, (at, low, high) in ranges.items()]
    small.write_spec(inputs="\n".join(["[inputs]", *lines]))
    found = xlparity.verify(small.spec).checks[0].scenarios
    assert found.replaced > 0
    assert found.agreeing == found.run - found.indeterminate < found.run - found.replaced + 1
    assert f"{found.agreeing} scenarios: 1 cell agrees" in " ".join(run("verify", small.spec).out.split())


def test_samples_are_replaced_also_where_a_fix_is_proved_in_one_of_several_checks(small):
    """The samples are those of both checks; in the proof, some leave the INT open, and only the first check is run."""
    small.write_cells(
        {"A1": 0.2, "A2": 0.3, "A3": 0.35, "B1": "=INT((A1+A2-A3)*10)", "B2": "=A1*3", "C1": 7, "D1": "=C1+1"}
    )
    small.reference.write_text(
        "import numpy as np\n"
        "def first(x, y, z):\n    return {'y': np.floor((x + y - z) * 10), 'd': 2 * x}\n"
        "def second(w):\n    return {'v': w + 1}\n"
    )
    ranges = {"x": ("A1", 0.1, 0.4), "y": ("A2", 0.2, 0.4), "z": ("A3", 0.3, 0.8)}
    lines = [f'{name} = {{ at = "{at}", low = {low}, high = {high} }}' for name, (at, low, high) in ranges.items()]
    small.spec.write_text(
        'workbook = "small.xlsx"\nsheet = "Sheet"\n'
        '[check.first]\nreference = "small.py:first"\noutputs = { y = "B1", d = "B2" }\n[check.first.inputs]\n'
        + "\n".join(lines)
        + '\n[check.second]\nreference = "small.py:second"\ninputs = { w = "C1" }\noutputs = { v = "D1" }\n'
    )
    first, second = xlparity.verify(small.spec).checks
    assert [found.suggestion for found in first.findings] == ["=A1*2"]
    assert second.verdict is Verdict.PASS


@pytest.mark.parametrize("at_once", [1, 2, 99])
def test_an_edge_is_one_in_however_small_a_sweep_it_stands(small, monkeypatch, at_once):
    """In six of a hundred sets nobody can tell what INT makes of a sum; of two that are swept together it is half."""
    small.write_cells({"A1": 0.2, "A2": 0.3, "A3": 0.35, "B1": "=INT((A1+A2-A3)*10)"})
    small.reference.write_text(
        "import numpy as np\ndef double(x, y, z):\n    return {'y': np.floor((x + y - z) * 10)}\n"
    )
    ranges = {"x": ("A1", 0.1, 0.4), "y": ("A2", 0.2, 0.4), "z": ("A3", 0.3, 0.8)}
    lines = [f'{name} = {{ at = "{at}", low = {low}, high = {high} }}' for name, (at, low, high) in ranges.items()]
    small.write_spec(inputs="\n".join(["[inputs]", *lines]))
    usual = xlparity.verify(small.spec)
    assert (usual.verdict, usual.checks[0].scenarios.indeterminate) == (Verdict.PASS, 6)
    monkeypatch.setattr(running, "_AT_ONCE", at_once * 4)
    assert xlparity.verify(small.spec) == usual


def test_a_seed_gives_the_same_report_and_another_one_another(run, small):
    """And the report says which it was."""
    spec = formulas_of_three(small, B2="=IF(A1>3.9,0,B1+A2)")
    one, two, three = (
        json.loads(run("verify", spec, "--seed", seed, "--format", "json").out)["checks"][0]["scenarios"]
        for seed in (5, 5, 6)
    )
    assert one == two
    assert (one["seed"], three["seed"]) == (5, 6)
    assert one["failed"] > 0


@pytest.mark.parametrize("count", [0, 1, 3, 250])
def test_as_many_sets_are_tried_as_are_asked_for(run, small, count):
    """None at all is allowed, and said."""
    done = run("verify", small.spec, "--scenarios", count, "--format", "json")
    check = json.loads(done.out)["checks"][0]
    assert (done.code, check["scenarios"]["run"], check["scenarios"]["asked"]) == (0, count, count)
    assert any("no other inputs were compared" in note for note in check["notes"]) is (count == 0)
    assert run("verify", small.spec, "--scenarios", -1).code == 2


def test_an_engine_that_computes_one_set_at_a_time_tries_eight_and_says_so(small):
    """A hundred would take it minutes; the special sets are among the eight."""
    check = xlparity.verify(small.spec, options=Options(engines=("excelmodel",))).checks[0]
    assert check.scenarios.run == 8
    assert "8 of the 100 scenarios were run, since excelmodel computes them one at a time" in check.notes
    small.write_cells({"A1": 3, "B1": "=2*ABS(A1)"})
    assert xlparity.verify(small.spec, options=Options(engines=("excelmodel",))).verdict is Verdict.FAIL


def test_an_engine_does_not_acquit_on_sets_that_it_has_not_tried(small):
    """What is wrong in the fiftieth set only is wrong, whatever an engine says that has seen eight of them."""
    small.write_cells({"A1": 3, "B1": "=IF(ABS(A1-4.6)<0.2,0,2*A1)"})
    alone = xlparity.verify(small.spec).checks[0].scenarios
    assert alone.since[0] >= 8
    both = xlparity.verify(small.spec, options=Options(engines=("excelmodel", "formulas")))
    assert both.verdict is Verdict.FAIL
    codes = [finding.code for check in both.checks for finding in check.findings]
    assert not any(code.startswith("XP3") for code in codes)


@pytest.mark.parametrize("in_process", [False, True])
def test_checks_that_share_a_reference_and_its_inputs_call_it_once(small, in_process):
    """History and training are one run of the same loop; a hundred runs of it are enough."""
    small.reference.write_text(
        "def double(x):\n    with open(__file__ + '.calls', 'a') as file:\n        file.write(f'{x}\\n')\n"
        "    return {'y': 2 * x, 'z': 3 * x}\n"
    )
    small.write_cells({"A1": 3, "B1": "=2*A1", "C1": "=3*A1"})
    small.write_spec(
        inputs='[check.a]\ninputs = { x = "A1" }\noutputs = { y = "B1" }',
        outputs='[check.b]\ninputs = { x = "A1" }\noutputs = { z = "C1" }',
    )
    plan = read_spec(small.spec)
    references = References(plan, Options(in_process=in_process))
    checks = bind(plan, read_workbook(small.workbook), references)
    expected = call_references(checks, {Cell("Sheet", 1, 1): np.arange(5.0)}, range(1, 6))
    assert (small.folder / "small.py.calls").read_text().split() == ["0.0", "1.0", "2.0", "3.0", "4.0"]
    assert [list(one.numbers[:, 0]) for one in expected] == [[0, 2, 4, 6, 8], [0, 3, 6, 9, 12]]


def test_a_constant_that_a_check_does_not_name_is_not_changed_for_another_check(small):
    """A bias unit is 1 in the sheet and in the reference: changed for the second check, it would turn the first one wrong."""
    small.write_cells({"A1": 3, "A2": 1, "B1": "=2*A1+4*A2", "C1": "=B1^2"})
    small.reference.write_text(
        "def double(x):\n    return {'y': 2 * x + 4}\n\ndef squared(y):\n    return {'z': y**2}\n"
    )
    small.write_spec(
        inputs='[check.a]\ninputs = { x = "A1" }\noutputs = { y = "B1" }',
        outputs='[check.b]\nreference = "small.py:squared"\ninputs = { y = "B1" }\noutputs = { z = "C1" }',
    )
    report = xlparity.verify(small.spec)
    assert (report.verdict, [check.scenarios.run for check in report.checks]) == (Verdict.PASS, [100, 100])
    # Of the second check alone, B1 is an input, on whatever it depends.
    small.write_spec(
        reference='reference = "small.py:squared"', inputs='[inputs]\ny = "B1"', outputs='[outputs]\nz = "C1"'
    )
    plan, book = read_spec(small.spec), read_workbook(small.workbook)
    values = find_engine("formulas").load(book).recalculate({})
    changed = sample(bind(plan, book), book, values, 100, 0).changed()
    assert {cell.a1 for cell in changed} == {"A1", "A2"}


def test_what_a_reference_prints_is_heard_once(run, small):
    """A hundred times over it would bury what else there is to read; and only where it is asked for."""
    small.reference.write_text("def double(x):\n    print('loss')\n    return {'y': 2 * x}\n")
    assert run("verify", small.spec, "--verbose").err.count("loss") == 1
    assert "loss" not in run("verify", small.spec).err


# --- rounding --------------------------------------------------------------------------------------------------------

NETWORK = {"A1": 1, "B1": 0, "A2": 0.5, "B2": -0.25, "A3": 1, "C1": "=A1*A2+B1*B2", "C2": "=1/(1+EXP(-C1))"}


def network(small, **changed):
    """One neuron without any range on its inputs, and its loss, which loses all its digits where the neuron is certain."""
    small.write_cells({**NETWORK, "C3": "=-(A3*LN(C2)+(1-A3)*LN(1-C2))", **changed})
    small.reference.write_text(
        "import numpy as np\ndef double(x, w, y):\n    A = 1 / (1 + np.exp(-(x @ w.T)))\n"
        "    return {'A': A, 'loss': -(y * np.log(A) + (1 - y) * np.log(1 - A))}\n"
    )
    small.write_spec(
        inputs='[inputs]\nx = "A1:B1"\nw = "A2:B2"\ny = { at = "A3", choices = [0, 1] }',
        outputs='[outputs]\nA = "C2"\nloss = "C3"',
    )
    return small.spec


@pytest.mark.parametrize("seed", range(4))
def test_a_right_workbook_fails_in_none_of_a_thousand_sets(small, seed):
    """Without a range the neuron is driven to where the last bit of its input decides about the loss."""
    tried = xlparity.verify(network(small), options=Options(scenarios=1000, seed=seed)).checks[0]
    assert (tried.verdict, tried.scenarios.failed, tried.scenarios.unsure) == (Verdict.PASS, 0, ())
    assert tried.scenarios.run > 800


def test_what_rounding_alone_keeps_apart_is_neither_wrong_nor_right(small):
    """A product in another order, of which the sine of a large number shows the last bits: no fault of the workbook."""
    small.write_cells({"A1": 1, "A2": 1, "B1": "=SIN((A1*A2*A1)*1E7)"})
    small.reference.write_text("import numpy as np\ndef double(x, k):\n    return {'y': np.sin(k * (x * x) * 1e7)}\n")
    small.write_spec(inputs='[inputs]\nx = { at = "A1", low = 1, high = 2 }\nk = { at = "A2", low = 0, high = 2 }')
    check = xlparity.verify(small.spec).checks[0]
    assert (check.counts["match"], check.scenarios.failed) == (1, 0)
    assert check.scenarios.indeterminate > 10


@pytest.mark.parametrize(
    ("cell", "formula"),
    [
        ("C3", "=-(A3*LOG(C2)+(1-A3)*LN(1-C2))"),
        ("C3", "=-(A3*LN(C2)+(1-A3)*LN(1-C2))*1.000001"),
        ("C2", "=1/(1+EXP(-C1))+0.000001*C1"),
        ("C3", "=0.474076984180107+0*C2"),
        ("C1", "=A1*A2"),
    ],
)
def test_rounding_is_no_excuse_for_a_wrong_formula(small, cell, formula):
    """A part in a million is ten thousand times what rounding does where the neuron is not certain."""
    check = xlparity.verify(network(small, **{cell: formula})).checks[0]
    assert check.verdict is Verdict.FAIL
    named = {r.cell.a1 for r in check.results if r.status != "match"} | {c.a1 for c in check.scenarios.cells}
    assert {"C1": "C2"}.get(cell, cell) in named


def test_an_error_where_numpy_passes_over_an_overflow_is_no_fault_without_a_range(small):
    """EXP(3000) is #NUM! in Excel; numpy has an infinity there, and goes on to 0. A range promises that it matters."""
    small.reference.write_text("import numpy as np\ndef double(x):\n    return {'y': 1 / (1 + np.exp(-x))}\n")
    small.write_cells({"A1": 3, "B1": "=1/(1+EXP(-A1))"})
    small.write_spec(inputs='[inputs]\nx = { at = "A1", low = -2000, high = 2000 }')
    report = xlparity.verify(small.spec)
    assert report.verdict is Verdict.FAIL
    assert str(report.checks[0].scenarios.smallest.actual) == "#NUM!"
    small.write_cells({"A1": -3, "B1": "=1/(1+EXP(-A1))"})
    small.write_spec()
    check = xlparity.verify(small.spec, options=Options(scenarios=300)).checks[0]
    assert check.verdict is Verdict.PASS
    assert any("some cells are indeterminate" in note for note in check.notes)


def test_a_cell_that_is_nowhere_shown_to_follow_the_reference_is_not_passed(small):
    """The reference is noise: a hair's breadth away it says something else, so nothing at all can be said of the formula."""
    small.reference.write_text(
        "import math\ndef double(x):\n    return {'y': 6.0 if x == 3 else 6.0 + hash(x) % 1000 / 7, 'z': x}\n"
    )
    small.write_cells({"A1": 3, "B1": "=6+0*A1", "B2": "=A1"})
    small.write_spec(outputs='[outputs]\ny = "B1"\nz = "B2"')
    check = xlparity.verify(small.spec).checks[0]
    assert check.verdict is not Verdict.PASS
    assert Cell("Sheet", 1, 2) in (*check.scenarios.unsure, *check.scenarios.cells)


def test_a_corner_where_sums_cancel_does_not_leave_the_check_open(small):
    """Where the readings of a residue differ nobody can tell; beside the corner they do not, and the formula is right."""
    small.write_cells({"A1": 0.4, "A2": 0.15, "B1": "=IF(A1-A2-0.2>0,A1,A2)"})
    small.reference.write_text("def double(x, b):\n    return {'y': x if x - b - 0.2 > 1e-15 else b}\n")
    small.write_spec(
        inputs='[inputs]\nx = { at = "A1", low = 0.3, high = 0.5 }\nb = { at = "A2", low = 0.1, high = 0.3 }'
    )
    check = xlparity.verify(small.spec).checks[0]
    assert (check.verdict, check.scenarios.failed) == (Verdict.PASS, 0)
    small.write_cells({"A1": 0.4, "A2": 0.15, "B1": "=IF(A1-A2-0.2>0,A1,OFFSET(A2,0.2+0*A2,0))"})
    assert xlparity.verify(small.spec).verdict is Verdict.UNASSESSED


# --- columns and samples ----------------------------------------------------------------------------------------------


def doubled(overrides):
    """Every value of a sheet in which A2 is twice A1, with the overrides."""
    found = {A1: 1.0, **overrides}
    return {**found, A2: 2 * found[A1] if type(found[A1]) is float else MISSING}


def test_an_engine_that_computes_one_sample_at_a_time_loops():
    """Every engine takes part, the slow ones slowly."""
    found = one_by_one(lambda sets: map(doubled, sets), {A1: np.array([1.0, 2.0, 3.0])}, 3)
    assert [value_in(found[A2], number) for number in range(3)] == [2.0, 4.0, 6.0]
    assert one_by_one(lambda sets: map(doubled, sets), {A1: ("x", 1.0)}, 2)[A2] == (MISSING, 2.0)


def test_columns_one_after_the_other_keep_their_values():
    """Whatever form each of them has."""
    forms: list[tuple[Column, int]] = [(1.0, 2), (np.array([2.0, 3.0]), 2), ((True, 4.0), 2), ("x", 1)]
    for parts in itertools.permutations(forms, 2):
        column = joined(parts)
        expected = [value_in(part, number) for part, count in parts for number in range(count)]
        assert [value_in(column, number) for number in range(len(expected))] == expected
        assert value_in(picked(column, [1]), 0) == expected[1]
    assert column_of([True, 1.0]) == (True, 1.0)


@pytest.mark.parametrize(
    ("cells", "returns", "inputs"),
    [
        pytest.param(
            {"A1": 2, "A2": -3, "B1": "=A1*A2*(A1*A2<0)"}, "x * z", "", id="a product is positive for some signs"
        ),
        pytest.param({"A1": 2, "A2": 3, "B1": "=ABS(A1*A2)"}, "x * z", "", id="one sign alone is turned"),
        pytest.param({"A1": 0.5, "A2": 3, "B1": "=IF(A1=0,0,A1+A2)"}, "x + z", "", id="one zero alone"),
        pytest.param(
            {"A1": 0.5, "A2": 3, "B1": "=IF(AND(A1>0,A1<1),0,A1*A2)"},
            "x * z",
            ", low = 0, high = 1000000",
            id="small numbers in a wide range",
        ),
    ],
)
def test_what_is_wrong_in_a_part_of_the_inputs_is_found(small, cells, returns, inputs):
    """Signs and zeros of single inputs, and small numbers, are where people write an IF."""
    small.reference.write_text(f"def double(x, z):\n    return {{'y': {returns}}}\n")
    small.write_cells(cells)
    small.write_spec(inputs=f'[inputs]\nx = {{ at = "A1"{inputs} }}\nz = "A2"')
    assert xlparity.verify(small.spec).verdict is Verdict.FAIL


def test_what_is_undefined_in_one_quantity_is_compared_in_the_others(small):
    """The logarithm has no value left of zero; the product, which is wrong there, has one."""
    small.reference.write_text("import numpy as np\ndef double(x):\n    return {'y': np.log(x), 'z': 2 * x}\n")
    small.write_cells({"A1": 3, "B1": "=LN(A1)", "B2": "=IF(A1<0,0,2*A1)"})
    small.write_spec(inputs='[inputs]\nx = { at = "A1", low = -5, high = 5 }', outputs='[outputs]\ny = "B1"\nz = "B2"')
    check = xlparity.verify(small.spec).checks[0]
    assert [str(result.cell) for result in check.only_stored] == ["Sheet!B2"]


def test_an_input_that_is_not_to_vary_stays_as_it_is(small):
    """One-hot labels drawn cell by cell are no labels; where nothing else can vary either, nothing is shown."""
    small.write_cells({"A1": 3, "A2": 1, "B1": "=A1*A2*2"})
    small.reference.write_text("def double(x, z):\n    assert z == 1\n    return {'y': 2 * x}\n")
    small.write_spec(inputs='[inputs]\nx = "A1"\nz = { at = "A2", vary = false }')
    check = xlparity.verify(small.spec).checks[0]
    assert (check.verdict, check.scenarios.dropped) == (Verdict.PASS, 0)
    assert any("does not vary" in note for note in check.notes)


def test_where_no_input_can_be_given_another_value_nothing_is_shown(small):
    """A formula that is frozen to its right value would pass."""
    small.write_cells({"A1": 2, "B1": "=4+0*A1"})
    small.write_spec(inputs='[inputs]\nx = { at = "A1", low = 2, high = 2 }')
    assert xlparity.verify(small.spec).verdict is Verdict.UNASSESSED


@pytest.mark.parametrize("formula", ["=IF(A1/10>0.3,1,2)", "=IF(A1>=3.0000000000000004,1,2)"])
def test_a_limit_that_rounding_decides_in_the_reference_is_no_fault_of_the_formula(small, formula):
    """To numpy 3*0.1 is above 0.3, and 3/10 is not; whole inputs are drawn often, and this one says nothing of the formula."""
    small.write_cells({"A1": 2.3, "B1": formula})
    small.reference.write_text("def double(x):\n    return {'y': 1.0 if x * 0.1 > 0.3 else 2.0}\n")
    small.write_spec(inputs='[inputs]\nx = { at = "A1", low = 0, high = 5 }')
    check = xlparity.verify(small.spec).checks[0]
    assert (check.verdict, check.scenarios.failed) == (Verdict.PASS, 0)


NARROW = '[inputs]\nx = { at = "A1", low = 2.9999999999, high = 3.0000000001 }'


@pytest.mark.parametrize("formula", ["=6+0*A1", "=2*A1"])
def test_a_range_so_narrow_that_nothing_moves_shows_nothing(small, formula):
    """The constant agrees within the tolerance wherever the input may be."""
    small.write_cells({"A1": 3, "B1": formula})
    small.write_spec(inputs=NARROW)
    check = xlparity.verify(small.spec).checks[0]
    assert check.verdict is Verdict.UNASSESSED
    (note,) = check.notes
    assert note.startswith(
        "input 'x' (Sheet!A1) was changed by less than the tolerance in every scenario, so nothing shows"
    )


@pytest.mark.parametrize(
    ("formula", "returns", "more", "verdict"),
    [
        ("=1E12*(A1-3)", "1e12 * (x - 3)", "", Verdict.PASS),
        ("=2*A1+A2", "2 * x + z", '\nz = "A2"', Verdict.UNASSESSED),
    ],
)
def test_a_narrow_range_is_one_unless_it_moves_an_output_by_itself(small, formula, returns, more, verdict):
    """What another input moves says nothing about this one."""
    small.write_cells({"A1": 3, "A2": 5, "B1": formula})
    small.reference.write_text(f"def double(x, z=5.0):\n    return {{'y': {returns}}}\n")
    small.write_spec(inputs=NARROW + more)
    assert xlparity.verify(small.spec).verdict is verdict


def test_rounding_does_not_excuse_a_formula_in_many_sets(small):
    """Nudged inputs that break a condition of the reference are no rounding: a reference may ask for a sum of exactly 1."""
    small.reference.write_text(
        "def double(x, z):\n    if x + z != 1:\n        raise ValueError\n    return {'y': 2 * x}\n"
    )
    small.write_cells({"A1": 0.5, "A2": "=1-A1", "B1": "=IF(A1<0.4,7,A1*2)"})
    small.write_spec(inputs='[inputs]\nx = { at = "A1", low = 0, high = 1 }\nz = "A2"')
    assert xlparity.verify(small.spec).verdict is not Verdict.PASS


# --- two readings of what rounding leaves ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "returns", "more", "expected"),
    [
        pytest.param("=A2*(1-TANH(A1)^2)", "k * (1 - np.tanh(x) ** 2)", "", Verdict.PASS, id="a saturated gradient"),
        pytest.param("=(A1+0.2-A1-0.2)*1E6", "0.0 * x", ", atol = 1e-3", Verdict.PASS, id="both within the tolerance"),
        pytest.param("=(A1-0.9*A1-0.1*A1)*1E6+1", "1 + 0.0 * x", ", atol = 1e-15, rtol = 1e-15", Verdict.UNASSESSED,
                     id="one of the two"),
        pytest.param("=(A1+0.2-A1-0.2)*1E6+1", "2 + 0.0 * x", "", Verdict.FAIL, id="neither"),
        pytest.param("=ROUND(A1*A2-A1*A2*0.9,2)", "np.round(x * k - x * k * 0.9, 2)", ", atol = 0.011", Verdict.PASS,
                     id="a rounded balance"),
    ],
)  # fmt: skip
def test_what_a_subtraction_leaves_is_compared_both_ways(small, formula, returns, more, expected):
    """Whether Excel has 0 or a residue is not known; the cell matches if both agree with the reference, and fails if neither."""
    small.reference.write_text(f"import numpy as np\ndef double(x, k):\n    return {{'y': {returns}}}\n")
    small.write_cells({"A1": 0.1, "A2": 3, "B1": formula})
    small.write_spec(
        inputs='[inputs]\nx = { at = "A1", low = -20, high = 20 }\nk = { at = "A2", low = 1, high = 5 }',
        outputs=f'[outputs]\ny = {{ at = "B1"{more} }}',
    )
    assert xlparity.verify(small.spec).verdict is expected


@pytest.mark.parametrize(
    ("returns", "status"),
    [("(x + y - z) * 1e6", "match"), ("(x + y - z) * 1e6 + 1", "mismatch"), ("0.0 * x", "unsupported")],
)
@pytest.mark.parametrize("count", [0, 5])
def test_the_stored_inputs_alone_are_compared_in_both_readings(small, returns, status, count):
    """Without scenarios, or where no input may vary, a right formula with a residue was a mismatch."""
    small.write_cells({"A1": 0.1, "A2": 0.2, "A3": 0.3, "B1": "=(A1+A2-A3)*1E6"})
    small.reference.write_text(f"def double(x, y, z):\n    return {{'y': {returns}}}\n")
    atol = 0 if status == "unsupported" else 1e-9
    inputs = "\n".join(f'{name} = {{ at = "A{row}", vary = false }}' for row, name in enumerate("xyz", start=1))
    small.write_spec(inputs=f"tolerance = {{ atol = {atol} }}\n[inputs]\n{inputs}")
    (result,) = xlparity.verify(small.spec, options=Options(scenarios=count)).checks[0].results
    assert result.status == status


@pytest.mark.parametrize("wanted", [1.0, 2.0])
def test_a_reading_without_a_value_leaves_the_cell_unassessed(wanted):
    """Whether the other reading agrees or not: the formula is neither right nor wrong by it."""
    words = Words()
    reason = np.array([float(words.place(Unsupported("no value")))])
    others = {0: Other(np.array([0]), reason, np.array([REASON], dtype=np.uint8))}
    actual = Batch({A1: 0}, Store.of([1.0], 1, words), others)
    cells = CellMap((Output("y", Range.of(A1), Tolerance()),), (Offset(0, 0),), frozenset())
    no = np.zeros((1, 1), dtype=bool)
    expected = Expected(np.array([[wanted]]), no, no, no[0], ~no[0], None)
    assert [mask.item() for mask in compare(SimpleNamespace(cells=cells), expected, actual)] == [False, True, False]
