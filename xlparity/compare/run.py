"""A run: the comparison of one check with one engine over all samples, as arrays; and the workbook loaded into the engine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from xlparity.compare.expected import Bools, Elements, cases
from xlparity.engines.protocol import Engine, Session, Values
from xlparity.excel.address import Cell
from xlparity.excel.batch import NUMERIC, Batch, Kinds
from xlparity.excel.columns import Column, Floats, value_in
from xlparity.excel.values import ErrorValue, Value
from xlparity.excel.workbook import Workbook
from xlparity.results.report import CellResult, CheckResult
from xlparity.results.rules import DISPUTED
from xlparity.spec.binding import Binding
from xlparity.spec.check import Check

_BEYOND_RANGE = ("#NUM!", "#DIV/0!")  # Excel's errors where numpy continues with an infinity


class StoredValues(Mapping[Cell, Value]):
    """The values of a workbook's cells on the stored inputs, recalculated when one is asked for that is no plain constant.

    Most checks ask for constants alone until all samples are recalculated, of which sample 0 has the stored inputs.
    """

    def __init__(self, loaded: "Loaded") -> None:
        self._constants = loaded.book.cells if loaded.engine.most_samples is None else {}
        self._recalculate = loaded.session.recalculate
        self._batch: Batch | None = None

    @property
    def batch(self) -> Batch:
        """The values as a batch of one sample."""
        if self._batch is None:
            self._batch = self._recalculate({})
        return self._batch

    def known(self, batch: Batch) -> None:
        """Takes the values from sample 0 of a batch."""
        if self._batch is None:
            self._batch = batch.sample(0)

    @cached_property
    def _all(self) -> Values:
        return self.batch.values_in(0)

    def __getitem__(self, cell: Cell) -> Value:
        if isinstance(constant := self._constants.get(cell), float | bool | str):
            return constant
        return self._all[cell]

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


@dataclass(frozen=True)
class Loaded:
    """A workbook loaded into an engine, and the values of its cells on the stored inputs."""

    book: Workbook
    engine: Engine
    session: Session

    @classmethod
    def of(cls, book: Workbook, engine: Engine, session: Session | None = None) -> "Loaded":
        """The workbook, loaded; the session is its own where there is one already."""
        return cls(book, engine, engine.load(book) if session is None else session)

    @cached_property
    def values(self) -> StoredValues:
        """The values of all cells on the stored inputs."""
        return StoredValues(self)

    @property
    def source(self) -> str:
        """What messages say that the values are from."""
        by = "" if self.engine.name == "formulas" else f", computed by {self.engine.name}"
        return f"{self.book.path}{by}"


@dataclass(frozen=True)
class Run:
    """One check, one engine, and the samples that are kept: sample 0 has the stored inputs.

    Arrays are (samples, bindings). ``expected`` is nan where the reference gave no value for the cell, and ``kinds`` say what its
    numbers stand for, as in ``Expected``. ``counted``, (samples,), says for which samples the reference was defined. ``wrong``
    are the cells that differ from the expected value, ``unsure`` those that cannot be assessed, ``indeterminate`` those that
    differ within rounding error. ``inputs`` has the columns of every cell that contains an input of the check, or that any
    sample sets. ``values`` are the engine's values of every cell on the stored inputs. ``elements`` say how the reference's
    arrays are read. ``speaking`` says of all samples, those that are not kept among them, in which the check compares.
    """

    check: Check
    result: CheckResult
    expected: Floats
    kinds: Kinds
    counted: Bools
    wrong: Bools
    unsure: Bools
    indeterminate: Bools
    inputs: Mapping[Cell, Column]
    values: Mapping[Cell, Value]
    elements: Elements | None = None
    speaking: Bools | None = None

    @property
    def name(self) -> str:
        """The name of the check."""
        return self.check.name

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """The bound cells, in the order of the arrays."""
        return self.check.cells.bindings

    @property
    def results(self) -> tuple[CellResult, ...]:
        """The result of each bound cell on the stored inputs."""
        return self.result.results

    @property
    def samples(self) -> int:
        """How many samples are kept, the stored inputs included."""
        return len(self.counted)

    @property
    def own(self) -> bool:
        """Whether the run's engine is ``formulas``, which also evaluates formulas alone for the diagnosis."""
        return self.result.engine == "formulas"

    def numeric(self, indices: Sequence[int]) -> bool:
        """Whether the reference gives nothing but numbers and truth values for these bindings."""
        return bool(np.isin(self.kinds[:, list(indices)], NUMERIC).all())

    @cached_property
    def disputed(self) -> frozenset[Cell]:
        """The cells that another engine finds right, and that are not proved wrong."""
        return frozenset(cell for found in self.result.findings if found.code in DISPUTED for cell in found.cells)

    @cached_property
    def _overflowing(self) -> dict[int, bool]:
        return {}

    def overflows(self, sample: int) -> bool:
        """Whether a step of the reference overflows, exceeding the range of doubles, in this sample."""
        if sample not in self._overflowing:  # cached, since many cells ask about the same sample
            read = {cell for given in self.check.inputs for cell in given.cells()}
            case = next(cases(self.check, {cell: value_in(self.inputs[cell], sample) for cell in read}, 1))
            found = case is not None and self.check.reference.overflows(case, self.check.iterations, self.check.own)
            self._overflowing[sample] = found
        return self._overflowing[sample]

    def excused(self, column: Column, samples: Sequence[int]) -> Bools:
        """In which of the samples the column has an error value because of an overflow, where the reference overflows as well.

        Excel has #NUM! for 1/(1+EXP(800)), and numpy has 0: that is no fault of the formula.
        """
        found = np.zeros(len(samples), dtype=bool)
        if isinstance(column, tuple | ErrorValue):
            values = (value_in(column, at) for at in range(len(samples)))
            beyond = [at for at, v in enumerate(values) if isinstance(v, ErrorValue) and v.code in _BEYOND_RANGE]
            found[beyond] = [self.overflows(samples[at]) for at in beyond]
        return found
