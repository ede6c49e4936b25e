"""Week 1 in Excel: the names, the maths in the sheet's own language, and where every quantity stands."""

from collections.abc import Sequence

from xlparity.actions.generate.language import Author, Place, line
from xlparity.actions.generate.model import Model, Variable
from xlparity.actions.generate.spec_text import CheckText
from xlparity.course.regressor import reference

MODULE = "xlparity.course.regressor.reference"


def _model(sizes: dict[str, int], *variables: Variable) -> Model:
    return Model({variable.name: variable for variable in variables}, sizes)


# --- Training, and History, which looks at it ------------------------------------------------------------------------

FORWARD = (
    line(
        "A0 [iteration, sample, feature] = A0.prev", role="given", code="A0 = X", note="the data: samples by features"
    ),
    line(
        "W1 [iteration, feature] = W1_new.prev",
        role="state",
        code="W1 = 2*np.random.random((3, 1)) - 1",
        note="the weights, one a feature",
    ),
    line("b1 [iteration] = b1_new.prev", role="state", code="b1 = 0", note="the bias"),
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
    line(
        "y [iteration, sample] = y.prev",
        role="given",
        code="y = np.array([[0], [1], [1], [0]])",
        note="the right answers",
    ),
    line("m [iteration] = COUNT(y[sample])", code="m = A0.shape[0]", note="how many samples there are"),
    line(
        "sample_loss [iteration, sample] = -(y*LN(A1)+(1-y)*LN(1-A1))",
        code="-(y*np.log(A1) + (1-y)*np.log(1-A1))",
        note="how wrong each prediction is: the cross-entropy",
    ),
    line(
        "loss [iteration] = 1/m*SUM(sample_loss[sample])",
        code="loss = 1/m * sample_loss.sum()",
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
        code="dW1 = 1/m * A0T @ dz1",
        note="the gradient: how the loss changes with each weight",
    ),
    line(
        "db1 [iteration] = 1/m*SUM(dz1[sample])",
        code="db1 = 1/m * dz1.sum()",
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
ALPHA = line("alpha []", role="given", code="alpha = 1", note="the learning rate: how long a step each update takes")

# The columns of a block; W1, dW1 and W1_new stand in one column, and so do b1, db1 and b1_new.
COLUMNS = {
    "A0": 2, "W1": 6, "b1": 7, "z1": 9, "A1": 10, "y": 12, "m": 13, "sample_loss": 14, "loss": 15, "correct": 16,
    "accuracy": 17, "A0T": 2, "dW1": 6, "db1": 7, "dz1": 9, "W1_new": 6, "b1_new": 7,
}  # fmt: skip
LAST = 17
FIRST = 6  # the row that opens the first block
STEP = 21
SECTIONS = {"Forward pass": (1, FORWARD), "Backward pass": (8, BACKWARD), "Update": (15, UPDATE)}
SAMPLES, FEATURES = reference.X.shape
# A vector over the features stands beside one over the samples, and the row is both.
ROWS = {
    "Forward pass": [f"sample {k + 1}" for k in range(SAMPLES)],
    "Backward pass": [f"x{k + 1}, sample {k + 1}" if k < FEATURES else f"sample {k + 1}" for k in range(SAMPLES)],
    "Update": [f"x{k + 1}" for k in range(FEATURES)],
}
HISTORY_FIRST = 6
HISTORY = {"loss": 2, "W1": 3, "b1": 6, "dW1": 7, "db1": 10, "accuracy": 11, "A1": 12}
CHECK_AT = 17  # the column where the gradient check starts


def _author() -> Author:
    layout = {"alpha": Place("Training", 3, 2)}
    for offset, variables in SECTIONS.values():
        for variable in variables:
            layout[variable.name] = Place("Training", FIRST + offset + 2, COLUMNS[variable.name], STEP)
    layout["h"] = Place("History", 4, CHECK_AT + 1)
    for k, variable in enumerate(GRADIENT[1:], start=1):
        layout[variable.name] = Place("History", HISTORY_FIRST, CHECK_AT + k)
    sizes = {"sample": SAMPLES, "feature": FEATURES}
    return Author(_model(sizes, ALPHA, *FORWARD, *BACKWARD, *UPDATE, *GRADIENT), layout)


def history_places() -> dict[str, Place]:
    """Where History shows the quantities of Training once more; its vectors lie in a row."""
    return {
        name: Place("History", HISTORY_FIRST, column, 1, turned=name in ("W1", "dW1", "A1"))
        for name, column in HISTORY.items()
    }


# --- Forward pass, Sigmoid and Loss ------------------------------------------------------------------------------------

PASS = (
    line("A0 [sample, feature]", role="given", code="A0 = X"),
    line("W1 [feature]", role="given", code="W1 = 2*np.random.random((3, 1)) - 1"),
    line("z1 [sample] = {MMULT(A0, W1)}", code="z1 = A0 @ W1"),
    line("A1 [sample] = 1/(1+EXP(-z1))", code="A1 = 1/(1 + np.exp(-z1))"),
    line("printed [sample]", role="given", code="the chapter's figure"),
    line("difference [sample] = A1 - printed", code="A1 - printed"),
)
PRINTED = [0.60841366, 0.45860596, 0.3262757, 0.36375058]
PASS_COLUMNS = {"A0": 2, "W1": 6, "z1": 8, "A1": 9, "printed": 11, "difference": 12}
CURVE = (
    line("z [point]", role="given", code="z"),
    line("A [point] = 1/(1+EXP(-z))", code="A = 1/(1 + np.exp(-z))"),
    line("slope [point] = A*(1-A)", code="slope = A*(1 - A)"),
)
POINTS = 49
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
        'verdict [] = IF(COUNT(answer)=0,"your turn",'
        'IF(ABS(answer+y_asked*LN(p_asked)+(1-y_asked)*LN(1-p_asked))<0.01,"right","not yet"))'
    ),
)
CURVES = (
    line("p [point]", role="given", code="p"),
    line("loss_if_1 [point] = -LN(p)", code="-np.log(p)"),
    line("loss_if_0 [point] = -LN(1-p)", code="-np.log(1 - p)"),
)
GRID = [0.01, 0.02, 0.03, 0.04, *(k / 20 for k in range(1, 20)), 0.96, 0.97, 0.98, 0.99]


