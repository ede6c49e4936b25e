"""Week 1 in Excel: the names, the maths in the sheet's own language, and where everything stands."""

from collections.abc import Sequence

from openpyxl import Workbook as Book
from openpyxl.styles import Alignment
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from xlparity.course.regressor import reference
from xlparity.generate import Draft
from xlparity.generate import writer as w
from xlparity.generate.language import Author, Place, line
from xlparity.generate.spec_text import CheckText, spec_text
from xlparity.model import Model, Variable

MODULE = "xlparity.course.regressor.reference"
DATA, FOUR, SIX, WHOLE = "0.####", "0.0000", "0.000000", "0"


def _model(sizes: dict[str, int], *variables: Variable) -> Model:
    return Model({variable.name: variable for variable in variables}, sizes)


# --- Training, and History, which looks at it ------------------------------------------------------------------------

FORWARD = (
    line(
        "A0 [iteration, sample, feature] = A0.prev", role="given", code="A0 = X", note="the data: samples by features"
    ),
    line("W1 [iteration, feature] = W1_new.prev", role="state", code="W1", note="the weights, one a feature"),
    line("b1 [iteration] = b1_new.prev", role="state", code="b1", note="the bias"),
    line(
        "z1 [iteration, sample] = {MMULT(A0, W1) + b1}",
        code="z1 = A0 @ W1 + b1",
        note="the weighted sum of each sample's features",
    ),
    line(
        "A1 [iteration, sample] = 1/(1+EXP(-z1))",
        code="A1 = 1/(1 + np.exp(-z1))",
        note="the prediction: the sigmoid of z1, between 0 and 1",
    ),
    line("y [iteration, sample] = y.prev", role="given", code="y", note="the right answers"),
    line("m [iteration] = COUNT(y[sample])", code="m = A0.shape[0]", note="how many samples there are"),
    line(
        "sample_loss [iteration, sample] = -(y*LN(A1)+(1-y)*LN(1-A1))",
        code="-(y*np.log(A1) + (1-y)*np.log(1-A1))",
        note="how wrong each prediction is: the cross-entropy",
    ),
    line(
        "loss [iteration] = 1/m*SUM(sample_loss[sample])",
        code="loss = sample_loss.sum()/m",
        note="the mean of the samples' losses, which training brings down",
    ),
    line(
        "correct [iteration, sample] = IF((A1>0.5)=(y>0.5),1,0)",
        code="(A1 > 0.5) == (y > 0.5)",
        note="1 where the prediction is on the right side of one half",
    ),
    line(
        "accuracy [iteration] = SUM(correct[sample])/m",
        code="accuracy = correct.sum()/m",
        note="the share of samples that are predicted right",
    ),
)
BACKWARD = (
    line(
        "A0T [iteration, feature, sample] = {TRANSPOSE(A0)}",
        code="A0T = A0.T",
        note="the data, rows and columns swapped",
    ),
    line("dz1 [iteration, sample] = A1 - y", code="dz1 = A1 - y", note="how far each prediction is off"),
    line(
        "dW1 [iteration, feature] = {1/m*MMULT(A0T, dz1)}",
        code="dW1 = A0T @ dz1 / m",
        note="the gradient: how the loss changes with each weight",
    ),
    line(
        "db1 [iteration] = 1/m*SUM(dz1[sample])",
        code="db1 = dz1.sum()/m",
        note="the gradient for the bias",
    ),
)
UPDATE = (
    line(
        "W1_new [iteration, feature] = W1 - alpha*dW1",
        code="W1 = W1 - alpha*dW1",
        note="the weights of the next iteration, one step downhill",
    ),
    line("b1_new [iteration] = b1 - alpha*db1", code="b1 = b1 - alpha*db1", note="the bias of the next iteration"),
)
_ONE = "1/(1+EXP(-(z1.first[sample]{sign}h*A0.first[sample])))"


def _nudged(name: str, sign: str) -> Variable:
    one = _ONE.format(sign=sign)
    y = "y.first[sample]"
    return line(
        f"{name} [feature] = -1/m.first*SUMPRODUCT({y}*LN({one})+(1-{y})*LN(1-{one}))",
        code=f"loss(W1 {sign} h)",
        note=f"the loss of iteration 1 with this weight nudged by {sign}h, which moves z1 by {sign}h times its feature",
    )


