"""The one error tree. Every error says where, what is wrong and what to do; the command line prints it and exits with 2.

XlparityError
├── UsageError        an argument that makes no sense: an unknown engine, a file that is not there
├── SpecError         a spec file that is wrong, with its line
├── WorkbookError     a workbook that cannot be read
├── EngineError       a program that was to recalculate a workbook, and crashed, gave nothing back or ran out of time
├── OracleError       a Python reference that cannot be found, called or believed
└── LanguageError     a line of a sheet's formula language that cannot become Excel formulas
"""

from collections.abc import Iterable
from pathlib import Path

_KNOWN_SHOWN = 12


class XlparityError(Exception):
    """Whatever a person can correct; anything else that is raised is a fault of xlparity."""


class UsageError(XlparityError):
    """An argument of a call or a command is wrong."""


class SpecError(XlparityError):
    """A spec file is wrong: ``path:line: message``."""

    def __init__(self, path: object, line: int | None, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")


class WorkbookError(XlparityError):
    """A workbook cannot be read."""


class EngineError(XlparityError):
    """An engine failed; the workbook may be sound."""


class OracleError(XlparityError):
    """A reference cannot be found, raised, or gave something that is no expectation."""


class LanguageError(XlparityError):
    """A line of a sheet's formula language is wrong."""


def nearest(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the known word most like ``word``, else some of the known words, else nothing."""
    from difflib import get_close_matches  # noqa: PLC0415  (needed where there is an error only)

    known = sorted(known)
    folded = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), folded, n=1)
    if close:
        return f" (did you mean '{folded[close[0]]}'?)"
    more = ", …" if len(known) > _KNOWN_SHOWN else ""
    return f" (known: {', '.join(known[:_KNOWN_SHOWN])}{more})" if known else ""


def nearest_file(path: Path) -> str:
    """A hint at the most similar file of the same kind in the folder of a path that does not exist; empty if it exists."""
    try:
        kind = "".join(path.suffixes)
        names = {file.name for file in path.parent.iterdir() if file.name.endswith(kind)}
        beside = [] if path.exists() else names - {path.name}  # a link that leads nowhere is not like itself
    except (OSError, ValueError):
        return ""
    # Excel keeps a ~$NAME beside a workbook that is open.
    return nearest(path.name, [name for name in beside if not name.startswith("~$")])
