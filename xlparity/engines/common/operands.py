"""Operators that some programs misread: comparisons and concatenation of truth values, and brackets that they drop."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from xlparity.excel.prefixes import without_prefix

_PIECE = re.compile(
    r"""
    "(?:[^"]|"")*" | '(?:[^']|'')*'
    | (?P<call>[A-Za-z_][\w.]*)?(?P<open>\() | (?P<close>\)) | (?P<next>[,;{}])
    | (?P<truth>\b(?:TRUE|FALSE)\b(?!\()) | (?P<compare><=|>=|<>|[<>=]) | (?P<join>&) | (?P<percent>%) | (?P<other>[-+*/^])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TRUTHS = frozenset({"AND", "OR", "NOT", "XOR", "TRUE", "FALSE", "EXACT"})
_MAY_BE_MISREAD = re.compile("[<>=&%]|AND|OR|NOT|TRUE|FALSE|EXACT|IS", re.IGNORECASE)
_RETURNS_ARGUMENT = {"IF": 1, "IFERROR": 0, "IFNA": 0, "CHOOSE": 1, "IFS": 0, "SWITCH": 1, "LET": 0}
"""The functions that return one of their arguments, and the index of the first one that they can return."""


@dataclass(slots=True)
class _Level:
    """The state of the text between two brackets, so far; all but the first three fields are reset after a comma.

    ``truth`` is whether there is an operand that may be a truth value, ``perhaps`` whether one of them may be none.
    """

    call: str | None = None
    argument: int = 0
    returns_truth: bool = False
    comparisons: int = 0
    joins: int = 0
    arithmetic: bool = False
    truth: bool = False
    perhaps: bool = False
    joined: bool = False
    left: bool = False
    taken: bool = False

    @property
    def is_truth(self) -> bool:
        """Whether this argument is a truth value."""
        return self.comparisons > 0 or (self.truth and not self.arithmetic and not self.joins)

    @property
    def takes_truth(self) -> bool:
        """Whether a truth value is compared, or joined to a text."""
        return self.comparisons > 1 or ((self.truth or self.taken) and self.comparisons + self.joins > 0)

    @property
    def is_operand(self) -> bool:
        """Whether the text after the last comparison is a truth value, and nothing else."""
        return self.truth and not (self.perhaps or self.arithmetic or self.joins)

    @property
    def mixes_truth(self) -> bool:
        """Whether a truth value is compared with something that may be none, or joined to a text."""
        return self.takes_truth and not (self.comparisons == 1 and self.left and self.is_operand)

    @property
    def needs_brackets(self) -> bool:
        """Whether a text that is joined in brackets is an operand."""
        return self.joined and (self.arithmetic or self.comparisons + self.joins > 0)


class Misreadings(NamedTuple):
    """Which operators of a formula some programs misread.

    ``takes_truth``: a truth value is an operand of a comparison or of ``&``, as in ``(A1>B1)=(A2>B2)``; ``mixes_truth``:
    and the other operand may be none, as in ``(A1>B1)<2``. ``needs_brackets``: ``%`` follows a bracket, or what is joined
    in brackets is an operand, as in ``(A1+B1)%`` and ``(A1&B1)*2``. ``gives_truth``: its value is always a truth value or an
    error.
    """

    takes_truth: bool = False
    mixes_truth: bool = False
    needs_brackets: bool = False
    gives_truth: bool = False


def misreadings(formula: str) -> Misreadings:
    """Which operators of the formula some programs misread, by its text."""
    if not _MAY_BE_MISREAD.search(formula, 1):
        return Misreadings()
    arguments: list[_Level] = []
    levels = [_Level()]
    percent = closed = False
    for piece in _PIECE.finditer(formula, 1):
        level, kind = levels[-1], piece.lastgroup
        percent = percent or (kind == "percent" and closed and formula[piece.start() - 1] == ")")
        closed = False
        if kind == "open":
            levels.append(_Level(piece["call"]))
        elif kind == "next":
            arguments.append(level)
            levels[-1] = _Level(level.call, level.argument + 1, _may_be_truth(level))
        elif kind == "close" and len(levels) > 1:
            arguments.append(levels.pop())
            _close(levels[-1], level)
            closed = level.call is None
        else:
            _note(level, kind)
    arguments += levels
    return Misreadings(
        any(level.takes_truth for level in arguments),
        any(level.mixes_truth for level in arguments),
        percent or any(level.needs_brackets for level in arguments),
        levels[0].comparisons > 0 or levels[0].is_operand,
    )


def _close(outer: _Level, inner: _Level) -> None:
    if _may_be_truth(inner):
        outer.truth = True
        outer.perhaps = outer.perhaps or inner.perhaps or without_prefix(inner.call or "") in _RETURNS_ARGUMENT
    outer.joined = outer.joined or (inner.call is None and inner.joins > 0)


def _may_be_truth(level: _Level) -> bool:
    """Whether the value of the brackets, up to here, may be a truth value."""
    if level.call is None:
        return level.returns_truth or level.is_truth
    name = without_prefix(level.call)
    first = _RETURNS_ARGUMENT.get(name)
    if first is None:
        return name in _TRUTHS or name.startswith("IS")
    return level.returns_truth or (level.argument >= first and level.is_truth)


def _note(level: _Level, kind: str | None) -> None:
    if kind == "compare":
        level.left = level.is_operand
        level.comparisons += 1
        # Whether a truth value is compared at all is kept; the right operand is a new one.
        level.taken = level.taken or level.truth
        level.truth = level.perhaps = level.arithmetic = False
    elif kind == "join":
        level.joins += 1
    elif kind == "other":
        level.arithmetic = True
    elif kind == "truth":
        level.truth = True
