"""Localisation of faults: which formulas are wrong themselves, and which cells are wrong only as their dependents.

Every bound formula is evaluated on the reference's values for its precedents (teacher forcing), so that no error propagates
and each is tested alone. Unbound helpers keep their formulas and are evaluated as part of it.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from xlparity.compare.compare import column_agrees, expected_value, in_both_readings
from xlparity.compare.expected import Shared, cases
from xlparity.compare.run import Run
from xlparity.diagnosis.relative import QuantityMap, RelativeFormula, relative_text_of
from xlparity.excel.address import Cell
from xlparity.excel.batch import FIRST_ERROR, NUMERIC, TRUTH, Batch
from xlparity.excel.columns import Column, Floats, floats_of, picked, value_in
from xlparity.excel.fill import outline
from xlparity.excel.values import BLANK, ErrorValue, Missing, Unsupported
from xlparity.excel.workbook import Formula, Workbook
from xlparity.results.report import UNKNOWN, WRONG, CellResult
from xlparity.results.rules import OF_SHAPE
from xlparity.scenarios.rounding import MARGIN, either_way
from xlparity.settings import Deadline
from xlparity.spec.binding import Binding

Fault = Literal["hardcoded", "formula", "error", "circular", "unsupported", "uncomputed", "prefix"]
NOT_ASSESSED: frozenset[Fault] = frozenset(("circular", "unsupported"))  # faults whose dependents cannot be assessed
"""``hardcoded`` is a constant, or an empty cell, where a formula is expected; ``prefix``, a misspelt function name.

``unsupported`` is what the engine cannot compute; ``beyond``, what it finds wrong and ``formulas`` cannot compute.
"""

_MOST_SAMPLES = 48  # samples on which a formula is evaluated alone
_NUDGES, _FARTHEST, _MARGIN = (
    3,
    8,
    16,
)  # as in scenarios.rounding: evaluations on values a few ulps off, and what they prove
_NEARLY = 1e-9  # the share of the largest value of a sample up to which a difference may be rounding error
_STEADY_SECONDS = 1.0  # for the calls of the reference that say which samples are steady
_AT_ONCE = 5_000  # cells evaluated at a time, a limit on memory


class ForcingSession(Protocol):
    """A loaded workbook whose formulas can be evaluated on given values of their precedents."""

    def forced(self, held: Mapping[Cell, Column], samples: int) -> Batch:
        """Every cell's values where formulas read the held values; of a held formula, its own result on these."""
        ...

    def recalculate(self, overrides: Mapping[Cell, Column], samples: int = 1) -> Batch:
        """Every cell's value in each sample."""
        ...

    def alternatives(
        self, formulas: Sequence[tuple[Cell, Formula]], seen: Callable[[Cell], Column], samples: int
    ) -> Sequence[Batch]:
        """The values of each formula by itself, where the cells that it reads have the values ``seen``."""
        ...

    def like(self, workbook: Workbook) -> "ForcingSession":
        """A session of another workbook that reuses what it has in common with this one."""
        ...


