"""What mutants of a large sheet cost: ``python tests/benchmarks/convolution.py [SIDE [MUTANTS]]``. Nothing here is asserted.

The sheet is a convolution layer as a course has it: an image of 28×28, three kernels of 3×3 written as SUMPRODUCT over
moving windows with a bias, ReLU, and max pooling; 4,563 formulas. Times are those of this process, without its waiting.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import openpyxl
from openpyxl.utils import get_column_letter

from xlparity.actions.mutate.run import Bench
from xlparity.settings import Options

REFERENCE = """import numpy as np


def layer(image, kernels, bias):
    size = kernels.shape[1]
    windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
    z = np.einsum("ijkl,nkl->nij", windows, kernels.reshape(-1, size, size)) + bias.reshape(-1, 1, 1)
    a = np.maximum(z, 0)
    n, rows, columns = a.shape
    p = a.reshape(n, rows // 2, 2, columns // 2, 2).max(axis=(2, 4))
    return {"z": z.reshape(-1, columns), "a": a.reshape(-1, columns), "p": p.reshape(-1, columns // 2)}
"""
SPEC = """workbook = "convolution.xlsx"
reference = "convolution.py:layer"
sheet = "Conv"

[inputs]
image = {{ at = "{image}", low = 0, high = 1 }}
kernels = {{ at = "{kernels}", low = -2, high = 2 }}
bias = {{ at = "{bias}", low = -1, high = 1 }}

[outputs]
z = "{z}"
a = "{a}"
p = "{p}"
"""


def convolution(folder: Path, side: int = 28, size: int = 3, kernels: int = 3) -> Path:
    """Writes the workbook, its reference and its spec; returns the spec's path."""
    random = np.random.default_rng(0)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Conv"
    out, pooled = side - size + 1, (side - size + 1) // 2
    kernel = side + 2  # columns: the image, the kernels, the bias, z, a, p
    bias, z = kernel + size + 1, kernel + size + 3
    a, p = z + out + 1, z + 2 * (out + 1)

    def area(column: int, rows: int, columns: int, row: int = 1, mark: str = "") -> str:
        first, last = (f"{mark}{get_column_letter(at)}{mark}" for at in (column, column + columns - 1))
        return f"{first}{row}:{last}{row + rows - 1}"

    def fill(column: int, rows: int, columns: int, draw: str) -> None:
        for row in range(1, rows + 1):
            for at in range(column, column + columns):
                sheet.cell(row, at, round(float(getattr(random, draw)()), 3))

    fill(1, side, side, "random")
    fill(kernel, size * kernels, size, "standard_normal")
    fill(bias, kernels, 1, "standard_normal")
    for n in range(kernels):
        weights = area(kernel, size, size, n * size + 1, "$")
        constant = f"${get_column_letter(bias)}${n + 1}"
        for row in range(1, out + 1):
            for at in range(out):
                window = area(1 + at, size, size, row)
                sheet.cell(n * out + row, z + at, f"=SUMPRODUCT({window},{weights})+{constant}")
                sheet.cell(n * out + row, a + at, f"=MAX(0,{get_column_letter(z + at)}{n * out + row})")
        for row in range(pooled):
            for at in range(pooled):
                window = area(a + 2 * at, 2, 2, n * out + 2 * row + 1)
                sheet.cell(n * pooled + row + 1, p + at, f"=MAX({window})")
    book.save(folder / "convolution.xlsx")
    (folder / "convolution.py").write_text(REFERENCE)
    spec = folder / "convolution.parity.toml"
    areas = {
        "image": area(1, side, side),
        "kernels": area(kernel, size * kernels, size),
        "bias": area(bias, kernels, 1),
        "z": area(z, kernels * out, out),
        "a": area(a, kernels * out, out),
        "p": area(p, kernels * pooled, pooled),
    }
    spec.write_text(SPEC.format(**areas))
    return spec


def main() -> None:
    """Prints what each of the first mutants costs, and how many that are a minute."""
    side, most = [int(word) for word in sys.argv[1:3]] + [28, 30][len(sys.argv) - 1 :]
    with tempfile.TemporaryDirectory() as name:
        began = time.process_time()
        bench = Bench(convolution(Path(name), side), None, Options())
        bench.check_original()
        print(f"{time.process_time() - began:7.2f} s  written and verified")
        began = time.process_time()
        chosen = [bench.mutants[number] for number in bench.chosen(most)]
        print(f"{time.process_time() - began:7.2f} s  {len(bench.mutants):,} mutants made")
        whole = 0.0
        for mutant in chosen:
            began = time.process_time()
            outcome = bench.outcome(mutant)
            spent = time.process_time() - began
            whole += spent
            content = next(iter(mutant.contents.values()))
            print(f"{spent:7.2f} s  {outcome.status:10} {mutant.kind:11} {len(mutant.contents):5} cells  {content}")
        print(f"{len(chosen)} mutants in {whole:.1f} s, {60 * len(chosen) / whole:.1f} a minute")


if __name__ == "__main__":
    main()
