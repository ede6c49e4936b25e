"""Edits of operands: a term or a factor dropped or inserted, a number for a cell, another number."""

from collections.abc import Iterator

from xlparity.diagnosis.edits.site import Edit, Site, edit_kind
from xlparity.excel.ast import Node, binary, call, number, walk, with_part

_UNITS = (
    3.0,
    7.0,
    12.0,
    24.0,
    30.0,
    52.0,
    60.0,
    100.0,
    360.0,
    365.0,
    1000.0,
)  # months, weeks, days, percent, thousands
_NAMES = {"+": "term", "-": "term", "*": "factor", "/": "divisor"}
_FIRST = _NAMES | {"/": "dividend"}


@edit_kind(120, term="XP102")
def dropped(tree: Node, site: Site) -> Iterator[Edit]:
    """One of the two operands of an operation dropped."""
    for path, node in walk(tree):
        if node.kind != "binary" or node.word not in _NAMES:
            continue
        left, right = node.parts
        yield Edit("term", with_part(tree, path, left), f"the {_NAMES[node.word]} {right} is too much", 1.6)
        rest = Node("unary", "-", (right,)) if node.word == "-" else right
        yield Edit("term", with_part(tree, path, rest), f"the {_FIRST[node.word]} {left} is too much", 1.6)
        if node.word == "-":
            yield Edit("term", with_part(tree, path, right), f"{left}- is too much before {right}", 1.7)


@edit_kind(220, large=True)
def added(tree: Node, site: Site) -> Iterator[Edit]:
    """One more operand inserted: a quantity of the same iteration, or 1 or 2."""
    others = [*_operands(tree, site), *((str(made), made) for made in (number(1), number(2)))]
    for path, node in walk(tree):
        if node.kind in ("text", "omitted", "row", "array", "truth", "error") or _is_whole_range(node, site):
            continue
        for name, other in others:
            for operator in "+-*/":
                missing = f"the {_NAMES[operator]} {name} is missing"
                yield Edit("term", with_part(tree, path, binary(node, operator, other)), missing, 2.5)
            for operator in "-/":
                missing = f"{name}{operator} is missing before {node}"
                yield Edit("term", with_part(tree, path, binary(other, operator, node)), missing, 2.6)
            before = binary(other, "*", node)  # alpha*dW1, as most people write it
            yield Edit("term", with_part(tree, path, before), f"the factor {name} is missing", 2.6)
            # 1/m*SUM(…), as the formula for a mean is written.
            share = binary(binary(number(1), "/", other), "*", node)
            yield Edit("term", with_part(tree, path, share), f"the factor 1/{name} is missing", 2.5)


def _operands(tree: Node, site: Site) -> list[tuple[str, Node]]:
    """Name and reference of what may be missing: a quantity's elements, and cells that the formula refers to elsewhere."""
    found = {area: site.node(area) for area in site.operands()}
    for _, node in walk(tree):
        area = site.area(node)
        if area is not None and area.size == 1:
            found[area] = node
    return [(site.named(area), node) for area, node in found.items()]


@edit_kind(225, large=True)
def limited(tree: Node, site: Site) -> Iterator[Edit]:
    """A cell, or the whole formula, limited by another quantity: MIN or MAX of both."""
    for path, node in walk(tree):
        area = site.area(node)
        if (path and (area is None or area.size > 1)) or site.shape is not None:
            continue
        for name, other in _operands(tree, site):
            for function, of in (("MIN", "most"), ("MAX", "least")):
                said = f"a limit is missing: {node} should be at {of} {name}"
                yield Edit("wrap", with_part(tree, path, call(function, node, other)), said, 2.7)


def _is_whole_range(node: Node, site: Site) -> bool:
    area = site.area(node)
    return area is not None and area.size > 1 and site.shape is None


@edit_kind(210, large=True, constant="XP111", frozen="XP202")
def constants(tree: Node, site: Site) -> Iterator[Edit]:
    """A number replaced by another number or by a cell, and a cell by a number."""
    cells = _operands(tree, site)
    for path, node in walk(tree):
        if node.kind == "number":
            value = float(node.word)
            for other in dict.fromkeys(
                (value + 1, value - 1, 2 * value, value / 2, 10 * value, value / 10, 0.0, 1.0, 2.0, 4.0, *_UNITS)
            ):
                if other != value:
                    edited = with_part(tree, path, number(other))
                    yield Edit("constant", edited, f"the number {node} should be {number(other)}", 2.0)
            for name, made in cells:
                said = f"the number {node} should be {name}"
                yield Edit("frozen", with_part(tree, path, made), said, 1.9)
        area = site.area(node)
        if area is not None and area.size == 1:
            for value in (1.0, 2.0, 0.0):
                said = f"{site.named(area)} should be the number {value:g}"
                yield Edit("frozen", with_part(tree, path, number(value)), said, 2.4)
