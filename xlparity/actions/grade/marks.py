"""What is unusual in a submission, as short keys: its mistakes, its own formulas, and inputs that it does not share."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from xlparity.actions.grade.advice import Judgements
from xlparity.actions.grade.judge import Wanted
from xlparity.diagnosis.relative import relative_text_of
from xlparity.excel.address import Cell
from xlparity.excel.values import Value
from xlparity.excel.workbook import Formula, Workbook, formulas_of
from xlparity.results.grades import LOST, Mistake, QuantityGrade
from xlparity.results.report import Report
from xlparity.results.rules import CAUSES, NOT_ASSESSED
from xlparity.spec import Check


def key_of(*parts: object) -> str:
    """A short digest, the same for the same parts in every process."""
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def digest_of(book: Workbook) -> str:
    """The digest of all formulas of a workbook, each with its cell."""
    return key_of(*sorted(f"{cell}{formula.text}" for cell, formula in formulas_of(book)))


def mistakes_of(
    report: Report, book: Workbook, quantities: Mapping[tuple[str, str], QuantityGrade]
) -> tuple[Mistake, ...]:
    """Each root cause of a quantity that lost points; the same formula, or the same typed number, has the same key.

    An empty cell is a mistake that has no key: what is not there is nobody's.
    """
    found: dict[Mistake, None] = {}
    for check in report.checks:
        for finding in check.findings:
            grade = quantities.get((check.name, finding.variable))
            if grade is None or grade.judged not in LOST or finding.code not in CAUSES - NOT_ASSESSED | {"XP302"}:
                continue
            cell = finding.cells[0]
            held = book.cells.get(book.members.get(cell, cell))
            key = "" if held is None else key_of(finding.code, _relative(book, cell), len(finding.cells))
            found[Mistake(grade.name, finding.code, key)] = None
    return tuple(found)


def unusual(
    book: Workbook,
    own: Workbook,
    judgements: Judgements,
    wanted: Sequence[Wanted],
    checks: Iterable[Check],
    sheets: Mapping[str, str],
) -> tuple[str, ...]:
    """By quantity the relative formulas of its right cells, and by input its values, where the spec's workbook has others.

    ``sheets`` are the names that the sheets of the spec's workbook have here, where these are others.
    """
    found: list[str] = []
    names = {here: there for there, here in sheets.items()}
    for one in wanted:
        cells = [
            result.cell for result, how in judgements.get(one.check, {}).get(one.output.name, ()) if how == "right"
        ]
        forms = sorted({_relative(book, cell) for cell in cells})
        there = {_relative(own, cell._replace(sheet=names.get(cell.sheet, cell.sheet))) for cell in cells}
        if cells and set(forms) != there:
            found.append(f"formulas of {one.name} {key_of(*forms)}")
    for check in checks:
        for given in check.inputs:
            values = [_typed(book, cell) for cell in given.cells()]
            theirs = [_typed(own, cell._replace(sheet=names.get(cell.sheet, cell.sheet))) for cell in given.cells()]
            if values != theirs:
                found.append(f"values of {given.name} {key_of(given.name, *values)}")
    return tuple(dict.fromkeys(found))


def _typed(book: Workbook, cell: Cell) -> Value | Formula | None:
    return book.cells.get(cell)


def _relative(book: Workbook, cell: Cell) -> str:
    """The formula relative to its cell, without its sheet; of a constant, what it is."""
    anchor = book.members.get(cell, cell)
    formula = book.formula(anchor)
    if formula is None:
        return str(book.cells.get(cell))
    return (
        relative_text_of(anchor, formula).partition("!")[2]
        if "!" not in anchor.sheet
        else relative_text_of(anchor, formula)
    )
