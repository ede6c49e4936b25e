"""The entries of the tables of functions, and the signatures by which they declare what they take.

A family of functions declares each of its members by a signature, ``"number number?"`` say, and implements it on plain
Python values; what the signature does not provide for is refused, and so never reaches the implementation.
"""

import functools
import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from formulas.functions import SUBMODULES, Array, not_implemented
from formulas.functions.operators import OPERATORS
from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator import guards
from xlparity.engines.evaluator.functions.areas import Area
from xlparity.engines.evaluator.functions.conversions import CONVERSIONS
from xlparity.engines.evaluator.guards import Operand

OMITTED = ""
"""The node that formulas' parser makes of an argument of which only the commas are there."""

Kind = Literal["elementwise", "aggregate", "matrix"]
Origin = Literal["reference", "constant", "computed", "omitted"]
Provider = Literal["formulas", "scipy", "xlparity"]


@dataclass(frozen=True, slots=True)
class Function:
    """A trusted function: how it takes arrays, and its guard.

    An elementwise function works cell by cell; an aggregate makes one value of whole arrays; a matrix function makes an
    array of arrays. ``ignoring`` says that texts, truth values and blanks in references are passed over, ``lines`` that
    whole rows and columns may be looked at up to the last used cell. A function that has ``takes``, a parameter each, is
    called with what ``take`` makes of the operands; ``arity`` is how many any other may have. Where the operands in
    ``refers`` are references, so is the result. ``rough`` stands in for a function whose text may be wrong in its last
    digit, where all that read the text are functions that make numbers of it again, ``reads_rough``. One that
    ``sees_references`` is called with the list of its operands, and with whether each is a reference.

    ``by`` says who computes the function. One of xlparity's own that the library has as well names in ``own`` a formula
    that the library gets wrong; the tests hold Excel's value of that formula, and that the library has another.
    """

    call: Callable[..., Any]
    kind: Kind
    guard: Callable[..., None] = guards.unguarded
    ignoring: bool = False
    takes: "tuple[Parameter, ...]" = ()
    rough: "Function | None" = None
    reads_rough: bool = False
    refers: slice | None = None
    lines: bool = False
    arity: tuple[int, int] | None = None
    sees_references: bool = False
    by: Provider = "xlparity"
    own: str = ""

    def whole(self, position: int) -> bool:
        """Whether the operand in this place is taken as a whole array."""
        if self.takes:
            return parameter_at(self.takes, position).kind in WHOLE
        return self.kind != "elementwise"

    def spreads(self, position: int) -> bool:
        """Whether an array in this place makes an array of the result, element by element."""
        return not self.whole(position) or parameter_at(self.takes, position).kind == "branch"

    def intersects(self, position: int) -> bool:
        """Whether a range in this place, in a plain cell, means the one cell beside the formula."""
        if self.takes:
            kinds = {parameter.kind for parameter in self.takes}
            return parameter_at(self.takes, position).kind in _INTERSECTING and "toolpak" not in kinds
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
    word      as text, but an array is refused
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

    An error in any operand but a scalar, a lone one, a cell or a branch is the result, and so is an error instead of a
    table or an area, a deleted reference above all, but for one that ``keeps`` it as what the single cell there holds.
    ``optional`` parameters may be left off the end, ``omissible`` ones between two commas, which gives EMPTY, or None for
    a table. The last may be ``repeated``, several of them in turn.
    """

    kind: str
    optional: bool = False
    omissible: bool = False
    repeated: bool = False
    keeps: bool = False


WHOLE = frozenset(("numbers", "strictly", "values", "logicals", "table", "area", "branch"))
_IGNORING = frozenset(("numbers", "values", "area"))
_INTERSECTING = frozenset(("number", "text", "truth", "condition", "scalar", "cell"))
SINGLE = frozenset(("toolpak", "lone", "word"))
WITH_ERRORS = frozenset(("scalar", "lone", "cell", "branch"))


def signature(text: str) -> tuple[Parameter, ...]:
    """The parameters in a text such as ``"number text? scalar~ numbers*"``.

    ``?`` marks one that is optional, ``~`` one omissible as well, ``_`` one only omissible, ``*`` one that is repeated,
    ``!`` one that keeps an error instead of a table.
    """
    found = []
    for word in text.split():
        kind = word.rstrip("?~_*!")
        if kind not in (*WHOLE, *CONVERSIONS):
            raise ValueError(f"{kind} is no kind of parameter")
        marks = word[len(kind) :]
        optional, omissible = "?" in marks or "~" in marks, "~" in marks or "_" in marks
        found.append(Parameter(kind, optional, omissible, "*" in marks, "!" in marks))
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
    own: str = "",
    by: Provider = "xlparity",
) -> Function:
    """The table's entry for an implementation on plain values, by its signature.

    It returns a float, an int, a bool, a str, one of the errors above, or, as a matrix function, a two-dimensional array
    of these; it raises Refusal where Excel's answer is not certain. A result that is not finite is refused, and so is
    whatever it raises. ``own`` is the formula that formulas' own function gets wrong; ``by`` says that the implementation
    is but Excel's domains, conversions and refusals around a function of that library.
    """
    parameters = signature(takes)
    ignoring = any(p.kind in _IGNORING for p in parameters)
    return Function(call, kind, ignoring=ignoring, takes=parameters, refers=refers, lines=lines, by=by, own=own)


def delegated(
    name: str,
    takes: str,
    kind: Kind = "elementwise",
    *,
    guard: Callable[..., Any] = guards.unguarded,
    prepare: Callable[..., tuple[Any, ...]] | None = None,
) -> Function:
    """The table's entry for formulas' own function of that name, called with what the signature makes of the operands.

    ``guard`` is called with the same operands before it, and raises Refusal where Excel's answer is not certain; so may
    ``prepare``, which gives the operands to call it with instead, cut to whole numbers for one.
    """

    def call(*operands: Any) -> Any:
        guard(*operands)
        given = operands if prepare is None else prepare(*operands)
        result = by_formulas(name, *given, single=kind == "elementwise")
        if isinstance(result, XlError) and any(isinstance(x, float) and 0 < abs(x) < guards.SMALLEST for x in operands):
            raise guards.Refusal("an error that comes of a number so small that Excel has none")
        return result

    return function(call, takes, kind, by="formulas")


def by_formulas(name: str, *operands: Any, single: bool = False) -> Any:
    """What formulas' function of that name makes of plain values; ``single`` where none of them is an array."""
    given = [to_formulas(operand) for operand in operands]
    if single:
        try:
            return from_formulas(_element_function(name)(*given))
        except Exception:  # of which formulas' wrapper for arrays makes an error value
            return from_formulas(formulas_function(name)(*given))
    return from_formulas(formulas_function(name)(*given))


