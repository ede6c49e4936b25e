"""The engine ``ironcalc``: IronCalc, a spreadsheet kernel in Rust, run on copies of the file.

It gives ``#NAME?``, ``#NIMPL!`` and ``#ERROR!`` for what it does not know, does not implement or cannot parse; such cells
are unsupported. So are those in which a number overflows on the way to a number: Excel has #NUM! there, and IronCalc goes
on with an infinity.
"""

import math
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from xlparity.engines.common.errors import numbers_for_errors
from xlparity.engines.common.files import FileTemplate, as_held, probe, unknown_functions
from xlparity.engines.common.operands import misreadings
from xlparity.engines.common.survey import FormulaSurvey
from xlparity.engines.evaluator.session import FormulasSession
from xlparity.engines.protocol import ONE_AT_A_TIME, Described, Values, one_by_one
from xlparity.errors import UsageError, WorkbookError, XlparityError
from xlparity.excel.address import Cell
from xlparity.excel.batch import Batch
from xlparity.excel.columns import Column
from xlparity.excel.values import MISSING, ErrorValue, Unsupported, Value
from xlparity.excel.workbook import Workbook

# IronCalc prints a warning for every formula without a stored value, so an error is stored; it would show if not replaced.
_NOT_COMPUTED = ErrorValue("#NULL!")
_NO_DOMAIN = re.compile(r"\bA(?:SIN|COS|COSH|TANH)\(", re.IGNORECASE)
_ENDLESS = re.compile(
    r"\b(?:FACT|FACTDOUBLE|MULTINOMIAL|CONFIDENCE\.T|(?:T|F|GAMMA)\.INV(?:\.2T|\.RT)?|TINV|FINV|GAMMAINV|WRAPROWS|WRAPCOLS|EXPAND)\(",
    re.IGNORECASE,
)  # it goes on for ever for numbers such as 1E17, or ends the process
_DEEPEST = 1_000  # brackets within brackets: of 3,000 its parser ends the process
_OVERFLOW = Unsupported("a number that overflows inside the formula, which IronCalc takes for an infinity")
_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#N/A"})


class IronCalcEngine:
    """The library ``ironcalc``, from the extra of that name."""

    name = "ironcalc"
    recomputes = True
    most_samples: int | None = ONE_AT_A_TIME

    def __init__(self) -> None:
        """Raises UsageError where the library is not installed."""
        try:
            self._library = import_module("ironcalc")
        except ImportError as error:
            raise UsageError(
                "the engine ironcalc needs its library; in a clone of xlparity, run: pip install '.[ironcalc]'"
            ) from error
        self.version = version("ironcalc")

    def load(self, workbook: Workbook) -> "IronCalcSession":
        """The session of the workbook; IronCalc loads the file when it is recalculated."""
        return IronCalcSession(workbook, self._library)


def _refusal_for(formula: str) -> str | None:
    found = misreadings(formula)
    if found.takes_truth or found.needs_brackets:
        return "brackets that IronCalc loses as it reads the formula"
    if _ENDLESS.search(formula):
        return "a function that IronCalc does not end for some numbers"
    if formula.count("(") > _DEEPEST:
        return f"more than {_DEEPEST:,} brackets, for which IronCalc's parser may end the process"
    if _NO_DOMAIN.search(formula):
        return "a function that IronCalc gives no error outside its domain, so that what follows is wrong"
    return None


class IronCalcSession:
    """One workbook, which IronCalc loads anew for each recalculation."""

    def __init__(self, workbook: Workbook, library: Any) -> None:
        if workbook.date1904:
            raise WorkbookError(f"{workbook.path}: IronCalc does not know the 1904 date system; use another engine")
        self._workbook = workbook = workbook.as_excel_reads()
        self._library = library
        self._survey = FormulaSurvey(workbook, _refusal_for)
        self._nameless = self._survey.nameless
        self._alone = FormulasSession(workbook)
        self._template = FileTemplate(workbook, self._survey.refused, _NOT_COMPUTED)
        self._unknown = self._ask_for_functions()

    def recalculate(self, overrides: Mapping[Cell, Column], samples: int = 1) -> Batch:
        """Every cell's value in each sample, with the overrides in place of the cells' contents, formulas included.

        Raises UsageError for an override that no file can hold, and WorkbookError where IronCalc fails.
        """
        return one_by_one(lambda each: map(self._values, each), overrides, samples)

    def _values(self, overrides: Values) -> Values:
        data = self._template.copy(overrides)
        with self._failing_clearly():
            model = self._evaluated(data)
            sheets = {sheet["name"]: number for number, sheet in enumerate(model.get_worksheets_properties())}
            values = as_held(self._workbook, lambda cell: self._value(model, sheets[cell.sheet], cell))
        values |= overrides
        values |= dict.fromkeys(numbers_for_errors(self._alone, values, overrides), _OVERFLOW)
        return self._survey.settle(values, overrides, self._unknown)

    def _ask_for_functions(self) -> frozenset[str]:
        calls = self._survey.calls
        with self._failing_clearly():
            model = self._evaluated(probe(calls, _NOT_COMPUTED))
            answers = {cell: self._shown(model, 0, cell) for cell in (Cell("", r, 1) for r in range(1, len(calls) + 1))}
        return unknown_functions(answers, calls)

    def _evaluated(self, data: bytes) -> Any:
        with tempfile.TemporaryDirectory(prefix="xlparity-") as folder:
            path = Path(folder) / "copy.xlsx"
            path.write_bytes(data)
            model = self._library.load_from_xlsx(str(path), "en", "UTC")
        model.evaluate()
        return model

    def _value(self, model: Any, sheet: int, cell: Cell) -> Value:
        """The cell's value; Unsupported where IronCalc has an error that Excel may not have."""
        value = self._shown(model, sheet, cell)
        known = not isinstance(value, ErrorValue) or value.code in _ERRORS
        known = known or (value == ErrorValue("#NAME?") and cell in self._nameless)
        return value if known else Unsupported(f"IronCalc cannot compute it ({value})")

    def _shown(self, model: Any, sheet: int, cell: Cell) -> Value:
        """IronCalc's value of the cell, including errors that Excel does not have."""
        value = model.get_cell_value(sheet, cell.row, cell.column)
        if value is None:
            return MISSING
        if isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return float(value) if math.isfinite(value) else ErrorValue("#NUM!")
        if model.get_cell_type(sheet, cell.row, cell.column) != self._library.CellType.ErrorValue:
            return str(value)
        return ErrorValue(str(value))

    @contextmanager
    def _failing_clearly(self) -> Iterator[None]:
        try:
            yield
        except (KeyboardInterrupt, SystemExit, MemoryError, XlparityError):
            raise
        except BaseException as error:  # a panic in Rust is a BaseException, and may be of any kind
            raise WorkbookError(
                f"{self._workbook.path}: IronCalc cannot compute it ({type(error).__name__}: {error}); use another engine"
            ) from error


ENGINE = Described(
    IronCalcEngine,
    "in process",
    "IronCalc, written in Rust; an independent second engine",
)
