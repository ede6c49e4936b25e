"""The values of many cells over many samples: numbers beside kinds, and a table of whatever is neither number nor error."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xlparity.excel.columns import Column, Floats
from xlparity.excel.values import BLANK, ErrorValue, Value

Kinds = NDArray[np.uint8]

NUMBER, EMPTY_CELL, TRUTH, TEXT, REASON = range(5)
"""The kinds: a number; a blank, 0 among the numbers; a truth value, 0 or 1; a text and a reason for no value, by their places in
the table of words."""
FIRST_ERROR = 8
CODES = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")
DIV, VALUE, REF, NUM, NA = (
    FIRST_ERROR + CODES.index(code) for code in ("#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#N/A")
)
_ERRORS = {code: FIRST_ERROR + number for number, code in enumerate(CODES)}
_VALUES = [ErrorValue(code) for code in CODES]


class Words:
    """Texts and reasons, each once; a number stands for one."""

    def __init__(self) -> None:
        self._held: list[Value] = []
        self._places: dict[object, int] = {}

    def place(self, value: Value) -> int:
        """The number that stands for it."""
        key = type(value), value
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = len(self._held)
            self._held.append(value)
        return found

    def __getitem__(self, place: int) -> Value:
        return self._held[place]


class Batch:
    """``numbers`` and ``kinds``, (cells, samples); ``words`` are the texts and reasons to which both refer."""

    __slots__ = ("kinds", "numbers", "words")

    def __init__(self, numbers: Floats, kinds: Kinds, words: Words) -> None:
        self.numbers, self.kinds, self.words = numbers, kinds, words

    @classmethod
    def of(cls, values: Sequence[Value], samples: int, words: Words) -> "Batch":
        """Cells that have these values in all of so many samples."""
        return cls.repeated(encoded(values, words), samples, words)

    @classmethod
    def repeated(cls, encoded: "tuple[Floats, Kinds]", samples: int, words: Words) -> "Batch":
        """Cells with these numbers and kinds in all of so many samples."""
        numbers, kinds = encoded
        shape = len(numbers), samples
        return cls(np.repeat(numbers, samples).reshape(shape), np.repeat(kinds, samples).reshape(shape), words)

    def columns(self, places: "NDArray[np.intp]") -> list[Column]:
        """The columns of these cells."""
        numbers, kinds = self.numbers[places], self.kinds[places]
        alike = (kinds == kinds[:, :1]).all(axis=1)
        fixed = alike & (numbers == numbers[:, :1]).all(axis=1)
        plain = alike & (kinds[:, 0] == NUMBER)
        first = zip(
            numbers[:, 0].tolist(), kinds[:, 0].tolist(), fixed.tolist(), plain.tolist(), places.tolist(), strict=True
        )
        return [
            decode(number, kind, self.words) if same else numbers[row] if simple else self.column(place)
            for row, (number, kind, same, simple, place) in enumerate(first)
        ]

    def set(self, place: int, column: Column) -> None:
        """Gives the cell these values, one a sample; Excel has no negative zero."""
        if isinstance(column, np.ndarray) and np.isfinite(column).all():
            self.numbers[place], self.kinds[place] = column + 0.0, NUMBER
            return
        listed = column.tolist() if isinstance(column, np.ndarray) else column
        if isinstance(listed, list | tuple):
            pairs = [encode(value, self.words) for value in listed]
            self.numbers[place], self.kinds[place] = [n for n, _ in pairs], [k for _, k in pairs]
        else:
            self.numbers[place], self.kinds[place] = encode(listed, self.words)

    def column(self, place: int) -> Column:
        """The cell's values over all samples, in the plainest form that a column has."""
        numbers: Floats = self.numbers[place]
        kinds = self.kinds[place]
        first = kinds[0]
        if (kinds == first).all():
            if (numbers == numbers[0]).all():
                return decode(float(numbers[0]), int(first), self.words)
            if first == NUMBER:
                return numbers
        return tuple([decode(n, k, self.words) for n, k in zip(numbers.tolist(), kinds.tolist(), strict=True)])


def encoded(values: Sequence[Value], words: Words) -> tuple[Floats, Kinds]:
    """The values as numbers and kinds."""
    pairs = [encode(value, words) for value in values]
    return np.array([number for number, _ in pairs], float), np.array([kind for _, kind in pairs], np.uint8)


def encode(value: Value, words: Words) -> tuple[float, int]:
    """The value as a number and a kind."""
    if type(value) is float and math.isfinite(value):
        return value + 0.0, NUMBER
    if isinstance(value, bool):
        return float(value), TRUTH
    if value is BLANK:
        return 0.0, EMPTY_CELL
    if isinstance(value, ErrorValue) and value.code in _ERRORS:
        return 0.0, _ERRORS[value.code]
    if isinstance(value, str):
        return float(words.place(value)), TEXT
    return float(words.place(value)), REASON


def decode(number: float, kind: int, words: Words) -> Value:
    """The value that a number and a kind stand for."""
    if kind == NUMBER:
        return number
    if kind >= FIRST_ERROR:
        return _VALUES[kind - FIRST_ERROR]
    if kind == EMPTY_CELL:
        return BLANK
    return bool(number) if kind == TRUTH else words[int(number)]
