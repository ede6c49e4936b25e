"""The points of each quantity of a check, from the results of its cells."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal

from xlparity.excel.address import Cell, in_words
from xlparity.excel.values import Unsupported
from xlparity.results.grades import Judged, Passed, QuantityGrade
from xlparity.results.report import UNKNOWN, CellResult, CheckResult
from xlparity.spec.binding import Output
from xlparity.spec.plan import Grading, Spec

CellJudged = Literal["right", "carried", "wrong", "typed", "empty", "circular", "review"]
"""How a cell was judged; the same words as for a quantity, see ``results.grades.Judged``."""

_EARNS: Mapping[CellJudged, Fraction] = {
    "right": Fraction(1), "carried": Fraction(1), "wrong": Fraction(0), "typed": Fraction(0), "empty": Fraction(0),
}  # fmt: skip
_WORDS: Mapping[str, str] = {
    "wrong": "wrong in", "typed": "typed numbers in", "empty": "empty in", "circular": "closes a circle in",
    "review": "to be looked at by a person:",
}  # fmt: skip
_ORDER: Sequence[CellJudged] = ("typed", "empty", "wrong", "circular", "review")
"""Of several, what a note says first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A quantity as the spec's own workbook has it: its name in grades, its points, and how many cells in how many blocks."""

    check: str
    name: str
    output: Output[Any]
    of: Fraction
    cells: int
    blocks: int


def exact(number: float) -> Fraction:
    """The number as it is written, 0.1 as a tenth."""
    return Fraction(repr(number))


def wanted_of(plan: Spec, bound: Mapping[str, tuple[int, Mapping[str, int]]]) -> list[Wanted]:
    """What a grade is made of, in the spec's order; ``bound`` has, by check, the blocks, and the cells of each quantity.

    A quantity that is skipped, and one whose cells are all inputs, is none of it.
    """
    found = []
    for check in plan.checks:
        blocks, cells = bound[check.name]
        weight = exact(plan.grading.weights.get(check.name, 1.0))
        for output in check.outputs:
            if output.skip is None and cells.get(output.name):
                name = f"{check.name}.{output.name}" if len(plan.checks) > 1 else output.name
                of = exact(output.points) * weight
                found.append(Wanted(check.name, name, output, of, cells[output.name], blocks))
    return found


def judge_cells(check: CheckResult) -> Mapping[str, Sequence[tuple[CellResult, CellJudged]]]:
    """The cells of each quantity with their judgements; those that the spec accepts or skips are left out.

    Where no scenario shows that formulas follow the inputs, a cell that matches has not been shown to be right.
    """
    proved, unsure = check.proved, {result.cell for result in check.not_always_computed}
    found: dict[str, list[tuple[CellResult, CellJudged]]] = {name: [] for name in check.variables}
    for result in check.results:
        if result.status not in ("accepted", "skipped"):
            right = result.cell not in proved and result.cell not in unsure
            found[result.variable].append((result, _judged(check, result, right=right)))
    return found


def _judged(check: CheckResult, result: CellResult, *, right: bool) -> CellJudged:
    origin = check.origins.get(result.cell)
    if result.status == "hardcoded":
        return "typed"
    if result.formula is None and result.status in UNKNOWN:
        return "empty" if result.status == "missing" else "review"
    if origin == "own":
        return "wrong"
    if result.status == "match" and right:
        return "right" if check.conclusive else "review"
    if origin == "circular":
        return "circular"
    if origin == "carried" and check.conclusive:
        return "carried"
    return "review"


def judge(
    wanted: Wanted,
    check: CheckResult,
    cells: Sequence[tuple[CellResult, CellJudged]],
    grading: Grading,
    links: Mapping[Cell, Cell],
) -> QuantityGrade:
    """The quantity's points: all or none, or the share of its cells that earn them.

    ``links`` are the cells that take their value from another one, which is not right. Cells of more iterations than the
    spec's workbook has do not count; those of iterations that are not there earn nothing.
    """
    if wanted.output.every_block:
        cells = [(result, judged) for result, judged in cells if result.iteration <= wanted.blocks]
    missing = wanted.cells - len(cells) if wanted.output.every_block and check.blocks < wanted.blocks else 0
    earned = [_earned(judged, grading) for _, judged in cells] + [Fraction(0)] * missing
    right = sum(judged in ("right", "carried") for _, judged in cells)
    if not earned:  # all of its cells are accepted as they are, and nothing was recomputed
        note = f"{_WORDS['review']} the spec accepts all of its cells as they are"
        return QuantityGrade(wanted.name, float(wanted.of), 0.0, "review", 0, 0, float(wanted.of), note)
    sure: list[Fraction] = [share for share in earned if share is not None]
    if wanted.output.partial:
        points = wanted.of * sum(sure) / len(earned)
        left = wanted.of * (len(earned) - len(sure)) / len(earned)
    else:
        least = min(sure, default=Fraction(1))
        is_open = len(sure) < len(earned) and least > 0
        points, left = (Fraction(0), wanted.of * least) if is_open else (wanted.of * least, Fraction(0))
    judged = _judged_as(cells, missing, right, partial=wanted.output.partial)
    note = _note(cells, missing, check, wanted, links)
    return QuantityGrade(wanted.name, float(wanted.of), float(points), judged, right, len(earned), float(left), note)


