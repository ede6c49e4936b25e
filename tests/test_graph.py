"""The graph of a workbook's formulas: the same as one that is made cell by cell, whatever the ranges, and without a limit."""

import functools
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlparity.excel.address import Cell, Range, column_letters, parse_range
from xlparity.excel.graph import ONE_BY_ONE, Graph
from xlparity.excel.names import Scope
from xlparity.excel.workbook import Formula, Workbook

ROWS, COLUMNS = 14, 9  # so that ranges are on either side of the size up to which cells are looked up one by one
assert ROWS * COLUMNS > ONE_BY_ONE
random_books = functools.partial(settings, deadline=None, max_examples=60)


def at(address):
    return parse_range(address, "S").first


def book(contents):
    """A workbook of one sheet; an address of several cells has an array formula."""
    cells, members = {}, {}
    for address, content in contents.items():
        area = parse_range(address, "S")
        live = isinstance(content, str) and content.startswith("=")
        cells[area.first] = Formula(content, area if area.size > 1 else None) if live else content
        members.update((cell, area.first) for cell in area.cells() if cell != area.first)
    ends = [*cells, *members]
    extents = {"S": (max(cell.row for cell in ends), max(cell.column for cell in ends))}
    return Workbook(Path("none.xlsx"), "", ("S",), cells, members, Scope({}, {}, ()), extents, len(cells))


@st.composite
def books(draw):
    """Numbers and formulas that each read some ranges, and a few array formulas."""
    places = [Range("S", row, column, row, column) for row in range(1, ROWS + 1) for column in range(1, COLUMNS + 1)]
    chosen = draw(st.lists(st.sampled_from(places), min_size=1, max_size=25, unique=True))
    contents = {}
    taken = set()
    for place in chosen:
        area = place._replace(last_row=place.row + draw(st.sampled_from((0, 0, 0, 1))))
        if not taken.isdisjoint(area.cells()):
            continue
        taken.update(area.cells())
        read = draw(st.lists(ranges(), max_size=3))
        live = read or area.size > 1
        contents[area.a1] = f"=SUM({','.join(one.a1 for one in read) or '1'})" if live else 1.0
    return book(contents)


@st.composite
def ranges(draw):
    first, last = (draw(st.integers(1, ROWS)) for _ in range(2))
    left, right = (draw(st.integers(1, COLUMNS)) for _ in range(2))
    whole = Range("S", min(first, last), min(left, right), max(first, last), max(left, right))
    return draw(st.sampled_from((whole, Range.of(whole.first), whole._replace(last_column=whole.column))))


class Naive:
    """The same graph as sets of edges between single cells."""

    def __init__(self, workbook, through=lambda cell: True):
        self.anchor = lambda cell: workbook.members.get(cell, cell)
        used = {*workbook.cells, *workbook.members}
        self.formulas = [cell for cell, content in workbook.cells.items() if isinstance(content, Formula)]
        self.read = {
            formula: {cell for area in workbook.graph.areas(formula) for cell in area.cells() if cell in used}
            for formula in self.formulas
        }
        self.through = through

    def before(self, cells):
        """The cells and all from which they follow."""
        found, waiting = set(cells), list(cells)
        first = set(cells)
        while waiting:
            cell = waiting.pop()
            fresh = self.read.get(self.anchor(cell), set()) - found if cell in first or self.through(cell) else set()
            found |= fresh
            waiting += fresh
        return found

    def after(self, cells):
        """The formulas that follow from the cells."""
        found, places = set(), set(cells)
        while True:
            more = {formula for formula in self.formulas if not places.isdisjoint(self.read[formula])} - found
            if not more:
                return found
            found |= more
            places |= {cell for cell in self.cells() if self.anchor(cell) in more and self.through(cell)}

    def cells(self):
        """Every cell that is read."""
        return {cell for read in self.read.values() for cell in read}

    def circles(self):
        """The formulas that follow from themselves."""
        return {
            formula
            for formula in self.formulas
            if formula
            in self.after({cell for cell in self.cells() if self.anchor(cell) == formula and self.through(cell)})
        }


@given(books(), st.data())
@random_books()
def test_the_walks_are_those_of_the_graph_cell_by_cell(workbook, data):
    """Ranges, skipped cells, trees of ends: none of them may change what is reached."""
    graph = workbook.graph
    cells = data.draw(st.lists(st.sampled_from([*workbook.cells]), min_size=1, max_size=3, unique=True))
    closed = set(data.draw(st.lists(st.sampled_from([*workbook.cells, *workbook.members]), max_size=4)))
    for through in (lambda cell: True, lambda cell: cell not in closed):
        naive = Naive(workbook, through)
        walked = list(graph.before(cells, through))
        assert len(walked) == len(set(walked))
        assert set(walked) == naive.before(cells)
        reached = graph.after(cells, through)
        assert len(reached) == len(set(reached))
        assert set(reached) == naive.after(cells)
        assert graph.circles(through) == naive.circles()
    naive = Naive(workbook)
    assert graph.circular == naive.circles() == {cell for cell in naive.formulas if graph.leads_back(cell)}
    for cell in naive.formulas:
        assert set(graph.precedents(cell)) == {naive.anchor(read) for read in naive.read[cell]}
        assert graph.reads_itself(cell) == (cell in set(graph.precedents(cell)))
        filled = workbook.filled(cell)
        assert set(graph.dependents(filled)) == {
            formula for formula in naive.formulas if not naive.read[formula].isdisjoint(filled.cells())
        }


