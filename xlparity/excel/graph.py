"""The dependency graph of a workbook's formulas: precedents, dependents, circular references.

A range is looked up as a range and never expanded cell by cell: a reference to a whole column costs no more than the cells in
use in it, and a walk gives each cell once, however many ranges hold it. The work of a walk grows with the number of formulas
and of cells in use, so there is no size at which a reference is left out.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from xlparity.excel.address import Cell, Range
from xlparity.excel.contents import DataTable, Formula
from xlparity.excel.formula import precedents, refers, split

if TYPE_CHECKING:
    from xlparity.excel.workbook import Workbook

Through: TypeAlias = Callable[[Cell], bool]

ONE_BY_ONE = 64
"""The only limit here: the size of a range whose cells are looked up one by one. Of a larger one those in use are looked up
in an index of the sheet's columns, which takes about as long as some dozens of cells do."""


def _always(cell: Cell) -> bool:
    return True


class Graph:
    """The formulas of a workbook and what they refer to.

    A formula is called by its cell, an array formula by the first cell of its area. ``areas`` are what each of these formulas
    refers to, of which circles and dependents are then found among these alone; without them they are all formulas, with
    what their text refers to.
    """

    def __init__(self, workbook: "Workbook", areas: Mapping[Cell, Sequence[Range]] | None = None) -> None:
        self._workbook = workbook
        self._areas: dict[Cell, Sequence[Range]] = dict(areas or {})
        self._given = areas is not None
        self._plain: dict[tuple[str, str], Range] = {}  # what plain references mean in formulas of a sheet
        self._ordinary: set[str] = set()  # shapes of formulas with nothing to write out
        self._dependents: dict[Range, Sequence[Cell]] = {}

    def areas(self, cell: Cell) -> Sequence[Range]:
        """The ranges to which the cell's formula refers, in order; what is no range is left out, and is not computed either."""
        anchor = self.anchor(cell)
        if anchor not in self._areas:
            self._areas[anchor] = () if self._given else tuple(self._read(anchor))
        return self._areas[anchor]

    def _read(self, anchor: Cell) -> Iterator[Range]:
        formula = self._workbook.formula(anchor)
        if isinstance(formula, DataTable):
            yield from formula.reads
            return
        for text in precedents(self._written_out(formula, anchor)) if formula is not None else ():
            place = text, anchor.sheet
            area = self._plain.get(place)
            if area is None:
                try:
                    area = self._plain[place] = self._workbook.area(text, anchor)
                except ValueError:
                    area = self._workbook.meant(text, anchor)
            if area is not None:
                yield area

    def _written_out(self, formula: Formula, anchor: Cell) -> str:
        text = formula.text
        shape = split(text)[0]
        if shape not in self._ordinary:
            try:
                text = self._workbook.resolved(text, anchor)
            except ValueError:  # no engine of ours computes it, and what it refers to is there as it is
                return text
            if text == formula.text:  # as is every formula that has references in the same places
                self._ordinary.add(shape)
        return text

    def add(self, found: Mapping[Cell, Sequence[Range]]) -> None:
        """Adds ranges to which formulas refer beside what their texts say: references that OFFSET or INDIRECT gave."""
        for cell, areas in found.items():
            known = self.areas(cell)
            fresh = [area for area in dict.fromkeys(areas) if area not in known]
            if fresh:
                self._areas[self.anchor(cell)] = (*known, *fresh)
                self._dependents.clear()
                for index in ("_formulas", "_readers", "circular"):
                    self.__dict__.pop(index, None)

    def anchor(self, cell: Cell) -> Cell:
        """The first cell of the array formula that fills the cell; of any other cell, itself."""
        return self._workbook.members.get(cell, cell)

    # --- one formula ----------------------------------------------------------------------------------------------------------

    def precedents(self, cell: Cell) -> list[Cell]:
        """The cells in use to which the cell's formula refers, each once; those of an array formula by the first."""
        unseen = _UnseenCells(self)
        return list(dict.fromkeys(self.anchor(found) for area in self.areas(cell) for found in unseen.within(area)))

    def reads(self, cell: Cell, other: Cell) -> bool:
        """Whether the cell's formula refers to the other cell, or to another one that the same array formula fills."""
        filled = self._workbook.filled(other)
        return any(area.intersects(filled) for area in self.areas(cell))

    def dependents(self, place: Range) -> Sequence[Cell]:
        """The formulas that refer to a cell of the range, each once."""
        if place not in self._dependents:
            self._dependents[place] = tuple(dict.fromkeys(self._readers.of(place)))
        return self._dependents[place]

    # --- walks ----------------------------------------------------------------------------------------------------------------

    def steps(self, cells: Iterable[Cell], through: Through = _always) -> Iterator[tuple[Cell, list[Cell]]]:
        """The cells and all their precedents in use, direct and indirect, each once, with its precedents that are new.

        The walk goes depth first. Cells that it comes to are given, but not followed unless they are ``through`` cells; the
        cells that it begins with are always followed.
        """
        unseen = _UnseenCells(self, cells)
        waiting = list(unseen.seen)
        first = frozenset(waiting)
        followed: set[Cell] = set()
        while waiting:
            cell = waiting.pop()
            anchor = self.anchor(cell)
            fresh: list[Cell] = []
            if anchor not in followed and (cell in first or through(cell)):
                followed.add(anchor)
                for area in self.areas(anchor):
                    fresh += unseen.within(area)
            waiting += fresh
            yield cell, fresh

    def before(self, cells: Iterable[Cell], through: Through = _always) -> Iterator[Cell]:
        """The cells and all their precedents in use, direct and indirect, each once, in the order of ``steps``."""
        return (cell for cell, _ in self.steps(cells, through))

    def after(self, places: Iterable[Cell | Range], through: Through = _always) -> list[Cell]:
        """The dependents of the places, direct or through the ``through`` cells of other formulas, each once."""
        unseen = _UnseenFormulas(self._readers)
        found: dict[Cell, None] = {}
        waiting = [place if isinstance(place, Range) else Range.of(place) for place in places]
        for place in waiting:  # grows as it is walked
            for formula in unseen.of(place):
                if formula not in found:
                    found[formula] = None
                    waiting += self.open(formula, through)
        return list(found)

    def onward(self) -> Callable[[Range], Iterator[Cell]]:
        """A function that gives the formulas that read a range, and none that it has given before."""
        return _UnseenFormulas(self._readers).of

    def constants_before(self, cells: Iterable[Cell]) -> list[Cell]:
        """The constants among the precedents of these cells, direct and indirect; of a constant, the cell itself.

        A formula that refers to nothing is a constant.
        """
        book = self._workbook
        return [
            cell
            for cell in self.before(cells)
            if cell.sheet not in book.external and ((held := book.formula(cell)) is None or not refers(held.text))
        ]

    def origins(self, cells: Iterable[Cell], through: Through) -> tuple[Cell, ...]:
        """The first formulas on the paths to these cells through ``through`` cells: those that read no such cell."""
        reached = {self.anchor(cell) for cell in self.before(cells, through) if through(cell)}
        reached |= {self.anchor(cell) for cell in cells}
        held = {cell for anchor in reached for cell in self._workbook.filled(anchor).cells() if through(cell)}
        return tuple(
            sorted(
                anchor
                for anchor in reached
                if not any(self.anchor(cell) != anchor for area in self.areas(anchor) for cell in area.among(held))
            )
        )

    # --- circular references --------------------------------------------------------------------------------------------------

    @cached_property
    def circular(self) -> frozenset[Cell]:
        """The formulas that refer to their own cells, directly or through others."""
        return self.circles()

    def is_circular(self, cell: Cell) -> bool:
        """Whether the cell's formula refers to the cell itself, directly or through others."""
        return self.anchor(cell) in self.circular

    def leads_back(self, cell: Cell) -> bool:
        """The result of ``is_circular``, computed for this cell only."""
        return self.anchor(cell) in map(self.anchor, self.before(self.precedents(cell)))

    def circles(self, through: Through = _always) -> frozenset[Cell]:
        """The formulas that refer to their own ``through`` cells, directly or through such cells of others.

        Kosaraju's algorithm, without recursion: the formulas in the order in which a walk to the precedents is done with them;
        then, from the last one, those that a walk to the dependents comes to are on one circle with it.
        """
        unseen = _UnseenFormulas(self._readers)
        found: set[Cell] = set()
        assigned: set[Cell] = set()
        for start in reversed(self._done(through)):
            if start in assigned:
                continue
            assigned.add(start)
            component = [start]
            for formula in component:  # grows as it is walked
                for place in self.open(formula, through):
                    for reader in unseen.of(place):
                        if reader not in assigned:
                            assigned.add(reader)
                            component.append(reader)
            if len(component) > 1 or self.reads_itself(start, through):
                found.update(component)
        return frozenset(found)

    def reads_itself(self, cell: Cell, through: Through = _always) -> bool:
        """Whether the cell's formula refers to a ``through`` cell that it fills."""
        places = self.open(self.anchor(cell), through)
        return any(area.intersects(place) for area in self.areas(cell) for place in places)

    def _done(self, through: Through) -> list[Cell]:
        """The formulas, each after its precedents, in the order of a depth-first walk."""
        formulas = self._formulas
        unseen = _UnseenCells(self)
        visited: set[Cell] = set()
        done: list[Cell] = []
        for start in formulas:
            if start in visited:
                continue
            visited.add(start)
            path = [(start, unseen.precedents(start))]
            while path:
                formula, ahead = path[-1]
                for cell in ahead:
                    anchor = self.anchor(cell)
                    if anchor in formulas and anchor not in visited and through(cell):
                        visited.add(anchor)
                        path.append((anchor, unseen.precedents(anchor)))
                        break
                else:
                    path.pop()
                    done.append(formula)
        return done

    def open(self, formula: Cell, through: Through) -> list[Range]:
        """The ``through`` cells that the formula fills, as one range where they are all of them."""
        filled = self._workbook.filled(formula)
        if through is _always and filled.size == 1:
            return [filled]
        # Of an edited workbook, something else may stand in one of the cells of an array formula's area.
        cells = [cell for cell in filled.cells() if self.anchor(cell) == formula and through(cell)]
        return [filled] if len(cells) == filled.size else [Range.of(cell) for cell in cells]

    # --- indexes --------------------------------------------------------------------------------------------------------------

    @cached_property
    def _formulas(self) -> Mapping[Cell, Sequence[Range]]:
        """The ranges to which every formula refers."""
        if not self._given:
            for cell, content in self._workbook.cells.items():
                if isinstance(content, Formula):
                    self.areas(cell)
        formula = self._workbook.formula
        return {cell: areas for cell, areas in self._areas.items() if self._given or formula(cell) is not None}

    @cached_property
    def _readers(self) -> "_Readers":
        return _Readers(self._formulas)

    def used(self, cell: Cell) -> bool:
        """Whether the cell is not empty."""
        book = self._workbook
        return cell in book.cells or cell in book.members or cell in book.external.get(cell.sheet, ((),))[0]

    @cached_property
    def used_rows(self) -> Mapping[str, Mapping[int, list[int]]]:
        """The rows of the cells in use in each column of each sheet, both in order."""
        if self._given:
            return self._workbook.graph.used_rows
        found: dict[str, dict[int, list[int]]] = {}
        external = (cell for sheet in self._workbook.external.values() for cell in sheet.cells)
        for cell in (*self._workbook.cells, *self._workbook.members, *external):
            found.setdefault(cell.sheet, {}).setdefault(cell.column, []).append(cell.row)
        return {
            sheet: {column: sorted(set(columns[column])) for column in sorted(columns)}
            for sheet, columns in found.items()
        }


