"""Every formula of the file accounted for: bound, a helper of a bound one, or unbound."""

from collections.abc import Iterable

from xlparity.address import Cell, parse_range
from xlparity.formula import precedents
from xlparity.report import Census
from xlparity.workbook import Formula, Workbook, formulas_of


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
        for precedent in _formula_cells(workbook, cell, anchors[cell]):
            if precedent not in reached:
                reached.add(precedent)
                waiting.append(precedent)
    unbound = tuple(cell for cell in anchors if cell not in reached)
    return Census(workbook.formulas, len(is_bound), len(reached) - len(is_bound), unbound)


def _formula_cells(workbook: Workbook, cell: Cell, formula: Formula) -> Iterable[Cell]:
    for text in precedents(formula.text):
        try:
            area = parse_range(workbook.names.get(text.upper(), text), cell.sheet)
        except ValueError:
            continue  # whole columns and names that are no ranges: such a cell is unsupported, and says so
        for precedent in area.cells():
            anchor = workbook.members.get(precedent, precedent)
            if isinstance(workbook.cells.get(anchor), Formula):
                yield anchor
