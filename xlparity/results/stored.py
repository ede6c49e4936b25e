"""The result of ``recalc``: the value that the file stores for each formula, and the value that the formula computes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from xlparity.excel.address import Cell
from xlparity.excel.values import Value
from xlparity.results.report import Verdict

StoredStatus = Literal["equal", "differs", "unsupported", "uncached", "taken"]


class StoredResult(NamedTuple):
    """One formula with its stored and its computed value; ``stored`` is None where the file has none ("uncached").

    The value of a formula that depends on chance or on the clock is ``taken`` as it is stored, and not computed.
    ``reason`` explains a #NAME? of a formula with a function name that Excel does not accept in a file.
    """

    cell: Cell
    status: StoredStatus
    stored: Value | None
    computed: Value
    formula: str | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class StoredReport:
    """The stored and the computed value of every formula of a workbook.

    With ``allow_unsupported``, formulas that could not be computed do not count, as long as any could be.
    """

    workbook: str
    sha256: str
    results: tuple[StoredResult, ...]
    versions: Mapping[str, str] = field(default_factory=dict)
    allow_unsupported: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """The number of formulas, and of those with each status; the latter add up to ``formulas``."""
        found = Counter(result.status for result in self.results)
        return {"formulas": len(self.results), **{status: found[status] for status in get_args(StoredStatus)}}

    @property
    def verdict(self) -> Verdict:
        """Stale if any stored value differs or is absent, else unassessed if a formula could not be computed, else pass.

        Where all values are taken as they are stored, nothing is assessed.
        """
        counts = self.counts
        if counts["differs"] or counts["uncached"]:
            return Verdict.STALE
        open_to = counts["unsupported"] and not (self.allow_unsupported and counts["equal"])
        return Verdict.UNASSESSED if open_to or (counts["taken"] and not counts["equal"]) else Verdict.PASS
