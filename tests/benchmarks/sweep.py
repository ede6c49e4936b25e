"""What samples cost the formulas engine, beside ExcelModel and IronCalc: ``python tests/benchmarks/sweep.py``.

A training table of 546, 5,496 and 54,996 formulas is recalculated with 1, 101 and 1,001 samples, in one run; each time is the
best of three. The other two engines compute one sample, once; ExcelModel is left out of the largest table, which would
take it minutes. Nothing here is asserted or collected.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tables import training_table

from xlparity.engines.registry import find_engine
from xlparity.errors import UsageError
from xlparity.excel.address import Cell, parse_range
from xlparity.excel.columns import Column
from xlparity.excel.workbook import read_workbook

ITERATIONS = (22, 220, 2200)
SAMPLES = (1, 101, 1001)
LARGEST_FOR_EXCELMODEL = 10_000  # formulas
INPUTS = {"A1": (0.5, 1.5), "A2:C5": (-1.0, 1.0), "D2:D5": (0.0, 1.0), "A8:D8": (-1.0, 1.0)}


def drawn(count: int) -> dict[Cell, Column]:
    """Random numbers for every input of the table."""
    generator = np.random.default_rng(0)
    return {
        cell: generator.uniform(low, high, count)
        for area, (low, high) in INPUTS.items()
        for cell in parse_range(area, "Sheet").cells()
    }


def best(run: Callable[[], Any], times: int = 3) -> float:
    """Seconds of the fastest of so many runs."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def measure(path: Path) -> None:
    """Prints one row a measurement."""
    book = read_workbook(path)
    print(f"{book.formulas:,} formulas")
    engine = find_engine("formulas")
    print(f"  formulas, load                   {best(lambda: engine.load(book)):9.3f} s")
    session = engine.load(book)
    one = 0.0
    for count in SAMPLES:
        columns = drawn(count)
        seconds = best(lambda columns=columns, count=count: session.recalculate(columns, count))
        one = one or seconds
        print(f"  formulas, {count:5,} samples          {seconds:9.3f} s, {seconds / one:7.1f} times one sample")
    for name in ("ironcalc", "excelmodel"):
        if name == "excelmodel" and book.formulas > LARGEST_FOR_EXCELMODEL:
            continue
        try:
            other = find_engine(name)
        except UsageError:
            print(f"  {name} is not installed")
            continue
        seconds = best(lambda other=other: other.load(book).recalculate(drawn(1)), times=1)
        print(f"  {name + ', load and one sample':30}   {seconds:9.3f} s")


def main() -> None:
    """Measures the tables, the smallest one first."""
    with tempfile.TemporaryDirectory() as folder:
        for iterations in ITERATIONS:
            path = Path(folder) / f"table{iterations}.xlsx"
            training_table(path, iterations)
            measure(path)


if __name__ == "__main__":
    main()
