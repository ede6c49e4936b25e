"""Edits of references: another quantity, a neighbouring cell, a shorter or longer range, another iteration or axis."""

from collections.abc import Iterator

from xlparity.diagnosis.edits.site import Edit, Site, edit_kind
from xlparity.diagnosis.relative import dollars_of
from xlparity.excel.address import Range
from xlparity.excel.ast import Node, call, plain, walk, with_part

_MOST_LINES = 40  # rows and columns of a quantity, each of which is a candidate


def _swapped(tree: Node, kind: str, old: Node, new: Node, said: str, size: float) -> Iterator[Edit]:
    """The tree with one reference replaced by another: everywhere, and, where it occurs several times, in each place alone."""
    if plain(new) == plain(old):
        return
    places = [path for path, node in walk(tree) if node.kind == old.kind and plain(node) == plain(old)]
    whole = tree
    for path in places:
        whole = with_part(whole, path, new)
    yield Edit(kind, whole, said, size)
    if len(places) > 1:
        for path in places:
            yield Edit(kind, with_part(tree, path, new), said, size + 0.1)


def _dollars(node: Node) -> tuple[bool, bool, bool, bool] | None:
    """The ``$`` of a reference, which another in its place keeps; None for a name, which moves with nothing."""
    return dollars_of(node.word) if node.kind == "reference" else None


def _references(tree: Node, site: Site) -> Iterator[tuple[Node, Range]]:
    seen: set[Node] = set()
    for _, node in walk(tree):
        area = site.area(node)
        if area is not None and plain(node) not in seen:
            seen.add(plain(node))
            yield node, area


@edit_kind(100, reference="XP106")
def references(tree: Node, site: Site) -> Iterator[Edit]:
    """Another quantity of the same iteration."""
    for node, area in _references(tree, site):
        position = site.position(area)
        blocks = {site.block} | ({(position.check, position.iteration)} if position is not None else set())
        for check, iteration in sorted(blocks):
            for other in site.quantities(check, iteration):
                whole = (other,) if area.size > 1 or _in_aggregate(tree, node) else ()
                for found in dict.fromkeys((*whole, *(_elements(site, area, other) if area.size == 1 else ()))):
                    said = f"{site.named(area)} should be {site.named(found)}"
                    size = 1.5 if found.shape == area.shape else 2.0
                    yield from _swapped(tree, "reference", node, site.node(found), said, size)


def _elements(site: Site, cell: Range, other: Range) -> Iterator[Range]:
    """The elements of the other quantity to which the formula may refer instead of a cell, the same element among them."""
    yield from site.elements(other)
    same = site.quantity_map.alike(cell.first, other)
    if same is not None:
        yield same


@edit_kind(105)
def quantities(tree: Node, site: Site) -> Iterator[Edit]:
    """Another quantity in all references to elements of one, as levels for measurements in a difference of two of them."""
    quantity_map = site.quantity_map
    groups: dict[tuple[str, str], list[tuple[Node, Range, int]]] = {}
    for node, area in _references(tree, site):
        position = quantity_map.positions.get(area.first) if area.size == 1 else None
        if position is not None:
            groups.setdefault(position[:2], []).append((node, area, position.iteration))
    for (check, variable), references in groups.items():
        for of, other in quantity_map.ranges if len(references) > 1 else ():
            if of != check or other == variable:
                continue
            pairs: list[tuple[Node, Range, Range]] = []
            for node, area, iteration in references:
                block = quantity_map.area(of, other, iteration or 1)
                if block is not None and (same := quantity_map.alike(area.first, block)) is not None:
                    pairs.append((node, area, same))
            if len(pairs) == len(references):
                said = " and ".join(f"{site.named(area)} should be {site.named(same)}" for _, area, same in pairs)
                new = {plain(node): site.node(same, _dollars(node)) for node, _, same in pairs}
                edited = tree
                for path, node in walk(tree):
                    if plain(node) in new:
                        edited = with_part(edited, path, new[plain(node)])
                yield Edit("reference", edited, said, 1.8)


@edit_kind(50, iteration="XP110")
def iterations(tree: Node, site: Site) -> Iterator[Edit]:
    """The same quantity, an iteration earlier or later."""
    for node, area in _references(tree, site):
        position = site.position(area)
        if (
            position is None
            or not position.iteration
            or not site.quantity_map.ranges[position.check, position.variable].moves
        ):
            continue
        offsets = site.quantity_map.offsets[position.check]
        here = offsets[position.iteration - 1]
        for other in (position.iteration - 1, position.iteration + 1, 1, site.block[1]):
            if 1 <= other <= len(offsets) and other != position.iteration:
                moved = area.moved(*here.to(offsets[other - 1]))
                if not moved.on_the_grid:  # the area begins before its quantity
                    continue
                said = f"{site.named(area)} should be {site.named(moved)}"
                target = site.position(moved)
                if not (site.is_elsewhere(position) or (target is not None and site.is_elsewhere(target))):
                    said += f", that of iteration {other}"
                yield from _swapped(tree, "iteration", node, site.node(moved, _dollars(node)), said, 1.2)


