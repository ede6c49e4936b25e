"""What a student is told: one piece of advice for each mistake that cost points, or that a person has to look at."""

from collections.abc import Iterator, Mapping, Sequence

from xlparity.actions.grade.judge import CellJudged
from xlparity.excel.address import Cell
from xlparity.excel.values import Missing, Unsupported, Value, brief
from xlparity.reporters.typed import typed
from xlparity.results.grades import LOST, Advice, QuantityGrade
from xlparity.results.report import CellResult, CheckResult, Finding, Report
from xlparity.results.rules import CAUSES, NOT_ASSESSED, OF_INPUTS, UNEXPLAINED

Judgements = Mapping[str, Mapping[str, Sequence[tuple[CellResult, CellJudged]]]]
"""The judged cells of each quantity, by check and by the quantity's name there."""

_TOLD = CAUSES | NOT_ASSESSED | {UNEXPLAINED}
_PLAIN = {"typed": "XP201", "empty": "XP205", "circular": "XP302", "review": UNEXPLAINED}


def advice_of(
    report: Report, judgements: Judgements, quantities: Mapping[tuple[str, str], QuantityGrade]
) -> list[Advice]:
    """The advice about each finding on a quantity that lost points or is open, and about each wrong input, in their order.

    ``quantities`` are the grades by check and the quantity's name there.
    """
    found: list[Advice] = []
    for check in typed(report).checks:
        results = {result.cell: result for result in check.results}
        told: set[str] = set()
        for finding in check.findings:
            grade = quantities.get((check.name, finding.variable))
            if finding.code in OF_INPUTS:
                found.append(_advice("", finding, results))
            elif grade is not None and finding.code in _TOLD and (grade.judged in LOST or grade.open):
                review = grade.judged == "review"
                found.append(_advice(grade.name, finding, results, review=review))
                told.add(finding.variable)
        found += _others(check, judgements.get(check.name, {}), quantities, told)
    return list(dict.fromkeys(found))  # checks that share an input find the same about it


def _advice(name: str, finding: Finding, results: Mapping[Cell, CellResult], *, review: bool = False) -> Advice:
    first = results.get(finding.cells[0]) if finding.cells else None
    return Advice(
        name,
        finding.code,
        finding.cause_sentence,
        str(finding.cells[0]) if finding.cells else "",
        finding.formula if first is None or first.formula is not None else shown(first.actual),
        finding.suggestion,
        None if first is None else shown(first.expected),
        None if first is None else shown(first.actual),
        finding.affects,
        review,
    )


def _others(
    check: CheckResult,
    cells: Mapping[str, Sequence[tuple[CellResult, CellJudged]]],
    quantities: Mapping[tuple[str, str], QuantityGrade],
    told: set[str],
) -> Iterator[Advice]:
    """Advice about quantities that are not right and have no finding of their own."""
    for name, judged in cells.items():
        grade = quantities.get((check.name, name))
        if grade is None or name in told or not (grade.judged in LOST or grade.open):
            continue
        first = next(((result, how) for result, how in judged if how not in ("right", "carried")), None)
        if first is not None:
            result, how = first
            code = _PLAIN.get(how, "XP100")
            yield Advice(
                grade.name, code, f"{grade.note[:1].upper()}{grade.note[1:]}.", str(result.cell), result.formula, None,
                shown(result.expected), shown(result.actual), 0, grade.judged == "review",
            )  # fmt: skip


def shown(value: Value | None) -> str | None:
    """The value as a student reads it: a number with nine digits; None for none that a cell has."""
    if value is None or isinstance(value, Missing | Unsupported):
        return None
    return brief(value)
