"""Evaluation of formulas in dependency order, over many samples at once.

Formulas of one shape that do not depend on one another are computed together, by the kernels of their program where it has
any; lanes that the kernels do not compute are computed by the program, one by one. Formulas whose value depends on the
reading of a cancellation residue are computed in both readings.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xlparity.engines.evaluator.functions.areas import as_lines
from xlparity.engines.evaluator.guards import Refusal
from xlparity.engines.evaluator.kernels import ODD, LaneOperand, Lanes, Mask, Plan, every, plan, some
from xlparity.engines.evaluator.operands import to_table, to_values
from xlparity.engines.evaluator.program import Program
from xlparity.engines.evaluator.readings import reading
from xlparity.excel.batch import EMPTY_CELL, FIRST_ERROR, NUMBER, REASON, TRUTH, Other, Store, decode, encode
from xlparity.excel.values import Unsupported, Value
from xlparity.strict import passed_over

Places: TypeAlias = NDArray[np.intp]
Plans: TypeAlias = dict[tuple[int, tuple[tuple[int, int], ...]], Plan | None]

_NEVER = -1  # the level of what cannot be computed
_MOST_NUMBERS = 4_000_000  # in the operands of one kernel, 32 MB; more are split by formulas and samples
SAME = 1e-13
"""The difference of two readings, relative to the value or to 1, that makes no difference."""
_MOST_KNOWN, _LONGEST_KEY = 100_000, 1000  # cached results of programs, and bytes of a key: 100 MB at most


class Kind(NamedTuple):
    """What formulas of one group have in common: the program, the shapes of the arguments and of the results, and the rest."""

    program: Program
    shapes: tuple[tuple[int, int], ...]
    block: tuple[int, int]
    spills: bool
    full: tuple[tuple[int, int] | None, ...]
    """The full size of each argument that is whole rows or columns, None for others."""
    samples: tuple[int, ...] | None = None
    """The samples in which the formulas have these arguments, where they have others in the rest."""


class FormulaNode(NamedTuple):
    """One formula: its kind, and the places of all of its arguments and of its results."""

    kind: Kind
    reads: tuple[int, ...]
    results: tuple[int, ...]


@dataclass(slots=True, eq=False)
class FormulaGroup:
    """Formulas of one kind; in a schedule none of them depends on another.

    ``reads`` are the places that each reads, (cells of all arguments, formulas), ``results`` those that each writes, (cells,
    formulas).
    """

    kind: Kind
    plan: Plan | None
    reads: Places
    results: Places

    @property
    def count(self) -> int:
        """How many formulas there are."""
        return int(self.results.shape[1])

    def only(self, chosen: slice | Places | Mask) -> "FormulaGroup":
        """The group of the formulas with these numbers."""
        return FormulaGroup(self.kind, self.plan, self.reads[:, chosen], self.results[:, chosen])

    def each(self) -> "Iterator[FormulaGroup]":
        """The formulas, each as a group of its own."""
        return (self.only(slice(number, number + 1)) for number in range(self.count))

    def compute(self, evaluation: "Evaluation") -> None:
        """Computes the formulas in an evaluation, and writes their values."""
        evaluation.compute(self)


class Schedule(NamedTuple):
    """The groups in dependency order, and the formulas that cannot be computed: on a circle, or dependent on what cannot."""

    groups: list[FormulaGroup]
    rest: list[FormulaGroup]


def schedule(
    groups: Sequence[FormulaGroup], held: frozenset[int] | set[int], unknown: Collection[int] = ()
) -> Schedule:
    """The formulas in groups in dependency order; the ``held`` places have given values and depend on no formula.

    Nothing that depends on the ``unknown`` places, of which none is held, can be computed.
    """
    groups = together(groups)
    total = sum(group.count for group in groups)
    writes, writers = _flat([group.results for group in groups])
    writers = writers[np.argsort(writes, kind="stable")]
    every_place = [table for group in groups for table in (group.reads, group.results)]
    lowest = min((table.min(initial=0) for table in every_place), default=0)  # the places of constants are negative
    size = max((table.max(initial=0) for table in every_place), default=0) - lowest + 1
    matters = np.zeros(size, dtype=bool)  # for the order; most of what formulas refer to are constants
    matters[writes - lowest] = True
    matters |= np.isin(np.arange(lowest, lowest + size), list(unknown))
    reads, readers = _flat([group.reads for group in groups], matters, lowest)
    # Of each place, where its writers begin and how many they are: several that each write in some of the samples.
    counts = np.bincount(writes - lowest, minlength=size)
    begins = np.cumsum(counts) - counts
    free = np.isin(np.arange(lowest, lowest + size), list(held), invert=True)

    waits = np.bincount(readers[np.isin(reads, list(unknown))], minlength=total)
    reads -= lowest
    before = np.where(free, counts, 0)[reads]
    waits += np.bincount(readers, before, total).astype(np.intp)
    # There may be millions of these; each array is let go where the next is made of it.
    after = np.repeat(readers, before)
    del readers
    begin = begins[reads]
    del reads
    if counts.max(initial=0) > 1:
        begin = np.repeat(begin - np.cumsum(before) + before, before) + np.arange(len(after))
    else:
        begin = begin[before > 0]
    del before
    edges = writers[begin]
    del begin
    turns = [0, *np.cumsum(np.bincount(edges, minlength=total)).tolist()]
    in_turn = after[np.argsort(edges, kind="stable")].tolist()
    del after, edges
    waiting: list[int] = waits.tolist()
    level = [0] * total
    ready: list[int] = np.flatnonzero(waits == 0).tolist()
    for number in ready:  # grows while it is iterated, level by level
        for reader in in_turn[turns[number] : turns[number + 1]]:
            waiting[reader] -= 1
            if not waiting[reader]:
                level[reader] = level[number] + 1
                ready.append(reader)
    left = np.array(waiting, dtype=bool)
    levels = np.where(left, _NEVER, np.array(level, dtype=np.intp))
    rest = [group.only(own < 0) for group, own in zip(groups, _split(groups, levels), strict=True) if some(own < 0)]
    return Schedule([group for _, group in layers(groups, levels)], rest)


def _split(groups: Sequence[FormulaGroup], levels: Places) -> list[Places]:
    """The levels of each group's formulas, from those of all groups."""
    ends = np.cumsum([0, *(group.count for group in groups)]).tolist()
    return [levels[begin:end] for begin, end in pairwise(ends)]


