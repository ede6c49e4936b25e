"""The catalogue of small edits of a formula: ``mutate`` breaks formulas with them, ``repair`` searches them for a fix.

Each kind of edit is a function from a formula's syntax tree and its site to the trees that are one such edit away. Each edit
has an inverse of the same kind: a term that one drops another adds. The sentence of an edit says what is wrong with the
formula before it, ``LOG should be LN``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from xlparity.diagnosis.edits.brackets import brackets
from xlparity.diagnosis.edits.functions import (
    arguments,
    branches,
    functions,
    operators,
    powers,
    signs,
    unwrapped,
    wrapped,
)
from xlparity.diagnosis.edits.places import axes, iterations, ranges, references, shifts
from xlparity.diagnosis.edits.site import Edit, Site
from xlparity.diagnosis.edits.terms import added, constants, dropped
from xlparity.excel.ast import Node, plain

__all__ = ["CODES", "LARGE", "SMALL", "Edit", "EditKind", "Site", "edits"]

EditKind = Callable[[Node, Site], Iterator[Edit]]

SMALL: tuple[EditKind, ...] = (
    functions, signs, operators, brackets, iterations, ranges, shifts, axes, arguments, references, powers, dropped,
    unwrapped, branches,
)  # fmt: skip
"""The kinds with some dozens of edits of a formula."""

LARGE: tuple[EditKind, ...] = (constants, added, wrapped)
"""The kinds that insert something, with hundreds of edits of a formula."""

CODES: Mapping[str, str] = {
    "function": "XP101",
    "wrap": "XP101",
    "term": "XP102",
    "sign": "XP103",
    "parentheses": "XP104",
    "operator": "XP105",
    "arguments": "XP105",
    "reference": "XP106",
    "offset": "XP106",
    "range": "XP107",
    "anchor": "XP108",
    "axis": "XP109",
    "iteration": "XP110",
    "constant": "XP111",
    "power": "XP111",
    "frozen": "XP202",
    "siblings": "XP112",
}
"""The code of the finding by the kind of the edit that fixes the formula."""


def edits(tree: Node, site: Site, kinds: Iterable[EditKind] = (*SMALL, *LARGE)) -> Iterator[Edit]:
    """Every different formula that is one edit away, by kind; each once."""
    seen = {plain(tree)}
    for kind in kinds:
        for edit in kind(tree, site):
            bare = plain(edit.tree)
            if bare not in seen:
                seen.add(bare)
                yield edit
