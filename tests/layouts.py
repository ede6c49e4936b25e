"""Workbooks as people lay them out, one builder a layout: cells, spec, reference, and faults that somebody could make.

Nothing but openpyxl writes them, and no value is stored: all that they come to is computed from their formulas.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
from openpyxl.utils import get_column_letter as letters
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

Cells = dict[tuple[str, str], Any]
"""What stands where: sheet and address to a constant, a formula, or an array formula as (area, text)."""


@dataclass(frozen=True)
class Fault:
    """Cells that are overwritten, and the cell that a report must name because of it."""

    cells: Cells
    named: str


@dataclass(frozen=True)
class Layout:
    """A workbook with its spec and its reference, all right; ``faults`` are what may be planted, by kind."""

    cells: Cells
    spec: str
    reference: str
    faults: Mapping[str, Fault]
    names: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def with_fault(self, kind: str) -> "Layout":
        """The same with one fault in it."""
        return replace(self, cells={**self.cells, **self.faults[kind].cells})

    def write(self, folder: Path, name: str = "book") -> Path:
        """Writes the three files, and gives the spec's path. A name of one sheet is written ``Sheet!name``."""
        book = openpyxl.Workbook()
        book.remove(book.active)
        for sheet in dict.fromkeys(sheet for sheet, _ in self.cells):
            book.create_sheet(sheet)
        for (sheet, address), content in self.cells.items():
            book[sheet][address] = ArrayFormula(*content) if isinstance(content, tuple) else content
        for name_, text in self.names.items():
            of, _, word = name_.rpartition("!")
            (book[of] if of else book).defined_names[word] = DefinedName(word, attr_text=text)
        for table, (sheet, area) in self.tables.items():
            book[sheet].add_table(Table(displayName=table, ref=area))
        book.save(folder / f"{name}.xlsx")
        (folder / "reference.py").write_text(self.reference)
        spec = folder / "book.parity.toml"
        spec.write_text(self.spec)
        return spec


TRAIN = """
import numpy as np

def train(X, y, W1, b1, alpha):
    while True:
        z1 = X @ W1 + b1
        A1 = 1 / (1 + np.exp(-z1))
        sample_loss = -(y * np.log(A1) + (1 - y) * np.log(1 - A1))
        loss = sample_loss.mean()
        dz1 = A1 - y
        dW1 = X.T @ dz1 / len(X)
        db1 = dz1.mean()
        yield locals()
        W1, b1 = W1 - alpha * dW1, b1 - alpha * db1
"""

X = [[0.5, -1, 2], [1, 0.25, -0.5], [-1.5, 1, 0.75], [0.1, 2, -1]]
Y = [1, 0, 1, 0]
W = [0.3, -0.2, 0.1]


def span(row: int, column: int, rows: int = 1, columns: int = 1) -> str:
    """The address of so many rows and columns from here."""
    first = f"{letters(column)}{row}"
    return first if rows == columns == 1 else f"{first}:{letters(column + columns - 1)}{row + rows - 1}"


