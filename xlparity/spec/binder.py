"""A spec's words looked up in its workbook: names, tables and labels become cells, and every quantity gets its own."""

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, floor
from typing import Any, cast

import numpy as np

from xlparity.errors import SpecError, nearest
from xlparity.excel.address import MAX_COLUMN, MAX_ROW, Cell, Range, folded
from xlparity.excel.dates import shown_as_dates
from xlparity.excel.formula import dissect, refers
from xlparity.excel.values import BLANK, EPOCHS_APART
from xlparity.excel.workbook import Workbook, formulas_of
from xlparity.spec.acceptance import accepted_cells
from xlparity.spec.binding import HERE, Bound, CellMap, Input, Offset, Output, Twin
from xlparity.spec.check import Check, References
from xlparity.spec.plan import CORNER, Address, CheckPlan, Spec, twin_misfit
from xlparity.spec.words import known_sheet, look_up, numbered, numbered_sheets, on_sheet, sheet_and_name, sheet_of


def bind(spec: Spec, workbook: Workbook, references: References | None = None) -> tuple[Check, ...]:
    """The checks bound to the workbook's cells and their ``references``, in order; without these, to those that it names.

    Raises SpecError where a check cannot be bound.
    """
    places = bind_cells(spec, workbook)
    references = References(spec) if references is None else references
    return tuple(
        Check(
            spec,
            plan,
            inputs,
            cells,
            references.of(plan),
            references.wanted(plan),
            workbook.date1904,
            drawers=references.drawers(plan),
        )
        for plan, (inputs, cells) in zip(spec.checks, places, strict=True)
    )


def bind_cells(spec: Spec, workbook: Workbook) -> list[tuple[tuple[Input[Range], ...], CellMap]]:
    """The inputs and the compared cells of every check, in order; raises SpecError where they cannot be bound."""
    places = [_Binder(spec, plan, workbook).bound() for plan in spec.checks]
    accepted = accepted_cells(spec, workbook, [cells for _, cells in places])
    return [(inputs, replace(cells, accepted=known)) for (inputs, cells), known in zip(places, accepted, strict=True)]


