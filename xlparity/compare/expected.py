"""The expected values: what the references compute for every compared cell, in every sample."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xlparity.compare.inputs import handed_over, readable, unfit
from xlparity.errors import OracleError
from xlparity.excel.address import Cell, Range
from xlparity.excel.batch import DATE, EMPTY_CELL, NUMBER, TRUTH, Kinds, encode
from xlparity.excel.columns import Column, Floats, value_in
from xlparity.excel.values import BLANK, Value, serial_number
from xlparity.references.case import Case, Given
from xlparity.references.function import Trace
from xlparity.spec.binding import Input
from xlparity.spec.check import Check

Bools: TypeAlias = NDArray[np.bool_]
Shapes: TypeAlias = list[tuple[tuple[int, ...], str]]
Shared: TypeAlias = dict[tuple[object, ...], Trace | OracleError]
"""The results of references, by what they were called with."""


class Elements(NamedTuple):
    """The index of each binding's element among a trace's values, -1 where none fits.

    It is valid for every trace whose arrays have the same ``shapes``; nearly always all traces of a reference do. ``kinds``
    are those of the elements, None where an array holds objects, of which the kinds may differ.
    """

    shapes: Shapes
    places: NDArray[np.intp]
    kinds: Kinds | None


class ExpectedRow(NamedTuple):
    """What a reference gives for each binding in one sample, (bindings,): numbers and kinds, as in ``Expected``."""

    numbers: Floats
    kinds: Kinds
    elements: Elements


@dataclass(frozen=True)
class Expected:
    """The expected values of a check's cells, (samples, bindings).

    ``numbers`` are nan where the reference gives no value, or is undefined. ``kinds`` are as in a batch: of a truth value the
    number is 0 or 1, of a text its place in the check's table of words, and of a blank that of an empty text. ``undefined``
    says where it gives a nan or an infinity. ``infinite`` and ``counted``, (samples,), say where it gives any infinity, and
    where it is defined at all. ``elements`` are those of the first sample for which it was called; None where it never was.
    ``stored`` says whether it was called for the stored inputs.
    """

    numbers: Floats
    kinds: Kinds
    undefined: Bools
    infinite: Bools
    counted: Bools
    elements: Elements | None
    stored: bool = False

    @property
    def given(self) -> Bools:
        """For which bindings the reference gives a value on the stored inputs, (bindings,)."""
        nothing = self.elements is None or not self.stored
        return np.zeros(self.numbers.shape[1], dtype=bool) if nothing else self.elements.places >= 0  # type: ignore[union-attr]

    @classmethod
    def alone(cls, row: ExpectedRow) -> "Expected":
        """The expected values of a single sample, none of them undefined."""
        numbers, one = row.numbers, np.ones(1, dtype=bool)
        infinite = np.array([np.isinf(numbers).any()])
        return cls(numbers[None], row.kinds[None], np.zeros((1, len(numbers)), dtype=bool), infinite, one, row.elements)

    def picked(self, samples: Sequence[int]) -> "Expected":
        """The samples with these numbers only."""
        at = list(samples)
        return replace(
            self,
            numbers=self.numbers[at],
            kinds=self.kinds[at],
            undefined=self.undefined[at],
            infinite=self.infinite[at],
            counted=self.counted[at],
        )


def unwatched(check: Check) -> AbstractContextManager[None]:
    """Calls of the check's reference are not watched."""
    return nullcontext()


