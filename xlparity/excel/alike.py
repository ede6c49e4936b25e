"""Finds the formulas of one shape among very many, and their references, by operations on arrays of characters.

A call of ``re`` for each formula takes ten times as long, and the references are then still texts.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlparity.excel.address import MAX_COLUMN, MAX_ROW
from xlparity.excel.formula import CELL_MARK, RANGE_MARK, split

_BETWEEN = "\0"  # XML holds no null, so no formula has one
_ROOM = 8  # characters before and behind all formulas, more than a reference has
_MOST_DIGITS = 7  # of a row
_AT_ONCE = 1 << 15  # formulas, of which the arrays take some dozens of megabytes
_LETTER = 26  # letters in the alphabet, the digits of a column


def _among(*characters: str) -> NDArray[np.bool_]:
    """For each byte whether it is one of these characters, a letter, a digit, or a part of a character beyond ASCII."""
    return np.array([chr(n).isalnum() or n > 127 or chr(n) in characters for n in range(256)])


# As the pattern of ``formula.split`` has them. A letter beyond ASCII may be none to it: formulas with one are not found alike.
_NOT_BEFORE, _NOT_BEHIND = _among(*"_.$!:'\\?"), _among(*"_.(![#")


class Alike(NamedTuple):
    """Formulas of one shape, by their ``numbers``, with the ``rows`` and ``columns`` to which they refer.

    These are (corners, formulas), in the order of the shape: a mark of a cell stands for one, that of a range for two.
    """

    shape: str
    numbers: NDArray[np.intp]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]


def alike(formulas: Sequence[str], least: int) -> Iterator[Alike]:
    """The formulas of each shape that ``split`` gives, where there are as many as ``least`` of them.

    Of a shape there may be several; formulas that are in none are to be taken apart one by one.
    """
    for begin in range(0, len(formulas), _AT_ONCE):
        part = formulas[begin : begin + _AT_ONCE]
        for found in _alike(part, least):
            yield found._replace(numbers=found.numbers + begin)


def _alike(formulas: Sequence[str], least: int) -> Iterator[Alike]:
    text = _BETWEEN.join(formulas)
    if CELL_MARK in text or RANGE_MARK in text or text.count(_BETWEEN) != len(formulas) - 1:
        return
    room = _BETWEEN * _ROOM
    data = np.frombuffer(f"{room}{text}{room}".encode("utf-8", "surrogatepass"), np.uint8)
    begins, ends, rows, columns = _references(data)
    shapes = _with_marks(data, begins, ends)[_ROOM:-_ROOM].split(_BETWEEN.encode())
    numbers = {shape: number for number, shape in enumerate(dict.fromkeys(shapes))}
    which = np.fromiter(map(numbers.__getitem__, shapes), np.uint16, len(shapes))
    corners = np.array([shape.count(CELL_MARK.encode()) for shape in numbers], dtype=np.intp)
    last = np.cumsum(corners[which])
    order, bounds = np.argsort(which, kind="stable"), np.cumsum([0, *np.bincount(which).tolist()]).tolist()
    for (begin, end), count, written in zip(pairwise(bounds), corners.tolist(), numbers, strict=True):
        own = order[begin:end]
        shape = written.decode("utf-8", "surrogatepass").replace(f"{CELL_MARK}:{CELL_MARK}", RANGE_MARK)
        # Whether ``split`` finds these references depends on what is between them alone.
        if len(own) >= least and split(formulas[own[0]])[0] == shape:
            at = last[own] - count + np.arange(count).reshape(-1, 1)
            yield Alike(shape, own, rows[at], columns[at])


def _references(
    data: NDArray[np.uint8],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Where the cells to which formulas refer begin and end, and the numbers of their rows and columns."""
    digit = data - np.uint8(ord("0")) < 10  # below the first digit the bytes begin again at 255
    letter = (data | 32) - np.uint8(ord("a")) < _LETTER
    edges = np.flatnonzero(digit[1:] != digit[:-1]) + 1
    digits, ends = edges[::2], edges[1::2]
    last = digits - 1
    last -= data[last] == ord("$")
    fits = letter[last] & (data[digits] != ord("0")) & (ends - digits <= _MOST_DIGITS) & ~_NOT_BEHIND[data[ends]]
    digits, ends, last = digits[fits], ends[fits], last[fits]
    two = letter[last - 1]
    three = two & letter[last - 2]
    begins = last - two - three
    few = ~(three & letter[begins - 1])
    begins -= data[begins - 1] == ord("$")
    numbers = data & 31  # of letters, of both cases
    columns = numbers[last].astype(np.intp)
    columns += _LETTER * two * numbers[last - 1].astype(np.intp)
    columns += _LETTER**2 * three * numbers[last - 2].astype(np.intp)
    rows = _rows(data, digits, ends)
    few &= (columns <= MAX_COLUMN) & (rows <= MAX_ROW)
    before = data[begins - 1]
    free = few & ~_NOT_BEFORE[before]
    second = few & (before == ord(":"))  # the other end of a range
    second[:1] = False
    second[1:] &= free[:-1] & (ends[:-1] == begins[1:] - 1)
    free |= second
    return begins[free], ends[free], rows[free], columns[free]


def _rows(data: NDArray[np.uint8], digits: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """The numbers that begin and end there."""
    rows = np.zeros(len(digits), dtype=np.intp)
    for place in range((ends - digits).max(initial=0)):
        at = digits + place
        rows = np.where(at < ends, 10 * rows + data[at] - ord("0"), rows)
    return rows


def _with_marks(data: NDArray[np.uint8], begins: NDArray[np.intp], ends: NDArray[np.intp]) -> bytes:
    """The text with a mark in place of each reference that begins and ends there."""
    changes = np.zeros(len(data), dtype=np.int8)
    changes[begins + 1], changes[ends] = 1, -1
    marked = data.copy()
    marked[begins] = ord(CELL_MARK)
    return bytes(marked[np.cumsum(changes, dtype=np.int8) == 0])
