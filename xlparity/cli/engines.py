"""``xlparity engines``: lists the engines that can recalculate a workbook here."""

from typing import TYPE_CHECKING, Annotated

import typer

from xlparity.cli.output import page_width, write_text

if TYPE_CHECKING:
    from rich.console import Console

_ABOUT = (
    "formulas reads formulas with the parser of the library of that name and computes each function with the library, "
    "with scipy, or with code of its own where the library is wrong (--functions says which and why). It supports the "
    "functions and operands that were compared with values stored by Excel. Any other formula is unsupported, with the "
    "reason, and so are its dependents. excelmodel is the library without changes; it rounds constants to 15 decimals, "
    "and does not support what formulas does not support.",
    "Both call numpy for EXP and LN: that they agree with a numpy reference to the last bit shows that the formulas "
    "are the same, not that numpy's logarithm is right. The other engines check that.",
    "--engine may be repeated. A cell that is wrong with one engine only, while formulas or two others recomputed it "
    "and agree with the reference, is a finding about that engine (XP305) and does not fail the workbook. With one "
    "engine against one there is no consensus (XP307), and the cell is unassessed. Where every engine that can compute "
    "a cell differs from the reference, the workbook fails. A stored value is no evidence that a formula is right; one "
    "that differs from what the formula computes is XP501.",
)


def engines(
    functions: Annotated[
        bool, typer.Option("--functions", help="List each function of the engine formulas, who computes it, and why.")
    ] = False,
) -> None:
    """List the engines, their versions, whether each can run here, and how their results are combined."""
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
        for text in _ABOUT:
            console.print(f"\n{text}", width=min(console.width, page_width()))

    write_text(show, None)
