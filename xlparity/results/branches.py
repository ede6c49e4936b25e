"""What the samples of a run reached: outcomes in formulas and in the reference, and constants that never varied."""

from dataclasses import dataclass
from typing import NamedTuple

from xlparity.excel.address import Cell
from xlparity.excel.values import Value


class Branch(NamedTuple):
    """An outcome of a decision that no sample reached.

    - ``where``: the cell or line, ``Loan!C22`` or ``reference.py:14``.
    - ``what``: the outcome, ``IF(A22<=$B$3) false``, ``A22<=$B$3 equal``, ``VLOOKUP row 7 of B3:C9`` or ``if x > 3: false``.
    - ``cells``: all cells with that relative formula; empty for the reference.
    """

    where: str
    what: str
    cells: tuple[Cell, ...] = ()


class Constant(NamedTuple):
    """A constant that compared formulas read and that no input varies.

    ``where`` and ``value`` are its cell and its value, ``readers`` the compared formulas that read it. A number that is typed
    into a formula is none: where a fault in it cannot be seen, an outcome of the formula is not reached.
    """

    where: Cell
    value: Value
    readers: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Branches:
    """What the samples of a run reached, each with what they did not.

    - ``formulas``: the outcomes of decisions in formulas on which compared cells depend; ``missed``: those not reached.
    - ``reference``: the lines and branches of the reference; ``unreached``: those not reached.
    - ``constants``: the constants that compared formulas read; ``unvaried``: those that no input varies.
    """

    formulas: int = 0
    missed: tuple[Branch, ...] = ()
    reference: int = 0
    unreached: tuple[Branch, ...] = ()
    constants: int = 0
    unvaried: tuple[Constant, ...] = ()

    @property
    def total(self) -> int:
        """How many outcomes, lines, branches and constants there are."""
        return self.formulas + self.reference + self.constants

    @property
    def reached(self) -> int:
        """How many of them were reached or varied."""
        return self.total - len(self.missed) - len(self.unreached) - len(self.unvaried)

    @property
    def share(self) -> float:
        """The share that was reached, 0.0 to 1.0; 1.0 where there is nothing to reach."""
        return self.reached / self.total if self.total else 1.0
