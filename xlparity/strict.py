"""Strict mode, for tests: raises the errors of fast paths that the product would handle by a fallback."""

import os

NAME = "XLPARITY_STRICT"
_MISTAKES = (TypeError, AttributeError, NameError, LookupError, AssertionError)
"""What a mistake in the code raises; arithmetic raises other errors."""


def passed_over(error: Exception) -> None:
    """To be called where an error is passed over: raises it in strict mode where it shows a mistake in the code."""
    if os.environ.get(NAME) and isinstance(error, _MISTAKES):
        raise error
