"""``xlparity mutate``: a workbook broken one edit at a time measures how much its spec detects."""

import json

import openpyxl
import pytest
from conftest import Small

from xlparity.errors import UsageError
from xlparity.mutation.mutate import mutate
from xlparity.report import Verdict

KEYS = {"mutants", "equivalent", "detected", "named", "restored", "survived"}


@pytest.fixture
def chain(small):
    """Five formulas on two inputs: one quantity of two cells, their sum, its half, and the sum where that is positive."""
    return chained(small)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What becomes of all mutants of that workbook."""
    return mutate(chained(Small(tmp_path_factory.mktemp("chain"))).spec, jobs=1)


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
    return [(outcome.mutant.contents, outcome.fate) for outcome in report.outcomes]


def test_a_good_spec_detects_every_mutant_names_its_cell_and_mends_nearly_all(whole):
    """Every kind of edit that fits is planted, and every count is of the outcomes that are there."""
    counts = whole.counts
    assert counts["mutants"] == len(whole.outcomes) > 50
    assert counts["detected"] + counts["equivalent"] + counts["survived"] == counts["mutants"]
    assert (counts["survived"], counts["named"]) == (0, counts["detected"])
    assert counts["restored"] > 0.8 * counts["detected"]
    assert whole.verdict is Verdict.PASS
    assert {"typed", "frozen", "anchor", "input", "range", "sign", "operator", "term"} <= whole.kinds.keys()
    for key in KEYS:
        assert sum(kind[key] for kind in whole.kinds.values()) == counts[key]


def test_equivalent_mutants_have_their_evidence(whole):
    """Nobody is asked to believe that a mutant is harmless: so many other inputs could not tell it from the original."""
    assert whole.of("equivalent")
    assert all(outcome.evidence == 1000 for outcome in whole.of("equivalent"))
    assert all(outcome.evidence == 0 for outcome in whole.of("detected"))
    changed = {cell.a1 for outcome in whole.of("equivalent") for cell in outcome.mutant.contents}
    assert changed <= {"C1", "C3"}  # SUMPRODUCT for SUM, and >= for >; any other number is seen in some set


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
    anchors = [outcome for outcome in mutate(small.spec, jobs=1).outcomes if outcome.mutant.kind == "anchor"]
    assert [str(formula) for outcome in anchors for formula in outcome.mutant.contents.values()] in (
        ["=A1/SUM($A1:$A3)", "=A2/SUM($A2:$A4)", "=A3/SUM($A3:$A5)"],
        ["=A1/SUM(A1:A3)", "=A2/SUM(A2:A4)", "=A3/SUM(A3:A5)"],
        ["=A$1/SUM($A$1:$A$3)"] * 3,
        ["=$A$1/SUM($A$1:$A$3)"] * 3,
    )
    assert [(outcome.fate, outcome.named, outcome.restored) for outcome in anchors] == [("detected", True, True)]


def test_without_other_inputs_dead_formulas_survive(chain):
    """A formula that is right on the stored numbers only is the fault that no comparison of values shows."""
    report = mutate(chain.spec, jobs=1, scenarios=0)
    assert report.verdict is Verdict.FAIL
    survivors = report.of("survived")
    assert {"frozen"} <= {outcome.mutant.kind for outcome in survivors}
    assert report.counts["survived"] == len(survivors) > 0
    assert not {outcome.mutant.kind for outcome in survivors} & {"typed", "sign"}


def test_a_lax_tolerance_lets_mutants_survive(whole, chain):
    """The check is measured, not the maths: what is off by a tenth is detected by a spec that looks at all only."""
    lax = 'y = { at = "B1:B2", rtol = 0.6 }\nt = { at = "C1", rtol = 0.6 }\nh = { at = "C2", rtol = 0.6 }\nr = "C3"'
    specified(
        chain, lax.replace('r = "C3"', 'r = { at = "C3", rtol = 0.6 }'), 'x = { at = "A1:A2", low = 3, high = 4 }'
    )
    report = mutate(chain.spec, jobs=1)
    assert report.counts["survived"] > 0
    assert report.counts["detected"] < whole.counts["detected"]


def test_the_same_seed_gives_the_same_mutants_however_many_work_on_them(chain):
    """A survivor can be shown again; the number of processors decides nothing."""
    one, two, three = (mutate(chain.spec, jobs=jobs, seed=seed, most=12) for jobs, seed in ((1, 4), (2, 4), (1, 5)))
    assert one == two
    assert len(one.outcomes) == 12
    assert fates(one) != fates(three)


def test_a_limit_draws_from_all(whole, chain):
    """The first dozen would all be of one quantity."""
    some = mutate(chain.spec, jobs=1, most=15)
    assert len(some.outcomes) == 15
    assert len({outcome.mutant.variable for outcome in some.outcomes}) > 2
    assert all(found in fates(whole) for found in fates(some))


def test_a_helper_that_nothing_binds_is_broken_too(small):
    """It is on the way to a bound cell: whether the spec notices is the question."""
    small.write_cells({"A1": 3, "B1": "=A1+1", "C1": "=2*B1", "D1": "=B1+7"})
    small.reference.write_text("def double(x):\n    return {'y': 2 * (x + 1)}\n")
    specified(small, 'y = "C1"', 'x = "A1"')
    report = mutate(small.spec, jobs=1)
    broken = {cell.a1 for outcome in report.outcomes for cell in outcome.mutant.contents}
    assert broken == {"B1", "C1"}  # D1 is on the way to nothing
    assert report.counts["survived"] == 0


def test_a_workbook_that_does_not_pass_is_not_broken_further(run, chain):
    """Mutants of a wrong workbook would all be detected, and that would show nothing."""
    chain.write_cells(
        {"A1": 3, "A2": 4, "B1": "=2*A1+1", "B2": "=2*A2", "C1": "=SUM(B1:B2)", "C2": "=C1/2", "C3": "=C1"}
    )
    with pytest.raises(UsageError, match=r"does not pass as it is \(fail\); run 'xlparity verify .*small.parity.toml'"):
        mutate(chain.spec, jobs=1)
    done = run("mutate", chain.spec)
    assert (done.code, done.out) == (2, "")
    assert "does not pass as it is" in done.err
    assert run("mutate", chain.folder / "none.parity.toml").code == 2


def test_the_exit_code_tells_whether_anything_survived(run, chain):
    """For a build that is to fail when its spec grows lax; survivors are listed, each with what stood there."""
    done = run("mutate", chain.spec, "--limit", 20, "--jobs", 1)
    assert done.code == 0
    assert "✓ PASS" in done.out
    done = run("mutate", chain.spec, "--scenarios", 0, "--jobs", 1)
    assert done.code == 1
    assert "✗ FAIL" in done.out
    assert "survived: nothing in the report tells them from the original" in done.out
    report = mutate(chain.spec, scenarios=0, jobs=1)
    assert report.of("survived")
    said = " ".join(done.out.split())
    for outcome in report.of("survived"):
        cell, content = next(iter(outcome.mutant.contents.items()))
        assert f"{cell} {outcome.mutant.kind}: {content} for {outcome.mutant.original}" in said


def test_the_json_has_the_counts_and_every_mutant_that_is_not_all_well(run, chain):
    """The same figures as on the terminal, for whoever keeps them over time."""
    done = run("mutate", chain.spec, "--format", "json", "--scenarios", 0, "--jobs", 1, "--seed", 3)
    document = json.loads(done.out)
    assert done.code == 1
    assert document.keys() == {
        "schema", "verdict", "workbook", "spec", "seed", "scenarios", "counts", "kinds", "survivors", "equivalent",
        "unnamed", "unmended",
    }  # fmt: skip
    assert (document["schema"], document["verdict"], document["seed"], document["scenarios"]) == (1, "fail", 3, 0)
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
    for mutant in document["equivalent"]:
        assert mutant["evidence"] == "the same in every bound cell on 1,000 other sets of inputs"


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
    report = mutate(two_iterations, jobs=1, most=5, seed=11, scenarios=20)
    counts = report.counts
    assert counts["mutants"] == 5
    assert counts["survived"] == 0
    assert counts["named"] == counts["detected"] > 3
    assert counts["restored"] >= counts["detected"] - 1


def test_the_original_of_a_mutant_is_what_stood_in_its_first_cell(whole):
    """Report and finding show the two side by side, and a formula of another row would make the edit unreadable."""
    book = openpyxl.load_workbook(whole.workbook).active
    formulas = [(cell, o.mutant.original) for o in whole.outcomes for cell in list(o.mutant.contents)[:1]]
    assert all(original == str(book[cell.a1].value) for cell, original in formulas)
