"""CONVERT: Microsoft's table of units, with the factors that Excel has for them.

The factors of the units whose definition has moved since, such as eV and u, are Excel's. Units of which Excel takes a
prefix are those that it takes ``M`` for; its choice (``uk_pt`` and ``mph``, not ``Torr`` nor ``sec``) follows no rule.
"""

from dataclasses import dataclass
from typing import Any

from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator.functions.conversions import NA
from xlparity.engines.evaluator.functions.signatures import Function, function
from xlparity.engines.evaluator.guards import Refusal, is_text

_INCH, _POINT, _LIGHT_YEAR = 0.0254, 0.0254 / 72, 9460730472580800.0
_POUND, _GRAVITY = 453.59237, 9.80665
_GALLON = 231 * _INCH**3
_US_MILE = 6336000 / 3937  # survey mile, in metres
_FORCE = _POUND / 1000 * _GRAVITY
_HORSEPOWER = 550 * 12 * _INCH * _FORCE

# Lengths, and what their squares and cubes are called.
_LENGTHS = {
    "m": 1.0, "mi": 5280 * 12 * _INCH, "Nmi": 1852.0, "in": _INCH, "ft": 12 * _INCH, "yd": 36 * _INCH,
    "ang": 1e-10, "ell": 45 * _INCH, "ly": _LIGHT_YEAR, "parsec": 3.0856775812815532e16, "pc": 3.0856775812815532e16,
    "Picapt": _POINT, "Pica": _POINT, "pica": 12 * _POINT, "survey_mi": _US_MILE,
}  # fmt: skip
_POWERS = ("m", "mi", "Nmi", "in", "ft", "yd", "ang", "ly", "Picapt", "Pica")

_PLAIN = {
    "mass": {
        "g": 1.0, "sg": _FORCE / (12 * _INCH) * 1000, "lbm": _POUND, "u": 1.660538782e-24, "ozm": _POUND / 16,
        "grain": _POUND / 7000, "cwt": 100 * _POUND, "shweight": 100 * _POUND, "uk_cwt": 112 * _POUND,
        "lcwt": 112 * _POUND, "hweight": 112 * _POUND, "stone": 14 * _POUND, "ton": 2000 * _POUND,
        "uk_ton": 2240 * _POUND, "LTON": 2240 * _POUND, "brton": 2240 * _POUND,
    },
    "length": _LENGTHS,
    "time": {
        "yr": 31557600.0, "day": 86400.0, "d": 86400.0, "hr": 3600.0, "mn": 60.0, "min": 60.0, "sec": 1.0, "s": 1.0,
    },
    "pressure": {
        "Pa": 1.0, "p": 1.0, "atm": 101325.0, "at": 101325.0, "mmHg": 133.322, "psi": _FORCE / _INCH**2,
        "Torr": 101325 / 760,
    },
    "force": {"N": 1.0, "dyn": 1e-5, "dy": 1e-5, "lbf": _FORCE, "pond": _GRAVITY / 1000},
    "energy": {
        "J": 1.0, "e": 1e-7, "c": 4.184, "cal": 4.1868, "eV": 1.602176487e-19, "ev": 1.602176487e-19,
        "HPh": 3600 * _HORSEPOWER, "hh": 3600 * _HORSEPOWER, "Wh": 3600.0, "wh": 3600.0, "flb": 12 * _INCH * _FORCE,
        "BTU": 1055.05585262, "btu": 1055.05585262,
    },
    "power": {"HP": _HORSEPOWER, "h": _HORSEPOWER, "PS": 75 * _GRAVITY, "W": 1.0, "w": 1.0},
    "magnetism": {"T": 1.0, "ga": 1e-4},
    "volume": {
        "tsp": _GALLON / 768, "tspm": 5e-6, "tbs": _GALLON / 256, "oz": _GALLON / 128, "cup": _GALLON / 16,
        "pt": _GALLON / 8, "us_pt": _GALLON / 8, "uk_pt": 0.00454609 / 8, "qt": _GALLON / 4,
        "uk_qt": 0.00454609 / 4, "gal": _GALLON, "uk_gal": 0.00454609, "l": 1e-3, "L": 1e-3, "lt": 1e-3,
        "barrel": 42 * _GALLON, "bushel": 2150.42 * _INCH**3, "GRT": 100 * (12 * _INCH) ** 3,
        "regton": 100 * (12 * _INCH) ** 3, "MTON": 40 * (12 * _INCH) ** 3,
    },
    "area": {
        "uk_acre": 4840 * (36 * _INCH) ** 2, "us_acre": _US_MILE**2 / 640, "ar": 100.0, "ha": 10000.0, "Morgen": 2500.0,
    },
    "information": {"bit": 1.0, "byte": 8.0},
    "speed": {
        "admkn": 6080 * 12 * _INCH / 3600, "kn": 1852 / 3600, "m/h": 1 / 3600, "m/hr": 1 / 3600, "m/s": 1.0,
        "m/sec": 1.0, "mph": 5280 * 12 * _INCH / 3600,
    },
}  # fmt: skip

