"""The functions of Excel's family Text that join and split texts, and those that read numbers in them."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator import guards
from xlparity.engines.evaluator.functions.conversions import NA, VALUE, text_number, to_text
from xlparity.engines.evaluator.functions.matching import LONGEST_TEXT, lowered
from xlparity.engines.evaluator.functions.signatures import Function, by_formulas, function
from xlparity.engines.evaluator.functions.texts import counted, fitting, whole
from xlparity.engines.evaluator.guards import Refusal, is_number, is_text
from xlparity.excel.locales import ENGLISH

_PERCENT_OR_POWER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[Ee][+-]?[0-9]{1,2}|%)?")


def _all_texts(name: str, tables: tuple[Any, ...]) -> list[str] | XlError:
    texts: list[str] = []
    for table in tables:
        for value in guards.elements(table):
            text = to_text(name, value)
            if isinstance(text, XlError):
                return text
            texts.append(text)
    return texts


def concat(*tables: Any) -> Any:
    """Excel's CONCAT: every cell, row by row."""
    texts = _all_texts("CONCAT", tables)
    if isinstance(texts, XlError) or sum(map(len, texts)) > LONGEST_TEXT:
        return texts if isinstance(texts, XlError) else VALUE
    return by_formulas("CONCAT", texts)


def textjoin(delimiter: str, ignoring: Any, *tables: Any) -> Any:
    """Excel's TEXTJOIN."""
    texts = _all_texts("TEXTJOIN", tables)
    if isinstance(texts, XlError):
        return texts
    if ignoring is EMPTY and not all(texts):
        raise Refusal("TEXTJOIN that is not told whether to ignore empty texts")
    if isinstance(ignoring, XlError):
        return ignoring
    if is_text(ignoring):
        raise Refusal("TEXTJOIN of a text where a truth value must stand")
    return fitting(delimiter.join([text for text in texts if text or not ignoring]))


def _occurrences(text: str, wanted: str, mode: float) -> list[int]:
    if mode not in (0, 1):
        raise Refusal("a match mode that is neither 0 nor 1")
    if mode:
        text, wanted = lowered(text), lowered(wanted)
    places: list[int] = []
    place = text.find(wanted)
    while place >= 0:
        places.append(place)
        place = text.find(wanted, place + len(wanted))
    if sum(text.startswith(wanted, place) for place in range(len(text))) > len(places):
        raise Refusal("delimiters that overlap")
    return places


def beside(before: bool) -> Callable[..., Any]:
    """TEXTBEFORE or TEXTAFTER: what is on one side of the delimiter, counted from the end where that is negative."""

    def cut(
        text: str, delimiter: str, instance: Any = None, mode: Any = EMPTY, end: Any = EMPTY, other: Any = NA
    ) -> Any:
        for option in (instance, mode, end):
            if isinstance(option, XlError):
                return option
            if is_text(option) or instance is EMPTY:
                raise Refusal("a text or a blank for the place of a delimiter")  # 1 if left out, 0 of a blank cell
        number = 1 if instance is None else math.floor(instance)  # here, unlike elsewhere, -1.6 is -2
        edge = 0 if end is EMPTY else whole(end)
        if number == 0 or edge not in (0, 1) or (instance is not None and len(delimiter) > len(text) > 0):
            return VALUE
        if abs(number) > len(text) or not delimiter:
            raise Refusal("more delimiters asked for than there are characters, or an empty one")
        places = _occurrences(counted(text), delimiter, 0.0 if mode is EMPTY else float(mode))
        bounds = [(place, place + len(delimiter)) for place in places]
        if edge:  # the end that is met last counts as one more delimiter
            bounds = [*bounds, (len(text), len(text))] if number > 0 else [(0, 0), *bounds]
        if abs(number) > len(bounds):
            return "" if other is EMPTY else other
        start, stop = bounds[number - 1 if number > 0 else number]
        return text[:start] if before else text[stop:]

    return cut


def _pieces(text: str, delimiters: list[str], ignoring: bool, mode: float) -> list[str]:
    if not delimiters:
        return [text]
    form = "|".join(re.escape(delimiter) for delimiter in sorted(delimiters, key=len, reverse=True))
    if len({len(delimiter) for delimiter in delimiters}) > 1:
        raise Refusal("delimiters of several lengths")
    if mode:
        lowered(text)
    pieces = re.split(form, text, flags=re.IGNORECASE if mode else 0)
    return [piece for piece in pieces if piece or not ignoring]