def _earned(judged: CellJudged, grading: Grading) -> Fraction | None:
    """The share of its points that a cell earns; None where a person decides."""
    share = {"circular": grading.circular, "review": grading.unreadable}.get(judged, 0.0)
    return _EARNS[judged] if judged in _EARNS else None if share is None else exact(share)


def _judged_as(cells: Sequence[tuple[CellResult, CellJudged]], missing: int, right: int, *, partial: bool) -> Judged:
    kinds = {judged for _, judged in cells}
    lost = next((kind for kind in _ORDER if kind in kinds), None)
    if lost is None and missing:
        return "partly" if partial and right else "missing"
    if lost is None:
        return "carried" if "carried" in kinds else "right"
    only_open = kinds <= {"right", "carried", "review"} and not missing
    return "review" if only_open else "partly" if partial and right else lost


def _note(
    cells: Sequence[tuple[CellResult, CellJudged]],
    missing: int,
    check: CheckResult,
    wanted: Wanted,
    links: Mapping[Cell, Cell],
) -> str:
    parts = []
    for kind in _ORDER:
        if found := [result for result, judged in cells if judged == kind]:
            where = place(found, check.blocks)
            parts.append(f"{_WORDS[kind]} {_why(check, found[0], where, links) if kind == 'review' else where}")
    if missing:
        parts.append(missing_blocks(check.blocks, wanted.blocks))
    return "; ".join(parts)


def _why(check: CheckResult, result: CellResult, where: str, links: Mapping[Cell, Cell]) -> str:
    """Where cells are that a person has to look at, and why; where that is why for all of the check, it is said alone."""
    if result.cell in links:
        return f"{where}, which takes the value from {links[result.cell]}"
    if isinstance(result.actual, Unsupported):
        return f"{where}, which cannot be assessed: {result.actual.reason}"
    if not check.conclusive:
        return "no other inputs could be compared"
    if result.status != "match":
        return f"{where}, of which it is not known why it differs"
    return f"{where}, which is not certain on other inputs"


def missing_blocks(there: int, wanted: int) -> str:
    """``iterations 15 to 22 are missing``."""
    return (
        f"iteration {wanted} is missing" if there == wanted - 1 else f"iterations {there + 1} to {wanted} are missing"
    )


def place(results: Sequence[CellResult], blocks: int) -> str:
    """The cells in words; of several iterations those of the first, and from which iteration on."""
    first = results[0].iteration
    numbers = sorted({result.iteration for result in results})
    where = in_words(result.cell for result in results if result.iteration == first)
    if blocks < 2:
        return where
    if len(numbers) == blocks:
        return f"{where} and in every other iteration"
    if len(numbers) == 1:
        return f"{where} in iteration {first}"
    if numbers == list(range(first, blocks + 1)):
        return f"{where} from iteration {first} on"
    return f"{where} and in {len(numbers) - 1} of the later iterations"


def without_check(wanted: Wanted, reason: str, *, handed_in: bool) -> QuantityGrade:
    """The quantity of a check that could not be compared: nothing where it was not handed in, else for a person."""
    of = float(wanted.of)
    if not handed_in:
        return QuantityGrade(wanted.name, of, 0.0, "missing", 0, wanted.cells, 0.0, reason)
    return QuantityGrade(wanted.name, of, 0.0, "review", 0, wanted.cells, of, f"{_WORDS['review']} {reason}")


def for_a_person(quantity: QuantityGrade, reason: str) -> QuantityGrade:
    """The quantity with the points that it has lost open, for the reason; as it is where it has all."""
    if quantity.points + quantity.open >= quantity.of:
        return quantity
    return replace(quantity, judged="review", open=quantity.of - quantity.points, note=f"{_WORDS['review']} {reason}")


@dataclass(frozen=True, slots=True)
class Total:
    """The total of a grade: rounded points of so many, the percentage, and whether that passes."""

    points: float
    of: float
    percent: float
    passed: Passed
    open: float


def total(quantities: Sequence[QuantityGrade], grading: Grading) -> Total:
    """The sum of the points, rounded to the spec's multiple, a half upwards, and what follows from it."""
    of = sum((exact(one.of) for one in quantities), Fraction(0))
    sure = rounded(sum((Fraction(one.points) for one in quantities), Fraction(0)), grading)
    left = sum((Fraction(one.open) for one in quantities), Fraction(0))
    most = rounded(sum((Fraction(one.points) for one in quantities), left), grading)
    needed = exact(grading.passing) * of
    passed: Passed = "yes" if 100 * sure >= needed else "open" if 100 * most >= needed else "no"
    percent = float(100 * sure / of) if of else 100.0
    return Total(float(sure), float(of), percent, passed, float(left))


def rounded(points: Fraction, grading: Grading) -> Fraction:
    """The points as a multiple of the spec's, a half upwards."""
    multiple = exact(grading.multiple)
    nearly = Fraction(round(points / multiple * 2**30), 2**30)  # a third of a point is no exact double
    return math.floor(nearly + Fraction(1, 2)) * multiple
