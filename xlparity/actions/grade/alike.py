"""Submissions that have something unusual in common, in time proportional to their number.

What half the class has in common says nothing, and what two of a hundred have says much: each thing in common counts with the
binary logarithm of how rare it is, so that independent things add up. Two submissions are compared only where they share
something rare, which an index finds; equal submissions are one group, whatever their number.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from xlparity.results.grades import Alike, Grade, Shared
from xlparity.results.rules import RULES

_RARE = 0.1  # the share of the class that may have something that is still rare
_MOST_GROUPS = 10  # different submissions that share a rare thing; where more do, they are not compared for its sake
_RIGHT = 0.25  # how much a right formula or an input counts, of a mistake: many people write the same right formula
_FEW_BITS = 3.0  # beyond log2 of the class, up to which some pair is expected to be alike by chance
_MOST = 1_000  # groups that are kept

Mark = tuple[str, str, str]
"""Something in a submission: what kind of thing it is, what it is about, and its key."""


def alike(grades: Sequence[Grade]) -> tuple[Alike, ...]:
    """The submissions that are more alike than chance makes some of the class, the most unusual first."""
    grades = [grade for grade in grades if grade.reason is None]
    marks = {grade.student: frozenset(_marks(grade)) for grade in grades}
    counts = Counter(mark for found in marks.values() for mark in found)
    size = len(grades)
    weights = {mark: _weight(mark, count, size) for mark, count in counts.items() if count > 1}
    groups: dict[tuple[str, frozenset[Mark]], list[str]] = defaultdict(list)
    for grade in grades:
        groups[grade.digest, marks[grade.student]].append(grade.student)
    nodes = sorted(groups, key=lambda node: groups[node][0])
    least = math.log2(max(2, size)) + _FEW_BITS
    found = []
    for node in nodes:
        if len(groups[node]) > 1:
            shared = [mark for mark in node[1] if mark in weights]
            bits = sum(weights[mark] for mark in shared)
            mistaken = any(mark[0] == "mistake" and weights[mark] > 1 for mark in shared)
            if mistaken or bits >= least:
                found.append(_alike(groups[node], bits, shared, counts, same=True))
    for one, other in _candidates(nodes, counts, size):
        shared = [mark for mark in one[1] & other[1] if mark in weights]
        bits = sum(weights[mark] for mark in shared)
        if bits >= least and any(mark[0] == "mistake" for mark in shared):
            students = sorted([*groups[one], *groups[other]])
            found.append(_alike(students, bits, shared, counts, same=one[0] == other[0]))
    found.sort(key=lambda each: (-round(each.bits, 6), each.students))
    return tuple(found[:_MOST])


def _marks(grade: Grade) -> Iterator[Mark]:
    for mistake in grade.mistakes:
        if mistake.key:
            yield "mistake", f"{mistake.quantity} {mistake.code}", mistake.key
    for text in grade.marks:
        what, _, key = text.rpartition(" ")
        yield "unusual", what, key


def _weight(mark: Mark, count: int, size: int) -> float:
    return math.log2(size / count) * (1.0 if mark[0] == "mistake" else _RIGHT)


def _candidates(
    nodes: Sequence[tuple[str, frozenset[Mark]]], counts: Mapping[Mark, int], size: int
) -> Iterable[tuple[tuple[str, frozenset[Mark]], tuple[str, frozenset[Mark]]]]:
    """The pairs of different submissions that share something rare, each once."""
    index: dict[Mark, list[int]] = defaultdict(list)
    for number, (_, marks) in enumerate(nodes):
        for mark in marks:
            if 1 < counts[mark] <= max(2.0, _RARE * size):
                index[mark].append(number)
    pairs = {pair for numbers in index.values() if len(numbers) <= _MOST_GROUPS for pair in combinations(numbers, 2)}
    return [(nodes[one], nodes[other]) for one, other in sorted(pairs)]


def _alike(
    students: Sequence[str], bits: float, shared: Iterable[Mark], counts: Mapping[Mark, int], *, same: bool
) -> Alike:
    ordered = sorted(shared, key=lambda mark: (mark[0], counts[mark], mark))
    return Alike(
        tuple(students), bits, tuple(Shared(_said(mark), counts[mark], mark[0] == "mistake") for mark in ordered), same
    )


def _said(mark: Mark) -> str:
    if mark[0] != "mistake":
        return mark[1]
    quantity, _, code = mark[1].rpartition(" ")
    return f"{RULES[code].summary}, in {quantity}"
