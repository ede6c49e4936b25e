"""``xlparity mutate``: a workbook broken one edit at a time measures how much its spec detects."""

import json
import types
from math import inf

import numpy as np
import openpyxl
import pytest
from conftest import Small
from openpyxl.worksheet.formula import ArrayFormula

import xlparity.actions.mutate.run as mutation
from xlparity.actions.mutate.mutants import in_rounds
from xlparity.actions.mutate.run import Bench, mutate
from xlparity.engines.evaluator.session import FormulasSession
from xlparity.engines.evaluator.variants import VariantSession
from xlparity.errors import UsageError
from xlparity.excel.address import Cell, parse_range
from xlparity.excel.workbook import Formula
from xlparity.results.mutants import Mutant
from xlparity.results.report import Verdict
from xlparity.settings import Options

KEYS = {"mutants", "equivalent", "detected", "named", "restored", "survived"}


@pytest.fixture
def chain(small):
    """Five formulas on two inputs: one quantity of two cells, their sum, its half, and the sum where that is positive."""
    return chained(small)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What becomes of all mutants of that workbook."""
    return mutate(chained(Small(tmp_path_factory.mktemp("chain"))).spec, options=Options(jobs=1, time=inf))


@pytest.fixture(scope="module")
def unsampled(tmp_path_factory):
    """What becomes of them where only the stored inputs are compared."""
    return mutate(
        chained(Small(tmp_path_factory.mktemp("chain"))).spec, options=Options(jobs=1, time=inf, scenarios=0, seed=6)
    )


def chained(small):
    small.write_cells(
        {"A1": 3, "A2": 4, "B1": "=2*A1+1", "B2": "=2*A2+1", "C1": "=SUM(B1:B2)", "C2": "=C1/2", "C3": "=IF(C2>0,C1,0)"}
    )
    small.reference.write_text(
        "def double(x):\n    y = 2 * x + 1\n    t = y.sum()\n"
        "    return {'y': y, 't': t, 'h': t / 2, 'r': t if t > 0 else 0.0}\n"
    )
    return specified(small)


def specified(small, outputs='y = "B1:B2"\nt = "C1"\nh = "C2"\nr = "C3"', inputs='x = "A1:A2"'):
    small.write_spec(inputs=f"[inputs]\n{inputs}", outputs=f"[outputs]\n{outputs}")
    return small


def fates(report):
    return [(outcome.mutant.contents, outcome.status) for outcome in report.outcomes]


def test_a_good_spec_detects_every_mutant_names_its_cell_and_mends_nearly_all(whole):
    """Every kind of edit that fits is planted, and every count is of the outcomes that are there."""
    counts = whole.counts
    assert counts["mutants"] == len(whole.outcomes) > 50
    assert counts["detected"] + counts["equivalent"] + counts["survived"] == counts["mutants"]
    assert (counts["survived"], counts["named"]) == (0, counts["detected"])
    # A suggestion drops no MAX and no branch of an IF, since no sample may show what they are for.
    assert counts["restored"] > 0.75 * counts["detected"]
    assert whole.verdict is Verdict.PASS
    assert {"typed", "frozen", "anchor", "input", "range", "sign", "operator", "term"} <= whole.kinds.keys()
    for key in KEYS:
        assert sum(kind[key] for kind in whole.kinds.values()) == counts[key]


def test_equivalent_mutants_have_their_evidence(whole, chain):
    """Nobody is asked to believe that a mutant is harmless: so many other inputs could not tell it from the original."""
    outcomes = planted(chain, [("C1", "=SUMPRODUCT(B1:B2)"), ("C3", "=IF(C2>=0,C1,0)")])
    assert [(outcome.status, outcome.evidence) for outcome in outcomes] == [("equivalent", 1000)] * 2
    assert all(outcome.evidence == 0 for outcome in whole.of("detected"))
    changed = {cell.a1 for outcome in whole.of("equivalent") for cell in outcome.mutant.contents}
    assert changed <= {"C1", "C3"}  # any other number is seen in some set


def test_a_mutant_is_planted_in_one_cell_and_wherever_its_formula_stands(whole):
    """One slip in one cell is found beside its siblings; the same slip in all of them only beside the reference."""
    planted = {tuple(cell.a1 for cell in outcome.mutant.contents) for outcome in whole.outcomes}
    assert {("B1", "B2"), ("C1",), ("C2",), ("C3",)} <= planted
    assert ("B1",) in planted or ("B2",) in planted


def test_a_dollar_is_planted_as_filling_would_have_it(whole):
    """Filled down from B1, 2*A$1+1 stands in both cells."""
    (mutant,) = [outcome.mutant for outcome in whole.outcomes if outcome.mutant.kind == "anchor"]
    found = [str(formula) for formula in mutant.contents.values()]
    assert found in (["=2*A$1+1"] * 2, ["=2*$A$1+1"] * 2)


def test_a_range_that_must_not_drift_is_made_to(small):
    """The denominator of a softmax: without its dollars it would move as the formula is filled."""
    small.write_cells({"A1": 1, "A2": 2, "A3": 4} | {f"B{row}": f"=A{row}/SUM($A$1:$A$3)" for row in (1, 2, 3)})
    small.reference.write_text("def double(x):\n    return {'y': x / x.sum()}\n")
    specified(small, 'y = "B1:B3"', 'x = { at = "A1:A3", low = 1, high = 9 }')
    anchors = [
        outcome
        for outcome in mutate(small.spec, options=Options(jobs=1, time=inf)).outcomes
        if outcome.mutant.kind == "anchor"
    ]
    assert [str(formula) for outcome in anchors for formula in outcome.mutant.contents.values()] in (
        ["=A1/SUM($A1:$A3)", "=A2/SUM($A2:$A4)", "=A3/SUM($A3:$A5)"],
        ["=A1/SUM(A1:A3)", "=A2/SUM(A2:A4)", "=A3/SUM(A3:A5)"],
        ["=A$1/SUM($A$1:$A$3)"] * 3,
        ["=$A$1/SUM($A$1:$A$3)"] * 3,
    )
    assert [(outcome.status, outcome.named, outcome.restored) for outcome in anchors] == [("detected", True, True)]


def test_without_other_inputs_dead_formulas_survive(unsampled):
    """A formula that is right on the stored numbers only is the fault that no comparison of values shows."""
    assert unsampled.verdict is Verdict.FAIL
    survivors = unsampled.of("survived")
    assert {"frozen"} <= {outcome.mutant.kind for outcome in survivors}
    assert unsampled.counts["survived"] == len(survivors) > 0
    assert not {outcome.mutant.kind for outcome in survivors} & {"typed", "sign"}


def test_a_lax_tolerance_lets_mutants_survive(whole, chain):
    """The check is measured, not the maths: what is off by a tenth is detected by a spec that looks at all only."""
    lax = 'y = { at = "B1:B2", rtol = 0.6 }\nt = { at = "C1", rtol = 0.6 }\nh = { at = "C2", rtol = 0.6 }\nr = "C3"'
    specified(
        chain, lax.replace('r = "C3"', 'r = { at = "C3", rtol = 0.6 }'), 'x = { at = "A1:A2", low = 3, high = 4 }'
    )
    report = mutate(chain.spec, options=Options(jobs=1, time=inf, mutants=25))
    survivors = [outcome.mutant.contents for outcome in report.of("survived")]
    assert any(fate == "detected" for contents, fate in fates(whole) if contents in survivors)


def test_the_same_seed_gives_the_same_mutants_however_many_work_on_them(chain):
    """A survivor can be shown again; the number of processors decides nothing."""
    one, two, three = (
        mutate(chain.spec, options=Options(jobs=jobs, seed=seed, mutants=12, time=inf))
        for jobs, seed in ((1, 4), (2, 4), (1, 5))
    )
    assert one == two
    assert len(one.outcomes) == 12
    assert fates(one) != fates(three)


def test_a_limit_draws_from_all(whole, chain):
    """The first dozen would all be of one quantity."""
    some = mutate(chain.spec, options=Options(jobs=1, mutants=15, time=inf))
    assert len(some.outcomes) == 15
    assert len({outcome.mutant.variable for outcome in some.outcomes}) > 2
    assert all(found in fates(whole) for found in fates(some))


def test_a_helper_that_nothing_binds_is_broken_too(small):
    """It is on the way to a bound cell: whether the spec notices is the question."""
    small.write_cells({"A1": 3, "B1": "=A1+1", "C1": "=2*B1", "D1": "=B1+7"})
    small.reference.write_text("def double(x):\n    return {'y': 2 * (x + 1)}\n")
    specified(small, 'y = "C1"', 'x = "A1"')
    report = mutate(small.spec, options=Options(jobs=1, time=inf))
    broken = {cell.a1 for outcome in report.outcomes for cell in outcome.mutant.contents}
    assert broken == {"B1", "C1"}  # D1 is on the way to nothing
    assert report.counts["survived"] == 0


def test_a_workbook_that_does_not_pass_is_not_broken_further(run, chain):
    """Mutants of a wrong workbook would all be detected, and that would show nothing."""
    chain.write_cells(
        {"A1": 3, "A2": 4, "B1": "=2*A1+1", "B2": "=2*A2", "C1": "=SUM(B1:B2)", "C2": "=C1/2", "C3": "=C1"}
    )
    with pytest.raises(UsageError, match=r"does not pass as it is \(fail\); run 'xlparity verify .*small.parity.toml'"):
        mutate(chain.spec, options=Options(jobs=1, time=inf))
    done = run("mutate", chain.spec)
    assert (done.code, done.out) == (2, "")
    assert "does not pass as it is" in done.err
    assert run("mutate", chain.folder / "none.parity.toml").code == 2


def test_the_exit_code_tells_whether_anything_survived(run, chain, unsampled):
    """For a build that is to fail when its spec grows lax; survivors are listed, each with what stood there."""
    done = run("mutate", chain.spec, "--limit", 8, "--jobs", 1)
    assert done.code == 0
    assert "✓ PASS" in done.out
    done = run("mutate", chain.spec, "--scenarios", 0, "--jobs", 1, "--seed", 6)
    assert done.code == 1
    assert "✗ FAIL" in done.out
    assert "survived: the check passes, and nothing shows that they compute what the original does" in done.out
    assert unsampled.of("survived")
    said = " ".join(done.out.split())
    for outcome in unsampled.of("survived"):
        cell, content = next(iter(outcome.mutant.contents.items()))
        assert f"{cell} {outcome.mutant.kind}: {content} for {outcome.mutant.original}" in said


def test_the_json_has_the_counts_and_every_mutant_that_is_not_all_well(run, chain):
    """The same figures as on the terminal, for whoever keeps them over time."""
    done = run("mutate", chain.spec, "--format", "json", "--scenarios", 0, "--jobs", 1, "--seed", 1)
    document = json.loads(done.out)
    assert done.code == 1
    assert document.keys() == {
        "schema", "verdict", "workbook", "spec", "seed", "scenarios", "asked", "time", "counts", "kinds", "survivors",
        "equivalent", "unnamed", "unmended",
    }  # fmt: skip
    assert (document["schema"], document["verdict"], document["seed"], document["scenarios"]) == (1, "fail", 1, 0)
    assert document["counts"].keys() == KEYS
    counts = document["counts"]
    assert len(document["survivors"]) == counts["survived"] > 0
    assert len(document["equivalent"]) == counts["equivalent"]
    assert len(document["unnamed"]) == counts["detected"] - counts["named"]
    assert len(document["unmended"]) == counts["named"] - counts["restored"]
    assert all(kind.keys() == KEYS for kind in document["kinds"].values())
    for mutant in document["survivors"]:
        assert mutant.keys() == {"check", "variable", "kind", "cells", "original", "formula", "message"}
        assert mutant["formula"] != mutant["original"]
    assert (document["asked"], document["time"]) == (counts["mutants"], 120)
    assert {mutant["evidence"] for mutant in document["equivalent"]} <= {
        "the same on 1,000 samples of random values of the formula's precedents",
        "the same in every bound cell in 1,000 scenarios",
    }
    assert document["equivalent"]


def test_the_report_goes_to_a_file_and_never_over_the_spec(run, chain, tmp_path):
    """As with the other commands."""
    done = run("mutate", chain.spec, "--limit", 3, "--jobs", 1, "--output", tmp_path / "report.txt")
    assert (done.code, done.err) == (0, f"wrote {(tmp_path / 'report.txt').as_posix()}\n")
    assert done.out.startswith("✓ PASS  3 of 3 mutants detected")
    assert "3 of 3 mutants detected (100.0 %)" in (tmp_path / "report.txt").read_text()
    before = chain.spec.read_bytes()
    assert run("mutate", chain.spec, "--limit", 3, "--output", chain.spec).code == 2
    assert chain.spec.read_bytes() == before


def test_mutants_of_the_generated_workbook_are_detected_and_named(two_iterations):
    """Array formulas, blocks and several checks: a sample of the measurement that is made of the whole."""
    report = mutate(two_iterations, options=Options(jobs=1, mutants=12, seed=11, scenarios=5, time=inf))
    counts = report.counts
    assert counts["mutants"] == 12
    assert counts["survived"] == 0
    assert counts["named"] == counts["detected"] > 8
    assert counts["restored"] > counts["detected"] / 2


def test_the_original_of_a_mutant_is_what_stood_in_its_first_cell(whole):
    """Report and finding show the two side by side, and a formula of another row would make the edit unreadable."""
    book = openpyxl.load_workbook(whole.workbook).active
    formulas = [(cell, o.mutant.original) for o in whole.outcomes for cell in list(o.mutant.contents)[:1]]
    assert all(original == str(book[cell.a1].value) for cell, original in formulas)


# --- equivalence ----------------------------------------------------------------------------------------------------


def planted(small, formulas):
    """What becomes of mutants that have these formulas, by address."""
    bench = Bench(small.spec, None, Options())
    bench.check_original()
    outcomes = []
    for address, text in formulas:
        cell = parse_range(address, "Sheet").first
        held = bench.book.formula(cell)
        mutant = Mutant("small", "y", "planted", "", {cell: Formula(text, held.area, held.spills)}, str(held))
        outcomes.append(bench.outcome(mutant))
    return outcomes


def test_a_formula_that_only_reads_differently_is_equivalent(small):
    """The factor 1, +0, /1, a first power, signs and parentheses that change nothing, operands in another order."""
    small.write_cells(
        {
            "A1": 3, "A2": -4, "A3": 5, "S30": "=A1*A2-A3", "S31": "=A1-A2", "B1": "=SUMPRODUCT(S$30:S$31,A1:A2)",
            "B2": "=MAX(A1,0)", "B3": ArrayFormula("B3", "=SUM(S$30:S$31)"), "B4": "=A1>A2",
        }
    )  # fmt: skip
    small.reference.write_text(
        "def double(x):\n    a, b, c = x.ravel()\n    s, t = a * b - c, a - b\n"
        "    return {'s': s, 't': t, 'y': s * a + t * b, 'r': max(a, 0.0), 'u': s + t, 'g': bool(a > b)}\n"
    )
    specified(small, 's = "S30"\nt = "S31"\ny = "B1"\nr = "B2"\nu = "B3"\ng = "B4"', 'x = "A1:A3"')
    neutral = [
        ("B1", "=SUMPRODUCT(1/1*S$30:S$31,A1:A2)"), ("B3", "=SUM(1/1*S$30:S$31)"), ("B1", "=SUMPRODUCT(S$30:S$31*A1:A2)"),
        ("S30", "=A2*A1-A3"), ("S30", "=(A1*A2)-A3+0"), ("S30", "=A1*A2-A3^1"), ("S30", "=+A1*A2/1-A3"),
        ("S30", "=--A1*A2-A3"), ("S30", "=-(A3-A1*A2)"), ("B2", "=IF(A1>=0,A1,0)"), ("B4", "=A2<A1"),
    ]  # fmt: skip
    outcomes = planted(small, neutral)
    assert [(o.status, o.evidence, o.shown) for o in outcomes] == [("equivalent", 1000, "formulas")] * len(neutral)
    assert {o.status for o in planted(small, [("B2", "=IF(A1>1,A1,0)"), ("B4", "=A1>=A2")])} == {"detected"}


def test_what_rounding_makes_of_a_neutral_edit_further_on_is_no_survivor(small):
    """A variance far from zero keeps few digits: another order of the sum before it moves it by more than rounding may."""
    small.write_cells({"A1": 1e6, "A2": 1e6 + 5, "A3": 1e6 + 7, "B1": "=(A1+A2+A3)/3", "B2": "=SUMSQ(A1:A3)/3-B1^2"})
    small.reference.write_text(
        "def double(x):\n    m = x.sum() / 3\n    return {'m': m, 'v': (x**2).sum() / 3 - m**2}\n"
    )
    specified(small, 'm = "B1"\nv = { at = "B2", atol = 0.01 }', 'x = { at = "A1:A3", low = 1000000, high = 1000010 }')
    outcomes = planted(small, [("B1", "=A1/3+A2/3+A3/3"), ("B1", "=1/3*(A1+A2+A3)")])
    assert [(outcome.status, outcome.shown) for outcome in outcomes] == [("equivalent", "formulas")] * 2


def test_what_hangs_together_in_the_workbook_is_shown_on_its_inputs(small):
    """ABS of a sigmoid is the sigmoid, though ABS of any number is not that number."""
    small.write_cells({"A1": 0.5, "B1": "=1/(1+EXP(-A1))", "C1": "=B1*2"})
    small.reference.write_text(
        "import math\n\ndef double(x):\n    s = 1 / (1 + math.exp(-x))\n    return {'s': s, 'y': 2 * s}\n"
    )
    specified(small, 's = "B1"\ny = "C1"', 'x = { at = "A1", low = -5, high = 5 }')
    (outcome,) = planted(small, [("C1", "=ABS(B1)*2")])
    assert (outcome.status, outcome.shown) == ("equivalent", "inputs")


@pytest.mark.parametrize(
    ("cells", "reference", "outputs", "inputs", "mutant"),
    [
        # An input that keeps its value: its number in the formula's place is seen by nobody.
        ({"B1": "=A1*A2"}, "{'y': x * k}", 'y = "B1"', 'x = "A1"\nk = { at = "A2", vary = false }', ("B1", "=A1*4")),
        # A number that is typed into the sheet and that the spec does not know.
        ({"B1": "=A1*A2"}, "{'y': x * 4}", 'y = "B1"', 'x = "A1"', ("B1", "=A1*4")),
        # The two differ where EXP(A1)+SIN(A2) is 7.5, and no number comes to that exactly.
        (
            {"C1": "=EXP(A1)+SIN(A2)", "B1": "=IF(C1>7.5,1,2)"},
            "{'y': 1.0 if math.exp(x) + math.sin(k) > 7.5 else 2.0}", 'y = "B1"',
            'x = "A1"\nk = "A2"', ("B1", "=IF(C1>=7.5,1,2)"),
        ),
    ],
)  # fmt: skip
def test_a_mutant_that_only_was_not_detected_survives(small, cells, reference, outputs, inputs, mutant):
    """No other value of an input that does not vary has shown anything, nor have a thousand sets without a tie."""
    small.write_cells({"A1": 3, "A2": 4, **cells})
    small.reference.write_text(f"import math\n\ndef double(x, k=4):\n    return {reference}\n")
    specified(small, outputs, inputs)
    (outcome,) = planted(small, [mutant])
    assert outcome.status == "survived"


def test_a_tie_that_comes_about_shows_that_it_makes_no_difference(chain):
    """IF(C2>=0,C1,0) is IF(C2>0,C1,0) as C2 is half of C1, and small whole numbers make both of them 0."""
    (outcome,) = planted(chain, [("C3", "=IF(C2>=0,C1,0)")])
    assert outcome.shown == "inputs"


# --- order and time -------------------------------------------------------------------------------------------------


def test_every_beginning_of_the_order_covers_kinds_and_formulas_evenly(chain):
    """Whoever runs fifty of a thousand wants to know something of every formula, and about every kind of mistake."""
    mutants = Bench(chain.spec, None, Options()).mutants
    kinds = {mutant.kind for mutant in mutants}
    formulas = {mutant.formula for mutant in mutants if mutant.kind != "input"}
    order = in_rounds(mutants, len(mutants), seed=0)
    assert sorted(order) == list(range(len(mutants)))
    assert {mutants[number].kind for number in order[: len(kinds)]} == kinds
    assert {mutants[number].formula for number in order[: len(kinds)]} >= formulas
    for count in (1, 7, 20):
        assert in_rounds(mutants, count, seed=0) == order[:count]
    assert in_rounds(mutants, 20, seed=1) != order[:20]


def test_windows_that_move_by_two_are_one_formula(small):
    """Written relative to its cell, each window of a pooling is another: a draw over these would see nothing else."""
    cells = {f"A{row}": row for row in range(1, 13)} | {"B1": "=SUM(A1:A12)"}
    small.write_cells(cells | {f"C{row}": f"=MAX(A{2 * row - 1}:A{2 * row})" for row in range(1, 7)})
    small.reference.write_text(
        "def double(x):\n    return {'t': x.sum(), 'p': x.reshape(6, 2).max(axis=1).reshape(6, 1)}\n"
    )
    specified(small, 't = "B1"\np = "C1:C6"', 'x = "A1:A12"')
    bench = Bench(small.spec, None, Options())
    drawn = [bench.mutants[number] for number in bench.chosen(12) if bench.mutants[number].kind != "input"]
    assert sum(mutant.variable == "t" for mutant in drawn) >= len(drawn) // 2 - 1


@pytest.fixture
def slow(monkeypatch):
    """Ten seconds pass whenever the clock is looked at."""
    ticks = iter(range(0, 10**6, 10))
    monkeypatch.setattr(mutation, "clock", types.SimpleNamespace(monotonic=lambda: float(next(ticks))))


def test_the_time_decides_how_many_mutants_are_run_and_nothing_else(whole, chain, slow):
    """Of two runs the one that was given less has the beginning of the other's outcomes."""
    short, longer = (mutate(chain.spec, options=Options(jobs=1, time=time)) for time in (90, 200))
    assert 1 < len(short.outcomes) < len(longer.outcomes) < len(whole.outcomes)
    assert short.outcomes == longer.outcomes[: len(short.outcomes)] == whole.outcomes[: len(short.outcomes)]
    assert short.asked == len(whole.outcomes)
    assert (
        len(mutate(chain.spec, options=Options(jobs=1, time=1e-9)).outcomes) == 1
    )  # of one at least something is known


