"""Formulas as trees: read with Excel's precedence, changed in one place, spelled again; what no tree shows is refused."""

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlparity.engines.registry import find_engine
from xlparity.excel.ast import Node, binary, call, number, parse, plain, walk, with_part
from xlparity.excel.workbook import read_workbook

LEAVES = st.one_of(
    st.sampled_from(["0", "1", "2.5", ".5", "1E-3", "1e300"]).map(lambda text: Node("number", text)),
    st.sampled_from(["A1", "$B$2", "C$3:$D4", "Data!A1", "'My sheet'!$A1:B2", "xfd1048576"]).map(
        lambda text: Node("reference", text)
    ),
    st.sampled_from(['""', '"a"', '"say ""LN(A1)"""', '"1+1"', '")"']).map(lambda text: Node("text", text)),
    st.sampled_from(["#N/A", "#DIV/0!"]).map(lambda text: Node("error", text)),
    st.sampled_from(["TRUE", "FALSE"]).map(lambda text: Node("truth", text)),
    st.sampled_from(["rate", "learning_rate", "Data!rate"]).map(lambda text: Node("name", text)),
)
CONSTANTS = st.integers(0, 99).map(lambda n: Node("number", str(n)))
OPERATORS = ["=", "<>", "<", ">", "<=", ">=", "&", "+", "-", "*", "/", "^"]


def larger(parts):
    """Trees of which the given ones are the parts."""
    arguments = st.lists(st.one_of(parts, st.just(Node("omitted", ""))), min_size=2, max_size=3)
    rows = st.integers(1, 3).flatmap(
        lambda wide: st.lists(st.lists(CONSTANTS, min_size=wide, max_size=wide), min_size=1, max_size=3)
    )
    return st.one_of(
        st.builds(binary, parts, st.sampled_from(OPERATORS), parts),
        st.builds(lambda sign, of: Node("unary", sign, (of,)), st.sampled_from("-+"), parts),
        st.builds(lambda of: Node("percent", "%", (of,)), parts),
        st.builds(lambda of: Node("group", "", (of,)), parts),
        st.builds(lambda name, given: call(name, *given), st.sampled_from(["SUM", "IF", "STDEV.S"]), arguments),
        st.builds(call, st.sampled_from(["LN", "exp"]), parts),
        st.just(call("PI")),
        rows.map(lambda rows: Node("array", "", tuple(Node("row", ",", tuple(row)) for row in rows))),
    )


TREES = st.recursive(LEAVES, larger, max_leaves=12)


@given(TREES)
def test_a_tree_is_spelled_so_that_it_reads_the_same(tree):
    """An edit is a change of a tree; a parenthesis too few in its spelling would suggest another formula than was tried."""
    assert plain(parse(f"={tree}")) == plain(tree)


@given(TREES)
def test_the_spelling_of_what_was_read_is_what_was_read(tree):
    """A suggestion differs from the formula that stands there in the edited place only."""
    text = f"={tree}"
    assert f"={parse(text)}" == text


@given(TREES)
def test_every_way_leads_to_its_part(tree):
    """Each part can be taken out and put back, and with another one in its place the rest stays as it was."""
    ways = list(walk(tree))
    assert len({path for path, _ in ways}) == len(ways)
    for path, part in ways:
        assert with_part(tree, path, part) == tree
        other = with_part(tree, path, Node("name", "other"))
        assert dict(walk(other))[path] == Node("name", "other")
        assert with_part(other, path, part) == tree


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_its_value(value):
    """A number that is suggested, or pasted over a cell, is that number to the last bit."""
    tree = parse(f"={number(value)}")
    sign, tree = (-1.0, tree.parts[0]) if tree.kind == "unary" else (1.0, tree)
    assert tree.kind == "number"
    assert sign * float(tree.word) == value


def grouped(node):
    """The formula with all parentheses that it does not need."""
    inside = [grouped(part) for part in node.parts]
    match node.kind:
        case "binary":
            return f"({inside[0]}{node.word}{inside[1]})"
        case "unary":
            return f"({node.word}{inside[0]})"
        case "percent":
            return f"({inside[0]}%)"
        case "group":
            return inside[0]
        case _:
            return str(node)


