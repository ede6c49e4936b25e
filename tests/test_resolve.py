"""Calls that give a reference: OFFSET and INDIRECT of constants, and ranges that spill."""

import pytest
from formula_cases import PROGRAMS, at, workbook

from xlparity.engines.registry import find_engine
from xlparity.excel.address import parse_range
from xlparity.excel.contents import Formula
from xlparity.excel.formula import refers
from xlparity.excel.values import Unsupported

CELLS = {"A1": 1, "A2": 2, "A3": 3, "B1": 4, "B2": 5, "B3": 6}

# A formula of cell C5, and what it is with references in place of the calls: Microsoft's pages of the functions.
RESOLVED = [
    ("OFFSET(A1,1,1)", "S!B2"), ("OFFSET(A1,,1)", "S!B1"), ("OFFSET( A1 , 1 , 1 )", "S!B2"),
    ("OFFSET(A1,1,0,,2)", "S!A2:B2"), ("OFFSET(A1:B2,1,0)", "S!A2:B3"), ("OFFSET(A1:B2,1,0,1,1)", "S!A2"),
    ("OFFSET(A1,-1,0)", "#REF!"), ("OFFSET(A1,0,0,0,1)", "#REF!"), ("OFFSET(A1,0,16384)", "#REF!"),
    ("OFFSET(#REF!,-1,1)", "#REF!"), ("OFFSET(D!A1,1,1)", "D!B2"), ("OFFSET(there,1,0)", "D!A2"),
    ("OFFSET(OFFSET(A1,1,0),1,1)", "S!B3"), ("SUM(A1:OFFSET(C5,-1,0))", "SUM(S!A1:C4)"),
    ("SUM(OFFSET(A1,1,1):OFFSET(A1,2,1))", "SUM(S!B2:B3)"), ('INDIRECT("B2")', "S!B2"),
    ('INDIRECT("d!$A$1",TRUE)', "D!A1"), ('INDIRECT("there")', "D!A1"), ('INDIRECT("r2c2",FALSE)', "B2"),
    ("OFFSET(A3,0,0,-2,1)", "S!A2:A3"), ("OFFSET(A1,1.9,0)", "OFFSET(A1,1.9,0)"), ('INDIRECT("nothing")', "#REF!"),
    ('INDIRECT("A:A")', "A:A"), ('INDIRECT("$A$01:A003")', "S!A1:A3"), ('INDIRECT("")', "#REF!"), ("INDIRECT(5)", "#REF!"),
    ('INDIRECT("Nowhere!A1")', "#REF!"), ('INDIRECT("R[-1]C",0)', "C4"), ('SUM(INDIRECT("A1:A3"))', "SUM(S!A1:A3)"),
    ('SUM(INDIRECT("A1"):INDIRECT("A3"))', "SUM(S!A1:A3)"), ("SUM(A1:#REF!)", "SUM(#REF!)"), ("SUM(#REF!:#REF!)", "SUM(#REF!)"),
    ('SUM(A1:INDIRECT(""))', "SUM(#REF!)"),
]  # fmt: skip

# Cells decide these, or it is not certain what Excel makes of them.
LEFT = [
    "OFFSET(A1,B1,0)", "OFFSET(A1,1.5,0)", "OFFSET(A:A,0,1)", "OFFSET(A1,1)",
    "OFFSET(A1*1,1,1)", 'INDIRECT("A"&1)', "INDIRECT(A1)", 'INDIRECT("A1#")',
    'INDIRECT("[1]S!A1")', '"OFFSET(A1,1,1)"', "MYOFFSET(A1,1,1)", "_xlfn.OFFSET(A1,1,1)", "ANCHORARRAY(A1)",
    "_xlfn.ANCHORARRAY(A1)", 'INDIRECT("R1C1",B1)',
]  # fmt: skip


