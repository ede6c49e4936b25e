"""Edits of operations: functions, signs, operators, the order of arguments, powers."""

import re
from collections.abc import Iterator
from itertools import pairwise

from xlparity.diagnosis.edits.site import Edit, Site, edit_kind
from xlparity.excel.ast import Node, Path, binary, call, number, plain, walk, with_part
from xlparity.excel.prefixes import stored, without_prefix

_FAMILIES = (
    ("LN", "LOG", "LOG10"),
    ("SUM", "AVERAGE", "COUNT", "MAX", "MIN", "PRODUCT", "SUMSQ"),
    ("SIN", "COS", "TAN"),
    ("TANH", "SINH", "COSH", "ATAN"),
    ("STDEV", "STDEVP", "STDEV.S", "STDEV.P", "VAR", "VARP", "VAR.S", "VAR.P"),
    ("ROUND", "ROUNDUP", "ROUNDDOWN"),
    ("INT", "ROUND", "TRUNC"),
    ("AND", "OR"),
    ("SUMPRODUCT", "SUM", "MMULT"),
    ("AVERAGE", "MEDIAN"),
    ("SUMIF", "COUNTIF", "AVERAGEIF"),
    ("SUMIFS", "COUNTIFS", "AVERAGEIFS", "MAXIFS", "MINIFS"),
    ("COUNT", "COUNTA"),
    ("LARGE", "SMALL"),
    ("FLOOR", "CEILING", "MROUND"),
    ("MOD", "QUOTIENT"),
    ("PMT", "IPMT", "PPMT"),
    ("PV", "FV"),
    ("YEAR", "MONTH", "DAY"),
    ("EDATE", "EOMONTH"),
    ("DAYS", "DAYS360"),
    ("LEFT", "RIGHT"),
    ("LOWER", "UPPER", "PROPER"),
    ("IF", "IFERROR"),
    ("RANK.EQ", "RANK.AVG"),
    ("PERCENTILE.INC", "PERCENTILE.EXC"),
    ("QUARTILE.INC", "QUARTILE.EXC"),
    ("NORM.S.DIST", "NORM.S.INV"),
    ("VLOOKUP", "HLOOKUP"),
)
_COMMUTATIVE = frozenset((
    "SUM", "AVERAGE", "COUNT", "COUNTA", "MAX", "MIN", "PRODUCT", "SUMSQ", "AND", "OR", "XOR", "MEDIAN", "SUMPRODUCT", "GCD",
    "LCM", "CORREL",
))  # fmt: skip
_MOST_SWAPPED = 6  # arguments of a call of which two are swapped
_TRUTHS = {"TRUE": "FALSE", "FALSE": "TRUE"}
_MATCHES = {"VLOOKUP": (4, Node("truth", "FALSE")), "HLOOKUP": (4, Node("truth", "FALSE")), "MATCH": (3, number(0))}
"""Functions that look something up nearly, unless their last argument says exactly: how many they have, and which that is."""
_WRAPS = ("EXP", "LN", "ABS", "SQRT", "TANH")
_ZERO = number(0)
_BASE_TEN = "which is base 10 in Excel"


def _everywhere(tree: Node, old: str, new: str) -> tuple[Node, int]:
    """The tree with every call of one function replaced by one of the other, and the number of calls."""
    count = 0

    def changed(node: Node) -> Node:
        nonlocal count
        parts = tuple(changed(part) for part in node.parts)
        if node.kind == "call" and without_prefix(node.word) == old:
            count += 1
            return Node("call", stored(new), parts)
        return node._replace(parts=parts)

    return changed(tree), count


@edit_kind(10, function="XP101")
def functions(tree: Node, site: Site) -> Iterator[Edit]:
    """Another function of the family, in one place or in all; a power for an exponential; TANH for the sigmoid."""
    for name in dict.fromkeys(without_prefix(node.word) for _, node in walk(tree) if node.kind == "call"):
        for other in dict.fromkeys(
            other for family in _FAMILIES if name in family for other in family if other != name
        ):
            whole, count = _everywhere(tree, name, other)
            if count > 1:
                yield Edit("function", whole, _said(name, other), 1.0)
            for path, node in walk(tree):
                if node.kind == "call" and without_prefix(node.word) == name:
                    edited = with_part(tree, path, node._replace(word=stored(other)))
                    yield Edit("function", edited, _said(name, other), 1.0)
    for path, node in walk(tree):
        for new, said, size in _relatives(node):
            yield Edit("function", with_part(tree, path, new), said, size)


