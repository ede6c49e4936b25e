"""A training loop as a workbook has it: blocks of iterations, their history with charts, the gradient check and the guide.

A course declares the loop once, as a ``Training``; sheets, captions, links and checks of the spec are made from it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from openpyxl import Workbook as Book
from openpyxl.styles import Alignment
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from xlparity.actions.generate import writer as w
from xlparity.actions.generate.language import Author, Place, line
from xlparity.actions.generate.model import ONE, Model, Variable
from xlparity.actions.generate.spec_text import CheckText

BLOCKS, HISTORY = "Training", "History"  # the sheets
FIRST = 6  # the row on which iteration 1 begins, on both
RATE, NUDGE = "alpha", "h"
_DATA, SIX = "General", "0.000000"
_RATE_HEADING = f'"{RATE} "General'
_LONG = 12  # characters of code that fit into one column of a block
_CHART_ROWS, _CHART_COLUMNS = 17, 6
_PAGE_COLUMNS = 25  # as many are readable on a page
_GUIDE_ROWS = 45  # and as many quantities of the guide
_NOTE_CHARACTERS, _CODE_CHARACTERS, _FORMULA_CHARACTERS = 61, 42, 47  # that fit into one line of the guide's columns


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a block: quantities side by side, below a line of captions and one of code.

    ``rows`` has for a column the dims whose labels caption the rows there; ``height`` is that of the code in points.
    """

    title: str
    variables: Sequence[Variable]
    rows: Mapping[int, Sequence[str]]
    height: float = 38


@dataclass(frozen=True, slots=True)
class Gradient:
    """The check of one parameter's gradient: the losses with the parameter nudged up and down, and what follows.

    ``lines`` are the loss with + h, the loss with - h, the numerical gradient, the one by backpropagation and the difference.
    """

    parameter: str
    lines: Sequence[Variable]


