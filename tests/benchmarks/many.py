"""How many tasks a second worker processes do: ``python tests/benchmarks/many.py [MODULE:FUNCTION] [--counts 200 2000]``.

FUNCTION is called with a folder and a count, and returns a function and so many tasks, as ``xlparity.jobs.run_all`` takes them;
without one, copies of a small spec are verified (``specs`` below). They are run with one worker process, with two, and, where
distributed is installed, on two Dask workers, for each count. Memory is the largest sum over all processes but this one, of
which each shared page counts once. ``growth`` is the time of the larger count over that of the smaller, as a multiple of the
ratio of the counts: 1.00 is linear. The last column is what 100,000 tasks would take on 40 such workers. Start-up is included;
``reasons`` are the tasks without a value. Nothing here is asserted or collected.
"""

import argparse
import contextlib
import importlib
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import psutil

from xlparity.actions.many import Task, verify_one
from xlparity.jobs import run_all
from xlparity.settings import Options

_LOOK = 0.5  # seconds between two looks at memory
_ON = 40  # workers of the estimate for 100,000 tasks

Made = tuple[Callable[[Any], Any], Sequence[Any]]


def specs(folder: Path, count: int) -> Made:
    """The verification of so many workbooks of one sheet, with twenty formulas each and weights of their own."""
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
    return verify_one, tasks


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
    parser.add_argument("made", nargs="?", metavar="MODULE:FUNCTION")
    parser.add_argument("--counts", nargs=2, type=int, default=(200, 2000))
    given = parser.parse_args()
    make: Callable[[Path, int], Made] = specs
    if given.made:
        module, _, name = given.made.partition(":")
        make = getattr(importlib.import_module(module), name)
    ways: dict[str, Any] = {"1 process": {"jobs": 1}, "2 processes": {"jobs": 2}}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError):
            ways["2 Dask workers"] = {"dask": stack.enter_context(two_dask_workers())}
        function, tasks = make(Path(folder), max(given.counts))
        print(
            f"{'':16} {'tasks':>6} {'seconds':>8} {'a second':>9} {'memory':>8} {'growth':>7} {'reasons':>8}  100,000 on {_ON}"
        )
        for way, options in ways.items():
            before = 0.0
            for count in sorted(given.counts):
                began = time.perf_counter()
                with measured() as memory:
                    reasons = sum(one.reason is not None for _, one in run_all(function, tasks[:count], **options))
                took = time.perf_counter() - began
                growth = f"{took / before / (max(given.counts) / min(given.counts)):7.2f}" if before else " " * 7
                workers = options.get("jobs", 2)
                minutes = 100_000 / count * took * workers / _ON / 60
                print(
                    f"{way:16} {count:6,} {took:8.1f} {count / took:9.1f} {memory[0] >> 20:5,} MB {growth} {reasons:8,}"
                    f"  {minutes:6.1f} min",
                    flush=True,
                )
                before = took


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main()
