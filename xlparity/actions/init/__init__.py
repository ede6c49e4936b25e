"""``init``: drafts a spec file from a workbook, and from the reference if there is one, for a person to correct.

The labels determine the places of the iterations (loops), constants and formulas what is given and what is computed (survey),
formulas that were filled from one another hard-coded cells (typed), headers which cells are one quantity
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
from xlparity.actions.init.survey import CellKind, survey
from xlparity.actions.init.text import SpecDraft, spec_text
from xlparity.actions.init.texts import Texts
from xlparity.errors import OracleError, UsageError, WorkbookError
from xlparity.excel.formula import precedents
from xlparity.excel.workbook import Workbook, formulas_of, read_workbook
from xlparity.files import write_file
from xlparity.settings import Options
from xlparity.spec.reference import Glimpse, Reference, find_reference
from xlparity.spec.schema import FILE as SCHEMA
from xlparity.spec.schema import schema_text


@dataclass(frozen=True, slots=True)
class _Seen:
    """The result of calling the reference: its names and shapes, or the reason why there are none."""

    glimpse: Glimpse | None = None
    failure: str = ""


def init(
    workbook: str | Path,
    reference: str | None = None,
    path: str | Path | None = None,
    *,
    options: Options | None = None,
) -> tuple[Path, ...]:
    """Draft the spec file of a workbook, for a person to correct; return the paths of the files, the spec's first.

    ``reference`` is the Python function, ``file.py:function`` or ``package.module:function``, whose names the draft then has;
    it is called once, within ``options.reference_timeout``. ``path`` is the spec's, without one ``NAME.parity.toml`` beside the
    workbook. These are relative to the current folder. The JSON Schema that the spec names, ``parity.schema.json``, is written
    beside it where there is none. Nothing is overwritten.

    Raises UsageError where the spec file exists or cannot be written, WorkbookError where the workbook cannot be read or has
    no formula that reads another cell, OracleError where the reference cannot be found or called.
    """
    options = Options.of_project() if options is None else options
    book = read_workbook(Path(workbook))
    spec = Path(workbook).with_suffix(".parity.toml") if path is None else Path(path)
    if os.path.lexists(spec):
        raise UsageError(f"{spec}: exists, and init overwrites nothing; name another file for the spec")
    function = None if reference is None else find_reference(reference, Path(), options.reference_timeout)
    write_file(spec, draft_spec(book, spec, function).encode())
    schema = spec.parent / SCHEMA
    if os.path.lexists(schema):
        return (spec,)
    write_file(schema, schema_text().encode())
    return spec, schema


def draft_spec(workbook: Workbook, spec: Path, reference: Reference | None = None) -> str:
    """The text of a spec file at ``spec`` for this workbook; a file in the reference's name is relative to this folder.

    The reference is called once, with the drafted inputs, to learn the names and shapes that it gives. Raises
    WorkbookError where the workbook has no formula, OracleError where the parameters of the reference are unknown.
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


def _draft(workbook: Workbook, loop: Loop | None, reference: Reference | None, seen: _Seen) -> SpecDraft:
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
            d.name
            for d in inputs
            if d.quantity.kind is not CellKind.STATE or any(fit(t, d.name) for t in d.quantity.texts)
        }
        lacking = [name for name in needed if needed[name] and name not in called]
        if not lacking:
            break
    shapes = seen.glimpse.shapes if seen.glimpse else None
    outputs = draft_outputs(found, inputs, shapes)
    return SpecDraft(
        workbook,
        loop,
        inputs,
        outputs,
        {name: must for name, must in needed.items() if name not in given},
        tuple(name for name in shapes or () if name not in {*given, *(drafted.name for drafted in outputs)}),
        tuple(cells.unread),
        seen.failure,
    )


def _informed(workbook: Workbook, draft: SpecDraft, reference: Reference) -> SpecDraft:
    """The draft again, now that the reference has been called with its inputs."""
    seen = _look(workbook, reference, draft)
    if draft.loop is not None and (seen.glimpse is None or seen.glimpse.single):
        # A function that returns has no iterations, and one that lacks an input may be about another sheet.
        single = _look(workbook, reference, _draft(workbook, None, reference, seen))
        if single.glimpse is not None and single.glimpse.single:
            return _draft(workbook, None, reference, single)
    return _draft(workbook, draft.loop, reference, seen)


def _look(workbook: Workbook, reference: Reference, draft: SpecDraft) -> _Seen:
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
