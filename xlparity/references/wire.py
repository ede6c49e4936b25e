"""Messages between xlparity and the process of a reference.

A request is a pickle. An answer is JSON and the bytes of arrays, since what a reference sends must run no code where it is read;
before it stands a token that nothing else knows, so that what the reference itself writes there is taken for no answer.
"""

import json
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlparity.excel.values import BLANK, ErrorValue
from xlparity.references.frames import ANSWER

_CODES = {"f": np.dtype(float), "b": np.dtype(bool)}
_UNIT = 8  # bytes between which arrays begin
_encoded, _decoded = json.JSONEncoder(separators=(",", ":")).encode, json.JSONDecoder().decode


def answer(token: bytes, header: object, payload: bytes = b"") -> bytes:
    """The bytes of an answer."""
    text = _encoded(header).encode()
    return ANSWER.pack(token, len(text), len(payload)) + text + payload


def header_of(text: bytes) -> Any:
    """The JSON of an answer; raises ValueError where it is none."""
    try:
        return _decoded(text.decode())
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def packed(arrays: Sequence[NDArray[Any]]) -> tuple[list[Any], bytes]:
    """What a header says of arrays of doubles, truth values or what cells hold, and their bytes."""
    layouts: list[Any] = []
    parts: list[bytes] = []
    for array in arrays:
        if array.dtype == object:
            layouts.append(["o", array.shape, [_sent(value) for value in array.flat]])
            continue
        layouts.append(["f" if array.dtype == float else "b", array.shape])
        parts.append(array.tobytes())
        parts.append(bytes(-array.nbytes % _UNIT))
    return layouts, b"".join(parts)


class Layout:
    """What a header says of arrays, read once for all answers that have it; raises ValueError where it makes no sense."""

    def __init__(self, layouts: Any) -> None:
        self._arrays: list[tuple[tuple[int, ...], np.dtype[Any], int] | NDArray[Any]] = []
        self._truths: list[int] = []
        self._size = 0
        for layout in _list(layouts):
            code, shape, *values = _list(layout)
            shape = tuple(_whole(length) for length in _list(shape))
            if code == "o":
                self._arrays.append(_objects(shape, *values))
                continue
            kind = _CODES.get(code) if isinstance(code, str) else None
            if kind is None or values:
                raise ValueError("an array is of no known kind")
            if code == "b":
                self._truths.append(len(self._arrays))
            self._arrays.append((shape, kind, self._size))
            bytes_ = math.prod(shape) * kind.itemsize
            self._size += bytes_ + -bytes_ % _UNIT

    @property
    def plain(self) -> bool:
        """Whether all values are in the bytes."""
        return not any(isinstance(one, np.ndarray) for one in self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def unpacked(self, payload: bytearray) -> list[NDArray[Any]]:
        """The arrays, which share the bytes; raises ValueError where these do not fit."""
        if len(payload) != self._size:
            raise ValueError("its arrays have another size")
        found = [
            one if isinstance(one, np.ndarray) else np.ndarray(one[0], one[1], payload, one[2]) for one in self._arrays
        ]
        if any((found[at].view(np.uint8) > 1).any() for at in self._truths):
            raise ValueError("a truth value is none")
        return found


def _objects(shape: tuple[int, ...], *values: Any) -> NDArray[Any]:
    (given,) = values
    if math.prod(shape) != len(_list(given)):
        raise ValueError("its arrays have another size")
    found = np.empty(shape, object)
    for at, value in zip(np.ndindex(shape), given, strict=True):
        found[at] = _received(value)
    return found


def _sent(value: Any) -> Any:
    """A value of a cell as JSON has it."""
    if isinstance(value, ErrorValue):
        return {"error": value.code}
    if isinstance(value, datetime):
        return {"date": value.isoformat()}
    return None if value is BLANK else value


def _received(value: Any) -> Any:
    """A value of a cell from JSON; raises ValueError where it is none."""
    if value is None:
        return BLANK
    if isinstance(value, float | bool):
        return value
    if isinstance(value, str):
        value.encode()  # half of a surrogate pair raises a ValueError
        return value
    match value:
        case {"error": str(code)}:
            return ErrorValue(code)
        case {"date": str(moment)}:
            return datetime.fromisoformat(moment).replace(tzinfo=None)
    raise ValueError("a value is none of a cell")


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("a list is missing")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**48:
        raise ValueError("a shape is none")
    return value
