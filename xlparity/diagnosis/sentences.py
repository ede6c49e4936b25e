"""The findings of diagnosis: what is wrong where, the fix, and the number of affected cells, in words."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from xlparity.compare.run import Run
from xlparity.diagnosis.edits import CODES
from xlparity.diagnosis.facts import does_not_react, facts
from xlparity.diagnosis.localise import Forced, Root, refusal_in
from xlparity.diagnosis.relative import QuantityMap
from xlparity.diagnosis.repair import Fix
from xlparity.excel.address import Cell, in_words
from xlparity.excel.columns import Column
from xlparity.excel.prefixes import misspelling
from xlparity.excel.values import BEHIND_A_CIRCLE, BLANK, DateNumber, ErrorValue, Unsupported, brief
from xlparity.excel.workbook import Workbook
from xlparity.results.report import CellResult, Finding
from xlparity.results.rules import UNEXPLAINED, UNSUPPORTED

_ALIKE = 1e-9  # the relative difference up to which values are one, as by the default tolerance
_TINY = 1e-8  # relative; above it, a difference on the stored inputs is more than rounding error adds up to
_MAYBE_CIRCULAR = (
    "a circular reference, which cannot be assessed: Excel may iterate it, or not take the branch that it is in"
)


def finding(
    workbook: Workbook,
    quantity_map: QuantityMap,
    root: Root,
    fix: Fix | None,
    sources: tuple[Cell, ...] = (),
    other_fault: tuple[Root, Fix | None] | None = None,
) -> Finding:
    """The finding about a root cause.

    ``sources`` are the precedents because of which the root's cells cannot be computed, if there are any. ``other_fault`` is
    the second fault of a formula in which a function name is misspelt.
    """
    cells, suggestion = root.helpers or root.cells, None
    if root.fault == "prefix":
        wrong = workbook.formula(cells[0])
        code, said = "XP308", misspelling(wrong.text if wrong is not None else "")
        if other_fault is not None:
            said += f"; with the right name: {_code_and_cause(*other_fault, quantity_map)[1]}"
    else:
        code, said = _code_and_cause(root, fix, quantity_map)
    place = _place(root)
    cause = f"{place}: {said}"
    if root.helpers:
        cause = f"{in_words(cells)}: {said}; '{root.variable}' in {place} depends on it"
    if fix is not None:
        if fix.helpers and not root.helpers:
            cells = fix.helpers
            cause = f"{in_words(cells)} is the likely cause: {said}; '{root.variable}' in {place} depends on it"
        suggestion = fix.formulas[workbook.members.get(cells[0], cells[0])]
    if sources:
        cells = sources
        why = _why(root.forced.local.get(sources[0], BLANK))
        cause = f"{in_words(cells)} cannot be assessed: {why}; '{root.variable}' in {place} depends on it"
    elsewhere = bool(sources) or (fix is not None and bool(fix.helpers) and not root.helpers)
    formula = workbook.formula(cells[0])
    if root.fault == "prefix" and other_fault is None and suggestion is None:
        cause += "; there may be other faults"
    affects = root.affects + (len(root.cells) if elsewhere else 0)
    return Finding(
        code,
        root.variable,
        cells,
        root.iterations,
        cause,
        str(formula) if formula is not None else None,
        str(suggestion) if suggestion is not None else None,
        affects,
        fix.formulas if fix is not None else {},
        alone=affects if root.alone == root.affects else root.alone,
        accepted=root.accepted,
    )


def _code_and_cause(root: Root, fix: Fix | None, quantity_map: QuantityMap) -> tuple[str, str]:
    result = root.run.results[root.indices[0]]
    if root.fault == "hardcoded":
        if result.status == "missing":
            return "XP205", "empty where a formula is expected"
        said = f"hard-coded {result.formula or brief(result.actual)} where a formula is expected"
        if root.constant:
            those = f"the constants of these {len(root.cells):,} cells" if len(root.cells) > 1 else "this constant"
            key = f"constants = \"allowed\" of '{root.variable}' in the spec accepts that"
            said += f"; the reference gives {those} in every sample, and {key}"
        return "XP201", said
    if root.fault == "circular":
        return "XP302", f"{_circle(result)}{_but(fix)}"
    if root.fault == "unsupported" or (root.fault == "uncomputed" and fix is None):
        reason = _why(root.forced.local.get(root.cells[0], BLANK))
        why = f"no correction can be looked for, since the engine formulas cannot judge it by itself: {reason}"
        wrong = "XP100", f"it does not compute what the reference does; {why}"
        return (UNSUPPORTED, f"cannot be assessed: {reason}") if root.fault == "unsupported" else wrong
    if root.fault == "error":
        local = root.forced.local.get(root.cells[0], BLANK)
        values = local if isinstance(local, tuple) else (local,)
        error = next((value for value in values if isinstance(value, ErrorValue)), result.actual)
        what = "a number" if root.run.numeric(root.indices) else "another value"
        what = "a date" if isinstance(result.expected, DateNumber) else what
        return "XP301", f"gives {error} where the reference has {what}{_but(fix)}"
    frozen = root.wanted is None and does_not_react(root)
    if fix is None and root.wanted is not None:
        code, said = _of_helpers(root)
    elif fix is not None:
        dead = "it does not react to the inputs: " if frozen else ""
        code, said = "XP202" if frozen else CODES[fix.kind], dead + _fault(fix)
    elif frozen:
        code, said = "XP202", "it does not react to the inputs, and the reference does"
    else:
        code = "XP100"
        said = "; ".join(["it does not compute what the reference does", *facts(root, quantity_map)[:1]])
    return code, said


def _of_helpers(root: Root) -> tuple[str, str]:
    """What is known of helpers for which no fix is found."""
    assert root.wanted is not None  # they are known to explain the root
    helper, values = next(iter(root.wanted.items()))
    held = root.forced.seen(helper)
    if isinstance(held, float) and np.ptp(values) <= _ALIKE * np.abs(values).max():
        return "XP111", f"it is {held:.9g}, and with {values[0]:.9g} all that depends on it is right"
    return "XP100", "it does not compute what all that depends on it needs; it, or a cell before it, is wrong"


def _circle(result: CellResult) -> str:
    """What is known of a circular reference; in Excel, one that iterates or is in a branch may have a value."""
    if _is_proved(result):
        return "a circular reference, which Excel does not compute"
    if isinstance(result.actual, Unsupported) and result.actual != BEHIND_A_CIRCLE:
        return f"cannot be assessed: {result.actual.reason}"
    return _MAYBE_CIRCULAR


def _is_proved(result: CellResult) -> bool:
    """Whether Excel is certain to report the circular reference that the cell is part of."""
    return isinstance(result.actual, Unsupported) and result.actual.circular


def _fault(fix: Fix) -> str:
    """What was wrong with the formula, as a clause."""
    if fix.unlike is not None:
        return (
            f"unlike in {fix.unlike}, {fix.said}"
            if fix.said
            else f"it is not the formula of {fix.unlike} and its siblings"
        )
    return f"unlike its siblings: {fix.said}" if fix.of_siblings else fix.said


def _but(fix: Fix | None) -> str:
    """The same clause to be appended to another; empty where it would only say that siblings have another formula."""
    return f"; {_fault(fix)}" if fix is not None and fix.said else ""


def _why(column: Column) -> str:
    """The reason for which the engine could not compute the column."""
    refusal = refusal_in(column)
    return refusal.reason if refusal is not None else "it is not known why"


def _place(root: Root) -> str:
    """The root's cells in words; where several iterations have the same, the cells of the first and which iterations."""
    blocks = len(root.run.check.cells.offsets)
    bindings = root.bindings
    if blocks < 2:
        return in_words(root.cells)
    parts = {n: [b.element for b in each] for n, each in groupby(bindings, key=lambda b: b.iteration)}
    if len(parts) == 1 or any(part != parts[bindings[0].iteration] for part in parts.values()):
        within = f" in iteration {bindings[0].iteration}" if len(parts) == 1 else ""
        return in_words(root.cells) + within
    first = [b.cell for b in bindings if b.iteration == bindings[0].iteration]
    numbers = list(parts)
    if len(numbers) == blocks:
        return f"{in_words(first)} in every iteration"
    whole = numbers == list(range(numbers[0], numbers[-1] + 1))
    if whole and numbers[0] == 2 and numbers[-1] == blocks:
        return f"{in_words(first)} from iteration 2 on"
    said = f"iterations {numbers[0]} to {numbers[-1]}" if whole else f"{len(numbers)} iterations, first {numbers[0]}"
    return f"{in_words(first)} in {said}"


