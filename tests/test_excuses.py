"""What excuses a difference in a scenario: a cell's own undefined expectation, rounding, or an overflow among its precedents.

Whatever else is odd in that scenario, in the same workbook or in the same reference, excuses nothing.
"""

import pytest

import xlparity
from xlparity.excel import ooxml
from xlparity.results.report import Verdict
from xlparity.scenarios import rounding
from xlparity.settings import Options

TWO = '[outputs]\ny = "B1"\nz = "B2"'


def checked(small, cells, returns, *, inputs='[inputs]\nx = "A1"', outputs=TWO, parameters="x", **options):
    """The result of the one check of a workbook with these cells, whose reference returns this mapping."""
    small.reference.write_text(f"import numpy as np\ndef double({parameters}):\n    return {returns}\n")
    small.write_cells(cells)
    small.write_spec(inputs=inputs, outputs=outputs)
    return xlparity.verify(small.spec, options=Options(**options)).checks[0]


def store(small, cell, value):
    """Stores a value beside the formula in a cell of the file, as a program that computed it would."""
    parts = ooxml.read_parts(small.workbook.read_bytes(), small.workbook)
    part = "xl/worksheets/sheet1.xml"
    parts[part] = ooxml.Sheet(parts[part], "Sheet").edited({cell: ooxml.Content(stored=ooxml.result(value))})
    small.workbook.write_bytes(ooxml.pack(parts))


def wrong_cells(check):
    return [cell.a1 for cell in check.scenarios.cells]


# --- undefined, or an error value ------------------------------------------------------------------------------------


def test_a_cell_is_excused_only_where_its_own_expectation_is_undefined(small):
    """The logarithm has no value left of zero; twice x has one, and a detour over the logarithm is an error there."""
    check = checked(small, {"A1": 3, "B1": "=LN(A1)", "B2": "=EXP(LN(A1))*2"}, "{'y': np.log(x), 'z': 2 * x}")
    assert (check.verdict, wrong_cells(check)) == (Verdict.FAIL, ["B2"])
    assert [(found.code, [cell.a1 for cell in found.cells]) for found in check.findings] == [("XP301", ["B2"])]


def test_an_error_value_is_not_excused_by_a_nan_of_another_quantity(small):
    """The reference says 0 for y where z is undefined; the workbook has #NUM! in both."""
    check = checked(
        small, {"A1": 1, "B1": "=LN(A1)", "B2": "=B1"}, "{'y': np.log(x) if x > 0 else 0.0, 'z': np.log(x)}"
    )
    assert (check.verdict, wrong_cells(check)) == (Verdict.FAIL, ["B1"])


def test_a_nan_of_the_reference_is_no_match(small):
    """y is defined for the stored input and where EXP overflows; elsewhere it is NaN, which shows nothing of the formula."""
    cells = {"A1": 3, "B1": "=IF(A1=3,1,EXP(A1))", "B2": "=2*A1"}
    returns = "{'y': 1.0 if x == 3 or np.exp(x) == np.inf else np.nan, 'z': 2 * x}"
    assert checked(small, cells, returns, scenarios=300).verdict is Verdict.UNASSESSED


# --- overflows -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula",
    [
        pytest.param("=2*A1/IF(A1<700,1,0)", id="a division by zero of its own"),
        pytest.param("=2*A1/(A1<700)", id="a condition as divisor"),
        pytest.param("=2*A1/IF(A1<700,1,IF(A1<0,EXP(A1),0))", id="an overflow in a branch that is not taken"),
        pytest.param("=IF(A1<700,2*A1,LN(-A1))", id="the same error value, and no overflow"),
        pytest.param(
            "=IF(A1>700,1/0,2*A1+0*EXP(A1))", id="an error value of its own beside an overflow that is not read"
        ),
    ],
)
def test_an_overflow_excuses_only_what_depends_on_it(small, formula):
    """EXP is infinite in numpy and #NUM! in Excel where x is large; what stands beside it has no part in that."""
    cells = {"A1": 1, "B1": "=EXP(A1)", "B2": formula}
    check = checked(small, cells, "{'y': np.exp(x), 'z': 2 * x}")
    assert (check.verdict, wrong_cells(check)) == (Verdict.FAIL, ["B2"])


def test_an_overflow_that_the_reference_does_not_have_is_a_fault(small):
    """A ratio of two huge numbers, where the reference needs none."""
    check = checked(small, {"A1": 3, "B1": "=2*A1*EXP(A1)/EXP(A1)"}, "{'y': 2 * x}", outputs='[outputs]\ny = "B1"')
    assert (check.verdict, wrong_cells(check)) == (Verdict.FAIL, ["B1"])