def call_references(
    checks: Sequence[Check],
    actual: Mapping[Cell, Column],
    numbers: Sequence[int],
    known: Sequence[Elements | None] | None = None,
    source: str = "the workbook",
    watching: Callable[[Check], AbstractContextManager[None]] = unwatched,
) -> list[Expected]:
    """The expected values of every check in the samples with these numbers; sample 0 has the stored inputs.

    The references are called with the values of the input cells in ``actual``, a batch of these samples. ``known`` are the
    elements of earlier calls. ``source`` says in messages what computed the batch. The calls for each sample are made within
    ``watching``.
    Raises SpecError where a reference is undefined on the stored inputs, or an input has no value there.
    """
    found = [
        _Rows(check, len(numbers), elements)
        for check, elements in zip(checks, known or [None] * len(checks), strict=True)
    ]
    for row in [at for at, number in enumerate(numbers) if number == 0]:
        for rows in found:
            with watching(rows.check):
                rows.stored(row, {cell: value_in(actual.get(cell, BLANK), row) for cell in _read(rows.check)}, source)
    each = list(zip(*(cases(check, actual, numbers) for check in checks), strict=True))
    _expect(found, numbers, each, watching)
    for row, (number, of_checks) in enumerate(zip(numbers, each, strict=True)):
        shared: Shared = {}
        for rows, case in zip(found, of_checks, strict=True):
            if case is not None and number != 0:
                with watching(rows.check):
                    rows.scenario(row, case, shared)
    return [rows.expected() for rows in found]


def _expect(
    found: "Sequence[_Rows]",
    numbers: Sequence[int],
    each: Sequence[Sequence[Case | None]],
    watching: Callable[[Check], AbstractContextManager[None]],
) -> None:
    """Announces the calls of the references that ``call_references`` makes, in their order."""
    for number, of_checks in zip(numbers, each, strict=True):
        known: set[object] = set()
        for rows, case in zip(found, of_checks, strict=True):
            check = rows.check
            if case is not None and number != 0 and (key := _shared_key(check, case)) not in known:
                known.add(key)
                with watching(check):
                    check.reference.expect(case, check.iterations, check.wanted)


def _shared_key(check: Check, case: Case) -> tuple[object, ...]:
    """What calls have in common that checks can share."""
    return check.reference.name, check.iterations, case.key


def cases(check: Check, actual: Mapping[Cell, Column], numbers: Sequence[int] | int) -> Iterator[Case | None]:
    """The reference's input in each sample, None where a cell of it holds no such value, or one out of the input's range.

    ``numbers`` are those of the samples, or how many there are, if they have no numbers.
    """
    count = numbers if isinstance(numbers, int) else len(numbers)
    columns = [(given, [actual.get(cell, BLANK) for cell in given.cells()]) for given in check.inputs]
    tables = [None if given.special else _table(given, held, count) for given, held in columns]
    for row in range(count):
        inputs: dict[str, Given] = {}
        for (given, held), table in zip(columns, tables, strict=True):
            if table is None:
                values = [value_in(column, row) for column in held]
                if any(map(functools.partial(unfit, given), values)):
                    break
                inputs[given.name] = handed_over(given, values, date1904=check.date1904)
            elif not table.fits[row]:
                break
            else:
                found = table.numbers[row]
                inputs[given.name] = found.item() if found.size == 1 else found
        else:
            yield Case(inputs, "" if isinstance(numbers, int) else f"in scenario {numbers[row]}")
            continue
        yield None


def call(check: Check, case: Case, elements: Elements | None, shared: Shared | None = None) -> ExpectedRow:
    """The expected value of each binding in one case; raises OracleError where the reference is undefined.

    ``shared`` caches the results of references for other checks that call them with the same inputs.
    """
    if shared is None:
        alone = check.reference.trace(case, check.iterations, check.own, quiet=True, partial=True)
        return row_of(check, alone, elements)
    key = _shared_key(check, case)
    if key not in shared:
        try:
            shared[key] = check.reference.trace(case, check.iterations, check.wanted, quiet=True, partial=True)
        except OracleError as error:
            shared[key] = error
    trace = shared[key]
    if not isinstance(trace, OracleError):
        return row_of(check, trace, elements)
    if check.wanted == check.own:
        raise trace
    return call(check, case, elements)  # it may be undefined only for the outputs of another check