def test_several_processes_stop_as_well(chain):
    """What is under way when the time ends is finished, and what is not is left out."""
    report = mutate(chain.spec, options=Options(jobs=2, time=1e-9))
    assert 1 <= len(report.outcomes) <= 4 < report.asked
    assert report.outcomes == mutate(chain.spec, options=Options(jobs=1, mutants=len(report.outcomes))).outcomes


def test_an_estimate_comes_before_hours_of_work(run, chain, slow):
    """One line on standard error, and in the report how many of how many were run."""
    command = "mutate", chain.spec, "--jobs", 1, "--scenarios", 10, "--limit", 40
    done = run(*command)
    assert done.code == 0
    assert done.err.count("\n") == 1
    assert "mutants take about" in done.err
    assert "120 s allow about" in done.err
    assert done.err.endswith("--time none runs all\n")
    said = " ".join(done.out.split())
    assert "mutants were run in the 120 s allowed; --time none runs all." in said
    document = json.loads(run(*command, "--format", "json").out)
    assert document["counts"]["mutants"] < document["asked"]
    done = run(*command, "--time", "none")
    assert "--time 120 runs as many as 120 s allow" in done.err
    assert "mutants were run" not in done.out


def test_a_survivor_is_one_however_short_the_time(run, chain, slow):
    """Not all was done that was asked, but what is shown is shown."""
    done = run("mutate", chain.spec, "--jobs", 1, "--scenarios", 0, "--time", 600, "--format", "json")
    document = json.loads(done.out)
    assert done.code == 1
    assert 0 < document["counts"]["survived"] <= document["counts"]["mutants"] < document["asked"]


