"""A survey of a workbook's formulas for engines that run another program: what they read and call, and which are unsupported.

Another program gives a value for every formula: a different one each time for ``RAND()``, the last known one for a cell of
another workbook, ``#NAME?`` for a function that it does not know. Such cells and their dependents are unsupported.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from xlparity import collector
from xlparity.engines.common.circularity import certain_circles
from xlparity.excel.address import Cell, Range, folded
from xlparity.excel.contents import DataTable
from xlparity.excel.formula import tokens
from xlparity.excel.graph import Graph
from xlparity.excel.prefixes import misspelt, without_prefix
from xlparity.excel.values import BEHIND_A_CIRCLE, CIRCULAR, Unsupported, Value
from xlparity.excel.volatile import CHANGING
from xlparity.excel.workbook import Workbook, formulas_of

_OUTWARD = frozenset(
    {"CELL", "INFO", "RTD", "WEBSERVICE", "DDE", "IMAGE", "STOCKHISTORY", "CALL", "REGISTER.ID", "SQL.REQUEST"}
)
_ANYWHERE = frozenset({"OFFSET", "INDIRECT"})
_MADE_RANGE = re.compile(r"\)\s*:|:\s*[A-Za-z_][\w.]*\(")
_DEEPEST_NAME = 8  # names within names that are followed


@dataclass(slots=True)
class FormulaFacts:
    """The ranges that one formula reads and the functions that it calls; ``anywhere`` says that it may read any other cell.

    ``refusal`` is the reason why the formula is unsupported, if it is.
    """

    areas: list[Range] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)
    anywhere: bool = False
    refusal: str | None = None


class FormulaSurvey:
    """The formulas of a workbook, each with its facts, and their dependency graph.

    ``refusal_for`` gives the reason why the program does not support a formula with this text, or None.
    """

    @collector.paused()
    def __init__(self, workbook: Workbook, refusal_for: Callable[[str], str | None]) -> None:
        self._workbook = workbook
        self._refusal_for = refusal_for
        self.facts = {
            cell: _of_table(formula) if isinstance(formula, DataTable) else self._read(formula.text, cell)
            for cell, formula in formulas_of(workbook)
        }
        self.refused: dict[Cell, Unsupported] = {
            cell: content for cell, content in workbook.cells.items() if isinstance(content, Unsupported)
        }
        for cell, facts in self.facts.items():
            if facts.refusal is not None:
                self.refused[cell] = Unsupported(facts.refusal)
        self._graph = Graph(workbook, {cell: facts.areas for cell, facts in self.facts.items()})
        self._circular = self._find_circular(frozenset())

    @property
    def calls(self) -> set[str]:
        """Every function that any formula calls, as spelled in the file."""
        return {call for facts in self.facts.values() for call in facts.calls}

    @property
    def nameless(self) -> set[Cell]:
        """The cells with #NAME? in their formulas, and their dependents: these may be #NAME? in Excel as well."""
        named = [cell for cell, formula in formulas_of(self._workbook) if "#NAME?" in formula.text]
        filled = self._workbook.filled
        return {result for cell in (*named, *self._graph.after(map(filled, named))) for result in filled(cell).cells()}

    def settle(
        self, values: Mapping[Cell, Value], given: Collection[Cell], unknown: Collection[str]
    ) -> dict[Cell, Value]:
        """The values, with unsupported cells and their dependents replaced by Unsupported.

        ``given`` are the cells that were set, and so are not computed; ``unknown`` are functions that the program does
        not know. Values that are Unsupported already count as well.
        """
        held = frozenset(given)
        refused = dict(self.refused)
        if unknown:
            for cell, facts in self.facts.items():
                if not facts.calls.isdisjoint(unknown):
                    names = ", ".join(sorted(facts.calls.intersection(unknown)))
                    refused.setdefault(cell, Unsupported(f"a function that the engine does not know ({names})"))
        circular = self._find_circular(held) if self._circular and held else self._circular
        circles = certain_circles(self._workbook, [cell for cell in circular if cell not in held])
        for cell in circular:
            refused.setdefault(cell, CIRCULAR if cell in circles else BEHIND_A_CIRCLE)
        for cell, value in values.items():
            if isinstance(value, Unsupported):
                refused.setdefault(cell, value)
        return dict(values) | self._spread(refused, held)

    def reading_truth_values(
        self, values: Mapping[Cell, Value], affected: Callable[[str, set[str]], bool]
    ) -> dict[Cell, Value]:
        """Unsupported for the formulas that read a truth value from a cell and that are affected by it.

        ``affected`` says so, for a formula's text and the functions that it calls.
        """
        truths = {cell for cell, value in values.items() if isinstance(value, bool)}
        return {
            cell: Unsupported("a truth value in a cell, which the engine takes for a number here")
            for cell, facts in (self.facts.items() if truths else ())
            if any(True for area in facts.areas for _ in area.among(truths))
            and affected(str(self._workbook.cells[cell]), set(map(without_prefix, facts.calls)))
        }

    def _spread(self, refused: Mapping[Cell, Unsupported], held: frozenset[Cell]) -> dict[Cell, Value]:
        """The reason for every unsupported cell and every dependent of one, except for those that are held."""
        found: dict[Cell, Value] = {}
        readers = self._graph.onward()
        # A cell, the reason why it has no value, and the reason for its dependents.
        waiting = [
            (cell, held_back, Unsupported(f"it depends on {cell}: {held_back.reason}"))
            for cell, held_back in refused.items()
            if self._results(cell, held)
        ]
        if waiting:
            reason = Unsupported(f"it may read {waiting[0][0]}, which is unsupported")
            anywhere = [cell for cell, facts in self.facts.items() if facts.anywhere and cell not in refused]
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
        """The formulas on a circle without a held cell, and their dependents."""

        def is_open(cell: Cell) -> bool:
            return cell not in held

        circles = self._graph.circles(is_open) if held else self._graph.circular
        places = [place for cell in circles for place in self._graph.open(cell, is_open)]
        return [*circles, *(cell for cell in self._graph.after(places, is_open) if cell not in circles)]

    def _read(self, text: str, cell: Cell) -> FormulaFacts:
        facts = FormulaFacts(anywhere=_MADE_RANGE.search(text) is not None, refusal=self._refusal_for(text))
        self._read_into(facts, text, cell, 0)
        return facts

    def _read_into(self, facts: FormulaFacts, text: str, cell: Cell, depth: int) -> None:
        for token in tokens(text):
            if token.kind == "function":
                self._note_call(facts, token.text[:-1].upper())
            elif token.kind in ("reference", "whole"):
                self._note_area(facts, token.text, cell)
            elif token.kind in ("name", "structured") and token.text.upper() not in ("TRUE", "FALSE"):
                self._note_name(facts, token.text, cell, depth)
            elif token.kind == "strange":
                facts.refusal = f"a reference to another workbook, or a spilling one ('{token.text}')"

    def _note_call(self, facts: FormulaFacts, call: str) -> None:
        facts.calls.add(call)
        name = without_prefix(call)
        if name in CHANGING:
            facts.refusal = f"{name} gives another value each time; make its cell an input"
        elif name in _OUTWARD:
            facts.refusal = f"{name} depends on what is outside the workbook"
        elif name in _ANYWHERE:
            facts.anywhere = True

    def _note_area(self, facts: FormulaFacts, text: str, cell: Cell) -> None:
        try:
            area = self._workbook.area(text, cell)
        except ValueError as error:
            facts.refusal = str(error)
            return
        if area.sheet in self._workbook.external:
            facts.refusal = f"the reference {text} to another workbook, which this engine does not have"
        facts.areas.append(area)

    def _note_name(self, facts: FormulaFacts, word: str, cell: Cell, depth: int) -> None:
        scope = self._workbook.scope
        try:
            meaning = scope.meaning(word, cell)
        except ValueError:
            # A variable of LET, a sheet of a range of sheets, or a name of a formula.
            facts.anywhere = True
            definition = scope.names.get(folded(f"{cell.sheet}!{word}"), scope.names.get(folded(word), ""))
            if misspelt(definition):
                facts.refusal = (
                    f"the name {word}, in which a function is written without its prefix, or with a wrong one"
                )
            if depth < _DEEPEST_NAME:
                self._read_into(facts, definition, cell, depth + 1)
            return
        if not meaning.startswith("("):  # else a constant
            self._note_area(facts, meaning, cell)


def _of_table(table: DataTable) -> FormulaFacts:
    return FormulaFacts(areas=list(table.reads), refusal="a data table, which the engine 'formulas' computes")


def refused_by_all(workbook: Workbook) -> frozenset[Cell]:
    """The cells that are unsupported by every engine that runs another program, whatever functions it knows."""
    return frozenset(FormulaSurvey(workbook, lambda text: None).settle({}, (), ()))
