"""Templates of HTML pages, alike for the report and for grades."""

import jinja2


def environment(package: str) -> jinja2.Environment:
    """The environment of the templates in a package: values are escaped, and an unknown name is an error."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package, ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