@pytest.mark.parametrize("time", ["-1", "soon", "nan"])
def test_a_time_that_is_none_is_one_line(run, chain, time):
    """Negative, or no number at all."""
    done = run("mutate", chain.spec, "--time", time)
    said = "xlparity: --time is a number of seconds such as 120, or 0 or 'none' for no limit\n"
    assert (done.code, done.out, done.err) == (2, "", said)


def test_a_project_sets_the_time(run, chain, monkeypatch, slow):
    """[tool.xlparity] gives the budget where no option does, and a wrong one is found there."""
    monkeypatch.chdir(chain.folder)
    project = chain.folder / "pyproject.toml"
    project.write_text("[tool.xlparity]\ntime = 50\n")
    command = "mutate", chain.spec, "--jobs", 1, "--format", "json", "--limit", 20
    assert json.loads(run(*command).out)["time"] == 50
    assert json.loads(run(*command, "--time", 70).out)["time"] == 70
    assert json.loads(run(*command, "--time", 0).out)["time"] is None
    project.write_text("[tool.xlparity]\ntime = -3\n")
    done = run(*command)
    assert (done.code, done.out) == (2, "")
    assert "[tool.xlparity]: time is a number of seconds such as 120" in done.err


def test_what_follows_from_a_changed_formula_is_all_that_is_computed_anew(two_iterations):
    """And it comes to the same bits as the whole workbook would: on the stored inputs, on others, and on forced values."""
    bench = Bench(two_iterations, None, Options(scenarios=20))
    others = bench.scenarios.columns(12)
    swept = bench.session.recalculate(others, 12)
    bound = {binding.cell for check in bench.checks for binding in check.cells.bindings}
    held = {**{cell: swept[cell] for cell in bound}, **others}
    variants = 0
    for number in bench.chosen(8):
        book = bench.book.edited(bench.mutants[number].contents)
        whole, part = FormulasSession(book), bench.session.like(book)
        variants += isinstance(part, VariantSession)
        for ask in (
            lambda of: of.recalculate({}),
            lambda of: of.recalculate(others, 12),
            lambda of: of.forced(held, 12),
        ):
            one, other = ask(whole), ask(part)
            assert one.keys() == other.keys()
            assert all(np.array_equal(one[cell], other[cell]) or repr(one[cell]) == repr(other[cell]) for cell in one)
    assert variants > 4


