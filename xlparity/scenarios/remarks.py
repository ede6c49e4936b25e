"""Remarks on a check, which change no verdict: limits of the scenarios, and failed calls of the reference."""

import itertools
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace

from xlparity.compare.run import Run
from xlparity.engines.protocol import ONE_AT_A_TIME
from xlparity.excel.address import Cell, Range, in_words
from xlparity.excel.workbook import Workbook
from xlparity.results.report import joined
from xlparity.results.rules import NO_NUMBER, UNSUPPORTED
from xlparity.scenarios.overflow import has_range
from xlparity.scenarios.run import least_move
from xlparity.scenarios.sample import Samples
from xlparity.spec.binding import Input, irregular

_BLOCKS_NAMED = 10
_LOOSE = 0.1  # relative tolerance from which on not even the first digit need be right


def with_remarks(run: Run, book: Workbook, samples: Samples) -> Run:
    """The run with the remarks in its result's notes."""
    remarks = (
        *run.result.notes,
        *_blocks(run),
        *_tolerances(run),
        *_inputs(run, book, samples),
        *_reference(run),
        *_cells(run),
    )
    return replace(run, result=replace(run.result, notes=remarks))


def _blocks(run: Run) -> Iterator[str]:
    numbers = irregular(run.check.cells.offsets)
    named = joined([str(number) for number in numbers[:_BLOCKS_NAMED]])
    named += f" and {len(numbers) - _BLOCKS_NAMED:,} more" if len(numbers) > _BLOCKS_NAMED else ""
    if numbers:
        each = f"block {named} is" if len(numbers) == 1 else f"blocks {named} are"
        yield f"{each} at another distance from the block before than block 2 is from block 1"


def _tolerances(run: Run) -> Iterator[str]:
    """Relative tolerances that accept a wrong first digit."""
    loose: dict[float, list[str]] = {}
    for output in run.check.cells.outputs:
        if output.tolerance.rtol >= _LOOSE and output.skip is None:
            loose.setdefault(output.tolerance.rtol, []).append(f"'{output.name}'")
    for rtol, names in loose.items():
        same = f"values that differ by {100 * rtol:g} % of what is expected count as equal"
        yield f"the relative tolerance of {joined(names)} is {rtol:g}: {same}"


def _inputs(run: Run, book: Workbook, samples: Samples) -> Iterator[str]:
    """Whether there were scenarios, and which inputs kept their values in them."""
    result, scenarios = run.result, run.result.scenarios
    if not result.recomputed:
        yield "these are the values that the file stores; nothing was recomputed, and no other inputs were compared"
        return
    if not scenarios.asked:
        yield "no other inputs were compared: constants cannot be distinguished from formulas"
        return
    moved, offsets = samples.changed(), run.check.cells.offsets
    seen = samples.changed(least_move(run.check))
    unreadable = any(found.code in (NO_NUMBER, UNSUPPORTED) for found in result.findings)
    for given in run.check.inputs:
        if given.name in scenarios.kept and not unreadable:
            yield _kept(given, scenarios.kept[given.name], moved, seen)
        elif not given.vary and moved.isdisjoint(
            root for places in given.places(offsets) for root in book.graph.constants_before([places[0]])
        ):
            yield f"input '{given.name}' kept its stored value throughout: the spec says that it does not vary"
        kept = {
            str(header): None
            for header, cell in zip(itertools.cycle(given.headers), given.cells(), strict=False)
            if cell not in moved and (isinstance(book.cells.get(cell), str) or cell in given.calendar)
        }
        if kept and given.vary:
            columns = f"column{'s' if len(kept) > 1 else ''} {', '.join(kept)}"
            said = f"texts and dates of input '{given.name}' kept their stored values in {columns}"
            yield f"{said}: texts vary with choices that are texts, and dates with low or high"
    if scenarios.computed == ONE_AT_A_TIME - 1 < scenarios.asked:
        of = f"{scenarios.computed} of the {scenarios.asked:,} scenarios"
        yield f"{of} were run, since {result.engine} computes them one at a time"


def _kept(given: Input[Range], cells: Sequence[Cell], moved: Set[Cell], seen: Set[Cell]) -> str:
    """The remark on an input that had its stored value in every scenario, but for changes within the tolerance."""
    unseen = "so nothing shows that the formulas depend on it"
    if not moved.isdisjoint(cells) and seen.isdisjoint(cells):
        said = f"input '{given.name}' ({given.at}) was changed by less than the tolerance in every scenario, {unseen}"
        return f"{said}; widen its range, or write vary = false if it is never to change"
    if not moved.isdisjoint(cells):
        said = f"the reference is undefined for every other value drawn for input '{given.name}' ({given.at})"
        return f"{said}, {unseen}; write the values for which it is defined as low and high, or as choices"
    at = given.at if len(cells) == given.size else in_words(cells)
    said = f"input '{given.name}' ({at}) kept its stored value in every scenario, {unseen}"
    return f"{said}; type a number into its cells, widen its range, or write vary = false if it is never to change"


def _reference(run: Run) -> Iterator[str]:
    """Calls of the reference that did not return, or raised because of a fault in it."""
    scenarios = run.result.scenarios
    for said in run.check.reference.patience.hung.values():
        yield f"the reference {said}: left out"
    if scenarios.failures:
        more = f", and fails in {len(scenarios.failures) - 1:,} more scenarios" if len(scenarios.failures) > 1 else ""
        yield f"the reference has a fault: {scenarios.failures[0]}{more}"
    if scenarios.unfinished:
        yield "the reference was not called again after these, and nothing more could be compared"


def _cells(run: Run) -> Iterator[str]:
    """Cells that differ within rounding error, and accepted cells that match."""
    scenarios = run.result.scenarios
    if (on_stored := run.indeterminate[0]).any():
        first, count = run.bindings[int(on_stored.argmax())].cell, int(on_stored.sum())
        cells = f"{first}{f' and {count - 1:,} more' if count > 1 else ''}"
        yield f"on the stored inputs, rounding decides the value of {cells}: the scenarios are the evidence"
    if most := scenarios.undecided:
        said = f"in {scenarios.indeterminate:,} of {scenarios.run:,} scenarios, some cells are indeterminate"
        said += f", most often {most.cell}, in {most.scenarios:,}: {most.reason}"
        others = f"; {scenarios.replaced:,} of these scenarios replace them" if scenarios.replaced else ""
        yield f"{said}{others}"
    if left := scenarios.open:
        more = f" and {left.cells - 1:,} more" if left.cells > 1 else ""
        said = f"{left.cell}{more} cannot be judged in {left.scenarios:,} of {scenarios.run:,} scenarios: {left.reason}"
        yield f"{said}{_remedy(run, left.needs)}"
    for reason, found in run.result.by_reason("match").items():
        more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
        yield f"{found[0].cell}{more} matches, and need not be accepted any longer: {reason}"


def _remedy(run: Run, name: str | None) -> str:
    """What to do about the input that tells where a cell cannot be judged, as the end of a remark."""
    given = next((one for one in run.check.inputs if one.name == name), None)
    if given is None:
        return ""
    narrow = "narrow the range of" if has_range(given) else "write low and high, choices or a draw for"
    return f"; {narrow} input '{name}' ({given.at})"
