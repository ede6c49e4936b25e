"""The catalogue of edits: each kind leads from the wrong formula to the right one and back, and says what is wrong."""

from itertools import pairwise

import pytest
from planted import at, quantity_map_of

import xlparity
from xlparity.diagnosis.edits import CODES, LARGE, SMALL, Site, edits
from xlparity.diagnosis.edits.functions import arguments, functions, operators, powers, signs
from xlparity.diagnosis.edits.places import iterations
from xlparity.excel.address import column_letters
from xlparity.excel.ast import parse, plain


@pytest.fixture(scope="module")
def laid_out(two_iterations):
    """The generated workbook of two iterations, and its quantity map."""
    return quantity_map_of(two_iterations)


def site_of(laid_out, cell):
    """The place of a formula in iteration 2 of training; as an array formula where the workbook has one there."""
    book, quantity_map = laid_out
    formula = book.formula(at(cell))
    return Site(quantity_map, at(cell), ("training", 2), formula.area.shape if formula.area else None)


# Kind, the formula's cell, the formula, the edited one, and what the edit says of the formula before it.
TABLE = [
    ("function", "N30", "=LOG(J30)", "=LN(J30)",
     "LOG, which is base 10 in Excel, should be the natural logarithm LN"),
    ("function", "N30", "=-(L30*LOG(J30)+(1-L30)*LOG(1-J30))", "=-(L30*LN(J30)+(1-L30)*LN(1-J30))",
     "LOG, which is base 10 in Excel, should be the natural logarithm LN"),
    ("function", "N30", "=LOG10(J30)", "=LN(J30)",
     "LOG10, which is base 10 in Excel, should be the natural logarithm LN"),
    ("function", "N30", "=LOG(J30,2)", "=LN(J30)", "LOG should be LN"),
    ("function", "O30", "=SUM(N30:N33)", "=AVERAGE(N30:N33)", "SUM should be AVERAGE"),
    ("function", "O30", "=MAX(N30:N33)", "=MIN(N30:N33)", "MAX should be MIN"),
    ("function", "O30", "=STDEV(N30:N33)", "=STDEVP(N30:N33)", "STDEV should be STDEVP"),
    # As a file has them, for there is where an edited formula goes.
    ("function", "O30", "=_xlfn.STDEV.S(N30:N33)", "=_xlfn.STDEV.P(N30:N33)", "STDEV.S should be STDEV.P"),
    ("function", "O30", "=STDEV(N30:N33)", "=_xlfn.VAR.S(N30:N33)", "STDEV should be VAR.S"),
    ("function", "J30", "=EXP(I30)", "=POWER(10,I30)", "EXP should be a power of 10"),
    ("function", "J30", "=1/(1+EXP(-I30))", "=TANH(I30)", "the sigmoid should be TANH"),
    ("wrap", "J30", "=ABS(I30)", "=I30", "ABS is too much"),
    ("wrap", "J30", "=ROUND(I30,2)", "=I30", "ROUND is too much"),
    ("wrap", "J30", "=J30-EXP(I30)", "=J30-I30", "EXP is too much"),
    ("wrap", "J30", "=I30", "=MAX(0,I30)", "a ReLU is missing: it should be 0 where it is below 0"),
    ("wrap", "J30", "=MAX(0,I30)", "=I30", "MAX is too much: I30 alone is meant"),
    ("wrap", "I37", "=J30-L30", "=IF(I30>0,J30-L30,0)",
     "the ReLU's derivative is missing: it should be 0 where I30 (z1) is not above 0"),
    # In one array formula for all cells MAX would give one number.
    ("wrap", "I30", "=MMULT(B30:D33,F30:F32)", "=IF(MMULT(B30:D33,F30:F32)>0,MMULT(B30:D33,F30:F32),0)",
     "a ReLU is missing: it should be 0 where it is below 0"),
    ("term", "I30", "=MMULT(B30:D33,F30:F32)", "=MMULT(B30:D33,F30:F32)+G30", "the term G30 (b1) is missing"),
    ("term", "F37", "=MMULT(B37:E39,I37:I40)", "=1/M30*MMULT(B37:E39,I37:I40)", "the factor 1/M30 (m) is missing"),
    ("term", "O30", "=SUM(N30:N33)", "=SUM(N30:N33)/M30", "the divisor M30 (m) is missing"),
    ("term", "F44", "=F30-F37", "=F30-$B$3*F37", "the factor B3 (alpha) is missing"),
    ("term", "I37", "=J30-L30", "=J30", "the term L30 is too much"),
    ("reference", "N30", "=J30-J31", "=I30-I31", "J30 (A1) should be I30 (z1) and J31 (A1) should be I31 (z1)"),
    ("operator", "O30", '=COUNTIF(N30:N33,">1")', '=COUNTIF(N30:N33,">=1")', "'>' should be '>='"),
    ("operator", "O30", '=COUNTIF(N30:N33,"<="&M30)', '=COUNTIF(N30:N33,"<"&M30)', "'<=' should be '<'"),
    ("sign", "F44", "=F30+$B$3*F37", "=F30-$B$3*F37",
     "the sign of $B$3*F37 is wrong: '+' should be '-'"),
    ("sign", "J30", "=1/(1+EXP(I30))", "=1/(1+EXP(-I30))", "a minus before I30 is missing"),
    ("sign", "N30", "=L30*LN(J30)+(1-L30)*LN(1-J30)", "=-(L30*LN(J30)+(1-L30)*LN(1-J30))",
     "a minus before L30*LN(J30)+(1-L30)*LN(1-J30) is missing"),
    ("parentheses", "J30", "=EXP(I30)-EXP(-I30)/(EXP(I30)+EXP(-I30))",
     "=(EXP(I30)-EXP(-I30))/(EXP(I30)+EXP(-I30))", "the parentheses are misplaced"),
    ("parentheses", "J30", "=(EXP(I30)-EXP(-I30))/EXP(I30)+EXP(-I30)",
     "=(EXP(I30)-EXP(-I30))/(EXP(I30)+EXP(-I30))", "the parentheses are misplaced"),
    ("parentheses", "J30", "=1/1+EXP(-I30)", "=1/(1+EXP(-I30))", "the parentheses are misplaced"),
    ("parentheses", "N30", "=LN(1)-J30", "=LN(1-J30)", "the parentheses are misplaced"),
    ("operator", "O30", "=SUM(N30:N33)*M30", "=SUM(N30:N33)/M30", "'*' should be '/'"),
    ("operator", "P30", "=IF(J30>=0.5,1,0)", "=IF(J30>0.5,1,0)", "'>=' should be '>'"),
    ("arguments", "I37", "=L30-J30", "=J30-L30", "L30 and J30 are in the wrong order around '-'"),
    ("arguments", "P30", "=IF(J30>0.5,0,1)", "=IF(J30>0.5,1,0)", "0 and 1 are in the wrong order in IF"),
    ("arguments", "F37", "=MMULT(I37:I40,B37:E39)", "=MMULT(B37:E39,I37:I40)",
     "I37:I40 and B37:E39 are in the wrong order in MMULT"),
    ("reference", "I37", "=I30-L30", "=J30-L30", "I30 (z1) should be J30 (A1)"),
    ("reference", "G44", "=G30-$B$3*M30", "=G30-$B$3*G37", "M30 (m) should be G37 (db1)"),
    ("reference", "F37", "=MMULT(B37:E39,J30:J33)", "=MMULT(B37:E39,I37:I40)",
     "J30:J33 (A1) should be I37:I40 (dz1)"),
    ("offset", "I37", "=J31-L30", "=J30-L30", "J31 (A1) is one row off: it should be J30 (A1)"),
    ("offset", "P30", "=IF(J30>M30,1,0)", "=IF(J30>L30,1,0)", "M30 (m) is one column off: it should be L30 (y)"),
    ("range", "O30", "=SUM(N30:N32)", "=SUM(N30:N33)",
     "N30:N32 (sample_loss) is too short: it should be N30:N33 (sample_loss)"),
    ("range", "O30", "=SUM(N30:N34)", "=SUM(N30:N33)",
     "N30:N34 (sample_loss) is too long: it should be N30:N33 (sample_loss)"),
    ("axis", "F37", "=MMULT(B30:D33,I37:I40)", "=MMULT(TRANSPOSE(B30:D33),I37:I40)",
     "TRANSPOSE of B30:D33 is missing"),
    ("axis", "O30", "=SUM(B30:B33)", "=SUM(B30:D30)", "B30:B33 (A0) is the wrong axis: it should be B30:D30 (A0)"),
    ("iteration", "I37", "=J9-L30", "=J30-L30", "J9 (A1 of iteration 1) should be J30 (A1)"),
    ("iteration", "F44", "=F30-$B$3*F16", "=F30-$B$3*F37",
     "F16 (dW1 of iteration 1) should be F37 (dW1)"),
    ("constant", "J30", "=1/(2+EXP(-I30))", "=1/(1+EXP(-I30))", "the number 2 should be 1"),
    ("constant", "F44", "=(F30-F37)/(4*$B$3)", "=(F30-F37)/(2*$B$3)", "the number 4 should be 2"),
    ("power", "N30", "=(J30-L30)^2", "=J30-L30", "the power 2 of (J30-L30) is too much"),
    ("power", "N30", "=J30", "=J30^2", "J30 should be squared"),
    ("power", "N30", "=J30^3", "=J30^2", "the power 3 should be 2"),
    ("frozen", "O30", "=1/2*SUM(N30:N33)", "=1/M30*SUM(N30:N33)", "the number 2 should be M30 (m)"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "cell", "one", "other", "said"), TABLE)
