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


@dataclass(frozen=True, slots=True)
class Course:
    """The functions that make a course workbook.

    ``draft(iterations, alpha, seed)`` returns the workbook with so many iterations, this learning rate and this seed of the
    initial weights. ``plant_mistakes(draft, iterations)`` puts typical mistakes of students into it.
    """

    draft: "Callable[[int, float, int], Draft]"
    plant_mistakes: "Callable[[Draft, int], None]"


def course_names() -> tuple[str, ...]:
    """The names of the workbooks that can be generated, sorted."""
    folder = importlib.import_module("xlparity.course").__path__
    return tuple(sorted(module.name for module in pkgutil.iter_modules(folder) if module.ispkg))


def find_course(name: str) -> Course:
    """The course workbook of this name; raises UsageError where there is none."""
    names = course_names()
    if name not in names:
        raise UsageError(f"there is no course workbook '{name}'{nearest(name, names)}")
    course: Course = importlib.import_module(f"xlparity.course.{name}.pages").COURSE
    return course