@dataclass(frozen=True)
class _Binder:
    """One check of a spec and the workbook in which its words are looked up."""

    spec: Spec
    check: CheckPlan
    workbook: Workbook

    def bound(self) -> tuple[tuple[Input[Range], ...], CellMap]:
        if self.check.sheet is not None and not numbered(self.check.sheet):
            try:
                known_sheet(self.check.sheet, self.workbook)
            except ValueError as error:
                raise self._wrong("sheet", str(error), "") from error
        state = {output.name for output in self.check.outputs if output.every_block}
        inputs = tuple(
            self._input(given, moves=given.every_block or given.name in state) for given in self.check.inputs
        )
        outputs = tuple(
            replace(cast("Any", o), at=self._area(o.name, o.at, "outputs", moves=o.every_block))
            for o in self.check.outputs
        )
        offsets = self._offsets(outputs)
        self._stay_on_the_grid(inputs, outputs, offsets)
        set_by_hand = {cell for given in inputs for places in given.places(offsets) for cell in places}
        cells = CellMap(outputs, offsets, frozenset(set_by_hand))
        self._compare_whole_blocks(outputs, offsets, cells.inputs)
        if twice := cells.twice_bound():
            cell, one, other = twice
            sentence = f"both '{one}' and '{other}' claim the cell {cell}"
            if one == other:
                sentence = f"two blocks of output '{one}' share the cell {cell}; a block ends before the next begins"
            raise self._wrong(other, sentence, "outputs")
        bound = {output.name for output, _, _ in cells.blocks}
        for output in outputs:
            if output.name not in bound:
                sentence = f"output '{output.name}' is in input cells only, so nothing is compared"
                raise self._wrong(output.name, sentence, "outputs")
        return inputs, cells

    def _wrong(self, key: str, message: str, part: str) -> SpecError:
        return self.spec.error(key, message, self.check.name, part)

    def _area(self, name: str, address: Address, part: str, *, moves: bool) -> Range:
        """The range that the address means in the first block; ``moves`` says that each block has such a range of its own."""
        try:
            area = look_up(self._in_first_block(address), self.workbook)
        except ValueError as error:
            raise self._wrong(name, f"'{name}': {error}", part) from error
        rows = self._rows
        if moves and rows and (area.sheet, area.row, area.last_row) == (rows.sheet, rows.row, rows.last_row):
            return area._replace(last_row=area.row)
        return area

    @cached_property
    def _rows(self) -> Range | None:
        """The rows of data of the table whose rows are the blocks, if they are."""
        name = self.check.blocks.table if self.check.blocks else None
        if name is None:
            return None
        table = self.workbook.scope.tables.get(folded(name.strip()))
        if table is None:
            like = nearest(name, [known.name for known in self.workbook.scope.tables.values()])
            raise self._wrong("table", f"{self.workbook.path} has no table '{name}'{like}", "blocks")
        area = table.area
        rows = area._replace(row=area.row + table.headers, last_row=area.last_row - table.totals)
        if rows.row > rows.last_row:
            raise self._wrong("table", f"table '{table.name}' has no row of data", "blocks")
        return rows

    @cached_property
    def _sheets(self) -> tuple[str, ...]:
        """The sheet of each block, in their order, where these are given; of blocks by labels, those that may have one."""
        sheets = self.check.blocks.sheets if self.check.blocks else ()
        try:
            if isinstance(sheets, str):
                return numbered_sheets(self.workbook, sheets)
            for name in sheets:
                known_sheet(name, self.workbook)
        except ValueError as error:
            raise self._wrong("sheets", str(error), "blocks") from error
        return sheets

    def _in_first_block(self, address: Address) -> Address:
        """The address with the first block's sheet for a numbered one."""
        of = sheet_of(address)
        if not numbered(of):
            return address
        if not self._sheets:
            raise ValueError(f"the sheet '{of}' is one of several, numbered by {{n}}; give [blocks] their sheets")
        first = numbered_sheets(self.workbook, of)[0]
        return on_sheet(address, first)

    def _input(self, given: Input[Address], *, moves: bool) -> Input[Range]:
        at = self._area(given.name, given.at, "inputs", moves=moves)
        headers: tuple[str | int, ...] = ()
        if given.frame:
            at, headers = self._framed(given.name, at)
        placed, twins = Twin(at, step=given.step), []
        for also in given.also:
            twin = Twin(self._area(given.name, also.at, "inputs", moves=moves), also.transpose, also.step)
            if sentence := twin_misfit(placed, twin):
                raise self._wrong(given.name, f"'also' of input '{given.name}' {sentence}", "inputs")
            twins.append(twin)
        shift = -EPOCHS_APART if given.dates and self.workbook.date1904 else 0.0
        low, high = (
            end + shift if isinstance(end, float) else self._limits(given.name, key, end, placed.shape)
            for key, end in (("low", given.low), ("high", given.high))
        )
        bound: Input[Range] = replace(cast("Any", given), at=at, also=tuple(twins), low=low, high=high, headers=headers)
        if given.frame:
            bound = replace(bound, calendar=shown_as_dates(self.workbook, bound.cells()))
        for number in range(bound.size if isinstance(low, tuple) or isinstance(high, tuple) else 0):
            least, most = (end[number] if isinstance(end, tuple) else end for end in (low, high))
            if least is not None and most is not None and least > most:
                said = f"'low' of '{given.name}' is above its 'high' in {bound.cells()[number]}: {least:g} > {most:g}"
                raise self._wrong(given.name, said, "inputs")
            if given.integer and least is not None and most is not None and ceil(least) > floor(most):
                said = f"there is no whole number between 'low' and 'high' of '{given.name}' in {bound.cells()[number]}"
                raise self._wrong(given.name, said, "inputs")
        return bound

    def _framed(self, name: str, area: Range) -> tuple[Range, tuple[str | int, ...]]:
        """The cells below the headers of a range, and the headers: its first row, or of a table the row above its data."""
        tables = self.workbook.scope.tables.values()
        if any(t.headers and t.area.row + 1 == area.row and t.area.contains(area) for t in tables):
            area = area._replace(row=area.row - 1)
        said = f"'{name}' is a frame, whose range begins with a row of headers"
        if area.row == area.last_row:
            raise self._wrong(name, f"{said}, and {area} is that row alone; name the rows below as well", "inputs")
        headers: list[str | int] = []
        for cell in area._replace(last_row=area.row).cells():
            content = self.workbook.cells.get(cell, BLANK)
            header = int(content) if type(content) is float and content.is_integer() else content  # such as a year
            if not isinstance(header, str | int) or isinstance(header, bool):
                what = "a formula" if self.workbook.formula(cell) else "blank" if content is BLANK else str(content)
                raise self._wrong(name, f"{said}, and {cell} is {what}; type the name of the column there", "inputs")
            if header in headers:
                raise self._wrong(
                    name, f"{said}, of which two are '{header}'; give each column a name of its own", "inputs"
                )
            headers.append(header)
        return area._replace(row=area.row + 1), tuple(headers)

    def _limits(self, name: str, key: str, end: Bound, shape: tuple[int, int]) -> tuple[float, ...] | None:
        """The limits of the elements of an input of this shape, row by row."""
        if end is None:
            return None
        limits = np.array(end)
        if limits.ndim == 1 and shape[1] == 1 and limits.size > 1:  # of a column, a list has its elements
            limits = limits[:, None]
        try:
            return tuple(np.broadcast_to(limits, shape).ravel().tolist())
        except ValueError as error:
            said = f"'{key}' of '{name}' is a list of the shape {limits.shape}, and the input has {shape[0]} × {shape[1]} cells"
            raise self._wrong(
                name, f"{said}; give a number for each column, each row or each cell", "inputs"
            ) from error

    def _stay_on_the_grid(
        self, inputs: Iterable[Input[Range]], outputs: Iterable[Output[Range]], offsets: tuple[Offset, ...]
    ) -> None:
        first = self.check.blocks.first if self.check.blocks else CORNER
        if self._rows:
            first = Offset(self._rows.row, 1)
        once = "or, where it exists once, set every_block = false"
        of_blocks = [sheet for sheet, _ in offsets[0].sheets]
        for output in (output for output in outputs if output.every_block):
            if output.at.row < first.rows or output.at.column < first.columns:
                sentence = f"is before the first block; give its address in the first block, {once}"
                raise self._wrong(output.name, f"output '{output.name}' {sentence}", "outputs")
            if self._rows and output.at.sheet == self._rows.sheet and output.at.last_row != self._rows.row:
                sentence = f"is not in {self._rows._replace(last_row=self._rows.row)}, the first row of the table"
                raise self._wrong(
                    output.name, f"output '{output.name}' {sentence}; name a column of it, {once}", "outputs"
                )
            if of_blocks and output.at.sheet not in of_blocks:
                sentence = f"is on sheet '{output.at.sheet}', which is no block's; give its address in the first block"
                raise self._wrong(output.name, f"output '{output.name}' {sentence}, {once}", "outputs")
            if not all(output.at.moved(*offset).on_the_grid for offset in offsets):
                sentence = f"a block of output '{output.name}' would lie outside the grid"
                raise self._wrong(output.name, sentence, "outputs")
        for given in inputs:
            for at in (given.at, *(twin.at for twin in given.also)) if given.every_block else ():
                if of_blocks and at.sheet not in of_blocks:
                    sentence = f"input '{given.name}' is on sheet '{at.sheet}', which is no block's, and in every block"
                    raise self._wrong(given.name, f"{sentence}; correct its address, or take out every_block", "inputs")
                if not all(at.moved(*offset).on_the_grid for offset in offsets):
                    sentence = f"a block of input '{given.name}' would lie outside the grid"
                    raise self._wrong(given.name, sentence, "inputs")

    def _compare_whole_blocks(
        self, outputs: tuple[Output[Range], ...], offsets: tuple[Offset, ...], inputs: Container[Cell]
    ) -> None:
        """A quantity is an input in the first block or an output, and not a part of each."""
        for output in outputs:
            for number, offset in enumerate(offsets if output.every_block else (HERE,), start=1):
                shared = [cell for cell in output.cells(offset) if cell in inputs]
                if shared and (len(shared) < output.size or number > 1):
                    sentence = f"output '{output.name}' and an input both claim {shared[0]}, in block {number}"
                    raise self._wrong(output.name, f"{sentence}; only all of a first block may be both", "outputs")

    def _offsets(self, outputs: tuple[Output[Range], ...]) -> tuple[Offset, ...]:
        blocks = self.check.blocks
        if blocks is None:
            return (HERE,)
        if self._rows:
            return tuple(Offset(number, 0) for number in range(self._rows.shape[0]))
        if blocks.label is None:
            if self._sheets and blocks.offsets and len(blocks.offsets) != len(self._sheets):
                said = f"there are {len(blocks.offsets)} blocks, and {len(self._sheets)} sheets '{blocks.sheets}'"
                raise self._wrong("sheets", said, "blocks")
            return self._on_sheets(blocks.offsets or (HERE,) * len(self._sheets), self._sheets)
        openers = self._openers(blocks.label, self._sheets or (self.check.sheet or outputs[0].at.sheet,))
        last = max(openers)
        lacking = next((number for number in range(1, last) if number not in openers), None)
        if lacking is not None:
            sentence = f"block {last} opens in {openers[last]}, and there is no block {lacking}"
            raise self._wrong("label", sentence, "blocks")
        first = openers[1]
        cells = [openers[number] for number in range(1, last + 1)]
        silent = next((sheet for sheet in self._sheets if all(cell.sheet != sheet for cell in cells)), None)
        if silent is not None:
            opens = f"no cell of sheet '{silent}' opens a block, as {cells[0]} does"
            raise self._wrong("label", f"{opens}; correct the text in the sheet, or leave it out of 'sheets'", "blocks")
        offsets = self._on_sheets(
            tuple(Offset(cell.row - first.row, cell.column - first.column) for cell in cells),
            [cell.sheet for cell in cells] if self._sheets else (),
        )
        self._end_where_the_formulas_end(outputs, offsets)
        return offsets

    def _on_sheets(self, offsets: tuple[Offset, ...], sheets: Sequence[str]) -> tuple[Offset, ...]:
        """The blocks on their sheets, with each other numbered sheet that an address of the check names."""
        if not sheets:
            return offsets
        of_blocks = [tuple(sheets)]
        addresses = [(output.name, output.at, "outputs") for output in self.check.outputs]
        for given in self.check.inputs:
            addresses += [(given.name, at, "inputs") for at in (given.at, *(twin.at for twin in given.also))]
        for key, at, part in addresses:
            name, _ = sheet_and_name(at.text)
            if numbered(name):
                others = numbered_sheets(self.workbook, name)
                if len(others) < len(offsets):
                    said = f"'{key}': there are {len(offsets)} blocks, and {len(others)} sheets '{name}'"
                    raise self._wrong(key, said, part)
                of_blocks.append(others)
        return tuple(
            offset._replace(sheets=tuple(dict.fromkeys((names[0], names[number]) for names in of_blocks)))
            for number, offset in enumerate(offsets)
        )

    def _end_where_the_formulas_end(self, outputs: tuple[Output[Range], ...], offsets: Sequence[Offset]) -> None:
        """Raise SpecError where formulas like the last block's come after it: a block without a label, never compared."""
        last = offsets[-1]
        outputs = tuple(output for output in outputs if output.every_block)
        bound = {cell for output in outputs for offset in offsets for cell in output.cells(offset)}
        wanted = {
            relative: output.at.moved(*last).first
            for output in outputs
            if (relative := self._relative(output.at.moved(*last).first)) is not None
        }
        regions = [region for output in outputs for region in _behind(output.at.moved(*last))]
        behind = {
            relative: cell
            for cell, _ in formulas_of(self.workbook)
            if cell not in bound and any(region.contains(cell) for region in regions)
            if (relative := self._relative(cell)) in wanted
        }
        # Another formula one step on is a fault in that block, and would go unseen with it.
        before = offsets[-2] if len(offsets) > 1 and offsets[-2].sheets == last.sheets else last
        onward = Offset(2 * last.rows - before.rows, 2 * last.columns - before.columns, last.sheets)
        next_ones = [output.at.moved(*onward).first for output in outputs]
        following = [cell for cell in next_ones if self.workbook.formula(cell) and cell not in bound]
        if (wanted and 2 * len(behind) >= len(wanted)) or 2 * len(following) > len(next_ones):
            first = min([*behind.values(), *following])
            sentence = f"formulas like those of block {len(offsets)} come after it ({first} …), and no text opens a block there"
            raise self._wrong(
                "label", f"{sentence}; correct the text in the sheet, or give the blocks by rows", "blocks"
            )

    def _relative(self, cell: Cell) -> tuple[object, ...] | None:
        """The formula as it reads from its own cell, the same in all cells that were filled from one another."""
        formula = self.workbook.formula(cell)
        if formula is None or not refers(formula.text):
            return None
        try:
            shape, texts = dissect(formula.text, lambda word: self.workbook.scope.meaning(word, cell))
            areas = [self.workbook.area(text, cell) for text in texts]
        except ValueError:
            return None
        moved = [(a.sheet, a.row - cell.row, a.column - cell.column, *a.shape) for a in areas]
        return (shape, *moved)

    def _openers(self, label: str, sheets: Sequence[str]) -> dict[int, Cell]:
        """The cell that opens each block; raises SpecError where none opens block 1, or two open one."""
        texts = [
            (cell, " ".join(content.split()))
            for cell, content in self.workbook.cells.items()
            if cell.sheet in sheets and isinstance(content, str)
        ]
        made = re.compile(r'=\s*"' + re.escape(label.partition("{n}")[0].strip()) + r'\s*"\s*&', re.IGNORECASE)
        for cell, formula in formulas_of(self.workbook):
            if cell.sheet in sheets and made.match(formula.text):
                raise self._wrong(
                    "label", f"the text in {cell} is a formula; type it, or give the blocks by rows", "blocks"
                )
        pattern = re.escape(label).replace(re.escape("{n}"), r"(?P<n>[0-9]+)", 1).replace(r"\ ", r"\s*")
        opening = re.compile(pattern.replace(re.escape("{n}"), "(?P=n)"), re.IGNORECASE)
        openers: dict[int, Cell] = {}
        for cell, text in texts:
            if match := opening.match(text):
                number = int(match["n"])
                if number in openers:
                    sentence = f"'{match[0]}' is in {openers[number]} and in {cell}; a label opens one block"
                    raise self._wrong("label", sentence, "blocks")
                openers[number] = cell
        if 0 in openers:
            raise self._wrong("label", f"block 0 opens in {openers[0]}; blocks count from 1", "blocks")
        if 1 not in openers:
            first = label.replace("{n}", "1")
            like = nearest(first, {text for _, text in texts if re.search(r"(?<!\d)1(?!\d)", text)})
            raise self._wrong(
                "label", f"in {self.workbook.path}, no cell of sheet '{sheets[0]}' opens with '{first}'{like}", "blocks"
            )
        return openers


def _behind(area: Range) -> tuple[Range, Range]:
    """What is below the area in its columns, and to the right of it in its rows."""
    below = area._replace(row=area.last_row + 1, last_row=MAX_ROW)
    beside = area._replace(column=area.last_column + 1, last_column=MAX_COLUMN)
    return below, beside
