"""`xlparity init`: a stranger's workbook gets a spec file that verify accepts, and with its reference one that proves it."""

import io
import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.chart import BarChart, Reference
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

import xlparity
from xlparity.actions.init import drafted
from xlparity.actions.init.names import CLOSE, LEAD, SAME, SAME_WORDS, WORD, fit, identifier, stem
from xlparity.actions.init.numbers import SheetNumbers, values_in
from xlparity.engines.registry import find_engine
from xlparity.excel.address import Cell, Range
from xlparity.excel.workbook import read_workbook
from xlparity.results.report import Verdict
from xlparity.spec import read_spec
from xlparity.spec.binder import bind_cells
from xlparity.spec.binding import Offset

TRAIN = """
import numpy as np

def train(X, y, W1, b1, alpha):
    m = X.shape[0]
    while True:
        z1 = X @ W1 + b1
        A1 = 1 / (1 + np.exp(-z1))
        sample_loss = -(y * np.log(A1) + (1 - y) * np.log(1 - A1))
        loss = sample_loss.sum() / m
        dz1 = A1 - y
        dW1 = X.T @ dz1 / m
        db1 = dz1.sum() / m
        W1_new, b1_new = W1 - alpha * dW1, b1 - alpha * db1
        yield locals()
        W1, b1 = W1_new, b1_new
"""
X = [[0, 1, 0], [1, 0, 0], [1, 1, 1], [0, 1, 1]]
TOPS = [2, 22, 42, 62, 82, 102, 122, 142, 163, 183]  # the ninth epoch stands one row late


def course(sheet: Any) -> None:
    """Ten epochs of a regressor as a course lays them out: X and y typed into each block, X turned in the backward pass."""
    sheet["A1"], sheet["B1"] = "Learning speed", 0.8
    for number, top in enumerate(TOPS, start=1):
        first, last, back, update = top + 3, top + 6, top + 10, top + 16
        block: dict[str, object] = {f"A{top}": f"Epoch {number}", f"A{top + 1}": "forward pass"}
        headers = {"B": "X1", "C": "X2", "D": "X3", "G": "W1", "H": "b1", "J": "z1", "L": "A1", "N": "y"}
        block |= {f"{column}{top + 2}": text for column, text in headers.items()}
        block |= {f"P{top + 2}": "Sample Loss", f"Q{top + 2}": "Total Loss"}
        for k in range(4):
            block |= {f"A{first + k}": f"Sample {k + 1}", f"{'BCDE'[k]}{back - 1}": f"Sample {k + 1}"}
            block |= {f"{'BCD'[j]}{first + k}": X[k][j] for j in range(3)}
            block |= {f"{'BCDE'[k]}{back + j}": X[k][j] for j in range(3)}
            block |= {f"L{first + k}": f"=1/(1+EXP(-J{first + k}))", f"N{first + k}": [0, 1, 1, 0][k]}
            block[f"P{first + k}"] = f"=-(N{first + k}*LN(L{first + k})+(1-N{first + k})*LN(1-L{first + k}))"
            block[f"L{back + k}"] = f"=(L{first + k}-N{first + k})"
        for j in range(3):
            block[f"A{back + j}"] = f"X{j + 1}"
            block[f"G{first + j}"] = [0.5, 0.7, 0.2][j] if number == 1 else f"=G{TOPS[number - 2] + 16 + j}"
            block[f"G{update + j}"] = f"=G{first + j}-$B$1*G{back + j}"
        block[f"H{first}"] = 0.1 if number == 1 else f"=H{TOPS[number - 2] + 16}"
        z1, dW1 = f"J{first}:J{last}", f"G{back}:G{back + 2}"
        block[f"J{first}"] = ArrayFormula(z1, f"=MMULT(B{first}:D{last},G{first}:G{first + 2})+H{first}")
        block[f"G{back}"] = ArrayFormula(dW1, f"=1/4*MMULT(B{back}:E{back + 2},L{back}:L{back + 3})")
        block |= {f"H{back}": f"=1/4*SUM(L{back}:L{back + 3})", f"Q{first}": f"=1/4*SUM(P{first}:P{last})"}
        block |= {f"H{update}": f"=H{first}-$B$1*H{back}", f"L{back - 1}": "Loss Derivative dz1"}
        block |= {f"G{back - 1}": "dW1", f"H{back - 1}": "db1", f"G{update - 1}": "new W1", f"H{update - 1}": "new b1"}
        for address, value in block.items():
            sheet[address] = value


class Desk:
    """A folder with ``book.xlsx`` and ``ref.py``, and the command run in it."""

    def __init__(self, folder: Path, run: Callable[..., Any]) -> None:
        self.folder, self.run = folder, run
        self.workbook, self.spec = folder / "book.xlsx", folder / "book.parity.toml"
        self.summary = ""  # what the last draft printed

    def write(self, fill: Callable[[Any], None] | dict[str, object], reference: str = "") -> None:
        """The workbook with these cells on its one sheet, named Sheet, and the reference."""
        book = openpyxl.Workbook()
        if callable(fill):
            fill(book.active)
        else:
            for address, value in fill.items():
                book.active[address] = value
        book.save(self.workbook)
        (self.folder / "ref.py").write_text(reference)

    def change(self, **cells: object) -> None:
        """The workbook with these cells of its first sheet changed."""
        book = openpyxl.load_workbook(self.workbook)
        for address, value in cells.items():
            book.worksheets[0][address] = value
        book.save(self.workbook)

    def draft(self, function: str = "") -> str:
        """The drafted text, which must be a spec that maps onto the workbook."""
        self.spec.unlink(missing_ok=True)
        done = self.run(
            "init", self.workbook, *(["--reference", self.folder / f"ref.py:{function}"] if function else [])
        )
        assert (done.code, done.out) == (0, "")
        wrote, _, self.summary = done.err.partition(".parity.toml\n")
        assert wrote.startswith("wrote ")
        assert re.search(r"^next: .*xlparity verify \S+book\.parity\.toml\n\Z", self.summary, re.MULTILINE)
        bind_cells(read_spec(self.spec), read_workbook(self.workbook))
        return self.spec.read_text(encoding="utf-8")

    def table(self, function: str = "") -> dict[str, Any]:
        """The drafted file as TOML has it."""
        return tomllib.loads(self.draft(function))


@pytest.fixture(scope="module")
def empty_session(tmp_path_factory) -> Any:
    """A session of a workbook in which nothing is computed."""
    path = tmp_path_factory.mktemp("empty") / "book.xlsx"
    openpyxl.Workbook().save(path)
    return find_engine("formulas").load(read_workbook(path))


@pytest.fixture
def desk(tmp_path, run) -> Desk:
    return Desk(tmp_path, run)


# --- repeated blocks -----------------------------------------------------------------------------------------------


def test_the_draft_of_a_course_workbook_needs_no_correction(desk):
    """The layout that init was made for: blocks at irregular distances, repeated and turned inputs, headers of two words."""
    desk.write(course, TRAIN)
    assert desk.table("train") == {
        "workbook": "book.xlsx",
        "reference": "ref.py:train",
        "tolerance": {"rtol": 1e-9, "atol": 1e-12},
        "sheet": "Sheet",
        "blocks": {"label": "Epoch {n}"},
        "inputs": {
            "alpha": "B1",
            "X": {"at": "B5:D8", "every_block": True, "also": [{"at": "B12:E14", "transpose": True}]},
            "W1": "G5:G7",
            "b1": "H5",
            "y": {"at": "N5:N8", "every_block": True},
        },
        "outputs": {
            "W1": "G5:G7",
            "b1": "H5",
            "z1": "J5:J8",
            "A1": "L5:L8",
            "sample_loss": "P5:P8",
            "loss": "Q5",
            "dW1": "G12:G14",
            "db1": "H12",
            "dz1": "L12:L15",
            "W1_new": "G18:G20",
            "b1_new": "H18",
        },
    }
    report = xlparity.verify(desk.spec)
    assert report.verdict is Verdict.PASS
    assert (report.checks[0].blocks, report.coverage.unbound) == (10, 0)


def test_the_comments_say_what_to_check(desk):
    """A person corrects the draft, and must see which lines are guesses."""
    desk.write(course, TRAIN)
    text = desk.draft("train")
    assert 'alpha = "B1"     # "Learning speed"; no text names it, but the reference\'s values agree' in text
    assert 'loss        = "Q5"       # "Total Loss"' in text
    flowing = text.replace("\n# ", " ")
    assert "10 cells from A2 to A183 count" in flowing
    assert "At another distance than the second: block 9." in flowing
    assert "The reference also gives m." in flowing


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("P105", "=-(N105*LOG(L105)+(1-N105)*LN(1-L105))"),
        ("H52", -0.4),
        ("P6", "=-(N6*LOG(L6)+(1-N6)*LOG(1-L6))"),
        ("P6", 0.5),
        ("Q5", 0.5),
        ("C25", 7),
    ],
)
def test_a_draft_of_a_faulty_workbook_binds_the_fault(desk, address, fault):
    """A workbook is drafted because it may be wrong: the same lines come out, and the check fails."""
    desk.write(course, TRAIN)
    right = desk.table("train")
    desk.change(**{address: fault})
    assert desk.table("train") == right
    assert xlparity.verify(desk.spec).verdict is Verdict.FAIL


