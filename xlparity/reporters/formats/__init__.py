"""The report formats for files: one module each, with a function ``render``. A new format is a new module here.

``render(reports, fixed, unusable)`` returns the text of several reports; ``fixed`` is the corrected copy that was written.
``unusable`` are the specs of which there is no report. The format ``text`` is not here: it needs the terminal's width
(``reporters/terminal.py``).
"""

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlparity.results.fixed import Fixed
    from xlparity.results.report import Report, Unusable

TEXT = "text"


@cache
def format_names() -> tuple[str, ...]:
    """The names of all formats, ``text`` first."""
    return (TEXT, *sorted(module.name for module in pkgutil.iter_modules(__path__)))


def render(
    name: str, reports: "Sequence[Report]", fixed: "Fixed | None" = None, unusable: "Sequence[Unusable]" = ()
) -> str:
    """The reports in a format other than ``text``; its module is imported here, on first use."""
    text: str = importlib.import_module(f"{__name__}.{name}").render(reports, fixed, unusable)
    return text