def test_an_edit_leads_from_one_formula_to_the_other_and_back(laid_out, kind, cell, one, other, said):
    """What mutate breaks with a kind of edit, repair mends with the same; and the sentence tells what was wrong."""
    site = site_of(laid_out, cell)
    found = {}
    for here, there in ((one, other), (other, one)):
        wanted = plain(parse(there))
        # One formula may be reached by several kinds; the first one that is tried names it.
        ways = [edit for of in (*SMALL, *LARGE) for edit in of(parse(here), site) if plain(edit.tree) == wanted]
        found[here] = [edit for edit in ways if edit.kind == kind]
        assert found[here], (here, there, [edit.kind for edit in ways])
    assert said in [edit.said for edit in found[one]]


def test_every_kind_of_edit_is_in_the_table_and_has_a_code():
    """A kind that nobody has tried both ways is a claim; anchors and siblings are no edits of one formula."""
    assert {kind for kind, *_ in TABLE} == CODES.keys() - {"anchor", "siblings"}


# Where the formulas of iteration 2 stand that have no like.
CELLS = ["F30", "I30", "J30", "L30", "M30", "N30", "O30", "P30", "Q30", "B37", "F37", "G37", "I37", "F44", "G44"]


@pytest.mark.parametrize("cell", CELLS)
def test_every_edit_is_a_formula_that_reads_back_and_another_one(laid_out, cell):
    """What is suggested is the text; it must be the formula that was tried, and not the one that stands there."""
    book, _ = laid_out
    tree = parse(book.formula(at(cell)).text)
    seen = set()
    for edit in edits(tree, site_of(laid_out, cell)):
        bare = plain(edit.tree)
        assert plain(parse(f"={edit.tree}")) == bare, edit
        assert bare != plain(tree)
        assert bare not in seen
        assert edit.kind in CODES
        assert edit.size > 0
        assert edit.said
        seen.add(bare)
    assert len(seen) > 20


