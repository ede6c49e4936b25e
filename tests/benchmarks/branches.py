"""What directed scenarios add to the time of a verification, on sheets of branches: ``python tests/benchmarks/branches.py``.

Each sheet is verified in turn without and with the search for what the plain scenarios do not reach, in one process with its
imports done; the times are those of the processor, the medians of so many pairs. Directed scenarios may take the time of the
plain ones again.
"""

import statistics
import tempfile
import time
from pathlib import Path

import openpyxl

import xlparity
from xlparity import pipeline

PAIRS = 5
ROWS = 3_200

# By column the formula of row {r} and the reference's, with x in A, and in G a limit that no input varies.
# Some outcomes are reached by searching only, some never.
COLUMNS = {
    "B": ("=IF(A{r}>G{r},A{r}-G{r},0)", "np.where(x > limit, x - limit, 0)"),
    "C": ("=IF(A{r}>=$H$1,IF(A{r}>$H$2,3,2),1)", "np.where(x >= low, np.where(x > high, 3, 2), 1)"),
    "D": ("=IF(AND(B{r}>0,C{r}<3),B{r}*C{r},A{r})", "np.where((b > 0) & (c < 3), b * c, x)"),
    "E": ("=IF(D{r}<1000,D{r}+$H$1,$H$2)", "np.where(d < 1000, d + low, high)"),
    "F": ("=IF(A{r}=$H$3,E{r},E{r}/2)", "np.where(x == rate, e, e / 2)"),
}


def sheet_of_branches(folder: Path, rows: int, *, varied: bool) -> Path:
    """Writes a workbook with five columns of IFs over so many rows, and its spec; A is an input, or a multiple of one."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Sheet"
    sheet["H1"], sheet["H2"], sheet["H3"] = 2.5, 6, 1.5
    for k in range(rows):
        r = 1 + k
        sheet[f"A{r}"] = 0.5 + k % 9 if varied else f"=$H$3*{1 + k % 9}"
        sheet[f"G{r}"] = 1 + k % 5
        for column, (formula, _) in COLUMNS.items():
            sheet[f"{column}{r}"] = formula.format(r=r)
    book.save(folder / "sheet.xlsx")
    lines = "".join(f"    {column.lower()} = {code}\n" for column, (_, code) in COLUMNS.items())
    given = f"    limit = 1 + np.arange({rows})[:, None] % 5\n"
    given += "" if varied else f"    x = rate * (1 + np.arange({rows}) % 9)[:, None]\n"
    names = "x, low, high, rate" if varied else "low, high, rate"
    returned = ", ".join(f"'{column.lower()}': {column.lower()}" for column in COLUMNS)
    (folder / "sheet.py").write_text(
        f"import numpy as np\n\n\ndef branches({names}):\n{given}{lines}    return {{{returned}}}\n"
    )
    outputs = "".join(f'{column.lower()} = "{column}1:{column}{rows}"\n' for column in COLUMNS)
    spec = folder / "sheet.parity.toml"
    spec.write_text(
        'workbook = "sheet.xlsx"\nreference = "sheet.py:branches"\nsheet = "Sheet"\n[inputs]\n'
        + (f'x = {{ at = "A1:A{rows}", low = 0, high = 9 }}\n' if varied else "")
        + 'low = { at = "H1", low = 1, high = 4 }\nhigh = { at = "H2", low = 5, high = 9 }\n'
        + f'rate = {{ at = "H3", low = 0.1, high = 3 }}\n[outputs]\n{outputs}'
    )
    return spec


def paired(spec: Path) -> tuple[float, float, xlparity.Report]:
    """The seconds that a verification takes without directed scenarios and with them, and the report with them."""
    comparing = pipeline.run_checks
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * PAIRS + 2):  # the first pair warms up
        searching = number % 2 == 1
        pipeline.run_checks = lambda *given, directed, on=searching: comparing(*given, directed=directed and on)
        began = time.process_time()
        report = xlparity.verify(spec)
        if number > 1:
            seconds[searching].append(time.process_time() - began)
    return statistics.median(seconds[False]), statistics.median(seconds[True]), report


def main() -> None:
    """Prints a line for each sheet."""
    for varied in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            plain, both, report = paired(sheet_of_branches(Path(folder), ROWS, varied=varied))
        (check,) = report.checks
        of, missed = check.branches.formulas, len(check.branches.missed)
        inputs = "3,203 inputs" if varied else "3 inputs"
        print(f"{len(COLUMNS) * ROWS:,} IFs of {inputs}, {report.verdict}: ", end="")
        print(f"{plain:.2f} s without directed scenarios, {both:.2f} s with them, {both / plain:.2f} times; ", end="")
        print(f"{check.scenarios.run} scenarios compared, {of - missed} of {of} outcomes reached")


if __name__ == "__main__":
    main()
