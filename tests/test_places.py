"""Where quantities are: once beside the blocks, in blocks on several sheets or in a table, in every second cell."""

import json
import subprocess
import sys

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import Layout, one_per_sheet

from xlparity.excel.address import Range
from xlparity.results.report import Verdict
from xlparity.spec.binding import Offset, Output
from xlparity.tolerance import Tolerance


@pytest.fixture
def verified(run, tmp_path):
    """The verdict, the document and what is printed, of a workbook with these cells, a spec and a reference."""

    def verify(cells, spec, reference, *, tables=None, options=()):
        cells = {tuple(place.split("!")) if isinstance(place, str) else place: held for place, held in cells.items()}
        head = 'workbook = "book.xlsx"\nreference = "reference.py:f"\n'
        path = Layout(cells, head + spec, reference, {}, tables=tables or {}).write(tmp_path)
        done = run("verify", path, "--format", "json", *options)
        if done.err and not done.out:
            return Verdict(done.code), {}, done.err
        text = run("verify", path, *options).out
        return Verdict(done.code), json.loads(done.out), " ".join(text.split())

    return verify


def named(document):
    """The cells that a report lists as wrong, and what they are."""
    return {cell["cell"]: cell["status"] for check in document["checks"] for cell in check["cells"]}


OFFSETS = st.builds(
    Offset,
    st.integers(0, 9),
    st.integers(0, 9),
    st.permutations(["A", "B", "C"]).map(lambda to: tuple(zip(["A", "B", "C"], to, strict=True))),
)


@given(
    OFFSETS, OFFSETS, st.sampled_from("ABC"), st.integers(1, 5), st.integers(1, 5), st.integers(1, 4), st.integers(1, 4)
)
def test_the_distance_of_two_blocks_moves_what_is_in_one_to_the_other(here, there, sheet, height, width, down, across):
    """With its sheet; and a strided quantity is in each block what numpy's slices with that step are."""
    area = Range(sheet, 2, 3, 1 + height, 2 + width)
    assert area.moved(*here).moved(*here.to(there)) == area.moved(*there)
    placed = Output("y", area, Tolerance(), step=(down, across))
    table = np.array([f"{cell}" for cell in area.moved(*there).cells()], dtype=object).reshape(height, width)
    assert [str(cell) for cell in placed.cells(there)] == table[::down, ::across].ravel().tolist()
    assert (placed.shape, placed.size) == (table[::down, ::across].shape, len(placed.cells()))
    assert list(placed.elements()) == list(np.ndindex(placed.shape))


GROWTH = """
def f(x, rate):
    paid = 0.0
    while True:
        x = x * (1 + rate)
        paid += x
        yield {"x": x, "total": paid}
"""
ROWS = {
    "S!A1": "rate", "S!B1": 0.1, "S!A3": 1, "S!B3": 100, "S!C3": "=B3*(1+$B$1)",
    "S!B4": "=C3", "S!C4": "=B4*(1+$B$1)", "S!B5": "=C4", "S!C5": "=B5*(1+$B$1)", "S!E1": "=SUM(C3:C5)",
}  # fmt: skip
ONCE = """
sheet = "S"
[blocks]
rows = [3, 4, 5]
[inputs]
x = "B3"
rate = { at = "B1", low = 0, high = 1 }
[outputs]
x = "C3"
total = { at = "E1", every_block = false }
"""


def test_an_output_that_exists_once_is_compared_with_the_last_iteration(verified):
    """A total beside the blocks, above the first of them."""
    verdict, document, said = verified(ROWS, ONCE.replace('x = "C3"', 'x = "C3"'), GROWTH)
    assert verdict is Verdict.PASS, said
    assert document["checks"][0]["counts"]["match"] == 4
    verdict, document, said = verified({**ROWS, "S!E1": "=SUM(C3:C4)"}, ONCE, GROWTH)
    assert verdict is Verdict.FAIL
    assert named(document) == {"S!E1": "mismatch"}


