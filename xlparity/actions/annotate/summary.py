"""The summary sheet of an annotated workbook: the verdict, the findings and the worst cells, with links to the cells."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from xlparity.actions.annotate.marks import COLOURS, MEANINGS, Mark
from xlparity.excel import ooxml
from xlparity.excel.address import Cell
from xlparity.reporters import rows as listed
from xlparity.reporters import words
from xlparity.results.report import Finding, Report, Verdict

_VERDICTS = {
    Verdict.PASS: "FFC6EFCE",
    Verdict.FAIL: "FFFFD3CC",
    Verdict.UNASSESSED: "FFFFE699",
    Verdict.STALE: "FFFFE699",
}
FONTS = {
    "text": ooxml.Font("", 11, "FF000000"),
    "head": ooxml.Font("<b/>", 11, "FF000000"),
    "title": ooxml.Font("<b/>", 16, "FF000000"),
    "link": ooxml.Font("<u/>", 11, "FF00316E"),
    "faint": ooxml.Font("", 11, "FF595959"),
}
"""A link is dark enough to be read on the reddest of our colours."""
_HEADING = "FFEDEDED"
_WIDTHS = (32, 20, 12, 14, 30, 30, 52, 36)
_WORST, _MOST_FINDINGS, _MOST_LINES = 50, 1000, 8
_A_LINE = 15.0  # points


class Entry(NamedTuple):
    """A cell of the summary: its content, font, colour, and the cell that it links to."""

    value: str | float
    font: str = "text"
    colour: str | None = None
    link: Cell | None = None
    wrapped: bool = True


Row = Sequence[Entry]


def add_summary(
    file: ooxml.Editor, styles: ooxml.Styles, report: Report, marked: Mapping[Cell, Mark], commented: int
) -> str:
    """Add the summary as the last sheet, on which the workbook opens; its name, ``xlparity`` unless that is taken."""
    rows = [_row(row, styles) for row in _rows(report, marked, commented)]
    return ooxml.add_sheet(file, "xlparity", rows, _WIDTHS)


def _row(row: Row, styles: ooxml.Styles) -> ooxml.NewRow:
    """The row with its formats, and the height that its texts need."""
    height = max((_height(entry, k) for k, entry in enumerate(row) if _wrapped(entry, row)), default=0)
    cells = [
        ooxml.NewCell(
            entry.value, styles.text(FONTS[entry.font], entry.colour, wrapped=_wrapped(entry, row)), entry.link
        )
        for entry in row
    ]
    return ooxml.NewRow(cells, height * _A_LINE if height > 1 else None)


def _rows(report: Report, marked: Mapping[Cell, Mark], commented: int) -> list[Row]:
    verdict = report.verdict
    rows: list[Row] = [
        [
            Entry(f"xlparity: {str(verdict).upper()}", "title", _VERDICTS[verdict]),
            *[Entry("", colour=_VERDICTS[verdict])] * (len(_WIDTHS) - 1),
        ],
        [Entry(_verdict_sentence(report, marked))],
        [Entry(f"{report.workbook} checked by {report.spec}", "faint")],
        [],
        [Entry("colour", "head", _HEADING), Entry("cells", "head", _HEADING), Entry("meaning", "head", _HEADING)],
    ]
    kinds = [mark.kind for mark in marked.values()]
    rows += [
        [Entry("", colour=COLOURS[kind]), Entry(float(kinds.count(kind))), Entry(meaning, wrapped=False)]
        for kind, meaning in MEANINGS.items()
        if kind in kinds
    ]
    if not kinds:
        rows.append([Entry("no cell is coloured: none is wrong", "faint")])
    elif commented < len(kinds):
        rows.append([Entry(f"{commented:,} of {len(kinds):,} cells have a comment, the most important ones", "faint")])
    rows += [[], *_checks(report), *_findings(report, marked), *_worst(report, marked)]
    rows += [
        [],
        [Entry("coverage and versions", "head", _HEADING)],
        [Entry(words.coverage(report))],
        [Entry(f"SHA-256 of the workbook that was verified: {report.sha256}", "faint")],
        [Entry(", ".join(f"{name} {version}" for name, version in report.versions.items()), "faint")],
    ]
    return rows


def _verdict_sentence(report: Report, marked: Mapping[Cell, Mark]) -> str:
    """The verdict in a sentence, and how to use the sheet where cells are marked."""
    counts = Counter(judgement for check in report.combined for _, judgement in listed.judged(check))
    unknown = sum(counts[judgement] for judgement in listed.UNASSESSED_JUDGEMENTS)
    counted = f"Cells that match the Python reference: {counts['right']:,}; that differ: {counts['wrong']:,}"
    counted += f"; that are {words.ONLY_STORED}: {counts['stored']:,}" if counts["stored"] else ""
    counted += f"; that could not be assessed: {unknown:,}." if unknown else "."
    if any(mark.kind != "accepted" for mark in marked.values()):
        counted += " Click an address to go to its cell; point at a coloured cell to read what is wrong."
    return counted


def _heads(*texts: str) -> Row:
    return [Entry(text, "head", _HEADING) for text in texts]


def _checks(report: Report) -> list[Row]:
    rows = [_heads("check", "verdict", "compared", "match", "wrong", "not assessed", "other inputs", "engine")]
    for check in report.combined:
        counts = Counter(judgement for _, judgement in listed.judged(check))
        sentence = "; ".join(sentence.text for sentence in words.scenario_summary(check)) or "none"
        remarks = [*(text.text for text in words.reached(check)), *listed.notes(report, check)]
        numbers = (
            counts.total() - counts["skipped"] - counts["accepted"],
            counts["right"],
            counts["wrong"],
            sum(counts[judgement] for judgement in listed.UNASSESSED_JUDGEMENTS),
        )
        rows.append([
            Entry(check.name), Entry(str(check.verdict), colour=_VERDICTS[check.verdict]),
            *(Entry(float(number)) for number in numbers), Entry(sentence), Entry(check.engine),
        ])  # fmt: skip
        rows += [[Entry(""), Entry("note", "faint"), Entry(note, "faint", wrapped=False)] for note in remarks]
    return rows


def _findings(report: Report, marked: Mapping[Cell, Mark]) -> list[Row]:
    found = listed.all_findings(report)
    if not found:
        return []
    rows: list[Row] = [
        [],
        _heads(
            "findings",
            "quantity",
            "iterations",
            "code",
            "cell contains",
            "suggestion",
            "what is wrong",
            "other cells wrong because of it",
        ),
    ]
    typed = {
        one.cell: words.value(one.actual) for check in report.checks for one in check.results if one.formula is None
    }
    for check, finding in found[:_MOST_FINDINGS]:
        content = finding.formula or "".join(typed.get(cell, "") for cell in finding.cells[:1])
        rows.append([
            _place(finding, marked), Entry(finding.variable),
            Entry(_numbers(finding.iterations) if check.blocks > 1 else ""), Entry(finding.code),
            Entry(content), Entry(finding.suggestion or ""), Entry(finding.without_suggestion),
            Entry(float(finding.affects)),
        ])  # fmt: skip
    if len(found) > _MOST_FINDINGS:
        rows.append([Entry(f"and {len(found) - _MOST_FINDINGS:,} more", "faint")])
    return rows


def _place(finding: Finding, marked: Mapping[Cell, Mark]) -> Entry:
    """A link to the first of the finding's cells, in that cell's colour."""
    if not finding.cells:
        return Entry("")
    first, *others = finding.cells
    where = f"{first} and {len(others):,} more" if others else str(first)
    return Entry(where, "link", COLOURS[marked[first].kind], first)


def _worst(report: Report, marked: Mapping[Cell, Mark]) -> list[Row]:
    """The cells with the largest differences, in descending order."""
    of = [(check, result) for check in report.combined for result in listed.not_right(check)]
    if not of:
        return []
    heads = _heads("worst cells", "quantity", "iteration", "status", "expected", "actual", "difference", "formula")
    rows: list[Row] = [[], heads]
    of.sort(key=lambda pair: listed.off_by(pair[1]), reverse=True)
    for check, result in of[:_WORST]:
        iteration = Entry(float(result.iteration)) if check.blocks > 1 else Entry("")
        expected, actual = (
            held if type(held) is float else words.value(held) for held in (result.expected, result.actual)
        )
        kind = marked[result.cell].kind
        rows.append([
            Entry(str(result.cell), "link", COLOURS[kind], result.cell), Entry(result.variable), iteration,
            Entry(words.status(result, check.scenarios.unsure)),
            Entry(expected), Entry(actual),
            Entry(result.difference if result.difference is not None else ""), Entry(result.formula or ""),
        ])  # fmt: skip
    if len(of) > _WORST:
        rows.append([Entry(f"and {len(of) - _WORST:,} more", "faint")])
    return rows


def _numbers(numbers: Sequence[int]) -> str:
    """Iterations in short: ``1–22`` or ``3, 5, 9``."""
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]}–{numbers[-1]}"
    more = ", …" if len(numbers) > 8 else ""
    return ", ".join(map(str, numbers[:8])) + more


def _wrapped(entry: Entry, row: Row) -> bool:
    """Whether the text is wrapped: not if it is alone in its row, where it extends over the empty cells, nor if it is a title."""
    return entry.wrapped and len(row) > 1 and entry.font != "title"


def _height(entry: Entry, column: int) -> int:
    """The number of lines that the text needs in its column."""
    return min(_MOST_LINES, -(-len(entry.value) // _WIDTHS[column])) if isinstance(entry.value, str) else 1
