"""Which outcomes of the decisions in formulas the scenarios reach, as the result of a check has it."""

import numpy as np
import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.formula import ArrayFormula

import xlparity
from xlparity.engines.formulas import FormulasEngine
from xlparity.excel.workbook import read_workbook
from xlparity.results.branches import Branches
from xlparity.scenarios.outcomes import Probing, decisions
from xlparity.settings import Options
from xlparity.spec import bind, read_spec


def check_of(small, formula, returns, inputs='x = { at = "A1", low = 0, high = 10 }', cells=None):
    """The result of a check of ``formula`` in B1 against a reference that returns this expression of its inputs."""
    names = ", ".join(line.partition("=")[0].strip() for line in inputs.splitlines())
    small.reference.write_text(f"import numpy as np\ndef double({names}):\n    return {{'y': {returns}}}\n")
    small.write_cells({"A1": 2.25, "A2": 3, "B1": formula, **(cells or {})})
    small.write_spec(inputs=f"[inputs]\n{inputs}")
    return xlparity.verify(small.spec).checks[0]


def missed(check):
    return [branch.what for branch in check.branches.missed]


@pytest.mark.parametrize(
    ("formula", "returns", "outcomes", "unreached"),
    [
        pytest.param("=IF(A1>20,A1,1)", "1", 3, ["IF(A1>20) true", "A1>20 equal"], id="a limit beyond the range"),
        pytest.param("=IF(A1>5,A1,1)", "x if x > 5 else 1", 3, [], id="a limit within it"),
        pytest.param("=IF(A1=5,A1,1)", "x if x == 5 else 1", 2, [], id="of an equality, two outcomes"),
        pytest.param("=IF(2>1,A1,1)", "x", 0, [], id="two constants always compare alike"),
        pytest.param("=MIN(A1,20)", "x", 2, ["MIN(A1,20) returns 20"], id="an argument that is never the least"),
        pytest.param("=MAX(2,3)*A1", "3 * x", 0, [], id="constants alone"),
        pytest.param(
            "=IF(A1>20,IF(A2>2,1,2),3)", "3", 6,
            ["IF(A1>20) true", "A1>20 equal", "IF(A2>2) true", "IF(A2>2) false", "A2>2 equal"],
            id="nothing is reached in a branch that is not taken",
        ),
        pytest.param("=ROUND(A1,0)", "np.floor(x + 0.5)", 3, [], id="up, down and at a half"),
        pytest.param("=ROUND(A1-5,0)", "np.sign(x - 5) * np.floor(abs(x - 5) + 0.5)", 4, [], id="and at a negative half"),
        pytest.param("=ROUND(A1-20,0)", "-np.floor(20.5 - x)", 3, [], id="of negative numbers, at a negative half alone"),
        pytest.param("=INT(A1)", "np.floor(x)", 2, [], id="a whole number and another"),
        pytest.param(
            "=CHOOSE(IF(A1>5,1,2),A1,3,4)", "x if x > 5 else 3", 6,
            ["CHOOSE(IF(A1>5,1,2),A1,3,4) takes 3"], id="a value that is never chosen",
        ),
        pytest.param(
            "=VLOOKUP(A1,C1:D3,2)", "(7, 8)[int(x >= 4)]", 6,
            ["VLOOKUP(A1,C1:D3,2) row 3 of C1:D3", "VLOOKUP(A1,C1:D3,2) row 3 of C1:D3, at its key"],
            id="a row whose key is beyond the range",
        ),
        pytest.param(
            "=IFERROR(A1/(A1+1),5)", "x / (x + 1)", 2, ["IFERROR(A1/(A1+1),5) with an error"], id="an error that never is"
        ),
        pytest.param(
            '=COUNTIF(C1:C3,">"&A1)', "sum(k > x for k in (0, 4, 11))", 3,
            ['COUNTIF(C1:C3,">"&A1) without a match'], id="a criterion that always matches",
        ),
        pytest.param(
            "=IF(AND(A1>5,A2<9),1,0)", "int(x > 5)", 5,
            ["IF(AND(A1>5,A2<9)): A2<9 alone false", "A2<9 equal"], id="an argument that never decides",
        ),
    ],
)  # fmt: skip
def test_what_no_scenario_reaches_is_named(small, formula, returns, outcomes, unreached):
    """A pass says nothing about these: whatever the formula has there, no scenario would show it."""
    check = check_of(small, formula, returns, cells={"C1": 0, "D1": 7, "C2": 4, "D2": 8, "C3": 11, "D3": 9})
    assert (check.branches.formulas, missed(check)) == (outcomes, unreached)
    assert {branch.where for branch in check.branches.missed} <= {"Sheet!B1"}


