"""Numbers written in a format: TEXT and FIXED, in the English of the United States."""

import datetime
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator import guards
from xlparity.engines.evaluator.functions.conversions import VALUE
from xlparity.engines.evaluator.functions.matching import LONGEST_TEXT
from xlparity.engines.evaluator.functions.signatures import Function, function
from xlparity.engines.evaluator.functions.texts import whole
from xlparity.engines.evaluator.guards import DECIMALS, Refusal, is_text

_TOKENS = re.compile(
    r"""(?P<literal>"[^"]*"|\\.|_.)|(?P<color>\[(?:Black|Blue|Cyan|Green|Magenta|Red|White|Yellow)\])
    |(?P<general>General)|(?P<half>AM/PM|A/P)|(?P<power>E[+-])|(?P<date>y+|m+|d+|h+|s+)|(?P<digit>[0\#])|(?P<point>\.)
    |(?P<comma>,)|(?P<percent>%)|(?P<text>@)|(?P<plain>[-+$/(): !^&'~{}<>=])""",
    re.VERBOSE | re.IGNORECASE,
)
_LAST_DAY = 2_958_465
_FIRST_CERTAIN_DAY = datetime.datetime(1900, 3, 1)  # Excel has a 29th of February before it
_EPOCH = datetime.datetime(1899, 12, 30)


class Piece(NamedTuple):
    """One piece of a format: its kind and the text."""

    kind: str
    text: str


def sections_of(form: str) -> list[list[Piece]]:
    """The pieces of each section of a format; raises Refusal for what is in none that is known."""
    sections: list[list[Piece]] = [[]]
    position = slashes = 0
    while position < len(form):
        if form[position] == ";":
            sections.append([])
            position += 1
            continue
        match = _TOKENS.match(form, position)
        if match is None:
            raise Refusal(f"a format with '{form[position]}' in it")
        kind, text = str(match.lastgroup), match[0]
        if text == "a/p":
            raise Refusal("a format with a/p in small letters")
        slashes += text == "/"
        if kind == "literal":
            text = " " if text[0] == "_" else text[1:] if text[0] == "\\" else text[1:-1]
        sections[-1].append(Piece("literal" if kind == "plain" else kind, text))
        position = match.end()
    if slashes and any(piece.kind == "digit" for section in sections for piece in section):
        raise Refusal("a format with a slash among digits, which is a fraction")
    return [[piece for piece in section if piece.kind != "color"] for section in sections]


def rounded(number: float, decimals: int) -> Decimal:
    """A number rounded as Excel writes it: halves away from zero, of its first fifteen digits."""
    exact, unit = Decimal(f"{number:.14e}"), Decimal(1).scaleb(-decimals, DECIMALS)
    return exact if DECIMALS.remainder(exact, unit) == 0 else exact.quantize(unit, ROUND_HALF_UP, DECIMALS)


def _digits(number: float, decimals: int) -> tuple[str, str]:
    """The digits before and after the point, without a sign; as many decimals as asked for."""
    before, _, after = f"{rounded(abs(number), decimals):f}".partition(".")
    return before.lstrip("0"), after[:decimals].ljust(decimals, "0")


def grouped(digits: str) -> str:
    """With a comma before every three digits."""
    head = len(digits) % 3 or 3
    return ",".join([digits[:head], *[digits[k : k + 3] for k in range(head, len(digits), 3)]])


def general(number: float) -> str:
    """The format General, which has eleven places, the sign not counted."""
    if number == 0:
        return "0"
    sign, size = "-" if number < 0 else "", abs(number)
    if size < 1e11:
        full = f"{Decimal(f'{size:.14e}').normalize(DECIMALS):f}"
        if len(full) <= 11:
            return sign + full
        if size >= 1e-4:
            room = max(0, 10 - len(full.partition(".")[0]))
            short = f"{rounded(size, room):f}"
            if len(short.partition(".")[0]) > 11:
                raise Refusal("a number that rounds up to twelve digits in the format General")
            return sign + (short.rstrip("0").rstrip(".") if "." in short else short)
    exact = Decimal(f"{size:.14e}")
    power = exact.adjusted()
    mantissa = exact.scaleb(-power, DECIMALS).quantize(Decimal("0.00001"), ROUND_HALF_UP, DECIMALS)
    if mantissa >= 10:
        mantissa, power = mantissa.scaleb(-1, DECIMALS), power + 1
    return f"{sign}{f'{mantissa:f}'.rstrip('0').rstrip('.')}E{'-' if power < 0 else '+'}{abs(power):02d}"


