"""Writes the drafted spec file: TOML, with comments on reasons and on what to check."""

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xlparity.actions.init.checks import CheckDraft
from xlparity.actions.init.loops import Loop
from xlparity.actions.init.matching import Drafted
from xlparity.actions.init.names import normal
from xlparity.excel.address import Cell, Range, as_ranges
from xlparity.excel.workbook import formulas_of
from xlparity.spec.binding import Offset, irregular
from xlparity.spec.schema import LINE

_WIDTH = 110
_LONGEST_BEFORE_A_REMARK = 40
_MOST_UNNAMED = 6  # lines without a name of the reference in one table
_MOST_NAMED = 24  # ranges or sheets in one comment
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")  # of TOML
_UNSET = "reference.py:function"
_NO_REFERENCE = (
    "The reference is still to be set: file.py:function, relative to this file, or package.module:function. Its parameters are "
    "the inputs' names."
)
_NOWHERE = "the reference gives it, and no cells hold its values"
_NOT_IN_BLOCKS = (
    "the reference gives it, and no cells in the blocks hold its values; what exists once has every_block = false"
)
_NOTHING = "no number that the reference gives is on the sheet, or named there, so that nothing would be compared"
_LACKS = "the reference needs it, and no cell seems to hold it"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A line that a person has to decide on: of which check and table, under which name, and why."""

    check: str
    part: str
    name: str
    sentence: str
    address: str = ""

    @property
    def missing(self) -> bool:
        """Whether nothing has been found for it."""
        return not self.address

    def __str__(self) -> str:
        where = f" ({self.address})" if self.address else ""
        check = f"check {self.check}: " if self.check else ""
        return f"{check}{self.name}{where}: {self.sentence}"


def spec_text(
    drafts: Mapping[str, CheckDraft],
    path: str,
    reference: str | None,
    others: Sequence[str] = (),
    within: Mapping[str, object] | None = None,
) -> str:
    """The whole file: one check without a name, or several; or what is added to a file that has ``within`` at its top."""
    keys = {"workbook": path, "reference": reference or _UNSET}
    source = "the reference's values and texts" if reference else "texts"
    lines: list[str] = []
    if within is None:
        lines += [
            LINE,
            *_comment(
                f"A draft by 'xlparity init' of what is where in {Path(path).name}, as far as {source} tell. Check each line, "
                "correct it, and run 'xlparity verify' on this file."
            ),
            f"workbook  = {_quoted(path)}",
            *(() if reference else _comment(_NO_REFERENCE)),
            f"reference = {_quoted(keys['reference'])}",
            "tolerance = { rtol = 1e-9, atol = 1e-12 }  # |actual - expected| <= atol + rtol*|expected|",
        ]
    own = {} if within is None else {key: value for key, value in keys.items() if within.get(key) != value}
    for name, draft in drafts.items():
        prefix = f"check.{_key(name)}." if name else ""
        lines += ["", f"[{prefix.rstrip('.')}]"] if name else []
        lines += [f"{key} = {_quoted(value)}" for key, value in own.items()]
        lines += _check(draft, prefix)
    if others:
        lines += [
            "",
            *_comment(f"Other sheets with formulas: {_some(others)}. --sheet NAME drafts a check for one of them."),
        ]
    return "\n".join(lines) + "\n"


def doubts_of(name: str, draft: CheckDraft) -> list[Doubt]:
    """What a person has to decide in this check: parameters without cells, and lines that values do not prove."""
    found = [Doubt(name, "inputs", parameter, _LACKS) for parameter, must in draft.lacking.items() if must]
    if draft.failure:
        found.append(Doubt(name, "", "reference", draft.failure))
    if (
        len(draft.unplaced) <= _MOST_UNNAMED
    ):  # a function that returns its locals() gives a lot more than is on the sheet
        found += [Doubt(name, "outputs", given, _NOT_IN_BLOCKS if draft.loop else _NOWHERE) for given in draft.unplaced]
    if draft.short:
        found.append(Doubt(name, "", "blocks", draft.short))
    if any(line.skip for line in draft.outputs):
        found.append(Doubt(name, "", "outputs", _NOTHING))
    for part, lines in (("inputs", draft.inputs), ("outputs", draft.outputs)):
        found += [
            Doubt(name, part, line.name, line.doubt, _plain(line.quantity.at, draft.sheet))
            for line in lines
            if line.doubt
        ]
    return found


def sure_of(draft: CheckDraft) -> list[str]:
    """The names whose lines are proved by values."""
    return [line.name for line in (*draft.inputs, *draft.outputs) if line.sure]


def _check(draft: CheckDraft, prefix: str) -> Iterator[str]:
    sheet = draft.sheet
    yield f"sheet     = {_quoted(sheet)}  # for addresses that name none"
    yield ""
    if draft.loop:
        yield from _blocks(draft.loop, prefix)
    yield f"[{prefix}inputs]"
    yield from _comment(
        "Constants that the formulas read. low, high or choices say what one may be set to in scenarios."
    )
    inputs = _few(draft.inputs)
    yield from _table(inputs, sheet)
    for name, needed in draft.lacking.items():
        yield f'# {_key(name)} = ""  # {_LACKS if needed else "the reference has a default for it"}'
    yield ""
    yield f"[{prefix}outputs]"
    yield from _comment("Formulas, compared with what the reference gives under the same name.")
    if draft.failure:
        yield from _comment(f"Their names are the sheet's own: {draft.failure}.")
    outputs = _few(draft.outputs)
    yield from _table(outputs, sheet, draft.loop)
    if draft.unplaced:
        yield ""
        yield from _comment(f"The reference also gives {', '.join(draft.unplaced)}.")
    shown = {line.quantity.at for line in (*inputs, *outputs)}
    hidden = [line.quantity.at for line in draft.outputs if line.quantity.at not in shown]
    for sentence, areas in (
        ("Formulas that no line above covers", [*hidden, *_areas(draft, _uncovered(draft))]),
        ("Constants that no line above covers", [q.quantity.at for q in draft.inputs if q.quantity.at not in shown]),
        ("Numbers that neither a formula reads nor a line above covers", _areas(draft, _unread(draft))),
    ):
        if areas:
            yield ""
            yield from _comment(f"{sentence}: {_some([_plain(area, sheet) for area in areas])}")


def _areas(draft: CheckDraft, cells: Iterable[Cell]) -> list[Range]:
    return as_ranges(sorted(cells, key=lambda cell: (draft.workbook.sheets.index(cell.sheet), cell)))


def _few(lines: Sequence[Drafted]) -> list[Drafted]:
    """The lines without most of those that are comments for want of a name: a few may be renamed, a hundred nobody reads."""
    unnamed = [line for line in lines if line.left_out and not line.doubt]
    return [line for line in lines if line not in unnamed[_MOST_UNNAMED:]]


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_NAMED
    return ", ".join(texts[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _blocks(loop: Loop, prefix: str) -> list[str]:
    first, last = loop.anchors[0], loop.anchors[-1]
    counting = f"{len(loop.anchors)} cells from {first.a1} to {last.a1} count"
    if not loop.counted:
        counting = f"{len(loop.anchors)} {'rows' if loop.down else 'columns'} go on from one another"
    sentence = f"{counting}, and the formulas repeat."
    late = [str(number) for number in irregular(loop.offsets)]
    if late:
        sentence += f" At another distance than the second: block {', '.join(late)}."
    if loop.is_table:
        sentence += " Each row or column goes on from the one before, so each is an iteration."
    if loop.unlike:
        cells = ", ".join(cell.a1 for cell in loop.unlike)
        blocks = sorted({(loop.block(cell) or 0) + 1 for cell in loop.unlike})
        sentence += f" Not like most: block {', '.join(map(str, blocks))}, without a formula in {cells}."
    if loop.label is not None:
        where = [f"label = {_quoted(loop.label)}"]
    elif loop.is_table and loop.down:
        where = [f"first = {first.row}", "step = 1", f"count = {len(loop.anchors)}"]
    else:
        lines = [cell.row if loop.down else cell.column for cell in loop.anchors]
        where = textwrap.wrap(f"{'rows' if loop.down else 'columns'} = {lines}", _WIDTH, subsequent_indent="  ")
    return [f"[{prefix}blocks]", *_comment(sentence), *where, ""]


def _table(drafts: Sequence[Drafted], sheet: str, loop: Loop | None = None) -> Iterator[str]:
    """The table's lines, their remarks in one column where the lines are short; outputs outside the loop exist once."""
    width = max((len(_key(drafted.name)) for drafted in drafts if not drafted.left_out), default=0)
    lines = [
        f"# {_key(drafted.name)} = {_value(drafted, sheet, loop)}"
        if drafted.left_out
        else f"{_key(drafted.name):<{width}} = {_value(drafted, sheet, loop)}"
        for drafted in drafts
    ]
    column = max((len(line) for line in lines if len(line) <= _LONGEST_BEFORE_A_REMARK), default=0)
    for line, drafted in zip(lines, drafts, strict=True):
        remarks = "; ".join(_printable(remark) for remark in _remarks(drafted))
        yield f"{line:<{column}}  # {remarks}" if remarks else line