def test_an_input_that_differs_in_one_block_is_pointed_out(desk):
    """It may be a slip of the hand, or a batch of its own."""
    desk.write(course, TRAIN)
    desk.change(C25=7)
    assert "block 2 contains other values" in desk.draft("train")


def test_the_generated_training_is_drafted_and_passes(desk, week_one, tmp_path):
    """Inputs that later blocks pass on by formula are inputs and outputs; headers have a line of numpy below them."""
    spec = tmp_path / "drafts" / "training.parity.toml"
    reference = "xlparity.course.regressor.reference:train"
    assert desk.run("init", week_one.with_name("regressor.xlsx"), "--reference", reference, "-o", spec).code == 0
    report = xlparity.verify(spec)
    assert report.verdict is Verdict.PASS
    assert (report.checks[0].blocks, report.checks[0].counts["bound"]) == (22, 1366)
    unbound = {cell.sheet for cell in report.coverage.unbound_cells}
    assert unbound == {"Forward pass", "Sigmoid", "Loss", "History"}
    assert "# Other sheets with formulas: Forward pass, Sigmoid, Loss, History." in spec.read_text()


@pytest.mark.parametrize(
    ("function", "sheet", "outputs"),
    [
        ("first_pass", "Forward pass", {"z1": "H7:H10", "A1": "I7:I10", "difference": "L7:L10"}),
        ("tabulate_sigmoid", "Sigmoid", {"A": "B7:B55", "slope": "C7:C55"}),
        ("worked_examples", "Loss", {"loss": "D7:D8"}),
    ],
)
def test_a_function_about_another_sheet_finds_it(desk, week_one, tmp_path, function, sheet, outputs):
    """One workbook has several checks; what the function takes and returns says which of its sheets is meant."""
    spec = tmp_path / "other.parity.toml"
    reference = f"xlparity.course.regressor.reference:{function}"
    assert desk.run("init", week_one.with_name("regressor.xlsx"), "--reference", reference, "-o", spec).code == 0
    table = tomllib.loads(spec.read_text(encoding="utf-8"))
    assert (table["sheet"], table["outputs"], "blocks" in table) == (sheet, outputs, False)
    assert xlparity.verify(spec).verdict is Verdict.PASS


def test_blocks_side_by_side_are_found(desk):
    """A label may count across the sheet."""

    def fill(sheet: Any) -> None:
        for k, (here, there, before) in enumerate([("B", "C", ""), ("E", "F", "C"), ("H", "I", "F")], start=1):
            sheet[f"{here}1"] = f"Step {k}: halve it"
            sheet[f"{here}2"], sheet[f"{there}2"] = "x", "half"
            sheet[f"{here}3"] = f"={before}3" if before else 8
            sheet[f"{there}3"] = f"={here}3/2"

    desk.write(fill, "def halve(x):\n    while True:\n        half = x / 2\n        yield locals()\n        x = half\n")
    table = desk.table("halve")
    assert (table["blocks"], table["outputs"]) == ({"label": "Step {n}"}, {"x": "B3", "half": "C3"})
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS
    desk.change(I3="=H3/3")
    assert xlparity.verify(desk.spec).verdict is Verdict.FAIL


def descent(sheet: Any) -> None:
    """A table whose rows go on from one another: x descends towards 0."""
    sheet["A1"], sheet["B1"] = "rate", 0.25
    for column, text in zip("ABC", ("iteration", "x", "slope"), strict=True):
        sheet[f"{column}3"] = text
    for k in range(6):
        sheet[f"A{4 + k}"], sheet[f"C{4 + k}"] = k, f"=2*B{4 + k}"
        sheet[f"B{4 + k}"] = f"=B{3 + k}-$B$1*C{3 + k}" if k else 3


def test_rows_that_go_on_from_one_another_are_iterations_of_a_generator(desk):
    """The commonest layout of a recurrence, and it has no label."""
    loop = "    while True:\n        slope = 2 * x\n        yield locals()\n        x = x - rate * slope\n"
    desk.write(descent, f"def descend(x, rate):\n{loop}")
    table = desk.table("descend")
    assert table["blocks"] == {"first": 4, "step": 1, "count": 6}
    assert (table["inputs"], table["outputs"]) == ({"rate": "B1", "x": "B4"}, {"x": "B4", "slope": "C4"})
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS
    desk.change(C8="=3*B8")
    assert xlparity.verify(desk.spec).verdict is Verdict.FAIL


@pytest.mark.parametrize(("start", "blocks"), [(1, {"label": "Round {n}"}), (0, {"first": 4, "step": 1, "count": 6})])
def test_rows_may_be_labelled(desk, start, blocks):
    """Their headers stand above the first; a label that counts from 0 is none that a spec file can have."""

    def fill(sheet: Any) -> None:
        descent(sheet)
        for k in range(6):
            sheet[f"A{4 + k}"] = f"Round {start + k}"

    desk.write(fill, "def descend(x, rate):\n    while True:\n        yield locals()\n        x -= rate * 2 * x\n")
    table = desk.table("descend")
    assert (table["blocks"], table["outputs"]) == (blocks, {"x": "B4"})
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_blocks_that_count_from_zero_are_told_by_their_rows(desk):
    """Programmers count so, and the distances may be irregular."""
    cells: dict[str, object] = {}
    for k, top in enumerate([2, 6, 11]):
        cells |= {f"A{top}": f"Epoch {k}", f"A{top + 1}": "x", f"B{top + 1}": f"=B{[0, 4, 8][k]}" if k else 3}
        cells |= {f"A{top + 2}": "double", f"B{top + 2}": f"=2*B{top + 1}"}
    body = "    while True:\n        double = 2 * x\n        yield locals()\n        x = double\n"
    desk.write(cells, f"def f(x):\n{body}")
    table = desk.table("f")
    assert (table["blocks"], table["outputs"]) == ({"rows": [2, 6, 11]}, {"x": "B3", "double": "B4"})
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_a_label_that_stands_elsewhere_too_gives_way_to_rows(desk):
    """verify refuses a label that opens a block twice, and a heading may well repeat it."""
    desk.write(course, TRAIN)
    desk.change(D1="Epoch 1 is on top")
    assert desk.table("train")["blocks"] == {"rows": TOPS}
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_the_same_rows_are_one_array_of_a_function_that_returns(desk):
    """What the reference is decides: it gives no iterations."""
    body = "    xs = x * (1 - 2 * rate) ** np.arange(6)\n    return {'slope': 2 * xs}\n"
    desk.write(descent, f"import numpy as np\ndef descend(x, rate):\n{body}")
    table = desk.table("descend")
    assert "blocks" not in table
    assert table["outputs"] == {"slope": "C4:C9"}
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_what_would_lie_in_the_next_block_is_not_bound(desk):
    """The third block starts three rows after the second: what is bound is a bijection, or verify refuses the file."""
    cells: dict[str, object] = {"B1": 2}
    for number, top in enumerate([3, 13, 16], start=1):
        cells |= {
            f"A{top}": f"Run {number}",
            f"C{top}": "a",
            f"D{top}": "b",
            f"E{top}": "c",
            f"F{top}": "d",
            f"G{top}": "e",
        }
        cells |= {f"{column}{top + 1}": f"=$B$1+{number}" for column in "CDEFG"}
    cells |= {"C6": "=C4", "C16": "=C14"}
    desk.write(cells)
    text = desk.draft()
    assert tomllib.loads(text)["outputs"] == {"a": "C4", "b": "D4", "c": "E4", "d": "F4", "e": "G4"}
    assert "# Formulas that no line above covers: C6, C16" in text


# --- a single pass -------------------------------------------------------------------------------------------------


def samples(sheet: Any) -> None:
    """Samples in rows, weights and a rate beside them; the row labels count, and are no iterations."""
    sheet["A1"], sheet["B1"] = "λ", 0.5
    for column, text in zip("ABCEG", ("", "x1", "x2", "weights", "dL/dz"), strict=True):
        sheet[f"{column}3"] = text
    for k in range(5):
        row = 4 + k
        sheet[f"A{row}"], sheet[f"B{row}"], sheet[f"C{row}"] = f"Sample {k + 1}", k * 0.5, 1 - k * 0.3
        sheet[f"G{row}"] = f"=B{row}*$E$4+C{row}*$E$5+$B$1"
    sheet["E4"], sheet["E5"] = 0.3, -0.2
    sheet["A9"], sheet["G9"] = "Total", "=SUM(G4:G8)"


def test_a_single_pass_is_named_by_its_headers_without_a_reference(desk):
    """What is above names columns, what is to the left single cells; a total is no element of its column."""
    desk.write(samples)
    text = desk.draft()
    table = tomllib.loads(text)
    assert "blocks" not in table
    assert table["inputs"] == {"lambda_": "B1", "x": "B4:C8", "weights": "E4:E5"}
    assert table["outputs"] == {"dL_dz": "G4:G8", "total": "G9"}
    assert "still to be set" in text
    assert "there is no file" in desk.run("verify", desk.spec).err


def test_a_reference_by_any_spelling_is_matched(desk):
    """Case, punctuation and Greek letters are the sheet's; the names are the reference's."""
    body = "    DLDz = x @ weights + lambda_\n    return {'DLDz': DLDz.ravel(), 'total': DLDz.sum()}\n"
    desk.write(samples, f"def forward(x, weights, lambda_):\n{body}")
    table = desk.table("forward")
    assert table["inputs"] == {"lambda_": "B1", "x": "B4:C8", "weights": "E4:E5"}
    assert table["outputs"] == {"DLDz": "G4:G8", "total": "G9"}
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS
    desk.change(G6="=B6*$E$4-C6*$E$5+$B$1")
    assert xlparity.verify(desk.spec).verdict is Verdict.FAIL


