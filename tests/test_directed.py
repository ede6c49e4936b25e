"""Directed scenarios: faults at ties, keys and far limits, which random numbers do not hit, and right workbooks there."""

import openpyxl
import pytest
from openpyxl.worksheet.formula import DataTableFormula

import xlparity
from xlparity.engines.evaluator.session import FormulasSession
from xlparity.results.report import Verdict
from xlparity.scenarios import directed

TABLE = {"C1": 0, "D1": 10, "C2": 3, "D2": 20, "C3": 5, "D3": 30, "C4": 9, "D4": 40}


def report(small, formula, returns, inputs='x = "A1"', cells=None, before=""):
    """The report on ``formula`` in B1, with 2.25 in A1, against a reference that returns this expression of its inputs."""
    names = ", ".join(line.partition("=")[0].strip() for line in inputs.splitlines())
    small.reference.write_text(f"import numpy as np\n{before}\ndef double({names}):\n    return {{'y': {returns}}}\n")
    small.write_cells({"A1": 2.25, "A2": 3, "A3": 0.25, "B1": formula, **(cells or {})})
    small.write_spec(inputs=f"[inputs]\n{inputs}")
    return xlparity.verify(small.spec)


WRONG = [
    pytest.param("=IF(A1>100,1,0)+A1", "x + (x >= 100)", 'x = { at = "A1", low = 0, high = 200 }', id="> for >="),
    pytest.param("=IF(A1>100,1,0)+A1", "x + (x >= 100)", 'x = "A1"', id="> for >= of an input without a range"),
    pytest.param("=2*A1+IF(ABS(A1)>1000000,1,0)", "2 * x", 'x = "A1"', id="a limit far from the stored value"),
    pytest.param("=IF(A1<=30,5,7)*A1", "x * (5 if x < 30 else 7)", 'x = { at = "A1", low = 0, high = 90 }', id="<= for <"),
    pytest.param(
        "=IF(A1>0.05,1,0)+A1", "x + (x >= 0.05)", 'x = { at = "A1", low = 0, high = 0.2 }', id="a limit of two decimals"
    ),
    pytest.param(
        "=IF(A1/A2*100>100,1,0)+A1", "a + (a / b * 100 >= 100)",
        'a = { at = "A1", low = 1, high = 90 }\nb = { at = "A2", low = 1, high = 90 }', id="> for >= on a rate",
    ),
    pytest.param(
        "=VLOOKUP(A1,C1:D4,2)", "(10, 20, 30, 40)[np.searchsorted([0, 3, 5, 9], x, 'left') - 1 if x > 0 else 0]",
        'x = { at = "A1", low = 0, high = 12 }', id="VLOOKUP at its key",
    ),
    pytest.param(
        "=VLOOKUP(A1,C1:D4,2)", "(10, 20, 30, 41)[np.searchsorted([0, 3, 5, 9], x, 'right') - 1]",
        'x = { at = "A1", low = 0, high = 9.001 }', id="a row of a lookup that is hardly ever chosen",
    ),
    pytest.param(
        "=MIN(A1,50*A2)", "min(x, 60 * b)", 'x = { at = "A1", low = 0, high = 55 }\nb = { at = "A2", low = 1, high = 9 }',
        id="the second argument of MIN",
    ),
    pytest.param("=MIN(A1,1000000)", "min(x, 2000000)", 'x = "A1"', id="the second argument of MIN, never taken"),
    pytest.param(
        "=IF(A1+A2>0.3,1,0)", "float(a + b >= 0.3)",
        'a = { at = "A1", low = 0, high = 5 }\nb = { at = "A2", low = 0, high = 5 }', id="a sum at a long binary number",
    ),
    pytest.param(
        "=IF(A1*A2-A3>0.7,1,0)", "float(a * b - c >= 0.7)",
        'a = { at = "A1", low = 0, high = 5 }\nb = { at = "A2", low = 0, high = 5 }\nc = { at = "A3", low = -1, high = 5 }',
        id="a product less a third input at a long binary number",
    ),
    pytest.param("=ROUND(A1,0)", "float(round(x))", 'x = { at = "A1", low = 0, high = 20 }', id="ROUND at a half"),
    pytest.param(
        "=ROUND(A1,0)", "np.floor(x + 0.5)", 'x = { at = "A1", low = -20, high = 20 }', id="ROUND at a negative half"
    ),
    pytest.param("=ROUND(A1,2)", "round(x, 2)", 'x = { at = "A1", low = 0, high = 20 }', id="ROUND of two decimals"),
    pytest.param(
        "=INT(A1)+1", "np.ceil(x)", 'x = { at = "A1", low = 0.5, high = 20 }', id="wrong only where the input is whole"
    ),
    pytest.param(
        '=COUNTIF(C1:C4,">"&A1)', "sum(k >= x for k in (0, 3, 5, 9))", 'x = { at = "A1", low = 0, high = 12 }',
        id="the limit of a criterion",
    ),
    pytest.param(
        "=SUMPRODUCT(--(C1:C4>A1),D1:D4)+A1", "x + sum(v for k, v in zip((0, 3, 5, 9), (10, 20, 30, 40)) if k >= x)",
        'x = { at = "A1", low = 0, high = 12 }', id="a comparison of arrays",
    ),
    pytest.param(
        "=IF(AND(A1>10,A2>=20),1,0)+A1", "a + (a > 10 and b > 20)",
        'a = { at = "A1", low = 0, high = 90 }\nb = { at = "A2", low = 0, high = 90 }', id="an argument of AND",
    ),
    pytest.param(
        "=IF(A1>50,IF(A2>40,1,2),3)+A1", "a + ((1 if b >= 40 else 2) if a > 50 else 3)",
        'a = { at = "A1", low = 0, high = 51 }\nb = { at = "A2", low = 0, high = 90 }', id="within a branch hardly ever taken",
    ),
    pytest.param(
        "=IF(A1*A2-A1>100,1,0)+A1", "a + (a * b - a >= 100)",
        'a = { at = "A1", low = 1, high = 90 }\nb = { at = "A2", low = 1, high = 90 }', id="a tie of a product",
    ),
    pytest.param("=2*A1", "2 * x + np.where(abs(x) > 1e6, 1, 0)", 'x = "A1"', id="a limit that the reference alone has"),
    pytest.param(
        "=IF(A1>100,1,0)+A1", "x + (x > 100.4)", 'x = { at = "A1", low = 0, high = 900 }', id="a limit that differs a little"
    ),
    pytest.param(
        "=IFERROR(100/(A1-5),7)", "100 / (x - 5) if x != 5 else 0", 'x = { at = "A1", low = 0, high = 90 }', id="an error",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "returns", "inputs"), WRONG)
