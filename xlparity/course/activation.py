"""A sheet that tabulates an activation function and its slope, with their curves."""

from collections.abc import Sequence

from openpyxl import Workbook as Book
from openpyxl.styles import Alignment

from xlparity.actions.generate import writer as w
from xlparity.actions.generate.language import Author, Place, line
from xlparity.actions.generate.model import Model
from xlparity.actions.generate.spec_text import CheckText
from xlparity.actions.generate.training import SIX

_POINTS, _END = 49, 6  # from -6 to 6 in quarters
_TOP = 6  # the row of the captions


def tabulated(sheet: str, function: tuple[str, str], slope: tuple[str, str]) -> Author:
    """The function A of z and its slope on that sheet, each as a formula and a line of numpy."""
    variables = [line("z [point]", role="given", code="z")]
    for name, (formula, code) in {"A": function, "slope": slope}.items():
        variables.append(line(f"{name} [point] = {formula}", code=f"{name} = {code}"))
    places = {variable.name: Place(sheet, _TOP + 1, column) for column, variable in enumerate(variables, start=1)}
    return Author(Model({variable.name: variable for variable in variables}, {"point": _POINTS}), places)


def check(reference: str, author: Author) -> CheckText:
    """The check of such a sheet, named after it; the reference returns A and slope at the points z."""
    sheet = author.layout["z"].sheet
    return CheckText(sheet.lower(), reference, author, sheet, ("z",), ("A", "slope"))


def write_activation(book: Book, author: Author, title: str, about: Sequence[str], low: float) -> None:
    """The sheet; ``low`` is the least value of the function."""
    sheet = w.new_sheet(book, author.layout["z"].sheet, title, about, {"A": 14, "B": 24, "C": 18, "D": 3})
    points = [k / 4 - _END for k in range(_POINTS)]
    for column, variable in enumerate(author.model.variables.values(), start=1):
        w.header(sheet, _TOP, column, variable.name)
        code = w.text(sheet, _TOP - 1, column, variable.code, w.CODE)
        code.alignment = Alignment(horizontal="center")
        values, pattern = (points, "0.00") if column == 1 else (None, SIX)
        w.write_variable(book, author, variable.name, 1, values, pattern)
    spans = (-_END, _END, low, 1)
    w.curve_chart(sheet, "E5", sheet.title, ("z", "A and its slope"), [2, 3], (_TOP, _TOP + _POINTS), 1, spans)
    sheet.freeze_panes = f"A{_TOP + 1}"
    w.set_up_page(sheet, f"A1:N{_TOP + _POINTS}", pages=1)
