"""What a set of inputs costs, alone and among many, measured in one run: ``python tests/benchmarks/sweep.py [WORKBOOK]``.

Without a workbook it is the generated one of the course. Each time is the best of five, of one for ExcelModel, which is
given the same inputs as one of the sets. Nothing here is asserted or collected.
"""

import contextlib
import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import formulas
import numpy as np

from xlparity.actions.generate import build
from xlparity.course.regressor.pages import regressor
from xlparity.engines.evaluator import FormulasEngine
from xlparity.excel.address import Cell, parse_range
from xlparity.excel.columns import Column, value_in
from xlparity.excel.workbook import read_workbook

INPUTS = {"B9:D12": (-2, 2), "L9:L12": (0, 1), "F9:F11": (-1, 1), "G9": (-1, 1), "B3": (0.1, 2)}


def inputs(count: int) -> dict[Cell, Column]:
    """Numbers at random in each input of the sheet Training."""
    generator = np.random.default_rng(0)
    found: dict[Cell, Column] = {}
    for area, (low, high) in INPUTS.items():
        for cell in parse_range(area, "Training").cells():
            found[cell] = generator.uniform(low, high, count)
    return found


def best(run: Callable[[], Any], times: int = 5) -> float:
    """Seconds of the fastest of so many runs."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def excel_model(path: Path) -> tuple[float, float]:
    """Seconds to load and finish an ExcelModel, and to calculate it with one set of inputs."""
    given = {
        f"'[{path.name}]{cell.sheet.upper()}'!{cell.a1}": value_in(column, 0) for cell, column in inputs(1).items()
    }
    with contextlib.redirect_stderr(io.StringIO()), np.errstate(all="ignore"):  # it draws progress bars
        began = time.perf_counter()
        model = formulas.ExcelModel().loads(str(path)).finish()
        loaded = time.perf_counter()
        model.calculate(inputs=given)
        return loaded - began, time.perf_counter() - loaded


def measure(path: Path) -> None:
    """Prints one row a measurement."""
    book = read_workbook(path)
    session = FormulasEngine().load(book)
    once = best(lambda: session.recalculate({}))
    print(f"{path.name}: {book.formulas:,} formulas")
    print(f"  one recalculation              {once * 1e3:8.1f} ms")
    for count in (1, 101, 1000):
        columns = inputs(count)
        held = columns | {
            cell: column for cell, column in session.recalculate(columns, count).items() if book.formula(cell)
        }
        for name, run in (
            ("sweep", lambda count=count, columns=columns: session.recalculate(columns, count)),
            ("forced", lambda count=count, held=held: session.forced(held, count)),
        ):
            seconds = best(run)
            print(
                f"  {name:6} of {count:5,} sets           {seconds * 1e3:8.1f} ms, {seconds / once:5.1f} recalculations"
            )
    print(f"  a session like it              {best(lambda: session.like(book)) * 1e3:8.1f} ms")
    load, calculate = excel_model(path)
    print(f"  ExcelModel: loads and finish   {load * 1e3:8.1f} ms")
    print(f"  ExcelModel: calculate, one set {calculate * 1e3:8.1f} ms, {calculate / once:5.1f} recalculations")


def main() -> None:
    """Measures the workbook that is named, or a generated one."""
    if len(sys.argv) > 1:
        measure(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "regressor.xlsx"
        path.write_bytes(build(regressor())["regressor.xlsx"])
        measure(path)


if __name__ == "__main__":
    main()