def test_a_fault_at_a_tie_a_key_or_a_far_limit_fails(small, formula, returns, inputs):
    """A hundred random numbers agree on both sides of a limit, and never meet it."""
    found = report(small, formula, returns, inputs, TABLE)
    assert found.verdict is Verdict.FAIL
    assert found.checks[0].only_stored


RIGHT = [
    ("=IF(A1>=100,1,0)+A1", "x + (x >= 100)", 'x = { at = "A1", low = 0, high = 200 }'),
    ("=2*A1+IF(ABS(A1)>1000000,1,0)", "2 * x + (abs(x) > 1000000)", 'x = "A1"'),
    ("=IF(A1<30,5,7)*A1", "x * (5 if x < 30 else 7)", 'x = { at = "A1", low = 0, high = 90 }'),
    ("=IF(A1>=0.29,1,0)+A1", "x + (100 * x >= 29)", 'x = { at = "A1", low = 0, high = 1 }'),
    ("=IF(A1>0.3,1,0)+A1", "x + (10 * x > 3)", 'x = { at = "A1", low = 0, high = 1 }'),
    (
        "=IF(A1/A2>=0.07,1,0)+A1", "a + (a - 0.07 * b >= 0)",
        'a = { at = "A1", low = 1, high = 90 }\nb = { at = "A2", low = 1, high = 900 }',
    ),
    (
        "=IF(A1/A2*100>=100,1,0)+A1", "a + (a / b * 100 >= 100)",
        'a = { at = "A1", low = 1, high = 90 }\nb = { at = "A2", low = 1, high = 90 }',
    ),
    (
        "=VLOOKUP(A1,C1:D4,2)", "(10, 20, 30, 40)[np.searchsorted([0, 3, 5, 9], x, 'right') - 1]",
        'x = { at = "A1", low = 0, high = 12 }',
    ),
    (
        "=IF(A1+A2>=0.29,1,0)+A1", "a + (100 * a + 100 * b >= 29)",
        'a = { at = "A1", low = 0, high = 5 }\nb = { at = "A2", low = 0, high = 5 }',
    ),
    (
        "=IF(A1*A2-A3>0.7,1,0)", "float(a * b > 0.7 + c)",
        'a = { at = "A1", low = 0, high = 5 }\nb = { at = "A2", low = 0, high = 5 }\nc = { at = "A3", low = -1, high = 5 }',
    ),
    ("=MIN(A1,1000000)", "min(x, 1000000)", 'x = "A1"'),
    ("=ROUND(A1,0)", "np.floor(x + 0.5)", 'x = { at = "A1", low = 0, high = 20 }'),
    ("=ROUND(A1,0)", "np.sign(x) * np.floor(abs(x) + 0.5)", 'x = { at = "A1", low = -20, high = 20 }'),
    ("=ROUND(A1,2)", "np.floor(100 * x + 0.5) / 100", 'x = { at = "A1", low = 0, high = 20 }'),
    ("=INT(A1)+1", "np.floor(x) + 1", 'x = { at = "A1", low = 0, high = 20 }'),
    ("=INT(A1/0.1)", "np.floor(x * 10)", 'x = { at = "A1", low = 0, high = 20 }'),
    ('=COUNTIF(C1:C4,">="&A1)', "sum(k >= x for k in (0, 3, 5, 9))", 'x = { at = "A1", low = 0, high = 12 }'),
    ("=IF(A1-A3*4>0,1,0)+A1", "a + (a > 4 * b)", 'a = { at = "A1", low = 0, high = 9 }\nb = { at = "A3", low = 0, high = 3 }'),
    ("=IF(EXP(A1)>2,A1,-A1)", "x if x > np.log(2) else -x", 'x = { at = "A1", low = -3, high = 3 }'),
    ("=IF(A1*A1>=2,A1,-A1)", "x if x >= np.sqrt(2) else -x", 'x = { at = "A1", low = 0, high = 3 }'),
    ("=IFERROR(100/(A1-5),7)", "100 / (x - 5) if x != 5 else 7", 'x = { at = "A1", low = 0, high = 90 }'),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "returns", "inputs"), RIGHT)
