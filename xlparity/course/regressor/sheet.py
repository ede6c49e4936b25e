"""Week 1 in Excel: the names, the maths in the sheet's own language, and where every quantity stands."""

from collections.abc import Sequence

from xlparity.actions.generate.language import Author, Place, line
from xlparity.actions.generate.model import Model, Variable
from xlparity.actions.generate.spec_text import CheckText
from xlparity.actions.generate.training import Chart, Section, Training, gradient
from xlparity.course import activation, common
from xlparity.course.common import FEATURES, SAMPLES

MODULE = "xlparity.course.regressor.reference"
ALPHA = 1.0

# --- Training, and History, which looks at it ------------------------------------------------------------------------

FORWARD = (
    common.DATA,
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
    *common.answers_and_scores("A1"),
)
BACKWARD = (
    common.DATA_TRANSPOSED,
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
    common.update("W1", "iteration, feature", "the weights of the next iteration, one step downhill"),
    common.update("b1", "iteration", "the bias of the next iteration"),
)
TRAINING = Training(
    rate=common.rate(ALPHA),
    sections=(
        Section("Forward pass", FORWARD, {1: ["sample"]}, height=52),
        # A vector over the features stands beside one over the samples, and the row is both.
        Section("Backward pass", BACKWARD, {1: ["feature", "sample"]}),
        Section("Update", UPDATE, {1: ["feature"]}),
    ),
    # W1, dW1 and W1_new stand in one column, and so do b1, db1 and b1_new.
    columns={
        "A0": 2, "W1": 6, "b1": 7, "z1": 9, "A1": 10, "y": 12, "m": 13, "sample_loss": 14, "loss": 15, "correct": 16,
        "accuracy": 17, "A0T": 2, "dW1": 6, "db1": 7, "dz1": 9, "W1_new": 6, "b1_new": 7,
    },
    sizes={"sample": SAMPLES, "feature": FEATURES},
    labels=common.LABELS,
    inputs=("A0", "y", "W1", "b1", "alpha"),
    history=("loss", "W1", "b1", "dW1", "db1", "accuracy", "A1"),
    charts=(Chart(11, "Loss", "loss", ["loss"]), Chart(29, "Weights and bias", "value", ["W1", "b1"])),
    gradients=(gradient("W1", "feature", "z1.first[sample]{sign}h*A0.first[sample]"),),
    check_sheet="History",
    check_column=17,
)  # fmt: skip

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


def _author(variables: Sequence[Variable], sizes: dict[str, int], layout: dict[str, Place]) -> Author:
    return Author(Model({variable.name: variable for variable in variables}, sizes), layout)


def _side_by_side(sheet: str, row: int, column: int, variables: Sequence[Variable], sizes: dict[str, int]) -> Author:
    places = {variable.name: Place(sheet, row, column + k) for k, variable in enumerate(variables)}
    return _author(variables, sizes, places)


FORWARD_PASS = _author(
    PASS,
    {"sample": SAMPLES, "feature": FEATURES},
    {name: Place("Forward pass", 7, column) for name, column in PASS_COLUMNS.items()},
)
SIGMOID = activation.tabulated("Sigmoid", ("1/(1+EXP(-z))", "1/(1 + np.exp(-z))"), ("A*(1-A)", "A*(1 - A)"))
WORKED = _side_by_side("Loss", 7, 2, EXAMPLES, {"example": 2})
ASKED = _side_by_side("Loss", 13, 2, EXERCISE, {})
LOSS_CURVES = _side_by_side("Loss", 19, 2, CURVES, {"point": len(GRID)})

# --- what is compared with what ------------------------------------------------------------------------------------------

# What a person may sensibly set an input to.
RANGES = common.RANGES | {"p": "low = 0.01, high = 0.99"}


def checks(iterations: int) -> Sequence[CheckText]:
    """The checks of the spec file: between them they compare every formula but the exercise's verdict."""
    return [
        *TRAINING.checks(MODULE, iterations),
        CheckText(
            "forward", f"{MODULE}:first_pass", FORWARD_PASS, "Forward pass", ("A0", "W1", "printed"), ("z1", "A1", "difference")
        ),
        activation.check(f"{MODULE}:tabulate_sigmoid", SIGMOID),
        CheckText("examples", f"{MODULE}:worked_examples", WORKED, "Loss", ("y", "p"), ("loss",)),
        CheckText("curves", f"{MODULE}:loss_curves", LOSS_CURVES, "Loss", ("p",), ("loss_if_1", "loss_if_0")),
    ]  # fmt: skip