# Degrees: the size of one, and where its scale has the zero of the kelvins.
_TEMPERATURES = {
    "C": (1.0, -273.15), "cel": (1.0, -273.15), "F": (5 / 9, -459.67), "fah": (5 / 9, -459.67), "K": (1.0, 0.0),
    "kel": (1.0, 0.0), "Rank": (5 / 9, 0.0), "Reau": (1.25, -218.52),
}  # fmt: skip

_PREFIXED = (
    "g u m ang ly parsec pc Pa p atm at mmHg N dyn dy pond J e c cal eV ev Wh wh W w T ga uk_pt l L lt ar bit byte "
    "m/h m/hr m/s m/sec mph K kel m2 m^2 m3 m^3 ang2 ang^2 ang3 ang^3"
)
_PREFIXES = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1, "e": 1, "d": -1, "c": -2,
    "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}  # fmt: skip
_BINARY = {f"{letter}i": 2.0 ** (10 * power) for power, letter in enumerate("kMGTPEZY", start=1)}


@dataclass(frozen=True, slots=True)
class _Unit:
    """What it measures, the size of one, the zero of its scale, and the power that a prefix is raised to."""

    measure: str
    size: float
    zero: float = 0.0
    power: int = 1


def _units() -> dict[str, _Unit]:
    units = {name: _Unit(measure, size) for measure, sizes in _PLAIN.items() for name, size in sizes.items()}
    units |= {name: _Unit("temperature", size, zero) for name, (size, zero) in _TEMPERATURES.items()}
    for power, measure in ((2, "area"), (3, "volume")):
        for length in _POWERS:
            unit = _Unit(measure, _LENGTHS[length] ** power, power=power)
            units |= {f"{length}{power}": unit, f"{length}^{power}": unit}
    return units


_UNITS = _units()


def _unit(name: Any) -> _Unit | XlError:
    """The unit of that name, which may begin with a prefix; the unit itself goes before one with a prefix."""
    if isinstance(name, XlError):
        return name
    if name is EMPTY:
        return NA
    if not is_text(name):
        raise Refusal("a unit that is no text")
    if name in _UNITS:
        return _UNITS[name]
    for prefix, exponent in _PREFIXES.items():
        rest = name.removeprefix(prefix)
        if rest != name and rest in _PREFIXED.split():
            unit = _UNITS[rest]
            return _Unit(unit.measure, unit.size * 10.0 ** (exponent * unit.power), unit.zero)
    for prefix, factor in _BINARY.items():
        if name in (f"{prefix}bit", f"{prefix}byte"):
            return _Unit("information", factor * _UNITS[name.removeprefix(prefix)].size)
    return NA


def _convert(number: float, source: Any, target: Any) -> Any:
    units = [_unit(source), _unit(target)]
    for unit in units:
        if isinstance(unit, XlError):
            return unit
    old, new = (unit for unit in units if isinstance(unit, _Unit))
    if old.measure != new.measure:
        return NA
    if old == new:
        return number
    result = (number - old.zero) * old.size / new.size + new.zero
    if old.zero != new.zero and result and abs(result) < 1e-9 * max(abs(number), abs(old.zero)):
        raise Refusal("a temperature next to the zero of a scale")
    return result


FUNCTIONS: dict[str, Function] = {"CONVERT": function(_convert, "toolpak lone lone", own='CONVERT(1,"N","pond")')}
