"""The terminal's report: a row for each quantity, the findings, the cells that differ, and the verdict in one sentence."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from xlparity.excel.prefixes import typed_formula
from xlparity.excel.values import Unsupported
from xlparity.reporters import rows as listed
from xlparity.reporters import words
from xlparity.reporters.findings import findings
from xlparity.reporters.typed import typed
from xlparity.reporters.words import MARK, number, value
from xlparity.reporters.wrapping import FormulaText
from xlparity.results.fixed import Fixed
from xlparity.results.report import UNKNOWN, WRONG, CellResult, CheckResult, Report, Unusable, Verdict
from xlparity.results.stored import StoredReport, StoredResult

_STYLE = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.UNASSESSED: "yellow", Verdict.STALE: "yellow"}
_LEVEL_STYLE = {"error": "red", "warning": "yellow", "note": "dim"}
_STORED = {
    "differs": "the stored value is not what the formula computes",
    "uncached": "no value is stored",
    "unsupported": "the formula could not be computed",
}
_BARS = "▁▂▃▄▅▆▇█"
_CELLS_SHOWN, _CELLS_BESIDE_FINDINGS = 10, 4
_WIDEST_CURVE = 40
_ROOM = 40  # columns in which any formula can be read


def show(
    reports: Sequence[Report],
    console: Console,
    fixed: Fixed | None = None,
    unusable: Sequence[Unusable] = (),
    *,
    quiet: bool = False,
    verbose: bool = False,
) -> None:
    """Print the reports, and the reasons why there are no others.

    With ``quiet`` they are the verdicts only, with ``verbose`` every cell that differs, not just the first ten.
    """
    for report in map(typed, reports):
        if not quiet:
            console.print(Text.assemble((report.workbook, "bold"), f"  checked by {report.spec}"))
            for check in report.combined:
                console.print()
                console.print(_check(report, check, console.width, verbose=verbose))
            console.print()
            console.print(Text(words.coverage(report, most=None if verbose else 5), style="dim"))
        console.print(_verdict(report))
    for one in unusable:
        console.print(Text.assemble(_stamp(one.verdict), f"  {words.unusable(one)}"))
    if fixed is not None:
        console.print(Text(words.fixed(fixed), style="" if fixed.report else "yellow"))
        if fixed.report is not None:
            console.print(_verdict(fixed.report))
            if left := words.remaining(fixed.report, most=_CELLS_SHOWN):
                console.print(Text(left, style="yellow"))


def show_stored(
    report: StoredReport, console: Console, *, written: str = "", quiet: bool = False, verbose: bool = False
) -> None:
    """Print how the stored values differ from the computed ones; where these were ``written``, the cells that were left out.

    ``verbose`` lists every cell, not just the first ten; ``quiet`` prints the outcome only.
    """
    counts = report.counts
    kept = [result for result in report.results if isinstance(result.computed, Unsupported)]
    remaining = len(kept) + counts["taken"]
    groups = {status: [result for result in report.results if result.status == status] for status in _STORED}
    if written:
        groups = {"misnamed": [result for result in report.results if result.reason], "unsupported": kept}
    for status, found in groups.items():
        meaning = _STORED.get(status, "#NAME? in Excel, which does not accept this name of a function in a file")
        if found and not quiet:
            console.print(Text(f"{number(len(found), 'cell')}: {meaning}", style="bold"))
            shown = found if verbose else found[:_CELLS_SHOWN]
            console.print(_indented(_stored_cells(shown, status, console.width - 2)))
            if len(shown) < len(found):
                console.print(_left_out(number(len(found) - len(shown), "more cell")))
    if written:
        text = f"{counts['formulas'] - remaining:,} of {number(counts['formulas'], 'formula')} recomputed"
        text += f", {remaining:,} keep their stored value" if remaining else ""
        console.print(Text(f"wrote {written}: {text}."))
        return
    text = f"{counts['equal']:,} of {number(counts['formulas'], 'formula')} store what they compute"
    text += f", {counts['differs']:,} differ{'s' if counts['differs'] == 1 else ''}" if counts["differs"] else ""
    text += (
        f", {counts['uncached']:,} store{'s' if counts['uncached'] == 1 else ''} nothing" if counts["uncached"] else ""
    )
    text += f", {counts['unsupported']:,} could not be computed" if counts["unsupported"] else ""
    text += f", {counts['taken']:,} give another value each time and are taken as stored" if counts["taken"] else ""
    stale = report.verdict is Verdict.STALE
    text += f"; 'xlparity recalc {report.workbook}' stores it, and so does Excel when it saves" if stale else ""
    text += "; --allow-unsupported ignores these" if report.verdict is Verdict.UNASSESSED and counts["equal"] else ""
    console.print(Text.assemble(_stamp(report.verdict), f"  {report.workbook}: {text}."))


def engine_table(engines: Iterable[tuple[str, str | None, str, bool, str]]) -> Table:
    """One row for each engine: name, version, kind, whether it can run here, and what it is or what to install."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("engine", "version", "kind", "can run"):
        table.add_column(heading, no_wrap=True)
    table.add_column("")
    for name, version, kind, available, note in engines:
        can = Text("yes", style="green") if available else Text("no", style="yellow")
        table.add_row(Text(name, style="bold"), version or "–", kind, can, note)
    return table