class Block:
    """One iteration of logistic regression, whose label stands at this row and column: where each quantity is."""

    def __init__(self, row: int, column: int = 1) -> None:
        self.row, self.column = row, column
        top = row + 2
        self.x, self.w, self.b = span(top, column, 4, 3), span(top, column + 3, 3), span(top, column + 4)
        self.y, self.loss, self.db = span(top, column + 7, 4), span(top, column + 9), span(top, column + 12)
        self.dz, self.dw = span(top, column + 10, 4), span(top, column + 11, 3)
        self.xt = span(top + 5, column, 3, 4)
        self.z, self.a, self.sample_loss = (span(top, column + place, 4) for place in (5, 6, 8))

    def at(self, place: int, down: int = 0) -> str:
        """One cell of the quantity whose column is so far to the right: 3 weights, 4 bias, 5 z1, 6 A1, 8 loss, …"""
        return span(self.row + 2 + down, self.column + place)

    def inputs(self, sheet: str = "Sheet1") -> Cells:
        """The samples, as constants."""
        cells: Cells = {}
        for down in range(4):
            cells |= {(sheet, self.at(place, down)): X[down][place] for place in range(3)}
            cells[sheet, self.at(7, down)] = Y[down]
        return cells

    def weights(self, prior: "Block | None", sheet: str = "Sheet1") -> Cells:
        """The first weights as constants, later ones by one step down the gradient; the learning rate stands in B1."""
        if prior is None:
            return {(sheet, self.at(3, k)): W[k] for k in range(3)} | {(sheet, self.b): 0.05}
        steps = {(sheet, self.at(3, k)): f"={prior.at(3, k)}-$B$1*{prior.at(11, k)}" for k in range(3)}
        return steps | {(sheet, self.b): f"={prior.b}-$B$1*{prior.db}"}

    def passes(self, x: "Block | None" = None, sheet: str = "Sheet1") -> Cells:
        """A forward and a backward pass, cell by cell; ``x`` is the block where the samples stand, if it is another."""
        x = x or self
        w = [self.at(3, k) for k in range(3)]
        cells: Cells = {}
        for down in range(4):
            features, y, a = [x.at(k, down) for k in range(3)], x.at(7, down), self.at(6, down)
            terms = "+".join(f"{feature}*{weight}" for feature, weight in zip(features, w, strict=True))
            cells[sheet, self.at(5, down)] = f"={terms}+{self.b}"
            cells[sheet, a] = f"=1/(1+EXP(-{self.at(5, down)}))"
            cells[sheet, self.at(8, down)] = f"=-({y}*LN({a})+(1-{y})*LN(1-{a}))"
            cells[sheet, self.at(10, down)] = f"={a}-{y}"
        for k in range(3):
            column = span(x.row + 2, x.column + k, 4)
            cells[sheet, self.at(11, k)] = f"=SUMPRODUCT({column},{self.dz})/4"
        return cells | {
            (sheet, self.loss): f"=AVERAGE({self.sample_loss})",
            (sheet, self.db): f"=SUM({self.dz})/COUNT({self.dz})",
        }

    def faults(self, sheet: str = "Sheet1") -> dict[str, Fault]:
        """What somebody may have done to this block: each names the cell where it was done."""
        right = self.passes(sheet=sheet)

        def edited(cell: str, old: str, new: str) -> Fault:
            assert old in right[sheet, cell]
            return Fault({(sheet, cell): right[sheet, cell].replace(old, new, 1)}, f"{sheet}!{cell}")

        return {
            "a wrong function": edited(self.at(8, 2), "LN(", "LOG("),
            "a wrong reference": edited(self.at(5, 2), self.at(3, 2), self.at(3, 1)),
            "a hardcoded number": Fault({(sheet, self.at(6, 3)): 0.5}, f"{sheet}!{self.at(6, 3)}"),
            "a swapped sign": edited(self.at(6), "EXP(-", "EXP(+"),
            "a short range": edited(self.db, span(self.row + 2, self.column + 10, 4), self.at(10)),
        }

    def outputs(self, *, weights: bool = True) -> str:
        """The spec's table, with this as the first block."""
        state = f'\nW1 = "{self.w}"\nb1 = "{self.b}"' if weights else ""
        return f"""[outputs]
z1 = "{self.z}"
A1 = "{self.a}"
sample_loss = "{self.sample_loss}"
loss = "{self.loss}"
dz1 = "{self.dz}"
dW1 = "{self.dw}"
db1 = "{self.db}"{state}
"""


HEAD = 'workbook = "book.xlsx"\nreference = "reference.py:train"\nsheet = "Sheet1"\n'


def _training(blocks: list[Block], where: str) -> Layout:
    """Training whose samples stand in the first block only, and whose blocks stand where ``where`` says."""
    cells: Cells = {("Sheet1", "A1"): "alpha", ("Sheet1", "B1"): 0.5}
    for number, block in enumerate(blocks, start=1):
        cells["Sheet1", span(block.row, block.column)] = f"Epoch {number}"
        cells |= block.weights(blocks[number - 2] if number > 1 else None) | block.passes(blocks[0])
    first = blocks[0]
    inputs = f'[inputs]\nX = "{first.x}"\ny = "{first.y}"\nW1 = "{first.w}"\nb1 = "{first.b}"\nalpha = "B1"\n'
    last, prior = blocks[-1], blocks[-2]
    update = last.at(3, 1)
    # Of the first block, whose samples are its own; and the step from one block to the next.
    faults = first.faults() | {
        "a step uphill": Fault({("Sheet1", update): f"={prior.at(3, 1)}+$B$1*{prior.at(11, 1)}"}, f"Sheet1!{update}"),
        "the block before the last": Fault({("Sheet1", last.b): f"={first.b}-$B$1*{first.db}"}, f"Sheet1!{last.b}"),
        "a pasted weight": Fault({("Sheet1", update): -0.2}, f"Sheet1!{update}"),
    }
    return Layout(cells | first.inputs(), f"{HEAD}[blocks]\n{where}\n{inputs}{first.outputs()}", TRAIN, faults)


