"""Directed scenarios: inputs that reach outcomes of decisions which the plain scenarios do not reach.

The random numbers of plain scenarios hit no tie, no key of a table and no far threshold. So one input at a time is set to the
numbers with which formulas and the reference compare; ties are solved for, by secants and bisection; and where an outcome is
on one side of a limit, its distance is minimised. Many inputs are tried in one batch, which the array evaluator computes in
about the time of one. For each outcome that is reached so, one scenario is appended to the plain ones and compared like them.

The search is deterministic, and bounded by a number of batches, of values computed and of calls of the references.
"""

import contextlib
import itertools
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from xlparity.compare.compare import compare
from xlparity.compare.expected import Bools, call_references
from xlparity.compare.run import Loaded
from xlparity.engines.evaluator.session import FormulasSession
from xlparity.excel.address import Cell, Range
from xlparity.excel.ast import parse, walk
from xlparity.excel.columns import Column, Floats, column_of, floats_of, joined, value_in
from xlparity.excel.graph import Graph
from xlparity.excel.values import BLANK, Value
from xlparity.scenarios.outcomes import Decision, Outcome, Probed, Probing, spread
from xlparity.scenarios.reach import Reached
from xlparity.scenarios.rounding import FINE, is_short, short
from xlparity.scenarios.sample import Samples, VariedElement, clipped
from xlparity.settings import SCENARIOS
from xlparity.spec.binding import Input
from xlparity.spec.check import Check

_ROUNDS = 8  # batches of the search
_AT_ONCE = 512  # inputs that are tried in one batch
_TIES = 2  # samples in which a tie is to be
_LONGER = 2  # batches after a tie is reached, to reach it by numbers of few digits
_EACH = 24  # of these, for one outcome
_SHARE = 2.0  # of the work of the plain scenarios, which is a third of the time of a verification, or less
_AN_INPUT = 5  # how many times as long it takes to set an input as to compute a formula
_LEAST = 1_200_000  # values that are computed in any case, which takes about 0.1 s
_CELLS = (
    8  # of each decision's cells in the search, spread over all of them, or over the first where all are too much work
)
_FIRST = 8  # by which the number of these is divided until they are not
_TARGETS = 48  # decisions that are searched for
_ELEMENTS = 150  # inputs that are moved to see on which of them a decision depends
_MOVED = 6  # inputs by which an outcome is reached
_BASES = 8  # samples from which the search starts
_KEPT = 4  # inputs that are kept for one outcome, until the reference is defined for one
_CONSTANTS = 60  # numbers that inputs are set to
_MOST_READ = 64  # cells of a range of which the values are such numbers
_LIMITS, _OF_ONE_INPUT = 12, 2  # numbers of the reference alone, and elements of each input that are set to them
_READ = 200  # decisions of which the numbers are known not to be the reference's alone
_NEARBY = 1e-6  # a step across a limit, relative
_NEUTRAL = 4  # inputs at a limit, at 0 and at 1: 32 samples for each limit, of the hundreds that a search tries
_TOGETHER = 8  # samples in which ties are looked for at a time
_APART = 2.0**-30  # by which numbers are moved to see on which of them a tie depends


Key: TypeAlias = tuple[int, int]
"""An outcome: the number of its decision among those that are searched for, and its own."""


class Row(NamedTuple):
    """Inputs that are tried: a base, and the elements that differ from it."""

    base: int
    changes: tuple[tuple[int, Value], ...] = ()


