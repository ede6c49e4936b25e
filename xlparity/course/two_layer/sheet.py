"""The two-layer network in Excel: the names, the maths in the sheet's own language, and where every quantity stands."""

from collections.abc import Sequence

from xlparity.actions.generate.language import line
from xlparity.actions.generate.spec_text import CheckText
from xlparity.actions.generate.training import Chart, Section, Training, gradient
from xlparity.course import activation, common

MODULE = "xlparity.course.two_layer.reference"
ALPHA = 2.0
UNITS = 3

HIDDEN_FORWARD = (
    common.DATA,
    line(
        "W1 [iteration, feature, hidden] = W1_new.prev",
        role="state",
        code="W1 = 2*np.random.random((3, 3)) - 1",
        note="the hidden layer's weights: features by units",
    ),
    line(
        "b1 [iteration, 1, hidden] = b1_new.prev",
        role="state",
        code="b1 = np.zeros((1, 3))",
        note="the hidden layer's biases, one a unit",
    ),
    line(
        "z1 [iteration, sample, hidden] = {MMULT(A0, W1) + b1}",
        code="z1 = A0 @ W1 + b1",
        note="each unit's weighted sum of each sample's features",
    ),
    line(
        "A1 [iteration, sample, hidden] = TANH(z1)",
        code="A1 = np.tanh(z1)",
        note="what the hidden units pass on, between -1 and 1",
    ),
)
OUTPUT_FORWARD = (
    line(
        "W2 [iteration, hidden] = W2_new.prev",
        role="state",
        code="W2 = 2*np.random.random((3, 1)) - 1",
        note="the output's weights, one a hidden unit",
    ),
    line("b2 [iteration] = b2_new.prev", role="state", code="b2 = 0", note="the output's bias"),
    line(
        "z2 [iteration, sample] = {MMULT(A1, W2) + b2}",
        code="z2 = A1 @ W2 + b2",
        note="the weighted sum of what the hidden units pass on",
    ),
    line(
        "A2 [iteration, sample] = 1/(1+EXP(-z2))",
        code="A2 = 1/(1 + np.exp(-z2))",
        note="the prediction: the sigmoid of z2, between 0 and 1",
    ),
    *common.answers_and_scores("A2"),
)
OUTPUT_BACKWARD = (
    line(
        "A1T [iteration, hidden, sample] = {TRANSPOSE(A1)}",
        code="A1T = A1.T",
        note="what the hidden units passed on, rows and columns swapped",
    ),
    line("dz2 [iteration, sample] = A2 - y", code="dz2 = A2 - y", note="how far each prediction is off"),
    line(
        "dW2 [iteration, hidden] = {1/m*MMULT(A1T, dz2)}",
        code="dW2 = 1/m * A1T @ dz2",
        note="the gradient: how the loss changes with each of the output's weights",
    ),
    line(
        "db2 [iteration] = 1/m*SUM(dz2[sample])",
        code="db2 = 1/m * dz2.sum()",
        note="the gradient for the output's bias",
    ),
)
HIDDEN_BACKWARD = (
    line(
        "W2T [iteration, 1, hidden] = {TRANSPOSE(W2)}",
        code="W2T = W2.T",
        note="the output's weights before the update, in a row",
    ),
    line(
        "dz1 [iteration, sample, hidden] = {MMULT(dz2, W2T)*(1-A1^2)}",
        code="dz1 = dz2 @ W2T * (1 - A1**2)",
        note="how far each unit is off: its share of the error, times the slope of tanh",
    ),
    common.DATA_TRANSPOSED,
    line(
        "dW1 [iteration, feature, hidden] = {1/m*MMULT(A0T, dz1)}",
        code="dW1 = 1/m * A0T @ dz1",
        note="the gradient for the hidden layer's weights",
    ),
    line(
        "db1 [iteration, 1, hidden] = 1/m*SUM(dz1[sample])",
        code="db1 = 1/m * dz1.sum(axis=0, keepdims=True)",
        note="the gradient for the hidden layer's biases, a sum for each unit",
    ),
)
HIDDEN_UPDATE = (
    common.update("W1", "iteration, feature, hidden", "the hidden layer's weights of the next iteration"),
    common.update("b1", "iteration, 1, hidden", "the hidden layer's biases of the next iteration"),
)
OUTPUT_UPDATE = (
    common.update("W2", "iteration, hidden", "the output's weights of the next iteration"),
    common.update("b2", "iteration", "the output's bias of the next iteration"),
)

