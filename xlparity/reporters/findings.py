"""The findings in the terminal's report: cause, formula, suggestion and consequences of each."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from xlparity.reporters import words
from xlparity.reporters.wrapping import FormulaText
from xlparity.results.report import Finding


def findings(found: Iterable[Finding]) -> list[RenderableType]:
    """One block for each finding, with an empty line before the first and after each; empty without findings."""
    blocks = [Padding(_finding(finding), (0, 0, 1, 2), expand=False) for finding in found]
    return [Text(), *blocks] if blocks else []


def _finding(finding: Finding) -> RenderableType:
    text, after = words.finding(finding)
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(finding.code, style="bold red"), Text(text))
    if finding.suggestion is not None:
        if finding.formula is not None:
            table.add_row(Text("cell", style="dim"), FormulaText(finding.formula, "red"))
        table.add_row(Text("fix", style="dim"), FormulaText(finding.suggestion, "green"))
    elif finding.formula is not None:
        table.add_row(Text("cell", style="dim"), FormulaText(finding.formula, "red"))
    if after:
        table.add_row("", Text(after, style="dim"))
    return table
