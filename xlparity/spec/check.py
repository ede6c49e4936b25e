"""A check bound to its workbook and its reference: which cells are inputs, which are compared, and what is called."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from xlparity.errors import OracleError
from xlparity.excel.address import Cell, Range
from xlparity.excel.batch import Words
from xlparity.excel.values import BLANK, Value
from xlparity.references.function import Wanted
from xlparity.settings import Options
from xlparity.spec.binding import CellMap, Input, Output
from xlparity.spec.plan import CheckPlan, Spec
from xlparity.spec.reference import Finder, Reference

if TYPE_CHECKING:
    import numpy as np


Drawer: TypeAlias = Callable[["np.random.Generator", Sequence[Value]], Sequence[Value]]
"""Draws the values of an input's cells for one scenario, from the stored ones."""


@dataclass(frozen=True)
class Check:
    """One check of a spec: its input cells, its compared cells and its reference.

    ``wanted`` are the names that any check of the spec asks of the same reference, with the same inputs or others.
    ``date1904`` says that the workbook's dates count from 1904. ``words`` are the texts that the reference gives, ``drawers``
    the functions that draw inputs, by the inputs' names.
    """

    spec: Spec
    plan: CheckPlan
    inputs: tuple[Input[Range], ...]
    cells: CellMap
    reference: Reference
    wanted: Wanted
    date1904: bool = False
    words: Words = field(default_factory=Words, compare=False)
    drawers: Mapping[str, Reference] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name that the spec gives the check."""
        return self.plan.name

    @property
    def iterations(self) -> int | None:
        """How many iterations the reference is asked for; None where there is one pass."""
        return len(self.cells.offsets) if self.plan.blocks else None

    @cached_property
    def own(self) -> Wanted:
        """The names that this check asks of the reference."""
        return _wanted(self.cells.outputs)

    @cached_property  # used once for every sample
    def asked(self) -> list[tuple[int, str]]:
        """The arrays that this check asks of the reference: iteration, from 1, and name, in their order in a trace."""
        last = len(self.cells.offsets)
        return [(number, name) for number in range(1, last + 1) for name in self.own.of(number, last)]

    def drawer(self, given: Input[Range]) -> Drawer | None:
        """The person's own function that draws this input, if there is one; it raises SpecError where it fails."""
        function = self.drawers.get(given.name)
        if function is None:
            return None

        def drawn(random: "np.random.Generator", stored: Sequence[Value]) -> Sequence[Value]:
            try:
                found = function.draw(random, stored, given.shape)
                for value in found:
                    if (value is BLANK and not given.blank) or (isinstance(value, str) and not given.texts):
                        raise OracleError(f"{function.name} draws {value}, which is none of the input's values")
                return found
            except OracleError as error:
                raise self.spec.error(given.name, f"input '{given.name}': {error}", self.name, "inputs") from error

        return drawn

    @property
    def named(self) -> set[Cell]:
        """Every cell that holds an element of an input, in every block and every copy."""
        return {cell for given in self.inputs for places in given.places(self.cells.offsets) for cell in places}


class References:
    """The references of a spec, each found and loaded once; ``with`` its end, the process ends in which they run."""

    def __init__(self, spec: Spec, options: Options = Options()) -> None:  # noqa: B008  (it is frozen)
        self._spec = spec
        self._finder = Finder(
            spec.path.parent, options.reference_timeout, in_process=options.in_process, show=options.verbose
        )
        self._found: dict[object, Reference] = {}
        self._finder.begin(name for check in spec.checks for name in _functions(check) if isinstance(name, str))

    def end(self) -> None:
        """End the process; a later call of a reference starts another one."""
        self._finder.end()

    def __enter__(self) -> "References":
        return self

    def __exit__(self, *raised: object) -> None:
        self.end()

    def of(self, plan: CheckPlan) -> Reference:
        """The reference of a check; raises SpecError where it cannot be found, loaded or called with these inputs."""
        try:
            if plan.reference not in self._found:
                self._found[plan.reference] = self._finder.found(plan.reference)
            self._found[plan.reference].check_inputs(given.name for given in plan.inputs)
        except OracleError as error:
            raise self._spec.error("reference", f"check '{plan.name}': {error}", plan.name) from error
        return self._found[plan.reference]

    def drawers(self, plan: CheckPlan) -> dict[str, Reference]:
        """The functions that draw inputs of a check, by the inputs' names; raises SpecError where one cannot be loaded."""
        found: dict[str, Reference] = {}
        for given in plan.inputs:
            if given.draw is not None:
                try:
                    found[given.name] = self._finder.found(given.draw)
                except OracleError as error:
                    raise self._spec.error(
                        given.name, f"'draw' of '{given.name}': {error}", plan.name, "inputs"
                    ) from error
        return found

    def wanted(self, plan: CheckPlan) -> Wanted:
        """The names that the checks with this reference ask for."""
        alike = [other for other in self._spec.checks if other.reference == plan.reference]
        return _wanted([output for other in alike for output in other.outputs])


def _functions(check: CheckPlan) -> list[str | Callable[..., Any]]:
    """The reference of a check, and the functions that draw its inputs."""
    return [check.reference, *(given.draw for given in check.inputs if given.draw is not None)]


def _wanted(outputs: Iterable[Output[Any]]) -> Wanted:
    compared = [output for output in outputs if output.skip is None]
    each = tuple(dict.fromkeys(output.name for output in compared if output.every_block))
    return Wanted(each, tuple(dict.fromkeys(output.name for output in compared if output.name not in each)))
