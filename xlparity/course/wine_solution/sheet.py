"""The wine challenge in Excel: the names, the maths in the sheet's own language, and where every quantity stands."""

from collections.abc import Sequence

from xlparity.actions.generate.language import Author, Place, line
from xlparity.actions.generate.model import Model, Variable
from xlparity.actions.generate.spec_text import CheckText
from xlparity.actions.generate.training import Section, Training
from xlparity.course import common
from xlparity.course.wine import read_wines

MODULE = "xlparity.course.wine_solution.reference"
ALPHA = 1.0
UNITS = 5
WINES = read_wines()
SIZES = {"sample": len(WINES.X), "feature": len(WINES.names), "class": 3, "hidden": UNITS}
LABELS = {"sample": "wine {}", "feature": WINES.names, "class": "cultivar {}", "hidden": "unit {}"}

PREPARED = (
    line("X [sample, feature]", role="given", code="X"),
    line("cultivar [sample]", role="given", code="cultivar"),
    line("kinds [1, class]", role="given", code="kinds"),
    line("mean [1, feature] = AVERAGE(X[sample])", code="mean = X.mean(axis=0)", note="the mean of each measurement"),
    line("spread [1, feature] = STDEVP(X[sample])", code="spread = X.std(axis=0)", note="its standard deviation"),
    line("Y [sample, class] = IF(cultivar=kinds,1,0)", code="Y = cultivar == kinds", note="the cultivar, one-hot"),
    line("A0 [sample, feature] = (X-mean)/spread", code="A0 = (X - mean)/spread", note="the normalised measurements"),
)
TOP = 8  # the first wine's row on the sheet Wine
_PLACES = {
    "X": (TOP, 2), "cultivar": (TOP, 16), "kinds": (TOP - 2, 18), "mean": (TOP - 2, 2), "spread": (TOP - 1, 2),
    "Y": (TOP, 18), "A0": (TOP, 22),
}  # fmt: skip
WINE = Author(
    Model({variable.name: variable for variable in PREPARED}, SIZES),
    {name: Place("Wine", *place) for name, place in _PLACES.items()},
)


def _affine(number: int, before: str, dims: tuple[str, str]) -> tuple[Variable, ...]:
    """A layer's weights from the first dim to the second, its biases, and its weighted sum of what comes before it."""
    W, b, into = f"W{number}", f"b{number}", "x".join(str(SIZES[dim]) for dim in dims)
    return (
        line(f"{W} [iteration, {dims[0]}, {dims[1]}]", role="given", code=W, note=f"the weights of layer {number}, {into}"),
        line(f"{b} [iteration, 1, {dims[1]}]", role="given", code=b, note=f"the biases of layer {number}"),
        line(
            f"z{number} [iteration, sample, {dims[1]}] = {{MMULT({before}, {W}) + {b}}}",
            code=f"z{number} = {before} @ {W} + {b}",
            note=f"the weighted sum of {before}",
        ),
    )  # fmt: skip


def _softmax(number: int) -> tuple[Variable, ...]:
    """The softmax of a layer's z, and its scores."""
    z, A = f"z{number}", f"A{number}"
    return (
        line(f"E [iteration, sample, class] = EXP({z})", code=f"E = np.exp({z})", note=f"e to the power of {z}"),
        line(
            "total [iteration, sample] = SUM(E[class])", code="total = E.sum(axis=1, keepdims=True)", note="their sum"
        ),
        line(
            f"{A} [iteration, sample, class] = E/total",
            code=f"{A} = E/total",
            note="the prediction: the softmax, the probability of each cultivar",
        ),
        line("m [iteration] = COUNT(cultivar[sample])", code="m = A0.shape[0]", note="how many wines there are"),
        line(
            f"sample_loss [iteration, sample] = -SUMPRODUCT(Y[class],LN({A}[class]))",
            code=f"-(Y*np.log({A})).sum(axis=1, keepdims=True)",
            note="how wrong each prediction is: the cross-entropy",
        ),
        line(
            "loss [iteration] = 1/m*SUM(sample_loss[sample])",
            code="loss = 1/m * sample_loss.sum()",
            note="the mean of the wines' losses",
        ),
        line(
            f"correct [iteration, sample] = IF(SUMPRODUCT(Y[class],{A}[class])=MAX({A}[class]),1,0)",
            code=f"(Y*{A}).sum(axis=1, keepdims=True) == {A}.max(axis=1, keepdims=True)",
            note="1 where the right cultivar is the most probable one",
        ),
        line(
            "accuracy [iteration] = SUM(correct[sample])/m",
            code="accuracy = correct.sum()/m",
            note="the share of wines that are predicted right",
        ),
    )


