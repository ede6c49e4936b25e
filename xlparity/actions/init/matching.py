"""Matches the drafted quantities with names by the texts around them; both sides may have unmatched ones."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from xlparity.actions.init.names import fit, identifier
from xlparity.actions.init.quantities import Quantity
from xlparity.excel.address import Range
from xlparity.spec.binding import Twin
from xlparity.spec.reference import Reference


@dataclass(frozen=True, slots=True)
class Drafted:
    """A line of a spec: a quantity under a name, with remarks.

    ``left_out`` is why the line is a comment, ``skip`` why it is not compared; ``notes`` are for a person to check. ``agrees``
    says that values speak for the line, ``sure`` that they also do after other inputs, ``doubt`` what speaks against it.
    """

    quantity: Quantity
    name: str
    every_block: bool = False
    also: tuple[Twin[Range], ...] = ()
    transpose: bool = False
    left_out: str = ""
    skip: str = ""
    notes: tuple[str, ...] = ()
    agrees: bool = False
    sure: bool = False
    doubt: str = ""


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


def assign(quantities: Sequence[Quantity], names: Iterable[str]) -> dict[Quantity, str]:
    """Each quantity with the name that its texts fit best, each name once.

    Where two fit alike, the one on the sheet that has more of the names.
    """
    pairs: list[tuple[Quantity, str, int, tuple[int, ...]]] = []
    homes: dict[str, set[str]] = defaultdict(set)
    for order, quantity in enumerate(quantities):
        for name in names:
            places = enumerate(quantity.texts)
            fits = [(fit(text, name), int(name == identifier(text)), -place, -len(text)) for place, text in places]
            best = max(fits, default=(0,))
            if best[0]:
                pairs.append((quantity, name, best[0], (*best[1:], -order)))
                homes[quantity.at.sheet].add(name)
    ranked = [((first, len(homes[quantity.at.sheet]), *then), quantity, name) for quantity, name, first, then in pairs]
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
    """Whether an array of this shape must be turned to fit so many rows and columns; None where it cannot."""
    if int(np.prod(shape)) != cells[0] * cells[1]:
        return None
    while len(shape) > 2 and shape[0] == 1:
        shape = shape[1:]
    if shape == cells or len(shape) == 0 or set(shape) == {1} or (len(shape) == 1 and 1 in cells):
        return False
    return True if shape[::-1] == cells else None