def _scientific(number: float, pieces: list[Piece]) -> str:
    at = next(k for k, piece in enumerate(pieces) if piece.kind == "power")
    head, tail = pieces[:at], pieces[at + 1 :]
    shape = "".join(piece.text for piece in head)
    places = "".join(piece.text for piece in tail)
    if not re.fullmatch(r"0(\.0+)?", shape) or not re.fullmatch("0+", places):
        raise Refusal("an exponent in a format of several digits")
    decimals = max(0, len(shape) - 2)
    exact = Decimal(f"{abs(number):.14e}")
    power = exact.adjusted() if number else 0
    unit = Decimal(1).scaleb(-decimals, DECIMALS)
    mantissa = exact.scaleb(-power, DECIMALS).quantize(unit, ROUND_HALF_UP, DECIMALS)
    if mantissa >= 10:
        mantissa, power = mantissa.scaleb(-1, DECIMALS).quantize(unit, None, DECIMALS), power + 1
    sign = "-" if power < 0 else "+" if pieces[at].text[1] == "+" else ""
    return f"{mantissa:f}{pieces[at].text[0]}{sign}{abs(power):0{len(places)}d}"


class Layout(NamedTuple):
    """Where in a section the digits stand before and after the point, and how often commas divide by a thousand."""

    point: int
    before: list[int]
    after: list[int]
    thousands: bool
    scale: int


def _layout(pieces: list[Piece]) -> Layout:
    places = [k for k, piece in enumerate(pieces) if piece.kind == "digit"]
    points = [k for k, piece in enumerate(pieces) if piece.kind == "point"]
    commas = [k for k, piece in enumerate(pieces) if piece.kind == "comma"]
    point = points[0] if points else len(pieces)
    before, after = [k for k in places if k < point], [k for k in places if k > point]
    if len(points) > 1 or not before:
        raise Refusal("a format without a digit before the point")
    last = before[-1]
    if any(piece.kind == "percent" for piece in pieces[: max(places)]):
        raise Refusal("a format with a percent sign before or among its digits")
    trailing = [k for k in commas if k > last]
    if trailing != list(range(last + 1, last + 1 + len(trailing))) or any(k < before[0] for k in commas):
        raise Refusal("a format with a comma out of place")
    return Layout(point, before, after, len(trailing) < len(commas), len(trailing))


def _plain_number(number: float, pieces: list[Piece]) -> tuple[str, bool]:
    """The number's size in these pieces, and whether anything of it is left."""
    point, before, after, thousands, scale = _layout(pieces)
    power = 2 * sum(piece.kind == "percent" for piece in pieces) - 3 * scale
    scaled = float(Decimal(f"{number:.14e}").scaleb(power, DECIMALS))
    digits, decimals = _digits(scaled, len(after))
    some_left = bool(digits or decimals.strip("0"))
    needed = [pieces[k].text for k in before]
    digits = digits.rjust(len(needed) - needed.index("0") if "0" in needed else 0, "0")
    among = any(pieces[k].kind == "literal" for k in range(before[0], before[-1]))
    if among and (thousands or "#" in needed):
        raise Refusal("a format with signs among digits that may be missing")
    if thousands and digits:
        digits = grouped(digits)
    least = max((k + 1 for k, place in enumerate(after) if pieces[place].text == "0"), default=0)
    decimals = decimals[:least] + decimals[least:].rstrip("0")
    written: list[str] = []
    for k in range(point - 1, -1, -1):  # what is more than the places hold goes into the first of them
        if pieces[k].kind == "digit":
            count = 1 if among and k != before[0] else len(digits)
            written.append(digits[len(digits) - count :])
            digits = digits[: len(digits) - count]
        elif pieces[k].kind != "comma":
            written.append(pieces[k].text)
    written.reverse()
    for k in range(point, len(pieces)):
        if pieces[k].kind != "digit":
            written.append(pieces[k].text)
        elif after.index(k) < len(decimals):
            written.append(decimals[after.index(k)])
    return "".join(written), some_left


_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905


