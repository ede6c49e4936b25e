"""Marks the difference between a formula and the suggested one."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import takewhile

from markupsafe import Markup, escape

# Letters and digits are separate parts, so that between J10 and J11 only the row is marked.
_PARTS = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?|.", re.DOTALL)
_MOST_COMPARED = 250_000  # pairs of parts


def marked(formula: str, suggestion: str) -> tuple[Markup, Markup]:
    """The formula with the removed parts in ``<del>``, and the suggestion with the new parts in ``<ins>``."""
    old, new = _PARTS.findall(formula), _PARTS.findall(suggestion)
    removed, added = Markup(), Markup()
    for same, a, b, c, d in _steps(old, new):
        left, right = escape("".join(old[a:b])), escape("".join(new[c:d]))
        removed += left if same == "equal" or not left else Markup(f"<del>{left}</del>")
        added += right if same == "equal" or not right else Markup(f"<ins>{right}</ins>")
    return removed, added


def _steps(old: Sequence[str], new: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    """The steps from one to the other. Very long formulas would take minutes: all between their equal ends is one step."""
    if len(old) * len(new) <= _MOST_COMPARED:
        return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    a, b = len(old) - tail, len(new) - tail
    return [("equal", 0, head, 0, head), ("replace", head, a, head, b), ("equal", a, len(old), b, len(new))]


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """The number of equal parts at the start of the two."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