def _relatives(node: Node) -> Iterator[tuple[Node, str, float]]:
    """Functions with other arguments that are often confused with this call or sigmoid."""
    exponent = _exponent(node)
    if plain(node) == plain(sigmoid(exponent)):
        yield call("TANH", exponent), "the sigmoid should be TANH", 2.0
    if node.kind != "call":
        return
    name, given = node.word.upper(), node.parts
    if name == "EXP":
        for base in (10.0, 2.0):
            yield call("POWER", number(base), *given), f"EXP should be a power of {base:g}", 1.3
    if name == "POWER" and len(given) == 2 and plain(given[0]).kind == "number":
        yield call("EXP", given[1]), "POWER should be EXP", 1.3
    if name in ("LN", "LOG") and len(given) == 1:
        yield call("LOG", *given, number(2)), f"{name} should be the logarithm to base 2", 1.4
    if name == "LOG" and len(given) == 2:
        yield call("LN", given[0]), "LOG should be LN", 1.1
    if name == "TANH" and len(given) == 1:
        yield sigmoid(given[0]), "TANH should be the sigmoid", 2.0


def _said(name: str, other: str) -> str:
    if name in ("LOG", "LOG10") and other == "LN":
        return f"{name}, {_BASE_TEN}, should be the natural logarithm LN"
    if name == "LN":
        return f"the natural logarithm LN should be {other}, {_BASE_TEN}"
    return f"{name} should be {other}"


def sigmoid(of: Node) -> Node:
    """1/(1+EXP(-x))."""
    one = Node("number", "1")
    return binary(one, "/", Node("group", "", (binary(one, "+", call("EXP", Node("unary", "-", (of,)))),)))


def _exponent(node: Node) -> Node:
    """The x of a sigmoid 1/(1+EXP(-x)); meaningless for any other node."""
    for _, part in walk(node):
        if part.kind == "call" and part.word.upper() == "EXP" and part.parts:
            inside = part.parts[0]
            return inside.parts[0] if inside.kind == "unary" else inside
    return Node("omitted", "")


@edit_kind(130, wrap="XP101")
def unwrapped(tree: Node, site: Site) -> Iterator[Edit]:
    """A function of one argument dropped."""
    for path, node in walk(tree):
        if node.kind == "call" and node.parts and node.word.upper() in (*_WRAPS, "ROUND", "INT", "LOG", "LOG10"):
            yield Edit("wrap", with_part(tree, path, node.parts[0]), f"{node.word.upper()} is too much", 1.2)


@edit_kind(140)
def branches(tree: Node, site: Site) -> Iterator[Edit]:
    """An IF replaced by one of its branches, an IFERROR by its first argument, or a ReLU, MAX(0,x), by x."""
    for path, node in walk(tree):
        if node.kind != "call" or len(node.parts) < 2:
            continue
        others = [part for part in node.parts if plain(part) != _ZERO]
        kept = {"IF": node.parts[1:], "IFERROR": node.parts[:1], "MAX": others if len(others) == 1 else ()}
        for branch in kept.get(node.word.upper(), ()):
            said = f"{node.word.upper()} is too much: {branch} alone is meant"
            yield Edit("wrap", with_part(tree, path, branch), said, 0.9)


@edit_kind(230, large=True)
def wrapped(tree: Node, site: Site) -> Iterator[Edit]:
    """A part wrapped in a function."""
    for path, node in walk(tree):
        if node.kind in ("reference", "name", "group", "call", "binary", "unary") and not _is_argument_range(
            node, site
        ):
            inside = node.parts[0] if node.kind == "group" else node
            for name in _WRAPS:
                yield Edit("wrap", with_part(tree, path, call(name, inside)), f"{name} of {inside} is missing", 2.2)
    for places in (2, 0):
        yield Edit("wrap", call("ROUND", tree, number(places)), "the result is not rounded", 2.6)


