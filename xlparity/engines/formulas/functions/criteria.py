"""The functions that choose cells by criteria: COUNTIF, SUMIFS and their like, and the database functions."""

from xlparity.engines.formulas.functions.taking import Function

FUNCTIONS: dict[str, Function] = {}