@given(books(), st.data())
@random_books()
def test_what_is_handed_on_begins_where_nothing_is_read_that_has_it(workbook, data):
    """Of refused cells those are named because of which the others are refused."""
    marked = set(data.draw(st.lists(st.sampled_from([*workbook.cells]), min_size=1, max_size=6, unique=True)))
    marked |= {member for member, anchor in workbook.members.items() if anchor in marked}
    cells = [data.draw(st.sampled_from(sorted(marked)))]
    naive = Naive(workbook, lambda cell: cell in marked)
    reached = {naive.anchor(cell) for cell in naive.before(cells) if cell in marked}
    expected = {
        cell for cell in reached if not any(naive.anchor(read) != cell for read in naive.read.get(cell, set()) & marked)
    }
    assert set(workbook.graph.origins(cells, lambda cell: cell in marked)) == expected


def test_a_circle_may_lead_through_any_cell_of_an_array_formula():
    """An array formula is called by its first cell, and the circle may read another one of it."""
    made = book({"A1": "=SUM(A9)", "A8:A9": "=SUM(A1)"})
    assert made.graph.circular == {at("A1"), at("A8")}
    assert made.graph.leads_back(at("A8"))
    assert made.graph.leads_back(at("A9"))


def test_of_given_references_circles_are_among_these_alone():
    """An engine asks for the circles of formulas each of which certainly reads the next."""
    made = book({"A1": "=B1", "B1": "=A1", "C1": "=C1"})
    areas = {at("A1"): [Range.of(at("B1"))], at("C1"): [Range.of(at("C1"))]}
    assert Graph(made, areas).circular == {at("C1")}


def test_a_cell_put_into_the_area_of_an_array_formula_is_not_filled_by_it():
    """Other programs allow it, and edited workbooks have it: what reads that cell does not read the formula."""
    made = book({"A1:A3": "=B1:B3", "B1": "=A2", "C1": "=A3"})
    assert made.graph.is_circular(at("A1"))
    edited = made.edited({at("A2"): 7.0})
    assert not edited.graph.circular
    assert edited.graph.after([at("A2")]) == [at("B1"), at("A1"), at("C1")]


def test_empty_cells_are_read_but_not_walked_to():
    """A formula over an empty cell depends on it: something may be missing there."""
    made = book({"A1": 1.0, "B1": "=SUM(A1:A9)"})
    assert list(made.graph.before([at("B1")])) == [at("B1"), at("A1")]
    assert made.graph.after([at("A9")]) == [at("B1")]


def test_constants_are_what_refers_to_nothing():
    """=0.5 is a number with a sign before it."""
    made = book({"A1": 1.0, "A2": "=0.5", "B1": "=A1+A2", "C1": "=B1"})
    assert set(made.graph.constants_before([at("C1")])) == {at("A1"), at("A2")}
    assert made.graph.constants_before([at("A1")]) == [at("A1")]


@pytest.mark.parametrize("reference", ["A:A", "$A$1:$A$1048576", "1:1048576", "A1:XFD1048576", "1:1"])
def test_a_reference_to_whole_columns_costs_what_is_in_use_in_them(reference):
    """There are a million cells in a column, and none but those in use is looked up."""
    made = book({f"A{row}": 1.0 for row in range(1, 50)} | {f"C{row}": f"=SUM({reference})" for row in range(60, 460)})
    begin = time.process_time()
    before = set(made.graph.before([at("C60")]))
    after = set(made.graph.after([at("A1")]))
    assert before >= {at("A1")}
    assert after == {cell for cell, content in made.cells.items() if isinstance(content, Formula)}
    assert (at("C60") in made.graph.circular) == (reference in ("1:1048576", "A1:XFD1048576"))
    assert time.process_time() - begin < 5


def test_running_sums_cost_no_square_of_their_number():
    """Each of 20,000 formulas reads all cells above it: 400 million pairs of cells, and no walk may count them."""
    count = 20_000
    made = book({"A1": 1.0} | {f"A{row}": f"=SUM(A$1:A{row - 1})" for row in range(2, count)})
    begin = time.process_time()
    assert len(list(made.graph.before([at(f"A{count - 1}")]))) == count - 1
    assert len(made.graph.after([at("A1")])) == count - 2
    assert not made.graph.circular
    closed = made.edited({at("A2"): Formula(f"=SUM(A$1:A{count - 1})")})
    assert len(closed.graph.circular) == count - 2
    assert time.process_time() - begin < 20


def test_a_long_chain_is_walked_without_recursion():
    """A column of running balances is as deep as it is long."""
    made = book(
        {"A1": 1.0} | {f"A{row}": f"=A{row - 1}+1" for row in range(2, 30_000)} | {"B1": f"={column_letters(1)}9"}
    )
    assert made.graph.constants_before([at("A29999")]) == [at("A1")]
    assert not made.graph.circular
    assert Cell("S", 1, 2) in made.graph.after([at("A1")])
