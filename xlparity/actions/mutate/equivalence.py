"""Whether a mutant is equivalent, that is, computes what the original does. The evidence is independent of the check.

A mutant that the check does not detect need not be equivalent: an input may not vary, or may not reach the values for which
the two differ. There are two kinds of evidence. Either the formulas give the same on a thousand samples of independent random
values of their precedents. Or, since precedents may depend on each other (a sigmoid is never negative), every bound cell has
the same value in a thousand scenarios of all constants of the workbook, within the ranges that the spec gives its inputs.
Either way, the samples must take every branch of the changed formulas.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xlparity.compare.expected import Bools
from xlparity.diagnosis.branches import without_each_of
from xlparity.engines.evaluator.session import FormulasSession
from xlparity.engines.protocol import Values
from xlparity.excel.address import Cell, Range
from xlparity.excel.ast import parse, walk
from xlparity.excel.columns import Column, Floats, column_of, floats_of, value_in
from xlparity.excel.values import BLANK, ErrorValue, Missing, Unsupported, Value
from xlparity.excel.workbook import Formula, Workbook
from xlparity.results.mutants import Mutant
from xlparity.scenarios.sample import Samples, VariedElement, clipped, sample
from xlparity.spec.binding import Input
from xlparity.spec.check import Check
from xlparity.tolerance import Tolerance

SAMPLES = 1000
_PLAIN = 750  # samples with arbitrary numbers; the others have zeros, ties and small whole numbers
_INPUTS_ONLY = 0.4  # share of the scenarios in which only inputs vary, and no other constants
_IN_GENERAL = 0.8  # share of the scenarios with arbitrary numbers; the others have small whole numbers
_ENOUGH = 100  # samples in which a formula must have a value: two that are always an error would agree
_TIES = 3  # samples in which the relations must hold that alone make two formulas differ
_MOST_READ = 2000  # cells with random values at a time: 16 MB
_NUDGE, _STEPS = 2.0**-50, 64.0  # four ulps; a formula rounds at every step, the changed values are rounded once
_SAME = Tolerance(rtol=1e-9, atol=1e-12)
_WHOLE = (0.0, 1.0, -1.0, 2.0, -2.0, 3.0)

Equality = tuple[Cell, "Cell | float"]
"""A cell that is equal to another one, or to a number."""


@dataclass(frozen=True, slots=True)
class FormulaComparison:
    """Whether a mutant's formulas compute the ``same`` as the original's on random values of their precedents.

    Where they differ for zeros or ties only, ``relations`` are the equalities that hold in every sample in which they differ;
    there may be none, as where no sample takes some branch. It is None where they differ for arbitrary numbers, or could not
    be computed.
    """

    same: bool
    relations: tuple[Equality, ...] | None = None


def compare_formulas(
    workbook: Workbook, session: FormulasSession, values: Values, mutant: Mutant, *, seed: int
) -> FormulaComparison:
    """Compare each of the mutant's formulas with the original one; ``values`` are the workbook's."""
    broken = workbook.edited(mutant.contents)
    same, relations = True, set[Equality]()
    for cells in _groups(workbook, broken, mutant):
        if cells is None:
            return FormulaComparison(False)
        found = _compare(workbook, broken, session, values, cells, np.random.default_rng(seed))
        if not found.same and found.relations is None:
            return found
        same &= found.same
        relations |= set(found.relations or ())
    return FormulaComparison(same, None if same else tuple(relations))


def _groups(workbook: Workbook, broken: Workbook, mutant: Mutant) -> Iterator[Mapping[Cell, set[Cell]] | None]:
    """The mutant's formulas with their precedents, in groups of at most ``_MOST_READ`` precedents; None for a larger formula."""
    group: dict[Cell, set[Cell]] = {}
    total = 0
    for cell in mutant.contents:
        areas = {area for book in (workbook, broken) for area in book.graph.areas(cell)}
        read = {found for area in areas for of in (workbook.cells, workbook.members) for found in area.among(of)}
        if workbook.formula(cell) is None or broken.formula(cell) is None or len(read) > _MOST_READ:
            yield None
            return
        if group and total + len(read) > _MOST_READ:
            yield group
            group, total = {}, 0
        group[cell] = read
        total += len(read)
    yield group


