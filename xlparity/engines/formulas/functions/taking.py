"""How a function takes its operands: what it is called with, cell by cell or whole, after Excel has converted them.

A family of functions declares each of its members by a signature, ``"number number?"`` say, and implements it on plain
Python values; what the signature does not provide for is refused, and so never reaches the implementation.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
from formulas.functions import Array, get_functions
from formulas.tokens.operand import Error, XlError
from schedula import EMPTY

from xlparity.engines.formulas import guards
from xlparity.engines.formulas.guards import Operand, Refusal, elements, is_number, is_text

NULL, DIV, VALUE, REF, NAME, NUM, NA = (
    Error.errors[code] for code in ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")
)

OMITTED = ""
"""The node that formulas' parser makes of an argument of which only the commas are there."""

Kind = Literal["elementwise", "aggregate", "matrix"]


@dataclass(frozen=True, slots=True)
class Function:
    """A trusted function: how it takes arrays, its guard, and how the fast path spells it (``{0}`` an operand).

    An elementwise function works cell by cell; an aggregate makes one value of whole arrays; a matrix function makes an
    array of arrays. The spelling ``gives`` a number or a truth value, out of plain numbers only; None keeps the function
    off the fast path. ``settled`` is the operand of which it matters whether it is zero, or only nearly. ``ignoring``
    says that texts, truth values and blanks in references are passed over. A function that has ``takes``, a parameter
    each, is called with what ``take`` makes of the operands. Where the operands in ``refers`` are references, so is the
    result. ``lines`` says that whole rows and columns may be looked at up to the last used cell.
    """

    call: Callable[..., Any]
    kind: Kind
    guard: Callable[..., None] = guards.unguarded
    spelling: str | None = None
    gives: Literal["number", "truth"] = "number"
    settled: int | None = None
    ignoring: bool = False
    takes: "tuple[Parameter, ...]" = ()
    refers: slice | None = None
    lines: bool = False

    def whole(self, position: int) -> bool:
        """Whether the operand in this place is taken as a whole array."""
        if self.takes:
            return self.takes[min(position, len(self.takes) - 1)].kind in _WHOLE
        return self.kind != "elementwise"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a signature.

    ``kind`` is one of

    ========= ==================================================================================================
    number    a float; a blank is 0, TRUE is 1, a text that is plainly a number is that, any other is #VALUE!
    strict    a float; a blank, a truth value and a text are refused, as functions differ in what they make of them
    text      a str; a whole number and a truth value are spelled out, a blank is ""
    truth     a bool; a number is TRUE unless it is 0, a text is refused
    condition a bool; as a truth, but a text that nobody takes for a truth value is #VALUE!
    cell      a scalar; a blank that is computed is refused, since it may be a blank or a zero
    scalar    whatever a cell can hold: float, bool, str, an error, EMPTY for a blank
    numbers   the numbers in a range, a list of floats; texts, truth values and blanks in a reference are passed over
    strictly  the numbers in a range, a list of floats; anything else in it is refused
    logicals  the truth values in a range, a list of bools; in a reference texts and blanks are passed over, as is the
              text "" elsewhere; any other text is None
    table     a range as a two-dimensional object array of scalars, errors and blanks included
    branch    one to choose: whole where all else is scalar, else spread over the arrays with them; a scalar or a table
    ========= ==================================================================================================

    An error in any operand but a scalar, a cell, a table or a branch is the result. ``optional`` parameters may be left
    off the end, or, where ``omissible``, between two commas, which gives EMPTY, or a table of None. The last may be
    ``repeated``.
    """

    kind: str
    optional: bool = False
    omissible: bool = False
    repeated: bool = False


_WHOLE = frozenset(("numbers", "strictly", "logicals", "table", "branch"))
_WITH_ERRORS = frozenset(("scalar", "cell", "branch"))


def signature(text: str) -> tuple[Parameter, ...]:
    """The parameters in a text such as ``"number text? scalar~ numbers*"``.

    ``?`` marks one that is optional, ``~`` one that is omissible as well, ``*`` one that may be repeated.
    """
    found = []
    for word in text.split():
        kind = word.rstrip("?~*")
        if kind not in (*_WHOLE, *_CONVERSIONS):
            raise ValueError(f"{kind} is no kind of parameter")
        marks = word[len(kind) :]
        found.append(Parameter(kind, "?" in marks or "~" in marks, "~" in marks, "*" in marks))
    return tuple(found)


def function(
    call: Callable[..., Any],
    takes: str,
    kind: Kind = "elementwise",
    *,
    refers: slice | None = None,
    lines: bool = False,
) -> Function:
    """The table's entry for an implementation on plain values, by its signature.

    It returns a float, an int, a bool, a str, one of the errors above, or, as a matrix function, a two-dimensional array
    of these; it raises Refusal where Excel's answer is not certain. A result that is not finite is refused, and so is
    whatever it raises.
    """
    return Function(call, kind, takes=signature(takes), refers=refers, lines=lines)


def from_formulas(name: str, takes: str, kind: Kind = "elementwise") -> Function:
    """The entry for formulas' own function, called with what the signature makes of the operands."""
    return function(functools.partial(_call_formulas, name), takes, kind)


