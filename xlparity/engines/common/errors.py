"""Formulas to which another program gives a number where Excel has #NUM!.

IronCalc goes on with an infinity where a number overflows, and LibreOffice and numpy take 0^0 for 1. The engine ``formulas``
evaluates each formula alone, on the values that the other program has for its precedents, and finds such places.
"""

import math
from collections.abc import Mapping

from xlparity.engines.evaluator.session import FormulasSession
from xlparity.excel.address import Cell
from xlparity.excel.values import ErrorValue, Missing, Unsupported, Value

_NUM = ErrorValue("#NUM!")


def numbers_for_errors(alone: FormulasSession, values: Mapping[Cell, Value], given: Mapping[Cell, Value]) -> list[Cell]:
    """The cells with a number among ``values`` whose formula gives #NUM! on these values; ``given`` cells were set."""
    known = {cell: value for cell, value in values.items() if not isinstance(value, Unsupported | Missing)}
    batch = alone.forced(known, 1)
    return [
        cell for cell in batch.errors(0)
        if isinstance(value := values.get(cell), float) and math.isfinite(value)  # an infinity is #NUM!
        and cell not in given and batch.in_sample(cell, 0) == _NUM
    ]  # fmt: skip