def gradient(parameter: str, dims: str, moved: str, loss: str = "loss") -> Gradient:
    """The gradient check of a parameter, where a sigmoid makes the prediction and the loss is the cross-entropy.

    ``moved`` is the sigmoid's argument of each sample in iteration 1 with the parameter nudged, ``{sign}`` the sign of h in
    it; ``loss`` begins the names of the two losses.
    """
    slope = f"d{parameter}"

    def nudged(name: str, sign: str) -> Variable:
        one, y = f"1/(1+EXP(-({moved.format(sign=sign)})))", "y.first[sample]"
        return line(f"{name} [{dims}] = -1/m.first*SUMPRODUCT({y}*LN({one})+(1-{y})*LN(1-{one}))")

    return Gradient(
        parameter,
        (
            nudged(f"{loss}_plus", "+"),
            nudged(f"{loss}_minus", "-"),
            line(f"{slope}_numerical [{dims}] = ({loss}_plus-{loss}_minus)/(2*{NUDGE})"),
            line(f"{slope}_analytical [{dims}] = {slope}.first"),
            line(f"{slope}_difference [{dims}] = {slope}_numerical-{slope}_analytical"),
        ),
    )


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of quantities in History, from that row of the sheet on; ``axis`` is the title of the vertical axis.

    ``names`` are quantities, or ``label: quantity`` where the training has a label.
    """

    row: int
    title: str
    axis: str
    names: Sequence[str]


@dataclass(frozen=True)
class Training:
    """The training of a model: what is on the sheets Training and History, and where.

    ``columns`` has the first column of each quantity in a block, in the order in which the spec lists them, ``history`` the
    quantities of History from column 2 on, ``labels`` for each dim what its elements are called. ``inputs`` are those of the
    reference. The gradient check begins in that column of the sheet ``check_sheet``. The blocks are on ``sheet``, and their
    formulas may refer to the quantities of the author ``around``, which are on other sheets.

    Several trainings may be side by side on one sheet, each with its learning rate above it in ``rate_column``, and in one
    History, each from ``history_column`` on and with its ``label``. Of a training with a ``start``, another author, each state
    of iteration 1 is a reference to the quantity of the same name there. With ``rate_in_history`` the heading of its first
    column in History is the learning rate, and the others are without the label.
    """

    rate: Variable
    sections: Sequence[Section]
    columns: Mapping[str, int]
    sizes: Mapping[str, int]
    labels: Mapping[str, str | Sequence[str]]
    inputs: Sequence[str]
    history: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    gradients: Sequence[Gradient] = ()
    check_sheet: str = HISTORY
    check_column: int = 1
    sheet: str = BLOCKS
    around: Author | None = None
    rate_column: int = 2
    history_column: int = 2
    label: str = ""
    rate_in_history: bool = False
    start: Author | None = None

    def tops(self) -> list[int]:
        """The first row of each section, and of the next block, in rows below the block's own."""
        tops = [1]
        for section in self.sections:
            tops.append(tops[-1] + 3 + self._depth(section))
        return tops

    def _depth(self, section: Section) -> int:
        return max(self.sizes[dim] for dims in section.rows.values() for dim in dims)

    @property
    def step(self) -> int:
        """How many rows the blocks are apart."""
        return self.tops()[-1]

    @property
    def quantities(self) -> list[Variable]:
        """The learning rate and the quantities of a block, in the order in which they are read."""
        return [self.rate, *(variable for section in self.sections for variable in section.variables)]

    @cached_property
    def author(self) -> Author:
        """Model and places of all quantities."""
        nudge = line(f"{NUDGE} []", role="given")
        checked = [variable for each in self.gradients for variable in each.lines]
        around = self.around.model.variables.values() if self.around else ()
        variables = {variable.name: variable for variable in (*around, *self.quantities, nudge, *checked)}
        model = Model(variables, self.sizes)
        layout = dict(self.around.layout) if self.around else {}
        layout |= {
            RATE: Place(self.sheet, 3, self.rate_column),
            NUDGE: Place(self.check_sheet, 4, self.check_column + 1),
        }
        for top, section in zip(self.tops(), self.sections, strict=False):
            for variable in section.variables:
                layout[variable.name] = Place(self.sheet, FIRST + top + 2, self.columns[variable.name], self.step)
        row = FIRST
        for each in self.gradients:
            for k, variable in enumerate(each.lines, start=1):
                layout[variable.name] = Place(self.check_sheet, row, self.check_column + k, flow="column")
            row += len(model.indexes(each.lines[0]))
        return Author(model, layout)

    def history_places(self) -> dict[str, Place]:
        """Where History shows the quantities once more, each in a row."""
        places, column = {}, self.history_column
        for name in self.history:
            places[name] = Place(HISTORY, FIRST, column, 1, "row")
            column += len(self.captions(name))
        if self.rate_in_history:
            places[RATE] = Place(HISTORY, FIRST - 1, self.history_column)
        return places

    def begun(self) -> dict[str, Place]:
        """Where the first values of the states are that this training takes from its start."""
        states = (variable.name for variable in self.quantities if variable.role == "state")
        return {name: self.start.layout[name] for name in states} if self.start else {}

    def labelled(self, words: str) -> str:
        """The caption in a History of several trainings."""
        return f"{self.label}: {words}" if self.label else words

    def captions(self, name: str) -> list[str]:
        """What each element of a quantity is called: ``W1: x1, unit 2``, or ``loss`` where it is alone."""
        variable = self.author.model.variables[name]
        called = (self.called(variable.axes, index) for index in self.author.model.indexes(variable))
        return [f"{name}: {words}" if words else name for words in called]

    def called(self, axes: Sequence[str], index: Sequence[int]) -> str:
        """What the element of this index is called: ``x1, unit 2``."""
        labels = [(self.labels[axis], k) for axis, k in zip(axes, index, strict=True)]
        return ", ".join(label.format(k + 1) if isinstance(label, str) else label[k] for label, k in labels)

    def checks(
        self, module: str, iterations: int, *, function: str = "train", history: str = "train", prefix: str = ""
    ) -> list[CheckText]:
        """The checks training, history and, where gradients are checked, gradient, by the module's ``check_gradient``.

        ``function`` and ``history`` yield what an iteration computes, the latter a matrix of which History has the elements in
        a row as such a row. The ``prefix`` begins the names of the checks.
        """
        places, begun = self.history_places(), self.begun()
        rows = [f"first = {FIRST}", "step = 1", f"count = {iterations}"]
        found = [
            CheckText(
                f"{prefix}training", f"{module}:{function}", self.author, self.sheet, self.inputs, tuple(self.columns),
                ['label = "Iteration {n}"'], given=begun
            ),
            CheckText(
                f"{prefix}history", f"{module}:{history}", self.author, HISTORY, self.inputs, tuple(places), rows,
                given=begun, shown=places, extra={RATE: "every_block = false"}
            ),
        ]  # fmt: skip
        if not self.gradients:
            return found
        nearly = "atol = 1e-9"  # a difference of two nearly equal losses, divided by 2h, keeps nine decimals
        lines = [variable.name for each in self.gradients for variable in each.lines]
        given = [name for name in self.inputs if name != RATE]
        check = CheckText(
            "gradient", f"{module}:check_gradient", self.author, self.check_sheet, [*given, NUDGE], lines,
            extra={name: nearly for name in lines if name.endswith(("_numerical", "_difference"))},
        )  # fmt: skip
        return [*found, check]


