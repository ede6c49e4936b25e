"""References: Python functions found by name and called with the inputs, their results copied the moment they come."""

import contextlib
import hashlib
import importlib
import importlib.util
import inspect
import io
import itertools
import math
import sys
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xlparity.errors import OracleError, nearest, nearest_file
from xlparity.excel.values import BLANK, ErrorValue, Value
from xlparity.process import LOCK
from xlparity.settings import REFERENCE_TIMEOUT
from xlparity.spec import containment
from xlparity.spec.case import Case, Frame, Given
from xlparity.spec.containment import Containment, TimedOut

Trace: TypeAlias = tuple[Mapping[str, NDArray[Any]], ...]
"""What the reference gave: one mapping of names to arrays for each iteration."""


_FLOATS, _TRUTHS = np.dtype(float), np.dtype(bool)

_OTHERS_LIMIT, _TIMES = 10.0, 10  # seconds for inputs that are not stored, or so many times what the stored ones took
_MOST_HUNG = 3  # calls that do not return, after which there is no other one
_NAMED, _SHOWN = 6, 4  # inputs, and elements of each, by which a sample is named
_FAULTS = (
    NameError,
    AttributeError,
    ImportError,
    TypeError,
    SyntaxError,
    MemoryError,
    RecursionError,
    NotImplementedError,
)
"""What a function raises because of a fault in it, whatever it is called with; other errors may be about its inputs."""
_OURS = (__file__, containment.__file__, str(Path(__file__).with_name("tracing.py")))


class _Nowhere(io.TextIOBase):
    """Where the printing of a reference goes that is called a hundred times: its loss is of interest once."""

    def write(self, text: str) -> int:
        return len(text)


class Patience:
    """The time that calls of one reference took, and the messages on those that did not return or failed, by their inputs.

    A call ``failed`` where the function has a fault or gives no arrays of numbers; an error such as ValueError only says that it
    is undefined there.
    """

    def __init__(self) -> None:
        self.took = 0.0
        self.hung: dict[object, str] = {}
        self.failed: dict[object, str] = {}

    @property
    def exhausted(self) -> bool:
        """Whether so many calls did not return that there are to be no others."""
        return len(self.hung) >= _MOST_HUNG


class Wanted(NamedTuple):
    """The names that are asked of a reference: those in ``each`` iteration, and those in the ``last`` one only."""

    each: tuple[str, ...]
    last: tuple[str, ...] = ()

    def of(self, number: int, iterations: int | None) -> tuple[str, ...]:
        """The names that are asked of the iteration with this number, from 1; None for a single pass."""
        return (*self.each, *self.last) if number == (iterations or 1) else self.each


