"""The functions that make arrays and rearrange them."""

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator.functions.conversions import NA, NUM, VALUE
from xlparity.engines.evaluator.functions.matching import kind, order, same
from xlparity.engines.evaluator.functions.signatures import Function, by_formulas, delegated, function
from xlparity.engines.evaluator.functions.texts import whole
from xlparity.engines.evaluator.guards import Refusal, elements, is_number, is_text

_LARGEST = 100_000
_MANY = 3_000  # that many rows are compared with one another
_RANKS = {"number": 0, "text": 1, "truth": 2, "error": 3, "blank": 4}


def _table(rows: Iterable[Iterable[Any]]) -> Any:
    listed = [list(row) for row in rows]
    table = np.empty((len(listed), len(listed[0]) if listed else 0), object)
    for place, row in enumerate(listed):
        table[place, :] = row
    if not table.size:
        raise Refusal("an empty array, which is #CALC!")
    return table


def sequence(rows: float, columns: float = 1.0, start: float = 1.0, step: float = 1.0) -> Any:
    """Excel's SEQUENCE."""
    height, width = whole(rows), whole(columns)
    if height < 1 or width < 1 or height * width > _LARGEST:
        raise Refusal("a sequence of nothing, or of very much")
    return _table([[start + step * (row * width + column) for column in range(width)] for row in range(height)])


def _alike(left: Any, right: Any) -> bool:
    if isinstance(left, XlError) or isinstance(right, XlError):
        raise Refusal("UNIQUE of errors")
    if (left is EMPTY) != (right is EMPTY) and (left in (0, "") or right in (0, "")):
        raise Refusal("UNIQUE of a blank beside a zero or an empty text")
    return left is right or same(left, right)


def unique(table: Any, by_column: bool = False, once: bool = False) -> Any:
    """Excel's UNIQUE: the first of all rows that are alike, or those that have no like."""
    rows = [list(row) for row in (table.T if by_column else table)]
    if len(rows) > _MANY:
        raise Refusal("UNIQUE of very many rows")
    groups: list[list[list[Any]]] = []
    for row in rows:
        for group in groups:
            if all(_alike(x, y) for x, y in zip(group[0], row, strict=True)):
                group.append(row)
                break
        else:
            groups.append([row])
    kept = _table([group[0] for group in groups if not once or len(group) == 1])
    return kept.T if by_column else kept


# Excel sorts errors by the numbers that it has for them.
_ERRORS = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")


def _rank(value: Any) -> int:
    return _RANKS["blank" if value is EMPTY else "error" if isinstance(value, XlError) else kind(value)]


def _compare(left: Any, right: Any) -> int:
    if _rank(left) != _rank(right):
        return _rank(left) - _rank(right)
    if isinstance(left, XlError):
        return _ERRORS.index(str(left)) - _ERRORS.index(str(right))
    return 0 if left is EMPTY else order(left, right)


def _sorted(rows: list[Any], keys: list[tuple[list[Any], float]]) -> list[Any]:
    """The rows by these keys; blanks come last whichever way round, and what is equal stays as it was."""
    if any(way not in (1, -1) for _, way in keys):
        raise Refusal("a sort order that is neither 1 nor -1")

    def compare(left: int, right: int) -> int:
        for values, way in keys:
            x, y = values[left], values[right]
            step = _compare(x, y)
            if step:
                return step if way == 1 or x is EMPTY or y is EMPTY else -step
        return 0

    return [rows[place] for place in sorted(range(len(rows)), key=functools.cmp_to_key(compare))]


def sort(table: Any, number: float = 1.0, way: float = 1.0, by_column: bool = False) -> Any:
    """Excel's SORT."""
    rows = [list(row) for row in (table.T if by_column else table)]
    key = whole(number)
    if not 1 <= key <= len(rows[0]) or way not in (1, -1):
        return VALUE
    done = _table(_sorted(rows, [([row[key - 1] for row in rows], way)]))
    return done.T if by_column else done


def sortby(table: Any, *keys: Any) -> Any:
    """Excel's SORTBY, by columns beside the table or by rows above it."""
    vectors = keys[::2]
    ways = [*keys[1::2], 1.0] if len(keys) % 2 else keys[1::2]
    across = all(vector.shape == (1, table.shape[1]) for vector in vectors) and table.shape != (1, 1)
    if not across and any(vector.shape != (table.shape[0], 1) for vector in vectors):
        raise Refusal("SORTBY keys that do not fit")
    rows = [list(row) for row in (table.T if across else table)]
    done = _table(_sorted(rows, [(list(elements(v)), way) for v, way in zip(vectors, ways, strict=True)]))
    return done.T if across else done


def _is_wrong(value: Any) -> bool:
    return isinstance(value, XlError) or is_text(value)


