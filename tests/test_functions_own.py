"""Who computes each function: formulas and scipy where they are right, xlparity where a case shows that formulas is not."""

import dataclasses
import importlib
import re
from collections import ChainMap
from pathlib import Path

import formulas
import numpy as np
import own_cases
import pytest
from formulas.tokens.operand import XlError
from test_engines import at, workbook
from typer.testing import CliRunner

from xlparity.cli import app
from xlparity.engines.evaluator import evaluation, shapes
from xlparity.engines.evaluator.functions import FUNCTIONS, core, counts, distributions, hypotheses, signatures
from xlparity.engines.evaluator.functions.signatures import by_formulas, formulas_function, formulas_has
from xlparity.engines.evaluator.providers import WRITTEN_OUT
from xlparity.engines.registry import find_engine
from xlparity.excel.prefixes import prefixed
from xlparity.excel.values import ErrorValue, Unsupported
from xlparity.excel.workbook import Formula

FAMILIES = (
    "criteria",
    "dates",
    "distributions",
    "engineering",
    "finance",
    "logic",
    "lookup",
    "maths",
    "statistics",
    "texts",
)
OWN = {name: known for name, known in FUNCTIONS.items() if known.own}
WITH_TAKES = {name for name, known in FUNCTIONS.items() if known.takes or name in ("TRUE", "FALSE", "NA")}


def plain(formula):
    """A formula without its equals sign and braces."""
    return re.sub(r"^\{(.*)\}$", r"\1", formula).removeprefix("=")


def all_cases():
    """Every committed case of a function by its plain formula: (family, formula, Excel's value)."""
    found = {}
    for family in FAMILIES:
        cases = importlib.import_module(f"test_functions_{family}").CASES
        for formula, expected in cases.items() if isinstance(cases, dict) else cases:
            found[plain(formula)] = (family, formula if formula[0] in "={" else f"={formula}", expected)
    for formula, expected in own_cases.CASES:
        found[formula] = ("own", f"={formula}", expected)
    return found


CASES = all_cases()


def same(value, expected):
    """Whether the value is the expected one: a number to nine digits, or to those of a text such as ~1.02."""
    if expected is Unsupported:
        return isinstance(value, Unsupported)
    if isinstance(expected, str) and expected.startswith("~"):
        return type(value) is float and abs(value - float(expected[1:])) <= 0.51 * 10 ** -len(
            expected.partition(".")[2]
        )
    if isinstance(expected, str) and expected.startswith("#"):
        return value in (expected, ErrorValue(expected))
    if isinstance(expected, int | float) and not isinstance(expected, bool):
        return type(value) is float and value == pytest.approx(expected, rel=1e-9, abs=0)
    return type(value) is type(expected) and value == expected


def of(name):
    """The case that a function names, with this function's name for that of another of its row."""
    family, formula, expected = CASES[FUNCTIONS[name].own]
    if name.isidentifier() or "." in name:
        others = [
            other for other in OWN if OWN[other].own == OWN[name].own and re.search(rf"\b{re.escape(other)}\(", formula)
        ]
        if name not in others:
            formula = formula.replace(f"{others[0]}(", f"{name}(")
    return family, formula, expected


def sheets(family):
    """The sheets that the formulas of a family refer to; S is the formulas' own."""
    if family == "own":
        return {"S": {"A1": 1}, "O": own_cases.CELLS}
    module = importlib.import_module(f"test_functions_{family}")
    return {"S": {}, "D": module.CELLS} if isinstance(module.CASES, dict) else {"S": module.CELLS}


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """A workbook of each family, with nothing but the cells that its cases refer to."""
    return {
        family: workbook(
            tmp_path_factory.mktemp(family), **{name: {"ZA1": 1} | cells for name, cells in sheets(family).items()}
        )
        for family in (*FAMILIES, "own")
    }


@pytest.fixture
def computed(books, monkeypatch):
    monkeypatch.setattr(evaluation, "plan", lambda program, shapes: None)  # kernels stand in for what is looked at here

    def value(family, formula):
        place = at("ZZ1")
        area = formula.startswith("{")
        content = Formula(prefixed(f"={plain(formula)}"), _range(place) if area else None)
        book = books[family].edited({place: content})
        return find_engine("formulas").load(book).recalculate({})[place]

    return value


def _range(cell):
    from xlparity.excel.address import Range  # noqa: PLC0415

    return Range(cell.sheet, cell.row, cell.column, cell.row, cell.column)


def test_every_function_of_its_own_names_a_case_that_formulas_gets_wrong_or_has_no_function_for():
    """Own code that nothing justifies is one more implementation of what a library offers."""
    without = {
        name for name, known in FUNCTIONS.items() if known.by == "xlparity" and formulas_has(name) and not known.own
    }
    assert without == {"ARRAY"}
    assert {name for name in OWN if FUNCTIONS[name].by != "xlparity" or not formulas_has(name)} == set()
    assert {known.own for known in OWN.values()} - CASES.keys() == set()
    assert {name for name, known in FUNCTIONS.items() if known.by == "formulas" and not formulas_has(name)} == set()


def test_the_named_cases_are_what_excel_has(computed):
    """A case with another value than Excel's would justify the wrong code."""
    found = {name: (of(name)[1], computed(*of(name)[:2])) for name in OWN}
    assert {name: case for name, case in found.items() if not same(case[1], of(name)[2])} == {}


