"""Numbers written in a format: TEXT and FIXED, in the English of the United States."""

import math
import operator
import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator import guards
from xlparity.engines.evaluator.functions.conversions import VALUE
from xlparity.engines.evaluator.functions.matching import LONGEST_TEXT
from xlparity.engines.evaluator.functions.serials import year_month_day
from xlparity.engines.evaluator.functions.signatures import Function, function
from xlparity.engines.evaluator.functions.texts import whole
from xlparity.engines.evaluator.guards import DECIMALS, Refusal, is_text

_TOKENS = re.compile(
    r"""(?P<literal>"[^"]*"|\\.|_.)|(?P<color>\[(?:Black|Blue|Cyan|Green|Magenta|Red|White|Yellow|Color[ ]?\d\d?)\])
    |(?P<language>\[\$-409\])|(?P<condition>\[(?:[<>]=?|<>|=)[ ]*\d+(?:\.\d+)?\])|(?P<elapsed>\[(?:h+|m+|s+)\])
    |(?P<general>General)|(?P<half>AM/PM|A/P)|(?P<power>E[+-])|(?P<date>y+|m+|d+|h+|s+)|(?P<digit>[0\#?])|(?P<point>\.)
    |(?P<comma>,)|(?P<percent>%)|(?P<text>@)|(?P<slash>/)|(?P<plain>[-+$():\x20!^&'~{}<>=|£¥])""",
    re.VERBOSE | re.IGNORECASE,
)
_CONDITION = re.compile(r"\[([<>=]+) *([0-9.]+)\]")
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne,
}  # fmt: skip
_LAST_DAY = 2_958_465
_CLOCK = ("h", "hh", "m", "mm", "s", "ss")
_LARGEST_FRACTION = 1e9  # beyond it the fifteen digits leave little of a fraction


class Piece(NamedTuple):
    """One piece of a format: its kind and the text."""

    kind: str
    text: str


def sections_of(form: str) -> list[list[Piece]]:
    """The pieces of each section of a format; raises Refusal for what is in none that is known."""
    sections: list[list[Piece]] = [[]]
    position = 0
    while position < len(form):
        if form[position] == ";":
            sections.append([])
            position += 1
            continue
        match = _TOKENS.match(form, position)
        if match is None:
            raise Refusal(f"a format with '{form[position]}' in it")
        kind, text = str(match.lastgroup), match[0]
        if kind == "literal":
            text = " " if text[0] == "_" else text[1:] if text[0] == "\\" else text[1:-1]
        if kind not in ("color", "language"):
            sections[-1].append(Piece("literal" if kind == "plain" else kind, text))
        position = match.end()
    return sections


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
    """Where in a section the digits are before and after the point, and how often commas divide by a thousand."""

    point: int
    before: list[int]
    after: list[int]
    thousands: bool
    scale: int


def _layout(pieces: list[Piece]) -> Layout:
    places = [k for k, piece in enumerate(pieces) if piece.kind == "digit"]
    points = [k for k, piece in enumerate(pieces) if piece.kind == "point"]
    point = points[0] if points else len(pieces)
    before, after = [k for k in places if k < point], [k for k in places if k > point]
    if len(points) > 1 or not before:
        raise Refusal("a format without a digit before the point")
    if any(piece.kind == "percent" for piece in pieces[: max(places)]):
        raise Refusal("a format with a percent sign before or among its digits")
    commas = {
        k for k, piece in enumerate(pieces) if piece.kind == "comma" and k > before[0]
    }  # an earlier one is itself
    scaling = {k for last in (before[-1], max(places)) for k in _run(pieces, last + 1, "comma")}
    among = {k for k in commas if k < before[-1]}
    if commas - scaling - among:
        raise Refusal("a format with a comma out of place")
    return Layout(point, before, after, bool(among), len(scaling))


def _run(pieces: Sequence[Piece], start: int, kind: str) -> list[int]:
    """Where the pieces of one kind are that begin here."""
    end = start
    while end < len(pieces) and pieces[end].kind == kind:
        end += 1
    return list(range(start, end))


def _placed(digits: str, pieces: Sequence[Piece], thousands: bool = False) -> list[str]:
    """What is written for each piece where these digits, the last one in the last place, fill the places among them.

    What is more than the places hold goes into the first of them. A place without a digit is a zero, a space for ``?`` or
    nothing for ``#``.
    """
    written = ["" if piece.kind == "comma" else piece.text for piece in pieces]
    places = [k for k, piece in enumerate(pieces) if piece.kind == "digit"]
    needed = [pieces[k].text for k in places]
    digits = digits.rjust(len(needed) - needed.index("0") if "0" in needed else 0, "0")
    for from_right, k in enumerate(reversed(places)):
        count = len(digits) if k == places[0] else 1
        part = digits[len(digits) - count :] or (" " if pieces[k].text == "?" else "")
        digits = digits[: len(digits) - count]
        if thousands:
            last = from_right + len(part) - 1
            part = "".join(
                sign + ("" if (place := last - n) % 3 or not place else "," if sign != " " else " ")
                for n, sign in enumerate(part)
            )
        written[k] = part
    return written


