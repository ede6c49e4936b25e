"""How a function takes its operands: what it is called with, cell by cell or whole, after Excel has converted them.

A family of functions declares each of its members by a signature, ``"number number?"`` say, and implements it on plain
Python values; what the signature does not provide for is refused, and so never reaches the implementation.
"""

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
from formulas.functions import Array, get_functions
from formulas.tokens.operand import Error, XlError
from schedula import EMPTY

from xlparity.engines.formulas import guards
from xlparity.engines.formulas.functions.areas import Area, Lines
from xlparity.engines.formulas.guards import Operand, Refusal, elements, is_number, is_text

NULL, DIV, VALUE, REF, NAME, NUM, NA = (
    Error.errors[code] for code in ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")
)

OMITTED = ""
"""The node that formulas' parser makes of an argument of which only the commas are there."""

Kind = Literal["elementwise", "aggregate", "matrix"]
Origin = Literal["reference", "constant", "computed", "omitted"]


@dataclass(frozen=True, slots=True)
class Function:
    """A trusted function: how it takes arrays, its guard, and how the fast path spells it (``{0}`` an operand).

    An elementwise function works cell by cell; an aggregate makes one value of whole arrays; a matrix function makes an
    array of arrays. The spelling ``gives`` a number or a truth value, out of plain numbers only; None keeps the function
    off the fast path. ``ignoring`` says that texts, truth values and blanks in references are passed over, ``lines`` that
    whole rows and columns may be looked at up to the last used cell. A function that has ``takes``, a parameter each, is
    called with what ``take`` makes of the operands. Where the operands in ``refers`` are references, so is the result.
    ``rough`` stands in for a function whose text may be wrong in its last digit, where all that read the text are
    functions that make numbers of it again, ``reads_rough``.
    """

    call: Callable[..., Any]
    kind: Kind
    guard: Callable[..., None] = guards.unguarded
    spelling: str | None = None
    gives: Literal["number", "truth"] = "number"
    ignoring: bool = False
    takes: "tuple[Parameter, ...]" = ()
    rough: "Function | None" = None
    reads_rough: bool = False
    refers: slice | None = None
    lines: bool = False

    def whole(self, position: int) -> bool:
        """Whether the operand in this place is taken as a whole array."""
        if self.takes:
            return parameter_at(self.takes, position).kind in _WHOLE
        return self.kind != "elementwise"

    def intersects(self, position: int) -> bool:
        """Whether a range in this place, in a plain cell, means the one cell beside the formula."""
        if self.takes:
            return self.takes[min(position, len(self.takes) - 1)].kind in _INTERSECTING
        return self.kind == "elementwise"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a signature.

    ``kind`` is one of

    ========= ==================================================================================================
    number    a float; a blank is 0, TRUE is 1, a text that reads so in every country is that number, any other #VALUE!
    strict    a float; a blank, a truth value and a text are refused, as functions differ in what they make of them
    toolpak   as number, but a truth value is #VALUE!, and an array is refused: so the old Analysis ToolPak took them
    lone      as scalar, but an array is refused
    text      a str; a whole number and a truth value are spelled out, a blank is ""
    truth     a bool; a number is TRUE unless it is 0, the texts TRUE and FALSE are what they say, any other is #VALUE!
    yes       a truth that is TRUE where it is left out between commas
    condition a bool; as a truth, but a text that spells a truth value is refused
    cell      a scalar; a blank that is computed is refused, since it may be a blank or a zero
    scalar    whatever a cell can hold: float, bool, str, an error, EMPTY for a blank
    numbers   the numbers in a range, a list of floats; texts, truth values and blanks in a reference are passed over, texts
              and truth values in an array too; what the formula spells out is taken as ``number`` takes it
    values    for the functions named with an A: in a reference TRUE is 1, a text and FALSE are 0, blanks are passed over
    strictly  the numbers in a range, a list of floats; anything else in it is refused
    logicals  the truth values in a range, a list of bools; in a reference texts and blanks are passed over, as is the
              text "" elsewhere; any other text is None
    table     a range as a two-dimensional object array of scalars, errors and blanks included
    area      an Area: a table that may be the used part of whole rows or columns
    branch    one to choose: whole where all else is scalar, else spread over the arrays with them; a scalar or a table
    ========= ==================================================================================================

    An error in any operand but a scalar, a lone one, a cell, a table, an area or a branch is the result. ``optional``
    parameters may be left off the end, ``omissible`` ones between two commas, which gives EMPTY, or a table of None. The
    last may be ``repeated``, several of them in turn.
    """

    kind: str
    optional: bool = False
    omissible: bool = False
    repeated: bool = False


_WHOLE = frozenset(("numbers", "strictly", "values", "logicals", "table", "area", "branch"))
_IGNORING = frozenset(("numbers", "values", "area"))
_INTERSECTING = frozenset(("number", "text", "truth", "condition"))  # who takes no blanks takes no ranges either
_SINGLE = frozenset(("toolpak", "lone"))
_WITH_ERRORS = frozenset(("scalar", "lone", "cell", "branch"))


def signature(text: str) -> tuple[Parameter, ...]:
    """The parameters in a text such as ``"number text? scalar~ numbers*"``.

    ``?`` marks one that is optional, ``~`` one omissible as well, ``_`` one only omissible, ``*`` one that is repeated.
    """
    found = []
    for word in text.split():
        kind = word.rstrip("?~_*")
        if kind not in (*_WHOLE, *_CONVERSIONS):
            raise ValueError(f"{kind} is no kind of parameter")
        marks = word[len(kind) :]
        found.append(Parameter(kind, "?" in marks or "~" in marks, "~" in marks or "_" in marks, "*" in marks))
    return tuple(found)


def parameter_at(takes: tuple[Parameter, ...], position: int) -> Parameter:
    """The parameter of the argument in this place, which may be a repetition of one of the last."""
    if position < len(takes):
        return takes[position]
    turns = [parameter for parameter in takes if parameter.repeated] or [takes[-1]]
    return turns[(position - len(takes)) % len(turns)]


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
    parameters = signature(takes)
    ignoring = any(p.kind in _IGNORING for p in parameters)
    return Function(call, kind, ignoring=ignoring, takes=parameters, refers=refers, lines=lines)


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
        if parameter.kind in _WHOLE:
            value = _whole(name, parameter.kind, value, origin, function.lines)
        elif isinstance(value, Lines) and not function.lines:
            raise Refusal(f"{name} with whole rows or columns for a single value")
        elif parameter.kind == "cell" and origin != "reference" and any(e is EMPTY for e in elements(value)):
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
    single = any(p.kind in _SINGLE and np.size(v) > 1 for p, v in zip(parameters, prepared, strict=True))
    if function.kind == "matrix" or single:
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
    turns = sum(parameter.repeated for parameter in takes)
    if count < least or (count > len(takes) and (not turns or (count - len(takes)) % turns)):
        raise Refusal(f"{name} with {count} arguments")  # Excel would not have taken the formula
    return [parameter_at(takes, position) for position in range(count)]


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


def _whole(name: str, kind: str, operand: Operand, origin: Origin, lines: bool) -> Any:
    """The operand of a parameter that takes a whole range, or the first error in it."""
    if kind in ("numbers", "strictly", "values"):
        return _numbers(name, kind, operand, origin)
    if kind == "logicals":
        return _logicals(name, operand, origin == "reference")
    if isinstance(operand, Lines) and kind != "area" and not lines:
        raise Refusal(f"{name} of whole rows or columns")  # their unused cells are not looked at
    if kind == "branch":
        return operand
    table = np.atleast_2d(np.asarray(None if origin == "omitted" else operand, object))
    if kind == "table":
        return table
    return Area(table, operand.full if isinstance(operand, Lines) else table.shape, origin == "reference")


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
        return text_number(value)
    raise Refusal(f"{name} of a {type(value).__name__}")


_SPELLED_NUMBER = re.compile(r" *([+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?)(%?) *")
_SPACED_DATE = re.compile(r" +[0-9]{4}-[0-9]{2}-[0-9]{2} *")


def text_number(text: str) -> Any:
    """The number that a text spells in every locale, or #VALUE! for what is a number in none; raises Refusal for others."""
    if match := _SPELLED_NUMBER.fullmatch(text):
        return float(match[1]) / (100 if match[2] else 1)
    if _SPACED_DATE.fullmatch(text) or text.startswith("--"):
        return VALUE  # Excel passes over spaces before a number, but not before a date, and reads one sign
    guards.numeric(text)
    return VALUE


def _to_strict(name: str, value: Any) -> Any:
    if isinstance(value, XlError):
        return value
    if not is_number(value):
        raise Refusal(f"{name} of a text, a truth value or a blank")
    return float(value)


def _to_toolpak(name: str, value: Any) -> Any:
    return VALUE if isinstance(value, bool) else to_number(name, value)


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
    if is_text(value) and value.upper() in ("TRUE", "FALSE"):
        return value.upper() == "TRUE"
    guards.numeric(value)
    if guards.is_plain_number(value):
        raise Refusal(f"{name} of a text where a truth value must stand")
    return VALUE


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
    "toolpak": _to_toolpak,
    "lone": _as_it_is,
    "text": to_text,
    "truth": _to_truth,
    "yes": _to_truth,
    "condition": to_condition,
    "scalar": _as_it_is,
    "cell": _as_it_is,
}