def test_formulas_gets_the_named_cases_wrong_behind_our_conversions(computed, monkeypatch):
    """As soon as the library is right, the own code has no justification left, and goes."""
    monkeypatch.delenv("XLPARITY_STRICT", raising=False)  # the library may fail in any way it likes
    right = []
    for name, known in OWN.items():
        with monkeypatch.context() as patched:
            own = {name: dataclasses.replace(known, call=library(name, known))}
            patched.setattr(shapes, "FUNCTIONS", ChainMap(own, FUNCTIONS))
            shapes.compile_alone.cache_clear()
            value = computed(*of(name)[:2])
        if same(value, of(name)[2]):
            right.append((name, of(name)[1], value))
    shapes.compile_alone.cache_clear()
    assert right == []


def library(name, known):
    """formulas' function of that name in place of the implementation."""
    if not known.takes:
        return core.OPERATORS[name] if name in core.OPERATORS else formulas_function(name)
    if name in core.OPERATORS:
        return core.OPERATORS[name]
    return lambda *operands: by_formulas(name, *operands, single=known.kind == "elementwise")


def test_formulas_own_parser_gets_the_named_cases_wrong():
    """It calls its functions as they are meant to be called, so that no case is one of how they are called here."""
    right = []
    for name in OWN:
        _, formula, expected = of(name)
        if not re.search(r"[A-Z]!|[A-Z][0-9]+(?![0-9(])|[A-Z]:[A-Z]", re.sub(r'"[^"]*"', "", formula)):
            found = _by_the_parser(prefixed(f"={plain(formula)}"))
            if found is not None and same(found, expected):
                right.append((name, formula, found))
    assert right == []


def _by_the_parser(formula):
    """What formulas' own parser and functions make of a formula without references; None where they fail."""
    try:
        found = formulas.Parser().ast(formula)[1].compile()()
    except Exception:  # the library may fail in any way it likes
        return None
    found = found.ravel()[0] if isinstance(found, np.ndarray) else found
    found = found.item() if isinstance(found, np.generic) else found
    if isinstance(found, XlError):
        return ErrorValue(str(found))
    return float(found) if isinstance(found, int) and not isinstance(found, bool) else found


def test_who_is_said_to_compute_a_function_is_called(books, monkeypatch):
    """A function that says formulas or scipy and computes by itself would be own code in disguise."""
    called = set()

    def noted(name):
        called.add(name)
        return formulas_function(name)

    class Scipy:
        def __init__(self, found):
            self._found = found

        def __getattr__(self, attribute):
            called.add("scipy")
            return getattr(self._found, attribute)

    elements = signatures._element_function
    monkeypatch.setattr(evaluation, "plan", lambda program, shapes: None)
    monkeypatch.setattr(signatures, "formulas_function", noted)
    monkeypatch.setattr(core, "formulas_function", noted)
    monkeypatch.setattr(signatures, "_element_function", lambda name: called.add(name) or elements(name))
    for library_name in ("special", "stats"):
        loaded = Scipy(getattr(distributions, library_name)())
        for module in (distributions, counts, hypotheses):
            if hasattr(module, library_name):
                monkeypatch.setattr(module, library_name, lambda loaded=loaded: loaded)
    missed = []
    for name, known in FUNCTIONS.items():
        if known.by == "xlparity" or not (known.takes or name in ("TRUE", "FALSE", "NA")):
            continue
        called.clear()
        wanted = name if known.by == "formulas" else "scipy"
        for family, formula, _ in CASES.values():
            if wanted in called:
                break
            if re.search(rf"(?<![A-Z0-9.]){re.escape(name)}\(", formula):
                book = books[family].edited({at("ZZ1"): Formula(prefixed(f"={plain(formula)}"), None)})
                find_engine("formulas").load(book).recalculate({})
        if wanted not in called:
            missed.append((name, known.by))
    assert missed == []
    own = {"TRANSPOSE", "SUMPRODUCT", *core._ORDER}
    plainly = {name for name, known in FUNCTIONS.items() if known.by == "formulas" and name not in WITH_TAKES} - own
    assert {
        name
        for name in plainly
        if FUNCTIONS[name].call
        not in (core.OPERATORS.get(name), formulas_function(name), signatures.formulas_later(name))
    } == set()


@pytest.mark.parametrize("width", [80, 120])
def test_the_command_lists_who_computes_each_function(width, monkeypatch):
    """A verdict rests on these functions, and nobody can look up what an engine's name does not say."""
    monkeypatch.setenv("COLUMNS", str(width))
    shown = CliRunner().invoke(app, ["engines", "--functions"]).output.splitlines()
    rows = {line.split()[0]: line for line in shown[1:] if line.strip()}
    assert rows.keys() >= FUNCTIONS.keys() - core.SYNTAX
    assert max(map(len, shown)) <= width
    assert rows["SIN"].split(maxsplit=2)[1:] == ["formulas", "the library's own function"]
    assert rows["NORM.INV"].split(maxsplit=2)[1:] == ["scipy", "scipy has the mathematics"]
    assert rows["MROUND"].split(maxsplit=2)[1:] == ["xlparity", "formulas is wrong on MROUND(3,6)"]
    assert rows["BASE"].split(maxsplit=2)[1:] == ["xlparity", "formulas has no such function"]
    by = [line.split()[1] for name, line in rows.items() if name in FUNCTIONS or name in WRITTEN_OUT]
    assert (
        f"{by.count('xlparity')} by xlparity, {by.count('formulas')} by formulas, {by.count('scipy')} by scipy"
        in shown[-1]
    )


def test_the_cases_of_this_file_are_all_named():
    """A case that no function names belongs to the tests of its family."""
    assert {formula for formula, _ in own_cases.CASES} - {known.own for known in OWN.values()} == set()
    assert Path(own_cases.__file__).name == "own_cases.py"