def test_an_underflow_excuses_nothing(small):
    """What is too small becomes 0 in both languages."""
    cells = {"A1": 1, "B1": "=2*A1/IF(A1>-1,1,0)", "B2": "=EXP(-ABS(A1)*1000)"}
    check = checked(small, cells, "{'y': 2 * x, 'z': np.exp(-abs(x) * 1000)}")
    assert (check.verdict, wrong_cells(check)) == (Verdict.FAIL, ["B1"])


@pytest.mark.parametrize(
    ("cells", "returns"),
    [
        pytest.param(
            {"A1": -3, "B1": "=EXP(-A1)", "B2": "=1/(1+B1)"},
            "{'y': np.exp(-x), 'z': 1 / (1 + np.exp(-x))}",
            id="through a compared cell",
        ),
        pytest.param(
            {"A1": -3, "C1": "=EXP(-A1)", "B1": "=A1", "B2": "=1/(1+C1)"},
            "{'y': x, 'z': 1 / (1 + np.exp(-x))}",
            id="through a helper",
        ),
        pytest.param(
            {"A1": -3, "B1": "=A1", "B2": "=1/(1+EXP(-A1))"},
            "{'y': x, 'z': 1 / (1 + np.exp(-x))}",
            id="in its own formula",
        ),
        pytest.param(
            {"A1": 3, "B1": "=EXP(A1)", "B2": '=COUNTIF(B1,">1")'},
            "{'y': np.exp(x), 'z': float(np.exp(x) > 1)}",
            id="counted",
        ),
        pytest.param(
            {"A1": 3, "B1": "=EXP(A1)", "B2": "=IF(ISERROR(B1),0,1)"},
            "{'y': np.exp(x), 'z': 1.0}",
            id="compared",
        ),
    ],
)
def test_what_depends_on_an_overflow_is_excused(small, cells, returns):
    """Excel has #NUM! where numpy goes on with an infinity: whatever follows from it is no fault of a formula."""
    check = checked(small, cells, returns, scenarios=300)
    assert (check.verdict, check.scenarios.failed) == (Verdict.PASS, 0)
    assert check.scenarios.indeterminate > 0


# --- where the reference raises nearby -------------------------------------------------------------------------------


def test_an_error_value_is_not_excused_by_a_reference_that_raises_nearby(small):
    """The reference asks for a sum of exactly 1, so a nudge makes it raise: that says nothing about #DIV/0!."""
    small.reference.write_text(
        "def double(x, z):\n    if x + z != 1:\n        raise ValueError\n    return {'y': 2 * x}\n"
    )
    small.write_cells({"A1": 0.5, "A2": "=1-A1", "B1": "=2*A1/(A1<0.97)"})
    small.write_spec(inputs='[inputs]\nx = { at = "A1", low = 0, high = 1 }\nz = "A2"')
    assert xlparity.verify(small.spec).verdict is not Verdict.PASS


# --- inputs that do not vary -----------------------------------------------------------------------------------------


def test_declared_ranges_win_over_a_stored_truth_value(small):
    """A TRUE in the cell of a number is drawn from the number's range: 2 and 3 show what TRUE and FALSE do not."""
    cells = {"A1": True, "B1": "=IF(A1>1,0,2*A1)"}
    inputs = '[inputs]\nx = { at = "A1", low = 0, high = 5 }'
    check = checked(small, cells, "{'y': 2 * x}", inputs=inputs, outputs='[outputs]\ny = "B1"')
    assert (check.verdict, wrong_cells(check)) == (Verdict.FAIL, ["B1"])


@pytest.mark.parametrize(
    ("content", "vary", "expected"),
    [
        pytest.param("=0.1+0*A2", "", Verdict.UNASSESSED, id="a formula of another input that gives always the same"),
        pytest.param("=0.1+0*A3", "", Verdict.UNASSESSED, id="a formula of a constant"),
        pytest.param("=0.1+0*A3", ", vary = false", Verdict.PASS, id="which is declared"),
        pytest.param(0.1, "", Verdict.FAIL, id="a number"),
    ],
)
def test_an_input_that_never_moves_leaves_the_check_unassessed(run, small, content, vary, expected):
    """=2*A2*0.1 computes 2*k*x as long as x is 0.1; only another x shows that it is frozen."""
    small.reference.write_text("def double(x, k):\n    return {'y': 2 * k * x}\n")
    small.write_cells({"A1": content, "A2": 3, "A3": 7, "B1": "=2*A2*0.1"})
    small.write_spec(inputs=f'[inputs]\nx = {{ at = "A1"{vary} }}\nk = "A2"')
    report = xlparity.verify(small.spec)
    assert report.verdict is expected
    assert list(report.checks[0].scenarios.kept) == (["x"] if expected is Verdict.UNASSESSED else [])
    if expected is Verdict.UNASSESSED:
        said = " ".join(run("verify", small.spec).out.split())
        assert "nothing shows that the formulas depend on it" in said
        assert "write vary = false if it is never to change" in said


