"""Excel's language of criteria: what a cell must hold for COUNTIF, SUMIFS, DSUM and their like to choose it.

A criterion is a value, or a text such as ``">=5"``, ``"<>a*"`` or ``"="``. What it is compared with depends on both sides: a
number equals a text that reads as that number, but is neither above nor below one, and is unequal to it.
"""

import functools
import operator
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from formulas.tokens.operand import Error, XlError
from schedula import EMPTY

from xlparity.engines.evaluator import guards
from xlparity.engines.evaluator.functions.matching import order_of_texts, with_runs
from xlparity.engines.evaluator.guards import Refusal, is_number, is_text
from xlparity.excel.locales import ENGLISH

Matcher: TypeAlias = Callable[[Any], bool]
"""Whether a cell with this value is chosen."""

_OPERATOR = re.compile(r"(<>|<=|>=|<|>|=)?(.*)", re.DOTALL)
_CERTAINLY_TEXT = re.compile(r"\D*|.*[=@*_^<>\[\]{}|~!?;\"&\\].*", re.DOTALL)  # in no locale a number, date or time
_ESCAPED = re.compile(r"~[*?~]")
_WILD = re.compile(r"~.|[*?]", re.DOTALL)
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ERRORS = {str(code): token for code, token in Error.errors.items()}


def matcher(criterion: Any, beginning: bool = False) -> Matcher:
    """What the criterion chooses; ``beginning`` as in the database functions, where a mere text is how a text begins.

    The matcher raises Refusal at a value of which it is not certain.
    """
    if not is_text(criterion):
        return _equals_value(criterion, beginning)
    if len(criterion) > 255:
        raise Refusal("a criterion of over 255 letters")
    sign, rest = _OPERATOR.fullmatch(criterion).groups()  # type: ignore[union-attr]
    if re.search(r"~(?![*?~])", _ESCAPED.sub("", rest)):
        raise Refusal("a tilde before something that is no wildcard")
    if sign in _ORDER:
        return _orders(_ORDER[sign], rest)
    if not rest:
        return _blank(sign)
    equal = _equals(rest, beginning, sign is None)
    if sign != "<>":
        return equal
    number = _read(rest)
    if isinstance(number, float):
        # Excel counts the text "23" for the criterion "<>23" as it does for "=23".
        numeric = _equals_number(number, beginning)
        return lambda value: not (numeric(value) and is_number(value))
    if beginning and not _WILD.search(rest):
        return _differs(rest, equal)
    return lambda value: not equal(value)


def _equals_value(criterion: Any, beginning: bool) -> Matcher:
    if isinstance(criterion, XlError):
        return lambda value: isinstance(value, XlError) and value == criterion
    if isinstance(criterion, bool):
        return lambda value: value is criterion
    return _equals_number(0.0 if criterion is EMPTY else float(criterion), beginning)


def _blank(sign: str | None) -> Matcher:
    if sign is None:
        return lambda value: value is EMPTY or (is_text(value) and value == "")
    return (lambda value: value is EMPTY) if sign == "=" else (lambda value: value is not EMPTY)


def _differs(rest: str, equal: Matcher) -> Matcher:
    def differs(value: Any) -> bool:
        if is_text(value) and value.lower().startswith(rest.lower()) and not equal(value):
            raise Refusal("a text that begins as another from which it must differ")
        return not equal(value)

    return differs


def _read(text: str) -> Any:
    """The number, truth value or error that a text spells out; None where it is but a text, or not certain to be none."""
    if (number := _number(text)) is not None:
        return number
    if (truth := guards.spelled_truth(text)) is not None:
        return truth
    if (date := guards.iso_date(text)) is not None:
        return date
    if text.startswith("#") and guards.locale() != ENGLISH:
        raise Refusal(f"the criterion '{text}': errors have other names in other languages")
    return _ERRORS.get(text.upper())


def _number(text: str) -> float | None:
    """The number that a text is: a sign, digits and decimals, and nothing else."""
    decimal = guards.locale().decimal
    return float(text.replace(decimal, ".")) if _numbers(decimal).fullmatch(text) else None


@functools.cache
def _numbers(decimal: str) -> re.Pattern[str]:
    return re.compile(rf"[+-]?[0-9]{{1,15}}(?:{re.escape(decimal)}[0-9]{{1,15}})?")


