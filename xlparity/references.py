"""References: Python functions found by name and called with the inputs, their results copied the moment they come."""

import contextlib
import hashlib
import importlib
import importlib.util
import inspect
import io
import itertools
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xlparity.case import Case
from xlparity.errors import OracleError, nearest, nearest_file

Trace: TypeAlias = tuple[Mapping[str, NDArray[Any]], ...]
"""What the reference gave: one mapping of names to arrays for each iteration."""


_FLOATS = np.dtype(float)


class _Nowhere(io.TextIOBase):
    """Where the printing of a reference goes that is called a hundred times: its loss is of interest once."""

    def write(self, text: str) -> int:
        return len(text)


class Glimpse(NamedTuple):
    """What a reference gives in its first pass: the shape of every array of numbers, and whether there is no other pass."""

    shapes: Mapping[str, tuple[int, ...]]
    single: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """A Python function, the name by which a spec file knows it, and the SHA-256 of the file that it is written in.

    Where no such file can be read, there is no ``digest``.
    """

    name: str
    function: Callable[..., Any]
    digest: str | None = None

    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The function's parameters; raises OracleError where it does not tell them, or needs one by position."""
        try:
            parameters = inspect.signature(self.function).parameters
        except (TypeError, ValueError) as error:
            raise OracleError(f"{self.name} does not tell its parameters; write a Python function") from error
        for name, parameter in parameters.items():
            if parameter.kind is parameter.POSITIONAL_ONLY and parameter.default is parameter.empty:
                said = f"'{name}' stands before the '/' of its parameters, and inputs are handed over by name"
                raise OracleError(f"{self.name} cannot be called: {said}; take the '/' out")
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

    def glimpse(self, case: Case) -> Glimpse:
        """The names and shapes that the first pass gives; raises OracleError where the function cannot be called so.

        An input that a single pass merely hands back, as ``return locals()`` does, is none of them.
        """
        self.check_inputs(case.inputs)
        shapes: dict[str, tuple[int, ...]] = {}
        with self._blamed():
            result = self.function(**_copies(case))
            single = isinstance(result, Mapping)
            step = result if single else next(iter(result), None)
            if not isinstance(step, Mapping):
                raise OracleError(
                    f"{self.name} gives no mapping of names to arrays; return one, or yield one an iteration"
                )
            for name, value in step.items():
                if isinstance(name, str) and not isinstance(value, str) and not np.iscomplexobj(value):
                    with contextlib.suppress(Exception):  # locals() holds modules, functions and data frames as well
                        array = np.array(value, dtype=float)
                        if not (single and name in case.inputs and np.array_equal(array, case.inputs[name])):
                            shapes[name] = array.shape
        return Glimpse(shapes, single)

    def trace(
        self, case: Case, iterations: int | None, wanted: Iterable[str], *, quiet: bool = False, partial: bool = False
    ) -> Trace:
        """The wanted names' arrays for each iteration; ``iterations`` is None for a workbook with one pass.

        What the function prints goes to standard error, or nowhere where it is ``quiet``. Raises OracleError where the
        function raises, ends too early or lacks a wanted name, and, unless it may be ``partial``, where it gives a nan or an
        infinity.
        """
        return self._trace(case, iterations, tuple(wanted), quiet=quiet, partial=partial)

    def overflows(self, case: Case, iterations: int | None, wanted: Iterable[str]) -> bool:
        """Whether any number on the way to the wanted ones leaves the range of doubles: numpy goes on, and Excel does not."""
        try:
            self._trace(case, iterations, tuple(wanted), quiet=True, trapped=True)
        except OracleError as error:
            return isinstance(error.__cause__, FloatingPointError)
        return False

    def _trace(
        self,
        case: Case,
        iterations: int | None,
        wanted: tuple[str, ...],
        *,
        quiet: bool,
        trapped: bool = False,
        partial: bool = False,
    ) -> Trace:
        taken: list[Mapping[str, NDArray[Any]]] = []
        with self._blamed(quiet=quiet, trapped=trapped):
            result = self.function(**_copies(case))
            single = isinstance(result, Mapping)
            if not single and not isinstance(result, Iterable):
                raise OracleError(
                    f"{self.name} gave a {type(result).__name__}; return a mapping of names to arrays, or yield one an iteration"
                )
            passes: Iterator[Any] = iter((result,)) if single else iter(result)
            for step in itertools.islice(passes, iterations or 1):
                taken.append(self._copy(step, _within(len(taken) + 1, iterations), wanted))
        if len(taken) < (iterations or 1):
            given = f"{len(taken)} iteration{'' if len(taken) == 1 else 's'}"
            lacking = f"gives {given}, and the workbook has {iterations}" if iterations else "yields nothing"
            mend = "let it yield one for each, or correct [blocks]" if iterations else "let it yield the names' arrays"
            raise OracleError(f"{self.name} {lacking}; {mend}")
        arrays = [] if partial else [step[name] for step in taken for name in wanted]
        # All at once: each by itself takes most of the time.
        if arrays and not np.isfinite(np.concatenate(arrays, axis=None)).all():
            name, number = next(
                (name, number)
                for number, step in enumerate(taken, start=1)
                for name in wanted
                if not np.isfinite(step[name]).all()
            )
            where = _within(number, iterations)
            raise OracleError(
                f"{self.name}: '{name}'{where} has a nan or an infinity in it; mend the function or its inputs"
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
            if type(value) is np.ndarray and value.dtype is _FLOATS:  # which most are, a hundred thousand times over
                copied[name] = value.copy()
                continue
            if type(value) is float or type(value) is np.float64:
                copied[name] = np.array(value)
                continue
            if np.ma.isMaskedArray(value) or np.iscomplexobj(value):
                raise OracleError(f"{self.name}: '{name}'{where} is masked or complex; give plain numbers")
            try:
                array = np.array(value)
                if array.dtype not in (bool, float):  # truth values stay what they are: a cell may hold TRUE
                    array = array.astype(float)
            except (TypeError, ValueError) as error:
                said = f"{self.name}: '{name}'{where} is no array of numbers ({error}); give numbers"
                raise OracleError(said) from error
            copied[name] = array
        return copied

    @contextmanager
    def _blamed(self, *, quiet: bool = False, trapped: bool = False) -> Iterator[None]:
        try:
            beyond: Literal["raise", "ignore"] = "raise" if trapped else "ignore"
            with (
                np.errstate(all="ignore", over=beyond),
                contextlib.redirect_stdout(_Nowhere() if quiet else sys.stderr),
            ):
                yield
        except (OracleError, KeyboardInterrupt):
            raise
        except BaseException as error:  # an exit(0) in a script must not become the verdict
            at = traceback.extract_tb(error.__traceback__)[-1]
            # Where the call itself failed, the last line is ours, and the function's name has to do.
            place = "" if at.filename == __file__ else f" ({Path(at.filename).name}, line {at.lineno})"
            raise OracleError(f"{self.name} raised {_said(error)}{place}") from error


def _within(number: int, iterations: int | None) -> str:
    """Which iteration an error is about; where there is one pass, nobody counts."""
    return f" in iteration {number}" if iterations else ""


def _copies(case: Case) -> dict[str, Any]:
    """The inputs for one call, which may do with them what it likes."""
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in case.inputs.items()}


