"""How a function takes its operands: what it is called with, cell by cell or whole, after Excel has converted them."""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from formulas.functions import Array
from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator.functions.areas import Area, Lines
from xlparity.engines.evaluator.functions.conversions import CONVERSIONS, NA, to_number, to_truth
from xlparity.engines.evaluator.functions.signatures import (
    SINGLE,
    WHOLE,
    WITH_ERRORS,
    Function,
    Origin,
    Parameter,
    parameter_at,
)
from xlparity.engines.evaluator.guards import Operand, Refusal, elements, is_number, is_text, spelled_truth
from xlparity.strict import passed_over

_IN_ORDER = ("COMPLEX",)  # of whose arguments Excel has stored the first error, in every order
_PLACES = {
    "LARGE": (1, 1), "SMALL": (1, 1), "QUARTILE": (0, 4), "QUARTILE.INC": (0, 4), "QUARTILE.EXC": (2, 2), "PERCENTILE": (0, 1),
    "PERCENTILE.INC": (0, 1), "PERCENTILE.EXC": (0.5, 0.5),
}  # fmt: skip
"""The places in an order that there are whatever numbers are in a range, from the least to the largest."""


def take(function: Function, name: str, operands: Sequence[Operand], origins: Sequence[Origin]) -> Operand:
    """The function's result on these operands; raises Refusal where the signature does not provide for them.

    ``origins`` says of each operand whether it is a reference, spelled out in the formula, computed, or not there.
    """
    parameters = _parameters(function, name, len(operands))
    for parameter, origin in zip(parameters, origins, strict=True):
        if origin == "omitted" and not parameter.omissible:
            raise Refusal(f"{name} with an argument left out between commas")
    prepared: list[Any] = []
    for parameter, operand, origin in zip(parameters, operands, origins, strict=True):
        value: Any = (parameter.kind == "yes" or EMPTY) if origin == "omitted" else operand
        if parameter.kind in WHOLE:
            value = _whole(name, parameter, value, origin, function.lines)
        elif isinstance(value, Lines) and not function.lines:
            raise Refusal(f"{name} with whole rows or columns for a single value")
        elif parameter.kind == "cell" and origin != "reference" and any(e is EMPTY for e in elements(value)):
            raise Refusal(f"{name} of a blank that is computed")
        prepared.append(value)
    if any(p.kind in CONVERSIONS and np.size(v) > 1 for p, v in zip(parameters, prepared, strict=True)):
        parameters = [Parameter("scalar") if parameter.kind == "branch" else parameter for parameter in parameters]
    arrays = [
        value
        for parameter, value in zip(parameters, prepared, strict=True)
        if parameter.kind in CONVERSIONS and np.size(value) > 1
    ]
    if not arrays:
        return _call(function, name, parameters, [_lone(p, v) for p, v in zip(parameters, prepared, strict=True)])
    single = any(p.kind in SINGLE and np.size(v) > 1 for p, v in zip(parameters, prepared, strict=True))
    if function.kind == "matrix" or single:
        raise Refusal(f"{name} with a range for a single value")
    shape = max(array.shape[0] for array in arrays), max(array.shape[1] for array in arrays)
    result = np.empty(shape, object)
    spread = [
        _spread(_lone(p, v), shape) if p.kind in CONVERSIONS else None
        for p, v in zip(parameters, prepared, strict=True)
    ]
    for index in np.ndindex(shape):
        chosen = [v if s is None else s[index] for v, s in zip(prepared, spread, strict=True)]
        element = _call(function, name, parameters, chosen)
        if np.size(element) > 1:
            raise Refusal(f"{name} with an array for each element of an array")
        result[index] = _lone(Parameter("scalar"), element)
    return result.view(Array)


def _spread(value: Any, shape: tuple[int, int]) -> Any:
    """A scalar, a row or a column repeated over the shape; what a shorter array lacks is #N/A."""
    table = np.atleast_2d(np.asarray(value, object))
    spread = np.full(shape, None, object)
    spread[:, :] = NA
    rows, columns = (shape[axis] if table.shape[axis] == 1 else table.shape[axis] for axis in (0, 1))
    spread[:rows, :columns] = table
    return spread


def _parameters(function: Function, name: str, count: int) -> list[Parameter]:
    takes = function.takes
    least = sum(not parameter.optional for parameter in takes)
    turns = sum(parameter.repeated for parameter in takes)
    if count < least or (count > len(takes) and (not turns or (count - len(takes)) % turns)):
        raise Refusal(f"{name} with {count} arguments")  # Excel would not have taken the formula
    return [parameter_at(takes, position) for position in range(count)]


def _lone(parameter: Parameter, value: Any) -> Any:
    """A scalar out of an array of one."""
    lone = parameter.kind in CONVERSIONS or parameter.kind == "branch"
    if lone and isinstance(value, np.ndarray) and value.size == 1:
        return value.ravel()[0]
    return value


