"""The input and output of an edit: the site of a formula, and the edited formula."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from xlparity.diagnosis.relative import Position, QuantityMap, spelled
from xlparity.excel.address import Cell, Range
from xlparity.excel.ast import Node

_FREE = (False, False, False, False)


class Edit(NamedTuple):
    """An edited formula: the kind of the edit, the new tree, what was wrong with the formula before, and the edit's size.

    Where the new formula is that of a sibling, ``unlike`` is this sibling, and ``said`` is empty if no edit of the catalogue
    leads to its formula. ``of_siblings`` says that the edit starts from the siblings' formula and not from the cell's own.
    """

    kind: str
    tree: Node
    said: str
    size: float
    unlike: Cell | None = None
    of_siblings: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """The cell of a formula, the first one of an array formula, and its block: (check, iteration)."""

    quantity_map: QuantityMap
    cell: Cell
    block: tuple[str, int]
    shape: tuple[int, int] | None = None

    def area(self, node: Node) -> Range | None:
        """The cells to which a reference or a name in the formula refers."""
        return self.quantity_map.workbook.meant(node.word, self.cell) if node.kind in ("reference", "name") else None

    def node(self, area: Range, dollars: tuple[bool, bool, bool, bool] | None = None) -> Node:
        """A reference to the area, which is on the grid. A single input outside the blocks gets ``$``."""
        position = self.position(area)
        if dollars is None:
            whole = (
                None
                if position is None
                else self.quantity_map.area(position.check, position.variable, position.iteration)
            )
            fixed = position is not None and position.iteration == 0 and whole == area and area.size == 1
            dollars = (fixed,) * 4 if fixed else _FREE
        return Node("reference", spelled(area, dollars, self.cell.sheet))

    def position(self, area: Range) -> Position | None:
        """The position of the area's first cell, or of its last, among the quantities; None where it is in none."""
        found = self.quantity_map.positions.get(area.first)
        return found or self.quantity_map.positions.get(area.last)

    def whole(self, area: Range) -> Range | None:
        """The range of the area's quantity; of a cell that nothing binds, the cells around it that have its formula."""
        position = self.position(area)
        if position is not None:
            return self.quantity_map.area(position.check, position.variable, position.iteration)
        return self.quantity_map.filled_with(area.first)

    def named(self, area: Range) -> str:
        """The area with the name of its quantity: ``J9 (A1)``."""
        position, text = self.position(area), spelled(area, _FREE, self.cell.sheet)
        if position is None:
            return text
        last = self.position(Range.of(area.last))
        if last is not None and last.variable == position.variable and last.iteration > position.iteration > 0:
            of = f" of iterations {position.iteration} to {last.iteration}"
        else:
            of = f" of iteration {position.iteration}" if self.is_elsewhere(position) else ""
        return f"{text} ({position.variable}{of})"

    def is_elsewhere(self, position: Position) -> bool:
        """Whether the position is in another iteration of the formula's own check, which ``named`` then adds."""
        return position.iteration != 0 and position.check == self.block[0] and position.iteration != self.block[1]

    def quantities(self, check: str, iteration: int) -> Iterator[Range]:
        """The range of every quantity of the check in the iteration."""
        for of, variable in self.quantity_map.ranges:
            if of == check and (area := self.quantity_map.area(of, variable, iteration or 1)) is not None:
                yield area

    def elements(self, area: Range) -> Iterator[Range]:
        """The cells of a quantity to which the formula may refer: a single one, the same element, or one in line with it."""
        if area.size == 1:
            yield area
            return
        own = self.quantity_map.alike(self.cell, area)
        if own is not None:
            yield own
        for row, column in ((self.cell.row, area.column), (area.row, self.cell.column)):
            if area.contains(cell := Cell(area.sheet, row, column)):
                yield Range.of(cell)

    def checks(self) -> Iterator[tuple[str, int]]:
        """The blocks whose quantities the formula may refer to, one for each check, its own first."""
        yield self.block
        for check, offsets in self.quantity_map.offsets.items():
            if check != self.block[0]:
                several = len(offsets) > 1
                # Checks with as many blocks have the same iterations; of others the first is assumed.
                yield (
                    check,
                    self.block[1] if several and len(offsets) == len(self.quantity_map.offsets[self.block[0]]) else 1,
                )

    def operands(self) -> Iterator[Range]:
        """Operands that may be missing in the formula: elements of its block's quantities, or whole ranges in an array."""
        for area in self.quantities(*self.block):
            if self.shape is not None and area.shape == self.shape:
                yield area
            if self.shape is None or area.size == 1:
                yield from self.elements(area)


EditKind: TypeAlias = Callable[[Node, Site], Iterator[Edit]]


class Registered(NamedTuple):
    """A kind of edits in the catalogue: where it comes in the order, and whether it has hundreds of edits of a formula."""

    order: int
    kind: EditKind
    large: bool


REGISTERED: list[Registered] = []
CODES: dict[str, str] = {}
"""The code of the finding by the name of the edit that fixes the formula."""


def edit_kind(order: int, *, large: bool = False, **codes: str) -> Callable[[EditKind], EditKind]:
    """Puts a function into the catalogue: of two edits to the same formula, that of the lower ``order`` is shown.

    ``codes`` are those of the findings for the edits that it names so, but for those that another kind has given.
    """

    def register(kind: EditKind) -> EditKind:
        REGISTERED.append(Registered(order, kind, large))
        CODES.update(codes)
        return kind

    return register