def _remarks(drafted: Drafted) -> Iterator[str]:
    """The sheet's own header where it is another, why a line is left out, and what was noticed."""
    header = next(iter(drafted.quantity.texts), "")
    if header and normal(header) != normal(drafted.name):
        yield f'"{textwrap.shorten(header, 60, placeholder=" …")}"'
    if drafted.left_out:
        yield drafted.left_out
    yield from drafted.notes


def _value(drafted: Drafted, sheet: str, loop: Loop | None) -> str:
    keys = [f"at = {_address(drafted.quantity.at, sheet)}"]
    if drafted.every_block:
        keys.append("every_block = true")
    if loop is not None and loop.block(drafted.quantity.at.first) is None:
        keys.append("every_block = false")
    if drafted.also:
        twins = [
            f"{{ at = {_address(twin.at, sheet)}{', transpose = true' if twin.transpose else ''} }}"
            for twin in drafted.also
        ]
        keys.append(f"also = [{', '.join(twins)}]")
    if drafted.transpose:
        keys.append("transpose = true")
    if drafted.skip:
        keys.append(f"skip = {_quoted(drafted.skip)}")
    return keys[0].removeprefix("at = ") if len(keys) == 1 else f"{{ {', '.join(keys)} }}"


def _address(at: Range, sheet: str) -> str:
    return _quoted(_plain(at, sheet))


