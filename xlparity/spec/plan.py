"""The content of a spec file as values."""

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from xlparity.errors import SpecError, nearest
from xlparity.excel.address import Range, parse_range
from xlparity.excel.locales import ENGLISH, Locale
from xlparity.process import LOCK
from xlparity.spec.binding import Input, Offset, Output, Placed, Twin
from xlparity.spec.lines import LineNumbers

SUFFIX = ".parity.toml"
LARGEST_RANGE = 1_000_000  # cells of one quantity in one iteration; a column of a sheet has 1,048,576
CORNER = Offset(1, 1)  # the grid's first row and column

_NAME = re.compile(r"(?:(?:'(?:[^']|'')+'|[^'!\[\]:]+)!)?(?:[^\W\d]|\\)[\w.\\?]*")
_STRUCTURED = re.compile(r"[^\W\d][\w.\\]*\[.*\]", re.DOTALL)


class Address(NamedTuple):
    """A place in a workbook: the address as text in the spec, and the range where it is known without the workbook.

    ``sheet`` is the one on which words that name none are looked up. A sheet with {n} in its name is that of each block.
    """

    text: str
    area: Range | None
    sheet: str | None = None


def parse_address(text: str, sheet: str | None) -> Address:
    """The address that ``text`` is: one of cells, or else the name of some, or a part of a table.

    Raises ValueError with a sentence where it can be none of these.
    """
    word = text.strip()
    try:
        parse_range(word, sheet or "-")
    except ValueError as error:
        if _NAME.fullmatch(word) or _STRUCTURED.fullmatch(word):
            return Address(word, None, sheet)
        raise ValueError(f"{error}, nor a name or a part of a table, such as rate or Sales[Net]") from error
    return Address(word, sized(parse_range(word, sheet)), sheet)


def sized(area: Range) -> Range:
    """The range; raises ValueError where it is too large to be a quantity."""
    if area.size > LARGEST_RANGE:
        raise ValueError(f"{area} spans {area.size:,} cells; name the range that contains it")
    return area


def twin_misfit(given: Placed[Range], twin: Twin[Range]) -> str | None:
    """What is wrong with a second place of an input's values; None where they fit."""
    shape = twin.shape[::-1] if twin.transpose else twin.shape
    if shape == given.shape:
        return None
    turned = "" if twin.transpose or shape[::-1] != given.shape else "; set transpose = true if it shows them turned"
    return f"is of another shape than the input: {twin.at}{turned}"


@dataclass(frozen=True, slots=True)
class Blocks:
    """The places of the iterations: by a label, or at given rows or columns, the first of them at ``first``, or in a table.

    ``sheets`` are the sheet of each, or the name of numbered sheets with {n} in it.
    """

    label: str | None = None
    offsets: tuple[Offset, ...] = ()
    first: Offset = CORNER
    sheets: str | tuple[str, ...] = ()
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A known difference that the spec accepts: its cells, the reason, and the line of the spec.

    ``shared`` is True for one that stands at the top of a file of several checks and speaks to each.
    """

    cells: tuple[Address, ...]
    reason: str
    line: int | None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """A check as the spec file has it: a region of the workbook, and a reference, which is a function or the name of one."""

    name: str
    reference: str | Callable[..., Any]
    sheet: str | None
    blocks: Blocks | None
    inputs: tuple[Input[Address], ...]
    outputs: tuple[Output[Address], ...]
    accepted: tuple[Acceptance, ...] = ()


@dataclass(frozen=True, slots=True)
class Grading:
    """How grades are made: from how many percent on a submission passes, and the multiple to which its total is rounded.

    ``weights`` multiply the points of a check. ``circular`` and ``unreadable`` are the shares of its points that a cell earns
    which closes a circle, or could not be assessed; None where a person decides.
    """

    passing: float = 50.0
    multiple: float = 0.01
    weights: Mapping[str, float] = field(default_factory=dict)
    circular: float | None = 0.0
    unreadable: float | None = None


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec file; ``workbook`` is relative to the folder of ``path``. ``clock`` is what NOW gives, where that is fixed.

    ``locale`` is that of the Excel which computes the workbook, ``grading`` says how submissions are graded.
    """

    path: Path
    workbook: Path
    checks: tuple[CheckPlan, ...]
    lines: LineNumbers
    clock: datetime | None = None
    locale: Locale = ENGLISH
    grading: Grading = Grading()

    @property
    def references(self) -> list[str]:
        """The names of the references; one that was handed over as a function has none."""
        return [check.reference for check in self.checks if isinstance(check.reference, str)]

    def error(self, key: str, message: str, check: str, part: str = "") -> SpecError:
        """An error about this key, with its line."""
        return self.error_at(self.lines.of(key, check, part), message)

    def error_at(self, line: int | None, message: str) -> SpecError:
        """An error about this line."""
        return SpecError(self.path, line, message)


def workbook_of(spec: Spec) -> Path:
    """The path of the workbook that the spec names; raises SpecError where there is no such file."""
    path = spec.workbook
    with LOCK, contextlib.suppress(OSError):  # as of a name that is too long
        if path.is_file():
            return path
    others: list[str] = []
    with contextlib.suppress(OSError):
        others = [beside.name for beside in path.parent.glob("[!~]*.xls?") if beside.is_file()]
    raise spec.error("workbook", f"{path} cannot be read: there is no such file{nearest(path.name, others)}", "")