class Passes(NamedTuple):
    """What a reference gives in its first passes: each one's arrays of numbers, and whether there is no other pass."""

    steps: tuple[Mapping[str, NDArray[np.float64]], ...]
    single: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """A Python function, the name by which a spec file knows it, and the SHA-256 of the file that it is written in.

    Where no such file can be read, there is no ``digest``. Every call is made within the ``containment``.
    """

    name: str
    function: Callable[..., Any]
    digest: str | None = None
    containment: Containment = field(default_factory=Containment, compare=False, repr=False)
    patience: Patience = field(default_factory=Patience, compare=False, repr=False)

    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The function's parameters; raises OracleError where they are unknown, or one can only be passed by position."""
        try:
            parameters = inspect.signature(self.function).parameters
        except (TypeError, ValueError) as error:
            raise OracleError(f"{self.name} has no readable parameters; write a Python function") from error
        for name, parameter in parameters.items():
            if parameter.kind is parameter.POSITIONAL_ONLY and parameter.default is parameter.empty:
                sentence = f"'{name}' is before the '/' of its parameters, and inputs are passed by name"
                raise OracleError(f"{self.name} cannot be called: {sentence}; take the '/' out")
        return parameters

    def check_inputs(self, given: Iterable[str]) -> None:
        """Raises OracleError where the inputs are not what the function takes."""
        given = set(given)
        parameters = self.parameters()
        takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
        named = {
            name: parameter
            for name, parameter in parameters.items()
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        }
        unknown = sorted(given - named.keys())
        if unknown and not takes_any:
            raise OracleError(f"{self.name} has no parameter '{unknown[0]}'{nearest(unknown[0], named)}")
        lacking = [name for name, p in named.items() if p.default is p.empty and name not in given]
        if lacking:
            raise OracleError(
                f"{self.name} needs '{lacking[0]}', which [inputs] does not give{nearest(lacking[0], given - named.keys())}"
            )

    def passes(self, case: Case, most: int, *, quiet: bool = False) -> Passes:
        """What the first passes give, at most so many; raises OracleError where the function cannot be called so.

        An input that a single pass merely hands back, as ``return locals()`` does, is none of it. A ``quiet`` call is one of
        many, prints nothing, and has less time.
        """
        self.check_inputs(case.inputs)
        steps: list[Mapping[str, NDArray[np.float64]]] = []
        with self._called(case, quiet=quiet):
            result = self.function(**_copies(case))
            single = isinstance(result, Mapping)
            if not single and (isinstance(result, np.ndarray) or not isinstance(result, Iterable)):
                raise OracleError(self._without_names)
            with _closed((result,) if single else result) as given:
                for step in itertools.islice(given, most):
                    if not isinstance(step, Mapping):
                        raise OracleError(self._without_names)
                    steps.append(_arrays(step, case if single else Case({})))
        if not steps:
            raise OracleError(self._without_names)
        return Passes(tuple(steps), single)

    @property
    def _without_names(self) -> str:
        return f"{self.name} gives no mapping of names to arrays; return one, or yield one an iteration"

    def trace(
        self, case: Case, iterations: int | None, wanted: Wanted, *, quiet: bool = False, partial: bool = False
    ) -> Trace:
        """The wanted names' arrays for each iteration; ``iterations`` is None for a workbook with one pass.

        What the function prints goes to standard error, or nowhere where it is ``quiet``. Raises OracleError where the
        function raises, ends too early or lacks a wanted name, and, unless it may be ``partial``, where it gives a nan or an
        infinity, or takes too long. A ``quiet`` call is one of many, and has less time.
        """
        return self._trace(case, iterations, wanted, quiet=quiet, partial=partial)

    def draw(self, random: np.random.Generator, stored: Sequence[Value], shape: tuple[int, int]) -> list[Value]:
        """What the function draws for cells with these stored values; raises OracleError where it fails, or gives something else.

        It is called with the generator, and with the values as a table of this shape, or as one value.
        """
        values = [None if value is BLANK else value for value in stored]
        numbers = all(isinstance(value, float | bool) for value in values)
        table = np.array(values, dtype=float if numbers else object).reshape(shape)
        with self._called(Case({}, "in a scenario"), quiet=True):
            drawn = self.function(random, table if table.size > 1 else values[0])
        try:
            found = values_of(drawn)
        except (TypeError, ValueError, OverflowError) as error:
            raise OracleError(f"{self.name} draws no array of cell values ({error})") from error
        if found.size != len(values):
            raise OracleError(f"{self.name} draws an array of the shape {found.shape}; the input's is {shape}")
        if not _all_finite([found]):
            raise OracleError(f"{self.name} draws a nan or an infinity")
        drawn_values: list[Value] = found.ravel().tolist()
        if any(isinstance(value, datetime) for value in drawn_values):
            raise OracleError(f"{self.name} draws a date; give its serial number")
        return drawn_values

    def overflows(self, case: Case, iterations: int | None, wanted: Wanted) -> bool:
        """Whether any number on the way to the wanted ones leaves the range of doubles: numpy goes on, and Excel does not."""
        try:
            self._trace(case, iterations, wanted, quiet=True, trapped=True)
        except OracleError as error:
            return isinstance(error.__cause__, FloatingPointError)
        return False

    def _trace(
        self,
        case: Case,
        iterations: int | None,
        wanted: Wanted,
        *,
        quiet: bool,
        trapped: bool = False,
        partial: bool = False,
    ) -> Trace:
        taken: list[Mapping[str, NDArray[Any]]] = []
        with self._called(case, quiet=quiet, trapped=trapped):
            result = self.function(**_copies(case))
            single = isinstance(result, Mapping)
            if not single and not isinstance(result, Iterable):
                raise OracleError(
                    f"{self.name} gave a {type(result).__name__}; return a mapping of names to arrays, or yield one an iteration"
                )
            if single and not wanted.each:  # a mapping has what exists once, after however many iterations
                taken = [{}] * ((iterations or 1) - 1)
            with _closed((result,) if single else result) as passes:
                for step in itertools.islice(passes, iterations or 1):
                    number = len(taken) + 1
                    taken.append(self._copy(step, _within(number, iterations), wanted.of(number, iterations)))
        if len(taken) < (iterations or 1):
            given = "one mapping" if single else f"{len(taken)} iteration{'' if len(taken) == 1 else 's'}"
            lacking = f"gives {given}, and the workbook has {iterations} iterations" if iterations else "yields nothing"
            hint = "let it yield one for each, or correct [blocks]" if iterations else "let it yield the names' arrays"
            raise OracleError(f"{self.name} {lacking}; {hint}")
        arrays = [] if partial else [array for step in taken for array in step.values()]
        # All at once: each by itself takes most of the time.
        if arrays and not _all_finite(arrays):
            name, number = next(
                (name, number)
                for number, step in enumerate(taken, start=1)
                for name, array in step.items()
                if not _all_finite([array])
            )
            where = _within(number, iterations)
            raise OracleError(
                f"{self.name}: '{name}'{where} has a nan or an infinity in it; correct the function or its inputs"
            )
        return tuple(taken)

    def _copy(self, step: object, where: str, wanted: tuple[str, ...]) -> dict[str, NDArray[Any]]:
        if not isinstance(step, Mapping):
            raise OracleError(f"{self.name} yields a {type(step).__name__}; yield a mapping of names to arrays")
        copied: dict[str, NDArray[Any]] = {}
        for name in wanted:
            if name not in step:
                names = [key for key in step if isinstance(key, str)]
                raise OracleError(f"{self.name} gives no '{name}'{where}{nearest(name, names)}")
            value = step[name]
            if type(value) is np.ndarray and (
                value.dtype is _FLOATS or value.dtype is _TRUTHS
            ):  # which most are, a hundred thousand times over
                copied[name] = value.copy()
                continue
            if type(value) is float or type(value) is np.float64:
                copied[name] = np.array(value)
                continue
            try:
                array = values_of(value)
            except (TypeError, ValueError, OverflowError) as error:
                sentence = f"{self.name}: '{name}'{where} is no array of cell values ({error})"
                raise OracleError(f"{sentence}; give numbers, texts, truth values or dates") from error
            copied[name] = array
        return copied

    @contextmanager
    def _called(self, case: Case, *, quiet: bool = False, trapped: bool = False) -> Iterator[None]:
        key = case.key
        seconds = self.containment.limit
        if quiet:
            seconds = min(seconds, max(_OTHERS_LIMIT, _TIMES * self.patience.took))
            # Whether what is wrong so far is so but for rounding takes a few calls more, which are no samples.
            most = _MOST_HUNG if case.sample else 2 * _MOST_HUNG
            if len(self.patience.hung) >= most or key in self.patience.hung:
                raise OracleError(f"{self.name} is not called again on inputs for which it did not return")
        try:
            with (
                self.containment.around(seconds),
                np.errstate(all="ignore", over="raise") if trapped else contextlib.nullcontext(),
                contextlib.redirect_stdout(_Nowhere() if quiet else sys.stderr),
            ):
                begun = time.monotonic()
                yield
        except KeyboardInterrupt:
            raise
        except OracleError as error:
            if case.sample:
                self.patience.failed[key] = f"{error} {case.sample}"
            raise
        except TimedOut as error:
            sample = case.sample or "on inputs close to those of a scenario"
            sentence = f"did not return within {seconds:g} s {sample} ({_described(case)}){_place(error)}"
            self.patience.hung[key] = sentence
            remedy = "let it end, or give it more time with --reference-timeout"
            raise OracleError(f"{self.name} {sentence}; {remedy}") from error
        except BaseException as error:  # an exit(0) in a script must not become the verdict
            sentence = f"{self.name} raised {_said(error)}{_place(error)}"
            if case.sample and (isinstance(error, _FAULTS) or not isinstance(error, Exception)):
                self.patience.failed[key] = f"{sentence} {case.sample}"
            raise OracleError(sentence) from error
        if not quiet:
            self.patience.took = time.monotonic() - begun


