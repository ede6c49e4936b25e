"""Chooses the cells of a reference's parameters: called with them, it must give values that are on the sheet."""

import itertools
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xlparity.actions.init.inputs import without_twins
from xlparity.actions.init.likeness import is_constant, is_number
from xlparity.actions.init.loops import Loop
from xlparity.actions.init.matching import assign, fitting
from xlparity.actions.init.names import CLOSE, SAME, WORD, fit
from xlparity.actions.init.numbers import STEPS, ArrayPlace, SheetNumbers, agreement, telling
from xlparity.actions.init.quantities import Quantity
from xlparity.actions.init.survey import CellKind
from xlparity.actions.init.texts import Texts
from xlparity.errors import OracleError
from xlparity.excel.address import Cell, Range
from xlparity.references.case import Case, Given
from xlparity.references.function import Passes
from xlparity.spec.binding import Offset
from xlparity.spec.reference import Reference

# A reference of a spreadsheet's size takes milliseconds, and most drafts need fewer than fifty calls.
_MOST_CALLS, _SECONDS = 600, 8.0
_TELLING = 3  # what a name's values prove that are hardly there by chance, as against a 1 with a text
_MOST_OPTIONS = 40  # for one parameter
_FURTHEST_RIGHT, _FURTHEST_BELOW = 6, 4  # cells from a label to what it names
_MOST_PASSES = 2000  # that are counted
_MOST_BLOCKS = 12  # whose own inputs are looked at
_NO_BLOCKS = "the reference gives several iterations, and only the first was found; add [blocks] if the sheet has more"


@dataclass(frozen=True, slots=True)
class ReferenceCall:
    """A call of the reference: with which cells, what it gave, and how many of its names have their values on the sheet.

    ``gaps`` are the parameters that were given a placeholder, whose values prove nothing that is not a nan.
    """

    inputs: Mapping[str, Quantity]
    passes: Passes | None = None
    failure: str = ""
    gaps: tuple[str, ...] = ()
    score: int = -1
    complete: bool = False


