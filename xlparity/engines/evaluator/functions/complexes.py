"""Complex numbers, which Excel keeps as texts of fifteen digits: COMPLEX, IMREAL and their like.

The fifteenth digit of a text often hangs on the last bit of a sine. As a cell's value such a text is refused; inside
IMREAL and the others that make a number of it again, where a bit more or less is nothing, it will do: ``rough``.
"""

import cmath
import dataclasses
import math
import re
import sys
from collections.abc import Callable
from typing import Any

from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator.functions.conversions import DIV, NUM, VALUE
from xlparity.engines.evaluator.functions.signatures import Function, function
from xlparity.engines.evaluator.guards import Refusal, is_number

_REAL = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_IMAGINARY = r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)?"
_WRITTEN = re.compile(rf"(?P<real>{_REAL})?(?:(?P<imaginary>(?(real)(?=[+-])){_IMAGINARY})(?P<unit>[ij]))?")
_WIDEST_PLAIN = 20
_SAFE_FACTOR = 1000  # below it a few factors have a product that is a whole number to the last digit
_DOUBT = 4 * sys.float_info.epsilon


def _read(value: Any) -> Any:
    """The number and the letter of its imaginary unit, "" where there is none; or Excel's error."""
    if isinstance(value, XlError):
        return value
    if isinstance(value, bool):
        return VALUE
    if value is EMPTY:
        return 0j, ""
    if is_number(value):
        return complex(value), ""
    if not value or value != value.strip() or not value.isascii():
        raise Refusal("a complex number that is empty or has spaces about it")
    found = _WRITTEN.fullmatch(value)
    if not found:
        return NUM
    imaginary = found["imaginary"]
    if imaginary in ("", "+", "-"):
        imaginary += "1"
    return complex(float(found["real"] or 0), float(imaginary or 0)), found["unit"] or ""


def _spelled(number: float) -> str:
    """Fifteen digits; without an exponent where that takes at most twenty characters."""
    if number == 0:
        return "0"
    if abs(number) >= 1e15:
        raise Refusal("a complex number of sixteen digits as a text")
    short = f"{number:.15g}"
    mantissa, _, exponent = short.partition("e")
    plain = f"{number:.{len(mantissa.lstrip('-').replace('.', '')) - 1 - int(exponent)}f}" if exponent else short
    return plain if len(plain.lstrip("-")) <= _WIDEST_PLAIN else short.replace("e", "E")


def _written(number: complex, unit: str) -> str:
    real, imaginary = number.real, number.imag
    if imaginary == 0:
        return _spelled(real)
    tail = {1.0: "", -1.0: "-"}.get(imaginary) if abs(imaginary) == 1 else _spelled(imaginary)
    if real == 0:
        return f"{tail}{unit}"
    return f"{_spelled(real)}{'' if imaginary < 0 else '+'}{tail}{unit}"


def _settled(number: complex) -> bool:
    """Whether the fifteen digits of both parts stay what they are if the number is a few bits off."""
    slack = _DOUBT * abs(number)
    return all(
        part == 0 or f"{part - slack:.15g}" == f"{part:.15g}" == f"{part + slack:.15g}"
        for part in (number.real, number.imag)
    )


def _complex(real: float, imaginary: float, unit: Any = EMPTY) -> Any:
    if isinstance(unit, XlError):
        return unit
    if unit is EMPTY or unit == "":
        unit = "i"
    return _written(complex(real, imaginary), unit) if unit in ("i", "j") and isinstance(unit, str) else VALUE


def _to_number(call: Callable[[complex], Any], own: str) -> Function:
    def called(value: Any) -> Any:
        if value is EMPTY:
            raise Refusal("the complex number in a blank cell")
        read = _read(value)
        return read if isinstance(read, XlError) else call(read[0])

    return dataclasses.replace(function(called, "lone", own=own), reads_rough=True)


def _always(_: list[complex]) -> bool:
    return True


def _never(_: list[complex]) -> bool:
    return False


def _of_whole(numbers: list[complex]) -> bool:
    return all(part.is_integer() and abs(part) < _SAFE_FACTOR for z in numbers for part in (z.real, z.imag))


def _to_complex(
    call: Callable[..., Any], own: str, takes: str = "lone", exact: Callable[[list[complex]], bool] = _never
) -> Function:
    """A function of complex numbers, and of which of them it is ``exact``, so that any machine makes the same bits."""

    def called(rough: bool, *values: Any) -> Any:
        if exact is _never and any(value is EMPTY for value in values):
            raise Refusal("the complex number in a blank cell")
        numbers, units = [], set()
        for value in values:
            read = _read(value)
            if isinstance(read, XlError):
                return read
            numbers.append(read[0])
            units.add(read[1])
        if {"i", "j"} <= units:
            raise Refusal("complex numbers of which some have an i and some a j")
        result = call(*numbers)
        if isinstance(result, XlError):
            return result
        if not cmath.isfinite(result):
            raise Refusal("a complex number beyond the range of numbers")
        unit = "j" if "j" in units else "i"
        if rough:
            return f"{result.real + 0.0:.15g}{result.imag + 0.0:+.15g}{unit}"
        if not exact(numbers) and not _settled(result):
            raise Refusal("a complex number whose fifteenth digit hangs on a bit")
        return _written(result, unit)

    certain = function(lambda *values: called(False, *values), takes, own=own)
    return dataclasses.replace(certain, rough=function(lambda *values: called(True, *values), takes))


