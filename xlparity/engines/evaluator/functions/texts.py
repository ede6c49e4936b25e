"""Excel's family Text: characters, places and case; ``cutting`` has the lists and numbers in texts, ``formats`` TEXT."""

import itertools
import math
from typing import Any

from formulas.tokens.operand import XlError

from xlparity.engines.evaluator import guards
from xlparity.engines.evaluator.functions import matching
from xlparity.engines.evaluator.functions.conversions import VALUE, to_number
from xlparity.engines.evaluator.functions.matching import LONGEST_TEXT, lowered
from xlparity.engines.evaluator.functions.signatures import Function, delegated, function
from xlparity.engines.evaluator.guards import Refusal


def counted(text: str) -> str:
    """A text of which the characters can be counted; Excel's versions differ on those beyond the basic plane."""
    if any(character > "\uffff" for character in text):
        raise Refusal("counting characters beyond the basic multilingual plane")
    return text


def whole(number: float) -> int:
    """A count as Excel takes it, cut to a whole number."""
    return guards.whole_part(number)


def fitting(text: str) -> Any:
    """The text, or #VALUE! where a cell cannot hold it."""
    return text if len(text) <= LONGEST_TEXT else VALUE


def _counted(text: str, *counts: float) -> tuple[Any, ...]:
    """A count between -1 and 0 is below zero before it is cut, and so an error."""
    return counted(text), *(whole(count) if count >= 0 else math.floor(count) for count in counts)


def _findable(wanted: str, text: str, start: float = 1.0) -> tuple[Any, ...]:
    if not wanted and whole(start) > len(text):
        raise Refusal("FIND of nothing behind the end of a text")
    return counted(wanted), counted(text), whole(start)


def _replaceable(text: str, start: float, count: float, new: str) -> tuple[Any, ...]:
    if len(text) + len(new) > LONGEST_TEXT:
        raise Refusal("a text that may be longer than a cell can hold")
    return *_counted(text, start, count), new


def _a_character(number: float) -> tuple[int]:
    point = whole(number)
    if 0xD800 <= point <= 0xDFFF or point & 0xFFFE == 0xFFFE:
        raise Refusal("a code that is no character")
    return (point,)


def search(wanted: str, text: str, start: float = 1.0) -> Any:
    """Excel's SEARCH: case does not matter, and wildcards count."""
    first = whole(start)
    if first < 1 or (first > len(counted(text)) and wanted):
        return VALUE
    if not wanted and first > len(text):
        raise Refusal("SEARCH for nothing behind the end of a text")
    if len(wanted) > 255:
        raise Refusal("a pattern of more than 255 characters")
    found = matching.search(counted(wanted), lowered(text), first - 1)
    return VALUE if found is None else found + 1


def substitute(text: str, old: str, new: str, instance: Any = None) -> Any:
    """Excel's SUBSTITUTE, of every occurrence or of one."""
    if instance is None:
        return fitting(text.replace(old, new)) if old else text
    if isinstance(instance, bool):
        return VALUE  # which for other functions is 0 or 1
    place = to_number("SUBSTITUTE", instance)
    if isinstance(place, XlError):
        return place
    number = whole(place)
    if number < 1:
        return VALUE
    if not old:
        return text
    places = [place for place in range(len(text)) if text.startswith(old, place)]
    if any(after - before < len(old) for before, after in itertools.pairwise(places)):
        raise Refusal("SUBSTITUTE by number where the occurrences overlap")
    if number > len(places):
        return text
    at = places[number - 1]
    return fitting(text[:at] + new + text[at + len(old) :])


def trim(text: str) -> str:
    """Excel's TRIM: single spaces between words; other blanks, the non-breaking one included, are left."""
    return " ".join(word for word in text.split(" ") if word)


def rept(text: str, count: float) -> Any:
    """Excel's REPT."""
    times = whole(count)
    if count < 0 == times:
        raise Refusal("REPT with a number between -1 and 0")
    if times < 0 or len(text) * times > LONGEST_TEXT:
        return VALUE
    return text * times


def char(number: float) -> Any:
    """Excel's CHAR, in the code page of Windows; nothing stands for the five codes that it leaves out."""
    code = whole(number)
    if not 1 <= code <= 255:
        return VALUE
    try:
        return bytes([code]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(code)


def code(text: str) -> Any:
    """Excel's CODE, in the code page of Windows; it has a question mark for what that lacks, or something like it."""
    if not text:
        return VALUE
    try:
        return text[0].encode("cp1252")[0]
    except UnicodeEncodeError:
        raise Refusal(f"the code of '{text[0]}', which is not in the code page") from None


def concatenate(*texts: str) -> Any:
    """Excel's CONCATENATE."""
    return fitting("".join(texts))


FUNCTIONS: dict[str, Function] = {
    "LEN": delegated("LEN", "text", guard=counted),
    "LEFT": delegated("LEFT", "text number?", prepare=_counted),
    "RIGHT": delegated("RIGHT", "text number?", prepare=_counted),
    "MID": delegated("MID", "text number number", prepare=_counted),
    "FIND": delegated("FIND", "text text number?", prepare=_findable),
    "SEARCH": function(search, "text text number?", own='SEARCH("ns??i","Einstein")'),
    "SUBSTITUTE": function(substitute, "text text text scalar?", own='SUBSTITUTE("abc","","x")'),
    "REPLACE": delegated("REPLACE", "text number number text", prepare=_replaceable),
    "UPPER": delegated("UPPER", "text", guard=lowered),
    "LOWER": delegated("LOWER", "text", guard=lowered),
    "PROPER": delegated("PROPER", "text", guard=lowered),
    "TRIM": function(trim, "text", own='TRIM("  First   Quarter ")'),
    "CLEAN": delegated("CLEAN", "text"),
    "REPT": function(rept, "text number", own='REPT("ab",-1)'),
    "CHAR": function(char, "number", own="CHAR(128)"),
    "CODE": function(code, "text", own='CODE("é")'),
    "UNICHAR": delegated("UNICHAR", "number", prepare=_a_character),
    "UNICODE": delegated("UNICODE", "text"),
    "EXACT": delegated("EXACT", "text text"),
    "CONCATENATE": function(concatenate, "text~*", own="CONCATENATE()"),
    "T": delegated("T", "lone"),
}
