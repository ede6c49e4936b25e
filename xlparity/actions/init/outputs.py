"""Drafts the lines of outputs: each where its values are, or where a text on the sheet names it.

For every name of the reference the candidates are the cells that hold its values, and the formulas that a text names so. Each
has its evidence; the best of all is taken first, and each name and each cell once.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xlparity.actions.init.calls import ReferenceCall, ReferenceCalls
from xlparity.actions.init.inputs import Moved
from xlparity.actions.init.matching import Drafted, fitting, unique
from xlparity.actions.init.names import CLOSE, SAME, SAME_WORDS, WORD, fit
from xlparity.actions.init.numbers import Agreement, ArrayPlace, SheetNumbers, agreement, telling, values_in
from xlparity.actions.init.quantities import Quantity
from xlparity.actions.init.survey import CellKind
from xlparity.excel.address import Cell, Range

_MOST_SAID = 6
_MOST_PLACES = 12  # of one name's values that are compared with one another
_MOST_UNKNOWN = 12  # lines under the sheet's own names, where the reference cannot be called
_MOST_ROOTS = 8  # wrong formulas that are looked for; more are for verify
_DIFFERS, _IN_PART, _WHOLE = range(3)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Cells that may be what the reference gives under a name, and the evidence for it.

    ``values`` says whether they hold its values, ``label`` how well a text fits, ``follows`` whether they also do so after
    other inputs (None where that is unknown), and ``copies`` whether they only refer to other cells.
    """

    name: str
    place: ArrayPlace
    quantity: Quantity
    label: int
    values: int
    agreement: Agreement
    follows: bool | None
    copies: bool
    fits: bool
    is_quantity: bool

    @property
    def rank(self) -> tuple[float, ...]:
        """What counts first, first: values, texts, the same values after other inputs, and cells that belong together."""
        return (
            self.values,
            self.fits,
            self.label,
            self.follows is True,
            self.agreement.share,
            self.is_quantity,
            not self.copies,
        )


def draft_outputs(
    quantities: Iterable[Quantity],
    inputs: Sequence[Drafted],
    calls: ReferenceCalls | None,
    call: ReferenceCall | None,
    moved: Sequence[Moved],
    fixed: Mapping[str, Range],
) -> list[Drafted]:
    """The outputs, each under the name that the reference gives it; where it could not be called, its names are unknown."""
    own = [quantity for quantity in quantities if quantity.kind is not CellKind.INPUT]
    states = {drafted.quantity: drafted.name for drafted in inputs}
    unset = {drafted.quantity for drafted in inputs if drafted.left_out}
    if calls is None or call is None or call.passes is None:
        taken = {states[quantity] for quantity in own if quantity in states}
        drafted = [Drafted(q, states.get(q) or unique(q, taken), notes=_first_notes(q, unset)) for q in own]
        most = len(drafted) if calls is None else _MOST_UNKNOWN
        return [*drafted[:most], *(replace(line, left_out="its name is not known") for line in drafted[most:])]
    arrays = call.passes.steps[0]
    given = _joined(own, {name: array.shape for name, array in arrays.items()})
    chosen = _Choice(calls, call, moved, given, fixed)
    handed_on = {q: states[q] for q in given if states.get(q) in arrays}
    lines = {q: chosen.state(q, name, _first_notes(q, unset)) for q, name in handed_on.items()}
    names = [name for name in arrays if name not in handed_on.values()]
    lines |= {line.quantity: line for line in chosen.lines(names, [*handed_on, *call.inputs.values()])}
    taken = {*arrays, *(states[quantity] for quantity in given if quantity in states)}
    for quantity in given:
        if quantity not in lines and not any(quantity.at.intersects(other.at) for other in lines):
            name = states.get(quantity) or unique(quantity, taken)
            reason = "the reference gives no number of this name"
            lines[quantity] = Drafted(quantity, name, left_out=reason, notes=_first_notes(quantity, unset))
    sheets = calls.workbook.sheets
    drafted = sorted(lines.values(), key=lambda line: (sheets.index(line.quantity.at.sheet), line.quantity.at))
    if all(line.left_out for line in drafted):
        # A spec has at least one output, if only one that is not compared.
        drafted[0] = replace(drafted[0], left_out="", skip=drafted[0].left_out)
    return drafted


def _among(choice: "_Choice", numbers: SheetNumbers) -> "_Choice":
    """The same candidates among other numbers, of which nothing is known after other inputs."""
    again = _Choice(choice.calls, choice.call, (), list(choice.quantities.values()), choice.fixed)
    again.numbers = numbers
    return again