def test_the_reference_may_give_it_in_the_last_iteration_alone(verified):
    """A summary that no earlier iteration has."""
    reference = """
def f(x, rate):
    values = []
    for k in range(3):
        x = x * (1 + rate)
        values.append(x)
        yield {"x": x} if k < 2 else {"x": x, "total": sum(values)}
"""
    assert verified(ROWS, ONCE, reference)[0] is Verdict.PASS
    verdict, _, said = verified(ROWS, ONCE, reference.replace("k < 2", "True"))
    assert verdict is Verdict.UNASSESSED
    assert "f gives no 'total' in iteration 3" in said


def test_a_reference_that_returns_gives_what_exists_once_and_nothing_of_each_block(verified):
    """Of a mapping nobody knows which iteration it is of, unless all that is compared exists once."""
    reference = "def f(x, rate):\n    return {'total': sum(x * (1 + rate) ** k for k in (1, 2, 3))}\n"
    spec = ONCE.replace('x = "C3"\ntotal', "total")
    assert verified(ROWS, spec, reference)[0] is Verdict.PASS
    assert verified({**ROWS, "S!C5": "=B5*(1+$B$1)^2"}, spec, reference)[0] is Verdict.FAIL
    verdict, _, said = verified(ROWS, ONCE, reference.replace("{", "{'x': x, "))
    assert verdict is Verdict.UNASSESSED
    assert "f gives one mapping, and the workbook has 3 iterations; let it yield one for each" in said
    without = spec.replace("rows = [3, 4, 5]", "").replace("[blocks]\n", "")
    assert verified(ROWS, without, reference)[0] is Verdict.PASS


def test_an_output_before_the_first_block_is_an_error_that_names_both_remedies(verified):
    """It would be compared somewhere else in each block."""
    verdict, _, said = verified(ROWS, ONCE.replace(", every_block = false", ""), GROWTH)
    assert verdict is Verdict.UNASSESSED
    assert "output 'total' is before the first block; give its address in the first block, or" in said
    assert "set every_block = false" in said


def test_a_column_with_a_value_for_each_block_is_one_input(verified):
    """A month's rain in each row: the reference is given the column, and scenarios change all of it."""
    cells = {("S", f"{column}{row}"): held for row in range(2, 6) for column, held in (
        ("A", 10.0 * row), ("B", f"={'0' if row == 2 else f'B{row - 1}'}*0.5+A{row}"))}  # fmt: skip
    spec = 'sheet = "S"\nblocks = { first = 2, step = 1, count = 4 }\n[inputs]\nrain = { at = "A2:A5", low = 0 }\n'
    spec += '[outputs]\nstore = "B2"\n'
    reference = """
def f(rain):
    assert rain.shape == (4, 1)
    store = 0.0
    for month in rain[:, 0]:
        store = store * 0.5 + month
        yield {"store": store}
"""
    assert verified(cells, spec, reference)[0] is Verdict.PASS
    verdict, document, _ = verified({**cells, ("S", "B4"): "=B3*0.5+A3"}, spec, reference)
    assert verdict is Verdict.FAIL
    assert named(document)["S!B4"] == "mismatch"


POOL = {("S", f"{c}{r}"): float(r * 3 + k * 7 % 5) for r in range(1, 5) for k, c in enumerate("ABCD")} | {
    ("S", f"{c}{r}"): f"=MAX({a}{r}:{b}{r + 1})" for c, a, b in (("F", "A", "B"), ("H", "C", "D")) for r in (1, 3)
}
POOLING = """
def f(x):
    assert x.shape == (4, 4)
    return {"pooled": x.reshape(2, 2, 2, 2).max(axis=(1, 3))}
"""
POOLED = 'sheet = "S"\ninputs = { x = "A1:D4" }\noutputs = { pooled = { at = "F1:I4", step = [2, 2] } }\n'


def test_every_second_cell_is_one_array(verified):
    """A pooling layer, whose windows have their result in the top left cell."""
    verdict, document, said = verified(POOL, POOLED, POOLING)
    assert verdict is Verdict.PASS, said
    assert document["checks"][0]["counts"]["bound"] == 4
    verdict, document, said = verified({**POOL, "S!H3": "=MAX(C3:D3)"}, POOLED, POOLING)
    assert verdict is Verdict.FAIL
    assert named(document) == {"S!H3": "mismatch"}
    assert "fix =MAX(C3:D4)" in said
    assert [cell["index"] for cell in document["checks"][0]["cells"]] == [[1, 1]]


