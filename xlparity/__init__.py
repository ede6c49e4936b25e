"""Proves that an Excel workbook and the Python code it mirrors compute the same thing.

>>> import xlparity
>>> report = xlparity.verify("workbooks/regressor.parity.toml")
>>> print(report.verdict)
pass
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlparity.pipeline import verify
    from xlparity.report import Report

__version__ = "0.1.0"
__all__ = ["Report", "__version__", "verify"]


def __getattr__(name: str) -> Any:
    """``verify`` and ``Report`` on first use: ``xlparity --help`` waits for neither numpy nor openpyxl."""
    if name == "verify":
        from xlparity.pipeline import verify  # noqa: PLC0415

        return verify
    if name == "Report":
        from xlparity.report import Report  # noqa: PLC0415

        return Report
    raise AttributeError(f"module 'xlparity' has no attribute '{name}'")