@edit_kind(235, large=True)
def rectified(tree: Node, site: Site) -> Iterator[Edit]:
    """A ReLU around the formula, or its derivative as a factor: the formula where an operand is above zero, and else 0."""
    array = site.shape not in (None, (1, 1))  # MAX gives one number for all cells of an array formula
    relu = _where_positive(tree, tree) if array else call("MAX", _ZERO, tree)
    yield Edit("wrap", relu, "a ReLU is missing: it should be 0 where it is below 0", 2.4)
    for area in site.operands():
        if not area.contains(site.cell):
            said = f"the ReLU's derivative is missing: it should be 0 where {site.named(area)} is not above 0"
            yield Edit("wrap", _where_positive(site.node(area), tree), said, 2.6)


def _where_positive(decides: Node, value: Node) -> Node:
    return call("IF", binary(decides, ">", _ZERO), value, _ZERO)


def _is_argument_range(node: Node, site: Site) -> bool:
    area = site.area(node)
    return area is not None and area.size > 1 and site.shape is None


@edit_kind(20, sign="XP103")
def signs(tree: Node, site: Site) -> Iterator[Edit]:
    """A sign dropped, inserted, or reversed."""
    for path, node in walk(tree):
        if node.kind == "unary" and node.word == "-":
            yield Edit("sign", with_part(tree, path, node.parts[0]), f"the minus before {node.parts[0]} is wrong", 1.0)
        if node.kind == "binary" and node.word in "+-":
            turned = node._replace(word="-" if node.word == "+" else "+")
            said = f"the sign of {node.parts[1]} is wrong: '{node.word}' should be '{turned.word}'"
            yield Edit("sign", with_part(tree, path, turned), said, 1.0)
        within_call = path and _parent(tree, path).kind == "call"
        if (not path or within_call) and node.kind not in ("text", "omitted", "array", "unary"):
            inside = Node("group", "", (node,)) if node.kind == "binary" and node.word in "+-" else node
            minus = Node("unary", "-", (inside,))
            yield Edit("sign", with_part(tree, path, minus), f"a minus before {node} is missing", 1.1)
        elif node.kind in ("reference", "call", "group", "name") and _parent(tree, path).kind != "unary":
            minus = Node("unary", "-", (node,))
            yield Edit("sign", with_part(tree, path, minus), f"a minus before {node} is missing", 1.4)


def _parent(tree: Node, path: Path) -> Node:
    for place in path[:-1]:
        tree = tree.parts[place]
    return tree


_UNLIKELY = {frozenset(pair): 0.4 for pair in (("<", ">="), (">", "<="), ("=", "<>"))}  # likelier, branches are swapped
_UNLIKELY |= {frozenset((equal, other)): 0.6 for equal in ("=", "<>") for other in ("<", ">", "<=", ">=")}
_ARITHMETIC, _ORDER = ("+", "-", "*", "/", "^"), (">", ">=", "<", "<=", "=", "<>")


@edit_kind(30, operator="XP105")
def operators(tree: Node, site: Site) -> Iterator[Edit]:
    """Another operator between the same two operands."""
    for path, node in walk(tree):
        for group, size in ((_ARITHMETIC, 1.2), (_ORDER, 1.2)):
            if node.kind == "binary" and node.word in group:
                for other in group:
                    if other != node.word and {other, node.word} != {"+", "-"} and not _does_nothing(other, node):
                        edited = with_part(tree, path, node._replace(word=other))
                        # A power of 0 or 1 is the number itself, and so agrees too often.
                        rare = 1.5 if other == "^" else _UNLIKELY.get(frozenset((node.word, other)), 0.0)
                        yield Edit("operator", edited, f"'{node.word}' should be '{other}'", size + rare)


_TIES = {">": ">=", ">=": ">", "<": "<=", "<=": "<", "=": "<>", "<>": "="}
_CRITERION = re.compile(r'"(>=|<=|<>|[<>=])(.*)"', re.DOTALL)


