"""Branches that no sample takes: agreement with the reference is no evidence about these.

A branch is turned to #N/A. Where that changes nothing that is compared, the branch was never taken.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np

from xlparity.address import Cell
from xlparity.columns import Column, value_in
from xlparity.findings.localise import Root
from xlparity.findings.subject import parsed
from xlparity.formula import tokens
from xlparity.prefixes import without_prefix
from xlparity.syntax import Node, call, walk, with_part
from xlparity.values import BLANK, Missing, Unsupported
from xlparity.workbook import Formula

_NOT_AVAILABLE = call("NA")

# Of so many arguments those that are branches. SWITCH has a default where their number is even.
_BRANCHES: Mapping[str, Callable[[int], Iterable[int]]] = {
    "IF": lambda count: (1, 2),
    "IFS": lambda count: range(1, count, 2),
    "CHOOSE": lambda count: range(1, count),
    "SWITCH": lambda count: (*range(2, count, 2), *([count - 1] if count % 2 == 0 else [])),
    "IFERROR": lambda count: (0, 1),
    "IFNA": lambda count: (0, 1),
}

Evaluation = Callable[[Mapping[Cell, Formula]], Mapping[Cell, Column] | None]
"""What the cells come to with these formulas in place of theirs; None where that cannot be computed."""


def has_branches(formula: Formula) -> bool:
    """Whether the formula calls a function that takes one of several ways."""
    return any(
        token.kind == "function" and without_prefix(token.text[:-1]) in _BRANCHES for token in tokens(formula.text)
    )


def without_each(formula: Formula) -> list[Formula] | None:
    """The formula with one branch after the other turned to #N/A; None where it cannot be read that well."""
    tree = parsed(formula.text)
    if tree is None:
        return None
    found: list[Node] = []
    for path, node in walk(tree):
        for place in _BRANCHES[without_prefix(node.word)](len(node.parts)) if _is_branching(node) else ():
            parts = (*node.parts[:place], _NOT_AVAILABLE, *node.parts[place + 1 :])  # an IF may lack its last branch
            found.append(with_part(tree, path, node._replace(parts=parts)))
    return [replace(formula, text=f"={changed}") for changed in found]


def taken(
    evaluate: Evaluation, root: Root, formulas: Mapping[Cell, Formula], changed: Iterable[Mapping[Cell, Formula]]
) -> list[bool]:
    """For each of the changes to the formulas, whether the samples tell it: any of the root's cells comes to something else."""
    before = evaluate(formulas)
    return [before is not None and _differs(root, before, evaluate({**formulas, **more})) for more in changed]


def _differs(root: Root, before: Mapping[Cell, Column], after: Mapping[Cell, Column] | None) -> bool:
    sets = list(root.forced.sets)
    for index, cell in zip(root.indices, root.cells, strict=True) if after is not None else ():
        compared = np.isfinite(root.judged.evidence.expected[sets, index])
        one, other = before.get(cell, BLANK), after.get(cell, BLANK) if after is not None else BLANK
        for at in np.flatnonzero(compared).tolist():
            value = value_in(other, at)
            if value != value_in(one, at) and not isinstance(value, Unsupported | Missing):
                return True
    return False


def _is_branching(node: Node) -> bool:
    return node.kind == "call" and without_prefix(node.word) in _BRANCHES