@contextmanager
def _closed(result: Iterable[Any]) -> Iterator[Iterator[Any]]:
    """What the reference yields; closed while its settings hold, or it would leave its ``with`` blocks later, among ours."""
    passes = iter(result)
    try:
        yield passes
    finally:
        if isinstance(passes, Generator):
            with contextlib.suppress(Exception):  # nothing of it is needed any more
                passes.close()


def _arrays(step: Mapping[Any, Any], case: Case) -> dict[str, NDArray[np.float64]]:
    """The arrays of numbers by name, without those that are an input of the case unchanged."""
    found: dict[str, NDArray[np.float64]] = {}
    for name, value in step.items():
        if isinstance(name, str):
            with contextlib.suppress(Exception):  # locals() holds modules, functions and data frames as well
                array = numbers_of(value).astype(float)
                if not (name in case.inputs and np.array_equal(array, np.asarray(case.inputs[name]))):
                    found[name] = array
    return found


def _all_finite(arrays: Sequence[NDArray[Any]]) -> bool:
    """Whether no number in the arrays is a nan or an infinity."""
    plain = [array for array in arrays if array.dtype != object]
    mixed = [value for array in arrays if array.dtype == object for value in array.flat if isinstance(value, float)]
    return bool(np.isfinite(np.concatenate(plain, axis=None)).all() if plain else True) and all(
        map(math.isfinite, mixed)
    )