def test_one_cell_of_an_input_that_never_moves_leaves_the_check_unassessed(run, small):
    """The formula never reads A3, which is 0.1 in every sample; the cells that do move show nothing about it."""
    small.reference.write_text("def double(x):\n    return {'y': x.sum()}\n")
    small.write_cells({"A1": 3, "A2": 5, "A3": "=0.1+0*A1", "B1": "=SUM(A1:A2)+0.1"})
    small.write_spec(inputs='[inputs]\nx = "A1:A3"')
    report = xlparity.verify(small.spec)
    assert report.verdict is Verdict.UNASSESSED
    assert "input 'x' (Sheet!A3) kept its stored value in every scenario" in run("verify", small.spec).out


def test_an_input_for_which_the_reference_is_defined_nowhere_else_needs_a_range(run, small):
    """The input was drawn; to type a number into its cell would not help."""
    small.reference.write_text("def double(x):\n    if x != 3:\n        raise ValueError(x)\n    return {'y': 2 * x}\n")
    small.write_spec(inputs='[inputs]\nx = { at = "A1", choices = [3, 4] }')
    done = run("verify", small.spec)
    assert done.code == 2
    assert "the reference is undefined for every other value drawn for input 'x'" in done.out
    assert "type a number" not in done.out


# --- rounding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "test"),
    [
        pytest.param('p = { at = "A2", vary = false }\nx = { at = "A1", low = 0, high = 10 }', "p not in (0.1, 0.3)",
                     id="an input that does not vary is not nudged"),
        pytest.param('p = { at = "A2", low = 0.1, high = 0.4 }\nx = { at = "A1", low = 0, high = 10 }',
                     "not 0.1 <= p <= 0.4 or not 0 <= x <= 10", id="no input is nudged out of its range"),
    ],
)  # fmt: skip
def test_a_reference_that_raises_on_nudged_inputs_excuses_nothing(small, inputs, test):
    """A difference of any size was taken for rounding where the reference checks what it is given."""
    small.reference.write_text(
        f"def double(p, x):\n    if {test}:\n        raise ValueError(p)\n    return {{'y': p * x}}\n"
    )
    small.write_cells({"A1": 5, "A2": 0.3, "B1": "=IF(A1>9,0,A1*A2)"})
    small.write_spec(inputs=f"[inputs]\n{inputs}")
    assert xlparity.verify(small.spec).verdict is not Verdict.PASS


def test_a_difference_is_not_taken_for_rounding_where_the_reference_raises_on_every_nudged_input(small):
    """Nobody can say then; a wrong workbook passed."""
    small.reference.write_text(
        "seen = []\ndef double(x):\n    if any(0 < abs(x - other) < 1e-9 for other in seen):\n        raise ValueError(x)\n"
        "    seen.append(x)\n    return {'y': 2 * x}\n"
    )
    small.write_cells({"A1": 5.5, "B1": "=IF(AND(A1>9,A1<9.9),0,2*A1)"})
    small.write_spec(inputs='[inputs]\nx = { at = "A1", low = 0, high = 10 }')
    assert xlparity.verify(small.spec).verdict is Verdict.UNASSESSED


def test_a_reference_that_lacks_a_value_on_nudged_inputs_has_no_fault(small):
    """Inputs close to a sample are xlparity's own question, and no sample for which the reference owes an answer."""
    small.reference.write_text(
        "seen = []\ndef double(x):\n    if any(0 < abs(x - other) < 1e-9 for other in seen):\n        return {}\n"
        "    seen.append(x)\n    return {'y': 2 * x}\n"
    )
    small.write_cells({"A1": 5.5, "B1": "=IF(AND(A1>9,A1<9.9),0,2*A1)"})
    small.write_spec(inputs='[inputs]\nx = { at = "A1", low = 0, high = 10 }')
    (check,) = xlparity.verify(small.spec).checks
    assert (check.verdict, check.scenarios.failures) == (Verdict.UNASSESSED, ())


EDGE = (
    '[inputs]\nx = { at = "A1", low = 0.1, high = 1 }'  # at 0.1, 3 * x is just not above this, and an ulp later it is
)
ABOVE = "3 * x > 0.30000000000000004"


