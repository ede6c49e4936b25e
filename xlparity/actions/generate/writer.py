"""What the sheets of a generated workbook look like, and the writing of variables into them.

Inputs are blue and unlocked, formulas black, as financial modellers have it.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Any

from openpyxl import Workbook as Book
from openpyxl.chart import LineChart, Reference, ScatterChart, Series
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

from xlparity.actions.generate.language import Author, Place
from xlparity.excel.address import Cell

_INK, _BLUE, _PALE, _GREY = "1F2933", "0000FF", "EDEFF2", "6B7280"
TITLE = Font(name="Calibri", size=16, bold=True, color=_INK)
TEXT = Font(name="Calibri", size=11, color=_INK)
BOLD = Font(name="Calibri", size=11, bold=True, color=_INK)
_HEADING = Font(name="Calibri", size=11, bold=True, color="000000")
CODE = Font(name="Consolas", size=9, color=_GREY)
LINK = Font(name="Calibri", size=11, color="0563C1", underline="single")
_INPUT = Font(name="Calibri", size=11, color=_BLUE)
_FORMULA = Font(name="Calibri", size=11, color="000000")
_BANNER = PatternFill("solid", fgColor="274472")
_HEADER = PatternFill("solid", fgColor=_PALE)
_YOURS_FILL = PatternFill("solid", fgColor="FFF4C2")
_INPUT_FILL = PatternFill("solid", fgColor="DDEBFF")
_THIN = Side(style="thin", color="C9D3E0")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)


def new_book() -> Book:
    """An empty workbook that tells Excel to recalculate when it opens it."""
    book = Book()
    book.remove(book.active)
    book.calculation.fullCalcOnLoad = True
    book.properties.creator = book.properties.lastModifiedBy = "xlparity"
    return book


def new_sheet(book: Book, name: str, title: str, about: Iterable[str], widths: Mapping[str, float]) -> Worksheet:
    """A sheet with its title in A1 and a line of explanation under it for each of ``about``."""
    sheet = book.create_sheet(name)
    sheet.sheet_view.showGridLines = False
    sheet["A1"] = title
    sheet["A1"].font = TITLE
    sheet.row_dimensions[1].height = 26
    for row, text in enumerate(about, start=2):
        sheet.cell(row, 1, text).font = TEXT
    for letters, width in widths.items():
        sheet.column_dimensions[letters].width = width
    sheet.protection.sheet = True  # without a password: it keeps formulas from being overwritten by mistake
    sheet.protection.formatColumns = sheet.protection.formatRows = False
    return sheet


def set_up_page(sheet: Worksheet, area: str, *, titles: str | None = None, pages: int = 0, across: int = 1) -> None:
    """The print area on A4 landscape, ``across`` pages wide and ``pages`` long (0: as needed); ``titles`` are rows to repeat.

    Of several pages across each has the first column.
    """
    sheet.print_area = area
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = across, pages
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_options.horizontalCentered = True
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.oddFooter.center.text = "&A, page &P of &N"
    if titles:
        sheet.print_title_rows = titles
    if across > 1:
        sheet.print_title_cols = "A:A"


def banner(sheet: Worksheet, row: int, last_column: int, text: str) -> None:
    """A dark band over the columns up to the last, which opens a block."""
    for column in range(1, last_column + 1):
        sheet.cell(row, column).fill = _BANNER
    sheet.cell(row, 1, text).font = Font(name="Calibri", size=12, bold=True, color="FFFFFF")


def header(sheet: Worksheet, row: int, column: int, text: str | None, code: str | None = None) -> None:
    """A caption, or what the cell contains, and under it the line of Python it mirrors where ``code`` is given."""
    cell = sheet.cell(row, column, text)
    cell.font, cell.fill, cell.border = BOLD if text else _HEADING, _HEADER, _BOX
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    if code is not None:
        under = sheet.cell(row + 1, column, code)
        under.font, under.alignment = CODE, Alignment(horizontal="center", vertical="top", wrap_text=True)


def text(sheet: Worksheet, row: int, column: int, words: str, font: Font = TEXT) -> Any:
    """A text that stays a text, even where it begins with an equals sign."""
    cell = sheet.cell(row, column, words)
    cell.font = font
    if words.startswith("="):
        cell.data_type, cell.quotePrefix = "s", True
    return cell


def put_input(sheet: Worksheet, row: int, column: int, value: float | None, pattern: str) -> None:
    """A blue, unlocked cell for a person to change."""
    cell = sheet.cell(row, column, value)
    cell.font, cell.fill, cell.border = _INPUT, _INPUT_FILL, _BOX
    cell.number_format, cell.protection = pattern, Protection(locked=False)
    cell.alignment = Alignment(horizontal="right")


def _put_formulas(sheet: Worksheet, formulas: Iterable[tuple[Cell, Any]], pattern: str) -> None:
    """Formulas, or None for a further cell of an array formula, all in one style."""
    style = None
    for at, formula in formulas:
        cell = sheet.cell(at.row, at.column, formula)
        if style is None:
            cell.font, cell.border, cell.number_format = _FORMULA, _BOX, pattern
            cell.alignment = Alignment(horizontal="right")
            style = cell._style
        else:
            cell._style = copy(
                style
            )  # openpyxl looks each part of a style up anew, which takes longer than all the rest


def write_variable(
    book: Book,
    author: Author,
    name: str,
    iterations: int,
    values: Sequence[float] | None,
    pattern: str,
    *,
    solved: bool = True,
) -> None:
    """The variable in every iteration: ``values``, row by row, in the first of a given or state, formulas elsewhere.

    Without values, the first iteration of a given or state is left as it is. Where it is not ``solved``, there are empty cells
    in place of formulas, for a student to fill.
    """
    variable = author.model.variables[name]
    indexes = author.model.indexes(variable)
    sheet = book[author.layout[name].sheet]
    for iteration in range(1, (iterations if variable.iterates else 1) + 1):
        block = author.block(name, iteration)
        cells = list(block.cells())
        if iteration == 1 and variable.role != "derived":
            for cell, value in zip(cells, values, strict=True) if values is not None else ():
                put_input(sheet, cell.row, cell.column, value, pattern)
            continue
        if not solved:
            for cell in cells:
                put_input(sheet, cell.row, cell.column, None, pattern)
                sheet.cell(cell.row, cell.column).fill = _YOURS_FILL
            continue
        if author.is_array(name):
            formula = ArrayFormula(block.a1, author.formula(name, iteration, indexes[0]))
            _put_formulas(sheet, zip(cells, [formula, *[None] * (len(cells) - 1)], strict=True), pattern)
            continue
        formulas = [author.formula(name, iteration, index) for index in indexes]
        _put_formulas(sheet, zip(cells, formulas, strict=True), pattern)


def write_view(book: Book, author: Author, name: str, place: Place, iterations: int, pattern: str) -> None:
    """A variable shown once more at another place, every cell a live reference to where it stands."""
    variable = author.model.variables[name]
    indexes = author.model.indexes(variable)
    for iteration in range(1, iterations + 1):
        block = place.block(author.model.shape(variable), iteration)
        formulas = ["=" + author.element(name, iteration, index, place.sheet) for index in indexes]
        _put_formulas(book[place.sheet], zip(block.cells(), formulas, strict=True), pattern)


def line_chart(
    sheet: Worksheet, at: str, title: str, axes: tuple[str, str], columns: Sequence[int], rows: tuple[int, int], x: int
) -> None:
    """A native line chart of columns with names on top; ``rows`` are that row and the last, ``x`` has the categories."""
    chart = LineChart()
    for column in columns:
        chart.add_data(Reference(sheet, min_col=column, min_row=rows[0], max_row=rows[1]), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=x, min_row=rows[0] + 1, max_row=rows[1]))
    chart.x_axis.tickLblSkip = max(1, (rows[1] - rows[0]) // 10)
    _finish(sheet, chart, at, title, axes, legend=len(columns) > 1)


def curve_chart(
    sheet: Worksheet,
    at: str,
    title: str,
    axes: tuple[str, str],
    columns: Sequence[int],
    rows: tuple[int, int],
    x: int,
    spans: tuple[float, float, float, float],
) -> None:
    """A native chart of curves over the numbers in column ``x``; ``spans`` are the ends of both axes, x before y."""
    chart = ScatterChart()
    chart.style = 13
    chart.scatterStyle = "lineMarker"
    across = Reference(sheet, min_col=x, min_row=rows[0] + 1, max_row=rows[1])
    for column in columns:
        series = Series(
            Reference(sheet, min_col=column, min_row=rows[0], max_row=rows[1]), across, title_from_data=True
        )
        chart.series.append(series)
    chart.x_axis.scaling.min, chart.x_axis.scaling.max, chart.y_axis.scaling.min, chart.y_axis.scaling.max = spans
    chart.x_axis.number_format, chart.x_axis.majorGridlines = "0.0#", None
    chart.y_axis.crosses = "min"
    _finish(sheet, chart, at, title, axes, legend=len(columns) > 1)


def _finish(sheet: Worksheet, chart: Any, at: str, title: str, axes: tuple[str, str], *, legend: bool) -> None:
    colours = ("274472", "C2410C", "0F766E", "7C3AED")
    for series, colour in zip(chart.series, colours, strict=False):
        series.graphicalProperties.line.solidFill = colour
        series.graphicalProperties.line.width = 22000  # EMU; 1.7 points
        series.marker.symbol = "none"
        series.smooth = False
    chart.title, (chart.x_axis.title, chart.y_axis.title) = title, axes
    chart.x_axis.delete = chart.y_axis.delete = False  # openpyxl leaves this out, and Excel then hides the axes
    chart.y_axis.number_format = "0.0#"
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="DDE3EA", w=6350))
    chart.x_axis.tickLblPos = "low"
    chart.width, chart.height = 15.2, 8.5
    if legend:
        chart.legend.position = "b"
    else:
        chart.legend = None
    sheet.add_chart(chart, at)


def letters(column: int) -> str:
    """The letters of a column's number."""
    return str(get_column_letter(column))
