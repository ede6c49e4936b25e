"""A workbook that is computed again and again with a few formulas exchanged: only what follows from these is computed anew."""

import hashlib
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import cast

import numpy as np

from xlparity import collector
from xlparity.address import Cell
from xlparity.columns import Column
from xlparity.engines.formulas import sweeping
from xlparity.engines.formulas.guards import Residue
from xlparity.engines.formulas.nodes import Node, compute, in_order
from xlparity.engines.formulas.session import FormulasSession
from xlparity.values import MISSING, Value
from xlparity.workbook import Formula, Workbook

_KEPT = 20_000_000  # numbers of former sweeps that are kept, 160 MB of them


class Original(FormulasSession):
    """A session that remembers what it has computed, for workbooks that are like its own but for a few cells."""

    def __init__(self, workbook: Workbook) -> None:
        super().__init__(workbook)
        self._sweeps: OrderedDict[bytes, list[sweeping.Entry]] = OrderedDict()
        self._asked: set[bytes] = set()

    @cached_property
    def stored(self) -> list[Value]:
        """What every place comes to on the stored inputs."""
        return _computed(self._order, self._start.copy())

    @cached_property
    def nodes(self) -> dict[Cell, Node]:
        """The formulas that can be computed, by their cell or the first one of their area."""
        return {self._cells[node.results[0]]: node for node in self._nodes}

    def recalculate(self, overrides: Mapping[Cell, Value]) -> dict[Cell, Value]:
        """As ``FormulasSession`` does."""
        return super().recalculate(overrides) if overrides else _by_cell(self._cells, self.stored)

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

    def _swept(self, order: Sequence[Node], held: Mapping[int, Column], count: int, *, judged: bool) -> list[Column]:
        if judged or count > sweeping.room(self._start) or self._circular:
            return super()._swept(order, held, count, judged=judged)
        self._asked.add(
            _key(held, count, judged=False)
        )  # whatever is asked of the original is asked of the others as well
        return sweeping.finished(self.remembered(held, count, judged=False) or ())

    def remembered(self, held: Mapping[int, Column], count: int, *, judged: bool) -> list[sweeping.Entry] | None:
        """Every place's entry in such a sweep; None the first time that anybody asks for it, who may never do so again."""
        if count > sweeping.room(self._start):
            return None
        key = _key(held, count, judged=judged)
        if key not in self._sweeps:
            if key not in self._asked:
                self._asked.add(key)
                return None
            self._sweeps[key] = sweeping.entries(self._order, self._start, held, count, self._plans, judged=judged)
            while len(self._sweeps) > 1 and sum(map(_size, self._sweeps.values())) > _KEPT:
                self._sweeps.popitem(last=False)
        self._sweeps.move_to_end(key)
        return self._sweeps[key]


class Variant(FormulasSession):
    """A session of a workbook that holds something else than the original in the ``changed`` cells only."""

    @collector.paused()
    def __init__(self, workbook: Workbook, original: Original, changed: Sequence[Cell]) -> None:
        self._original = original
        self._workbook = workbook
        self._programs, self._plans = original._programs, original._plans
        self._known = len(original._places)
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
        self._order, self._circular = in_order(self._nodes, frozenset())
        self._cells = list(self._places)
        self._start += reversed(self._constants)

    @property
    def circular(self) -> bool:
        """Whether any formulas are on a circle."""
        return bool(self._circular)

    def like(self, workbook: Workbook) -> FormulasSession:
        """A session of another workbook, as the original gives it."""
        return self._original.like(workbook)

    def recalculate(self, overrides: Mapping[Cell, Value]) -> dict[Cell, Value]:
        """As ``FormulasSession`` does."""
        if overrides:
            return super().recalculate(overrides)
        known = cast("list[Value]", self._known_before(self._original.stored, ()))  # of one set every entry is a value
        return _by_cell(self._cells, _computed(self._following(()), known))

    def _swept(self, order: Sequence[Node], held: Mapping[int, Column], count: int, *, judged: bool) -> list[Column]:
        before = self._original.remembered(held, count, judged=judged)
        if before is None or any(place >= self._known for place in held):
            return super()._swept(order, held, count, judged=judged)
        known = self._known_before(before, () if judged else held)
        cone = self._following(held if judged else ())
        given = self._start, held, count, self._plans
        return sweeping.finished(sweeping.entries(cone, *given, judged=judged, known=known, fresh=self._anew))

    def _known_before(self, before: Sequence[sweeping.Entry], held: Collection[int]) -> list[sweeping.Entry]:
        """What is known of every place: of the original's what it has come to, but for those that hold something else."""
        found: list[sweeping.Entry] = [*before[: self._known], *self._start[self._known :]]
        for place in self._anew.difference(held):
            found[place] = self._start[place]
        return found

    def _following(self, held: Collection[int]) -> list[Node]:
        """The formulas that are new, or read what follows from one of them; nobody reads what a held place comes to."""
        changed = set(self._anew).difference(held)
        found: list[Node] = []
        for node in self._order:
            if not self._anew.isdisjoint(node.results) or any(
                places in changed if isinstance(places, int) else not changed.isdisjoint(places)
                for places in node.arguments
            ):
                found.append(node)
                changed.update(place for place in node.results if place not in held)
        return found


def _computed(order: Sequence[Node], values: list[Value]) -> list[Value]:
    with np.errstate(all="ignore"):  # an overflow is an Excel error value, and is looked for as such
        for node in order:
            compute(node, values)
    return values


def _by_cell(cells: Sequence[Cell], values: Sequence[Value]) -> dict[Cell, Value]:
    plain = [float(value) if type(value) is Residue else value for value in values]
    return dict(zip(cells, plain, strict=False))  # the constants have no cells


def _key(held: Mapping[int, Column], count: int, *, judged: bool) -> bytes:
    found = hashlib.blake2b(f"{count} {judged}".encode(), digest_size=16)
    for place, column in held.items():
        found.update(place.to_bytes(8))
        found.update(column.tobytes() if isinstance(column, np.ndarray) else repr(column).encode())
    return found.digest()


def _size(entries: Sequence[sweeping.Entry]) -> int:
    return sum(entry.size if isinstance(entry, np.ndarray) else 1 for entry in entries)