@pytest.mark.parametrize("threshold", ["50000", "A2"])
def test_a_mutant_in_a_branch_that_no_sample_takes_is_not_equivalent(small, threshold):
    """Whatever is changed in that branch agrees; it is for the author of the spec to widen the range."""
    small.write_cells({"A1": 30000, "A2": 50000, "B1": f"=IF(A1>{threshold},A1*0.4-10000,A1*0.2)"})
    small.reference.write_text("def double(x):\n    return {'y': x * 0.4 - 10000 if x > 50000 else x * 0.2}\n")
    specified(small, outputs='y = "B1"', inputs='x = { at = "A1", low = 0, high = 40000 }')
    outcomes = mutate(small.spec, options=Options(jobs=1, time=inf)).outcomes
    texts = {str(one.mutant.contents[Cell("Sheet", 1, 2)]): one.status for one in outcomes}
    inside = {text: fate for text, fate in texts.items() if text.endswith(",A1*0.2)") and "(A1*0.4-10000)" not in text}
    changed = {
        text: fate for text, fate in inside.items() if text.startswith(f"=IF(A1>{threshold},") and "B1" not in text
    }  # a formula that refers to itself is a circular reference in any branch
    assert len(changed) > 2
    assert {fate for text, fate in changed.items() if "*0.4/1-" not in text} == {"survived"}, changed
