"""Second opinions: an engine's fault is not reported as the workbook's, and no engine acquits what it has not recomputed."""

import json
import shutil
from dataclasses import replace

import pytest

import xlparity
from xlparity.compare.consensus import judgements_of, reconcile, with_engines
from xlparity.excel.address import Cell
from xlparity.excel.values import ErrorValue, Unsupported
from xlparity.results.report import CellResult, CheckResult, Finding, Report, Verdict
from xlparity.results.scenarios import Scenarios
from xlparity.settings import Options

CELL, SECOND = Cell("Sheet", 1, 2), Cell("Sheet", 2, 2)
TRIED = Scenarios(0, run=8)


def opinion(engine, status, actual=1.0, scenarios=TRIED, recomputed=True):
    """What one engine says of one cell of which the reference says 1."""
    result = CellResult("y", 1, (0, 0), CELL, status, 1.0, actual, "=A1")
    return CheckResult("c", engine, ("y",), 1, (result,), scenarios=scenarios, recomputed=recomputed)


def report(*checks):
    found = reconcile(checks)
    return Report("spec", "book", "", found, None)


def codes(found):
    return [[finding.code for finding in check.findings] for check in found.checks]


MATCH = ("match", 1.0)
WRONG = ("mismatch", 2.0)
REFUSED = ("unsupported", Unsupported("no"))
NUM = ErrorValue("#NUM!")


@pytest.mark.parametrize(
    ("first", "second", "verdict", "found"),
    [
        (MATCH, MATCH, Verdict.PASS, [[], []]),
        (MATCH, WRONG, Verdict.PASS, [[], ["XP305"]]),
        (WRONG, MATCH, Verdict.UNASSESSED, [["XP307"], []]),
        (WRONG, WRONG, Verdict.FAIL, [[], []]),
        (WRONG, ("mismatch", 3.0), Verdict.FAIL, [[], ["XP306"]]),
        (WRONG, ("mismatch", 2.0 + 1e-12), Verdict.FAIL, [[], []]),
        (("mismatch", "two"), WRONG, Verdict.FAIL, [[], ["XP306"]]),
        (MATCH, REFUSED, Verdict.PASS, [[], []]),
        (REFUSED, MATCH, Verdict.PASS, [[], []]),
        (REFUSED, REFUSED, Verdict.UNASSESSED, [[], []]),
        (WRONG, REFUSED, Verdict.FAIL, [[], []]),
        (("hardcoded", 1.0), ("hardcoded", 1.0), Verdict.FAIL, [[], []]),
        (("error", NUM), MATCH, Verdict.UNASSESSED, [["XP307"], []]),
        (("error", NUM), ("error", ErrorValue("#NUM!")), Verdict.FAIL, [[], []]),
        (("error", NUM), ("error", ErrorValue("#VALUE!")), Verdict.FAIL, [[], ["XP306"]]),
        (("error", NUM), WRONG, Verdict.FAIL, [[], ["XP306"]]),
    ],
)
def test_two_engines_and_the_reference_are_three_witnesses(first, second, verdict, found):
    """Whoever stands alone is wrong, but for ``formulas``, which vouches; two against the reference blame the workbook."""
    said = report(opinion("formulas", *first), opinion("other", *second))
    assert (said.verdict, codes(said)) == (verdict, found)


def test_two_wrong_engines_outvote_one_that_agrees_with_the_reference():
    """Two that compute the same and were written apart are more likely right than one."""
    said = report(opinion("a", *WRONG), opinion("b", *WRONG), opinion("c", *MATCH))
    assert (said.verdict, codes(said)) == (Verdict.FAIL, [[], [], []])


def test_one_against_one_is_no_majority():
    """Where neither of two engines vouches for what it computes, nobody can tell which of them is wrong."""
    said = report(opinion("libreoffice", *WRONG), opinion("ironcalc", *MATCH))
    assert (said.verdict, codes(said)) == (Verdict.UNASSESSED, [["XP307"], []])
    for check in said.checks:
        assert check.results[0].actual.reason == "two engines contradict each other, and which is right is not known"


def test_two_engines_outvote_the_one_that_vouches():
    """It may be wrong all the same, and then the finding is about it."""
    said = report(
        opinion("formulas", *WRONG), opinion("b", *MATCH), opinion("mute", *REFUSED), opinion("c", "match", 1.25)
    )
    assert (said.verdict, codes(said)) == (Verdict.PASS, [["XP305"], [], [], []])
    assert said.checks[0].findings[0].cause.endswith("2 against 1; b, c and the reference agree")


