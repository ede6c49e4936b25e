"""A workbook's formulas over many sets of inputs at once: vectors where the numbers allow it, else set by set.

What varies from set to set is an array of finite floats as long as it can be. A ``Mixed`` has something else in a few of
its sets, an error value say, or what a subtraction left; these sets take the scalar path and the others do not.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from xlparity.columns import Column, Floats
from xlparity.engines.formulas.guards import Residue
from xlparity.engines.formulas.nodes import Node, compute
from xlparity.engines.formulas.plans import Mask, Plan, plan
from xlparity.values import Blank, ErrorValue, Value

_LARGEST = 20_000_000
_NOT_AVAILABLE = ErrorValue("#N/A")
_STAND_IN = 1.0  # for an error value, in a formula that comes to that whatever the number

Plans: TypeAlias = dict[tuple[int, tuple[tuple[int, int], ...]], Plan | None]
"""Plans by the identity of their program, which lives as long as they do, and the shapes of its arguments."""


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """One value a set, of which not all are plain finite floats: ``floats`` has nan for those that are ``odd``."""

    values: tuple[Value, ...]
    floats: Floats
    odd: Mask


Entry: TypeAlias = Value | Floats | Mixed
"""A place's value while a sweep goes on: one for all sets, or what varies."""


def swept(
    order: Sequence[Node], start: Sequence[Value], held: Mapping[int, Column], count: int, plans: Plans, *, judged: bool
) -> list[Column]:
    """What each place comes to over the sets, the held ones instead of what ``start`` has there.

    A formula in a held place is not computed, or if ``judged``, it is, and its value returned, but nobody reads it.
    """
    at_once = room(start)
    parts = []
    for first in range(0, count, at_once):
        sets = range(first, min(first + at_once, count))
        now = {place: _entry(column, count, sets) for place, column in held.items()}
        parts.append(finished(_Sweep(start, now, len(sets), plans, judged=judged).run(order)))
    sizes = [min(at_once, count - first) for first in range(0, count, at_once)]
    return parts[0] if len(parts) == 1 else [_joined(columns, sizes) for columns in zip(*parts, strict=True)]


def entries(
    order: Sequence[Node],
    start: Sequence[Value],
    held: Mapping[int, Column],
    count: int,
    plans: Plans,
    *,
    judged: bool,
    known: Sequence[Entry] | None = None,
    fresh: Collection[int] = (),
) -> list[Entry]:
    """Every place's entry over all the sets at once, as in ``swept``.

    What is not in the ``order`` is as it is ``known``, but for ``fresh`` places, which hold something else than when that was.
    """
    now = {place: _entry(column, count, range(count)) for place, column in held.items()}
    found = _Sweep(start, now, count, plans, judged=judged, known=known).run(order)
    if judged and known is not None:  # what formulas in held places have come to, and nobody has read
        computed = {place for node in order for place in node.results}
        for place in now.keys() - computed.union(fresh):
            found[place] = known[place]
    return found


def finished(entries: Sequence[Entry]) -> list[Column]:
    """The columns of these entries."""
    return [_finished(entry) for entry in entries]


