"""Blame: which formulas are wrong themselves, and which cells are wrong only because of them.

Every bound formula is evaluated on the reference's values for its precedents (teacher forcing), so that no error propagates
and each is judged alone. Cells that nothing binds keep their formulas and are evaluated through.
"""

import math
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from xlparity.compare.evidence import Evidence
from xlparity.diagnosis.relative import Form, Layout
from xlparity.excel.address import Cell, Range
from xlparity.excel.columns import Column, Floats, floats_of, picked, value_in
from xlparity.excel.values import BLANK, ErrorValue, Missing, Unsupported, Value
from xlparity.excel.workbook import Workbook
from xlparity.results.report import UNKNOWN, WRONG, CellResult
from xlparity.spec.binding import Binding, CellMap, Input

Fault = Literal["typed", "formula", "error", "circular", "unsupported", "beyond", "prefix"]
NOT_ASSESSED: frozenset[Fault] = frozenset(("circular", "unsupported"))  # because of which cells cannot be assessed
"""``typed`` stands for a constant where a formula must stand, and for nothing at all, ``prefix`` for a function's wrong name.

``unsupported`` is what the engine cannot compute; ``beyond``, what it finds wrong and ``formulas`` cannot compute.
"""

_MOST_SETS = 48
_AT_ONCE = 5_000
_BEYOND_RANGE = ("#NUM!", "#DIV/0!")  # what Excel has where numpy goes on with an infinity


class ForcingSession(Protocol):
    """A loaded workbook whose formulas can be judged one by one."""

    def forced(self, count: int, held: Mapping[Cell, Column]) -> Mapping[Cell, Column]:
        """What every cell comes to where formulas read the held values; of a held formula, what it comes to itself."""
        ...

    def sweep(self, count: int, overrides: Mapping[Cell, Column]) -> Mapping[Cell, Column]:
        """Every cell's value over many sets of inputs."""
        ...

    def like(self, workbook: Workbook) -> "ForcingSession":
        """The session of another workbook that has much in common with this one."""
        ...


@dataclass(frozen=True, slots=True)
class Judged:
    """A check as an engine found it: its bound cells and inputs, the facts about the stored inputs, and the evidence.

    ``values`` is what the engine computes of every cell on the stored inputs. ``own`` says whether formulas are judged on
    the reference's values by that same engine: what another engine finds is no finding of this one. ``overflows`` says
    whether the reference leaves the range of numbers somewhere on the way, in the set of that number of such evidence.
    The ``disputed`` cells are those that another engine finds right: nothing is proved against them.
    """

    name: str
    cells: CellMap
    inputs: tuple[Input[Range], ...]
    results: tuple[CellResult, ...]
    evidence: Evidence
    values: Mapping[Cell, Value] = field(default_factory=dict)
    own: bool = True
    overflows: Callable[[Evidence, int], bool] = lambda evidence, number: False
    disputed: frozenset[Cell] = frozenset()

    def excused(self, column: Column, sets: Sequence[int]) -> NDArray[np.bool_]:
        """In which of the sets the column has an error value that an overflow makes, through which the reference goes too.

        Excel has #NUM! for the 1/(1+EXP(800)) that numpy makes 0 of: that is no fault of the formula.
        """
        found = np.zeros(len(sets), dtype=bool)
        if isinstance(column, tuple | ErrorValue):
            values = (value_in(column, at) for at in range(len(sets)))
            beyond = [at for at, v in enumerate(values) if isinstance(v, ErrorValue) and v.code in _BEYOND_RANGE]
            found[beyond] = [self.overflows(self.evidence, sets[at]) for at in beyond]
        return found


