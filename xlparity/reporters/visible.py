"""Removes control characters from text that comes from a workbook, a spec or a file name, before it is shown.

A cell may contain characters that clear a terminal or reverse the rest of a line, and half a surrogate pair, which cannot be
encoded.
"""

import json
import re
from typing import Any

# Control characters except tab and \n (at \r, a terminal overwrites the line), line ends that only some programs know,
# characters that set the direction of the following text, surrogates, and characters that XML does not allow. Marks such as
# U+200F, which Hebrew texts need, affect only themselves and are kept.
_HALVES = "\ud800-\udfff\ufffe\uffff"
_STEERING = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069{_HALVES}]")
_HALF = re.compile(f"[{_HALVES}]")


def visible(text: str) -> str:
    """The text with U+FFFD in place of each control character."""
    return _STEERING.sub("\ufffd", text)


def json_text(document: Any) -> str:
    """The document as JSON: the control characters that ``visible`` replaces are escaped, and only surrogates are lost."""
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", _HALF.sub("\ufffd", text)) + "\n"