def stacked_with_one_late() -> Layout:
    """Blocks one below the other, the third of them one row late."""
    return _training([Block(3), Block(11), Block(20), Block(28)], 'label = "Epoch {n}"')


def side_by_side_by_columns() -> Layout:
    """Blocks side by side, whose first columns the spec lists."""
    return _training([Block(3), Block(3, 16), Block(3, 31)], "columns = [1, 16, 31]")


def side_by_side_by_label() -> Layout:
    """Blocks side by side, found by their labels, the last one a column late."""
    return _training([Block(3), Block(3, 16), Block(3, 32)], 'label = "Epoch {n}"')


def first_step_count() -> Layout:
    """Blocks at equal distances, which the spec counts."""
    return _training([Block(3), Block(10), Block(17), Block(24)], "first = 3\nstep = 7\ncount = 4")


def repeated_and_turned() -> Layout:
    """The samples again in every block, and once more transposed for the backward pass, all of it as constants."""
    blocks = [Block(3), Block(14), Block(25)]
    cells: Cells = {("Sheet1", "B1"): 0.5}
    for number, block in enumerate(blocks, start=1):
        cells["Sheet1", span(block.row, 1)] = f"Epoch {number}"
        cells |= block.weights(blocks[number - 2] if number > 1 else None) | block.passes() | block.inputs()
        for row in range(3):
            for column in range(4):
                cells["Sheet1", span(block.row + 7 + row, 1 + column)] = X[column][row]
        for k in range(3):
            del cells["Sheet1", block.at(11, k)]
        cells["Sheet1", block.at(11)] = (block.dw, f"=MMULT({block.xt},{block.dz})/4")
    first, second = blocks[:2]
    spec = f"""{HEAD}[blocks]
label = "Epoch {{n}}"
[inputs]
X = {{ at = "{first.x}", every_block = true, also = [{{ at = "{first.xt}", transpose = true }}], low = -2, high = 2 }}
y = {{ at = "{first.y}", every_block = true, choices = [0, 1] }}
W1 = "{first.w}"
b1 = "{first.b}"
alpha = {{ at = "B1", low = 0, high = 1 }}
{first.outputs()}"""
    faults = second.faults() | {
        "a repeated constant differs": Fault({("Sheet1", second.at(1, 2)): 1.25}, f"Sheet1!{second.at(5, 2)}"),
        "a turned constant differs": Fault({("Sheet1", span(second.row + 8, 3)): 1.25}, f"Sheet1!{second.at(11, 1)}"),
        "the backward pass of another block": Fault(
            {("Sheet1", second.at(11)): (second.dw, f"=MMULT({second.xt},{first.dz})/4")}, f"Sheet1!{second.at(11)}"
        ),
    }
    return Layout(cells, spec, TRAIN, faults)


def array_formulas() -> Layout:
    """Whole blocks by one array formula each, as MMULT and TRANSPOSE ask for."""
    blocks = [Block(3), Block(11), Block(19)]
    x = blocks[0].x
    y = blocks[0].y
    cells: Cells = {("Sheet1", "B1"): 0.5} | blocks[0].inputs() | blocks[0].weights(None)
    arrays: list[dict[str, tuple[str, str]]] = []
    for number, block in enumerate(blocks, start=1):
        cells["Sheet1", span(block.row, 1)] = f"Epoch {number}"
        found = {
            "z1": (block.z, f"=MMULT({x},{block.w})+{block.b}"),
            "A1": (block.a, f"=1/(1+EXP(-{block.z}))"),
            "sample_loss": (block.sample_loss, f"=-({y}*LN({block.a})+(1-{y})*LN(1-{block.a}))"),
            "dz1": (block.dz, f"={block.a}-{y}"),
            "dW1": (block.dw, f"=MMULT(TRANSPOSE({x}),{block.dz})/4"),
        }
        if number > 1:
            prior = blocks[number - 2]
            found["W1"] = (block.w, f"={prior.w}-B1*{prior.dw}")
            cells["Sheet1", block.b] = f"={prior.b}-B1*{prior.db}"
        arrays.append(found)
        cells |= {("Sheet1", area.partition(":")[0]): (area, text) for area, text in found.values()}
        cells["Sheet1", block.loss] = f"=AVERAGE({block.sample_loss})"
        cells["Sheet1", block.db] = f"=SUM({block.dz})/4"

    def edited(block: int, name: str, old: str, new: str) -> Fault:
        area, text = arrays[block][name]
        assert old in text
        first = area.partition(":")[0]
        return Fault({("Sheet1", first): (area, text.replace(old, new, 1))}, f"Sheet1!{first}")

    second = blocks[1]
    pasted = {("Sheet1", second.at(5, down)): 0.1 * down for down in range(4)}
    faults = {
        "no bias": edited(0, "z1", f"+{blocks[0].b}", ""),
        "a wrong function": edited(1, "sample_loss", "LN", "LOG10"),
        "a wrong reference": edited(2, "dW1", blocks[2].dz, second.dz),
        "a swapped sign": edited(1, "W1", "-B1", "+B1"),
        "an array pasted as numbers": Fault(pasted, f"Sheet1!{second.at(5, 1)}"),
    }
    inputs = f'[inputs]\nX = "{x}"\ny = "{y}"\nW1 = "{blocks[0].w}"\nb1 = "{blocks[0].b}"\nalpha = "B1"\n'
    return Layout(cells, f'{HEAD}[blocks]\nlabel = "Epoch {{n}}"\n{inputs}{blocks[0].outputs()}', TRAIN, faults)


