"""Blame: which formulas are wrong themselves, and which cells are wrong only because of them.

Every bound formula is evaluated on the reference's values for its precedents (teacher forcing), so that no error propagates
and each is judged alone. Cells that nothing binds keep their formulas and are evaluated through.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from xlparity.address import Cell, Range
from xlparity.binding import Binding, CellMap, Input
from xlparity.columns import Column, Floats, floats_of, picked, value_in
from xlparity.evidence import Evidence
from xlparity.findings.following import dependents_of, on_a_circle, refers_to_itself, spread
from xlparity.layout import Form, Layout
from xlparity.report import UNKNOWN, WRONG, CellResult
from xlparity.values import BLANK, ErrorValue, Missing, Unsupported
from xlparity.workbook import Workbook

Fault = Literal["typed", "formula", "error", "circular", "unsupported"]
"""``typed`` stands for a constant where a formula must stand, and for nothing at all."""

_MOST_SETS = 48
_AT_ONCE = 5_000


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
    """A check as an engine found it: its bound cells and inputs, the facts about the stored inputs, and the evidence."""

    name: str
    cells: CellMap
    inputs: tuple[Input[Range], ...]
    results: tuple[CellResult, ...]
    evidence: Evidence


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
    ``indices`` are the cells' places among the check's bindings. ``form`` is None where there is no formula.
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
) -> tuple[list[Root], list[tuple[Judged, list[int]]]]:
    """The root causes of what is wrong in the checks, and the wrong cells that descend from none, by check.

    Cells that descend from the ``explained`` ones are none of the latter.
    """
    roots: list[Root] = []
    amiss_in: list[tuple[Judged, list[int]]] = []
    for judged in checks:
        indices = amiss(judged)
        if indices:
            forced = force(judged, [other for other in checks if other is not judged], session)
            # Two wrongs may make a right: a formula is judged whether or not its cell is wrong in the whole run.
            suspects = sorted({*indices, *wrong_alone(judged, forced)})
            roots += _roots(workbook, layout, judged, suspects, forced)
            amiss_in.append((judged, indices))
    return _with_knock_ons(workbook, roots, amiss_in, explained)


def amiss(judged: Judged) -> list[int]:
    """The bindings whose cells are wrong, or not assessed, on any inputs."""
    wrong = np.atleast_1d(np.any(judged.evidence.wrong, axis=0))
    return [
        index
        for index, result in enumerate(judged.results)
        if result.status != "skipped"
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
    """For every binding that is wrong in some of the chosen sets the first of these."""
    wrong = evidence.wrong & choice[:, None]
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
            return np.array([v is bool(e) for v, e in zip(values, expected, strict=True)], bool)
    tolerance = evidence.bindings[index].output.tolerance
    actual = floats_of(column, len(sets))
    with np.errstate(invalid="ignore"):
        near = np.abs(actual - expected) <= tolerance.atol + tolerance.rtol * np.abs(expected)
        return np.asarray(near | np.isnan(expected))  # where the reference says nothing, nothing contradicts it


def _roots(workbook: Workbook, layout: Layout, judged: Judged, suspects: Iterable[int], forced: Forced) -> list[Root]:
    groups: dict[tuple[str, Fault, Form | None, bool], list[int]] = {}
    for index in suspects:
        binding = judged.evidence.bindings[index]
        fault = _fault(judged, index, forced)
        if (
            fault is None
            and _has_no_value(judged.results[index])
            and (
                refers_to_itself(workbook, binding.cell)  # on forced values x = x is always right
                or (on_a_circle(workbook, binding.cell) and _is_odd(workbook, layout, judged, index))
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
        groups.setdefault((binding.output.name, fault, form, accepted), []).append(index)
    for variable, fault, form, accepted in list(groups):
        wrong = groups.get((variable, "formula", form, accepted))
        if fault == "error" and form is not None and wrong is not None:
            # One formula that comes to an error in some of its cells, and to a wrong number in the others.
            wrong[:] = sorted([*wrong, *groups.pop((variable, fault, form, accepted))])
    roots = [
        Root(judged, forced, variable, fault, tuple(indices), form, 0, accepted)
        for (variable, fault, form, accepted), indices in groups.items()
    ]
    return [replace(root, fault="circular") if _circular(workbook, root) else root for root in roots]


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
    if agrees(judged, index, local, forced.sets).all():
        return None
    if judged.evidence.expected.shape[0] and not np.isfinite(judged.evidence.expected[:, index]).any():
        return None  # of another shape in the reference: a finding of its own
    values = [local] if not isinstance(local, tuple) else list(local)
    if any(isinstance(value, Unsupported | Missing) for value in values):
        return "unsupported"
    return "error" if any(isinstance(value, ErrorValue) for value in values) else "formula"


def _has_no_value(result: CellResult) -> bool:
    return result.status in UNKNOWN or isinstance(result.actual, Unsupported)


def _circular(workbook: Workbook, root: Root) -> bool:
    """Whether the cells have no value since they follow from themselves."""
    if not _has_no_value(root.judged.results[root.indices[0]]) or root.fault == "typed":
        return False
    return on_a_circle(workbook, root.cells[0])


def _with_knock_ons(
    workbook: Workbook,
    roots: list[Root],
    amiss_in: Sequence[tuple[Judged, list[int]]],
    explained: Collection[Cell],
) -> tuple[list[Root], list[tuple[Judged, list[int]]]]:
    """The roots with the number of cells that descend from each, and the cells that descend from none.

    What is wrong is followed from precedent to dependent through wrong cells and through formulas that nothing binds.
    """
    bound = {binding.cell for judged, _ in amiss_in for binding in judged.evidence.bindings}
    at_fault = {cell: number for number, root in enumerate(roots) for cell in root.cells}
    wrong = [(judged, index) for judged, indices in amiss_in for index in indices]
    cells = {judged.evidence.bindings[index].cell for judged, index in wrong}
    dependents = dependents_of(workbook, cells | {cell for cell in workbook.cells if cell not in bound})
    reached: dict[Cell, set[int]] = {}
    for cell, number in at_fault.items():
        spread(cell, number, lambda at: dependents.get(workbook.members.get(at, at), ()), reached)
    for cell in explained:
        spread(cell, -1, lambda at: dependents.get(workbook.members.get(at, at), ()), reached)
    counts, alone = [0] * len(roots), [0] * len(roots)
    left: dict[int, list[int]] = {}
    for judged, index in wrong:
        cell = judged.evidence.bindings[index].cell
        if cell in at_fault or judged.results[index].status == "accepted":
            continue
        before = reached.get(cell, set())
        for number in before - {-1}:
            counts[number] += 1
            alone[number] += len(before) == 1
        if cell not in reached:
            left.setdefault(id(judged), []).append(index)
    remaining = [(judged, left[id(judged)]) for judged, _ in amiss_in if id(judged) in left]
    counted = zip(roots, counts, alone, strict=True)
    return [replace(root, affects=count, alone=only) for root, count, only in counted], remaining
