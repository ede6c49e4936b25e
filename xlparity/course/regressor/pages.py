"""Week 1 as a person sees it: titles, captions, formats and charts, a function a sheet."""

from openpyxl import Workbook as Book
from openpyxl.styles import Alignment
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from xlparity.actions.courses import Course
from xlparity.actions.generate import Draft
from xlparity.actions.generate import writer as w
from xlparity.actions.generate.model import Variable
from xlparity.actions.generate.spec_text import spec_text
from xlparity.course.regressor import reference
from xlparity.course.regressor import sheet as s
from xlparity.course.regressor.faulty import plant_mistakes

DATA, SIX, WHOLE = "General", "0.000000", "0"

_SHEETS = {
    "Forward pass": "the chapter's first pass without a bias, beside the figures it prints",
    "Sigmoid": "the function that makes a prediction, its curve and its slope",
    "Loss": "how wrong a prediction is; two worked examples and an exercise",
    "Training": "the loop, a block an iteration: forward pass, backward pass, update",
    "History": "the training at a glance: a row an iteration, two charts, a check of the gradient",
}


def _training(book: Book, iterations: int, alpha: float, seed: int) -> None:
    about = ["Each block is one iteration of the loop. Change a blue cell and watch every later block follow."]
    widths = {w.letters(column): 10.5 for column in range(2, s.LAST + 1)}
    widths |= {"A": 15, "H": 3, "K": 3, "I": 14, "J": 14, "N": 16, "O": 12, "M": 12, "L": 13, "F": 14, "P": 12, "Q": 12}
    sheet = w.new_sheet(book, "Training", "Training the regressor", about, widths)
    w.text(sheet, 3, 1, "alpha", w.BOLD)
    w.text(sheet, 3, 3, "the learning rate").alignment = Alignment(indent=1)
    w.text(sheet, 4, 1, "Blue cells are inputs; every other number is a formula.")
    for iteration in range(1, iterations + 1):
        top = s.FIRST + s.STEP * (iteration - 1)
        w.banner(sheet, top, s.LAST, f"Iteration {iteration}")
        for title, (offset, variables) in s.SECTIONS.items():
            w.text(sheet, top + offset, 1, title, w.BOLD)
            sheet.row_dimensions[top + offset + 1].height = 52 if title == "Forward pass" else 38
            for variable in variables:
                _captions(sheet, top + offset, variable, iteration)
            for k, words in enumerate(s.ROWS[title]):
                w.text(sheet, top + offset + 2 + k, 1, words)
        if iteration < iterations:
            sheet.row_breaks.append(Break(id=top + s.STEP - 1))
    first = {
        "alpha": [alpha],
        "A0": reference.X.ravel().tolist(),
        "y": reference.y.ravel().tolist(),
        "W1": reference.first_weights(seed, s.FEATURES).ravel().tolist(),
        "b1": [0.0],
    }
    patterns = {"alpha": DATA, "A0": DATA, "A0T": DATA, "y": DATA, "m": WHOLE, "correct": WHOLE, "accuracy": "0%"}
    for name in ("alpha", *s.COLUMNS):
        w.write_variable(book, s.TRAINING, name, iterations, first.get(name), patterns.get(name, SIX))
    sheet.freeze_panes = "B6"
    w.set_up_page(sheet, f"A1:{w.letters(s.LAST)}{s.FIRST + s.STEP * iterations - 2}", titles="1:5")


def _captions(sheet: Worksheet, row: int, variable: Variable, iteration: int) -> None:
    _, across = s.TRAINING.model.shape(variable)
    name = {"A0T": "A0ᵀ", "sample_loss": "sample loss", "W1_new": "new W1", "b1_new": "new b1"}.get(
        variable.name, variable.name
    )
    unit = "sample" if variable.name == "A0T" else "x"
    code = variable.code
    if iteration > 1 and variable.role != "derived":
        code = "as updated" if variable.role == "state" else "as before"
    for k in range(across):
        words = name if across == 1 else f"{name}: {unit}{' ' if unit == 'sample' else ''}{k + 1}"
        w.header(sheet, row, s.COLUMNS[variable.name] + k, words, code if k == 0 else "")


