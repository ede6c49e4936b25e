"""A reference where it is: found by name, and called with the inputs, its results copied the moment they come."""

import contextlib
import importlib
import importlib.util
import inspect
import io
import itertools
import sys
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xlparity.errors import OracleError, nearest, nearest_file
from xlparity.process import LOCK
from xlparity.references import containment, tracing, values
from xlparity.references.case import Case, Frame, Given
from xlparity.references.constants import compared_in, numbers_in
from xlparity.references.containment import Containment, TimedOut
from xlparity.references.tracing import Reach, Tracer
from xlparity.references.values import numbers_of, values_of

Trace: TypeAlias = tuple[Mapping[str, NDArray[Any]], ...]
"""What the reference gave: one mapping of names to arrays for each iteration."""

LONGEST = 300
"""Characters of an error's text that are shown: three lines of a terminal."""

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
_OURS = (__file__, containment.__file__, tracing.__file__, values.__file__)

_WITHOUT_NAMES = " gives no mapping of names to arrays; return one, or yield one an iteration"

Kind: TypeAlias = Literal["refused", "raised", "fault", "overflow", "hung", "ended"]


class CallError(Exception):
    """A call gave nothing that can be used; ``said`` is what to say after the function's name.

    It is ``refused`` where it gives something else than arrays, or cannot be found, ``raised`` where an error may be about the
    inputs, or an ``overflow``, and a ``fault`` where it is about the function. Where it ``hung``, ``said`` is the place,
    and where its process ``ended``, how; ``remedy`` is what to do, if there is more to say.
    """

    def __init__(self, kind: Kind, said: str, remedy: str = "") -> None:
        super().__init__(kind, said, remedy)
        self.kind: Kind = kind
        self.said, self.remedy = said, remedy


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


class Description(NamedTuple):
    """A function from outside: its parameters, or None, whether it is a generator function, and the file it is written in.

    ``numbers`` are those in its code, and ``compared`` those with which that compares.
    """

    parameters: Mapping[str, inspect.Parameter] | None
    generates: bool
    file: str | None
    numbers: tuple[float, ...]
    compared: tuple[float, ...]


class Watching(Protocol):
    """Watches calls, to say what they reached."""

    def watching(self) -> AbstractContextManager[None]:
        """The calls that are made inside are watched."""

    def reach(self) -> Reach:
        """What they reached."""


class Function(Protocol):
    """A reference that can be called, here or in a process of its own; every call may take so many ``seconds``.

    Calls raise CallError. One that is ``quiet`` prints nothing.
    """

    @property
    def description(self) -> Description:
        """What it is from outside; raises OracleError where it cannot be loaded."""

    def trace(
        self, case: Case, iterations: int | None, wanted: Wanted, seconds: float, *, quiet: bool, trapped: bool
    ) -> Trace:
        """The wanted arrays of each iteration; ``trapped`` raises where a number leaves the range of doubles."""

    def expect(self, case: Case, iterations: int | None, wanted: Wanted, seconds: float) -> None:
        """A quiet ``trace`` with these arguments will follow, and may begin now."""

    def passes(self, case: Case, most: int, seconds: float, *, quiet: bool) -> Passes:
        """The arrays of numbers of the first passes."""

    def draw(self, random: "np.random.Generator", stored: Any, seconds: float) -> NDArray[Any]:
        """What the function draws from the generator, given stored values."""

    def tracer(self) -> Watching:
        """A watch on calls from now on."""


class _Nowhere(io.TextIOBase):
    """Where the printing of a reference goes that is called a hundred times: its loss is of interest once."""

    def write(self, text: str) -> int:
        return len(text)


