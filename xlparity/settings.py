"""The options of a run, and the table ``[tool.xlparity]`` of a ``pyproject.toml``, in which a project sets their defaults."""

import math
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from xlparity.errors import UsageError, nearest
from xlparity.limits import WorkbookLimits
from xlparity.process import LOCK
from xlparity.tolerance import Tolerance

ENGINE = "formulas"
SCENARIOS = 100
REFERENCE_TIMEOUT = 60.0
"""Seconds that one call of a reference may take: training a model of a spreadsheet's size takes less than a second."""
MUTANTS = 1000
MUTATION_TIME, CAUSES_TIME = 120.0, 10.0
"""Seconds that ``mutate`` takes for the mutants, and ``verify`` for causes and fixes, unless another limit is given."""
MOST_SCENARIOS = 100_000
LARGEST_SEED = 2**32 - 1
LONGEST = 1e6  # seconds, eleven days

KEYS = ("engine", "scenarios", "seed", "rtol", "atol", "reference_timeout", "min_coverage", "time", "limits")


class Deadline:
    """The end of the time that something may take; ``seconds`` is infinite where it has no end.

    It is processor time, so that on a busy machine as much is found.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.process_time() + seconds

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return time.process_time() >= self._end

    def part(self, share: float) -> "Deadline":
        """The end of this share of the time that is left."""
        return Deadline(share * max(0.0, self._end - time.process_time()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a run. Raises UsageError, which begins with the name, where a value makes no sense.

    Where a function of xlparity takes ``options=None``, they are those of the project: ``[tool.xlparity]`` in the nearest
    ``pyproject.toml`` at or above the current folder that has this table, and for what it leaves out the defaults below. The
    command line, the pytest plugin and every function read the same table. Options that are passed are taken as they are.

    - ``engines``: the names of the engines that recalculate, or the name of one, kept as a tuple; see ``xlparity engines``.
      Several are a consensus: one that alone contradicts the others and the reference is itself reported. ``recalculate``
      takes the first that recomputes, and ``mutate`` always ``formulas``. Default ``("formulas",)``.
    - ``scenarios``: how many sets of input values are drawn and compared beside the stored ones, 0 to 100,000. Default 100.
    - ``seed``: what they, and the mutants of ``mutate``, are drawn from, 0 to 2**32 - 1. Default 0.
    - ``tolerance``: that of quantities to which the spec gives none. Default ``Tolerance(rtol=1e-9, atol=1e-12)``.
    - ``rtol``, ``atol``: take the place of every relative or absolute tolerance, also of those in the spec. Default None:
      none is replaced. ``rtol`` has no unit, and ``atol`` that of the quantity.
    - ``external``: whether references to other workbooks have the values that the file keeps of them. Default True; without,
      formulas with such references are unsupported.
    - ``reference_timeout``: seconds that one call of the reference may take, at most 1,000,000. Default 60.
    - ``in_process``: whether references are called in this process, where a debugger or a coverage tool sees them, and not in
      one of their own, which they may end, block or fill. Functions that are handed over always are. Default False.
    - ``verbose``: whether what references print is written to standard error. Default False.
    - ``min_coverage``: how many percent of branches, lines of the reference and constants the samples must reach for a pass; see
      ``CheckResult.branches``. Default 0: any number.
    - ``mutants``: how many mutants ``mutate`` runs at most, drawn evenly from all kinds and formulas. Default 1,000.
    - ``time``: seconds that the search may take: in ``verify`` that for causes and fixes, beyond the comparison; in ``mutate``
      all mutants, none of which is begun later. ``math.inf`` sets no limit. Default None: 10 in ``verify``, 120 in ``mutate``.
    - ``limits``: how large a workbook may be: ``WorkbookLimits`` documents each. Default ``WorkbookLimits()``.
    - ``jobs``: how many processes ``mutate`` uses. Default None: one for each processor.

    The keys of ``[tool.xlparity]`` are ``engine`` (a name, or a list of them), ``scenarios``, ``seed``, ``rtol`` and ``atol``
    (of ``tolerance``: a project does not loosen what a spec says), ``reference_timeout``, ``min_coverage``, ``time``, and
    ``limits``, a table.
    """

    engines: Sequence[str] = (ENGINE,)
    scenarios: int = SCENARIOS
    seed: int = 0
    tolerance: Tolerance = Tolerance()  # noqa: RUF009  (it is frozen)
    rtol: float | None = None
    atol: float | None = None
    external: bool = True
    reference_timeout: float = REFERENCE_TIMEOUT
    in_process: bool = False
    verbose: bool = False
    min_coverage: float = 0.0
    mutants: int = MUTANTS
    time: float | None = None
    jobs: int | None = None
    limits: WorkbookLimits = WorkbookLimits()  # noqa: RUF009  (it is frozen)

    def __post_init__(self) -> None:
        engines = (self.engines,) if isinstance(self.engines, str) else self.engines
        if isinstance(engines, list | tuple):
            object.__setattr__(self, "engines", tuple(engines))  # it is frozen, and equal to one that was given a tuple
        for field in fields(self):
            _refuse_nonsense(field.name, getattr(self, field.name), "")

    @classmethod
    def of_project(cls, folder: Path = Path()) -> "Options":
        """The options of the project in which the folder lies, by the nearest ``pyproject.toml`` with ``[tool.xlparity]``.

        ``dataclasses.replace(Options.of_project(), seed=1)`` are the project's with another seed. Raises UsageError where
        that table, or a ``pyproject.toml`` on the way to it, is wrong.
        """
        with LOCK:
            folder = folder.resolve()
        for place in (folder, *folder.parents):
            path = place / "pyproject.toml"
            if not path.is_file():
                continue
            try:
                tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
            except (OSError, ValueError, RecursionError) as error:
                raise UsageError(f"{path} cannot be read: {error}; fix it") from error
            if isinstance(tool, Mapping) and "xlparity" in tool:
                return options_of(tool["xlparity"], f"{path}, [tool.xlparity]")
        return cls()

    def over(self, values: Mapping[str, Any], named: str = "") -> "Options":
        """The options with each of the values that is not None in place of theirs.

        Raises UsageError where a value makes no sense; ``named`` precedes its name there, as ``--`` does on a command line.
        """
        given = {name: value for name, value in values.items() if value is not None}
        for name, value in given.items():
            _refuse_nonsense(name, value, named)
        return replace(self, **given)

    def overrule(self, tolerance: Tolerance) -> Tolerance:
        """The tolerance with ``rtol`` and ``atol`` in place of its own, where the options have them."""
        return Tolerance(
            tolerance.rtol if self.rtol is None else self.rtol, tolerance.atol if self.atol is None else self.atol
        )

    def reseeded(self) -> "Options":
        """The options with another seed, for inputs that have not been seen yet."""
        return replace(self, seed=(self.seed + 1) % (LARGEST_SEED + 1))