SOFTMAX = """
import numpy as np

def one_pass(X, Y, W, b, alpha):
    # The sheet has a column for each sample.
    Z = W.T @ X + b
    A = np.exp(Z) / np.exp(Z).sum(axis=0)
    sample_loss = -(Y * np.log(A)).sum(axis=0)
    dZ = A - Y
    dW = X @ dZ.T / X.shape[1]
    db = dZ.mean(axis=1, keepdims=True)
    return {"Z": Z, "A": A, "sample_loss": sample_loss, "loss": sample_loss.mean(), "dZ": dZ, "dW": dW, "db": db,
            "W_new": W - alpha * dW, "b_new": b - alpha * db}
"""


def one_pass_across() -> Layout:
    """60 samples of 13 features across the sheet, one pass; the weights for the next are pasted back by hand."""
    random = np.random.default_rng(5)
    samples, features, classes, left = 60, 13, 3, 6
    cells: Cells = {("wine", "B1"): 0.1}
    kinds = random.integers(classes, size=samples)
    x = random.normal(size=(features, samples)).round(3)
    for column in range(samples):
        at = letters(left + column)
        cells |= {("wine", f"{at}{3 + row}"): float(x[row, column]) for row in range(features)}
        cells |= {("wine", f"{at}{18 + k}"): int(kinds[column] == k) for k in range(classes)}
        for k in range(classes):
            weights = f"${letters(1 + k)}$3:${letters(1 + k)}$15"
            cells["wine", f"{at}{22 + k}"] = f"=SUMPRODUCT({weights},{at}$3:{at}$15)+$D${3 + k}"
            cells["wine", f"{at}{26 + k}"] = f"=EXP({at}{22 + k})/(EXP({at}$22)+EXP({at}$23)+EXP({at}$24))"
            cells["wine", f"{at}{32 + k}"] = f"={at}{26 + k}-{at}{18 + k}"
        terms = "+".join(f"{at}{18 + k}*LN({at}{26 + k})" for k in range(classes))
        cells["wine", f"{at}30"] = f"=-({terms})"
    last = letters(left + samples - 1)
    dw = f"=MMULT(F3:{last}15,TRANSPOSE(F32:{last}34))/{samples}"
    cells["wine", "A32"] = ("A32:C44", dw)
    cells["wine", "A30"] = f"=AVERAGE(F30:{last}30)"
    for k in range(classes):
        cells |= {("wine", f"{letters(1 + k)}{3 + row}"): round(0.1 * (row - k), 2) for row in range(features)}
        cells["wine", f"D{3 + k}"] = 0.1 * k
        cells["wine", f"D{32 + k}"] = f"=SUM(F{32 + k}:{last}{32 + k})/{samples}"
        cells["wine", f"D{47 + k}"] = f"=D{3 + k}-$B$1*D{32 + k}"
        for row in range(features):
            at = letters(1 + k)
            cells["wine", f"{at}{47 + row}"] = f"={at}{3 + row}-$B$1*{at}{32 + row}"
    spec = f"""workbook = "book.xlsx"
reference = "reference.py:one_pass"
sheet = "wine"
[inputs]
X = {{ at = "F3:{last}15", low = -2, high = 2 }}
Y = {{ at = "F18:{last}20", choices = [0, 1] }}
W = "A3:C15"
b = "D3:D5"
alpha = "B1"
[outputs]
Z = "F22:{last}24"
A = "F26:{last}28"
sample_loss = "F30:{last}30"
loss = "A30"
dZ = "F32:{last}34"
dW = "A32:C44"
db = "D32:D34"
W_new = "A47:C59"
b_new = "D47:D49"
"""
    far = letters(left + 40)

    def edited(cell: str, old: str, new: str) -> Fault:
        assert old in cells["wine", cell]
        return Fault({("wine", cell): cells["wine", cell].replace(old, new)}, f"wine!{cell}")

    faults = {
        "a wrong function": edited(f"{far}30", "LN(", "LOG("),
        "a wrong reference": edited(f"{far}27", f"=EXP({far}23)", f"=EXP({far}22)"),
        "a range that is not anchored": edited(f"{far}23", "$B$3:$B$15", "$B$4:$B$16"),
        "a hardcoded number": Fault({("wine", f"{far}33"): 0.25}, f"wine!{far}33"),
        "a swapped sign": edited("B50", "-$B$1", "+$B$1"),
        "one sample short": Fault(
            {("wine", "A32"): ("A32:C44", dw.replace(last, letters(left + samples - 2)))}, "wine!A32"
        ),
    }
    return Layout(cells, spec, SOFTMAX, faults)


