"""Known differences: which of the compared cells are accepted as they are, and why."""

from collections.abc import Iterable, Sequence

from xlparity.errors import SpecError
from xlparity.excel.address import Cell
from xlparity.excel.workbook import Workbook
from xlparity.spec.binding import CellMap
from xlparity.spec.plan import Acceptance, CheckPlan, Spec
from xlparity.spec.words import look_up, numbered, numbered_sheets, on_sheet, sheet_of


def accepted_cells(spec: Spec, workbook: Workbook, maps: Sequence[CellMap]) -> list[dict[Cell, str]]:
    """For each check, the cells that are accepted, with the reason.

    Raises SpecError where an accepted cell is not compared, or is accepted twice. What stands at the top of a file
    of several checks may speak to one of them only.
    """
    owners = [
        {binding.cell: output.name for output, _, bound in cells.blocks for binding in bound} if check.accepted else {}
        for check, cells in zip(spec.checks, maps, strict=True)
    ]
    for check, owner in zip(spec.checks, owners, strict=True):
        for acceptance in check.accepted:
            if not acceptance.shared:
                for cell in _cells(spec, acceptance, workbook):
                    if cell not in owner:
                        raise spec.error_at(acceptance.line, _unbound(cell, owner))
    shared = [[a for a in check.accepted if a.shared] for check in spec.checks]
    for copies in zip(*shared, strict=True):  # the same entry, as each check's own sheet makes one read it
        for places in zip(*(_cells(spec, copy, workbook) for copy in copies), strict=False):
            if not any(cell in owner for cell, owner in zip(places, owners, strict=True)):
                raise spec.error_at(copies[0].line, _unbound(places[0], owners[0]))
    return [_accepted(spec, check, workbook, owner) for check, owner in zip(spec.checks, owners, strict=True)]


def _accepted(spec: Spec, check: CheckPlan, workbook: Workbook, owner: dict[Cell, str]) -> dict[Cell, str]:
    accepted: dict[Cell, Acceptance] = {}
    for acceptance in check.accepted:
        for cell in _cells(spec, acceptance, workbook):
            if cell in accepted:
                first = accepted[cell].line
                text = f"{cell} is accepted twice{f', first in line {first}' if first else ''}; name it once"
                raise spec.error_at(acceptance.line, text)
            if cell in owner:
                accepted[cell] = acceptance
    return {cell: acceptance.reason for cell, acceptance in accepted.items()}


def _cells(spec: Spec, acceptance: Acceptance, workbook: Workbook) -> Iterable[Cell]:
    for address in acceptance.cells:
        try:
            of = sheet_of(address)
            sheets = numbered_sheets(workbook, of) if numbered(of) else ()
            areas = [look_up(one, workbook) for one in ([on_sheet(address, sheet) for sheet in sheets] or [address])]
        except ValueError as error:
            raise _wrong(spec, acceptance, error) from error
        for area in areas:
            yield from area.cells()


def _wrong(spec: Spec, acceptance: Acceptance, error: ValueError) -> SpecError:
    return spec.error_at(acceptance.line, f"'cells' of accept: {error}")


def _unbound(cell: Cell, owner: dict[Cell, str]) -> str:
    def distance(other: Cell) -> tuple[bool, int]:
        return other.sheet != cell.sheet, abs(other.row - cell.row) + abs(other.column - cell.column)

    near = min(owner, key=distance, default=None)
    hint = "" if near is None else f"; the nearest that is compared is {near}, of '{owner[near]}'"
    return f"the accepted cell {cell} is compared in no output, so there is nothing to accept{hint}"
