"""Signs and powers: which of several signs binds, and that a formula with a power is computed at all."""

import math
import random

import pytest
from test_engines import at, workbook

from xlparity.actions.init.likeness import Likeness
from xlparity.engines.registry import find_engine
from xlparity.excel.address import Cell
from xlparity.excel.ast import Node, binary
from xlparity.excel.values import ErrorValue, Unsupported

MARKET = {"B1": 102.5, "B2": 97.25, "B3": 0.0425, "B4": 0.0125, "B5": 0.31, "B6": 0.75}  # S, K, r, q, sigma, T


def normal(z):
    return (1 + math.erf(z / math.sqrt(2))) / 2


def black_scholes():
    """d1, d2, call and put, by name."""
    spot, strike, rate, carry, sigma, time = MARKET.values()
    d1 = (math.log(spot / strike) + (rate - carry + sigma**2 / 2) * time) / (sigma * math.sqrt(time))
    d2 = d1 - sigma * math.sqrt(time)
    paid, discounted = spot * math.exp(-carry * time), strike * math.exp(-rate * time)
    call = paid * normal(d1) - discounted * normal(d2)
    put = discounted * normal(-d2) - paid * normal(-d1)
    return {"d1": d1, "d2": d2, "call": call, "put": put}


BLACK_SCHOLES = [
    ("d1", "=(LN(B1/B2)+(B3-B4+B5^2/2)*B6)/(B5*SQRT(B6))"), ("d1", "=(LN(B1/B2)+(B3-B4+0.5*B5^2)*B6)/(B5*B6^0.5)"),
    ("d1", "=+(LN(B1/B2)+B6*(-B4+B3+POWER(B5,2)/2))/B5/SQRT(B6)"), ("d1", "=(LN(B1/B2)-(-B3+B4-B5^2/2)*B6)/(B5*SQRT(B6))"),
    ("d1", "{=(LN(B1/B2)+(B3-B4+B5^2/2)*B6)/(B5*SQRT(B6))}"), ("d1", "=(LN(B1/B2)+(B3 - B4 + B5 ^ 2 / 2) * B6)/(B5*SQRT(B6))"),
    ("d1", "=(LN(B1/B2)--B6*(B3-B4+B5^2/2))/(B5*SQRT(B6))"), ("d2", "=D1-B5*SQRT(B6)"), ("d2", "=D1-B5*B6^(1/2)"),
    ("d2", "=(LN(B1/B2)+(B3-B4-B5^2/2)*B6)/(B5*SQRT(B6))"), ("d2", "{=(LN(B1/B2)+(B3-B4-B5^2/2)*B6)/(B5*B6^0.5)}"),
    ("call", "=B1*EXP(-B4*B6)*_xlfn.NORM.S.DIST(D1,TRUE)-B2*EXP(-B3*B6)*_xlfn.NORM.S.DIST(D2,TRUE)"),
    ("call", "=-B2*EXP(1)^-(B3*B6)*NORMSDIST(D2)+B1*EXP(1)^(-B4*B6)*NORMSDIST(D1)"),
    ("put", "=B2*EXP(-B3*B6)*_xlfn.NORM.S.DIST(-D2,TRUE)-B1*EXP(-B4*B6)*_xlfn.NORM.S.DIST(-D1,TRUE)"),
    ("put", "=-B1*EXP(-B4*B6)*NORMSDIST(-D1)--B2*EXP(-B3*B6)*NORMSDIST(-D2)"),
]  # fmt: skip


def computed(folder, cells, formulas):
    placed = {f"F{row}": formula for row, formula in enumerate(formulas, start=1)}
    values = find_engine("formulas").load(workbook(folder, S=cells | placed)).recalculate({})
    return [values[at(address)] for address in placed]


def test_black_scholes_is_computed_however_it_is_written(tmp_path):
    """A sign before a reference and one behind it were taken for two in a row: to Python their marks are blanks."""
    expected = black_scholes()
    cells = MARKET | {"D1": BLACK_SCHOLES[0][1], "D2": "=D1-B5*SQRT(B6)"}
    values = computed(tmp_path, cells, [formula for _, formula in BLACK_SCHOLES])
    for (name, formula), value in zip(BLACK_SCHOLES, values, strict=True):
        assert value == pytest.approx(expected[name], rel=1e-12), formula


