"""The formulas of a cell's twins: the cells with the same address on sheets that are built alike, such as one a year."""

from collections.abc import Iterator

from xlparity.diagnosis.edits import Edit
from xlparity.diagnosis.subject import Subject, parsed
from xlparity.excel.ast import plain

_SIZE = 2.0  # less than that of an inserted operand: another sheet has the formula already


def twins(subject: Subject) -> Iterator[Edit]:
    """The formula of each cell with the subject's address on another sheet; as it is, it refers to the subject's own sheet."""
    book = subject.site.quantity_map.workbook
    known = {plain(subject.tree)} if subject.tree is not None else set()
    for sheet in book.sheets:
        twin = subject.cell._replace(sheet=sheet)
        formula = book.formula(twin)
        if sheet == subject.cell.sheet or formula is None or formula.area != _moved(subject, sheet):
            continue
        tree = parsed(formula.text)
        if tree is not None and plain(tree) not in known:
            known.add(plain(tree))
            yield Edit("siblings", tree, "", _SIZE, twin)


def _moved(subject: Subject, sheet: str) -> object:
    return subject.area._replace(sheet=sheet) if subject.area is not None else None
