"""Blame: which formulas are wrong themselves, and which cells are wrong only because of them.

Every bound formula is evaluated on the reference's values for its precedents (teacher forcing), so that no error propagates
and each is run alone. Cells that nothing binds keep their formulas and are evaluated through.
"""

import math
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from xlparity.compare.compare import agrees as values_agree
from xlparity.compare.compare import column_agrees
from xlparity.compare.run import Run
from xlparity.diagnosis.relative import Form, Layout
from xlparity.excel.address import Cell
from xlparity.excel.batch import Batch
from xlparity.excel.columns import Column, Floats, picked, value_in
from xlparity.excel.values import BLANK, ErrorValue, Missing, Unsupported
from xlparity.excel.workbook import Workbook
from xlparity.results.report import UNKNOWN, WRONG, CellResult
from xlparity.spec.binding import Binding

Fault = Literal["typed", "formula", "error", "circular", "unsupported", "beyond", "prefix"]
NOT_ASSESSED: frozenset[Fault] = frozenset(("circular", "unsupported"))  # because of which cells cannot be assessed
"""``typed`` stands for a constant where a formula must stand, and for nothing at all, ``prefix`` for a function's wrong name.

``unsupported`` is what the engine cannot compute; ``beyond``, what it finds wrong and ``formulas`` cannot compute.
"""

_MOST_SETS = 48  # samples on which a formula is evaluated by itself
_AT_ONCE = 5_000  # cells that are evaluated at a time, so that memory has room for their precedents
_BEYOND_RANGE = ("#NUM!", "#DIV/0!")  # what Excel has where numpy goes on with an infinity


class ForcingSession(Protocol):
    """A loaded workbook whose formulas can be run one by one."""

    def forced(self, held: Mapping[Cell, Column], samples: int) -> Batch:
        """What every cell comes to where formulas read the held values; of a held formula, what it comes to itself."""
        ...

    def recalculate(self, overrides: Mapping[Cell, Column], samples: int = 1) -> Batch:
        """Every cell's value in each sample."""
        ...

    def like(self, workbook: Workbook) -> "ForcingSession":
        """The session of another workbook that has much in common with this one."""
        ...


class Forced:
    """The values of one check's cells on which its formulas are run, over ``count`` sets of inputs."""

    def __init__(self, held: Mapping[Cell, Column], local: Batch, count: int, sets: Sequence[int]) -> None:
        self.held = held
        self.local = local
        self.count = count
        self.sets = sets

    def seen(self, cell: Cell) -> Column:
        """The cell's values as formulas that read it see them."""
        return self.held[cell] if cell in self.held else self.local.get(cell, BLANK)


@dataclass(frozen=True, slots=True)
class Root:
    """Cells that have one fault between them; ``affects`` counts the cells that are wrong because of these.

    ``alone`` are how many of them descend from no other root.
    ``indices`` are the cells' places among the check's bindings. ``form`` is None where there is no formula. Only what is
    ``proved`` wrong may be edited: a formula that no engine could evaluate may well be right. They are ``constant`` where they
    are typed, and are what the reference gives in every sample. ``helpers`` are the cells at fault where these are known to
    be none of the bound ones, but on the way to them.
    """

    run: Run
    forced: Forced
    variable: str
    fault: Fault
    indices: tuple[int, ...]
    form: Form | None
    affects: int = 0
    accepted: bool = False
    alone: int = 0
    proved: bool = True
    constant: bool = False
    helpers: tuple[Cell, ...] = ()

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
        """The iterations in which they stand."""
        return tuple(sorted({binding.iteration for binding in self.bindings}))


def localise(
    workbook: Workbook,
    layout: Layout,
    checks: Sequence[Run],
    session: ForcingSession,
    explained: Collection[Cell] = (),
    others: Callable[[Run, Forced], Sequence[Root]] = lambda run, forced: (),
) -> tuple[list[Root], list[tuple[Run, Forced, list[int]]]]:
    """The root causes of what is wrong in the checks, and the wrong cells that descend from none, by check.

    Cells that descend from the ``explained`` ones are none of the latter. ``others`` gives more roots of a check, which are
    not found by its formulas' values.
    """
    roots: list[Root] = []
    amiss_in: list[tuple[Run, Forced, list[int]]] = []
    in_any = [(run, amiss(run)) for run in checks]
    wrong = {run.bindings[index].cell for run, indices in in_any for index in indices}
    for run, indices in in_any:
        if indices:
            forced = force(run, [other for other in checks if other is not run], session)
            # Two wrongs may make a right: a formula that reads a wrong cell is run even where its own cell is right.
            beside = sorted(set(wrong_alone(run, forced)).difference(indices)) if run.own else ()
            bindings = run.bindings
            misled_by = _readers(workbook, wrong, forced.held) if beside else frozenset()
            misled = [
                index
                for index in beside
                if workbook.members.get(bindings[index].cell, bindings[index].cell) in misled_by
                or _fault(run, index, forced) == "unsupported"  # on some inputs: that is to be known as well
            ]
            suspects = sorted([*indices, *misled])
            roots += [*others(run, forced), *_roots(workbook, layout, run, suspects, forced)]
            amiss_in.append((run, forced, indices))
    found, left = _with_knock_ons(workbook, roots, amiss_in, explained)
    more = [root for part in left for root in _beyond(workbook, layout, *part, wrong)]
    return _with_knock_ons(workbook, [*roots, *more], amiss_in, explained) if more else (found, left)