def write_blocks(
    book: Book,
    trainings: Sequence[Training],
    title: str,
    iterations: int,
    first: Sequence[Mapping[str, Sequence[float]]],
    widths: Mapping[str, float],
    *,
    about: str = "Each block is one iteration of the loop. Change a blue cell and watch every later block follow.",
    solved: bool = True,
) -> None:
    """The sheet with the blocks of trainings that are side by side on it.

    ``first`` has for each the values of inputs and states in iteration 1, row by row. Where it is not ``solved``, the cells of
    formulas are empty, and marked for a student to fill.
    """
    step, last = trainings[0].step, max(_last_column(training) for training in trainings)
    usual = {w.letters(column): 10.5 for column in range(2, last + 1)}
    sheet = w.new_sheet(book, trainings[0].sheet, title, [about], usual | dict(widths))
    blue = "Blue cells are inputs; " + ("every other number is a formula." if solved else "the yellow ones are yours.")
    w.text(sheet, 4, 1, blue)
    for iteration in range(1, iterations + 1):
        w.banner(sheet, FIRST + step * (iteration - 1), last, f"Iteration {iteration}")
        if iteration < iterations:
            sheet.row_breaks.append(Break(id=FIRST + step * iteration - 1))
    for training, values in zip(trainings, first, strict=True):
        w.text(sheet, 3, training.rate_column - 1, RATE, w.BOLD)
        w.text(sheet, 3, training.rate_column + 1, "the learning rate").alignment = Alignment(indent=1)
        for iteration in range(1, iterations + 1):
            for top, section in zip(training.tops(), training.sections, strict=False):
                row = FIRST + step * (iteration - 1) + top
                _write_captions(sheet, training, section, row, iteration, solved=solved)
        begun = training.begun()
        for name in (RATE, *training.columns):
            if name in begun and training.start:
                w.write_view(book, training.start, name, training.author.layout[name], 1, _pattern(name))
            w.write_variable(book, training.author, name, iterations, values.get(name), _pattern(name), solved=solved)
    top = FIRST if iterations > 1 else FIRST + 3  # the captions of a single block stay in sight
    sheet.freeze_panes = f"B{top}"
    area = f"A1:{w.letters(last)}{FIRST + step * iterations - 2}"
    w.set_up_page(sheet, area, titles=f"1:{top - 1}", across=math.ceil(last / _PAGE_COLUMNS))


def _last_column(training: Training) -> int:
    model = training.author.model
    return max(column + model.shape(model.variables[name])[1] - 1 for name, column in training.columns.items())


def _pattern(name: str) -> str:
    return {
        RATE: _DATA, "A0": _DATA, "A0T": _DATA, "y": _DATA, "m": "0", "correct": "0", "accuracy": "0%"
    }.get(name, SIX)  # fmt: skip


