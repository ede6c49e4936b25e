"""Week 1 as a person sees it: titles, captions, formats and charts, a function a sheet."""

from openpyxl import Workbook as Book
from openpyxl.styles import Alignment

from xlparity.actions.courses import Course
from xlparity.actions.generate import Draft
from xlparity.actions.generate import writer as w
from xlparity.actions.generate.spec_text import spec_text
from xlparity.actions.generate.training import SIX, write_blocks, write_gradient_check, write_guide, write_history
from xlparity.course import common
from xlparity.course.activation import write_activation
from xlparity.course.regressor import reference
from xlparity.course.regressor import sheet as s
from xlparity.course.regressor.faulty import plant_mistakes

DATA = "General"

_SHEETS = {
    "Forward pass": "the chapter's first pass without a bias, beside the figures it prints",
    "Sigmoid": "the function that makes a prediction, its curve and its slope",
    "Loss": "how wrong a prediction is; two worked examples and an exercise",
    "Training": "the loop, a block an iteration: forward pass, backward pass, update",
    "History": "the training at a glance: a row an iteration, two charts, a check of the gradient",
}


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
    for k in range(common.SAMPLES):
        w.text(sheet, 7 + k, 1, f"sample {k + 1}")
    given = {"A0": common.X.ravel().tolist(), "W1": reference.first_weights().ravel().tolist(), "printed": s.PRINTED}
    patterns = {"A0": DATA, "printed": "0.00000000", "A1": "0.00000000", "difference": "0.0E+00"}
    for variable in s.PASS:
        w.write_variable(
            book, s.FORWARD_PASS, variable.name, 1, given.get(variable.name), patterns.get(variable.name, SIX)
        )
    w.text(sheet, 12, 1, "The printed figures have eight decimals, so a difference below 5E-09 is none.")
    sheet.freeze_panes = "B7"
    w.set_up_page(sheet, "A1:L12")


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


def regressor(*, iterations: int = 22, alpha: float = s.ALPHA, seed: int = 1) -> Draft:
    """The week-1 workbook with so many iterations, starting from the weights of the seed."""
    book = w.new_book()
    about = [
        "A network of one neuron learns four samples. Every black number is computed by a live formula that mirrors a line",
        "of numpy. Change a blue cell (a weight, the learning rate, a sample) and watch the rest follow.",
        "Formulas are locked against slips of the hand. To change one: Review, Unprotect Sheet; there is no password.",
    ]
    heading = f"The quantities, as they stand in iteration 1 of {iterations}"
    write_guide(book, [s.TRAINING], "Week 1: a neuron in numpy and in Excel", about, _SHEETS, heading)
    _forward(book)
    about = [
        "The sigmoid squeezes any number into a probability: 0 gives one half, large numbers come near 1, small ones near 0.",
        "Its slope A(1-A) is steepest at 0 and vanishes at both ends, which is where a neuron hardly learns.",
    ]
    write_activation(book, s.SIGMOID, "The sigmoid and its slope", about, 0)
    _loss(book)
    first = {
        "alpha": [alpha],
        "A0": common.X.ravel().tolist(),
        "y": common.y.ravel().tolist(),
        "W1": reference.first_weights(seed, common.FEATURES).ravel().tolist(),
        "b1": [0.0],
    }
    widths = {"A": 15, "H": 3, "K": 3, "I": 14, "J": 14, "N": 16, "O": 12, "M": 12, "L": 13, "F": 14, "P": 12, "Q": 12}
    write_blocks(book, [s.TRAINING], "Training the regressor", iterations, [first], widths)
    about_it = (
        "One row an iteration, taken live from Training: the loss falls, the weights settle, the predictions part."
    )
    write_history(book, [s.TRAINING], about_it, iterations)
    write_gradient_check(book, s.TRAINING)
    title = "What stands where in regressor.xlsx; written by 'xlparity generate'."
    return Draft("regressor", book, spec_text(title, "regressor.xlsx", s.checks(iterations), s.RANGES))


COURSE = Course(
    s.ALPHA,
    lambda iterations, alpha, seed: regressor(iterations=iterations, alpha=alpha, seed=seed),
    plant_mistakes,
)
