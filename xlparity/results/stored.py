"""What a recalculation found out: the values that a workbook stores, beside those that its formulas compute."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from xlparity.excel.address import Cell
from xlparity.excel.values import Value
from xlparity.results.report import Verdict

Stored = Literal["equal", "differs", "unsupported", "uncached"]


class StoredResult(NamedTuple):
    """What became of one formula's stored value: ``stored`` is None where the file has none, the cell then uncached.

    ``reason`` says of a formula with a function by a name that Excel does not read in a file, why that is #NAME?.
    """

    cell: Cell
    status: Stored
    stored: Value | None
    computed: Value
    formula: str | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class StoredReport:
    """Every formula element of a workbook with the value that the file stores and the one that it computes.

    ``allow_unsupported`` says that formulas which could not be computed are passed over, as long as others were.
    """

    workbook: str
    sha256: str
    results: tuple[StoredResult, ...]
    versions: Mapping[str, str] = field(default_factory=dict)
    allow_unsupported: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """How many formulas there are, and how many ended in each status; these add up to ``formulas``."""
        found = Counter(result.status for result in self.results)
        return {"formulas": len(self.results), **{status: found[status] for status in get_args(Stored)}}

    @property
    def verdict(self) -> Verdict:
        """Stale where a value differs or is absent, whatever else; unassessed where any formula could not be computed."""
        counts = self.counts
        if counts["differs"] or counts["uncached"]:
            return Verdict.STALE
        passed_over = self.allow_unsupported and counts["equal"]
        return Verdict.UNASSESSED if counts["unsupported"] and not passed_over else Verdict.PASS