def function_table(functions: Iterable[tuple[str, str, str]]) -> Table:
    """A row a function: its name, who computes it, and why."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    rows = list(functions)
    table.add_column("function", no_wrap=True, min_width=max(len(name) for name, _, _ in rows))
    table.add_column("computed by", no_wrap=True, min_width=len("computed by"))
    table.add_column("why", no_wrap=True, overflow="ellipsis")
    for name, by, why in rows:
        table.add_row(Text(name, style="bold"), by, Text(why))
    return table


def _stored_cells(results: Iterable[StoredResult], status: str, width: int) -> RenderableType:
    columns = (_Column("cell"), *(_Column(heading, right=True) for heading in ("stored", "computed")))
    rows = []
    for result in results:
        values = [Text(value(result.stored)), Text(value(result.computed))] if status == "differs" else []
        reason = result.computed.reason if isinstance(result.computed, Unsupported) else result.reason or ""
        rows.append(_Row((Text(str(result.cell)), *values), typed_formula(result.formula or "(not read)"), reason))
    return _with_formulas(columns if status == "differs" else columns[:1], rows, width)


def _verdict(report: Report) -> Text:
    return Text.assemble(_stamp(report.verdict), f"  {report.workbook}: {words.verdict(report)}")


def _stamp(verdict: Verdict) -> tuple[str, str]:
    return words.verdict_label(verdict), f"bold {_STYLE[verdict]}"


def _check(report: Report, check: CheckResult, width: int, *, verbose: bool) -> RenderableType:
    """One result for each cell, of however many engines; where these disagree, a finding says so."""
    style = _STYLE[check.verdict]
    several = len({of.engine for of in report.checks}) > 1
    more = words.iterations(check) + (f", by {check.engine}" if several else "")
    found = listed.findings(report, check)
    title = Text.assemble((MARK[check.verdict], style), (f" {check.name}", "bold"), (more, "dim"))
    parts: list[RenderableType] = [title]
    curve = _loss_curve(check)
    if curve:
        parts.append(Text(f"  loss {curve}"))
    parts.append(_indented(_quantities(check)))
    parts += [_indented(Text(f"note: {note}", style="dim")) for note in listed.notes(report, check)]
    parts += findings(found if verbose else found[:_CELLS_SHOWN])
    if len(found) > _CELLS_SHOWN and not verbose:
        parts.append(_left_out(number(len(found) - _CELLS_SHOWN, "more finding")))
    known = words.accepted_or_skipped(check, most=None if verbose else _CELLS_SHOWN)
    parts += [_indented(Text(text, style="yellow")) for text in known]
    parts += [_indented(Text(text.text, style=_LEVEL_STYLE[text.level])) for text in words.scenarios(check)]
    unreached = words.reached(check, most=None, before="\n  ") if verbose else words.reached(check)
    parts += [_indented(Text(text.text, style=_LEVEL_STYLE[text.level])) for text in unreached]
    wrong = [result for result in check.results if result.status in WRONG or result.status in UNKNOWN]
    if wrong and not verbose and not any(finding.cells for finding in found):
        problem = "cannot be assessed"
        if any(result.status in WRONG for result in wrong):
            problem = "is not right" if len(wrong) == 1 else "are not right"
        text = f"{number(len(wrong), 'cell')} {problem} because of findings on other cells"
        parts.append(_indented(Text(f"{text}; --verbose lists them all", style="dim")))
    elif wrong:
        # Where there are findings, fewer cells are listed.
        shown = wrong if verbose else wrong[: _CELLS_BESIDE_FINDINGS if found else _CELLS_SHOWN]
        parts.append(_indented(_differing(shown, check.blocks, width - 2)))
        if len(shown) < len(wrong):
            parts.append(_left_out(number(len(wrong) - len(shown), "more cell")))
    return Group(*parts)


def _quantities(check: CheckResult) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("quantity", overflow="fold")
    iterated = check.blocks > 1
    for heading in ("cells", "match", "largest difference", "in ulps"):
        table.add_column(heading, justify="right")
    if iterated:
        table.add_column("first divergent iteration", justify="right", overflow="fold")
    for row in listed.quantities(check):
        table.add_row(
            Text(row.name, style="" if row.good else "bold"),
            f"{row.cells:,}",
            Text(f"{row.matches:,}", style="red" if not row.good else "" if row.aside else "green"),
            words.difference(row.difference),
            words.ulps(row.ulps),
            *(["–" if row.first is None else str(row.first)] if iterated else []),
        )
    return table


def _differing(results: Iterable[CellResult], blocks: int, width: int) -> RenderableType:
    columns = (
        *map(_Column, ("cell", "quantity", "status")),
        _Column("expected", right=True),
        _Column("actual", right=True),
    )
    rows = []
    for result in results:
        reason = result.actual.reason if isinstance(result.actual, Unsupported) else ""
        cells = (
            Text(str(result.cell)),
            Text(words.quantity(result.variable, result.iteration, blocks)),
            Text(result.status, style="yellow" if result.status in UNKNOWN else "red"),
            Text(value(result.expected)),
            Text("–" if reason else value(result.actual)),
        )
        rows.append(_Row(cells, words.formula(result), reason))
    return _with_formulas(columns, rows, width)


class _Column(NamedTuple):
    heading: str
    right: bool = False


class _Row(NamedTuple):
    cells: tuple[Text, ...]
    formula: str
    reason: str


def _with_formulas(columns: Sequence[_Column], rows: Sequence[_Row], width: int) -> RenderableType:
    """A table with the formulas in the last column, or, where the console is too narrow, on a line below each row."""
    widths = [max(len(column.heading), *(row.cells[k].cell_len for row in rows)) for k, column in enumerate(columns)]
    room = width - sum(widths) - 2 * len(widths)
    beside = room >= min(_ROOM, max(len(row.formula) for row in rows))

    def table(rows: Sequence[_Row], *, headed: bool) -> Table:
        made = Table(box=None, pad_edge=False, show_header=headed, header_style="dim", padding=(0, 2, 0, 0))
        for column, size in zip(columns, widths, strict=True):
            made.add_column(column.heading, width=size, justify="right" if column.right else "left", overflow="fold")
        if beside:
            made.add_column("formula", overflow="fold")
        for row in rows:
            made.add_row(*row.cells, *([_reasoned(row)] if beside else []))
        return made

    if beside:
        return table(rows, headed=True)
    below = [part for row in rows for part in (table([row], headed=False), _indented(_reasoned(row)))]
    return Group(table([], headed=True), *below)


def _reasoned(row: _Row) -> RenderableType:
    return Group(FormulaText(row.formula), Text(row.reason)) if row.reason else FormulaText(row.formula)


def _indented(what: RenderableType) -> Padding:
    return Padding.indent(what, 2)


def _left_out(count: str) -> Padding:
    return _indented(Text(f"and {count}; --verbose lists them all", style="dim"))


def _loss_curve(check: CheckResult) -> str:
    """A sparkline of the workbook's loss; empty unless it has one number in each iteration."""
    losses = [result.actual for result in check.results if result.variable == "loss"]
    numbers = [loss for loss in losses if isinstance(loss, float)]
    if len(numbers) != len(losses) or len(numbers) != check.blocks or len(numbers) < 2:
        return ""
    picked = numbers
    if len(numbers) > _WIDEST_CURVE:
        last = len(numbers) - 1
        picked = [numbers[round(k * last / (_WIDEST_CURVE - 1))] for k in range(_WIDEST_CURVE)]
    low, high = min(picked), max(picked)
    span = (high - low) or 1.0
    bars = "".join(_BARS[min(7, int((number - low) / span * 8))] for number in picked)
    return f"{numbers[0]:.4f} {bars} {numbers[-1]:.4f}"
