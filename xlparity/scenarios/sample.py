"""Samples: the stored inputs and random scenarios around them, on which the workbook and the reference are compared."""

import functools
import itertools
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xlparity.compare.inputs import unfit
from xlparity.excel.address import Cell, Range
from xlparity.excel.columns import Column, Floats, column_of, joined, picked, value_in
from xlparity.excel.values import BLANK, Value
from xlparity.excel.workbook import Workbook
from xlparity.spec.binding import Choice, Input, Offset
from xlparity.spec.check import Check, Drawer

DrawKind = Literal[
    "plain", "unit", "opposite", "signs", "zeros", "some zeros", "large", "small", "near", "corner",
    "whole", "halves", "tenths", "hundredths", "ties",
]  # fmt: skip

_EVEN: tuple[DrawKind, ...] = ("plain", "unit")  # of which the range is covered evenly
_EARLY: dict[int, DrawKind] = {1: "opposite", 3: "zeros", 5: "large", 7: "small", 9: "whole"}
_LATER: tuple[DrawKind, ...] = (
    "corner", "signs", "some zeros", "corner", "signs", "near", "corner", "signs", "large", "some zeros", "signs", "small",
    "corner", "opposite",
)  # fmt: skip
_EVERY = 4  # every fourth scenario is of a later kind, and one that is plain is at unit scale
_WRITTEN: tuple[DrawKind, ...] = ("ties", "halves", "tenths", "ties", "hundredths", "whole")
"""Numbers as people write them, in every eighth scenario: where a formula has ``<`` for ``<=``, only these show it."""
_PARTS: Mapping[DrawKind, int] = {"whole": 1, "halves": 2, "tenths": 10, "hundredths": 100, "ties": 1}  # of 1
_BINARY = tuple(2**digits for digits in range(7))  # of ties, which are exact: rounding explains no difference
_MOST_DECIMALS = 15
_DISTINCT = 3  # numbers at most that the elements share in a scenario of ties
_UNIT = 10.0  # what is larger is drawn around 1 as well
_LONG = 1e6  # a longer number is not one that people write with decimals
# A reference may be defined near the stored values only, so most scenarios of an input without a range are close to them.
_SHARES = tuple(0.5**k for k in (-1, 3, 6, 1, 4, 7, 2, 5, 0))
_LARGEST = 1e100  # beyond it, products of a few numbers overflow; as in spec.schema
_ROUNDED = 1e15  # below it, a double has a decimal to round
_FIRST = 10  # scenarios of the early kinds, before every fourth has a later one
_REMEMBERED = 200  # scenarios up to which drawn values are cached, 13 MB at most
_BLANKS = 0.15  # the share of blanks of an input that may be blank
_SOME = 0.3  # the share of zeros in a scenario with some zeros


Exact: TypeAlias = Callable[[int, Floats, tuple[Cell, ...]], NDArray[np.bool_]]


@dataclass(frozen=True)
class VariedElement:
    """One input value that is varied: the cells that hold it, the input it belongs to, and its value in each scenario."""

    cells: tuple[Cell, ...]
    given: Input[Range]
    values: Column


