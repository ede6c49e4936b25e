"""What the samples reach beside the formulas' decisions: lines and branches of the reference, and constants that are varied."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from xlparity.compare.run import Loaded, Run
from xlparity.excel.address import Cell, Range
from xlparity.excel.values import Value
from xlparity.excel.workbook import Workbook
from xlparity.results.branches import Branch, Constant
from xlparity.scenarios.sample import Samples
from xlparity.spec.check import Check
from xlparity.spec.tracing import Reach, Tracer


class Watch:
    """Watches the calls of the checks' references, of each reference those of all its checks."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._tracers = {id(check.reference.function): Tracer(check.reference.function) for check in checks}

    def watching(self, check: Check) -> AbstractContextManager[None]:
        """The calls of the check's reference for one sample are watched inside."""
        return self._tracers[id(check.reference.function)].watching()

    def reach(self, check: Check) -> Reach:
        """What the calls of the check's reference reached."""
        return self._tracers[id(check.reference.function)].reach()


def with_reach(runs: Sequence[Run], loaded: Loaded, samples: Samples, watch: Watch, min_coverage: float) -> list[Run]:
    """The runs, with what the reference's calls reached and what varied, where outcomes in formulas were measured.

    ``min_coverage`` is how many percent are to be reached.
    """
    moved = samples.changed()
    asked = [replace(run, result=replace(run.result, min_coverage=min_coverage)) for run in runs]
    outputs = {binding.cell for run in runs for binding in run.bindings}
    return [_with_reach(run, loaded, moved, outputs, watch) for run in asked]


def _with_reach(run: Run, loaded: Loaded, moved: set[Cell], outputs: set[Cell], watch: Watch) -> Run:
    branches = run.result.branches
    if branches is None:
        return run
    reach = watch.reach(run.check)
    constants = list(_constants(run.check, outputs, loaded.book, loaded.values))
    fixed = tuple(constant for constant in constants if constant.where not in moved)
    found = replace(
        branches,
        reference=reach.total,
        unreached=tuple(Branch(one.where, one.what) for one in reach.unreached),
        constants=len(constants),
        unvaried=fixed,
    )
    notes = () if reach.remark is None else (reach.remark,)
    return replace(run, result=replace(run.result, branches=found, notes=(*run.result.notes, *notes)))


def _constants(check: Check, outputs: set[Cell], book: Workbook, values: Mapping[Cell, Value]) -> Iterator[Constant]:
    """The numbers on which the check's compared cells depend and that are no formula, in the order of the cells.

    A cell that the spec binds is none of them: as one of the ``outputs`` of any check it is compared, and as an input it
    varies, or a note or the spec itself says that it does not.
    """
    graph = book.graph
    compared = {binding.cell for binding in check.cells.bindings if binding.output.skip is None}
    compared -= check.cells.accepted.keys()
    bound = outputs.union(check.named, graph.constants_before(check.named))
    found = [
        cell
        for cell in sorted(graph.constants_before(compared))
        if cell not in bound and book.formula(cell) is None and isinstance(values.get(cell), float)
    ]
    if found:
        formulas = {graph.anchor(cell) for cell in graph.before(compared)}
        for cell in found:
            readers = sorted(formulas.intersection(graph.dependents(Range.of(cell))))
            yield Constant(cell, values[cell], tuple(readers))
