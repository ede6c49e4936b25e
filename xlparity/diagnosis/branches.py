"""Coverage of a formula's branches by the samples: which branches no sample takes.

Agreement with the reference is no evidence about a branch that no sample takes. To find out, a branch is replaced by a number
that nothing else gives, or by #N/A, an argument of MAX or MIN is left out, and a comparison is replaced by TRUE and by
FALSE. Where no compared value changes, no sample takes the branch.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from xlparity.diagnosis.localise import Root
from xlparity.diagnosis.subject import parsed
from xlparity.excel.address import Cell
from xlparity.excel.ast import Node, Path, call, plain, walk, with_part
from xlparity.excel.columns import Column, value_in
from xlparity.excel.decisions import CHOOSING, branches, is_comparison, name_of
from xlparity.excel.values import BLANK, Missing, Unsupported
from xlparity.excel.workbook import Formula

HUGE, NOT_AVAILABLE = Node("number", "9.87654321E+99"), call("NA")
"""What takes the place of a branch: the number is computed faster, and a comparison or a maximum may hide it."""

_OUTCOMES = (Node("truth", "TRUE"), Node("truth", "FALSE"))
_OTHER_SIDE = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}

Evaluation = Callable[[Mapping[Cell, Formula]], Mapping[Cell, Column]]
"""The values of the cells with these formulas in place of their own."""


def has_branches(formula: Formula) -> bool:
    """Whether the formula has a branching function or a comparison, or cannot be parsed."""
    tree = parsed(formula.text)
    return tree is None or any(True for _, node in walk(tree) for _ in _alternatives(node))


def without_each(formula: Formula, instead: Node = NOT_AVAILABLE) -> list[Formula] | None:
    """Copies of the formula, each without one of its branches; None where it cannot be parsed."""
    tree = parsed(formula.text)
    if tree is None:
        return None
    found = [with_part(tree, path, other) for path, node in walk(tree) for other in _alternatives(node, instead)]
    return [replace(formula, text=f"={changed}") for changed in found]


def without_each_of(
    formulas: Mapping[Cell, Formula], instead: Node = NOT_AVAILABLE
) -> list[dict[Cell, Formula]] | None:
    """Copies of all the formulas, each without one branch; None where they differ in their branches, or cannot be parsed."""
    lists = [found for formula in formulas.values() if (found := without_each(formula, instead)) is not None]
    if len(lists) < len(formulas) or len({len(found) for found in lists}) > 1:
        return None
    return [dict(zip(formulas, changed, strict=True)) for changed in zip(*lists, strict=True)]


def _alternatives(node: Node, instead: Node = NOT_AVAILABLE) -> Iterator[Node]:
    """Copies of this node, each without one of its branches; none where it has no branches."""
    if is_comparison(node):
        yield from _OUTCOMES
    for place in branches(node):
        yield node._replace(parts=(*node.parts[:place], instead, *node.parts[place + 1 :]))  # an IF may lack its last
    for place in range(len(node.parts)) if name_of(node) in CHOOSING and len(node.parts) > 1 else ():
        yield node._replace(parts=(*node.parts[:place], *node.parts[place + 1 :]))


class Tie(NamedTuple):
    """A comparison of a formula that an edit has changed, in copies of the formula.

    They are with the other side for a tie (``<=`` for ``<``), with TRUE, with FALSE, and with the difference of the operands
    alone.
    """

    turned: Formula
    true: Formula
    false: Formula
    difference: Formula


def new_ties(formula: Formula, old: Formula | None) -> list[Tie]:
    """The comparisons of less and more in the formula that the old one has not in the same place, or with other branches.

    Where one operand alone is another, the side of a tie is that of the old formula, which nothing contradicts.
    """
    tree, held = parsed(formula.text), parsed(old.text) if old is not None else None
    if tree is None:
        return []
    before = dict(walk(held)) if held is not None else {}
    found = []
    for path, node in walk(tree):
        if node.kind != "binary" or node.word not in _OTHER_SIDE:
            continue
        if path in before and _is_kept(before[path], node) and not _exchanged(tree, held, path):
            continue
        copies = (node._replace(word=_OTHER_SIDE[node.word]), *_OUTCOMES)
        texts = [with_part(tree, path, copy) for copy in copies]
        texts.append(Node("binary", "-", tuple(Node("group", "", (part,)) for part in node.parts)))
        found.append(Tie(*(replace(formula, text=f"={text}") for text in texts)))
    return found


def _is_kept(old: Node, new: Node) -> bool:
    """Whether a comparison has its operator, and one of its operands or both."""
    same = [plain(part) == plain(other) for part, other in zip(old.parts, new.parts, strict=False)]
    return (old.kind, old.word) == (new.kind, new.word) and any(same)


def _exchanged(tree: Node, held: Node | None, path: Path) -> bool:
    """Whether the comparison decides between the same two branches, in the other order."""
    if held is None or not path:
        return False
    new, old = dict(walk(tree))[path[:-1]], dict(walk(held)).get(path[:-1])
    if old is None or new.kind != "call" or len(new.parts) != len(old.parts):
        return False
    return (
        [plain(part) for part in new.parts[1:]]
        == [plain(part) for part in reversed(old.parts[1:])]
        != [plain(part) for part in old.parts[1:]]
    )


def replaced_in(formula: Formula, new: Formula | None) -> set[int]:
    """The numbers of the formula's branches, in the order of ``without_each``, in the place of which the new one has a branch."""
    return {number for number, node, beside, _ in _beside(formula, new) if beside is not None}