class Forced:
    """The values of teacher forcing for one check, over ``count`` samples.

    ``held`` are the values that formulas read, ``local`` the result of each formula on these, and ``samples`` the numbers of
    the samples in the run. The ``session`` evaluates formulas on values a few ulps off these; ``find_steady`` gives the values
    on other samples, if not all of these are steady.
    """

    def __init__(
        self,
        run: Run,
        held: Mapping[Cell, Column],
        local: Batch,
        samples: Sequence[int],
        session: ForcingSession,
        find_steady: "Callable[[], Forced | None]" = lambda: None,
    ) -> None:
        self.held, self.local, self.count, self.samples = held, local, len(samples), samples
        self._run, self._session, self._find_steady = run, session, find_steady

    @cached_property
    def steady(self) -> "Forced":
        """The values on samples in which rounding decides nothing in the reference; these, where that is true of them.

        The reference is called again to find out, which takes time.
        """
        return self._find_steady() or self

    @cached_property
    def differing(self) -> dict[int, NDArray[np.bool_]]:
        """By the index of the binding, where its formula differs from the reference in any sample: in which it does."""
        return _differing(self._run, self.local, self.samples)

    @cached_property
    def _nudged(self) -> list[Batch]:
        random = np.random.default_rng(0)
        held = dict(self.held)
        found: list[Batch] = []
        for _ in range(_NUDGES):
            for cell, column in self.held.items():
                if isinstance(column, np.ndarray):
                    steps = random.integers(1, _FARTHEST + 1, self.count) * random.choice([-1, 1], self.count)
                    held[cell] = np.where(column == np.round(column), column, column * (1 + steps * 2.0**-52))
            found.append(self._session.forced(held, self.count))
        return found

    def within_rounding(self, cell: Cell, expected: Floats) -> NDArray[np.bool_]:
        """In which samples the formula differs from the expected values by no more than the rounding of what it reads.

        It does where its result on values a few ulps off moves as far: a difference of two large numbers is a residue.
        """
        own = floats_of(self.local.get(cell, BLANK), self.count)
        moves = [np.abs(floats_of(nudged.get(cell, BLANK), self.count) - own) for nudged in self._nudged]
        return np.asarray(np.abs(own - expected) <= _MARGIN * np.max(moves, axis=0, initial=0.0))

    def plain(self, index: int) -> bool:
        """Whether the formula of the binding gives a number in every sample."""
        return isinstance(self.local.get(self._run.bindings[index].cell, BLANK), np.ndarray)

    def seen(self, cell: Cell) -> Column:
        """The cell's values as its dependents read them."""
        return self.held[cell] if cell in self.held else self.local.get(cell, BLANK)


class Localised(NamedTuple):
    """The root causes, by check the wrong cells that depend on none of them, and those whose formulas are right by themselves.

    Of the latter, by the check's name, each agrees with the reference on the reference's values for its precedents, in at least
    one sample and in no sample not: it is wrong, or not assessed, because of a precedent alone.
    """

    roots: "list[Root]"
    left: "list[tuple[Run, Forced, list[int]]]"
    right: Mapping[str, frozenset[Cell]]


