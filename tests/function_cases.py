"""How the tests of the function families evaluate a table of formulas: all of them in one workbook."""

import math

from test_engines import workbook

from xlparity.engines.registry import find_engine
from xlparity.excel.prefixes import prefixed
from xlparity.excel.values import ErrorValue, Unsupported

DIV, NA, NUM, VALUE = map(ErrorValue, ("#DIV/0!", "#N/A", "#NUM!", "#VALUE!"))


def evaluate(folder, formulas, cells):
    """The value of each formula, in order, on a sheet with these cells; the formulas stand in column Z.

    They are given as a person types them, and written as Excel has them in a file.
    """
    placed = {f"Z{row}": prefixed(f"={formula}") for row, formula in enumerate(formulas, start=1)}
    values = find_engine("formulas").load(workbook(folder, S={**cells, **placed})).recalculate({})
    by_address = {cell.a1: value for cell, value in values.items()}
    return [by_address[address] for address in placed]


def wrong(cases, values):
    """The cases whose value is another than the expected one."""
    return [
        (formula, expected, str(value))
        for (formula, expected), value in zip(cases, values, strict=True)
        if not _same(value, expected)
    ]


def computed(formulas, values):
    """The formulas that came to a value although they should have been refused."""
    return [
        (formula, value) for formula, value in zip(formulas, values, strict=True) if not isinstance(value, Unsupported)
    ]


def without_case(functions, cases):
    """The functions that no case calls."""
    called = "".join(formula for formula, _ in cases)
    return {name for name in functions if f"{name}(" not in called}


def _same(value, expected):
    if isinstance(expected, bool | str | ErrorValue):
        return type(value) is type(expected) and value == expected
    return isinstance(value, float) and math.isclose(value, expected, rel_tol=1e-9, abs_tol=1e-15)