def test_nothing_passes_that_the_vouching_engine_computes_otherwise(run, small):
    """Excel's 1900 has a 29 February, and so its day 2 is not the one that LibreOffice and Python count from 1899-12-30."""
    small.write_cells({"A1": 2, "B1": "=DATE(1900,1,A1)"})
    small.write_spec(inputs='[inputs]\nx = { at = "A1", choices = [1, 2, 3] }')
    small.reference.write_text("def double(x):\n    return {'y': x + 1}\n")
    assert run("verify", small.spec).code == 1
    if shutil.which("soffice"):
        assert run("verify", small.spec, "--engine", "formulas", "--engine", "libreoffice").code == 2


@pytest.mark.libreoffice
def test_no_cause_is_looked_for_where_engines_contradict_each_other(small):
    """Nobody can tell whether DATE(1900,1,2) is right; of a cell that nothing is proved against no formula is called wrong."""
    small.write_cells({"A1": 2, "B1": "=DATE(1900,1,A1)", "C1": "=2*A1-1"})
    small.write_spec(inputs='[inputs]\nx = { at = "A1", choices = [1, 2, 3] }', outputs='[outputs]\ny = "B1"\nz = "C1"')
    small.reference.write_text("def double(x):\n    return {'y': x + 1, 'z': 2 * x + 1}\n")
    found = xlparity.verify(small.spec, options=Options(engines=("formulas", "libreoffice"))).checks[0].findings
    assert [(finding.code, [cell.a1 for cell in finding.cells]) for finding in found] == [
        ("XP307", ["B1"]),
        ("XP103", ["C1"]),
    ]


def test_a_stored_value_never_acquits_a_formula_that_computes_something_else():
    """It is what somebody once computed, from a formula that may have been another."""
    stored = opinion("cached", *MATCH, scenarios=Scenarios(0), recomputed=False)
    assert report(opinion("formulas", *WRONG), stored).verdict is Verdict.FAIL
    assert report(opinion("formulas", *REFUSED), stored).verdict is Verdict.UNASSESSED


def test_a_stale_stored_value_beside_a_right_formula_is_a_finding():
    """The workbook's formulas are right; what it shows is not."""
    said = report(opinion("formulas", *MATCH), opinion("cached", *WRONG, scenarios=Scenarios(0), recomputed=False))
    assert (said.verdict, codes(said)) == (Verdict.PASS, [[], ["XP501"]])


def test_an_engine_that_is_wrong_on_other_inputs_only_stands_alone_too():
    """Agreement on the stored inputs may be luck."""
    changing = Scenarios(0, run=8, failed=3, cells=(CELL,), since=(0,))
    said = report(opinion("formulas", *MATCH), opinion("other", *MATCH, scenarios=changing))
    assert (said.verdict, codes(said)) == (Verdict.PASS, [[], ["XP305"]])
    both = report(opinion("formulas", *MATCH, scenarios=changing), opinion("other", *MATCH, scenarios=changing))
    assert both.verdict is Verdict.FAIL


def test_an_engine_that_ran_fewer_scenarios_does_not_acquit_what_is_wrong_in_a_later_one():
    """A program that is started for every scenario runs the first of them alone."""
    late = Scenarios(0, run=100, failed=3, cells=(CELL,), since=(40,))
    found = opinion("formulas", *MATCH, scenarios=late)
    few = [opinion(name, *MATCH, scenarios=Scenarios(0, run=40)) for name in ("a", "b")]
    assert (report(found, *few).verdict, codes(report(found, *few))) == (Verdict.FAIL, [[], [], []])
    many = [opinion(name, *MATCH, scenarios=Scenarios(0, run=41)) for name in ("a", "b")]
    assert (report(found, *many).verdict, codes(report(found, *many))) == (Verdict.PASS, [["XP305"], [], []])


def test_an_engine_that_is_wrong_at_once_speaks_against_the_cell_also_where_it_ran_few_scenarios():
    """It does not see what is wrong later, and finds the cell wrong all the same."""
    late = Scenarios(0, run=100, failed=3, cells=(CELL,), since=(40,))
    few, many = (Scenarios(0, run=run) for run in (10, 50))
    said = report(
        opinion("formulas", *MATCH, scenarios=late),
        opinion("a", *WRONG, scenarios=few),
        opinion("b", *MATCH, scenarios=many),
    )
    assert (said.verdict, codes(said)) == (Verdict.FAIL, [[], [], []])


