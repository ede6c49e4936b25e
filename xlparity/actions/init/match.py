"""Matches the drafted quantities with the reference's names; both sides may have unmatched ones."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from xlparity.actions.init.likeness import is_number
from xlparity.actions.init.loops import Loop
from xlparity.actions.init.names import SAME_WORDS, fit, identifier
from xlparity.actions.init.quantities import Quantity
from xlparity.actions.init.survey import CellKind
from xlparity.engines.registry import find_engine
from xlparity.errors import OracleError
from xlparity.excel.address import Cell, Range
from xlparity.excel.workbook import Workbook
from xlparity.spec.binding import Twin
from xlparity.spec.case import Array, Case
from xlparity.spec.reference import Reference

_MOST_SAID = 6


@dataclass(frozen=True, slots=True)
class Drafted:
    """A line of a spec: a quantity under a name, with remarks.

    ``left_out`` is why the line is a comment, ``skip`` why it is not compared; ``notes`` are for a person to check.
    """

    quantity: Quantity
    name: str
    every_block: bool = False
    also: tuple[Twin[Range], ...] = ()
    transpose: bool = False
    left_out: str = ""
    skip: str = ""
    notes: tuple[str, ...] = field(default=())


def parameters(reference: Reference) -> dict[str, bool]:
    """The names of the reference's parameters, in order, and whether it must be given each."""
    return {
        name: parameter.default is parameter.empty
        for name, parameter in reference.parameters().items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }


def takes_any(reference: Reference) -> bool:
    """Whether the reference has a ``**parameter``, which takes inputs of every name."""
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in reference.parameters().values())


def draft_inputs(
    workbook: Workbook, loop: Loop | None, quantities: Iterable[Quantity], reference: Reference | None
) -> list[Drafted]:
    """The inputs, each under the parameter that its headers fit; equal constants elsewhere are the same input."""
    given = [quantity for quantity in quantities if quantity.kind is not CellKind.FORMULA]
    names = parameters(reference) if reference else {}
    matched = assign(given, names, lambda quantity, name: (0,))
    given, twins = _without_twins(workbook, loop, given, matched)
    lacking = [name for name, needed in names.items() if needed and name not in matched.values()]
    rest = [number for number, quantity in enumerate(given) if quantity not in matched]
    notes: dict[Quantity, tuple[str, ...]] = {}
    if len(lacking) == len(rest) == 1:
        matched[given[rest[0]]] = lacking[0]
        notes[given[rest[0]]] = ("the one parameter and the one input that were left",)
    left_out = "the reference has no such parameter" if reference and not takes_any(reference) else ""
    taken = set(names)
    drafted: list[Drafted] = []
    for quantity in given:
        name = matched.get(quantity) or unique(quantity, taken)
        repeated, differing = _repeats(workbook, loop, quantity)
        handed_on = ("set in the first block",) if quantity.kind is CellKind.STATE else ()
        drafted.append(
            Drafted(
                quantity,
                name,
                repeated,
                tuple(twins.get(quantity, ())),
                left_out="" if quantity in matched else left_out,
                notes=(*notes.get(quantity, ()), *handed_on, *differing),
            )
        )
    return drafted


