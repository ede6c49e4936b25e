"""How many of the values that a folder of workbooks stores are recomputed, by xlparity and by the plain ExcelModel.

    python tests/benchmarks/coverage.py FOLDER [--limit SECONDS]

Both are held against the stored values in one run, by the rule of ``xlparity recalc --check``. ExcelModel works in a
process of its own, with a limit of time and memory, since a single reference to a whole column can take all there is.
"""

import argparse
import contextlib
import io
import multiprocessing
import resource
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from xlparity.actions.recalc import check_stored, hold_against
from xlparity.errors import XlparityError
from xlparity.excel.address import Range
from xlparity.excel.values import MISSING, Value
from xlparity.excel.workbook import Workbook, formulas_of, parse_workbook

_MEMORY = 6 << 30


def excel_model(path: Path, answer: Connection) -> None:
    """Sends how many formulas the plain ``formulas.ExcelModel`` brings to the stored value."""
    import formulas  # noqa: PLC0415

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    data = path.read_bytes()
    book = parse_workbook(data, path)
    with contextlib.redirect_stderr(io.StringIO()), np.errstate(all="ignore"):
        solution = formulas.ExcelModel().loads(str(path)).finish().calculate()
    answer.send(hold_against(data, book, _values(book, solution))[0].counts)


def _values(book: Workbook, solution: dict[str, object]) -> dict[object, Value]:
    from xlparity.engines.excelmodel import _from_model  # noqa: PLC0415

    values: dict[object, Value] = {}
    for cell, formula in formulas_of(book):
        block = formula.area or Range(cell.sheet, cell.row, cell.column, cell.row, cell.column)
        sheet = cell.sheet.upper().replace("'", "''")
        table = getattr(solution.get(f"'[{book.path.name}]{sheet}'!{block.a1}"), "value", None)
        for member in block.cells():
            try:
                found = table[member.row - block.row, member.column - block.column]
                values[member] = _from_model(found)
            except Exception:  # whatever it made of the cell, it is not the stored value
                values[member] = MISSING
    return values


def in_time(path: Path, limit: float) -> Counter[str]:
    """ExcelModel's counts, or the reason why there are none."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=excel_model, args=(path, theirs))
    process.start()
    theirs.close()
    try:
        if ours.poll(limit):
            return Counter(ours.recv())
    except EOFError:
        return Counter({"files: failed": 1})
    finally:
        process.kill()
        process.join()
    return Counter({"files: out of time": 1})


def main() -> None:
    """Prints a line for every file on which the two are far apart, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=float, default=900.0)
    arguments = parser.parse_args()
    ours: Counter[str] = Counter()
    theirs: Counter[str] = Counter()
    seconds = [0.0, 0.0]
    for path in sorted(arguments.folder.rglob("*.xlsx")):
        start = time.perf_counter()
        try:
            counts = Counter(check_stored(path)[0].counts)
        except XlparityError:
            counts = Counter({"files: refused": 1})
        middle = time.perf_counter()
        model = in_time(path, arguments.limit)
        seconds = [seconds[0] + middle - start, seconds[1] + time.perf_counter() - middle]
        ours, theirs = ours + counts, theirs + model
        if model["equal"] > counts["equal"] or counts["differs"]:
            print(f"  {path.name}: {counts['equal']} of {counts['formulas']}, ExcelModel {model['equal']}", flush=True)
    print(f"formulas: {ours['formulas']}")
    for name, total, taken in (("xlparity", ours, seconds[0]), ("ExcelModel", theirs, seconds[1])):
        failed = ", ".join(f"{key} {count}" for key, count in total.items() if key.startswith("files"))
        share = total["equal"] / max(1, ours["formulas"])
        print(f"{name}: {total['equal']} right ({share:.1%}), {total['differs']} wrong, {taken:.0f} s {failed}")


if __name__ == "__main__":
    main()