def test_what_has_no_counterpart_is_said_in_comments(desk):
    """Neither an output that the reference does not give nor a parameter that no cell holds breaks the draft."""
    desk.write(
        samples,
        "def forward(x, weights, lambda_, steps=3):\n    return {'dL_dz': (x @ weights + lambda_), 'norm': 1}\n",
    )
    text = desk.draft("forward")
    assert '# total = "G9"' in text
    assert "gives no number of this name" in text
    assert '# steps = ""  # the reference has a default for it' in text
    assert "# The reference also gives norm." in text
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_a_missing_parameter_costs_its_own_line(desk):
    """A placeholder stands in for it: what does not depend on it is found by its values, and what does by its text."""
    body = "    z = x @ weights + lambda_\n    return {'z': z, 'total': z.sum() + h}\n"
    desk.write(samples, f"def forward(x, weights, lambda_, h):\n{body}")
    text = desk.draft("forward")
    assert '# h = ""  # the reference needs it' in text
    assert tomllib.loads(text)["outputs"] == {"z": "G4:G8", "total": "G9"}
    assert "needs 'h'" in desk.run("verify", desk.spec).err
    assert "  h: the reference needs it, and no cell seems to hold it\n" in desk.summary
    assert "total (G9): by its text only" in desk.summary


@pytest.mark.parametrize("body", ["return [x]", "yield x", "yield from ()"])
def test_a_reference_that_gives_no_names_still_gives_its_parameters(desk, body):
    """A list says nothing about which cell is which; the draft says what the function is to give instead."""
    desk.write({"A1": "x", "B1": 2, "A2": "y", "B2": "=2*B1"}, f"def f(x):\n    {body}\n")
    text = desk.draft("f")
    assert "gives no mapping of names to arrays; return one" in " ".join(text.replace("#", "").split())
    table = tomllib.loads(text)
    assert (table["inputs"], table["outputs"]) == ({"x": "B1"}, {"y": "B2"})


def test_a_key_that_is_no_text_is_the_name_of_nothing(desk):
    """A dict may have any keys, and a spec has names."""
    desk.write({"A1": "x", "B1": 2, "A2": "y", "B2": "=2*B1"}, "def f(x):\n    return {1: x, 'y': 2 * x}\n")
    text = desk.draft("f")
    assert tomllib.loads(text)["outputs"] == {"y": "B2"}
    assert "also gives" not in text
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_values_name_a_cell_that_no_text_names_so(desk):
    """The label is the author's word, and the name the programmer's; what both compute is the same."""
    cells = {"A1": "x", "B1": 2, "A2": "twice", "B2": "=2*B1"}
    desk.write(cells, "def f(x):\n    return {'steps': [x, 2 * x], 'doubled': 2 * x}\n")
    assert desk.table("f")["outputs"] == {"doubled": "B2"}
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_a_name_that_is_no_bare_key_of_toml_is_quoted(desk):
    """N(d1) is what a reference may well call it, and the draft was no TOML."""
    desk.write({"A1": "x", "B1": 2, "A2": "N(d1)", "B2": "=2*B1"}, "def f(x):\n    return {'N(d1)': 2 * x}\n")
    assert desk.table("f")["outputs"] == {"N(d1)": "B2"}
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_where_neither_name_nor_size_fits_the_output_is_skipped(desk):
    """An empty [outputs] is refused as well; a skipped line is accepted, says why, and passes nothing."""
    desk.write({"A1": "x", "B1": 2, "A2": "twice", "B2": "=2*B1"}, "def f(x):\n    return {'steps': [x, 2 * x]}\n")
    said = "the reference gives no number of this name"
    assert desk.table("f")["outputs"] == {"twice": {"at": "B2", "skip": said}}
    assert "outputs: no number that the reference gives is on the sheet" in desk.summary
    assert xlparity.verify(desk.spec).verdict is Verdict.UNASSESSED


def test_a_parameter_that_has_no_name_is_refused(desk):
    """No input can be handed over, so neither command goes on, and it is the function's own file that is blamed."""
    desk.write({"A1": "x", "B1": 2, "A2": "y", "B2": "=2*B1"}, "def f(x):\n    return {'y': 2 * x}\n")
    desk.draft("f")
    (desk.folder / "ref.py").write_text("def f(x, /):\n    return {'y': 2 * x}\n")
    said = "ref.py:f cannot be called: 'x' is before the '/'"
    refused(desk, desk.workbook, "-o", desk.folder / "g.toml", "--reference", desk.folder / "ref.py:f", said=said)
    assert said in desk.run("verify", desk.spec).err


def test_a_call_that_fails_at_the_door_blames_no_file_of_ours(desk):
    """A decorator may tell other parameters than the function takes; where in xlparity that is noticed helps nobody."""
    body = "import functools\ndef h(x):\n    pass\n@functools.wraps(h)\ndef f():\n    return {'y': 1}\n"
    desk.write({"A1": "x", "B1": 2, "A2": "y", "B2": "=2*B1"}, body)
    assert "references.py" not in (text := desk.draft("f"))
    assert "ref.py:f raised TypeError" in text


def test_a_turned_array_is_transposed(desk):
    """The reference has features in rows, the sheet in columns."""
    cells = {"A1": "x", "B1": 1, "C1": 2, "A3": "table", "A4": "=B1", "B4": "=C1", "A5": "=2*B1", "B5": "=2*C1"}
    cells |= {"A6": "=3*B1", "B6": "=3*C1"}
    desk.write(cells, "import numpy as np\ndef f(x):\n    return {'table': np.outer(x, [1, 2, 3])}\n")
    assert desk.table("f")["outputs"] == {"table": {"at": "A4:B6", "transpose": True}}
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_a_misfit_is_bound_and_pointed_out(desk):
    """A bias in one cell where numpy has a row of three is a finding for a person, and not another quantity."""
    cells = {"A1": "x", "B1": 1, "C1": 2, "D1": 3, "A2": "bias", "B2": "=SUM(B1:D1)"}
    desk.write(cells, "def f(x):\n    return {'bias': x}\n")
    assert "# it has shape (1, 3) in the reference" in desk.draft("f")


@pytest.mark.parametrize("across", [True, False])
def test_what_is_carried_on_from_month_to_month_is_one_quantity(desk, across):
    """The first month's formula is another one than the rest's; bound alone it would be a misfit, and the rest not looked at."""
    cells = {
        "A1": "opening",
        "B1": 100,
        "A3": "In force",
        "B3": "=B1",
        "C3": "=B3*0.9",
        "D3": "=C3*0.9",
        "E3": "=D3*0.9",
    }
    if not across:
        cells = {
            "A1": "opening",
            "B1": 100,
            "A3": "In force",
            "A4": "=B1",
            **{f"A{n}": f"=A{n - 1}*0.9" for n in (5, 6, 7)},
        }
    desk.write(cells, "def f(opening):\n    return {'in_force': [opening * 0.9**k for k in range(4)]}\n")
    assert desk.table("f")["outputs"] == {"in_force": "B3:E3" if across else "A4:A7"}
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_a_formula_that_refers_to_nothing_is_an_input(desk):
    """=1/4 is a constant with an equals sign: bound as an output, verify would call it hardcoded."""
    cells = {"A1": "rate", "B1": "=1/4", "A2": "base", "B2": 8, "A3": "tax", "B3": "=B1*B2"}
    desk.write(cells, "def f(rate, base):\n    return {'tax': rate * base}\n")
    assert "no line above covers" not in desk.draft("f")
    table = desk.table("f")
    assert (table["inputs"], table["outputs"]) == ({"rate": "B1", "base": "B2"}, {"tax": "B3"})
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_a_state_that_the_reference_is_not_given_is_said(desk):
    """It has first weights of its own; what the first block holds is then a constant where a formula must stand."""
    desk.write(
        descent, "def descend(rate):\n    x = 3\n    while True:\n        yield locals()\n        x -= rate * 2 * x\n"
    )
    text = desk.draft("descend")
    assert "# the reference has no such parameter; set in the first block" in text
    assert "# a constant in the first block" in text


def test_labelled_rows_are_quantities_of_their_own(desk):
    """A list of parameters under 'Value', and results of different formulas under one another."""
    cells = {"A1": "Parameter", "B1": "Value", "A2": "price", "B2": 3, "A3": "volume", "B3": 5, "A4": "costs", "B4": 4}
    cells |= {"A6": "Results", "B6": "plan", "A7": "Revenue", "B7": "=B2*B3", "A8": "Profit", "B8": "=B7-B4"}
    desk.write(
        cells,
        "def f(price, volume, costs):\n    revenue = price * volume\n    profit = revenue - costs\n    return locals()\n",
    )
    table = desk.table("f")
    assert table["inputs"] == {"price": "B2", "volume": "B3", "costs": "B4"}
    assert table["outputs"] == {"revenue": "B7", "profit": "B8"}
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_rows_across_months_are_rows(desk):
    """Formulas that were filled to the right are one quantity, named to the left."""
    cells: dict[str, object] = {"A2": "Sales", "A3": "Tax"}
    for k, (column, month) in enumerate([("B", "Jan"), ("C", "Feb"), ("D", "Mar")]):
        cells |= {
            f"{column}1": month,
            f"{column}2": 10 + k,
            f"{column}3": f"={column}2*0.2",
            f"{column}4": f"={column}2-{column}3",
        }
    desk.write(cells | {"A4": "Net"})
    assert {"tax": "B3:D3", "net": "B4:D4"}.items() <= desk.table()["outputs"].items()