def _write_captions(
    sheet: Worksheet, training: Training, section: Section, row: int, iteration: int, *, solved: bool
) -> None:
    """The captions of a section whose first row this is; a quantity that a student fills has its range for its code."""
    w.text(sheet, row, 1, section.title, w.BOLD)
    sheet.row_dimensions[row + 1].height = section.height
    for column, dims in section.rows.items():
        for k in range(max(training.sizes[dim] for dim in dims)):
            here = [dim for dim in dims if k < training.sizes[dim]]
            held = w.text(sheet, row + 2 + k, column, training.called(here, [k] * len(here)))
            if column > 1:
                held.alignment = Alignment(horizontal="right")
    for variable in section.variables:
        name = variable.name.replace("sample_loss", "sample loss")
        if name.endswith("_new"):
            name = f"new {name.removesuffix('_new')}"
        elif name.endswith("T"):
            name = f"{name.removesuffix('T')}ᵀ"
        code = variable.code
        if not solved:
            code = "" if variable.role != "derived" else training.author.block(variable.name).a1
        elif variable.role == "state" and training.start and iteration == 1:
            code = f"as on {training.start.layout[variable.name].sheet}"
        elif iteration > 1 and variable.role != "derived" and not training.start:
            code = "as updated" if variable.role == "state" else "as before"
        dim = variable.sides[1]
        across = 1 if dim == ONE else training.sizes[dim]
        column = training.columns[variable.name]
        for k in range(across):
            words = name if dim == ONE else f"{name}: {training.called([dim], [k])}"
            w.header(sheet, row, column + k, words, code if k == 0 else "")
        if across > 1 and len(code) > _LONG:  # it runs on over the columns of the other elements
            sheet.cell(row + 1, column).alignment = Alignment(vertical="top")


def write_history(
    book: Book,
    trainings: Sequence[Training],
    about: str,
    iterations: int,
    patterns: Mapping[str, str] = MappingProxyType({}),
    widths: Mapping[str, float] = MappingProxyType({}),
) -> None:
    """The sheet History: a row an iteration, taken live from the blocks, and charts of them beside it."""
    captions = [
        "iteration",
        *(
            words if each.rate_in_history else each.labelled(words)
            for each in trainings
            for name in each.history
            for words in each.captions(name)
        ),
    ]
    beside = len(captions) + 2
    columns = {"A": 10} | {w.letters(column): 10.5 for column in range(2, beside - 1)} | {w.letters(beside - 1): 3}
    columns |= {w.letters(beside + k): 13.5 for k in range(_CHART_COLUMNS)}
    sheet = w.new_sheet(book, HISTORY, "The history of the training", [about], columns | dict(widths))
    sheet.row_dimensions[FIRST - 1].height = 32
    for column, words in enumerate(captions, start=1):
        w.header(sheet, FIRST - 1, column, words)
    for k in range(iterations):
        number = w.text(sheet, FIRST + k, 1, "")
        number.value, number.alignment = k + 1, Alignment(horizontal="center")
    shown: dict[str, range] = {}
    for training in trainings:
        for name, place in training.history_places().items():
            if name == RATE:
                w.write_view(book, training.author, name, place, 1, _RATE_HEADING)
                w.header(sheet, place.row, place.column, None)
                continue
            w.write_view(book, training.author, name, place, iterations, patterns.get(name, _pattern(name)))
            shown[training.labelled(name)] = range(place.column, place.column + len(training.captions(name)))
    rows = (FIRST - 1, FIRST + iterations - 1)
    charts = [chart for training in trainings for chart in training.charts]
    for chart in charts:
        found = [column for name in chart.names for column in shown[name]]
        w.line_chart(sheet, f"{w.letters(beside)}{chart.row}", chart.title, ("iteration", chart.axis), found, rows, 1)
    sheet.freeze_panes = f"B{FIRST}"
    last = max(rows[1], *(chart.row + _CHART_ROWS for chart in charts))
    w.set_up_page(sheet, f"A1:{w.letters(beside + _CHART_COLUMNS - 1)}{last}", titles=f"{FIRST - 1}:{FIRST - 1}")


def write_gradient_check(book: Book, training: Training, nudge: float = 1e-4) -> None:
    """The gradient check, on a sheet that exists."""
    sheet, at = book[training.check_sheet], training.check_column
    question = "Is backpropagation right? Nudge each weight of iteration 1 and see what the loss does."
    w.text(sheet, 3, at, question, w.BOLD)
    w.text(sheet, 4, at, "h, the nudge")
    w.write_variable(book, training.author, NUDGE, 1, [nudge], _DATA)
    several = len(training.gradients) > 1
    one = "it" if several else training.gradients[0].parameter
    slope = "gradient" if several else f"d{one}"
    names = [f"loss with {one} + h", f"loss with {one} − h", f"numerical {slope}", f"analytical {slope}", "difference"]
    for k, words in enumerate(names, start=1):
        w.header(sheet, FIRST - 1, at + k, words)
    row = FIRST
    for each in training.gradients:
        for k, variable in enumerate(each.lines, start=1):
            w.write_variable(book, training.author, variable.name, 1, None, "0.0E+00" if k == 5 else SIX)
        for index in training.author.model.indexes(each.lines[0]):
            words = training.called(each.lines[0].axes, index)
            prefix = each.parameter if several else ""
            w.text(sheet, row, at, ": ".join(filter(None, (prefix, words))))
            row += 1


