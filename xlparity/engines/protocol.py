"""The interface of engines: an engine loads a workbook, and the session that it returns recalculates samples."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from xlparity.excel.address import Cell
from xlparity.excel.batch import Batch
from xlparity.excel.columns import Column, column_of, value_in
from xlparity.excel.values import BLANK, Value
from xlparity.excel.workbook import Workbook

Values: TypeAlias = Mapping[Cell, Value]
"""The value of every cell with contents in one sample; any other cell is blank."""

ONE_AT_A_TIME = 9
"""The most samples of an engine that computes one at a time, the stored inputs included: each takes up to two seconds."""


class Session(Protocol):
    """A loaded workbook that can be recalculated again and again."""

    def recalculate(self, overrides: Mapping[Cell, Column], samples: int = 1) -> Batch:
        """Every cell's value in each sample, with the overrides in place of the cells' contents, formulas included."""
        ...


def one_by_one(
    compute: Callable[[Sequence[Values]], Iterable[Values]], overrides: Mapping[Cell, Column], samples: int
) -> Batch:
    """The batch of an engine that computes one sample at a time; ``compute`` gives the values for each sample's overrides."""
    each = [{cell: value_in(column, sample) for cell, column in overrides.items()} for sample in range(samples)]
    found = list(compute(each))
    cells = dict.fromkeys(cell for values in found for cell in values)
    return Batch.of({cell: column_of([values.get(cell, BLANK) for values in found]) for cell in cells}, samples)


class Engine(Protocol):
    """A program or library that computes what Excel computes; cells that it does not support are Unsupported."""

    name: str
    recomputes: bool
    most_samples: int | None
    """The number of samples that it computes in reasonable time, the stored inputs included; None for no limit."""

    @property
    def version(self) -> str:
        """The version of the program or library that computes."""
        ...

    def load(self, workbook: Workbook) -> Session:
        """A session of the workbook, ready to be recalculated."""
        ...


@dataclass(frozen=True, slots=True)
class Described:
    """The constant ``ENGINE`` of an engine's module, which the registry reads.

    ``make`` gives the engine, or raises UsageError where it cannot run here. ``kind`` says where it computes, ``note`` what it
    is. ``settles`` says that it may compute cells that others do not support; an engine that is ``built_on`` another
    supports nothing that the other does not.
    """

    make: Callable[[], Engine]
    kind: str
    note: str
    settles: bool = True
    built_on: str | None = None
