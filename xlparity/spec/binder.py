"""A spec's words looked up in its workbook: names, tables and labels become cells, and every quantity gets its own."""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from typing import Any, cast

from xlparity.errors import SpecError, nearest
from xlparity.excel.address import MAX_COLUMN, MAX_ROW, Cell, Range
from xlparity.excel.formula import dissect, refers
from xlparity.excel.values import EPOCHS_APART
from xlparity.excel.workbook import Workbook, formulas_of
from xlparity.settings import REFERENCE_TIMEOUT
from xlparity.spec.acceptance import accepted_cells
from xlparity.spec.binding import CellMap, Input, Offset, Output, Twin
from xlparity.spec.check import Check, References
from xlparity.spec.plan import CORNER, Address, CheckPlan, Spec, twin_misfit
from xlparity.spec.words import known_sheet, look_up


def bind(spec: Spec, workbook: Workbook, limit: float = REFERENCE_TIMEOUT) -> tuple[Check, ...]:
    """The checks bound to the workbook's cells and their references, in order.

    A call of a reference may take ``limit`` seconds. Raises SpecError where a check cannot be bound.
    """
    places = bind_cells(spec, workbook)
    references = References(spec, limit)
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


@dataclass(frozen=True, slots=True)
class _Binder:
    """One check of a spec and the workbook in which its words are looked up."""

    spec: Spec
    check: CheckPlan
    workbook: Workbook

    def bound(self) -> tuple[tuple[Input[Range], ...], CellMap]:
        if self.check.sheet is not None:
            try:
                known_sheet(self.check.sheet, self.workbook)
            except ValueError as error:
                raise self._wrong("sheet", str(error), "") from error
        inputs = tuple(self._input(given) for given in self.check.inputs)
        outputs = tuple(
            Output(
                o.name,
                self._area(o.name, o.at, "outputs"),
                o.tolerance,
                o.transpose,
                o.skip,
                o.constants,
                o.ignore_case,
            )
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

    def _area(self, name: str, address: Address, part: str) -> Range:
        try:
            return look_up(address, self.workbook)
        except ValueError as error:
            raise self._wrong(name, f"'{name}': {error}", part) from error

    def _input(self, given: Input[Address]) -> Input[Range]:
        at = self._area(given.name, given.at, "inputs")
        twins = []
        for twin in given.also:
            area = self._area(given.name, twin.at, "inputs")
            if sentence := twin_misfit(at, area, transpose=twin.transpose):
                raise self._wrong(given.name, f"'also' of input '{given.name}' {sentence}", "inputs")
            twins.append(Twin(area, twin.transpose))
        shift = -EPOCHS_APART if given.dates and self.workbook.date1904 else 0.0
        low, high = (None if end is None else end + shift for end in (given.low, given.high))
        bound: Input[Range] = replace(cast("Any", given), at=at, also=tuple(twins), low=low, high=high)
        return bound

    def _stay_on_the_grid(
        self, inputs: Iterable[Input[Range]], outputs: Iterable[Output[Range]], offsets: tuple[Offset, ...]
    ) -> None:
        first = self.check.blocks.first if self.check.blocks else CORNER
        for output in outputs:
            if output.at.row < first.rows or output.at.column < first.columns:
                sentence = "stands before the first block; its address is the one in the first block"
                raise self._wrong(output.name, f"output '{output.name}' {sentence}", "outputs")
            if not all(output.at.moved(*offset).on_the_grid for offset in offsets):
                sentence = f"a block of output '{output.name}' would lie outside the grid"
                raise self._wrong(output.name, sentence, "outputs")
        for given in inputs:
            for at in (given.at, *(twin.at for twin in given.also)) if given.every_block else ():
                if not all(at.moved(*offset).on_the_grid for offset in offsets):
                    sentence = f"a block of input '{given.name}' would lie outside the grid"
                    raise self._wrong(given.name, sentence, "inputs")

    def _compare_whole_blocks(
        self, outputs: tuple[Output[Range], ...], offsets: tuple[Offset, ...], inputs: Container[Cell]
    ) -> None:
        """A quantity is an input in the first block or an output, and not a part of each."""
        for output in outputs:
            for number, offset in enumerate(offsets, start=1):
                area = output.at.moved(*offset)
                shared = [cell for cell in area.cells() if cell in inputs]
                if shared and (len(shared) < area.size or number > 1):
                    sentence = f"output '{output.name}' and an input both claim {shared[0]}, in block {number}"
                    raise self._wrong(output.name, f"{sentence}; only all of a first block may be both", "outputs")

    def _offsets(self, outputs: tuple[Output[Range], ...]) -> tuple[Offset, ...]:
        blocks = self.check.blocks
        if blocks is None:
            return (Offset(0, 0),)
        if blocks.label is None:
            return blocks.offsets
        openers = self._openers(blocks.label, self.check.sheet or outputs[0].at.sheet)
        last = max(openers)
        lacking = next((number for number in range(1, last) if number not in openers), None)
        if lacking is not None:
            sentence = f"block {last} opens in {openers[last]}, and there is no block {lacking}"
            raise self._wrong("label", sentence, "blocks")
        first = openers[1]
        offsets = [
            Offset(openers[number].row - first.row, openers[number].column - first.column)
            for number in range(1, last + 1)
        ]
        self._end_where_the_formulas_end(outputs, offsets)
        return tuple(offsets)

    def _end_where_the_formulas_end(self, outputs: tuple[Output[Range], ...], offsets: list[Offset]) -> None:
        """Raise SpecError where formulas like the last block's come after it: a block without a label, never compared."""
        last = offsets[-1]
        bound = {cell for output in outputs for offset in offsets for cell in output.at.moved(*offset).cells()}
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
        rows, columns = (
            2 * at - before for at, before in zip(last, offsets[-2] if len(offsets) > 1 else last, strict=True)
        )
        next_ones = [output.at.moved(rows, columns).first for output in outputs]
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

    def _openers(self, label: str, sheet: str) -> dict[int, Cell]:
        """The cell that opens each block; raises SpecError where none opens block 1, or two open one."""
        texts = [
            (cell, " ".join(content.split()))
            for cell, content in self.workbook.cells.items()
            if cell.sheet == sheet and isinstance(content, str)
        ]
        made = re.compile(r'=\s*"' + re.escape(label.partition("{n}")[0].strip()) + r'\s*"\s*&', re.IGNORECASE)
        for cell, formula in formulas_of(self.workbook):
            if cell.sheet == sheet and made.match(formula.text):
                raise self._wrong(
                    "label", f"the text in {cell} is a formula; type it, or give the blocks by rows", "blocks"
                )
        pattern = re.escape(label).replace(re.escape("{n}"), r"(?P<n>\d+)", 1).replace(r"\ ", r"\s*")
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
                "label", f"in {self.workbook.path}, no cell of sheet '{sheet}' opens with '{first}'{like}", "blocks"
            )
        return openers


def _behind(area: Range) -> tuple[Range, Range]:
    """What is below the area in its columns, and to the right of it in its rows."""
    below = area._replace(row=area.last_row + 1, last_row=MAX_ROW)
    beside = area._replace(column=area.last_column + 1, last_column=MAX_COLUMN)
    return below, beside