@dataclass(frozen=True, slots=True)
class Root:
    """A root cause: cells that have one fault in common; ``affects`` counts the dependents that are wrong because of it.

    ``alone`` counts those of them that depend on no other root. ``indices`` are the cells' indices among the check's bindings.
    ``form`` is their relative formula, None where there is none. Only what is ``proved`` wrong may be edited: a formula that
    no engine could evaluate may be right. ``constant`` says that the cells are hard-coded and equal to the reference in every
    sample. ``helpers`` are the wrong cells where these are unbound precedents, and ``wanted`` are values of some of them, if
    known, with which all their readers are right. ``parts`` are the roots of which this one is made up, where its formulas
    differ in more than what Excel changes as it fills a formula.
    """

    run: Run
    forced: Forced
    variable: str
    fault: Fault
    indices: tuple[int, ...]
    form: RelativeFormula | None
    affects: int = 0
    accepted: bool = False
    alone: int = 0
    proved: bool = True
    constant: bool = False
    helpers: tuple[Cell, ...] = ()
    wanted: Mapping[Cell, Floats] | None = None
    parts: "tuple[Root, ...]" = ()

    @property
    def bindings(self) -> list[Binding]:
        """The bound cells, in order."""
        return [self.run.bindings[index] for index in self.indices]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells, in order."""
        return tuple(binding.cell for binding in self.bindings)

    @property
    def iterations(self) -> tuple[int, ...]:
        """The iterations of the cells, sorted."""
        return tuple(sorted({binding.iteration for binding in self.bindings}))


def localise(
    workbook: Workbook,
    quantity_map: QuantityMap,
    checks: Sequence[Run],
    session: ForcingSession,
    explained: Collection[Cell] = (),
    others: Callable[[Run, Forced], Sequence[Root]] = lambda run, forced: (),
) -> Localised:
    """The root causes of what is wrong in the checks, and the wrong cells that follow from them or from nothing known.

    The cells that depend on no root are without dependents of the ``explained`` cells. ``others`` gives roots of a check that
    its values do not show.
    """
    roots: list[Root] = []
    failing_in: list[tuple[Run, Forced, list[int]]] = []
    in_any = [(run, failing(run)) for run in checks]
    called: Shared = {}
    wrong = {run.bindings[index].cell for run, indices in in_any for index in indices}
    misfits = of_another_shape(checks)
    explained = {*explained, *misfits}
    for run, indices in in_any:
        if indices:
            bindings = run.bindings
            others_of = [other for other in checks if other is not run]
            forced = force(run, others_of, session, called)
            if any(_in_few(each) or not forced.plain(index) for index, each in forced.differing.items()):
                forced = forced.steady
            # Two faults may cancel: a formula that reads a wrong cell is evaluated even where its own cell is right.
            also_wrong = sorted(forced.differing.keys() - set(indices)) if run.own else ()
            wrong_readers = _readers(workbook, wrong, forced.held) if also_wrong else frozenset()
            reads_wrong = [
                index
                for index in also_wrong
                if workbook.members.get(bindings[index].cell, bindings[index].cell) in wrong_readers
                or _fault(run, index, forced) == "unsupported"  # on some inputs, which is reported as well
            ]
            # A formula that reads cells without an expected value is not judged: what follows from these is no cause.
            unjudged = _readers(workbook, misfits, forced.held)
            suspects = [
                index
                for index in sorted([*indices, *reads_wrong])
                if workbook.members.get(bindings[index].cell, bindings[index].cell) not in unjudged
                or _fault(run, index, forced) == "hardcoded"
            ]
            roots += [*others(run, forced), *_roots(workbook, quantity_map, run, suspects, forced)]
            failing_in.append((run, forced, indices))
    found, left = _with_dependents(workbook, roots, failing_in, explained)
    more = [root for part in left for root in _uncomputed(workbook, quantity_map, *part, wrong)]
    if more:
        found, left = _with_dependents(workbook, [*roots, *more], failing_in, explained)
    right = {
        run.name: frozenset(run.bindings[index].cell for index in indices if _right_alone(run, index, forced))
        for run, forced, indices in failing_in
    }
    return Localised(found, left, right)


def _right_alone(run: Run, index: int, forced: Forced) -> bool:
    """Whether the cell's own formula was computed on the reference's values, and is right there.

    A sample in which the reference gives nothing shows nothing.
    """
    if run.results[index].formula is None or _fault(run, index, forced) is not None:
        return False
    shown = np.isfinite(run.expected[list(forced.samples), index])
    if index in forced.differing:
        shown &= ~forced.differing[index]
    return bool(shown.any()) and refusal_in(forced.local.get(run.bindings[index].cell, BLANK)) is None


def of_another_shape(checks: Iterable[Run]) -> frozenset[Cell]:
    """The cells whose quantities have another shape in the reference, so that nothing is expected of them."""
    return frozenset(
        cell for run in checks for found in run.result.findings if found.code in OF_SHAPE for cell in found.cells
    )


def consequences(workbook: Workbook, checks: Sequence[Run], cells: Collection[Cell]) -> int:
    """How many other cells are wrong and depend on these, through wrong cells and unbound formulas."""
    wrong = {run.bindings[at].cell for run in checks for at in np.flatnonzero(run.wrong.any(axis=0)).tolist()}
    bound = {binding.cell for run in checks for binding in run.bindings}
    places = {workbook.filled(workbook.members.get(cell, cell)) for cell in cells}
    through = {*wrong, *cells}
    after = set(workbook.graph.after(places, lambda cell: cell in through or cell not in bound))
    return sum(workbook.members.get(cell, cell) in after for cell in wrong.difference(cells))


def _uncomputed(
    workbook: Workbook, quantity_map: QuantityMap, run: Run, forced: Forced, left: Sequence[int], wrong: Iterable[Cell]
) -> list[Root]:
    """The formulas of wrong cells that cannot be computed on forced values, and that read no wrong cell."""
    groups: dict[tuple[str, RelativeFormula], list[int]] = {}
    reads_wrong = _readers(workbook, wrong, forced.held)
    for index in left:
        binding = run.bindings[index]
        formula = workbook.formula(binding.cell)
        anchor = workbook.members.get(binding.cell, binding.cell)
        if (
            formula is not None
            and run.results[index].status not in UNKNOWN
            and refusal_in(forced.local.get(binding.cell, BLANK)) is not None
            and run.wrong[:, index].any()
            and anchor not in reads_wrong
        ):
            block = run.name, binding.iteration
            form = quantity_map.form(anchor, formula, block)
            groups.setdefault((binding.output.name, form), []).append(index)
    return [
        Root(run, forced, variable, "uncomputed", tuple(indices), form, proved=False)
        for (variable, form), indices in groups.items()
    ]


def refusal_in(column: Column) -> Unsupported | None:
    """Why the engine could not compute the column, in the first sample in which it could not; None if it could in all."""
    for value in column if isinstance(column, tuple) else (column,):
        if isinstance(value, Unsupported):
            return value
        if isinstance(value, Missing):
            return Unsupported(f"a cell that holds {value}")
    return None


def _readers(workbook: Workbook, wrong: Iterable[Cell], held: Container[Cell]) -> frozenset[Cell]:
    """The formulas that read one of the wrong cells, directly or through formulas that are not held.

    A formula that reads none has the run's own values as forced values, on which its cell is right.
    """
    return frozenset(workbook.graph.after(wrong, lambda cell: cell not in held))


def failing(run: Run) -> list[int]:
    """The indices of the bindings whose cells are wrong, or not assessed, in any sample."""
    wrong = np.atleast_1d(np.any(run.wrong, axis=0))
    return [
        index
        for index, result in enumerate(run.results)
        if result.status != "skipped"
        and not result.constant
        and (result.status in WRONG | UNKNOWN or result.status == "accepted" or wrong[index])
    ]


def _differing(run: Run, local: Batch, samples: Sequence[int]) -> dict[int, NDArray[np.bool_]]:
    """In which samples formulas differ from the reference on the forced values, by the index of the binding, where any does."""
    asked = [
        index
        for index, binding in enumerate(run.bindings)
        if binding.output.skip is None and run.results[index].formula is not None
    ]
    found: dict[int, NDArray[np.bool_]] = {}
    for begin in range(0, len(asked), _AT_ONCE):
        part = asked[begin : begin + _AT_ONCE]
        values = local.select([run.bindings[index].cell for index in part])
        expected = run.expected[np.ix_(list(samples), part)]
        kinds = run.kinds[np.ix_(list(samples), part)]
        exact, rounded = in_both_readings(run.check, values, expected, kinds, part)
        differs = ~((exact & rounded) | np.isnan(expected))
        found |= {part[at]: differs[:, at] for at in np.flatnonzero(differs.any(axis=0)).tolist()}
    return found


def force(
    run: Run, others: Iterable[Run], session: ForcingSession, called: Shared | None = None, *, most: int = _MOST_SAMPLES
) -> Forced:
    """The check's formulas on the reference's values, those of other checks included, on samples where it is defined.

    Which samples are steady can be asked where ``called`` is there, in which calls are kept for other checks.
    """
    others = tuple(others)
    determinate = np.logical_and(run.counted, ~np.any(run.indeterminate, axis=1))
    whole = np.isfinite(run.expected[:, np.isfinite(run.expected[0])]).all(axis=1)
    choice = next((one for one in (determinate & whole, determinate, run.counted) if one.any()), run.counted)

    def on(choice: NDArray[np.bool_], steady: Callable[[], Forced | None]) -> Forced:
        forced = _forced(run, others, session, choice, most, steady)
        if _any_excused(run, forced):
            # A right formula has error values where the reference overflows: samples without an overflow are preferred.
            without = choice.copy()
            without[choice] = [not run.overflows(number) for number in np.flatnonzero(choice).tolist()]
            forced = _forced(run, others, session, without, most, steady) if without.any() else forced
        return forced

    def steady() -> Forced | None:
        kept = choice if called is None else _steady(run, choice, most, called)
        return None if (kept == choice).all() else on(kept, lambda: None)

    return on(choice, steady)


def _in_few(differs: NDArray[np.bool_]) -> bool:
    """Whether a formula differs in so few of the samples that rounding error may be why."""
    return bool(2 * differs.sum() <= len(differs) + 1)


def _steady(run: Run, choice: NDArray[np.bool_], most: int, called: Shared) -> NDArray[np.bool_]:
    """The choice without samples of it in which the reference's values move when its inputs move by a few ulps.

    Where a step is within rounding error, or a training diverges, the right formula may differ as well. Most samples have to
    be steady, or none is left out.
    """
    check, kept, deadline = run.check, choice.copy(), Deadline(_STEADY_SECONDS)
    numbers = np.flatnonzero(choice)[:most].tolist()
    held = {cell: picked(run.inputs[cell], numbers) for given in check.inputs for cell in given.cells()}
    allowed = check.cells.atol + check.cells.rtol * np.abs(run.expected)
    for number, case in zip(numbers, cases(check, held, len(numbers)), strict=True):
        if case is None or deadline.passed:
            continue
        compared = check.cells.compared & np.isfinite(run.expected[number])
        values = {cell: value_in(run.inputs[cell], number) for cell in held}
        for row in either_way(check, case, run.elements, values, called):
            with np.errstate(all="ignore"):
                moved = ~(MARGIN * np.abs(row.numbers - run.expected[number]) <= allowed[number])
            kept[number] = not (moved & compared).any()
            if not kept[number]:
                break
    return kept if 2 * kept.sum() >= choice.sum() else choice


def _any_excused(run: Run, forced: Forced) -> bool:
    cells = [binding.cell for binding in run.bindings]
    failing = np.flatnonzero((forced.local.select(cells).kinds >= FIRST_ERROR).any(axis=1)).tolist()
    return any(run.excused(forced.local.get(cells[at], BLANK), forced.samples).any() for at in failing)


def _forced(
    run: Run,
    others: Iterable[Run],
    session: ForcingSession,
    choice: NDArray[np.bool_],
    most: int,
    steady: Callable[[], Forced | None],
) -> Forced:
    chosen: list[int] = np.flatnonzero(choice)[:most].tolist()
    samples = sorted({*chosen, *_showing_wrong(run, choice)})
    given: dict[Cell, Column] = {cell: picked(column, samples) for cell, column in run.inputs.items()}
    bound = {binding.cell for binding in run.bindings}  # an accepted one may be another check's input
    held = {cell: column for cell, column in given.items() if cell not in bound}
    partly: dict[Cell, tuple[Run, int]] = {}
    for each in (run, *others):
        columns = np.ascontiguousarray(each.expected[samples].T)
        finite = np.isfinite(columns)
        always, plain = np.asarray(finite.all(axis=1)), np.asarray(np.isin(each.kinds, NUMERIC).all(axis=0))
        truths = np.asarray((each.kinds == TRUTH).any(axis=0))
        for index in np.flatnonzero(finite.any(axis=1)).tolist():
            cell = each.bindings[index].cell
            if cell in held:
                continue
            if not always[index]:
                partly.setdefault(cell, (each, index))
            elif plain[index] and not (truths[index] and isinstance(each.results[index].actual, bool)):
                held[cell] = columns[index]
            else:
                held[cell] = _either(each, index, samples, BLANK)
    held = {**given, **held}
    local = session.forced(held, len(samples))
    # Where the cell's reference is undefined and another is defined, the latter does not use the cell: its own value will do.
    more = {cell: _either(*at, samples, local.get(cell, BLANK)) for cell, at in partly.items() if cell not in held}
    if more:
        held |= more
        local = session.forced(held, len(samples))
    return Forced(run, held, local, samples, session, steady)


def _showing_wrong(run: Run, choice: NDArray[np.bool_]) -> list[int]:
    """For every wrong binding the first sample in which it is wrong: a chosen one, else one with nothing indeterminate.

    A binding may be wrong only where the reference is undefined for another quantity, which is in none of the chosen samples.
    """
    determinate = np.logical_and(run.counted, ~np.any(run.indeterminate, axis=1))
    chosen = run.wrong & choice[:, None]
    wrong = np.where(np.any(chosen, axis=0), chosen, run.wrong & determinate[:, None])
    columns = np.flatnonzero(np.any(wrong, axis=0))
    return sorted({int(number) for number in wrong[:, columns].argmax(axis=0)})[:_MOST_SAMPLES]


def _either(run: Run, index: int, samples: list[int], own: Column) -> Column:
    """The expected values of the binding, and where the reference is undefined, those of ``own``."""
    numbers, kinds = run.expected[samples, index].tolist(), run.kinds[samples, index].tolist()
    beside = run.results[index].actual
    return tuple(
        expected_value(one, kind, run.check, beside) if math.isfinite(one) else value_in(own, at)
        for at, (one, kind) in enumerate(zip(numbers, kinds, strict=True))
    )


def agrees(run: Run, index: int, column: Column, samples: Sequence[int]) -> NDArray[np.bool_]:
    """In which of the samples the column agrees with the binding's expected value, or there is none."""
    expected, kinds = run.expected[list(samples), index], run.kinds[list(samples), index]
    return column_agrees(run.check, column, expected, kinds, run.bindings[index].output) | np.isnan(expected)