def draft_outputs(
    quantities: Iterable[Quantity], inputs: Sequence[Drafted], shapes: Mapping[str, tuple[int, ...]] | None
) -> list[Drafted]:
    """The outputs, each under the name that the reference gives it; without ``shapes`` its names are unknown."""
    given = _joined([quantity for quantity in quantities if quantity.kind is not CellKind.INPUT], shapes or {})
    states = {drafted.quantity: drafted.name for drafted in inputs}
    unset = {drafted.quantity for drafted in inputs if drafted.left_out}

    def suits(quantity: Quantity, name: str) -> tuple[int, ...] | None:
        fits = fitting((shapes or {})[name], quantity.at.shape) is not None
        closest = max((fit(text, name) for text in quantity.texts), default=0)
        # A bias in one cell where the reference has a row is a finding that a person should see, not another quantity.
        return (int(fits),) if fits or closest >= SAME_WORDS else None

    handed_on = {quantity: states[quantity] for quantity in given if states.get(quantity) in (shapes or {})}
    others = [quantity for quantity in given if quantity not in handed_on]
    free = [name for name in shapes or () if name not in handed_on.values()]
    matched = {**assign(others, free, suits), **handed_on}
    taken = {*(shapes or ()), *(states[quantity] for quantity in given if quantity in states)}
    drafted: list[Drafted] = []
    for quantity in given:
        name = matched.get(quantity) or states.get(quantity) or unique(quantity, taken)
        begins = "a constant in the first block" if quantity in unset else "from the second block on"
        line = Drafted(quantity, name, notes=(begins,) if quantity.kind is CellKind.STATE else _typed_over(quantity))
        if shapes is not None and quantity not in matched:
            line = replace(line, left_out="the reference gives nothing of this name")
        elif shapes is not None:
            turned = fitting(shapes[name], quantity.at.shape)
            misfit = "" if turned is not None else f"it has shape {shapes[name]} in the reference"
            line = replace(line, transpose=bool(turned), notes=(*line.notes, *filter(None, (misfit,))))
        drafted.append(line)
    if all(line.left_out for line in drafted):
        number, line = _one_left_in(drafted, shapes or {}, {drafted.name for drafted in inputs})
        drafted[number] = line
    return drafted


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


def _one_left_in(
    drafted: Sequence[Drafted], shapes: Mapping[str, tuple[int, ...]], inputs: Container[str]
) -> tuple[int, Drafted]:
    """The place of the first line that has the size of something that the reference gives, and that line under its name.

    The first line, skipped, where there is none: a spec has at least one output.
    """
    for number, line in enumerate(drafted):
        for name, shape in shapes.items():
            turned = fitting(shape, line.quantity.at.shape)
            if name not in inputs and turned is not None:
                sentence = (*line.notes, "by its size only: the reference gives nothing of a name on the sheet")
                return number, replace(line, name=name, transpose=turned, left_out="", notes=sentence)
    return 0, replace(drafted[0], left_out="", skip=f"{drafted[0].left_out}, and nothing of this size")


def _typed_over(quantity: Quantity) -> tuple[str, ...]:
    cells = [cell.a1 for cell in quantity.hard_coded]
    more = f" and {len(cells) - _MOST_SAID} more" if len(cells) > _MOST_SAID else ""
    return (f"no formula in {', '.join(cells[:_MOST_SAID])}{more}",) if cells else ()


def assign(
    quantities: Sequence[Quantity], names: Iterable[str], suits: Callable[[Quantity, str], tuple[int, ...] | None]
) -> dict[Quantity, str]:
    """Each quantity with the name that its texts fit best, each name once; None from ``suits`` forbids a pair.

    Where two fit alike, the one on the sheet that has more of the names.
    """
    pairs: list[tuple[Quantity, str, tuple[int, ...], tuple[int, ...]]] = []
    homes: dict[str, set[str]] = defaultdict(set)
    for order, quantity in enumerate(quantities):
        for name in names:
            places = enumerate(quantity.texts)
            fits = [(fit(text, name), int(name == identifier(text)), -place, -len(text)) for place, text in places]
            best = max(fits, default=(0,))
            liked = suits(quantity, name) if best[0] else None
            if liked is not None:
                pairs.append((quantity, name, (*liked, best[0]), (*best[1:], -order)))
                homes[quantity.at.sheet].add(name)
    ranked = [((*first, len(homes[quantity.at.sheet]), *then), quantity, name) for quantity, name, first, then in pairs]
    matched: dict[Quantity, str] = {}
    for _, quantity, name in sorted(ranked, key=lambda entry: entry[0], reverse=True):
        if quantity not in matched and name not in matched.values():
            matched[quantity] = name
    return matched


def unique(quantity: Quantity, taken: set[str]) -> str:
    """A name for the quantity that none has yet, and that is taken from now on."""
    plain = next(filter(None, map(identifier, quantity.texts)), f"unnamed_{quantity.at.a1.replace(':', '_')}")
    name, count = plain, 1
    while name in taken:
        count += 1
        name = f"{plain}_{count}"
    taken.add(name)
    return name