def test_a_strided_input_is_one_array_in_all_of_its_places(verified):
    """With a copy that is not strided; the cells between are nobody's."""
    cells = {"S!A1": 1, "S!A2": "between", "S!A3": 2, "S!A5": 4, "S!C1": "=A1", "S!D1": "=A3", "S!E1": "=A5",
             "S!B1": "=SUM(A1,A3)+A5*10"}  # fmt: skip
    spec = """sheet = "S"
    inputs = { x = { at = "A1:A6", step = [2, 1], also = [{ at = "C1:E1", transpose = true }] } }
    outputs = { y = "B1" }
    """
    reference = "def f(x):\n    assert x.shape == (3, 1)\n    return {'y': x[0, 0] + x[1, 0] + 10 * x[2, 0]}\n"
    verdict, _, said = verified(cells, spec, reference)
    assert verdict is Verdict.PASS, said
    verdict, _, said = verified(cells, spec.replace("A1:A6", "A1:A4"), reference)
    assert verdict is Verdict.UNASSESSED
    assert "'also' of input 'x' is of another shape than the input: S!C1:E1" in said


@pytest.mark.parametrize("step", ["2", "[2]", "[0, 1]", "[1.5, 1]", "[2, 2, 2]"])
def test_a_step_is_two_numbers(verified, step):
    """Rows and columns, each from 1 on."""
    verdict, _, said = verified(POOL, POOLED.replace("[2, 2]", step), POOLING)
    assert verdict is Verdict.UNASSESSED
    assert "'step' of 'pooled' is two whole numbers from 1 on, of rows and of columns" in said


def test_a_column_in_blocks_of_several_rows_is_a_strided_input(verified):
    """The same as in each row, with step for the distance of the blocks."""
    cells = {}
    for n in range(3):
        row = 3 * n + 1
        cells |= {("S", f"A{row}"): f"Month {n + 1}", ("S", f"B{row + 1}"): 10.0 + n,
                  ("S", f"C{row + 1}"): f"=B{row + 1}*2{f'+C{row - 2}' if n else ''}"}  # fmt: skip
    spec = 'sheet = "S"\nblocks = { label = "Month {n}" }\ninputs = { rain = { at = "B2:B8", step = [3, 1] } }\n'
    reference = (
        "def f(rain):\n    y = 0\n    for month in rain[:, 0]:\n        y += 2 * month\n        yield {'y': y}\n"
    )
    verdict, _, said = verified(cells, spec + 'outputs = { y = "C2" }\n', reference)
    assert verdict is Verdict.PASS, said


STEPS = """
import numpy as np

def f(x, w, rate):
    while True:
        y = x @ w
        loss = float((y ** 2).mean())
        yield {"y": y, "loss": loss, "w": w, "last": w.sum()}
        w = w - rate * x.T @ y / len(x)
"""
NUMBERED = """
blocks = { sheets = "Step {n}" }
[inputs]
x = "A2:B3"
w = "D2:D3"
rate = "Parameters!B1"
[outputs]
y = "F2:F3"
loss = "'Loss {n}'!B2"
w = "D2:D3"
last = { at = "Parameters!B2", every_block = false }
"""


def steps(count=3, name="Step {n}", losses="Loss {n}"):
    """Gradient descent, one step a sheet, its loss on another sheet for each."""
    cells = {("Parameters", "A1"): "rate", ("Parameters", "B1"): 0.1}
    for n in range(1, count + 1):
        here, loss, before = (text.replace("{n}", str(n - k)) for text, k in ((name, 0), (losses, 0), (name, 1)))
        first = f"'{name.replace('{n}', '1')}'!"
        cells[here, "A1"] = f"Step {n}"
        for row in (2, 3):
            if n == 1:
                cells |= {(here, f"A{row}"): 1.0 * row, (here, f"B{row}"): 0.5 - row, (here, f"D{row}"): 0.25 * row}
            else:
                gradient = f"SUMPRODUCT({first}${'AB'[row - 2]}$2:${'AB'[row - 2]}$3,'{before}'!$F$2:$F$3)/2"
                cells[here, f"D{row}"] = f"='{before}'!D{row}-Parameters!$B$1*{gradient}"
            cells[here, f"F{row}"] = f"={first}A{row}*$D$2+{first}B{row}*$D$3"
        cells[loss, "B2"] = f"=SUMSQ('{here}'!F2:F3)/2"
    return cells | {("Parameters", "B2"): f"=SUM('{here}'!D2:D3)"}