def _roots(
    workbook: Workbook, quantity_map: QuantityMap, run: Run, suspects: Iterable[int], forced: Forced
) -> list[Root]:
    groups: dict[tuple[str, Fault, RelativeFormula | None, bool, bool], list[int]] = {}
    for index in suspects:
        binding = run.bindings[index]
        fault = _fault(run, index, forced)
        if (
            fault is None
            and _has_no_value(run.results[index])
            and (
                workbook.graph.reads_itself(binding.cell)  # on forced values x = x is always right
                or (workbook.graph.is_circular(binding.cell) and _is_odd(workbook, quantity_map, run, index))
            )
        ):
            fault = "formula"
        if fault is None:
            continue
        formula = workbook.formula(binding.cell)
        form = None
        if formula is not None and fault != "hardcoded":
            form = quantity_map.form(
                workbook.members.get(binding.cell, binding.cell), formula, (run.name, binding.iteration)
            )
        accepted = run.results[index].reason is not None
        constant = fault == "hardcoded" and _never_differs(run, index)
        groups.setdefault((binding.output.name, fault, form, accepted, constant), []).append(index)
    for variable, fault, form, accepted, constant in list(groups):
        wrong = groups.get((variable, "formula", form, accepted, False))
        if fault == "error" and form is not None and wrong is not None:
            # One relative formula gives an error in some of its cells and a wrong number in the others.
            wrong[:] = sorted([*wrong, *groups.pop((variable, fault, form, accepted, constant))])
    roots = [
        Root(run, forced, variable, fault, tuple(indices), form, 0, accepted, 0, fault != "unsupported", constant)
        for (variable, fault, form, accepted, constant), indices in groups.items()
    ]
    roots.sort(key=lambda root: root.constant)  # real faults come first
    return _joined(workbook, [_as_circular(root) if _circular(workbook, root) else root for root in roots])