def values_of(value: Any) -> NDArray[Any]:
    """The value as an array of what cells hold: of doubles or of truth values, or else of objects.

    These are floats, bools, strs, ErrorValues, datetimes, and BLANK for None and for what pandas has for a missing value. Raises
    TypeError and ValueError as ``numbers_of``, for anything else.
    """
    if np.ma.isMaskedArray(value):
        raise TypeError("it is masked")
    array = np.array(value)
    if array.dtype.kind in "US" and not hasattr(value, "dtype"):
        array = np.array(value, dtype=object)  # of a list of texts and numbers numpy makes texts
    if array.dtype.kind not in "OUMT":
        return numbers_of(value)
    if array.dtype.kind == "M":
        array = array.astype("datetime64[us]").astype(object)
    found = np.empty(array.shape, object)
    for at, element in np.ndenumerate(array):
        found[at] = _cell_value(element)
    numbers = all(isinstance(element, float) for element in found.flat)
    return found.astype(float) if numbers and found.size else found


def _cell_value(element: Any) -> Value | datetime:
    """One element as what a cell holds; a number is a float."""
    if isinstance(element, np.datetime64):
        element = element.astype("datetime64[us]").item()
    if element is None or type(element).__name__ in ("NAType", "NaTType"):
        return BLANK
    if isinstance(element, str | ErrorValue):
        return str(element) if isinstance(element, str) else element
    if isinstance(element, bool | np.bool_):
        return bool(element)
    if isinstance(element, datetime):
        moment = datetime(*element.timetuple()[:6], element.microsecond)
        if element.tzinfo is not None:
            raise TypeError(f"it contains {element!r:.60}, and Excel has no time zones")
        return moment
    if isinstance(element, date):
        return datetime(element.year, element.month, element.day)
    if not _is_number(element):
        raise TypeError(f"it contains {_shown(element)}")
    return float(element)


def numbers_of(value: Any) -> NDArray[Any]:
    """The value as an array of doubles, or of truth values, which a cell may hold as such; None is a nan.

    Raises TypeError for what is no number and numpy would make one of: a text that spells one, a date, and for what it
    would take a part of: a complex number, a masked array. An integer beyond 2**53 becomes the nearest double, which is all
    that a cell can hold.
    """
    if np.ma.isMaskedArray(value):
        raise TypeError("it is masked")
    array = np.array(value)
    if array.dtype.kind == "O":
        for element in array.flat:
            if not _is_number(element):
                raise TypeError(f"it contains {_shown(element)}")
    elif array.dtype.kind in "USc":
        raise TypeError(f"it contains {_shown(array.flat[0].item())}" if array.size else f"it is of type {array.dtype}")
    elif array.dtype.kind not in "biuf":
        dates = ", and a date is a serial number to Excel" if array.dtype.kind == "M" else ""
        raise TypeError(f"it is of type {array.dtype}{dates}")
    with np.errstate(all="ignore"):
        return array if array.dtype in (bool, float) else array.astype(float)


def _is_number(element: object) -> bool:
    if element is None:
        return True
    if isinstance(element, np.generic):
        return isinstance(element, np.bool_ | np.integer | np.floating) and not isinstance(element, np.timedelta64)
    return hasattr(type(element), "__float__")  # as texts, dates and complex numbers have none


def _shown(element: object) -> str:
    kinds = {str: "the text", bytes: "the bytes", complex: "the complex number"}
    return f"{kinds.get(type(element), f'a {type(element).__name__},')} {element!r:.60}"


def _described(case: Case) -> str:
    """The inputs in a few words: ``rate = -1.2, W = [0.5, 1, …]``."""
    named = [f"{name} = {_values(value)}" for name, value in list(case.inputs.items())[:_NAMED]]
    return ", ".join([*named, *(["…"] if len(case.inputs) > _NAMED else [])])


