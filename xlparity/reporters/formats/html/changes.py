"""Two formulas side by side, with what is in one of them only marked."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import takewhile

from markupsafe import Markup, escape

# Letters and digits apart, so that of J10 and J11 the row is marked and not the column.
_PARTS = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?|.", re.DOTALL)
_MOST_COMPARED = 250_000  # pairs of parts


def marked(formula: str, suggestion: str) -> tuple[Markup, Markup]:
    """The formula with what goes as ``<del>``, and the suggestion with what comes as ``<ins>``."""
    old, new = _PARTS.findall(formula), _PARTS.findall(suggestion)
    goes, comes = Markup(), Markup()
    for same, a, b, c, d in _steps(old, new):
        left, right = escape("".join(old[a:b])), escape("".join(new[c:d]))
        goes += left if same == "equal" or not left else Markup(f"<del>{left}</del>")
        comes += right if same == "equal" or not right else Markup(f"<ins>{right}</ins>")
    return goes, comes


def _steps(old: Sequence[str], new: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    """What is alike and what is not; of very long formulas, whose comparison would take minutes, all between head and tail."""
    if len(old) * len(new) <= _MOST_COMPARED:
        return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    a, b = len(old) - tail, len(new) - tail
    return [("equal", 0, head, 0, head), ("replace", head, a, head, b), ("equal", a, len(old), b, len(new))]


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many parts the two begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