@pytest.mark.parametrize("kind", [functions, signs, operators, iterations, arguments, powers])
def test_what_leads_from_one_formula_to_another_leads_back(laid_out, kind):
    """Of the kinds that put nothing in and leave nothing out it is so of every edit of every formula."""
    book, _ = laid_out
    number = 0
    for cell in CELLS:
        site = site_of(laid_out, cell)
        tree = parse(book.formula(at(cell)).text)
        for edit in edits(tree, site, [kind]):
            assert plain(tree) in {plain(back.tree) for back in edits(edit.tree, site, [kind])}, (cell, edit)
            number += 1
    assert number > 10


def test_no_edit_refers_to_a_place_off_the_grid(two_iterations):
    """A1 has no cell above it, nor one to its left."""
    _, quantity_map = quantity_map_of(two_iterations)
    site = Site(quantity_map, at("C3"), ("training", 1))
    found = {str(edit.tree) for edit in edits(parse("=A1"), site, SMALL) if edit.kind == "offset"}
    assert found == {"A2", "B1"}


def test_a_range_that_begins_before_its_blocks_is_moved_to_no_column_that_excel_lacks(small):
    """An iteration earlier, B2:J2 would begin before column A: its letters were looked for without end."""
    columns = list("BCDEFGHIJ")
    small.write_cells(
        {"A1": 3.0, "B2": 1.0}
        | {f"{after}2": f"={before}2+$A$1" for before, after in pairwise(columns)}
        | {f"{letter}3": "=SUM($C2:$J2)" for letter in columns[1:]}
        | {"F3": "=SUM(B2:J2)"}
    )
    small.reference.write_text(
        "def total(a):\n"
        "    x = [1 + a * k for k in range(1, 9)]\n"
        "    for one in x:\n        yield {'x': one, 'y': sum(x)}\n"
    )
    small.write_spec(
        reference='reference = "small.py:total"',
        blocks="[blocks]\ncolumns = [3, 4, 5, 6, 7, 8, 9, 10]",
        inputs='[inputs]\na = "A1"',
        outputs='[outputs]\nx = "C2"\ny = "C3"',
    )
    (finding,) = xlparity.verify(small.spec).checks[0].findings
    assert [str(cell) for cell in finding.cells] == ["Sheet!F3"]
    assert finding.suggestion == "=SUM($C2:$J2)"  # as the other cells have it


