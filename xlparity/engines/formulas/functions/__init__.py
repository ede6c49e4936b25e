"""The functions that the engine vouches for, by the names that Excel's files have, without their ``_xlfn.`` prefixes.

A function that is not in ``FUNCTIONS`` is refused. Each family of functions is a module here, with a ``FUNCTIONS`` of its
own; ``taking`` is how they take their operands.
"""

from xlparity.engines.formulas.functions import (
    bessel,
    complexes,
    core,
    criteria,
    dates,
    distributions,
    engineering,
    finance,
    logic,
    lookup,
    maths,
    rounding,
    statistics,
    texts,
    trigonometry,
    units,
)
from xlparity.engines.formulas.functions.taking import OMITTED, Function, take

__all__ = ["FUNCTIONS", "OMITTED", "Function", "take"]

_FAMILIES = (
    core, criteria, dates, distributions, finance, logic, lookup, statistics, texts,
    maths, rounding, trigonometry, engineering, bessel, complexes, units,
)  # fmt: skip

FUNCTIONS: dict[str, Function] = {name: known for family in _FAMILIES for name, known in family.FUNCTIONS.items()}