def test_two_counting_headers_that_the_reference_tells_apart_are_two(desk):
    """W1 and W2 side by side are a matrix W, unless the function has W1 and W2."""
    cells = {"A1": "W1", "B1": "W2", "A2": 1, "B2": 2, "D1": "s", "D2": "=A2+B2"}
    desk.write(cells, "def f(W1, W2):\n    return {'s': W1 + W2}\n")
    assert desk.table()["inputs"] == {"W": "A2:B2"}
    assert desk.table("f")["inputs"] == {"W1": "A2", "W2": "B2"}


# --- values as evidence --------------------------------------------------------------------------------------------


def budget(**changed: object) -> dict[str, object]:
    """A household's month: four numbers, and what follows from them under other words than a programmer's."""
    cells: dict[str, object] = {"A1": "Life Insurace", "B1": 55.5, "A2": "Health insurance", "B2": 210, "A3": "Rent"}
    cells |= {"B3": 900, "A4": "Income (net)", "B4": 2450, "A6": "Total", "B6": "=SUM(B1:B3)"}
    return cells | {"A7": "Left over", "B7": "=B4-B6", "A8": "Quota", "B8": "=B7/B4"} | changed


BUDGET = """
def month(life_insurance, health_insurance, rent, income):
    costs = life_insurance + health_insurance + rent
    return {"costs": costs, "savings": income - costs, "saving_rate": (income - costs) / income}
"""
RIGHT_BUDGET = {"costs": "B6", "savings": "B7", "saving_rate": "B8"}


def test_outputs_are_where_their_values_are(desk):
    """No text names an output as the function does, and one parameter is misspelt."""
    desk.write(budget(), BUDGET)
    table = desk.table("month")
    assert table["inputs"] == {"life_insurance": "B1", "health_insurance": "B2", "rent": "B3", "income": "B4"}
    assert table["outputs"] == RIGHT_BUDGET
    assert "not sure" not in desk.summary
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_a_label_that_values_contradict_is_a_comment(desk):
    """'Savings' is what the sheet calls the quota; bound, it would be a false alarm, and what is right would not be compared."""
    desk.write(budget(A8="Savings"), BUDGET)
    assert desk.table("month")["outputs"] == RIGHT_BUDGET
    desk.write(budget(A8="Savings", A7="", B7=None, B8="=(B4-B6)/B4"), BUDGET)
    assert desk.table("month")["outputs"] == {
        "costs": "B6"
    }  # with no savings elsewhere, the formula may be what is wrong
    assert "savings (B8): a text names it so, but B8 holds 0.524286 where the reference gives 1284.5" in desk.summary


def test_a_doubtful_line_names_both_values(desk):
    """A person sees at once whether the label or the formula is wrong."""
    desk.write(budget(A8="Saving rate", B8="=B7/B1"), BUDGET)
    text = desk.draft("month")
    assert tomllib.loads(text)["outputs"] == {"costs": "B6", "savings": "B7"}
    said = "a text names it so, but B8 holds 23.1441 where the reference gives 0.524286"
    assert '# saving_rate = "B8"' in text
    assert said in text
    assert f"  saving_rate (B8): {said}\n" in desk.summary


def test_one_wrong_formula_hides_nothing_behind_it(desk):
    """All three differ, and only one is wrong: with the right value there the others agree, so that all are bound."""
    desk.write(budget(A6="Total costs", B6="=SUM(B1:B2)"), BUDGET)
    assert desk.table("month")["outputs"] == RIGHT_BUDGET
    assert "costs (B6): B6 holds 265.5 where the reference gives 1165.5; with the reference's values" in desk.summary
    report = xlparity.verify(desk.spec)
    assert report.verdict is Verdict.FAIL
    assert [finding.cells[0].a1 for finding in report.checks[0].findings] == ["B6"]


def test_a_reference_that_gives_a_nan_lacks_no_parameter(desk):
    """What the reference gives is the reason, and not a cell that is said to be missing."""
    desk.write({"A1": "x", "B1": -1, "A2": "y", "B2": "=B1*2.5"}, "def f(x):\n    return {'y': float('nan')}\n")
    assert desk.table("f")["outputs"] == {"y": "B2"}
    assert "y (B2): by its text only: the reference gives no number" in desk.summary


PROFIT = "def year(revenue, cost):\n    profit = revenue - cost\n    return {'profit': profit, 'tax': profit * 0.2}\n"


def test_a_formula_with_operands_exchanged_is_not_hidden_by_inputs_exchanged_as_well(desk):
    """The values would agree, also after other inputs, and a wrong workbook would pass: what labels give to the letter stays."""
    cells = {"A1": "Revenue", "B1": 1234.5, "A2": "Cost", "B2": 345.67, "A3": "Profit", "A4": "Tax", "B4": "=B3*0.2"}
    desk.write({**cells, "B3": "=B2-B1"}, PROFIT)
    table = desk.table("year")
    assert table["inputs"] == {"revenue": "B1", "cost": "B2"}
    assert table["outputs"] == {"profit": "B3", "tax": "B4"}
    assert "profit (B3): B3 holds -888.83 where the reference gives 888.83" in desk.summary
    assert xlparity.verify(desk.spec).verdict is Verdict.FAIL


def test_inputs_are_in_doubt_where_their_texts_name_one_another(desk):
    """A word in a text may be there for another reason, so that values decide; but a person is to look at it."""
    cells = {"A1": "Revenue (net)", "B1": 1234.5, "A2": "Cost of goods", "B2": 345.67, "A3": "Profit", "A4": "Tax"}
    desk.write({**cells, "B3": "=B2-B1", "B4": "=B3*0.2"}, PROFIT)
    desk.draft("year")
    assert "cost (B1): its text names 'revenue', and the reference's values agree only so" in desk.summary
    assert "revenue (B2): its text names 'cost', and the reference's values agree only so" in desk.summary
    assert "sure, as the values agree, also for other inputs: profit, tax\n" in desk.summary


def test_values_under_another_text_are_in_doubt_where_a_cell_of_the_name_differs(desk):
    """Either may be what is meant, and the one that is named so may be wrong."""
    cells = {
        "A1": "x",
        "B1": 3.5,
        "A2": "area",
        "B2": "=B1*2",
        "A3": "perimeter",
        "B3": "=B1*4",
        "A4": "other",
        "B4": "=B1^2",
    }
    desk.write(cells, "def square(x):\n    return {'area': x * x, 'perimeter': 4 * x}\n")
    assert desk.table("square")["outputs"] == {"area": "B4", "perimeter": "B3"}
    assert "area (B4): agrees, and a text gives this name to B2, which differs" in desk.summary
    assert "sure, as the values agree, also for other inputs: x, perimeter\n" in desk.summary


def test_two_parameters_never_have_one_cell(desk):
    """A text beside a label holds no number; the number of the next row is that of the next label."""
    cells = {"A1": "kind", "B1": "fast", "A2": "k", "B2": 4, "A3": "y", "B3": '=IF(B1="fast",2,1)*B2+0.1234'}
    desk.write(cells, "def f(kind, k):\n    return {'y': (2 if kind == 'fast' else 1) * k + 0.1234}\n")
    assert desk.table("f")["inputs"] == {"k": "B2"}
    assert "kind: the reference needs it, and no cell seems to hold it" in desk.summary


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_labels_may_be_followed_by_units_or_symbols(desk, order):
    """'GBW' and 'MHz' stand in two cells, in either order; the nearest text alone would name four things 'MHz'."""
    texts = [("GBW", "MHz", 4.2), ("Gain", "-", 12), ("C load", "pF", 33), ("f max", "MHz", 0.5)]
    cells: dict[str, object] = {}
    for row, (label, unit, value) in enumerate(texts, start=1):
        cells |= {f"{'AB'[order[0]]}{row}": label, f"{'AB'[order[1]]}{row}": unit, f"C{row}": value}
    cells |= {"A6": "BW", "C6": "=C1/C2", "A7": "I", "C7": "=C3*C4*C6"}
    body = "    bw = gbw / gain\n    return {'bandwidth': bw, 'current': c_load * f_max * bw}\n"
    desk.write(cells, f"def amplifier(gbw, gain, c_load, f_max):\n{body}")
    table = desk.table("amplifier")
    assert table["inputs"] == {"gbw": "C1", "gain": "C2", "c_load": "C3", "f_max": "C4"}
    assert table["outputs"] == {"bandwidth": "C6", "current": "C7"}


def test_labels_are_read_across_arrows_and_merged_cells(desk):
    """A diagram has arrows between what is given and what follows, and headers over several columns."""

    def fill(sheet: Any) -> None:
        sheet["A1"], sheet["E1"], sheet["A2"], sheet["B2"], sheet["E2"] = "weights", "x", "↓", "↓", "↓"
        sheet.merge_cells("A1:B1")
        for row, (one, two, x) in enumerate([(1, -2, 3), (0.5, 4, -1)], start=3):
            sheet[f"A{row}"], sheet[f"B{row}"], sheet[f"D{row}"], sheet[f"E{row}"] = one, two, "→", x
            sheet[f"F{row}"], sheet[f"G{row}"] = "→", f"=A{row}*$E$3+B{row}*$E$4"

    desk.write(fill, "def layer(x, weights):\n    return {'z': weights @ x}\n")
    table = desk.table("layer")
    assert (table["inputs"], table["outputs"]) == ({"weights": "A3:B4", "x": "E3:E4"}, {"z": "G3:G4"})


