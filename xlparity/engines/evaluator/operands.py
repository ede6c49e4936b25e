"""Conversion between the values of xlparity and the operands of formulas."""

from typing import Any

import numpy as np
from formulas.functions import Array
from formulas.tokens.operand import Error, XlError
from schedula import EMPTY

from xlparity.engines.evaluator.guards import Operand, Refusal
from xlparity.excel.values import BLANK, ErrorValue, Unsupported, Value

_ERRORS = {str(code): token for code, token in Error.errors.items()}


def to_operand(value: Value) -> Operand:
    """A cell's value as an operand of formulas; raises Refusal for an Unsupported or missing value."""
    if isinstance(value, float | str | bool):
        return value
    if value is BLANK:
        return EMPTY
    if isinstance(value, ErrorValue) and value.code in _ERRORS:
        return _ERRORS[value.code]
    raise Refusal(value.reason if isinstance(value, Unsupported) else f"a cell that holds {value}")


def to_table(values: list[Value], shape: tuple[int, int]) -> Operand:
    """A range's values, row by row, as an operand of formulas."""
    table = np.empty(len(values), object)
    table[:] = [to_operand(value) for value in values]
    return table.reshape(shape).view(Array)


def to_values(result: Operand, shape: tuple[int, int]) -> list[Value]:
    """A result fitted into a block of cells, row by row.

    Excel repeats a single row or column over the block, cuts a larger one and fills missing cells with #N/A. An
    ExcelModel reshapes instead, and so silently turns a row into a column.
    """
    if not isinstance(result, np.ndarray):
        return [_to_value(result)] * (shape[0] * shape[1])
    table = np.atleast_2d(np.asarray(result, object))
    rows, columns = table.shape
    na = ErrorValue("#N/A")
    values: list[Value] = []
    for row in range(shape[0]):
        for column in range(shape[1]):
            r, c = (0 if rows == 1 else row), (0 if columns == 1 else column)
            values.append(_to_value(table[r, c]) if r < rows and c < columns else na)
    return values


def _to_value(value: Any) -> Value:
    if isinstance(value, XlError):
        return ErrorValue(str(value))
    if isinstance(value, Refusal):
        return Unsupported(str(value))
    if value is EMPTY:
        return 0.0  # a formula never gives a blank
    if isinstance(value, bool | str):
        return value
    return float(value)
