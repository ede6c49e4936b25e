"""The wine challenge in Excel: the names, the maths in the sheet's own language, and where every quantity stands."""

from collections.abc import Sequence

from xlparity.actions.generate.language import Author, Place, line
from xlparity.actions.generate.model import Model, Variable
from xlparity.actions.generate.spec_text import CheckText
from xlparity.actions.generate.training import Chart, Section, Training
from xlparity.course import common
from xlparity.course.wine import read_wines

MODULE = "xlparity.course.wine_solution.reference"
ALPHA = 1.0
ITERATIONS = 30
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


_COUNT = line("m [iteration] = COUNT(cultivar[sample])", code="m = A0.shape[0]", note="how many wines there are")


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
        _COUNT,
        *common.scores(
            (f"-SUMPRODUCT(Y[class],LN({A}[class]))", f"-(Y*np.log({A})).sum(axis=1, keepdims=True)"),
            (
                f"IF(SUMPRODUCT(Y[class],{A}[class])=MAX({A}[class]),1,0)",
                f"(Y*{A}).sum(axis=1, keepdims=True) == {A}.max(axis=1, keepdims=True)",
            ),
            "the right cultivar is the most probable one",
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


# --- the steps chained, with no more cells than the next step needs -----------------------------------------------------------

# Ones, by which MMULT sums over the cultivars or over the wines.
_CULTIVARS, _WINES = "TRANSPOSE(kinds/kinds)", "TRANSPOSE(cultivar/cultivar)"


def _chained(name: str, dims: str, note: str) -> Variable:
    """A parameter, which each iteration takes a step downhill."""
    step = f"{name} - alpha*d{name}"
    formula = f"{name}.prev - alpha*d{name}.prev"
    return line(f"{name} [iteration, {dims}] = {formula}", role="state", code=f"{name} = {step}", note=note)


def _predicted(number: int, z: str, code: str) -> tuple[Variable, ...]:
    """The softmax of z and the loss, without a cell for each step on the way."""
    A = f"A{number}"
    return (
        line(
            f"{A} [iteration, sample, class] = {{EXP({z})/MMULT(EXP({z}),{_CULTIVARS})}}",
            code=f"{A} = softmax({code})",
            note="the prediction: the softmax, the probability of each cultivar",
        ),
        _COUNT,
        line(
            f"loss [iteration] = -1/m*SUMPRODUCT(Y[sample, class],LN({A}[sample, class]))",
            code=f"loss = -1/m * (Y*np.log({A})).sum()",
            note="the mean of the samples' losses, which training brings down",
        ),
    )


def _last_gradients(number: int, before: tuple[str, str], dims: str) -> tuple[Variable, ...]:
    """The gradients of the layer that ends in the softmax; ``before`` is what it takes, in Excel and in numpy."""
    A = f"A{number}"
    return (
        line(
            f"dW{number} [iteration, {dims}] = {{1/m*MMULT(TRANSPOSE({before[0]}),{A}-Y)}}",
            code=f"dW{number} = 1/m * {before[1]}.T @ ({A} - Y)",
            note=f"the gradient: how the loss changes with each of W{number}",
        ),
        line(
            f"db{number} [iteration, 1, class] = 1/m*SUMPRODUCT({A}[sample]-Y[sample])",
            code=f"db{number} = 1/m * ({A} - Y).sum(axis=0, keepdims=True)",
            note=f"the gradient for b{number}, a sum for each column",
        ),
    )


def _both(forward: Sequence[Variable], backward: Sequence[Variable], rows: dict[int, list[str]]) -> tuple[Section, ...]:
    return (
        Section("Forward pass", forward, {1: ["sample"], **rows}, height=64),
        Section("Backward pass", backward, rows, height=64),
    )


SOFTMAX_TRAINING = Training(
    rate=common.rate(ALPHA, "state"),
    sections=_both(
        (
            _chained("W1", "feature, class", "the weights, from the sheet Softmax"),
            _chained("b1", "1, class", "the biases, from the sheet Softmax"),
            *_predicted(1, "MMULT(A0,W1)+b1", "A0 @ W1 + b1"),
            line(
                f"accuracy [iteration] = {{SUM(IF(MMULT(IF(A1>MMULT(Y*A1,{_CULTIVARS}),1,0),{_CULTIVARS})=0,1,0))/m}}",
                code="accuracy = ((Y*A1).sum(axis=1, keepdims=True) >= A1).all(axis=1).sum()/m",
                note="the share of samples of which no wrong cultivar is more probable than the right one",
            ),
        ),
        _last_gradients(1, ("A0", "A0"), "feature, class"),
        {2: ["feature"]},
    ),
    columns={"W1": 3, "b1": 6, "A1": 10, "m": 14, "loss": 15, "accuracy": 16, "dW1": 3, "db1": 6},
    sizes=SIZES, labels=LABELS, inputs=SOFTMAX.inputs, sheet="Softmax training", around=WINE, start=SOFTMAX.author,
    history=("loss", "accuracy"), label="softmax",
    charts=(Chart(5, "Softmax regression", "loss, accuracy", ["softmax: loss", "softmax: accuracy"]),),
)  # fmt: skip

_HIDDEN, _HIDDEN_CODE = "TANH(MMULT(A0,W1)+b1)", "np.tanh(A0 @ W1 + b1)"
_HIDDEN_ERRORS = f"MMULT(A2-Y,TRANSPOSE(W2))*(1-{_HIDDEN}^2)"
_HIDDEN_ERRORS_CODE = f"((A2 - Y) @ W2.T * (1 - {_HIDDEN_CODE}**2))"
_NET_FORWARD = (
    _chained("W1", "feature, hidden", "the weights of layer 1, from the sheet Two-layer net"),
    _chained("b1", "1, hidden", "the biases of layer 1, from the sheet Two-layer net"),
    _chained("W2", "hidden, class", "the weights of layer 2, from the sheet Two-layer net"),
    _chained("b2", "1, class", "the biases of layer 2, from the sheet Two-layer net"),
    *_predicted(2, f"MMULT({_HIDDEN},W2)+b2", f"{_HIDDEN_CODE} @ W2 + b2"),
)
_NET_BACKWARD = (
    line(
        f"dW1 [iteration, feature, hidden] = {{1/m*MMULT(TRANSPOSE(A0),{_HIDDEN_ERRORS})}}",
        code=f"dW1 = 1/m * A0.T @ {_HIDDEN_ERRORS_CODE}",
        note="the gradient: how the loss changes with each of W1",
    ),
    line(
        f"db1 [iteration, 1, hidden] = {{1/m*MMULT({_WINES},{_HIDDEN_ERRORS})}}",
        code=f"db1 = 1/m * {_HIDDEN_ERRORS_CODE}.sum(axis=0, keepdims=True)",
        note="the gradient for b1, a sum for each column",
    ),
    *_last_gradients(2, (_HIDDEN, _HIDDEN_CODE), "hidden, class"),
)
RATES = (0.01, 0.1, 1.0, 10.0)
_LABELS = tuple(f"alpha {alpha:g}" for alpha in RATES)
_RATES_CHART = Chart(23, "The net's loss by learning rate", "loss", [f"{label}: loss" for label in _LABELS])


def _net_training(number: int) -> Training:
    """The net chained at the learning rate of that number, beside the others."""
    column = 2 + 25 * number
    columns = {
        "W1": 1, "b1": 6, "W2": 12, "b2": 15, "A2": 19, "m": 22, "loss": 23,
        "dW1": 1, "db1": 6, "dW2": 12, "db2": 15,
    }  # fmt: skip
    return Training(
        rate=common.rate(RATES[number]),
        sections=_both(_NET_FORWARD, _NET_BACKWARD, {column: ["feature"], column + 11: ["hidden"]}),
        columns={name: column + offset for name, offset in columns.items()},
        sizes=SIZES, labels=LABELS, inputs=NET.inputs, sheet="Net training", around=WINE, start=NET.author,
        rate_column=column + 1, history_column=4 + number, history=("loss",), label=_LABELS[number],
        rate_in_history=True, charts=[_RATES_CHART] * (number == 0),
    )  # fmt: skip


NET_TRAININGS = tuple(map(_net_training, range(len(RATES))))


# What a person may sensibly set an input to.
RANGES = {
    "X": f'draw = "{MODULE}:draw_wines"',  # drawn one by one, a measurement might be the same in all wines
    "cultivar": "choices = [1, 2, 3]",
    "kinds": "vary = false",
    "alpha": "low = 0.01, high = 2",
    **dict.fromkeys(("W1", "b1", "W2", "b2"), "low = -1, high = 1"),
}


def checks(iterations: int, *, chained: bool) -> Sequence[CheckText]:
    """The checks of the spec file: between them they compare every formula."""
    steps = {"softmax": SOFTMAX, "net": NET}
    found = [
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
            for name, training in steps.items()
        ),
    ]
    if chained:
        trainings = {"softmax": SOFTMAX_TRAINING}
        trainings |= {f"net_{k}": training for k, training in enumerate(NET_TRAININGS, start=1)}
        for name, training in trainings.items():
            function = "train_softmax" if name == "softmax" else "train_net"
            found += training.checks(MODULE, iterations, function=function, history=function, prefix=f"{name}_")
    return found
