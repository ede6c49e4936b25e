"""The mutants of a workbook: each kind of edit at each relative formula, in one cell and in all cells with that formula."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from xlparity.compare.coverage import count_coverage
from xlparity.diagnosis.edits import Edit, Site, edits
from xlparity.diagnosis.relative import QuantityMap, RelativeFormula
from xlparity.excel.address import Cell
from xlparity.excel.ast import Node, number, parse, walk, with_part
from xlparity.excel.contents import DataTable
from xlparity.excel.fill import filled, turned
from xlparity.excel.formula import dissect
from xlparity.excel.values import Value
from xlparity.excel.workbook import Formula, Workbook, formulas_of
from xlparity.results.mutants import Mutant


@dataclass(frozen=True, slots=True)
class _Shape:
    """The cells of one quantity with the same relative formula, each with its iteration."""

    check: str
    variable: str
    form: RelativeFormula
    cells: Mapping[Cell, int]


def mutants(workbook: Workbook, layout: QuantityMap, values: Mapping[Cell, Value], *, seed: int) -> list[Mutant]:
    """Every kind of edit once at every relative formula: in a cell drawn from its iterations, and in all of its cells.

    The formulas are the bound ones and their precedents. ``values`` are the cells' values, for the edits that replace a formula
    by its value. The same seed gives the same mutants.
    """
    draw = random.Random(seed)
    found: list[Mutant] = []
    for shape in _shapes(workbook, layout):
        found += _of_shape(workbook, layout, shape, values, draw)
    return [*found, *_of_inputs(workbook, layout, draw)]


def in_rounds(mutants: Sequence[Mutant], most: int, *, seed: int) -> list[int]:
    """The indices of at most ``most`` mutants, in an order in which every prefix covers kinds and formulas evenly.

    Each round has one mutant of every kind that is left: of the formula with the fewest mutants of the kind so far, then the
    fewest of all; edits of one cell and of all cells alternate. Ties are resolved by the seed. A smaller ``most`` gives a
    prefix of the same order.
    """
    draw = random.Random(seed)
    left: dict[str, dict[tuple[str, bool], list[int]]] = {}
    for place in draw.sample(range(len(mutants)), len(mutants)):
        mutant = mutants[place]
        group = mutant.formula, len(mutant.contents) > 1
        left.setdefault(mutant.kind, {}).setdefault(group, []).append(place)
    of_formula: Counter[object] = Counter()
    order: list[int] = []

    def used(kind: str, group: tuple[str, bool]) -> tuple[int, int, int]:
        formula, everywhere = group
        return of_formula[kind, formula], of_formula[formula], of_formula[kind, everywhere]

    while left and len(order) < most:
        for kind, groups in list(left.items()):
            group = min(groups, key=lambda each, kind=kind: used(kind, each))  # type: ignore[misc]
            order.append(groups[group].pop())
            formula, everywhere = group
            of_formula.update([(kind, formula), formula, (kind, everywhere)])
            if not groups[group]:
                del groups[group]
            if not groups:
                del left[kind]
    return order[:most]


def _shapes(workbook: Workbook, layout: QuantityMap) -> list[_Shape]:
    groups: dict[tuple[str, str, RelativeFormula], dict[Cell, int]] = {}
    bound = [cell for cell, slot in layout.positions.items() if _is_mutable(workbook.formula(cell)) and slot.iteration]
    for cell in bound:
        slot = layout.positions[cell]
        _add(groups, workbook, layout, cell, slot.check, slot.variable, slot.iteration)
    coverage = count_coverage(workbook, bound)
    unbound = {*coverage.unbound_cells, *(workbook.members.get(cell, cell) for cell in bound)}
    first = next(iter(layout.offsets))
    for cell, _ in formulas_of(workbook):
        if cell not in unbound:
            _add(groups, workbook, layout, cell, first, "", layout.block_of(first, cell) or 1)
    return [_Shape(check, variable, form, cells) for (check, variable, form), cells in groups.items()]


def _add(
    groups: dict[tuple[str, str, RelativeFormula], dict[Cell, int]],
    workbook: Workbook,
    layout: QuantityMap,
    cell: Cell,
    check: str,
    variable: str,
    iteration: int,
) -> None:
    anchor = workbook.members.get(cell, cell)
    formula = workbook.formula(cell)
    assert formula is not None  # the caller passes formula cells only
    form = layout.form(anchor, formula, (check, iteration))
    groups.setdefault((check, variable, form), {})[anchor] = iteration


def _is_mutable(formula: Formula | None) -> bool:
    """Whether the text of a formula can be changed; that of a data table cannot."""
    return formula is not None and not isinstance(formula, DataTable)


def _of_shape(
    workbook: Workbook, layout: QuantityMap, shape: _Shape, values: Mapping[Cell, Value], draw: random.Random
) -> Iterator[Mutant]:
    cell = draw.choice(list(shape.cells))
    home = shape.check, shape.cells[cell]
    formula = workbook.formula(cell)
    assert formula is not None  # it has a form
    named = shape.check, shape.variable
    text = _without_addresses(formula)
    value = values.get(cell)
    if isinstance(value, float | bool):
        sentence = "the formula is replaced by a hard-coded number"
        yield Mutant(*named, "typed", sentence, {cell: value}, str(formula), text)
    try:
        tree = parse(formula.text)
    except ValueError:
        return
    site = Site(layout, cell, home, formula.area.shape if formula.area is not None else None)
    kinds: dict[str, list[Edit]] = {}
    for edit in (*edits(tree, site), *_frozen(tree, site, values)):
        kinds.setdefault(edit.kind, []).append(edit)
    for kind, choices in kinds.items():
        edit = draw.choice(choices)
        new = Formula(f"={edit.tree}", formula.area, formula.spills)
        yield Mutant(*named, kind, edit.said, {cell: new}, str(formula), text)
        everywhere = _everywhere(workbook, layout, shape, layout.form(cell, new, home))
        if len(shape.cells) > 1 and everywhere is not None:
            first = str(workbook.formula(next(iter(everywhere))))
            yield Mutant(*named, kind, f"{edit.said}, in every cell with the formula", everywhere, first, text)
    yield from _filled(workbook, layout, shape, draw)


def _frozen(tree: Node, site: Site, values: Mapping[Cell, Value]) -> Iterator[Edit]:
    """Each edit that replaces one reference to a cell by the number in that cell."""
    for path, node in walk(tree):
        area = site.area(node)
        value = values.get(area.first) if area is not None and area.size == 1 else None
        if isinstance(value, float):
            yield Edit(
                "frozen", with_part(tree, path, number(value)), f"{node} is replaced by a hard-coded number", 1.0
            )


def _everywhere(
    workbook: Workbook, layout: QuantityMap, shape: _Shape, form: RelativeFormula, only: Sequence[Cell] | None = None
) -> Mapping[Cell, Formula] | None:
    contents: dict[Cell, Formula] = {}
    for cell in only or shape.cells:
        text = layout.text_for(form, cell, (shape.check, shape.cells[cell]))
        held = workbook.formula(cell)
        if text is None or held is None:
            return None
        contents[cell] = Formula(text, held.area, held.spills)
    return contents


def _filled(workbook: Workbook, layout: QuantityMap, shape: _Shape, draw: random.Random) -> Iterator[Mutant]:
    """One ``$`` added or removed in the first of several cells, and the formula filled into the others again."""
    iteration = draw.choice(list(shape.cells.values()))
    block = [cell for cell, number in shape.cells.items() if number == iteration]
    if len(block) < 2:
        return
    formula = workbook.formula(block[0])
    assert formula is not None  # it has a form
    if _filled_from(block, formula) != {cell: workbook.formula(cell) for cell in block}:
        return  # it has not been filled in
    choices = []
    for turn, new in turned(formula):
        contents = _filled_from(block, new)
        if contents is not None and any(_moved(workbook, layout, shape, cell, f) for cell, f in contents.items()):
            choices.append((turn.happened, contents))
    if choices:
        sentence, contents = draw.choice(choices)
        named = shape.check, shape.variable, "anchor", sentence
        yield Mutant(*named, contents, str(formula), _without_addresses(formula))


def _filled_from(block: Sequence[Cell], formula: Formula) -> Mapping[Cell, Formula] | None:
    """The formula of the block's first cell, filled into all of them as Excel does; None where it cannot be."""
    contents: dict[Cell, Formula] = {}
    for cell in block:
        text = filled(formula.text, cell.row - block[0].row, cell.column - block[0].column)
        if text is None:
            return None
        contents[cell] = replace(formula, text=text)
    return contents


