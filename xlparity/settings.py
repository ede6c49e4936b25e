"""What a project says once for all its workbooks: the table ``[tool.xlparity]`` in its ``pyproject.toml``."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from xlparity.errors import UsageError, nearest
from xlparity.tolerance import Tolerance

MOST_SCENARIOS = 100_000
LARGEST_SEED = 2**32 - 1
LONGEST = 1e6  # seconds, eleven days


@dataclass(frozen=True, slots=True)
class Settings:
    """What is verified by, where nothing nearer says otherwise; None leaves it to ``verify``.

    ``rtol`` and ``atol`` are those of quantities to which the spec gives none: a project cannot loosen a tolerance that
    somebody wrote beside a quantity. ``engine`` is empty where none is named. ``time`` is what ``mutate`` may take, in
    seconds; an infinite one sets no limit.
    """

    engine: tuple[str, ...] = ()
    scenarios: int | None = None
    seed: int | None = None
    rtol: float | None = None
    atol: float | None = None
    reference_timeout: float | None = None
    time: float | None = None

    def under(self, nearer: "Settings") -> "Settings":
        """These, save for what ``nearer`` settings say."""
        return Settings(
            nearer.engine or self.engine,
            self.scenarios if nearer.scenarios is None else nearer.scenarios,
            self.seed if nearer.seed is None else nearer.seed,
            self.rtol if nearer.rtol is None else nearer.rtol,
            self.atol if nearer.atol is None else nearer.atol,
            self.reference_timeout if nearer.reference_timeout is None else nearer.reference_timeout,
            self.time if nearer.time is None else nearer.time,
        )

    def options(
        self,
        *,
        named: str = "",
        engine: Sequence[str] | None = None,
        scenarios: int | None = None,
        seed: int | None = None,
        rtol: float | None = None,
        atol: float | None = None,
        reference_timeout: float | None = None,
    ) -> dict[str, Any]:
        """The keywords of ``verify`` when these settings stand behind a command line; its tolerances replace the spec's.

        Raises UsageError where a number makes no sense; ``named`` is what stands before the names of the options.
        """
        usual = Tolerance()
        numbers = {"scenarios": scenarios, "seed": seed, "rtol": rtol, "atol": atol}
        asked = _numbers(numbers | {"reference_timeout": reference_timeout}, named)
        nearer = Settings(tuple(engine or ()), asked.scenarios, asked.seed, None, None, asked.reference_timeout)
        given = self.under(nearer)
        options = {
            "engine": given.engine or None,
            "scenarios": given.scenarios,
            "seed": given.seed,
            "rtol": asked.rtol,
            "atol": asked.atol,
            "reference_timeout": given.reference_timeout,
        }
        own = Tolerance(usual.rtol if self.rtol is None else self.rtol, usual.atol if self.atol is None else self.atol)
        return {key: value for key, value in options.items() if value is not None} | {"tolerance": own}


def read_settings(folder: Path) -> Settings:
    """The settings of the project in which the folder lies: of the nearest ``pyproject.toml`` that has ``[tool.xlparity]``.

    Raises UsageError where that table, or a ``pyproject.toml`` on the way to it, is wrong.
    """
    for place in (folder.resolve(), *folder.resolve().parents):
        path = place / "pyproject.toml"
        if not path.is_file():
            continue
        try:
            tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
        except (OSError, ValueError, RecursionError) as error:
            raise UsageError(f"{path} cannot be read: {error}; mend it") from error
        if isinstance(tool, Mapping) and "xlparity" in tool:
            return settings_of(tool["xlparity"], f"{path}, [tool.xlparity]")
    return Settings()


def settings_of(table: Any, where: str) -> Settings:
    """The settings that a table of TOML holds; raises UsageError, which begins with ``where``, where it is wrong."""
    known = [field.name for field in fields(Settings)]
    if not isinstance(table, Mapping):
        raise UsageError(f"{where} is a table, with the keys {', '.join(known)}")
    for key in table:
        if key not in known:
            raise UsageError(f"{where}: unknown key '{key}'{nearest(key, known)}")
    engine = table.get("engine", [])
    engines = [engine] if isinstance(engine, str) else engine
    if not isinstance(engines, list) or not all(isinstance(name, str) and name for name in engines):
        raise UsageError(f"{where}: engine is a name such as 'formulas', or a list of them")
    return _numbers(table, f"{where}: ").under(Settings(tuple(engines)))


def _numbers(table: Mapping[str, Any], named: str) -> Settings:
    """The settings that are numbers; raises UsageError, with ``named`` before the key, where one makes no sense."""
    return Settings(
        scenarios=_whole(table, "scenarios", MOST_SCENARIOS, named),
        seed=_whole(table, "seed", LARGEST_SEED, named),
        rtol=_tolerance(table, "rtol", named),
        atol=_tolerance(table, "atol", named),
        reference_timeout=_seconds(table, "reference_timeout", named),
        time=seconds(table.get("time"), f"{named}time"),
    )


def seconds(value: Any, named: str) -> float | None:
    """How long ``mutate`` may take, infinite for 0 and 'none'; raises UsageError, which begins with the name, for nonsense."""
    if value is None:
        return None
    try:
        found = math.inf if value == "none" else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not found >= 0 or isinstance(value, bool):
        raise UsageError(f"{named} is a number of seconds such as 120, or 0 or 'none' for no limit")
    return found or math.inf


def _whole(table: Mapping[str, Any], key: str, most: int, named: str) -> int | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise UsageError(f"{named}{key} is a whole number from 0 to {most:,}")
    return value


def _seconds(table: Mapping[str, Any], key: str, named: str) -> float | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= LONGEST:
        raise UsageError(f"{named}{key.replace('_', '-') if named == '--' else key} is a number of seconds, such as 60")
    return float(value)


def _tolerance(table: Mapping[str, Any], key: str, named: str) -> float | None:
    value = table.get(key)
    if value is None:
        return None
    # Of what an infinite one allows, nobody could say anything.
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
        raise UsageError(f"{named}{key} is a number such as 1e-9")
    return float(value)