def _call(function: Function, name: str, parameters: Sequence[Parameter], values: Sequence[Any]) -> Any:
    converted: list[Any] = []
    for parameter, value in zip(parameters, values, strict=True):
        plain = CONVERSIONS[parameter.kind](name, value) if parameter.kind in CONVERSIONS else value
        if isinstance(plain, XlError) and parameter.kind not in WITH_ERRORS:
            _refuse_others(name, parameter, parameters, values, plain)
            return plain
        converted.append(plain)
    try:
        result = function.call(*converted)
    except Refusal:
        raise
    except Exception as error:  # an implementation that has met what it was not written for
        passed_over(error)
        raise Refusal(f"{name} of these values ({type(error).__name__})") from error
    if is_number(result) and not -sys.float_info.max <= result <= sys.float_info.max:
        raise Refusal(f"{name} of these values, which is beyond the range of numbers")
    return result


def _refuse_others(
    name: str, parameter: Parameter, parameters: Sequence[Parameter], values: Sequence[Any], error: XlError
) -> None:
    """Raises Refusal where it is not known that Excel looks at this parameter first, and another one has another error."""
    if parameter.kind not in WHOLE and (parameter.kind != "toolpak" or name in _IN_ORDER):
        return
    for other, value in zip(parameters, values, strict=True):
        known = isinstance(value, bool | float | str) and other.kind in CONVERSIONS
        found = CONVERSIONS[other.kind](name, value) if known else value
        unread = other.kind == "lone" and not is_number(value)  # the function itself makes an error of it, or none
        if unread or (isinstance(found, XlError) and found is not error):
            raise Refusal(f"{name} of errors of several kinds")
    place = to_number(name, values[-1]) if name in _PLACES else None
    if isinstance(place, float) and not _PLACES[name][0] <= place <= _PLACES[name][1]:
        raise Refusal(f"{name} of errors, at a place that there may not be")


def _whole(name: str, parameter: Parameter, operand: Operand, origin: Origin, lines: bool) -> Any:
    """The operand of a parameter that takes a whole range, or the first error in it."""
    kind = parameter.kind
    if kind in ("numbers", "strictly", "values"):
        return _numbers(name, kind, operand, origin)
    if kind == "logicals":
        return _logicals(name, operand, origin == "reference")
    if isinstance(operand, Lines) and kind != "area" and not lines:
        raise Refusal(f"{name} of whole rows or columns")  # their unused cells are not looked at
    if kind == "branch":
        return operand
    if isinstance(operand, Lines) and kind == "table":
        return operand
    if origin == "omitted":
        return None
    if not parameter.keeps and (error := _instead_of_table(name, operand, origin)) is not None:
        return error
    table = np.atleast_2d(np.asarray(operand, object))
    if kind == "table":
        return table
    return Area(table, operand.full if isinstance(operand, Lines) else table.shape, origin == "reference")


def _instead_of_table(name: str, operand: Operand, origin: Origin) -> Any:
    """The error that is there instead of a table, a deleted reference say; None for what a cell or an array holds.

    Refused where it may be either: what INDEX has chosen, or what comes of a single cell.
    """
    in_array = isinstance(operand, np.ndarray)
    error = operand.ravel()[0] if in_array and operand.size == 1 else operand
    if not isinstance(error, XlError) or (in_array and origin == "reference"):
        return None
    if in_array or origin == "reference":
        raise Refusal(f"{name} of an error that may be one in a table")
    return error


def _numbers(name: str, kind: str, operand: Operand, origin: Origin) -> Any:
    found: list[float] = []
    for value in elements(operand):
        if isinstance(value, XlError):
            return value
        if is_number(value):
            found.append(float(value))
        elif kind == "strictly":
            raise Refusal(f"{name} of a range in which not all are numbers")
        elif origin == "constant" and not isinstance(operand, np.ndarray):
            number = to_number(name, value)
            if isinstance(number, XlError):
                return number
            found.append(number)
        elif origin == "reference":
            if kind == "values" and value is not EMPTY:
                found.append(float(value is True))
        elif kind == "values" or value is EMPTY or np.size(operand) == 1:
            # Excel takes a lone truth value for a number, passes over one in an array, and tells the two apart.
            raise Refusal(f"{name} of something computed that is not a number")
    return found


def _logicals(name: str, operand: Operand, reference: bool) -> Any:
    """The truth values among the elements, or the first error."""
    found: list[bool | None] = []
    for value in elements(operand):
        if isinstance(value, XlError):
            return value
        if is_text(value):
            if not reference and spelled_truth(value.strip()) is not None:
                raise Refusal(f"{name} of a text that spells a truth value")
            found += [] if reference or value == "" else [None]
        elif value is not EMPTY:
            found.append(to_truth(name, value))
        elif not reference:
            raise Refusal(f"{name} of a blank that is computed")
    return found