class Forced:
    """The values of one check's cells on which its formulas are judged, over ``count`` sets of inputs."""

    def __init__(
        self, held: Mapping[Cell, Column], local: Mapping[Cell, Column], count: int, sets: Sequence[int]
    ) -> None:
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

    judged: Judged
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
        return [self.judged.evidence.bindings[index] for index in self.indices]

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
    checks: Sequence[Judged],
    session: ForcingSession,
    explained: Collection[Cell] = (),
    others: Callable[[Judged, Forced], Sequence[Root]] = lambda judged, forced: (),
) -> tuple[list[Root], list[tuple[Judged, Forced, list[int]]]]:
    """The root causes of what is wrong in the checks, and the wrong cells that descend from none, by check.

    Cells that descend from the ``explained`` ones are none of the latter. ``others`` gives more roots of a check, which are
    not found by its formulas' values.
    """
    roots: list[Root] = []
    amiss_in: list[tuple[Judged, Forced, list[int]]] = []
    in_any = [(judged, amiss(judged)) for judged in checks]
    wrong = {judged.evidence.bindings[index].cell for judged, indices in in_any for index in indices}
    for judged, indices in in_any:
        if indices:
            forced = force(judged, [other for other in checks if other is not judged], session)
            # Two wrongs may make a right: a formula that reads a wrong cell is judged even where its own cell is right.
            beside = sorted(set(wrong_alone(judged, forced)).difference(indices)) if judged.own else ()
            bindings = judged.evidence.bindings
            misled_by = _readers(workbook, wrong, forced.held) if beside else frozenset()
            misled = [
                index
                for index in beside
                if workbook.members.get(bindings[index].cell, bindings[index].cell) in misled_by
                or _fault(judged, index, forced) == "unsupported"  # on some inputs: that is to be known as well
            ]
            suspects = sorted([*indices, *misled])
            roots += [*others(judged, forced), *_roots(workbook, layout, judged, suspects, forced)]
            amiss_in.append((judged, forced, indices))
    found, left = _with_knock_ons(workbook, roots, amiss_in, explained)
    more = [root for part in left for root in _beyond(workbook, layout, *part, wrong)]
    return _with_knock_ons(workbook, [*roots, *more], amiss_in, explained) if more else (found, left)


