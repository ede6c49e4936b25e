"""Formulas taken apart: what is a reference, what only looks like one."""

import pytest

from xlparity.address import Cell, parse_range
from xlparity.formula import CELL_MARK, RANGE_MARK, dissect, precedents
from xlparity.tolerance import Tolerance, ulps

C, R = CELL_MARK, RANGE_MARK


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
    ],
)
def test_a_formula_has_one_shape_and_its_references_in_order(formula, shape, references):
    """Two formulas of one shape are compiled once; a reference too few or too many would compute something else."""
    names = {"RATE": "Sheet1!$A$9", "BLOCK": "Sheet1!$A$1:$B$2"}
    assert dissect(formula, names) == (shape, references)


@pytest.mark.parametrize(
    "formula",
    ["=SUM(A:A)", "=SUM(1:3)", "=Table1[Rate]", "=[1]Sheet1!A1", "=A1#", "=@A1", "=nobody", "=twice", "=Sheet2!local"],
)
def test_what_is_no_plain_reference_is_refused(formula):
    """Each of these means something that the engine would have to guess."""
    with pytest.raises(ValueError, match=r"reference|name"):
        dissect(formula, {"TWICE": "2*Sheet1!$A$1"})


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
