"""The session of the engine ``formulas``: a compiled workbook, recalculated in dependency order."""

import contextlib
import gc
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain, product
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xlparity import collector
from xlparity.engines.common.circularity import certain_circles
from xlparity.engines.evaluator import whereabouts
from xlparity.engines.evaluator.circles import Settling, has_circles, scheduled
from xlparity.engines.evaluator.dynamic import DynamicEvaluation, DynamicFormula
from xlparity.engines.evaluator.evaluation import (
    Evaluated,
    Evaluation,
    FormulaGroup,
    FormulaNode,
    Kind,
    Plans,
    evaluate,
    grouped,
    in_both_readings,
    together,
    usable,
)
from xlparity.engines.evaluator.grid import LARGEST_RANGE, Grid
from xlparity.engines.evaluator.guards import Refusal, conventions
from xlparity.engines.evaluator.program import Program
from xlparity.engines.evaluator.shapes import compile_shape, is_unread
from xlparity.engines.evaluator.tables import group_of, recomputed
from xlparity.excel.address import Cell, Range
from xlparity.excel.alike import alike
from xlparity.excel.batch import DEPENDS, Batch, Kinds, Other, Store, Words, encode, encoded
from xlparity.excel.columns import Column, Floats
from xlparity.excel.contents import DataTable
from xlparity.excel.expand import AS_ARRAY
from xlparity.excel.formula import dissect, split
from xlparity.excel.locales import Locale
from xlparity.excel.names import full_size
from xlparity.excel.prefixes import concerns
from xlparity.excel.resolve import Deferred, deferred, markers
from xlparity.excel.subtotals import without_subtotals
from xlparity.excel.values import (
    BEHIND_A_CIRCLE,
    BLANK,
    CIRCULAR,
    MISSING,
    ErrorValue,
    Missing,
    Unsupported,
    Value,
)
from xlparity.excel.workbook import Formula, Workbook
from xlparity.limits import WorkbookLimits

_BLANK = "a blank"  # the name of the place for cells that get none of their own
_OUT_OF_LINE = "#VALUE!"  # and of what Excel has for a range in a plain cell that is not in line with it
_STOPS = (
    "a circular reference that Excel stops iterating before it settles, or whose value depends on how Excel rounds; set "
    "'Maximum Change' in Excel's options to 1E-12 and save the workbook, or allow a larger tolerance"
)
_A_GROUP = 500  # how many times as long a group of formulas takes in any case: 40 to 70 µs against 0.1
_ALONE = 300  # how many times as long a formula takes that is computed sample by sample: 60 µs against 0.2
_FEW = 4  # formulas of one shape of which arrays take as long as one formula after the other
_SPARE = 4_096  # numbers that formulas may have of which the references become known later
_OF_A_BLANK = 8  # how many references take as much memory as a place for a cell that holds nothing
_FULL = 10_000  # cells of a range that is refused unseen once another one was
_EACH, _LONG = (
    10,
    2_000,
)  # of a short shape 10 characters more, 1 ms; of 2,000 characters twice as many: 0.1 s against 0.2
_NUMBERS = re.compile(r'"[^"]*"|[0-9.]+')  # and texts: shapes that differ in their numbers alone are compiled once
_LARGEST = 64_000_000  # values computed at once, 576 MB, and as many in the second reading

_Read: TypeAlias = tuple[tuple[int, ...], tuple[int, int]]
"""The places of what a reference names, and its shape."""
_Placed: TypeAlias = tuple[Cell, Formula, int]
"""A cell, its formula and its place."""


class Plan(NamedTuple):
    """What is to be computed: the formulas, in groups where no values decide their references, and the dynamic ones.

    ``shadows`` are the places for the results of held formulas, by their own places.
    """

    groups: Sequence[FormulaGroup]
    shadows: dict[int, int]
    formulas: Sequence[FormulaGroup]
    dynamic: Sequence[DynamicFormula]


