"""Drafts the checks of a workbook: the sheets, iterations, inputs and outputs for which there is most evidence."""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from xlparity.actions.init.calls import ReferenceCall, ReferenceCalls
from xlparity.actions.init.inputs import draft_inputs, moved
from xlparity.actions.init.likeness import Likeness
from xlparity.actions.init.loops import Loop, find_loop, running_loops
from xlparity.actions.init.matching import Drafted, assign, parameters
from xlparity.actions.init.names import CLOSE, SAME, SAME_WORDS, fit
from xlparity.actions.init.numbers import SheetNumbers, telling
from xlparity.actions.init.outputs import draft_outputs
from xlparity.actions.init.quantities import Quantity, find_quantities
from xlparity.actions.init.survey import CellKind, CellSurvey, survey
from xlparity.actions.init.texts import Texts
from xlparity.excel.address import Cell, Range
from xlparity.excel.workbook import Workbook, formulas_of
from xlparity.spec.reference import Reference

_SECONDS = 40.0  # for all sheets: as long as a person waits for a draft
_LEAST_SECONDS = 2.0  # for each way to read a sheet, as when a person has answered late
_LEAST_SHARE = 0.5  # of what the best sheet confirms, from which another sheet is taken for the same model
_MOST_CHECKS = 8
_UNNAMED = "no text names it, but the reference's values agree"
_LEAST_PASSES = 3  # whose values lie at equal distances before they are taken for iterations


