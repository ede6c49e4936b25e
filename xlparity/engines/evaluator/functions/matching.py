"""What Excel finds when it looks something up: equal, like a pattern, or the nearest in an ordered row of values."""

import functools
import itertools
import re
import string
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator import guards
from xlparity.engines.evaluator.guards import Refusal, is_number, is_text

LONGEST_TEXT = 32_767
_LONGEST_PATTERN = 255
_LAST_FAMILIAR = "\u052f"  # the end of Cyrillic
_KANA = {katakana: katakana - 0x60 for katakana in range(0x30A1, 0x30F7)}


def lowered(text: str) -> str:
    """The text in small letters, one for one; refused where letters have no single counterpart."""
    if text.isascii():
        return text.lower()
    small = [character.lower() for character in text]
    for character, other in zip(text, small, strict=True):
        if character > _LAST_FAMILIAR and not character == other == character.upper():
            raise Refusal(f"the case of '{character}'")  # Georgian and Cherokee got theirs after Windows had its tables
        # As with the sharp s, the dotless i, the micro sign: Windows and Unicode have different opinions.
        if len(other) != 1 or len(character.upper()) != 1 or character.upper().lower() != other:
            raise Refusal(f"the case of '{character}'")
    return "".join(small)


def same_text(left: str, right: str) -> bool:
    """Whether Excel, which does not mind case, takes two texts for the same."""
    if left.isascii() and right.isascii():
        return left.lower() == right.lower()
    if left == right:
        return True
    if lowered(left) == lowered(right):
        return True
    if _skeleton(left) == _skeleton(right):
        raise Refusal("comparing texts that differ by an accent, a width or an invisible sign only")
    return False


@functools.cache
def _skeleton(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_KANA)
    return "".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Cf", "Cc"))


def same(left: Any, right: Any) -> bool:
    """Whether a lookup that asks for an exact match takes the two for equal: of one kind, and alike."""
    if is_number(left) and is_number(right):
        return guards.order(left, right) == 0
    if is_text(left) and is_text(right):
        return same_text(left, right)
    return isinstance(left, bool) and isinstance(right, bool) and left is right


def has_wildcards(text: str) -> bool:
    """Whether a text means more than itself where wildcards count."""
    return any(sign in text for sign in "*?~")


@functools.lru_cache(maxsize=1000)
def pattern(text: str) -> re.Pattern[str]:
    """Excel's wildcards, on small letters: ``*`` any run, ``?`` any character, ``~`` takes the next one as it is.

    Each piece between two asterisks is matched at the first place where it occurs, and never again, so that a pattern of many
    asterisks takes no longer than one of few.
    """
    return re.compile(with_runs(pieces_of(text)), re.DOTALL)


def pieces_of(text: str) -> list[str]:
    """The regular expressions of what is between the asterisks of a pattern, on small letters."""
    pieces = [""]
    characters = iter(lowered(text))
    for character in characters:
        if character == "*":
            pieces.append("")
        else:
            taken = next(characters, "") if character == "~" else character
            pieces[-1] += "." if character == "?" else re.escape(taken)
    return pieces


def search(wanted: str, text: str, first: int) -> int | None:
    """Where the pattern begins for the first time in a text, at this position or behind it.

    Each piece between two asterisks is looked for once, behind the one before: what does not follow its first occurrence
    follows no later one either.
    """
    begin = end = None
    for piece in pieces_of(wanted):
        found = re.compile(piece, re.DOTALL).search(text, first if end is None else end)
        if found is None:
            return None
        begin, end = found.start() if begin is None else begin, found.end()
    return begin


def with_runs(pieces: Sequence[str]) -> str:
    """The regular expression of these ones with any run of characters between them."""
    if len(pieces) == 1:
        return pieces[0]
    return f"{pieces[0]}{''.join(f'(?>.*?{piece})' for piece in pieces[1:-1])}.*{pieces[-1]}"


def like(text: str) -> Callable[[Any], bool]:
    """Whether a value is a text that fits the pattern."""
    if len(text) > _LONGEST_PATTERN:
        raise Refusal("a pattern of more than 255 characters")
    form = pattern(text)

    def fits(value: Any) -> bool:
        if not is_text(value):
            return False
        if value == "" and form.fullmatch(""):
            raise Refusal("a pattern of asterisks where there is an empty text")
        return form.fullmatch(lowered(value)) is not None

    return fits


def order(value: Any, other: Any) -> int:
    """-1, 0 or 1 as one value of a kind comes before, with or after another."""
    if is_number(value) and is_number(other):
        return guards.order(value, other)
    if is_text(value) and is_text(other):
        return 0 if same_text(value, other) else order_of_texts(value.lower(), other.lower())
    return int(bool(value)) - int(bool(other))


def order_of_texts(left: str, right: str) -> int:
    """-1 or 1 as a text in small letters comes before or after another one; refused unless all that is known of it agrees.

    Microsoft documents of sorting that digits come first, then ``_SIGNS`` in that order, then letters, and that hyphens and
    apostrophes are passed over, but that of texts which are the same without them the one that has some comes last. Windows,
    on whose order Excel relies, has the signs before the digits. That comparisons pass over hyphens as sorting does, and
    that they do not go by the codes of the characters, is not documented.
    """
    if not (left.isascii() and right.isascii()):
        return _order_before_signs(left, right)
    if left.isalnum() and right.isalnum():
        return 1 if left > right else -1
    if not _RANKS[0].keys() >= set(left + right):
        raise Refusal("the order of texts with signs in them that cannot be seen; accept its value")
    passed = [sum(sign in _PASSED_OVER for sign in text) for text in (left, right)]
    found = {_by(ranks, left, right) for ranks in _RANKS}
    found |= {_by(ranks, _plain(left), _plain(right)) or passed[0] - passed[1] for ranks in _RANKS}
    if not (max(found) < 0 or min(found) > 0):
        raise Refusal(
            "the order of texts with signs in them, of which Excel and Windows document several; accept its value"
        )
    return 1 if min(found) > 0 else -1


