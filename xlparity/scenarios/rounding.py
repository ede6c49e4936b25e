"""Rounding error: which differences rounding or an overflow explains, so that they prove no fault.

The reference is called again on inputs that are a few ulps away, to see how far its result moves.

Where LN(1-A1) has A1 within 1e-10 of 1, the last bit of a matrix product changes the ninth digit. A right workbook then
differs from a right reference by more than any tolerance that still detects a wrong one.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xlparity.compare.compare import Differences, column_agrees, compare
from xlparity.compare.expected import Bools, Elements, Expected, ExpectedRow, Shared, call, cases
from xlparity.engines.common.files import stored_values
from xlparity.engines.protocol import Session
from xlparity.errors import OracleError
from xlparity.excel.address import Cell, Range
from xlparity.excel.batch import DATE, NUMBER, Batch
from xlparity.excel.columns import Column, Floats, floats_of
from xlparity.excel.graph import Graph
from xlparity.excel.values import MISSING, Depends, ErrorValue, Unsupported, Value
from xlparity.excel.workbook import Workbook, read_again
from xlparity.references.case import Array, Case, Frame
from xlparity.scenarios.overflow import Overflows, has_range
from xlparity.scenarios.sample import Exact
from xlparity.spec.binding import Input
from xlparity.spec.check import Check

_DRAWS = 6  # random perturbations of the inputs of a sample
_FARTHEST = 8  # ulps by which an input is perturbed at most
FINE, _FEW_BITS = 2.0**10, 2.0**20  # a short number is a multiple of 1/1024 below a million
_SMOOTH = 1e-9  # the share of the largest number in a sample up to which rounding of what is not exact may reach
MARGIN = 16  # a workbook rounds at every step, and a perturbation acts once
_ALIKE = 1e-9  # relative; values of the reference that are no farther apart are one
ENOUGH = 3  # samples in which a cell is proved wrong, before it is taken for wrong in the others as well


_Exact: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.bool_]]
_Steps: TypeAlias = Callable[[tuple[int, ...]], NDArray[Any]]
"""By how many ulps numbers are moved, for an array of a shape."""


class Context(NamedTuple):
    """The context of an examination: the sample in the batch, its seed, and the overflows of the workbook.

    The batch begins with the sample of the number ``begin``, and ``known`` says in these which numbers are exact. ``session``
    computes formulas on the reference's values for their precedents, where the engine can. ``helpers`` are the formulas'
    cells with which nothing is compared, and ``beside`` are other checks, with what is proved wrong in the same samples.
    """

    sample: int
    seed: int
    overflows: Overflows
    known: Exact | None = None
    begin: int = 0
    session: Session | None = None
    helpers: Collection[Cell] = frozenset()
    beside: tuple[tuple[Check, Bools], ...] = ()

    def at(self, sample: int) -> "Context":
        """The context of another sample, which has a seed of its own."""
        return self._replace(sample=sample, seed=self.seed + sample - self.sample)

    def exact(self, cells: tuple[Cell, ...], numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which numbers of an input no rounding error is in, as far as these cells depend on it.

        Whole numbers are exact in both languages, and so is what has few binary digits.
        """
        if self.known is not None:
            return self.known(self.begin + self.sample, numbers, cells)
        return np.asarray((numbers == np.round(numbers)) | short(numbers))