def write_guide(
    book: Book,
    trainings: Sequence[Training],
    title: str,
    about: Sequence[str],
    sheets: Mapping[str, str],
    heading: str,
    *,
    solved: bool = True,
) -> None:
    """The first sheet: what the others show, with links, and each quantity's meaning, line of numpy and formula.

    Where it is not ``solved``, both are left out.
    """
    shown = [(training, variable) for training in trainings for variable in training.quantities]
    blocks = [training.author.block(variable.name) for training, variable in shown]
    places = [f"{block.sheet} {block.a1}" for block in blocks]
    widths = {"A": 16, "B": 50, "C": 38, "D": 42, "E": max(18, *map(len, places))}
    sheet = w.new_sheet(book, "Guide", title, about, widths)
    below = len(about) + 3  # the title, the lines about it and an empty one
    w.text(sheet, below, 1, "The sheets", w.BOLD)
    for row, (name, words) in enumerate(sheets.items(), start=below + 1):
        _link(sheet, row, 1, name, f"'{name}'!A1")
        w.text(sheet, row, 2, words)
    top = below + 3 + len(sheets)
    w.text(sheet, top - 1, 1, heading, w.BOLD)
    for column, words in enumerate(("name", "meaning", "line of numpy", "Excel formula", "where"), start=1):
        w.header(sheet, top, column, words)
    for row, (training, variable) in enumerate(shown, start=top + 1):
        yours = not solved and variable.role == "derived"
        w.text(sheet, row, 1, variable.name, w.BOLD)
        w.text(sheet, row, 2, variable.note).alignment = Alignment(wrap_text=True, vertical="top")
        w.text(sheet, row, 3, "yours" if yours else variable.code, w.CODE)
        w.text(sheet, row, 4, "yours" if yours else _shown_formula(training, variable, later=solved), w.CODE)
        _link(sheet, row, 5, places[row - top - 1], str(blocks[row - top - 1]))
        for column in (1, 3, 4, 5):
            sheet.cell(row, column).alignment = Alignment(vertical="top", wrap_text=column in (3, 4))
        columns = ((2, _NOTE_CHARACTERS), (3, _CODE_CHARACTERS), (4, _FORMULA_CHARACTERS))
        lines = max(math.ceil(len(str(sheet.cell(row, column).value)) / wide) for column, wide in columns)
        sheet.row_dimensions[row].height = 1 + 15 * lines
    last = top + len(shown)
    w.text(
        sheet,
        last + 2,
        1,
        "A formula in braces is an array formula: it fills its whole block at once (Ctrl+Shift+Enter in Excel).",
    )
    sheet.freeze_panes = "A2"
    w.set_up_page(sheet, f"A1:E{last + 2}", pages=math.ceil(len(shown) / _GUIDE_ROWS))


def _shown_formula(training: Training, variable: Variable, *, later: bool) -> str:
    author, name, origin = training.author, variable.name, (0,) * len(variable.axes)
    begins = "input"
    if training.start and name in training.begun():
        begins = f"={training.start.element(name, 1, origin, training.sheet)}"
    if variable.role == "given" or (variable.role == "state" and not (later and variable.formula)):
        return begins
    if variable.role == "state":
        return f"{begins}; later {author.formula(name, 2, origin)}"
    formula = author.formula(name, 1, origin)
    return f"{{{formula}}}" if author.is_array(name) else formula


def _link(sheet: Worksheet, row: int, column: int, words: str, location: str) -> None:
    cell = w.text(sheet, row, column, words, w.LINK)
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=location, display=words)
    cell.font = w.LINK  # setting the link styles the cell anew
