"""Findings in words: what is wrong where, what to write, and what follows from it."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from xlparity.edits import CODES
from xlparity.findings.facts import addresses, does_not_react, facts
from xlparity.findings.following import on_a_circle
from xlparity.findings.localise import Judged, Root
from xlparity.findings.repair import Mend
from xlparity.layout import Layout
from xlparity.report import UNEXPLAINED, CellResult, Finding
from xlparity.values import BLANK, ErrorValue, Unsupported
from xlparity.workbook import Workbook

_MAYBE_CIRCULAR = (
    "a circular reference, which cannot be assessed: Excel may iterate it, or not take the branch that it is in"
)


def finding(workbook: Workbook, layout: Layout, root: Root, mend: Mend | None) -> Finding:
    """The finding about a root cause."""
    first = root.cells[0]
    formula = workbook.formula(first)
    code, said = _code_and_cause(root, mend, layout)
    cells, suggestion = root.cells, None
    place = _place(root)
    if mend is not None:
        if mend.culprits:
            cells, formula = mend.culprits, workbook.formula(mend.culprits[0])
            said = f"{addresses(cells)} is the likely culprit: {said}; '{root.variable}' in {place} has it from there"
        suggestion = mend.formulas[workbook.members.get(cells[0], cells[0])]
    message = said if mend is not None and mend.culprits else f"{place}: {said}"
    if suggestion is not None:
        message += f"; write {suggestion}"
    if root.accepted:
        message += " (the spec accepts this, but not what follows from it)"
    affects = root.affects + (len(root.cells) if mend is not None and mend.culprits else 0)
    if affects:
        others = "1 other cell" if affects == 1 else f"{affects:,} other cells"
        amiss = "is wrong" if affects == 1 else "are wrong"
        only = "only " if root.alone == root.affects else ""
        amiss = "cannot be assessed" if root.fault in ("unsupported", "circular") else amiss
        message += f". {others} {amiss} {only}because of it"
        message += f", {root.alone:,} of them because of nothing else" if root.alone and not only else ""
    return Finding(
        code,
        root.variable,
        cells,
        root.iterations,
        f"{message}.",
        str(formula) if formula is not None else None,
        str(suggestion) if suggestion is not None else None,
        affects,
        mend.formulas if mend is not None else {},
    )


def _code_and_cause(root: Root, mend: Mend | None, layout: Layout) -> tuple[str, str]:
    said = mend.said if mend is not None else ""
    result = root.judged.results[root.indices[0]]
    if root.fault == "typed":
        if result.status == "missing":
            return "XP205", "nothing stands where a formula must"
        held = f"{result.actual:.9g}" if isinstance(result.actual, float) else str(result.actual)
        return "XP201", f"{result.formula or held} stands where a formula must"
    if root.fault == "circular":
        return "XP302", f"{_circle(result)}{_but(said)}"
    if root.fault == "unsupported":
        local = root.forced.local.get(root.cells[0], BLANK)
        values = local if isinstance(local, tuple) else (local,)
        reason = next((value.reason for value in values if isinstance(value, Unsupported)), str(result.actual))
        return "XP303", f"cannot be assessed: {reason}{_but(said)}"
    if root.fault == "error":
        local = root.forced.local.get(root.cells[0], BLANK)
        values = local if isinstance(local, tuple) else (local,)
        error = next((value for value in values if isinstance(value, ErrorValue)), result.actual)
        return "XP301", f"comes to {error} where the reference has a number{_but(said)}"
    frozen = does_not_react(root)
    if mend is not None:
        dead = "it does not react to the inputs: " if frozen else ""
        return "XP202" if frozen else CODES[mend.kind], dead + said
    known = facts(root, layout)
    if frozen:
        return "XP202", "it does not react to the inputs, and the reference does"
    return "XP100", f"it does not compute what the reference does; {known[0]}" if known else (
        "it does not compute what the reference does"
    )


def _circle(result: CellResult) -> str:
    """What is known of a circular reference: one that iterates, or goes through a branch, may have a value in Excel."""
    proved = isinstance(result.actual, Unsupported) and result.actual.circular
    return "a circular reference, which Excel does not compute" if proved else _MAYBE_CIRCULAR


def _but(said: str) -> str:
    return f"; {said}" if said and not said.startswith("it is not the formula of") else ""


def _place(root: Root) -> str:
    """The root's cells, those of one iteration where all have the same."""
    blocks = len(root.judged.cells.offsets)
    bindings = root.bindings
    if blocks < 2:
        return addresses(root.cells)
    parts = {n: [b.element for b in each] for n, each in groupby(bindings, key=lambda b: b.iteration)}
    if len(parts) == 1 or any(part != parts[bindings[0].iteration] for part in parts.values()):
        within = f" in iteration {bindings[0].iteration}" if len(parts) == 1 else ""
        return addresses(root.cells) + within
    first = [b.cell for b in bindings if b.iteration == bindings[0].iteration]
    numbers = list(parts)
    if len(numbers) == blocks:
        return f"{addresses(first)} in every iteration"
    whole = numbers == list(range(numbers[0], numbers[-1] + 1))
    if whole and numbers[0] == 2 and numbers[-1] == blocks:
        return f"{addresses(first)} from iteration 2 on"
    said = f"iterations {numbers[0]} to {numbers[-1]}" if whole else f"{len(numbers)} iterations, first {numbers[0]}"
    return f"{addresses(first)} in {said}"