def find_reference(name: str | Callable[..., Any], folder: Path) -> Reference:
    """The function that ``file.py:function``, relative to ``folder``, or ``package.module:function`` names, or is.

    Raises OracleError where there is none.
    """
    if not isinstance(name, str):
        return Reference(getattr(name, "__qualname__", type(name).__qualname__), name, _digest(name))
    place, separator, function_name = name.rpartition(":")
    if not separator or not place or not function_name:
        raise OracleError(f"'{name}' names no reference; write file.py:function or package.module:function")
    module = _load_file(folder / place, name) if place.endswith(".py") else _load_module(place, name)
    function = getattr(module, function_name, None)
    if not callable(function):
        known = [key for key, value in vars(module).items() if inspect.isfunction(value)]
        raise OracleError(f"{place} has no function '{function_name}'{nearest(function_name, known)}")
    return Reference(name, function, _digest(function))


def _digest(function: Callable[..., Any]) -> str | None:
    try:
        file = inspect.getsourcefile(function)
        return hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else None
    except (TypeError, OSError):
        return None


def _load_module(place: str, name: str) -> ModuleType:
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return importlib.import_module(place)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # importing runs the person's code, which may raise anything
        raise OracleError(f"the reference {name} cannot be imported ({_said(error)})") from error


def _load_file(path: Path, name: str) -> ModuleType:
    if not path.is_file():
        raise OracleError(f"the reference {name}: there is no file {path}{nearest_file(path)}; correct its path")
    # Under a name of its own: two specs may both have a train.py, and dataclasses look their module up by name.
    spec = importlib.util.spec_from_file_location(f"xlparity_reference_{path.stem}_{abs(hash(path.resolve()))}", path)
    if spec is None or spec.loader is None:
        raise OracleError(f"the reference {name}: {path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    folder = str(path.parent.resolve())
    before = set(sys.modules)
    sys.path.insert(0, folder)  # so that it may import what lies beside it
    try:
        with contextlib.redirect_stdout(sys.stderr):
            spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # importing runs the person's code, which may raise anything
        raise OracleError(f"the reference {name} cannot be imported ({_said(error)})") from error
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(folder)
        for helper in set(sys.modules) - before:  # another spec may have a helper of the same name beside it
            file = Path(getattr(sys.modules[helper], "__file__", None) or "/")
            if file.is_relative_to(folder) and "site-packages" not in file.parts:
                del sys.modules[helper]
    return module


def _said(error: BaseException) -> str:
    """The kind of the error and what it says, in one line, even where it cannot say it."""
    try:
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    except Exception:
        return type(error).__name__
