"""Excel's REGEX functions, for the patterns that Python's regular expressions read exactly as PCRE2 does."""

import re
from typing import Any

import numpy as np

from xlparity.engines.evaluator.functions.conversions import NA, VALUE
from xlparity.engines.evaluator.functions.matching import LONGEST_TEXT
from xlparity.engines.evaluator.functions.signatures import Function, function
from xlparity.engines.evaluator.guards import Refusal

_SET = r"\[\^?(?:[A-Za-z0-9_ ](?:-[A-Za-z0-9])?|[.,:;!?/@#%&*+=]|\\[dw.-])+\]"
_TIMES = r"(?:[*+?]|\{[0-9]{1,2}(?:,[0-9]{1,2})?\})?"
# No group is repeated, looked around or referred to, and nothing depends on what a letter is beyond ASCII.
_PLAIN = re.compile(rf"\^?(?:(?:[A-Za-z0-9_ \-,:;!/@#%&='\"~<>.]|\\[dws.*+?()\-]|{_SET}){_TIMES}|\((?!\?)|\)|\|)+\$?")
_GROUP = re.compile(r"\$(?:([0-9])(?![0-9])|\{([0-9])\})")


def _expression(text: str, pattern: str, case: float) -> re.Pattern[str]:
    if case not in (0, 1):
        raise Refusal("a regular expression that is told neither to mind case nor not to")
    if not text.isascii() or any(character < " " for character in text):
        raise Refusal("a regular expression on letters beyond ASCII or on control characters")
    if not _PLAIN.fullmatch(pattern) or re.search(r"\)[*+?{]|\(\||\|\||\|\)|\|$|^\||\(\)", pattern):
        raise Refusal("a regular expression with more than characters, sets, repetitions and groups")
    return re.compile(pattern, re.ASCII | (re.IGNORECASE if case else re.NOFLAG))


def test(text: str, pattern: str, case: float = 0.0) -> bool:
    """Excel's REGEXTEST."""
    return _expression(text, pattern, case).search(text) is not None


def extract(text: str, pattern: str, mode: float = 0.0, case: float = 0.0) -> Any:
    """Excel's REGEXEXTRACT: the first match, all of them (1), or the groups of the first (2), side by side."""
    expression = _expression(text, pattern, case)
    if expression.fullmatch(""):
        raise Refusal("a regular expression that fits nothing at all")
    found = list(expression.finditer(text))
    if mode not in (0, 1, 2):
        return VALUE
    if not found:
        return NA
    if mode == 0:
        return found[0][0]
    if mode == 2 and (not expression.groups or None in found[0].groups()):
        raise Refusal("the groups of a regular expression that has none, or of which one is not met")
    return np.array([[match[0] for match in found] if mode == 1 else list(found[0].groups())], object)


def replace(text: str, pattern: str, new: str, occurrence: float = 0.0, case: float = 0.0) -> Any:
    """Excel's REGEXREPLACE, of every match or of one."""
    expression = _expression(text, pattern, case)
    if expression.fullmatch("") or occurrence < 0 or not float(occurrence).is_integer():
        raise Refusal("a regular expression that fits nothing at all, or matches counted from the end")
    rest = _GROUP.sub("", new)
    groups = [int(one or other) for one, other in _GROUP.findall(new)]
    if "$" in rest or "\\" in rest or any(group > expression.groups for group in groups):
        raise Refusal("a replacement with more than groups in it")
    made: list[str] = []
    last = 0
    for number, match in enumerate(expression.finditer(text), start=1):
        if occurrence in (0, number):
            if None in match.groups():
                raise Refusal("a group that is not met in a replacement")
            filled = _GROUP.sub(lambda group, match=match: match[int(group[1] or group[2])], new)  # type: ignore[misc]
            made += text[last : match.start()], filled
            last = match.end()
    result = "".join(made) + text[last:]
    return result if len(result) <= LONGEST_TEXT else VALUE


FUNCTIONS: dict[str, Function] = {
    "REGEXTEST": function(test, "text text strict?", own='REGEXTEST("Mr. Sherlock Holmes","[A-Z]her")'),
    "REGEXEXTRACT": function(
        extract,
        "text text strict? strict?",
        own='INDEX(REGEXEXTRACT("LonelyPlanet","[A-Z][a-z]+",1),1,2)',
    ),
    "REGEXREPLACE": function(
        replace,
        "text text text strict? strict?",
        own='REGEXREPLACE("JamesBond","([A-Z][a-z]+)([A-Z][a-z]+)","$2, $1 $2")',
    ),
}