def _plain(at: Range, sheet: str) -> str:
    return at.a1 if at.sheet == sheet else str(at)


def _uncovered(draft: CheckDraft) -> list[Cell]:
    offsets = draft.loop.offsets if draft.loop else (Offset(0, 0),)
    covered = {cell for drafted in draft.inputs for cell in drafted.quantity.at.cells()}  # =1/3 is an input
    covered |= {
        cell for drafted in draft.outputs for offset in offsets for cell in drafted.quantity.at.moved(*offset).cells()
    }
    cells = (*(cell for cell, _ in formulas_of(draft.workbook)), *draft.workbook.members)
    return [cell for cell in cells if cell not in covered]


def _unread(draft: CheckDraft) -> list[Cell]:
    """The numbers on these sheets that no formula refers to: perhaps a formula was replaced by a constant."""
    loop = draft.loop
    sheets = {drafted.quantity.at.sheet for drafted in (*draft.inputs, *draft.outputs) if not drafted.left_out}
    covered = set(loop.anchors) if loop else set()
    for drafted in (*draft.inputs, *draft.outputs):
        for area in (drafted.quantity.at, *(twin.at for twin in drafted.also)):
            for offset in loop.offsets if loop else (Offset(0, 0),):
                covered.update(area.moved(*offset).cells())
    return [cell for cell in draft.unread if cell.sheet in sheets and cell not in covered]


def _comment(text: str) -> list[str]:
    wrapped = textwrap.wrap(_printable(text), _WIDTH, break_long_words=False, break_on_hyphens=False)
    return [f"# {line}" for line in wrapped]


def _printable(text: str) -> str:
    """The text in one line without control characters, which no TOML comment may hold."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
