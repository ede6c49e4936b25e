"""The formula in the middle of a root cause's cells, on which edits are tried first."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from xlparity.diagnosis.edits import Edit, Site
from xlparity.diagnosis.localise import Root
from xlparity.diagnosis.relative import Form
from xlparity.excel.address import Cell, Range
from xlparity.excel.ast import Node, parse, walk
from xlparity.excel.columns import Column
from xlparity.excel.workbook import Formula
from xlparity.scenarios.screen import Screen, Unscreened
from xlparity.spec.binding import Binding

if TYPE_CHECKING:
    from xlparity.diagnosis.repair import Repair

_FEWEST_VALUES = 3  # that a quantity must take, before agreement with it is evidence of a formula
_FEWEST_TRUTHS = 5  # of either value, where it takes two: with ten, one formula in a thousand agrees by chance
_MOST_CONFIRMED = 12  # edits that pass a quick look and are recalculated, the likeliest first


class Subject:
    """The formula in the middle of a root cause's cells, on which edits are tried first."""

    def __init__(self, repair: "Repair", root: Root) -> None:
        self._repair, self._root = repair, root
        binding = root.bindings[len(root.indices) // 2]
        book = repair.workbook
        self.cell = book.members.get(binding.cell, binding.cell)
        self.home = root.run.name, binding.iteration
        formula = book.formula(binding.cell) if root.fault != "typed" else None
        self.area = formula.area if formula is not None else None
        self.tree = parsed(formula.text) if formula is not None else None
        shape = self.area.shape if self.area is not None else None
        self.site = Site(repair.layout, self.cell, self.home, shape)
        self.screen = Screen(root.forced.seen, root.forced.count, self.site.area)
        self._expected, self._allowed = self._wanted()
        self.telling = _telling(self._expected[np.isfinite(self._expected)])

    def _wanted(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What is expected of the formula's cells, (sets, rows, columns), and how far from it they may be."""
        run, sets = self._root.run, list(self._root.forced.sets)
        area = self.area or Range.of(self.cell)
        indices = {binding.cell: k for k, binding in enumerate(run.bindings) if area.contains(binding.cell)}
        expected = np.full((len(sets), *area.shape), np.nan)
        for cell, index in indices.items():
            expected[:, cell.row - area.row, cell.column - area.column] = run.expected[sets, index]
        tolerance = self._root.bindings[0].output.tolerance
        return expected, 2 * (tolerance.atol + tolerance.rtol * np.abs(expected))

    def passes(self, tree: Node, seen: Callable[[Cell], Column] | None = None) -> bool | None:
        """Whether the edited formula may agree, where its precedents are as they are ``seen``; None where it is not told."""
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

    def screened(self, tried: Iterable[Edit]) -> Iterator[tuple[Edit, Mapping[Cell, Formula]]]:
        """The edits that a quick look lets pass, the smallest first, written for every cell of the root."""
        passed: list[tuple[bool, float, int, Edit]] = []
        for number, edit in enumerate(tried):
            told = self.passes(edit.tree)
            if told is not False:
                passed.append((told is None, edit.size, number, edit))
        for _, _, _, edit in sorted(passed)[:_MOST_CONFIRMED]:
            form = self._repair.layout.form(self.cell, Formula(f"={edit.tree}", self.area), self.home)
            formulas = self.written(form)
            if formulas is not None:
                yield edit, formulas

    def written(self, form: Form) -> Mapping[Cell, Formula] | None:
        """The form as the formulas of all the root's cells; None where one of them cannot have it."""
        book, layout = self._repair.workbook, self._repair.layout
        formulas: dict[Cell, Formula] = {}
        for binding in self._root.bindings:
            cell = book.members.get(binding.cell, binding.cell)
            if form.shape is not None and book.formula(cell) is None:  # typed over an array formula
                block = self._block(binding, form.shape)
                cell = block.first if block is not None else cell
            if cell in formulas:
                continue
            text = layout.write(form, cell, (self._root.run.name, binding.iteration))
            if text is None:
                return None
            formula = book.formula(cell)
            if form.shape is None:
                formulas[cell] = Formula(text)
            elif formula is None and (block := self._block(binding, form.shape)) is not None:
                formulas[block.first] = Formula(text, block)
            elif formula is not None and formula.area is not None and formula.area.shape == form.shape:
                formulas[cell] = Formula(text, formula.area, formula.spills)
            else:
                return None
        return formulas

    def _block(self, binding: Binding, shape: tuple[int, int]) -> Range | None:
        """The cells that an array formula of the shape fills where this binding stands, all of them the root's own."""
        area = self._repair.layout.area(self._root.run.name, binding.output.name, binding.iteration)
        if area is None or area.shape != shape or not set(area.cells()) <= set(self._root.cells):
            return None
        return area

    def copies(self) -> Iterator[Edit]:
        """The plain copy of another quantity, for a cell of which nothing is left."""
        for check, iteration in self.site.checks():
            for number in (iteration, iteration - 1):
                for area in self.site.quantities(check, number) if number else ():
                    for element in self.site.elements(area):
                        said = f"it should be {self.site.named(element)}"
                        yield Edit("siblings", self.site.node(element), said, 1.0)


def _telling(expected: NDArray[np.float64]) -> bool:
    """Whether agreement with these numbers is evidence of a formula: they vary, or are many truth values of both kinds."""
    values, counts = np.unique(np.round(expected, 12), return_counts=True)
    return len(values) >= _FEWEST_VALUES or bool(len(values) == 2 and counts.min() >= _FEWEST_TRUTHS)


def refers(tree: Node) -> bool:
    """Whether the formula refers to anything."""
    return any(node.kind in ("reference", "name") for _, node in walk(tree))


def parsed(text: str) -> Node | None:
    """The formula's tree; None where there is none."""
    try:
        return parse(text)
    except ValueError:
        return None
