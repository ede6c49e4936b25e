"""What samples reach: outcomes of decisions in formulas, lines and branches of the reference, and constants that are varied."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from xlparity.compare.expected import Bools
from xlparity.compare.run import Loaded, Run
from xlparity.engines.evaluator.session import FormulasSession
from xlparity.excel.address import Cell, Range
from xlparity.excel.batch import Batch
from xlparity.excel.values import Value
from xlparity.excel.workbook import Workbook
from xlparity.references.tracing import Reach
from xlparity.results.branches import Branch, Branches, Constant
from xlparity.scenarios.outcomes import Decision, Probed, Probing, decisions, may_decide, spread
from xlparity.scenarios.sample import Samples
from xlparity.spec.check import Check

_MEASURED = 24  # of each decision's cells, spread over all; all are measured where these do not reach every outcome


class Watch:
    """Watches the calls of the checks' references, of each reference those of all its checks."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._tracers = {id(check.reference.function): check.reference.tracer() for check in checks}

    def watching(self, check: Check) -> AbstractContextManager[None]:
        """The calls of the check's reference for one sample are watched inside."""
        return self._tracers[id(check.reference.function)].watching()

    def reach(self, check: Check) -> Reach:
        """What the calls of the check's reference reached."""
        return self._tracers[id(check.reference.function)].reach()


def with_reach(runs: Sequence[Run], watch: Watch, min_coverage: float) -> list[Run]:
    """The runs, with what the reference's calls reached where outcomes in formulas were measured.

    ``min_coverage`` is how many percent are to be reached.
    """
    asked = [replace(run, result=replace(run.result, min_coverage=min_coverage)) for run in runs]
    return [_with_reach(run, watch) for run in asked]


def _with_reach(run: Run, watch: Watch) -> Run:
    branches = run.result.branches
    if branches is None:
        return run
    reach = watch.reach(run.check)
    unreached = tuple(Branch(one.where, one.what) for one in reach.unreached)
    notes = () if reach.remark is None else (reach.remark,)
    result = replace(
        run.result,
        branches=replace(branches, reference=reach.total, unreached=unreached),
        notes=(*run.result.notes, *notes),
    )
    return replace(run, result=result)