@pytest.mark.parametrize(
    ("there", "verdict"),
    [("'high'", Verdict.PASS), ("'wrong'", Verdict.FAIL), ("0", Verdict.FAIL), ("NA()", Verdict.FAIL)],
)
def test_rounding_explains_a_text_that_the_reference_gives_nearby_and_no_other(small, there, verdict):
    """Of inputs that are a few ulps away."""
    cells = {"A1": 0.5, "B1": f'=IF(A1>0.7,"top",IF(A1>0.1,"high",{there}))'.replace("'", '"')}
    returns = f"{{'y': 'top' if x > 0.7 else 'high' if {ABOVE} else 'low'}}"
    assert checked(small, cells, returns, inputs=EDGE, outputs='[outputs]\ny = "B1"').verdict is verdict


@pytest.mark.parametrize(("there", "verdict"), [("7", Verdict.PASS), ("8", Verdict.FAIL), ("NA()", Verdict.FAIL)])
def test_rounding_explains_no_number_but_one_that_the_reference_gives_nearby(small, there, verdict):
    """Where it gives a text for these inputs."""
    cells = {"A1": 0.5, "B1": f"=IF(A1>0.1,7*IF(A1>0.7,2,1),{there})"}
    returns = f"{{'y': 14.0 if x > 0.7 else 7.0 if {ABOVE} else 'low'}}"
    assert checked(small, cells, returns, inputs=EDGE, outputs='[outputs]\ny = "B1"').verdict is verdict


# --- samples that cannot speak ---------------------------------------------------------------------------------------

PLAIN = '[inputs]\nx = { at = "A1", low = 0, high = 100 }'
ALONE = '[outputs]\ny = "B1"'


def refused(condition, otherwise):
    """Cells of which B1 is refused where the condition holds: there are two rates then, of which Excel finds one."""
    flows = {"C1": "=0*A1-1", "C2": 3, "C3": f"=IF({condition},-2,1)"}
    return {"A1": 3, **flows, "B1": f"=IF({condition},IRR(C1:C3),{otherwise})"}


@pytest.mark.parametrize(("limit", "verdict"), [(95, Verdict.PASS), (80, Verdict.UNASSESSED)])
def test_samples_that_the_engine_refuses_are_replaced_up_to_a_tenth(small, limit, verdict):
    """In a few samples, others are drawn in their place, and the report says so; in more, nobody would see a fault."""
    check = checked(small, refused(f"A1>{limit}", "2*A1"), "{'y': 2 * x}", inputs=PLAIN, outputs=ALONE)
    assert check.verdict is verdict
    assert any("rate of return of which there are several" in note for note in check.notes)
    assert (check.scenarios.asked, check.scenarios.replaced > 0) == (100, limit == 95)


def test_what_is_proved_different_is_never_replaced(small):
    """A value is compared in every sample in which there is one, also beside samples in which there is none."""
    cells = refused("A1>97", "IF(A1>95,1/0,2*A1)")
    check = checked(small, cells, "{'y': 2 * x}", inputs=PLAIN, outputs=ALONE)
    assert (check.verdict, wrong_cells(check)) == (Verdict.FAIL, ["B1"])


def test_a_cell_that_many_samples_leave_open_names_the_input_that_needs_a_range(small):
    """The engine refuses large values of k, whatever x is."""
    cells = {**refused("ABS(A2)>5", "A1+A2"), "A2": 4}
    inputs = '[inputs]\nx = "A1"\nk = "A2"'
    check = checked(small, cells, "{'y': x + k}", inputs=inputs, outputs=ALONE, parameters="x, k")
    assert check.verdict is Verdict.UNASSESSED
    (said,) = [note for note in check.notes if "cannot be judged" in note]
    assert said.endswith("; write low and high, choices or a draw for input 'k' (Sheet!A2)")


def test_a_difference_that_rounding_decides_on_the_stored_inputs_is_left_to_the_scenarios(small):
    """0.1+0.2-0.3 is 5.6e-17 in one order and 2.8e-17 in the other."""
    cells = {"A1": 0.1, "A2": 0.2, "A3": 0.3, "B1": "=SUM(A1,A2,-A3)*1E9"}
    inputs = '[inputs]\nx = "A1"\nk = "A2"\nc = "A3"'
    for formula, verdict in ((cells["B1"], Verdict.PASS), ("=SUM(A1,A2,-A3)*1E9+1E-3*(A1<0)", Verdict.FAIL)):
        returns = "{'y': ((x - c) + k) * 1e9}"
        check = checked(small, {**cells, "B1": formula}, returns, inputs=inputs, outputs=ALONE, parameters="x, k, c")
        assert check.verdict is verdict


