"""The engine ``formulas``: its parser and its functions, each distinct formula shape compiled once.

``functions`` says which functions are trusted, and for which operands; ``shapes`` turns a shape into a ``program``, and
``session`` runs the programs over a workbook in dependency order.
"""

from importlib.metadata import version

from xlparity.engines.evaluator.session import FormulasSession
from xlparity.excel.workbook import Workbook

__all__ = ["FormulasEngine", "FormulasSession"]


class FormulasEngine:
    """Computes what Excel computes, or refuses the cell with the reason."""

    name = "formulas"
    version = version("formulas")
    recomputes = True
    most_samples: int | None = None

    def load(self, workbook: Workbook) -> FormulasSession:
        """The workbook with every formula compiled and put into dependency order."""
        return FormulasSession(workbook)
