"""The formula language of a course sheet: Excel formulas with names for addresses, one line for each quantity.

    z1  [iteration, sample]  = {MMULT(A0, W1) + b1}
    db1 [iteration]          = 1/m*SUM(dz1[sample])
    W1  [iteration, feature] = W1_new.prev

A ``name`` is the element that is aligned with the cell's own index, ``name[dim]`` the whole line along the dim,
``name.prev`` is one iteration earlier and ``name.first`` the first one. Braces make one array formula over the
quantity's whole block, in which a name is its whole block. A vector runs down, and ``[1, dim]`` across. Addresses are
anchored where a formula that is filled down or across has to keep them. An ambiguous or redundant line is an error.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from xlparity.actions.generate.model import ITERATION, ONE, Model, Role, Variable
from xlparity.errors import LanguageError, nearest
from xlparity.excel.address import Range, column_letters, quoted
from xlparity.excel.prefixes import prefixed

_LINE = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s*\[(?P<dims>[^\]]*)\]\s*(?:=\s*(?P<formula>.+?))?\s*", re.DOTALL)
_NAME = re.compile(
    r"""
      (?P<text>"(?:[^"]|"")*")
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)?)
    | (?P<function>[A-Za-z_][\w.]*(?=\s*\())
    | (?P<name>[A-Za-z_]\w*)(?:\.(?P<when>prev|first)\b)?(?:\s*\[(?P<span>[^\]]*)\])?
    """,
    re.VERBOSE,
)


def line(text: str, *, role: Role = "derived", code: str = "", note: str = "") -> Variable:
    """The variable that a line of the language declares; raises LanguageError where it is no such line."""
    match = _LINE.fullmatch(text)
    if match is None:
        raise LanguageError(f"'{text.strip()}' is no line of a sheet; write NAME [dim, dim] = FORMULA")
    dims = _dims(match["dims"])
    if ITERATION in dims[1:]:
        raise LanguageError(f"{match['name']}: the iteration is the first of the dims")
    if len(dims) - (ITERATION in dims) > 2:
        raise LanguageError(
            f"{match['name']}: a sheet has two axes beside the iteration, and [{match['dims']}] is more"
        )
    formula = match["formula"] or ""
    if not formula and role == "derived":
        raise LanguageError(f"{match['name']}: a derived quantity has a formula; write = FORMULA, or give it a role")
    return Variable(match["name"], dims, role, formula, code, note)


def _tight(operators: str) -> str:
    """The text between two names, without the spaces that Excel does not write."""
    return operators.replace(" ", "")


def _dims(text: str) -> tuple[str, ...]:
    return tuple(dim.strip() for dim in text.split(",") if dim.strip())


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a variable: its first cell in the first iteration, and the distance between iterations in rows.

    As a ``grid`` its first axis runs down and its second across. As a ``row`` or a ``column`` all of its elements lie in
    one, row by row, as numpy ravels them.
    """

    sheet: str
    row: int
    column: int
    step: int = 0
    flow: Literal["grid", "row", "column"] = "grid"

    def area(self, shape: tuple[int, int]) -> tuple[int, int]:
        """(rows, columns) that a variable of this shape fills here."""
        count = shape[0] * shape[1]
        return {"grid": shape, "row": (1, count), "column": (count, 1)}[self.flow]

    def block(self, shape: tuple[int, int], iteration: int) -> Range:
        """The cells of one iteration of a variable of this shape."""
        rows, columns = self.area(shape)
        row = self.row + self.step * (iteration - 1)
        return Range(self.sheet, row, self.column, row + rows - 1, self.column + columns - 1)

    def offset(self, shape: tuple[int, int], down: int, across: int) -> tuple[int, int]:
        """How many (rows, columns) the element of this index is from the first one."""
        number = down * shape[1] + across
        return {"grid": (down, across), "row": (0, number), "column": (number, 0)}[self.flow]