def test_a_right_formula_passes_at_its_ties(small, formula, returns, inputs):
    """A tie within rounding error is no evidence, where the two languages compute it in other ways."""
    found = report(small, formula, returns, inputs, TABLE)
    assert found.verdict is Verdict.PASS


@pytest.mark.parametrize("chained", [True, False])
def test_the_search_takes_no_more_than_it_may(small, monkeypatch, chained):
    """In a chain every formula depends on the one before, and a batch of few samples takes as long as one of many."""
    rows, calls = 400, small.folder / "calls.txt"
    cells, far = {"A1": 2.25, "A2": 7}, 30.5 if chained else 450.5
    for row in range(3, 3 + rows):
        before = f"C{row - 1}" if chained and row > 3 else "$A$1"
        cells |= {f"B{row}": f"=IF({before}>$A$2,{before}-$A$2,{before}+{row if not chained else 1})"}
        cells |= {f"C{row}": f"=IF(B{row}=$A$2,B{row}+1,IF(B{row}>{far},1,B{row}))"}
    small.write_cells(cells)
    small.reference.write_text(
        "import numpy as np\n"
        "def double(x, limit):\n"
        f"    with open({str(calls)!r}, 'a') as file:\n        file.write('x')\n"
        "    b, c = [], []\n"
        f"    for row in range(3, {3 + rows}):\n"
        f"        before = c[-1] if {chained} and c else x\n"
        f"        b.append(before - limit if before > limit else before + {1 if chained else 'row'})\n"
        f"        c.append(b[-1] + 1 if b[-1] == limit else 1 if b[-1] > {far} else b[-1])\n"
        "    return {'b': np.array(b), 'c': np.array(c)}\n"
    )
    small.write_spec(
        inputs='[inputs]\nx = { at = "A1", low = 0, high = 50 }\nlimit = { at = "A2", low = 1, high = 50 }',
        outputs=f'[outputs]\nb = "B3:B{2 + rows}"\nc = "C3:C{2 + rows}"',
    )
    work: list[int] = []
    recalculate = FormulasSession.recalculate

    def counted(session, columns, samples=1):
        work.append(session.work(samples))
        return recalculate(session, columns, samples)

    monkeypatch.setattr(FormulasSession, "recalculate", counted)
    check = xlparity.verify(small.spec).checks[0]
    assert (check.scenarios.failed, check.branches.missed) == (0, ())
    assert check.scenarios.run > check.scenarios.asked
    plain, *others = work
    assert sum(others) <= directed._LEAST + directed._SHARE * plain
    of_rounding = 7 * check.scenarios.indeterminate  # around a sample that may be undecided
    assert len(calls.read_text()) <= 2 * (1 + check.scenarios.asked) + of_rounding