def _beyond(
    workbook: Workbook, layout: Layout, run: Run, forced: Forced, left: Sequence[int], wrong: Iterable[Cell]
) -> list[Root]:
    """The formulas of wrong cells that cannot be computed on forced values, and that read no wrong cell."""
    groups: dict[tuple[str, Form], list[int]] = {}
    misled = _readers(workbook, wrong, forced.held)
    for index in left:
        binding = run.bindings[index]
        formula = workbook.formula(binding.cell)
        anchor = workbook.members.get(binding.cell, binding.cell)
        if (
            formula is not None
            and run.results[index].status not in UNKNOWN
            and refusal_in(forced.local.get(binding.cell, BLANK)) is not None
            and run.wrong[:, index].any()
            and anchor not in misled
        ):
            home = run.name, binding.iteration
            form = layout.form(anchor, formula, home)
            groups.setdefault((binding.output.name, form), []).append(index)
    return [
        Root(run, forced, variable, "beyond", tuple(indices), form, proved=False)
        for (variable, form), indices in groups.items()
    ]


def refusal_in(column: Column) -> Unsupported | None:
    """What the engine has in place of a value in the first set in which it could not compute the column; None in none."""
    for value in column if isinstance(column, tuple) else (column,):
        if isinstance(value, Unsupported):
            return value
        if isinstance(value, Missing):
            return Unsupported(f"a cell that holds {value}")
    return None


def _readers(workbook: Workbook, wrong: Iterable[Cell], held: Container[Cell]) -> frozenset[Cell]:
    """The formulas that read one of the wrong cells, directly or through formulas that are not held.

    Where one reads none, the forced values are those of the run, on which its cell is right.
    """
    return frozenset(workbook.graph.after(wrong, lambda cell: cell not in held))


def amiss(run: Run) -> list[int]:
    """The bindings whose cells are wrong, or not assessed, on any inputs."""
    wrong = np.atleast_1d(np.any(run.wrong, axis=0))
    return [
        index
        for index, result in enumerate(run.results)
        if result.status != "skipped"
        and not result.constant
        and (result.status in WRONG | UNKNOWN or result.status == "accepted" or wrong[index])
    ]


def wrong_alone(run: Run, forced: Forced) -> list[int]:
    """The bindings whose formulas do not come to what is expected on the forced values."""
    asked = [
        index
        for index, binding in enumerate(run.bindings)
        if binding.output.skip is None and run.results[index].formula is not None
    ]
    cells = run.check.cells
    found: list[int] = []
    for begin in range(0, len(asked), _AT_ONCE):
        part = asked[begin : begin + _AT_ONCE]
        local = forced.local.select([run.bindings[index].cell for index in part])
        expected = run.expected[np.ix_(list(forced.sets), part)]
        right = values_agree(
            local.numbers.T, local.kinds.T, expected, run.truths[part], cells.rtol[part], cells.atol[part]
        )
        for row, other in local.others.items():
            right[other.samples, row] = False  # of two readings, nobody says which one the formula comes to
        always = np.all(right | np.isnan(expected), axis=0).tolist()
        found += [index for index, each in zip(part, always, strict=True) if not each]
    return found


def force(run: Run, others: Iterable[Run], session: ForcingSession, *, most: int = _MOST_SETS) -> Forced:
    """The check's formulas on the reference's values, those of other checks' cells included, on the sets that count."""
    steady = np.logical_and(run.counted, ~np.any(run.shaky, axis=1))
    whole = np.isfinite(run.expected[:, np.isfinite(run.expected[0])]).all(axis=1)
    choice = next((one for one in (steady & whole, steady, run.counted) if one.any()), run.counted)
    forced = _forced(run, others, session, choice, most)
    if _any_excused(run, forced):
        # A right formula has error values where the reference overflows: other sets tell more, if there are any.
        calm = choice.copy()
        calm[choice] = [not run.overflows(number) for number in np.flatnonzero(choice).tolist()]
        forced = _forced(run, others, session, calm, most) if calm.any() else forced
    return forced


