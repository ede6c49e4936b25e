"""The terminal's report of ``xlparity mutate``: the counts by kind of edit, and the mutants that were not detected."""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from xlparity.reporters import words
from xlparity.results.mutants import MutantResult, MutationReport

_SHOWN = 10
_COLUMNS = ("mutants", "equivalent", "detected", "named", "restored", "survived")
_LEGEND = (
    "detected: the check does not pass; named: a finding names a cell that was changed; restored: with the suggested "
    "formula the workbook computes what the original does"
)


def show(report: MutationReport, console: Console, *, verbose: bool = False) -> None:
    """Print a row for each kind of edit, the surviving and equivalent mutants, and the summary."""
    console.print(Text.assemble((report.workbook, "bold"), f"  broken one edit at a time, checked by {report.spec}"))
    console.print()
    console.print(Padding.indent(_kinds(report), 2))
    console.print(Padding.indent(Text(_LEGEND, style="dim"), 2))
    _list(console, report.of("survived"), f"survived: {words.SURVIVED}", verbose=True)
    equivalent = report.of("equivalent")
    for shown in dict.fromkeys(outcome.shown for outcome in equivalent):
        alike = [outcome for outcome in equivalent if outcome.shown == shown]
        _list(console, alike, f"equivalent: {words.equivalent(alike[0])}", verbose=verbose)
    _list(
        console,
        [o for o in report.of("detected") if not o.named],
        "detected, but no finding names the cell",
        verbose=verbose,
    )
    if verbose:
        unfixed = [o for o in report.of("detected") if o.named and not o.restored]
        _list(console, unfixed, "named, but no suggestion restores what the original computed", verbose=True)
    console.print()
    console.print(outcome(report))


def outcome(report: MutationReport) -> Text:
    """The verdict with the shares of mutants detected, named and restored."""
    counts = report.counts
    real = counts["mutants"] - counts["equivalent"]
    text = f"{counts['detected']:,} of {real:,} mutants detected ({_share(counts['detected'], real)})"
    if counts["detected"]:
        text += f", the right cell named for {_share(counts['named'], counts['detected'])} of these"
        text += f", what the original computed restored for {_share(counts['restored'], counts['detected'])}"
    same = counts["equivalent"]
    text += f"; {same:,} more {'computes' if same == 1 else 'compute'} what the original does" if same else ""
    if report.time is not None and counts["mutants"] < report.asked:
        text += f". Only {counts['mutants']:,} of {report.asked:,} mutants were run in the {report.time:g} s allowed"
        text += "; --time none runs all"
    mark = words.verdict_label(report.verdict), "bold red" if counts["survived"] else "bold green"
    return Text.assemble(mark, f"  {text}.")


def _kinds(report: MutationReport) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("kind of edit")
    for heading in _COLUMNS:
        table.add_column(heading, justify="right")
    for kind, counts in report.kinds.items():
        table.add_row(kind, *(Text(f"{counts[name]:,}", style=_style(name, counts)) for name in _COLUMNS))
    return table


def _style(name: str, counts: dict[str, int]) -> str:
    return "red" if name == "survived" and counts[name] else ""


def _list(console: Console, outcomes: Sequence[MutantResult], heading: str, *, verbose: bool) -> None:
    if not outcomes:
        return
    console.print()
    console.print(Padding.indent(Text(f"{len(outcomes):,} {heading}", style="bold"), 2))
    for outcome in outcomes if verbose else outcomes[:_SHOWN]:
        mutant = outcome.mutant
        cell, content = next(iter(mutant.contents.items()))
        text = f"{cell} {mutant.kind}: {content} for {mutant.original}"
        text += f"; suggested: {outcome.suggestion}" if outcome.suggestion else ""
        console.print(Padding.indent(Text(text), 4))
    if len(outcomes) > _SHOWN and not verbose:
        console.print(Text(f"    and {len(outcomes) - _SHOWN:,} more; --verbose lists them all", style="dim"))


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"