@dataclass(frozen=True)
class Samples:
    """The samples of all inputs: sample 0 has the ``stored`` values of the varied cells, and the others are scenarios.

    In each scenario every element has a value. ``directed`` are the numbers of the samples that were searched for.
    ``again`` draws samples of the same elements, with another number of scenarios and another seed. ``exact_in`` says which
    numbers of an input no rounding error is in, in the sample of a number among some.
    """

    scenarios: int
    elements: tuple[VariedElement, ...]
    stored: Mapping[Cell, Value]
    directed: range = range(0)
    again: "Callable[[int, int], Samples] | None" = None
    exact_in: "Callable[[Samples, int, Floats, tuple[Cell, ...]], NDArray[np.bool_]] | None" = None

    @property
    def exact(self) -> Exact | None:
        """What says which numbers of an input no rounding error is in, in the sample of a number; None where nothing does."""
        return None if self.exact_in is None else functools.partial(self.exact_in, self)

    @property
    def count(self) -> int:
        """How many samples there are, the stored inputs included."""
        return 1 + self.scenarios

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells that scenarios set."""
        return tuple(cell for element in self.elements for cell in element.cells)

    def columns(self, numbers: Sequence[int]) -> dict[Cell, Column]:
        """The values of the samples with these numbers, by cell."""
        if 0 not in numbers:
            scenarios = [number - 1 for number in numbers]
            return {cell: column for e in self.elements for column in [picked(e.values, scenarios)] for cell in e.cells}
        found: dict[Cell, Column] = {}
        for element in self.elements:
            later = picked(element.values, [number - 1 for number in numbers if number])
            for cell in element.cells:
                stored = self.stored[cell]
                if isinstance(later, np.ndarray) and type(stored) is float and numbers[0] == 0:
                    found[cell] = np.concatenate([[stored], later])
                    continue
                at = itertools.count()
                found[cell] = column_of([value_in(later, next(at)) if number else stored for number in numbers])
        return found

    def first(self, count: int | None) -> "Samples":
        """The first so many of the samples; all of them without a number."""
        if count is None or count >= self.count:
            return self
        kept = range(count - 1)
        elements = tuple(VariedElement(e.cells, e.given, picked(e.values, kept)) for e in self.elements)
        return replace(self, scenarios=count - 1, elements=elements)

    def followed_by(self, others: "Samples") -> "Samples":
        """These samples and, after them, the scenarios of the others, which are drawn for the same elements."""
        elements = tuple(
            replace(one, values=joined([(one.values, self.scenarios), (other.values, others.scenarios)]))
            for one, other in zip(self.elements, others.elements, strict=True)
        )
        return replace(self, scenarios=self.scenarios + others.scenarios, elements=elements)

    def with_directed(self, others: "Samples") -> "Samples":
        """The same, where the others were searched for, as were the last of these if any were."""
        first = self.directed.start if self.directed else self.count
        found = self.followed_by(others)
        return replace(found, directed=range(first, found.count))

    def changed(self, rtol: float = 0.0) -> set[Cell]:
        """The cells that have another value than the stored one in any scenario, by more than ``rtol`` of it if a number."""
        return {
            cell
            for element in self.elements
            for cell in element.cells
            if differs(element.values, self.stored[cell], self.scenarios, rtol).any()
        }


def sample(
    checks: Sequence[Check],
    book: Workbook,
    values: Mapping[Cell, Value],
    scenarios: int,
    seed: int,
    more: Sequence[Input[Range]] = (),
) -> Samples:
    """The stored inputs and ``scenarios`` scenarios around them, for all checks; ``more`` inputs are varied as well.

    ``values`` are those of the cells on the stored inputs.
    """
    inputs = [(given, check.cells.offsets) for check in checks for given in check.inputs]
    inputs += [(given, (Offset(0, 0),)) for given in more]
    # An output of one check may be an input of another, and is not set.
    compared = {
        binding.cell
        for check in checks
        for binding in check.cells.bindings
        if binding.output.skip is None and binding.cell not in check.cells.accepted
    }

    @functools.cache
    def unnamed() -> frozenset[Cell]:
        return frozenset(cell for check in checks for cell in _unnamed(check, compared, book))

    @functools.cache
    def constants_of(cell: Cell) -> Sequence[Cell]:
        found = book.graph.constants_before([cell])
        return found if found == [cell] else [root for root in found if root not in unnamed()]

    drawn = {given: drawer for check in checks for given in check.inputs if (drawer := check.drawer(given)) is not None}

    def again(count: int, seed: int) -> Samples:
        found = draw(inputs, values, constants_of, count=count, seed=seed, fixed=compared, drawn=drawn)
        return replace(found, again=again)

    return again(scenarios, seed)


def _unnamed(check: Check, compared: Collection[Cell], book: Workbook) -> set[Cell]:
    """The constants on which the check's outputs depend, and none of its inputs does.

    Its reference knows nothing of them: where they change for the sake of another check, right formulas would seem wrong.
    """
    outputs = [binding.cell for binding in check.cells.bindings if binding.cell in compared]
    named = book.graph.constants_before(check.named)
    return set(book.graph.constants_before(outputs)).difference(named, outputs)


def draw(
    inputs: Iterable[tuple[Input[Range], Sequence[Offset]]],
    values: Mapping[Cell, Value],
    constants_of: Callable[[Cell], Sequence[Cell]],
    *,
    count: int,
    seed: int,
    fixed: Collection[Cell] = (),
    drawn: Mapping[Input[Range], Drawer] = MappingProxyType({}),
) -> Samples:
    """The stored inputs and ``count`` scenarios: within an input's range or choices, else around its value.

    ``values`` are those of all cells; an input cell that is not among them, has no value of its kind, or is ``fixed`` keeps its
    value. Inputs that are ``drawn`` have functions of their own, which are given the stored values, one for each cell.
    ``constants_of`` gives the constants on which a cell depends: an input that is a formula is varied by varying
    these. An input with ``vary = false`` keeps its value. A cell of several inputs stays within the range of each.

    Most scenarios are a Latin hypercube. For an input without a range it reaches from its value by up to twice the value's
    magnitude, in other scenarios by a fraction of that, down to a 128th; where the value is above 10, a quarter of the
    scenarios is around 1. Early scenarios have the opposite sign, zeros, a large and a small magnitude; later ones corners,
    random signs, random zeros, and values close to the stored ones. Every eighth has numbers as people write them: whole ones,
    halves, with one or two decimals, and the same number in several elements.
    Scenarios in which nothing changes are left out. The same seed and count draw the same scenarios.
    """
    inputs = tuple(inputs)
    found = _varied(inputs, values, constants_of, fixed)
    if not found or not count:
        return Samples(0, (), {})
    size = count, len(found), seed
    few = count <= _REMEMBERED
    levels = _known_levels(*size) if few else _levels(*size)
    elements: list[VariedElement] = []
    for number, (root, (given, cells)) in enumerate(found.items()):
        now = values.get(root, BLANK)
        stored = float(now) if isinstance(now, float | bool) else 0.0
        if isinstance(now, bool) and _of_truths(given):
            column: Column = tuple(bool(level < 0.5) for level in levels[:, number])
        elif few:
            column = _known_values(given, stored, *size, number)
        else:
            column = _values(given, stored, levels[:, number])
        elements.append(VariedElement(cells, given, _with_blanks(given, column, levels[:, number])))
    _tie(elements, count, seed)
    numbers_of = {root: number for number, root in enumerate(found)}
    for place, (given, _) in enumerate(inputs):
        numbers = [numbers_of.get(cell, -1) for cell in given.cells()]
        if -1 in numbers or not (given.one_hot or given in drawn):
            continue
        now_there = [values.get(cell, BLANK) for cell in given.cells()]
        whole = (
            _one_hot(levels[:, numbers], given.shape)
            if given.one_hot
            else _drawn(drawn[given], now_there, count, (seed, place))
        )
        for number, column in zip(numbers, whole, strict=True):
            elements[number] = replace(elements[number], values=column)
    changing = np.zeros(count, dtype=bool)
    for element in elements:
        for held in {values.get(cell, BLANK) for cell in element.cells}:
            changing |= differs(element.values, held, count)
    kept = np.flatnonzero(changing).tolist()
    if not kept:
        return Samples(0, (), {})
    varied = tuple(VariedElement(e.cells, e.given, picked(e.values, kept)) for e in elements)
    return Samples(len(kept), varied, {cell: values.get(cell, BLANK) for element in varied for cell in element.cells})


def _varied(
    inputs: Sequence[tuple[Input[Range], Sequence[Offset]]],
    values: Mapping[Cell, Value],
    constants_of: Callable[[Cell], Sequence[Cell]],
    fixed: Collection[Cell],
) -> dict[Cell, tuple[Input[Range], tuple[Cell, ...]]]:
    """The constants that are varied, each with its input and with all the cells to set."""
    found: dict[Cell, tuple[Input[Range], tuple[Cell, ...]]] = {}
    held = {
        root
        for given, offsets in inputs
        if not given.vary
        for p in given.places(offsets)
        for root in constants_of(p[0])
    }
    for given, offsets in inputs:
        for number, places in enumerate(given.places(offsets) if given.vary else ()):
            for root, free in _constants_to_set(places, constants_of).items():
                value = values.get(root, BLANK)
                if given.frame and root not in places and given.at.contains(root):
                    continue  # it is an element itself, and of a kind that may keep its value
                own = given.element(number, value) if root in places else Input(given.name, given.at)
                if own is None or root in held or root in fixed:
                    continue
                if not unfit(own if given.frame else given, value):
                    allowed = tuple(cell for cell in free if (cell in values or given.blank) and cell not in fixed)
                    known = found.get(root)
                    found[root] = (own, allowed) if known is None else (_both(known[0], own), known[1])
    return found


def _of_truths(given: Input[Range]) -> bool:
    """Whether the spec leaves TRUE and FALSE the only values of an input that holds one of them."""
    return given.low is None and given.high is None and {0.0, 1.0}.issuperset(given.choices)


def _with_blanks(given: Input[Range], column: Column, levels: Floats) -> Column:
    """The column with a blank here and there, where the input may be blank."""
    if not given.blank:
        return column
    return tuple(BLANK if level * 7 % 1 < _BLANKS else value_in(column, at) for at, level in enumerate(levels.tolist()))


def _one_hot(levels: Floats, shape: tuple[int, int]) -> list[Column]:
    """A column for each cell of a table with a 1 in each row, where the row's highest level is, among zeros."""
    tables = levels.reshape(len(levels), *shape)
    chosen = tables == tables.max(axis=2, keepdims=True)
    return list(chosen.reshape(len(levels), -1).T.astype(float))