class ReferenceCalls:
    """The calls of one reference on the cells of one draft; each combination is tried once."""

    def __init__(
        self,
        reference: Reference,
        numbers: SheetNumbers,
        texts: Texts,
        needed: Mapping[str, bool],
        quantities: Sequence[Quantity],
        fixed: Mapping[str, Range],
        until: float,
    ) -> None:
        self.reference, self.numbers, self.texts, self.needed = reference, numbers, texts, needed
        self.workbook, self.loop = texts.workbook, texts.loop
        self.offsets = self.loop.offsets if self.loop else (Offset(0, 0),)
        self.quantities = [quantity for quantity in quantities if quantity.kind is not CellKind.FORMULA]
        self.formulas = [quantity for quantity in quantities if quantity.kind is not CellKind.INPUT]
        self.fixed = {name: self._as_quantity(at) for name, at in fixed.items() if name in needed}
        self._as_lines: Sequence[Quantity] = ()
        self._left_over: set[str] = set()
        self._done: dict[tuple[tuple[str, Range], ...], ReferenceCall] = {}
        self._until = min(until, time.monotonic() + _SECONDS)

    def best(self) -> ReferenceCall:
        """The call whose values are on the sheet more than those of any other; labels decide where none is better."""
        names = [name for name in self.needed if name not in self.fixed]
        options = {name: self._options(name) for name in names}
        called = self._by_labels(names, options)
        call = self.of(called)
        surely = {n: q for n, q in called.items() if n in self.fixed or self._fit(n, q) >= WORD}
        for start in (called, surely) if not call.complete else ():
            lacking = [name for name in names if name not in start and self.needed[name]]
            ways = (self.quantities, self._lines(), self._cells()) if lacking else ()
            for rest in (self._left(start, quantities) for quantities in ways):
                filled = self.of(start | dict(zip(lacking, rest, strict=False)))
                if even := len(lacking) == len(rest):  # as many parameters as inputs were left, so that order tells
                    self._left_over.update(lacking)
                if filled.score > call.score or (even and filled.score >= call.score):
                    call = filled
        rest = self._left(surely, self.quantities)
        rest += [
            quantity for quantity in self._spread(self.quantities) if quantity not in rest
        ]  # what has another's values
        return self._without_guesses(self._climbed(call, options, rest))

    def _by_labels(self, names: Sequence[str], options: Mapping[str, Sequence[Quantity]]) -> dict[str, Quantity]:
        """What texts say: of several that fit alike, on the sheet that has more of the names."""
        start = {name: q for q, name in assign(self.quantities, names).items()} | self.fixed
        for name in names:
            if name not in start:
                free = (q for q in options[name] if not any(q.at.intersects(held.at) for held in start.values()))
                if (best := next(free, None)) is not None and self._fit(name, best) >= WORD:
                    start[name] = best
        return start

    def _left(self, start: Mapping[str, Quantity], quantities: Sequence[Quantity]) -> list[Quantity]:
        """The quantities in reading order that have no name yet, and are no second place of one that has."""
        twins = without_twins(self.workbook, self.loop, self.quantities, {q: name for name, q in start.items()})[1]
        taken = [*(q.at for q in start.values()), *(twin.at for found in twins.values() for twin in found)]
        return [q for q in self._spread(quantities) if not any(q.at.intersects(at) for at in taken)]

    def _without_guesses(self, call: ReferenceCall) -> ReferenceCall:
        """The call without parameters that no text names, where as much is on the sheet without them."""
        for name, quantity in call.inputs.items():
            if call.score > 0 and name not in {*self.fixed, *self._left_over} and not self._fit(name, quantity):
                without = self.of({other: held for other, held in call.inputs.items() if other != name})
                call = without if without.score >= call.score else call
        return call

    @staticmethod
    def _fit(name: str, quantity: Quantity) -> int:
        return max((fit(text, name) for text in quantity.texts), default=0)

    def _climbed(
        self, call: ReferenceCall, options: Mapping[str, Sequence[Quantity]], rest: Sequence[Quantity]
    ) -> ReferenceCall:
        """The call after every change of one parameter, or exchange of two, that puts more values on the sheet."""
        better = True
        while better and not call.complete and not self._spent:
            better = False
            held = call.inputs
            for name in sorted(
                options, key=lambda name: (name in held, self._fit(name, held[name]) if name in held else 0)
            ):
                for quantity in [*options[name], *(q for q in rest if q not in options[name])][:_MOST_OPTIONS]:
                    if self._spent:
                        return call
                    inputs = _exchanged(call.inputs, name, quantity, self.fixed)
                    new = {n: q.at for n, q in inputs.items() if q != call.inputs.get(n)}
                    if any(self._is_of_another(n, at) for n, at in new.items()):
                        continue
                    changed = self.of(inputs)
                    if changed.score > call.score:
                        call, better = changed, True
                if call.complete:
                    break
        return call

    def _is_of_another(self, name: str, at: Range) -> bool:
        """Whether texts give these cells to another parameter to the letter.

        A formula whose operands are exchanged is for verify to find, and would be hidden by inputs that are exchanged as well.
        """
        texts = {text for quantity in self.quantities if quantity.at == at for text in quantity.texts}
        named = {other for other in self.needed if any(fit(text, other) == SAME for text in texts)}
        return bool(named) and name not in named

    @property
    def _spent(self) -> bool:
        return len(self._done) >= _MOST_CALLS or time.monotonic() > self._until or self.reference.patience.exhausted

    def of(self, inputs: Mapping[str, Quantity]) -> ReferenceCall:
        """The call with these cells; a parameter that has none and needs one gets a nan, or a number, or an array of them."""
        key = tuple(sorted((name, quantity.at) for name, quantity in inputs.items()))
        if key not in self._done:
            self._done[key] = self._called(inputs)
        return self._done[key]

    def _called(self, inputs: Mapping[str, Quantity]) -> ReferenceCall:
        known = self._case(inputs)
        if known is None:
            unknown = next(name for name, quantity in inputs.items() if self.numbers.array(quantity.at) is None)
            return ReferenceCall(inputs, failure=f"the value of input '{unknown}' is not known before it is computed")
        values = known.inputs
        gaps = tuple(name for name, must in self.needed.items() if must and name not in inputs)
        failure = ""
        for filler in self._fillers(values) if gaps else (0.0,):
            case = replace(known, inputs={**values, **dict.fromkeys(gaps, filler)})
            try:
                passes = self.reference.passes(case, STEPS, quiet=bool(self._done))
            except OracleError as error:
                failure = failure or str(error)
            else:
                return self._judged(inputs, passes, gaps)
        if gaps:
            try:
                self.reference.check_inputs(values)
            except OracleError as error:
                failure = str(error)
        return ReferenceCall(inputs, failure=failure, gaps=gaps)

    def shortage(self, call: ReferenceCall, loop: Loop | None) -> str:
        """That a generator has fewer passes than the workbook has blocks, or many where it has none; else nothing."""
        if call.passes is None or call.passes.single:
            return ""
        if loop is None:
            return _NO_BLOCKS if len(call.passes.steps) > 1 else ""
        blocks = len(loop.anchors)
        if call.gaps or blocks > _MOST_PASSES:
            return ""
        case = self._case(call.inputs)
        try:
            given = len(self.reference.passes(case, blocks, quiet=True).steps) if case else blocks
        except OracleError as error:
            return str(error)
        return f"the reference gives {given} iterations, and there are {blocks} blocks" if given < blocks else ""

    def _case(self, inputs: Mapping[str, Quantity]) -> Case | None:
        """The values of these cells; None where one has none."""
        arrays = {name: self.numbers.array(quantity.at) for name, quantity in inputs.items()}
        if any(array is None for array in arrays.values()):
            return None
        values = {name: float(a[0, 0]) if a.size == 1 else a for name, a in arrays.items() if a is not None}
        return Case(values, "on the values in the workbook")

    def _fillers(self, values: "Mapping[str, Given]") -> "Iterator[Given]":
        """Placeholders: numbers first, then arrays as large as the arrays that are given."""
        yield float("nan")
        yield 1.0
        for shape in {value.shape: None for value in values.values() if isinstance(value, np.ndarray)}:
            yield np.full(shape, np.nan)

    def _judged(self, inputs: Mapping[str, Quantity], passes: Passes, gaps: tuple[str, ...]) -> ReferenceCall:
        names = [name for name in passes.steps[0] if name not in inputs]
        proofs = [self._proof(name, passes) for name in names]
        complete = bool(names) and None not in proofs
        return ReferenceCall(inputs, passes, "", gaps, sum(proof or 0 for proof in proofs), complete=complete)

    def _proof(self, name: str, passes: Passes) -> int | None:
        """What the values of a name prove that are on the sheet; None where they are not.

        What is hardly there by chance proves more than a 1, and a 1 nothing where no text names it.
        """
        at = self._found(name, passes)
        if at is None or telling(passes.steps[0][name]):
            return None if at is None else _TELLING
        return int(any(fit(text, name) for text in self.texts.around(at, by_label=True)))

    def _found(self, name: str, passes: Passes) -> Range | None:
        """Where its values are on the sheet: all of them somewhere, or most of them where a text names them.

        What is named so and differs in a few cells may be wrong there, and must not be given up for a part of it that is right.
        """
        for place in self.places(name, passes):
            if agreement(self.numbers.of, place, passes, name, self.offsets).share == 1:
                return place.at
        shape = passes.steps[0][name].shape
        for quantity in self.formulas:
            turned = fitting(shape, quantity.at.shape)
            if turned is not None and any(fit(text, name) >= WORD for text in quantity.texts):
                place = ArrayPlace(quantity.at, turned)
                if agreement(self.numbers.of, place, passes, name, self.offsets).mostly:
                    return place.at
        return None

    def places(self, name: str, passes: Passes, numbers: SheetNumbers | None = None) -> Iterator[ArrayPlace]:
        """Where formulas compute the values of a name: of a loop in its first block, by any of the first passes."""
        seen: set[ArrayPlace] = set()
        for offset, step in zip(self.offsets, passes.steps, strict=False):
            for place in (numbers or self.numbers).places(step[name]) if name in step else ():
                first = ArrayPlace(place.at.moved(-offset.rows, -offset.columns), place.transpose)
                if first not in seen and self._may_be_an_output(place.at, first.at):
                    seen.add(first)
                    yield first

    def _may_be_an_output(self, at: Range, first: Range) -> bool:
        loop = self.loop
        if first.sheet not in self.workbook.sheets or first.row < 1 or first.column < 1:
            return False
        if loop is not None and not (
            loop.block(first.first) == 0 == loop.block(first.last) and loop.stays(first.first)
        ):
            return False
        book = self.workbook
        return 2 * sum(book.formula(c) is not None and not is_constant(book, c) for c in at.cells()) >= at.size

    def _options(self, name: str) -> list[Quantity]:
        """The cells that may be a parameter's, the best fit first: what its labels lead to, and then parts of that."""
        found = {quantity: self._fit(name, quantity) for quantity in (*self.quantities, *self._lines())}
        found |= {quantity: fit(text, name) for text, quantity in self._reached(name)}
        ranked = sorted((quantity for quantity, fits in found.items() if fits), key=lambda quantity: -found[quantity])
        return list(dict.fromkeys((*ranked, *(part for quantity in ranked for part in self._parts(quantity)))))

    def _lines(self) -> Sequence[Quantity]:
        """The quantities, but single cells that follow one another in a column as one: a vector may have labels beside it."""
        if self._as_lines:
            return self._as_lines
        found: list[Quantity] = []
        single = sorted(
            (q for q in self.quantities if q.at.size == 1), key=lambda q: (q.at.sheet, q.at.column, q.at.row)
        )
        for quantity in single:
            last = found[-1] if found else None
            if last and last.kind is quantity.kind and last.at.last.moved(1, 0) == quantity.at.first:
                found[-1] = replace(last, at=Range.of(last.at.first, quantity.at.first))
            else:
                found.append(quantity)
        self._as_lines = [*(q for q in self.quantities if q.at.size > 1), *found]
        return self._as_lines

    def _cells(self) -> list[Quantity]:
        """Every cell of the quantities as one: a column of numbers without labels may be as many parameters."""
        cells = (replace(q, at=Range.of(cell)) for q in self.quantities for cell in q.at.cells())
        return list(itertools.islice(cells, _MOST_OPTIONS))

    def _reached(self, name: str) -> Iterator[tuple[str, Quantity]]:
        """What is right of, below or diagonally below a text that fits: to the end of its rectangle, or its line, or a cell."""
        for cell, content in self.workbook.cells.items():
            if not isinstance(content, str) or not (text := self.texts.text(cell)) or fit(text, name) < CLOSE:
                continue
            for anchor in self._anchors(cell):
                inside = next((q for q in self._lines() if q.at.contains(anchor)), None)
                if inside is None:
                    continue
                whole = Range.of(anchor, inside.at.last)
                rows = next(
                    (
                        row
                        for row in range(anchor.row + 1, whole.last_row + 1)
                        if self.texts.near(Cell(anchor.sheet, row, anchor.column))
                    ),
                    whole.last_row + 1,
                )
                for at in (
                    whole,
                    whole._replace(last_row=rows - 1),
                    whole._replace(last_row=rows - 1, last_column=anchor.column),
                    whole._replace(last_row=anchor.row),
                    Range.of(anchor),
                ):
                    part = replace(inside, at=at, texts=(text, *inside.texts))
                    yield text, part
                    yield from ((text, smaller) for smaller in self._parts(part))

    def _anchors(self, label: Cell) -> Iterator[Cell]:
        """The first number to the right of a label, below it, and diagonally below it, past blanks, signs and units."""
        for rows, columns, furthest in ((0, 1, _FURTHEST_RIGHT), (1, 0, _FURTHEST_BELOW), (1, 1, 1)):
            for number in range(1, furthest + 1):
                cell = label.moved(rows * number, columns * number)
                if cell in self.numbers.of:
                    yield cell
                    break

    def _parts(self, quantity: Quantity) -> Iterator[Quantity]:
        """The quantity without a last row or column of ones, by which a sheet adds a bias in the same product."""
        at = quantity.at
        for last, rest in (
            (at._replace(row=at.last_row), at._replace(last_row=at.last_row - 1)),
            (at._replace(column=at.last_column), at._replace(last_column=at.last_column - 1)),
        ):
            if last != at and all(self.numbers.of.get(cell) == 1 for cell in last.cells()):
                yield replace(quantity, at=rest)

    def _spread(self, quantities: Sequence[Quantity]) -> list[Quantity]:
        """The quantities in reading order, without mere ones; beside what each block has of its own, that of later blocks."""
        found: dict[Range, Quantity] = {}
        for quantity in quantities:
            if self.loop is not None and quantity.at.size == 1 and self.numbers.of.get(quantity.at.first) == 1:
                continue
            if quantity.at.size > 1 and all(self.numbers.of.get(cell) == 1 for cell in quantity.at.cells()):
                continue
            found[quantity.at] = quantity
            loop = self.loop
            if loop is None or quantity.kind is not CellKind.INPUT or loop.block(quantity.at.first) != 0:
                continue
            for offset in loop.offsets[1:_MOST_BLOCKS]:
                at = quantity.at.moved(*offset)
                pairs = zip(at.cells(), quantity.at.cells(), strict=True)
                values = [(self.workbook.cells.get(one), self.workbook.cells.get(other)) for one, other in pairs]
                if all(is_number(self.workbook, cell) for cell in at.cells()) and any(a != b for a, b in values):
                    found[at] = self._as_quantity(at)
        return [found[at] for at in sorted(found, key=lambda at: (self.workbook.sheets.index(at.sheet), at))]

    def _as_quantity(self, at: Range) -> Quantity:
        kind = next((q.kind for q in self.quantities if q.at.contains(at.first)), CellKind.INPUT)
        return Quantity(at, kind, self.texts.around(at, by_label=at.size == 1))


def _exchanged(
    inputs: Mapping[str, Quantity], name: str, quantity: Quantity, fixed: Collection[str]
) -> dict[str, Quantity]:
    """The inputs with this quantity for the name; a parameter that had it gets what the name had, or goes without."""
    changed = {other: held for other, held in inputs.items() if other in fixed or not held.at.intersects(quantity.at)}
    loser = next((other for other, held in inputs.items() if held.at == quantity.at and other != name), None)
    if loser is not None and loser not in fixed and name in inputs:
        changed[loser] = inputs[name]
    return changed | {name: quantity}