def _plain_number(number: float, pieces: list[Piece]) -> tuple[str, bool]:
    """The number's size in these pieces, and whether anything of it is left."""
    point, before, after, thousands, scale = _layout(pieces)
    power = 2 * sum(piece.kind == "percent" for piece in pieces) - 3 * scale
    scaled = float(Decimal(f"{number:.14e}").scaleb(power, DECIMALS))
    digits, decimals = _digits(scaled, len(after))
    some_left = bool(digits or decimals.strip("0"))
    if thousands and any(pieces[k].kind == "literal" for k in range(before[0], before[-1])):
        raise Refusal("a format with commas and other signs among its digits")
    least = max((k + 1 for k, place in enumerate(after) if pieces[place].text == "0"), default=0)
    decimals = decimals[:least] + decimals[least:].rstrip("0")
    head = [piece.text for piece in pieces[: before[0]]]  # a comma before all digits is itself
    written = head + _placed(digits, pieces[before[0] : point], thousands)
    for k in range(point, len(pieces)):
        if pieces[k].kind == "digit":
            left = decimals[after.index(k) :][:1]
            written.append(left or (" " if pieces[k].text == "?" else ""))
        elif pieces[k].kind != "comma":
            written.append(pieces[k].text)
    return "".join(written), some_left


def _fraction(number: float, pieces: list[Piece]) -> str:
    """The number's size as a fraction: with a whole part where digits come before those of the numerator."""
    slash = next(k for k, piece in enumerate(pieces) if piece.kind == "slash")
    if {piece.kind for piece in pieces} - {"digit", "literal", "slash"} or number >= _LARGEST_FRACTION:
        raise Refusal("a fraction in a format among points, commas or percent signs, or of a very large number")
    places = [k for k, piece in enumerate(pieces) if piece.kind == "digit"]
    above, below = [k for k in places if k < slash], [k for k in places if k > slash]
    if not above or not below or below != _run(pieces, below[0], "digit"):
        raise Refusal("a format with a slash that is not between the digits of a fraction")
    start = above[-1]
    while start - 1 in above:
        start -= 1
    units, over = [pieces[k].text for k in above if k < start], [piece.text for piece in pieces[start : above[-1] + 1]]
    whole, part = divmod(Fraction(f"{number:.14e}"), 1)
    near = _near(part, 10 ** len(below) - 1)
    dividend = near.numerator + (0 if units else whole * near.denominator)
    spaced = "?" in [*units, *over, *[pieces[k].text for k in below]]
    if units and not near and "0" not in over:
        last = max(k for k in above if k < start)
        gone = "".join(piece.text for piece in pieces[last + 1 : below[-1] + 1])
        tail = "".join(piece.text for piece in pieces[below[-1] + 1 :])
        return "".join(_placed(str(whole), pieces[: last + 1])) + " " * len(gone) * spaced + tail
    head = pieces[:start]
    if units and not whole and (units == ["#"] if not near else "0" not in units):
        spaced = "?" in [*units, *over]
        last = max(k for k in above if k < start)
        written = _placed("", head)
        written[last + 1 :] = [" " * len(text) * spaced for text in written[last + 1 :]]
    else:
        written = _placed(str(whole), head) if units else [piece.text for piece in head]
    if "?" in [pieces[k].text for k in below] and len(str(near.denominator)) < len(below):
        raise Refusal("a fraction in a format whose denominator has fewer digits than places")
    rest = pieces[start:slash], pieces[slash : below[0]], pieces[below[0] :]
    middle = [piece.text for piece in rest[1]]
    return "".join([*written, *_placed(str(dividend), rest[0]), *middle, *_placed(str(near.denominator), rest[2])])


def _near(part: Fraction, most: int) -> Fraction:
    """The nearest fraction with a denominator up to ``most``; refused unless a continued fraction ends there as well."""
    near, rest = part.limit_denominator(most), part
    (p, q), (p1, q1) = (1, 0), (0, 1)
    while True:
        quotient = rest.numerator // rest.denominator
        (p, q), (p1, q1) = (quotient * p + p1, quotient * q + q1), (p, q)
        if q > most or rest == quotient:
            break
        rest = 1 / (rest - quotient)
    if Fraction(p1, q1) != near if q > most else Fraction(p, q) != near:
        raise Refusal("a fraction in a format to which several fractions are near")
    if near == 1 or (not near and part):
        raise Refusal("a fraction in a format of which nothing is left")
    return near


