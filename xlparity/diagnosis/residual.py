"""What a wrong formula lacks, found in its data: the difference, or the ratio, of the expected and the actual values.

On forced values every sample says what an expression of the formula would have to be, since most operations can be inverted.
Where the difference or the ratio is, in all samples and to rounding, a product or a quotient of few cells with a plain number
before it, this is the term or the factor that is missing, and where the expression itself should be one, it replaces it.
Nothing is estimated: of two columns with free coefficients some pair fits any noise, of plain numbers none does.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlparity.diagnosis.backward import Goal, Place, places
from xlparity.diagnosis.edits import Edit
from xlparity.excel.address import Cell, Range
from xlparity.excel.ast import Node, binary, call, number, plain, walk, with_part
from xlparity.excel.columns import Floats, floats_of

if TYPE_CHECKING:
    from xlparity.diagnosis.subject import Subject

_SIZE = 2.5  # that of an inserted operand, as in edits.terms
_MOST = 40  # edits that are proposed
_MOST_COLUMNS = 96  # quantities that are fitted, the nearest first; their pairs grow with the square
_MOST_DEEP = 14  # of them, those of which products of four are fitted
_MOST_ADDENDS = 24  # of them, those that are fitted two at a time, each with a coefficient of its own
_MOST_MULTIPLIED = 10  # of them, those of which products are fitted two at a time
_MOST_DERIVED = 16  # of them, those of which 1-x and 1+x are fitted as factors
_MOST_ENTRIES = 4_096  # expected numbers on which a formula is fitted: samples, times the cells of an array formula
_MOST_MATCHES = 60  # products that agree in the pivots and are compared everywhere
_NEAR = 25  # rows and columns around the cell in which cells of no quantity are fitted
_FEWEST = 4  # distinct informative values, before an exact fit of one product is evidence
_PIVOTS = 8  # values in which thousands of products are compared first
_EXACT = 1e-10  # relative difference up to which a fitted value agrees; a default tolerance is 1e-9
_CLEAR = 1e4  # a difference so many times its rounding error is informative
_UNITS = (2, 12, 100, *(10**k for k in range(3, 13)))  # numbers that a person types rather than a cell
_PLAIN = (1, *_UNITS, *range(3, 12), 24, 30, 52, 60, 90, 180, 360, 365)
_HALF, _LEFT = 1e-6, 1e-9  # what normal equations leave of the digits: of a coefficient, and of a square
_SIMPLE = 0.1  # the size of a coefficient of a sum of two
_SHORT = 1e-6  # the largest relative error of a value, for it to be evidence of such a number
_DIGITS = 3  # significant digits of another number that may be typed, such as 0.85
_BRACKETS = 0.3  # the size of parentheses for a term in a product
_MOST_PARTS = 3  # references of an expression that is replaced by another one


def residual(subject: "Subject") -> Iterator[Edit]:
    """The formulas that the data suggest for the subject, the smallest first; none where the data are no evidence.

    Each is exact on all samples in which the expression decides the value, and has to be confirmed and proved as any edit.
    """
    if subject.has_evidence:
        yield from fitted(Goal.of(subject))


def fitted(goal: Goal) -> Iterator[Edit]:
    """The same for a formula that has to have these values."""
    found: dict[Node, Edit] = {}
    with np.errstate(all="ignore"):
        for edit in _Search(goal).edits():
            known = found.setdefault(plain(edit.tree), edit)
            if edit.size < known.size:
                found[plain(edit.tree)] = edit
    yield from sorted(found.values(), key=lambda edit: edit.size)[:_MOST]


class _Column(NamedTuple):
    """A quantity: as the formula would refer to it, its name, its values, and what it adds to the size of an edit.

    ``fixed`` says that it is one input outside of the blocks, which comes first in a product.
    """

    node: Node
    name: Node
    values: Floats
    far: float
    fixed: bool = False


class _Fit(NamedTuple):
    """A number, or a quotient of products, which a target is: ``negative`` where it is its opposite."""

    up: tuple[_Column, ...]
    down: tuple[_Column, ...]
    negative: bool
    size: float

    @property
    def node(self) -> Node:
        """The expression without its sign."""
        return _quotient([column.node for column in self._ordered], [column.node for column in self.down])

    @property
    def signed(self) -> Node:
        """The expression with its sign."""
        return _negative(self.node) if self.negative else self.node

    @property
    def name(self) -> Node:
        """The same with the names of the quantities."""
        return _quotient([column.name for column in self._ordered], [column.name for column in self.down])

    @property
    def _ordered(self) -> list[_Column]:
        return sorted(self.up, key=lambda column: not column.fixed)


def _negative(node: Node) -> Node:
    """The expression with a minus before it, which may stand before the first factor."""
    if node.kind == "binary" and node.word in ("*", "/"):
        return binary(_negative(node.parts[0]), node.word, node.parts[1])
    return Node("unary", "-", (node,))


def _quotient(up: Sequence[Node], down: Sequence[Node]) -> Node:
    up = up or [number(1)]
    if len(up) == 2 and up[0] == up[1]:
        up = [binary(up[0], "^", number(2))]
    found = up[0]
    for node in up[1:]:
        found = binary(found, "*", node)
    for node in down:
        found = binary(found, "/", node)
    return found


class _Target:
    """Values that a fit has to have, nan where any will do, and their rounding errors."""

    def __init__(self, values: Floats, errors: Floats) -> None:
        self.values, self.errors = values, errors
        self.known = np.isfinite(values) & np.isfinite(errors)
        clear = self.known & (np.abs(values) > _CLEAR * errors)
        self.informative = np.flatnonzero(clear)
        self.distinct = _distinct(values[self.informative])

    @cached_property
    def pivots(self) -> NDArray[np.intp]:
        """Some of the informative values, the most accurate ones, and far from one another."""
        at = self.informative
        accuracy = self.errors[at] / np.abs(self.values[at])
        best = at[accuracy <= np.median(accuracy)]
        best = best[np.argsort(self.values[best], kind="stable")]
        return best[np.unique(np.linspace(0, len(best) - 1, _PIVOTS).round().astype(np.intp))]

    @cached_property
    def allowed(self) -> float:
        """The largest relative difference of the pivots."""
        return float(8 * np.max(self.errors[self.pivots] / np.abs(self.values[self.pivots])) + _EXACT)

    @cached_property
    def constant(self) -> float | None:
        """The value, where it is one and the same."""
        if len(self.informative) < _FEWEST:
            return None
        middle = float(np.median(self.values[self.pivots]))
        return middle if self.is_met(np.full(len(self.values), middle)) else None

    def is_met(self, values: Floats) -> bool:
        """Whether these values agree wherever the target is known."""
        allowed = 16 * self.errors + _EXACT * np.abs(self.values)
        return bool((np.abs(values - self.values) <= allowed)[self.known].all())


def _is_constant(values: Floats) -> bool:
    known = values[np.isfinite(values)]
    return bool(np.ptp(known) <= _EXACT * np.abs(known).max())


def _distinct(values: Floats) -> int:
    """How many of the values differ by more than rounding, counted up to a few."""
    ordered = np.sort(values)
    steps = np.diff(ordered) > 1e-9 * np.maximum(np.abs(ordered[1:]), np.abs(ordered[:-1]))
    return int(len(ordered) > 0) + int(steps.sum())


class _Search:
    """The search for one formula."""

    def __init__(self, goal: Goal) -> None:
        self._goal = goal
        self._shape, self._deep = goal.expected.shape, False
        size = math.prod(self._shape)
        self._chosen = np.unique(np.linspace(0, size - 1, min(size, _MOST_ENTRIES)).round().astype(np.intp))
        graph = goal.site.quantity_map.workbook.graph
        self._after = frozenset(graph.after([goal.area or Range.of(goal.cell)]))
        references = [node for _, node in walk(goal.tree)] if goal.tree is not None else []
        self._own = {area: node for node in references if (area := goal.site.area(node)) is not None}
        self._whole = _Target(self._flat(goal.expected), self._flat(goal.errors))
        columns = self._columns()
        constant = [_is_constant(column.values) for column in columns]
        # A sum that is constant, as that of shares, is no number that is meant.
        alone = [column for column, each in zip(columns, constant, strict=True) if each and column.node.kind != "call"]
        self._constants = alone
        self.columns = [column for column, each in zip(columns, constant, strict=True) if not each][:_MOST_COLUMNS]

    # --- the quantities ---------------------------------------------------------------------------------------------------

    def _columns(self) -> list[_Column]:
        """The quantities by nearness; of equal ones the nearest alone, and none that depends on the formula."""
        found: dict[Range, float] = {}
        for area, far in self._areas():
            found[area] = min(far, found.get(area, far))
        seen: set[bytes] = set()
        columns: list[_Column] = []
        made = [(area, far, *self._as_written(area)) for area, far in sorted(found.items(), key=lambda item: item[1])]
        # A plain formula reads a range by the functions that it has already, or by a sum.
        of = dict.fromkeys(["SUM", *self._functions()]) if self._goal.area is None else {}
        written = [
            (area, far, call(function, node), call(function, name))
            for area, far, node, name in made
            if area.size > 1
            for function in of
        ]
        written = [each for each in made if each[0].size == 1 or not of] + written
        large = [node for area, _, node, _ in written if area.size > 1]
        known = dict(zip(large, self._goal.values(large), strict=True))
        for area, far, node, name in sorted(written, key=lambda each: each[1]):
            values = known[node] if area.size > 1 else self._held(area.first)
            column = _Column(node, name, self._flat(values), far, "$" in node.word)
            known_there = column.values[self._whole.known]
            usable = known_there.size and np.isfinite(known_there).all() and column.values.any()
            if usable and not self._is_after(area) and (key := column.values.tobytes()) not in seen:
                seen.add(key)
                columns.append(column)
        return columns

    def _functions(self) -> Iterator[str]:
        """The functions of one range in the formula."""
        for _, node in walk(self._goal.tree) if self._goal.tree is not None else ():
            area = self._goal.site.area(node.parts[0]) if node.kind == "call" and len(node.parts) == 1 else None
            if area is not None and area.size > 1:
                yield node.word

    def _as_written(self, area: Range) -> tuple[Node, Node]:
        """The reference, as the formula has it already or would have it, and the name of its quantity."""
        goal, site = self._goal, self._goal.site
        position = site.position(area)
        elsewhere = position is None and area.row != goal.cell.row and area.column != goal.cell.column
        node = self._own.get(area) or site.node(area, (True,) * 4 if elsewhere else None)
        return node, Node("name", position.variable) if position is not None else node

    def _held(self, cell: Cell) -> Floats:
        subject = self._goal.subject
        return floats_of(subject.seen(cell), subject.count).reshape(-1, 1, 1)

    def _is_after(self, area: Range) -> bool:
        """Whether the area has the formula's own cell, or one that depends on it."""
        members = self._goal.site.quantity_map.workbook.members
        own = self._goal.area or Range.of(self._goal.cell)
        return area.intersects(own) or any(members.get(cell, cell) in self._after for cell in area.cells())

    def _areas(self) -> Iterator[tuple[Range, float]]:
        """The cells, or for an array formula the ranges of its shape, to which the formula may refer, and how far each is."""
        goal, site = self._goal, self._goal.site
        quantity_map = site.quantity_map
        for _, node in walk(goal.tree) if goal.tree is not None else ():
            area = site.area(node)
            if area is not None:
                yield from self._fitting(area, 0.0)
        for check, iteration in site.checks():
            other = 0.0 if check == site.block[0] else 0.3
            for back, far in ((0, 0.1), (1, 0.2), (-1, 0.5)):
                if 1 <= iteration - back <= len(quantity_map.offsets[check]):
                    for area in site.quantities(check, iteration - back):
                        yield from self._fitting(area, far + other)
        if goal.area is None:
            yield from self._beside()

    def _fitting(self, area: Range, far: float) -> Iterator[tuple[Range, float]]:
        goal, site = self._goal, self._goal.site
        if goal.area is not None:
            if all(a in (1, b) for a, b in zip(area.shape, goal.area.shape, strict=True)):
                yield area, far
            return
        if area.size > 1:
            yield area, far + 0.1  # its sum
        for element in site.elements(area):
            yield element, far
            if min(area.shape) > 1:  # the sums of its row and of its column
                yield area._replace(row=element.row, last_row=element.last_row), far + 0.15
                yield area._replace(column=element.column, last_column=element.last_column), far + 0.15
            for rows, columns, more in ((-1, 0, 0.15), (0, -1, 0.15), (1, 0, 0.4), (0, 1, 0.4)):
                if area.contains(moved := element.moved(rows, columns)):
                    yield moved, far + more

    def _beside(self) -> Iterator[tuple[Range, float]]:
        """Cells of no quantity in the row and the column of the formula, and those that the formulas in its row read."""
        goal = self._goal
        book, positions = goal.site.quantity_map.workbook, goal.site.quantity_map.positions
        graph = book.graph
        sheet, row, column = goal.cell
        for other in range(max(1, column - _NEAR), column + _NEAR + 1):
            cell = Cell(sheet, row, other)
            if cell == goal.cell or cell not in book.cells:
                continue
            if cell not in positions:
                yield Range.of(cell), 0.15
            for area in graph.areas(cell) if book.formula(cell) is not None else ():
                if area.size == 1:
                    yield area, 0.25
        for other in range(max(1, row - _NEAR), row + _NEAR + 1):
            cell = Cell(sheet, other, column)
            if cell != goal.cell and cell in book.cells and cell not in positions:
                yield Range.of(cell), 0.2

    def _flat(self, values: Floats) -> Floats:
        return np.asarray(np.broadcast_to(values, self._shape).ravel()[self._chosen])

    def _flattened(self, place: Place) -> Place:
        actual, target, errors = map(self._flat, (place.actual, place.target, place.errors))
        return replace(place, actual=actual, target=target, errors=errors)

    # --- the edits -----------------------------------------------------------------------------------------------------------

    def edits(self) -> Iterator[Edit]:
        """Every formula that fits, in no order; with products of three and four quantities only where there is no other."""
        found = list(self._edits())
        if not found:
            self._deep = True
            found = list(self._edits())
        yield from found

    def _edits(self) -> Iterator[Edit]:
        if self._goal.tree is None:
            values, errors = self._whole.values, self._whole.errors
            yield from self._instead(Place((), Node("omitted", ""), None, values, values, errors))
            return
        for place in map(self._flattened, places(self._goal)):
            above = place.above.kind if place.above is not None else ""
            within = place.above.word if place.above is not None and above == "binary" else above
            if _distinct(place.target[np.isfinite(place.target)]) < _FEWEST and place.node.kind != "number":
                continue
            # In a sum a term may be at any place, and is written at its end; so is a factor in a product.
            if place.node.kind not in ("group", "number") and within not in ("+", "-", "unary"):
                yield from self._terms(place)
            if self._deep:
                continue
            if place.node.kind != "number" and within not in ("*", "/", "group", "unary", "percent"):
                yield from self._factors(place)
                yield from self._powers(place)
            if within not in ("group", "unary"):
                yield from self._instead(place)
                yield from self._limits(place)

    def _edit(self, place: Place, kind: str, node: Node, said: str, size: float) -> Edit:
        tree = self._goal.tree
        return Edit(kind, node if tree is None else with_part(tree, place.path, node), said, size)

    def _put(self, place: Place, kind: str, fit: _Fit, size: float) -> Edit:
        """The edit with the fit in place of the expression; after a plus or a minus, its sign becomes the operator's."""
        what = "the number " if place.node.kind == "number" else ""
        said = f"{what}{place.node} should be {self._named(fit)}" if place.above or self._goal.tree else ""
        above = place.above
        if above is not None and fit.negative and place.path[-1] == 1 and above.word in ("+", "-"):
            node = binary(above.parts[0], "-" if above.word == "+" else "+", fit.node)
            return self._edit(replace(place, path=place.path[:-1]), kind, node, said, size)
        return self._edit(place, kind, fit.signed, said or f"it should be {self._named(fit)}", size)

    def _terms(self, place: Place) -> Iterator[Edit]:
        scale = 1e-16 * np.abs(place.actual)
        above = place.above
        within = above.word if above is not None and above.kind == "binary" else ""
        same = {plain(column.node) for column in self.columns if np.array_equal(column.values, place.actual)}
        for fit in self._fits(_Target(place.target - place.actual, place.errors + scale)):
            if not same.union({plain(place.node)}).isdisjoint(plain(node) for _, node in walk(fit.node)):
                continue  # it is a factor, or taken away again
            size = fit.size + (_BRACKETS if within in ("*", "/", "^") and plain(place.node) == place.node else 0.0)
            node = _plus(place.node, fit.node, "-" if fit.negative else "+")
            yield self._edit(place, "term", node, f"the term {self._named(fit)} is missing", size)

    def _factors(self, place: Place) -> Iterator[Edit]:
        both = np.isfinite(place.target) & (place.actual != 0)
        # Where the actual value is zero, any factor leaves it so, and the target has to be zero too.
        if not np.all(np.abs(place.target[np.isfinite(place.target) & ~both]) <= _EXACT):
            return
        ratio = np.where(both, place.target / place.actual, np.nan)
        errors = np.where(both, place.errors / np.abs(place.actual) + 1e-15 * np.abs(ratio), np.nan)
        if _distinct(place.actual[both]) < _FEWEST:
            return
        for fit in self._fits(_Target(ratio, errors), factor=True):
            if fit.negative or not (fit.up or fit.down) or _cancels(place.node, fit):
                continue
            if fit.up or not fit.down:
                said = f"the factor {self._named(fit)} is missing"
                yield self._edit(place, "term", _times(place.node, fit), said, fit.size)
            else:
                divided = place.node
                for column in fit.down:
                    divided = binary(divided, "/", column.node)
                below = _Fit(fit.down, (), False, fit.size)
                yield self._edit(place, "term", divided, f"the divisor {self._named(below)} is missing", fit.size)
        inverted = np.where(ratio != 0, 1 / ratio, np.nan)
        for fit in self._sums(_Target(inverted, errors * inverted**2)):
            if not fit.negative:
                divided = binary(place.node, "/", fit.node)
                yield self._edit(place, "term", divided, f"the divisor {self._named(fit)} is missing", fit.size)
        yield from self._growth(place, ratio, errors)

    def _growth(self, place: Place, ratio: Floats, errors: Floats) -> Iterator[Edit]:
        """Factors (1+rate)^years and EXP(rate*years)."""
        logarithm = np.where(ratio > 0, np.log(ratio), np.nan)
        target = _Target(logarithm, errors / np.abs(ratio) + 1e-16)
        if target.distinct < _FEWEST:
            return
        for fit in self._products(target):
            growth = call("EXP", fit.signed)
            node = binary(place.node, "*", growth)
            yield self._edit(place, "term", node, f"the factor {growth} is missing", fit.size + 0.4)
        for base in self._derived:
            if (base.values[target.known] <= 0).any():
                continue
            divided = np.log(base.values)
            for fit in self._products(_Target(logarithm / divided, target.errors / np.abs(divided)), alone=True):
                power = binary(base.node, "^", fit.node)
                node = binary(place.node, "/" if fit.negative else "*", power)
                what = "divisor" if fit.negative else "factor"
                yield self._edit(place, "term", node, f"the {what} {power} is missing", fit.size + base.far + 0.2)

    def _powers(self, place: Place) -> Iterator[Edit]:
        if np.any(place.actual[np.isfinite(place.target)] <= 0):
            squared = _Target(place.target - place.actual**2, place.errors + 1e-15 * place.actual**2)
            if squared.is_met(np.zeros(len(place.target))) and _distinct(place.actual) >= _FEWEST:
                said = f"{place.node} should be squared"
                yield self._edit(place, "power", binary(place.node, "^", number(2)), said, _SIZE)
            return
        logarithm = np.log(place.actual)
        power = np.where(np.abs(logarithm) > _EXACT, np.log(place.target) / logarithm, np.nan)
        target = _Target(power, place.errors / np.abs(place.target * logarithm) + 1e-15)
        if target.constant is None or _distinct(place.actual[target.informative]) < _FEWEST:
            for fit in self._products(target, alone=True):
                if not fit.negative:
                    node, said = binary(place.node, "^", fit.node), f"the exponent {self._named(fit)} is missing"
                    yield self._edit(place, "power", node, said, fit.size + 0.2)
            return
        for fit in self._numbers(target):
            node = binary(place.node, "^", fit.node)
            if fit.negative:
                node = binary(number(1), "/", place.node if plain(fit.node) == number(1) else node)
            if not fit.negative and plain(fit.node) == plain(binary(number(1), "/", number(2))):
                node = call("SQRT", place.node)
            yield self._edit(place, "power", node, f"{place.node} should be {node}", fit.size)

    def _limits(self, place: Place) -> Iterator[Edit]:
        """The expression with an upper or a lower limit that another quantity sets."""
        target = _Target(place.target, place.errors)
        if target.distinct < _FEWEST:
            return
        for column in (*self.columns, *self._constants):
            for name, of, end in (("MIN", np.minimum, "most"), ("MAX", np.maximum, "least")):
                beyond = of(place.actual, column.values) == column.values
                if _FEWEST <= beyond.sum() <= len(beyond) - _FEWEST and target.is_met(of(place.actual, column.values)):
                    limited = call(name, place.node, column.node)
                    named = self._named(_Fit((column,), (), False, 0.0))
                    said = f"a limit is missing: {place.node} should be at {end} {named}"
                    yield self._edit(place, "wrap", limited, said, _SIZE + column.far)

    def _instead(self, place: Place) -> Iterator[Edit]:
        """The expression replaced: a number by another number, else by a product or a sum of few quantities."""
        node, target = place.node, _Target(place.target, place.errors)
        if node.kind == "number" and target.constant is not None and not target.is_met(place.actual):
            for fit in self._numbers(target):
                whole = fit.node.kind == "number"  # and no quotient
                yield self._put(place, "constant" if whole else "frozen", fit, fit.size + (-0.2 if whole else 0.2))
            return
        of = sum(part.kind in ("reference", "name", "number") for _, part in walk(node))
        if target.distinct < _FEWEST or (of > _MOST_PARTS and place.path):
            return
        kind = {"reference": "reference", "name": "reference", "number": "frozen"}.get(node.kind, "term")
        more = 0.0 if node.kind == "number" else 0.3 + 0.1 * of
        for fit in self._fits(target):
            yield self._put(place, kind, fit, fit.size + more)

    @staticmethod
    def _named(fit: _Fit) -> str:
        """The expression, and in parentheses the quantities of which it is made."""
        name = _negative(fit.name) if fit.negative else fit.name
        return f"{fit.signed}" + (f" ({name})" if fit.node != fit.name else "")

    # --- the fits -----------------------------------------------------------------------------------------------------------

    def _fits(self, target: _Target, *, factor: bool = False) -> Iterator[_Fit]:
        if target.constant is not None:
            # Zero is no term, and one no factor.
            if not target.is_met(np.full(len(target.values), 1.0 if factor else 0.0)):
                yield from self._numbers(target)
        elif target.distinct >= _FEWEST:
            yield from self._products(target)
            yield from self._sums(target)

    def _numbers(self, target: _Target) -> Iterator[_Fit]:
        """The constant target as a number that a person types, or as a cell that holds it."""
        assert target.constant is not None
        for up, down, size in self._coefficients(abs(target.constant), target.allowed):
            yield _Fit(up, down, target.constant < 0, _SIZE + size)

    def _coefficients(
        self, value: float, allowed: float
    ) -> Iterator[tuple[tuple[_Column, ...], tuple[_Column, ...], float]]:
        """The positive value as a number, as a divisor or as a constant cell, and what that adds to the size."""
        for typed, below, size in _plain_numbers(value, allowed):
            made = _Column(number(typed), number(typed), np.full(len(self._chosen), typed), 0.0, True)
            yield ((), (), 0.0) if typed == 1 else ((), (made,), size) if below else ((made,), (), size)
        if _is_near(value, 1.0, allowed):
            return
        for column in self._constants:
            held = float(column.values[0])
            if _is_near(held, value, allowed):
                yield (column,), (), 0.1 + column.far
            elif held > 0 and _is_near(1 / held, value, allowed):
                yield (), (column,), 0.1 + column.far

    def _products(self, target: _Target, *, alone: bool = False) -> Iterator[_Fit]:
        """Products and quotients of few quantities, or ``alone`` single quantities, with a plain coefficient."""
        if target.distinct < _FEWEST or not self.columns:
            return
        at, columns, values = target.pivots, self._factor_columns, self._matrix
        for size, up, down in sorted(
            self._of_four(target) if self._deep and not alone else self._of_two(target, alone)
        ):
            feature = np.prod(values[up], axis=0) / np.prod(values[down], axis=0)
            coefficient = float(np.median(target.values[at] / feature[at]))
            if _distinct(feature[target.informative]) < _FEWEST:
                continue
            above, below = (tuple(columns[k] for k in of) for of in (up, down))
            for more, less, extra in self._coefficients(abs(coefficient), target.allowed):
                if target.is_met(math.copysign(_worth(more, less), coefficient) * feature):
                    yield _Fit((*more, *above), (*below, *less), coefficient < 0, _SIZE + size + extra)

    def _of_two(self, target: _Target, alone: bool) -> list[tuple[float, list[int], list[int]]]:
        """The products that are in a constant ratio to the pivots: size, and the factors above and below the line."""
        logs, goal = self._logs(target)
        count = len(logs) - 1
        pairs = self._pairs
        if alone:
            pairs = pairs.among((pairs.one < len(self.columns)) & (pairs.two == count) & (pairs.sign > 0))
        # The first step rejects nearly all pairs.
        step = logs[:, -1] - logs[:, 0]
        close = np.abs(step[pairs.one] + pairs.sign * step[pairs.two] - (goal[-1] - goal[0])) <= target.allowed
        pairs = pairs.among(close)
        rest = goal - logs[pairs.one] - pairs.sign[:, None] * logs[pairs.two]
        pairs = pairs.among(np.ptp(rest, axis=1) <= target.allowed)
        return [(float(pairs.sizes[k]), *pairs.parts(k, count)) for k in range(len(pairs.one))][:_MOST_MATCHES]

    def _of_four(self, target: _Target) -> list[tuple[float, list[int], list[int]]]:
        """The same for products of two such products, of the nearest quantities."""
        logs, goal = self._logs(target)
        count, pairs = len(logs) - 1, self._pairs
        near = [index < min(_MOST_DEEP, len(self.columns)) for index in range(count)] + [True]
        pairs = pairs.among(np.asarray(near)[pairs.one] & np.asarray(near)[pairs.two])
        table = logs[pairs.one] + pairs.sign[:, None] * logs[pairs.two]
        step = table[:, -1] - table[:, 0]
        one, two = np.nonzero(np.abs(step[:, None] + step - (goal[-1] - goal[0])) <= target.allowed)
        one, two = one[one <= two], two[one <= two]
        met = np.ptp(goal - table[one] - table[two], axis=1) <= target.allowed
        found: dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[float, list[int], list[int]]] = {}
        for a, b in zip(one[met].tolist(), two[met].tolist(), strict=True):
            (up, down), (more, less) = pairs.parts(a, count), pairs.parts(b, count)
            up, down = sorted(up + more), sorted(down + less)
            if not set(up) & set(down):
                size = float(pairs.sizes[a] + pairs.sizes[b]) + 0.4
                found.setdefault((tuple(up), tuple(down)), (size, up, down))
        return list(found.values())[:_MOST_MATCHES]

    def _logs(self, target: _Target) -> tuple[Floats, Floats]:
        """The logarithms of the factors, the last of which is 1, and of the target, in the pivots by the target's size."""
        at = target.pivots[np.argsort(np.abs(target.values[target.pivots]), kind="stable")]
        return np.log(np.abs(self._matrix[:, at])), np.log(np.abs(target.values[at]))

    def _sums(self, target: _Target) -> Iterator[_Fit]:
        """Sums and differences of two quantities, or of one and 1, each with a plain coefficient."""
        columns = self._addends
        if target.distinct < _FEWEST + 1 or len(columns) < 2 or len(target.pivots) < _FEWEST + 1:
            return
        at = target.pivots
        weights = 1 / np.abs(target.values[at])
        weighted = np.stack([column.values[at] for column in columns]) * weights
        gram, along = weighted @ weighted.T, weighted @ (target.values[at] * weights)
        one, two = np.triu_indices(len(columns), 1)
        square, other, both = gram[one, one], gram[two, two], gram[one, two]
        determinant = square * other - both**2
        first = (along[one] * other - along[two] * both) / determinant
        second = (along[two] * square - along[one] * both) / determinant
        left = len(at) - first * along[one] - second * along[two]
        close = (np.abs(left) <= _LEFT * len(at)) & (determinant > _LEFT * square * other)
        for match in np.flatnonzero(close).tolist()[:_MOST_MATCHES]:
            parts: list[tuple[_Column, tuple[_Column, ...], tuple[_Column, ...], float]] = []
            size = _SIZE + 0.3
            for k, coefficient in ((one[match], first[match]), (two[match], second[match])):
                # The numbers are found within the digits that normal equations leave, and then have to be exact.
                simple = (found for found in self._coefficients(abs(coefficient), _HALF) if found[2] <= _SIMPLE)
                more, less, extra = next(simple, ((), (), math.inf))
                size += columns[k].far + extra
                parts.append((columns[k], more, less, math.copysign(_worth(more, less), coefficient)))
            met = np.sum([worth * column.values for column, _, _, worth in parts], axis=0)
            if math.isfinite(size) and target.is_met(met):
                negative = all(worth < 0 for *_, worth in parts)
                yield _Fit((_added(parts, met),), (), negative, size)

    @cached_property
    def _addends(self) -> list[_Column]:
        few = self.columns[:_MOST_ADDENDS]
        squares = [
            _Column(_quotient([c.node] * 2, ()), _quotient([c.name] * 2, ()), c.values**2, c.far + 0.3) for c in few
        ]
        one = _Column(number(1), number(1), np.ones(len(self._chosen)), 0.0, True)
        products = [
            _Column(
                _quotient([a.node, b.node], ()),
                _quotient([a.name, b.name], ()),
                a.values * b.values,
                a.far + b.far + 0.3,
            )
            for a, b in combinations(few[:_MOST_MULTIPLIED], 2)
        ]
        return [one, *few, *squares[:_MOST_DERIVED], *products]

    @cached_property
    def _derived(self) -> list[_Column]:
        """1-x and 1+x of the nearest quantities."""
        return [
            column._replace(
                node=binary(number(1), operator, column.node),
                name=binary(number(1), operator, column.name),
                values=1 + sign * column.values,
                far=column.far + 0.25,
            )
            for column in self.columns[:_MOST_DERIVED]
            for operator, sign in (("-", -1.0), ("+", 1.0))
        ]

    @cached_property
    def _factor_columns(self) -> list[_Column]:
        return [*self.columns, *self._derived]

    @cached_property
    def _matrix(self) -> NDArray[np.float64]:
        """The values of the factors, and ones as the last row."""
        return np.stack([*(column.values for column in self._factor_columns), np.ones(len(self._chosen))])

    @cached_property
    def _pairs(self) -> "_Pairs":
        """All products and quotients of two factors, the last of which is 1."""
        far = np.array([*(column.far for column in self._factor_columns), 0.0])
        count = len(far)
        one, two = np.triu_indices(count)
        over, under = np.nonzero(~np.eye(count, dtype=bool))
        over, under = over[under < count - 1], under[under < count - 1]
        sign = np.repeat([1.0, -1.0], [len(one) - 1, len(over)])
        one, two = np.concatenate([one[:-1], over]), np.concatenate([two[:-1], under])
        single = (one == count - 1) | (two == count - 1)
        return _Pairs(one, two, sign, far[one] + far[two] + np.where(single, np.where(sign < 0, 0.1, 0.0), 0.2))