def test_a_row_of_ones_that_adds_the_bias_is_no_part_of_an_input(desk):
    """A sheet multiplies [W b] by [x; 1] in one go, and a function has W @ x + b."""
    cells: dict[str, object] = {"A1": "W", "C1": "b", "E1": "x"}
    for row, values in enumerate([(1, 2, 0.5), (-1, 3, 0.25)], start=2):
        cells |= {f"{column}{row}": value for column, value in zip("ABC", values, strict=True)}
        cells[f"G{row}"] = f"=A{row}*E$2+B{row}*E$3+C{row}*E$4"
    desk.write(cells | {"E2": 4, "E3": -3.5, "E4": 1}, "def layer(W, b, x):\n    return {'z': W @ x + b}\n")
    table = desk.table("layer")
    assert table["inputs"] == {"W": "A2:B3", "b": "C2:C3", "x": "E2:E3"}
    assert table["outputs"] == {"z": "G2:G3"}
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_a_vector_with_a_label_for_each_element_is_a_range(desk):
    """Jan, Feb and Mar name no numbers of their own where the function takes sales."""
    cells = {"A1": "Sales", "A2": "Jan", "A3": "Feb", "A4": "Mar", "B2": 3.25, "B3": 4.5, "B4": 8.125, "A6": "All"}
    desk.write(cells | {"B6": "=SUMSQ(B2:B4)"}, "def f(sales):\n    return {'squares': (sales**2).sum()}\n")
    table = desk.table("f")
    assert (table["inputs"], table["outputs"]) == ({"sales": "B2:B4"}, {"squares": "B6"})


def test_what_agrees_on_the_stored_inputs_only_is_not_sure(desk):
    """A formula that reads no input of the reference is hard-coded in all but name, and verify must see it."""
    cells = {"A1": "x", "B1": 2.5, "A2": "y", "B2": "=B1*1.7", "A3": "z", "B3": "=8.875+0*B1"}
    desk.write(cells, "def f(x):\n    return {'y': 1.7 * x, 'z': 3.55 * x}\n")
    assert desk.table("f")["outputs"] == {"y": "B2", "z": "B3"}
    assert "other inputs: x, y\n" in desk.summary
    assert "  z (B3): agrees on the stored inputs, and not after other ones\n" in desk.summary
    assert xlparity.verify(desk.spec).verdict is Verdict.FAIL


def test_a_1_that_is_everywhere_proves_nothing(desk):
    """Where no text names it, a small number is bound to no cell; the workbook is full of them."""
    cells = {"A1": "x", "B1": 1, "D1": "=COUNT(B1)", "D2": "=COUNT(B1,D5)", "A4": "y", "B4": "=B1*1.2345678"}
    desk.write(cells, "def f(x):\n    return {'y': 1.2345678 * x, 'flag': 1}\n")
    text = desk.draft("f")
    assert tomllib.loads(text)["outputs"] == {"y": "B4"}
    assert '# flag = "D1"' in text
    assert "flag (D1): holds the same values, perhaps by chance" in desk.summary


def test_a_reference_that_hangs_on_some_cells_does_not_hold_up_the_draft(desk):
    """It is called with guesses, and a guess may make an endless loop of it."""
    body = "    while step < 1:\n        pass\n    return {'y': start * step}\n"
    cells = {"A1": "start", "B1": 3, "A2": "increment", "B2": 0.5, "A3": "pace", "B3": 2.75, "A4": "y", "B4": "=B1*B3"}
    desk.write(cells | {"B5": "=B2+1"}, f"def f(start, step):\n{body}")
    done = desk.run("init", desk.workbook, "--reference", f"{desk.folder / 'ref.py'}:f", "--reference-timeout", 1)
    assert done.code == 0
    table = tomllib.loads(desk.spec.read_text(encoding="utf-8"))
    assert (table["inputs"], table["outputs"]) == ({"start": "B1", "step": "B3"}, {"y": "B4"})


@given(
    hnp.arrays(float, hnp.array_shapes(min_dims=0, max_dims=2, max_side=4), elements=st.integers(-3, 3).map(float)),
    st.integers(1, 6),
    st.integers(1, 6),
    st.booleans(),
)
def test_an_array_is_found_wherever_it_stands(empty_session, array, row, column, turned):
    """As it is or turned, among other small numbers: what is found holds these very values in this order."""
    table = np.atleast_2d(array).T if array.ndim < 2 or turned else array
    others = {Cell("S", r, c): float((3 * r + c) % 7 - 3) for r in range(1, 12) for c in range(1, 12)}
    at = Range("S", row, column, row + table.shape[0] - 1, column + table.shape[1] - 1)
    planted = dict(zip(at.cells(), table.ravel().tolist(), strict=True))
    numbers = SheetNumbers(empty_session, others | planted)
    places = list(numbers.places(array))
    assert at in [place.at for place in places]
    for place in places:
        assert [held for _, held in values_in(numbers.of, place, Offset(0, 0))] == array.ravel().tolist()


# --- iterations without a label ------------------------------------------------------------------------------------

LOAN = """
def schedule(principal, annual_rate, months):
    monthly = annual_rate / 12
    payment = principal * monthly / (1 - (1 + monthly) ** -months)
    balance = principal
    while True:
        interest = balance * monthly
        yield {"balance": balance, "interest": interest, "repaid": payment - interest}
        balance -= payment - interest
"""


def loan(sheet: Any) -> None:
    """Two years of a loan; its months are named, and do not count."""
    for address, content in {
        "A1": "Loan amount",
        "B1": 9000,
        "A2": "Rate p.a.",
        "B2": 0.045,
        "A3": "Months",
        "B3": 24,
    }.items():
        sheet[address] = content
    sheet["A4"], sheet["B4"] = "Instalment", "=B1*B2/12/(1-(1+B2/12)^-B3)"
    for column, text in zip("ABCD", ("Month", "Opening", "Interest", "Repayment"), strict=True):
        sheet[f"{column}6"] = text
    for k in range(24):
        row = 7 + k
        sheet[f"A{row}"], sheet[f"B{row}"] = f"{'JFMAMJJASOND'[k % 12]}", f"=B{row - 1}-D{row - 1}" if k else "=B1"
        sheet[f"C{row}"], sheet[f"D{row}"] = f"=B{row}*$B$2/12", f"=$B$4-C{row}"


def test_rows_without_a_counter_are_found_by_their_formulas(desk):
    """The formulas of one column were filled down, and each row goes on from the one before."""
    desk.write(loan, LOAN)
    table = desk.table("schedule")
    assert table["blocks"] == {"first": 7, "step": 1, "count": 24}
    assert table["inputs"] == {"principal": "B1", "annual_rate": "B2", "months": "B3"}
    assert table["outputs"] == {"balance": "B7", "interest": "C7", "repaid": "D7"}
    assert "# 24 rows go on from one another, and the formulas repeat." in desk.spec.read_text(encoding="utf-8")
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def growth(book: Any) -> None:
    """Ten years of logistic growth across columns; the parameters are on another sheet."""
    given, sheet = book.active, book.create_sheet("Simulation")
    given.title = "Parameters"
    for row, (text, unit, value) in enumerate(
        [("Initial population", "fish", 120), ("Growth rate", "1/a", 0.31), ("Carrying capacity", "fish", 1500)],
        start=2,
    ):
        given[f"A{row}"], given[f"B{row}"], given[f"C{row}"] = text, value, unit
    sheet["A2"], sheet["A3"] = "Population", "Growth"
    for k, column in enumerate("BCDEFGHIJK"):
        before = "ABCDEFGHIJ"[k]
        sheet[f"{column}2"] = f"={before}2+{before}3" if k else "=Parameters!B2"
        sheet[f"{column}3"] = f"=Parameters!$B$3*{column}2*(1-{column}2/Parameters!$B$4)"


def savings(sheet: Any) -> None:
    """Six years, each with a deposit of its own, and the largest interest of all above them."""
    for row, entry in enumerate([("start", 500), ("rate", 0.03), ("fee", 2), ("best", "=MAX(C7:C12)")], 1):
        sheet[f"A{row}"], sheet[f"B{row}"] = entry
    for column, text in zip("ABCD", ("year", "deposit", "interest", "balance"), strict=True):
        sheet[f"{column}6"] = text
    for year, deposit in enumerate((100, 120, 0, 250, 90, 300), 1):
        row = 6 + year
        before = f"D{row - 1}" if year > 1 else "$B$1"
        sheet[f"A{row}"], sheet[f"B{row}"] = year, deposit
        sheet[f"C{row}"], sheet[f"D{row}"] = f"={before}*$B$2", f"={before}+B{row}+C{row}-$B$3"


SAVE = """
def save(start, rate, fee, deposit):
    balance, best = start, float('-inf')
    for (paid,) in deposit:
        interest = balance * rate
        balance, best = balance + paid + interest - fee, max(best, interest)
        yield {'interest': interest, 'balance': balance, 'best': best}
"""


