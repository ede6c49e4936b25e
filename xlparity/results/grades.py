"""Grades of submissions: points for each quantity, what lost them, and which submissions are alike."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Passed = Literal["yes", "no", "open"]
Judged = Literal["right", "carried", "partly", "wrong", "typed", "empty", "circular", "missing", "review"]
"""How a quantity was judged.

``right``: all of its cells. ``carried``: its formulas are right, and some values differ because of a mistake elsewhere.
``partly``: some of its cells are right. Of the others, what its first cell that is not right is: ``wrong``, ``typed`` (a
hard-coded number), ``empty``, ``circular``, ``missing`` (an iteration or a sheet that is not there), or for a person to
``review``.
"""
LOST: frozenset[Judged] = frozenset(("partly", "wrong", "typed", "empty", "circular", "missing"))


@dataclass(frozen=True, slots=True)
class QuantityGrade:
    """The points of one quantity: those it has, and those that are ``open`` until a person has looked at it, of so many.

    ``right`` of its ``cells`` are right, mistakes that are carried forward among them. ``note`` says in a few words what is not.
    """

    name: str
    of: float
    points: float
    judged: Judged
    right: int
    cells: int
    open: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A root cause in a submission: the quantity, the finding's code, and a key that is the same for the same mistake.

    The key is a digest of the wrong formula relative to its cell, or of a number that was typed.
    """

    quantity: str
    code: str
    key: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What a student is told about one mistake: the quantity that lost points because of it, and the finding's cause.

    ``quantity`` is empty for an input, which has no points. ``cell`` is the first one, with what it contains and should contain,
    and what it gives and should give on the submission's own inputs, each None where that is not known. ``carried`` counts the
    cells that differ because of it and cost nothing. With ``review`` a person decides.
    """

    quantity: str
    code: str
    cause: str
    cell: str
    formula: str | None = None
    suggestion: str | None = None
    expected: str | None = None
    actual: str | None = None
    carried: int = 0
    review: bool = False


@dataclass(frozen=True, slots=True)
class Grade:
    """The grade of one submission. Where it could not be graded there is a ``reason``, and nothing else.

    ``points`` are the total, rounded as the spec says, and ``open`` those on which a person decides. ``passed`` is open where
    these decide it. ``marks`` are keys of what is unusual in it and no mistake: by quantity its formulas, and its inputs, where
    these differ from the spec's own workbook. ``digest`` is that of all of its formulas.
    """

    student: str
    file: str
    of: float = 0.0
    points: float = 0.0
    percent: float = 0.0
    passed: Passed = "no"
    open: float = 0.0
    quantities: tuple[QuantityGrade, ...] = ()
    notes: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    marks: tuple[str, ...] = ()
    digest: str = ""
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The grade as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Grade":
        """The grade that ``as_json`` gave; raises TypeError or KeyError where it is none."""
        return cls(
            **{
                **value,
                "quantities": tuple(QuantityGrade(**one) for one in value["quantities"]),
                "mistakes": tuple(Mistake(**one) for one in value["mistakes"]),
                **{name: tuple(value[name]) for name in ("notes", "marks")},
            }
        )


@dataclass(frozen=True, slots=True)
class Shared:
    """Something that several submissions have in common: what it is, in how many submissions, and whether it is a mistake."""

    what: str
    count: int
    mistake: bool


@dataclass(frozen=True, slots=True)
class Alike:
    """Submissions with something unusual in common, and how unusual that is, in bits: each bit halves how often it is seen.

    ``same`` says that all their formulas are the same, cell by cell.
    """

    students: tuple[str, ...]
    bits: float
    shared: tuple[Shared, ...]
    same: bool


@dataclass(frozen=True, slots=True)
class GradedClass:
    """The grades of a class, sorted by student, and the submissions that are alike, the most unusual first.

    ``pages`` are the places of the feedback pages and of the annotated copies in the folder that was written, by student, and
    ``passed_over`` the files in folders of submissions that are no spreadsheets.
    """

    spec: str
    grades: tuple[Grade, ...]
    alike: tuple[Alike, ...] = ()
    passing: float = 50.0
    pages: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    passed_over: tuple[str, ...] = ()

    @property
    def graded(self) -> tuple[Grade, ...]:
        """The grades of submissions that could be graded."""
        return tuple(grade for grade in self.grades if grade.reason is None)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the quantities, in the spec's order."""
        return tuple(dict.fromkeys(one.name for grade in self.grades for one in grade.quantities))

    @property
    def mistakes(self) -> list[tuple[str, str, int]]:
        """Each mistake, as quantity and code, with the number of submissions that have it, the most frequent first."""
        counts: dict[tuple[str, str], int] = {}
        for grade in self.grades:
            for one in {(mistake.quantity, mistake.code) for mistake in grade.mistakes}:
                counts[one] = counts.get(one, 0) + 1
        return sorted(((*one, count) for one, count in counts.items()), key=lambda row: (-row[2], row[0], row[1]))
