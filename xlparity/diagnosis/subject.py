"""The formula of one cell of a root cause, which represents it in the search for edits."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlparity.diagnosis.edits import Edit, Site
from xlparity.diagnosis.localise import Root, agrees
from xlparity.diagnosis.relative import RelativeFormula
from xlparity.excel.address import MAX_COLUMN, MAX_ROW, Cell, Range
from xlparity.excel.ast import Node, Path, parse, plain, walk, with_part
from xlparity.excel.batch import NUMBER, TRUTH, Batch
from xlparity.excel.columns import Column, Floats, picked
from xlparity.excel.fill import Filling, filled
from xlparity.excel.values import BLANK
from xlparity.excel.workbook import Formula
from xlparity.settings import Deadline
from xlparity.spec.binding import Binding

if TYPE_CHECKING:
    from xlparity.diagnosis.repair import Repair

_FEWEST_VALUES = 3  # distinct expected values, before agreement with them is evidence of a formula
_FEWEST_TRUTHS = 5  # of each of two expected values: with ten in all, one formula in a thousand agrees by chance
_MOST_CONFIRMED = 12  # edits that pass the screen and are recalculated in all cells, the smallest first
_AT_ONCE = 200  # edits that are screened at once; between two lots the time is looked at
_SOLVED = 1e-7  # the relative accuracy of a value that readers need, which is solved for
_MOST_VALUES = 4_000_000  # values of them, 32 MB


class Wanted(NamedTuple):
    """A helper, its block, the values that make all its readers right, and all the cells that share its formula."""

    cell: Cell
    block: tuple[str, int]
    values: Floats
    targets: list[tuple[Cell, tuple[str, int]]]


class Subject:
    """The formula of the root's cell of which most is known, with a screen that rejects most edits of it.

    ``cells`` are those of the formula, the ``cell`` the first of them.
    ``expected`` and ``actual`` are the expected values of the formula's cells and what it gives on forced values, both
    (samples, rows, columns), nan where there is no number.
    """

    def __init__(self, repair: "Repair", root: Root, helper: "Wanted | None" = None) -> None:
        """Of a ``helper``, the subject is its formula, and the expected values are those that its readers need."""
        self._repair, self.root = repair, root
        self.deadline: Deadline = repair.deadline
        book = repair.workbook
        binding = root.bindings[_most_telling(root)]
        self.cell = helper.cell if helper is not None else book.members.get(binding.cell, binding.cell)
        self.block = (root.run.name, binding.iteration) if helper is None else helper.block
        self.targets = (
            helper.targets
            if helper is not None
            else [(book.members.get(each.cell, each.cell), (root.run.name, each.iteration)) for each in root.bindings]
        )
        self.formula = book.formula(self.cell) if root.fault != "hardcoded" or helper is not None else None
        self.area = self.formula.area if self.formula is not None else None
        self.tree = parsed(self.formula.text) if self.formula is not None else None
        shape = self.area.shape if self.area is not None else None
        self.site = Site(repair.quantity_map, self.cell, self.block, shape)
        self.count = root.forced.count
        self.seen: Callable[[Cell], Column] = root.forced.seen
        self.cells = list((self.area or Range.of(self.cell)).cells())
        indices = {} if helper is not None else {binding.cell: k for k, binding in enumerate(root.run.bindings)}
        self._indices = [indices.get(cell, -1) for cell in self.cells]
        samples = list(root.forced.samples)
        expected = np.full((len(self.cells), len(samples)), np.nan)
        for number, index in enumerate(self._indices):
            if index >= 0:
                expected[number] = root.run.expected[samples, index]
        tolerance = root.bindings[0].output.tolerance
        self._allowed = 2 * (tolerance.atol + tolerance.rtol * np.abs(expected))
        if helper is not None:
            expected[0] = helper.values
            self._allowed = _SOLVED * np.maximum(np.abs(expected), np.abs(expected).max() * _SOLVED)
        self._expected = expected
        self.numeric = root.run.numeric([index for index in self._indices if index >= 0]) or helper is not None
        self.expected = self._as_table(expected)
        own = root.forced.local.select(self.cells)
        actual = np.where(own.kinds == NUMBER, own.numbers, np.nan)
        self.actual = self._as_table(actual)
        self.telling = _telling(expected, actual)
        every = expected if helper is not None else root.run.expected[np.ix_(samples, list(root.indices))]
        self.has_evidence = _is_evidence(every[np.isfinite(every)])

    def _as_table(self, values: Floats) -> Floats:
        """Values of the cells, (cells, samples), as (samples, rows, columns)."""
        rows, columns = self.site.shape or (1, 1)
        return values.T.reshape(-1, rows, columns)

    # --- the screen ------------------------------------------------------------------------------------------------------

    def passing(self, edits: Iterable[Edit]) -> Iterator[Edit]:
        """The edits whose formula agrees with the reference in the subject's cell on forced values, until the time is up."""
        step = max(1, min(_AT_ONCE, _MOST_VALUES // (len(self.cells) * self.count)))
        waiting = iter(edits)
        while some := list(islice(waiting, step)):
            # A few samples reject nearly all; functions without an array kernel are computed sample by sample.
            for samples in (self.telling, range(self.count)):
                found = self._computed([edit.tree for edit in some], samples)
                some = [edit for edit, values in zip(some, found, strict=True) if self._agrees(values, samples)]
            yield from some
            if self.deadline.passed:
                return

    def values(
        self, trees: Sequence[Node], helper: Cell | None = None, given: Mapping[Cell, Column] | None = None
    ) -> list[Floats]:
        """What expressions give in the cell on forced values, (samples, rows, columns) each; nan where that is no number.

        ``helper`` is another, plain cell in which they are instead, and ``given`` are other values of some cells.
        """
        batches = self._computed(trees, range(self.count), helper, given)
        found = [batch.select(self.cells if helper is None else [helper]) for batch in batches]
        known = [(each.kinds == NUMBER) | (each.kinds == TRUTH) for each in found]
        numbers = [np.where(of, each.numbers, np.nan) for of, each in zip(known, found, strict=True)]
        return [self._as_table(each) if helper is None else each.T.reshape(-1, 1, 1) for each in numbers]

    def value_with(self, tree: Node, path: Path, values: Floats) -> Floats:
        """What an expression gives with these values, (samples,), in one place of it; as one of ``values``."""
        unused = Cell(self.cell.sheet, MAX_ROW, MAX_COLUMN)
        return self.values([with_part(tree, path, Node("reference", unused.a1))], given={unused: values})[0]

    def _computed(
        self,
        trees: Sequence[Node],
        samples: Sequence[int],
        helper: Cell | None = None,
        given: Mapping[Cell, Column] | None = None,
    ) -> Sequence[Batch]:
        if not trees:
            return ()
        spills = self.formula is not None and self.formula.spills
        area = self.area if helper is None else None
        formulas = [(helper or self.cell, Formula(f"={tree}", area, spills and helper is None)) for tree in trees]
        known = given or {}
        return self._repair.session.alternatives(
            formulas, lambda cell: picked(known[cell] if cell in known else self.seen(cell), samples), len(samples)
        )

    def agreeing(self, trees: Sequence[Node]) -> list[NDArray[np.bool_]]:
        """In which samples each expression agrees with the reference in the cell, (samples,)."""
        samples, index = self.root.forced.samples, self._indices[0]
        return [
            agrees(self.root.run, index, batch.get(self.cells[0], BLANK), samples)
            if index >= 0
            else np.abs(batch.select(self.cells).numbers[0] - self._expected[0]) <= self._allowed[0]
            for batch in self._computed(trees, range(self.count))
        ]

    def _agrees(self, values: Batch, samples: Sequence[int]) -> bool:
        if not self.numeric:
            numbers, run = [self.root.forced.samples[at] for at in samples], self.root.run
            return all(
                agrees(run, index, values.get(cell, BLANK), numbers).all()
                for cell, index in zip(self.cells, self._indices, strict=True)
                if index >= 0
            )
        found, at = values.select(self.cells), list(samples)
        unknown = np.isnan(self._expected[:, at])
        close = np.abs(found.numbers - self._expected[:, at]) <= self._allowed[:, at]
        return bool((unknown | (close & ((found.kinds == NUMBER) | (found.kinds == TRUTH)))).all())

    def screened(self, edits: Iterable[Edit]) -> Iterator[tuple[Edit, Mapping[Cell, Formula]]]:
        """The smallest edits that the screen does not reject, each with its formulas for all of the cells."""
        passed = sorted(enumerate(self.passing(edits)), key=lambda found: (found[1].size, found[0]))
        for _, edit in passed[:_MOST_CONFIRMED]:
            for formulas in self.spread(edit.tree):
                yield edit, formulas
            if self.deadline.passed:
                return

    # --- from the subject's formula to those of all cells -------------------------------------------------------------------

    def spread(self, tree: Node) -> Iterator[Mapping[Cell, Formula]]:
        """The subject's new formula as a formula of each of the cells, as the same relative formula and as Excel fills it.

        Where a cell's formula differs from the subject's, as by a number, what is new in the subject's is put into its own.
        """
        book, quantity_map = self._repair.workbook, self._repair.quantity_map
        form = quantity_map.form(self.cell, Formula(f"={tree}", self.area), self.block)
        if self.tree is None or self.formula is None:
            formulas = self.formulas_for(form)
            yield from [] if formulas is None else [formulas]
            return
        own = quantity_map.form(self.cell, self.formula, self.block)
        seen: list[dict[Cell, Formula]] = []
        for fill in (False, True):
            found: dict[Cell, Formula] = {}
            for cell, block in self.targets:
                held = book.formula(cell)
                if cell in found or held is None:
                    continue
                if not fill and quantity_map.form(cell, held, block) == own:
                    text = quantity_map.text_for(form, cell, block)
                else:
                    text = self._put_into(held, cell, tree, form, block)
                if text is None:
                    break
                found[cell] = Formula(text, held.area, held.spills)
            else:
                if found not in seen:
                    seen.append(found)
                    yield found

    def _put_into(
        self, held: Formula, cell: Cell, tree: Node, form: RelativeFormula, block: tuple[str, int]
    ) -> str | None:
        """The text of another cell's formula with what is new in the subject's."""
        assert self.formula is not None and self.tree is not None  # it has a formula that is edited
        rows, columns = cell.row - self.cell.row, cell.column - self.cell.column
        here, there = (
            Filling(text).relative(of.row, of.column)
            for text, of in ((self.formula.text, self.cell), (held.text, cell))
        )
        if here == there and cell.sheet == self.cell.sheet:
            return filled(f"={tree}", rows, columns)
        moved = self._repair.quantity_map.text_for(form, cell, block)
        theirs, new = parsed(held.text), parsed(moved) if moved is not None else None
        found = None if theirs is None or new is None else merged(self.tree, tree, theirs, new)
        return None if found is None else f"={found}"

    def formulas_for(self, form: RelativeFormula) -> Mapping[Cell, Formula] | None:
        """The relative formula as a formula of each of the root's cells; None where one of them cannot have it."""
        book, quantity_map = self._repair.workbook, self._repair.quantity_map
        formulas: dict[Cell, Formula] = {}
        for binding in self.root.bindings:
            cell = book.members.get(binding.cell, binding.cell)
            if form.shape is not None and book.formula(cell) is None:  # a constant replaced an array formula
                area = self._array_area(binding, form.shape)
                cell = area.first if area is not None else cell
            if cell in formulas:
                continue
            text = quantity_map.text_for(form, cell, (self.root.run.name, binding.iteration))
            if text is None:
                return None
            formula = book.formula(cell)
            if form.shape is None:
                formulas[cell] = Formula(text)
            elif formula is None and (area := self._array_area(binding, form.shape)) is not None:
                formulas[area.first] = Formula(text, area)
            elif formula is not None and formula.area is not None and formula.area.shape == form.shape:
                formulas[cell] = Formula(text, formula.area, formula.spills)
            else:
                return None
        return formulas

    def _array_area(self, binding: Binding, shape: tuple[int, int]) -> Range | None:
        """The range of an array formula of the shape that includes this binding; None unless all its cells are the root's."""
        area = self._repair.quantity_map.area(self.root.run.name, binding.output.name, binding.iteration)
        if area is None or area.shape != shape or not set(area.cells()) <= set(self.root.cells):
            return None
        return area

    def copies(self) -> Iterator[Edit]:
        """Formulas that are a plain reference to another quantity, for a cell without a formula."""
        for check, iteration in self.site.checks():
            for number in (iteration, iteration - 1):
                for area in self.site.quantities(check, number) if number else ():
                    for element in self.site.elements(area):
                        said = f"it should be {self.site.named(element)}"
                        yield Edit("siblings", self.site.node(element), said, 1.0)


def _most_telling(root: Root) -> int:
    """The number of the root's cell with the most distinct expected values, of those that are wrong; the middle one of several.

    A cell that is 0 in all samples would agree with most formulas. Wrong are those that differ on forced values; the others
    may be wrong in the run because of their precedents.
    """
    samples = list(root.forced.samples)
    values = np.round(root.run.expected[np.ix_(samples, list(root.indices))], 12)
    counts = np.array([len(np.unique(column[np.isfinite(column)])) for column in values.T])
    wrong = [
        not agrees(root.run, index, root.forced.local.get(cell, BLANK), samples).all()
        for index, cell in zip(root.indices, root.cells, strict=True)
    ]
    ranks = np.where(wrong, counts, counts - values.size)
    alike = np.flatnonzero(ranks == ranks.max())
    return int(alike[len(alike) // 2])


def _telling(expected: Floats, actual: Floats) -> list[int]:
    """The numbers of a few samples: with the largest and the smallest expected values, and with the largest difference."""
    sums = np.nansum(expected, axis=0)
    missing = np.nansum(np.abs(np.nan_to_num(actual, nan=np.inf) - expected), axis=0)
    return sorted({int(sums.argmax()), int(sums.argmin()), int(missing.argmax())})


def merged(old: Node, new: Node, theirs: Node, moved: Node) -> Node | None:
    """What is ``new`` in an old formula, put into another formula like the old; None where that is not possible.

    ``moved`` is the new formula as it is in the other cell.
    """
    if plain(old) == plain(new):
        return theirs
    if old.kind == theirs.kind and len(old.parts) == len(theirs.parts):
        if (new.kind, len(new.parts)) == (old.kind, len(old.parts)) and new.parts:
            parts = [
                merged(a, b, c, d) for a, b, c, d in zip(old.parts, new.parts, theirs.parts, moved.parts, strict=True)
            ]
            if None not in parts and sum(plain(a) != plain(b) for a, b in zip(old.parts, new.parts, strict=True)) <= 1:
                return new._replace(parts=tuple(part for part in parts if part is not None))
        for number, part in enumerate(old.parts):  # something around it is dropped
            if plain(part) == plain(new):
                return theirs.parts[number]
    for number, part in enumerate(new.parts):  # something around it is inserted
        if plain(part) == plain(old):
            return moved._replace(parts=(*moved.parts[:number], theirs, *moved.parts[number + 1 :]))
    return moved if _closed(old, theirs) else None


def _closed(old: Node, theirs: Node) -> bool:
    """Whether the two parts are one, so that the new part may replace the other: no number of theirs is lost."""
    mine, others = ([node for _, node in walk(tree) if node.kind == "number"] for tree in (old, theirs))
    return mine == others


def _is_evidence(expected: NDArray[np.float64]) -> bool:
    """Whether agreement with these values is evidence of a formula: they vary, or are two values, each often enough."""
    values, counts = np.unique(np.round(expected, 12), return_counts=True)
    return len(values) >= _FEWEST_VALUES or bool(len(values) == 2 and counts.min() >= _FEWEST_TRUTHS)


def refers(tree: Node) -> bool:
    """Whether the formula has a reference or a name."""
    return any(node.kind in ("reference", "name") for _, node in walk(tree))


@functools.lru_cache(maxsize=4096)  # each formula of a fix is asked for its branches, its ties and its limits
def parsed(text: str) -> Node | None:
    """The formula's syntax tree; None where it cannot be parsed."""
    try:
        return parse(text)
    except ValueError:
        return None
