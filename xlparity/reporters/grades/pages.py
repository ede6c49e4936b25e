"""What the pages of grades have in common: templates, styles and escaping, as in the HTML report."""

from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from xlparity.reporters.formats.html.changes import marked
from xlparity.reporters.grades import words
from xlparity.reporters.templates import environment
from xlparity.reporters.visible import visible
from xlparity.reporters.words import number
from xlparity.results.rules import RULES


@cache
def _environment() -> jinja2.Environment:
    made = environment("xlparity.reporters")
    made.filters |= {"points": words.points, "percent": words.percent, "plural": number, "count": "{:,}".format}
    made.globals |= {"words": words, "marked": marked, "rules": RULES}
    assert made.loader is not None
    styles = ("formats/html/page.css", "grades/grades.css")
    made.globals["css"] = Markup("\n".join(made.loader.get_source(made, one)[0] for one in styles))
    return made


def rendered(template: str, **values: Any) -> str:
    """The page; texts of students and files are escaped, and their control characters are replaced."""
    return visible(_environment().get_template(f"grades/{template}").render(**values))