_SIGNS = ' !"#$%&()*,./:;?@[\\]^_`{|}~+<=>'
_PASSED_OVER = "'-"
_RANKS = tuple(
    {sign: rank for rank, sign in enumerate(order)}
    for order in (
        _PASSED_OVER + string.digits + _SIGNS + string.ascii_lowercase,
        _PASSED_OVER + _SIGNS + string.digits + string.ascii_lowercase,
        sorted(_PASSED_OVER + _SIGNS + string.digits + string.ascii_lowercase),
    )
)


def _by(ranks: Mapping[str, int], left: str, right: str) -> int:
    one, other = ([ranks[sign] for sign in text] for text in (left, right))
    return (one > other) - (one < other)


def _plain(text: str) -> str:
    return text.translate({ord(sign): None for sign in _PASSED_OVER})


def _order_before_signs(left: str, right: str) -> int:
    """Texts with letters beyond ASCII are in order only by what comes before the first one, and the first sign."""
    for x, y in zip(left, right, strict=False):
        if not (x.isascii() and y.isascii() and x.isalnum() and y.isalnum()):
            break
        if x != y:
            return -1 if x < y else 1
    raise Refusal("the order of texts with letters beyond ASCII")


def kind(value: Any) -> str:
    """What it can be compared with: ``number``, ``text``, ``truth``; ``none`` for blanks and errors."""
    if value is EMPTY or isinstance(value, XlError):
        return "none"
    if isinstance(value, bool):
        return "truth"
    return "text" if is_text(value) else "number"


_KINDS = ("number", "text", "truth")


def order_of_any(value: Any, other: Any) -> int:
    """The order of values of all kinds: numbers before texts before truth values."""
    ranks = _KINDS.index(kind(value)) - _KINDS.index(kind(other))
    return (ranks > 0) - (ranks < 0) or order(value, other)


def nearest(wanted: Any, values: Sequence[Any], direction: int) -> int | None:
    """Where an approximate match ends: at the largest value up to the one wanted, or, downwards, the smallest from it on.

    Excel halves the range again and again, and so finds anything at all unless the values are in order. What is greater
    than all of them leads to the last one in any case, which is how sheets look for the last number of a column.
    """
    places = [place for place, value in enumerate(values) if kind(value) == kind(wanted)]
    steps = [order(values[place], wanted) * direction for place in places]
    if direction > 0 and places and max(steps) < 0:
        return places[-1]
    if places:
        _only_of_its_kind(values, places, direction)
    for place, after in itertools.pairwise(places):
        if order(values[place], values[after]) * direction > 0:
            return _met(wanted, values, direction)
    reached = [place for place, step in zip(places, steps, strict=True) if step <= 0]
    if direction < 0 and len(reached) > 1 and order(values[reached[-1]], values[reached[-2]]) == 0:
        raise Refusal("an approximate match among equal values")  # upwards it is the last of them
    return reached[-1] if reached else None


def _met(wanted: Any, values: Sequence[Any], direction: int) -> int:
    """Where a search that halves the range meets an equal value; the middle of an even number is the first of the two.

    So Excel's stored values have it. Refused where it meets none: where values are not in order it may end anywhere.
    """
    low, high = 0, len(values) - 1
    while low <= high and kind(values[middle := (low + high) // 2]) == kind(wanted):
        step = order(values[middle], wanted) * direction
        if not step:
            if any(
                same(value, wanted)
                for value in (*values[max(0, middle - 1) : middle], *values[middle + 1 : middle + 2])
            ):
                break
            return middle
        low, high = (middle + 1, high) if step < 0 else (low, middle - 1)
    raise Refusal("an approximate match among values that are not in order")


def _only_of_its_kind(values: Sequence[Any], places: list[int], direction: int) -> None:
    """What is passed over may stand above the values, as one heading, or be blank below them."""
    head = 1 if direction > 0 else 0
    if places[0] > head or places[-1] - places[0] + 1 != len(places):
        raise Refusal("an approximate match among values of several kinds")
    if any(value is not EMPTY for value in values[places[-1] + 1 :]):
        raise Refusal("an approximate match among values of several kinds")


def exact(wanted: Any, values: Sequence[Any], wildcards: bool, backwards: bool = False) -> int | None:
    """Where the first value is that equals the one wanted, or fits it as a pattern; or the last."""
    places = range(len(values) - 1, -1, -1) if backwards else range(len(values))
    if wildcards and is_text(wanted) and has_wildcards(wanted):
        fits = like(wanted)
        return next((place for place in places if fits(values[place])), None)
    if type(wanted) is float:  # which most lookups are; what is far away needs no closer look
        reach = 2e-13 * abs(wanted) + 2e-15
        near = (place for place in places if type(values[place]) is not float or abs(values[place] - wanted) <= reach)
        return next((place for place in near if same(wanted, values[place])), None)
    return next((place for place in places if same(wanted, values[place])), None)