def test_iterations_may_be_one_per_sheet(verified):
    """State, what each sheet of losses shows, and what exists once on a sheet of its own."""
    verdict, document, said = verified(steps(), NUMBERED, STEPS)
    assert verdict is Verdict.PASS, said
    assert document["checks"][0]["counts"]["match"] == 3 * 3 + 2 * 2 + 1
    assert document["checks"][0]["iterations"]["count"] == 3


def test_a_letter_may_occur_twice_in_the_name_of_numbered_sheets(verified):
    """Such as in Excel's own: the sheets are one name with a number, and no list of letters."""
    cells = steps(name="Sheet{n}")
    verdict, _, said = verified(cells, NUMBERED.replace("Step {n}", "Sheet{n}"), STEPS)
    assert verdict is Verdict.PASS, said


@pytest.mark.parametrize(
    ("cell", "formula", "fix"),
    [
        (("Step 2", "F3"), "='Step 1'!A3*$D$2-'Step 1'!B3*$D$3", "='Step 1'!A3*$D$2+'Step 1'!B3*$D$3"),
        (("Loss 3", "B2"), "=SUMSQ('Step 2'!F2:F3)/2", "=SUMSQ('Step 3'!F2:F3)/2"),
        (("Loss 2", "B2"), "=SUMSQ('Step 2'!F2:F2)/2", "=SUMSQ('Step 2'!F2:F3)/2"),
    ],
)
def test_a_fault_on_one_sheet_is_found_there(verified, cell, formula, fix):
    """The finding has the sheet and the block, and its fix the sheets of that block."""
    cells = steps()
    assert cells[cell] == fix
    verdict, document, said = verified({**cells, cell: formula}, NUMBERED, STEPS)
    assert verdict is Verdict.FAIL
    place = f"'{cell[0]}'!{cell[1]}"
    assert named(document)[place] == "mismatch"
    (finding,) = document["checks"][0]["findings"]
    assert (finding["cells"], finding["iterations"]) == ([place], [int(cell[0][-1])])
    assert f"fix {fix}" in said


def test_a_fault_in_every_sheet_is_one_finding(verified):
    """As one in all blocks of a sheet is."""
    cells = {place: str(held).replace("SUMSQ", "SUM") if place[1] == "B2" and "Loss" in place[0] else held
             for place, held in steps(4).items()}  # fmt: skip
    verdict, document, said = verified(cells, NUMBERED, STEPS)
    assert verdict is Verdict.FAIL
    (finding,) = document["checks"][0]["findings"]
    assert finding["cells"] == [f"'Loss {n}'!B2" for n in range(1, 5)]
    assert "fix =SUMSQ('Step 1'!F2:F3)/2" in said


SERIES = "def f(x):\n    while True:\n        x = 2 * x\n        yield {'y': x}\n"