def _gradients(number: int, before: str, dims: tuple[str, str], slope: Variable) -> tuple[Variable, ...]:
    """A layer's gradients, from the error of its z, and the update."""
    W, b, dz = f"W{number}", f"b{number}", f"dz{number}"
    return (
        slope,
        line(
            f"d{W} [iteration, {dims[0]}, {dims[1]}] = {{1/m*MMULT(TRANSPOSE({before}), {dz})}}",
            code=f"d{W} = 1/m * {before}.T @ {dz}",
            note=f"the gradient: how the loss changes with each of {W}",
        ),
        line(
            f"d{b} [iteration, 1, {dims[1]}] = 1/m*SUM({dz}[sample])",
            code=f"d{b} = 1/m * {dz}.sum(axis=0, keepdims=True)",
            note=f"the gradient for {b}, a sum for each column",
        ),
        common.update(W, f"iteration, {dims[0]}, {dims[1]}", f"{W} of the next step"),
        common.update(b, f"iteration, 1, {dims[1]}", f"{b} of the next step"),
    )


def _error(number: int) -> Variable:
    code = f"dz{number} = A{number} - Y"
    return line(
        f"dz{number} [iteration, sample, class] = A{number} - Y", code=code, note="how far each probability is off"
    )


_HIDDEN_ERROR = line(
    "dz1 [iteration, sample, hidden] = {MMULT(dz2, TRANSPOSE(W2))*(1-A1^2)}",
    code="dz1 = dz2 @ W2.T * (1 - A1**2)",
    note="how far each unit is off: its share of the error, times the slope of tanh",
)
_TANH = line("A1 [iteration, sample, hidden] = TANH(z1)", code="A1 = np.tanh(z1)", note="what the hidden units pass on")

SOFTMAX = Training(
    rate=common.rate(ALPHA),
    sections=(
        Section(
            "One step",
            (
                *_affine(1, "A0", ("feature", "class")), *_softmax(1),
                *_gradients(1, "A0", ("feature", "class"), _error(1)),
            ),
            {1: ["sample"], 2: ["feature"], 32: ["feature"], 40: ["feature"]},
            height=52,
        ),
    ),
    columns={
        "W1": 3, "b1": 6, "z1": 10, "E": 13, "total": 16, "A1": 17, "m": 21, "sample_loss": 22, "loss": 23, "correct": 24,
        "accuracy": 25, "dz1": 27, "dW1": 33, "db1": 36, "W1_new": 41, "b1_new": 44,
    },
    sizes=SIZES, labels=LABELS, inputs=("X", "cultivar", "kinds", "W1", "b1", "alpha"), sheet="Softmax", around=WINE,
)  # fmt: skip
NET = Training(
    rate=common.rate(ALPHA),
    sections=(
        Section(
            "One step",
            (
                *_affine(1, "A0", ("feature", "hidden")), _TANH, *_affine(2, "A1", ("hidden", "class")), *_softmax(2),
                *_gradients(2, "A1", ("hidden", "class"), _error(2)),
                *_gradients(1, "A0", ("feature", "hidden"), _HIDDEN_ERROR),
            ),
            {1: ["sample"], 2: ["feature"], 25: ["hidden"], 54: ["hidden"], 67: ["feature"], 80: ["feature"], 92: ["hidden"]},
            height=52,
        ),
    ),
    columns={
        "W1": 3, "b1": 8, "z1": 14, "A1": 19, "W2": 26, "b2": 29, "z2": 33, "E": 36, "total": 39, "A2": 40, "m": 44,
        "sample_loss": 45, "loss": 46, "correct": 47, "accuracy": 48, "dz2": 50, "dW2": 55, "db2": 58, "dz1": 62, "dW1": 68,
        "db1": 73, "W1_new": 81, "b1_new": 86, "W2_new": 93, "b2_new": 96,
    },
    sizes=SIZES, labels=LABELS, inputs=("X", "cultivar", "kinds", "W1", "b1", "W2", "b2", "alpha"), sheet="Two-layer net",
    around=WINE,
)  # fmt: skip


# What a person may sensibly set an input to.
RANGES = {
    "X": f'draw = "{MODULE}:draw_wines"',  # drawn one by one, a measurement might be the same in all wines
    "cultivar": "choices = [1, 2, 3]",
    "kinds": "vary = false",
    "alpha": "low = 0.01, high = 10",
    **dict.fromkeys(("W1", "b1", "W2", "b2"), "low = -1, high = 1"),
}


def checks() -> Sequence[CheckText]:
    """The checks of the spec file, one a sheet: between them they compare every formula."""
    return [
        CheckText("wine", f"{MODULE}:prepare", WINE, "Wine", ("X", "cultivar", "kinds"), ("mean", "spread", "A0", "Y")),
        *(
            CheckText(
                name,
                f"{MODULE}:{name}_step",
                training.author,
                training.sheet,
                training.inputs,
                [each for each in training.columns if training.author.model.variables[each].role == "derived"],
            )
            for name, training in {"softmax": SOFTMAX, "net": NET}.items()
        ),
    ]
