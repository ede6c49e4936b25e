"""The terminal's table of grades, and what there is to know about the class in a few lines."""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from xlparity.reporters.grades import words
from xlparity.reporters.words import number
from xlparity.results.grades import Alike, Grade, GradedClass
from xlparity.results.rules import RULES

_MOST_ROWS, _MISTAKES, _ALIKE = 100, 5, 5
_WIDE = 100  # columns from which on there is room for all numbers
_STYLE = {"yes": "green", "no": "red", "open": "yellow"}


def show(graded: GradedClass, console: Console, *, quiet: bool = False, verbose: bool = False) -> None:
    """Print a row for each student, at most a hundred of them unless ``verbose``, and the summary; ``quiet``, that alone."""
    if not quiet:
        rows = graded.grades if verbose else graded.grades[:_MOST_ROWS]
        console.print(Text.assemble(("grades", "bold"), f"  by {graded.spec}"))
        console.print()
        console.print(Padding.indent(_table(rows, console.width, verbose=verbose), 2))
        if len(rows) < len(graded.grades):
            console.print(Text(f"  and {len(graded.grades) - len(rows):,} more; --verbose lists them all", style="dim"))
        _mistakes(graded, console)
        _alike(graded, console)
        if graded.passed_over:
            console.print()
            console.print(Padding.indent(Text(words.passed_over(graded.passed_over)), 2))
        console.print()
    console.print(outcome(graded))


def outcome(graded: GradedClass) -> Text:
    """How many were graded, how many of them passed, and what is left for a person."""
    found = graded.graded
    failed = len(graded.grades) - len(found)
    passed = sum(grade.passed == "yes" for grade in found)
    text = f"{len(found):,} of {number(len(graded.grades), 'submission')} graded, {passed:,} passed"
    if found:
        text += f"; {words.percent(sum(grade.percent for grade in found) / len(found))} of the points on average"
    opened = sum(grade.open > 0 for grade in found)
    text += f"; {opened:,} with points for a person to look at" if opened else ""
    text += f"; {failed:,} could not be graded" if failed else ""
    return Text.assemble(("✗ " if failed else "✓ ", "bold red" if failed else "bold green"), f"{text}.")


def _table(rows: Sequence[Grade], width: int, *, verbose: bool) -> Table:
    """A row for each grade; a note that is longer than the width leaves is cut, unless all is to be shown."""
    wide = width >= _WIDE
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("student", overflow="fold", min_width=8, max_width=30 if wide else 20)
    for heading in ("points", "of", "percent", "passed") if wide else ("points", "passed"):
        table.add_column(heading, justify="left" if heading == "passed" else "right", no_wrap=True)
    longest = max((len(grade.student) for grade in rows), default=0)
    room = width - min(longest, 30 if wide else 20) - (45 if wide else 28)
    table.add_column("note", overflow="fold", min_width=20, max_width=max(20, room), no_wrap=not verbose)
    for grade in rows:
        text = Text(words.note(grade), overflow="fold")
        if not verbose:
            text.truncate(max(20, room), overflow="ellipsis")
        table.add_row(Text(grade.student, overflow="fold"), *_numbers(grade, wide=wide), text)
    return table


def _numbers(grade: Grade, *, wide: bool) -> list[Text]:
    if grade.reason is not None:
        return [Text("–", style="red")] * (4 if wide else 2)
    passed = Text(grade.passed, style=_STYLE[grade.passed])
    have, of = words.points(grade.points), words.points(grade.of)
    return (
        [Text(have), Text(of), Text(words.percent(grade.percent)), passed] if wide else [Text(f"{have}/{of}"), passed]
    )


def _mistakes(graded: GradedClass, console: Console) -> None:
    if found := graded.mistakes[:_MISTAKES]:
        console.print()
        console.print(Text("  most frequent mistakes", style="bold"))
        for quantity, code, count in found:
            console.print(Padding.indent(Text(f"{count:,} × {quantity}: {RULES[code].summary} ({code})"), 4))


def _alike(graded: GradedClass, console: Console) -> None:
    if graded.alike:
        console.print()
        console.print(Text("  submissions with something unusual in common", style="bold"))
        for one in graded.alike[:_ALIKE]:
            console.print(Padding.indent(Text(said(one)), 4))
        if len(graded.alike) > _ALIKE:
            console.print(Text(f"    and {len(graded.alike) - _ALIKE:,} more", style="dim"))


def said(one: Alike) -> str:
    """What was measured, in a line."""
    names = ", ".join(one.students[:4]) + (f" and {len(one.students) - 4:,} more" if len(one.students) > 4 else "")
    mistakes = sum(shared.mistake for shared in one.shared)
    text = f"{names}: {number(mistakes, 'mistake')} in common, {number(len(one.shared) - mistakes, 'other thing')}"
    return f"{text}, {one.bits:.0f} bits" + (", all formulas the same" if one.same else "")