def test_sheets_may_be_a_list_with_rows_or_labels_on_them(verified):
    """Each block may be on any sheet, and a sheet may have several."""
    blocks = [("Ann", 3), ("Ann", 6), ("Bob", 3), ("Ann", 9)]
    cells = {("Ann", "A1"): 1.5}
    for n, (sheet, row) in enumerate(blocks, start=1):
        before = "A1" if n == 1 else f"{blocks[n - 2][0]}!B{blocks[n - 2][1] + 1}"
        cells |= {(sheet, f"A{row}"): f"Round {n}", (sheet, f"B{row + 1}"): f"=2*{before}"}
    rest = '[inputs]\nx = "A1"\n[outputs]\ny = "B4"\n'
    for how in (
        'rows = [3, 6, 3, 9]\nsheets = ["Ann", "Ann", "Bob", "Ann"]',
        'label = "Round {n}"\nsheets = ["Ann", "Bob"]',
    ):
        verdict, document, said = verified(cells, f"[blocks]\n{how}\n{rest}", SERIES)
        assert verdict is Verdict.PASS, said
        assert document["checks"][0]["counts"]["match"] == 4
        verdict, document, said = verified({**cells, ("Bob", "B4"): "=2*Ann!B4"}, f"[blocks]\n{how}\n{rest}", SERIES)
        assert verdict is Verdict.FAIL
        assert document["checks"][0]["findings"][0]["cells"] == ["Bob!B4"]
        assert "fix =2*Ann!B7" in said
    # A sheet without a label would never be compared.
    spec = f"[blocks]\nlabel = 'Round {{n}}'\nsheets = ['Ann', 'Bob']\n{rest}"
    verdict, _, said = verified(
        {**{at: held for at, held in cells.items() if at != ("Bob", "A3")}, ("Ann", "A9"): "Round 3"}, spec, SERIES
    )
    assert verdict is Verdict.UNASSESSED
    assert "no cell of sheet 'Bob' opens a block, as Ann!A3 does" in said
    names = {"Ann": "First", "Bob": "Second"}
    cells = {("First", "A1"): 1.5, ("First", "B4"): "=2*A1", ("Second", "B4"): "=2*First!B4"}
    verdict, _, said = verified(cells, f"[blocks]\nsheets = {list(names.values())}\n{rest}", SERIES)
    assert verdict is Verdict.PASS, said


@pytest.mark.parametrize(
    ("blocks", "outputs", "sentence"),
    [
        ('sheets = "Stp {n}"', "", "has no sheet 'Stp 1' (did you mean 'Step 1'?)"),
        ('sheets = "Step"', "", "sheets is a text with {n} in it"),
        ("sheets = []", "", "sheets is a text with {n} in it"),
        ('sheets = ["Step 1", "Stepp 2"]', "", "has no sheet 'Stepp 2' (did you mean 'Step 2'?)"),
        ('sheets = ["Step 1", "Step 1"]', "", "sheets lists 'Step 1' twice; give the rows or the columns"),
        ('sheets = "Step {n}"\nrows = [1, 1, 1, 1]', "", "there are 4 blocks, and 3 sheets 'Step {n}'"),
        ('sheets = "Step {n}"\nrows = [1, 1]', "", "there are 2 blocks, and 3 sheets 'Step {n}'"),
        ('sheets = "Step {n}"\nlabel = "Steps {n}"', "", "no cell of sheet 'Step 1' opens with 'Steps 1'"),
        ('sheets = ["Step 1"]\nrows = [1, 4]', "", "there are 2 blocks, and sheets lists 1; name the sheet of each"),
        ('sheets = "Step {n}"\ntable = "T"', "", "table is the name of the table whose rows are the blocks, and the only key"),
        ('table = "T"', "", "has no table 'T'"),
        ('sheets = "Step {n}"', "loss = \"'Los {n}'!B2\"", "'loss': "),
        ('sheets = "Step {n}"', 'loss = "Parameters!B2"', "output 'loss' is on sheet 'Parameters', which is no block's"),
        ('rows = [1, 4]', "loss = \"'Loss {n}'!B2\"", "the sheet 'Loss {n}' is one of several, numbered by {n}; give"),
    ],
)  # fmt: skip
def test_sheets_that_are_no_blocks_are_one_clear_error(verified, blocks, outputs, sentence):
    """Where it is, what is wrong, and the nearest right name."""
    sheet = "" if "sheets" in blocks else 'sheet = "Step 1"\n'
    spec = f"{sheet}[blocks]\n{blocks}\n" + NUMBERED.partition("\n")[2].partition("\n")[2]
    spec = spec.replace("loss = \"'Loss {n}'!B2\"", outputs) if outputs else spec
    verdict, _, said = verified(steps(), spec, STEPS)
    assert verdict is Verdict.UNASSESSED
    assert sentence in said
    assert "Traceback" not in said