class Room:
    """What the formulas of a session take of the limits; raises Refusal, with the option, for what goes beyond them.

    It depends on nothing but the file. ``cells`` is how many cells hold something.
    """

    def __init__(self, limits: WorkbookLimits, cells: int) -> None:
        self._limits = limits
        self._most_cells = cells + limits.reads // _OF_A_BLANK
        self._reads = self._compiled = 0
        self._models: dict[str, Refusal | None] = {}
        self._full: Refusal | None = None  # why something was refused

    def allows(self, reads: int) -> bool:
        """Whether there is room for so many more references to cells, which are then taken."""
        fits = self._reads + reads <= self._limits.reads
        self._reads += reads if fits else 0
        return fits

    def expect(self, reads: int) -> None:
        """Takes nothing yet: that there is room for so many references to cells."""
        if self._reads + reads > self._limits.reads:
            raise Refusal(self._limits.excess("reads", self._reads + reads, "cells to which formulas refer"))
        if self._full and reads > _FULL:
            raise self._full

    def take(self, reads: int) -> None:
        """Takes so many references to cells."""
        if not self.allows(reads):
            self._full = Refusal(self._limits.excess("reads", self._reads + reads, "cells to which formulas refer"))
            raise self._full

    def add_blank(self, cells: int) -> None:
        """Takes another cell that holds nothing, beside so many that have a place."""
        if cells >= self._most_cells:
            reads = self._limits.reads + _OF_A_BLANK
            self._full = Refusal(
                self._limits.excess("reads", reads, "cells to which formulas refer, most of them blank")
            )
            raise self._full

    def compiled(self, shape: str, compiler: Callable[[], Program]) -> Program:
        """The program of a shape; the work of compiling grows with its length, and with the square of a large one.

        Long shapes that differ in their numbers alone are refused for one reason.
        """
        model = shape if "{" in shape else _NUMBERS.sub(lambda found: found[0] if found[0][0] == '"' else "0", shape)
        if model in self._models:
            refused = self._models[model]
            if refused is not None:
                raise refused
            return compiler()
        if is_unread(shape):
            return compiler()
        after = self._compiled + _EACH + len(model) + len(model) ** 2 // _LONG
        if after > self._limits.compiled:
            raise Refusal(self._limits.excess("compiled", after, "characters of different formulas"))
        self._compiled = after
        self._models[model] = None
        if len(model) <= _LONG // 4:
            return compiler()
        try:
            return compiler()
        except Refusal as reason:
            self._models[model] = Refusal(str(reason))
            raise
        finally:
            gc.collect(0)  # the parser's graph of a long formula takes up to 300 MB, and is a circle of references


