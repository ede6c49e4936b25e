"""Excel's family Text: characters, places and case; ``cutting`` has the lists and numbers in texts, ``formats`` TEXT."""

import itertools
from typing import Any

from formulas.tokens.operand import XlError

from xlparity.engines.evaluator import guards
from xlparity.engines.evaluator.functions.conversions import VALUE
from xlparity.engines.evaluator.functions.matching import LONGEST_TEXT, lowered, pattern
from xlparity.engines.evaluator.functions.signatures import Function, function
from xlparity.engines.evaluator.guards import Refusal, is_text

_CONTROLS = dict.fromkeys(range(32))


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


def left(text: str, count: float = 1.0) -> Any:
    """Excel's LEFT."""
    return counted(text)[: whole(count)] if count >= 0 else VALUE


def right(text: str, count: float = 1.0) -> Any:
    """Excel's RIGHT."""
    return VALUE if count < 0 else counted(text)[max(0, len(text) - whole(count)) :]


def mid(text: str, start: float, count: float) -> Any:
    """Excel's MID."""
    first = whole(start)
    return VALUE if first < 1 or count < 0 else counted(text)[first - 1 : first - 1 + whole(count)]


def find(wanted: str, text: str, start: float = 1.0) -> Any:
    """Excel's FIND."""
    first = whole(start)
    if first < 1 or (first > len(counted(text)) and wanted):
        return VALUE
    if not wanted and first > len(text):
        raise Refusal("FIND of nothing behind the end of a text")
    place = text.find(counted(wanted), first - 1)
    return place + 1 if place >= 0 else VALUE


def search(wanted: str, text: str, start: float = 1.0) -> Any:
    """Excel's SEARCH: case does not matter, and wildcards count."""
    first = whole(start)
    if first < 1 or (first > len(counted(text)) and wanted):
        return VALUE
    if not wanted and first > len(text):
        raise Refusal("SEARCH for nothing behind the end of a text")
    if len(wanted) > 255:
        raise Refusal("a pattern of more than 255 characters")
    found = pattern(counted(wanted)).search(lowered(text), first - 1)
    return found.start() + 1 if found else VALUE


def substitute(text: str, old: str, new: str, instance: float | None = None) -> Any:
    """Excel's SUBSTITUTE, of every occurrence or of one."""
    if instance is None:
        return fitting(text.replace(old, new)) if old else text
    number = whole(instance)
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


def replace(text: str, start: float, count: float, new: str) -> Any:
    """Excel's REPLACE."""
    first = whole(start)
    if first < 1 or count < 0:
        return VALUE
    return fitting(counted(text)[: first - 1] + new + text[first - 1 + whole(count) :])


def upper(text: str) -> str:
    """Excel's UPPER."""
    lowered(text)  # refuses what has no counterpart
    return text.upper()


def proper(text: str) -> str:
    """Excel's PROPER: a capital after everything that is no letter."""
    small = lowered(text)
    return "".join(c if k and small[k - 1].isalpha() else c.upper() for k, c in enumerate(small))


def trim(text: str) -> str:
    """Excel's TRIM: single spaces between words; other blanks, the non-breaking one included, are left."""
    return " ".join(word for word in text.split(" ") if word)


def rept(text: str, count: float) -> Any:
    """Excel's REPT."""
    times = whole(count)
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


def unichar(number: float) -> Any:
    """Excel's UNICHAR."""
    point = whole(number)
    if not 1 <= point <= 0x10FFFF:
        return VALUE
    if 0xD800 <= point <= 0xDFFF or point & 0xFFFE == 0xFFFE:
        raise Refusal("a code that is no character")
    return chr(point)


def unicode_point(text: str) -> Any:
    """Excel's UNICODE."""
    return ord(text[0]) if text else VALUE


def concatenate(*texts: str) -> Any:
    """Excel's CONCATENATE."""
    return fitting("".join(texts))


def exactly(left: str, right: str) -> bool:
    """Excel's EXACT."""
    return left == right


def only_text(value: Any) -> Any:
    """Excel's T."""
    return value if is_text(value) or isinstance(value, XlError) else ""


FUNCTIONS: dict[str, Function] = {
    "LEN": function(lambda text: len(counted(text)), "text"),
    "LEFT": function(left, "text number?"),
    "RIGHT": function(right, "text number?"),
    "MID": function(mid, "text number number"),
    "FIND": function(find, "text text number?"),
    "SEARCH": function(search, "text text number?"),
    "SUBSTITUTE": function(substitute, "text text text number?"),
    "REPLACE": function(replace, "text number number text"),
    "UPPER": function(upper, "text"),
    "LOWER": function(lowered, "text"),
    "PROPER": function(proper, "text"),
    "TRIM": function(trim, "text"),
    "CLEAN": function(lambda text: text.translate(_CONTROLS), "text"),
    "REPT": function(rept, "text number"),
    "CHAR": function(char, "number"),
    "CODE": function(code, "text"),
    "UNICHAR": function(unichar, "number"),
    "UNICODE": function(unicode_point, "text"),
    "EXACT": function(exactly, "text text"),
    "CONCATENATE": function(concatenate, "text~*"),
    "T": function(only_text, "lone"),
}