@pytest.mark.parametrize("column", [-1, 0, 16_385])
def test_a_column_that_excel_lacks_has_no_letters(column):
    """-1 was divided by 26 for ever, and 0 came out as a cell without a column."""
    with pytest.raises(ValueError, match="outside the grid"):
        column_letters(column)


def test_a_sentence_names_the_quantities_and_the_iteration(laid_out):
    """An address alone says nothing to somebody who thinks in z1 and A1."""
    site = site_of(laid_out, "I37")
    said = {str(edit.tree): edit.said for edit in edits(parse("=J30-L30"), site, SMALL)}
    assert said["N30-L30"] == "J30 (A1) should be N30 (sample_loss)"
    assert said["J9-L30"] == "J30 (A1) should be J9 (A1 of iteration 1)"
    assert said["J31-L30"] == "J30 (A1) is one row off: it should be J31 (A1)"


def test_the_iteration_is_named_whatever_the_quantities_are_called(small):
    """A quantity called iteration_cost says nothing about which iteration is meant."""
    small.spec.write_text(
        'workbook = "small.xlsx"\nreference = "small.py:double"\nsheet = "Sheet"\n'
        '[blocks]\nfirst = 1\nstep = 1\ncount = 3\n[inputs]\nx = "A1"\n'
        '[check.one.outputs]\niteration_cost = "B1"\n[check.two.outputs]\ny = "C1"\n'
    )
    small.write_cells({f"{column}{row}": 1.0 for column in "ABC" for row in (1, 2, 3)})
    _, quantity_map = quantity_map_of(small.spec)
    site = Site(quantity_map, at("C2", "Sheet"), ("two", 2))
    said = {edit.said for edit in edits(parse("=2*B2"), site, [iterations])}
    assert "B2 (iteration_cost) should be B1 (iteration_cost), that of iteration 1" in said