def test_both_values_of_a_finding_are_those_of_its_cell():
    """Whatever other cells the engines computed before it."""
    before = CellResult("y", 1, (1, 0), SECOND, "match", 7.0, 7.0, "=A2")
    right, wrong = (
        replace(one, results=(before, *one.results)) for one in (opinion("formulas", *MATCH), opinion("b", *WRONG))
    )
    (finding,) = report(right, wrong).checks[1].findings
    assert finding.message.startswith("b alone is wrong about Sheet!B1 of 'y': 2 against 1;")


def test_a_finding_about_an_engine_has_the_values_where_the_stored_inputs_show_it():
    """On other inputs both values would be those on which the engines agree."""
    (finding,) = report(opinion("formulas", *MATCH), opinion("other", *WRONG)).checks[1].findings
    assert finding.message.startswith("other alone is wrong about Sheet!B1 of 'y': 2 against 1;")
    changing = Scenarios(0, run=8, failed=3, cells=(CELL,), since=(0,))
    (finding,) = report(opinion("formulas", *MATCH), opinion("other", *MATCH, scenarios=changing)).checks[1].findings
    assert finding.message.startswith("other alone is wrong about Sheet!B1 of 'y': on other inputs than the stored")


def test_a_finding_about_an_engine_names_those_that_computed_the_cell():
    """What a file stores agrees with the reference as well, and is no evidence."""
    stored = opinion("cached", *MATCH, scenarios=Scenarios(0), recomputed=False)
    said = report(opinion("formulas", *MATCH), opinion("other", *WRONG), opinion("third", *MATCH), stored)
    (finding,) = said.checks[1].findings
    assert finding.message.endswith("2 against 1; formulas, third and the reference agree.")


def test_of_several_cells_the_first_stands_for_all():
    """A finding has the values of one cell, and says how many more there are."""
    two = [opinion("formulas", *MATCH), opinion("other", *WRONG)]
    both = [
        replace(check, results=(*check.results, check.results[0]._replace(cell=SECOND, actual=actual, formula="=A2")))
        for check, actual in zip(two, (5.0, 6.0), strict=True)
    ]
    (finding,) = report(*both).checks[1].findings
    assert (finding.cells, finding.formula) == ((CELL, SECOND), "=A1")
    assert "wrong about Sheet!B1 and 1 more of 'y': 2 against 1;" in finding.message


@pytest.mark.parametrize("other", ["formulas", "third"])
def test_what_engines_contradict_each_other_about_is_all_that_is_set_aside(other):
    """A cell on which they agree stays a match, or wrong."""
    differing = CellResult("y", 1, (0, 0), Cell("Sheet", 3, 2), "mismatch", 1.0, 2.0, "=A1")
    checks = [
        replace(one, results=(*one.results, one.results[0]._replace(cell=SECOND, status="match"), differing))
        for one in (opinion("other", *WRONG), opinion(other, *MATCH))
    ]
    first, last = report(*checks).checks
    assert [result.status for result in first.results] == ["unsupported", "match", "mismatch"]
    assert [result.status for result in last.results] == [
        "match" if other == "formulas" else "unsupported",
        "match",
        "mismatch",
    ]


def test_what_an_engine_could_not_always_compute_another_may_have():
    """One of them has shown it on every set of inputs."""
    unsure = Scenarios(0, run=8, unsure=(CELL,))
    assert report(opinion("formulas", *MATCH, scenarios=unsure), opinion("other", *MATCH)).verdict is Verdict.PASS
    alone = report(opinion("formulas", *MATCH, scenarios=unsure), opinion("other", *REFUSED))
    assert alone.verdict is Verdict.UNASSESSED


def test_the_command_runs_several_engines_and_names_the_one_that_is_wrong(run, small):
    """ExcelModel rounds the constants that it reads to 15 decimals: a fault of its own, and none of the workbook's."""
    small.write_cells({"A1": 1e-12 / 3, "B1": "=2*A1"})
    small.write_spec(inputs='tolerance = { atol = 0 }\n[inputs]\nx = "A1"')
    done = run("verify", small.spec, "--engine", "formulas", "--engine", "excelmodel", "--format", "json")
    said = json.loads(done.out)
    assert (done.code, said["verdict"]) == (0, "pass")
    assert [(check["engine"], check["verdict"]) for check in said["checks"]] == [
        ("formulas", "pass"),
        ("excelmodel", "unassessed"),
    ]
    (finding,) = said["checks"][1]["findings"]
    assert finding["code"] == "XP305"
    assert "excelmodel alone" in finding["message"]
    shown = run("verify", small.spec, "--engine", "formulas", "--engine", "excelmodel").out
    assert "by excelmodel" in shown
    assert "every one of 1 compared cell computes" in " ".join(shown.split())