SheetLayout = Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class Author:
    """Translates the lines of a model into Excel formulas for the cells of its layout."""

    model: Model
    layout: SheetLayout

    def block(self, name: str, iteration: int = 1) -> Range:
        """The cells of a variable in one iteration."""
        return self.layout[name].block(self.model.shape(self.model.variables[name]), iteration)

    def is_array(self, name: str) -> bool:
        """Whether the line is an array formula over the whole block."""
        return self.model.variables[name].formula.startswith("{")

    def formula(self, name: str, iteration: int, index: tuple[int, ...]) -> str:
        """The Excel formula for one cell, or for the block of an array formula, with its ``=``, as a file has it.

        ``index`` has an entry for each axis. Raises LanguageError with the line and how to correct it.
        """
        variable = self.model.variables[name]
        body = variable.formula.strip("{}") if self.is_array(name) else variable.formula
        coordinates = dict(zip(variable.axes, index, strict=True))
        written: list[str] = []
        position = 0
        for match in _NAME.finditer(body):
            written.append(_tight(body[position : match.start()]))
            is_name = match["name"] is not None and match["name"] not in ("TRUE", "FALSE")
            written.append(self._reference(variable, match, iteration, coordinates) if is_name else match[0])
            position = match.end()
        return prefixed("=" + "".join([*written, _tight(body[position:])]))

    def element(self, name: str, iteration: int, index: tuple[int, ...], seen_from: str) -> str:
        """The address of one element, as a formula on the sheet ``seen_from`` writes it."""
        axes = self.model.variables[name].axes
        return self._address(self.model.variables[name], iteration, dict(zip(axes, index, strict=True)), (), seen_from)

    def _reference(self, own: Variable, match: re.Match[str], iteration: int, coordinates: Mapping[str, int]) -> str:
        name, when = match["name"], match["when"]
        spanned = None if match["span"] is None else _dims(match["span"])
        other = self.model.variables.get(name)
        if other is None:
            raise LanguageError(f"{own.name}: there is no '{name}'{nearest(name, self.model.variables)}")
        if when and not other.iterates:
            raise LanguageError(f"{own.name}: {name} has no iteration, so there is no {name}.{when}")
        if other.iterates and not own.iterates and when != "first":
            raise LanguageError(f"{own.name}: {name} leaves [{ITERATION}] unbound; write {name}.first")
        if when == "prev":
            if iteration == 1:
                raise LanguageError(
                    f"{own.name}: nothing comes before the first iteration; make it a state, not derived"
                )
            iteration -= 1
        elif when == "first":
            iteration = 1
        if self.is_array(own.name):
            if spanned is not None:
                raise LanguageError(
                    f"{own.name}: inside braces a name is its whole block; write {name}, without brackets"
                )
            spanned = other.axes
        self._refuse_spans(own, other, spanned or (), coordinates)
        return self._address(other, iteration, coordinates, spanned or (), self.layout[own.name].sheet)

    def _refuse_spans(
        self, own: Variable, other: Variable, spanned: tuple[str, ...], coordinates: Mapping[str, int]
    ) -> None:
        """Raise LanguageError where the other's cells along these dims, at these coordinates of its others, are no range."""
        name = other.name
        for dim in spanned:
            if dim not in other.axes:
                raise LanguageError(f"{own.name}: {name} has no [{dim}] to span")
        for dim in other.axes:
            if dim not in spanned and dim not in coordinates:
                raise LanguageError(f"{own.name}: {name} leaves [{dim}] unbound; write {name}[{dim}] to span it")
        flow, (down, across) = self.layout[name].flow, other.sides
        if flow != "grid" and down in spanned and across in other.axes and across not in spanned:
            raise LanguageError(f"{own.name}: the cells of {name}[{down}] are no range, as {name} lies in one {flow}")

    def _address(
        self, variable: Variable, iteration: int, coordinates: Mapping[str, int], spanned: tuple[str, ...], sheet: str
    ) -> str:
        place, shape = self.layout[variable.name], self.model.shape(variable)
        block = place.block(shape, iteration)
        down, across = (
            [0] if dim == ONE else list(range(self.model.sizes[dim])) if dim in spanned else [coordinates[dim]]
            for dim in variable.sides
        )
        first, last = (place.offset(shape, down[k], across[k]) for k in (0, -1))
        corners = [(block.row + rows, block.column + columns) for rows, columns in (first, last)]
        # What moves from iteration to iteration is relative. Of the rest, what moves with the formula's own cell is, so that a
        # person can fill the formula down and across as it is.
        moves = [variable.iterates or (dim in coordinates and dim not in spanned) for dim in variable.sides]
        if place.flow != "grid" and not variable.iterates:
            moves = [any(moves) and place.flow == "column", any(moves) and place.flow == "row"]
        row_, column_ = ("" if moving else "$" for moving in moves)
        cells = list(dict.fromkeys(f"{column_}{column_letters(column)}{row_}{row}" for row, column in corners))
        prefix = "" if place.sheet == sheet else f"{quoted(place.sheet)}!"
        return prefix + ":".join(cells)