def _values(value: Any) -> str:
    if not isinstance(value, np.ndarray):
        return _shortly(value)
    shown = [_shortly(element) for element in value.flat[:_SHOWN]]
    return f"[{', '.join([*shown, *(['…'] if value.size > _SHOWN else [])])}]"


def _shortly(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _place(error: BaseException) -> str:
    """Where in the person's code it was raised; nothing where the call itself failed, and the last line is ours."""
    frames = [
        at for at in traceback.extract_tb(error.__traceback__) if at.filename not in _OURS and at.filename[0] != "<"
    ]
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""


def _within(number: int, iterations: int | None) -> str:
    """The iteration of an error, for its message; empty where there is a single pass."""
    return f" in iteration {number}" if iterations else ""


def _copies(case: Case) -> dict[str, Any]:
    """The inputs for one call, which may do with them what it likes."""
    return {name: _copy(value) for name, value in case.inputs.items()}


def _copy(value: Given) -> Any:
    if isinstance(value, Frame):
        return value.made()
    return value.copy() if isinstance(value, np.ndarray) else value


def find_reference(name: str | Callable[..., Any], folder: Path, limit: float = REFERENCE_TIMEOUT) -> Reference:
    """The function that ``file.py:function``, relative to ``folder``, or ``package.module:function`` names, or is.

    One call of it, and its import, may take ``limit`` seconds. Raises OracleError where there is none.
    """
    around = Containment(limit)
    if not isinstance(name, str):
        return Reference(getattr(name, "__qualname__", type(name).__qualname__), name, _digest(name), around)
    place, separator, function_name = name.rpartition(":")
    if not separator or not place or not function_name:
        raise OracleError(f"'{name}' names no reference; write file.py:function or package.module:function")
    file = folder / place if place.endswith(".py") else None
    with LOCK:  # of which loading is more than the import: it changes sys.path and sys.modules
        module = _load_module(place, name, around) if file is None else _load_file(file, name, around)
    function = getattr(module, function_name, None)
    if not callable(function):
        known = [key for key, value in vars(module).items() if inspect.isfunction(value)]
        raise OracleError(f"{place} has no function '{function_name}'{nearest(function_name, known)}")
    return Reference(name, function, _digest(function), around)


def _digest(function: Callable[..., Any]) -> str | None:
    try:
        file = inspect.getsourcefile(function)
        return hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else None
    except (TypeError, OSError):
        return None


@contextmanager
def _importing(name: str, around: Containment) -> Iterator[None]:
    """Importing runs the person's code, which may raise anything."""
    try:
        with around.around(around.limit), contextlib.redirect_stdout(sys.stderr):
            yield
    except KeyboardInterrupt:
        raise
    except TimedOut as error:
        sentence = f"it takes longer than {around.limit:g} s{_place(error)}; --reference-timeout gives it more"
        raise OracleError(f"the reference {name} cannot be imported ({sentence})") from error
    except BaseException as error:
        raise OracleError(f"the reference {name} cannot be imported ({_said(error)})") from error


def _load_module(place: str, name: str, around: Containment) -> ModuleType:
    with _importing(name, around):
        return importlib.import_module(place)


def _load_file(path: Path, name: str, around: Containment) -> ModuleType:
    if not path.is_file():
        raise OracleError(f"the reference {name}: there is no file {path}{nearest_file(path)}; correct its path")
    # Under a name of its own: two specs may both have a train.py, and dataclasses look their module up by name.
    spec = importlib.util.spec_from_file_location(f"xlparity_reference_{path.stem}_{abs(hash(path.resolve()))}", path)
    assert spec is not None and spec.loader is not None  # as for every path that ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    folder = str(path.parent.resolve())
    before = set(sys.modules)
    sys.path.insert(0, folder)  # so that it may import what lies beside it
    try:
        with _importing(name, around):
            spec.loader.exec_module(module)
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(folder)
        for helper in set(sys.modules) - before:  # another spec may have a helper of the same name beside it
            file = Path(getattr(sys.modules[helper], "__file__", None) or "/")
            if file.is_relative_to(folder) and "site-packages" not in file.parts:
                del sys.modules[helper]
    return module


def _said(error: BaseException) -> str:
    """The type of the error and its message in one line, even where its ``__str__`` fails."""
    try:
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    except Exception:  # it is an error of the person's own class, whose text may raise anything
        return type(error).__name__