def unexplained(workbook: Workbook, run: Run, forced: Forced, indices: Sequence[int]) -> list[Finding]:
    """Findings about wrong cells that depend on no root: circular references, unsupported cells, unexplained differences."""
    bindings = run.bindings
    # Cells without an expected value have the finding XP401.
    compared = [index for index in indices if np.isfinite(run.expected[:, index]).any()]
    unsupported = [index for index in compared if isinstance(run.results[index].actual, Unsupported)]
    circle = [index for index in unsupported if workbook.graph.is_circular(bindings[index].cell)]
    found: list[Finding] = []
    if circle:
        dependents = len(unsupported) - len(circle)
        kinds: dict[bool, list[int]] = {}
        for index in circle:
            kinds.setdefault(_is_proved(run.results[index]), []).append(index)
        for alike in kinds.values():
            said = f"{_circle(run.results[alike[0]])}; each of these formulas is right by itself"
            found.append(_about(workbook, run, alike, "XP302", said, dependents))
        compared = [index for index in compared if index not in set(unsupported)]
    found += _refused(workbook, run, [index for index in compared if index in set(unsupported)])
    compared = [index for index in compared if index not in set(unsupported)]
    for index_group in _by_variable(run, compared):
        said = "differs, although its formula is right on the reference's values"
        said += (
            "; the difference may be rounding error"
            if all(_is_tiny(run.results[index]) for index in index_group)
            else ": it reads cells that no output covers or that differ within their tolerance, or rounding decides a branch"
        )
        refusal = refusal_in(forced.local.get(bindings[index_group[0]].cell, BLANK))
        wrong = np.flatnonzero(run.wrong[:, index_group[0]]).tolist()
        if refusal is not None:
            said = f"differs; whether its own formula is wrong is not known, since formulas does not support it: {refusal.reason}"
        elif wrong and all(run.overflows(number) for number in wrong):
            said = (
                "differs, although its formula is right on the reference's values, only where the reference goes through an "
                "overflow: Python goes on with an infinity or a zero there, and Excel has an error value"
            )
        found.append(_about(workbook, run, index_group, UNEXPLAINED, said, 0))
    return found