def _call_formulas(name: str, *operands: Any) -> Any:
    given = [np.array(operand, object).view(Array) if isinstance(operand, list) else operand for operand in operands]
    result = formulas_function(name)(*given)
    return result.ravel()[0] if isinstance(result, np.ndarray) and result.size == 1 else result


@functools.cache
def formulas_function(name: str) -> Any:
    """formulas' own function of that name."""
    found = get_functions()[name]
    return found["function"] if isinstance(found, dict) else found


def take(
    function: Function, name: str, operands: Sequence[Operand], references: Sequence[bool], omitted: Sequence[bool]
) -> Operand:
    """The function's result on these operands; raises Refusal where the signature does not provide for them.

    ``references`` says which of the operands are references and not computed, ``omitted`` which are not there.
    """
    parameters = _parameters(function, name, len(operands))
    for parameter, missing in zip(parameters, omitted, strict=True):
        if missing and not parameter.omissible:
            raise Refusal(f"{name} with an argument left out between commas")
    prepared: list[Any] = []
    for parameter, operand, reference, missing in zip(parameters, operands, references, omitted, strict=True):
        value: Any = EMPTY if missing else operand
        if parameter.kind in ("numbers", "strictly"):
            value = _numbers(name, value, reference, parameter.kind == "strictly")
        elif parameter.kind == "logicals":
            value = _logicals(name, value, reference)
        elif parameter.kind == "table":
            value = np.atleast_2d(np.asarray(None if missing else value, object))
        elif parameter.kind == "cell" and not reference and any(element is EMPTY for element in elements(value)):
            raise Refusal(f"{name} of a blank that is computed")
        prepared.append(value)
    if any(p.kind in _CONVERSIONS and np.size(v) > 1 for p, v in zip(parameters, prepared, strict=True)):
        parameters = [Parameter("scalar") if parameter.kind == "branch" else parameter for parameter in parameters]
    arrays = [
        value
        for parameter, value in zip(parameters, prepared, strict=True)
        if parameter.kind in _CONVERSIONS and np.size(value) > 1
    ]
    if not arrays:
        return _call(function, name, parameters, [_lone(p, v) for p, v in zip(parameters, prepared, strict=True)])
    if function.kind == "matrix":
        raise Refusal(f"{name} with a range for a single value")
    shape = max(array.shape[0] for array in arrays), max(array.shape[1] for array in arrays)
    result = np.empty(shape, object)
    spread = [
        _spread(_lone(p, v), shape) if p.kind in _CONVERSIONS else None
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
    if count < least or (count > len(takes) and not (takes and takes[-1].repeated)):
        raise Refusal(f"{name} with {count} arguments")  # Excel would not have taken the formula
    repeated = [takes[-1]] * (count - len(takes)) if takes else []
    return [*takes[:count], *repeated]


def _lone(parameter: Parameter, value: Any) -> Any:
    """A scalar out of an array of one."""
    lone = parameter.kind in _CONVERSIONS or parameter.kind == "branch"
    if lone and isinstance(value, np.ndarray) and value.size == 1:
        return value.ravel()[0]
    return value


def _call(function: Function, name: str, parameters: Sequence[Parameter], values: Sequence[Any]) -> Any:
    converted: list[Any] = []
    for parameter, value in zip(parameters, values, strict=True):
        plain = _CONVERSIONS[parameter.kind](name, value) if parameter.kind in _CONVERSIONS else value
        if isinstance(plain, XlError) and parameter.kind not in _WITH_ERRORS:
            return plain
        converted.append(plain)
    try:
        result = function.call(*converted)
    except Refusal:
        raise
    except Exception as error:  # an implementation that has met what it was not written for
        raise Refusal(f"{name} of these values ({type(error).__name__})") from error
    if is_number(result) and float(result) - float(result) != 0:
        raise Refusal(f"{name} of these values, which is beyond the range of numbers")
    return result


def _numbers(name: str, operand: Operand, reference: bool, strictly: bool) -> Any:
    """The numbers among the elements, or the first error."""
    found: list[float] = []
    for value in elements(operand):
        if isinstance(value, XlError):
            return value
        if is_number(value):
            found.append(float(value))
        elif strictly:
            raise Refusal(f"{name} of a range in which not all are numbers")
        elif not reference:
            raise Refusal(f"{name} of something computed that is not a number")
    return found


def _logicals(name: str, operand: Operand, reference: bool) -> Any:
    """The truth values among the elements, or the first error."""
    found: list[bool | None] = []
    for value in elements(operand):
        if isinstance(value, XlError):
            return value
        if is_text(value):
            if not reference and value.strip().upper() in ("TRUE", "FALSE"):
                raise Refusal(f"{name} of a text that spells a truth value")
            found += [] if reference or value == "" else [None]
        elif value is not EMPTY:
            found.append(_to_truth(name, value))
        elif not reference:
            raise Refusal(f"{name} of a blank that is computed")
    return found


def to_number(name: str, value: Any) -> Any:
    """The value where a number is wanted."""
    if isinstance(value, XlError):
        return value
    if value is EMPTY:
        return 0.0
    if isinstance(value, bool) or is_number(value):
        return float(value)
    if is_text(value):
        guards.numeric(value)
        return float(value) if guards.is_plain_number(value) else VALUE
    raise Refusal(f"{name} of a {type(value).__name__}")


def _to_strict(name: str, value: Any) -> Any:
    if isinstance(value, XlError):
        return value
    if not is_number(value):
        raise Refusal(f"{name} of a text, a truth value or a blank")
    return float(value)


def to_text(name: str, value: Any) -> Any:
    """The value where a text is wanted."""
    if isinstance(value, XlError):
        return value
    if value is EMPTY:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if is_number(value):
        return number_text(float(value))
    return str(value)


def number_text(number: float) -> str:
    """A number as Excel joins it to a text: fifteen digits, no exponent; refused where an exponent might be needed."""
    if number == 0:
        return "0"
    text = f"{Decimal(f'{number:.14e}').normalize():f}"
    if not 1e-9 <= abs(number) < 1e15 or (abs(number) < 1e-4 and len(text) > 17):
        raise Refusal("a very large or very small number turned into text")
    return text


def _to_truth(name: str, value: Any) -> Any:
    if isinstance(value, XlError | bool):
        return value
    if value is EMPTY:
        return False
    if is_number(value):
        if guards.residual(value):
            raise Refusal("a number below 1e-15 where it matters whether it is zero")
        return value != 0
    raise Refusal(f"{name} of a text where a truth value must stand")


def to_condition(name: str, value: Any) -> Any:
    """The value where IF and its like want a condition."""
    if not is_text(value):
        return _to_truth(name, value)
    if value.strip().upper() in ("TRUE", "FALSE"):
        raise Refusal(f"{name} of a text that spells a truth value")
    return VALUE


def _as_it_is(name: str, value: Any) -> Any:
    return float(value) if is_number(value) else value


_CONVERSIONS: dict[str, Callable[[str, Any], Any]] = {
    "number": to_number,
    "strict": _to_strict,
    "text": to_text,
    "truth": _to_truth,
    "condition": to_condition,
    "scalar": _as_it_is,
    "cell": _as_it_is,
}
