"""Texts out of a workbook, a spec or a file's name, made fit to be shown.

A cell may hold what clears a terminal or turns the rest of a line round, and half a character, which no file can hold.
"""

import json
import re
from typing import Any

# Controls but for tabs and \n, what ends a line for some programs only (at \r, a terminal writes over it), what sets the
# direction of what follows, halves of a pair, and what XML does not know. Marks such as U+200F, which Hebrew texts need,
# reach no further.
_HALVES = "\ud800-\udfff\ufffe\uffff"
_STEERING = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069{_HALVES}]")
_HALF = re.compile(f"[{_HALVES}]")


def visible(text: str) -> str:
    """The text with a sign in place of each character that would not be shown but obeyed."""
    return _STEERING.sub("\ufffd", text)


def json_text(document: Any) -> str:
    """The document as JSON: what ``visible`` replaces is escaped, and reads as it was; only what is no text is lost."""
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", _HALF.sub("\ufffd", text)) + "\n"
