"""The report for a person at a terminal: the verdict in one sentence, a row a quantity, and every cell that differs."""

from collections.abc import Iterable, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from xlparity.fixed import Fixed
from xlparity.report import (
    UNKNOWN,
    WRONG,
    CellResult,
    CheckResult,
    Report,
    StoredReport,
    StoredResult,
    Verdict,
)
from xlparity.reporters import words
from xlparity.reporters.findings import findings
from xlparity.reporters.rows import quantities
from xlparity.reporters.words import MARK, number, value
from xlparity.values import Unsupported

_STYLE = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.UNASSESSED: "yellow", Verdict.STALE: "yellow"}
_WEIGHT = {"error": "red", "warning": "yellow", "note": "dim"}
_STORED = {
    "differs": "the stored value is not what the formula computes",
    "uncached": "no value is stored",
    "unsupported": "the formula could not be computed",
}
_BARS = "▁▂▃▄▅▆▇█"
_CELLS_SHOWN, _CELLS_BESIDE_FINDINGS = 10, 4
_WIDEST_CURVE = 40


def show(
    reports: Sequence[Report],
    console: Console,
    fixed: Fixed | None = None,
    *,
    quiet: bool = False,
    verbose: bool = False,
) -> None:
    """Prints the reports: ``quiet`` the verdicts alone, ``verbose`` every cell that differs and not the first ten."""
    for report in reports:
        if not quiet:
            console.print(Text.assemble((report.workbook, "bold"), f"  checked by {report.spec}"))
            for check in report.checks:
                console.print()
                several = len({check.engine for check in report.checks}) > 1
                console.print(_check(check, engine=check.engine if several else "", verbose=verbose))
            console.print()
            console.print(Text(words.census(report, most=None if verbose else 5), style="dim"))
        console.print(_verdict(report))
    if fixed is not None:
        console.print(Text(words.fixed(fixed), style="" if fixed.report else "yellow"))
        if fixed.report is not None:
            console.print(_verdict(fixed.report))


def show_stored(
    report: StoredReport, console: Console, *, written: str = "", quiet: bool = False, verbose: bool = False
) -> None:
    """Prints how the stored values compare with the recomputed ones, or, where these are ``written``, what was left out.

    ``verbose`` lists every cell and not the first ten, ``quiet`` the outcome alone.
    """
    counts = report.counts
    kept = [result for result in report.results if isinstance(result.computed, Unsupported)]
    for status, meaning in _STORED.items() if not written else [("unsupported", _STORED["unsupported"])]:
        found = kept if written else [result for result in report.results if result.status == status]
        if found and not quiet:
            console.print(Text(f"{number(len(found), 'cell')}: {meaning}", style="bold"))
            shown = found if verbose else found[:_CELLS_SHOWN]
            console.print(Padding(_stored_cells(shown, status), (0, 0, 0, 2)))
            if len(shown) < len(found):
                left = len(found) - len(shown)
                console.print(Text(f"  and {number(left, 'more cell')}; --verbose lists them all", style="dim"))
    if written:
        said = f"{counts['formulas'] - len(kept):,} of {number(counts['formulas'], 'formula')} recomputed"
        said += f", {len(kept):,} keep what they had" if kept else ""
        console.print(Text(f"wrote {written}: {said}."))
        return
    said = f"{counts['equal']:,} of {number(counts['formulas'], 'formula')} store what they compute"
    said += f", {counts['differs']:,} differ" if counts["differs"] else ""
    said += f", {counts['uncached']:,} store nothing" if counts["uncached"] else ""
    said += f", {counts['unsupported']:,} could not be computed" if counts["unsupported"] else ""
    console.print(Text.assemble(_stamp(report.verdict), f"  {report.workbook}: {said}."))