def _filtering(table: Any, include: Any, otherwise: Any = None) -> None:
    down = include.shape == (table.shape[0], 1)
    if not down and include.shape != (1, table.shape[1]):
        raise Refusal("FILTER by what does not fit")
    values = list(elements(include))
    wrong = {str(value) if isinstance(value, XlError) else "text" for value in values if _is_wrong(value)}
    if len(wrong) > 1:
        raise Refusal("FILTER by errors of several kinds")
    if any(is_number(value) and 0 < abs(value) < 1e-15 for value in values):
        raise Refusal("a number below 1e-15 where it matters whether it is zero")
    kept = any(value is not EMPTY and value for value in values)
    if not wrong and not kept and (otherwise is None or otherwise is EMPTY):
        raise Refusal("FILTER that leaves nothing, which is #CALC!")


def _taking(table: Any, *counts: float) -> tuple[Any, ...]:
    numbers = [whole(count) for count in counts]
    if 0 in numbers:
        raise Refusal("an empty array, which is #CALC!")
    return table, *numbers


def _dropping(table: Any, *counts: float) -> tuple[Any, ...]:
    numbers = [whole(count) for count in counts]
    if any(abs(number) >= size for number, size in zip(numbers, table.shape, strict=False)):
        raise Refusal("an empty array, which is #CALC!")
    return table, *numbers


def _expanding(table: Any, rows: float, columns: float | None = None, pad: Any = NA) -> tuple[Any, ...]:
    height, width = whole(rows), table.shape[1] if columns is None else whole(columns)
    if height * width > _LARGEST or pad is EMPTY:
        raise Refusal("an array of very many cells, or filled up with blanks")
    return table, height, width, pad


def _lining(table: Any, ignoring: float = 0.0, by_column: bool = False) -> tuple[Any, ...]:
    skipped = whole(ignoring)
    passed = {1: [EMPTY], 2: [XlError], 3: [EMPTY, XlError]}.get(skipped, [])
    if all((EMPTY in passed and v is EMPTY) or (XlError in passed and isinstance(v, XlError)) for v in elements(table)):
        raise Refusal("an empty array, which is #CALC!")
    return table, skipped, by_column


def pick(rows: bool) -> Callable[..., Any]:
    """CHOOSEROWS or CHOOSECOLS, counted from the end where negative."""

    def picked(table: Any, *numbers: Any) -> Any:
        size = table.shape[0 if rows else 1]
        places: list[int] = []
        for value in (value for operand in numbers for value in elements(operand)):
            if isinstance(value, XlError):
                return value
            if not is_number(value):
                raise Refusal("the number of a row or column that is no number")
            place = whole(value)
            if place == 0 or abs(place) > size:
                return VALUE
            places.append(place)
        return by_formulas("CHOOSEROWS" if rows else "CHOOSECOLS", table, *places)

    return picked


def wrap(rows: bool) -> Callable[..., Any]:
    """WRAPROWS or WRAPCOLS."""

    def wrapped(table: Any, count: float, pad: Any = NA) -> Any:
        width = whole(count)
        if 1 not in table.shape:
            return VALUE
        if width < 1:
            return NUM
        values = list(elements(table))
        if len(values) < width or pad is EMPTY:
            raise Refusal("wrapping fewer values than a line holds, or filling up with blanks")
        values += [pad] * (-len(values) % width)
        done = _table([values[k : k + width] for k in range(0, len(values), width)])
        return done if rows else done.T

    return wrapped


FUNCTIONS: dict[str, Function] = {
    "SEQUENCE": function(sequence, "strict strict? strict? strict?", "matrix"),
    "UNIQUE": function(unique, "table truth~ truth~", "matrix", own='INDEX(UNIQUE({"a";"A";"b"}),2)'),
    "SORT": function(sort, "table strict? strict? truth?", "matrix", own='SORT({1;"x";3},1,1.5)'),
    "SORTBY": function(
        sortby,
        "table table strict? table? strict? table? strict?",
        "matrix",
        own="INDEX(SORTBY({82;7;3},{4;4;6},-1,{10;3.7;0}),2,1)",
    ),
    "FILTER": delegated("FILTER", "table table scalar?", "matrix", guard=_filtering),
    "VSTACK": delegated("VSTACK", "table*!", "matrix"),
    "HSTACK": delegated("HSTACK", "table*!", "matrix"),
    "TAKE": delegated("TAKE", "table strict strict?", "matrix", prepare=_taking),
    "DROP": delegated("DROP", "table strict strict?", "matrix", prepare=_dropping),
    "CHOOSEROWS": function(pick(rows=True), "table table*", "matrix", by="formulas"),
    "CHOOSECOLS": function(pick(rows=False), "table table*", "matrix", by="formulas"),
    "EXPAND": delegated("EXPAND", "table strict strict? scalar?", "matrix", prepare=_expanding),
    "TOCOL": delegated("TOCOL", "table! strict? truth?", "matrix", prepare=_lining),
    "TOROW": delegated("TOROW", "table! strict? truth?", "matrix", prepare=_lining),
    "WRAPROWS": function(wrap(rows=True), "table strict scalar?", "matrix", own="WRAPROWS({1,2;3,4},2)"),
    "WRAPCOLS": function(wrap(rows=False), "table strict scalar?", "matrix", own="WRAPCOLS({1,2;3,4},2)"),
}
