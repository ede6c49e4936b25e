"""The fast path: a program as one generated Python function over plain floats.

On anything else, and on any exception or infinity, it gives way to the general path.
"""

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from xlparity.engines.formulas import guards
from xlparity.engines.formulas.functions.core import NUMERIC, numpy_power, power, whole
from xlparity.engines.formulas.functions.signatures import Function, formulas_function
from xlparity.engines.formulas.guards import Operand, Surprise, close
from xlparity.formula import CELL_MARK
from xlparity.values import Value

Arguments: TypeAlias = Sequence[int | tuple[int, ...]]
Fast: TypeAlias = Callable[[list[Value], Arguments], float | bool]


@dataclass(frozen=True, slots=True)
class Step:
    """One call: the function, the slots of its operands and the slot of its result."""

    name: str
    function: Function
    operands: tuple[int, ...]
    result: int


def _ordering(compare: Callable[[float, float], bool]) -> Callable[[float, float], bool]:
    def ordered(left: float, right: float) -> bool:
        if close(left, right):
            raise Surprise
        return compare(left, right)

    return ordered


def plain_whole(number: float) -> float:
    """INT of a plain float."""
    if guards.nearly_whole(number):
        raise Surprise
    return whole(number)


def total(numbers: list[float]) -> float:
    """SUM of plain floats, one after the other."""
    result = 0.0
    for number in numbers:
        before = result
        result += number
        if result and abs(result) < guards.LOST * abs(before):
            raise Surprise
    return result


VOCABULARY: dict[str, Any] = {
    "power": power,
    "numpy_power": numpy_power,
    "plain_whole": plain_whole,
    "total": total,
    "Surprise": Surprise,
    "equal": _ordering(lambda x, y: x == y),
    "unequal": _ordering(lambda x, y: x != y),
    "less": _ordering(lambda x, y: x < y),
    "greater": _ordering(lambda x, y: x > y),
    "at_most": _ordering(lambda x, y: x <= y),
    "at_least": _ordering(lambda x, y: x >= y),
    # The plain functions under formulas' array wrappers: the same numpy ufunc on the same float has the same bits.
    "call": {name: inspect.unwrap(formulas_function(name)) for name in NUMERIC},
}


def spell(kinds: list[str], constants: tuple[Operand, ...], steps: tuple[Step, ...], root: int) -> Fast | None:
    """The program as one Python function of plain floats, or None where a step has no such spelling.

    The function takes the list of all values and the places of its arguments in it.
    """
    given = len(kinds)
    if not steps and not (root < given and kinds[root] == CELL_MARK):
        return None
    if any(type(constant) not in (int, float) for constant in constants):
        return None
    names = {slot: f"a{slot}" for slot in range(given)}
    names |= {given + k: repr(float(constant)) for k, constant in enumerate(constants)}
    truths: set[int] = set()
    body = [
        f"a{k} = v[i[{k}]]" if kind == CELL_MARK else f"a{k} = [v[j] for j in i[{k}]]" for k, kind in enumerate(kinds)
    ]
    floats = [f"type(a{k})" for k, kind in enumerate(kinds) if kind == CELL_MARK]
    if floats:
        body.append(f"if not ({' is '.join([*floats, 'float'])}): raise Surprise")
    body += [
        f"if not all(type(x) is float for x in a{k}): raise Surprise"
        for k, kind in enumerate(kinds)
        if kind != CELL_MARK
    ]
    for step in steps:
        spelling = _spell(step, names, truths, kinds)
        if spelling is None:
            return None
        names[step.result] = f"t{step.result}"
        body.append(f"t{step.result} = {spelling}")
        if step.function.gives == "truth":
            truths.add(step.result)
        elif step.name in ("+", "-"):  # the general path marks what Excel may take for a zero
            left = names[step.operands[0]]
            body.append(f"if t{step.result} and abs(t{step.result}) < {guards.LOST!r} * abs({left}): raise Surprise")
        elif step.name in guards.EXACT:
            least = repr(guards.SMALLEST)
            body.append(f"if -{least} < t{step.result} < {least} and t{step.result}: raise Surprise")
    # An infinity or a nan less itself is nan, which equals nothing.
    if steps:
        body.append(f"if not ({' == '.join(['0.0', *(f't{s.result} - t{s.result}' for s in steps)])}): raise Surprise")
    negative_zero = "" if root in truths else " + 0.0"  # which Excel has not got
    body.append(f"return {names[root]}{negative_zero}")
    namespace = dict(VOCABULARY)
    exec("def fast(v, i):\n    " + "\n    ".join(body), namespace)
    return namespace["fast"]  # type: ignore[no-any-return]


def _spell(step: Step, names: dict[int, str], truths: set[int], kinds: list[str]) -> str | None:
    def is_range(slot: int) -> bool:
        return slot < len(kinds) and kinds[slot] != CELL_MARK

    if step.name in ("SUM", "COUNT"):
        if truths & {*step.operands}:
            return None
        parts = ", ".join(f"*{names[slot]}" if is_range(slot) else names[slot] for slot in step.operands)
        return f"total([{parts}])" if step.name == "SUM" else f"float(len([{parts}]))"
    if any(is_range(slot) for slot in step.operands):
        return None
    if step.name == "IF" and len(step.operands) == 3 and truths & {*step.operands} == {step.operands[0]}:
        condition, then, otherwise = (names[slot] for slot in step.operands)
        return f"{then} if {condition} else {otherwise}"
    if step.name == "PI":
        return repr(math.pi)
    if step.name in ("=", "<>") and truths >= {*step.operands}:
        left, right = (names[slot] for slot in step.operands)
        return f"{left} {'is' if step.name == '=' else 'is not'} {right}"
    spelling = step.function.spelling
    # To Excel a truth value is greater than any number, and to Python it is one.
    compares_truths = step.function.gives == "truth" and truths & {*step.operands}
    if spelling is None or compares_truths or spelling.count("{") != len(step.operands):
        return None
    return spelling.format(*(f"float({names[slot]})" if slot in truths else names[slot] for slot in step.operands))