def test_a_column_with_another_value_in_each_iteration_is_one_input(desk):
    """The reference takes the whole column; without the iterations only the first row would be compared."""
    desk.write(savings, SAVE)
    table = desk.table("save")
    assert table["blocks"] == {"first": 7, "step": 1, "count": 6}
    assert table["inputs"]["deposit"] == "B7:B12"
    assert table["outputs"] == {"interest": "C7", "balance": "D7"}
    assert "best: the reference gives it, and no cells in the blocks hold its values; what exists once" in desk.summary


def test_an_answer_outside_the_blocks_exists_once(desk, monkeypatch):
    """The largest interest is above the iterations, and is that of the last one in the reference."""
    desk.write(savings, SAVE)
    monkeypatch.setattr("sys.stdin", io.StringIO("B4\n"))
    done = desk.run("init", desk.workbook, "--reference", f"{desk.folder / 'ref.py'}:save", "--interactive")
    assert tomllib.loads(desk.spec.read_text(encoding="utf-8"))["outputs"]["best"] == {"at": "B4", "every_block": False}
    assert done.code == 0, done.out


def test_iterations_of_which_only_the_first_was_found_are_in_doubt(desk):
    """The function gives three, and the sheet shows one: perhaps the others are laid out in a way that is not known."""
    desk.write(
        {"A1": "x", "B1": 2, "A2": "y", "B2": "=3*B1"},
        "def f(x):\n    for k in (3, 7, 11):\n        yield {'y': k * x}\n",
    )
    assert desk.table("f")["outputs"] == {"y": "B2"}
    assert "the reference gives several iterations, and only the first was found" in desk.summary


def test_columns_that_go_on_are_iterations_with_parameters_on_another_sheet(desk):
    """A model keeps its assumptions apart; what is sure there is found by values, since one parameter is called K."""
    body = "    P = P0\n    while True:\n        more = growth_rate * P * (1 - P / K)\n"
    body += "        yield {'P': P, 'more': more}\n        P += more\n"
    desk.write(lambda sheet: growth(sheet.parent), f"def fish(P0, growth_rate, K):\n{body}")
    table = desk.table("fish")
    assert (table["sheet"], table["blocks"]) == ("Simulation", {"columns": list(range(2, 12))})
    assert table["inputs"] == {"P0": "Parameters!B2", "growth_rate": "Parameters!B3", "K": "Parameters!B4"}
    assert table["outputs"] == {"P": "B2", "more": "B3"}
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_formulas_that_are_all_different_are_iterations_by_their_values(desk):
    """Typed by hand, each row spells the same another way; the reference's first values are in one line."""
    cells: dict[str, object] = {"A1": "start", "B1": 3.7, "C3": "=B1", "D3": "=C3*1.5"}
    for row, text in enumerate(("=D3+1", "=1+D4", "=D5*1+1", "=(D6+1)", "=D7--1"), start=4):
        cells |= {f"C{row}": text, f"D{row}": (f"=C{row}*1.5", f"=1.5*C{row}", f"=C{row}+C{row}/2")[row % 3]}
    body = "    x = start\n    while True:\n        yield {'x': x, 'y': 1.5 * x}\n        x = 1.5 * x + 1\n"
    desk.write(cells, f"def f(start):\n{body}")
    table = desk.table("f")
    assert (table["blocks"], table["outputs"]) == ({"first": 3, "step": 1, "count": 6}, {"x": "C3", "y": "D3"})
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_conv1_and_conv2_are_no_iterations(desk):
    """They are two layers, which happen to have the same formulas; the number is part of a name."""
    cells: dict[str, object] = {"A1": "k", "B1": 3, "A3": "Conv1", "A8": "Conv2"}
    for top, source in ((4, "$B$1"), (9, "B4")):
        cells |= {f"A{top}": "z", f"B{top}": f"={source}*2", f"A{top + 1}": "a", f"B{top + 1}": f"=B{top}+1"}
    desk.write(cells)
    assert "blocks" not in desk.table()


def test_a_generator_that_ends_early_is_in_doubt(desk):
    """verify would refuse the file; the draft says first that the workbook has more iterations."""
    desk.write(
        descent, "def descend(x, rate):\n    for _ in range(4):\n        yield {'x': x}\n        x -= rate * 2 * x\n"
    )
    desk.draft("descend")
    assert "  blocks: the reference gives 4 iterations, and there are 6 blocks\n" in desk.summary


# --- several sheets ------------------------------------------------------------------------------------------------


def layers(book: Any) -> None:
    """Two sheets of one model in two sizes, and a third that is about something else, with many formulas."""
    for number, (title, rows) in enumerate([("small", 2), ("large", 3), ("notes", 60)]):
        sheet = book.create_sheet(title)
        for row in range(rows):
            if title == "notes":
                sheet[f"A{row + 1}"], sheet[f"C{row + 1}"] = (
                    f"item {chr(97 + row % 26)}{row}",
                    f"=SUM(D1:D{row + 1})*{row + 2}",
                )
                continue
            sheet["A1"], sheet[f"{'DE'[number]}1"], sheet["G1"] = "W", "x", "z"
            for column in range(rows):
                sheet[f"{'ABC'[column]}{row + 2}"] = (row * 7 + column * 3) % 5 - 1.25 * number
            sheet[f"{'DE'[number]}{row + 2}"] = row + 0.5
            sheet[f"G{row + 2}"] = (
                f"=SUMPRODUCT(A{row + 2}:{'ABC'[rows - 1]}{row + 2},TRANSPOSE({'DE'[number]}$2:{'DE'[number]}${rows + 1}))"
            )
            sheet[f"G{row + 2}"] = "=" + "+".join(f"{'ABC'[k]}{row + 2}*{'DE'[number]}${k + 2}" for k in range(rows))
    book["notes"]["D1"] = 3
    book.remove(book.worksheets[0])


LAYER = "def layer(W, x):\n    return {'z': W @ x}\n"


def test_each_sheet_that_matches_has_a_check(desk):
    """A course shows one model in several sizes; the sheet that is about something else is named, and not drafted."""
    desk.write(lambda sheet: layers(sheet.parent), LAYER)
    text = desk.draft("layer")
    checks = tomllib.loads(text)["check"]
    assert {name: check["outputs"] for name, check in checks.items()} == {
        "small": {"z": "G2:G3"},
        "large": {"z": "G2:G4"},
    }
    assert checks["large"]["inputs"] == {"W": "A2:C4", "x": "E2:E4"}
    assert "# Other sheets with formulas: notes." in text
    assert text.count("\n#") < 20
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_a_sheet_may_be_chosen_and_a_check_named(desk):
    """--sheet again drafts a further check; --check adds one to a file that has others."""
    desk.write(lambda sheet: layers(sheet.parent), LAYER)
    reference = f"{desk.folder / 'ref.py'}:layer"
    command = ("init", desk.workbook, "--reference", reference)
    assert desk.run(*command, "--sheet", "large", "--check", "big").code == 0
    assert list(tomllib.loads(desk.spec.read_text())["check"]) == ["big"]
    assert desk.run(*command, "--sheet", "small", "--check", "little").code == 0
    table = tomllib.loads(desk.spec.read_text())
    assert {name: check["sheet"] for name, check in table["check"].items()} == {"big": "large", "little": "small"}
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS
    refused(desk, *command[1:], "--sheet", "small", "--check", "big", said="has a check 'big' already")
    refused(desk, *command[1:], "--sheet", "smal", "--check", "b", said="has no sheet 'smal' (did you mean 'small'?)")
    refused(desk, *command[1:], "--sheet", "small", "--check", " ", said="the name of a check cannot be empty")
    refused(
        desk, *command[1:], "--check", "all", said="2 sheets match, and one check is about one; name it with --sheet"
    )
    desk.spec.unlink()
    assert desk.run(*command, "--sheet", "small", "--sheet", "small", "--check", "once").code == 0
    assert list(tomllib.loads(desk.spec.read_text())["check"]) == ["once"]


def test_a_hundred_lines_that_nobody_reads_are_not_written(desk):
    """What the reference does not give is named in one comment, but for a few lines that may only need another name."""
    desk.write(lambda sheet: layers(sheet.parent), LAYER)
    assert (
        desk.run("init", desk.workbook, "--reference", f"{desk.folder / 'ref.py'}:layer", "--sheet", "notes").code == 0
    )
    text = desk.spec.read_text(encoding="utf-8")
    assert text.count("\n#") < 25
    assert " more" in text


# --- questions -----------------------------------------------------------------------------------------------------


def test_each_doubt_is_asked_about_and_the_answer_verified(desk, monkeypatch):
    """What is no address, or has another line's cells, is asked for again; Enter leaves the line as it is."""
    desk.write(budget(A8="Saving rate", B8="=B7/B1"), BUDGET)
    monkeypatch.setattr("sys.stdin", io.StringIO("nowhere\nB4\nB8\n"))
    done = desk.run("init", desk.workbook, "--reference", f"{desk.folder / 'ref.py'}:month", "--interactive")
    assert "no name or table 'nowhere'" in done.err
    assert "B4 cannot be 'saving_rate': another line has some of its cells" in done.err
    assert tomllib.loads(desk.spec.read_text(encoding="utf-8"))["outputs"] == RIGHT_BUDGET
    assert (done.code, "FAIL" in done.out) == (1, True)
    assert "next:" not in done.err
    desk.spec.unlink()
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    done = desk.run("init", desk.workbook, "--reference", f"{desk.folder / 'ref.py'}:month", "--interactive")
    assert tomllib.loads(desk.spec.read_text(encoding="utf-8"))["outputs"] == {"costs": "B6", "savings": "B7"}
    assert done.code == 0