@dataclass(frozen=True, slots=True)
class CheckDraft:
    """The content of one check.

    ``workbook`` holds the sheets that the check may be about, and ``home`` is the one for which it was drafted, or empty.
    ``lacking`` are the reference's parameters without an input, and whether each must be given; ``unplaced`` the names that it
    gives and no output has; ``unread`` the numbers that no formula reads; ``failure`` is why it could not be called, ``short``
    that it has other passes than there are blocks. ``score`` says how much of what it gives is on the sheets.
    """

    workbook: Workbook
    home: str
    loop: Loop | None
    inputs: Sequence[Drafted]
    outputs: Sequence[Drafted]
    lacking: Mapping[str, bool] = field(default_factory=dict)
    unplaced: Sequence[str] = ()
    unread: Collection[Cell] = ()
    failure: str = ""
    short: str = ""
    score: int = 0

    @property
    def rank(self) -> tuple[int, int]:
        """What speaks for the check: how many outputs follow the reference, and how much of what it gives is on the sheet."""
        return sum(line.sure for line in self.outputs), self.score

    @property
    def agreeing(self) -> int:
        """How many outputs agree with the reference, or do so but for a fault."""
        return sum(line.agrees and not line.left_out for line in self.outputs)

    @property
    def sheet(self) -> str:
        """The sheet of the addresses that name none."""
        if self.loop:
            return self.loop.sheet
        counts = Counter(line.quantity.at.sheet for line in self.outputs if not line.left_out)
        return counts.most_common(1)[0][0]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One way to read the sheets: with these iterations, or as a single pass."""

    texts: Texts
    cells: CellSurvey
    quantities: Sequence[Quantity]
    calls: ReferenceCalls | None = None
    call: ReferenceCall | None = None

    @property
    def score(self) -> int:
        """How much is confirmed, over all passes that were compared."""
        if self.call is None or self.calls is None or self.call.passes is None:
            return -1
        return self.call.score * min(len(self.calls.offsets), len(self.call.passes.steps))

    @property
    def single(self) -> bool:
        """Whether the reference was called, and has no other pass."""
        return self.call is not None and self.call.passes is not None and self.call.passes.single


class Drafter:
    """Drafts the checks of one workbook, with the reference if there is one."""

    def __init__(self, workbook: Workbook, reference: Reference | None) -> None:
        self.workbook, self.reference = workbook, reference
        self.numbers = SheetNumbers.of_workbook(workbook) if reference else None
        self.until = time.monotonic() + _SECONDS
        self.homes = list(dict.fromkeys(cell.sheet for cell, _ in formulas_of(workbook) if workbook.graph.areas(cell)))

    def checks(self, sheets: Sequence[str]) -> list[CheckDraft]:
        """One check for each of the sheets, or, without any, for each that matches the reference, the best first."""
        if sheets:
            return [self.check(sheet) for sheet in sheets]
        if len(self.homes) <= 1:
            return [self.check("")]
        if self.reference is None:
            return [self.check(sheet) for sheet in self.homes[:_MOST_CHECKS]]
        drafts = [self.check(home) for home in self.homes]
        if all(draft.unplaced or draft.failure for draft in drafts):
            drafts.append(self.check(""))  # what no single sheet and those that it reads have together
        drafts.sort(key=lambda draft: len(draft.workbook.sheets))
        drafts.sort(key=lambda draft: draft.rank, reverse=True)
        best = drafts[0]
        if best.score <= 0:  # only the texts say something, and so they do of all sheets at once
            return [next((draft for draft in drafts if not draft.home), best)]
        chosen = [best]
        for draft in drafts[1:]:
            related = any(
                not draft.home
                or not other.home
                or self._reads(draft.home, other.home)
                or self._reads(other.home, draft.home)
                for other in chosen
            )
            whole = (
                not any(draft.lacking.values())
                and not draft.short
                and draft.rank[0] > 0
                and draft.agreeing >= _LEAST_SHARE * best.agreeing
            )
            if not related and whole and len(chosen) < _MOST_CHECKS:
                chosen.append(draft)
        return sorted(chosen, key=self._order)

    def _order(self, draft: CheckDraft) -> int:
        return self.workbook.sheets.index(draft.home) if draft.home else len(self.workbook.sheets)

    def _reads(self, one: str, other: str) -> bool:
        return other in self._before(one)

    def _before(self, home: str) -> set[str]:
        """The sheet and those that its formulas read, directly or through others."""
        found, new = {home}, [home]
        while new:
            fresh = self._direct.get(new.pop(), set()) - found
            found |= fresh
            new += fresh
        return found

    @cached_property
    def _direct(self) -> Mapping[str, set[str]]:
        """The sheets that the formulas of each sheet read."""
        found: dict[str, set[str]] = defaultdict(set)
        for cell, _ in formulas_of(self.workbook):
            found[cell.sheet].update(area.sheet for area in self.workbook.graph.areas(cell))
        return found

    def view(self, home: str) -> Workbook:
        """The sheets that a check of this one may be about: those it reads, and those without formulas; or, of none, all."""
        book = self.workbook
        if not home:
            return book
        kept = self._before(home) | {sheet for sheet in book.sheets if sheet not in self.homes}
        return replace(
            book,
            sheets=tuple(sheet for sheet in book.sheets if sheet in kept),
            cells={cell: content for cell, content in book.cells.items() if cell.sheet in kept},
            members={cell: anchor for cell, anchor in book.members.items() if cell.sheet in kept},
        )

    def check(
        self,
        home: str,
        fixed_inputs: Mapping[str, Range] | None = None,
        fixed_outputs: Mapping[str, Range] | None = None,
    ) -> CheckDraft:
        """The check of this sheet, or of all of them; what is fixed stays where it is said to be."""
        view, fixed = self.view(home), fixed_inputs or {}
        attempt = self._best(view, fixed)
        texts, call = attempt.texts, attempt.call
        chosen = call.inputs if call else {}
        inputs = draft_inputs(view, texts.loop, attempt.quantities, self.reference, chosen)
        others = []
        if call and call.passes and not call.gaps and self.numbers and self.reference:
            others = moved(view, texts.loop, self.numbers, self.reference, inputs)
        outputs = draft_outputs(attempt.quantities, inputs, attempt.calls, call, others, fixed_outputs or {})
        arrays = call.passes.steps[0] if call and call.passes else {}
        inputs = _misnamed([self._judged(line, outputs) for line in inputs], attempt.quantities)
        needed = parameters(self.reference) if self.reference else {}
        given = {line.name for line in inputs if not line.left_out}
        placed = given | {line.name for line in outputs if not line.left_out or line.doubt}
        return CheckDraft(
            view,
            home,
            texts.loop,
            inputs,
            outputs,
            {name: must for name, must in needed.items() if name not in given},
            tuple(name for name in arrays if name not in placed),
            tuple(attempt.cells.unread),
            call.failure if call else "",
            "" if call is None or attempt.calls is None else attempt.calls.shortage(call, texts.loop),
            max(attempt.score, 0),
        )

    def _judged(self, line: Drafted, outputs: Sequence[Drafted]) -> Drafted:
        """The line of an input, with what speaks for it: the outputs that follow it, or agree at least, or its texts."""
        if line.left_out or self.reference is None:
            return line
        best = max((fit(text, line.name) for text in line.quantity.texts), default=0)
        if any(output.agrees for output in outputs):
            notes = () if best else (_UNNAMED,)
            return replace(line, sure=any(output.sure for output in outputs), notes=(*notes, *line.notes))
        if best >= SAME_WORDS:
            return line
        said = "by its text only" if best else "a guess, which no text supports"
        return replace(line, notes=line.notes if best else (said, *line.notes), doubt=said)

    def _best(self, view: Workbook, fixed: Mapping[str, Range]) -> _Attempt:
        """The attempt of which most is confirmed."""
        first = self._attempt(view, find_loop(view), fixed)
        if self.reference is None or self.numbers is None:
            return first
        plain = first
        if first.texts.loop is not None and (first.call is None or first.call.passes is None or first.single):
            # A function that returns has no iterations, and one that lacks an input may be about another sheet.
            plain = self._attempt(view, None, fixed)
            if plain.single or first.single:
                return plain
        if first.single or (first.call and first.call.complete and first.texts.loop is not None):
            return first
        if first.score < 0 and plain.score < 0 and not self.reference.described.generates:
            return first
        # What is first has labels that count: that a single pass has more on the sheet is chance.
        attempts = [first, plain]
        if plain is first and first.texts.loop is not None:
            plain = self._attempt(view, None, fixed)
        named = {n: q for n, q in first.call.inputs.items() if _is_named(n, q)} if first.call else {}
        counted = [first.texts.loop] if first.texts.loop is not None and _across(plain, first.texts.loop) else []
        for loop in (*counted, *running_loops(view), *self._by_values(view, plain)):
            if time.monotonic() < self.until:
                attempt = self._attempt(view, loop, {**_across(plain, loop), **fixed})
                # A hard-coded cell in a first block is no input, and its block no other one than a label says.
                held = attempt.call.inputs if attempt.call else {}
                if all(n in held and (held[n].at == q.at or _is_named(n, held[n])) for n, q in named.items()):
                    attempts.append(attempt)
            if attempts[-1].call and attempts[-1].call.complete:
                break
        return max(attempts, key=lambda attempt: attempt.score)

    def _attempt(self, view: Workbook, loop: Loop | None, fixed: Mapping[str, Range]) -> _Attempt:
        needed = parameters(self.reference) if self.reference else {}
        texts, likeness = Texts(view, loop), Likeness(view)
        lacking: Sequence[str] = ()
        for _ in range(2):  # again with what no formula reads, where the reference needs more than what is read
            cells = survey(texts, likeness, lacking)
            found = find_quantities(
                texts, likeness, cells, lambda text: any(fit(text, name) == SAME for name in needed)
            )
            given = [quantity for quantity in found if quantity.kind is not CellKind.FORMULA]
            matched = assign(given, needed)
            lacking = [name for name, must in needed.items() if must and name not in matched.values()]
            if not lacking:
                break
        if self.reference is None or self.numbers is None:
            return _Attempt(texts, cells, found)
        until = max(self.until, time.monotonic() + _LEAST_SECONDS)
        calls = ReferenceCalls(self.reference, self.numbers, texts, needed, found, fixed, until)
        best = calls.best()
        if (
            best.passes is not None
        ):  # d1 and d2 are two quantities, and not one that counts, where the reference has both
            names = {*needed, *best.passes.steps[0]}
            found = find_quantities(texts, likeness, cells, lambda text: any(fit(text, name) == SAME for name in names))
        return _Attempt(texts, cells, found, calls, best)

    def _by_values(self, view: Workbook, attempt: _Attempt) -> Iterator[Loop]:
        """The iterations by which the values of the first passes of a generator lie at equal distances."""
        calls, passes = attempt.calls, attempt.call.passes if attempt.call else None
        if calls is None or passes is None or len(passes.steps) < _LEAST_PASSES or calls.loop is not None:
            return
        votes: Counter[tuple[str, int, int]] = Counter()
        firsts: dict[tuple[str, int, int], list[Cell]] = {}
        for name, array in passes.steps[0].items():
            if not telling(array) or name not in passes.steps[_LEAST_PASSES - 1]:
                continue
            here, *later = (
                [place.at for place in calls.numbers.places(step[name])] for step in passes.steps[:_LEAST_PASSES]
            )
            for at in here:
                for other in later[0]:
                    rows, columns = other.row - at.row, other.column - at.column
                    if (
                        other.sheet == at.sheet
                        and (rows > 0) != (columns > 0)
                        and at.moved(2 * rows, 2 * columns) in later[1]
                    ):
                        votes[at.sheet, rows, columns] += 1
                        firsts.setdefault((at.sheet, rows, columns), []).append(at.first)
        for (sheet, rows, columns), _ in votes.most_common(1):
            if sheet in view.sheets:
                cells = [min(firsts[sheet, rows, columns], key=lambda cell: cell.row if rows else cell.column)]
                while view.formula(following := cells[-1].moved(rows, columns)) or following in calls.numbers.of:
                    cells.append(following)
                yield Loop(sheet, None, tuple(cells), counted=False)


def _across(plain: _Attempt, loop: Loop) -> dict[str, Range]:
    """The inputs of a single pass that are in several blocks, such as a column with another value for each iteration."""
    given = plain.call.inputs if plain.call else {}
    return {
        name: quantity.at
        for name, quantity in given.items()
        if (first := loop.block(quantity.at.first)) is not None
        and (last := loop.block(quantity.at.last)) is not None
        and first != last
    }


def _misnamed(lines: Sequence[Drafted], quantities: Sequence[Quantity]) -> list[Drafted]:
    """The lines of inputs, in doubt where the text of one names another, which has a text that names it less.

    Values may agree so because a formula has its operands exchanged.
    """
    texts = {quantity.at: quantity.texts for quantity in quantities}

    def fits(line: Drafted, name: str) -> int:
        return max((fit(text, name) for text in texts.get(line.quantity.at, line.quantity.texts)), default=0)

    given = [line for line in lines if not line.left_out]
    found = list(lines)
    for place, line in enumerate(lines):
        own = fits(line, line.name)
        named = next((o.name for o in given if fits(line, o.name) > max(own, fits(o, o.name), CLOSE)), None)
        if named is not None and not (line.left_out or line.doubt):
            said = f"its text names '{named}', and the reference's values agree only so"
            notes = (said, *(note for note in line.notes if note != _UNNAMED))
            found[place] = replace(line, notes=notes, sure=False, doubt=said)
    return found


def _is_named(name: str, quantity: Quantity) -> bool:
    return any(fit(text, name) == SAME for text in quantity.texts)
