"""The wine challenge as a person sees it, solved or with the cells empty that a student fills."""

from openpyxl import Workbook as Book

from xlparity.actions.courses import Course
from xlparity.actions.generate import Draft
from xlparity.actions.generate import writer as w
from xlparity.actions.generate.spec_text import spec_text
from xlparity.actions.generate.training import SIX, Training, write_blocks, write_guide, write_history
from xlparity.course.wine_solution import reference
from xlparity.course.wine_solution import sheet as s

_SHEETS = {
    "Wine": "178 wines: 13 measurements, normalised, and the cultivar, one-hot",
    "Softmax": "softmax regression: one step of training, from the weights to the updated weights",
    "Two-layer net": "a hidden layer of five units with tanh, then softmax: one step of training",
}
_CHAINED = {
    "Softmax training": "the step of softmax regression chained, a block an iteration",
    "Net training": "the step of the net chained, at four learning rates side by side",
    "History": "the trainings at a glance: a row an iteration, and two charts",
}
_ABOUT = [
    "Which of three cultivars is a wine from? Softmax regression and a two-layer net learn it from 13 measurements.",
]
_TASK = [
    "Fill in the yellow cells of Softmax and Two-layer net, each with a formula; the range of a block is below its name. Your",
    "formulas are checked with other weights, wines and learning rates as well, so a typed number earns nothing.",
    "To check them, save the file beside wine_challenge.parity.toml and type: xlparity verify wine_challenge.parity.toml",
]
_SOLVED = [
    "Every black number is computed by a live formula that mirrors a line of numpy. Formulas are locked against slips of the",
    "hand. To change one: Review, Unprotect Sheet; there is no password.",
]


def _wine(book: Book) -> None:
    about = [
        "Source: S. Aeberhard and M. Forina (1992), Wine, UCI Machine Learning Repository, doi.org/10.24432/C5PC7J, CC BY 4.0.",
        "A0 is each measurement less its mean, in standard deviations: then all of them count alike.",
    ]
    columns = range(2, 22 + len(s.WINES.names))
    widths = {w.letters(column): 15.5 for column in columns} | {"A": 18, "O": 3, "P": 12, "Q": 3, "U": 3}
    sheet = w.new_sheet(book, "Wine", "The wines", about, widths)
    sheet.row_dimensions[s.TOP - 3].height = 48
    for first, prefix in ((2, ""), (22, "A0: ")):
        for k, name in enumerate(s.WINES.names):
            w.header(sheet, s.TOP - 3, first + k, prefix + name)
    w.header(sheet, s.TOP - 3, 16, "cultivar")
    for k in range(3):
        w.header(sheet, s.TOP - 3, 18 + k, f"Y: cultivar {k + 1}")
    w.text(sheet, s.TOP - 2, 1, "mean, cultivar")
    w.text(sheet, s.TOP - 1, 1, "standard deviation")
    for k in range(len(s.WINES.X)):
        w.text(sheet, s.TOP + k, 1, f"wine {k + 1}")
    given = {"X": [value for row in s.WINES.X for value in row], "cultivar": s.WINES.cultivar, "kinds": [1.0, 2.0, 3.0]}
    for name in s.WINE.model.variables:
        pattern = "General" if name in given else "0" if name == "Y" else SIX
        w.write_variable(book, s.WINE, name, 1, given.get(name), pattern)
    sheet.freeze_panes = f"B{s.TOP}"
    last = f"{w.letters(columns[-1])}{s.TOP + len(s.WINES.X) - 1}"
    w.set_up_page(sheet, f"A1:{last}", titles=f"1:{s.TOP - 1}", across=2)