GRADIENT = (
    line("h []", role="given", code="h", note="the size of the nudge"),
    _nudged("loss_plus", "+"),
    _nudged("loss_minus", "-"),
    line(
        "dW1_numerical [feature] = (loss_plus-loss_minus)/(2*h)",
        code="(loss_plus - loss_minus)/(2*h)",
        note="the gradient as the slope between the two losses",
    ),
    line("dW1_analytical [feature] = dW1.first", code="dW1", note="the gradient by backpropagation, from Training"),
    line(
        "dW1_difference [feature] = dW1_numerical-dW1_analytical",
        code="difference",
        note="nearly nothing, if it is right",
    ),
)
ALPHA = line("alpha []", role="given", code="alpha", note="the learning rate: how long a step each update takes")

# The columns of a block; W1, dW1 and W1_new stand in one column, and so do b1, db1 and b1_new.
_COLUMNS = {
    "A0": 2, "W1": 6, "b1": 7, "z1": 9, "A1": 10, "y": 12, "m": 13, "sample_loss": 14, "loss": 15, "correct": 16,
    "accuracy": 17, "A0T": 2, "dW1": 6, "db1": 7, "dz1": 9, "W1_new": 6, "b1_new": 7,
}  # fmt: skip
_LAST = 17
_FIRST = 6  # the row that opens the first block
_STEP = 21
_SECTIONS = {"Forward pass": (1, FORWARD), "Backward pass": (8, BACKWARD), "Update": (15, UPDATE)}
_SAMPLES, _FEATURES = reference.X.shape
# A vector over the features stands beside one over the samples, and the row is both.
_ROWS = {
    "Forward pass": [f"sample {k + 1}" for k in range(_SAMPLES)],
    "Backward pass": [f"x{k + 1}, sample {k + 1}" if k < _FEATURES else f"sample {k + 1}" for k in range(_SAMPLES)],
    "Update": [f"x{k + 1}" for k in range(_FEATURES)],
}
_HISTORY_FIRST = 6
_HISTORY = {"loss": 2, "W1": 3, "b1": 6, "dW1": 7, "db1": 10, "accuracy": 11, "A1": 12}
_CHECK_AT = 17  # the column where the gradient check starts


def _author() -> Author:
    layout = {"alpha": Place("Training", 3, 2)}
    for offset, variables in _SECTIONS.values():
        for variable in variables:
            layout[variable.name] = Place("Training", _FIRST + offset + 2, _COLUMNS[variable.name], _STEP)
    layout["h"] = Place("History", 4, _CHECK_AT + 1)
    for k, variable in enumerate(GRADIENT[1:], start=1):
        layout[variable.name] = Place("History", _HISTORY_FIRST, _CHECK_AT + k)
    sizes = {"sample": _SAMPLES, "feature": _FEATURES}
    return Author(_model(sizes, ALPHA, *FORWARD, *BACKWARD, *UPDATE, *GRADIENT), layout)


def _training(book: Book, author: Author, iterations: int, alpha: float, seed: int) -> None:
    about = ["Each block is one iteration of the loop. Change a blue cell and watch every later block follow."]
    widths = {w.letters(column): 10.5 for column in range(2, _LAST + 1)}
    widths |= {"A": 15, "H": 3, "K": 3, "I": 12, "J": 12, "N": 16, "O": 12, "M": 7, "L": 7, "P": 12, "Q": 12}
    sheet = w.new_sheet(book, "Training", "Training the regressor", about, widths)
    w.text(sheet, 3, 1, "alpha", w.BOLD)
    w.text(sheet, 3, 3, "the learning rate").alignment = Alignment(indent=1)
    w.text(sheet, 4, 1, "Blue cells are inputs; every other number is a formula.")
    for iteration in range(1, iterations + 1):
        top = _FIRST + _STEP * (iteration - 1)
        w.banner(sheet, top, _LAST, f"Iteration {iteration}")
        for title, (offset, variables) in _SECTIONS.items():
            w.text(sheet, top + offset, 1, title, w.BOLD)
            sheet.row_dimensions[top + offset + 1].height = 50 if title == "Forward pass" else 38
            for variable in variables:
                _captions(author, sheet, top + offset, variable)
            for k, words in enumerate(_ROWS[title]):
                w.text(sheet, top + offset + 2 + k, 1, words)
        if iteration < iterations:
            sheet.row_breaks.append(Break(id=top + _STEP - 1))
    first = {
        "alpha": [alpha],
        "A0": reference.X.ravel().tolist(),
        "y": reference.y.ravel().tolist(),
        "W1": reference.first_weights(seed, _FEATURES).ravel().tolist(),
        "b1": [0.0],
    }
    patterns = {"alpha": DATA, "A0": DATA, "A0T": DATA, "y": DATA, "m": WHOLE, "correct": WHOLE, "accuracy": "0%"}
    for name in ("alpha", *_COLUMNS):
        w.write_variable(book, author, name, iterations, first.get(name), patterns.get(name, SIX))
    sheet.freeze_panes = "B6"
    w.set_up_page(sheet, f"A1:{w.letters(_LAST)}{_FIRST + _STEP * iterations - 2}", titles="1:5")


