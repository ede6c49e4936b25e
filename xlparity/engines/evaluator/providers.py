"""Who computes each function, and why: what ``xlparity engines --functions`` lists."""

from collections import Counter
from typing import NamedTuple

from xlparity.engines.evaluator.functions import FUNCTIONS
from xlparity.engines.evaluator.functions.core import SYNTAX
from xlparity.engines.evaluator.functions.signatures import Provider, formulas_has
from xlparity.excel.expand import ITERATED

WRITTEN_OUT = (
    "OFFSET", "INDIRECT", "LET", "LAMBDA", "ISOMITTED", *ITERATED, "SUBTOTAL", "AGGREGATE", "FORMULATEXT", "ISFORMULA",
    "CELL", "SHEET", "SHEETS",
)  # fmt: skip
"""Functions of which a formula is written out, with references, other functions or answers of the file in their place."""
_WRITTEN_OUT = "written out before the formula is computed"


class Computed(NamedTuple):
    """A function or an operator of Excel, the library that computes it, or xlparity, and the reason."""

    name: str
    by: Provider
    why: str


def who_computes() -> list[Computed]:
    """Every function that is supported, in the order of the alphabet, the operators first."""
    known = [Computed(name, FUNCTIONS[name].by, _why(name)) for name in FUNCTIONS if name not in SYNTAX]
    return sorted([*known, *(Computed(name, "xlparity", _WRITTEN_OUT) for name in WRITTEN_OUT)])


def _why(name: str) -> str:
    known = FUNCTIONS[name]
    if known.by == "formulas":
        return "the library's own function"
    if known.by == "scipy":
        return "scipy has the mathematics"
    return f"formulas is wrong on {known.own}" if formulas_has(name) else "formulas has no such function"


def counted() -> str:
    """How many of them each computes, in words."""
    counts = Counter(found.by for found in who_computes())
    return ", ".join(f"{count} by {by}" for by, count in counts.most_common())
