"""References that remember what they gave: many workbooks with the same inputs are compared with one reference."""

from collections import OrderedDict
from collections.abc import MutableMapping
from dataclasses import dataclass, field, fields
from typing import NamedTuple

from xlparity.errors import OracleError
from xlparity.references.case import Case
from xlparity.references.function import Trace, Wanted
from xlparity.spec.reference import Reference

MEMORY = 64 << 20
"""Bytes of arrays that a worker remembers: what a hundred scenarios of the course's largest workbook take."""
_OVERHEAD = 200  # bytes that an entry takes beside its arrays


class Remembered(NamedTuple):
    """What a reference gave, or the error that said that it is undefined, and how many seconds its call took."""

    trace: Trace | OracleError
    took: float


@dataclass(frozen=True)
class RememberingReference(Reference):
    """A reference with what it gave for earlier inputs, and where it is undefined.

    Failed and unfinished calls are not remembered: what is known of them belongs to the workbook that they were made for.
    """

    known: MutableMapping[object, Remembered] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, reference: Reference, known: MutableMapping[object, Remembered]) -> "RememberingReference":
        """The reference with this memory."""
        return cls(**{one.name: getattr(reference, one.name) for one in fields(Reference)}, known=known)

    def expect(self, case: Case, iterations: int | None, wanted: Wanted) -> None:
        """As ``Reference.expect``, unless it is remembered."""
        if (self.name, iterations, wanted, True, *case.key) not in self.known:
            Reference.expect(self, case, iterations, wanted)

    def trace(
        self, case: Case, iterations: int | None, wanted: Wanted, *, quiet: bool = False, partial: bool = False
    ) -> Trace:
        """The reference's trace, or its error, remembered where possible."""
        key = self.name, iterations, wanted, partial, *case.key
        found = self.known.get(key)
        if found is None:
            trace: Trace | OracleError
            try:
                trace = Reference.trace(self, case, iterations, wanted, quiet=quiet, partial=partial)
            except OracleError as error:
                if self.patience.refuses(case) or case.key in self.patience.failed:
                    raise
                trace = error
            found = self.known[key] = Remembered(trace, self.patience.took)
        elif not quiet:
            self.patience.took = found.took  # by which the time for other calls is limited
        if isinstance(found.trace, OracleError):
            raise found.trace
        return found.trace


class Memory(OrderedDict[object, Remembered]):
    """Traces by their calls, at most ``MEMORY`` bytes of them: those that were asked for last."""

    def __init__(self) -> None:
        super().__init__()
        self._size = 0

    def get(self, key: object, default: object = None) -> Remembered | None:  # type: ignore[override]
        """What is remembered, or None."""
        if key not in self:
            return None
        self.move_to_end(key)
        return self[key]

    def __setitem__(self, key: object, value: Remembered) -> None:
        super().__setitem__(key, value)
        self._size += _size(value)
        while self._size > MEMORY and len(self) > 1:
            self._size -= _size(self.popitem(last=False)[1])


def _size(of: Remembered) -> int:
    arrays = () if isinstance(of.trace, OracleError) else [array for step in of.trace for array in step.values()]
    return _OVERHEAD + sum(array.nbytes for array in arrays)