class Reached:
    """What the samples reach in the formulas of all checks, measured on samples that are compared.

    An outcome is reached in a cell in samples in which a compared cell that shows it is decided: the cell itself, or the first
    ones that depend on it. Where all of these are undecided, nothing was compared.
    """

    @classmethod
    def of(cls, checks: Sequence[Check], loaded: Loaded, among: Collection[Cell] | None = None) -> "Reached | None":
        """What samples reach, before any is added, ``among`` some cells or in all of them.

        None where an engine computes that is not ``formulas``.
        """
        return cls(checks, loaded, loaded.session, among) if isinstance(loaded.session, FormulasSession) else None

    def __init__(
        self, checks: Sequence[Check], loaded: Loaded, session: FormulasSession, among: Collection[Cell] | None
    ) -> None:
        self._loaded, self._among = loaded, among
        self._checks = [_Measured(check, loaded.book) for check in checks]
        of_checks = self._decided(among)
        for one, found in zip(self._checks, of_checks, strict=True):
            one.reached = {each: np.zeros(len(each.outcomes), dtype=bool) for each in found}
        known = list(dict.fromkeys(each for found in of_checks for each in found))
        self.session = session
        self._computed: set[Decision] = set()
        self._possible = {(one, at) for one in known for at, each in enumerate(one.outcomes) if not each.among}
        self._times = {one: np.zeros(len(one.outcomes), dtype=np.int64) for one in known}
        self._some = Probing(session, {one: spread(one.cells, _MEASURED) for one in known})
        self._all: Probing | None = None

    def _decided(self, among: Collection[Cell] | None) -> list[list[Decision]]:
        """The decisions of each check, in some cells or in all; one that checks have in common is one."""
        known: dict[object, Decision] = {}
        found: list[list[Decision]] = []
        some = None if among is None else {cell for cell in among if may_decide(self._loaded.book, cell)}
        for one in self._checks:
            cells = one.cells if some is None else [cell for cell in one.cells if cell in some] if some else []
            of_check = decisions(one.check, self._loaded.book, cells)
            found.append([known.setdefault((each.probe, each.array, each.cells), each) for each in of_check])
        return found

    @property
    def decisions(self) -> list[Decision]:
        """The decisions of all checks, each once."""
        return list(self._times)

    @cached_property
    def of_all_cells(self) -> list[Decision]:
        """The decisions in all cells, each once."""
        if self._among is None:
            return self.decisions
        return list(dict.fromkeys(each for found in self._decided(None) for each in found))

    def add(self, values: Batch, decided: Sequence[Bools]) -> None:
        """Adds samples: the values in them, and for each check which bindings are compared and decided, (samples, bindings)."""
        if not self._times:
            return
        for one, of_check in zip(self._checks, decided, strict=True):
            one.take(of_check)
        for decision, probed in self._some.on(values):
            if probed.computed:
                self._computed.add(decision)
            for at, outcome in enumerate(decision.outcomes):
                if outcome.among and np.isin(probed.codes, list(outcome.among)).any():
                    self._possible.add((decision, at))
                if outcome.tie:
                    self._times[decision][at] += int(probed.occurs(outcome).any(axis=0).sum())
            self._note(decision, self._some.places[decision], probed)
        # Of a long column, one cell may reach what the others do not.
        left = [one for one in self._computed if len(one.cells) > _MEASURED and self.missing(one)]
        if left and (self._all is None or not self._all.places.keys() >= set(left)):
            self._all = Probing(self.session, {one: one.cells for one in self._times if one in left})
        for decision, probed in self._all.on(values) if left and self._all is not None else ():
            self._note(decision, decision.cells, probed)

    def _note(self, decision: Decision, cells: Sequence[Cell], probed: Probed) -> None:
        having = [one for one in self._checks if decision in one.reached]
        for at, outcome in enumerate(decision.outcomes):
            waiting = [one for one in having if not one.reached[decision][at]]
            occurs = probed.occurs(outcome) if waiting else None
            for one in waiting if occurs is not None and occurs.any() else ():
                assert occurs is not None
                one.reached[decision][at] = one.shows(cells, occurs)

    def missing(self, decision: Decision) -> list[int]:
        """The outcomes of a decision that could be computed, and that some check has not reached, by their numbers."""
        if decision not in self._computed:
            return []
        having = [one.reached[decision] for one in self._checks if decision in one.reached]
        missing = np.flatnonzero(~np.logical_and.reduce(having)).tolist()
        return [at for at in missing if (decision, at) in self._possible]

    def ties(self, decision: Decision) -> list[int]:
        """Its outcomes that are ties, by their numbers."""
        if decision not in self._computed:
            return []
        return [at for at, one in enumerate(decision.outcomes) if one.tie and (decision, at) in self._possible]

    def times(self, decision: Decision, outcome: int) -> int:
        """In how many samples a tie occurred, in some of the decision's cells."""
        return int(self._times[decision][outcome])

    def with_branches(self, runs: Sequence[Run], samples: Samples) -> list[Run]:
        """The runs of the checks, with what these samples reached and did not reach, and which constants never varied."""
        moved = samples.changed()
        outputs = {binding.cell for run in runs for binding in run.bindings}
        found: list[Run] = []
        for run, one in zip(runs, self._checks, strict=True):
            of_check = [
                (decision, outcome, is_reached)
                for decision, reached in one.reached.items()
                for at, (outcome, is_reached) in enumerate(zip(decision.outcomes, reached.tolist(), strict=True))
                if decision in self._computed and (decision, at) in self._possible
            ]
            missed = tuple(
                Branch(str(decision.cells[0]), outcome.what, decision.cells)
                for decision, outcome, is_reached in of_check
                if not is_reached
            )
            values = self._loaded.values
            constants = one.constants(outputs, values)
            fixed = [cell for cell in constants if cell not in moved]
            unvaried = tuple(
                Constant(cell, values[cell], readers) for cell, readers in zip(fixed, one.readers(fixed), strict=True)
            )
            branches = Branches(formulas=len(of_check), missed=missed, constants=len(constants), unvaried=unvaried)
            found.append(replace(run, result=replace(run.result, branches=branches)))
        return found