@dataclass(frozen=True)
class Ties:
    """The ties in samples, which are looked at where a cell is found wrong, and so in none of a right workbook."""

    checks: Sequence[Check]
    reached: Reached
    graph: Graph

    def exact(self, samples: Samples, sample: int, numbers: Floats, cells: tuple[Cell, ...]) -> Bools:
        """Which numbers of an input in the sample of this number no rounding error is in, for these cells.

        It is none in whole numbers, in what has few binary digits, and in what the reference itself has in its code. But where
        a tie on which a cell depends may be one within rounding error only, all numbers are taken for inexact. A number of the
        reference is inexact where something else is equal that is computed from it: 10 * 0.3 is 3, and 0.3 / 0.1 is not.
        """
        tied = np.abs(self._tied(samples, sample, cells))
        own = self._of(samples, sample)[0]
        if (~short(tied) & ~np.isin(tied, list(own))).any():
            return np.zeros(np.shape(numbers), dtype=bool)
        whole = np.asarray(numbers) == np.round(numbers)
        literals = own.intersection(tied.tolist()) if tied.size else self._literals
        return np.asarray(whole | short(numbers) | np.isin(np.abs(numbers), list(literals)))

    @cached_property
    def _literals(self) -> frozenset[float]:
        return frozenset(number for check in self.checks for number in check.reference.described.numbers)

    @cached_property
    def _session(self) -> FormulasSession:
        return self.reached.session.of_precedents({cell for one in self.reached.of_all_cells for cell in one.cells})

    @cached_property
    def _known(self) -> dict[int, tuple[frozenset[float], list[Floats]]]:
        return {}

    @cached_property
    def _before(self) -> dict[tuple[Cell, ...], frozenset[Cell]]:
        return {}

    @cached_property
    def _probing(self) -> Probing:
        return Probing(self._session, {one: one.cells for one in self.reached.of_all_cells}, operands=True)

    def _tied(self, samples: Samples, sample: int, cells: tuple[Cell, ...]) -> Floats:
        """What is equal, half or whole before the cells.

        What stays as it is when the numbers that may have rounding errors move has none in it: a key that is a choice, say.
        """
        ties = self._of(samples, sample)[1]
        if not any(of.size for of in ties):
            return np.empty(0)
        if cells not in self._before:
            self._before[cells] = frozenset(self.graph.before(cells))
        before, decisions = self._before[cells], self.reached.of_all_cells
        own = (of for one, of in zip(decisions, ties, strict=True) if of.size and not before.isdisjoint(one.cells))
        return np.concatenate([np.empty(0), *own])

    def _of(self, samples: Samples, sample: int) -> tuple[frozenset[float], list[Floats]]:
        """The sample's numbers of the reference, and what is equal, half or whole in each decision."""
        if sample not in self._known:
            begin = sample - sample % _TOGETHER
            numbers = range(begin, min(begin + _TOGETHER, samples.count))
            columns, count = samples.columns(numbers), len(numbers)
            given = np.abs([floats_of(column, count) for column in columns.values()]).reshape(-1, count)
            for element in samples.elements:
                column = columns[element.cells[0]]
                both = joined([(column, count), (_nearby(element.given, column), count)])
                columns.update(dict.fromkeys(element.cells, both))
            probed = [one for _, one in self._probing.on(self._session.recalculate(columns, 2 * count))]
            ties = [one.ties.reshape(-1, 2, count) for one in probed]
            for at, number in enumerate(numbers):
                moved = [one[one[:, 0, at] != one[:, 1, at], 0, at] for one in ties]
                own = self._literals.intersection(given[:, at].tolist())
                self._known[number] = own, [one[np.isfinite(one)] for one in moved]
        return self._known[sample]


def _nearby(given: Input[Range], column: Column) -> Column:
    """The numbers of an input a little off, where they may have rounding errors."""
    if (given.special and not given.frame) or given.choices or given.integer or given.one_hot:
        return column
    if isinstance(column, np.ndarray):
        return column * (1 + _APART)
    values = column if isinstance(column, tuple) else (column,)
    return column_of([value * (1 + _APART) if type(value) is float else value for value in values])


