"""A workbook that is computed again and again with a few formulas exchanged: only what follows from these is computed anew."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from xlparity import collector
from xlparity.engines.evaluator.evaluation import Evaluation, Group, Node, Outcome, in_both_readings, schedule
from xlparity.engines.evaluator.session import FormulasSession
from xlparity.excel.address import Cell
from xlparity.excel.batch import Store
from xlparity.excel.columns import Column
from xlparity.excel.values import MISSING
from xlparity.excel.workbook import Formula, Workbook

_KEPT = 20_000_000  # values of former evaluations that are kept, 180 MB of them


class Original(FormulasSession):
    """A session that remembers what it has computed, for workbooks that are like its own but for a few cells."""

    def __init__(self, workbook: Workbook) -> None:
        super().__init__(workbook)
        self._outcomes: OrderedDict[bytes, Outcome] = OrderedDict()

    @cached_property
    def nodes(self) -> dict[Cell, Node]:
        """The formulas that can be computed, by their cell or the first one of their area."""
        return {self._cells[node.results[0]]: node for node in self._nodes}

    def like(self, workbook: Workbook) -> FormulasSession:
        """A session of another workbook, which computes what follows from the cells that differ, and nothing else."""
        changed = self._changed(workbook)
        found = None if changed is None or self._circular else Variant(workbook, self, changed)
        return FormulasSession(workbook, self) if found is None or found.circular else found

    def _changed(self, workbook: Workbook) -> list[Cell] | None:
        """The cells that hold something else in that workbook; None where more differs than what such cells hold."""
        own = self._workbook
        if (
            workbook.scope is not own.scope
            or len(workbook.cells) != len(own.cells)
            or (workbook.sheets, workbook.extents, workbook.date1904) != (own.sheets, own.extents, own.date1904)
            or workbook.members != own.members
        ):
            return None
        changed = [cell for cell, content in workbook.cells.items() if own.cells.get(cell) is not content]
        for cell in changed:
            one, other = own.formula(cell), workbook.formula(cell)
            if cell not in own.cells or (one and one.area) != (other and other.area):
                return None
        return changed

    def _outcome(
        self, groups: Sequence[Group], shadows: dict[int, int], held: Mapping[int, Column], samples: int
    ) -> Outcome:
        if shadows:  # of held formulas it depends on more than the held values what is computed
            return super()._outcome(groups, shadows, held, samples)
        key = _key(held, samples)
        if key not in self._outcomes:
            self._outcomes[key] = super()._outcome(groups, shadows, held, samples)
            while len(self._outcomes) > 1 and sum(one.exact.numbers.size for one in self._outcomes.values()) > _KEPT:
                self._outcomes.popitem(last=False)
        self._outcomes.move_to_end(key)
        return self._outcomes[key]

    def remembered(self, held: Mapping[int, Column], samples: int) -> Outcome | None:
        """What every place of the original comes to there, if anybody has asked for it."""
        return self._outcomes.get(_key(held, samples))


class Variant(FormulasSession):
    """A session of a workbook that holds something else than the original in the ``changed`` cells only."""

    @collector.paused()
    def __init__(self, workbook: Workbook, original: Original, changed: Sequence[Cell]) -> None:
        self._original = original
        self._workbook = workbook
        self._programs, self._plans = original._programs, original._plans
        self._known = len(original._cells)
        self._places = dict(original._places)
        self._references = dict(original._references)
        self._constants = dict(original._constants)
        self._start = original._start[: self._known]
        nodes = dict(original.nodes)
        self._anew: set[int] = set()
        for cell in changed:
            nodes.pop(cell, None)
            content = workbook.cells[cell]
            area = content.area if isinstance(content, Formula) else None
            for member in area.cells() if area is not None else (cell,):
                if workbook.members.get(member, cell) == cell:
                    place = self._places[member]
                    self._start[place] = MISSING if isinstance(content, Formula) else content
                    self._anew.add(place)
            node = self._node(cell, content) if isinstance(content, Formula) else None
            if node is not None:
                nodes[cell] = node
        self._nodes = list(nodes.values())
        self._by_formulas = frozenset(place for node in self._nodes for place in node.results)
        self._groups, self._circular = schedule(self._nodes, frozenset(), self._plans)
        self._cells = list(self._places)
        self._start += reversed(self._constants)
        self._words = original._words

    @property
    def circular(self) -> bool:
        """Whether any formulas are on a circle."""
        return bool(self._circular)

    def like(self, workbook: Workbook) -> FormulasSession:
        """A session of another workbook, as the original gives it."""
        return self._original.like(workbook)

    def _outcome(
        self, groups: Sequence[Group], shadows: dict[int, int], held: Mapping[int, Column], samples: int
    ) -> Outcome:
        before = None if shadows else self._original.remembered(held, samples)
        if before is None:
            return super()._outcome(groups, shadows, held, samples)
        known, old = self._known, before.exact
        fresh = Store.of(self._start, samples, self._words)  # in which texts and reasons have the same numbers
        fresh.numbers[:known], fresh.kinds[:known] = old.numbers[:known], old.kinds[:known]
        changed = np.zeros(len(fresh.numbers), dtype=bool)
        for place in self._anew - held.keys():
            fresh.set(place, self._start[place])
            changed[place] = True
        for place, column in held.items():
            fresh.set(place, column)
        kept = np.zeros(len(fresh.numbers), dtype=bool)
        kept[list(held)] = True
        exact = Evaluation(fresh, False, kept, {})
        exact.samples |= before.evaluation.samples
        exact.decided |= before.evaluation.decided - self._anew
        exact.update(groups, self._anew, changed)
        return in_both_readings(groups, exact)


def _key(held: Mapping[int, Column], samples: int) -> bytes:
    found = hashlib.blake2b(str(samples).encode(), digest_size=16)
    for place, column in held.items():
        found.update(place.to_bytes(8))
        found.update(column.tobytes() if isinstance(column, np.ndarray) else repr(column).encode())
    return found.digest()