def _compare(
    workbook: Workbook,
    broken: Workbook,
    session: FormulasSession,
    values: Values,
    cells: Mapping[Cell, set[Cell]],
    random: np.random.Generator,
) -> FormulaComparison:
    read = set[Cell]().union(*cells.values())
    free = sorted(cell for cell in read if isinstance(values.get(cell), float | bool))
    if not free:
        return FormulaComparison(False)
    constants = {number for book in (workbook, broken) for cell in cells for number in _constants(book, cell)}
    numbers = _random(len(free), (*_WHOLE, *sorted(constants)), max(map(abs, constants), default=1.0), random)
    nudged = numbers * (1 + _NUDGE * random.uniform(-1, 1, numbers.shape))
    given, near = (
        {cell: _column(row, values[cell]) for cell, row in zip(free, table, strict=True)} for table in (numbers, nudged)
    )
    original, mutant = (_alone(book, session, values, read, cells) for book in (workbook, broken))
    one, other, nearby = original.forced(given, SAMPLES), mutant.forced(given, SAMPLES), original.forced(near, SAMPLES)
    largest = np.abs(numbers).max(axis=0)
    different, enough = np.zeros(SAMPLES, dtype=bool), True
    for cell in _filled(workbook, cells):
        column = one.get(cell, BLANK)
        right = floats_of(column, SAMPLES)
        with np.errstate(all="ignore"):
            moved = _STEPS * np.abs(floats_of(nearby.get(cell, BLANK), SAMPLES) - right)
            moved[_PLAIN:] = 0.0  # a small change would break a tie
            slack = np.where(np.isfinite(moved), moved, 0.0) + _SAME.rtol * np.abs(right) + _SAME.atol * largest
        differs, known = differing(column, other.get(cell, BLANK), SAMPLES, slack)
        different |= differs
        enough &= int((known & ~_errors(column, SAMPLES)).sum()) >= _ENOUGH
    if different[:_PLAIN].any() or not enough:
        return FormulaComparison(False)
    if different.any():
        return FormulaComparison(False, tuple(_relations(free, numbers[:, different])))
    formulas = {cell: formula for cell in cells if (formula := workbook.formula(cell)) is not None}
    for changed in without_each_of(formulas) or ():
        edited = replace(workbook, cells={**workbook.cells, **changed})
        without = _alone(edited, session, values, read, cells).forced(given, SAMPLES)
        if not _differ(one, without, _filled(workbook, cells), SAMPLES):
            return FormulaComparison(False, ())
    return FormulaComparison(True)


def _differ(one: Mapping[Cell, Column], other: Mapping[Cell, Column], cells: Iterable[Cell], count: int) -> bool:
    """Whether any of the cells has another value in any sample."""
    nothing = np.zeros(count)
    return any(differing(one.get(cell, BLANK), other.get(cell, BLANK), count, nothing)[0].any() for cell in cells)


def _constants(workbook: Workbook, cell: Cell) -> list[float]:
    """The numbers in the cell's formula: a comparison with one has its tie at that number."""
    try:
        return [float(node.word) for _, node in walk(parse(str(workbook.formula(cell)))) if node.kind == "number"]
    except ValueError:
        return []


def _random(cells: int, whole: Sequence[float], largest: float, random: np.random.Generator) -> Floats:
    """Random values (cells, samples): both signs, one sign, fractions, large, small and mixed; then zeros and ties.

    ``largest`` is the largest constant in the formulas: some values are larger, and some smaller.
    """
    shape = cells, SAMPLES
    signs = random.choice([-1.0, 1.0], shape)
    kinds = [
        random.uniform(-3, 3, shape),
        random.uniform(0, 1, shape),
        random.uniform(0.5, 5, shape),
        1e3 * random.normal(size=shape),
        1e-3 * random.normal(size=shape),
        signs * 10.0 ** random.uniform(-4, 4, shape),
        largest * random.uniform(-2, 2, shape),
    ]
    numbers = np.choose(np.arange(SAMPLES) % len(kinds), kinds)
    plain = numbers[:, _PLAIN:].copy()
    small = random.choice(whole, plain.shape)
    one_for_all = np.broadcast_to(np.where(random.random(plain.shape[1]) < 0.5, plain[0], small[0]), plain.shape)
    some = np.where(random.random(plain.shape) < 0.5, plain, small)
    two = np.where(random.random(plain.shape) < 0.5, plain[0], plain[-1])
    numbers[:, _PLAIN:] = np.choose(np.arange(plain.shape[1]) % 5, [small, some, one_for_all, two, small])
    return numbers


