"""The functions that the engine vouches for, by the names that Excel's files have, without their ``_xlfn.`` prefixes.

A function that is not in ``FUNCTIONS`` is refused. Each family of functions is a module here, with a ``FUNCTIONS`` of its
own; ``taking`` is how they take their operands.
"""

from xlparity.engines.formulas.functions import (
    core,
    counts,
    criteria,
    database,
    dates,
    distributions,
    engineering,
    finance,
    hypotheses,
    logic,
    lookup,
    maths,
    regression,
    statistics,
    texts,
)
from xlparity.engines.formulas.functions.taking import OMITTED, Function, take

__all__ = ["DATED", "FUNCTIONS", "OMITTED", "Function", "take"]

_FAMILIES = (
    core,
    counts,
    criteria,
    database,
    dates,
    distributions,
    engineering,
    finance,
    hypotheses,
    logic,
    lookup,
    maths,
    regression,
    statistics,
    texts,
)

FUNCTIONS: dict[str, Function] = {name: known for family in _FAMILIES for name, known in family.FUNCTIONS.items()}

DATED = frozenset((*criteria.FUNCTIONS, *database.FUNCTIONS))
"""Those that take numbers or texts for dates, of which a workbook of the 1904 date system means others."""
