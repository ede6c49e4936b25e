"""The memory of many verifications in one process: ``python tests/benchmarks/memory.py [VERIFICATIONS]``.

As pytest's plugin, a notebook or a server does it. Each is of another copy of the week-1 workbook, of three iterations, with
other numbers in its formulas, so that nothing of one serves the next; what ``verify`` gives is dropped. Prints the resident
memory after every hundred, 500 by default. Nothing here is asserted or collected; ``tests/test_memory.py`` has a bound.
"""

import gc
import sys
import tempfile
from pathlib import Path

import psutil

import xlparity
from xlparity.actions.generate import build
from xlparity.course.regressor.pages import regressor
from xlparity.settings import Options

MEGABYTE = 1 << 20


def verified(folder: Path, number: int) -> float:
    """Verifies one workbook; the resident memory in MB afterwards."""
    for name, data in build(regressor(iterations=3, seed=number)).items():
        (folder / name).write_bytes(data)
    xlparity.verify(folder / "regressor.parity.toml", options=Options(scenarios=10, seed=number))
    gc.collect()
    return psutil.Process().memory_info().rss / MEGABYTE


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as name:
        for number in range(1, count + 1):
            found = verified(Path(name), number)
            if number in (1, 10, 50) or number % 100 == 0:
                print(f"{number:5} verifications: {found:6.1f} MB", flush=True)