def _history(book: Book, iterations: int) -> None:
    about = [
        "One row an iteration, taken live from Training: the loss falls, the weights settle, the predictions part.",
    ]
    widths = {"A": 10} | {w.letters(column): 10.5 for column in range(2, 16)}
    widths |= {w.letters(s.CHECK_AT + k): 13.5 for k in range(6)} | {"P": 3}
    sheet = w.new_sheet(book, "History", "The history of the training", about, widths)
    captions = ["iteration", "loss", "W1: x1", "W1: x2", "W1: x3", "b1", "dW1: x1", "dW1: x2", "dW1: x3", "db1"]
    captions += ["accuracy", *(f"A1: sample {k + 1}" for k in range(s.SAMPLES))]
    sheet.row_dimensions[s.HISTORY_FIRST - 1].height = 32
    for column, words in enumerate(captions, start=1):
        w.header(sheet, s.HISTORY_FIRST - 1, column, words)
    for k in range(iterations):
        number = w.text(sheet, s.HISTORY_FIRST + k, 1, "")
        number.value = k + 1
        sheet.cell(s.HISTORY_FIRST + k, 1).alignment = Alignment(horizontal="center")
    for name, place in s.history_places().items():
        w.write_view(book, s.TRAINING, name, place, iterations, "0%" if name == "accuracy" else SIX)
    _gradient_check(book)
    rows = (s.HISTORY_FIRST - 1, s.HISTORY_FIRST + iterations - 1)
    at = w.letters(s.CHECK_AT)
    w.line_chart(sheet, f"{at}11", "Loss", ("iteration", "loss"), [2], rows, 1)
    w.line_chart(sheet, f"{at}29", "Weights and bias", ("iteration", "value"), [3, 4, 5, 6], rows, 1)
    sheet.freeze_panes = f"B{s.HISTORY_FIRST}"
    last = max(rows[1], 46)
    w.set_up_page(sheet, f"A1:{w.letters(s.CHECK_AT + 5)}{last}", titles=f"{s.HISTORY_FIRST - 1}:{s.HISTORY_FIRST - 1}")


def _gradient_check(book: Book) -> None:
    sheet = book["History"]
    w.text(
        sheet,
        3,
        s.CHECK_AT,
        "Is backpropagation right? Nudge each weight of iteration 1 and see what the loss does.",
        w.BOLD,
    )
    w.text(sheet, 4, s.CHECK_AT, "h, the nudge")
    w.write_variable(book, s.TRAINING, "h", 1, [1e-4], DATA)
    names = ["loss with W1 + h", "loss with W1 − h", "numerical dW1", "analytical dW1", "difference"]
    for k, (words, variable) in enumerate(zip(names, s.GRADIENT[1:], strict=True), start=1):
        w.header(sheet, s.HISTORY_FIRST - 1, s.CHECK_AT + k, words)
        w.write_variable(book, s.TRAINING, variable.name, 1, None, "0.0E+00" if k == 5 else SIX)
    for k in range(s.FEATURES):
        w.text(sheet, s.HISTORY_FIRST + k, s.CHECK_AT, f"x{k + 1}")


def _forward(book: Book) -> None:
    about = [
        "The chapter's first pass, still without a bias: the weights make a weighted sum of each sample's features,",
        "and the sigmoid makes a prediction of it. With the weights of seed 1, the predictions are the printed ones.",
    ]
    widths = {"A": 12, "E": 3, "F": 16, "G": 3, "H": 14, "I": 14, "J": 3, "K": 14, "L": 14}
    sheet = w.new_sheet(book, "Forward pass", "From weights to predictions", about, widths)
    sheet.row_dimensions[6].height = 38
    for variable in s.PASS:
        _, across = s.FORWARD_PASS.model.shape(variable)
        for k in range(across):
            words = variable.name if across == 1 else f"{variable.name}: x{k + 1}"
            w.header(sheet, 5, s.PASS_COLUMNS[variable.name] + k, words, variable.code if k == 0 else "")
    for k in range(s.SAMPLES):
        w.text(sheet, 7 + k, 1, f"sample {k + 1}")
    given = {"A0": reference.X.ravel().tolist(), "W1": reference.first_weights().ravel().tolist(), "printed": s.PRINTED}
    patterns = {"A0": DATA, "printed": "0.00000000", "A1": "0.00000000", "difference": "0.0E+00"}
    for variable in s.PASS:
        w.write_variable(
            book, s.FORWARD_PASS, variable.name, 1, given.get(variable.name), patterns.get(variable.name, SIX)
        )
    w.text(sheet, 12, 1, "The printed figures have eight decimals, so a difference below 5E-09 is none.")
    sheet.freeze_panes = "B7"
    w.set_up_page(sheet, "A1:L12")