def _drawn(drawer: Drawer, stored: Sequence[Value], count: int, seed: tuple[int, int]) -> list[Column]:
    """A column for each cell, of what the person's own function draws; two inputs with one seed would be alike."""
    random = np.random.default_rng(seed)
    rows = [drawer(random, stored) for _ in range(count)]
    return [column_of([row[at] for row in rows]) for at in range(len(stored))]


def _tie(elements: list[VariedElement], count: int, seed: int) -> None:
    """Gives elements the number of another one in the scenarios of ties, where their inputs may have it."""
    at = [number for number in range(count) if _kind(number) == "ties"]
    free = [
        place
        for place, element in enumerate(elements)
        if isinstance(element.values, np.ndarray) and not element.given.one_hot and element.given.draw is None
    ]
    if not at or len(free) < 2:
        return
    random = np.random.default_rng((seed, len(free)))
    columns = {place: np.array(elements[place].values, dtype=float) for place in free}
    for number in at:
        seen: list[float] = []
        for place in random.permutation(free).tolist():
            fitting = [value for value in seen if _may_be(elements[place].given, value)]
            if fitting:
                columns[place][number] = fitting[random.integers(len(fitting))]
            elif len(seen) < _DISTINCT:
                seen.append(float(columns[place][number]))
    for place, column in columns.items():
        elements[place] = replace(elements[place], values=column)


