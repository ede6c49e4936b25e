"""The two-layer network as a person sees it: titles, captions, formats and charts."""

from xlparity.actions.courses import Course
from xlparity.actions.generate import Draft
from xlparity.actions.generate import writer as w
from xlparity.actions.generate.spec_text import spec_text
from xlparity.actions.generate.training import write_blocks, write_gradient_check, write_guide, write_history
from xlparity.course import common
from xlparity.course.activation import write_activation
from xlparity.course.two_layer import reference
from xlparity.course.two_layer import sheet as s

_SHEETS = {
    "Tanh": "the function of the hidden units, its curve and its slope",
    "Training": "the loop, a block an iteration: forward pass, backward pass, update",
    "History": "the training at a glance: a row an iteration, and three charts",
    "Gradient check": "whether backpropagation is right: each parameter nudged, and what the loss does",
}


def two_layer(*, iterations: int = 22, alpha: float = s.ALPHA, seed: int = 1) -> Draft:
    """The workbook with so many iterations, starting from the weights of the seed."""
    book = w.new_book()
    about = [
        "Three hidden units look at four samples, and one output unit at the hidden units. Every black number is computed",
        "by a live formula that mirrors a line of numpy. Change a blue cell (a weight, the learning rate, a sample) and watch",
        "the rest follow. Formulas are locked against slips of the hand. To change one: Review, Unprotect Sheet (no password).",
    ]
    heading = f"The quantities, as they stand in iteration 1 of {iterations}"
    write_guide(book, [s.TRAINING], "Week 1: a network of two layers in numpy and in Excel", about, _SHEETS, heading)
    about = [
        "The hyperbolic tangent squeezes any number between -1 and 1: 0 stays 0, and the sign is kept.",
        "Its slope 1-A² is 1 at 0 and vanishes at both ends, which is where a unit hardly learns.",
    ]
    write_activation(book, s.TANH, "The hyperbolic tangent and its slope", about, -1)
    W1, W2 = reference.first_weights(seed, common.FEATURES, s.UNITS)
    first = {
        "alpha": [alpha],
        "A0": common.X.ravel().tolist(),
        "y": common.y.ravel().tolist(),
        "W1": W1.ravel().tolist(),
        "b1": [0.0] * s.UNITS,
        "W2": W2.ravel().tolist(),
        "b2": [0.0],
    }
    widths = dict.fromkeys("GHIKLMOPQSU", 12) | {"A": 18, "F": 9, "J": 2, "N": 11, "R": 2, "T": 16}
    write_blocks(book, [s.TRAINING], "Training the two-layer network", iterations, [first], widths)
    about_it = (
        "One row an iteration, taken live from Training: the loss falls, the weights settle, the predictions part."
    )
    narrow = dict.fromkeys("DEFGHIJKLMNOPQRSTUVW", 9)
    decimals = dict.fromkeys(("A2", "W1", "b1", "W2", "b2"), "0.0000")
    write_history(book, [s.TRAINING], about_it, iterations, decimals, narrow)
    about = [
        "The slope between two nearby losses is the gradient. If backpropagation is right, it differs by nearly nothing."
    ]
    widths = {"A": 18} | dict.fromkeys("BCDEF", 16)
    sheet = w.new_sheet(book, s.TRAINING.check_sheet, "The gradient check", about, widths)
    write_gradient_check(book, s.TRAINING)
    sheet.freeze_panes = "B6"
    w.set_up_page(sheet, "A1:F21", pages=1)
    title = "What stands where in two_layer.xlsx; written by 'xlparity generate'."
    return Draft("two_layer", book, spec_text(title, "two_layer.xlsx", s.checks(iterations), s.ranges(iterations)))


COURSE = Course(s.ALPHA, lambda iterations, alpha, seed: two_layer(iterations=iterations, alpha=alpha, seed=seed))
