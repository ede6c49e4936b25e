"""Drafting a spec file from a workbook, and from the reference where there is one, for a person to correct.

The labels tell where the iterations stand (loops), constants and formulas what is given and what is computed (survey),
formulas that were filled from one another what has been typed over (typed), headers which cells are one quantity
(quantities), the reference's names what it is called (match); text writes it down.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xlparity.actions.init.likeness import Likeness
from xlparity.actions.init.loops import Loop, find_loop
from xlparity.actions.init.match import case_of, draft_inputs, draft_outputs, parameters
from xlparity.actions.init.names import SAME, fit
from xlparity.actions.init.quantities import find_quantities
from xlparity.actions.init.survey import Kind, survey
from xlparity.actions.init.text import Draft, spec_text
from xlparity.actions.init.texts import Texts
from xlparity.errors import OracleError, WorkbookError
from xlparity.excel.formula import precedents
from xlparity.excel.workbook import Workbook, formulas_of
from xlparity.spec.reference import Glimpse, Reference


@dataclass(frozen=True, slots=True)
class _Seen:
    """What calling the reference showed: a glimpse, or why there is none."""

    glimpse: Glimpse | None = None
    failure: str = ""


def draft_spec(workbook: Workbook, spec: Path, reference: Reference | None = None) -> str:
    """The text of a spec file at ``spec`` for this workbook; a file in the reference's name is relative to this folder.

    The reference is called once, with the drafted inputs, to learn the names and shapes that it gives. Raises
    WorkbookError where the workbook has no formula, OracleError where the reference does not tell its parameters.
    """
    if not any(precedents(formula.text) for _, formula in formulas_of(workbook)):
        raise WorkbookError(f"{workbook.path}: has no formula that reads another cell, so there is nothing to verify")
    if reference is not None:
        reference = replace(reference, name=_named(reference.name, spec))
    loop = find_loop(workbook)
    draft = _draft(workbook, loop, reference, _Seen())
    if reference is not None:
        draft = _informed(workbook, draft, reference)
    return spec_text(
        replace(draft, path=_relative(workbook.path, spec), reference=reference.name if reference else None)
    )


def _draft(workbook: Workbook, loop: Loop | None, reference: Reference | None, seen: _Seen) -> Draft:
    needed = parameters(reference) if reference else {}
    names = [*needed, *(seen.glimpse.shapes if seen.glimpse else ())]
    texts, likeness = Texts(workbook, loop), Likeness(workbook)
    lacking: Sequence[str] = ()
    for _ in range(2):  # again with what no formula reads, where the reference needs more than what is read
        cells = survey(texts, likeness, lacking)
        found = find_quantities(texts, likeness, cells, lambda text: any(fit(text, name) == SAME for name in names))
        inputs = draft_inputs(workbook, loop, found, reference)
        given = {drafted.name for drafted in inputs}
        # A state that is merely left over is no better than a number that is called so.
        called = {
            d.name for d in inputs if d.quantity.kind is not Kind.STATE or any(fit(t, d.name) for t in d.quantity.texts)
        }
        lacking = [name for name in needed if needed[name] and name not in called]
        if not lacking:
            break
    shapes = seen.glimpse.shapes if seen.glimpse else None
    outputs = draft_outputs(found, inputs, shapes)
    return Draft(
        workbook,
        loop,
        inputs,
        outputs,
        {name: must for name, must in needed.items() if name not in given},
        tuple(name for name in shapes or () if name not in {*given, *(drafted.name for drafted in outputs)}),
        tuple(cells.unread),
        seen.failure,
    )


def _informed(workbook: Workbook, draft: Draft, reference: Reference) -> Draft:
    """The draft again, now that the reference has been called with its inputs."""
    seen = _look(workbook, reference, draft)
    if draft.loop is not None and (seen.glimpse is None or seen.glimpse.single):
        # A function that returns has no iterations, and one that lacks an input may be about another sheet.
        single = _look(workbook, reference, _draft(workbook, None, reference, seen))
        if single.glimpse is not None and single.glimpse.single:
            return _draft(workbook, None, reference, single)
    return _draft(workbook, draft.loop, reference, seen)


def _look(workbook: Workbook, reference: Reference, draft: Draft) -> _Seen:
    try:
        return _Seen(reference.glimpse(case_of(workbook, draft.inputs)))
    except OracleError as error:
        return _Seen(failure=str(error))


def _named(reference: str, spec: Path) -> str:
    """The reference as the spec file names it: a file relative to the spec's folder, a module as it is."""
    place, _, function = reference.rpartition(":")
    return f"{_relative(Path(place), spec)}:{function}" if place.endswith(".py") else reference


def _relative(path: Path, spec: Path) -> str:
    """The path as the spec file names it, through whatever links the two folders are reached."""
    place = path.parent.resolve() / path.name
    return Path(os.path.relpath(place, spec.parent.resolve())).as_posix()
