"""Names of expressions, LET, LAMBDA and the functions that call one: how they are written out, and what they compute."""

import math
from itertools import pairwise

import pytest
from formula_cases import at, same, workbook
from hypothesis import given, settings
from hypothesis import strategies as st

from xlparity.engines.registry import find_engine
from xlparity.excel.address import Range
from xlparity.excel.contents import Formula
from xlparity.excel.expand import AS_ARRAY, AS_LAMBDA
from xlparity.excel.prefixes import prefixed
from xlparity.excel.values import Unsupported

NAMES = {
    "rate": "D!$A$1*2",  # an expression of one cell
    "column": "D!$A$1:$A$3*2",  # one of many
    "above": "S!A1048576",  # relative: the row above, since it goes on at the other edge of the grid
    "before": "S!XFD$1",  # the column to the left
    "left": "S!C1",  # relative: two columns to the right
    "double": "_xlfn.LAMBDA(_xlpm.x,_xlpm.x*2)",
    "softmax": "_xlfn.LAMBDA(_xlpm.z,_xlfn.LET(_xlpm.e,EXP(_xlpm.z-MAX(_xlpm.z)),_xlpm.e/SUM(_xlpm.e)))",
    "median": "_xlfn.LAMBDA(_xlpm.x,7)",  # which of both Excel calls is not documented
    "forever": "_xlfn.LAMBDA(_xlpm.n,forever(_xlpm.n+1))",
    "perhaps": "_xlfn.LAMBDA(_xlpm.a,_xlop.b,IF(_xlfn.ISOMITTED(_xlpm.b),_xlpm.a,_xlpm.a*_xlpm.b))",
}
CELLS = {"A1": 1, "A2": 2, "A3": 3, "B1": 4, "B2": 5, "B3": 6, "C1": "a"}


