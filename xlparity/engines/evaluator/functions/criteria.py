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


def largest(numbers: list[float]) -> float:
    """The largest number, 0 where there is none."""
    return max(numbers, default=0.0)


def smallest(numbers: list[float]) -> float:
    """The smallest number, 0 where there is none."""
    return min(numbers, default=0.0)


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


_SEVERAL = "area area* scalar*"

FUNCTIONS: dict[str, Function] = {
    "COUNTIF": function(_count, "area scalar", "aggregate", own='COUNTIF(D!A1:A7,"<>23")'),
    "COUNTIFS": function(_count, "area* scalar*", "aggregate", own='COUNTIFS(D!H:H,"<>abc",D!I:I,"<>100")'),
    "SUMIF": function(_single(math.fsum), "area scalar area?", "aggregate", own='SUMIF(D!D1:D19,"*blue",D!C1:C19)'),
    "SUMIFS": function(_several(math.fsum), _SEVERAL, "aggregate", own='SUMIFS(O!B1:B5,O!A6:A10,"<>")'),
    "AVERAGEIF": function(_single(average), "area scalar area?", "aggregate", own='AVERAGEIF(O!A3:A7,"<>",O!B1:B5)'),
    "AVERAGEIFS": function(_several(average), _SEVERAL, "aggregate", own='AVERAGEIFS(O!B1:B5,O!A3:A7,"<>")'),
    "MAXIFS": function(_several(largest), _SEVERAL, "aggregate", own='MAXIFS(O!B1:B5,O!A3:A7,"<>")'),
    "MINIFS": function(_several(smallest), _SEVERAL, "aggregate", own='MINIFS(O!B1:B5,O!A3:A7,"<>")'),
}

DATED = frozenset(FUNCTIONS)  # which take dates, or compare with texts that may be dates
