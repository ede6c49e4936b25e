"""Writes the drafted spec file: TOML, with comments on reasons and on what to check."""

import json
import re
import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from xlparity.actions.init.loops import Loop
from xlparity.actions.init.match import Drafted
from xlparity.actions.init.names import normal
from xlparity.excel.address import Cell, Range, as_ranges
from xlparity.excel.workbook import Workbook, formulas_of
from xlparity.spec.binding import Offset, irregular
from xlparity.spec.schema import LINE

_WIDTH = 110
_LONGEST_BEFORE_A_REMARK = 40


@dataclass(frozen=True, slots=True)
class SpecDraft:
    """The content of a drafted spec file.

    ``lacking`` are the reference's parameters without an input, and whether each must be given; ``unplaced`` the names
    that it gives and no output has; ``unread`` the numbers that no formula reads; ``failure`` is why it could not be
    called. ``path`` and ``reference`` are the workbook's and the reference's names as the spec file has them.
    """

    workbook: Workbook
    loop: Loop | None
    inputs: Sequence[Drafted]
    outputs: Sequence[Drafted]
    lacking: Mapping[str, bool]
    unplaced: Sequence[str]
    unread: Collection[Cell]
    failure: str
    path: str = ""
    reference: str | None = None


_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")  # of TOML


def spec_text(draft: SpecDraft) -> str:
    """The whole file."""
    live = next(drafted for drafted in draft.outputs if not drafted.left_out)
    sheet = draft.loop.sheet if draft.loop else live.quantity.at.sheet
    lines = [
        LINE,
        *_comment(
            f"A draft by 'xlparity init' of what stands where in {draft.workbook.path.name}, as far as its labels tell. "
            "Check each line, correct it, and run 'xlparity verify' on this file."
        ),
        f"workbook  = {_quoted(draft.path)}",
        *_reference(draft),
        "tolerance = { rtol = 1e-9, atol = 1e-12 }  # |actual - expected| <= atol + rtol*|expected|",
        f"sheet     = {_quoted(sheet)}  # for addresses that name none",
        "",
        *(_blocks(draft.loop) if draft.loop else ()),
        "[inputs]",
        *_comment("Constants that the formulas read. low, high or choices say what one may be set to in trials."),
        *_table(draft.inputs, sheet),
    ]
    for name, needed in draft.lacking.items():
        sentence = (
            "the reference needs it, and no cell seems to hold it" if needed else "the reference has a default for it"
        )
        lines.append(f'# {_key(name)} = ""  # {sentence}')
    lines += [
        "",
        "[outputs]",
        *_comment("Formulas, compared with what the reference gives under the same name."),
        *(_comment(f"Their names are the sheet's own: {draft.failure}.") if draft.failure else ()),
        *_table(draft.outputs, sheet),
    ]
    if draft.unplaced:
        lines += ["", *_comment(f"The reference also gives {', '.join(draft.unplaced)}.")]
    for sentence, cells in (
        ("Formulas that no line above covers", _uncovered(draft)),
        ("Numbers that neither a formula reads nor a line above covers", _unread(draft)),
    ):
        if left := as_ranges(sorted(cells, key=lambda cell: (draft.workbook.sheets.index(cell.sheet), cell))):
            addresses = [area.a1 if area.sheet == sheet else str(area) for area in left]
            lines += ["", *_comment(f"{sentence}: {', '.join(addresses)}")]
    return "\n".join(lines) + "\n"


def _reference(draft: SpecDraft) -> list[str]:
    if draft.reference is None:
        sentence = "still to be set: file.py:function, relative to this file, or package.module:function"
        return [
            *_comment(f"The reference is {sentence}. Its parameters are the inputs' names."),
            'reference = "reference.py:function"',
        ]
    return [f"reference = {_quoted(draft.reference)}"]


def _blocks(loop: Loop) -> list[str]:
    first, last = loop.anchors[0], loop.anchors[-1]
    sentence = f"{len(loop.anchors)} cells from {first.a1} to {last.a1} count, and the formulas repeat."
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
    return ["[blocks]", *_comment(sentence), *where, ""]


def _table(drafts: Sequence[Drafted], sheet: str) -> Iterator[str]:
    """The table's lines, their remarks in one column where the lines are short."""
    width = max((len(_key(drafted.name)) for drafted in drafts if not drafted.left_out), default=0)
    lines = [
        f"# {_key(drafted.name)} = {_value(drafted, sheet)}"
        if drafted.left_out
        else f"{_key(drafted.name):<{width}} = {_value(drafted, sheet)}"
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


def _value(drafted: Drafted, sheet: str) -> str:
    keys = [f"at = {_address(drafted.quantity.at, sheet)}"]
    if drafted.every_block:
        keys.append("every_block = true")
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
    return _quoted(at.a1 if at.sheet == sheet else str(at))


def _uncovered(draft: SpecDraft) -> list[Cell]:
    offsets = draft.loop.offsets if draft.loop else (Offset(0, 0),)
    covered = {cell for drafted in draft.inputs for cell in drafted.quantity.at.cells()}  # =1/3 is an input
    covered |= {
        cell for drafted in draft.outputs for offset in offsets for cell in drafted.quantity.at.moved(*offset).cells()
    }
    cells = (*(cell for cell, _ in formulas_of(draft.workbook)), *draft.workbook.members)
    return [cell for cell in cells if cell not in covered]


def _unread(draft: SpecDraft) -> list[Cell]:
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