@pytest.mark.parametrize(("stored", "status"), [(None, "match"), ("23", "match"), ("22", "unsupported")])
def test_a_value_in_the_file_that_is_not_the_references_is_never_excused(small, stored, status):
    """2.3/0.1 is 22.999999999999996, and 23 to 15 digits: which of 22 and 23 Excel has, the file says where it holds one."""
    cells, inputs = {"A1": 2.3, "B1": "=INT(A1/0.1)"}, '[inputs]\nx = { at = "A1", low = 0, high = 10 }'
    returns = "{'y': np.floor(np.round(x * 10, 9))}"
    checked(small, cells, returns, inputs=inputs, outputs=ALONE)
    if stored is not None:
        store(small, "B1", float(stored))
    (check,) = xlparity.verify(small.spec).checks
    assert (check.verdict is Verdict.PASS, check.results[0].status) == (status == "match", status)
    if status == "match":
        assert check.results[0].actual == check.results[0].expected == 23


@pytest.mark.parametrize(
    ("stored", "verdict"), [(None, Verdict.PASS), ("22", Verdict.PASS), ("23", Verdict.UNASSESSED)]
)
def test_nor_where_its_precedents_differ_by_rounding(small, stored, verdict):
    """2.3*10 is 23 and 2.3/0.1 is not: each formula is right, and the file shows 23 where the reference has 22."""
    cells, inputs = {"A1": 2.3, "B1": "=A1*10", "B2": "=INT(B1)"}, '[inputs]\nx = { at = "A1", low = 0, high = 10 }'
    checked(small, cells, "{'y': x / 0.1, 'z': np.floor(x / 0.1)}", inputs=inputs)
    if stored is not None:
        store(small, "B2", float(stored))
    (check,) = xlparity.verify(small.spec).checks
    assert check.verdict is verdict
    assert check.results[1].status == ("match" if verdict is Verdict.PASS else "unsupported")


@pytest.mark.parametrize("more", ["", "*A2"])
def test_a_tie_on_the_stored_inputs_is_evidence(small, more):
    """0.3 is 0.3 in both languages: nothing is rounded before it is compared, and <= is not <."""
    cells = {"A1": 0.3, "A2": 2.5, "B1": f"=IF(A1<=0.3,1,2){more}"}
    returns = f"{{'y': (1.0 if x < 0.3 else 2.0){more.replace('A2', 'k')}}}"
    inputs = '[inputs]\nx = "A1"' + ('\nk = "A2"' if more else "")
    check = checked(small, cells, returns, inputs=inputs, outputs=ALONE, parameters="x, k" if more else "x")
    assert (check.verdict, check.results[0].status) == (Verdict.FAIL, "mismatch")


def test_an_error_value_on_the_stored_inputs_is_never_excused(small):
    """The workbook shows it, whatever the reference does on inputs a few ulps off."""
    returns = "{'y': np.log(x - 0.1) if x > 0.1 else 0.0 if x == 0.1 else np.nan}"
    check = checked(small, {"A1": 0.1, "B1": "=LN(A1-0.1)"}, returns, outputs=ALONE)
    assert (check.verdict, check.results[0].status) == (Verdict.FAIL, "error")


def test_a_text_for_which_the_reference_is_undefined_is_not_compared(small):
    """It ended in a traceback: a nan has no place in a table of texts."""
    cells = {"A1": 3, "B1": '=IF(A1<0,"none",IF(A1>2,"much","little"))'}
    returns = "{'y': {True: 'much', False: 'little'}[x > 2]} if x >= 0 else undefined"
    assert checked(small, cells, returns, outputs=ALONE).scenarios.dropped > 5


@pytest.mark.parametrize("formula", ["=(B1-A3)*1E9", "=SUM(B1,-A3)*1E9"])
def test_a_residue_of_forced_values_is_no_cause(small, formula):
    """On the reference's value for B1, B2 differs by the rounding of what it reads; only B1 is wrong."""
    cells = {"A1": 0.10000000000091, "A2": 0.2, "A3": 0.3, "B1": "=SIN(A1)*7.1+A2*3.77", "B2": formula}
    inputs = '[inputs]\nx = "A1"\nk = "A2"\nc = "A3"'
    check = checked(small, cells, "{'y': x + k, 'z': ((x - c) + k) * 1e9}", inputs=inputs, parameters="x, k, c")
    assert check.verdict is Verdict.FAIL
    assert [[cell.a1 for cell in found.cells] for found in check.findings] == [["B1"]]