def _moved(workbook: Workbook, layout: QuantityMap, shape: _Shape, cell: Cell, new: Formula) -> bool:
    """Whether the new formula refers to other cells than the cell's own."""
    held = workbook.formula(cell)
    home = shape.check, shape.cells[cell]
    return held is not None and layout.form(cell, held, home) != layout.form(cell, new, home)


def _of_inputs(workbook: Workbook, layout: QuantityMap, draw: random.Random) -> Iterator[Mutant]:
    """One cell of an input with several cells replaced by a formula."""
    inputs: dict[tuple[str, str], list[Cell]] = {}
    for cell, slot in layout.positions.items():
        if isinstance(workbook.cells.get(cell), float):
            inputs.setdefault((slot.check, slot.variable), []).append(cell)
    for (check, variable), found in inputs.items():
        cells = [cell for cell in found if cell.sheet == found[0].sheet]
        if len(cells) > 1:
            cell, other = draw.sample(cells, 2)
            sentence = f"{cell.a1} is made a copy of {other.a1}"
            held = f"{workbook.cells[cell]:g}"
            yield Mutant(
                check, variable, "input", sentence, {cell: Formula(f"={other.a1}")}, held, f"{check} {variable}"
            )


def _without_addresses(formula: Formula) -> str:
    """The formula without its addresses: equal for formulas that refer to other cells in the same way."""
    try:
        return dissect(formula.text, lambda word: "A1")[0]
    except ValueError:
        return formula.text