LAYER = """
import numpy as np

def one_pass(x, W, b):
    b = np.full((1, 3), b)
    z = x @ W + b
    return {"z": z, "a": np.tanh(z), "b_new": b - 0.1 * z}
"""


def bias_in_one_cell() -> Layout:
    """One bias cell for three neurons, where numpy holds a row of three."""
    cells: Cells = {("Sheet1", address): value for address, value in {"A1": 1, "B1": -2, "F1": 0.5}.items()}
    for column in range(3):
        at = letters(3 + column)
        cells |= {("Sheet1", f"{at}3"): 0.1 * column, ("Sheet1", f"{at}4"): 0.3 - column}
        cells["Sheet1", f"{at}6"] = f"=$A$1*{at}3+$B$1*{at}4+$F$1"
        cells["Sheet1", f"{at}7"] = f"=TANH({at}6)"
    cells["Sheet1", "F9"] = "=F1-0.1*C6"
    spec = """workbook = "book.xlsx"
reference = "reference.py:one_pass"
sheet = "Sheet1"
[inputs]
x = "A1:B1"
W = "C3:E4"
b = "F1"
[outputs]
z = "C6:E6"
a = "C7:E7"
b_new = "F9"
"""
    faults = {
        "a wrong function": Fault({("Sheet1", "D7"): "=EXP(D6)"}, "Sheet1!D7"),
        "a wrong reference": Fault({("Sheet1", "D6"): "=$A$1*D3+$B$1*E4+$F$1"}, "Sheet1!D6"),
        "a hardcoded number": Fault({("Sheet1", "E7"): 0.5}, "Sheet1!E7"),
        "a swapped sign": Fault({("Sheet1", "C6"): "=$A$1*C3+$B$1*C4-$F$1"}, "Sheet1!C6"),
    }
    return Layout(cells, spec, LAYER, faults)


LOAN = """
import numpy as np

def schedule(amounts, rate, fee):
    interest = amounts * rate
    return {"interest": interest, "due": amounts + interest + fee, "total": (amounts + interest + fee).sum()}
"""


def _loan(rates: dict[str, float]) -> Cells:
    """Three amounts, their interest and what is due, on each sheet by the rate of its own and the fee of the workbook."""
    cells: Cells = {("Rates", "A1"): 2.5}
    for sheet, rate in rates.items():
        cells[sheet, "E1"] = rate
        for row, amount in enumerate((100, 200, 300), start=2):
            cells |= {(sheet, f"A{row}"): amount, (sheet, f"B{row}"): f"=A{row}*rate"}
            cells[sheet, f"C{row}"] = f"=A{row}+B{row}+fee"
        cells[sheet, "C5"] = "=SUM(due)"
    return cells


