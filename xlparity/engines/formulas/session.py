"""A workbook in dependency order, recalculated as often as asked."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from xlparity import collector
from xlparity.address import Cell
from xlparity.engines.formulas import whereabouts
from xlparity.engines.formulas.fast import Arguments
from xlparity.engines.formulas.functions import DATED
from xlparity.engines.formulas.functions.areas import as_lines
from xlparity.engines.formulas.guards import Refusal, Residue
from xlparity.engines.formulas.operands import to_table, to_values
from xlparity.engines.formulas.program import Program
from xlparity.engines.formulas.shapes import compile_shape
from xlparity.formula import dissect
from xlparity.scope import full_size
from xlparity.values import BLANK, MISSING, Unsupported, Value
from xlparity.workbook import Formula, Workbook

_LARGEST_RANGE = 1_000_000


class _Node(NamedTuple):
    """One formula: its program, the places of its arguments and of its results, and the shapes of both."""

    program: Program
    arguments: Arguments
    shapes: tuple[tuple[int, int], ...]
    results: tuple[int, ...]
    block: tuple[int, int]
    spills: bool
    full: tuple[tuple[int, int] | None, ...]
    """The full size of each argument that is whole rows or columns."""


class FormulasSession:
    """One loaded workbook. Every cell has a place in a list; a formula knows the places it reads and writes."""

    @collector.paused()
    def __init__(self, workbook: Workbook) -> None:
        self._places: dict[Cell, int] = {}
        self._start: list[Value] = []
        self._programs: dict[tuple[str, bool], Program | Refusal] = {}
        self._references: dict[tuple[str, str], tuple[int | tuple[int, ...], tuple[int, int]]] = {}
        self._constants: dict[float, int] = {}
        self._workbook = workbook
        formulas: list[tuple[Cell, Formula]] = []
        for cell, content in workbook.cells.items():
            self._places[cell] = len(self._start)
            if isinstance(content, Formula):
                formulas.append((cell, content))
                self._start.append(MISSING)
            else:
                self._start.append(content)
        for member in workbook.members:
            self._place(member, MISSING)
        made = [self._node(cell, formula) for cell, formula in formulas]
        self._nodes = [node for node in made if node is not None]
        self._order, self._circular = _sorted(self._nodes, frozenset())
        for node in self._circular:
            for place in node.results:
                self._start[place] = Unsupported("a circular reference, or a cell that depends on one")
        self._cells = list(self._places)
        self._start += reversed(self._constants)  # they are counted from the end

    def recalculate(self, overrides: Mapping[Cell, Value]) -> dict[Cell, Value]:
        """Every cell's value, with the overrides in place of what the cells hold, formulas included."""
        values = self._start.copy()
        held: set[int] = set()
        extra: dict[Cell, Value] = {}
        for cell, value in overrides.items():
            place = self._places.get(cell)
            if place is None:
                extra[cell] = value
            else:
                values[place] = value
                held.add(place)
        outside = [cell for cell in overrides if not self._used(cell)]
        if outside and any(node.program.lines for node in self._nodes):
            return FormulasSession(_with_room(self._workbook, outside)).recalculate(overrides)
        order = self._order
        if self._circular and held:  # an override may cut the circle
            order, _ = _sorted(self._nodes, frozenset(held))
        with np.errstate(all="ignore"):  # an overflow is an Excel error value, and is looked for as such
            for node in order:
                if not held.isdisjoint(node.results):
                    self._compute_around(node, values, held)
                else:
                    _compute(node, values)
        plain = [float(value) if type(value) is Residue else value for value in values]
        return dict(zip(self._cells, plain, strict=False)) | extra  # the constants have no cells

    def _used(self, cell: Cell) -> bool:
        rows, columns = self._workbook.extents.get(cell.sheet, (0, 0))
        return cell.row <= rows and cell.column <= columns

    def _compute_around(self, node: _Node, values: list[Value], held: set[int]) -> None:
        kept = {place: values[place] for place in node.results if place in held}
        if len(kept) < len(node.results):
            _compute(node, values)
        for place, value in kept.items():
            values[place] = value

    def _place(self, cell: Cell, value: Value) -> int:
        place = self._places.get(cell)
        if place is None:
            place = self._places[cell] = len(self._start)
            self._start.append(value)
        return place

    def _node(self, cell: Cell, formula: Formula) -> _Node | None:
        if formula.area is None:
            results: tuple[int, ...] = (self._places[cell],)
            block = (1, 1)
        else:
            results = tuple([self._places[member] for member in formula.area.cells()])
            block = formula.area.shape
        try:
            shape, texts = dissect(formula.text, lambda word: self._meaning(word, cell))
            read_from: list[str | whereabouts.Numbers] = list(texts)
            if whereabouts.concerns(shape):
                shape, read_from = whereabouts.asked(shape, texts, cell, formula.area)
            program = self._program(shape, formula.area is not None)
            read = [self._read(text, cell, k in program.intersecting) for k, text in enumerate(read_from)]
        except (Refusal, ValueError) as reason:
            for place in results:
                self._start[place] = Unsupported(str(reason))
            return None
        places, shapes = tuple([found[0] for found in read]), tuple([found[1] for found in read])
        full = tuple([full_size(str(text)) if k in program.lines else None for k, text in enumerate(read_from)])
        return _Node(program, places, shapes, results, block, formula.spills, full)

    def _meaning(self, word: str, cell: Cell) -> str:
        scope = self._workbook.scope
        return "(#NAME?)" if scope.misses(word, cell.sheet) else scope.meaning(word, cell)

    def _program(self, shape: str, array: bool) -> Program:
        key = shape, array
        if key not in self._programs:
            try:
                self._programs[key] = compile_shape(shape, array)
            except Refusal as reason:
                self._programs[key] = reason
        program = self._programs[key]
        if isinstance(program, Refusal):
            raise program
        if self._workbook.date1904 and any(step.name in DATED for step in program.steps):
            raise Refusal("a function of dates in a workbook whose dates count from 1904")
        return program

    def _read(
        self, text: str | whereabouts.Numbers, cell: Cell, intersecting: bool
    ) -> tuple[int | tuple[int, ...], tuple[int, int]]:
        if isinstance(text, str):
            return self._beside(text, cell) if intersecting else self._reference(text, cell)
        return self._numbers(text)

    def _beside(self, text: str, at: Cell) -> tuple[int, tuple[int, int]]:
        """The place of the one cell of a range that stands in the formula's row or column."""
        area = self._workbook.area(text, at)
        rows, columns = area.shape
        if columns == 1 and area.row <= at.row <= area.last_row:
            cell = Cell(area.sheet, at.row, area.column)
        elif rows == 1 and area.column <= at.column <= area.last_column:
            cell = Cell(area.sheet, area.row, at.column)
        else:
            raise Refusal(f"the range {text} in a plain cell that does not stand beside it")
        return self._place(cell, BLANK), (1, 1)

    def _numbers(self, numbers: whereabouts.Numbers) -> tuple[int | tuple[int, ...], tuple[int, int]]:
        """Places of their own, behind those of all cells, which hold these numbers."""
        places: list[int] = []
        for number in numbers.values:
            if number not in self._constants:
                self._constants[number] = -1 - len(self._constants)
            places.append(self._constants[number])
        return (places[0] if len(places) == 1 else tuple(places)), numbers.shape

    def _reference(self, text: str, at: Cell) -> tuple[int | tuple[int, ...], tuple[int, int]]:
        """The places of the cells that the reference names, and its shape."""
        key = text, at.sheet
        known = self._references.get(key)
        if known is None:
            area = self._workbook.area(text, at)
            if ":" not in text:
                known = self._place(area.first, BLANK), (1, 1)
            elif area.size > _LARGEST_RANGE:
                raise Refusal(f"the reference {text} to over a million cells")
            else:
                known = tuple([self._place(cell, BLANK) for cell in area.cells()]), area.shape
            self._references[key] = known
        return known