def _flat(tables: Sequence[Places], matters: Mask | None = None, lowest: Any = 0) -> tuple[Places, Places]:
    """The places in tables of groups, (cells, formulas), formula by formula, and beside each the formula's number.

    Of the places from ``lowest`` on, only those that matter, if that is said.
    """
    places, numbers = [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.int32)]  # half the memory, for very many
    first = 0
    for table in tables:
        cells, formulas = table.shape
        found, of = (
            table.ravel(order="F").astype(np.int32),
            np.repeat(np.arange(first, first + formulas, dtype=np.int32), cells),
        )
        kept = slice(None) if matters is None else matters[found - lowest]
        places.append(found[kept])
        numbers.append(of[kept])
        first += formulas
    return np.concatenate(places), np.concatenate(numbers)


def layers(groups: Sequence[FormulaGroup], levels: Places) -> list[tuple[int, FormulaGroup]]:
    """The formulas in groups of one level, with the lowest first; those below level 0 are left out."""
    found: list[tuple[int, FormulaGroup]] = []
    for group, own in zip(groups, _split(groups, levels), strict=True):
        if not own.size:
            continue
        if every(own == own[0]):
            found.append((int(own[0]), group))
            continue
        order = np.argsort(own, kind="stable")
        rising, ordered = own[order], group.only(order)
        bounds = [0, *(np.flatnonzero(np.diff(rising)) + 1).tolist(), len(own)]
        found += [(int(rising[begin]), ordered.only(slice(begin, end))) for begin, end in pairwise(bounds)]
    return sorted([one for one in found if one[0] >= 0], key=itemgetter(0))


def together(groups: Iterable[FormulaGroup]) -> list[FormulaGroup]:
    """The formulas in one group for each kind."""
    alike: defaultdict[Kind, list[FormulaGroup]] = defaultdict(list)
    for group in groups:
        alike[group.kind].append(group)
    return [
        parts[0]
        if len(parts) == 1
        else FormulaGroup(
            kind,
            parts[0].plan,
            np.concatenate([part.reads for part in parts], axis=1),
            np.concatenate([part.results for part in parts], axis=1),
        )
        for kind, parts in alike.items()
    ]


