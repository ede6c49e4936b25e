"""``init``: drafts a spec file from a workbook, and from the reference if there is one, for a person to correct.

Constants and formulas determine what is given and what is computed (survey), formulas that were filled from one another the
iterations (loops), hard-coded cells (typed) and, with the texts around them (texts), which cells are one quantity (quantities).
Of these, each name of the reference has candidates: the reference is called with those of its parameters (calls), and its
arrays are looked for among the numbers of the sheets (numbers). What is found there, and goes on agreeing after the inputs are
moved, is sure; texts decide the rest (inputs, outputs). checks chooses the sheets, and text writes it down.
"""

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeAlias

from xlparity.actions.init.checks import CheckDraft, Drafter
from xlparity.actions.init.names import identifier
from xlparity.actions.init.text import Doubt, doubts_of, spec_text, sure_of
from xlparity.errors import UsageError, WorkbookError
from xlparity.excel.address import Range
from xlparity.excel.formula import precedents
from xlparity.excel.workbook import Workbook, formulas_of, read_workbook
from xlparity.files import write_file
from xlparity.settings import Options
from xlparity.spec.plan import parse_address
from xlparity.spec.reference import Finder, Reference
from xlparity.spec.schema import FILE as SCHEMA
from xlparity.spec.schema import schema_text
from xlparity.spec.words import known_sheet, look_up

Answers: TypeAlias = Callable[[Doubt, str], str | None]
"""Gives an address for a line in doubt, or None to leave it; the text complains about the answer before, if that was none."""


class Draft(NamedTuple):
    """A drafted spec file: its text, what is sure in it, and every doubt with what to look at."""

    text: str
    sure: tuple[str, ...]
    doubts: tuple[Doubt, ...]


def init(
    workbook: str | Path,
    reference: str | None = None,
    path: str | Path | None = None,
    *,
    sheets: Sequence[str] = (),
    check: str | None = None,
    options: Options | None = None,
) -> tuple[Path, ...]:
    """Draft the spec file of a workbook, for a person to correct; return the paths of the files, the spec's first.

    ``reference`` is the Python function, ``file.py:function`` or ``package.module:function``, whose names the draft then has. It
    is called with cells that labels or their order suggest, each call within ``options.reference_timeout``, and each of its
    outputs is bound to the cells that hold its values; a label that values contradict makes a comment. ``sheets`` are those to
    draft a check for; without them each sheet that holds the reference's values has one. ``check`` is the name of the check,
    which is added to the spec if that exists and has others. ``path`` is the spec's, without one ``NAME.parity.toml`` beside the
    workbook. These are relative to the current folder. The JSON Schema that the spec names, ``parity.schema.json``, is written
    beside it where there is none. Nothing is overwritten.

    Raises UsageError where the spec file exists or cannot be written, or a sheet is unknown; WorkbookError where the workbook
    cannot be read or has no formula that reads another cell; OracleError where the reference cannot be found or called.
    """
    return write_draft(workbook, reference, path, sheets=sheets, check=check, options=options)[0]


def write_draft(
    workbook: str | Path,
    reference: str | None = None,
    path: str | Path | None = None,
    *,
    sheets: Sequence[str] = (),
    check: str | None = None,
    answers: Answers | None = None,
    options: Options | None = None,
) -> tuple[tuple[Path, ...], Draft]:
    """As ``init``; also what is sure and what is not. ``answers`` is asked about each doubt."""
    options = Options.of_project() if options is None else options
    if check is not None and not check.strip():
        raise UsageError("--check: the name of a check cannot be empty; name it, as [check.NAME]")
    book = read_workbook(Path(workbook), options.limits)
    spec = Path(workbook).with_suffix(".parity.toml") if path is None else Path(path)
    before = _existing(spec, check)
    within = tomllib.loads(before) if before else None
    with Finder(Path(), options.reference_timeout, in_process=options.in_process) as finder:
        function = None if reference is None else finder.found(reference)
        draft = drafted(book, spec, function, sheets=sheets, check=check, answers=answers, within=within)
    write_file(spec, (before + draft.text).encode())
    schema = spec.parent / SCHEMA
    if os.path.lexists(schema):
        return (spec,), draft
    write_file(schema, schema_text().encode())
    return (spec, schema), draft