def row_of(check: Check, trace: Trace, known: Elements | None = None) -> ExpectedRow:
    """The trace's value for each bound cell, nan where it has none."""
    arrays = [trace[number - 1][name] for number, name in check.asked]
    shapes: Shapes = [(array.shape, array.dtype.char) for array in arrays]
    elements = known if known is not None and known.shapes == shapes else _elements(check, shapes)
    kinds = elements.kinds
    if kinds is None:
        pairs = [_encoded(array, check) for array in arrays]
        arrays = [pair[0] for pair in pairs]
        kinds = np.concatenate([*(pair[1] for pair in pairs), np.zeros(1, np.uint8)], axis=None)[elements.places]
    numbers = np.concatenate([*arrays, np.full(1, np.nan)], axis=None)  # index -1 selects the nan
    return ExpectedRow(numbers[elements.places], kinds, elements)


def _encoded(array: "NDArray[Any]", check: Check) -> tuple[Floats, Kinds]:
    """The values of an array as numbers and kinds."""
    if array.dtype != object:
        return array, np.full(array.shape, _kind(array.dtype.char), np.uint8)
    numbers, kinds = np.empty(array.size), np.empty(array.size, np.uint8)
    for at, value in enumerate(array.flat):
        numbers[at], kinds[at] = _encoded_value(value, check)
    return numbers.reshape(array.shape), kinds.reshape(array.shape)


def _kind(dtype: str) -> int:
    """The kind of all elements of an array of this type, which is not that of objects."""
    return TRUTH if dtype == "?" else NUMBER


def _encoded_value(value: Any, check: Check) -> tuple[float, int]:
    if isinstance(value, float):
        return value, NUMBER  # a nan is undefined, as in an array of numbers
    if isinstance(value, datetime):
        return serial_number(value, date1904=check.date1904), DATE
    if value is BLANK:
        return float(check.words.place("")), EMPTY_CELL
    return encode(value, check.words)


def fitted(array: "NDArray[Any]", shape: tuple[int, int]) -> "NDArray[Any] | None":
    """The array in the range's shape, or None where it has another size or orientation."""
    if array.shape == shape:
        return array
    rows, columns = shape
    if array.size != rows * columns:
        return None
    # Other axes than the last two are of length one, as keepdims leaves them, and do not change the orientation.
    fits = array.size == 1 or (array.ndim == 1 and 1 in shape) or array.shape[-2:] == shape
    return array.reshape(shape) if fits else None


class _Rows:
    """The expected values of one check while they are filled in, one row for each sample."""

    def __init__(self, check: Check, samples: int, elements: Elements | None) -> None:
        self.check, self._elements = check, elements
        shape = samples, len(check.cells.bindings)
        self._numbers, self._undefined = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
        self._kinds: Kinds = np.broadcast_to(
            np.zeros(shape[1], np.uint8), shape
        )  # those of the first row, until one differs
        self._known = False
        self._infinite, self._counted = np.zeros(samples, dtype=bool), np.zeros(samples, dtype=bool)
        self._called = False

    def stored(self, row: int, values: Mapping[Cell, Value], source: str) -> None:
        """Fills the row of the stored inputs, or leaves it empty where these are found to be no numbers."""
        check = self.check
        self._counted[row] = True
        if not readable(check, values):
            return
        try:
            inputs = {given.name: _stored_input(given, values, check, source) for given in check.inputs}
            trace = check.reference.trace(Case(inputs, "on the stored inputs"), check.iterations, check.own)
        except OracleError as error:
            raise check.spec.error("reference", f"check '{check.name}': {error}", check.name) from error
        self._fill(row, row_of(check, trace, self._elements))
        self._called = True

    def scenario(self, row: int, case: Case, shared: Shared) -> None:
        """Fills the row of a scenario, or leaves it empty where the reference is undefined."""
        try:
            found = call(self.check, case, self._elements, shared)
        except OracleError:
            return
        numbers = found.numbers
        # A shape that does not fit is a fault, and nothing undefined.
        undefined = (found.elements.places >= 0) & ~np.isfinite(numbers)
        self._undefined[row] = undefined
        self._infinite[row] = bool(np.isinf(numbers).any())
        self._counted[row] = not bool(undefined[self.check.cells.compared].all())
        self._fill(row, found._replace(numbers=np.where(undefined, np.nan, numbers)))

    def _fill(self, row: int, found: ExpectedRow) -> None:
        self._numbers[row] = found.numbers
        if self._elements is None:
            self._elements = found.elements
        if not self._known:
            self._known = True
            self._kinds = np.broadcast_to(found.kinds, self._kinds.shape)
        elif (found.kinds != self._kinds[row]).any():
            if not self._kinds.flags.writeable:
                self._kinds = self._kinds.copy()
            self._kinds[row] = found.kinds

    def expected(self) -> Expected:
        """All rows."""
        return Expected(
            self._numbers, self._kinds, self._undefined, self._infinite, self._counted, self._elements, self._called
        )


