"""Circular references that Excel is certain to report: circles of formulas that read one another whatever the values are.

Excel evaluates a branch of IF only where it is taken, and of some arguments the reference and not the value; a circle
through any of these may never be evaluated. The functions listed here always read their arguments.
"""

from collections.abc import Iterable, Iterator

from xlparity.excel.address import Cell, Range
from xlparity.excel.ast import Node, parse
from xlparity.excel.graph import Graph
from xlparity.excel.prefixes import without_prefix
from xlparity.excel.workbook import Formula, Workbook

_OF_VALUES = frozenset({
    "ABS", "ACOS", "ACOSH", "ASIN", "ASINH", "ATAN", "ATAN2", "ATANH", "CEILING", "CONCATENATE", "COS", "COSH",
    "DATE", "DAY", "DEGREES", "EVEN", "EXACT", "EXP", "FACT", "FIND", "FLOOR", "FV", "INT", "ISBLANK", "ISERR",
    "ISERROR", "ISNA", "ISNUMBER", "ISTEXT", "LEFT", "LEN", "LN", "LOG", "LOG10", "LOWER", "MID", "MOD", "MONTH",
    "NOT", "NPER", "ODD", "PMT", "POWER", "PV", "RADIANS", "RATE", "RIGHT", "ROUND", "ROUNDDOWN", "ROUNDUP", "SIGN",
    "SIN", "SINH", "SQRT", "TAN", "TANH", "TEXT", "TRANSPOSE", "TRIM", "TRUNC", "UPPER", "VALUE", "YEAR",
})  # fmt: skip
"""Functions that read the values of all their arguments; of a range in a plain cell, the one in line with it."""
_OF_RANGES = frozenset({
    "AVERAGE", "COUNT", "COUNTA", "DEVSQ", "GEOMEAN", "HARMEAN", "IRR", "MAX", "MDETERM", "MEDIAN", "MIN", "MINVERSE",
    "MMULT", "NPV", "PRODUCT", "STDEV", "STDEV.P", "STDEV.S", "STDEVP", "SUM", "SUMPRODUCT", "SUMSQ", "VAR", "VAR.P",
    "VAR.S", "VARP",
})  # fmt: skip
"""Functions that read every cell of their ranges."""
_ARRAYS = frozenset({"SUMPRODUCT"})
"""Functions whose arguments are computed as arrays in a plain cell as well."""
_OF_THE_FIRST = frozenset({"AND", "CHOOSE", "IF", "IFERROR", "IFNA", "IFS", "OR", "SWITCH"})
"""Functions that may need no more than their first argument."""


def certain_circles(workbook: Workbook, candidates: Iterable[Cell]) -> frozenset[Cell]:
    """Those of the cells that are on a circle of formulas each of which certainly reads the next.

    ``candidates`` are the cells of formulas, of array formulas the first one. There are none where the workbook calculates
    iteratively: Excel then computes circular references, and reports none.
    """
    if workbook.iterates:
        return frozenset()
    circular = Graph(workbook, {cell: workbook.graph.areas(cell) for cell in candidates}).circular
    return Graph(workbook, {cell: list(certainly_read(workbook, cell)) for cell in circular}).circular


def certainly_read(workbook: Workbook, cell: Cell) -> Iterator[Range]:
    """The areas that the cell's formula reads whatever the values are; none where it is not fully understood."""
    formula = workbook.formula(cell)
    if not isinstance(formula, Formula):
        return
    try:
        tree = parse(formula.text)
    except ValueError:
        return
    for text, whole in _always(tree, arrays=formula.area is not None):
        area = workbook.meant(text, cell)
        if area is not None and (whole or area.size == 1):
            yield area


def _always(node: Node, *, arrays: bool, given: bool = False) -> Iterator[tuple[str, bool]]:
    """The references, as written, in the parts of the formula that are always evaluated, and whether all of a range is read.

    ``arrays`` says that ranges are computed as a whole here, ``given`` that a range that is an argument by itself is.
    """
    if node.kind in ("reference", "name"):
        yield node.word, arrays or given
    elif node.kind == "group":
        yield from _always(node.parts[0], arrays=arrays, given=given)
    elif node.kind in ("unary", "binary", "percent"):
        for part in node.parts:
            yield from _always(part, arrays=arrays)
    elif node.kind == "call":
        name = without_prefix(node.word)
        if name in _OF_THE_FIRST:
            yield from _always(node.parts[0], arrays=arrays) if node.parts else ()
        elif name in _OF_VALUES or name in _OF_RANGES:
            for part in node.parts:
                yield from _always(part, arrays=arrays or name in _ARRAYS, given=name in _OF_RANGES)