def options_of(table: Any, where: str, usual: Options | None = None) -> Options:
    """The ``usual`` options with what a table of TOML sets; raises UsageError, which begins with ``where``, if it is wrong."""
    if not isinstance(table, Mapping):
        raise UsageError(f"{where} is a table, with the keys {', '.join(KEYS)}")
    for key in table:
        if key not in KEYS:
            raise UsageError(f"{where}: unknown key '{key}'{nearest(key, KEYS)}")
    usual = Options() if usual is None else usual
    named = f"{where}: "
    limits = table.get("limits", {})
    if not isinstance(limits, Mapping):
        raise UsageError(f"{where}: limits is a table, such as {{ names = 200_000 }}")
    values = {key: table.get(key) for key in ("scenarios", "seed", "reference_timeout", "min_coverage")}
    own = {key: table[key] for key in ("rtol", "atol") if key in table}
    for key, value in own.items():
        _refuse_nonsense(key, value, named)
    return usual.over(
        {
            **values,
            "engines": _engines(table.get("engine"), where),
            "tolerance": replace(usual.tolerance, **{key: float(value) for key, value in own.items()}),
            "time": seconds(table.get("time"), f"{named}time"),
            "limits": usual.limits.over(limits, f"{named}limits"),
        },
        named,
    )


def _engines(value: Any, where: str) -> tuple[str, ...] | None:
    """The names, None where there are none; raises UsageError where they are no names."""
    names = [value] if isinstance(value, str) else value or []
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise UsageError(f"{where}: engine is a name such as 'formulas', or a list of them")
    return tuple(names) or None


def seconds(value: Any, named: str) -> float | None:
    """How long a search may take, infinite for 0 and 'none'; raises UsageError, which begins with the name, for nonsense."""
    if value is None:
        return None
    try:
        found = math.inf if value == "none" else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not found >= 0 or isinstance(value, bool):
        raise UsageError(f"{named} is a number of seconds such as 120, or 0 or 'none' for no limit")
    return found or math.inf


def _refuse_nonsense(name: str, value: Any, named: str) -> None:
    """Raises UsageError, in which ``named`` precedes the name, where an option cannot have this value."""
    text = _nonsense(name, value)
    if text:
        raise UsageError(f"{named}{name.replace('_', '-') if named == '--' else name} {text}")


def _nonsense(name: str, value: Any) -> str | None:
    """What the option is instead, where it cannot have this value."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    whole = isinstance(value, int) and number
    match name:
        case "engines":
            fine = isinstance(value, tuple) and value and all(isinstance(one, str) and one for one in value)
            return None if fine else "is one name or several, such as 'formulas' or ('formulas', 'ironcalc')"
        case "tolerance":
            fine = isinstance(value, Tolerance) and not (_nonsense("rtol", value.rtol) or _nonsense("atol", value.atol))
            return None if fine else "is a Tolerance of two numbers, such as Tolerance(rtol=1e-9, atol=1e-12)"
        case "rtol" | "atol":  # an infinite tolerance would accept every value
            return None if value is None or (number and 0 <= value < math.inf) else "is a number such as 1e-9"
        case "scenarios" | "seed":
            most = MOST_SCENARIOS if name == "scenarios" else LARGEST_SEED
            return None if whole and 0 <= value <= most else f"is a whole number from 0 to {most:,}"
        case "external" | "in_process" | "verbose" | "limits":
            kind, what = (WorkbookLimits, "a WorkbookLimits") if name == "limits" else (bool, "True or False")
            return None if isinstance(value, kind) else f"is {what}"
        case "reference_timeout" | "min_coverage":
            seconds = name == "reference_timeout"
            fine = number and 0 <= value <= (LONGEST if seconds else 100) and (value or not seconds)
            return (
                None if fine else "is a number of seconds, such as 60" if seconds else "is a percentage from 0 to 100"
            )
        case "time":
            fine = value is None or (number and value > 0)
            return None if fine else "is a number of seconds such as 120, or math.inf for no limit"
        case "mutants" | "jobs":
            return None if (whole and value >= 1) or (value is None and name == "jobs") else "is a whole number from 1"
    raise AssertionError(name)
