"""Tables of formulas and what Excel makes of them: all of a table are computed in one workbook."""

import pytest
from test_engines import at, workbook

from xlparity.engines.registry import find_engine
from xlparity.excel.prefixes import prefixed
from xlparity.excel.values import ErrorValue

# The engines that run another program, which may not be installed.
PROGRAMS = [
    pytest.param("libreoffice", marks=pytest.mark.libreoffice),
    pytest.param("ironcalc", marks=pytest.mark.ironcalc),
]


def evaluate(folder, formulas, cells):
    """The value of each formula, on a sheet of its own beside a sheet named D with these cells.

    A formula in braces is an array formula, and its value that of its first cell; one in braces that is given with an
    area is entered into that, and its value is a list. Formulas are given as a person types them, and written as Excel has
    them in a file.
    """
    placed = {f"A{row}": formula for row, formula in enumerate(formulas, start=1)}
    written = {address: prefixed(formula) for address, formula in placed.items()}
    values = find_engine("formulas").load(workbook(folder, S=written, D=cells)).recalculate({})
    return {formula: values[at(address)] for address, formula in placed.items()}


def entered(folder, formula, area, cells):
    """The values of an array formula over an area, row by row."""
    values = (
        find_engine("formulas").load(workbook(folder, S={area: f"{{{prefixed(formula)}}}"}, D=cells)).recalculate({})
    )
    return [values[cell] for cell in parse(area)]


def parse(area):
    """The cells of an area of sheet S, row by row."""
    first, last = (at(address) for address in area.split(":"))
    return [
        first._replace(row=row, column=column)
        for row in range(first.row, last.row + 1)
        for column in range(first.column, last.column + 1)
    ]


def same(value, expected):
    """Whether the value is the expected one: an error by its code, a number to 1e-9, or to the digits of a text."""
    if isinstance(expected, str) and expected.startswith("#"):
        return value == ErrorValue(expected)
    if isinstance(expected, str) and expected.startswith("~"):
        decimals = len(expected.partition(".")[2])
        return type(value) is float and abs(value - float(expected[1:])) <= 0.51 * 10**-decimals
    if isinstance(expected, int | float) and not isinstance(expected, bool):
        return type(value) is float and value == pytest.approx(expected, rel=1e-9, abs=1e-300)
    return type(value) is type(expected) and value == expected


def used(formula):
    """The functions of a formula."""
    words = "".join(sign if sign.isalnum() or sign in ".(" else " " for sign in formula).replace("(", "( ").split()
    return {word[:-1] for word in words if word.endswith("(") and len(word) > 1}
