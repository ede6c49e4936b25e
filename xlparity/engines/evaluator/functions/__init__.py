"""The functions that the engine vouches for, by the names that Excel's files have, without their ``_xlfn.`` prefixes.

A function that is not in ``FUNCTIONS`` is refused. Each family of functions is a module here, with a ``FUNCTIONS`` of its
own, which declares by ``signatures`` what they take; ``taking`` calls them, after ``conversions``.
"""

from xlparity.engines.evaluator.functions import (
    arrays,
    bessel,
    bonds,
    complexes,
    core,
    counts,
    criteria,
    cutting,
    database,
    dates,
    depreciation,
    distributions,
    engineering,
    expressions,
    finance,
    formats,
    hypotheses,
    logic,
    lookup,
    maths,
    regression,
    rounding,
    securities,
    statistics,
    texts,
    trigonometry,
    units,
)
from xlparity.engines.evaluator.functions.signatures import OMITTED, Function
from xlparity.engines.evaluator.functions.taking import take

__all__ = ["DATED", "FUNCTIONS", "OMITTED", "Function", "take"]

_FAMILIES = (
    core, logic, lookup, arrays, texts, cutting, formats, expressions, criteria, counts, database,
    maths, rounding, trigonometry, engineering, bessel, complexes, units,
    statistics, regression, distributions, hypotheses, finance, depreciation, securities, bonds, dates,
)  # fmt: skip

FUNCTIONS: dict[str, Function] = {name: known for family in _FAMILIES for name, known in family.FUNCTIONS.items()}

_OF_DATES = (dates, securities, bonds, criteria, database)
DATED = frozenset((*(name for family in _OF_DATES for name in family.FUNCTIONS), "XNPV", "XIRR", "TEXT"))
"""Those that take numbers or texts for dates, of which a workbook of the 1904 date system means others."""
