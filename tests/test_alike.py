"""Formulas of one shape, found and compiled together: exactly what is found and compiled one formula at a time."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xlparity.engines.evaluator import session
from xlparity.excel.address import Cell, column_number
from xlparity.excel.alike import alike
from xlparity.excel.contents import Formula
from xlparity.excel.formula import split
from xlparity.excel.names import Scope
from xlparity.excel.workbook import Workbook

# What looks like a reference, nearly like one, and what stands beside it and decides which of the two it is.
PLACES = (
    "A1",
    "$B$2",
    "c$3",
    "$D4",
    "XFD1048576",
    "XFE1",
    "A1048577",
    "A0",
    "A01",
    "ABCD1",
    "A12345678",
    "B7",
    "AB10",
    "5",
)
OPERATORS = "+-*/^&=<>,;(){}:!'?.\\ #@[]_%\"\n\0\x1f"
BESIDE = (*OPERATORS, "x", "E", "é", "×", "😀", "LOG10(", "Sheet2!", "1E5", "1", "")
TEXTS = st.lists(st.sampled_from(PLACES) | st.sampled_from(BESIDE), max_size=9).map(lambda parts: "=" + "".join(parts))


def corners(reference):
    """The row and the column of each corner of a plain reference."""
    for corner in reference.replace("$", "").split(":"):
        letters = corner.rstrip("0123456789")
        yield int(corner[len(letters) :]), column_number(letters)


@given(st.lists(TEXTS, max_size=6))
@example(["=A1:B2:C3", "=A1:B2:C4"])  # the third is no reference: nothing follows a range
@example(["=Sheet2!A1:B2", "=Sheet2!A1:B3"])
@example(["=$$A1", "=LOG10(A1)", "=LOG2(A1)"])
@example(["=\x1f+A1", "=B2+A1"])
@example(["=A1\0=B1", "=A1"])
def test_what_is_found_together_is_what_each_formula_has(formulas):
    # A shape that is a little too wide would compute one formula by another one's text.
    for found in alike(formulas, 1):
        for place, number in enumerate(found.numbers.tolist()):
            shape, references = split(formulas[number])
            assert found.shape == shape
            expected = [corner for reference in references for corner in corners(reference)]
            assert [*zip(found.rows[:, place].tolist(), found.columns[:, place].tolist(), strict=True)] == expected


def test_a_formula_filled_into_many_cells_is_found_whole():
    # Else the quick way would be right, and never taken.
    formulas = [f"=IF(A{row}>$B$1,SUM(C{row}:$AA$9),ROUND(C{row - 1}/2,1))" for row in range(2, 100_002)]
    found = list(alike(formulas, 1))
    assert sorted(number for one in found for number in one.numbers.tolist()) == list(range(100_000))
    assert {one.shape for one in found} == {split(formulas[0])[0]}


def workbook(contents):
    cells = {Cell(sheet, row, column): content for (sheet, row, column), content in contents.items()}
    extents = dict.fromkeys(("One", "Two"), (60, 30))
    return Workbook(Path("book.xlsx"), "", ("One", "Two"), cells, {}, Scope({}, {}, ()), extents, len(cells))


FILLED = (
    "=A{r}*2+$B$1",
    "=SUM($A$1:A{r})",  # a range of another size in each row
    "=SUM(B{r}:A$1)",  # corners the other way round
    "=SUM(A{r}:B{n})/COUNT(A{r}:B{n})",
    "=D{n}+Z{r}",  # cells that nothing is in
    "=A{far}+1",  # some of them off the grid
    "=Two!A{r}+A{r}",
    '="A{r}"&A{r}',
    "=SUM(A:A)+A{r}",
    "=ROW()+A{r}",
    "=A$1:A$9*A{r}",  # the cell in line with the formula
    "=OFFSET(A{r},B$1,0)",
    "=NOSUCH(A{r})",
    "=0.5",
    "=C{p}+A{r}",  # each reads the one above it
    "=B{r}-VLOOKUP(A{r},$A$1:$B$20,2,FALSE)",
)


def filled(texts):
    contents = {}
    for sheet in ("One", "Two"):
        for row in range(1, 21):
            contents[sheet, row, 1] = row / 4
            contents[sheet, row, 2] = -1.0 * row
            for column, text in enumerate(texts, start=3):
                written = text.format(r=row, n=row + 1, p=max(row - 1, 1), far=1_048_565 + row)
                contents[sheet, row, column] = Formula(written)
    return workbook(contents)


@pytest.mark.parametrize("texts", [*[(text,) for text in FILLED], FILLED], ids=lambda texts: texts[0])
def test_formulas_compiled_together_have_the_values_of_those_compiled_alone(texts, monkeypatch):
    book = filled(texts)
    together = session.FormulasSession(book).recalculate({}, 1).values_in(0)
    monkeypatch.setattr(session, "_FEW", 10**9)
    alone = session.FormulasSession(book).recalculate({}, 1).values_in(0)
    assert {cell: repr(value) for cell, value in together.items()} == {
        cell: repr(value) for cell, value in alone.items()
    }
    assert len(together) >= len(book.cells)


def test_formulas_of_one_shape_are_not_compiled_one_by_one(monkeypatch):
    # The parity above says nothing where both ways are one and the same.
    seen = []
    one_by_one = session.FormulasSession._node
    monkeypatch.setattr(
        session.FormulasSession, "_node", lambda self, *given: seen.append(given[0]) or one_by_one(self, *given)
    )
    session.FormulasSession(filled(FILLED[:5]))
    assert seen == []
    session.FormulasSession(filled(FILLED[:6]))
    assert len(seen) == 2 * 9  # those of which a reference is off the grid
