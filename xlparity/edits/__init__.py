"""The catalogue of small edits of a formula, used both ways: what ``mutate`` breaks with one, ``repair`` mends with another.

Each kind of edit is a function from a formula's tree, and the place where it stands, to the trees that are one such edit
away. What leads from one to the other leads back as well, in the same kind: a term that one drops another adds. The
sentence of an edit reads from the formula as it is to the edited one, ``LOG stands where LN belongs``.
"""

from collections.abc import Callable, Iterator, Mapping

from xlparity.edits.brackets import brackets
from xlparity.edits.functions import arguments, functions, operators, powers, signs, wraps
from xlparity.edits.places import axes, iterations, ranges, references, shifts
from xlparity.edits.site import Edit, Site
from xlparity.edits.terms import constants, terms
from xlparity.syntax import Node, plain

__all__ = ["CODES", "KINDS", "Edit", "Site", "edits"]

KINDS: Mapping[str, Callable[[Node, Site], Iterator[Edit]]] = {
    "function": functions,
    "sign": signs,
    "operator": operators,
    "parentheses": brackets,
    "iteration": iterations,
    "range": ranges,
    "offset": shifts,
    "axis": axes,
    "arguments": arguments,
    "reference": references,
    "power": powers,
    "term": terms,
    "constant": constants,
    "wrap": wraps,
}

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
"""The finding's code for a formula that an edit of the kind mends."""


def edits(tree: Node, site: Site) -> Iterator[Edit]:
    """Every formula that is one edit away and computes something else, by kind; each once."""
    seen = {plain(tree)}
    for kind in KINDS.values():
        for edit in kind(tree, site):
            bare = plain(edit.tree)
            if bare not in seen:
                seen.add(bare)
                yield edit
