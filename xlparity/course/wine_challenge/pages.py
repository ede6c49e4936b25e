"""The wine challenge as it is handed out: the solution without what a student fills in."""

from xlparity.actions.courses import Course
from xlparity.course.wine_solution import sheet as s
from xlparity.course.wine_solution.pages import wine

COURSE = Course(
    s.ALPHA, lambda _, alpha, seed: wine("wine_challenge", solved=False, alpha=alpha, seed=seed), solved=False
)