class _Pairs(NamedTuple):
    """Products of two factors: the numbers of these, 1 or -1 for the quotient of the first by the second, and the sizes."""

    one: NDArray[np.intp]
    two: NDArray[np.intp]
    sign: Floats
    sizes: Floats

    def among(self, chosen: NDArray[np.bool_]) -> "_Pairs":
        """Those that are chosen."""
        return _Pairs(self.one[chosen], self.two[chosen], self.sign[chosen], self.sizes[chosen])

    def parts(self, number: int, count: int) -> tuple[list[int], list[int]]:
        """The factors of a pair above and below the line, without the one with the number ``count``, which is 1."""
        one, two = int(self.one[number]), int(self.two[number])
        up, down = ([one], [two]) if self.sign[number] < 0 else ([one, two], [])
        return [k for k in up if k < count], down


def _worth(up: Sequence[_Column], down: Sequence[_Column]) -> float:
    return math.prod(float(column.values[0]) for column in up) / math.prod(float(column.values[0]) for column in down)


def _added(parts: Sequence[tuple[_Column, tuple[_Column, ...], tuple[_Column, ...], float]], values: Floats) -> _Column:
    """The sum as one column, the positive addend first; of two negative ones without the sign."""
    ordered = sorted(parts, key=lambda part: part[3] < 0)
    nodes, names = [], []
    for column, more, less, _ in ordered:
        own = () if column.node == number(1) and more else (column,)
        nodes.append(_quotient([each.node for each in (*more, *own)], [each.node for each in less]))
        names.append(_quotient([each.name for each in (*more, *own)], [each.name for each in less]))
    operator = "-" if ordered[0][3] > 0 > ordered[1][3] else "+"
    return _Column(binary(nodes[0], operator, nodes[1]), binary(names[0], operator, names[1]), values, 0.0)