class LocalFunction:
    """A function that is called in this process, within a containment of its own."""

    def __init__(self, function: Callable[..., Any], around: Containment) -> None:
        self.function, self._around = function, around
        self.description = _description(function)

    def trace(
        self, case: Case, iterations: int | None, wanted: Wanted, seconds: float, *, quiet: bool, trapped: bool
    ) -> Trace:
        """As ``Function.trace``."""
        taken: list[Mapping[str, NDArray[Any]]] = []
        with self._called(seconds, quiet=quiet, trapped=trapped):
            result = self.function(**_copies(case))
            single = isinstance(result, Mapping)
            if not single and not isinstance(result, Iterable):
                said = (
                    f" gave a {type(result).__name__}; return a mapping of names to arrays, or yield one an iteration"
                )
                raise CallError("refused", said)
            if single and not wanted.each:  # a mapping has what exists once, after however many iterations
                taken = [{}] * ((iterations or 1) - 1)
            with _closed((result,) if single else result) as passes:
                for step in itertools.islice(passes, iterations or 1):
                    number = len(taken) + 1
                    taken.append(_copy_of(step, within(number, iterations), wanted.of(number, iterations)))
        if len(taken) < (iterations or 1):
            given = "one mapping" if single else f"{len(taken)} iteration{'' if len(taken) == 1 else 's'}"
            lacking = f"gives {given}, and the workbook has {iterations} iterations" if iterations else "yields nothing"
            hint = "let it yield one for each, or correct [blocks]" if iterations else "let it yield the names' arrays"
            raise CallError("raised", f" {lacking}; {hint}")
        return tuple(taken)

    def expect(self, case: Case, iterations: int | None, wanted: Wanted, seconds: float) -> None:
        """As ``Function.expect``: nothing begins before."""

    def passes(self, case: Case, most: int, seconds: float, *, quiet: bool) -> Passes:
        """As ``Function.passes``; an input that a single pass merely hands back is none of it."""
        steps: list[Mapping[str, NDArray[np.float64]]] = []
        with self._called(seconds, quiet=quiet):
            result = self.function(**_copies(case))
            single = isinstance(result, Mapping)
            if not single and (isinstance(result, np.ndarray) or not isinstance(result, Iterable)):
                raise CallError("refused", _WITHOUT_NAMES)
            with _closed((result,) if single else result) as given:
                for step in itertools.islice(given, most):
                    if not isinstance(step, Mapping):
                        raise CallError("refused", _WITHOUT_NAMES)
                    steps.append(_arrays(step, case if single else Case({})))
        if not steps:
            raise CallError("raised", _WITHOUT_NAMES)
        return Passes(tuple(steps), single)

    def draw(self, random: "np.random.Generator", stored: Any, seconds: float) -> NDArray[Any]:
        """As ``Function.draw``."""
        with self._called(seconds, quiet=True):
            drawn = self.function(random, stored)
            try:
                return values_of(drawn)
            except (TypeError, ValueError, OverflowError) as error:
                raise CallError("refused", f" draws no array of cell values ({said_by(error)})") from error

    def tracer(self) -> Tracer:
        """As ``Function.tracer``."""
        return Tracer(self.function)

    @contextmanager
    def _called(self, seconds: float, *, quiet: bool, trapped: bool = False) -> Iterator[None]:
        try:
            with (
                self._around.around(seconds),
                np.errstate(all="ignore", over="raise") if trapped else contextlib.nullcontext(),
                contextlib.redirect_stdout(_Nowhere() if quiet else sys.stderr),
            ):
                yield
        except (KeyboardInterrupt, CallError):
            raise
        except TimedOut as error:
            raise CallError("hung", _place(error)) from error
        except BaseException as error:  # an exit(0) in a script must not become the verdict
            fault = isinstance(error, _FAULTS) or not isinstance(error, Exception)
            kind: Kind = "overflow" if isinstance(error, FloatingPointError) else "fault" if fault else "raised"
            raise CallError(kind, f" raised {said(error)}{_place(error)}") from error


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