def _may_be(given: Input[Range], value: float) -> bool:
    """Whether one element of the input may have this value."""
    if given.choices:
        return value in given.choices
    whole = given.integer or given.dates
    return clipped(given, value) == value and (not whole or float(_rounded(given, np.array([value]))[0]) == value)


def differs(column: Column, value: Value, count: int, rtol: float = 0.0) -> NDArray[np.bool_]:
    """In which of the samples the column has another value, and by more than ``rtol`` of it where it is a number."""
    if isinstance(column, np.ndarray) and isinstance(value, float):
        return np.abs(column - value) > rtol * np.maximum(np.abs(column), abs(value))
    return np.array([value_in(column, number) != value for number in range(count)], dtype=bool)


def plainer(element: VariedElement, value: float, stored: float) -> list[float]:
    """Values that are easier to type than this one, within the element's range, the plainest first."""
    if not element.given.continuous and not element.given.integer:
        return []
    candidates = [1.0, 0.0, 2.0, -1.0, 0.5, 1.5, 3.0, -2.0, -0.5, 10.0, 100.0, -10.0, -100.0]
    candidates += (
        [float(round(value)), round(2 * value) / 2, round(value, 1), round(value, 2)] if abs(value) < _ROUNDED else []
    )
    candidates += [float(f"{value:.{digits}g}") for digits in (1, 2, 3, 6)]
    whole = element.given.integer
    candidates = [number for number in dict.fromkeys(candidates) if not whole or number.is_integer()]
    inside = [number for number in candidates if clipped(element.given, number) == number != stored]
    return [number + 0.0 for number in inside[: inside.index(value) if value in inside else None]]


