"""The engine ``cached``: it computes nothing, and returns the values that the file stores.

Where Excel saved the file, these are Excel's own results.
"""

from collections.abc import Mapping
from importlib.metadata import version

from xlparity.engines.common.files import as_held, stored_values
from xlparity.engines.protocol import Described
from xlparity.errors import UsageError
from xlparity.excel.address import Cell
from xlparity.excel.batch import Batch
from xlparity.excel.columns import Column
from xlparity.excel.values import MISSING
from xlparity.excel.workbook import Workbook, read_again


class CachedEngine:
    """The values that the file stores for its formulas."""

    name = "cached"
    version = version("xlparity")
    recomputes = False
    most_samples: int | None = 1

    def load(self, workbook: Workbook) -> "CachedSession":
        """The stored values, read from the file again; raises WorkbookError where it has changed since."""
        return CachedSession(workbook)


class CachedSession:
    """The stored values of one file."""

    def __init__(self, workbook: Workbook) -> None:
        stored = stored_values(read_again(workbook), workbook)
        self._values = as_held(workbook, lambda cell: stored.get(cell, MISSING))

    def recalculate(self, overrides: Mapping[Cell, Column], samples: int = 1) -> Batch:
        """The stored value of every cell; a formula without a stored value is MISSING. Raises UsageError for any override."""
        if overrides:
            raise UsageError("stored values cannot be recalculated with other inputs; use another engine")
        return Batch.of(self._values, samples)


ENGINE = Described(
    CachedEngine,
    "stored values",
    "the values that the program which saved the file last stored in it; no what-if inputs",
    settles=False,
)
