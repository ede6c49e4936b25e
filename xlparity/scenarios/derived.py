"""Inputs that are formulas of other inputs, which scenarios vary together with these: do the cells depend on them?

Where A2 is =2*A1 and both are inputs, =3*A1 agrees with x + z in every scenario, and reads nothing of z.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from xlparity.compare.compare import compare
from xlparity.compare.expected import Bools, call_references
from xlparity.compare.run import Loaded
from xlparity.excel.address import Range
from xlparity.scenarios.overflow import Overflows
from xlparity.scenarios.rounding import Context, examined
from xlparity.scenarios.sample import Samples, draw
from xlparity.spec.binding import Input
from xlparity.spec.check import Check

_MOST = 24  # scenarios in which such inputs are varied by themselves


class Apart(NamedTuple):
    """The ``inputs`` of a check that follow from others, and the ``cells``, (bindings,), that differ where they do not."""

    inputs: tuple[Input[Range], ...]
    cells: Bools


def apart(checks: Sequence[Check], loaded: Loaded, samples: Samples, overflows: Overflows, seed: int) -> list[Apart]:
    """For each check, what differs where its inputs that are formulas of other inputs have values of their own."""
    found = [tuple(_derived(check, loaded)) for check in checks]
    count = min(samples.scenarios, _MOST)
    inputs = [(given, check.cells.offsets) for check, own in zip(checks, found, strict=True) for given in own]
    own = draw(inputs, loaded.values, lambda cell: [cell], count=count, seed=seed + 2)
    differing = [Apart((), np.zeros(len(check.cells.bindings), dtype=bool)) for check in checks]
    if not own.scenarios or loaded.engine.most_samples is not None:
        return differing
    numbers = range(1, 1 + own.scenarios)
    actual = loaded.session.recalculate(samples.columns(numbers) | own.columns(numbers), len(numbers))
    concerned = [at for at, derived in enumerate(found) if derived]  # the references of the others need not be called
    of_checks = call_references([checks[at] for at in concerned], actual, numbers)
    for at, expected in zip(concerned, of_checks, strict=True):
        check = checks[at]
        differences = compare(check, expected, actual)
        wrong = differences.wrong & expected.counted[:, None] & ~expected.undefined
        open_to = differences._replace(wrong=wrong, unsure=differences.unsure & False)
        known = np.zeros(wrong.shape[1], dtype=np.int64)
        explained, unknown = examined(check, expected, actual, open_to, known, Context(0, seed, overflows))
        differing[at] = Apart(found[at], np.asarray((wrong & ~explained & ~unknown).any(axis=0)))
    return differing


def _derived(check: Check, loaded: Loaded) -> Iterator[Input[Range]]:
    """The inputs of which every cell is a formula of constants that are all named by other inputs."""
    graph, outputs = loaded.book.graph, {binding.cell for binding in check.cells.bindings}
    for given in check.inputs:
        cells = given.cells()
        others = {cell for other in check.inputs if other is not given for cell in other.cells()}
        if given.vary and not given.frame and not outputs.intersection(cells):
            before = [set(graph.constants_before([cell])) for cell in cells]
            if all(roots and roots <= others for roots in before):
                yield given
