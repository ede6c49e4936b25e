"""The colour and the comment of each annotated cell, from the report."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from xlparity.excel.address import Cell
from xlparity.reporters import rows, words
from xlparity.results.report import Finding, Report
from xlparity.results.rules import CAUSES, OF_INPUTS

MEANINGS: Mapping[str, str] = {
    "cause": "the fault is here",
    "wrong": "differs from the Python reference",
    "sometimes": f"{words.ONLY_STORED}, and wrong on others",
    "unknown": "could not be assessed",
    "accepted": "a known difference, which the spec accepts",
    "remark": "a remark, which fails no check",
}
"""The kinds of marks with their meanings, the most important first."""
COLOURS: Mapping[str, str] = {
    "cause": "FFFF8B7B",
    "wrong": "FFFFD3CC",
    "sometimes": "FFFFE699",
    "unknown": "FFD9D9D9",
    "accepted": "FFBDD7EE",
    "remark": "FFE4DFEC",
}
_KINDS: Mapping[rows.Judgement, str] = {
    "wrong": "wrong", "stored": "sometimes", "unknown": "unknown", "unsure": "unknown", "accepted": "accepted",
}  # fmt: skip


class Mark(NamedTuple):
    """The kind of a cell's mark (a key of ``MEANINGS``), and the text of its comment."""

    kind: str
    text: str


def marks(report: Report) -> dict[Cell, Mark]:
    """The mark of every cell that is not right, the most important first: root causes, then the largest differences.

    A cell of several quantities has the most important of its marks, with the texts of all.
    """
    texts: dict[Cell, list[str]] = {}
    kinds: dict[Cell, str] = {}
    order = list(MEANINGS)
    findings = [finding for _, finding in rows.all_findings(report)]
    causes = any(finding.code in CAUSES for finding in findings)
    named = {cell for finding in findings for cell in finding.cells}
    weights: dict[Cell, float] = {}
    for cell, kind, weight, text in [*_of_results(report, named, causes=causes), *_of_findings(findings)]:
        texts.setdefault(cell, []).append(text)
        kinds[cell] = min(kinds.get(cell, kind), kind, key=order.index)
        weights[cell] = max(weights.get(cell, 0.0), weight)
    ranked = sorted(kinds, key=lambda cell: (order.index(kinds[cell]), -weights[cell], cell))
    return {cell: Mark(kinds[cell], "\n".join(dict.fromkeys(texts[cell]))) for cell in ranked}


def _of_results(report: Report, named: set[Cell], *, causes: bool) -> Iterator[tuple[Cell, str, float, str]]:
    for check in report.combined:
        smallest = check.scenarios.smallest
        for result, judgement in rows.judged(check):
            kind = _KINDS.get(judgement)
            if kind is None or result.constant:  # an allowed constant, of which there may be thousands
                continue
            of = f" of iteration {result.iteration}" if check.blocks > 1 else ""
            lines = [f"{result.variable}{of}: {MEANINGS[kind]}"]
            lines += [f"expected: {words.value(result.expected)}", f"actual: {words.value(result.actual)}"]
            if kind == "accepted" and result.reason is not None:
                lines.append(f"why: {result.reason}")
            if kind == "sometimes" and smallest is not None and smallest.cell == result.cell:
                lines.append(words.counterexample(smallest))
            if kind in ("wrong", "sometimes") and causes and result.cell not in named:
                lines.append("why: no fault was found in this formula itself, so look at the cells that it refers to;")
                lines.append("the last sheet lists the faults that were found")
            yield result.cell, kind, rows.off_by(result), "\n".join(lines)


def _of_findings(findings: list[Finding]) -> Iterator[tuple[Cell, str, float, str]]:
    for number, finding in enumerate(findings):
        kind = "cause" if finding.code in CAUSES or finding.code in OF_INPUTS else "remark"
        for place, cell in enumerate(finding.cells):
            formula = finding.replacements.get(cell)
            suggestion = str(formula) if formula is not None else finding.suggestion if place == 0 else None
            sentence = finding.without_suggestion if suggestion else finding.message
            lines = [f"why: {finding.code} {sentence}"]
            lines += [f"suggestion: {suggestion}"] if suggestion is not None else []
            # Findings keep the report's order, with weights larger than any difference.
            yield cell, kind, float("inf") if not number else 1e300 / number, "\n".join(lines)
