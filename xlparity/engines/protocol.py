"""What an engine is: it loads a workbook, and a session of it recalculates as many samples as it is asked for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from xlparity.excel.address import Cell
from xlparity.excel.batch import Batch
from xlparity.excel.columns import Column, column_of, value_in
from xlparity.excel.values import BLANK, Value
from xlparity.excel.workbook import Workbook

Values: TypeAlias = Mapping[Cell, Value]
"""What every cell that holds anything comes to in one sample; a cell that is not there is blank."""

ONE_AT_A_TIME = 9
"""Samples of an engine that computes one at a time, the stored inputs among them: each takes up to a second or two."""


class Session(Protocol):
    """A loaded workbook that can be recalculated again and again."""

    def recalculate(self, overrides: Mapping[Cell, Column], samples: int = 1) -> Batch:
        """Every cell's value in each sample, with the overrides set in place of what the cells hold, formulas included."""
        ...


def one_by_one(
    compute: Callable[[Sequence[Values]], Iterable[Values]],
    workbook: Workbook,
    overrides: Mapping[Cell, Column],
    samples: int,
) -> Batch:
    """The batch of an engine that computes one sample at a time; ``compute`` gives the values for each sample's overrides.

    What a cell holds anyway is no override: the engine is to read it from the file as it does by itself.
    """
    each = [
        {
            cell: value
            for cell, column in overrides.items()
            for value in [value_in(column, sample)]
            if not _holds(workbook, cell, value)
        }
        for sample in range(samples)
    ]
    found = list(compute(each))
    cells = dict.fromkeys(cell for values in found for cell in values)
    return Batch.of({cell: column_of([values.get(cell, BLANK) for values in found]) for cell in cells}, samples)


def _holds(workbook: Workbook, cell: Cell, value: Value) -> bool:
    held = workbook.cells.get(cell, BLANK)
    return cell not in workbook.members and type(held) is type(value) and held == value


class Engine(Protocol):
    """Something that computes what Excel computes, or says that it cannot."""

    name: str
    recomputes: bool
    most_samples: int | None
    """How many samples it computes in reasonable time, the stored inputs among them; None where their number costs little."""

    @property
    def version(self) -> str:
        """The version of what does the computing."""
        ...

    def load(self, workbook: Workbook) -> Session:
        """The workbook, ready to be recalculated."""
        ...


@dataclass(frozen=True, slots=True)
class Described:
    """The constant ``ENGINE`` of an engine's module, which the registry reads.

    ``make`` gives the engine, or raises UsageError where it cannot run here. ``kind`` says where it computes, ``note`` what it
    is. It may compute what others do not support unless ``settles`` is False, or it is ``built_on`` another engine, and then
    supports nothing that this one does not.
    """

    make: Callable[[], Engine]
    kind: str
    note: str
    settles: bool = True
    built_on: str | None = None
