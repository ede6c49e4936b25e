"""Excel's family Text."""

from xlparity.engines.formulas.functions.taking import Function

FUNCTIONS: dict[str, Function] = {}