class _UnseenCells:
    """The cells in use that a walk has not visited; each is returned once, even if several ranges contain it."""

    def __init__(self, graph: Graph, seen: Iterable[Cell] = ()) -> None:
        self._graph = graph
        self.seen = dict.fromkeys(seen)
        # Of each column, for a place in its list of rows that was passed, a later one: places between were passed as well.
        self._passed: dict[tuple[str, int], dict[int, int]] = {}

    def precedents(self, formula: Cell) -> Iterator[Cell]:
        """Those to which the formula refers."""
        for area in self._graph.areas(formula):
            yield from self.within(area, ordered=False)

    def within(self, area: Range, *, ordered: bool = True) -> Iterator[Cell]:
        """Those of the range, row by row if they are to be ``ordered``."""
        if area.size > ONE_BY_ONE:
            return iter(sorted(self._indexed(area))) if ordered else self._indexed(area)
        return self._one_by_one(area)

    def _one_by_one(self, area: Range) -> Iterator[Cell]:
        for cell in area.cells():
            if cell not in self.seen and self._graph.used(cell):
                self.seen[cell] = None
                yield cell

    def _indexed(self, area: Range) -> Iterator[Cell]:
        columns = self._graph.used_rows.get(area.sheet, {})
        inside = range(area.column, area.last_column + 1)
        for column in columns if len(columns) < len(inside) else inside:
            if column not in inside or column not in columns:
                continue
            rows = columns[column]
            passed = self._passed.setdefault((area.sheet, column), {})
            at = _next(passed, bisect_left(rows, area.row))
            while at < len(rows) and rows[at] <= area.last_row:
                passed[at] = at + 1
                cell = Cell(area.sheet, rows[at], column)
                if cell not in self.seen:
                    self.seen[cell] = None
                    yield cell
                at = _next(passed, at)