def _joined(workbook: Workbook, roots: Sequence[Root]) -> list[Root]:
    """The roots, with one for all whose formulas are one formula to Excel, or differ in references and numbers alone.

    So a growing range, a reference that lacks its ``$`` or a series of numbers typed into formulas is one fault.
    """
    filled = _joined_by(roots, lambda root: _texts(workbook, root, relative_text_of))
    strict = [_one_of(parts) for parts in filled]
    loose = _joined_by(strict, lambda root: _texts(workbook, root, lambda cell, formula: outline(formula.text)))
    return [replace(_one_of(parts), parts=tuple(parts)) if len(parts) > 1 else parts[0] for parts in loose]


def _texts(workbook: Workbook, root: Root, text: Callable[[Cell, Formula], str]) -> set[object]:
    """What the root's formulas have in common with those of other roots."""
    found: set[object] = set()
    for cell in {workbook.members.get(cell, cell) for cell in root.cells}:
        formula = workbook.formula(cell)
        if formula is not None and root.fault in ("formula", "error"):
            found.add((root.variable, root.accepted, text(cell, formula)))
    return found


def _joined_by(roots: Sequence[Root], keys: Callable[[Root], set[object]]) -> list[list[Root]]:
    """The roots in lists, in which each has a key in common with another."""
    lists: list[list[Root]] = []
    of_key: dict[object, list[Root]] = {}
    for root in roots:
        own = keys(root)
        into: list[Root] = []
        lists.append(into)
        for known in {id(one): one for key in own if (one := of_key.get(key)) is not None}.values():
            if known is not into:
                into += known
                lists = [one for one in lists if one is not known]
                of_key.update({key: into for key, one in of_key.items() if one is known})
        into.append(root)
        of_key.update(dict.fromkeys(own, into))
    return lists