def _cancels(node: Node, fit: _Fit) -> bool:
    """Whether the fit divides by a factor of the expression, or multiplies by one by which that is divided."""
    up, down = _factors_of(plain(node))
    above, below = ({plain(column.node) for column in of} for of in (fit.up, fit.down))
    return bool(up & below or down & above)


def _factors_of(node: Node) -> tuple[set[Node], set[Node]]:
    """The factors of a plain expression above and below the line."""
    if node.kind != "binary" or node.word not in ("*", "/"):
        return {node}, set()
    (up, down), (more, less) = map(_factors_of, node.parts)
    return (up | more, down | less) if node.word == "*" else (up | less, down | more)


def _plus(node: Node, term: Node, sign: str) -> Node:
    """The expression plus or minus the term, of which each addend is appended without parentheses."""
    if term.kind == "binary" and term.word in ("+", "-"):
        return _plus(_plus(node, term.parts[0], sign), term.parts[1], "+" if term.word == sign else "-")
    return binary(node, sign, term)


def _times(node: Node, fit: _Fit) -> Node:
    """The expression times the fit, in the numerator where it is a quotient."""
    if node.kind == "binary" and node.word == "/":
        return binary(_times(node.parts[0], fit), "/", node.parts[1])
    fixed = fit.up[0].fixed and not fit.up[0].node.parts
    first = fit.up[:1] if node.kind in ("reference", "name", "call", "group") and fixed else ()
    for column in first:
        node = binary(column.node, "*", node)
    for column in fit.up[len(first) :]:
        node = binary(node, "*", column.node)
    for column in fit.down:
        node = binary(node, "/", column.node)
    return node


def _plain_numbers(value: float, allowed: float) -> Iterator[tuple[float, bool, float]]:
    """The value as a person types it, or 1 over what is typed; whether it is that, and what it adds to the size."""
    for typed in _PLAIN:
        size = 0.0 if typed == 1 else 0.1 if typed in _UNITS else 0.5
        if _is_near(value, typed, allowed):
            yield float(typed), False, size
            return
        if _is_near(value * typed, 1.0, allowed):
            yield float(typed), True, size
            return
    short = float(f"{value:.{_DIGITS}g}")
    if short and allowed < _SHORT and _is_near(value, short, allowed):
        yield short, False, 0.5


def _is_near(value: float, other: float, allowed: float) -> bool:
    return abs(value - other) <= allowed * abs(other)