def _captions(author: Author, sheet: Worksheet, row: int, variable: Variable) -> None:
    _, across = author.model.shape(variable)
    name = {"A0T": "A0ᵀ", "sample_loss": "sample loss", "W1_new": "new W1", "b1_new": "new b1"}.get(
        variable.name, variable.name
    )
    unit = "sample" if variable.name == "A0T" else "x"
    for k in range(across):
        words = name if across == 1 else f"{name}: {unit}{' ' if unit == 'sample' else ''}{k + 1}"
        w.header(sheet, row, _COLUMNS[variable.name] + k, words, variable.code if k == 0 else "")


def _history_places() -> dict[str, Place]:
    return {
        name: Place("History", _HISTORY_FIRST, column, 1, turned=name in ("W1", "dW1", "A1"))
        for name, column in _HISTORY.items()
    }


def _history(book: Book, author: Author, iterations: int) -> None:
    about = [
        "One row an iteration, taken live from Training: the loss falls, the weights settle, the predictions part.",
    ]
    widths = {"A": 10} | {w.letters(column): 10.5 for column in range(2, 16)}
    widths |= {w.letters(_CHECK_AT + k): 13.5 for k in range(6)} | {"P": 3}
    sheet = w.new_sheet(book, "History", "The history of the training", about, widths)
    captions = ["iteration", "loss", "W1: x1", "W1: x2", "W1: x3", "b1", "dW1: x1", "dW1: x2", "dW1: x3", "db1"]
    captions += ["accuracy", *(f"A1: sample {k + 1}" for k in range(_SAMPLES))]
    sheet.row_dimensions[_HISTORY_FIRST - 1].height = 32
    for column, words in enumerate(captions, start=1):
        w.header(sheet, _HISTORY_FIRST - 1, column, words)
    for k in range(iterations):
        w.text(sheet, _HISTORY_FIRST + k, 1, "").value = k + 1
        sheet.cell(_HISTORY_FIRST + k, 1).alignment = Alignment(horizontal="center")
    for name, place in _history_places().items():
        w.write_view(book, author, name, place, iterations, "0%" if name == "accuracy" else SIX)
    _gradient_check(book, author)
    rows = (_HISTORY_FIRST - 1, _HISTORY_FIRST + iterations - 1)
    at = w.letters(_CHECK_AT)
    w.line_chart(sheet, f"{at}11", "Loss", ("iteration", "loss"), [2], rows, 1)
    w.line_chart(sheet, f"{at}29", "Weights and bias", ("iteration", "value"), [3, 4, 5, 6], rows, 1)
    sheet.freeze_panes = f"B{_HISTORY_FIRST}"
    last = max(rows[1], 46)
    w.set_up_page(sheet, f"A1:{w.letters(_CHECK_AT + 5)}{last}", titles=f"{_HISTORY_FIRST - 1}:{_HISTORY_FIRST - 1}")


def _gradient_check(book: Book, author: Author) -> None:
    sheet = book["History"]
    w.text(
        sheet,
        3,
        _CHECK_AT,
        "Is backpropagation right? Nudge each weight of iteration 1 and see what the loss does.",
        w.BOLD,
    )
    w.text(sheet, 4, _CHECK_AT, "h, the nudge")
    w.write_variable(book, author, "h", 1, [1e-4], DATA)
    names = ["loss with W1 + h", "loss with W1 − h", "numerical dW1", "analytical dW1", "difference"]
    for k, (words, variable) in enumerate(zip(names, GRADIENT[1:], strict=True), start=1):
        w.header(sheet, _HISTORY_FIRST - 1, _CHECK_AT + k, words)
        w.write_variable(book, author, variable.name, 1, None, "0.0E+00" if k == 5 else "0.00000000" if k < 3 else SIX)
    for k in range(_FEATURES):
        w.text(sheet, _HISTORY_FIRST + k, _CHECK_AT, f"x{k + 1}")


# --- Forward pass ----------------------------------------------------------------------------------------------------