# With 3 in A1, 4 in B1 and 2 in C1, and what Excel shows for each.
PRECEDENCE = [
    ("=-A1^2", "((-A1)^2)", 9),
    ("=0-A1^2", "(0-(A1^2))", -9),
    ("=C1^-A1", "(C1^(-A1))", 0.125),
    ("=C1^A1^C1", "((C1^A1)^C1)", 64),
    ("=A1-B1-C1", "((A1-B1)-C1)", -3),
    ("=A1-(B1-C1)", "(A1-(B1-C1))", 1),
    ("=A1/B1/C1", "((A1/B1)/C1)", 0.375),
    ("=A1/(B1/C1)", "(A1/(B1/C1))", 1.5),
    ("=A1+B1*C1^C1", "(A1+(B1*(C1^C1)))", 19),
    ("=A1*-B1", "(A1*(-B1))", -12),
    ("=--A1", "(-(-A1))", 3),
    ("=-B1%", "((-B1)%)", -0.04),
    ("=B1^C1%", "(B1^(C1%))", 4**0.02),
    ("=A1-B1%", "(A1-(B1%))", 2.96),
    ("=B1*A1%", "(B1*(A1%))", 0.12),
    ("=LEN(A1&B1+C1)", "LEN(A1&B1+C1)", 2),
    ("=A1+B1>C1*A1", "((A1+B1)>(C1*A1))", True),
    ("=A1>C1=B1>C1", "(((A1>C1)=B1)>C1)", True),
    ("=A1<B1=TRUE", "((A1<B1)=TRUE)", True),
]


@pytest.mark.parametrize(("formula", "parts", "_value"), PRECEDENCE)
def test_operators_bind_as_they_do_in_excel(formula, parts, _value):
    """A sign binds tighter than a power, and powers are taken from left to right, which other languages do not."""
    assert grouped(parse(formula)) == parts
    assert f"={parse(formula)}" == formula


def test_the_spelling_computes_what_the_formula_does(tmp_path):
    """The tree's idea of precedence is that of the engine, and that of Excel."""
    book = openpyxl.Workbook()
    book.active.append([3, 4, 2])
    for row, (formula, parts, _) in enumerate(PRECEDENCE, start=2):
        book.active.cell(row, 1, formula)
        book.active.cell(row, 2, f"={parts}")
    book.save(tmp_path / "book.xlsx")
    read = read_workbook(tmp_path / "book.xlsx")
    values = find_engine("formulas").load(read).recalculate({})
    found = {cell.a1: value for cell, value in values.items()}
    for row, (formula, _, value) in enumerate(PRECEDENCE, start=2):
        assert found[f"A{row}"] == found[f"B{row}"] == pytest.approx(value, rel=1e-14), formula


def test_an_edited_part_gets_the_parentheses_that_it_needs():
    """2*A1 with A1+B1 for A1 is 2*(A1+B1); none are put where none are needed."""
    tree = parse("=2*A1")
    (place,) = [path for path, node in walk(tree) if node.word == "A1"]
    total = binary(Node("reference", "A1"), "+", Node("reference", "B1"))
    assert str(with_part(tree, place, total)) == "2*(A1+B1)"
    assert str(with_part(parse("=LN(A1)"), (0,), total)) == "LN(A1+B1)"
    assert str(binary(total, "-", total)) == "A1+B1-(A1+B1)"
    assert str(Node("unary", "-", (total,))) == "-(A1+B1)"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("=sum($A$1:b2)", "=(SUM(A1:B2))"),
        ("= 1 / ( 1 + EXP( -A1 ) )", "=1/(1+EXP(-A1))"),
        ("=(A1*B1)+C1", "=A1*B1+C1"),
        ("=IF(true,(1),2)", "=IF(TRUE,1,2)"),
    ],
)
def test_formulas_that_compute_the_same_by_their_form_are_plainly_the_same(one, other):
    """Capitals, dollars, spaces and needless parentheses are no edit."""
    assert plain(parse(one)) == plain(parse(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('="a"', '="A"'),
        ("=A1-(B1-C1)", "=A1-B1-C1"),
        ("=-A1^2", "=-(A1^2)"),
        ("=A1", "=+A1"),
        ("=IF(A1,,2)", "=IF(A1,2)"),
        ("=SUM({1,2;3,4})", "=SUM({1,2,3,4})"),
        ("=Data!A1", "=A1"),
    ],
)
def test_formulas_that_differ_are_not_plainly_the_same(one, other):
    """Two formulas that are taken for one would hide an edit."""
    assert plain(parse(one)) != plain(parse(other))


@pytest.mark.parametrize(
    "formula",
    [
        "A1",
        "",
        "=",
        "=1+",
        "=*2",
        "=)",
        "=(1",
        "=1)",
        "=SUM(A1",
        "=SUM(A1;B1)",
        "=A1:B2 B1:C2",
        "=A1 2",
        "=(A1,B1)",
        "=@A1:A3",
        "=A1#",
        "={1,2",
        "=" + "(" * 101 + "1" + ")" * 101,
        "=" + "-" * 101 + "1",
        "=" + "+".join(["A1"] * 102),
        "=SUM(" + ",".join(["A1"] * 301) + ")",
        "=" + "IF(A1," * 3000 + "1" + ")" * 3000,
    ],
)
def test_what_no_tree_shows_is_refused(formula):
    """An intersection, a union, a spill, or what would exhaust the stack: no edit of it is tried, and nothing crashes."""
    with pytest.raises(ValueError, match=r".{10}"):
        parse(formula)