def _any_excused(run: Run, forced: Forced) -> bool:
    columns = (forced.local.get(binding.cell, BLANK) for binding in run.bindings)
    return any(run.excused(column, forced.sets).any() for column in columns)


def _forced(run: Run, others: Iterable[Run], session: ForcingSession, choice: NDArray[np.bool_], most: int) -> Forced:
    chosen: list[int] = np.flatnonzero(choice)[:most].tolist()
    sets = sorted({*chosen, *_telling(run, choice)})
    given: dict[Cell, Column] = {cell: picked(column, sets) for cell, column in run.inputs.items()}
    bound = {binding.cell for binding in run.bindings}  # of which an accepted one may be another check's input
    held = {cell: column for cell, column in given.items() if cell not in bound}
    partly: dict[Cell, tuple[Run, int]] = {}
    for each in (run, *others):
        for index, binding in enumerate(each.bindings):
            if binding.cell in held:
                continue
            if (column := _expected(each, index, sets)) is not None:
                held[binding.cell] = column
            elif np.isfinite(each.expected[sets, index]).any():
                partly.setdefault(binding.cell, (each, index))
    held = {**given, **held}
    local = session.forced(held, len(sets))
    # Where one reference is undefined, another that is not has no use for the cell, whatever that comes to there.
    more = {cell: _either(*at, sets, local.get(cell, BLANK)) for cell, at in partly.items() if cell not in held}
    if more:
        held |= more
        local = session.forced(held, len(sets))
    return Forced(held, local, len(sets), sets)


def _telling(run: Run, choice: NDArray[np.bool_]) -> list[int]:
    """For every wrong binding the first set that shows it: one of the chosen, else one in which nothing is shaky.

    What is wrong only where the reference is undefined for another quantity shows in none of the chosen.
    """
    steady = np.logical_and(run.counted, ~np.any(run.shaky, axis=1))
    chosen = run.wrong & choice[:, None]
    wrong = np.where(np.any(chosen, axis=0), chosen, run.wrong & steady[:, None])
    columns = np.flatnonzero(np.any(wrong, axis=0))
    return sorted({int(number) for number in wrong[:, columns].argmax(axis=0)})[:_MOST_SETS]


def _expected(run: Run, index: int, sets: list[int]) -> Column | None:
    numbers: Floats = run.expected[sets, index]
    if not np.isfinite(numbers).all():
        return None
    return _either(run, index, sets, BLANK) if _truth(run, index) else numbers.copy()


def _either(run: Run, index: int, sets: list[int], own: Column) -> Column:
    """What the reference expects of the binding, and where it is undefined, what the cell comes to by its ``own``."""
    numbers: list[float] = run.expected[sets, index].tolist()
    kind = bool if _truth(run, index) else float
    return tuple(kind(one) if math.isfinite(one) else value_in(own, at) for at, one in enumerate(numbers))


def _truth(run: Run, index: int) -> bool:
    return bool(run.truths[index]) and isinstance(run.results[index].actual, bool)


def agrees(run: Run, index: int, column: Column, sets: Sequence[int]) -> NDArray[np.bool_]:
    """In which of the samples the column is what the reference expects of the binding, or that expects nothing."""
    expected = run.expected[list(sets), index]
    return column_agrees(column, expected, run.truths[index], run.bindings[index].output) | np.isnan(expected)


def _roots(workbook: Workbook, layout: Layout, run: Run, suspects: Iterable[int], forced: Forced) -> list[Root]:
    groups: dict[tuple[str, Fault, Form | None, bool, bool], list[int]] = {}
    for index in suspects:
        binding = run.bindings[index]
        fault = _fault(run, index, forced)
        if (
            fault is None
            and _has_no_value(run.results[index])
            and (
                workbook.graph.reads_itself(binding.cell)  # on forced values x = x is always right
                or (workbook.graph.is_circular(binding.cell) and _is_odd(workbook, layout, run, index))
            )
        ):
            fault = "formula"
        if fault is None:
            continue
        formula = workbook.formula(binding.cell)
        form = None
        if formula is not None and fault != "typed":
            form = layout.form(workbook.members.get(binding.cell, binding.cell), formula, (run.name, binding.iteration))
        accepted = run.results[index].reason is not None
        constant = fault == "typed" and _never_differs(run, index)
        groups.setdefault((binding.output.name, fault, form, accepted, constant), []).append(index)
    for variable, fault, form, accepted, constant in list(groups):
        wrong = groups.get((variable, "formula", form, accepted, False))
        if fault == "error" and form is not None and wrong is not None:
            # One formula that comes to an error in some of its cells, and to a wrong number in the others.
            wrong[:] = sorted([*wrong, *groups.pop((variable, fault, form, accepted, constant))])
    roots = [
        Root(run, forced, variable, fault, tuple(indices), form, 0, accepted, 0, fault != "unsupported", constant)
        for (variable, fault, form, accepted, constant), indices in groups.items()
    ]
    roots.sort(key=lambda root: root.constant)  # a real fault is not to drown among them
    return [_as_circular(root) if _circular(workbook, root) else root for root in roots]


