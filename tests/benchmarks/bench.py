"""Ratios measured side by side in one run: ``python tests/benchmarks/bench.py``. Nothing here is asserted or collected.

Each measurement runs in a process of its own, with its imports done before the clock starts, except where a whole process
is what is measured. Times are the best of three, of one for what takes over a quarter of a minute.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tables import training_spec, training_table

HERE = Path(__file__).parent
MEASURE = """
import json, resource, sys, time
from pathlib import Path
import openpyxl
from xlparity.engines.registry import find_engine
from xlparity.excel.workbook import read_workbook
path, name = Path(sys.argv[1]), sys.argv[2]
engine = find_engine(name)
began = time.perf_counter()
book = read_workbook(path)
values = engine.load(book).recalculate({})
seconds = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
formulas = [cell for cell in book.cells if book.formula(cell)] + list(book.members)
print(json.dumps({"seconds": seconds, "peak": peak, "values": {str(c): repr(values[c]) for c in formulas}}))
"""
MODEL = "import sys, formulas; formulas.ExcelModel().loads(sys.argv[1]).finish().calculate()"


def measure(path: Path, engine: str, times: int = 3) -> dict:
    """Seconds to read, compile and recalculate, the process's peak memory in MB, and every formula cell's value."""
    runs = [
        json.loads(
            subprocess.run([sys.executable, "-c", MEASURE, path, engine], check=True, capture_output=True).stdout
        )
        for _ in range(times)
    ]
    return min(runs, key=lambda run: run["seconds"])


def process(*command: object, times: int = 3) -> tuple[float, float]:
    """Seconds that the whole process takes, its exit code 0, and its peak memory in MB."""

    def once() -> tuple[float, float]:
        began = time.perf_counter()
        started = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
        if started.returncode:
            raise SystemExit(f"{command[0]} ended with {started.returncode}")
        return time.perf_counter() - began, usage.ru_maxrss / 1024

    return min(once() for _ in range(times))


def main() -> None:
    """Prints one table, a row a measurement."""
    xlparity = Path(sys.executable).with_name("xlparity")
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.xlsx", Path(folder) / "large.xlsx"
        counts = training_table(small, 220), training_table(large, 2200)
        subprocess.run([xlparity, "generate", "--out", folder, "--iterations", "220"], check=True, capture_output=True)
        blocks = Path(folder) / "regressor.xlsx"

        ours, theirs = measure(small, "formulas"), measure(small, "excelmodel", times=1)
        equal = sum(ours["values"][cell] == value for cell, value in theirs["values"].items())
        print(f"training table, {counts[0]:,} scalar formulas")
        print(f"  formulas engine {ours['seconds']:.3f} s, ExcelModel {theirs['seconds']:.2f} s: ", end="")
        print(
            f"{theirs['seconds'] / ours['seconds']:.0f} times as fast; same bits in {equal:,} of {len(theirs['values']):,}"
        )

        big = measure(large, "formulas")
        print(f"training table, {counts[1]:,} scalar formulas")
        print(f"  formulas engine {big['seconds']:.2f} s, peak memory {big['peak']:.0f} MB; ", end="")
        print(f"{big['seconds'] / ours['seconds']:.1f} times the smaller table")

        seconds, peak = process(xlparity, "verify", training_spec(large, 2200), times=2)
        print("  the whole process xlparity verify, with 100 other sets of inputs: ", end="")
        print(f"{seconds:.2f} s, peak memory {peak:.0f} MB")
        if soffice := shutil.which("soffice"):
            profile = f"-env:UserInstallation={(Path(folder) / 'profile').as_uri()}"
            convert = (soffice, profile, "--headless", "--convert-to", "ods", "--outdir", folder, large)
            process(*convert, times=1)  # the first start writes the profile
            seconds, peak = process(*convert, times=2)
            print(f"  soffice --convert-to ods, which computes it once: {seconds:.2f} s, peak memory {peak:.0f} MB")

        ours, theirs = measure(blocks, "formulas"), measure(blocks, "excelmodel", times=1)
        print(f"week-1 workbook with 220 iterations, {len(ours['values']):,} formula cells")
        print(f"  formulas engine {ours['seconds']:.2f} s, ExcelModel {theirs['seconds']:.2f} s: ", end="")
        print(f"{theirs['seconds'] / ours['seconds']:.0f} times as fast")

        subprocess.run([xlparity, "generate", "--out", folder], check=True, capture_output=True)
        ours_whole, _ = process(xlparity, "verify", blocks.with_name("regressor.parity.toml"))
        theirs_whole, _ = process(sys.executable, "-c", MODEL, blocks)
        print("week-1 workbook with 22 iterations, whole processes")
        print(f"  xlparity verify {ours_whole:.2f} s, ExcelModel {theirs_whole:.2f} s: ", end="")
        print(f"{ours_whole / theirs_whole:.2f} of its time")
        print(f"xlparity --help {process(xlparity, '--help')[0]:.2f} s")


if __name__ == "__main__":
    main()
