"""The formula of the middle cell of a root cause, which represents it in the search for edits."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from xlparity.diagnosis.edits import Edit, Site
from xlparity.diagnosis.localise import Root
from xlparity.diagnosis.relative import RelativeFormula
from xlparity.excel.address import Cell, Range
from xlparity.excel.ast import Node, parse, walk
from xlparity.excel.columns import Column
from xlparity.excel.workbook import Formula
from xlparity.scenarios.screen import Screen, Unscreened
from xlparity.spec.binding import Binding

if TYPE_CHECKING:
    from xlparity.diagnosis.repair import Repair

_FEWEST_VALUES = 3  # distinct expected values, before agreement with them is evidence of a formula
_FEWEST_TRUTHS = 5  # of each of two expected values: with ten in all, one formula in a thousand agrees by chance
_MOST_CONFIRMED = 12  # edits that pass the screen and are recalculated, the smallest first


class Subject:
    """The formula of the middle cell of a root cause, with a screen that rejects most edits without the engine."""

    def __init__(self, repair: "Repair", root: Root) -> None:
        self._repair, self._root = repair, root
        binding = root.bindings[len(root.indices) // 2]
        book = repair.workbook
        self.cell = book.members.get(binding.cell, binding.cell)
        self.block = root.run.name, binding.iteration
        formula = book.formula(binding.cell) if root.fault != "hardcoded" else None
        self.area = formula.area if formula is not None else None
        self.tree = parsed(formula.text) if formula is not None else None
        shape = self.area.shape if self.area is not None else None
        self.site = Site(repair.quantity_map, self.cell, self.block, shape)
        self.screen = Screen(root.forced.seen, root.forced.count, self.site.area)
        self._expected, self._allowed = self._wanted()
        self.has_evidence = _is_evidence(self._expected[np.isfinite(self._expected)])

    def _wanted(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The expected values of the formula's cells and the largest allowed differences, (samples, rows, columns) each."""
        run, samples = self._root.run, list(self._root.forced.samples)
        area = self.area or Range.of(self.cell)
        indices = {binding.cell: k for k, binding in enumerate(run.bindings) if area.contains(binding.cell)}
        expected = np.full((len(samples), *area.shape), np.nan)
        for cell, index in indices.items():
            expected[:, cell.row - area.row, cell.column - area.column] = run.expected[samples, index]
        tolerance = self._root.bindings[0].output.tolerance
        return expected, 2 * (tolerance.atol + tolerance.rtol * np.abs(expected))

    def passes(self, tree: Node, seen: Callable[[Cell], Column] | None = None) -> bool | None:
        """Whether the edited formula agrees on the values ``seen`` for its precedents; None where that cannot be screened."""
        screen = self.screen if seen is None else Screen(seen, self.screen.count, self.site.area)
        try:
            with np.errstate(all="ignore"):
                value = screen.value(tree, array=self.area is not None)
        except Unscreened:
            return None
        if any(a not in (1, b) for a, b in zip(value.shape, self._expected.shape, strict=True)):
            return False
        close = np.abs(value - self._expected) <= self._allowed
        return bool((close | np.isnan(self._expected)).all())

    def screened(self, edits: Iterable[Edit]) -> Iterator[tuple[Edit, Mapping[Cell, Formula]]]:
        """The smallest edits that the screen does not reject, each with its formulas for all of the root's cells."""
        passed: list[tuple[bool, float, int, Edit]] = []
        for number, edit in enumerate(edits):
            agrees = self.passes(edit.tree)
            if agrees is not False:
                passed.append((agrees is None, edit.size, number, edit))
        for _, _, _, edit in sorted(passed)[:_MOST_CONFIRMED]:
            form = self._repair.quantity_map.form(self.cell, Formula(f"={edit.tree}", self.area), self.block)
            formulas = self.formulas_for(form)
            if formulas is not None:
                yield edit, formulas

    def formulas_for(self, form: RelativeFormula) -> Mapping[Cell, Formula] | None:
        """The relative formula as a formula of each of the root's cells; None where one of them cannot have it."""
        book, quantity_map = self._repair.workbook, self._repair.quantity_map
        formulas: dict[Cell, Formula] = {}
        for binding in self._root.bindings:
            cell = book.members.get(binding.cell, binding.cell)
            if form.shape is not None and book.formula(cell) is None:  # a constant replaced an array formula
                area = self._array_area(binding, form.shape)
                cell = area.first if area is not None else cell
            if cell in formulas:
                continue
            text = quantity_map.text_for(form, cell, (self._root.run.name, binding.iteration))
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
        area = self._repair.quantity_map.area(self._root.run.name, binding.output.name, binding.iteration)
        if area is None or area.shape != shape or not set(area.cells()) <= set(self._root.cells):
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


def _is_evidence(expected: NDArray[np.float64]) -> bool:
    """Whether agreement with these values is evidence of a formula: they vary, or are two values, each often enough."""
    values, counts = np.unique(np.round(expected, 12), return_counts=True)
    return len(values) >= _FEWEST_VALUES or bool(len(values) == 2 and counts.min() >= _FEWEST_TRUTHS)


def refers(tree: Node) -> bool:
    """Whether the formula has a reference or a name."""
    return any(node.kind in ("reference", "name") for _, node in walk(tree))


def parsed(text: str) -> Node | None:
    """The formula's syntax tree; None where it cannot be parsed."""
    try:
        return parse(text)
    except ValueError:
        return None
