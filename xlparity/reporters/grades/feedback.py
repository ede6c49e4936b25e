"""The page for one student: the points, what is wrong, and what to do about it. One file that asks for no other."""

from collections.abc import Sequence

from xlparity.reporters.grades.pages import rendered
from xlparity.results.grades import LOST, Advice, Grade


def render_feedback(grade: Grade, advice: Sequence[Advice], passing: float) -> str:
    """The page; the same bytes for the same grade."""
    return rendered(
        "feedback.html.j2",
        grade=grade,
        passing=passing,
        wrong=[one for one in advice if not one.review],
        reviewed=[one for one in advice if one.review],
        lost={one.name: one for one in grade.quantities if one.judged in LOST},
    )