# To Excel a sign binds tighter than a power, and a power is taken from the left: -x^2 is (-x)^2.
SIGNS = [
    ("=B1-B2-B3^2", 3 - 7 - 2.5**2), ("=+B1-B2^2", 3 - 7**2), ("=-B1^2", (-3) ** 2), ("=2^-B1", 2**-3), ("=B1-+B1^2", 3 - 3**2),
    ("=B1--B1^2", 3 - (-3) ** 2), ("=B1+-B2^2", 3 + (-7) ** 2), ("=--B1^2", 9), ("=---B1^2", 9), ("=2^--B1", 8),
    ("=2^-B1^2", (2**-3) ** 2), ("=B1---B1^2", 3 - 9), ("=B1 - - B1 ^ 2", 3 - 9), ("=-B2+B1^2-B3", -7 + 9 - 2.5),
    ("=-B1%^2", 0.0009), ("=B1--SUM(B1,-(-2))^2", 3 - 25), ("=B1--(B2+1)^2", 3 - 64), ('=B1--"3"^2', 3 - 9),
    ('=1--LEN("a--(b")^2', 1 - 25), ("=5--3^2", 5 - 9), ("=1E-1--1E-1^2", 0.1 - 0.1**2), ("=B1*-B2^2", 3 * 49), ("=B1/-2^-2", 12),
    ("=IF(-B1^2>0,B1-B2^2,0)", 3 - 49), ("{=SUM(B1:B2--B1:B2^2)}", 10 - 58), ("{=SUM({1,2}--B1^2)}", 3 - 18),
    ("{=B1:B2-B2:B3^2}", 3 - 49), ("=SUMPRODUCT(--(B1:B3>2.6),B1:B3^2)", 58), ("=SUMPRODUCT(-(-(B1:B3>2.6)),+B1:B3^2)", 58),
    ("=B1-MAX(A1:A1)--A2^2", 3 - 25), ("=--A3^2", ErrorValue("#VALUE!")), ("=+-A4^2", 1), ("=1--#N/A^2", ErrorValue("#N/A")),
    ("=---A2", -5), ("=----A2", 5), ("=SUM(----A2,-----A4)", 4), ("=B1-----B1", 3 - 3), ("=2*-----B1^3", -54),
]  # fmt: skip


def test_a_sign_binds_tighter_than_a_power(tmp_path):
    """formulas makes one sign of two: of 3--3^2 it makes 3+3^2, where Excel has 3-(-3)^2."""
    cells = {"A2": "5", "A3": "word", "A4": True, "B1": 3, "B2": 7, "B3": 2.5}
    values = computed(tmp_path, cells, [formula for formula, _ in SIGNS])
    for (formula, expected), value in zip(SIGNS, values, strict=True):
        assert value == (expected if isinstance(expected, ErrorValue) else pytest.approx(expected, rel=1e-14)), formula


def tree(random_, deep):
    """A formula of whole numbers as a tree, which is spelled with Excel's precedence."""
    kind = random_.choice(["leaf", "binary", "binary", "unary", "unary"]) if deep else "leaf"
    if kind == "leaf":
        return random_.choice(
            [Node("reference", "B1"), Node("reference", "B2"), Node("number", "2"), Node("number", "3")]
        )
    if kind == "unary":
        return Node("unary", random_.choice("-+"), (tree(random_, deep - 1),))
    return binary(tree(random_, deep - 1), random_.choice("+-*^"), tree(random_, deep - 1))


def worth(node):
    """What the tree comes to, its parts taken as the tree has them; in Python, and so without any precedence."""
    if not node.parts:
        return {"B1": 3, "B2": 4}.get(node.word) or int(node.word)
    parts = [worth(part) for part in node.parts]
    if any(abs(part) > 50 for part in parts):
        raise OverflowError
    if node.kind == "unary":
        return -parts[0] if node.word == "-" else parts[0]
    return {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "^": pow}[node.word](*parts)


def test_any_formula_of_signs_and_powers_is_read_as_excel_reads_it(tmp_path):
    """The formula is spelled from a tree, and computed in Python from the tree: no precedence is at work there."""
    random_, cases = random.Random(11), {}
    while len(cases) < 400:
        made = tree(random_, 4)
        try:
            value = worth(made)
        except (OverflowError, ZeroDivisionError):
            continue
        if isinstance(value, int) and abs(value) < 2**53 and "^" in str(made):
            cases[f"={made}"] = value
    assert sum("--" in formula for formula in cases) > 20
    found = computed(tmp_path, {"B1": 3, "B2": 4}, cases)
    refused = [(f, v) for f, v in zip(cases, found, strict=True) if isinstance(v, Unsupported)]
    assert refused == []
    assert [(f, v, cases[f]) for f, v in zip(cases, found, strict=True) if v != cases[f]] == []


def test_formulas_whose_signs_are_elsewhere_are_not_alike(tmp_path):
    """Without the marks for their references, which were taken out as blanks, one is spelled as the other."""
    book = workbook(tmp_path, S={"D1": "=IF(-A1,B1-C1)", "D2": "=IF(A2-B2,-C2)", "D3": "=IF( -A3,B3 - C3)"})
    cells = [Cell("S", row, 4) for row in (1, 2, 3)]
    assert Likeness(book).groups(cells) == [[cells[0], cells[2]], [cells[1]]]