def test_cells_with_one_relative_formula_are_one_decision(small):
    """A column that was filled down is one formula; one outcome is reached where any of its cells reaches it."""
    small.reference.write_text("def double(x):\n    return {'y': [[x if k > 2 else 0.0] for k in (1, 2, 3, 4)]}\n")
    small.write_cells(
        {f"C{k}": k for k in range(1, 5)} | {f"B{k}": f"=IF(C{k}>2,$A$1,0)" for k in range(1, 5)} | {"A1": 3}
    )
    small.write_spec(outputs='[outputs]\ny = "B1:B4"')
    assert xlparity.verify(small.spec).checks[0].branches.formulas == 3


def test_the_cells_of_a_missed_outcome_are_all_that_have_the_formula(small):
    """They are what a reader has to look at."""
    small.reference.write_text("def double(x):\n    return {'y': [[x], [x]]}\n")
    small.write_cells({"A1": 3, "C1": 1, "C2": 2, "B1": "=IF(C1>0,$A$1,0)", "B2": "=IF(C2>0,$A$1,0)"})
    small.write_spec(outputs='[outputs]\ny = "B1:B2"')
    found = xlparity.verify(small.spec).checks[0].branches.missed
    assert [(one.what, [cell.a1 for cell in one.cells]) for one in found] == [
        ("IF(C1>0) false", ["B1", "B2"]),
        ("C1>0 equal", ["B1", "B2"]),
    ]


def test_a_choice_is_never_equal_to_a_number_between(small):
    """No input could reach that, nor an input that is a whole number."""
    check = check_of(small, "=IF(A1>0.5,1,0)", "x", 'x = { at = "A1", choices = [0, 1] }', {"A1": 1})
    assert (check.branches.formulas, missed(check)) == (2, [])
    check = check_of(
        small, "=IF(A1>2.5,1,0)", "int(x > 2.5)", 'x = { at = "A1", low = 0, high = 9, integer = true }', {"A1": 1}
    )
    assert (check.branches.formulas, missed(check)) == (2, [])


def test_an_outcome_where_the_reference_is_undefined_is_not_reached(small):
    """Nothing is compared there."""
    check = check_of(small, "=IF(A1>5,A1,1)", "1.0 if x < 5 else float('nan')")
    assert missed(check) == ["IF(A1>5) true", "A1>5 equal"]


@pytest.mark.parametrize(
    ("formula", "returns", "unreached"),
    [
        ("=IF(A1>20,A1,1)", "1", ["IF(A1>20) true", "A1>20 equal"]),
        ("=A1*IF(A1=20,3,2)", "2 * x", ["IF(A1=20) true"]),
        ("=MIN(A1*3,40)", "x * 3", ["MIN(A1*3,40) returns 40"]),
        (
            '=COUNTIF(A1,">20")',
            "0",
            ['COUNTIF(A1,">20") with a match', 'A1 equal to 20 in COUNTIF(A1,">20")'],
        ),
        ("=CHOOSE(IF(A1>20,2,1),A1,1)", "x", None),
    ],
)
def test_a_limit_typed_into_a_formula_that_nothing_tests_is_an_outcome_that_is_not_reached(
    small, formula, returns, unreached
):
    """With any other number that is as far away the formula agrees as well; a limit that is met is tested by value."""
    check = check_of(small, formula, returns)
    assert "A1>20 equal" in missed(check) if unreached is None else missed(check) == unreached
    assert check.branches.unvaried == ()
    assert missed(check_of(small, formula.replace("20", "7").replace("40", "7"), "0")) == []


def test_an_outcome_where_nothing_can_be_judged_is_not_reached(small):
    """Above 600 both overflow, and an error value in one and a number in the other is evidence of nothing."""
    small.reference.write_text("import numpy as np\ndef double(x):\n    return {'y': 1.0, 'z': np.exp(x + 200)}\n")
    small.write_cells({"A1": 1, "B1": "=IF(A1>600,1+0*B2,1)", "B2": "=EXP(A1+200)"})
    small.write_spec(outputs='[outputs]\ny = "B1"\nz = "B2"')
    check = xlparity.verify(small.spec).checks[0]
    assert check.scenarios.indeterminate > 0
    assert missed(check) == ["IF(A1>600) true"]


def test_an_outcome_is_reached_in_one_cell_where_another_cannot_be_judged(small):
    """The samples in which C1 is right count for the branch of C1, whatever B1 does in them."""
    small.reference.write_text(
        "import numpy as np\ndef double(x):\n    return {'y': 1.0, 'z': np.exp(x + 200), 'w': x > 600}\n"
    )
    small.write_cells({"A1": 1, "B1": "=IF(A1>500,1+0*B2,1)", "B2": "=EXP(A1+200)", "C1": "=A1>600"})
    small.write_spec(outputs='[outputs]\ny = "B1"\nz = "B2"\nw = "C1"')
    check = xlparity.verify(small.spec).checks[0]
    assert (missed(check), check.scenarios.failed) == ([], 0)