class _Choice:
    """The candidates of one draft."""

    def __init__(
        self,
        calls: ReferenceCalls,
        call: ReferenceCall,
        moved: Sequence[Moved],
        quantities: Sequence[Quantity],
        fixed: Mapping[str, Range],
    ) -> None:
        assert call.passes is not None
        self.calls, self.call, self.passes, self.fixed = calls, call, call.passes, fixed
        self.quantities = {quantity.at: quantity for quantity in quantities}
        self.moved = moved
        self.numbers = calls.numbers

    def lines(self, names: Sequence[str], taken: Sequence[Quantity]) -> Iterator[Drafted]:
        """The line of each name that has cells.

        A wrong formula makes all that reads it differ. So where a text names cells that differ, the formulas are computed with
        the reference's values in these: if others agree then, it is their place, and what is wrong is for verify to report.
        """
        stored = picked = self.picked(names, taken)
        roots: dict[str, Candidate] = {}
        plain, forced = self.numbers, dict[Cell, float]()
        while len(roots) < _MOST_ROOTS and (found := self.root(names, taken, picked, roots, plain, forced)):
            root, picked = found
            roots[root.name] = root
            forced |= self.given(root)
        proved = bool(roots) or (
            not self.call.gaps
            and any(c.values == _WHOLE and telling(self.passes.steps[0][c.name]) for c in stored.values())
        )
        for name, candidate in picked.items():
            before = stored.get(name, candidate)
            if name in roots:
                line = self.line(roots[name], proved=False)
                sentence = f"{_differing(roots[name].agreement)}; with the reference's values there, others agree"
                yield replace(
                    line, left_out="", notes=(*_typed_over(line.quantity), sentence), agrees=True, doubt=sentence
                )
            elif candidate.values == _WHOLE and not (before.values == _WHOLE and before.place == candidate.place):
                yield self.after(candidate, roots)
            else:
                yield self.line(before if before.place == candidate.place else candidate, proved=proved)

    def after(self, candidate: Candidate, roots: Iterable[str]) -> Drafted:
        """The line of a name whose values are there once those that differ are right."""
        line = self.line(replace(candidate, follows=None), proved=False)
        return replace(line, notes=(*line.notes, f"agrees once {' and '.join(roots)} does"))

    def root(
        self,
        names: Sequence[str],
        taken: Sequence[Quantity],
        picked: Mapping[str, Candidate],
        roots: Mapping[str, Candidate],
        plain: SheetNumbers,
        forced: Mapping[Cell, float],
    ) -> tuple[Candidate, dict[str, Candidate]] | None:
        """The first candidate that differs and, with the reference's values there, makes others agree; all choices then."""
        wrong = [c for c in picked.values() if c.values != _WHOLE and c.fits and c.label and c.name not in roots]
        for candidate in sorted(wrong, key=lambda candidate: candidate.place.at)[:_MOST_ROOTS]:
            values = self.given(candidate)
            again = _among(self, plain.with_values({**forced, **values})) if values else None
            if again is None:
                continue
            choices = again.picked(names, taken)
            better = [
                c
                for name, c in choices.items()
                if c.values == _WHOLE
                and name != candidate.name
                and name not in roots
                and telling(self.passes.steps[0][name])
                and (name not in picked or picked[name].values != _WHOLE)
            ]
            if better:
                return candidate, {**choices, candidate.name: candidate}
        return None

    def given(self, candidate: Candidate) -> dict[Cell, float]:
        """What the reference gives for each cell of the candidate; nothing where it is not finite or of another size."""
        found: dict[Cell, float] = {}
        for offset, step in zip(self.calls.offsets, self.passes.steps, strict=False):
            array = step.get(candidate.name)
            if array is None or array.size != candidate.place.at.size or not np.isfinite(array).all():
                return {}
            cells = [cell for cell, _ in values_in(self.numbers.of, candidate.place, offset)]
            found |= dict(zip(cells, array.ravel().tolist(), strict=True))
        return found

    def picked(self, names: Sequence[str], taken: Iterable[Quantity]) -> dict[str, Candidate]:
        """One candidate for each name, the best of all first; none over cells that another has."""
        every = [candidate for name in names for candidate in self.candidates(name)]
        places = [quantity.at for quantity in taken]
        found: dict[str, Candidate] = {}
        for candidate in sorted(every, key=lambda candidate: candidate.rank, reverse=True):
            at = candidate.place.at
            if candidate.name not in found and not any(at.intersects(other) for other in places):
                found[candidate.name] = candidate
                places.append(at)
        return found

    def candidates(self, name: str) -> Iterator[Candidate]:
        """The cells that hold the name's values, and those that a text names so."""
        shape = self.passes.steps[0][name].shape
        if name in self.fixed:
            at = self.fixed[name]
            yield self.candidate(name, ArrayPlace(at, bool(fitting(shape, at.shape))))
            return
        seen: set[Range] = set()
        for place in itertools.islice(self.calls.places(name, self.passes, self.numbers), _MOST_PLACES):
            if place.at not in seen:
                seen.add(place.at)
                candidate = self.candidate(name, place)
                if candidate.label or not self.is_another(candidate):
                    yield candidate
        for at, quantity in self.quantities.items():
            closest = max((fit(text, name) for text in quantity.texts), default=0)
            turned = fitting(shape, at.shape)
            # A bias in one cell where the reference has a row is a finding that a person should see, not another quantity.
            if at not in seen and (closest >= CLOSE if turned is not None else closest >= SAME_WORDS):
                yield self.candidate(name, ArrayPlace(at, bool(turned)))

    def is_another(self, candidate: Candidate) -> bool:
        """Whether the text beside the cells is another name, whose values are nowhere: with a wrong formula d1 may hold d2's."""
        nearest = candidate.quantity.texts[:1]
        others = [other for other in self.passes.steps[0] for text in nearest if fit(text, other) == SAME]
        return any(next(self.calls.places(other, self.passes, self.numbers), None) is None for other in others)

    def candidate(self, name: str, place: ArrayPlace) -> Candidate:
        calls, at = self.calls, place.at
        own = self.quantities.get(at)
        texts = own.texts if own else calls.texts.around(at)
        # A column that belongs to a larger rectangle, or the other way round, has the texts of that.
        if own is None:
            texts = (
                *texts,
                *(t for q in self.quantities.values() if q.at.contains(at) for t in q.texts if t not in texts),
            )
        book = calls.workbook
        quantity = own or Quantity(
            at, CellKind.FORMULA, texts, tuple(cell for cell in at.cells() if not book.formula(cell))
        )
        label = max((fit(text, name) for text in texts), default=0)
        found = agreement(self.numbers.of, place, self.passes, name, calls.offsets)
        values = _WHOLE if found.share == 1 else _IN_PART if found.mostly else _DIFFERS
        follows = None
        if self.moved and values:
            others = [
                agreement(m.cells, place, m.passes, name, calls.offsets) for m in self.moved if self.changes(m, name)
            ]
            known = [o for o in others if all(isinstance(held, float | bool) for _, held, _ in o.differing)]
            follows = max(o.share for o in known) >= found.share if known else None
        copies = all((f := book.formula(cell)) and _only_refers(f.text) for cell in at.cells())
        array = self.passes.steps[0][name]
        fits = fitting(array.shape, at.shape) is not None
        return Candidate(name, place, quantity, label, values, found, follows, copies, fits, own is not None)

    def state(self, quantity: Quantity, name: str, notes: tuple[str, ...]) -> Drafted:
        """The line of what is an input in the first block, and computed in the later ones."""
        turned = bool(fitting(self.passes.steps[0][name].shape, quantity.at.shape))
        line = self.line(self.candidate(name, ArrayPlace(quantity.at, turned)), proved=False)
        return replace(line, quantity=quantity, left_out="", notes=(*notes, *line.notes))

    def changes(self, moved: Moved, name: str) -> bool:
        """Whether the reference gives other values for the moved inputs: only these can be followed."""
        new, old = moved.passes.steps[0].get(name), self.passes.steps[0][name]
        return new is not None and not (new.shape == old.shape and np.allclose(new, old, rtol=1e-6, equal_nan=True))

    def namesake(self, candidate: Candidate) -> Range | None:
        """Other cells of the same shape that a text names to the letter, which would have been preferred if they agreed."""
        if candidate.label >= SAME:
            return None
        shape = self.passes.steps[0][candidate.name].shape
        named = (
            at
            for at, quantity in self.quantities.items()
            if not at.intersects(candidate.place.at) and fitting(shape, at.shape) is not None
            if any(fit(text, candidate.name) == SAME for text in quantity.texts)
        )
        return next(named, None)

    def line(self, candidate: Candidate, *, proved: bool) -> Drafted:
        """The line of a candidate: a comment where other values contradict it, or where its values may be there by chance."""
        array = self.passes.steps[0][candidate.name]
        quantity, name = candidate.quantity, candidate.name
        notes = _typed_over(quantity)
        line = Drafted(quantity, name, transpose=candidate.place.transpose, notes=notes)
        if not candidate.fits:
            said = f"it has shape {array.shape} in the reference"
            return replace(line, notes=(*notes, said), doubt=said)
        if name in self.fixed:
            return line
        known = bool(np.isfinite(array).all()) and not self.call.gaps
        if candidate.values == _WHOLE:
            if candidate.follows or candidate.label >= WORD or (candidate.follows is None and telling(array)):
                doubt = (
                    "" if candidate.follows is not False else "agrees on the stored inputs, and not after other ones"
                )
                if other := self.namesake(candidate):
                    doubt = f"agrees, and a text gives this name to {other.a1}, which differs"
                    line = replace(line, notes=(*notes, doubt))
                return replace(line, agrees=True, sure=candidate.follows is True and not other, doubt=doubt)
            said = "holds the same values, perhaps by chance"
            return replace(line, left_out=said, doubt=said)
        if candidate.values == _IN_PART:
            said = _differing(candidate.agreement)
            # Half of what a text hardly names may be zeros.
            left_out = "" if candidate.label >= WORD or candidate.agreement.whole else said
            return replace(line, notes=(*notes, said), left_out=left_out, agrees=not left_out, doubt=said)
        if not known and candidate.label >= WORD:
            why = (
                "its value depends on a parameter that has no cell"
                if self.call.gaps
                else "the reference gives no number"
            )
            return replace(line, doubt=f"by its text only: {why}")
        said = f"a text names it so, but {_differing(candidate.agreement)}"
        # Where nothing is confirmed the inputs may be wrong; but only what is named to the letter is then no guess.
        left_out = said if proved or candidate.label < SAME_WORDS else ""
        return replace(line, left_out=left_out, doubt=said)