# --- inputs and workbooks of other kinds ---------------------------------------------------------------------------------


def test_a_fault_behind_a_branch_of_a_frames_formulas_fails(small):
    """The numbers of a frame are searched among like those of other inputs."""
    rows = {f"A{k}": f"item {k}" for k in range(2, 6)} | {f"B{k}": 10.0 + k for k in range(2, 6)}
    small.write_cells(
        {"A1": "name", "B1": "price"} | rows | {f"C{k}": f"=IF(B{k}>100,B{k}*0.9,B{k})" for k in range(2, 6)}
    )
    small.write_spec(
        inputs='[inputs]\ntable = { at = "A1:B5", frame = true, low = 0, high = 200 }', outputs='[outputs]\ny = "C2:C5"'
    )
    for sign, verdict in ((">=", Verdict.FAIL), (">", Verdict.PASS)):
        small.reference.write_text(
            "import numpy as np\ndef double(table):\n    b = table['price'].to_numpy(float)\n"
            f"    return {{'y': np.where(b {sign} 100, b * 0.9, b)}}\n"
        )
        assert xlparity.verify(small.spec).verdict is verdict


def test_an_input_that_is_drawn_keeps_what_its_own_function_draws(small):
    """Whatever the formula compares it with, the reference may be defined for nothing else."""
    small.reference.write_text(
        "def draw(random, stored):\n    return float(random.integers(1, 20)) / 2\n\n"
        "def double(x, k):\n    assert 2 * x == int(2 * x) and 0 < x < 10, x\n    return {'y': x + (x >= 9.75) + (k >= 100)}\n"
    )
    small.write_cells({"A1": 2.5, "A2": 3, "B1": "=A1+IF(A1>=9.75,1,0)+IF(A2>100,1,0)"})
    small.write_spec(
        inputs='[inputs]\nx = { at = "A1", draw = "small.py:draw" }\nk = { at = "A2", low = 0, high = 200 }'
    )
    check = xlparity.verify(small.spec).checks[0]
    assert (check.verdict, check.scenarios.failures) == (Verdict.FAIL, ())  # at k = 100
    assert [one.what for one in check.branches.missed] == ["IF(A1>=9.75) true", "A1>=9.75 equal"]


def test_a_row_of_a_one_hot_table_has_a_single_1_in_every_scenario(small):
    """Elements of it are not set one by one."""
    small.reference.write_text(
        "import numpy as np\ndef double(y, k):\n    assert (np.sort(y) == [0, 0, 1]).all(), y\n"
        "    return {'y': y @ [[1.0], [2.0], [3.0]] + (k >= 7)}\n"
    )
    cells = {"A1": 1, "B1": 0, "C1": 0, "A2": 0, "B2": 0, "C2": 1, "A3": 2}
    small.write_cells(cells | {f"D{k}": f"=IF(A{k}+B{k}+C{k}>1,9,A{k}+2*B{k}+3*C{k})+IF($A$3>7,1,0)" for k in (1, 2)})
    small.write_spec(
        inputs='[inputs]\ny = { at = "A1:C2", one_hot = true }\nk = { at = "A3", low = 0, high = 9 }',
        outputs='[outputs]\ny = "D1:D2"',
    )
    check = xlparity.verify(small.spec).checks[0]
    assert (check.verdict, check.scenarios.failures) == (Verdict.FAIL, ())  # at k = 7


