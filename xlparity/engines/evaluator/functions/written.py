"""Functions of no workbook: what formulas are written out with, for references to several areas and for AGGREGATE."""

from typing import Any

import numpy as np
from formulas.functions import Array
from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator.functions.areas import Area
from xlparity.engines.evaluator.functions.signatures import Function, function
from xlparity.engines.evaluator.guards import elements
from xlparity.excel.expand import UNION, WITHOUT_ERRORS


def _column(values: list[Any]) -> Any:
    table = np.empty((len(values), 1), object)
    table[:, 0] = values
    return table.view(Array)


def union(*areas: Any) -> Any:
    """The cells of all areas in one column."""
    return _column([value for area in areas for value in elements(area)])


def without_errors(area: Area) -> Any:
    """The values but for the errors, in one column of two or more, so that it is no single value, which counts otherwise."""
    kept = [value for value in elements(area.cells) if not isinstance(value, XlError)]
    return _column(kept + [EMPTY if area.reference else ""] * (2 - len(kept)))


FUNCTIONS: dict[str, Function] = {
    UNION: function(union, "table*!", "matrix", refers=slice(0, None)),
    WITHOUT_ERRORS: function(without_errors, "area!", "matrix", refers=slice(0, 1)),
}