def test_an_input_has_a_sheet_of_its_own_for_each_block(verified):
    """A rate for each step; where one is missing, that step has none."""
    spec = NUMBERED.replace('rate = "Parameters!B1"', "rate = { at = \"'Rate {n}'!A1\", every_block = true }")
    cells = {
        at: f.replace("Parameters!$B$1", f"'Rate {at[0][-1]}'!$A$1") if isinstance(f, str) else f
        for at, f in steps().items()
    }
    rates = {("Rate 1", "A1"): 0.1, ("Rate 2", "A1"): "='Rate 1'!A1", ("Rate 3", "A1"): "='Rate 2'!A1"}
    verdict, _, said = verified(cells | rates, spec, STEPS)
    assert verdict is Verdict.PASS, said
    verdict, _, said = verified(cells | {("Rate 1", "A1"): 0.1, ("Rate 2", "A1"): "='Rate 1'!A1"}, spec, STEPS)
    assert verdict is Verdict.UNASSESSED
    assert "'rate': there are 3 blocks, and 2 sheets 'Rate {n}'" in said


def test_a_missing_sheet_among_the_numbered_is_an_error(verified):
    """Not the end of the iterations."""
    cells = {(sheet.replace("Step 2", "Step2"), at): held for (sheet, at), held in steps().items()}
    verdict, _, said = verified(cells, NUMBERED, STEPS)
    assert verdict is Verdict.UNASSESSED
    assert "has a sheet 'Step 3' and no sheet 'Step 2'" in said
    verdict, _, said = verified({**steps(), ("step 03", "A1"): 1}, NUMBERED, STEPS)
    assert "both 'Step 3' and 'step 03' are number 3 of 'Step {n}'" in said


LOAN = {
    "Loan!A1": "Month", "Loan!B1": "Extra", "Loan!C1": "Interest", "Loan!D1": "Balance",
    "P!A1": 1000, "P!A2": 0.01, "P!A3": "=SUM(Loan[Interest])",
} | {("Loan", f"{column}{row}"): held for row in range(2, 6) for column, held in (
    ("A", row - 1), ("B", 10.0 * row), ("C", f"={'P!$A$1' if row == 2 else f'D{row - 1}'}*P!$A$2"),
    ("D", f"={'P!$A$1' if row == 2 else f'D{row - 1}'}+C{row}-Loan[[#This Row],[Extra]]"),
)}  # fmt: skip
LOAN_SPEC = """
[blocks]
table = "Loan"
[inputs]
amount = "P!A1"
rate = { at = "P!A2", low = 0, high = 0.2 }
extra = "Loan[Extra]"
[outputs]
interest = "Loan[Interest]"
balance = "Loan[Balance]"
total = { at = "P!A3", every_block = false }
"""
LOAN_REFERENCE = """
def f(amount, rate, extra):
    assert extra.shape == (4, 1)
    total, balance = 0.0, amount
    for paid in extra[:, 0]:
        interest = balance * rate
        total, balance = total + interest, balance + interest - paid
        yield {"interest": interest, "balance": balance, "total": total}
"""
TABLES = {"Loan": ("Loan", "A1:D5")}


def test_a_table_of_iterations_may_begin_with_a_quantity(verified):
    """In column A, before which there is nothing."""
    cells = {"S!A1": "y", "S!B1": "x", "S!A2": "=2*B2", "S!A3": "=2*B3", "S!B2": 1, "S!B3": 2}
    spec = '[blocks]\ntable = "T"\n[inputs]\nx = "T[x]"\n[outputs]\ny = "T[y]"\n'
    reference = 'def f(x):\n    for one in x[:, 0]:\n        yield {"y": 2 * one}\n'
    verdict, _, said = verified(cells, spec, reference, tables={"T": ("S", "A1:B3")})
    assert verdict is Verdict.PASS, said