def _pass_author() -> Author:
    layout = {name: Place("Forward pass", 7, column) for name, column in PASS_COLUMNS.items()}
    return Author(_model({"sample": SAMPLES, "feature": FEATURES}, *PASS), layout)


def _side_by_side(sheet: str, row: int, column: int, variables: Sequence[Variable], sizes: dict[str, int]) -> Author:
    layout = {variable.name: Place(sheet, row, column + k) for k, variable in enumerate(variables)}
    return Author(_model(sizes, *variables), layout)


TRAINING = _author()
FORWARD_PASS = _pass_author()
SIGMOID = _side_by_side("Sigmoid", 7, 1, CURVE, {"point": POINTS})
WORKED = _side_by_side("Loss", 7, 2, EXAMPLES, {"example": 2})
ASKED = _side_by_side("Loss", 13, 2, EXERCISE, {})
LOSS_CURVES = _side_by_side("Loss", 19, 2, CURVES, {"point": len(GRID)})

# --- what is compared with what ------------------------------------------------------------------------------------------

# What a person may sensibly set an input to.
RANGES = {
    "alpha": "low = 0.1, high = 2.0",
    "A0": "low = -2, high = 2",
    "y": "choices = [0, 1]",
    "W1": "low = -1, high = 1",
    "b1": "low = -1, high = 1",
    "h": "low = 1e-4, high = 1e-3",
    "p": "low = 0.01, high = 0.99",
}


def checks(iterations: int) -> Sequence[CheckText]:
    """The checks of the spec file: between them they compare every formula but the exercise's verdict."""
    inputs = ("A0", "y", "W1", "b1", "alpha")
    rows = [f"first = {HISTORY_FIRST}", "step = 1", f"count = {iterations}"]
    nearly = "atol = 1e-9"  # a difference of two nearly equal losses, divided by 2h, keeps nine decimals
    return [
        CheckText(
            "training", f"{MODULE}:train", TRAINING, "Training", inputs, tuple(COLUMNS), ['label = "Iteration {n}"'],
        ),
        CheckText(
            "history", f"{MODULE}:train", TRAINING, "History", inputs, tuple(HISTORY), rows, shown=history_places(),
        ),
        CheckText(
            "gradient", f"{MODULE}:check_gradient", TRAINING, "History", ("A0", "y", "W1", "b1", "h"),
            tuple(variable.name for variable in GRADIENT[1:]),
            extra={"dW1_numerical": nearly, "dW1_difference": nearly},
        ),
        CheckText(
            "forward", f"{MODULE}:first_pass", FORWARD_PASS, "Forward pass", ("A0", "W1", "printed"), ("z1", "A1", "difference")
        ),
        CheckText("sigmoid", f"{MODULE}:tabulate_sigmoid", SIGMOID, "Sigmoid", ("z",), ("A", "slope")),
        CheckText("examples", f"{MODULE}:worked_examples", WORKED, "Loss", ("y", "p"), ("loss",)),
        CheckText("curves", f"{MODULE}:loss_curves", LOSS_CURVES, "Loss", ("p",), ("loss_if_1", "loss_if_0")),
    ]  # fmt: skip
