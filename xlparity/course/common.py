"""What the networks of week 1 have in common: the data, and the quantities that mean the same in each of them."""

import numpy as np

from xlparity.actions.generate.language import line
from xlparity.actions.generate.model import Role, Variable

X = np.array([[0, 1, 0], [1, 0, 0], [1, 1, 1], [0, 1, 1]], dtype=float)
y = np.array([[0], [1], [1], [0]], dtype=float)
SAMPLES, FEATURES = X.shape
LABELS = {"sample": "sample {}", "feature": "x{}", "hidden": "unit {}"}

DATA = line(
    "A0 [iteration, sample, feature] = A0.prev", role="given", code="A0 = X", note="the data: samples by features"
)
DATA_TRANSPOSED = line(
    "A0T [iteration, feature, sample] = {TRANSPOSE(A0)}", code="A0T = A0.T", note="the data, rows and columns swapped"
)


def rate(alpha: float, role: Role = "given") -> Variable:
    """The learning rate, which is this one in the notebook."""
    code = f"alpha = {alpha:g}"
    return line("alpha []", role=role, code=code, note="the learning rate: how long a step each update takes")


def scores(sample_loss: tuple[str, str], correct: tuple[str, str], right: str) -> tuple[Variable, ...]:
    """How wrong each prediction is, how often it is right, and both of all samples.

    ``sample_loss`` and ``correct`` are each a formula and a line of numpy; ``right`` says when a prediction is.
    """
    return (
        line(
            f"sample_loss [iteration, sample] = {sample_loss[0]}",
            code=sample_loss[1],
            note="how wrong each prediction is: the cross-entropy",
        ),
        line(
            "loss [iteration] = 1/m*SUM(sample_loss[sample])",
            code="loss = 1/m * sample_loss.sum()",
            note="the mean of the samples' losses, which training brings down",
        ),
        line(f"correct [iteration, sample] = {correct[0]}", code=correct[1], note=f"1 where {right}"),
        line(
            "accuracy [iteration] = SUM(correct[sample])/m",
            code="accuracy = correct.sum()/m",
            note="the share of samples that are predicted right",
        ),
    )


def answers_and_scores(p: str) -> tuple[Variable, ...]:
    """The right answers, and the scores of the probability of that name, which a sigmoid makes."""
    return (
        line(
            "y [iteration, sample] = y.prev",
            role="given",
            code="y = np.array([[0], [1], [1], [0]])",
            note="the right answers",
        ),
        line("m [iteration] = COUNT(y[sample])", code="m = A0.shape[0]", note="how many samples there are"),
        *scores(
            (f"-(y*LN({p})+(1-y)*LN(1-{p}))", f"-(y*np.log({p}) + (1-y)*np.log(1-{p}))"),
            (f"IF(({p}>0.5)=(y>0.5),1,0)", f"({p} > 0.5) == (y > 0.5)"),
            "the prediction is on the right side of one half",
        ),
    )


def update(name: str, dims: str, note: str) -> Variable:
    """One step of gradient descent for a parameter."""
    return line(f"{name}_new [{dims}] = {name} - alpha*d{name}", code=f"{name} = {name} - alpha*d{name}", note=note)


# What a person may sensibly set an input to.
RANGES = {
    "alpha": "low = 0.1, high = 2.0",
    "A0": "low = -2, high = 2",
    "y": "choices = [0, 1]",
    "W1": "low = -1, high = 1",
    "b1": "low = -1, high = 1",
    "h": "low = 1e-4, high = 1e-3",
}