def defined_names() -> Layout:
    """Names in formulas and in the spec: fee is the workbook's, rate and due are each sheet's own."""
    rates = {"North": 0.05, "South": 0.08}
    names = {"fee": "Rates!$A$1"}
    for sheet in rates:
        names |= {
            f"{sheet}!rate": f"{sheet}!$E$1",
            f"{sheet}!due": f"{sheet}!$C$2:$C$4",
            f"{sheet}!amounts": f"{sheet}!$A$2:$A$4",
        }
    spec = """workbook = "book.xlsx"
reference = "reference.py:schedule"
[check.north]
sheet = "North"
[check.north.inputs]
amounts = "amounts"
rate = "rate"
fee = "fee"
[check.north.outputs]
interest = "B2:B4"
due = "due"
total = "C5"
[check.south.inputs]
amounts = "South!amounts"
rate = "South!rate"
fee = "FEE"
[check.south.outputs]
interest = "South!B2:B4"
due = "South!due"
total = "South!C5"
"""
    faults = {
        "a wrong function": Fault({("North", "C5"): "=AVERAGE(due)"}, "North!C5"),
        "a wrong name": Fault({("North", "C3"): "=A3+B3+rate"}, "North!C3"),
        "the name of the other sheet": Fault({("South", "B3"): "=A3*North!rate"}, "South!B3"),
        "a hardcoded number": Fault({("South", "B4"): 24}, "South!B4"),
        "a swapped sign": Fault({("South", "C2"): "=A2-B2+fee"}, "South!C2"),
    }
    return Layout(_loan(rates), spec, LOAN, faults, names)


def inputs_on_another_sheet() -> Layout:
    """The amounts and rates stand on a sheet whose name has an apostrophe and a space in it."""
    data = "Ann's data"
    cells: Cells = {(data, "B1"): 0.05, (data, "B2"): 2.5}
    for row, amount in enumerate((100, 200, 300), start=2):
        cells[data, f"D{row}"] = amount
        cells["Due", f"A{row}"] = f"='Ann''s data'!D{row}*'Ann''s data'!$B$1"
        cells["Due", f"B{row}"] = f"='Ann''s data'!D{row}+A{row}+'Ann''s data'!$B$2"
    cells["Due", "B5"] = "=SUM(B2:B4)"
    spec = """workbook = "book.xlsx"
reference = "reference.py:schedule"
sheet = "Due"
[inputs]
amounts = "'Ann''s data'!D2:D4"
rate = "'Ann''s data'!B1"
fee = "'Ann''s data'!B2"
[outputs]
interest = "A2:A4"
due = "B2:B4"
total = "B5"
"""
    faults = {
        "a wrong function": Fault({("Due", "B5"): "=AVERAGE(B2:B4)"}, "Due!B5"),
        "a wrong reference": Fault({("Due", "A3"): "='Ann''s data'!D2*'Ann''s data'!$B$1"}, "Due!A3"),
        "a hardcoded number": Fault({("Due", "A4"): 15}, "Due!A4"),
        "a swapped sign": Fault({("Due", "B2"): "='Ann''s data'!D2-A2+'Ann''s data'!$B$2"}, "Due!B2"),
    }
    return Layout(cells, spec, LOAN, faults)


def tables() -> Layout:
    """A table, read by the names of its columns in the formulas and in the spec."""
    cells: Cells = {
        ("Sheet1", f"{at}1"): head for at, head in zip("ABC", ("Amount", "Interest", "Due [all]"), strict=True)
    }
    cells |= {("Sheet1", "F1"): 0.05, ("Sheet1", "F2"): 2.5}
    for row, amount in enumerate((100, 200, 300), start=2):
        cells["Sheet1", f"A{row}"] = amount
        cells["Sheet1", f"B{row}"] = "=Loans[[#This Row],[Amount]]*$F$1"
        cells["Sheet1", f"C{row}"] = "=Loans[[#This Row],[Amount]]+Loans[[#This Row],[Interest]]+$F$2"
    cells["Sheet1", "F3"] = "=SUM(Loans[Due '[all']])"
    spec = """workbook = "book.xlsx"
reference = "reference.py:schedule"
[inputs]
amounts = "Loans[Amount]"
rate = "Sheet1!F1"
fee = "Sheet1!F2"
[outputs]
interest = "Loans[Interest]"
due = "loans[[#Data],[Due '[all']]]"
total = "Sheet1!F3"
"""
    faults = {
        "a wrong function": Fault({("Sheet1", "F3"): "=AVERAGE(Loans[Due '[all']])"}, "Sheet1!F3"),
        "a wrong column": Fault({("Sheet1", "F3"): "=SUM(Loans[Amount])"}, "Sheet1!F3"),
        "a wrong reference": Fault({("Sheet1", "B3"): "=A2*$F$1"}, "Sheet1!B3"),
        "a hardcoded number": Fault({("Sheet1", "B4"): 15}, "Sheet1!B4"),
        "a swapped sign": Fault(
            {("Sheet1", "C2"): "=Loans[[#This Row],[Amount]]-Loans[[#This Row],[Interest]]+$F$2"}, "Sheet1!C2"
        ),
    }
    return Layout(cells, spec, LOAN, faults, tables={"Loans": ("Sheet1", "A1:C4")})