def short(numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which numbers have so few binary digits that sums and products of some of them are exact."""
    with np.errstate(all="ignore"):
        scaled = np.asarray(numbers) * FINE
        return np.asarray((scaled == np.rint(scaled)) & (np.abs(numbers) < _FEW_BITS))


def is_short(number: float) -> bool:
    """The same of one number, without an array of it."""
    return abs(number) < _FEW_BITS and (number * FINE).is_integer()


class Explanation(NamedTuple):
    """Which differences rounding or an overflow explains, and of which that is not known; arrays of one shape."""

    explained: Bools
    unknown: Bools


def examined(
    check: Check,
    expected: Expected,
    actual: Batch,
    compared: Differences,
    known: NDArray[np.int64],
    context: Context,
) -> Explanation:
    """Which of the wrong and unsure cells, (samples, bindings), rounding or an overflow explains.

    ``known`` counts for each binding, (bindings,), the samples in which it has been proved wrong before. After ``ENOUGH`` of
    these, it is taken for wrong in the others as well, and is not examined; nor are wrong cells that follow from it.
    """
    wrong, unsure = compared.wrong, compared.unsure
    found = Explanation(np.zeros_like(wrong), np.zeros_like(wrong))
    confirmed = known.copy()
    # What is unsupported in most samples is not unsupported because of an overflow.
    unsure = unsure & (2 * unsure.sum(axis=0) < len(unsure))
    samples = np.flatnonzero((wrong & (confirmed < ENOUGH)).any(axis=1) | unsure.any(axis=1))
    called = list(cases(check, actual, len(wrong))) if samples.size else []
    for number in samples.tolist():
        case = called[number]
        proved = wrong[number] & (confirmed >= ENOUGH)
        differing = wrong[number] & ~proved
        following = _following(check, actual, proved, differing, number, context)
        confirmed += following
        differing &= ~following
        cells = np.flatnonzero(differing | unsure[number])
        if case is None or not cells.size:
            continue
        explanation = examine(check, case, expected, actual, cells, context.at(number))
        found.explained[number, cells], found.unknown[number, cells] = explanation
        confirmed[cells[differing[cells] & ~explanation.explained & ~explanation.unknown]] += 1
    return found


def _following(check: Check, actual: Batch, proved: Bools, differing: Bools, number: int, context: Context) -> Bools:
    """Which of the differing cells follow from one that is proved wrong in the sample, in this check or beside it.

    They read it directly, or through each other and through formulas with which nothing is compared. A cell that shows or reads
    an error value is not known to: it may come from elsewhere.
    """
    found = np.zeros_like(differing)
    if not differing.any():
        return found
    graph, bindings = context.overflows.book.graph, check.cells.bindings
    shown = [*((one.cells.bindings, wrong[number]) for one, wrong in context.beside), (bindings, proved)]
    wrong = {of[at].cell for of, each in shown for at in np.flatnonzero(each).tolist()}
    failing = set(actual.errors(number))

    def follows(cell: Cell) -> bool:
        waiting = [graph.anchor(cell)]
        seen = set(waiting)
        for formula in waiting:  # grows as it is walked
            areas = graph.areas(formula)
            if any(_some(area, failing) for area in areas):
                return False
            if any(_some(area, wrong) for area in areas):
                return True
            through = {graph.anchor(one) for area in areas for one in area.among(context.helpers)} - seen
            seen |= through
            waiting += sorted(through)
        return False

    left = [at for at in np.flatnonzero(differing).tolist() if wrong and bindings[at].cell not in failing]
    while now := [at for at in left if follows(bindings[at].cell)]:
        found[now] = True
        wrong.update(bindings[at].cell for at in now)
        left = [at for at in left if not found[at]]
    return found


def _some(area: Range, cells: Collection[Cell]) -> bool:
    """Whether any of the cells lies in the area."""
    return bool(cells) and any(True for _ in area.among(cells))


def examine(
    check: Check, case: Case, expected: Expected, actual: Batch, cells: NDArray[np.intp], context: Context
) -> Explanation:
    """For each of these bindings, wrong or unsure in the context's sample, whether rounding or an overflow explains it.

    An overflow does where it is among the binding's precedents and in the reference as well, and where the engine does not
    support the cell in a sample in which the reference overflows. Rounding does where the value is no farther from the
    expected one than the reference moves on perturbed inputs, times ``MARGIN``; where the reference becomes undefined on
    these; and, of texts, truth values and values of another kind, where the value is what the reference gives on one of these.
    Exact inputs are perturbed for tiny differences only: they explain a residue, and no jump, since a comparison with 30 is
    decided alike in both languages where the input is 30. Rounding explains all where every formula is right on the reference's
    values for its precedents, and rounding explains how these differ. Where the reference raises on every perturbed input,
    nothing is known, nor of a cell that reads an error value for which the reference is undefined.
    """
    number, overflows = context.sample, context.overflows
    at = [check.cells.bindings[cell].cell for cell in cells]
    shown = [actual.in_sample(cell, number) for cell in at]
    refused = np.array([isinstance(one, Unsupported) and not isinstance(one, Depends) for one in shown], dtype=bool)
    explained, unknown = np.zeros(len(at), dtype=bool), np.zeros(len(at), dtype=bool)
    failing, infinite = bool(actual.errors(number)), bool(expected.infinite[number])
    if (refused.any() or failing) and (infinite or check.reference.overflows(case, check.iterations, check.own)):
        if failing and (infinite or not all(map(has_range, check.inputs))):
            certain, possible = overflows.depending(actual, number, at)
            explained, unknown = (np.array([cell in found for cell in at], dtype=bool) for found in (certain, possible))
        explained |= refused  # near the limits of doubles, where Excel has neither infinities nor denormal numbers
        unknown &= ~refused
    left = ~explained & ~unknown & ~refused
    if not left.any():
        return Explanation(explained, unknown)
    moved = list(_moved(check, case, expected, actual, context, partial(context.exact, tuple(at))))
    by_rounding = _of_rounding(check, case, expected, actual, cells, context, moved)
    explained |= left & by_rounding.explained
    unknown |= left & by_rounding.unknown
    if failing:
        unknown |= ~explained & _reads_undefined(check, expected, actual, at, number, overflows.book.graph)
    rest = cells[~explained & ~unknown]
    if rest.size and _carried(check, case, expected, actual, rest, context, moved):
        explained |= ~unknown
    return Explanation(explained, unknown)


def _reads_undefined(
    check: Check, expected: Expected, actual: Batch, cells: Sequence[Cell], number: int, graph: Graph
) -> Bools:
    """Which cells show an error value that they read, directly or not, in a cell for which the reference is undefined."""
    showing = set(actual.errors(number))
    # Of what is skipped, or has another shape, the reference gives no value, and is not undefined.
    undefined = {check.cells.bindings[at].cell for at in np.flatnonzero(expected.undefined[number]).tolist()} & showing
    return np.array(
        [
            cell in showing and not undefined.isdisjoint(set(graph.before([cell], showing.__contains__)) - {cell})
            for cell in cells
        ],
        dtype=bool,
    )


def _carried(
    check: Check,
    case: Case,
    expected: Expected,
    actual: Batch,
    cells: NDArray[np.intp],
    context: Context,
    moved: Sequence[ExpectedRow],
) -> bool:
    """Whether these wrong cells only carry on what rounding did to their precedents: all are right on the reference's values.

    A difference of two balances has the rounding error of both. It is no fault, and perturbed inputs need not show it.
    """
    number = context.sample
    if not _right_alone(check, expected, actual, cells, context).all():
        return False
    bindings = check.cells.bindings
    bound = {binding.cell: at for at, binding in enumerate(bindings)}
    read = context.overflows.book.graph.before([bindings[at].cell for at in cells], lambda cell: cell not in bound)
    others = np.array(sorted({bound[cell] for cell in read if cell in bound}.difference(cells.tolist())), dtype=np.intp)
    wanted = expected.numbers[number, others]
    values = _numbers([actual.in_sample(bindings[at].cell, number) for at in others], rounded=False)
    with np.errstate(all="ignore"):
        near = np.abs(values - wanted) <= _FARTHEST * np.spacing(np.abs(wanted))
    known = np.isnan(wanted) | near | (expected.kinds[number, others] != NUMBER)
    return bool(_of_rounding(check, case, expected, actual, others[~known], context, moved).explained.all())


def undecided_on_stored(
    check: Check, expected: Expected, actual: Batch, compared: Differences, context: Context
) -> Bools:
    """The bindings that the stored inputs, the only sample, leave undecided, (bindings,), so that scenarios decide.

    Those are all that do not match, if each either depends on how Excel rounds, or differs by rounding: it changes with every
    perturbation, or its formula agrees on the reference's values for its precedents, and rounding explains how these differ. A
    formula that compares an input with a limit does neither: nothing is rounded there, and a tie is evidence. An error value on
    the stored inputs is one that the workbook shows, and is not excused; see ``shown_otherwise`` for other values.
    """
    wrong = np.flatnonzero(compared.wrong[0])
    case = next(cases(check, actual, 1)) if wrong.size else None
    undecided: Bools = compared.either[0].copy()
    if case is None:
        return undecided
    values = [actual.in_sample(check.cells.bindings[at].cell, 0) for at in wrong]
    if any(isinstance(value, ErrorValue) for value in values):
        return undecided
    at = tuple(check.cells.bindings[cell].cell for cell in wrong)
    moved = list(_moved(check, case, expected, actual, context, partial(context.exact, at)))
    by_rounding = _of_rounding(check, case, expected, actual, wrong, context, moved).explained
    alone = _unsteady(wrong, moved) | _right_alone(check, expected, actual, wrong, context)
    rest = wrong[~by_rounding]
    if alone.all() and (not rest.size or _carried(check, case, expected, actual, rest, context, moved)):
        undecided[wrong] = True
    return undecided


def shown_otherwise(check: Check, expected: Expected, undecided: Bools, book: Workbook) -> Bools:
    """Of which undecided bindings the file stores a value that the reference does not have on the stored inputs, (bindings,)."""
    found = np.zeros(len(undecided), dtype=bool)
    if not undecided.any() or book.edits:  # an edited workbook is in no file
        return found
    stored = stored_values(read_again(book), book)
    for at in np.flatnonzero(undecided).tolist():
        binding = check.cells.bindings[at]
        value = stored.get(binding.cell, MISSING)
        wanted = expected.numbers[0, [at]], expected.kinds[0, [at]]
        found[at] = value is not MISSING and not column_agrees(check, value, *wanted, binding.output)[0]
    return found


def _unsteady(cells: NDArray[np.intp], moved: Sequence[ExpectedRow]) -> Bools:
    """Of which cells the reference gives another value on nearly every perturbation, and not one of two, as a branch does."""
    numbers = np.sort([row.numbers[cells] for row in moved], axis=0)
    steps = np.abs(np.diff(numbers, axis=0)) > _ALIKE * np.abs(numbers[1:])
    return np.asarray(1 + steps.sum(axis=0) >= _DRAWS - 1)


def _right_alone(check: Check, expected: Expected, actual: Batch, cells: NDArray[np.intp], context: Context) -> Bools:
    """Which of these formulas agree, in some reading, with the reference on its own values for their precedents, in this sample.

    Those agree as well that differ by no more than they move where these values are a few ulps off: smoothly, and not as a
    branch does, which moves as far for few ulps as for many. There is no margin: no error of other formulas is in these values.
    """
    number, bindings = context.sample, check.cells.bindings
    forced = getattr(context.session, "forced", None)
    if forced is None:
        return np.zeros(len(cells), dtype=bool)
    held: dict[Cell, Column] = {
        cell: actual.in_sample(cell, number) for given in check.inputs for cell in given.cells() if cell in actual
    }
    wanted, count = expected.numbers[number], 1 + 2 * _DRAWS
    few = np.random.default_rng(context.seed).integers(-_FARTHEST, _FARTHEST + 1, (len(bindings), _DRAWS))
    steps = np.concatenate([np.zeros((len(bindings), 1)), few, few * _FARTHEST], axis=1)
    known = np.flatnonzero(np.isfinite(wanted) & (expected.kinds[number] == NUMBER))
    moved = wanted[known, None] * (1 + steps[known] * float(np.finfo(float).eps))
    held |= {bindings[at].cell: column for at, column in zip(known.tolist(), moved, strict=True)}
    found = forced(held, count)
    compared = compare(check, expected.picked([number]), found.sample(0))
    columns = [found.get(bindings[at].cell, MISSING) for at in cells]
    values = np.array(
        [_numbers(each, rounded=False) if isinstance(each, tuple) else floats_of(each, count) for each in columns]
    )
    with np.errstate(all="ignore"):
        moves = np.abs(values - values[:, :1])
        close, far = moves[:, 1 : 1 + _DRAWS].max(axis=1), moves[:, 1 + _DRAWS :].max(axis=1)
        near = (np.abs(values[:, 0] - wanted[cells]) <= close) & (2 * far > _FARTHEST * close)
    # A constant has the reference's value there, as any precedent has.
    formulas = np.array([context.overflows.book.formula(bindings[at].cell) is not None for at in cells], dtype=bool)
    return np.asarray(formulas & (~(compared.wrong[0] | compared.unsure[0])[cells] | near))


def _of_rounding(
    check: Check,
    case: Case,
    expected: Expected,
    actual: Batch,
    cells: NDArray[np.intp],
    context: Context,
    moved: Sequence[ExpectedRow],
) -> Explanation:
    """The same as ``examine`` for rounding alone, with what the reference gives on perturbed inputs."""
    number = context.sample
    row, kinds = expected.numbers[number, cells], expected.kinds[number, cells]
    bindings = [check.cells.bindings[cell] for cell in cells]
    values = [actual.in_sample(binding.cell, number) for binding in bindings]
    errors = np.array([isinstance(value, ErrorValue) for value in values], dtype=bool)
    if not moved:
        return Explanation(np.zeros(len(cells), dtype=bool), np.ones(len(cells), dtype=bool))
    smooth = [np.isin(kinds, (NUMBER, DATE)) & (other.kinds[cells] == kinds) for other in moved]
    moves = _moves(moved, smooth, row, cells)
    with np.errstate(all="ignore"):
        apart = np.max([np.abs(_numbers(values, rounded=rounded) - row) for rounded in (False, True)], axis=0)
        close = ((moves > 0) & (apart <= MARGIN * moves)) | (errors & np.isinf(moves))
        tiny = ~close & (apart <= _SMOOTH * _largest(case, expected.numbers[number]))
    if tiny.any():
        all_moved = list(
            _moved(check, case, expected, actual, context, lambda numbers: np.zeros(numbers.shape, dtype=bool))
        )
        known = [np.isin(kinds, (NUMBER, DATE)) & (other.kinds[cells] == kinds) for other in all_moved]
        close |= tiny & (apart <= MARGIN * _moves(all_moved, known, row, cells))
    for other, known in zip(moved, smooth, strict=True):
        for place in np.flatnonzero(~close & ~known).tolist():
            one = cells[[place]]
            wanted = other.numbers[one], other.kinds[one]
            close[place] = column_agrees(check, values[place], *wanted, bindings[place].output)[0]
    return Explanation(close, np.zeros(len(cells), dtype=bool))


def _numbers(values: Sequence[Value], *, rounded: bool) -> Floats:
    """The numbers among the values, nan for the others, in one of the readings of a cancellation residue."""
    read = [(value.rounded if rounded else value.exact) if isinstance(value, Depends) else value for value in values]
    return np.array([value if type(value) is float else np.nan for value in read])


def _moves(moved: Sequence[ExpectedRow], smooth: Sequence[Bools], row: Floats, cells: NDArray[np.intp]) -> Floats:
    """How far the numbers of these bindings move from the row's at most; infinite where one becomes undefined."""
    with np.errstate(all="ignore"):
        each = [
            np.where(known, np.nan_to_num(np.abs(other.numbers[cells] - row), nan=np.inf, posinf=np.inf), 0.0)
            for other, known in zip(moved, smooth, strict=True)
        ]
    return np.asarray(np.max(each, axis=0)) if each else np.zeros(len(row))


def _largest(case: Case, row: Floats) -> float:
    """The largest magnitude among the inputs that are plain numbers, and the expected values of a sample."""
    given = [np.asarray(value) for value in case.inputs.values() if isinstance(value, float | np.ndarray)]
    plain = [each for each in given if each.dtype == float]  # others hold texts
    return max(float(np.abs(each[np.isfinite(each)]).max(initial=0.0)) for each in (*plain, row))


def _moved(
    check: Check, case: Case, expected: Expected, actual: Batch, context: Context, exact: _Exact
) -> Iterator[ExpectedRow]:
    """What the reference gives on inputs of which all are perturbed that are not ``exact``, where it does not raise."""
    random = np.random.default_rng(context.seed)

    def steps(shape: tuple[int, ...]) -> NDArray[np.int64]:
        return np.asarray(random.integers(1, _FARTHEST + 1, shape) * random.choice([-1, 1], shape))

    known: dict[tuple[bytes, tuple[int, ...]], NDArray[np.bool_]] = {}

    def exact_once(numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
        key = numbers.tobytes(), numbers.shape
        return known[key] if key in known else known.setdefault(key, exact(numbers))

    return _called(check, case, expected.elements, actual, [steps] * _DRAWS, exact_once)


def either_way(
    check: Check, case: Case, elements: Elements | None, actual: Mapping[Cell, Column], shared: Shared
) -> Iterator[ExpectedRow]:
    """What the reference gives where all inputs that may have rounding errors are a few ulps larger, and smaller.

    The results are ``shared`` with other checks.
    """
    ways = [partial(np.full, fill_value=way * _FARTHEST) for way in (1, -1)]
    return _called(check, case, elements, actual, ways, lambda numbers: np.zeros(numbers.shape, dtype=bool), shared)


def _called(
    check: Check,
    case: Case,
    elements: Elements | None,
    actual: Mapping[Cell, Column],
    ways: Sequence[_Steps],
    exact: _Exact,
    shared: Shared | None = None,
) -> Iterator[ExpectedRow]:
    """What the reference gives on the inputs moved in each of the ways, where it does not raise."""
    # A label of 0 or 1 that is a few ulps off is no label any more, and would explain every difference.
    fixed = {
        given.name
        for given in check.inputs
        if (given.special and not given.frame)
        or given.choices
        or given.integer
        or given.one_hot
        or not given.vary
        or (not given.frame and any(isinstance(actual.get(cell), bool | tuple) for cell in given.cells()))
    }
    ranges = {given.name: given for given in check.inputs}
    for steps in ways:
        perturbed = {
            name: value if name in fixed else _perturbed(value, ranges[name], steps, exact)  # type: ignore[arg-type]  # numbers
            for name, value in sorted(case.inputs.items())
        }
        try:
            yield call(check, Case(perturbed), elements, shared)
        except OracleError:
            continue


def _perturbed(
    value: "float | Array | Frame", given: Input[Range], steps: _Steps, exact: _Exact
) -> "float | Array | Frame":
    """The value with a few ulps added or subtracted, within the range that the spec gives the input; of a frame, its numbers."""
    if not isinstance(value, Frame):
        return _moved_by_ulps(value, given.ends(np.shape(value)), steps, exact)
    if given.dates:  # whose limits are none of its numbers
        given = replace(given, low=None, high=None)
    low, high = given.ends(given.shape)
    columns = [
        _moved_by_ulps(column, (low[:, at], high[:, at]), steps, exact) if column.dtype == float else column
        for at, column in enumerate(value.columns)
    ]
    return Frame(value.headers, tuple(map(np.asarray, columns)))


def _moved_by_ulps(
    value: "float | Array", ends: "tuple[Array, Array]", steps: _Steps, exact: _Exact
) -> "float | Array":
    by = np.where(exact(np.asarray(value)), 0, steps(np.shape(value)))
    moved = np.clip(value * (1 + by * 2.0**-52), *ends)
    return float(moved) if isinstance(value, float) else moved
