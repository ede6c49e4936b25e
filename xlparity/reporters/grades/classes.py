"""The page of a class: how the points are distributed, the frequent mistakes, and the submissions that are alike."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

from xlparity.reporters.grades.pages import rendered
from xlparity.results.grades import Grade, GradedClass

_BARS = 10
_ALIKE, _EXAMPLES = 50, 12


class Bar(NamedTuple):
    """A bar of the distribution: its percentages, the number of submissions, and its share of the highest bar."""

    label: str
    number: int
    share: float


def render_class(graded: GradedClass) -> str:
    """The page; its links lead to the pages of the students beside it."""
    found = graded.graded
    percents = [grade.percent for grade in found]
    links = {student: tuple(quote(one) if one else None for one in pages) for student, pages in graded.pages.items()}
    return rendered(
        "class.html.j2",
        graded=graded,
        found=found,
        failed=[grade for grade in graded.grades if grade.reason is not None],
        opened=[grade for grade in found if grade.open],
        passed=sum(grade.passed == "yes" for grade in found),
        mean=statistics.fmean(percents) if percents else None,
        median=statistics.median(percents) if percents else None,
        bars=_bars(found),
        links=links,
        shown=graded.alike[:_ALIKE],
        examples=_EXAMPLES,
        quantities=_quantities(graded),
    )


def _bars(grades: Sequence[Grade]) -> list[Bar]:
    counts = [0] * _BARS
    for grade in grades:
        counts[min(_BARS - 1, int(grade.percent * _BARS / 100))] += 1
    most = max(counts, default=0)
    step = 100 // _BARS
    labels = [f"{n * step} to {(n + 1) * step} %" for n in range(_BARS)]
    return [Bar(label, count, count / most if most else 0.0) for label, count in zip(labels, counts, strict=True)]


def _quantities(graded: GradedClass) -> list[tuple[str, float, int, int, int]]:
    """Each quantity with its points, and how many submissions have all of them, lost some, and are open."""
    found: dict[str, list[float]] = {}
    for grade in graded.graded:
        for one in grade.quantities:
            row = found.setdefault(one.name, [one.of, 0, 0, 0])
            row[3 if one.open else 1 if one.points >= one.of else 2] += 1
    return [(name, row[0], int(row[1]), int(row[2]), int(row[3])) for name, row in found.items()]