CHECKS = """
import numpy as np

def forward(X, W1, b1):
    return {"z1": X @ W1 + b1}

def sigmoid(z1):
    return {"A1": 1 / (1 + np.exp(-z1))}

def backward(X, A1, y):
    return {"dz1": A1 - y, "dW1": X.T @ (A1 - y) / len(X), "db1": (A1 - y).mean()}
"""


def several_checks() -> Layout:
    """One workbook against three functions, the inputs of one being the outputs of another."""
    block = Block(3)
    cells: Cells = {("Sheet1", "B1"): 0.5} | block.inputs() | block.weights(None) | block.passes()
    spec = f"""workbook = "book.xlsx"
reference = "reference.py:forward"
sheet = "Sheet1"
[check.forward]
inputs = {{ X = "{block.x}", W1 = "{block.w}", b1 = "{block.b}" }}
outputs = {{ z1 = "{block.z}" }}
[check.sigmoid]
reference = "reference.py:sigmoid"
inputs = {{ z1 = "{block.z}" }}
outputs = {{ A1 = "{block.a}" }}
[check.backward]
reference = "reference.py:backward"
[check.backward.inputs]
X = "{block.x}"
A1 = "{block.a}"
y = "{block.y}"
[check.backward.outputs]
dz1 = "{block.dz}"
dW1 = "{block.dw}"
db1 = "{block.db}"
"""
    faults = {kind: fault for kind, fault in block.faults().items() if kind != "a wrong function"}
    wrong = f"=1/(1+LN({block.at(5, 1)}^2+1))"
    faults["a wrong function"] = Fault({("Sheet1", block.at(6, 1)): wrong}, f"Sheet1!{block.at(6, 1)}")
    return Layout(cells, spec, CHECKS, faults)


def one_per_sheet() -> Layout:
    """Each block on a sheet of its own, its loss on another one for each, and the last loss once."""
    block = Block(3)
    cells: Cells = {("Parameters", "B1"): 0.5, ("Parameters", "B2"): "='Loss 4'!B2"}
    faults: dict[str, Fault] = {}
    for number in range(1, 5):
        sheet, before = f"Epoch {number}", f"'Epoch {number - 1}'!"
        cells |= block.inputs(sheet) | block.passes(sheet=sheet) | block.weights(None, sheet)
        cells[f"Loss {number}", "B2"] = f"='{sheet}'!{block.loss}"
        if number > 1:
            steps = [(block.at(3, k), block.at(11, k)) for k in range(3)] + [(block.b, block.db)]
            cells |= {(sheet, at): f"={before}{at}-Parameters!$B$1*{before}{step}" for at, step in steps}
        if number == 3:
            faults = {
                kind: Fault(fault.cells, f"'{sheet}'!{fault.named.partition('!')[2]}")
                for kind, fault in block.faults(sheet).items()
            }
            here = (sheet, block.b)
            for kind, text in (
                ("the sheet before the last", str(cells[here]).replace("Epoch 2", "Epoch 1")),
                ("a step uphill", str(cells[here]).replace("-Parameters", "+Parameters")),
            ):
                faults[kind] = Fault({here: text}, f"'{sheet}'!{block.b}")
            faults["another sheet's loss"] = Fault({("Loss 3", "B2"): f"='Epoch 2'!{block.loss}"}, "'Loss 3'!B2")
    faults["another last loss"] = Fault({("Parameters", "B2"): "='Loss 3'!B2"}, "Parameters!B2")
    spec = f"""workbook = "book.xlsx"
reference = "reference.py:train"
[blocks]
sheets = "Epoch {{n}}"
[inputs]
X = {{ at = "{block.x}", every_block = true, low = -2, high = 2 }}
y = {{ at = "{block.y}", every_block = true, choices = [0, 1] }}
W1 = "{block.w}"
b1 = "{block.b}"
alpha = {{ at = "Parameters!B1", low = 0, high = 1 }}
{block.outputs()}shown = "'Loss {{n}}'!B2"
last = {{ at = "Parameters!B2", every_block = false }}
"""
    return Layout(cells, spec, TRAIN.replace("yield locals()", "shown = last = loss\n        yield locals()"), faults)


