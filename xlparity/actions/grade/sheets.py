"""Sheets that a submission has under another name: found where there is one that can be meant, and never guessed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from xlparity.excel.address import Cell, folded
from xlparity.excel.values import BLANK
from xlparity.excel.workbook import Formula, Workbook
from xlparity.spec import Address, CheckPlan, Spec
from xlparity.spec.words import on_sheet, sheet_of

_ALIKE = 0.5  # of the typed cells of the spec's own sheet, the share that the renamed one must have, unchanged
_FEWEST_CAPTIONS, _DISPLACED = (
    3,
    0.1,
)  # captions that were moved together, and their share, of which an insertion has many more
_BEYOND = 2.0  # so many times as alike as the next: students leave the captions and the data as they are


@dataclass(frozen=True, slots=True)
class Sheets:
    """The sheets of the spec's workbook that a submission lacks: the ``renamed`` ones, by their names, and the ``lost`` ones.

    Of each lost one, the sheets of the submission that it could be; none where it was not handed in.
    """

    renamed: Mapping[str, str]
    lost: Mapping[str, tuple[str, ...]]


def found_sheets(own: Workbook, named: Iterable[str], submission: Workbook) -> Sheets:
    """What became of the sheets that the spec names; ``own`` is the spec's own workbook.

    A sheet was renamed where one that the spec's workbook does not have is far more like it than any other is, by the cells
    that are typed in it; or, where it has too few of these, where it is the only one that is not there, and another is the only
    one that is new, in the same place among the sheets.
    """
    known = {folded(sheet) for sheet in own.sheets}
    there = {folded(sheet): sheet for sheet in submission.sheets}
    missing = [sheet for sheet in dict.fromkeys(named) if sheet not in submission.sheets]
    renamed = {
        sheet: there[folded(sheet)] for sheet in missing if folded(sheet) in there
    }  # Excel does not mind the case
    missing = [sheet for sheet in missing if sheet not in renamed]
    new = [sheet for sheet in submission.sheets if folded(sheet) not in known]
    gone = [sheet for sheet in own.sheets if folded(sheet) not in there]
    lost: dict[str, tuple[str, ...]] = {}
    for sheet in missing:
        other = _likest(own, sheet, submission, new)
        if other is None and len(gone) == len(new) == 1 and _same_place(own, sheet, submission, new[0]):
            other = new[0]
        if other is None or other in renamed.values():
            lost[sheet] = ()
        else:
            renamed[sheet] = other
    left = [
        name for name in new if name not in renamed.values() and any(cell.sheet == name for cell in submission.cells)
    ]
    return Sheets(renamed, dict.fromkeys(lost, tuple(left)))


def _likeness(own: Workbook, sheet: str, submission: Workbook, new: Iterable[str]) -> list[tuple[float, str]]:
    """The share of the cells that are typed in the sheet which each new one has unchanged, the largest first."""
    typed = {
        (cell.row, cell.column): held
        for cell, held in own.cells.items()
        if cell.sheet == sheet and not isinstance(held, Formula) and held is not BLANK
    }
    if not typed:
        return []
    shares = (
        (sum(submission.cells.get(Cell(name, *at)) == held for at, held in typed.items()) / len(typed), name)
        for name in new
    )
    return sorted(shares, reverse=True)


def rival(own: Workbook, sheet: str, submission: Workbook) -> str | None:
    """Another sheet that may be meant, though there is one of the name: a copy in which the work was done."""
    known = {folded(name) for name in own.sheets}
    new = [name for name in submission.sheets if folded(name) not in known]
    shares = _likeness(own, sheet, submission, new)
    return shares[0][1] if shares and shares[0][0] >= _ALIKE else None


def done_in(other: str, cells: Iterable[Cell], submission: Workbook) -> bool:
    """Whether one of the cells contains something else, and not nothing, on the other sheet."""

    def content(cell: Cell) -> object:
        held = submission.cells.get(submission.members.get(cell, cell))
        return held.text if isinstance(held, Formula) else None if held is BLANK else held

    return any(content(cell._replace(sheet=other)) not in (None, content(cell)) for cell in cells)


def _likest(own: Workbook, sheet: str, submission: Workbook, new: Iterable[str]) -> str | None:
    shares = _likeness(own, sheet, submission, new)
    if not shares or shares[0][0] < _ALIKE:
        return None
    clear = len(shares) == 1 or shares[0][0] >= _BEYOND * shares[1][0]
    return shares[0][1] if clear else None


def _same_place(own: Workbook, sheet: str, submission: Workbook, other: str) -> bool:
    """Whether the two are in the same place among sheets that are the same otherwise, and one is used as far as the other."""
    if len(own.sheets) != len(submission.sheets) or own.sheets.index(sheet) != submission.sheets.index(other):
        return False
    used = {(cell.row, cell.column) for cell in own.cells if cell.sheet == sheet}
    filled = {(cell.row, cell.column) for cell in submission.cells if cell.sheet == other}
    return len(used & filled) >= _ALIKE * len(used) and bool(used)


def displaced(own: Workbook, sheet: str, submission: Workbook, name: str) -> str | None:
    """A clause on captions that are in another place in the submission's sheet, as after rows were inserted; None without any.

    What the spec names by its address is then not what is there, and no cell's fault is known to be one.
    """
    theirs, ours = _captions(submission, name), _captions(own, sheet)
    moves = Counter(
        (theirs[text].row - cell.row, theirs[text].column - cell.column)
        for text, cell in ours.items()
        if text in theirs and (theirs[text].row, theirs[text].column) != (cell.row, cell.column)
    )
    if not moves:
        return None
    (rows, columns), count = max(moves.items(), key=lambda move: (move[1], move[0]))
    if count < max(_FEWEST_CAPTIONS, _DISPLACED * len(ours)):
        return None
    text, cell = next(
        (text, cell)
        for text, cell in ours.items()
        if text in theirs and (theirs[text].row - cell.row, theirs[text].column - cell.column) == (rows, columns)
    )
    return f"cells were moved: {text!r} is in {theirs[text]}, and in {cell.a1} of the course's workbook"


def _captions(book: Workbook, sheet: str) -> dict[str, Cell]:
    """The texts that are typed in one cell of the sheet alone, with the cell."""
    found: dict[str, list[Cell]] = {}
    for cell, held in book.cells.items():
        if cell.sheet == sheet and isinstance(held, str) and held.strip():
            found.setdefault(" ".join(held.split()), []).append(cell)
    return {text: cells[0] for text, cells in found.items() if len(cells) == 1}


def with_sheets(plan: Spec, names: Mapping[str, str]) -> Spec:
    """The spec with these sheets under other names."""
    return replace(plan, checks=tuple(_check(check, names) for check in plan.checks)) if names else plan


def _check(check: CheckPlan, names: Mapping[str, str]) -> CheckPlan:
    blocks = check.blocks
    if blocks is not None and isinstance(blocks.sheets, tuple):
        blocks = replace(blocks, sheets=tuple(names.get(sheet, sheet) for sheet in blocks.sheets))
    inputs = [
        replace(
            cast("Any", given),
            at=_address(given.at, names),
            also=tuple(replace(cast("Any", twin), at=_address(twin.at, names)) for twin in given.also),
        )
        for given in check.inputs
    ]
    outputs = [replace(cast("Any", output), at=_address(output.at, names)) for output in check.outputs]
    accepted = [replace(one, cells=tuple(_address(cell, names) for cell in one.cells)) for one in check.accepted]
    sheet = check.sheet if check.sheet is None else names.get(check.sheet, check.sheet)
    return replace(
        check, sheet=sheet, blocks=blocks, inputs=tuple(inputs), outputs=tuple(outputs), accepted=tuple(accepted)
    )


def _address(address: Address, names: Mapping[str, str]) -> Address:
    sheet = sheet_of(address) if address.area is None else address.area.sheet
    return on_sheet(address, names[sheet]) if sheet in names else address