def test_questions_need_a_reference(desk):
    """Without values there are no doubts to settle."""
    desk.write(budget())
    refused(desk, desk.workbook, "--interactive", said="name it with --reference")


# --- cells typed over ----------------------------------------------------------------------------------------------


DOUBLE = "def f(x):\n    return {'y': 2 * x}\n"


def doubled(labels: str = "", **changed: object) -> dict[str, object]:
    """Six numbers x in column B, and beside each y, which is twice as much; perhaps with a label each in column A."""
    cells: dict[str, object] = {"B1": "x", "C1": "y"}
    for row, label in zip(range(2, 8), labels.split() or [""] * 6, strict=True):
        cells |= {f"A{row}": label or None, f"B{row}": row * 1.5, f"C{row}": f"=B{row}*2"}
    return cells | changed


@pytest.mark.parametrize("labels", ["", "s1 s2 s3 s4 s5 s6", "Anna Ben Carl Dora Emil Fritz"])
@pytest.mark.parametrize(
    "changed",
    [
        {"C7": 8},
        {"C2": 8},
        {"C4": 8},
        {"C6": 8, "C7": 9},
        {"C3": 6, "C4": "=B4*3"},
        {"C7": "=B7*3"},
        {"C7": "8"},
        {"C4": "n/a"},
        {"C4": "=8"},
    ],
)
def test_a_column_under_one_header_is_one_quantity(desk, labels, changed):
    """Cut where a cell was typed over, the draft would leave out that cell, and its row's input, and pass without a word."""
    desk.write(doubled(labels, **changed), DOUBLE)
    table = desk.table("f")
    assert (table["inputs"], table["outputs"]) == ({"x": "B2:B7"}, {"y": "C2:C7"})
    report = xlparity.verify(desk.spec)
    assert report.verdict is Verdict.FAIL
    assert {r.cell.a1 for r in report.checks[0].results if r.status != "match"} == set(changed)


def test_a_cell_typed_over_is_pointed_out(desk):
    """The person who corrects the draft may mend the workbook first."""
    desk.write(doubled(C7=8))
    assert "# no formula in C7" in desk.draft()


def test_a_cell_without_its_formula_is_bound(desk):
    """Deleted is as bad as typed over: what is missing is not passed."""
    desk.write(doubled(C4=None), DOUBLE)
    assert desk.table("f")["outputs"] == {"y": "C2:C7"}
    assert xlparity.verify(desk.spec).verdict is Verdict.UNASSESSED


def test_every_second_cell_is_none_that_lacks_its_formula(desk):
    """Sums of pairs stand beside every second number, and nothing was deleted between them."""
    desk.write({f"A{row}": row for row in range(1, 7)} | {f"B{row}": f"=A{row - 1}+A{row}" for row in (2, 4, 6)})
    assert list(desk.table()["outputs"].values()) == ["B2", "B4", "B6"]


def test_a_typed_over_row_is_found_across_columns(desk):
    """What one typed-over cell would read may be typed over as well."""
    cells = doubled(C7=21, D7=22) | {"D1": "z"} | {f"D{row}": f"=C{row}+1" for row in range(2, 7)}
    desk.write(cells, "def f(x):\n    return {'y': 2 * x, 'z': 2 * x + 1}\n")
    assert desk.table("f")["outputs"] == {"y": "C2:C7", "z": "D2:D7"}
    assert xlparity.verify(desk.spec).verdict is Verdict.FAIL


@pytest.mark.parametrize("column", "BCDE")
def test_a_row_of_months_is_one_quantity(desk, column):
    """Beside a run of like formulas is in line with it, too."""
    cells: dict[str, object] = {"A2": "Sales", "A3": "Tax"}
    for k, letter in enumerate("BCDE"):
        cells |= {f"{letter}1": f"Month {k + 1}", f"{letter}2": 10 + k, f"{letter}3": f"={letter}2*0.2"}
    desk.write(cells | {f"{column}3": 2})
    assert "B3:E3" in desk.table()["outputs"].values()


def test_cumulative_sums_are_one_quantity(desk):
    """Of a range that grows only one corner moves along."""
    cells = doubled() | {f"C{row}": f"=SUM(B$2:B{row})" for row in range(2, 8)} | {"C4": 9}
    desk.write(cells, "def f(x):\n    return {'y': x.cumsum()}\n")
    assert desk.table("f")["outputs"] == {"y": "C2:C7"}
    assert xlparity.verify(desk.spec).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("changed", "outputs"),
    [
        ({"A8": "Total", "C8": "=SUM(C2:C7)"}, {"y": "C2:C7", "total": "C8"}),
        ({"D1": "target"} | {f"D{row}": 9 for row in range(2, 8)}, {"y": "C2:C7"}),
        ({"A9": "limit", "C9": 9}, {"y": "C2:C7"}),
        ({"A8": "limit", "C8": 9}, {"y": "C2:C7"}),
    ],
)
def test_numbers_that_only_stand_near_are_no_outputs(desk, changed, outputs):
    """A total, a column of targets and a number below the data are what they are; no input of theirs is there."""
    desk.write(doubled("s1 s2 s3 s4 s5 s6", **changed))
    assert desk.table()["outputs"] == outputs


def test_first_values_are_no_faults(desk):
    """A recurrence begins with constants that its formulas read."""
    cells = {"A1": "f", "A2": 1, "A3": 1} | {f"A{row}": f"=A{row - 1}+A{row - 2}" for row in range(4, 9)}
    desk.write(cells)
    table = desk.table()
    assert (list(table["inputs"].values()), list(table["outputs"].values())) == (["A2:A3"], ["A4:A8"])


def test_items_of_a_list_are_not_taken_for_one_run(desk):
    """Price, number, sum: formulas that are alike by chance do not make the numbers between them outputs."""
    cells = {"A1": "Item", "B1": "Value"}
    for row, label in enumerate(["pens_price", "pens_number", "pens", "ink_price", "ink_number", "ink"], start=2):
        cells |= {f"A{row}": label, f"B{row}": row}
    desk.write(cells | {"B4": "=B2*B3", "B7": "=B5*B6"})
    assert desk.table()["outputs"] == {"pens": "B4", "ink": "B7"}


def test_numbers_that_nothing_reads_are_listed(desk):
    """Where one formula is left there is no telling whether its neighbour was one; it is said that it is not looked at."""
    desk.write({"A1": "x", "B1": "y", "A2": 1, "B2": "=A2*2", "A3": 2, "B3": 4})
    assert "# Numbers that neither a formula reads nor a line above covers: A3:B3" in desk.draft()


def epochs(*, double: bool, **changed: object) -> dict[str, object]:
    """Four blocks, each with the double of the last one's y, and perhaps with z, which is one more."""
    cells: dict[str, object] = {"A1": "x", "B1": 1}
    for k in range(4):
        top = 3 + 4 * k
        cells |= {f"A{top}": f"Epoch {k + 1}", f"A{top + 1}": "y", f"B{top + 1}": f"=B{top - 3}*2" if k else "=B1*2"}
        if double:
            cells |= {f"A{top + 2}": "z", f"B{top + 2}": f"=B{top + 1}+1"}
    return cells | changed


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize(("cell", "block"), [("B16", 4), ("B8", 2), ("B17", 4), ("B4", 1)])
def test_blocks_are_judged_by_the_most_of_them(desk, double, cell, block):
    """One formula typed over, even the only one of its block, must not hide the blocks, or the cell is not looked at."""
    body = "    y = x\n    while True:\n        y = 2 * y\n        yield {'y': y, 'z': y + 1}\n"
    desk.write(epochs(double=double, **{cell: 99}), f"def f(x):\n{body}")
    text = desk.draft("f")
    table = tomllib.loads(text)
    assert table["blocks"] == {"label": "Epoch {n}"}
    assert (table["inputs"], table["outputs"]) == ({"x": "B1"}, {"y": "B4"} | ({"z": "B5"} if double else {}))
    if cell != "B17" or double:
        assert xlparity.verify(desk.spec).verdict is Verdict.FAIL
        said = f"Not like most: block {block}, without a formula in {cell}."
        assert said in text.replace("\n# ", " ") or "a constant in the first block" in text


def test_what_the_first_block_does_not_read_is_found_by_the_others(desk):
    """Typed over in the first block, a formula no longer tells its input."""
    cells: dict[str, object] = {}
    for k in range(4):
        top = 1 + 4 * k
        cells |= {f"A{top}": f"Round {k + 1}", f"A{top + 1}": "x", f"B{top + 1}": 5}
        cells |= {f"A{top + 2}": "y", f"B{top + 2}": f"=B{top + 1}*2"}
    desk.write(cells | {"B3": 11}, "def f(x):\n    while True:\n        yield {'y': 2 * x}\n")
    table = desk.table("f")
    assert (table["inputs"], table["outputs"]) == ({"x": {"at": "B2", "every_block": True}}, {"y": "B3"})
    assert xlparity.verify(desk.spec).verdict is Verdict.FAIL


# --- names, tables, sheets -----------------------------------------------------------------------------------------


