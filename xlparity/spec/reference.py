"""References of a spec: called with the inputs, with patience, and what they give is checked."""

import contextlib
import hashlib
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from inspect import Parameter
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from xlparity.errors import OracleError, nearest
from xlparity.excel.values import BLANK, Value, brief
from xlparity.references.case import Case
from xlparity.references.containment import Containment
from xlparity.references.function import (
    CallError,
    Description,
    Function,
    LocalFunction,
    Passes,
    Trace,
    Wanted,
    Watching,
    find_function,
    within,
)
from xlparity.references.process import ReferenceProcess
from xlparity.references.remote import RemoteFunction
from xlparity.settings import REFERENCE_TIMEOUT

T = TypeVar("T")

_OTHERS_LIMIT, _TIMES = 10.0, 10  # seconds for inputs that are not stored, or so many times what the stored ones took
_MOST_HUNG = 3  # calls that do not return, or that end their process, after which there is no other one
_NAMED, _SHOWN = 6, 4  # inputs, and elements of each, by which a sample is named


class Patience:
    """The time that calls of one reference took, and the messages on those that did not return or failed, by their inputs.

    A call ``failed`` where the function has a fault or gives no arrays of numbers; an error such as ValueError only says that it
    is undefined there. One that ``ended`` its process failed as well.
    """

    def __init__(self) -> None:
        self.took = 0.0
        self.hung: dict[object, str] = {}
        self.failed: dict[object, str] = {}
        self.ended: dict[object, str] = {}

    @property
    def all(self) -> tuple[dict[object, str], dict[object, str], dict[object, str]]:
        """The calls that did not return, those that ended their process, and those that failed."""
        return self.hung, self.ended, self.failed

    @property
    def exhausted(self) -> bool:
        """Whether so many calls did not return, or ended their process, that there are to be no others."""
        return len(self.hung) + len(self.ended) >= _MOST_HUNG

    def refuses(self, case: Case) -> bool:
        """Whether there is to be no call with these inputs."""
        # Whether what is wrong so far is so but for rounding takes a few calls more, which are no samples.
        most = _MOST_HUNG if case.sample else 2 * _MOST_HUNG
        return len(self.hung) + len(self.ended) >= most or case.key in self.hung or case.key in self.ended


def _digest(file: str | None) -> str | None:
    """The SHA-256 of the file; None where it cannot be read."""
    if file is None or not Path(file).is_file():
        return None
    with contextlib.suppress(OSError):
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    return None


@dataclass(frozen=True, slots=True)
class Reference:
    """A Python function, the name by which a spec file knows it, and how many seconds one call of it may take.

    It is called where the ``function`` is: in this process, or in one of its own. The ``digest`` is the SHA-256 of the file that
    it is written in, as it was before the first call; None where no such file can be read.
    """

    name: str
    function: Function = field(repr=False)
    limit: float = REFERENCE_TIMEOUT
    digest: str | None = None
    patience: Patience = field(default_factory=Patience, compare=False, repr=False)

    @property
    def described(self) -> Description:
        """What the function is from outside; raises OracleError where it cannot be loaded."""
        return self.function.description

    def parameters(self) -> Mapping[str, Parameter]:
        """The function's parameters; raises OracleError where they are unknown, or one can only be passed by position."""
        parameters = self.described.parameters
        if parameters is None:
            raise OracleError(f"{self.name} has no readable parameters; write a Python function")
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
        return self._called(case, lambda seconds: self.function.passes(case, most, seconds, quiet=quiet), quiet=quiet)

    def trace(
        self, case: Case, iterations: int | None, wanted: Wanted, *, quiet: bool = False, partial: bool = False
    ) -> Trace:
        """The wanted names' arrays for each iteration; ``iterations`` is None for a workbook with one pass.

        Raises OracleError where the function raises, ends too early or lacks a wanted name, and, unless it may be ``partial``,
        where it gives a nan or an infinity, or takes too long. A ``quiet`` call is one of many, prints nothing, and has less
        time.
        """
        taken = self._traced(case, iterations, wanted, quiet=quiet)
        arrays = [] if partial else [array for step in taken for array in step.values()]
        # All at once: each by itself takes most of the time.
        if arrays and not _all_finite(arrays):
            name, number = next(
                (name, number)
                for number, step in enumerate(taken, start=1)
                for name, array in step.items()
                if not _all_finite([array])
            )
            where = within(number, iterations)
            raise OracleError(
                f"{self.name}: '{name}'{where} has a nan or an infinity in it; correct the function or its inputs"
            )
        return taken

    def expect(self, case: Case, iterations: int | None, wanted: Wanted) -> None:
        """A quiet ``trace`` with these arguments will follow, so that the function may be called while others are compared."""
        if not self.patience.refuses(case):
            self.function.expect(case, iterations, wanted, self._seconds(quiet=True))

    def overflows(self, case: Case, iterations: int | None, wanted: Wanted) -> bool:
        """Whether any number on the way to the wanted ones leaves the range of doubles: numpy goes on, and Excel does not."""
        try:
            self._traced(case, iterations, wanted, quiet=True, trapped=True)
        except OracleError as error:
            return isinstance(error.__cause__, CallError) and error.__cause__.kind == "overflow"
        return False

    def draw(self, random: np.random.Generator, stored: Sequence[Value], shape: tuple[int, int]) -> list[Value]:
        """What the function draws for cells with these stored values; raises OracleError where it fails, or gives something else.

        It is called with the generator, and with the values as a table of this shape, or as one value.
        """
        values = [None if value is BLANK else value for value in stored]
        numbers = all(isinstance(value, float | bool) for value in values)
        table = np.array(values, dtype=float if numbers else object).reshape(shape)
        given = table if table.size > 1 else values[0]
        found = self._called(
            Case({}, "in a scenario"), lambda seconds: self.function.draw(random, given, seconds), quiet=True
        )
        if found.size != len(values):
            raise OracleError(f"{self.name} draws an array of the shape {found.shape}; the input's is {shape}")
        if not _all_finite([found]):
            raise OracleError(f"{self.name} draws a nan or an infinity")
        drawn_values: list[Value] = found.ravel().tolist()
        if any(isinstance(value, datetime) for value in drawn_values):
            raise OracleError(f"{self.name} draws a date; give its serial number")
        return drawn_values

    def tracer(self) -> Watching:
        """Watches calls from now on."""
        return self.function.tracer()

    def _traced(
        self, case: Case, iterations: int | None, wanted: Wanted, *, quiet: bool, trapped: bool = False
    ) -> Trace:
        printed = self.patience.took > 0  # on the stored inputs, with which every proof of a fix calls it again
        call: Callable[[float], Trace] = lambda seconds: self.function.trace(  # noqa: E731
            case, iterations, wanted, seconds, quiet=quiet or printed, trapped=trapped
        )
        return self._called(case, call, quiet=quiet)

    def _seconds(self, *, quiet: bool) -> float:
        """How long a call may take."""
        return min(self.limit, max(_OTHERS_LIMIT, _TIMES * self.patience.took)) if quiet else self.limit

    def _called(self, case: Case, call: Callable[[float], T], *, quiet: bool) -> T:
        """What the call gives that may take so many seconds; raises OracleError where it fails."""
        patience, seconds = self.patience, self._seconds(quiet=quiet)
        if quiet and patience.refuses(case):
            if case.key in patience.ended:
                patience.failed[case.key] = patience.ended[case.key]
            raise OracleError(f"{self.name} is not called again on inputs for which it did not return")
        begun = time.monotonic()
        try:
            found = call(seconds)
        except CallError as error:
            sample = case.sample or "on inputs close to those of a scenario"
            sentence = f"{self.name}{error.said}"
            if error.kind == "hung":
                said = f"did not return within {seconds:g} s {sample}{_described(case)}{error.said}"
                patience.hung[case.key] = said
                sentence = f"{self.name} {said}; let it end, or give it more time with --timeout"
            elif error.kind == "ended":
                sentence = f"{sentence} {sample}{_described(case)}{error.remedy}"
                patience.failed[case.key] = patience.ended[case.key] = sentence
            elif case.sample and error.kind in ("refused", "fault"):
                patience.failed[case.key] = f"{sentence} {case.sample}"
            raise OracleError(sentence) from error
        if not quiet:
            patience.took = time.monotonic() - begun
        return found


