"""The values of many cells over many samples: arrays of numbers and kinds, and tables of texts and reasons."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlparity.excel.address import Cell
from xlparity.excel.columns import Column, Floats, column_of, value_in
from xlparity.excel.values import BLANK, Depends, ErrorValue, Unsupported, Value
from xlparity.limits import WorkbookLimits

Kinds = NDArray[np.uint8]

NUMBER, EMPTY_CELL, TRUTH, TEXT, REASON, DATE = range(6)
"""The kinds: a number; a blank, 0 among the numbers; a truth value, 0 or 1; a text and a reason for no value, by their places in
the table of words; a date of a reference, by its serial number, which in a cell is a number."""
NUMERIC = (NUMBER, TRUTH, DATE)
"""The kinds that a number can agree with."""
FIRST_ERROR = 8
CODES = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")
DIV, VALUE, REF, NUM, NA = (
    FIRST_ERROR + CODES.index(code) for code in ("#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#N/A")
)
DEPENDS = "a value that depends on how Excel rounds: a cancellation residue to 0, or a number to 15 digits"
"""Why a value has two readings, where an engine says nothing else."""
_SHORT = 100  # letters of a text that is not worth counting
_ERRORS = {code: FIRST_ERROR + number for number, code in enumerate(CODES)}
_VALUES = [ErrorValue(code) for code in CODES]


class Words:
    """A table of texts and reasons, each once, which arrays refer to by index."""

    def __init__(self, limits: WorkbookLimits | None = None) -> None:
        self._held: list[Value] = []
        self._places: dict[object, int] = {}
        self._limits, self._characters = limits, 0

    def within(self, text: str) -> Value:
        """The text, or why it is not kept beside all the others: the limits allow no more."""
        if self._limits is not None and len(text) > _SHORT and (str, text) not in self._places:
            if self._characters + len(text) > self._limits.text_characters:
                return Unsupported(
                    self._limits.excess("text_characters", self._characters + len(text), "characters of texts")
                )
            self._characters += len(text)
        return text

    def place(self, value: Value) -> int:
        """Its index in the table."""
        key = type(value), value
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = len(self._held)
            self._held.append(value)
        return found

    def __getitem__(self, place: int) -> Value:
        return self._held[place]


class Store:
    """``numbers`` and ``kinds``, (rows, samples); ``words`` are the texts and reasons to which both refer."""

    __slots__ = ("kinds", "numbers", "words")

    def __init__(self, numbers: Floats, kinds: Kinds, words: Words) -> None:
        self.numbers, self.kinds, self.words = numbers, kinds, words

    @classmethod
    def of(cls, values: Sequence[Value], samples: int, words: Words) -> "Store":
        """Rows that have these values in all of so many samples."""
        return cls.repeated(encoded(values, words), samples, words)

    @classmethod
    def repeated(cls, encoded: "tuple[Floats, Kinds]", samples: int, words: Words) -> "Store":
        """Rows with these numbers and kinds in all of so many samples."""
        numbers, kinds = encoded
        shape = len(numbers), samples
        return cls(np.repeat(numbers, samples).reshape(shape), np.repeat(kinds, samples).reshape(shape), words)

    def set(self, row: int, column: Column) -> None:
        """Gives the row these values, one a sample; Excel has no negative zero."""
        if isinstance(column, np.ndarray) and np.isfinite(column).all():
            self.numbers[row], self.kinds[row] = column + 0.0, NUMBER
            return
        listed = column.tolist() if isinstance(column, np.ndarray) else column
        if isinstance(listed, list | tuple):
            pairs = [encode(value, self.words) for value in listed]
            self.numbers[row], self.kinds[row] = [n for n, _ in pairs], [k for _, k in pairs]
        else:
            self.numbers[row], self.kinds[row] = encode(listed, self.words)

    def column(self, row: int) -> Column:
        """The row's values over all samples, in the plainest form that a column has."""
        numbers: Floats = self.numbers[row]
        kinds = self.kinds[row]
        first = kinds[0]
        if (kinds == first).all():
            if (numbers == numbers[0]).all():
                return decode(float(numbers[0]), int(first), self.words)
            if first == NUMBER:
                return numbers
        return tuple([decode(n, k, self.words) for n, k in zip(numbers.tolist(), kinds.tolist(), strict=True)])


class Other(NamedTuple):
    """A row in the second reading of cancellation residues: the samples in which it differs, its numbers and kinds there."""

    samples: NDArray[np.intp]
    numbers: Floats
    kinds: Kinds