def fitting(shape: tuple[int, ...], cells: tuple[int, int]) -> bool | None:
    """Whether an array of this shape must be turned to stand in so many rows and columns; None where it cannot."""
    if int(np.prod(shape)) != cells[0] * cells[1]:
        return None
    while len(shape) > 2 and shape[0] == 1:
        shape = shape[1:]
    if shape == cells or len(shape) == 0 or set(shape) == {1} or (len(shape) == 1 and 1 in cells):
        return False
    return True if shape[::-1] == cells else None


def case_of(workbook: Workbook, inputs: Iterable[Drafted]) -> Case:
    """The values of the inputs that are not left out, as a reference takes them; raises OracleError where one has none."""
    given = [drafted for drafted in inputs if not drafted.left_out]
    cells = [cell for drafted in given for cell in drafted.quantity.at.cells()]
    known: Mapping[Cell, object] = workbook.cells
    if not all(is_number(workbook, cell) for cell in cells):  # =1/3 has to be computed
        known = find_engine("formulas").load(workbook).recalculate({})
    values: dict[str, float | Array] = {}
    for drafted in given:
        array = _array(known, drafted.quantity.at)
        if array is None:
            raise OracleError(f"the value of input '{drafted.name}' is not known before it is computed")
        values[drafted.name] = float(array[0, 0]) if array.size == 1 else array
    return Case(values, "on the values in the workbook")


def _array(values: Mapping[Cell, object], at: Range) -> "Array | None":
    """The numbers in the range, or None where not all its cells hold one."""
    numbers = [float(value) for cell in at.cells() if isinstance(value := values.get(cell), float | bool)]
    return np.array(numbers).reshape(at.shape) if len(numbers) == at.size else None


def _repeats(workbook: Workbook, loop: Loop | None, quantity: Quantity) -> tuple[bool, tuple[str, ...]]:
    """Whether the input's values stand in the later blocks again, and what to say about blocks with other ones."""
    if loop is None or quantity.kind is CellKind.STATE or loop.block(quantity.at.first) != 0:
        return False, ()
    cells = list(quantity.at.cells())
    same = [
        all(
            is_number(workbook, cell) and workbook.cells.get(cell.moved(*offset)) == workbook.cells[cell]
            for cell in cells
        )
        for offset in loop.offsets[1:]
    ]
    repeated = 2 * sum(same) >= len(same)
    others = [str(number) for number, equal in enumerate(same, start=2) if not equal]
    if repeated:
        return True, (f"other values stand in block {', '.join(others)}",) if others else ()
    held = any(is_number(workbook, cell) for cell in loop.later(quantity.at.first))
    return False, ("the later blocks hold other values, and the reference is given these",) if held else ()


def _without_twins(
    workbook: Workbook, loop: Loop | None, given: list[Quantity], matched: Mapping[Quantity, str]
) -> tuple[list[Quantity], dict[Quantity, list[Twin[Range]]]]:
    """The inputs that are no second place of another's values, and those places."""
    twins: dict[Quantity, list[Twin[Range]]] = {}
    kept: list[Quantity] = []
    for quantity in sorted(given, key=lambda quantity: quantity not in matched):
        twin = next(filter(None, (_twin(workbook, loop, first, quantity) for first in kept)), None)
        if quantity in matched or twin is None:
            kept.append(quantity)
        else:
            twins.setdefault(twin[0], []).append(twin[1])
    return [quantity for quantity in given if quantity in kept], twins


def _twin(
    workbook: Workbook, loop: Loop | None, first: Quantity, second: Quantity
) -> tuple[Quantity, Twin[Range]] | None:
    """The second place of the first quantity's values; numbers that are few or all equal may be so by chance."""
    kinds = (first.kind, second.kind)
    if first.at.size < 4 or first.at.size != second.at.size or kinds != (CellKind.INPUT, CellKind.INPUT):
        return None
    if _repeats(workbook, loop, first)[0] != _repeats(workbook, loop, second)[0]:
        return None
    values, others = _array(workbook.cells, first.at), _array(workbook.cells, second.at)
    if values is None or others is None or np.ptp(values) == 0:
        return None
    if first.at.shape == second.at.shape and np.array_equal(values, others):
        return (first, Twin(second.at)) if set(first.texts) & set(second.texts) else None
    if first.at.shape == second.at.shape[::-1] and np.array_equal(values.T, others):
        return first, Twin(second.at, transpose=True)
    return None
