"""Candidates with another number: for each number of a formula the one with which it agrees in every sample.

It is solved for; a number with which something is compared is the roundest one between the values on either side of it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from xlparity.diagnosis.edits import Edit
from xlparity.excel.ast import Node, Path, binary, number, walk, with_part
from xlparity.excel.columns import Floats

if TYPE_CHECKING:
    from xlparity.diagnosis.subject import Subject

SIZE = 1.9  # of the edit: a number that all samples need is likelier than a guessed one, see edits.terms
_WHOLE = 2.95  # of the edit by a whole factor: likelier than one by a quantity that happens to be constant
_STEP, _MOST_STEPS, _SAME = (
    1e-3,
    12,
    1e-9,
)  # the first step of the secant method, the most steps, and the relative error
_DIGITS = (1, 2, 3, 4, 5, 6, 8, 10, 12)  # significant digits to which a number is rounded, the fewest that agree
_MOST_NUMBERS = 8  # numbers of a formula
_NARROW = 0.25  # the largest relative distance of values on either side of a limit, for it to be known between them
_MOST_LIMITS = 3  # numbers of as few digits that are between them
_TRUE, _FALSE = Node("truth", "TRUE"), Node("truth", "FALSE")


def numbers(subject: "Subject") -> Iterator[Edit]:
    """The subject's formula with another number in one place, where one number makes it right in all samples."""
    if subject.tree is None or not subject.has_evidence:
        return
    yield from _limits(subject, subject.tree)
    if not subject.numeric:
        return
    yield from _ratio(subject, subject.tree)
    places = [(path, node) for path, node in walk(subject.tree) if node.kind == "number"]
    for path, node in places[:_MOST_NUMBERS]:
        held = float(node.word)
        found = _solved(subject, subject.tree, path, held)
        if found is None:
            continue
        rounded = _rounded(found)
        if rounded != held and rounded >= 0:  # a minus belongs to the formula
            said = f"the number {node} should be {number(rounded)}"
            yield Edit("constant", with_part(subject.tree, path, number(rounded)), said, SIZE)


def _limits(subject: "Subject", tree: Node) -> Iterator[Edit]:
    """The formula with another number in a comparison, which separates the samples in which it has to hold from the others."""
    for path, node in walk(tree):
        if node.kind != "binary" or node.word not in ("<", "<=", ">", ">=") or subject.area is not None:
            continue
        for place, other in ((1, node.parts[0]), (0, node.parts[1])):
            if node.parts[place].kind != "number":
                continue
            held = float(node.parts[place].word)
            for value in _separating(subject, tree, path, other):
                if value != held:
                    said = f"the number {node.parts[place]} should be {number(value)}"
                    yield Edit("constant", with_part(tree, (*path, place), number(value)), said, SIZE)


def _separating(subject: "Subject", tree: Node, path: Path, other: Node) -> list[float]:
    """The numbers of the fewest digits between the values of an operand where a comparison has to hold and where not."""
    holds, fails = subject.agreeing([with_part(tree, path, outcome) for outcome in (_TRUE, _FALSE)])
    values = subject.values([other])[0].ravel()
    if not (holds | fails).all() or not np.isfinite(values).all():
        return []
    one, another = values[holds & ~fails], values[fails & ~holds]
    if not one.size or not another.size:
        return []
    low, high = (one.max(), another.min()) if one.max() < another.min() else (another.max(), one.min())
    if not low < high or high - low > _NARROW * max(abs(low), abs(high)):
        return []
    for digits in _DIGITS:
        step = 10.0 ** (np.floor(np.log10(max(abs(low), abs(high)))) - digits + 1)
        found = [
            float(f"{at * step:.{digits}g}") for at in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)
        ]
        if found:
            return found if len(found) <= _MOST_LIMITS else []
    return []


def _ratio(subject: "Subject", tree: Node) -> Iterator[Edit]:
    """The formula multiplied or divided by a whole number, where that makes it right in all samples."""
    with np.errstate(all="ignore"):
        ratios = (subject.expected / subject.actual)[(subject.expected != 0) & (subject.actual != 0)]
    if len(ratios) < 2 or not np.isfinite(ratios).all():
        return
    for operator, word, middle in (("*", "factor", np.median(ratios)), ("/", "divisor", np.median(1 / ratios))):
        whole = float(np.round(middle))
        same = np.all(
            np.abs(ratios - (whole if operator == "*" else 1 / whole if whole else 0.0)) <= _SAME * np.abs(ratios)
        )
        if whole > 1 and same:
            said = f"the {word} {number(whole)} is missing"
            yield Edit("term", binary(tree, operator, number(whole)), said, _WHOLE)


def _rounded(found: float) -> float:
    """The number with the fewest digits that is as near as can be solved for."""
    shorter = (float(f"{found:.{digits - 1}e}") for digits in _DIGITS)
    return next((one for one in shorter if abs(one - found) <= _SAME * abs(found)), found)


def _solved(subject: "Subject", tree: Node, path: tuple[int, ...], held: float) -> float | None:
    """The number in this place that makes the formula right where it differs; None where it is not one in all samples."""

    def missing(value: Floats) -> Floats:
        """How far the formula is off in each sample with the number that has this value in it."""
        shown = subject.value_with(tree, path, value) - subject.expected
        return shown.reshape(subject.count, -1)[:, 0]

    before, now = np.full(subject.count, held), np.full(subject.count, held * (1 + _STEP) + _STEP * (held == 0))
    missed, left = missing(before), missing(now)
    if not (np.isfinite(missed).all() and np.isfinite(left).all()):
        return None
    with np.errstate(all="ignore"):
        for _ in range(_MOST_STEPS):
            step = left * (now - before) / (left - missed)
            moved = np.isfinite(step)
            if not moved.any():
                return None
            before, missed, now = now, left, np.where(moved, now - step, now)
            left = missing(now)
            if not np.isfinite(left).all():
                return None
            if np.all(np.abs(now - before)[moved] <= 1e-3 * _SAME * np.abs(now[moved])):
                break
        # Where the number makes no difference in a sample, that says nothing.
        telling = now[np.abs(now - held) > _SAME * abs(held)]
    if len(telling) < 2:
        return None
    middle = float(np.median(telling))
    return middle if np.all(np.abs(telling - middle) <= _SAME * abs(middle)) else None
