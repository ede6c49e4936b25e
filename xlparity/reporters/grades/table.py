"""The grades as CSV, one row a student, which the gradebooks of learning platforms import."""

import csv
import io

from xlparity.reporters.grades import words
from xlparity.reporters.visible import visible
from xlparity.results.grades import Grade, GradedClass

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which a cell of a CSV begins that Excel takes for a formula
# https://owasp.org/www-community/attacks/CSV_Injection: an apostrophe before it


def render_csv(graded: GradedClass) -> str:
    """The columns student, points, of, percent, passed, each quantity, and note; without a grade, all but two are empty."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")  # RFC 4180
    names = graded.columns
    rows.writerow(["student", "points", "of", "percent", "passed", *map(_inert, names), "note"])
    for grade in graded.grades:
        rows.writerow(_row(grade, names))
    return text.getvalue()


def _row(grade: Grade, names: tuple[str, ...]) -> list[str]:
    student, note = _inert(grade.student), _inert(words.note(grade))
    if grade.reason is not None:
        return [student, *([""] * (4 + len(names))), note]
    points = {one.name: words.points(one.points) for one in grade.quantities}
    total = [words.points(number) for number in (grade.points, grade.of, round(grade.percent, 2))]
    return [student, *total, grade.passed, *(points.get(name, "") for name in names), note]


def _inert(text: str) -> str:
    """The text in one line, which no spreadsheet computes."""
    text = " ".join(visible(text).split())
    return f"'{text}" if text.startswith(_FORMULA) else text
