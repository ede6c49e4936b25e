"""Checks that an Excel workbook computes what a Python function computes, cell by cell and iteration by iteration.

>>> import xlparity
>>> report = xlparity.verify("workbooks/regressor.parity.toml")
>>> print(report.verdict)
pass

``verify`` takes a spec file, ``assert_parity`` what one says as arguments; both return a ``Report``. ``fix`` and ``annotate``
write copies of its workbook, ``mutate`` measures how much a spec detects, and ``grade`` grades the copies of a class. ``init``
drafts a spec file and ``generate`` writes a course workbook with its own. ``recalculate`` needs no spec: it gives a workbook's
values. ``help(xlparity.verify)`` and so on tell parameters, shapes, units and errors.

All take the same ``options``; without any, they are the project's: ``[tool.xlparity]`` in ``pyproject.toml`` (see ``Options``).
What differs is data, in the report. What cannot be used, such as a file that is not there, raises a subclass of
``XlparityError``:

- ``UsageError``: an argument or an option; ``SpecError``: a spec file, with its line; ``WorkbookError``: a workbook.
- ``EngineError``: an engine that failed; ``OracleError``: a Python reference that cannot be found, called or believed.
- ``LanguageError``: a line of the formula language in which course workbooks are written.

**Threads.** Every function here may be called from several threads at once, with different or with the same files to read;
what two of them write must be two files. Each result is that of the call by itself. A reference that is found by its name runs
in a process of its own, which ends with the call. Functions that are handed over are called one at a time in this process, since
they may set what belongs to all of it: warnings filters, the current folder, standard output. Such settings are undone after each
call, and xlparity reads no file by a relative path meanwhile; the other threads of the program do see them.
Objects that are returned are not changed any more; a ``recalculate`` fixture of pytest belongs to one thread.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlparity.actions.annotate import annotate
    from xlparity.actions.asserting import assert_parity
    from xlparity.actions.fix import fix
    from xlparity.actions.generate.files import generate
    from xlparity.actions.grade import grade
    from xlparity.actions.init import init
    from xlparity.actions.mutate.run import mutate
    from xlparity.actions.recalculate import recalculate
    from xlparity.errors import (
        EngineError,
        LanguageError,
        OracleError,
        SpecError,
        UsageError,
        WorkbookError,
        XlparityError,
    )
    from xlparity.excel.values import BLANK, ErrorValue
    from xlparity.jobs.limits import Limits, Workers
    from xlparity.limits import WorkbookLimits
    from xlparity.pipeline import verify
    from xlparity.results.report import Finding, Report, Verdict
    from xlparity.settings import Options
    from xlparity.tolerance import Tolerance

__version__ = "0.1.0"
__all__ = [
    "BLANK",
    "EngineError",
    "ErrorValue",
    "Finding",
    "LanguageError",
    "Limits",
    "Options",
    "OracleError",
    "Report",
    "SpecError",
    "Tolerance",
    "UsageError",
    "Verdict",
    "WorkbookError",
    "WorkbookLimits",
    "Workers",
    "XlparityError",
    "__version__",
    "annotate",
    "assert_parity",
    "fix",
    "generate",
    "grade",
    "init",
    "mutate",
    "recalculate",
    "verify",
]

_PLACES = {
    "actions.annotate": ("annotate",),
    "actions.asserting": ("assert_parity",),
    "actions.fix": ("fix",),
    "actions.generate.files": ("generate",),
    "actions.grade": ("grade",),
    "actions.init": ("init",),
    "actions.mutate.run": ("mutate",),
    "actions.recalculate": ("recalculate",),
    "errors": (
        "EngineError", "LanguageError", "OracleError", "SpecError", "UsageError", "WorkbookError", "XlparityError",
    ),
    "excel.values": ("BLANK", "ErrorValue"),
    "jobs.limits": ("Limits", "Workers"),
    "limits": ("WorkbookLimits",),
    "pipeline": ("verify",),
    "results.report": ("Finding", "Report", "Verdict"),
    "settings": ("Options",),
    "tolerance": ("Tolerance",),
}  # fmt: skip
"""The public names by the module that has them."""


def __getattr__(name: str) -> Any:
    """The names on first use: neither ``xlparity --help`` nor pytest's start waits for numpy or openpyxl."""
    for place, names in _PLACES.items():
        if name in names:
            return getattr(importlib.import_module(f"xlparity.{place}"), name)
    raise AttributeError(f"module 'xlparity' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
