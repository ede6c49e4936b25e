"""A check bound to its workbook and its reference: which cells are inputs, which are compared, and what is called."""

from dataclasses import dataclass, field

from xlparity.errors import OracleError
from xlparity.excel.address import Cell, Range
from xlparity.excel.batch import Words
from xlparity.spec.binding import CellMap, Input
from xlparity.spec.plan import CheckPlan, Spec
from xlparity.spec.reference import Reference, find_reference


@dataclass(frozen=True)
class Check:
    """One check of a spec: its input cells, its compared cells and its reference.

    ``wanted`` are the names that any check of the spec asks of the same reference, with the same inputs or others.
    ``date1904`` says that the workbook's dates count from 1904. ``words`` are the texts that the reference gives.
    """

    spec: Spec
    plan: CheckPlan
    inputs: tuple[Input[Range], ...]
    cells: CellMap
    reference: Reference
    wanted: tuple[str, ...]
    date1904: bool = False
    words: Words = field(default_factory=Words, compare=False)

    @property
    def name(self) -> str:
        """The name that the spec gives the check."""
        return self.plan.name

    @property
    def iterations(self) -> int | None:
        """How many iterations the reference is asked for; None where there is one pass."""
        return len(self.cells.offsets) if self.plan.blocks else None

    @property
    def own(self) -> tuple[str, ...]:
        """The names that this check asks of the reference."""
        return tuple(output.name for output in self.cells.outputs if output.skip is None)

    @property
    def named(self) -> set[Cell]:
        """Every cell that holds an element of an input, in every block and every copy."""
        return {cell for given in self.inputs for places in given.places(self.cells.offsets) for cell in places}


class References:
    """The references of a spec, each found and loaded once."""

    def __init__(self, spec: Spec, limit: float) -> None:
        self._spec, self._limit = spec, limit
        self._found: dict[object, Reference] = {}

    def of(self, plan: CheckPlan) -> Reference:
        """The reference of a check; raises SpecError where it cannot be found, loaded or called with these inputs."""
        try:
            if plan.reference not in self._found:
                self._found[plan.reference] = find_reference(plan.reference, self._spec.path.parent, self._limit)
            self._found[plan.reference].check_inputs(given.name for given in plan.inputs)
        except OracleError as error:
            raise self._spec.error("reference", f"check '{plan.name}': {error}", plan.name) from error
        return self._found[plan.reference]

    def wanted(self, plan: CheckPlan) -> tuple[str, ...]:
        """The names that the checks with this reference ask for."""
        alike = [other for other in self._spec.checks if other.reference == plan.reference]
        return tuple(dict.fromkeys(output.name for other in alike for output in other.outputs if output.skip is None))
