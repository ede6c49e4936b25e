"""Coverage of formulas: which formulas of the file are bound, which are helpers of these, and which are unbound."""

from collections.abc import Iterable

from xlparity.excel.address import Cell
from xlparity.excel.workbook import Workbook, formulas_of
from xlparity.results.report import Coverage


def count_coverage(workbook: Workbook, bound: Iterable[Cell]) -> Coverage:
    """The coverage of a workbook of which the ``bound`` cells were compared.

    The result's ``formulas`` counts the formula elements of the file; one that could not be read is unbound.
    """
    anchors = dict(formulas_of(workbook))
    is_bound = {workbook.members.get(cell, cell) for cell in bound} & anchors.keys()
    reached = set(is_bound)
    if len(is_bound) < len(anchors):
        reached |= {workbook.members.get(cell, cell) for cell in workbook.graph.before(is_bound)} & anchors.keys()
    outside: tuple[Cell, ...] = ()
    if workbook.external:
        outside = tuple(sorted(cell for cell in workbook.graph.before(is_bound) if cell.sheet in workbook.external))
    unbound = tuple(cell for cell in anchors if cell not in reached)
    taken = len(workbook.taken)
    return Coverage(workbook.formulas + taken, len(is_bound), len(reached) - len(is_bound), unbound, taken, outside)
