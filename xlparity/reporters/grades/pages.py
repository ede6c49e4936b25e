"""What the pages of grades have in common: templates, styles and escaping, as in the HTML report."""

from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from xlparity.reporters.formats.html.changes import marked
from xlparity.reporters.grades import words
from xlparity.reporters.visible import visible
from xlparity.reporters.words import number
from xlparity.results.rules import RULES


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("xlparity.reporters", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"points": words.points, "percent": words.percent, "plural": number, "count": "{:,}".format}
    environment.globals |= {"words": words, "marked": marked, "rules": RULES}
    assert environment.loader is not None
    styles = ("formats/html/page.css", "grades/grades.css")
    environment.globals["css"] = Markup("\n".join(environment.loader.get_source(environment, one)[0] for one in styles))
    return environment


def rendered(template: str, **values: Any) -> str:
    """The page; texts of students and files are escaped, and their control characters are replaced."""
    return visible(_environment().get_template(f"grades/{template}").render(**values))
