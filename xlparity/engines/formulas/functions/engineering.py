"""Excel's family Engineering: number systems, bits, units, complex numbers, Bessel and error functions."""

from xlparity.engines.formulas.functions.taking import Function

FUNCTIONS: dict[str, Function] = {}
