"""Excel's family Lookup & Reference, and the functions that rearrange arrays."""

from xlparity.engines.formulas.functions.taking import Function

FUNCTIONS: dict[str, Function] = {}
