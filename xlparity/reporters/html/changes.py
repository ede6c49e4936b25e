"""Two formulas side by side, with what is in one of them only marked."""

import re
from difflib import SequenceMatcher

from markupsafe import Markup, escape

# Letters and digits apart, so that of J10 and J11 the row is marked and not the column.
_PARTS = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?|.", re.DOTALL)


def marked(formula: str, suggestion: str) -> tuple[Markup, Markup]:
    """The formula with what goes as ``<del>``, and the suggestion with what comes as ``<ins>``."""
    old, new = _PARTS.findall(formula), _PARTS.findall(suggestion)
    goes, comes = Markup(), Markup()
    for same, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        left, right = escape("".join(old[a:b])), escape("".join(new[c:d]))
        goes += left if same == "equal" or not left else Markup(f"<del>{left}</del>")
        comes += right if same == "equal" or not right else Markup(f"<ins>{right}</ins>")
    return goes, comes