_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905


def _dated(serial: float, pieces: list[Piece]) -> Any:
    elapsed = any(piece.kind == "elapsed" for piece in pieces)
    if elapsed and not 0 <= serial < _LAST_DAY + 1:
        raise Refusal("an elapsed time below zero or of very many days in a format")
    if elapsed and any(p.kind == "half" or (p.kind == "date" and p.text.lower() not in _CLOCK) for p in pieces):
        raise Refusal("a format of an elapsed time and of a date")
    if serial < 0 or serial >= _LAST_DAY + 1:
        return VALUE
    pieces, places = _with_parts_of_seconds(pieces)
    seconds, fraction = divmod(_counted(serial * 86400, 10**places), 10**places)
    noon = any(piece.kind == "half" for piece in pieces)
    written = ""
    for k, piece in enumerate(pieces):
        if piece.kind == "half":
            half = ("AM" if seconds % 86400 < 43200 else "PM")[: len(piece.text) // 2 or 1]
            written += half.lower() if piece.text == "a/p" else half
        elif piece.kind == "fraction":
            written += f".{fraction:0{places}d}"
        elif piece.kind == "elapsed":
            unit = {"h": 3600, "m": 60, "s": 1}[piece.text[1].lower()]
            written += f"{seconds // unit:0{len(piece.text) - 2}d}"
        elif piece.kind != "date":
            written += piece.text
        else:
            written += _part(seconds, _letter(pieces, k), len(piece.text), noon)
    return written


def _letter(pieces: list[Piece], at: int) -> str:
    """What part of a date or a time a piece asks for: an m is the minute after an hour and before a second."""
    letters = [(k, piece.text.strip("[]")) for k, piece in enumerate(pieces) if piece.kind in ("date", "elapsed")]
    place = [k for k, _ in letters].index(at)
    earlier, later = letters[place - 1][1] if place else "", letters[place + 1][1] if place + 1 < len(letters) else ""
    letter = pieces[at].text.lower()
    return "minute" if letter in ("m", "mm") and (earlier[:1] in ("h", "H") or later[:1] in ("s", "S")) else letter[0]


def _counted(seconds: float, ticks: int) -> int:
    """The seconds in parts of which there are so many in each, where it does not matter whether Excel rounds or cuts them."""
    if abs(seconds - round(seconds)) <= 1e-4:
        return round(seconds) * ticks
    if ticks == 1:
        if seconds % 1 >= 0.5:
            raise Refusal("a time in the second half of a second in a format, which Excel may round or cut")
        return math.floor(seconds)
    count = round(seconds * ticks)
    if abs(seconds * ticks % 1 - 0.5) < 0.01 or count // ticks > seconds:
        raise Refusal("a part of a second that Excel may round up or down in a format")
    return count


def _with_parts_of_seconds(pieces: list[Piece]) -> tuple[list[Piece], int]:
    """The pieces with one for ``.000`` after the seconds, and how many digits that has."""
    for k, piece in enumerate(pieces):
        digits = _run(pieces, k + 1, "digit") if piece.kind == "point" else []
        zeros = "".join(pieces[d].text for d in digits)
        if k and pieces[k - 1].kind == "date" and pieces[k - 1].text[0] in "sS" and zeros in ("0", "00", "000"):
            return [*pieces[:k], Piece("fraction", zeros), *pieces[digits[-1] + 1 :]], len(zeros)
    return pieces, 0


def _part(seconds: int, letter: str, length: int, noon: bool) -> str:
    """One part of a date or a time, as long as its letters ask for."""
    serial, time = divmod(seconds, 86400)
    year, month, day = year_month_day(serial)
    if letter == "y":
        return f"{year % 100:02d}" if length <= 2 else f"{year:04d}"
    if letter == "m" and length > 2:
        name = _MONTHS[month - 1]
        return name[:3] if length == 3 else name[:1] if length == 5 else name
    if letter == "d" and length > 2:
        name = _DAYS[(serial - 2) % 7]  # before March 1900 the days of the week are those of Excel's own calendar
        return name[:3] if length == 3 else name
    if letter in ("h", "s", "minute") and length > 2:
        raise Refusal("a format with a time of more than two digits")
    hour = (time // 3600 % 12 or 12) if noon else time // 3600
    number = {"m": month, "d": day, "h": hour, "minute": time // 60 % 60, "s": time % 60}[letter]
    return f"{number:0{length}d}"


def formatted(number: float, form: str) -> Any:
    """A number in a format; refused where the format has something whose outcome is not certain."""
    sections = sections_of(form)
    if len(sections) > 4 or (not form and number):
        raise Refusal("a format without or with too many sections")
    section, minus = _section(number, sections)
    kinds = {piece.kind for piece in section}
    if kinds & {"date", "half", "elapsed"}:
        known, _ = _with_parts_of_seconds(section)
        if {piece.kind for piece in known} & {"digit", "point", "comma", "percent", "power"}:
            if re.fullmatch(r"[ymdhs]+#+", form, re.IGNORECASE):
                return VALUE
            raise Refusal("a format of dates and numbers at once")
        if kinds & {"general", "text"} or (len(sections) > 1 and number <= 0):
            raise Refusal("a date in a format with several sections")
        return _dated(number, section)
    if not section and len(sections) + (not form) > 1:
        return ""
    written = _signed(number, section, minus)
    if minus and len(sections) > 1 and not written.startswith("-"):
        raise Refusal("a number below zero of which rounding leaves nothing in a format with a section for texts")
    return written


def _section(number: float, sections: list[list[Piece]]) -> tuple[list[Piece], bool]:
    """The section for a number, and whether it gets a minus sign there: only in the first one has a number one of its own.

    A last section with @ is the one for texts, also where it is the second or the third. Of sections with conditions it is
    the first whose condition holds; where none does, the last, which has none, or General.
    """
    numeric = sections[: max(1, min(3, len(sections) - any(piece.kind == "text" for piece in sections[-1])))]
    conditions = [[piece.text for piece in section if piece.kind == "condition"] for section in numeric]
    if not any(conditions):
        chosen = 1 if number < 0 and len(numeric) > 1 else 2 if number == 0 and len(numeric) > 2 else 0
        return numeric[chosen], number < 0 and chosen == 0
    if number < 0 or any(len(found) > 1 for found in conditions):
        raise Refusal("a number below zero in a format with a condition, or two conditions in one section")
    if not all(conditions[: max(1, len(numeric) - 1)]) or (len(numeric) > 1 and conditions[-1]):
        raise Refusal("a format in which other sections than the last have no condition")
    for section, condition in zip(numeric, conditions, strict=True):
        match = _CONDITION.fullmatch(condition[0]) if condition else None
        if match is None or (match[1] in _COMPARED and _COMPARED[match[1]](number, float(match[2]))):
            return [piece for piece in section if piece.kind != "condition"], False
    return [Piece("general", "General")], False


def _signed(number: float, section: list[Piece], minus: bool) -> str:
    """A number in the section for numbers of its sign, after a minus sign where it gets one."""
    kinds = {piece.kind for piece in section}
    if kinds == {"text"} and len(section) == 1 and number == round(number) and abs(number) < 1e11:
        return general(number)
    if "text" in kinds or ("general" in kinds and len(section) > 1):
        raise Refusal("a format with General or @ among other signs")
    if "general" in kinds:
        return general(number if minus else abs(number))
    if "power" in kinds:
        if kinds - {"power", "digit", "point"}:
            raise Refusal("an exponent in a format among other signs")
        return "-" * minus + _scientific(number, section)
    if "slash" in kinds and "digit" in kinds:
        return "-" * minus + _fraction(abs(number), section)
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
        if isinstance(value, bool):
            if ";" in form or "@" in form:
                raise Refusal("a format with a section for texts")
            return str(value).upper()
        if "@" in form or form.count(";") > 2:
            return _text(value, form)
        if (number := guards.spelled_number(value)) is None:
            guards.numeric(value)
            return value
        value = number
    return formatted(0.0 if value is EMPTY else float(value), form)


def _text(value: str, form: str) -> str:
    """A text in the section for texts, which is the fourth one, or the only one."""
    sections = sections_of(form)
    kinds = {piece.kind for piece in sections[-1]}
    if len(sections) not in (1, 4) or kinds - {"text", "literal"} or guards.spelled_number(value) is not None:
        raise Refusal(
            "a format with a section for texts that is not the fourth or the only one, or a text that is a number"
        )
    return "".join(value if piece.kind == "text" else piece.text for piece in sections[-1])


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


def dollar(number: float, decimals: float = 2.0) -> Any:
    """Excel's DOLLAR: an amount in dollars, in brackets where it is below zero."""
    text = fixed(abs(number), decimals)
    if number < 0 and not re.search("[1-9]", text):
        raise Refusal("DOLLAR of an amount below zero of which rounding leaves nothing")
    return text if isinstance(text, XlError) else f"(${text})" if number < 0 else f"${text}"


FUNCTIONS: dict[str, Function] = {
    "DOLLAR": function(dollar, "number number?"),
    "USDOLLAR": function(dollar, "number number?"),
    "TEXT": function(to_format, "scalar text", own='TEXT(12,"#,##0_);(#,##0)")'),
    "FIXED": function(fixed, "strict number? truth?", own="FIXED(1.005,2)"),
}

DATED = frozenset(("TEXT",))  # which writes dates

ENGLISH_ONLY = frozenset(FUNCTIONS)  # the locale decides separators, letters of formats and the currency
