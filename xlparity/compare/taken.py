"""Formulas that are inputs: each is cut, and the value that the file stores is used in its place."""

from collections.abc import Sequence

from xlparity.engines.common.files import stored_values
from xlparity.excel.address import Cell
from xlparity.excel.values import MISSING, Value
from xlparity.excel.volatile import changes_by_itself
from xlparity.excel.workbook import Workbook, read_again
from xlparity.spec.check import Check


def with_taken(book: Workbook, checks: Sequence[Check]) -> Workbook:
    """The workbook with constants in place of the formulas that the checks take as inputs.

    These are those of inputs with ``cut = true``, and of any input those that depend on chance or on the clock. Raises
    SpecError where such a formula is an output too, or where the file stores no value for it.
    """
    outputs = {binding.cell: binding.output.name for check in checks for binding in check.cells.bindings}
    cut: dict[Cell, tuple[Check, str]] = {}  # of an array formula, every cell that it fills
    for check in checks:
        for given in check.inputs:
            for cell in (cell for places in given.places(check.cells.offsets) for cell in places):
                if book.formula(cell) is None or cell in cut or not (given.cut or changes_by_itself(book, cell)):
                    continue
                for filled in book.filled(book.members.get(cell, cell)).cells():
                    if filled in outputs:
                        said = f"cuts the formula of {filled}, which output '{outputs[filled]}' compares"
                        raise check.spec.error(given.name, f"input '{given.name}' {said}", check.name, "inputs")
                    cut[filled] = check, given.name
    if not cut:
        return book
    named = {cell for check in checks for cell in check.named}
    for cell, (check, name) in cut.items():
        if cell not in named:
            area = book.filled(book.members.get(cell, cell))
            said = f"input '{name}' cuts the array formula of {area}, of which {cell} is no input; name all of it"
            raise check.spec.error(name, said, check.name, "inputs")
    stored = stored_values(read_again(book), book)
    contents: dict[Cell, Value] = {}
    for cell, (check, name) in cut.items():
        value = stored.get(cell, MISSING)
        if value is MISSING:
            said = f"input '{name}' takes what is stored for the formula of {cell}, and nothing is"
            raise check.spec.error(name, f"{said}; save the workbook in Excel", check.name, "inputs")
        contents[cell] = value
    return book.taking(contents)