def _with_room(workbook: Workbook, cells: Iterable[Cell]) -> Workbook:
    """The workbook with these cells among the used ones, up to which whole rows and columns are read."""
    extents = dict(workbook.extents)
    for cell in cells:
        rows, columns = extents.get(cell.sheet, (1, 1))
        extents[cell.sheet] = max(rows, cell.row), max(columns, cell.column)
    return replace(workbook, cells={**dict.fromkeys(cells, BLANK), **workbook.cells}, extents=extents)


def _sorted(nodes: list[_Node], held: frozenset[int]) -> tuple[list[_Node], list[_Node]]:
    """The nodes, each behind all that it reads but for the places that are held; and those on a circle, or behind one."""
    producer = {place: number for number, node in enumerate(nodes) for place in node.results if place not in held}
    readers: list[list[int]] = [[] for _ in nodes]
    waiting = [0] * len(nodes)
    for number, node in enumerate(nodes):
        for argument in node.arguments:
            for place in (argument,) if isinstance(argument, int) else argument:
                if place in producer:
                    readers[producer[place]].append(number)
                    waiting[number] += 1
    ready = [number for number, count in enumerate(waiting) if count == 0]
    for number in ready:  # grows as it is walked
        for reader in readers[number]:
            waiting[reader] -= 1
            if waiting[reader] == 0:
                ready.append(reader)
    return [nodes[number] for number in ready], [node for node, count in zip(nodes, waiting, strict=True) if count]


def _compute(node: _Node, values: list[Value]) -> None:
    program = node.program
    if program.fast is not None:
        try:
            values[node.results[0]] = program.fast(values, node.arguments)
        except Exception:  # whatever it was, the general path decides what Excel makes of it
            pass
        else:
            return
    try:
        found = program.run(_operands(node, values))
        if not program.array and getattr(found, "size", 1) > 1:
            raise Refusal("an array in a plain cell, of which Excel may show another element")
        if node.spills and (np.shape(found) or (1, 1)) != node.block:
            raise Refusal("a formula that spills over other cells than the file says")
        result = to_values(found, node.block)
    except Refusal as reason:
        result = [Unsupported(str(reason))] * len(node.results)
    except Exception as error:  # one formula that nothing here was written for is not to hide all the others
        failed = Unsupported(f"a formula on which the engine fails ({type(error).__name__}: {error})")
        result = [failed] * len(node.results)
    for place, value in zip(node.results, result, strict=True):
        values[place] = value


def _operands(node: _Node, values: list[Value]) -> list[object]:
    operands: list[object] = []
    for places, shape, full in zip(node.arguments, node.shapes, node.full, strict=True):
        table = (
            to_table([values[places]], (1, 1))
            if isinstance(places, int)
            else to_table([values[place] for place in places], shape)
        )
        operands.append(table if full is None else as_lines(table, full))
    return operands