def room(start: Sequence[Value]) -> int:
    """How many sets of so many places are swept at once."""
    return max(1, _LARGEST // max(1, len(start)))


def _entry(column: Column, count: int, sets: range) -> Entry:
    """The part of a given column that belongs to these sets, without negative zeros, which Excel has not got."""
    if not isinstance(column, np.ndarray | tuple):
        return _without_sign(column)
    if len(column) != count:
        raise ValueError(f"a column of {len(column)} values for {count} sets")
    part = column[sets.start : sets.stop]
    if isinstance(part, tuple):
        return _gathered(tuple([_without_sign(value) for value in part]))
    return _settled(part + 0.0) if np.isfinite(part).all() else _gathered(part + 0.0)


def _without_sign(value: Value) -> Value:
    return 0.0 if type(value) is float and value == 0 else value


def _settled(floats: Floats) -> Entry:
    """Finite floats, or the one that they all are."""
    first = float(floats[0])
    return first if first == floats[-1] and (floats == first).all() else floats


def _gathered(values: Sequence[Value] | Floats) -> Entry:
    """The entry of these values, one a set, in its plainest form."""
    values = values.tolist() if isinstance(values, np.ndarray) else values
    odd = [not _is_plain(value) for value in values]
    if not any(odd):
        return _settled(np.array(values, dtype=float))
    first = values[0]
    if all(type(value) is type(first) and value == first for value in values):
        return first
    floats = np.array([math.nan if strange else value for value, strange in zip(values, odd, strict=True)], dtype=float)
    return Mixed(tuple(values), floats, np.array(odd))


def _is_plain(value: Value) -> bool:
    return type(value) is float and math.isfinite(value)


def _finished(entry: Entry) -> Column:
    """The column, in which a doubtful number is a number like any other."""
    if isinstance(entry, Mixed):
        values = tuple([float(value) if type(value) is Residue else value for value in entry.values])
        found = _gathered(values)
        return found.values if isinstance(found, Mixed) else found
    return float(entry) if type(entry) is Residue else entry


def _joined(columns: Sequence[Column], sizes: Sequence[int]) -> Column:
    """One column of several, each over so many sets."""
    first = columns[0]
    if not any(isinstance(column, np.ndarray | tuple) for column in columns) and all(
        type(column) is type(first) and column == first for column in columns
    ):
        return first
    if all(isinstance(column, np.ndarray) or _is_plain(column) for column in columns):  # type: ignore[arg-type]
        return np.concatenate([np.broadcast_to(column, size) for column, size in zip(columns, sizes, strict=True)])  # type: ignore[arg-type]
    values: list[Value] = []
    for column, size in zip(columns, sizes, strict=True):
        listed = column.tolist() if isinstance(column, np.ndarray) else column
        values += listed if isinstance(listed, list | tuple) else [listed] * size
    return tuple(values)


class Errors:
    """The error value that a formula is given in each of the sets, if any; where it is given several, they ``clash``."""

    def __init__(self, count: int) -> None:
        self.clash = np.zeros(count, dtype=bool)
        self._values: list[ErrorValue | None] = [None] * count
        self._any = False

    def __bool__(self) -> bool:
        return self._any

    def note(self, error: ErrorValue, sets: Mask) -> None:
        """The error value is given in these sets."""
        for number in np.flatnonzero(sets).tolist():
            self.clash[number] |= self._values[number] not in (None, error)
            self._values[number] = error
        self._any = True

    def taken(self, entry: Mixed) -> tuple[Floats, Mask]:
        """The entry's numbers, others standing in for its error values, which are noted; and what else in it is odd."""
        floats, odd = entry.floats.copy(), entry.odd.copy()
        for number in np.flatnonzero(entry.odd).tolist():
            value = entry.values[number]
            if isinstance(value, ErrorValue):
                self.clash[number] |= self._values[number] not in (None, value)
                self._values[number], self._any = value, True
                floats[number], odd[number] = _STAND_IN, False
        return floats, odd

    def over(self, found: Any) -> Any:
        """What a plan found, with the error values in their sets."""
        listed = found.astype(object)
        for number, value in enumerate(self._values):
            if value is not None:
                listed[number] = value
        return listed


class _Sweep:
    """One sweep under way: the entries so far, and a list of single values in which to compute one set.

    That list holds what does not vary, at any time; its other places are for the set that is being computed.
    """

    def __init__(
        self,
        start: Sequence[Value],
        held: Mapping[int, Entry],
        count: int,
        plans: Plans,
        *,
        judged: bool,
        known: Sequence[Entry] | None = None,
    ) -> None:
        self.values = [*start]
        self.entries: list[Entry] = [*start]
        for place, entry in enumerate(known or ()):
            self._write(place, entry)
        self.held, self.count, self.plans, self.judged = held, count, plans, judged

    def run(self, order: Sequence[Node]) -> list[Entry]:
        """Every place's entry."""
        for place, entry in self.held.items():
            self._write(place, entry)
        judged: dict[int, Entry] = {}
        with np.errstate(all="ignore"):  # an overflow is an Excel error value, and is looked for as such
            for node in order:
                if self.judged or not all(map(self.held.__contains__, node.results)):
                    for place, entry in zip(node.results, self._results(node), strict=True):
                        if place not in self.held:
                            self._write(place, entry)
                        else:
                            judged[place] = entry
                            self._write(place, self.held[place])
        for place, entry in judged.items() if self.judged else ():
            self.entries[place] = entry
        return self.entries

    def _write(self, place: int, entry: Entry) -> None:
        self.entries[place] = entry
        if not isinstance(entry, np.ndarray | Mixed):
            self.values[place] = entry

    def _results(self, node: Node) -> Sequence[Entry]:
        """What the node writes into its places."""
        varying = [place for place in _places(node) if isinstance(self.entries[place], np.ndarray | Mixed)]
        if not varying:
            compute(node, self.values)
            return [self.values[place] for place in node.results]
        if node.program.fast is not None and not node.program.steps:  # a copy of another cell
            entry = self.entries[varying[0]]
            if isinstance(entry, np.ndarray):
                return (entry,)
        found = self._vectors(node, varying)
        return [_gathered(each) for each in self._each(node, varying, range(self.count))] if found is None else found

    def _vectors(self, node: Node, varying: Sequence[int]) -> list[Entry] | None:
        """What the node writes, where most of it can be computed by vectors."""
        made = self._plan(node)
        errors = Errors(self.count)
        given = None if made is None else self._arguments(node, made, errors)
        if made is None or given is None:
            return None
        arguments, doubts = given
        try:
            found = made.run(arguments, doubts)
        except Exception:  # whatever it was, the scalar path decides what Excel makes of it
            return None
        fitted = _fitted(found, node.block, self.count)
        if not doubts and not errors:
            return [_settled(one) if one.dtype == float else _gathered(one) for one in fitted]
        doubtful = np.zeros(self.count, dtype=bool)
        for doubt in doubts:
            doubtful |= doubt.any(axis=(0, 1)) if doubt.ndim == 3 else doubt
        if errors:
            fitted = [errors.over(one) for one in fitted]
        numbers: list[int] = np.flatnonzero(doubtful).tolist()
        if not numbers:
            return [_gathered(one) for one in fitted]
        if len(numbers) == self.count:
            return None
        mended = self._each(node, varying, numbers)
        return [_mended(one, numbers, values) for one, values in zip(fitted, mended, strict=True)]

    def _plan(self, node: Node) -> Plan | None:
        key = id(node.program), node.shapes
        if key not in self.plans:
            self.plans[key] = plan(node.program, node.shapes)
        made = self.plans[key]
        if made is None or (node.spills and made.known.table != node.block):
            return None
        if any(1 < size < cells for size, cells in zip(made.known.table, node.block, strict=True)):
            return None  # what Excel shows in the other cells, the scalar path knows
        return made if all(full is None or k in made.ignoring for k, full in enumerate(node.full)) else None

    def _arguments(self, node: Node, made: Plan, errors: Errors) -> tuple[list[Any], list[Mask]] | None:
        """The plan's arguments, and in which sets each is odd; None where a value that does not vary is no float.

        Where the plan hands on any error value that it is given, these are noted in ``errors``, a number in their place.
        """
        strict = made.strict and node.block == (1, 1)
        arguments: list[Any] = []
        doubts: list[Mask] = []
        for slot, (places, shape) in enumerate(zip(node.arguments, node.shapes, strict=True)):
            found: list[float | Floats] = []
            for place in (places,) if isinstance(places, int) else places:
                entry = self.entries[place]
                if type(entry) is float or isinstance(entry, np.ndarray):
                    found.append(entry)
                elif isinstance(entry, Mixed):
                    floats, odd = errors.taken(entry) if strict else (entry.floats, entry.odd)
                    found.append(floats)
                    doubts += [odd] if odd.any() else []
                elif strict and isinstance(entry, ErrorValue):
                    errors.note(entry, np.ones(self.count, dtype=bool))
                    found.append(_STAND_IN)
                elif not (slot in made.ignoring and isinstance(entry, str | bool | Blank)):
                    return None
            if isinstance(places, int) and found:
                arguments.append(found[0])
            else:
                whole = len(found) == shape[0] * shape[1]
                arguments.append(_stacked(found, shape if whole else (len(found), 1), self.count))
        if errors.clash.any():  # which of two error values wins, the scalar path knows
            doubts.append(errors.clash)
        return arguments, doubts

    def _each(self, node: Node, varying: Sequence[int], numbers: Sequence[int]) -> list[list[Value]]:
        """The node's values in the sets of these numbers, computed one by one: a list for each of its places."""
        values = self.values
        kept = [
            (place, values[place]) for place in node.results if place in self.held
        ]  # which the node may itself read
        known: dict[tuple[tuple[Value, ...], tuple[type, ...]], list[Value]] = {}
        found: list[list[Value]] = []
        lists = [_listed(self.entries[place], numbers) for place in varying]
        for given in zip(*lists, strict=True):
            key = given, tuple(map(type, given))
            if key not in known:
                for place, value in (*kept, *zip(varying, given, strict=True)):
                    values[place] = value
                compute(node, values)
                known[key] = [values[place] for place in node.results]
            found.append(known[key])
        return [list(each) for each in zip(*found, strict=True)]


def _places(node: Node) -> Iterator[int]:
    """Every place that the node reads."""
    for places in node.arguments:
        if isinstance(places, int):
            yield places
        else:
            yield from places


def _listed(entry: Entry, numbers: Sequence[int]) -> list[Value]:
    """The values in the sets of these numbers, of what varies."""
    if isinstance(entry, np.ndarray):
        return entry[numbers].tolist()  # type: ignore[no-any-return]
    return [entry.values[number] for number in numbers] if isinstance(entry, Mixed) else [entry] * len(numbers)


def _stacked(found: Sequence[float | Floats], shape: tuple[int, int], count: int) -> Any:
    """A range as (rows, columns, sets), or (rows, columns, 1) where nothing in it varies."""
    varies = any(isinstance(each, np.ndarray) for each in found)
    table = np.empty((len(found), count if varies else 1))
    for row, each in enumerate(found):
        table[row] = each
    return table.reshape(*shape, -1) if found else table.reshape(0, 1, count)


def _fitted(found: Any, block: tuple[int, int], count: int) -> list[Any]:
    """A result fitted into a block of cells as ``operands.to_values`` does it, an array over sets for each, row by row."""
    array = np.asarray(found)
    if array.dtype == float:
        array = array + 0.0  # Excel has no negative zero
    if block == (1, 1) and array.shape == (count,):
        return [array]
    rows, columns = array.shape[:2] if array.ndim == 3 else (1, 1)
    table = np.broadcast_to(array, (rows, columns, count))
    lacking = np.full(count, _NOT_AVAILABLE, dtype=object)
    fitted: list[Any] = []
    for row in range(block[0]):
        for column in range(block[1]):
            r, c = (0 if rows == 1 else row), (0 if columns == 1 else column)
            fitted.append(table[r, c] if r < rows and c < columns else lacking)
    return fitted


def _mended(found: Any, numbers: Sequence[int], values: Sequence[Value]) -> Entry:
    """What a plan found, with these values instead in the sets of these numbers."""
    if found.dtype == float and all(map(_is_plain, values)):
        floats = found.copy()
        floats[numbers] = values
        return _settled(floats)
    listed = found.tolist()
    for number, value in zip(numbers, values, strict=True):
        listed[number] = value
    return _gathered(listed)