PASS = (
    line("A0 [sample, feature]", role="given", code="A0 = X"),
    line("W1 [feature]", role="given", code="W1 = 2*random((3, 1)) - 1"),
    line("z1 [sample] = {MMULT(A0, W1)}", code="z1 = A0 @ W1"),
    line("A1 [sample] = 1/(1+EXP(-z1))", code="A1 = 1/(1 + np.exp(-z1))"),
    line("printed [sample]", role="given", code="the chapter's figure"),
    line("difference [sample] = A1 - printed", code="A1 - printed"),
)
_PRINTED = [0.60841366, 0.45860596, 0.3262757, 0.36375058]
_PASS_COLUMNS = {"A0": 2, "W1": 6, "z1": 8, "A1": 9, "printed": 11, "difference": 12}


def _forward(book: Book) -> Author:
    layout = {name: Place("Forward pass", 7, column) for name, column in _PASS_COLUMNS.items()}
    author = Author(_model({"sample": _SAMPLES, "feature": _FEATURES}, *PASS), layout)
    about = [
        "The chapter's first pass, still without a bias: the weights make a weighted sum of each sample's features,",
        "and the sigmoid makes a prediction of it. With the weights of seed 1, the predictions are the printed ones.",
    ]
    widths = {"A": 12, "E": 3, "F": 16, "G": 3, "H": 14, "I": 14, "J": 3, "K": 14, "L": 14}
    sheet = w.new_sheet(book, "Forward pass", "From weights to predictions", about, widths)
    sheet.row_dimensions[6].height = 38
    for variable in PASS:
        _, across = author.model.shape(variable)
        for k in range(across):
            words = variable.name if across == 1 else f"{variable.name}: x{k + 1}"
            w.header(sheet, 5, _PASS_COLUMNS[variable.name] + k, words, variable.code if k == 0 else "")
    for k in range(_SAMPLES):
        w.text(sheet, 7 + k, 1, f"sample {k + 1}")
    given = {"A0": reference.X.ravel().tolist(), "W1": reference.first_weights().ravel().tolist(), "printed": _PRINTED}
    patterns = {"A0": DATA, "printed": "0.00000000", "A1": "0.00000000", "difference": "0.0E+00"}
    for variable in PASS:
        w.write_variable(book, author, variable.name, 1, given.get(variable.name), patterns.get(variable.name, SIX))
    w.text(sheet, 12, 1, "The printed figures have eight decimals, so a difference below 5E-09 is none.")
    sheet.freeze_panes = "B7"
    w.set_up_page(sheet, "A1:L12")
    return author


# --- Sigmoid ---------------------------------------------------------------------------------------------------------

CURVE = (
    line("z [point]", role="given", code="z"),
    line("A [point] = 1/(1+EXP(-z))", code="A = 1/(1 + np.exp(-z))"),
    line("slope [point] = A*(1-A)", code="slope = A*(1 - A)"),
)
_POINTS = 49


def _sigmoid(book: Book) -> Author:
    layout = {variable.name: Place("Sigmoid", 7, column) for column, variable in enumerate(CURVE, start=1)}
    author = Author(_model({"point": _POINTS}, *CURVE), layout)
    about = [
        "The sigmoid squeezes any number into a probability: 0 gives one half, large numbers come near 1, small ones near 0.",
        "Its slope A(1-A) is steepest at 0 and vanishes at both ends, which is where a neuron hardly learns.",
    ]
    sheet = w.new_sheet(book, "Sigmoid", "The sigmoid and its slope", about, {"A": 14, "B": 24, "C": 18, "D": 3})
    for column, variable in enumerate(CURVE, start=1):
        w.header(sheet, 6, column, variable.name)
        code = w.text(sheet, 5, column, variable.code, w.CODE)
        code.alignment = Alignment(horizontal="center")
        values = [k / 4 - 6 for k in range(_POINTS)] if column == 1 else None
        w.write_variable(book, author, variable.name, 1, values, "0.00" if column == 1 else SIX)
    w.curve_chart(sheet, "E5", "Sigmoid", ("z", "A and its slope"), [2, 3], (6, 6 + _POINTS), 1, (-6, 6, 0, 1))
    sheet.freeze_panes = "A7"
    w.set_up_page(sheet, f"A1:N{6 + _POINTS}", pages=1)
    return author


# --- Loss ------------------------------------------------------------------------------------------------------------

