"""The course workbooks by name. Each is a folder of ``xlparity.course`` with a module ``pages`` and its constant ``COURSE``.

A new workbook is a new folder. It is imported on first use.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlparity.errors import UsageError, nearest

if TYPE_CHECKING:
    from xlparity.actions.generate import Draft


ALL = "all"  # in place of a name


@dataclass(frozen=True, slots=True)
class Course:
    """The functions that make a course workbook, and its usual learning rate.

    ``draft(iterations, alpha, seed)`` returns the workbook with so many iterations, this learning rate and this seed of the
    initial weights. ``plant_mistakes(draft, iterations)`` puts typical mistakes of students into it; None where there are none.
    A workbook that is not ``solved`` has empty cells for students to fill, and does not pass as it is. ``iterations`` is how many
    it usually has, and ``most`` how many it may have.
    """

    alpha: float
    draft: "Callable[[int, float, int], Draft]"
    plant_mistakes: "Callable[[Draft, int], None] | None" = None
    solved: bool = True
    iterations: int = 22
    most: int = 2000


def course_names() -> tuple[str, ...]:
    """The names of the workbooks that can be generated, sorted."""
    folder = importlib.import_module("xlparity.course").__path__
    return tuple(sorted(module.name for module in pkgutil.iter_modules(folder) if module.ispkg))


def find_courses(name: str) -> dict[str, Course]:
    """The course workbook of this name, or ``all`` of them, by name; raises UsageError where there is none."""
    names = course_names()
    if name not in (ALL, *names):
        raise UsageError(f"there is no course workbook '{name}'{nearest(name, (ALL, *names))}")
    return {
        each: importlib.import_module(f"xlparity.course.{each}.pages").COURSE
        for each in (names if name == ALL else (name,))
    }