def _sigmoid(book: Book) -> None:
    about = [
        "The sigmoid squeezes any number into a probability: 0 gives one half, large numbers come near 1, small ones near 0.",
        "Its slope A(1-A) is steepest at 0 and vanishes at both ends, which is where a neuron hardly learns.",
    ]
    sheet = w.new_sheet(book, "Sigmoid", "The sigmoid and its slope", about, {"A": 14, "B": 24, "C": 18, "D": 3})
    for column, variable in enumerate(s.CURVE, start=1):
        w.header(sheet, 6, column, variable.name)
        code = w.text(sheet, 5, column, variable.code, w.CODE)
        code.alignment = Alignment(horizontal="center")
        values = [k / 4 - 6 for k in range(s.POINTS)] if column == 1 else None
        w.write_variable(book, s.SIGMOID, variable.name, 1, values, "0.00" if column == 1 else SIX)
    w.curve_chart(sheet, "E5", "Sigmoid", ("z", "A and its slope"), [2, 3], (6, 6 + s.POINTS), 1, (-6, 6, 0, 1))
    sheet.freeze_panes = "A7"
    w.set_up_page(sheet, f"A1:N{6 + s.POINTS}", pages=1)


def _loss(book: Book) -> None:
    about = [
        "The cross-entropy asks how surprised the prediction p is by the right answer y: hardly, if p is near y; very, if not."
    ]
    widths = {"A": 16, "B": 12, "C": 22, "D": 24, "E": 16, "F": 3}
    sheet = w.new_sheet(book, "Loss", "The loss of one prediction", about, widths)
    w.text(sheet, 4, 1, "Worked examples", w.BOLD)
    captions = ("y, the answer", "p, the prediction", "loss")
    for column, (variable, words) in enumerate(zip(s.EXAMPLES, captions, strict=True), start=2):
        w.header(sheet, 5, column, words, variable.code)
    sheet.row_dimensions[6].height = 26
    for k, words in enumerate(("badly wrong", "nearly right")):
        w.text(sheet, 7 + k, 1, words)
    for name, values in {"y": [1.0, 1.0], "p": [0.01, 0.99], "loss": None}.items():
        w.write_variable(book, s.WORKED, name, 1, values, SIX if name == "loss" else DATA)
    w.text(sheet, 10, 1, "Exercise", w.BOLD)
    w.text(
        sheet,
        11,
        1,
        "What is the loss of this prediction? Work it out and type it, to two decimals, into the blue cell.",
    )
    for column, words in enumerate(("y, the answer", "p, the prediction", "your answer", "is it right?"), start=2):
        w.header(sheet, 12, column, words)
    for name, value in {"y_asked": 0.0, "p_asked": 0.99, "answer": None, "verdict": None}.items():
        w.write_variable(book, s.ASKED, name, 1, [value], DATA)  # type: ignore[list-item]
    w.text(sheet, 16, 1, "The two curves", w.BOLD)
    for column, (variable, words) in enumerate(
        zip(s.CURVES, ("p", "loss if y = 1", "loss if y = 0"), strict=True), start=2
    ):
        w.header(sheet, 18, column, words)
        w.text(sheet, 17, column, variable.code, w.CODE).alignment = Alignment(horizontal="center")
        w.write_variable(
            book, s.LOSS_CURVES, variable.name, 1, s.GRID if column == 2 else None, "0.00" if column == 2 else SIX
        )
    last = 18 + len(s.GRID)
    w.curve_chart(sheet, "G5", "Loss of a prediction", ("prediction p", "loss"), [3, 4], (18, last), 2, (0, 1, 0, 5))
    sheet.freeze_panes = "A4"
    w.set_up_page(sheet, f"A1:P{last}", pages=1)