def test_defined_names_and_tables_name_quantities(desk):
    """They are the author's own words; a name's spelling is the one that formulas use, not the file's capitals."""

    def fill(sheet: Any) -> None:
        for row in (("qty", "price", "amount"), (1, 2.5, "=A2*B2"), (3, 4.5, "=A3*B3"), (5, 1.5, "=A4*B4")):
            sheet.append(row)
        sheet.add_table(Table(displayName="Lines", ref="A1:C4"))
        sheet["F1"], sheet["F2"] = 0.2, "=SUM(Lines[amount])*vatRate"
        sheet["F3"], sheet["F4"] = 7, "=F2+Shipping"
        sheet.parent.defined_names["vatRate"] = DefinedName("vatRate", attr_text="Sheet!$F$1")
        sheet.parent.defined_names["Shipping"] = DefinedName("Shipping", attr_text="Sheet!$F$3")
        sheet.parent.defined_names["vat"] = DefinedName("vat", attr_text="Sheet!$F$2")
        sheet.parent.defined_names["nothing"] = DefinedName("nothing", attr_text="#REF!")

    body = "    amount = qty * price\n    vat = amount.sum() * vatRate\n    return {'amount': amount, 'vat': vat}\n"
    desk.write(fill, f"def f(qty, price, vatRate, Shipping):\n{body}")
    table = desk.table("f")
    assert table["inputs"] == {"qty": "A2:A4", "price": "B2:B4", "vatRate": "F1", "Shipping": "F3"}
    assert table["outputs"] == {"amount": "C2:C4", "vat": "F2"}
    assert {"shipping": "F3", "vatRate": "F1"}.items() <= desk.table()["inputs"].items()


def test_inputs_of_another_sheet_and_a_chart_sheet(desk):
    """Addresses name their sheet where it is another; a chart sheet has no cells and is passed over."""

    def fill(sheet: Any) -> None:
        chart = BarChart()
        chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=1))
        sheet.parent.create_chartsheet("Chart").add_chart(chart)
        given = sheet.parent.create_sheet("Given data")
        given["A1"], given["B1"] = "x", 3
        sheet["A1"], sheet["B1"] = "y", "='Given data'!B1+1"

    desk.write(fill, "def f(x):\n    return {'y': x + 1}\n")
    assert desk.table("f")["inputs"] == {"x": "'Given data'!B1"}
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS


def test_texts_of_any_kind_stay_in_comments(desk):
    """Line breaks, quotes, brackets and signs in headers and sheet names leave the file TOML."""

    def fill(sheet: Any) -> None:
        sheet.title = 'It\'s "odd" = #1'
        sheet["A1"], sheet["A2"] = 'price\n"[net]" # {n} = \u2028', 3
        sheet["B1"], sheet["B2"] = "…", "=A2*2"
        sheet["C1"], sheet["C2"] = "class", "=A2*3"
        sheet["D1"], sheet["D2"] = "class", "=A2*4"

    desk.write(fill)
    table = desk.table()
    assert table["sheet"] == 'It\'s "odd" = #1'
    assert table["inputs"] == {"price": "A2"}
    assert table["outputs"] == {"unnamed_B2": "B2", "class_": "C2", "class__2": "D2"}


def test_the_draft_is_the_same_every_time(desk):
    """It is committed beside the workbook."""
    desk.write(course)
    book = read_workbook(desk.workbook)
    assert drafted(book, desk.spec).text == drafted(book, desk.spec).text


# --- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("sample loss", "sample_loss"),
        ("Total Loss", "total_loss"),
        ("dL/dW", "dL_dW"),
        ("A0ᵀ", "A0T"),
        ("α", "alpha"),
        ("Δλ", "deltalambda"),
        ("ŷ", "y_hat"),
        ("z1 = A0 @ W1 + b1", "z1"),
        ("p, the prediction", "p"),
        ("lambda", "lambda_"),
        ("2nd layer", "_2nd_layer"),
        ("% !", ""),
        ("2024", ""),
    ],
)
def test_a_header_makes_an_identifier(header, name):
    """The reference is called with these names."""
    assert identifier(header) == name


@pytest.mark.parametrize(
    ("header", "name", "how"),
    [
        ("Sample Loss", "sample_loss", SAME),
        ("β", "beta", SAME),
        ("new W1", "W1_new", SAME_WORDS),
        ("z1 = A0 @ W1", "z1", LEAD),
        ("Loss Derivative dz1", "dz1", WORD),
        ("total sample loss", "sample_loss", WORD),
        ("Life Insurace", "life_insurance", CLOSE),
        ("Interest rate p.a.", "annual_rate", CLOSE),
        ("Rat", "rate", 0),
        ("dW1", "W1", 0),
        ("Total", "", 0),
    ],
)
def test_a_header_fits_a_name_more_or_less(header, name, how):
    """The best fit gets the name: 'Sample Loss' is sample_loss, and leaves loss to 'Total Loss'."""
    assert fit(header, name) == how


@pytest.mark.parametrize(
    ("headers", "common"),
    [
        (["X1", "X2", "X3"], "X"),
        (["A0: x1", "A0: x2"], "A0: x"),
        (["x1, sample 1", "x2, sample 2"], "x, sample"),
        (["layer 2 x1", "layer 2 x2"], "layer 2 x"),
        (["W1", "b1"], None),
        (["X1", "X3"], None),
        (["X1"], None),
    ],
)
def test_headers_that_count_have_a_stem(headers, common):
    """They stand over the columns of one matrix."""
    assert stem(headers) == common


# --- the command ---------------------------------------------------------------------------------------------------


def test_paths_in_the_draft_are_relative_to_it(desk, monkeypatch):
    """A path on the command line is relative to where the person stands, one in a spec to the spec."""
    desk.write(samples, "def total(x, weights, lambda_):\n    return {'total': (x @ weights + lambda_).sum()}\n")
    monkeypatch.chdir(desk.folder)
    done = desk.run("init", "book.xlsx", "--reference", "ref.py:total", "--output", "specs/sub/s.parity.toml")
    assert done.err == (
        "wrote specs/sub/s.parity.toml\nwrote specs/sub/parity.schema.json\n"
        "sure, as the values agree, also for other inputs: lambda_, x, weights, total\n"
        "next: check the lines, then run xlparity verify specs/sub/s.parity.toml\n"
    )
    table = tomllib.loads(Path("specs/sub/s.parity.toml").read_text())
    assert (table["workbook"], table["reference"]) == ("../../book.xlsx", "../../ref.py:total")
    assert desk.run("verify", "specs/sub/s.parity.toml").code == 0


def refused(desk, *arguments: object, said: str) -> None:
    """The command ends with one line that says this, and leaves no file."""
    before = sorted(desk.folder.rglob("*"))
    done = desk.run("init", *arguments)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith("xlparity: ")
    assert said in done.err
    assert [path for path in sorted(desk.folder.rglob("*")) if "__pycache__" not in path.parts] == before


def test_what_cannot_be_drafted_is_one_line(desk):
    """A missing file, a reference that is none, a place that cannot be written."""
    desk.write({"A1": 1, "B1": "=A1"}, "def f(x):\n    return {}\n")
    book, ref = desk.workbook, desk.folder / "ref.py"
    refused(desk, desk.folder / "none.xlsx", said="No such file")
    refused(desk, desk.folder, said="cannot be read")
    refused(desk, ref, said="not a readable .xlsx file")
    refused(desk, book, "--reference", "none.py:f", said="there is no file none.py")
    refused(desk, book, "--reference", f"{ref}:g", said="has no function 'g' (known: f)")
    refused(desk, book, "--reference", ref, said="file.py:function")
    refused(desk, book, "--reference", "", said="file.py:function")
    refused(desk, book, "--reference", "builtins:dict", said="has no readable parameters")
    refused(desk, book, "--output", book / "s.parity.toml", said="cannot be written")


@pytest.mark.parametrize("cells", [{}, {"A1": 1, "B1": "text"}, {"A1": "=1/3"}])
def test_a_workbook_without_formulas_is_refused(desk, cells):
    """There is nothing to verify, and a spec without outputs would be refused later, less clearly."""
    desk.write(cells)
    refused(desk, desk.workbook, said="has no formula")


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("nowhere")])
def test_nothing_is_overwritten(desk, make):
    """A spec is corrected by hand; drafting again must not lose that. A link that leads nowhere is somebody's as well."""
    desk.write({"A1": 1, "B1": "=A1"})
    make(desk.spec)
    refused(desk, desk.workbook, said="overwrites nothing")
    refused(desk, desk.workbook, "-o", os.path.relpath(desk.spec), said="overwrites nothing")


def test_a_reference_that_raises_or_talks_does_not_disturb_the_draft(desk):
    """It is a stranger's code: what it prints is no output of the command, and its error is said in the file."""
    desk.write({"A1": "x", "B1": 2, "A2": "y", "B2": "=2*B1"}, "def f(x):\n    raise ValueError('two\\nlines')\n")
    assert "raised ValueError: two lines (ref.py, line 2)" in desk.draft("f")
    (desk.folder / "ref.py").write_text(
        "def f(x):\n    print('hello')\n    return {'y': 2 * x, 'c': 1j, 'f': f, 't': 'text'}\n"
    )
    desk.spec.unlink()
    done = desk.run("init", desk.workbook, "--reference", f"{desk.folder / 'ref.py'}:f")
    assert (done.code, done.out) == (0, "")
    assert xlparity.verify(desk.spec).verdict is Verdict.PASS
