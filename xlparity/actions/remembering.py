"""References that remember what they gave: many workbooks with the same inputs are compared with one reference."""

from collections import OrderedDict
from collections.abc import MutableMapping
from dataclasses import dataclass, field

from xlparity.spec.case import Case
from xlparity.spec.reference import Reference, Trace, Wanted

MEMORY = 64 << 20
"""Bytes of arrays that a worker remembers: what a hundred scenarios of the course's largest workbook take."""


@dataclass(frozen=True)
class RememberingReference(Reference):
    """A reference with what it gave for earlier inputs, and how many seconds that took.

    Errors are not remembered: what is known of failed and unfinished calls belongs to the workbook that they were made for.
    """

    known: MutableMapping[object, tuple[Trace, float]] = field(default_factory=dict, compare=False)

    def trace(
        self, case: Case, iterations: int | None, wanted: Wanted, *, quiet: bool = False, partial: bool = False
    ) -> Trace:
        """The reference's trace, remembered where possible."""
        key = self.name, iterations, wanted, partial, *case.key
        found = self.known.get(key)
        if found is None:
            trace = Reference.trace(self, case, iterations, wanted, quiet=quiet, partial=partial)
            self.known[key] = trace, self.patience.took
            return trace
        if not quiet:
            self.patience.took = found[1]  # by which the time for other calls is limited
        return found[0]


class Memory(OrderedDict[object, tuple[Trace, float]]):
    """Traces by their calls, at most ``MEMORY`` bytes of them: those that were asked for last."""

    def __init__(self) -> None:
        super().__init__()
        self._size = 0

    def get(self, key: object, default: object = None) -> tuple[Trace, float] | None:  # type: ignore[override]
        """The trace and the seconds, or None."""
        if key not in self:
            return None
        self.move_to_end(key)
        return self[key]

    def __setitem__(self, key: object, value: tuple[Trace, float]) -> None:
        super().__setitem__(key, value)
        self._size += _size(value[0])
        while self._size > MEMORY and len(self) > 1:
            self._size -= _size(self.popitem(last=False)[1][0])


def _size(trace: Trace) -> int:
    return sum(array.nbytes for step in trace for array in step.values())
