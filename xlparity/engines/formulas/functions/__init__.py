"""The functions that the engine vouches for, by the names that Excel's files have, without their ``_xlfn.`` prefixes.

A function that is not in ``FUNCTIONS`` is refused. Each family of functions is a module here, with a ``FUNCTIONS`` of its
own; ``taking`` is how they take their operands.
"""

from xlparity.engines.formulas.functions import (
    arrays,
    core,
    criteria,
    cutting,
    dates,
    distributions,
    engineering,
    expressions,
    finance,
    formats,
    logic,
    lookup,
    maths,
    statistics,
    texts,
)
from xlparity.engines.formulas.functions.taking import OMITTED, Function, take

__all__ = ["FUNCTIONS", "OMITTED", "Function", "take"]

_FAMILIES = (
    arrays,
    core,
    criteria,
    cutting,
    dates,
    distributions,
    engineering,
    expressions,
    finance,
    formats,
    logic,
    lookup,
    maths,
    statistics,
    texts,
)

FUNCTIONS: dict[str, Function] = {name: known for family in _FAMILIES for name, known in family.FUNCTIONS.items()}
