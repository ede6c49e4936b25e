"""From wrong cells to findings: every root cause once, with what it should say where that is known, and what follows from it."""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import TypeAlias

import numpy as np

from xlparity.address import Cell
from xlparity.columns import Column
from xlparity.edits import CODES
from xlparity.errors import XlparityError
from xlparity.evidence import Evidence
from xlparity.findings.culprits import Culprits
from xlparity.findings.facts import addresses, does_not_react, facts
from xlparity.findings.localise import ForcingSession, Judged, Root, agrees, amiss, localise, on_a_circle
from xlparity.findings.repair import Mend, Repair
from xlparity.layout import Layout
from xlparity.report import Finding
from xlparity.values import BLANK, ErrorValue, Unsupported
from xlparity.workbook import Formula, Workbook

UNEXPLAINED = "XP199"
_MOST_MENDED = 60  # root causes for which a mend is looked for; whoever has more has other worries


Proof: TypeAlias = Callable[[Workbook], Sequence[Evidence]]


def diagnose(
    workbook: Workbook, checks: Sequence[Judged], session: ForcingSession, prove: Proof | None = None
) -> dict[str, tuple[Finding, ...]]:
    """The findings about each check, by its name; of a check in which nothing is wrong there are none.

    ``prove`` gives the evidence of every check, in their order, on the workbook with suggestions in it and on inputs that
    nobody has seen before: what agrees on a hundred sets by chance does not on the next hundred.
    """
    if not any(amiss(judged) for judged in checks):
        return {}
    layout = Layout(workbook, [(judged.name, judged.cells, judged.inputs) for judged in checks])
    roots, left = localise(workbook, layout, checks, session)
    repair = Repair(workbook, layout, roots, session)
    culprits = Culprits(repair)
    mends = [_mend(root, repair, culprits) if number < _MOST_MENDED else None for number, root in enumerate(roots)]
    mends = _recomputed(workbook, checks, roots, mends, session)
    mends = mends if prove is None else _proven(workbook, checks, roots, mends, prove)
    found: dict[str, list[Finding]] = {judged.name: [] for judged in checks}
    for root, mend in zip(roots, mends, strict=True):
        if not root.accepted or root.affects:
            found[root.judged.name].append(_finding(workbook, layout, root, mend))
    for judged, indices in left:
        found[judged.name] += _unexplained(workbook, judged, indices)
    return {name: tuple(findings) for name, findings in found.items()}


def _mend(root: Root, repair: Repair, culprits: Culprits) -> Mend | None:
    """What mends the root; a helper on the way to it before its own formula, where others have the same and are right."""
    if root.fault == "typed":
        return repair.mend(root)
    alike = root.form in [form for form, _ in repair.siblings(root)]
    if alike and (mend := culprits.mend(root)) is not None:
        return mend
    return repair.mend(root) or (None if alike else culprits.mend(root))


def _recomputed(
    workbook: Workbook,
    checks: Sequence[Judged],
    roots: Sequence[Root],
    mends: Sequence[Mend | None],
    session: ForcingSession,
) -> list[Mend | None]:
    """The mends that hold when the whole workbook is recomputed with all of them, on the stored inputs and every scenario."""
    kept = list(mends)
    for _ in range(3):  # taking one out may show another one's cells to be wrong
        formulas: dict[Cell, Formula] = {}
        for mend in kept:
            formulas |= mend.formulas if mend is not None else {}
        if not formulas:
            return kept
        values = _swept(workbook, formulas, checks, session)
        unmended = {cell for root, mend in zip(roots, kept, strict=True) if mend is None for cell in root.cells}
        failing = [
            number
            for number, (root, mend) in enumerate(zip(roots, kept, strict=True))
            if mend is not None and not _holds(root, values) and not (unmended and _may_follow(root))
        ]
        if not failing:
            return kept
        for number in failing:
            kept[number] = None
    return [None] * len(kept)


