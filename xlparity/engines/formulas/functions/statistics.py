"""Excel's family Statistical but for the distributions: averages, spreads, ranks, regression."""

from xlparity.engines.formulas.functions.taking import Function

FUNCTIONS: dict[str, Function] = {}