# Each variable is the one before it twice: 2**20 parts when it is written out.
DOUBLED = "".join(f"_xlpm.{b},_xlpm.{a}+_xlpm.{a}," for a, b in pairwise("abcdefghijklmnopqrstu"))
DOUBLING = f"_xlfn.LET(_xlpm.a,A1,{DOUBLED}_xlpm.u)"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return workbook(tmp_path_factory.mktemp("expand"), S={"A1": 7, "E2": 9, "E5": 11}, D=CELLS, names=NAMES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("_xlfn.LET(_xlpm.x,A1+1,_xlpm.x*_xlpm.x)", "(A1+1)*(A1+1)"),
        ("_xlfn.LET(_xlpm.x,2,_xlpm.y,_xlpm.x+1,_xlpm.y)^2", "(2+1)^2"),
        ("_xlfn.LET(_xlpm.x,1,_xlfn.LET(_xlpm.x,2,_xlpm.x)+_xlpm.x)", "2+1"),
        ("_xlfn.LAMBDA(_xlpm.x,_xlpm.x+1)(5)", "5+1"),
        ("_xlfn.LAMBDA(_xlpm.x,_xlfn.LAMBDA(_xlpm.y,_xlpm.x-_xlpm.y))(5)(3)", "5-3"),
        ("_xlfn.LET(_xlpm.f,_xlfn.LAMBDA(_xlpm.x,_xlpm.x*A1),_xlpm.f(2)+_xlpm.f(3))", "2*A1+3*A1"),
        # The variable of the caller is another one than the parameter of the same name.
        ("_xlfn.LET(_xlpm.x,7,_xlpm.f,_xlfn.LAMBDA(_xlpm.y,_xlpm.x+_xlpm.y),_xlpm.x,1,_xlpm.f(_xlpm.x))", "7+1"),
        ("rate+1", f"{AS_ARRAY}(D!$A$1*2)+1"),
        ("double(A1)", "A1*2"),
        ("DOUBLE(double(B2))", "B2*2*2"),
        ("left", "S!E5"), ("above", "S!C4"), ("before", "S!B$1"),
        ("perhaps(A1)", "A1"), ("perhaps(A1,)", "A1"), ("perhaps(A1,2)", "A1*2"),
        ("_xlfn.MAP(A1:A3,_xlfn.LAMBDA(_xlpm.v,double(_xlpm.v)))", "_xlfn.MAP(A1:A3,_xlfn.LAMBDA(_xlpm.p1,_xlpm.p1*2))"),
        # Of two parameters of one name each keeps to its own LAMBDA.
        ("_xlfn.MAP(A1,_xlfn.LAMBDA(_xlpm.v,_xlfn.MAP(_xlpm.v,_xlfn.LAMBDA(_xlpm.v,_xlpm.v))))",
         "_xlfn.MAP(A1,_xlfn.LAMBDA(_xlpm.p1,_xlfn.MAP(_xlpm.p1,_xlfn.LAMBDA(_xlpm.p2,_xlpm.p2))))"),
        ('"_xlfn.LET(x,1,x)"', '"_xlfn.LET(x,1,x)"'), ("LET(x,1,x)", "LET(x,1,x)"), ("OUTLET(1)", "OUTLET(1)"),
        ("A1+SUM(B1:B2)", "A1+SUM(B1:B2)"),
    ],
)  # fmt: skip
def test_a_formula_is_written_out(book, text, expected):
    """So it is one that has references, operators and functions alone, of which everything else is known."""
    found = book.resolved(f"={text}", at("C5"))
    assert found in (f"={expected}", f"={AS_LAMBDA}({expected})")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("forever(1)", "very long"), (DOUBLING, "very long"),
        ("MEDIAN(A1)", "Excel's own or a name"),
        ("_xlfn.LET(_xlpm.x,1)", "even number"),
        ("_xlfn.LAMBDA(_xlpm.x,_xlpm.x)", "not called"), ("double(1,2)", "of 1 parameters, called with 2"),
        ("_xlfn.LET(_xlpm.x,1,_xlpm.y)", "the variable y"), ("_xlfn.LET(A1,1,A1)", "whose variable is no name"),
        ("_xlfn.LET(_xlpm.x,1,_xlpm.x(2))", "no LAMBDA"), ("_xlfn.MAP(A1:A3,double(1))+_xlfn.LET(_xlpm.x,1,1)", "without one"),
        ("_xlfn.LAMBDA(_xlpm.a,_xlop.b,_xlpm.b)(1)", "left out"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_out_says_why(book, text, reason):
    """Its cell is unsupported, and the rest of the workbook is not."""
    with pytest.raises(ValueError, match=reason):
        book.resolved(f"={text}", at("C5"))


# Formulas as a person types them, as array formulas, and their values: Microsoft's pages of the functions.
VALUES = {
    "LET(_xlpm.x,5,SUM(_xlpm.x,1))": 6.0,
    "SUM(MAP(D!A1:A3,LAMBDA(_xlpm.v,_xlpm.v^2)))": 14.0,
    "SUM(MAP(D!A1:A3,D!B1:B3,LAMBDA(_xlpm.v,_xlpm.w,_xlpm.v*_xlpm.w)))": 32.0,
    "SUM(MAP(D!A1:A3*2,LAMBDA(_xlpm.v,_xlpm.v+D!A3)))": 21.0,
    "REDUCE(10,D!A1:B3,LAMBDA(_xlpm.a,_xlpm.v,_xlpm.a*2-_xlpm.v))": 496.0,
    "REDUCE(0,SEQUENCE(4),LAMBDA(_xlpm.a,_xlpm.v,_xlpm.a+_xlpm.v^2))": 30.0,
    "INDEX(SCAN(0,D!A1:B3,LAMBDA(_xlpm.a,_xlpm.v,_xlpm.a+_xlpm.v)),2,1)": 7.0,
    "INDEX(BYROW(D!A1:B3,LAMBDA(_xlpm.r,SUM(_xlpm.r))),3)": 9.0,
    "INDEX(BYCOL(D!A1:B3,LAMBDA(_xlpm.c,MAX(_xlpm.c))),2)": 6.0,
    "SUM(BYROW(D!A1:B3*2,LAMBDA(_xlpm.r,MIN(_xlpm.r))))": 12.0,
    "INDEX(MAKEARRAY(2,3,LAMBDA(_xlpm.r,_xlpm.c,_xlpm.r*10+_xlpm.c)),2,3)": 23.0,
    "SUM(MAP(D!A1:A3,LAMBDA(_xlpm.v,SUM(MAP(D!B1:B2,LAMBDA(_xlpm.w,_xlpm.v*_xlpm.w))))))": 54.0,
    "REDUCE(0,D!A1:C1,LAMBDA(_xlpm.a,_xlpm.v,_xlpm.a+_xlpm.v))": "#VALUE!",
    "SUM(softmax(D!A1:A3))": 1.0,
    "INDEX(softmax(D!A1:A3),3)": math.exp(3) / (math.exp(1) + math.exp(2) + math.exp(3)),
    "SUM(column)": 12.0,
    "SUM(column+1)": 15.0,
    "SUMPRODUCT(column,D!B1:B3)": 64.0,
    "rate+0": 2.0,
    "MAP(D!C1,LAMBDA(_xlpm.v,ISTEXT(_xlpm.v)))": True,
}

# Which these give is not certain, or they give what no cell shows.
REFUSED = [
    "SUM(MAP(D!A1:A3,D!B1:B2,LAMBDA(_xlpm.v,_xlpm.w,1)))", "SUM(MAP(D!A1:A3,LAMBDA(_xlpm.v,D!A1:A3)))",
    "SUM(MAP(D!Z1:Z3,LAMBDA(_xlpm.v,_xlpm.v)))", "REDUCE(,D!A1:A3,LAMBDA(_xlpm.a,_xlpm.v,_xlpm.v))",
    "SUM(MAKEARRAY(0,1,LAMBDA(_xlpm.r,_xlpm.c,1)))", "SUM(MAKEARRAY(1000,1000,LAMBDA(_xlpm.r,_xlpm.c,1)))",
    "BYROW(D!A1:A3,D!B1:B3,LAMBDA(_xlpm.r,1))", "SUM(MAP(D!A:A,LAMBDA(_xlpm.v,1)))", "MAP(D!A1:A3,5)",
]  # fmt: skip


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """The values of these formulas, as array formulas and, in column B, as plain ones."""
    texts = [*VALUES, *REFUSED]
    written = {f"A{row}": f"{{={prefixed(text)}}}" for row, text in enumerate(texts, start=1)}
    written |= {f"B{row}": f"={prefixed(text)}" for row, text in enumerate(texts, start=1)}
    book = workbook(tmp_path_factory.mktemp("lambdas"), S=written, D=CELLS, names=NAMES)
    values = find_engine("formulas").load(book).recalculate({})
    return {text: (values[at(f"A{row}")], values[at(f"B{row}")]) for row, text in enumerate(texts, start=1)}


@pytest.mark.parametrize("text", VALUES)
def test_a_lambda_is_computed(computed, text):
    """Each element once, in Excel's order, with the references that stand inside."""
    array, plain = computed[text]
    assert same(array, VALUES[text])
    assert isinstance(plain, Unsupported) or same(plain, VALUES[text])


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_certain_is_refused(computed, text):
    """Rather than computed in one of several ways."""
    assert all(isinstance(value, Unsupported) for value in computed[text])


def test_what_is_written_out_is_in_the_dependency_graph(book):
    """Whoever looks for a cause follows the references of a name, and of a LAMBDA."""
    edited = book.edited({at("C5"): Formula("=rate+softmax(A1:A2)")})
    assert set(edited.graph.precedents(at("C5"))) == {at("A1", "D"), at("A1")}


def test_a_range_in_a_lambda_of_a_plain_cell_is_refused(book):
    """Excel would have written an array formula; of which range it takes one cell in this one is not documented."""
    edited = book.edited({at("C2"): Formula("=SUM(double(D!A1:A3))"), at("C3"): Formula("=double(D!A3)")})
    values = find_engine("formulas").load(edited).recalculate({})
    assert isinstance(values[at("C2")], Unsupported)
    assert values[at("C3")] == 6.0


numbers = st.integers(-9, 9).map(str)
expressions = st.recursive(
    numbers | st.sampled_from(["_xlpm.x", "_xlpm.y", "D!A2"]),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(
        lambda parts: f"({parts[0]}{parts[1]}{parts[2]})"
    ),
    max_leaves=6,
)


@settings(max_examples=30)
@given(expressions, numbers, numbers)
def test_a_variable_is_what_it_stands_for(book, body, x, y):
    """Written out or put in by hand, the formula computes the same."""
    by_hand = body.replace("_xlpm.x", f"({x})").replace("_xlpm.y", f"({y})").replace("D!A2", "2")
    let = f"LET(_xlpm.x,{x},_xlpm.y,{y},{body})"
    function = f"LAMBDA(_xlpm.x,_xlpm.y,{body})({x},{y})"
    mapped = f"SUM(MAP({x},{y},LAMBDA(_xlpm.x,_xlpm.y,{body})))"
    texts = dict(zip(("C2", "C3", "C4", "C5"), (by_hand, let, function, mapped), strict=True))
    edited = book.edited({at(cell): Formula(f"={prefixed(text)}", Range.of(at(cell))) for cell, text in texts.items()})
    values = find_engine("formulas").load(edited).recalculate({})
    assert len({values[at(cell)] for cell in texts}) == 1, [values[at(cell)] for cell in texts]