def unexplained(workbook: Workbook, judged: Judged, indices: Sequence[int]) -> list[Finding]:
    """Findings about the cells for which no formula is to blame: circles of right formulas, and what nobody can tell."""
    bindings = judged.evidence.bindings
    told = [
        index for index in indices if np.isfinite(judged.evidence.expected[:, index]).any()
    ]  # else a misfit says it
    unsure = [index for index in told if isinstance(judged.results[index].actual, Unsupported)]
    circle = [index for index in unsure if on_a_circle(workbook, bindings[index].cell)]
    found: list[Finding] = []
    if circle:
        behind = len(unsure) - len(circle)
        more = f" {behind:,} other cells cannot be computed because of it." if behind else ""
        kinds: dict[str, list[int]] = {}
        for index in circle:
            kinds.setdefault(_circle(judged.results[index]), []).append(index)
        for kind, alike in kinds.items():
            said = f"{kind}, of formulas that are right by themselves.{more}"
            found.append(_about(workbook, judged, alike, "XP302", said, behind))
        told = [index for index in told if index not in set(unsure)]
    for index_group in _by_variable(judged, [index for index in told if index in set(unsure)]):
        actual = judged.results[index_group[0]].actual
        reason = actual.reason if isinstance(actual, Unsupported) else str(actual)
        found.append(_about(workbook, judged, index_group, "XP303", f"cannot be assessed: {reason}.", 0))
    told = [index for index in told if index not in set(unsure)]
    for index_group in _by_variable(judged, told):
        said = "differs, although its formula is right on the reference's values; rounding may be all there is to it."
        found.append(_about(workbook, judged, index_group, UNEXPLAINED, said, 0))
    return found


def _by_variable(judged: Judged, indices: Sequence[int]) -> list[list[int]]:
    found: dict[str, list[int]] = {}
    for index in indices:
        found.setdefault(judged.evidence.bindings[index].output.name, []).append(index)
    return list(found.values())


def _about(workbook: Workbook, judged: Judged, indices: Sequence[int], code: str, said: str, affects: int) -> Finding:
    bound = [judged.evidence.bindings[index] for index in indices]
    cells = tuple(binding.cell for binding in bound)
    iterations = tuple(sorted({binding.iteration for binding in bound}))
    formula = workbook.formula(cells[0])
    text = str(formula) if formula else None
    return Finding(code, bound[0].output.name, cells, iterations, f"{addresses(cells)}: {said}", text, None, affects)
