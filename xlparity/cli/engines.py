"""``xlparity engines``: what can recalculate a workbook here."""

from typing import TYPE_CHECKING, Annotated

import typer

from xlparity.cli.output import page_width, write_text

if TYPE_CHECKING:
    from rich.console import Console

_TRUST = (
    "formulas reads formulas with the parser of the library of that name and computes each function with the library, "
    "with scipy, or with code of its own where the library is wrong (--functions says which and why), behind a list of "
    "functions and operands that were compared with values that Excel stored. What is not on the list is unsupported, "
    "with the reason, and so is what depends on it. excelmodel is the library as it comes; it rounds constants to 15 "
    "decimals, and refuses what formulas refuses.",
    "Both call numpy for EXP and LN: that they agree with a numpy reference to the last bit shows that the formulas "
    "are the same, not that numpy's logarithm is right. The other engines are for that.",
    "--engine may be repeated. A cell that one engine alone gets wrong, while formulas or two others recomputed it "
    "and agree with the reference, is a finding about that engine (XP305) and does not fail the workbook. One against "
    "one is undecided (XP307), and the cell is unassessed. Where all that can compute a cell contradict the "
    "reference, the workbook fails. A stored value never acquits a formula; one that is not what the formula computes "
    "is XP501.",
)


def engines(
    functions: Annotated[
        bool, typer.Option("--functions", help="List each function of the engine formulas, who computes it, and why.")
    ] = False,
) -> None:
    """List the engines, their versions, whether each can run here, and what is concluded where several disagree."""
    from xlparity.engines.registry import list_engines  # noqa: PLC0415
    from xlparity.reporters.terminal import engine_table, function_table  # noqa: PLC0415

    if functions:
        from xlparity.engines.evaluator.providers import counted, who_computes  # noqa: PLC0415

        found = who_computes()

        def show_functions(console: "Console") -> None:
            console.print(function_table(found))
            console.print(f"\n{len(found)} functions and operators: {counted()}.")

        write_text(show_functions, None)
        return
    rows = [(info.name, info.version, info.kind, info.available, info.note) for info in list_engines()]

    def show(console: "Console") -> None:
        console.print(engine_table(rows))
        for text in _TRUST:
            console.print(f"\n{text}", width=min(console.width, page_width()))

    write_text(show, None)
