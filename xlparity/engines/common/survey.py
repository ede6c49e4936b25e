"""What the formulas of a workbook read and call, and so which of them no outside program can be asked about.

An outside program gives a value for everything: another one each time for ``RAND()``, the last known one for a cell of
another workbook, ``#NAME?`` for a function that it does not know. Such values, and all that comes of them, are refused.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from xlparity import collector
from xlparity.engines.common.circularity import certain_circles
from xlparity.excel.address import Cell, Range, folded
from xlparity.excel.formula import tokens
from xlparity.excel.graph import Graph
from xlparity.excel.prefixes import misspelt, without_prefix
from xlparity.excel.values import BEHIND_A_CIRCLE, CIRCULAR, Unsupported, Value
from xlparity.excel.workbook import Workbook, formulas_of

_VOLATILE = frozenset({"RAND", "RANDBETWEEN", "RANDARRAY", "NOW", "TODAY"})
_OUTWARD = frozenset(
    {"CELL", "INFO", "RTD", "WEBSERVICE", "DDE", "IMAGE", "STOCKHISTORY", "CALL", "REGISTER.ID", "SQL.REQUEST"}
)
_ANYWHERE = frozenset({"OFFSET", "INDIRECT"})
_MADE_RANGE = re.compile(r"\)\s*:|:\s*[A-Za-z_][\w.]*\(")
_DEEPEST_NAME = 8  # names within names that are followed


@dataclass(slots=True)
class Reading:
    """What one formula reads and calls; ``anywhere`` where it reads more than its text tells; a reason to refuse it."""

    areas: list[Range] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)
    anywhere: bool = False
    refusal: str | None = None


class Survey:
    """The formulas of a workbook, each with its reading, and who reads whom.

    ``doubt`` tells why the program is not to be trusted with the text of a formula, or None.
    """

    @collector.paused()
    def __init__(self, workbook: Workbook, doubt: Callable[[str], str | None]) -> None:
        self._workbook = workbook
        self._doubt = doubt
        self.readings = {cell: self._read(formula.text, cell) for cell, formula in formulas_of(workbook)}
        self.refused: dict[Cell, Unsupported] = {
            cell: content for cell, content in workbook.cells.items() if isinstance(content, Unsupported)
        }
        for cell, reading in self.readings.items():
            if reading.refusal is not None:
                self.refused[cell] = Unsupported(reading.refusal)
        self._graph = Graph(workbook, {cell: reading.areas for cell, reading in self.readings.items()})
        self._circular = self._find_circular(frozenset())

    @property
    def calls(self) -> set[str]:
        """Every function that is called somewhere, as the file spells it."""
        return {call for reading in self.readings.values() for call in reading.calls}

    @property
    def nameless(self) -> set[Cell]:
        """The cells whose formulas have #NAME? in them, and all that follow from those: they may come to it in Excel too."""
        named = [cell for cell, formula in formulas_of(self._workbook) if "#NAME?" in formula.text]
        filled = self._workbook.filled
        return {result for cell in (*named, *self._graph.after(map(filled, named))) for result in filled(cell).cells()}

    def settle(
        self, values: Mapping[Cell, Value], given: Collection[Cell], unknown: Collection[str]
    ) -> dict[Cell, Value]:
        """The values, but for what is refused, or follows from what is: those are unsupported.

        ``given`` are the cells that were set, and so are nobody's results; ``unknown`` are functions that the program does
        not know. A value that is unsupported already is refused as well.
        """
        held = frozenset(given)
        refused = dict(self.refused)
        if unknown:
            for cell, reading in self.readings.items():
                if not reading.calls.isdisjoint(unknown):
                    names = ", ".join(sorted(reading.calls.intersection(unknown)))
                    refused.setdefault(cell, Unsupported(f"a function that the engine does not know ({names})"))
        circular = self._find_circular(held) if self._circular and held else self._circular
        circles = certain_circles(self._workbook, [cell for cell in circular if cell not in held])
        for cell in circular:
            refused.setdefault(cell, CIRCULAR if cell in circles else BEHIND_A_CIRCLE)
        for cell, value in values.items():
            if isinstance(value, Unsupported):
                refused.setdefault(cell, value)
        return dict(values) | self._spread(refused, held)

    def over_truth(self, values: Mapping[Cell, Value], minds: Callable[[str, set[str]], bool]) -> dict[Cell, Value]:
        """The formulas that read a truth value from a cell, as unsupported, where the program minds.

        ``minds`` is called with a formula's text and the functions it calls.
        """
        truths = {cell for cell, value in values.items() if isinstance(value, bool)}
        return {
            cell: Unsupported("a truth value in a cell, which the engine takes for a number here")
            for cell, reading in (self.readings.items() if truths else ())
            if any(True for area in reading.areas for _ in area.among(truths))
            and minds(str(self._workbook.cells[cell]), set(map(without_prefix, reading.calls)))
        }

    def _spread(self, refused: Mapping[Cell, Unsupported], held: frozenset[Cell]) -> dict[Cell, Value]:
        """Every refused cell and every cell that depends on one, but for those that are held."""
        found: dict[Cell, Value] = {}
        readers = self._graph.onward()
        # A cell, why it has no value, and the reason that it hands on.
        waiting = [
            (cell, held_back, Unsupported(f"it depends on {cell}: {held_back.reason}"))
            for cell, held_back in refused.items()
            if self._results(cell, held)
        ]
        if waiting:
            reason = Unsupported(f"it may read {waiting[0][0]}, which is unsupported")
            anywhere = [cell for cell, reading in self.readings.items() if reading.anywhere and cell not in refused]
            waiting += [(cell, reason, reason) for cell in anywhere]
        for cell, reason, handed_on in waiting:  # grows as it is walked
            for result in self._results(cell, held):
                if result not in found:
                    found[result] = reason
                    waiting += [(reader, handed_on, handed_on) for reader in readers(Range.of(result))]
        return found

    def _results(self, cell: Cell, held: frozenset[Cell]) -> list[Cell]:
        return [result for result in self._workbook.filled(cell).cells() if result not in held]

    def _find_circular(self, held: frozenset[Cell]) -> list[Cell]:
        """The formulas on a circle that no held cell cuts, or behind one."""

        def is_open(cell: Cell) -> bool:
            return cell not in held

        circles = self._graph.circles(is_open) if held else self._graph.circular
        places = [place for cell in circles for place in self._graph.open(cell, is_open)]
        return [*circles, *(cell for cell in self._graph.after(places, is_open) if cell not in circles)]

    def _read(self, text: str, cell: Cell) -> Reading:
        reading = Reading(anywhere=_MADE_RANGE.search(text) is not None, refusal=self._doubt(text))
        self._read_into(reading, text, cell, 0)
        return reading

    def _read_into(self, reading: Reading, text: str, cell: Cell, depth: int) -> None:
        for token in tokens(text):
            if token.kind == "function":
                self._note_call(reading, token.text[:-1].upper())
            elif token.kind in ("reference", "whole"):
                self._note_area(reading, token.text, cell)
            elif token.kind in ("name", "structured") and token.text.upper() not in ("TRUE", "FALSE"):
                self._note_name(reading, token.text, cell, depth)
            elif token.kind == "strange":
                reading.refusal = f"a reference to another workbook, or a spilling one ('{token.text}')"

    def _note_call(self, reading: Reading, call: str) -> None:
        reading.calls.add(call)
        name = without_prefix(call)
        if name in _VOLATILE:
            reading.refusal = f"{name} gives another value each time"
        elif name in _OUTWARD:
            reading.refusal = f"{name} tells of what is outside the workbook"
        elif name in _ANYWHERE:
            reading.anywhere = True

    def _note_area(self, reading: Reading, text: str, cell: Cell) -> None:
        try:
            reading.areas.append(self._workbook.area(text, cell))
        except ValueError as error:
            reading.refusal = str(error)

    def _note_name(self, reading: Reading, word: str, cell: Cell, depth: int) -> None:
        scope = self._workbook.scope
        try:
            meaning = scope.meaning(word, cell)
        except ValueError:
            # A variable of LET, a sheet of a range of sheets, or a name that stands for a formula.
            reading.anywhere = True
            definition = scope.names.get(folded(f"{cell.sheet}!{word}"), scope.names.get(folded(word), ""))
            if misspelt(definition):
                reading.refusal = (
                    f"the name {word}, in which a function is written without its prefix, or with a wrong one"
                )
            if depth < _DEEPEST_NAME:
                self._read_into(reading, definition, cell, depth + 1)
            return
        if not meaning.startswith("("):  # else a constant
            self._note_area(reading, meaning, cell)


def refused_by_all(workbook: Workbook) -> frozenset[Cell]:
    """The cells that no outside program can be asked about, whatever it knows."""
    return frozenset(Survey(workbook, lambda text: None).settle({}, (), ()))
