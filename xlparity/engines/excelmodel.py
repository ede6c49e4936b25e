"""The engine ``excelmodel``: ``formulas.ExcelModel``, slow, with which the engine ``formulas`` is compared.

It rounds every number in the file to 15 decimals, and gives ``#NAME?`` for what it cannot compute. What the engine
``formulas`` does not support is unsupported here too, since the functions are the same.
"""

import contextlib
import io
import re
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import formulas
import numpy as np
from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.common.errors import numbers_for_errors
from xlparity.engines.common.files import FileTemplate
from xlparity.engines.common.survey import FormulaSurvey
from xlparity.engines.evaluator.session import FormulasSession
from xlparity.engines.protocol import ONE_AT_A_TIME, Described, Values, one_by_one
from xlparity.errors import UsageError, WorkbookError
from xlparity.excel.address import Cell, Range
from xlparity.excel.batch import Batch
from xlparity.excel.columns import Column
from xlparity.excel.values import BEHIND_A_CIRCLE, BLANK, MISSING, Blank, ErrorValue, Missing, Unsupported, Value
from xlparity.excel.workbook import Formula, Workbook, formulas_of

# Numbers such as 1E17 keep these busy for hours: a product of all integers up to there, or a table of so many cells.
_ENDLESS = re.compile(r"\b(?:FACT|PERMUT|MAKEARRAY)\(", re.IGNORECASE)
_NO_ERROR = Unsupported("a number where Excel has #NUM!, such as the 1 that numpy has for 0^0")
_NEVER_ENDS = Unsupported("a function that ExcelModel does not end for some numbers")
_OUTSIDE = Unsupported("a reference to another workbook, which ExcelModel would open")


class _Model(formulas.ExcelModel):  # type: ignore[misc]
    """ExcelModel, for which other workbooks are not there: it would open whatever file a reference or a name leads to."""

    def add_book(self, book: Any = None, context: Any = None, data_only: bool = False) -> Any:
        """The first workbook, or the same once more; raises FileNotFoundError for another, which makes its cells #REF!."""
        if self.basedir is not None and isinstance(book, str) and book.upper() not in self.books:
            raise FileNotFoundError(book)
        return super().add_book(book, context, data_only)


class ExcelModelEngine:
    """formulas' own spreadsheet model, cell by cell."""

    name = "excelmodel"
    version = version("formulas")
    recomputes = True
    most_samples: int | None = ONE_AT_A_TIME

    def load(self, workbook: Workbook) -> "ExcelModelSession":
        """The model of the workbook's file, read from its path once more; raises WorkbookError where it fails."""
        return ExcelModelSession(workbook)


class ExcelModelSession:
    """One finished ExcelModel."""

    def __init__(self, workbook: Workbook) -> None:
        refused = {cell: _NEVER_ENDS for cell, formula in formulas_of(workbook) if _ENDLESS.search(formula.text)}
        if workbook.external:
            facts = FormulaSurvey(workbook, lambda text: None).facts
            outside = {
                cell for cell, each in facts.items() if any(area.sheet in workbook.external for area in each.areas)
            }
            refused |= dict.fromkeys(outside, _OUTSIDE)
        self._workbook = workbook = workbook.edited(refused) if refused else workbook
        self._formulas_session = FormulasSession(workbook)
        self._book = workbook.path.name
        read = workbook.as_excel_reads()
        try:
            with (
                _no_progress_bars(),
                np.errstate(all="ignore"),
                tempfile.TemporaryDirectory(prefix="xlparity-") as folder,
            ):
                path = workbook.path
                if read is not workbook or refused:
                    path = Path(folder) / self._book
                    path.write_bytes(FileTemplate(read, refused).copy({}))
                self._model = _Model().loads(str(path)).finish()
        except Exception as error:  # ExcelModel raises errors of any kind
            raise WorkbookError(
                f"{workbook.path}: ExcelModel cannot load it ({type(error).__name__}: {error}); use another engine"
            ) from error

    def recalculate(self, overrides: Mapping[Cell, Column], samples: int = 1) -> Batch:
        """Every cell's value; constants are those of the workbook, since ExcelModel rounds its own.

        Raises UsageError for an override that ExcelModel cannot take: a blank, or one cell of an array area.
        """
        return one_by_one(lambda each: map(self._values, each), overrides, samples)

    def _values(self, overrides: Values) -> Values:
        for cell, value in overrides.items():
            formula = self._workbook.formula(cell)
            if value is BLANK or (formula is not None and formula.area is not None):
                raise UsageError(f"excelmodel cannot set {cell} to {value}; use the engine formulas")
        held = {cell: self._workbook.cells.get(cell) for cell in self._workbook.taken}
        taken = {cell: value for cell, value in held.items() if value is not None and not isinstance(value, Formula)}
        inputs = {self._key(cell): _to_model(value) for cell, value in (taken | dict(overrides)).items()}
        with _no_progress_bars(), np.errstate(all="ignore"):
            solution = self._model.calculate(inputs=inputs) if inputs else self._model.calculate()
        values: dict[Cell, Value] = {}
        for cell, content in self._workbook.cells.items():
            if isinstance(content, float | str | bool | ErrorValue | Blank | Missing | Unsupported):
                values[cell] = content
        absent = (
            BEHIND_A_CIRCLE if self._workbook.iterates else MISSING
        )  # it has none of a circle, and does not iterate
        for cell, formula in formulas_of(self._workbook):
            block = formula.area or Range(cell.sheet, cell.row, cell.column, cell.row, cell.column)
            found = solution.get(self._key(block))
            table = getattr(found, "value", None)
            for member in block.cells():
                index = member.row - block.row, member.column - block.column
                values[member] = absent if table is None else _from_model(table[index])
        for cell, value in self._formulas_session.recalculate(overrides).values_in(0).items():
            if isinstance(value, Unsupported):
                values[cell] = value
        values |= overrides
        return values | dict.fromkeys(numbers_for_errors(self._formulas_session, values, overrides), _NO_ERROR)

    def _key(self, where: Cell | Range) -> str:
        sheet = where.sheet.upper().replace("'", "''")
        return f"'[{self._book}]{sheet}'!{where.a1}"


def _no_progress_bars() -> contextlib.redirect_stderr[io.StringIO]:
    # formulas always draws its progress bars on standard error.
    return contextlib.redirect_stderr(io.StringIO())


def _to_model(value: Value) -> Any:
    return formulas.Parser().ast(f"={value}")[1].compile()() if isinstance(value, ErrorValue) else value


def _from_model(value: Any) -> Value:
    if isinstance(value, XlError):
        return ErrorValue(str(value))
    if value is EMPTY:
        return 0.0
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | float | np.number) and not isinstance(value, complex | np.complexfloating):
        return float(value)
    if isinstance(value, str):
        return str(value)
    return Unsupported(f"a {type(value).__name__} is no Excel value")


ENGINE = Described(
    ExcelModelEngine,
    "in process",
    "formulas' own spreadsheet model, slow; for comparison with formulas",
    built_on="formulas",
)
