"""The supported functions, by the names that Excel's files have, without their ``_xlfn.`` prefixes.

A function that is not in ``FUNCTIONS`` is not supported. Each family of functions is a module here, with a ``FUNCTIONS`` of
its own, which declares by ``signatures`` what they take; ``taking`` calls them, after ``conversions``. A new family is a new
module, and nothing else.
"""

import importlib
import pkgutil
from collections import ChainMap
from collections.abc import Mapping

from xlparity.engines.evaluator.functions.signatures import OMITTED, Function
from xlparity.engines.evaluator.functions.since1904 import since_1904
from xlparity.engines.evaluator.functions.taking import take

__all__ = ["DATED", "ENGLISH_ONLY", "FUNCTIONS", "OMITTED", "SINCE_1904", "Function", "take"]

_MODULES = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]

FUNCTIONS: dict[str, Function] = {
    name: known for module in _MODULES for name, known in getattr(module, "FUNCTIONS", {}).items()
}

DATED = frozenset(name for module in _MODULES for name in getattr(module, "DATED", ()))
"""Those that take numbers or texts for dates, of which a workbook of the 1904 date system means others."""

ENGLISH_ONLY = frozenset(name for module in _MODULES for name in getattr(module, "ENGLISH_ONLY", ()))
"""Those that are known in English only: other locales have other texts for the same values."""

SINCE_1904: Mapping[str, Function] = ChainMap(
    since_1904(FUNCTIONS), {name: known for name, known in FUNCTIONS.items() if name not in DATED}
)
"""The supported functions of a workbook whose dates count from 1904."""
