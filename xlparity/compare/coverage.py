"""Every formula of the file accounted for: bound, a helper of a bound one, or unbound."""

from collections.abc import Iterable, Mapping

from xlparity.excel.address import Cell, Range
from xlparity.excel.formula import refers
from xlparity.excel.workbook import Formula, Workbook, formulas_of
from xlparity.results.report import Census

_LARGEST_RANGE = 1_000_000


def take_census(workbook: Workbook, bound: Iterable[Cell]) -> Census:
    """The census of a workbook of which these cells were compared.

    ``formulas`` counts the formula elements of the file; one that openpyxl did not read is unbound.
    """
    anchors = dict(formulas_of(workbook))
    is_bound = {workbook.members.get(cell, cell) for cell in bound} & anchors.keys()
    reached = set(is_bound)
    waiting = list(is_bound) if len(is_bound) < len(anchors) else []
    while waiting:
        cell = waiting.pop()
        for precedent in _formula_cells(workbook, anchors, cell):
            if precedent not in reached:
                reached.add(precedent)
                waiting.append(precedent)
    unbound = tuple(cell for cell in anchors if cell not in reached)
    return Census(workbook.formulas, len(is_bound), len(reached) - len(is_bound), unbound)


def constants_behind(workbook: Workbook, *cells: Cell) -> list[Cell]:
    """The constants from which these cells follow, through whatever formulas; of a constant, the cell itself.

    A range of over a million cells is passed over; no formula that has one is computed.
    """
    seen = set(cells)
    waiting = list(cells)
    found: list[Cell] = []
    while waiting:
        at = waiting.pop()
        formula = workbook.formula(at)
        if formula is None or not refers(formula.text):  # a formula that refers to nothing is a constant
            found.append(at)
        for area in workbook.precedents(at):
            if area.size <= _LARGEST_RANGE:
                fresh = [precedent for precedent in area.cells() if precedent not in seen]
                seen.update(fresh)
                waiting.extend(fresh)
    return found


def _formula_cells(workbook: Workbook, anchors: Mapping[Cell, Formula], cell: Cell) -> Iterable[Cell]:
    for area in workbook.precedents(cell):
        if area.size <= len(anchors):
            found = {workbook.members.get(precedent, precedent) for precedent in area.cells()}
            yield from found & anchors.keys()
        else:  # the grid is larger than any workbook
            yield from (anchor for anchor, held in anchors.items() if _reads(area, held.area or anchor))


def _reads(area: Range, formula: Range | Cell) -> bool:
    return area.intersects(formula) if isinstance(formula, Range) else area.contains(formula)