def _all_finite(arrays: Sequence[NDArray[Any]]) -> bool:
    """Whether no number in the arrays is a nan or an infinity."""
    plain = [array for array in arrays if array.dtype != object]
    mixed = [value for array in arrays if array.dtype == object for value in array.flat if isinstance(value, float)]
    return bool(np.isfinite(np.concatenate(plain, axis=None)).all() if plain else True) and all(
        map(math.isfinite, mixed)
    )


def _described(case: Case) -> str:
    """The inputs in a few words, if there are any: `` (rate = -1.2, W = [0.5, 1, …])``."""
    named = [f"{name} = {_values(value)}" for name, value in list(case.inputs.items())[:_NAMED]]
    text = ", ".join([*named, *(["…"] if len(case.inputs) > _NAMED else [])])
    return f" ({text})" if text else ""


def _values(value: Any) -> str:
    if not isinstance(value, np.ndarray):
        return brief(value)
    shown = [brief(element) for element in value.flat[:_SHOWN]]
    return f"[{', '.join([*shown, *(['…'] if value.size > _SHOWN else [])])}]"


class Finder:
    """Finds references, and has the process in which those run that are found by name: ``with`` its end, that ends.

    Calls may take ``limit`` seconds. What references print is written to standard error with ``show``. ``in_process`` has them
    run in this process, as functions do that are handed over, and what the first calls print is written there in any case.
    """

    def __init__(
        self,
        folder: Path,
        limit: float = REFERENCE_TIMEOUT,
        *,
        in_process: bool = False,
        show: bool = False,
    ) -> None:
        self._folder, self._limit = folder, limit
        self._process = None if in_process else ReferenceProcess(show)
        self._loading: dict[str, RemoteFunction] = {}

    def begin(self, names: Iterable[str]) -> None:
        """Have these loaded, without waiting for that."""
        for name in dict.fromkeys(names) if self._process is not None else ():
            self._remote(name, self._process)  # type: ignore[arg-type]  # it is there

    def found(self, name: str | Callable[..., Any]) -> Reference:
        """The reference of this name, or that is this function; raises OracleError where there is none."""
        if not isinstance(name, str):
            named = getattr(name, "__qualname__", type(name).__qualname__)
            return self._reference(named, LocalFunction(name, Containment(self._limit)))
        if self._process is None:
            return self._reference(name, find_function(name, self._folder, self._limit))
        return self._reference(name, self._remote(name, self._process))

    def _reference(self, name: str, function: Function) -> Reference:
        return Reference(name, function, self._limit, _digest(function.description.file))

    def end(self) -> None:
        """End the process; a later call of a reference starts another one."""
        if self._process is not None:
            self._process.end()

    def __enter__(self) -> "Finder":
        return self

    def __exit__(self, *raised: object) -> None:
        self.end()

    def _remote(self, name: str, process: ReferenceProcess) -> RemoteFunction:
        if name not in self._loading:
            self._loading[name] = RemoteFunction(process, name, self._folder, self._limit)
            self._loading[name].load()
        return self._loading[name]