def _next(passed: dict[int, int], at: int) -> int:
    """The first place from this one on that was not passed; the chain that leads there is halved."""
    while (later := passed.get(at)) is not None:
        passed[at] = passed.get(later, later)
        at = later
    return at


class _Line(NamedTuple):
    """Ranges across one column, or one row, in the order in which they begin.

    ``ends`` is a binary tree over them, each node with the largest end below it; its leaves are the second half.
    """

    starts: list[int]
    ranges: list[Range]
    ends: list[int]


class _Readers:
    """The formulas that refer to a cell or to a range with it, without a list for every cell of a range."""

    def __init__(self, formulas: Mapping[Cell, Sequence[Range]]) -> None:
        self.of_cell: dict[Cell, list[Cell]] = defaultdict(list)
        self.of_range: dict[Range, list[Cell]] = defaultdict(list)
        for formula, areas in formulas.items():
            for area in dict.fromkeys(areas):
                if area.size == 1:
                    self.of_cell[area.first].append(formula)
                else:
                    self.of_range[area].append(formula)
        columns: dict[tuple[str, int], list[Range]] = defaultdict(list)
        rows: dict[tuple[str, int], list[Range]] = defaultdict(list)
        for area in self.of_range:  # across the fewer lines
            if area.shape[0] >= area.shape[1]:
                for column in range(area.column, area.last_column + 1):
                    columns[area.sheet, column].append(area)
            else:
                for row in range(area.row, area.last_row + 1):
                    rows[area.sheet, row].append(area)
        self._columns = {place: _line(ranges, 1, 3) for place, ranges in columns.items()}
        self._rows = {place: _line(ranges, 2, 4) for place, ranges in rows.items()}

    def of(self, place: Range) -> Iterator[Cell]:
        """The formulas that refer to a cell of the range; one that does so several times, several times."""
        for cell in place.among(self.of_cell):
            yield from self.of_cell[cell]
        for line, first, last in self.lines(place):
            for number in _met(line, line.ends, first, last):
                yield from self.of_range[line.ranges[number]]

    def lines(self, place: Range) -> Iterator[tuple[_Line, int, int]]:
        """The lines through the range, each with the part of it that lies in the range."""
        for number in range(place.column, place.last_column + 1) if self._columns else ():
            if (line := self._columns.get((place.sheet, number))) is not None:
                yield line, place.row, place.last_row
        for number in range(place.row, place.last_row + 1) if self._rows else ():
            if (line := self._rows.get((place.sheet, number))) is not None:
                yield line, place.column, place.last_column


