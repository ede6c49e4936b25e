"""What it costs to read and compile a workbook, beside other readers: ``python tests/benchmarks/reading.py [ITERATIONS …]``.

Training tables of 546, 5,496, 54,996 and 549,996 formulas, each measured in processes of its own, in one run: xlparity's reader
and openpyxl's, the compiling of the formulas engine, the import of that engine, IronCalc and ``soffice --convert-to`` where
they are installed, and ``xlparity verify`` with default scenarios on the smallest table. Seconds are of the best of three
runs for the smaller tables, memory is the largest that the process held. Nothing here is asserted or collected.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tables import training_spec, training_table

ITERATIONS = (22, 220, 2200, 22000)
ONCE = 10_000  # iterations from which on one run is enough
OPENPYXL_UP_TO = 5000  # iterations; beyond them it takes half a minute
TIMED = """
import resource, sys, time
from pathlib import Path
{setup}
best, memory = 1e9, 0
for _ in range({times}):
    began = time.perf_counter()
    {statement}
    best = min(best, time.perf_counter() - began)
print(best, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
READ = "from xlparity.excel.workbook import read_workbook; path = Path(sys.argv[1]); read_workbook(path)"
COMPILE = (
    "from xlparity.engines.registry import find_engine; engine = find_engine('formulas'); book = read_workbook(path)"
)
MEASURED = {
    "xlparity, read": (READ.rpartition(";")[0], "read_workbook(path)"),
    "xlparity, compile": (f"{READ}; {COMPILE}", "engine.load(book)"),
    "openpyxl, read": ("import openpyxl", "openpyxl.load_workbook(sys.argv[1])"),
    "ironcalc, read and compute": ("import ironcalc", "ironcalc.load_from_xlsx(sys.argv[1], 'en', 'UTC').evaluate()"),
}


def timed(setup: str, statement: str, path: Path, times: int) -> str:
    """The row of a measurement, or what keeps it from being made."""
    code = TIMED.format(setup=setup, statement=statement, times=times)
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    if done.returncode:
        return done.stderr.strip().rpartition("\n")[2]
    seconds, memory = done.stdout.split()
    return f"{float(seconds):9.3f} s {int(memory):6,} MB"


def process(*words: str) -> str:
    """The row of a whole process, the best of three."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run(words, capture_output=True, check=True)
        seconds.append(time.perf_counter() - began)
    return f"{min(seconds):9.3f} s"


def main() -> None:
    """Measures the tables, the smallest one first."""
    with tempfile.TemporaryDirectory() as folder:
        for iterations in map(int, sys.argv[1:]) if sys.argv[1:] else ITERATIONS:
            path = Path(folder) / f"table{iterations}.xlsx"
            print(f"{training_table(path, iterations):,} formulas, {path.stat().st_size / 1e6:.1f} MB")
            for name, (setup, statement) in MEASURED.items():
                if name.startswith("openpyxl") and iterations > OPENPYXL_UP_TO:
                    continue
                print(f"  {name:30} {timed(setup, statement, path, 1 if iterations > ONCE else 3)}", flush=True)
            if soffice := shutil.which("soffice"):
                words = (soffice, "--headless", "--convert-to", "xlsx", "--outdir", f"{folder}/out", str(path))
                began = time.perf_counter()
                subprocess.run(words, capture_output=True, check=False)
                print(f"  {'soffice --convert-to':30} {time.perf_counter() - began:9.3f} s", flush=True)
            if iterations == ITERATIONS[0]:
                spec = training_spec(path, iterations)
                print(
                    f"  {'import of the engine':30} {process(sys.executable, '-c', 'import xlparity.engines.formulas')}"
                )
                print(
                    f"  {'xlparity verify, whole':30} {process(sys.executable, '-m', 'xlparity.cli', 'verify', str(spec))}"
                )


if __name__ == "__main__":
    main()
