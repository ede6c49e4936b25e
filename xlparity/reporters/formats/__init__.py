"""The formats of a report, a file or folder each, with a function ``render``: a new one is a new file here, and nothing else.

``render(reports, fixed)`` gives the text of several reports, ``fixed`` being the corrected copy that was written, or None. The
format ``text`` is the terminal's, which needs to know how wide that is.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlparity.results.fixed import Fixed
    from xlparity.results.report import Report

TEXT = "text"


@cache
def format_names() -> tuple[str, ...]:
    """The names of all formats, the text first."""
    return (TEXT, *sorted(module.name for module in pkgutil.iter_modules(__path__)))


def render(name: str, reports: "Sequence[Report]", fixed: "Fixed | None" = None) -> str:
    """The reports in a format for programs or pages, whose reporter is loaded only here."""
    text: str = importlib.import_module(f"{__name__}.{name}").render(reports, fixed)
    return text
