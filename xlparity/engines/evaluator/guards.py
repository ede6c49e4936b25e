"""Guards: checks of operands before a function of ``formulas`` is called with them.

A guard raises Refusal where ``formulas`` is known to differ from Excel, or where Excel's own rule is not certain. Operands
are those of ``formulas`` itself: Python scalars and two-dimensional object arrays, with its tokens for blanks and errors.
"""

import contextlib
import datetime
import functools
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from decimal import ROUND_HALF_EVEN, Context, DivisionByZero, InvalidOperation, Overflow
from typing import Any, TypeAlias

import numpy as np
from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator.readings import either
from xlparity.excel.locales import ENGLISH, TRUTHS, Locale
from xlparity.excel.values import serial_day

Operand: TypeAlias = Any
"""A Python scalar, one of formulas' tokens, or a two-dimensional object array of these."""

LOST = 8 * 2.0**-52  # Excel replaces a sum by zero where it is less than 8 ulps of the first operand
CLOSE = 1e-13  # Excel compares 15 digits
CLOSEST = 1e-15  # near zero, where 15 digits of a number are no measure
NEARLY_WHOLE = 1e-14  # relative: so near a whole number, Excel's rounding direction is not known
NEARLY_ROOT = 1e-9  # relative: an exponent such as 0.333333333 is taken for a third
SMALL_PRODUCT = 1e-14  # relative to its products, a sum that is as small may be a cancellation residue
SMALLEST = 2.0**-1022  # Excel has no smaller number than this, and rounds it to zero
LARGEST_EXPONENT = math.log(sys.float_info.max)  # e to the power of more is no number
EXACT = frozenset(("*", "/", "^", "POWER", "%", "U-", "--", "U+", "ABS", "SQRT", "EXP", "PI"))
"""Operations whose results are rounded to zero below ``SMALLEST``."""

