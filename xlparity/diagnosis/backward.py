"""What the expressions of a formula, and its helpers, would have to be for the formula to be right.

Most operations can be inverted: where the other operand is known, the expected value of the whole says what the part has to be.
Where it does not decide that, as in the branch of an IF that a sample does not take, the part is nan.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xlparity.diagnosis.edits import Site
from xlparity.excel.address import Cell, Range
from xlparity.excel.ast import Node, Path, parse, walk
from xlparity.excel.columns import Floats
from xlparity.excel.prefixes import without_prefix

if TYPE_CHECKING:
    from xlparity.diagnosis.subject import Subject

_ROUNDING = 1e-13  # relative rounding error of an expected value, some hundred units in the last place
_SOLVED = 1e-11  # the same where it is solved for; see helpers.HelperSearch
_EPSILON = 2.0**-52
_DEEPEST = 4  # helpers of helpers


def _quantile(shares: Floats) -> Floats:
    from scipy.special import ndtri  # noqa: PLC0415  (takes longer to import than most checks)

    return np.asarray(ndtri(shares))


_INVERSES_OF_ONE: Mapping[str, Callable[[Floats], Floats]] = {
    "EXP": np.log, "LN": np.exp, "SQRT": np.square, "LOG10": lambda x: 10.0**x, "TANH": np.arctanh, "NORMSDIST": _quantile,
    "SIN": np.arcsin, "ATAN": np.tan, "SINH": np.arcsinh, "NORM.S.DIST": _quantile, "IFERROR": lambda x: x, "IFNA": lambda x: x,
}  # fmt: skip
"""What the first argument of a function is, as a function of the result."""
_ROUNDED = {"ROUND": 0.5, "ROUNDUP": 1.0, "ROUNDDOWN": 1.0}
"""How far the first argument may be from the result, in units of its last decimal."""
_INVERSES: Mapping[str, Callable[[Floats, int, Sequence[Floats]], Floats]] = {
    "group of one": lambda x, i, others: x, "+ of one": lambda x, i, others: x, "- of one": lambda x, i, others: -x,
    "% of one": lambda x, i, others: 100 * x,
    "+": lambda x, i, others: x - others[0], "-": lambda x, i, others: others[0] - x if i else x + others[0],
    "*": lambda x, i, others: x / others[0], "/": lambda x, i, others: others[0] / x if i else x * others[0],
    "^": lambda x, i, others: np.log(x) / np.log(others[0]) if i else x ** (1 / others[0]),
    "POWER": lambda x, i, others: np.log(x) / np.log(others[0]) if i else x ** (1 / others[0]),
    "IF": lambda x, i, others: np.where((others[0] != 0) == (i == 1), x, np.nan) if i else np.full(x.shape, np.nan),
    **dict.fromkeys(_ROUNDED, lambda x, i, others: np.full(x.shape, np.nan) if i else x),
    "SUM": lambda x, i, others: x - sum(others), "PRODUCT": lambda x, i, others: x / math.prod(others),
    "MAX": lambda x, i, others: np.where(x > np.max(others, axis=0, initial=-np.inf), x, np.nan),
    "MIN": lambda x, i, others: np.where(x < np.min(others, axis=0, initial=np.inf), x, np.nan),
}  # fmt: skip
"""What the i-th operand is, as a function of the result and the other operands; nan where that does not decide it."""
_AGGREGATES = frozenset(("SUM", "PRODUCT", "MAX", "MIN"))  # which in an array formula make one number of many


@dataclass(frozen=True, slots=True)
class Goal:
    """A formula, that of a subject or of a helper on which it depends, and the values that it has to have.

    ``expected`` and its rounding ``errors`` are (samples, rows, columns), nan where any value will do.
    """

    subject: "Subject"
    cell: Cell
    area: Range | None
    tree: Node | None
    site: Site
    expected: Floats
    errors: Floats

    @classmethod
    def of(cls, subject: "Subject") -> "Goal":
        """The subject's formula."""
        # What the readers of a helper need is found by iteration.
        errors = (_ROUNDING if subject.root.wanted is None else _SOLVED) * np.abs(subject.expected)
        return cls(subject, subject.cell, subject.area, subject.tree, subject.site, subject.expected, errors)

    def values(self, trees: Sequence[Node]) -> list[Floats]:
        """What expressions give in the cell on forced values, (samples, rows, columns) each; nan where that is no number."""
        found = self.subject.values(trees, None if self.cell == self.subject.cell else self.cell)
        return [np.broadcast_to(each, self.expected.shape) for each in found]