TRAINING = Training(
    rate=common.rate(ALPHA),
    sections=(
        Section("Forward, hidden", HIDDEN_FORWARD, {1: ["sample"], 6: ["feature"]}, height=16),
        Section("Forward, output", OUTPUT_FORWARD, {6: ["hidden"], 14: ["sample"]}, height=52),
        Section("Backward, output", OUTPUT_BACKWARD, {1: ["hidden"], 6: ["hidden"], 14: ["sample"]}),
        Section("Backward, hidden", HIDDEN_BACKWARD, {1: ["feature"], 6: ["feature"], 14: ["sample"]}, height=16),
        Section("Update, hidden", HIDDEN_UPDATE, {6: ["feature"]}, height=16),
        Section("Update, output", OUTPUT_UPDATE, {6: ["hidden"]}),
    ),
    # W1, dW1, W1_new and W2, dW2, W2_new begin in one column, and so do the biases.
    columns={
        "A0": 2, "W1": 7, "b1": 11, "z1": 15, "A1": 19,
        "W2": 7, "b2": 11, "z2": 15, "A2": 16, "y": 17, "m": 19, "sample_loss": 20, "loss": 21, "correct": 22, "accuracy": 23,
        "A1T": 2, "dW2": 7, "db2": 11, "dz2": 15,
        "A0T": 2, "dW1": 7, "db1": 11, "dz1": 15, "W2T": 19,
        "W1_new": 7, "b1_new": 11, "W2_new": 7, "b2_new": 11,
    },
    sizes={"sample": common.SAMPLES, "feature": common.FEATURES, "hidden": UNITS},
    labels=common.LABELS,
    inputs=("A0", "y", "W1", "b1", "W2", "b2", "alpha"),
    history=("loss", "accuracy", "A2", "W1", "b1", "W2", "b2"),
    charts=(
        Chart(5, "Loss", "loss", ["loss"]),
        Chart(23, "Predictions", "A2", ["A2"]),
        Chart(41, "Output layer: weights and bias", "value", ["W2", "b2"]),
    ),
    gradients=(
        gradient(
            "W1",
            "feature, hidden",
            "z2.first[sample]+W2.first*(TANH(z1.first[sample]{sign}h*A0.first[sample])-A1.first[sample])",
            "loss_W1",
        ),
        gradient(
            "b1", "hidden", "z2.first[sample]+W2.first*(TANH(z1.first[sample]{sign}h)-A1.first[sample])", "loss_b1"
        ),
        gradient("W2", "hidden", "z2.first[sample]{sign}h*A1.first[sample]", "loss_W2"),
        gradient("b2", "", "z2.first[sample]{sign}h", "loss_b2"),
    ),
    check_sheet="Gradient check",
    check_column=1,
)  # fmt: skip
TANH = activation.tabulated("Tanh", ("TANH(z)", "np.tanh(z)"), ("1-A^2", "1 - A**2"))

# On other data than the course's, gradient descent overshoots where steps are long and many, and then rounding errors grow
# without bound. Of 6,000 random trainings each of 22, 50, 100 and 400 iterations, with inputs of at most 1 and a learning rate
# of at most 22 / iterations, an error in the last digit of the inputs never came to a hundredth of the tolerance; with twice
# that learning rate one in 1,200 was beyond it, and with inputs of up to 2 one in 600.
_LONGEST = 22.0  # iterations times the learning rate
_LARGEST_RATE = 2.0


def ranges(iterations: int) -> dict[str, str]:
    """What inputs are varied between, so that training stays computable."""
    high = min(_LARGEST_RATE, _LONGEST / iterations)
    return common.RANGES | {
        "alpha": f"low = {high / 10:.3g}, high = {high:.3g}",
        "A0": "low = -1, high = 1",
        "W2": "low = -1, high = 1",
        "b2": "low = -1, high = 1",
    }


def checks(iterations: int) -> Sequence[CheckText]:
    """The checks of the spec file: between them they compare every formula."""
    return [
        *TRAINING.checks(MODULE, iterations, history="history"),
        activation.check(f"{MODULE}:tabulate_tanh", TANH),
    ]
