"""Formulas on a terminal: a long one goes on in the next line behind an operator or a bracket, never inside an address.

And all texts there: nothing that a workbook holds steers the terminal.
"""

import re
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderableType, RenderHook
from rich.measure import Measurement
from rich.segment import Segment
from rich.text import Text

from xlparity.reporters.visible import visible

# A sheet's name and a text stay whole, with what stands in front of them.
_PIECE = re.compile(r"(?:'[^']*'|\"[^\"]*\"|[^-+*/^&=<>,;(){}'\"])*(?:[-+*/^&=<>,;(){}]+|['\"]|$)")


class Formula:
    """A formula, as wide as there is room for."""

    def __init__(self, text: str, style: str = "") -> None:
        self._text, self._style = text, style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        yield Text("\n".join(wrapped(self._text, options.max_width)), style=self._style, no_wrap=True, overflow="fold")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(len(self._text), 12), len(self._text)).clamp(max_width=options.max_width)


def wrapped(formula: str, width: int) -> list[str]:
    """The formula in lines of that width, longer ones only where a piece is longer by itself; joined they are the formula."""
    lines = [""]
    for piece in _PIECE.findall(formula):
        if lines[-1] and len(lines[-1]) + len(piece) > width:
            lines.append("")
        lines[-1] += piece
    return lines


class Harmless(RenderHook):
    """Whatever a console prints, with ``visible`` texts: what rich itself writes for colours is added behind it."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Each of them, seen through."""
        return [_Seen(one) for one in renderables]


class _Seen:
    def __init__(self, what: RenderableType) -> None:
        self._what = what

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for text, style, control in console.render(self._what, options):
            yield Segment(text if control else visible(text), style, control)