def _guide(book: Book, iterations: int) -> None:
    about = [
        "A network of one neuron learns four samples. Every black number is computed by a live formula that mirrors a line",
        "of numpy. Change a blue cell (a weight, the learning rate, a sample) and watch the rest follow.",
        "Formulas are locked against slips of the hand. To change one: Review, Unprotect Sheet; there is no password.",
    ]
    widths = {"A": 16, "B": 50, "C": 38, "D": 42, "E": 18}
    sheet = w.new_sheet(book, "Guide", "Week 1: a neuron in numpy and in Excel", about, widths)
    w.text(sheet, 6, 1, "The sheets", w.BOLD)
    for row, (name, words) in enumerate(_SHEETS.items(), start=7):
        _link(sheet, row, 1, name, f"'{name}'!A1")
        w.text(sheet, row, 2, words)
    top = 14
    w.text(sheet, top - 1, 1, f"The quantities, as they stand in iteration 1 of {iterations}", w.BOLD)
    for column, words in enumerate(("name", "meaning", "line of numpy", "Excel formula", "where"), start=1):
        w.header(sheet, top, column, words)
    for row, variable in enumerate((s.ALPHA, *s.FORWARD, *s.BACKWARD, *s.UPDATE), start=top + 1):
        block = s.TRAINING.block(variable.name)
        w.text(sheet, row, 1, variable.name, w.BOLD)
        w.text(sheet, row, 2, variable.note).alignment = Alignment(wrap_text=True, vertical="top")
        w.text(sheet, row, 3, variable.code, w.CODE)
        w.text(sheet, row, 4, _shown_formula(variable), w.CODE)
        _link(sheet, row, 5, f"{block.sheet} {block.a1}", str(block))
        for column in (1, 3, 4, 5):
            sheet.cell(row, column).alignment = Alignment(vertical="top", wrap_text=column in (3, 4))
        sheet.row_dimensions[row].height = 16 if len(variable.note) < 62 else 31
    last = top + 1 + len((*s.FORWARD, *s.BACKWARD, *s.UPDATE))
    w.text(
        sheet,
        last + 2,
        1,
        "A formula in braces is an array formula: it fills its whole block at once (Ctrl+Shift+Enter in Excel).",
    )
    sheet.freeze_panes = "A2"
    w.set_up_page(sheet, f"A1:E{last + 2}", pages=1)


def _shown_formula(variable: Variable) -> str:
    if variable.role == "given":
        return "input"
    if variable.role == "state":
        return f"input; later {s.TRAINING.formula(variable.name, 2, (0,) * len(variable.axes))}"
    formula = s.TRAINING.formula(variable.name, 1, (0,) * len(variable.axes))
    return f"{{{formula}}}" if s.TRAINING.is_array(variable.name) else formula


def _link(sheet: Worksheet, row: int, column: int, words: str, location: str) -> None:
    cell = w.text(sheet, row, column, words, w.LINK)
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=location, display=words)
    cell.font = w.LINK  # setting the link styles the cell anew


def regressor(*, iterations: int = 22, alpha: float = 1.0, seed: int = 1) -> Draft:
    """The week-1 workbook with so many iterations, starting from the weights of the seed."""
    book = w.new_book()
    _guide(book, iterations)
    _forward(book)
    _sigmoid(book)
    _loss(book)
    _training(book, iterations, alpha, seed)
    _history(book, iterations)
    title = "What stands where in regressor.xlsx; written by 'xlparity generate'."
    return Draft("regressor", book, spec_text(title, "regressor.xlsx", s.checks(iterations), s.RANGES))


COURSE = Course(
    lambda iterations, alpha, seed: regressor(iterations=iterations, alpha=alpha, seed=seed), plant_mistakes
)
