"""Formulas that only hand on what another compared cell contains.

On right precedents such a formula is right. But where one quantity is compared in two places, a number typed into one of them
and a reference to it in the other would earn the points of the second without any step of the calculation.
"""

from collections.abc import Iterator, Mapping, Sequence

from xlparity.actions.grade.judge import CellJudged
from xlparity.excel.address import Cell
from xlparity.excel.formula import dissect
from xlparity.excel.workbook import Workbook
from xlparity.results.report import CellResult

_MOST_STEPS = 20  # through helpers; a chain of references that is longer is nobody's
_NOT_RIGHT: tuple[CellJudged, ...] = ("typed", "empty", "wrong", "circular")

Judged = Mapping[str, Sequence[tuple[CellResult, CellJudged]]]
"""The judged cells of a check, by quantity."""


def handed_on(
    book: Workbook, own: Workbook, judged: Mapping[str, Judged], sheets: Mapping[str, str]
) -> dict[Cell, Cell]:
    """The cells with a carried mistake that only refer to one which is not right and has the same expected value; with that one.

    Not among them are those with the same formula in the spec's ``own`` workbook, whose task it is to hand it on. ``sheets``
    are the names of its sheets, by those that they have in the submission.
    """
    everything = [one for of_check in judged.values() for cells in of_check.values() for one in cells]
    wrong = {result.cell: result for result, how in everything if how in _NOT_RIGHT}
    found: dict[Cell, Cell] = {}
    for result, how in everything:
        if how != "carried":
            continue
        source = next((cell for cell in _sources(book, result.cell) if cell in wrong), None)
        if source is None or wrong[source].expected != result.expected or result.expected is None:
            continue
        there = own.formula(result.cell._replace(sheet=sheets.get(result.cell.sheet, result.cell.sheet)))
        here = book.formula(result.cell)
        renamed = bool(sheets) and there is not None  # formulas name the sheets, and differ in that alone
        if not renamed and (there is None or here is None or there.text != here.text):
            found[result.cell] = source
    return found


def _sources(book: Workbook, cell: Cell) -> Iterator[Cell]:
    """The only cell that the formula refers to, then the only one that this one's refers to, and so on."""
    for _ in range(_MOST_STEPS):
        formula = book.formula(cell)
        if formula is None or formula.area is not None:
            return
        try:
            _, texts = dissect(formula.text, lambda word, cell=cell: book.scope.meaning(word, cell))  # type: ignore[misc]
            areas = {book.area(text, cell) for text in texts}
        except ValueError:
            return
        if len(areas) != 1 or next(iter(areas)).size != 1:
            return
        cell = next(iter(areas)).first
        yield cell
