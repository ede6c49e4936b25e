"""The engine ``formulas``: the library's parser and functions, compiled by the evaluator; the rest is Unsupported."""

import formulas

from xlparity.engines.evaluator.session import FormulasSession
from xlparity.engines.protocol import Described
from xlparity.excel.workbook import Workbook


class FormulasEngine:
    """Computes what Excel computes; cells that it does not support get the reason instead."""

    name = "formulas"
    version: str = formulas.__version__
    recomputes = True
    most_samples: int | None = None

    def load(self, workbook: Workbook) -> FormulasSession:
        """The workbook with every formula compiled and put into dependency order."""
        return FormulasSession(workbook)


ENGINE = Described(FormulasEngine, "in process", "computes what Excel computes, or refuses; the default")
