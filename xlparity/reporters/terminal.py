"""The report for a person at a terminal: the verdict in one sentence, a row a quantity, and every cell that differs."""

from collections.abc import Iterable, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from xlparity.fixed import Fixed
from xlparity.report import (
    CAUSES,
    UNKNOWN,
    WRONG,
    CellResult,
    CheckResult,
    Report,
    StoredReport,
    StoredResult,
    Verdict,
)
from xlparity.reporters.findings import findings
from xlparity.tried import Witness
from xlparity.values import Unsupported, Value

_STYLE = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.UNASSESSED: "yellow", Verdict.STALE: "yellow"}
_MARK = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.UNASSESSED: "?", Verdict.STALE: "~"}
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
            console.print(_census(report, verbose=verbose))
        console.print(_verdict(report))
    if fixed is not None and fixed.report is None:
        console.print(Text(f"there is no suggestion to apply, and {fixed.path} is not written.", style="yellow"))
    elif fixed is not None and fixed.report is not None:
        more = f" to {fixed.cells[-1]}" if len(fixed.cells) > 1 else ""
        console.print(
            Text(f"wrote {fixed.path}: {_number(len(fixed.cells), 'formula')} put right, {fixed.cells[0]}{more}.")
        )
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
            console.print(Text(f"{_number(len(found), 'cell')}: {meaning}", style="bold"))
            shown = found if verbose else found[:_CELLS_SHOWN]
            console.print(Padding(_stored_cells(shown, status), (0, 0, 0, 2)))
            if len(shown) < len(found):
                left = len(found) - len(shown)
                console.print(Text(f"  and {_number(left, 'more cell')}; --verbose lists them all", style="dim"))
    if written:
        said = f"{counts['formulas'] - len(kept):,} of {_number(counts['formulas'], 'formula')} recomputed"
        said += f", {len(kept):,} keep what they had" if kept else ""
        console.print(Text(f"wrote {written}: {said}."))
        return
    said = f"{counts['equal']:,} of {_number(counts['formulas'], 'formula')} store what they compute"
    said += f", {counts['differs']:,} differ" if counts["differs"] else ""
    said += f", {counts['uncached']:,} store nothing" if counts["uncached"] else ""
    said += f", {counts['unsupported']:,} could not be computed" if counts["unsupported"] else ""
    mark = (f"{_MARK[report.verdict]} {str(report.verdict).upper()}", f"bold {_STYLE[report.verdict]}")
    console.print(Text.assemble(mark, f"  {report.workbook}: {said}."))


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
        values = [_short(result.stored), _short(result.computed)] if status == "differs" else []
        reason = f"\n{result.computed.reason}" if isinstance(result.computed, Unsupported) else ""
        table.add_row(str(result.cell), *values, (result.formula or "(not read)") + reason)
    return table


def _short(value: Value | None) -> str:
    return f"{value:.12g}" if isinstance(value, float) else f'"{value}"' if isinstance(value, str) else str(value)


def _verdict(report: Report) -> Text:
    verdict, checks = report.verdict, report.combined
    counts = {key: sum(check.counts[key] for check in checks) for key in checks[0].counts}
    wrong = sum(counts[status] for status in WRONG)
    unknown = sum(counts[status] for status in UNKNOWN) + sum(len(check.not_always_computed) for check in checks)
    compared = counts["bound"] - counts["skipped"] - counts["accepted"]
    if verdict is Verdict.PASS:
        computes = "computes" if all(check.recomputed for check in checks) else "stores"
        said = (
            f"every one of {_number(counts['match'], 'compared cell')} {computes} what the Python reference computes."
        )
    elif verdict is Verdict.FAIL:
        first = min(check.first_divergent or 1 for check in checks if check.verdict is Verdict.FAIL)
        where = f", from iteration {first} on" if any(check.blocks > 1 for check in checks) else ""
        stored = sum(len(check.only_stored) for check in checks)
        causes = sum(finding.code in CAUSES for check in report.checks for finding in check.findings)
        counted = f"{_number(causes, 'cause')}: " if causes else ""
        said = f"{counted}{wrong:,} of {compared:,} compared cells differ from the Python reference{where}"
        said += f"; {stored:,} agree on the stored inputs only." if stored else "."
        if not wrong and not stored:
            said = (
                "; ".join(f.message for check in checks for f in check.findings if f.code in ("XP203", "XP403")) + "."
            )
    elif unknown:
        said = f"{unknown:,} of {compared:,} compared cells could not be assessed; {wrong:,} differ."
    elif counts["match"]:
        said = "the formulas agree on the stored inputs, and could not be shown to on any others."
    else:
        said = "nothing was recomputed from a live formula, so nothing is shown."
    if counts["accepted"]:
        said += f" {_number(counts['accepted'], 'known difference')} accepted by the spec."
    if counts["skipped"]:
        said += f" {_number(counts['skipped'], 'cell')} left out by the spec."
    style = _STYLE[verdict]
    return Text.assemble((f"{_MARK[verdict]} {str(verdict).upper()}", f"bold {style}"), f"  {report.workbook}: {said}")