class Batch(Mapping[Cell, Column]):
    """The values of cells over many samples: a mapping of each cell to its column, and arrays of numbers beside kinds.

    A cell that is not in it is blank. Where Excel may or may not take a cancellation residue for 0, the arrays have the exact
    reading and ``others`` the second one, by row; a column then has ``Depends`` values, which hold both and say ``why``.
    """

    def __init__(
        self,
        rows: Mapping[Cell, int],
        store: Store,
        others: Mapping[int, Other] | None = None,
        apart: Mapping[Cell, Column] | None = None,
        why: str = DEPENDS,
    ) -> None:
        self._rows, self._store, self._others, self._why = rows, store, others or {}, why
        self._given = apart or {}
        self._columns: dict[Cell, Column] = dict(self._given)
        self._apart = self._given.keys() - rows.keys()

    @classmethod
    def of(cls, columns: Mapping[Cell, Column], samples: int) -> "Batch":
        """The batch of these columns over so many samples."""
        words = Words()
        store = Store.of([BLANK] * len(columns), samples, words)
        for row, column in enumerate(columns.values()):
            store.set(row, column)
        return cls({cell: row for row, cell in enumerate(columns)}, store)

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return int(self._store.numbers.shape[1])

    def __len__(self) -> int:
        return len(self._rows) + len(self._apart)

    def __iter__(self) -> Iterator[Cell]:
        yield from self._rows
        yield from self._apart

    def __contains__(self, cell: object) -> bool:
        return cell in self._rows or cell in self._apart

    def __getitem__(self, cell: Cell) -> Column:
        found = self._columns.get(cell)
        if found is None:
            found = self._columns[cell] = self._column(self._rows[cell])
        return found

    def get(self, cell: Cell, default: Any = None) -> Any:
        """The cell's column, or the default where there is none."""
        found = self._columns.get(cell)
        if found is not None:
            return found
        return self[cell] if cell in self._rows else default

    def in_sample(self, cell: Cell, sample: int) -> Value:
        """The cell's value in the sample of that number."""
        row = self._rows.get(cell)
        if row is None or row in self._others or cell in self._given:
            return value_in(self.get(cell, BLANK), sample)
        return decode(float(self._store.numbers[row, sample]), int(self._store.kinds[row, sample]), self._store.words)

    def values_in(self, sample: int) -> dict[Cell, Value]:
        """Every cell's value in the sample of that number."""
        numbers, kinds = self._store.numbers[:, sample].tolist(), self._store.kinds[:, sample].tolist()
        words = self._store.words
        found: dict[Cell, Value] = {
            cell: numbers[row] if kinds[row] == NUMBER else decode(numbers[row], kinds[row], words)
            for cell, row in self._rows.items()
        }
        unlike = [cell for cell, row in self._rows.items() if row in self._others] if self._others else []
        return found | {cell: self.in_sample(cell, sample) for cell in (*unlike, *self._given)}

    def sample(self, number: int) -> "Batch":
        """The sample of that number by itself."""
        store = Store(self._store.numbers[:, [number]], self._store.kinds[:, [number]], self._store.words)
        others = {}
        for row, other in self._others.items():
            at = np.flatnonzero(other.samples == number)
            if at.size:
                others[row] = Other(np.zeros(1, dtype=np.intp), other.numbers[at], other.kinds[at])
        given = {cell: value_in(column, number) for cell, column in self._given.items()}
        return Batch(self._rows, store, others, given, self._why)

    def errors(self, sample: int) -> list[Cell]:
        """The cells that have an error value in the sample of that number."""
        failed = self._store.kinds[:, sample] >= FIRST_ERROR
        return [cell for cell, row in self._rows.items() if failed[row]] if failed.any() else []

    def select(self, cells: Sequence[Cell]) -> "Batch":
        """The batch of these cells alone, in their order: row n of its arrays is the cell of that number."""
        rows = [self._rows.get(cell, -1) for cell in cells]
        known = [number for number, row in enumerate(rows) if row >= 0]
        taken = [rows[number] for number in known]
        store = Store.of([BLANK] * len(cells), self.samples, self._store.words)
        store.numbers[known], store.kinds[known] = self._store.numbers[taken], self._store.kinds[taken]
        others = {number: self._others[row] for number, row in enumerate(rows) if row in self._others}
        for number, cell in enumerate(cells) if self._given else ():
            if cell in self._given:
                store.set(number, self._given[cell])
                others.pop(number, None)
        return Batch({cell: number for number, cell in enumerate(cells)}, store, others, why=self._why)

    @property
    def words(self) -> Words:
        """The texts and reasons to which the arrays refer."""
        return self._store.words

    @property
    def numbers(self) -> Floats:
        """The numbers, (cells, samples); they mean something where the kind is a number or a truth value."""
        return self._store.numbers

    @property
    def kinds(self) -> Kinds:
        """The kinds, (cells, samples)."""
        return self._store.kinds

    @property
    def others(self) -> Mapping[int, Other]:
        """The second readings, by row."""
        return self._others

    def _column(self, row: int) -> Column:
        column = self._store.column(row)
        other = self._others.get(row)
        if other is None:
            return column
        values = [value_in(column, sample) for sample in range(self.samples)]
        seconds = zip(other.samples.tolist(), other.numbers.tolist(), other.kinds.tolist(), strict=True)
        for sample, number, kind in seconds:
            second = decode(number, kind, self._store.words)
            values[sample] = Depends(self._why, exact=values[sample], rounded=second)
        return column_of(values)


def encoded(values: Sequence[Value], words: Words) -> tuple[Floats, Kinds]:
    """The values as numbers and kinds."""
    pairs = [encode(value, words) for value in values]
    return np.array([number for number, _ in pairs], float), np.array([kind for _, kind in pairs], np.uint8)


def encode(value: Value, words: Words) -> tuple[float, int]:
    """The value as a number and a kind."""
    if type(value) is float:  # Excel has neither infinities nor nan
        return (value + 0.0, NUMBER) if math.isfinite(value) else (0.0, NUM)
    if isinstance(value, bool):
        return float(value), TRUTH
    if value is BLANK:
        return 0.0, EMPTY_CELL
    if isinstance(value, ErrorValue) and value.code in _ERRORS:
        return 0.0, _ERRORS[value.code]
    if isinstance(value, str):
        value = words.within(value)
        if isinstance(value, str):
            return float(words.place(value)), TEXT
    return float(words.place(value)), REASON


def decode(number: float, kind: int, words: Words) -> Value:
    """The value that a number and a kind encode."""
    if kind in (NUMBER, DATE):
        return number
    if kind >= FIRST_ERROR:
        return _VALUES[kind - FIRST_ERROR]
    if kind == EMPTY_CELL:
        return BLANK
    return bool(number) if kind == TRUTH else words[int(number)]
