"""The course's workbooks, by name: a new one is a new folder of ``xlparity.course``, and nothing else.

Each folder has a module ``pages`` with the constant ``COURSE``. Nothing is imported of it before it is asked for.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xlparity.errors import UsageError, nearest

if TYPE_CHECKING:
    from xlparity.actions.generate import Draft

_FOLDER = Path(__file__).parents[1] / "course"


@dataclass(frozen=True, slots=True)
class Course:
    """What a course workbook is made by.

    ``draft(iterations, alpha, seed)`` is the workbook of so many iterations, with this learning rate and this seed of the
    first weights. ``plant_mistakes(draft, iterations)`` puts mistakes into it, as students make them.
    """

    draft: "Callable[[int, float, int], Draft]"
    plant_mistakes: "Callable[[Draft, int], None]"


def course_names() -> tuple[str, ...]:
    """The names of the workbooks that can be generated, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules([str(_FOLDER)]) if module.ispkg))


def find_course(name: str) -> Course:
    """The workbook of this name; raises UsageError where there is none."""
    names = course_names()
    if name not in names:
        raise UsageError(f"there is no course workbook '{name}'{nearest(name, names)}")
    course: Course = importlib.import_module(f"xlparity.course.{name}.pages").COURSE
    return course