@dataclass(frozen=True, slots=True)
class Place:
    """An expression of a formula, the one ``above`` it, its values, and what these would have to be, within ``errors``."""

    path: Path
    node: Node
    above: Node | None
    actual: Floats
    target: Floats
    errors: Floats


def places(goal: Goal) -> Iterator[Place]:
    """The expressions of the formula of which it is known what they have to be, the whole formula first."""
    tree = goal.tree
    if tree is None:
        return
    nodes = list(dict.fromkeys(node for _, node in walk(tree) if _has_value(goal, node)))
    values = dict(zip(nodes, goal.values(nodes), strict=True))
    if tree in values:
        with np.errstate(all="ignore"):
            yield from _below(goal, Place((), tree, None, values[tree], goal.expected, goal.errors), values)


def _has_value(goal: Goal, node: Node) -> bool:
    """Whether the expression has a value of its own; in a plain cell only functions take a range as a whole."""
    area = goal.site.area(node)
    whole = goal.area is None and area is not None and area.size > 1
    return node.kind not in ("text", "omitted", "row", "array", "error") and not whole


def _below(goal: Goal, place: Place, known: Mapping[Node, Floats]) -> Iterator[Place]:
    yield place
    node = place.node
    if node.kind not in ("group", "unary", "percent", "binary", "call") or goal.subject.deadline.passed:
        return
    parts = [known.get(part) for part in node.parts]
    for index, (part, values) in enumerate(zip(node.parts, parts, strict=True)):
        inverse = None if values is None else _inverse(node, index, parts, array=goal.area is not None)
        if values is None or inverse is None:
            continue
        target = inverse(place.target)
        errors = sum((np.abs(inverse(place.target + e) - target) for e in (place.errors, -place.errors)), 0 * target)
        if node.word in ("+", "-", "SUM"):  # the rounding error of the largest term
            errors = errors + _EPSILON * np.maximum(np.abs(place.actual), np.abs(place.actual - values))
        if node.word in _ROUNDED:
            errors = errors + _ROUNDED[node.word] * 10.0 ** -np.asarray(parts[1])
        yield from _below(goal, Place((*place.path, index), part, node, values, target, errors), known)


def _inverse(
    node: Node, index: int, parts: Sequence[Floats | None], *, array: bool
) -> Callable[[Floats], Floats] | None:
    """What the part has to be as a function of what the node has to be; None where that is not known."""
    name = without_prefix(node.word) if node.kind == "call" else node.word or node.kind
    of_one = _INVERSES_OF_ONE.get(name)
    if of_one is not None:
        return of_one if index == 0 else None
    others = [part for number, part in enumerate(parts) if number != index and part is not None]
    inverse = _INVERSES.get(name if len(parts) > 1 or node.kind == "call" else f"{name} of one")
    if inverse is None or len(others) < len(parts) - 1 or (array and name in _AGGREGATES):
        return None
    return lambda goal: inverse(goal, index, others)


def helpers(goal: Goal, depth: int = _DEEPEST) -> Iterator[Goal]:
    """The formulas of unbound cells that the formula reads in one place, and what these have to be; helpers of theirs too."""
    quantity_map = goal.site.quantity_map
    book = quantity_map.workbook
    if depth == 0 or goal.tree is None:
        return
    read = [area for _, node in walk(goal.tree) if (area := goal.site.area(node)) is not None]
    for place in places(goal) if goal.area is None else ():
        area = goal.site.area(place.node)
        if area is None or area.size > 1 or area.first in quantity_map.positions or area.first in book.members:
            continue
        formula = book.formula(area.first)
        if formula is None or formula.area is not None or sum(other.intersects(area) for other in read) > 1:
            continue
        try:
            tree = parse(formula.text)
        except ValueError:
            continue
        site = Site(quantity_map, area.first, goal.site.block)
        found = Goal(goal.subject, area.first, None, tree, site, place.target, place.errors)
        yield found
        yield from helpers(found, depth - 1)