def test_what_is_searched_for_one_check_is_compared_in_all(small):
    """Two checks share an input; the limit is in the formula of one, and the fault in that of the other."""
    small.reference.write_text(
        "def one(x):\n    return {'y': x + (x > 100)}\n\ndef two(x):\n    return {'z': 2 * x + (x == 100)}\n"
    )
    small.write_cells({"A1": 3, "B1": "=A1+IF(A1>100,1,0)", "C1": "=2*A1"})
    small.write_spec(
        reference="",
        inputs='[check.a]\nreference = "small.py:one"\ninputs = { x = "A1" }\noutputs = { y = "B1" }',
        outputs='[check.b]\nreference = "small.py:two"\ninputs = { x = "A1" }\noutputs = { z = "C1" }',
    )
    one, two = xlparity.verify(small.spec).checks
    assert (one.verdict, two.verdict) == (Verdict.PASS, Verdict.FAIL)
    assert (one.branches.missed, two.branches.formulas) == ((), 0)


@pytest.mark.parametrize(("sign", "verdict"), [(">=", Verdict.FAIL), (">", Verdict.PASS)])
def test_a_limit_on_an_input_that_is_cut_from_its_formula_is_searched_for(run, small, sign, verdict):
    """It varies by itself, and so it is what is set."""
    small.reference.write_text(f"def double(x, z):\n    return {{'y': x + (z {sign} 1000)}}\n")
    small.write_cells({"A1": 3, "A2": "=A1*2", "B1": "=A1+IF(A2>1000,1,0)"})
    run("recalc", small.workbook)
    small.write_spec(inputs='[inputs]\nx = "A1"\nz = { at = "A2", cut = true }')
    assert xlparity.verify(small.spec).verdict is verdict


@pytest.mark.parametrize(("sign", "verdict"), [(">=", Verdict.FAIL), (">", Verdict.PASS)])
def test_a_limit_in_a_circle_that_excel_iterates_is_searched_for(small, sign, verdict):
    """B1 and C1 settle at B1 = 2*A1, and D1 has a limit."""
    book = openpyxl.Workbook()
    for address, content in {"A1": 3, "B1": "=A1+C1", "C1": "=B1/2", "D1": "=IF(A1>64,1,0)+B1"}.items():
        book.active[address] = content
    book.calculation.iterate, book.calculation.iterateDelta = True, 1e-12
    book.save(small.workbook)
    small.reference.write_text(f"def double(x):\n    return {{'b': 2 * x, 'd': 2 * x + (x {sign} 64)}}\n")
    small.write_spec(
        inputs='[inputs]\nx = { at = "A1", low = 0, high = 90 }',
        outputs='[outputs]\nb = "B1"\nd = "D1"',
    )
    assert xlparity.verify(small.spec).verdict is verdict


@pytest.mark.parametrize(("sign", "verdict"), [(">=", Verdict.FAIL), (">", Verdict.PASS)])
def test_a_limit_in_a_formula_of_a_data_table_is_searched_for(small, sign, verdict):
    """The table computes B1 with 10 and 20 in place of A2."""
    book = openpyxl.Workbook()
    cells = {"A1": 3, "A2": 1, "B1": "=A1*A2+IF(A1>100,1,0)", "D1": "=B1", "C2": 10, "C3": 20}
    for address, content in cells.items():
        book.active[address] = content
    book.active["D2"] = DataTableFormula(ref="D2:D3", dt2D=False, dtr=False, r1="A2")
    book.save(small.workbook)
    small.reference.write_text(
        f"import numpy as np\ndef double(x):\n    return {{'y': x * np.array([10.0, 20.0]) + (x {sign} 100)}}\n"
    )
    small.write_spec(inputs='[inputs]\nx = { at = "A1", low = 0, high = 200 }', outputs='[outputs]\ny = "D2:D3"')
    assert xlparity.verify(small.spec).verdict is verdict
