"""What a reference gives, as arrays of what cells hold.

The functions of numpy are looked up when this module is imported: a reference may put others in their place.
"""

from datetime import date, datetime
from typing import Any

import numpy as np
from numpy import array as _array
from numpy import empty as _empty
from numpy import ndenumerate as _each
from numpy.typing import NDArray

from xlparity.excel.values import BLANK, ErrorValue, Value


def values_of(value: Any) -> NDArray[Any]:
    """The value as an array of what cells hold: of doubles or of truth values, or else of objects; it is a copy, in C's order.

    These are floats, bools, strs, ErrorValues, datetimes, and BLANK for None and for what pandas has for a missing value. Raises
    TypeError, ValueError and OverflowError for anything else, as ``numbers_of``.
    """
    # It is one of these nearly always, a hundred thousand times over.
    if type(value) is np.ndarray and value.dtype.kind in "biuf":
        found: NDArray[Any] = value.astype(bool if value.dtype.kind == "b" else float, order="C")
        return found
    if type(value) in (float, int, np.float64):
        return _array(float(value))
    if np.ma.isMaskedArray(value):
        raise TypeError("it is masked")
    array = _array(value)
    if array.dtype.kind in "US" and not hasattr(value, "dtype"):
        array = _array(value, dtype=object)  # of a list of texts and numbers numpy makes texts
    if array.dtype.kind not in "OUMT":
        return numbers_of(value)
    if array.dtype.kind == "M":
        array = _dates(array)
    cells = _empty(array.shape, object)
    for at, element in _each(array):
        cells[at] = _cell_value(element)
    numbers = all(isinstance(element, float) for element in cells.flat)
    return cells.astype(float) if numbers and cells.size else cells


def _dates(array: NDArray[Any]) -> NDArray[Any]:
    """An array of datetime64 as one of datetimes; of a date beyond theirs numpy makes a number."""
    with np.errstate(all="ignore"):
        found = array.astype("datetime64[us]").astype(object)
    if any(isinstance(element, int) for element in found.flat):
        raise ValueError("it contains a date beyond the years 1 to 9999")
    return found


def _cell_value(element: Any) -> Value | datetime:
    """One element as what a cell holds; a number is a float."""
    if isinstance(element, np.datetime64):
        element = _dates(_array(element)).item()
    if element is None or type(element).__name__ in ("NAType", "NaTType"):
        return BLANK
    if isinstance(element, ErrorValue):
        return ErrorValue(str(element.code))
    if isinstance(element, str):
        text = str.__str__(element)
        if not text.isascii():
            text.encode()  # half of a surrogate pair is no text, and raises a ValueError
        return text
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
    array = _array(value, order="C")
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