def drafted(
    workbook: Workbook,
    spec: Path,
    reference: Reference | None = None,
    *,
    sheets: Sequence[str] = (),
    check: str | None = None,
    answers: Answers | None = None,
    within: Mapping[str, object] | None = None,
) -> Draft:
    """The draft of a spec file at ``spec``; or of one check, to be added to a file with ``within`` at its top.

    Raises UsageError where there is no such sheet, WorkbookError where the workbook has no formula, OracleError where the
    parameters of the reference are unknown.
    """
    if not any(precedents(formula.text) for _, formula in formulas_of(workbook)):
        raise WorkbookError(f"{workbook.path}: has no formula that reads another cell, so there is nothing to verify")
    if reference is not None:
        reference = replace(reference, name=_named(reference.name, spec))
    drafter = Drafter(workbook, reference)
    found = drafter.checks([_formula_sheet(sheet, drafter) for sheet in dict.fromkeys(sheets)])
    names = _names(found, check)
    drafts = dict(zip(names, found, strict=True))
    if answers is not None:
        drafts = {name: _asked(drafter, name, draft, answers) for name, draft in drafts.items()}
    seen = {draft.home for draft in found} | {draft.sheet for draft in found}
    others = [sheet for sheet in drafter.homes if sheet not in seen] if len(drafter.homes) > 1 else []
    text = spec_text(drafts, _relative(workbook.path, spec), reference.name if reference else None, others, within)
    return Draft(
        text,
        tuple(
            f"{name}: {', '.join(sure)}" if name else ", ".join(sure)
            for name, d in drafts.items()
            if (sure := sure_of(d))
        ),
        tuple(doubt for name, draft in drafts.items() for doubt in doubts_of(name, draft)),
    )


def _asked(drafter: Drafter, name: str, draft: CheckDraft, answers: Answers) -> CheckDraft:
    """The check after every doubt was answered; an answer may settle others, so that each is asked after the one before."""
    fixed: dict[str, dict[str, Range]] = {"inputs": {}, "outputs": {}}
    asked: set[tuple[str, str]] = set()
    while True:
        doubt = next((d for d in doubts_of(name, draft) if d.part and (d.part, d.name) not in asked), None)
        if doubt is None:
            return draft
        asked.add((doubt.part, doubt.name))
        complaint = ""
        while answer := answers(doubt, complaint):
            try:
                at = look_up(parse_address(answer, draft.sheet), drafter.workbook)
            except ValueError as error:
                complaint = str(error)
                continue
            fixed[doubt.part][doubt.name] = at
            new = drafter.check(draft.home, fixed["inputs"], fixed["outputs"])
            lines = new.inputs if doubt.part == "inputs" else new.outputs
            if any((line.name, line.quantity.at) == (doubt.name, at) for line in lines):
                draft = new
                break
            del fixed[doubt.part][doubt.name]
            complaint = f"{answer} cannot be '{doubt.name}': another line has some of its cells"


def _formula_sheet(sheet: str, drafter: Drafter) -> str:
    if sheet not in drafter.homes:
        try:
            known_sheet(sheet, drafter.workbook)
        except ValueError as error:
            raise UsageError(f"--sheet: {error}") from error
        others = ", ".join(drafter.homes)
        raise UsageError(f"--sheet: '{sheet}' has no formula that reads another cell; these have: {others}")
    return sheet


def _names(drafts: Sequence[CheckDraft], check: str | None) -> list[str]:
    """The names of the checks: none for a single one, else those of their sheets."""
    if check is not None and len(drafts) > 1:
        raise UsageError(
            f"--check {check}: {len(drafts)} sheets match, and one check is about one; name it with --sheet"
        )
    if len(drafts) == 1:
        return [check or ""]
    names: list[str] = []
    for draft in drafts:
        plain = identifier(draft.home) or "check"
        names.append(plain if plain not in names else f"{plain}_{len(names) + 1}")
    return names


def _existing(spec: Path, check: str | None) -> str:
    """The text of a spec to which the check may be added, or nothing where there is none; raises UsageError otherwise."""
    if not os.path.lexists(spec):
        return ""
    try:
        text = spec.read_text(encoding="utf-8") if check is not None else ""
        table = tomllib.loads(text)
    except (OSError, ValueError):
        table = {}
    checks = table.get("check")
    if check is None or not isinstance(checks, dict) or "outputs" in table:
        more = "" if check is None else ", and adds a check only where there are others, each [check.NAME]"
        raise UsageError(f"{spec}: exists, and init overwrites nothing{more}; name another file for the spec")
    if check in checks:
        raise UsageError(
            f"{spec}: has a check '{check}' already, and init overwrites nothing; give --check another name"
        )
    return text


def _named(reference: str, spec: Path) -> str:
    """The reference as the spec file names it: a file relative to the spec's folder, a module as it is."""
    place, _, function = reference.rpartition(":")
    return f"{_relative(Path(place), spec)}:{function}" if place.endswith(".py") else reference


def _relative(path: Path, spec: Path) -> str:
    """The path as the spec file names it, through whatever links the two folders are reached."""
    place = path.parent.resolve() / path.name
    return Path(os.path.relpath(place, spec.parent.resolve())).as_posix()