def _differing(found: Agreement) -> str:
    """Which cells differ from the reference, or which value, where it is not many."""
    if not found.differing:
        return "the reference gives an array of another size"
    cell, held, given = found.differing[0]
    holds = f"{held:.6g}" if isinstance(held, float | bool) else "no number"
    more = len(found.differing) - 1
    others = f", and {more} more cell{'s' if more > 1 else ''} differ{'' if more > 1 else 's'}" if more else ""
    return f"{cell.a1} holds {holds} where the reference gives {given:.6g}{others}"


def _only_refers(formula: str) -> bool:
    """Whether the formula is nothing but a reference."""
    return formula.lstrip("=+ ").replace("$", "").replace("!", "").replace("'", "").replace(" ", "").isalnum()


def _first_notes(quantity: Quantity, unset: Iterable[Quantity]) -> tuple[str, ...]:
    begins = "a constant in the first block" if quantity in unset else "from the second block on"
    return (begins,) if quantity.kind is CellKind.STATE else _typed_over(quantity)


def _joined(quantities: Sequence[Quantity], shapes: Mapping[str, tuple[int, ...]]) -> list[Quantity]:
    """The quantities, two neighbours of one header being one where the reference's array of that name fills both only together.

    What is carried on from month to month begins with a formula of its own.
    """
    joined = list(quantities)
    for head, tail in itertools.permutations(quantities if shapes else (), 2):
        at = _together(head.at, tail.at)
        if at is None or {head.kind, tail.kind} != {CellKind.FORMULA} or not set(head.texts) & set(tail.texts):
            continue
        for name, shape in shapes.items():
            named = max((fit(text, name) for text in head.texts), default=0) >= SAME_WORDS
            fits = [fitting(shape, area.shape) is not None for area in (at, head.at, tail.at)]
            if named and fits == [True, False, False] and head in joined and tail in joined:
                joined.remove(tail)
                joined[joined.index(head)] = replace(head, at=at, hard_coded=(*head.hard_coded, *tail.hard_coded))
    return joined


def _together(head: Range, tail: Range) -> Range | None:
    """The line of cells that the two are, one right behind the other; None where they are none."""
    behind = tail.column == head.last_column + 1 and (head.row, head.last_row) == (tail.row, tail.last_row)
    below = tail.row == head.last_row + 1 and (head.column, head.last_column) == (tail.column, tail.last_column)
    if head.sheet != tail.sheet or not (behind or below):
        return None
    return head._replace(last_row=tail.last_row, last_column=tail.last_column)


def _typed_over(quantity: Quantity) -> tuple[str, ...]:
    cells = [cell.a1 for cell in quantity.hard_coded]
    more = f" and {len(cells) - _MOST_SAID} more" if len(cells) > _MOST_SAID else ""
    return (f"no formula in {', '.join(cells[:_MOST_SAID])}{more}",) if cells else ()