@edit_kind(35)
def criteria(tree: Node, site: Site) -> Iterator[Edit]:
    """A criterion such as ``">50"`` with the other side for a tie: from 50 on, or above 50."""
    for path, node in walk(tree):
        criterion = _CRITERION.fullmatch(node.word) if node.kind == "text" else None
        if criterion is None or not path or _parent(tree, path).kind not in ("call", "binary"):
            continue
        operator, rest = criterion.groups()
        edited = with_part(tree, path, node._replace(word=f'"{_TIES[operator]}{rest}"'))
        yield Edit("operator", edited, f"'{operator}' should be '{_TIES[operator]}'", 1.2)


def _does_nothing(operator: str, node: Node) -> bool:
    """Whether the operator leaves the other operand as it is, because one of them is 1: the operand is too much."""
    left, right = (plain(part) == number(1) for part in node.parts)
    return (right and operator in "*/^") or (left and operator == "*")


@edit_kind(90, arguments="XP105")
def arguments(tree: Node, site: Site) -> Iterator[Edit]:
    """Two operands or arguments in the other order, where that makes a difference."""
    for path, node in walk(tree):
        if node.kind == "binary" and node.word in ("-", "/", "^", "<", ">", "<=", ">="):
            left, right = node.parts
            turned = node._replace(parts=(right, left))
            said = f"{left} and {right} are in the wrong order around '{node.word}'"
            yield Edit("arguments", with_part(tree, path, turned), said, 1.4)
        if (
            node.kind == "call"
            and 2 <= len(node.parts) <= _MOST_SWAPPED
            and without_prefix(node.word) not in _COMMUTATIVE
        ):
            for place, (left, right) in enumerate(pairwise(node.parts)):
                if plain(left) == plain(right):
                    continue
                turned = node._replace(parts=(*node.parts[:place], right, left, *node.parts[place + 2 :]))
                said = f"{left} and {right} are in the wrong order in {without_prefix(node.word)}"
                size = 1.3 if place and without_prefix(node.word) == "IF" else 1.4
                yield Edit("arguments", with_part(tree, path, turned), said, size)


@edit_kind(95)
def options(tree: Node, site: Site) -> Iterator[Edit]:
    """TRUE for FALSE, and the argument with which a lookup is exact."""
    for path, node in walk(tree):
        if node.kind == "truth":
            other = _TRUTHS[node.word.upper()]
            said = f"{node.word.upper()} should be {other}"
            yield Edit("arguments", with_part(tree, path, Node("truth", other)), said, 1.2)
        if node.kind == "call" and without_prefix(node.word) in _MATCHES:
            name = without_prefix(node.word)
            count, exact = _MATCHES[name]
            if len(node.parts) == count - 1:
                edited = with_part(tree, path, node._replace(parts=(*node.parts, exact)))
                yield Edit("arguments", edited, f"{name} should look for the exact value: {exact} is missing", 1.2)
            elif len(node.parts) == count:
                edited = with_part(tree, path, node._replace(parts=node.parts[:-1]))
                yield Edit(
                    "arguments", edited, f"{name} should look for the nearest value: {node.parts[-1]} is too much", 1.3
                )


@edit_kind(110, power="XP111")
def powers(tree: Node, site: Site) -> Iterator[Edit]:
    """The first power for the second, and the other way round."""
    for path, node in walk(tree):
        if node.kind == "binary" and node.word == "^" and plain(node.parts[1]).kind == "number":
            base, exponent = node.parts
            yield Edit("power", with_part(tree, path, base), f"the power {exponent} of {base} is too much", 1.5)
            for other in (2.0, 3.0, 0.5):
                edited = node._replace(parts=(base, number(other)))
                yield Edit("power", with_part(tree, path, edited), f"the power {exponent} should be {other:g}", 1.7)
        if node.kind == "binary" and node.word == "*" and plain(node.parts[0]) == plain(node.parts[1]):
            yield Edit("power", with_part(tree, path, node.parts[0]), f"{node.parts[0]} should not be squared", 1.5)
        difference = node.kind == "binary" and node.word in ("+", "-")  # (a-b)^2, as in a squared loss
        whole = difference or node.kind in ("reference", "group", "call", "name")
        if whole and not _is_argument_range(node, site):
            square = binary(node, "^", number(2))
            yield Edit("power", with_part(tree, path, square), f"{node} should be squared", 1.8)
