"""Facts about a wrong formula for which no fix is found: a constant ratio or offset, what it equals, where it differs."""

import math
import sys
from collections.abc import Iterator

import numpy as np

from xlparity.diagnosis.localise import Root
from xlparity.diagnosis.relative import QuantityMap
from xlparity.excel.address import Cell, Range
from xlparity.excel.columns import Floats, floats_of
from xlparity.excel.values import BLANK

_NEAR = 1e-9  # relative difference up to which numbers are equal, as by the default tolerance
_ZERO = 1e-12  # absolute value up to which a number is zero, as by the default tolerance
_FEWEST = 3  # values with the same ratio or offset, before it is reported
_FAIR = 0.1  # the smallest share of values on either side of "where"
_EPS, _ROUNDING = 1e-15, 1e-8  # rounding error of a difference, and the offset below which it may be rounding error
_RATIOS = (
    (math.log(10), "ln 10"), (1 / math.log(10), "1/ln 10, as a logarithm to base 10 is"), (math.log(2), "ln 2"),
    (1 / math.log(2), "1/ln 2, as a logarithm to base 2 is"), (-1.0, "-1: the sign is wrong"), (math.pi, "π"),
    (180 / math.pi, "180/π, as degrees are"), (math.pi / 180, "π/180"),
)  # fmt: skip


def facts(root: Root, quantity_map: QuantityMap) -> list[str]:
    """Clauses that say how the root's cells differ from the reference, the most specific first."""
    actual, expected = _tables(root)
    if not np.isfinite(actual).all() or not root.run.numeric(root.indices):
        return []
    found = list(_about(actual, expected))
    if not found:
        found = list(_beside_others(root, quantity_map, actual, expected))
    return found


def does_not_react(root: Root) -> bool:
    """Whether the cells have one value in all samples, and the reference has several."""
    if not root.run.numeric(root.indices):
        return False
    actual, expected = _tables(root)
    return root.forced.count > 1 and bool(np.all(np.ptp(actual, axis=0) == 0) and np.any(np.ptp(expected, axis=0) > 0))


def _tables(root: Root) -> tuple[Floats, Floats]:
    """The cells' values on forced values and the expected values, (samples, cells) each."""
    samples, count = list(root.forced.samples), root.forced.count
    actual = np.stack([floats_of(root.forced.local.get(cell, BLANK), count) for cell in root.cells], axis=1)
    return actual, root.run.expected[np.ix_(samples, list(root.indices))]


def _about(actual: Floats, expected: Floats) -> Iterator[str]:
    with np.errstate(all="ignore"):
        both = (np.abs(expected) > _NEAR) & (np.abs(actual) > _ZERO)
        ratios = actual[both] / expected[both]
        ratio = float(np.median(ratios)) if len(ratios) >= _FEWEST else 1.0
        others = np.abs(actual - ratio * expected)[~both]  # zeros, which any ratio leaves what they are
    # Where a term is missing in some samples alone, the others have the ratio 1, but for rounding.
    if (
        not math.isclose(ratio, 1.0, rel_tol=_ROUNDING)
        and _constant(ratios)
        and np.all(others <= _NEAR * max(1.0, abs(ratio)))
    ):
        named = next((name for value, name in _RATIOS if math.isclose(value, ratio, rel_tol=_NEAR)), None)
        yield f"it is the reference's value times {named or f'{ratio:.10g}'}"
        return
    offsets = actual - expected
    clear = np.abs(offsets) > _ROUNDING * np.abs(expected)  # rounding error hides a small offset of a large number
    offset = float(np.median(offsets))
    near = np.abs(offsets - offset) <= _NEAR * abs(offset) + _EPS * np.abs(expected)
    if clear.sum() >= _FEWEST and near.all() and abs(offset) > _NEAR:
        yield f"it is the reference's value and {offset:+.10g}"


def _constant(numbers: Floats) -> bool:
    middle = float(np.median(numbers))
    return bool(np.all(np.abs(numbers - middle) <= _NEAR * max(abs(middle), sys.float_info.min)))


def _beside_others(root: Root, quantity_map: QuantityMap, actual: Floats, expected: Floats) -> Iterator[str]:
    """Which quantity of this iteration or the one before it equals or differs by; else where it differs."""
    wrong = np.abs(actual - expected) > _ZERO + _NEAR * np.abs(expected)
    for name, values in _others(root, quantity_map):
        if np.allclose(actual, values, rtol=_NEAR, atol=_ZERO) and len(np.unique(values)) >= _FEWEST:
            yield f"it is {name}"
            return
    for name, values in _others(root, quantity_map):
        if len(np.unique(values)) < _FEWEST:
            continue  # a number is an offset or a ratio
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
    for name, values in _others(root, quantity_map):
        tests = ((values == 0, "= 0"), (values == 1, "= 1"), (values < 0, "< 0"), (values > 0, "> 0"))
        for where, said in tests:
            if np.array_equal(wrong, where) and _FAIR <= where.mean() <= 1 - _FAIR:
                yield f"it differs only where {name} {said}"
                return


def _others(root: Root, quantity_map: QuantityMap) -> Iterator[tuple[str, Floats]]:
    """Name and values, (samples, cells), of every quantity with one element, or with an element for each of the cells."""
    check = root.run.name
    for of, variable in quantity_map.ranges:
        for back in (0, 1):
            if (
                of != check
                or (back and not quantity_map.ranges[of, variable].moves)
                or (back == 0 and variable == root.variable)
            ):
                continue
            columns: list[Floats] = []
            for binding in root.bindings:
                area = quantity_map.area(of, variable, binding.iteration - back) if binding.iteration > back else None
                cell = _element(quantity_map, binding.cell, area)
                if cell is None:
                    break
                columns.append(floats_of(root.forced.seen(cell), root.forced.count))
            if len(columns) == len(root.bindings):
                values = np.stack(columns, axis=1)
                if np.isfinite(values).all():
                    yield (f"{variable} of the iteration before" if back else variable), values


def _element(quantity_map: QuantityMap, cell: Cell, area: Range | None) -> Cell | None:
    if area is None:
        return None
    if area.size == 1:
        return area.first
    alike = quantity_map.alike(cell, area)
    return alike.first if alike is not None else None