def _one_of(parts: Sequence[Root]) -> Root:
    """One root for all of these."""
    if len(parts) == 1:
        return parts[0]
    wrong = next((part for part in parts if part.fault == "formula"), parts[0])
    return replace(wrong, indices=tuple(sorted(index for part in parts for index in part.indices)))


def _as_circular(root: Root) -> Root:
    """The root as a circular reference; it is proved wrong only where Excel is certain to report it."""
    values = (root.run.results[index].actual for index in root.indices)
    certain = all(not isinstance(value, Unsupported) or value.circular for value in values)
    return replace(root, fault="circular", proved=certain)


def _never_differs(run: Run, index: int) -> bool:
    """Whether the cell agrees with the reference in every sample, and there are samples beside the stored inputs."""
    counted = run.counted
    compared = np.isfinite(run.expected[counted, index]).all()
    failing = run.wrong[:, index] | run.unsure[:, index] | run.indeterminate[:, index]
    return bool(counted.sum() > 1 and compared and not failing.any())


def _is_odd(workbook: Workbook, quantity_map: QuantityMap, run: Run, index: int) -> bool:
    """Whether most cells of the binding's quantity have another relative formula."""
    own = run.bindings[index]
    forms: list[RelativeFormula] = []
    mine: RelativeFormula | None = None
    for binding in run.bindings:
        formula = workbook.formula(binding.cell)
        if binding.output.name == own.output.name and formula is not None:
            cell = workbook.members.get(binding.cell, binding.cell)
            forms.append(quantity_map.form(cell, formula, (run.name, binding.iteration)))
            mine = forms[-1] if binding.cell == own.cell else mine
    others = Counter(form for form in forms if form != mine)
    return mine is not None and any(2 * count > len(forms) for count in others.values())


