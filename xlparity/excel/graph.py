"""What follows from what: precedents, dependents and circles among a workbook's formulas."""

from collections.abc import Callable, Iterable, Iterator

from xlparity.excel.address import Cell, Range
from xlparity.excel.workbook import Workbook

_LARGEST_RANGE = 100_000


def refers_to_itself(workbook: Workbook, cell: Cell) -> bool:
    """Whether the cell's formula refers to the cell itself."""
    return workbook.members.get(cell, cell) in precedents(workbook, cell)


def on_a_circle(workbook: Workbook, cell: Cell) -> bool:
    """Whether the cell's formula refers to the cell itself, directly or through others."""
    return follows(workbook, precedents(workbook, cell), workbook.members.get(cell, cell))


def follows(workbook: Workbook, cells: Iterable[Cell], other: Cell) -> bool:
    """Whether one of the cells is the other, or follows from it."""
    waiting = list(cells)
    seen = set(waiting)
    areas: set[Range] = set()  # a thousand formulas may read one range of a thousand cells
    while other not in seen and waiting:
        for area in workbook.precedents(waiting.pop()):
            if area not in areas:
                areas.add(area)
                fresh = {workbook.members.get(cell, cell) for cell in looked_at(workbook, area) or ()} - seen
                seen |= fresh
                waiting += fresh
    return other in seen


def precedents(workbook: Workbook, cell: Cell) -> list[Cell]:
    """The cells to which the cell's formula refers, those of an array formula by the first of its area; no huge ranges."""
    return [
        workbook.members.get(found, found)
        for area in workbook.precedents(cell)
        for found in looked_at(workbook, area) or ()
    ]


def looked_at(workbook: Workbook, area: Range) -> Iterator[Cell] | None:
    """The cells of the area, of a huge one those that are in use; None where these are too many as well."""
    if area.size > _LARGEST_RANGE:
        rows, columns = workbook.extents[area.sheet]
        last_row, last_column = min(area.last_row, rows), min(area.last_column, columns)
        area = area._replace(last_row=max(area.row, last_row), last_column=max(area.column, last_column))
    return area.cells() if area.size <= _LARGEST_RANGE else None


def origins(workbook: Workbook, cells: Iterable[Cell], refused: Callable[[Cell], bool]) -> tuple[Cell, ...]:
    """The formulas because of which these cells are refused: those on the way to them that read no refused cell."""
    found: list[Cell] = []
    waiting = list(dict.fromkeys(workbook.members.get(cell, cell) for cell in cells))
    seen = set(waiting)
    for cell in waiting:  # grows as it is walked
        before = [each for each in precedents(workbook, cell) if each != cell and refused(each)]
        found += [] if before else [cell]
        fresh = [each for each in dict.fromkeys(before) if each not in seen]
        seen.update(fresh)
        waiting += fresh
    return tuple(sorted(found))


def dependents_of(workbook: Workbook, cells: Iterable[Cell]) -> dict[Cell, list[Cell]]:
    """Of every cell those among the given ones whose formulas refer to it."""
    found: dict[Cell, list[Cell]] = {}
    for cell in cells:
        if workbook.formula(cell) is not None:
            for precedent in precedents(workbook, cell):
                found.setdefault(precedent, []).append(cell)
    return found


def spread(cell: Cell, number: int, following: Callable[[Cell], Iterable[Cell]], reached: dict[Cell, set[int]]) -> None:
    """Notes the number with every cell that follows from this one."""
    waiting = [cell]
    while waiting:
        for dependent in following(waiting.pop()):
            known = reached.setdefault(dependent, set())
            if number not in known:
                known.add(number)
                waiting.append(dependent)
