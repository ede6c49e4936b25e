"""Edits of what is referred to: another quantity, a neighbouring cell, a shorter or longer range, another iteration or axis."""

from collections.abc import Iterator

from xlparity.diagnosis.edits.site import Edit, Site
from xlparity.diagnosis.relative import dollars_of
from xlparity.excel.address import Range
from xlparity.excel.ast import Node, call, plain, walk, with_part

_MOST_LINES = 40  # rows and columns of a quantity, each of which is tried in its place


def _swapped(tree: Node, kind: str, old: Node, new: Node, said: str, size: float) -> Iterator[Edit]:
    """The tree with one reference for another, in every place where it stands, and in each of several."""
    if plain(new) == plain(old):
        return
    places = [path for path, node in walk(tree) if node.kind == "reference" and plain(node) == plain(old)]
    whole = tree
    for path in places:
        whole = with_part(whole, path, new)
    yield Edit(kind, whole, said, size)
    if len(places) > 1:
        for path in places:
            yield Edit(kind, with_part(tree, path, new), said, size + 0.1)


def _references(tree: Node, site: Site) -> Iterator[tuple[Node, Range]]:
    seen: set[Node] = set()
    for _, node in walk(tree):
        area = site.area(node)
        if area is not None and plain(node) not in seen:
            seen.add(plain(node))
            yield node, area


def references(tree: Node, site: Site) -> Iterator[Edit]:
    """Another quantity of the same iteration."""
    for node, area in _references(tree, site):
        slot = site.slot(area)
        homes = {site.home} | ({(slot.check, slot.iteration)} if slot is not None else set())
        for check, iteration in sorted(homes):
            for other in site.quantities(check, iteration):
                whole = (other,) if area.size > 1 or _in_aggregate(tree, node) else ()
                for found in dict.fromkeys((*whole, *(site.elements(other) if area.size == 1 else ()))):
                    said = f"{site.named(area)} stands where {site.named(found)} belongs"
                    size = 1.5 if found.shape == area.shape else 2.0
                    yield from _swapped(tree, "reference", node, site.node(found), said, size)


def iterations(tree: Node, site: Site) -> Iterator[Edit]:
    """The same quantity, an iteration earlier or later."""
    for node, area in _references(tree, site):
        slot = site.slot(area)
        if slot is None or not slot.iteration or not site.layout.homes[slot.check, slot.variable].moves:
            continue
        offsets = site.layout.offsets[slot.check]
        here = offsets[slot.iteration - 1]
        for other in (slot.iteration - 1, slot.iteration + 1, 1, site.home[1]):
            if 1 <= other <= len(offsets) and other != slot.iteration:
                there = offsets[other - 1]
                moved = area.moved(there.rows - here.rows, there.columns - here.columns)
                if not moved.on_the_grid:  # it began before its quantity
                    continue
                said = f"{site.named(area)} stands where {site.named(moved)} belongs"
                target = site.slot(moved)
                if not (site.is_elsewhere(slot) or (target is not None and site.is_elsewhere(target))):
                    said += f", that of iteration {other}"
                yield from _swapped(tree, "iteration", node, site.node(moved, dollars_of(node.word)), said, 1.2)


def shifts(tree: Node, site: Site) -> Iterator[Edit]:
    """The same reference, one row or column off."""
    for node, area in _references(tree, site):
        for rows, columns, off in ((1, 0, "row"), (-1, 0, "row"), (0, 1, "column"), (0, -1, "column")):
            moved = area.moved(rows, columns)
            if not moved.on_the_grid:
                continue
            said = f"{site.named(area)} is one {off} off: {site.named(moved)} belongs there"
            yield from _swapped(tree, "offset", node, site.node(moved, dollars_of(node.word)), said, 1.4)


def ranges(tree: Node, site: Site) -> Iterator[Edit]:
    """A range that ends or begins a row or column sooner or later, or all of its quantity."""
    for node, area in _references(tree, site):
        slot = site.slot(area)
        whole = site.layout.area(slot.check, slot.variable, slot.iteration) if slot is not None else None
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
            said = f"{site.named(area)} is too {long}: {site.named(other)} belongs there"
            size = 1.2 if other == whole else 1.3
            yield from _swapped(tree, "range", node, site.node(other, dollars_of(node.word)), said, size)


def _in_aggregate(tree: Node, node: Node) -> bool:
    return any(part.kind == "call" and node in part.parts for _, part in walk(tree))


def axes(tree: Node, site: Site) -> Iterator[Edit]:
    """A transposition put in or dropped, and a row of a table where one of its columns is meant."""
    for path, node in walk(tree):
        if node.kind == "call" and node.word.upper() == "TRANSPOSE" and len(node.parts) == 1:
            inside = node.parts[0]
            yield Edit("axis", with_part(tree, path, inside), f"TRANSPOSE of {inside} is wrong", 1.2)
        area = site.area(node)
        if site.shape is not None and area is not None and area.size > 1:
            yield Edit("axis", with_part(tree, path, call("TRANSPOSE", node)), f"TRANSPOSE of {node} is missing", 1.3)
    for node, area in _references(tree, site):
        slot = site.slot(area)
        whole = site.layout.area(slot.check, slot.variable, slot.iteration) if slot is not None else None
        if whole is None or 1 in whole.shape or area.size == 1:
            continue
        lines = [
            Range(whole.sheet, row, whole.column, row, whole.last_column)
            for row in range(whole.row, whole.last_row + 1)
        ]
        lines += [
            Range(whole.sheet, whole.row, column, whole.last_row, column)
            for column in range(whole.column, whole.last_column + 1)
        ]
        for line in lines if len(lines) < _MOST_LINES else ():
            said = f"{site.named(area)} is the wrong axis: {site.named(line)} belongs there"
            yield from _swapped(tree, "axis", node, site.node(line, dollars_of(node.word)), said, 1.5)