def _fault(run: Run, index: int, forced: Forced) -> Fault | None:
    """The fault of the bound formula itself; None where it is right on the reference's values."""
    result = run.results[index]
    local = forced.local.get(result.cell, BLANK)
    if result.formula is not None and isinstance(result.actual, ErrorValue) and result.status == "hardcoded":
        return "error"  # =AVERAGE(#REF!) has lost its reference
    if result.status == "hardcoded" or (result.status == "accepted" and result.formula is None):
        return "hardcoded"
    if result.formula is None:
        return "hardcoded" if result.status == "missing" else None
    if result.cell in run.disputed:
        return None
    wrong = forced.differing.get(index)
    wrong = np.zeros(forced.count, dtype=bool) if wrong is None else wrong & ~run.excused(local, forced.samples)
    if wrong.any() and (_in_few(wrong) or not (result.status in WRONG or run.wrong[:, index].any())):
        wrong &= ~forced.within_rounding(result.cell, run.expected[list(forced.samples), index])
    differing = np.flatnonzero(wrong).tolist()
    values = [value_in(local, at) for at in differing]
    computed = [value for value in values if not isinstance(value, Unsupported | Missing)]
    if computed:  # whatever could not be computed on other inputs
        return "error" if any(isinstance(value, ErrorValue) for value in computed) else "formula"
    unsure = result.status in UNKNOWN or run.unsure[:, index].any()
    return "unsupported" if values and unsure and run.own else None


