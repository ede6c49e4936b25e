"""What the samples reach beside the formulas' decisions: lines and branches of the reference, and constants that are varied."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from xlparity.compare.run import Loaded, Run
from xlparity.excel.address import Cell, Range
from xlparity.excel.values import Value
from xlparity.excel.workbook import Workbook
from xlparity.results.branches import Branch, Constant
from xlparity.scenarios.sample import Samples
from xlparity.spec.check import Check
from xlparity.spec.tracing import Tracer


def with_reach(runs: Sequence[Run], loaded: Loaded, samples: Samples, tracer: Tracer) -> list[Run]:
    """The runs, where outcomes in formulas were measured, with what the reference's calls reached, and what varied."""
    moved = samples.changed()
    return [_with_reach(run, loaded, moved, tracer) for run in runs]


def _with_reach(run: Run, loaded: Loaded, moved: set[Cell], tracer: Tracer) -> Run:
    branches = run.result.branches
    if branches is None:
        return run
    reach = tracer.reach(run.check.reference.function)
    constants = list(_constants(run.check, loaded.book, loaded.values))
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


def _constants(check: Check, book: Workbook, values: Mapping[Cell, Value]) -> Iterator[Constant]:
    """The numbers on which the check's compared cells depend and that are no formula, in the order of the cells.

    A cell that the spec binds is none of them: as an output it is compared, and as an input it varies, or a note or the spec
    itself says that it does not.
    """
    graph = book.graph
    compared = {binding.cell for binding in check.cells.bindings if binding.output.skip is None}
    compared -= check.cells.accepted.keys()
    bound = {binding.cell for binding in check.cells.bindings}.union(check.named, graph.constants_before(check.named))
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