# Microsoft's pages say otherwise: #REF! over the edge of the sheet, a size that is left out, names.
UNLIKE = {
    "libreoffice": (
        "OFFSET(A3,0,0,-2,1)", 'INDIRECT("nothing")', 'INDIRECT("Nowhere!A1")', 'INDIRECT("")', "INDIRECT(5)",
        'INDIRECT("$A$01:A003")',
        "OFFSET(A1,-1,0)", "OFFSET(A1,0,0,0,1)", "OFFSET(A1,0,16384)", "OFFSET(#REF!,-1,1)", 'INDIRECT("there")',
    ),
    "ironcalc": (
        "OFFSET(A1,1,0,,2)", 'INDIRECT("there")', "OFFSET(A3,0,0,-2,1)", "SUM(A1:#REF!)", "SUM(#REF!:#REF!)",
        'SUM(A1:INDIRECT(""))',
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    made = workbook(
        tmp_path_factory.mktemp("resolve"), S=CELLS, D={"A1": 7, "A2": 8, "B2": 9}, names={"there": "D!$A$1"}
    )
    spilling = Formula("=A1:A3*2", parse_range("E1:E3", "S"), spills=True)
    return made.edited({at("E1"): spilling})


@pytest.mark.parametrize(("text", "expected"), RESOLVED)
def test_a_call_of_constants_is_the_reference_that_it_gives(book, text, expected):
    """The dependency graph needs it before anything is computed."""
    assert book.resolved(f"={text}", at("C5")) == f"={expected}"


@pytest.mark.parametrize("text", LEFT)
def test_a_call_that_cells_decide_stays(book, text):
    """It is refused, since its precedents are not known."""
    assert book.resolved(f"={text}", at("C5")) == f"={text}"


def test_a_range_that_spills_is_the_area_of_its_formula(book):
    """As long as it spills into just these cells: else they have no value."""
    assert book.resolved("=SUM(_xlfn.ANCHORARRAY(E1))", at("C5")) == "=SUM(S!E1:E3)"
    values = (
        find_engine("formulas").load(book.edited({at("C5"): Formula("=SUM(_xlfn.ANCHORARRAY(E1))")})).recalculate({})
    )
    assert values[at("C5")] == 12.0


@pytest.mark.parametrize(
    "engine",
    ["formulas", *PROGRAMS],
)
def test_engines_agree_on_what_these_calls_give(book, engine):
    """LibreOffice and IronCalc resolve them themselves, but for the names that Microsoft's page of INDIRECT allows."""
    chosen = [text for text, _ in RESOLVED if text not in UNLIKE.get(engine, ())]
    contents = {at(f"G{row}"): Formula(f"=SUM({text})") for row, text in enumerate(chosen, start=1)}
    values = find_engine(engine).load(book.edited(contents)).recalculate({})
    plain = find_engine("formulas").load(
        book.edited({place: Formula(book.resolved(found.text, place)) for place, found in contents.items()})
    )
    expected = plain.recalculate({})
    found = {text: values[place] for text, place in zip(chosen, contents, strict=True)}
    wanted = {text: expected[place] for text, place in zip(chosen, contents, strict=True)}
    assert found == {text: found[text] if isinstance(found[text], Unsupported) else wanted[text] for text in chosen}
    assert wanted["OFFSET(A1,1,1)"] == 5.0


def test_what_a_call_gives_is_a_precedent_and_what_it_begins_with_is_none(book):
    """SUM(A1:OFFSET(A5,-1,0)) in A5 is common, and no circular reference; a change of what it reads must reach it."""
    made = book.edited({at("A5"): Formula("=SUM(A1:OFFSET(A5,-1,0))"), at("A6"): Formula('=INDIRECT("A6")')})
    assert made.graph.precedents(at("A5")) == [at("A1"), at("A2"), at("A3")]
    assert not made.graph.is_circular(at("A5"))
    assert made.graph.is_circular(at("A6"))
    assert find_engine("formulas").load(made).recalculate({at("A2"): 20.0})[at("A5")] == 24.0


def test_a_formula_of_indirect_alone_is_no_constant():
    """It would be called hard-coded, or be set like an input."""
    assert refers('=INDIRECT("A1")*3')
    assert not refers('="INDIRECT"')
