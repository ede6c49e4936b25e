"""How many files a second worker processes do: ``python tests/benchmarks/many.py [specs|submissions] [--counts 200 2000]``.

Small specs are verified, or submissions of the week-1 workbook graded, each with weights of its own and none to two faults. They
are done by one worker process, by two, and, where distributed is installed, by two Dask workers, for each count. Memory is the
largest sum over all processes but this one, of which each shared page counts once. ``growth`` is the time of the larger count
over that of the smaller, as a multiple of the ratio of the counts: 1.00 is linear. The last column is what 100,000 would take on
40 such workers. Start-up is included, and of submissions all pages and copies; ``reasons`` are those without a result. Nothing
here is asserted or collected.
"""

import argparse
import contextlib
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import psutil

import xlparity
from xlparity.actions.generate import build
from xlparity.actions.many import Task, verify_one
from xlparity.course.regressor.pages import regressor
from xlparity.jobs import run_all
from xlparity.jobs.limits import Workers
from xlparity.settings import Options

_LOOK = 0.5  # seconds between two looks at memory
_ON = 40  # workers of the estimate for 100,000 tasks

Run = Callable[[int, Workers], int]
"""Does so many of the files, and gives how many of them have a reason in place of a result."""


def specs(folder: Path, count: int) -> Run:
    """Verifies workbooks of one sheet, with twenty formulas each and weights of their own."""
    (folder / "model.py").write_text("def model(x, w):\n    return {'y': x * w[0, 0] + w[1, 0]}\n")
    tasks = []
    for number in range(count):
        book = openpyxl.Workbook()
        sheet = book.active
        sheet["B1"], sheet["B2"] = number + 1, number / 7
        for row in range(1, 21):
            sheet.cell(row + 3, 1, row / 3)
            sheet.cell(row + 3, 2, f"=A{row + 3}*$B$1+$B$2")
        book.save(folder / f"{number}.xlsx")
        spec = folder / f"{number}.parity.toml"
        spec.write_text(
            f'workbook = "{number}.xlsx"\nreference = "model.py:model"\nsheet = "Sheet"\n'
            '[inputs]\nx = "A4:A23"\nw = "B1:B2"\n[outputs]\ny = "B4:B23"\n'
        )
        tasks.append(Task(spec, None, Options(scenarios=20)))

    def run(number: int, workers: Workers) -> int:
        found = run_all(verify_one, tasks[:number], jobs=workers.jobs, dask=workers.dask)
        return sum(one.reason is not None for _, one in found)

    return run


def submissions(folder: Path, count: int) -> Run:
    """Grades copies of the regressor with two iterations, with the faults of the tests' cases."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from grade_cases import NONE, with_cells, write_spec  # noqa: PLC0415

    files = build(regressor(iterations=2))
    for name, data in files.items():
        (folder / name).write_bytes(data)
    spec = write_spec(folder, files["regressor.parity.toml"].decode())
    drawn = random.Random(1)
    paths = []
    for number in range(count):
        cells = {address: drawn.uniform(-1, 1) for address in ("F9", "F10", "F11", "G9")}
        for name in drawn.sample(sorted(NONE), drawn.choice([0, 0, 1, 1, 1, 2])):
            cells |= NONE[name][1]
        paths.append(folder / f"student {number:05}.xlsx")
        paths[-1].write_bytes(with_cells(cells)(files["regressor.xlsx"]))

    def run(number: int, workers: Workers) -> int:
        with tempfile.TemporaryDirectory() as out:
            found = xlparity.grade(spec, paths[:number], workers=workers, out=out)
        return sum(grade.reason is not None for grade in found.grades)

    return run


@contextlib.contextmanager
def measured() -> Iterator[list[int]]:
    """The largest memory that the processes below this one hold together inside, in bytes, as the only item of a list."""
    found, ended = [0], threading.Event()

    def look() -> None:
        while not ended.wait(_LOOK):
            size = 0
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    information = process.memory_full_info()
                    size += getattr(information, "pss", information.uss)
            found[0] = max(found[0], size)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


@contextlib.contextmanager
def two_dask_workers() -> Iterator[str]:
    """The address of a scheduler with two workers on this machine."""
    from distributed import LocalCluster  # noqa: PLC0415

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as cluster:
        yield cluster.scheduler_address


def main() -> None:
    """Print a row for each way to run the tasks and each count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="?", choices=("specs", "submissions"), default="specs")
    parser.add_argument("--counts", nargs=2, type=int, default=(200, 2000))
    given = parser.parse_args()
    ways = {"1 process": Workers(1), "2 processes": Workers(2)}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError):
            ways["2 Dask workers"] = Workers(dask=stack.enter_context(two_dask_workers()))
        run = {"specs": specs, "submissions": submissions}[given.files](Path(folder), max(given.counts))
        print(
            f"{'':16} {'files':>6} {'seconds':>8} {'a second':>9} {'memory':>8} {'growth':>7} {'reasons':>8}  100,000 on {_ON}"
        )
        for way, workers in ways.items():
            before = 0.0
            for count in sorted(given.counts):
                began = time.perf_counter()
                with measured() as memory:
                    reasons = run(count, workers)
                took = time.perf_counter() - began
                growth = f"{took / before / (max(given.counts) / min(given.counts)):7.2f}" if before else " " * 7
                minutes = 100_000 / count * took * (2 if workers.dask else workers.jobs) / _ON / 60
                print(
                    f"{way:16} {count:6,} {took:8.1f} {count / took:9.1f} {memory[0] >> 20:5,} MB {growth} {reasons:8,}"
                    f"  {minutes:6.1f} min",
                    flush=True,
                )
                before = took


if __name__ == "__main__":
    main()
