"""Formulas taken apart: what is a reference, what only looks like one."""

import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

from xlparity.excel import formula as of_formulas
from xlparity.excel.address import Cell, parse_range
from xlparity.excel.formula import CELL_MARK, LINES_MARK, RANGE_MARK, dissect, precedents
from xlparity.excel.names import Scope, Table
from xlparity.tolerance import Tolerance, ulps

C, R, L = CELL_MARK, RANGE_MARK, LINES_MARK
SALES = Table("Sales", parse_range("Data!B2:D6"), ("Net", "Tax [%]", "Sum"), 1, 1)
SCOPE = Scope(
    {
        "rate": "Sheet1!$A$9", "block": "Sheet1!$A$1:$B$2", "twice": "2*Sheet1!$A$1", "five": "-0.05", "hello": '"hi"',
        "data!local": "Data!$Z$1", "sheet1!rate": "Sheet1!$C$1", "gone": "#REF!", "next": "Sheet1!A2",
    },
    {"sales": SALES},
)  # fmt: skip


def taken_apart(formula, row=4):
    cell = Cell("Data", row, 9)
    return dissect(formula, lambda word: SCOPE.meaning(word, cell))


@pytest.mark.parametrize(
    ("formula", "shape", "references"),
    [
        ("=A1*$B$2", f"={C}*{C}", ["A1", "$B$2"]),
        ("=SUM(A1:B2)", f"=SUM({R})", ["A1:B2"]),
        ("=LOG10(A1)", f"=LOG10({C})", ["A1"]),
        ("=1E5*A1+1e-20", f"=1E5*{C}+1e-20", ["A1"]),
        ('="A1"&B1', f'="A1"&{C}', ["B1"]),
        ("='My ''A1'' sheet'!C3+Other.Sheet!D4", f"={C}+{C}", ["'My ''A1'' sheet'!C3", "Other.Sheet!D4"]),
        ("=IF(TRUE,A1,FALSE)", f"=IF(TRUE,{C},FALSE)", ["A1"]),
        ("=rate*A1", f"={C}*{C}", ["Sheet1!$A$9", "A1"]),
        ("=SUM(block)", f"=SUM({R})", ["Sheet1!$A$1:$B$2"]),
        ("=#N/A", "=#N/A", []),
        ("=SUM(A:A)+SUM(Sheet1!$1:3)", f"=SUM({L})+SUM({L})", ["A:A", "Sheet1!$1:3"]),
        ("=local+Sheet1!rate", f"={C}+{C}", ["Data!$Z$1", "Sheet1!$C$1"]),
        ("=five*A1&hello", f'=(-0.05)*{C}&("hi")', ["A1"]),
        ("=SUM(Sales[Net])", f"=SUM({R})", ["Data!B3:B5"]),
        ("=Sales[[#This Row],[Net]]*2", f"={C}*2", ["Data!B4"]),
        ("=SUM(Sales[[#This Row],[Net]:[Sum]])", f"=SUM({R})", ["Data!B4:D4"]),
        ("=SUM(Sales[[Net]:[Sum]])+Sales[[#Totals],[Sum]]", f"=SUM({R})+{C}", ["Data!B3:D5", "Data!D6"]),
        (
            "=SUM(Sales[Tax '[%']])+COUNT(Sales[#All],Sales)",
            f"=SUM({R})+COUNT({R},{R})",
            ["Data!C3:C5", "Data!B2:D6", "Data!B3:D5"],
        ),
    ],
)
def test_a_formula_has_one_shape_and_its_references_in_order(formula, shape, references):
    """Two formulas of one shape are compiled once; a reference too few or too many would compute something else."""
    assert taken_apart(formula) == (shape, references)


@pytest.mark.parametrize(
    "formula",
    [
        "=Table1[Rate]", "=Sales[Gross]", "=[1]!rate", "=A1#", "=@A1", "=nobody", "=twice", "=Sheet2!local", "=gone",
        "=next", "=[0]!rate", "=Sales[[#Totals],[#Headers],[Net]]",
    ],
)  # fmt: skip
def test_what_is_no_plain_reference_is_refused(formula):
    """Each of these means something that the engine would have to guess."""
    with pytest.raises(ValueError, match=r"reference|name"):
        taken_apart(formula)


def test_this_row_means_nothing_outside_the_table():
    """Excel has #VALUE! there, or another row; nobody is to guess which."""
    with pytest.raises(ValueError, match="no rows"):
        taken_apart("=Sales[[#This Row],[Net]]", row=6)


def test_precedents_names_everything_a_formula_depends_on():
    """The census walks them, so a name or a whole column must not be lost."""
    assert precedents('=A1+SUM(B:B)*rate+"C3"+D4:E5') == ["A1", "B:B", "rate", "D4:E5"]


@pytest.mark.parametrize("text", ["B5", "B5:D8", "Sheet1!B5", "'My sheet'!B5:D8", "'It''s'!A1", "XFD1048576"])
def test_an_address_survives_being_read_and_written(text):
    """Addresses are keys: two spellings of one cell would be two cells."""
    parsed = parse_range(text, "Sheet1")
    assert parse_range(str(parsed)) == parsed
    assert str(Cell("R1", 1, 1)) == "'R1'!A1"


@pytest.mark.parametrize("text", ["", "B", "5B", "B0", "B5:", "ZZZ1", "A1048577", "A1:B2:C3", "Sheet1!", "[x]S!A1"])
def test_what_is_no_address_is_refused(text):
    """A spec that names a cell which cannot be must not end in an empty check."""
    with pytest.raises(ValueError, match=r"address|grid"):
        parse_range(text, "Sheet1")


def test_the_tolerance_is_numpys_and_forgives_no_nan():
    """|actual - expected| <= atol + rtol |expected|; with a nan or an infinity there is no agreement."""
    tolerance = Tolerance(rtol=0.125, atol=0.125)
    assert tolerance.allows(1.25, 1.0)
    assert not tolerance.allows(1.2500001, 1.0)
    inf, nan = float("inf"), float("nan")
    assert not any(tolerance.allows(a, b) for a, b in [(nan, 1.0), (1.0, nan), (inf, inf), (1.0, inf), (inf, 1.0)])


def test_ulps_counts_doubles_between_two_numbers():
    """It is what a person asks for when a difference looks like rounding."""
    assert ulps(1.0, 1.0) == ulps(0.0, -0.0) == 0
    assert ulps(1.0, 1.0 + 2**-52) == 1
    assert ulps(-5e-324, 5e-324) == 2


PIECES = [
    "A1", "$B$2", "C3:D4", "LOG10(", "AB12", "XFD1", "ABCD1", "1E5", "E5", '"A1"', '"', "'S'!A1", "S!A1", "TRUE", "rate", "_x",
    "(", ")", "+", "-", "*", "/", ",", " ", ":", "%", "&", ".5", "A:A", "1:2", "#REF!", "T[a]", "{1,2}", "R1C1", "\n", "A1.B2",
    "$A", "A$1",
]  # fmt: skip


@examples(300)
@given(st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join), min_size=1, max_size=20))
def test_the_quick_way_of_taking_formulas_apart_is_the_thorough_one(texts):
    """What one formula has shown of a shape holds for all others that have it."""

    def outcome(way, text):
        try:
            return way(f"={text}", lambda word: f"M!{word}")
        except ValueError as error:
            return str(error)

    for text in [*texts, *texts]:  # the second time, their shapes are known
        assert outcome(dissect, text) == outcome(of_formulas._dissected, text)
        assert precedents(f"={text}") == list(of_formulas._references(f"={text}"))
