"""The screen: a fast, approximate evaluator of formulas on many samples at once, which rejects most wrong edits.

It decides nothing alone: an edit that passes is recalculated by the engine before it is reported.
"""

import math
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlparity.excel.address import Cell, Range
from xlparity.excel.ast import Node
from xlparity.excel.columns import Column, floats_of
from xlparity.excel.prefixes import without_prefix
from xlparity.excel.values import BLANK

Table = NDArray[Any]
"""(samples, rows, columns), an axis of length 1 where all are equal; nan where Excel has no number."""

_LARGEST = 10_000  # cells of a range that is screened
_DECIMAL = 1e-9  # what a decimal fraction such as 1.005 may be short of the half at which Excel rounds it up


class Unscreened(Exception):  # noqa: N818  (not an error: the formula cannot be screened)
    """The formula has a function, operator or reference that the screen does not know."""


def _log(x: Table, base: Table | float = 10.0) -> Table:
    return np.asarray(np.log10(x) if isinstance(base, float) else np.log(x) / np.log(base))


def _total(*tables: Table) -> Table:
    return reduce(np.add, [np.nansum(table, axis=(1, 2), keepdims=True) for table in tables])


def _count(*tables: Table) -> Table:
    return reduce(np.add, [np.isfinite(table).sum(axis=(1, 2), keepdims=True) for table in tables])


def _extreme(two: np.ufunc) -> Callable[..., Table]:
    return lambda *tables: reduce(two, [two.reduce(table, axis=(1, 2), keepdims=True) for table in tables])


def _logical(two: np.ufunc) -> Callable[..., Table]:
    return lambda *tables: reduce(two, [two.reduce(table != 0, axis=(1, 2), keepdims=True) for table in tables])


def _round(number: Table, places: Table | float = 0.0) -> Table:
    scale = np.power(10.0, places)
    return np.asarray(np.copysign(np.floor(np.abs(number) * scale + 0.5 + _DECIMAL) / scale, number))


def _sumproduct(*tables: Table) -> Table:
    if len({table.shape[1:] for table in tables}) > 1:
        return np.full((1, 1, 1), np.nan)
    return np.asarray(np.nansum(reduce(np.multiply, tables), axis=(1, 2), keepdims=True))


def _mmult(left: Table, right: Table) -> Table:
    if left.shape[2] != right.shape[1]:
        return np.full((1, 1, 1), np.nan)
    return np.asarray(left @ right)


def _spread(squared: bool, sample: bool) -> Callable[..., Table]:
    def spread(table: Table) -> Table:
        if sample and table.shape[1] * table.shape[2] < 2:
            return np.full((1, 1, 1), np.nan)  # #DIV/0! in Excel, and a warning in numpy
        found = np.var(table, axis=(1, 2), keepdims=True, ddof=1 if sample else 0)
        return np.asarray(found if squared else np.sqrt(found))

    return spread


def _power(base: Table, exponent: Table) -> Table:
    return np.asarray(np.where((base == 0) & (exponent <= 0), np.nan, np.power(base, exponent)))


_FUNCTIONS: Mapping[str, Callable[..., Table]] = {
    "EXP": np.exp, "LN": np.log, "LOG": _log, "LOG10": np.log10, "SQRT": np.sqrt, "ABS": np.abs, "SIGN": np.sign,
    "TANH": np.tanh, "SINH": np.sinh, "COSH": np.cosh, "SIN": np.sin, "COS": np.cos, "TAN": np.tan, "ATAN": np.arctan,
    "INT": np.floor, "POWER": _power, "MMULT": _mmult, "SUMPRODUCT": _sumproduct, "SUM": _total, "COUNT": _count,
    "AVERAGE": lambda *tables: _total(*tables) / _count(*tables),
    "MAX": _extreme(np.fmax), "MIN": _extreme(np.fmin), "AND": _logical(np.logical_and), "OR": _logical(np.logical_or),
    "NOT": lambda truth: np.asarray(truth == 0), "ROUND": _round,
    "IFERROR": lambda value, instead: np.asarray(np.where(np.isnan(value) | np.isinf(value), instead, value)),
    "SUMSQ": lambda *tables: _total(*(table**2 for table in tables)),
    "PRODUCT": lambda *tables: reduce(np.multiply, [np.prod(table, axis=(1, 2), keepdims=True) for table in tables]),
    "TRANSPOSE": lambda table: np.swapaxes(table, 1, 2),
    "IF": lambda test, then, otherwise: np.asarray(np.where(test != 0, then, otherwise)),
    "PI": lambda: np.full((1, 1, 1), math.pi),
    "VAR": _spread(True, True), "VAR.S": _spread(True, True), "VARP": _spread(True, False),
    "VAR.P": _spread(True, False), "STDEV": _spread(False, True), "STDEV.S": _spread(False, True),
    "STDEVP": _spread(False, False), "STDEV.P": _spread(False, False),
}  # fmt: skip
_ARITHMETIC: Mapping[str, Callable[[Table, Table], Table]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "^": _power,
}  # fmt: skip
_COMPARISONS: Mapping[str, Callable[[Table, Table], Any]] = {
    "=": np.equal, "<>": np.not_equal, "<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal,
}  # fmt: skip
_AGGREGATES = frozenset((
    "SUM", "COUNT", "AVERAGE", "MAX", "MIN", "SUMSQ", "PRODUCT", "SUMPRODUCT", "MMULT", "TRANSPOSE", "VAR", "VAR.S", "VARP",
    "VAR.P", "STDEV", "STDEV.S", "STDEV.P", "STDEVP", "AND", "OR",
))  # fmt: skip