def engine_table(engines: Iterable[tuple[str, str | None, str, bool, str]]) -> Table:
    """A row an engine: name, version, kind, whether it can run here, and what it is or what to install."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("engine", "version", "kind", "can run"):
        table.add_column(heading, no_wrap=True)
    table.add_column("")
    for name, version, kind, available, note in engines:
        can = Text("yes", style="green") if available else Text("no", style="yellow")
        table.add_row(Text(name, style="bold"), version or "–", kind, can, note)
    return table


def _stored_cells(results: Iterable[StoredResult], status: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("cell", no_wrap=True)
    for heading in ("stored", "computed") if status == "differs" else ():
        table.add_column(heading, justify="right", overflow="fold")
    table.add_column("formula", overflow="fold")
    for result in results:
        values = [value(result.stored), value(result.computed)] if status == "differs" else []
        reason = f"\n{result.computed.reason}" if isinstance(result.computed, Unsupported) else ""
        table.add_row(str(result.cell), *values, (result.formula or "(not read)") + reason)
    return table


def _verdict(report: Report) -> Text:
    return Text.assemble(_stamp(report.verdict), f"  {report.workbook}: {words.verdict(report)}")


def _stamp(verdict: Verdict) -> tuple[str, str]:
    return words.stamp(verdict), f"bold {_STYLE[verdict]}"


def _check(check: CheckResult, *, engine: str, verbose: bool) -> RenderableType:
    style = _STYLE[check.verdict]
    more = words.iterations(check) + (f", by {engine}" if engine else "")
    title = Text.assemble((MARK[check.verdict], style), (f" {check.name}", "bold"), (more, "dim"))
    parts: list[RenderableType] = [title]
    curve = _loss_curve(check)
    if curve:
        parts.append(Text(f"  loss {curve}"))
    parts.append(Padding(_quantities(check), (0, 0, 0, 2)))
    parts += [Padding(Text(f"note: {note}", style="dim"), (0, 0, 0, 2)) for note in check.notes]
    parts += findings(check.findings if verbose else check.findings[:_CELLS_SHOWN])
    if len(check.findings) > _CELLS_SHOWN and not verbose:
        left = len(check.findings) - _CELLS_SHOWN
        parts.append(Text(f"  and {number(left, 'more finding')}; --verbose lists them all", style="dim"))
    known = words.accepted(check, most=None if verbose else _CELLS_SHOWN)
    parts += [Text(f"  {said}", style="yellow") for said in known]
    parts += [Text(f"  {said.text}", style=_WEIGHT[said.level]) for said in words.scenarios(check)]
    wrong = [result for result in check.results if result.status in WRONG or result.status in UNKNOWN]
    if wrong and not verbose and not any(finding.cells for finding in check.findings):
        said = f"{number(len(wrong), 'cell')} {'is' if len(wrong) == 1 else 'are'} not right because of what is found elsewhere"
        parts.append(Text(f"  {said}; --verbose lists them all", style="dim"))
    elif wrong:
        # Where the causes are told, the cells themselves are of less interest.
        shown = wrong if verbose else wrong[: _CELLS_BESIDE_FINDINGS if check.findings else _CELLS_SHOWN]
        parts.append(Padding(_differing(shown, check.blocks), (0, 0, 0, 2)))
        if len(shown) < len(wrong):
            left = len(wrong) - len(shown)
            parts.append(Text(f"  and {number(left, 'more cell')}; --verbose lists them all", style="dim"))
    return Group(*parts)


def _quantities(check: CheckResult) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("quantity", overflow="fold")
    iterated = check.blocks > 1
    for heading in ("cells", "match", "largest difference", "in ulps"):
        table.add_column(heading, justify="right")
    if iterated:
        table.add_column("first divergent iteration", justify="right", overflow="fold")
    for row in quantities(check):
        table.add_row(
            Text(row.name, style="" if row.good else "bold"),
            f"{row.cells:,}",
            Text(f"{row.matches:,}", style="green" if row.good else "red"),
            words.difference(row.difference),
            words.steps(row.ulps),
            *(["–" if row.first is None else str(row.first)] if iterated else []),
        )
    return table


def _differing(results: Iterable[CellResult], blocks: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("cell", "quantity", "status"):
        table.add_column(heading, no_wrap=True)
    for heading in ("expected", "actual"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("formula", overflow="fold")
    for result in results:
        reason = result.actual.reason if isinstance(result.actual, Unsupported) else None
        table.add_row(
            str(result.cell),
            words.quantity(result.variable, result.iteration, blocks),
            Text(result.status, style="yellow" if result.status in UNKNOWN else "red"),
            value(result.expected),
            "–" if reason else value(result.actual),
            words.formula(result) + (f"\n{reason}" if reason else ""),
        )
    return table


def _loss_curve(check: CheckResult) -> str:
    """A sparkline of the workbook's loss, where it has one number an iteration."""
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
