"""Formulas that take their result from another compared cell: one which is to have the same value, or which is missing.

On right precedents such a formula is right. But where one quantity is compared in two places, a number typed into one of them
and a reference to it in the other would earn the points of the second without any step of the calculation.
"""

from collections.abc import Container, Mapping, Sequence

from xlparity.actions.grade.judge import CellJudged
from xlparity.excel.address import Cell
from xlparity.excel.workbook import Workbook
from xlparity.results.report import CellResult

_NOT_RIGHT: tuple[CellJudged, ...] = ("typed", "empty", "wrong", "circular")

Judged = Mapping[str, Sequence[tuple[CellResult, CellJudged]]]
"""The judged cells of a check, by quantity."""


def handed_on(
    book: Workbook, own: Workbook, judged: Mapping[str, Judged], sheets: Mapping[str, str]
) -> dict[Cell, Cell]:
    """The cells with a carried mistake that read one which is not right and has the same expected value; with that one.

    Not among them are those that follow from it in the spec's ``own`` workbook as well, where that is the calculation.
    ``sheets`` are the names of its sheets, by those that they have in the submission.
    """
    everything = [one for of_check in judged.values() for cells in of_check.values() for one in cells]
    wrong = {result.cell: result for result, how in everything if how in _NOT_RIGHT}
    compared = {result.cell for result, _ in everything}
    sources: dict[Cell, list[Cell]] = {}  # by formula: an array formula's cells all read the same
    found: dict[Cell, Cell] = {}
    for result, how in everything:
        if how != "carried" or not wrong or result.expected is None:
            continue
        formula = book.graph.anchor(result.cell)
        if formula not in sources:
            before = book.graph.before([formula], lambda cell: cell not in compared)
            sources[formula] = [cell for cell in before if cell in wrong and cell != formula]
        like = [cell for cell in sources[formula] if wrong[cell].expected == result.expected]
        if like:
            known = set(own.graph.before([_in_own(result.cell, sheets)]))
            source = next((cell for cell in like if _in_own(cell, sheets) not in known), None)
            if source is not None:
                found[result.cell] = source
    return found


def of_missing(
    book: Workbook, own: Workbook, judged: Mapping[str, Judged], sheets: Mapping[str, str], missing: Container[Cell]
) -> dict[Cell, Cell]:
    """The cells with the formula of the ``own`` workbook that are wrong for reading one of a missing iteration; with that one.

    The iteration has cost its points already. That the formula is right cannot be shown without it.
    """
    found: dict[Cell, Cell] = {}
    for result, how in (one for of_check in judged.values() for cells in of_check.values() for one in cells):
        here, there = book.formula(result.cell), own.formula(_in_own(result.cell, sheets))
        if how == "wrong" and here is not None and there is not None and here.text == there.text:
            read = own.graph.precedents(_in_own(result.cell, sheets))
            source = next((cell for cell in read if cell in missing), None)
            if source is not None:
                found[result.cell] = source
    return found


def _in_own(cell: Cell, sheets: Mapping[str, str]) -> Cell:
    return cell._replace(sheet=sheets.get(cell.sheet, cell.sheet))
