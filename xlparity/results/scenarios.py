"""The result of a check in its scenarios: samples of inputs other than the stored ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from xlparity.excel.address import Cell
from xlparity.excel.values import Value


@dataclass(frozen=True, slots=True)
class Counterexample:
    """The smallest change of the stored inputs found that makes ``cell`` wrong: the cells of ``changes`` with new values.

    ``unlimited`` are the names of the changed inputs for which the spec gives no range.
    """

    changes: tuple[tuple[Cell, Value], ...]
    cell: Cell
    expected: Value
    actual: Value
    unlimited: tuple[str, ...] = ()


class Undecided(NamedTuple):
    """The ``cell`` that is undecided in most ``scenarios``, of so many ``cells``, with the ``reason`` as a clause.

    Of cells that are not assessed because of it, ``needs`` is the input that needs a range.
    """

    cell: Cell
    scenarios: int
    reason: str
    cells: int
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class Scenarios:
    """The result of a check in its scenarios: samples of inputs other than the stored ones.

    - ``asked``: how many scenarios were to be drawn; ``seed``: the seed of the draw.
    - ``run``: how many were compared; ``failed``: in how many of these some cell is wrong.
    - ``dropped``: how many were left out, since the reference is undefined there.
    - ``indeterminate``: in how many some cell is undecided that could be assessed in others, since it differs within rounding
      error or by an overflow, or could not be computed; ``replaced``: how many were drawn in place of such ones.
    - ``undecided``: the cell that was undecided most often; ``open``: the same of the cells that are not assessed because of it.
    - ``cells``: the cells that are wrong in any scenario, in the order of the check; ``since``: for each of these the first
      scenario in which it is wrong, from 0.
    - ``unsure``: the cells that could not be assessed: not computed by the engine in some scenario, or within rounding error
      in every one.
    - ``smallest``: the smallest change of inputs that makes a cell wrong.
    - ``kept``: by input, the cells that had their stored value in every scenario, although the spec lets the input vary.
    - ``unfinished``: the reference did not return for some scenarios, and was not called for the rest; both are ``dropped``.
    - ``failures``: sentences on what the reference raised or returned in some scenarios, because of a fault in it.
    """

    seed: int
    run: int = 0
    failed: int = 0
    dropped: int = 0
    cells: tuple[Cell, ...] = ()
    unsure: tuple[Cell, ...] = ()
    since: tuple[int, ...] = ()
    indeterminate: int = 0
    smallest: Counterexample | None = None
    asked: int | None = None
    kept: Mapping[str, tuple[Cell, ...]] = field(default_factory=dict)
    unfinished: bool = False
    failures: tuple[str, ...] = ()
    replaced: int = 0
    undecided: Undecided | None = None
    open: Undecided | None = None

    @property
    def agreeing(self) -> int:
        """In how many scenarios all cells agree that are nowhere wrong and could be assessed."""
        return self.run - self.indeterminate

    @property
    def computed(self) -> int:
        """How many scenarios the engine computed. Several engines compute the same scenarios, some of them fewer."""
        return self.run + self.dropped
