"""What the cells are: inputs, state, formulas; in a loop those of the first block, told by the later ones."""

import re
from collections import deque
from collections.abc import Iterable
from enum import Enum

from xlparity.address import Cell, Range, parse_range
from xlparity.draft.loops import Loop
from xlparity.formula import precedents, tokens
from xlparity.workbook import Formula, Workbook, formulas_of

_LARGEST_RANGE = 10_000


class Kind(Enum):
    """What a cell is to a check."""

    INPUT = "a constant that formulas read"
    STATE = "a constant in the first block, and in the later ones a formula that reads the block before"
    FORMULA = "a formula, or a constant where a formula must stand"


def survey(workbook: Workbook, loop: Loop | None) -> dict[Cell, Kind]:
    """The cells that a check is about, in reading order, sheet by sheet."""
    formulas = [*(cell for cell, _ in formulas_of(workbook)), *workbook.members]
    kinds = _of_one_pass(workbook, formulas) if loop is None else _of_a_loop(workbook, loop)
    inside = formulas if loop is None else [cell for cell in formulas if loop.block(cell) is not None]
    for cell in _constants_read(workbook, inside):
        if cell not in kinds and not (loop and loop.block(cell)):
            kinds[cell] = Kind.INPUT
    order = {sheet: number for number, sheet in enumerate(workbook.sheets)}
    return {cell: kinds[cell] for cell in sorted(kinds, key=lambda cell: (order[cell.sheet], cell))}


def is_constant(workbook: Workbook, cell: Cell) -> bool:
    """Whether a number stands there, or a formula that refers to nothing, which is a number with an equals sign."""
    formula = workbook.formula(cell)
    return not precedents(formula.text) if formula else is_number(workbook, cell)


def is_number(workbook: Workbook, cell: Cell) -> bool:
    """Whether a number, or a truth value, stands there as a constant."""
    return isinstance(workbook.cells.get(cell), float | bool)


def _of_one_pass(workbook: Workbook, formulas: Iterable[Cell]) -> dict[Cell, Kind]:
    kinds = {cell: Kind.FORMULA for cell in formulas if not is_constant(workbook, cell)}
    for above in list(kinds):
        cell, below = above.moved(1, 0), above.moved(2, 0)
        # A number between two formulas that were filled from one another has been typed over the third.
        if below in kinds and is_number(workbook, cell) and alike(workbook, above, below):
            kinds[cell] = Kind.FORMULA
    return kinds


def _of_a_loop(workbook: Workbook, loop: Loop) -> dict[Cell, Kind]:
    kinds: dict[Cell, Kind] = {}
    for cell in (*workbook.cells, *workbook.members):
        if loop.block(cell) != 0 or not (workbook.formula(cell) or is_number(workbook, cell)):
            continue
        later = loop.later(cell)
        computed = [at for at in later if workbook.formula(at) and not is_constant(workbook, at)]
        if 2 * len(computed) < len(later) or not loop.stays(cell):
            continue
        handed_on = 2 * sum(loop.goes_on(workbook, at) for at in computed) > len(computed)
        kinds[cell] = Kind.STATE if handed_on and is_constant(workbook, cell) else Kind.FORMULA
    return kinds


def _constants_read(workbook: Workbook, formulas: Iterable[Cell]) -> list[Cell]:
    """The numbers that these formulas read, directly or through others."""
    waiting = deque(dict.fromkeys(workbook.members.get(cell, cell) for cell in formulas))
    reached = set(waiting)
    ranges: set[Range] = set()
    while waiting:
        for area in workbook.precedents(waiting.popleft()):
            if area in ranges:
                continue
            ranges.add(area)
            for cell in cells_within(workbook, area):
                anchor = workbook.members.get(cell, cell)
                if anchor not in reached:
                    reached.add(anchor)
                    waiting.append(anchor)
    cells = (*workbook.cells, *workbook.members)
    return [cell for cell in cells if workbook.members.get(cell, cell) in reached and is_constant(workbook, cell)]


def cells_within(workbook: Workbook, area: Range) -> list[Cell]:
    """The cells of the range that hold something."""
    if area.size <= _LARGEST_RANGE:
        return [cell for cell in area.cells() if cell in workbook.cells or cell in workbook.members]
    return [cell for cell in (*workbook.cells, *workbook.members) if contains(area, cell)]


def contains(area: Range, cell: Cell) -> bool:
    """Whether the cell is one of the range."""
    inside = area.row <= cell.row <= area.last_row and area.column <= cell.column <= area.last_column
    return inside and cell.sheet == area.sheet


def alike(workbook: Workbook, one: Cell, other: Cell) -> bool:
    """Whether the two cells' formulas can be filled from one another: each reference moved along, or did not move.

    Of two cells of one array formula, yes; of two constants, no.
    """
    first, second = workbook.formula(one), workbook.formula(other)
    if first is None or second is None:
        return False
    if first.area or second.area:
        return first is second
    return _same(first, one, second, other)


def _same(first: Formula, one: Cell, second: Formula, other: Cell) -> bool:
    shape, references = _apart(first.text, one.sheet)
    other_shape, others = _apart(second.text, other.sheet)
    if shape != other_shape or len(references) != len(others):
        return False
    rows, columns = other.row - one.row, other.column - one.column
    return all(
        there in (here, here.moved(rows, columns), here.moved(rows, 0), here.moved(0, columns))
        for here, there in zip(references, others, strict=True)
    )


def _apart(formula: str, sheet: str) -> tuple[str, list[Range]]:
    """The formula's text without its references, and those."""
    shape: list[str] = []
    references: list[Range] = []
    position = 0
    for token in tokens(formula):
        if token.kind == "reference":
            try:
                references.append(parse_range(token.text, sheet))
            except ValueError:  # a row or column beyond the grid: such a reference stays text
                continue
            shape += formula[position : token.start], "\x1f"
            position = token.end
    return re.sub(r"\s+", "", "".join((*shape, formula[position:]))), references
