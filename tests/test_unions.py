"""References to several areas: ranges of sheets, unions and intersections."""

import pytest
from formula_cases import PROGRAMS, at, same, workbook

from xlparity.engines.registry import find_engine
from xlparity.excel.values import Unsupported

CELLS = {"A1": 1, "A2": 2, "B1": 10, "B2": 20, "C1": 100, "C2": 200}

NAMES = {"upper": "S!$A$1:$C$1", "second": "S!$B$1:$B$9", "deep": "S:D!$C$1", "elsewhere": "D!$A$1:$B$9"}
# Formulas of sheet S, as they are computed, and their values. The sheets are S, D, "My data" and T, in this order.
WRITTEN = {
    "SUM(D:T!A1)": ("SUM('D'!A1,'My data'!A1,'T'!A1)", 9),
    "SUM(T:D!A1)": ("SUM('D'!A1,'My data'!A1,'T'!A1)", 9),  # whichever of the two is named first
    "SUM('D:My data'!$A$1:B2,5)": ("SUM('D'!$A$1:B2,'My data'!$A$1:B2,5)", 38),
    "AVERAGE(d:t!A1)": ("AVERAGE('D'!A1,'My data'!A1,'T'!A1)", 3),
    "COUNT(D:D!A1:A9)": ("COUNT('D'!A1:A9)", 2),
    "SUM((A1,B2))": ("SUM(A1,B2)", 21),
    "MAX(5,( A1:A2 , B1 ),1)": ("MAX(5,A1:A2,B1,1)", 10),
    "SUM((A1:A2,A1:B1))": ("SUM(A1:A2,A1:B1)", 14),  # A1 counts twice
    "SUM(A1:B2 B1:C2)": ("SUM(S!B1:B2)", 30),
    "A1:C1 C1:C2": ("S!C1", 100),
    "SUM(A1:C2  B2:C2 C1:C9)": ("SUM(S!C2)", 200),
    "SUM(A1:A2 B1:B2)": ("SUM(#NULL!)", "#NULL!"),
    "SUM(S!A1:S!A2)": ("SUM(S!A1:A2)", 3),
    "SUM(A1:S!B2)": ("SUM(S!A1:B2)", 33),
    "(A1)+(B1)": ("(A1)+(B1)", 11),
    "SUM(A1:B2:C2 B1:B2)": ("SUM(S!B1:B2)", 30),
    "SUM(S!A1:S!C2 B1:B2)": ("SUM(S!B1:B2)", 30),
    "SUM(B1:B2 A1:S!C2)": ("SUM(S!B1:B2)", 30),
    "SUM(upper second)": ("SUM(S!B1)", 10),
    "SUM(A1:C2\n second)": ("SUM(S!B1:B2)", 30),
    "SUM(A:B 2:2)": ("SUM(S!A2:B2)", 22),
    "SUM(B:C A:B)-SUM(B3:B99)": ("SUM(S!B:B)-SUM(B3:B99)", 30),
    "COUNT(1:2 2:3)": ("COUNT(S!2:2)", 4),
    "SUM(C:C A1:B2)": ("SUM(#NULL!)", "#NULL!"),
    "SUM(deep)": ("SUM('S'!$C$1,'D'!$C$1)", 100),
    "LARGE(deep,1)": ("LARGE(XLPARITY.UNION('S'!$C$1,'D'!$C$1),1)", 100),
    "COUNT(A1:OFFSET(A1,1,2) A2:C2)": ("COUNT(S!A2:C2)", 3),
    '"SUM(D:T!A1)"': ('"SUM(D:T!A1)"', "SUM(D:T!A1)"),
    "LARGE((A1:A2,B1),2)": ("LARGE(XLPARITY.UNION(A1:A2,B1),2)", 2),
    "RANK(B1,(A1:B1,B1:B2))": ("RANK(B1,XLPARITY.UNION(A1:B1,B1:B2))", 2),
    "SMALL(D:T!A1,2)": ("SMALL(XLPARITY.UNION('D'!A1,'My data'!A1,'T'!A1),2)", 3),
    "PERCENTILE((A1,B1:C1),0.5)": ("PERCENTILE(XLPARITY.UNION(A1,B1:C1),0.5)", 10),
    "MEDIAN((A1,B2))": ("MEDIAN(A1,B2)", 10.5),
}
# It is not certain what Excel makes of these, or they take another path.
REFUSED = [
    "COUNTIF((A1:A2,B1:B2),1)", "COUNTIF(deep,1)", "deep", "SUM(upper elsewhere)", "SUM(upper nobody)", "SUM(upper\nsecond)",
    "LARGE((A1:A2,B1*1),1)",
    "SUM(D:Nowhere!A1)", "SUM((A1,B1*1))", "(A1,B1)", "D:T!A1", "SUM(D:T!A1*2)", "INDEX((A1,B1),1,1,2)",
    "SUM(D!A1:T!A2)", "SUM(($A$1:$B$2) (B1:C2))", "SUM((A1:B2)(B1:C2))", "SUM(A1:C2 INDEX(A1:C2,0,2))", "IF(A1>0,(A1) (B1))",
    "SUM(INDEX(A1:C2,0,2) (A2:C2))", "COUNT((A1:A2) A2:C2)",
]  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    live = {f"E{row}": f"={text}" for row, text in enumerate((*WRITTEN, *REFUSED), start=1)}
    other = {"D": {"A1": 2, "A2": 3, "B1": 4}, "My data": {"A1": 3, "B2": 21}, "T": {"A1": 4}}
    return workbook(tmp_path_factory.mktemp("unions"), S=CELLS | live, names=NAMES, **other)


@pytest.fixture(scope="module")
def values(book):
    found = find_engine("formulas").load(book).recalculate({})
    return {text: found[at(f"E{row}")] for row, text in enumerate((*WRITTEN, *REFUSED), start=1)}


@pytest.mark.parametrize("text", WRITTEN)
def test_each_area_is_an_argument(book, values, text):
    """Of functions that add up, or count, all that they are given; others are given a column of all their cells."""
    written, value = WRITTEN[text]
    assert book.resolved(f"={text}", at("F9")) == f"={written}"
    if not text.startswith('"'):
        assert same(values[text], value)


@pytest.mark.parametrize("text", REFUSED)
def test_what_takes_no_such_reference_is_refused(values, text):
    """Excel has some of these, and the engine's functions do not."""
    assert isinstance(values[text], Unsupported)


def test_every_area_is_a_precedent(book):
    """Where one holds a wrong value, it is looked for there."""
    held = {cell for cell in book.graph.precedents(at("E1")) if not hasattr(cell, "size")}
    assert held == {at("A1", sheet) for sheet in ("D", "My data", "T")}


@pytest.mark.parametrize(
    "engine",
    PROGRAMS,
)
def test_other_programs_agree(book, values, engine):
    """Where they have a value."""
    theirs = find_engine(engine).load(book).recalculate({})
    compared = 0
    for row, text in enumerate(WRITTEN, start=1):
        if isinstance(theirs[at(f"E{row}")], float):
            assert theirs[at(f"E{row}")] == values[text], text
            compared += 1
    assert compared >= (7 if engine == "libreoffice" else 2)
    if engine == "libreoffice":  # it computes 120
        assert isinstance(theirs[at(f"E{[*WRITTEN].index('SUM(S!A1:S!A2)') + 1}")], Unsupported)