def _has_no_value(result: CellResult) -> bool:
    return result.status in UNKNOWN or isinstance(result.actual, Unsupported)


def _circular(workbook: Workbook, root: Root) -> bool:
    """Whether the cells have no value because they are part of a circular reference."""
    if not _has_no_value(root.run.results[root.indices[0]]) or root.fault == "hardcoded":
        return False
    return workbook.graph.is_circular(root.cells[0])


def recounted(
    workbook: Workbook, checks: Sequence[Run], roots: Sequence[Root], explained: Collection[Cell]
) -> list[Root]:
    """The roots, with the number of dependents that are wrong because of each."""
    failing_in = [(run, root.forced, indices) for root in roots[:1] for run in checks if (indices := failing(run))]
    return _with_dependents(workbook, list(roots), failing_in, explained)[0]


def _with_dependents(
    workbook: Workbook,
    roots: list[Root],
    failing_in: Sequence[tuple[Run, Forced, list[int]]],
    explained: Collection[Cell],
) -> tuple[list[Root], list[tuple[Run, Forced, list[int]]]]:
    """The roots with the number of their wrong dependents, and the wrong cells that depend on no root.

    Dependents are followed through wrong cells and through unbound formulas.
    """
    bound = {binding.cell for run, _, _ in failing_in for binding in run.bindings}
    at_fault = {cell for root in roots if not root.helpers for cell in root.cells}
    wrong = [(run, index) for run, _, indices in failing_in for index in indices]
    cells = {run.bindings[index].cell for run, index in wrong}
    graph = workbook.graph
    reached: dict[Cell, set[int]] = {}  # for each formula the roots on which it depends; -1 for the explained cells
    for number, source in ((-1, explained), *((n, root.helpers or root.cells) for n, root in enumerate(roots))):
        if number >= 0 and roots[number].constant:
            continue  # a constant that equals the reference affects nothing
        places = {workbook.filled(workbook.members.get(cell, cell)) for cell in source}
        for formula in graph.after(places, lambda cell: cell in cells or cell not in bound):
            reached.setdefault(formula, set()).add(number)
    counts, alone = [0] * len(roots), [0] * len(roots)
    left: dict[int, list[int]] = {}
    for run, index in wrong:
        cell = run.bindings[index].cell
        if cell in at_fault or run.results[index].status == "accepted":
            continue
        before = reached.get(workbook.members.get(cell, cell), set())
        unknown = run.results[index].status in UNKNOWN and not run.wrong[:, index].any()
        for number in before - {-1}:
            if unknown and roots[number].fault not in NOT_ASSESSED:
                continue  # it is not found wrong, only not assessed
            counts[number] += 1
            alone[number] += len(before) == 1
        if not before:
            left.setdefault(id(run), []).append(index)
    remaining = [(run, forced, left[id(run)]) for run, forced, _ in failing_in if id(run) in left]
    counted = zip(roots, counts, alone, strict=True)
    return [replace(root, affects=count, alone=only) for root, count, only in counted], remaining