EXAMPLES = (
    line("y [example]", role="given", code="y"),
    line("p [example]", role="given", code="p"),
    line("loss [example] = -(y*LN(p)+(1-y)*LN(1-p))", code="-(y*np.log(p) + (1-y)*np.log(1-p))"),
)
EXERCISE = (
    line("y_asked []", role="given"),
    line("p_asked []", role="given"),
    line("answer []", role="given"),
    line(
        'verdict [] = IF(answer="","your turn",'
        'IF(ABS(answer+y_asked*LN(p_asked)+(1-y_asked)*LN(1-p_asked))<0.005,"right","not yet"))'
    ),
)
CURVES = (
    line("p [point]", role="given", code="p"),
    line("loss_if_1 [point] = -LN(p)", code="-np.log(p)"),
    line("loss_if_0 [point] = -LN(1-p)", code="-np.log(1 - p)"),
)
_GRID = [0.01, 0.02, 0.03, 0.04, *(k / 20 for k in range(1, 20)), 0.96, 0.97, 0.98, 0.99]


def _loss(book: Book) -> tuple[Author, Author]:
    examples = Author(
        _model({"example": 2}, *EXAMPLES),
        {variable.name: Place("Loss", 7, column) for column, variable in enumerate(EXAMPLES, start=2)},
    )
    exercise = Author(
        _model({}, *EXERCISE), {v.name: Place("Loss", 13, column) for column, v in enumerate(EXERCISE, start=2)}
    )
    curves = Author(
        _model({"point": len(_GRID)}, *CURVES),
        {variable.name: Place("Loss", 19, column) for column, variable in enumerate(CURVES, start=2)},
    )
    about = [
        "The cross-entropy asks how surprised the prediction p is by the right answer y: hardly, if p is near y; very, if not."
    ]
    widths = {"A": 16, "B": 12, "C": 22, "D": 24, "E": 16, "F": 3}
    sheet = w.new_sheet(book, "Loss", "The loss of one prediction", about, widths)
    w.text(sheet, 4, 1, "Worked examples", w.BOLD)
    captions = ("y, the answer", "p, the prediction", "loss")
    for column, (variable, words) in enumerate(zip(EXAMPLES, captions, strict=True), start=2):
        w.header(sheet, 5, column, words, variable.code)
    sheet.row_dimensions[6].height = 26
    for k, words in enumerate(("badly wrong", "nearly right")):
        w.text(sheet, 7 + k, 1, words)
    for name, values in {"y": [1.0, 1.0], "p": [0.01, 0.99], "loss": None}.items():
        w.write_variable(book, examples, name, 1, values, SIX if name == "loss" else DATA)
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
        w.write_variable(book, exercise, name, 1, [value], DATA)  # type: ignore[list-item]
    w.text(sheet, 16, 1, "The two curves", w.BOLD)
    for column, (variable, words) in enumerate(
        zip(CURVES, ("p", "loss if y = 1", "loss if y = 0"), strict=True), start=2
    ):
        w.header(sheet, 18, column, words)
        w.text(sheet, 17, column, variable.code, w.CODE).alignment = Alignment(horizontal="center")
        w.write_variable(book, curves, variable.name, 1, _GRID if column == 2 else None, "0.00" if column == 2 else SIX)
    last = 18 + len(_GRID)
    w.curve_chart(sheet, "G5", "Loss of a prediction", ("prediction p", "loss"), [3, 4], (18, last), 2, (0, 1, 0, 5))
    sheet.freeze_panes = "A4"
    w.set_up_page(sheet, f"A1:P{last}", pages=1)
    return examples, curves


# --- Guide -----------------------------------------------------------------------------------------------------------

_SHEETS = {
    "Forward pass": "the chapter's first pass without a bias, beside the figures it prints",
    "Sigmoid": "the function that makes a prediction, its curve and its slope",
    "Loss": "how wrong a prediction is; two worked examples and an exercise",
    "Training": "the loop, a block an iteration: forward pass, backward pass, update",
    "History": "the training at a glance: a row an iteration, two charts, a check of the gradient",
}