@dataclass(frozen=True, slots=True)
class _Free:
    """The values that one varied element may have."""

    element: VariedElement
    stored: Value
    whole: bool
    fixed: bool

    @classmethod
    def of(cls, element: VariedElement, stored: Value) -> "_Free":
        given = element.given
        low, high = given.limits
        days = given.dates and all(end is None or float(end).is_integer() for end in (low, high))
        return cls(element, stored, given.integer or days, bool(given.draw or given.one_hot))

    def choices(self) -> tuple[Value, ...]:
        """The values that it is chosen from; empty for a number in a range."""
        given = self.element.given
        if self.fixed:
            return ()
        blank: tuple[Value, ...] = (BLANK,) if given.blank else ()
        if given.choices:
            return (*given.choices, *blank)
        if isinstance(self.stored, bool):
            return (True, False)
        return blank

    @property
    def number(self) -> bool:
        """Whether it is a number in a range."""
        return not (self.fixed or self.element.given.choices or isinstance(self.stored, bool | str))

    def beside(self, value: Value) -> Iterator[float]:
        """A value a step away; the other way where the range ends there."""
        if self.number and isinstance(value, float):
            step = 1.0 if self.whole else 0.125 * max(abs(value), 1.0)
            yield from itertools.islice((one for way in (1, -1) for one in self.fitting(value + way * step)), 1)

    def fitting(self, value: float) -> Iterator[float]:
        """The value, or the whole numbers beside it, where they are in the range."""
        if not math.isfinite(value):
            return
        for one in (
            dict.fromkeys((float(math.floor(value)), float(math.ceil(value)))) if self.whole else (float(value),)
        ):
            if clipped(self.element.given, one) == one:
                yield one + 0.0

    def snapped(self, value: Value, bits: int) -> Value:
        """A number of so many binary digits near the value, within the range; anything else as it is."""
        if type(value) is not float or not self.number or not value or not math.isfinite(value):
            return value
        step = max(2.0 ** (math.frexp(value)[1] - bits), 1 / FINE)
        rounded = round(value / step) * step
        return next(self.fitting(rounded), value) if rounded else value