def kept_limits(formula: Formula, old: Formula | None) -> set[int]:
    """The numbers of the formula's branches that are limits of MAX, MIN and MEDIAN in the old one as well."""
    return {
        number
        for number, node, beside, place in _beside(formula, old)
        if beside is not None and place is not None and name_of(node) in CHOOSING
        if plain(node.parts[place]) == plain(beside.parts[place])
    }


def _beside(formula: Formula, other: Formula | None) -> Iterator[tuple[int, Node, Node | None, int | None]]:
    """Each of the formula's branches: its number, its node, the node like it in the same place of the other, and the part."""
    tree, held = parsed(formula.text), parsed(other.text) if other is not None else None
    if tree is None or held is None:
        return
    theirs = dict(walk(held))
    number = 0
    for path, node in walk(tree):
        beside = theirs.get(path)
        if beside is not None and (node.kind, node.word, len(node.parts)) != (
            beside.kind,
            beside.word,
            len(beside.parts),
        ):
            beside = None
        for place in _places(node):
            yield number, node, beside, place
            number += 1


def _places(node: Node) -> list[int | None]:
    """For each of the ``_alternatives`` of this node, which part it does without; None for an outcome of a comparison."""
    if is_comparison(node):
        return [None] * len(_OUTCOMES)
    limits = range(len(node.parts)) if name_of(node) in CHOOSING and len(node.parts) > 1 else ()
    return [*branches(node), *limits]


def loses_a_branch(formula: Formula, old: Formula) -> bool:
    """Whether the formula lacks a branch of the old one, and so a reference or a limit that MAX or MIN sets.

    The reference may need that branch for values that no sample has.
    """
    new, before = parsed(formula.text), parsed(old.text)
    if new is None or before is None:
        return False
    limits, words, branches = zip(*(_counted(tree) for tree in (new, before)), strict=True)
    return limits[0] < limits[1] or (branches[0] < branches[1] and not words[0] >= words[1])


def _counted(tree: Node) -> tuple[int, set[str], int]:
    """The number of limits by MAX, MIN and MEDIAN in the formula, its references, and the number of its branches."""
    nodes = [node for _, node in walk(tree)]
    limits = sum(len(node.parts) > 1 and name_of(node) in CHOOSING for node in nodes)
    words = {node.word for node in nodes if node.kind in ("reference", "name")}
    return limits, words, sum(1 for node in nodes for _ in _alternatives(node))


def taken(
    evaluate: Evaluation, root: Root, formulas: Mapping[Cell, Formula], changed: Iterable[Mapping[Cell, Formula]]
) -> list[bool]:
    """For each of the changes to the formulas, whether it changes the value of any of the root's cells in any sample."""
    before = evaluate(formulas)
    return [_differs(root, before, evaluate({**formulas, **more})) for more in changed]


def _differs(root: Root, before: Mapping[Cell, Column], after: Mapping[Cell, Column]) -> bool:
    samples, run = list(root.forced.samples), root.run
    speaking = np.ones(len(samples), dtype=bool)
    if run.speaking is not None and len(run.speaking) == len(run.expected):  # where all samples are kept
        speaking = run.speaking[samples]
    for index, cell in zip(root.indices, root.cells, strict=True):
        # Where rounding decides, another value is no evidence.
        compared = np.isfinite(run.expected[samples, index]) & ~run.indeterminate[samples, index] & speaking
        one, other = before.get(cell, BLANK), after.get(cell, BLANK)
        for at in np.flatnonzero(compared).tolist():
            value = value_in(other, at)
            if value != value_in(one, at) and not isinstance(value, Unsupported | Missing):
                return True
    return False