class Screen:
    """An evaluator of formulas on given values of the cells that they read, over many samples."""

    def __init__(self, values: Callable[[Cell], Column], count: int, area: Callable[[Node], Range | None]) -> None:
        """``values`` gives the column of a cell, over ``count`` samples; ``area`` the cells that a reference means."""
        self._values = values
        self.count = count
        self._area = area
        self._known: dict[tuple[Node, bool], Table] = {}

    def value(self, tree: Node, *, array: bool) -> Table:
        """The values of the formula; raises Unscreened where they cannot be computed here.

        In a plain cell, which is no array formula, only an aggregate takes a range as a whole.
        """
        key = tree, array
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._computed(tree, array)
        return found

    def _computed(self, tree: Node, array: bool) -> Table:
        kind = tree.kind
        if kind in ("number", "truth"):
            return np.full((1, 1, 1), float(tree.word) if kind == "number" else tree.word == "TRUE")
        if kind in ("reference", "name"):
            return self._read(tree, array)
        if kind in ("group", "unary", "percent"):
            inside = self.value(tree.parts[0], array=array)
            if kind == "group":
                return inside
            return inside / 100 if kind == "percent" else inside * (-1.0 if tree.word == "-" else 1.0)
        if kind == "binary" and tree.word in (*_ARITHMETIC, *_COMPARISONS):
            left, right = (self.value(part, array=array) for part in tree.parts)
            return _operated(tree.word, left, right)
        if kind == "call" and without_prefix(tree.word) in _FUNCTIONS:
            return self._called(tree, array)
        raise Unscreened

    def _called(self, tree: Node, array: bool) -> Table:
        name = without_prefix(tree.word)
        through = array or name in ("SUMPRODUCT",)
        given: list[Table] = []
        for part in tree.parts:
            plain = part.parts[0] if part.kind == "group" else part
            # An aggregate takes a plain range as a whole; an expression with a range is computed in array formulas only.
            whole = name in _AGGREGATES and plain.kind == "reference"
            table = self.value(plain, array=through or whole)
            given.append(table if name in ("IF", "AND", "OR", "NOT") else table * 1.0)
        try:
            found = np.asarray(_FUNCTIONS[name](*given))
            return found if found.dtype == bool else found.astype(float)
        except (TypeError, ValueError) as error:
            raise Unscreened from error

    def _read(self, tree: Node, array: bool) -> Table:
        area = self._area(tree)
        if area is None or area.size > _LARGEST or (area.size > 1 and not array):
            raise Unscreened
        columns = [self._column(cell) for cell in area.cells()]
        return np.stack(columns, axis=1).reshape(self.count, *area.shape)

    def _column(self, cell: Cell) -> NDArray[np.float64]:
        column = self._values(cell)
        # Blanks are zeros to operators; aggregates, which ignore them, are left to the engine.
        return np.zeros(self.count) if column is BLANK else floats_of(column, self.count)


def _operated(operator: str, left: Table, right: Table) -> Table:
    if not _fit(left, right):
        return np.full((1, 1, 1), np.nan)
    truths = left.dtype == bool, right.dtype == bool
    if operator in _ARITHMETIC:
        return np.asarray(_ARITHMETIC[operator](left * 1.0, right * 1.0), float)
    if truths == (False, False):
        return np.asarray(_COMPARISONS[operator](left, right) & ~np.isnan(left) & ~np.isnan(right))
    if operator not in ("=", "<>"):
        raise Unscreened  # to Excel a truth value is greater than any number
    equal = left == right if truths == (True, True) else np.zeros(np.broadcast_shapes(left.shape, right.shape), bool)
    return np.asarray(equal if operator == "=" else ~equal)


def _fit(left: Table, right: Table) -> bool:
    return all(a == b or 1 in (a, b) for a, b in zip(left.shape, right.shape, strict=True))