def rows_of_a_table() -> Layout:
    """A loan month by month, whose payments are a column with other values in each row, and its total once."""
    cells: Cells = {("P", "A1"): 1000, ("P", "A2"): 0.01, ("P", "A3"): "=SUM(Loan[Interest])"}
    cells |= {("Loan", f"{'ABCD'[k]}1"): name for k, name in enumerate(("Month", "Paid", "Interest", "Balance"))}
    for row in range(2, 8):
        before = "P!$A$1" if row == 2 else f"D{row - 1}"
        cells |= {("Loan", f"A{row}"): row - 1, ("Loan", f"B{row}"): 100.0 + row % 3}
        cells |= {("Loan", f"C{row}"): f"={before}*P!$A$2", ("Loan", f"D{row}"): f"={before}+C{row}-B{row}"}
    spec = """workbook = "book.xlsx"
reference = "reference.py:loan"
[blocks]
table = "Loan"
[inputs]
amount = "P!A1"
rate = { at = "P!A2", low = 0, high = 0.2 }
paid = { at = "Loan[Paid]", low = 0 }
[outputs]
interest = "Loan[Interest]"
balance = "Loan[Balance]"
total = { at = "P!A3", every_block = false }
"""
    reference = """
def loan(amount, rate, paid):
    total, balance = 0.0, amount
    for one in paid[:, 0]:
        interest = balance * rate
        total, balance = total + interest, balance + interest - one
        yield locals()
"""
    faults = {
        "a reference to another row": Fault({("Loan", "C5"): "=D3*P!$A$2"}, "Loan!C5"),
        "a hardcoded number": Fault({("Loan", "C4"): 9.09}, "Loan!C4"),
        "a swapped sign": Fault({("Loan", "D6"): "=D5+C6+B6"}, "Loan!D6"),
        "a short range": Fault({("P", "A3"): "=SUM(Loan!C2:C6)"}, "P!A3"),
    }
    return Layout(cells, spec, reference, faults, tables={"Loan": ("Loan", "A1:D7")})


def every_second_cell() -> Layout:
    """Pooling of a table, whose results are two rows and columns apart, and a sum of the samples in every second row."""
    cells: Cells = {("S", f"{c}{r}"): r + (5 * k % 7) / 2 - 3 for r in range(1, 7) for k, c in enumerate("ABCD")}
    for row in (1, 3, 5):
        for at, first, last in (("F", "A", "B"), ("H", "C", "D")):
            cells["S", f"{at}{row}"] = f"=MAX({first}{row}:{last}{row + 1})"
            cells["S", f"{at}{row + 1}"] = f"=MIN({first}{row}:{last}{row + 1})"
    for row in (2, 4, 6):
        cells["S", f"K{row}"] = f"=A{row}+2*D{row}"
    spec = """workbook = "book.xlsx"
reference = "reference.py:pool"
sheet = "S"
[inputs]
x = "A1:D6"
[outputs]
most = { at = "F1:H6", step = [2, 2] }
least = { at = "F2:H6", step = [2, 2] }
even = { at = "K2:K6", step = [2, 1] }
"""
    reference = """
def pool(x):
    windows = x.reshape(3, 2, 2, 2)
    return {"most": windows.max(axis=(1, 3)), "least": windows.min(axis=(1, 3)), "even": x[1::2, 0] + 2 * x[1::2, 3]}
"""
    faults = {
        "a short range": Fault({("S", "H3"): "=MAX(C3:D3)"}, "S!H3"),
        "a wrong function": Fault({("S", "F6"): "=MAX(A5:B6)"}, "S!F6"),
        "another row": Fault({("S", "K4"): "=A4+2*D3"}, "S!K4"),
        "a hardcoded number": Fault({("S", "F1"): 4.0}, "S!F1"),
        "another window": Fault({("S", "H5"): "=MAX(C3:D4)"}, "S!H5"),
    }
    return Layout(cells, spec, reference, faults)


LAYOUTS: dict[str, Callable[[], Layout]] = {
    builder.__name__: builder
    for builder in (
        stacked_with_one_late,
        side_by_side_by_columns,
        side_by_side_by_label,
        first_step_count,
        repeated_and_turned,
        array_formulas,
        one_pass_across,
        defined_names,
        inputs_on_another_sheet,
        tables,
        several_checks,
        one_per_sheet,
        rows_of_a_table,
        every_second_cell,
    )
}
