"""Where a formula stands, as far as an edit needs to know, and what an edit is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from xlparity.diagnosis.relative import Layout, Slot, spelled
from xlparity.excel.address import Cell, Range
from xlparity.excel.ast import Node

_FREE = (False, False, False, False)


class Edit(NamedTuple):
    """An edited formula: the kind of edit, the tree, what it says of the formula before it, and how large a step it is.

    The formula that results is that of the cell ``unlike`` which the formula is, where it is one of its siblings'; ``said`` is
    empty where no edit leads from one to the other. Or the edit is one of the siblings' formula (``of_siblings``), and says so.
    """

    kind: str
    tree: Node
    said: str
    size: float
    unlike: Cell | None = None
    of_siblings: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """The cell of a formula, or the first one of an array formula's area, and the iteration of a check it belongs to."""

    layout: Layout
    cell: Cell
    home: tuple[str, int]
    shape: tuple[int, int] | None = None

    def area(self, node: Node) -> Range | None:
        """The cells to which a reference or a name in the formula refers."""
        return self.layout.workbook.meant(node.word, self.cell) if node.kind in ("reference", "name") else None

    def node(self, area: Range, dollars: tuple[bool, bool, bool, bool] | None = None) -> Node:
        """A reference to the area, which lies on the grid. A single input outside the blocks is anchored."""
        slot = self.slot(area)
        if dollars is None:
            whole = None if slot is None else self.layout.area(slot.check, slot.variable, slot.iteration)
            fixed = slot is not None and slot.iteration == 0 and whole == area and area.size == 1
            dollars = (fixed,) * 4 if fixed else _FREE
        return Node("reference", spelled(area, dollars, self.cell.sheet))

    def slot(self, area: Range) -> Slot | None:
        """Which quantity the area is a part of."""
        found = self.layout.slots.get(area.first)
        return found or self.layout.slots.get(area.last)

    def named(self, area: Range) -> str:
        """The area with the name of its quantity: ``J9 (A1)``."""
        slot, text = self.slot(area), spelled(area, _FREE, self.cell.sheet)
        if slot is None:
            return text
        of = f" of iteration {slot.iteration}" if self.is_elsewhere(slot) else ""
        return f"{text} ({slot.variable}{of})"

    def is_elsewhere(self, slot: Slot) -> bool:
        """Whether the slot is of another iteration of the formula's own check, which ``named`` then says."""
        return slot.iteration != 0 and slot.check == self.home[0] and slot.iteration != self.home[1]

    def quantities(self, check: str, iteration: int) -> Iterator[Range]:
        """Where every quantity of the check stands, all of it, in the iteration."""
        for of, variable in self.layout.homes:
            if of == check and (area := self.layout.area(of, variable, iteration or 1)) is not None:
                yield area

    def elements(self, area: Range) -> Iterator[Range]:
        """The single cells of a quantity at which the formula may well look: the only one, its own, those in line with it."""
        if area.size == 1:
            yield area
            return
        own = self.layout.alike(self.cell, area)
        if own is not None:
            yield own
        for row, column in ((self.cell.row, area.column), (area.row, self.cell.column)):
            if area.contains(cell := Cell(area.sheet, row, column)):
                yield Range.of(cell)

    def checks(self) -> Iterator[tuple[str, int]]:
        """The checks whose quantities may be meant here, each with the iteration: the formula's own first."""
        yield self.home
        for check, offsets in self.layout.offsets.items():
            if check != self.home[0]:
                several = len(offsets) > 1
                # Blocks that count alike are the same iterations; of others the first is meant, as far as anybody knows.
                yield check, self.home[1] if several and len(offsets) == len(self.layout.offsets[self.home[0]]) else 1

    def operands(self) -> Iterator[Range]:
        """What may be missing in the formula: the quantities of its own iteration, an element each, or whole in an array."""
        for area in self.quantities(*self.home):
            if self.shape is not None and area.shape == self.shape:
                yield area
            if self.shape is None or area.size == 1:
                yield from self.elements(area)
