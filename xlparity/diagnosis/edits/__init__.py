"""The catalogue of small edits of a formula, used both ways: what ``mutate`` breaks with one, ``repair`` mends with another.

Each kind of edit is a function from a formula's tree, and the place where it stands, to the trees that are one such edit
away. What leads from one to the other leads back as well, in the same kind: a term that one drops another adds. The
sentence of an edit reads from the formula as it is to the edited one, ``LOG stands where LN belongs``.
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

__all__ = ["CODES", "LARGE", "SMALL", "Edit", "Kind", "Site", "edits"]

Kind = Callable[[Node, Site], Iterator[Edit]]

SMALL: tuple[Kind, ...] = (
    functions, signs, operators, brackets, iterations, ranges, shifts, axes, arguments, references, powers, dropped,
    unwrapped, branches,
)  # fmt: skip
"""The kinds of which a formula has some dozens."""

LARGE: tuple[Kind, ...] = (constants, added, wrapped)
"""The kinds that put something in, of which a formula has hundreds."""

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


def edits(tree: Node, site: Site, kinds: Iterable[Kind] = (*SMALL, *LARGE)) -> Iterator[Edit]:
    """Every formula that is one edit away and does not read the same, by kind; each once."""
    seen = {plain(tree)}
    for kind in kinds:
        for edit in kind(tree, site):
            bare = plain(edit.tree)
            if bare not in seen:
                seen.add(bare)
                yield edit
