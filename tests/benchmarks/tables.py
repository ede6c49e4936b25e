"""The workbooks that the benchmarks time: a training table with one row an iteration, of scalar formulas only."""

from pathlib import Path

import openpyxl

FORMULAS_A_ROW = 25


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