def _is_tiny(result: CellResult) -> bool:
    """Whether the cell differs on the stored inputs, by no more than rounding error adds up to."""
    difference, expected = result.difference, result.expected
    return difference is not None and isinstance(expected, float) and abs(difference) <= _TINY * abs(expected)


def _refused(workbook: Workbook, run: Run, indices: Sequence[int]) -> list[Finding]:
    """Findings about cells that the engine could not compute, one for each set of precedents that is the reason."""
    bindings = run.bindings
    cells = {bindings[index].cell for index in indices}

    def refused(cell: Cell) -> bool:
        return cell in cells or refusal_in(run.values.get(cell, BLANK)) is not None

    own: list[tuple[set[Cell], tuple[Cell, ...], list[int]]] = []
    elsewhere: list[tuple[tuple[Cell, ...], list[int]]] = []
    for group in _by_variable(run, indices):
        mine = [bindings[index].cell for index in group]
        anchors = {workbook.members.get(cell, cell) for cell in mine}
        sources = workbook.graph.origins(mine, refused)
        if anchors.issuperset(sources):
            own.append((anchors, tuple(mine), group))
        else:
            elsewhere.append((sources, group))
    found: dict[tuple[Cell, ...], tuple[list[int], list[int]]] = {named: (group, []) for _, named, group in own}
    for sources, group in elsewhere:
        named = next((named for anchors, named, _ in own if anchors.issuperset(sources)), sources)
        found.setdefault(named, (group, []))[1].extend(group)
    return [_about_refused(workbook, run, named, *groups) for named, groups in found.items()]


def _about_refused(
    workbook: Workbook, run: Run, named: tuple[Cell, ...], group: Sequence[int], others: Sequence[int]
) -> Finding:
    """The finding about cells that could not be computed, and the ``others`` of the check that depend on them."""
    computed = run.values.get(named[0], BLANK)
    refused = computed if refusal_in(computed) is not None else run.results[group[0]].actual
    said = f"cannot be assessed: {_why(refused)}"
    about = _about(workbook, run, group, UNSUPPORTED, said, len(others))
    if not others:
        return about
    first = run.bindings[others[0]].output.name
    shown = in_words([run.bindings[index].cell for index in others])
    cause = f"{in_words(named)} {said}; '{first}' in {shown} depends on it"
    formula = workbook.formula(named[0])
    return replace(about, cells=named, cause=cause, formula=str(formula) if formula else None)


def _by_variable(run: Run, indices: Sequence[int]) -> list[list[int]]:
    found: dict[str, list[int]] = {}
    for index in indices:
        found.setdefault(run.bindings[index].output.name, []).append(index)
    return list(found.values())


def _about(workbook: Workbook, run: Run, indices: Sequence[int], code: str, said: str, affects: int) -> Finding:
    bound = [run.bindings[index] for index in indices]
    cells = tuple(binding.cell for binding in bound)
    iterations = tuple(sorted({binding.iteration for binding in bound}))
    formula = workbook.formula(cells[0])
    text = str(formula) if formula else None
    return Finding(code, bound[0].output.name, cells, iterations, f"{in_words(cells)}: {said}", text, None, affects)