def _proven(
    workbook: Workbook, checks: Sequence[Judged], roots: Sequence[Root], mends: Sequence[Mend | None], prove: Proof
) -> list[Mend | None]:
    """The mends that hold on new inputs; where another root is not mended, what follows from it is not held against them."""
    kept = list(mends)
    formulas = {cell: formula for mend in kept if mend is not None for cell, formula in mend.formulas.items()}
    if not formulas:
        return kept
    try:
        found = prove(workbook.edited(formulas))
    except XlparityError:  # an input that has no number any more, say
        return [None] * len(kept)
    shown = {judged.name: evidence for judged, evidence in zip(checks, found, strict=True)}
    blurred = any(mend is None for mend in kept)
    for number, (root, mend) in enumerate(zip(roots, kept, strict=True)):
        wrong = shown[root.judged.name].wrong[:, list(root.indices)]
        if mend is not None and wrong.any() and not blurred:
            kept[number] = None
    return kept


def _swept(
    workbook: Workbook, formulas: Mapping[Cell, Formula], checks: Sequence[Judged], session: ForcingSession
) -> Mapping[Cell, Column]:
    bound = {binding.cell for judged in checks for binding in judged.evidence.bindings}
    inputs: dict[Cell, Column] = {}
    for judged in checks:
        inputs |= {cell: column for cell, column in judged.evidence.inputs.items() if cell not in bound}
    return session.like(workbook.edited(formulas)).sweep(checks[0].evidence.count, inputs)


def _holds(root: Root, values: Mapping[Cell, Column]) -> bool:
    """Whether the root's cells come to what is expected, wherever rounding does not blur it."""
    evidence = root.judged.evidence
    every = list(range(evidence.count))
    for index, cell in zip(root.indices, root.cells, strict=True):
        right = agrees(root.judged, index, values.get(cell, BLANK), every)
        if not np.all(right | ~evidence.counted | evidence.shaky[:, index]):
            return False
    return True


def _may_follow(root: Root) -> bool:
    """Whether the root's cells may be wrong as well because of what stands before them: they are in the whole run."""
    return root.fault != "typed" or bool(root.judged.evidence.wrong[:, list(root.indices)].any())


def _finding(workbook: Workbook, layout: Layout, root: Root, mend: Mend | None) -> Finding:
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
    if root.affects:
        others = "1 other cell is" if root.affects == 1 else f"{root.affects:,} other cells are"
        message += f". {others} wrong only because of it"
    return Finding(
        code,
        root.variable,
        cells,
        root.iterations,
        f"{message}.",
        str(formula) if formula is not None else None,
        str(suggestion) if suggestion is not None else None,
        root.affects,
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
        return "XP302", f"a circular reference, which Excel does not compute{_but(said)}"
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


def _unexplained(workbook: Workbook, judged: Judged, indices: Sequence[int]) -> list[Finding]:
    """Findings about the cells for which no formula is to blame: circles of right formulas, and what nobody can tell."""
    found: list[Finding] = []
    bindings = judged.evidence.bindings
    for variable, group in groupby(indices, key=lambda index: bindings[index].output.name):
        numbers = [index for index in group if np.isfinite(judged.evidence.expected[:, index]).any()]
        if not numbers:
            continue  # of another shape in the reference, which is a finding already
        cells = tuple(bindings[index].cell for index in numbers)
        iterations = tuple(sorted({bindings[index].iteration for index in numbers}))
        formula = workbook.formula(cells[0])
        if isinstance(judged.results[numbers[0]].actual, Unsupported) and on_a_circle(workbook, cells[0]):
            code, said = (
                "XP302",
                "a circular reference, which Excel does not compute, of formulas each of which is right by itself",
            )
        else:
            code, said = (
                "XP199",
                "wrong, although its formula is right on the reference's values, and so are those before it",
            )
        message = f"{addresses(cells)}: {said}."
        found.append(Finding(code, variable, cells, iterations, message, str(formula) if formula else None))
    return found
