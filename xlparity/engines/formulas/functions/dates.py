"""Excel's family Date & Time, on serial numbers of the 1900 system."""

from xlparity.engines.formulas.functions.taking import Function

FUNCTIONS: dict[str, Function] = {}
