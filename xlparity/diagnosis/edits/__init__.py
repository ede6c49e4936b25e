"""The catalogue of small edits of a formula: ``mutate`` breaks formulas with them, ``repair`` searches them for a fix.

Each kind of edit is a function from a formula's syntax tree and its site to the trees that are one such edit away, which
``edit_kind`` puts into the catalogue; a new kind is a new function in a module here, and nothing else. Each edit
has an inverse of the same kind: a term that one drops another adds. The sentence of an edit says what is wrong with the
formula before it, ``LOG should be LN``.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator

from xlparity.diagnosis.edits.site import CODES, REGISTERED, Edit, EditKind, Site
from xlparity.excel.ast import Node, plain

__all__ = ["CODES", "LARGE", "SMALL", "Edit", "EditKind", "Site", "edits"]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
_ordered = sorted(REGISTERED, key=lambda found: found.order)

SMALL: tuple[EditKind, ...] = tuple(found.kind for found in _ordered if not found.large)
"""The kinds with some dozens of edits of a formula."""

LARGE: tuple[EditKind, ...] = tuple(found.kind for found in _ordered if found.large)
"""The kinds that insert something, with hundreds of edits of a formula."""

CODES["siblings"] = "XP112"  # which is no edit of a formula, but the formula of other cells


def edits(tree: Node, site: Site, kinds: Iterable[EditKind] = (*SMALL, *LARGE)) -> Iterator[Edit]:
    """Every different formula that is one edit away, by kind; each once."""
    seen = {plain(tree)}
    for kind in kinds:
        for edit in kind(tree, site):
            bare = plain(edit.tree)
            if bare not in seen:
                seen.add(bare)
                yield edit