def _column(numbers: Floats, value: Value) -> Column:
    return column_of([bool(number > 0) for number in numbers]) if isinstance(value, bool) else numbers


def _alone(
    workbook: Workbook, session: FormulasSession, values: Values, read: set[Cell], formulas: Mapping[Cell, object]
) -> FormulasSession:
    """A session of a workbook with these formulas and their precedents only."""
    filled = _filled(workbook, formulas)
    contents: dict[Cell, Value | Formula] = {cell: values.get(cell, BLANK) for cell in read - filled}
    contents |= {cell: workbook.cells[cell] for cell in formulas}
    members = {member: anchor for member, anchor in workbook.members.items() if anchor in formulas}
    return session.like(replace(workbook, cells=contents, members=members))


def _filled(workbook: Workbook, formulas: Mapping[Cell, object]) -> set[Cell]:
    """The cells that the formulas fill."""
    return {filled for cell in formulas for filled in workbook.filled(cell).cells()}


def _relations(cells: Sequence[Cell], numbers: Floats) -> Iterator[Equality]:
    """The equalities that hold in all samples (cells, samples): of a cell and a number, of two cells."""
    constant = (numbers == numbers[:, :1]).all(axis=1)
    for place, cell in enumerate(cells):
        if constant[place]:
            yield cell, float(numbers[place, 0])
            continue
        for other in np.flatnonzero((numbers[place + 1 :] == numbers[place]).all(axis=1)).tolist():
            yield cell, cells[place + 1 + other]


def differing(one: Column, other: Column, count: int, slack: Floats) -> tuple[Bools, Bools]:
    """In which samples two columns differ by more than ``slack``, or in the kind of value; in which samples this is known."""
    left, right = floats_of(one, count), floats_of(other, count)
    with np.errstate(all="ignore"):
        differs = ~(np.abs(left - right) <= slack)
    known = np.ones(count, dtype=bool)
    for at in np.flatnonzero(np.isnan(left) | np.isnan(right)).tolist():
        held, found = value_in(one, at), value_in(other, at)
        known[at] = not isinstance(held, Unsupported | Missing) and not isinstance(found, Unsupported | Missing)
        differs[at] = known[at] and not (type(held) is type(found) and held == found)
    return differs, known


def _errors(column: Column, count: int) -> Bools:
    if isinstance(column, np.ndarray):
        return np.zeros(count, dtype=bool)
    return np.array([isinstance(value_in(column, at), ErrorValue) for at in range(count)], dtype=bool)


def _computed(column: Column, count: int) -> bool:
    """Whether there are values in enough samples: neither error values nor unsupported ones."""
    if isinstance(column, np.ndarray):
        return True
    lacking = sum(isinstance(value_in(column, at), ErrorValue | Unsupported | Missing) for at in range(count))
    return count - lacking >= min(_ENOUGH, count)