def _step(book: Book, training: Training, title: str, alpha: float, seed: int, *, solved: bool) -> None:
    model, first = training.author.model, {"alpha": [alpha]}
    for name in training.columns:
        variable = model.variables[name]
        if variable.role == "given":
            shape = model.shape(variable)
            first[name] = reference.first_weights(shape, seed).ravel().tolist() if name[0] == "W" else [0.0] * shape[1]
            seed += name[0] == "W"
    widths = {w.letters(column): 3.0 for column in range(2, max(training.columns.values()))}
    for name, column in training.columns.items():
        wide = 26.0 if name in ("sample_loss", "correct") else 13.0
        widths |= {w.letters(column + k): wide for k in range(model.shape(model.variables[name])[1])}
    widths |= {w.letters(column): 22.0 for column in training.sections[0].rows if column > 1} | {"A": 13.0}
    about = "One step of training: predict, measure the loss, find the gradients, and go one step downhill."
    write_blocks(book, [training], title, 1, [first], widths, about=about, solved=solved)


def _trainings(book: Book, iterations: int) -> None:
    """The sheets on which the steps are chained, and their History."""
    wide = {"A": 13.0}
    about = "The step of the sheet Softmax again and again: change a blue cell there and watch every block follow."
    write_blocks(
        book,
        [s.SOFTMAX_TRAINING],
        "Training softmax regression",
        iterations,
        [{}],
        wide | _widths(s.SOFTMAX_TRAINING),
        about=about,
    )
    about = "The step of the sheet Two-layer net again and again, from the weights there, at four learning rates side by side."
    widths = wide | {letters: width for training in s.NET_TRAININGS for letters, width in _widths(training).items()}
    rates = [{"alpha": [alpha]} for alpha in s.RATES]
    write_blocks(book, s.NET_TRAININGS, "Training the two-layer net", iterations, rates, widths, about=about)
    about = "One row an iteration: softmax regression, and the net's loss at each alpha. It leaps where that is high."
    write_history(book, [s.SOFTMAX_TRAINING, *s.NET_TRAININGS], about, iterations)


def _widths(training: Training) -> dict[str, float]:
    """The labels of rows and the longer lines of numpy need more room, and the columns between the quantities less."""
    labels = {
        column: 10.0 if dims == ["hidden"] else 22.0
        for section in training.sections
        for column, dims in section.rows.items()
        if column > 1
    }
    used = {
        column + k
        for name, column in training.columns.items()
        for k in range(training.author.model.shape(training.author.model.variables[name])[1])
    }
    between = set(range(min(labels), max(used))) - used - labels.keys()
    widths = dict.fromkeys(used, 13.0) | labels | dict.fromkeys(between, 3.0)
    widths |= {training.columns[name]: 26.0 for name in ("loss", "accuracy") if name in training.columns}
    return {w.letters(column): width for column, width in widths.items()}


def wine(name: str, *, solved: bool, iterations: int = s.ITERATIONS, alpha: float = s.ALPHA, seed: int = 1) -> Draft:
    """The workbook of that name, starting from the weights of the seed."""
    book = w.new_book()
    about = [*_ABOUT, *(_SOLVED if solved else _TASK)]
    title = "Week 1: which cultivar is the wine from?"
    trainings = [s.SOFTMAX, s.NET, *([s.SOFTMAX_TRAINING, s.NET_TRAININGS[0]] if solved else [])]
    sheets = _SHEETS | (_CHAINED if solved else {})
    write_guide(book, trainings, title, about, sheets, "The quantities of both models", solved=solved)
    _wine(book)
    _step(book, s.SOFTMAX, "Softmax regression", alpha, seed, solved=solved)
    _step(book, s.NET, "The two-layer net", alpha, seed, solved=solved)
    if solved:
        _trainings(book, iterations)
    title = f"What stands where in {name}.xlsx; written by 'xlparity generate'."
    return Draft(name, book, spec_text(title, f"{name}.xlsx", s.checks(iterations, chained=solved), s.RANGES))


COURSE = Course(
    s.ALPHA,
    lambda iterations, alpha, seed: wine("wine_solution", solved=True, iterations=iterations, alpha=alpha, seed=seed),
    iterations=s.ITERATIONS,
    most=200,  # a block of it has as many cells as a dozen of the regressor's
)