def textsplit(
    text: str, columns: Any, rows: Any = None, ignoring: Any = EMPTY, mode: Any = EMPTY, pad: Any = NA
) -> Any:
    """Excel's TEXTSPLIT, into columns and rows; short rows are filled up with #N/A, or what is given."""
    delimiters: list[list[str]] = []
    for table in (columns, rows):
        texts = _all_texts("TEXTSPLIT", () if table is None else (table,))
        if isinstance(texts, XlError):
            return texts
        if "" in texts:
            return VALUE
        delimiters.append(texts)
    if not any(delimiters):
        return VALUE
    if not text or pad is EMPTY:
        raise Refusal("TEXTSPLIT of nothing, or filling up with a blank")
    for option in (ignoring, mode):
        if not (option is EMPTY or isinstance(option, bool) or option in (0, 1)):
            raise Refusal("TEXTSPLIT with an option that is neither 0 nor 1")
    skip, either = ignoring is not EMPTY and bool(ignoring), mode is not EMPTY and float(mode)
    lines = [_pieces(line, delimiters[0], skip, either) for line in _pieces(text, delimiters[1], skip, either)]
    width = max((len(line) for line in lines), default=0)
    if not width or not all(lines):
        raise Refusal("TEXTSPLIT that leaves nothing")
    return np.array([[*line, *[pad] * (width - len(line))] for line in lines], object)


def to_value(value: Any) -> Any:
    """Excel's VALUE: of the texts that spell a number, those that certainly do."""
    if isinstance(value, XlError):
        return value
    if isinstance(value, bool):
        return VALUE
    if value is EMPTY:
        return 0.0
    if not is_text(value):
        return float(value)
    if guards.locale() == ENGLISH and _PERCENT_OR_POWER.fullmatch(value):
        return float(value.rstrip("%") + ("e-2" if value.endswith("%") else ""))
    return text_number(value)


def numbervalue(text: str, decimal: str | None = None, group: str | None = None) -> Any:
    """Excel's NUMBERVALUE: spaces and group separators before the decimal one do not count, each ``%`` divides by 100.

    The separators that are left out are those of the locale.
    """
    decimal = guards.locale().decimal if decimal is None else decimal
    group = guards.locale().thousands if group is None else group
    if len(decimal) != 1 or len(group) != 1 or decimal == group or not (decimal + group).isascii():
        raise Refusal("NUMBERVALUE with separators of several characters, or of none")
    if decimal.isalnum() or group.isalnum() or {decimal, group} & set("+-% "):
        raise Refusal("NUMBERVALUE with a separator that means something else")
    plain = text.replace(" ", "")
    if not plain:
        return 0.0
    digits = plain.rstrip("%")
    before, point, after = digits.partition(decimal)
    before = before.replace(group, "")
    if group in after or decimal in after:
        return VALUE
    if not re.fullmatch(r"-?[0-9]+", before) or (point and not re.fullmatch(r"[0-9]+", after)) or len(digits) > 15:
        guards.numeric(text)
        if re.search("[0-9]", text):
            raise Refusal("NUMBERVALUE of a text with more than a plain number in it")
        return VALUE
    return float(f"{before}.{after or 0}e-{2 * (len(plain) - len(digits))}")


def _shown(value: Any, strictly: bool) -> str:
    if isinstance(value, XlError):
        return str(value)
    if is_number(value) and float(f"{value:.14e}") != value:
        raise Refusal("a number of more than 15 digits turned into text")  # of which other functions write 15
    text: str = to_text("VALUETOTEXT", value)
    if strictly and is_text(value) and '"' in text:
        raise Refusal("quotes within quotes")
    return f'"{text}"' if strictly and is_text(value) else text


def value_to_text(value: Any, form: float = 0.0) -> Any:
    """Excel's VALUETOTEXT, as plain as it is shown or, with a 1, with quotes about a text."""
    return _shown(value, form == 1) if form in (0, 1) else VALUE


def array_to_text(table: Any, form: float = 0.0) -> Any:
    """Excel's ARRAYTOTEXT: a list, or with a 1 an array constant."""
    if form not in (0, 1):
        return VALUE
    rows = [[_shown(value, form == 1) for value in row] for row in table]
    if form == 1:
        return fitting("{" + ";".join(",".join(row) for row in rows) + "}")
    return fitting(", ".join(text for row in rows for text in row))


FUNCTIONS: dict[str, Function] = {
    "CONCAT": function(concat, "table*", "aggregate", by="formulas"),
    "TEXTJOIN": function(textjoin, "word scalar~ table*", "aggregate", own='TEXTJOIN("-",0.5,{"a","","b"})'),
    "TEXTBEFORE": function(
        beside(before=True), "text word scalar~ scalar~ scalar~ scalar?", own='TEXTBEFORE("b","1,234",TRUE)'
    ),
    "TEXTAFTER": function(
        beside(before=False), "text word scalar~ scalar~ scalar~ scalar?", own='TEXTAFTER("a-b-c","-",-1.5)'
    ),
    "TEXTSPLIT": function(textsplit, "text table~ table~ scalar~ scalar~ scalar?", "matrix", own='TEXTSPLIT("Hello",)'),
    "VALUE": function(to_value, "scalar", own='VALUE("40%")'),
    "NUMBERVALUE": function(numbervalue, "text text? text?", own='NUMBERVALUE("")'),
    "VALUETOTEXT": function(value_to_text, "scalar strict?", own="VALUETOTEXT(0.000000007123456)"),
    "ARRAYTOTEXT": function(array_to_text, "table! strict?", "aggregate", own="ARRAYTOTEXT({0.0000000071,1})"),
}

ENGLISH_ONLY = frozenset(("VALUETOTEXT", "ARRAYTOTEXT"))  # which write lists and words as Excel's language has them
