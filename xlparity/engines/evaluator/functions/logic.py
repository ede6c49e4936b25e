"""Excel's families Logical and Information."""

from collections.abc import Callable
from typing import Any

import numpy as np
from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator import guards
from xlparity.engines.evaluator.functions.conversions import NA, VALUE, text_number, to_condition
from xlparity.engines.evaluator.functions.core import logical
from xlparity.engines.evaluator.functions.matching import same
from xlparity.engines.evaluator.functions.signatures import Function, by_formulas, delegated, function
from xlparity.engines.evaluator.guards import Refusal, is_number, is_text


def ifs(*pairs: Any) -> Any:
    """Excel's IFS: the value behind the first condition that holds, #N/A where none does."""
    if len(pairs) % 2:
        raise Refusal("IFS with a condition that has no value")
    for condition, value in zip(pairs[::2], pairs[1::2], strict=True):
        holds = to_condition("IFS", condition)
        if isinstance(holds, XlError):
            return holds
        if holds:
            return value
    return NA


def switch(wanted: Any, *cases: Any) -> Any:
    """Excel's SWITCH: the value behind the first case that equals, else the last argument if it is left over."""
    if isinstance(wanted, XlError):
        return wanted
    for case, value in zip(cases[::2], cases[1::2], strict=False):
        if isinstance(case, XlError):
            raise Refusal("SWITCH with an error for a case")
        if (wanted is EMPTY or case is EMPTY) and (wanted in (EMPTY, "", 0) and case in (EMPTY, "", 0)):
            raise Refusal("SWITCH of a blank with a case that a blank may equal")
        if same(wanted, case):
            return value
    return cases[-1] if len(cases) % 2 else NA


def if_na(value: Any, instead: Any) -> Any:
    """Excel's IFNA."""
    return instead if value is NA else value


def _odd(number: float) -> bool:
    if abs(number) >= 2**53:
        raise Refusal("whether a number of more than 15 digits is odd")
    return guards.whole_part(number) % 2 == 1


def parity(odd: bool) -> Callable[[Any], Any]:
    """ISODD or ISEVEN, of the whole part; functions of the Analysis ToolPak, which take no truth values."""

    def has_parity(value: Any) -> Any:
        if isinstance(value, XlError):
            return value
        if isinstance(value, bool):
            return VALUE
        if is_text(value):
            number = text_number(value)
            return number if isinstance(number, XlError) else _odd(number) is odd
        return _odd(0.0 if value is EMPTY else value) is odd

    return has_parity


def type_number(value: Any) -> Any:
    """Excel's TYPE of a single value."""
    return by_formulas("TYPE", np.array([[value]], object))


def _known_error(value: Any) -> None:
    if value is VALUE:
        raise Refusal("the number of #VALUE!, which files have for #SPILL! and #CALC! too")


def to_n(value: Any) -> Any:
    """Excel's N: a number, a truth value as one, zero for a text."""
    if isinstance(value, XlError):
        return value
    return 0.0 if value is EMPTY or is_text(value) else float(value)


FUNCTIONS: dict[str, Function] = {
    **{name: delegated(name, "") for name in ("TRUE", "FALSE", "NA")},
    "XOR": logical("XOR"),
    "IFS": function(ifs, "scalar scalar*", own='IFS(TRUE,Y1)&"x"'),
    "SWITCH": function(switch, "scalar scalar scalar*", own='SWITCH(B1,"TUESDAY",2,"MONDAY",1)'),
    "IFNA": function(if_na, "scalar scalar", own='IFNA(Y1,7)&"x"'),
    **{name: delegated(name, "cell") for name in ("ISBLANK", "ISTEXT", "ISNONTEXT")},
    **{name: delegated(name, "scalar") for name in ("ISERROR", "ISERR", "ISNA", "ISLOGICAL")},
    "ISNUMBER": function(is_number, "cell", own="ISNUMBER(B2)"),
    "ISODD": function(parity(odd=True), "lone", own='ISODD("x")'),
    "ISEVEN": function(parity(odd=False), "lone", own='ISEVEN("x")'),
    "TYPE": function(type_number, "lone", by="formulas"),
    "ERROR.TYPE": delegated("ERROR.TYPE", "scalar", guard=_known_error),
    "N": function(to_n, "lone", own="N(A1)"),
}
