"""Formulas on a terminal: long ones are wrapped after an operator or a bracket, never inside an address.

Also the hook that removes control characters from everything that a console prints.
"""

import re
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderableType, RenderHook
from rich.measure import Measurement
from rich.segment import Segment
from rich.text import Text

from xlparity.reporters.visible import visible

# A quoted sheet name or text is not split, nor separated from the text before it.
_PIECE = re.compile(r"(?:'[^']*'|\"[^\"]*\"|[^-+*/^&=<>,;(){}'\"])*(?:[-+*/^&=<>,;(){}]+|['\"]|$)")


class FormulaText:
    """A formula, wrapped to the width of the console."""

    def __init__(self, text: str, style: str = "") -> None:
        self._text, self._style = text, style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        yield Text("\n".join(wrapped(self._text, options.max_width)), style=self._style, no_wrap=True, overflow="fold")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(len(self._text), 12), len(self._text)).clamp(max_width=options.max_width)


def wrapped(formula: str, width: int) -> list[str]:
    """The formula in lines of at most ``width``, except where one piece is longer; joined, they are the formula."""
    lines = [""]
    for piece in _PIECE.findall(formula):
        if lines[-1] and len(lines[-1]) + len(piece) > width:
            lines.append("")
        lines[-1] += piece
    return lines


class VisibleTexts(RenderHook):
    """A hook that passes everything a console prints through ``visible``; rich adds the colours afterwards."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Each of them, without control characters."""
        return [_Visible(one) for one in renderables]


class _Visible:
    def __init__(self, what: RenderableType) -> None:
        self._what = what

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for text, style, control in console.render(self._what, options):
            yield Segment(text if control else visible(text), style, control)
