"""The supported functions, by the names that Excel's files have, without their ``_xlfn.`` prefixes.

A function that is not in ``FUNCTIONS`` is not supported. Each family of functions is a module here, with a ``FUNCTIONS`` of
its own, which declares by ``signatures`` what they take; ``taking`` calls them, after ``conversions``. A new family is a new
module, and nothing else.
"""

import functools
import importlib
import pkgutil
from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Any

from xlparity.engines.evaluator.functions.signatures import OMITTED, Function
from xlparity.engines.evaluator.functions.taking import take

__all__ = ["FUNCTIONS", "OMITTED", "Function", "english_only", "since_1904", "take"]

_FIRST = ("core", "rounding", "logic", "lookup", "criteria", "statistics", "texts")
"""The families that are looked at before the others, since most workbooks do with them."""
_FAMILIES = sorted(
    (module.name for module in pkgutil.iter_modules(__path__)),
    key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name),
)


class _Functions(Mapping[str, Function]):
    """The functions of all families, each of which is loaded when a function is in none of those before it."""

    def __getitem__(self, name: str) -> Function:
        for family in _FAMILIES:
            known: Function | None = _declared(family, "FUNCTIONS", {}).get(name)
            if known is not None:
                return known
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        for family in _FAMILIES:
            yield from _declared(family, "FUNCTIONS", {})

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _declared(family: str, name: str, default: Any) -> Any:
    """What the family's module declares under this name."""
    return getattr(importlib.import_module(f"{__name__}.{family}"), name, default)


FUNCTIONS = _Functions()


@functools.cache
def english_only() -> frozenset[str]:
    """Those that are known in English only: other locales have other texts for the same values."""
    return frozenset(name for family in _FAMILIES for name in _declared(family, "ENGLISH_ONLY", ()))


@functools.cache
def since_1904() -> Mapping[str, Function]:
    """The supported functions of a workbook whose dates count from 1904.

    Those that a family names in ``DATED`` take numbers or texts for dates, of which such a workbook means others.
    """
    from xlparity.engines.evaluator.functions import since1904  # noqa: PLC0415  (most workbooks need no formats of dates)

    dated = {name for family in _FAMILIES for name in _declared(family, "DATED", ())}
    others = {name: known for name, known in FUNCTIONS.items() if name not in dated}
    return ChainMap(since1904.since_1904(FUNCTIONS), others)
