"""The report as one self-contained HTML page: no other files, no requests, and the same bytes for the same report."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from markupsafe import Markup

from xlparity.reporters import rows, words
from xlparity.reporters.formats.html import tables
from xlparity.reporters.formats.html.changes import marked
from xlparity.reporters.formats.html.curves import curve
from xlparity.reporters.formats.html.maps import STATES, legend, maps, packed
from xlparity.reporters.templates import environment
from xlparity.reporters.typed import typed
from xlparity.reporters.visible import visible
from xlparity.results.fixed import Fixed
from xlparity.results.report import STATUSES, Report, Unusable, overall
from xlparity.results.rules import LEVELS


def render(reports: Sequence[Report], fixed: Fixed | None = None, unusable: Sequence[Unusable] = ()) -> str:
    """The page: one report, or several below a list of their verdicts and of the specs of which there is none.

    The corrected copy is named below the verdict.
    """
    made = environment("xlparity.reporters.formats.html")
    made.filters |= {
        "value": tables.value, "plural": words.number, "difference": words.difference, "steps": words.ulps,
        "number": "{:,}".format, "ranges": tables.ranges, "basename": lambda path: PurePosixPath(path).name,
        "sentence": _sentence,
    }  # fmt: skip
    made.globals |= {
        "curve": curve,
        "legend": legend,
        "maps": maps,
        "marked": marked,
        "packed": packed,
        "rows": rows,
        "tables": tables,
    }
    made.globals |= {"marks": words.MARK, "states": STATES, "statuses": STATUSES, "words": words}
    made.globals["levels"] = LEVELS
    assert made.loader is not None
    css, js = (Markup(made.loader.get_source(made, name)[0]) for name in ("page.css", "page.js"))
    page = made.get_template("page.html.j2")
    verdict = overall(reports, unusable)
    reports = [typed(report) for report in reports]
    return visible(page.render(reports=reports, unusable=unusable, fixed=fixed, verdict=verdict, css=css, js=js))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."
