"""Circular references in a workbook that has Excel compute them by iteration.

Excel begins with the values that the cells have. It computes all formulas of a circle in passes, one after the other, and
stops after a pass that changes every value by less than the "maximum change", 0.001 unless the file says otherwise, or after
the "maximum iterations", 100 (Microsoft's article Q177856). So it shows a value near the one at which the circle comes to rest,
and how near depends on the values before and on the order of the formulas, of which only little is documented.

What is claimed therefore is the value at rest, and only where all of this holds: from the values that the file stores, Excel
would stop before its maximum of iterations, whether the formulas are computed in the order of the sheets' rows or each after
its precedents; going on, both orders come to rest at the same value; and so does the iteration from blanks and from other
values near that one, so that nothing comes from what the file stores: a switch that stays on once it is on, or one of two
roots, has another value for whoever begins with empty cells. The value that Excel shows is the second reading: the stored one
where Excel may have stopped at it, else the one at which it stops, by the order that leaves it farther from rest. Where this
makes a difference to a comparison, the cell cannot be assessed; it makes none where the workbook's maximum change is far below
the tolerance, or where Excel has computed so often that the stored values are at rest.

Everything else is refused, with the reason: a counter such as ``=A1+1``, which depends on how often Excel has computed; a
circle that keeps what it had, such as ``=A1``; one that does not settle.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xlparity.engines.evaluator.evaluation import (
    SAME,
    Evaluation,
    FormulaGroup,
    Kind,
    Places,
    Schedule,
    layers,
    schedule,
    together,
)
from xlparity.engines.evaluator.kernels import Mask
from xlparity.excel.batch import EMPTY_CELL, NUMBER, REASON, TRUTH, Kinds, encoded
from xlparity.excel.columns import Floats
from xlparity.excel.values import BLANK, Unsupported, Value

# Numbers beyond it are on their way to an overflow: the #NUM! at which the circle then rests is no value of the model's.
_LARGEST = 1e100
_MOST_PASSES = 1000
"""The passes after which a circle that has not come to rest is given up: one that comes nearer by a tenth a pass takes 330."""
_MOST_GROUPS = 100_000
"""The groups of formulas that one iteration computes at most, each in 0.1 ms or so: a circle of very many gets fewer passes."""
_READ_ALONE = 10
"""The cells that a formula which no kernel computes reads in the time of a group."""
_AT_REST, _SMALL = 1e-15, 1e-12
"""The change in a pass, relative to the value, that a circle at rest may still have: some units in the last place; of a smaller
value than the second, relative to that one, since a value that falls to zero always changes by a part of itself."""
_ALIKE = 1e-11
"""The difference, relative to the value or to 1, of two values at rest that are the same: far below any tolerance."""
_NEARLY = 10
"""How many times the maximum change a pass may change values at which Excel has stopped: it computed them in another order, of
which a pass may sum up changes that were each below the maximum."""
_MOVED, _SMALLEST_MOVE = 0.1, 1e-4
"""How far values are moved, relative to them and at least, to see whether the iteration comes back."""

_Values: TypeAlias = tuple[Floats, Kinds]

UNCERTAIN = Unsupported(
    "a circular reference whose value depends on the values with which its iteration begins, or on the order of the formulas"
)


class Settling(NamedTuple):
    """How Excel iterates, as ``Iteration`` has it; ``start`` are the values with which it begins, by place."""

    passes: int
    change: float
    start: Mapping[int, Value]


def scheduled(
    formulas: Sequence[FormulaGroup],
    held: frozenset[int] | set[int],
    settling: Settling | None,
    unknown: Collection[int] = (),
) -> Schedule:
    """The same as ``schedule``, and the circles among the groups where the workbook iterates."""
    groups, rest = schedule(formulas, held, unknown)
    if settling is None or not rest:
        return Schedule(groups, rest)
    rest = [one for group in rest for one in group.each()]
    rest.sort(key=lambda one: int(one.results[0, 0]))  # the order of the file: by sheets, rows and columns
    before = _precedents(rest, held)
    after: list[list[int]] = [[] for _ in rest]
    for number, found in enumerate(before):
        for writer in found:
            after[writer].append(number)
    blocked = [any(place in unknown for place in _read(one)) for one in rest] if unknown else [False] * len(rest)
    levels = [0] * len(rest)
    plain: list[tuple[int, FormulaGroup]] = []
    circles: list[tuple[int, FormulaGroup]] = []
    for component in _components(before):  # each after its precedents
        members = set(component)
        inputs = {writer for number in component for writer in before[number]} - members
        if any(blocked[number] for number in (*component, *inputs)):
            for number in component:
                blocked[number] = True
            continue
        level = max((levels[number] + 1 for number in inputs), default=0)
        for number in component:
            levels[number] = level
        if len(component) > 1 or component[0] in before[component[0]]:
            circles.append((level, _circle([rest[number] for number in sorted(component)], held, settling)))
        else:
            plain.append((level, rest[component[0]]))
    ordered = sorted([*_layered(plain), *circles], key=lambda item: item[0])
    left = [one for one, is_blocked in zip(rest, blocked, strict=True) if is_blocked]
    return Schedule([*groups, *(group for _, group in ordered)], left)


def has_circles(groups: Iterable[FormulaGroup]) -> bool:
    """Whether any of the groups is a circle."""
    return any(isinstance(group, Circle) for group in groups)


def _layered(formulas: Sequence[tuple[int, FormulaGroup]]) -> list[tuple[int, FormulaGroup]]:
    """The formulas, each with its level, in groups."""
    numbers: defaultdict[Kind, list[int]] = defaultdict(list)
    for number, (_, formula) in enumerate(formulas):
        numbers[formula.kind].append(number)
    levels = [formulas[number][0] for of_kind in numbers.values() for number in of_kind]
    return layers(together([formula for _, formula in formulas]), np.array(levels, dtype=np.intp))


def _read(formula: FormulaGroup) -> list[int]:
    """The places that a group of one formula reads."""
    found: list[int] = formula.reads[:, 0].tolist()
    return found


def _written(formula: FormulaGroup) -> list[int]:
    found: list[int] = formula.results[:, 0].tolist()
    return found


def _precedents(formulas: Sequence[FormulaGroup], held: Collection[int]) -> list[list[int]]:
    """For each formula the numbers of those of which it reads a result that is not held, each once."""
    writers: dict[int, list[int]] = defaultdict(list)
    for number, formula in enumerate(formulas):
        for place in _written(formula):
            if place not in held:
                writers[place].append(number)
    return [
        list(dict.fromkeys(writer for place in _read(formula) if place in writers for writer in writers[place]))
        for formula in formulas
    ]


def _components(before: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """The circles, and each other formula alone, in an order in which each is after its precedents."""
    # Workbooks without circular references do without scipy.
    from scipy.sparse import csr_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    ends = np.cumsum([0, *map(len, before)])
    read = [writer for found in before for writer in found]
    edges = csr_array((np.ones(len(read), dtype=np.int8), read, ends), shape=(len(before), len(before)))
    _, labels = connected_components(edges, connection="strong")
    members: dict[int, list[int]] = defaultdict(list)
    inputs: dict[int, set[int]] = defaultdict(set)
    for number, label in enumerate(labels.tolist()):
        members[label].append(number)
        inputs[label].update(labels[before[number]].tolist())
    yield from map(members.get, TopologicalSorter({label: inputs[label] - {label} for label in members}).static_order())


def _circle(formulas: list[FormulaGroup], held: Collection[int], settling: Settling) -> "Circle":
    """The circle of these formulas, which are in the order of the file."""
    before = _precedents(formulas, held)
    walked: list[int] = []
    seen = {0}
    path = [(0, iter(before[0]))]
    while path:
        number, ahead = path[-1]
        fresh = next((other for other in ahead if other not in seen), None)
        if fresh is None:
            walked.append(number)
            path.pop()
        else:
            seen.add(fresh)
            path.append((fresh, iter(before[fresh])))
    orders = tuple(_in_order([formulas[n] for n in order], held) for order in (range(len(formulas)), walked))
    reads = np.array(sorted({place for formula in formulas for place in _read(formula)}), dtype=np.intp)
    written = [place for formula in formulas for place in _written(formula)]
    results = np.array([written], dtype=np.intp)
    return Circle(formulas[0].kind, None, reads.reshape(-1, 1), results, orders, settling)


def _in_order(formulas: Sequence[FormulaGroup], held: Collection[int]) -> list[FormulaGroup]:
    """Groups that compute the formulas as one after the other would: each reads what those before it have written."""
    levels = [0] * len(formulas)
    readers: list[list[int]] = [[] for _ in formulas]
    for number, found in enumerate(_precedents(formulas, held)):
        for writer in found:
            readers[writer].append(number)
    for number, found in enumerate(readers):  # all before it have their levels
        for reader in found:
            if reader < number:  # it reads the result of the pass before, and must have done so
                levels[number] = max(levels[number], levels[reader] + 1)
        for reader in found:
            if reader > number:
                levels[reader] = max(levels[reader], levels[number] + 1)
    groups = [group for _, group in _layered([*zip(levels, formulas, strict=True)])]
    # The kernels write before the program reads the lanes that they leave to it.
    return [replace(group, plan=None) if np.isin(group.reads, group.results).any() else group for group in groups]


class _Found(NamedTuple):
    """Where an iteration came to, (places, samples): the values at which Excel stops, and those at rest.

    ``at_once`` are the samples that begin where it may have stopped before, ``stopped`` those in which it stops before its
    maximum of passes, ``rested`` those that come to rest.
    """

    shown: _Values
    values: _Values
    at_once: Mask
    stopped: Mask
    rested: Mask


@dataclass(slots=True, eq=False)
class Circle(FormulaGroup):
    """The formulas of one circle, computed by iteration; ``orders`` are two orders in which a pass may compute them."""

    orders: tuple[list[FormulaGroup], ...]
    settling: Settling

    def only(self, chosen: slice | Places | Mask) -> "Circle":
        """The whole circle: nothing of it is computed by itself."""
        return self

    def compute(self, evaluation: Evaluation) -> None:
        """Iterates the circle in an evaluation: the values at rest, in the rounded reading those at which Excel stops."""
        rows = np.array([place for place in self.results[0].tolist() if not evaluation.held[place]], dtype=np.intp)
        samples = evaluation.batch.numbers.shape[1]
        numbers, kinds = encoded(
            [self.settling.start.get(place, BLANK) for place in rows.tolist()], evaluation.batch.words
        )
        shape = len(rows), samples
        stored = np.repeat(numbers, samples).reshape(shape), np.repeat(kinds, samples).reshape(shape)
        most = max(1, min(_MOST_PASSES, _MOST_GROUPS // max(map(_work, self.orders))))
        limit = min(self.settling.passes, most)
        by_rows, by_precedents = (self._iterated(evaluation, order, rows, stored, limit, most) for order in self.orders)
        blanks = np.zeros(shape), np.full(shape, EMPTY_CELL, dtype=np.uint8)
        others = [
            self._iterated(evaluation, self.orders[-1], rows, start, most, most)
            for start in (blanks, _moved(*by_precedents.values))
        ]
        at_once = by_rows.at_once | by_precedents.at_once
        farther = _farther(by_rows, by_precedents)
        shown = (
            np.where(at_once, stored[0], np.where(farther, by_rows.shown[0], by_precedents.shown[0])),
            np.where(at_once, stored[1], np.where(farther, by_rows.shown[1], by_precedents.shown[1])),
        )
        differs = ~_alike(shown, by_precedents.values, SAME)
        if differs.any():
            evaluation.decided.update(rows.tolist())
            evaluation.samples |= differs.any(axis=0)
        evaluation.give(rows, *(shown if evaluation.rounded else by_precedents.values))
        certain = _alike(by_rows.values, by_precedents.values, _ALIKE).all(axis=0)
        for other in others:
            certain &= other.rested & _alike(other.values, by_precedents.values, _ALIKE).all(axis=0)
        stopped, rested = (by_rows.stopped & by_precedents.stopped), (by_rows.rested & by_precedents.rested)
        passes = f"{limit} pass{'' if limit == 1 else 'es'}"
        for reason, where in (
            (Unsupported(f"a circular reference whose iteration has not settled after {passes}"), ~stopped),
            (
                Unsupported(f"a circular reference that does not come to rest in {most} passes"),
                stopped & ~rested,
            ),
            (UNCERTAIN, stopped & rested & ~certain),
        ):
            if where.any():
                evaluation.write(rows.tolist(), reason, np.flatnonzero(where).tolist())

    def _iterated(
        self,
        evaluation: Evaluation,
        order: Sequence[FormulaGroup],
        rows: NDArray[np.intp],
        start: _Values,
        limit: int,
        most: int,
    ) -> _Found:
        """The iteration from these values, of which Excel computes no more passes than the limit."""
        store = evaluation.batch
        evaluation.give(rows, *start)
        shown, values = ((store.numbers[rows].copy(), store.kinds[rows].copy()) for _ in range(2))
        stopped, rested, diverges = (np.zeros(store.numbers.shape[1], dtype=bool) for _ in range(3))
        for number in range(1, most + 1):
            before = store.numbers[rows], store.kinds[rows]
            evaluation.run(order)
            after = store.numbers[rows], store.kinds[rows]
            open_ones = ~rested  # a sample that rests stays as it is, however many passes the others take
            values[0][:, open_ones], values[1][:, open_ones] = after[0][:, open_ones], after[1][:, open_ones]
            rested |= _alike(before, after, _AT_REST, _SMALL).all(axis=0)
            diverges |= open_ones & ((after[1] == NUMBER) & (np.abs(after[0]) > _LARGEST)).any(axis=0)
            if number == 1:
                at_once = _near(before, after, _NEARLY * self.settling.change) | rested
            if number <= limit:
                stops = ~stopped & (_near(before, after, self.settling.change) | rested)
                stopped |= stops
                shown[0][:, stops], shown[1][:, stops] = after[0][:, stops], after[1][:, stops]
            if (rested if number < limit else rested | ~stopped).all():
                break
        return _Found(shown, values, at_once, stopped & ~diverges, rested)


def _work(order: Sequence[FormulaGroup]) -> int:
    """The time of a pass, in groups."""
    return sum(1 + (group.reads.size // _READ_ALONE if group.plan is None else 0) for group in order)


def _near(one: _Values, other: _Values, change: float) -> Mask:
    """The samples in which no value differs by as much as the change."""
    return np.asarray(_same(one, other, np.abs(_difference(one, other)) < change).all(axis=0))


def _alike(one: _Values, other: _Values, part: float, least: float = 1.0) -> Mask:
    """Where the values differ by no more than this part of them, or of the least size: (places, samples)."""
    size = np.maximum(least, np.maximum(np.abs(one[0]), np.abs(other[0])))
    return _same(one, other, np.abs(_difference(one, other)) <= part * size)


def _same(one: _Values, other: _Values, near: Mask) -> Mask:
    """Where the values are of one kind, and numbers are ``near``; a reason is as good as another."""
    numbers = (one[1] == NUMBER) | (one[1] == REASON)
    found: Mask = (one[1] == other[1]) & np.where(numbers, near | (one[1] == REASON), one[0] == other[0])
    return found


def _difference(one: _Values, other: _Values) -> Floats:
    with np.errstate(all="ignore"):
        return np.asarray(np.subtract(one[0], other[0]))


def _farther(one: _Found, other: _Found) -> Mask:
    """Where the first of two iterations stops farther from rest than the second."""
    return np.abs(_difference(one.shown, other.values)) >= np.abs(_difference(other.shown, other.values))


def _moved(numbers: Floats, kinds: Kinds) -> _Values:
    """Other values, none of which comes from the file: numbers moved, truth values turned round, and else blanks."""
    moved = numbers + _MOVED * np.maximum(np.abs(numbers), _SMALLEST_MOVE / _MOVED)
    numbers = np.where(kinds == NUMBER, moved, np.where(kinds == TRUTH, 1.0 - numbers, 0.0))
    return numbers, np.where((kinds == NUMBER) | (kinds == TRUTH), kinds, NUMBER).astype(np.uint8)