def to_formulas(operand: Any) -> Any:
    """A plain value as formulas passes it about: a list, a table or an Area as one of its arrays, nothing as its blank."""
    if isinstance(operand, Area):
        operand = operand.cells
    if isinstance(operand, list):
        array = np.empty((1, len(operand)), object)
        array[0, :] = operand
        operand = array
    if isinstance(operand, np.ndarray):
        return operand.view(Array)
    return EMPTY if operand is None else operand


def from_formulas(result: Any) -> Any:
    """What formulas' function returns as a plain value, or as an array where it has more than one element."""
    if isinstance(result, np.ndarray) and result.size == 1:
        result = result.ravel()[0]
    return result.item() if isinstance(result, np.generic) else result


def formulas_has(name: str) -> bool:
    """Whether the library has a function, or an operator, of that name."""
    return name in OPERATORS or formulas_function(name) is not not_implemented


@functools.cache
def formulas_function(name: str) -> Any:
    """formulas' own function of that name; ``not_implemented`` where it has none.

    The modules that import scipy.stats, which takes longer than all the rest, are looked at last.
    """
    for module in ("", *sorted(SUBMODULES, key=(".stat", ".comp").__contains__)):
        found = importlib.import_module(f"formulas.functions{module}").FUNCTIONS.get(name)
        if found is not None:
            return found["function"] if isinstance(found, dict) else found
    return not_implemented


@functools.cache
def formulas_later(name: str) -> Callable[..., Any]:
    """formulas' own function of that name, looked up when it is called."""

    def call(*operands: Operand) -> Any:
        return formulas_function(name)(*operands)

    return call


@functools.cache
def _element_function(name: str) -> Any:
    """What formulas calls for each element under its wrapper for arrays, which takes fifty times as long; else the wrapper."""
    found = formulas_function(name)
    while found is not None:
        enclosed = inspect.getclosurevars(found).nonlocals if inspect.isfunction(found) else {}
        if "safe_eval" in enclosed:
            prepare, evaluate = enclosed["args_parser"], enclosed["safe_eval"]
            return lambda *operands: evaluate(*prepare(*operands))
        found = getattr(found, "__wrapped__", None)
    return formulas_function(name)


def plain_function(name: str) -> Callable[..., Any]:
    """What formulas' function calls under its wrapper for arrays: the same numpy function on a float has the same bits."""

    def call(*operands: Any) -> Any:
        return inspect.unwrap(formulas_function(name))(*operands)

    return call
