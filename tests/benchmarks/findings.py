"""What it costs to say why, beside saying that: ``python tests/benchmarks/findings.py``. Nothing here is asserted.

The week-1 workbook as it is, and with three faults in it that make hundreds of cells wrong, each verified by the whole
process and in this one, side by side in one run. Times are the best of three.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl

import xlparity
from xlparity.actions.generate import build
from xlparity.course.regressor.pages import regressor

FAULTS = {
    "a sign in dz1 of iteration 12": lambda sheet: set_cell(sheet, "I247", "=J240+L240"),
    "db1 pasted over in iteration 3": lambda sheet: set_cell(sheet, "G58", 0.1),
    "LOG for LN in every sample loss": lambda sheet: [
        set_cell(sheet, cell.coordinate, cell.value.replace("LN(", "LOG("))
        for row in sheet.iter_rows(min_col=14, max_col=14)
        for cell in row
        if isinstance(cell.value, str) and "LN(" in cell.value
    ],
}


def set_cell(sheet: openpyxl.worksheet.worksheet.Worksheet, address: str, value: object) -> None:
    """Puts something else into a cell that holds something."""
    if sheet[address].value is None:
        raise SystemExit(f"{address} is empty: the workbook is laid out otherwise")
    sheet[address] = value


def best(run: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest of so many runs."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def process(spec: Path, workbook: Path) -> None:
    """``xlparity verify`` as a whole process."""
    command = [Path(sys.executable).with_name("xlparity"), "verify", spec, "--workbook", workbook]
    subprocess.run([str(word) for word in command], check=False, capture_output=True)


def main() -> None:
    """Prints the faults, the findings and the two ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, data in build(regressor()).items():
            (folder / file).write_bytes(data)
        spec, right, wrong = folder / "regressor.parity.toml", folder / "regressor.xlsx", folder / "wrong.xlsx"
        book = openpyxl.load_workbook(right)
        for fault in FAULTS.values():
            fault(book["Training"])
        book.save(wrong)
        report = xlparity.verify(spec, workbook=wrong)
        cells = sum(result.status in ("mismatch", "hardcoded", "error") for c in report.checks for result in c.results)
        print(f"{len(FAULTS)} faults ({', '.join(FAULTS)}), {cells:,} wrong cells")
        for check in report.checks:
            for finding in check.findings:
                print(f"  {finding.code} {finding.message}")
        print("100 scenarios, findings against the workbook without a fault:")
        plain, found = best(lambda: xlparity.verify(spec)), best(lambda: xlparity.verify(spec, workbook=wrong))
        print(f"  in this process {found:.2f} s against {plain:.2f} s: {found / plain:.2f} times")
        plain, found = best(lambda: process(spec, right)), best(lambda: process(spec, wrong))
        print(f"  the whole process {found:.2f} s against {plain:.2f} s: {found / plain:.2f} times")


if __name__ == "__main__":
    main()
