"""What became of a check on other inputs than the stored ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from xlparity.excel.address import Cell
from xlparity.excel.values import Value


@dataclass(frozen=True, slots=True)
class Counterexample:
    """The smallest change of inputs found that makes a cell wrong: these cells set to these values, all others as stored."""

    changes: tuple[tuple[Cell, Value], ...]
    cell: Cell
    expected: float | bool
    actual: Value


@dataclass(frozen=True, slots=True)
class Scenarios:
    """What became of a check on other inputs than the stored ones.

    ``run`` of them were compared and ``failed`` in some cell; ``dropped`` are those for which the reference is undefined,
    ``shaky`` those in which some cell differs by no more than rounding may make of it. ``cells`` are the cells that any of
    them found wrong, in the order of the check, and ``since`` for each of these the first set that did, counted from 0.
    ``unsure`` are the cells that the engine could not compute in some of them, or that rounding kept from being shown to
    follow the reference in any. ``asked`` is how many sets were to be tried. ``kept`` are the cells, by the name of their
    input, that had their stored value in all of them, although the spec does not say that the input does not vary. Where they
    are ``unfinished``, the reference did not return for some, and was not called for the rest, which are among the ``dropped``.
    ``failures`` say of some of these what the reference raised, or gave, because of a fault in it.
    """

    seed: int
    run: int = 0
    failed: int = 0
    dropped: int = 0
    cells: tuple[Cell, ...] = ()
    unsure: tuple[Cell, ...] = ()
    since: tuple[int, ...] = ()
    shaky: int = 0
    smallest: Counterexample | None = None
    asked: int | None = None
    kept: Mapping[str, tuple[Cell, ...]] = field(default_factory=dict)
    unfinished: bool = False
    failures: tuple[str, ...] = ()

    @property
    def tried(self) -> int:
        """How many sets the engine computed: those of several engines are the same, as far as they go."""
        return self.run + self.dropped