class FormulasSession:
    """One loaded workbook. Every cell has a place, an index; a formula has the places that it reads and writes.

    ``base`` is a session whose compiled formulas are reused. The formulas ``apart`` are computed beside those of the cells, and
    no formula reads their results.
    """

    _encoded: tuple[Floats, Kinds] | None = None
    _closed = False  # that every cell has its place; what only a dynamic formula refers to, and no cell holds, is blank

    @collector.paused()
    def __init__(
        self,
        workbook: Workbook,
        base: "FormulasSession | None" = None,
        apart: Sequence[tuple[Cell, Formula]] = (),
    ) -> None:
        cells = workbook.cells
        self._places: dict[Cell, int] = dict(zip(cells, range(len(cells)), strict=True))
        self._start: list[Value] = [MISSING if isinstance(one, Formula) else one for one in cells.values()]
        self._compiled: dict[tuple[bool, Locale], dict[tuple[str, bool], Program | Refusal]] = (
            base._compiled if base else {}
        )
        self._programs = self._compiled.setdefault((workbook.date1904, workbook.locale), {})
        self._plans: Plans = base._plans if base else {}
        self._references: defaultdict[str, dict[str, _Read]] = defaultdict(dict)  # by the formula's sheet and the text
        self._constants: dict[
            float | Missing | str, int
        ] = {}  # a text is the name of a value that is computed meanwhile
        self._ordinary: set[str] = set()  # shapes of formulas with nothing to write out, and no reference to find first
        self._dynamic: list[DynamicFormula] = []
        self._helpers: list[FormulaNode] = []  # which compute what decides the references of dynamic formulas
        self._workbook = workbook
        # Of a session beside that of a file, which has its formulas already, nothing is counted.
        self._room = Room(WorkbookLimits.none() if base else workbook.limits, len(cells) + len(workbook.members))
        for member in workbook.members:
            if member not in self._places:
                self._places[member] = len(self._start)
                self._start.append(MISSING)
        formulas = [(cell, one, n) for n, (cell, one) in enumerate(cells.items()) if isinstance(one, Formula)]
        of_shapes, others = self._of_shapes(formulas)
        self._tables = [(cell, formula) for cell, formula, _ in others if isinstance(formula, DataTable)]
        made = [self._node(cell, formula) for cell, formula, _ in others if not isinstance(formula, DataTable)]
        self._apart: list[dict[Cell, int]] = []
        for cell, formula in apart:
            rows = {
                member: self._constant_place(f"{member} {len(self._constants)}") for member in _filled(cell, formula)
            }
            made.append(self._node(cell, formula, tuple(rows.values())))
            self._apart.append(rows)
        nodes = [*self._helpers, *(node for node in made if node is not None)]
        self._formulas = together([*of_shapes, *grouped(nodes, self._plans)])
        self._formulas += self._of_tables()
        self._settling = self._as_iterated()
        self._groups, rest = scheduled(self._formulas, frozenset(), self._settling)
        self._circular = frozenset(place for group in rest for place in group.results[0].tolist())
        self._cells = list(self._places)
        anchors = {place: self._cells[place] for place in self._circular if place >= 0}
        circles = certain_circles(workbook, list(anchors.values()))
        for results in (results for group in rest for results in group.results.T.tolist()):
            self._refuse(results, CIRCULAR if anchors.get(results[0]) in circles else BEHIND_A_CIRCLE)
        self._blank = self._constant_place(_BLANK)
        self._constant_place(_OUT_OF_LINE)
        self._spare = _SPARE if self._dynamic else 0
        self._start += [MISSING] * self._spare
        self._start += self._constant_values()  # whose places are negative
        self._current: Store | None = None
        self._closed = True
        self._words = Words(workbook.limits)

    def recalculate(self, overrides: Mapping[Cell, Column], samples: int = 1) -> Batch:
        """Every cell's value in each sample, with the overrides in place of the cells' contents, formulas included.

        Raises ValueError for a column of another length, and where there are no samples.
        """
        return self._over(samples, overrides, forced=False)

    def forced(self, held: Mapping[Cell, Column], samples: int) -> Batch:
        """Every cell's value where all formulas read the held values; of a held formula, its own result on its precedents.

        So each held formula is evaluated alone, and two that read one another are no circle. A held cell without a formula
        has the held value; a formula that cannot be parsed is unsupported as usual. Formulas that are not held are
        computed, and their results are read. Raises ValueError as ``recalculate`` does.
        """
        return self._over(samples, held, forced=True)

    def work(self, samples: int) -> int:
        """The work of computing so many samples: 1 for each formula that kernels compute in one, and more for the others.

        The least a group takes is added, which is much where each formula depends on the one before.
        """
        alone = sum(group.count for group in self._groups if group.plan is None) + len(self._dynamic)
        return _A_GROUP * len(self._groups) + samples * (self._count + _ALONE * alone)

    @property
    def _count(self) -> int:
        """How many formulas are computed of which no values decide the references."""
        return sum(group.count for group in self._formulas)

    def like(self, workbook: Workbook) -> "FormulasSession":
        """A session of another workbook, whose formulas are compiled only if their shapes are new."""
        return FormulasSession(workbook, self)

    def alternatives(
        self, formulas: Sequence[tuple[Cell, Formula]], seen: Callable[[Cell], Column], samples: int
    ) -> list[Batch]:
        """The values of each formula, in its cell and by itself, where the cells that it reads have the values ``seen``.

        Many formulas of one cell may be among them. A formula that cannot be computed has no value.
        """
        alone = replace(self._workbook, cells={}, members={})
        session = FormulasSession(alone, self, formulas)
        held = {place: column for cell, place in session._places.items() if (column := seen(cell)) is not BLANK}
        plan = session._planned(frozenset(held), forced=False)
        evaluated = session._evaluated(plan, held, samples)
        count = len(evaluated.exact.numbers)
        return [
            Batch({cell: place % count for cell, place in rows.items()}, evaluated.exact, evaluated.others)
            for rows in session._apart
        ]

    def asking(self, questions: Sequence[tuple[Cell, Formula]]) -> "Questions":
        """Formulas to be computed in these cells, beside what they contain; several may be asked of one cell.

        One that cannot be compiled, or of which values decide the references, has no answer.
        """
        nodes: list[FormulaNode] = []
        for number, (cell, formula) in enumerate(questions):
            with contextlib.suppress(Refusal, ValueError):
                found = self._taken_apart(formula.text, cell)
                if not isinstance(found, Deferred):
                    nodes.append(self._of_shape(cell, formula, found, (number,)))
        return Questions(self, nodes, len(questions))

    def of_precedents(self, cells: Iterable[Cell]) -> "FormulasSession":
        """A session that computes these cells and their precedents alone; this one, where values decide what those are."""
        book, cells = self._workbook, set(cells)
        if self._dynamic or self._tables or book.iterates or 2 * len(cells) > self._count:
            return self
        kept = set(map(book.graph.anchor, book.graph.before(cells)))
        if 2 * len(kept.intersection(book.cells)) > len(book.cells):  # nearly everything is computed anyway
            return self
        contents = {cell: held for cell, held in book.cells.items() if cell in kept or not isinstance(held, Formula)}
        members = {member: anchor for member, anchor in book.members.items() if anchor in kept}
        return self.like(replace(book, cells=contents, members=members))

    def _over(self, samples: int, given: Mapping[Cell, Column], *, forced: bool) -> Batch:
        if samples < 1:
            raise ValueError(f"{samples} samples, where there must be one at least")
        for column in given.values():
            if isinstance(column, np.ndarray | tuple) and len(column) != samples:
                raise ValueError(f"a column of {len(column)} values for {samples} samples")
        outside = [cell for cell in given if not self._used(cell) or (self._dynamic and cell not in self._places)]
        if outside and (self._dynamic or any(group.kind.program.lines for group in self._formulas)):
            return self.like(_with_room(self._workbook, outside))._over(samples, given, forced=forced)
        held = {self._places[cell]: column for cell, column in given.items() if cell in self._places}
        plan = self._planned(frozenset(held), forced=forced)
        step = max(1, _LARGEST // max(1, len(self._start) + len(plan.shadows)))
        parts = [
            self._computed(plan, held, slice(begin, min(begin + step, samples))) for begin in range(0, samples, step)
        ]
        store, others = parts[0] if len(parts) == 1 else _joined(parts)
        rows, separate = self._places, {cell: column for cell, column in given.items() if cell not in self._places}
        if forced:
            rows = {**rows, **{self._cells[place]: row for place, row in plan.shadows.items()}}
            computed = {place for group in plan.groups for place in group.results.ravel().tolist()}
            computed.update(place for formula in plan.dynamic for place in formula.results)
            for cell in given:
                content = self._workbook.cells.get(self._workbook.members.get(cell, cell))
                if isinstance(content, Formula | Unsupported) and self._places[cell] not in computed:
                    separate[cell] = self._start[self._places[cell]]  # the reason why it is not computed
        return Batch(rows, store, others, separate, _STOPS if has_circles(plan.groups) else DEPENDS)

    def _planned(self, held: frozenset[int], *, forced: bool) -> Plan:
        """What is to be computed; of held formulas the results as well where they are ``forced``."""
        by_formulas = held & self._by_formulas
        if not by_formulas:
            return Plan(self._groups, {}, self._formulas, self._dynamic)
        formulas, dynamic = self._formulas, self._dynamic
        if not forced:
            given = list(held)
            open_ones = [np.asarray(~np.isin(group.results, given).all(axis=0)) for group in formulas]
            formulas = [group.only(own) for group, own in zip(formulas, open_ones, strict=True) if own.any()]
            dynamic = [formula for formula in dynamic if not held.issuperset(formula.results)]
        groups, _ = scheduled(formulas, by_formulas, self._settling)
        # Where not all is forced, those of formulas of which other cells are computed.
        shadowed = by_formulas if forced else by_formulas & _results(formulas, dynamic)
        shadows = {place: len(self._cells) + number for number, place in enumerate(sorted(shadowed))}
        return Plan(groups, shadows, formulas, dynamic)

    def _computed(self, plan: Plan, held: Mapping[int, Column], part: slice) -> tuple[Store, dict[int, Other]]:
        """The values of all places in some of the samples."""
        taken = {
            place: column[part] if isinstance(column, np.ndarray | tuple) else column for place, column in held.items()
        }
        evaluated = self._evaluated(plan, taken, part.stop - part.start)
        return evaluated.exact, evaluated.others

    def _evaluated(self, plan: Plan, held: Mapping[int, Column], samples: int) -> Evaluated:
        """The values of every place in ``samples`` samples."""
        batch = self._store(plan.shadows, held, samples)
        kept = np.zeros(len(batch.numbers), dtype=bool)
        kept[list(held)] = True
        with conventions(self._workbook.date1904, self._workbook.locale):
            if not plan.dynamic:
                return evaluate(plan.groups, batch, kept, plan.shadows)
            return self._with_dynamic(plan, batch, kept, {})

    def _with_dynamic(
        self, plan: Plan, batch: Store, kept: NDArray[np.bool_], refused: Mapping[DynamicFormula, Unsupported]
    ) -> Evaluated:
        """The same where references are decided by values; where these depend on the reading, the formulas are refused."""
        before = batch.numbers.copy(), batch.kinds.copy()
        exact = Evaluation(batch, False, kept, plan.shadows)
        evaluation = DynamicEvaluation(self._workbook, exact, self._circular, self._settling)
        self._current = batch
        evaluation.run(plan.formulas, plan.dynamic, self._placed, refused)
        self._current = None
        found = in_both_readings(evaluation.groups, exact)
        rows = {formula: {place % len(batch.numbers) for place in formula.given} for formula in plan.dynamic}
        uncertain = [formula for formula in plan.dynamic if not rows[formula].isdisjoint(found.others)]
        if set(uncertain) - refused.keys():
            batch.numbers[:], batch.kinds[:] = before
            reason = Unsupported("a reference that depends on how Excel rounds")
            return self._with_dynamic(plan, batch, kept, {**refused, **dict.fromkeys(uncertain, reason)})
        self._workbook.graph.add(evaluation.areas)
        return found

    def _placed(self, formula: DynamicFormula, text: str) -> tuple[FormulaGroup, list[Range]]:
        """The group of a dynamic formula with this text, which has references in place of the calls, and what it reads."""
        dissected = self._dissected(text, formula.cell)
        node = self._of_shape(formula.cell, formula.formula, dissected, formula.results)
        if node.kind.program.intersecting and formula.results[0] < 0:
            raise Refusal("a range in what decides a reference, of which Excel may take one cell or all")
        (group,) = grouped([node], self._plans)
        return group, [self._workbook.area(reference, formula.cell) for reference in dissected[1]]

    def _store(self, shadows: dict[int, int], held: Mapping[int, Column], samples: int) -> Store:
        """The values of constants and of held places."""
        cells = len(self._cells)
        if self._encoded is None:
            self._encoded = encoded(self._start, self._words)
        numbers, kinds = self._encoded
        if shadows:  # before the constants, whose places are negative
            number, kind = encode(MISSING, self._words)
            numbers = np.insert(numbers, cells, [number] * len(shadows))
            kinds = np.insert(kinds, cells, [kind] * len(shadows))
        batch = Store.repeated((numbers, kinds), samples, self._words)
        for place, column in held.items():
            batch.set(place, column)
        return batch

    def _used(self, cell: Cell) -> bool:
        rows, columns = self._workbook.extents.get(cell.sheet, (0, 0))
        return cell.row <= rows and cell.column <= columns

    def _place(self, cell: Cell) -> int:
        place = self._places.get(cell)
        if place is None and self._closed:
            if cell.sheet in self._workbook.external:
                raise Refusal("a reference to another workbook that values decide")
            return self._blank
        if place is None:
            self._room.add_blank(len(self._places))
            place = self._places[cell] = len(self._start)
            self._start.append(self._workbook.unused(cell))
        return place

    @cached_property
    def _by_formulas(self) -> frozenset[int]:
        """The places of what formulas compute."""
        return _results(self._formulas, self._dynamic)

    def _of_shapes(self, formulas: Sequence[_Placed]) -> tuple[list[FormulaGroup], list[_Placed]]:
        """The formulas in groups where many are of one shape, and those that are to be compiled one by one."""
        texts = [formula.text if formula.area is None else "" for _, formula, _ in formulas]
        places = np.array([place for _, _, place in formulas], dtype=np.intp)
        left = np.ones(len(formulas), dtype=bool)
        grid = None
        groups = []
        for shared in alike(texts, _FEW):
            program = self._common(shared.shape, *formulas[shared.numbers[0]][:2])
            if program is None:
                continue
            grid = grid or Grid(self._places)
            with contextlib.suppress(Refusal):  # of which each formula that is left gets the reason
                for numbers, shapes, reads in grid.references(
                    shared, places[shared.numbers], self._place, self._room.allows
                ):
                    left[numbers] = False
                    kind = Kind(program, shapes, (1, 1), False, (None,) * len(shapes))
                    groups.append(FormulaGroup(kind, usable(kind, self._plans), reads, places[numbers].reshape(1, -1)))
        return groups, [formulas[number] for number in np.flatnonzero(left).tolist()]

    def _common(self, shape: str, cell: Cell, formula: Formula) -> Program | None:
        """The program of a shape that this formula has; None where formulas of the shape must be compiled one by one."""
        if not shape or whereabouts.concerns(shape):
            return None
        try:
            self._taken_apart(formula.text, cell)
            program = self._program(shape, False) if shape in self._ordinary else None
        except (Refusal, ValueError):
            return None
        return None if program is None or program.intersecting else program

    def _taken_apart(self, text: str, cell: Cell) -> tuple[str, list[str]] | Deferred:
        """The shape and the references of a formula, or which of its calls values decide; raises ValueError with the reason."""
        plain = split(text)
        if plain[0] in self._ordinary:
            return plain
        written = self._workbook.resolved(text, cell)
        if (found := deferred(written, cell, self._workbook)) is not None:
            return found
        dissected = self._dissected(written, cell)
        if dissected == plain:  # as for every formula that has these marks in the same places
            self._ordinary.add(plain[0])
        return dissected

    def _node(self, cell: Cell, formula: Formula, results: tuple[int, ...] = ()) -> FormulaNode | None:
        """The node of the formula, which writes its results to these places, or to those of its cells."""
        if not results:
            area = formula.area
            results = (
                (self._places[cell],) if area is None else tuple([self._result(one, cell) for one in area.cells()])
            )
        try:
            found = self._taken_apart(formula.text, cell)
            if not isinstance(found, Deferred):
                return self._of_shape(cell, formula, found, results)
            self._dynamic.append(self._deferred(cell, formula, found, results))
        except (Refusal, ValueError) as reason:
            self._refuse(results, Unsupported(str(reason)))
        return None

    def _of_tables(self) -> list[FormulaGroup]:
        """The data tables, which compute some of the formulas anew; those that are not computed are refused."""
        dynamic = frozenset(formula.cell for formula in self._dynamic)
        found: list[FormulaGroup] = []
        for cell, table in self._tables:
            results = tuple([self._result(member, cell) for member in table.block.cells()])
            try:
                anew = [self._places[one] for one in recomputed(self._workbook, cell, table, dynamic)]
            except Refusal as reason:
                self._refuse(results, Unsupported(str(reason)))
                continue
            chain = [group.only(np.isin(group.results[0], anew)) for group in self._formulas]
            found.append(group_of(table, chain, results, self._place))
        return found

    def _of_shape(
        self, cell: Cell, formula: Formula, dissected: tuple[str, list[str]], results: tuple[int, ...]
    ) -> FormulaNode:
        """The node of a formula of this shape and with these references; raises Refusal or ValueError with the reason."""
        shape, texts = dissected
        read_from: list[str | whereabouts.Numbers] = list(texts)
        if whereabouts.concerns(shape):
            shape, read_from = whereabouts.replaced(shape, texts, cell, formula.area)
        program = self._program(shape, formula.area is not None)
        if read_from == texts and not program.intersecting:
            known = self._references[cell.sheet]
            read = [known.get(text) or self._reference(text, cell) for text in texts]
        else:
            read = [self._read(text, cell, k in program.intersecting) for k, text in enumerate(read_from)]
        self._room.take(sum(len(found[0]) for found in read))
        reads, shapes = tuple(chain.from_iterable([found[0] for found in read])), tuple([found[1] for found in read])
        full: tuple[tuple[int, int] | None, ...] = (None,) * len(read)
        if program.lines:
            full = tuple([full_size(str(text)) if k in program.lines else None for k, text in enumerate(read_from)])
        block = formula.area.shape if formula.area else (1, 1)
        return FormulaNode(Kind(program, shapes, block, formula.spills, full), reads, results)

    def _deferred(self, cell: Cell, formula: Formula, found: Deferred, results: tuple[int, ...]) -> DynamicFormula:
        """The dynamic formula; what its calls are given is computed by formulas of their own, each for a place."""
        values: list[tuple[int | None, ...]] = []
        for call in found.calls:
            places: list[int | None] = []
            for text in call.values:
                written = f"={AS_ARRAY}({text})" if call.array else f"={text}"
                places.append(
                    self._given(cell, formula, Deferred(written, found.calls), values) if text.strip() else None
                )
            values.append(tuple(places))
        return DynamicFormula(cell, formula, found, tuple(values), results)

    def _given(self, cell: Cell, formula: Formula, found: Deferred, values: Sequence[tuple[int | None, ...]]) -> int:
        """The place of what a call is given: of an expression, which may contain the calls before it."""
        place = self._constant_place(f"{cell} {len(self._constants)}")
        # One that gives an array gives references to several places, and is refused.
        alone = Formula(found.text) if formula.area is None else Formula(found.text, Range.of(cell), spills=True)
        within = markers(found.text)
        if not within:
            node = self._of_shape(cell, alone, self._dissected(found.text, cell), (place,))
            if (
                node.kind.program.intersecting
            ):  # around the call, Excel may compute with arrays in a plain cell, as in SUMPRODUCT
                raise Refusal("a range in what decides a reference, of which Excel may take one cell or all")
            self._helpers.append(node)
            return place
        calls = found.calls[: max(within) + 1]
        self._dynamic.append(
            DynamicFormula(cell, alone, Deferred(found.text, calls), tuple(values[: len(calls)]), (place,))
        )
        return place

    def _dissected(self, text: str, cell: Cell) -> tuple[str, list[str]]:
        """The shape and the references of a formula's text, written out."""
        text = without_subtotals(text, cell, self._workbook)
        shape, texts = dissect(text, lambda word: self._meaning(word, cell))
        if concerns(shape):
            return dissect(self._workbook.read_by_excel(text), lambda word: self._meaning(word, cell))
        return shape, texts

    def _result(self, member: Cell, anchor: Cell) -> int:
        """The member's place; where another content replaced it, a place that no formula reads."""
        own = member == anchor or self._workbook.members.get(member) == anchor
        return self._places[member] if own else self._constant_place(MISSING)

    def _refuse(self, results: Iterable[int], why: Unsupported) -> None:
        for place in results:
            if place >= 0:
                self._start[place] = why

    def _as_iterated(self) -> Settling | None:
        """How the workbook iterates, with the stored values by their places; None where it does not."""
        iteration = self._workbook.iteration
        if iteration is None:
            return None
        places = self._places
        start = {places[cell]: value for cell, value in iteration.stored.items() if cell in places}
        return Settling(iteration.passes, iteration.change, start)

    def _meaning(self, word: str, cell: Cell) -> str:
        scope = self._workbook.scope
        return "(#NAME?)" if scope.misses(word, cell.sheet) else scope.meaning(word, cell)

    def _program(self, shape: str, array: bool) -> Program:
        key = shape, array
        program = self._programs.get(key)
        if program is None:
            try:
                program = self._room.compiled(
                    shape, lambda: compile_shape(*key, self._workbook.date1904, self._workbook.locale)
                )
            except Refusal as reason:
                program = Refusal(str(reason))  # without what it was raised from, which holds all of the parser's graph
            self._programs[key] = program
        if isinstance(program, Refusal):
            raise program
        return program

    def _read(self, text: str | whereabouts.Numbers, cell: Cell, intersecting: bool) -> _Read:
        if isinstance(text, str):
            return self._intersected(text, cell) if intersecting else self._reference(text, cell)
        return self._numbers(text)

    def _intersected(self, text: str, at: Cell) -> _Read:
        """The place of the one cell of a range that is in the formula's row or column: the implicit intersection."""
        area = self._workbook.area(text, at)
        rows, columns = whole = full_size(text) or area.shape
        unused = whole != area.shape  # whole rows or columns: all of them count, also beyond the last used cell
        if whole == (1, 1):
            cell = area.first
        elif columns == 1 and (unused or area.row <= at.row <= area.last_row):
            cell = Cell(area.sheet, at.row, area.column)
        elif rows == 1 and (unused or area.column <= at.column <= area.last_column):
            cell = Cell(area.sheet, area.row, at.column)
        else:
            return (self._constant_place(_OUT_OF_LINE),), (1, 1)
        return (self._place(cell),), (1, 1)

    def _numbers(self, numbers: whereabouts.Numbers) -> _Read:
        """The places of these numbers, as constants."""
        return tuple([self._constant_place(number) for number in numbers.values]), numbers.shape

    def _constant_values(self) -> list[Value]:
        """What is at the places of constants before anything is computed, the last one first."""
        named: dict[object, Value] = {_BLANK: BLANK, _OUT_OF_LINE: ErrorValue("#VALUE!")}
        return [named.get(known, MISSING) if isinstance(known, str) else known for known in reversed(self._constants)]

    def _constant_place(self, number: float | Missing | str) -> int:
        """The place of a constant, or of a value of this name, after those of all cells."""
        known = self._constants.get(number)
        if known is not None:
            return known
        place = self._constants[number] = -1 - len(self._constants)
        if self._closed:  # a number in a formula of which values decided the reference
            self._spare -= 1
            if self._spare < 0:
                raise Refusal("very many numbers in formulas of which values decide the references")
            self._start[place] = number
            self._encoded = None
            if self._current is not None:
                self._current.set(place, number)
        return place

    def _places_of(self, area: Range) -> tuple[int, ...]:
        """The places of the cells of a range, row by row; a plain tuple finds a cell, and takes a fifth of the time to make."""
        cells = (area.sheet,), range(area.row, area.last_row + 1), range(area.column, area.last_column + 1)
        place_of: Callable[[tuple[str, int, int]], int | None] = self._places.get  # type: ignore[assignment]
        found = list(map(place_of, product(*cells)))
        if None not in found:
            return tuple(found)  # type: ignore[arg-type]  # it has no None
        pairs = zip(found, product(*cells), strict=True)
        return tuple([self._place(Cell(*cell)) if place is None else place for place, cell in pairs])

    def _reference(self, text: str, at: Cell) -> _Read:
        """The places of the cells that the reference names, and its shape."""
        known = self._references[at.sheet].get(text)
        if known is None:
            area = self._workbook.area(text, at)
            if ":" not in text:
                known = (self._place(area.first),), (1, 1)
            elif area.size > LARGEST_RANGE:
                raise Refusal(f"the reference {text} to over a million cells")
            else:
                self._room.expect(area.size)
                known = self._places_of(area), area.shape
            self._references[at.sheet][text] = known
        return known


def _results(formulas: Iterable[FormulaGroup], dynamic: Iterable[DynamicFormula]) -> frozenset[int]:
    """The places to which these formulas write their results."""
    found = (group.results.ravel().tolist() for group in formulas)
    return frozenset(chain(*found, *(formula.results for formula in dynamic)))


def _filled(cell: Cell, formula: Formula) -> Iterable[Cell]:
    """The cells that a formula in this cell fills."""
    return formula.area.cells() if formula.area else (cell,)


class Answers(NamedTuple):
    """What formulas come to, (questions, samples): numbers and kinds, and where these depend on how Excel rounds.

    A reason is the kind of what has no answer.
    """

    numbers: Floats
    kinds: Kinds
    unsure: NDArray[np.bool_]


class Questions:
    """Formulas that are computed beside those of a session, on values of the cells.

    ``cells`` are those that they read, ``rest`` the constants; ``places`` are the places of both in the session, in order.
    """

    def __init__(self, session: "FormulasSession", nodes: Sequence[FormulaNode], count: int) -> None:
        self._workbook, self._count = session._workbook, count
        groups = grouped(nodes, session._plans)
        places = np.unique(np.concatenate([np.zeros(0, dtype=np.intp), *(group.reads.ravel() for group in groups)]))
        self._places = places
        begin = int(np.searchsorted(places, 0))  # constants have negative places
        self._cells = [session._cells[place] for place in places[begin:].tolist()]
        self._rest = [session._start[place] for place in places[:begin].tolist()]
        # The values that are read come first, and the answers after them.
        self._groups = [
            FormulaGroup(group.kind, group.plan, np.searchsorted(places, group.reads), len(places) + group.results)
            for group in groups
        ]

    def answers(self, values: Batch) -> Answers:
        """The answers on the values of a batch, whose cells are all that the formulas read."""
        held, samples = values.select(self._cells), values.samples
        rest, asked = (Store.of(of, samples, held.words) for of in (self._rest, [MISSING]))
        numbers = np.concatenate([rest.numbers, held.numbers, np.repeat(asked.numbers, self._count, axis=0)])
        kinds = np.concatenate([rest.kinds, held.kinds, np.repeat(asked.kinds, self._count, axis=0)])
        others = {len(self._rest) + row: other for row, other in held.others.items()}
        kept = np.zeros(len(numbers), dtype=bool)
        own = slice(len(self._places), None)
        unsure = np.zeros((self._count, samples), dtype=bool)
        with conventions(self._workbook.date1904, self._workbook.locale):
            exact = Evaluation(Store(numbers, kinds, held.words), False, kept, {})
            exact.run(self._groups)
            depending = exact.samples.copy()
            for other in others.values():
                depending[other.samples] = True
            at = np.flatnonzero(depending)
            if at.size:
                second = Store(numbers[:, at], kinds[:, at], held.words)
                for row, other in others.items():
                    columns = np.searchsorted(at, other.samples)
                    second.numbers[row, columns], second.kinds[row, columns] = other.numbers, other.kinds
                changed = kept.copy()
                changed[list(others)] = True
                Evaluation(second, True, kept, {}, at).update(self._groups, exact.decided, changed)
                unsure[:, at] = (second.numbers[own] != numbers[own][:, at]) | (second.kinds[own] != kinds[own][:, at])
        return Answers(numbers[own], kinds[own], unsure)


def _joined(parts: Sequence[tuple[Store, Mapping[int, Other]]]) -> tuple[Store, dict[int, Other]]:
    """The samples of all parts, one after the other."""
    store = Store(
        np.concatenate([part.numbers for part, _ in parts], axis=1),
        np.concatenate([part.kinds for part, _ in parts], axis=1),
        parts[0][0].words,
    )
    begins = np.cumsum([0, *(part.numbers.shape[1] for part, _ in parts)]).tolist()
    others: dict[int, Other] = {}
    for row in {row for _, found in parts for row in found}:
        own = [(begin, found[row]) for begin, (_, found) in zip(begins, parts, strict=False) if row in found]
        others[row] = Other(
            np.concatenate([begin + other.samples for begin, other in own]),
            np.concatenate([other.numbers for _, other in own]),
            np.concatenate([other.kinds for _, other in own]),
        )
    return store, others


def _with_room(workbook: Workbook, cells: Iterable[Cell]) -> Workbook:
    """The workbook with these cells among the used ones, up to which whole rows and columns are read."""
    extents = dict(workbook.extents)
    for cell in cells:
        rows, columns = extents.get(cell.sheet, (1, 1))
        extents[cell.sheet] = max(rows, cell.row), max(columns, cell.column)
    return replace(workbook, cells={**dict.fromkeys(cells, BLANK), **workbook.cells}, extents=extents)