class MutationScenarios:
    """Scenarios, and what the original computes in them.

    The first are drawn as ``verify`` does, but vary every input, even one that the spec does not vary. Later ones also vary
    the other constants among the precedents of bound cells, and the last have zeros, ties and small whole numbers.
    """

    def __init__(
        self, checks: Sequence[Check], workbook: Workbook, session: FormulasSession, values: Values, seed: int
    ) -> None:
        self._session, self._workbook = session, workbook
        self._drawn = _drawn(checks, workbook, values, seed)
        self._quantities: dict[tuple[str, str], list[Cell]] = {}
        for check in checks:
            for binding in check.cells.bindings:
                self._quantities.setdefault((check.name, binding.output.name), []).append(binding.cell)
        self._known: dict[int, Mapping[Cell, Column]] = {}

    @property
    def count(self) -> int:
        """The number of scenarios: 0 where nothing can be varied."""
        return self._drawn.scenarios

    def columns(self, count: int) -> dict[Cell, Column]:
        """The inputs in the first ``count`` scenarios."""
        return self._drawn.columns(range(1, count + 1))

    def agrees(
        self,
        session: FormulasSession,
        most: int = SAMPLES,
        cells: set[Cell] | None = None,
        relations: Sequence[Equality] = (),
    ) -> bool:
        """Whether every bound cell has the original's value in at most ``most`` scenarios.

        Where the original has an error value, as at the limits of what can be computed, the value is not compared; but
        ``cells`` must have values in enough scenarios, and the ``relations`` must hold in some.
        """
        count = min(most, self.count)
        if not count:
            return False
        columns = self.columns(count)
        if count not in self._known:
            self._known[count] = self._session.recalculate(columns, count)
        original, found = self._known[count], session.recalculate(columns, count)
        if not all(_computed(of.get(cell, BLANK), count) for of in (original, found) for cell in cells or ()):
            return False
        if relations and _holding(original, relations, count) < _TIES:
            return False
        if not self._take_every_branch(original, cells or (), count):
            return False
        return all(self._alike(original, found, quantity, count) for quantity in self._quantities.values())

    def _take_every_branch(self, original: Mapping[Cell, Column], cells: Iterable[Cell], count: int) -> bool:
        """Whether these scenarios take every branch of the formulas that fill the cells."""
        anchors = {self._workbook.members.get(cell, cell) for cell in cells}
        formulas = {cell: formula for cell in sorted(anchors) if (formula := self._workbook.formula(cell)) is not None}
        columns = self.columns(count)
        for changed in without_each_of(formulas) or ():
            found = self._session.like(self._workbook.edited(changed)).recalculate(columns, count)
            if not _differ(original, found, cells, count):
                return False
        return True

    @staticmethod
    def _alike(
        original: Mapping[Cell, Column], found: Mapping[Cell, Column], cells: Sequence[Cell], count: int
    ) -> bool:
        """Whether a quantity's cells have the same values within rounding error."""
        table = np.array([floats_of(original.get(cell, BLANK), count) for cell in cells])
        largest = np.fmax.reduce(np.abs(table), axis=0)
        largest = np.where(np.isfinite(largest), largest, 0.0)
        for cell, numbers in zip(cells, table, strict=True):
            with np.errstate(all="ignore"):  # a loan after its last payment is a rounding residue, not 0
                slack = _SAME.atol * (1 + largest) + _SAME.rtol * np.abs(numbers)
            column = original.get(cell, BLANK)
            differs, _ = differing(column, found.get(cell, BLANK), count, slack)
            if (differs & ~_errors(column, count)).any():
                return False
        return True


def _holding(columns: Mapping[Cell, Column], relations: Sequence[Equality], count: int) -> int:
    """The number of scenarios in which all the relations hold."""
    holds = np.ones(count, dtype=bool)
    for cell, other in relations:
        nearby = floats_of(other if isinstance(other, float) else columns.get(other, BLANK), count)
        holds &= floats_of(columns.get(cell, BLANK), count) == nearby
    return int(holds.sum())


def _drawn(checks: Sequence[Check], workbook: Workbook, values: Values, seed: int) -> Samples:
    varying = [replace(check, inputs=tuple(replace(given, vary=True) for given in check.inputs)) for check in checks]
    named = set(workbook.graph.constants_before(cell for check in checks for cell in check.named))
    bound = [binding.cell for check in checks for binding in check.cells.bindings]
    typed = [
        cell
        for cell in sorted(workbook.graph.constants_before(bound))
        if cell not in named and isinstance(workbook.cells.get(cell), float)
    ]
    more = [Input(str(cell), Range.of(cell)) for cell in typed]
    found = sample(varying, workbook, values, SAMPLES, seed, more)
    random = np.random.default_rng(seed)
    own = set(typed)
    elements = tuple(_with_ties(e, found.scenarios, random, own, values) for e in found.elements)
    return Samples(found.scenarios, elements, found.stored)


def _with_ties(
    element: VariedElement, count: int, random: np.random.Generator, typed: set[Cell], values: Values
) -> VariedElement:
    """The element with zeros and small whole numbers in the last scenarios; if not an input, its stored value in the first."""
    column, now = element.values, values[element.cells[0]]
    if not isinstance(column, np.ndarray) or not isinstance(now, float):
        return element
    numbers = column.copy()
    if typed.issuperset(element.cells):
        numbers[: int(_INPUTS_ONLY * count)] = now
    if not element.given.choices:
        begin = int(_IN_GENERAL * count)
        small = random.choice(_WHOLE, count - begin)
        numbers[begin:] = [clipped(element.given, float(number)) for number in small]
    return VariedElement(element.cells, element.given, numbers)