def _check(check: CheckResult, *, engine: str, verbose: bool) -> RenderableType:
    style = _STYLE[check.verdict]
    iterations = f", {_number(check.blocks, 'iteration')}" if check.blocks > 1 else ""
    iterations += f", by {engine}" if engine else ""
    title = Text.assemble((_MARK[check.verdict], style), (f" {check.name}", "bold"), (f"{iterations}", "dim"))
    parts: list[RenderableType] = [title]
    curve = _loss_curve(check)
    if curve:
        parts.append(Text(f"  loss {curve}"))
    parts.append(Padding(_quantities(check), (0, 0, 0, 2)))
    parts += [Padding(Text(f"note: {note}", style="dim"), (0, 0, 0, 2)) for note in check.notes]
    parts += findings(check.findings if verbose else check.findings[:_CELLS_SHOWN])
    if len(check.findings) > _CELLS_SHOWN and not verbose:
        left = len(check.findings) - _CELLS_SHOWN
        parts.append(Text(f"  and {_number(left, 'more finding')}; --verbose lists them all", style="dim"))
    parts += _accepted(check, verbose=verbose)
    parts += _scenarios(check)
    wrong = [result for result in check.results if result.status in WRONG or result.status in UNKNOWN]
    if wrong and not verbose and not any(finding.cells for finding in check.findings):
        said = f"  {_number(len(wrong), 'cell')} differ because of what is found in another check; --verbose lists them all"
        parts.append(Text(said, style="dim"))
    elif wrong:
        # Where the causes are told, the cells themselves are of less interest.
        shown = wrong if verbose else wrong[: _CELLS_BESIDE_FINDINGS if check.findings else _CELLS_SHOWN]
        parts.append(Padding(_differing(shown), (0, 0, 0, 2)))
        if len(shown) < len(wrong):
            left = len(wrong) - len(shown)
            parts.append(Text(f"  and {_number(left, 'more cell')}; --verbose lists them all", style="dim"))
    return Group(*parts)


def _accepted(check: CheckResult, *, verbose: bool) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for reason, results in check.accepted.items():
        shown = ", ".join(str(result.cell) for result in (results if verbose else results[:_CELLS_SHOWN]))
        more = len(results) - _CELLS_SHOWN
        rest = f" and {more:,} more" if more > 0 and not verbose else ""
        parts.append(Text(f"  accepted, {_number(len(results), 'cell')}: {shown}{rest}: {reason}", style="yellow"))
    return parts


