"""Sessions for many variants of one workbook: only the dependents of the changed cells are computed again."""

import hashlib
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from xlparity import collector
from xlparity.engines.evaluator.circles import has_circles, scheduled
from xlparity.engines.evaluator.evaluation import (
    Evaluated,
    Evaluation,
    FormulaNode,
    grouped,
    in_both_readings,
    together,
)
from xlparity.engines.evaluator.guards import conventions
from xlparity.engines.evaluator.session import FormulasSession, Plan, Room
from xlparity.excel.address import Cell
from xlparity.excel.batch import Store
from xlparity.excel.columns import Column
from xlparity.excel.values import MISSING
from xlparity.excel.workbook import Formula, Workbook
from xlparity.limits import WorkbookLimits

_KEPT = 20_000_000  # values of earlier evaluations in the cache, 180 MB
_ALIKE = ("sheets", "extents", "date1904", "locale")  # of workbooks that differ in the contents of cells only


class OriginalSession(FormulasSession):
    """A session that caches its evaluations, for workbooks that differ from its own in a few cells."""

    def __init__(self, workbook: Workbook) -> None:
        super().__init__(workbook)
        self._cache: OrderedDict[bytes, Evaluated] = OrderedDict()

    def like(self, workbook: Workbook) -> FormulasSession:
        """A session of another workbook, which computes only the changed cells and their dependents."""
        changed = self._changed(workbook)
        alone = changed is None or self._circular or self._dynamic or self._tables or has_circles(self._groups)
        found = None if alone or changed is None else VariantSession(workbook, self, changed)
        return FormulasSession(workbook, self) if found is None or found.independent else found

    def _changed(self, workbook: Workbook) -> list[Cell] | None:
        """The cells with other contents in that workbook; None where it differs in more than contents."""
        own = self._workbook
        if (
            workbook.scope is not own.scope
            or len(workbook.cells) != len(own.cells)
            or any(getattr(workbook, name) != getattr(own, name) for name in _ALIKE)
            or workbook.members != own.members
        ):
            return None
        changed = [cell for cell, content in workbook.cells.items() if own.cells.get(cell) is not content]
        for cell in changed:
            one, other = own.formula(cell), workbook.formula(cell)
            if cell not in own.cells or (one and one.area) != (other and other.area):
                return None
        return changed

    def _evaluated(self, plan: Plan, held: Mapping[int, Column], samples: int) -> Evaluated:
        if plan.shadows:  # with held formulas the values depend on more than the key has
            return super()._evaluated(plan, held, samples)
        key = _key(held, samples)
        if key not in self._cache:
            self._cache[key] = super()._evaluated(plan, held, samples)
            while len(self._cache) > 1 and sum(one.exact.numbers.size for one in self._cache.values()) > _KEPT:
                self._cache.popitem(last=False)
        self._cache.move_to_end(key)
        return self._cache[key]

    def cached(self, held: Mapping[int, Column], samples: int) -> Evaluated | None:
        """The cached values of the original, None where there are none."""
        return self._cache.get(_key(held, samples))


class VariantSession(FormulasSession):
    """A session of a workbook that differs from the original in the contents of the ``changed`` cells only."""

    @collector.paused()
    def __init__(self, workbook: Workbook, original: OriginalSession, changed: Sequence[Cell]) -> None:
        self._original = original
        self._workbook = workbook
        self._compiled, self._programs, self._plans = original._compiled, original._programs, original._plans
        self._known = len(original._cells)
        self._places = dict(original._places)
        self._references = defaultdict(dict, {sheet: dict(known) for sheet, known in original._references.items()})
        self._constants = dict(original._constants)
        self._start = original._start[: self._known]
        self._dynamic, self._helpers, self._ordinary, self._tables = [], [], original._ordinary, []
        self._room = Room(WorkbookLimits.none(), 0)
        nodes: list[FormulaNode] = []
        self._changed_places: set[int] = set()
        for cell in changed:
            content = workbook.cells[cell]
            area = content.area if isinstance(content, Formula) else None
            for member in area.cells() if area is not None else (cell,):
                if workbook.members.get(member, cell) == cell:
                    place = self._places[member]
                    self._start[place] = MISSING if isinstance(content, Formula) else content
                    self._changed_places.add(place)
            node = self._node(cell, content) if isinstance(content, Formula) else None
            if node is not None:
                nodes.append(node)
        old = [self._places[cell] for cell in changed]
        kept = [group.only(np.isin(group.results[0], old, invert=True)) for group in original._formulas]
        self._formulas = together([*kept, *grouped(nodes, self._plans)])
        self._settling = original._settling
        self._groups, rest = scheduled(self._formulas, frozenset(), self._settling)
        self._circular = frozenset(place for group in rest for place in group.results[0].tolist())
        self._cells = list(self._places)
        self._start += self._constant_values()
        self._words = original._words

    @property
    def independent(self) -> bool:
        """Whether it must be computed as a whole: formulas are on a circle, or values decide their references."""
        return bool(self._circular or self._dynamic or has_circles(self._groups))

    def like(self, workbook: Workbook) -> FormulasSession:
        """A session of another workbook, as the original gives it."""
        return self._original.like(workbook)

    def _evaluated(self, plan: Plan, held: Mapping[int, Column], samples: int) -> Evaluated:
        before = None if plan.shadows else self._original.cached(held, samples)
        if before is None:
            return super()._evaluated(plan, held, samples)
        known, old = self._known, before.exact
        fresh = Store.of(self._start, samples, self._words)  # with the same codes for texts and reasons
        fresh.numbers[:known], fresh.kinds[:known] = old.numbers[:known], old.kinds[:known]
        changed = np.zeros(len(fresh.numbers), dtype=bool)
        for place in self._changed_places - held.keys():
            fresh.set(place, self._start[place])
            changed[place] = True
        for place, column in held.items():
            fresh.set(place, column)
        kept = np.zeros(len(fresh.numbers), dtype=bool)
        kept[list(held)] = True
        exact = Evaluation(fresh, False, kept, {})
        exact.samples |= before.evaluation.samples
        exact.decided |= before.evaluation.decided - self._changed_places
        with conventions(self._workbook.date1904, self._workbook.locale):
            exact.update(plan.groups, self._changed_places, changed)
            return in_both_readings(plan.groups, exact)


def _key(held: Mapping[int, Column], samples: int) -> bytes:
    found = hashlib.blake2b(str(samples).encode(), digest_size=16)
    for place, column in held.items():
        found.update(place.to_bytes(8))
        found.update(column.tobytes() if isinstance(column, np.ndarray) else repr(column).encode())
    return found.digest()