def test_the_rows_of_a_table_may_be_the_iterations(verified):
    """A column is an output in each row, and an input as a whole."""
    verdict, document, said = verified(LOAN, LOAN_SPEC, LOAN_REFERENCE, tables=TABLES)
    assert verdict is Verdict.PASS, said
    (check,) = document["checks"]
    assert (check["counts"]["match"], check["iterations"]["count"]) == (9, 4)
    verdict, document, said = verified({**LOAN, "Loan!C4": "=D2*P!$A$2"}, LOAN_SPEC, LOAN_REFERENCE, tables=TABLES)
    assert verdict is Verdict.FAIL
    (finding,) = document["checks"][0]["findings"]
    assert (finding["cells"], finding["iterations"]) == (["Loan!C4"], [3])
    assert "fix =D3*P!$A$2" in said


def test_state_and_copies_in_a_table_are_a_column_of_it(verified):
    """State is an input in the first row; an input with every_block has the same value in each."""
    cells = {("S", f"{column}{row}"): held for row in range(1, 5) for column, held in zip("ABC", (
        ("Rate", "Before", "After") if row == 1 else (0.5, 2 if row == 2 else f"=C{row - 1}", f"=B{row}*A{row}")
    ), strict=True)}  # fmt: skip
    spec = """
    blocks = { table = "T" }
    inputs = { before = "T[Before]", rate = { at = "T[Rate]", every_block = true } }
    outputs = { before = "T[Before]", after = "T[After]" }
    """
    reference = "def f(before, rate):\n    while True:\n        after = before * rate\n        yield locals()\n"
    reference += "        before = after\n"
    verdict, document, said = verified(cells, spec, reference, tables={"T": ("S", "A1:C4")})
    assert verdict is Verdict.PASS, said
    assert document["checks"][0]["counts"]["match"] == 5


def test_an_output_beside_the_first_row_of_a_table_is_an_error(verified):
    """A total below the table would be taken for what is in the first row."""
    spec = LOAN_SPEC.replace('{ at = "P!A3", every_block = false }', '"Loan!C6"')
    verdict, _, said = verified({**LOAN, "Loan!C6": "=SUM(C2:C5)"}, spec, LOAN_REFERENCE, tables=TABLES)
    assert verdict is Verdict.UNASSESSED
    assert "output 'total' is not in Loan!A2:D2, the first row of the table; name a column of it, or" in said
    once = LOAN_SPEC.replace("P!A3", "Loan!C6")
    assert verified({**LOAN, "Loan!C6": "=SUM(C2:C5)"}, once, LOAN_REFERENCE, tables=TABLES)[0] is Verdict.PASS


def test_a_table_that_the_workbook_has_not_is_an_error(verified):
    """With the nearest name."""
    verdict, _, said = verified(LOAN, LOAN_SPEC.replace('"Loan"', '"Lone"'), LOAN_REFERENCE, tables=TABLES)
    assert verdict is Verdict.UNASSESSED
    assert "has no table 'Lone' (did you mean 'Loan'?)" in said


RANGED = {"S!A1": 1, "S!B1": 50, "S!A2": 2, "S!B2": 60, "S!D1": "=SUM(A1:B2)"}
RANGED_SPEC = 'sheet = "S"\ninputs = {{ x = {{ at = "A1:B2", {limits} }} }}\noutputs = {{ y = "D1" }}\n'


