"""The workbooks that the benchmarks time: a training table with one row an iteration, of scalar formulas only."""

from pathlib import Path

import openpyxl

FORMULAS_A_ROW = 25

SPEC = """workbook = "{name}.xlsx"
reference = "{name}.py:train"
sheet = "Sheet"

[blocks]
first = 8
step = 1
count = {iterations}

[inputs]
alpha = {{ at = "A1", low = 0.5, high = 1.5 }}
X = "A2:C5"
y = {{ at = "D2:D5", choices = [0, 1] }}
W1 = "A8:C8"
b1 = "D8"

[outputs]
W1 = "A8:C8"
b1 = "D8"
z1 = "E8:H8"
A1 = "I8:L8"
sample_loss = "M8:P8"
dz1 = "Q8:T8"
dW1 = "U8:W8"
db1 = "X8"
loss = "Y8"
"""
REFERENCE = """import numpy as np


def train(X, y, W1, b1, alpha):
    X, y, W1 = X, y.ravel(), W1.ravel()
    while True:
        z1 = X @ W1 + b1
        A1 = 1 / (1 + np.exp(-z1))
        sample_loss = -(y * np.log(A1) + (1 - y) * np.log(1 - A1))
        dz1 = A1 - y
        dW1, db1, loss = dz1 @ X / 4, dz1.mean(), sample_loss.mean()
        yield locals()
        W1, b1 = W1 - alpha * dW1, b1 - alpha * db1
"""


def training_spec(workbook: Path, iterations: int) -> Path:
    """Writes the spec file and the reference of a training table beside it; returns the spec's path."""
    workbook.with_suffix(".py").write_text(REFERENCE)
    spec = workbook.with_name(f"{workbook.stem}.parity.toml")
    spec.write_text(SPEC.format(name=workbook.stem, iterations=iterations))
    return spec


def training_table(path: Path, iterations: int) -> int:
    """Writes the chapter's network as one row an iteration; returns the number of formulas.

    The first weights have 15 decimals, which is what ExcelModel keeps, so that both engines start from the same numbers.
    Columns: W1 (3), b1, then z1, A1, sample loss and dz1 for each of four samples, dW1 (3), db1, loss. The weights of
    the first row are constants, so that a table of n iterations has 25 n - 4 formulas.
    """
    samples = [(0, 1, 0), (1, 0, 0), (1, 1, 1), (0, 1, 1)]
    answers = [0, 1, 1, 0]
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"] = 1
    for row, (x, y) in enumerate(zip(samples, answers, strict=True), start=2):
        for column, value in enumerate((*x, y), start=1):
            sheet.cell(row, column, value)
    first = 8
    for row in range(first, first + iterations):
        if row == first:
            for column, weight in zip(
                "ABCD", (-0.165955990594852, 0.440648986884316, -0.99977125036531, 0), strict=True
            ):
                sheet[f"{column}{row}"] = weight
        else:
            above = row - 1
            for column, gradient in zip("ABCD", "UVWX", strict=True):
                sheet[f"{column}{row}"] = f"={column}{above}-$A$1*{gradient}{above}"
        for k in range(4):
            z, a, loss, dz = "EFGH"[k], "IJKL"[k], "MNOP"[k], "QRST"[k]
            s = k + 2
            sheet[f"{z}{row}"] = f"=$A${s}*A{row}+$B${s}*B{row}+$C${s}*C{row}+D{row}"
            sheet[f"{a}{row}"] = f"=1/(1+EXP(-{z}{row}))"
            sheet[f"{loss}{row}"] = f"=-($D${s}*LN({a}{row})+(1-$D${s})*LN(1-{a}{row}))"
            sheet[f"{dz}{row}"] = f"={a}{row}-$D${s}"
        for gradient, feature in zip("UVW", "ABC", strict=True):
            terms = "+".join(f"${feature}${k + 2}*{'QRST'[k]}{row}" for k in range(4))
            sheet[f"{gradient}{row}"] = f"=1/4*({terms})"
        sheet[f"X{row}"] = f"=1/4*SUM(Q{row}:T{row})"
        sheet[f"Y{row}"] = f"=1/4*SUM(M{row}:P{row})"
    book.save(path)
    return FORMULAS_A_ROW * iterations - 4
