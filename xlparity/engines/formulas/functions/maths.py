"""Excel's family Math & Trig, but for what ``core`` has and the sums with criteria: rounding, number theory, matrices."""

from xlparity.engines.formulas.functions.taking import Function

FUNCTIONS: dict[str, Function] = {}