class _Measured:
    """One check: the cells that are computed from its inputs, which of its bindings show them, and what was reached."""

    def __init__(self, check: Check, book: Workbook) -> None:
        self.check, self._book = check, book
        accepted = check.cells.accepted
        self._numbers = {
            binding.cell: number
            for number, binding in enumerate(check.cells.bindings)
            if binding.output.skip is None and binding.cell not in accepted
        }
        self._asked = np.array(sorted(self._numbers.values()), dtype=np.intp)
        self.reached: dict[Decision, Bools] = {}
        self._showing: dict[Cell, NDArray[np.intp]] = {}

    @cached_property
    def cells(self) -> list[Cell]:
        """The cells on which the check's outputs depend, and these."""
        named = self.check.named
        return list(self._book.graph.before(self._numbers, lambda cell: cell not in named))

    def take(self, decided: Bools) -> None:
        """Takes which bindings are compared and decided in the next samples, (samples, bindings)."""
        self._decided = decided
        self._whole = decided[:, self._asked].all(axis=1)

    def shows(self, cells: Sequence[Cell], occurs: Bools) -> bool:
        """Whether a binding is decided that shows one of these cells in a sample in which it ``occurs``, (cells, samples)."""
        if (occurs.any(axis=0) & self._whole).any():
            return True
        for at in np.flatnonzero(occurs.any(axis=1)).tolist():
            if (occurs[at] & self._decided[:, self._bindings(cells[at])].any(axis=1)).any():
                return True
        return False

    def _bindings(self, cell: Cell) -> NDArray[np.intp]:
        """The bindings that show the cell, by their numbers."""
        if cell not in self._showing:
            filled, numbers = self._book.filled, self._numbers
            found = [numbers[one] for one in filled(cell).cells() if one in numbers]
            if not found:
                after = self._book.graph.after([filled(cell)], lambda one: one not in numbers)
                found = [numbers[one] for formula in after for one in filled(formula).cells() if one in numbers]
            self._showing[cell] = np.array(found, dtype=np.intp)
        return self._showing[cell]

    def constants(self, outputs: set[Cell], values: Mapping[Cell, Value]) -> list[Cell]:
        """The numbers on which the check's compared cells depend and that are no formula, in the order of the cells.

        A cell that the spec binds is none of them: as one of the ``outputs`` of any check it is compared, and as an input it
        varies, or a note or the spec itself says that it does not.
        """
        book = self._book
        named = self.check.named
        bound = outputs.union(named, book.graph.constants_before(named))
        return sorted(
            cell
            for cell in self.cells
            if cell not in bound
            and cell.sheet not in book.external
            and book.formula(cell) is None
            and isinstance(values.get(cell), float)
        )

    def readers(self, constants: Sequence[Cell]) -> Iterator[tuple[Cell, ...]]:
        """For each of the constants the formulas that read it; cells of the same ranges share theirs."""
        graph = self._book.graph
        reading: dict[Range, list[Cell]] = {}
        for formula in dict.fromkeys(map(graph.anchor, self.cells)) if constants else ():
            for area in dict.fromkeys(graph.areas(formula)):
                reading.setdefault(area, []).append(formula)
        holding: dict[Cell, list[Range]] = {cell: [] for cell in constants}
        for area in reading:
            for cell in area.among(holding):
                holding[cell].append(area)
        known: dict[tuple[Range, ...], tuple[Cell, ...]] = {}
        for areas in map(tuple, holding.values()):
            if areas not in known:
                known[areas] = tuple(sorted({formula for area in areas for formula in reading[area]}))
            yield known[areas]