def _line(ranges: list[Range], first: int, last: int) -> _Line:
    ordered = sorted(ranges, key=lambda area: area[first])
    size = 1
    while size < len(ordered):
        size *= 2
    ends = [0] * (2 * size)
    ends[size : size + len(ordered)] = [int(area[last]) for area in ordered]
    for node in range(size - 1, 0, -1):
        ends[node] = max(ends[2 * node], ends[2 * node + 1])
    return _Line([int(area[first]) for area in ordered], ordered, ends)


def _met(line: _Line, ends: list[int], first: int, last: int) -> Iterator[int]:
    """The numbers of the line's ranges that meet this part of it; ``ends`` may lack some of them."""
    count, size = bisect_right(line.starts, last), len(ends) // 2
    waiting = [(1, 0, size)]
    while waiting:
        node, begin, end = waiting.pop()
        if begin >= count or ends[node] < first:
            continue
        if node >= size:
            yield begin
            continue
        middle = (begin + end) // 2
        waiting += (2 * node + 1, middle, end), (2 * node, begin, middle)


class _UnseenFormulas:
    """The formulas that a walk has not visited; a range whose dependents have been found is not searched again."""

    def __init__(self, readers: _Readers) -> None:
        self._readers = readers
        self._seen: set[Cell] = set()
        self._ends: dict[int, list[int]] = {}  # of a line, by its identity, without the ranges that were met

    def of(self, place: Range) -> Iterator[Cell]:
        """Those that refer to a cell of the range."""
        readers = self._readers
        for cell in place.among(readers.of_cell):
            yield from self._unseen(readers.of_cell[cell])
        for line, first, last in readers.lines(place):
            ends = self._ends.get(id(line))
            if ends is None:
                ends = self._ends[id(line)] = line.ends.copy()
            for number in _met(line, ends, first, last):
                _drop(ends, number)
                yield from self._unseen(readers.of_range[line.ranges[number]])

    def _unseen(self, formulas: Iterable[Cell]) -> Iterator[Cell]:
        for formula in formulas:
            if formula not in self._seen:
                self._seen.add(formula)
                yield formula


def _drop(ends: list[int], number: int) -> None:
    """Takes the range of this number out of the tree."""
    node = len(ends) // 2 + number
    ends[node] = 0
    while node > 1:
        node //= 2
        ends[node] = max(ends[2 * node], ends[2 * node + 1])
