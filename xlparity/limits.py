"""How large a workbook may be. A file from elsewhere is to cost seconds and no more than a gigabyte, whatever is in it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from xlparity.errors import UsageError, WorkbookError, nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkbookLimits:
    """What a workbook may have at most; one that has more is refused, or the formula alone that has.

    Each is a whole number from 1, under its name in ``[tool.xlparity.limits]`` and as ``--allow NAME=NUMBER``. At the defaults,
    reading and computing a file takes less than 10 seconds and 1 GB; the largest of several hundred workbooks that people made
    has 2 MB, 350,000 elements and 75 parts. The work of a file is counted and not timed, so that no verdict depends on the
    machine.

    - ``file_bytes``: the size of the file.
    - ``members``: parts in its zip.
    - ``unpacked_bytes``: the sizes of all its parts of XML together, unpacked. Pictures are not unpacked.
    - ``elements``: XML elements in all parts that are read. A cell with a formula and a value is three.
    - ``text_bytes``: the length of one text, or of one tag with its attributes, in the XML; a text in a cell has 32,767 letters.
    - ``sheets``, ``names``: how many worksheets and defined names there are.
    - ``area_cells``: the cells of all array formulas and data tables together.
    - ``formula_characters``, ``formula_levels``, ``formula_arguments``: the length of a formula, the levels of calls in calls,
      and the arguments of one call. The defaults are Excel's own (Microsoft, "Excel specifications and limits"); a formula
      that exceeds one is unsupported, and the rest of the workbook is computed.
    - ``compiled``: the characters of all formulas that are no copies of one another together, each of which is compiled; of a
      long one they count more than once. A formula beyond is unsupported, as with the next two.
    - ``reads``: the cells to which formulas refer, each as often as one refers to it; a blank one counts more than once.
    - ``text_characters``: the lengths of all texts that formulas make, but of equal ones once.
    """

    file_bytes: int = 128 << 20
    members: int = 20_000
    unpacked_bytes: int = 256 << 20
    elements: int = 2_000_000
    text_bytes: int = 1 << 20
    sheets: int = 10_000
    names: int = 100_000
    area_cells: int = 500_000
    formula_characters: int = 8_192
    formula_levels: int = 64
    formula_arguments: int = 255
    compiled: int = 100_000
    reads: int = 12_500_000
    text_characters: int = 50_000_000

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise UsageError(f"the limit {field.name} is a whole number from 1")

    def check(self, name: str, found: int, what: str, where: str) -> None:
        """Raises WorkbookError, with the place and the option, where what was found is over the limit of this name."""
        if found > getattr(self, name):
            raise WorkbookError(f"{where}: {self.excess(name, found, what)}")

    def excess(self, name: str, found: int, what: str) -> str:
        """That there are so many, over the limit of this name, and how to set another."""
        return f"{found:,} {what}, over the limit of {getattr(self, name):,}; --allow {name}=NUMBER sets another"

    def over(self, values: Mapping[str, Any], where: str) -> "WorkbookLimits":
        """The limits with these in their place; raises UsageError, which begins with ``where``, for an unknown or a wrong one."""
        known = [field.name for field in fields(self)]
        for name in values:
            if name not in known:
                raise UsageError(f"{where}: there is no limit '{name}'{nearest(name, known)}")
        try:
            return replace(self, **values)
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from None

    @classmethod
    def none(cls) -> "WorkbookLimits":
        """Limits that no file exceeds, for one that was read within others."""
        return cls(**dict.fromkeys((field.name for field in fields(cls)), sys.maxsize))

    def allowing(self, words: list[str] | None) -> "WorkbookLimits":
        """The limits with those that the option ``--allow`` names, each as ``NAME=NUMBER``."""
        given = dict(word.partition("=")[::2] for word in words or ())
        values = {
            name: int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
            for name, text in given.items()
        }
        return self.over(values, "--allow NAME=NUMBER")
