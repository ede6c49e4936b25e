"""The registry of engines by name: every module in this folder with a constant ``ENGINE`` is one.

The module of an engine is imported when it is used, since each needs a library or a program.
"""

import importlib
import pkgutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from xlparity.errors import UsageError, XlparityError, nearest

if TYPE_CHECKING:
    from xlparity.engines.protocol import Described, Engine

DEFAULT = "formulas"
_OTHERS = ("protocol", "registry")  # modules here that are no engines


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """An engine as ``xlparity engines`` lists it; ``note`` describes it, or says what to install where it cannot run."""

    name: str
    version: str | None
    kind: str
    available: bool
    note: str


@cache
def engine_names() -> tuple[str, ...]:
    """The names of all engines, the default one first."""
    here = str(Path(__file__).parent)
    names = {module.name for module in pkgutil.iter_modules([here]) if not module.ispkg} - set(_OTHERS)
    return (DEFAULT, *sorted(names - {DEFAULT}))


def find_engine(name: str) -> "Engine":
    """The engine of that name; raises UsageError where there is none, or where it cannot run here."""
    return _described(name).make()


def _described(name: str) -> "Described":
    if name not in engine_names():
        raise UsageError(f"there is no engine '{name}'{nearest(name, engine_names())}")
    found: Described = importlib.import_module(f"xlparity.engines.{name}").ENGINE
    return found


def engines_of(names: Iterable[str]) -> "list[Engine]":
    """The engines of these names, each once; raises UsageError where there is no such engine, or it cannot run here."""
    return [find_engine(name) for name in dict.fromkeys(names)]


def others_than(used: Collection[str]) -> tuple[str, ...]:
    """The engines that can run here and may compute what these do not; none of them is started for this."""
    known = {name: _described(name) for name in engine_names()}
    bases = {known[name].built_on for name in used}
    return tuple(
        name
        for name, one in known.items()
        if one.settles and one.built_on is None and name not in bases.union(used) and _can_run(name)
    )


def _can_run(name: str) -> bool:
    try:
        find_engine(name)
    except XlparityError:
        return False
    return True


def list_engines() -> list[EngineInfo]:
    """All engines, whether or not they can run here."""
    return [_info(name) for name in engine_names()]


def _info(name: str) -> EngineInfo:
    one = _described(name)
    try:
        return EngineInfo(name, one.make().version, one.kind, True, one.note)
    except XlparityError as error:
        return EngineInfo(name, None, one.kind, False, str(error))