@edit_kind(70, offset="XP106")
def shifts(tree: Node, site: Site) -> Iterator[Edit]:
    """The same reference, one row or column off."""
    for node, area in _references(tree, site):
        for rows, columns, off in ((1, 0, "row"), (-1, 0, "row"), (0, 1, "column"), (0, -1, "column")):
            moved = area.moved(rows, columns)
            if not moved.on_the_grid:
                continue
            said = f"{site.named(area)} is one {off} off: it should be {site.named(moved)}"
            yield from _swapped(tree, "offset", node, site.node(moved, _dollars(node)), said, 1.4)


@edit_kind(60, range="XP107", anchor="XP108")
def ranges(tree: Node, site: Site) -> Iterator[Edit]:
    """A range that ends or begins a row or column earlier or later, or is all of its quantity."""
    for node, area in _references(tree, site):
        whole = site.whole(area)
        found = [whole] if whole is not None and whole != area else []
        if area.size == 1 and site.shape is None and not _in_aggregate(tree, node):
            continue
        for side in range(4):
            for step in (-1, 1):
                ends = [area.row, area.column, area.last_row, area.last_column]
                ends[side] += step
                other = Range(area.sheet, *ends)
                if other.on_the_grid and ends[0] <= ends[2] and ends[1] <= ends[3]:
                    found.append(other)
        for other in found:
            long = "long" if other.size < area.size else "short"
            said = f"{site.named(area)} is too {long}: it should be {site.named(other)}"
            size = 1.2 if other == whole else 1.3
            yield from _swapped(tree, "range", node, site.node(other, _dollars(node)), said, size)
        for other, held, said in _growing(area, whole, node, site):
            yield from _swapped(tree, "anchor", node, site.node(other, held), said, 1.3)


def _growing(
    area: Range, whole: Range | None, node: Node, site: Site
) -> Iterator[tuple[Range, tuple[bool, bool, bool, bool], str]]:
    """Ranges that begin at the quantity's first cell, held by a ``$``, and grow as the formula is filled; or end at its last."""
    if whole is None or whole.size == 1 or not whole.contains(area):
        return
    dollars = dollars_of(node.word)
    for down in (True, False):
        if (whole.shape[0] if down else whole.shape[1]) == 1:
            continue
        for first in (True, False):
            ends = [area.row, area.column, area.last_row, area.last_column]
            at = (0 if down else 1) + (0 if first else 2)
            ends[at] = (whole.row, whole.column, whole.last_row, whole.last_column)[at]
            held = list(dollars)
            held[(1 if down else 0) + (0 if first else 2)] = True
            other = Range(area.sheet, *ends)
            new = site.node(other, (held[0], held[1], held[2], held[3]))
            yield (
                other,
                (held[0], held[1], held[2], held[3]),
                f"{node} moved as the formula was filled; it should be {new}",
            )


def _in_aggregate(tree: Node, node: Node) -> bool:
    return any(part.kind == "call" and node in part.parts for _, part in walk(tree))


@edit_kind(80, axis="XP109")
def axes(tree: Node, site: Site) -> Iterator[Edit]:
    """A transposition inserted or dropped, and a row of a table for one of its columns, or the other way round."""
    for path, node in walk(tree):
        if node.kind == "call" and node.word.upper() == "TRANSPOSE" and len(node.parts) == 1:
            inside = node.parts[0]
            yield Edit("axis", with_part(tree, path, inside), f"TRANSPOSE of {inside} is wrong", 1.2)
        area = site.area(node)
        if site.shape is not None and area is not None and area.size > 1:
            yield Edit("axis", with_part(tree, path, call("TRANSPOSE", node)), f"TRANSPOSE of {node} is missing", 1.3)
    for node, area in _references(tree, site):
        whole = site.whole(area)
        if whole is None or 1 in whole.shape or area.size == 1:
            continue
        # A row is held by its columns as the formula is filled, and a column by its rows.
        lines = [
            (Range(whole.sheet, row, whole.column, row, whole.last_column), (True, False, True, False))
            for row in range(whole.row, whole.last_row + 1)
        ]
        lines += [
            (Range(whole.sheet, whole.row, column, whole.last_row, column), (False, True, False, True))
            for column in range(whole.column, whole.last_column + 1)
        ]
        for line, held in lines if len(lines) < _MOST_LINES else ():
            said = f"{site.named(area)} is the wrong axis: it should be {site.named(line)}"
            yield from _swapped(tree, "axis", node, site.node(line, held), said, 1.5)