def _as_circular(root: Root) -> Root:
    """The root as a circular reference; it is proved wrong only where Excel is certain to meet the circle."""
    values = (root.run.results[index].actual for index in root.indices)
    certain = all(not isinstance(value, Unsupported) or value.circular for value in values)
    return replace(root, fault="circular", proved=certain)


def _never_differs(run: Run, index: int) -> bool:
    """Whether the cell is what the reference gives in every sample, where there are others than the stored inputs."""
    counted = run.counted
    compared = np.isfinite(run.expected[counted, index]).all()
    amiss = run.wrong[:, index] | run.unsure[:, index] | run.shaky[:, index]
    return bool(counted.sum() > 1 and compared and not amiss.any())


def _is_odd(workbook: Workbook, layout: Layout, run: Run, index: int) -> bool:
    """Whether most cells of the binding's quantity have another formula."""
    own = run.bindings[index]
    forms: list[Form] = []
    mine: Form | None = None
    for binding in run.bindings:
        formula = workbook.formula(binding.cell)
        if binding.output.name == own.output.name and formula is not None:
            cell = workbook.members.get(binding.cell, binding.cell)
            forms.append(layout.form(cell, formula, (run.name, binding.iteration)))
            mine = forms[-1] if binding.cell == own.cell else mine
    return mine is not None and 2 * forms.count(mine) < len(forms)


def _fault(run: Run, index: int, forced: Forced) -> Fault | None:
    """What is wrong with the bound formula itself; None where it is right on the reference's values."""
    result = run.results[index]
    local = forced.local.get(result.cell, BLANK)
    if result.formula is not None and isinstance(result.actual, ErrorValue) and result.status == "hardcoded":
        return "error"  # =AVERAGE(#REF!) refers to nothing any more
    if result.status == "hardcoded" or (result.status == "accepted" and result.formula is None):
        return "typed"
    if result.formula is None:
        return "typed" if result.status == "missing" else None
    if result.cell in run.disputed:
        return None
    right = agrees(run, index, local, forced.sets)
    open_to = np.flatnonzero(~right & ~run.excused(local, forced.sets)).tolist()
    values = [value_in(local, at) for at in open_to]
    computed = [value for value in values if not isinstance(value, Unsupported | Missing)]
    if computed:  # whatever could not be computed on other inputs
        return "error" if any(isinstance(value, ErrorValue) for value in computed) else "formula"
    unsure = result.status in UNKNOWN or run.unsure[:, index].any()
    return "unsupported" if values and unsure and run.own else None


def _has_no_value(result: CellResult) -> bool:
    return result.status in UNKNOWN or isinstance(result.actual, Unsupported)


def _circular(workbook: Workbook, root: Root) -> bool:
    """Whether the cells have no value since they follow from themselves."""
    if not _has_no_value(root.run.results[root.indices[0]]) or root.fault == "typed":
        return False
    return workbook.graph.is_circular(root.cells[0])


def _with_knock_ons(
    workbook: Workbook,
    roots: list[Root],
    amiss_in: Sequence[tuple[Run, Forced, list[int]]],
    explained: Collection[Cell],
) -> tuple[list[Root], list[tuple[Run, Forced, list[int]]]]:
    """The roots with the number of cells that descend from each, and the cells that descend from none.

    What is wrong is followed from precedent to dependent through wrong cells and through formulas that nothing binds.
    """
    bound = {binding.cell for run, _, _ in amiss_in for binding in run.bindings}
    at_fault = {cell for root in roots if not root.helpers for cell in root.cells}
    wrong = [(run, index) for run, _, indices in amiss_in for index in indices]
    cells = {run.bindings[index].cell for run, index in wrong}
    graph = workbook.graph
    reached: dict[Cell, set[int]] = {}  # of formulas, by the roots from which they descend; -1 for what is explained
    for number, source in ((-1, explained), *((n, root.helpers or root.cells) for n, root in enumerate(roots))):
        if number >= 0 and roots[number].constant:
            continue  # nothing is wrong because of a right constant
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
                continue  # nobody has found it wrong
            counts[number] += 1
            alone[number] += len(before) == 1
        if not before:
            left.setdefault(id(run), []).append(index)
    remaining = [(run, forced, left[id(run)]) for run, forced, _ in amiss_in if id(run) in left]
    counted = zip(roots, counts, alone, strict=True)
    return [replace(root, affects=count, alone=only) for root, count, only in counted], remaining