def _equals(rest: str, database: bool, mere: bool) -> Matcher:
    meant = _read(rest)
    beginning = database and mere
    if meant is not None:
        return _equals_value(meant, database)
    if _WILD.search(rest):
        return _wild(rest, beginning)
    certain = _CERTAINLY_TEXT.fullmatch(rest) is not None
    lower = rest.lower()

    def equals(value: Any) -> bool:
        if not certain and is_number(value) and _may_read_as(rest, float(value)):
            raise Refusal(f"the criterion '{rest}', which may be a number, or not")
        if not is_text(value):
            return False
        same = same_text(value, rest)
        begins = beginning and value.lower().startswith(lower)
        if not certain and not same and (begins or not _digits_differ(lower, value.lower())):
            raise Refusal(f"the criterion '{rest}', which may be a number, or not")
        return same or begins

    return equals


def _digits_differ(left: str, right: str) -> bool:
    """Whether two texts cannot be one number: they differ in letters, or in their only digits."""
    runs = [re.findall(r"\d+", text) for text in (left, right)]
    if not runs[1] or _CERTAINLY_TEXT.fullmatch(right):
        return True
    alike = re.sub(r"\d+", "0", left) == re.sub(r"\d+", "0", right)
    return alike and len(runs[0]) == 1 and int(runs[0][0]) != int(runs[1][0])


def _may_read_as(text: str, number: float) -> bool:
    """Whether in some country's Excel the text, which has digits in it, may read as this number.

    Letters and one run of digits are a sum of money, a time of day, or the day or year of a month that is named.
    """
    digits = re.findall(r"\d+", text)
    letters = sum(sign.isalpha() for sign in text)
    if not letters or len(digits) > 1:
        return True
    digit = int(digits[0])
    times = {digit / 24, (digit + 12) / 24, (digit - 12) / 24}
    dates = letters > 2 and 366 < number < 3e6
    return dates or abs(number) in (digit, digit / 100) or number in times


def same_text(left: str, right: str) -> bool:
    """Whether Excel, which does not mind the case of a letter, takes two texts for the same."""
    if left.lower() == right.lower():
        return True
    if left.casefold() == right.casefold():
        raise Refusal("comparing texts with letters that are equal in some languages")
    return False


def _wild(rest: str, beginning: bool) -> Matcher:
    pieces, position = [""], 0
    for found in _WILD.finditer(rest):
        pieces[-1] += re.escape(rest[position : found.start()])
        position = found.end()
        if found[0] == "*":
            pieces.append("")
        else:
            pieces[-1] += "." if found[0] == "?" else re.escape(found[0][1:])
    pieces[-1] += re.escape(rest[position:])
    if beginning:
        pieces.append("")
    pattern = re.compile(with_runs(pieces), re.IGNORECASE | re.DOTALL)
    return lambda value: is_text(value) and pattern.fullmatch(value) is not None


def _equals_number(number: float, database: bool) -> Matcher:
    def equals(value: Any) -> bool:
        if is_number(value):
            return guards.order(float(value), number) == 0
        if not is_text(value) or _CERTAINLY_TEXT.fullmatch(value):
            return False
        if (spelled := _number(value)) is None:
            if not _may_read_as(value, number):
                return False
            raise Refusal(f"comparing a number with the text '{value}', which may be one")
        if spelled == number and database:
            raise Refusal(f"a number and the text '{value}' in a database")
        return spelled == number

    return equals


def _orders(compare: Callable[[Any, Any], bool], rest: str) -> Matcher:
    if not rest:
        return lambda _: False  # as Excel stored it
    limit = _read(rest)
    if isinstance(limit, float):

        def number_orders(value: Any) -> bool:
            if not is_number(value):
                return False
            return compare(guards.order(float(value), limit), 0)

        return number_orders
    if limit is not None or _WILD.search(rest) or not _CERTAINLY_TEXT.fullmatch(rest):
        raise Refusal(f"the order of what is compared with '{rest}'")

    def text_orders(value: Any) -> bool:
        if value == "" and is_text(value) and compare(-1, 0):
            raise Refusal("the order of an empty text")
        return is_text(value) and compare(_place(value, rest), 0)

    return text_orders


def _place(left: str, right: str) -> int:
    """Below, at or above 0 as Excel sorts the left text before, with or after the right one."""
    return 0 if left.lower() == right.lower() else order_of_texts(left.lower(), right.lower())