def _elements(check: Check, shapes: Shapes) -> Elements:
    order = {key: place for place, key in enumerate(check.asked)}
    sizes = [int(np.prod(shape)) for shape, _ in shapes]
    begins = np.concatenate([[0], np.cumsum(sizes)]).astype(int).tolist()
    places: list[int] = []
    for output, iteration, bound in check.cells.blocks:
        if output.skip is None:
            at = order[iteration, output.name]
            array = np.arange(begins[at], begins[at + 1]).reshape(shapes[at][0])
            found = fitted(array.T if output.transpose else array, output.shape)
            if found is not None:
                table = found.tolist()
                places += [table[binding.element[0]][binding.element[1]] for binding in bound]
                continue
        places += [-1] * len(bound)
    at_places = np.array(places, dtype=np.intp)
    if any(dtype == "O" for _, dtype in shapes):
        return Elements(shapes, at_places, None)
    kinds = np.repeat(np.array([*(_kind(dtype) for _, dtype in shapes), 0], np.uint8), [*sizes, 1])
    return Elements(shapes, at_places, kinds[at_places])


def _read(check: Check) -> Iterator[Cell]:
    return (cell for given in check.inputs for cell in given.cells())


class _Table(NamedTuple):
    """The numbers of an input, (samples, rows, columns), and in which samples all are there and in its range, (samples,)."""

    numbers: Floats
    fits: Bools


def _table(given: Input[Range], held: Sequence[Column], count: int) -> _Table:
    numbers = np.array([_numbers(column, count) for column in held]).T
    low, high = given.ends((given.size,))
    fits = np.asarray(((numbers >= low) & (numbers <= high)).all(axis=1))
    return _Table(numbers.reshape(count, *given.shape), fits)


def _numbers(column: Column, count: int) -> Floats:
    """The numbers that a reference reads, nan where there is none; a truth value counts as 0 and 1."""
    if isinstance(column, np.ndarray):
        return column
    held = [value_in(column, number) for number in range(count)]
    return np.array([float(value) if isinstance(value, bool | float) else np.nan for value in held])


def _stored_input(given: Input[Range], values: Mapping[Cell, Value], check: Check, source: str) -> Given:
    """The input's value as the sheet shows it."""
    held = [(cell, values.get(cell, BLANK)) for cell in given.cells()]
    for cell, value in held:
        if unfit(given, value):
            fix = "type one in" if value is BLANK else "put one there"
            what = "a text" if given.texts else "a date" if given.dates else "a number"
            said = f"input '{given.name}' needs {what} in {cell} of {source}, which contains {value}; {fix}"
            said += ", or, where rows, columns or a sheet have moved, correct the address"
            raise check.spec.error(given.name, f"check '{check.name}': {said}", check.name, "inputs")
    return handed_over(given, [value for _, value in held], date1904=check.date1904)
