"""The loss curve as SVG: the workbook's and the reference's in one plot, and their difference on a logarithmic scale below."""

import io
import math
import re
from typing import Any

from markupsafe import Markup

from xlparity.results.report import CheckResult

# Placeholder colours, which are replaced by the page's CSS variables, so that the picture follows its dark mode.
_INK, _FAINT, _BOOK, _REFERENCE, _APART = "#010203", "#010204", "#010205", "#010206", "#010207"
_COLOURS = {
    _INK: "var(--ink)", _FAINT: "var(--line)", _BOOK: "var(--book)", _REFERENCE: "var(--reference)",
    _APART: "var(--apart)",
}  # fmt: skip
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "xlparity", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9,
    "text.color": _INK, "axes.edgecolor": _INK, "axes.labelcolor": _INK, "xtick.color": _INK, "ytick.color": _INK,
    "axes.facecolor": "none", "figure.facecolor": "none", "grid.color": _FAINT, "legend.frameon": False,
    "axes.spines.top": False, "axes.spines.right": False, "path.simplify": True,
}  # fmt: skip


def curve(check: CheckResult, prefix: str) -> Markup | None:
    """The picture, where the check has one loss in each iteration; ``prefix`` makes its ids unique within the page."""
    losses = [result for result in check.results if result.variable == "loss"]
    points = [
        (result.iteration, result.expected, result.actual)
        for result in losses
        if isinstance(result.expected, float) and isinstance(result.actual, float) and math.isfinite(result.expected)
    ]
    if len(losses) != check.blocks or len(points) < 2:
        return None
    return _inlined(_drawn(points, len(losses)), prefix, _described(points))


def _drawn(points: list[tuple[int, float, float]], blocks: int) -> str:
    import matplotlib  # noqa: PLC0415  (half a second, and only for those who ask for a page)
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.ticker import MaxNLocator, NullFormatter  # noqa: PLC0415

    iterations = [iteration for iteration, _, _ in points]
    apart = [(iteration, abs(actual - expected)) for iteration, expected, actual in points if actual != expected]
    text = io.StringIO()
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **_STYLE, "backend": "svg"}):
        figure = Figure(figsize=(5, 3.9), layout="constrained")
        FigureCanvasSVG(figure)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        above.plot(iterations, [actual for _, _, actual in points], color=_BOOK, linewidth=3, label="workbook")
        expected = [wanted for _, wanted, _ in points]
        above.plot(iterations, expected, color=_REFERENCE, linewidth=1.4, linestyle=(0, (4, 3)), label="reference")
        above.set_ylabel("loss")
        above.legend()
        above.grid(visible=True)
        below.set_ylabel("|difference|")
        below.set_xlabel("iteration")
        below.xaxis.set_major_locator(MaxNLocator(integer=True))
        aside = min(0.5, (iterations[-1] - iterations[0]) / 50)  # no room for an iteration 0, which there is not
        below.set_xlim(iterations[0] - aside, iterations[-1] + aside)
        if apart:
            sizes = [size for _, size in apart]
            lowest, highest = math.floor(math.log10(min(sizes))), math.floor(math.log10(max(sizes))) + 1
            below.set_yscale("log")
            below.set_ylim(10.0 ** max(lowest, -307), 10.0 ** max(highest, -306))
            below.yaxis.set_minor_formatter(NullFormatter())
            style = {"marker": "o", "markersize": 3} if len(apart) <= 100 else {"marker": ".", "markersize": 1.5}
            below.plot(*zip(*apart, strict=True), color=_APART, linewidth=0 if len(apart) < len(points) else 1, **style)
            below.grid(visible=True)
        else:
            below.set_yticks([])
            where = "in any iteration" if len(points) == blocks else "where both have a number"
            below.text(0.5, 0.5, f"no difference {where}", transform=below.transAxes, ha="center", va="center")
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return text.getvalue()


def _described(points: list[tuple[int, float, float]]) -> str:
    first, last = points[0], points[-1]
    largest = max(abs(actual - expected) for _, expected, actual in points)
    return (
        f"Loss by iteration: the workbook's goes from {first[2]:.6g} to {last[2]:.6g}, the reference's from {first[1]:.6g} "
        f"to {last[1]:.6g}; they are at most {largest:.2g} apart."
    )


def _inlined(svg: str, prefix: str, description: str) -> Markup:
    """The picture as it may stand in a page, with ids of its own and without a date or the name of a program."""
    svg = re.sub(r"\A.*?(?=<svg)|<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\bid=\"", f'id="{prefix}-', svg)
    svg = re.sub(r"href=\"#", f'href="#{prefix}-', svg)
    svg = svg.replace("url(#", f"url(#{prefix}-")
    for drawn, shown in _COLOURS.items():
        svg = svg.replace(drawn, shown)
    sentence = Markup('<svg role="img" aria-label="{}" ').format(description)
    svg = re.sub(r" (?:width|height)=\"[\d.]+pt\"", "", svg, count=2)
    return Markup(svg.replace("<svg ", str(sentence), 1))