# --- the functions, by their real and imaginary parts --------------------------------------------------------------------


def _of_nonzero(call: Callable[[complex], complex]) -> Callable[[complex], Any]:
    return lambda z: NUM if z == 0 else call(z)


def _over(call: Callable[[complex], complex]) -> Callable[[complex], Any]:
    def called(z: complex) -> Any:
        below = call(z)
        return NUM if below == 0 else 1 / below

    return called


def _sqrt(z: complex) -> complex:
    # By modulus and argument, as Excel does: IMSQRT("-1") has a real part of 6E-17.
    return cmath.rect(math.sqrt(abs(z)), cmath.phase(z) / 2) if z else 0j


def _power(value: Any, exponent: float, rough: bool) -> Any:
    def raised(z: complex) -> complex:
        if z == 0:
            raise Refusal("a power of the complex number 0")
        return cmath.rect(abs(z) ** exponent, exponent * cmath.phase(z))

    powered = _to_complex(raised, "")
    chosen = powered.rough if rough and powered.rough else powered
    return chosen.call(value)


def _sum(*numbers: complex) -> complex:
    return sum(numbers[1:], numbers[0])


def _product(*numbers: complex) -> complex:
    return math.prod(numbers)


def _quotient(dividend: complex, divisor: complex) -> Any:
    return NUM if divisor == 0 else dividend / divisor


def _argument(z: complex) -> Any:
    return DIV if z == 0 else cmath.phase(z)


# formulas reads an I in upper case, writes sixteen digits and more, and takes the argument of -i for a division by zero.
FUNCTIONS: dict[str, Function] = {
    "COMPLEX": function(_complex, "toolpak toolpak lone?", own="COMPLEX(1E-18,0)"),
    "IMREAL": _to_number(lambda z: z.real, 'IMREAL("1+2I")'),
    "IMAGINARY": _to_number(lambda z: z.imag, 'IMAGINARY("1+2I")'),
    "IMABS": _to_number(abs, 'IMABS("1+2I")'),
    "IMARGUMENT": _to_number(_argument, 'IMARGUMENT("-i")'),
    "IMCONJUGATE": _to_complex(lambda z: z.conjugate(), 'IMCONJUGATE("0.1234567890123456i")', exact=_always),
    "IMSUM": _to_complex(_sum, 'IMSUM("0.1i","0.2i")', "lone*", exact=_always),
    "IMSUB": _to_complex(lambda x, y: x - y, 'IMSUB("0.3","0.1")', "lone lone", exact=_always),
    "IMPRODUCT": _to_complex(_product, 'IMPRODUCT("0.1","3")', "lone*", exact=_of_whole),
    "IMDIV": _to_complex(_quotient, 'IMDIV("i","-2.5")', "lone lone"),
    "IMPOWER": dataclasses.replace(
        function(lambda z, n: _power(z, n, rough=False), "lone toolpak", own='IMPOWER("1.1",2)'),
        rough=function(lambda z, n: _power(z, n, rough=True), "lone toolpak"),
    ),
    "IMEXP": _to_complex(cmath.exp, 'IMEXP("3")'),
    "IMLN": _to_complex(_of_nonzero(cmath.log), 'IMLN("3")'),
    "IMLOG10": _to_complex(_of_nonzero(lambda z: cmath.log(z) / math.log(10)), 'IMLOG10("2")'),
    "IMLOG2": _to_complex(_of_nonzero(lambda z: cmath.log(z) / math.log(2)), "IMLOG2(5)"),
    "IMSQRT": _to_complex(_sqrt, 'IMSQRT("3")'),
    "IMSIN": _to_complex(cmath.sin, 'IMSIN("3")'),
    "IMCOS": _to_complex(cmath.cos, 'IMCOS("4j")'),
    "IMTAN": _to_complex(cmath.tan, 'IMTAN("1")'),
    "IMSINH": _to_complex(cmath.sinh, 'IMSINH("1")'),
    "IMCOSH": _to_complex(cmath.cosh, 'IMCOSH("3")'),
    "IMSEC": _to_complex(_over(cmath.cos), 'IMSEC("1+2I")'),
    "IMCSC": _to_complex(_over(cmath.sin), 'IMCSC("1")'),
    "IMCOT": _to_complex(_over(cmath.tan), 'IMCOT("1+2I")'),
    "IMSECH": _to_complex(_over(cmath.cosh), 'IMSECH("1+2I")'),
    "IMCSCH": _to_complex(_over(cmath.sinh), 'IMCSCH("1+2I")'),
}

ENGLISH_ONLY = frozenset(FUNCTIONS)  # whose texts have decimals in them