@pytest.mark.parametrize(
    ("limits", "least", "most"),
    [
        ("low = [0, 10], high = [5, 100]", [[0, 10], [0, 10]], [[5, 100], [5, 100]]),
        ("low = [[0], [2]], high = 60", [[0, 0], [2, 2]], [[60, 60], [60, 60]]),
        ("low = [[1, 40], [2, 60]], high = [[1, 50], [3, 70]]", [[1, 40], [2, 60]], [[1, 50], [3, 70]]),
        ("low = [0.5, 0], high = [1.5, 70], integer = true", [[1, 0], [1, 0]], [[1, 70], [1, 70]]),
    ],
)
def test_limits_may_be_those_of_each_column_row_or_cell(verified, limits, least, most):
    """A reference that raises beyond them is defined in every scenario, and without them is not."""
    reference = f"""
import numpy as np

def f(x):
    if (x < np.array({least})).any() or (x > np.array({most})).any():
        raise ValueError(x)
    return {{"y": x.sum()}}
"""
    cells = {**RANGED, "S!A2": 1} if "integer" in limits else RANGED
    verdict, document, said = verified(cells, RANGED_SPEC.format(limits=limits), reference)
    assert verdict is Verdict.PASS, said
    assert document["checks"][0]["scenarios"]["dropped"] == 0
    _, document, _ = verified(cells, RANGED_SPEC.format(limits="low = 0"), reference)
    assert document["checks"][0]["scenarios"]["dropped"] > 20


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        (
            "low = [0, 1, 2]",
            "'low' of 'x' is a list of the shape (3,), and the input has 2 × 2 cells; give a number for each",
        ),
        ("high = [[1, 2], [3]]", "the rows of 'high' of 'x' are of different lengths"),
        ("low = []", "'low' of 'x' is a number of at most 1e100, a date, or a list of numbers"),
        ('low = ["2020-01-01"]', "'low' of 'x' is a number of at most 1e100, a date, or a list of numbers"),
        ("low = [0, 10], high = 9", "'low' of 'x' is above its 'high' in S!B1: 10 > 9"),
        (
            "low = [0.2, 0.2], high = [2, 0.8], integer = true",
            "no whole number between 'low' and 'high' of 'x' in S!B1",
        ),
    ],
)
def test_limits_of_another_shape_are_one_clear_error(verified, limits, sentence):
    """With the two shapes."""
    verdict, _, said = verified(RANGED, RANGED_SPEC.format(limits=limits), "def f(x):\n    return {'y': x.sum()}\n")
    assert verdict is Verdict.UNASSESSED
    assert sentence in said


def test_limits_of_a_single_column_may_be_a_plain_list(verified):
    """One number for each of its cells."""
    cells = {"S!A1": 1, "S!A2": 20, "S!A3": 300, "S!D1": "=SUM(A1:A3)"}
    spec = RANGED_SPEC.format(limits="low = [0, 10, 100], high = [9, 99, 999]").replace("A1:B2", "A1:A3")
    reference = "def f(x):\n    assert [len(str(int(v))) for v in x[:, 0]] == [1, 2, 3]\n    return {'y': x.sum()}\n"
    verdict, document, said = verified(cells, spec, reference)
    assert verdict is Verdict.PASS, said
    assert document["checks"][0]["scenarios"]["run"] == 100
    two = RANGED_SPEC.format(limits="low = [0, 10], high = [9, 99]").replace("A1:B2", "A1:A2")
    cells |= {"S!D1": "=SUM(A1:A2)"}
    verdict, _, said = verified(cells, two, reference.replace("2, 3]", "2]"))
    assert verdict is Verdict.PASS, said


def test_known_differences_on_numbered_sheets_are_accepted_on_each(verified):
    """With {n}, or by an address that names no sheet."""
    cells = {place: f"{held}+1" if place[0].startswith("Loss") else held for place, held in steps().items()}
    spec = (
        NUMBERED
        + """
    [[accept]]
    cells = "'Loss {n}'!B2"
    reason = "one too many"
    """
    )
    verdict, document, said = verified(cells, spec, STEPS)
    assert verdict is Verdict.PASS, said
    assert document["checks"][0]["counts"]["accepted"] == 3


def test_every_report_names_the_sheet_and_the_block(run, tmp_path):
    """And the corrected copy is right, the coloured one can be read, and pytest fails the one quantity."""
    layout = one_per_sheet()
    spec = layout.with_fault("another sheet's loss").write(tmp_path)
    fixed, shown = tmp_path / "fixed.xlsx", tmp_path / "shown.xlsx"
    assert run("verify", spec, "--fix", fixed, "--annotate", shown).code == 1
    assert run("verify", spec, "--workbook", fixed).code == 0
    book = openpyxl.load_workbook(shown)
    assert "Loss 2" in book["Loss 3"]["B2"].comment.text or "Epoch 2" in book["Loss 3"]["B2"].comment.text
    for kind in ("junit", "sarif", "html", "markdown"):
        text = run("verify", spec, "--format", kind).out
        assert "Loss 3" in text, kind
        assert "shown[3]" in text or kind == "sarif", kind
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", spec],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed" in done.stdout
    assert "shown[3]" in done.stdout