def grouped(nodes: Iterable[FormulaNode], plans: Plans) -> list[FormulaGroup]:
    """The formulas in one group for each kind."""
    alike: defaultdict[Kind, list[FormulaNode]] = defaultdict(list)
    for node in nodes:
        alike[node.kind].append(node)
    found = []
    for kind, members in alike.items():
        reads, results = (
            np.array([node[place] for node in members], dtype=np.intp).reshape(len(members), -1).T for place in (1, 2)
        )
        found.append(FormulaGroup(kind, usable(kind, plans), reads, results))
    return found


def usable(kind: Kind, plans: Plans) -> Plan | None:
    """The plan where it can compute the formulas; whole rows or columns, and arrays smaller than the block, it cannot."""
    key = id(kind.program), kind.shapes
    if key not in plans:
        plans[key] = plan(kind.program, kind.shapes)
    made = plans[key]
    if made is None or any(full is not None for full in kind.full):
        return None
    rows, columns = made.shape or (1, 1)
    if kind.spills and (rows, columns) != kind.block:
        return None
    lacks = any(1 < size < cells for size, cells in zip((rows, columns), kind.block, strict=True))
    return None if lacks else made


@dataclass(slots=True)
class Evaluation:
    """An evaluation in one reading: the values so far, and which of them depend on the reading.

    ``shadows`` maps the places of held cells to the places for the results of their own formulas. ``decided`` are the
    formulas, by the place of their first result, that depend on the reading in any sample, and ``samples`` says in which.
    ``numbers`` are those of the samples, where these are some of all.
    """

    batch: Store
    rounded: bool
    held: Mask
    shadows: dict[int, int]
    numbers: NDArray[np.intp] | None = None
    decided: set[int] = field(default_factory=set)
    samples: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def __post_init__(self) -> None:
        self.samples = np.zeros(self.batch.numbers.shape[1], dtype=bool)
        self._plain = (self.batch.kinds == NUMBER).all(axis=1)
        self._known: dict[tuple[Any, ...], tuple[list[Value], bool]] = {}

    _plain: Mask = field(init=False)
    _known: dict[tuple[Any, ...], tuple[list[Value], bool]] = field(init=False)

    def run(self, groups: Iterable[FormulaGroup]) -> None:
        """Computes every group, in order."""
        with np.errstate(all="ignore"):  # an overflow becomes an Excel error value, and is handled as such
            for group in groups:
                group.compute(self)

    def update(self, groups: Iterable[FormulaGroup], fresh: Collection[int], changed: Mask) -> None:
        """Computes the formulas with these first results and all readers of changed places; marks changed results there."""
        numbers, kinds = self.batch.numbers, self.batch.kinds
        with np.errstate(all="ignore"):
            for group in groups:
                affected = np.array([place in fresh for place in group.results[0].tolist()])
                touched = changed[group.reads]
                if some(touched):
                    affected |= touched.any(axis=0)
                if not some(affected):
                    continue
                part = group if every(affected) else group.only(np.flatnonzero(affected))
                self.decided.difference_update(part.results[0].tolist())
                places = self.places(part)
                before = numbers[places], kinds[places]
                part.compute(self)
                differs = ((numbers[places] != before[0]) | (kinds[places] != before[1])).any(axis=2)
                changed[places[differs]] = True

    def compute(self, group: FormulaGroup) -> None:
        """Computes the formulas of the group, and writes their values."""
        if group.kind.samples is not None:
            self._in_some_samples(group, group.kind.samples)
            return
        samples = self.batch.numbers.shape[1]
        size = max(1, len(group.reads), 1 if group.plan is None else group.plan.largest)
        step = max(1, _MOST_NUMBERS // (size * samples))
        if step >= group.count:
            self._part(group, size)
        else:
            for begin in range(0, group.count, step):
                self._part(group.only(slice(begin, begin + step)), size)

    def _in_some_samples(self, group: FormulaGroup, samples: tuple[int, ...]) -> None:
        """Computes the formulas in these samples only, by an evaluation of the cells that they read and write."""
        at = np.array(samples, dtype=np.intp)
        if self.numbers is not None:
            at = np.flatnonzero(np.isin(self.numbers, at))
        if not at.size:
            return
        places = self.places(group)
        rows = np.unique(np.concatenate([group.reads.ravel(), places.ravel()]))
        part = Store(self.batch.numbers[np.ix_(rows, at)], self.batch.kinds[np.ix_(rows, at)], self.batch.words)
        inner = FormulaGroup(
            group.kind._replace(samples=None),
            group.plan,
            np.searchsorted(rows, group.reads),
            np.searchsorted(rows, places),
        )
        evaluation = Evaluation(part, self.rounded, np.zeros(len(rows), dtype=bool), {})
        evaluation.compute(inner)
        written = np.unique(places)
        inside = np.searchsorted(rows, written)
        self.batch.numbers[np.ix_(written, at)] = part.numbers[inside]
        self.batch.kinds[np.ix_(written, at)] = part.kinds[inside]
        self._plain[written] = (self.batch.kinds[written] == NUMBER).all(axis=1)
        firsts = dict(zip(inner.results[0].tolist(), group.results[0].tolist(), strict=True))
        self.decided.update(firsts[place] for place in evaluation.decided)
        self.samples[at] |= evaluation.samples

    def _part(self, group: FormulaGroup, size: int) -> None:
        samples = self.batch.numbers.shape[1]
        if group.plan is None:
            self._alone(group, np.ones((group.count, samples), dtype=bool))
            return
        step = max(1, _MOST_NUMBERS // (size * group.count))
        for begin in range(0, samples, step):
            self._by_kernels(group, group.plan, slice(begin, min(begin + step, samples)))

    def _by_kernels(self, group: FormulaGroup, made: Plan, part: slice) -> None:
        numbers, kinds = self.batch.numbers[:, part], self.batch.kinds[:, part]
        count = numbers.shape[1]
        lanes = Lanes(group.count * count, self.batch.words, rounded=self.rounded)
        plain = every(self._plain[group.reads])
        taken = numbers[group.reads]
        sorts = None if plain else kinds[group.reads]
        operands = []
        begin = 0
        for shape in group.kind.shapes:
            end = begin + math.prod(shape)
            full = (lanes.count,) if shape == (1, 1) else (*shape, lanes.count)
            own = taken[begin:end].reshape(full)
            operands.append(LaneOperand(own) if sorts is None else self._operand(own, sorts[begin:end].reshape(full)))
            begin = end
        found = made.run(lanes, operands)
        if lanes.decided is not None:
            decided = lanes.decided.reshape(group.count, count)
            self.samples[part] |= decided.any(axis=0)
            self.decided.update(group.results[0, decided.any(axis=1)].tolist())
        odd = self._write(group, found, part, count)
        if sorts is not None:
            # Only the program knows whether an argument without a value matters: no kernel may ignore it.
            unknown = (sorts == REASON).any(axis=0)
            if some(unknown):
                odd = unknown if odd is None else odd | unknown
        if odd is not None:
            everywhere = np.zeros((group.count, self.batch.numbers.shape[1]), dtype=bool)
            everywhere[:, part] = odd
            self._alone(group, everywhere)

    @staticmethod
    def _operand(numbers: Any, kinds: Any) -> LaneOperand:
        if not some(kinds):
            return LaneOperand(numbers)
        if every(kinds == TRUTH):
            return LaneOperand(numbers != 0)
        return LaneOperand(numbers, kinds, only_errors=not some((kinds != NUMBER) & (kinds < FIRST_ERROR)))

    def _write(self, group: FormulaGroup, found: LaneOperand, part: slice, count: int) -> Mask | None:
        """Writes the result into its block as Excel does; returns the lanes that the kernels did not compute."""
        values, kinds, _ = found
        truth = values.dtype == bool
        nodes, block = group.count, group.kind.block
        places = self.places(group)
        if block == (1, 1) and values.ndim < 2:
            table = np.broadcast_to(values, (nodes * count,)).reshape(1, nodes, count)
            kind = None if kinds is None else np.broadcast_to(kinds, (nodes * count,)).reshape(1, nodes, count)
        else:
            table = self._in_block(values, block, nodes, count)
            kind = None if kinds is None else self._in_block(kinds, block, nodes, count)
        targets = self.batch.numbers[:, part], self.batch.kinds[:, part]
        targets[0][places] = table if truth else table + 0.0  # Excel has no negative zero
        if kind is None:
            targets[1][places] = TRUTH if truth else NUMBER
            if truth:
                self._plain[places] = False
            elif part.start == 0:
                self._plain[places] = True
            return None
        kind = np.where(kind == EMPTY_CELL, NUMBER, kind)  # a formula never gives a blank
        targets[0][places] = np.where(kind >= FIRST_ERROR, 0.0, table + 0.0)
        targets[1][places] = kind
        self._plain[places] = False
        odd = (kind == ODD).any(axis=0)
        if kinds.ndim == 3:  # also outside the cells of the block
            odd |= np.broadcast_to((kinds == ODD).any(axis=(0, 1)), (nodes * count,)).reshape(nodes, count)
        return odd if some(odd) else None

    @staticmethod
    def _in_block(values: Any, block: tuple[int, int], nodes: int, count: int) -> Any:
        """A result in the cells of a block: a single row or column is repeated, and a larger one is cut."""
        table = values if values.ndim == 3 else np.broadcast_to(values, (1, 1, nodes * count))
        if table.shape[2] != nodes * count:
            table = np.broadcast_to(table, (*table.shape[:2], nodes * count))
        rows, columns = block
        table = np.broadcast_to(table, (rows if table.shape[0] == 1 else table.shape[0],
                                        columns if table.shape[1] == 1 else table.shape[1], nodes * count))  # fmt: skip
        return table[:rows, :columns].reshape(rows * columns, nodes, count)

    def give(self, places: Sequence[int] | NDArray[np.intp], numbers: Any, kinds: Any) -> None:
        """Gives these places other values."""
        self.batch.numbers[places], self.batch.kinds[places] = numbers, kinds
        self._plain[places] = (self.batch.kinds[places] == NUMBER).all(axis=1)

    def write(self, results: Sequence[int], value: Value, samples: Sequence[int] | None) -> None:
        """Gives these results one value, in these samples or in all; held cells have others than their own."""
        number, kind = encode(value, self.batch.words)
        rows = [self.shadows.get(place, place) if self.held[place] else place for place in results]
        if rows:
            at = np.ix_(rows, range(self.batch.numbers.shape[1]) if samples is None else samples)
            self.batch.numbers[at], self.batch.kinds[at] = number, kind
            self._plain[rows] = (self.batch.kinds[rows] == NUMBER).all(axis=1)

    def places(self, group: FormulaGroup) -> NDArray[np.intp]:
        """The places for the group's results; held cells have others than their own."""
        if not some(self.held[group.results]):
            return group.results
        shadows = self.shadows
        return np.array([[shadows.get(place, place) for place in row] for row in group.results.tolist()], dtype=np.intp)

    def _alone(self, group: FormulaGroup, where: Mask) -> None:
        """Computes by the program, one lane after the other, where the mask, (formulas, samples), says so."""
        places = self.places(group)
        numbers, kinds, words = self.batch.numbers, self.batch.kinds, self.batch.words
        kind = group.kind
        for number in np.flatnonzero(where.any(axis=1)).tolist():
            chosen = np.flatnonzero(where[number])
            read = group.reads[:, number]
            taken, sorts = numbers[read][:, chosen], kinds[read][:, chosen]
            if len(chosen) > 1 and (taken == taken[:, :1]).all() and (sorts == sorts[:, :1]).all():
                taken, sorts = taken[:, :1], sorts[:, :1]
            found: list[list[tuple[float, int]]] = []
            for at in range(taken.shape[1]):
                key = kind, _key(taken[:, at], sorts[:, at])
                if key not in self._known:
                    values = [
                        decode(n, k, words) for n, k in zip(taken[:, at].tolist(), sorts[:, at].tolist(), strict=True)
                    ]
                    self._known[key] = self._once(kind, values)
                values, decided = self._known[key]
                if decided:
                    self.decided.add(int(group.results[0, number]))
                    self.samples[chosen if taken.shape[1] == 1 else chosen[at]] = True
                found.append([encode(value, words) for value in values])
            for row, place in enumerate(places[:, number].tolist()):
                pairs = [each[row] for each in found]
                numbers[place, chosen] = [n for n, _ in pairs] if len(pairs) > 1 else pairs[0][0]
                kinds[place, chosen] = [k for _, k in pairs] if len(pairs) > 1 else pairs[0][1]
                self._plain[place] = (kinds[place] == NUMBER).all()
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()

    def _once(self, kind: Kind, values: Sequence[Value]) -> tuple[list[Value], bool]:
        """The results of a formula of this kind for these values of its arguments, and whether they depend on the reading."""
        with reading(self.rounded) as how:
            return computed(kind, values), how.decided


def _key(numbers: Any, kinds: Any) -> bytes:
    """The key of these values in the cache: their bytes, or a digest where they are many."""
    key: bytes = numbers.tobytes() + kinds.tobytes()
    return key if len(key) <= _LONGEST_KEY else hashlib.blake2b(key).digest()


def computed(kind: Kind, values: Sequence[Value]) -> list[Value]:
    """The results of a formula of this kind for these values, Unsupported with the reason where they are not certain."""
    program = kind.program
    try:
        found = program.run(_operands(kind, values), (1, 1) if kind.spills else kind.block)
        if not program.array and getattr(found, "size", 1) > 1:
            raise Refusal("an array in a plain cell, of which Excel may show another element")
        if kind.spills and (np.shape(found) or (1, 1)) != kind.block:
            raise Refusal("a formula that spills over other cells than the file says")
        return to_values(found, kind.block)
    except Refusal as reason:
        return [Unsupported(str(reason))] * math.prod(kind.block)
    except Exception as error:  # an unforeseen failure of one formula must not hide the others
        passed_over(error)
        failed = Unsupported(f"a formula on which the engine fails ({type(error).__name__}: {error})")
        return [failed] * math.prod(kind.block)


def _operands(kind: Kind, values: Sequence[Value]) -> list[object]:
    operands: list[object] = []
    begin = 0
    for shape, full in zip(kind.shapes, kind.full, strict=True):
        end = begin + math.prod(shape)
        table = to_table(list(values[begin:end]), shape)
        operands.append(table if full is None else as_lines(table, full))
        begin = end
    return operands


class Evaluated(NamedTuple):
    """The evaluation in the exact reading, and by place the values in the rounded reading where they differ."""

    evaluation: Evaluation
    others: dict[int, Other]

    @property
    def exact(self) -> Store:
        """The values in the exact reading."""
        return self.evaluation.batch


def evaluate(groups: Sequence[FormulaGroup], batch: Store, held: Mask, shadows: dict[int, int]) -> Evaluated:
    """The values of every place; ``batch`` has those of constants and held cells, and is modified."""
    exact = Evaluation(batch, False, held, shadows)
    exact.run(groups)
    return in_both_readings(groups, exact)


def in_both_readings(groups: Sequence[FormulaGroup], exact: Evaluation) -> Evaluated:
    """The values in both readings, from an evaluation in the exact one; only what depends on the reading is recomputed."""
    if not exact.decided:
        return Evaluated(exact, {})
    batch = exact.batch
    chosen = np.flatnonzero(exact.samples)
    other = Store(batch.numbers[:, chosen], batch.kinds[:, chosen], batch.words)
    changed = np.zeros(len(batch.numbers), dtype=bool)
    Evaluation(other, True, exact.held, exact.shadows, chosen).update(groups, exact.decided, changed)
    return Evaluated(exact, _differing(batch, other, chosen, np.flatnonzero(changed)))


def _differing(exact: Store, rounded: Store, samples: NDArray[np.intp], places: NDArray[np.intp]) -> dict[int, Other]:
    """The values of these places in the rounded reading, which has these samples only, where they differ."""
    found: dict[int, Other] = {}
    step = max(1, _MOST_NUMBERS // max(1, len(samples)))
    for begin in range(0, len(places), step):
        rows = places[begin : begin + step]
        one, sort = exact.numbers[np.ix_(rows, samples)], exact.kinds[np.ix_(rows, samples)]
        other, kinds = rounded.numbers[rows], rounded.kinds[rows]
        with np.errstate(all="ignore"):
            apart = np.abs(other - one) > SAME * np.maximum(1.0, np.maximum(np.abs(other), np.abs(one)))
        numbers = (kinds == NUMBER) | (sort == NUMBER)
        differs = (kinds != sort) | np.where(numbers, apart, other != one)
        for row in np.flatnonzero(differs.any(axis=1)).tolist():
            at = np.flatnonzero(differs[row])
            found[int(rows[row])] = Other(samples[at], other[row, at], kinds[row, at])
    return found