def test_an_array_formula_reaches_what_any_of_its_elements_does(small):
    """A mask is computed in one formula for all of its cells."""
    small.reference.write_text("import numpy as np\ndef double(x):\n    return {'y': np.where(x > 1, x, 0)}\n")
    small.write_cells({"A1": 3, "A2": 0.5, "B1": ArrayFormula("B1:B2", "=IF(A1:A2>1,A1:A2,0)")})
    small.write_spec(inputs='[inputs]\nx = { at = "A1:A2", low = 0, high = 9 }', outputs='[outputs]\ny = "B1:B2"')
    check = xlparity.verify(small.spec).checks[0]
    assert (check.branches.formulas, missed(check)) == (3, [])


def test_without_decisions_nothing_is_searched_for(small):
    """The scenarios are those that are drawn."""
    check = check_of(small, "=2*A1", "2 * x")
    assert check.branches == Branches(reference=check.branches.reference)
    assert check.scenarios.run == 100


def test_searched_scenarios_come_after_the_drawn_ones(small):
    """What was asked for stays what the person asked for, and the same seed searches the same."""
    first = check_of(small, "=IF(A1*A1>50,1,0)+A1", "x + (x * x > 50)")
    again = check_of(small, "=IF(A1*A1>50,1,0)+A1", "x + (x * x > 50)")
    assert first.scenarios.asked == 100
    assert first.scenarios == again.scenarios


@pytest.mark.parametrize(
    ("given_as", "allowed"),
    [
        ('{ at = "A1", low = 1, high = 4 }', lambda x: 1 <= x <= 4),
        ('{ at = "A1", low = 1, high = 9, integer = true }', lambda x: x.is_integer()),
        ('{ at = "A1", choices = [1, 2, 7] }', lambda x: x in (1, 2, 7)),
    ],
)
def test_searched_inputs_are_within_what_the_spec_allows(small, given_as, allowed):
    """The reference need not be right anywhere else."""
    seen = small.folder / "seen.txt"
    code = f"def double(x):\n    with open({str(seen)!r}, 'a') as file:\n        print(x, file=file)\n"
    small.reference.write_text(f"{code}    return {{'y': 1.0 if x > 5.5 else 0.0}}\n")
    small.write_cells({"A1": 2, "B1": "=IF(A1>5.5,1,0)"})
    small.write_spec(inputs=f"[inputs]\nx = {given_as}")
    xlparity.verify(small.spec)
    values = [float(line) for line in seen.read_text().split()]
    # Around a sample, the reference is called a few units in the last place away.
    assert all(allowed(value) or allowed(round(value, 9)) for value in values)


@examples(30)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=6))
def test_outcomes_of_a_comparison_are_those_of_python(tmp_path_factory, pairs):
    """The probe of ``A1<A2`` says what Python says of the same numbers."""
    from conftest import Small  # noqa: PLC0415

    small = Small(tmp_path_factory.mktemp("small"))
    small.reference.write_text("def double(a, b):\n    return {'y': a < b}\n")
    small.write_cells({"A1": 1, "A2": 2, "B1": "=IF(A1<A2,1,MIN(A1,A2,0))"})
    small.write_spec(inputs='[inputs]\na = "A1"\nb = "A2"')
    plan = read_spec(small.spec, Options())
    book = read_workbook(small.workbook)
    (check,) = bind(plan, book)
    session = FormulasEngine().load(book)
    columns = {cell: np.array([float(pair[at]) for pair in pairs]) for at, cell in enumerate(sorted(check.named))}
    found = {one: one.cells for one in decisions(check, book, book.cells)}
    reached = {
        outcome.what: probed.occurs(outcome).any(axis=0).tolist()
        for decision, probed in Probing(session, found).on(session.recalculate(columns, len(pairs)))
        for outcome in decision.outcomes
    }
    assert reached["IF(A1<A2) true"] == [a < b for a, b in pairs]
    assert reached["IF(A1<A2) false"] == [a >= b for a, b in pairs]
    assert reached["A1<A2 equal"] == [a == b for a, b in pairs]
    # Of two arguments that are equal, neither is the one that is returned; and the branch must be taken.
    assert reached["MIN(A1,A2,0) returns A2"] == [a >= b and b < min(a, 0) for a, b in pairs]
    assert reached["MIN(A1,A2,0) returns 0"] == [a >= b and min(a, b) > 0 for a, b in pairs]