# --- inputs that follow from others ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "cut", "verdict"),
    [
        ("=A1+A2", "", Verdict.PASS),
        ("=3*A1", "", Verdict.UNASSESSED),
        ("=3*A1", ", cut = true", Verdict.FAIL),
        ("=A1+A2", ", cut = true", Verdict.PASS),
    ],
)
def test_an_input_that_is_a_formula_of_another_is_varied_by_itself_too(run, small, formula, cut, verdict):
    """A2 is always 2*A1, so that 3*A1 agrees with x + z wherever both vary, and does not depend on z."""
    cells = {"A1": 3, "A2": "=A1*2", "B1": formula}
    small.write_cells(cells)
    run("recalc", small.workbook)
    small.reference.write_text("def double(x, z):\n    return {'y': x + z}\n")
    small.write_spec(inputs=f'[inputs]\nx = "A1"\nz = {{ at = "A2"{cut} }}')
    check = xlparity.verify(small.spec).checks[0]
    assert check.verdict is verdict
    assert any("'z' (Sheet!A2) is a formula of other inputs" in note for note in check.notes) == (
        verdict is Verdict.UNASSESSED
    )


def test_the_reference_of_a_check_without_such_an_input_is_called_no_more_for_it(small):
    """What the other check's inputs do by themselves is nothing of its."""
    calls = small.folder / "calls.txt"
    small.reference.write_text(
        "def double(x, z):\n    return {'y': x + z}\n\n"
        f"def alone(x):\n    with open({str(calls)!r}, 'a') as file:\n        file.write('x')\n    return {{'w': 2 * x}}\n"
    )

    def called(second):
        calls.write_text("")
        small.write_cells({"A1": 3, "A2": second, "B1": "=A1+A2", "C1": "=A1*2"})
        assert xlparity.verify(small.spec).verdict is Verdict.PASS
        return len(calls.read_text())

    small.write_spec(
        reference="",
        inputs='[check.a]\nreference = "small.py:double"\ninputs = { x = "A1", z = "A2" }\noutputs = { y = "B1" }',
        outputs='[check.b]\nreference = "small.py:alone"\ninputs = { x = "A1" }\noutputs = { w = "C1" }',
    )
    assert called("=A1*2") == called(6)


def test_a_text_never_matches_a_number(small):
    """A reference that returns texts for numbers is wrong in every format of them."""
    for returns in ("str(2 * x)", "np.array([str(2 * x)], dtype=object)", "2 * x if x == 3 else str(2 * x)"):
        check = checked(small, {"A1": 3, "B1": "=2*A1"}, f"{{'y': {returns}}}", outputs=ALONE)
        assert check.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("formula", "returns"),
    [
        ("=IF(A1>4,1/0,2*A1)", "2 * x if x <= 4 else np.nansum([np.log(-x), 2 * x])"),
        ("=IF(A1>4,SQRT(-1),2*A1)", "2 * x + 0 * np.nan_to_num(np.sqrt(4 - x))"),
        ("=2*A1/(A1>0)", "2 * x + 0 * np.nan_to_num(np.log(x))"),
        ("=2*A1*EXP(1000*A1)/EXP(1000*A1)", "2 * x"),
    ],
)
def test_an_error_value_is_wrong_where_the_reference_computes_a_nan_on_a_detour_only(small, formula, returns):
    """What the reference returns is a number, whatever it went through."""
    check = checked(small, {"A1": 0.3, "B1": formula}, f"{{'y': {returns}}}", outputs=ALONE)
    assert check.verdict is Verdict.FAIL


@pytest.mark.parametrize("content", [True, "=TRUE"])
def test_a_truth_value_is_varied(small, content):
    """The formula ignores it, and the reference does not."""
    cells = {"A1": 3, "A2": content, "B1": "=2*A1"}
    inputs = '[inputs]\nx = "A1"\nz = "A2"'
    check = checked(small, cells, "{'y': 2 * x if z else 3 * x}", inputs=inputs, outputs=ALONE, parameters="x, z")
    assert check.verdict is Verdict.FAIL


# --- what carries rounding, or an undefined value, on -----------------------------------------------------------------------


def test_an_error_value_that_is_read_where_the_reference_is_undefined_is_no_evidence(small):
    """MIN of a #NUM! is #NUM!, and Python's min leaves a nan out: of B3 nothing is known there, unlike of B2 beside it."""
    cells = {"A1": 3, "A2": 5, "B1": "=SQRT(A1)", "B2": "=A2*2", "B3": "=MIN(B1,B2)"}
    inputs, outputs = '[inputs]\nx = "A1"\nk = "A2"', '[outputs]\ny = "B1"\nz = "B2"\nl = "B3"'
    returns = "(lambda y, z: {'y': y, 'z': z, 'l': z if not y < z else y})(np.sqrt(x), 2 * k)"
    check = checked(small, cells, returns, inputs=inputs, outputs=outputs, parameters="x, k")
    assert (check.verdict, [cell.a1 for cell in check.scenarios.unsure]) == (Verdict.UNASSESSED, ["B3"])
    (said,) = [note for note in check.notes if "cannot be judged" in note]
    assert said.endswith("undefined, or overflows; write low and high, choices or a draw for input 'x' (Sheet!A1)")
    check = checked(
        small, {**cells, "B2": "=A2*2+SQRT(A1)*0"}, returns, inputs=inputs, outputs=outputs, parameters="x, k"
    )
    assert (check.verdict, wrong_cells(check)) == (Verdict.FAIL, ["B2"])


