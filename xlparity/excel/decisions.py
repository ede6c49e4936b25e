"""What decides in a formula: comparisons, functions that compute one of several arguments, and those that return one."""

from collections.abc import Callable, Iterable, Mapping

from xlparity.excel.ast import Node
from xlparity.excel.prefixes import without_prefix

COMPARISONS = frozenset(("=", "<>", "<", ">", "<=", ">="))
CHOOSING = frozenset(("MAX", "MIN", "MEDIAN"))
"""Functions that return one of several arguments, all of which they compute."""

# For a number of arguments, the indices of those that are branches. SWITCH has a default where the number is even.
_BRANCHES: Mapping[str, Callable[[int], Iterable[int]]] = {
    "IF": lambda count: (1, 2),
    "IFS": lambda count: range(1, count, 2),
    "CHOOSE": lambda count: range(1, count),
    "SWITCH": lambda count: (*range(2, count, 2), *([count - 1] if count % 2 == 0 else [])),
    "IFERROR": lambda count: (0, 1),
    "IFNA": lambda count: (0, 1),
}


def name_of(node: Node) -> str:
    """The name of the function that is called, without the prefix of later ones; empty where none is."""
    return without_prefix(node.word) if node.kind == "call" else ""


def is_comparison(node: Node) -> bool:
    """Whether the two parts are compared."""
    return node.kind == "binary" and node.word in COMPARISONS


def branches(node: Node) -> list[int]:
    """The indices of the arguments of which a call computes one, or gives another instead; an IF may lack its last."""
    found = _BRANCHES.get(name_of(node))
    return [] if found is None else list(found(len(node.parts)))
