"""Formulas with references that values decide: OFFSET and INDIRECT of cells, and ``A1:INDEX(B:B,C1)``.

What such a call is given is computed first; then the reference that it gives is put in its place, and the formula is one like
any other, in the samples in which the reference is this one.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from xlparity.engines.evaluator.circles import Settling, scheduled
from xlparity.engines.evaluator.evaluation import Evaluation, FormulaGroup
from xlparity.engines.evaluator.guards import Refusal
from xlparity.excel.address import Cell, Range
from xlparity.excel.batch import decode
from xlparity.excel.resolve import Deferred, marked, markers, referred, with_ranges
from xlparity.excel.values import Missing, Unsupported, Value
from xlparity.excel.workbook import Formula, Workbook

MOST_PLACES = 256
"""The most references of one call in all samples: more are no evidence of one formula, and take as many formulas' time."""

UNKNOWN = Unsupported("a reference that cells decide, of which the value depends on the formula itself")


@dataclass(frozen=True, slots=True, eq=False)
class DynamicFormula:
    """One formula with markers in place of its calls, and where it writes its results.

    ``values`` are the places of what each call is given, by the number of the call; None for what is left out. Of the calls
    only those with these ``numbers`` are in the formula, or in what one of them refers to.
    """

    cell: Cell
    formula: Formula
    deferred: Deferred
    values: tuple[tuple[int | None, ...], ...]
    results: tuple[int, ...]
    numbers: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        wanted = set(markers(self.deferred.text))
        for number in reversed(range(len(self.deferred.calls))):  # a call is in one with a higher number
            if number in wanted:
                wanted.update(inner for text in self.deferred.calls[number].references for inner in markers(text))
        object.__setattr__(self, "numbers", tuple(sorted(wanted)))

    @property
    def given(self) -> Iterator[int]:
        """The places of all values that decide the formula's references."""
        return (place for number in self.numbers for place in self.values[number] if place is not None)


Compile = Callable[[DynamicFormula, str], tuple[FormulaGroup, Sequence[Range]]]
"""Compiles the formula with this text, and gives what it refers to; raises Refusal or ValueError with the reason."""


class DynamicEvaluation:
    """An evaluation of formulas of which some have such references.

    ``circular`` are formulas, by their first result, that have a reason for their value already. After ``run``, ``groups`` has
    the formulas in the order in which they were computed, and ``areas`` what each dynamic formula referred to in any sample.
    """

    def __init__(
        self,
        workbook: Workbook,
        evaluation: Evaluation,
        circular: Container[int],
        settling: Settling | None,
    ) -> None:
        self._workbook, self._evaluation = workbook, evaluation
        self._held = frozenset(np.flatnonzero(evaluation.held).tolist())
        self._circular, self._settling = circular, settling
        self.groups: list[FormulaGroup] = []
        self.areas: dict[Cell, list[Range]] = {}

    def run(
        self,
        formulas: Sequence[FormulaGroup],
        dynamic: Sequence[DynamicFormula],
        compiled: Compile,
        refused: Mapping[DynamicFormula, Unsupported],
    ) -> None:
        """Computes all formulas, in turns: what can be computed, then the references that are known by then.

        Those that are ``refused`` are not computed, and have these reasons.
        """
        waiting = [formula for formula in dynamic if formula not in refused]
        for formula, reason in refused.items():
            self._refuse(formula, reason)
        remaining = list(formulas)
        while True:
            unknown = {place for formula in waiting for place in formula.results} - self._held
            groups, remaining = scheduled(remaining, self._held, self._settling, unknown)
            self._evaluation.run(groups)
            self.groups += groups
            unknown.update(place for group in remaining for place in group.results.ravel().tolist())
            unknown -= self._held
            known = {formula for formula in waiting if unknown.isdisjoint(formula.given)}
            if not known:
                break
            for formula in waiting:
                if formula in known:
                    remaining += self._placed(formula, compiled)
            waiting = [formula for formula in waiting if formula not in known]
        for formula in waiting:
            self._refuse(formula, UNKNOWN)
        for group in remaining:
            for results in group.results.T.tolist():
                if results[0] not in self._circular:
                    self._evaluation.write(results, UNKNOWN, group.kind.samples)

    def _placed(self, formula: DynamicFormula, compiled: Compile) -> list[FormulaGroup]:
        """The formula with its references, once for each set of them, in the samples that have it."""
        texts = self._texts(formula)
        if len(texts) > MOST_PLACES:
            self._refuse(formula, Unsupported(f"a reference to more than {MOST_PLACES} places in the samples"))
            return []
        every = len(texts) == 1
        groups = []
        for text, samples in texts.items():
            if isinstance(text, Unsupported):
                self._evaluation.write(formula.results, text, samples)
                continue
            try:
                group, areas = compiled(formula, text)
            except (Refusal, ValueError) as reason:
                self._evaluation.write(formula.results, Unsupported(str(reason)), samples)
                continue
            self.areas.setdefault(formula.cell, []).extend(areas)
            kind = group.kind if every else group.kind._replace(samples=tuple(samples))
            groups.append(replace(group, kind=kind))
        return groups

    def _texts(self, formula: DynamicFormula) -> dict[str | Unsupported, list[int]]:
        """The texts of the formula with references in place of its calls, or why there is none, each with its samples."""
        store = self._evaluation.batch
        places = list(formula.given)
        count = store.numbers.shape[1]
        keys = (
            np.concatenate([store.numbers[places], store.kinds[places].astype(float)]).T
            if places
            else np.zeros((count, 0))
        )
        found: dict[str | Unsupported, list[int]] = {}
        known: dict[bytes, str | Unsupported] = {}
        for sample in range(count):
            key = keys[sample].tobytes()
            if key not in known:
                known[key] = self._text(formula, sample)
            found.setdefault(known[key], []).append(sample)
        return found

    def _text(self, formula: DynamicFormula, sample: int) -> str | Unsupported:
        references: dict[int, str] = {}
        try:
            for number in formula.numbers:
                call = formula.deferred.calls[number]
                values = [None if place is None else self._value(place, sample) for place in formula.values[number]]
                own = [marked(text, references) for text in call.references]
                references[number] = referred(call, own, values, formula.cell, self._workbook)
            return with_ranges(marked(formula.deferred.text, references), formula.cell, self._workbook)
        except ValueError as reason:
            return Unsupported(str(reason))

    def _value(self, place: int, sample: int) -> Value:
        store = self._evaluation.batch
        value = decode(float(store.numbers[place, sample]), int(store.kinds[place, sample]), store.words)
        if isinstance(value, Unsupported | Missing):
            raise ValueError(value.reason if isinstance(value, Unsupported) else "a cell that was not computed")
        return value

    def _refuse(self, formula: DynamicFormula, reason: Unsupported) -> None:
        self._evaluation.write(formula.results, reason, None)