def clipped(given: Input[Range], value: float) -> float:
    """The value, clipped to the input's range."""
    low, high = given.limits
    value = value if low is None else max(value, low)
    return value if high is None else max(min(value, high), value if low is None else low)


def _kind(number: int) -> DrawKind:
    if number < _FIRST:
        return _EARLY.get(number, "plain")
    if number % (2 * _EVERY) == _FIRST % (2 * _EVERY):
        return _WRITTEN[(number - _FIRST) // (2 * _EVERY) % len(_WRITTEN)]
    if number % _EVERY == 1:
        return "unit"
    return "plain" if number % _EVERY else _LATER[(number // _EVERY - 3) % len(_LATER)]


def _levels(count: int, width: int, seed: int) -> Floats:
    """A number from 0 to 1 for each scenario and element: a Latin hypercube in the plain scenarios, else random."""
    random = np.random.default_rng(seed)
    plain = [number for number in range(count) if _kind(number) in _EVEN]
    levels: Floats = random.random((count, width))
    levels[plain] = _latin_hypercube(len(plain), width, random.spawn(1)[0])
    return levels


def _latin_hypercube(count: int, width: int, random: np.random.Generator) -> Floats:
    """Points of which each coordinate has one in each of ``count`` equal strata of [0, 1); an array (count, width).

    The points are those of scipy.stats.qmc.LatinHypercube; importing scipy.stats takes longer than most checks.
    """
    within = random.random((count, width))
    strata = [random.permutation(count) for _ in range(width)]
    return (np.reshape(strata, (width, count)).T + 1 - within) / max(count, 1)


_known_levels = lru_cache(maxsize=4)(_levels)


@lru_cache(maxsize=1 << 13)  # a workbook with another formula in it has nearly all inputs in common with the original
def _known_values(given: Input[Range], now: float, count: int, width: int, seed: int, number: int) -> Column:
    return _values(given, now, _known_levels(count, width, seed)[:, number])


def _values(given: Input[Range], now: float, levels: Floats) -> Column:
    """One element's value in each scenario, within the input's range in all kinds of scenarios."""
    kinds = [_kind(number) for number in range(len(levels))]
    if given.choices:
        return column_of([_choice(given.choices, kind, level) for kind, level in zip(kinds, levels, strict=True)])
    drawn = np.empty(len(kinds))
    plains = 0
    for number, (kind, level) in enumerate(zip(kinds, levels, strict=True)):
        share = _SHARES[plains % len(_SHARES)]
        plains += kind in _EVEN
        drawn[number] = clipped(given, _one(given, now, kind, float(level), share))
    return _rounded(given, drawn)


def _rounded(given: Input[Range], numbers: Floats) -> Floats:
    """Whole numbers within the input's range, where it has only those; of dates between days, days."""
    low, high = given.limits
    days = given.dates and all(end is None or float(end).is_integer() for end in (low, high))
    if not (given.integer or days):
        return numbers
    least, most = (-math.inf if low is None else math.ceil(low)), (math.inf if high is None else math.floor(high))
    return np.clip(np.rint(numbers), least, most)


def _one(given: Input[Range], now: float, kind: DrawKind, level: float, share: float) -> float:
    if kind == "zeros" or (kind == "some zeros" and level < _SOME):
        return 0.0
    least, most = given.limits
    bounded = least is not None and most is not None
    stored = now
    if (kind in ("unit", "small") and abs(now) > _UNIT) or (kind in _PARTS and abs(now) > _LONG):
        # Beside a huge number, what is added to it is not seen. A date has no scale.
        near = math.copysign(1.0, now)
        now = near if clipped(given, near) == near and not given.dates else now
    size = min(max(abs(now), 1.0), _LARGEST)
    if kind == "signs":  # a random sign for each element: a product of two is negative for mixed signs only
        turned, level = level < 0.5, 2 * level % 1
        return math.copysign((0.25 + 1.5 * level) * size, -now if turned else now)
    if kind == "near":
        return now + (2 * level - 1) * 0.01 * size
    if kind == "small" and bounded:
        return 2 * level - 1
    if kind == "opposite" and not bounded:
        now, share = -now, 0.5
    elif kind not in (*_EVEN, "some zeros"):
        share = 1.0
    low = now - share * size if least is None else least
    high = max(low, now + share * size if most is None else most)
    if kind == "corner":
        return low if level < 0.5 else high
    value = low + level * (high - low)
    if kind in _PARTS:
        return _as_written(given, value, kind, stored)
    if kind in ("large", "small") and not bounded and abs(value) < _LARGEST / 1e3:
        return value * (1e3 if kind == "large" else 1e-3)
    return value


def _as_written(given: Input[Range], value: float, kind: DrawKind, stored: float) -> float:
    """A number near the value with as few decimals as the kind has, or with as many as it takes to have two within the range.

    It is not the ``stored`` one, which would make a scenario of it in which nothing changes.
    """
    low, high = given.limits
    finer = _BINARY if kind == "ties" else (_PARTS[kind],)
    for per in (*finer, *(10**decimals for decimals in range(1, _MOST_DECIMALS + 1))):
        least = -math.inf if low is None else math.ceil(low * per)
        most = math.inf if high is None else math.floor(high * per)
        if least < most:
            wanted = min(max(round(value * per), least), most)
            for near in (wanted, wanted + 1, wanted - 1, wanted + 2, wanted - 2):
                if least <= near <= most and near / per != stored and (near % 2 or kind != "halves"):
                    return float(near / per)
    return value


def _choice(choices: Sequence[Choice], kind: DrawKind, level: float) -> Choice:
    if (kind == "zeros" or (kind == "some zeros" and level < _SOME)) and 0.0 in choices:
        return 0.0
    return choices[min(int(level * len(choices)), len(choices) - 1)]


def _both(one: Input[Range], other: Input[Range]) -> Input[Range]:
    """The first input with the intersection of the two ranges, where that is not empty."""
    if one.choices or other.choices:
        return one if one.choices else replace(one, choices=other.choices, low=None, high=None)
    (low, high), (lower, higher) = one.limits, other.limits
    lows = [end for end in (low, lower) if end is not None]
    highs = [end for end in (high, higher) if end is not None]
    if lows and highs and max(lows) > min(highs):
        return one
    return replace(one, low=max(lows, default=None), high=min(highs, default=None))


def _constants_to_set(
    places: Sequence[Cell], constants_of: Callable[[Cell], Sequence[Cell]]
) -> dict[Cell, tuple[Cell, ...]]:
    """The constants to set so that all the places of one element change together, each with the other cells to set.

    Where some places are constants, all formulas among them must depend on these only; where all are formulas, on the same
    constants. Otherwise one place would change and another would not, and the result is empty.
    """
    roots = {cell: tuple(constants_of(cell)) for cell in places}
    constants = tuple(cell for cell in places if roots[cell] == (cell,))
    followed = {root for cell in places if cell not in constants for root in roots[cell]}
    if constants:
        return {constants[0]: constants} if followed <= set(constants) else {}
    return {root: (root,) for root in roots[places[0]]} if len(set(roots.values())) == 1 else {}
