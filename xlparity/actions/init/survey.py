"""Classifies the cells of a workbook as inputs, state or formulas; in a loop, the cells of the first block."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from xlparity.actions.init.likeness import Likeness, Pattern, is_constant, is_number
from xlparity.actions.init.loops import Loop
from xlparity.actions.init.names import SAME, fit
from xlparity.actions.init.texts import Texts
from xlparity.actions.init.typed import hard_coded
from xlparity.excel.address import Cell, Range
from xlparity.excel.workbook import Workbook, formulas_of


class CellKind(Enum):
    """The role of a cell in a check."""

    INPUT = "a constant that formulas read"
    STATE = "a constant in the first block, and in the later ones a formula that reads the block before"
    FORMULA = "a formula, or what stands where a formula must"


@dataclass(frozen=True, slots=True)
class CellSurvey:
    """The roles of the cells of a workbook.

    ``kinds`` are those that a check is about, in reading order, sheet by sheet; ``typed`` those of them that hold something
    else than the formulas that they belong to, each with two of these; ``unread`` the numbers that no formula reads.
    """

    kinds: Mapping[Cell, CellKind]
    typed: Mapping[Cell, Pattern]
    unread: Collection[Cell]


def survey(texts: Texts, likeness: Likeness, lacking: Iterable[str] = ()) -> CellSurvey:
    """What the cells are; a number that no formula reads is an input where its label is one of the ``lacking`` names."""
    workbook, loop = texts.workbook, texts.loop
    every = [*(cell for cell, _ in formulas_of(workbook)), *workbook.members]
    formulas = [cell for cell in every if not is_constant(workbook, cell)]
    kinds, typed = _of_one_pass(texts, likeness, formulas) if loop is None else _of_a_loop(likeness, loop)
    wanted = [area for cell in typed for _, area in likeness.reads(typed[cell], cell) if _is_here(loop, area)]
    inside = every if loop is None else [cell for cell in every if loop.block(cell) is not None]
    read = _constants_read(workbook, inside, wanted)
    for cell in _in_the_first_block(workbook, loop, read):
        kinds.setdefault(cell, CellKind.INPUT)
    behind = set(read if loop is None else _constants_read(workbook, every, wanted))
    unread = [cell for cell in workbook.cells if is_number(workbook, cell) and cell not in behind]
    for cell in _named(texts, unread, tuple(lacking)):
        kinds.setdefault(cell, CellKind.INPUT)
    order = {sheet: number for number, sheet in enumerate(workbook.sheets)}
    in_order = {cell: kinds[cell] for cell in sorted(kinds, key=lambda cell: (order[cell.sheet], cell))}
    return CellSurvey(in_order, typed, unread)


def _of_one_pass(
    texts: Texts, likeness: Likeness, formulas: Iterable[Cell]
) -> tuple[dict[Cell, CellKind], dict[Cell, Pattern]]:
    typed = hard_coded(texts, likeness, formulas)
    return dict.fromkeys((*formulas, *typed), CellKind.FORMULA), typed


def _of_a_loop(likeness: Likeness, loop: Loop) -> tuple[dict[Cell, CellKind], dict[Cell, Pattern]]:
    kinds: dict[Cell, CellKind] = {}
    typed: dict[Cell, Pattern] = {}
    workbook = likeness.workbook
    for cell in (*workbook.cells, *workbook.members):
        if loop.block(cell) != 0 or not (workbook.formula(cell) or is_number(workbook, cell)):
            continue
        later = loop.later(cell)
        computed = [at for at in later if workbook.formula(at) and not is_constant(workbook, at)]
        if 2 * len(computed) < len(later) or not loop.stays(cell):
            continue
        handed_on = 2 * sum(loop.goes_on(workbook, at) for at in computed) > len(computed)
        kinds[cell] = CellKind.STATE if handed_on and is_constant(workbook, cell) else CellKind.FORMULA
        group = max(likeness.groups([cell, *computed]), key=len)
        if kinds[cell] is CellKind.FORMULA and cell not in group and len(group) > 1:
            typed[cell] = likeness.pattern(group)
    return kinds, typed


def _is_here(loop: Loop | None, area: Range) -> bool:
    """Whether what a formula would read is in its own block: what it would read before the first is chance."""
    return loop is None or loop.block(area.first) == 0 == loop.block(area.last)


def _in_the_first_block(workbook: Workbook, loop: Loop | None, read: Sequence[Cell]) -> Iterator[Cell]:
    """These constants without those of later blocks, and the ones of the first block that most of the later ones read."""
    if loop is None:
        yield from read
        return
    back: Counter[Cell] = Counter()
    for cell in read:
        if number := loop.block(cell):
            rows, columns, _ = loop.offsets[number]
            back[cell.moved(-rows, -columns)] += 1
        else:
            yield cell
    for cell, count in back.items():
        if 2 * count >= len(loop.anchors) - 1 and loop.block(cell) == 0 and is_constant(workbook, cell):
            yield cell


def _named(texts: Texts, numbers: Iterable[Cell], names: Collection[str]) -> Iterator[Cell]:
    """Those of the numbers that have one of these names beside them, or above their column."""
    headers: dict[Cell, list[str]] = {}
    for cell in sorted(numbers) if names else ():
        own = texts.stack(cell)
        headers[cell] = own if any(own) else headers.get(cell.moved(-1, 0), [])
        called = (*headers[cell], texts.label(cell) or "")
        if not (texts.loop and texts.loop.block(cell)) and any(fit(t, name) == SAME for t in called for name in names):
            yield cell


def _constants_read(workbook: Workbook, formulas: Iterable[Cell], ranges: Iterable[Range]) -> list[Cell]:
    """The numbers that these formulas read, directly or through others, and those in the ranges."""
    cells = (*workbook.cells, *workbook.members)
    begin = {
        *formulas,
        *(cell for area in ranges for of in (workbook.cells, workbook.members) for cell in area.among(of)),
    }
    reached = {workbook.members.get(cell, cell) for cell in workbook.graph.before(begin)}
    return [cell for cell in cells if workbook.members.get(cell, cell) in reached and is_constant(workbook, cell)]
