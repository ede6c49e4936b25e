"""A single value where a number, a text or a truth value is wanted: what Excel makes of it, by the kind of parameter."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from formulas.tokens.operand import Error, XlError
from schedula import EMPTY

from xlparity.engines.evaluator import guards
from xlparity.engines.evaluator.guards import DECIMALS, Refusal, is_number, is_text

NULL, DIV, VALUE, REF, NAME, NUM, NA = (
    Error.errors[code] for code in ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")
)


def to_number(name: str, value: Any) -> Any:
    """The value where a number is wanted."""
    if isinstance(value, XlError):
        return value
    if value is EMPTY:
        return 0.0
    if isinstance(value, bool) or is_number(value):
        return float(value)
    if is_text(value):
        return text_number(value)
    raise Refusal(f"{name} of a {type(value).__name__}")


_SPACED_DATE = re.compile(r" +[0-9]{4}-[0-9]{2}-[0-9]{2} *")


def text_number(text: str) -> Any:
    """The number that a text spells, or #VALUE! for what is a number in no locale; raises Refusal for others."""
    if (number := guards.spelled_number(text)) is not None:
        return number
    if _SPACED_DATE.fullmatch(text) or text.startswith("--"):
        return VALUE  # Excel passes over spaces before a number, but not before a date, and reads one sign
    guards.numeric(text)
    return VALUE


def _to_strict(name: str, value: Any) -> Any:
    if isinstance(value, XlError):
        return value
    if not is_number(value):
        raise Refusal(f"{name} of a text, a truth value or a blank")
    return float(value)


def _to_toolpak(name: str, value: Any) -> Any:
    return VALUE if isinstance(value, bool) else to_number(name, value)


def to_text(name: str, value: Any) -> Any:
    """The value where a text is wanted."""
    if isinstance(value, XlError):
        return value
    if value is EMPTY:
        return ""
    if isinstance(value, bool):
        return guards.truth_word(value)
    if is_number(value):
        return number_text(float(value))
    return str(value)


def number_text(number: float) -> str:
    """A number as Excel joins it to a text: fifteen digits, no exponent; refused where an exponent might be needed."""
    if number == 0:
        return "0"
    text = f"{Decimal(f'{number:.14e}').normalize(DECIMALS):f}"
    if not 1e-9 <= abs(number) < 1e15 or (abs(number) < 1e-4 and len(text) > 17):
        raise Refusal("a very large or very small number turned into text")
    return text.replace(".", guards.locale().decimal)


def to_truth(name: str, value: Any) -> Any:
    """The value where a truth value is wanted."""
    if isinstance(value, XlError | bool):
        return value
    if value is EMPTY:
        return False
    if is_number(value):
        return value != 0
    if (truth := guards.spelled_truth(value)) is not None:
        return truth
    if guards.spelled_number(value) is not None:
        raise Refusal(f"{name} of a text where a truth value must stand")
    guards.numeric(value)
    return VALUE


def to_condition(name: str, value: Any) -> Any:
    """The value where IF and its like want a condition."""
    if not is_text(value):
        return to_truth(name, value)
    if guards.spelled_truth(value.strip()) is not None:
        raise Refusal(f"{name} of a text that spells a truth value")
    return VALUE


def _as_it_is(name: str, value: Any) -> Any:
    return float(value) if is_number(value) else value


CONVERSIONS: dict[str, Callable[[str, Any], Any]] = {
    "number": to_number,
    "strict": _to_strict,
    "toolpak": _to_toolpak,
    "lone": _as_it_is,
    "text": to_text,
    "word": to_text,
    "truth": to_truth,
    "yes": to_truth,
    "condition": to_condition,
    "scalar": _as_it_is,
    "cell": _as_it_is,
}
