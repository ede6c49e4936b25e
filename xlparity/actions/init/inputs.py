"""Drafts the lines of inputs: constants under the names of the reference's parameters, with the other places of their values."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from xlparity.actions.init.likeness import is_number
from xlparity.actions.init.loops import Loop
from xlparity.actions.init.matching import Drafted, parameters, takes_any, unique
from xlparity.actions.init.names import WORD, fit
from xlparity.actions.init.numbers import STEPS, SheetNumbers
from xlparity.actions.init.quantities import Quantity
from xlparity.actions.init.survey import CellKind
from xlparity.errors import XlparityError
from xlparity.excel.address import Cell, Range
from xlparity.excel.workbook import Workbook
from xlparity.references.case import Array, Case
from xlparity.references.function import Passes
from xlparity.spec.binding import Input, Offset, Twin
from xlparity.spec.reference import Reference

_SEED = 1
_MOST_MOVED = (
    0.2  # of a number, or of 1: far enough that no other number agrees by chance, and near enough to stay meaningful
)


def draft_inputs(
    workbook: Workbook,
    loop: Loop | None,
    quantities: Iterable[Quantity],
    reference: Reference | None,
    chosen: Mapping[str, Quantity],
) -> list[Drafted]:
    """The inputs, ``chosen`` ones under their parameters; equal constants elsewhere are the same input."""
    given = [
        quantity
        for quantity in quantities
        if quantity.kind is not CellKind.FORMULA and not any(quantity.at.intersects(c.at) for c in chosen.values())
    ]
    matched = {quantity: name for name, quantity in chosen.items()}
    given = sorted([*matched, *given], key=lambda quantity: (workbook.sheets.index(quantity.at.sheet), quantity.at))
    given, twins = without_twins(workbook, loop, given, matched)
    left_out = "the reference has no such parameter" if reference and not takes_any(reference) else ""
    taken = set(parameters(reference) if reference else ())
    drafted: list[Drafted] = []
    for quantity in given:
        name = matched.get(quantity) or unique(quantity, taken)
        repeated, differing = _repeats(workbook, loop, quantity)
        handed_on = ("set in the first block",) if quantity.kind is CellKind.STATE else ()
        drafted.append(
            Drafted(
                quantity,
                name,
                repeated,
                tuple(twins.get(quantity, ())),
                left_out="" if quantity in matched else left_out,
                notes=(*handed_on, *differing),
            )
        )
    return drafted


class Moved(NamedTuple):
    """A second set of inputs, near the stored ones: what the formulas compute from it, and what the reference gives."""

    cells: Mapping[Cell, object]
    passes: Passes


def moved(
    workbook: Workbook, loop: Loop | None, numbers: SheetNumbers, reference: Reference, inputs: Iterable[Drafted]
) -> list[Moved]:
    """Second sets of inputs: every number moved, whole ones by 1; and without the whole ones that a text names.

    Such a number may be a size, and the sheet has only so many cells.
    """
    found: list[Moved] = []
    offsets = loop.offsets if loop else (Offset(0, 0),)
    for whole in (1.0, 0.0):
        random = np.random.default_rng(_SEED)
        values: dict[str, float | Array] = {}
        cells: dict[Cell, float] = {}
        for line in inputs:
            array = numbers.array(line.quantity.at)
            if line.left_out or array is None:
                continue
            far = np.maximum(np.abs(array), 1.0) * random.uniform(_MOST_MOVED / 2, _MOST_MOVED, array.shape)
            is_size = array.size == 1 and array[0, 0].is_integer()
            named = any(fit(text, line.name) >= WORD for text in line.quantity.texts)
            step = np.full(array.shape, whole if named else 1.0) if is_size else far
            new = (
                np.minimum(array + step, 1 - (1 - array) * (1 - _MOST_MOVED / 2)) if _is_share(array) else array + step
            )
            values[line.name] = float(new[0, 0]) if new.size == 1 else new
            places = Input(line.name, line.quantity.at, line.every_block, line.also).places(offsets)
            cells |= {cell: value for group, value in zip(places, new.ravel().tolist(), strict=True) for cell in group}
        try:
            found.append(
                Moved(numbers.set_to(cells), reference.passes(Case(values, "on moved inputs"), STEPS, quiet=True))
            )
        except XlparityError:
            continue
    return found


def _is_share(array: Array) -> bool:
    """Whether the numbers may be probabilities or rates, which stay below 1."""
    return bool(((array >= 0) & (array < 1)).all() and array.any())


def _repeats(workbook: Workbook, loop: Loop | None, quantity: Quantity) -> tuple[bool, tuple[str, ...]]:
    """Whether the later blocks contain the input's values again, and what to say about blocks with other ones."""
    if loop is None or quantity.kind is CellKind.STATE or loop.block(quantity.at.first) != 0:
        return False, ()
    cells = list(quantity.at.cells())
    same = [
        all(
            is_number(workbook, cell) and workbook.cells.get(cell.moved(*offset)) == workbook.cells[cell]
            for cell in cells
        )
        for offset in loop.offsets[1:]
    ]
    repeated = 2 * sum(same) >= len(same)
    others = [str(number) for number, equal in enumerate(same, start=2) if not equal]
    if repeated:
        return True, (f"block {', '.join(others)} contains other values",) if others else ()
    held = any(is_number(workbook, cell) for cell in loop.later(quantity.at.first))
    return False, ("the later blocks hold other values, and the reference is given these",) if held else ()


def without_twins(
    workbook: Workbook, loop: Loop | None, given: list[Quantity], matched: Mapping[Quantity, str]
) -> tuple[list[Quantity], dict[Quantity, list[Twin[Range]]]]:
    """The inputs that are no second place of another's values, and those places."""
    twins: dict[Quantity, list[Twin[Range]]] = {}
    kept: list[Quantity] = []
    for quantity in sorted(given, key=lambda quantity: quantity not in matched):
        twin = next(filter(None, (_twin(workbook, loop, first, quantity) for first in kept)), None)
        if quantity in matched or twin is None:
            kept.append(quantity)
        else:
            twins.setdefault(twin[0], []).append(twin[1])
    return [quantity for quantity in given if quantity in kept], twins


def _twin(
    workbook: Workbook, loop: Loop | None, first: Quantity, second: Quantity
) -> tuple[Quantity, Twin[Range]] | None:
    """The second place of the first quantity's values; numbers that are few or all equal may be so by chance."""
    kinds = (first.kind, second.kind)
    if first.at.size < 4 or first.at.size != second.at.size or kinds != (CellKind.INPUT, CellKind.INPUT):
        return None
    if _repeats(workbook, loop, first)[0] != _repeats(workbook, loop, second)[0]:
        return None
    values, others = _array(workbook, first.at), _array(workbook, second.at)
    if values is None or others is None or np.ptp(values) == 0:
        return None
    if first.at.shape == second.at.shape and np.array_equal(values, others):
        return (first, Twin(second.at)) if set(first.texts) & set(second.texts) else None
    if first.at.shape == second.at.shape[::-1] and np.array_equal(values.T, others):
        return first, Twin(second.at, transpose=True)
    return None


def _array(workbook: Workbook, at: Range) -> "Array | None":
    """The constants in the range, or None where not all its cells hold a number."""
    numbers = [float(value) for cell in at.cells() if isinstance(value := workbook.cells.get(cell), float | bool)]
    return np.array(numbers).reshape(at.shape) if len(numbers) == at.size else None
