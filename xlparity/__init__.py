"""Proves that an Excel workbook and the Python code it mirrors compute the same thing.

>>> import xlparity
>>> report = xlparity.verify("workbooks/regressor.parity.toml")
>>> print(report.verdict)
pass
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlparity.actions.asserting import assert_parity
    from xlparity.pipeline import verify
    from xlparity.results.report import Report

__version__ = "0.1.0"
__all__ = ["Report", "__version__", "assert_parity", "verify"]


def __getattr__(name: str) -> Any:
    """The names on first use: neither ``xlparity --help`` nor pytest's start waits for numpy or openpyxl."""
    if name == "assert_parity":
        from xlparity.actions.asserting import assert_parity  # noqa: PLC0415

        return assert_parity
    if name == "verify":
        from xlparity.pipeline import verify  # noqa: PLC0415

        return verify
    if name == "Report":
        from xlparity.results.report import Report  # noqa: PLC0415

        return Report
    raise AttributeError(f"module 'xlparity' has no attribute '{name}'")
