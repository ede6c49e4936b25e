"""What is known of a wrong formula that no edit mends: a constant ratio, an offset, what it equals instead, where it differs."""

import math
import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from xlparity.diagnosis.localise import Root
from xlparity.diagnosis.relative import Layout
from xlparity.excel.address import Cell, Range
from xlparity.excel.columns import floats_of
from xlparity.excel.values import BLANK

_NEAR = 1e-9  # relative: what agrees so far is the same number, as it is for the usual tolerance
_ZERO = 1e-12  # what is closer to nothing is nothing, as it is for the usual tolerance
_FEWEST = 3  # values that agree, before something is said of all
_FAIR = 0.1  # of the values on either side, before "only where" means anything
_EPS, _ROUNDING = 1e-15, 1e-8  # what rounding does to a difference, and where it is too much to tell anything
_RATIOS = (
    (math.log(10), "ln 10"), (1 / math.log(10), "1/ln 10, as a logarithm to base 10 is"), (math.log(2), "ln 2"),
    (1 / math.log(2), "1/ln 2, as a logarithm to base 2 is"), (-1.0, "-1: the sign is wrong"), (math.pi, "π"),
    (180 / math.pi, "180/π, as degrees are"), (math.pi / 180, "π/180"),
)  # fmt: skip

Floats = NDArray[np.float64]


def facts(root: Root, layout: Layout) -> list[str]:
    """Sentences about how what the root's cells compute differs from what the reference expects, the most telling first."""
    actual, expected = _tables(root)
    if not np.isfinite(actual).all():
        return []
    found = list(_about(actual, expected))
    if not found:
        found = list(_beside_others(root, layout, actual, expected))
    return found


def does_not_react(root: Root) -> bool:
    """Whether the cells keep one value whatever the inputs are, and the reference's do not."""
    actual, expected = _tables(root)
    return root.forced.count > 1 and bool(np.all(np.ptp(actual, axis=0) == 0) and np.any(np.ptp(expected, axis=0) > 0))


def _tables(root: Root) -> tuple[Floats, Floats]:
    """What the cells come to on forced values and what is expected, (sets, cells)."""
    sets, count = list(root.forced.sets), root.forced.count
    actual = np.stack([floats_of(root.forced.local.get(cell, BLANK), count) for cell in root.cells], axis=1)
    return actual, root.run.expected[np.ix_(sets, list(root.indices))]


def _about(actual: Floats, expected: Floats) -> Iterator[str]:
    with np.errstate(all="ignore"):
        both = (np.abs(expected) > _NEAR) & (np.abs(actual) > _ZERO)
        ratios = actual[both] / expected[both]
    if len(ratios) >= _FEWEST and both.sum() >= (np.abs(expected) > _NEAR).sum() and _constant(ratios):
        ratio = float(np.median(ratios))
        named = next((name for value, name in _RATIOS if math.isclose(value, ratio, rel_tol=_NEAR)), None)
        yield f"it is the reference's value times {named or f'{ratio:.10g}'}"
        return
    offsets = actual - expected
    clear = np.abs(offsets) > _ROUNDING * np.abs(expected)  # beside large numbers little is left of a small offset
    offset = float(np.median(offsets))
    near = np.abs(offsets - offset) <= _NEAR * abs(offset) + _EPS * np.abs(expected)
    if clear.sum() >= _FEWEST and near.all() and abs(offset) > _NEAR:
        yield f"it is the reference's value and {offset:+.10g}"


def _constant(numbers: Floats) -> bool:
    middle = float(np.median(numbers))
    return bool(np.all(np.abs(numbers - middle) <= _NEAR * max(abs(middle), sys.float_info.min)))


def _beside_others(root: Root, layout: Layout, actual: Floats, expected: Floats) -> Iterator[str]:
    """What it equals, or differs by, among the quantities of the same iteration and the one before; where it differs."""
    wrong = np.abs(actual - expected) > _ZERO + _NEAR * np.abs(expected)
    for name, values in _others(root, layout):
        if np.allclose(actual, values, rtol=_NEAR, atol=_ZERO):
            yield f"it is {name}"
            return
    for name, values in _others(root, layout):
        if np.ptp(values) == 0 and not np.any(values):
            continue
        for sign, word in ((1.0, "plus"), (-1.0, "minus")):
            if np.allclose(actual, expected + sign * values, rtol=_NEAR, atol=_ZERO):
                yield f"it is the reference's value {word} {name}"
                return
        if np.allclose(actual, expected * values, rtol=_NEAR, atol=_ZERO):
            yield f"it is the reference's value times {name}"
            return
        if np.allclose(actual * values, expected, rtol=_NEAR, atol=_ZERO):
            yield f"it is the reference's value divided by {name}"
            return
    if wrong.all() or not wrong.any():
        return
    for name, values in _others(root, layout):
        tests = ((values == 0, "= 0"), (values == 1, "= 1"), (values < 0, "< 0"), (values > 0, "> 0"))
        for where, said in tests:
            if (where == wrong).all() and _FAIR <= where.mean() <= 1 - _FAIR:
                yield f"it differs only where {name} {said}"
                return


def _others(root: Root, layout: Layout) -> Iterator[tuple[str, Floats]]:
    """Every quantity of which each of the cells has its element, or that has one only: its name and values, (sets, cells)."""
    check = root.run.name
    for of, variable in layout.homes:
        for back in (0, 1):
            if (
                of != check
                or (back and not layout.homes[of, variable].moves)
                or (back == 0 and variable == root.variable)
            ):
                continue
            columns: list[Floats] = []
            for binding in root.bindings:
                area = layout.area(of, variable, binding.iteration - back) if binding.iteration > back else None
                cell = _element(layout, binding.cell, area)
                if cell is None:
                    break
                columns.append(floats_of(root.forced.seen(cell), root.forced.count))
            if len(columns) == len(root.bindings):
                values = np.stack(columns, axis=1)
                if np.isfinite(values).all():
                    yield (f"{variable} of the iteration before" if back else variable), values


def _element(layout: Layout, cell: Cell, area: Range | None) -> Cell | None:
    if area is None:
        return None
    if area.size == 1:
        return area.first
    alike = layout.alike(cell, area)
    return alike.first if alike is not None else None