def _dated(serial: float, pieces: list[Piece]) -> Any:
    if serial < 0 or serial >= _LAST_DAY + 1:
        return VALUE
    seconds = round(serial * 86400)
    if abs(serial * 86400 - seconds) > 1e-4:
        raise Refusal("a time between two seconds in a format")
    when = _EPOCH + datetime.timedelta(seconds=seconds)
    noon = any(piece.kind == "half" for piece in pieces)
    clock = [k for k, piece in enumerate(pieces) if piece.kind == "date"]
    written = ""
    for k, piece in enumerate(pieces):
        if piece.kind == "half":
            written += ("AM" if when.hour < 12 else "PM")[: len(piece.text) // 2 or 1]
        elif piece.kind != "date":
            written += piece.text
        else:
            letter, length = piece.text[0].lower(), len(piece.text)
            place = clock.index(k)
            earlier = pieces[clock[place - 1]].text[0].lower() if place else ""
            later = pieces[clock[place + 1]].text[0].lower() if place + 1 < len(clock) else ""
            if letter == "m" and length <= 2 and (earlier == "h" or later == "s"):
                letter = "minute"
            written += _part(when, letter, length, noon)
    return written


def _part(when: datetime.datetime, letter: str, length: int, noon: bool) -> str:
    """One part of a date or a time, as long as its letters ask for."""
    if letter in "ymd" and when < _FIRST_CERTAIN_DAY:
        raise Refusal("a date before March 1900 in a format")
    if letter == "y":
        return f"{when.year % 100:02d}" if length <= 2 else f"{when.year:04d}"
    if letter == "m" and length > 2:
        name = _MONTHS[when.month - 1]
        return name[:3] if length == 3 else name[:1] if length == 5 else name
    if letter == "d" and length > 2:
        name = _DAYS[when.weekday()]
        return name[:3] if length == 3 else name
    if letter in ("h", "s", "minute") and length > 2:
        raise Refusal("a format with a time of more than two digits")
    hour = (when.hour % 12 or 12) if noon else when.hour
    number = {"m": when.month, "d": when.day, "h": hour, "minute": when.minute, "s": when.second}[letter]
    return f"{number:0{length}d}"


def formatted(number: float, form: str) -> Any:
    """A number in a format; refused where the format has something whose outcome is not certain."""
    sections = sections_of(form)
    if len(sections) > 4 or not form:
        raise Refusal("a format without or with too many sections")
    kinds = {piece.kind for section in sections for piece in section}
    if kinds & {"date", "half"}:
        if kinds & {"digit", "point", "comma", "percent", "power"}:
            if re.fullmatch(r"[ymdhs]+#+", form, re.IGNORECASE):
                return VALUE
            raise Refusal("a format of dates and numbers at once")
        if len(sections) > 1 or kinds & {"general", "text"}:
            raise Refusal("a date in a format with several sections")
        return _dated(number, sections[0])
    numeric = sections[:3]
    chosen = 1 if number < 0 and len(numeric) > 1 else 2 if number == 0 and len(numeric) > 2 else 0
    return _signed(number, numeric[chosen], number < 0 and chosen == 0)


def _signed(number: float, section: list[Piece], minus: bool) -> str:
    """A number in the section for numbers of its sign; only the first one has a minus of its own."""
    kinds = {piece.kind for piece in section}
    if "text" in kinds or ("general" in kinds and len(section) > 1):
        raise Refusal("a format with General or @ among other signs")
    if "general" in kinds:
        return general(number if minus else abs(number))
    if "power" in kinds:
        if kinds - {"power", "digit", "point"}:
            raise Refusal("an exponent in a format among other signs")
        return "-" * minus + _scientific(number, section)
    if "digit" in kinds:
        written, left = _plain_number(abs(number), section)
        return "-" * (minus and left) + written
    if minus or not section:
        raise Refusal("a format without digits")
    return "".join(piece.text for piece in section)


def to_format(value: Any, form: str) -> Any:
    """Excel's TEXT."""
    if isinstance(value, XlError):
        return value
    if isinstance(value, bool) or is_text(value):
        if ";" in form or "@" in form:
            raise Refusal("a format with a section for texts")
        if isinstance(value, bool):
            return str(value).upper()
        if (number := guards.spelled_number(value)) is None:
            guards.numeric(value)
            return value
        value = number
    return formatted(0.0 if value is EMPTY else float(value), form)


def fixed(number: float, decimals: float = 2.0, plain: bool = False) -> Any:
    """Excel's FIXED: a number with so many decimals, and commas unless told not to."""
    places = whole(decimals)
    if places < 0:
        number, places = float(rounded(number, places)), 0
    if places > 127:
        return VALUE
    before, after = _digits(number, places)
    text = (before if plain else grouped(before)) if before else "0"
    text += f".{after}" if places else ""
    if len(text) > LONGEST_TEXT:
        return VALUE
    return f"-{text}" if number < 0 and (before or after.strip("0")) else text


FUNCTIONS: dict[str, Function] = {
    "TEXT": function(to_format, "scalar text", own='TEXT(12,"#,##0_);(#,##0)")'),
    "FIXED": function(fixed, "strict number? truth?", own="FIXED(1.005,2)"),
}

DATED = frozenset(("TEXT",))  # which writes dates