def test_a_cause_has_the_engines_that_find_it(small):
    """Two that were written apart are more evidence than one."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    for engines in (("formulas",), ("formulas", "excelmodel")):
        (finding,) = xlparity.verify(small.spec, options=Options(engines=engines)).checks[0].findings
        assert finding.engines == (engines if len(engines) > 1 else ())


def test_a_cause_in_an_unbound_cell_has_the_engines_that_find_its_quantity_wrong():
    """Another quantity that both find wrong in the same iteration says nothing about it."""
    other = CellResult("z", 1, (0, 0), SECOND, "mismatch", 1.0, 2.0, "=A1")
    checks = [
        replace(one, results=(*one.results, other)) for one in (opinion("formulas", *WRONG), opinion("b", *REFUSED))
    ]
    cause = Finding("XP199", "y", (Cell("Sheet", 9, 9),), (1,), "wrong")
    (found,) = with_engines([cause], 0, checks, judgements_of(checks))
    assert found.engines == ("formulas",)


@pytest.mark.parametrize("beside", [(MATCH, MATCH), (REFUSED, REFUSED), (MATCH, WRONG)])
def test_an_engine_finds_a_cause_only_where_it_finds_the_same_cell_wrong(beside):
    """What it says of another cell of the cause is evidence of another fault, or of none."""
    cause = Finding("XP101", "y", (CELL, SECOND), (1,), "wrong")
    checks = [
        replace(one, results=(*one.results, CellResult("y", 1, (1, 0), SECOND, status, 1.0, value, "=A1")))
        for one, (status, value) in zip((opinion("formulas", *WRONG), opinion("b", *MATCH)), beside, strict=True)
    ]
    (found,) = with_engines([cause], 0, checks, judgements_of(checks))
    assert found.engines == ("formulas",)


@pytest.mark.parametrize(("engine", "said"), [("formulas", ": the"), ("excelmodel", " is the likely cause: the")])
def test_a_helper_behind_several_outputs_is_proved_by_the_engine_that_evaluates_formulas_alone(small, engine, said):
    """Another engine proves nothing about a formula on values that are not in the workbook."""
    small.write_cells({"A1": 3, "B1": "=D1+1", "C1": "=D1*2", "D1": "=3*A1"})
    small.reference.write_text("def double(x):\n    return {'y': 2 * x + 1, 'z': 4 * x}\n")
    small.write_spec(outputs='[outputs]\ny = "B1"\nz = "C1"')
    (finding,) = xlparity.verify(small.spec, options=Options(engines=(engine,))).checks[0].findings
    assert finding.cause.startswith(f"Sheet!D1{said} number 3 should be 2; ")


def test_the_terminal_has_one_result_for_a_cell_of_however_many_engines(run, small):
    """Two tables of the same cells read as two faults; where the engines disagree, a finding says so."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    engines = [word for name in ("formulas", "excelmodel", "cached") for word in ("--engine", name)]
    shown = run("verify", small.spec, *engines).out
    assert shown.count("Sheet!B1  y") == shown.count("✗ small") == 1
    assert "✗ small, by formulas, excelmodel and cached\n" in shown


def test_nothing_is_drawn_for_stored_values(run, small):
    """They are compared on the stored inputs alone; a function that draws, which may be slow or fail, is not called."""
    run("recalc", small.workbook)
    small.reference.write_text(
        "def double(x):\n    return {'y': 2 * x}\ndef drawn(random, stored):\n    raise ValueError('called')\n"
    )
    small.write_spec(inputs='[inputs]\nx = { at = "A1", draw = "small.py:drawn" }')
    assert "called" in run("verify", small.spec).err
    assert run("verify", small.spec, "--engine", "cached").code == 0


def test_stored_values_are_compared_as_such(run, small):
    """They are Excel's own witness, and say nothing about other inputs."""
    assert run("verify", small.spec, "--engine", "cached").code == 2  # openpyxl stores none
    run("recalc", small.workbook)
    done = run("verify", small.spec, "--engine", "cached")
    assert done.code == 0
    assert "nothing was recomputed" in " ".join(done.out.split())
    assert "stores what the Python reference computes" in " ".join(done.out.split())