def _scenarios(check: CheckResult) -> list[RenderableType]:
    tried, only_stored = check.scenarios, check.only_stored
    if not check.recomputed or tried.asked == 0:  # a note says so
        return []
    if not tried.run:
        why = "the reference is defined for none that was drawn" if tried.dropped else "there are none to change"
        return [Text(f"  no other inputs tried: {why}", style="yellow")]
    dropped = f", {tried.dropped} left out, where the reference is undefined" if tried.dropped else ""
    unsure = check.not_always_computed
    parts: list[RenderableType] = []
    if unsure:
        said = f"  on other inputs, {_number(len(unsure), 'cell')} could not be judged, first {unsure[0].cell}"
        parts.append(Text(f"{said} {unsure[0].formula}", style="yellow"))
    if not tried.failed:
        agreed = "all agree" if not unsure else "no other cell disagrees"
        return [*parts, Text(f"  {_number(tried.run, 'other set')} of inputs tried{dropped}: {agreed}", style="dim")]
    said = f"  {tried.failed} of {_number(tried.run, 'other set')} of inputs disagree"
    if only_stored:
        first = only_stored[0]
        told = any(finding.cells for finding in check.findings)
        said += f"; {_number(len(only_stored), 'cell')} right on the stored inputs only"
        said += "" if told else f", first {first.cell} {first.formula}"
    parts.append(Text(said, style="red"))
    if tried.smallest is not None:
        fail = f"{tried.failed:,} of {_number(tried.run, 'scenario')} fail"
        parts.append(Text(f"  {_witness(tried.smallest)} ({fail})", style="red"))
    return parts


def _witness(witness: Witness) -> str:
    """What to type into the workbook, and what is then seen to be wrong."""
    shown = [f"{cell} to {_value(value)}" for cell, value in witness.changes[:_CELLS_SHOWN]]
    more = len(witness.changes) - len(shown)
    changes = ", ".join(shown) + (f" and {_number(more, 'more cell')} as drawn" if more else "")
    expected, actual = witness.expected, witness.actual
    if type(expected) is float and type(actual) is float:
        off = f"is off by {abs(actual - expected):.9g}: {actual:.12g} instead of {expected:.12g}"
    else:
        off = f"is {_value(actual)} instead of {_value(expected)}"
    return f"set {changes} and {witness.cell} {off}"


def _quantities(check: CheckResult) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("quantity", overflow="fold")
    for heading in ("cells", "match", "largest difference", "in ulps"):
        table.add_column(heading, justify="right")
    table.add_column("first divergent iteration" if check.blocks > 1 else "", justify="right", overflow="fold")
    by_name: dict[str, list[CellResult]] = {name: [] for name in check.variables}
    for result in check.results:
        by_name[result.variable].append(result)
    for name, results in by_name.items():
        if not results:
            continue  # it stands in input cells only
        matches = sum(result.status == "match" for result in results)
        good = matches == len(results)
        differences = [abs(result.difference) for result in results if result.difference is not None]
        steps = [result.ulps for result in results if result.ulps is not None]
        first = min((result.iteration for result in results if result.status in WRONG), default=None)
        table.add_row(
            Text(name, style="" if good else "bold"),
            f"{len(results):,}",
            Text(f"{matches:,}", style="green" if good else "red"),
            _difference(max(differences)) if differences else "–",
            _steps(max(steps)) if steps else "–",
            str(first) if first is not None and check.blocks > 1 else ("–" if check.blocks > 1 else ""),
        )
    return table


def _differing(results: Iterable[CellResult]) -> Table:
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
            f"{result.variable}[{result.iteration}]",
            Text(result.status, style="yellow" if result.status in UNKNOWN else "red"),
            "–" if result.expected is None else _value(result.expected),
            "–" if reason else _value(result.actual),
            (result.formula or "(no formula)") + (f"\n{reason}" if reason else ""),
        )
    return table


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).upper()  # as the cell shows it
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _census(report: Report, *, verbose: bool) -> Text:
    census = report.census
    said = f"{_number(census.formulas, 'formula')} in the file: {census.bound:,} compared"
    if census.helper:
        said += f", {census.helper:,} on the way to them"
    if census.unbound:
        said += f", {census.unbound:,} not looked at"
        shown = [str(cell) for cell in census.unbound_cells[: None if verbose else 5]]
        more = "" if len(shown) == len(census.unbound_cells) else ", …"
        said += f" ({', '.join(shown)}{more})" if shown else ""
    return Text(said, style="dim")


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


def _difference(difference: float) -> str:
    return "0" if difference == 0 else f"{difference:.1e}"


def _steps(count: int) -> str:
    return f"{count:,}" if count < 1_000_000 else "> 1e6"  # beyond that the number tells nobody anything


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