class Search:
    """The search for inputs that reach outcomes of decisions which the plain scenarios do not reach.

    Where ``reached`` has the decisions ``among`` some cells alone, the search takes as long as with 100 scenarios.
    """

    def __init__(
        self,
        checks: Sequence[Check],
        loaded: Loaded,
        samples: Samples,
        reached: Reached,
        among: Collection[Cell] | None = None,
    ) -> None:
        self._checks, self._loaded, self._samples, self._reached = checks, loaded, samples, reached
        session = self._session = reached.session
        self._free = [_Free.of(element, samples.stored[element.cells[0]]) for element in samples.elements]
        missing = {one: found for one in reached.decisions if (found := self._to_search(one))}
        self._targets = list(missing)[:_TARGETS]
        self._missing = [(at, outcome) for at, one in enumerate(self._targets) for outcome in missing[one]]
        self._left = int(_LEAST + _SHARE * session.work(samples.count if among is None else SCENARIOS))
        self._calls = samples.scenarios  # of the references
        if self._targets:
            self._left -= session.work(len(self._targets))  # to compare what is found
        self._cone, places = self._near(self._left // 2)  # the rest is for more inputs
        before = set(loaded.book.graph.before({cell for cells in places.values() for cell in cells}))
        numbers = range(len(self._free))
        # The others make no difference to the search.
        self._inside = [at for at in numbers if not before.isdisjoint(samples.elements[at].cells)]
        open_outcomes = {(self._targets[at], outcome) for at, outcome in self._missing}
        self._probing = Probing(self._cone, places, distances=open_outcomes)
        self._found: dict[Key, list[Row]] = {}
        self._bases: list[list[Value]] = [[free.stored for free in self._free]]
        self._tried: dict[Row, int] = {}  # with the places of their distances
        self._away: dict[Key, list[Floats]] = {key: [] for key in self._missing}
        self._far: dict[tuple[Key, int], tuple[bool, float]] = {}  # by outcome and place, how far it is from there
        self._lines: dict[tuple[int, int], list[tuple[float, int]]] = {}
        self._moves: dict[Key, dict[int, float]] = {key: {} for key in self._missing}
        self._since: dict[Key, int] = {}
        self._batches = 0
        self._again: frozenset[Key] = frozenset()  # outcomes that were found, and are searched for once more
        self._counts: dict[tuple[int, str], list[bool]] = {}
        self._totals: dict[tuple[int, str], int] = {}

    def _to_search(self, decision: Decision) -> list[int]:
        """The outcomes that are to be searched for, by their numbers.

        One scenario has zeros in all inputs, where much is equal and shows little: a tie is to be in another one as well.
        """
        missing = self._reached.missing(decision)
        few = [at for at in self._reached.ties(decision) if self._reached.times(decision, at) < _TIES]
        return sorted({*missing, *few})

    def _near(self, most: int) -> tuple[FormulasSession, dict[Decision, Sequence[Cell]]]:
        """A session that computes some cells of each target, so many that all rounds take at most this work, and the cells."""
        longest = max((len(one.cells) for one in self._targets), default=0)
        share = 1
        while True:
            places = {one: spread(one.cells[: max(_CELLS, len(one.cells) // share)], _CELLS) for one in self._targets}
            cone = self._session.of_precedents({cell for cells in places.values() for cell in cells})
            if (1 + _ROUNDS) * cone.work(_CELLS) <= most or longest <= _CELLS * share:
                return cone, places
            share *= _FIRST

    @cached_property
    def literals(self) -> frozenset[float]:
        """The magnitudes of the numbers in the references' code."""
        return frozenset(number for check in self._checks for number in check.reference.described.numbers)

    # --- the search ---------------------------------------------------------------------------------------------------------

    def proposals(self) -> Iterator[Samples]:
        """In turn, scenarios that are to be compared; those that leave an outcome unreached are followed by others."""
        if self._missing:
            self._run()
        rows = self._chosen()
        for _ in range(_KEPT):
            if not (rows := rows[: self._calls]):
                break
            self._calls -= len(rows)
            yield self._scenarios(rows)
            rows = self._others()
        if rows := self._differing():
            yield self._scenarios(rows)

    def _run(self) -> None:
        """Tries inputs, in at most so many batches."""
        self._begin()
        self._try([*(Row(base) for base in range(len(self._bases))), *self._steps(0)])
        for _ in range(_ROUNDS):
            if not self._try(list(dict.fromkeys(self._proposed()))):
                return

    def _open(self) -> list[Key]:
        """The outcomes that no tried inputs reach; a tie that only numbers of many digits reach is open a little longer."""
        return [
            key
            for key in self._missing
            if key in self._again
            or not (rows := self._found.get(key))
            or (self._outcome(key).tie and not self._is_short(rows[0]) and self._batches - self._since[key] < _LONGER)
        ]

    def _outcome(self, key: Key) -> Outcome:
        return self._targets[key[0]].outcomes[key[1]]

    def _begin(self) -> None:
        """Adds bases: for the outcomes that are not reached, the plain scenarios that are nearest to them, in short numbers."""
        samples = self._samples
        count = min(samples.count, _AT_ONCE, self._rows)
        if not count:
            return
        self._spend(count)
        batch = self._cone.recalculate(samples.columns(range(count)), count)
        chosen: dict[int, int] = {}
        for away in self._distances([probed for _, probed in self._probing.on(batch)]):
            if np.isfinite(away).any():
                nearest = int(np.nanargmin(_least(away)))
                chosen[nearest] = chosen.get(nearest, 0) + 1
        for number in sorted(chosen, key=lambda one: (-chosen[one], one))[:_BASES]:
            values = (
                self._bases[0] if number == 0 else [value_in(free.element.values, number - 1) for free in self._free]
            )
            snapped, powers = (
                [free.snapped(value, bits) for free, value in zip(self._free, values, strict=True)] for bits in (6, 1)
            )
            for base in (snapped, values, powers):
                if base not in self._bases:
                    self._bases.append(list(base))

    def _distances(self, probed: Sequence[Probed]) -> Iterator[Floats]:
        found = (probed[at].away.get(outcome) for at, outcome in self._missing)
        return (away for away in found if away is not None)

    def _steps(self, base: int) -> Iterator[Row]:
        """Every element moved a little from a base, and set to each of its choices."""
        for number in spread(self._inside, _ELEMENTS):
            free, now = self._free[number], self._bases[base][number]
            yield from (Row(base, ((number, value),)) for value in free.choices())
            yield from (Row(base, ((number, value),)) for value in free.beside(now))

    def _proposed(self) -> Iterator[Row]:
        """Inputs that may reach what is open, in turn for each decision, and in turn for its outcomes: a lookup has many."""
        each: dict[int, list[Iterator[Row]]] = {}
        for key in self._open():
            each.setdefault(key[0], []).append(itertools.islice(self._fresh(key), _EACH))
        return _in_turn([_in_turn(of_outcomes) for of_outcomes in each.values()])

    def _fresh(self, key: Key) -> Iterator[Row]:
        """Inputs that may reach an outcome and were not tried: solutions of its tie, then constants."""
        bases = sorted(range(len(self._bases)), key=lambda base: self._farness(key, Row(base)))
        moving: Sequence[int] = self._moving(key)
        steps = () if moving else self._steps(bases[0])
        if not moving:
            moving = spread([number for number in self._inside if self._free[number].number], _MOVED)
        lines = [(base, number) for base in bases for number in moving]
        # In turn: a line may come nearer and nearer to where the range of an input ends.
        solutions = _in_turn([self._solutions(key, base, number) for base, number in lines])
        numbers = dict.fromkeys((*_read_by(self._targets[key[0]], self._loaded), *self._constants))
        constants = (
            Row(base, ((number, fit),))
            for value in numbers
            for base in bases[:2]
            for number in moving
            if self._free[number].number
            for one in (value, value + 1, -value, value - 1)
            for fit in self._free[number].fitting(one)
        )
        limits = [value for value in numbers if not is_short(value)] if self._outcome(key).tie else []
        seen: set[Row] = set()
        for row in itertools.chain(steps, self._neutral(moving, limits), solutions, constants):
            if row not in seen and row not in self._tried:
                seen.add(row)
                yield row

    def _neutral(self, moving: Sequence[int], limits: Sequence[float]) -> Iterator[Row]:
        """One element at a limit and the others at 0 or 1: what is added and multiplied there is the limit, not rounded."""
        elements = [number for number in moving if self._free[number].number][:_NEUTRAL]
        for limit, place in itertools.product(limits, range(len(elements))):
            for others in itertools.product((0.0, 1.0), repeat=len(elements) - 1):
                values = (*others[:place], limit, *others[place:])
                changes = tuple(
                    (at, fit)
                    for at, one in zip(elements, values, strict=True)
                    for fit in itertools.islice(self._free[at].fitting(one), 1)
                )
                if len(changes) == len(elements):
                    yield Row(0, changes)

    def _farness(self, key: Key, row: Row) -> tuple[bool, float]:
        """How far tried inputs are from an outcome; beyond all others where they do not enter the outcome's branch."""
        place = self._tried.get(row)
        if place is None or not self._away[key]:
            return True, 0.0
        if (key, place) not in self._far:
            away = np.abs(self._away[key][place])
            least = float(np.fmin.reduce(away, initial=np.nan))
            self._far[key, place] = (True, 0.0) if not math.isfinite(least) else (False, least)
        return self._far[key, place]

    def _away_at(self, key: Key, row: Row) -> Floats | None:
        """An outcome's distances in each cell on tried inputs; None where there are none."""
        place = self._tried.get(row)
        return self._away[key][place] if place is not None and self._away[key] else None

    @property
    def _constants(self) -> tuple[float, ...]:
        return tuple(sorted(self.literals, key=lambda one: (one in (0.0, 1.0, 2.0), one))[:_CONSTANTS])

    def _moving(self, key: Key) -> list[int]:
        """The elements that change an outcome's distance, as far as they were moved, those that change it most first."""
        moves = self._moves[key]
        return sorted(moves, key=lambda number: (-moves[number], number))[:_MOVED]

    def _solutions(self, key: Key, base: int, number: int) -> Iterator[Row]:
        """The element's values at which the distance would be 0, and beyond, by what was tried on the line through a base."""
        free, own, at_base = self._free[number], self._bases[base][number], self._away_at(key, Row(base))
        if not free.number or at_base is None or not isinstance(own, float):
            return
        points = {value: self._away[key][place] for value, place in self._lines.get((base, number), ())}
        points[own] = at_base
        if len(points) < 2:
            yield from (Row(base, ((number, one),)) for one in free.beside(own))
            return
        values = np.array(sorted(points))
        table = np.array([points[value] for value in values.tolist()])
        for cell in range(table.shape[1]):
            known = np.isfinite(table[:, cell])
            if known.sum() < 2:
                continue
            for root in _roots(values[known], table[known, cell]):
                near = _NEARBY * max(abs(root), 1.0)
                tries = [root, *(float(f"{root:.{digits}g}") for digits in (12, 9, 6, 3))]
                tries += (
                    []
                    if self._outcome(key).tie
                    else [root + near, root - near, root + 1, root - 1, 1.5 * root, 0.5 * root]
                )
                for one in dict.fromkeys(tries):
                    for fit in free.fitting(one):
                        yield Row(base, ((number, fit),))

    def _work(self, rows: int) -> int:
        """The work of trying so many inputs."""
        return self._cone.work(rows) + rows * _AN_INPUT * len(self._inside)

    @property
    def _rows(self) -> int:
        """How many inputs may be tried in one batch."""
        fixed = self._work(0)
        return max(0, (self._left - fixed) // max(1, self._work(1) - fixed))

    def _spend(self, rows: int) -> None:
        self._left -= self._work(rows)

    def _try(self, rows: Sequence[Row]) -> bool:
        """Computes what these inputs reach; False where there are none, or no more may be computed."""
        rows = list(rows)[: min(_AT_ONCE, self._rows)]
        if not rows:
            return False
        self._spend(len(rows))
        self._batches += 1
        probed = [
            one for _, one in self._probing.on(self._cone.recalculate(self._columns(rows, self._inside), len(rows)))
        ]
        for row in rows:
            place = self._tried[row] = len(self._tried)
            if len(row.changes) == 1 and isinstance(value := row.changes[0][1], float):
                self._lines.setdefault((row.base, row.changes[0][0]), []).append((value, place))
        # The rows in which one element differs from a base that was tried: the row, the element, and the place of the base.
        alone = [
            (number, row.changes[0][0], self._tried[Row(row.base)])
            for number, row in enumerate(rows)
            if len(row.changes) == 1 and Row(row.base) in self._tried
        ]
        for key in self._missing:
            at, outcome = key
            away = probed[at].away.get(outcome)
            if away is not None:
                self._away[key].extend(away.T)
                self._note_moves(key, alone, away)
            occurs = probed[at].occurs(self._outcome(key)).any(axis=0)
            if occurs.any():
                self._since.setdefault(key, self._batches)
                known = [*self._found.get(key, []), *(rows[number] for number in np.flatnonzero(occurs).tolist())]
                # Those of short numbers first: there, a difference is no rounding error.
                kept = None if key in self._again else _KEPT
                self._found[key] = sorted(known, key=lambda row: not self._is_short(row))[:kept]
        self._add_bases(rows, probed)
        return True

    def _note_moves(self, key: Key, alone: Sequence[tuple[int, int, int]], away: Floats) -> None:
        """Notes by how much elements change an outcome's distance where they ``alone`` were changed."""
        moves = self._moves[key]
        alone = [one for one in alone if one[1] not in moves]
        if not alone:
            return
        numbers, _, of_rows = zip(*alone, strict=True)
        places = list(dict.fromkeys(of_rows))  # of a few bases
        before = np.array([self._away[key][place] for place in places])[[places.index(place) for place in of_rows]].T
        with np.errstate(all="ignore"):
            moved = np.nansum(np.abs(away[:, numbers] - before), axis=0)
        for at in np.flatnonzero(moved > 0).tolist():
            moves.setdefault(alone[at][1], float(moved[at]))

    def _add_bases(self, rows: Sequence[Row], probed: Sequence[Probed]) -> None:
        """Adds as bases inputs that first enter the branch in which an open outcome is."""
        for key in self._open():
            at, outcome = key
            away = probed[at].away.get(outcome)
            if away is None or len(self._bases) > 2 * _BASES or not np.isfinite(away).any():
                continue
            if not all(self._farness(key, Row(base))[0] for base in range(len(self._bases))):
                continue
            row = rows[int(np.nanargmin(_least(away)))]
            base = self._values(row)
            if base not in self._bases:
                self._bases.append(base)
                self._alias(Row(len(self._bases) - 1), row)

    def _alias(self, base: Row, row: Row) -> None:
        """Takes inputs that were tried for those of a new base."""
        self._tried[base] = len(self._tried)
        for of_key in self._away.values():
            if of_key:
                of_key.append(of_key[self._tried[row]])

    # --- inputs -------------------------------------------------------------------------------------------------------------

    def _values(self, row: Row) -> list[Value]:
        values = list(self._bases[row.base])
        for number, value in row.changes:
            values[number] = value
        return values

    def _is_short(self, row: Row) -> bool:
        """Whether sums and products of all numbers are exact."""
        return not self._count(row, "long")

    @staticmethod
    def _is_solved(row: Row) -> bool:
        """Whether a number of many digits was solved for: where that makes a tie, rounding may have made it."""
        return not short(np.array([value for _, value in row.changes if type(value) is float])).all()

    def _whole(self, row: Row) -> int:
        """How many inputs are whole numbers without having to be: for these, rounding and much else shows nothing."""
        return self._count(row, "whole")

    def _count(self, row: Row, what: Literal["long", "whole"]) -> int:
        """How many inputs are long, or whole, those of the base counted once."""
        key = row.base, what
        if key not in self._counts:
            self._counts[key] = [self._is(what, at, value) for at, value in enumerate(self._bases[row.base])]
        known = self._counts[key]
        if (total := self._totals.get(key)) is None:
            total = self._totals[key] = sum(known)
        return total + sum(self._is(what, at, value) - known[at] for at, value in row.changes)

    def _is(self, what: Literal["long", "whole"], number: int, value: Value) -> bool:
        if type(value) is not float:
            return False
        if what == "whole":
            return value.is_integer() and not self._free[number].whole
        return not (is_short(value) or abs(value) in self.literals)

    def _columns(self, rows: Sequence[Row], numbers: Sequence[int]) -> dict[Cell, Column]:
        """The values of the elements with these numbers, by cell."""
        values = {number: [self._bases[row.base][number] for row in rows] for number in numbers}
        for at, row in enumerate(rows):
            for number, value in row.changes:
                if number in values:
                    values[number][at] = value
        columns: dict[Cell, Column] = {}
        for number, of_rows in values.items():
            columns.update(dict.fromkeys(self._samples.elements[number].cells, column_of(of_rows)))
        return columns

    # --- the choice ---------------------------------------------------------------------------------------------------------

    def _chosen(self) -> list[Row]:
        """For each outcome that was found the best inputs; some reach several.

        A tie is in two of them, if it can be: where all numbers are powers of two, both branches may come to the same.
        """
        reaching = Counter(row for rows in self._found.values() for row in rows)

        def best(key: Key, row: Row) -> tuple[bool, bool, int, int, int]:
            solved = self._outcome(key).tie and self._is_solved(row)
            return not self._is_short(row), solved, self._whole(row), -reaching[row], self._tried[row]

        self._found = {key: sorted(rows, key=partial(best, key)) for key, rows in self._found.items()}
        firsts = [rows[0] for rows in self._found.values()]
        seconds = [
            next((row for row in rows if row.base != rows[0].base and not self._is_solved(row)), rows[0])
            for key, rows in self._found.items()
            if self._outcome(key).tie
        ]
        return list(dict.fromkeys((*firsts, *seconds)))

    def _others(self) -> list[Row]:
        """For each outcome that was found, but that what was compared since leaves unreached, inputs nearer to where it begins.

        Far from there, the reference may be undefined, or the formula may overflow.
        """
        missing = {one: self._reached.missing(one) for one in self._targets}
        self._found = {key: rows[1:] for key, rows in self._found.items() if key[1] in missing[self._targets[key[0]]]}
        self._again = frozenset(self._found)
        if self._again:
            self._try(list(dict.fromkeys(self._proposed())))
        self._found = {
            key: sorted(self._found[key], key=lambda row: (not self._is_short(row), self._farness(key, row)))
            for key in self._again
        }
        return list(dict.fromkeys(rows[0] for rows in self._found.values() if rows))

    def _differing(self) -> list[Row]:
        """Inputs at numbers with which the reference alone compares, where a cell differs: a few, the first of them."""
        # Drawn scenarios have zeros and both signs.
        of_code = dict.fromkeys(n for check in self._checks for n in check.reference.described.compared if n)
        compared = spread(self._reached.of_all_cells, _READ) if of_code else []
        known = {abs(number) for one in compared for number in _read_by(one, self._loaded)}
        limits = [number for number in of_code if number not in known][:_LIMITS]
        if not limits:
            return []
        names: dict[str, int] = {}
        places: list[int] = []
        for number, free in enumerate(self._free):  # the first elements of each input
            name = free.element.given.name
            names[name] = names.get(name, 0) + 1
            if free.number and names[name] <= _OF_ONE_INPUT:
                places.append(number)
        near = (0.0, _NEARBY, -_NEARBY)
        rows = dict.fromkeys(
            Row(0, ((number, fit),))
            for step in near
            for limit in limits
            for sign in (1.0, -1.0)
            for number in places
            for fit in self._free[number].fitting(sign * (limit + step * max(limit, 1.0)))
        )
        tried = list(rows)[: min(self._samples.scenarios // 2, self._calls)]
        if not tried or self._session.work(len(tried)) > self._left:
            return []
        actual = self._session.recalculate(self._columns(tried, range(len(self._free))), len(tried))
        wrong = np.zeros(len(tried), dtype=bool)
        with forgotten(self._checks) as hung:
            expected = call_references(self._checks, actual, range(1, len(tried) + 1))
            if hung():
                return []
        for check, one in zip(self._checks, expected, strict=True):
            defined = one.counted[:, None] & ~one.undefined
            wrong |= (compare(check, one, actual).wrong & defined).any(axis=1)
        return [tried[at] for at in np.flatnonzero(wrong).tolist()[:_KEPT]]

    def _scenarios(self, rows: Sequence[Row]) -> Samples:
        """Scenarios with these inputs."""
        each = [self._values(row) for row in rows]
        elements = tuple(
            replace(element, values=column_of([values[number] for values in each]))
            for number, element in enumerate(self._samples.elements)
        )
        return replace(self._samples, scenarios=len(rows), elements=elements)


@contextlib.contextmanager
def forgotten(checks: Sequence[Check]) -> Iterator[Callable[[], bool]]:
    """What references fail at within is forgotten, as nobody asked for these inputs; gives whether one did not return."""
    every = [check.reference.patience for check in checks]
    before = [[dict(held) for held in patience.all] for patience in every]

    def hung() -> bool:
        return any(
            patience.hung != known or patience.ended != ended
            for patience, (known, ended, _) in zip(every, before, strict=True)
        )

    try:
        yield hung
    finally:
        for patience, kept in zip(every, before, strict=True):
            for held, known in zip(patience.all, kept, strict=True):
                held.clear()
                held.update(known)


def _in_turn(each: Sequence[Iterable[Row]]) -> Iterator[Row]:
    """The first of each, then the second of each, and so on."""
    return (row for rows in itertools.zip_longest(*each) for row in rows if row is not None)


def _least(away: Floats) -> Floats:
    """The smallest distance in each sample, over the cells; nan where there is none."""
    with np.errstate(all="ignore"):
        found = np.nanmin(np.where(np.isnan(away), np.inf, np.abs(away)), axis=0)
    return np.where(np.isinf(found), np.nan, found)


def _roots(values: Floats, away: Floats) -> Iterator[float]:
    """Where a line through neighbouring points is 0; of points on both sides of 0 also the middle."""
    order = np.argsort(np.abs(away), kind="stable")
    crossing = np.flatnonzero(np.sign(away[:-1]) * np.sign(away[1:]) < 0).tolist()
    with np.errstate(all="ignore"):
        for at in crossing[:3]:
            (a, b), (u, v) = values[at : at + 2], away[at : at + 2]
            yield float(a - u * (b - a) / (v - u))
            yield float((a + b) / 2)
        if not crossing:
            a, b = values[order[0]], values[order[1]]
            u, v = away[order[0]], away[order[1]]
            if u != v:
                yield float(a - u * (b - a) / (v - u))
            if u + v != 0:  # of distances without a sign, one may be on the other side
                yield float(a + (b - a) * u / (u + v))


def _read_by(decision: Decision, loaded: Loaded) -> Iterable[float]:
    """The numbers in a decision's formula and in the cells that it reads, on the stored inputs."""
    book, cell = loaded.book, decision.cells[0]
    found: dict[float, None] = {}
    with contextlib.suppress(ValueError):  # of a probe that is too long to be parsed again
        found.update(
            dict.fromkeys(float(node.word) for _, node in walk(parse(decision.probe)) if node.kind == "number")
        )
    for area in book.graph.areas(cell):
        for one in area.cells() if area.size <= _MOST_READ else ():
            value = loaded.values.get(one, BLANK)
            if type(value) is float:
                found[value] = None
    return list(found)[:_CONSTANTS]