def _guide(book: Book, author: Author, iterations: int) -> None:
    about = [
        "A network of one neuron learns four samples. Every number in this workbook is a live formula that mirrors a line of",
        "numpy. Change a blue cell (a weight, the learning rate, a sample) and watch the rest follow.",
        "The sheets are protected without a password, so that no formula is typed over by mistake: Review, Unprotect Sheet.",
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
    for row, variable in enumerate((ALPHA, *FORWARD, *BACKWARD, *UPDATE), start=top + 1):
        block = author.block(variable.name)
        w.text(sheet, row, 1, variable.name, w.BOLD)
        w.text(sheet, row, 2, variable.note).alignment = Alignment(wrap_text=True, vertical="top")
        w.text(sheet, row, 3, variable.code, w.CODE)
        w.text(sheet, row, 4, _shown_formula(author, variable), w.CODE)
        _link(sheet, row, 5, f"{block.sheet} {block.a1}", str(block))
        for column in (1, 3, 4, 5):
            sheet.cell(row, column).alignment = Alignment(vertical="top", wrap_text=column in (3, 4))
        sheet.row_dimensions[row].height = 16 if len(variable.note) < 58 else 31
    last = top + 1 + len((*FORWARD, *BACKWARD, *UPDATE))
    w.text(
        sheet,
        last + 2,
        1,
        "A formula in braces is an array formula: it fills its whole block at once (Ctrl+Shift+Enter in Excel).",
    )
    sheet.freeze_panes = "A2"
    w.set_up_page(sheet, f"A1:E{last + 2}", pages=1)


def _shown_formula(author: Author, variable: Variable) -> str:
    if variable.role == "given":
        return "input"
    if variable.role == "state":
        return f"input; later {author.formula(variable.name, 2, (0,) * len(variable.axes))}"
    formula = author.formula(variable.name, 1, (0,) * len(variable.axes))
    return f"{{{formula}}}" if author.is_array(variable.name) else formula


def _link(sheet: Worksheet, row: int, column: int, words: str, location: str) -> None:
    cell = w.text(sheet, row, column, words, w.LINK)
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=location, display=words)
    cell.font = w.LINK  # setting the link styles the cell anew


# What a person may sensibly set an input to.
_RANGES = {
    "alpha": "low = 0.1, high = 2.0",
    "A0": "low = -2, high = 2",
    "y": "choices = [0, 1]",
    "W1": "low = -1, high = 1",
    "b1": "low = -1, high = 1",
}


# --- the workbook ----------------------------------------------------------------------------------------------------


def regressor(*, iterations: int = 22, alpha: float = 1.0, seed: int = 1) -> Draft:
    """The week-1 workbook with so many iterations, starting from the weights of the seed."""
    book = w.new_book()
    author = _author()
    _guide(book, author, iterations)
    passed = _forward(book)
    curve = _sigmoid(book)
    examples, curves = _loss(book)
    # History refers to Training, but openpyxl needs both sheets to be there before either is filled.
    _training(book, author, iterations, alpha, seed)
    _history(book, author, iterations)
    checks = _checks(author, passed, curve, examples, curves, iterations=iterations)
    title = "What stands where in regressor.xlsx; written by 'xlparity generate'."
    return Draft("regressor", book, spec_text(title, "regressor.xlsx", checks))


def _checks(
    author: Author, passed: Author, curve: Author, examples: Author, curves: Author, *, iterations: int
) -> Sequence[CheckText]:
    inputs = ("A0", "y", "W1", "b1", "alpha")
    rows = [f"first = {_HISTORY_FIRST}", "step = 1", f"count = {iterations}"]
    nearly = "atol = 1e-9"  # a difference of two nearly equal losses, divided by 2h, keeps nine decimals
    return [
        CheckText(
            "training", f"{MODULE}:train", author, "Training", inputs, tuple(_COLUMNS), ['label = "Iteration {n}"'],
            ranges=_RANGES,
        ),
        CheckText(
            "history", f"{MODULE}:train", author, "History", inputs, tuple(_HISTORY), rows, shown=_history_places(),
            ranges=_RANGES,
        ),
        CheckText(
            "gradient", f"{MODULE}:check_gradient", author, "History", ("A0", "y", "W1", "b1", "h"),
            tuple(variable.name for variable in GRADIENT[1:]),
            extra={"dW1_numerical": nearly, "dW1_difference": nearly},
        ),
        CheckText(
            "forward", f"{MODULE}:first_pass", passed, "Forward pass", ("A0", "W1", "printed"), ("z1", "A1", "difference")
        ),
        CheckText("sigmoid", f"{MODULE}:tabulate_sigmoid", curve, "Sigmoid", ("z",), ("A", "slope")),
        CheckText("examples", f"{MODULE}:worked_examples", examples, "Loss", ("y", "p"), ("loss",)),
        CheckText("curves", f"{MODULE}:loss_curves", curves, "Loss", ("p",), ("loss_if_1", "loss_if_0")),
    ]  # fmt: skip
