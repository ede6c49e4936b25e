"""The wine challenge in numpy: what every number of a right workbook must be. Imports nothing but numpy.

Shapes: X and A0 are (samples, features), cultivar and total are (samples, 1), kinds is (1, classes), Y, E and the predictions are
(samples, classes), W1 is (features, classes) in the regression and (features, units) in the net, W2 is (units, classes);
biases are rows.
"""

import numpy as np


def first_weights(shape, seed=1):
    """Weights of this shape that training starts from, uniform in [-0.1, 0.1)."""
    np.random.seed(seed)
    return 0.2 * np.random.random(shape) - 0.1


def draw_wines(generator, X):
    """Other wines: those of X in another order, each measurement moved by a few percent. No measurement is the same in all."""
    return generator.permutation(X) * generator.uniform(0.9, 1.1, X.shape)


def log_softmax(z):
    """The logarithm of ``softmax``, which is finite for every finite z."""
    below = z - z.max(axis=1, keepdims=True)
    return below - np.log(np.exp(below).sum(axis=1, keepdims=True))


def softmax(z):
    """The probabilities of the classes in each row; the largest z is subtracted first, so that nothing overflows."""
    E = np.exp(z - z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def prepare(X, cultivar, kinds):
    """The data as the models take it: normalised features, and the cultivar one-hot."""
    mean = X.mean(axis=0, keepdims=True)
    spread = X.std(axis=0, keepdims=True)
    A0 = (X - mean) / spread
    Y = (cultivar == kinds).astype(float)
    return {"mean": mean, "spread": spread, "A0": A0, "Y": Y}


def score(z, prediction, Y):
    """How wrong the predictions are, for any z. E and total are the plain form of the softmax, and overflow from 710 on."""
    m = Y.shape[0]
    with np.errstate(over="ignore"):
        E = np.exp(z)
    total = E.sum(axis=1, keepdims=True)
    sample_loss = -(Y * log_softmax(z)).sum(axis=1, keepdims=True)
    loss = 1 / m * sample_loss.sum()
    correct = (Y * prediction).sum(axis=1, keepdims=True) == prediction.max(axis=1, keepdims=True)
    accuracy = correct.sum() / m
    return {
        "m": m, "E": E, "total": total, "sample_loss": sample_loss, "loss": loss, "correct": correct, "accuracy": accuracy
    }  # fmt: skip


def iterate_softmax(A0, Y, W1, b1, alpha):
    """One step of softmax regression on prepared data."""
    m = A0.shape[0]
    z1 = A0 @ W1 + b1
    A1 = softmax(z1)
    dz1 = A1 - Y
    dW1 = 1 / m * A0.T @ dz1
    db1 = 1 / m * dz1.sum(axis=0, keepdims=True)
    W1_new = W1 - alpha * dW1
    b1_new = b1 - alpha * db1
    return locals() | score(z1, A1, Y)


def iterate_net(A0, Y, W1, b1, W2, b2, alpha):
    """One step of the two-layer net, tanh and then softmax, on prepared data."""
    m = A0.shape[0]
    z1 = A0 @ W1 + b1
    A1 = np.tanh(z1)
    z2 = A1 @ W2 + b2
    A2 = softmax(z2)
    dz2 = A2 - Y
    dW2 = 1 / m * A1.T @ dz2
    db2 = 1 / m * dz2.sum(axis=0, keepdims=True)
    dz1 = dz2 @ W2.T * (1 - A1**2)
    dW1 = 1 / m * A0.T @ dz1
    db1 = 1 / m * dz1.sum(axis=0, keepdims=True)
    W1_new = W1 - alpha * dW1
    b1_new = b1 - alpha * db1
    W2_new = W2 - alpha * dW2
    b2_new = b2 - alpha * db2
    return locals() | score(z2, A2, Y)


def train_softmax(X, cultivar, kinds, W1, b1, alpha):
    """Softmax regression, for ever: one mapping a step, of all that the step computes."""
    data = prepare(X, cultivar, kinds)
    while True:
        step = iterate_softmax(data["A0"], data["Y"], W1, b1, alpha)
        yield data | step
        W1, b1 = step["W1_new"], step["b1_new"]


def train_net(X, cultivar, kinds, W1, b1, W2, b2, alpha):
    """The two-layer net, for ever: one mapping a step, of all that the step computes."""
    data = prepare(X, cultivar, kinds)
    while True:
        step = iterate_net(data["A0"], data["Y"], W1, b1, W2, b2, alpha)
        yield data | step
        W1, b1, W2, b2 = (step[f"{name}_new"] for name in ("W1", "b1", "W2", "b2"))


def softmax_step(X, cultivar, kinds, W1, b1, alpha):
    """One step of softmax regression."""
    data = prepare(X, cultivar, kinds)
    return data | iterate_softmax(data["A0"], data["Y"], W1, b1, alpha)


def net_step(X, cultivar, kinds, W1, b1, W2, b2, alpha):
    """One step of the two-layer net."""
    data = prepare(X, cultivar, kinds)
    return data | iterate_net(data["A0"], data["Y"], W1, b1, W2, b2, alpha)