DECIMALS = Context(28, ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
"""Python's default decimal context, whatever a reference or the calling program has set."""

LARGEST_ARRAY = 2_000_000
"""The elements of an array that is computed inside a formula: 16 MB of numbers, and 20 times as much of Python's values."""
_NO_FRACTIONS = 2.0**52  # beyond this every double is whole
_FROM_1904: ContextVar[bool] = ContextVar("dates count from 1904", default=False)
_LOCALE: ContextVar[Locale] = ContextVar("the locale of the workbook", default=ENGLISH)
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# In every locale a number, a date, a time or a sum of money has a digit, and has none of these characters.
_NO_NUMBER = re.compile(r"\D*|.*[=@*_^<>\[\]{}|~!?;\"&\\].*", re.DOTALL)


class Refusal(Exception):  # noqa: N818  (not an error: a result that is a reason)
    """The engine does not support this formula or these operands; the message is the reason."""


def elements(operand: Operand) -> Iterator[Any]:
    """Every scalar of an operand."""
    return iter(operand.ravel().tolist()) if isinstance(operand, np.ndarray) else iter((operand,))


def is_text(value: object) -> bool:
    """Whether it is a text; formulas' blank and its errors are strings as well."""
    return isinstance(value, str) and value is not EMPTY and not isinstance(value, XlError)


def is_number(value: object) -> bool:
    """Whether it is a number; a truth value is none."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def fits_in_memory(operands: Iterable[Operand]) -> None:
    """Accepts operands that give no larger array together than the largest."""
    shapes = [operand.shape for operand in operands if isinstance(operand, np.ndarray) and operand.ndim == 2]
    if shapes and max(rows for rows, _ in shapes) * max(columns for _, columns in shapes) > LARGEST_ARRAY:
        raise Refusal(f"an array of over {LARGEST_ARRAY:,} elements inside a formula")


def same_shape(operands: tuple[Operand, ...]) -> None:
    """Accepts arrays that fit together cell by cell, or a single row, column or cell and another array."""
    shapes = {operand.shape for operand in operands if isinstance(operand, np.ndarray) and operand.ndim == 2}
    for axis in (0, 1):
        if len({shape[axis] for shape in shapes} - {1}) > 1:
            # Excel fills the missing cells of the shorter array with #N/A; numpy does not broadcast.
            raise Refusal("arrays of different sizes in one operation")


def numeric(*operands: Operand) -> None:
    """Accepts numbers, and texts that certainly are no number in any locale, which are #VALUE!."""
    same_shape(operands)
    for operand in operands:
        for value in elements(operand):
            if not is_text(value) or spelled_number(value) is not None:
                continue
            # Excel takes dates, times, sums of money and fractions for numbers, but reads one sign only.
            if _is_float_to_python(value) or not (value.startswith("--") or _NO_NUMBER.fullmatch(value)):
                raise Refusal(f"arithmetic on the text '{value}'")


def spelled_number(text: str) -> float | None:
    """The number that a text spells in the locale: with signs between thousands, a percent sign, dollars; or a date."""
    here = _LOCALE.get()
    plain, grouped = _written_in(here)
    if plain.fullmatch(text):
        return float(text.replace(here.decimal, "."))
    if (date := iso_date(text)) is not None:
        return date
    match = grouped.fullmatch(text)
    if match is None or (match["money"] and match["percent"]):
        return None
    digits = "".join(match["digits"].split(here.thousands or None)).replace(here.decimal, ".")
    number = float(digits) / (100 if match["percent"] else 1)
    return -number if match["sign"] == "-" else number


@functools.cache
def _written_in(locale: Locale) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Numbers without and with signs between thousands, percent signs and dollars, as texts have them in a locale.

    What else has digits in it is refused elsewhere: in German 1.5 is a date, and 0.075 may be one number or another.
    """
    decimals = rf"(?:{re.escape(locale.decimal)}[0-9]{{1,15}})?"
    thousands = rf"[1-9][0-9]{{0,2}}(?:{re.escape(locale.thousands)}[0-9]{{3}})+|" if locale.thousands else ""
    money = r"\$?" if locale == ENGLISH else ""
    return (
        re.compile(rf" *[-+]?[0-9]{{1,15}}{decimals}(?:[eE][-+]?[0-9]{{1,2}})? *"),
        re.compile(
            rf" *(?P<sign>[-+]?)(?P<money>{money})(?P<digits>(?:{thousands}[0-9]{{1,15}}){decimals})(?P<percent>%?) *"
        ),
    )


def locale() -> Locale:
    """The locale in which formulas are computed."""
    return _LOCALE.get()


def truth_word(truth: bool) -> str:
    """The word for a truth value; refused outside English, since it is of Excel's own language, which may be another."""
    if _LOCALE.get() != ENGLISH:
        raise Refusal("a truth value turned into text, for which Excel has the word of its own language")
    return str(truth).upper()


def spelled_truth(text: str) -> bool | None:
    """The truth value that a text spells, None where it spells none; refused where only some language has the word."""
    word = text.upper()
    if _LOCALE.get() != ENGLISH and word.strip() in TRUTHS:
        raise Refusal(f"the text '{text}', which is a truth value in some languages")
    return word == "TRUE" if word in ENGLISH.truths else None


def iso_date(text: str) -> float | None:
    """The serial number of a date as in 2024-01-31, which Excel reads in every locale; refused where it counts from 1904."""
    if _ISO_DATE.fullmatch(text) and text > "1901":
        if _FROM_1904.get():
            raise Refusal("a date that is written as a text, in a workbook whose dates count from 1904")
        with contextlib.suppress(ValueError):  # no such day: a text
            return float(serial_day(datetime.date.fromisoformat(text)))
    return None


@contextlib.contextmanager
def conventions(date1904: bool, locale: Locale) -> Iterator[None]:
    """While this lasts, texts are read and written as in the locale, and dates in them count from 1904 where ``date1904``."""
    tokens = _FROM_1904.set(date1904), _LOCALE.set(locale)
    try:
        yield
    finally:
        _FROM_1904.reset(tokens[0])
        _LOCALE.reset(tokens[1])


def with_numbers(operand: Operand) -> Operand:
    """The operand with the numbers that its texts spell, for a function of numbers."""
    if isinstance(operand, np.ndarray):
        if any(is_text(value) for value in elements(operand)):
            operand = operand.copy()
            for index in np.ndindex(operand.shape):
                operand[index] = with_numbers(operand[index])
        return operand
    number = spelled_number(operand) if is_text(operand) else None
    return operand if number is None else number


def _is_float_to_python(text: str) -> bool:
    try:
        float(text)  # formulas asks Python, which takes "inf", "1_000" and " 5 "
    except ValueError:
        return False
    return True


def size_of(operand: Operand) -> float:
    """The size of the largest number among the elements."""
    return max((abs(float(value)) for value in elements(operand) if is_number(value)), default=0.0)


def lost(result: Any, operand: Any) -> bool:
    """Whether a sum is so small beside its first operand that Excel may have zero: a cancellation residue."""
    counted = is_number(operand) or isinstance(operand, bool)  # TRUE-0.9999999999999999 is a residue as well
    return is_number(result) and counted and 0 < abs(result) < LOST * abs(operand)


def nearly_whole(number: float) -> bool:
    """Whether a number is so near a whole one that Excel, which keeps 15 digits, may take it for that."""
    return abs(number) < _NO_FRACTIONS and 0 < abs(number - round(number)) <= NEARLY_WHOLE * abs(number)


def no_odd_root(base: Operand, exponent: Operand) -> None:
    """Accepts a base and an exponent unless they are an odd root of a negative number, which Excel may compute or not."""
    numeric(base, exponent)
    for number, power in np.broadcast(*(np.asarray(operand, object) for operand in (base, exponent))):
        if is_number(number) and is_number(power) and number < 0 and power:
            root = 1 / float(power)
            if abs(root) > 1 and round(root) % 2 and abs(root - round(root)) <= NEARLY_ROOT * abs(root):
                raise Refusal("an odd root of a negative number")


def whole_part(number: float, cut: Callable[[float], int] = math.trunc) -> int:
    """The whole part of a number; in the rounded reading, a number that is whole to fifteen digits is that number."""
    exact = cut(number)
    return either(exact, round(number)) if nearly_whole(number) and round(number) != exact else exact


def close(left: float, right: float) -> bool:
    """Whether two numbers differ, but by so little that Excel, which compares 15 digits, may call them equal."""
    return left != right and abs(left - right) <= max(CLOSE * max(abs(left), abs(right)), CLOSEST)


def order(left: float, right: float) -> int:
    """-1, 0 or 1 as one number is less than, equal to or greater than another; in the rounded reading by fifteen digits."""
    exact = (left > right) - (left < right)
    return either(exact, 0) if close(left, right) else exact


def comparable(left: Operand, right: Operand) -> None:
    """Accepts operands that can be told to be equal or not."""
    same_shape((left, right))


def log(number: Operand, base: Operand = 10.0) -> None:
    """Accepts numbers, and a base other than 1."""
    numeric(number, base)
    if any(value == 1 for value in elements(base)):
        raise Refusal("a logarithm to base 1")


def unguarded(*_: Operand) -> None:
    """Accepts any operands: the function itself checks them."""


OF_NUMBERS = (numeric, no_odd_root, log)
"""The guards of functions that make numbers of texts that spell some."""
