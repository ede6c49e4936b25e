"""Probability distributions, their inverses and the tests that rest on them."""

from xlparity.engines.formulas.functions.taking import Function

FUNCTIONS: dict[str, Function] = {}