@pytest.mark.parametrize(
    ("bound", "there"),
    [('{ at = "B1", skip = "of another model" }', "k"), ('"B1"', "np.ones(3)")],
    ids=["skipped", "shape"],
)
def test_an_error_value_that_is_read_where_nothing_is_expected_is_wrong(small, bound, there):
    """B1 is 5/0 where x is negative, and the reference, which is defined there, expects a number of B2."""
    cells = {"A1": 2, "A2": 5, "B1": "=A2/MAX(A1,0)", "B2": "=B1*2"}
    inputs = '[inputs]\nx = { at = "A1", low = -5, high = 5 }\nk = { at = "A2", low = 1, high = 5 }'
    returns = f"{{'y': {there}, 'z': 2 * k / (x if x > 0 else 1)}}"
    outputs = f'[outputs]\ny = {bound}\nz = "B2"'
    check = checked(small, cells, returns, inputs=inputs, outputs=outputs, parameters="x, k")
    assert (check.verdict, wrong_cells(check)) == (Verdict.FAIL, ["B2"])


RESIDUE = {"A1": 1200, "B1": "=A1*1.1", "B2": "=A1*0.1", "B3": "=(B1-B2-A1)*1E9"}


def test_a_residue_of_right_precedents_is_no_fault(small):
    """Whole inputs are exact, and x*1.1 is rounded all the same: B1-B2-A1 is a residue in an order of its own."""
    returns = "(lambda y, z: {'y': y, 'z': z, 'l': (y - x - z) * 1e9})(x * 1.1, x * 0.1)"
    inputs, outputs = (
        '[inputs]\nx = { at = "A1", integer = true, low = 1, high = 9999 }',
        '[outputs]\ny = "B1"\nz = "B2"\nl = "B3"',
    )
    assert checked(small, RESIDUE, returns, inputs=inputs, outputs=outputs).verdict is not Verdict.FAIL
    for fault in ({"B1": "=A1*(1.1+1E-10)"}, {"B3": "=(B1-B2-A1)*1E9+(A1>5000)*10"}):
        check = checked(small, {**RESIDUE, **fault}, returns, inputs=inputs, outputs=outputs)
        assert check.verdict is Verdict.FAIL


def test_a_difference_of_many_ulps_is_no_rounding_error_of_precedents(small):
    """B2 subtracts numbers with steps of 1.5e-8: in a tenth of the samples it is 1.2e-6 off, which no rounding of B1 makes."""
    cells = {"A1": 9.5e7, "A2": 5e-6, "B1": "=A1*(1+A2)", "B2": "=B1-A1"}
    inputs = '[inputs]\nx = { at = "A1", low = 9e7, high = 1e8 }\nk = { at = "A2", low = 0, high = 1e-5 }'
    returns = "(lambda y: {'y': y, 'z': y - x})(x + x * k)"
    assert checked(small, cells, returns, inputs=inputs, parameters="x, k").verdict is Verdict.PASS
    cells["B2"] = "=B1-A1+IF(AND(A2>1E-6,A2<2E-6),1.2E-6,0)"
    check = checked(small, cells, returns, inputs=inputs, parameters="x, k")
    assert (check.verdict, wrong_cells(check)) == (Verdict.FAIL, ["B2"])


def test_a_residue_on_the_stored_inputs_is_no_fault_where_the_reference_has_zero(small):
    """A control sum is 0 to the reference, whatever its inputs: B3 has the rounding error of B2, and its formula is right."""
    cells = {"A1": 1_000_000, "A2": 0.05, "B1": "=A1*A2/12", "B2": "=A1+B1", "B3": "=B2-A1-B1"}
    inputs = '[inputs]\nx = { at = "A1", low = 1000, high = 1e7 }\nk = { at = "A2", low = 0.001, high = 0.2 }'
    outputs = '[outputs]\ny = "B1"\nz = "B2"\nl = "B3"'
    returns = "{'y': x * k / 12, 'z': x + x * k / 12, 'l': 0.0}"
    check = checked(small, cells, returns, inputs=inputs, outputs=outputs, parameters="x, k")
    assert (check.verdict, [cell.a1 for cell in check.scenarios.unsure]) == (Verdict.UNASSESSED, ["B3"])
    for fault in ({"B3": "=B2-A1-B1+1E-6"}, {"B2": "=A1+B1+1E-6"}):
        check = checked(small, {**cells, **fault}, returns, inputs=inputs, outputs=outputs, parameters="x, k")
        assert check.verdict is Verdict.FAIL


