"""Excel's functions that choose cells by criteria: COUNTIF, SUMIFS and their like."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator.functions.areas import Area, filled
from xlparity.engines.evaluator.functions.conditions import matcher
from xlparity.engines.evaluator.functions.conversions import DIV, VALUE
from xlparity.engines.evaluator.functions.signatures import Function, function
from xlparity.engines.evaluator.guards import Refusal, is_number


class _Chosen(NamedTuple):
    """Where all criteria are met, and how many of the unused cells of whole rows or columns meet them."""

    where: Any
    unused: int


def _choose(operands: Sequence[Any], target: Sequence[Area] = ()) -> _Chosen | XlError:
    """What pairs of an area and a criterion choose; #VALUE! where the areas, and the target, are of different sizes."""
    areas: list[Area] = [*operands[::2], *target]
    if not all(area.reference for area in areas):
        raise Refusal("criteria over something that is no reference")
    if len({area.full for area in areas}) > 1:
        return VALUE
    # Whole rows and columns of another sheet may have more of them in use.
    shape = max(area.cells.shape[0] for area in areas), max(area.cells.shape[1] for area in areas)
    where = np.ones(shape, bool)
    blanks = True
    for area, criterion in zip(areas, operands[1::2], strict=False):
        meets = matcher(criterion)
        where &= np.array([meets(value) for value in _padded(area, shape).ravel().tolist()], bool).reshape(shape)
        blanks = blanks and meets(EMPTY)
    unused = areas[0].full[0] * areas[0].full[1] - where.size
    return _Chosen(where, unused if blanks else 0)


def _padded(area: Area, shape: tuple[int, int]) -> Any:
    """The cells, and blanks to fill the shape."""
    if area.cells.shape == shape:
        return area.cells
    cells = filled(shape, EMPTY)
    cells[: area.cells.shape[0], : area.cells.shape[1]] = area.cells
    return cells


def _count(*operands: Any) -> Any:
    chosen = _choose(operands)
    return chosen if isinstance(chosen, XlError) else float(chosen.where.sum() + chosen.unused)


Sum = Callable[[list[float]], Any]


def average(numbers: list[float]) -> Any:
    """The mean, or #DIV/0!."""
    return math.fsum(numbers) / len(numbers) if numbers else DIV


def _several(call: Sum) -> Callable[..., Any]:
    """Over the area that comes first, where all criteria on the others are met."""

    def called(target: Area, *operands: Any) -> Any:
        chosen = _choose(operands, [target])
        if isinstance(chosen, XlError):
            return chosen
        found = _padded(target, chosen.where.shape)[chosen.where].tolist()
        errors = [value for value in found if isinstance(value, XlError)]
        return errors[0] if errors else call([float(value) for value in found if is_number(value)])

    return called


def _single(call: Sum) -> Callable[..., Any]:
    """Over the last area, or the first where there is no other, where the one criterion on the first is met."""

    def called(area: Area, criterion: Any, target: Area | None = None) -> Any:
        target = area if target is None else target
        if target.full != area.full:  # Excel goes by the first cell of the target, and by the size of the other
            rows, columns = area.full
            if target.full[0] < rows or target.full[1] < columns:
                raise Refusal("a range to be added up that is smaller than the one with the criterion")
            target = Area(target.cells[:rows, :columns], area.full, target.reference)
        return _several(call)(target, area, criterion)

    return called


FUNCTIONS: dict[str, Function] = {
    "COUNTIF": function(_count, "area scalar", "aggregate"),
    "COUNTIFS": function(_count, "area* scalar*", "aggregate"),
    "SUMIF": function(_single(math.fsum), "area scalar area?", "aggregate"),
    "SUMIFS": function(_several(math.fsum), "area area* scalar*", "aggregate"),
    "AVERAGEIF": function(_single(average), "area scalar area?", "aggregate"),
    "AVERAGEIFS": function(_several(average), "area area* scalar*", "aggregate"),
    "MAXIFS": function(_several(lambda numbers: max(numbers, default=0.0)), "area area* scalar*", "aggregate"),
    "MINIFS": function(_several(lambda numbers: min(numbers, default=0.0)), "area area* scalar*", "aggregate"),
}