def _beyond(
    workbook: Workbook, layout: Layout, judged: Judged, forced: Forced, left: Sequence[int], wrong: Iterable[Cell]
) -> list[Root]:
    """The formulas of wrong cells that cannot be computed on forced values, and that read no wrong cell."""
    groups: dict[tuple[str, Form], list[int]] = {}
    misled = _readers(workbook, wrong, forced.held)
    for index in left:
        binding = judged.evidence.bindings[index]
        formula = workbook.formula(binding.cell)
        anchor = workbook.members.get(binding.cell, binding.cell)
        if (
            formula is not None
            and judged.results[index].status not in UNKNOWN
            and refusal_in(forced.local.get(binding.cell, BLANK)) is not None
            and judged.evidence.wrong[:, index].any()
            and anchor not in misled
        ):
            home = judged.name, binding.iteration
            form = layout.form(anchor, formula, home)
            groups.setdefault((binding.output.name, form), []).append(index)
    return [
        Root(judged, forced, variable, "beyond", tuple(indices), form, proved=False)
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


def amiss(judged: Judged) -> list[int]:
    """The bindings whose cells are wrong, or not assessed, on any inputs."""
    wrong = np.atleast_1d(np.any(judged.evidence.wrong, axis=0))
    return [
        index
        for index, result in enumerate(judged.results)
        if result.status != "skipped"
        and not result.constant
        and (result.status in WRONG | UNKNOWN or result.status == "accepted" or wrong[index])
    ]


def wrong_alone(judged: Judged, forced: Forced) -> list[int]:
    """The bindings whose formulas do not come to what is expected on the forced values."""
    plain: list[int] = []
    found: list[int] = []
    for index, binding in enumerate(judged.evidence.bindings):
        column = forced.local.get(binding.cell, BLANK)
        if binding.output.skip is not None or judged.results[index].formula is None:
            continue
        if isinstance(column, np.ndarray | float) and not judged.evidence.truths[index]:
            plain.append(index)
        elif not agrees(judged, index, column, forced.sets).all():
            found.append(index)
    for begin in range(0, len(plain), _AT_ONCE):
        part = plain[begin : begin + _AT_ONCE]
        bindings = [judged.evidence.bindings[index] for index in part]
        actual = np.stack([floats_of(forced.local[binding.cell], forced.count) for binding in bindings], axis=1)
        expected = judged.evidence.expected[np.ix_(list(forced.sets), part)]
        rtol = np.array([binding.output.tolerance.rtol for binding in bindings])
        atol = np.array([binding.output.tolerance.atol for binding in bindings])
        with np.errstate(invalid="ignore"):
            right = (np.abs(actual - expected) <= atol + rtol * np.abs(expected)) | np.isnan(expected)
        found += [index for index, each in zip(part, right.all(axis=0), strict=True) if not each]
    return found


def force(judged: Judged, others: Iterable[Judged], session: ForcingSession, *, most: int = _MOST_SETS) -> Forced:
    """The check's formulas on the reference's values, those of other checks' cells included, on the sets that count."""
    evidence = judged.evidence
    steady = np.logical_and(evidence.counted, ~np.any(evidence.shaky, axis=1))
    whole = np.isfinite(evidence.expected[:, np.isfinite(evidence.expected[0])]).all(axis=1)
    choice = next((one for one in (steady & whole, steady, evidence.counted) if one.any()), evidence.counted)
    forced = _forced(judged, others, session, choice, most)
    if _any_excused(judged, forced):
        # A right formula has error values where the reference overflows: other sets tell more, if there are any.
        calm = choice.copy()
        calm[choice] = [not judged.overflows(evidence, number) for number in np.flatnonzero(choice).tolist()]
        forced = _forced(judged, others, session, calm, most) if calm.any() else forced
    return forced


def _any_excused(judged: Judged, forced: Forced) -> bool:
    columns = (forced.local.get(binding.cell, BLANK) for binding in judged.evidence.bindings)
    return any(judged.excused(column, forced.sets).any() for column in columns)


def _forced(
    judged: Judged, others: Iterable[Judged], session: ForcingSession, choice: NDArray[np.bool_], most: int
) -> Forced:
    evidence = judged.evidence
    chosen: list[int] = np.flatnonzero(choice)[:most].tolist()
    sets = sorted({*chosen, *_telling(evidence, choice)})
    given: dict[Cell, Column] = {cell: picked(column, sets) for cell, column in evidence.inputs.items()}
    bound = {binding.cell for binding in evidence.bindings}  # of which an accepted one may be another check's input
    held = {cell: column for cell, column in given.items() if cell not in bound}
    partly: dict[Cell, tuple[Judged, int]] = {}
    for each in (judged, *others):
        for index, binding in enumerate(each.evidence.bindings):
            if binding.cell in held:
                continue
            if (column := _expected(each, index, sets)) is not None:
                held[binding.cell] = column
            elif np.isfinite(each.evidence.expected[sets, index]).any():
                partly.setdefault(binding.cell, (each, index))
    held = {**given, **held}
    local = session.forced(len(sets), held)
    # Where one reference is undefined, another that is not has no use for the cell, whatever that comes to there.
    more = {cell: _either(*at, sets, local.get(cell, BLANK)) for cell, at in partly.items() if cell not in held}
    if more:
        held |= more
        local = session.forced(len(sets), held)
    return Forced(held, local, len(sets), sets)


def _telling(evidence: Evidence, choice: NDArray[np.bool_]) -> list[int]:
    """For every wrong binding the first set that shows it: one of the chosen, else one in which nothing is shaky.

    What is wrong only where the reference is undefined for another quantity shows in none of the chosen.
    """
    steady = np.logical_and(evidence.counted, ~np.any(evidence.shaky, axis=1))
    chosen = evidence.wrong & choice[:, None]
    wrong = np.where(np.any(chosen, axis=0), chosen, evidence.wrong & steady[:, None])
    columns = np.flatnonzero(np.any(wrong, axis=0))
    return sorted({int(number) for number in wrong[:, columns].argmax(axis=0)})[:_MOST_SETS]


def _expected(judged: Judged, index: int, sets: list[int]) -> Column | None:
    numbers: Floats = judged.evidence.expected[sets, index]
    if not np.isfinite(numbers).all():
        return None
    return _either(judged, index, sets, BLANK) if _truth(judged, index) else numbers.copy()


def _either(judged: Judged, index: int, sets: list[int], own: Column) -> Column:
    """What the reference expects of the binding, and where it is undefined, what the cell comes to by its ``own``."""
    numbers: list[float] = judged.evidence.expected[sets, index].tolist()
    kind = bool if _truth(judged, index) else float
    return tuple(kind(one) if math.isfinite(one) else value_in(own, at) for at, one in enumerate(numbers))


def _truth(judged: Judged, index: int) -> bool:
    return bool(judged.evidence.truths[index]) and isinstance(judged.results[index].actual, bool)


def agrees(judged: Judged, index: int, column: Column, sets: Sequence[int]) -> NDArray[np.bool_]:
    """In which of the sets the column is what the reference expects of the binding."""
    evidence = judged.evidence
    expected = evidence.expected[list(sets), index]
    if evidence.truths[index] and not isinstance(column, np.ndarray):
        values = [value_in(column, number) for number in range(len(sets))]
        if any(isinstance(value, bool) for value in values):
            return np.array([np.isnan(e) or v is bool(e) for v, e in zip(values, expected, strict=True)], bool)
    tolerance = evidence.bindings[index].output.tolerance
    actual = floats_of(column, len(sets))
    with np.errstate(invalid="ignore"):
        near = np.abs(actual - expected) <= tolerance.atol + tolerance.rtol * np.abs(expected)
        return np.asarray(near | np.isnan(expected))  # where the reference says nothing, nothing contradicts it


def _roots(workbook: Workbook, layout: Layout, judged: Judged, suspects: Iterable[int], forced: Forced) -> list[Root]:
    groups: dict[tuple[str, Fault, Form | None, bool, bool], list[int]] = {}
    for index in suspects:
        binding = judged.evidence.bindings[index]
        fault = _fault(judged, index, forced)
        if (
            fault is None
            and _has_no_value(judged.results[index])
            and (
                workbook.graph.reads_itself(binding.cell)  # on forced values x = x is always right
                or (workbook.graph.is_circular(binding.cell) and _is_odd(workbook, layout, judged, index))
            )
        ):
            fault = "formula"
        if fault is None:
            continue
        formula = workbook.formula(binding.cell)
        form = None
        if formula is not None and fault != "typed":
            form = layout.form(
                workbook.members.get(binding.cell, binding.cell), formula, (judged.name, binding.iteration)
            )
        accepted = judged.results[index].reason is not None
        constant = fault == "typed" and _never_differs(judged, index)
        groups.setdefault((binding.output.name, fault, form, accepted, constant), []).append(index)
    for variable, fault, form, accepted, constant in list(groups):
        wrong = groups.get((variable, "formula", form, accepted, False))
        if fault == "error" and form is not None and wrong is not None:
            # One formula that comes to an error in some of its cells, and to a wrong number in the others.
            wrong[:] = sorted([*wrong, *groups.pop((variable, fault, form, accepted, constant))])
    roots = [
        Root(judged, forced, variable, fault, tuple(indices), form, 0, accepted, 0, fault != "unsupported", constant)
        for (variable, fault, form, accepted, constant), indices in groups.items()
    ]
    roots.sort(key=lambda root: root.constant)  # a real fault is not to drown among them
    return [_as_circular(root) if _circular(workbook, root) else root for root in roots]


def _as_circular(root: Root) -> Root:
    """The root as a circular reference; it is proved wrong only where Excel is certain to meet the circle."""
    values = (root.judged.results[index].actual for index in root.indices)
    certain = all(not isinstance(value, Unsupported) or value.circular for value in values)
    return replace(root, fault="circular", proved=certain)


def _never_differs(judged: Judged, index: int) -> bool:
    """Whether the cell is what the reference gives in every sample, where there are others than the stored inputs."""
    evidence = judged.evidence
    counted = evidence.counted
    compared = np.isfinite(evidence.expected[counted, index]).all()
    amiss = evidence.wrong[:, index] | evidence.unsure[:, index] | evidence.shaky[:, index]
    return bool(counted.sum() > 1 and compared and not amiss.any())


def _is_odd(workbook: Workbook, layout: Layout, judged: Judged, index: int) -> bool:
    """Whether most cells of the binding's quantity have another formula."""
    own = judged.evidence.bindings[index]
    forms: list[Form] = []
    mine: Form | None = None
    for binding in judged.evidence.bindings:
        formula = workbook.formula(binding.cell)
        if binding.output.name == own.output.name and formula is not None:
            cell = workbook.members.get(binding.cell, binding.cell)
            forms.append(layout.form(cell, formula, (judged.name, binding.iteration)))
            mine = forms[-1] if binding.cell == own.cell else mine
    return mine is not None and 2 * forms.count(mine) < len(forms)


def _fault(judged: Judged, index: int, forced: Forced) -> Fault | None:
    """What is wrong with the bound formula itself; None where it is right on the reference's values."""
    result = judged.results[index]
    local = forced.local.get(result.cell, BLANK)
    if result.formula is not None and isinstance(result.actual, ErrorValue) and result.status == "hardcoded":
        return "error"  # =AVERAGE(#REF!) refers to nothing any more
    if result.status == "hardcoded" or (result.status == "accepted" and result.formula is None):
        return "typed"
    if result.formula is None:
        return "typed" if result.status == "missing" else None
    if result.cell in judged.disputed:
        return None
    right = agrees(judged, index, local, forced.sets)
    open_to = np.flatnonzero(~right & ~judged.excused(local, forced.sets)).tolist()
    values = [value_in(local, at) for at in open_to]
    computed = [value for value in values if not isinstance(value, Unsupported | Missing)]
    if computed:  # whatever could not be computed on other inputs
        return "error" if any(isinstance(value, ErrorValue) for value in computed) else "formula"
    unsure = result.status in UNKNOWN or judged.evidence.unsure[:, index].any()
    return "unsupported" if values and unsure and judged.own else None


def _has_no_value(result: CellResult) -> bool:
    return result.status in UNKNOWN or isinstance(result.actual, Unsupported)


def _circular(workbook: Workbook, root: Root) -> bool:
    """Whether the cells have no value since they follow from themselves."""
    if not _has_no_value(root.judged.results[root.indices[0]]) or root.fault == "typed":
        return False
    return workbook.graph.is_circular(root.cells[0])


def _with_knock_ons(
    workbook: Workbook,
    roots: list[Root],
    amiss_in: Sequence[tuple[Judged, Forced, list[int]]],
    explained: Collection[Cell],
) -> tuple[list[Root], list[tuple[Judged, Forced, list[int]]]]:
    """The roots with the number of cells that descend from each, and the cells that descend from none.

    What is wrong is followed from precedent to dependent through wrong cells and through formulas that nothing binds.
    """
    bound = {binding.cell for judged, _, _ in amiss_in for binding in judged.evidence.bindings}
    at_fault = {cell for root in roots if not root.helpers for cell in root.cells}
    wrong = [(judged, index) for judged, _, indices in amiss_in for index in indices]
    cells = {judged.evidence.bindings[index].cell for judged, index in wrong}
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
    for judged, index in wrong:
        cell = judged.evidence.bindings[index].cell
        if cell in at_fault or judged.results[index].status == "accepted":
            continue
        before = reached.get(workbook.members.get(cell, cell), set())
        unknown = judged.results[index].status in UNKNOWN and not judged.evidence.wrong[:, index].any()
        for number in before - {-1}:
            if unknown and roots[number].fault not in NOT_ASSESSED:
                continue  # nobody has found it wrong
            counts[number] += 1
            alone[number] += len(before) == 1
        if not before:
            left.setdefault(id(judged), []).append(index)
    remaining = [(judged, forced, left[id(judged)]) for judged, forced, _ in amiss_in if id(judged) in left]
    counted = zip(roots, counts, alone, strict=True)
    return [replace(root, affects=count, alone=only) for root, count, only in counted], remaining
