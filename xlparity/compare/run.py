"""A run: one check as one engine found it, over all samples; and the workbook that is loaded into the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from xlparity.compare.expected import Bools, Elements, cases
from xlparity.engines.protocol import Engine, Session, Values
from xlparity.excel.address import Cell
from xlparity.excel.columns import Column, Floats, value_in
from xlparity.excel.values import ErrorValue, Value
from xlparity.excel.workbook import Workbook
from xlparity.results.report import CellResult, CheckResult
from xlparity.results.rules import DISPUTED
from xlparity.spec.binding import Binding
from xlparity.spec.check import Check

_BEYOND_RANGE = ("#NUM!", "#DIV/0!")  # what Excel has where numpy goes on with an infinity


@dataclass(frozen=True)
class Loaded:
    """A workbook loaded into an engine, and what its cells come to on the stored inputs."""

    book: Workbook
    engine: Engine
    session: Session
    values: Values

    @classmethod
    def of(cls, book: Workbook, engine: Engine, session: Session | None = None) -> "Loaded":
        """The workbook, loaded and recalculated; the session is its own where there is one already."""
        session = engine.load(book) if session is None else session
        return cls(book, engine, session, session.recalculate({}).values_in(0))

    @property
    def source(self) -> str:
        """What messages say that the values are from."""
        by = "" if self.engine.name == "formulas" else f", computed by {self.engine.name}"
        return f"{self.book.path}{by}"


@dataclass(frozen=True)
class Run:
    """One check, one engine, and the samples as far as they are kept: sample 0 holds the stored inputs.

    Arrays are (samples, bindings). ``expected`` is nan where the reference gave nothing for the cell; ``truths``, (bindings,),
    says whether the reference gives truth values, which ``expected`` has as 0 and 1. ``counted``, (samples,), says for which
    samples the reference was defined. ``wrong`` are the cells that differ from what is expected, ``unsure`` those that cannot be
    assessed, ``shaky`` those that differ within rounding error. ``inputs`` has the columns of every cell that holds an input of
    the check, or that any sample sets. ``values`` are what the engine computes of every cell on the stored inputs. ``elements``
    say how the reference's arrays are read.
    """

    check: Check
    result: CheckResult
    expected: Floats
    truths: Bools
    counted: Bools
    wrong: Bools
    unsure: Bools
    shaky: Bools
    inputs: Mapping[Cell, Column]
    values: Mapping[Cell, Value]
    elements: Elements | None = None

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
        """Whether formulas are evaluated alone by the engine of the run: what another one finds is no finding of it."""
        return self.result.engine == "formulas"

    @cached_property
    def disputed(self) -> frozenset[Cell]:
        """The cells that another engine finds right: nothing is proved against them."""
        return frozenset(cell for found in self.result.findings if found.code in DISPUTED for cell in found.cells)

    @cached_property
    def _overflowing(self) -> dict[int, bool]:
        return {}

    def overflows(self, sample: int) -> bool:
        """Whether the reference leaves the range of doubles on the way, in this sample."""
        if sample not in self._overflowing:  # a thousand cells ask about one sample of a thousand inputs
            read = {cell for given in self.check.inputs for cell in given.at.cells()}
            case = next(cases(self.check, {cell: value_in(self.inputs[cell], sample) for cell in read}, 1))
            found = case is not None and self.check.reference.overflows(case, self.check.iterations, self.check.own)
            self._overflowing[sample] = found
        return self._overflowing[sample]

    def excused(self, column: Column, samples: Sequence[int]) -> Bools:
        """In which of the samples the column has an error value that an overflow makes, through which the reference goes too.

        Excel has #NUM! for the 1/(1+EXP(800)) that numpy makes 0 of: that is no fault of the formula.
        """
        found = np.zeros(len(samples), dtype=bool)
        if isinstance(column, tuple | ErrorValue):
            values = (value_in(column, at) for at in range(len(samples)))
            beyond = [at for at, v in enumerate(values) if isinstance(v, ErrorValue) and v.code in _BEYOND_RANGE]
            found[beyond] = [self.overflows(samples[at]) for at in beyond]
        return found
