"""The wine challenge as a person sees it, solved or with the cells empty that a student fills."""

from openpyxl import Workbook as Book

from xlparity.actions.courses import Course
from xlparity.actions.generate import Draft
from xlparity.actions.generate import writer as w
from xlparity.actions.generate.spec_text import spec_text
from xlparity.actions.generate.training import SIX, Training, write_blocks, write_guide
from xlparity.course.wine_solution import reference
from xlparity.course.wine_solution import sheet as s

_SHEETS = {
    "Wine": "178 wines: 13 measurements, normalised, and the cultivar, one-hot",
    "Softmax": "softmax regression: one step of training, from the weights to the updated weights",
    "Two-layer net": "a hidden layer of five units with tanh, then softmax: one step of training",
}
_ABOUT = [
    "Which of three cultivars is a wine from? Softmax regression and a two-layer net learn it from 13 measurements.",
]
_TASK = [
    "Fill in the yellow cells of Softmax and Two-layer net, each with a formula; the range of a block is below its name. Your",
    "formulas are checked with other weights, wines and learning rates as well, so a typed number earns nothing.",
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
    widths = {w.letters(column): 13.0 for column in columns} | {"A": 18, "O": 3, "P": 12, "Q": 3, "U": 3}
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
    write_blocks(book, training, title, 1, first, widths, about=about, solved=solved)


def wine(name: str, *, solved: bool, alpha: float = s.ALPHA, seed: int = 1) -> Draft:
    """The workbook of that name, starting from the weights of the seed."""
    book = w.new_book()
    about = [*_ABOUT, *(_SOLVED if solved else _TASK)]
    title = "Week 1: which cultivar is the wine from?"
    write_guide(book, [s.SOFTMAX, s.NET], title, about, _SHEETS, "The quantities of both models", solved=solved)
    _wine(book)
    _step(book, s.SOFTMAX, "Softmax regression", alpha, seed, solved=solved)
    _step(book, s.NET, "The two-layer net", alpha, seed, solved=solved)
    title = f"What stands where in {name}.xlsx; written by 'xlparity generate'."
    return Draft(name, book, spec_text(title, f"{name}.xlsx", s.checks(), s.RANGES))


COURSE = Course(s.ALPHA, lambda _, alpha, seed: wine("wine_solution", solved=True, alpha=alpha, seed=seed))