def test_a_branch_at_a_tie_of_computed_values_is_no_smooth_move(small):
    """B1 is rounded, and moves across the limit where it is a few ulps off: as far as for many ulps, which a residue does not."""
    cells = {"A1": 3, "A2": 3, "B1": "=A1*1.1", "B2": "=IF(B1<=A2*1.1,1,2)"}
    whole = "integer = true, low = 1, high = 5"
    inputs = f'[inputs]\nx = {{ at = "A1", {whole} }}\nk = {{ at = "A2", {whole} }}'
    returns = "{'y': x * 1.1, 'z': 1.0 if x * 1.1 < k * 1.1 else 2.0}"
    assert checked(small, cells, returns, inputs=inputs, parameters="x, k").verdict is Verdict.FAIL


@pytest.mark.parametrize("stored", [1200, 1234.56])
def test_rounding_explains_a_cell_beside_an_accepted_difference(small, stored):
    """The spec accepts B4, which is wrong in all samples, and which B3 does not read: nothing else is known of B3 for that."""
    returns = "(lambda y, z: {'y': y, 'z': z, 'l': (y - x - z) * 1e9, 'm': 3 * x})(x * 1.1, x * 0.1)"
    inputs = '[inputs]\nx = { at = "A1", low = 1, high = 9999 }'
    outputs = '[outputs]\ny = "B1"\nz = "B2"\nl = "B3"\nm = "B4"\n[[accept]]\ncells = ["B4"]\nreason = "twice is meant"'
    cells = {**RESIDUE, "A1": stored, "B4": "=A1*2"}
    assert checked(small, cells, returns, inputs=inputs, outputs=outputs).verdict is not Verdict.FAIL
    cells["B3"] = "=(B1-B2-A1)*1E9+B4"
    assert checked(small, cells, returns, inputs=inputs, outputs=outputs).verdict is Verdict.FAIL


def test_a_cell_that_follows_from_a_wrong_one_is_not_examined_for_rounding(small, monkeypatch):
    """B1 is wrong in all samples, and B2 to B4 in so few that none of these would ever be enough: no reference is asked again."""
    examinations = []

    def examine(*arguments):
        examinations.append(arguments)
        return real(*arguments)

    real = rounding.examine
    monkeypatch.setattr(rounding, "examine", examine)
    cells = {
        "A1": 3,
        "B1": "=2*A1",
        **{f"B{n}": f"=IF(B1+C1>{limit},1,0)" for n, limit in ((2, 19), (3, 19.4), (4, 19.8))},
    }
    inputs, outputs = '[inputs]\nx = { at = "A1", low = 0, high = 10 }', '[outputs]\ny = "B1"\nz = "B2:B4"'
    returns = "{'y': 2.1 * x, 'z': np.where(2.1 * x > np.array([19, 19.4, 19.8]), 1.0, 0.0)}"
    check = checked(small, cells, returns, inputs=inputs, outputs=outputs)
    assert (check.verdict, wrong_cells(check)) == (Verdict.FAIL, ["B1", "B2", "B3", "B4"])
    assert [[cell.a1 for cell in found.cells] for found in check.findings] == [["B1"]]
    assert not examinations


def test_one_helper_of_a_filled_column_is_not_changed_alone(small):
    """0^0 is #NUM! in Excel and 1 in Python, on an input that makes no sense; any base would do where the exponent is 0."""
    cells = {"A1": 0.05, "A2": 7} | {f"B{n}": n - 1 for n in range(1, 6)}
    cells |= {f"C{n}": f"=(1+$A$1)^B{n}" for n in range(1, 6)} | {f"D{n}": f"=$A$2*C{n}" for n in range(1, 6)}
    returns = "{'y': k * (1.0 + x) ** np.arange(5)}"
    inputs, outputs = '[inputs]\nx = "A1"\nk = "A2"', '[outputs]\ny = "D1:D5"'
    check = checked(small, cells, returns, inputs=inputs, outputs=outputs, parameters="x, k")
    assert (check.verdict, wrong_cells(check)) == (Verdict.FAIL, ["D1"])
    assert [found.suggestion for found in check.findings] == [None]


def test_a_counterexample_names_the_inputs_that_have_no_range(run, small):
    """A fault, or an input that makes no sense: the person knows which."""
    small.write_cells({"A1": 3, "B1": "=2*ABS(A1)"})
    small.write_spec()
    assert "; if 'x' cannot have such values, write low and high in the spec" in " ".join(
        run("verify", small.spec).out.split()
    )
    small.write_spec(inputs='[inputs]\nx = { at = "A1", low = -5, high = 5 }')
    assert "low and high" not in run("verify", small.spec).out