def _copy_of(step: object, where: str, wanted: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    if not isinstance(step, Mapping):
        raise CallError("refused", f" yields a {type(step).__name__}; yield a mapping of names to arrays")
    copied: dict[str, NDArray[Any]] = {}
    for name in wanted:
        if name not in step:
            names = [key for key in step if isinstance(key, str)]
            raise CallError("refused", f" gives no '{name}'{where}{nearest(name, names)}")
        try:
            copied[name] = values_of(step[name])
        except (TypeError, ValueError, OverflowError) as error:
            sentence = f": '{name}'{where} is no array of cell values ({said_by(error)})"
            raise CallError("refused", f"{sentence}; give numbers, texts, truth values or dates") from error
    return copied


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


def _copies(case: Case) -> dict[str, Any]:
    """The inputs for one call, which may do with them what it likes."""
    return {name: _copy(value) for name, value in case.inputs.items()}


def _copy(value: Given) -> Any:
    if isinstance(value, Frame):
        return value.made()
    return value.copy() if isinstance(value, np.ndarray) else value


def _place(error: BaseException) -> str:
    """Where in the person's code it was raised; nothing where the call itself failed, and the last line is ours."""
    frames = [
        at for at in traceback.extract_tb(error.__traceback__) if at.filename not in _OURS and at.filename[0:1] != "<"
    ]
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""


def within(number: int, iterations: int | None) -> str:
    """The iteration of an error, for its message; empty where there is a single pass."""
    return f" in iteration {number}" if iterations else ""


def said(error: BaseException) -> str:
    """The type of the error and its message in one line, even where its ``__str__`` fails."""
    text = said_by(error)
    kind = _line(type(error).__name__)
    return f"{kind}: {text}" if text else kind


def said_by(error: BaseException) -> str | None:
    """The message of the error in one line of sensible length; None where its ``__str__`` fails."""
    try:
        return _line(str.__str__(str(error)))
    except Exception:  # it is an error of the person's own class, whose text may raise anything
        return None


def _line(text: str) -> str:
    text = " ".join(text[: 10 * LONGEST].encode(errors="backslashreplace").decode().split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


# --- finding a function ------------------------------------------------------------------------------------------------


def find_function(name: str, folder: Path, limit: float) -> LocalFunction:
    """The function that ``file.py:function``, relative to ``folder``, or ``package.module:function`` names.

    Its import may take ``limit`` seconds. Raises OracleError where there is none.
    """
    place, separator, function_name = name.rpartition(":")
    if not separator or not place or not function_name:
        raise OracleError(f"'{name}' names no reference; write file.py:function or package.module:function")
    file = folder / place if place.endswith(".py") else None
    around = Containment(limit)
    with LOCK:  # of which loading is more than the import: it changes sys.path and sys.modules
        module = _load_module(place, name, around) if file is None else _load_file(file, name, around)
    with _importing(name, around):
        function = getattr(module, function_name, None)
        if callable(function):
            return LocalFunction(function, around)
        known = [key for key, value in vars(module).items() if inspect.isfunction(value)]
    raise OracleError(f"{place} has no function '{function_name}'{nearest(function_name, known)}")


def _description(function: Callable[..., Any]) -> Description:
    try:
        parameters: Mapping[str, inspect.Parameter] | None = inspect.signature(function).parameters
    except (TypeError, ValueError):
        parameters = None
    generates = inspect.isgeneratorfunction(inspect.unwrap(function))
    file: str | None = None
    with contextlib.suppress(TypeError, OSError):
        file = inspect.getsourcefile(function)
    return Description(parameters, generates, file, numbers_in(function), compared_in(function))


@contextmanager
def _importing(name: str, around: Containment) -> Iterator[None]:
    """Importing runs the person's code, which may raise anything."""
    try:
        with around.around(around.limit), contextlib.redirect_stdout(sys.stderr):
            yield
    except KeyboardInterrupt:
        raise
    except TimedOut as error:
        raise OracleError(import_too_long(name, around.limit, _place(error))) from error
    except BaseException as error:
        raise OracleError(f"the reference {name} cannot be imported ({said(error)})") from error


def import_too_long(name: str, limit: float, place: str = "") -> str:
    """What to say of an import that does not end."""
    sentence = f"it takes longer than {limit:g} s{place}; --timeout gives it more"
    return f"the reference {name} cannot be imported ({sentence})"


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
