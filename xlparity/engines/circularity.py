"""Circular references that Excel is certain to report: cells whose formulas read one another whatever the values are.

Excel evaluates a branch of IF only where it is taken, and takes of some arguments the reference and not the value; a circle
that goes through any of these may never be met. What is listed here reads its arguments always.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from xlparity.excel.address import Cell, Range
from xlparity.excel.ast import Node, parse
from xlparity.excel.prefixes import without_prefix
from xlparity.excel.workbook import Formula, Workbook

_OF_VALUES = frozenset({
    "ABS", "ACOS", "ACOSH", "ASIN", "ASINH", "ATAN", "ATAN2", "ATANH", "CEILING", "CONCATENATE", "COS", "COSH",
    "DATE", "DAY", "DEGREES", "EVEN", "EXACT", "EXP", "FACT", "FIND", "FLOOR", "FV", "INT", "ISBLANK", "ISERR",
    "ISERROR", "ISNA", "ISNUMBER", "ISTEXT", "LEFT", "LEN", "LN", "LOG", "LOG10", "LOWER", "MID", "MOD", "MONTH",
    "NOT", "NPER", "ODD", "PMT", "POWER", "PV", "RADIANS", "RATE", "RIGHT", "ROUND", "ROUNDDOWN", "ROUNDUP", "SIGN",
    "SIN", "SINH", "SQRT", "TAN", "TANH", "TEXT", "TRANSPOSE", "TRIM", "TRUNC", "UPPER", "VALUE", "YEAR",
})  # fmt: skip
"""Functions that compute with the values of all their arguments, of a range in a plain cell with the one beside it."""
_OF_RANGES = frozenset({
    "AVERAGE", "COUNT", "COUNTA", "DEVSQ", "GEOMEAN", "HARMEAN", "IRR", "MAX", "MDETERM", "MEDIAN", "MIN", "MINVERSE",
    "MMULT", "NPV", "PRODUCT", "STDEV", "STDEV.P", "STDEV.S", "STDEVP", "SUM", "SUMPRODUCT", "SUMSQ", "VAR", "VAR.P",
    "VAR.S", "VARP",
})  # fmt: skip
"""Functions that compute with every cell of the ranges they are given."""
_ARRAYS = frozenset({"SUMPRODUCT"})
"""Functions whose arguments are computed as arrays in a plain cell as well."""
_OF_THE_FIRST = frozenset({"AND", "CHOOSE", "IF", "IFERROR", "IFNA", "IFS", "OR", "SWITCH"})
"""Functions that may be done after their first argument."""

_MOST = 2_000_000  # cells to look up, some seconds: a thousand formulas that each read a thousand others are a million


def certain_circles(workbook: Workbook, candidates: Iterable[Cell]) -> frozenset[Cell]:
    """Those of the cells that are on a circle of formulas each of which certainly reads the next.

    ``candidates`` are the cells of formulas, of array formulas the first one. There are none where the workbook calculates
    iteratively: Excel then computes circular references, and reports none.
    """
    if workbook.iterates:
        return frozenset()
    on_circles = _without_ends({cell: workbook.precedents(cell) for cell in candidates}, workbook)
    certain = {cell: list(certainly_read(workbook, cell)) for cell in on_circles}
    return _strongly_connected(_edges(certain, workbook))


def _without_ends(areas: dict[Cell, list[Range]], workbook: Workbook) -> list[Cell]:
    """The cells from which a circle may be reached backwards and forwards: what only hangs behind one is peeled off."""
    edges = _edges(areas, workbook)
    readers = dict.fromkeys(edges, 0)
    for read in edges.values():
        for cell in read:
            readers[cell] += 1
    ends = [cell for cell, count in readers.items() if not count]
    for end in ends:  # grows as it is walked
        for cell in edges.pop(end):
            readers[cell] -= 1
            if not readers[cell]:
                ends.append(cell)
    return list(edges)


def _edges(areas: Mapping[Cell, Collection[Range]], workbook: Workbook) -> dict[Cell, set[Cell]]:
    """Of every cell those of the others, and itself, whose results lie in its areas; nothing where it would take minutes."""
    results: dict[Cell, Cell] = {cell: cell for cell in areas}
    for cell in areas:
        formula = workbook.formula(cell)
        if formula is not None and formula.area is not None:
            results.update((m, cell) for m in formula.area.cells() if workbook.members.get(m, m) == cell)
    if sum(min(area.size, len(results)) for of in areas.values() for area in of) > _MOST:
        return {}
    return {cell: {results[found] for area in of for found in area.among(results)} for cell, of in areas.items()}


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

    ``arrays`` says that ranges are computed as a whole here, ``given`` that they are where they stand by themselves.
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


def _strongly_connected(edges: Mapping[Cell, Collection[Cell]]) -> frozenset[Cell]:
    """The cells that are reached from themselves (Tarjan's algorithm, without recursion)."""
    found: set[Cell] = set()
    order: dict[Cell, int] = {}
    low: dict[Cell, int] = {}
    stack: list[Cell] = []
    waiting: set[Cell] = set()
    for start in edges:
        if start in order:
            continue
        path = [(start, iter(edges[start]))]
        order[start] = low[start] = len(order)
        stack.append(start)
        waiting.add(start)
        while path:
            cell, ahead = path[-1]
            for read in ahead:
                if read not in order:
                    order[read] = low[read] = len(order)
                    stack.append(read)
                    waiting.add(read)
                    path.append((read, iter(edges[read])))
                    break
                if read in waiting:
                    low[cell] = min(low[cell], order[read])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[cell])
                if low[cell] == order[cell]:
                    component = stack[stack.index(cell) :]
                    del stack[len(stack) - len(component) :]
                    waiting.difference_update(component)
                    if len(component) > 1 or cell in edges[cell]:
                        found.update(component)
    return frozenset(found)
