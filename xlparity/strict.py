"""Strict mode, which is on in the tests: an error that the product passes over is raised, so that none goes unseen."""

import os

NAME = "XLPARITY_STRICT"
_MISTAKES = (TypeError, AttributeError, NameError, LookupError, AssertionError)
"""What a mistake in the code raises; arithmetic raises other errors."""


def passed_over(error: Exception) -> None:
    """To be called where an error is passed over: raises it in strict mode where it shows a mistake in the code."""
    if os.environ.get(NAME) and isinstance(error, _MISTAKES):
        raise error
